/* bootlog.h - reads what an ESP prints while it boots: bytes in, events and a record of each boot out.
 *
 * Order of use:
 *	struct bootlog log;
 *	bootlog_init(&log, &options);
 *	bootlog_feed(&log, bytes, n, now_ms, on_event, user);	for each read(), however the bytes were split
 *	bootlog_retune(&log, &options, now_ms, on_event, user);	after each change of the port's speed
 *	bootlog_flush(&log, now_ms, on_event, user);		at the end: reads the unfinished last line
 *	bootlog_verdict(&log, &boot);				the verdict on the whole log (espreset --decode)
 *
 * Pure: no system call, no clock, no allocation. Times are the caller's, in milliseconds. The events do not depend on
 * how the bytes were split into calls. No function fails.
 */
#ifndef ESPRESET_BOOTLOG_BOOTLOG_H
#define ESPRESET_BOOTLOG_BOOTLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/chip.h"
#include "base/verdict.h"
#include "bootlog/reason.h"

#define BOOTLOG_LINE_MAX 4096	/* bytes; a longer text line is split */
#define BOOTLOG_CHARACTER_MAX 4 /* bytes of one UTF-8 character */

/* At which speed a boot's text was sent. After a hardware reset the ROM of an ESP8266 with a 26 MHz crystal sends at
 * 115200 * 26 / 40 = 74880 Bd, after a software restart at 115200 (docs/hardware.md). */
enum boot_rx_speed {
	BOOT_RX_PLAIN, /* at the port's own speed */
	BOOT_RX_74880, /* at 74880 Bd, received at 115200 and recovered by rx74880.c */
};

/* What the USB-UART bridge does with a character whose stop bit is missing: learned from a banner sent at 74880 Bd. */
enum boot_habit {
	BOOT_HABIT_UNKNOWN,
	BOOT_HABIT_DELIVERS, /* delivers the byte that it received */
	BOOT_HABIT_ZEROES,   /* delivers a zero byte instead */
	BOOT_HABIT_DROPS,    /* drops the character: only the banner can be recovered */
};

enum boot_cause {
	BOOT_CAUSE_UNKNOWN,
	BOOT_CAUSE_HARDWARE, /* power or EN/RST: ESP8266 1 and 2, ESP32 family POWERON */
	BOOT_CAUSE_USB,	     /* reset by the USB-Serial-JTAG unit: resets the core only; straps are not sampled again */
	BOOT_CAUSE_SOFTWARE,
	BOOT_CAUSE_WATCHDOG,
	BOOT_CAUSE_RTC_WATCHDOG, /* RTC/LP watchdog that resets the whole chip: normal after power-on of early ESP32s */
	BOOT_CAUSE_BROWNOUT,	 /* brownout or a glitch of the supply */
	BOOT_CAUSE_SLEEP,
	BOOT_CAUSE_LOCKUP, /* an exception inside the exception handler */
	BOOT_CAUSE_OTHER,
	BOOT_CAUSE_COUNT
};

enum boot_source {
	BOOT_SOURCE_UNKNOWN,
	BOOT_SOURCE_FLASH,
	BOOT_SOURCE_DOWNLOAD, /* ESP32 family: final only once the ROM says that it waits for a host */
	BOOT_SOURCE_OTHER,    /* SDIO, IRAM, HSPI, factory modes */
};

/* How far a boot got. Each step is stronger evidence than the one before. */
enum boot_progress {
	BOOT_NOTHING,
	BOOT_BANNER,  /* the ROM printed cause and source */
	BOOT_LOADING, /* at least one whole segment line */
	BOOT_LOADED,  /* end of load: csum (ESP8266), ~ld, ld, jump to run, entry 0x... */
	BOOT_STAGE2,  /* second stage (ESP-IDF bootloader, NONOS boot, rBoot, RTOS SDK) */
	BOOT_APP,     /* a line that only a started application or its SDK prints */
};

enum boot_trouble {
	BOOT_OK,
	BOOT_NO_IMAGE, /* the ROM or a second stage found nothing that it can run: verdict boot-failed */
	BOOT_CRASH,    /* panic, exception, watchdog, brownout: verdict crashed */
};

/* What is known of one boot so far. */
struct boot {
	enum chip chip;
	char chip_name[24];  /* the ROM's own name of the chip, lower case; "" if not printed */
	int cause;	     /* reset cause: the number in the banner; -1 if unknown */
	char cause_text[32]; /* reset cause: the word in brackets (ESP32 family); else "" */
	enum boot_cause cause_kind;
	int mode;  /* ESP8266: first number of "boot mode"; ESP32 family: number behind "boot:"; -1 if unknown */
	int mode2; /* ESP8266: second number of "boot mode", which says nothing of the boot; -1 if unknown */
	char mode_text[64]; /* ESP32 family: the text in brackets behind the boot mode; else "" */
	enum boot_source source;
	enum boot_rx_speed rx_speed;
	enum boot_habit habit; /* BOOT_RX_74880: how the bridge handled the banner's characters */
	bool mode_needs_load;  /* boot modes 2 and 3 both fit the received bytes; only mode 3 loads from flash */
	bool certain; /* BOOT_RX_PLAIN: the banner is whole, or damaged only where another reading is impossible.
				* BOOT_RX_74880: banner, load and end of load were all read */
	bool damaged; /* the banner differs from the ROM's form: blanks lost, one character wrong */
	enum boot_progress progress;
	bool waiting; /* the ROM said that it waits for a host (download or SDIO) */
	bool copying; /* eboot (the ESP8266 Arduino bootloader) printed '@' and not yet "cp:N": it copies an update */
	bool eboot_copied; /* eboot printed "cp:N": the copy has ended, with or without an error */
	bool eboot_loads;  /* eboot said that it loads the application: no copy will follow */
	bool eboot_waits;  /* eboot printed its version, and not yet that it loads: it may be copying an update */
	enum boot_trouble trouble;
	char trouble_text[96];	 /* the first line that names the trouble, in printable ASCII */
	enum boot_reason reason; /* why, if trouble is set */
	unsigned long detail;	 /* number that belongs to the reason: see reason.h */
	char suspect_text[96];	 /* a second stage rejected an image, but may try another one: its line; else "" */
	enum boot_reason suspect_reason;
	bool spoke;		/* after the load, a line was printed that no bootloader prints */
	bool announced_restart; /* "Resetting with flash encryption enabled...": the next boot completes this one */
	unsigned long number;	/* this boot's position in the log, from 1; 0: text before the first banner */
	unsigned long line;	/* line number of the banner in the log, from 1 */
	int64_t begin_ms;	/* when the banner's first byte came */
	int64_t loaded_ms;	/* when BOOT_LOADED was reached; -1 if it was not */
};

enum boot_event_kind {
	BOOT_EVENT_BANNER,   /* a new boot: *boot is fresh, cause and source are known */
	BOOT_EVENT_PROGRESS, /* a line of the boot, with or without a higher boot->progress */
	BOOT_EVENT_TROUBLE,  /* boot->trouble is set; boot is NULL for a panic before any banner */
	BOOT_EVENT_WAITING,  /* the ROM waits for a host */
	BOOT_EVENT_COPYING,  /* eboot printed '@', which it does seconds before the end of that line */
	BOOT_EVENT_COPIED,   /* eboot printed "cp:N"; event->number is N */
	BOOT_EVENT_FRAGMENT, /* damaged or misplaced words of a ROM or a panic, or the first line of a banner ("ets Jun
			      * ...", "ESP-ROM:...") without its "rst:" line so far. It proves nothing, but the board is
			      * not quiet. If a banner is torn, *boot is fresh and its source unknown */
	BOOT_EVENT_TEXT,     /* another readable line; event->number is 1 for the readable part of a line */
	BOOT_EVENT_GARBAGE,  /* unreadable bytes; event->number is how many */
	BOOT_EVENT_LINE, /* a mostly readable line with its unreadable bytes, for pattern matching; its readable parts
			      * came before as BOOT_EVENT_TEXT */
};

struct boot_event {
	enum boot_event_kind kind;
	int number;
	bool sure; /* false: recovered from another speed, and other words or chance would explain the bytes as well.
		    * Then the event proves nothing. BOOT_EVENT_TROUBLE is always sure */
	int64_t begin_ms; /* time of the call that brought the line's first byte */
	int64_t end_ms;	  /* time of the call that completed the line */
	const char *line; /* the text without escape sequences and CR; not terminated; valid during the callback */
	size_t len;
	enum boot_trouble trouble; /* of BOOT_EVENT_TROUBLE: what went wrong */
	enum boot_reason reason;   /* of BOOT_EVENT_TROUBLE: why */
	const struct boot *boot;   /* the boot that printed the line; NULL before the first banner */
};

typedef void bootlog_fn(void *user, const struct boot_event *event);

struct bootlog_options {
	bool recover_74880; /* the port is at 115200: recover text that an ESP8266 sends at 74880 Bd */
	bool pasted; /* the log was copied by hand and has passed cli/paste.c: line ends may be lost, so that other
			     * text may follow the ROM's words in the same line; "rst:0x" may lack its first letter */
};

/* Its members are private to this folder. */
struct bootlog;

#include "bootlog/state.h"

/** bootlog_init() - start a log; @options is copied */
void bootlog_init(struct bootlog *log, const struct bootlog_options *options);

/**
 * bootlog_feed() - read received bytes
 * @now_ms:   when they were received
 * @on_event: called for each event before this function returns; may be NULL
 */
void bootlog_feed(struct bootlog *log, const void *bytes, size_t n, int64_t now_ms, bootlog_fn *on_event, void *user);

/* A piece of a copied log (cli/paste.h) whose text differs from what a port at another speed received. */
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

/** bootlog_flush() - read the unfinished line as if it ended here */
void bootlog_flush(struct bootlog *log, int64_t now_ms, bootlog_fn *on_event, void *user);

/**
 * bootlog_retune() - the port has changed its speed
 * Flushes the line received at the old speed. The record of the boot stays: the next lines belong to it, and some lines
 * of its load may be lost.
 */
void bootlog_retune(struct bootlog *log, const struct bootlog_options *options, int64_t now_ms, bootlog_fn *on_event,
		    void *user);

/** bootlog_is_following() - may the last bytes be the start of a banner sent at 74880 Bd? */
bool bootlog_is_following(const struct bootlog *log);

/**
 * bootlog_boot() - the boot that the last line belongs to
 * Return: NULL before any line of a boot. Before the first banner its number is 0, and it may hold a trouble.
 */
const struct boot *bootlog_boot(const struct bootlog *log);

/** bootlog_boot_before() - the boot before bootlog_boot(), as it ended; valid if bootlog_boots() is 2 or more */
const struct boot *bootlog_boot_before(const struct bootlog *log);

/**
 * bootlog_culprit() - the boot that explains the verdict VERDICT_CRASHED on a log, by its words or its reset cause
 * Return: NULL if there is none: the board restarts again and again.
 */
const struct boot *bootlog_culprit(const struct bootlog *log);

/** bootlog_ends_in_another() - is the log unproven because a later boot began and shows too little? */
bool bootlog_ends_in_another(const struct bootlog *log);

/** bootlog_boots() - how many boots the log has, including those whose banner could not be read */
unsigned long bootlog_boots(const struct bootlog *log);

/** bootlog_began() - how many banners have this reset cause */
unsigned int bootlog_began(const struct bootlog *log, enum boot_cause cause);

/** bootlog_has_pieces() - has the log damaged or misplaced words of a ROM? */
bool bootlog_has_pieces(const struct bootlog *log);

/**
 * boot_verdict() - the verdict on one boot of a log; makes no claim about a reset
 * Return: VERDICT_FLASH_BOOT, DOWNLOAD_MODE, OTHER_BOOT, BOOT_FAILED, CRASHED, or UNPROVEN (banner, no load).
 */
enum verdict boot_verdict(const struct boot *boot);

/**
 * bootlog_verdict() - the verdict on the whole log: that of the last boot that decides
 * Call after bootlog_flush().
 * @ret_boot: the boot that decided, NULL if none did; valid as long as @log; may be NULL
 * Return: as boot_verdict(), or VERDICT_SILENT (no byte), or VERDICT_GARBLED.
 */
enum verdict bootlog_verdict(const struct bootlog *log, const struct boot **ret_boot);

#endif
