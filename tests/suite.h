/* suite.h - runs one test suite and prints its results. Each test program's main() ends with it. */
#ifndef ESPRESET_TEST_SUITE_H
#define ESPRESET_TEST_SUITE_H

#include <check.h>

/* suite_run() - run @suite and free it. Return: EXIT_SUCCESS if all tests have passed, otherwise EXIT_FAILURE. */
int suite_run(Suite *suite);

/* suite_run_case() - create a suite called @name from @tcase alone, and run it with suite_run() */
int suite_run_case(const char *name, TCase *tcase);

/* Number of elements of an array, as an int: the end of the range that tcase_add_loop_test() takes. */
#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

#endif
