/* loop.c - carries out what a session or a wiring probe asks for: drives and reads the port, until it is over. */
#include "run/loop.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* Bytes received while a line is asserted are buffered, enough for the longest --hold (10.1 s at 115200 Bd, 11.5 bytes
 * a millisecond). A longer custom sequence may overflow the buffer: then loop_sink.lost is called. */
#define HELD_BACK_MAX (128 * 1024)

/* Keep draining this long past the deadline. A tty and its driver hold a few milliseconds of input, so if more is left
 * by then, the computer is too slow, and input may have been lost. */
#define CATCH_UP_MS 300
/* After this time a read that does not fill its buffer ends the draining. */
#define CATCH_UP_MIN_MS 30

/* A tty buffers 4096 bytes (Linux drivers/tty/n_tty.c, N_TTY_BUF_SIZE). When it is full, the driver is throttled, and
 * the bridge drops what it receives. With more than three quarters queued, assume that this has happened. */
#define KEPT_MAX 3000
#define READ_MAX 512

struct loop {
	struct session *session; /* NULL: a wiring probe */
	struct wiring *wiring;	 /* NULL: a session */
	struct port *port;
	struct clk *clk;
	const struct loop_sink *sink;
	unsigned char *held; /* bytes that the sink has not received yet */
	size_t n_held;
	bool any_lost;
	int64_t looked_ms; /* when the last read was over */
	int64_t backlog;  /* bytes read that the line cannot have delivered since the previous read: they were queued */
	int64_t waiting;  /* bytes that may have come while this process did not read, and may be queued */
	int64_t unbroken; /* bytes read since the tty was found empty */
	bool stopped;	  /* a stop signal came */
};

static int64_t loop_now_ms(struct loop *l)
{
	return l->clk->now_ms(l->clk);
}

static void loop_next(struct loop *l, struct action *ret)
{
	if (l->session)
		session_next(l->session, loop_now_ms(l), ret);
	else
		wiring_next(l->wiring, loop_now_ms(l), ret);
}

static void loop_did(struct loop *l, int r)
{
	if (l->session)
		session_did(l->session, loop_now_ms(l), r);
	else
		wiring_did(l->wiring, loop_now_ms(l), r);
}

static void loop_input(struct loop *l, const void *bytes, size_t n)
{
	if (l->session)
		session_input(l->session, loop_now_ms(l), bytes, n);
	else
		wiring_input(l->wiring, loop_now_ms(l), bytes, n);
}

static bool is_asserting(const struct loop *l)
{
	return l->session ? session_is_asserting(l->session) : wiring_is_asserting(l->wiring);
}

/* Calls the sink, unless a line is asserted: a reader that blocks would hold the board in reset. */
static void hand_out(struct loop *l)
{
	struct session_note note;

	if (is_asserting(l) || !l->sink)
		return;
	if (l->n_held && l->sink->bytes)
		l->sink->bytes(l->sink->user, l->held, l->n_held);
	l->n_held = 0;
	if (l->any_lost && l->sink->lost)
		l->sink->lost(l->sink->user);
	l->any_lost = false;
	while (l->session && session_take_note(l->session, &note)) {
		if (l->sink->note)
			l->sink->note(l->sink->user, &note);
	}
}

static void loop_keep(struct loop *l, const void *bytes, size_t n)
{
	size_t room = HELD_BACK_MAX - l->n_held;

	l->any_lost |= n > room;
	n = n < room ? n : room;
	memcpy(l->held + l->n_held, bytes, n);
	l->n_held += n;
}

static void found_empty(struct loop *l)
{
	l->backlog = l->waiting = l->unbroken = 0;
}

/* Detects lost input. Either more is queued than the line could have sent since the last read, because this process was
 * stopped or starved; or reading keeps falling behind the line, because a pattern is slow. In both cases the tty's
 * buffer is nearly full. The chip's own USB has no line speed, and waits for its reader. */
static void find_gap(struct loop *l, size_t n, int64_t since_ms, int64_t began_ms)
{
	const struct session *s = l->session;
	int64_t bytes = (int64_t)n;

	if (!s || s->context.native_usb)
		return;
	l->backlog = clk_later(0, l->backlog - (l->looked_ms - since_ms) * s->baud / 10000) + bytes;
	l->waiting += (began_ms - since_ms) * s->baud / 10000;
	l->unbroken += bytes;
	if (l->backlog >= KEPT_MAX || (l->waiting >= KEPT_MAX && l->unbroken >= KEPT_MAX)) {
		session_lost(l->session, l->looked_ms);
		found_empty(l);
	}
	l->waiting = clk_later(0, l->waiting - bytes);
	if (n < READ_MAX)
		found_empty(l);
}

/* Return: how many bytes were read after the deadline (more may be queued); 0: none, or the port failed. */
static size_t read_once(struct loop *l, int64_t deadline_ms)
{
	char buf[READ_MAX];
	int64_t since_ms = l->looked_ms, began_ms = loop_now_ms(l);
	ssize_t n = l->port->ops->read(l->port, buf, sizeof(buf), deadline_ms);

	l->looked_ms = loop_now_ms(l);
	if (n > 0) {
		loop_keep(l, buf, (size_t)n);
		find_gap(l, (size_t)n, since_ms, began_ms);
		loop_input(l, buf, (size_t)n);
		return loop_now_ms(l) >= deadline_ms ? (size_t)n : 0;
	}
	found_empty(l);
	l->stopped |= n == -ECANCELED;
	if (n != -ETIMEDOUT)
		loop_did(l, n < 0 ? (int)n : -ENODEV);
	return 0;
}

/* Reads until the deadline, then drains the tty: bytes queued by a late wake-up may hold a restart, which a settle time
 * must not miss. */
static void read_port(struct loop *l, int64_t deadline_ms)
{
	int64_t woke_ms = -1;
	size_t n;

	while ((n = read_once(l, deadline_ms)) > 0) {
		if (woke_ms < 0)
			woke_ms = loop_now_ms(l);
		if (loop_now_ms(l) - woke_ms >= CATCH_UP_MIN_MS && n < READ_MAX)
			break; /* the tty is empty, the board keeps sending */
		if (loop_now_ms(l) - woke_ms < CATCH_UP_MS)
			continue;
		if (l->session)
			session_lost(l->session, loop_now_ms(l));
		break;
	}
}

static bool is_proven(const struct loop *l)
{
	return l->session && l->session->proven;
}

static int loop_run(struct loop *l)
{
	static unsigned char held[HELD_BACK_MAX]; /* static because it is large; a process has one port */

	l->held = held;
	l->looked_ms = loop_now_ms(l);
	for (;;) {
		int64_t again_ms = INT64_MAX;
		struct action action;
		bool was_proven;

		hand_out(l);
		if (is_proven(l) && l->sink && l->sink->conditions)
			again_ms = l->sink->conditions(l->sink->user, l->session, loop_now_ms(l));
		was_proven = is_proven(l);
		loop_next(l, &action);
		/* The settle time has passed: check the conditions before waiting for a byte. */
		if (!was_proven && is_proven(l) && action.kind == ACTION_READ)
			continue;
		switch (action.kind) {
		case ACTION_SET_LINES:
			loop_did(l, l->port->ops->set_lines(l->port, action.lines, action.asserted));
			break;
		case ACTION_SET_SPEED: loop_did(l, l->port->ops->set_speed(l->port, action.baud)); break;
		case ACTION_READ: read_port(l, clk_earlier(action.deadline_ms, again_ms)); break;
		case ACTION_DONE: hand_out(l); return l->stopped ? -ECANCELED : 0;
		}
	}
}

int loop_session(struct session *session, struct port *port, struct clk *clk, const struct loop_sink *sink)
{
	return loop_run(&(struct loop){ .session = session, .port = port, .clk = clk, .sink = sink });
}

int loop_wiring(struct wiring *wiring, struct port *port, struct clk *clk, const struct loop_sink *sink)
{
	return loop_run(&(struct loop){ .wiring = wiring, .port = port, .clk = clk, .sink = sink });
}
