/* schema.h - checks JSON output of espreset against docs/espreset.schema.json. */
#ifndef ESPRESET_TEST_SCHEMA_H
#define ESPRESET_TEST_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

/**
 * schema_check() - is @line one JSON object that the schema allows?
 * @why: buffer of @cap bytes; if the answer is no, receives the reason
 *
 * Return: true if it is.
 */
bool schema_check(const char *line, char *why, size_t cap);

/**
 * schema_check_lines() - is each text line of @text one JSON object that the schema allows?
 * @why: buffer of @cap bytes; if the answer is no, receives the reason
 *
 * Return: the number of text lines if all of them are; -1 if one is not, or if there is none.
 */
int schema_check_lines(const char *text, char *why, size_t cap);

#endif
