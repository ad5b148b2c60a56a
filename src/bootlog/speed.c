/* speed.c - names the speed of a sender from what a receiver at another heard, and tells text from what is none. */
#include "bootlog/speed.h"

#include <string.h>

#include "bootlog/speedtables.h"

/* e^14, a million, in 1/8 bits: log2(e) * 14 * 8. */
#define BEATEN_BY 162
/* More is not held against a speed: if the sender changes to it, it catches up within some 100 bytes. */
#define COST_MAX (6 * BEATEN_BY)

/* -------------------------------------------------------------------------------------------------
 * Which speed
 */

/* 8 log2(1 + 2^(-d/8)): what two shares, d apart, are more than the larger alone. */
static const uint8_t both[] = {
	8, 8, 7, 7, 6, 6, 5, 5, 5, 4, 4, 4, 3, 3, 3, 3, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
};

static int add_shares(int a, int b)
{
	int less = a < b ? a : b, apart = a < b ? b - a : a - b;

	return less - (apart < (int)sizeof(both) ? both[apart] : 0);
}

/* Noise: every byte is as likely, with a stop bit or without. */
static const struct {
	int all_good, all_bad, good, bad;
} noise = { SPEED_UNIT, SPEED_UNIT, 9 * SPEED_UNIT, 9 * SPEED_UNIT };

#define FEW (5 * SPEED_UNIT) /* one of 32 */

static int cost_of(enum speed_habit habit, uint8_t byte, int good, int bad, int all_good, int all_bad)
{
	switch (habit) {
	case SPEED_ZEROES: return byte ? good : add_shares(good, all_bad);
	case SPEED_DROPS:
		/* Of those few that come through such a bridge too little is known, but that others are likelier to. */
		return all_good > FEW ? 10 * SPEED_UNIT : good - all_good;
	default: return add_shares(good, bad);
	}
}

static int of_row(uint8_t cost)
{
	return cost ? cost : SPEED_NEVER;
}

void speed_begin(struct speed_guess *g, int heard_at, enum speed_habit habit)
{
	memset(g, 0, sizeof(*g));
	g->habit = (uint8_t)habit;
	while (g->first < n_speed_rows && speed_rows[g->first].heard_at != heard_at)
		g->first++;
	while (g->first + g->n < (int)n_speed_rows && speed_rows[g->first + g->n].heard_at == heard_at)
		g->n++;
}

static bool is_possible(const struct speed_guess *g, int habit)
{
	return g->habit == SPEED_HABIT_UNKNOWN || g->habit == habit;
}

static void speed_add_byte(struct speed_guess *g, uint8_t byte)
{
	int32_t least = INT32_MAX;

	for (int habit = SPEED_DELIVERS; habit <= SPEED_DROPS; habit++) {
		int32_t *cost = g->cost[habit - SPEED_DELIVERS];

		if (!is_possible(g, habit))
			continue;
		for (int i = 0; i < g->n; i++) {
			const struct speed_row *row = &speed_rows[g->first + i];

			cost[i] += cost_of((enum speed_habit)habit, byte, of_row(row->good[byte]),
					   of_row(row->bad[byte]), row->all_good, row->all_bad);
			if (cost[i] < least)
				least = cost[i];
		}
		cost[g->n] +=
			cost_of((enum speed_habit)habit, byte, noise.good, noise.bad, noise.all_good, noise.all_bad);
		if (cost[g->n] < least)
			least = cost[g->n];
	}
	for (int habit = SPEED_DELIVERS; habit <= SPEED_DROPS; habit++) {
		int32_t *cost = g->cost[habit - SPEED_DELIVERS];

		for (int i = 0; i <= g->n && is_possible(g, habit); i++)
			cost[i] = cost[i] - least < COST_MAX ? cost[i] - least : COST_MAX;
	}
}

void speed_add(struct speed_guess *g, const void *bytes, size_t n)
{
	const uint8_t *byte = bytes;

	g->bytes += (long)n;
	if (!g->n)
		return;
	while (n--)
		speed_add_byte(g, *byte++);
}

static int name_of(const struct speed_guess *g, int i)
{
	return i < g->n && speed_rows[g->first + i].baud ? speed_rows[g->first + i].baud : SPEED_OTHER;
}

/* The likeliest pair of speed and habit. */
static void find_best(const struct speed_guess *g, int *ret_habit, int *ret_i)
{
	for (int habit = SPEED_DELIVERS; habit <= SPEED_DROPS; habit++)
		for (int i = 0; i <= g->n && is_possible(g, habit); i++)
			if (g->cost[habit - SPEED_DELIVERS][i] == 0) {
				*ret_habit = habit;
				*ret_i = i;
				return;
			}
}

int speed_neighbour(int baud)
{
	static const int pairs[][2] = { { 230400, 250000 }, { 460800, 500000 }, { 921600, 1000000 } };

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		for (int k = 0; k < 2; k++)
			if (pairs[i][k] == baud)
				return pairs[i][1 - k];
	return 0;
}

/* How far the best speed is ahead of the next one. */
static int32_t lead_of(const struct speed_guess *g, int best)
{
	int neighbour = speed_neighbour(best);
	int32_t lead = INT32_MAX;

	for (int habit = SPEED_DELIVERS; habit <= SPEED_DROPS; habit++)
		for (int i = 0; i <= g->n && is_possible(g, habit); i++)
			if (name_of(g, i) != best && name_of(g, i) != neighbour &&
			    g->cost[habit - SPEED_DELIVERS][i] < lead)
				lead = g->cost[habit - SPEED_DELIVERS][i];
	return lead;
}

int speed_named(const struct speed_guess *g)
{
	int habit = 0, best = 0, name;

	if (!g->bytes || !g->n)
		return 0;
	find_best(g, &habit, &best);
	name = name_of(g, best);
	return lead_of(g, name) >= BEATEN_BY ? name : 0;
}

/* For SPEED_OTHER the tables fit too loosely to tell habits apart. Twice the margin, since of all that is heard only the
 * errors tell. */
enum speed_habit speed_habit(const struct speed_guess *g)
{
	int best_habit = 0, best = 0;

	if (g->habit != SPEED_HABIT_UNKNOWN || speed_named(g) <= 0)
		return (enum speed_habit)g->habit;
	find_best(g, &best_habit, &best);
	for (int habit = SPEED_DELIVERS; habit <= SPEED_DROPS; habit++)
		for (int i = 0; i <= g->n && habit != best_habit; i++)
			if (g->cost[habit - SPEED_DELIVERS][i] < 2 * BEATEN_BY)
				return SPEED_HABIT_UNKNOWN;
	return (enum speed_habit)best_habit;
}

long speed_bytes(const struct speed_guess *g)
{
	return g->bytes;
}

/* -------------------------------------------------------------------------------------------------
 * Is it text?
 */

#define RIGHT_FROM (30 * SPEED_UNIT)
#define WRONG_FROM (-60 * SPEED_UNIT)
#define UNREADABLE (-6 * SPEED_UNIT)
#define ENOUGH_BYTES 76 /* right text has passed by then in 93 %, and nearly all that has not is dots, or out of step */
#define SKIPPED 24	/* out of step after as many: 4 % of receivers; a pause of 2.5 characters cures all */
#define PAIR_COUNTS 2	/* how often the same pair of bytes is evidence */
/* Bytes are read some time after they were on the line: a silence shorter than this may be the scheduler's. */
#define PAUSE_MS 5

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

/* Return: whether this pair has been seen less often than it may count. */
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

/* What was begun as a character of UTF-8 is one, or not. */
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

/* Did the line idle before these bytes, or among them, for more than 2.5 characters? */
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
