/* conditions.h - what `ready` requires besides the proof of the reset: text lines that the board must or must not
 * print, and an OTA service that must answer.
 *
 *	conditions_check(request, err, cap)	before any board is touched
 *	conditions_init(&c, request, ...)
 *	conditions_limit(&c, deadline_ms)	before each session
 *	conditions_line()			the session calls it with each text line of the application
 *	conditions_forget(&c)			at the beginning of each attempt
 *	conditions_look()			loop.c calls it, as loop_sink.conditions, once the reset is proven
 *	conditions_fill(&c, &result)
 *	conditions_release(&c)
 */
#ifndef ESPRESET_RUN_CONDITIONS_H
#define ESPRESET_RUN_CONDITIONS_H

#include "ota/firmware.h"
#include "ota/otaprobe.h"
#include "ota/target.h"
#include "report/report.h"
#include "run/match.h"
#include "run/request.h"

/* Called when a text line has matched a pattern of --expect, --fail-on or --firmware, except for patterns of kind
 * MATCH_NOTE. */
typedef void conditions_tell_fn(void *user, const struct report_match *match);

struct conditions {
	const struct request *request;
	const struct firmware *firmware; /* the firmware that --firmware names; NULL: option not given */
	struct match_pattern patterns[MATCH_PATTERNS_MAX];
	const char *option[MATCH_PATTERNS_MAX]; /* for each pattern the option that it comes from */
	size_t n;
	/* indices in patterns[] of the firmware's patterns for its address and its version; -1: the firmware has no
	 * such pattern */
	int address, version;
	struct match match;
	bool failed; /* a pattern that must not match has matched; the member failure says which */
	struct match_event failure;
	bool probing; /* an OTA probe is running, and the member probe is valid */
	struct otaprobe probe;
	struct ota_finding finding;
	bool any_finding;   /* the member finding is valid */
	char ota_host[256]; /* the host that the last OTA probe asked; "": no OTA probe was made */
	int64_t start_ms;
	conditions_tell_fn *tell;
	void *user;
};

/** conditions_check() - whether patterns, HOST and --firmware are valid: 0, or -EINVAL with a sentence in @err */
int conditions_check(const struct request *request, char *err, size_t cap);
/** conditions_init() - compile the patterns; do not move @c afterwards. Return: as match_init() */
int conditions_init(struct conditions *c, const struct request *request, int64_t start_ms, conditions_tell_fn *tell,
		    void *user);
/** conditions_limit() - ignore text lines after @deadline_ms, since a slow pattern may need MATCH_CPU_MS for each */
void conditions_limit(struct conditions *c, int64_t deadline_ms);
/** conditions_line() - try all patterns on a text line; a session_line_fn; @user: the struct conditions */
void conditions_line(void *user, const char *line, size_t len);
/** conditions_forget() - forget all matches and the OTA finding, because another attempt to reset the board begins */
void conditions_forget(struct conditions *c);
/**
 * conditions_look() - advance the OTA probe; tell the session when all conditions are met or one has failed
 * Return: when to call this function again, in milliseconds of CLOCK_MONOTONIC.
 */
int64_t conditions_look(struct conditions *c, struct session *session, int64_t now_ms);

/**
 * conditions_dry_run() - ask the board over the network whether it would take an update; blocks until the answer
 * @once: true: give up if the network port is closed or no answer comes; false: ask again until the deadline
 * Return: 0: c->finding is valid; -ECANCELED: a stop signal came; -EINVAL: the board's address is not known;
 *	other: see otaprobe_start().
 */
int conditions_dry_run(struct conditions *c, bool once, int64_t deadline_ms);
/** conditions_forget_finding() - forget the board's answer, because an answer from before the reset does not count */
void conditions_forget_finding(struct conditions *c);
/** conditions_fill() - copy the first match and the finding of the OTA probe into the result */
void conditions_fill(const struct conditions *c, struct report_result *result);
/** conditions_release() - end the OTA probe and free the patterns; only after a successful conditions_init() */
void conditions_release(struct conditions *c);

#endif
