/* classes.h - the classes of healthy boards that the verdict is measured in. */
#ifndef ESPRESET_SIMULATION_CLASSES_H
#define ESPRESET_SIMULATION_CLASSES_H

#include "sim/config.h"

struct class
{
	const char *name; /* as typed after --misses */
	const char *title;
	bool (*has)(const struct sim_config *c); /* circuits that are sold only: see boards_apart() */
};

/* The first has every board. */
extern const struct class classes[];
extern const int classes_count;

/* What most users have: a circuit with RTS to EN, an application at 115200, and an ESP8266's usual crystal. */
bool class_is_usual(const struct sim_config *c);

#endif
