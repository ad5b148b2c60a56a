/* hostfs.c - this computer's /proc, /sys, /dev and /run: where they are, and how their small files are read. */
#include "port/hostfs.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *the_root = "";

void hostfs_set_root(const char *root)
{
	the_root = root ? root : "";
}

static int make_path(char *buf, size_t cap, const char *format, va_list args) __attribute__((format(printf, 3, 0)));
static int make_path(char *buf, size_t cap, const char *format, va_list args)
{
	size_t used = strlen(the_root);
	int len;

	if (used >= cap)
		return -ENAMETOOLONG;
	memcpy(buf, the_root, used);
	len = vsnprintf(buf + used, cap - used, format, args);
	return len >= 0 && (size_t)len < cap - used ? 0 : -ENAMETOOLONG;
}

/* Formats the calling function's variable arguments into the array @path. A path that is too long becomes "", which
 * names no file. */
#define MAKE_PATH(path, format) \
	do { \
		va_list args_; \
		va_start(args_, format); \
		if (make_path(path, sizeof(path), format, args_) < 0) \
			(path)[0] = '\0'; \
		va_end(args_); \
	} while (0)

int hostfs_path(char *buf, size_t cap, const char *format, ...)
{
	va_list args;
	int r;

	va_start(args, format);
	r = make_path(buf, cap, format, args);
	va_end(args);
	return r;
}

int hostfs_rooted(const char *path, char *buf, size_t cap)
{
	if (path[0] == '/')
		return hostfs_path(buf, cap, "%s", path);
	return snprintf(buf, cap, "%s", path) < (int)cap ? 0 : -ENAMETOOLONG;
}

int hostfs_real(const char *path, char *ret, size_t cap)
{
	char file[HOSTFS_PATH_MAX], real[PATH_MAX];
	size_t skip = strlen(the_root);

	if (hostfs_rooted(path, file, sizeof(file)) < 0)
		return -ENAMETOOLONG;
	if (!realpath(file, real))
		return -errno;
	(void)snprintf(ret, cap, "%s", real + (strncmp(real, the_root, skip) == 0 ? skip : 0));
	return 0;
}

const char *hostfs_basename(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Reads the beginning of a file. Return: number of bytes read, or -errno. Symbolic links are not followed: in a
 * directory that everybody may write to, a link may lead to a serial port, and to open a serial port asserts DTR and
 * RTS. */
static ssize_t hostfs_read(const char *path, char *buf, size_t cap)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
	ssize_t got = 0;
	size_t used = 0;

	if (fd < 0)
		return -errno;
	while (used < cap) {
		got = read(fd, buf + used, cap - used);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		used += (size_t)got;
	}
	got = got < 0 ? -errno : (ssize_t)used;
	(void)close(fd); /* the file was only read, so an error of close() loses no data */
	return got;
}

int hostfs_text(char *buf, size_t cap, const char *format, ...)
{
	char path[HOSTFS_PATH_MAX];
	ssize_t len;

	MAKE_PATH(path, format);
	len = hostfs_read(path, buf, cap - 1);
	while (len > 0 && isspace((unsigned char)buf[len - 1]))
		len--;
	buf[len > 0 ? len : 0] = '\0';
	return (int)len;
}

int hostfs_link(char *buf, size_t cap, const char *format, ...)
{
	char path[HOSTFS_PATH_MAX], target[HOSTFS_PATH_MAX];
	const char *name;
	ssize_t len;

	MAKE_PATH(path, format);
	buf[0] = '\0';
	len = readlink(path, target, sizeof(target) - 1);
	if (len < 0)
		return -errno;
	target[len] = '\0';
	name = hostfs_basename(target);
	if (strlen(name) >= cap)
		return -ENAMETOOLONG;
	memcpy(buf, name, strlen(name) + 1);
	return 0;
}

bool hostfs_has(const char *format, ...)
{
	char path[HOSTFS_PATH_MAX];
	struct stat st;

	MAKE_PATH(path, format);
	return stat(path, &st) == 0;
}

DIR *hostfs_opendir(const char *format, ...)
{
	char path[HOSTFS_PATH_MAX];

	MAKE_PATH(path, format);
	return opendir(path);
}

FILE *hostfs_fopen(const char *format, ...)
{
	char path[HOSTFS_PATH_MAX];

	MAKE_PATH(path, format);
	return fopen(path, "re");
}
