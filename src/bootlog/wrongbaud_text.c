/* wrongbaud_text.c - what an ESP8266's ROM and eboot print, bit by bit as they send it. */
#include "bootlog/wrongbaud_inside.h"

/* Control characters that stand for variable characters in a template. CAUSE: the digit of the reset cause; MODE and
 * MODE2: the two digits of the boot mode; DEC: one or more decimal digits; HEX: a hexadecimal digit; NUMBER: the digit
 * of wrongbaud_line.number */
enum { CAUSE = 1, MODE, MODE2, DEC, HEX, NUMBER };

#define NEWLINE "\r\n"
#define SET(line) (1UL << (line))
#define AFTER_BANNER (SET(EMPTY) | SET(WDT) | SET(WAITING) | SET(LOAD_CODE) | SET(LOAD_DATA))

/* Source of the ROM's text lines: twischer/xtensa-subjects reversed/bootrom.c. Source of eboot's text lines:
 * esp8266/Arduino bootloaders/eboot/eboot.c. */
const struct rom_line_template wrongbaud_templates[N_LINES] = {
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
	/* This text line is split in two, so that the first part is complete before the version number, which may have
	 * any form. */
	[STAGE2] = { NEWLINE "2nd boot ver", TEXT_STAGE2, SET(STAGE2_REST) },
	[STAGE2_REST] = { "sion : ", TEXT_NONE, 0 },
	[IDLE] = { "", TEXT_NONE, 0 },
};

int wrongbaud_level(const candidate *c)
{
	if (c->line == IDLE || c->bit == 9)
		return 1;
	return c->bit == 0 ? 0 : c->ch >> (c->bit - 1) & 1;
}

/* Calls @fn with @c moved to the first bit of each text line in @set, a set of enum rom_line. */
static void each_line_of(struct search *s, candidate *c, unsigned long set, int depth, search_fn *fn)
{
	c->at = c->bit = 0;
	c->ch = NOT_CHOSEN;
	for (unsigned int line = 0; line < IDLE; line++) {
		if (!(set & SET(line)))
			continue;
		c->line = (uint8_t)line;
		fn(s, c, depth);
	}
}

/* The bridge delivers nothing for characters with framing errors, so the search stops here: see wrongbaud_is_end(). */
static void end_text(struct search *s, const candidate *c)
{
	candidate end = *c;

	end.line = IDLE;
	end.at = 1;
	end.bit = end.ch = 0;
	if (!s->table && end.heard >= LOCK_AFTER)
		wrongbaud_keep(s->w, &end);
}

/* Calls fn for the first bit of each text line that may follow the text line matched last. Assumes a bridge that drops
 * characters with framing errors. Each of these text lines rules out some reset causes or boot modes that the banner alone
 * may leave possible. */
static void each_line_dropping(struct search *s, const candidate *c, int depth, search_fn *fn)
{
	/* The ROM also loads from flash in boot mode 1, if no host has downloaded anything (bootrom.c). */
	static const struct {
		enum rom_line line;
		uint8_t causes, modes;
	} following[] = {
		{ EMPTY, 0xff, 0xff },
		{ LOAD_CODE, 0xff, 1U << 3 | 1U << 1 },
		{ LOAD_DATA, 0xff, 1U << 3 | 1U << 1 },
		{ WDT, 1U << 4, 0xff },
		{ WAITING, 0xff, 0xf0 },
	};

	if (c->last != BANNER && c->last != EMPTY && c->last != WDT) {
		end_text(s, c);
		return;
	}
	for (unsigned int i = c->last == BANNER ? 0 : 1; i < sizeof(following) / sizeof(following[0]); i++) {
		candidate next = *c;

		next.causes &= following[i].causes;
		next.modes &= following[i].modes;
		if (next.causes && next.modes)
			each_line_of(s, &next, wrongbaud_templates[c->last].next & SET(following[i].line), depth, fn);
	}
}

void wrongbaud_each_line(struct search *s, const candidate *c, int depth, search_fn *fn)
{
	candidate next = *c;

	if (c->dropping)
		each_line_dropping(s, c, depth, fn);
	else
		each_line_of(s, &next, wrongbaud_templates[c->last].next, depth, fn);
}

/* Calls fn for what may follow a completed text line: the first bit of the next text line, or a pause. */
static void each_next_line(struct search *s, const candidate *c, int depth, search_fn *fn)
{
	candidate next = *c;

	next.before = c->last;
	next.last = c->line;
	next.lines = (uint8_t)(c->lines + 1);
	next.informative_before = c->informative_last;
	next.informative_last = c->informative;
	next.informative = 0;
	wrongbaud_each_line(s, &next, depth, fn);
	if (c->dropping && c->line != BANNER && c->line != EMPTY && c->line != WDT)
		return;
	next.at = next.bit = next.ch = 0;
	next.line = IDLE;
	fn(s, &next, depth);
}

/* Calls fn for the first data bit of each character that the current element of the template may stand for. */
static void each_char(struct search *s, const candidate *c, int depth, search_fn *fn)
{
	static const char *const digits[] = {
		[CAUSE] = "01234567", [MODE] = "01234567",     [MODE2] = "01234567",
		[DEC] = "0123456789", [NUMBER] = "0123456789", [HEX] = "0123456789abcdef"
	};
	char element = wrongbaud_templates[c->line].form[c->at];
	candidate next = *c;

	if (c->dropping && (element == HEX || element == DEC)) {
		end_text(s, c);
		return;
	}
	next.bit = 1;
	next.ch = (uint8_t)element;
	if (element > NUMBER) {
		fn(s, &next, depth);
		return;
	}
	for (const char *digit = digits[(unsigned char)element]; *digit; digit++) {
		unsigned int set = 1U << (*digit & 0xf); /* the digit as a bit; not used for HEX */

		next.ch = (uint8_t)*digit;
		switch (element) {
		case CAUSE: next.causes = (uint8_t)set; break;
		case MODE: next.modes = (uint8_t)set; break;
		case MODE2: next.modes2 = (uint8_t)set; break;
		case NUMBER: next.numbers = (uint16_t)set; break;
		}
		fn(s, &next, depth);
	}
}

/* Calls fn for the start bit of each character that may follow the character just completed. */
static void each_frame(struct search *s, const candidate *c, int depth, search_fn *fn)
{
	const char *form = wrongbaud_templates[c->line].form;
	candidate next = *c;

	next.bit = 0;
	next.ch = NOT_CHOSEN;
	if (form[c->at] == DEC)
		fn(s, &next, depth);
	next.at = (uint8_t)(c->at + 1);
	if (!form[next.at]) {
		each_next_line(s, c, depth, fn);
		return;
	}
	fn(s, &next, depth);
	if (form[next.at] == '\r') { /* a text line of eboot may end with "\n" instead of "\r\n" */
		next.at++;
		fn(s, &next, depth);
	}
}

void wrongbaud_each_bit(struct search *s, const candidate *c, int depth, search_fn *fn)
{
	candidate next = *c;

	if (c->line == IDLE) {
		fn(s, c, depth);
	} else if (c->bit == 0) {
		each_char(s, c, depth, fn);
	} else if (c->bit == 9) {
		each_frame(s, c, depth, fn);
	} else {
		next.bit++;
		fn(s, &next, depth);
	}
}
