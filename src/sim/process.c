/* process.c - runs a simulated board in real time, for a client on the other end of a socket. */
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

#define GRACE_NS \
	(300 * \
	 SIM_MS) /* how long the board runs on after its client has gone: tests look at DTR and RTS in this time */
#define LIFE_NS (120 * SIM_S) /* the process ends after this time, whatever happens */
#define NAP_NS (500 * SIM_US) /* least time between two packets of received characters */

static int64_t clock_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail on Linux */
	return (int64_t)now.tv_sec * SIM_S + now.tv_nsec;
}

/* ---- the truth: a file of everything that happens to the board, for tests ---- */

__attribute__((format(printf, 3, 4))) static void note_at(struct sim_process *process, int64_t now_ns,
							  const char *format, ...)
{
	char line[640];
	va_list args;
	int head, len;

	if (process->truth < 0)
		return;
	head = snprintf(line, sizeof(line), "%lld.%06lld ", (long long)(now_ns / SIM_S),
			(long long)(now_ns % SIM_S / 1000));
	va_start(args, format);
	len = vsnprintf(line + head, sizeof(line) - (size_t)head - 1, format, args);
	va_end(args);
	if (len < 0 || (size_t)len >= sizeof(line) - (size_t)head - 1)
		return;
	line[head + len] = '\n';
	/* if the disk is full, write no more to the truth file, but let the board run on */
	if (write(process->truth, line, (size_t)head + (size_t)len + 1) < 0)
		process->truth = -1;
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

	note_at(process, process->now_ns,
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

/* Sends a packet to the client. If the socket is full because the client does not read, the packet is lost. */
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
		note_at(process, process->now_ns, "client closes");
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

/* Called when the client has closed its last descriptor of the socket. Does what the kernel does at the last close
 * of a tty. */
static void process_hang_up(struct sim_process *process)
{
	client_ends(process);
	if (!process->bridge.is_open)
		return;
	note_at(process, process->now_ns, "client gone");
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
		process->end_ns = process->now_ns + grace_ns(process); /* closing took time, so count from now */
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

	if (t < process->now_ns + NAP_NS)
		t = process->now_ns + NAP_NS;
	t = sim_earlier(t, process->end_ns);
	if (process->busy)
		t = sim_earlier(t, process->done_ns);
	return process->net ? sim_earlier(t, process->net_ns) : t;
}

static void wait_and_serve(struct sim_process *process)
{
	/* read no request while a control transfer is under way: further requests wait in the socket */
	struct pollfd fds[2] = {
		{ .fd = process->client_gone || process->busy ? -1 : process->sock, .events = POLLIN },
		{ .fd = process->net ? sim_net_fd(process->net) : -1, .events = POLLIN },
	};
	int64_t left_ns = wake_ns(process) - process->now_ns;
	struct timespec left = { 0 };

	if (process->send_blocked)
		fds[0].events |= POLLOUT;
	if (left_ns > 0)
		left = (struct timespec){ .tv_sec = (time_t)(left_ns / SIM_S), .tv_nsec = (long)(left_ns % SIM_S) };
	if (ppoll(fds, 2, &left, NULL) < 0)
		fds[0].revents = fds[1].revents = 0;
	let_time_pass(process);
	if (fds[0].revents & POLLOUT)
		process->send_blocked = false;
	if ((fds[0].revents & (POLLIN | POLLHUP | POLLERR)) && !process->busy)
		process_receive(process);
	if (process->net && (fds[1].revents || process->net_ns <= process->now_ns)) {
		sim_net_run(process->net, process->now_ns);
		process->net_ns = sim_net_next(process->net);
	}
}

/* Opens the board's OTA service. If this fails, the truth file says so, and the board boots without the service. */
static void go_online(struct sim_process *process, struct sim_net *net, const struct sim_config *config)
{
	int r;

	if (!config->ota[0])
		return;
	r = sim_net_open(net, &process->bridge.board, config);
	if (r < 0)
		note_at(process, process->now_ns, "ota cannot be opened: %s", strerror(-r));
	else
		process->net = net;
}

static void go_offline(struct sim_process *process)
{
	char text[512];

	if (!process->net)
		return;
	sim_net_describe(process->net, text, sizeof(text));
	note_at(process, process->now_ns, "%s", text);
	sim_net_close(process->net);
}

void sim_process_run(int sock, const struct sim_config *config, int truth)
{
	static struct sim_process process; /* static, since it is too large for a stack */
	static struct sim_net net;

	process.sock = sock;
	process.truth = truth;
	process.zero_ns = clock_ns();
	process.end_ns = LIFE_NS;
	sim_bridge_init(&process.bridge, config, 0, config->seed);
	sim_board_on_trace(&process.bridge.board, on_trace, &process);
	go_online(&process, &net, config);
	while (process.now_ns < process.end_ns)
		wait_and_serve(&process);
	go_offline(&process);
	note_end(&process);
	close(sock);
	if (truth >= 0)
		close(truth);
}
