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
	unsigned long boards, first; /* number of all boards, and of those that were ready at the first attempt */
	unsigned long words[VERDICT_COUNT];
	/* Only in the rows of faults: number of boards for which class_is_usual() is true (usual), and how many of
	 * these got the right verdict (usual_right). */
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

/* measure_is_healed() - call it after a run. Return: true if the board's fault happens only a few times, and the last
 * time was before espreset's last reset. Then espreset cannot see the fault. */
bool measure_is_healed(const struct trial *t);

/* measure_is_said_once() - call it after a run. Return: true if the board has crashed only once since espreset's last
 * reset, and its crash report was too short for espreset to find the baud rate of the report. The report is too short
 * if the application's baud rate is above 115200 Bd, or if the report is only one text line (brownout) and is not at
 * 115200 Bd. After the report the board restarts and runs well, so espreset knows only of the restart. */
bool measure_is_said_once(const struct trial *t, enum boards_fault fault);

/**
 * measure_all() - run healthy boards and boards with one fault, and count the verdicts
 * @count: number of healthy boards in the class "all". Each other class and each fault gets a twentieth of @count, but
 *	   at least 2000 boards.
 *
 * The first @count healthy boards count in every class that they belong to. If a class then has too few boards, further
 * boards are drawn, which count only in classes that have too few. No board is preferred, so each class is a fair
 * sample.
 *
 * Return: the counts, valid until the program ends; NULL: a process that counts has failed.
 */
const struct measure *measure_all(unsigned long count, uint64_t seed);

#endif
