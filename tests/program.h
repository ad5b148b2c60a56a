/* program.h - runs espreset as a shell would, and collects status, output and errors.
 *
 * The program is $ESPRESET, by default build/espreset.
 */
#ifndef ESPRESET_TEST_PROGRAM_H
#define ESPRESET_TEST_PROGRAM_H

#include <stddef.h>
#include <sys/types.h>

#define PROGRAM_OUTPUT_MAX (256 * 1024)

struct program {
	int status; /* exit status, or 128 + number of the signal that ended the program */
	int signal; /* number of the signal that ended the program; 0: it exited */
	char out[PROGRAM_OUTPUT_MAX];
	char err[PROGRAM_OUTPUT_MAX];
};

/**
 * program_run() - run `espreset ARGS...` in a shell, so that ARGS may redirect and pipe
 * @args: the command line behind the program's name
 *
 * Fails the test if the program does not end within two minutes.
 */
void program_run(struct program *p, const char *args);

/**
 * program_batch() - run @n command lines, eight at a time, because they mostly wait for simulated boards
 * @args: gives command line number @i, without the program's name
 * @each: called for each command line in order, with its result
 */
void program_batch(size_t n, const char *(*args)(size_t i), void (*each)(size_t i, const struct program *p));

/* A command line and its expected result. */
struct program_row {
	const char *args;
	int status;
	/* text that standard output and error must contain; NULL: must be empty, "": may be anything */
	const char *out, *err;
};

/** program_check() - fail the test unless @p is the result that @row expects, without control characters */
void program_check(const struct program_row *row, const struct program *p);

/** program_table() - run and check all rows, eight at a time */
void program_table(const struct program_row *rows, size_t n);

/** program_shell() - run a shell command, in which $ESPRESET is the program */
void program_shell(struct program *p, const char *command);

/**
 * program_start() - start espreset in the background, without a shell, with standard output to @out_fd (-1: inherited).
 * Return: its pid.
 */
pid_t program_start(char *const argv[], int out_fd);

/* program_path() - path of the program; sets $ESPRESET if it is not set */
const char *program_path(void);

#endif
