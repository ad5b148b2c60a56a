/* conditions.h - what a caller asks for beyond the proof: lines that must come or must not, an OTA service that
 * listens.
 *
 *	conditions_check(request, err, cap)		before anything starts: patterns, HOST, names
 *	conditions_init(&c, request, ...)
 *	conditions_limit(&c, deadline_ms)		for each session
 *	conditions_line(), _forget()			from the session: lines after the load; a new attempt
 *	conditions_look()				as loop_sink.conditions, once the proof is complete
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

typedef void conditions_tell_fn(void *user, const struct report_match *match);

struct conditions {
	const struct request *request;
	const struct firmware *firmware; /* NULL: none named */
	struct match_pattern patterns[MATCH_PATTERNS_MAX];
	const char *option[MATCH_PATTERNS_MAX]; /* which one each pattern came from */
	size_t n;
	int address, version; /* index of these patterns; -1 */
	struct match match;
	bool failed; /* --fail-on came */
	struct match_event failure;
	bool probing;
	struct otaprobe probe;
	struct ota_finding finding;
	bool any_finding;
	char ota_host[80];
	int64_t start_ms;
	int64_t deadline_ms; /* lines that are read later are not matched */
	conditions_tell_fn *tell;
	void *user;
};

/** conditions_check() - Return: 0, or -EINVAL and a sentence in @err */
int conditions_check(const struct request *request, char *err, size_t cap);

/** conditions_init() - Return: 0 or negative errno */
int conditions_init(struct conditions *c, const struct request *request, int64_t start_ms, conditions_tell_fn *tell,
		    void *user);

/** conditions_limit() - until when lines count; a slow pattern may take MATCH_CPU_MS for each of those that wait */
void conditions_limit(struct conditions *c, int64_t deadline_ms);

/** conditions_line() - a session_line_fn */
void conditions_line(void *user, const char *line, size_t len);

/** conditions_forget() - another attempt: what came before does not count */
void conditions_forget(struct conditions *c);

/** conditions_look() - see loop_sink.conditions */
int64_t conditions_look(struct conditions *c, struct session *session, int64_t now_ms);

/**
 * conditions_dry_run() - ask the board itself, nothing else being watched
 * @once: a closed port or no answer ends it; else it is asked until the deadline
 * Return: 0: c->finding is set; -ECANCELED; -EINVAL: no address to ask.
 */
int conditions_dry_run(struct conditions *c, bool once, int64_t deadline_ms);

/** conditions_forget_finding() - what was found out before the reset does not count after it */
void conditions_forget_finding(struct conditions *c);

/** conditions_fill() - what they have to say in the result */
void conditions_fill(const struct conditions *c, struct report_result *result);

void conditions_release(struct conditions *c);

#endif
