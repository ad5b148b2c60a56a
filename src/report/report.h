/* report.h - what goes out about boards: one line and its cure as text, or JSON Lines.
 *
 *	struct report report;
 *	report_init(&report, mode, verbose);
 *	report_note(), report_match(), report_progress()	on the way
 *	report_result()						once for each board, last
 *	report_end(&report)					flushes; says whether all of it went out
 *
 * --decode instead:
 *	report_log_boot()					once for each boot
 *	report_result()						with of_log
 *	report_end(&report)
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
	REPORT_MATCH, /* --print-match: on standard output group 1 of the first match and nothing else, for $(...) */
};

struct report {
	enum report_mode mode;
	bool verbose;	     /* notes on standard error */
	bool progress_shown; /* a progress line stands on the terminal */
	int error;	     /* positive errno of the first output that failed */
};

#define REPORT_RECOVERED_MAX 4

/* Everything that the last line of a board, or of --decode, can say. Fixed size, no ownership: it travels between
 * processes. What does not apply stays as report_result_init() leaves it, and is null in JSON. */
struct report_result {
	struct session_result session;
	bool of_log;		 /* --decode: the file is named where a board has its PORT */
	pid_t holder_pid;	 /* 0: none */
	char holder_command[64]; /* "" where it may not be seen */
	bool any_match;
	char match[256];
	char ota_host[80], ota_protocol[16], ota_finding[96]; /* host "": not asked for */
	bool reset_not_needed;
	bool proof_by_ota;
	char sequence_from[128]; /* esptool.cfg; "" */
	char recovered[REPORT_RECOVERED_MAX][24];
	char advice[512]; /* more fitting than the session's; "" */
};

struct report_match {
	const char *option; /* "expect", "fail-on", "firmware" */
	char pattern[256], line[512], group[256];
	bool any_group;
	int at_ms;
};

void report_init(struct report *report, enum report_mode mode, bool verbose);
void report_note(struct report *report, const char *port, const struct session_note *note);
void report_match(struct report *report, const char *port, const struct report_match *match);

/** report_log_boot() - one boot of the log that --decode reads; @after_panic: see bootlog/bootwords.h */
void report_log_boot(struct report *report, const char *log, const struct boot *boot, bool after_panic);

/** report_wiring() - what was found, how to use it; a result with the verdict follows unless that is READY */
void report_wiring(struct report *report, const char *port, const struct wiring_result *found);

/** report_progress() - a wait has been going on for long; on a terminal only. NULL wipes the line away. */
void report_progress(struct report *report, const char *port, const char *text);

/** report_result_init() - a result that no session has come to; @text is copied, @advice may be NULL */
void report_result_init(struct report_result *result, enum verdict verdict, const char *text,
			const struct advice *advice);

/** report_advice() - the most fitting advice; NULL: none */
const char *report_advice(const struct report_result *result);

/** report_advice_id() - its stable name; NULL where it was put together in the run */
const char *report_advice_id(const struct report_result *result);

/** report_sentence() - what stands after "PORT: WORD: ", harmless on a terminal */
void report_sentence(const struct report_result *result, char *buf, size_t cap);

/** report_result() - the board's one line, and on standard error its cure */
void report_result(struct report *report, const char *port, const struct report_result *result);

/** report_result_json() - the result as one JSON text, for the state file. Return: malloc()ed, or NULL. */
char *report_result_json(const char *port, const struct report_result *result);

/**
 * report_end() - flush standard output; output that failed is said on standard error, but for a closed pipe
 * Return: 0, or the negative errno of what could not be written.
 */
int report_end(struct report *report);

#endif
