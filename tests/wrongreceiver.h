/* wrongreceiver.h - computes what a UART receives if its baud rate is not that of the sender. Tests give these
 * characters to src/bootlog/wrongbaud.c, which recovers the text that was sent. The two files share no code. */
#ifndef ESPRESET_TESTS_WRONGRECEIVER_H
#define ESPRESET_TESTS_WRONGRECEIVER_H

#include <stddef.h>
#include <stdint.h>

enum framing { FRAMING_DELIVERED, FRAMING_ZEROED, FRAMING_LOST };

struct wrongreceiver {
	double sent_baud, heard_baud;
	double sample; /* when, as a fraction of a bit, the receiver samples each bit; 0.5: in the middle */
	/* The receiver's clock ticks 16 times during each bit. phase is when its first tick comes, as a fraction of a
	 * tick: from 0 to 1. */
	double phase;
	enum framing framing; /* what a character with a framing error is received as: itself, a zero, or nothing */
};

/**
 * wrongreceiver_hear() - store in @ret the characters that the receiver gets when @text is sent as 8N1 without gaps
 *
 * The character WRONGRECEIVER_PAUSE in @text is not sent. Instead of it, the sender pauses.
 *
 * Return: the number of characters in @ret, at most @cap.
 */
size_t wrongreceiver_hear(const struct wrongreceiver *receiver, const char *text, uint8_t *ret, size_t cap);

/* What a receiver at 115200 Bd gets when an ESP8266 sends the banner "\r\n ets Jan  8 2013,rst cause:2, boot
 * mode:(1,6)\r\n\r\n" at 74880 Bd. These bytes were computed by an independent model in another language. A real board
 * gave the same bytes. */
extern const uint8_t wrongreceiver_banner[57];

#define WRONGRECEIVER_PAUSE '\x01' /* put it into a text to make the sender pause for the duration of twenty bits */

#endif
