/* request.h - what the user asked for: filled by the command line (cli/options.h), read by everything below it. */
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

/* Strings are borrowed from argv and the environment. */
struct request {
	enum request_mode mode;
	uint64_t given;			     /* options, a bit for each row of option_rows (cli/options.h) */
	const char *args[REQUEST_PORTS_MAX]; /* without an option, and of --port, as written */
	size_t n_args;
	struct spec ports[REQUEST_PORTS_MAX]; /* those of them that are PORTs */
	size_t n_ports;
	const char *file; /* --decode: the FILE; NULL: standard input */
	const char *name; /* --enroll: the NAME */
	struct session_config session;
	bool sequence_given;
	char sequence_from[128]; /* the esptool.cfg that session.sequence came from; "" */
	int wait_ms;
	bool no_lock;
	bool recover;
	const char *capture;
	bool json, quiet, verbose;
	const char *expect[REQUEST_PATTERNS_MAX];
	size_t n_expect;
	const char *fail_on[REQUEST_PATTERNS_MAX];
	size_t n_fail_on;
	bool print_match;
	const char *firmware;
	const char *ota;
	const char *ota_dry_run;
	bool if_needed;
	const char *state_file;
};

#endif
