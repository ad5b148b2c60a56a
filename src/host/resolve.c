/* resolve.c - finds the tty that a PORT means, and waits until that tty exists; opens no tty. */
#include "host/resolve.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "port/hostfs.h"
#include "port/wait.h"

/* Wait this long at most for udev to set up a new device node, which takes about 20 ms. Then use the device node as it
 * is. */
#define UDEV_MOST_MS 2000

#define MOST_LINKS 8

/* Without inotify, look for the port at this interval. (Linux limits the number of inotify instances per user.) */
#define LOOK_AGAIN_MS 200

void resolve_spelling(const struct device *devices, size_t count, const struct device *device, char *ret_text,
		      size_t cap)
{
	bool serial_is_unique = device->serial[0] && plain_is(device->serial);
	bool usb_path_is_unique = device->usb_path[0];
	bool id_is_unique = true;

	for (const struct device *other = devices; other < devices + count; other++) {
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

bool resolve_fits(const struct device *device, const struct spec *spec)
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

static int refuse_several(const struct device *devices, int count, const struct spec *spec, struct textbuf text)
{
	char spelling[DEVICE_TEXT_MAX + 32];
	const char *comma = "";
	size_t used;

	(void)plain_fail(text, 0, "fits several boards; say which:");
	for (const struct device *d = devices; d < devices + count; d++) {
		if (!d->path[0] || !resolve_fits(d, spec))
			continue;
		resolve_spelling(devices, (size_t)count, d, spelling, sizeof(spelling));
		used = strlen(text.at);
		(void)plain_fail((struct textbuf){ text.at + used, text.cap - used }, 0, "%s %s (%s)", comma, spelling,
				 d->path);
		comma = ",";
	}
	return -ENOTUNIQ;
}

static int resolve_usb(const struct spec *spec, struct textbuf ret_path, struct textbuf text)
{
	const struct device *port = NULL, *portless = NULL;
	struct device *devices;
	int ports = 0, r = 0, n = devices_list(&devices);

	if (n < 0)
		return plain_fail(text, n, "%s", strerror(-n));
	for (int i = 0; i < n; i++) {
		if (!resolve_fits(&devices[i], spec))
			continue;
		if (devices[i].path[0]) {
			port = &devices[i];
			ports++;
		} else {
			portless = &devices[i];
		}
	}
	if (ports > 1)
		r = refuse_several(devices, n, spec, text);
	else if (port)
		(void)snprintf(ret_path.at, ret_path.cap, "%s", port->path);
	else if (portless)
		r = plain_fail(text, -ENXIO, "a %s is plugged in at %s, but no driver has made a serial port of it",
			       portless->bridge, portless->usb_path[0] ? portless->usb_path : "a place not known");
	else
		r = plain_fail(text, -ENOENT, "nothing like that is plugged in");
	free(devices);
	return r;
}

static int resolve_path(const char *path, struct textbuf ret_path, struct textbuf text)
{
	char real[HOSTFS_PATH_MAX];
	int r = strlen(path) < ret_path.cap ? hostfs_real(path, real, sizeof(real)) : -ENAMETOOLONG;

	if (r < 0)
		return plain_fail(text, r, "%s", strerror(-r));
	(void)snprintf(ret_path.at, ret_path.cap, "%s", path);
	return 0;
}

int resolve_port(const struct spec *spec, struct textbuf ret_path, struct textbuf ret_text)
{
	if (spec->kind == SPEC_PATH)
		return resolve_path(spec->text, ret_path, ret_text);
	if (spec->kind == SPEC_SIM)
		return plain_fail(ret_text, -ENOTSUP, "a simulated board is on no port of this computer");
	return resolve_usb(spec, ret_path, ret_text);
}

/* ---- waiting ---- */

#define WATCHED (IN_CREATE | IN_MOVED_TO | IN_ATTRIB | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF)

/* Watches the innermost directory of @path that exists: the next missing part of the path will appear there. Cuts @path
 * to that directory. */
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

/* Replaces @path, if it is a symbolic link, by the path that it points to. Return: false: @path is no symbolic link. */
static bool follow_link(char *path, size_t cap)
{
	char target[HOSTFS_PATH_MAX];
	size_t dir_len = 0;
	ssize_t len = readlink(path, target, sizeof(target) - 1);

	if (len <= 0)
		return false;
	target[len] = '\0';
	if (target[0] != '/')
		dir_len = (size_t)(hostfs_basename(path) - path);
	return snprintf(path + dir_len, cap - dir_len, "%s", target) < (int)(cap - dir_len);
}

/* Watches the directory of @path. If @path is a symbolic link, also watches the directory of each link that it leads
 * to. */
static void watch_path(int notify_fd, const char *path)
{
	char at[HOSTFS_PATH_MAX], dir[HOSTFS_PATH_MAX];

	if (hostfs_rooted(path, at, sizeof(at)) < 0)
		return;
	for (int i = 0; i < MOST_LINKS; i++) {
		memcpy(dir, at, sizeof(dir));
		watch_parent(notify_fd, dir);
		if (!follow_link(at, sizeof(at)))
			return;
	}
}

/* Whether the device node @path exists, and udev, if it runs, has set its group, mode and links. */
static bool is_settled(const char *path)
{
	char file[HOSTFS_PATH_MAX];
	struct stat st;

	if (hostfs_rooted(path, file, sizeof(file)) < 0)
		return true;
	if (stat(file, &st) < 0)
		return false; /* the device node in /dev appears later than the port in sysfs */
	if (!S_ISCHR(st.st_mode))
		return true; /* not a device node: waiting would not make it a port */
	if (!hostfs_has("/run/udev/control"))
		return true; /* udev does not run */
	/* systemd's udevd.c keeps the file "queue" while it has events to process. As long as this file exists, the
	 * links and udev's database entry may still be those of an unplugged device that had the same device number. */
	return !hostfs_has("/run/udev/queue") && hostfs_has(HOSTFS_UDEV, major(st.st_rdev), minor(st.st_rdev));
}

static bool may_still_come(int r)
{
	return r == -ENOENT || r == -ENXIO || r == -ENOTDIR;
}

/* Waits for an inotify event, or for LOOK_AGAIN_MS if there is no inotify. Return: 0: look for the port again; else the
 * error of wait_poll(). */
static int wait_for_event(int notify_fd, int64_t until_ms, const struct port_stop *stop)
{
	struct pollfd pfd = { .fd = notify_fd, .events = POLLIN };
	int64_t look_ms = wait_now_ms() + LOOK_AGAIN_MS;
	char events[4096];
	int r;

	if (notify_fd < 0 && look_ms < until_ms)
		until_ms = look_ms;
	r = wait_poll(&pfd, 1, until_ms, stop);
	while (r > 0 && read(notify_fd, events, sizeof(events)) > 0)
		; /* the events are only removed: after any of them the port is looked for again */
	return r > 0 || r == -ETIMEDOUT ? 0 : r;
}

int resolve_wait(const struct spec *spec, int64_t deadline_ms, const struct port_stop *stop, struct textbuf ret_path,
		 struct textbuf ret_text)
{
	int notify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	/* when to stop waiting for udev and use the device node as it is; 0: no device node yet */
	int64_t as_it_is_ms = 0;
	int64_t until_ms;
	int r, waited = 0;

	for (;;) {
		/* Start watching before looking for the port: otherwise a change just after the look would be
		 * missed. */
		watch_path(notify_fd, "/dev/x");
		watch_path(notify_fd, "/run/udev/data/x");
		watch_path(notify_fd, "/run/udev/queue");
		if (spec->kind == SPEC_PATH)
			watch_path(notify_fd, spec->text);
		r = resolve_port(spec, ret_path, ret_text);
		if ((r < 0 && !may_still_come(r)) || (r == 0 && is_settled(ret_path.at)))
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
