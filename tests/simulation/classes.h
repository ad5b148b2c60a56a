/* classes.h - the classes of healthy boards for which the verdict is measured. */
#ifndef ESPRESET_SIMULATION_CLASSES_H
#define ESPRESET_SIMULATION_CLASSES_H

#include "sim/config.h"

struct class
{
	const char *name; /* name of the class, as typed after --misses */
	const char *title;
	/* does the board belong to the class? Boards that boards_apart() counts apart do not */
	bool (*has)(const struct sim_config *c);
};

/* All classes; the first one holds every board. */
extern const struct class classes[];
extern const int classes_count;

/* class_is_usual() - RTS is wired to EN, the application speaks 115200 Bd, and an ESP8266 has a 26 MHz crystal */
bool class_is_usual(const struct sim_config *c);

#endif
