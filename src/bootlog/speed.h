/* speed.h - at which speed does an application speak, when the receiver listens at another?
 *
 * A receiver that is too fast sees the sender's bits one by one, so the bytes it makes of them are few and typical:
 * which ones, a model of both tells (tests/speedtables.py; docs/hardware.md, section 6). How well each speed
 * explains what was heard is added up; the one that beats all others, and noise, by a factor of a million is named.
 *
 *	speed_begin(&g, 115200, SPEED_HABIT_UNKNOWN);
 *	speed_add(&g, bytes, n);		as they come
 *	baud = speed_named(&g);			0: go on
 *
 * Nothing of a faster sender is left but samples of its bits. To name it, listen at a speed above its own: at
 * 2000000, or 1000000 where the bridge has no more. Then set the port to the speed named, and see whether that is
 * right:
 *
 *	speed_check_begin(&c, baud);
 *	speed_check_add(&c, now_ms, bytes, n);	as they come
 *	answer = speed_check_answer(&c);
 *
 * Pure: no system call, no clock, no allocation. Both structs may be copied.
 */
#ifndef ESPRESET_BOOTLOG_SPEED_H
#define ESPRESET_BOOTLOG_SPEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a bridge does with a character whose stop bit was not there. */
enum speed_habit {
	SPEED_HABIT_UNKNOWN,
	SPEED_DELIVERS, /* hands it on as it is */
	SPEED_ZEROES,	/* hands on 00 instead */
	SPEED_DROPS,	/* hands on nothing */
};

#define SPEED_OTHER (-1) /* a faster sender, noise, or binary at the receiver's own speed */
#define SPEED_ROWS 16	 /* more than the tables hold for one receiver, and noise */

struct speed_guess {
	long bytes;
	uint8_t habit, first, n;	       /* the rows of the table in use */
	int32_t cost[SPEED_DROPS][SPEED_ROWS]; /* of all bytes so far, for each habit; 8 to a bit; the best has 0 */
};

/**
 * speed_begin() - nothing heard yet
 * @heard_at: the speed of the port: 74880, 115200, 1000000 or 2000000; for any other nothing will be named
 * @habit:    the bridge's; unknown: all three compete, which takes some bytes more
 */
void speed_begin(struct speed_guess *g, int heard_at, enum speed_habit habit);
void speed_add(struct speed_guess *g, const void *bytes, size_t n);

/**
 * speed_named() - the sender's speed
 *
 * Heard at 115200: 9600 (for itself and all below), 19200, 38400, 57600 (also for 14400 and 28800), 74880.
 * Heard at 74880: the same, with 115200 for 74880.
 * Heard at 1000000: 115200 (for itself and all below), 230400, 250000 (also for 256000), 460800, 500000, 921600, 1000000.
 * Heard at 2000000: 230400 (for itself and all below), then the same; 1500000, 2000000.
 *
 * A bridge that drops hands on nothing of 9600 heard at 115200, and next to nothing of 921600 heard at 1000000; one
 * that zeroes makes zeros of both, and of 115200 heard at 1000000: the latter two remain undecided.
 *
 * Return: the speed; 0 while undecided; SPEED_OTHER.
 */
int speed_named(const struct speed_guess *g);

/**
 * speed_neighbour() - a speed within 9 % of @baud, which it may be as well; 0: none
 *
 * Of 230400 and 250000, 460800 and 500000, 921600 and 1000000 the likelier is named as soon as all others are
 * beaten: some receivers hear one as others hear the other. If it fails the check below, or reads badly, try its
 * neighbour.
 */
int speed_neighbour(int baud);

/** speed_habit() - what the bridge does with framing errors, as far as the bytes show; SPEED_HABIT_UNKNOWN: not clear */
enum speed_habit speed_habit(const struct speed_guess *g);

/** speed_bytes() - how many were added */
long speed_bytes(const struct speed_guess *g);

enum speed_answer { SPEED_UNSURE, SPEED_RIGHT, SPEED_WRONG };

struct speed_check {
	int baud;
	bool begun, in_step;
	uint8_t skipped;
	int64_t last_ms;
	int16_t before;			   /* the byte before; -1: none */
	uint8_t held[3], n_held, n_wanted; /* a UTF-8 character that is not complete yet */
	int32_t gain;			   /* evidence so far, 8 to a bit */
	long counted;
	uint8_t seen[256]; /* two bits for each hashed pair of bytes: how often it came */
	enum speed_answer answer;
};

/**
 * speed_check_begin() - the port was set to @baud just now
 *
 * Of a sender that does not pause a receiver is out of step at first: the first 24 bytes do not count, nor those up
 * to a pause.
 */
void speed_check_begin(struct speed_check *c, int baud);

/** speed_check_add() - @now_ms: when these bytes were read; they may have come before that, one behind the other */
void speed_check_add(struct speed_check *c, int64_t now_ms, const void *bytes, size_t n);

/**
 * speed_check_answer() - is this text?
 *
 * RIGHT: 30 bits of evidence for text, the same pair of bytes counted twice at most. At a speed up to 9 % beside
 * the right one most letters are still read: of neighbours (230400 and 250000, 460800 and 500000, 921600 and
 * 1000000) either may be called right. WRONG: unreadable, or binary, which cannot be told from it. UNSURE may last:
 * dots prove nothing. RIGHT and WRONG are final.
 */
enum speed_answer speed_check_answer(const struct speed_check *c);

#endif
