/* ladder.h - --recover: makes the next recovery step against a bridge that stalls or a board that is silent, if time
 * allows.
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
	struct spec spec; /* the port as it is to be opened now: a recovery step may change its path */
	int64_t end_ms;	  /* the time limit of the run; CLOCK_MONOTONIC */
	void (*status)(void *user, const char *text);
	void *user;
	struct device target; /* the bridge that a USB reset or a power cycle is applied to */
	bool any_target;      /* the member target is valid */
	int next;	/* the recovery step to consider next: an enum ladder_rung, or LADDER_RUNGS: none is left */
	char port[256]; /* path of the bridge's tty after a recovery step; spec points to this string */
	size_t n_done;
	enum ladder_rung done[LADDER_RUNGS];
	char advice[512]; /* why some recovery steps were not made or failed */
	bool is_stopped;  /* a stop signal came */
	bool is_gone;	  /* the bridge did not come back after the last step */
};

/** ladder_init() - call before the first session; @status: called before each recovery step, with its description */
void ladder_init(struct ladder *ladder, const struct spec *spec, int64_t end_ms,
		 void (*status)(void *user, const char *text), void *user);
/** ladder_look() - remember where on USB the bridge is, if it is plugged in; call before and after opening the port */
void ladder_look(struct ladder *ladder);
/** ladder_limit() - shorten the time limit of a session to what is left of the run's time */
void ladder_limit(const struct ladder *ladder, struct session_config *config);
/** ladder_is_last() - whether no recovery step is left; while one is left, a session makes one attempt only */
bool ladder_is_last(const struct ladder *ladder);

/**
 * ladder_climb() - make the next recovery step that may help against @verdict
 * Return: true: a step was made, so try another session; false: no step is left, or too little time for it, or a stop
 * signal came (ladder->is_stopped).
 */
bool ladder_climb(struct ladder *ladder, enum verdict verdict);
/** ladder_fill() - copy into the result the recovery steps that were made, and why the others were not */
void ladder_fill(const struct ladder *ladder, struct report_result *result);

#endif
