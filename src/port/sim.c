/* sim.c - a simulated board behind a port: starts the board's process and speaks to it over a socket. */
#include "port/sim.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "port/wait.h"
#include "sim/process.h"

#define KEPT 65536		/* input that came while a request was on its way */
#define REPLY_MS 20000		/* longer than any driver's time-out: the process is broken */

struct sim_port {
	struct port port;
	int sock;
	const struct port_stop *stop;
	unsigned int lines;		/* SIM_DTR, SIM_RTS as last set */
	bool gone;
	size_t kept_at, kept;
	uint8_t buffer[KEPT];
};

static struct sim_port *sim_port_of(struct port *port)
{
	return (struct sim_port *)(void *)port;
}

static const char *without_prefix(const char *words)
{
	return strncmp(words, "sim:", 4) == 0 ? words + 4 : words;
}

int sim_port_check(const char *words, char *err, size_t cap)
{
	struct sim_config config;

	return sim_config_parse(&config, without_prefix(words), err, cap);
}

void sim_port_help(FILE *to)
{
	const struct sim_word *word;
	size_t n;

	fprintf(to, "PORT sim:WORD,WORD... is a simulated board. Without words: an ESP8266 that a serial upload has left\n"
		    "running in boot mode 1. With one of these, a plain run ends with the status before it:\n\n");
	for (n = 0; (word = sim_word(n)); n++) {
		if (word->status >= 0)
			fprintf(to, "%6d  ", word->status);
		else
			fprintf(to, "        ");
		fprintf(to, "%-16s %s\n", word->word, word->meaning);
	}
}

/* ---- the other process ---- */

static void close_others(unsigned int from)
{
	long fd, most = sysconf(_SC_OPEN_MAX);

#ifdef SYS_close_range
	if (syscall(SYS_close_range, from, ~0U, 0) == 0)
		return;
#endif
	for (fd = (long)from; fd < most && fd < 65536; fd++)
		close((int)fd);
}

/* Keep nothing of the parent's: no descriptor, no terminal, no signals meant for it. */
static _Noreturn void be_the_board(int sock, const struct sim_config *config, int truth)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGTSTP, SIGALRM, SIGUSR1, SIGUSR2 };
	int null_fd = open("/dev/null", O_RDWR);
	sigset_t none;
	size_t i;
	int fd;

	for (i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		(void)signal(ignored[i], SIG_IGN);	/* these numbers exist */
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)prctl(PR_SET_NAME, "espreset-sim");	/* a nicety */
	/* Out of the way of 0 to 4 first, then into their places. */
	sock = fcntl(sock, F_DUPFD, 10);
	if (truth >= 0)
		truth = fcntl(truth, F_DUPFD, 10);
	if (sock < 0 || dup2(sock, 3) < 0 || (truth >= 0 && dup2(truth, 4) < 0))
		_exit(1);
	for (fd = 0; fd < 3; fd++)
		(void)dup2(null_fd, fd);	/* where that fails, it is closed below or was before */
	close_others(truth >= 0 ? 5 : 4);
	sim_process_run(3, config, truth >= 0 ? 4 : -1);
	_exit(0);
}

/* Fork twice: the board is nobody's child, and leaves nobody a zombie. */
static int start_board(int sock, const struct sim_config *config, int truth)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return -errno;
	if (pid == 0) {
		(void)setsid();		/* cannot fail: a new process leads no group */
		pid = fork();
		if (pid == 0)
			be_the_board(sock, config, truth);
		_exit(pid < 0);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return errno == ECHILD ? 0 : -errno;	/* SIGCHLD is ignored: reaped already */
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EAGAIN;
}

/* ---- packets ---- */

/* Data that comes is kept as far as there is room: a full tty loses what is new, too. */
static void keep(struct sim_port *sp, const struct sim_packet *packet)
{
	size_t n = (size_t)packet->result;

	if (sp->kept_at == sp->kept)
		sp->kept_at = sp->kept = 0;
	if (n > sizeof(packet->data) || n > KEPT - sp->kept)
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
	if (n < (ssize_t)SIM_PACKET_HEAD) {	/* the board's process has ended */
		sp->gone = true;
		return -ENODEV;
	}
	switch (packet.kind) {
	case SIM_REPLY:
		*ret_result = packet.result;
		return 1;
	case SIM_DATA:
		keep(sp, &packet);
		return 0;
	default:
		sp->gone = true;
		return 0;
	}
}

/* Signals stay out: a control transfer cannot be interrupted on a real port, either. */
static int ask(struct sim_port *sp, const struct sim_request *request)
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
	return ask(sp, &request);
}

static int set_speed(struct port *port, int baud)
{
	return ask(sim_port_of(port), &(struct sim_request){ .kind = SIM_ASK_SPEED, .value = baud });
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
static void drain(struct sim_port *sp)
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

	drain(sp);
	(void)ask(sp, &(struct sim_request){ .kind = SIM_ASK_HUPCL, .value = 1 });
	(void)ask(sp, &(struct sim_request){ .kind = SIM_ASK_CLOSE });	/* close(2) of a tty reports nothing, either */
	close(sp->sock);
	free(sp);
	return r;
}

static const struct port_ops sim_ops = {
	.name = "sim", .set_lines = set_lines, .set_speed = set_speed, .read = read_input, .close = close_port,
};

static int open_truth(const struct sim_config *config, int *ret)
{
	*ret = -1;
	if (!config->truth[0])
		return 0;
	*ret = open(config->truth, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	return *ret < 0 ? -errno : 0;
}

/* Return: our end of the socket, or negative errno. */
static int connect_board(const struct sim_config *config)
{
	int pair[2], truth, r = open_truth(config, &truth);

	if (r < 0)
		return r;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		r = -errno;
	} else {
		r = start_board(pair[1], config, truth);
		close(pair[1]);
		if (r == 0)
			r = pair[0];
		else
			close(pair[0]);
	}
	if (truth >= 0)
		close(truth);
	return r;
}

/* The socket is the port's, or closed. */
static int open_port(int sock, int baud, const struct port_stop *stop, struct port **ret)
{
	struct sim_port *sp = malloc(sizeof(*sp));
	int r = -ENOMEM;

	if (sp) {
		memset(sp, 0, offsetof(struct sim_port, buffer));
		sp->port.ops = &sim_ops;
		sp->sock = sock;
		sp->stop = stop;
		sp->lines = SIM_DTR | SIM_RTS;
		r = ask(sp, &(struct sim_request){ .kind = SIM_ASK_OPEN, .value = baud });
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
	struct sim_config config;
	char err[128];
	int r = sim_config_parse(&config, without_prefix(words), err, sizeof(err));

	if (r < 0)
		return r;
	if (config.open_error)
		return -config.open_error;
	r = connect_board(&config);
	return r < 0 ? r : open_port(r, baud, stop, ret);
}
