/* accuracy.h - how often the verdict is right for a user who gives no option. */
#ifndef ESPRESET_SIMULATION_ACCURACY_H
#define ESPRESET_SIMULATION_ACCURACY_H

#include <stdbool.h>
#include <stdint.h>

/**
 * accuracy_tables() - print the tables of healthy boards and of faults, and the floors that do not hold
 * @count: see measure_all()
 * @write_floors: print rows for floors.c instead
 *
 * Return: exit status; 1: a floor does not hold or a promise is broken.
 */
int accuracy_tables(unsigned long count, uint64_t seed, bool write_floors);

/**
 * accuracy_misses() - print the first 20 boards that do not get the right verdict
 * @name: of a class or a fault
 *
 * Return: exit status.
 */
int accuracy_misses(const char *name, unsigned long count, uint64_t seed);

#endif
