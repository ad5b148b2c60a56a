/* appspeed.c - the application's speed: named by what a port at another speed hears of it. */
#include "session/appspeed.h"

/* Above all usual speeds, so that every sender is slower (docs/hardware.md, "An application at another speed"). A bridge
 * that has no such speed takes the next one below. */
#define FASTEST_BAUD 2000000
#define ROM_BAUD 115200
/* There all up to this speed sound alike, and the ROM speaks, too. */
#define SLOWEST_BAUD 230400
#define ROM_PAUSE_MS 10
/* Fewer bytes are chance: a glitch, or the SDK's own line at an odd speed. */
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
	h->app_baud = baud;
	if (!h->may_be_loader)
		h->found_baud = baud;
}

void appspeed_begin(struct appspeed *h, int port_baud, enum boot_habit habit)
{
	struct appspeed before = *h;

	*h = (struct appspeed){
		.port_baud = port_baud,
		.app_baud = before.app_baud,
		.found_baud = before.found_baud,
		.strange = before.strange,
		.guessed = before.guessed,
		.last_ms = -1,
	};
	speed_begin(&h->guess, port_baud, appspeed_habit(habit));
	speed_check_begin(&h->check, port_baud);
}

void appspeed_bytes(struct appspeed *h, const void *bytes, size_t n, long unreadable, int64_t now_ms, int pause_ms,
		    int latency_ms)
{
	int named;

	if (h->last_ms < 0 || now_ms - h->last_ms > pause_ms) {
		h->burst = 0;
		h->burst_ms = now_ms;
	}
	if (h->port_baud == FASTEST_BAUD && now_ms - h->last_ms > latency_ms + ROM_PAUSE_MS) {
		h->paused |= h->last_ms > 0; /* the ROM and the application speak at one speed each */
		speed_begin(&h->guess, h->port_baud, speed_habit(&h->guess));
	}
	h->last_ms = now_ms;
	h->burst += (long)n;
	speed_add(&h->guess, bytes, n);
	speed_check_add(&h->check, now_ms, bytes, n);
	named = speed_named(&h->guess);
	if (named > 0 && !(h->port_baud == FASTEST_BAUD && (named <= SLOWEST_BAUD || !h->paused)))
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

	/* of 9600 such a bridge hands on nothing at all */
	return h->app_baud != 9600 && habit != SPEED_DELIVERS && habit != SPEED_ZEROES;
}

/* Bytes heard for one character: docs/hardware.md. */
long appspeed_characters(const struct appspeed *h)
{
	switch (h->app_baud) {
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

	if (h->app_baud)
		return h->app_baud == h->port_baud ? 0 : h->app_baud;
	if (h->port_baud < ROM_BAUD) /* an ESP32-C2's ROM; most applications speak at that speed */
		return ROM_BAUD;
	if (!h->strange && (habit == SPEED_DELIVERS || habit == SPEED_ZEROES))
		return 0;
	return appspeed_next_guess(h);
}

int appspeed_next_guess(struct appspeed *h)
{
	/* Above all; of the speeds above the ROM's the one that is told from it with most difficulty; what a bridge that drops
	 * does not hand on at all. */
	static const int guesses[] = { FASTEST_BAUD, SLOWEST_BAUD, 9600 };
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

bool appspeed_is_right(const struct appspeed *h)
{
	return speed_check_answer(&h->check) == SPEED_RIGHT;
}

int appspeed_fastest(void)
{
	return FASTEST_BAUD;
}

int appspeed_faster(const struct appspeed *h)
{
	return h->port_baud == FASTEST_BAUD && h->app_baud != FASTEST_BAUD ? h->app_baud : 0;
}

bool appspeed_has_candidate(const struct appspeed *h)
{
	struct appspeed copy = *h;

	return appspeed_candidate(&copy) != 0;
}
