/* json.c - reports for programs: JSON Lines after docs/espreset.schema.json. */
#include "report/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bootlog/bootwords.h"
#include "report/clean.h"

#define SCHEMA 1

json_t *json_clean_n(const char *text, size_t n)
{
	char *buf = malloc(3 * n + 1);
	json_t *string;

	if (!buf)
		return NULL;
	string = json_stringn(buf, clean_utf8(buf, 3 * n + 1, text, n));
	free(buf);
	return string;
}

json_t *json_clean(const char *text)
{
	return text ? json_clean_n(text, strlen(text)) : json_null();
}

json_t *json_or_null(const char *text)
{
	return text && text[0] ? json_clean(text) : json_null();
}

json_t *json_number_or_null(int number)
{
	return number < 0 ? json_null() : json_integer(number);
}

void json_line(json_t *event)
{
	/* Only ASCII goes out: a terminal that shows the line has nothing to act on. */
	char *text = event ? json_dumps(event, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;

	if (text)
		puts(text);
	else
		fputs("espreset: out of memory: an event was not written\n", stderr);
	free(text);
	json_decref(event);
}

static const char *source_word(enum boot_source source)
{
	switch (source) {
	case BOOT_SOURCE_FLASH:
		return "flash";
	case BOOT_SOURCE_DOWNLOAD:
		return "download";
	case BOOT_SOURCE_OTHER:
		return "other";
	default:
		return NULL;
	}
}

static const char *progress_word(enum boot_progress progress)
{
	static const char *const words[] = { NULL, "banner", "loading", "loaded", "stage2", "app" };

	return words[progress];
}

json_t *json_boot(const struct boot *boot, int64_t at_ms, const char *temperature)
{
	return json_pack("{s:i, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:b, s:o}",
			 "schema", SCHEMA, "event", "boot", "chip", json_or_null(bootwords_name(boot)),
			 "reset_cause", json_number_or_null(boot->cause), "cause_text", json_or_null(boot->cause_text),
			 "boot_mode", json_number_or_null(boot->mode), "boot_mode2", json_number_or_null(boot->mode2),
			 "mode_text", json_or_null(boot->mode_text), "source", json_clean(source_word(boot->source)),
			 "heard", boot->heard == BOOT_HEARD_74880 ? "74880" : "plain",
			 "temperature", json_clean(temperature), "progress", json_clean(progress_word(boot->progress)),
			 "trouble", json_or_null(boot->trouble_text), "advice", json_clean(boot->advice),
			 "certain", boot->certain, "at_ms", at_ms < 0 ? json_null() : json_integer(at_ms));
}

/* Cold and warm can be told on the ESP8266 only, and by the speed alone. */
static const char *temperature(const struct boot *boot, int baud)
{
	if (boot->chip != CHIP_ESP8266)
		return NULL;
	return boot->heard == BOOT_HEARD_74880 || baud == 74880 ? "cold" : NULL;
}

void json_note(const char *port, const struct session_note *note)
{
	json_t *event = NULL;

	switch (note->kind) {
	case SESSION_NOTE_ATTEMPT:
		event = json_pack("{s:i, s:s, s:o, s:i, s:i, s:o, s:i, s:I}", "schema", SCHEMA, "event", "attempt",
				  "port", json_clean(port), "attempt", note->number, "hold_ms", note->hold_ms,
				  "sequence", json_clean(note->sequence), "baud", note->baud,
				  "at_ms", (json_int_t)note->at_ms);
		break;
	case SESSION_NOTE_BOOT:
		event = json_boot(&note->boot, note->at_ms, temperature(&note->boot, note->baud));
		if (event)
			json_object_set_new(event, "port", json_clean(port));
		break;
	case SESSION_NOTE_PROVEN:
		return;
	}
	json_line(event);
}

void json_match(const char *port, const struct report_match *match)
{
	json_line(json_pack("{s:i, s:s, s:o, s:s, s:o, s:o, s:o, s:i}", "schema", SCHEMA, "event", "match",
			    "port", json_clean(port), "option", match->option, "pattern", json_clean(match->pattern),
			    "line", json_clean(match->line),
			    "group", match->any_group ? json_clean(match->group) : json_null(),
			    "at_ms", match->at_ms));
}

void json_wiring(const char *port, const struct report_wiring *wiring)
{
	json_line(json_pack("{s:i, s:s, s:o, s:o, s:o, s:i, s:o}", "schema", SCHEMA, "event", "wiring",
			    "port", json_clean(port), "circuit", json_or_null(wiring->circuit),
			    "sequence", json_or_null(wiring->sequence), "resets", wiring->resets,
			    "text", json_clean(wiring->text)));
}

static json_t *evidence(unsigned int set)
{
	json_t *list = json_array();

	for (unsigned int rule = 0; list && rule < PROOF_RULES; rule++) {
		if (set & 1U << rule)
			json_array_append_new(list, json_string(proof_rule_name((enum proof_rule)rule)));
	}
	return list;
}

static json_t *recovered(const struct report_result *result)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < REPORT_RECOVERED_MAX && result->recovered[i][0]; i++)
		json_array_append_new(list, json_clean(result->recovered[i]));
	return list;
}

static json_t *holder(const struct report_result *result)
{
	if (!result->holder_pid)
		return json_null();
	return json_pack("{s:i, s:o}", "pid", (int)result->holder_pid, "command", json_or_null(result->holder_command));
}

static json_t *ota(const struct report_result *result)
{
	if (!result->ota_host[0])
		return json_null();
	return json_pack("{s:o, s:o, s:o}", "host", json_clean(result->ota_host),
			 "protocol", json_or_null(result->ota_protocol), "finding", json_or_null(result->ota_finding));
}

static const char *reset_by_word(enum session_reset_by by)
{
	return by == RESET_BY_US ? "us" : by == RESET_BY_OTHER ? "other" : NULL;
}

static const char *proof_word(const struct report_result *result)
{
	if (result->session.verdict != VERDICT_READY)
		return NULL;
	return result->proof_by_ota ? "ota" : "serial";
}

static json_t *result_object(const char *port, const struct report_result *result)
{
	const struct session_result *r = &result->session;
	const struct verdict_info *info = verdict_info(r->verdict);
	const char *advice = result->advice[0] ? result->advice : r->advice;
	const char *reset = result->reset_not_needed ? "not needed" : r->pulses > 0 ? "done" : NULL;
	char text[1024];

	report_print_text(result, text, sizeof(text));
	return json_pack("{s:i, s:s, s:o, s:s, s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
			 "s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
			 "schema", SCHEMA, "event", "result", "port", json_clean(port), "verdict", info->word,
			 "exit_status", info->status, "text", json_clean(text),
			 "chip", r->any_boot ? json_or_null(bootwords_name(&r->boot)) : json_null(),
			 "reset_cause", r->any_boot ? json_number_or_null(r->boot.cause) : json_null(),
			 "boot_mode", r->any_boot ? json_number_or_null(r->boot.mode) : json_null(),
			 "reset_by", json_clean(reset_by_word(r->reset_by)), "reset", json_clean(reset),
			 "evidence", evidence(r->evidence),
			 "attempts", r->attempts ? json_integer(r->attempts) : json_null(),
			 "boot_ms", json_number_or_null(r->boot_ms), "up_ms", json_number_or_null(r->up_ms),
			 "total_ms", json_number_or_null(r->total_ms),
			 "baud", r->baud ? json_integer(r->baud) : json_null(),
			 "crystal_mhz", result->crystal_mhz ? json_integer(result->crystal_mhz) : json_null(),
			 "sequence", json_or_null(r->sequence), "sequence_from", json_or_null(result->sequence_from),
			 "proof", json_clean(proof_word(result)),
			 "match", result->any_match ? json_clean(result->match) : json_null(),
			 "ota", ota(result), "advice", json_clean(advice), "holder", holder(result),
			 "recovered", recovered(result));
}

void json_result(const char *port, const struct report_result *result)
{
	json_line(result_object(port, result));
}

char *report_result_json(const char *port, const struct report_result *result)
{
	json_t *object = result_object(port, result);
	char *text = object ? json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;

	json_decref(object);
	return text;
}
