/* devices.c - which boards and bridges are plugged in, and which one a PORT means; opens no tty. */
#include "host/devices.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libusb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "host/bridges.h"
#include "host/plain.h"
#include "port/hostfs.h"
#include "port/wait.h"

/* udev needs some 20 ms for a port; one that it forgets must not hold us up for ever. */
#define UDEV_MOST_MS 2000

#define MOST_LINKS 8

/* Only where inotify cannot be had: its instances are limited. */
#define LOOK_AGAIN_MS 200

struct list {
	struct device *devices;
	size_t count;
	size_t room;
};

static struct device *list_add(struct list *list)
{
	struct device *more;

	if (list->count == list->room) {
		more = realloc(list->devices, (list->room + 16) * sizeof(*more));
		if (!more)
			return NULL;
		list->devices = more;
		list->room += 16;
	}
	more = &list->devices[list->count++];
	memset(more, 0, sizeof(*more));
	return more;
}

/* ------------------------------------------------------------ one USB device in sysfs */

static void copy_text(char *buf, size_t cap, const char *text)
{
	(void)snprintf(buf, cap, "%s", text);
}

static bool read_hex(const char *dir, const char *name, unsigned int *ret_number)
{
	char text[16];

	(void)hostfs_text(text, sizeof(text), "%s/%s", dir, name);
	return sscanf(text, "%x", ret_number) == 1;
}

/* @dir is that of a USB device: the one with idVendor. */
static bool read_usb_device(const char *dir, struct device *device)
{
	char buf[32];
	const char *name;

	if (!read_hex(dir, "idVendor", &device->vid) || !read_hex(dir, "idProduct", &device->pid))
		return false;
	if (!read_hex(dir, "bcdDevice", &device->bcd_device))
		device->bcd_device = 0;
	(void)hostfs_text(device->serial, sizeof(device->serial), "%s/serial", dir);
	(void)hostfs_text(device->product, sizeof(device->product), "%s/product", dir);
	copy_text(device->usb_path, sizeof(device->usb_path), strrchr(dir, '/') + 1);
	name = bridge_name(device->vid, device->pid, device->product, device->bcd_device, buf, sizeof(buf));
	copy_text(device->bridge, sizeof(device->bridge), name ? name : "");
	return true;
}

static void read_interface(const char *dir, struct device *device)
{
	(void)hostfs_link(device->driver, sizeof(device->driver), "%s/driver", dir);
	copy_text(device->interface, sizeof(device->interface), strrchr(dir, '/') + 1);
}

/* Where the link or node @path (without the root) ends up, without the root. */
static int real_path(const char *path, char *ret_path, size_t cap)
{
	char file[HOSTFS_PATH_MAX];
	size_t skip = strlen(hostfs_root());
	char *real;

	if (hostfs_rooted(path, file, sizeof(file)) < 0)
		return -ENAMETOOLONG;
	real = realpath(file, NULL);
	if (!real)
		return -errno;
	if (strncmp(real, hostfs_root(), skip) != 0)
		skip = 0;
	copy_text(ret_path, cap, real + skip);
	free(real);
	return 0;
}

/* From the tty's place in sysfs upwards: its interface, then its USB device. */
static bool read_tty(const char *name, struct device *device)
{
	char dir[HOSTFS_PATH_MAX];
	char *slash;
	bool is_usb = false;

	(void)snprintf(dir, sizeof(dir), "/sys/class/tty/%s/device", name);
	if (real_path(dir, dir, sizeof(dir)) < 0)
		return false;
	while (!is_usb && (slash = strrchr(dir, '/')) && slash != dir) {
		if (hostfs_has("%s/bInterfaceNumber", dir))
			read_interface(dir, device);
		is_usb = read_usb_device(dir, device);
		*slash = '\0';
	}
	if (is_usb)
		(void)snprintf(device->path, sizeof(device->path), "/dev/%.58s", name);
	return is_usb;
}

/* ------------------------------------------------------------ names and holders */

/* The name that a rule of --enroll gave: a link in /dev/espreset. */
static void read_name(struct device *device)
{
	DIR *dir = hostfs_opendir("/dev/espreset");
	char path[HOSTFS_PATH_MAX];
	char real[HOSTFS_PATH_MAX];
	struct dirent *entry;

	if (!dir)
		return;
	while (!device->name[0] && (entry = readdir(dir))) {
		if (strlen(entry->d_name) >= sizeof(device->name))
			continue;
		(void)snprintf(path, sizeof(path), "/dev/espreset/%s", entry->d_name);
		if (real_path(path, real, sizeof(real)) == 0 && strcmp(real, device->path) == 0)
			copy_text(device->name, sizeof(device->name), entry->d_name);
	}
	(void)closedir(dir);
}

void devices_find_holders(struct device *devices, int count)
{
	char path[HOSTFS_PATH_MAX];
	int i;

	for (i = 0; i < count; i++)
		if (devices[i].path[0] && hostfs_path(path, sizeof(path), "%s", devices[i].path) == 0)
			devices[i].is_held = holder_find(path, &devices[i].holder) > 0;
}

/* ------------------------------------------------------------ all of them */

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
	struct device *device = list_add(list);

	if (!device)
		return -ENOMEM;
	if (!read_tty(name, device))
		list->count--;
	return 0;
}

static bool has_usb_path(const struct list *list, const char *usb_path)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		if (strcmp(list->devices[i].usb_path, usb_path) == 0)
			return true;
	return false;
}

/* A bridge that no driver has made a serial port of. */
static int add_usb_device(struct list *list, const char *name)
{
	char dir[HOSTFS_PATH_MAX];
	struct device *device;

	if (has_usb_path(list, name))
		return 0;
	(void)snprintf(dir, sizeof(dir), "/sys/bus/usb/devices/%s", name);
	device = list_add(list);
	if (!device)
		return -ENOMEM;
	if (!read_usb_device(dir, device) || !bridge_find(device->vid, device->pid))
		list->count--;
	return 0;
}

static int add_usb_descriptor(struct list *list, libusb_device *usb)
{
	struct libusb_device_descriptor d;
	const struct bridge *bridge;
	struct device *device;

	if (libusb_get_device_descriptor(usb, &d) != 0)
		return 0;
	bridge = bridge_find(d.idVendor, d.idProduct);
	if (!bridge)
		return 0;
	device = list_add(list);
	if (!device)
		return -ENOMEM;
	device->vid = d.idVendor;
	device->pid = d.idProduct;
	device->bcd_device = d.bcdDevice;
	copy_text(device->bridge, sizeof(device->bridge), bridge->name);
	return 0;
}

/* Without sysfs (some containers) libusb still knows what is plugged in, though not where. */
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

/* ttyUSB10 after ttyUSB9; those without a port last. */
static int devices_compare(const void *a, const void *b)
{
	const struct device *x = a;
	const struct device *y = b;

	if (!x->path[0] != !y->path[0])
		return x->path[0] ? -1 : 1;
	if (!x->path[0])
		return strverscmp(x->usb_path, y->usb_path);
	return strverscmp(x->path, y->path);
}

static int list_all(struct list *list)
{
	int r;

	r = for_each_entry("/sys/class/tty", list, add_tty);
	if (r == -ENOMEM)
		return r;
	r = for_each_entry("/sys/bus/usb/devices", list, add_usb_device);
	if (r < 0 && r != -ENOMEM)
		r = add_without_sysfs(list);
	if (r < 0)
		return r;
	if (list->count > 0)
		qsort(list->devices, list->count, sizeof(list->devices[0]), devices_compare);
	return 0;
}

int devices_list(struct device **ret_devices)
{
	struct list list = { 0 };
	size_t i;
	int r;

	r = list_all(&list);
	if (r < 0) {
		free(list.devices);
		return r;
	}
	for (i = 0; i < list.count && list.devices[i].path[0]; i++)
		read_name(&list.devices[i]);
	if (list.count == 0) {
		free(list.devices);
		list.devices = NULL;
	}
	*ret_devices = list.devices;
	return (int)list.count;
}

/* The kernel's name of a tty, whatever its node is called here. */
static int tty_name(const char *path, char *ret_name, size_t cap)
{
	char real[HOSTFS_PATH_MAX];
	char node[HOSTFS_PATH_MAX];
	struct stat st;

	if (real_path(path, real, sizeof(real)) < 0)
		return -ENOENT;
	if (hostfs_has("/sys/class/tty/%s", strrchr(real, '/') + 1)) {
		copy_text(ret_name, cap, strrchr(real, '/') + 1);
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

/* ------------------------------------------------------------ spellings */

static int devices_say(int err, char *text, size_t cap, const char *format, ...) __attribute__((format(printf, 4, 5)));
static int devices_say(int err, char *text, size_t cap, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, cap, format, args); /* cut text is still text */
	va_end(args);
	plain_make(text);
	return -err;
}

void devices_spelling(const struct device *devices, size_t count, const struct device *device, char *ret_text,
		      size_t cap)
{
	bool serial_is_unique = device->serial[0] && plain_is(device->serial);
	bool usb_path_is_unique = device->usb_path[0];
	bool id_is_unique = true;
	size_t i;

	for (i = 0; i < count; i++) {
		const struct device *other = &devices[i];

		if (other == device)
			continue;
		if (strcmp(other->usb_path, device->usb_path) == 0)
			usb_path_is_unique = false;
		if (other->vid != device->vid || other->pid != device->pid)
			continue;
		id_is_unique = false;
		if (strcmp(other->serial, device->serial) == 0)
			serial_is_unique = false;
	}
	if (id_is_unique)
		(void)snprintf(ret_text, cap, "usb:%04x:%04x", device->vid, device->pid);
	else if (serial_is_unique)
		(void)snprintf(ret_text, cap, "usb:%04x:%04x:%s", device->vid, device->pid, device->serial);
	else
		(void)snprintf(ret_text, cap, "usb:%s", usb_path_is_unique ? device->usb_path : device->interface);
}

bool devices_fit(const struct device *device, const struct spec *spec)
{
	switch (spec->kind) {
	case SPEC_USB_ID:
		return device->vid == spec->vid && device->pid == spec->pid &&
		       (!spec->serial || strcmp(device->serial, spec->serial) == 0);
	case SPEC_USB_PLACE:
		return strcmp(strchr(spec->usb_path, ':') ? device->interface : device->usb_path, spec->usb_path) == 0;
	default: return false;
	}
}

static int refuse_several(const struct list *list, const struct spec *spec, char *text, size_t cap)
{
	char spelling[DEVICE_TEXT_MAX + 32];
	size_t i, used;
	int ports = 0;

	(void)devices_say(0, text, cap, "fits several boards; say which:");
	for (i = 0; i < list->count; i++) {
		if (!list->devices[i].path[0] || !devices_fit(&list->devices[i], spec))
			continue;
		devices_spelling(list->devices, list->count, &list->devices[i], spelling, sizeof(spelling));
		used = strlen(text);
		(void)devices_say(0, text + used, cap - used, "%s %s (%s)", ports++ ? "," : "", spelling,
				  list->devices[i].path);
	}
	return -ENOTUNIQ;
}

static int devices_pick(const struct list *list, const struct spec *spec, char *ret_path, size_t path_cap, char *text,
			size_t text_cap)
{
	const struct device *port = NULL;
	const struct device *portless = NULL;
	size_t i;

	for (i = 0; i < list->count; i++) {
		if (!devices_fit(&list->devices[i], spec))
			continue;
		if (port && list->devices[i].path[0])
			return refuse_several(list, spec, text, text_cap);
		if (list->devices[i].path[0])
			port = &list->devices[i];
		else
			portless = &list->devices[i];
	}
	if (port) {
		copy_text(ret_path, path_cap, port->path);
		return 0;
	}
	if (portless)
		return devices_say(ENXIO, text, text_cap,
				   "a %s is plugged in at %s, but no driver has made a serial port of it",
				   portless->bridge, portless->usb_path[0] ? portless->usb_path : "a place not known");
	return devices_say(ENOENT, text, text_cap, "nothing like that is plugged in");
}

static int resolve_usb(const struct spec *spec, char *ret_path, size_t path_cap, char *ret_text, size_t text_cap)
{
	struct list list = { 0 };
	int r = list_all(&list);

	if (r == 0)
		r = devices_pick(&list, spec, ret_path, path_cap, ret_text, text_cap);
	else
		(void)devices_say(0, ret_text, text_cap, "%s", strerror(-r));
	free(list.devices);
	return r;
}

static int resolve_path(const char *path, char *ret_path, size_t path_cap, char *ret_text, size_t text_cap)
{
	char real[HOSTFS_PATH_MAX];
	int r;

	if (strlen(path) >= path_cap)
		return devices_say(ENAMETOOLONG, ret_text, text_cap, "%s", strerror(ENAMETOOLONG));
	r = real_path(path, real, sizeof(real));
	if (r < 0)
		return devices_say(-r, ret_text, text_cap, "%s", strerror(-r));
	copy_text(ret_path, path_cap, path);
	return 0;
}

int devices_resolve(const struct spec *spec, char *ret_path, size_t path_cap, char *ret_text, size_t text_cap)
{
	if (spec->kind == SPEC_PATH)
		return resolve_path(spec->text, ret_path, path_cap, ret_text, text_cap);
	if (spec->kind == SPEC_SIM)
		return devices_say(ENOTSUP, ret_text, text_cap, "a simulated board is on no port of this computer");
	return resolve_usb(spec, ret_path, path_cap, ret_text, text_cap);
}

/* ------------------------------------------------------------ waiting */

#define WATCHED (IN_CREATE | IN_MOVED_TO | IN_ATTRIB | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF)

/* The directory that the next missing part of @path will appear in; @path is cut to it. */
static void watch_parent(int notify_fd, char *path)
{
	char *slash;

	while ((slash = strrchr(path, '/'))) {
		*slash = '\0';
		if (inotify_add_watch(notify_fd, path[0] ? path : "/", WATCHED | IN_ONLYDIR) >= 0 || errno != ENOENT)
			return;
	}
	(void)inotify_add_watch(notify_fd, ".", WATCHED | IN_ONLYDIR);
}

/* What a symbolic link says, as a path of its own. */
static bool follow_link(char *path, size_t cap)
{
	char target[HOSTFS_PATH_MAX];
	char *slash;
	size_t dir_len = 0;
	ssize_t len;

	len = readlink(path, target, sizeof(target) - 1);
	if (len <= 0)
		return false;
	target[len] = '\0';
	slash = strrchr(path, '/');
	if (target[0] != '/' && slash)
		dir_len = (size_t)(slash - path) + 1;
	return snprintf(path + dir_len, cap - dir_len, "%s", target) < (int)(cap - dir_len);
}

/* Each directory on the way from a path through its links. */
static void watch_path(int notify_fd, const char *path)
{
	char at[HOSTFS_PATH_MAX];
	char dir[HOSTFS_PATH_MAX];
	int i;

	if (hostfs_rooted(path, at, sizeof(at)) < 0)
		return;
	for (i = 0; i < MOST_LINKS; i++) {
		memcpy(dir, at, sizeof(dir));
		watch_parent(notify_fd, dir);
		if (!follow_link(at, sizeof(at)))
			return;
	}
}

static void devices_watch(int notify_fd, const struct spec *spec)
{
	watch_path(notify_fd, "/dev/x");
	watch_path(notify_fd, "/run/udev/data/x");
	watch_path(notify_fd, "/run/udev/queue");
	if (spec->kind == SPEC_PATH)
		watch_path(notify_fd, spec->text);
}

/* The node is there, and udev has given it its group, its mode and its links. */
static bool is_settled(const char *path)
{
	char file[HOSTFS_PATH_MAX];
	struct stat st;

	if (hostfs_rooted(path, file, sizeof(file)) < 0)
		return true;
	if (stat(file, &st) < 0)
		return false; /* sysfs knows a port before /dev does */
	if (!S_ISCHR(st.st_mode))
		return true; /* no port: to be refused, not waited for */
	if (!hostfs_has("/run/udev/control"))
		return true; /* no udev */
	/* While it has work to do, a link and a database entry may still be those of a device that was unplugged, whose
	 * number another one has got (systemd udevd.c keeps this file while its queue is not empty). */
	return !hostfs_has("/run/udev/queue") && hostfs_has(HOSTFS_UDEV, major(st.st_rdev), minor(st.st_rdev));
}

static void forget_events(int notify_fd)
{
	char events[4096];

	while (read(notify_fd, events, sizeof(events)) > 0)
		;
}

static bool may_still_come(int r)
{
	return r == -ENOENT || r == -ENXIO || r == -ENOTDIR;
}

/* Until something happens that may matter. */
static int wait_for_event(int notify_fd, int64_t until_ms, const struct port_stop *stop)
{
	struct pollfd pfd = { .fd = notify_fd, .events = POLLIN };
	int64_t look_ms = wait_now_ms() + LOOK_AGAIN_MS;
	int r;

	if (notify_fd < 0 && look_ms < until_ms)
		until_ms = look_ms;
	r = wait_poll(&pfd, 1, until_ms, stop);
	if (r > 0)
		forget_events(notify_fd);
	return r > 0 || r == -ETIMEDOUT ? 0 : r;
}

int devices_wait(const struct spec *spec, int64_t deadline_ms, const struct port_stop *stop, char *ret_path,
		 size_t path_cap, char *ret_text, size_t text_cap)
{
	int notify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	int64_t as_it_is_ms = 0; /* when a port that udev ignores is taken as it is */
	int64_t until_ms;
	int r, waited = 0;

	for (;;) {
		devices_watch(notify_fd, spec); /* first: nothing may come between a look and the wait */
		r = devices_resolve(spec, ret_path, path_cap, ret_text, text_cap);
		if ((r < 0 && !may_still_come(r)) || (r == 0 && is_settled(ret_path)))
			break;
		if (r == 0 && !as_it_is_ms)
			as_it_is_ms = wait_now_ms() + UDEV_MOST_MS;
		until_ms = r == 0 && as_it_is_ms < deadline_ms ? as_it_is_ms : deadline_ms;
		if (wait_now_ms() >= until_ms)
			break;
		waited = wait_for_event(notify_fd, until_ms, stop);
		if (waited < 0)
			break;
	}
	if (notify_fd >= 0)
		(void)close(notify_fd);
	return waited < 0 ? waited : r;
}
