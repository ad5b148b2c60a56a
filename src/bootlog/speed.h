/* speed.h - finds the baud rate of an application from bytes that were received at another baud rate, and recognises
 * text.
 *
 * A receiver that is faster than the sender samples each bit more than once. So it delivers only a few different bytes,
 * and the sender's baud rate decides which ones. speedtables.h says how likely each byte is for each baud rate. struct
 * speed_guess adds up how well each baud rate explains the bytes received. It names a baud rate once this one is a
 * million times likelier than all other baud rates and than noise:
 *
 *	speed_begin(&g, 115200, SPEED_HABIT_UNKNOWN);
 *	speed_add(&g, bytes, n);		for all bytes received
 *	baud = speed_named(&g);			0: not enough bytes yet
 *
 * A receiver that is slower than the sender misses bits, so it cannot find the sender's baud rate. Therefore receive at
 * 2000000 Bd, or at 1000000 Bd if the bridge cannot go faster. Then set the port to the baud rate that speed_named()
 * returned, and confirm it with struct speed_check:
 *
 *	speed_check_begin(&c, baud);
 *	speed_check_add(&c, now_ms, bytes, n);	for all bytes received
 *	answer = speed_check_answer(&c);
 *
 * These functions make no system calls, read no clock and allocate nothing. Both structs may be copied.
 */
#ifndef ESPRESET_BOOTLOG_SPEED_H
#define ESPRESET_BOOTLOG_SPEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a bridge does with a received character whose stop bit is low (a framing error). */
enum speed_habit {
	SPEED_HABIT_UNKNOWN,
	SPEED_DELIVERS, /* the bridge delivers a byte with a framing error unchanged */
	SPEED_ZEROES,	/* the bridge delivers a zero byte instead of a byte with a framing error */
	SPEED_DROPS,	/* the bridge does not deliver a byte with a framing error */
	SPEED_HABITS,
};

#define SPEED_OTHER (-1) /* a sender whose baud rate cannot be named, such as one faster than the receiver; or noise */
#define SPEED_ROWS 16	 /* enough for the rows of one receiver's baud rate, and one more for noise */

struct speed_guess {
	uint8_t first_habit, last_habit; /* what the bridge may do with framing errors: a range of enum speed_habit */
	uint8_t first, n;		 /* the rows of speed_rows[] for this receiver: the first one, and how many */
	/* How badly a baud rate, together with what the bridge does with framing errors, explains the bytes received:
	 * -8 log2(probability), less the smallest of these costs. Column n stands for noise. */
	int32_t cost[SPEED_HABITS][SPEED_ROWS];
};

/**
 * speed_begin() - initialise @g, before any byte
 * @heard_at: the receiver's baud rate: 74880, 115200, 1000000 or 2000000. With any other one, speed_named() always
 *            returns 0.
 * @habit:    what the bridge does with framing errors. SPEED_HABIT_UNKNOWN considers all three possibilities, and
 *            needs more bytes.
 */
void speed_begin(struct speed_guess *g, int heard_at, enum speed_habit habit);

/** speed_add() - add received bytes, in the order of their reception */
void speed_add(struct speed_guess *g, const void *bytes, size_t n);

/**
 * speed_named() - the sender's baud rate
 *
 * The receiver's baud rate decides which baud rates of the sender can be named:
 *	receiver at 115200 Bd: 9600 (slower), 19200, 38400, 57600 (14400, 28800), 74880
 *	receiver at 74880 Bd: 9600 (slower), 19200, 38400, 57600 (14400, 28800), 115200
 *	receiver at 1000000 Bd: 115200 (slower), 230400, 250000 (256000), 460800, 500000, 921600, 1000000
 *	receiver at 2000000 Bd: 230400 (slower), 250000 (256000), 460800, 500000, 921600, 1000000, 1500000, 2000000
 * A sender at a baud rate in brackets is taken for a sender at the baud rate before the brackets.
 *
 * 230400 and 250000 Bd are hard to distinguish, because receivers are not exact: what one receiver delivers for 230400
 * Bd, another receiver delivers for 250000 Bd. The same is true of 460800 and 500000 Bd, and of 921600 and 1000000 Bd.
 * Once all other baud rates are excluded, the likelier one of such a pair is named. It may be the wrong one.
 *
 * A bridge may deliver nothing for a character with a framing error. Then a receiver at 115200 Bd gets nothing from a
 * sender at 9600 Bd, and a receiver at 1000000 Bd gets almost nothing from a sender at 921600 Bd. If the bridge
 * delivers zero bytes instead, both receivers get only zeros. A receiver at 1000000 Bd also gets only zeros from a
 * sender at 115200 Bd, so it cannot distinguish this sender from one at 921600 Bd.
 *
 * Return: the baud rate; 0 while it is undecided; SPEED_OTHER for noise and for a baud rate that is not listed.
 */
int speed_named(const struct speed_guess *g);

/** speed_habit() - what the bridge does with framing errors; SPEED_HABIT_UNKNOWN while the bytes do not show it */
enum speed_habit speed_habit(const struct speed_guess *g);

enum speed_answer { SPEED_UNSURE, SPEED_RIGHT, SPEED_WRONG };

struct speed_check {
	int baud;
	bool begun;		 /* at least one byte was added */
	bool in_step;		 /* the receiver is aligned with the sender's characters, so bytes count as evidence */
	uint8_t skipped;	 /* how many bytes were ignored, because the receiver may have been misaligned */
	int64_t last_ms;	 /* when the last bytes were read */
	int16_t before;		 /* the last byte that was evaluated; -1 if none was */
	uint8_t held[3], n_held; /* the bytes of an incomplete UTF-8 character, and how many there are */
	uint8_t n_wanted;	 /* how many bytes the incomplete UTF-8 character will have */
	int32_t gain;		 /* evidence that the bytes are text, in units of 1/8 bit */
	long counted;		 /* how many bytes were evaluated */
	uint8_t seen[256];	 /* how often each pair of adjacent bytes came: a hash table of 2-bit counters */
	enum speed_answer answer;
};

/**
 * speed_check_begin() - start to check whether the port's new baud rate @baud is the sender's
 *
 * Until the sender pauses, the receiver may be misaligned with its characters. So the bytes up to the first pause, but
 * no more than 24, are ignored.
 */
void speed_check_begin(struct speed_check *c, int baud);

/** speed_check_add() - add bytes that were read at @now_ms; they may have arrived earlier, without pauses in between */
void speed_check_add(struct speed_check *c, int64_t now_ms, const void *bytes, size_t n);

/**
 * speed_check_answer() - does the port have the sender's baud rate?
 *
 * SPEED_RIGHT: the bytes are text, by 30 bits of evidence. Each pair of adjacent bytes counts twice at most.
 * A receiver whose baud rate is 9 % wrong still reads most letters. So the answer may be SPEED_RIGHT at both 230400 and
 * 250000 Bd, and at other pairs that speed_named() lists.
 * SPEED_WRONG: the bytes are unreadable. Binary data at the right baud rate looks like this, too.
 * SPEED_UNSURE: undecided. This may last forever, for example if the sender prints only dots.
 * Once the answer is SPEED_RIGHT or SPEED_WRONG, it never changes.
 */
enum speed_answer speed_check_answer(const struct speed_check *c);

#endif
