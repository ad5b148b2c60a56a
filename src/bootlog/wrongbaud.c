/* wrongbaud.c - reads an ESP8266's 74880 Bd boot text out of what a receiver at 115200 Bd makes of it. */
#include "bootlog/wrongbaud.h"

#include <stddef.h>
#include <string.h>

/* Characters that have to fit: each of them fits by chance once in 32 times, or less. */
#define LOCK_AFTER 12
#define RUN_MAX 8	/* unprintable characters that a terminal shows as one mark */

/* What a bridge does with a character whose stop bit was not there; it always does the same. (One that loses them
 * leaves too little to read: two of three characters have no stop bit.) */
enum { DELIVERED = 1, ZEROED = 2, ANY_HABIT = 3 };

#define NOT_CHOSEN 0

/* Elements of a template that are not a character. */
enum { CAUSE = 1, MODE, MODE2, DEC, HEX, NUMBER };
#define NEWLINE "\r\n"

enum line {
	BANNER,
	EMPTY,
	WDT,
	WAITING,
	LOAD_CODE,
	LOAD_DATA,
	TAIL,
	CHKSUM,
	HO,
	CSUM,
	CSUM_ERR,
	ETS_MAIN,
	ETS_MAIN_N,
	VERSION,
	TILDE_LD,
	AT_CP,
	CP_N,
	AT_LD,
	LD,
	E_N,
	STAGE2,
	STAGE2_REST,
	IDLE,
	N_LINES,
};

#define SET(line) (1UL << (line))
#define AFTER_BANNER (SET(EMPTY) | SET(WDT) | SET(WAITING) | SET(LOAD_CODE) | SET(LOAD_DATA))

/* What the ROM and eboot print, and what may come next: twischer/xtensa-subjects reversed/bootrom.c,
 * esp8266/Arduino bootloaders/eboot/eboot.c. DEC stands for one digit or more. */
static const struct {
	const char *form;
	enum wrongbaud_text text;
	unsigned long next;
} lines[N_LINES] = {
	[BANNER] = { "\r\n ets Jan  8 2013,rst cause:\1, boot mode:(\2,\3)" NEWLINE, TEXT_BANNER,
		     AFTER_BANNER },
	[EMPTY] = { NEWLINE, TEXT_EMPTY, AFTER_BANNER },
	[WDT] = { "wdt reset" NEWLINE, TEXT_WDT_RESET,
		  SET(LOAD_CODE) | SET(LOAD_DATA) | SET(WAITING) },
	[WAITING] = { "waiting for host" NEWLINE, TEXT_WAITING, 0 },
	[LOAD_CODE] = { "load 0x4010\5\5\5\5, len \4, room \4 " NEWLINE, TEXT_LOAD, SET(TAIL) },
	[LOAD_DATA] = { "load 0x3ff\5\5\5\5\5, len \4, room \4 " NEWLINE, TEXT_LOAD, SET(TAIL) },
	[TAIL] = { "tail \4" NEWLINE, TEXT_DETAIL, SET(CHKSUM) },
	[CHKSUM] = { "chksum 0x\5\5" NEWLINE, TEXT_DETAIL,
		     SET(LOAD_CODE) | SET(LOAD_DATA) | SET(HO) | SET(CSUM) },
	[HO] = { "ho \4 tail \4 room \4" NEWLINE, TEXT_DETAIL,
		 SET(LOAD_CODE) | SET(LOAD_DATA) | SET(CSUM) },
	[CSUM] = { "csum 0x\5\5" NEWLINE, TEXT_CSUM,
		   SET(CSUM_ERR) | SET(VERSION) | SET(TILDE_LD) | SET(AT_CP) | SET(AT_LD) |
			   SET(STAGE2) },
	[CSUM_ERR] = { "csum err" NEWLINE, TEXT_CSUM_ERR, SET(ETS_MAIN) | SET(ETS_MAIN_N) },
	[ETS_MAIN] = { "ets_main.c " NEWLINE, TEXT_ETS_MAIN, 0 },
	[ETS_MAIN_N] = { "ets_main.c \4 " NEWLINE, TEXT_ETS_MAIN, 0 },
	[VERSION] = { "v\5\5\5\5\5\5\5\5" NEWLINE, TEXT_VERSION,
		      SET(TILDE_LD) | SET(AT_CP) | SET(AT_LD) },
	[TILDE_LD] = { "~ld" NEWLINE, TEXT_LOADS, SET(E_N) },
	[AT_CP] = { "@cp:", TEXT_COPIES, SET(CP_N) },
	[CP_N] = { "\6" NEWLINE, TEXT_COPIED, SET(LD) },
	[AT_LD] = { "@ld" NEWLINE, TEXT_LOADS, SET(E_N) },
	[LD] = { "ld" NEWLINE, TEXT_LOADS, SET(E_N) },
	[E_N] = { "e:\6" NEWLINE, TEXT_FAILED, 0 },
	/* in two parts, since what follows at once is a number of any form */
	[STAGE2] = { NEWLINE "2nd boot ver", TEXT_STAGE2, SET(STAGE2_REST) },
	[STAGE2_REST] = { "sion : ", TEXT_NONE, 0 },
	[IDLE] = { "", TEXT_NONE, 0 },
};

/* -------------------------------------------------------------------------------------------------
 * Walking along a text, bit by bit
 */

typedef struct wrongbaud_state state;

static int level(const state *s)
{
	if (s->line == IDLE || s->bit == 9)
		return 1;
	return s->bit == 0 ? 0 : s->ch >> (s->bit - 1) & 1;
}

struct visit {
	struct wrongbaud *w;
	struct wrongbaud_symbol heard;
	int levels[6];		/* the bits behind the falling edge */
	bool unprintable;	/* it is part of a run that a terminal did not show */
	uint16_t *table;	/* collect which characters would fit, instead */
	uint16_t mark;
};

typedef void visit_fn(struct visit *v, const state *s, int depth);

/* Each of these lines, from its first bit on. */
static void each_line(struct visit *v, state *t, unsigned long set, int depth, visit_fn *fn)
{
	t->at = 0;
	t->bit = 0;
	t->ch = NOT_CHOSEN;
	for (unsigned int line = 0; line < IDLE; line++) {
		if (!(set & SET(line)))
			continue;
		t->line = (uint8_t)line;
		fn(v, t, depth);
	}
}

/* The line is complete. What follows begins at once, or after a while. */
static void each_next_line(struct visit *v, const state *s, int depth, visit_fn *fn)
{
	state t = *s;

	t.before = s->last;
	t.last = s->line;
	t.lines = (uint8_t)(s->lines + 1);
	each_line(v, &t, lines[s->line].next, depth, fn);
	t.line = IDLE;
	fn(v, &t, depth);
}

static void each_char(struct visit *v, const state *s, int depth, visit_fn *fn)
{
	char element = lines[s->line].form[s->at];
	const char *chars;
	state t = *s;

	t.bit = 1;
	switch (element) {
	case CAUSE:
	case MODE:
	case MODE2:
		chars = "01234567";
		break;
	case DEC:
	case NUMBER:
		chars = "0123456789";
		break;
	case HEX:
		chars = "0123456789abcdef";
		break;
	default:
		t.ch = (uint8_t)element;
		fn(v, &t, depth);
		return;
	}
	for (; *chars; chars++) {
		t.ch = (uint8_t)*chars;
		if (element == CAUSE)
			t.cause = (uint8_t)(*chars - '0');
		else if (element == MODE)
			t.mode = (uint8_t)(*chars - '0');
		else if (element == MODE2)
			t.mode2 = (uint8_t)(*chars - '0');
		else if (element == NUMBER)
			t.number = (uint8_t)(*chars - '0');
		fn(v, &t, depth);
	}
}

/* The frame is over: the next character of the template. */
static void each_frame(struct visit *v, const state *s, int depth, visit_fn *fn)
{
	const char *form = lines[s->line].form;
	state t = *s;

	t.bit = 0;
	t.ch = NOT_CHOSEN;
	if (form[s->at] == DEC)
		fn(v, &t, depth);
	t.at = (uint8_t)(s->at + 1);
	if (!form[t.at]) {
		each_next_line(v, s, depth, fn);
		return;
	}
	fn(v, &t, depth);
	if (form[t.at] == '\r') {	/* eboot's line ends may lack it */
		t.at++;
		fn(v, &t, depth);
	}
}

/* Is there only one bit that may follow, the next one of the character? */
static bool is_inside(const state *s)
{
	return s->line != IDLE && s->bit != 0 && s->bit != 9;
}

/* Calls fn with every bit that may follow. */
static void each_bit(struct visit *v, const state *s, int depth, visit_fn *fn)
{
	state t;

	if (s->line == IDLE) {
		fn(v, s, depth);
		return;
	}
	if (s->bit == 0) {
		each_char(v, s, depth, fn);
		return;
	}
	if (s->bit == 9) {
		each_frame(v, s, depth, fn);
		return;
	}
	t = *s;
	t.bit++;
	fn(v, &t, depth);
}

/* -------------------------------------------------------------------------------------------------
 * One character
 */

/* All members up to habits, which are single bytes: as a word of eight and one of four that overlaps it. */
static bool same_place(const state *a, const state *b)
{
	enum { N = offsetof(state, habits) };
	uint64_t a8, b8;
	uint32_t a4, b4;

	_Static_assert(N >= 8 && N <= 12, "two words cover them");
	memcpy(&a8, a, 8);
	memcpy(&b8, b, 8);
	memcpy(&a4, (const char *)a + N - 4, 4);
	memcpy(&b4, (const char *)b + N - 4, 4);
	return a8 == b8 && a4 == b4;
}

static void keep(struct wrongbaud *w, const state *s)
{
	for (unsigned int i = 0; i < w->n_next; i++) {
		state *t = &w->next[i];

		if (!same_place(t, s))
			continue;
		t->habits |= s->habits;
		if (s->heard > t->heard)
			t->heard = s->heard;
		return;
	}
	if (w->n_next == WRONGBAUD_STATES) {
		w->overflowed = true;
		return;
	}
	w->next[w->n_next++] = *s;
}

static bool is_unprintable(uint8_t byte)
{
	return byte < 0x20 || byte >= 0x7f;
}


/* The character's bits 1, 2, 4, 5 and 7 are sampled well inside the sender's bits 1 to 5. Bits 0, 3 and 6 are
 * sampled near a border: each is one of its two neighbours. (At 115200 / 74880 and 50 %: 0.98, 1.63, 2.28, 2.93, 3.58,
 * 4.23, 4.88 and 5.53 of the sender's bits.) */
static bool fits(const int *l, uint8_t byte)
{
	int b[8];

	for (int i = 0; i < 8; i++)
		b[i] = byte >> i & 1;
	return b[1] == l[1] && b[2] == l[2] && b[4] == l[3] && b[5] == l[4] && b[7] == l[5] &&
	       (b[0] == l[0] || b[0] == l[1]) && (b[3] == l[2] || b[3] == l[3]) &&
	       (b[6] == l[4] || b[6] == l[5]);
}

/* The i-th of the eight characters that these bits can give. */
static uint8_t possible(const int *l, unsigned int i)
{
	return (uint8_t)((i & 1 ? l[0] : l[1]) | l[1] << 1 | l[2] << 2 |
			 (i & 2 ? l[2] : l[3]) << 3 | l[3] << 4 | l[4] << 5 |
			 (i & 4 ? l[4] : l[5]) << 6 | l[5] << 7);
}

static bool may_be_unprintable(const int *l)
{
	for (unsigned int i = 0; i < 8; i++) {
		if (is_unprintable(possible(l, i)))
			return true;
	}
	return false;
}

static void collect(const struct visit *v, bool stop)
{
	for (unsigned int i = 0; i < 8; i++)
		v->table[possible(v->levels, i)] |= v->mark;
	if (!stop)
		v->table[0] |= v->mark;
}

/* With which habits would this character have come as it did? */
static unsigned int habits_of(const struct visit *v, bool stop)
{
	unsigned int habits = 0;

	if (v->table) {
		collect(v, stop);
		return stop ? ANY_HABIT : DELIVERED | ZEROED;
	}
	if (v->unprintable)
		return may_be_unprintable(v->levels) ? (stop ? ANY_HABIT : DELIVERED | ZEROED) : 0;
	if (v->heard.kind == HEARD_HIGH)
		return v->levels[5] ? (stop ? ANY_HABIT : DELIVERED) : 0;
	if (fits(v->levels, v->heard.byte))
		habits = stop ? ANY_HABIT : DELIVERED;
	if (!stop && v->heard.byte == 0)
		habits |= ZEROED;
	return habits;
}

static void land(struct visit *v, const state *s, bool stop)
{
	state t = *s;

	t.habits &= (uint8_t)habits_of(v, stop);
	if (!t.habits)
		return;
	if (v->heard.kind == HEARD_BYTE && t.heard < 255)
		t.heard++;
	/* At the start of a line, it is not said which one. */
	if (t.at == 0 && t.bit == 0 && t.line != BANNER)
		t.line = IDLE;
	keep(v->w, &t);
}

/* Behind the stop bit's sample: depth says whether that was there, and the level before. */
enum { STOP = 1, WAS_HIGH = 2 };

static void find_edge(struct visit *v, const state *s, int flags)
{
	state t = *s;

	for (;; t.bit++) {
		int now = level(&t);

		if (t.line == IDLE || ((flags & WAS_HIGH) && !now)) {
			land(v, &t, flags & STOP);
			return;
		}
		flags = (flags & STOP) | (now ? WAS_HIGH : 0);
		if (!is_inside(&t))
			break;
	}
	each_bit(v, &t, flags, find_edge);
}

/* The bit behind the five: the stop bit is sampled in it, or, by the slowest receivers, right before it. */
static void stop_bit(struct visit *v, const state *s, int depth)
{
	int before = v->levels[5], now = level(s);

	(void)depth;
	find_edge(v, s, now ? STOP : 0);
	if (before == now)
		return;
	if (before) {
		land(v, s, true);
	} else {
		find_edge(v, s, 0);
	}
}

static void data_bit(struct visit *v, const state *s, int depth)
{
	/* the bits that are certain, as early as possible */
	static const uint8_t sampled[6] = { 0, 1, 2, 4, 5, 7 };
	bool known = !v->unprintable && !v->table && v->heard.kind == HEARD_BYTE && v->heard.byte;
	state t = *s;

	for (;; depth++, t.bit++) {
		v->levels[depth] = level(&t);
		if (known && (v->heard.byte >> sampled[depth] & 1) != v->levels[depth])
			return;
		if (depth == 5 || !is_inside(&t))
			break;
	}
	each_bit(v, &t, depth + 1, depth < 5 ? data_bit : stop_bit);
}

static void from_edge(struct visit *v, const state *s, int depth)
{
	v->levels[0] = 0;
	each_bit(v, s, depth, data_bit);
}

/* From IDLE, the edge is the start bit of any line that may follow. */
static void from_edge_or_idle(struct visit *v, const state *s)
{
	state t = *s;

	if (s->line == IDLE)
		each_line(v, &t, lines[s->last].next, 1, from_edge);
	else
		from_edge(v, s, 1);
}

static void take_once(struct wrongbaud *w, const state *from, unsigned int n,
		      struct wrongbaud_symbol heard, bool unprintable)
{
	struct visit v = { .w = w, .heard = heard, .unprintable = unprintable };

	for (unsigned int i = 0; i < n; i++)
		from_edge_or_idle(&v, &from[i]);
}

static void take_over(struct wrongbaud *w)
{
	memcpy(w->states, w->next, w->n_next * sizeof(w->next[0]));
	w->n = w->n_next;
}

/* One or more characters of which little is known: the states after each of them are kept. */
static void take_run(struct wrongbaud *w, struct wrongbaud_symbol heard, int max, bool unprintable)
{
	w->n_next = 0;
	for (int i = 0; i < max && w->n; i++) {
		unsigned int n = w->n_next;

		take_once(w, w->states, w->n, heard, unprintable);
		/* those that are new are where the next one starts */
		w->n = w->n_next - n;
		memcpy(w->states, w->next + n, w->n * sizeof(w->next[0]));
	}
}

/* -------------------------------------------------------------------------------------------------
 * Beginnings
 */

/* A banner is found from any falling edge in its first four characters: "\r\n e". */
static unsigned int make_starts(state *ret)
{
	unsigned int n = 0;
	state s = { .line = BANNER, .habits = ANY_HABIT };

	for (s.at = 0; s.at < 4; s.at++) {
		unsigned int before = 1;

		for (s.bit = 0; s.bit < 10; s.bit++) {
			unsigned int now;

			s.ch = s.bit ? (uint8_t)lines[BANNER].form[s.at] : NOT_CHOSEN;
			now = (unsigned int)level(&s);
			if (before && !now && n < WRONGBAUD_STARTS)
				ret[n++] = s;
			before = now;
		}
	}
	return n;
}

static void collect_from(struct wrongbaud *w, uint16_t *table, uint16_t mark)
{
	struct visit v = { .w = w, .table = table, .mark = mark };

	w->n_next = 0;
	for (unsigned int i = 0; i < w->n; i++)
		from_edge_or_idle(&v, &w->states[i]);
	take_over(w);
}

/* Which characters can be heard first, second, third and fourth from each start: for a quick look. */
static void make_tables(struct wrongbaud *w)
{
	state starts[WRONGBAUD_STARTS];
	unsigned int n = make_starts(starts);

	for (unsigned int i = 0; i < n; i++) {
		w->states[0] = starts[i];
		w->n = 1;
		collect_from(w, w->first, (uint16_t)(1U << i));
		collect_from(w, w->second, (uint16_t)(1U << i));
		collect_from(w, w->third, (uint16_t)(1U << i));
		collect_from(w, w->fourth, (uint16_t)(1U << i));
	}
}

void wrongbaud_init(struct wrongbaud *w)
{
	memset(w, 0, sizeof(*w));
	make_tables(w);
	wrongbaud_forget(w);
}

/* The two characters heard last may be a banner's first: those that fit the first one join the states. */
static void add_starts(struct wrongbaud *w, struct wrongbaud_symbol first)
{
	state before[WRONGBAUD_STATES], starts[WRONGBAUD_STARTS];
	unsigned int n = w->n;

	memcpy(before, w->states, n * sizeof(before[0]));
	w->n = make_starts(starts);
	memcpy(w->states, starts, w->n * sizeof(starts[0]));
	w->n_next = 0;
	take_once(w, w->states, w->n, first, false);
	for (unsigned int i = 0; i < n; i++)
		keep(w, &before[i]);
	take_over(w);
}

/* -------------------------------------------------------------------------------------------------
 * The way in and out
 */

static void take_byte(struct wrongbaud *w, struct wrongbaud_symbol heard)
{
	heard.kind = HEARD_BYTE;
	w->n_next = 0;
	take_once(w, w->states, w->n, heard, false);
}

static void take(struct wrongbaud *w, struct wrongbaud_symbol heard)
{
	state before[WRONGBAUD_STATES];
	unsigned int n = w->n;

	if (heard.kind == HEARD_MARK || heard.kind == HEARD_BREAK)
		memcpy(before, w->states, n * sizeof(before[0]));
	if (heard.kind == HEARD_HIGH) {
		take_run(w, heard, 3, false);
	} else {
		take_byte(w, heard);
	}
	if (heard.kind == HEARD_MARK) {		/* or what a terminal did not show */
		state byte[WRONGBAUD_STATES];
		unsigned int n_byte = w->n_next;

		memcpy(byte, w->next, n_byte * sizeof(byte[0]));
		memcpy(w->states, before, n * sizeof(before[0]));
		w->n = n;
		take_run(w, heard, RUN_MAX, true);
		for (unsigned int i = 0; i < n_byte; i++)
			keep(w, &byte[i]);
	} else if (heard.kind == HEARD_BREAK) {	/* or nothing that the board sent */
		for (unsigned int i = 0; i < n; i++)
			keep(w, &before[i]);
	}
	take_over(w);
}

static bool line_ready(const struct wrongbaud *w)
{
	for (unsigned int i = 0; i < w->n; i++) {
		if (w->states[i].lines == w->told)
			return false;
	}
	return w->n > 0;
}

void wrongbaud_forget(struct wrongbaud *w)
{
	w->n = 0;
	w->told = 0;
	w->locked = false;
	w->overflowed = false;
	w->any_previous = false;
}

enum wrongbaud_result wrongbaud_symbol(struct wrongbaud *w, struct wrongbaud_symbol heard)
{
	bool was_locked = w->locked;
	bool both = w->any_previous && heard.kind == HEARD_BYTE;
	struct wrongbaud_symbol previous = w->previous;

	w->previous = heard;
	w->any_previous = heard.kind == HEARD_BYTE;
	if (!was_locked && both && wrongbaud_may_start(w, previous.byte, heard.byte))
		add_starts(w, previous);
	if (!w->n)
		return WRONGBAUD_NOTHING;
	take(w, heard);
	if (w->overflowed || !w->n) {	/* too much fits, or nothing: either way it tells nothing */
		wrongbaud_forget(w);
		w->previous = heard;
		w->any_previous = heard.kind == HEARD_BYTE;
		return was_locked ? WRONGBAUD_LOST : WRONGBAUD_NOTHING;
	}
	for (unsigned int i = 0; i < w->n && !w->locked; i++)
		w->locked = w->states[i].heard >= LOCK_AFTER;
	if (!w->locked)
		return WRONGBAUD_MAYBE;
	return line_ready(w) ? WRONGBAUD_LINE : WRONGBAUD_LOCKED;
}

/* Which line did this text complete as number told + 1? */
static unsigned int completed(const struct wrongbaud *w, const state *s)
{
	uint8_t ahead = (uint8_t)(s->lines - w->told);

	return ahead == 1 ? s->last : ahead == 2 ? s->before : IDLE;
}

/* Texts that differed in what has been told now are one. */
static void forget_numbers(struct wrongbaud *w)
{
	unsigned int n = w->n;

	for (unsigned int i = 0; i < n; i++) {
		state *s = &w->states[i];

		if ((uint8_t)(s->lines - w->told) != 1 || s->line == BANNER || s->line == CP_N ||
		    s->line == E_N)
			return;
	}
	w->n_next = 0;
	for (unsigned int i = 0; i < n; i++) {
		state s = w->states[i];

		s.cause = s.mode = s.mode2 = s.number = 0;
		s.before = 0;
		keep(w, &s);
	}
	take_over(w);
}

bool wrongbaud_line(struct wrongbaud *w, struct wrongbaud_line *ret)
{
	const state *s = &w->states[0];
	enum wrongbaud_text text;

	if (!line_ready(w))
		return false;
	text = lines[completed(w, s)].text;
	*ret = (struct wrongbaud_line){ .text = text, .mode2 = s->mode2, .number = s->number };
	for (unsigned int i = 0; i < w->n; i++) {
		s = &w->states[i];
		if (lines[completed(w, s)].text != text)
			ret->text = TEXT_NONE;
		if (s->mode2 != ret->mode2)
			ret->mode2 = -1;
		if (s->number != ret->number)
			ret->number = -1;
		ret->causes |= 1U << s->cause;
		ret->modes |= 1U << s->mode;
	}
	forget_numbers(w);
	w->told++;
	return true;
}
