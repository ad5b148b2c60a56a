/* recover.c - brings a hung bridge back: resets it over USB or cycles its power, then waits for its return. */
#include "host/recover.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libusb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/resolve.h"
#include "port/hostfs.h"
#include "port/wait.h"

/* Hub class requests and their data: USB 2.0, tables 11-15 to 11-21; Linux include/uapi/linux/usb/ch11.h. */
#define HUB_DESCRIPTOR 0x2900
#define HUB_POWER_SWITCHING 0x0003 /* mask in wHubCharacteristics: how the hub switches power */
#define HUB_POWER_EACH_PORT 0x0001
#define PORT_FEATURE_POWER 8
#define PORT_STATUS_CONNECTION 0x0001
#define PORT_STATUS_POWER 0x0100
#define REQUEST_MS 500

/* Interval between two reads of a hub port's status. */
#define OFF_LOOK_MS 50
/* After a hub port was switched off, its hub must report within this time that the device is disconnected. */
#define OBEY_MS 300

static int errno_of_usb(int r)
{
	switch (r) {
	case LIBUSB_ERROR_ACCESS: return -EACCES;
	case LIBUSB_ERROR_NO_DEVICE:
	case LIBUSB_ERROR_NOT_FOUND: return -ENODEV;
	case LIBUSB_ERROR_BUSY: return -EBUSY;
	case LIBUSB_ERROR_NO_MEM: return -ENOMEM;
	default: return r < 0 ? -EIO : 0;
	}
}

/* ---- the bridge, and what uses it ---- */

#define USB_DEVICE "/sys/bus/usb/devices/%s"

int recover_target(const struct spec *spec, struct device *ret_target)
{
	char path[HOSTFS_PATH_MAX], text[256];

	*ret_target = (struct device){ 0 };
	if (resolve_port(spec, TEXTBUF(path), TEXTBUF(text)) < 0)
		return -ENODEV;
	return devices_find(path, ret_target) < 0 ? -ENODEV : 0;
}

/* Whether the USB device at the bridge's place is still the bridge: another device may now be plugged in there. */
static bool is_same_device(const struct device *target)
{
	struct device now;

	return devices_at(target->usb_path, &now) && now.vid == target->vid && now.pid == target->pid &&
	       strcmp(now.serial, target->serial) == 0;
}

/* Whether @driver makes a serial port of the bridge. If not, an interface that @driver serves has another use. */
static bool is_driver_of_a_port(const struct device *target, const char *driver)
{
	struct device *devices = NULL;
	bool is = false;
	int n = devices_list(&devices);

	for (int i = 0; !is && i < n; i++)
		is = strcmp(devices[i].usb_path, target->usb_path) == 0 && strcmp(devices[i].driver, driver) == 0;
	free(devices);
	return is;
}

static int check_ports(const struct device *target, struct textbuf text)
{
	struct device *devices;
	int r = 0, n = devices_list(&devices);

	if (n < 0)
		return plain_fail(text, n, "%s", strerror(-n));
	devices_find_holders(devices, n);
	for (int i = 0; r == 0 && i < n; i++) {
		const struct device *d = &devices[i];

		if (strcmp(d->usb_path, target->usb_path) == 0 && d->is_held)
			r = plain_fail(text, -EBUSY, "%s of the same device is in use by process %ld (%s)", d->path,
				       (long)d->holder.pid, d->holder.command);
	}
	free(devices);
	return r;
}

static int check_interface(const struct device *target, const char *name, struct textbuf text)
{
	char driver[64];

	if (hostfs_link(driver, sizeof(driver), USB_DEVICE "/%s/driver", target->usb_path, name) < 0)
		return 0; /* no driver uses the interface */
	if (strcmp(driver, "usbfs") == 0)
		return plain_fail(text, -EBUSY,
				  "a program has claimed its interface %s (a debugger, a virtual machine): "
				  "end it first",
				  name);
	if (!is_driver_of_a_port(target, driver))
		return plain_fail(text, -EBUSY, "its interface %s is in use by %s", name, driver);
	return 0;
}

/* Refuses if another program or driver uses the bridge, because a USB reset or power cycle would disturb it. */
static int check_users(const struct device *target, struct textbuf text)
{
	size_t len = strlen(target->usb_path);
	int r = check_ports(target, text);
	struct dirent *entry;
	DIR *dir;

	if (r < 0)
		return r;
	dir = hostfs_opendir(USB_DEVICE, target->usb_path);
	if (!dir)
		return plain_fail(text, -ENODEV, "nothing is plugged in at %s any more", target->usb_path);
	while (r == 0 && (entry = readdir(dir)))
		if (strncmp(entry->d_name, target->usb_path, len) == 0 && entry->d_name[len] == ':')
			r = check_interface(target, entry->d_name, text);
	(void)closedir(dir);
	return r;
}

/* ---- usbfs ---- */

struct usb {
	libusb_context *ctx;
	libusb_device_handle *handle;
	int fd;
};

/* Sets the error text for a missing permission: a udev rule that grants the permission for this kind of device only. */
static int refuse_for_rule(const char *usb_path, const char *path, struct textbuf text)
{
	struct device device;

	(void)devices_at(usb_path, &device);
	return plain_fail(text, -EACCES,
			  "it needs the right to write %s: run as root, or add the udev rule SUBSYSTEM==\"usb\", "
			  "ATTR{idVendor}==\"%04x\", ATTR{idProduct}==\"%04x\", MODE=\"0660\", TAG+=\"uaccess\"",
			  path, device.vid, device.pid);
}

static void usb_close(struct usb *usb)
{
	if (usb->handle)
		libusb_close(usb->handle);
	if (usb->ctx)
		libusb_exit(usb->ctx);
	if (usb->fd >= 0)
		(void)close(usb->fd); /* no writes are pending, so an error loses no data */
}

/* Opens the USB device at a place. The device node is opened here, not by libusb, so that the place decides which
 * device it is, and libusb starts no thread for device discovery. */
static int usb_open(struct usb *usb, const char *usb_path, struct textbuf text)
{
	char path[64], rooted[HOSTFS_PATH_MAX];
	int r;

	*usb = (struct usb){ .fd = -1 };
	if (devices_usb_node(usb_path, path, sizeof(path)) < 0 || hostfs_path(rooted, sizeof(rooted), "%s", path) < 0)
		return plain_fail(text, -ENODEV, "nothing is plugged in at %s any more", usb_path);
	usb->fd = open(rooted, O_RDWR | O_CLOEXEC);
	if (usb->fd < 0 && (errno == EACCES || errno == EPERM))
		return refuse_for_rule(usb_path, path, text);
	if (usb->fd < 0)
		return plain_fail(text, errno == ENOENT ? -ENODEV : -errno, "%s: %s", path, strerror(errno));
	r = libusb_set_option(NULL, LIBUSB_OPTION_NO_DEVICE_DISCOVERY);
	if (r == 0)
		r = libusb_init(&usb->ctx);
	if (r == 0)
		r = libusb_wrap_sys_device(usb->ctx, (intptr_t)usb->fd, &usb->handle);
	if (r == 0)
		return 0;
	usb_close(usb);
	return plain_fail(text, errno_of_usb(r), "%s: %s", path, libusb_strerror(r));
}

/* ---- USB reset ---- */

int recover_usb_reset(const struct device *target, struct textbuf ret_text)
{
	struct usb usb = { .ctx = NULL };
	int r;

	if (!is_same_device(target))
		return plain_fail(ret_text, -ENODEV, "the bridge is not at %s any more", target->usb_path);
	r = check_users(target, ret_text);
	if (r == 0)
		r = usb_open(&usb, target->usb_path, ret_text);
	if (r < 0)
		return r;
	r = libusb_reset_device(usb.handle);
	usb_close(&usb);
	if (r == 0 || r == LIBUSB_ERROR_NOT_FOUND)
		return 0; /* LIBUSB_ERROR_NOT_FOUND: the bridge was reset and returns as a new device */
	return plain_fail(ret_text, errno_of_usb(r), "the USB reset failed: %s", libusb_strerror(r));
}

/* ---- the hub port ---- */

struct hub_port {
	char hub[64];	/* name of the hub in /sys/bus/usb/devices: "1-1", "usb1" */
	int number;	/* number of the hub port, from 1 */
	char dir[128];	/* directory of the hub port in /sys/bus/usb/devices: "1-1:1.0/1-1-port4" */
	struct usb usb; /* the opened hub */
	bool by_sysfs;	/* the hub port's sysfs file "disable" is writable, so it is used in addition to hub requests */
	bool has_peer;	/* the USB socket has a USB 3 port, too, whose power must be switched off as well */
};

/* Splits a place on USB into hub and hub port: "1-1.4" is port 4 of hub "1-1"; "1-1" is port 1 of root hub "usb1". */
static bool parse_place(const char *usb_path, struct hub_port *p)
{
	const char *dot = strrchr(usb_path, '.');
	const char *last = dot ? dot : strchr(usb_path, '-');
	int len;

	if (!last || (p->number = atoi(last + 1)) <= 0)
		return false;
	len = (int)(last - usb_path);
	if (dot) {
		(void)snprintf(p->hub, sizeof(p->hub), "%.*s", len, usb_path);
		(void)snprintf(p->dir, sizeof(p->dir), "%.48s:1.0/%.48s-port%d", p->hub, p->hub, p->number);
	} else {
		(void)snprintf(p->hub, sizeof(p->hub), "usb%.*s", len, usb_path);
		(void)snprintf(p->dir, sizeof(p->dir), "%.*s-0:1.0/%.48s-port%d", len, usb_path, p->hub, p->number);
	}
	return true;
}

static int port_path(const struct hub_port *p, const char *name, char *path, size_t cap)
{
	return hostfs_path(path, cap, USB_DEVICE "/%s", p->dir, name);
}

static bool may_write(const struct hub_port *p, const char *name)
{
	char path[HOSTFS_PATH_MAX];

	return port_path(p, name, path, sizeof(path)) == 0 && faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0;
}

static int write_disable(const struct hub_port *p, const char *name, const char *value)
{
	char path[HOSTFS_PATH_MAX];
	ssize_t n;
	int fd, r;

	if (port_path(p, name, path, sizeof(path)) < 0)
		return -ENAMETOOLONG;
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = write(fd, value, 1);
	r = n == 1 ? 0 : n < 0 ? -errno : -EIO;
	(void)close(fd); /* sysfs has reported any error to write() already */
	return r;
}

/* bmRequestType of a hub's class request (USB 2.0, 11.24.2). The casts are for clang 19, which warns where two of
 * libusb's enums are combined. */
#define HUB_REQUEST(direction, recipient) \
	((uint8_t)((unsigned int)(direction) | LIBUSB_REQUEST_TYPE_CLASS | (unsigned int)(recipient)))
#define TO_PORT HUB_REQUEST(LIBUSB_ENDPOINT_OUT, LIBUSB_RECIPIENT_OTHER)
#define FROM_PORT HUB_REQUEST(LIBUSB_ENDPOINT_IN, LIBUSB_RECIPIENT_OTHER)
#define FROM_HUB HUB_REQUEST(LIBUSB_ENDPOINT_IN, LIBUSB_RECIPIENT_DEVICE)

static int request_power(const struct hub_port *p, bool on)
{
	uint8_t request = on ? LIBUSB_REQUEST_SET_FEATURE : LIBUSB_REQUEST_CLEAR_FEATURE;

	return errno_of_usb(libusb_control_transfer(p->usb.handle, TO_PORT, request, PORT_FEATURE_POWER,
						    (uint16_t)p->number, NULL, 0, REQUEST_MS));
}

/* Return: wPortStatus, the low 16 bits of the hub port's status, or negative errno. */
static int port_status(const struct hub_port *p)
{
	unsigned char status[4];
	int r = libusb_control_transfer(p->usb.handle, FROM_PORT, LIBUSB_REQUEST_GET_STATUS, 0, (uint16_t)p->number,
					status, sizeof(status), REQUEST_MS);

	if (r < 0)
		return errno_of_usb(r);
	return r < 4 ? -EIO : status[0] | status[1] << 8;
}

static int check_hub(const struct hub_port *p, struct textbuf text)
{
	unsigned char d[16];
	int r = libusb_control_transfer(p->usb.handle, FROM_HUB, LIBUSB_REQUEST_GET_DESCRIPTOR, HUB_DESCRIPTOR, 0, d,
					sizeof(d), REQUEST_MS);

	if (r < 0)
		return plain_fail(text, errno_of_usb(r), "hub %s does not describe itself: %s", p->hub,
				  libusb_strerror(r));
	if (r < 5)
		return plain_fail(text, -EIO, "hub %s does not describe itself", p->hub);
	switch (d[3] & HUB_POWER_SWITCHING) {
	case HUB_POWER_EACH_PORT: return 0;
	case 0: return plain_fail(text, -ENOTSUP, "hub %s switches all its ports together, other devices too", p->hub);
	default: return plain_fail(text, -ENOTSUP, "hub %s cannot switch power", p->hub);
	}
}

/* Checks the USB 3 half of the socket. A socket of a USB 3 hub has two hub ports, USB 2 and USB 3, and has no power
 * only if both are switched off. */
static int check_peer(struct hub_port *p, struct textbuf text)
{
	p->has_peer = hostfs_has(USB_DEVICE "/peer", p->dir);
	if (!p->has_peer)
		return 0;
	if (hostfs_has(USB_DEVICE "/peer/device", p->dir))
		return plain_fail(text, -EBUSY, "another device is in the same socket's USB 3 half");
	if (!hostfs_has(USB_DEVICE "/peer/disable", p->dir))
		return plain_fail(text, -ENOTSUP, "the USB 3 half of the socket can be switched from Linux 6.0 on");
	if (!may_write(p, "peer/disable"))
		return plain_fail(text, -EACCES,
				  "run as root, or once: sudo chmod a+w /sys/bus/usb/devices/%s/{,peer/}disable",
				  p->dir);
	return 0;
}

/* Switches the hub port off and checks that the device is disconnected. If the device stays connected, the hub only
 * claims to switch power. */
static int test_hub(const struct hub_port *p, const struct port_stop *stop, struct textbuf text)
{
	int64_t deadline = wait_now_ms() + OBEY_MS;
	int r = request_power(p, false);

	if (r < 0)
		return plain_fail(text, r, "hub %s refuses to switch port %d", p->hub, p->number);
	for (;;) {
		r = port_status(p);
		if (r < 0)
			return plain_fail(text, r, "hub %s does not tell what its port %d is doing", p->hub, p->number);
		if (!(r & PORT_STATUS_CONNECTION))
			return 0;
		if (wait_now_ms() >= deadline)
			return plain_fail(text, -ENOTSUP,
					  "hub %s only pretends to switch port %d: the device stays connected", p->hub,
					  p->number);
		if (wait_poll(NULL, 0, wait_now_ms() + OFF_LOOK_MS, stop) == -ECANCELED)
			return plain_fail(text, -ECANCELED, "stopped");
	}
}

/* Keeps the hub port without power for RECOVER_OFF_MS. Linux switches a hub port on again when its device has
 * disappeared, unless the hub port's file "disable" is 1 (drivers/usb/core/hub.c, hub_port_connect()). If this file is
 * not writable, the hub port is switched off each time that Linux has switched it on. */
static int stay_off(const struct hub_port *p, const struct port_stop *stop, struct textbuf text)
{
	int64_t deadline = wait_now_ms() + RECOVER_OFF_MS;
	int r = 0;

	if (p->by_sysfs)
		r = write_disable(p, "disable", "1");
	if (r == 0 && p->has_peer)
		r = write_disable(p, "peer/disable", "1");
	if (r < 0)
		return plain_fail(text, r, "%s/disable: %s", p->dir, strerror(-r));
	while (wait_now_ms() < deadline) {
		int64_t look = wait_now_ms() + OFF_LOOK_MS;

		if (wait_poll(NULL, 0, look < deadline ? look : deadline, stop) == -ECANCELED)
			return plain_fail(text, -ECANCELED, "stopped");
		r = port_status(p);
		if (r >= 0 && r & PORT_STATUS_POWER)
			r = request_power(p, false);
		if (r < 0)
			return plain_fail(text, r, "hub %s failed while port %d was off", p->hub, p->number);
	}
	return 0;
}

/* Switches the hub port on. It may have been switched off by its sysfs file, by that of the socket's USB 3 port, and by
 * a hub request: all three are undone. If one of them fails, the others are tried all the same. */
static int power_on(const struct hub_port *p, struct textbuf text)
{
	int peer = p->has_peer ? write_disable(p, "peer/disable", "0") : 0;
	int own = p->by_sysfs ? write_disable(p, "disable", "0") : 0;
	int by_request = request_power(p, true);
	int r = peer < 0 ? peer : p->by_sysfs ? own : by_request;

	if (r < 0)
		return plain_fail(text, r,
				  "port %d of hub %s may be left without power; as root: echo 0 > "
				  "/sys/bus/usb/devices/%s/disable",
				  p->number, p->hub, p->dir);
	return 0;
}

int recover_power_cycle(const struct device *target, const struct port_stop *stop, struct textbuf ret_text)
{
	struct hub_port p = { .usb = { .fd = -1 } };
	int r = 0, on;

	if (!parse_place(target->usb_path, &p))
		return plain_fail(ret_text, -ENODEV, "%s is no port of a hub", target->usb_path);
	/* If a hung bridge has disappeared from USB, no program can use it. So skip these checks: the power cycle may
	 * still bring the bridge back. */
	if (hostfs_has(USB_DEVICE, target->usb_path)) {
		if (!is_same_device(target))
			return plain_fail(ret_text, -ENODEV, "another device is at %s now", target->usb_path);
		r = check_users(target, ret_text);
	}
	if (r < 0)
		return r;
	r = usb_open(&p.usb, p.hub, ret_text);
	if (r < 0)
		return r;
	p.by_sysfs = may_write(&p, "disable");
	r = check_hub(&p, ret_text);
	if (r == 0)
		r = check_peer(&p, ret_text);
	if (r == 0) {
		r = test_hub(&p, stop, ret_text);
		if (r == 0)
			r = stay_off(&p, stop, ret_text);
		on = power_on(&p, ret_text);
		r = on < 0 ? on : r;
	}
	usb_close(&p.usb);
	return r;
}

/* ---- waiting for the return of the bridge ---- */

int recover_wait(const struct device *target, int64_t deadline_ms, const struct port_stop *stop,
		 struct textbuf ret_path, struct textbuf ret_text)
{
	const struct spec spec = { .text = target->interface, .kind = SPEC_USB_PLACE, .usb_path = target->interface };
	char text[256];
	int r = resolve_wait(&spec, deadline_ms, stop, ret_path, TEXTBUF(text));

	if (r == -ECANCELED)
		return plain_fail(ret_text, r, "stopped");
	if (r < 0)
		return plain_fail(ret_text, -ENODEV, "the bridge did not come back at %s: %s", target->usb_path, text);
	if (!is_same_device(target))
		return plain_fail(ret_text, -ENODEV, "another device is at %s now", target->usb_path);
	return 0;
}
