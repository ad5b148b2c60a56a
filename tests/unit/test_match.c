/* test_match.c - the patterns of --expect and --fail-on against text lines: capture groups, which pattern wins, and
 * patterns that take very long. */
#include <check.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "port/wait.h"
#include "run/match.h"
#include "suite.h"

static struct match match;
static struct match_event event;
static char err[256];

static void begin(const struct match_pattern *patterns, size_t n)
{
	ck_assert_msg(match_init(&match, patterns, n, err, sizeof(err)) == 0, "%s", err);
}

static int line(const char *text)
{
	return match_line(&match, text, strlen(text), &event);
}

START_TEST(all_expected_lines_must_come)
{
	begin((const struct match_pattern[]){ { "Ready", MATCH_EXPECT }, { "IP address: ([0-9.]+)", MATCH_EXPECT } },
	      2);
	ck_assert_int_eq(line("Booting"), 0);
	ck_assert(!match_complete(&match));
	ck_assert_int_eq(line("Ready"), 1);
	ck_assert_uint_eq(event.pattern, 0);
	ck_assert(!match_complete(&match));
	ck_assert_int_eq(line("IP address: 127.0.0.1"), 1);
	ck_assert_uint_eq(event.pattern, 1);
	ck_assert(event.any_group);
	ck_assert_str_eq(event.group, "127.0.0.1");
	ck_assert_str_eq(event.line, "IP address: 127.0.0.1");
	ck_assert(match_complete(&match));
	match_release(&match);
}
END_TEST

START_TEST(two_that_come_with_one_line_both_count)
{
	begin((const struct match_pattern[]){ { "a(.)", MATCH_EXPECT }, { "b(.)", MATCH_EXPECT } }, 2);
	ck_assert_int_eq(line("a1b2"), 1);
	ck_assert(match_complete(&match));
	ck_assert_str_eq(match_group(&match, 0), "1");
	ck_assert_str_eq(match_group(&match, 1), "2");
	match_release(&match);
}
END_TEST

START_TEST(a_failing_line_beats_an_expected_one)
{
	begin((const struct match_pattern[]){ { "Ready", MATCH_EXPECT }, { "not", MATCH_FAIL_ON } }, 2);
	ck_assert_int_eq(line("not Ready"), 1);
	ck_assert_uint_eq(event.pattern, 1);
	match_release(&match);
}
END_TEST

START_TEST(a_failing_line_is_seen_after_the_match_too)
{
	begin((const struct match_pattern[]){ { "Ready", MATCH_EXPECT }, { "lost", MATCH_FAIL_ON } }, 2);
	ck_assert_int_eq(line("Ready"), 1);
	ck_assert(match_complete(&match));
	ck_assert_int_eq(line("Wi-Fi lost"), 1);
	ck_assert_uint_eq(event.pattern, 1);
	match_release(&match);
}
END_TEST

START_TEST(the_first_match_is_the_one_that_is_printed)
{
	begin((const struct match_pattern[]){ { "b=(.*)", MATCH_EXPECT },
					      { "a=(.*)", MATCH_EXPECT },
					      { "n=(.*)", MATCH_NOTE } },
	      3);
	ck_assert_ptr_null(match_first(&match));
	ck_assert_int_eq(line("n=0"), 1);
	ck_assert_ptr_null(match_first(&match));
	ck_assert_int_eq(line("a=1"), 1);
	ck_assert_int_eq(line("a=9"), 0);
	ck_assert_int_eq(line("b=2"), 1);
	ck_assert_str_eq(match_first(&match), "1");
	match_release(&match);
}
END_TEST

START_TEST(a_note_is_never_waited_for)
{
	begin((const struct match_pattern[]){ { "version (.*)", MATCH_NOTE }, { "lost", MATCH_FAIL_ON } }, 2);
	ck_assert(match_complete(&match));
	ck_assert_int_eq(line("version 3"), 1);
	ck_assert_str_eq(match_group(&match, 0), "3");
	match_release(&match);
}
END_TEST

START_TEST(without_a_group_the_whole_match_counts)
{
	begin((const struct match_pattern[]){ { "[0-9]+", MATCH_EXPECT } }, 1);
	ck_assert_int_eq(line("port 8266 open"), 1);
	ck_assert(!event.any_group);
	ck_assert_str_eq(event.group, "8266");
	match_release(&match);
}
END_TEST

START_TEST(a_group_that_took_no_part_gives_the_whole_match)
{
	begin((const struct match_pattern[]){ { "x(a)|xb", MATCH_EXPECT } }, 1);
	ck_assert_int_eq(line("xa"), 1);
	ck_assert(event.any_group);
	match_forget(&match);
	ck_assert_int_eq(line("xb"), 1);
	ck_assert(!event.any_group);
	ck_assert_str_eq(event.group, "xb");
	match_release(&match);
}
END_TEST

START_TEST(a_new_attempt_forgets_what_came)
{
	begin((const struct match_pattern[]){ { "a(.)", MATCH_EXPECT } }, 1);
	ck_assert_int_eq(line("a1"), 1);
	match_forget(&match);
	ck_assert(!match_complete(&match));
	ck_assert_ptr_null(match_group(&match, 0));
	ck_assert_ptr_null(match_first(&match));
	ck_assert_int_eq(line("a2"), 1);
	ck_assert_str_eq(match_first(&match), "2");
	match_release(&match);
}
END_TEST

/* group: the expected text of capture group 1, or of the whole match if there is no group; NULL: the pattern must not
 * match. */
static const struct {
	const char *pattern, *line, *group;
} rows[] = {
	{ "^\\d+$", "8266", "8266" },
	{ "v(\\d+\\.\\d+)", "ESPHome v2025.10.1", "2025.10" },
	{ "\\bup\\b", "setup", NULL },
	{ "\\bup\\b", "it is up!", "up" },
	{ "a{2}(b|c)+[[:digit:]]$", "aabcb7", "b" },
	{ "(^|[^[:alnum:]])Ready$", "NotReady", NULL },
	{ "(^|[^[:alnum:]])Ready$",
	  "\xff"
	  "Ready",
	  "\xff" },
	{ "[[:space:]]([[:xdigit:]]+)[[:punct:]]", "at 40fe;", "40fe" },
	{ "ready(?!,)", "ready, not", NULL },
	{ "(?i)READY", "ready", "ready" },
	{ "<(.*?)>", "<a><b>", "a" },
	/* If several alternatives match, PCRE2 takes the first, even if a later one is longer. */
	{ "foo|foobar", "foobar", "foo" },
	{ "foobar|foo", "foobar", "foobar" },
	{ "(foo|foobar)", "foobar", "foo" },
	{ "(foo|foobar)$", "foobar", "foobar" },
	{ "", "anything", "" },
	{ "", "", "" },
	{ "^$", "", "" },
	{ "^$", "x", NULL },
	{ "x*", "abc", "" },
	{ "x(a)|xb", "xb", "xb" },
	{ "(x)?b(c)", "bc", "bc" },
	{ "(x*)b", "ab", "" },
	{ "a\\Kb", "ab", "b" },
	{ "(?<=a)b", "ab", "b" },
	/* Patterns match bytes, not characters. So three dots match the three bytes of a UTF-8 character, and bytes
	 * above 0x7f are no letters. */
	{ "^.{3}$", "\xe2\x82\xac", "\xe2\x82\xac" },
	{ "^\\xe2\\x82", "\xe2\x82\xac", "\xe2\x82" },
	{ "^\xe2\x82", "\xe2\x82\xac", "\xe2\x82" },
	{ "\\w", "\xe4\xc4\xb5", NULL },
	{ "(?i)\xe4", "\xc4", NULL },
	{ "^a.b.c$",
	  "a\rb\x85"
	  "c",
	  "a\rb\x85"
	  "c" },
	{ "^(.)$", "\n", "\n" },
	{ "a$", "a\n", NULL },
	{ "(?C)a(?C2)b", "ab", "ab" },
	{ "(*LIMIT_MATCH=1000)ab", "ab", "ab" },
};

START_TEST(patterns_are_as_in_perl_and_in_bytes)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		begin((const struct match_pattern[]){ { rows[i].pattern, MATCH_EXPECT } }, 1);
		ck_assert_msg(line(rows[i].line) == (rows[i].group != NULL), "%s: %s", rows[i].pattern, rows[i].line);
		if (rows[i].group)
			ck_assert_str_eq(event.group, rows[i].group);
		match_release(&match);
	}
}
END_TEST

/* PCRE2 stores the groups of all patterns in one place. Pattern "abc" has no group, so it must not report "b", the
 * group of "(b)c". */
START_TEST(a_pattern_without_a_group_gets_no_other_pattern_s)
{
	begin((const struct match_pattern[]){ { "(b)c", MATCH_EXPECT },
					      { "abc", MATCH_EXPECT },
					      { "(a)(b)(c)", MATCH_EXPECT } },
	      3);
	ck_assert_int_eq(line("abc"), 1);
	ck_assert(event.any_group);
	ck_assert_str_eq(match_group(&match, 0), "b");
	ck_assert_str_eq(match_group(&match, 1), "abc");
	ck_assert_str_eq(match_group(&match, 2), "a");
	match_release(&match);
}
END_TEST

/* With this pattern PCRE2 10.42 reports a match that begins at offset 3 and ends at offset 1. Such a match must count
 * as empty. Later versions of PCRE2 report an error instead. */
START_TEST(a_match_that_begins_after_its_end_is_empty)
{
	begin((const struct match_pattern[]){ { "(?=(?1))(?(DEFINE)(ab\\K))", MATCH_EXPECT } }, 1);
	if (line("xab") > 0)
		ck_assert_str_eq(event.group, "");
	else
		ck_assert(match.broken && !match_complete(&match));
	match_release(&match);
}
END_TEST

START_TEST(hostile_lines_are_lines)
{
	static const char hostile[] = "\x1b[2J\0$(reboot)`'\"\\ \xff\xfe\xc0\x80 IP=1.2.3.4;id";

	begin((const struct match_pattern[]){ { "2J \\$.*IP=(.*)$", MATCH_EXPECT } }, 1);
	ck_assert_int_eq(match_line(&match, hostile, sizeof(hostile) - 1, &event), 1);
	ck_assert_str_eq(event.group, "1.2.3.4;id");
	ck_assert_uint_eq(event.len, sizeof(hostile) - 1);
	ck_assert_uint_eq(strlen(event.line), event.len);
	match_release(&match);
}
END_TEST

START_TEST(a_long_line_is_cut)
{
	static char text[1 << 20];

	memset(text, 'x', sizeof(text));
	memcpy(text + MATCH_LINE_MAX - 3, "end", 3);
	memcpy(text + MATCH_LINE_MAX, "beyond", 6);
	begin((const struct match_pattern[]){ { "beyond", MATCH_FAIL_ON }, { "(xxxend)$", MATCH_EXPECT } }, 2);
	ck_assert_int_eq(match_line(&match, text, sizeof(text), &event), 1);
	ck_assert_uint_eq(event.pattern, 1);
	ck_assert_uint_eq(event.len, MATCH_LINE_MAX);
	match_release(&match);
}
END_TEST

START_TEST(a_long_group_is_cut)
{
	char text[2048];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	begin((const struct match_pattern[]){ { "(x*)", MATCH_EXPECT } }, 1);
	ck_assert_int_eq(line(text), 1);
	ck_assert_uint_eq(strlen(event.group), MATCH_GROUP_MAX - 1);
	match_release(&match);
}
END_TEST

/* The messages and most offsets come from PCRE2 and differ between its versions. So most of the expected texts leave
 * out the number of the offset. */
START_TEST(an_invalid_pattern_is_named_with_what_is_wrong_and_where)
{
	static const struct {
		const char *pattern, *said;
	} wrong[] = {
		{ "a(", "--fail-on 'a(': missing closing parenthesis, at offset 2" },
		{ "abc)", "--fail-on 'abc)': unmatched closing parenthesis, at offset " },
		{ "[", "--fail-on '[': missing terminating ] for character class, at offset " },
		{ "*a", "--fail-on '*a': quantifier does not follow a repeatable item, at offset 0" },
		{ "a{3,1}", "--fail-on 'a{3,1}': numbers out of order in {} quantifier, at offset " },
		{ "[[:nope:]]", "--fail-on '[[:nope:]]': unknown POSIX class name, at offset " },
		{ "\\", "--fail-on '\\': \\ at end of pattern, at offset 1" },
		{ "(*UTF)a", "--fail-on '(*UTF)a': using UTF is disabled by the application, at offset " },
		{ "(*UCP)a", "--fail-on '(*UCP)a': using UCP is disabled by the application, at offset " },
		{ "a\\C", "--fail-on 'a\\C': using \\C is disabled by the application, at offset " },
	};

	for (size_t i = 0; i < COUNT(wrong); i++) {
		ck_assert_int_eq(match_init(&match,
					    (const struct match_pattern[]){ { "fine", MATCH_EXPECT },
									    { wrong[i].pattern, MATCH_FAIL_ON } },
					    2, err, sizeof(err)),
				 -EINVAL);
		ck_assert_msg(strncmp(err, wrong[i].said, strlen(wrong[i].said)) == 0, "%s", err);
		match_release(&match);
	}
	ck_assert_int_eq(
		match_init(&match, (const struct match_pattern[]){ { "a(", MATCH_EXPECT } }, 1, err, sizeof(err)),
		-EINVAL);
	ck_assert_str_eq(err, "--expect 'a(': missing closing parenthesis, at offset 2");
	match_release(&match);
}
END_TEST

static int64_t cpu_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Return: a pattern with the letter a in @depth nested parentheses. PCRE2 refuses patterns that are nested too
 * deeply. */
static const char *nested(int depth, const char *close)
{
	static char text[8192];
	int n = 0;

	for (int i = 0; i < depth; i++)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "(?:");
	n += snprintf(text + n, sizeof(text) - (size_t)n, "a");
	for (int i = 0; i < depth; i++)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "%s", close);
	return text;
}

static const char *repeated(char c, int n)
{
	static char text[8192];

	memset(text, c, (size_t)n);
	text[n] = '\0';
	return text;
}

START_TEST(a_pattern_that_is_too_large_is_refused_at_once)
{
	const struct {
		const char *pattern, *said;
	} large[] = {
		{ "((a{1,1000}){1,1000}){1,1000}", "regular expression is too large" },
		{ "((((a{1,250}){1,250}){1,250}){1,250}){1,250}", "regular expression is too large" },
		{ "(a{1,65535}){1,65535}", "regular expression is too large" },
		{ nested(251, ")"), "parentheses are too deeply nested" },
		{ repeated('a', 4097), "longer than the limit" },
	};
	int64_t began_ms = cpu_ms();
	struct rusage used;

	for (size_t i = 0; i < COUNT(large); i++) {
		ck_assert_int_eq(match_init(&match,
					    (const struct match_pattern[]){ { large[i].pattern, MATCH_EXPECT } }, 1,
					    err, sizeof(err)),
				 -EINVAL);
		ck_assert_msg(strncmp(err, "--expect '", 10) == 0 && strstr(err, large[i].said), "%s", err);
		match_release(&match);
	}
	ck_assert_int_lt(cpu_ms() - began_ms, 1000);
	ck_assert_int_eq(getrusage(RUSAGE_SELF, &used), 0);
	ck_assert_int_lt(used.ru_maxrss, 100 * 1024);
}
END_TEST

START_TEST(a_pattern_as_large_as_it_may_be_is_taken)
{
	begin((const struct match_pattern[]){ { repeated('a', 4096), MATCH_EXPECT } }, 1);
	ck_assert_int_eq(line("a"), 0);
	ck_assert_int_eq(line(repeated('a', 4096)), 1);
	match_release(&match);
	begin((const struct match_pattern[]){ { nested(250, ")"), MATCH_EXPECT } }, 1);
	ck_assert_int_eq(line("a"), 1);
	match_release(&match);
}
END_TEST

/* Patterns that exceed a limit of PCRE2 when they are matched against many a's and a final b. Each has the name of the
 * limit. */
static const struct {
	const char *pattern, *why;
} endless[] = {
	{ "(a+)+$", "match limit exceeded" },
	{ "(a|aa)+$", "match limit exceeded" },
	{ "(.*)*[xy]", "match limit exceeded" },
	{ "((a+)+)+$", "match limit exceeded" },
	{ "(?:(a+)\\1)+[xy]", "match limit exceeded" },
	{ "(*LIMIT_MATCH=4000000000)(a+)+$", "match limit exceeded" },
	{ "(*LIMIT_MATCH=10)(a+)+$", "match limit exceeded" },
	{ "(?C)(a+)+$", "match limit exceeded" },
	{ "(((((((((((((((((((a)))))))))))))))))))*$", "heap limit exceeded" },
	{ "(*LIMIT_HEAP=4000000000)(((((((((((((((((((a)))))))))))))))))))*$", "heap limit exceeded" },
	{ NULL, "matching depth limit exceeded" },
	/* PCRE2 tries these patterns anew at every byte. Each try takes less than a million steps, so no limit but time
	 * ends them. */
	{ "(a+)\\1+$", "time limit exceeded" },
	{ "(?i)(a+)\\1+$", "time limit exceeded" },
	{ "(?:a|b)*[xy]", "time limit exceeded" },
	{ "((((((((a))))))))*$", "time limit exceeded" },
	{ "(?R)?a", "nested recursion at the same subject position" },
};

/* On a busy computer a pattern may get little CPU time, and so stay below the limit of CPU time. The run's deadline
 * must end such a pattern. */
START_TEST(a_pattern_that_is_still_tried_at_the_deadline_is_ended)
{
	static char text[4096];

	memset(text, 'a', sizeof(text) - 1);
	begin((const struct match_pattern[]){ { "(?:a|b)*[xy]", MATCH_EXPECT } }, 1);
	match.deadline_ms = wait_now_ms() - 1;
	ck_assert_int_eq(line(text), -ETIME);
	ck_assert_str_eq(match.why, "time limit exceeded");
	/* ended by the deadline: the limit of 250 ms CPU time would allow over 100,000 steps */
	ck_assert_uint_le(match.steps, 1000);
	match_release(&match);
}
END_TEST

START_TEST(a_pattern_that_takes_for_ever_is_ended)
{
	const char *pattern = endless[_i / 2].pattern ? endless[_i / 2].pattern : nested(15, "|x)");
	enum match_kind kind = _i % 2 ? MATCH_FAIL_ON : MATCH_EXPECT;
	char text[MATCH_LINE_MAX + 1], whole[256];
	struct rusage used;
	int64_t began_ms;

	memset(text, 'a', sizeof(text) - 2);
	strcpy(text + sizeof(text) - 2, "b");
	snprintf(whole, sizeof(whole), endless[_i / 2].pattern ? "%s" : "(?:%s)*$", pattern);
	begin((const struct match_pattern[]){ { "Ready", MATCH_EXPECT }, { whole, kind }, { "ab", MATCH_EXPECT } }, 3);
	began_ms = cpu_ms();
	ck_assert_int_eq(line(text), -ETIME);
	ck_assert_int_le(cpu_ms() - began_ms, 2 * MATCH_CPU_MS);
	/* A slow computer may reach the limit of CPU time before the limit that is expected here. The test accepts
	 * this. */
	if (strcmp(match.why, "time limit exceeded") != 0 || match.steps > 3000000)
		ck_assert_str_eq(match.why, endless[_i / 2].why);
	ck_assert_uint_eq(match.culprit, 1);
	ck_assert_int_eq(line("Ready"), -ETIME);
	match_forget(&match);
	ck_assert_int_eq(line("ab"), -ETIME);
	ck_assert(!match_complete(&match));
	ck_assert_int_eq(getrusage(RUSAGE_SELF, &used), 0);
	ck_assert_int_lt(used.ru_maxrss, 200 * 1024);
	match_release(&match);
}
END_TEST

/* One slow pattern stays below the time limit. Many slow patterns exceed it, because the limit is for one text line and
 * all patterns together. */
START_TEST(many_slow_patterns_take_no_longer_than_one)
{
	struct match_pattern patterns[MATCH_PATTERNS_MAX];
	char text[1001] = "";
	int64_t began_ms;

	memset(text, 'a', sizeof(text) - 1);
	for (size_t i = 0; i < MATCH_PATTERNS_MAX; i++)
		patterns[i] = (struct match_pattern){ "(?:a|b)*[xy]", MATCH_EXPECT };
	begin(patterns, 1);
	ck_assert_int_eq(line(text), 0);
	match_release(&match);
	begin(patterns, MATCH_PATTERNS_MAX);
	began_ms = cpu_ms();
	ck_assert_int_eq(line(text), -ETIME);
	ck_assert_int_le(cpu_ms() - began_ms, 2 * MATCH_CPU_MS);
	ck_assert_str_eq(match.why, "time limit exceeded");
	match_release(&match);
}
END_TEST

START_TEST(each_line_has_its_own_time)
{
	char text[1001] = "";
	int64_t began_ms = cpu_ms();

	memset(text, 'a', sizeof(text) - 1);
	begin((const struct match_pattern[]){ { "(?:a|b)*[xy]", MATCH_EXPECT } }, 1);
	while (cpu_ms() - began_ms < 2 * MATCH_CPU_MS)
		ck_assert_int_eq(line(text), 0);
	ck_assert_int_eq(line("xaax"), 1);
	match_release(&match);
}
END_TEST

START_TEST(it_can_be_released_twice_and_nothing_matches_then)
{
	begin((const struct match_pattern[]){ { "a", MATCH_EXPECT } }, 1);
	match_release(&match);
	ck_assert(!match_complete(&match));
	ck_assert_int_eq(line("a"), -ETIME);
	match_release(&match);
}
END_TEST

START_TEST(no_patterns_are_always_met)
{
	begin(NULL, 0);
	ck_assert(match_complete(&match));
	ck_assert_int_eq(line("a"), 0);
	match_release(&match);
}
END_TEST

START_TEST(sixty_four_patterns_are_enough_and_more_are_refused)
{
	struct match_pattern patterns[MATCH_PATTERNS_MAX + 1];

	for (size_t i = 0; i <= MATCH_PATTERNS_MAX; i++)
		patterns[i] = (struct match_pattern){ "a", MATCH_EXPECT };
	begin(patterns, MATCH_PATTERNS_MAX);
	ck_assert_int_eq(line("a"), 1);
	ck_assert(match_complete(&match));
	match_release(&match);
	ck_assert_int_eq(match_init(&match, patterns, MATCH_PATTERNS_MAX + 1, err, sizeof(err)), -E2BIG);
	match_release(&match);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("patterns");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, all_expected_lines_must_come);
	tcase_add_test(tc, two_that_come_with_one_line_both_count);
	tcase_add_test(tc, a_failing_line_beats_an_expected_one);
	tcase_add_test(tc, a_failing_line_is_seen_after_the_match_too);
	tcase_add_test(tc, the_first_match_is_the_one_that_is_printed);
	tcase_add_test(tc, a_note_is_never_waited_for);
	tcase_add_test(tc, without_a_group_the_whole_match_counts);
	tcase_add_test(tc, a_group_that_took_no_part_gives_the_whole_match);
	tcase_add_test(tc, a_new_attempt_forgets_what_came);
	tcase_add_test(tc, patterns_are_as_in_perl_and_in_bytes);
	tcase_add_test(tc, a_pattern_without_a_group_gets_no_other_pattern_s);
	tcase_add_test(tc, a_match_that_begins_after_its_end_is_empty);
	tcase_add_test(tc, hostile_lines_are_lines);
	tcase_add_test(tc, a_long_line_is_cut);
	tcase_add_test(tc, a_long_group_is_cut);
	tcase_add_test(tc, an_invalid_pattern_is_named_with_what_is_wrong_and_where);
	tcase_add_test(tc, a_pattern_that_is_too_large_is_refused_at_once);
	tcase_add_test(tc, a_pattern_as_large_as_it_may_be_is_taken);
	tcase_add_test(tc, a_pattern_that_is_still_tried_at_the_deadline_is_ended);
	tcase_add_loop_test(tc, a_pattern_that_takes_for_ever_is_ended, 0, 2 * COUNT(endless));
	tcase_add_test(tc, many_slow_patterns_take_no_longer_than_one);
	tcase_add_test(tc, each_line_has_its_own_time);
	tcase_add_test(tc, it_can_be_released_twice_and_nothing_matches_then);
	tcase_add_test(tc, no_patterns_are_always_met);
	tcase_add_test(tc, sixty_four_patterns_are_enough_and_more_are_refused);
	return suite_run_case("match", tc);
}
