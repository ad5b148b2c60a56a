/* fake_root.c - a temporary directory in place of "/", in which tests build their own /proc, /sys and /dev. */
#include "fake_root.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "port/hostfs.h"
#include "tempdir.h"

const char *fake_root_make(void)
{
	tempdir_make();
	hostfs_set_root(tempdir);
	return tempdir;
}

void fake_root_remove(void)
{
	hostfs_set_root(NULL);
	tempdir_remove();
}

const char *fake_path(const char *path)
{
	static char paths[4][2 * PATH_MAX];
	static unsigned int next;
	char *buf = paths[next++ % 4];

	(void)snprintf(buf, sizeof(paths[0]), "%s%s", tempdir, path);
	return buf;
}

static void make_parents(const char *path)
{
	char buf[2 * PATH_MAX];
	char *slash;

	ck_assert(path[0] == '/' && tempdir[0]);
	(void)snprintf(buf, sizeof(buf), "%s", fake_path(path));
	for (slash = strchr(buf + strlen(tempdir) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		ck_assert(mkdir(buf, 0755) == 0 || errno == EEXIST);
		*slash = '/';
	}
}

void fake_bytes(const char *path, const void *bytes, unsigned long len)
{
	FILE *file;

	make_parents(path);
	file = fopen(fake_path(path), "w");
	ck_assert_msg(file != NULL, "%s: %s", path, strerror(errno));
	ck_assert_uint_eq(fwrite(bytes, 1, len, file), len);
	ck_assert_int_eq(fclose(file), 0);
}

void fake_file(const char *path, const char *content, ...)
{
	char text[4096];
	va_list args;
	int len;

	va_start(args, content);
	len = vsnprintf(text, sizeof(text), content, args);
	va_end(args);
	ck_assert(len >= 0 && len < (int)sizeof(text));
	fake_bytes(path, text, (unsigned long)len);
}

void fake_link(const char *target, const char *path)
{
	make_parents(path);
	ck_assert_msg(symlink(target, fake_path(path)) == 0, "%s: %s", path, strerror(errno));
}

void fake_dir(const char *path)
{
	make_parents(path);
	ck_assert(mkdir(fake_path(path), 0755) == 0 || errno == EEXIST);
}
