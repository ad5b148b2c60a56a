/* test_match.c - patterns against lines: groups, precedence, and patterns that would take for ever. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

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
	begin((const struct match_pattern[]){ { "Ready", MATCH_EXPECT },
					      { "IP address: ([0-9.]+)", MATCH_EXPECT } }, 2);
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
	begin((const struct match_pattern[]){ { "b=(.*)", MATCH_EXPECT }, { "a=(.*)", MATCH_EXPECT },
					      { "n=(.*)", MATCH_NOTE } }, 3);
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

START_TEST(patterns_are_extended_and_in_bytes)
{
	begin((const struct match_pattern[]){ { "^.{3}$", MATCH_EXPECT } }, 1);
	ck_assert_int_eq(line("\xe2\x82\xac"), 1);
	match_release(&match);
	begin((const struct match_pattern[]){ { "a{2}(b|c)+[[:digit:]]$", MATCH_EXPECT } }, 1);
	ck_assert_int_eq(line("aabcb7"), 1);
	match_release(&match);
}
END_TEST

START_TEST(hostile_lines_are_lines)
{
	static const char hostile[] = "\x1b[2J\0$(reboot)`'\"\\ \xff\xfe\xc0\x80 IP=1.2.3.4;id";

	begin((const struct match_pattern[]){ { "IP=(.*)$", MATCH_EXPECT } }, 1);
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

START_TEST(an_empty_line_can_match)
{
	begin((const struct match_pattern[]){ { "^$", MATCH_EXPECT } }, 1);
	ck_assert_int_eq(line(""), 1);
	ck_assert_str_eq(event.group, "");
	match_release(&match);
}
END_TEST

START_TEST(an_invalid_pattern_is_named)
{
	static const char *const wrong[] = { "a(", "[", "*a{2", "a{3,1}", "[[:nope:]]", "\\" };

	ck_assert_int_eq(match_init(&match, (const struct match_pattern[]){ { "fine", MATCH_EXPECT },
			 { wrong[_i], MATCH_FAIL_ON } }, 2, err, sizeof(err)), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err, wrong[_i]));
	ck_assert_uint_gt(strlen(err), strlen(wrong[_i]) + 5);
	match_release(&match);
}
END_TEST

/* Patterns with back-references that take exponential time in the C library. */
static const char slow[] = "^(x+)*(x+)*(x+)*(x+)*(x+)*(x+)*\\1\\2\\3\\4\\5\\6y$";

START_TEST(a_pattern_that_takes_for_ever_is_ended)
{
	static char text[2000];
	enum match_kind kind = _i ? MATCH_FAIL_ON : MATCH_EXPECT;
	struct rusage used;

	memset(text, 'x', sizeof(text) - 1);
	begin((const struct match_pattern[]){ { slow, kind }, { "Ready", MATCH_EXPECT } }, 2);
	ck_assert_int_eq(line("Ready"), 1);
	ck_assert_int_eq(line(text), -ETIME);
	ck_assert_int_eq(line("Ready"), -ETIME);
	ck_assert(!match_complete(&match));
	ck_assert_int_eq(match.pid, -1);
	/* by its own limit, not by our patience: it has not used ten seconds */
	ck_assert_int_eq(getrusage(RUSAGE_CHILDREN, &used), 0);
	ck_assert_int_le(used.ru_utime.tv_sec, 1);
	match_release(&match);
}
END_TEST

START_TEST(a_pattern_that_takes_all_memory_to_compile_is_refused)
{
	ck_assert_int_eq(match_init(&match, (const struct match_pattern[]){
			 { "((((a{1,250}){1,250}){1,250}){1,250}){1,250}", MATCH_EXPECT } }, 1, err,
				 sizeof(err)), -EINVAL);
	ck_assert_uint_gt(strlen(err), 5);
	match_release(&match);
}
END_TEST

START_TEST(a_killed_process_is_not_a_match)
{
	begin((const struct match_pattern[]){ { "a", MATCH_EXPECT } }, 1);
	ck_assert_int_eq(line("a"), 1);
	ck_assert(match_complete(&match));
	match_forget(&match);
	ck_assert_int_eq(kill(match.pid, SIGKILL), 0);
	ck_assert_int_eq(line("a"), -EPIPE);
	ck_assert(!match_complete(&match));
	match_release(&match);
}
END_TEST

START_TEST(what_a_terminal_sends_does_not_end_it)
{
	begin((const struct match_pattern[]){ { "a", MATCH_EXPECT } }, 1);
	ck_assert_int_eq(kill(match.pid, SIGINT), 0);
	ck_assert_int_eq(kill(match.pid, SIGTERM), 0);
	ck_assert_int_eq(kill(match.pid, SIGHUP), 0);
	ck_assert_int_eq(line("a"), 1);
	match_release(&match);
}
END_TEST

START_TEST(it_holds_no_descriptor_of_ours)
{
	int pipe_fds[2];
	char byte;

	ck_assert_int_eq(pipe(pipe_fds), 0);
	begin((const struct match_pattern[]){ { "a", MATCH_EXPECT } }, 1);
	ck_assert_int_eq(line("a"), 1);
	close(pipe_fds[1]);
	/* at the end only if nobody else holds the other end */
	ck_assert_int_eq(fcntl(pipe_fds[0], F_SETFL, O_NONBLOCK), 0);
	ck_assert_int_eq(read(pipe_fds[0], &byte, 1), 0);
	close(pipe_fds[0]);
	match_release(&match);
}
END_TEST

START_TEST(it_is_gone_after_the_release)
{
	pid_t pid;

	begin((const struct match_pattern[]){ { "a", MATCH_EXPECT } }, 1);
	pid = match.pid;
	match_release(&match);
	ck_assert_int_eq(waitpid(pid, NULL, WNOHANG), -1);
	ck_assert_int_eq(kill(pid, 0), -1);
	match_release(&match);
}
END_TEST

START_TEST(it_dies_with_whoever_started_it)
{
	int fds[2];
	pid_t middle, pid = 0;

	ck_assert_int_eq(pipe(fds), 0);
	middle = fork();
	ck_assert_int_ge(middle, 0);
	if (!middle) {
		begin((const struct match_pattern[]){ { "a", MATCH_EXPECT } }, 1);
		if (write(fds[1], &match.pid, sizeof(match.pid)) < 0)
			_exit(1);
		raise(SIGKILL);
	}
	ck_assert_int_eq(read(fds[0], &pid, sizeof(pid)), sizeof(pid));
	ck_assert_int_eq(waitpid(middle, NULL, 0), middle);
	/* it becomes somebody else's child: wait until it is gone, or a zombie */
	for (;;) {
		char path[64], stat[256] = "";
		FILE *file;

		snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
		file = fopen(path, "r");
		if (!file)
			break;
		ck_assert_uint_gt(fread(stat, 1, sizeof(stat) - 1, file), 0);
		fclose(file);
		if (strstr(stat, ") Z"))
			break;
		usleep(1000);
	}
	close(fds[0]);
	close(fds[1]);
}
END_TEST

START_TEST(no_patterns_are_always_met)
{
	begin(NULL, 0);
	ck_assert_int_eq(match.pid, -1);
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
	Suite *suite = suite_create("match");
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
	tcase_add_test(tc, patterns_are_extended_and_in_bytes);
	tcase_add_test(tc, hostile_lines_are_lines);
	tcase_add_test(tc, a_long_line_is_cut);
	tcase_add_test(tc, a_long_group_is_cut);
	tcase_add_test(tc, an_empty_line_can_match);
	tcase_add_loop_test(tc, an_invalid_pattern_is_named, 0, 6);
	tcase_add_loop_test(tc, a_pattern_that_takes_for_ever_is_ended, 0, 2);
	tcase_add_test(tc, a_pattern_that_takes_all_memory_to_compile_is_refused);
	tcase_add_test(tc, a_killed_process_is_not_a_match);
	tcase_add_test(tc, what_a_terminal_sends_does_not_end_it);
	tcase_add_test(tc, it_holds_no_descriptor_of_ours);
	tcase_add_test(tc, it_is_gone_after_the_release);
	tcase_add_test(tc, it_dies_with_whoever_started_it);
	tcase_add_test(tc, no_patterns_are_always_met);
	tcase_add_test(tc, sixty_four_patterns_are_enough_and_more_are_refused);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
