/* measure.h - counts the verdicts of runs without options, by class of board and by fault. */
#ifndef ESPRESET_SIMULATION_MEASURE_H
#define ESPRESET_SIMULATION_MEASURE_H

#include "boards.h"
#include "trial.h"

#define MEASURE_CLASSES_MAX 100
/* A class is taken to be empty if this many draws per wanted board have not filled it. */
#define MEASURE_DRAWS_MAX 5000

struct row {
	unsigned long boards, first; /* boards counted, and those of them that were ready at the first attempt */
	unsigned long words[VERDICT_COUNT];
	/* faults only: boards for which class_is_usual() holds, and those of them with the right verdict */
	unsigned long usual, usual_right;
	/* Sums of the times from open() to the decision: of all boards, of those ready at the first attempt, of those
	 * ready later. */
	double ms, first_ms, later_ms;
};

struct measure {
	struct row classes[MEASURE_CLASSES_MAX], healthy_apart[BOARDS_APARTS];
	struct row faults[BOARDS_FAULTS], faulty_apart[BOARDS_APARTS];
	unsigned long broken;	     /* boards that broke a promise */
	unsigned long copies_broken; /* boards on which a reset by espreset interrupted a copy by eboot */
};

/* measure_draw() - draw the board of @seed with @fault, and a user who gives no option */
void measure_draw(struct trial *t, enum boards_fault fault, uint64_t seed);

/* measure_is_healed() - after a run: the fault happens a limited number of times, and has not happened since the reset
 * that the verdict is about */
bool measure_is_healed(const struct trial *t);

/* measure_is_said_once() - does the board report its fault only once after the last reset, too briefly for its speed to
 * be found? That is a report above the ROM's speed, or a single text line. The board then restarts and runs well, so
 * espreset can only know that it restarted. */
bool measure_is_said_once(const struct trial *t, enum boards_fault fault);

/**
 * measure_all() - run healthy boards and single faults, and count the verdicts
 * @count: number of healthy boards in the class of all; each other class and each fault gets a twentieth of that, and
 * at least 2000
 *
 * The first @count boards count in every class that they belong to. Then seeds are drawn until no class is short, and a
 * board counts only in classes that still are. So each class is an unweighted sample.
 *
 * Return: static; NULL: a process has failed.
 */
const struct measure *measure_all(unsigned long count, uint64_t seed);

#endif
