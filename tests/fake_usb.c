/* fake_usb.c - writes a fake /sys with USB devices and their serial ports, in Linux's layout. */
#include "fake_usb.h"

#include <stdio.h>
#include <string.h>

#include "fake_root.h"

void fake_usb_make(void)
{
	(void)fake_root_make();
	fake_dir("/sys/class/tty");
	fake_dir("/sys/bus/usb/devices");
	fake_dir("/dev");
	fake_dir("/proc");
}

/* The sysfs directory of a device: "/sys/devices/pci0/usb1/1-1/1-1.4" for "1-1.4". The directory of a device lies in
 * the directory of its hub; here the hub is 1-1. */
static const char *device_dir(const char *usb_path)
{
	static char dir[512];
	size_t i, used;

	used = (size_t)snprintf(dir, sizeof(dir), "/sys/devices/pci0/usb%.*s", (int)strcspn(usb_path, "-"), usb_path);
	for (i = strcspn(usb_path, "-"); usb_path[i]; i++)
		if (usb_path[i + 1] == '.' || !usb_path[i + 1])
			used += (size_t)snprintf(dir + used, sizeof(dir) - used, "/%.*s", (int)i + 1, usb_path);
	return dir;
}

static void attribute(const char *dir, const char *name, const char *value)
{
	char path[700];

	if (!value)
		return;
	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	fake_file(path, "%s\n", value);
}

/* Creates @link, a relative symbolic link to @path. The directory that holds @link is @depth levels below "/". */
static void link_from(int depth, const char *path, const char *link)
{
	char target[700] = "";

	while (depth-- > 0)
		strcat(target, "../");
	strcat(target, path + 1);
	fake_link(target, link);
}

void fake_usb_device(const struct fake_usb *usb)
{
	const char *dir = device_dir(usb->usb_path);
	char link[128];

	attribute(dir, "idVendor", usb->vid);
	attribute(dir, "idProduct", usb->pid);
	attribute(dir, "bcdDevice", usb->bcd ? usb->bcd : "0100");
	attribute(dir, "serial", usb->serial);
	attribute(dir, "product", usb->product);
	attribute(dir, "busnum", "1");
	attribute(dir, "devnum", "7");
	(void)snprintf(link, sizeof(link), "/sys/bus/usb/devices/%s", usb->usb_path);
	link_from(4, dir, link);
}

void fake_usb_tty(const char *usb_path, int interface, const char *tty, const char *driver)
{
	char usb_if[600], port[700], node[800], path[900], number[16], target[64];

	(void)snprintf(usb_if, sizeof(usb_if), "%s/%s:1.%d", device_dir(usb_path), usb_path, interface);
	(void)snprintf(number, sizeof(number), "%02d", interface);
	attribute(usb_if, "bInterfaceNumber", number);
	(void)snprintf(path, sizeof(path), "%s/driver", usb_if);
	/* the target of this link need not exist: espreset reads only the driver's name at the end of the link text */
	(void)snprintf(target, sizeof(target), "../drivers/%s", driver);
	fake_link(target, path);
	if (strncmp(tty, "ttyUSB", 6) == 0)
		(void)snprintf(port, sizeof(port), "%s/%s", usb_if, tty);
	else
		(void)snprintf(port, sizeof(port), "%s", usb_if);
	(void)snprintf(node, sizeof(node), "%s/tty/%s", port, tty);
	(void)snprintf(path, sizeof(path), "%s/device", node);
	fake_link("../..", path); /* as in a real /sys, the link in tty/ttyUSB0 leads two levels up */
	(void)snprintf(path, sizeof(path), "/sys/class/tty/%s", tty);
	link_from(3, node, path);
	(void)snprintf(path, sizeof(path), "/dev/%s", tty);
	fake_file(path, "%s", "");
}

void fake_usb_plug(const struct fake_usb *usb, const char *tty, const char *driver)
{
	fake_usb_device(usb);
	fake_usb_tty(usb->usb_path, 0, tty, driver);
}
