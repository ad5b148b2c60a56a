/* statefile.h - --state-file: writes the result so that readers never see a partial or stale one.
 *
 *	statefile_begin(path);			before any reset: no result yet, and one can be written
 *	statefile_write(path, lines, n);	the whole result, put in place by rename()
 *
 * A reader finds no file or one complete result, with mode 0644 whatever the umask is. The file may be lost when the
 * computer crashes, since there is no fsync(): it belongs into /run.
 */
#ifndef ESPRESET_STATEFILE_H
#define ESPRESET_STATEFILE_H

#include <stdbool.h>
#include <stddef.h>

/**
 * statefile_begin() - remove the file of an earlier run, and check that a new one can be written
 * Return: 0; -EISDIR, -EEXIST: a directory, or another file that is not regular, which is kept; else the negative errno
 * of the directory: missing, not writable, no room.
 */
int statefile_begin(const char *path);

/**
 * statefile_write() - replace the file by one with these lines
 * @lines: without line ends; NULL, for a result that could not be allocated, gives -ENOMEM
 * Return: 0, or negative errno; then the file is as it was, and no temporary file is left.
 */
int statefile_write(const char *path, char *const *lines, size_t n);

/**
 * statefile_describe() - an error and its cure: "No such file or directory; its folder must be there"
 * @err: positive errno
 * Return: true if another file name helps, so that the command line is at fault; false if the computer is.
 */
bool statefile_describe(int err, char *buf, size_t cap);

#endif
