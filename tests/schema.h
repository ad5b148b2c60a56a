/* schema.h - checks JSON against docs/espreset.schema.json: the part of JSON Schema that it uses. */
#ifndef ESPRESET_TEST_SCHEMA_H
#define ESPRESET_TEST_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

/**
 * schema_check() - one line of JSON
 * @why: on failure, what does not fit
 * Return: whether it is one valid object after the schema.
 */
bool schema_check(const char *line, char *why, size_t cap);

/** schema_check_lines() - each line of @text; at least one. Return: the number of lines, -1: one does not fit */
int schema_check_lines(const char *text, char *why, size_t cap);

#endif
