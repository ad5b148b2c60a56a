/* run.c - the one loop that carries events and actions between a session, its port and the clock. */
#include "run.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* What can come in during the longest --hold (10.1 s at 115200 Bd, 11.5 bytes a millisecond) is kept until it is over.
 * A written-out sequence may wait for longer: what has no room then is said to be lost. */
#define HELD_BACK_MAX (128 * 1024)

struct loop {
	struct session *session;
	struct port *port;
	struct clk *clk;
	const struct run_sink *sink;
	unsigned char *held;		/* bytes not yet handed to the sink */
	size_t n_held, n_lost;
	int stopped;
};

static int64_t now_ms(struct loop *l)
{
	return l->clk->now_ms(l->clk);
}

/* Nothing is written to anyone while a line is asserted: whoever does not read would hold the board in reset. */
static void hand_out(struct loop *l)
{
	struct session_note note;

	if (session_is_asserting(l->session) || !l->sink)
		return;
	if (l->n_held && l->sink->bytes)
		l->sink->bytes(l->sink->user, l->held, l->n_held);
	l->n_held = 0;
	if (l->n_lost && l->sink->lost)
		l->sink->lost(l->sink->user);
	l->n_lost = 0;
	while (session_take_note(l->session, &note)) {
		if (l->sink->note)
			l->sink->note(l->sink->user, &note);
	}
}

static void keep(struct loop *l, const void *bytes, size_t n)
{
	size_t room = HELD_BACK_MAX - l->n_held;

	if (n > room) {
		l->n_lost += n - room;
		n = room;
	}
	memcpy(l->held + l->n_held, bytes, n);
	l->n_held += n;
}

static void read_port(struct loop *l, int64_t deadline_ms)
{
	char buf[512];
	ssize_t n = l->port->ops->read(l->port, buf, sizeof(buf), deadline_ms);

	if (n > 0) {
		keep(l, buf, (size_t)n);
		session_input(l->session, now_ms(l), buf, (size_t)n);
	} else if (n == -ECANCELED) {
		l->stopped = 1;
		session_failed(l->session, now_ms(l), ECANCELED);
	} else if (n != -ETIMEDOUT) {
		session_failed(l->session, now_ms(l), n < 0 ? (int)-n : ENODEV);
	}
}

static int64_t look_after_conditions(struct loop *l)
{
	if (!session_is_proven(l->session) || !l->sink || !l->sink->conditions)
		return INT64_MAX;
	return l->sink->conditions(l->sink->user, l->session, now_ms(l));
}

int run_session(struct session *session, struct port *port, struct clk *clk, const struct run_sink *sink)
{
	static unsigned char held[HELD_BACK_MAX];	/* one port in each process; large, and seldom touched */
	struct loop l = { .session = session, .port = port, .clk = clk, .sink = sink, .held = held };

	for (;;) {
		struct session_action action;
		int64_t again_ms;
		bool was_proven;
		int r;

		hand_out(&l);
		again_ms = look_after_conditions(&l);
		was_proven = session_is_proven(session);
		session_next(session, now_ms(&l), &action);
		/* proven by the time that has passed: the conditions have a look before anybody waits for a byte */
		if (!was_proven && session_is_proven(session) && action.kind == SESSION_READ)
			continue;
		switch (action.kind) {
		case SESSION_SET_LINES:
			r = port->ops->set_lines(port, action.lines, action.asserted);
			session_did(session, now_ms(&l), r);
			break;
		case SESSION_SET_SPEED:
			r = port->ops->set_speed(port, action.baud);
			session_did(session, now_ms(&l), r);
			break;
		case SESSION_READ:
			read_port(&l, action.deadline_ms < again_ms ? action.deadline_ms : again_ms);
			break;
		case SESSION_DONE:
			hand_out(&l);
			return l.stopped ? -ECANCELED : 0;
		}
	}
}
