/* test_cli.c - the command line of the program: arguments, exit statuses, output streams. Help, manual, completion and
 * JSON schema must agree. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/options.h"
#include "files.h"
#include "program.h"
#include "schema.h"
#include "sim/config.h"
#include "suite.h"
#include "tempdir.h"

static struct program p;
static char why[4096];

static void setup(void)
{
	tempdir_make();
	ck_assert_int_eq(unsetenv("ESPTOOL_PORT"), 0);
}

/* clang-format off */
static const struct program_row rows[] = {
	{ "sim:", 0, "sim:: ready: esp8266, boot mode 3 (flash), booted in ", NULL },
	{ "sim:", 0, "OTA not checked\n", NULL },
	{ "-p sim:esp32", 0, "ready: esp32, boot 0x13 (SPI_FAST_FLASH_BOOT)", NULL },
	{ "--quiet sim:", 0, NULL, NULL },
	{ "--quiet sim:nowire", 10, NULL, NULL },
	{ "sim:gpio0low", 11, "sim:gpio0low: download-mode: esp8266 came up in boot mode 1 (UART download)\n",
	  "espreset: sim:gpio0low: GPIO0 was low at reset" },
	{ "--json sim:", 0, "\"verdict\":\"ready\",\"exit_status\":0", NULL },
	{ "--json sim:gpio0low", 11, "\"advice\":\"GPIO0 was low", "espreset: sim:gpio0low: GPIO0 was low at reset" },
	{ "--crystal 40 --no-reset --timeout 3 sim:crystal=40,finger=500ms", 17, "one banner at 115200 Bd",
	  "leave out --no-reset" },
	{ "--verbose sim:running", 0, "ready", "attempt 1: sequence rts, hold 20 ms" },
	{ "--chip esp32 sim:running", 19, "wrong-chip: this is esp8266", "--list" },
	{ "--chip esp8266 sim:running", 0, "ready", NULL },
	{ "--chip ESP32-S31 sim:running", 19, "wrong-chip: this is esp8266", "--list" },
	{ "--chip esp32s312 sim:", 2, NULL, "esp32p4 esp32s31 esp32h4 esp32h21 esp32e22" },
	{ "--crystal 26 sim:crystal=40", 0, "ready: esp8266, boot mode 3", NULL },
	{ "--crystal 40 sim:", 0, "ready: esp8266, boot mode 3", NULL },
	{ "--json sim:crystal=40", 0, "\"repeated-pulses\"", NULL },
	{ "sim:swapped", 0, "; 2 attempts;", "--sequence both saves the first try" },
	{ "-t 8 --expect humidity sim:baud=921600,prints", 0, "application at 921600 Bd", NULL },
	{ "-t 8 --expect WiFi sim:esp32,baud=9600", 0, "application at 9600 Bd", NULL },
	{ "-t 8 -b 9600 --expect WiFi sim:esp32,baud=9600", 0, "application at 9600 Bd", NULL },
	{ "-t 8 -b 74880 --expect Hello sim:idf,baud=74880,talks", 0, "ready", NULL },
	{ "-t 5 --expect never sim:baud=57600", 20, "expect-timeout", "say it with --baud" },
	{ "--json sim:baud=9600,prints", 0, "\"app_baud\":9600,", NULL },
	{ "sim:esp32,panic=600ms,baud=9600", 14, "crashed: esp32 crashed: Guru Meditation", "decode its backtrace" },
	{ "--sequence both sim:swapped", 0, "ready", NULL },
	{ "--sequence 'D0|R1|W0.1|R0' sim:running", 0, "ready", NULL },
	{ "--hold 30ms --attempts 1 sim:running,nowire", 10, "silent", "Wiring" },
	{ "--settle 0 sim:restart=800ms", 0, "ready", NULL },
	{ "--settle 2 sim:restart=1500ms", 18, "restarted", "--settle 0" },
	{ "--no-reset --timeout 4 sim:finger=500ms,running", 0, "not reset by espreset", NULL },
	{ "--no-reset --timeout 1 sim:silent,running", 10, "silent", "nobody reset" },
	{ "--timeout 0.3 sim:nowire", 10, "silent: not one byte came before the time was over",
	  "give a longer --timeout; or check power" },
	{ "--timeout 0.3 sim:garbled", 17, "the time was over before the board had booted", "give a longer --timeout" },
	{ "--wait 0 sim:missing", 30, "no-port", "--list" },
	{ "--wait 0 sim:busy", 33, "busy", "end the program that uses the port" },
	{ "sim:permission", 32, "permission", "Permissions" },
	{ "-w 0 sim:ambiguous", 31, "ambiguous", "--list" },
	{ "-w 0 sim:ioerror", 35, "io-error", "plug it in again" },
	{ "sim:stall=2,stallfor=1ms", 35, "io-error", "plug it in again" },
	{ "sim:unplug", 34, "unplugged", "plug it in again" },
	{ "sim:running sim:esp32", 0, "sim:esp32: ready", NULL },
	{ "sim:running sim:nowire", 10, "sim:nowire: silent", "Wiring" },
	{ "sim:gpio0low sim:nowire", 3, "sim:nowire: silent", "Wiring" },
	{ "sim:gpio0low sim:gpio0low", 11, "download-mode", "GPIO0" },
	{ "sim:help", 0, "sim:WORD,WORD", NULL },
	{ "--help", 0, "usage: espreset", NULL },
	{ "--version", 0, "espreset 1.", NULL },
	/* Usage errors: exit status 2. */
	{ "", 2, NULL, "no PORT given, and $ESPTOOL_PORT is not set" },
	{ "--nonsense", 2, NULL, "'--nonsense'; try 'espreset --help'" },
	{ "--baud 12x sim:", 2, NULL, "'12x'" },
	{ "--quiet --baud 12x sim:", 2, NULL, "'12x'" },
	{ "sim:bogus", 2, NULL, "'bogus'" },
	{ "--sequence 'D0|R1|Q' sim:", 2, NULL, "character 7" },
	/* PORT is no serial port. espreset must report this without opening the file. */
	{ "-w 0 $DIR", 30, "directory", "" },
	{ "-w 0 /dev/null", 30, "no-port", "" },
	{ "-w 0 /etc/passwd", 30, "regular file", "" },
	{ "-w 0 /dev/nowhere", 30, "No such file", "" },
	{ "-w 0 /dev/ptmx", 30, "no-port", "" },
	{ "/dev/nowhere /dev/nowhere", 2, NULL, "PORT '/dev/nowhere' is named twice" },
	{ "-p /dev/null sim:running /dev/null", 2, NULL, "PORT '/dev/null' is named twice" },
	{ "/dev/null /dev/../dev/null", 2, NULL, "PORT '/dev/../dev/null' is the same port as '/dev/null'" },
	/* --timeout is too short for the time that another option asks for. */
	{ "--settle 60 sim:", 2, NULL, "--settle lasts 60 s: give a longer --timeout than 10 s" },
	{ "--hold 3 --timeout 1 sim:", 2, NULL, "--hold lasts 3 s: give a longer --timeout than 1 s" },
	{ "--timeout 1 --sequence 'D0|R1|W8|R0' sim:", 2, NULL, "--sequence lasts 8 s" },
	/* --timeout ends while eboot copies an update. espreset must not reset the board during the copy, nor call the
	 * boot failed. */
	{ "--timeout 1.5 sim:copy=8s", 17, "eboot is still copying", "longer --timeout" },
	/* A file that cannot be written must be reported before the board is reset. */
	{ "--state-file \"$(printf '/no/\\033[31mx')\" sim:", 2, NULL,
	  "--state-file '/no/\\x1b[31mx': No such file or directory; its folder must be there" },
	{ "--state-file /dev/null sim:", 2, NULL,
	  "--state-file '/dev/null': this is no regular file; want a regular file, or a name that is free" },
	{ "--state-file $DIR sim:", 2, NULL, "Is a directory; want the name of a file" },
	{ "--state-file /proc/x sim:", 2, NULL, "--state-file '/proc/x': " },
	{ "--capture /no/x sim:", 2, NULL,
	  "--capture '/no/x': No such file or directory; want a file that can be written" },
	{ "--capture $DIR sim:", 2, NULL, "Is a directory" },
	{ "--capture $DIR/f --state-file $DIR/../${DIR##*/}/f sim:", 2, NULL, "are the same file" },
	{ "--capture $(touch $DIR/g; echo $DIR/g) --state-file $DIR/../${DIR##*/}/g sim:", 2, NULL, "are the same file" },
	{ "--capture $(touch $DIR/h; ln -s h $DIR/k; echo $DIR/k) --state-file $DIR/h sim:", 2, NULL, "are the same file" },
	{ "--capture $(ln -s . $DIR/here; echo $DIR/here/f) --state-file $DIR/f sim:", 2, NULL, "are the same file" },
	{ "--capture $(ln -s /no/x $DIR/l; echo $DIR/l) sim:", 1, "sim:: internal: --capture cannot be written: ", "not reset" },
	{ "\"$(printf -- '--x\\033[31m')\"", 2, NULL, "--x\\x1b[31m" },
};
/* clang-format on */

START_TEST(every_command_line_ends_as_it_should)
{
	program_table(rows, COUNT(rows));
}
END_TEST

START_TEST(the_simulated_board_is_found_beside_the_program_or_missed_in_one_line)
{
	static const char *const ends[] = { "sim:", "sim:help", "--probe-wiring sim:", "sim:nosuchword" };
	/* Stand-ins for espreset-sim. The last one closes its output and never answers. If espreset waited for it, the
	 * test would time out. */
	static const char *const broken[] = { "exit 0", "exit 2", "kill -9 $$", "exec sleep 300 >&-" };
	char command[1024], wanted[256];

	snprintf(wanted, sizeof(wanted), "needs the program %s/espreset-sim: No such file", tempdir);
	for (size_t i = 0; i < COUNT(ends); i++) {
		snprintf(command, sizeof(command), "cp \"$ESPRESET\" %s/espreset && %s/espreset %s", tempdir, tempdir,
			 ends[i]);
		program_shell(&p, command);
		ck_assert_msg(p.status == 1 && !p.out[0] && strstr(p.err, wanted), "%s: status %d, %s", ends[i],
			      p.status, p.err);
		ck_assert_msg(strchr(p.err, '\n') == p.err + strlen(p.err) - 1, "%s: not one line: %s", ends[i], p.err);
	}
	snprintf(command, sizeof(command), "touch %s/espreset-sim; %s/espreset sim:", tempdir, tempdir);
	program_shell(&p, command);
	ck_assert_msg(p.status == 1 && strstr(p.err, "espreset-sim: Permission denied"), "status %d, %s", p.status,
		      p.err);
	for (size_t i = 0; i < COUNT(broken); i++) {
		snprintf(command, sizeof(command),
			 "printf '#!/bin/sh\\n%s\\n' >%s/espreset-sim; chmod +x %s/espreset-sim; "
			 "%s/espreset sim:",
			 broken[i], tempdir, tempdir, tempdir);
		program_shell(&p, command);
		ck_assert_msg(p.status == 1 && !p.out[0] && strstr(p.err, "espreset-sim gives no answer"),
			      "%s: status %d, %s", broken[i], p.status, p.err);
	}
	snprintf(command, sizeof(command), "ln -s \"$(realpath \"$ESPRESET\")\" %s/link; cd /; %s/link sim:running",
		 tempdir, tempdir);
	program_shell(&p, command);
	ck_assert_msg(p.status == 0, "by a link: status %d, %s", p.status, p.err);
}
END_TEST

START_TEST(the_environment_names_the_port)
{
	program_shell(&p, "ESPTOOL_PORT=sim:running \"$ESPRESET\"");
	ck_assert_int_eq(p.status, 0);
	ck_assert_ptr_nonnull(strstr(p.out, "sim:running: ready"));
}
END_TEST

/* Return: the @n-th keyword (counted from 0) among those keywords of sim:WORDS for which an exit status is
 * documented. */
static const struct sim_word *promising(size_t n)
{
	const struct sim_word *word;

	for (size_t i = 0; (word = sim_word(i)); i++) {
		if (word->status >= 0 && n-- == 0)
			return word;
	}
	return NULL;
}

static const char *word_args(size_t i)
{
	static char args[128];
	const char *word = promising(i)->word;
	size_t len = strcspn(word, "[=");

	snprintf(args, sizeof(args), "-w 0 sim:%.*s%s", (int)len, word, word[len] == '=' ? "=2" : "");
	return args;
}

static void check_word(size_t i, const struct program *done)
{
	ck_assert_msg(done->status == promising(i)->status, "%s: status %d, not %d\n%s%s", promising(i)->word,
		      done->status, promising(i)->status, done->out, done->err);
}

START_TEST(every_simulated_word_leads_to_its_status)
{
	size_t n = 0;

	while (promising(n))
		n++;
	ck_assert_uint_ge(n, 40);
	program_batch(n, word_args, check_word);
}
END_TEST

START_TEST(each_status_of_a_board_or_port_has_a_word)
{
	static const enum verdict wanted[] = {
		VERDICT_READY,	     VERDICT_INTERNAL, VERDICT_SILENT,	  VERDICT_DOWNLOAD_MODE, VERDICT_NO_EFFECT,
		VERDICT_BOOT_FAILED, VERDICT_CRASHED,  VERDICT_GARBLED,	  VERDICT_OTHER_BOOT,	 VERDICT_UNPROVEN,
		VERDICT_RESTARTED,   VERDICT_NO_PORT,  VERDICT_AMBIGUOUS, VERDICT_PERMISSION,	 VERDICT_BUSY,
		VERDICT_UNPLUGGED,   VERDICT_IO_ERROR,
	};
	const struct sim_word *word;
	bool found = false;

	for (size_t n = 0; (word = sim_word(n)); n++)
		found |= word->status == verdict_info(wanted[_i])->status;
	ck_assert_msg(found, "no sim: word leads to %s", verdict_info(wanted[_i])->word);
}
END_TEST

/* clang-format off */
static const char *const json_runs[] = {
	"sim:", "sim:esp32", "sim:gpio0low", "sim:noimage", "sim:panic", "sim:garbled", "sim:unplug",
	"-w 0 sim:missing",
	"-w 0 sim:busy", "sim:crystal=40 sim:nowire", "-w 0 /dev/null", "sim:esp32p4",
	"'sim:talks,say=\\xff\\e[31m\"quoted\\\\'", "--no-reset -t 1 sim:",
};
/* clang-format on */

static const char *json_args(size_t i)
{
	static char args[256];

	snprintf(args, sizeof(args), "--json %s", json_runs[i]);
	return args;
}

static void check_json(size_t i, const struct program *done)
{
	ck_assert_msg(schema_check_lines(done->out, why, sizeof(why)) > 0, "%s: %s\n%s", json_runs[i], why, done->out);
	ck_assert_ptr_nonnull(strstr(done->out, "\"event\":\"result\""));
}

START_TEST(every_json_line_fits_the_schema)
{
	program_batch(COUNT(json_runs), json_args, check_json);
}
END_TEST

START_TEST(what_a_board_prints_reaches_no_stream_as_it_is)
{
	static const struct program_row row = { "-v --capture $DIR/raw 'sim:panic,say=\\e[31m\\x07\\xff\\x9bevil\\n'",
						14, "crashed", "evil" };

	program_table(&row, 1);
	program_shell(&p, "grep -c evil $DIR/raw"); /* only the capture file holds the board's text unescaped */
	ck_assert_int_eq(p.status, 0);
}
END_TEST

START_TEST(a_capture_that_cannot_be_written_is_said)
{
	program_run(&p, "--capture $DIR/no/such sim:running");
	ck_assert_int_eq(p.status, 2);
	ck_assert_ptr_nonnull(strstr(p.err, "--capture"));
	program_run(&p, "--capture /dev/full sim:running");
	ck_assert_int_eq(p.status, 0);
	ck_assert_ptr_nonnull(strstr(p.err, "/dev/full is incomplete"));
	program_run(&p, "--capture /dev/full sim:gpio0low");
	ck_assert_int_eq(p.status, 11);
	ck_assert_msg(strstr(p.err, "FLASH button") && strstr(p.err, "/dev/full is incomplete"), "%s", p.err);
}
END_TEST

/* 20 boards need more file descriptors than the limit of 16 allows. The boards for which none are left must fail; the
 * other boards must not. */
START_TEST(more_boards_than_descriptors_fail_alone)
{
	program_shell(&p,
		      "ulimit -n 16; \"$ESPRESET\" $(for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do "
		      "echo sim:running,seed=$i; done)");
	ck_assert_int_eq(p.status, 1);
	ck_assert_msg(strstr(p.out, "sim:running,seed=1: ready") && strstr(p.out, "sim:running,seed=8: ready"), "%s",
		      p.out);
	ck_assert_ptr_nonnull(strstr(p.out, "sim:running,seed=20: internal: Too many open files"));
}
END_TEST

/* If standard output is closed, the next file that espreset opens gets descriptor 1. The result must not be written to
 * that file. */
START_TEST(a_result_that_has_nowhere_to_go_is_a_failure)
{
	program_run(&p, "sim:running >&-");
	ck_assert_int_eq(p.status, 1);
	ck_assert_ptr_nonnull(strstr(p.err, "standard output: Bad file descriptor"));
	program_run(&p, "--quiet sim:running <&- >&- 2>&-");
	ck_assert_int_eq(p.status, 0);
	program_run(&p, "--expect Hello sim:running <&- 2>&-");
	ck_assert_int_eq(p.status, 0);
	ck_assert_ptr_nonnull(strstr(p.out, "ready"));
}
END_TEST

static char *read_file(const char *path)
{
	static char text[256 * 1024];

	ck_assert_msg(files_read(path, text, sizeof(text)) > 0, "%s", path);
	return text;
}

static const char *const documents[] = { "docs/espreset.1", "docs/completion/espreset.bash",
					 "docs/completion/_espreset", "docs/completion/espreset.fish" };

START_TEST(every_option_stands_in_help_manual_and_completion)
{
	char *text = read_file(documents[_i]);

	program_run(&p, "--help");
	for (const struct option_row *row = option_rows; row->name; row++) {
		char mdoc[64], plain[64], fish[64];

		snprintf(plain, sizeof(plain), "--%s", row->name);
		ck_assert_msg(strstr(p.out, plain), "%s is not in --help", plain);
		snprintf(mdoc, sizeof(mdoc), "Fl -%s", row->name);
		snprintf(fish, sizeof(fish), "-l %s", row->name);
		ck_assert_msg(strstr(text, plain) || strstr(text, mdoc) || strstr(text, fish), "%s is not in %s", plain,
			      documents[_i]);
	}
}
END_TEST

START_TEST(every_chip_stands_in_manual_and_completion)
{
	const char *text = read_file(documents[_i]);

	for (int chip = CHIP_UNKNOWN + 1; chip < CHIP_NEWER; chip++) {
		const char *name = chip_name((enum chip)chip), *at = text;
		size_t len = strlen(name);

		while ((at = strstr(at, name)) &&
		       (at[-1] == '-' || strchr("abcdefghijklmnopqrstuvwxyz0123456789", at[len])))
			at++;
		ck_assert_msg(at != NULL, "%s is not in %s", name, documents[_i]);
	}
}
END_TEST

/* Copies from @text the description of one option: from its @name up to the name of the @next option. */
static void copy_item(char *ret, size_t cap, const char *text, const char *name, const char *next)
{
	const char *begin = strstr(text, name), *end = begin ? strstr(begin, next) : NULL;

	ck_assert_msg(end != NULL, "'%s' is not there", name);
	snprintf(ret, cap, "%.*s", (int)(end - begin), begin);
}

START_TEST(every_range_stands_in_help_and_manual)
{
	char *manual = read_file("docs/espreset.1"), item[4096], name[64];
	int seen = 0;

	program_run(&p, "--help");
	for (const struct option_row *row = option_rows; row->name; row++) {
		const char *range = options_range(row);

		if (!range)
			continue;
		snprintf(name, sizeof(name), "--%s %s", row->name, row->argument);
		copy_item(item, sizeof(item), p.out, name, "\n");
		ck_assert_msg(strstr(item, range), "'%s' is not in '%s'", range, item);
		snprintf(name, sizeof(name), "Fl -%s Ar %s\n", row->name, row->argument);
		copy_item(item, sizeof(item), manual, name, "\n.It ");
		ck_assert_msg(strstr(item, range), "'%s' is not in '%s'", range, item);
		seen++;
	}
	ck_assert_int_ge(seen, 6);
}
END_TEST

static bool is_option(const char *name, size_t len)
{
	for (const struct option_row *row = option_rows; row->name; row++) {
		if (strlen(row->name) == len && strncmp(row->name, name, len) == 0)
			return true;
	}
	return false;
}

START_TEST(the_manual_and_the_completion_name_no_other_option)
{
	static const char *const marks[] = { "Fl -", "--", "--", "-l " };
	char *text = read_file(documents[_i]);
	int seen = 0;

	for (char *at = text; (at = strstr(at, marks[_i])); at++) {
		const char *name = at + strlen(marks[_i]);
		size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz-");
		/* Options of other programs, such as esptool: they appear in examples of the manual. */
		static const char *const others[] = { "after",	     "before",	"reload", "reload-rules",
						      "write-flash", "no-stub", "option", "options" };
		bool other = false;

		for (size_t i = 0; i < COUNT(others); i++)
			other |= strlen(others[i]) == len && strncmp(name, others[i], len) == 0;
		if (len < 2 || name[0] == '-' || other || (at > text && at[-1] == '-'))
			continue;
		ck_assert_msg(is_option(name, len), "%s names --%.*s", documents[_i], (int)len, name);
		seen++;
	}
	ck_assert_int_gt(seen, 25);
}
END_TEST

START_TEST(every_verdict_stands_in_help_manual_and_schema)
{
	const struct verdict_info *info = verdict_info((enum verdict)_i);
	char quoted[64], line[64];

	program_run(&p, "--help");
	snprintf(line, sizeof(line), "%2d %s", info->status, info->word);
	ck_assert_msg(strstr(p.out, line), "'%s' is not in --help", line);
	ck_assert_msg(strstr(read_file("docs/espreset.1"), info->word), "%s is not in the manual", info->word);
	snprintf(quoted, sizeof(quoted), "\"%s\"", info->word);
	ck_assert_msg(strstr(read_file("docs/espreset.schema.json"), quoted), "%s is not in the schema", quoted);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("cli");

	tcase_set_timeout(tcase, 180);
	tcase_add_checked_fixture(tcase, setup, tempdir_remove);
	tcase_add_test(tcase, every_command_line_ends_as_it_should);
	tcase_add_test(tcase, the_simulated_board_is_found_beside_the_program_or_missed_in_one_line);
	tcase_add_test(tcase, the_environment_names_the_port);
	tcase_add_test(tcase, every_simulated_word_leads_to_its_status);
	tcase_add_loop_test(tcase, each_status_of_a_board_or_port_has_a_word, 0, 17);
	tcase_add_test(tcase, every_json_line_fits_the_schema);
	tcase_add_test(tcase, what_a_board_prints_reaches_no_stream_as_it_is);
	tcase_add_test(tcase, more_boards_than_descriptors_fail_alone);
	tcase_add_test(tcase, a_result_that_has_nowhere_to_go_is_a_failure);
	tcase_add_test(tcase, a_capture_that_cannot_be_written_is_said);
	tcase_add_loop_test(tcase, every_option_stands_in_help_manual_and_completion, 0, COUNT(documents));
	tcase_add_loop_test(tcase, every_chip_stands_in_manual_and_completion, 0, COUNT(documents));
	tcase_add_test(tcase, every_range_stands_in_help_and_manual);
	tcase_add_loop_test(tcase, the_manual_and_the_completion_name_no_other_option, 0, COUNT(documents));
	tcase_add_loop_test(tcase, every_verdict_stands_in_help_manual_and_schema, 0, VERDICT_COUNT);
	return suite_run_case("cli", tcase);
}
