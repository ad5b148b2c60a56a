/* esptoolcfg.c - the reset sequence that the user has told esptool, from its configuration file. */
#include "cli/esptoolcfg.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cfg.h"

#define FILE_MAX 65536

/* A regular file, whole. Return: its length, or a negative errno. */
static ssize_t read_file(const char *path, char *buf, size_t cap)
{
	struct stat st;
	size_t used = 0;
	ssize_t n = 0;
	int fd;

	/* before it is opened: opening a serial port would move its lines */
	if (stat(path, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EISDIR;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;
	while (used < cap && ((n = read(fd, buf + used, cap - used)) > 0 || (n < 0 && errno == EINTR)))
		used += n > 0 ? (size_t)n : 0;
	if (n < 0)
		n = -errno;
	(void)close(fd); /* read only: nothing can be lost */
	return n < 0 ? n : used == cap ? -EFBIG : (ssize_t)used;
}

static int esptoolcfg_take(struct request *o, const char *path, const struct sequence *sequence, char *err, size_t cap)
{
	if (o->session.hold_ms) {
		snprintf(err, cap,
			 "--hold does not go with custom_hard_reset_sequence of %s: its W are the holds; give "
			 "--sequence rts as well",
			 path);
		return -EINVAL;
	}
	o->session.sequence = *sequence;
	snprintf(o->sequence_from, sizeof(o->sequence_from), "%s", path);
	return 0;
}

/* Return: enum cfg_found, or -EINVAL. @must: the user has named it. */
static int try_file(struct request *o, const char *path, bool must, char *err, size_t cap)
{
	static char text[FILE_MAX];
	struct sequence sequence;
	ssize_t n = read_file(path, text, sizeof(text));
	char why[256];
	int r;

	if (n < 0 && !must && n != -EFBIG)
		return CFG_NO_SECTION;
	if (n < 0) {
		snprintf(err, cap, "%s: %s", path, n == -EISDIR ? "not a regular file" : strerror((int)-n));
		return -EINVAL;
	}
	r = cfg_parse(text, (size_t)n, &sequence, why, sizeof(why));
	if (r < 0)
		snprintf(err, cap, "%s: %s", path, why);
	else if (r == CFG_SEQUENCE && esptoolcfg_take(o, path, &sequence, err, cap) < 0)
		return -EINVAL;
	return r;
}

int esptoolcfg_apply(struct request *request, char *err, size_t cap)
{
	static const char *const in_home[] = { ".config/esptool/esptool.cfg", "esptool.cfg" };
	const char *named = getenv("ESPTOOL_CFGFILE"), *home = getenv("HOME");
	char path[PATH_MAX];
	int r = CFG_NO_SECTION;

	if (request->mode != MODE_RESET || request->sequence_given || request->session.no_reset)
		return 0;
	if (named && named[0])
		return try_file(request, named, true, err, cap) < 0 ? -EINVAL : 0;
	if (geteuid() != 0) /* root would obey whoever may write where it happens to stand */
		r = try_file(request, "esptool.cfg", false, err, cap);
	for (size_t i = 0; r == CFG_NO_SECTION && home && home[0] && i < sizeof(in_home) / sizeof(in_home[0]); i++) {
		if (snprintf(path, sizeof(path), "%s/%s", home, in_home[i]) < (int)sizeof(path))
			r = try_file(request, path, false, err, cap);
	}
	return r < 0 ? -EINVAL : 0;
}
