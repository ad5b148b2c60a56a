/* wrongreceiver.h - what a receiver at one speed makes of text sent at another speed. Written for the tests of the
 * reader that undoes this, and sharing no code with it. */
#ifndef ESPRESET_TESTS_WRONGRECEIVER_H
#define ESPRESET_TESTS_WRONGRECEIVER_H

#include <stddef.h>
#include <stdint.h>

enum framing { FRAMING_DELIVERED, FRAMING_ZEROED, FRAMING_LOST };

struct wrongreceiver {
	double sent_baud, heard_baud;
	double sample; /* sampling point within a bit; 0.5: the middle */
	/* phase of the receiver's clock, which has 16 ticks a bit, as a fraction of a tick: 0 to 1 */
	double phase;
	enum framing framing; /* what becomes of a character without a stop bit */
};

/**
 * wrongreceiver_hear() - convert 8N1 text, sent without gaps, to the characters that the receiver hears
 *
 * A WRONGRECEIVER_PAUSE in the text is not sent.
 *
 * Return: the number of characters; at most @cap.
 */
size_t wrongreceiver_hear(const struct wrongreceiver *receiver, const char *text, uint8_t *ret, size_t cap);

/* The banner "\r\n ets Jan  8 2013,rst cause:2, boot mode:(1,6)\r\n\r\n" of an ESP8266 at 74880 Bd, as heard at 115200.
 * Computed by an independent model in another language, and confirmed by a real board. */
extern const uint8_t wrongreceiver_banner[57];

#define WRONGRECEIVER_PAUSE '\x01' /* in a text: the sender is silent for twenty bits */

#endif
