/* test_appspeed.c - recognising an application's baud rate from the bytes that a port at another baud rate receives. */
#include <check.h>
#include <string.h>

#include "session/appspeed.h"
#include "suite.h"

/* The bytes that a port at 115200 Bd receives if text is sent at 9600 Bd: one zero byte for each falling edge
 * (docs/hardware.md, "An application at another speed"). */
static const unsigned char of_9600[120];
/* The bytes that a port at 115200 Bd receives if text is sent at 38400 Bd. */
static const unsigned char of_38400[] =
	"\x1c\x00\xe0\x00\xe0\x1c\xfc\x00\x1c\xe0\x1c\xfc\x00\xe0\xe0\x1c\x1c\x00\xe0\xfc\x1c\x1c\xe0\x00"
	"\x1c\xe0\xe0\x1c\xfc\x00\xe0\x1c\x1c\xfc\xe0\x00\x1c\xe0\x1c\xe0\xfc\x1c\x00\xe0\xe0\x1c\xfc\xe0";

static struct appspeed h;

static void setup(void)
{
	memset(&h, 0, sizeof(h));
	appspeed_begin(&h, 115200, BOOT_HABIT_DELIVERS);
}

static void hear(const void *bytes, size_t n, int64_t now_ms)
{
	appspeed_bytes(&h, bytes, n, (long)n, now_ms);
}

START_TEST(a_slow_speed_is_named_and_is_where_to_listen)
{
	hear(of_9600, sizeof(of_9600), 100);
	ck_assert_int_eq(h.app_baud, 9600);
	ck_assert_int_eq(appspeed_candidate(&h), 9600);
	/* A bridge that drops bytes with framing errors would deliver nothing of 9600 Bd text. Bytes did arrive, so
	 * this bridge does not drop them. */
	ck_assert(!appspeed_may_drop(&h));
	setup();
	hear(of_38400, sizeof(of_38400) - 1, 100);
	ck_assert_int_eq(h.app_baud, 38400);
}
END_TEST

START_TEST(what_a_loader_says_is_not_the_applications_speed)
{
	h.may_be_loader = true;
	hear(of_38400, sizeof(of_38400) - 1, 100);
	ck_assert_int_eq(h.app_baud, 0);
	/* Perhaps the application sends at 38400 Bd. This is not certain enough to be reported, but espreset would
	 * listen for a restart at 38400 Bd. */
	ck_assert_int_eq(h.sender_baud, 38400);
}
END_TEST

START_TEST(a_readable_line_tells_that_the_port_has_the_speed)
{
	hear(of_38400, sizeof(of_38400) - 1, 100);
	appspeed_text(&h);
	ck_assert_int_eq(h.app_baud, 115200);
	ck_assert(!appspeed_has_candidate(&h));
}
END_TEST

START_TEST(a_pause_begins_a_new_burst)
{
	hear(of_9600, 60, 100);
	hear(of_9600, 60, 200);
	/* a port at 115200 Bd receives three bytes for each character sent at 9600 Bd: 120 bytes are 40 characters */
	ck_assert_int_eq(appspeed_characters(&h), 40);
	hear(of_9600, 6, 200 + APPSPEED_PAUSE_MS + 1);
	ck_assert_int_eq(appspeed_characters(&h), 2);
}
END_TEST

START_TEST(where_nothing_is_named_one_speed_after_the_other_is_tried)
{
	int first, second, third;

	setup();
	appspeed_begin(&h, 115200, BOOT_HABIT_UNKNOWN);
	hear("\x93\x1b", 2, 100); /* a port at 115200 Bd receives such bytes from a faster sender */
	first = appspeed_candidate(&h);
	second = appspeed_next_guess(&h);
	third = appspeed_next_guess(&h);
	ck_assert_int_eq(first, 2000000);
	ck_assert_int_eq(second, 230400);
	ck_assert_int_eq(third, 9600);
	ck_assert_int_eq(appspeed_next_guess(&h), 0);
	/* No bytes arrived: perhaps the application sends at 9600 Bd and the bridge drops every byte. So 9600 is
	 * tried. */
	memset(&h, 0, sizeof(h));
	appspeed_begin(&h, 115200, BOOT_HABIT_UNKNOWN);
	ck_assert_int_eq(appspeed_candidate(&h), 9600);
	/* appspeed_has_candidate() must not use up the baud rate 9600: appspeed_candidate() still has to return it. */
	memset(&h, 0, sizeof(h));
	appspeed_begin(&h, 115200, BOOT_HABIT_UNKNOWN);
	ck_assert(appspeed_has_candidate(&h));
	ck_assert_int_eq(appspeed_candidate(&h), 9600);
	/* A port at 74880 Bd receives the ROM output of an ESP32-C2 with a 26 MHz crystal. The application of such a
	 * board probably sends at 115200 Bd, so 115200 Bd is tried first. */
	memset(&h, 0, sizeof(h));
	appspeed_begin(&h, 74880, BOOT_HABIT_UNKNOWN);
	ck_assert_int_eq(appspeed_candidate(&h), 115200);
}
END_TEST

START_TEST(above_all_speeds_the_rest_of_a_banner_names_nothing)
{
	memset(&h, 0, sizeof(h));
	appspeed_begin(&h, 2000000, BOOT_HABIT_DELIVERS);
	hear("\xf8\x07\xfc\x3f\xf8\x07\xfc\x3f\xf8\x07\xfc\x3f\xf8\x07\xfc\x3f\xf8\x07\xfc\x3f\xf8\x07\xfc\x3f", 24,
	     100);
	ck_assert_int_eq(appspeed_faster(&h), 0);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("appspeed");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, a_slow_speed_is_named_and_is_where_to_listen);
	tcase_add_test(tcase, what_a_loader_says_is_not_the_applications_speed);
	tcase_add_test(tcase, a_readable_line_tells_that_the_port_has_the_speed);
	tcase_add_test(tcase, a_pause_begins_a_new_burst);
	tcase_add_test(tcase, where_nothing_is_named_one_speed_after_the_other_is_tried);
	tcase_add_test(tcase, above_all_speeds_the_rest_of_a_banner_names_nothing);
	return suite_run_case("appspeed", tcase);
}
