/* match.c - matches text lines against the patterns of --expect, --fail-on and --firmware (Perl-compatible, PCRE2). */
#include "run/match.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "port/wait.h"

/*
 * NEVER_UTF, NEVER_UCP: boards print in no particular encoding, so each byte is a character. A pattern that begins with
 *	(*UTF) is refused.
 * NEVER_BACKSLASH_C: refuses \C, which would mean the same as a dot here.
 * DOTALL, DOLLAR_ENDONLY: a text line holds no newline, so a dot matches any byte and $ only the end of the text line,
 *	whichever characters this build of PCRE2 takes for a newline.
 * AUTO_CALLOUT: pcre2_match() calls match_watch() before each item of a pattern; (?C) in a pattern adds one more call.
 * pcre2_jit_compile() is not used: it ignores the depth and heap limits, and needs writable and executable memory.
 */
#define OPTIONS \
	(PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C | PCRE2_DOTALL | PCRE2_DOLLAR_ENDONLY | \
	 PCRE2_AUTO_CALLOUT)

/* Limits the time that a pattern takes to compile: of 138,000 random patterns (76,000 of them valid, some made to be
 * slow) none took longer than 3 ms. Also, PCRE2 in its default build refuses patterns that compile to more than 64 KiB,
 * like ((a{1,1000}){1,1000}){1,1000}. */
#define PATTERN_MAX 4096
#define PARENS_MAX 250 /* depth of nested parentheses */

/*
 * PCRE2 counts from zero towards MATCH_LIMIT for each byte where a match may begin (pcre2api(3),
 * pcre2_set_match_limit). On a text line with 4096 such bytes the pattern [ab].*a.*[xc] takes over 100 s and never
 * reaches the default limit of ten million. So match_watch() also limits the CPU time that all patterns together take
 * on one text line. A pattern that backtracks without end from one byte, like (a+)+$, mostly reaches MATCH_LIMIT first.
 * MATCH_LIMIT stops it at the same point on every computer; the time limit does not.
 *
 * CPU time until a pattern reaches each limit on text lines of 4096 bytes, PCRE2 10.42 and 10.48-DEV, AMD EPYC:
 *	match limit	25 to 90 ms	(a+)+$ (a|aa)+$ (.*)*[xc] ((a+)+)+$ (?:(a+)\1)+[xc] ((?:a|b)(?:a|b)?)*[xc]
 *	depth limit	2 to 4 ms	fifteen nested groups of (?:a|x); eleven do not reach it
 *	heap limit	2 to 30 ms	nineteen nested groups, 2000 empty groups
 *	time limit	250 to 256 ms	(a+)\1+$ (?:a|b)*[xc] ((((((((a))))))))*$ a+?\X*+[ab]+?
 *					(none of 5000 random patterns took longer)
 * On a slower computer the patterns of the first row reach the time limit before the match limit.
 */
#define MATCH_LIMIT 1000000
#define DEPTH_LIMIT 50000
#define HEAP_LIMIT_KIB 16384
/* how often match_watch() is called between two looks at the clock. Before each call PCRE2 may scan the whole text
 * line, which takes 20 us for \X* */
#define STEPS_PER_LOOK 256

/* ---- limits of time and memory ---- */

static int64_t match_cpu_us(void)
{
	struct timespec now;

	/* cannot fail: every Linux has this clock, and the pointer is valid */
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* pcre2_match() calls this function before each item of a pattern. Return: 0: go on; negative: a time limit is
 * exceeded, pcre2_match() ends and returns this number. */
static int match_watch(pcre2_callout_block *block, void *user)
{
	struct match *match = user;
	int64_t now_us;

	(void)block;
	if (++match->steps % STEPS_PER_LOOK)
		return 0;
	now_us = match_cpu_us();
	if (match->steps == STEPS_PER_LOOK)
		match->since_us = now_us;
	if (now_us - match->since_us < MATCH_CPU_MS * 1000 && wait_now_ms() < match->deadline_ms)
		return 0;
	return PCRE2_ERROR_CALLOUT;
}

static int match_prepare(struct match *match)
{
	match->context = pcre2_match_context_create(NULL);
	match->data = pcre2_match_data_create(2, NULL); /* two pairs of offsets: of the whole match and of group 1 */
	if (!match->context || !match->data)
		return -ENOMEM;
	(void)pcre2_set_match_limit(match->context, MATCH_LIMIT);
	(void)pcre2_set_depth_limit(match->context, DEPTH_LIMIT);
	(void)pcre2_set_heap_limit(match->context, HEAP_LIMIT_KIB);
	(void)pcre2_set_callout(match->context, match_watch, match);
	return 0;
}

/* ---- patterns ---- */

static int match_compile(struct match *match, pcre2_compile_context *context, size_t i, char *err, size_t cap)
{
	const struct match_pattern *pattern = &match->patterns[i];
	PCRE2_UCHAR message[128];
	PCRE2_SIZE offset;
	int number;

	match->compiled[i] =
		pcre2_compile((PCRE2_SPTR)pattern->text, PCRE2_ZERO_TERMINATED, OPTIONS, &number, &offset, context);
	if (match->compiled[i])
		return 0;
	(void)pcre2_get_error_message(number, message, sizeof(message));
	snprintf(err, cap, "--%s '%.80s': %s, at offset %zu", pattern->kind == MATCH_FAIL_ON ? "fail-on" : "expect",
		 pattern->text, (const char *)message, (size_t)offset);
	return number == PCRE2_ERROR_HEAP_FAILED ? -ENOMEM : -EINVAL;
}

static int match_compile_all(struct match *match, char *err, size_t cap)
{
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	int r = 0;

	if (!context)
		return -ENOMEM;
	(void)pcre2_set_max_pattern_length(context, PATTERN_MAX);
	(void)pcre2_set_parens_nest_limit(context, PARENS_MAX);
	for (size_t i = 0; i < match->n && r == 0; i++)
		r = match_compile(match, context, i, err, cap);
	pcre2_compile_context_free(context);
	return r;
}

int match_init(struct match *match, const struct match_pattern *patterns, size_t n, char *err, size_t cap)
{
	int r;

	memset(match, 0, sizeof(*match));
	match->first = -1;
	match->deadline_ms = INT64_MAX;
	if (!n)
		return 0;
	if (n > MATCH_PATTERNS_MAX) {
		snprintf(err, cap, "more than %d patterns", MATCH_PATTERNS_MAX);
		return -E2BIG;
	}
	memcpy(match->patterns, patterns, n * sizeof(patterns[0]));
	match->n = n;
	r = match_prepare(match);
	if (r == 0)
		r = match_compile_all(match, err, cap);
	if (r == -ENOMEM)
		snprintf(err, cap, "out of memory");
	if (r < 0)
		match_release(match);
	return r;
}

/* ---- matching text lines ---- */

static int match_break(struct match *match, size_t i, int number)
{
	PCRE2_UCHAR message[sizeof(match->why)] = "time limit exceeded";

	if (number != PCRE2_ERROR_CALLOUT) /* a limit of PCRE2, not the time limit of match_watch() */
		(void)pcre2_get_error_message(number, message, sizeof(message));
	memcpy(match->why, message, sizeof(match->why));
	match->broken = true;
	match->culprit = i;
	return -ETIME;
}

/* Stores the text that the pattern has matched. @pairs: as pcre2_match() returned it: 1: the match has no group 1; 2:
 * it has one; 0: it has more groups than the two pairs of offsets can hold. */
static void match_remember(struct match *match, size_t i, const char *line, int pairs)
{
	const PCRE2_SIZE *offsets = pcre2_get_ovector_pointer(match->data);
	bool any_group = pairs != 1 && offsets[2] != PCRE2_UNSET;
	const PCRE2_SIZE *range = any_group ? &offsets[2] : offsets;
	/* The match may end before it begins, if a look-ahead in the pattern calls a group with \K. Newer versions of
	 * PCRE2 refuse such a pattern. */
	size_t n = range[1] > range[0] ? range[1] - range[0] : 0;

	if (n >= MATCH_GROUP_MAX)
		n = MATCH_GROUP_MAX - 1;
	memcpy(match->groups[i], line + range[0], n);
	match->groups[i][n] = '\0';
	match->came |= UINT64_C(1) << i;
	match->with_group |= (uint64_t)any_group << i;
	if (match->patterns[i].kind == MATCH_EXPECT && match->first < 0)
		match->first = (ssize_t)i;
}

/* Tries one pattern on a text line. Return: 1: the pattern matched; 0: it did not match; -ETIME: it exceeded a
 * limit. */
static int match_try(struct match *match, size_t i, const char *line, size_t len)
{
	int r = pcre2_match(match->compiled[i], (PCRE2_SPTR)line, len, 0, 0, match->data, match->context);

	if (r == PCRE2_ERROR_NOMATCH)
		return 0;
	if (r < 0)
		return match_break(match, i, r);
	match_remember(match, i, line, r);
	return 1;
}

int match_line(struct match *match, const char *line, size_t len, struct match_event *ret)
{
	char text[MATCH_LINE_MAX + 1];
	ssize_t best = -1;

	if (match->broken)
		return -ETIME;
	len = len < MATCH_LINE_MAX ? len : MATCH_LINE_MAX;
	for (size_t i = 0; i < len; i++)
		text[i] = (char)(line[i] ? line[i] : ' ');
	text[len] = '\0';
	match->steps = 0;
	for (size_t i = 0; i < match->n; i++) {
		int r = match->came >> i & 1 ? 0 : match_try(match, i, text, len);

		if (r < 0)
			return r;
		if (r > 0 && (best < 0 || (match->patterns[i].kind == MATCH_FAIL_ON &&
					   match->patterns[best].kind != MATCH_FAIL_ON)))
			best = (ssize_t)i;
	}
	if (best < 0)
		return 0;
	*ret = (struct match_event){ .pattern = (size_t)best, .len = len, .any_group = match->with_group >> best & 1 };
	memcpy(ret->line, text, len + 1);
	memcpy(ret->group, match->groups[best], sizeof(ret->group));
	return 1;
}

bool match_complete(const struct match *match)
{
	if (match->broken)
		return false;
	for (size_t i = 0; i < match->n; i++)
		if (match->patterns[i].kind == MATCH_EXPECT && !(match->came >> i & 1))
			return false;
	return true;
}

const char *match_group(const struct match *match, size_t pattern)
{
	return pattern < match->n && match->came >> pattern & 1 ? match->groups[pattern] : NULL;
}

const char *match_first(const struct match *match)
{
	return match->first < 0 ? NULL : match->groups[match->first];
}

void match_forget(struct match *match)
{
	match->came = match->with_group = 0;
	match->first = -1;
}

void match_release(struct match *match)
{
	/* After a failed match_init() some of these pointers are NULL, which PCRE2's free functions accept. */
	for (size_t i = 0; i < match->n; i++) {
		pcre2_code_free(match->compiled[i]);
		match->compiled[i] = NULL;
	}
	pcre2_match_data_free(match->data);
	pcre2_match_context_free(match->context);
	match->data = NULL;
	match->context = NULL;
}
