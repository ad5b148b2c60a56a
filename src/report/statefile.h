/* statefile.h - --state-file: the result in a file that is never half written and never an old run's.
 *
 *	statefile_begin(path);			removes what an earlier run has left, and tries whether one can be written
 *	statefile_write(path, text, len);	all of it at once, by rename
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
 * statefile_write() - put a result there
 * On failure nothing of it is left, and the file is as it was.
 * Return: 0, or negative errno.
 */
int statefile_write(const char *path, const char *text, size_t len);

/** statefile_is_misnamed() - does another name, or another place, mend this error? Else the computer is at fault. */
bool statefile_is_misnamed(int err);

/** statefile_describe() - "No such file or directory; its folder must be there": a positive errno, and its cure */
void statefile_describe(int err, char *buf, size_t cap);

#endif
