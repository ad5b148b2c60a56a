/* process.c - a simulated board in a process of its own, in real time, behind a socket. */
#include "sim/process.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "sim/net.h"

#define GRACE_NS (300 * SIM_MS) /* after the client's end: what the board does then is of interest */
#define LIFE_NS (120 * SIM_S)
#define NAP_NS (500 * SIM_US) /* characters are handed on no more often */

static int64_t clock_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail on Linux */
	return (int64_t)now.tv_sec * SIM_S + now.tv_nsec;
}

/* ---- the truth ---- */

__attribute__((format(printf, 3, 0))) static void write_truth(struct sim_process *process, int64_t now_ns,
							      const char *format, va_list args)
{
	char line[640];
	int head = snprintf(line, sizeof(line), "%lld.%06lld ", (long long)(now_ns / SIM_S),
			    (long long)(now_ns % SIM_S / 1000));
	int len = vsnprintf(line + head, sizeof(line) - (size_t)head - 1, format, args);

	if (len < 0 || (size_t)len >= sizeof(line) - (size_t)head - 1)
		return;
	line[head + len] = '\n';
	/* A full disk must not stop a board. */
	if (write(process->truth, line, (size_t)head + (size_t)len + 1) < 0)
		process->truth = -1;
}

__attribute__((format(printf, 3, 4))) static void note_at(struct sim_process *process, int64_t now_ns,
							  const char *format, ...)
{
	va_list args;

	if (process->truth < 0)
		return;
	va_start(args, format);
	write_truth(process, now_ns, format, args);
	va_end(args);
}

void sim_process_note(struct sim_process *process, const char *format, ...)
{
	va_list args;

	if (process->truth < 0)
		return;
	va_start(args, format);
	write_truth(process, process->now_ns, format, args);
	va_end(args);
}

static const char *process_level(bool low)
{
	return low ? "low" : "high";
}

static const char *line_state(bool asserted)
{
	return asserted ? "asserted" : "released";
}

static void on_trace(void *user, int64_t now_ns, enum sim_edge edge, int value)
{
	struct sim_process *process = user;
	const char *name = sim_edge_name(edge);

	switch (edge) {
	case SIM_EDGE_DTR:
	case SIM_EDGE_RTS: note_at(process, now_ns, "%s %s", name, line_state(value)); break;
	case SIM_EDGE_EN:
	case SIM_EDGE_GPIO0: note_at(process, now_ns, "%s %s", name, process_level(value)); break;
	case SIM_EDGE_RUNS: note_at(process, now_ns, "%s %s", name, sim_runs_name((enum sim_runs)value)); break;
	default: note_at(process, now_ns, "%s %d", name, value);
	}
}

static void note_end(struct sim_process *process)
{
	const struct sim_truth *t = sim_board_truth(&process->bridge.board);

	sim_process_note(process,
			 "end EN=%s GPIO0=%s DTR=%s RTS=%s latch=%d flash=%d runs=%s hardware_resets=%u line_resets=%u "
			 "soft_restarts=%u crashes=%u",
			 process_level(t->en_low), process_level(t->gpio0_low), line_state(t->dtr), line_state(t->rts),
			 t->boot_mode, t->latch_flash, sim_runs_name(t->runs), t->hardware_resets, t->line_resets,
			 t->soft_restarts, t->crashes);
}

/* ---- the client ---- */

static int64_t grace_ns(const struct sim_process *process)
{
	int64_t stays_ns = process->bridge.board.config.stays_ns;

	return stays_ns > GRACE_NS ? stays_ns : GRACE_NS;
}

static void client_ends(struct sim_process *process)
{
	process->client_gone = true;
	process->end_ns = process->now_ns + grace_ns(process);
}

/* A client that does not read loses data, as from a full tty; it is told what became of requests all the same. */
static void send_packet(struct sim_process *process, const struct sim_packet *packet, size_t len)
{
	if (process->client_gone)
		return;
	if (send(process->sock, packet, SIM_PACKET_HEAD + len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		process->send_blocked = errno == EAGAIN;
}

static void process_reply(struct sim_process *process, int result)
{
	struct sim_packet packet = { .kind = SIM_REPLY, .result = result };

	send_packet(process, &packet, 0);
}

static void begin_control(struct sim_process *process, const struct sim_control *control)
{
	process->done_ns = sim_bridge_submit(&process->bridge, process->now_ns, control);
	process->busy = true;
	process->is_close = control->kind == SIM_CLOSE;
}

static void take_request(struct sim_process *process, const struct sim_request *request)
{
	struct sim_control control = { .baud = request->value };

	switch (request->kind) {
	case SIM_ASK_OPEN: control.kind = SIM_OPEN; break;
	case SIM_ASK_LINES:
		control.kind = SIM_LINES;
		control.dtr = request->lines & SIM_DTR;
		control.rts = request->lines & SIM_RTS;
		break;
	case SIM_ASK_SPEED: control.kind = SIM_SPEED; break;
	case SIM_ASK_CLOSE:
		sim_process_note(process, "client closes");
		control.kind = SIM_CLOSE;
		break;
	case SIM_ASK_HUPCL:
		sim_bridge_hupcl(&process->bridge, request->value != 0);
		process_reply(process, 0);
		return;
	default: process_reply(process, -EINVAL); return;
	}
	begin_control(process, &control);
}

/* The last descriptor is gone: the kernel closes the tty. */
static void process_hang_up(struct sim_process *process)
{
	client_ends(process);
	if (!process->bridge.is_open)
		return;
	sim_process_note(process, "client gone");
	begin_control(process, &(struct sim_control){ .kind = SIM_CLOSE });
}

static void process_receive(struct sim_process *process)
{
	struct sim_request request = { 0 };
	ssize_t n = recv(process->sock, &request, sizeof(request), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0)
		process_hang_up(process);
	else
		take_request(process, &request);
}

static void finish_control(struct sim_process *process)
{
	int r = sim_bridge_complete(&process->bridge, process->now_ns);

	process->busy = false;
	if (process->client_gone)
		process->end_ns = process->now_ns + grace_ns(process); /* the kernel's close took its time */
	process_reply(process, r);
}

static void push_input(struct sim_process *process)
{
	struct sim_packet packet = { .kind = SIM_DATA };

	while (!process->send_blocked && sim_bridge_has_input(&process->bridge)) {
		size_t n = sim_bridge_read(&process->bridge, packet.data, sizeof(packet.data));

		packet.result = (int32_t)n;
		send_packet(process, &packet, n);
	}
	if (sim_bridge_unplugged(&process->bridge) && !process->told_gone) {
		packet.kind = SIM_GONE;
		packet.result = 0;
		process->told_gone = true;
		send_packet(process, &packet, 0);
	}
}

/* ---- time ---- */

static void let_time_pass(struct sim_process *process)
{
	process->now_ns = clock_ns() - process->zero_ns;
	if (process->busy && process->done_ns <= process->now_ns) {
		sim_bridge_run(&process->bridge, process->done_ns);
		finish_control(process);
	}
	sim_bridge_run(&process->bridge, process->now_ns);
	push_input(process);
}

static int64_t wake_ns(const struct sim_process *process)
{
	int64_t t = sim_bridge_next(&process->bridge);
	int i;

	if (t < process->now_ns + NAP_NS)
		t = process->now_ns + NAP_NS;
	t = sim_earlier(t, process->end_ns);
	if (process->busy)
		t = sim_earlier(t, process->done_ns);
	for (i = 0; i < process->services; i++)
		t = sim_earlier(t, process->service[i].next_ns);
	return t;
}

int sim_process_serve(struct sim_process *process, const struct sim_service *service)
{
	if (process->services == SIM_SERVICES)
		return -ENOSPC;
	process->service[process->services++] = *service;
	return 0;
}

/* ready() may serve more: go by the descriptors that were polled. */
static void process_serve(struct sim_process *process, const struct pollfd *fds, int count)
{
	int i, k;

	for (i = 0; i < count; i++)
		for (k = 0; k < process->services; k++) {
			struct sim_service *service = &process->service[k];

			if (service->fd != fds[i].fd)
				continue;
			if (fds[i].revents || service->next_ns <= process->now_ns)
				service->ready(process, service, fds[i].revents);
			break;
		}
}

static void wait_and_serve(struct sim_process *process)
{
	struct pollfd fds[1 + SIM_SERVICES];
	int64_t left = wake_ns(process) - process->now_ns;
	int i, count = process->services;
	struct timespec time_left;

	/* One control transfer at a time: the next request waits its turn. */
	fds[0] = (struct pollfd){ .fd = process->client_gone || process->busy ? -1 : process->sock, .events = POLLIN };
	if (process->send_blocked)
		fds[0].events |= POLLOUT;
	for (i = 0; i < count; i++)
		fds[1 + i] = (struct pollfd){ .fd = process->service[i].fd, .events = process->service[i].events };
	if (left < 0)
		left = 0;
	time_left = (struct timespec){ .tv_sec = (time_t)(left / SIM_S), .tv_nsec = (long)(left % SIM_S) };
	if (ppoll(fds, 1 + (nfds_t)count, &time_left, NULL) < 0)
		memset(fds, 0, sizeof(fds[0]));
	let_time_pass(process);
	if (fds[0].revents & POLLOUT)
		process->send_blocked = false;
	if ((fds[0].revents & (POLLIN | POLLHUP | POLLERR)) && !process->busy)
		process_receive(process);
	process_serve(process, fds + 1, count);
}

static void net_ready(struct sim_process *process, struct sim_service *service, short revents)
{
	struct sim_net *net = service->user;

	(void)revents; /* it looks at all of its sockets */
	sim_net_run(net, process->now_ns);
	service->next_ns = sim_net_next(net);
}

/* A service that cannot be had is told in the truth: the board boots as well without it. */
static bool go_online(struct sim_process *process, struct sim_net *net, const struct sim_config *config)
{
	struct sim_service service = { .events = POLLIN, .ready = net_ready, .user = net };
	int r;

	if (!config->ota[0])
		return false;
	r = sim_net_open(net, &process->bridge.board, config);
	if (r < 0) {
		sim_process_note(process, "ota cannot be opened: %s", strerror(-r));
		return false;
	}
	service.fd = sim_net_fd(net);
	(void)sim_process_serve(process, &service); /* the first one: there is room */
	return true;
}

static void go_offline(struct sim_process *process, struct sim_net *net)
{
	char text[512];

	sim_net_describe(net, text, sizeof(text));
	sim_process_note(process, "%s", text);
	sim_net_close(net);
}

void sim_process_run(int sock, const struct sim_config *config, int truth)
{
	static struct sim_process process; /* one in each process; too large for a stack */
	static struct sim_net net;
	bool online;

	process.sock = sock;
	process.truth = truth;
	process.zero_ns = clock_ns();
	process.end_ns = LIFE_NS;
	sim_bridge_init(&process.bridge, config, 0, config->seed);
	sim_board_on_trace(&process.bridge.board, on_trace, &process);
	online = go_online(&process, &net, config);
	while (process.now_ns < process.end_ns)
		wait_and_serve(&process);
	if (online)
		go_offline(&process, &net);
	note_end(&process);
	close(sock);
	if (truth >= 0)
		close(truth);
}
