/* options.h - the command line: one table of options, parsed strictly into one structure. */
#ifndef ESPRESET_CLI_OPTIONS_H
#define ESPRESET_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "session/session.h"

#define OPTIONS_PORTS_MAX 256
#define OPTIONS_PATTERNS_MAX 16

enum options_mode {
	MODE_RESET,
	MODE_DECODE,
	MODE_LIST,
	MODE_DIAGNOSE,
	MODE_PROBE_WIRING,
	MODE_ENROLL,
	MODE_SIM_HELP,
	MODE_FIRMWARE_LIST,
	MODE_HELP,
	MODE_VERSION,
};

/* Strings are borrowed from argv and the environment. */
struct options {
	enum options_mode mode;
	const char *ports[OPTIONS_PORTS_MAX];	/* PORTs; --decode: the FILE; --enroll: PORT and NAME */
	size_t n_ports;
	struct session_config session;
	bool sequence_given;
	char sequence_from[128];	/* the esptool.cfg that session.sequence came from; "" */
	int wait_ms;
	bool no_lock;
	bool recover;
	const char *capture;
	bool json, quiet, verbose;
	const char *expect[OPTIONS_PATTERNS_MAX];
	size_t n_expect;
	const char *fail_on[OPTIONS_PATTERNS_MAX];
	size_t n_fail_on;
	bool print_match;
	const char *firmware;
	const char *ota;
	const char *ota_dry_run;
	bool if_needed;
	const char *state_file;
};

/* One row of the table that the parser, --help and the tests of manual and completion share. */
struct option_row {
	const char *name;	/* long name */
	char letter;		/* short name or 0 */
	const char *argument;	/* its name in --help; NULL: none */
	const char *fallback;	/* default, for --help; NULL */
	int modes;		/* a bit for each enum options_mode that it means something in */
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
int options_parse(int argc, char **argv, struct options *ret, char *err, size_t cap);

/**
 * options_duration() - "0.5", "20ms", "3s" in milliseconds
 * Return: 0, or -EINVAL: rubbish, negative, more than 24 h.
 */
int options_duration(const char *text, int *ret_ms);

void options_help(FILE *out);

#endif
