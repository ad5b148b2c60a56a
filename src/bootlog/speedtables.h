/* speedtables.h - the tables behind speed.c; tests/speedtables.py writes them. */
#ifndef ESPRESET_BOOTLOG_SPEEDTABLES_H
#define ESPRESET_BOOTLOG_SPEEDTABLES_H

#include <stdint.h>

#define SPEED_UNIT 8	/* steps of every number here to a bit of information */
#define SPEED_NEVER 171 /* what 0 stands for in a row: 2e-4/512, the share of a byte that was never heard */
#define SPEED_KINDS 7	/* of the byte before, see speed.c */

/* What a receiver at heard_at makes of text and binary sent at baud, in -8 log2 of a share of all characters. */
struct speed_row {
	int heard_at, baud;	   /* baud 0: one of those that are called SPEED_OTHER */
	uint8_t all_good, all_bad; /* all that have a stop bit, all that have none */
	uint8_t good[256], bad[256];
};

extern const struct speed_row speed_rows[]; /* those of one heard_at stand together */
extern const unsigned int n_speed_rows;
extern const int8_t speed_text_gain[SPEED_KINDS][129]; /* the last for all bytes from 0x80 on */

#endif
