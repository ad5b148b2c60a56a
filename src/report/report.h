/* report.h - prints what a run or --decode found: as text lines for people, or as JSON Lines.
 *
 *	report_init(&report, mode, verbose);
 *	report_note(), report_match(), report_progress()	during the run
 *	report_result()						last, once for each board
 *	report_end(&report)					fflush(); did all output succeed?
 *
 * For --decode:
 *	report_log_boot()					once for each boot
 *	report_result()						with of_log set
 *	report_end(&report)
 *
 * All text is cleaned before it is printed (report/clean.h). report_end() returns the first error of standard output.
 */
#ifndef ESPRESET_REPORT_H
#define ESPRESET_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "session/session.h"
#include "session/wiring.h"

enum report_mode {
	REPORT_QUIET,
	REPORT_TEXT,
	REPORT_JSON,
	REPORT_MATCH, /* --print-match: print group 1 of the first match on standard output, and nothing else */
};

struct report {
	enum report_mode mode;
	bool verbose;	     /* print attempts, boots and matches on standard error */
	bool progress_shown; /* a progress line is on the terminal and must be erased */
	int error;	     /* positive errno of the first write to standard output that failed */
};

#define REPORT_RECOVERED_MAX 4

/* The result for one board or of --decode. The struct has a fixed size and no pointer to allocated memory, since the
 * worker process sends it to the supervisor process. A member that does not apply keeps the value that
 * report_result_init() has set, and is null in JSON. */
struct report_result {
	struct session_result session;
	bool of_log;		 /* result of --decode; @port is the name of the log */
	pid_t holder_pid;	 /* process that uses the serial port; 0: none */
	char holder_command[64]; /* command name of holder_pid; "": not readable */
	bool any_match;		 /* a pattern matched; match is "" if the matched text was empty */
	char match[256];	 /* group 1 of the first match */
	char ota_host[80], ota_protocol[16], ota_finding[96]; /* ota_host is "" without --ota */
	bool reset_not_needed;				      /* --if-needed found the board ready: no reset */
	bool proof_by_ota;	 /* --ota-dry-run, not the serial port, proved that the board is ready */
	char sequence_from[128]; /* path of the esptool.cfg that sets the reset sequence; "": none does */
	char recovered[REPORT_RECOVERED_MAX][24]; /* steps that --recover took, in order; "" ends the list */
	char advice[512];			  /* printed instead of session.advice; "": print session.advice */
};

struct report_match {
	const char *option; /* "expect", "fail-on", "firmware" */
	char pattern[256], line[512], group[256];
	bool any_group; /* the pattern has a group 1, which matched; member group may still be "" */
	int at_ms;	/* milliseconds since the run began */
};

void report_init(struct report *report, enum report_mode mode, bool verbose);

/** report_note() - print that the session made an attempt, saw a boot or proved the reset */
void report_note(struct report *report, const char *port, const struct session_note *note);

/** report_match() - print a text line of the board that matched a pattern */
void report_match(struct report *report, const char *port, const struct report_match *match);

/** report_log_boot() - print one boot of the log that --decode reads; @after_panic: see bootlog/bootwords.h */
void report_log_boot(struct report *report, const char *log, const struct boot *boot, bool after_panic);

/** report_wiring() - print the wiring that --probe-wiring found; if it found none, call report_result() afterwards */
void report_wiring(struct report *report, const char *port, const struct wiring_result *found);

/** report_progress() - show on a terminal what espreset is waiting for; @text NULL erases the text shown before */
void report_progress(struct report *report, const char *port, const char *text);

/** report_result_init() - fill @result when no session was run; @text is copied, @advice is static or NULL */
void report_result_init(struct report_result *result, enum verdict verdict, const char *text,
			const struct advice *advice);

/** report_advice() - the text of the advice to print with a result; NULL: none */
const char *report_advice(const struct report_result *result);

/** report_advice_id() - the identifier of the advice; NULL: there is no advice, or it was composed for this run */
const char *report_advice_id(const struct report_result *result);

/** report_sentence() - compose the text that is printed after "PORT: WORD: ", cleaned for a terminal */
void report_sentence(const struct report_result *result, char *buf, size_t cap);

/** report_result() - print the result on standard output, and the advice on standard error */
void report_result(struct report *report, const char *port, const struct report_result *result);

/** report_result_json() - the result as JSON text for the state file; free() it; NULL: out of memory */
char *report_result_json(const char *port, const struct report_result *result);

/**
 * report_end() - fflush() standard output, and print an error on standard error if any write failed
 * Return: 0, or the negative errno of the first write that failed. -EPIPE (the reader has gone) prints no error.
 */
int report_end(struct report *report);

#endif
