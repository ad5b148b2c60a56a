/* program.h - runs espreset, and collects its exit status and what it writes to standard output and standard error.
 *
 * The environment variable ESPRESET is the path of the program; if it is not set, the path is build/espreset.
 */
#ifndef ESPRESET_TEST_PROGRAM_H
#define ESPRESET_TEST_PROGRAM_H

#include <stddef.h>
#include <sys/types.h>

#define PROGRAM_OUTPUT_MAX (256 * 1024)

struct program {
	int status; /* exit status of the program; if a signal has ended it, 128 + the signal's number */
	int signal; /* number of the signal that has ended the program; 0: it has ended by exit() */
	char out[PROGRAM_OUTPUT_MAX];
	char err[PROGRAM_OUTPUT_MAX];
};

/**
 * program_run() - run `espreset ARGS...` in a shell, and wait for its end
 * @args: what follows the program's name in the command line; may contain redirections and pipes
 *
 * The test fails if the program prints nothing for two minutes and does not end.
 */
void program_run(struct program *p, const char *args);

/**
 * program_batch() - run espreset @n times, each time with another command line. Up to 16 run at the same time,
 *		     because espreset mostly waits for the simulated board.
 * @args: returns command line number @i, counted from 0, without the program's name
 * @each: called with the result @p of each command line, in the order of their numbers
 */
void program_batch(size_t n, const char *(*args)(size_t i), void (*each)(size_t i, const struct program *p));

/* A command line of espreset, without the program's name, and the result that it must have. */
struct program_row {
	const char *args;
	int status;
	/* a text that standard output (out) or standard error (err) must contain; NULL: nothing may be written there;
	 * "": anything may be written there */
	const char *out, *err;
};

/** program_check() - the test fails unless @p is the result that @row expects, and contains no control characters */
void program_check(const struct program_row *row, const struct program *p);

/** program_table() - run espreset with the command line of each row, 16 at the same time, and check each result */
void program_table(const struct program_row *rows, size_t n);

/** program_shell() - run @command in a shell, and wait for its end. The command can run espreset as "$ESPRESET". */
void program_shell(struct program *p, const char *command);

/**
 * program_start() - start espreset without a shell, and do not wait for its end
 * @out_fd: becomes the standard output of espreset; -1: espreset inherits the standard output of the test
 *
 * Return: the process ID.
 */
pid_t program_start(char *const argv[], int out_fd);

/* program_path() - the path of espreset; also sets the environment variable ESPRESET to it, unless it is set already */
const char *program_path(void);

#endif
