/* reader.h - what the files of this folder share. Nothing outside the folder includes it.
 *
 *	bootlog.c	bytes into text lines		lines.c		a text line: banners, and who reads the rest
 *	record.c	the record of each boot		rx74880.c	text sent at 74880 Bd, received at 115200
 *	esp8266.c, esp32.c, cause.c			the ROMs' words
 *	prefix.c, stage2.c, trouble.c, text.c		all other words
 *	history.c					verdicts
 *
 * In all readers, @whole is false while the line may still go on.
 */
#ifndef ESPRESET_BOOTLOG_READER_H
#define ESPRESET_BOOTLOG_READER_H

#include "bootlog/bootlog.h"
#include "bootlog/span.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* ---- prefix.c ---- */

enum prefix_form {
	PREFIX_NONE,
	PREFIX_IDF,	/* ESP-IDF: "E (1234) boot: ", "E boot: ", "E (boot): " */
	PREFIX_ZEPHYR,	/* Zephyr: "E: ", "[00:00:00.123,000] <err> os: " */
	PREFIX_MCUBOOT, /* MCUboot: "[esp32] [ERR] [boot] " */
	PREFIX_OTHER,	/* NuttX: "[    0.150000] [CPU0] " */
	PREFIX_APP,	/* Arduino core: "[   123][E][file.cpp:45] fn(): "; ESPHome: "[E][tag:123]: " */
};

struct prefix {
	enum prefix_form form;
	char level;	   /* E W I D V; 0: the prefix has none */
	bool function;	   /* prefix_skip_function() has moved past a name */
	struct span tag;   /* empty: the prefix has none */
	struct span words; /* the text behind the prefix */
};

/** prefix_read() - recognise the prefix of a log line */
void prefix_read(struct prefix *ret, struct span line);
/** prefix_skip_function() - move p->words past "function: ", if the prefix is one after which NuttX prints that */
void prefix_skip_function(struct prefix *p);

/* ---- bootlog.c ---- */

/** bootlog_read_byte() - read a byte that is not part of 74880 Bd text */
void bootlog_read_byte(struct bootlog *log, unsigned char c);
/** bootlog_drop() - remove the last @n bytes, which were 74880 Bd text, and end the line before them */
void bootlog_drop(struct bootlog *log, size_t n);

/* ---- lines.c ---- */

/** lines_read() - read what is new in the current line */
void lines_read(struct bootlog *log, bool whole);
/** lines_read_banner() - read the current line if it ends in a banner, before its line end comes */
void lines_read_banner(struct bootlog *log);
/**
 * bootlog_ends() - does the ROM's line end where @rest begins?
 * A line must end there, but a copied log may have lost its line ends.
 * @whole: the text line is complete; pass true as well if its last word cannot grow
 */
bool bootlog_ends(const struct bootlog *log, struct span rest, bool whole);

/* ---- record.c ---- */

/* The numbers of a boot before anything was read */
#define BOOT_UNREAD .cause = -1, .mode = -1, .mode2 = -1, .loaded_ms = -1

/** bootlog_emit() - report an event; @number as in struct boot_event */
void bootlog_emit(struct bootlog *log, enum boot_event_kind kind, struct span line, int number);
/** bootlog_emit_trouble() - record and report a trouble; only report a fragment if the line is ambiguous */
void bootlog_emit_trouble(struct bootlog *log, enum boot_trouble trouble, struct span line, enum boot_reason reason);
/** bootlog_fragment() - report words of the ROM that are damaged or misplaced */
void bootlog_fragment(struct bootlog *log, struct span line);
/** bootlog_out_of_place() - as bootlog_fragment(). Return: line.end */
const char *bootlog_out_of_place(struct bootlog *log, struct span line);
/** bootlog_progress() - record and report a line that shows that the boot got to @step. Return: line.end */
const char *bootlog_progress(struct bootlog *log, enum boot_progress step, struct span line);
/** bootlog_waits() - record and report that the ROM waits for a host. Return: line.end
 * @source: becomes the boot source if the banner named none
 */
const char *bootlog_waits(struct bootlog *log, enum boot_source source, struct span line);
/** bootlog_begin_boot() - end the current boot and begin one without cause and source */
void bootlog_begin_boot(struct bootlog *log);
/** bootlog_take_banner() - begin the boot @read; @torn: the banner ends behind its cause */
void bootlog_take_banner(struct bootlog *log, const struct boot *read, struct span line, bool torn);
/** bootlog_in_rom() - has a boot begun and not loaded its image yet? */
bool bootlog_in_rom(const struct bootlog *log);

/* ---- Banners: esp8266.c, esp32.c. Each reader returns the end of what it has read, or NULL. ---- */

/**
 * esp8266_banner() - read a banner at "ets Jan", or at the "rst cause" of one whose head is damaged or lost
 * @line: the start of the line: the banner's head may begin there at the earliest
 * @ret_begin: where the banner begins
 */
const char *esp8266_banner(struct boot *ret, struct span s, const char *line, const char **ret_begin);
/** esp8266_damaged_banner() - read a banner of a copied log, also at "boot mode"; one or two characters, but no digit,
 * may be wrong or lost */
const char *esp8266_damaged_banner(struct boot *ret, struct span s, const char *line, const char **ret_begin);
/** esp8266_is_banner_rest() - is this line the end of a banner, or its middle? */
bool esp8266_is_banner_rest(struct span s);
/** esp8266_boot() - fill in the record of a banner with these numbers; -1: unknown */
void esp8266_boot(struct boot *ret, int cause, int mode, int mode2);
/** esp8266_loads() - the ROM loads an image: if boot modes 2 and 3 were possible, it is 3 */
void esp8266_loads(struct bootlog *log);

/** esp32_head() - read the first line of a banner: "ets Jun  8 2016 00:22:57", "ESP-ROM:esp32c3-api1-20210207" */
const char *esp32_head(struct bootlog_head *ret, struct span s);
/**
 * esp32_banner() - read "rst:0x1 (POWERON),boot:0x8 (SPI_FAST_FLASH_BOOT)"
 * @head: what esp32_head() has read before, or NULL
 * @ret_torn: the part behind the cause is missing: @ret has no source
 */
const char *esp32_banner(struct boot *ret, struct span s, const struct bootlog_head *head, bool *ret_torn);
/**
 * esp32_learn_chip() - take the chip of the boot before, if the first line of a banner is lost
 * Reads @line again as that chip's, if number, word and straps fit it; else @boot stays unchanged.
 */
void esp32_learn_chip(struct boot *boot, struct span line, const struct boot *before);
/** esp32_is_damaged() - is @text the same as @word but for one wrong character, or at most @lost missing ones? */
bool esp32_is_damaged(const char *text, const char *word, size_t lost);

/* ---- cause.c ---- */

/** cause_judge() - set cause_kind by number and word; where they disagree the boot is not certain */
void cause_judge(struct boot *boot);
/** cause_fits() - does @chip's ROM print this number with this word, one damaged character allowed? */
bool cause_fits(const struct boot *boot, enum chip chip);
/** cause_is_esp32() - is this a word that only the ESP32 prints? */
bool cause_is_esp32(const char *text);

/* ---- Lines ---- */

/** esp8266_line() - read and report a line of the ESP8266's ROM or eboot. Return: its end, or NULL */
const char *esp8266_line(struct bootlog *log, struct span s, bool whole);
/** esp32_line() - read and report a line of the ESP32 family's ROMs. Return: its end, or NULL */
const char *esp32_line(struct bootlog *log, struct span s, bool whole);
/** esp8266_like_last_words() - behind the csum line: are these damaged words of the ROM, or of eboot at a copy? */
bool esp8266_like_last_words(const struct bootlog *log, struct span s, bool whole);
/** esp8266_may_be_version() - can this line be eboot's version, damaged or not? */
bool esp8266_may_be_version(const struct bootlog *log, struct span s);
/** stage2_line() - read and report a line of a second stage or a started application. Return: whether it is one */
bool stage2_line(struct bootlog *log, struct span s, const struct prefix *prefix);
/** stage2_is_loader() - is this log tag a second stage's? */
bool stage2_is_loader(struct span tag);
/** stage2_unfinished() - is this the start of a line of ESP-IDF's boot that was not continued for a while? */
bool stage2_unfinished(const struct bootlog *log, struct span s);
/** stage2_tries_another() - an image is bad: the second stage may choose another one in this boot */
void stage2_tries_another(struct bootlog *log);
/** fragment_anywhere() - has the line torn words of the ROM? Also notes if the application announces a restart */
bool fragment_anywhere(struct bootlog *log, struct span s, bool whole);

/** trouble_init() - index sentences[] by first letter */
void trouble_init(struct bootlog *log);
/** trouble_line() - read and report a line that has a row in sentences[]. Return: whether it has */
bool trouble_line(struct bootlog *log, struct span s, const struct prefix *prefix, bool at_start, bool whole);
/** trouble_begins() - do the words here have a row in sentences[]? */
bool trouble_begins(const struct bootlog *log, struct span s);
/** trouble_other() - note a line that has none: it may end a crash report, or show that an application runs */
void trouble_other(struct bootlog *log, struct span s, const struct prefix *prefix);
/** trouble_banner() - the board restarts, not by a hardware reset: an unfinished crash report was a crash */
void trouble_banner(struct bootlog *log);

/** text_line() - report a line that none of the readers knows: its readable parts, and its unreadable bytes */
void text_line(struct bootlog *log, struct span s);
/** text_flush_garbage() - report the unreadable bytes since the last report */
void text_flush_garbage(struct bootlog *log);

/* ---- rx74880.c ---- */

/** rx74880_byte() - read a byte that may be part of 74880 Bd text. Return: whether it is */
bool rx74880_byte(struct bootlog *log, unsigned char c);
/** rx74880_heard() - as rx74880_byte(), for a character of a copied log: see bootlog_feed_piece() */
bool rx74880_heard(struct bootlog *log, const struct bootlog_piece *piece);
/** rx74880_passed() - skip bytes that are no part of 74880 Bd text; @last is the last of them */
void rx74880_passed(struct bootlog *log, unsigned char last);
/** rx74880_flush() - the input ends: report what is unfinished */
void rx74880_flush(struct bootlog *log);

/* ---- history.c ---- */

/** history_banner() - add a banner to what the log's verdict rests on */
void history_banner(struct bootlog *log);
/** history_is_fresh() - was this boot caused by a reset from outside, by a person or a tool? */
bool history_is_fresh(const struct boot *boot);
/** history_decide() - the current boot ends: does it decide the log's verdict? */
void history_decide(struct bootlog *log);

#endif
