/* json.h - reports for programs: JSON Lines after docs/espreset.schema.json.
 *
 * Where a new key goes: one member in the array of its event, and the event's definition in the schema, against which
 * the tests check every line. The arrays are in json.c (json_result(): the result of a run, of --decode, in the state
 * file; json_put_boot(): a boot) and, for --list and --diagnose, in cli/commands.c. Keys keep the array's order.
 */
#ifndef ESPRESET_JSON_H
#define ESPRESET_JSON_H

#include <jansson.h>

#include "report/report.h"

void json_note(const char *port, const struct session_note *note);
void json_wiring(const char *port, const struct wiring_result *found);
void json_match(const char *port, const struct report_match *match);

/** json_log_boot() - one boot of the log that --decode reads; @after_panic: see bootlog/bootwords.h */
void json_log_boot(const char *log, const struct boot *boot, bool after_panic);

/** json_result() - the last line of a board, or of --decode. Return: as json_event() */
json_t *json_result(const char *port, const struct report_result *result);

/* One key of an object. JSON_LEFT_OUT in the key's place: the object is without it. A NULL value: out of memory. */
struct json_member {
	const char *key;
	json_t *value;
};
#define JSON_LEFT_OUT ""
#define JSON_MEMBERS(...) \
	(const struct json_member[]) \
	{ \
		__VA_ARGS__, \
		{ \
			NULL, NULL \
		} \
	}

/**
 * json_object_of() - an object with @members, JSON_MEMBERS({ key, value }, ...), in their order
 * Takes the references.
 * Return: a new reference; NULL: out of memory.
 */
json_t *json_object_of(const struct json_member *members);

/** json_event() - the same, behind the keys "schema" and "event" */
json_t *json_event(const char *event, const struct json_member *members);

/** json_line() - print one event on standard output, unflushed; takes the reference; NULL: out of memory, said
 * on standard error */
void json_line(json_t *event);

/** json_clean() - a string of foreign bytes. Return: a new reference, JSON null for NULL. */
json_t *json_clean(const char *text);

/** json_or_null() - json_clean(), but null for "" */
json_t *json_or_null(const char *text);

/** json_number_or_null() - null for -1 */
json_t *json_number_or_null(int number);

/** json_texts() - an array of up to @n strings, @size bytes apart; "" ends it */
json_t *json_texts(const char *first, size_t size, size_t n);

/** json_holder() - the process that uses a port; @command "": it may not be seen */
json_t *json_holder(pid_t pid, const char *command);

#endif
