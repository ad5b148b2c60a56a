/* match.h - --expect, --fail-on and --print-match: Perl-compatible patterns (PCRE2) against text lines.
 *
 *	match_init(&match, patterns, n, err, sizeof(err));	before any port is opened
 *	match_line(&match, line, len, &event)			for each text line
 *	match_complete(&match)					have all expected patterns matched?
 *	match_forget(&match)					at the beginning of another attempt
 *	match_release(&match);
 *
 * Some patterns backtrack without end on some text lines, so PCRE2 works under limits. After a pattern has exceeded
 * one, match_line() returns -ETIME for good: a condition that cannot be evaluated is not met.
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
#define MATCH_CPU_MS 250 /* CPU time for all patterns on one text line; an ordinary pattern needs microseconds */

enum match_kind {
	MATCH_EXPECT,  /* must match a text line */
	MATCH_FAIL_ON, /* must not match any text line */
	MATCH_NOTE,    /* its group is wanted, but no condition depends on it */
};

struct match_pattern {
	const char *text; /* must live as long as the struct match */
	enum match_kind kind;
};

/* A pattern has matched. */
struct match_event {
	size_t pattern;		       /* index */
	char line[MATCH_LINE_MAX + 1]; /* the text line, NUL bytes replaced by blanks */
	size_t len;
	char group[MATCH_GROUP_MAX]; /* group 1, or the whole match if any_group is false; may be cut off */
	bool any_group;		     /* group 1 exists, and took part in the match */
};

struct match {
	struct match_pattern patterns[MATCH_PATTERNS_MAX];
	pcre2_code *compiled[MATCH_PATTERNS_MAX];
	size_t n;
	pcre2_match_context *context; /* holds a pointer to this struct, so do not move it */
	pcre2_match_data *data;
	unsigned int steps; /* callouts on the current text line */
	int64_t since_us;   /* CPU time of this process at the first look at the clock, for this text line */
	/* CLOCK_MONOTONIC: a text line is given up then. INT64_MAX until the caller sets it. Needed because
	 * MATCH_CPU_MS of CPU time take longer on a busy computer. */
	int64_t deadline_ms;
	uint64_t came;	     /* bit set of the patterns that have matched */
	uint64_t with_group; /* bit set of the patterns whose group 1 took part in the match */
	char groups[MATCH_PATTERNS_MAX][MATCH_GROUP_MAX];
	ssize_t first;	/* index of the first MATCH_EXPECT pattern that matched; -1: none */
	bool broken;	/* a pattern has exceeded a limit */
	size_t culprit; /* index of that pattern */
	char why[64];	/* which limit it was */
};

/**
 * match_init() - compile the patterns
 * @patterns: copied, but for their texts
 * @n: with 0 match_complete() is true
 * @err: on failure a sentence that says which pattern is wrong, why, and where
 *
 * Return: 0; -EINVAL: a pattern is invalid or too large; -E2BIG: more than MATCH_PATTERNS_MAX; -ENOMEM.
 */
int match_init(struct match *match, const struct match_pattern *patterns, size_t n, char *err, size_t cap);

/**
 * match_line() - match one text line, of which MATCH_LINE_MAX bytes count
 * @ret: on 1 the pattern that matched first; a MATCH_FAIL_ON pattern goes before others
 *
 * A pattern that has matched is not tried again. Takes MATCH_CPU_MS of CPU time at most, and a few milliseconds more.
 *
 * Return: 1: a pattern matched; 0: none; -ETIME: match->culprit exceeded a limit, now or earlier.
 */
int match_line(struct match *match, const char *line, size_t len, struct match_event *ret);
/** match_complete() - have all MATCH_EXPECT patterns matched? False when broken. */
bool match_complete(const struct match *match);
/** match_group() - group 1, or the whole match, of a pattern; NULL: it has not matched */
const char *match_group(const struct match *match, size_t pattern);
/** match_first() - the group of the first MATCH_EXPECT pattern that matched; NULL: none has */
const char *match_first(const struct match *match);
/** match_forget() - no pattern has matched yet */
void match_forget(struct match *match);
/** match_release() - free the patterns */
void match_release(struct match *match);

#endif
