/* json.h - reports for programs: JSON Lines as in docs/espreset.schema.json.
 *
 *	json_line(json_event("port", JSON_MEMBERS({ "port", json_clean(path) }, { "baud", json_integer(baud) })));
 *
 * To add a key, add one member to the array of its event and define the key in the schema, against which the tests
 * check every line. The arrays are in json.c and, for --list and --diagnose, in cli/commands.c. Keys are printed in
 * the order of the array.
 *
 * Each function that returns a json_t gives the caller a new reference, or NULL if memory is out. Each function that is
 * passed a json_t takes the reference, also when it fails.
 */
#ifndef ESPRESET_JSON_H
#define ESPRESET_JSON_H

#include <jansson.h>

#include "report/report.h"

/* The next four print one event each on standard output. @after_panic: see bootlog/bootwords.h. */
void json_note(const char *port, const struct session_note *note);
void json_wiring(const char *port, const struct wiring_result *found);
void json_match(const char *port, const struct report_match *match);
void json_log_boot(const char *log, const struct boot *boot, bool after_panic);

/** json_result() - the event "result", the last one about a board or of --decode */
json_t *json_result(const char *port, const struct report_result *result);

/* One key of an object. With JSON_LEFT_OUT as the key, the member is omitted. A NULL value means that memory is out. */
struct json_member {
	const char *key;
	json_t *value;
};
#define JSON_LEFT_OUT ""
#define JSON_MEMBERS(...) ((const struct json_member[]){ __VA_ARGS__, { NULL, NULL } })

/** json_object_of() - an object of @members, in their order */
json_t *json_object_of(const struct json_member *members);

/** json_event() - an object of the keys "schema" and "event", then @members */
json_t *json_event(const char *event, const struct json_member *members);

/** json_line() - print an event on standard output, without a flush; for NULL, an error message on standard error */
void json_line(json_t *event);

/** json_clean() - a string with any bytes, cleaned as by clean_utf8(); JSON null for NULL */
json_t *json_clean(const char *text);

/** json_or_null() - as json_clean(), but JSON null also for "" */
json_t *json_or_null(const char *text);

/** json_number_or_null() - JSON null for a negative number, which means that it is not known */
json_t *json_number_or_null(int number);

/** json_texts() - an array of at most @n strings, each in a buffer of @size bytes; the first "" ends it */
json_t *json_texts(const char *first, size_t size, size_t n);

/** json_holder() - the process that uses a port; @command is "" if its name may not be read */
json_t *json_holder(pid_t pid, const char *command);

#endif
