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

/* One option of the command line: used by the parser, by --help, and by the tests of the manual page and of the shell
 * completion */
struct option_row {
	const char *name;     /* long name, without "--" */
	char letter;	      /* short name; 0: none */
	int modes;	      /* the modes in which the option is accepted: a bit 1 << mode for each */
	const char *fallback; /* the default value that --help shows; NULL: it shows none */
	const char *help;
	const char *argument; /* name of the argument in --help; NULL: the option takes no argument */
	/* Puts the option's argument @arg into the request @o; NULL: the option takes no argument. Return: 0; -EINVAL:
	 * refused, and @c says why */
	int (*set)(const struct option_row *row, const char *arg, struct request *o, struct complaint *c);
	size_t field; /* offset of the member of struct request that set() fills */
	size_t count; /* repeatable option: offset of the member that counts its arguments */
	/* The range of a number, or of a time in ms. Repeatable option: @max is how often it may be given. Option that
	 * selects a mode: how many arguments the mode takes. */
	int min, max;
	enum request_mode mode; /* the mode that the option selects */
	const char *wants;	/* the arguments that the mode takes, in words; NULL: it ignores all arguments */
};

/* The table of options. In its last row the name is NULL. */
extern const struct option_row option_rows[];

/**
 * options_range() - the range of an option's number, such as "300 to 4000000", or of its time in seconds
 * Return: a text that is valid until the next call; NULL: the option has no range.
 */
const char *options_range(const struct option_row *row);

/**
 * options_parse() - parse the command line into a request
 * @ret:       written on success and with -ENOENT; its texts are in argv and the environment, and are not copied
 * @err, @cap: on failure a sentence that names the option and its argument
 *
 * Return: 0; -EINVAL: usage error; -ENOENT: no PORT was given and $ESPTOOL_PORT is not set.
 */
int options_parse(int argc, char **argv, struct request *ret, char *err, size_t cap);

/**
 * options_duration() - convert a time such as "0.5", "20ms" or "3s" into milliseconds, rounded up
 * Return: 0; -EINVAL: the text is no time, or is negative or more than 24 h.
 */
int options_duration(const char *text, int *ret_ms);

/** options_help() - print the text of --help */
void options_help(FILE *out);

#endif
