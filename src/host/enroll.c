/* enroll.c - the udev rule that gives a board a NAME and has systemd reset the board whenever it appears. */
#include "host/enroll.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "host/bridges.h"
#include "host/resolve.h"
#include "port/hostfs.h"

#define ID_PATH_MAX 128

bool enroll_is_name(const char *name)
{
	size_t len = strlen(name);

	return len >= 1 && len <= ENROLL_NAME_MAX && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == len;
}

/* Whether a udev pattern matches @text literally: @text has no "|", "*", "?", "[" or quote. */
static bool is_exact(const char *text)
{
	return text[0] && text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
					    "-_.:+#@=,/ ")] == '\0';
}

/* Whether a serial number is a default that makers of bridges leave unchanged: many bridges have it, so it identifies
 * none. */
static bool is_factory_serial(const char *serial)
{
	static const char *const known[] = { "0",	   "0000",     "0001",	    "00000000",	 "00000001",
					     "0123456789", "12345678", "123456789", "1234567890" };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(serial, known[i]) == 0)
			return true;
	return false;
}

/* What may make the udev rule match more than the port of the board to enroll. */
struct others {
	bool same_serial; /* another plugged-in device has the same VID, PID and serial number */
	bool same_device; /* the board's bridge has more than one serial port */
};

static struct others look_around(const struct device *device)
{
	struct others others = { 0 };
	struct device *all = NULL;
	int n = devices_list(&all);

	for (int i = 0; i < n; i++) {
		const struct device *d = &all[i];

		if (strcmp(d->path, device->path) == 0)
			continue;
		if (strcmp(d->usb_path, device->usb_path) == 0)
			others.same_device = true;
		else if (d->vid == device->vid && d->pid == device->pid && strcmp(d->serial, device->serial) == 0)
			others.same_serial = true;
	}
	free(all);
	if (n < 0)
		others.same_serial = true; /* not known whether the serial number is unique: match by place */
	return others;
}

/* Return: why the udev rule cannot match the board by its serial number; NULL: it can. */
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

/* Reads ID_PATH, udev's name for the place of the port on USB. Unlike a name with a bus number, ID_PATH is the same
 * after a restart of the computer. */
static bool read_id_path(const struct device *device, char *buf, size_t cap)
{
	char path[HOSTFS_PATH_MAX], line[ID_PATH_MAX];
	bool is_found = false;
	struct stat st;
	FILE *file;

	if (hostfs_rooted(device->path, path, sizeof(path)) < 0 || stat(path, &st) < 0)
		return false;
	file = hostfs_fopen(HOSTFS_UDEV, major(st.st_rdev), minor(st.st_rdev));
	if (!file)
		return false;
	while (!is_found && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		is_found = strncmp(line, "E:ID_PATH=", 10) == 0 && is_exact(line + 10);
	}
	(void)fclose(file); /* the file was only read, so an error of fclose() loses no data */
	if (is_found)
		(void)snprintf(buf, cap, "%s", line + 10);
	return is_found;
}

/* If the bridge has several serial ports, adds the number of the board's USB interface to the udev rule: the ports of
 * one bridge have the same serial number and the same place. */
static void add_interface(const struct device *device, const struct others *others, struct textbuf match)
{
	const char *number = strrchr(device->interface, '.');
	size_t used = strlen(match.at);

	if (others->same_device && number)
		(void)snprintf(match.at + used, match.cap - used, ", ENV{ID_USB_INTERFACE_NUM}==\"%02lx\"",
			       strtol(number + 1, NULL, 10));
}

/* Chooses what the udev rule matches besides VID and PID, and explains the choice in @why. */
static void choose_match(const struct device *device, struct textbuf match, struct textbuf why)
{
	const struct others others = look_around(device);
	const char *against = against_serial(device, &others);
	const char *bridge = device->bridge[0] ? device->bridge : "board";
	const char *caution = "";
	char id_path[ID_PATH_MAX];

	if (!against) {
		(void)snprintf(match.at, match.cap, "ATTRS{serial}==\"%s\"", device->serial);
		add_interface(device, &others, match);
		(void)snprintf(why.at, why.cap, "by serial number: the name follows the board to any socket");
		return;
	}
	if (read_id_path(device, id_path, sizeof(id_path))) {
		(void)snprintf(match.at, match.cap, "ENV{ID_PATH}==\"%s\"", id_path);
	} else {
		(void)snprintf(match.at, match.cap, "KERNELS==\"%s\"", device->usb_path);
		add_interface(device, &others, match);
		caution = "; udev does not run here, and this name of the place may change with the next start";
	}
	(void)snprintf(why.at, why.cap, "by place, as %s: the name stays with the socket, and any %s in it gets it%s",
		       against, bridge, caution);
}

/* Writes the udev rule. All ATTRS and KERNELS of a udev rule must match one and the same parent device. As idVendor and
 * idProduct match only the bridge, serial number and place are compared with the bridge's, too, not with those of a hub
 * above it. The file's name begins with 70 because the rule needs ENV{ID_*} from 60-serial.rules, and
 * 73-seat-late.rules needs the link that the rule makes. */
static void write_rule(const struct device *device, const char *name, struct enrolment *ret)
{
	char match[DEVICE_TEXT_MAX + 64];

	choose_match(device, TEXTBUF(match), TEXTBUF(ret->why));
	(void)snprintf(ret->file, sizeof(ret->file), "/etc/udev/rules.d/70-espreset-%s.rules", name);
	ret->next = "sudo udevadm control --reload, then unplug the board and plug it in again";
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

int enroll_make(const struct spec *spec, const char *name, struct enrolment *ret, struct textbuf ret_text)
{
	const struct bridge *bridge;
	char path[HOSTFS_PATH_MAX];
	struct device device;
	int r;

	if (!enroll_is_name(name))
		return plain_fail(ret_text, -EINVAL,
				  "a board's name has up to 32 small letters, digits and underscores, nothing else");
	r = resolve_port(spec, TEXTBUF(path), ret_text);
	if (r < 0)
		return r;
	if (devices_find(path, &device) < 0)
		return plain_fail(ret_text, -ENOTSUP,
				  "is not on USB: it never appears, so there is nothing to wait for");
	bridge = bridge_find(device.vid, device.pid);
	if (bridge && (bridge->quirks & BRIDGE_NATIVE))
		return plain_fail(
			ret_text, -ENOTSUP,
			"is the chip's own USB: its port goes away and comes back in the middle of an upload, "
			"and a reset then would destroy it; enroll boards with a USB-UART bridge");
	write_rule(&device, name, ret);
	return 0;
}
