/* state.h - the members of struct bootlog, public only so that callers can own one without allocation. */
#ifndef ESPRESET_BOOTLOG_STATE_H
#define ESPRESET_BOOTLOG_STATE_H

#include "bootlog/wrongbaud.h"

/* Classes of character pairs, found while bytes are received. A line belongs to the class PAIR_x if one of its
 * characters has that bit in pair_first[] and the next one has it in pair_second[]. The low bits, PAIR_STARTS, mean:
 * may be the start of a banner at another speed (wrongbaud.h). The other classes name what the line must be searched
 * for. */
#define PAIR_STARTS ((1U << WRONGBAUD_STARTS) - 1)
#define PAIR_RST (1U << 15)	 /* "rs": rst:0x, rst cause */
#define PAIR_ETS (1U << 16)	 /* " J", "sJ": ets Jan, ets Jun, ets Jul */
#define PAIR_ROM (1U << 17)	 /* "P-": ESP-ROM */
#define PAIR_PANIC (1U << 18)	 /* first letters of a panic that may interrupt a line */
#define PAIR_PIECE (0x3fU << 19) /* the ROM's words, or an application's about a restart */
#define PAIR_REPORT (1U << 25)	 /* words about an earlier crash */
#define PAIR_SPECIAL (1U << 31)	 /* the second character alone decides: special_byte() handles it */
#define PAIR_ANCHOR (PAIR_RST | PAIR_ETS | PAIR_ROM)

#define BOOTLOG_ROWS_MAX 320 /* at least n_sentences */

#define RX74880_RECENT 64    /* characters; a banner is recognised within fewer */
#define RX74880_LINE_MAX 512 /* bytes; more than the ROM's longest line as UTF-8 */

/* A received character, and its text in case it is not the ROM's. */
struct rx74880_heard {
	char text[BOOTLOG_CHARACTER_MAX];
	uint8_t len;
	uint8_t bytes; /* how many symbols of the character (wrongbaud.h) were bytes */
	int64_t ms;    /* when the character was received */
};

/* State of rx74880.c, which reads 74880 Bd through a port at 115200. It keeps the text as received, to give it back if
 * it turns out not to be the ROM's. */
struct rx74880 {
	struct wrongbaud wrongbaud;
	struct rx74880_heard recent[RX74880_RECENT]; /* ring buffer */
	unsigned int n_recent;			     /* characters written to recent[] so far */
	int64_t previous_ms;			     /* when the previous byte was received */
	int64_t taken_ms;			     /* when the last recovered line was complete */
	bool passed;				     /* the previous byte is not in recent[] */
	char line[RX74880_LINE_MAX];		     /* text received since the last recovered line */
	size_t len;				     /* length of the text in line[] */
	int64_t begin_ms;			     /* when the text in line[] began */
	bool banner, loading, summed;		     /* recovered in this boot: banner, segment line, csum line */
	bool sure; /* the last recovered line was unambiguous, and nothing unexpected has followed it */
	bool took; /* the last byte completed a line */
};

/* The first line of an ESP32-family banner ("ets Jun ...", "ESP-ROM:..."), kept until the "rst:" line comes. */
struct bootlog_head {
	bool valid;
	enum chip chip;
	char name[24];	    /* the chip's name in that line */
	int64_t begin_ms;   /* when the first byte of that line came */
	unsigned long line; /* number of that line in the log */
};

/* Where eboot, the ESP8266 Arduino bootloader, is. It prints single characters with seconds in between. */
enum bootlog_eboot {
	EBOOT_NO,	 /* eboot does not run */
	EBOOT_MAY_SPEAK, /* the last line was the ROM's csum or eboot's version: eboot's next words may follow */
	EBOOT_UNSURE,	 /* as EBOOT_MAY_SPEAK, but unreadable bytes followed, which may have been eboot's words */
	EBOOT_AT,	 /* '@' was printed: a copy is running */
	EBOOT_COPIED,	 /* "cp:N" was printed */
	EBOOT_LOADS,	 /* "~ld" or "ld" was printed: only the error "e:N" may follow */
};

/* A crash report that is being read (trouble.c). */
struct bootlog_report {
	uint16_t part;	      /* index in sentences[] of the first part, plus one; 0: no report has begun */
	unsigned char others; /* lines since the last part that are not part of a report */
	bool alive;	      /* the report lists tasks of an application that keeps running */
	bool saved;	      /* the report describes an earlier run */
	bool heading;	      /* only the heading was read so far */
	enum boot_reason reason;
	char text[96]; /* the report's first part */
};

/* What earlier boots contribute to the verdict on a whole log. */
struct bootlog_history {
	unsigned int watchdogs; /* boots caused by a watchdog */
	unsigned int restarts;	/* software restarts without a line of the application before */
	bool crashed;		/* a crash, and no hardware reset since */
	bool loader_failed;	/* a second stage found nothing to start */
	bool app_failed;	/* an application cannot run on this chip */
	bool explained;		/* the running application said that it will restart */
	bool rom_fatal;		/* "Fatal exception (N):" without any banner: GPIO2 is held low */
};

struct bootlog {
	struct bootlog_options options;
	struct boot boot;   /* the current boot; before the first banner: number 0 */
	struct boot before; /* the previous boot, as it ended */
	bool any_boot;	    /* a banner was read */
	bool begun;	    /* boot holds a banner, a torn banner or a line of a boot */
	bool pieces;	    /* a BOOT_EVENT_FRAGMENT was reported */
	bool dies;	    /* in this boot: words of a crash were read, also where they count as BOOT_NO_IMAGE */
	bool chosen;	    /* in this boot: the second stage has found an image */
	unsigned long boots;
	unsigned int began[BOOT_CAUSE_COUNT]; /* banners by reset cause */
	struct boot culprit;		      /* the last boot whose words or reset cause are those of a crash */
	struct boot decided;		      /* the last boot that decides the verdict; the last boot if none does */
	enum verdict decided_verdict;
	bool any_decided;
	struct bootlog_history history;
	struct bootlog_report report;
	struct bootlog_head head;
	enum bootlog_eboot eboot;
	unsigned int said_once; /* bits of ESP-IDF's once-per-boot lines that this boot has printed (stage2.c) */

	uint32_t pair_first[256], pair_second[256];
	uint32_t pair_last;	 /* pair_first[] of the last character */
	uint32_t pairs;		 /* classes that the current line belongs to */
	uint16_t row_first[128]; /* by first letter: index in sentences[] of the first row, plus one; 0: none */
	uint16_t row_next[BOOTLOG_ROWS_MAX];

	size_t len;	/* of the current line in text[] */
	size_t done;	/* how much of the current line was read already */
	bool dirty;	/* the current line has bytes that are not printable ASCII */
	bool continued; /* the current line continues one that was split at BOOTLOG_LINE_MAX */
	bool half;	/* the port's speed changed within the current line: its beginning may be lost */
	bool joined;	/* the port's speed changed within the current boot: lines of its load may be lost */
	bool unsure;	/* the line being reported was recovered and is ambiguous: boot_event.sure is false */
	unsigned char escape;
	unsigned char escape_len;
	unsigned long line_number;
	int64_t line_begin_ms; /* when the current line began */

	uint64_t bytes, readable, garbage,
		foreign;	      /* bytes: all; reported readable; unreadable; readable but not ASCII */
	unsigned int garbage_pending; /* unreadable bytes not reported yet */

	struct rx74880 rx74880;

	bootlog_fn *on_event; /* set only during a call */
	void *user;
	int64_t now_ms;
	char text[BOOTLOG_LINE_MAX + 1];
};

#endif
