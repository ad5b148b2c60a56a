/* options.h - the command line: one table of options, parsed strictly into a struct request. */
#ifndef ESPRESET_CLI_OPTIONS_H
#define ESPRESET_CLI_OPTIONS_H

#include <stddef.h>
#include <stdio.h>

#include "run/request.h"

struct complaint;

/* One row of the table that the parser, --help and the tests of manual and completion share. */
struct option_row {
	const char *name;     /* long name */
	char letter;	      /* short name or 0 */
	int modes;	      /* a bit for each enum request_mode that it means something in */
	const char *fallback; /* default, for --help; NULL */
	const char *help;
	const char *argument; /* its name in --help; NULL: none */
	/* Puts the argument (NULL: none) into the request. Return: 0, or -EINVAL with a complaint. */
	int (*set)(const struct option_row *row, const char *arg, struct request *o, struct complaint *c);
	size_t field, count;	/* offsets in struct request: what set() fills; how many texts a list holds */
	int min, max;		/* a number, a time in milliseconds; how many texts a list, or PORTs a mode, takes */
	enum request_mode mode; /* that it selects */
	const char *wants;	/* which PORTs that mode takes, in words */
};

/** options_table() - Return: static rows, ended by one without a name */
const struct option_row *options_table(void);

/** options_range() - "300 to 4000000", of a time in seconds "0.001 to 10"; NULL: neither. Good until the next call. */
const char *options_range(const struct option_row *row);

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
