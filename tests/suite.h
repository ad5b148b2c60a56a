/* suite.h - runs one suite and prints its results: the end of each test program's main(). */
#ifndef ESPRESET_TEST_SUITE_H
#define ESPRESET_TEST_SUITE_H

#include <check.h>

/* suite_run() - run @suite and free it. Return: the exit status of the program. */
int suite_run(Suite *suite);

/* suite_run_case() - suite_run() for a suite called @name that holds only @tcase */
int suite_run_case(const char *name, TCase *tcase);

/* Number of elements of an array, as an int: the end of a loop test. */
#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

#endif
