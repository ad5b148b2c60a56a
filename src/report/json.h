/* json.h - reports for programs: JSON Lines as in docs/espreset.schema.json.
 *
 *	json_line(json_event("port", JSON_MEMBERS({ "port", json_clean(path) }, { "baud", json_integer(baud) })));
 *
 * To add a key, add one member to the array (JSON_MEMBERS) of its event, and define the key in the schema. The tests
 * check every line against the schema. The arrays are in json.c and, for --list and --diagnose, in cli/commands.c. Keys
 * are printed in the order of the array.
 *
 * Each function that returns a json_t gives the caller a new reference, or NULL if memory is out. Each function with a
 * json_t as a parameter takes over the caller's reference, even if the function fails.
 */
#ifndef ESPRESET_JSON_H
#define ESPRESET_JSON_H

#include <jansson.h>

#include "report/report.h"

/* json_note(), json_wiring(), json_match() and json_log_boot() print one event each on standard output. @after_panic is
 * explained in bootlog/bootwords.h. */
void json_note(const char *port, const struct session_note *note);
void json_wiring(const char *port, const struct wiring_result *found);
void json_match(const char *port, const struct report_match *match);
void json_log_boot(const char *log, const struct boot *boot, bool after_panic);

/** json_result() - make the event "result", which is the last event about a board, or the last event of --decode */
json_t *json_result(const char *port, const struct report_result *result);

/* A key of a JSON object, and its value. The key JSON_LEFT_OUT omits the member. The value NULL means: no memory. */
struct json_member {
	const char *key;
	json_t *value;
};
#define JSON_LEFT_OUT ""
#define JSON_MEMBERS(...) ((const struct json_member[]){ __VA_ARGS__, { NULL, NULL } })

/** json_object_of() - make a JSON object of @members, in their order */
json_t *json_object_of(const struct json_member *members);

/** json_event() - make a JSON object of the keys "schema" and "event", followed by @members */
json_t *json_event(const char *event, const struct json_member *members);

/** json_line() - print an event on standard output, without fflush(); if @event is NULL, print an error on stderr */
void json_line(json_t *event);

/** json_clean() - make a JSON string of @text, cleaned as by clean_utf8(); JSON null if @text is NULL */
json_t *json_clean(const char *text);

/** json_or_null() - like json_clean(), but make JSON null also if @text is "" */
json_t *json_or_null(const char *text);

/** json_number_or_null() - make a JSON number; JSON null if @number is negative, which means "not known" */
json_t *json_number_or_null(int number);

/** json_texts() - make a JSON array of at most @n strings, which are @size bytes apart; an empty string ends them */
json_t *json_texts(const char *first, size_t size, size_t n);

/** json_holder() - make a JSON object of the process that uses a serial port; @command "" becomes null */
json_t *json_holder(pid_t pid, const char *command);

#endif
