/* hostfs.h - where this computer's /proc, /sys, /dev, /run are, and how their small files are read.
 *
 * A test puts a tree of its own in their place: hostfs_set_root("DIR") makes hostfs_path() answer
 * "DIR/proc/...". Nothing here opens a device.
 */
#ifndef ESPRESET_PORT_HOSTFS_H
#define ESPRESET_PORT_HOSTFS_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

/* Enough for every path below /proc, /sys and /dev that is looked at; a longer one is left out. */
#define HOSTFS_PATH_MAX 4096

/** hostfs_set_root() - look in @root instead of "/"; NULL: "/" again. Kept, not copied. */
void hostfs_set_root(const char *root);

/** hostfs_root() - what was set; "" for "/" */
const char *hostfs_root(void);

/**
 * hostfs_path() - the root and a path below it
 * Return: 0, -ENAMETOOLONG.
 */
int hostfs_path(char *buf, size_t cap, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Where udev writes down what it knows of a character device: a format that takes major() and minor() of its number. */
#define HOSTFS_UDEV "/run/udev/data/c%u:%u"

/** hostfs_rooted() - a path of the user's: an absolute one below the root; 0, -ENAMETOOLONG */
int hostfs_rooted(const char *path, char *buf, size_t cap);

/**
 * hostfs_read() - a small file of /proc or /sys, or its beginning
 * @buf: NUL-terminated; white space at the end is cut off
 * Return: the length, or a negative errno; -ELOOP: a symbolic link, which is not followed. Waits for
 * nothing: not for the writer of a FIFO either.
 */
int hostfs_read(const char *path, char *buf, size_t cap);

/* The following take a format for a path below the root; one that is too long is a file that is not there. */

/** hostfs_text() - a small file, as hostfs_read(); "" on failure */
int hostfs_text(char *buf, size_t cap, const char *format, ...) __attribute__((format(printf, 3, 4)));

/** hostfs_link() - the last component of what a symbolic link points to; 0 or -errno, and "" */
int hostfs_link(char *buf, size_t cap, const char *format, ...) __attribute__((format(printf, 3, 4)));

/** hostfs_has() - whether there is something, links followed */
bool hostfs_has(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** hostfs_opendir() - for closedir(); NULL: no such directory, or not for us */
DIR *hostfs_opendir(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** hostfs_fopen() - to read, for fclose(); NULL */
FILE *hostfs_fopen(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
