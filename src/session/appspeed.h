/* appspeed.h - the application's speed: named by what a port at another speed hears of it.
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

struct appspeed {
	int port_baud;
	struct speed_guess guess;  /* of what has come since appspeed_begin(), or since the last readable line */
	int app_baud;		   /* what speaks after the load, as it was named last; 0: not yet */
	int found_baud;		   /* the same, where it is the application and not a loader; to be told */
	bool may_be_loader;	   /* what comes now may be one */
	long unreadable;	   /* of its bytes */
	unsigned int guessed;	   /* bit set of the speeds that were tried without any being named */
	bool strange;		   /* something came that could not be named, or is faster than the port */
	int64_t burst_ms, last_ms; /* when what is just coming in began, and its last byte; it has not paused since */
	long burst;		   /* its bytes */
	bool paused;		   /* since the port has this speed: what came before may be the rest of a banner */
	struct speed_check check;  /* is the port's speed the application's? */
};

/** appspeed_begin() - the port has this speed from now on */
void appspeed_begin(struct appspeed *h, int port_baud, enum boot_habit habit);

/** appspeed_bytes() - what has come after the load; @pause_ms of silence begin a new burst */
void appspeed_bytes(struct appspeed *h, const void *bytes, size_t n, long unreadable, int64_t now_ms, int pause_ms,
		    int latency_ms);

/** appspeed_text() - a readable line: what was heard before it at this speed was something else */
void appspeed_text(struct appspeed *h);

/** appspeed_may_drop() - does the bridge drop characters with framing errors, or is that not known? Then text out of step looks clean */
bool appspeed_may_drop(const struct appspeed *h);

/** appspeed_characters() - how many of the application's characters the burst has had, about */
long appspeed_characters(const struct appspeed *h);

/**
 * appspeed_candidate() - where to listen for what could not be read, to learn why the board has restarted
 * Return: a speed; 0: no other than the port's.
 */
int appspeed_candidate(struct appspeed *h);

/** appspeed_has_candidate() - is there one? */
bool appspeed_has_candidate(const struct appspeed *h);

/** appspeed_next_guess() - another speed, when that was not the right one. Return: 0: all were tried */
int appspeed_next_guess(struct appspeed *h);

/** appspeed_is_right() - is what comes text, at the port's speed? */
bool appspeed_is_right(const struct appspeed *h);

/** appspeed_fastest() - above all usual speeds: there every sender is a slow one */
int appspeed_fastest(void);

/** appspeed_faster() - has a port that listens above all speeds heard the application's? Return: that speed; 0: no */
int appspeed_faster(const struct appspeed *h);

#endif
