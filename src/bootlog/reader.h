/* reader.h - what the files of the boot-log reader share with each other, and nobody else. */
#ifndef ESPRESET_BOOTLOG_READER_H
#define ESPRESET_BOOTLOG_READER_H

#include "bootlog/bootlog.h"
#include "bootlog/span.h"

/* prefix.c: what a log line begins with */
enum prefix_form {
	PREFIX_NONE,
	PREFIX_IDF,	/* "E (1234) boot: ", "E boot: ", "E (boot): " */
	PREFIX_ZEPHYR,	/* "E: ", "[00:00:00.123,000] <err> os: " */
	PREFIX_MCUBOOT, /* "[esp32] [ERR] [boot] " */
	PREFIX_OTHER,	/* NuttX's "[    0.150000] [CPU0] " */
	PREFIX_APP,	/* the Arduino core's "[   123][E][file.cpp:45] fn(): ", ESPHome's "[E][tag:123]: " */
};

struct prefix {
	enum prefix_form form;
	char level;	   /* E W I D V; 0: not said */
	bool function;	   /* NuttX's "function: " was skipped, too */
	struct span tag;   /* empty: not said */
	struct span words; /* what follows */
};

void prefix_read(struct prefix *ret, struct span line);
/** prefix_skip_function() - moves on past a function's name, where the form of the prefix allows it */
void prefix_skip_function(struct prefix *p);

/* bootlog.c: events and boots */
void bootlog_emit(struct bootlog *log, enum boot_event_kind kind, struct span line, int number);
void bootlog_emit_trouble(struct bootlog *log, enum boot_trouble trouble, struct span line, enum boot_reason reason);
/** bootlog_begin_boot() - what came so far belongs to an earlier boot; log->boot is fresh, its source unknown */
void bootlog_begin_boot(struct bootlog *log);
/** bootlog_take_banner() - a banner was read whole, or torn behind its cause */
void bootlog_take_banner(struct bootlog *log, const struct boot *read, struct span line, bool torn);
/** bootlog_read_byte() - a byte as it is, not as one of another speed */
void bootlog_read_byte(struct bootlog *log, unsigned char c);
/** bootlog_drop() - the last bytes were no text: what was before them in the line is */
void bootlog_drop(struct bootlog *log, size_t n);
/** bootlog_fragment() - words of the ROM that cannot be read whole, or that are out of place */
void bootlog_fragment(struct bootlog *log, struct span line);
/** bootlog_out_of_place() - the same, up to @end. Return: @end */
const char *bootlog_out_of_place(struct bootlog *log, struct span line, const char *end);
/** bootlog_progress() - a line that shows at least this step */
void bootlog_progress(struct bootlog *log, enum boot_progress step, struct span line);
/**
 * bootlog_ends() - does the ROM's line end where it has been read to?
 * Only a paste can have lost its line ends; live, a line is the ROM's when it is nothing else.
 * @whole: the line itself is at an end; say true where the last word cannot go on
 */
bool bootlog_ends(const struct bootlog *log, struct span rest, bool whole);
/** bootlog_in_rom() - the ROM may still be speaking: a boot has begun and is not loaded */
bool bootlog_in_rom(const struct bootlog *log);

/* Readers of banners: pure. They return the end of what they read, or NULL. */
/** esp8266_banner() - at "ets Jan" or at "rst cause", whose head may be damaged or lost
 * @line: the start of the line, how far back the head may be
 * @ret_begin: where the banner begins
 */
const char *esp8266_banner(struct boot *ret, struct span s, const char *line, const char **ret_begin);
/** esp8266_damaged_banner() - the same in a paste, also at "boot mode": one or two characters are wrong or lost, but none
 * of the digits of cause and mode */
const char *esp8266_damaged_banner(struct boot *ret, struct span s, const char *line, const char **ret_begin);
/** esp32_head() - "ets Jun  8 2016 00:22:57", "ESP-ROM:esp32c3-api1-20210207" */
const char *esp32_head(struct bootlog_head *ret, struct span s);
/** esp32_banner() - "rst:0x1 (POWERON),boot:0x8 (SPI_FAST_FLASH_BOOT)"
 * @head: what esp32_head() read before, or NULL
 * @ret_torn: the part behind the cause is missing: ret holds no source
 */
const char *esp32_banner(struct boot *ret, struct span s, const struct bootlog_head *head, bool *ret_torn);

/**
 * esp32_learn_chip() - a banner whose first line is lost is most likely of the same chip as the boot before
 * Reads @line again as that chip's, if number, words and straps fit it; else @boot stays as it is.
 */
void esp32_learn_chip(struct boot *boot, struct span line, const struct boot *before);
/** esp32_is_damaged() - is @text @word, but for one character that is wrong, or at most @lost that are lost? */
bool esp32_is_damaged(const char *text, const char *word, size_t lost);

/* cause.c */
/** cause_judge() - fill in cause_kind from number and word; where they disagree the boot is not certain */
void cause_judge(struct boot *boot);
/** cause_fits() - does that chip's ROM print this word with this number, but for one damaged character? */
bool cause_fits(const struct boot *boot, enum chip chip);
/** cause_is_esp32() - a word that no other chip prints */
bool cause_is_esp32(const char *text);

/* Readers of lines: they look at the start of a line, emit what they read and return its end, or NULL. With whole
 * false the line may still go on. */
const char *esp8266_line(struct bootlog *log, struct span s, bool whole);
const char *esp32_line(struct bootlog *log, struct span s, bool whole);
/** esp8266_like_last_words() - behind the sum: like the ROM's last words, or eboot's while it copies, but damaged? */
bool esp8266_like_last_words(const struct bootlog *log, struct span s, bool whole);
/** esp8266_may_be_version() - can this be eboot's version word, or hide it? */
bool esp8266_may_be_version(const struct bootlog *log, struct span s);
/** stage2_unfinished() - has a line of ESP-IDF's boot been begun, and nothing come for a while? */
bool stage2_unfinished(const struct bootlog *log, struct span s);
/** stage2_tries_another() - an image was bad: the next one may be chosen in this boot, too */
void stage2_tries_another(struct bootlog *log);
bool stage2_line(struct bootlog *log, struct span s, const struct prefix *prefix);
/** stage2_is_loader() - is this the log tag of a second stage? */
bool stage2_is_loader(struct span tag);
bool trouble_line(struct bootlog *log, struct span s, const struct prefix *prefix, bool at_start, bool whole);
/** trouble_other() - a line that tells of no boot: reports of crashes end, and applications show themselves */
void trouble_other(struct bootlog *log, struct span s, const struct prefix *prefix);
/** trouble_restart() - a boot begins: a report that was begun is forgotten */
void trouble_restart(struct bootlog *log);
/** trouble_banner() - before a banner that no reset from outside has caused: a report that was begun told of a crash */
void trouble_banner(struct bootlog *log);
/** trouble_begins() - do the first words here say what went wrong? */
bool trouble_begins(const struct bootlog *log, struct span s);
/** fragment_anywhere() - has the line a piece of the ROM's words? Notes the application's own words about a restart. */
bool fragment_anywhere(struct bootlog *log, struct span s, bool whole);
void trouble_init(struct bootlog *log);

/* rx74880.c */
/** rx74880_byte() - look at a byte as a part of 74880 Bd heard at 115200. Return: whether it is */
bool rx74880_byte(struct bootlog *log, unsigned char c);
/** rx74880_heard() - the same for a character that is another text than what was heard */
bool rx74880_heard(struct bootlog *log, const struct bootlog_piece *piece);
/** rx74880_passed() - bytes that are none, the last of them this one */
void rx74880_passed(struct bootlog *log, unsigned char last);
void rx74880_flush(struct bootlog *log);

/** esp8266_boot() - the record that a banner with these numbers gives; mode -1: not known */
void esp8266_boot(struct boot *ret, int cause, int mode, int mode2);

/** esp8266_loads() - the ROM loads an image: that settles a boot mode that only the load can tell */
void esp8266_loads(struct bootlog *log);

/* text.c */
void text_line(struct bootlog *log, struct span s);
void text_flush_garbage(struct bootlog *log);

/* history.c */
void history_banner(struct bootlog *log);
/** history_is_fresh() - a boot that somebody's hand or tool has caused */
bool history_is_fresh(const struct boot *boot);
void history_decide(struct bootlog *log);

#endif
