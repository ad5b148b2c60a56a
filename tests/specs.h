/* specs.h - a PORT for a test, as the command line would parse it. */
#ifndef TESTS_SPECS_H
#define TESTS_SPECS_H

#include "port/spec.h"

/** spec_of() - @text parsed; a static one of eight in turn; the test fails where it cannot be */
const struct spec *spec_of(const char *text);

#endif
