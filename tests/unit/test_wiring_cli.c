/* test_wiring_cli.c - the whole program with --probe-wiring: exit statuses, both output streams, JSON that fits the
 * schema. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "program.h"
#include "schema.h"
#include "suite.h"

/* clang-format off */
static const struct program_row rows[] = {
	{ "--probe-wiring sim:", 0,
	  "sim:: wiring: two transistors: RTS asserted alone resets the board, DTR alone pulls GPIO0 low; "
	  "it was reset ", NULL },
	{ "--probe-wiring sim:direct", 0, "sim:direct: use --sequence 'rts', which is the default\n", NULL },
	{ "--probe-wiring sim:esp32,direct", 0, "custom_hard_reset_sequence = D0|R1|W0.1|R0\n", NULL },
	{ "--probe-wiring sim:swapped", 0, "use --sequence 'R0|D1|W0.1|D0'\n", NULL },
	{ "--probe-wiring sim:swapped2", 0, "two transistors, swapped", NULL },
	{ "--probe-wiring sim:rtsonly", 0, "nothing reaches GPIO0; it was reset ", NULL },
	{ "--probe-wiring -p sim:dtronly", 0, "DTR resets the board", NULL },
	{ "--probe-wiring --quiet sim:", 0, NULL, NULL },
	{ "--probe-wiring --quiet sim:nowire", 12, NULL, NULL },
	{ "--probe-wiring sim:nowire", 12, "sim:nowire: no-effect: nothing is wired", "not one byte came" },
	{ "--probe-wiring sim:deaf", 12, "no-effect: nothing is wired: bytes kept coming", "--no-reset" },
	{ "--probe-wiring sim:gpio0low", 11, "download-mode: two transistors", "strap" },
	{ "--probe-wiring --timeout 1 sim:", 17, "unproven: the time was over", "--timeout" },
	{ "--probe-wiring -w 0 sim:missing", 30, "no-port", "--list" },
	{ "--probe-wiring -w 0 sim:busy", 33, "busy", "end the program that uses the port" },
	{ "--probe-wiring sim:permission", 32, "permission", "Permissions" },
	{ "--probe-wiring sim:unplug=300ms", 34, "unplugged", "plug it in again" },
	{ "--probe-wiring sim: sim:", 2, NULL, "one PORT" },
	{ "--probe-wiring --sequence both sim:", 2, NULL, "does not go with" },
	{ "--probe-wiring --no-reset sim:", 2, NULL, "does not go with" },
	{ "--probe-wiring --expect x sim:", 2, NULL, "does not go with" },
	{ "--probe-wiring --state-file x sim:", 2, NULL, "does not go with" },
	{ "--probe-wiring sim:bogus", 2, NULL, "'bogus'" },
};
/* clang-format on */

START_TEST(every_command_line_ends_as_it_should)
{
	program_table(rows, COUNT(rows));
}
END_TEST

static const char *const json_runs[] = { "sim:",      "sim:swapped",  "sim:nowire",
					 "sim:muted", "sim:gpio0low", "-w 0 sim:missing" };

static const char *json_args(size_t i)
{
	static char args[256];

	snprintf(args, sizeof(args), "--probe-wiring --json %s", json_runs[i]);
	return args;
}

static void check_json(size_t i, const struct program *done)
{
	char why[4096];

	ck_assert_msg(schema_check_lines(done->out, why, sizeof(why)) > 0, "%s: %s\n%s", json_runs[i], why, done->out);
	ck_assert_msg(i == 5 || strstr(done->out, "\"event\":\"wiring\""), "%s: %s", json_runs[i], done->out);
	ck_assert_msg((done->status == 0) == !strstr(done->out, "\"event\":\"result\""), "%s: %s", json_runs[i],
		      done->out);
}

START_TEST(every_json_line_fits_the_schema)
{
	program_batch(COUNT(json_runs), json_args, check_json);
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("wiring-cli");

	tcase_set_timeout(t, 300);
	tcase_add_test(t, every_command_line_ends_as_it_should);
	tcase_add_test(t, every_json_line_fits_the_schema);
	return suite_run_case("wiring-cli", t);
}
