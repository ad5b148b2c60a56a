/* fake_root.h - a temporary directory that stands in for "/", so that tests can build their own /proc, /sys and /dev.
 *
 * Call fake_root_make() in a fixture's set-up and fake_root_remove() in its tear-down. Failures end the test.
 */
#ifndef ESPRESET_TESTS_FAKE_ROOT_H
#define ESPRESET_TESTS_FAKE_ROOT_H

/** fake_root_make() - create an empty directory, and make hostfs use it as "/". Return: its path. */
const char *fake_root_make(void);

/** fake_root_remove() - remove the directory and its contents; hostfs uses the real "/" again */
void fake_root_remove(void);

/** fake_file() - create a file below the root, and its parent directories; @content is a printf format */
void fake_file(const char *path, const char *content, ...) __attribute__((format(printf, 2, 3)));

/** fake_bytes() - like fake_file(), with @len bytes of any content */
void fake_bytes(const char *path, const void *bytes, unsigned long len);

/** fake_link() - create a symbolic link below the root; @target is used unchanged */
void fake_link(const char *target, const char *path);

/** fake_dir() - create a directory below the root */
void fake_dir(const char *path);

/** fake_path() - @path with the root in front; static, valid for the next three calls */
const char *fake_path(const char *path);

#endif
