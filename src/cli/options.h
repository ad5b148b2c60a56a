/* options.h - the command line: one table of options, parsed strictly into a struct request. */
#ifndef ESPRESET_CLI_OPTIONS_H
#define ESPRESET_CLI_OPTIONS_H

#include <stddef.h>
#include <stdio.h>

#include "run/request.h"

/* One row of the table that the parser, --help and the tests of manual and completion share. */
struct option_row {
	const char *name;	/* long name */
	char letter;		/* short name or 0 */
	const char *argument;	/* its name in --help; NULL: none */
	const char *fallback;	/* default, for --help; NULL */
	int modes;		/* a bit for each enum request_mode that it means something in */
	const char *help;
};

/** options_table() - Return: static rows, ended by one without a name */
const struct option_row *options_table(void);

/**
 * options_parse() - argv into *ret
 * @err, @cap: on failure a sentence that names the option and the text
 *
 * Return: 0; -EINVAL: usage error; -ENOENT: no PORT was given and $ESPTOOL_PORT is not set.
 */
int options_parse(int argc, char **argv, struct request *ret, char *err, size_t cap);

/**
 * options_duration() - "0.5", "20ms", "3s" in milliseconds
 * Return: 0, or -EINVAL: rubbish, negative, more than 24 h.
 */
int options_duration(const char *text, int *ret_ms);

void options_help(FILE *out);

#endif
