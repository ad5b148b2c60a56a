/* statefile.h - --state-file: writes the result; readers never see a partial result, or an earlier run's result.
 *
 *	statefile_begin(path);			before any reset: removes the old file
 *	statefile_write(path, lines, n);	writes the whole result; rename() puts it in place
 *
 * A reader finds either no file or one complete result. The file has mode 0644, whatever the umask is. There is no
 * fsync(), so a crash of the computer may lose the file: use a path in /run.
 */
#ifndef ESPRESET_STATEFILE_H
#define ESPRESET_STATEFILE_H

#include <stdbool.h>
#include <stddef.h>

/**
 * statefile_begin() - remove the file of an earlier run, and check that a new one can be written
 * Return: 0; -EISDIR: @path is a directory; -EEXIST: @path is another file that is not regular, and is kept; else the
 * negative errno of creating or filling a file in that directory.
 */
int statefile_begin(const char *path);

/**
 * statefile_write() - replace the state file by a file with @n text lines
 * @lines: without line ends; a line that is NULL could not be allocated, and gives -ENOMEM
 * Return: 0, or negative errno. After an error the state file is as before, and no temporary file is left.
 */
int statefile_write(const char *path, char *const *lines, size_t n);

/**
 * statefile_describe() - describe an error and its cure: "No such file or directory; its folder must be there"
 * @err: positive errno
 * Return: true if the file name on the command line is at fault; false if the computer is.
 */
bool statefile_describe(int err, char *buf, size_t cap);

#endif
