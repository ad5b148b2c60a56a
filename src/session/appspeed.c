/* appspeed.c - finds the baud rate of the application from the bytes that a port at another baud rate receives. */
#include "session/appspeed.h"

#define ROM_BAUD 115200
/* A port at APPSPEED_FASTEST_BAUD cannot tell senders at this baud rate from slower ones, such as the ROM. */
#define SLOWEST_BAUD 230400
/* If the port is at APPSPEED_FASTEST_BAUD and the board was silent for this long, the next bytes are the
 * application's, no longer the ROM's. */
#define ROM_PAUSE_MS 10
/* From this many unreadable bytes on, the sender seems to have another baud rate than the port. A single one may be a
 * glitch, or part of the text line that the SDK prints at an unusual baud rate. */
#define STRANGE_MIN 2

static enum speed_habit appspeed_habit(enum boot_habit habit)
{
	switch (habit) {
	case BOOT_HABIT_DELIVERS: return SPEED_DELIVERS;
	case BOOT_HABIT_ZEROES: return SPEED_ZEROES;
	case BOOT_HABIT_DROPS: return SPEED_DROPS;
	default: return SPEED_HABIT_UNKNOWN;
	}
}

static void set_baud(struct appspeed *h, int baud)
{
	h->sender_baud = baud;
	if (!h->may_be_loader)
		h->app_baud = baud;
}

void appspeed_begin(struct appspeed *h, int port_baud, enum boot_habit habit)
{
	struct appspeed before = *h;

	*h = (struct appspeed){
		.port_baud = port_baud,
		.sender_baud = before.sender_baud,
		.app_baud = before.app_baud,
		.latency_ms = before.latency_ms,
		.strange = before.strange,
		.guessed = before.guessed,
		.last_ms = -1,
	};
	speed_begin(&h->guess, port_baud, appspeed_habit(habit));
	speed_check_begin(&h->check, port_baud);
}

void appspeed_bytes(struct appspeed *h, const void *bytes, size_t n, long unreadable, int64_t now_ms)
{
	int named;

	if (h->last_ms < 0 || now_ms - h->last_ms > APPSPEED_PAUSE_MS + h->latency_ms) {
		h->burst = 0;
		h->burst_ms = now_ms;
	}
	/* The ROM and the application print at different baud rates, with a pause in between. After a pause, forget the
	 * bytes from before it and guess anew. */
	if (h->port_baud == APPSPEED_FASTEST_BAUD && now_ms - h->last_ms > h->latency_ms + ROM_PAUSE_MS) {
		h->paused |= h->last_ms > 0;
		speed_begin(&h->guess, h->port_baud, speed_habit(&h->guess));
	}
	h->last_ms = now_ms;
	h->burst += (long)n;
	speed_add(&h->guess, bytes, n);
	speed_check_add(&h->check, now_ms, bytes, n);
	named = speed_named(&h->guess);
	if (named > 0 && !(h->port_baud == APPSPEED_FASTEST_BAUD && (named <= SLOWEST_BAUD || !h->paused)))
		set_baud(h, named);
	h->unreadable += unreadable;
	h->strange |= h->unreadable >= STRANGE_MIN;
}

void appspeed_text(struct appspeed *h)
{
	speed_begin(&h->guess, h->port_baud, speed_habit(&h->guess));
	h->burst = 0;
	set_baud(h, h->port_baud);
	h->strange = false;
}

bool appspeed_may_drop(const struct appspeed *h)
{
	enum speed_habit habit = speed_habit(&h->guess);

	/* A bridge that drops characters with framing errors delivers nothing of a sender at 9600 Bd. So a sender known
	 * to be at 9600 Bd shows that this bridge does not drop them. */
	return h->sender_baud != 9600 && habit != SPEED_DELIVERS && habit != SPEED_ZEROES;
}

/* A port at 115200 Bd receives several bytes for each character of a slower sender: docs/hardware.md, section 6. */
long appspeed_characters(const struct appspeed *h)
{
	switch (h->sender_baud) {
	case 9600:
	case 19200: return h->burst / 3;
	case 38400:
	case 57600: return h->burst * 3 / 5;
	default: return h->burst;
	}
}

int appspeed_candidate(struct appspeed *h)
{
	enum speed_habit habit = speed_habit(&h->guess);

	if (h->sender_baud)
		return h->sender_baud == h->port_baud ? 0 : h->sender_baud;
	/* The port is at 74880 Bd to read a ROM, such as that of an ESP32-C2. Most applications print at 115200 Bd,
	 * so try this next. */
	if (h->port_baud < ROM_BAUD)
		return ROM_BAUD;
	if (!h->strange && (habit == SPEED_DELIVERS || habit == SPEED_ZEROES))
		return 0;
	return appspeed_next_guess(h);
}

int appspeed_next_guess(struct appspeed *h)
{
	/* Why these three: a port at 2000000 Bd finds the baud rate of every sender faster than 230400 Bd. To such a
	 * port a sender at 230400 Bd looks like the ROM, so 230400 Bd is tried separately. 9600 Bd is tried first if no
	 * unreadable byte came, because a bridge that drops characters with framing errors delivers nothing of a sender
	 * at 9600 Bd. */
	static const int guesses[] = { APPSPEED_FASTEST_BAUD, SLOWEST_BAUD, 9600 };
	int first = h->strange ? 0 : 2;

	for (int i = 0; i < 3; i++) {
		int k = (first + i) % 3;

		if (h->guessed >> k & 1)
			continue;
		h->guessed |= 1U << k;
		return guesses[k];
	}
	return 0;
}

int appspeed_faster(const struct appspeed *h)
{
	return h->port_baud == APPSPEED_FASTEST_BAUD && h->sender_baud != APPSPEED_FASTEST_BAUD ? h->sender_baud : 0;
}

bool appspeed_has_candidate(const struct appspeed *h)
{
	struct appspeed copy = *h;

	return appspeed_candidate(&copy) != 0;
}
