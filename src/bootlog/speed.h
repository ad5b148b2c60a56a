/* speed.h - identifies an application's speed from bytes that were received at another speed, and recognises text.
 *
 * A receiver that is faster than the sender samples each bit more than once, so it delivers few different bytes, and
 * which ones depends on the sender's speed. speedtables.h holds how likely each byte is at each speed. struct
 * speed_guess sums up how well each speed explains the bytes received, and names the speed that is a million times
 * likelier than all others and than noise:
 *
 *	speed_begin(&g, 115200, SPEED_HABIT_UNKNOWN);
 *	speed_add(&g, bytes, n);		for all bytes received
 *	baud = speed_named(&g);			0: not enough bytes yet
 *
 * A receiver that is slower than the sender misses bits, and cannot name the speed. Listen at 2000000, or at 1000000 if
 * the bridge cannot go faster. Then set the port to the speed named, and confirm it with struct speed_check:
 *
 *	speed_check_begin(&c, baud);
 *	speed_check_add(&c, now_ms, bytes, n);	for all bytes received
 *	answer = speed_check_answer(&c);
 *
 * Pure: no system call, no clock, no allocation. Both structs may be copied.
 */
#ifndef ESPRESET_BOOTLOG_SPEED_H
#define ESPRESET_BOOTLOG_SPEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a bridge does with a received character whose stop bit is low (a framing error). */
enum speed_habit {
	SPEED_HABIT_UNKNOWN,
	SPEED_DELIVERS, /* delivers the byte unchanged */
	SPEED_ZEROES,	/* delivers 00 instead of the byte */
	SPEED_DROPS,	/* delivers nothing */
	SPEED_HABITS,
};

#define SPEED_OTHER (-1) /* a sender faster than the receiver, noise, or binary data at the receiver's own speed */
#define SPEED_ROWS 16	 /* more than the rows for one receiver's speed, plus one for noise */

struct speed_guess {
	uint8_t first_habit, last_habit; /* range of enum speed_habit that is considered */
	uint8_t first, n; /* the rows of speed_rows[] for this receiver's speed; cost[habit][n] is noise */
	/* -8 log2(probability of all bytes so far) for each habit and speed, less that of the likeliest pair */
	int32_t cost[SPEED_HABITS][SPEED_ROWS];
};

/**
 * speed_begin() - start without any byte
 * @heard_at: the receiver's speed: 74880, 115200, 1000000 or 2000000. For any other speed_named() always returns 0.
 * @habit:    what the bridge does on framing errors; SPEED_HABIT_UNKNOWN considers all three, and needs more bytes
 */
void speed_begin(struct speed_guess *g, int heard_at, enum speed_habit habit);

/** speed_add() - add received bytes, in order */
void speed_add(struct speed_guess *g, const void *bytes, size_t n);

/**
 * speed_named() - the sender's speed
 *
 * The speeds that can be named depend on the receiver's speed:
 *	115200: 9600 (also for all slower ones), 19200, 38400, 57600 (also for 14400 and 28800), 74880
 *	74880: the same, with 115200 in place of 74880
 *	1000000: 115200 (also for all slower ones), 230400, 250000 (also for 256000), 460800, 500000, 921600, 1000000
 *	2000000: 230400 (also for all slower ones), then as for 1000000; 1500000, 2000000
 *
 * 230400 and 250000 are similar: one receiver delivers for the first what another one delivers for the second. So are
 * 460800 and 500000, 921600 and 1000000. The likelier speed of such a pair is named as soon as all others are excluded;
 * it may be the wrong one of the two.
 *
 * A bridge that drops characters with framing errors delivers nothing of 9600 received at 115200, and next to nothing
 * of 921600 received at 1000000. A bridge that zeroes them delivers only zeros of both, and of 115200 received at
 * 1000000; 921600 and 115200 at 1000000 remain undecided.
 *
 * Return: the speed; 0 while undecided; SPEED_OTHER.
 */
int speed_named(const struct speed_guess *g);

/** speed_habit() - what the bridge does on framing errors; SPEED_HABIT_UNKNOWN while the bytes do not show it */
enum speed_habit speed_habit(const struct speed_guess *g);

enum speed_answer { SPEED_UNSURE, SPEED_RIGHT, SPEED_WRONG };

struct speed_check {
	int baud;
	bool begun;		 /* a byte was added */
	bool in_step;		 /* the receiver is aligned with the sender's characters: bytes count as evidence */
	uint8_t skipped;	 /* bytes ignored before in_step */
	int64_t last_ms;	 /* when the last bytes were read */
	int16_t before;		 /* the last byte that was evaluated; -1: none */
	uint8_t held[3], n_held; /* the first bytes of an incomplete UTF-8 character */
	uint8_t n_wanted;	 /* how long that character will be */
	int32_t gain;		 /* evidence for text so far, in 1/8 bit */
	long counted;		 /* bytes that were evaluated */
	uint8_t seen[256];	 /* how often each pair of bytes came: a hash table of 2-bit counters */
	enum speed_answer answer;
};

/**
 * speed_check_begin() - start to check whether @baud, which the port was just set to, is the sender's speed
 *
 * While the sender does not pause, the receiver may be misaligned: bytes up to the first pause, 24 at most, are
 * ignored.
 */
void speed_check_begin(struct speed_check *c, int baud);

/** speed_check_add() - add bytes that were read at @now_ms; they may have arrived earlier, back to back */
void speed_check_add(struct speed_check *c, int64_t now_ms, const void *bytes, size_t n);

/**
 * speed_check_answer() - were the bytes text at the right speed?
 *
 * SPEED_RIGHT: 30 bits of evidence for text; each pair of bytes counts twice at most. A receiver up to 9 % off still
 * reads most letters, so both speeds of a pair such as 230400 and 250000 (see speed_named()) may be called right.
 * SPEED_WRONG: unreadable, or binary data: the two cannot be distinguished. SPEED_UNSURE may last forever: rows of
 * dots are no evidence. RIGHT and WRONG are final.
 */
enum speed_answer speed_check_answer(const struct speed_check *c);

#endif
