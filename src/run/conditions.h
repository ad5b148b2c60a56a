/* conditions.h - what must hold besides the proof: lines that must or must not come, a listening OTA service.
 *
 *	conditions_check(request, err, cap)	before any board is touched
 *	conditions_init(&c, request, ...)
 *	conditions_limit(&c, deadline_ms)	before each session
 *	conditions_line()			as session_line_fn: each text line after the load
 *	conditions_forget(&c)			at the beginning of each attempt
 *	conditions_look()			as loop_sink.conditions
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

/* Called for each pattern of --expect, --fail-on and --firmware that a text line has matched. */
typedef void conditions_tell_fn(void *user, const struct report_match *match);

struct conditions {
	const struct request *request;
	const struct firmware *firmware; /* of --firmware; NULL: none */
	struct match_pattern patterns[MATCH_PATTERNS_MAX];
	const char *option[MATCH_PATTERNS_MAX]; /* the option that each pattern comes from */
	size_t n;
	int address, version; /* indices of the firmware's patterns for its address and its version; -1: none */
	struct match match;
	bool failed; /* a pattern of --fail-on matched */
	struct match_event failure;
	bool probing; /* probe is under way */
	struct otaprobe probe;
	struct ota_finding finding;
	bool any_finding;   /* finding is valid */
	char ota_host[256]; /* the host that was asked last; "": none */
	int64_t start_ms;
	conditions_tell_fn *tell;
	void *user;
};

/** conditions_check() - are patterns, HOST and --firmware valid? Return: 0, or -EINVAL and a sentence in @err */
int conditions_check(const struct request *request, char *err, size_t cap);
/** conditions_init() - compile the patterns; @c may not move then. Return: 0, -EINVAL, -E2BIG, -ENOMEM: match_init() */
int conditions_init(struct conditions *c, const struct request *request, int64_t start_ms, conditions_tell_fn *tell,
		    void *user);
/** conditions_limit() - ignore text lines from @deadline_ms on: each may take a slow pattern MATCH_CPU_MS */
void conditions_limit(struct conditions *c, int64_t deadline_ms);
/** conditions_line() - match a text line; a session_line_fn, @user is the struct conditions */
void conditions_line(void *user, const char *line, size_t len);
/** conditions_forget() - another attempt begins: forget matches and findings */
void conditions_forget(struct conditions *c);
/** conditions_look() - advance the OTA probe, tell the session what holds; return: when to be called again */
int64_t conditions_look(struct conditions *c, struct session *session, int64_t now_ms);

/**
 * conditions_dry_run() - ask the board itself whether it would take an update, and do nothing else meanwhile
 * @once: give up at a closed port or without an answer; else ask until the deadline
 * Return: 0: c->finding is valid; -ECANCELED: a stop signal came; -EINVAL: no address to ask;
 *	other: see otaprobe_start().
 */
int conditions_dry_run(struct conditions *c, bool once, int64_t deadline_ms);
/** conditions_forget_finding() - the board will be reset: its answer from before does not count */
void conditions_forget_finding(struct conditions *c);
/** conditions_fill() - put the first match and the finding into the result */
void conditions_fill(const struct conditions *c, struct report_result *result);
/** conditions_release() - after a successful conditions_init() */
void conditions_release(struct conditions *c);

#endif
