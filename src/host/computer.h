/* computer.h - what kind of computer this is and who uses it: container, kernel, processes, users, groups.
 *
 * Users and groups come from the account database of the C library, all else from files below hostfs_root().
 */
#ifndef ESPRESET_HOST_COMPUTER_H
#define ESPRESET_HOST_COMPUTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/** computer_container() - the file that tells of a container; NULL: none */
const char *computer_container(void);

/** computer_kernel() - "6.1.0-18-amd64"; "" when it cannot be read */
void computer_kernel(char *buf, size_t cap);

/** computer_is_wsl() - Windows' Linux; gives the kernel's release too */
bool computer_is_wsl(char *ret_release, size_t cap);

/** computer_file_has() - whether a line of a file holds a text, comments apart */
bool computer_file_has(const char *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/**
 * computer_find_process() - look through all processes, until one is the one
 * @deadline_ms: CLOCK_MONOTONIC
 * Return: that one; 0: none is; -ETIMEDOUT: not all could be looked at by then.
 */
pid_t computer_find_process(bool (*is_it)(pid_t pid, const void *what), const void *what, int64_t deadline_ms);

/** computer_process() - a process of this name; 0: none that was found by the deadline (CLOCK_MONOTONIC) */
pid_t computer_process(const char *comm, int64_t deadline_ms);

/** computer_group() - the name of a group; false: it has none, @buf untouched */
bool computer_group(gid_t gid, char *buf, size_t cap);

/** computer_user() - the name of this process's effective user; false: it has none, @buf untouched */
bool computer_user(char *buf, size_t cap);

/** computer_is_member() - whether the account database has that user in this group, which an older login may not know */
bool computer_is_member(gid_t gid);

/* Linux allows 65,536; the first ones that the database names are looked at. */
#define COMPUTER_GROUPS_MAX 1024

#endif
