/* reader.h - what the files of the boot-log reader share with each other, and nobody else. */
#ifndef ESPRESET_BOOTLOG_READER_H
#define ESPRESET_BOOTLOG_READER_H

#include <string.h>

#include "bootlog/bootlog.h"

/* A piece of the line that is being read. */
struct span {
	const char *at;
	const char *end;
};

static inline bool span_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool span_is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline size_t span_len(struct span s)
{
	return (size_t)(s.end - s.at);
}

/* Each of these moves past what it names and says so, or leaves the span alone. */
static inline bool span_char(struct span *s, char c)
{
	if (s->at == s->end || *s->at != c)
		return false;
	s->at++;
	return true;
}

static inline bool span_word(struct span *s, const char *word)
{
	const char *at = s->at;

	for (; *word; word++, at++) {
		if (at == s->end || *at != *word)
			return false;
	}
	s->at = at;
	return true;
}

static inline void span_blanks(struct span *s)
{
	while (s->at != s->end && (*s->at == ' ' || *s->at == '\t'))
		s->at++;
}

static inline bool span_is_blank(struct span s)
{
	span_blanks(&s);
	return s.at == s.end;
}

/** span_dec() - a decimal number of at most nine digits; -1 is one where it may be */
bool span_dec(struct span *s, long *ret);
/** span_hex() - a hexadecimal number of one to eight digits, without 0x. Return: how many digits */
int span_hex(struct span *s, unsigned long *ret);

/* bootlog.c: events and boots */
void bootlog_emit(struct bootlog *log, enum boot_event_kind kind, struct span line, int number);
void bootlog_emit_trouble(struct bootlog *log, enum boot_trouble trouble, struct span line,
			  const char *advice);
/** bootlog_copy_printable() - into the record of a boot: ASCII, '?' for all else, cut at @cap */
void bootlog_copy_printable(char *to, size_t cap, struct span s);
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
const char *esp8266_banner(struct boot *ret, struct span s, const char *line,
			   const char **ret_begin);
/** esp32_head() - "ets Jun  8 2016 00:22:57", "ESP-ROM:esp32c3-api1-20210207" */
const char *esp32_head(struct bootlog_head *ret, struct span s);
/** esp32_banner() - "rst:0x1 (POWERON),boot:0x8 (SPI_FAST_FLASH_BOOT)"
 * @head: what esp32_head() read before, or NULL
 * @ret_torn: the part behind the cause is missing: ret holds no source
 */
const char *esp32_banner(struct boot *ret, struct span s, const struct bootlog_head *head,
			  bool *ret_torn);

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
bool stage2_line(struct bootlog *log, struct span s);
bool trouble_line(struct bootlog *log, struct span s, bool at_start);
/** trouble_begins() - do the first words here say what went wrong? */
bool trouble_begins(const struct bootlog *log, struct span s);
/** fragment_anywhere() - has the line a piece of the ROM's words? Notes the application's own words about a restart. */
bool fragment_anywhere(struct bootlog *log, struct span s);
void trouble_init(struct bootlog *log);

/* rx74880.c */
/** rx74880_byte() - look at a byte as a part of 74880 Bd heard at 115200. Return: whether it is */
bool rx74880_byte(struct bootlog *log, unsigned char c);
/** rx74880_passed() - bytes that are none, the last of them this one */
void rx74880_passed(struct bootlog *log, unsigned char last);
void rx74880_flush(struct bootlog *log);

/** esp8266_boot() - the record that a banner with these numbers gives; mode -1: not known */
void esp8266_boot(struct boot *ret, int cause, int mode, int mode2);

/* text.c */
void text_line(struct bootlog *log, struct span s);
void text_flush_garbage(struct bootlog *log);
/** text_skip_stamp() - past a terminal's time stamp or quotation mark at the start of a pasted line, and past what this
 * paste has before its lines */
void text_skip_stamp(struct bootlog *log, struct span *s);
/** text_correct_case() - the ESP8266's words as its ROM writes them, where somebody or a program that corrects has
 * written capital letters */
void text_correct_case(struct bootlog *log, struct span s);
/** text_skip_time() - past a time stamp behind a line of the ROM's, where a paste has lost its line ends. Return: where */
const char *text_skip_time(const struct bootlog *log, struct span s);
/** text_before_banner() - this stands before a banner: it may stand before the next line too */
void text_before_banner(struct bootlog *log, struct span before);

/* history.c */
void history_banner(struct bootlog *log);
void history_restart(struct bootlog *log, bool rebooting);
void history_decide(struct bootlog *log);

#endif
