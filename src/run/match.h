/* match.h - --expect, --fail-on and --print-match: POSIX extended patterns against what the application prints.
 *
 *	match_init(&match, patterns, n, err, sizeof(err));	before any port is opened
 *	match_line(&match, line, len, &event)			for each complete line, escapes stripped
 *	match_complete(&match)					have all expected ones come?
 *	match_forget(&match)					another attempt begins: what came does not count
 *	match_release(&match);
 *
 * Patterns are the caller's, lines are the board's, and regexec() takes exponential time and memory for some pairs
 * of them, so the patterns are compiled and matched in a process of their own, under limits on CPU time and memory.
 * When it exceeds them it dies, and match_line() says -ETIME: a condition that cannot be evaluated is not met.
 * The process holds nothing but its end of a socket, so it can keep no port open, and ends when the other end is
 * closed, whatever has closed it. It ignores the signals that a terminal sends.
 */
#ifndef ESPRESET_RUN_MATCH_H
#define ESPRESET_RUN_MATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define MATCH_PATTERNS_MAX 64
#define MATCH_LINE_MAX 4096
#define MATCH_GROUP_MAX 256
#define MATCH_CPU_MS 500	/* for all patterns on one line; a sane pattern needs microseconds */

enum match_kind {
	MATCH_EXPECT,	/* must come */
	MATCH_FAIL_ON,	/* must not come */
	MATCH_NOTE,	/* its group is wanted, nothing depends on it */
};

struct match_pattern {
	const char *ere;	/* lives as long as the match */
	enum match_kind kind;
};

/* A pattern that has come. */
struct match_event {
	size_t pattern;
	char line[MATCH_LINE_MAX + 1];	/* NUL bytes became blanks */
	size_t len;
	char group[MATCH_GROUP_MAX];	/* group 1; the whole match where the pattern has no group; cut */
	bool any_group;			/* it is group 1 */
};

struct match {
	struct match_pattern patterns[MATCH_PATTERNS_MAX];
	size_t n;
	pid_t pid;			/* -1: none */
	int fd;
	uint64_t came;			/* bit set of patterns */
	char groups[MATCH_PATTERNS_MAX][MATCH_GROUP_MAX];
	ssize_t first;			/* the first expected pattern that came; -1 */
	int broken;			/* negative errno: no line can be matched any more; 0 */
};

/**
 * match_init() - compile the patterns
 * @n: at most MATCH_PATTERNS_MAX; with 0 there is no process, and match_complete() is true
 * @err: on failure a sentence: the pattern, and what is wrong with it
 *
 * Return: 0; -EINVAL a pattern is invalid, or takes too long to compile; -E2BIG too many; other: no process.
 */
int match_init(struct match *match, const struct match_pattern *patterns, size_t n, char *err, size_t cap);

/**
 * match_line() - one complete line
 * @len: what is beyond MATCH_LINE_MAX is not looked at
 * @ret: the pattern that came with this line: a --fail-on one before any other, else the first that had not come
 *       before. Others that came with the same line are remembered all the same: see match_group().
 *
 * Waits for the answer: MATCH_CPU_MS of the other process's time, ten seconds at most.
 *
 * Return: 1 when a pattern came, 0, or -ETIME when a pattern takes too long on this line, -EPIPE when the other
 * process died otherwise (out of memory, killed). Then every later call says the same. @ret: on 1 only.
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
