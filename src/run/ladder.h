/* ladder.h - --recover: the next step against a bridge that stalls or a silent board, if time allows.
 *
 *	ladder_init(&ladder, &spec, end_ms, status, user);
 *	open the port; ladder_look(&ladder); a session
 *	while (ladder_climb(&ladder, verdict))		the verdict of the last session
 *		open ladder.spec; ladder_limit(&ladder, &config); a session
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
	struct spec spec; /* the port, at its present place */
	int64_t end_ms;	  /* the time limit of the run; CLOCK_MONOTONIC */
	void (*status)(void *user, const char *text);
	void *user;
	struct device target; /* the bridge, for a USB reset or a power cycle */
	bool any_target;      /* target is valid */
	int next;	      /* enum ladder_rung */
	char port[256];	      /* path of the bridge's tty after a step; spec points to it */
	size_t n_done;
	enum ladder_rung done[LADDER_RUNGS];
	char advice[512]; /* why steps were not made, or failed */
	bool is_stopped;  /* a stop signal came */
	bool is_gone;	  /* the bridge did not come back after the last step */
};

/** ladder_init() - before the first session; @status: called with each step before it is made */
void ladder_init(struct ladder *ladder, const struct spec *spec, int64_t end_ms,
		 void (*status)(void *user, const char *text), void *user);
/** ladder_look() - remember the bridge's place on USB, if it is there; call before and after opening the port */
void ladder_look(struct ladder *ladder);
/** ladder_limit() - shorten the time limit of a session to the time that is left */
void ladder_limit(const struct ladder *ladder, struct session_config *config);
/** ladder_is_last() - is no further step possible? Before, a session gets one attempt only. */
bool ladder_is_last(const struct ladder *ladder);

/**
 * ladder_climb() - make the next step that may help against @verdict
 * Return: true: the port is worth another session; false: no step is left, or time for one, or ladder->is_stopped.
 */
bool ladder_climb(struct ladder *ladder, enum verdict verdict);
/** ladder_fill() - put the steps that were made, and the advice on the others, into the result */
void ladder_fill(const struct ladder *ladder, struct report_result *result);

#endif
