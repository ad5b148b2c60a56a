/* classes.h - the classes of healthy boards, such as "all with an ESP32", for each of which right verdicts are
 * counted. */
#ifndef ESPRESET_SIMULATION_CLASSES_H
#define ESPRESET_SIMULATION_CLASSES_H

#include "sim/config.h"

struct class
{
	const char *name; /* name of the class in the command line: simulation --misses NAME */
	const char *title;
	/* Does board c belong to the class? Call it only for boards for which boards_apart() returns BOARDS_COUNTS. */
	bool (*has)(const struct sim_config *c);
};

/* All classes. Every board belongs to the first one. */
extern const struct class classes[];
extern const int classes_count;

/* class_is_usual() - does RTS reset the board, does its application use 115200 Bd, and, if its chip is an ESP8266, is
 * the crystal a 26 MHz one? */
bool class_is_usual(const struct sim_config *c);

#endif
