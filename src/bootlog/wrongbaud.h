/* wrongbaud.h - recovers the boot text of an ESP8266, which the chip sends at 74880 Bd, from the bytes that a receiver
 * at 115200 Bd delivers.
 *
 * The receiver takes any falling edge of the sender's signal for the beginning of a start bit. Five bits of the byte
 * that it then receives are the sender's next five bits. The receiver samples the other three bits near a border
 * between two of the sender's bits, so it may see either bit. After the byte, the receiver misses the sender's bits up
 * to the next falling edge.
 *
 * The search follows each text that the ROM and eboot can print, bit by bit. It keeps each text that may have produced
 * all bytes received. Such a text is called a candidate. The search reports what all candidates have in common. It
 * allows for receivers whose baud rate is up to 2.5 % wrong, and which sample a bit at 40 to 60 % of its time
 * (docs/hardware.md). For a character with a framing error (a low stop bit), the USB-UART bridge may deliver the
 * received byte, a zero byte, or nothing. If it delivers nothing, only a third of the characters is received. That is
 * enough to recover the banner, but the search stops there.
 *
 * Order of use:
 *	wrongbaud_init(&w);
 *	wrongbaud_symbol(&w, heard)	for each symbol received; if it returns WRONGBAUD_LINE:
 *	wrongbaud_line(&w, &line)	until it returns false
 *	wrongbaud_end(&w)		at the end of the input; if it returns true: wrongbaud_line()
 *
 * These functions make no system calls, read no clock and allocate nothing. The work for each symbol is bounded.
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
	SYMBOL_HIGH,  /* a U+FFFD in a copied log: a terminal showed it for one to three bytes of 0x80 and above */
	SYMBOL_MARK,  /* a '?' in a copied log: a received '?', or shown by a terminal for unprintable bytes */
	SYMBOL_BREAK, /* a line end in a copied log: received from the chip, or inserted by a terminal */
};

struct wrongbaud_symbol {
	enum symbol_kind kind;
	uint8_t byte;
};

enum wrongbaud_text {
	TEXT_NONE, /* unknown: several texts could have produced the bytes received */
	TEXT_BANNER,
	TEXT_EMPTY,
	TEXT_WDT_RESET,
	TEXT_WAITING,
	TEXT_LOAD,
	TEXT_DETAIL, /* a line that begins with "tail", "chksum" or "ho" */
	TEXT_CSUM,
	TEXT_CSUM_ERR,
	TEXT_ETS_MAIN,
	TEXT_VERSION, /* eboot's version, such as "v614f7c32" */
	TEXT_LOADS,   /* eboot loads the application: "~ld", "@ld" or "ld" */
	TEXT_COPIES,  /* eboot begins to copy an update: "@cp:" */
	TEXT_COPIED,  /* eboot's copy has ended: the number behind "@cp:" */
	TEXT_FAILED,  /* eboot could not load the application: "e:" and a number */
	TEXT_STAGE2,  /* "2nd boot version" */
};

/* What a USB-UART bridge does with a character that has a framing error (a low stop bit): it delivers the received
 * byte, delivers a zero byte, or drops the character. A bridge never changes what it does. */
enum wrongbaud_habit {
	WRONGBAUD_DELIVERS = 1,
	WRONGBAUD_ZEROES = 2,
	WRONGBAUD_DROPS = 4,
};

/* A recovered text line. A number in it is -1 if several values fit the bytes received. */
struct wrongbaud_line {
	enum wrongbaud_text text;
	unsigned int habits;	  /* set of enum wrongbaud_habit: what the bridge may do with framing errors */
	unsigned int informative; /* how many of the bytes received for this text line were not zero */
	unsigned int causes;	  /* TEXT_BANNER: the reset causes that fit the bytes received, one bit for each */
	unsigned int modes;	  /* TEXT_BANNER: the boot modes that fit the bytes received, one bit for each */
	int mode2;		  /* TEXT_BANNER: the second number of the boot mode; -1: unknown */
	int number;		  /* TEXT_COPIED, TEXT_FAILED: the number that eboot printed; -1: unknown */
};

/* A text that could have produced all bytes received, and the bit in it at which the next received byte begins */
struct wrongbaud_candidate {
	/* Two candidates are different if they differ in one of the members from here to receivers (same_place()). */
	uint8_t line;	      /* the current text line: enum rom_line */
	uint8_t at;	      /* index of the current element in the text line's template */
	uint8_t bit;	      /* current bit of the character; 0: start bit, 1 to 8: data bits, 9: stop bit */
	uint8_t ch;	      /* the current character; 0 before its first data bit */
	uint8_t last, before; /* the last completed text line, and the completed text line before that one */
	uint8_t lines;	      /* how many text lines were completed, modulo 256 */
	bool dropping;	      /* the bridge delivers nothing for a character with a framing error */
	uint32_t receivers;   /* set of the kinds of receivers that could have delivered all bytes received */
	/* Two candidates that differ only in the members from here on are merged into one. */
	uint16_t numbers;	       /* digits that the received bytes allow for wrongbaud_line.number: a bit set */
	uint8_t causes, modes, modes2; /* values that the received bytes allow for the banner's numbers: bit sets */
	uint8_t habits;		       /* set of enum wrongbaud_habit: what the bridge may do with framing errors */
	uint8_t heard;		       /* how many received bytes this text explains; 255 means 255 or more */
	uint8_t informative;	       /* how many bytes of the current text line were not zero; at most 255 */
	uint8_t informative_last;      /* how many bytes of the last completed text line were not zero */
	uint8_t informative_before;    /* how many bytes of the last but one completed text line were not zero */
};

struct wrongbaud {
	struct wrongbaud_candidate candidates[WRONGBAUD_CANDIDATES];
	unsigned int n;
	uint8_t returned; /* how many text lines wrongbaud_line() has returned, modulo 256 */
	bool locked;	  /* the sender is an ESP8266's ROM: one text explains enough of the bytes received */
	bool overflowed;  /* there were more than WRONGBAUD_CANDIDATES candidates, so the search failed */
	bool any_previous;
	struct wrongbaud_symbol previous; /* the last byte received; valid only if any_previous is true */
	/* The receiver samples bits 0, 3, 6 and the stop bit near a border between two of the sender's bits. early[i]
	 * is the set of the kinds of receivers that may sample the i-th of these four bits before the border; late[i]:
	 * after the border. */
	uint32_t early[4], late[4];
	struct wrongbaud_candidate starts[WRONGBAUD_STARTS]; /* falling edges in a banner: reception may begin there */
	unsigned int n_starts;
	/* For each byte: which entries of starts[] can produce it as the first, second, third or fourth byte received;
	 * bit i stands for starts[i] */
	uint16_t first[256], second[256], third[256], fourth[256];
	struct wrongbaud_candidate next[WRONGBAUD_CANDIDATES]; /* the candidates after the symbol being processed */
	unsigned int n_next;
};

enum wrongbaud_result {
	WRONGBAUD_NOTHING, /* no text fits, or too few bytes were received to be sure that the sender is the ROM */
	WRONGBAUD_LOCKED,  /* the symbol belongs to the ROM's text */
	WRONGBAUD_LINE,	   /* the symbol belongs to the ROM's text; call wrongbaud_line() for the completed text line */
	WRONGBAUD_LOST,	   /* the symbol does not continue the ROM's text that was received before */
};

/** wrongbaud_init() - prepare @w for its first symbol, and compute its tables */
void wrongbaud_init(struct wrongbaud *w);

/** wrongbaud_forget() - discard the text received so far: the next symbol does not continue it */
void wrongbaud_forget(struct wrongbaud *w);

/** wrongbaud_symbol() - process the next symbol received */
enum wrongbaud_result wrongbaud_symbol(struct wrongbaud *w, struct wrongbaud_symbol heard);

/** wrongbaud_may_start() - quick check: can a banner produce these bytes as the first two bytes received? */
static inline bool wrongbaud_may_start(const struct wrongbaud *w, uint8_t first, uint8_t second)
{
	return (w->first[first] & w->second[second]) != 0;
}

/** wrongbaud_may_go_on() - quick check: can a banner produce these bytes as the first four bytes received? */
static inline bool wrongbaud_may_go_on(const struct wrongbaud *w, const uint8_t *four)
{
	return (w->first[four[0]] & w->second[four[1]] & w->third[four[2]] & w->fourth[four[3]]) != 0;
}

/**
 * wrongbaud_end() - end the input
 *
 * If the bridge delivers nothing for characters with framing errors, the last characters of a banner may be missing.
 * Return: whether wrongbaud_line() now returns such an incomplete banner.
 */
bool wrongbaud_end(struct wrongbaud *w);

/** wrongbaud_line() - set @ret to the next recovered text line. Return: false if there is none */
bool wrongbaud_line(struct wrongbaud *w, struct wrongbaud_line *ret);

/** wrongbaud_only() - the number of the only bit in @set; -1 if no bit is set or several bits are */
int wrongbaud_only(unsigned int set);

#endif
