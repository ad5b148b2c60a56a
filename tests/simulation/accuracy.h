/* accuracy.h - how right the verdict is for a user who types nothing but the port. */
#ifndef ESPRESET_SIMULATION_ACCURACY_H
#define ESPRESET_SIMULATION_ACCURACY_H

#include <stdbool.h>
#include <stdint.h>

/**
 * accuracy_tables() - print both tables, and which floors do not hold
 * @count: see measure_all()
 * @write_floors: print the rows of floors.c instead
 * Return: exit status: 1 when a floor does not hold or a promise is broken.
 */
int accuracy_tables(unsigned long count, uint64_t seed, bool write_floors);

/**
 * accuracy_misses() - print the first 20 boards that do not get their word
 * @name: of a class or a fault
 * Return: exit status.
 */
int accuracy_misses(const char *name, unsigned long count, uint64_t seed);

#endif
