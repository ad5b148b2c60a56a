/* statefile.c - --state-file: the result in a file that is never half written and never an old run's. */
#include "report/statefile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A name beside it, so that the rename stays within one file system; of this process, so that two runs do not
 * meet. A symlink that somebody has put there is not followed: O_EXCL. */
static int temporary_name(const char *path, char *buf, size_t cap)
{
	int n = snprintf(buf, cap, "%s.%ld.tmp", path, (long)getpid());

	return n < 0 || (size_t)n >= cap ? -ENAMETOOLONG : 0;
}

static int create(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);

	if (fd < 0 && errno == EEXIST) {
		/* a process of this number has died here once */
		if (unlink(path) < 0)
			return -errno;
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	}
	return fd < 0 ? -errno : fd;
}

static int write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

/* What is there must be a file that we may remove: never a device, as /dev/null or the board's tty for root. */
static int remove_old(const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode))
		return -EEXIST;
	return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
}

/* A full disk often has room for a name. */
static int try_room(int fd)
{
	static const char room[4096];
	int r = write_all(fd, room, sizeof(room));

	if (close(fd) < 0 && !r)
		r = -errno;
	return r;
}

int statefile_begin(const char *path)
{
	char temporary[PATH_MAX];
	int fd, r = temporary_name(path, temporary, sizeof(temporary));

	if (r == 0)
		r = remove_old(path);
	if (r < 0)
		return r;
	/* better to hear now than after the reset that no result can be written */
	fd = create(temporary);
	if (fd < 0)
		return fd;
	r = try_room(fd);
	if (unlink(temporary) < 0 && !r)
		r = -errno;
	return r;
}

int statefile_write(const char *path, const char *text, size_t len)
{
	char temporary[PATH_MAX];
	int fd, r = temporary_name(path, temporary, sizeof(temporary));

	if (r < 0)
		return r;
	fd = create(temporary);
	if (fd < 0)
		return fd;
	r = write_all(fd, text, len);
	/* whatever the umask is: others are to read it */
	if (!r && fchmod(fd, 0644) < 0)
		r = -errno;
	if (close(fd) < 0 && !r)
		r = -errno;
	if (!r && rename(temporary, path) < 0)
		r = -errno;
	if (r < 0)
		(void)unlink(temporary);	/* the first error is the one to tell */
	return r;
}

static const struct cure { int err; bool misnamed; const char *text; } cures[] = {
	{ ENOENT, true, "its folder must be there" },
	{ ENOTDIR, true, "its folder must be there" },
	{ EACCES, true, "want a folder in which you may write" },
	{ EPERM, true, "want a folder in which you may write" },
	{ EROFS, true, "want a folder in which you may write" },
	{ EISDIR, true, "want the name of a file" },
	{ EEXIST, true, "want a regular file, or a name that is free" },
	{ ENAMETOOLONG, true, "want a shorter name" },
	{ ELOOP, true, "want another name" },
	{ ENOSPC, false, "make room there, or name another place" },
	{ EDQUOT, false, "make room there, or name another place" },
	{ EFBIG, false, "raise the limit on the size of files (ulimit -f)" },
};

static const struct cure *cure_of(int err)
{
	static const struct cure any = { 0, false, "name another place" };

	for (size_t i = 0; i < sizeof(cures) / sizeof(cures[0]); i++) {
		if (cures[i].err == err)
			return &cures[i];
	}
	return &any;
}

bool statefile_is_misnamed(int err)
{
	return cure_of(err)->misnamed;
}

void statefile_describe(int err, char *buf, size_t cap)
{
	const char *why = err == EEXIST ? "this is no regular file" : strerror(err);

	snprintf(buf, cap, "%s; %s", why, cure_of(err)->text);
}
