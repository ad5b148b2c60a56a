/* wrongbaud_inside.h - what the files of wrongbaud share: the ROM's text lines, and the search for texts that fit.
 *
 *	wrongbaud.c		symbols in, text lines out; where a banner can begin
 *	wrongbaud_match.c	which candidates could have produced one received symbol, and where the next one begins
 *	wrongbaud_text.c	what the ROM and eboot print, and which bit follows another one
 */
#ifndef ESPRESET_BOOTLOG_WRONGBAUD_INSIDE_H
#define ESPRESET_BOOTLOG_WRONGBAUD_INSIDE_H

#include "bootlog/wrongbaud.h"

/* How many bytes a text must explain: each byte fits a wrong text by chance at most once in 32 times. */
#define LOCK_AFTER 12

#define NOT_CHOSEN 0 /* candidate.ch while a character has not begun */

/* The kinds of receiver: a part each of the range of rates, and of the range of sampling points. Bit i of a set of
 * kinds: rate i / RECEIVER_SAMPLES, sampling point i % RECEIVER_SAMPLES. */
#define RECEIVER_RATES 4
#define RECEIVER_SAMPLES 6
#define ANY_RECEIVER ((1UL << RECEIVER_RATES * RECEIVER_SAMPLES) - 1)

enum { STOP_BORDER = 3 }; /* the index of the stop bit in wrongbaud.early and wrongbaud.late */

typedef struct wrongbaud_candidate candidate;

/* The templates of text lines. IDLE: between two text lines, the receive line is high. */
/* clang-format off */
enum rom_line {
	BANNER, EMPTY, WDT, WAITING, LOAD_CODE, LOAD_DATA, TAIL, CHKSUM, HO, CSUM, CSUM_ERR, ETS_MAIN, ETS_MAIN_N,
	VERSION, TILDE_LD, AT_CP, CP_N, AT_LD, LD, E_N, STAGE2, STAGE2_REST, IDLE, N_LINES
};
/* clang-format on */

/* The indices of the reset cause and of the two numbers of the boot mode in the banner's template */
enum { CAUSE_AT = 29, MODE_AT = 43, MODE2_AT = 45 };

extern const struct rom_line_template {
	const char *form; /* characters, and elements that stand for digits */
	enum wrongbaud_text text;
	unsigned long next; /* set of the text lines that may follow */
} wrongbaud_templates[N_LINES];

/* The search through the candidates for one received symbol */
struct search {
	struct wrongbaud *w;
	struct wrongbaud_symbol heard;
	int levels[6];	  /* the sender's bits after the falling edge: the start bit and five more */
	bool unprintable; /* the symbol is one of the unprintable bytes that a terminal showed as one mark */
	bool informative; /* the symbol is a byte that is not zero */
	/* Candidates after a dropped character: the symbol may begin at their falling edge instead. */
	candidate *later;
	unsigned int n_later;
	/* Not NULL: instead of keeping candidates, add @mark to the entry of each byte that they could produce. */
	uint16_t *table;
	uint16_t mark;
};

/* Called with each candidate that the search branches into. @depth: the caller's own count or flags */
typedef void search_fn(struct search *s, const candidate *c, int depth);

/** wrongbaud_level() - the level of the bit at which the candidate stands */
int wrongbaud_level(const candidate *c);

/** wrongbaud_is_inside() - does the next bit belong to the same character, so that only one bit is possible? */
static inline bool wrongbaud_is_inside(const candidate *c)
{
	return c->line != IDLE && c->bit != 0 && c->bit != 9;
}

/**
 * wrongbaud_is_end() - was the text followed to its end?
 *
 * If the bridge drops characters, the end is the first number after the banner. The bytes received of a number are too
 * few to read it, and a number fits any bytes.
 */
static inline bool wrongbaud_is_end(const candidate *c)
{
	return c->dropping && c->line == IDLE && c->at;
}

/** wrongbaud_each_bit() - call @fn for each bit that may follow the candidate's */
void wrongbaud_each_bit(struct search *s, const candidate *c, int depth, search_fn *fn);

/** wrongbaud_each_line() - call @fn for the first bit of each text line that may follow IDLE */
void wrongbaud_each_line(struct search *s, const candidate *c, int depth, search_fn *fn);

/** wrongbaud_keep() - add a candidate to w->next, the candidates after this symbol, or merge it into an equal one */
void wrongbaud_keep(struct wrongbaud *w, const candidate *c);

/** wrongbaud_init_receivers() - fill in w->early and w->late */
void wrongbaud_init_receivers(struct wrongbaud *w);

/** wrongbaud_match() - replace each of @n candidates by those after the symbol @s->heard, and keep them in w->next */
void wrongbaud_match(struct search *s, const candidate *from, unsigned int n);

#endif
