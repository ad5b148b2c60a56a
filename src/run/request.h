/* request.h - what the user asked for: filled in by cli/options.h, read by the rest of the program. */
#ifndef ESPRESET_RUN_REQUEST_H
#define ESPRESET_RUN_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "port/spec.h"
#include "session/session.h"

#define REQUEST_PORTS_MAX 256
#define REQUEST_PATTERNS_MAX 16

enum request_mode {
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

/* Strings are borrowed from argv and the environment; NULL: not given. */
struct request {
	enum request_mode mode;
	/* bit set of the options given; the bit's number is the option's index in option_rows[] (cli/options.c) */
	uint64_t given;
	const char *args[REQUEST_PORTS_MAX]; /* operands and arguments of --port, as the user wrote them */
	size_t n_args;
	struct spec ports[REQUEST_PORTS_MAX]; /* the PORTs among args, parsed */
	size_t n_ports;
	const char *file; /* FILE of --decode; NULL: standard input */
	const char *name; /* NAME of --enroll */
	struct session_config session;
	bool sequence_given; /* --sequence was given, so esptool.cfg is not read */
	/* path of the esptool.cfg from which session.sequence was read; "": it was not read from a file */
	char sequence_from[128];
	int wait_ms;
	bool no_lock, recover;
	bool json, quiet, verbose;
	const char *capture;
	const char *expect[REQUEST_PATTERNS_MAX], *fail_on[REQUEST_PATTERNS_MAX];
	size_t n_expect, n_fail_on;
	bool print_match, if_needed;
	const char *firmware;
	const char *ota, *ota_dry_run;
	const char *state_file;
};

#endif
