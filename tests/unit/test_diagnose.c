/* test_diagnose.c - --diagnose on a fake system: the test provokes each fault once and expects its finding; on a
 * healthy system it expects none. */
#include <check.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fake_root.h"
#include "fake_usb.h"
#include "host/diagnose.h"
#include "leaks.h"
#include "specs.h"
#include "suite.h"

#define PORT "/dev/ttyUSB0"
#define KERNEL "6.1.0-18-amd64"

static const struct fake_usb ch340 = { "1-1.4", "1a86", "7523", NULL, "USB Serial", "0264" };
static const struct fake_usb mouse = { "1-3", "046d", "c077", NULL, "Mouse\x1b[2J", NULL };

/* ---- the user, and access to the port ---- */

static struct {
	bool on;
	bool may_open;
	int why; /* errno that access() sets if may_open is false */
	mode_t mode;
	gid_t gid;
	gid_t our_group;
} rights;

int __real_faccessat(int dir, const char *path, int mode, int flags);
int __wrap_faccessat(int dir, const char *path, int mode, int flags);
int __wrap_faccessat(int dir, const char *path, int mode, int flags)
{
	if (!rights.on)
		return __real_faccessat(dir, path, mode, flags);
	ck_assert_int_eq(mode, R_OK | W_OK);
	errno = rights.why;
	return rights.may_open ? 0 : -1;
}

int __real_stat(const char *path, struct stat *st);
int __wrap_stat(const char *path, struct stat *st);
int __wrap_stat(const char *path, struct stat *st)
{
	int r = __real_stat(path, st);

	if (rights.on && r == 0 && strstr(path, PORT)) {
		st->st_mode = (st->st_mode & (mode_t)S_IFMT) | rights.mode;
		st->st_gid = rights.gid;
	}
	return r;
}

uid_t __wrap_geteuid(void);
uid_t __wrap_geteuid(void)
{
	return 1000;
}

gid_t __wrap_getegid(void);
gid_t __wrap_getegid(void)
{
	return 1000;
}

int __wrap_getgroups(int size, gid_t *groups);
int __wrap_getgroups(int size, gid_t *groups)
{
	ck_assert_int_gt(size, 2);
	groups[0] = 1000;
	groups[1] = rights.our_group;
	return 2;
}

/* ---- the account database ---- */

/* is_known: the account database has the user; is_in_dialout: it lists the user as a member of group dialout */
static bool is_known, is_in_dialout;

struct passwd *__wrap_getpwuid(uid_t uid);
struct passwd *__wrap_getpwuid(uid_t uid)
{
	static struct passwd alice = { .pw_name = "alice", .pw_uid = 1000, .pw_gid = 1000 };

	return is_known && uid == alice.pw_uid ? &alice : NULL;
}

struct group *__wrap_getgrgid(gid_t gid);
struct group *__wrap_getgrgid(gid_t gid)
{
	static struct group dialout = { .gr_name = "dialout", .gr_gid = 20 };
	static struct group root = { .gr_name = "root", .gr_gid = 0 };

	return gid == 20 ? &dialout : gid == 0 ? &root : NULL;
}

int __wrap_getgrouplist(const char *user, gid_t group, gid_t *groups, int *n);
int __wrap_getgrouplist(const char *user, gid_t group, gid_t *groups, int *n)
{
	ck_assert_str_eq(user, "alice");
	ck_assert_int_gt(*n, 1);
	groups[0] = group;
	groups[1] = 20;
	*n = is_in_dialout ? 2 : 1;
	return *n;
}

/* ---- the clock ---- */

static int64_t step_ms; /* fake time that passes with each call of wait_now_ms() */
static int64_t now_ms;

int64_t __wrap_wait_now_ms(void);
int64_t __wrap_wait_now_ms(void)
{
	return now_ms += step_ms;
}

/* ---- the fake system ---- */

static struct diagnosis found[8];
static int n_found;
static enum verdict verdict;

static void keep(void *user, const struct diagnosis *diagnosis)
{
	ck_assert_ptr_eq(user, found);
	ck_assert_int_lt(n_found, 8);
	found[n_found++] = *diagnosis;
}

static int diagnose(const char *port)
{
	n_found = 0;
	return diagnose_run(port ? spec_of(port) : NULL, keep, found, &verdict);
}

/* Plugs in a board. Its port is a link to /dev/full, because the code under test wants a character device. */
static void plug_in(const struct fake_usb *usb, const char *driver)
{
	fake_usb_plug(usb, "ttyUSB0", driver);
	ck_assert_int_eq(unlink(fake_path(PORT)), 0);
	fake_link("/dev/full", PORT);
	fake_link("../../class/tty/ttyUSB0", "/sys/dev/char/1:7");
	fake_link("../tty", "/sys/class/tty/ttyUSB0/subsystem");
}

static void set_up(void)
{
	fake_usb_make();
	fake_file("/proc/sys/kernel/osrelease", "%s\n", KERNEL);
	fake_dir("/lib/modules/" KERNEL);
	is_known = true;
	is_in_dialout = false;
	step_ms = 0;
	rights.on = true;
	rights.may_open = true;
	rights.why = EACCES;
	rights.mode = 0660;
	rights.gid = 20;
	rights.our_group = 20;
}

static void tear_down(void)
{
	rights.on = false;
	fake_root_remove();
}

static void plug_ch340(void)
{
	plug_in(&ch340, "ch341");
}

static void process(int pid, const char *comm)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	fake_file(path, "%s\n", comm);
}

/* ---- faults that the tests provoke ---- */

static void no_group(void)
{
	plug_ch340();
	rights.may_open = false;
	rights.our_group = 30;
}

static void old_login(void)
{
	no_group();
	is_in_dialout = true;
}

static void nobodys(void)
{
	no_group();
	rights.mode = 0600;
	rights.gid = 0;
}

static void old_mode(void)
{
	no_group();
	rights.mode = 0600;
}

static void roots_group(void)
{
	no_group();
	rights.gid = 0;
}

static void in_the_group_and_denied(void)
{
	no_group();
	rights.our_group = 20;
}

static void nameless_user(void)
{
	no_group();
	is_known = false;
}

static void nameless_group(void)
{
	no_group();
	rights.gid = 997;
}

static void foreign_group(void)
{
	no_group();
	fake_file("/.dockerenv", "%s", "");
}

static void held(void)
{
	plug_ch340();
	process(812, "picocom");
	fake_link("/dev/full", "/proc/812/fd/3");
}

static void held_by_our_parent(void)
{
	char path[64];

	held();
	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)getpid());
	fake_file(path, "%d (x) S 812 0\n", (int)getpid());
}

static void held_by_somebody(void)
{
	struct stat st;

	plug_ch340();
	ck_assert_int_eq(__real_stat("/dev/full", &st), 0);
	fake_file("/proc/locks", "1: FLOCK  ADVISORY  WRITE -1 %02x:%02x:%lu 0 EOF\n",
		  (unsigned int)(st.st_dev >> 8 & 0xfff), (unsigned int)(st.st_dev & 0xff), (unsigned long)st.st_ino);
}

static void held_by_modemmanager(void)
{
	plug_ch340();
	process(700, "ModemManager");
	fake_link("/dev/full", "/proc/700/fd/9");
}

static void a_regular_file(void)
{
	fake_file(PORT, "%s", "");
}

static void two_of_a_kind(void)
{
	static const struct fake_usb twin = { "1-1.3", "1a86", "7523", NULL, NULL, NULL };

	plug_ch340();
	fake_usb_plug(&twin, "ttyUSB1", "ch341");
}

static void claimed_by_brltty(void)
{
	fake_usb_device(&ch340);
	fake_link("../drivers/usbfs", "/sys/bus/usb/devices/1-1.4/1-1.4:1.0/driver");
	process(600, "brltty");
}

static void claimed_by_somebody(void)
{
	fake_usb_device(&ch340);
	fake_link("../drivers/usbfs", "/sys/bus/usb/devices/1-1.4/1-1.4:1.0/driver");
	fake_link("/dev/full", "/dev/bus/usb/001/007");
	process(601, "qemu");
	fake_link("/dev/full", "/proc/601/fd/5");
}

static void no_driver(void)
{
	fake_usb_device(&ch340);
	fake_dir("/sys/bus/usb/devices/1-1.4/1-1.4:1.0");
	fake_file("/lib/modules/" KERNEL "/modules.dep", "kernel/drivers/usb/serial/cp210x.ko.xz:%s", "\n");
}

static void driver_not_loaded(void)
{
	no_driver();
	fake_file("/etc/modprobe.d/old.conf", "#blacklist ch341%s", "\n");
	fake_file("/etc/modprobe.d/old.conf.bak", "blacklist ch341%s", "\n");
	fake_file("/lib/modules/" KERNEL "/modules.dep", "kernel/drivers/usb/serial/ch341.ko.xz:%s", "\n");
}

static void acm_not_loaded(void)
{
	static const struct fake_usb ch9102 = { "1-1.4", "1a86", "55d4", NULL, NULL, NULL };

	fake_usb_device(&ch9102);
	fake_file("/lib/modules/" KERNEL "/modules.dep", "kernel/drivers/usb/class/cdc-acm.ko:%s", "\n");
}

static void driver_forbidden(void)
{
	driver_not_loaded();
	fake_file("/etc/modprobe.d/local.conf", "# blacklist cp210x\nblacklist ch341%s", "\n");
}

static void kernel_replaced(void)
{
	no_driver();
	ck_assert_int_eq(unlink(fake_path("/lib/modules/" KERNEL "/modules.dep")), 0);
	ck_assert_int_eq(rmdir(fake_path("/lib/modules/" KERNEL)), 0);
}

static void no_driver_in_container(void)
{
	kernel_replaced();
	fake_file("/run/.containerenv", "%s", "");
}

static void switched_off(void)
{
	no_driver();
	fake_dir("/sys/bus/usb/drivers/ch341");
	fake_file("/sys/bus/usb/devices/1-1.4/authorized", "0%s", "\n");
}

static void no_power(void)
{
	no_driver();
	fake_dir("/sys/module/ch341");
	fake_file("/sys/bus/usb/devices/1-1.4/authorized", "1%s", "\n");
	fake_file("/sys/bus/usb/devices/1-1.4/bConfigurationValue", "%s", "\n");
}

static void not_bound(void)
{
	no_driver();
	fake_dir("/sys/bus/usb/drivers/ch341");
	fake_file("/sys/bus/usb/devices/1-1.4/bConfigurationValue", "1%s", "\n");
}

static void no_node(void)
{
	plug_ch340();
	ck_assert_int_eq(unlink(fake_path(PORT)), 0);
}

static void no_node_and_another_without_driver(void)
{
	static const struct fake_usb dead = { "1-1.3", "0403", "6001", NULL, NULL, NULL };

	no_node();
	fake_usb_device(&dead);
	fake_dir("/sys/bus/usb/drivers/ftdi_sio");
}

static void no_node_with_numbers(void)
{
	no_node();
	fake_file("/sys/class/tty/ttyUSB0/dev", "188:0%s", "\n");
}

static void no_node_in_container(void)
{
	no_node();
	fake_file("/run/systemd/container", "docker%s", "\n");
}

static void another_number(void)
{
	fake_usb_plug(&ch340, "ttyUSB7", "ch341");
}

static void wsl(void)
{
	fake_file("/proc/sys/kernel/osrelease", "5.15.90.1-microsoft-standard-WSL2%s", "\n");
}

static void container(void)
{
	fake_file("/.dockerenv", "%s", "");
}

/* Simulates a container that sees the host's /sys but not the host's /dev. */
static void container_without_nodes(void)
{
	no_node();
	container();
}

static void container_with_another_port(void)
{
	static const struct fake_usb given = { "1-1.2", "10c4", "ea60", "1", "CP2102N USB", NULL };

	container_without_nodes();
	fake_usb_plug(&given, "ttyUSB7", "cp210x");
}

static void nothing(void)
{
	fake_file("/sys/bus/usb/devices/usb1/bDeviceClass", "09%s", "\n");
}

static void no_usb(void)
{
	ck_assert_int_eq(rmdir(fake_path("/sys/bus/usb/devices")), 0);
}

static void only_a_mouse(void)
{
	nothing();
	fake_usb_device(&mouse);
}

#define GIVE_IT \
	"have udev give it to a group: put SUBSYSTEM==\"tty\", SUBSYSTEMS==\"usb\", " \
	"GROUP=\"dialout\", MODE=\"0660\" into /etc/udev/rules.d/60-serial-group.rules; then sudo " \
	"udevadm control --reload, and re-plug"

#define FROM_THE_HOST \
	"plug it in, look its port up on the host (ls -l /dev/serial/by-id), and start the container with " \
	"--device= and that port"
#define CABLE \
	"plug it in; if it is, try another cable (many carry power only) and another socket; " \
	"dmesg -w shows whether the computer notices"

static const struct {
	void (*set_up)(void);
	const char *port;
	const char *word;
	enum verdict verdict;
	const char *text;
	const char *evidence;
	const char *cure;
} faults[] = {
	{ no_group, PORT, "permission", VERDICT_PERMISSION, "you may not open it",
	  "mode 660, group dialout (20), you are alice (1000)",
	  "sudo usermod -aG dialout alice; then log out and in again" },
	{ old_login, PORT, "permission", VERDICT_PERMISSION, "you may not open it",
	  "mode 660, group dialout (20), you are alice (1000)",
	  "log out and in again (or: newgrp dialout): you are in the group, but this login is older" },
	{ nobodys, PORT, "permission", VERDICT_PERMISSION, "you may not open it",
	  "mode 600, group root (0), you are alice (1000)", GIVE_IT },
	{ old_mode, PORT, "permission", VERDICT_PERMISSION, "you may not open it",
	  "mode 600, group dialout (20), you are alice (1000)", GIVE_IT },
	{ roots_group, PORT, "permission", VERDICT_PERMISSION, "you may not open it",
	  "mode 660, group root (0), you are alice (1000)", GIVE_IT },
	{ in_the_group_and_denied, PORT, "permission", VERDICT_PERMISSION, "you may not open it",
	  "mode 660, group dialout (20), you are alice (1000)", GIVE_IT },
	{ nameless_user, PORT, "permission", VERDICT_PERMISSION, "you may not open it",
	  "mode 660, group dialout (20), you are ? (1000)",
	  "sudo usermod -aG dialout $USER; then log out and in again" },
	{ nameless_group, PORT, "permission", VERDICT_PERMISSION, "you may not open it",
	  "mode 660, group ? (997), you are alice (1000)",
	  "join the group with the number 997; then log out and in again" },
	{ foreign_group, PORT, "permission", VERDICT_PERMISSION, "you may not open it",
	  "mode 660, group dialout (20), you are alice (1000)", "start the container with --group-add 20" },
	{ held, PORT, "busy", VERDICT_BUSY, "picocom (process 812) uses it", "process 812 has it open (/proc/PID/fd)",
	  "close it, or give it time with --wait; to end it: kill 812" },
	{ held_by_our_parent, PORT, "busy", VERDICT_BUSY, "picocom (process 812) uses it",
	  "process 812 has it open (/proc/PID/fd)",
	  "it has started espreset, so waiting does not help: lock another file, or use --no-lock" },
	{ held_by_somebody, PORT, "busy", VERDICT_BUSY, "a program that cannot be seen from here uses it",
	  "somebody has locked it (/proc/locks)", "find it as root: sudo fuser -v /dev/ttyUSB0" },
	{ held_by_modemmanager, PORT, "modemmanager", VERDICT_BUSY, "ModemManager tries whether it is a modem",
	  "process 700 has it open (/proc/PID/fd)",
	  "keep it off this board: put ACTION!=\"remove\", SUBSYSTEM==\"tty\", ATTRS{idVendor}==\"1a86\", "
	  "ATTRS{idProduct}==\"7523\", ENV{ID_MM_PORT_IGNORE}=\"1\" into "
	  "/etc/udev/rules.d/77-serial-no-modem.rules; then sudo udevadm control --reload, and re-plug" },
	{ a_regular_file, PORT, "not-a-port", VERDICT_NO_PORT,
	  "is a regular file, not a serial port such as /dev/ttyUSB0", "",
	  "espreset --list shows the ports there are" },
	{ two_of_a_kind, "usb:1a86:7523", "ambiguous", VERDICT_AMBIGUOUS, "it fits several boards",
	  "fits several boards; say which: usb:1-1.4 (/dev/ttyUSB0), usb:1-1.3 (/dev/ttyUSB1)", "name one of them" },
	{ claimed_by_brltty, PORT, "brltty", VERDICT_NO_PORT,
	  "brltty has taken the CH340 at 1-1.4 for a braille display",
	  "process 600 is brltty, and the device is driven through usbfs",
	  "if nobody here needs braille: sudo ln -s /dev/null /etc/udev/rules.d/85-brltty.rules; sudo systemctl "
	  "mask --now brltty.path; re-plug. If somebody does: genericDevices=no in /etc/brltty.conf" },
	{ claimed_by_somebody, "usb:1-1.4", "claimed", VERDICT_NO_PORT, "a program drives the CH340 at 1-1.4 itself",
	  "it is driven through usbfs",
	  "end that program (a virtual machine, a USB/IP server, a debugger), then re-plug" },
	{ no_driver, "usb:1a86:7523", "driver-missing", VERDICT_NO_PORT,
	  "this kernel has no driver for the CH340 at 1-1.4", "no ch341.ko in /lib/modules/" KERNEL,
	  "install the rest of the kernel: Ubuntu: sudo apt install linux-modules-extra-" KERNEL "; "
	  "Debian's cloud kernel: sudo apt install linux-image-amd64 (or -arm64), restart; "
	  "others: build the kernel with ch341" },
	{ driver_not_loaded, PORT, "driver-not-loaded", VERDICT_NO_PORT,
	  "the driver of the CH340 at 1-1.4 is not loaded", "no module ch341 in the running kernel",
	  "sudo modprobe ch341" },
	{ acm_not_loaded, PORT, "driver-not-loaded", VERDICT_NO_PORT, "the driver of the CH9102 at 1-1.4 is not loaded",
	  "no module cdc_acm in the running kernel", "sudo modprobe cdc_acm" },
	{ driver_forbidden, PORT, "driver-forbidden", VERDICT_NO_PORT,
	  "the driver of the CH340 at 1-1.4 may not be loaded", "/etc/modprobe.d/local.conf says blacklist ch341",
	  "remove that line, then: sudo modprobe ch341" },
	{ kernel_replaced, PORT, "kernel-replaced", VERDICT_NO_PORT,
	  "the modules of the running kernel are gone, so no driver can be loaded",
	  "/lib/modules/" KERNEL " does not exist: the kernel was updated", "restart this computer" },
	{ no_driver_in_container, PORT, "driver-missing", VERDICT_NO_PORT,
	  "the driver of the CH340 at 1-1.4 is not loaded",
	  "no module ch341 in the running kernel; /run/.containerenv exists",
	  "on the host of this container: sudo modprobe ch341" },
	{ switched_off, PORT, "unauthorized", VERDICT_NO_PORT, "the CH340 at 1-1.4 is switched off",
	  "/sys/bus/usb/devices/1-1.4/authorized is 0 (USBGuard, or a rule)",
	  "echo 1 | sudo tee /sys/bus/usb/devices/1-1.4/authorized" },
	{ no_power, PORT, "no-power", VERDICT_NO_PORT,
	  "the kernel did not start the CH340 at 1-1.4: it wants more power than its hub has",
	  "/sys/bus/usb/devices/1-1.4/bConfigurationValue is empty",
	  "plug it into a hub with its own power supply, or into the computer" },
	{ not_bound, PORT, "driver-not-bound", VERDICT_NO_PORT,
	  "the driver ch341 is there, but has not taken the CH340 at 1-1.4",
	  "/sys/bus/usb/drivers/ch341 exists, no interface of 1-1.4 has a driver",
	  "re-plug it; if that does not help: echo 1a86 7523 | sudo tee "
	  "/sys/bus/usb-serial/drivers/ch341/new_id" },
	{ no_node, PORT, "no-node", VERDICT_NO_PORT, "the kernel has this port, but /dev has not",
	  "/sys/class/tty/ttyUSB0 exists", "re-plug it" },
	{ no_node_and_another_without_driver, PORT, "no-node", VERDICT_NO_PORT,
	  "the kernel has this port, but /dev has not", "/sys/class/tty/ttyUSB0 exists", "re-plug it" },
	{ no_node_with_numbers, PORT, "no-node", VERDICT_NO_PORT, "the kernel has this port, but /dev has not",
	  "/sys/class/tty/ttyUSB0 exists",
	  "re-plug it; where /dev is not the kernel's own (a chroot): "
	  "sudo mknod -m 660 /dev/ttyUSB0 c 188 0" },
	{ no_node_in_container, PORT, "no-node", VERDICT_NO_PORT, "the kernel has this port, but /dev has not",
	  "/sys/class/tty/ttyUSB0 exists", "start the container with --device=/dev/ttyUSB0" },
	{ another_number, PORT, "not-there", VERDICT_NO_PORT, "it is not plugged in, other boards are",
	  "/dev/ttyUSB7: CH340 at 1-1.4",
	  "numbers change: use a name that stays, such as usb:1a86:7523 for /dev/ttyUSB7, or a link in "
	  "/dev/serial/by-id" },
	{ wsl, PORT, "wsl", VERDICT_NO_PORT, "Windows keeps its USB devices from WSL",
	  "the kernel is 5.15.90.1-microsoft-standard-WSL2",
	  "in Windows, as administrator: usbipd list; usbipd bind --busid BUSID; usbipd attach --wsl "
	  "--busid BUSID" },
	{ container, "/dev/ttyACM3", "container", VERDICT_NO_PORT, "this container has not been given such a port",
	  "/.dockerenv exists", FROM_THE_HOST },
	{ container, NULL, "container", VERDICT_NO_PORT, "this container has not been given a port",
	  "/.dockerenv exists", FROM_THE_HOST },
	{ container_without_nodes, "/dev/ttyUSV0", "container", VERDICT_NO_PORT,
	  "this container has not been given such a port", "/.dockerenv exists",
	  "start the container with --device=/dev/ttyUSB0" },
	{ container_without_nodes, PORT, "no-node", VERDICT_NO_PORT, "the kernel has this port, but /dev has not",
	  "/sys/class/tty/ttyUSB0 exists", "start the container with --device=/dev/ttyUSB0" },
	{ container_without_nodes, NULL, "no-node", VERDICT_NO_PORT, "the kernel has this port, but /dev has not",
	  "/sys/class/tty/ttyUSB0 exists", "start the container with --device=/dev/ttyUSB0" },
	{ container_with_another_port, "/dev/ttyUSV0", "not-there", VERDICT_NO_PORT,
	  "it is not plugged in, other boards are", "/dev/ttyUSB7: CP2102N at 1-1.2",
	  "numbers change: use a name that stays, such as usb:10c4:ea60 for /dev/ttyUSB7, or a link in "
	  "/dev/serial/by-id" },
	{ nothing, PORT, "nothing-on-usb", VERDICT_NO_PORT, "nothing is plugged in",
	  "/sys/bus/usb/devices has nothing but hubs", CABLE },
	{ no_usb, NULL, "nothing-on-usb", VERDICT_NO_PORT, "nothing is plugged in",
	  "this computer has no USB (/sys/bus/usb/devices)", CABLE },
	{ only_a_mouse, NULL, "no-board-on-usb", VERDICT_NO_PORT, "no USB device looks like a board",
	  "1-3: 046d:c077 Mouse?[2J", CABLE },
};

START_TEST(finds_each_fault_with_its_evidence_and_its_cure)
{
	int fds;

	faults[_i].set_up();
	fds = count_fds();
	ck_assert_int_eq(diagnose(faults[_i].port), 1);
	ck_assert_int_eq(n_found, 1);
	ck_assert_str_eq(found[0].word, faults[_i].word);
	ck_assert_str_eq(found[0].text, faults[_i].text);
	ck_assert_str_eq(found[0].evidence[0], faults[_i].evidence);
	ck_assert_str_eq(found[0].cure, faults[_i].cure);
	ck_assert_int_eq(found[0].verdict, faults[_i].verdict);
	ck_assert_int_eq(verdict, found[0].verdict);
	ck_assert_int_eq(count_fds(), fds);
}
END_TEST

START_TEST(a_failed_run_is_given_the_finding_that_fits)
{
	struct diagnosis best = { 0 };

	if (!faults[_i].port)
		return;
	faults[_i].set_up();
	ck_assert_int_eq(diagnose(faults[_i].port), 1);
	ck_assert(diagnose_best(spec_of(faults[_i].port), verdict, &best));
	ck_assert_str_eq(best.word, faults[_i].word);
	ck_assert_str_eq(best.cure, faults[_i].cure);
	ck_assert(!diagnose_best(spec_of(faults[_i].port), VERDICT_READY, &best));
	ck_assert(!diagnose_best(spec_of(faults[_i].port), VERDICT_WRONG_CHIP, &best));
}
END_TEST

/* ---- a healthy system ---- */

START_TEST(a_healthy_port_has_no_finding)
{
	struct diagnosis best;

	plug_ch340();
	process(600, "brltty");
	process(700, "ModemManager");
	fake_file("/.dockerenv", "%s", "");
	fake_usb_device(&mouse);
	ck_assert_int_eq(diagnose(_i ? PORT : NULL), 0);
	ck_assert_int_eq(verdict, VERDICT_READY);
	ck_assert(!diagnose_best(spec_of(PORT), VERDICT_SILENT, &best));
	ck_assert(!diagnose_best(spec_of(PORT), VERDICT_UNPLUGGED, &best));
}
END_TEST

static const struct {
	struct fake_usb usb;
	const char *kernel;
	const char *word;    /* name of the expected finding, such as "cp2102c"; NULL: no finding is expected */
	enum verdict blamed; /* a verdict for which this finding must be given as the reason */
	enum verdict not_blamed;
} quirks[] = {
	{ { "1-1", "10c4", "ea64", "1", NULL, NULL }, KERNEL, "cp2102c", VERDICT_NO_EFFECT, VERDICT_CRASHED },
	{ { "1-1", "10c4", "ea60", "1", "CP2102N USB", NULL }, KERNEL, "cp2102n", VERDICT_IO_ERROR, VERDICT_SILENT },
	{ { "1-1", "10c4", "ea60", "1", "CP2102 USB", NULL }, KERNEL, "cp2102-speed", VERDICT_GARBLED, VERDICT_SILENT },
	{ { "1-1", "303a", "1001", "1", NULL, NULL }, KERNEL, "native-usb", VERDICT_UNPLUGGED, VERDICT_CRASHED },
	{ { "1-1", "303a", "0002", "1", NULL, NULL }, KERNEL, "native-otg", VERDICT_UNPROVEN, VERDICT_CRASHED },
	{ { "1-1", "1a86", "7523", NULL, NULL, NULL },
	  "5.13.10-arch1",
	  "ch340-kernel",
	  VERDICT_SILENT,
	  VERDICT_CRASHED },
	{ { "1-1", "1a86", "7523", NULL, NULL, NULL }, "5.13.13", "ch340-kernel", VERDICT_GARBLED, VERDICT_CRASHED },
	{ { "1-1", "1a86", "7523", NULL, NULL, NULL }, "5.10.58-1", "ch340-kernel", VERDICT_GARBLED, VERDICT_CRASHED },
	{ { "1-1", "1a86", "7523", NULL, NULL, NULL }, "5.4.143", "ch340-kernel", VERDICT_GARBLED, VERDICT_CRASHED },
	{ { "1-1", "1a86", "7523", NULL, NULL, NULL }, "5.13.9", NULL, 0, 0 },
	{ { "1-1", "1a86", "7523", NULL, NULL, NULL }, "5.13.14", NULL, 0, 0 },
	{ { "1-1", "1a86", "7523", NULL, NULL, NULL }, "5.14.10", NULL, 0, 0 },
	{ { "1-1", "1a86", "7523", NULL, NULL, NULL }, "6.13.10", NULL, 0, 0 },
	{ { "1-1", "1a86", "7523", NULL, NULL, NULL }, "rubbish", NULL, 0, 0 },
	{ { "1-1", "10c4", "ea60", "1", "CP2104 USB", NULL }, "5.13.10", NULL, 0, 0 },
	{ { "1-1", "1234", "5678", "1", NULL, NULL }, KERNEL, NULL, 0, 0 },
};

START_TEST(a_quirk_is_worth_knowing_and_is_blamed_only_for_what_it_does)
{
	struct diagnosis best;

	fake_file("/proc/sys/kernel/osrelease", "%s\n", quirks[_i].kernel);
	plug_in(&quirks[_i].usb, "any");
	ck_assert_int_eq(diagnose(PORT), quirks[_i].word ? 1 : 0);
	ck_assert_int_eq(verdict, VERDICT_READY);
	if (!quirks[_i].word)
		return;
	ck_assert_str_eq(found[0].word, quirks[_i].word);
	ck_assert_int_eq(found[0].verdict, VERDICT_COUNT);
	ck_assert_str_eq(found[0].port, PORT);
	ck_assert(diagnose_best(spec_of(PORT), quirks[_i].blamed, &best));
	ck_assert_str_eq(best.word, quirks[_i].word);
	ck_assert_int_eq(best.verdict, quirks[_i].blamed);
	ck_assert(!diagnose_best(spec_of(PORT), quirks[_i].not_blamed, &best));
}
END_TEST

/* The kernel blocks a read of a device's USB strings while this device is being reset. So --diagnose may read only the
 * strings of the device that the port belongs to. */
START_TEST(another_device_that_is_being_reset_does_not_delay_the_diagnosis)
{
	static const struct fake_usb native = { "1-1", "303a", "1001", "1", NULL, NULL };
	static const struct fake_usb other = { "1-2", "1a86", "7523", "2", NULL, NULL };
	struct inotify_event event;
	struct diagnosis best;
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	plug_in(&native, "any");
	fake_usb_device(&other);
	ck_assert_int_ge(inotify_add_watch(fd, fake_path("/sys/bus/usb/devices/1-2/serial"), IN_OPEN), 0);
	ck_assert(diagnose_best(spec_of(PORT), VERDICT_SILENT, &best));
	ck_assert_str_eq(best.word, "native-usb");
	ck_assert_int_lt(read(fd, &event, sizeof(event)), 0);
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert_int_eq(close(fd), 0);
}
END_TEST

/* ---- what is found only after a failed run ---- */

START_TEST(busy_without_a_visible_holder_is_modemmanager_where_udev_lets_it)
{
	struct diagnosis best;

	plug_ch340();
	ck_assert(!diagnose_best(spec_of(PORT), VERDICT_BUSY, &best));
	process(700, "ModemManager");
	fake_file("/run/udev/data/c1:7", "E:ID_MM_CANDIDATE=1%s", "\n");
	ck_assert(diagnose_best(spec_of(PORT), VERDICT_BUSY, &best));
	ck_assert_str_eq(best.word, "modemmanager");
	ck_assert_str_eq(best.evidence[0], "process 700 runs, and udev does not keep it off this port");
	fake_file("/run/udev/data/c1:7", "E:%s=1\n", _i ? "ID_MM_PORT_IGNORE" : "ID_MM_DEVICE_IGNORE");
	ck_assert(!diagnose_best(spec_of(PORT), VERDICT_BUSY, &best));
}
END_TEST

START_TEST(a_holder_that_is_seen_is_named_before_one_that_is_guessed)
{
	struct diagnosis best;

	held();
	process(700, "ModemManager");
	ck_assert(diagnose_best(spec_of(PORT), VERDICT_BUSY, &best));
	ck_assert_str_eq(best.word, "busy");
}
END_TEST

START_TEST(denied_in_spite_of_its_mode_is_the_kernels_device_rules)
{
	struct diagnosis best;

	plug_ch340();
	ck_assert(diagnose_best(spec_of(PORT), VERDICT_PERMISSION, &best));
	ck_assert_str_eq(best.word, "device-rules");
	ck_assert_ptr_nonnull(strstr(best.cure, "DeviceAllow=char-ttyUSB rw"));
	fake_file("/.dockerenv", "%s", "");
	ck_assert(diagnose_best(spec_of(PORT), VERDICT_PERMISSION, &best));
	ck_assert_str_eq(best.cure, "start the container with --device=/dev/ttyUSB0");
}
END_TEST

START_TEST(the_kernels_device_rules_are_seen_before_a_run)
{
	plug_ch340();
	rights.may_open = false;
	rights.why = EPERM;
	ck_assert_int_eq(diagnose(PORT), 1);
	ck_assert_str_eq(found[0].word, "device-rules");
	ck_assert_int_eq(verdict, VERDICT_PERMISSION);
}
END_TEST

/* After a failed run espreset searches all processes for the one that holds the port. With many processes or on a busy
 * computer this takes long, so the search has a time limit. */
START_TEST(a_failed_run_looks_through_processes_for_a_while_only)
{
	struct diagnosis best;

	step_ms = 1000;
	held();
	ck_assert(!diagnose_best(spec_of(PORT), VERDICT_BUSY, &best));
	process(700, "ModemManager");
	ck_assert(!diagnose_best(spec_of(PORT), VERDICT_BUSY, &best));
	ck_assert_int_eq(diagnose(PORT), 1);
	ck_assert_str_eq(found[0].word, "busy");
}
END_TEST

START_TEST(out_of_time_brltty_is_not_named_but_what_is_known_is)
{
	struct diagnosis best;

	step_ms = 1000;
	claimed_by_brltty();
	ck_assert(diagnose_best(spec_of(PORT), VERDICT_NO_PORT, &best));
	ck_assert_str_eq(best.word, "claimed");
	ck_assert_int_eq(diagnose(PORT), 1);
	ck_assert_str_eq(found[0].word, "brltty");
}
END_TEST

START_TEST(a_port_that_brltty_took_in_mid_run_is_explained)
{
	struct diagnosis best;

	claimed_by_brltty();
	ck_assert(diagnose_best(spec_of(PORT), VERDICT_UNPLUGGED, &best));
	ck_assert_str_eq(best.word, "brltty");
}
END_TEST

START_TEST(who_claimed_it_is_evidence_too)
{
	claimed_by_somebody();
	ck_assert_int_eq(diagnose(PORT), 1);
	ck_assert_int_eq(found[0].n_evidence, 2);
	ck_assert_str_eq(found[0].evidence[1], "qemu (process 601) has it open");
}
END_TEST

START_TEST(without_a_port_all_that_is_plugged_in_is_looked_at)
{
	static const struct fake_usb dead = { "1-1.3", "1a86", "7523", NULL, NULL, NULL };

	held();
	rights.may_open = false;
	rights.our_group = 30;
	fake_usb_device(&dead);
	fake_dir("/sys/bus/usb/drivers/ch341");
	ck_assert_int_eq(diagnose(NULL), 3);
	ck_assert_str_eq(found[0].word, "permission");
	ck_assert_str_eq(found[0].port, PORT);
	ck_assert_str_eq(found[1].word, "busy");
	ck_assert_str_eq(found[2].word, "driver-not-bound");
	ck_assert_str_eq(found[2].port, "");
	ck_assert_int_eq(verdict, verdict_worse(verdict_worse(VERDICT_PERMISSION, VERDICT_BUSY), VERDICT_NO_PORT));
}
END_TEST

START_TEST(evidence_is_cut_where_there_is_too_much)
{
	static const char *const places[] = { "1-1", "1-2", "1-3", "1-4", "1-5", "1-6" };
	struct fake_usb usb = mouse;
	size_t i;

	for (i = 0; i < COUNT(places); i++) {
		usb.usb_path = places[i];
		fake_usb_device(&usb);
	}
	ck_assert_int_eq(diagnose(NULL), 1);
	ck_assert_int_eq(found[0].n_evidence, FINDING_EVIDENCE);
}
END_TEST

START_TEST(another_spelling_is_not_told_of_somebody_elses_trouble)
{
	static const struct fake_usb dead = { "1-1.3", "1a86", "7523", NULL, NULL, NULL };

	plug_ch340();
	fake_usb_device(&dead);
	ck_assert_int_eq(diagnose("usb:1-2"), 1);
	ck_assert_str_eq(found[0].word, "not-there");
	ck_assert_int_eq(diagnose("usb:1-1.4"), 0);
	ck_assert_int_eq(diagnose("usb:1-1.3"), 1);
	ck_assert_str_ne(found[0].word, "not-there");
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("diagnose");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_loop_test(tc, finds_each_fault_with_its_evidence_and_its_cure, 0, COUNT(faults));
	tcase_add_loop_test(tc, a_failed_run_is_given_the_finding_that_fits, 0, COUNT(faults));
	tcase_add_loop_test(tc, a_healthy_port_has_no_finding, 0, 2);
	tcase_add_test(tc, another_device_that_is_being_reset_does_not_delay_the_diagnosis);
	tcase_add_loop_test(tc, a_quirk_is_worth_knowing_and_is_blamed_only_for_what_it_does, 0, COUNT(quirks));
	tcase_add_loop_test(tc, busy_without_a_visible_holder_is_modemmanager_where_udev_lets_it, 0, 2);
	tcase_add_test(tc, a_holder_that_is_seen_is_named_before_one_that_is_guessed);
	tcase_add_test(tc, denied_in_spite_of_its_mode_is_the_kernels_device_rules);
	tcase_add_test(tc, the_kernels_device_rules_are_seen_before_a_run);
	tcase_add_test(tc, a_failed_run_looks_through_processes_for_a_while_only);
	tcase_add_test(tc, out_of_time_brltty_is_not_named_but_what_is_known_is);
	tcase_add_test(tc, a_port_that_brltty_took_in_mid_run_is_explained);
	tcase_add_test(tc, who_claimed_it_is_evidence_too);
	tcase_add_test(tc, without_a_port_all_that_is_plugged_in_is_looked_at);
	tcase_add_test(tc, evidence_is_cut_where_there_is_too_much);
	tcase_add_test(tc, another_spelling_is_not_told_of_somebody_elses_trouble);
	return suite_run_case("diagnose", tc);
}
