/* options.h - parses the command line, by one table of options, into a struct request.
 *
 *	r = options_parse(argc, argv, &request, why, sizeof(why));
 */
#ifndef ESPRESET_CLI_OPTIONS_H
#define ESPRESET_CLI_OPTIONS_H

#include <stddef.h>
#include <stdio.h>

#include "run/request.h"

struct complaint;

/* One option: for the parser, --help, and the tests of the manual and the completion */
struct option_row {
	const char *name;     /* long name, without "--" */
	char letter;	      /* short name; 0: none */
	int modes;	      /* bit set of the enum request_mode that the option is accepted in */
	const char *fallback; /* the default, for --help; NULL: none is shown */
	const char *help;
	const char *argument; /* name of the argument in --help; NULL: the option takes none */
	/* Puts the argument (NULL: none) into the request. Return: 0, or -EINVAL with a complaint. */
	int (*set)(const struct option_row *row, const char *arg, struct request *o, struct complaint *c);
	size_t field; /* offset in struct request of the member that set() fills */
	size_t count; /* offset of the member that counts the texts of a repeatable option */
	int min, max; /* range of a number, or of a time in ms; max texts of a list; PORTs that a mode takes */
	enum request_mode mode; /* the mode that the option selects */
	const char *wants;	/* which PORTs that mode takes, in words; NULL: the mode ignores all else (--help) */
};

/* Ends with a row without a name. */
extern const struct option_row option_rows[];

/** options_range() - "300 to 4000000", of a time in seconds "0.001 to 10"; NULL: none. Valid until the next call */
const char *options_range(const struct option_row *row);

/**
 * options_parse() - argv into *ret, whose texts are borrowed from argv and the environment
 * @ret:       written on success and with -ENOENT
 * @err, @cap: on failure a sentence that names the option and its argument
 *
 * Return: 0; -EINVAL: usage error; -ENOENT: no PORT was given and $ESPTOOL_PORT is not set.
 */
int options_parse(int argc, char **argv, struct request *ret, char *err, size_t cap);

/** options_duration() - "0.5", "20ms", "3s" in ms, rounded up. Return: 0; -EINVAL: invalid, negative, more than 24 h */
int options_duration(const char *text, int *ret_ms);

/** options_help() - print --help */
void options_help(FILE *out);

#endif
