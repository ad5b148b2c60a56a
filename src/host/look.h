/* look.h - what the files of --diagnose share: the state of a diagnosis run, functions that report a fault.
 *
 *	diagnose_begin(look, "busy", VERDICT_BUSY, path, "a program uses it");
 *	diagnose_evidence(look, "process %d has it open", pid);		any number of times
 *	diagnose_cure(look, "close it");				reports the diagnosis
 */
#ifndef ESPRESET_HOST_LOOK_H
#define ESPRESET_HOST_LOOK_H

#include <stdint.h>

#include "host/devices.h"
#include "host/diagnose.h"

/* Stands in place of a verdict in a diagnosis that does not make a run fail, but is worth knowing. */
#define NOT_A_FAULT VERDICT_COUNT

/* The state of diagnose_run() or diagnose_best(). */
struct look {
	const struct spec *spec; /* the PORT to diagnose; NULL: all ports */
	const char *port;	 /* the PORT as the user typed it; NULL: none given */
	/* verdict of the failed run, which is to be explained; NOT_A_FAULT: report every diagnosis */
	enum verdict wanted;
	int64_t scan_until_ms;	/* deadline for examining processes; CLOCK_MONOTONIC */
	struct device *devices; /* all plugged-in devices; only filled if PORT is missing or not given */
	int n_devices;
	diagnose_fn report;
	void *user;
	struct diagnosis diagnosis; /* the diagnosis that is being composed */
	enum verdict verdict;	    /* worst verdict among the diagnoses reported so far; VERDICT_READY: none */
	int count;		    /* number of diagnoses reported so far */
};

/** diagnose_begin() - start a diagnosis; @port: NULL: this computer has the fault; @format: what is wrong */
void diagnose_begin(struct look *look, const char *word, enum verdict verdict, const char *port, const char *format,
		    ...) __attribute__((format(printf, 5, 6)));

/* Starts a diagnosis that explains why PORT is missing. */
#define diagnose_no_port(look, word, ...) diagnose_begin(look, word, VERDICT_NO_PORT, (look)->port, __VA_ARGS__)

/** diagnose_evidence() - add one observation to the diagnosis; ignored if there are FINDING_EVIDENCE already */
void diagnose_evidence(struct look *look, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** diagnose_cure() - add the cure to the diagnosis, and report the diagnosis */
void diagnose_cure(struct look *look, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** check_quirks() - report known defects of a bridge and of its driver (quirks.c) */
void check_quirks(struct look *look, const struct device *device);

/** check_portless() - report why a known bridge has no serial port (portless.c) */
void check_portless(struct look *look, const struct device *device);

#endif
