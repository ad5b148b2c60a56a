/* hostfs.c - where this computer's /proc, /sys, /dev, /run are, and how their small files are read. */
#include "port/hostfs.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *the_root = "";

void hostfs_set_root(const char *root)
{
	the_root = root ? root : "";
}

const char *hostfs_root(void)
{
	return the_root;
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

/* The path that a format and its arguments give, in @path; "" where it is too long, which is the path of no file. */
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

int hostfs_read(const char *path, char *buf, size_t cap)
{
	size_t used = 0;
	ssize_t got = 0;
	int err = 0;
	int fd;

	/* In a directory that everybody may write to, a link could lead to a serial port. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	while (used < cap - 1) {
		got = read(fd, buf + used, cap - 1 - used);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		used += (size_t)got;
	}
	if (got < 0)
		err = errno;
	(void)close(fd); /* read only: nothing can be lost */
	if (err)
		return -err;
	while (used > 0 && isspace((unsigned char)buf[used - 1]))
		used--;
	buf[used] = '\0';
	return (int)used;
}

int hostfs_text(char *buf, size_t cap, const char *format, ...)
{
	char path[HOSTFS_PATH_MAX];
	int r;

	MAKE_PATH(path, format);
	r = hostfs_read(path, buf, cap);
	if (r < 0)
		buf[0] = '\0';
	return r;
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
	name = strrchr(target, '/');
	name = name ? name + 1 : target;
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
