/* accuracy.h - measures how often espreset's verdict on a simulated board is right if the user gives no option. */
#ifndef ESPRESET_SIMULATION_ACCURACY_H
#define ESPRESET_SIMULATION_ACCURACY_H

#include <stdbool.h>
#include <stdint.h>

/**
 * accuracy_tables() - run simulated boards, and print a table of healthy boards and a table of faults. Names
 *		       each floor (floors.h) that is missed.
 * @count, @seed: how many boards and which ones, as in measure_all()
 * @write_floors: true: print new rows for the table in floors.c, and nothing else
 *
 * Return: exit status of the program: 1 if a floor is missed or a promise of docs/design.md is broken, otherwise 0.
 */
int accuracy_tables(unsigned long count, uint64_t seed, bool write_floors);

/**
 * accuracy_misses() - run up to @count boards of the class or with the fault called @name, and print each board that
 *		       gets a wrong verdict. Stops after 20 such boards.
 *
 * Return: exit status of the program: 2 if there is no class or fault of this name, otherwise 0.
 */
int accuracy_misses(const char *name, unsigned long count, uint64_t seed);

#endif
