/* text.c - reports for people: "PORT: WORD: text", and the cure on standard error. */
#include "report/text.h"

#include <stdio.h>
#include <string.h>

#include "report/clean.h"

/* The system's words for a failed port, where the session has none. */
static void port_sentence(const struct report_result *result, char *buf, size_t cap)
{
	const struct session_result *r = &result->session;

	if (result->holder_pid)
		snprintf(buf, cap, "in use by process %ld%s%s%s", (long)result->holder_pid,
			 result->holder_command[0] ? " (" : "", result->holder_command,
			 result->holder_command[0] ? ")" : "");
	else
		snprintf(buf, cap, "%s", strerror(r->err ? r->err : 5));
}

static void ready_sentence(const struct report_result *result, char *buf, size_t cap)
{
	const struct session_result *r = &result->session;
	size_t used;

	used = (size_t)snprintf(buf, cap, "%s", r->text);
	if (used < cap && r->attempts > 1)
		used += (size_t)snprintf(buf + used, cap - used, "; %d attempts", r->attempts);
	if (used < cap && r->reset_by == RESET_BY_OTHER)
		used += (size_t)snprintf(buf + used, cap - used, "; not reset by espreset");
	if (used < cap && r->boot.cause_kind == BOOT_CAUSE_USB)
		used += (size_t)snprintf(buf + used, cap - used, "; straps not sampled (USB reset)");
	if (used < cap && result->ota_finding[0])
		snprintf(buf + used, cap - used, "; %s", result->ota_finding);
	else if (used < cap)
		snprintf(buf + used, cap - used, "; OTA not checked");
}

/* "; recovered by reopen, usb-reset", or what has not helped. */
static void add_recovered(const struct report_result *result, char *buf, size_t cap)
{
	bool is_good = verdict_info(result->session.verdict)->status == 0;
	size_t used = strlen(buf);

	for (size_t i = 0; i < REPORT_RECOVERED_MAX && result->recovered[i][0] && used < cap; i++)
		used += (size_t)snprintf(buf + used, cap - used, "%s%s",
					 i ? ", " : is_good ? "; recovered by " : "; after ",
					 result->recovered[i]);
}

void text_sentence(const struct report_result *result, char *buf, size_t cap)
{
	size_t used;
	char raw[512];

	if (result->session.verdict == VERDICT_READY)
		ready_sentence(result, raw, sizeof(raw));
	else if (result->session.text[0])
		snprintf(raw, sizeof(raw), "%s", result->session.text);
	else
		port_sentence(result, raw, sizeof(raw));
	add_recovered(result, raw, sizeof(raw));
	used = strlen(raw);
	if (result->sequence_from[0] && result->session.pulses > 0)
		snprintf(raw + used, sizeof(raw) - used, "; sequence from %s", result->sequence_from);
	clean_terminal(buf, cap, raw, strlen(raw));
}

void text_result(FILE *out, const char *port, const struct report_result *result)
{
	char sentence[1024];

	text_sentence(result, sentence, sizeof(sentence));
	clean_line(out, "%s: %s: %s", port, verdict_info(result->session.verdict)->word, sentence);
}

void text_advice(const char *port, const struct report_result *result)
{
	const char *advice = result->advice[0] ? result->advice : result->session.advice;

	if (advice)
		clean_line(stderr, "espreset: %s: %s", port, advice);
}

static void note_boot(const char *port, const struct session_note *note)
{
	const struct boot *b = &note->boot;
	char mode[16] = "not known yet";

	if (b->mode >= 0)
		snprintf(mode, sizeof(mode), "0x%x", (unsigned int)b->mode);
	clean_line(stderr, "espreset: %s: %lld ms: banner of %s: reset cause %d, boot mode %s %s%s", port,
		   (long long)note->at_ms, chip_name(b->chip) ? chip_name(b->chip) : "an unknown chip", b->cause, mode,
		   b->mode_text, b->heard == BOOT_HEARD_74880 ? "(sent at 74880 Bd, read at 115200)" : "");
}

void text_note(const char *port, const struct session_note *note)
{
	switch (note->kind) {
	case SESSION_NOTE_ATTEMPT:
		clean_line(stderr, "espreset: %s: attempt %d: sequence %s, hold %d ms, listening at %d Bd", port,
			   note->number, note->sequence, note->hold_ms, note->baud);
		break;
	case SESSION_NOTE_BOOT:
		note_boot(port, note);
		break;
	case SESSION_NOTE_PROVEN:
		clean_line(stderr, "espreset: %s: %lld ms: reset proven; waiting for the conditions", port,
			   (long long)note->at_ms);
		break;
	}
}

/* What the result line will say is not said twice. */
void text_wiring(const char *port, const struct report_wiring *wiring)
{
	if (wiring->verdict == VERDICT_READY)
		clean_line(stdout, "%s: wiring: %s", port, wiring->text);
	if (wiring->sequence[0])
		clean_line(stdout, "%s: use --sequence '%s'%s", port, wiring->sequence,
			   strcmp(wiring->sequence, "rts") == 0 ? ", which is the default" : "");
	if (wiring->esptool[0])
		clean_line(stdout, "%s: in esptool.cfg, section [esptool]: custom_hard_reset_sequence = %s", port,
			   wiring->esptool);
}

void text_match(const char *port, const struct report_match *match)
{
	clean_line(stderr, "espreset: %s: --%s matched: %s", port, match->option, match->line);
}
