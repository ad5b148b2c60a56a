/* test_recover.c - resetting a USB-serial bridge that no longer answers: with a fake /sys, and a hub that obeys, lies
 * or fails. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <libusb.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake_root.h"
#include "fake_usb.h"
#include "host/recover.h"
#include "leaks.h"
#include "port/wait.h"
#include "specs.h"
#include "suite.h"

#define HUB_PORT "/sys/bus/usb/devices/1-1:1.0/1-1-port4"
#define DEVICE "/sys/devices/pci0/usb1/1-1/1-1.4"

static const struct fake_usb hub_1_1 = { "1-1", "05e3", "0608", NULL, "USB2.0 Hub", NULL };
static const struct fake_usb ch340 = { "1-1.4", "1a86", "7523", NULL, "USB Serial", "0264" };

static struct device target;
static char text[512];
static char path[256];

/* ---- the simulated clock ---- */

static int64_t now_ms;
static int stop_after; /* a stop signal comes in this many waits from now; 0: none comes */
static void (*on_wait)(void);

int64_t __wrap_wait_now_ms(void);
int64_t __wrap_wait_now_ms(void)
{
	return now_ms;
}

int __wrap_wait_poll(struct pollfd *fds, nfds_t count, int64_t deadline_ms, const struct port_stop *stop);
int __wrap_wait_poll(struct pollfd *fds, nfds_t count, int64_t deadline_ms, const struct port_stop *stop)
{
	(void)fds;
	(void)count;
	(void)stop;
	if (stop_after && --stop_after == 0)
		return -ECANCELED;
	if (on_wait)
		on_wait();
	if (deadline_ms > now_ms)
		now_ms = deadline_ms;
	return -ETIMEDOUT;
}

/* ---- libusb and the hub ---- */

static struct {
	unsigned int characteristics;
	bool pretends; /* the hub reports that the hub port's power is off, but the device stays connected */
	bool repowers; /* when the device has gone, the kernel switches the hub port's power on again, as Linux does */
	bool on, connected;
	int times_off;
	int descriptor_len;
	int resets;
	int reset_result;
	int open_handles, open_contexts;
	/* calls: number of libusb calls so far that can fail; fail_at: which of them fails; fail_with: its error */
	int calls, fail_at, fail_with;
	char opened[128];
	int open_errno;
	bool sysfs_is_read_only;
} usb;

static bool fails(int *ret)
{
	*ret = usb.fail_with;
	return ++usb.calls == usb.fail_at;
}

int __wrap_libusb_set_option(libusb_context *ctx, enum libusb_option option, ...);
int __wrap_libusb_set_option(libusb_context *ctx, enum libusb_option option, ...)
{
	int r;

	ck_assert_ptr_null(ctx);
	/* without this option libusb would start a thread */
	ck_assert_int_eq(option, LIBUSB_OPTION_NO_DEVICE_DISCOVERY);
	return fails(&r) ? r : 0;
}

int __wrap_libusb_init(libusb_context **ctx);
int __wrap_libusb_init(libusb_context **ctx)
{
	int r;

	if (fails(&r))
		return r;
	*ctx = (libusb_context *)(void *)&usb;
	usb.open_contexts++;
	return 0;
}

void __wrap_libusb_exit(libusb_context *ctx);
void __wrap_libusb_exit(libusb_context *ctx)
{
	ck_assert_ptr_eq(ctx, &usb);
	usb.open_contexts--;
}

int __wrap_libusb_wrap_sys_device(libusb_context *ctx, intptr_t fd, libusb_device_handle **ret);
int __wrap_libusb_wrap_sys_device(libusb_context *ctx, intptr_t fd, libusb_device_handle **ret)
{
	int r;

	ck_assert_ptr_eq(ctx, &usb);
	ck_assert_int_ge(fcntl((int)fd, F_GETFD), FD_CLOEXEC);
	if (fails(&r))
		return r;
	*ret = (libusb_device_handle *)(void *)&usb;
	usb.open_handles++;
	return 0;
}

void __wrap_libusb_close(libusb_device_handle *handle);
void __wrap_libusb_close(libusb_device_handle *handle)
{
	ck_assert_ptr_eq(handle, &usb);
	usb.open_handles--;
}

int __wrap_libusb_reset_device(libusb_device_handle *handle);
int __wrap_libusb_reset_device(libusb_device_handle *handle)
{
	int r;

	ck_assert_ptr_eq(handle, &usb);
	usb.resets++;
	return fails(&r) ? r : usb.reset_result;
}

static bool says_one(const char *file_path)
{
	FILE *file = fopen(fake_path(file_path), "r");
	int c = '0';

	if (file) {
		c = fgetc(file);
		(void)fclose(file);
	}
	return c == '1';
}

static bool is_disabled(void)
{
	return says_one(HUB_PORT "/disable");
}

static int hub_descriptor(unsigned char *data)
{
	const unsigned char d[9] = { 9, 0x29, 4, (unsigned char)usb.characteristics, 0, 50, 100, 0, 0xff };

	memcpy(data, d, sizeof(d));
	return usb.descriptor_len;
}

static int port_status(unsigned char *data)
{
	unsigned int status;

	if (usb.repowers && !is_disabled())
		usb.on = true;
	status = (usb.connected ? 0x0001 : 0) | (usb.on && !is_disabled() ? 0x0100 : 0);
	data[0] = (unsigned char)status;
	data[1] = (unsigned char)(status >> 8);
	data[2] = data[3] = 0;
	return 4;
}

int __wrap_libusb_control_transfer(libusb_device_handle *handle, uint8_t type, uint8_t request, uint16_t value,
				   uint16_t index, unsigned char *data, uint16_t len, unsigned int timeout);
int __wrap_libusb_control_transfer(libusb_device_handle *handle, uint8_t type, uint8_t request, uint16_t value,
				   uint16_t index, unsigned char *data, uint16_t len, unsigned int timeout)
{
	int r;

	ck_assert_ptr_eq(handle, &usb);
	ck_assert_uint_gt(timeout, 0);
	if (fails(&r))
		return r;
	if (type == 0xa0 && request == 6 && value == 0x2900 && index == 0 && len >= 9)
		return hub_descriptor(data);
	if (type == 0xa3 && request == 0 && value == 0 && index == 4 && len == 4)
		return port_status(data);
	ck_assert_uint_eq(type, 0x23);
	ck_assert_uint_eq(value, 8);
	ck_assert_uint_eq(index, 4);
	ck_assert(request == 1 || request == 3);
	usb.times_off += request == 1;
	usb.on = request == 3;
	usb.connected = usb.on || usb.pretends;
	return 0;
}

/* ---- the fake system ---- */

int __real_open(const char *file, int flags, ...);
int __wrap_open(const char *file, int flags, ...);
int __wrap_open(const char *file, int flags, ...)
{
	const char *node = strstr(file, "/dev/bus/usb/");
	mode_t mode = 0;
	va_list args;

	va_start(args, flags);
	if (flags & O_CREAT)
		mode = va_arg(args, mode_t);
	va_end(args);
	if (node && usb.open_errno) {
		errno = usb.open_errno;
		return -1;
	}
	if (node)
		(void)snprintf(usb.opened, sizeof(usb.opened), "%s", node);
	return __real_open(file, flags, mode);
}

int __real_faccessat(int dir, const char *file, int mode, int flags);
int __wrap_faccessat(int dir, const char *file, int mode, int flags);
int __wrap_faccessat(int dir, const char *file, int mode, int flags)
{
	if (usb.sysfs_is_read_only) {
		errno = EACCES;
		return -1;
	}
	return __real_faccessat(dir, file, mode, flags);
}

static void set_up(void)
{
	memset(&usb, 0, sizeof(usb));
	usb.characteristics = 0x09; /* wHubCharacteristics: the hub switches the power of each port separately */
	usb.on = usb.connected = true;
	usb.descriptor_len = 9;
	usb.fail_with = LIBUSB_ERROR_IO;
	now_ms = 1000;
	stop_after = 0;
	on_wait = NULL;
	text[0] = '\0';
	fake_usb_make();
	fake_usb_device(&hub_1_1);
	fake_file("/sys/devices/pci0/usb1/1-1/devnum", "3\n%s", "");
	fake_usb_plug(&ch340, "ttyUSB0", "ch341");
	fake_file("/dev/bus/usb/001/007", "%s", "");
	fake_file("/dev/bus/usb/001/003", "%s", "");
	fake_file(HUB_PORT "/disable", "0\n%s", "");
	ck_assert_int_eq(recover_target(spec_of("/dev/ttyUSB0"), &target), 0);
}

static void tear_down(void)
{
	ck_assert_int_eq(usb.open_handles, 0);
	ck_assert_int_eq(usb.open_contexts, 0);
	fake_root_remove();
}

static int usb_reset(void)
{
	return recover_usb_reset(&target, TEXTBUF(text));
}

static int power_cycle(void)
{
	return recover_power_cycle(&target, NULL, TEXTBUF(text));
}

static void expect_untouched(void)
{
	ck_assert_int_eq(usb.resets, 0);
	ck_assert_int_eq(usb.times_off, 0);
	ck_assert(usb.on && usb.connected && !is_disabled());
}

static void expect_says(const char *words)
{
	ck_assert_msg(strstr(text, words) != NULL, "\"%s\" does not say \"%s\"", text, words);
}

/* ---- the device to reset ---- */

START_TEST(a_target_is_a_place_and_who_stands_there)
{
	ck_assert_str_eq(target.usb_path, "1-1.4");
	ck_assert_str_eq(target.interface, "1-1.4:1.0");
	ck_assert_uint_eq(target.vid, 0x1a86);
	ck_assert_int_eq(recover_target(spec_of("usb:1-1.4"), &target), 0);
	ck_assert_str_eq(target.usb_path, "1-1.4");
	ck_assert_int_eq(recover_target(spec_of("/dev/ttyUSB7"), &target), -ENODEV);
	ck_assert_str_eq(target.usb_path, "");
}
END_TEST

/* ---- USB reset ---- */

START_TEST(a_usb_reset_goes_to_the_bridge_and_to_nobody_else)
{
	int fds = count_fds();

	ck_assert_int_eq(usb_reset(), 0);
	ck_assert_int_eq(usb.resets, 1);
	ck_assert_str_eq(usb.opened, "/dev/bus/usb/001/007");
	ck_assert_int_eq(usb.times_off, 0);
	ck_assert_int_eq(count_fds(), fds);
}
END_TEST

START_TEST(a_device_that_enumerates_again_was_reset)
{
	usb.reset_result = LIBUSB_ERROR_NOT_FOUND;
	ck_assert_int_eq(usb_reset(), 0);
}
END_TEST

/* clang-format off */
static const struct { int usb, err; } usb_errors[] = {
	{ LIBUSB_ERROR_IO, -EIO }, { LIBUSB_ERROR_ACCESS, -EACCES }, { LIBUSB_ERROR_NO_DEVICE, -ENODEV },
	{ LIBUSB_ERROR_BUSY, -EBUSY }, { LIBUSB_ERROR_TIMEOUT, -EIO }, { LIBUSB_ERROR_PIPE, -EIO },
	{ LIBUSB_ERROR_NO_MEM, -ENOMEM }, { LIBUSB_ERROR_OTHER, -EIO },
};
/* clang-format on */

START_TEST(each_step_of_a_usb_reset_fails_in_each_way)
{
	int fds = count_fds();

	usb.fail_with = usb_errors[_i].usb;
	for (usb.fail_at = 1; usb.fail_at <= 4; usb.fail_at++) {
		usb.calls = 0;
		text[0] = '\0';
		ck_assert_int_eq(usb_reset(), usb_errors[_i].err);
		ck_assert(text[0]);
		ck_assert_int_eq(usb.open_handles, 0);
		ck_assert_int_eq(usb.open_contexts, 0);
		ck_assert_int_eq(count_fds(), fds);
	}
	ck_assert_int_eq(usb.resets, 1);
	usb.calls = 0;
	ck_assert_int_eq(usb_reset(), 0); /* fail_at is 5 now, but only four libusb calls can fail: none does */
}
END_TEST

START_TEST(without_the_right_the_rule_is_said)
{
	usb.open_errno = EACCES;
	ck_assert_int_eq(usb_reset(), -EACCES);
	expect_says("/dev/bus/usb/001/007");
	expect_says("SUBSYSTEM==\"usb\", ATTR{idVendor}==\"1a86\", ATTR{idProduct}==\"7523\"");
	expect_untouched();
	ck_assert_int_eq(power_cycle(), -EACCES);
	expect_says("/dev/bus/usb/001/003");
	expect_says("ATTR{idVendor}==\"05e3\", ATTR{idProduct}==\"0608\"");
	expect_untouched();
}
END_TEST

START_TEST(another_device_at_the_place_is_left_alone)
{
	fake_file(DEVICE "/serial", "%s\n", "ANOTHER");
	ck_assert_int_eq(usb_reset(), -ENODEV);
	ck_assert_int_eq(power_cycle(), -ENODEV);
	expect_untouched();
}
END_TEST

START_TEST(a_device_that_is_gone_is_not_reset)
{
	ck_assert_int_eq(unlink(fake_path("/sys/bus/usb/devices/1-1.4")), 0);
	ck_assert_int_eq(usb_reset(), -ENODEV);
	expect_untouched();
}
END_TEST

/* ---- devices in use ---- */

START_TEST(an_interface_that_a_program_claimed_is_respected)
{
	fake_link("../drivers/usbfs", DEVICE "/1-1.4:1.1/driver");
	ck_assert_int_eq(usb_reset(), -EBUSY);
	expect_says("claimed its interface 1-1.4:1.1");
	ck_assert_int_eq(power_cycle(), -EBUSY);
	expect_untouched();
}
END_TEST

START_TEST(an_interface_of_another_kind_is_respected)
{
	fake_link("../drivers/usb-storage", DEVICE "/1-1.4:1.1/driver");
	ck_assert_int_eq(usb_reset(), -EBUSY);
	expect_says("1-1.4:1.1 is in use by usb-storage");
	ck_assert_int_eq(power_cycle(), -EBUSY);
	expect_untouched();
}
END_TEST

START_TEST(the_other_interface_of_the_same_driver_is_the_ports_own)
{
	fake_link("../drivers/ch341", DEVICE "/1-1.4:1.1/driver");
	fake_dir(DEVICE "/1-1.4:1.2"); /* an interface without a driver: nobody uses it */
	ck_assert_int_eq(usb_reset(), 0);
}
END_TEST

START_TEST(a_second_port_of_the_device_that_somebody_has_open_is_respected)
{
	fake_usb_tty("1-1.4", 1, "ttyUSB1", "ch341");
	ck_assert_int_eq(unlink(fake_path("/dev/ttyUSB1")), 0);
	fake_link("/dev/full", "/dev/ttyUSB1");
	fake_file("/proc/812/comm", "openocd\n%s", "");
	fake_link("/dev/full", "/proc/812/fd/3");
	ck_assert_int_eq(usb_reset(), -EBUSY);
	expect_says("/dev/ttyUSB1 of the same device is in use by process 812 (openocd)");
	ck_assert_int_eq(power_cycle(), -EBUSY);
	expect_untouched();
}
END_TEST

/* ---- power cycle ---- */

static int off_seen;

static void see_off(void)
{
	off_seen += !usb.on || is_disabled();
}

START_TEST(a_power_cycle_switches_off_by_sysfs_and_on_again)
{
	int fds = count_fds();

	on_wait = see_off;
	off_seen = 0;
	/* only the file "disable" in sysfs can keep the kernel from switching the hub port on again */
	usb.repowers = true;
	ck_assert_int_eq(power_cycle(), 0);
	ck_assert_str_eq(usb.opened, "/dev/bus/usb/001/003");
	ck_assert_int_ge(now_ms, 1000 + RECOVER_OFF_MS);
	ck_assert_int_ge(off_seen, 20);
	/* the hub port is switched off by USB only once, to test whether the hub obeys; then sysfs keeps it off */
	ck_assert_int_eq(usb.times_off, 1);
	ck_assert(usb.on && !is_disabled());
	ck_assert_int_eq(usb.resets, 0);
	ck_assert_int_eq(count_fds(), fds);
}
END_TEST

START_TEST(without_sysfs_the_hub_is_asked_until_it_stays_off)
{
	ck_assert_int_eq(unlink(fake_path(HUB_PORT "/disable")), 0);
	usb.repowers = true;
	ck_assert_int_eq(power_cycle(), 0);
	ck_assert_int_gt(usb.times_off, 2);
	ck_assert(usb.on && usb.connected);
	ck_assert_int_ge(now_ms, 1000 + RECOVER_OFF_MS);
}
END_TEST

START_TEST(sysfs_that_may_not_be_written_is_not_touched)
{
	usb.sysfs_is_read_only = true;
	on_wait = NULL;
	ck_assert_int_eq(power_cycle(), 0);
	ck_assert_int_eq(usb.times_off, 1);
	ck_assert(usb.on);
}
END_TEST

/* clang-format off */
static const struct { unsigned int characteristics; const char *words; } poor_hubs[] = {
	{ 0x00, "switches all its ports together" }, { 0x02, "cannot switch power" }, { 0x0a, "cannot switch power" },
	{ 0x0b, "cannot switch power" }, { 0x08, "switches all its ports together" },
};
/* clang-format on */

START_TEST(a_hub_that_cannot_switch_one_port_is_refused)
{
	usb.characteristics = poor_hubs[_i].characteristics;
	ck_assert_int_eq(power_cycle(), -ENOTSUP);
	expect_says(poor_hubs[_i].words);
	expect_untouched();
}
END_TEST

static void see_no_disable(void)
{
	ck_assert(!is_disabled());
}

START_TEST(a_hub_that_pretends_is_found_out_before_anything_is_disturbed)
{
	usb.pretends = true;
	on_wait = see_no_disable;
	ck_assert_int_eq(power_cycle(), -ENOTSUP);
	expect_says("only pretends");
	ck_assert(usb.on && usb.connected && !is_disabled());
}
END_TEST

START_TEST(a_hub_that_does_not_describe_itself_is_refused)
{
	usb.descriptor_len = 4;
	ck_assert_int_eq(power_cycle(), -EIO);
	expect_untouched();
}
END_TEST

START_TEST(whatever_fails_the_power_is_on_in_the_end)
{
	int fds = count_fds(), n, failed = 0;

	usb.fail_with = usb_errors[_i].usb;
	for (n = 1; n < 60; n++) {
		usb.calls = 0;
		usb.fail_at = n;
		usb.connected = usb.on = true;
		failed += power_cycle() < 0;
		ck_assert_msg(!is_disabled(), "call %d", n);
		ck_assert_msg(usb.on || strstr(text, "without power") || usb.calls == n, "call %d: off", n);
		ck_assert_int_eq(usb.open_handles, 0);
		ck_assert_int_eq(usb.open_contexts, 0);
		ck_assert_int_eq(count_fds(), fds);
	}
	ck_assert_int_ge(failed, 30);
}
END_TEST

START_TEST(power_that_cannot_be_given_back_is_said)
{
	usb.sysfs_is_read_only = true;
	usb.fail_at = 100;
	ck_assert_int_eq(power_cycle(), 0);
	usb.fail_at = usb.calls; /* the last libusb call fails: it would switch the power on again */
	usb.calls = 0;
	ck_assert_int_eq(power_cycle(), -EIO);
	expect_says("may be left without power");
	expect_says("echo 0 > /sys/bus/usb/devices/1-1:1.0/1-1-port4/disable");
}
END_TEST

START_TEST(a_stop_gives_the_power_back_first)
{
	for (int n = 1; n <= 30; n++) {
		stop_after = n;
		ck_assert_int_eq(power_cycle(), -ECANCELED);
		ck_assert(usb.on && !is_disabled());
	}
}
END_TEST

static void see_peer_off(void)
{
	off_seen += says_one(HUB_PORT "/peer/disable");
}

START_TEST(the_sockets_other_half_goes_with_it)
{
	fake_file(HUB_PORT "/peer/disable", "0\n%s", "");
	on_wait = see_peer_off;
	off_seen = 0;
	ck_assert_int_eq(power_cycle(), 0);
	ck_assert_int_ge(off_seen, 20);
	ck_assert(!says_one(HUB_PORT "/peer/disable"));
	usb.sysfs_is_read_only = true;
	usb.times_off = 0;
	ck_assert_int_eq(power_cycle(), -EACCES);
	expect_untouched();
	usb.sysfs_is_read_only = false;
	fake_dir(HUB_PORT "/peer/device");
	ck_assert_int_eq(power_cycle(), -EBUSY);
	expect_untouched();
}
END_TEST

START_TEST(a_port_of_the_root_hub_is_found)
{
	static const struct fake_usb root = { "2-3", "1a86", "7523", "R", NULL, NULL };

	fake_usb_plug(&root, "ttyUSB5", "ch341");
	fake_file("/sys/bus/usb/devices/usb2/busnum", "2\n%s", "");
	fake_file("/sys/bus/usb/devices/usb2/devnum", "1\n%s", "");
	fake_file("/dev/bus/usb/002/001", "%s", "");
	fake_file("/sys/bus/usb/devices/2-0:1.0/usb2-port3/peer/device/x", "%s", "");
	ck_assert_int_eq(recover_target(spec_of("/dev/ttyUSB5"), &target), 0);
	/* The USB 3 half of this hub port has a device, so the power cycle is refused. This refusal shows that espreset
	 * has looked at the right hub port. */
	ck_assert_int_eq(power_cycle(), -EBUSY);
	expect_says("the same socket's USB 3 half");
	ck_assert_str_eq(usb.opened, "/dev/bus/usb/002/001");
}
END_TEST

START_TEST(a_bridge_that_hung_itself_up_can_still_be_power_cycled)
{
	ck_assert_int_eq(unlink(fake_path("/sys/bus/usb/devices/1-1.4")), 0);
	usb.connected = false;
	ck_assert_int_eq(power_cycle(), 0);
	ck_assert(usb.on);
}
END_TEST

/* ---- waiting until the device is back ---- */

static int come_back(void)
{
	return recover_wait(&target, now_ms + 1000, NULL, TEXTBUF(path), TEXTBUF(text));
}

static void unplug(const char *tty)
{
	char link[64];

	(void)snprintf(link, sizeof(link), "/sys/class/tty/%s", tty);
	ck_assert_int_eq(unlink(fake_path(link)), 0);
}

static void return_as_another(void)
{
	on_wait = NULL;
	fake_usb_tty("1-1.4", 0, "ttyUSB3", "ch341");
}

START_TEST(the_same_place_is_found_under_another_number)
{
	unplug("ttyUSB0");
	ck_assert_int_eq(unlink(fake_path(DEVICE "/1-1.4:1.0/driver")), 0);
	on_wait = return_as_another;
	ck_assert_int_eq(come_back(), 0);
	ck_assert_str_eq(path, "/dev/ttyUSB3");
}
END_TEST

START_TEST(one_that_does_not_come_back_is_said)
{
	unplug("ttyUSB0");
	ck_assert_int_eq(come_back(), -ENODEV);
	expect_says("did not come back at 1-1.4");
}
END_TEST

START_TEST(another_device_that_comes_to_the_place_is_not_taken)
{
	fake_file(DEVICE "/idProduct", "%s\n", "55d4");
	ck_assert_int_eq(come_back(), -ENODEV);
	expect_says("another device is at 1-1.4");
}
END_TEST

START_TEST(a_stop_ends_the_wait)
{
	unplug("ttyUSB0");
	stop_after = 1;
	ck_assert_int_eq(come_back(), -ECANCELED);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("recover");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, a_target_is_a_place_and_who_stands_there);
	tcase_add_test(tc, a_usb_reset_goes_to_the_bridge_and_to_nobody_else);
	tcase_add_test(tc, a_device_that_enumerates_again_was_reset);
	tcase_add_loop_test(tc, each_step_of_a_usb_reset_fails_in_each_way, 0, COUNT(usb_errors));
	tcase_add_test(tc, without_the_right_the_rule_is_said);
	tcase_add_test(tc, another_device_at_the_place_is_left_alone);
	tcase_add_test(tc, a_device_that_is_gone_is_not_reset);
	tcase_add_test(tc, an_interface_that_a_program_claimed_is_respected);
	tcase_add_test(tc, an_interface_of_another_kind_is_respected);
	tcase_add_test(tc, the_other_interface_of_the_same_driver_is_the_ports_own);
	tcase_add_test(tc, a_second_port_of_the_device_that_somebody_has_open_is_respected);
	tcase_add_test(tc, a_power_cycle_switches_off_by_sysfs_and_on_again);
	tcase_add_test(tc, without_sysfs_the_hub_is_asked_until_it_stays_off);
	tcase_add_test(tc, sysfs_that_may_not_be_written_is_not_touched);
	tcase_add_loop_test(tc, a_hub_that_cannot_switch_one_port_is_refused, 0, COUNT(poor_hubs));
	tcase_add_test(tc, a_hub_that_pretends_is_found_out_before_anything_is_disturbed);
	tcase_add_test(tc, a_hub_that_does_not_describe_itself_is_refused);
	tcase_add_loop_test(tc, whatever_fails_the_power_is_on_in_the_end, 0, COUNT(usb_errors));
	tcase_add_test(tc, power_that_cannot_be_given_back_is_said);
	tcase_add_test(tc, a_stop_gives_the_power_back_first);
	tcase_add_test(tc, the_sockets_other_half_goes_with_it);
	tcase_add_test(tc, a_port_of_the_root_hub_is_found);
	tcase_add_test(tc, a_bridge_that_hung_itself_up_can_still_be_power_cycled);
	tcase_add_test(tc, the_same_place_is_found_under_another_number);
	tcase_add_test(tc, one_that_does_not_come_back_is_said);
	tcase_add_test(tc, another_device_that_comes_to_the_place_is_not_taken);
	tcase_add_test(tc, a_stop_ends_the_wait);
	return suite_run_case("recover", tc);
}
