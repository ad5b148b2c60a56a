/* leaks.h - counts the open file descriptors of the test process, to find leaks. */
#ifndef ESPRESET_TESTS_LEAKS_H
#define ESPRESET_TESTS_LEAKS_H

/* count_fds() - the number of open descriptors, plus a constant. If it grows between two calls, a descriptor has
 * leaked. */
int count_fds(void);

#endif
