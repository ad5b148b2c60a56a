/* measure.h - counts what boards with no option given end with, by class and by fault. */
#ifndef ESPRESET_SIMULATION_MEASURE_H
#define ESPRESET_SIMULATION_MEASURE_H

#include "boards.h"
#include "trial.h"

#define MEASURE_CLASSES_MAX 100
/* How many boards are drawn for one that is wanted before the class is taken to be empty. */
#define MEASURE_DRAWS_MAX 5000

struct row {
	unsigned long boards, first; /* first: ready at the first try */
	unsigned long words[VERDICT_COUNT];
	unsigned long usual, usual_right; /* faults: class_is_usual(), and those of them that got their word */
	/* sums of the times from open() to the decision: of all, of ready at the first try, of ready later */
	double ms, first_ms, later_ms;
};

struct measure {
	struct row classes[MEASURE_CLASSES_MAX], healthy_apart[BOARDS_APARTS];
	struct row faults[BOARDS_FAULTS], faulty_apart[BOARDS_APARTS];
	unsigned long broken;	     /* promises */
	unsigned long copies_broken; /* by a reset of ours, where eboot had one to do */
};

/* The board of that seed with that fault, and a user who gives no option. */
void measure_draw(struct trial *t, enum boards_fault fault, uint64_t seed);

/* After the run: the fault comes a few times only, and has not come since the reset that the verdict is about. */
bool measure_is_healed(const struct trial *t);
bool measure_is_said_once(const struct trial *t, enum boards_fault fault);

/**
 * measure_all() - run healthy boards and single faults, and count
 * @count: healthy boards in the class of all; other classes and each fault have a twentieth of that, and
 *         at least 2000
 *
 * The first @count boards count in every class that they belong to. Then further seeds are drawn until no
 * class is short, and a board counts only in classes that still are: so each class is an unweighted sample.
 *
 * Return: static; NULL when a process has failed.
 */
const struct measure *measure_all(unsigned long count, uint64_t seed);

#endif
