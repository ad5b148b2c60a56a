/* test_conditions.c - the text lines that are matched against the patterns of --expect and --fail-on. */
#include <check.h>

#include "port/wait.h"
#include "run/conditions.h"
#include "suite.h"

static int told;

static void count(void *user, const struct report_match *match)
{
	(void)user;
	(void)match;
	told++;
}

/* Text lines that are read after the deadline must not be matched. A slow pattern takes up to a quarter of a second for
 * each of them, and one read() brings dozens. So the worker process would exceed its time limit, and espreset would
 * blame the driver. */
START_TEST(lines_that_are_read_after_the_deadline_do_not_count)
{
	static const char line[] = "Hello";
	struct request options = { .expect = { "Hello" }, .n_expect = 1 };
	static struct conditions c;

	told = 0;
	ck_assert_int_eq(conditions_init(&c, &options, 0, count, NULL), 0);
	conditions_limit(&c, wait_now_ms());
	conditions_line(&c, line, sizeof(line) - 1);
	ck_assert(told == 0 && !match_complete(&c.match));
	conditions_limit(&c, wait_now_ms() + 60000);
	conditions_line(&c, line, sizeof(line) - 1);
	ck_assert(told == 1 && match_complete(&c.match));
	conditions_release(&c);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("conditions");

	tcase_add_test(tcase, lines_that_are_read_after_the_deadline_do_not_count);
	return suite_run_case("conditions", tcase);
}
