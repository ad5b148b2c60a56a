/* wrongbaud_inside.h - what the files below share. They search for the texts that an ESP8266 may have sent at 74880 Bd,
 * given the bytes that a receiver at 115200 Bd delivered.
 *
 *	wrongbaud.c		takes symbols, returns text lines; knows where reception of a banner can begin
 *	wrongbaud_match.c	which texts could have produced a received symbol, and where the next symbol begins
 *	wrongbaud_text.c	what the ROM and eboot print, bit by bit
 */
#ifndef ESPRESET_BOOTLOG_WRONGBAUD_INSIDE_H
#define ESPRESET_BOOTLOG_WRONGBAUD_INSIDE_H

#include "bootlog/wrongbaud.h"

/* The sender is taken for the ROM once one of the ROM's texts explains 12 bytes received. A wrong text explains a byte
 * by chance with a probability of 1/32 at most. */
#define LOCK_AFTER 12

#define NOT_CHOSEN 0 /* value of candidate.ch before the first data bit of the character */

/* Receivers differ in their exact baud rate and in when they sample a bit. Both ranges are divided into steps. A "kind
 * of receiver" has one step of each range. In a set of kinds, bit i stands for step i / RECEIVER_SAMPLES of the baud
 * rate and step i % RECEIVER_SAMPLES of the sampling time. */
#define RECEIVER_RATES 4
#define RECEIVER_SAMPLES 6
#define ANY_RECEIVER ((1UL << RECEIVER_RATES * RECEIVER_SAMPLES) - 1)

enum { STOP_BORDER = 3 }; /* index of the stop bit in wrongbaud.early[] and wrongbaud.late[] */

typedef struct wrongbaud_candidate candidate;

/* The text lines that the ROM and eboot print. IDLE is none of them: the pause between two text lines. */
/* clang-format off */
enum rom_line {
	BANNER, EMPTY, WDT, WAITING, LOAD_CODE, LOAD_DATA, TAIL, CHKSUM, HO, CSUM, CSUM_ERR, ETS_MAIN, ETS_MAIN_N,
	VERSION, TILDE_LD, AT_CP, CP_N, AT_LD, LD, E_N, STAGE2, STAGE2_REST, IDLE, N_LINES
};
/* clang-format on */

/* Where the banner's template has the reset cause and the two numbers of the boot mode: index of the character */
enum { CAUSE_AT = 29, MODE_AT = 43, MODE2_AT = 45 };

extern const struct rom_line_template {
	const char *form; /* the text; control characters below '\7' stand for variable digits: see wrongbaud_text.c */
	enum wrongbaud_text text;
	unsigned long next; /* set of enum rom_line: the text lines that may follow this one */
} wrongbaud_templates[N_LINES];

/* The search for the texts that could have produced one received symbol */
struct search {
	struct wrongbaud *w;
	struct wrongbaud_symbol heard;
	int levels[6];	  /* the sender's bits from the falling edge on: levels[0] is 0, then five bits */
	bool unprintable; /* the symbol is a '?' that a terminal showed for an unknown, unprintable byte */
	bool informative; /* the symbol is a byte other than zero */
	/* The bridge may have delivered nothing for a character with a framing error. Then the symbol begins at the
	 * falling edge after this character, where these candidates stand. */
	candidate *later;
	unsigned int n_later;
	/* If table is not NULL, the search keeps no candidates. For each byte b that a candidate could produce, it sets
	 * the bits of mark in table[b]. */
	uint16_t *table;
	uint16_t mark;
};

/* Called for each continuation of a text. @depth is passed on unchanged: each callback uses it in its own way */
typedef void search_fn(struct search *s, const candidate *c, int depth);

/** wrongbaud_level() - the level of the candidate's current bit on the wire: 0 or 1 */
int wrongbaud_level(const candidate *c);

/** wrongbaud_is_inside() - is the next bit in the same character as the current bit, so that it is known? */
static inline bool wrongbaud_is_inside(const candidate *c)
{
	return c->line != IDLE && c->bit != 0 && c->bit != 9;
}

/**
 * wrongbaud_is_end() - has the search followed the candidate's text as far as it can?
 *
 * If the bridge delivers nothing for characters with framing errors, the search stops at the first number behind the
 * banner. Too few bytes of this number are received to recover it: whatever they are, some number fits them.
 */
static inline bool wrongbaud_is_end(const candidate *c)
{
	return c->dropping && c->line == IDLE && c->at;
}

/** wrongbaud_each_bit() - call @fn with each candidate that stands at a bit which may follow the current bit of @c */
void wrongbaud_each_bit(struct search *s, const candidate *c, int depth, search_fn *fn);

/** wrongbaud_each_line() - call @fn for the first bit of each text line that may follow the last completed one */
void wrongbaud_each_line(struct search *s, const candidate *c, int depth, search_fn *fn);

/** wrongbaud_keep() - add the candidate @c to the list w->next, or merge it into an equal candidate there */
void wrongbaud_keep(struct wrongbaud *w, const candidate *c);

/** wrongbaud_init_receivers() - compute w->early and w->late */
void wrongbaud_init_receivers(struct wrongbaud *w);

/** wrongbaud_match() - find out how each of the @n candidates in @from could go on to produce the symbol s->heard, and
 * add the resulting candidates to w->next */
void wrongbaud_match(struct search *s, const candidate *from, unsigned int n);

#endif
