/* appspeed.h - finds the application's speed from what a port at another speed receives of it.
 *
 *	h.latency_ms = latency;			once; the rest of a new struct is zero
 *	appspeed_begin(&h, baud, habit);	whenever the port's speed is set
 *	appspeed_bytes(&h, ...);		for bytes after the load; h.app_baud is the result, 0 until it is known
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

/* Above all usual speeds, so that every sender is slower (docs/hardware.md, section 6). A bridge without this speed
 * takes the next one below. */
#define APPSPEED_FASTEST_BAUD 2000000
/* A board that has been silent for this long has paused: the next bytes are another burst. */
#define APPSPEED_PAUSE_MS 150

struct appspeed {
	int latency_ms;		  /* the bridge's latency timer */
	int port_baud;		  /* the port's speed */
	struct speed_guess guess; /* from the bytes since appspeed_begin(), or since the last readable text line */
	int sender_baud;	  /* speed of the program that prints after the load, be it a loader; 0: not known */
	int app_baud;		  /* speed of the application, never of a loader; 0: not known */
	bool may_be_loader;	  /* a loader may be printing now */
	long unreadable;	  /* unreadable bytes since appspeed_begin() */
	unsigned int guessed;	  /* bit set of the speeds that appspeed_next_guess() has returned */
	bool strange;	  /* unreadable bytes came whose speed could not be found: perhaps one above the port's */
	int64_t burst_ms; /* when the current burst began */
	int64_t last_ms;  /* time of the last byte; -1: none yet */
	long burst;	  /* bytes in the current burst */
	bool paused;	  /* the board has paused since appspeed_begin(); earlier bytes may belong to a banner */
	struct speed_check check; /* is the port's speed the sender's? */
};

/** appspeed_begin() - the port's speed was set; @habit: what the bridge does with framing errors */
void appspeed_begin(struct appspeed *h, int port_baud, enum boot_habit habit);
/** appspeed_bytes() - take bytes that came after the load; @unreadable: how many of them to count as no text */
void appspeed_bytes(struct appspeed *h, const void *bytes, size_t n, long unreadable, int64_t now_ms);
/** appspeed_text() - a readable text line came: the port's speed is the application's */
void appspeed_text(struct appspeed *h);
/** appspeed_may_drop() - may the bridge drop characters with framing errors? Then text read out of step looks clean. */
bool appspeed_may_drop(const struct appspeed *h);
/** appspeed_characters() - about how many of the application's characters the current burst holds */
long appspeed_characters(const struct appspeed *h);
/** appspeed_candidate() - the speed at which unreadable output may become readable; 0: none but the port's */
int appspeed_candidate(struct appspeed *h);
/** appspeed_has_candidate() - would appspeed_candidate() return one? Changes nothing. */
bool appspeed_has_candidate(const struct appspeed *h);
/** appspeed_next_guess() - the next speed to try if the last one was wrong; 0: all were tried */
int appspeed_next_guess(struct appspeed *h);
/** appspeed_faster() - the speed that was found at APPSPEED_FASTEST_BAUD; 0: none, or the port has another speed */
int appspeed_faster(const struct appspeed *h);

#endif
