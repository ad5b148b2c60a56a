/* match.h - matches text lines against the patterns of --expect, --fail-on and --firmware (Perl-compatible, PCRE2).
 *
 *	match_init(&match, patterns, n, err, sizeof(err));	before any port is opened
 *	match_line(&match, line, len, &event)			for each text line
 *	match_complete(&match)					have all expected patterns matched?
 *	match_forget(&match)					at the beginning of another attempt
 *	match_release(&match);
 *
 * Some patterns backtrack without end on some text lines, so PCRE2 works under limits of time and memory. Once a
 * pattern has exceeded a limit, match_line() always returns -ETIME: a condition that cannot be checked is not met.
 */
#ifndef ESPRESET_RUN_MATCH_H
#define ESPRESET_RUN_MATCH_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define MATCH_PATTERNS_MAX 64
#define MATCH_LINE_MAX 4096
#define MATCH_GROUP_MAX 256
#define MATCH_CPU_MS 250 /* CPU time limit for all patterns on one text line; an ordinary pattern needs microseconds */

enum match_kind {
	MATCH_EXPECT,  /* must match a text line */
	MATCH_FAIL_ON, /* must not match any text line */
	MATCH_NOTE,    /* its match is stored, but no condition depends on it */
};

struct match_pattern {
	const char *text; /* not copied: must stay valid as long as the struct match */
	enum match_kind kind;
};

/* Which pattern has matched which text line. */
struct match_event {
	size_t pattern;		       /* index of the pattern that matched */
	char line[MATCH_LINE_MAX + 1]; /* the text line, NUL bytes replaced by blanks */
	size_t len;
	/* the text of group 1, or of the whole match if any_group is false; may be cut off */
	char group[MATCH_GROUP_MAX];
	bool any_group; /* the pattern has a group 1 that took part in the match */
};

struct match {
	struct match_pattern patterns[MATCH_PATTERNS_MAX];
	pcre2_code *compiled[MATCH_PATTERNS_MAX];
	size_t n;
	pcre2_match_context *context; /* holds a pointer to this struct match, so do not move the struct */
	pcre2_match_data *data;
	unsigned int steps; /* how often PCRE2 has called match_watch() on the current text line */
	/* this process's CPU time when match_watch() first read the clock for the current text line */
	int64_t since_us;
	/* When to give up matching a text line (CLOCK_MONOTONIC). Needed besides MATCH_CPU_MS, because on a busy
	 * computer a process may wait long until it gets MATCH_CPU_MS of CPU time. INT64_MAX until the caller sets
	 * it. */
	int64_t deadline_ms;
	uint64_t came;	     /* bit set of the patterns that have matched */
	uint64_t with_group; /* bit set of the patterns whose group 1 took part in the match */
	char groups[MATCH_PATTERNS_MAX][MATCH_GROUP_MAX];
	ssize_t first;	/* index of the first MATCH_EXPECT pattern that matched; -1: none */
	bool broken;	/* a pattern has exceeded a limit */
	size_t culprit; /* index of the pattern that has exceeded a limit, if broken */
	char why[64];	/* which limit the pattern has exceeded, if broken */
};

/**
 * match_init() - compile the patterns
 * @patterns: copied, except the strings that they point to
 * @n: number of patterns; if it is 0, match_complete() returns true
 * @err: on failure a sentence that says which pattern is wrong, why, and where
 *
 * Return: 0; -EINVAL: a pattern is invalid or too large; -E2BIG: more than MATCH_PATTERNS_MAX; -ENOMEM.
 */
int match_init(struct match *match, const struct match_pattern *patterns, size_t n, char *err, size_t cap);

/**
 * match_line() - try all patterns on the first MATCH_LINE_MAX bytes of a text line
 * @ret: filled in if 1 is returned. If several patterns match, @ret tells of the first MATCH_FAIL_ON pattern among
 *	them, or, if none of them is a MATCH_FAIL_ON pattern, of the first of them.
 *
 * A pattern that has matched is not tried again before match_forget(). Takes MATCH_CPU_MS of CPU time at most,
 * and a few milliseconds more.
 *
 * Return: 1: a pattern matched; 0: none did; -ETIME: the pattern match->culprit exceeded a limit, now or before.
 */
int match_line(struct match *match, const char *line, size_t len, struct match_event *ret);
/** match_complete() - whether all MATCH_EXPECT patterns have matched; false if a pattern has exceeded a limit */
bool match_complete(const struct match *match);
/** match_group() - text of the pattern's group 1, or of its whole match if no group 1 took part; NULL: no match yet */
const char *match_group(const struct match *match, size_t pattern);
/** match_first() - match_group() of the MATCH_EXPECT pattern that matched first; NULL: none has matched */
const char *match_first(const struct match *match);
/** match_forget() - forget which patterns have matched */
void match_forget(struct match *match);
/** match_release() - free the patterns */
void match_release(struct match *match);

#endif
