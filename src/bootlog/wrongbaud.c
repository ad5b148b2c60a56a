/* wrongbaud.c - recovers an ESP8266's boot text, sent at 74880 Bd, from the bytes that a receiver at 115200 Bd
 * delivers. */
#include "bootlog/wrongbaud_inside.h"

#include <string.h>
#include <strings.h>

#define RUN_MAX 8 /* how many unprintable bytes a terminal shows as one mark, at most */

int wrongbaud_only(unsigned int set)
{
	return set && !(set & (set - 1)) ? ffs((int)set) - 1 : -1;
}

/* -------------------------------------------------------------------------------------------------
 * Symbols
 */

static void keep_all(struct wrongbaud *w, const candidate *list, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		wrongbaud_keep(w, &list[i]);
}

/* Makes the candidates after the symbol (w->next) the current ones. */
static void use_next(struct wrongbaud *w)
{
	memcpy(w->candidates, w->next, w->n_next * sizeof(w->next[0]));
	w->n = w->n_next;
}

static void match_symbol(struct wrongbaud *w, const candidate *from, unsigned int n, struct wrongbaud_symbol heard,
			 bool unprintable)
{
	struct search s = { .w = w, .heard = heard, .unprintable = unprintable };

	s.informative = heard.kind == SYMBOL_BYTE && heard.byte && !unprintable;
	wrongbaud_match(&s, from, n);
}

/* Matches a run of one to @max unknown bytes: keeps the candidates after each possible length of the run. */
static void match_run(struct wrongbaud *w, struct wrongbaud_symbol heard, int max, bool unprintable)
{
	candidate all[WRONGBAUD_CANDIDATES];
	unsigned int n_all = 0;

	w->n_next = 0;
	for (int i = 0; i < max && w->n; i++) {
		w->n_next = 0;
		match_symbol(w, w->candidates, w->n, heard, unprintable);
		use_next(w);
		keep_all(w, all, n_all);
		n_all = w->n_next;
		memcpy(all, w->next, n_all * sizeof(all[0]));
	}
}

/* Replaces the current candidates by the candidates after this symbol. */
static void advance(struct wrongbaud *w, struct wrongbaud_symbol heard)
{
	struct wrongbaud_symbol byte = { SYMBOL_BYTE, heard.byte };
	candidate as_byte[WRONGBAUD_CANDIDATES];
	unsigned int n;

	w->n_next = 0;
	if (heard.kind == SYMBOL_HIGH)
		match_run(w, heard, 3, false);
	else
		match_symbol(w, w->candidates, w->n, byte, false);
	if (heard.kind == SYMBOL_MARK) { /* '?' itself, or unprintable bytes that a terminal did not show */
		n = w->n_next;
		memcpy(as_byte, w->next, n * sizeof(as_byte[0]));
		match_run(w, heard, RUN_MAX, true);
		keep_all(w, as_byte, n);
	} else if (heard.kind == SYMBOL_BREAK) { /* received, or inserted by a terminal */
		keep_all(w, w->candidates, w->n);
	}
	use_next(w);
}

/* -------------------------------------------------------------------------------------------------
 * Where a banner can begin
 */

/* The receiver may synchronise at any falling edge in the banner's first four characters, "\r\n e". If the bridge
 * drops characters, only the edges of the first one are considered, because more would take too long. That is enough:
 * the line is idle before the banner. */
static void init_starts(struct wrongbaud *w)
{
	unsigned int n_first = 0;
	candidate c = { .line = BANNER, .receivers = ANY_RECEIVER, .habits = WRONGBAUD_DELIVERS | WRONGBAUD_ZEROES };

	for (c.at = 0; c.at < 4; c.at++) {
		int before = 1;

		for (c.bit = 0; c.bit < 10; c.bit++) {
			int now;

			c.ch = c.bit ? (uint8_t)wrongbaud_templates[BANNER].form[c.at] : NOT_CHOSEN;
			now = wrongbaud_level(&c);
			if (before && !now)
				w->starts[w->n_starts++] = c;
			before = now;
		}
		if (c.at == 0)
			n_first = w->n_starts;
	}
	for (unsigned int i = 0; i < n_first; i++) {
		c = w->starts[i];
		c.receivers &= ~w->early[STOP_BORDER];
		c.habits = WRONGBAUD_DROPS;
		c.dropping = true;
		w->starts[w->n_starts++] = c;
	}
}

/* Computes which bytes each start can produce as the first, second, third and fourth byte. */
static void init_tables(struct wrongbaud *w)
{
	uint16_t *const tables[] = { w->first, w->second, w->third, w->fourth };

	for (unsigned int i = 0; i < w->n_starts; i++) {
		w->candidates[0] = w->starts[i];
		w->n = 1;
		for (int k = 0; k < 4; k++) {
			struct search s = { .w = w, .table = tables[k], .mark = (uint16_t)(1U << i) };

			w->n_next = 0;
			wrongbaud_match(&s, w->candidates, w->n);
			use_next(w);
		}
	}
}

void wrongbaud_init(struct wrongbaud *w)
{
	memset(w, 0, sizeof(*w));
	wrongbaud_init_receivers(w);
	init_starts(w);
	init_tables(w);
	wrongbaud_forget(w);
}

/* If the last two bytes received may begin a banner: adds the starts that can produce both, after the first byte. */
static void add_starts(struct wrongbaud *w, struct wrongbaud_symbol first, uint8_t second)
{
	unsigned int mark = w->first[first.byte] & w->second[second];

	w->n_next = 0;
	for (unsigned int i = 0; i < w->n_starts; i++) {
		if (mark >> i & 1)
			match_symbol(w, &w->starts[i], 1, first, false);
	}
	keep_all(w, w->candidates, w->n);
	use_next(w);
}

/* -------------------------------------------------------------------------------------------------
 * Text lines
 */

/* Have all candidates completed another text line? */
static bool line_ready(const struct wrongbaud *w)
{
	for (unsigned int i = 0; i < w->n; i++) {
		if (w->candidates[i].lines == w->returned)
			return false;
	}
	return w->n > 0;
}

/* Do these boot modes give the same banner text at 115200? Modes 2 and 3 do, and so do 4, 6 and 7. */
static bool is_one_class(unsigned int modes)
{
	static const uint8_t classes[] = { 1 << 0, 1 << 1, 1 << 2 | 1 << 3, 1 << 4 | 1 << 6 | 1 << 7, 1 << 5 };

	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		if (modes && !(modes & ~(unsigned int)classes[i]))
			return true;
	}
	return false;
}

/* Can an incomplete banner be returned? If the bridge drops characters, the end of a banner may never be received, so
 * the banner is returned once its boot mode is known. @over: no further byte of the banner will be received */
static bool dropped_banner_ready(const struct wrongbaud *w, bool over)
{
	unsigned int modes = 0;
	bool all_end = true;

	if (!w->locked || !w->n)
		return false;
	for (unsigned int i = 0; i < w->n; i++) {
		const candidate *c = &w->candidates[i];

		if (!c->dropping || (c->line == BANNER && c->at <= (over ? CAUSE_AT : MODE_AT)))
			return false;
		modes |= c->modes;
		all_end &= wrongbaud_is_end(c);
	}
	return over || all_end || is_one_class(modes);
}

void wrongbaud_forget(struct wrongbaud *w)
{
	w->n = 0;
	w->returned = 0;
	w->locked = w->overflowed = w->any_previous = false;
}

enum wrongbaud_result wrongbaud_symbol(struct wrongbaud *w, struct wrongbaud_symbol heard)
{
	bool was_locked = w->locked, is_byte = heard.kind == SYMBOL_BYTE;
	unsigned int n;

	if (!was_locked && w->any_previous && is_byte && wrongbaud_may_start(w, w->previous.byte, heard.byte))
		add_starts(w, w->previous, heard.byte);
	w->previous = heard;
	w->any_previous = is_byte;
	if (!w->n)
		return WRONGBAUD_NOTHING;
	n = w->n;
	advance(w, heard);
	if (!w->n && is_byte && !w->overflowed) {
		w->n = n; /* the candidates before the symbol: use_next() has copied nothing over them */
		if (dropped_banner_ready(w, true))
			return WRONGBAUD_LINE;
		w->n = 0;
	}
	if (w->overflowed || !w->n) { /* no text fits, or too many do */
		wrongbaud_forget(w);
		w->any_previous = is_byte;
		return was_locked ? WRONGBAUD_LOST : WRONGBAUD_NOTHING;
	}
	for (unsigned int i = 0; i < w->n && !w->locked; i++)
		w->locked = w->candidates[i].heard >= LOCK_AFTER;
	if (!w->locked)
		return WRONGBAUD_NOTHING;
	return line_ready(w) || dropped_banner_ready(w, false) ? WRONGBAUD_LINE : WRONGBAUD_LOCKED;
}

bool wrongbaud_end(struct wrongbaud *w)
{
	return dropped_banner_ready(w, true);
}

/* Merges the candidates that differed only in the text line just returned. A candidate that has completed two lines
 * keeps the difference until the second one is returned. */
static void forget_returned(struct wrongbaud *w)
{
	for (unsigned int i = 0; i < w->n; i++) {
		if ((uint8_t)(w->candidates[i].lines - w->returned) != 1)
			return;
	}
	w->n_next = 0;
	for (unsigned int i = 0; i < w->n; i++) {
		w->candidates[i].before = 0;
		if (!w->candidates[i].dropping)
			wrongbaud_keep(w, &w->candidates[i]);
	}
	use_next(w);
}

#define ANY_DIGIT 0xffU

/* Is the number at this index of the banner unknown, because it was dropped or the input ended before? */
static bool is_before(const candidate *c, unsigned int number_at)
{
	return c->line == BANNER && (c->at < number_at || (c->at == number_at && c->bit == 0));
}

/* The text line that the candidate has completed as the next one to return, and its bytes that were not zero */
static enum rom_line completed_line(const struct wrongbaud *w, const candidate *c, unsigned int *ret_informative)
{
	uint8_t ahead = (uint8_t)(c->lines - w->returned);

	*ret_informative = ahead == 1 ? c->informative_last : c->informative_before;
	return ahead == 1 ? c->last : ahead == 2 ? c->before : IDLE;
}

/* Collects what all candidates agree on about the next text line to return. @banner: the text line is an incomplete
 * banner */
static void sum_up(const struct wrongbaud *w, struct wrongbaud_line *ret, bool banner)
{
	unsigned int modes2 = 0, numbers = 0;

	*ret = (struct wrongbaud_line){ .informative = 255 };
	for (unsigned int i = 0; i < w->n; i++) {
		const candidate *c = &w->candidates[i];
		unsigned int informative;
		enum rom_line line = completed_line(w, c, &informative);
		enum wrongbaud_text text = banner ? TEXT_BANNER : wrongbaud_templates[line].text;

		if (banner && c->line == BANNER)
			informative = c->informative;
		ret->text = i == 0 || text == ret->text ? text : TEXT_NONE;
		if (informative < ret->informative)
			ret->informative = informative;
		ret->causes |= c->causes;
		ret->modes |= banner && is_before(c, MODE_AT) ? ANY_DIGIT : c->modes;
		ret->habits |= c->habits;
		modes2 |= banner && is_before(c, MODE2_AT) ? ANY_DIGIT : c->modes2;
		numbers |= c->numbers;
	}
	ret->mode2 = wrongbaud_only(modes2);
	ret->number = wrongbaud_only(numbers);
}

bool wrongbaud_line(struct wrongbaud *w, struct wrongbaud_line *ret)
{
	bool banner = dropped_banner_ready(w, true);

	if (!banner && !line_ready(w))
		return false;
	sum_up(w, ret, banner);
	if (banner) {
		wrongbaud_forget(w);
	} else {
		forget_returned(w);
		w->returned++;
	}
	return true;
}
