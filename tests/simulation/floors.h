/* floors.h - below which numbers the verdict on boards with no option given may not fall. */
#ifndef ESPRESET_SIMULATION_FLOORS_H
#define ESPRESET_SIMULATION_FLOORS_H

/* The run that the floors were taken from: no noise there. */
#define FLOORS_BOARDS 20000
#define FLOORS_SEED 1

/* Shares in percent, of a class's boards or of a fault's. */
struct floor {
	const char *name; /* of the class or the fault */
	double right;	  /* at least so many get their word */
	double first;	  /* at least so many at the first try; faults: not looked at */
	double wrong;	  /* at most so many get another word that is not "unproven" */
};

/* Return: NULL when there is none of that name. */
const struct floor *floor_by_name(const char *name);

#endif
