/* wrongbaud.c - recovers the boot text of an ESP8266, which the chip sends at 74880 Bd, from the bytes that a receiver
 * at 115200 Bd delivers. wrongbaud.h describes the method. */
#include "bootlog/wrongbaud_inside.h"

#include <string.h>
#include <strings.h>

#define RUN_MAX 8 /* a '?' in a copied log stands for at most this many unprintable bytes */

int wrongbaud_only(unsigned int set)
{
	return set && !(set & (set - 1)) ? ffs((int)set) - 1 : -1;
}

/* ---- symbols ---- */

static void keep_all(struct wrongbaud *w, const candidate *list, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		wrongbaud_keep(w, &list[i]);
}

/* Makes w->next, the candidates after the symbol just processed, the current candidates. */
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

/* Processes one to @max unknown bytes: keeps the candidates that result after one byte, after two bytes, and so on. */
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

/* Processes a received symbol: replaces the current candidates by the candidates after the symbol. */
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
	if (heard.kind == SYMBOL_MARK) { /* a received '?', or unprintable bytes that a terminal showed as '?' */
		n = w->n_next;
		memcpy(as_byte, w->next, n * sizeof(as_byte[0]));
		match_run(w, heard, RUN_MAX, true);
		keep_all(w, as_byte, n);
	} else if (
		heard.kind ==
		SYMBOL_BREAK) { /* a line end, not a UART break: the board sent it, or a terminal inserted it when wrapping a long line */
		keep_all(w, w->candidates, w->n);
	}
	use_next(w);
}

/* ---- where a banner can begin ---- */

/* Fills in w->starts. The receiver may take any falling edge in the banner's first four characters, "\r\n e", for a
 * start bit. If the bridge delivers nothing for characters with framing errors, only the edges of the first character
 * are considered, because more edges would take too long. The first character is enough: before the banner, the chip
 * sends nothing for a while, so the receiver is not in the middle of a byte. */
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

/* Computes for each entry of w->starts which bytes it can produce as the first, second, third and fourth byte. */
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

/* The last two bytes received may begin a banner. Adds a candidate for each place in the banner at which reception may
 * have begun. The candidates added explain only the first byte: the caller goes on with the second byte. */
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

/* ---- text lines ---- */

/* Have all candidates completed a text line that wrongbaud_line() has not returned yet? */
static bool line_ready(const struct wrongbaud *w)
{
	for (unsigned int i = 0; i < w->n; i++) {
		if (w->candidates[i].lines == w->returned)
			return false;
	}
	return w->n > 0;
}

/* Does a receiver at 115200 Bd get the same bytes for all boot modes in the bit set @modes? This is true of modes 2 and
 * 3, and of modes 4, 6 and 7. */
static bool is_one_class(unsigned int modes)
{
	static const uint8_t classes[] = { 1 << 0, 1 << 1, 1 << 2 | 1 << 3, 1 << 4 | 1 << 6 | 1 << 7, 1 << 5 };

	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		if (modes && !(modes & ~(unsigned int)classes[i]))
			return true;
	}
	return false;
}

/* Can wrongbaud_line() return an incomplete banner? If the bridge delivers nothing for characters with framing errors,
 * the end of a banner may never be received. So the banner is returned once its boot mode is known. @over: no more
 * bytes of the banner will be received */
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
		w->n = n; /* go back to the candidates before the symbol: they still are in w->candidates */
		if (dropped_banner_ready(w, true))
			return WRONGBAUD_LINE;
		w->n = 0;
	}
	if (w->overflowed || !w->n) { /* no text fits the bytes received, or there are too many candidates */
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

/* wrongbaud_line() has returned a text line: merges candidates that differ only in this line. Does nothing if a
 * candidate has already completed the next line. */
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

/* Does the candidate stand in the banner, before the number whose index is @number_at? */
static bool is_before(const candidate *c, unsigned int number_at)
{
	return c->line == BANNER && (c->at < number_at || (c->at == number_at && c->bit == 0));
}

/* Returns the candidate's text line that wrongbaud_line() must return next. @ret_informative: how many bytes received
 * for this line were not zero */
static enum rom_line completed_line(const struct wrongbaud *w, const candidate *c, unsigned int *ret_informative)
{
	uint8_t ahead = (uint8_t)(c->lines - w->returned);

	*ret_informative = ahead == 1 ? c->informative_last : c->informative_before;
	return ahead == 1 ? c->last : ahead == 2 ? c->before : IDLE;
}

/* Fills in the text line that wrongbaud_line() returns next, with what all candidates agree on. @banner: the text line
 * is an incomplete banner */
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
