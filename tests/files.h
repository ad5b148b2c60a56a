/* files.h - reads into a buffer what a file contains, or what the test itself prints on standard output. */
#ifndef ESPRESET_TESTS_FILES_H
#define ESPRESET_TESTS_FILES_H

#include <stddef.h>

/* files_read() - read at most @cap - 1 bytes of the file @path, and append a NUL. Return: the number of bytes read;
 * 0 if the file is empty or cannot be opened. */
size_t files_read(const char *path, char *buf, size_t cap);

/* files_capture() - redirect standard output to a temporary file. Return: a descriptor to be given to
 * files_captured() */
int files_capture(void);

/* files_captured() - restore standard output, and store what was printed since files_capture(): at most @cap - 1 bytes,
 * then a NUL. @saved is the descriptor that files_capture() has returned. */
void files_captured(int saved, char *buf, size_t cap);

#endif
