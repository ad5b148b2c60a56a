/* diagnose.c - finds out from this computer's files what is wrong with a port, and how to cure it; opens no tty. */
#include "host/diagnose.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "host/bridges.h"
#include "host/computer.h"
#include "host/holder.h"
#include "host/look.h"
#include "host/resolve.h"
#include "port/hostfs.h"
#include "port/tty.h"
#include "port/wait.h"

/* After a failed run, processes are examined for this long at most: the result of the run is printed only
 * afterwards. */
#define SCAN_MS 500

/* ---- writing a diagnosis ---- */

void diagnose_begin(struct look *look, const char *word, enum verdict verdict, const char *port, const char *format,
		    ...)
{
	va_list args;

	look->diagnosis = (struct diagnosis){ .word = word, .verdict = verdict };
	(void)plain_fail(TEXTBUF(look->diagnosis.port), 0, "%s", port ? port : "");
	va_start(args, format);
	plain_vprint(TEXTBUF(look->diagnosis.text), format, args);
	va_end(args);
}

void diagnose_evidence(struct look *look, const char *format, ...)
{
	struct diagnosis *d = &look->diagnosis;
	va_list args;

	if (d->n_evidence == FINDING_EVIDENCE)
		return;
	va_start(args, format);
	plain_vprint(TEXTBUF(d->evidence[d->n_evidence]), format, args);
	va_end(args);
	d->n_evidence++;
}

void diagnose_cure(struct look *look, const char *format, ...)
{
	struct diagnosis *d = &look->diagnosis;
	va_list args;

	va_start(args, format);
	plain_vprint(TEXTBUF(d->cure), format, args);
	va_end(args);
	look->count++;
	if (d->verdict != NOT_A_FAULT)
		look->verdict = look->verdict == VERDICT_READY ? d->verdict : verdict_worse(look->verdict, d->verdict);
	look->report(look->user, d);
}

/* ---- permission ---- */

#define GROUPS_MAX 1024 /* limit of the groups that are read for a process or a user; Linux allows 65,536 */

static bool has_group(const gid_t *groups, int n, gid_t gid)
{
	while (n-- > 0)
		if (groups[n] == gid)
			return true;
	return false;
}

static bool is_group_of_process(gid_t gid)
{
	gid_t groups[GROUPS_MAX];
	int n = getgroups(GROUPS_MAX, groups);

	return has_group(groups, n, gid) || getegid() == gid;
}

/* Whether the account database says that a user is in a group. A login session that began before the user was added to
 * the group still lacks the group. */
static bool is_group_of_user(gid_t gid, const struct passwd *user)
{
	gid_t groups[GROUPS_MAX];
	int n = GROUPS_MAX;

	if (getgrouplist(user->pw_name, user->pw_gid, groups, &n) < 0)
		n = GROUPS_MAX; /* the user is in more than GROUPS_MAX groups: only the first ones were stored */
	return has_group(groups, n, gid);
}

/* Reports that the user may not open the port. The names of users and groups come from the C library, not from files in
 * /etc, because nsswitch.conf(5) may name LDAP or systemd-homed instead. */
static void report_permission(struct look *look, const char *path, const struct stat *st)
{
	const struct group *group = getgrgid(st->st_gid);
	const struct passwd *user = getpwuid(geteuid());

	diagnose_begin(look, "permission", VERDICT_PERMISSION, path, "you may not open it");
	diagnose_evidence(look, "mode %03o, group %s (%u), you are %s (%u)", st->st_mode & 0777,
			  group ? group->gr_name : "?", st->st_gid, user ? user->pw_name : "?", geteuid());
	if ((st->st_mode & 060) != 060 || st->st_gid == 0 || is_group_of_process(st->st_gid))
		diagnose_cure(look, "have udev give it to a group: put SUBSYSTEM==\"tty\", SUBSYSTEMS==\"usb\", "
				    "GROUP=\"dialout\", MODE=\"0660\" into /etc/udev/rules.d/60-serial-group.rules; "
				    "then sudo udevadm control --reload, and re-plug");
	else if (computer_container())
		diagnose_cure(look, "start the container with --group-add %u", st->st_gid);
	else if (!group)
		diagnose_cure(look, "join the group with the number %u; then log out and in again", st->st_gid);
	else if (user && is_group_of_user(st->st_gid, user))
		diagnose_cure(look,
			      "log out and in again (or: newgrp %s): you are in the group, but this login is older",
			      group->gr_name);
	else
		diagnose_cure(look, "sudo usermod -aG %s %s; then log out and in again", group->gr_name,
			      user ? user->pw_name : "$USER");
}

/* Reports that owner, group and mode of the device node allow access, but a control group's device rules refuse it. */
static void report_device_rules(struct look *look, const char *path)
{
	diagnose_begin(look, "device-rules", VERDICT_PERMISSION, path, "its permissions allow it, the kernel does not");
	diagnose_evidence(look, "read and write are allowed by owner, group and mode");
	if (computer_container()) {
		diagnose_evidence(look, "%s exists", computer_container());
		diagnose_cure(look, "start the container with --device=%s", path);
	} else {
		diagnose_cure(look, "allow the device where espreset is started: in a systemd unit "
				    "DeviceAllow=char-ttyUSB rw and DeviceAllow=char-ttyACM rw");
	}
}

/* Reports missing permissions. faccessat() fails with EPERM if a control group's device rules forbid the access, which
 * the kernel checks after owner, group and mode (Linux fs/namei.c, inode_permission()). But such rules may also forbid
 * open() while faccessat() succeeds: only a run that failed for lack of permission shows this. */
static void check_permission(struct look *look, const char *path, const char *rooted)
{
	int err = faccessat(AT_FDCWD, rooted, R_OK | W_OK, AT_EACCESS) == 0 ? 0 : errno;
	struct stat st;

	if (err == EPERM || (err == 0 && look->wanted == VERDICT_PERMISSION))
		report_device_rules(look, path);
	else if (err != 0 && stat(rooted, &st) == 0)
		report_permission(look, path, &st);
}

/* ---- which process uses the port ---- */

/* Whether udev's database sets @property to 1 for the port. */
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

static const char *const seen_texts[] = {
	[HOLDER_LOCK] = "has locked it (/proc/locks)",
	[HOLDER_OPEN] = "has it open (/proc/PID/fd)",
	[HOLDER_UUCP] = "has a lock file for it (LCK.. in /run/lock)",
};

static void check_holder(struct look *look, const char *path, const char *rooted)
{
	struct holder holder;
	int pid;

	if (holder_find(rooted, look->scan_until_ms, &holder) <= 0)
		return;
	pid = (int)holder.pid;
	if (strcmp(holder.command, "ModemManager") == 0) {
		report_modemmanager(look, path, pid, seen_texts[holder.seen]);
		return;
	}
	if (pid > 0) {
		diagnose_begin(look, "busy", VERDICT_BUSY, path, "%s (process %d) uses it",
			       holder.command[0] ? holder.command : "a program", pid);
		diagnose_evidence(look, "process %d %s", pid, seen_texts[holder.seen]);
	} else {
		diagnose_begin(look, "busy", VERDICT_BUSY, path, "a program that cannot be seen from here uses it");
		diagnose_evidence(look, "somebody %s", seen_texts[holder.seen]);
	}
	if (holder.is_ancestor)
		diagnose_cure(look,
			      "it has started espreset, so waiting does not help: lock another file, or use --no-lock");
	else if (pid > 0)
		diagnose_cure(look, "close it, or give it time with --wait; to end it: kill %d", pid);
	else
		diagnose_cure(look, "find it as root: sudo fuser -v %s", path);
}

/* Reports ModemManager as the possible user of a busy port. It cannot be seen for certain: ModemManager runs as root,
 * so other users cannot see its open files; and no file shows that it has set TIOCEXCL on the port. */
static void check_modemmanager(struct look *look, const char *path, const char *rooted)
{
	pid_t pid = computer_process("ModemManager", look->scan_until_ms);

	if (pid > 0 && !udev_says(rooted, "ID_MM_PORT_IGNORE") && !udev_says(rooted, "ID_MM_DEVICE_IGNORE"))
		report_modemmanager(look, path, pid, "runs, and udev does not keep it off this port");
}

/* ---- a missing port ---- */

/* Reports a port that the kernel has, but for which /dev has no device node. Return: whether @path is such a port. */
static bool check_node(struct look *look, const char *path)
{
	const char *name = path ? hostfs_basename(path) : "";
	unsigned int maj, min;
	char numbers[32];

	if (name == path || !name[0] || !hostfs_has("/sys/class/tty/%s", name))
		return false;
	diagnose_begin(look, "no-node", VERDICT_NO_PORT, path, "the kernel has this port, but /dev has not");
	diagnose_evidence(look, "/sys/class/tty/%s exists", name);
	(void)hostfs_text(numbers, sizeof(numbers), "/sys/class/tty/%s/dev", name);
	if (computer_container()) {
		diagnose_evidence(look, "%s exists", computer_container());
		diagnose_cure(look, "start the container with --device=/dev/%s", name);
	} else if (sscanf(numbers, "%u:%u", &maj, &min) == 2) {
		diagnose_cure(look,
			      "re-plug it; where /dev is not the kernel's own (a chroot): "
			      "sudo mknod -m 660 /dev/%s c %u %u",
			      name, maj, min);
	} else {
		diagnose_cure(look, "re-plug it");
	}
	return true;
}

/* Whether a port has a device node. This is checked only in a container: its /sys shows all ports of the host, but its
 * /dev has only some of their device nodes. */
static bool is_usable(const struct device *device)
{
	return device->path[0] && (!computer_container() || hostfs_has("%s", device->path));
}

/* If PORT is missing, reports which other ports exist. Return: whether a diagnosis was reported. */
static bool check_others(struct look *look)
{
	char spelling[DEVICE_TEXT_MAX + 32];
	const struct device *first = NULL;

	for (int i = 0; look->port && i < look->n_devices; i++) {
		const struct device *d = &look->devices[i];

		if (!is_usable(d))
			continue;
		if (!first)
			diagnose_no_port(look, "not-there", "it is not plugged in, other boards are");
		first = first ? first : d;
		diagnose_evidence(look, "%s: %s at %s", d->path, d->bridge[0] ? d->bridge : "a serial port",
				  d->usb_path);
	}
	if (!first)
		return false;
	resolve_spelling(look->devices, (size_t)look->n_devices, first, spelling, sizeof(spelling));
	diagnose_cure(look, "numbers change: use a name that stays, such as %s for %s, or a link in /dev/serial/by-id",
		      spelling, first->path);
	return true;
}

/* Adds the USB devices other than hubs to the diagnosis, as evidence. Return: their number; -1: this computer has no
 * USB. */
static int list_usb_devices(struct look *look)
{
	DIR *dir = hostfs_opendir("/sys/bus/usb/devices");
	struct device device;
	struct dirent *entry;
	char class[16];
	int n = 0;

	if (!dir)
		return -1;
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.' || strchr(entry->d_name, ':'))
			continue;
		(void)hostfs_text(class, sizeof(class), "/sys/bus/usb/devices/%s/bDeviceClass", entry->d_name);
		if (strcmp(class, "09") == 0)
			continue;
		n++;
		(void)devices_at(entry->d_name, &device);
		diagnose_evidence(look, "%s: %04x:%04x %s", entry->d_name, device.vid, device.pid, device.product);
	}
	(void)closedir(dir);
	return n;
}

static void report_nothing_on_usb(struct look *look)
{
	int n;

	diagnose_no_port(look, "no-board-on-usb", "no USB device looks like a board");
	n = list_usb_devices(look);
	if (n <= 0) {
		diagnose_no_port(look, "nothing-on-usb", "nothing is plugged in");
		diagnose_evidence(look, n < 0 ? "this computer has no USB (/sys/bus/usb/devices)"
					      : "/sys/bus/usb/devices has nothing but hubs");
	}
	diagnose_cure(look, "plug it in; if it is, try another cable (many carry power only) and another socket; "
			    "dmesg -w shows whether the computer notices");
}

/* Reports that the container was not given the port. The cure names a port that the kernel has, not PORT, because the
 * user may have mistyped PORT. */
static void report_container(struct look *look)
{
	const struct device *d = look->devices;
	int i;

	diagnose_no_port(look, "container", "this container has not been given %s",
			 look->port ? "such a port" : "a port");
	diagnose_evidence(look, "%s exists", computer_container());
	for (i = 0; i < look->n_devices && d[i].path[0]; i++)
		diagnose_evidence(look, "the kernel has %s: %s at %s", d[i].path,
				  d[i].bridge[0] ? d[i].bridge : "a serial port", d[i].usb_path);
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
	computer_kernel(release, sizeof(release));
	if (strcasestr(release, "microsoft")) {
		diagnose_no_port(look, "wsl", "Windows keeps its USB devices from WSL");
		diagnose_evidence(look, "the kernel is %s", release);
		diagnose_cure(look, "in Windows, as administrator: usbipd list; usbipd bind --busid BUSID; "
				    "usbipd attach --wsl --busid BUSID");
	} else if (computer_container()) {
		report_container(look);
	} else {
		report_nothing_on_usb(look);
	}
}

/* ---- an existing port ---- */

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

/* Reports why known bridges have no serial port: if PORT is of the form usb:..., only bridges that it fits, otherwise
 * all. Return: the number of these bridges. */
static int check_portless_ones(struct look *look)
{
	int i, n = 0;

	for (i = 0; i < look->n_devices; i++) {
		const struct device *device = &look->devices[i];

		if (device->path[0] || !bridge_find(device->vid, device->pid))
			continue;
		if (look->spec && look->spec->kind != SPEC_PATH && !resolve_fits(device, look->spec))
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

/* Reports why PORT leads to no tty. @r, @text: error and text of resolve_port() for PORT. */
static void check_unresolved(struct look *look, int r, const char *text)
{
	if (r == -ENOTUNIQ) {
		diagnose_begin(look, "ambiguous", VERDICT_AMBIGUOUS, look->port, "it fits several boards");
		diagnose_evidence(look, "%s", text);
		diagnose_cure(look, "name one of them");
	} else if (!check_node(look, look->port) && check_portless_ones(look) == 0) {
		check_missing(look);
	}
}

/* Looks at PORT. Only if it is missing or was not given, looks at all devices: Linux delays a read of a device's USB
 * strings until that device's reset or probe is over (drivers/usb/core/sysfs.c, usb_string_attr), so one stalling
 * device would delay the diagnosis of another. */
static int diagnose_all(struct look *look)
{
	char path[HOSTFS_PATH_MAX];
	char text[512] = "";
	int r = look->spec ? resolve_port(look->spec, TEXTBUF(path), TEXTBUF(text)) : 0;

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
	struct look look = { .spec = spec,
			     .port = spec ? spec->text : NULL,
			     .wanted = NOT_A_FAULT,
			     .scan_until_ms = WAIT_FOREVER,
			     .report = report,
			     .user = user,
			     .verdict = VERDICT_READY };
	int r;

	r = diagnose_all(&look);
	if (r >= 0)
		*ret_verdict = look.verdict;
	return r;
}

/* ---- explaining a failed run ---- */

struct best {
	enum verdict verdict;
	bool is_found;
	struct diagnosis diagnosis;
};

/* Whether a diagnosis explains the verdict of a run. The diagnoses `brltty` and `claimed` also explain the verdict
 * `unplugged`: when another program takes a bridge over through USB, the port of the bridge disappears. */
static bool diagnose_explains(const struct diagnosis *diagnosis, enum verdict verdict)
{
	return diagnosis->verdict == verdict ||
	       (verdict == VERDICT_UNPLUGGED &&
		(strcmp(diagnosis->word, "brltty") == 0 || strcmp(diagnosis->word, "claimed") == 0));
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
