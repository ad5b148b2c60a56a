/* statefile.h - --state-file: the result in a file that is never half written and never an old run's.
 *
 *	statefile_begin(path);			removes what an earlier run has left, and tries whether one can be written
 *	statefile_write(path, lines, n);	all of it at once, by rename
 *
 * Whoever reads sees no file, or the whole of one result. Mode 0644 whatever the umask. Not promised: that it
 * survives a crash of the computer (no fsync): it belongs into /run.
 */
#ifndef ESPRESET_STATEFILE_H
#define ESPRESET_STATEFILE_H

#include <stdbool.h>
#include <stddef.h>

/**
 * statefile_begin() - no result yet: remove the file, and see that one can be written there
 * Return: 0, or negative errno: the directory is missing, not writable or full; -EISDIR; -EEXIST: something else
 * that is no regular file, which stays.
 */
int statefile_begin(const char *path);

/**
 * statefile_write() - put the results there, one a line
 * @lines: without their line ends; a NULL, a result that there was no memory for, is -ENOMEM
 * On failure nothing of it is left, and the file is as it was.
 * Return: 0, or negative errno.
 */
int statefile_write(const char *path, char *const *lines, size_t n);

/**
 * statefile_describe() - "No such file or directory; its folder must be there": a positive errno, and its cure
 * Return: whether another name, or another place, mends it. Else the computer is at fault.
 */
bool statefile_describe(int err, char *buf, size_t cap);

#endif
