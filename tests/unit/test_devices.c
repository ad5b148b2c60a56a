/* test_devices.c - the serial port that a PORT argument means, in fake trees of /sys and /dev. */
#include <check.h>
#include <errno.h>
#include <libusb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake_root.h"
#include "fake_usb.h"
#include "files.h"
#include "host/resolve.h"
#include "leaks.h"
#include "port/stop.h"
#include "port/wait.h"
#include "specs.h"
#include "suite.h"

static const struct fake_usb ch340_a = { "1-1.4", "1a86", "7523", NULL, "USB Serial", "0264" };
static const struct fake_usb ch340_b = { "1-1.3", "1a86", "7523", NULL, "USB Serial", "0264" };
static const struct fake_usb cp2102n = { "2-1", "10c4", "ea60", "0a1b2c", "CP2102N USB to UART Bridge", NULL };
static const struct fake_usb cp2104 = { "2-2", "10c4", "ea60", "01D0AA", "CP2104 USB to UART Bridge", NULL };
static const struct fake_usb ft2232 = { "3-1", "0403", "6010", "FT1", "Dual RS232-HS", "0700" };
static const struct fake_usb native = { "1-2", "303a", "1001", "AA:BB:CC:DD:EE:FF", "USB JTAG/serial", "0101" };
static const struct fake_usb mouse = { "1-3", "046d", "c077", NULL, "Mouse", NULL };

static char path[256];
static char text[512];

static void set_up(void)
{
	fake_usb_make();
	path[0] = text[0] = '\0';
}

static int resolve(const char *spelling)
{
	return resolve_port(spec_of(spelling), TEXTBUF(path), TEXTBUF(text));
}

START_TEST(lists_nothing_where_nothing_is)
{
	struct device *devices = (struct device *)1;

	fake_dir("/sys/class/tty/ttyS0");
	fake_usb_device(&mouse);
	ck_assert_int_eq(devices_list(&devices), 0);
	ck_assert_ptr_null(devices);
}
END_TEST

START_TEST(lists_each_port_with_all_that_is_known_of_it)
{
	struct device *d;

	fake_usb_plug(&cp2102n, "ttyUSB10", "cp210x");
	fake_usb_plug(&ch340_a, "ttyUSB9", "ch341");
	fake_usb_plug(&native, "ttyACM0", "cdc_acm");
	fake_usb_device(&ch340_b);
	fake_usb_device(&mouse);
	fake_link("../ttyUSB9", "/dev/espreset/kitchen");
	fake_link("../ttyUSB7", "/dev/espreset/attic");
	ck_assert_int_eq(devices_list(&d), 4);

	ck_assert_str_eq(d[0].path, "/dev/ttyACM0");
	ck_assert_str_eq(d[0].bridge, "USB-Serial-JTAG");
	ck_assert_str_eq(d[0].driver, "cdc_acm");
	ck_assert_str_eq(d[0].serial, "AA:BB:CC:DD:EE:FF");
	ck_assert_str_eq(d[0].interface, "1-2:1.0");

	ck_assert_str_eq(d[1].path, "/dev/ttyUSB9");
	ck_assert_str_eq(d[1].bridge, "CH340");
	ck_assert_uint_eq(d[1].vid, 0x1a86);
	ck_assert_uint_eq(d[1].pid, 0x7523);
	ck_assert_uint_eq(d[1].bcd_device, 0x264);
	ck_assert_str_eq(d[1].serial, "");
	ck_assert_str_eq(d[1].product, "USB Serial");
	ck_assert_str_eq(d[1].usb_path, "1-1.4");
	ck_assert_str_eq(d[1].interface, "1-1.4:1.0");
	ck_assert_str_eq(d[1].driver, "ch341");
	ck_assert_str_eq(d[1].name, "kitchen");
	devices_find_holders(d, 4);
	ck_assert(!d[1].is_held);

	ck_assert_str_eq(d[2].path, "/dev/ttyUSB10");
	ck_assert_str_eq(d[2].bridge, "CP2102N");
	ck_assert_str_eq(d[2].name, "");

	ck_assert_str_eq(d[3].path, "");
	ck_assert_str_eq(d[3].bridge, "CH340");
	ck_assert_str_eq(d[3].usb_path, "1-1.3");
	ck_assert_str_eq(d[3].driver, "");
	free(d);
}
END_TEST

START_TEST(lists_who_holds_a_port)
{
	struct device *d;

	fake_usb_plug(&ch340_a, "ttyUSB0", "ch341");
	ck_assert_int_eq(unlink(fake_path("/dev/ttyUSB0")), 0);
	/* espreset finds the process that holds a port by comparing device numbers, so the fake port must be a
	 * character device */
	fake_link("/dev/full", "/dev/ttyUSB0");
	fake_file("/proc/812/comm", "esptool\n%s", "");
	fake_link("/dev/full", "/proc/812/fd/3");
	ck_assert_int_eq(devices_list(&d), 1);
	devices_find_holders(d, 1);
	ck_assert(d[0].is_held);
	ck_assert_int_eq(d[0].holder.pid, 812);
	ck_assert_str_eq(d[0].holder.command, "esptool");
	free(d);
}
END_TEST

static const struct {
	const char *vid, *pid, *product, *bcd, *name;
} names[] = {
	{ "10c4", "ea60", "CP2102 USB to UART Bridge Controller", "0100", "CP2102" },
	{ "10c4", "ea60", "CP2104", "0100", "CP2104" },
	{ "10c4", "ea60", "CP21 owned\x1b[0m", "0100", "CP21" },
	{ "10c4", "ea60", "CP2102\x1b[0m", "0100", "CP210x" },
	{ "10c4", "ea60", "My board", "0100", "CP210x" },
	{ "10c4", "ea60", NULL, "0100", "CP210x" },
	{ "10c4", "ea64", "CP2102C", "0100", "CP2102C" },
	{ "0403", "6001", "x", "0600", "FT232R" },
	{ "0403", "6001", "x", "1000", "FT-X" },
	{ "0403", "6010", "x", "0500", "FT2232C" },
	{ "0403", "6001", "x", "9999", "FT232" },
	{ "067b", "23a3", "x", "0100", "PL2303GC" },
	{ "1a86", "55d4", "x", "0100", "CH9102" },
	{ "303a", "4001", "x", "0100", "native USB" },
	{ "1234", "5678", "x", "0100", "" },
};

START_TEST(names_a_bridge_as_exactly_as_its_descriptors_tell)
{
	struct fake_usb usb = { "1-1", names[_i].vid, names[_i].pid, NULL, names[_i].product, names[_i].bcd };
	struct device *d;

	fake_usb_plug(&usb, "ttyUSB0", "any");
	ck_assert_int_eq(devices_list(&d), 1);
	ck_assert_str_eq(d[0].bridge, names[_i].name);
	free(d);
}
END_TEST

START_TEST(finds_what_is_known_of_one_port)
{
	struct device d;

	fake_usb_plug(&ch340_a, "ttyUSB0", "ch341");
	fake_dir("/sys/class/tty/ttyS0");
	fake_file("/dev/ttyS0", "%s", "");
	fake_link("../../ttyUSB0", "/dev/serial/by-id/x");
	fake_link("../ttyUSB0", "/dev/espreset/kitchen");
	ck_assert_int_eq(devices_find("/dev/serial/by-id/x", &d), 0);
	ck_assert_str_eq(d.path, "/dev/ttyUSB0");
	ck_assert_str_eq(d.usb_path, "1-1.4");
	ck_assert_str_eq(d.name, "kitchen");
	ck_assert_int_eq(devices_find("/dev/ttyS0", &d), -ENOENT);
	/* In a container the port's node in /dev may have any name. Only its device number identifies the port. */
	fake_link("/dev/full", "/dev/board");
	ck_assert_int_eq(devices_find("/dev/board", &d), -ENOENT);
	fake_link("../../class/tty/ttyUSB0", "/sys/dev/char/1:7");
	ck_assert_int_eq(devices_find("/dev/board", &d), 0);
	ck_assert_str_eq(d.path, "/dev/ttyUSB0");
	ck_assert_int_eq(devices_find("/dev/ttyUSB1", &d), -ENOENT);
}
END_TEST

/* ---- libusb, where there is no sysfs ---- */

static struct libusb_device_descriptor usb_descriptors[] = {
	{ .idVendor = 0x046d, .idProduct = 0xc077 },
	{ .idVendor = 0x1a86, .idProduct = 0x7523, .bcdDevice = 0x264 },
};
static int usb_open;

int __wrap_libusb_init(libusb_context **ctx);
int __wrap_libusb_init(libusb_context **ctx)
{
	*ctx = NULL;
	usb_open++;
	return 0;
}

void __wrap_libusb_exit(libusb_context *ctx);
void __wrap_libusb_exit(libusb_context *ctx)
{
	(void)ctx;
	usb_open--;
}

ssize_t __wrap_libusb_get_device_list(libusb_context *ctx, libusb_device ***ret);
ssize_t __wrap_libusb_get_device_list(libusb_context *ctx, libusb_device ***ret)
{
	static libusb_device *all[2];

	(void)ctx;
	all[0] = (libusb_device *)(void *)&usb_descriptors[0];
	all[1] = (libusb_device *)(void *)&usb_descriptors[1];
	*ret = all;
	return 2;
}

void __wrap_libusb_free_device_list(libusb_device **list, int unref);
void __wrap_libusb_free_device_list(libusb_device **list, int unref)
{
	ck_assert_ptr_nonnull(list);
	ck_assert_int_eq(unref, 1);
}

int __wrap_libusb_get_device_descriptor(libusb_device *dev, struct libusb_device_descriptor *ret);
int __wrap_libusb_get_device_descriptor(libusb_device *dev, struct libusb_device_descriptor *ret)
{
	memcpy(ret, (void *)dev, sizeof(*ret));
	return 0;
}

START_TEST(without_sysfs_libusb_tells_what_is_plugged_in)
{
	struct device *d;

	ck_assert_int_eq(rmdir(fake_path("/sys/bus/usb/devices")), 0);
	ck_assert_int_eq(devices_list(&d), 1);
	ck_assert_str_eq(d[0].bridge, "CH340");
	ck_assert_str_eq(d[0].path, "");
	ck_assert_int_eq(usb_open, 0);
	free(d);
	ck_assert_int_eq(resolve("usb:1a86:7523"), -ENXIO);
	ck_assert_str_eq(text, "a CH340 is plugged in at a place not known, "
			       "but no driver has made a serial port of it");
}
END_TEST

/* ---- spellings of PORT ---- */

static const struct {
	const char *spelling;
	int err;
	const char *answer; /* expected path of the port, or expected error text */
} spellings[] = {
	{ "usb:1-1.4", 0, "/dev/ttyUSB0" },
	{ "usb:1-1.3", 0, "/dev/ttyUSB1" },
	{ "usb:1-1.4:1.0", 0, "/dev/ttyUSB0" },
	{ "usb:10c4:ea60:0a1b2c", 0, "/dev/ttyUSB2" },
	{ "usb:10C4:EA60:01D0AA", 0, "/dev/ttyUSB3" },
	{ "usb:303a:1001", 0, "/dev/ttyACM0" },
	{ "usb:303a:1001:AA:BB:CC:DD:EE:FF", 0, "/dev/ttyACM0" },
	{ "usb:3-1:1.1", 0, "/dev/ttyUSB5" },
	{ "/dev/ttyUSB0", 0, "/dev/ttyUSB0" },
	{ "/dev/serial/by-id/x", 0, "/dev/serial/by-id/x" },

	{ "usb:1a86:7523", -ENOTUNIQ,
	  "fits several boards; say which: usb:1-1.4 (/dev/ttyUSB0), usb:1-1.3 (/dev/ttyUSB1)" },
	{ "usb:10c4:ea60", -ENOTUNIQ,
	  "fits several boards; say which: usb:10c4:ea60:0a1b2c (/dev/ttyUSB2), "
	  "usb:10c4:ea60:01D0AA (/dev/ttyUSB3)" },
	{ "usb:3-1", -ENOTUNIQ,
	  "fits several boards; say which: usb:3-1:1.0 (/dev/ttyUSB4), usb:3-1:1.1 (/dev/ttyUSB5)" },
	{ "usb:4-1", -ENXIO, "a CH340 is plugged in at 4-1, but no driver has made a serial port of it" },
	{ "usb:1-1", -ENOENT, "nothing like that is plugged in" },
	{ "usb:10c4:ea60:0A1B2C", -ENOENT, "nothing like that is plugged in" },
	{ "usb:1a86:55d4", -ENOENT, "nothing like that is plugged in" },
	{ "/dev/ttyUSB8", -ENOENT, "No such file or directory" },
	{ "/dev/ttyUSB0/x", -ENOTDIR, "Not a directory" },
};

static void plug_all(void)
{
	static const struct fake_usb dead = { "4-1", "1a86", "7523", NULL, NULL, NULL };

	fake_usb_plug(&ch340_a, "ttyUSB0", "ch341");
	fake_usb_plug(&ch340_b, "ttyUSB1", "ch341");
	fake_usb_plug(&cp2102n, "ttyUSB2", "cp210x");
	fake_usb_plug(&cp2104, "ttyUSB3", "cp210x");
	fake_usb_plug(&ft2232, "ttyUSB4", "ftdi_sio");
	fake_usb_tty(ft2232.usb_path, 1, "ttyUSB5", "ftdi_sio");
	fake_usb_plug(&native, "ttyACM0", "cdc_acm");
	fake_usb_device(&dead);
	fake_link("../../ttyUSB0", "/dev/serial/by-id/x");
}

START_TEST(resolves_a_spelling_or_says_why_not)
{
	plug_all();
	ck_assert_int_eq(resolve(spellings[_i].spelling), spellings[_i].err);
	ck_assert_str_eq(spellings[_i].err ? text : path, spellings[_i].answer);
}
END_TEST

START_TEST(every_spelling_that_is_offered_fits_exactly_that_one)
{
	char spelling[256];
	struct device *d;
	int i, count;

	plug_all();
	count = devices_list(&d);
	ck_assert_int_eq(count, 8);
	for (i = 0; d[i].path[0]; i++) {
		resolve_spelling(d, (size_t)count, &d[i], spelling, sizeof(spelling));
		ck_assert_int_eq(resolve(spelling), 0);
		ck_assert_str_eq(path, d[i].path);
	}
	resolve_spelling(d, (size_t)count, &d[0], spelling, sizeof(spelling));
	ck_assert_str_eq(spelling, "usb:303a:1001"); /* the shortest spelling of PORT that means this port only */
	free(d);
}
END_TEST

START_TEST(a_serial_that_two_share_or_that_cannot_be_typed_is_not_offered)
{
	static const struct fake_usb twin_a = { "5-1", "10c4", "ea60", "0001", NULL, NULL };
	static const struct fake_usb twin_b = { "5-2", "10c4", "ea60", "0001", NULL, NULL };
	static const struct fake_usb odd = { "5-3", "10c4", "ea60", "\x1b[2J", NULL, NULL };

	fake_usb_plug(&twin_a, "ttyUSB0", "cp210x");
	fake_usb_plug(&twin_b, "ttyUSB1", "cp210x");
	fake_usb_plug(&odd, "ttyUSB2", "cp210x");
	ck_assert_int_eq(resolve("usb:10c4:ea60"), -ENOTUNIQ);
	ck_assert_str_eq(text, "fits several boards; say which: usb:5-1 (/dev/ttyUSB0), "
			       "usb:5-2 (/dev/ttyUSB1), usb:5-3 (/dev/ttyUSB2)");
}
END_TEST

START_TEST(one_without_a_port_does_not_make_the_other_ambiguous)
{
	fake_usb_plug(&ch340_a, "ttyUSB0", "ch341");
	fake_usb_device(&ch340_b);
	ck_assert_int_eq(resolve("usb:1a86:7523"), 0);
	ck_assert_str_eq(path, "/dev/ttyUSB0");
}
END_TEST

START_TEST(a_buffer_that_is_too_small_is_never_overrun)
{
	char small[8];

	plug_all();
	memset(small, 'x', sizeof(small));
	ck_assert_int_eq(resolve_port(spec_of("usb:1a86:7523"), TEXTBUF(path), (struct textbuf){ small, 5 }),
			 -ENOTUNIQ);
	ck_assert_str_eq(small, "fits");
	ck_assert_int_eq(small[5], 'x');
	ck_assert_int_eq(resolve_port(spec_of("/dev/serial/by-id/x"), (struct textbuf){ small, 5 }, TEXTBUF(text)),
			 -ENAMETOOLONG);
}
END_TEST

/* ---- waiting for a port ---- */

/* Runs @act in a child process 20 ms from now, for example to plug in a board. */
static pid_t later(void (*act)(void))
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		(void)usleep(20000);
		act();
		_exit(0);
	}
	return pid;
}

static int wait_for(const char *spelling, int64_t deadline_ms)
{
	return resolve_wait(spec_of(spelling), deadline_ms, NULL, TEXTBUF(path), TEXTBUF(text));
}

static void plug_ch340(void)
{
	fake_usb_plug(&ch340_a, "ttyUSB0", "ch341");
}

static void plug_ch340_with_links(void)
{
	fake_usb_plug(&ch340_a, "ttyUSB0", "ch341");
	(void)usleep(5000);
	fake_dir("/dev/serial");
	(void)usleep(5000);
	fake_link("../../ttyUSB0", "/dev/serial/by-id/x");
}

static void make_node(void)
{
	fake_file("/dev/ttyUSB0", "%s", "");
}

static void load_driver(void)
{
	fake_usb_tty(ch340_a.usb_path, 0, "ttyUSB0", "ch341");
}

static const struct {
	const char *spelling;
	void (*act)(void);
} waits[] = {
	{ "/dev/ttyUSB0", plug_ch340 },	  { "usb:1-1.4", plug_ch340 },
	{ "usb:1a86:7523", plug_ch340 },  { "/dev/serial/by-id/x", plug_ch340_with_links },
	{ "/home/me/board", plug_ch340 }, { "/home/me/other", plug_ch340_with_links },
};

START_TEST(waits_for_a_port_that_is_plugged_in_later)
{
	pid_t pid;
	int fds;

	fake_link("../../dev/ttyUSB0", "/home/me/board");
	fake_link("../../dev/serial/by-id/x", "/home/me/other");
	fds = count_fds();
	pid = later(waits[_i].act);
	ck_assert_int_eq(wait_for(waits[_i].spelling, WAIT_FOREVER), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_int_eq(count_fds(), fds);
}
END_TEST

START_TEST(waits_for_the_driver_of_what_is_plugged_in)
{
	pid_t pid;

	fake_usb_device(&ch340_a);
	pid = later(load_driver);
	ck_assert_int_eq(wait_for("usb:1-1.4", WAIT_FOREVER), 0);
	ck_assert_str_eq(path, "/dev/ttyUSB0");
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}
END_TEST

START_TEST(waits_for_the_node_that_sysfs_is_ahead_of)
{
	pid_t pid;

	plug_ch340();
	ck_assert_int_eq(unlink(fake_path("/dev/ttyUSB0")), 0);
	pid = later(make_node);
	ck_assert_int_eq(wait_for("usb:1-1.4", WAIT_FOREVER), 0);
	ck_assert_int_eq(access(fake_path("/dev/ttyUSB0"), F_OK), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}
END_TEST

START_TEST(says_at_the_deadline_what_is_missing)
{
	ck_assert_int_eq(wait_for("usb:1-1.4", 0), -ENOENT);
	ck_assert_str_eq(text, "nothing like that is plugged in");
	ck_assert_int_eq(wait_for("/dev/ttyUSB0", wait_now_ms() + 10), -ENOENT);
	fake_usb_device(&ch340_a);
	ck_assert_int_eq(wait_for("usb:1-1.4", wait_now_ms() + 10), -ENXIO);
}
END_TEST

START_TEST(does_not_wait_for_what_waiting_cannot_cure)
{
	plug_all();
	ck_assert_int_eq(wait_for("usb:1a86:7523", WAIT_FOREVER), -ENOTUNIQ);
	ck_assert_int_eq(wait_for("sim:", WAIT_FOREVER), -ENOTSUP);
	ck_assert_int_eq(wait_for("/dev/ttyUSB0", WAIT_FOREVER), 0);
}
END_TEST

/* udev's database entry for the fake port, which is /dev/full (character device 1:7). */
#define FULL_DB "/run/udev/data/c1:7"

static void empty_the_queue(void)
{
	(void)usleep(300000);
	(void)unlink(fake_path("/run/udev/queue"));
}

/* A new board may get the device number of an unplugged one. While udev's queue is not empty, the link in /dev and the
 * database entry may still describe the unplugged board, so the port must not be used yet. */
START_TEST(a_port_is_not_there_while_udev_has_work_to_do)
{
	char queue[] = "/run/udev/queue";
	pid_t pid;

	fake_file("/run/udev/control", "%s", "");
	fake_file(queue, "%s", "");
	fake_file(FULL_DB, "I:1\n%s", "");
	fake_link("/dev/full", "/dev/ttyUSB0");
	pid = later(empty_the_queue);
	ck_assert_int_eq(wait_for("/dev/ttyUSB0", WAIT_FOREVER), 0);
	ck_assert_int_ne(access(fake_path(queue), F_OK), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}
END_TEST

/* Adds udev's database entry for the port, and removes it 1.5 s later. If espreset did not notice the new entry, it
 * would wait for 2 s (UDEV_MOST_MS). The test would then fail, because the entry is gone. */
static void finish_as_udev(void)
{
	fake_file(FULL_DB, "I:1\n%s", "");
	(void)usleep(1500000);
	(void)unlink(fake_path(FULL_DB));
}

START_TEST(a_port_is_there_when_udev_is_done_with_it)
{
	char db[] = FULL_DB;
	pid_t pid;

	fake_file("/run/udev/control", "%s", "");
	fake_dir("/run/udev/data");
	fake_link("/dev/full", "/dev/ttyUSB0");
	pid = later(finish_as_udev);
	ck_assert_int_eq(wait_for("/dev/ttyUSB0", WAIT_FOREVER), 0);
	ck_assert_int_eq(access(fake_path(db), F_OK), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	/* udev's database entry has been removed. At the deadline wait_for() must accept the port without the entry. */
	ck_assert_int_eq(wait_for("/dev/ttyUSB0", wait_now_ms() + 10), 0);
}
END_TEST

START_TEST(a_stop_signal_ends_the_wait)
{
	stop_init();
	ck_assert_int_eq(raise(SIGTERM), 0);
	ck_assert_int_eq(resolve_wait(spec_of("usb:1-1"), WAIT_FOREVER, stop_port(), TEXTBUF(path), TEXTBUF(text)),
			 -ECANCELED);
}
END_TEST

/* Does udev/70-espreset.rules have a line for this USB ID? A line without a product ID stands for all devices of a
 * vendor. */
static bool rules_have(const char *rules, const char *vid, const char *pid)
{
	char vendor[32], product[4096];
	const char *line = rules;

	snprintf(vendor, sizeof(vendor), "idVendor}==\"%s\"", vid);
	while ((line = strstr(line, vendor))) {
		snprintf(product, sizeof(product), "%.*s", (int)strcspn(line, "\n"), line);
		if (!strstr(product, "idProduct") || strstr(product, pid))
			return true;
		line++;
	}
	return false;
}

START_TEST(the_udev_rules_know_each_bridge_of_the_table)
{
	static char table[8192], rules[8192];
	char vid[5], pid[5];
	int n = 0;

	ck_assert_uint_gt(files_read("src/host/bridges.c", table, sizeof(table)), 0);
	ck_assert_uint_gt(files_read("udev/70-espreset.rules", rules, sizeof(rules)), 0);
	for (const char *row = table; (row = strstr(row, "\t{ 0x")); row++) {
		if (sscanf(row, "\t{ 0x%4[0-9a-f], 0x%4[0-9a-f]", vid, pid) != 2)
			continue;
		ck_assert_msg(rules_have(rules, vid, pid), "udev/70-espreset.rules lacks %s:%s", vid, pid);
		n++;
	}
	ck_assert_int_gt(n, 20);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("devices");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, set_up, fake_root_remove);
	tcase_add_test(tc, the_udev_rules_know_each_bridge_of_the_table);
	tcase_add_test(tc, lists_nothing_where_nothing_is);
	tcase_add_test(tc, lists_each_port_with_all_that_is_known_of_it);
	tcase_add_test(tc, lists_who_holds_a_port);
	tcase_add_loop_test(tc, names_a_bridge_as_exactly_as_its_descriptors_tell, 0, COUNT(names));
	tcase_add_test(tc, finds_what_is_known_of_one_port);
	tcase_add_test(tc, without_sysfs_libusb_tells_what_is_plugged_in);
	tcase_add_loop_test(tc, resolves_a_spelling_or_says_why_not, 0, COUNT(spellings));
	tcase_add_test(tc, every_spelling_that_is_offered_fits_exactly_that_one);
	tcase_add_test(tc, a_serial_that_two_share_or_that_cannot_be_typed_is_not_offered);
	tcase_add_test(tc, one_without_a_port_does_not_make_the_other_ambiguous);
	tcase_add_test(tc, a_buffer_that_is_too_small_is_never_overrun);
	tcase_add_loop_test(tc, waits_for_a_port_that_is_plugged_in_later, 0, COUNT(waits));
	tcase_add_test(tc, waits_for_the_driver_of_what_is_plugged_in);
	tcase_add_test(tc, waits_for_the_node_that_sysfs_is_ahead_of);
	tcase_add_test(tc, says_at_the_deadline_what_is_missing);
	tcase_add_test(tc, does_not_wait_for_what_waiting_cannot_cure);
	tcase_add_test(tc, a_port_is_there_when_udev_is_done_with_it);
	tcase_add_test(tc, a_port_is_not_there_while_udev_has_work_to_do);
	tcase_add_test(tc, a_stop_signal_ends_the_wait);
	return suite_run_case("devices", tc);
}
