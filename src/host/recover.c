/* recover.c - gets a wedged bridge back: USB reset, power cycle of its hub port, the same place again. */
#include "host/recover.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libusb.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/plain.h"
#include "port/hostfs.h"
#include "port/wait.h"

/* Hub class requests and what they carry: USB 2.0, tables 11-15 to 11-21; Linux include/uapi/linux/usb/ch11.h. */
#define HUB_DESCRIPTOR 0x2900
#define HUB_POWER_SWITCHING 0x0003 /* of wHubCharacteristics */
#define HUB_POWER_EACH_PORT 0x0001
#define PORT_FEATURE_POWER 8
#define PORT_STATUS_CONNECTION 0x0001
#define PORT_STATUS_POWER 0x0100
#define REQUEST_MS 500

/* Linux needs some time to see that a port lost its power: a hub tells every 255 ms at most (USB 2.0, 11.12.4). */
#define OFF_LOOK_MS 50
/* A hub port that lost its power is disconnected at once; this is for hubs that are slow to say so. */
#define OBEY_MS 300
#define POLL_MS 100

struct words {
	char *text;
	size_t cap;
};

static int recover_say(const struct words *w, int r, const char *format, ...) __attribute__((format(printf, 3, 4)));
static int recover_say(const struct words *w, int r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(w->text, w->cap, format, args); /* cut text is still text */
	va_end(args);
	plain_make(w->text);
	return r;
}

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

/* ------------------------------------------------------------ which one */

int recover_target(const struct spec *spec, struct recover_target *ret)
{
	char path[HOSTFS_PATH_MAX], text[256];
	struct device device;

	memset(ret, 0, sizeof(*ret));
	if (devices_resolve(spec, path, sizeof(path), text, sizeof(text)) < 0 || devices_find(path, &device) < 0)
		return -ENODEV;
	(void)snprintf(ret->usb_path, sizeof(ret->usb_path), "%s", device.usb_path);
	(void)snprintf(ret->interface, sizeof(ret->interface), "%s", device.interface);
	(void)snprintf(ret->serial, sizeof(ret->serial), "%s", device.serial);
	ret->vid = device.vid;
	ret->pid = device.pid;
	return 0;
}

#define USB_DEVICE "/sys/bus/usb/devices/%s"

static int read_attribute(const char *usb_path, const char *name, char *buf, size_t cap)
{
	return hostfs_text(buf, cap, USB_DEVICE "/%s", usb_path, name);
}

static bool has_hex(const char *usb_path, const char *name, unsigned int wanted)
{
	char text[16];
	unsigned int number;

	return read_attribute(usb_path, name, text, sizeof(text)) >= 0 && sscanf(text, "%x", &number) == 1 &&
	       number == wanted;
}

/* A wedged bridge may have dropped off the bus: then nobody uses it, and power can still bring it back. */
static bool is_there(const struct recover_target *target)
{
	return hostfs_has(USB_DEVICE, target->usb_path);
}

/* A place outlives who stands there: nobody resets another device that was plugged in meanwhile. */
static bool is_same_device(const struct recover_target *target)
{
	char serial[DEVICE_TEXT_MAX];

	(void)read_attribute(target->usb_path, "serial", serial, sizeof(serial));
	return has_hex(target->usb_path, "idVendor", target->vid) &&
	       has_hex(target->usb_path, "idProduct", target->pid) && strcmp(serial, target->serial) == 0;
}

/* ------------------------------------------------------------ who uses it */

static int check_ports(const struct recover_target *target, const struct words *w)
{
	struct device *devices;
	int r = 0, i, n = devices_list(&devices);

	if (n < 0)
		return recover_say(w, n, "%s", strerror(-n));
	devices_find_holders(devices, n);
	for (i = 0; r == 0 && i < n; i++) {
		const struct holder *holder = &devices[i].holder;

		if (strcmp(devices[i].usb_path, target->usb_path) == 0 && devices[i].is_held)
			r = recover_say(w, -EBUSY, "%s of the same device is in use by process %ld (%s)",
					devices[i].path, (long)holder->pid, holder->command);
	}
	free(devices);
	return r;
}

/* Whether this driver has made a serial port of the device: its other interfaces are the same port's. */
static bool is_driver_of_a_port(const struct recover_target *target, const char *driver)
{
	struct device *devices;
	bool is = false;
	int i, n = devices_list(&devices);

	for (i = 0; !is && i < n; i++)
		is = strcmp(devices[i].usb_path, target->usb_path) == 0 && strcmp(devices[i].driver, driver) == 0;
	if (n >= 0)
		free(devices);
	return is;
}

static int check_interface(const struct recover_target *target, const char *name, const struct words *w)
{
	char driver[64];

	if (hostfs_link(driver, sizeof(driver), USB_DEVICE "/%s/driver", target->usb_path, name) < 0)
		return 0; /* nobody's */
	if (strcmp(driver, "usbfs") == 0)
		return recover_say(
			w, -EBUSY,
			"a program has claimed its interface %s (a debugger, a virtual machine): end it first", name);
	if (!is_driver_of_a_port(target, driver))
		return recover_say(w, -EBUSY, "its interface %s is in use by %s", name, driver);
	return 0;
}

static int check_interfaces(const struct recover_target *target, const struct words *w)
{
	DIR *dir = hostfs_opendir(USB_DEVICE, target->usb_path);
	struct dirent *entry;
	size_t len = strlen(target->usb_path);
	int r = 0;

	if (!dir)
		return recover_say(w, -ENODEV, "nothing is plugged in at %s any more", target->usb_path);
	while (r == 0 && (entry = readdir(dir))) {
		if (strncmp(entry->d_name, target->usb_path, len) == 0 && entry->d_name[len] == ':')
			r = check_interface(target, entry->d_name, w);
	}
	(void)closedir(dir);
	return r;
}

static int check_users(const struct recover_target *target, const struct words *w)
{
	int r = check_ports(target, w);

	return r < 0 ? r : check_interfaces(target, w);
}

/* ------------------------------------------------------------ its node in usbfs */

struct usb {
	libusb_context *ctx;
	libusb_device_handle *handle;
	int fd;
};

static int node_path(const char *usb_path, char *path, size_t cap)
{
	char bus[16], dev[16];

	if (read_attribute(usb_path, "busnum", bus, sizeof(bus)) < 0 ||
	    read_attribute(usb_path, "devnum", dev, sizeof(dev)) < 0)
		return -ENODEV;
	return snprintf(path, cap, "/dev/bus/usb/%03d/%03d", atoi(bus), atoi(dev)) < (int)cap ? 0 : -ENAMETOOLONG;
}

/* The very rule, for this device and no other kind. */
static int say_rule(const char *usb_path, const char *path, const struct words *w)
{
	char vid[16] = "", pid[16] = "";

	(void)read_attribute(usb_path, "idVendor", vid, sizeof(vid));
	(void)read_attribute(usb_path, "idProduct", pid, sizeof(pid));
	return recover_say(w, -EACCES,
			   "it needs the right to write %s: run as root, or add the udev rule SUBSYSTEM==\"usb\", "
			   "ATTR{idVendor}==\"%s\", ATTR{idProduct}==\"%s\", MODE=\"0660\", TAG+=\"uaccess\"",
			   path, vid, pid);
}

static void usb_close(struct usb *usb)
{
	if (usb->handle)
		libusb_close(usb->handle);
	if (usb->ctx)
		libusb_exit(usb->ctx);
	if (usb->fd >= 0)
		(void)close(usb->fd); /* nothing is written to it */
}

/* Opened here and handed to libusb: so it is the place that counts, and libusb starts no thread to look for devices. */
static int usb_open(struct usb *usb, const char *usb_path, const struct words *w)
{
	char path[64], rooted[HOSTFS_PATH_MAX];
	int r;

	*usb = (struct usb){ .fd = -1 };
	if (node_path(usb_path, path, sizeof(path)) < 0 || hostfs_path(rooted, sizeof(rooted), "%s", path) < 0)
		return recover_say(w, -ENODEV, "nothing is plugged in at %s any more", usb_path);
	usb->fd = open(rooted, O_RDWR | O_CLOEXEC);
	if (usb->fd < 0 && (errno == EACCES || errno == EPERM))
		return say_rule(usb_path, path, w);
	if (usb->fd < 0)
		return recover_say(w, errno == ENOENT ? -ENODEV : -errno, "%s: %s", path, strerror(errno));
	r = libusb_set_option(NULL, LIBUSB_OPTION_NO_DEVICE_DISCOVERY);
	if (r == 0)
		r = libusb_init(&usb->ctx);
	if (r == 0)
		r = libusb_wrap_sys_device(usb->ctx, (intptr_t)usb->fd, &usb->handle);
	if (r == 0)
		return 0;
	usb_close(usb);
	return recover_say(w, errno_of_usb(r), "%s: %s", path, libusb_strerror(r));
}

/* ------------------------------------------------------------ USB reset */

int recover_usb_reset(const struct recover_target *target, char *ret_text, size_t cap)
{
	const struct words w = { ret_text, cap };
	struct usb usb = { .ctx = NULL };
	int r;

	if (!is_same_device(target))
		return recover_say(&w, -ENODEV, "the bridge is not at %s any more", target->usb_path);
	r = check_users(target, &w);
	if (r == 0)
		r = usb_open(&usb, target->usb_path, &w);
	if (r < 0)
		return r;
	r = libusb_reset_device(usb.handle);
	usb_close(&usb);
	if (r == 0 || r == LIBUSB_ERROR_NOT_FOUND)
		return 0; /* not found: it comes back as a new device */
	return recover_say(&w, errno_of_usb(r), "the USB reset failed: %s", libusb_strerror(r));
}

/* ------------------------------------------------------------ the port of its hub */

struct hub_port {
	char hub[64]; /* as in /sys/bus/usb/devices: "1-1", "usb1" */
	int number;
	char dir[128];	/* of the port, below /sys/bus/usb/devices: "1-1:1.0/1-1-port4" */
	struct usb usb; /* the hub */
	bool by_sysfs;
	bool has_peer; /* the same socket's other half, on USB 3 */
};

/* "1-1.4" is port 4 of "1-1"; "1-1" port 1 of the root hub of bus 1. */
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

static bool hub_port_has(const struct hub_port *p, const char *name)
{
	return hostfs_has(USB_DEVICE "/%s", p->dir, name);
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
	(void)close(fd); /* sysfs has said all in write() */
	return r;
}

/* bmRequestType of a hub's class request (USB 2.0, 11.24.2). libusb declares direction, type and recipient as three enums,
 * which clang 19 does not let mix. */
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

/* Return: the low 16 bits of the port's status, or negative errno. */
static int port_status(const struct hub_port *p)
{
	unsigned char status[4];
	int r = libusb_control_transfer(p->usb.handle, FROM_PORT, LIBUSB_REQUEST_GET_STATUS, 0, (uint16_t)p->number,
					status, sizeof(status), REQUEST_MS);

	if (r < 0)
		return errno_of_usb(r);
	return r < 4 ? -EIO : status[0] | status[1] << 8;
}

static int check_hub(const struct hub_port *p, const struct words *w)
{
	unsigned char d[16];
	int r = libusb_control_transfer(p->usb.handle, FROM_HUB, LIBUSB_REQUEST_GET_DESCRIPTOR, HUB_DESCRIPTOR, 0, d,
					sizeof(d), REQUEST_MS);

	if (r < 0)
		return recover_say(w, errno_of_usb(r), "hub %s does not describe itself: %s", p->hub,
				   libusb_strerror(r));
	if (r < 5)
		return recover_say(w, -EIO, "hub %s does not describe itself", p->hub);
	switch (d[3] & HUB_POWER_SWITCHING) {
	case HUB_POWER_EACH_PORT: return 0;
	case 0: return recover_say(w, -ENOTSUP, "hub %s switches all its ports together, other devices too", p->hub);
	default: return recover_say(w, -ENOTSUP, "hub %s cannot switch power", p->hub);
	}
}

/* A socket has two halves on a USB 3 hub, and its supply goes only when both are off. */
static int check_peer(struct hub_port *p, const struct words *w)
{
	p->has_peer = hub_port_has(p, "peer");
	if (!p->has_peer)
		return 0;
	if (hub_port_has(p, "peer/device"))
		return recover_say(w, -EBUSY, "another device is in the same socket's USB 3 half");
	if (!hub_port_has(p, "peer/disable"))
		return recover_say(w, -ENOTSUP, "the USB 3 half of the socket can be switched from Linux 6.0 on");
	if (!may_write(p, "peer/disable"))
		return recover_say(w, -EACCES,
				   "run as root, or once: sudo chmod a+w /sys/bus/usb/devices/%s/{,peer/}disable",
				   p->dir);
	return 0;
}

/* Put to the test before anything is disturbed: a hub that only pretends keeps the port connected. */
static int test_hub(const struct hub_port *p, const struct port_stop *stop, const struct words *w)
{
	int64_t deadline = wait_now_ms() + OBEY_MS;
	int r = request_power(p, false);

	if (r < 0)
		return recover_say(w, r, "hub %s refuses to switch port %d", p->hub, p->number);
	for (;;) {
		r = port_status(p);
		if (r < 0)
			return recover_say(w, r, "hub %s does not tell what its port %d is doing", p->hub, p->number);
		if (!(r & PORT_STATUS_CONNECTION))
			return 0;
		if (wait_now_ms() >= deadline)
			return recover_say(w, -ENOTSUP,
					   "hub %s only pretends to switch port %d: the device stays connected", p->hub,
					   p->number);
		if (wait_poll(NULL, 0, wait_now_ms() + OFF_LOOK_MS, stop) == -ECANCELED)
			return recover_say(w, -ECANCELED, "stopped");
	}
}

/* Linux gives a port that lost its device its power back (drivers/usb/core/hub.c, hub_port_connect), unless it is told
 * to leave it off by `disable`. */
static int stay_off(const struct hub_port *p, const struct port_stop *stop, const struct words *w)
{
	int64_t deadline = wait_now_ms() + RECOVER_OFF_MS;
	int r = 0;

	if (p->by_sysfs)
		r = write_disable(p, "disable", "1");
	if (r == 0 && p->has_peer)
		r = write_disable(p, "peer/disable", "1");
	if (r < 0)
		return recover_say(w, r, "%s/disable: %s", p->dir, strerror(-r));
	while (wait_now_ms() < deadline) {
		int64_t look = wait_now_ms() + OFF_LOOK_MS;

		if (wait_poll(NULL, 0, look < deadline ? look : deadline, stop) == -ECANCELED)
			return recover_say(w, -ECANCELED, "stopped");
		r = port_status(p);
		if (r >= 0 && r & PORT_STATUS_POWER)
			r = request_power(p, false);
		if (r < 0)
			return recover_say(w, r, "hub %s failed while port %d was off", p->hub, p->number);
	}
	return 0;
}

/* By every way that may have switched it off, and once more by the other: a board without power
 * is worse than an error. */
static int power_on(const struct hub_port *p, const struct words *w)
{
	int r = 0, by_request;

	if (p->has_peer)
		r = write_disable(p, "peer/disable", "0");
	if (p->by_sysfs) {
		int own = write_disable(p, "disable", "0");

		r = r < 0 ? r : own;
	}
	by_request = request_power(p, true);
	if (!p->by_sysfs && r == 0)
		r = by_request;
	if (r < 0)
		return recover_say(w, r,
				   "port %d of hub %s may be left without power; as root: echo 0 > "
				   "/sys/bus/usb/devices/%s/disable",
				   p->number, p->hub, p->dir);
	return 0;
}

static int switch_off_and_on(const struct hub_port *p, const struct port_stop *stop, const struct words *w)
{
	int r = test_hub(p, stop, w), on;

	if (r == 0)
		r = stay_off(p, stop, w);
	on = power_on(p, w);
	return on < 0 ? on : r;
}

int recover_power_cycle(const struct recover_target *target, const struct port_stop *stop, char *ret_text, size_t cap)
{
	const struct words w = { ret_text, cap };
	struct hub_port p = { .usb = { .fd = -1 } };
	int r;

	if (!parse_place(target->usb_path, &p))
		return recover_say(&w, -ENODEV, "%s is no port of a hub", target->usb_path);
	if (is_there(target) && !is_same_device(target))
		return recover_say(&w, -ENODEV, "another device is at %s now", target->usb_path);
	r = is_there(target) ? check_users(target, &w) : 0;
	if (r < 0)
		return r;
	r = usb_open(&p.usb, p.hub, &w);
	if (r < 0)
		return r;
	p.by_sysfs = may_write(&p, "disable");
	r = check_hub(&p, &w);
	if (r == 0)
		r = check_peer(&p, &w);
	if (r == 0)
		r = switch_off_and_on(&p, stop, &w);
	usb_close(&p.usb);
	return r;
}

/* ------------------------------------------------------------ back again */

int recover_wait(const struct recover_target *target, int64_t deadline_ms, const struct port_stop *stop, char *ret_path,
		 size_t path_cap, char *ret_text, size_t cap)
{
	const struct words w = { ret_text, cap };
	const struct spec spec = { .text = target->interface, .kind = SPEC_USB_PLACE, .usb_path = target->interface };
	char text[256];
	int r;

	r = devices_wait(&spec, deadline_ms, stop, ret_path, path_cap, text, sizeof(text));
	if (r == -ECANCELED)
		return recover_say(&w, r, "stopped");
	if (r < 0)
		return recover_say(&w, -ENODEV, "the bridge did not come back at %s: %s", target->usb_path, text);
	if (!is_same_device(target))
		return recover_say(&w, -ENODEV, "another device is at %s now", target->usb_path);
	return 0;
}
