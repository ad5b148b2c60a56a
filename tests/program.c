/* program.c - runs espreset, and collects its exit status and what it writes to standard output and standard error. */
#include "program.h"

#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIMIT_S 120

const char *program_path(void)
{
	const char *path = getenv("ESPRESET");

	if (path)
		return path;
	ck_assert_int_eq(setenv("ESPRESET", "build/espreset", 1), 0);
	return "build/espreset";
}

static void read_some(int *fd, char *buf, size_t *used)
{
	ssize_t n = read(*fd, buf + *used, PROGRAM_OUTPUT_MAX - 1 - *used);

	if (n <= 0) {
		close(*fd);
		*fd = -1;
	} else {
		*used += (size_t)n;
		ck_assert_uint_lt(*used, PROGRAM_OUTPUT_MAX - 1);
	}
	buf[*used] = '\0';
}

static void read_all(struct program *p, int out, int err, pid_t pid)
{
	size_t n_out = 0, n_err = 0;

	p->out[0] = p->err[0] = '\0';
	while (out >= 0 || err >= 0) {
		struct pollfd fds[] = { { out, POLLIN, 0 }, { err, POLLIN, 0 } };

		if (poll(fds, 2, LIMIT_S * 1000) <= 0) {
			kill(-pid, SIGKILL);
			ck_abort_msg("did not end within %d s", LIMIT_S);
		}
		if (fds[0].revents)
			read_some(&out, p->out, &n_out);
		if (fds[1].revents)
			read_some(&err, p->err, &n_err);
	}
}

void program_shell(struct program *p, const char *command)
{
	int out[2], err[2], status;
	pid_t pid;

	(void)program_path();
	ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(err, O_CLOEXEC), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		setpgid(0, 0);
		dup2(out[1], 1);
		dup2(err[1], 2);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	close(out[1]);
	close(err[1]);
	read_all(p, out[0], err[0], pid);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	p->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	p->status = p->signal ? 128 + p->signal : WEXITSTATUS(status);
}

void program_run(struct program *p, const char *args)
{
	char command[4096];

	snprintf(command, sizeof(command), "\"$ESPRESET\" %s", args);
	program_shell(p, command);
}

#define SIDE_BY_SIDE 16

struct running {
	pid_t pid;
	int out, err;
};

static struct running start_to_files(const char *args)
{
	char command[4096], out[] = "/tmp/espreset-out-XXXXXX", err[] = "/tmp/espreset-err-XXXXXX";
	struct running r = { .out = mkostemp(out, O_CLOEXEC), .err = mkostemp(err, O_CLOEXEC) };

	ck_assert_int_ge(r.out, 0);
	ck_assert_int_ge(r.err, 0);
	unlink(out);
	unlink(err);
	snprintf(command, sizeof(command), "\"$ESPRESET\" %s", args);
	r.pid = fork();
	ck_assert_int_ge(r.pid, 0);
	if (r.pid == 0) {
		dup2(r.out, 1);
		dup2(r.err, 2);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	return r;
}

static void read_back(int fd, char *buf)
{
	ssize_t n = pread(fd, buf, PROGRAM_OUTPUT_MAX - 1, 0);

	ck_assert_int_ge(n, 0);
	buf[n] = '\0';
	close(fd);
}

static void collect(const struct running *r, struct program *p)
{
	int status;

	ck_assert_int_eq(waitpid(r->pid, &status, 0), r->pid);
	p->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	p->status = p->signal ? 128 + p->signal : WEXITSTATUS(status);
	read_back(r->out, p->out);
	read_back(r->err, p->err);
}

void program_batch(size_t n, const char *(*args)(size_t i), void (*each)(size_t i, const struct program *p))
{
	static struct program p;
	struct running running[SIDE_BY_SIDE];

	(void)program_path();
	for (size_t started = 0, ended = 0; ended < n; ended++) {
		for (; started < n && started < ended + SIDE_BY_SIDE; started++)
			running[started % SIDE_BY_SIDE] = start_to_files(args(started));
		collect(&running[ended % SIDE_BY_SIDE], &p);
		each(ended, &p);
	}
}

static void check_stream(const struct program_row *row, const char *name, const char *part, const char *text)
{
	ck_assert_msg(part ? strstr(text, part) != NULL : !*text, "espreset %s: standard %s:\n%s", row->args, name,
		      text);
	for (; *text; text++)
		ck_assert_msg((unsigned char)*text >= ' ' || *text == '\n', "espreset %s: byte %02x on standard %s",
			      row->args, (unsigned char)*text, name);
}

void program_check(const struct program_row *row, const struct program *p)
{
	ck_assert_msg(p->status == row->status, "espreset %s: status %d\n%s%s", row->args, p->status, p->out, p->err);
	check_stream(row, "output", row->out, p->out);
	check_stream(row, "error", row->err, p->err);
}

static const struct program_row *table;

static const char *table_args(size_t i)
{
	return table[i].args;
}

static void table_check(size_t i, const struct program *p)
{
	program_check(&table[i], p);
}

void program_table(const struct program_row *rows, size_t n)
{
	table = rows;
	program_batch(n, table_args, table_check);
}

/* Blocks all signals before fork(), because the child inherits the test's signal handlers, and these must not run in
 * it. The child resets the handlers to their defaults, and only then accepts signals again. */
pid_t program_start(char *const argv[], int out_fd)
{
	sigset_t all, before;
	pid_t pid;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = fork();
	if (pid == 0) {
		static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

		for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
			signal(signals[i], SIG_DFL);
		sigprocmask(SIG_SETMASK, &before, NULL);
		if (out_fd >= 0)
			dup2(out_fd, 1);
		execv(program_path(), argv);
		_exit(127);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	ck_assert_int_ge(pid, 0);
	return pid;
}
