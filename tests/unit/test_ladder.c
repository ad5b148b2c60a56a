/* test_ladder.c - --recover: which recovery steps are tried, in which order, and what is reported about skipped
 * steps. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port/wait.h"
#include "run/ladder.h"
#include "specs.h"
#include "suite.h"

static int64_t now_ms;
static char trace[256];
static int target_result, reset_result, power_result;
static int wait_results[4];
static int waits;
static struct ladder ladder;
static struct report_result result;

static void note(const char *word)
{
	size_t used = strlen(trace);

	(void)snprintf(trace + used, sizeof(trace) - used, "%s%s", used ? " " : "", word);
}

int64_t __wrap_wait_now_ms(void);
int64_t __wrap_wait_now_ms(void)
{
	return now_ms;
}

int __wrap_recover_target(const struct spec *spec, struct device *ret);
int __wrap_recover_target(const struct spec *spec, struct device *ret)
{
	ck_assert_str_eq(spec->text, "/dev/ttyUSB0");
	memset(ret, 0, sizeof(*ret));
	return target_result;
}

int __wrap_recover_usb_reset(const struct device *target, struct textbuf ret_text);
int __wrap_recover_usb_reset(const struct device *target, struct textbuf ret_text)
{
	(void)target;
	note("reset");
	if (reset_result < 0)
		(void)snprintf(ret_text.at, ret_text.cap, "a rule");
	return reset_result;
}

int __wrap_recover_power_cycle(const struct device *target, const struct port_stop *stop, struct textbuf ret_text);
int __wrap_recover_power_cycle(const struct device *target, const struct port_stop *stop, struct textbuf ret_text)
{
	(void)target;
	(void)stop;
	note("power");
	if (power_result < 0)
		(void)snprintf(ret_text.at, ret_text.cap, "a poor hub");
	return power_result;
}

int __wrap_recover_wait(const struct device *target, int64_t deadline_ms, const struct port_stop *stop,
			struct textbuf ret_path, struct textbuf ret_text);
int __wrap_recover_wait(const struct device *target, int64_t deadline_ms, const struct port_stop *stop,
			struct textbuf ret_path, struct textbuf ret_text)
{
	int r = wait_results[waits++];

	(void)target;
	(void)stop;
	note("wait");
	ck_assert_int_gt(deadline_ms, now_ms);
	ck_assert_int_le(deadline_ms, ladder.end_ms);
	if (r < 0)
		(void)snprintf(ret_text.at, ret_text.cap, "not there");
	else
		(void)snprintf(ret_path.at, ret_path.cap, "/dev/ttyUSB%d", waits);
	return r;
}

static void status(void *user, const char *text)
{
	ck_assert_ptr_eq(user, &ladder);
	ck_assert(strncmp(text, "recovering: ", 12) == 0);
	note("say");
}

static void set_up(void)
{
	now_ms = 1000;
	trace[0] = '\0';
	target_result = reset_result = power_result = 0;
	memset(wait_results, 0, sizeof(wait_results));
	waits = 0;
	memset(&result, 0, sizeof(result));
	result.session.verdict = VERDICT_SILENT;
	ladder_init(&ladder, spec_of("/dev/ttyUSB0"), 1000 + 13000, status, &ladder);
	ladder_look(&ladder);
}

START_TEST(the_steps_come_in_their_order_and_each_looks_for_the_same_place)
{
	ck_assert_str_eq(ladder.spec.text, "/dev/ttyUSB0");
	ck_assert(ladder_climb(&ladder, VERDICT_SILENT));
	ck_assert_str_eq(trace, "say wait");
	ck_assert_str_eq(ladder.spec.text, "/dev/ttyUSB1");
	ck_assert(!ladder_is_last(&ladder));
	ck_assert(ladder_climb(&ladder, VERDICT_IO_ERROR));
	ck_assert_str_eq(trace, "say wait say reset wait");
	ck_assert(!ladder_is_last(&ladder));
	ck_assert(ladder_climb(&ladder, VERDICT_SILENT));
	ck_assert_str_eq(trace, "say wait say reset wait say power wait");
	ck_assert_str_eq(ladder.spec.text, "/dev/ttyUSB3");
	ck_assert(ladder_is_last(&ladder));
	ck_assert(!ladder_climb(&ladder, VERDICT_SILENT));
	ladder_fill(&ladder, &result);
	ck_assert_str_eq(result.recovered[0], "reopen");
	ck_assert_str_eq(result.recovered[1], "usb-reset");
	ck_assert_str_eq(result.recovered[2], "power-cycle");
	ck_assert_str_eq(result.recovered[3], "");
	ck_assert_str_eq(result.advice, "");
}
END_TEST

START_TEST(nothing_is_done_to_a_board_that_answers)
{
	for (int v = 0; v < VERDICT_COUNT; v++) {
		set_up();
		if (v == VERDICT_SILENT || v == VERDICT_IO_ERROR || v == VERDICT_UNPLUGGED || v == VERDICT_NO_EFFECT)
			continue;
		ck_assert(!ladder_climb(&ladder, (enum verdict)v));
		ck_assert_str_eq(trace, "");
		ladder_fill(&ladder, &result);
		ck_assert_str_eq(result.recovered[0], "");
		ck_assert_str_eq(result.advice, "");
	}
}
END_TEST

START_TEST(where_nothing_is_wired_only_power_helps)
{
	ck_assert(ladder_climb(&ladder, VERDICT_NO_EFFECT));
	ck_assert_str_eq(trace, "say power wait");
}
END_TEST

START_TEST(one_that_left_is_not_reset)
{
	wait_results[0] = -ENODEV;
	ck_assert(ladder_climb(&ladder, VERDICT_UNPLUGGED));
	ck_assert_str_eq(trace, "say wait say power wait");
	ck_assert(!ladder.is_gone);
}
END_TEST

START_TEST(what_could_not_be_done_is_no_step_and_its_cure_is_said)
{
	reset_result = -EACCES;
	power_result = -ENOTSUP;
	ck_assert(ladder_climb(&ladder, VERDICT_SILENT));
	ck_assert(!ladder_climb(&ladder, VERDICT_SILENT));
	ck_assert(!ladder.is_gone);
	result.session.advice = &(struct advice){ "check-power", "check power" };
	ladder_fill(&ladder, &result);
	ck_assert_str_eq(result.recovered[0], "reopen");
	ck_assert_str_eq(result.recovered[1], "");
	ck_assert_str_eq(result.advice, "check power; USB reset: a rule; power cycle: a poor hub");
}
END_TEST

START_TEST(a_success_needs_no_advice)
{
	reset_result = -EACCES;
	ck_assert(ladder_climb(&ladder, VERDICT_SILENT));
	ck_assert(ladder_climb(&ladder, VERDICT_SILENT));
	result.session.verdict = VERDICT_READY;
	ladder_fill(&ladder, &result);
	ck_assert_str_eq(result.recovered[1], "power-cycle");
	ck_assert_str_eq(result.advice, "");
}
END_TEST

START_TEST(one_that_never_comes_back_is_gone)
{
	wait_results[1] = wait_results[2] = -ENODEV;
	ck_assert(ladder_climb(&ladder, VERDICT_SILENT));
	ck_assert(!ladder_climb(&ladder, VERDICT_SILENT));
	ck_assert_str_eq(trace, "say wait say reset wait say power wait");
	ck_assert(ladder.is_gone);
}
END_TEST

START_TEST(a_step_without_time_is_not_begun)
{
	/* clang-format off */
	static const struct { int left_ms; const char *made; } times[] = {
		{ 2199, "" }, { 2200, "say wait" }, { 2999, "say wait" }, { 3000, "say wait say reset wait" },
		{ 4999, "say wait say reset wait" }, { 5000, "say wait say reset wait say power wait" },
	};
	/* clang-format on */

	now_ms = ladder.end_ms - times[_i].left_ms;
	while (ladder_climb(&ladder, VERDICT_SILENT))
		;
	ck_assert_str_eq(trace, times[_i].made);
	ladder_fill(&ladder, &result);
	ck_assert_int_eq(strstr(result.advice, "no time was left for it: give --timeout 60") != NULL, _i < 5);
}
END_TEST

START_TEST(a_session_never_gets_more_than_what_is_left)
{
	struct session_config config = { .timeout_ms = 10000 };

	ladder_limit(&ladder, &config);
	ck_assert_int_eq(config.timeout_ms, 10000);
	now_ms = ladder.end_ms - 2500;
	ladder_limit(&ladder, &config);
	ck_assert_int_eq(config.timeout_ms, 2500);
	now_ms = ladder.end_ms + 100;
	ladder_limit(&ladder, &config);
	ck_assert_int_eq(config.timeout_ms, 1);
}
END_TEST

START_TEST(a_stop_ends_the_climb)
{
	power_result = -ECANCELED;
	ck_assert(!ladder_climb(&ladder, VERDICT_NO_EFFECT));
	ck_assert(ladder.is_stopped);
	ck_assert(!ladder_climb(&ladder, VERDICT_NO_EFFECT));
	ck_assert_str_eq(trace, "say power");
}
END_TEST

START_TEST(a_port_that_is_not_on_usb_is_only_opened_again)
{
	target_result = -ENODEV;
	ladder_init(&ladder, spec_of("/dev/ttyUSB0"), 14000, status, &ladder);
	ladder_look(&ladder);
	ck_assert(ladder_climb(&ladder, VERDICT_SILENT));
	ck_assert(ladder_is_last(&ladder));
	ck_assert(!ladder_climb(&ladder, VERDICT_SILENT));
	ck_assert_str_eq(trace, "say");
	ck_assert_str_eq(ladder.spec.text, "/dev/ttyUSB0");
	ck_assert_str_eq(ladder.advice, "nothing more to try: the port is not on USB, or was not there to be asked");
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("ladder");

	tcase_add_checked_fixture(tc, set_up, NULL);
	tcase_add_test(tc, the_steps_come_in_their_order_and_each_looks_for_the_same_place);
	tcase_add_test(tc, nothing_is_done_to_a_board_that_answers);
	tcase_add_test(tc, where_nothing_is_wired_only_power_helps);
	tcase_add_test(tc, one_that_left_is_not_reset);
	tcase_add_test(tc, what_could_not_be_done_is_no_step_and_its_cure_is_said);
	tcase_add_test(tc, a_success_needs_no_advice);
	tcase_add_test(tc, one_that_never_comes_back_is_gone);
	tcase_add_loop_test(tc, a_step_without_time_is_not_begun, 0, 6);
	tcase_add_test(tc, a_session_never_gets_more_than_what_is_left);
	tcase_add_test(tc, a_stop_ends_the_climb);
	tcase_add_test(tc, a_port_that_is_not_on_usb_is_only_opened_again);
	return suite_run_case("ladder", tc);
}
