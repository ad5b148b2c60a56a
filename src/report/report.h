/* report.h - prints what a run or --decode found: as text lines for people, or as JSON Lines.
 *
 *	report_init(&report, mode, verbose);
 *	report_note(), report_match(), report_progress()	during the run
 *	report_result()						last, once for each board
 *	report_end(&report)					flush; did all output succeed?
 *
 * For --decode:
 *	report_log_boot()					once for each boot
 *	report_result()						with of_log set
 *	report_end(&report)
 *
 * All text is cleaned before it is printed (report/clean.h). An output that fails is remembered for report_end().
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
	REPORT_MATCH, /* --print-match: standard output gets group 1 of the first match and nothing else */
};

struct report {
	enum report_mode mode;
	bool verbose;	     /* print notes on standard error */
	bool progress_shown; /* a progress line is on the terminal and must be erased */
	int error;	     /* positive errno of the first write to standard output that failed */
};

#define REPORT_RECOVERED_MAX 4

/* Everything that the result of a board, or of --decode, can say. Of fixed size and without pointers to own, since
 * the worker sends it to the supervisor. A member that does not apply keeps the value that report_result_init()
 * gave it, and is null in JSON. */
struct report_result {
	struct session_result session;
	bool of_log;					      /* --decode: the name of the log is passed as @port */
	pid_t holder_pid;				      /* the process that uses the port; 0: none */
	char holder_command[64];			      /* command of that process; "" if it may not be read */
	bool any_match;					      /* match is set; it may be "" */
	char match[256];				      /* group 1 of the first match */
	char ota_host[80], ota_protocol[16], ota_finding[96]; /* host is "" without --ota */
	bool reset_not_needed;				      /* --if-needed made no reset */
	bool proof_by_ota;	 /* --ota-dry-run, not the serial port, proved that the board is ready */
	char sequence_from[128]; /* the esptool.cfg that the sequence is from; "": from none */
	char recovered[REPORT_RECOVERED_MAX][24]; /* the steps of --recover, in order; "" ends */
	char advice[512];			  /* replaces the advice of the session; "": does not */
};

struct report_match {
	const char *option; /* "expect", "fail-on", "firmware" */
	char pattern[256], line[512], group[256];
	bool any_group; /* group is set; it may be "" */
	int at_ms;	/* since the run began */
};

void report_init(struct report *report, enum report_mode mode, bool verbose);

/** report_note() - an attempt, a boot or a proof of the session */
void report_note(struct report *report, const char *port, const struct session_note *note);

/** report_match() - a text line that matched a pattern */
void report_match(struct report *report, const char *port, const struct report_match *match);

/** report_log_boot() - one boot of the log that --decode reads; @after_panic: see bootlog/bootwords.h */
void report_log_boot(struct report *report, const char *log, const struct boot *boot, bool after_panic);

/** report_wiring() - the wiring that --probe-wiring found; if it found none, report_result() must follow */
void report_wiring(struct report *report, const char *port, const struct wiring_result *found);

/** report_progress() - show on a terminal what a long wait is for; NULL erases that */
void report_progress(struct report *report, const char *port, const char *text);

/** report_result_init() - a result without a session; @text is copied, @advice is static or NULL */
void report_result_init(struct report_result *result, enum verdict verdict, const char *text,
			const struct advice *advice);

/** report_advice() - the advice to print; NULL: none */
const char *report_advice(const struct report_result *result);

/** report_advice_id() - the identifier of that advice; NULL: none, or the advice was composed for this run */
const char *report_advice_id(const struct report_result *result);

/** report_sentence() - the text after "PORT: WORD: ", cleaned for a terminal */
void report_sentence(const struct report_result *result, char *buf, size_t cap);

/** report_result() - print the result on standard output, and the advice on standard error */
void report_result(struct report *report, const char *port, const struct report_result *result);

/** report_result_json() - the result as JSON text for the state file; the caller frees; NULL: out of memory */
char *report_result_json(const char *port, const struct report_result *result);

/**
 * report_end() - flush standard output; a failed write is reported on standard error, unless a pipe was closed
 * Return: 0, or the negative errno of the first write that failed, -EPIPE included.
 */
int report_end(struct report *report);

#endif
