/* circuit.c - the wiring of a simulated board: how DTR and RTS drive the pins EN and GPIO0. */
#include "sim/circuit.h"

#include <math.h>

/* Thresholds of EN as shares of VDD. A chip reads EN as low below 0.6 V (ESP8266, ESP32) or 0.25 VDD (later chips), and
 * as high above 0.75 VDD. Source: Espressif hardware design guidelines, "Schematic Checklist", reset timing. */
#define EN_LOW_EARLY (0.6 / 3.3)
#define EN_LOW_LATER 0.25
#define EN_HIGH 0.75

/* Sources. Two transistors: ESP8684-DevKitC-02 schematic V1.0, truth table beside the transistors. RTS to EN, DTR to
 * GPIO0: esp8266/Arduino doc/boards.rst. DTR to EN, RTS to GPIO0: esp8266/Arduino issue 480. Only DTR to EN:
 * ESP32-CAM-MB. */
struct sim_pulled sim_circuit(enum sim_circuit circuit, bool dtr, bool rts)
{
	struct sim_pulled pulled = { false, false };

	switch (circuit) {
	case SIM_TWO_TRANSISTORS:
		pulled.en = rts && !dtr;
		pulled.gpio0 = dtr && !rts;
		break;
	case SIM_TWO_TRANSISTORS_SWAPPED:
		pulled.en = dtr && !rts;
		pulled.gpio0 = rts && !dtr;
		break;
	case SIM_DIRECT:
		pulled.en = rts;
		pulled.gpio0 = dtr;
		break;
	case SIM_SWAPPED:
		pulled.en = dtr;
		pulled.gpio0 = rts;
		break;
	case SIM_RTS_ONLY: pulled.en = rts; break;
	case SIM_DTR_ONLY: pulled.en = dtr; break;
	case SIM_NO_WIRE:
	case SIM_CIRCUIT_COUNT: break;
	}
	return pulled;
}

static double en_low(const struct sim_config *config)
{
	return config->chip <= SIM_ESP32 ? EN_LOW_EARLY : EN_LOW_LATER;
}

double sim_en_voltage(const struct sim_config *config, double v, bool pulled, int64_t after_ns)
{
	double tau = (double)(pulled ? config->en_fall_ns : config->en_rise_ns);
	double rest = tau > 0 ? exp(-(double)after_ns / tau) : 0;

	return pulled ? v * rest : 1 - (1 - v) * rest;
}

int64_t sim_en_crossing(const struct sim_config *config, double v, bool pulled)
{
	double low = en_low(config);

	if (pulled)
		return v <= low ? 0 : (int64_t)((double)config->en_fall_ns * log(v / low)) + 1;
	return v >= EN_HIGH ? 0 : (int64_t)((double)config->en_rise_ns * log((1 - v) / (1 - EN_HIGH))) + 1;
}
