/* circuit.h - the decisions of --probe-wiring: which experiment is next, and which circuit the outcomes show.
 *
 * wiring.c plays the experiments and calls circuit_choose() before each one.
 */
#ifndef ESPRESET_SESSION_CIRCUIT_H
#define ESPRESET_SESSION_CIRCUIT_H

#include "session/wiring.h"

struct circuit_experiment {
	unsigned int lines[4]; /* the asserted lines of each step; none in the last one */
	size_t n;
	int hold_ms; /* how long the first step lasts */
};

extern const struct circuit_experiment circuit_experiments[WIRING_EXPERIMENTS];
/** circuit_choose() - begin an experiment (WIRING_STEP), change the speed (WIRING_SPEED), or end (WIRING_END) */
void circuit_choose(struct wiring *w);
/** circuit_confirmed() - judge w->trial, which has repeated the reset that was found */
void circuit_confirmed(struct wiring *w);
/** circuit_counts() - does this trial show a reset? If strong banners came, weak ones do not count. */
bool circuit_counts(const struct wiring *w, const struct wiring_trial *t);
/** circuit_is_copying() - is eboot copying an OTA image? Then the board must not be reset. */
bool circuit_is_copying(const struct wiring *w);

#endif
