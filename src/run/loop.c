/* loop.c - carries out what a session or a wiring probe asks for: sets modem lines and baud rate, and reads the
 * port. */
#include "run/loop.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* Bytes received while DTR or RTS is asserted are buffered until both are released. The buffer suffices for the longest
 * --hold (10.1 s; at 115200 Bd 11.5 bytes arrive in a millisecond). A longer sequence in esptool's language may
 * overflow the buffer: then loop_sink.lost is called. */
#define HELD_BACK_MAX (128 * 1024)

/* If the tty still has input this long after the deadline of a read, this computer reads more slowly than the board
 * sends. Then reading ends, and bytes count as lost. */
#define CATCH_UP_MS 300
/* A read that does not fill its buffer has emptied the tty. After the deadline such a read ends the reading, but only
 * once this time has passed. */
#define CATCH_UP_MIN_MS 30

/* A tty buffers 4096 bytes (Linux drivers/tty/n_tty.c, N_TTY_BUF_SIZE). When this buffer is full, the driver takes no
 * more data from the bridge, and the bridge drops what it receives. If more than KEPT_MAX bytes were buffered, assume
 * that the bridge has dropped some. */
#define KEPT_MAX 3000
#define READ_MAX 512

struct loop {
	struct session *session; /* the session to run; NULL: run a wiring probe */
	struct wiring *wiring;	 /* the wiring probe to run; NULL: run a session */
	struct port *port;
	struct clk *clk;
	const struct loop_sink *sink;
	unsigned char *held; /* received bytes that were not given to the sink yet */
	size_t n_held;
	bool any_lost;
	int64_t looked_ms; /* when the last read of the port returned */
	/* Estimate: how many bytes the tty had queued before the last read. The last reads returned this many more
	 * bytes than can have arrived between them. */
	int64_t backlog;
	/* estimate of the bytes that came while this process did not read; the tty may have them queued */
	int64_t waiting;
	int64_t unbroken; /* bytes read since the tty was last found empty */
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

/* Gives bytes and notes to the sink, but not while DTR or RTS is asserted: a sink that blocks would keep the board in
 * reset. */
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

/* Detects lost input: the tty's buffer was nearly full, so the bridge may have dropped bytes. One sign is a read that
 * returns more bytes than can have arrived since the previous read: this process was suspended or got no CPU time. The
 * other sign is that reading falls behind the board over many reads, for example because a pattern is slow. The chip's
 * own USB loses nothing, because the chip waits until the computer reads. */
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

/* Reads the port once. Return: if the deadline has passed, the number of bytes read, because more may be queued; 0: the
 * deadline has not passed, no bytes were read, or the port failed. */
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

/* Waits for input until the deadline. If this process woke up too late, reads all that is queued: these bytes may show
 * that the board restarted within the settle time. */
static void read_port(struct loop *l, int64_t deadline_ms)
{
	int64_t woke_ms = -1;
	size_t n;

	while ((n = read_once(l, deadline_ms)) > 0) {
		if (woke_ms < 0)
			woke_ms = loop_now_ms(l);
		if (loop_now_ms(l) - woke_ms >= CATCH_UP_MIN_MS && n < READ_MAX)
			break; /* the tty is empty: all bytes that came before the deadline have been read */
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
	static unsigned char held[HELD_BACK_MAX]; /* static because it is too large for the stack */

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
		/* The settle time has just passed, so the reset is proven: check the conditions before waiting for more
		 * input. */
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
