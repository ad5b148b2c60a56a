/* files.h - reads a file, or what the test itself prints, into a buffer. */
#ifndef ESPRESET_TESTS_FILES_H
#define ESPRESET_TESTS_FILES_H

#include <stddef.h>

/* files_read() - read at most @cap - 1 bytes of @path and append a NUL. Return: their number; 0 also if there is no such
 * file. */
size_t files_read(const char *path, char *buf, size_t cap);

/* files_capture() - redirect standard output to a temporary file. Return: the original descriptor, for files_captured() */
int files_capture(void);

/* files_captured() - restore standard output, and read what was written meanwhile, at most @cap - 1 bytes and a NUL */
void files_captured(int saved, char *buf, size_t cap);

#endif
