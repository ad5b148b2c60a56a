/* test_spec.c - the forms that a PORT argument may have, valid and invalid. */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "port/spec.h"
#include "suite.h"

static struct spec spec;
static char err[128];

static int parse(const char *text)
{
	spec = (struct spec){ .text = "untouched" };
	return spec_parse(text, &spec, err, sizeof(err));
}

static const char *const paths[] = { "/dev/ttyUSB0", "ttyUSB0", "",	     "usb",    "sim",
				     "USB:1-1",	     "COM3",	"./usb:1-1", "\x1b[2J" };

START_TEST(what_has_no_prefix_of_ours_is_a_path)
{
	ck_assert_int_eq(parse(paths[_i]), 0);
	ck_assert_int_eq(spec.kind, SPEC_PATH);
	ck_assert_str_eq(spec.text, paths[_i]);
}
END_TEST

START_TEST(an_id_is_two_numbers_and_perhaps_a_serial)
{
	ck_assert_int_eq(parse("usb:1a86:7523"), 0);
	ck_assert_int_eq(spec.kind, SPEC_USB_ID);
	ck_assert_uint_eq(spec.vid, 0x1a86);
	ck_assert_uint_eq(spec.pid, 0x7523);
	ck_assert_ptr_null(spec.serial);
	ck_assert_int_eq(parse("usb:10C4:1:a b:c"), 0);
	ck_assert_uint_eq(spec.vid, 0x10c4);
	ck_assert_uint_eq(spec.pid, 1);
	ck_assert_str_eq(spec.serial, "a b:c");
	ck_assert_str_eq(spec.text, "usb:10C4:1:a b:c");
}
END_TEST

START_TEST(a_place_is_what_sysfs_calls_it)
{
	ck_assert_int_eq(parse("usb:1-1.4"), 0);
	ck_assert_int_eq(spec.kind, SPEC_USB_PLACE);
	ck_assert_str_eq(spec.usb_path, "1-1.4");
	ck_assert_int_eq(parse("usb:1-1.4:1.0"), 0);
	ck_assert_int_eq(spec.kind, SPEC_USB_PLACE);
	ck_assert_str_eq(spec.usb_path, "1-1.4:1.0");
}
END_TEST

START_TEST(the_words_of_a_simulated_board_are_not_read_here)
{
	ck_assert_int_eq(parse("sim:"), 0);
	ck_assert_int_eq(spec.kind, SPEC_SIM);
	ck_assert_str_eq(spec.words, "");
	ck_assert_int_eq(parse("sim:no,such=words"), 0);
	ck_assert_str_eq(spec.words, "no,such=words");
}
END_TEST

/* clang-format off */
static const char *const malformed[] = {
	"usb:", "usb:1a86", "usb:1a86:", "usb::7523", "usb:1a86:7523:", "usb:12345:1", "usb:xyz:1", "usb:1-",
	"usb:-1", "usb:1-a", "usb: 1-1", "usb:+1-1", "usb:-1-1", "usb:0x1:1", "usb:1:0x1", "usb:1a86:75233",
	"usb:1-1/../..", "usb:1-1.4 ", "usb:1-+4", "usb:1a86:75 23", "usb:rubbish",
};
/* clang-format on */

START_TEST(usb_with_what_names_no_device_is_refused)
{
	ck_assert_msg(parse(malformed[_i]) == -EINVAL, "%s", malformed[_i]);
	ck_assert_str_eq(err, "want usb:VID:PID, usb:VID:PID:SERIAL or a place such as usb:1-1.4");
	ck_assert_str_eq(spec.text, "untouched");
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("spec");

	tcase_add_loop_test(tc, what_has_no_prefix_of_ours_is_a_path, 0, COUNT(paths));
	tcase_add_test(tc, an_id_is_two_numbers_and_perhaps_a_serial);
	tcase_add_test(tc, a_place_is_what_sysfs_calls_it);
	tcase_add_test(tc, the_words_of_a_simulated_board_are_not_read_here);
	tcase_add_loop_test(tc, usb_with_what_names_no_device_is_refused, 0, COUNT(malformed));
	return suite_run_case("spec", tc);
}
