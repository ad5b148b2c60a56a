/* enroll.c - the udev rule that makes one board NAME and has systemd reset it when it appears. */
#include "host/enroll.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "host/bridges.h"
#include "host/plain.h"
#include "port/hostfs.h"

#define ID_PATH_MAX 128

bool enroll_is_name(const char *name)
{
	size_t len = strlen(name);

	return len >= 1 && len <= ENROLL_NAME_MAX && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == len;
}

/* Letters that mean themselves in a rule's pattern; "|*?[" and quotes do not. */
static bool is_exact(const char *text)
{
	return text[0] && text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
					    "-_.:+#@=,/ ")] == '\0';
}

/* Serial numbers that makers of bridges and boards leave in: half the world has the same. */
static bool is_factory_serial(const char *serial)
{
	static const char *const known[] = { "0",	   "0000",     "0001",	    "00000000",	 "00000001",
					     "0123456789", "12345678", "123456789", "1234567890" };
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(serial, known[i]) == 0)
			return true;
	return false;
}

/* Other boards that are plugged in: with the same serial number, and with another interface of this one. */
struct others {
	bool same_serial;
	bool same_device;
};

static int look_around(const struct device *device, struct others *others)
{
	struct device *all;
	int i, n = devices_list(&all);

	*others = (struct others){ 0 };
	for (i = 0; i < n; i++) {
		if (strcmp(all[i].path, device->path) == 0)
			continue;
		if (strcmp(all[i].usb_path, device->usb_path) == 0)
			others->same_device = true;
		else if (all[i].vid == device->vid && all[i].pid == device->pid &&
			 strcmp(all[i].serial, device->serial) == 0)
			others->same_serial = true;
	}
	if (n > 0)
		free(all);
	return n < 0 ? n : 0;
}

/* Why the serial number will not do; NULL: it will. */
static const char *against_serial(const struct device *device, const struct others *others)
{
	if (!device->serial[0])
		return "it has no serial number";
	if (is_factory_serial(device->serial))
		return "its serial number is one that many have";
	if (others->same_serial)
		return "another one that is plugged in has the same serial number";
	if (!is_exact(device->serial))
		return "its serial number has characters that a rule cannot match";
	return NULL;
}

/* udev's own name of the place: bus numbers may change with the next start, this does not. */
static bool read_id_path(const struct device *device, char *buf, size_t cap)
{
	char path[HOSTFS_PATH_MAX], line[ID_PATH_MAX];
	bool is_found = false;
	struct stat st;
	FILE *file;

	if (hostfs_path(path, sizeof(path), "%s", device->path) < 0 || stat(path, &st) < 0)
		return false;
	file = hostfs_fopen(HOSTFS_UDEV, major(st.st_rdev), minor(st.st_rdev));
	if (!file)
		return false;
	while (!is_found && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		is_found = strncmp(line, "E:ID_PATH=", 10) == 0 && is_exact(line + 10);
	}
	(void)fclose(file); /* read only */
	if (is_found)
		(void)snprintf(buf, cap, "%s", line + 10);
	return is_found;
}

/* A bridge with several ports has one serial number and one place. */
static void add_interface(const struct device *device, const struct others *others, char *match, size_t cap)
{
	const char *number = strrchr(device->interface, '.');
	size_t used = strlen(match);

	if (others->same_device && number)
		(void)snprintf(match + used, cap - used, ", ENV{ID_USB_INTERFACE_NUM}==\"%02lx\"",
			       strtol(number + 1, NULL, 10));
}

/* What the rule matches besides VID:PID, and why. */
static void choose_match(const struct device *device, const struct others *others, char *match, size_t cap,
			 struct enrolment *ret)
{
	const char *against = against_serial(device, others);
	const char *bridge = device->bridge[0] ? device->bridge : "board";
	char id_path[ID_PATH_MAX];

	if (!against) {
		(void)snprintf(match, cap, "ATTRS{serial}==\"%s\"", device->serial);
		add_interface(device, others, match, cap);
		(void)snprintf(ret->why, sizeof(ret->why),
			       "by serial number: the name follows the board to any socket");
	} else if (read_id_path(device, id_path, sizeof(id_path))) {
		(void)snprintf(match, cap, "ENV{ID_PATH}==\"%s\"", id_path);
		(void)snprintf(ret->why, sizeof(ret->why),
			       "by place, as %s: the name stays with the socket, and any %s in it gets it", against,
			       bridge);
	} else {
		(void)snprintf(match, cap, "KERNELS==\"%s\"", device->usb_path);
		add_interface(device, others, match, cap);
		(void)snprintf(ret->why, sizeof(ret->why),
			       "by place, as %s: the name stays with the socket, and any %s in it gets it; "
			       "udev does not run here, and this name of the place may change with the next start",
			       against, bridge);
	}
}

/* ATTRS and KERNELS must all hold for one and the same parent: so serial number and place are those of the
 * bridge, and not of a hub above it. ENV{ID_*} are from 60-serial.rules; the link must be there before
 * 73-seat-late.rules. So the number of the file is between. */
static void write_rule(const struct device *device, const char *name, struct enrolment *ret)
{
	struct others others;
	char match[DEVICE_TEXT_MAX + 64];

	if (look_around(device, &others) < 0)
		others = (struct others){ .same_serial = true }; /* the careful way */
	choose_match(device, &others, match, sizeof(match), ret);
	(void)snprintf(ret->file, sizeof(ret->file), "/etc/udev/rules.d/70-espreset-%s.rules", name);
	(void)snprintf(ret->next, sizeof(ret->next),
		       "sudo udevadm control --reload, then unplug the board and plug it in again");
	(void)snprintf(ret->rule, sizeof(ret->rule),
		       "# %s: a %s, %s.\n"
		       "# From espreset --enroll; belongs into %s\n"
		       "# Then: %s.\n"
		       "ACTION!=\"remove\", SUBSYSTEM==\"tty\", ATTRS{idVendor}==\"%04x\", "
		       "ATTRS{idProduct}==\"%04x\", %s, \\\n"
		       "  SYMLINK+=\"espreset/%s\", TAG+=\"systemd\", "
		       "ENV{SYSTEMD_WANTS}+=\"espreset@%s.service\", \\\n"
		       "  ENV{ID_MM_DEVICE_IGNORE}=\"1\", ENV{ID_MM_PORT_IGNORE}=\"1\"\n",
		       name, device->bridge[0] ? device->bridge : "serial port", ret->why, ret->file, ret->next,
		       device->vid, device->pid, match, name, name);
}

static int enroll_refuse(int err, char *text, size_t cap, const char *why)
{
	(void)snprintf(text, cap, "%s", why);
	plain_make(text);
	return -err;
}

int enroll_make(const struct spec *spec, const char *name, struct enrolment *ret, char *ret_text, size_t text_cap)
{
	const struct bridge *bridge;
	char path[HOSTFS_PATH_MAX];
	struct device device;
	int r;

	if (!enroll_is_name(name))
		return enroll_refuse(EINVAL, ret_text, text_cap,
				     "a board's name has up to 32 small letters, digits and underscores, nothing else");
	r = devices_resolve(spec, path, sizeof(path), ret_text, text_cap);
	if (r < 0)
		return r;
	if (devices_find(path, &device) < 0)
		return enroll_refuse(ENOTSUP, ret_text, text_cap,
				     "is not on USB: it never appears, so there is nothing to wait for");
	bridge = bridge_find(device.vid, device.pid);
	if (bridge && (bridge->quirks & BRIDGE_NATIVE))
		return enroll_refuse(
			ENOTSUP, ret_text, text_cap,
			"is the chip's own USB: its port goes away and comes back in the middle of an upload, "
			"and a reset then would destroy it; enroll boards with a USB-UART bridge");
	write_rule(&device, name, ret);
	return 0;
}
