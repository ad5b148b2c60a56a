/* bootlog.h - reads what an ESP prints while it boots: takes the received bytes, reports events, keeps a record of each
 * boot.
 *
 * Order of use:
 *	struct bootlog log;
 *	bootlog_init(&log, &options);
 *	bootlog_feed(&log, bytes, n, now_ms, on_event, user);	with the bytes that each read() returned
 *	bootlog_retune(&log, &options, now_ms, on_event, user);	after each change of the port's baud rate
 *	bootlog_flush(&log, now_ms, on_event, user);		at the end of the input: processes the last text line
 *	bootlog_verdict(&log, &boot);				the verdict on the whole log (espreset --decode)
 *
 * These functions make no system calls, read no clock and allocate nothing. The caller passes the time as @now_ms, in
 * milliseconds. The events do not depend on how many bytes the caller passes in one call. No function fails.
 */
#ifndef ESPRESET_BOOTLOG_BOOTLOG_H
#define ESPRESET_BOOTLOG_BOOTLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/chip.h"
#include "base/verdict.h"
#include "bootlog/reason.h"

#define BOOTLOG_LINE_MAX 4096	/* bytes; a longer text line is processed in parts */
#define BOOTLOG_CHARACTER_MAX 4 /* bytes of one UTF-8 character */

/* The baud rate at which the chip sent the text of a boot. After a hardware reset, the ROM of an ESP8266 with a 26 MHz
 * crystal sends at 115200 * 26 / 40 = 74880 Bd. After a software restart it sends at 115200 Bd (docs/hardware.md). */
enum boot_rx_speed {
	BOOT_RX_PLAIN, /* the chip sent at the port's baud rate */
	BOOT_RX_74880, /* the chip sent at 74880 Bd, the port received at 115200 Bd; rx74880.c recovered the text */
};

/* What the USB-UART bridge does with a character that has a framing error (a low stop bit). The log parser infers this
 * from a banner that was sent at 74880 Bd and received at 115200 Bd. */
enum boot_habit {
	BOOT_HABIT_UNKNOWN,
	BOOT_HABIT_DELIVERS, /* the bridge delivers a byte with a framing error unchanged */
	BOOT_HABIT_ZEROES,   /* the bridge delivers a zero byte instead of a byte with a framing error */
	BOOT_HABIT_DROPS,    /* the bridge delivers no byte with a framing error: only the banner can be recovered */
};

enum boot_cause {
	BOOT_CAUSE_UNKNOWN,
	BOOT_CAUSE_HARDWARE, /* power-on or EN/RST pin: cause 1 or 2 of an ESP8266, POWERON of the ESP32 family */
	BOOT_CAUSE_USB, /* the USB-Serial-JTAG unit reset only the core: the chip did not sample its strapping pins */
	BOOT_CAUSE_SOFTWARE,
	BOOT_CAUSE_WATCHDOG,
	BOOT_CAUSE_RTC_WATCHDOG, /* RTC or LP watchdog: resets the whole chip; early ESP32s report it at power-on */
	BOOT_CAUSE_BROWNOUT,	 /* the supply voltage was too low, or had a glitch */
	BOOT_CAUSE_SLEEP,
	BOOT_CAUSE_LOCKUP, /* the CPU had an exception inside its exception handler */
	BOOT_CAUSE_OTHER,
	BOOT_CAUSE_COUNT
};

enum boot_source {
	BOOT_SOURCE_UNKNOWN,
	BOOT_SOURCE_FLASH,
	BOOT_SOURCE_DOWNLOAD, /* download mode; an ESP32-family chip may load from flash unless it waits for a host */
	BOOT_SOURCE_OTHER,    /* the chip boots from SDIO, IRAM or HSPI, or in a factory mode */
};

/* How far a boot got. A higher value is stronger evidence that the chip starts its application. */
enum boot_progress {
	BOOT_NOTHING,
	BOOT_BANNER,  /* the ROM printed its banner: reset cause and boot mode */
	BOOT_LOADING, /* the ROM printed at least one whole line about a loaded segment ("load ...") */
	BOOT_LOADED, /* the load has ended: "csum" (ESP8266), "~ld", "ld", "jump to run" or "entry 0x..." was printed */
	BOOT_STAGE2, /* a second stage printed a line: ESP-IDF bootloader, NONOS boot, rBoot or RTOS SDK */
	BOOT_APP,    /* a text line was printed that only a started application or its SDK prints */
};

enum boot_trouble {
	BOOT_OK,
	BOOT_NO_IMAGE, /* the ROM or a second stage found nothing that it can run: the verdict is boot-failed */
	BOOT_CRASH,    /* a panic, exception, watchdog or brownout: the verdict is crashed */
};

/* What is known of one boot so far. */
struct boot {
	enum chip chip;
	char chip_name[24];  /* the chip's name as its ROM printed it, in lower case; "" if the ROM printed none */
	int cause;	     /* the number of the reset cause in the banner; -1 if unknown */
	char cause_text[32]; /* ESP32 family: the name of the reset cause in the banner; "" if unknown */
	enum boot_cause cause_kind;
	int mode;  /* ESP8266: first number of "boot mode"; ESP32 family: number behind "boot:"; -1 if unknown */
	int mode2; /* ESP8266: second number of "boot mode", which espreset only displays; -1 if unknown */
	char mode_text[64]; /* ESP32 family: the text in brackets behind the boot mode; "" if unknown */
	enum boot_source source;
	enum boot_rx_speed rx_speed;
	enum boot_habit habit; /* what the USB-UART bridge did with framing errors in a banner sent at 74880 Bd */
	bool mode_needs_load;  /* the received bytes fit boot modes 2 and 3; a load from flash will prove mode 3 */
	bool certain; /* the banner's numbers can be relied on. Text at the port's baud rate: the banner has only one
				* possible reading. Text at 74880 Bd: banner, load and end of load were all recovered */
	bool damaged; /* the banner was readable, although blanks were lost or a character was wrong */
	enum boot_progress progress;
	bool waiting; /* the ROM said that it waits for a host, which will send a program by UART, USB or SDIO */
	bool copying; /* eboot (the ESP8266 Arduino bootloader) printed '@' and not yet "cp:N": it copies an update */
	bool eboot_copied; /* eboot printed "cp:N": the copy of the update has ended, with or without an error */
	bool eboot_loads;  /* eboot said that it loads the application: it will not copy an update in this boot */
	bool eboot_waits;  /* eboot runs, and has not said that it loads the application: it may be copying an update */
	enum boot_trouble trouble;
	char trouble_text[96];	 /* the first text line that reports the failure or crash, in printable ASCII */
	enum boot_reason reason; /* why the boot failed or the application crashed; only if trouble is not BOOT_OK */
	unsigned long detail;	 /* the first number in trouble_text, such as the number of an Xtensa exception */
	char suspect_text[96];	 /* the text line by which a second stage rejected an image; "" if none */
	enum boot_reason suspect_reason;
	bool spoke;		/* after the load, the chip printed a text line that no bootloader prints */
	bool announced_restart; /* the chip said that it will restart on purpose: the next boot continues this one */
	unsigned long number;	/* position of this boot in the log, counted from 1; 0: before the first banner */
	unsigned long line;	/* line number of the banner in the log, counted from 1 */
	int64_t begin_ms;	/* when the first byte of the banner was received */
	int64_t loaded_ms;	/* when the end of the load (BOOT_LOADED) was received; -1: not yet */
};

enum boot_event_kind {
	BOOT_EVENT_BANNER,   /* a banner was read: event->boot is the record of a new boot */
	BOOT_EVENT_PROGRESS, /* the ROM or a loader printed a text line; boot->progress may be the same as before */
	BOOT_EVENT_TROUBLE,  /* a line reports a failed boot or a crash; event->boot is NULL before the first banner */
	BOOT_EVENT_WAITING,  /* the ROM waits for a host, which will send it a program */
	BOOT_EVENT_COPYING,  /* eboot printed '@': it begins to copy an update, which takes seconds */
	BOOT_EVENT_COPIED,   /* eboot printed "cp:N": its copy has ended; event->number is N, 0 for success */
	BOOT_EVENT_FRAGMENT, /* damaged or misplaced words of a ROM or a panic, or the first line of a banner ("ets Jun
			      * ...", "ESP-ROM:...") whose "rst:" line has not come yet. This proves no boot, but shows
			      * that the board prints. A banner that breaks off after its reset cause also begins a new
			      * record: then boot->source is unknown */
	BOOT_EVENT_TEXT,     /* any other readable text: a whole text line, or a part of one if event->number is 1 */
	BOOT_EVENT_GARBAGE,  /* unreadable bytes were received; event->number is how many */
	BOOT_EVENT_LINE,     /* a whole text line including its unreadable bytes, for pattern matching. Events
			      * BOOT_EVENT_TEXT with the readable parts of this line came before */
};

struct boot_event {
	enum boot_event_kind kind;
	int number;
	bool sure; /* false: the text was sent at 74880 Bd and received at 115200 Bd, and other words or chance may
		    * explain the bytes as well. Such an event proves nothing. BOOT_EVENT_TROUBLE is always sure */
	int64_t begin_ms; /* when the first byte of the text line was received */
	int64_t end_ms;	  /* when the text line was complete */
	const char *line; /* the text without escape sequences and CR; no NUL at its end; valid during the callback */
	size_t len;
	enum boot_trouble trouble; /* BOOT_EVENT_TROUBLE: what went wrong */
	enum boot_reason reason;   /* BOOT_EVENT_TROUBLE: why it went wrong */
	const struct boot *boot;   /* the boot in which the chip printed the text; NULL before the first banner */
};

typedef void bootlog_fn(void *user, const struct boot_event *event);

struct bootlog_options {
	bool recover_74880; /* the port is at 115200 Bd: recover text that an ESP8266 sends at 74880 Bd */
	bool pasted; /* a person copied the log by hand, and cli/paste.c has read it. Line ends may be lost, so other
			     * text may follow the ROM's words in the same line. "rst:0x" may lack its first letter */
};

/* Only the files in src/bootlog may use the members of this struct. */
struct bootlog;

#include "bootlog/state.h"

/** bootlog_init() - prepare @log for its first byte; the function copies @options */
void bootlog_init(struct bootlog *log, const struct bootlog_options *options);

/**
 * bootlog_feed() - read received bytes
 * @now_ms:   when the bytes were received
 * @on_event: called for each event before bootlog_feed() returns; may be NULL
 */
void bootlog_feed(struct bootlog *log, const void *bytes, size_t n, int64_t now_ms, bootlog_fn *on_event, void *user);

/* A piece of a log that a person copied from a terminal (cli/paste.h). What the terminal showed may differ from the
 * bytes that the port received. */
struct bootlog_piece {
	const char *text; /* not NUL-terminated */
	size_t n;	  /* length of the text in bytes; at most BOOTLOG_CHARACTER_MAX if heard is not NULL */
	/* What the port may have received before the terminal showed this text; NULL: exactly the bytes of the text */
	const struct wrongbaud_symbol *heard;
	size_t n_heard;
};

/** bootlog_feed_piece() - read a piece of a log that a person copied from a terminal; otherwise as bootlog_feed() */
void bootlog_feed_piece(struct bootlog *log, const struct bootlog_piece *piece, int64_t now_ms, bootlog_fn *on_event,
			void *user);

/** bootlog_flush() - process the unfinished last text line as if it ended here */
void bootlog_flush(struct bootlog *log, int64_t now_ms, bootlog_fn *on_event, void *user);

/**
 * bootlog_retune() - the caller has changed the port's baud rate
 * Ends and processes the unfinished text line received at the old baud rate. The current boot continues: the next text
 * lines belong to the same boot, but some lines about its load may be lost.
 */
void bootlog_retune(struct bootlog *log, const struct bootlog_options *options, int64_t now_ms, bootlog_fn *on_event,
		    void *user);

/** bootlog_is_following() - may the last bytes received be part of ESP8266 boot text that was sent at 74880 Bd? */
bool bootlog_is_following(const struct bootlog *log);

/**
 * bootlog_boot() - the current boot: the one to which the last text line belongs
 * Return: NULL before the first text line of a boot. If text of a boot came before the first banner, the returned boot
 * has number 0, and its member trouble may report a failed boot or a crash.
 */
const struct boot *bootlog_boot(const struct bootlog *log);

/** bootlog_boot_before() - the final record of the previous boot; valid only if bootlog_boots() is 2 or more */
const struct boot *bootlog_boot_before(const struct bootlog *log);

/**
 * bootlog_culprit() - the boot that explains the verdict VERDICT_CRASHED on a log: it printed the words of a crash, or
 * its reset cause shows a crash
 * Return: NULL if no single boot explains the verdict: then the log shows only that the board restarts again and again.
 */
const struct boot *bootlog_culprit(const struct bootlog *log);

/** bootlog_ends_in_another() - is the verdict on the log unproven only because the log ends early in a further boot? */
bool bootlog_ends_in_another(const struct bootlog *log);

/** bootlog_boots() - how many boots the log has, including boots whose banner could not be read */
unsigned long bootlog_boots(const struct bootlog *log);

/** bootlog_began() - how many banners in the log have this reset cause */
unsigned int bootlog_began(const struct bootlog *log, enum boot_cause cause);

/** bootlog_has_pieces() - does the log contain damaged or misplaced words of a ROM? */
bool bootlog_has_pieces(const struct bootlog *log);

/**
 * boot_verdict() - the verdict on one boot of a log; says nothing about who reset the chip
 * Return: VERDICT_FLASH_BOOT, DOWNLOAD_MODE, OTHER_BOOT, BOOT_FAILED or CRASHED; UNPROVEN if the text does not show
 * that the load has ended.
 */
enum verdict boot_verdict(const struct boot *boot);

/**
 * bootlog_verdict() - the verdict on the whole log: the verdict on the last boot that shows enough for a verdict
 * Call bootlog_flush() first.
 * @ret_boot: set to the boot on which the verdict is based; set to NULL if the log has no boot. The pointer is valid as
 *            long as @log. The argument may be NULL
 * Return: as boot_verdict(); VERDICT_SILENT if no byte was received; VERDICT_GARBLED if the log has no boot and many
 * unreadable bytes.
 */
enum verdict bootlog_verdict(const struct bootlog *log, const struct boot **ret_boot);

#endif
