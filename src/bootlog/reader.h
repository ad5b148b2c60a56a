/* reader.h - functions that the files in src/bootlog share. No file outside of src/bootlog includes it.
 *
 *	bootlog.c				cuts received bytes into text lines
 *	lines.c					finds banners in a text line, and calls the readers of all other text
 *	record.c				keeps the record of each boot
 *	rx74880.c				recovers text that was sent at 74880 Bd and received at 115200 Bd
 *	esp8266.c, esp32.c, cause.c		recognise what the ROMs print
 *	prefix.c, stage2.c, trouble.c, text.c	recognise all other text
 *	history.c				reaches the verdicts
 *
 * In all functions, @whole is false if more of the text line may be received later.
 */
#ifndef ESPRESET_BOOTLOG_READER_H
#define ESPRESET_BOOTLOG_READER_H

#include "bootlog/bootlog.h"
#include "bootlog/span.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* ---- prefix.c ---- */

enum prefix_form {
	PREFIX_NONE,
	PREFIX_IDF,	/* printed by ESP-IDF: "E (1234) boot: ", "E boot: " or "E (boot): " */
	PREFIX_ZEPHYR,	/* printed by Zephyr: "E: " or "[00:00:00.123,000] <err> os: " */
	PREFIX_MCUBOOT, /* printed by MCUboot: "[esp32] [ERR] [boot] " */
	PREFIX_OTHER,	/* printed by NuttX: "[    0.150000] [CPU0] " */
	PREFIX_APP,	/* Arduino core: "[   123][E][file.cpp:45] fn(): "; ESPHome: "[E][tag:123]: " */
};

struct prefix {
	enum prefix_form form;
	char level;	   /* log level: 'E', 'W', 'I', 'D' or 'V'; 0 if the prefix has none */
	bool function;	   /* a function's name was skipped, so words begins behind it (prefix_skip_function()) */
	struct span tag;   /* log tag, such as "boot"; empty if the prefix has none */
	struct span words; /* the rest of the text line, behind the prefix */
};

/** prefix_read() - recognise the log prefix at the start of a text line */
void prefix_read(struct prefix *ret, struct span line);
/** prefix_skip_function() - move p->words past "function: ", which NuttX prints behind some prefixes */
void prefix_skip_function(struct prefix *p);

/* ---- bootlog.c ---- */

/** bootlog_read_byte() - read a byte that is not part of text sent at 74880 Bd */
void bootlog_read_byte(struct bootlog *log, unsigned char c);
/** bootlog_drop() - the last @n bytes are part of text sent at 74880 Bd: remove them from the current text line, and
 * end this line */
void bootlog_drop(struct bootlog *log, size_t n);

/* ---- lines.c ---- */

/** lines_read() - read the part of the current text line that was not read yet */
void lines_read(struct bootlog *log, bool whole);
/** lines_read_banner() - if the current text line ends with a complete banner, read it before a line end is received */
void lines_read_banner(struct bootlog *log);
/**
 * bootlog_ends() - @rest follows words of the ROM in a text line: does the ROM's own line end where @rest begins?
 * It does if @rest is empty and @whole is true, if @rest is blank, or if @rest begins with a banner or unreadable
 * bytes, which interrupted the ROM. If the log was copied by a person, line ends may be lost: other
 * text may follow, too.
 * @whole: true if the text line is complete, or if the ROM's last word cannot become longer
 */
bool bootlog_ends(const struct bootlog *log, struct span rest, bool whole);

/* ---- record.c ---- */

/* Initial values of those members of struct boot that are -1 while they are unknown */
#define BOOT_UNREAD .cause = -1, .mode = -1, .mode2 = -1, .loaded_ms = -1

/** bootlog_emit() - report an event; @number becomes boot_event.number */
void bootlog_emit(struct bootlog *log, enum boot_event_kind kind, struct span line, int number);
/** bootlog_emit_trouble() - record and report a failed boot or a crash; report a fragment if the line is ambiguous */
void bootlog_emit_trouble(struct bootlog *log, enum boot_trouble trouble, struct span line, enum boot_reason reason);
/** bootlog_fragment() - report damaged or misplaced words of the ROM (BOOT_EVENT_FRAGMENT) */
void bootlog_fragment(struct bootlog *log, struct span line);
/** bootlog_out_of_place() - report misplaced words of the ROM (BOOT_EVENT_FRAGMENT). Return: line.end */
const char *bootlog_out_of_place(struct bootlog *log, struct span line);
/** bootlog_progress() - record and report a text line which shows that the boot has reached @step. Return: line.end */
const char *bootlog_progress(struct bootlog *log, enum boot_progress step, struct span line);
/** bootlog_waits() - record and report that the ROM waits for a host. Return: line.end
 * @source: what the chip boots from, if the banner did not show it
 */
const char *bootlog_waits(struct bootlog *log, enum boot_source source, struct span line);
/** bootlog_begin_boot() - end the current boot, and begin a boot whose reset cause and boot source are unknown */
void bootlog_begin_boot(struct bootlog *log);
/** bootlog_take_banner() - begin a new boot; @read: what its banner says; @torn: the banner lacks the boot mode */
void bootlog_take_banner(struct bootlog *log, const struct boot *read, struct span line, bool torn);
/** bootlog_in_rom() - has a boot begun whose load has not ended yet? */
bool bootlog_in_rom(const struct bootlog *log);

/* ---- Banners: esp8266.c, esp32.c. A function that returns a pointer returns the banner's end; NULL: no banner ---- */

/**
 * esp8266_banner() - read a banner that begins with "ets Jan", or with "rst cause" if its beginning is damaged or lost
 * @line: the start of the text line: the banner does not begin before it
 * @ret_begin: set to where the banner begins
 */
const char *esp8266_banner(struct boot *ret, struct span s, const char *line, const char **ret_begin);
/**
 * esp8266_damaged_banner() - read a banner of which one or two characters, but no digit, are wrong or lost
 * Such banners come in logs that a person copied. @s begins with the first words of the banner that are not damaged:
 * "ets Jan", "rst cause" or "boot mode". The banner itself may begin before @s.
 */
const char *esp8266_damaged_banner(struct boot *ret, struct span s, const char *line, const char **ret_begin);
/** esp8266_is_banner_rest() - is this text line the middle or the end of a banner? */
bool esp8266_is_banner_rest(struct span s);
/** esp8266_boot() - fill in the record of a boot from the numbers in its banner; -1: unknown */
void esp8266_boot(struct boot *ret, int cause, int mode, int mode2);
/** esp8266_loads() - note that the ROM loads an image: if modes 2 and 3 were possible, this proves boot mode 3 */
void esp8266_loads(struct bootlog *log);

/** esp32_head() - read the first line of a banner: "ets Jun  8 2016 00:22:57", "ESP-ROM:esp32c3-api1-20210207" */
const char *esp32_head(struct bootlog_head *ret, struct span s);
/**
 * esp32_banner() - read "rst:0x1 (POWERON),boot:0x8 (SPI_FAST_FLASH_BOOT)"
 * @head: the banner's first line as esp32_head() has read it; NULL if that line was lost
 * @ret_torn: set to true if the banner ends behind the reset cause: then ret->source is unknown
 */
const char *esp32_banner(struct boot *ret, struct span s, const struct bootlog_head *head, bool *ret_torn);
/**
 * esp32_learn_chip() - a banner's first line, which names the chip, is lost: assume the chip of the previous boot
 * Reads the banner in @line again as a banner of this chip. Replaces @boot if the reset cause and the boot mode fit the
 * chip.
 */
void esp32_learn_chip(struct boot *boot, struct span line, const struct boot *before);
/** esp32_is_damaged() - is @text equal to @word, except for one wrong character or at most @lost missing ones? */
bool esp32_is_damaged(const char *text, const char *word, size_t lost);

/* ---- cause.c ---- */

/** cause_judge() - set cause_kind by the reset cause's number and name; if they disagree, the boot is not certain */
void cause_judge(struct boot *boot);
/** cause_fits() - does the ROM of @chip print this reset cause? One character of the name may be damaged */
bool cause_fits(const struct boot *boot, enum chip chip);
/** cause_is_esp32() - is this the name of a reset cause that only the ESP32 prints? */
bool cause_is_esp32(const char *text);

/* ---- text lines other than banners: esp8266.c, esp32.c, stage2.c, trouble.c, text.c ---- */

/** esp8266_line() - read and report a text line of the ESP8266's ROM or of eboot. Return: its end; NULL: neither */
const char *esp8266_line(struct bootlog *log, struct span s, bool whole);
/** esp32_line() - read and report a text line of an ESP32-family ROM. Return: its end; NULL: no ROM prints it */
const char *esp32_line(struct bootlog *log, struct span s, bool whole);
/** esp8266_like_last_words() - may this text behind the csum line be a damaged "csum err", "ets_main.c" or "@cp:"? */
bool esp8266_like_last_words(const struct bootlog *log, struct span s, bool whole);
/** esp8266_may_be_version() - can this text line be eboot's version, intact or damaged? */
bool esp8266_may_be_version(const struct bootlog *log, struct span s);
/** stage2_line() - read and report a text line of a second stage or a started application. Return: whether it is one */
bool stage2_line(struct bootlog *log, struct span s, const struct prefix *prefix);
/** stage2_is_loader() - does a second stage print this log tag? */
bool stage2_is_loader(struct span tag);
/** stage2_unfinished() - is this a text line of ESP-IDF's boot that is unfinished, and has not grown for 50 ms? */
bool stage2_unfinished(const struct bootlog *log, struct span s);
/** stage2_tries_another() - note that an image is bad, so the second stage may choose another image in this boot */
void stage2_tries_another(struct bootlog *log);
/** fragment_anywhere() - does the text line contain damaged words of the ROM? Also notes if it announces a restart */
bool fragment_anywhere(struct bootlog *log, struct span s, bool whole);

/** trouble_init() - build an index of sentences[] by first letter */
void trouble_init(struct bootlog *log);
/** trouble_line() - if the text line matches a row of sentences[], read and report it. Return: whether it matches */
bool trouble_line(struct bootlog *log, struct span s, const struct prefix *prefix, bool at_start, bool whole);
/** trouble_begins() - does the text at @s begin with a sentence of the table sentences[]? */
bool trouble_begins(const struct bootlog *log, struct span s);
/** trouble_other() - note a text line that reports no failure and no crash: it may end a crash report, or show that an
 * application runs */
void trouble_other(struct bootlog *log, struct span s, const struct prefix *prefix);
/** trouble_banner() - a banner came without a hardware reset: if it follows part of a crash report, report a crash */
void trouble_banner(struct bootlog *log);

/** text_line() - report an ordinary text line: its readable parts, and how many of its bytes are unreadable */
void text_line(struct bootlog *log, struct span s);
/** text_flush_garbage() - report the unreadable bytes that were not reported yet */
void text_flush_garbage(struct bootlog *log);

/* ---- rx74880.c ---- */

/** rx74880_byte() - read a byte that may be part of text sent at 74880 Bd. Return: whether it is */
bool rx74880_byte(struct bootlog *log, unsigned char c);
/** rx74880_heard() - as rx74880_byte(), but for a character of a log that a person copied: see bootlog_feed_piece() */
bool rx74880_heard(struct bootlog *log, const struct bootlog_piece *piece);
/** rx74880_passed() - skip bytes that are no part of text sent at 74880 Bd; @last is the last byte skipped */
void rx74880_passed(struct bootlog *log, unsigned char last);
/** rx74880_flush() - end the input: report the text line that is not complete yet */
void rx74880_flush(struct bootlog *log);

/* ---- history.c ---- */

/** history_banner() - note the new boot's banner in log->history, on which the verdict on the whole log is based */
void history_banner(struct bootlog *log);
/** history_is_fresh() - did a hardware reset (power or reset pin) begin this boot? */
bool history_is_fresh(const struct boot *boot);
/** history_decide() - the current boot has ended: unless its verdict is unproven, it becomes the verdict on the log */
void history_decide(struct bootlog *log);

#endif
