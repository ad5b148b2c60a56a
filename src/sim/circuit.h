/* circuit.h - what a board's wiring makes of the two lines. */
#ifndef ESPRESET_SIM_CIRCUIT_H
#define ESPRESET_SIM_CIRCUIT_H

#include "sim/config.h"

/* What is pulled low, of the two pins. */
struct sim_pulled {
	bool en, gpio0;
};

/* Static levels: which pins the wiring pulls low while these lines are asserted. */
struct sim_pulled sim_circuit(enum sim_circuit circuit, bool dtr, bool rts);

/* EN's capacitor: its voltage (share of VDD) so long after it had v, pulled down or let go. */
double sim_en_voltage(const struct sim_config *config, double v, bool pulled, int64_t after_ns);

/* How long until the voltage passes the chip's threshold in the direction it moves; SIM_NEVER. */
int64_t sim_en_crossing(const struct sim_config *config, double v, bool pulled);

#endif
