/* json.h - reports for programs: JSON Lines after docs/espreset.schema.json. */
#ifndef ESPRESET_JSON_H
#define ESPRESET_JSON_H

#include <jansson.h>

#include "report/report.h"

void json_note(const char *port, const struct session_note *note);
void json_wiring(const char *port, const struct report_wiring *wiring);
void json_match(const char *port, const struct report_match *match);
void json_result(const char *port, const struct report_result *result);

/** json_clean() - a string of foreign bytes. Return: a new reference, JSON null for NULL. */
json_t *json_clean(const char *text);
json_t *json_clean_n(const char *text, size_t n);

/** json_or_null() - json_clean(), but null for "" */
json_t *json_or_null(const char *text);

/** json_number_or_null() - null for -1 */
json_t *json_number_or_null(int number);

/** json_boot() - the keys of a "boot" event, without port, file and line; time as at_ms */
json_t *json_boot(const struct boot *boot, int64_t at_ms, const char *temperature);

/** json_line() - print one event on standard output, unflushed; takes the reference; NULL: out of memory, said
 * on standard error */
void json_line(json_t *event);

#endif
