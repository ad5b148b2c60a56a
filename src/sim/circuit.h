/* circuit.h - the wiring of a simulated board: how DTR and RTS drive the pins EN and GPIO0.
 *
 *	pulled = sim_circuit(circuit, dtr, rts);		which pins DTR and RTS pull low
 *	v = sim_en_voltage(&config, v, pulled.en, after_ns);	EN follows slowly, because of its capacitor
 *	wait_ns = sim_en_crossing(&config, v, pulled.en);	when the chip sees the new level
 */
#ifndef ESPRESET_SIM_CIRCUIT_H
#define ESPRESET_SIM_CIRCUIT_H

#include "sim/config.h"

/* For each pin: does the wiring pull it low? */
struct sim_pulled {
	bool en, gpio0;
};

/** sim_circuit() - the pins that the wiring pulls low; @dtr and @rts are true while asserted */
struct sim_pulled sim_circuit(enum sim_circuit circuit, bool dtr, bool rts);

/** sim_en_voltage() - EN's voltage as a share of VDD, @after_ns after it was @v; @pulled: EN falls, else EN rises */
double sim_en_voltage(const struct sim_config *config, double v, bool pulled, int64_t after_ns);

/** sim_en_crossing() - nanoseconds until EN, now at @v, crosses its threshold; @pulled: EN falls, else EN rises */
int64_t sim_en_crossing(const struct sim_config *config, double v, bool pulled);

#endif
