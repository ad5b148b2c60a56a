/* leaks.h - counts the open file descriptors of the test process, to find leaks. */
#ifndef ESPRESET_TESTS_LEAKS_H
#define ESPRESET_TESTS_LEAKS_H

/* count_fds() - the number of open descriptors, always too high by the same few; only a change since an earlier call
 * means something */
int count_fds(void);

#endif
