/* suite.h - runs one suite and says how it went: the end of each test program's main(). */
#ifndef ESPRESET_TEST_SUITE_H
#define ESPRESET_TEST_SUITE_H

#include <check.h>

/* The suite is used up. Return: the program's exit status. */
int suite_run(Suite *suite);

/* How many elements an array has: the end of a loop test. */
#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

#endif
