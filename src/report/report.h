/* report.h - what goes out about boards: one line and its cure as text, or JSON Lines.
 *
 *	struct report report;
 *	report_init(&report, mode, quiet, verbose);
 *	report_note(), report_match(), report_progress()	on the way
 *	report_result()						once for each board, last
 *	report_end(&report)					flushes; says whether all of it went out
 */
#ifndef ESPRESET_REPORT_H
#define ESPRESET_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include "session/session.h"

enum report_mode { REPORT_TEXT, REPORT_JSON };

struct report {
	enum report_mode mode;
	bool quiet, verbose;
	bool progress_shown;	/* a progress line stands on the terminal */
	int error;		/* positive errno of the first output that failed */
};

#define REPORT_RECOVERED_MAX 4

/* Everything that a board's last line can say. Fixed size, no ownership: it travels between processes. */
struct report_result {
	struct session_result session;
	int crystal_mhz;
	pid_t holder_pid;		/* 0: none */
	char holder_command[64];	/* "" where it may not be seen */
	bool any_match;
	char match[256];
	char ota_host[80], ota_protocol[16], ota_finding[96];	/* host "": not asked for */
	bool ota_checked;
	bool reset_not_needed;
	bool proof_by_ota;
	char sequence_from[128];	/* esptool.cfg; "" */
	char recovered[REPORT_RECOVERED_MAX][24];
	char advice[512];		/* more fitting than the session's; "" */
};

struct report_match {
	const char *option;		/* "expect", "fail-on", "firmware" */
	char pattern[256], line[512], group[256];
	bool any_group;
	int at_ms;
};

/* What --probe-wiring has found. */
struct report_wiring {
	enum verdict verdict;		/* READY: found; status 0 */
	char circuit[32];		/* "": not known */
	char sequence[SEQUENCE_TEXT_MAX], esptool[SEQUENCE_TEXT_MAX];	/* "": none */
	int resets;
	char text[256];
};

void report_init(struct report *report, enum report_mode mode, bool quiet, bool verbose);
void report_note(struct report *report, const char *port, const struct session_note *note);
void report_match(struct report *report, const char *port, const struct report_match *match);

/** report_wiring() - what was found, how to use it; a result with the verdict follows unless that is READY */
void report_wiring(struct report *report, const char *port, const struct report_wiring *wiring);

/** report_progress() - a wait has been going on for long; on a terminal only. NULL wipes the line away. */
void report_progress(struct report *report, const char *port, const char *text);

/**
 * report_result() - the board's one line, and on standard error its cure
 */
void report_result(struct report *report, const char *port, const struct report_result *result);

/** report_result_to() - the line of text, whatever the mode, on another stream */
void report_result_to(struct report *report, FILE *out, const char *port, const struct report_result *result);

/** report_print_match() - group 1 of the first match, harmless, and a newline */
void report_print_match(const struct report_result *result);

/**
 * report_end() - flush standard output
 * Return: 0, or the negative errno of what could not be written.
 */
int report_end(struct report *report);

/** report_result_json() - the result as one JSON text, for the state file. Return: malloc()ed, or NULL. */
char *report_result_json(const char *port, const struct report_result *result);

/** report_print_text() - the result's sentence, as on the result line */
void report_print_text(const struct report_result *result, char *buf, size_t cap);

#endif
