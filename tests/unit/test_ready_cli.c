/* test_ready_cli.c - the whole program with conditions for the verdict ready: patterns, OTA services, state file,
 * notification. */
#include <check.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "loopback.h"
#include "program.h"
#include "schema.h"
#include "suite.h"
#include "tempdir.h"

static struct program p;
static char why[4096];
static int port; /* number of a loopback port that is free for both UDP and TCP */

static void setup(void)
{
	char text[16];

	tempdir_make();
	port = loopback_free_port("127.0.0.1", SOCK_DGRAM);
	snprintf(text, sizeof(text), "%d", port);
	ck_assert_int_eq(setenv("PORT", text, 1), 0);
}

/* clang-format off */
static const struct program_row rows[] = {
	{ "--expect 'IP address: (.*)' --print-match sim:running", 0, "192.0.2.7\n", NULL },
	{ "--expect WiFi --expect Hello sim:running", 0, "ready", NULL },
	/* A byte that is no valid character must not hide or split a text line. --print-match prints the match with
	 * such bytes escaped. */
	{ "--print-match --expect '^20(.)C, connected$' 'sim:running,say=20\\xb0C\\x2c connected\\n'", 0,
	  "\xef\xbf\xbd\n", NULL },
	{ "--print-match --expect '^not(.)ready$' 'sim:running,say=not\\x07ready\\n'", 0, "\\x07\n", NULL },
	{ "-t 3 --expect '^ready' 'sim:running,say=not\\x07ready\\n'", 20, "expect-timeout", "--capture FILE" },
	{ "-v --fail-on 'not.ready' 'sim:running,say=not\\xffready\\n'", 21, "not\xef\xbf\xbdready",
	  "--fail-on matched: not\xef\xbf\xbdready" },
	{ "--expect Hello --fail-on WiFi sim:running", 21, "a line matched --fail-on 'WiFi'", "around that line (--capture FILE)" },
	{ "--fail-on never sim:running", 0, "ready", NULL },
	{ "-t 3 --expect Hello --expect never sim:running", 20, "no line matched --expect 'never' within 3 s", "(--capture FILE), or give it time with --timeout" },
	{ "-t 3 --expect never --print-match sim:running", 20, NULL, "no line matched" },
	{ "--expect never sim:panic=1500ms", 14, "crashed", "exceptions 28 and 29" },
	{ "--expect never sim:restart=1500ms", 18, "restarted", "" },
	{ "--expect Hello sim:gpio0low", 11, "download-mode", "GPIO0" },
	{ "--expect '(' sim:running", 2, NULL, "--expect '(': missing closing parenthesis, at offset 1" },
	{ "--expect 'IP address: (\\d+\\.\\d+)' --print-match sim:running", 0, "192.0\n", NULL },
	{ "--expect Hello --fail-on '[' sim:running", 2, NULL, "--fail-on '[': " },
	{ "--expect 'x' --firmware nonsense sim:running", 2, NULL, "--firmware list" },
	{ "--ota '[::1' sim:running", 2, NULL, "--ota '[::1'" },
	{ "--firmware esp-idf --ota 127.0.0.1 sim:running", 2, NULL, "--ota" },
	{ "--firmware list", 0, "arduino", NULL },
	{ "-t 4 --ota 127.0.0.1:$PORT sim:running", 22, "ota-silent", "does its application start the OTA service?" },
	{ "-t 4 --ota no.such.host.invalid sim:running", 22, "ota-silent", "give the address that the board has" },
	/* Patterns whose cost grows exponentially, a pattern that is too large, and a board that prints without line
	 * ends. */
	{ "--expect '(a+)+$' 'sim:running,say=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac\\n'", 20,
	  "expect-timeout: --expect '(a+)+$' takes too much time or memory on a line (", "" },
	{ "--fail-on '(a|aa)+$' 'sim:running,say=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac\\n'", 20,
	  "limit exceeded): make it simpler", "" },
	{ "--expect '((a{1,1000}){1,1000}){1,1000}' sim:running", 2, NULL, "regular expression is too large, at offset " },
	{ "-t 4 --expect 'x$' 'sim:running,talks,say=0123456789'", 20, "expect-timeout", "" },
	{ "-t 3 --expect 'say .x9b' 'sim:running,say=say \\x9b\\e[2J$(reboot)\\n'", 20, "expect-timeout", "" },
};
/* clang-format on */

START_TEST(lines_are_waited_for_and_said)
{
	program_table(rows, COUNT(rows));
}
END_TEST

START_TEST(an_ota_service_is_waited_for_where_a_match_says_it_is)
{
	program_run(&p, "--json --firmware arduino --ota @:$PORT sim:ota=127.0.0.1:$PORT,late=1s");
	ck_assert_msg(p.status == 0, "%s%s", p.out, p.err);
	ck_assert_int_gt(schema_check_lines(p.out, why, sizeof(why)), 3);
	ck_assert_ptr_nonnull(strstr(p.out, "\"event\":\"match\""));
	ck_assert_ptr_nonnull(
		strstr(p.out, "\"ota\":{\"host\":\"127.0.0.1\",\"protocol\":\"arduino\",\"finding\":\"listens"));
	ck_assert_ptr_nonnull(strstr(p.out, "\"match\":\"127.0.0.1\""));
}
END_TEST

START_TEST(the_board_itself_is_asked_when_that_is_wanted)
{
	/* The board starts in boot mode 1, in which it would refuse an update. espreset must reset it first; then the
	 * board accepts. */
	program_run(&p, "--json --if-needed --ota-dry-run 127.0.0.1:$PORT sim:ota=127.0.0.1:$PORT");
	ck_assert_msg(p.status == 0, "%s%s", p.out, p.err);
	ck_assert_ptr_nonnull(strstr(p.out, "\"reset\":\"done\""));
	ck_assert_ptr_nonnull(strstr(p.out, "\"finding\":\""));
	ck_assert_int_gt(schema_check_lines(p.out, why, sizeof(why)), 0);
}
END_TEST

START_TEST(a_dry_run_completes_the_proof_where_the_serial_line_cannot)
{
	/* The application prints a text line that looks like the ROM's. So the serial output proves no boot, but the
	 * board's answer over the network does. */
	program_run(&p, "--json -t 20 --ota-dry-run 127.0.0.1:$PORT 'sim:say=chksum\\x200x2e\\n,ota=127.0.0.1:'$PORT");
	ck_assert_msg(p.status == 0, "%s%s", p.out, p.err);
	ck_assert_ptr_nonnull(strstr(p.out, "\"proof\":\"ota\""));
	ck_assert_int_gt(schema_check_lines(p.out, why, sizeof(why)), 0);
	/* The board's answer over the network must not stand in for another condition, such as --expect. */
	program_run(&p, "-t 6 --expect never --print-match --ota-dry-run 127.0.0.1:$PORT "
			"'sim:say=chksum\\x200x2e\\n,ota=127.0.0.1:'$PORT");
	ck_assert_msg(p.status == 17 && !p.out[0], "%s%s", p.out, p.err);
	program_run(&p,
		    "-t 6 --fail-on . --ota-dry-run 127.0.0.1:$PORT 'sim:say=chksum\\x200x2e\\n,ota=127.0.0.1:'$PORT");
	ck_assert_msg(p.status == 17, "%s%s", p.out, p.err);
	program_run(&p, "-t 6 --ota 127.0.0.1:1 --ota-dry-run 127.0.0.1:$PORT "
			"'sim:say=chksum\\x200x2e\\n,ota=127.0.0.1:'$PORT");
	ck_assert_msg(p.status == 17, "%s%s", p.out, p.err);
	/* DTR and RTS are not wired, so nothing resets the board. It stays in boot mode 1 and says so when asked over
	 * the network. */
	program_run(&p, "-t 12 --ota-dry-run 127.0.0.1:$PORT sim:nowire,ota=127.0.0.1:$PORT");
	ck_assert_int_ne(p.status, 0);
}
END_TEST

START_TEST(the_state_file_is_the_result_and_never_an_old_one)
{
	program_shell(&p, "echo old >$DIR/s; \"$ESPRESET\" -q --state-file $DIR/s sim:running & e=$!; sleep 0.3; "
			  "test -e $DIR/s && echo still there; wait $e; cat $DIR/s");
	ck_assert_msg(schema_check_lines(p.out, why, sizeof(why)) == 1, "%s\n%s", why, p.out);
	ck_assert_ptr_nonnull(strstr(p.out, "\"verdict\":\"ready\""));
	program_run(&p, "--state-file $DIR/no/such sim:running");
	ck_assert_int_eq(p.status, 2);
	ck_assert_ptr_nonnull(strstr(p.err, "No such file"));
	program_shell(&p, "\"$ESPRESET\" -q --state-file $DIR/s sim:running sim:nowire; cat $DIR/s");
	ck_assert_int_eq(schema_check_lines(p.out, why, sizeof(why)), 2);
}
END_TEST

/* After the first event is printed, the test removes the directory of the state file. */
START_TEST(a_state_file_that_fails_at_the_end_hides_no_result_and_is_no_success)
{
	program_shell(&p,
		      "mkdir $DIR/d; { \"$ESPRESET\" --json --state-file $DIR/d/s sim:running; echo status $? >&2; } | "
		      "{ read line; rmdir $DIR/d; cat; }");
	ck_assert_msg(strstr(p.out, "\"verdict\":\"ready\""), "%s%s", p.out, p.err);
	ck_assert_ptr_nonnull(
		strstr(p.err, "/d/s': No such file or directory; its folder must be there; the result is not there\n"));
	ck_assert_ptr_nonnull(strstr(p.err, "status 1\n"));
	program_shell(&p,
		      "mkdir $DIR/d; { \"$ESPRESET\" -v --state-file $DIR/d/s sim:gpio0low 2>&1; echo status $?; } | "
		      "{ read line; rmdir $DIR/d; cat; }");
	ck_assert_msg(strstr(p.out, "sim:gpio0low: download-mode: "), "%s", p.out);
	ck_assert_ptr_nonnull(strstr(p.out, "the result is not there\n"));
	ck_assert_ptr_nonnull(strstr(p.out, "status 11\n"));
}
END_TEST

/* A file size limit of 0 has the effect of a full disk. */
START_TEST(where_there_is_no_room_for_the_result_no_board_is_reset)
{
	program_shell(&p, "ulimit -f 0; \"$ESPRESET\" --state-file $DIR/s sim:running sim:truth=$DIR/truth; echo $?; "
			  "ls $DIR | wc -l");
	ck_assert_ptr_nonnull(strstr(p.out, "sim:running: internal: not reset: the state file cannot be written\n"));
	ck_assert_msg(strstr(p.out, "/truth: internal: not reset: the state file cannot be written\n1\n0\n"), "%s",
		      p.out);
	ck_assert_ptr_nonnull(strstr(p.err, "espreset: sim:running: File too large; raise the limit"));
}
END_TEST

START_TEST(a_capture_that_meets_a_limit_is_said_and_the_board_is_judged)
{
	program_shell(&p, "ulimit -f 0; \"$ESPRESET\" --capture $DIR/c sim:running");
	ck_assert_msg(p.status == 0 && strstr(p.out, "sim:running: ready: "), "%d %s%s", p.status, p.out, p.err);
	ck_assert_ptr_nonnull(strstr(p.err, "/c is incomplete: File too large"));
}
END_TEST

/* Reads the state file. Return: the number of the run whose whole result it holds; 0: there is no file. */
static int read_state(const char *path)
{
	static char text[8192], known[8192];
	FILE *file = fopen(path, "r");
	const char *run;
	size_t n;

	if (!file)
		return 0;
	n = fread(text, 1, sizeof(text) - 1, file);
	text[n] = '\0';
	fclose(file);
	if (strcmp(text, known) != 0) {
		ck_assert_msg(schema_check_lines(text, why, sizeof(why)) == 1, "%s\n%s", why, text);
		strcpy(known, text);
	}
	run = strstr(text, "run=");
	ck_assert_ptr_nonnull(run);
	return atoi(run + 4);
}

START_TEST(ten_thousand_reads_during_runs_find_it_whole_and_never_old)
{
	char path[128], name[64];
	int reads = 0, run;

	snprintf(path, sizeof(path), "%s/state", tempdir);
	for (run = 1; reads < 10000 || run <= 5; run++) {
		char *const argv[] = { "espreset", "--json", "--settle", "0", "--state-file", path, name, NULL };
		bool begun = false;
		char events[4096];
		int status, ends[2], found;
		pid_t pid;

		snprintf(name, sizeof(name), "sim:direct,running,say=run=%d", run);
		ck_assert_int_eq(pipe(ends), 0);
		pid = program_start(argv, ends[1]);
		close(ends[1]);
		ck_assert_int_eq(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
		for (; waitpid(pid, &status, WNOHANG) == 0; reads++) {
			begun |= read(ends[0], events, sizeof(events)) > 0;
			found = read_state(path);
			ck_assert_msg(found == run || !found || (!begun && found == run - 1), "run %d finds %d's", run,
				      found);
		}
		close(ends[0]);
		ck_assert_int_eq(status, 0);
		ck_assert_int_eq(read_state(path), run);
	}
}
END_TEST

/* Runs espreset with a notification socket. Stores in @buf the datagrams that espreset sends, each followed by "|". */
static void run_notified(const char *args, char *buf, size_t cap)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	size_t used = 0;
	ssize_t n;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/notify", tempdir);
	unlink(address.sun_path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(setenv("NOTIFY_SOCKET", address.sun_path, 1), 0);
	program_run(&p, args);
	ck_assert_int_eq(unsetenv("NOTIFY_SOCKET"), 0);
	buf[0] = '\0';
	while ((n = recv(fd, buf + used, cap - used - 2, MSG_DONTWAIT)) > 0) {
		used += (size_t)n;
		buf[used++] = '|';
		buf[used] = '\0';
	}
	close(fd);
}

START_TEST(the_service_manager_is_told_once_and_only_when_all_are_ready)
{
	char told[16384], *ready;

	run_notified("-q sim:running sim:esp32", told, sizeof(told));
	ready = strstr(told, "READY=1");
	ck_assert_msg(ready && !strstr(ready + 1, "READY=1"), "%s", told);
	ck_assert_ptr_nonnull(strstr(told, "STATUS="));
	run_notified("-q sim:running sim:nowire", told, sizeof(told));
	ck_assert_ptr_null(strstr(told, "READY=1"));
	ck_assert_ptr_nonnull(strstr(told, "STATUS="));
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("ready");

	tcase_set_timeout(tcase, 180);
	tcase_add_checked_fixture(tcase, setup, tempdir_remove);
	tcase_add_test(tcase, lines_are_waited_for_and_said);
	tcase_add_test(tcase, an_ota_service_is_waited_for_where_a_match_says_it_is);
	tcase_add_test(tcase, the_board_itself_is_asked_when_that_is_wanted);
	tcase_add_test(tcase, a_dry_run_completes_the_proof_where_the_serial_line_cannot);
	tcase_add_test(tcase, the_state_file_is_the_result_and_never_an_old_one);
	tcase_add_test(tcase, a_state_file_that_fails_at_the_end_hides_no_result_and_is_no_success);
	tcase_add_test(tcase, where_there_is_no_room_for_the_result_no_board_is_reset);
	tcase_add_test(tcase, a_capture_that_meets_a_limit_is_said_and_the_board_is_judged);
	tcase_add_test(tcase, ten_thousand_reads_during_runs_find_it_whole_and_never_old);
	tcase_add_test(tcase, the_service_manager_is_told_once_and_only_when_all_are_ready);
	return suite_run_case("ready", tcase);
}
