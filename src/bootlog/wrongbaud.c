/* wrongbaud.c - reads an ESP8266's 74880 Bd boot text out of what a receiver at 115200 Bd makes of it. */
#include "bootlog/wrongbaud.h"

#include <stddef.h>
#include <string.h>

/* Characters that have to fit: each of them fits by chance once in 32 times, or less. */
#define LOCK_AFTER 12
#define RUN_MAX 8 /* unprintable characters that a terminal shows as one mark */

enum {
	DELIVERED = WRONGBAUD_DELIVERS,
	ZEROED = WRONGBAUD_ZEROES,
	DROPPED = WRONGBAUD_DROPS,
	DELIVERED_OR_ZEROED = DELIVERED | ZEROED,
};

#define LATER_MAX 128
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
	[BANNER] = { "\r\n ets Jan  8 2013,rst cause:\1, boot mode:(\2,\3)" NEWLINE, TEXT_BANNER, AFTER_BANNER },
	[EMPTY] = { NEWLINE, TEXT_EMPTY, AFTER_BANNER },
	[WDT] = { "wdt reset" NEWLINE, TEXT_WDT_RESET, SET(LOAD_CODE) | SET(LOAD_DATA) | SET(WAITING) },
	[WAITING] = { "waiting for host" NEWLINE, TEXT_WAITING, 0 },
	[LOAD_CODE] = { "load 0x4010\5\5\5\5, len \4, room \4 " NEWLINE, TEXT_LOAD, SET(TAIL) },
	[LOAD_DATA] = { "load 0x3ff\5\5\5\5\5, len \4, room \4 " NEWLINE, TEXT_LOAD, SET(TAIL) },
	[TAIL] = { "tail \4" NEWLINE, TEXT_DETAIL, SET(CHKSUM) },
	[CHKSUM] = { "chksum 0x\5\5" NEWLINE, TEXT_DETAIL, SET(LOAD_CODE) | SET(LOAD_DATA) | SET(HO) | SET(CSUM) },
	[HO] = { "ho \4 tail \4 room \4" NEWLINE, TEXT_DETAIL, SET(LOAD_CODE) | SET(LOAD_DATA) | SET(CSUM) },
	[CSUM] = { "csum 0x\5\5" NEWLINE, TEXT_CSUM,
		   SET(CSUM_ERR) | SET(VERSION) | SET(TILDE_LD) | SET(AT_CP) | SET(AT_LD) | SET(STAGE2) },
	[CSUM_ERR] = { "csum err" NEWLINE, TEXT_CSUM_ERR, SET(ETS_MAIN) | SET(ETS_MAIN_N) },
	[ETS_MAIN] = { "ets_main.c " NEWLINE, TEXT_ETS_MAIN, 0 },
	[ETS_MAIN_N] = { "ets_main.c \4 " NEWLINE, TEXT_ETS_MAIN, 0 },
	[VERSION] = { "v\5\5\5\5\5\5\5\5" NEWLINE, TEXT_VERSION, SET(TILDE_LD) | SET(AT_CP) | SET(AT_LD) },
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

static int wrongbaud_level(const state *s)
{
	if (s->line == IDLE || s->bit == 9)
		return 1;
	return s->bit == 0 ? 0 : s->ch >> (s->bit - 1) & 1;
}

struct visit {
	struct wrongbaud *w;
	struct wrongbaud_symbol heard;
	int levels[6];	  /* the bits behind the falling edge */
	bool unprintable; /* it is part of a run that a terminal did not show */
	bool informative; /* a byte that is not zero */
	state *later;	  /* where the character heard may begin instead, as those before it were dropped */
	unsigned int n_later;
	uint16_t *table; /* collect which characters would fit, instead */
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

/* The elements of the banner that hold the cause and the boot mode. */
#define CAUSE_AT 29
#define MODE_AT 43
#define MODE2_AT 45

static void keep_state(struct wrongbaud *w, const state *s);

/* Where characters are dropped, a text is followed to the first number behind the banner: what remains is too little
 * to read, and what comes there fits anything. */
static bool is_end(const state *s)
{
	return s->dropping && s->line == IDLE && s->at;
}

static void end_here(struct visit *v, const state *s)
{
	state t = *s;

	t.line = IDLE;
	t.at = 1;
	t.bit = t.ch = 0;
	if (!v->table && t.heard >= LOCK_AFTER)
		keep_state(v->w, &t);
}

/* The same for a text that is followed on: which lines may come is all that tells some boot modes apart. */
static void each_line_behind_banner(struct visit *v, const state *s, int depth, visit_fn *fn)
{
	/* In mode 1 the ROM boots from flash, too, when nothing was downloaded (bootrom.c). */
	static const struct {
		enum line line;
		uint8_t causes, modes;
	} behind[] = {
		{ EMPTY, 0xff, 0xff },
		{ LOAD_CODE, 0xff, 1U << 3 | 1U << 1 },
		{ LOAD_DATA, 0xff, 1U << 3 | 1U << 1 },
		{ WDT, 1U << 4, 0xff },
		{ WAITING, 0xff, 0xf0 },
	};

	if (s->last == BANNER || s->last == EMPTY || s->last == WDT) {
		for (unsigned int i = s->last == BANNER ? 0 : 1; i < sizeof(behind) / sizeof(behind[0]); i++) {
			state t = *s;

			if (!(lines[s->last].next & SET(behind[i].line)))
				continue;
			t.causes &= behind[i].causes;
			t.modes &= behind[i].modes;
			if (t.causes && t.modes)
				each_line(v, &t, SET(behind[i].line), depth, fn);
		}
		return;
	}
	end_here(v, s);
}

/* The line is complete. What follows begins at once, or after a while. */
static void each_next_line(struct visit *v, const state *s, int depth, visit_fn *fn)
{
	state t = *s;

	t.before = s->last;
	t.last = s->line;
	t.lines = (uint8_t)(s->lines + 1);
	t.informative_before = s->informative_last;
	t.informative_last = s->informative;
	t.informative = 0;
	if (s->dropping)
		each_line_behind_banner(v, &t, depth, fn);
	else
		each_line(v, &t, lines[s->line].next, depth, fn);
	if (s->dropping && s->line != BANNER && s->line != EMPTY && s->line != WDT)
		return;
	t.at = t.bit = t.ch = 0;
	t.line = IDLE;
	fn(v, &t, depth);
}

static void each_char(struct visit *v, const state *s, int depth, visit_fn *fn)
{
	char element = lines[s->line].form[s->at];
	const char *chars;
	state t = *s;

	if (s->dropping && (element == HEX || element == DEC)) {
		end_here(v, s);
		return;
	}
	t.bit = 1;
	switch (element) {
	case CAUSE:
	case MODE:
	case MODE2: chars = "01234567"; break;
	case DEC:
	case NUMBER: chars = "0123456789"; break;
	case HEX: chars = "0123456789abcdef"; break;
	default:
		t.ch = (uint8_t)element;
		fn(v, &t, depth);
		return;
	}
	for (; *chars; chars++) {
		t.ch = (uint8_t)*chars;
		if (element == CAUSE)
			t.causes = (uint8_t)(1U << (*chars - '0'));
		else if (element == MODE)
			t.modes = (uint8_t)(1U << (*chars - '0'));
		else if (element == MODE2)
			t.modes2 = (uint8_t)(1U << (*chars - '0'));
		else if (element == NUMBER)
			t.numbers = (uint16_t)(1U << (*chars - '0'));
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
	if (form[t.at] == '\r') { /* eboot's line ends may lack it */
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

/* All members up to the receivers, which are single bytes, as one word. */
static bool same_place(const state *a, const state *b)
{
	uint64_t a8, b8;

	_Static_assert(offsetof(state, receivers) == sizeof(a8), "one word covers them");
	memcpy(&a8, a, sizeof(a8));
	memcpy(&b8, b, sizeof(b8));
	return a8 == b8 && a->receivers == b->receivers;
}

static uint8_t smaller_count(uint8_t a, uint8_t b)
{
	return a < b ? a : b;
}

static void merge_states(state *t, const state *s)
{
	t->numbers |= s->numbers;
	t->causes |= s->causes;
	t->modes |= s->modes;
	t->modes2 |= s->modes2;
	t->habits |= s->habits;
	if (s->heard > t->heard)
		t->heard = s->heard;
	t->informative = smaller_count(t->informative, s->informative);
	t->informative_last = smaller_count(t->informative_last, s->informative_last);
	t->informative_before = smaller_count(t->informative_before, s->informative_before);
}

static void keep_state(struct wrongbaud *w, const state *s)
{
	for (unsigned int i = 0; i < w->n_next; i++) {
		if (same_place(&w->next[i], s)) {
			merge_states(&w->next[i], s);
			return;
		}
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
static bool bits_fit(const int *l, uint8_t byte)
{
	int b[8];

	for (int i = 0; i < 8; i++)
		b[i] = byte >> i & 1;
	return b[1] == l[1] && b[2] == l[2] && b[4] == l[3] && b[5] == l[4] && b[7] == l[5] &&
	       (b[0] == l[0] || b[0] == l[1]) && (b[3] == l[2] || b[3] == l[3]) && (b[6] == l[4] || b[6] == l[5]);
}

/* The i-th of the eight characters that these bits can give. */
static uint8_t possible_byte(const int *l, unsigned int i)
{
	return (uint8_t)((i & 1 ? l[0] : l[1]) | l[1] << 1 | l[2] << 2 | (i & 2 ? l[2] : l[3]) << 3 | l[3] << 4 |
			 l[4] << 5 | (i & 4 ? l[4] : l[5]) << 6 | l[5] << 7);
}

static bool may_be_unprintable(const int *l)
{
	for (unsigned int i = 0; i < 8; i++) {
		if (is_unprintable(possible_byte(l, i)))
			return true;
	}
	return false;
}

static void collect_bytes(const struct visit *v, bool stop)
{
	for (unsigned int i = 0; i < 8; i++)
		v->table[possible_byte(v->levels, i)] |= v->mark;
	if (!stop)
		v->table[0] |= v->mark;
}

/* -------------------------------------------------------------------------------------------------
 * Kinds of receiver: a part each of the rates and of the sampling points
 */

#define RATES 4
#define SAMPLES 6
#define ANY_RECEIVER ((1UL << RATES * SAMPLES) - 1)
enum { STOP_BORDER = 3 };

/* In thousandths of a bit. How late a falling edge is seen: by a receiver that looks eight times a bit; and how far
 * edges are shifted on their way. */
#define EDGE_SEEN_LATE 125
#define EDGE_SHIFT 20

static void make_receivers(struct wrongbaud *w)
{
	/* the receiver's bits 0, 3, 6 and stop; the border between two of the sender's that is near */
	static const int sampled[4] = { 1, 4, 7, 9 }, borders[4] = { 1000, 3000, 5000, 6000 };

	for (int i = 0; i < RATES * SAMPLES; i++) {
		/* the sender's bits in 100,000 of the receiver's: 65000, 2.5 % either way */
		int rate = 63375 + i / SAMPLES * 3250 / RATES;
		int rate_end = 63376 + (i / SAMPLES + 1) * 3250 / RATES;
		int sample = 400 + i % SAMPLES * 200 / SAMPLES;
		int sample_end = 401 + (i % SAMPLES + 1) * 200 / SAMPLES + EDGE_SEEN_LATE;

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

/* The receivers that show this character when its bits are these. */
static uint32_t receivers_of(const struct wrongbaud *w, const int *l, uint8_t byte)
{
	static const uint8_t bit[3] = { 0, 3, 6 }, before[3] = { 0, 2, 4 };
	uint32_t set = ANY_RECEIVER;

	for (int i = 0; i < 3; i++) {
		int a = l[before[i]], b = l[before[i] + 1];

		if (a != b)
			set &= (byte >> bit[i] & 1) == a ? w->early[i] : w->late[i];
	}
	return set;
}

/* Only these receivers, unless characters come as they are: then enough is heard without asking which one it is.
 * Returns whether anything is left. */
static bool narrow_receivers(state *s, uint32_t receivers)
{
	s->receivers &= receivers;
	if (!s->receivers)
		s->habits &= DELIVERED;
	if (s->habits == DELIVERED || (s->lines && !s->dropping))
		s->receivers = ANY_RECEIVER;
	return s->habits != 0;
}

/* -------------------------------------------------------------------------------------------------
 * The end of a character
 */

/* With which habits would this character have come as it did? */
static unsigned int habits_of(const struct visit *v, bool stop)
{
	unsigned int habits = 0;

	if (v->unprintable)
		return may_be_unprintable(v->levels) ? (stop ? ~0U : DELIVERED_OR_ZEROED) : 0;
	if (v->heard.kind == SYMBOL_HIGH)
		return v->levels[5] ? (stop ? ~0U : DELIVERED) : 0;
	if (bits_fit(v->levels, v->heard.byte))
		habits = stop ? ~0U : DELIVERED;
	if (!stop && v->heard.byte == 0)
		habits |= ZEROED;
	return habits;
}

/* Those receivers that may look for a stop bit too early would make nearly any character one of a banner's first ones.
 * They are left out for as many characters as there are tables for a quick look, so that those may leave them out. */
#define AS_TABLES 4

static void land_state(struct visit *v, const state *s, bool stop)
{
	state t = *s;

	if (v->table) {
		collect_bytes(v, stop);
	} else {
		t.habits &= (uint8_t)habits_of(v, stop);
		if (v->heard.kind == SYMBOL_BYTE && !v->unprintable && stop &&
		    !narrow_receivers(&t, receivers_of(v->w, v->levels, v->heard.byte)))
			return;
		if (!narrow_receivers(&t, ANY_RECEIVER))
			return;
	}
	if (v->heard.kind == SYMBOL_BYTE && t.heard < 255)
		t.heard++;
	if (t.dropping && t.heard == AS_TABLES)
		t.receivers |= v->w->early[STOP_BORDER];
	/* At the start of a line, it is not said which one. */
	if (t.at == 0 && t.bit == 0 && t.line != BANNER)
		t.line = IDLE;
	keep_state(v->w, &t);
}

/* The falling edge behind a character. One without a stop bit may not have come: then what was heard begins here. */
static void at_edge(struct visit *v, const state *s, bool stop)
{
	if (stop || !s->dropping) {
		land_state(v, s, stop);
		return;
	}
	for (unsigned int i = 0; i < v->n_later; i++) {
		if (same_place(&v->later[i], s)) {
			merge_states(&v->later[i], s);
			return;
		}
	}
	if (v->n_later == LATER_MAX)
		v->w->overflowed = true;
	else
		v->later[v->n_later++] = *s;
}

/* Behind the stop bit's sample: depth says whether that was there, and the level before. */
enum { STOP = 1, WAS_HIGH = 2 };

static void find_edge(struct visit *v, const state *s, int flags)
{
	state t = *s;

	for (;; t.bit++) {
		int now = wrongbaud_level(&t);

		if (t.line == IDLE || ((flags & WAS_HIGH) && !now)) {
			at_edge(v, &t, flags & STOP);
			return;
		}
		flags = (flags & STOP) | (now ? WAS_HIGH : 0);
		if (!is_inside(&t))
			break;
	}
	each_bit(v, &t, flags, find_edge);
}

/* Only where characters are dropped are the bits not compared one by one: those of a dropped one are not known. */
static bool is_wrong(const struct visit *v, const state *s, bool stop)
{
	return s->dropping && stop && !v->table && v->heard.kind == SYMBOL_BYTE && !v->unprintable &&
	       !bits_fit(v->levels, v->heard.byte);
}

static void behind_stop(struct visit *v, const state *s, bool stop, bool at_falling_edge)
{
	if (is_wrong(v, s, stop))
		return;
	if (at_falling_edge)
		at_edge(v, s, stop);
	else
		find_edge(v, s, stop ? STOP : 0);
}

/* The bit behind the five: the stop bit is sampled in it, or, by the slowest receivers, right before it. */
static void stop_bit(struct visit *v, const state *s, int depth)
{
	int before = v->levels[5], now = wrongbaud_level(s);
	state t = *s;

	(void)depth;
	if (before == now) {
		behind_stop(v, s, now, false);
		return;
	}
	if (narrow_receivers(&t, v->w->late[STOP_BORDER]))
		behind_stop(v, &t, now, false);
	t = *s;
	if (narrow_receivers(&t, v->w->early[STOP_BORDER]))
		behind_stop(v, &t, before, before);
}

static void data_bit(struct visit *v, const state *s, int depth)
{
	/* the bits that are certain, as early as possible */
	static const uint8_t sampled[6] = { 0, 1, 2, 4, 5, 7 };
	bool known = !v->unprintable && !v->table && v->heard.kind == SYMBOL_BYTE && v->heard.byte && !s->dropping;
	state t = *s;

	for (;; depth++, t.bit++) {
		v->levels[depth] = wrongbaud_level(&t);
		if (known && (v->heard.byte >> sampled[depth] & 1) != v->levels[depth])
			return;
		if (depth == 5 || !is_inside(&t))
			break;
	}
	each_bit(v, &t, depth + 1, depth < 5 ? data_bit : stop_bit);
}

static void from_edge(struct visit *v, const state *s, int depth)
{
	state t = *s;

	v->levels[0] = 0;
	if (v->informative && t.informative < 255)
		t.informative++;
	each_bit(v, &t, depth, data_bit);
}

/* From IDLE, the edge is the start bit of any line that may follow. */
static void from_edge_or_idle(struct visit *v, const state *s)
{
	state t = *s;

	if (is_end(s))
		keep_state(v->w, s);
	else if (s->line == IDLE && s->dropping)
		each_line_behind_banner(v, s, 1, from_edge);
	else if (s->line == IDLE)
		each_line(v, &t, lines[s->last].next, 1, from_edge);
	else
		from_edge(v, s, 1);
}

/* How far along the text: no walk leads back. */
static unsigned int text_position(const state *s)
{
	return (unsigned int)s->lines << 16 | (unsigned int)s->at << 4 | s->bit;
}

/* The one that is least far: what still leads to it has been followed. */
static state take_least_far(struct visit *v)
{
	unsigned int least = 0;
	state s;

	for (unsigned int i = 1; i < v->n_later; i++) {
		if (text_position(&v->later[i]) < text_position(&v->later[least]))
			least = i;
	}
	s = v->later[least];
	v->later[least] = v->later[--v->n_later];
	return s;
}

/* Each of these states and the character; behind those before it that were dropped, too. */
static void visit_each(struct visit *v, const state *from, unsigned int n)
{
	state later[LATER_MAX];
	/* Of what a terminal did not show, and what was dropped before, together too little is left. */
	bool known = v->table || (v->heard.kind == SYMBOL_BYTE && !v->unprintable);

	v->later = later;
	for (unsigned int i = 0; i < n; i++) {
		if (known || !from[i].dropping)
			from_edge_or_idle(v, &from[i]);
	}
	while (v->n_later) {
		state s = take_least_far(v);

		from_edge_or_idle(v, &s);
	}
	v->later = NULL;
}

static void take_once(struct wrongbaud *w, const state *from, unsigned int n, struct wrongbaud_symbol heard,
		      bool unprintable)
{
	struct visit v = { .w = w, .heard = heard, .unprintable = unprintable };

	v.informative = heard.kind == SYMBOL_BYTE && heard.byte && !unprintable;
	visit_each(&v, from, n);
}

static void take_over(struct wrongbaud *w)
{
	memcpy(w->states, w->next, w->n_next * sizeof(w->next[0]));
	w->n = w->n_next;
}

/* One or more characters of which little is known: the states after each of them are kept. */
static void take_run(struct wrongbaud *w, struct wrongbaud_symbol heard, int max, bool unprintable)
{
	state all[WRONGBAUD_STATES];
	unsigned int n_all = 0;

	w->n_next = 0;
	for (int i = 0; i < max && w->n; i++) {
		w->n_next = 0;
		take_once(w, w->states, w->n, heard, unprintable);
		take_over(w);
		for (unsigned int j = 0; j < n_all; j++)
			keep_state(w, &all[j]);
		n_all = w->n_next;
		memcpy(all, w->next, n_all * sizeof(all[0]));
	}
}

/* -------------------------------------------------------------------------------------------------
 * Beginnings
 */

static void with_habits(state *s, uint8_t habits)
{
	s->habits = habits;
	s->dropping = habits == DROPPED;
}

/* A banner is found from any falling edge in its first four characters: "\r\n e". Where characters are dropped, from
 * those of the first one: more takes too long, and the line is quiet before it. */
static void make_starts(struct wrongbaud *w)
{
	unsigned int n = 0, n_first = 0;
	state s = { .line = BANNER, .receivers = ANY_RECEIVER };

	with_habits(&s, DELIVERED_OR_ZEROED);
	for (s.at = 0; s.at < 4; s.at++) {
		unsigned int before = 1;

		for (s.bit = 0; s.bit < 10; s.bit++) {
			unsigned int now;

			s.ch = s.bit ? (uint8_t)lines[BANNER].form[s.at] : NOT_CHOSEN;
			now = (unsigned int)wrongbaud_level(&s);
			if (before && !now)
				w->starts[n++] = s;
			before = now;
		}
		if (s.at == 0)
			n_first = n;
	}
	for (unsigned int i = 0; i < n_first; i++) {
		w->starts[n] = w->starts[i];
		w->starts[n].receivers &= ~w->early[STOP_BORDER];
		with_habits(&w->starts[n++], DROPPED);
	}
	w->n_starts = n;
}

static void collect_from(struct wrongbaud *w, uint16_t *table, uint16_t mark)
{
	struct visit v = { .w = w, .table = table, .mark = mark };

	w->n_next = 0;
	visit_each(&v, w->states, w->n);
	take_over(w);
}

/* Which characters can be heard first, second, third and fourth from each start: for a quick look. */
static void make_tables(struct wrongbaud *w)
{
	for (unsigned int i = 0; i < w->n_starts; i++) {
		w->states[0] = w->starts[i];
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
	make_receivers(w);
	make_starts(w);
	make_tables(w);
	wrongbaud_forget(w);
}

/* The two characters heard last may be a banner's first: those that fit the first one join the states. */
static void add_starts(struct wrongbaud *w, struct wrongbaud_symbol first, uint8_t second)
{
	state before[WRONGBAUD_STATES];
	unsigned int n = w->n;
	uint16_t mark = w->first[first.byte] & w->second[second];

	memcpy(before, w->states, n * sizeof(before[0]));
	w->n_next = 0;
	for (unsigned int i = 0; i < w->n_starts; i++) {
		if (mark >> i & 1)
			take_once(w, &w->starts[i], 1, first, false);
	}
	for (unsigned int i = 0; i < n; i++)
		keep_state(w, &before[i]);
	take_over(w);
}

/* -------------------------------------------------------------------------------------------------
 * The way in and out
 */

static void take_byte(struct wrongbaud *w, struct wrongbaud_symbol heard)
{
	heard.kind = SYMBOL_BYTE;
	w->n_next = 0;
	take_once(w, w->states, w->n, heard, false);
}

static void wrongbaud_take(struct wrongbaud *w, struct wrongbaud_symbol heard)
{
	state before[WRONGBAUD_STATES];
	unsigned int n = w->n;

	if (heard.kind == SYMBOL_MARK || heard.kind == SYMBOL_BREAK)
		memcpy(before, w->states, n * sizeof(before[0]));
	if (heard.kind == SYMBOL_HIGH) {
		take_run(w, heard, 3, false);
	} else {
		take_byte(w, heard);
	}
	if (heard.kind == SYMBOL_MARK) { /* or what a terminal did not show */
		state byte[WRONGBAUD_STATES];
		unsigned int n_byte = w->n_next;

		memcpy(byte, w->next, n_byte * sizeof(byte[0]));
		memcpy(w->states, before, n * sizeof(before[0]));
		w->n = n;
		take_run(w, heard, RUN_MAX, true);
		for (unsigned int i = 0; i < n_byte; i++)
			keep_state(w, &byte[i]);
	} else if (heard.kind == SYMBOL_BREAK) { /* or nothing that the board sent */
		for (unsigned int i = 0; i < n; i++)
			keep_state(w, &before[i]);
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

/* Modes that sound alike: 2 and 3, and 4, 6 and 7. */
static unsigned int modes_alike(unsigned int modes)
{
	if (modes & (1U << 2 | 1U << 3))
		modes |= 1U << 2 | 1U << 3;
	if (modes & (1U << 4 | 1U << 6 | 1U << 7))
		modes |= 1U << 4 | 1U << 6 | 1U << 7;
	return modes;
}

static bool is_one_class(unsigned int modes)
{
	return modes && modes_alike(modes) == modes_alike(modes & -modes);
}

static bool is_one(unsigned int set)
{
	return set && !(set & (set - 1));
}

/* Of a banner, some of whose characters were dropped, the end may never be heard. Is its boot mode known? Where it is
 * over, all has been heard that tells of it. */
static bool dropped_banner_ready(const struct wrongbaud *w, bool over)
{
	unsigned int modes = 0;
	bool all_end = true;

	if (!w->locked || !w->n)
		return false;
	for (unsigned int i = 0; i < w->n; i++) {
		const state *s = &w->states[i];

		if (!s->dropping || (s->line == BANNER && s->at <= (over ? CAUSE_AT : MODE_AT)))
			return false;
		modes |= s->modes;
		all_end &= is_end(s);
	}
	return over || all_end || is_one_class(modes);
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
	bool both = w->any_previous && heard.kind == SYMBOL_BYTE;
	struct wrongbaud_symbol previous = w->previous;
	unsigned int n;

	w->previous = heard;
	w->any_previous = heard.kind == SYMBOL_BYTE;
	if (!was_locked && both && wrongbaud_may_start(w, previous.byte, heard.byte))
		add_starts(w, previous, heard.byte);
	if (!w->n)
		return WRONGBAUD_NOTHING;
	n = w->n;
	wrongbaud_take(w, heard);
	if (!w->n && heard.kind == SYMBOL_BYTE && !w->overflowed) {
		w->n = n; /* the states before are still there */
		if (dropped_banner_ready(w, true))
			return WRONGBAUD_LINE;
		w->n = 0;
	}
	if (w->overflowed || !w->n) { /* too much fits, or nothing: either way it tells nothing */
		wrongbaud_forget(w);
		w->previous = heard;
		w->any_previous = heard.kind == SYMBOL_BYTE;
		return was_locked ? WRONGBAUD_LOST : WRONGBAUD_NOTHING;
	}
	for (unsigned int i = 0; i < w->n && !w->locked; i++)
		w->locked = w->states[i].heard >= LOCK_AFTER;
	if (!w->locked)
		return WRONGBAUD_MAYBE;
	return line_ready(w) || dropped_banner_ready(w, false) ? WRONGBAUD_LINE : WRONGBAUD_LOCKED;
}

bool wrongbaud_end(struct wrongbaud *w)
{
	return dropped_banner_ready(w, true);
}

/* Which line did this text complete as number told + 1? */
static unsigned int completed_line(const struct wrongbaud *w, const state *s)
{
	uint8_t ahead = (uint8_t)(s->lines - w->told);

	return ahead == 1 ? s->last : ahead == 2 ? s->before : IDLE;
}

/* Texts that differed in what has been told now are one. */
static void forget_told(struct wrongbaud *w)
{
	unsigned int n = w->n;

	for (unsigned int i = 0; i < n; i++) {
		if ((uint8_t)(w->states[i].lines - w->told) != 1)
			return;
	}
	w->n_next = 0;
	for (unsigned int i = 0; i < n; i++) {
		state s = w->states[i];

		s.before = 0;
		if (!s.dropping)
			keep_state(w, &s);
	}
	take_over(w);
}

static int the_one(unsigned int set)
{
	int i = 0;

	if (!is_one(set))
		return -1;
	while (!(set >> i & 1))
		i++;
	return i;
}

#define ANY_DIGIT 0xffU

/* Is this number of the banner still to come? It was dropped, or cut off. */
static bool is_before(const state *s, unsigned int number_at)
{
	return s->line == BANNER && (s->at < number_at || (s->at == number_at && s->bit == 0));
}

/* What all states say; with the text that each of them has completed, or is a banner. */
static void sum_up(const struct wrongbaud *w, struct wrongbaud_line *ret, bool banner)
{
	unsigned int modes2 = 0, numbers = 0;

	*ret = (struct wrongbaud_line){ .informative = 255 };
	for (unsigned int i = 0; i < w->n; i++) {
		const state *s = &w->states[i];
		enum wrongbaud_text text = banner ? TEXT_BANNER : lines[completed_line(w, s)].text;
		unsigned int n = banner && s->line == BANNER	      ? s->informative
				 : (uint8_t)(s->lines - w->told) == 1 ? s->informative_last
								      : s->informative_before;

		if (i == 0)
			ret->text = text;
		else if (text != ret->text)
			ret->text = TEXT_NONE;
		if (n < ret->informative)
			ret->informative = n;
		ret->causes |= s->causes;
		ret->modes |= banner && is_before(s, MODE_AT) ? ANY_DIGIT : s->modes;
		ret->habits |= s->habits;
		modes2 |= banner && is_before(s, MODE2_AT) ? ANY_DIGIT : s->modes2;
		numbers |= s->numbers;
	}
	ret->mode2 = the_one(modes2);
	ret->number = the_one(numbers);
}

bool wrongbaud_line(struct wrongbaud *w, struct wrongbaud_line *ret)
{
	if (dropped_banner_ready(w, true)) {
		sum_up(w, ret, true);
		wrongbaud_forget(w);
		return true;
	}
	if (!line_ready(w))
		return false;
	sum_up(w, ret, false);
	forget_told(w);
	w->told++;
	return true;
}
