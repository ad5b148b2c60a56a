/* devices.c - which boards and USB-UART bridges are plugged in; opens no tty. */
#include "host/devices.h"

#include <dirent.h>
#include <errno.h>
#include <libusb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "host/bridges.h"
#include "port/hostfs.h"
#include "port/wait.h"

struct list {
	struct device *devices;
	size_t count;
};

static int list_append(struct list *list, const struct device *device)
{
	struct device *more = realloc(list->devices, (list->count + 1) * sizeof(*more));

	if (!more)
		return -ENOMEM;
	list->devices = more;
	list->devices[list->count++] = *device;
	return 0;
}

/* ---- one USB device in sysfs ---- */

static void copy_text(struct textbuf to, const char *text)
{
	(void)snprintf(to.at, to.cap, "%.*s", (int)to.cap - 1, text);
}

static bool read_hex(const char *dir, const char *name, unsigned int *ret_number)
{
	char text[16];

	(void)hostfs_text(text, sizeof(text), "%s/%s", dir, name);
	return sscanf(text, "%x", ret_number) == 1;
}

/* Reads what sysfs has about a USB device. Return: false: the sysfs directory @dir does not belong to a USB device. */
static bool read_usb_device(const char *dir, struct device *device)
{
	if (!read_hex(dir, "idVendor", &device->vid) || !read_hex(dir, "idProduct", &device->pid))
		return false;
	if (!read_hex(dir, "bcdDevice", &device->bcd_device))
		device->bcd_device = 0;
	(void)hostfs_text(device->serial, sizeof(device->serial), "%s/serial", dir);
	(void)hostfs_text(device->product, sizeof(device->product), "%s/product", dir);
	copy_text(TEXTBUF(device->usb_path), hostfs_basename(dir));
	bridge_name(device->vid, device->pid, device->product, device->bcd_device, TEXTBUF(device->bridge));
	return true;
}

bool devices_at(const char *usb_path, struct device *ret_device)
{
	char dir[HOSTFS_PATH_MAX];

	*ret_device = (struct device){ 0 };
	(void)snprintf(dir, sizeof(dir), "/sys/bus/usb/devices/%s", usb_path);
	return read_usb_device(dir, ret_device);
}

int devices_usb_node(const char *usb_path, char *ret_path, size_t cap)
{
	char bus[16], number[16];

	if (hostfs_text(bus, sizeof(bus), "/sys/bus/usb/devices/%s/busnum", usb_path) < 0 ||
	    hostfs_text(number, sizeof(number), "/sys/bus/usb/devices/%s/devnum", usb_path) < 0)
		return -ENODEV;
	return snprintf(ret_path, cap, "/dev/bus/usb/%03d/%03d", atoi(bus), atoi(number)) < (int)cap ? 0
												     : -ENAMETOOLONG;
}

/* Finds the USB interface of a tty and then its USB device, by going up in sysfs from the tty's directory. Return:
 * false: the tty is not on USB. */
static bool read_tty(const char *name, struct device *device)
{
	char dir[HOSTFS_PATH_MAX];
	char *slash;
	bool is_usb = false;

	(void)snprintf(dir, sizeof(dir), "/sys/class/tty/%s/device", name);
	if (hostfs_real(dir, dir, sizeof(dir)) < 0)
		return false;
	while (!is_usb && (slash = strrchr(dir, '/')) && slash != dir) {
		if (hostfs_has("%s/bInterfaceNumber", dir)) {
			(void)hostfs_link(device->driver, sizeof(device->driver), "%s/driver", dir);
			copy_text(TEXTBUF(device->interface), slash + 1);
		}
		is_usb = read_usb_device(dir, device);
		*slash = '\0';
	}
	if (is_usb)
		(void)snprintf(device->path, sizeof(device->path), "/dev/%.58s", name);
	return is_usb;
}

/* Find the NAME that --enroll gave to a port: udev's link to the port in /dev/espreset. */
static void read_name(struct device *device)
{
	DIR *dir = hostfs_opendir("/dev/espreset");
	char path[HOSTFS_PATH_MAX], real[HOSTFS_PATH_MAX];
	struct dirent *entry;

	if (!dir)
		return;
	while (!device->name[0] && (entry = readdir(dir))) {
		if (strlen(entry->d_name) >= sizeof(device->name))
			continue;
		(void)snprintf(path, sizeof(path), "/dev/espreset/%s", entry->d_name);
		if (hostfs_real(path, real, sizeof(real)) == 0 && strcmp(real, device->path) == 0)
			copy_text(TEXTBUF(device->name), entry->d_name);
	}
	(void)closedir(dir);
}

void devices_find_holders(struct device *devices, int count)
{
	char path[HOSTFS_PATH_MAX];

	for (int i = 0; i < count; i++)
		if (devices[i].path[0] && hostfs_rooted(devices[i].path, path, sizeof(path)) == 0)
			devices[i].is_held = holder_find(path, WAIT_FOREVER, &devices[i].holder) > 0;
}

/* Finds the kernel's name of a tty, which may differ from the name of the tty's device node. */
static int tty_name(const char *path, char *ret_name, size_t cap)
{
	char real[HOSTFS_PATH_MAX], node[HOSTFS_PATH_MAX];
	struct stat st;

	if (hostfs_real(path, real, sizeof(real)) < 0)
		return -ENOENT;
	if (hostfs_has("/sys/class/tty/%s", hostfs_basename(real))) {
		(void)snprintf(ret_name, cap, "%s", hostfs_basename(real));
		return 0;
	}
	if (hostfs_rooted(path, node, sizeof(node)) < 0 || stat(node, &st) < 0 || !S_ISCHR(st.st_mode))
		return -ENOENT;
	return hostfs_link(ret_name, cap, "/sys/dev/char/%u:%u", major(st.st_rdev), minor(st.st_rdev));
}

int devices_find(const char *path, struct device *ret_device)
{
	struct device device = { 0 };
	char name[64];

	if (tty_name(path, name, sizeof(name)) < 0 || !read_tty(name, &device))
		return -ENOENT;
	read_name(&device);
	*ret_device = device;
	return 0;
}

/* ---- all USB devices ---- */

static int for_each_entry(const char *path, struct list *list, int (*add)(struct list *, const char *))
{
	DIR *dir = hostfs_opendir("%s", path);
	struct dirent *entry;
	int r = 0;

	if (!dir)
		return -errno;
	while (r == 0 && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			r = add(list, entry->d_name);
	(void)closedir(dir);
	return r;
}

static int add_tty(struct list *list, const char *name)
{
	struct device device = { 0 };

	if (!read_tty(name, &device))
		return 0;
	read_name(&device);
	return list_append(list, &device);
}

/* Adds a USB device to the list if it is a known bridge without a serial port. The bridges with a serial port are not
 * added again: add_tty() has put them into the list before. */
static int add_portless(struct list *list, const char *usb_path)
{
	struct device device;

	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->devices[i].usb_path, usb_path) == 0)
			return 0;
	if (!devices_at(usb_path, &device) || !bridge_find(device.vid, device.pid))
		return 0;
	return list_append(list, &device);
}

static int add_usb_descriptor(struct list *list, libusb_device *usb)
{
	struct libusb_device_descriptor d;
	const struct bridge *bridge;
	struct device device;

	if (libusb_get_device_descriptor(usb, &d) != 0)
		return 0;
	bridge = bridge_find(d.idVendor, d.idProduct);
	if (!bridge)
		return 0;
	device = (struct device){ .vid = d.idVendor, .pid = d.idProduct, .bcd_device = d.bcdDevice };
	copy_text(TEXTBUF(device.bridge), bridge->name);
	return list_append(list, &device);
}

/* Adds known bridges by means of libusb, for containers without sysfs. Only their VID, PID and device release number
 * are found. */
static int add_without_sysfs(struct list *list)
{
	libusb_context *usb;
	libusb_device **devices;
	ssize_t count, i;
	int r = 0;

	if (libusb_init(&usb) != 0)
		return 0;
	count = libusb_get_device_list(usb, &devices);
	for (i = 0; r == 0 && i < count; i++)
		r = add_usb_descriptor(list, devices[i]);
	if (count >= 0)
		libusb_free_device_list(devices, 1);
	libusb_exit(usb);
	return r;
}

/* Order for qsort(): first the devices with a tty, by the path of the tty, ttyUSB9 before ttyUSB10; then the devices
 * without a tty, by their place on the hubs. */
static int devices_compare(const void *a, const void *b)
{
	const struct device *x = a, *y = b;

	if (!x->path[0] != !y->path[0])
		return x->path[0] ? -1 : 1;
	return x->path[0] ? strverscmp(x->path, y->path) : strverscmp(x->usb_path, y->usb_path);
}

int devices_list(struct device **ret_devices)
{
	struct list list = { 0 };
	int r = for_each_entry("/sys/class/tty", &list, add_tty);

	if (r != -ENOMEM)
		r = for_each_entry("/sys/bus/usb/devices", &list, add_portless);
	if (r < 0 && r != -ENOMEM)
		r = add_without_sysfs(&list);
	if (r < 0 || list.count == 0) {
		free(list.devices);
		list.devices = NULL;
	}
	if (r < 0)
		return r;
	if (list.count > 0)
		qsort(list.devices, list.count, sizeof(list.devices[0]), devices_compare);
	*ret_devices = list.devices;
	return (int)list.count;
}
