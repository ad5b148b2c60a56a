/* program.h - runs the program itself, as a user's shell does, and brings back status, output, errors. */
#ifndef ESPRESET_TEST_PROGRAM_H
#define ESPRESET_TEST_PROGRAM_H

#include <stddef.h>
#include <sys/types.h>

#define PROGRAM_OUTPUT_MAX (256 * 1024)

struct program {
	int status; /* exit status, or 128 + signal */
	int signal; /* that it died of; 0 */
	char out[PROGRAM_OUTPUT_MAX];
	char err[PROGRAM_OUTPUT_MAX];
};

/**
 * program_run() - `espreset ARGS...` by sh, so that ARGS may redirect and pipe
 * @args: what stands after the program's name
 *
 * The program is $ESPRESET, or build/espreset. Fails the test when it does not end within two minutes.
 */
void program_run(struct program *p, const char *args);

/**
 * program_batch() - many command lines, some side by side: simulated boards take their time, not the processor's
 * @each: called for every one in order, with what came of it
 */
void program_batch(size_t n, const char *(*args)(size_t i), void (*each)(size_t i, const struct program *p));

/* A command line and what must come of it. */
struct program_row {
	const char *args;
	int status;
	const char *out, *err; /* part of what the stream gets; NULL: nothing, "": anything */
};

/** program_check() - fails the test unless @p, the run of @row, went as it says and printed no control character */
void program_check(const struct program_row *row, const struct program *p);

/** program_table() - runs and checks every row, some side by side */
void program_table(const struct program_row *rows, size_t n);

/** program_shell() - a whole shell command in which $ESPRESET is the program */
void program_shell(struct program *p, const char *command);

/** program_start() - the program itself in the background, without a shell. Return: its pid */
pid_t program_start(char *const argv[], int out_fd);

const char *program_path(void);

#endif
