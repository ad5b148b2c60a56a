/* fake_root.h - a directory that stands in for "/": trees of /proc, /sys, /dev as a test needs them. */
#ifndef ESPRESET_TESTS_FAKE_ROOT_H
#define ESPRESET_TESTS_FAKE_ROOT_H

/** fake_root_make() - an empty one, and hostfs looks there from now on; ends the test on failure */
const char *fake_root_make(void);

/** fake_root_remove() - with all that is in it; hostfs looks in "/" again */
void fake_root_remove(void);

/** fake_file() - a file below the root and the directories above it; printf-like @content */
void fake_file(const char *path, const char *content, ...) __attribute__((format(printf, 2, 3)));

/** fake_bytes() - the same, any bytes */
void fake_bytes(const char *path, const void *bytes, unsigned long len);

/** fake_link() - a symbolic link below the root; @target is written into it as it is */
void fake_link(const char *target, const char *path);

/** fake_dir() - a directory below the root */
void fake_dir(const char *path);

/** fake_path() - the root and @path; good until the next call but three */
const char *fake_path(const char *path);

#endif
