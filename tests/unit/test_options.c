/* test_options.c - the command line is read strictly: values and rejects, defaults, what goes together. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options.h"
#include "suite.h"

static struct request o;
static char why[1024];

/* Parses a command line that is split at blanks; a word of "''" is empty. */
static int parse(const char *line)
{
	static char buf[1024];	/* the options borrow from it */
	char *argv[64] = { "espreset" }, *save = NULL;
	int argc = 1;

	snprintf(buf, sizeof(buf), "%s", line);
	for (char *word = strtok_r(buf, " ", &save); word; word = strtok_r(NULL, " ", &save))
		argv[argc++] = strcmp(word, "''") == 0 ? "" : word;
	argv[argc] = NULL;
	why[0] = '\0';
	return options_parse(argc, argv, &o, why, sizeof(why));
}

START_TEST(defaults_are_those_of_the_manual)
{
	ck_assert_int_eq(parse("/dev/ttyUSB0"), 0);
	ck_assert_int_eq(o.mode, MODE_RESET);
	ck_assert_uint_eq(o.n_ports, 1);
	ck_assert_int_eq(o.session.chip, CHIP_UNKNOWN);
	ck_assert_int_eq(o.session.baud, 115200);
	ck_assert_int_eq(o.session.crystal_mhz, 26);
	ck_assert_str_eq(o.session.sequence.text, "rts");
	ck_assert_int_eq(o.session.hold_ms, 0);
	ck_assert_int_eq(o.session.attempts, 3);
	ck_assert_int_eq(o.session.timeout_ms, 10000);
	ck_assert_int_eq(o.wait_ms, 3000);
	ck_assert_int_eq(o.session.settle_ms, 1000);
	ck_assert(!o.session.no_reset && !o.no_lock && !o.json && !o.quiet && !o.verbose && !o.recover);
	ck_assert(!o.session.conditions);
}
END_TEST

static const char *const conditions[] = {
	"--expect Ready x", "--fail-on Oops x", "--firmware arduino x", "--ota 127.0.0.1 x",
	"--ota-dry-run 127.0.0.1 x",
};

START_TEST(a_condition_makes_the_timeout_sixty_seconds)
{
	char line[128];

	ck_assert_int_eq(parse(conditions[_i]), 0);
	ck_assert(o.session.conditions);
	ck_assert_int_eq(o.session.timeout_ms, 60000);
	snprintf(line, sizeof(line), "-t 7 %s", conditions[_i]);
	ck_assert_int_eq(parse(line), 0);
	ck_assert_int_eq(o.session.timeout_ms, 7000);
}
END_TEST

static const struct { const char *line; const char *complaint; } rejects[] = {
	{ "--nonsense x", "'--nonsense'" },
	{ "-Z x", "'-Z'" },
	{ "--baud", "--baud wants an argument" },
	{ "-t", "--timeout wants an argument" },
	{ "--json=yes x", "--json takes no argument" },
	{ "--baud 115200x x", "'115200x'" },
	{ "--baud -1 x", "'-1'" },
	{ "--baud 0 x", "from 300" },
	{ "--baud 99999999999999999999 x", "from 300" },
	{ "--baud +9600 x", "'+9600'" },
	{ "--baud '' x", "want a whole number" },
	{ "--attempts 0 x", "from 1 to 20" },
	{ "--attempts 21 x", "from 1 to 20" },
	{ "--attempts 1.5 x", "'1.5'" },
	{ "--timeout 0 x", "'0'" },
	{ "--timeout 1e3 x", "'1e3'" },
	{ "--timeout 3m x", "'3m'" },
	{ "--timeout -1 x", "'-1'" },
	{ "--timeout 999999 x", "'999999'" },
	{ "--timeout inf x", "'inf'" },
	{ "--timeout . x", "'.'" },
	{ "--wait 1 --wait x x", "'x'" },
	{ "--settle 1,5 x", "'1,5'" },
	{ "--hold 0 x", "'0'" },
	{ "--hold 11 x", "'11'" },
	{ "--chip esp9 x", "esp8266 esp32" },
	{ "--crystal 25 x", "want 26 or 40" },
	{ "--crystal 26.0 x", "want 26 or 40" },
	{ "--sequence R1|Q|R0 x", "character 4" },
	{ "--sequence R1 x", "leaves a line asserted" },
	{ "--hold 1 --sequence R1|W0.1|R0 x", "--hold does not go with" },
	{ "--no-reset --hold 1 x", "--no-reset makes no pulse" },
	{ "--no-reset --attempts 2 x", "--no-reset makes no pulse" },
	{ "--no-reset --sequence rts x", "--no-reset makes no pulse" },
	{ "--no-reset --recover x", "--no-reset makes no pulse" },
	{ "--if-needed x", "--ota-dry-run" },
	{ "--if-needed --ota-dry-run h --expect e x", "--if-needed does not go with --expect" },
	{ "--if-needed --ota-dry-run h --fail-on e x", "--if-needed does not go with --expect" },
	{ "--if-needed --ota-dry-run h --firmware arduino x", "--if-needed does not go with --expect" },
	{ "--if-needed --ota-dry-run h --ota h x", "--if-needed does not go with --expect" },
	{ "--ota-dry-run h --chip esp32 x", "--chip esp32" },
	{ "--ota-dry-run h x y", "one PORT" },
	{ "--capture f --state-file f x", "the same file" },
	{ "--print-match x", "--expect" },
	{ "--print-match --json -e a x", "--json" },
	{ "--print-match -e a x y", "one PORT" },
	{ "--ota @ x", "match" },
	{ "--ota '' x", "empty" },
	{ "--capture f x y", "one PORT" },
	{ "--state-file '' x", "empty" },
	{ "/dev/ttyUSB0 /dev/ttyUSB0", "twice" },
	{ "-p /dev/ttyUSB0 /dev/ttyUSB0", "twice" },
	{ "''", "PORT is empty" },
	{ "--decode --list", "--list does not go with --decode" },
	{ "--se 1 x", "option '--se' may be one of several" },
	{ "--s=1 x", "option '--s=1' may be one of several" },
	{ "--xyz=1 x", "unknown option '--xyz=1'" },
	{ "--diagnose sim:", "'sim:': a simulated board is on no port of this computer" },
	{ "--enroll sim:esp32 name", "'sim:esp32': a simulated board" },
	{ "--decode a b", "one FILE" },
	{ "--list x", "no PORT" },
	{ "--diagnose x y", "one PORT" },
	{ "--probe-wiring x y", "one PORT" },
	{ "--settle 3 --list", "--settle does not go with --list" },
	{ "--decode --ota h", "--ota does not go with --decode" },
	{ "--diagnose --hold 1 x", "--hold does not go with --diagnose" },
	{ "--enroll --wait 1 x y", "--wait does not go with --enroll" },
	{ "--probe-wiring --attempts 2 x", "--attempts does not go with --probe-wiring" },
	{ "--probe-wiring --state-file f x", "--state-file does not go with" },
	{ "--probe-wiring -e a x", "--expect does not go with" },
	{ "--enroll x", "PORT NAME" },
	{ "--enroll x y z", "PORT NAME" },
};

START_TEST(a_wrong_line_is_refused_and_says_what_would_be_right)
{
	ck_assert_msg(parse(rejects[_i].line) == -EINVAL, "'%s' was taken", rejects[_i].line);
	ck_assert_msg(strstr(why, rejects[_i].complaint), "'%s' says '%s'", rejects[_i].line, why);
}
END_TEST

static const struct { const char *text; int ms; } durations[] = {
	{ "0", 0 }, { "1", 1000 }, { "0.5", 500 }, { ".5", 500 }, { "3s", 3000 }, { "20ms", 20 },
	{ "0.02", 20 }, { "1.0005", 1001 }, { "0.1ms", 1 }, { "86400", 86400000 }, { "1.", 1000 },
	{ "", -1 }, { "ms", -1 }, { "s", -1 }, { "1 s", -1 }, { " 1", -1 }, { "1h", -1 }, { "-1", -1 },
	{ "86401", -1 }, { "1.2.3", -1 }, { "0x10", -1 }, { "nan", -1 }, { "1e3", -1 },
	{ "99999999999999999999999", -1 },
};

START_TEST(a_duration_is_seconds_with_decimals_or_carries_its_unit)
{
	int ms = -1, r = options_duration(durations[_i].text, &ms);

	ck_assert_int_eq(ms, durations[_i].ms);
	ck_assert_int_eq(r, durations[_i].ms < 0 ? -EINVAL : 0);
}
END_TEST

START_TEST(without_a_port_the_environment_names_it)
{
	ck_assert_int_eq(unsetenv("ESPTOOL_PORT"), 0);
	ck_assert_int_eq(parse("--json"), -ENOENT);
	ck_assert(o.json);
	ck_assert_int_eq(setenv("ESPTOOL_PORT", "/dev/ttyUSB7", 1), 0);
	ck_assert_int_eq(parse("--json"), 0);
	ck_assert_uint_eq(o.n_ports, 1);
	ck_assert_str_eq(o.ports[0], "/dev/ttyUSB7");
	ck_assert_int_eq(parse("/dev/ttyUSB1"), 0);
	ck_assert_uint_eq(o.n_ports, 1);
	ck_assert_str_eq(o.ports[0], "/dev/ttyUSB1");
	ck_assert_int_eq(parse("--list"), 0);
	ck_assert_uint_eq(o.n_ports, 0);
}
END_TEST

START_TEST(options_may_stand_after_the_ports_and_double_dash_ends_them)
{
	ck_assert_int_eq(parse("a -p b --json c -- -d"), 0);
	ck_assert_uint_eq(o.n_ports, 4);
	ck_assert(o.json);
}
END_TEST

START_TEST(every_value_lands_where_it_belongs)
{
	ck_assert_int_eq(parse("-c ESP32-C3 -b 74880 --crystal 40 --sequence both --hold 30ms --attempts 5 -t 4 -w 0 "
			       "--settle 0.25 --no-lock --capture f -j -q -v -e A -e B --fail-on C --state-file s x"), 0);
	ck_assert_int_eq(o.session.chip, CHIP_ESP32C3);
	ck_assert_int_eq(o.session.baud, 74880);
	ck_assert_int_eq(o.session.crystal_mhz, 40);
	ck_assert_str_eq(o.session.sequence.text, "both");
	ck_assert_int_eq(o.session.hold_ms, 30);
	ck_assert_int_eq(o.session.attempts, 5);
	ck_assert_int_eq(o.session.timeout_ms, 4000);
	ck_assert_int_eq(o.wait_ms, 0);
	ck_assert_int_eq(o.session.settle_ms, 250);
	ck_assert_str_eq(o.capture, "f");
	ck_assert_str_eq(o.state_file, "s");
	ck_assert(o.no_lock && o.json && o.quiet && o.verbose);
	ck_assert_uint_eq(o.n_expect, 2);
	ck_assert_str_eq(o.expect[1], "B");
	ck_assert_uint_eq(o.n_fail_on, 1);
}
END_TEST

static const struct { const char *line; enum request_mode mode; } modes[] = {
	{ "--decode", MODE_DECODE }, { "--decode file", MODE_DECODE }, { "--list", MODE_LIST }, { "-l", MODE_LIST },
	{ "--diagnose", MODE_DIAGNOSE }, { "--diagnose x", MODE_DIAGNOSE }, { "--probe-wiring x", MODE_PROBE_WIRING },
	{ "--enroll x name", MODE_ENROLL }, { "sim:help", MODE_SIM_HELP }, { "--firmware list", MODE_FIRMWARE_LIST },
	{ "--help", MODE_HELP }, { "-h --nonsense", MODE_HELP }, { "-V", MODE_VERSION },
};

START_TEST(a_mode_is_its_option)
{
	ck_assert_int_eq(parse(modes[_i].line), 0);
	ck_assert_int_eq(o.mode, modes[_i].mode);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("options");
	TCase *tcase = tcase_create("options");

	tcase_add_test(tcase, defaults_are_those_of_the_manual);
	tcase_add_loop_test(tcase, a_condition_makes_the_timeout_sixty_seconds, 0, COUNT(conditions));
	tcase_add_loop_test(tcase, a_wrong_line_is_refused_and_says_what_would_be_right, 0, COUNT(rejects));
	tcase_add_loop_test(tcase, a_duration_is_seconds_with_decimals_or_carries_its_unit, 0, COUNT(durations));
	tcase_add_test(tcase, without_a_port_the_environment_names_it);
	tcase_add_test(tcase, options_may_stand_after_the_ports_and_double_dash_ends_them);
	tcase_add_test(tcase, every_value_lands_where_it_belongs);
	tcase_add_loop_test(tcase, a_mode_is_its_option, 0, COUNT(modes));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
