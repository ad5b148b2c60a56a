/* adversary.h - adversaries: properties that make a simulated board difficult to reset or to read, such as swapped
 * wires. Tests count how many of their random boards have each of them. */
#ifndef ESPRESET_TESTS_ADVERSARY_H
#define ESPRESET_TESTS_ADVERSARY_H

#include "sim/config.h"

enum { ADVERSARY_COUNT = 57 };

/* adversary_name() - the name of adversary number @n, for example "swapped wires"; @n is below ADVERSARY_COUNT */
const char *adversary_name(unsigned int n);

/* adversaries_of() - the adversaries of the simulated board @c. Return: a bit mask; bit n stands for adversary number
 * n. */
uint64_t adversaries_of(const struct sim_config *c);

#endif
