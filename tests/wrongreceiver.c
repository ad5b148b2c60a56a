/* wrongreceiver.c - computes what a UART receives if its baud rate is not that of the sender. */
#include "wrongreceiver.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const uint8_t wrongreceiver_banner[57] = {
	0x72, 0x6c, 0x00, 0x6c, 0x9c, 0x9f, 0x7c, 0x00, 0x8c, 0x6c, 0xe0, 0x7c, 0x03, 0x0c, 0x0c,
	0x0c, 0x8c, 0x0c, 0x6c, 0xec, 0x0c, 0x62, 0x7c, 0x8f, 0x82, 0x03, 0xec, 0x12, 0x92, 0x72,
	0x92, 0x63, 0x8c, 0x0c, 0x62, 0x8c, 0xf2, 0x6f, 0x6f, 0x9e, 0x6c, 0x6e, 0x6e, 0x9c, 0xe3,
	0xec, 0x0c, 0x62, 0x70, 0x70, 0x8c, 0x8f, 0x6c, 0x73, 0x6c, 0x72, 0x6c,
};

struct wire {
	unsigned char *bits; /* the level of the sender's TX wire, 0 or 1, one element for each bit; idle is 1 */
	size_t n;
	double bit; /* duration of one bit of the sender, in seconds */
};

static void put(struct wire *w, int level)
{
	w->bits[w->n++] = (unsigned char)level;
}

static void send_text(struct wire *w, const char *text, double baud)
{
	w->bits = malloc((strlen(text) + 4) * 20);
	if (!w->bits)
		abort();
	w->n = 0;
	w->bit = 1 / baud;
	for (; *text; text++) {
		if (*text == WRONGRECEIVER_PAUSE) {
			for (int i = 0; i < 20; i++)
				put(w, 1);
			continue;
		}
		put(w, 0);
		for (int i = 0; i < 8; i++)
			put(w, *text >> i & 1);
		put(w, 1);
	}
}

static int at(const struct wire *w, double t)
{
	size_t bit = (size_t)(t / w->bit);

	return bit >= w->n ? 1 : w->bits[bit];
}

/* The first time from @t on at which the level of the TX wire differs from the level @now. */
static double next_change(const struct wire *w, double t, int now)
{
	size_t bit = (size_t)(t / w->bit);

	while (bit < w->n && w->bits[bit] == now)
		bit++;
	return bit < w->n || !now ? (double)bit * w->bit : HUGE_VAL;
}

size_t wrongreceiver_hear(const struct wrongreceiver *receiver, const char *text, uint8_t *ret, size_t cap)
{
	struct wire wire;
	double bit = 1 / receiver->heard_baud, tick = bit / 16, t = receiver->phase * tick, end;
	int before = 1;
	size_t n = 0;

	send_text(&wire, text, receiver->sent_baud);
	end = (double)wire.n * wire.bit + 20 * bit;
	while (t < end) {
		int now = at(&wire, t);

		if (before && !now && !at(&wire, t + bit * receiver->sample)) {
			unsigned int byte = 0;

			for (int i = 0; i < 8; i++)
				byte |= (unsigned int)at(&wire, t + bit * (1 + i + receiver->sample)) << i;
			t += bit * (9 + receiver->sample);
			before = at(&wire, t);
			if (!before && receiver->framing == FRAMING_ZEROED)
				byte = 0;
			if ((before || receiver->framing != FRAMING_LOST) && n < cap)
				ret[n++] = (uint8_t)byte;
			t += tick;
		} else {
			double change = fmin(next_change(&wire, t, now), end);

			before = now;
			/* Add one tick after the other. A multiplication would be faster, but rounding would give
			 * slightly different times. */
			do
				t += tick;
			while (t < change);
		}
	}
	free(wire.bits);
	return n;
}
