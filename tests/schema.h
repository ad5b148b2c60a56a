/* schema.h - checks JSON output of espreset against docs/espreset.schema.json. */
#ifndef ESPRESET_TEST_SCHEMA_H
#define ESPRESET_TEST_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

/**
 * schema_check() - is @line one JSON object that the schema allows?
 * @why: buffer of @cap bytes; if the function returns false, it receives the reason
 */
bool schema_check(const char *line, char *why, size_t cap);

/**
 * schema_check_lines() - is each text line of @text one JSON object that the schema allows?
 * @why: buffer of @cap bytes; if the function returns -1, it receives the reason
 *
 * Return: the number of text lines if the schema allows all of them; -1 if it forbids one, or if @text is empty.
 */
int schema_check_lines(const char *text, char *why, size_t cap);

#endif
