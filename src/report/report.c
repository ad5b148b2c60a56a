/* report.c - sends notes and results to the format that was asked for. */
#include "report/report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "report/clean.h"
#include "report/json.h"
#include "report/text.h"

void report_init(struct report *report, enum report_mode mode, bool quiet, bool verbose)
{
	*report = (struct report){ .mode = mode, .quiet = quiet, .verbose = verbose };
}

/* Every line is flushed at once: whoever waits for it gets it. */
static void flush(struct report *report)
{
	errno = 0;
	if ((fflush(stdout) || ferror(stdout)) && !report->error)
		report->error = errno ? errno : EIO;
}

void report_note(struct report *report, const char *port, const struct session_note *note)
{
	if (report->mode == REPORT_JSON && !report->quiet)
		json_note(port, note);
	flush(report);
	if (report->verbose && !report->quiet)
		text_note(port, note);
}

void report_match(struct report *report, const char *port, const struct report_match *match)
{
	if (report->mode == REPORT_JSON && !report->quiet)
		json_match(port, match);
	flush(report);
	if (report->verbose && !report->quiet)
		text_match(port, match);
}

void report_wiring(struct report *report, const char *port, const struct report_wiring *wiring)
{
	report_progress(report, port, NULL);
	if (report->quiet)
		return;
	if (report->mode == REPORT_JSON)
		json_wiring(port, wiring);
	else
		text_wiring(port, wiring);
	flush(report);
}

void report_progress(struct report *report, const char *port, const char *text)
{
	char clean[256], clean_port[256];

	if (report->quiet || !isatty(STDERR_FILENO) || (!text && !report->progress_shown))
		return;
	if (text) {
		clean_terminal(clean, sizeof(clean), text, strlen(text));
		clean_terminal(clean_port, sizeof(clean_port), port, strlen(port));
		fprintf(stderr, "\r\033[Kespreset: %s: %s", clean_port, clean);
	} else {
		fputs("\r\033[K", stderr);
	}
	fflush(stderr);
	report->progress_shown = text != NULL;
}

void report_result(struct report *report, const char *port, const struct report_result *result)
{
	report_progress(report, port, NULL);
	if (report->quiet)
		return;
	if (report->mode == REPORT_JSON)
		json_result(port, result);
	else
		text_result(stdout, port, result);
	flush(report);
	text_advice(port, result);
}

void report_result_to(struct report *report, FILE *out, const char *port, const struct report_result *result)
{
	report_progress(report, port, NULL);
	text_result(out, port, result);
	text_advice(port, result);
}

void report_print_match(const struct report_result *result)
{
	clean_line(stdout, "%s", result->match);
}

int report_end(struct report *report)
{
	flush(report);
	return -report->error;
}

void report_print_text(const struct report_result *result, char *buf, size_t cap)
{
	text_sentence(result, buf, cap);
}
