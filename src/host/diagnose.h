/* diagnose.h - finds out from this computer's files what is wrong with a port, and how to cure it; opens no tty.
 *
 *	n = diagnose_run(&spec, report, user, &verdict);		for --diagnose
 *	if (diagnose_best(&spec, verdict, &diagnosis)) ...		after a failed run
 *
 * Sources are /proc, /sys, /dev, udev's database and the account database. Every diagnosis rests on an observation.
 */
#ifndef ESPRESET_HOST_DIAGNOSE_H
#define ESPRESET_HOST_DIAGNOSE_H

#include <stdbool.h>

#include "base/verdict.h"
#include "port/spec.h"

#define FINDING_EVIDENCE 4

/* One fault or remark. All texts are plain (base/plain.h). */
struct diagnosis {
	const char *word; /* stable name of the fault: "permission", "busy", "brltty" ... */
	/* the verdict of a run that has this fault; VERDICT_COUNT: the fault does not make a run fail */
	enum verdict verdict;
	char port[128]; /* the port that has the fault; "": this computer has it */
	char text[256]; /* what is wrong */
	char evidence[FINDING_EVIDENCE][256];
	int n_evidence;
	char cure[512]; /* what the user can do; "": nothing */
};

typedef void (*diagnose_fn)(void *user, const struct diagnosis *diagnosis);

/**
 * diagnose_run() - report everything that is wrong
 * @spec:        the PORT to diagnose; NULL: all plugged-in devices and this computer
 * @report:      called with each diagnosis, which is valid only during the call
 * @ret_verdict: the verdict that a run would have; VERDICT_READY: no fault was found that makes a run fail
 *
 * Return: the number of diagnoses, or -ENOMEM.
 */
int diagnose_run(const struct spec *spec, diagnose_fn report, void *user, enum verdict *ret_verdict);

/**
 * diagnose_best() - find the first diagnosis that explains why a run failed
 * @spec:          the PORT of the failed run; not a simulated board
 * @verdict:       verdict of the failed run: exit status 30 to 35, or 10 to 17, since a bridge may be the cause
 * @ret_diagnosis: filled in if true is returned
 *
 * Examines processes for half a second at most, because the run's result waits for this.
 *
 * Return: whether such a diagnosis was found.
 */
bool diagnose_best(const struct spec *spec, enum verdict verdict, struct diagnosis *ret_diagnosis);

#endif
