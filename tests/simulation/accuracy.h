/* accuracy.h - measures how often espreset's verdict on a simulated board is right if the user gives no option. */
#ifndef ESPRESET_SIMULATION_ACCURACY_H
#define ESPRESET_SIMULATION_ACCURACY_H

#include <stdbool.h>
#include <stdint.h>

/**
 * accuracy_tables() - run simulated boards, print a table of healthy boards and one of faults, and name each floor
 *		       (floors.h) that the boards miss
 * @count, @seed: how many boards and which ones, as in measure_all()
 * @write_floors: true: print new rows for the table in floors.c, and nothing else
 *
 * Return: exit status of the program: 1 if the boards miss a floor or a promise of docs/design.md is broken, otherwise
 * 0.
 */
int accuracy_tables(unsigned long count, uint64_t seed, bool write_floors);

/**
 * accuracy_misses() - run @count boards of the class or the fault called @name, and print the first 20 of them that get
 *		       a wrong verdict
 *
 * Return: exit status of the program: 2 if there is no class or fault of this name, otherwise 0.
 */
int accuracy_misses(const char *name, unsigned long count, uint64_t seed);

#endif
