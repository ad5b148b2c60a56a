/* specs.h - parses a PORT for a test. */
#ifndef TESTS_SPECS_H
#define TESTS_SPECS_H

#include "port/spec.h"

/**
 * spec_of() - @text as the command line parses it; a wrong text fails the test. Return: static, valid for seven more
 * calls.
 */
const struct spec *spec_of(const char *text);

#endif
