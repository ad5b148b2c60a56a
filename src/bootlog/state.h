/* state.h - the members of struct bootlog. They are public only so that a caller can have a struct bootlog without
 * allocating it; only the files in src/bootlog use them. */
#ifndef ESPRESET_BOOTLOG_STATE_H
#define ESPRESET_BOOTLOG_STATE_H

#include "bootlog/wrongbaud.h"

/* Bits for pairs of adjacent characters. They tell which searches a text line needs. A line needs the search PAIR_x if
 * one of its characters has this bit in pair_first[], and the next character has this bit in pair_second[]. The lowest
 * bits, PAIR_STARTS, mark pairs that may be the start of a banner sent at 74880 Bd (wrongbaud.h). */
#define PAIR_STARTS ((1U << WRONGBAUD_STARTS) - 1)
#define PAIR_RST (1U << 15)	 /* the pair "rs": search the line for "rst:0x" and "rst cause" */
#define PAIR_ETS (1U << 16)	 /* the pair " J" or "sJ": search the line for "ets Jan", "ets Jun" and "ets Jul" */
#define PAIR_ROM (1U << 17)	 /* the pair "P-": search the line for "ESP-ROM" */
#define PAIR_PANIC (1U << 18)	 /* the first two characters of a panic, which may interrupt another text line */
#define PAIR_PIECE (0x3fU << 19) /* six bits, for words of the ROM and an application's words about a restart */
#define PAIR_REPORT (1U << 25)	 /* pairs in words that announce the report of an earlier crash */
#define PAIR_SPECIAL (1U << 31)	 /* a pair whose second character, behind any character, is for special_byte() */
#define PAIR_ANCHOR (PAIR_RST | PAIR_ETS | PAIR_ROM)

#define BOOTLOG_ROWS_MAX 320 /* upper limit of n_sentences */

#define RX74880_RECENT 64    /* characters; enough, because wrongbaud.c recognises a banner after fewer characters */
#define RX74880_LINE_MAX 512 /* bytes; longer than the longest text line of the ROM, even as UTF-8 */

/* A received character. Its text is needed if it turns out that the ROM did not send the character at 74880 Bd. */
struct rx74880_heard {
	char text[BOOTLOG_CHARACTER_MAX];
	uint8_t len;
	uint8_t bytes; /* how many bytes this character stands for, not counting bytes with unknown bits */
	int64_t ms;    /* when the character was received */
};

/* State of rx74880.c, which recovers text sent at 74880 Bd and received at 115200 Bd. Until text is recovered,
 * rx74880.c keeps the characters as received: if the ROM did not send them, they are read as ordinary text. */
struct rx74880 {
	struct wrongbaud wrongbaud;
	struct rx74880_heard recent[RX74880_RECENT]; /* ring buffer of the last characters received */
	unsigned int n_recent;			     /* how many characters were written to recent[] so far */
	int64_t previous_ms;			     /* when the previous byte was received */
	int64_t taken_ms;			     /* when the last recovered text line was complete */
	bool passed;				     /* the previous byte was skipped, so it is not in recent[] */
	char line[RX74880_LINE_MAX];		     /* characters received after the last recovered text line */
	size_t len;				     /* length of the text in line[] */
	int64_t begin_ms;			     /* when the first character of line[] was received */
	bool banner, loading, summed; /* what was recovered of this boot: a banner, a segment line, the csum line */
	bool sure; /* the last recovered text line was unambiguous, and the ROM's text has not ended */
	bool took; /* the last character received completed a text line */
};

/* The first line of an ESP32-family banner ("ets Jun ...", "ESP-ROM:..."), kept until the "rst:" line comes. */
struct bootlog_head {
	bool valid;
	enum chip chip;
	char name[24];	    /* the chip's name in the first line of the banner */
	int64_t begin_ms;   /* when the first byte of the banner was received */
	unsigned long line; /* line number of the banner's first line in the log */
};

/* What eboot, the ESP8266 Arduino bootloader, has printed last. While it copies an update, it is silent for seconds in
 * the middle of a text line. */
enum bootlog_eboot {
	EBOOT_NO,	 /* eboot does not run */
	EBOOT_MAY_SPEAK, /* the last line was the ROM's csum line or eboot's version: eboot's next words may follow */
	EBOOT_UNSURE,	 /* as EBOOT_MAY_SPEAK, but damaged text followed, which may have been eboot's words */
	EBOOT_AT,	 /* eboot has printed '@': it is copying an update */
	EBOOT_COPIED,	 /* eboot has printed "cp:N": its copy has ended */
	EBOOT_LOADS,	 /* eboot has printed "~ld" or "ld": only its error "e:N" may follow */
};

/* The crash report to which the text lines being received may belong (trouble.c). */
struct bootlog_report {
	uint16_t part; /* 1 + index of the row in sentences[] that the report's first part matches; 0: no report */
	unsigned char others; /* how many text lines have come since the last line that is part of the report */
	bool alive;	      /* the report lists tasks of an application that keeps running: it is no crash */
	bool saved;	      /* the report describes an earlier run: the application does not crash now */
	bool heading;	      /* only the heading of the report was read so far; the next line may give the reason */
	enum boot_reason reason;
	char text[96]; /* the first line of the report */
};

/* What earlier boots contribute to the verdict on a whole log. */
struct bootlog_history {
	unsigned int watchdogs; /* how many boots began with a watchdog reset since the last hardware reset */
	unsigned int restarts;	/* how many software restarts came before the application had printed anything */
	bool crashed;		/* since the last hardware reset, the application or second stage has crashed */
	bool loader_failed;	/* a second stage found no application that it can start */
	bool app_failed;	/* an application has printed that it cannot run on this chip */
	bool explained;		/* the application has announced a restart: so the next software restart is no crash */
	bool rom_fatal;		/* "Fatal exception (N):" came without any banner: something holds GPIO2 low */
};

struct bootlog {
	struct bootlog_options options;
	struct boot boot;   /* the current boot; its number is 0 before the first banner */
	struct boot before; /* the final record of the previous boot */
	bool any_boot;	    /* at least one whole banner was read */
	bool begun;	    /* the member boot holds something: a banner, part of a banner, or another line of a boot */
	bool pieces;	    /* at least one BOOT_EVENT_FRAGMENT was reported */
	bool dies;	    /* in this boot, a crash was reported, even if boot.trouble is still BOOT_NO_IMAGE */
	bool chosen;	    /* in this boot, the second stage has found an image that it can start */
	unsigned long boots;
	unsigned int began[BOOT_CAUSE_COUNT]; /* for each reset cause: how many banners have it */
	struct boot culprit; /* the last boot that printed words of a crash, or whose reset cause shows a crash */
	struct boot decided; /* the last boot with a verdict other than unproven; if none, the last boot */
	enum verdict decided_verdict;
	bool any_decided;
	struct bootlog_history history;
	struct bootlog_report report;
	struct bootlog_head head;
	enum bootlog_eboot eboot;
	unsigned int said_once; /* bit i: in this boot ESP-IDF has printed the line once[i] (stage2.c) */

	uint32_t pair_first[256], pair_second[256];
	uint32_t pair_last;	 /* pair_first[] of the last character received */
	uint32_t pairs;		 /* PAIR_ bits of all pairs of characters in the current text line */
	uint16_t row_first[128]; /* for each first letter: 1 + index of its first row in sentences[]; 0: no row */
	uint16_t row_next[BOOTLOG_ROWS_MAX];

	size_t len;	/* how many bytes of the current text line are in text[] */
	size_t done;	/* how many bytes of the current text line were read already */
	bool dirty;	/* the current text line has bytes that are not printable ASCII */
	bool continued; /* text[] holds the rest of a text line whose first part was already read */
	bool half;	/* the port's baud rate changed within the current text line: its beginning may be lost */
	bool joined;	/* the port's baud rate changed during this boot's load: lines about the load may be lost */
	bool unsure;	/* the text line being reported was sent at 74880 Bd, and is ambiguous: event.sure is false */
	unsigned char escape;
	unsigned char escape_len;
	unsigned long line_number;
	int64_t line_begin_ms; /* when the first byte of the current text line was received */

	uint64_t bytes, readable, garbage,
		foreign;	      /* numbers of bytes: received, readable, unreadable, readable but not ASCII */
	unsigned int garbage_pending; /* how many unreadable bytes were not reported yet */

	struct rx74880 rx74880;

	bootlog_fn *on_event; /* the caller's callback; NULL outside of bootlog_feed() and similar calls */
	void *user;
	int64_t now_ms;
	char text[BOOTLOG_LINE_MAX + 1];
};

#endif
