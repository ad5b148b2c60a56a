/* plug.c - one simulated board with its bridge: passes USB requests from the kernel to the bridge model, and characters
 * and modem lines between bridge and board, in the order of time. */
#include "plug.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* Duration of a full-speed USB frame. The host gets input from the bridge at most once per frame. */
#define FRAME_NS SIM_MS
/* Time from pulling the USB cable until the host is told of the disconnect. A real hub tells the host within 255 ms.
 * Source: USB 2.0, 11.12.4. */
#define GONE_AFTER_NS (100 * SIM_MS)
/* The disconnect waits further until the host has sent no request for this time. Otherwise a request could still be on
 * its way. vhci_hcd would never answer it, and the serial driver would wait for its own time-out. */
#define GONE_QUIET_NS (20 * SIM_MS)
/* A USB write by the host is completed this long before the bridge has sent all of its transmit buffer. */
#define OUT_AHEAD_NS (4 * SIM_MS)
/* How long after a character a CP2102C's flow control keeps RTS asserted. There is no source for this value. It must be
 * longer than the gap between two characters. */
#define FLOW_NS (1 * SIM_MS)

static double seconds(int64_t ns)
{
	return (double)ns / 1e9;
}

/* ---- the record ---- */

static void note(struct plug *p, int64_t now_ns, const char *kind, const char *name, int value)
{
	fprintf(p->record_file, "{\"t\":%.6f,\"kind\":\"%s\",\"name\":\"%s\",\"value\":%d}\n", seconds(now_ns), kind,
		name, value);
}

static void on_trace(void *user, int64_t now_ns, enum sim_edge edge, int value)
{
	struct plug *p = user;

	if (edge == SIM_EDGE_RUNS)
		note(p, now_ns, "runs", sim_runs_name((enum sim_runs)value), value);
	else
		note(p, now_ns, "edge", sim_edge_name(edge), value);
}

void plug_mark(struct plug *p, int64_t now_ns, const char *text)
{
	note(p, now_ns, "mark", text, 0);
}

/* ---- faults ---- */

static void fire_count(struct plug *p, enum plug_when when, unsigned int n)
{
	struct plug_armed *a;

	for (a = p->armed; a < p->armed + PLUG_ARMED; a++) {
		if (a->when != when || !a->count)
			continue;
		a->count = a->count > n ? a->count - n : 0;
		if (!a->count)
			a->due_ns = p->now_ns + a->delay_ns;
	}
}

bool plug_arm(struct plug *p, int64_t now_ns, const struct plug_armed *armed)
{
	struct plug_armed *a;

	for (a = p->armed; a < p->armed + PLUG_ARMED; a++) {
		if (a->when != WHEN_NEVER)
			continue;
		*a = *armed;
		a->due_ns = SIM_NEVER;
		if (a->when == WHEN_NOW || !a->count) {
			a->count = 0;
			a->due_ns = now_ns + a->delay_ns;
		}
		return true;
	}
	return false;
}

/* Return: the process ID of a child of the process @parent; 0: it has no child. */
static int child_of(int parent)
{
	char path[64], line[512];
	struct dirent *entry;
	DIR *dir = opendir("/proc");
	int found = 0, ppid;
	FILE *f;

	while (dir && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%.20s/stat", entry->d_name);
		f = strtol(entry->d_name, NULL, 10) > 0 ? fopen(path, "re") : NULL;
		if (!f)
			continue;
		if (fgets(line, sizeof(line), f) && strrchr(line, ')') &&
		    sscanf(strrchr(line, ')') + 1, " %*c %d", &ppid) == 1 && ppid == parent)
			found = atoi(entry->d_name);
		fclose(f);
	}
	if (dir)
		closedir(dir);
	return found;
}

/* Sends the signal @sig to the process @pid. If @pid is negative, sends it to a child of the process -@pid. */
static void send_signal(struct plug *p, int pid, int sig)
{
	int target = pid > 0 ? pid : child_of(-pid);

	note(p, p->now_ns, "fault", "kill", target);
	if (target > 0)
		kill(target, sig);
}

static void do_armed(struct plug *p, const struct plug_armed *a)
{
	switch (a->what) {
	case WHAT_UNPLUG: plug_out(p, p->now_ns); break;
	case WHAT_VANISH: plug_vanish(p, p->now_ns); break;
	case WHAT_STALL: plug_stall(p, p->now_ns, (unsigned int)a->arg); break;
	case WHAT_KILL: send_signal(p, a->arg, a->arg2); break;
	case WHAT_FINGER: sim_board_finger(&p->board, p->now_ns, true); break;
	case WHAT_RELEASE: sim_board_finger(&p->board, p->now_ns, false); break;
	}
}

static void run_armed(struct plug *p)
{
	struct plug_armed *a, copy;

	for (a = p->armed; a < p->armed + PLUG_ARMED; a++) {
		if (a->when == WHEN_NEVER || a->due_ns > p->now_ns)
			continue;
		copy = *a;
		a->when = WHEN_NEVER;
		do_armed(p, &copy);
	}
}

/* ---- from the board to the host ---- */

static uint32_t in_waiting(const struct plug *p)
{
	return p->in_to - p->in_from;
}

static void on_heard(void *user, const struct sim_heard *heard)
{
	struct plug *p = user;
	uint8_t out[4], byte;
	size_t n, i;

	if (!p->bridge.enabled)
		return;
	p->framing_error |= heard->framing_error;
	/* The keywords fedrop and fezero in the board's WORDS set config.framing: the bridge drops a character with a
	 * framing error (fedrop), or delivers it as zero (fezero). */
	if (heard->framing_error && p->config.framing == SIM_FRAMING_DROP)
		return;
	byte = heard->framing_error && p->config.framing == SIM_FRAMING_ZERO ? 0 : heard->byte;
	n = bridge_received(&p->bridge, byte, heard->framing_error, out);
	/* While the host does not read, characters are lost as soon as the bridge's own buffer is full. While the host
	 * reads, the simulated buffer is larger: a real host would read in time, but a virtual machine may be slow. */
	if (in_waiting(p) + n > (p->reading ? PLUG_IN : p->bridge.kind->fifo)) {
		p->lost++;
		return;
	}
	for (i = 0; i < n; i++)
		p->in[p->in_to++ % PLUG_IN] = (struct plug_heard){ heard->time_ns + p->config.latency_ns, out[i] };
}

/* Passes a character from a chip with native USB to the host. Such a chip has no UART, so the character needs no
 * conversion. If a reset interrupts the character, the host does not get it. */
static void on_native(struct plug *p, const struct sim_frame *frame)
{
	struct sim_heard heard = { .time_ns = frame->cut_ns, .byte = frame->byte };

	if (frame->cut_ns >= sim_frame_end(frame))
		on_heard(p, &heard);
}

static void on_frame(void *user, const struct sim_frame *frame)
{
	struct plug *p = user;

	if (p->bridge.kind->is_native)
		on_native(p, frame);
	else
		sim_uart_frame(&p->receiver, frame);
}

/* If the host has changed the bridge's baud rate, sets the bridge's UART receiver to the new baud rate. */
static void follow_rate(struct plug *p)
{
	if (p->receiver_rate == p->bridge.rate)
		return;
	p->receiver_rate = p->bridge.rate;
	sim_uart_idle(&p->receiver, sim_board_quiet_until(&p->board));
	sim_uart_speed(&p->receiver, p->now_ns, p->receiver_rate);
	note(p, p->now_ns, "rate", "bridge", (int)(p->receiver_rate + 0.5));
}

static int64_t frame_after(int64_t at_ns)
{
	return (at_ns / FRAME_NS + 1) * FRAME_NS;
}

/* When the host can get the oldest character that waits in the bridge: at the first USB frame after the character has
 * arrived there; SIM_NEVER: no character waits. */
static int64_t character_due(const struct plug *p)
{
	return in_waiting(p) ? frame_after(p->in[p->in_from % PLUG_IN].at_ns) : SIM_NEVER;
}

/* When the host gets the next input packet. Most bridges send it as soon as one character waits. An FTDI bridge sends a
 * packet when the packet is full or when its latency timer ends, even if no character waits. */
static int64_t in_due(const struct plug *p)
{
	const struct bridge_kind *kind = p->bridge.kind;
	uint32_t full = kind->packet - kind->header;
	int64_t due;

	if (!kind->header)
		return character_due(p);
	due = frame_after(p->in_last_ns + p->bridge.latency_ms * SIM_MS);
	if (in_waiting(p) >= full) {
		int64_t at = frame_after(p->in[(p->in_from + full - 1) % PLUG_IN].at_ns);

		return at < due ? at : due;
	}
	return due;
}

static const struct plug_pending *oldest_on(const struct plug *p, unsigned int ep)
{
	const struct plug_pending *found = NULL, *q;

	for (q = p->pending; q < p->pending + PLUG_PENDING; q++)
		if (q->seq && q->in && q->ep == ep && (!found || q->seq < found->seq))
			found = q;
	return found;
}

static const struct plug_pending *oldest_in(const struct plug *p)
{
	return oldest_on(p, bridge_in_ep(p->bridge.kind));
}

static void answer_pending(struct plug *p, const struct plug_pending *q, const uint8_t *data, size_t n)
{
	usbip_answer(&p->usb, q->seq, 0, data, n);
	p->pending[q - p->pending].seq = 0;
}

/* Writes one packet for the host to @data: status bytes, then waiting characters. Sets *@ret_len to its length. Return:
 * how many characters it contains. */
static unsigned int fill_packet(struct plug *p, uint8_t *data, size_t room, size_t *ret_len)
{
	const struct bridge_kind *kind = p->bridge.kind;
	unsigned int n = 0, head = kind->header;

	if (head) {
		kind->status(&p->bridge, p->framing_error, data);
		p->framing_error = false;
	}
	if (kind->packet && room > kind->packet)
		room = kind->packet;
	while (head + n < room && character_due(p) <= p->now_ns)
		data[head + n++] = p->in[p->in_from++ % PLUG_IN].byte;
	*ret_len = head + n;
	return n;
}

static void deliver_event(struct plug *p)
{
	const struct plug_pending *q = p->bridge.event_len ? oldest_on(p, p->bridge.kind->event_ep) : NULL;

	if (!q)
		return;
	answer_pending(p, q, p->bridge.event, p->bridge.event_len < q->len ? p->bridge.event_len : q->len);
	p->bridge.event_len = 0;
}

static void deliver(struct plug *p)
{
	const struct plug_pending *q;
	uint8_t data[512];
	unsigned int n;
	size_t len;

	deliver_event(p);
	while (!(p->stalled & STALL_IN) && in_due(p) <= p->now_ns && (q = oldest_in(p))) {
		n = fill_packet(p, data, q->len < sizeof(data) ? q->len : sizeof(data), &len);
		p->in_last_ns = p->now_ns;
		answer_pending(p, q, data, len);
		if (!n)
			continue; /* a packet with only status bytes is not recorded, and triggers no armed fault */
		note(p, p->now_ns, "usb", "in", (int)n);
		fire_count(p, WHEN_BYTES, n);
	}
}

/* ---- from the host to the board ---- */

static int64_t character_ns(const struct plug *p)
{
	return (int64_t)(10e9 / p->bridge.rate);
}

static void start_character(struct plug *p, int64_t at_ns)
{
	p->out_end_ns = p->out_from == p->out_to ? SIM_NEVER : at_ns + character_ns(p);
}

static void character_sent(struct plug *p)
{
	/* clang-format off */
	struct sim_frame frame = {
		.start_ns = p->out_end_ns - character_ns(p), .cut_ns = p->out_end_ns, .bit_ns = 1e9 / p->bridge.rate,
		.byte = p->out[p->out_from++ % PLUG_OUT],
	};
	/* clang-format on */

	p->bridge.waiting_out = p->out_to - p->out_from;
	start_character(p, p->out_end_ns);
	sim_board_rx(&p->board, &frame);
}

static struct plug_pending *keep(struct plug *p, const struct usbip_msg *msg, int64_t due_ns)
{
	struct plug_pending *q;

	for (q = p->pending; q < p->pending + PLUG_PENDING; q++) {
		if (q->seq)
			continue;
		*q = (struct plug_pending){ msg->seq, msg->ep, msg->in, msg->len, due_ns };
		return q;
	}
	usbip_answer(&p->usb, msg->seq, -ENOMEM, NULL, 0);
	return NULL;
}

static void take_output(struct plug *p, const struct usbip_msg *msg)
{
	int64_t end_ns;
	uint32_t i;

	note(p, p->now_ns, "usb", "out", (int)msg->len);
	if (p->stalled & STALL_OUT) {
		keep(p, msg, SIM_NEVER);
		return;
	}
	for (i = 0; i < msg->len && p->out_to - p->out_from < PLUG_OUT; i++)
		p->out[p->out_to++ % PLUG_OUT] = msg->data[i];
	if (p->out_end_ns == SIM_NEVER)
		start_character(p, p->now_ns);
	p->bridge.waiting_out = p->out_to - p->out_from;
	end_ns = p->now_ns + (int64_t)p->bridge.waiting_out * character_ns(p) - OUT_AHEAD_NS;
	keep(p, msg, end_ns > p->now_ns ? end_ns : p->now_ns);
}

static void answer_due(struct plug *p)
{
	struct plug_pending *q;

	for (q = p->pending; q < p->pending + PLUG_PENDING; q++) {
		if (!q->seq || q->due_ns > p->now_ns)
			continue;
		usbip_answer(&p->usb, q->seq, 0, NULL, q->len);
		q->seq = 0;
	}
}

static void be_gone(struct plug *plug);
static void refuse(struct plug *plug, const struct usbip_msg *msg);

/* ---- requests ---- */

/* Lets a chip with native USB react to a change of DTR or RTS. */
static void ask_native(struct plug *p)
{
	enum bridge_reset reset = p->bridge.kind->lines_moved(&p->bridge);

	if (reset == BRIDGE_HOLD)
		sim_board_usb_hold(&p->board, p->now_ns);
	else if (reset != BRIDGE_NO_RESET)
		sim_board_usb_run(&p->board, p->now_ns, reset == BRIDGE_DOWNLOAD);
}

static void drive_pins(struct plug *p)
{
	bool rts = p->bridge.rts || (p->flow_is_on && !p->bridge.dtr);

	if (p->bridge.kind->is_native)
		ask_native(p);
	else
		sim_board_lines(&p->board, p->now_ns, p->bridge.dtr, rts);
}

static void drive_lines(struct plug *p, bool dtr, bool rts)
{
	if (p->bridge.dtr == dtr && p->bridge.rts == rts)
		return;
	note(p, p->now_ns, "lines", "dtr,rts", (p->bridge.dtr ? SIM_DTR : 0) | (p->bridge.rts ? SIM_RTS : 0));
	drive_pins(p);
	fire_count(p, WHEN_LINES, 1);
}

/* Does @req show that the host has just reset the device? vhci_hcd does not forward the reset itself. But after a
 * reset, and only then, Linux's hub driver reads the device descriptor again. Source: hub_port_init() in Linux
 * drivers/usb/core/hub.c. */
static bool is_usb_reset(const struct bridge_request *req)
{
	return req->type == 0x80 && req->request == 6 && req->value == 0x0100;
}

static void end_stall(struct plug *p)
{
	note(p, p->now_ns, "fault", "reset", 0);
	p->stalled = 0;
	p->bridge.dtr = p->bridge.rts = false;
}

static void control(struct plug *p, const struct usbip_msg *msg)
{
	/* clang-format off */
	struct bridge_request req = {
		.type = msg->setup[0], .request = msg->setup[1],
		.value = (uint16_t)(msg->setup[2] | msg->setup[3] << 8),
		.index = (uint16_t)(msg->setup[4] | msg->setup[5] << 8),
		.length = (uint16_t)(msg->setup[6] | msg->setup[7] << 8), .data = msg->data,
	};
	/* clang-format on */
	bool dtr = p->bridge.dtr, rts = p->bridge.rts, standard = (req.type & 0x60) == 0;
	uint8_t answer[512];
	int len;

	if (!standard) {
		note(p, p->now_ns, "usb", bridge_request_name(&p->bridge, &req), req.value);
		fire_count(p, WHEN_CONTROL, 1);
		run_armed(p);
		if (p->gone_ns != SIM_NEVER) {
			refuse(p, msg);
			return;
		}
	}
	if (p->stalled & STALL_UNTIL_RESET && is_usb_reset(&req))
		end_stall(p);
	if (p->stalled & (STALL_CONTROL | STALL_UNTIL_RESET)) {
		note(p, p->now_ns, "fault", "held", req.request);
		keep(p, msg, SIM_NEVER);
		return;
	}
	len = bridge_request(&p->bridge, &req, answer, sizeof(answer));
	if (len < 0)
		usbip_answer(&p->usb, msg->seq, len, msg->in ? answer : NULL, 0);
	else
		usbip_answer(&p->usb, msg->seq, 0, msg->in ? answer : NULL, msg->in ? (size_t)len : msg->len);
	if (p->bridge.purge) {
		p->in_from = p->in_to;
		p->bridge.purge = false;
	}
	follow_rate(p);
	drive_lines(p, dtr, rts);
}

static void unlink_request(struct plug *p, const struct usbip_msg *msg)
{
	struct plug_pending *q;
	bool found = false;

	for (q = p->pending; q < p->pending + PLUG_PENDING; q++) {
		if (!q->seq || q->seq != msg->unlink_seq)
			continue;
		found = true;
		q->seq = 0;
	}
	if (!found)
		p->cancelled[p->cancelled_at++ % PLUG_PENDING] = msg->unlink_seq;
	usbip_unlinked(&p->usb, msg->seq, found);
	p->reading = oldest_in(p) != NULL;
}

/* Did the cancellation of request number @seq arrive before the request itself? This happens because vhci_hcd has
 * separate queues for requests and cancellations. A request that was cancelled must not be answered, otherwise the
 * kernel disconnects the device. */
static bool is_cancelled(const struct plug *p, uint32_t seq)
{
	const uint32_t *c;

	for (c = p->cancelled; c < p->cancelled + PLUG_PENDING; c++)
		if (*c == seq)
			return true;
	return false;
}

static void take_message(struct plug *p, const struct usbip_msg *msg)
{
	if (msg->unlink) {
		unlink_request(p, msg);
	} else if (is_cancelled(p, msg->seq)) {
		return;
	} else if (p->gone_ns != SIM_NEVER) {
		refuse(p, msg);
	} else if (msg->ep == 0) {
		control(p, msg);
	} else if (msg->in) {
		keep(p, msg, SIM_NEVER);
		p->reading = oldest_in(p) != NULL;
	} else {
		take_output(p, msg);
	}
}

void plug_receive(struct plug *p, int64_t now_ns)
{
	struct usbip_msg msg;

	plug_run(p, now_ns);
	if (p->usb.fd < 0)
		return;
	if (usbip_receive(&p->usb) < 0) {
		plug_out(p, now_ns);
		be_gone(p);
		return;
	}
	while (p->usb.fd >= 0 && usbip_next(&p->usb, &msg))
		take_message(p, &msg);
	if (p->usb.fd >= 0 && p->gone_ns == SIM_NEVER)
		deliver(p);
}

void plug_stall(struct plug *p, int64_t now_ns, unsigned int kinds)
{
	plug_run(p, now_ns);
	note(p, now_ns, "fault", "stall", (int)kinds);
	p->stalled = kinds;
}

/* ---- running in order of time ---- */

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* When something happens next on the board, in its loader, or on the wires between board and bridge. */
static int64_t wire_next(const struct plug *p)
{
	int64_t next = earlier(sim_board_next(&p->board), sim_rom_loader_next(&p->loader));

	return earlier(next, earlier(p->out_end_ns, p->flow_ns));
}

/* Drives RTS like a CP2102C's flow control: asserts RTS when a character has come from the board, and releases RTS
 * FLOW_NS after the last character. The callback for a received character cannot do this: the board calls it while the
 * board's state is being updated, and a change of RTS would change this state. */
static void flow_control(struct plug *p)
{
	bool was = p->flow_ns != SIM_NEVER;

	if (p->bridge.rts_by_data)
		p->flow_ns = p->now_ns + FLOW_NS;
	else if (p->flow_ns <= p->now_ns)
		p->flow_ns = SIM_NEVER;
	p->flow_is_on = p->flow_ns != SIM_NEVER;
	p->bridge.rts_by_data = false;
	if (p->flow_is_on != was)
		drive_pins(p);
}

static void run_wire(struct plug *p, int64_t now_ns)
{
	int64_t next;

	while ((next = wire_next(p)) <= now_ns) {
		if (next > p->now_ns)
			p->now_ns = next;
		if (p->out_end_ns <= p->now_ns) {
			character_sent(p);
			continue;
		}
		sim_board_run(&p->board, p->now_ns);
		sim_rom_loader_run(&p->loader, p->now_ns);
		sim_uart_idle(&p->receiver, sim_board_quiet_until(&p->board));
		flow_control(p);
	}
	p->now_ns = now_ns;
	sim_board_run(&p->board, now_ns);
	sim_rom_loader_run(&p->loader, now_ns);
	sim_uart_idle(&p->receiver, sim_board_quiet_until(&p->board));
}

/* Lets a chip with native USB leave the USB bus after a watchdog reset, which restarts the whole chip, its native USB
 * included. The test must then plug it in again. */
static void follow_watchdog_resets(struct plug *p)
{
	if (p->watchdog_resets == p->loader.watchdog_resets)
		return;
	p->watchdog_resets = p->loader.watchdog_resets;
	if (p->bridge.kind->is_native)
		plug_vanish(p, p->now_ns);
}

void plug_run(struct plug *p, int64_t now_ns)
{
	if (!p->made || now_ns < p->now_ns)
		return;
	run_wire(p, now_ns);
	follow_watchdog_resets(p);
	if (p->online)
		sim_net_run(&p->net, now_ns);
	run_armed(p);
	if (p->usb.fd < 0)
		return;
	if (p->gone_ns == SIM_NEVER) {
		answer_due(p);
		deliver(p);
		run_armed(p);
	} else if (p->gone_ns <= p->now_ns) {
		be_gone(p);
	}
}

int64_t plug_next(const struct plug *p)
{
	int64_t next = SIM_NEVER;
	size_t i;

	if (!p->made)
		return SIM_NEVER;
	next = wire_next(p);
	if (p->online)
		next = earlier(next, sim_net_next(&p->net));
	for (i = 0; i < PLUG_ARMED; i++)
		if (p->armed[i].when != WHEN_NEVER)
			next = earlier(next, p->armed[i].due_ns);
	if (p->usb.fd < 0)
		return next;
	if (p->gone_ns != SIM_NEVER)
		return earlier(next, p->gone_ns);
	for (i = 0; i < PLUG_PENDING; i++)
		if (p->pending[i].seq)
			next = earlier(next, p->pending[i].due_ns);
	/* The last character before a pause ends with a stop bit, after which the board's TX does not change. So the
	 * board cannot say when this character is complete, but the receiver can. */
	if (sim_uart_next(&p->receiver) > p->now_ns)
		next = earlier(next, sim_uart_next(&p->receiver));
	if (oldest_in(p) && !(p->stalled & STALL_IN))
		next = earlier(next, in_due(p));
	return next;
}

/* ---- plugging and unplugging ---- */

static void forget_usb(struct plug *p)
{
	memset(p->pending, 0, sizeof(p->pending));
	memset(p->cancelled, 0, sizeof(p->cancelled));
	p->in_from = p->in_to = 0;
	p->out_from = p->out_to = 0;
	p->out_end_ns = SIM_NEVER;
	p->in_last_ns = p->now_ns;
	p->framing_error = false;
	p->flow_ns = SIM_NEVER;
	p->flow_is_on = false;
	p->reading = false;
	p->stalled = 0;
	p->gone_ns = SIM_NEVER;
}

/* Replaces the bridge by one that has just been plugged in, or that has lost its power. It asserts neither DTR nor
 * RTS. */
static void new_bridge(struct plug *p, const struct bridge_kind *kind)
{
	char serial[16];

	snprintf(serial, sizeof(serial), "%04d", p->id + 1);
	bridge_init(&p->bridge, kind, kind->has_serial ? serial : "");
	p->receiver_rate = p->bridge.rate;
	sim_uart_init(&p->receiver, &(struct sim_receiver){ p->bridge.rate, 0.5, on_heard, p }, p->now_ns);
	forget_usb(p);
}

/* Answers all pending requests with the error that a USB host controller reports when a device does not answer. The
 * host's requests for input (characters or events) stay pending. */
static void fail_pending(struct plug *p)
{
	struct plug_pending *q;

	for (q = p->pending; q < p->pending + PLUG_PENDING; q++) {
		if (!q->seq || (q->in && q->ep))
			continue;
		usbip_answer(&p->usb, q->seq, -EPROTO, NULL, 0);
		q->seq = 0;
	}
}

static void refuse(struct plug *p, const struct usbip_msg *msg)
{
	keep(p, msg, SIM_NEVER);
	fail_pending(p);
	if (!msg->in || !msg->ep)
		p->gone_ns = p->now_ns + GONE_QUIET_NS;
}

static bool leave(struct plug *p, int64_t now_ns, const char *how)
{
	if (p->usb.fd < 0 || p->gone_ns != SIM_NEVER)
		return false;
	note(p, now_ns, "fault", how, p->id);
	p->gone_ns = now_ns + GONE_AFTER_NS;
	fail_pending(p);
	return true;
}

void plug_vanish(struct plug *p, int64_t now_ns)
{
	(void)leave(p, now_ns, "vanish");
}

void plug_out(struct plug *p, int64_t now_ns)
{
	if (!leave(p, now_ns, "unplug"))
		return;
	sim_board_power(&p->board, now_ns, false);
	sim_board_lines(&p->board, now_ns, false, false);
}

static void be_gone(struct plug *p)
{
	usbip_unplug(&p->usb);
	new_bridge(p, p->bridge.kind);
}

int plug_again(struct plug *p, int64_t now_ns)
{
	if (!p->made || p->usb.fd >= 0)
		return -EBUSY;
	plug_run(p, now_ns);
	sim_board_power(&p->board, now_ns, true);
	new_bridge(p, p->bridge.kind);
	return usbip_plug(&p->usb, p->id);
}

static int make_room(struct plug *p)
{
	if (p->flash)
		return 0;
	p->flash = malloc(PLUG_FLASH);
	p->packed = malloc(PLUG_PACKED);
	p->in = malloc(PLUG_IN * sizeof(*p->in));
	p->out = malloc(PLUG_OUT);
	return p->flash && p->packed && p->in && p->out ? 0 : -ENOMEM;
}

static int new_record(struct plug *p)
{
	if (p->record_file)
		fclose(p->record_file);
	free(p->record);
	p->record = NULL;
	p->record_file = open_memstream(&p->record, &p->record_len);
	return p->record_file ? 0 : -ENOMEM;
}

/* Starts the board's network update service if its WORDS contain ota=HOST:PORT. The service writes uploads to the same
 * flash as the ROM loader. */
static int go_online(struct plug *p)
{
	int r;

	if (p->online)
		sim_net_close(&p->net);
	p->online = false;
	if (!p->config.ota[0])
		return 0;
	r = sim_net_open(&p->net, &p->board, &p->config);
	if (r < 0)
		return r;
	sim_net_flash(&p->net, p->flash, PLUG_FLASH);
	p->online = true;
	return 0;
}

/* Creates the board that @words describe, and starts a new record. Does not change the bridge. */
static int new_board(struct plug *p, int64_t now_ns, const char *words, char *err, size_t cap)
{
	const uint8_t mac[6] = { 0x5c, 0xcf, 0x7f, 0x00, 0x10, (uint8_t)p->id };

	sim_config_init(&p->config);
	if (sim_config_parse(&p->config, words, err, cap) < 0)
		return -EINVAL;
	snprintf(err, cap, "no memory");
	if (make_room(p) < 0 || new_record(p) < 0)
		return -ENOMEM;
	memset(p->armed, 0, sizeof(p->armed));
	p->watchdog_resets = 0;
	p->now_ns = now_ns;
	p->lost = 0;
	p->made = true;
	sim_board_init(&p->board, &p->config, now_ns, (uint64_t)p->id + 1);
	memset(p->flash, 0xff, PLUG_FLASH);
	sim_rom_loader_init(&p->loader, &p->board, p->flash, PLUG_FLASH, p->packed, PLUG_PACKED, mac);
	if (p->bridge.kind->is_native)
		sim_rom_loader_use_usb(&p->loader);
	if (p->config.image == SIM_IMAGE_GOOD)
		sim_rom_loader_put_image(&p->loader);
	sim_board_on_frame(&p->board, on_frame, p);
	sim_board_on_trace(&p->board, on_trace, p);
	snprintf(err, cap, "its ota=HOST:PORT cannot be opened");
	return go_online(p) < 0 ? -EINVAL : 0;
}

int plug_in(struct plug *p, int id, int64_t now_ns, const struct bridge_kind *kind, const char *words, char *err,
	    size_t cap)
{
	int r;

	snprintf(err, cap, "the port is in use");
	if (p->usb.fd >= 0)
		return -EBUSY;
	p->id = id;
	p->bridge.kind = kind;
	r = new_board(p, now_ns, words, err, cap);
	if (r < 0)
		return r;
	new_bridge(p, kind);
	snprintf(err, cap, "vhci_hcd refused the device");
	return usbip_plug(&p->usb, id);
}

int plug_swap(struct plug *p, int64_t now_ns, const char *words, char *err, size_t cap)
{
	int r;

	snprintf(err, cap, "it is not plugged in");
	if (p->usb.fd < 0 || p->gone_ns != SIM_NEVER)
		return -ENODEV;
	r = new_board(p, now_ns, words, err, cap);
	if (r < 0)
		return r;
	/* discard characters that are still on their way from the old board to the host, or from the host to it */
	p->in_from = p->in_to;
	p->out_from = p->out_to;
	p->out_end_ns = SIM_NEVER;
	p->framing_error = false;
	sim_uart_init(&p->receiver, &(struct sim_receiver){ p->receiver_rate, 0.5, on_heard, p }, now_ns);
	if (p->bridge.dtr || p->bridge.rts)
		drive_pins(p);
	return 0;
}

void plug_truth(struct plug *p, FILE *out)
{
	const struct sim_truth *t = sim_board_truth(&p->board);
	static const char *const modes[] = { "off", "listening", "rom", "stub" };
	char ota[512] = "";

	if (p->online)
		sim_net_describe(&p->net, ota, sizeof(ota));

	fprintf(out,
		"{\"now\":%.6f,\"plugged\":%d,\"bridge\":\"%s\",\"rate\":%.1f,\"dtr\":%d,\"rts\":%d,"
		"\"en_low\":%d,\"gpio0_low\":%d,\"powered\":%d,\"runs\":\"%s\",\"boot_mode\":%d,\"latch_flash\":%d,"
		"\"latch_download\":%d,\"hardware_resets\":%u,\"line_resets\":%u,\"soft_restarts\":%u,\"crashes\":%u,"
		"\"en_falls\":%u,\"en_rises\":%u,\"last_hardware_reset\":%.6f,\"app_since\":%.6f,"
		"\"loader\":\"%s\",\"loader_rate\":%.1f,\"writes\":%u,\"bad_packets\":%u,\"lost\":%u,\"ota\":\"%s\"}\n",
		seconds(p->now_ns), p->usb.fd >= 0 && p->gone_ns == SIM_NEVER, p->bridge.kind->name, p->bridge.rate,
		t->dtr, t->rts, t->en_low, t->gpio0_low, t->powered, sim_runs_name(t->runs), t->boot_mode,
		t->latch_flash, t->latch_download, t->hardware_resets, t->line_resets, t->soft_restarts, t->crashes,
		t->en_falls, t->en_rises, seconds(t->last_hardware_reset_ns), seconds(t->app_since_ns),
		modes[p->loader.mode], p->loader.rate, p->loader.writes, p->loader.bad_packets, p->lost, ota);
}
