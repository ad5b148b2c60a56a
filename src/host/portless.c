/* portless.c - finds out why a known bridge has no serial port: its driver is missing or does not serve it, or a
 * program uses the bridge directly. */
#include "host/look.h"

#include <dirent.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "host/bridges.h"
#include "host/computer.h"
#include "host/holder.h"
#include "port/hostfs.h"

#define USB_DEVICE "/sys/bus/usb/devices/%s"

/* Finds the Linux driver of a USB device: the driver of its first interface that has one; "": no interface has a
 * driver. */
static void interface_driver(const char *usb_path, char *buf, size_t cap)
{
	DIR *dir = hostfs_opendir(USB_DEVICE, usb_path);
	struct dirent *entry;

	buf[0] = '\0';
	while (dir && !buf[0] && (entry = readdir(dir))) {
		if (strchr(entry->d_name, ':'))
			(void)hostfs_link(buf, cap, USB_DEVICE "/%s/driver", usb_path, entry->d_name);
	}
	if (dir)
		(void)closedir(dir);
}

#define BRLTTY_CURE \
	"if nobody here needs braille: sudo ln -s /dev/null /etc/udev/rules.d/85-brltty.rules; sudo systemctl " \
	"mask --now brltty.path; re-plug. If somebody does: genericDevices=no in /etc/brltty.conf"

/* Reports a program that uses the bridge through usbfs: either brltty, which mistakes the bridge for a braille display,
 * or another program. */
static void report_claimed(struct look *look, const struct device *d)
{
	pid_t brltty = computer_process("brltty", look->scan_until_ms);
	char path[64], rooted[HOSTFS_PATH_MAX];
	struct holder holder = { 0 };

	if (brltty > 0) {
		diagnose_no_port(look, "brltty", "brltty has taken the %s at %s for a braille display", d->bridge,
				 d->usb_path);
		diagnose_evidence(look, "process %d is brltty, and the device is driven through usbfs", (int)brltty);
		diagnose_cure(look, BRLTTY_CURE);
		return;
	}
	if (devices_usb_node(d->usb_path, path, sizeof(path)) < 0 || hostfs_rooted(path, rooted, sizeof(rooted)) < 0 ||
	    holder_find(rooted, look->scan_until_ms, &holder) <= 0)
		holder.pid = 0;
	diagnose_no_port(look, "claimed", "a program drives the %s at %s itself", d->bridge, d->usb_path);
	diagnose_evidence(look, "it is driven through usbfs");
	if (holder.pid > 0)
		diagnose_evidence(look, "%s (process %d) has it open", holder.command, (int)holder.pid);
	diagnose_cure(look, "end that program (a virtual machine, a USB/IP server, a debugger), then re-plug");
}

/* Whether modprobe's configuration forbids a kernel module. @ret_line: the file and its text line, as "FILE says
 * LINE". */
static bool is_blacklisted(const char *module, char *ret_line, size_t cap)
{
	static const char *const dirs[] = { "/etc/modprobe.d", "/run/modprobe.d", "/usr/lib/modprobe.d",
					    "/lib/modprobe.d" };
	char line[64];
	bool is = false;

	(void)snprintf(line, sizeof(line), "blacklist %s", module);
	for (size_t i = 0; !is && i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		DIR *dir = hostfs_opendir("%s", dirs[i]);
		struct dirent *entry;

		while (dir && !is && (entry = readdir(dir))) {
			is = fnmatch("?*.conf", entry->d_name, 0) == 0 && /* modprobe reads only *.conf */
			     computer_file_has(line, "%s/%s", dirs[i], entry->d_name);
			if (is)
				(void)snprintf(ret_line, cap, "%s/%s says %s", dirs[i], entry->d_name, line);
		}
		if (dir)
			(void)closedir(dir);
	}
	return is;
}

/* Whether modules.dep lists the file of a kernel module. The name of the file may have '-' where the module's name has
 * '_', and may end in a suffix for compression: .ko.xz. */
static bool is_installed(const char *release, const char *module)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "/%s.ko", module);
	if (computer_file_has(name, "/lib/modules/%s/modules.dep", release))
		return true;
	for (char *c = name; *c; c++)
		if (*c == '_')
			*c = '-';
	return computer_file_has(name, "/lib/modules/%s/modules.dep", release);
}

static void report_not_loaded(struct look *look, const struct device *d, const char *module)
{
	char release[128], line[512];

	computer_kernel(release, sizeof(release));
	if (computer_container()) {
		diagnose_no_port(look, "driver-missing", "the driver of the %s at %s is not loaded", d->bridge,
				 d->usb_path);
		diagnose_evidence(look, "no module %s in the running kernel; %s exists", module, computer_container());
		diagnose_cure(look, "on the host of this container: sudo modprobe %s", module);
	} else if (!hostfs_has("/lib/modules/%s", release)) {
		diagnose_no_port(look, "kernel-replaced",
				 "the modules of the running kernel are gone, so no driver can be loaded");
		diagnose_evidence(look, "/lib/modules/%s does not exist: the kernel was updated", release);
		diagnose_cure(look, "restart this computer");
	} else if (is_blacklisted(module, line, sizeof(line))) {
		diagnose_no_port(look, "driver-forbidden", "the driver of the %s at %s may not be loaded", d->bridge,
				 d->usb_path);
		diagnose_evidence(look, "%s", line);
		diagnose_cure(look, "remove that line, then: sudo modprobe %s", module);
	} else if (is_installed(release, module)) {
		diagnose_no_port(look, "driver-not-loaded", "the driver of the %s at %s is not loaded", d->bridge,
				 d->usb_path);
		diagnose_evidence(look, "no module %s in the running kernel", module);
		diagnose_cure(look, "sudo modprobe %s", module);
	} else {
		diagnose_no_port(look, "driver-missing", "this kernel has no driver for the %s at %s", d->bridge,
				 d->usb_path);
		diagnose_evidence(look, "no %s.ko in /lib/modules/%s", module, release);
		diagnose_cure(look,
			      "install the rest of the kernel: Ubuntu: sudo apt install linux-modules-extra-%s; "
			      "Debian's cloud kernel: sudo apt install linux-image-amd64 (or -arm64), restart; "
			      "others: build the kernel with %s",
			      release, module);
	}
}

static void report_not_bound(struct look *look, const struct device *d, const char *module)
{
	char authorized[32], configuration[32];

	(void)hostfs_text(authorized, sizeof(authorized), USB_DEVICE "/authorized", d->usb_path);
	if (strcmp(authorized, "0") == 0) {
		diagnose_no_port(look, "unauthorized", "the %s at %s is switched off", d->bridge, d->usb_path);
		diagnose_evidence(look, USB_DEVICE "/authorized is 0 (USBGuard, or a rule)", d->usb_path);
		diagnose_cure(look, "echo 1 | sudo tee " USB_DEVICE "/authorized", d->usb_path);
	} else if (hostfs_text(configuration, sizeof(configuration), USB_DEVICE "/bConfigurationValue", d->usb_path) ==
		   0) {
		diagnose_no_port(look, "no-power",
				 "the kernel did not start the %s at %s: it wants more power than its hub has",
				 d->bridge, d->usb_path);
		diagnose_evidence(look, USB_DEVICE "/bConfigurationValue is empty", d->usb_path);
		diagnose_cure(look, "plug it into a hub with its own power supply, or into the computer");
	} else {
		diagnose_no_port(look, "driver-not-bound", "the driver %s is there, but has not taken the %s at %s",
				 module, d->bridge, d->usb_path);
		diagnose_evidence(look, "/sys/bus/usb/drivers/%s exists, no interface of %s has a driver", module,
				  d->usb_path);
		diagnose_cure(look,
			      "re-plug it; if that does not help: echo %04x %04x | sudo tee "
			      "/sys/bus/usb-serial/drivers/%s/new_id",
			      d->vid, d->pid, module);
	}
}

void check_portless(struct look *look, const struct device *device)
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
