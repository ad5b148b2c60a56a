/* schema.h - checks JSON against docs/espreset.schema.json. */
#ifndef ESPRESET_TEST_SCHEMA_H
#define ESPRESET_TEST_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

/**
 * schema_check() - check one text line
 * @why: set on failure: what does not fit
 *
 * Return: whether @line is one JSON object that the schema allows.
 */
bool schema_check(const char *line, char *why, size_t cap);

/**
 * schema_check_lines() - check each text line of @text. Return: the number of text lines; -1: one does not fit, see
 * @why.
 */
int schema_check_lines(const char *text, char *why, size_t cap);

#endif
