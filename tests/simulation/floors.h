/* floors.h - the floors: lower limits for the share of right verdicts on boards, when no option is given. */
#ifndef ESPRESET_SIMULATION_FLOORS_H
#define ESPRESET_SIMULATION_FLOORS_H

/* Number of boards in the run that the floors were taken from: in that run a share may not fall below its floor at all.
 */
#define FLOORS_BOARDS 20000
#define FLOORS_SEED 1

/* Limits for one class or fault, in percent of its boards. */
struct floor {
	const char *name; /* name of the class or the fault */
	double right;	  /* lowest share of boards with the right verdict */
	double first;	  /* lowest share of boards that are ready at the first attempt; not checked for faults */
	double wrong;	  /* highest share of boards with a verdict that is neither the right one nor "unproven" */
};

/* floor_by_name() - the floors of a class or fault; NULL: there are none */
const struct floor *floor_by_name(const char *name);

#endif
