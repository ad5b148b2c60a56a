/* bootlog.h - reads what an ESP prints while it boots: bytes in, events out, and a record of each boot.
 *
 * Order of use:
 *	struct bootlog log;
 *	bootlog_init(&log, &options);
 *	bootlog_feed(&log, bytes, n, now_ms, on_event, user);	as often as bytes come, cut anywhere
 *	bootlog_retune(&log, &options, now_ms, on_event, user);	when the port's speed has changed
 *	bootlog_flush(&log, now_ms, on_event, user);		at the end: an unfinished last line counts too
 *	bootlog_verdict(&log);					what the whole log says (espreset --decode)
 *
 * Pure: no system call, no clock, no allocation. Memory is fixed: a line is cut at BOOTLOG_LINE_MAX bytes.
 * What comes out does not depend on how the bytes were cut into calls.
 */
#ifndef ESPRESET_BOOTLOG_BOOTLOG_H
#define ESPRESET_BOOTLOG_BOOTLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/chip.h"
#include "base/verdict.h"
#include "bootlog/reason.h"

#define BOOTLOG_LINE_MAX 4096
#define BOOTLOG_CHARACTER_MAX 4 /* a character of UTF-8 */

/* How the text of a boot reached us. An ESP8266's ROM runs at 115200 * 26 / 40 = 74880 Bd after a
 * hardware reset (26 MHz crystal), and at 115200 after a software restart (docs/hardware.md). */
enum boot_rx_speed {
	BOOT_RX_PLAIN, /* readable at the port's own speed */
	BOOT_RX_74880, /* recovered: sent at 74880, heard at 115200 */
};

/* What the bridge does with a character whose stop bit it did not find, as the banner at 74880 Bd has shown it. */
enum boot_habit {
	BOOT_HABIT_UNKNOWN,
	BOOT_HABIT_DELIVERS, /* such characters come as they are */
	BOOT_HABIT_ZEROES,   /* as zero */
	BOOT_HABIT_DROPS,    /* not at all: nothing but the banner can be recovered, in mode 3 when the load
				 * begins, in other modes not before a flush */
};

enum boot_cause {
	BOOT_CAUSE_UNKNOWN,
	BOOT_CAUSE_HARDWARE, /* power or EN/RST: ESP8266 1 and 2, ESP32 family POWERON */
	BOOT_CAUSE_USB,	     /* USB-Serial-JTAG: a core reset; straps are not sampled again */
	BOOT_CAUSE_SOFTWARE,
	BOOT_CAUSE_WATCHDOG,
	BOOT_CAUSE_RTC_WATCHDOG, /* RTC/LP watchdog of the whole chip: part of healthy chains on early ESP32 */
	BOOT_CAUSE_BROWNOUT,	 /* and glitches of the supply */
	BOOT_CAUSE_SLEEP,
	BOOT_CAUSE_LOCKUP, /* the CPU crashed again inside its exception handler */
	BOOT_CAUSE_OTHER,
	BOOT_CAUSE_COUNT
};

enum boot_source {
	BOOT_SOURCE_UNKNOWN,
	BOOT_SOURCE_FLASH,
	BOOT_SOURCE_DOWNLOAD, /* not final on the ESP32 family: see waiting */
	BOOT_SOURCE_OTHER,    /* SDIO, IRAM, HSPI, factory modes */
};

/* The health ladder: each step is stronger evidence than the one before. */
enum boot_progress {
	BOOT_NOTHING,
	BOOT_BANNER,  /* the ROM said cause and source */
	BOOT_LOADING, /* at least one whole segment line */
	BOOT_LOADED,  /* end of load: csum (ESP8266), ~ld, ld, jump to run, entry 0x... */
	BOOT_STAGE2,  /* second stage (ESP-IDF bootloader, NONOS boot, rBoot, RTOS SDK) */
	BOOT_APP,     /* a line that only a started application or its SDK prints */
};

/* What went wrong in a boot, by who says so. */
enum boot_trouble {
	BOOT_OK,
	BOOT_NO_IMAGE, /* ROM or second stage found nothing it can run: boot-failed */
	BOOT_CRASH,    /* panic, exception, watchdog, brownout: crashed */
};

/* One boot, as far as it has been read. */
struct boot {
	enum chip chip;
	char chip_name[24];  /* as printed, lower case; "" if not said: names the CHIP_NEWER ones */
	int cause;	     /* number in the banner; -1 unknown */
	char cause_text[32]; /* ESP32 family: the text in brackets; else "" */
	enum boot_cause cause_kind;
	int mode;	    /* ESP8266: first number of boot mode; family: the 0xNN of boot:; -1 unknown */
	int mode2;	    /* ESP8266: second number (carries no verdict); -1 */
	char mode_text[64]; /* ESP32 family: the text in brackets; else "" */
	enum boot_source source;
	enum boot_rx_speed rx_speed;
	enum boot_habit habit; /* RX_74880: what the banner showed of the bridge */
	bool mode_needs_load;  /* RX_74880: 2 and 3 fit, which sound alike; load lines tell that it is 3 */
	bool certain;	       /* RX_PLAIN: banner whole and undamaged enough. RX_74880: banner, load
				 * lines and end of load were all recovered, or read behind bootlog_retune() */
	bool damaged;	       /* the banner had to be mended (lost blank, one wrong byte) */
	enum boot_progress progress;
	bool waiting;	   /* the ROM said it waits for a host (download or SDIO) */
	bool copying;	   /* eboot printed '@' and not yet cp:N */
	bool eboot_copied; /* eboot has copied an update, or failed to */
	bool eboot_loads;  /* eboot said that it loads the application: nothing is left to copy */
	bool eboot_waits;  /* eboot said its version, and not yet that it loads: it may be copying */
	enum boot_trouble trouble;
	char trouble_text[96];	 /* the line that says so, printable; the first of its kind */
	enum boot_reason reason; /* what it comes down to */
	unsigned long detail;	 /* of the reason: reason.h */
	char suspect_text[96];	 /* a second stage found a bad image and may try another one; "" when none */
	enum boot_reason suspect_reason;
	bool spoke;		/* a line came behind the load that no loader prints */
	bool announced_restart; /* "Resetting with flash encryption enabled...": the next boot is part of this one */
	unsigned long number;	/* of the boot in the stream, from 1; 0: what came before the first banner */
	unsigned long line;	/* of the banner in the stream, from 1 */
	int64_t begin_ms;	/* when the first byte of the banner came */
	int64_t loaded_ms;	/* when BOOT_LOADED was reached; -1 */
};

enum boot_event_kind {
	BOOT_EVENT_BANNER,   /* a new boot: cause and source are known; *boot is fresh */
	BOOT_EVENT_PROGRESS, /* boot->progress grew, or another line of the same or a lower step came */
	BOOT_EVENT_TROUBLE,  /* boot->trouble set (boot may be NULL: a panic before any banner) */
	BOOT_EVENT_WAITING,  /* the ROM waits for a host */
	BOOT_EVENT_COPYING,  /* eboot '@': reported at once, without waiting for the line's end */
	BOOT_EVENT_COPIED,   /* cp:N; number is N */
	BOOT_EVENT_FRAGMENT, /* recognisably the ROM's or a panic's words, but not readable whole, or out of
				 * place, or words of trouble that are not sure, or the first lines of a banner
				 * ("ets Jun ...", "ESP-ROM:...") whose rst: line has not come: never proves
				 * anything, forbids calling what follows quiet. *boot is fresh and without a
				 * source when a banner was torn */
	BOOT_EVENT_TEXT,     /* any other readable line; the readable part of one: then number is 1 */
	BOOT_EVENT_GARBAGE,  /* unreadable; number is the count of bytes */
	BOOT_EVENT_LINE, /* after the BOOT_EVENT_TEXT of its parts: a mostly readable line as it came, with every byte
			  * that is no character; tells nothing of a boot, and is for whoever waits for lines */
};

struct boot_event {
	enum boot_event_kind kind;
	int number;
	bool sure; /* false: recovered from another speed, and other words fit as well, or too little was heard to
		    * rule out chance. Such an event proves nothing; TROUBLE is always sure */
	int64_t begin_ms; /* time of the call that brought the line's first byte */
	int64_t end_ms;	  /* time of the call that completed it */
	const char *line; /* escapes and CR stripped; not terminated; valid during the callback */
	size_t len;
	enum boot_trouble trouble; /* BOOT_EVENT_TROUBLE, and why: */
	enum boot_reason reason;
	const struct boot *boot; /* the boot it belongs to; NULL before the first banner */
};

typedef void bootlog_fn(void *user, const struct boot_event *event);

struct bootlog_options {
	bool recover_74880; /* the port is at 115200: look for an ESP8266's 74880 Bd text in the rubbish */
	/* The text was copied, and has come through cli/paste.c. What only the reader can know is left: line ends may
	 * be lost, so that the ROM's words may end at a blank, a quotation mark or markup and other lines follow, and
	 * the first letter of "rst:0x". */
	bool pasted;
};

/* The rest of the structure (line buffer, recovery state) is private to the files of this folder. */
struct bootlog;

#include "bootlog/state.h"

void bootlog_init(struct bootlog *log, const struct bootlog_options *options);
void bootlog_feed(struct bootlog *log, const void *bytes, size_t n, int64_t now_ms, bootlog_fn *on_event, void *user);

/* A piece of a copied log (cli/paste.h), whose text is not what a port at another speed received. */
struct bootlog_piece {
	const char *text; /* not terminated */
	size_t n;	  /* bytes of text; with heard at most BOOTLOG_CHARACTER_MAX */
	/* What the port may have received in place of the text; NULL: the bytes of the text */
	const struct wrongbaud_symbol *heard;
	size_t n_heard;
};

/** bootlog_feed_piece() - as bootlog_feed(), for a piece of a copied log */
void bootlog_feed_piece(struct bootlog *log, const struct bootlog_piece *piece, int64_t now_ms, bootlog_fn *on_event,
			void *user);
/** bootlog_is_following() - may what came last be the beginning of a banner at another speed? */
bool bootlog_is_following(const struct bootlog *log);
void bootlog_flush(struct bootlog *log, int64_t now_ms, bootlog_fn *on_event, void *user);

/**
 * bootlog_retune() - the port is at another speed from now on, the board goes on with what it says
 * What is unfinished of the old speed comes out as if flushed. The record of the boot stays: lines that follow belong to
 * it, and may begin in the middle of its load.
 */
void bootlog_retune(struct bootlog *log, const struct bootlog_options *options, int64_t now_ms, bootlog_fn *on_event,
		    void *user);

/**
 * bootlog_boot() - the boot that the last line belongs to
 * Return: NULL when nothing came that a boot prints; without a banner (number 0) it may hold a trouble.
 */
const struct boot *bootlog_boot(const struct bootlog *log);

/** bootlog_boot_before() - the boot before that one, as it ended; meaningful once there were two */
const struct boot *bootlog_boot_before(const struct bootlog *log);

/**
 * bootlog_culprit() - the boot that tells why the log's verdict is CRASHED, by its words or by how it began
 * Return: NULL where none does: the board restarts again and again.
 */
const struct boot *bootlog_culprit(const struct bootlog *log);

/**
 * bootlog_ends_in_another() - has a later boot, or the first line of its banner, taken the verdict away from an earlier one?
 */
bool bootlog_ends_in_another(const struct bootlog *log);

/** bootlog_boots() - how many boots there were, whether their banner was read or not */
unsigned long bootlog_boots(const struct bootlog *log);

/** bootlog_began() - how many of them a banner with this cause began */
unsigned int bootlog_began(const struct bootlog *log, enum boot_cause cause);

/** bootlog_has_pieces() - did words of a ROM come that could not be read whole? */
bool bootlog_has_pieces(const struct bootlog *log);

/**
 * boot_verdict() - what one boot says, for a log: no claim about a reset
 * Return: VERDICT_FLASH_BOOT, DOWNLOAD_MODE, OTHER_BOOT, BOOT_FAILED, CRASHED, UNPROVEN (banner, no load).
 */
enum verdict boot_verdict(const struct boot *boot);

/**
 * bootlog_verdict() - what the whole log says: the last boot that decides
 * Call after bootlog_flush().
 * @ret_boot: the boot that decided, valid as long as @log; NULL where none; may be NULL
 * Return: as boot_verdict(), or SILENT (no byte), GARBLED, RESTARTED is never returned.
 */
enum verdict bootlog_verdict(const struct bootlog *log, const struct boot **ret_boot);

#endif
