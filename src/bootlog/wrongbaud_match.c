/* wrongbaud_match.c - which texts of an ESP8266, sent at 74880 Bd, could have produced a symbol that a receiver at
 * 115200 Bd delivered.
 *
 *	wrongbaud_match()
 *		from_edge(), data_bit()		the five bits after the falling edge at which the symbol begins
 *		stop_bit()			whether the receiver sees a high stop bit
 *		find_edge(), at_edge()		the next falling edge, at which the next symbol begins
 *		keep_fitting()			whether this text could have produced the symbol
 */
#include "bootlog/wrongbaud_inside.h"

#include <string.h>

enum {
	DELIVERED = WRONGBAUD_DELIVERS,
	ZEROED = WRONGBAUD_ZEROES,
	DELIVERED_OR_ZEROED = WRONGBAUD_DELIVERS | WRONGBAUD_ZEROES,
	ANY_HABIT = WRONGBAUD_DELIVERS | WRONGBAUD_ZEROES | WRONGBAUD_DROPS,
};

#define LATER_MAX 128

/* ---- sets of candidates ---- */

/* Are two candidates equal in all members that distinguish candidates? These are the member receivers and the eight
 * bytes before it, which are compared as one number. */
static bool same_place(const candidate *a, const candidate *b)
{
	uint64_t a8, b8;

	_Static_assert(offsetof(candidate, receivers) == sizeof(a8), "one word covers them");
	memcpy(&a8, a, sizeof(a8));
	memcpy(&b8, b, sizeof(b8));
	return a8 == b8 && a->receivers == b->receivers;
}

static uint8_t smaller_count(uint8_t a, uint8_t b)
{
	return a < b ? a : b;
}

/* Adds @c to a list of candidates, or merges @c into an equal candidate there. Return: false if the list is full */
static bool add_candidate(candidate *list, unsigned int *n, unsigned int max, const candidate *c)
{
	candidate *to = list;

	while (to < list + *n && !same_place(to, c))
		to++;
	if (to == list + max)
		return false;
	if (to == list + *n) {
		list[(*n)++] = *c;
		return true;
	}
	to->numbers |= c->numbers;
	to->causes |= c->causes;
	to->modes |= c->modes;
	to->modes2 |= c->modes2;
	to->habits |= c->habits;
	if (c->heard > to->heard)
		to->heard = c->heard;
	to->informative = smaller_count(to->informative, c->informative);
	to->informative_last = smaller_count(to->informative_last, c->informative_last);
	to->informative_before = smaller_count(to->informative_before, c->informative_before);
	return true;
}

void wrongbaud_keep(struct wrongbaud *w, const candidate *c)
{
	if (!add_candidate(w->next, &w->n_next, WRONGBAUD_CANDIDATES, c))
		w->overflowed = true;
}

/* ---- bits of the sender and of the byte received ---- */

/* Each byte received begins at a falling edge of the sender's signal. The sender's bit behind this edge has number 0.
 * The receiver samples bits 1, 2, 4, 5 and 7 of the byte well inside of the sender's bits 1 to 5. It samples bits 0, 3
 * and 6 of the byte near a border between two of the sender's bits, so it may see either bit. (A receiver at exactly
 * 115200 Bd that samples in the middle of its bits samples the byte's bits 0 to 7 at 0.98, 1.63, 2.28, 2.93, 3.58,
 * 4.23, 4.88 and 5.53 sender's bits after the edge.) */
/* inner_bit[i], i = 1 to 5: the bit of the received byte that shows the sender's bit i; entry 0 is not used */
static const uint8_t inner_bit[6] = { 0, 1, 2, 4, 5, 7 };
static const uint8_t border_bit[3] = { 0, 3, 6 };    /* bits of the received byte that are sampled near a border */
static const uint8_t before_border[3] = { 0, 2, 4 }; /* the sender's bit before the border, for each of border_bit[] */

static int bit_of(uint8_t byte, int i)
{
	return byte >> i & 1;
}

/* Returns one of the eight bytes that a receiver can deliver for the sender's bits @levels. The receiver samples its bit
 * border_bit[i] close to a border between two of the sender's bits. Bit i of @early: 1: it samples before this border; 0:
 * after this border */
static uint8_t possible_byte(const int *levels, unsigned int early)
{
	unsigned int byte = 0;

	for (int i = 1; i < 6; i++)
		byte |= (unsigned int)levels[i] << inner_bit[i];
	for (int i = 0; i < 3; i++)
		byte |= (unsigned int)levels[before_border[i] + !(early >> i & 1)] << border_bit[i];
	return (uint8_t)byte;
}

static bool bits_fit(const int *levels, uint8_t byte)
{
	return !((byte ^ possible_byte(levels, 0)) & (byte ^ possible_byte(levels, 7)));
}

static bool may_be_unprintable(const int *levels)
{
	for (unsigned int early = 0; early < 8; early++) {
		uint8_t byte = possible_byte(levels, early);

		if (byte < 0x20 || byte >= 0x7f)
			return true;
	}
	return false;
}

/* ---- kinds of receiver ---- */

/* How late a receiver that samples 8 times a bit may notice a falling edge, in thousandths of the receiver's bit */
#define EDGE_SEEN_LATE 125
/* How much too early or too late an edge may reach the receiver, in thousandths of the sender's bit */
#define EDGE_SHIFT 20

void wrongbaud_init_receivers(struct wrongbaud *w)
{
	/* sampled: position of the byte's bits 0, 3, 6 and of the stop bit in the received character; its start bit has
	 * position 0. borders: the nearest border between two of the sender's bits, in thousandths of a sender's bit */
	static const int sampled[4] = { 1, 4, 7, 9 }, borders[4] = { 1000, 3000, 5000, 6000 };

	for (int i = 0; i < RECEIVER_RATES * RECEIVER_SAMPLES; i++) {
		/* rate to rate_end: how long a receiver's bit is, in 1/100,000 of a sender's bit. Together, all kinds
		 * of receivers cover 65 % (74880 / 115200) and 2.5 % less or more. */
		int rate = 63375 + i / RECEIVER_SAMPLES * 3250 / RECEIVER_RATES;
		int rate_end = 63376 + (i / RECEIVER_SAMPLES + 1) * 3250 / RECEIVER_RATES;
		int sample = 400 + i % RECEIVER_SAMPLES * 200 / RECEIVER_SAMPLES;
		int sample_end = 401 + (i % RECEIVER_SAMPLES + 1) * 200 / RECEIVER_SAMPLES + EDGE_SEEN_LATE;

		for (int j = 0; j < 4; j++) {
			int first = (sampled[j] * 1000 + sample) * rate / 100000 - EDGE_SHIFT;
			int last = (sampled[j] * 1000 + sample_end) * rate_end / 100000 + EDGE_SHIFT;

			if (first < borders[j])
				w->early[j] |= (uint32_t)1 << i;
			if (last >= borders[j])
				w->late[j] |= (uint32_t)1 << i;
		}
	}
}

/* Returns the set of the kinds of receivers that can deliver @byte if the sender's bits are @levels. */
static uint32_t receivers_of(const struct wrongbaud *w, const int *levels, uint8_t byte)
{
	uint32_t set = ANY_RECEIVER;

	for (int i = 0; i < 3; i++) {
		int before = levels[before_border[i]], after = levels[before_border[i] + 1];

		if (before != after)
			set &= bit_of(byte, border_bit[i]) == before ? w->early[i] : w->late[i];
	}
	return set;
}

/* Restricts the candidate to these kinds of receivers. If the bridge delivers each character, all kinds remain
 * possible: then enough bytes are received to recognise the text without knowing the receiver. Return: false if no
 * bridge would deliver these bytes */
static bool narrow_receivers(candidate *c, uint32_t receivers)
{
	c->receivers &= receivers;
	if (!c->receivers)
		c->habits &= DELIVERED;
	if (c->habits == DELIVERED || (c->lines && !c->dropping))
		c->receivers = ANY_RECEIVER;
	return c->habits != 0;
}

/* ---- after the five bits: does the symbol fit, and where does the next symbol begin? ---- */

/* Is the symbol a received byte, whose bits are known, rather than a mark that a terminal showed instead of it? */
static bool is_known_byte(const struct search *s)
{
	return s->heard.kind == SYMBOL_BYTE && !s->unprintable;
}

/* Returns what the bridge may do with framing errors (enum wrongbaud_habit), if it delivered the current symbol for the
 * sender's bits. 0: no bridge would deliver it. @stop: the stop bit was high, so there is no framing error */
static unsigned int habits_of(const struct search *s, bool stop)
{
	unsigned int habits = 0;

	if (s->unprintable)
		return may_be_unprintable(s->levels) ? (stop ? ANY_HABIT : DELIVERED_OR_ZEROED) : 0;
	if (s->heard.kind == SYMBOL_HIGH)
		return s->levels[5] ? (stop ? ANY_HABIT : DELIVERED) : 0;
	if (bits_fit(s->levels, s->heard.byte))
		habits = stop ? ANY_HABIT : DELIVERED;
	if (!stop && s->heard.byte == 0)
		habits |= ZEROED;
	return habits;
}

/* Adds to s->table each byte that can be received for the sender's bits. @stop: the stop bit was high */
static void collect_bytes(const struct search *s, bool stop)
{
	for (unsigned int early = 0; early < 8; early++)
		s->table[possible_byte(s->levels, early)] |= s->mark;
	if (!stop)
		s->table[0] |= s->mark;
}

/* The tables wrongbaud.first[] to fourth[] are for the first four bytes of a banner. If the bridge delivers nothing for
 * framing errors, these bytes are matched only with receivers that do not sample the stop bit one bit too early.
 * With other receivers, the tables would accept nearly every byte. */
#define N_TABLES 4

/* The candidate has reached the bit at which the next symbol begins. Keeps the candidate if its bits could have
 * produced the current symbol. @stop: the stop bit was high */
static void keep_fitting(struct search *s, const candidate *from, bool stop)
{
	candidate c = *from;
	uint32_t receivers = ANY_RECEIVER;

	if (s->table) {
		collect_bytes(s, stop);
	} else {
		c.habits &= (uint8_t)habits_of(s, stop);
		if (is_known_byte(s) && stop)
			receivers = receivers_of(s->w, s->levels, s->heard.byte);
		if (!narrow_receivers(&c, receivers))
			return;
	}
	if (s->heard.kind == SYMBOL_BYTE && c.heard < 255)
		c.heard++;
	if (c.dropping && c.heard == N_TABLES)
		c.receivers |= s->w->early[STOP_BORDER];
	/* The next symbol begins where a text line begins. It may be any text line that can follow, so go back to IDLE,
	 * the pause before it. */
	if (c.at == 0 && c.bit == 0 && c.line != BANNER)
		c.line = IDLE;
	wrongbaud_keep(s->w, &c);
}

/* The candidate has reached the next falling edge after a received character. If the character's stop bit was low, the
 * bridge may have delivered nothing for it. Then the symbol may begin at this edge instead. */
static void at_edge(struct search *s, const candidate *c, bool stop)
{
	if (stop || !c->dropping)
		keep_fitting(s, c, stop);
	else if (!add_candidate(s->later, &s->n_later, LATER_MAX, c))
		s->w->overflowed = true;
}

enum { STOP = 1, WAS_HIGH = 2 }; /* flags of find_edge(): the stop bit was high; the sender's previous bit was high */

/* Searches for the sender's next falling edge, from the bit after the bit that the receiver took for the stop bit. */
static void find_edge(struct search *s, const candidate *from, int flags)
{
	candidate c = *from;

	for (;; c.bit++) {
		int now = wrongbaud_level(&c);

		if (c.line == IDLE || ((flags & WAS_HIGH) && !now)) {
			at_edge(s, &c, flags & STOP);
			return;
		}
		flags = (flags & STOP) | (now ? WAS_HIGH : 0);
		if (!wrongbaud_is_inside(&c))
			break;
	}
	wrongbaud_each_bit(s, &c, flags, find_edge);
}

/* Continues after the stop bit. @at_falling_edge: the candidate already stands at the next falling edge */
static void after_stop(struct search *s, const candidate *c, bool stop, bool at_falling_edge)
{
	/* If the bridge may have dropped this character, data_bit() has not compared its bits with the byte received.
	 * But a high stop bit shows that the bridge has delivered this character, so compare the bits now. */
	if (c->dropping && stop && !s->table && is_known_byte(s) && !bits_fit(s->levels, s->heard.byte))
		return;
	if (at_falling_edge)
		at_edge(s, c, stop);
	else
		find_edge(s, c, stop ? STOP : 0);
}

/* Decides what the receiver sees as the stop bit. Most receivers sample it in the sender's bit 6. The receivers that
 * sample earliest may sample it in the sender's bit 5. */
static void stop_bit(struct search *s, const candidate *from, int depth)
{
	int before = s->levels[5], now = wrongbaud_level(from);
	candidate c = *from;

	(void)depth;
	if (before == now) {
		after_stop(s, from, now, false);
		return;
	}
	if (narrow_receivers(&c, s->w->late[STOP_BORDER]))
		after_stop(s, &c, now, false);
	c = *from;
	if (narrow_receivers(&c, s->w->early[STOP_BORDER]))
		after_stop(s, &c, before, before);
}

/* Records the sender's bits from number @depth to 5. Gives up at the first bit that does not fit the byte received. */
static void data_bit(struct search *s, const candidate *from, int depth)
{
	bool compare = is_known_byte(s) && !s->table && s->heard.byte && !from->dropping;
	candidate c = *from;

	for (;; depth++, c.bit++) {
		s->levels[depth] = wrongbaud_level(&c);
		if (compare && bit_of(s->heard.byte, inner_bit[depth]) != s->levels[depth])
			return;
		if (depth == 5 || !wrongbaud_is_inside(&c))
			break;
	}
	wrongbaud_each_bit(s, &c, depth + 1, depth < 5 ? data_bit : stop_bit);
}

/* ---- where the symbol begins ---- */

static void from_edge(struct search *s, const candidate *from, int depth)
{
	candidate c = *from;

	s->levels[0] = 0;
	if (s->informative && c.informative < 255)
		c.informative++;
	wrongbaud_each_bit(s, &c, depth, data_bit);
}

/* Matches one candidate with the symbol. In a pause between two text lines, the symbol begins with the first bit of any
 * text line that may follow. */
static void match_one(struct search *s, const candidate *c)
{
	if (wrongbaud_is_end(c))
		wrongbaud_keep(s->w, c);
	else if (c->line == IDLE)
		wrongbaud_each_line(s, c, 1, from_edge);
	else
		from_edge(s, c, 1);
}

/* How far a candidate has followed its text, as a number that only grows during the search */
static unsigned int text_position(const candidate *c)
{
	return (unsigned int)c->lines << 16 | (unsigned int)c->at << 4 | c->bit;
}

/* Removes and returns the candidate in s->later that is least advanced in its text. No equal candidate can be added to
 * s->later afterwards, so each candidate is processed only once. */
static candidate take_least_advanced(struct search *s)
{
	unsigned int least = 0;
	candidate c;

	for (unsigned int i = 1; i < s->n_later; i++) {
		if (text_position(&s->later[i]) < text_position(&s->later[least]))
			least = i;
	}
	c = s->later[least];
	s->later[least] = s->later[--s->n_later];
	return c;
}

void wrongbaud_match(struct search *s, const candidate *from, unsigned int n)
{
	candidate later[LATER_MAX];

	s->later = later;
	s->n_later = 0;
	for (unsigned int i = 0; i < n; i++) {
		/* If the bridge delivers nothing for framing errors, give up the candidate at a byte with unknown bits:
		 * the other bytes would be too little evidence. */
		if (s->table || is_known_byte(s) || !from[i].dropping)
			match_one(s, &from[i]);
	}
	while (s->n_later) {
		candidate c = take_least_advanced(s);

		match_one(s, &c);
	}
	s->later = NULL;
}
