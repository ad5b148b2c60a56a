/* leaks.h - counts the open file descriptors of the test process, to find leaks. */
#ifndef ESPRESET_TESTS_LEAKS_H
#define ESPRESET_TESTS_LEAKS_H

/* count_fds() - number of open descriptors; compare with an earlier count */
int count_fds(void);

#endif
