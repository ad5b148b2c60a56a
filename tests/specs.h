/* specs.h - parses the command-line argument PORT, such as "/dev/ttyUSB0", for a test. */
#ifndef TESTS_SPECS_H
#define TESTS_SPECS_H

#include "port/spec.h"

/**
 * spec_of() - parse @text as espreset parses PORT. If espreset would refuse this PORT, the test fails. The
 * eighth call after this one overwrites the result.
 */
const struct spec *spec_of(const char *text);

#endif
