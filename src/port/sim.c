/* sim.c - implements port.h for a simulated board: starts espreset-sim and talks to it over a socket. */
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

#define BUFFER_MAX 65536 /* size of the buffer for input that arrives while espreset waits for a reply */
#define REPLY_MS 20000	 /* longest wait for a reply, more than any driver's time-out; then espreset-sim is broken */

struct sim_port {
	struct port port;
	int sock;
	const struct port_stop *stop;
	unsigned int lines;   /* asserted modem lines: SIM_DTR, SIM_RTS */
	bool gone;	      /* unplugged, or espreset-sim has ended */
	size_t kept_at, kept; /* unread input: from buffer[kept_at] to buffer[kept - 1] */
	uint8_t buffer[BUFFER_MAX];
};

static struct sim_port *sim_port_of(struct port *port)
{
	return (struct sim_port *)(void *)port;
}

/* ---- the program espreset-sim ---- */

#define PROGRAM "espreset-sim"
#define CHECK_MS 3000 /* time for espreset-sim to check the keywords of sim:WORDS; it needs milliseconds */

/* Finds espreset-sim in the directory of the running espreset, where both the build and the installation put it. If
 * there is no /proc, as in a bare chroot, takes the directory from the path by which espreset was started. */
static int find_program(char path[PATH_MAX], char *err, size_t cap)
{
	const char *started_as = (const char *)getauxval(AT_EXECFN);
	char *slash = NULL;
	int r = -ENOENT;

	if (realpath("/proc/self/exe", path) || (started_as && realpath(started_as, path)))
		slash = strrchr(path, '/');
	if (slash && (size_t)(slash + 1 - path) + sizeof(PROGRAM) <= PATH_MAX) {
		memcpy(slash + 1, PROGRAM, sizeof(PROGRAM));
		r = access(path, X_OK) < 0 ? -errno : 0;
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

static int wait_for_input(int fd, int64_t deadline_ms, const struct port_stop *stop)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	return wait_poll(&pfd, 1, deadline_ms, stop);
}

/* Reads from a pipe until the text line ends, the pipe ends or @text is full. Return: 0 or negative errno. */
static int sim_read_line(int fd, const struct port_stop *stop, char *text, size_t cap)
{
	int64_t deadline = wait_now_ms() + CHECK_MS;
	size_t used = 0;

	for (;;) {
		int r = wait_for_input(fd, deadline, stop);
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

/* Waits until a child process has ended. Return: its exit status, or negative errno; -ECHILD: the exit status is not
 * known, because SIGCHLD is ignored. */
static int wait_for_exit(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -EIO;
}

/* Runs "espreset-sim check WORDS" and reads the text line that it prints. Return: 0 or negative errno; -EIO:
 * espreset-sim has printed nothing. */
static int ask_for_check(const char *path, const char *words, const struct port_stop *stop, char *text, size_t cap)
{
	int fds[2], r;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid == 0) {
		/* if dup2() fails, no text line arrives, and ask_for_check() returns -EIO */
		(void)dup2(fds[1], STDOUT_FILENO);
		exec_program(path, "check", words);
	}
	r = pid < 0 ? -errno : 0;
	close(fds[1]);
	if (r == 0) {
		r = sim_read_line(fds[0], stop, text, cap);
		/* espreset-sim is not needed any more: it has printed its text line, or never will */
		(void)kill(pid, SIGKILL);
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

/* Called in the process of the simulated board: gives @sock the descriptor number that espreset-sim expects, and runs
 * espreset-sim. */
static _Noreturn void become_simulator(int sock, const char *path, const char *words)
{
	if (sock == SIM_SOCKET ? fcntl(sock, F_SETFD, 0) < 0 : dup2(sock, SIM_SOCKET) < 0)
		_exit(127);
	exec_program(path, "board", words);
}

/* Starts the process that simulates a board. Forks twice, so that this process is no child of espreset and leaves no
 * zombie. */
static int start_board(int sock, const char *path, const char *words)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return -ENOMEM; /* not fork()'s EAGAIN (too many processes), which would be reported as a busy port */
	if (pid == 0) {
		(void)setsid(); /* cannot fail: a forked process is no process group leader */
		pid = fork();
		if (pid == 0)
			become_simulator(sock, path, words);
		_exit(pid < 0);
	}
	status = wait_for_exit(pid);
	return status == 0 || status == -ECHILD ? 0 : -ENOMEM; /* exit status 1: the second fork() failed */
}

/* ---- packets and port operations ---- */

/* Appends received data to the buffer. If the buffer has too little room, the new data is lost, as in a tty. */
static void sim_keep(struct sim_port *sp, const struct sim_packet *packet)
{
	size_t n = (size_t)packet->result;

	if (sp->kept_at == sp->kept)
		sp->kept_at = sp->kept = 0;
	if (n > BUFFER_MAX - sp->kept)
		return;
	memcpy(sp->buffer + sp->kept, packet->data, n);
	sp->kept += n;
}

/* Handles the next packet, if one has arrived. Return: 1: it was a reply; 0: it was no reply, or none has arrived; else
 * negative errno. */
static int take_packet(struct sim_port *sp, int *ret_result)
{
	struct sim_packet packet;
	ssize_t n = recv(sp->sock, &packet, sizeof(packet), MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -ENODEV;
	if (n < (ssize_t)SIM_PACKET_HEAD) { /* 0 bytes: espreset-sim has ended */
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

/* Sends a request to espreset-sim and waits for the reply. Stop signals do not end the wait, as they would not end a
 * USB transfer. */
static int sim_ask(struct sim_port *sp, const struct sim_request *request)
{
	int64_t deadline = wait_now_ms() + REPLY_MS;
	int r, result = 0;

	if (send(sp->sock, request, sizeof(*request), MSG_NOSIGNAL) < 0)
		return -ENODEV;
	for (;;) {
		r = wait_for_input(sp->sock, deadline, NULL);
		if (r < 0)
			return r;
		r = take_packet(sp, &result);
		if (r)
			return r < 0 ? r : result;
	}
}

_Static_assert((int)PORT_DTR == SIM_DTR && (int)PORT_RTS == SIM_RTS, "both name the modem lines by the same bits");

static int set_lines(struct port *port, unsigned int mask, unsigned int on)
{
	struct sim_port *sp = sim_port_of(port);

	sp->lines = (sp->lines & ~mask) | (on & mask);
	return sim_ask(sp, &(struct sim_request){ .kind = SIM_ASK_LINES, .lines = sp->lines });
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
		int unasked, r = wait_for_input(sp->sock, ready ? 0 : deadline_ms, stop);

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

/* Reads and discards input before the close, as port/tty.c does: until none has come for 5 ms, but for 50 ms at
 * most. */
static void sim_drain(struct sim_port *sp)
{
	int64_t end = wait_now_ms() + 50;
	int unasked;

	while (!sp->gone && wait_now_ms() < end) {
		if (wait_for_input(sp->sock, wait_now_ms() + 5, NULL) < 0 || take_packet(sp, &unasked) < 0)
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
	(void)sim_ask(sp, &(struct sim_request){ .kind = SIM_ASK_CLOSE });
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

/* Starts a process that simulates a board. Return: espreset's end of the socket to this process, or negative errno. */
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

/* Opens the port of a simulated board whose process is running already. The port becomes the owner of @sock; on failure
 * @sock is closed. */
static int sim_open_port(int sock, int baud, const struct port_stop *stop, struct port **ret)
{
	struct sim_port *sp = calloc(1, sizeof(*sp));
	int r = -ENOMEM;

	if (sp) {
		sp->port.ops = &sim_ops;
		sp->sock = sock;
		sp->stop = stop;
		sp->lines = SIM_DTR | SIM_RTS;
		r = sim_ask(sp, &(struct sim_request){ .kind = SIM_ASK_OPEN, .value = baud });
		if (r == -ENODEV)
			r = -ENOEXEC; /* espreset-sim has ended without a reply: do not report an unplugged board */
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
