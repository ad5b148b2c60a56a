/* diagnose.c - what is wrong with a port, seen from this computer, and the cure; opens no tty. */
#include "host/diagnose.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "host/bridges.h"
#include "host/computer.h"
#include "host/devices.h"
#include "host/holder.h"
#include "host/plain.h"
#include "port/hostfs.h"
#include "port/tty.h"
#include "port/wait.h"

#define NOT_A_FAULT VERDICT_COUNT
/* For looking through all processes after a run that has failed: its result must not come late. */
#define SCAN_MS 500

/* One look at this computer. */
struct look {
	const struct spec *spec; /* NULL: all that is plugged in */
	const char *port;	 /* as the user wrote it; NULL */
	enum verdict wanted;	 /* of diagnose_best(); NOT_A_FAULT: everything is */
	int64_t scan_until_ms;	 /* processes are looked through so long */
	struct device *devices;
	int n_devices;
	diagnose_fn report;
	void *user;
	struct diagnosis diagnosis; /* the one that is being written */
	enum verdict verdict;
	int count;
};

/* ------------------------------------------------------------ writing a diagnosis */

static void diagnose_fill(char *buf, size_t cap, const char *format, va_list args)
	__attribute__((format(printf, 3, 0)));

static void diagnose_fill(char *buf, size_t cap, const char *format, va_list args)
{
	(void)vsnprintf(buf, cap, format, args); /* cut text is still text */
	plain_make(buf);
}

static void diagnose_begin(struct look *look, const char *word, enum verdict verdict, const char *port,
			   const char *format, ...) __attribute__((format(printf, 5, 6)));
static void diagnose_begin(struct look *look, const char *word, enum verdict verdict, const char *port,
			   const char *format, ...)
{
	va_list args;

	look->diagnosis = (struct diagnosis){ .word = word, .verdict = verdict };
	(void)snprintf(look->diagnosis.port, sizeof(look->diagnosis.port), "%s", port ? port : "");
	plain_make(look->diagnosis.port);
	va_start(args, format);
	diagnose_fill(look->diagnosis.text, sizeof(look->diagnosis.text), format, args);
	va_end(args);
}

static void diagnose_evidence(struct look *look, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void diagnose_evidence(struct look *look, const char *format, ...)
{
	struct diagnosis *f = &look->diagnosis;
	va_list args;

	if (f->n_evidence == FINDING_EVIDENCE)
		return;
	va_start(args, format);
	diagnose_fill(f->evidence[f->n_evidence++], sizeof(f->evidence[0]), format, args);
	va_end(args);
}

/* The cure completes a diagnosis. */
static void diagnose_cure(struct look *look, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void diagnose_cure(struct look *look, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	diagnose_fill(look->diagnosis.cure, sizeof(look->diagnosis.cure), format, args);
	va_end(args);
	look->count++;
	if (look->diagnosis.verdict != NOT_A_FAULT)
		look->verdict = look->verdict == VERDICT_READY ? look->diagnosis.verdict
							       : verdict_worse(look->verdict, look->diagnosis.verdict);
	look->report(look->user, &look->diagnosis);
}

/* ------------------------------------------------------------ permission */

static bool is_group_of_ours(gid_t gid)
{
	gid_t groups[COMPUTER_GROUPS_MAX];
	int n = getgroups(COMPUTER_GROUPS_MAX, groups);

	while (n-- > 0)
		if (groups[n] == gid)
			return true;
	return getegid() == gid;
}

static void cure_permission(struct look *look, const struct stat *st)
{
	char group[64] = "";
	char user[64] = "$USER";
	bool is_named = computer_group(st->st_gid, group, sizeof(group));

	(void)computer_user(user, sizeof(user));
	if ((st->st_mode & 060) != 060 || st->st_gid == 0 || is_group_of_ours(st->st_gid))
		diagnose_cure(look, "have udev give it to a group: put SUBSYSTEM==\"tty\", SUBSYSTEMS==\"usb\", "
				    "GROUP=\"dialout\", MODE=\"0660\" into /etc/udev/rules.d/60-serial-group.rules; "
				    "then sudo udevadm control --reload, and re-plug");
	else if (computer_container())
		diagnose_cure(look, "start the container with --group-add %u", st->st_gid);
	else if (is_named && computer_is_member(st->st_gid))
		diagnose_cure(look,
			      "log out and in again (or: newgrp %s): you are in the group, but this login "
			      "is older",
			      group);
	else if (is_named)
		diagnose_cure(look, "sudo usermod -aG %s %s; then log out and in again", group, user);
	else
		diagnose_cure(look, "join the group with the number %u; then log out and in again", st->st_gid);
}

/* The file system lets us, the kernel does not. */
static void report_device_rules(struct look *look, const char *path)
{
	diagnose_begin(look, "device-rules", VERDICT_PERMISSION, path, "its permissions allow it, the kernel does not");
	diagnose_evidence(look, "read and write are allowed by owner, group and mode");
	if (computer_container()) {
		diagnose_evidence(look, "%s exists", computer_container());
		diagnose_cure(look, "start the container with --device=%s", path);
		return;
	}
	diagnose_cure(look, "allow the device where espreset is started: in a systemd unit DeviceAllow=char-ttyUSB rw "
			    "and DeviceAllow=char-ttyACM rw");
}

/* The rules of a control group are asked after owner, group and mode, and answer EPERM (Linux fs/namei.c,
 * inode_permission()). What lets faccessat() through may still refuse open(): then a run has failed. */
static void check_permission(struct look *look, const char *path, const char *rooted)
{
	char group[64] = "?";
	char user[64] = "?";
	struct stat st;

	if (faccessat(AT_FDCWD, rooted, R_OK | W_OK, AT_EACCESS) == 0) {
		if (look->wanted == VERDICT_PERMISSION)
			report_device_rules(look, path);
		return;
	}
	if (errno == EPERM) {
		report_device_rules(look, path);
		return;
	}
	if (stat(rooted, &st) < 0)
		return;
	(void)computer_group(st.st_gid, group, sizeof(group));
	(void)computer_user(user, sizeof(user));
	diagnose_begin(look, "permission", VERDICT_PERMISSION, path, "you may not open it");
	diagnose_evidence(look, "mode %03o, group %s (%u), you are %s (%u)", st.st_mode & 0777, group, st.st_gid, user,
			  geteuid());
	cure_permission(look, &st);
}

/* ------------------------------------------------------------ who uses it */

/* What udev has written down about a port. */
static bool udev_says(const char *rooted, const char *property)
{
	char text[64];
	struct stat st;

	(void)snprintf(text, sizeof(text), "E:%s=1", property);
	return stat(rooted, &st) == 0 && computer_file_has(text, HOSTFS_UDEV, major(st.st_rdev), minor(st.st_rdev));
}

#define MODEMMANAGER_CURE \
	"keep it off this board: put ACTION!=\"remove\", SUBSYSTEM==\"tty\", ATTRS{idVendor}==\"%04x\", " \
	"ATTRS{idProduct}==\"%04x\", ENV{ID_MM_PORT_IGNORE}=\"1\" into " \
	"/etc/udev/rules.d/77-serial-no-modem.rules; then sudo udevadm control --reload, and re-plug"

static void report_modemmanager(struct look *look, const char *path, pid_t pid, const char *what)
{
	struct device device = { 0 };

	(void)devices_find(path, &device);
	diagnose_begin(look, "modemmanager", VERDICT_BUSY, path, "ModemManager tries whether it is a modem");
	diagnose_evidence(look, "process %d %s", (int)pid, what);
	diagnose_cure(look, MODEMMANAGER_CURE, device.vid, device.pid);
}

static const char *seen_text(enum holder_seen seen)
{
	switch (seen) {
	case HOLDER_LOCK: return "has locked it (/proc/locks)";
	case HOLDER_OPEN: return "has it open (/proc/PID/fd)";
	case HOLDER_UUCP: return "has a lock file for it (LCK.. in /run/lock)";
	}
	return "uses it";
}

static void check_holder(struct look *look, const char *path, const char *rooted)
{
	struct holder holder;

	if (holder_find_by(rooted, look->scan_until_ms, &holder) <= 0)
		return;
	if (strcmp(holder.command, "ModemManager") == 0) {
		report_modemmanager(look, path, holder.pid, seen_text(holder.seen));
		return;
	}
	if (holder.pid > 0) {
		diagnose_begin(look, "busy", VERDICT_BUSY, path, "%s (process %d) uses it",
			       holder.command[0] ? holder.command : "a program", (int)holder.pid);
		diagnose_evidence(look, "process %d %s", (int)holder.pid, seen_text(holder.seen));
	} else {
		diagnose_begin(look, "busy", VERDICT_BUSY, path, "a program that cannot be seen from here uses it");
		diagnose_evidence(look, "somebody %s", seen_text(holder.seen));
	}
	if (holder.is_ancestor)
		diagnose_cure(look,
			      "it has started espreset, so waiting does not help: lock another file, or use --no-lock");
	else if (holder.pid > 0)
		diagnose_cure(look, "close it, or give it time with --wait; to end it: kill %d", (int)holder.pid);
	else
		diagnose_cure(look, "find it as root: sudo fuser -v %s", path);
}

/* Busy, and nobody to be seen: as root it runs, and it takes TIOCEXCL, which nothing shows. */
static void check_modemmanager(struct look *look, const char *path, const char *rooted)
{
	pid_t pid = computer_process("ModemManager", look->scan_until_ms);

	if (pid > 0 && !udev_says(rooted, "ID_MM_PORT_IGNORE") && !udev_says(rooted, "ID_MM_DEVICE_IGNORE"))
		report_modemmanager(look, path, pid, "runs, and udev does not keep it off this port");
}

/* ------------------------------------------------------------ quirky bridges */

struct quirk {
	const char *word;
	unsigned int to_blame_for; /* bits of verdicts */
	const char *text;
	const char *cure;
};

#define BIT(verdict) (1u << (verdict))
#define PID_USB_SERIAL_JTAG 0x1001

/* clang-format off */
static const struct quirk cp2102c = { "cp2102c",
	BIT(VERDICT_NO_EFFECT) | BIT(VERDICT_SILENT) | BIT(VERDICT_DOWNLOAD_MODE) | BIT(VERDICT_UNPROVEN),
	"the flow control of a CP2102C is always on: while DTR is released, what the board sends asserts RTS, and may reset "
	"it; espreset leaves both lines asserted",
	"with RTS wired straight to EN nothing helps but another bridge; see docs/bridges.md" };

static const struct quirk cp2102n = { "cp2102n", BIT(VERDICT_IO_ERROR) | BIT(VERDICT_UNPLUGGED),
	"a CP2102N before revision A02 may hang when it is closed while the board talks",
	"unplug it and plug it in again; espreset closes in a pause, not every program does" };

static const struct quirk cp2102_speed = { "cp2102-speed", BIT(VERDICT_GARBLED),
	"this bridge runs 76800 instead of the 74880 of an ESP8266's ROM: 2.6 % off, readable but marginal",
	"try again, or use a CH340, CP2102N or FT232" };

static const struct quirk ch340_kernel = { "ch340-kernel",
	BIT(VERDICT_SILENT) | BIT(VERDICT_GARBLED) | BIT(VERDICT_UNPROVEN) | BIT(VERDICT_IO_ERROR),
	"this kernel's ch341 driver loses and delays what a CH340 receives",
	"update the kernel: fixed in 5.4.144, 5.10.62, 5.13.14 and everything later" };

static const struct quirk native_usb = { "native-usb",
	BIT(VERDICT_UNPLUGGED) | BIT(VERDICT_UNPROVEN) | BIT(VERDICT_NO_EFFECT) | BIT(VERDICT_SILENT),
	"this is the chip's own USB, no bridge: a reset does not sample the strapping pins, and the port may "
	"go away and come back",
	"" };

/* Espressif's other products: the application, or the ROM's loader, speaks USB itself (arduino-esp32
 * cores/esp32/USBCDC.cpp). */
static const struct quirk native_otg = { "native-otg",
	BIT(VERDICT_UNPLUGGED) | BIT(VERDICT_UNPROVEN) | BIT(VERDICT_NO_EFFECT) | BIT(VERDICT_SILENT),
	"this is the chip's own USB, and its firmware serves the port: no line resets the chip",
	"no line resets a chip whose firmware serves its USB: press its button, or pull its plug (--recover does, on a hub "
	"that switches power)" };

static void report_quirk(struct look *look, const struct quirk *quirk, const struct device *device,
			 const char *seen)
{
	enum verdict verdict = NOT_A_FAULT;

	if (look->wanted != NOT_A_FAULT) {
		if (!(quirk->to_blame_for & BIT(look->wanted)))
			return;
		verdict = look->wanted;
	}
	diagnose_begin(look, quirk->word, verdict, device->path[0] ? device->path : look->port, "%s", quirk->text);
	diagnose_evidence(look, "%s", seen);
	diagnose_cure(look, "%s", quirk->cure);
}

/* https://bugzilla.kernel.org/show_bug.cgi?id=214131, esptool issue 653: came with 5.13.10, 5.10.58 and
 * 5.4.140. */
static bool loses_ch340_data(const char *release)
{
	static const struct { int major, minor, first, last; } bad[] = {
		{ 5, 4, 140, 143 }, { 5, 10, 58, 61 }, { 5, 13, 10, 13 },
	};
	int maj, min, patch;
	size_t i;

	if (sscanf(release, "%d.%d.%d", &maj, &min, &patch) != 3)
		return false;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (maj == bad[i].major && min == bad[i].minor && patch >= bad[i].first && patch <= bad[i].last)
			return true;
	return false;
}

/* The parts that choose among fixed speeds, Linux drivers/usb/serial/cp210x.c, cp210x_an205_table1. */
static bool has_fixed_speeds(const char *bridge)
{
	return strcmp(bridge, "CP2102") == 0 || strcmp(bridge, "CP2103") == 0 || strcmp(bridge, "CP2108") == 0;
}

static void check_quirks(struct look *look, const struct device *device)
{
	const struct bridge *bridge = bridge_find(device->vid, device->pid);
	char id[64];
	char release[128];

	(void)snprintf(id, sizeof(id), "%s, %04x:%04x", device->bridge, device->vid, device->pid);
	if (bridge && (bridge->quirks & BRIDGE_CP2102C))
		report_quirk(look, &cp2102c, device, id);
	if (strcmp(device->bridge, "CP2102N") == 0)
		report_quirk(look, &cp2102n, device, id);
	if (has_fixed_speeds(device->bridge))
		report_quirk(look, &cp2102_speed, device, id);
	if (bridge && (bridge->quirks & BRIDGE_NATIVE))
		report_quirk(look, device->pid == PID_USB_SERIAL_JTAG ? &native_usb : &native_otg, device, id);
	computer_kernel(release, sizeof(release));
	if (bridge && (bridge->quirks & BRIDGE_CH34X) && loses_ch340_data(release))
		report_quirk(look, &ch340_kernel, device, release);
}

/* ------------------------------------------------------------ a USB device without a port */

static void usb_attribute(const char *usb_path, const char *name, char *buf, size_t cap)
{
	(void)hostfs_text(buf, cap, "/sys/bus/usb/devices/%s/%s", usb_path, name);
}

/* The driver of the first interface that has one; "" when none has. */
static void interface_driver(const char *usb_path, char *buf, size_t cap)
{
	DIR *dir = hostfs_opendir("/sys/bus/usb/devices/%s", usb_path);
	struct dirent *entry;

	buf[0] = '\0';
	if (!dir)
		return;
	while (!buf[0] && (entry = readdir(dir))) {
		if (strchr(entry->d_name, ':'))
			(void)hostfs_link(buf, cap, "/sys/bus/usb/devices/%s/%s/driver", usb_path, entry->d_name);
	}
	(void)closedir(dir);
}

#define BRLTTY_CURE \
	"if nobody here needs braille: sudo ln -s /dev/null /etc/udev/rules.d/85-brltty.rules; sudo systemctl " \
	"mask --now brltty.path; re-plug. If somebody does: genericDevices=no in /etc/brltty.conf"

/* Somebody drives it from user space: brltty takes it for a braille display. */
static void report_claimed(struct look *look, const struct device *device)
{
	pid_t brltty = computer_process("brltty", look->scan_until_ms);
	char path[HOSTFS_PATH_MAX];
	char bus[16], number[16];
	struct holder holder = { 0 };

	if (brltty > 0) {
		diagnose_begin(look, "brltty", VERDICT_NO_PORT, look->port,
		      "brltty has taken the %s at %s for a braille display", device->bridge, device->usb_path);
		diagnose_evidence(look, "process %d is brltty, and the device is driven through usbfs", (int)brltty);
		diagnose_cure(look, BRLTTY_CURE);
		return;
	}
	usb_attribute(device->usb_path, "busnum", bus, sizeof(bus));
	usb_attribute(device->usb_path, "devnum", number, sizeof(number));
	if (hostfs_path(path, sizeof(path), "/dev/bus/usb/%03ld/%03ld", strtol(bus, NULL, 10),
			strtol(number, NULL, 10)) < 0 ||
	    holder_find_by(path, look->scan_until_ms, &holder) <= 0)
		holder.pid = 0;
	diagnose_begin(look, "claimed", VERDICT_NO_PORT, look->port, "a program drives the %s at %s itself",
	      device->bridge, device->usb_path);
	diagnose_evidence(look, "it is driven through usbfs");
	if (holder.pid > 0)
		diagnose_evidence(look, "%s (process %d) has it open", holder.command, (int)holder.pid);
	diagnose_cure(look, "end that program (a virtual machine, a USB/IP server, a debugger), then re-plug");
}

/* modprobe reads nothing else there. */
static bool is_conf(const char *name)
{
	size_t len = strlen(name);

	return len > 5 && strcmp(name + len - 5, ".conf") == 0;
}

/* A line of modprobe's configuration that forbids the module. */
static bool is_blacklisted(const char *module, char *ret_line, size_t cap)
{
	static const char *const dirs[] = { "/etc/modprobe.d", "/run/modprobe.d", "/usr/lib/modprobe.d",
					    "/lib/modprobe.d" };
	char line[64];
	struct dirent *entry;
	bool is = false;
	size_t i;
	DIR *dir;

	(void)snprintf(line, sizeof(line), "blacklist %s", module);
	for (i = 0; !is && i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		dir = hostfs_opendir("%s", dirs[i]);
		while (dir && !is && (entry = readdir(dir))) {
			is = is_conf(entry->d_name) && computer_file_has(line, "%s/%s", dirs[i], entry->d_name);
			if (is)
				(void)snprintf(ret_line, cap, "%s/%s says %s", dirs[i], entry->d_name, line);
		}
		if (dir)
			(void)closedir(dir);
	}
	return is;
}

/* modules.dep names files; in those "-" and "_" are the same letter, and .ko may be compressed. */
static bool is_installed(const char *release, const char *module)
{
	char name[64];
	char *c;

	(void)snprintf(name, sizeof(name), "/%s.ko", module);
	if (computer_file_has(name, "/lib/modules/%s/modules.dep", release))
		return true;
	for (c = name; *c; c++)
		if (*c == '_')
			*c = '-';
	return computer_file_has(name, "/lib/modules/%s/modules.dep", release);
}

static void report_not_loaded(struct look *look, const struct device *device, const char *module)
{
	char release[128], line[512];

	computer_kernel(release, sizeof(release));
	if (computer_container()) {
		diagnose_begin(look, "driver-missing", VERDICT_NO_PORT, look->port,
		      "the driver of the %s at %s is not loaded", device->bridge, device->usb_path);
		diagnose_evidence(look, "no module %s in the running kernel; %s exists", module, computer_container());
		diagnose_cure(look, "on the host of this container: sudo modprobe %s", module);
	} else if (!hostfs_has("/lib/modules/%s", release)) {
		diagnose_begin(look, "kernel-replaced", VERDICT_NO_PORT, look->port,
		      "the modules of the running kernel are gone, so no driver can be loaded");
		diagnose_evidence(look, "/lib/modules/%s does not exist: the kernel was updated", release);
		diagnose_cure(look, "restart this computer");
	} else if (is_blacklisted(module, line, sizeof(line))) {
		diagnose_begin(look, "driver-forbidden", VERDICT_NO_PORT, look->port,
		      "the driver of the %s at %s may not be loaded", device->bridge, device->usb_path);
		diagnose_evidence(look, "%s", line);
		diagnose_cure(look, "remove that line, then: sudo modprobe %s", module);
	} else if (is_installed(release, module)) {
		diagnose_begin(look, "driver-not-loaded", VERDICT_NO_PORT, look->port,
		      "the driver of the %s at %s is not loaded", device->bridge, device->usb_path);
		diagnose_evidence(look, "no module %s in the running kernel", module);
		diagnose_cure(look, "sudo modprobe %s", module);
	} else {
		diagnose_begin(look, "driver-missing", VERDICT_NO_PORT, look->port,
		      "this kernel has no driver for the %s at %s", device->bridge, device->usb_path);
		diagnose_evidence(look, "no %s.ko in /lib/modules/%s", module, release);
		diagnose_cure(look, "install the rest of the kernel: Ubuntu: sudo apt install linux-modules-extra-%s; "
			   "Debian's cloud kernel: sudo apt install linux-image-amd64 (or -arm64), restart; "
			   "others: build the kernel with %s", release, module);
	}
}

static void report_not_bound(struct look *look, const struct device *device, const char *module)
{
	char text[32];

	usb_attribute(device->usb_path, "authorized", text, sizeof(text));
	if (strcmp(text, "0") == 0) {
		diagnose_begin(look, "unauthorized", VERDICT_NO_PORT, look->port, "the %s at %s is switched off",
		      device->bridge, device->usb_path);
		diagnose_evidence(look, "/sys/bus/usb/devices/%s/authorized is 0 (USBGuard, or a rule)", device->usb_path);
		diagnose_cure(look, "echo 1 | sudo tee /sys/bus/usb/devices/%s/authorized", device->usb_path);
		return;
	}
	usb_attribute(device->usb_path, "bConfigurationValue", text, sizeof(text));
	if (!text[0] && hostfs_has("/sys/bus/usb/devices/%s/bConfigurationValue", device->usb_path)) {
		diagnose_begin(look, "no-power", VERDICT_NO_PORT, look->port,
		      "the kernel did not start the %s at %s: it wants more power than its hub has",
		      device->bridge, device->usb_path);
		diagnose_evidence(look, "/sys/bus/usb/devices/%s/bConfigurationValue is empty", device->usb_path);
		diagnose_cure(look, "plug it into a hub with its own power supply, or into the computer");
		return;
	}
	diagnose_begin(look, "driver-not-bound", VERDICT_NO_PORT, look->port,
	      "the driver %s is there, but has not taken the %s at %s", module, device->bridge, device->usb_path);
	diagnose_evidence(look, "/sys/bus/usb/drivers/%s exists, no interface of %s has a driver", module, device->usb_path);
	diagnose_cure(look, "re-plug it; if that does not help: echo %04x %04x | sudo tee "
		   "/sys/bus/usb-serial/drivers/%s/new_id", device->vid, device->pid, module);
}

static void check_portless(struct look *look, const struct device *device)
{
	const struct bridge *bridge = bridge_find(device->vid, device->pid);
	char driver[64];

	interface_driver(device->usb_path, driver, sizeof(driver));
	if (strcmp(driver, "usbfs") == 0)
		report_claimed(look, device);
	else if (!hostfs_has("/sys/bus/usb/drivers/%s", bridge->driver) &&
		 !hostfs_has("/sys/module/%s", bridge->driver))
		report_not_loaded(look, device, bridge->driver);
	else
		report_not_bound(look, device, bridge->driver);
}

/* ------------------------------------------------------------ nothing there */

/* The kernel knows the port, /dev does not. */
static bool check_node(struct look *look, const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;
	char numbers[32];
	unsigned int maj, min;

	if (!slash || !slash[1] || !hostfs_has("/sys/class/tty/%s", slash + 1))
		return false;
	diagnose_begin(look, "no-node", VERDICT_NO_PORT, path, "the kernel has this port, but /dev has not");
	diagnose_evidence(look, "/sys/class/tty/%s exists", slash + 1);
	if (computer_container()) {
		diagnose_evidence(look, "%s exists", computer_container());
		diagnose_cure(look, "start the container with --device=/dev/%s", slash + 1);
	} else {
		(void)hostfs_text(numbers, sizeof(numbers), "/sys/class/tty/%s/dev", slash + 1);
		if (sscanf(numbers, "%u:%u", &maj, &min) != 2)
			diagnose_cure(look, "re-plug it");
		else
			diagnose_cure(look, "re-plug it; where /dev is not the kernel's own (a chroot): "
				   "sudo mknod -m 660 /dev/%s c %u %u", slash + 1, maj, min);
	}
	return true;
}

/* A container sees the host's /sys, and of its /dev what it was given. */
static bool is_usable(const struct device *device)
{
	return device->path[0] && (!computer_container() || hostfs_has("%s", device->path));
}

/* Somebody else's number: the ports that are there instead. */
static bool check_others(struct look *look)
{
	char spelling[DEVICE_TEXT_MAX + 32];
	const struct device *first = NULL;
	const struct device *d;

	for (d = look->devices; look->port && d < look->devices + look->n_devices; d++) {
		if (!is_usable(d))
			continue;
		if (!first) {
			diagnose_begin(look, "not-there", VERDICT_NO_PORT, look->port, "it is not plugged in, other boards are");
			first = d;
		}
		diagnose_evidence(look, "%s: %s at %s", d->path, d->bridge[0] ? d->bridge : "a serial port", d->usb_path);
	}
	if (!first)
		return false;
	devices_spelling(look->devices, (size_t)look->n_devices, first, spelling, sizeof(spelling));
	diagnose_cure(look, "numbers change: use a name that stays, such as %s for %s, or a link in /dev/serial/by-id",
	     spelling, first->path);
	return true;
}

/* How many USB devices are plugged in that are no hubs; a few of them as evidence. */
static int count_usb_devices(struct look *look, bool tell)
{
	char class[16], vid[16], pid[16], product[DEVICE_TEXT_MAX];
	DIR *dir = hostfs_opendir("/sys/bus/usb/devices");
	struct dirent *entry;
	int n = 0;

	if (!dir)
		return -1;
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.' || strchr(entry->d_name, ':'))
			continue;
		usb_attribute(entry->d_name, "bDeviceClass", class, sizeof(class));
		if (strcmp(class, "09") == 0)
			continue;
		n++;
		usb_attribute(entry->d_name, "idVendor", vid, sizeof(vid));
		usb_attribute(entry->d_name, "idProduct", pid, sizeof(pid));
		usb_attribute(entry->d_name, "product", product, sizeof(product));
		if (tell)
			diagnose_evidence(look, "%s: %s:%s %s", entry->d_name, vid, pid, product);
	}
	(void)closedir(dir);
	return n;
}

static void report_nothing_on_usb(struct look *look)
{
	int n = count_usb_devices(look, false);

	if (n > 0) {
		diagnose_begin(look, "no-board-on-usb", VERDICT_NO_PORT, look->port, "no USB device looks like a board");
		(void)count_usb_devices(look, true);
	} else {
		diagnose_begin(look, "nothing-on-usb", VERDICT_NO_PORT, look->port, "nothing is plugged in");
		diagnose_evidence(look, n < 0 ? "this computer has no USB (/sys/bus/usb/devices)"
				     : "/sys/bus/usb/devices has nothing but hubs");
	}
	diagnose_cure(look, "plug it in; if it is, try another cable (many carry power only) and another socket; "
		   "dmesg -w shows whether the computer notices");
}

/* What was typed may be wrong: only a port that the kernel has is advised. */
static void report_container(struct look *look)
{
	const struct device *d = look->devices;
	int i;

	diagnose_begin(look, "container", VERDICT_NO_PORT, look->port, "this container has not been given %s",
	      look->port ? "such a port" : "a port");
	diagnose_evidence(look, "%s exists", computer_container());
	for (i = 0; i < look->n_devices && d[i].path[0]; i++)
		diagnose_evidence(look, "the kernel has %s: %s at %s", d[i].path, d[i].bridge[0] ? d[i].bridge : "a serial port",
			 d[i].usb_path);
	if (i > 0)
		diagnose_cure(look, "start the container with --device=%s", d[0].path);
	else
		diagnose_cure(look, "plug it in, look its port up on the host (ls -l /dev/serial/by-id), and start the "
			   "container with --device= and that port");
}

static void check_missing(struct look *look)
{
	char release[128];

	if (check_others(look))
		return;
	if (computer_is_wsl(release, sizeof(release))) {
		diagnose_begin(look, "wsl", VERDICT_NO_PORT, look->port, "Windows keeps its USB devices from WSL");
		diagnose_evidence(look, "the kernel is %s", release);
		diagnose_cure(look, "in Windows, as administrator: usbipd list; usbipd bind --busid BUSID; "
			   "usbipd attach --wsl --busid BUSID");
	} else if (computer_container()) {
		report_container(look);
	} else {
		report_nothing_on_usb(look);
	}
}

/* ------------------------------------------------------------ a port that is there */

static void check_path(struct look *look, const char *path)
{
	char rooted[HOSTFS_PATH_MAX];
	char text[160];
	struct device device;
	int r;

	if (hostfs_rooted(path, rooted, sizeof(rooted)) < 0)
		return;
	r = tty_refusal(rooted, text, sizeof(text));
	if (r == -ENOENT && check_node(look, path))
		return;
	if (r < 0) {
		diagnose_begin(look, "not-a-port", verdict_of_errno(-r), path, "%s", text);
		diagnose_cure(look, "espreset --list shows the ports there are");
		return;
	}
	check_permission(look, path, rooted);
	if (look->wanted == NOT_A_FAULT || look->wanted == VERDICT_BUSY)
		check_holder(look, path, rooted);
	if (look->wanted == VERDICT_BUSY)
		check_modemmanager(look, path, rooted);
	if (devices_find(path, &device) == 0)
		check_quirks(look, &device);
}

/* Of the devices without a port those that the spelling means; a path may mean any. */
static int check_portless_ones(struct look *look)
{
	int i, n = 0;

	for (i = 0; i < look->n_devices; i++) {
		const struct device *device = &look->devices[i];

		if (device->path[0] || !bridge_find(device->vid, device->pid))
			continue;
		if (look->spec && look->spec->kind != SPEC_PATH && !devices_fit(device, look->spec))
			continue;
		check_portless(look, device);
		n++;
	}
	return n;
}

static void check_all(struct look *look)
{
	int i;

	for (i = 0; i < look->n_devices && look->devices[i].path[0]; i++)
		check_path(look, look->devices[i].path);
	if (check_portless_ones(look) == 0 && look->n_devices == 0)
		check_missing(look);
}

/* @r, @text: why no path was found for it. */
static void check_unresolved(struct look *look, int r, const char *text)
{
	switch (r) {
	case -ENOTUNIQ:
		diagnose_begin(look, "ambiguous", VERDICT_AMBIGUOUS, look->port, "it fits several boards");
		diagnose_evidence(look, "%s", text);
		diagnose_cure(look, "name one of them");
		return;
	default:
		/* what the kernel has is not another device's affair */
		if (!check_node(look, look->port) && check_portless_ones(look) == 0)
			check_missing(look);
	}
}

/* The others are looked at only where they matter: Linux lets whoever reads a device's strings wait until that
 * device's reset or probe is over (drivers/usb/core/sysfs.c, usb_string_attr), and another board's stall is no
 * trouble of this one. */
static int diagnose_all(struct look *look)
{
	char path[HOSTFS_PATH_MAX];
	char text[512] = "";
	int r = look->spec ? devices_resolve(look->spec, path, sizeof(path), text, sizeof(text)) : 0;

	if (look->port && r == 0) {
		check_path(look, path);
		return look->count;
	}
	look->n_devices = devices_list(&look->devices);
	if (look->n_devices < 0)
		return look->n_devices;
	if (look->port)
		check_unresolved(look, r, text);
	else
		check_all(look);
	free(look->devices);
	return look->count;
}

int diagnose_run(const struct spec *spec, diagnose_fn report, void *user, enum verdict *ret_verdict)
{
	struct look look = { .spec = spec, .port = spec ? spec->text : NULL, .wanted = NOT_A_FAULT,
			     .scan_until_ms = WAIT_FOREVER, .report = report, .user = user, .verdict = VERDICT_READY };
	int r;

	r = diagnose_all(&look);
	if (r >= 0)
		*ret_verdict = look.verdict;
	return r;
}

/* ------------------------------------------------------------ the one that fits */

struct best {
	enum verdict verdict;
	bool is_found;
	struct diagnosis diagnosis;
};
/* clang-format on */

/* A port that is claimed away looks unplugged to a run that had it. */
static bool diagnose_explains(const struct diagnosis *diagnosis, enum verdict verdict)
{
	if (diagnosis->verdict == verdict)
		return true;
	return verdict == VERDICT_UNPLUGGED &&
	       (strcmp(diagnosis->word, "brltty") == 0 || strcmp(diagnosis->word, "claimed") == 0);
}

static void keep_best(void *user, const struct diagnosis *diagnosis)
{
	struct best *best = user;

	if (best->is_found || !diagnose_explains(diagnosis, best->verdict))
		return;
	best->is_found = true;
	best->diagnosis = *diagnosis;
}

bool diagnose_best(const struct spec *spec, enum verdict verdict, struct diagnosis *ret_diagnosis)
{
	struct best best = { .verdict = verdict };
	struct look look = { .spec = spec,
			     .port = spec->text,
			     .wanted = verdict,
			     .scan_until_ms = wait_now_ms() + SCAN_MS,
			     .report = keep_best,
			     .user = &best,
			     .verdict = VERDICT_READY };

	if (diagnose_all(&look) < 0 || !best.is_found)
		return false;
	*ret_diagnosis = best.diagnosis;
	return true;
}
