/* hostfs.h - this computer's /proc, /sys, /dev and /run: where they are, and how their small files are read.
 *
 *	hostfs_set_root("DIR");		only in tests: "/proc/locks" then means "DIR/proc/locks"
 *	r = hostfs_text(text, sizeof(text), "/proc/%d/comm", pid);
 *
 * Functions with a printf() format make a path from it and put the root in front. If that path is longer than
 * HOSTFS_PATH_MAX, they behave as if there were no such file. No function here opens a device.
 */
#ifndef ESPRESET_PORT_HOSTFS_H
#define ESPRESET_PORT_HOSTFS_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#define HOSTFS_PATH_MAX 4096

/* path of udev's database entry for a character device: a printf() format for major and minor of the device's number */
#define HOSTFS_UDEV "/run/udev/data/c%u:%u"

/** hostfs_set_root() - use @root instead of "/"; NULL: "/" again. The pointer is kept, the string is not copied. */
void hostfs_set_root(const char *root);

/** hostfs_path() - put the root in front of a path; 0 or -ENAMETOOLONG */
int hostfs_path(char *buf, size_t cap, const char *format, ...) __attribute__((format(printf, 3, 4)));

/** hostfs_rooted() - put the root in front of a user's path if it is absolute, else copy it; 0 or -ENAMETOOLONG */
int hostfs_rooted(const char *path, char *buf, size_t cap);

/** hostfs_real() - realpath() of a user's path; @ret does not contain the root and may be @path; 0 or -errno */
int hostfs_real(const char *path, char *ret, size_t cap);

/** hostfs_basename() - the part of @path after its last slash */
const char *hostfs_basename(const char *path);

/**
 * hostfs_text() - read a small file, or its first @cap - 1 bytes
 * @buf: NUL-terminated; white space at the end is removed; "" on failure
 * Return: the length, or -errno; -ELOOP: a symbolic link, which is not followed. Never blocks, not even on a FIFO.
 */
int hostfs_text(char *buf, size_t cap, const char *format, ...) __attribute__((format(printf, 3, 4)));

/** hostfs_link() - read the last component of a symbolic link's target; 0, or -errno and "" in @buf */
int hostfs_link(char *buf, size_t cap, const char *format, ...) __attribute__((format(printf, 3, 4)));

/** hostfs_has() - whether the path exists; links are followed */
bool hostfs_has(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** hostfs_opendir() - as opendir(3); the caller calls closedir() */
DIR *hostfs_opendir(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** hostfs_fopen() - as fopen(3) for reading, close-on-exec; the caller calls fclose() */
FILE *hostfs_fopen(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
