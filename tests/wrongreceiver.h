/* wrongreceiver.h - what a receiver at one speed makes of text sent at another: written for the tests of the reader
 * that undoes it, and sharing nothing with it. */
#ifndef ESPRESET_TESTS_WRONGRECEIVER_H
#define ESPRESET_TESTS_WRONGRECEIVER_H

#include <stddef.h>
#include <stdint.h>

enum framing { FRAMING_DELIVERED, FRAMING_ZEROED, FRAMING_LOST };

struct wrongreceiver {
	double sent_baud, heard_baud;
	double sample;	      /* 0.5: the middle of the bit */
	double phase;	      /* of the receiver's 16 ticks a bit, 0..1 */
	enum framing framing; /* what becomes of a character without a stop bit */
};

/**
 * wrongreceiver_hear() - 8N1 text, sent without gaps but where it holds a PAUSE, to characters heard
 * Return: how many; at most @cap.
 */
size_t wrongreceiver_hear(const struct wrongreceiver *receiver, const char *text, uint8_t *ret, size_t cap);

#define WRONGRECEIVER_PAUSE '\x01' /* twenty bits of silence */

#endif
