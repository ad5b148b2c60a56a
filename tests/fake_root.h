/* fake_root.h - a temporary directory in place of "/", in which tests build their own /proc, /sys and /dev.
 *
 * Call fake_root_make() in a fixture's set-up and fake_root_remove() in its tear-down. If one of these functions fails,
 * the test fails.
 */
#ifndef ESPRESET_TESTS_FAKE_ROOT_H
#define ESPRESET_TESTS_FAKE_ROOT_H

/** fake_root_make() - create an empty directory, which src/port/hostfs.c then uses as "/". Return: its real path. */
const char *fake_root_make(void);

/** fake_root_remove() - delete the directory with its contents; src/port/hostfs.c then uses the real "/" again */
void fake_root_remove(void);

/** fake_file() - create a file and its parent directories in the fake root; @content is a printf format */
void fake_file(const char *path, const char *content, ...) __attribute__((format(printf, 2, 3)));

/** fake_bytes() - create a file and its parent directories in the fake root; the file may contain NUL bytes */
void fake_bytes(const char *path, const void *bytes, unsigned long len);

/** fake_link() - create a symbolic link at @path in the fake root; its target is @target, without the path of the fake
 * root in front of it */
void fake_link(const char *target, const char *path);

/** fake_dir() - create a directory and its parent directories in the fake root */
void fake_dir(const char *path);

/** fake_path() - the real path of @path in the fake root. The fourth call after this one overwrites the result. */
const char *fake_path(const char *path);

#endif
