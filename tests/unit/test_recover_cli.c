/* test_recover_cli.c - the whole program with --recover, on simulated boards. There only one recovery step is possible:
 * opening the port again. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "program.h"
#include "suite.h"

/* clang-format off */
static const struct program_row runs[] = {
	{ "--recover sim:", 0, "sim:: ready: ", "" },
	{ "--recover sim:nowire", 10, "sim:nowire: silent: not one byte came; after reopen\n",
	  "RTS reaches EN/RST: see \"Wiring\" in espreset(1); nothing more to try: a simulated board can only be opened" },
	{ "--json --recover sim:nowire", 10, "\"attempts\":6,", "" },
	{ "--json --recover sim:nowire", 10, "\"recovered\":[\"reopen\"]}", "" },
	{ "--recover -t 30 sim:stall", 35, "sim:stall: io-error: Input/output error; after reopen\n", "opened again" },
	{ "--recover -w 0 -t 5 sim:nowire", 10, "sim:nowire: silent: not one byte came\n", "no time was left for it" },
	{ "--json --recover sim:deaf", 12, "\"recovered\":[]}", "nothing more to try" },
	{ "--json --recover sim:csum", 13, "\"recovered\":[]}", "" },
	{ "sim:nowire", 10, "sim:nowire: silent: not one byte came\n", "Wiring" },
};
/* clang-format on */

START_TEST(says_what_was_tried_and_what_is_left)
{
	program_table(runs, COUNT(runs));
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("recover_cli");

	tcase_set_timeout(tc, 180);
	tcase_add_test(tc, says_what_was_tried_and_what_is_left);
	return suite_run_case("recover_cli", tc);
}
