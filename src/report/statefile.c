/* statefile.c - --state-file: writes the result; readers never see a partial result, or an earlier run's result. */
#include "report/statefile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Creates the temporary file PATH.PID.tmp. It is in the directory of PATH, so that rename() works. The process id in
 * its name keeps two runs apart. If the file exists already, a dead process with our process id has left it, so it is
 * removed. O_EXCL refuses a symlink that somebody creates after the unlink(). Return: a descriptor, or negative errno.
 */
static int statefile_create(const char *path, char *ret_name, size_t cap)
{
	int fd, n = snprintf(ret_name, cap, "%s.%ld.tmp", path, (long)getpid());

	if (n < 0 || (size_t)n >= cap)
		return -ENAMETOOLONG;
	if (unlink(ret_name) < 0 && errno != ENOENT)
		return -errno;
	fd = open(ret_name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	return fd < 0 ? -errno : fd;
}

static int statefile_write_all(int fd, const char *text, size_t len)
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

/* Removes the state file of an earlier run, but only if it is a regular file: as root, unlink() would also remove a
 * device such as /dev/null or the board's tty. */
static int statefile_remove_old(const char *path)
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

int statefile_begin(const char *path)
{
	/* a full disk often allows a file to be created, but not to be filled: test it with as many bytes as a result
	 * may need */
	static const char room[4096];
	char temporary[PATH_MAX];
	int fd, r = statefile_remove_old(path);

	if (r < 0)
		return r;
	fd = statefile_create(path, temporary, sizeof(temporary));
	if (fd < 0)
		return fd;
	r = statefile_write_all(fd, room, sizeof(room));
	if (close(fd) < 0 && !r)
		r = -errno;
	if (unlink(temporary) < 0 && !r)
		r = -errno;
	return r;
}

static int statefile_write_lines(int fd, char *const *lines, size_t n)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		r = lines[i] ? statefile_write_all(fd, lines[i], strlen(lines[i])) : -ENOMEM;
		if (r == 0)
			r = statefile_write_all(fd, "\n", 1);
	}
	return r;
}

int statefile_write(const char *path, char *const *lines, size_t n)
{
	char temporary[PATH_MAX];
	int r, fd = statefile_create(path, temporary, sizeof(temporary));

	if (fd < 0)
		return fd;
	r = statefile_write_lines(fd, lines, n);
	/* every user must be able to read the file, whatever the umask is */
	if (!r && fchmod(fd, 0644) < 0)
		r = -errno;
	if (close(fd) < 0 && !r)
		r = -errno;
	if (!r && rename(temporary, path) < 0)
		r = -errno;
	if (r < 0)
		(void)unlink(temporary); /* an error of unlink() is ignored: r keeps the first error */
	return r;
}

/* clang-format off */
/* What to advise after an error of the state file. misnamed: another file name would help; otherwise this computer is at
 * fault, for example its disk is full */
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
/* clang-format on */

bool statefile_describe(int err, char *buf, size_t cap)
{
	static const struct cure any = { 0, false, "name another place" };
	const struct cure *cure = &any;

	for (size_t i = 0; i < sizeof(cures) / sizeof(cures[0]); i++) {
		if (cures[i].err == err)
			cure = &cures[i];
	}
	snprintf(buf, cap, "%s; %s", err == EEXIST ? "this is no regular file" : strerror(err), cure->text);
	return cure->misnamed;
}
