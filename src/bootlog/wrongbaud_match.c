/* wrongbaud_match.c - which texts of an ESP8266 could have produced one symbol that a receiver at 115200 Bd delivered.
 *
 *	wrongbaud_match()
 *		from_edge(), data_bit()		the five bits after the falling edge at which the symbol begins
 *		stop_bit()			whether the receiver sees a stop bit
 *		find_edge(), at_edge()		the next falling edge, at which the next symbol begins
 *		keep_fitting()			whether the bits, the bridge and the receiver fit what was received
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

/* -------------------------------------------------------------------------------------------------
 * Sets of candidates
 */

/* Do two candidates agree in all members that distinguish candidates? The eight bytes before receivers are compared
 * as one word. */
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

/* Adds a candidate to a list, or merges it into an equal one. Return: whether the list had room */
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

/* -------------------------------------------------------------------------------------------------
 * Bits of the sender and of the byte received
 */

/* The receiver samples the byte's bits 1, 2, 4, 5 and 7 well inside of the sender's bits 1 to 5. It samples bits 0, 3
 * and 6 near a border of two sender bits, and sees either of them. (At 115200 / 74880 and 50 % of a bit it samples at
 * 0.98, 1.63, 2.28, 2.93, 3.58, 4.23, 4.88 and 5.53 sender bits.) */
static const uint8_t inner_bit[6] = { 0, 1, 2, 4, 5, 7 }; /* bit of the byte for each sender bit; [0] is not used */
static const uint8_t border_bit[3] = { 0, 3, 6 };	  /* bits of the byte that are sampled near a border */
static const uint8_t before_border[3] = { 0, 2, 4 };	  /* the sender bit before that border */

static int bit_of(uint8_t byte, int i)
{
	return byte >> i & 1;
}

/* One of the eight bytes that the sender's bits can give. @early: bit i is set if the receiver sees the bit before
 * border i */
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

/* -------------------------------------------------------------------------------------------------
 * Kinds of receiver
 */

/* In thousandths of a bit: a receiver that samples the line eight times a bit sees a falling edge up to this late. */
#define EDGE_SEEN_LATE 125
/* In thousandths of a bit: how far an edge may shift between sender and receiver */
#define EDGE_SHIFT 20

void wrongbaud_init_receivers(struct wrongbaud *w)
{
	/* The receiver's bits 0, 3, 6 and its stop bit, the start bit being 0; the nearest border of two sender bits */
	static const int sampled[4] = { 1, 4, 7, 9 }, borders[4] = { 1000, 3000, 5000, 6000 };

	for (int i = 0; i < RECEIVER_RATES * RECEIVER_SAMPLES; i++) {
		/* A receiver bit lasts 65,000 of 100,000 of a sender bit, 2.5 % more or less. */
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

/* Return: the kinds of receiver that deliver this byte for the sender's bits */
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

/* Restricts the candidate to some kinds of receiver. If the bridge delivers each character, enough bytes are received
 * to recognise the text without knowing the kind. Return: whether the bridge can still have any habit */
static bool narrow_receivers(candidate *c, uint32_t receivers)
{
	c->receivers &= receivers;
	if (!c->receivers)
		c->habits &= DELIVERED;
	if (c->habits == DELIVERED || (c->lines && !c->dropping))
		c->receivers = ANY_RECEIVER;
	return c->habits != 0;
}

/* -------------------------------------------------------------------------------------------------
 * After the five bits: does the symbol fit, and where does the next one begin?
 */

/* Is the symbol a byte whose bits are known? */
static bool is_known_byte(const struct search *s)
{
	return s->heard.kind == SYMBOL_BYTE && !s->unprintable;
}

/* Return: the habits of a bridge that would deliver the current symbol for the sender's bits */
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

/* Adds the bytes that the sender's bits can give to the search's table. */
static void collect_bytes(const struct search *s, bool stop)
{
	for (unsigned int early = 0; early < 8; early++)
		s->table[possible_byte(s->levels, early)] |= s->mark;
	if (!stop)
		s->table[0] |= s->mark;
}

/* The tables first[] to fourth[] cover this many bytes. For these, receivers are excluded that may sample the stop
 * bit one bit too early: with them the tables would accept nearly every byte. */
#define N_TABLES 4

/* The candidate has reached the bit where the next symbol begins. Keeps the candidate if the current symbol fits. */
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
	/* At the first bit of a text line it is not yet decided which text line comes. */
	if (c.at == 0 && c.bit == 0 && c.line != BANNER)
		c.line = IDLE;
	wrongbaud_keep(s->w, &c);
}

/* The candidate has reached the next falling edge after a character. If the bridge has dropped the character for its
 * missing stop bit, the symbol may begin at this edge instead. */
static void at_edge(struct search *s, const candidate *c, bool stop)
{
	if (stop || !c->dropping)
		keep_fitting(s, c, stop);
	else if (!add_candidate(s->later, &s->n_later, LATER_MAX, c))
		s->w->overflowed = true;
}

enum { STOP = 1, WAS_HIGH = 2 }; /* flags of find_edge(): the stop bit was high; the bit before was high */

/* Searches the next falling edge, from the bit after the one in which the stop bit was sampled. */
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

/* The stop bit was sampled. @at_falling_edge: the candidate already stands at the next falling edge */
static void after_stop(struct search *s, const candidate *c, bool stop, bool at_falling_edge)
{
	/* If the bridge drops characters, data_bit() did not compare the bits, because a dropped character has
	 * unknown bits. */
	if (c->dropping && stop && !s->table && is_known_byte(s) && !bits_fit(s->levels, s->heard.byte))
		return;
	if (at_falling_edge)
		at_edge(s, c, stop);
	else
		find_edge(s, c, stop ? STOP : 0);
}

/* Takes the sender's sixth bit: most receivers sample the stop bit in it, the slowest ones just before it. */
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

/* Records the sender's bit number @depth, and gives up as soon as one does not fit the byte received. */
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

/* -------------------------------------------------------------------------------------------------
 * Where the symbol begins
 */

static void from_edge(struct search *s, const candidate *from, int depth)
{
	candidate c = *from;

	s->levels[0] = 0;
	if (s->informative && c.informative < 255)
		c.informative++;
	wrongbaud_each_bit(s, &c, depth, data_bit);
}

/* From an idle line, the falling edge is the start bit of any text line that may follow. */
static void match_one(struct search *s, const candidate *c)
{
	if (wrongbaud_is_end(c))
		wrongbaud_keep(s->w, c);
	else if (c->line == IDLE)
		wrongbaud_each_line(s, c, 1, from_edge);
	else
		from_edge(s, c, 1);
}

/* How far a candidate has followed its text; the search never goes back. */
static unsigned int text_position(const candidate *c)
{
	return (unsigned int)c->lines << 16 | (unsigned int)c->at << 4 | c->bit;
}

/* Removes the least advanced candidate of s->later: the search cannot reach that candidate again. */
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
		/* If the bridge drops characters, unknown bytes are not matched: too little evidence would remain. */
		if (s->table || is_known_byte(s) || !from[i].dropping)
			match_one(s, &from[i]);
	}
	while (s->n_later) {
		candidate c = take_least_advanced(s);

		match_one(s, &c);
	}
	s->later = NULL;
}
