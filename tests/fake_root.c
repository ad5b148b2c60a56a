/* fake_root.c - a directory that stands in for "/": trees of /proc, /sys, /dev as a test needs them. */
#include "fake_root.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "port/hostfs.h"

static char the_root[PATH_MAX];

const char *fake_root_make(void)
{
	const char *tmp = getenv("TMPDIR");
	char real[PATH_MAX];

	(void)snprintf(the_root, sizeof(the_root), "%s/espreset-test-XXXXXX", tmp ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(the_root));
	ck_assert_ptr_nonnull(realpath(the_root, real));
	(void)snprintf(the_root, sizeof(the_root), "%s", real);
	hostfs_set_root(the_root);
	return the_root;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void fake_root_remove(void)
{
	hostfs_set_root(NULL);
	if (the_root[0])
		(void)nftw(the_root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	the_root[0] = '\0';
}

const char *fake_path(const char *path)
{
	static char paths[4][2 * PATH_MAX];
	static unsigned int next;
	char *buf = paths[next++ % 4];

	(void)snprintf(buf, sizeof(paths[0]), "%s%s", the_root, path);
	return buf;
}

static void make_parents(const char *path)
{
	char buf[2 * PATH_MAX];
	char *slash;

	ck_assert(path[0] == '/' && the_root[0]);
	(void)snprintf(buf, sizeof(buf), "%s", fake_path(path));
	for (slash = strchr(buf + strlen(the_root) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
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
