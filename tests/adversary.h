/* adversary.h - what makes a simulated board difficult, so that tests can count how often random boards have it. */
#ifndef ESPRESET_TESTS_ADVERSARY_H
#define ESPRESET_TESTS_ADVERSARY_H

#include "sim/config.h"

enum { ADVERSARY_COUNT = 57 };

/* A static name; @n is below ADVERSARY_COUNT. */
const char *adversary_name(unsigned int n);

/* Bit n is set if the configuration has adversary n. */
uint64_t adversaries_of(const struct sim_config *c);

#endif
