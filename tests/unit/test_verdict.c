/* test_verdict.c - the table of verdicts must agree with docs/design.md. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include "base/verdict.h"
#include "suite.h"

/* clang-format off */
static const struct { int status; const char *word; } contract[] = {
	{ 0, "ready" }, { 0, "flash-boot" }, { 1, "internal" }, { 2, "usage" }, { 3, "several" },
	{ 10, "silent" }, { 11, "download-mode" }, { 12, "no-effect" }, { 13, "boot-failed" },
	{ 14, "crashed" }, { 15, "garbled" }, { 16, "other-boot" }, { 17, "unproven" },
	{ 18, "restarted" }, { 19, "wrong-chip" }, { 20, "expect-timeout" }, { 21, "fail-matched" },
	{ 22, "ota-silent" }, { 23, "ota-refused" }, { 30, "no-port" }, { 31, "ambiguous" },
	{ 32, "permission" }, { 33, "busy" }, { 34, "unplugged" }, { 35, "io-error" },
};
/* clang-format on */

START_TEST(every_row_is_the_contract)
{
	ck_assert_uint_eq(COUNT(contract), VERDICT_COUNT);
	ck_assert_int_eq(verdict_info((enum verdict)_i)->status, contract[_i].status);
	ck_assert_str_eq(verdict_info((enum verdict)_i)->word, contract[_i].word);
	ck_assert_ptr_nonnull(verdict_info((enum verdict)_i)->meaning);
}
END_TEST

START_TEST(a_number_outside_the_table_is_internal)
{
	ck_assert_int_eq(verdict_info((enum verdict)VERDICT_COUNT)->status, 1);
	ck_assert_int_eq(verdict_info((enum verdict) - 1)->status, 1);
}
END_TEST

/* clang-format off */
static const struct { int err; enum verdict verdict; } errnos[] = {
	{ ENOENT, VERDICT_NO_PORT }, { ENXIO, VERDICT_NO_PORT }, { ENOTTY, VERDICT_NO_PORT },
	{ EISDIR, VERDICT_NO_PORT }, { ENOTSUP, VERDICT_NO_PORT }, { ENOTUNIQ, VERDICT_AMBIGUOUS },
	{ EACCES, VERDICT_PERMISSION }, { EPERM, VERDICT_PERMISSION }, { EBUSY, VERDICT_BUSY },
	{ EAGAIN, VERDICT_BUSY }, { ENODEV, VERDICT_UNPLUGGED }, { EIO, VERDICT_IO_ERROR },
	{ EPIPE, VERDICT_IO_ERROR }, { EPROTO, VERDICT_IO_ERROR }, { ETIMEDOUT, VERDICT_IO_ERROR },
	{ ENOMEM, VERDICT_INTERNAL }, { EMFILE, VERDICT_INTERNAL }, { 0, VERDICT_INTERNAL },
};
/* clang-format on */

START_TEST(an_errno_of_the_port_has_its_verdict)
{
	ck_assert_int_eq(verdict_of_errno(errnos[_i].err), errnos[_i].verdict);
}
END_TEST

/* Precedence as in docs/design.md, by exit status: first 30 to 35; then the statuses about the last boot (11, 16, 13,
 * 14, 18, 19); then 12, 15, 17, 10. */
/* clang-format off */
static const enum verdict precedence[] = {
	VERDICT_UNPLUGGED, VERDICT_DOWNLOAD_MODE, VERDICT_OTHER_BOOT, VERDICT_BOOT_FAILED, VERDICT_CRASHED,
	VERDICT_RESTARTED, VERDICT_WRONG_CHIP, VERDICT_NO_EFFECT, VERDICT_GARBLED, VERDICT_UNPROVEN,
	VERDICT_SILENT, VERDICT_READY,
};
/* clang-format on */

START_TEST(the_graver_finding_is_reported_whichever_comes_first)
{
	for (size_t i = 0; i < COUNT(precedence); i++) {
		for (size_t k = i; k < COUNT(precedence); k++) {
			ck_assert_int_eq(verdict_worse(precedence[i], precedence[k]), precedence[i]);
			ck_assert_int_eq(verdict_worse(precedence[k], precedence[i]), precedence[i]);
		}
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("verdict");

	tcase_add_loop_test(tcase, every_row_is_the_contract, 0, VERDICT_COUNT);
	tcase_add_test(tcase, a_number_outside_the_table_is_internal);
	tcase_add_loop_test(tcase, an_errno_of_the_port_has_its_verdict, 0, COUNT(errnos));
	tcase_add_test(tcase, the_graver_finding_is_reported_whichever_comes_first);
	return suite_run_case("verdict", tcase);
}
