/* speedtables.h - the tables of speed.c: how likely each byte is, as tests/speedtables.py computes it. */
#ifndef ESPRESET_BOOTLOG_SPEEDTABLES_H
#define ESPRESET_BOOTLOG_SPEEDTABLES_H

#include <stdint.h>

#define SPEED_UNIT 8	/* resolution: 8 steps of a number in these tables are one bit of information */
#define SPEED_NEVER 171 /* cost of a byte that the model never produced (probability 2e-4/512); stored as 0 */
#define SPEED_KINDS 7	/* digit, lower case, upper case, blank, line end, 0x80 and above, other */

/* The bytes that a receiver at heard_at delivers for a sender at baud. A cost is -8 log2(probability); costs add up. */
struct speed_row {
	int heard_at, baud;	     /* in Bd; baud 0: a sender whose speed is not named (SPEED_OTHER) */
	uint8_t all_good, all_bad;   /* cost of any byte with a high stop bit, and with a low one */
	uint8_t good[256], bad[256]; /* cost of this byte with a high stop bit, and with a low one */
};

extern const struct speed_row speed_rows[]; /* rows with the same heard_at are adjacent */
extern const unsigned int n_speed_rows;

/* 8 log2(100 P(byte | kind of the byte before)) in text; the last column stands for all bytes from 0x80 on. */
extern const int8_t speed_text_gain[SPEED_KINDS][129];

#endif
