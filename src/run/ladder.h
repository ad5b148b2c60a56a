/* ladder.h - --recover: which step comes next when a bridge stalls or a board stays silent, and whether there is time.
 *
 *	ladder_init(&ladder, &spec, end_ms, stop, status, user);
 *	... open the port; ladder_look(); a session ...
 *	while (ladder_climb(&ladder, verdict))		does the next step that can be done
 *		... find ladder_port(), ladder_limit(), a session ...
 *	ladder_fill(&ladder, &result);
 */
#ifndef ESPRESET_RUN_LADDER_H
#define ESPRESET_RUN_LADDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/verdict.h"
#include "host/recover.h"
#include "report/report.h"

enum ladder_rung { LADDER_REOPEN, LADDER_USB_RESET, LADDER_POWER_CYCLE, LADDER_RUNGS };

struct ladder {
	struct spec spec; /* the port, where it is now */
	int64_t end_ms;	  /* when all must be over; CLOCK_MONOTONIC */
	const struct port_stop *stop;
	void (*status)(void *user, const char *text);
	void *user;
	struct recover_target target;
	bool any_target;
	int next;	/* enum ladder_rung */
	char port[256]; /* of the bridge after a step, whatever its number is then */
	size_t n_done;
	enum ladder_rung done[LADDER_RUNGS];
	char advice[512]; /* why steps were not made */
	bool is_stopped;
	bool is_gone; /* it did not come back after the last step */
};

/**
 * ladder_init() - before the first session
 * @end_ms: CLOCK_MONOTONIC
 * @status: told each step before it is made
 */
void ladder_init(struct ladder *ladder, const struct spec *spec, int64_t end_ms, const struct port_stop *stop,
		 void (*status)(void *user, const char *text), void *user);

/** ladder_look() - remember where the bridge is, while it can be asked: once the port is open, or could not be */
void ladder_look(struct ladder *ladder);

/** ladder_limit() - give a session no more than the time that is left */
void ladder_limit(const struct ladder *ladder, struct session_config *config);

/** ladder_is_last() - no step is left: one attempt is all that a session gets before */
bool ladder_is_last(const struct ladder *ladder);

/**
 * ladder_climb() - after a session: make the next step that helps against @verdict
 * Return: true: one was made, the port is worth another session; false: nothing more can be done, or
 * ladder->is_stopped.
 */
bool ladder_climb(struct ladder *ladder, enum verdict verdict);

/** ladder_port() - what to open now */
const struct spec *ladder_port(const struct ladder *ladder);

/** ladder_fill() - the steps that were made, and the cure for those that could not be */
void ladder_fill(const struct ladder *ladder, struct report_result *result);

#endif
