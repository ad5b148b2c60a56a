/* wrongbaud.h - recovers an ESP8266's boot text, sent at 74880 Bd, from the bytes that a receiver at 115200 Bd
 * delivers.
 *
 * The receiver samples the sender's bits at fixed times. Each byte that the receiver delivers begins at a falling
 * edge. Five bits of the byte are the sender's next five bits; the other three were sampled near a border between two
 * bits, and depend on the exact sampling time. Then the receiver misses some bits, up to the next falling edge.
 *
 * The reader follows each text that the ROM and eboot can print, bit by bit, and keeps the texts that could have
 * produced the bytes received: the candidates. It reports what all candidates have in common. Receivers may be up to
 * 2.5 % off and sample at 40 to 60 % of a bit (docs/hardware.md). A bridge may deliver a character without a stop bit
 * unchanged, as zero, or not at all. In the last case a third of the characters remains: enough for the banner, after
 * which the reader stops.
 *
 *	wrongbaud_init(&w);
 *	wrongbaud_symbol(&w, heard)	for each symbol received; if it returns WRONGBAUD_LINE:
 *	wrongbaud_line(&w, &line)	until it returns false
 *	wrongbaud_end(&w)		at the end of the input; if it returns true: wrongbaud_line()
 *
 * Pure: no system call, no clock, no allocation; a bounded amount of work for each symbol.
 */
#ifndef ESPRESET_BOOTLOG_WRONGBAUD_H
#define ESPRESET_BOOTLOG_WRONGBAUD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WRONGBAUD_CANDIDATES 256
#define WRONGBAUD_STARTS 15

enum symbol_kind {
	SYMBOL_BYTE,  /* a byte as the receiver delivered it */
	SYMBOL_HIGH,  /* one to three unknown bytes of 0x80 and above, which a terminal showed as U+FFFD */
	SYMBOL_MARK,  /* '?': the byte itself, or what a terminal showed in place of several unprintable bytes */
	SYMBOL_BREAK, /* a line end in a copied log: received, or inserted by a terminal */
};

struct wrongbaud_symbol {
	enum symbol_kind kind;
	uint8_t byte;
};

enum wrongbaud_text {
	TEXT_NONE, /* the candidates disagree */
	TEXT_BANNER,
	TEXT_EMPTY,
	TEXT_WDT_RESET,
	TEXT_WAITING,
	TEXT_LOAD,
	TEXT_DETAIL, /* tail, chksum, ho */
	TEXT_CSUM,
	TEXT_CSUM_ERR,
	TEXT_ETS_MAIN,
	TEXT_VERSION, /* eboot's version word */
	TEXT_LOADS,   /* "~ld", "@ld", "ld" */
	TEXT_COPIES,  /* "@cp:" */
	TEXT_COPIED,  /* the result after "@cp:" */
	TEXT_FAILED,  /* "e:" and a number */
	TEXT_STAGE2,  /* "2nd boot version" */
};

/* What a bridge does with a character without a stop bit. A bridge always does the same. */
enum wrongbaud_habit {
	WRONGBAUD_DELIVERS = 1,
	WRONGBAUD_ZEROES = 2,
	WRONGBAUD_DROPS = 4,
};

/* A text line that was recovered. A number is -1 if the candidates disagree about it. */
struct wrongbaud_line {
	enum wrongbaud_text text;
	unsigned int habits;	  /* set of enum wrongbaud_habit that fit */
	unsigned int informative; /* bytes received of this text line that were not zero */
	unsigned int causes;	  /* TEXT_BANNER: bit set of the reset causes that fit */
	unsigned int modes;	  /* TEXT_BANNER: bit set of the boot modes that fit */
	int mode2;		  /* TEXT_BANNER: the second number of the boot mode */
	int number;		  /* TEXT_COPIED, TEXT_FAILED: the number printed */
};

/* One text that could have produced all bytes received, and the bit in it at which the next received byte begins. */
struct wrongbaud_candidate {
	/* Members that distinguish candidates: line to receivers (see same_place()) */
	uint8_t line;	      /* template of the text line: enum rom_line */
	uint8_t at;	      /* index of the element in the template */
	uint8_t bit;	      /* 0: start bit, 1 to 8: data, 9: stop bit */
	uint8_t ch;	      /* the character printed for the element; 0: not chosen yet */
	uint8_t last, before; /* the last text line that was completed, and the one before */
	uint8_t lines;	      /* number of completed text lines, modulo 256 */
	bool dropping;	      /* the bridge drops characters without a stop bit */
	uint32_t receivers;   /* set of the kinds of receiver that fit */
	/* Members that do not distinguish candidates: two that differ only in these are merged */
	uint16_t numbers;	       /* set of the digits that fit for wrongbaud_line.number */
	uint8_t causes, modes, modes2; /* sets of the banner's numbers that fit */
	uint8_t habits;		       /* set of enum wrongbaud_habit that fit */
	uint8_t heard;		       /* bytes received that this text explains; stops at 255 */
	uint8_t informative;	       /* bytes received of the current text line that were not zero; stops at 255 */
	uint8_t informative_last;      /* bytes of the last completed text line that were not zero */
	uint8_t informative_before;    /* bytes of the last but one text line that were not zero */
};

struct wrongbaud {
	struct wrongbaud_candidate candidates[WRONGBAUD_CANDIDATES];
	unsigned int n;
	uint8_t returned; /* text lines that wrongbaud_line() has returned, modulo 256 */
	bool locked;	  /* the sender is the ROM: a candidate explains enough bytes */
	bool overflowed;  /* there were more than WRONGBAUD_CANDIDATES */
	bool any_previous;
	struct wrongbaud_symbol previous; /* the last byte received, if any_previous */
	/* Sets of the kinds of receiver that sample bits 0, 3, 6 and the stop bit before, or after, a bit border */
	uint32_t early[4], late[4];
	struct wrongbaud_candidate starts[WRONGBAUD_STARTS]; /* where in a banner reception may begin */
	unsigned int n_starts;
	/* For each byte: set of the starts that can produce it as the first, second, third and fourth byte */
	uint16_t first[256], second[256], third[256], fourth[256];
	struct wrongbaud_candidate next[WRONGBAUD_CANDIDATES]; /* the candidates after the symbol being processed */
	unsigned int n_next;
};

enum wrongbaud_result {
	WRONGBAUD_NOTHING, /* no text fits, or too few bytes have been received to be sure */
	WRONGBAUD_LOCKED,  /* the symbol belongs to the ROM's text */
	WRONGBAUD_LINE,	   /* the symbol belongs to the ROM's text, and wrongbaud_line() has a text line */
	WRONGBAUD_LOST,	   /* the symbols before it belonged to the ROM's text, this one does not */
};

/** wrongbaud_init() - compute the tables, and start without candidates */
void wrongbaud_init(struct wrongbaud *w);

/** wrongbaud_forget() - discard all candidates: the next symbol does not continue the input so far */
void wrongbaud_forget(struct wrongbaud *w);

/** wrongbaud_symbol() - process the next symbol received */
enum wrongbaud_result wrongbaud_symbol(struct wrongbaud *w, struct wrongbaud_symbol heard);

/** wrongbaud_may_start() - fast reject: can these be the first two bytes received of a banner? */
static inline bool wrongbaud_may_start(const struct wrongbaud *w, uint8_t first, uint8_t second)
{
	return (w->first[first] & w->second[second]) != 0;
}

/** wrongbaud_may_go_on() - fast reject: can these be the first four bytes received of a banner? */
static inline bool wrongbaud_may_go_on(const struct wrongbaud *w, const uint8_t *four)
{
	return (w->first[four[0]] & w->second[four[1]] & w->third[four[2]] & w->fourth[four[3]]) != 0;
}

/**
 * wrongbaud_end() - the input ends here
 *
 * Return: whether wrongbaud_line() has a banner. If the bridge drops characters, the end of a banner may not be
 * received.
 */
bool wrongbaud_end(struct wrongbaud *w);

/** wrongbaud_line() - take the next complete text line. Return: whether there was one */
bool wrongbaud_line(struct wrongbaud *w, struct wrongbaud_line *ret);

/** wrongbaud_only() - the number of the only bit that is set; -1: none or several */
int wrongbaud_only(unsigned int set);

#endif
