/* classes.h - the classes of healthy boards, such as "all with an ESP32". Right verdicts are counted for each class. */
#ifndef ESPRESET_SIMULATION_CLASSES_H
#define ESPRESET_SIMULATION_CLASSES_H

#include "sim/config.h"

struct class
{
	const char *name; /* name of the class in the command line: simulation --misses NAME */
	const char *title;
	/* Does the board c belong to the class? Only for boards that boards_apart() does not count separately. */
	bool (*has)(const struct sim_config *c);
};

/* All classes. Every board belongs to the first class, "all". */
extern const struct class classes[];
extern const int classes_count;

/* class_is_usual() - is the board of a usual kind? RTS resets it, its application uses 115200 Bd, and if its chip is an
 * ESP8266, the crystal has 26 MHz. */
bool class_is_usual(const struct sim_config *c);

#endif
