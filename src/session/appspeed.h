/* appspeed.h - finds the baud rate of the application from the bytes that a port at another baud rate receives.
 *
 *	h.latency_ms = latency;			once; all other members start as zero
 *	appspeed_begin(&h, baud, habit);	whenever the port's baud rate is set
 *	appspeed_bytes(&h, ...);		for each read after the image was loaded
 *	h.app_baud				the result; 0 until the application's baud rate is known
 *
 * Pure: no system call, no clock, no allocation.
 */
#ifndef ESPRESET_SESSION_APPSPEED_H
#define ESPRESET_SESSION_APPSPEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bootlog/bootlog.h"
#include "bootlog/speed.h"

/* The port listens at this baud rate to find a fast application. It is above all usual baud rates, so every sender is
 * slower (docs/hardware.md, section 6). A bridge without this baud rate uses the next lower one that it has. */
#define APPSPEED_FASTEST_BAUD 2000000
/* If the board was silent for longer than this, the next byte begins a new burst. */
#define APPSPEED_PAUSE_MS 150

struct appspeed {
	int latency_ms; /* the bridge's latency timer: it may delay received bytes by this much */
	int port_baud;	/* the port's baud rate */
	/* Guesses the sender's baud rate from the bytes since appspeed_begin() or the last readable text line. */
	struct speed_guess guess;
	/* baud rate of the program that prints after the load: application or loader; 0: unknown */
	int sender_baud;
	int app_baud;	      /* baud rate of the application, never of a loader; 0: unknown */
	bool may_be_loader;   /* a loader may be printing now */
	long unreadable;      /* unreadable bytes since appspeed_begin() */
	unsigned int guessed; /* bit set: the guesses that appspeed_next_guess() has returned already */
	/* Unreadable bytes came, and the sender's baud rate could not be found from them. It may be above the port's
	 * baud rate. */
	bool strange;
	int64_t burst_ms; /* when the first byte of the current burst came */
	int64_t last_ms;  /* when the last byte came; -1: no byte since appspeed_begin() */
	long burst;	  /* number of bytes in the current burst */
	/* The board has paused since appspeed_begin(). Bytes from before the pause may be the ROM's banner, so they do
	 * not show the application's baud rate. */
	bool paused;
	struct speed_check check; /* decides whether the port has the sender's baud rate */
};

/** appspeed_begin() - the port's baud rate was set; @habit: how the bridge treats characters with framing errors */
void appspeed_begin(struct appspeed *h, int port_baud, enum boot_habit habit);
/** appspeed_bytes() - add @n bytes that came after the load; @unreadable: how many of them count as unreadable */
void appspeed_bytes(struct appspeed *h, const void *bytes, size_t n, long unreadable, int64_t now_ms);
/** appspeed_text() - a readable text line came, so the port has the application's baud rate */
void appspeed_text(struct appspeed *h);
/**
 * appspeed_may_drop() - may the bridge drop characters with framing errors?
 *
 * If so, even text that was received wrongly aligned looks clean, because the damaged characters are missing.
 */
bool appspeed_may_drop(const struct appspeed *h);
/** appspeed_characters() - estimates how many characters the application sent in the current burst */
long appspeed_characters(const struct appspeed *h);
/** appspeed_candidate() - the baud rate at which unreadable output may become readable; 0: keep the port's */
int appspeed_candidate(struct appspeed *h);
/** appspeed_has_candidate() - would appspeed_candidate() return a baud rate? Leaves @h unchanged. */
bool appspeed_has_candidate(const struct appspeed *h);
/** appspeed_next_guess() - the next baud rate to try if the last one was wrong; 0: all were tried */
int appspeed_next_guess(struct appspeed *h);
/**
 * appspeed_faster() - the sender's baud rate, if it was found while the port is at APPSPEED_FASTEST_BAUD
 *
 * Return: 0 if none was found, or if the port is at another baud rate.
 */
int appspeed_faster(const struct appspeed *h);

#endif
