/* report.c - prints reports: as text for people, or as JSON by calling report/json.c. */
#include "report/report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bootlog/bootwords.h"
#include "report/clean.h"
#include "report/json.h"

/* ---- the result in a sentence ---- */

/* Appends formatted text to the string in buf. Text that does not fit is cut off. */
__attribute__((format(printf, 3, 4))) static void report_append(char *buf, size_t cap, const char *format, ...)
{
	size_t used = strlen(buf);
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(buf + used, cap - used, format, ap);
	va_end(ap);
}

/* Appends why the serial port failed: the process that uses it, or strerror() if no such process is known. */
static void report_add_port(const struct report_result *result, char *buf, size_t cap)
{
	int err = result->session.err;

	if (!result->holder_pid)
		report_append(buf, cap, "%s", strerror(err ? err : EIO));
	else if (result->holder_command[0])
		report_append(buf, cap, "in use by process %ld (%s)", (long)result->holder_pid, result->holder_command);
	else
		report_append(buf, cap, "in use by process %ld", (long)result->holder_pid);
}

/* Appends what the sentence says of a ready board only: attempts, who reset it, and whether its OTA service was
 * checked. */
static void report_add_ready(const struct report_result *result, char *buf, size_t cap)
{
	const struct session_result *r = &result->session;

	if (r->attempts > 1)
		report_append(buf, cap, "; %d attempts", r->attempts);
	if (r->reset_by == RESET_BY_OTHER)
		report_append(buf, cap, "; not reset by espreset");
	if (r->boot.cause_kind == BOOT_CAUSE_USB)
		report_append(buf, cap, "; straps not sampled (USB reset)");
	report_append(buf, cap, "; %s", result->ota_finding[0] ? result->ota_finding : "OTA not checked");
}

/* Appends the steps that --recover took: "; recovered by reopen, usb-reset", or "; after reopen" if the run failed. */
static void report_add_recovered(const struct report_result *result, char *buf, size_t cap)
{
	bool is_good = verdict_info(result->session.verdict)->status == 0;

	for (size_t i = 0; i < REPORT_RECOVERED_MAX && result->recovered[i][0]; i++)
		report_append(buf, cap, "%s%s",
			      i		? ", "
			      : is_good ? "; recovered by "
					: "; after ",
			      result->recovered[i]);
}

void report_sentence(const struct report_result *result, char *buf, size_t cap)
{
	const struct session_result *r = &result->session;
	char raw[832] = "";

	report_append(raw, sizeof(raw), "%s", r->text);
	if (r->verdict == VERDICT_READY)
		report_add_ready(result, raw, sizeof(raw));
	else if (!r->text[0])
		report_add_port(result, raw, sizeof(raw));
	report_add_recovered(result, raw, sizeof(raw));
	if (result->sequence_from[0] && r->pulses > 0)
		report_append(raw, sizeof(raw), "; sequence from %s", result->sequence_from);
	clean_terminal(buf, cap, raw, strlen(raw));
}

/* ---- text lines for people ---- */

static void report_text_log_boot(const char *log, const struct boot *boot, bool after_panic)
{
	const char *trouble = bootwords_trouble(boot);
	const struct advice *advice = bootwords_advice(boot, after_panic);
	char words[BOOTWORDS_MAX];

	bootwords_print(boot, after_panic, words, sizeof(words));
	clean_line(stdout, "%s:%lu: %s%s%s%s%s%s", log, boot->line, words, trouble[0] ? "; \"" : "", trouble,
		   trouble[0] ? "\"" : "", advice ? "; " : "", advice ? advice->text : "");
}

static void report_text_boot(const char *port, const struct session_note *note)
{
	const struct boot *b = &note->boot;
	char mode[16] = "not known yet", cause[16] = "not known";

	if (b->cause >= 0)
		snprintf(cause, sizeof(cause), "%d", b->cause);
	if (b->mode >= 0)
		snprintf(mode, sizeof(mode), "0x%x", (unsigned int)b->mode);
	clean_line(stderr, "espreset: %s: %lld ms: banner of %s: reset cause %s, boot mode %s %s%s", port,
		   (long long)note->at_ms, chip_name(b->chip) ? chip_name(b->chip) : "an unknown chip", cause, mode,
		   b->mode_text, b->rx_speed == BOOT_RX_74880 ? "(sent at 74880 Bd, read at 115200)" : "");
}

static void report_text_note(const char *port, const struct session_note *note)
{
	switch (note->kind) {
	case SESSION_NOTE_ATTEMPT:
		clean_line(stderr, "espreset: %s: attempt %d: sequence %s, hold %d ms, listening at %d Bd", port,
			   note->number, note->sequence, note->hold_ms, note->baud);
		break;
	case SESSION_NOTE_BOOT: report_text_boot(port, note); break;
	case SESSION_NOTE_PROVEN:
		clean_line(stderr, "espreset: %s: %lld ms: reset proven; waiting for the conditions", port,
			   (long long)note->at_ms);
		break;
	}
}

/* Prints the wiring, if one was found. If none was found, report_result() prints the reason. */
static void report_text_wiring(const char *port, const struct wiring_result *found)
{
	if (found->verdict == VERDICT_READY)
		clean_line(stdout, "%s: wiring: %s", port, found->text);
	if (found->sequence[0])
		clean_line(stdout, "%s: use --sequence '%s'%s", port, found->sequence,
			   strcmp(found->sequence, "rts") == 0 ? ", which is the default" : "");
	if (found->esptool[0])
		clean_line(stdout, "%s: in esptool.cfg, section [esptool]: custom_hard_reset_sequence = %s", port,
			   found->esptool);
}

/* ---- text or JSON ---- */

void report_init(struct report *report, enum report_mode mode, bool verbose)
{
	*report = (struct report){ .mode = mode, .verbose = verbose && mode != REPORT_QUIET };
}

/* Flushes standard output. This is done after each line, because a program may read the lines from a pipe. The first
 * error is kept in report->error. */
static void report_flush(struct report *report)
{
	errno = 0;
	if ((fflush(stdout) || ferror(stdout)) && !report->error)
		report->error = errno ? errno : EIO;
}

void report_note(struct report *report, const char *port, const struct session_note *note)
{
	if (report->mode == REPORT_JSON)
		json_note(port, note);
	report_flush(report);
	if (report->verbose)
		report_text_note(port, note);
}

void report_match(struct report *report, const char *port, const struct report_match *match)
{
	if (report->mode == REPORT_JSON)
		json_match(port, match);
	report_flush(report);
	if (report->verbose)
		clean_line(stderr, "espreset: %s: --%s matched: %s", port, match->option, match->line);
}

void report_log_boot(struct report *report, const char *log, const struct boot *boot, bool after_panic)
{
	if (report->mode == REPORT_JSON)
		json_log_boot(log, boot, after_panic);
	else if (report->mode != REPORT_QUIET)
		report_text_log_boot(log, boot, after_panic);
}

void report_wiring(struct report *report, const char *port, const struct wiring_result *found)
{
	report_progress(report, port, NULL);
	if (report->mode == REPORT_JSON)
		json_wiring(port, found);
	else if (report->mode != REPORT_QUIET)
		report_text_wiring(port, found);
	report_flush(report);
}

void report_progress(struct report *report, const char *port, const char *text)
{
	char line[512], clean[1024] = "";

	if (report->mode == REPORT_QUIET || !isatty(STDERR_FILENO) || (!text && !report->progress_shown))
		return;
	if (text) {
		(void)snprintf(line, sizeof(line), "espreset: %s: %s", port, text);
		clean_terminal(clean, sizeof(clean), line, strlen(line));
	}
	fprintf(stderr, "\r\033[K%s", clean);
	fflush(stderr);
	report->progress_shown = text != NULL;
}

void report_result_init(struct report_result *result, enum verdict verdict, const char *text,
			const struct advice *advice)
{
	*result = (struct report_result){ 0 };
	result->session.verdict = verdict;
	result->session.advice = advice;
	result->session.boot_ms = result->session.up_ms = result->session.total_ms = -1;
	result->session.missing = PROOF_RULES;
	(void)snprintf(result->session.text, sizeof(result->session.text), "%s", text);
}

const char *report_advice(const struct report_result *result)
{
	if (result->advice[0])
		return result->advice;
	return result->session.advice ? result->session.advice->text : NULL;
}

const char *report_advice_id(const struct report_result *result)
{
	return result->advice[0] || !result->session.advice ? NULL : result->session.advice->id;
}

void report_result(struct report *report, const char *port, const struct report_result *result)
{
	bool is_good = verdict_info(result->session.verdict)->status == 0;
	bool is_match = report->mode == REPORT_MATCH && is_good && result->any_match;
	const char *advice = report_advice(result);
	char sentence[1024];

	report_progress(report, port, NULL);
	if (report->mode == REPORT_QUIET)
		return;
	report_sentence(result, sentence, sizeof(sentence));
	if (report->mode == REPORT_JSON)
		json_line(json_result(port, result));
	else if (is_match)
		clean_line(stdout, "%s", result->match);
	else
		clean_line(report->mode == REPORT_MATCH ? stderr : stdout, "%s: %s: %s", port,
			   verdict_info(result->session.verdict)->word, sentence);
	report_flush(report);
	/* --decode --json prints the advice only in its JSON event (key "advice") */
	if (advice && !is_match && !(report->mode == REPORT_JSON && result->of_log))
		clean_line(stderr, "espreset: %s: %s", port, advice);
}

int report_end(struct report *report)
{
	report_flush(report);
	if (report->error && report->error != EPIPE)
		fprintf(stderr, "espreset: standard output: %s\n", strerror(report->error));
	return -report->error;
}
