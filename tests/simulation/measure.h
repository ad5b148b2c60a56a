/* measure.h - runs espreset without options on simulated boards, and counts the verdicts for each class and each
 * fault. */
#ifndef ESPRESET_SIMULATION_MEASURE_H
#define ESPRESET_SIMULATION_MEASURE_H

#include "boards.h"
#include "trial.h"

#define MEASURE_CLASSES_MAX 100
/* If n boards of a class or with a fault are wanted, the search for them ends after n * MEASURE_DRAWS_MAX random
 * boards, even if it has not found n. */
#define MEASURE_DRAWS_MAX 5000

struct row {
	unsigned long boards, first; /* number of boards, and of boards that were ready at the first attempt */
	unsigned long words[VERDICT_COUNT];
	/* Only for faults: number of boards for which class_is_usual() is true, and how many of these got the right
	 * verdict. */
	unsigned long usual, usual_right;
	/* Sums of the times from open() to the verdict: over all boards (ms), over the boards that were ready at the
	 * first attempt (first_ms), and over those that were ready at a later attempt (later_ms). */
	double ms, first_ms, later_ms;
};

struct measure {
	struct row classes[MEASURE_CLASSES_MAX], healthy_apart[BOARDS_APARTS];
	struct row faults[BOARDS_FAULTS], faulty_apart[BOARDS_APARTS];
	unsigned long broken;	     /* number of boards on which a promise of docs/design.md was broken */
	unsigned long copies_broken; /* how often a reset by espreset interrupted eboot while it copied an update */
};

/* measure_draw() - prepare @t: a random board from @seed with @fault, and espreset's default options */
void measure_draw(struct trial *t, enum boards_fault fault, uint64_t seed);

/* measure_is_healed() - after a run: is the fault one that happens only a few times, and has it not happened again
 * since espreset's last reset? Then espreset cannot see it. */
bool measure_is_healed(const struct trial *t);

/* measure_is_said_once() - after a run: has the board reported a crash only once since espreset's last reset, in too
 * short a time for espreset to find the baud rate of the report? So it is if the application's baud rate is above
 * 115200 Bd, or if the report is one text line (a brownout) at another baud rate than 115200 Bd. Then the board
 * restarts and runs well, and espreset knows only of the restart. */
bool measure_is_said_once(const struct trial *t, enum boards_fault fault);

/**
 * measure_all() - run healthy boards and boards with one fault, and count the verdicts
 * @count: number of healthy boards in the class "all". Each other class and each fault gets a twentieth of @count, but
 *	   at least 2000 boards.
 *
 * The first @count healthy boards count in every class that they belong to. Further boards are drawn as long as a class
 * has too few, and count only in classes that have too few. No board is preferred, so each class is a fair sample.
 *
 * Return: the counts, valid until the program ends; NULL: a process that counts has failed.
 */
const struct measure *measure_all(unsigned long count, uint64_t seed);

#endif
