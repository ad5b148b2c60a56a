/* json.c - reports for programs: JSON Lines as in docs/espreset.schema.json. */
#include "report/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bootlog/bootwords.h"
#include "report/clean.h"

#define SCHEMA 1

/* ---- values and objects ---- */

json_t *json_clean(const char *text)
{
	size_t cap = text ? 3 * strlen(text) + 1 : 0; /* an invalid byte becomes U+FFFD, which has three bytes */
	json_t *string;
	char *buf;

	if (!text)
		return json_null();
	buf = malloc(cap);
	if (!buf)
		return NULL;
	string = json_stringn(buf, clean_utf8(buf, cap, text, strlen(text)));
	free(buf);
	return string;
}

json_t *json_or_null(const char *text)
{
	return text && text[0] ? json_clean(text) : json_null();
}

json_t *json_number_or_null(int number)
{
	return number < 0 ? json_null() : json_integer(number);
}

json_t *json_texts(const char *first, size_t size, size_t n)
{
	json_t *list = json_array();

	for (const char *text = first; list && n && text[0]; n--, text += size)
		json_array_append_new(list, json_clean(text));
	return list;
}

/* Adds members to a JSON object. Takes over the caller's references to the values, even if it fails.
 * Return: the object; NULL: no memory. */
static json_t *json_add_members(json_t *object, const struct json_member *member)
{
	bool is_whole = object != NULL;

	for (; member->key; member++) {
		if (!member->key[0])
			json_decref(member->value);
		else if (json_object_set_new(object, member->key, member->value) < 0)
			is_whole = false;
	}
	if (is_whole)
		return object;
	json_decref(object);
	return NULL;
}

json_t *json_object_of(const struct json_member *members)
{
	return json_add_members(json_object(), members);
}

json_t *json_holder(pid_t pid, const char *command)
{
	return json_object_of(JSON_MEMBERS({ "pid", json_integer(pid) }, { "command", json_or_null(command) }));
}

json_t *json_event(const char *event, const struct json_member *members)
{
	return json_add_members(json_pack("{s:i, s:s}", "schema", SCHEMA, "event", event), members);
}

/* Makes JSON text of an event. The text is ASCII only, so that no terminal acts on a character of it. */
static char *json_render(json_t *event)
{
	char *text = event ? json_dumps(event, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;

	json_decref(event);
	return text;
}

void json_line(json_t *event)
{
	char *text = json_render(event);

	if (text)
		puts(text);
	else
		fputs("espreset: out of memory: an event was not written\n", stderr);
	free(text);
}

/* ---- events before the result ---- */

static const char *const sources[] = {
	[BOOT_SOURCE_FLASH] = "flash",
	[BOOT_SOURCE_DOWNLOAD] = "download",
	[BOOT_SOURCE_OTHER] = "other",
};
static const char *const steps[] = { NULL, "banner", "loading", "loaded", "stage2", "app" };

/* What is reported together with a boot: the serial port or the log file where it was seen, and our comments on it. */
struct boot_context {
	const char *port, *log; /* where the boot was seen: serial port or log file; the other is NULL */
	int64_t at_ms;		/* for a serial port: milliseconds since the run began */
	const char *temperature;
	const struct advice *advice;
};

static void json_put_boot(const struct boot *boot, const struct boot_context *context)
{
	const struct advice *advice = context->advice;
	const char *log = context->log;

	json_line(json_event("boot",
			     JSON_MEMBERS({ "chip", json_or_null(bootwords_name(boot)) },
					  { "reset_cause", json_number_or_null(boot->cause) },
					  { "cause_text", json_or_null(boot->cause_text) },
					  { "boot_mode", json_number_or_null(boot->mode) },
					  { "boot_mode2", json_number_or_null(boot->mode2) },
					  { "mode_text", json_or_null(boot->mode_text) },
					  { "source", json_clean(sources[boot->source]) },
					  { "heard", json_string(boot->rx_speed == BOOT_RX_74880 ? "74880" : "plain") },
					  { "temperature", json_clean(context->temperature) },
					  { "progress", json_clean(steps[boot->progress]) },
					  { "trouble", json_or_null(boot->trouble_text) },
					  { "advice", json_clean(advice ? advice->text : NULL) },
					  { "advice_id", json_clean(advice ? advice->id : NULL) },
					  { "certain", json_boolean(boot->certain) },
					  { "at_ms", log ? json_null() : json_integer(context->at_ms) },
					  { "port", json_clean(context->port) },
					  { log ? "file" : JSON_LEFT_OUT, json_clean(log) },
					  { log ? "line" : JSON_LEFT_OUT, json_integer((json_int_t)boot->line) })));
}

void json_log_boot(const char *log, const struct boot *boot, bool after_panic)
{
	json_put_boot(boot, &(struct boot_context){ .log = log,
						    .temperature = bootwords_temperature(boot, after_panic),
						    .advice = bootwords_advice(boot, after_panic) });
}

/* Prints a boot that was seen on a serial port. Its "temperature" is "cold" if a hardware reset is certain: only an
 * ESP8266 shows this, by a banner at 74880 Bd. */
static void json_note_boot(const char *port, const struct session_note *note)
{
	const struct boot *boot = &note->boot;
	bool is_cold = boot->chip == CHIP_ESP8266 && (boot->rx_speed == BOOT_RX_74880 || note->baud == 74880);

	json_put_boot(boot, &(struct boot_context){ .port = port,
						    .at_ms = note->at_ms,
						    .temperature = is_cold ? "cold" : NULL,
						    .advice = bootwords_advice(boot, false) });
}

static void json_note_attempt(const char *port, const struct session_note *note)
{
	json_line(json_event(
		"attempt",
		JSON_MEMBERS({ "port", json_clean(port) }, { "attempt", json_integer(note->number) },
			     { "hold_ms", json_integer(note->hold_ms) }, { "sequence", json_clean(note->sequence) },
			     { "baud", json_integer(note->baud) }, { "at_ms", json_integer(note->at_ms) })));
}

void json_note(const char *port, const struct session_note *note)
{
	if (note->kind == SESSION_NOTE_ATTEMPT)
		json_note_attempt(port, note);
	else if (note->kind == SESSION_NOTE_BOOT)
		json_note_boot(port, note);
}

void json_match(const char *port, const struct report_match *match)
{
	json_line(json_event(
		"match", JSON_MEMBERS({ "port", json_clean(port) }, { "option", json_string(match->option) },
				      { "pattern", json_clean(match->pattern) }, { "line", json_clean(match->line) },
				      { "group", match->any_group ? json_clean(match->group) : json_null() },
				      { "at_ms", json_integer(match->at_ms) })));
}

void json_wiring(const char *port, const struct wiring_result *found)
{
	json_line(json_event("wiring", JSON_MEMBERS({ "port", json_clean(port) },
						    { "circuit", json_or_null(wiring_name(found->circuit)) },
						    { "sequence", json_or_null(found->sequence) },
						    { "resets", json_integer(found->resets) },
						    { "text", json_clean(found->text) })));
}

/* ---- the result ---- */

/* With a 40 MHz crystal, an ESP8266 sends its banner at 115200 Bd after every reset. So the baud rate does not show
 * whether we caused the reset: a banner after each of several reset pulses is the evidence instead. */
static const char *json_evidence_word(enum proof_rule rule, const struct session_result *r)
{
	return rule == PROOF_FRESH && r->crystal_mhz == 40 ? "repeated-pulses" : proof_rule_name(rule);
}

static json_t *json_evidence(const struct session_result *r)
{
	json_t *list = json_array();

	for (unsigned int rule = 0; list && rule < PROOF_RULES; rule++) {
		if (r->evidence & 1U << rule)
			json_array_append_new(list, json_string(json_evidence_word((enum proof_rule)rule, r)));
	}
	return list;
}

static json_t *json_ota(const struct report_result *result)
{
	if (!result->ota_host[0])
		return json_null();
	return json_object_of(JSON_MEMBERS({ "host", json_clean(result->ota_host) },
					   { "protocol", json_or_null(result->ota_protocol) },
					   { "finding", json_or_null(result->ota_finding) }));
}

static const char *const resetters[] = { [RESET_BY_NOBODY] = NULL, [RESET_BY_US] = "us", [RESET_BY_OTHER] = "other" };

static const char *json_proof_word(const struct report_result *result)
{
	if (result->session.verdict != VERDICT_READY)
		return NULL;
	return result->proof_by_ota ? "ota" : "serial";
}

json_t *json_result(const char *port, const struct report_result *result)
{
	const struct session_result *r = &result->session;
	const struct verdict_info *info = verdict_info(r->verdict);
	const char *reset = result->reset_not_needed ? "not needed" : r->pulses > 0 ? "done" : NULL;
	char text[1024];

	report_sentence(result, text, sizeof(text));
	return json_event(
		"result",
		JSON_MEMBERS({ "port", json_clean(result->of_log ? NULL : port) },
			     { result->of_log ? "file" : JSON_LEFT_OUT, json_clean(port) },
			     { "verdict", json_string(info->word) }, { "exit_status", json_integer(info->status) },
			     { "text", json_clean(text) },
			     { "chip", json_or_null(r->any_boot ? bootwords_name(&r->boot) : NULL) },
			     { "reset_cause", json_number_or_null(r->any_boot ? r->boot.cause : -1) },
			     { "boot_mode", json_number_or_null(r->any_boot ? r->boot.mode : -1) },
			     { "reset_by", json_clean(resetters[r->reset_by]) }, { "reset", json_clean(reset) },
			     { "evidence", json_evidence(r) },
			     { "attempts", r->attempts ? json_integer(r->attempts) : json_null() },
			     { "pulses", r->attempts ? json_integer(r->pulses) : json_null() },
			     { "boot_ms", json_number_or_null(r->boot_ms) }, { "up_ms", json_number_or_null(r->up_ms) },
			     { "total_ms", json_number_or_null(r->total_ms) },
			     { "baud", r->baud ? json_integer(r->baud) : json_null() },
			     { "app_baud", r->app_baud ? json_integer(r->app_baud) : json_null() },
			     { "crystal_mhz", r->crystal_mhz ? json_integer(r->crystal_mhz) : json_null() },
			     { "sequence", json_or_null(r->sequence) },
			     { "sequence_from", json_or_null(result->sequence_from) },
			     { "proof", json_clean(json_proof_word(result)) },
			     { "match", result->any_match ? json_clean(result->match) : json_null() },
			     { "ota", json_ota(result) }, { "advice", json_clean(report_advice(result)) },
			     { "advice_id", json_clean(report_advice_id(result)) },
			     { "holder", result->holder_pid ? json_holder(result->holder_pid, result->holder_command)
							    : json_null() },
			     { "recovered",
			       json_texts(result->recovered[0], sizeof(result->recovered[0]), REPORT_RECOVERED_MAX) }));
}

char *report_result_json(const char *port, const struct report_result *result)
{
	return json_render(json_result(port, result));
}
