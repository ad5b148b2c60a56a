/* test_enroll.c - --enroll writes a udev rule for one board: here for boards of every kind, in a fake /sys. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake_root.h"
#include "fake_usb.h"
#include "host/enroll.h"
#include "leaks.h"
#include "specs.h"
#include "suite.h"

static struct enrolment e;
static char text[256];

static void set_up(void)
{
	fake_usb_make();
	memset(&e, 0, sizeof(e));
	text[0] = '\0';
}

static int enroll(const char *spelling, const char *name)
{
	return enroll_make(spec_of(spelling), name, &e, TEXTBUF(text));
}

/* Return: the part of the udev rule that matches this board but no other board with the same VID and PID. */
static const char *match(void)
{
	static char buf[256];
	const char *start = strstr(e.rule, "ATTRS{idProduct}");
	const char *end;

	ck_assert_ptr_nonnull(start);
	start = strstr(start, ", ") + 2;
	end = strstr(start, ", \\\n");
	ck_assert_ptr_nonnull(end);
	(void)snprintf(buf, sizeof(buf), "%.*s", (int)(end - start), start);
	return buf;
}

START_TEST(writes_the_whole_rule_of_a_board_with_a_serial_number)
{
	static const struct fake_usb usb = { "1-1.4", "10c4", "ea60", "0a1b2c", "CP2104 USB", NULL };
	int fds = count_fds();

	fake_usb_plug(&usb, "ttyUSB0", "any");
	ck_assert_int_eq(enroll("usb:1-1.4", "kitchen"), 0);
	ck_assert_str_eq(e.file, "/etc/udev/rules.d/70-espreset-kitchen.rules");
	ck_assert_str_eq(e.why, "by serial number: the name follows the board to any socket");
	ck_assert_str_eq(e.next, "sudo udevadm control --reload, then unplug the board and plug it in again");
	ck_assert_str_eq(e.rule, "# kitchen: a CP2104, by serial number: the name follows the board to any socket.\n"
				 "# From espreset --enroll; belongs into /etc/udev/rules.d/70-espreset-kitchen.rules\n"
				 "# Then: sudo udevadm control --reload, then unplug the board and plug it in again.\n"
				 "ACTION!=\"remove\", SUBSYSTEM==\"tty\", ATTRS{idVendor}==\"10c4\", "
				 "ATTRS{idProduct}==\"ea60\", ATTRS{serial}==\"0a1b2c\", \\\n"
				 "  SYMLINK+=\"espreset/kitchen\", TAG+=\"systemd\", "
				 "ENV{SYSTEMD_WANTS}+=\"espreset@kitchen.service\", \\\n"
				 "  ENV{ID_MM_DEVICE_IGNORE}=\"1\", ENV{ID_MM_PORT_IGNORE}=\"1\"\n");
	ck_assert_int_eq(count_fds(), fds);
}
END_TEST

static const struct {
	const char *serial;
	/* beginning of the expected reason why the rule names the USB port; NULL: the rule names the serial number */
	const char *why;
} serials[] = {
	{ "0a1b2c", NULL },
	{ "AB CD:12", NULL },
	{ NULL, "by place, as it has no serial number:" },
	{ "0001", "by place, as its serial number is one that many have:" },
	{ "a*", "by place, as its serial number has characters that a rule cannot match:" },
	{ "a|b", "by place, as its serial number has characters that a rule cannot match:" },
	{ "a\"b", "by place, as its serial number has characters that a rule cannot match:" },
	{ "a\\b", "by place, as its serial number has characters that a rule cannot match:" },
	{ "a\nb", "by place, as its serial number has characters that a rule cannot match:" },
	{ "TWIN", "by place, as another one that is plugged in has the same serial number:" },
};

START_TEST(a_serial_number_is_used_only_when_it_is_the_boards_own)
{
	static const struct fake_usb twin = { "1-2", "10c4", "ea60", "TWIN", NULL, NULL };
	static const struct fake_usb stranger = { "1-3", "1a86", "7523", "0a1b2c", NULL, NULL };
	struct fake_usb usb = { "1-1.4", "10c4", "ea60", serials[_i].serial, NULL, NULL };
	char expected[128];

	fake_usb_plug(&usb, "ttyUSB0", "any");
	fake_usb_plug(&twin, "ttyUSB1", "any");
	fake_usb_plug(&stranger, "ttyUSB2", "any");
	ck_assert_int_eq(enroll("usb:1-1.4", "a"), 0);
	if (serials[_i].why) {
		ck_assert_msg(strncmp(e.why, serials[_i].why, strlen(serials[_i].why)) == 0, "%s", e.why);
		ck_assert_str_eq(match(), "KERNELS==\"1-1.4\"");
		ck_assert_ptr_nonnull(strstr(e.why, "may change with the next start"));
	} else {
		(void)snprintf(expected, sizeof(expected), "ATTRS{serial}==\"%s\"", serials[_i].serial);
		ck_assert_str_eq(match(), expected);
	}
}
END_TEST

START_TEST(udevs_name_of_the_place_is_preferred)
{
	static const struct fake_usb usb = { "1-1.4", "1a86", "7523", NULL, NULL, NULL };
	int fds;

	fake_usb_plug(&usb, "ttyUSB0", "any");
	ck_assert_int_eq(unlink(fake_path("/dev/ttyUSB0")), 0);
	fake_link("/dev/full", "/dev/ttyUSB0");
	fake_link("../../class/tty/ttyUSB0", "/sys/dev/char/1:7");
	fake_file("/run/udev/data/c1:7", "I:1\nE:ID_PATH_TAG=x\nE:ID_PATH=%s\n", "pci-0000:00:14.0-usb-0:1.4:1.0");
	ck_assert_int_eq(enroll("usb:1-1.4", "a"), 0);
	ck_assert_str_eq(match(), "ENV{ID_PATH}==\"pci-0000:00:14.0-usb-0:1.4:1.0\"");
	ck_assert_str_eq(e.why, "by place, as it has no serial number: the name stays with the socket, and any "
				"CH340 in it gets it");
	fake_file("/run/udev/data/c1:7", "E:ID_PATH=%s\n", _i ? "" : "odd\", RUN+=\"x");
	fds = count_fds();
	ck_assert_int_eq(enroll("usb:1-1.4", "a"), 0);
	ck_assert_str_eq(match(), "KERNELS==\"1-1.4\"");
	ck_assert_int_eq(count_fds(), fds);
}
END_TEST

START_TEST(a_bridge_with_two_ports_is_told_apart_by_interface)
{
	struct fake_usb usb = { "3-1", "0403", "6010", _i ? NULL : "FT1", NULL, "0700" };

	fake_usb_plug(&usb, "ttyUSB0", "any");
	fake_usb_tty("3-1", 10, "ttyUSB1", "ftdi_sio");
	ck_assert_int_eq(enroll("usb:3-1:1.10", "a"), 0);
	ck_assert_str_eq(match(), _i ? "KERNELS==\"3-1\", ENV{ID_USB_INTERFACE_NUM}==\"0a\""
				     : "ATTRS{serial}==\"FT1\", ENV{ID_USB_INTERFACE_NUM}==\"0a\"");
	ck_assert_int_eq(enroll("/dev/ttyUSB0", "a"), 0);
	ck_assert_ptr_nonnull(strstr(match(), "ENV{ID_USB_INTERFACE_NUM}==\"00\""));
}
END_TEST

/* clang-format off */
static const char *const bad_names[] = {
	"", "Kitchen", "a b", "a-b", "a.b", "../x", "a/b", "a\"", "\xc3\xa4", "a%n", "a$name",
	"a12345678901234567890123456789012",
};
/* clang-format on */

START_TEST(refuses_names_that_are_not_safe_everywhere)
{
	static const struct fake_usb usb = { "1-1", "1a86", "7523", NULL, NULL, NULL };

	fake_usb_plug(&usb, "ttyUSB0", "any");
	ck_assert_msg(enroll("/dev/ttyUSB0", bad_names[_i]) == -EINVAL, "'%s'", bad_names[_i]);
	ck_assert_str_eq(text, "a board's name has up to 32 small letters, digits and underscores, nothing else");
	ck_assert_str_eq(e.rule, "");
}
END_TEST

START_TEST(accepts_names_of_every_allowed_letter)
{
	ck_assert(enroll_is_name("abcdefghijklmnopqrstuvwxyz_"));
	ck_assert(enroll_is_name("0123456789"));
	ck_assert(enroll_is_name("a1234567890123456789012345678901"));
}
END_TEST

START_TEST(refuses_native_usb_and_says_why)
{
	static const struct fake_usb usb = { "1-1", "303a", "1001", "AA:BB", NULL, NULL };

	fake_usb_plug(&usb, "ttyACM0", "any");
	ck_assert_int_eq(enroll("usb:303a:1001", "a"), -ENOTSUP);
	ck_assert_str_eq(text, "is the chip's own USB: its port goes away and comes back in the middle of an upload, "
			       "and a reset then would destroy it; enroll boards with a USB-UART bridge");
	ck_assert_str_eq(e.rule, "");
}
END_TEST

START_TEST(refuses_what_is_not_on_usb_or_not_there)
{
	fake_dir("/sys/class/tty/ttyS0");
	fake_file("/dev/ttyS0", "%s", "");
	ck_assert_int_eq(enroll("/dev/ttyS0", "a"), -ENOTSUP);
	ck_assert_str_eq(text, "is not on USB: it never appears, so there is nothing to wait for");
	ck_assert_int_eq(enroll("/dev/ttyUSB0", "a"), -ENOENT);
	ck_assert_str_eq(text, "No such file or directory");
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("enroll");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, set_up, fake_root_remove);
	tcase_add_test(tc, writes_the_whole_rule_of_a_board_with_a_serial_number);
	tcase_add_loop_test(tc, a_serial_number_is_used_only_when_it_is_the_boards_own, 0, COUNT(serials));
	tcase_add_loop_test(tc, udevs_name_of_the_place_is_preferred, 0, 2);
	tcase_add_loop_test(tc, a_bridge_with_two_ports_is_told_apart_by_interface, 0, 2);
	tcase_add_loop_test(tc, refuses_names_that_are_not_safe_everywhere, 0, COUNT(bad_names));
	tcase_add_test(tc, accepts_names_of_every_allowed_letter);
	tcase_add_test(tc, refuses_native_usb_and_says_why);
	tcase_add_test(tc, refuses_what_is_not_on_usb_or_not_there);
	return suite_run_case("enroll", tc);
}
