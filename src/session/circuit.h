/* circuit.h - the decisions of --probe-wiring: which experiment comes next, and which circuit the experiments show.
 *
 * wiring.c plays the experiments, and calls circuit_choose() before each one.
 */
#ifndef ESPRESET_SESSION_CIRCUIT_H
#define ESPRESET_SESSION_CIRCUIT_H

#include "session/wiring.h"

struct circuit_experiment {
	unsigned int lines[4]; /* which modem lines are asserted in each step; none in the last step */
	size_t n;
	int hold_ms; /* how long the first step lasts */
};

extern const struct circuit_experiment circuit_experiments[WIRING_EXPERIMENTS];
/** circuit_choose() - what comes next: an experiment (WIRING_STEP), another baud rate (WIRING_SPEED), WIRING_END */
void circuit_choose(struct wiring *w);
/** circuit_confirmed() - evaluate w->trial, an experiment that has repeated the reset found earlier */
void circuit_confirmed(struct wiring *w);
/**
 * circuit_counts() - does this experiment show that it has reset the board?
 *
 * A banner that may come after a software restart counts only if the probe has received no banner that is certainly
 * of a hardware reset.
 */
bool circuit_counts(const struct wiring *w, const struct wiring_trial *t);
/** circuit_is_copying() - is eboot copying an OTA image? Then the board must not be reset. */
bool circuit_is_copying(const struct wiring *w);

#endif
