/* floors.h - the floors: lower limits for the percentage of simulated boards on which espreset, without options, gives
 * the right verdict. */
#ifndef ESPRESET_SIMULATION_FLOORS_H
#define ESPRESET_SIMULATION_FLOORS_H

/* The run of the simulation that measured the floors: its number of boards, and its first seed. A repetition of this
 * run uses exactly these boards, so no share may then fall below its floor by chance. */
#define FLOORS_BOARDS 20000
#define FLOORS_SEED 1

/* The limits for the boards of one class or with one fault, in percent of these boards. */
struct floor {
	const char *name; /* name of the class or the fault */
	double right;	  /* at least so many must get the right verdict */
	double first;	  /* at least so many must be ready at the first attempt; for a fault: not used */
	double wrong;	  /* at most so many may get a verdict that is neither the right one nor "unproven" */
};

/* floor_by_name() - the row of floors[] for the class or fault called @name; NULL: there is none */
const struct floor *floor_by_name(const char *name);

#endif
