/* preflight.c - checks the PORTs and files of a request before any board is touched. */
#include "cli/preflight.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/resolve.h"
#include "port/sim.h"
#include "port/stop.h"
#include "port/tty.h"

/* Checks one PORT. @ret_device: the device number of the tty that PORT means; 0: PORT is simulated, is not plugged in,
 * or is no character device */
static int preflight_port(const struct spec *port, dev_t *ret_device, char *err, size_t cap)
{
	char path[PATH_MAX] = "", text[512] = "";
	struct stat st;

	*ret_device = 0;
	if (port->kind == SPEC_SIM)
		return sim_port_check(port->words, stop_port(), err, cap);
	/* A missing port is no error yet: it may still appear within the time of --wait. */
	if (resolve_port(port, TEXTBUF(path), TEXTBUF(text)) == 0 && stat(path, &st) == 0 && S_ISCHR(st.st_mode))
		*ret_device = st.st_rdev;
	return 0;
}

/* Refuses two PORTs that mean the same tty. Each PORT gets a process of its own, so the second process would report the
 * tty as busy. */
int preflight_ports(const struct request *request, char *err, size_t cap)
{
	dev_t devices[REQUEST_PORTS_MAX];

	for (size_t i = 0; i < request->n_ports; i++) {
		const struct spec *port = &request->ports[i];
		int r = preflight_port(port, &devices[i], err, cap);

		if (r < 0)
			return r;
		for (size_t k = 0; k < i && port->kind != SPEC_SIM; k++) {
			const char *other = request->ports[k].text;

			if (strcmp(port->text, other) == 0)
				snprintf(err, cap, "PORT '%s' is named twice", port->text);
			else if (devices[i] && devices[i] == devices[k])
				snprintf(err, cap, "PORT '%s' is the same port as '%s'", port->text, other);
			else
				continue;
			return -EINVAL;
		}
	}
	return 0;
}

/* Resolves symbolic links in a file's path. If the file does not exist, resolves the links in its folder's path.
 * @ret_path: buffer of PATH_MAX bytes */
static int preflight_path(const char *file, char *ret_path)
{
	const char *slash = strrchr(file, '/'), *name = slash ? slash + 1 : file;
	char folder[PATH_MAX];
	size_t len;

	if (realpath(file, ret_path))
		return 0;
	snprintf(folder, sizeof(folder), "%.*s.", (int)(name - file), file);
	if (errno != ENOENT || !realpath(folder, ret_path))
		return -errno;
	len = strlen(ret_path);
	return snprintf(ret_path + len, PATH_MAX - len, "/%s", name) < (int)(PATH_MAX - len) ? 0 : -ENAMETOOLONG;
}

/* Can the file be written? Return: 0; negative errno: it cannot. Does not try to open the file: if it is a FIFO, its
 * reader would see the end of the input. */
static int preflight_writable(const char *path)
{
	char folder[PATH_MAX];
	struct stat st;

	if (stat(path, &st) == 0)
		return S_ISDIR(st.st_mode) ? -EISDIR : faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) < 0 ? -errno : 0;
	if (lstat(path, &st) == 0)
		return 0; /* a link to a missing file: accepted, since only open() shows whether it can be created */
	snprintf(folder, sizeof(folder), "%.*s/", (int)(strrchr(path, '/') - path), path);
	return faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) < 0 ? -errno : 0;
}

static int preflight_capture(const struct request *request, char *err, size_t cap)
{
	char capture[PATH_MAX], state[PATH_MAX];
	int r = preflight_path(request->capture, capture);

	if (r == 0)
		r = preflight_writable(capture);
	if (r < 0) {
		snprintf(err, cap, "--capture '%s': %s; want a file that can be written", request->capture,
			 strerror(-r));
		return r;
	}
	if (!request->state_file || preflight_path(request->state_file, state) < 0 || strcmp(capture, state) != 0)
		return 0;
	snprintf(err, cap, "--capture '%s' and --state-file '%s' are the same file", request->capture,
		 request->state_file);
	return -EINVAL;
}

/* Refuses a serial port as FILE: if it is opened as a file, DTR and RTS move, which may reset the board. */
int preflight_files(const struct request *request, char *err, size_t cap)
{
	bool decodes = request->mode == MODE_DECODE;
	const char *file = decodes ? request->file : request->capture;

	if (file && tty_is_port(file)) {
		snprintf(err, cap, "%s '%s' is a serial port; want a file%s", decodes ? "--decode" : "--capture", file,
			 decodes ? ", or without --decode a board's PORT" : "");
		return -EINVAL;
	}
	return file && !decodes ? preflight_capture(request, err, cap) : 0;
}
