/* wrongbaud.h - reads an ESP8266's 74880 Bd boot text out of what a receiver at 115200 Bd makes of it.
 *
 * A receiver that is too fast is no source of noise: it looks at the sender's bits at fixed times. Each character
 * that it delivers begins at a falling edge and shows the five bits behind it for certain (and three more that
 * depend on where exactly it samples); then it misses some bits, up to the next falling edge. The reader follows
 * every text that the ROM and eboot can print, bit by bit, and keeps those that could have given the characters
 * heard. What is true of all of them is true. It holds for rates up to 2.5 % off and sampling at 40 to 60 % of a
 * bit (docs/hardware.md), and for bridges that deliver characters without a stop bit as they are, as zero, or not at
 * all. In the last case a third of the characters is left: enough for the banner, behind which the reader stops.
 *
 *	wrongbaud_init(&w);
 *	wrongbaud_symbol(&w, heard)	for each character heard; when it says WRONGBAUD_LINE:
 *	wrongbaud_line(&w, &line)	until it returns false
 *	wrongbaud_end(&w)		when nothing more comes; when it says so: wrongbaud_line()
 *
 * Pure: no system call, no clock, no allocation; a bounded amount of work for each byte.
 */
#ifndef ESPRESET_BOOTLOG_WRONGBAUD_H
#define ESPRESET_BOOTLOG_WRONGBAUD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WRONGBAUD_STATES 256
#define WRONGBAUD_STARTS 15

/* What was heard. */
enum symbol_kind {
	SYMBOL_BYTE,
	SYMBOL_HIGH,  /* one to three characters of 0x80 and above, which ones is lost (U+FFFD) */
	SYMBOL_MARK,  /* '?': itself, or a run of unprintable characters that a terminal did not show */
	SYMBOL_BREAK, /* a line end in a paste: itself, or put in by a terminal */
};

struct wrongbaud_symbol {
	enum symbol_kind kind;
	uint8_t byte;
};

enum wrongbaud_text {
	TEXT_NONE,
	TEXT_BANNER,
	TEXT_EMPTY,
	TEXT_WDT_RESET,
	TEXT_WAITING,
	TEXT_LOAD,
	TEXT_DETAIL, /* tail, chksum, ho */
	TEXT_CSUM,
	TEXT_CSUM_ERR,
	TEXT_ETS_MAIN,
	TEXT_VERSION, /* eboot */
	TEXT_LOADS,   /* ~ld, ld */
	TEXT_COPIES,  /* @cp: */
	TEXT_COPIED,  /* N */
	TEXT_FAILED,  /* e:N */
	TEXT_STAGE2,  /* 2nd boot version */
};

/* What a bridge does with a character whose stop bit was not there; it always does the same. */
enum wrongbaud_habit {
	WRONGBAUD_DELIVERS = 1,
	WRONGBAUD_ZEROES = 2,
	WRONGBAUD_DROPS = 4,
};

/* A line that was read. Numbers are -1 where several fit. */
struct wrongbaud_line {
	enum wrongbaud_text text;
	unsigned int habits;	  /* set of those that fit */
	unsigned int informative; /* characters heard of this very line that were not zero */
	unsigned int causes;	  /* BANNER: bit set of the reset causes that fit */
	unsigned int modes;	  /* BANNER: and of the boot modes */
	int mode2;
	int number; /* COPIED, FAILED */
};

/* One text that fits so far, and the bit in it at which the next character heard begins. */
struct wrongbaud_state {
	/* What makes two texts different; see same_place() */
	uint8_t line, at, bit, ch; /* template, element, bit of the frame, character (0: not chosen yet) */
	uint8_t last, before;	   /* the lines that were completed last */
	uint8_t lines;		   /* how many were completed; 0 means that more than 255 were */
	bool dropping;		   /* the bridge drops characters without a stop bit */
	uint32_t receivers;	   /* set of the kinds of receiver that fit */
	/* Numbers that fit, as sets: texts that differ in nothing else are one. */
	uint16_t numbers;
	uint8_t causes, modes, modes2;
	uint8_t habits; /* what the bridge may do with framing errors */
	uint8_t heard;	/* how many characters fit; stops at 255 */
	/* characters of this line, and of those completed last, that were not zero; stops at 255 */
	uint8_t informative, informative_last, informative_before;
};

struct wrongbaud {
	struct wrongbaud_state states[WRONGBAUD_STATES];
	unsigned int n;
	uint8_t told; /* lines that wrongbaud_line() has handed out */
	bool locked;  /* it is the ROM: enough characters fit */
	bool overflowed;
	struct wrongbaud_symbol previous;
	bool any_previous;
	/* kinds of receiver that sample bit 0, 3, 6 and the stop bit before, and behind, the border near it */
	uint32_t early[4], late[4];
	struct wrongbaud_state starts[WRONGBAUD_STARTS]; /* where a banner may be heard from */
	unsigned int n_starts;
	/* starts that a first, a second, a third and a fourth character fit */
	uint16_t first[256], second[256], third[256], fourth[256];
	struct wrongbaud_state next[WRONGBAUD_STATES]; /* while a character is taken */
	unsigned int n_next;
};

enum wrongbaud_result {
	WRONGBAUD_NOTHING, /* nothing that the ROM can have said */
	WRONGBAUD_MAYBE,   /* some texts fit, too little to tell */
	WRONGBAUD_LOCKED,  /* it is the ROM; this character is part of its words */
	WRONGBAUD_LINE,	   /* the same, and a line is complete */
	WRONGBAUD_LOST,	   /* was locked: this character is not part of them */
};

void wrongbaud_init(struct wrongbaud *w);
/** wrongbaud_forget() - what comes now has nothing to do with what came */
void wrongbaud_forget(struct wrongbaud *w);
enum wrongbaud_result wrongbaud_symbol(struct wrongbaud *w, struct wrongbaud_symbol heard);

/** wrongbaud_may_start() - quick: can these two characters be the first of a banner? */
static inline bool wrongbaud_may_start(const struct wrongbaud *w, uint8_t first, uint8_t second)
{
	return (w->first[first] & w->second[second]) != 0;
}

/** wrongbaud_may_go_on() - can these two be the third and the fourth? */
static inline bool wrongbaud_may_go_on(const struct wrongbaud *w, const uint8_t *four)
{
	return (w->first[four[0]] & w->second[four[1]] & w->third[four[2]] & w->fourth[four[3]]) != 0;
}

/**
 * wrongbaud_end() - nothing more comes
 * Return: whether that completes a banner, for wrongbaud_line(): where characters are dropped, its end may not be heard.
 */
bool wrongbaud_end(struct wrongbaud *w);

/** wrongbaud_line() - the next line that is complete. Return: whether there was one. */
bool wrongbaud_line(struct wrongbaud *w, struct wrongbaud_line *ret);

#endif
