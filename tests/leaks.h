/* leaks.h - how many descriptors this process has open, to see that none is leaked. */
#ifndef ESPRESET_TESTS_LEAKS_H
#define ESPRESET_TESTS_LEAKS_H

int count_fds(void);

#endif
