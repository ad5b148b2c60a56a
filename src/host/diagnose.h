/* diagnose.h - what is wrong with a port, seen from this computer, and the cure; opens no tty.
 *
 *	diagnose_run(&spec, print_one, user, &verdict);		(--diagnose)
 *	if (diagnose_best(&spec, verdict, &finding)) ...		(a run has failed: the one that fits)
 *
 * What is looked at: /proc, /sys, /dev, udev's database, the account database. Each finding rests on something that is
 * really there; what merely might be is not said.
 */
#ifndef ESPRESET_HOST_DIAGNOSE_H
#define ESPRESET_HOST_DIAGNOSE_H

#include <stdbool.h>

#include "base/verdict.h"
#include "port/spec.h"

#define FINDING_EVIDENCE 4

struct diagnosis {
	const char *word;     /* stable: "permission", "busy", "brltty" ... */
	enum verdict verdict; /* what a run ends with; VERDICT_COUNT: worth knowing, stops no run */
	char port[128];	      /* what it is about; "": this computer */
	char text[256];	      /* what is wrong; all texts are printable ASCII */
	char evidence[FINDING_EVIDENCE][256];
	int n_evidence;
	char cure[512]; /* what to do; "": nothing */
};

typedef void (*diagnose_fn)(void *user, const struct diagnosis *diagnosis);

/**
 * diagnose_run() - everything that can be found out
 * @spec:        NULL: all that is plugged in, and this computer
 * @ret_verdict: VERDICT_READY: nothing found that stops a run; else what it would end with
 *
 * Return: how many findings there were, or -ENOMEM.
 */
int diagnose_run(const struct spec *spec, diagnose_fn report, void *user, enum verdict *ret_verdict);

/**
 * diagnose_best() - the one finding that explains how a run ended
 * @spec:        no simulated board
 * @verdict:     of the run: 30-35, or 10-17, which a bridge may be to blame for
 * @ret_diagnosis: when there is one
 *
 * Looks through the processes of this computer for no more than half a second: the run's result waits.
 *
 * Return: whether there is one.
 */
bool diagnose_best(const struct spec *spec, enum verdict verdict, struct diagnosis *ret_diagnosis);

#endif
