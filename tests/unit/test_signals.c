/* test_signals.c - no board stays in reset, whichever signal ends espreset, and whether or not its output is read. */
#include <check.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "program.h"
#include "suite.h"
#include "tempdir.h"

static struct program p;

static void setup(void)
{
	tempdir_make();
	ck_assert_int_eq(unsetenv("ESPTOOL_PORT"), 0);
}

/* Checks the last text line in the simulated board's record @file. The board writes it 0.5 s after espreset has closed
 * the port; it must say that both lines are released. */
static void assert_let_go(const char *file)
{
	char command[256];

	snprintf(command, sizeof(command),
		 "for i in $(seq 100); do grep -q '^[0-9.]* end ' %s && break; sleep 0.1; done; "
		 "grep '^[0-9.]* end ' %s",
		 file, file);
	program_shell(&p, command);
	ck_assert_msg(strstr(p.out, "EN=high GPIO0=high DTR=released RTS=released"), "%s: %s", file, p.out);
}

static void sleep_ms(long ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&ts, NULL);
}

static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGKILL };
/* Delays in ms from the start of espreset to the signal. espreset begins to hold the board in reset within a few ms,
 * for 20 ms. Then it listens for the boot, and goes on listening for the 4 s of --settle. */
static const int moments[] = { 0, 1, 2, 4, 6, 9, 12, 16, 20, 25, 32, 45, 80, 300, 1060, 1120 };

/* Starts espreset on a simulated board with direct wiring: while RTS is asserted, the board is held in reset. @file
 * gets the board's record. */
static pid_t start_board(const char *file)
{
	char port[160];
	char *argv[] = { "espreset", "-q", "--settle", "4", port, NULL };

	snprintf(port, sizeof(port), "sim:direct,silent,truth=%s", file);
	return program_start(argv, -1);
}

static void assert_died_of(pid_t pid, int signal, int after_ms)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == signal, "after %d ms: status %x", after_ms,
		      (unsigned int)status);
}

/* If the signal came early, espreset may have ended before it started the simulated board: then there is no record to
 * check. */
static void assert_let_go_if_started(size_t moment)
{
	struct stat st;
	char file[128];

	snprintf(file, sizeof(file), "%s/truth.%zu", tempdir, moment);
	if (stat(file, &st) == 0 && st.st_size > 0)
		assert_let_go(file);
	else
		ck_assert_int_lt(moments[moment], 300);
}

/* Ends espreset by @signal, once after each of the delays in moments[]. If @group is true, the signal goes to all
 * processes of espreset at once. */
static void end_at_each_moment(int signal, bool group)
{
	char file[128];

	for (size_t i = 0; i < COUNT(moments); i++) {
		pid_t pid;

		snprintf(file, sizeof(file), "%s/truth.%zu", tempdir, i);
		pid = start_board(file);
		/* The process group must exist before espreset forks. Otherwise only its first process would be in the
		 * group. */
		if (group)
			setpgid(pid, pid);
		sleep_ms(moments[i]);
		if (group)
			kill(-pid, signal);
		kill(pid, signal);
		assert_died_of(pid, signal, moments[i]);
	}
	for (size_t i = 0; i < COUNT(moments); i++)
		assert_let_go_if_started(i);
}

START_TEST(a_signal_at_any_moment_lets_go_and_is_died_of)
{
	end_at_each_moment(signals[_i], false);
}
END_TEST

/* All processes of espreset are killed at once, as when a container ends. */
START_TEST(killing_every_process_at_any_moment_lets_go)
{
	end_at_each_moment(SIGKILL, true);
}
END_TEST

START_TEST(stopping_never_stops_with_a_line_asserted)
{
	char file[128], command[512];
	int status;
	pid_t pid;

	snprintf(file, sizeof(file), "%s/truth", tempdir);
	pid = start_board(file);
	sleep_ms(8); /* 8 ms after the start the board is held in reset */
	snprintf(command, sizeof(command), "pkill -TSTP -P %ld; sleep 1; grep -c 'RTS released' %s; pkill -CONT -P %ld",
		 (long)pid, file, (long)pid);
	program_shell(&p, command);
	ck_assert_msg(p.out[0] == '1', "the board was held for the whole stop: %s", p.out);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	assert_let_go(file);
}
END_TEST

START_TEST(output_that_nobody_reads_holds_no_board)
{
	char file[128];

	/* For 4 s nobody reads espreset's output. The board must be released all the same. */
	snprintf(file, sizeof(file), "%s/truth", tempdir);
	program_shell(
		&p,
		"{ \"$ESPRESET\" --json -v sim:direct,silent,truth=$DIR/truth sim:esp32,direct; echo ignored; } 2>&1 | "
		"{ sleep 4; grep -q 'client closes' $DIR/truth && echo let go; cat >/dev/null; }");
	ck_assert_str_eq(p.out, "let go\n");
	assert_let_go(file);
	program_shell(&p, "\"$ESPRESET\" sim:running | head -c0; echo status ${PIPESTATUS:-}; \"$ESPRESET\" "
			  "sim:running >/dev/full; "
			  "echo status $?");
	ck_assert_ptr_nonnull(strstr(p.out, "status 1"));
	ck_assert_ptr_nonnull(strstr(p.err, "standard output: No space left"));
}
END_TEST

START_TEST(a_result_is_told_however_late_somebody_reads)
{
	program_shell(&p, "{ head -c 65536 /dev/zero; \"$ESPRESET\" --json --wait 0 --timeout 2 sim:running; } | "
			  "{ sleep 4; tr -d '\\0' | tail -n 1; }");
	ck_assert_msg(strstr(p.out, "\"verdict\":\"ready\""), "%s", p.out);
}
END_TEST

START_TEST(a_signal_ends_it_also_while_nobody_reads)
{
	/* The pipe for espreset's output is full, and its reader sleeps. SIGTERM must end espreset. The later SIGKILL
	 * is needed only if the test fails. */
	program_shell(
		&p,
		"mkfifo $DIR/f; sleep 20 <$DIR/f & s=$!; "
		"{ head -c 65536 /dev/zero; exec \"$ESPRESET\" --json --wait 0 --timeout 3 sim:running; } >$DIR/f & "
		"e=$!; "
		"sleep 1; kill -TERM $e; { sleep 6; kill -KILL $e; } 2>/dev/null & k=$!; wait $e; echo $?; kill $s $k");
	ck_assert_str_eq(p.out, "143\n");
}
END_TEST

START_TEST(what_touches_no_board_is_ended_by_a_signal_at_once)
{
	/* espreset reads a log that never ends. SIGTERM must end espreset. The later SIGKILL is needed only if the test
	 * fails. */
	program_shell(
		&p,
		"mkfifo $DIR/f; sleep 20 >$DIR/f & s=$!; { exec \"$ESPRESET\" --decode $DIR/f; } & e=$!; "
		"sleep 1; kill -TERM $e; { sleep 6; kill -KILL $e; } 2>/dev/null & k=$!; wait $e; echo $?; kill $s $k");
	ck_assert_str_eq(p.out, "143\n");
}
END_TEST

START_TEST(a_stalled_bridge_keeps_nobody_waiting)
{
	struct timespec begin, end;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	program_run(&p, "--wait 0 --timeout 1 sim:stall=2,stallfor=20s");
	clock_gettime(CLOCK_MONOTONIC, &end);
	ck_assert_int_eq(p.status, 35);
	ck_assert_ptr_nonnull(strstr(p.out, "the driver does not answer; process "));
	/* espreset promises to end within --wait + --timeout + 1 s, here 2 s. A slow machine may take longer, so the
	 * test allows 10 s. */
	ck_assert_int_lt((int)(end.tv_sec - begin.tv_sec), 10);
}
END_TEST

START_TEST(it_leaves_no_process_behind)
{
	/* Other tests run espreset at the same time. The seed $$ in the command line shows which processes are this
	 * test's. */
	program_shell(
		&p,
		"\"$ESPRESET\" -q sim:running,seed=$$ sim:esp32,seed=$$; \"$ESPRESET\" -q sim:nowire,seed=$$ & q=$!; "
		"sleep 0.1; kill $q; wait $q; sleep 1; ps -eo stat,args | grep -c \"^[^Z].*[e]spreset -q "
		"sim:.*seed=$$\"");
	ck_assert_str_eq(p.out, "0\n");
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("signals");

	tcase_set_timeout(tcase, 180);
	tcase_add_checked_fixture(tcase, setup, tempdir_remove);
	tcase_add_loop_test(tcase, a_signal_at_any_moment_lets_go_and_is_died_of, 0, COUNT(signals));
	tcase_add_test(tcase, killing_every_process_at_any_moment_lets_go);
	tcase_add_test(tcase, stopping_never_stops_with_a_line_asserted);
	tcase_add_test(tcase, output_that_nobody_reads_holds_no_board);
	tcase_add_test(tcase, a_result_is_told_however_late_somebody_reads);
	tcase_add_test(tcase, a_signal_ends_it_also_while_nobody_reads);
	tcase_add_test(tcase, what_touches_no_board_is_ended_by_a_signal_at_once);
	tcase_add_test(tcase, a_stalled_bridge_keeps_nobody_waiting);
	tcase_add_test(tcase, it_leaves_no_process_behind);
	return suite_run_case("signals", tcase);
}
