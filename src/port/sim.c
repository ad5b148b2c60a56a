/* sim.c - a simulated board behind a port: starts espreset-sim and speaks to it over a socket. */
#include "port/sim.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "port/wait.h"
#include "sim/protocol.h"

#define KEPT 65536     /* input that came while a request was on its way */
#define REPLY_MS 20000 /* longer than any driver's time-out: the process is broken */

struct sim_port {
	struct port port;
	int sock;
	const struct port_stop *stop;
	unsigned int lines; /* SIM_DTR, SIM_RTS as last set */
	bool gone;
	size_t kept_at, kept;
	uint8_t buffer[KEPT];
};

static struct sim_port *sim_port_of(struct port *port)
{
	return (struct sim_port *)(void *)port;
}

/* ---- the other program ---- */

#define PROGRAM "espreset-sim"
#define CHECK_MS 3000 /* parsing takes milliseconds: longer means that the program is broken */

/* This program's own path. Return: 0 or negative errno. */
static int own_path(char path[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 1);
	const char *started_as;

	if (n >= 0) {
		path[n] = '\0';
		return 0;
	}
	/* no /proc, as in a bare chroot */
	started_as = (const char *)getauxval(AT_EXECFN);
	return started_as && realpath(started_as, path) ? 0 : -ENOENT;
}

/* espreset-sim lies beside espreset, in a build tree and where both are installed. */
static int find_program(char path[PATH_MAX], char *err, size_t cap)
{
	int r = own_path(path);
	char *slash = r < 0 ? NULL : strrchr(path, '/');

	if (slash && (size_t)(slash + 1 - path) + sizeof(PROGRAM) <= PATH_MAX) {
		memcpy(slash + 1, PROGRAM, sizeof(PROGRAM));
		r = access(path, X_OK) < 0 ? -errno : 0;
	} else if (r == 0) {
		r = -ENAMETOOLONG;
	}
	if (r < 0)
		snprintf(err, cap,
			 "a simulated board needs the program %s: %s; it is built and installed together with espreset",
			 slash ? path : PROGRAM, strerror(-r));
	return r;
}

static _Noreturn void exec_program(const char *path, const char *verb, const char *words)
{
	execl(path, PROGRAM, verb, words, (char *)NULL);
	_exit(127);
}

/* One line, until its end or the pipe's, as much of it as fits. Return: 0 or negative errno. */
static int sim_read_line(int fd, const struct port_stop *stop, char *text, size_t cap)
{
	int64_t deadline = wait_now_ms() + CHECK_MS;
	size_t used = 0;

	for (;;) {
		struct pollfd waits = { .fd = fd, .events = POLLIN };
		int r = wait_poll(&waits, 1, deadline, stop);
		ssize_t n = r < 0 ? 0 : read(fd, text + used, 1);

		if (r < 0)
			return r;
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || text[used] == '\n' || used + 1 == cap)
			break;
		used++;
	}
	text[used] = '\0';
	return 0;
}

/* Return: the exit status, or negative errno; -ECHILD: SIGCHLD is ignored, and the status not known. */
static int wait_for_exit(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -EIO;
}

/* The line that espreset-sim says of the words. Return: 0 or negative errno. */
static int ask_for_check(const char *path, const char *words, const struct port_stop *stop, char *text, size_t cap)
{
	int fds[2], r;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid == 0) {
		(void)dup2(fds[1], STDOUT_FILENO); /* where that fails, no line comes, which is an error */
		exec_program(path, "check", words);
	}
	r = pid < 0 ? -errno : 0;
	close(fds[1]);
	if (r == 0) {
		r = sim_read_line(fds[0], stop, text, cap);
		(void)kill(pid, SIGKILL); /* it has answered, or will not: do not wait until it exits by itself */
		(void)wait_for_exit(pid);
	}
	close(fds[0]);
	return r == 0 && !text[0] ? -EIO : r;
}

int sim_port_check(const char *words, const struct port_stop *stop, char *err, size_t cap)
{
	char path[PATH_MAX];
	int r = find_program(path, err, cap);

	if (r < 0)
		return r;
	r = ask_for_check(path, words, stop, err, cap);
	if (r == -EIO)
		snprintf(err, cap, "%s gives no answer: is it the program that was built together with espreset?",
			 path);
	else if (r < 0)
		snprintf(err, cap, "%s: %s", path, strerror(-r));
	else if (strcmp(err, "ok") != 0)
		r = -EINVAL;
	return r;
}

int sim_port_help(char *err, size_t cap)
{
	char path[PATH_MAX];
	int r = find_program(path, err, cap);

	if (r < 0)
		return r;
	execl(path, PROGRAM, "help", (char *)NULL);
	r = -errno;
	snprintf(err, cap, "%s: %s", path, strerror(-r));
	return r;
}

/* Its end of the socket becomes the descriptor that the program expects. */
static _Noreturn void become_simulator(int sock, const char *path, const char *words)
{
	if (sock == SIM_SOCKET ? fcntl(sock, F_SETFD, 0) < 0 : dup2(sock, SIM_SOCKET) < 0)
		_exit(127);
	exec_program(path, "board", words);
}

/* Fork twice: the board is nobody's child, and leaves nobody a zombie. */
static int start_board(int sock, const char *path, const char *words)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return -ENOMEM; /* EAGAIN, of a limit of processes, would be taken for a busy port */
	if (pid == 0) {
		(void)setsid(); /* cannot fail: a new process leads no group */
		pid = fork();
		if (pid == 0)
			become_simulator(sock, path, words);
		_exit(pid < 0);
	}
	status = wait_for_exit(pid);
	return status == 0 || status == -ECHILD ? 0 : -ENOMEM; /* the second fork failed */
}

/* ---- packets ---- */

/* Data that comes is kept as far as there is room: a full tty loses what is new, too. */
static void sim_keep(struct sim_port *sp, const struct sim_packet *packet)
{
	size_t n = (size_t)packet->result;

	if (sp->kept_at == sp->kept)
		sp->kept_at = sp->kept = 0;
	if (n > KEPT - sp->kept)
		return;
	memcpy(sp->buffer + sp->kept, packet->data, n);
	sp->kept += n;
}

/* One packet, if there is one. Return: 1 a reply, 0 anything else, or negative errno. */
static int take_packet(struct sim_port *sp, int *ret_result)
{
	struct sim_packet packet;
	ssize_t n = recv(sp->sock, &packet, sizeof(packet), MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -ENODEV;
	if (n < (ssize_t)SIM_PACKET_HEAD) { /* the board's process has ended */
		sp->gone = true;
		return -ENODEV;
	}
	if (packet.kind == SIM_DATA && (packet.result < 0 || n - (ssize_t)SIM_PACKET_HEAD != packet.result))
		return 0;
	switch (packet.kind) {
	case SIM_REPLY: *ret_result = packet.result; return 1;
	case SIM_DATA: sim_keep(sp, &packet); return 0;
	default: sp->gone = true; return 0;
	}
}

/* Signals stay out: a control transfer cannot be interrupted on a real port, either. */
static int sim_ask(struct sim_port *sp, const struct sim_request *request)
{
	int64_t deadline = wait_now_ms() + REPLY_MS;
	int r, result = 0;

	if (send(sp->sock, request, sizeof(*request), MSG_NOSIGNAL) < 0)
		return -ENODEV;
	for (;;) {
		struct pollfd fd = { .fd = sp->sock, .events = POLLIN };

		r = wait_poll(&fd, 1, deadline, NULL);
		if (r < 0)
			return r;
		r = take_packet(sp, &result);
		if (r)
			return r < 0 ? r : result;
	}
}

static int set_lines(struct port *port, unsigned int mask, unsigned int on)
{
	struct sim_port *sp = sim_port_of(port);
	struct sim_request request = { .kind = SIM_ASK_LINES };

	if (mask & PORT_DTR)
		sp->lines = (sp->lines & ~(unsigned int)SIM_DTR) | (on & PORT_DTR ? SIM_DTR : 0);
	if (mask & PORT_RTS)
		sp->lines = (sp->lines & ~(unsigned int)SIM_RTS) | (on & PORT_RTS ? SIM_RTS : 0);
	request.lines = sp->lines;
	return sim_ask(sp, &request);
}

static int sim_set_speed(struct port *port, int baud)
{
	return sim_ask(sim_port_of(port), &(struct sim_request){ .kind = SIM_ASK_SPEED, .value = baud });
}

static ssize_t take_kept(struct sim_port *sp, void *buf, size_t cap)
{
	size_t n = sp->kept - sp->kept_at;

	if (n > cap)
		n = cap;
	memcpy(buf, sp->buffer + sp->kept_at, n);
	sp->kept_at += n;
	return (ssize_t)n;
}

static ssize_t read_input(struct port *port, void *buf, size_t cap, int64_t deadline_ms)
{
	struct sim_port *sp = sim_port_of(port);
	const struct port_stop *stop = sp->lines ? NULL : sp->stop;

	for (;;) {
		bool ready = sp->kept_at < sp->kept || sp->gone;
		struct pollfd fd = { .fd = sp->sock, .events = POLLIN };
		int unasked, r = wait_poll(&fd, 1, ready ? 0 : deadline_ms, stop);

		if (r == -ECANCELED)
			return r;
		if (sp->kept_at < sp->kept)
			return take_kept(sp, buf, cap);
		if (sp->gone)
			return -ENODEV;
		if (r < 0)
			return r;
		r = take_packet(sp, &unasked);
		if (r < 0)
			return r;
	}
}

/* Until it has been quiet for 5 ms, 50 ms at most: as a real port's close must. */
static void sim_drain(struct sim_port *sp)
{
	int64_t end = wait_now_ms() + 50;
	int unasked;

	while (!sp->gone && wait_now_ms() < end) {
		struct pollfd fd = { .fd = sp->sock, .events = POLLIN };

		if (wait_poll(&fd, 1, wait_now_ms() + 5, NULL) < 0 || take_packet(sp, &unasked) < 0)
			break;
		sp->kept_at = sp->kept = 0;
	}
}

static int close_port(struct port *port)
{
	struct sim_port *sp = sim_port_of(port);
	int r = set_lines(port, PORT_DTR | PORT_RTS, 0);

	sim_drain(sp);
	(void)sim_ask(sp, &(struct sim_request){ .kind = SIM_ASK_HUPCL, .value = 1 });
	(void)sim_ask(sp,
		      &(struct sim_request){ .kind = SIM_ASK_CLOSE }); /* close(2) of a tty reports nothing, either */
	close(sp->sock);
	free(sp);
	return r;
}

static const struct port_ops sim_ops = {
	.name = "sim",
	.set_lines = set_lines,
	.set_speed = sim_set_speed,
	.read = read_input,
	.close = close_port,
};

/* Return: our end of the socket, or negative errno. */
static int connect_board(const char *path, const char *words)
{
	int pair[2], r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	r = start_board(pair[1], path, words);
	close(pair[1]);
	if (r == 0)
		return pair[0];
	close(pair[0]);
	return r;
}

/* The socket is the port's, or closed. */
static int sim_open_port(int sock, int baud, const struct port_stop *stop, struct port **ret)
{
	struct sim_port *sp = malloc(sizeof(*sp));
	int r = -ENOMEM;

	if (sp) {
		memset(sp, 0, offsetof(struct sim_port, buffer));
		sp->port.ops = &sim_ops;
		sp->sock = sock;
		sp->stop = stop;
		sp->lines = SIM_DTR | SIM_RTS;
		r = sim_ask(sp, &(struct sim_request){ .kind = SIM_ASK_OPEN, .value = baud });
		if (r == -ENODEV)
			r = -ENOEXEC; /* it has ended without a word: no board was unplugged */
	}
	if (r < 0) {
		close(sock);
		free(sp);
		return r;
	}
	*ret = &sp->port;
	return 0;
}

int sim_port_open(const char *words, int baud, const struct port_stop *stop, struct port **ret)
{
	char path[PATH_MAX], err[PATH_MAX + 128];
	int r = find_program(path, err, sizeof(err));

	if (r == 0)
		r = connect_board(path, words);
	return r < 0 ? r : sim_open_port(r, baud, stop, ret);
}
