/* loop.c - the one loop that carries events and actions between a session or a probe, its port and the clock. */
#include "run/loop.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* What can come in during the longest --hold (10.1 s at 115200 Bd, 11.5 bytes a millisecond) is kept until it is over.
 * A written-out sequence may wait for longer: what has no room then is said to be lost. */
#define HELD_BACK_MAX (128 * 1024)

/* How long what has come is read after the time is over. What a tty and its driver keep takes a few milliseconds; a
 * machine so busy that there is still more then does not know what it has missed. */
#define CATCH_UP_MS 300
/* ... and at least: then a read that does not fill its buffer has taken all that there was. */
#define CATCH_UP_MIN_MS 30

/* A tty keeps 4096 bytes for its reader (Linux drivers/tty/n_tty.c, N_TTY_BUF_SIZE); then the driver is throttled, and the
 * bridge drops what comes. Three quarters of it are too near. */
#define KEPT_MAX 3000
#define READ_MAX 512

struct loop {
	struct session *session; /* the one ... */
	struct wiring *wiring;	 /* ... or the other; else NULL */
	struct port *port;
	struct clk *clk;
	const struct loop_sink *sink;
	unsigned char *held; /* bytes not yet handed to the sink */
	size_t n_held, n_lost;
	int64_t looked_ms; /* when the last read was over */
	int64_t backlog;   /* bytes that came at once, and cannot have been sent since the read before */
	int64_t waiting;   /* so many may have come while we did other things, and not been read */
	int64_t unbroken;  /* bytes since the tty was found empty */
	int stopped;
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

static void loop_failed(struct loop *l, int err)
{
	if (l->session)
		session_failed(l->session, loop_now_ms(l), err);
	else
		wiring_failed(l->wiring, loop_now_ms(l), err);
}

static bool is_asserting(const struct loop *l)
{
	return l->session ? session_is_asserting(l->session) : wiring_is_asserting(l->wiring);
}

/* Nothing is written to anyone while a line is asserted: whoever does not read would hold the board in reset. */
static void hand_out(struct loop *l)
{
	struct session_note note;

	if (is_asserting(l) || !l->sink)
		return;
	if (l->n_held && l->sink->bytes)
		l->sink->bytes(l->sink->user, l->held, l->n_held);
	l->n_held = 0;
	if (l->n_lost && l->sink->lost)
		l->sink->lost(l->sink->user);
	l->n_lost = 0;
	while (l->session && session_take_note(l->session, &note)) {
		if (l->sink->note)
			l->sink->note(l->sink->user, &note);
	}
}

static void loop_keep(struct loop *l, const void *bytes, size_t n)
{
	size_t room = HELD_BACK_MAX - l->n_held;

	if (n > room) {
		l->n_lost += n - room;
		n = room;
	}
	memcpy(l->held + l->n_held, bytes, n);
	l->n_held += n;
}

static void found_empty(struct loop *l)
{
	l->backlog = l->waiting = l->unbroken = 0;
}

/* Whoever was stopped (Ctrl-Z) or starved finds more than the line can have delivered meanwhile, and when it is as much as
 * a tty keeps, there may have been more. Whoever takes longer for each piece than the line does, because a pattern is slow,
 * leaves more behind each time. The chip's own USB has no such speed, and waits for us. */
static void find_gap(struct loop *l, size_t n, int64_t since_ms, int64_t began_ms)
{
	const struct session *s = l->session;
	int64_t delivered = s ? (l->looked_ms - since_ms) * s->baud / 10000 : 0;

	if (!s || s->context.native_usb)
		return;
	l->backlog = (l->backlog > delivered ? l->backlog - delivered : 0) + (int64_t)n;
	l->waiting += (began_ms - since_ms) * s->baud / 10000;
	l->unbroken += (int64_t)n;
	if (l->backlog >= KEPT_MAX || (l->waiting >= KEPT_MAX && l->unbroken >= KEPT_MAX)) {
		session_lost(l->session, l->looked_ms);
		found_empty(l);
	}
	l->waiting = l->waiting > (int64_t)n ? l->waiting - (int64_t)n : 0;
	if (n < READ_MAX)
		found_empty(l);
}

/* Return: how many bytes have come although the deadline is over: there may be more that came before it. */
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
	if (n == -ECANCELED) {
		l->stopped = 1;
		loop_failed(l, ECANCELED);
	} else if (n != -ETIMEDOUT) {
		loop_failed(l, n < 0 ? (int)-n : ENODEV);
	}
	return 0;
}

/* Whoever was stopped or starved wakes when the time is over, and what has come meanwhile may hold a restart: a settle
 * time has passed well only when all of it has been read. */
static void read_port(struct loop *l, int64_t deadline_ms)
{
	int64_t woke_ms = -1;
	size_t n;

	while ((n = read_once(l, deadline_ms)) > 0) {
		if (woke_ms < 0)
			woke_ms = loop_now_ms(l);
		if (loop_now_ms(l) - woke_ms >= CATCH_UP_MIN_MS && n < READ_MAX)
			break; /* whoever never pauses is not far ahead of us */
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

static int64_t loop_conditions(struct loop *l)
{
	if (!is_proven(l) || !l->sink || !l->sink->conditions)
		return INT64_MAX;
	return l->sink->conditions(l->sink->user, l->session, loop_now_ms(l));
}

static int loop_turn(struct loop *l)
{
	static unsigned char held[HELD_BACK_MAX]; /* one port in each process; large, and seldom touched */

	l->held = held;
	l->looked_ms = loop_now_ms(l);
	for (;;) {
		struct action action;
		int64_t again_ms;
		bool was_proven;
		int r;

		hand_out(l);
		again_ms = loop_conditions(l);
		was_proven = is_proven(l);
		loop_next(l, &action);
		/* proven by the time that has passed: the conditions have a look before anybody waits for a byte */
		if (!was_proven && is_proven(l) && action.kind == ACTION_READ)
			continue;
		switch (action.kind) {
		case ACTION_SET_LINES:
			r = l->port->ops->set_lines(l->port, action.lines, action.asserted);
			loop_did(l, r);
			break;
		case ACTION_SET_SPEED:
			r = l->port->ops->set_speed(l->port, action.baud);
			loop_did(l, r);
			break;
		case ACTION_READ: read_port(l, action.deadline_ms < again_ms ? action.deadline_ms : again_ms); break;
		case ACTION_DONE: hand_out(l); return l->stopped ? -ECANCELED : 0;
		}
	}
}

int loop_session(struct session *session, struct port *port, struct clk *clk, const struct loop_sink *sink)
{
	struct loop l = { .session = session, .port = port, .clk = clk, .sink = sink };

	return loop_turn(&l);
}

int loop_wiring(struct wiring *wiring, struct port *port, struct clk *clk, const struct loop_sink *sink)
{
	struct loop l = { .wiring = wiring, .port = port, .clk = clk, .sink = sink };

	return loop_turn(&l);
}
