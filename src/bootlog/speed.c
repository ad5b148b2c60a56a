/* speed.c - finds the baud rate of a sender from bytes that were received at another baud rate, and recognises text. */
#include "bootlog/speed.h"

#include <string.h>

#include "bootlog/speedtables.h"

/* The likeliest baud rate is named once it is e^14 (about a million) times likelier than any other one. This is a
 * difference of log2(e) * 14 * 8 = 162 between the costs. */
#define BEATEN_BY 162
/* Upper limit of the cost of a baud rate. Because of this limit, a new baud rate of the sender becomes the likeliest
 * one within about 100 bytes. */
#define COST_MAX (6 * BEATEN_BY)

/* ---- which baud rate ---- */

/* The costs of one received byte with a high (good) or low (bad) stop bit: see struct speed_row */
struct byte_costs {
	int good, bad, all_good, all_bad;
};

/* The cost of "one of two events happens", from the costs @a and @b of the two events, which exclude each other. */
static int cost_of_either(int a, int b)
{
	static const uint8_t gain[] = {
		/* entry d is 8 log2(1 + 2^(-d/8)), for costs that differ by d */
		8, 8, 7, 7, 6, 6, 5, 5, 5, 4, 4, 4, 3, 3, 3, 3, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	};
	int less = a < b ? a : b, apart = a < b ? b - a : a - b;

	return less - (apart < (int)sizeof(gain) ? gain[apart] : 0);
}

/* If byte_costs.all_good is above FEW, less than 1 of 32 characters has a high stop bit. A bridge that drops characters
 * with framing errors delivers only these. */
#define FEW (5 * SPEED_UNIT)

/* The cost of a byte that the bridge has delivered. @habit: what the bridge does with framing errors */
static int cost_of(enum speed_habit habit, uint8_t byte, struct byte_costs costs)
{
	switch (habit) {
	case SPEED_ZEROES: return byte ? costs.good : cost_of_either(costs.good, costs.all_bad);
	case SPEED_DROPS: /* If hardly any byte is delivered, the tables are too imprecise: use a fixed, high cost. */
		return costs.all_good > FEW ? 10 * SPEED_UNIT : costs.good - costs.all_good;
	default: return cost_of_either(costs.good, costs.bad);
	}
}

void speed_begin(struct speed_guess *g, int heard_at, enum speed_habit habit)
{
	memset(g, 0, sizeof(*g));
	g->first_habit = (uint8_t)(habit ? habit : SPEED_DELIVERS);
	g->last_habit = (uint8_t)(habit ? habit : SPEED_DROPS);
	while (g->first < n_speed_rows && speed_rows[g->first].heard_at != heard_at)
		g->first++;
	while (g->first + g->n < (int)n_speed_rows && speed_rows[g->first + g->n].heard_at == heard_at)
		g->n++;
}

static struct byte_costs costs_in_row(const struct speed_guess *g, int i, uint8_t byte)
{
	const struct speed_row *row = &speed_rows[g->first + i];

	if (i == g->n) /* noise: all bytes are equally likely, with a high stop bit as well as with a low one */
		return (struct byte_costs){ 9 * SPEED_UNIT, 9 * SPEED_UNIT, SPEED_UNIT, SPEED_UNIT };
	return (struct byte_costs){
		.good = row->good[byte] ? row->good[byte] : SPEED_NEVER,
		.bad = row->bad[byte] ? row->bad[byte] : SPEED_NEVER,
		.all_good = row->all_good,
		.all_bad = row->all_bad,
	};
}

static void speed_add_byte(struct speed_guess *g, uint8_t byte)
{
	int32_t least = INT32_MAX;

	for (int i = 0; i <= g->n; i++) {
		struct byte_costs costs = costs_in_row(g, i, byte);

		for (int habit = g->first_habit; habit <= g->last_habit; habit++) {
			g->cost[habit][i] += cost_of((enum speed_habit)habit, byte, costs);
			if (g->cost[habit][i] < least)
				least = g->cost[habit][i];
		}
	}
	for (int habit = g->first_habit; habit <= g->last_habit; habit++) {
		for (int i = 0; i <= g->n; i++) {
			int32_t cost = g->cost[habit][i] - least;

			g->cost[habit][i] = cost < COST_MAX ? cost : COST_MAX;
		}
	}
}

void speed_add(struct speed_guess *g, const void *bytes, size_t n)
{
	for (const uint8_t *byte = bytes; g->n && n; n--)
		speed_add_byte(g, *byte++);
}

/* The sender's baud rate in row @i of the receiver's rows; SPEED_OTHER if row @i is not for a baud rate that can be
 * named */
static int row_baud(const struct speed_guess *g, int i)
{
	return i < g->n && speed_rows[g->first + i].baud ? speed_rows[g->first + i].baud : SPEED_OTHER;
}

/* Finds out which baud rate is the likeliest, and what the bridge most likely does with framing errors. Return: what
 * the bridge does */
static int find_best(const struct speed_guess *g, int *ret_baud)
{
	for (int habit = g->first_habit; habit <= g->last_habit; habit++)
		for (int i = 0; i <= g->n; i++)
			if (g->cost[habit][i] == 0) {
				*ret_baud = row_baud(g, i);
				return habit;
			}
	*ret_baud = SPEED_OTHER;
	return SPEED_HABIT_UNKNOWN;
}

/* Another baud rate, within 9 %, that some receivers cannot distinguish from @baud; 0: there is none */
static int similar_speed(int baud)
{
	static const int pairs[][2] = { { 230400, 250000 }, { 460800, 500000 }, { 921600, 1000000 } };

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		for (int k = 0; k < 2; k++)
			if (pairs[i][k] == baud)
				return pairs[i][1 - k];
	return 0;
}

/* By how much the baud rate @best leads: the cost of the likeliest other baud rate. A baud rate that some receivers
 * cannot distinguish from @best is left out. */
static int32_t lead_of(const struct speed_guess *g, int best)
{
	int similar = similar_speed(best);
	int32_t lead = INT32_MAX;

	for (int habit = g->first_habit; habit <= g->last_habit; habit++)
		for (int i = 0; i <= g->n; i++)
			if (row_baud(g, i) != best && row_baud(g, i) != similar && g->cost[habit][i] < lead)
				lead = g->cost[habit][i];
	return lead;
}

int speed_named(const struct speed_guess *g)
{
	int best;

	(void)find_best(g, &best);
	return g->n && lead_of(g, best) >= BEATEN_BY ? best : 0;
}

enum speed_habit speed_habit(const struct speed_guess *g)
{
	int best, best_habit = find_best(g, &best);

	if (g->first_habit == g->last_habit)
		return (enum speed_habit)g->first_habit;
	/* Without a named baud rate, the tables are too imprecise to show what the bridge does with framing errors. */
	if (speed_named(g) <= 0)
		return SPEED_HABIT_UNKNOWN;
	/* Require twice the lead that a baud rate needs, because only the characters with framing errors show what the
	 * bridge does. */
	for (int habit = g->first_habit; habit <= g->last_habit; habit++)
		for (int i = 0; i <= g->n && habit != best_habit; i++)
			if (g->cost[habit][i] < 2 * BEATEN_BY)
				return SPEED_HABIT_UNKNOWN;
	return (enum speed_habit)best_habit;
}

/* ---- is it text? ---- */

#define RIGHT_FROM (30 * SPEED_UNIT)
#define WRONG_FROM (-60 * SPEED_UNIT)
#define UNREADABLE (-6 * SPEED_UNIT)
/* Of all texts received at the right baud rate, 93 % collect at least RIGHT_FROM of evidence within this many bytes. Most
 * of the other 7 % consist only of dots, or come from a receiver that is not aligned with the sender's characters. */
#define ENOUGH_BYTES 76
/* How many bytes to ignore if the sender does not pause. After 24 bytes, 4 % of all receivers still are misaligned with
 * the sender's characters. A pause of 2.5 characters aligns every receiver. */
#define SKIPPED 24
#define PAIR_COUNTS 2 /* a pair of adjacent bytes counts as evidence for text only this many times */
/* A silence shorter than this does not count as a pause of the sender: the scheduler may only have delayed read(). */
#define PAUSE_MS 5

/* The kind of @byte: the row of speed_text_gain[] to use for the byte that follows @byte */
static unsigned int kind_of(int byte)
{
	if (byte >= '0' && byte <= '9')
		return 0;
	if (byte >= 'a' && byte <= 'z')
		return 1;
	if (byte >= 'A' && byte <= 'Z')
		return 2;
	if (byte == ' ' || byte == '\t')
		return 3;
	if (byte == '\r' || byte == '\n')
		return 4;
	return byte >= 0x80 ? 5 : 6;
}

void speed_check_begin(struct speed_check *c, int baud)
{
	memset(c, 0, sizeof(*c));
	c->baud = baud;
	c->before = -1;
}

/* Counts a pair of adjacent bytes. Return: whether the pair counts as evidence, because it has come at most PAIR_COUNTS
 * times so far */
static bool pair_counts(struct speed_check *c, int before, int byte)
{
	unsigned int hash = ((unsigned int)before * 151 + (unsigned int)byte * 7) % (sizeof(c->seen) * 4);
	unsigned int shift = hash % 4 * 2, seen = c->seen[hash / 4] >> shift & 3;

	if (seen >= PAIR_COUNTS)
		return false;
	c->seen[hash / 4] = (uint8_t)(c->seen[hash / 4] + (1U << shift));
	return true;
}

static void speed_weigh(struct speed_check *c, uint8_t byte, bool readable)
{
	if (c->before >= 0) {
		int gain = !readable ? UNREADABLE : speed_text_gain[kind_of(c->before)][byte < 0x80 ? byte : 0x80];

		if (gain < 0 || pair_counts(c, c->before, byte))
			c->gain += gain;
	}
	c->before = byte;
	c->counted++;
	if (c->gain >= RIGHT_FROM)
		c->answer = SPEED_RIGHT;
	else if (c->gain <= WRONG_FROM || (c->counted >= ENOUGH_BYTES && c->gain < 0))
		c->answer = SPEED_WRONG;
}

/* Evaluates the bytes in held[], which may be the beginning of a UTF-8 character. @readable: the rest of this character
 * has come, and it is valid */
static void weigh_held(struct speed_check *c, bool readable)
{
	for (int i = 0; i < c->n_held && c->answer == SPEED_UNSURE; i++)
		speed_weigh(c, c->held[i], readable);
	c->n_held = 0;
}

static bool is_readable(uint8_t byte)
{
	return (byte >= ' ' && byte < 0x7f) || (byte >= '\a' && byte <= '\n') || byte == '\r' || byte == 0x1b;
}

static void speed_check_byte(struct speed_check *c, uint8_t byte)
{
	if (c->n_held && (byte & 0xc0) == 0x80) {
		if (c->n_held + 1 < c->n_wanted) {
			c->held[c->n_held++] = byte;
			return;
		}
		weigh_held(c, true);
		if (c->answer == SPEED_UNSURE)
			speed_weigh(c, byte, true);
		return;
	}
	weigh_held(c, false);
	if (c->answer != SPEED_UNSURE)
		return;
	if (byte >= 0xc2 && byte < 0xf0) {
		c->held[c->n_held++] = byte;
		c->n_wanted = byte < 0xe0 ? 2 : 3;
	} else {
		speed_weigh(c, byte, is_readable(byte));
	}
}

/* Did the sender pause for more than 2.5 characters before or between the @n bytes just read? */
static bool has_pause(const struct speed_check *c, int64_t now_ms, size_t n)
{
	int64_t on_line_ms = ((int64_t)n * 10 + 25) * 1000 / c->baud + 1;

	return c->begun && now_ms - c->last_ms - on_line_ms >= PAUSE_MS;
}

void speed_check_add(struct speed_check *c, int64_t now_ms, const void *bytes, size_t n)
{
	const uint8_t *byte = bytes;

	if (!n)
		return;
	c->in_step |= has_pause(c, now_ms, n);
	c->begun = true;
	c->last_ms = now_ms;
	for (; n && c->answer == SPEED_UNSURE; n--, byte++) {
		if (c->in_step)
			speed_check_byte(c, *byte);
		else
			c->in_step = ++c->skipped >= SKIPPED;
	}
}

enum speed_answer speed_check_answer(const struct speed_check *c)
{
	return c->answer;
}
