/* speedtables.h - tables for speed.c: how likely a receiver is to deliver each byte, by the sender's baud rate.
 * tests/speedtables.py computes them. */
#ifndef ESPRESET_BOOTLOG_SPEEDTABLES_H
#define ESPRESET_BOOTLOG_SPEEDTABLES_H

#include <stdint.h>

#define SPEED_UNIT 8	/* a difference of 8 between two numbers in these tables is one bit of information */
#define SPEED_NEVER 171 /* cost of a byte that the simulation never delivered: probability 2e-4/512; stored as 0 */
#define SPEED_KINDS 7	/* kinds of bytes: digit, lower case, upper case, blank, line end, 0x80 and above, other */

/* How likely a receiver at one baud rate is to deliver each byte if the sender has another baud rate. The cost of a
 * byte is -8 log2(probability), so the cost of several bytes is the sum of their costs. */
struct speed_row {
	int heard_at, baud;	     /* receiver and sender, in Bd; baud 0: all senders that speed.c does not name */
	uint8_t all_good, all_bad;   /* cost of receiving any byte with a high stop bit; with a low stop bit */
	uint8_t good[256], bad[256]; /* cost of receiving this byte with a high stop bit; with a low stop bit */
};

extern const struct speed_row speed_rows[]; /* rows for the same receiver's baud rate (heard_at) are adjacent */
extern const unsigned int n_speed_rows;

/* How typical of text a byte is, by the kind of the byte before it: 8 log2(100 * probability). The last column stands
 * for all bytes from 0x80 on. */
extern const int8_t speed_text_gain[SPEED_KINDS][129];

#endif
