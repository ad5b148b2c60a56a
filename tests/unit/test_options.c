/* test_options.c - the strict parser of the command line: accepted values, refused values, defaults, options that do
 * not go together. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options.h"
#include "suite.h"

static struct request o;
static char why[1024];

/* Parses the command line @line, split at spaces. The word '' becomes an empty argument. */
static int parse(const char *line)
{
	static char buf[1024]; /* static, because struct request keeps pointers into this buffer */
	/* clang-format off */
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
	/* 0: espreset finds the baud rate and the crystal frequency by itself */
	ck_assert_int_eq(o.session.baud, 0);
	ck_assert_int_eq(o.session.crystal_mhz, 0);
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
	{ "--settle 10 x", "--settle lasts 10 s: give a longer --timeout than 10 s" },
	{ "--hold 1 --timeout 1 x", "--hold lasts 1 s: give a longer --timeout than 1 s" },
	{ "--sequence D0|R1|W8|R0 --timeout 2 x", "--sequence lasts 8 s: give a longer --timeout than 2 s" },
	{ "--enroll x", "PORT NAME" },
	{ "--enroll x y z", "PORT NAME" },
};

START_TEST(a_wrong_line_is_refused_and_says_what_would_be_right)
{
	ck_assert_msg(parse(rejects[_i].line) == -EINVAL, "'%s' was taken", rejects[_i].line);
	ck_assert_msg(strstr(why, rejects[_i].complaint), "'%s' says '%s'", rejects[_i].line, why);
}
END_TEST

/* For each option with an argument: a valid argument, the complaint about an empty argument, and the complaint about
 * the argument "rubbish". NULL: the parser accepts it. */
static const struct sample {
	const char *name, *good, *empty, *rubbish;
} samples[] = {
	{ "port", "/dev/ttyUSB0", "PORT is empty; want a path such as /dev/ttyUSB0", NULL },
	{ "chip", "esp8266", "--chip '': want auto or one of esp8266 esp32 ",
	  "--chip 'rubbish': want auto or one of esp8266 esp32 " },
	{ "baud", "9600", "--baud '': want a whole number from 300 to 4000000",
	  "--baud 'rubbish': want a whole number from 300 to 4000000" },
	{ "crystal", "40", "--crystal '': want 26 or 40", "--crystal 'rubbish': want 26 or 40" },
	{ "sequence", "both", "--sequence '': ", "--sequence 'rubbish': " },
	{ "hold", "1", "--hold '': want a time such as 3, 0.5s or 20ms",
	  "--hold 'rubbish': want a time such as 3, 0.5s or 20ms" },
	{ "attempts", "2", "--attempts '': want a whole number from 1 to 20",
	  "--attempts 'rubbish': want a whole number from 1 to 20" },
	{ "timeout", "20", "--timeout '': want a time such as 3, 0.5s or 20ms",
	  "--timeout 'rubbish': want a time such as 3, 0.5s or 20ms" },
	{ "wait", "2", "--wait '': want a time such as 3, 0.5s or 20ms",
	  "--wait 'rubbish': want a time such as 3, 0.5s or 20ms" },
	{ "settle", "2", "--settle '': want a time such as 3, 0.5s or 20ms",
	  "--settle 'rubbish': want a time such as 3, 0.5s or 20ms" },
	/* the patterns of --expect and --fail-on are compiled later, so the parser accepts any */
	{ "expect", "a", NULL, NULL },
	{ "fail-on", "a", NULL, NULL },
	{ "firmware", "arduino", "--firmware: the argument is empty", NULL },
	{ "ota", "127.0.0.1", "--ota: the argument is empty", NULL },
	{ "ota-dry-run", "127.0.0.1", "--ota-dry-run: the argument is empty", NULL },
	{ "state-file", "file", "--state-file: the argument is empty", NULL },
	{ "capture", "file", "--capture: the argument is empty", NULL },
};

static const struct sample *sample_of(const struct option_row *row)
{
	for (size_t i = 0; i < COUNT(samples); i++) {
		if (strcmp(samples[i].name, row->name) == 0)
			return &samples[i];
	}
	ck_abort_msg("--%s has no sample", row->name);
	return NULL;
}

/* Parses "--@name @arg @more". The parser must refuse this with @complaint, or accept it if @complaint is NULL. */
static void check_argument(const char *name, const char *arg, const char *more, const char *complaint)
{
	char line[256];
	int r;

	snprintf(line, sizeof(line), "--%s %s %s", name, arg, more);
	r = parse(line);
	if (complaint)
		ck_assert_msg(r == -EINVAL && strstr(why, complaint) == why, "'%s' is %d: '%s'", line, r, why);
	else
		ck_assert_msg(r == 0, "'%s': '%s'", line, why);
}

START_TEST(every_argument_is_read_whole)
{
	const struct sample *sample = &samples[_i];
	char complaint[128];

	check_argument(sample->name, "''", "x", sample->empty);
	check_argument(sample->name, "rubbish", "x", sample->rubbish);
	check_argument(sample->name, sample->good, "x", NULL);
	snprintf(complaint, sizeof(complaint), "--%s wants an argument: ", sample->name);
	check_argument(sample->name, "", "", complaint);
}
END_TEST

START_TEST(every_range_is_kept_to_the_last_number)
{
	for (const struct option_row *row = option_rows; row->name; row++) {
		bool is_time = row->argument && strcmp(row->argument, "T") == 0;
		int numbers[] = { row->min, row->max, row->min - 1, row->max + 1 };

		for (size_t i = 0; options_range(row) && i < COUNT(numbers); i++) {
			char arg[32], complaint[128];
			bool is_no_time = is_time && (numbers[i] < 0 || numbers[i] > 24 * 3600 * 1000);

			snprintf(arg, sizeof(arg), is_time ? "%dms" : "%d", numbers[i]);
			snprintf(complaint, sizeof(complaint), "--%s '%s': want %s%s%s", row->name, arg,
				 is_time ? "" : "a whole number from ",
				 is_no_time ? "a time such as 3, 0.5s or 20ms" : options_range(row),
				 is_time && !is_no_time ? " seconds" : "");
			check_argument(row->name, arg, strcmp(row->name, "timeout") == 0 ? "x" : "--timeout 86400 x",
				       i < 2 ? NULL : complaint);
		}
	}
}
END_TEST

START_TEST(an_option_is_refused_in_every_mode_where_it_would_mean_nothing)
{
	/* refused: the number of options that the parser must refuse in the mode of this entry; options that choose
	 * another mode count too */
	static const struct { enum request_mode mode; const char *option, *ports; int refused; } others[] = {
		{ MODE_DECODE, "decode", "x", 25 }, { MODE_LIST, "list", "", 25 }, { MODE_DIAGNOSE, "diagnose", "x", 25 },
		{ MODE_PROBE_WIRING, "probe-wiring", "x", 19 }, { MODE_ENROLL, "enroll", "x y", 25 },
	};
	/* clang-format on */
	const char *other = others[_i].option;
	int refused = 0;

	for (const struct option_row *row = option_rows; row->name; row++) {
		bool is_mode = row->mode && row->mode != MODE_HELP && row->mode != MODE_VERSION;
		bool refuses = is_mode ? row->mode != others[_i].mode : !(row->modes & 1 << others[_i].mode);
		char more[64], complaint[128];

		if (strcmp(row->name, "port") == 0)
			continue; /* --port is tested in rejects[], with the number of PORTs that each mode takes */
		snprintf(more, sizeof(more), "%s --%s", others[_i].ports, other);
		snprintf(complaint, sizeof(complaint), "--%s does not go with --%s", is_mode ? other : row->name,
			 is_mode ? row->name : other);
		check_argument(row->name, row->argument ? sample_of(row)->good : "", more, refuses ? complaint : NULL);
		refused += refuses;
	}
	ck_assert_int_eq(refused, others[_i].refused);
}
END_TEST

/* clang-format off */
static const struct { const char *line, *complaint; } repeated[] = {
	{ "-b 1 -b 9600 x", "'1'" }, { "-b 9600 -b 1 x", "'1'" },
	{ "--capture a --capture '' x", "empty" },
	{ "--chip esp32 --chip esp8266 --ota-dry-run h x", NULL },
	{ "--ota @ --ota h x", NULL }, { "--ota h --ota @ x", "needs a match" },
	{ "--sequence R1|W0.1|R0 --sequence rts --hold 1 x", NULL },
	{ "--settle 60 --settle 1 x", NULL }, { "--timeout 1 --timeout 9 --settle 5 x", NULL },
	{ "--capture f --capture g --state-file f x", NULL },
	{ "--firmware list --firmware wled", "no PORT" },
	{ "--timeout 0.5 x", NULL },	/* --timeout 0.5 is shorter than --settle is by default, and still accepted */
	{ "--list --list", NULL }, { "--decode --list --decode", "--list does not go with --decode" },
	{ "-e 1 -e 2 -e 3 -e 4 -e 5 -e 6 -e 7 -e 8 -e 9 -e 10 -e 11 -e 12 -e 13 -e 14 -e 15 -e 16 x", NULL },
	{ "-e 1 -e 2 -e 3 -e 4 -e 5 -e 6 -e 7 -e 8 -e 9 -e 10 -e 11 -e 12 -e 13 -e 14 -e 15 -e 16 -e 17 x",
	  "--expect '17': more than 16 are not taken" },
};
/* clang-format on */

START_TEST(the_last_one_of_an_option_counts_and_each_is_checked)
{
	int r = parse(repeated[_i].line);

	if (repeated[_i].complaint)
		ck_assert_msg(r < 0 && strstr(why, repeated[_i].complaint), "'%s' is %d: '%s'", repeated[_i].line, r,
			      why);
	else
		ck_assert_msg(r == 0, "'%s' is %d: '%s'", repeated[_i].line, r, why);
}
END_TEST

/* clang-format off */
static const struct { const char *text; int ms; } durations[] = {
	{ "0", 0 }, { "1", 1000 }, { "0.5", 500 }, { ".5", 500 }, { "3s", 3000 }, { "20ms", 20 },
	{ "0.02", 20 }, { "1.0005", 1001 }, { "0.1ms", 1 }, { "86400", 86400000 }, { "1.", 1000 },
	{ "", -1 }, { "ms", -1 }, { "s", -1 }, { "1 s", -1 }, { " 1", -1 }, { "1h", -1 }, { "-1", -1 },
	{ "86401", -1 }, { "1.2.3", -1 }, { "0x10", -1 }, { "nan", -1 }, { "1e3", -1 },
	{ "99999999999999999999999", -1 },
};
/* clang-format on */

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
	ck_assert_str_eq(o.ports[0].text, "/dev/ttyUSB7");
	ck_assert_int_eq(parse("/dev/ttyUSB1"), 0);
	ck_assert_uint_eq(o.n_ports, 1);
	ck_assert_str_eq(o.ports[0].text, "/dev/ttyUSB1");
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
			       "--settle 0.25 --no-lock --capture f -j -q -v -e A -e B --fail-on C --state-file s x"),
			 0);
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

/* clang-format off */
static const struct { const char *line; const bool *flag; } flags[] = {
	{ "--no-reset x", &o.session.no_reset }, { "--no-lock x", &o.no_lock }, { "--recover x", &o.recover },
	{ "--print-match -e a x", &o.print_match }, { "--if-needed --ota-dry-run h x", &o.if_needed },
	{ "-j x", &o.json }, { "-q x", &o.quiet }, { "-v x", &o.verbose },
};
/* clang-format on */

START_TEST(a_flag_sets_itself_and_no_other)
{
	ck_assert_int_eq(parse(flags[_i].line), 0);
	for (int i = 0; i < (int)COUNT(flags); i++)
		ck_assert_msg(*flags[i].flag == (i == _i), "'%s' and the flag of '%s'", flags[_i].line, flags[i].line);
}
END_TEST

START_TEST(every_text_lands_where_it_belongs)
{
	ck_assert_int_eq(parse("--firmware a --ota b --ota-dry-run c --state-file d --capture e x"), 0);
	ck_assert_str_eq(o.firmware, "a");
	ck_assert_str_eq(o.ota, "b");
	ck_assert_str_eq(o.ota_dry_run, "c");
	ck_assert_str_eq(o.state_file, "d");
	ck_assert_str_eq(o.capture, "e");
}
END_TEST

/* clang-format off */
static const struct { const char *line; enum request_mode mode; } modes[] = {
	{ "--decode", MODE_DECODE }, { "--decode file", MODE_DECODE }, { "--list", MODE_LIST }, { "-l", MODE_LIST },
	{ "--diagnose", MODE_DIAGNOSE }, { "--diagnose x", MODE_DIAGNOSE }, { "--probe-wiring x", MODE_PROBE_WIRING },
	{ "--enroll x name", MODE_ENROLL }, { "sim:help", MODE_SIM_HELP }, { "--firmware list", MODE_FIRMWARE_LIST },
	{ "--help", MODE_HELP }, { "-h --nonsense", MODE_HELP }, { "-V", MODE_VERSION },
};
/* clang-format on */

START_TEST(a_mode_is_its_option)
{
	ck_assert_int_eq(parse(modes[_i].line), 0);
	ck_assert_int_eq(o.mode, modes[_i].mode);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("options");

	tcase_add_test(tcase, defaults_are_those_of_the_manual);
	tcase_add_loop_test(tcase, a_condition_makes_the_timeout_sixty_seconds, 0, COUNT(conditions));
	tcase_add_loop_test(tcase, a_wrong_line_is_refused_and_says_what_would_be_right, 0, COUNT(rejects));
	tcase_add_loop_test(tcase, every_argument_is_read_whole, 0, COUNT(samples));
	tcase_add_test(tcase, every_range_is_kept_to_the_last_number);
	tcase_add_loop_test(tcase, an_option_is_refused_in_every_mode_where_it_would_mean_nothing, 0, 5);
	tcase_add_loop_test(tcase, the_last_one_of_an_option_counts_and_each_is_checked, 0, COUNT(repeated));
	tcase_add_loop_test(tcase, a_duration_is_seconds_with_decimals_or_carries_its_unit, 0, COUNT(durations));
	tcase_add_test(tcase, without_a_port_the_environment_names_it);
	tcase_add_test(tcase, options_may_stand_after_the_ports_and_double_dash_ends_them);
	tcase_add_test(tcase, every_value_lands_where_it_belongs);
	tcase_add_loop_test(tcase, a_flag_sets_itself_and_no_other, 0, COUNT(flags));
	tcase_add_test(tcase, every_text_lands_where_it_belongs);
	tcase_add_loop_test(tcase, a_mode_is_its_option, 0, COUNT(modes));
	return suite_run_case("options", tcase);
}
