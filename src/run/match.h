/* match.h - --expect, --fail-on and --print-match: Perl-compatible patterns (PCRE2) against what the application prints.
 *
 *	match_init(&match, patterns, n, err, sizeof(err));	before any port is opened
 *	match_line(&match, line, len, &event)			for each complete line, escapes stripped
 *	match_complete(&match)					have all expected ones come?
 *	match_forget(&match)					another attempt begins: what came does not count
 *	match_release(&match);
 *
 * Patterns are the caller's, lines are the board's, and some pairs of them backtrack practically without end. So
 * PCRE2 works under limits; when a pattern exceeds one on a line, match_line() says -ETIME from then on: a condition
 * that cannot be evaluated is not met.
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
#define MATCH_CPU_MS 250 /* for all patterns on one line; a sane pattern needs microseconds */

enum match_kind {
	MATCH_EXPECT,  /* must come */
	MATCH_FAIL_ON, /* must not come */
	MATCH_NOTE,    /* its group is wanted, nothing depends on it */
};

struct match_pattern {
	const char *text; /* lives as long as the match */
	enum match_kind kind;
};

/* A pattern that has come. */
struct match_event {
	size_t pattern;
	char line[MATCH_LINE_MAX + 1]; /* NUL bytes became blanks */
	size_t len;
	char group[MATCH_GROUP_MAX]; /* group 1; the whole match where the pattern has no group; cut */
	bool any_group;		     /* it is group 1 */
};

struct match {
	struct match_pattern patterns[MATCH_PATTERNS_MAX];
	pcre2_code *compiled[MATCH_PATTERNS_MAX];
	size_t n;
	pcre2_match_context *context; /* the limits; points to this struct, which may not be moved */
	pcre2_match_data *data;
	unsigned int steps;  /* items tried on this line, by all patterns */
	int64_t since_us;    /* CPU time of this process when the first few had been tried */
	int64_t deadline_ms; /* of the run, CLOCK_MONOTONIC, by which a line is given up; INT64_MAX; the caller's to set.
					 * On a computer that gives this process no time, 250 ms of it take longer. */
	uint64_t came;	     /* bit set of patterns */
	uint64_t with_group; /* those of them whose group 1 took part */
	char groups[MATCH_PATTERNS_MAX][MATCH_GROUP_MAX];
	ssize_t first;	/* the first expected pattern that came; -1 */
	bool broken;	/* no line can be matched any more: */
	size_t culprit; /* this pattern exceeded a limit, */
	char why[64];	/* this one */
};

/**
 * match_init() - compile the patterns
 * @n: at most MATCH_PATTERNS_MAX; with 0 match_complete() is true
 * @err: on failure a sentence: the pattern, what is wrong with it, and where
 *
 * Return: 0; -EINVAL a pattern is invalid or too large; -E2BIG too many; -ENOMEM.
 */
int match_init(struct match *match, const struct match_pattern *patterns, size_t n, char *err, size_t cap);

/**
 * match_line() - one complete line
 * @len: what is beyond MATCH_LINE_MAX is not looked at
 * @ret: the pattern that came with this line: a --fail-on one before any other, else the first that had not come
 *       before. Others that came with the same line are remembered all the same: see match_group().
 *
 * Takes MATCH_CPU_MS of CPU time at most, and a few milliseconds more.
 *
 * Return: 1 when a pattern came, 0, or -ETIME when a pattern exceeds a limit on this line, or memory is short:
 * match->culprit and match->why say which. Then every later call says the same. @ret: on 1 only.
 */
int match_line(struct match *match, const char *line, size_t len, struct match_event *ret);

/* All of MATCH_EXPECT have come. False when broken. */
bool match_complete(const struct match *match);

/* Group 1 (or the whole match) of a pattern that has come; NULL. */
const char *match_group(const struct match *match, size_t pattern);

/* --print-match: the group of the first expected pattern that came; NULL. May contain anything but NUL. */
const char *match_first(const struct match *match);

void match_forget(struct match *match);
void match_release(struct match *match);

#endif
