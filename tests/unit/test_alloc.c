/* test_alloc.c - one allocation fails in each run: espreset still succeeds or reports the failure, and never leaves a
 * board in reset. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "program.h"
#include "suite.h"
#include "tempdir.h"

#define RUNS 72 /* In run i memory allocation i fails. espreset makes fewer than 72, so in the last runs none fails. */

static int ready, told;

static const char *args(size_t i)
{
	static char text[512];

	snprintf(text, sizeof(text),
		 "--version >/dev/null; LD_PRELOAD=build/failalloc.so FAIL_ALLOC=%zu \"$ESPRESET\" --json --settle 0 "
		 "-t 3 "
		 "-w 0 --expect Hello --state-file %s/state.%zu sim:direct,running,truth=%s/truth.%zu",
		 i + 1, tempdir, i, tempdir, i);
	return text;
}

/* Expects the verdict ready, or a failure with a message: out of memory, a usage error, or an --expect pattern that
 * could not be matched. The board is healthy, so any other verdict is wrong, and so is death by a signal. */
static void check(size_t i, const struct program *p)
{
	ck_assert_msg(p->status == 0 || p->status == 1 || p->status == 2 || p->status == 20,
		      "allocation %zu: status %d\n%s%s", i + 1, p->status, p->out, p->err);
	if (p->status == 0) {
		ready++;
		ck_assert_msg(strstr(p->out, "\"verdict\":\"ready\""), "allocation %zu:\n%s%s", i + 1, p->out, p->err);
	} else {
		told++;
		ck_assert_msg(p->out[0] || p->err[0], "allocation %zu: not a word", i + 1);
	}
}

START_TEST(the_nth_allocation_fails_for_every_n)
{
	static struct program p;
	char command[256];

	program_batch(RUNS, args, check);
	ck_assert_msg(ready > 5 && told > 3, "%d ready, %d told: were allocations failing at all?", ready, told);
	snprintf(command, sizeof(command),
		 "sleep 1; cd %s && for f in truth.*; do grep -q 'end EN=high GPIO0=high DTR=released RTS=released' "
		 "$f || echo $f; done",
		 tempdir);
	program_shell(&p, command);
	ck_assert_msg(!p.out[0] || strcmp(p.out, "truth.*\n") == 0, "left in reset: %s", p.out);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("alloc");

	tcase_set_timeout(tcase, 240);
	tcase_add_checked_fixture(tcase, tempdir_make, tempdir_remove);
	tcase_add_test(tcase, the_nth_allocation_fails_for_every_n);
	return suite_run_case("alloc", tcase);
}
