/* state.h - the insides of struct bootlog, so that callers can own one without allocation. */
#ifndef ESPRESET_BOOTLOG_STATE_H
#define ESPRESET_BOOTLOG_STATE_H

#include "bootlog/wrongbaud.h"

/* Pairs of characters, found while bytes come in: a bit of the first and the same bit of the second. The lower bits are
 * the beginnings of a banner at another speed (wrongbaud.h), the others say what a line has to be searched for. */
#define PAIR_STARTS ((1U << WRONGBAUD_STARTS) - 1)
#define PAIR_RST (1U << 15)	 /* "rs": rst:0x, rst cause */
#define PAIR_ETS (1U << 16)	 /* " J", "sJ": ets Jan, ets Jun, ets Jul */
#define PAIR_ROM (1U << 17)	 /* "P-": ESP-ROM */
#define PAIR_PANIC (1U << 18)	 /* the first letters of a panic that may cut a line */
#define PAIR_PIECE (0x3fU << 19) /* of the ROM's words, or of an application's about a restart */
#define PAIR_REPORT (1U << 25)	 /* of words about an earlier crash */
#define PAIR_SPECIAL (1U << 31)	 /* not a pair: the second one means more than itself */
#define PAIR_ANCHOR (PAIR_RST | PAIR_ETS | PAIR_ROM)

#define BOOTLOG_ROWS_MAX 320 /* of sentences.c */

#define RX74880_RECENT 64    /* a banner is recognised long before that many */
#define RX74880_LINE_MAX 512 /* a line of the ROM's takes less, also as UTF-8 */

/* A character that was heard, and the text that it is when it is not the ROM's. */
struct rx74880_heard {
	char text[BOOTLOG_CHARACTER_MAX];
	uint8_t len;
	uint8_t bytes; /* how many of the symbols heard were bytes */
	int64_t ms;
};

/* Reading 74880 Bd through a receiver at 115200: the text that may have to be read as it is, after all. */
struct rx74880 {
	struct wrongbaud wrongbaud;
	struct rx74880_heard recent[RX74880_RECENT];
	unsigned int n_recent; /* counts on; the ring's index is its remainder */
	int64_t previous_ms;   /* of the byte before */
	int64_t taken_ms;      /* when the last line was complete */
	bool passed;	       /* that one is not among the recent */
	char line[RX74880_LINE_MAX];
	size_t len; /* text since the last line that was recovered */
	int64_t begin_ms;
	bool banner, loading, summed;
	bool sure; /* the last line recovered was, and nothing but its successors came since */
	bool took; /* the last byte completed a line */
};

/* The first lines of a family banner, kept until its rst: line comes. */
struct bootlog_head {
	bool valid;
	enum chip chip;
	char name[24];
	int64_t begin_ms;
	unsigned long line;
};

/* eboot's own words come character by character, with seconds in between. */
enum bootlog_eboot {
	EBOOT_NO,
	EBOOT_MAY_SPEAK, /* the last line was csum or the version word */
	EBOOT_UNSURE,	 /* what followed them could not be read: it may have been eboot's */
	EBOOT_AT,	 /* '@' came, a copy or a load is announced */
	EBOOT_COPIED,
	EBOOT_LOADS, /* ~ld or ld: only e:N may still come from it */
};

/* A report of a crash, as far as it has been read (trouble.c) */
struct bootlog_report {
	uint16_t part;	      /* the row of its first part, plus one; 0: there is none */
	unsigned char others; /* lines behind it that are no part of it */
	bool alive;	      /* it tells of tasks that run on */
	bool saved;	      /* it tells of an earlier run */
	bool heading;	      /* it has a heading so far, and nothing else */
	enum boot_reason reason;
	char text[96]; /* of the first part */
};

/* What happened in the boots so far, for the verdict on a whole log. */
struct bootlog_history {
	unsigned int watchdogs; /* watchdog banners */
	unsigned int restarts;	/* software restarts without a word before */
	bool crashed;		/* a panic came, and no reset by hand since */
	bool loader_failed;	/* a second stage has found nothing to start */
	bool app_failed;	/* an application cannot run on this chip */
	bool explained;		/* the running application said that it would restart */
	bool rom_fatal;		/* "Fatal exception (N):" without any banner: GPIO2 held low */
};

struct bootlog {
	struct bootlog_options options;
	struct boot boot;   /* the current one; before the first banner what came without one */
	struct boot before; /* the one before it, as it ended */
	bool any_boot;	    /* a banner was read */
	bool pieces;	    /* words of the ROM came that could not be read whole, or were out of place */
	bool dies;	    /* in this boot: words of a crash came, whatever it counts as */
	bool chosen;	    /* in this boot: the second stage has found an image */
	unsigned long boots;
	unsigned int began[BOOT_CAUSE_COUNT]; /* banners of each cause */
	bool begun;			      /* boot holds something: a banner, a torn one, or lines without one */
	struct boot culprit;		      /* the last one whose words, or whose cause, tell of a crash */
	struct boot decided;		      /* the last one that decides, or else the last */
	enum verdict decided_verdict;
	bool any_decided;
	struct bootlog_history history;
	struct bootlog_report report;
	struct bootlog_head head;
	enum bootlog_eboot eboot;
	unsigned int said_once; /* what ESP-IDF says once in a boot, and has said in this one */

	uint32_t pair_first[256], pair_second[256];
	uint32_t pair_last;	 /* pair_first of the last character */
	uint32_t pairs;		 /* what was found in this line */
	uint16_t row_first[128]; /* trouble.c: the first row of sentences.c, plus one, that begins with this letter */
	uint16_t row_next[BOOTLOG_ROWS_MAX];

	size_t len;	/* the line so far */
	size_t done;	/* bytes of it that are read already */
	bool dirty;	/* it has bytes that are not printable ASCII */
	bool continued; /* its beginning was cut off */
	bool half;	/* the port's speed has changed in it: its beginning may be lost */
	bool joined;	/* and in this boot: lines of its load may be lost */
	bool unsure;	/* the line that is being read was recovered, and may be another */
	unsigned char escape;
	unsigned char escape_len;
	unsigned long line_number;
	int64_t line_begin_ms;

	uint64_t bytes, readable, garbage, foreign;
	unsigned int garbage_pending;

	struct rx74880 rx74880;

	bootlog_fn *on_event; /* only while bytes are fed */
	void *user;
	int64_t now_ms;
	char text[BOOTLOG_LINE_MAX + 1];
};

#endif
