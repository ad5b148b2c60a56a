/* bootlog.c - cuts what a board prints into lines, finds the ROM's words in them and keeps the record of each boot. */
#include "bootlog/bootlog.h"

#include <stdio.h>
#include <string.h>

#include "bootlog/reader.h"

#define ESCAPE_MAX 24 /* longer than any that colours or moves a cursor */

enum {
	ESCAPE_NONE,
	ESCAPE_BEGUN,
	ESCAPE_CSI,
	ESCAPE_OSC,
};

/* -------------------------------------------------------------------------------------------------
 * Spans
 */

bool span_dec(struct span *s, long *ret)
{
	struct span t = *s;
	bool minus = span_char(&t, '-');
	long n = 0;
	int digits = 0;

	while (t.at != t.end && span_is_digit(*t.at) && digits < 9) {
		n = n * 10 + (*t.at++ - '0');
		digits++;
	}
	if (!digits || (t.at != t.end && span_is_digit(*t.at)))
		return false;
	*s = t;
	*ret = minus ? -n : n;
	return true;
}

static int bootlog_hex_digit(char c)
{
	if (span_is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int span_hex(struct span *s, unsigned long *ret)
{
	unsigned long n = 0;
	int digits = 0;

	while (s->at + digits != s->end && digits < 8 && bootlog_hex_digit(s->at[digits]) >= 0) {
		n = n << 4 | (unsigned long)bootlog_hex_digit(s->at[digits]);
		digits++;
	}
	if (!digits || (s->at + digits != s->end && bootlog_hex_digit(s->at[digits]) >= 0))
		return 0;
	s->at += digits;
	*ret = n;
	return digits;
}

/* -------------------------------------------------------------------------------------------------
 * Events
 */

void bootlog_emit(struct bootlog *log, enum boot_event_kind kind, struct span line, int number)
{
	struct boot_event event = {
		.kind = kind,
		.number = number,
		.sure = !log->unsure,
		.begin_ms = log->line_begin_ms,
		.end_ms = log->now_ms,
		.line = line.at,
		.len = span_len(line),
		.trouble = log->boot.trouble,
		.reason = log->boot.reason,
		.boot = log->any_boot ? &log->boot : NULL,
	};

	log->pieces |= kind == BOOT_EVENT_FRAGMENT;
	if (kind != BOOT_EVENT_GARBAGE && kind != BOOT_EVENT_LINE) {
		text_flush_garbage(log);
		log->readable += event.len;
	}
	if (log->on_event)
		log->on_event(log->user, &event);
}

void span_copy(char *to, size_t cap, struct span s)
{
	size_t n = 0;

	for (; s.at != s.end && n + 1 < cap; s.at++)
		to[n++] = (char)(*s.at >= ' ' && *s.at < 0x7f ? *s.at : '?');
	to[n] = '\0';
}

void bootlog_emit_trouble(struct bootlog *log, enum boot_trouble trouble, struct span line, enum boot_reason reason)
{
	struct boot *boot = &log->boot;
	struct span text = span_trim(line);

	if (log->unsure) {
		bootlog_fragment(log, line);
		return;
	}
	log->begun = true;
	log->dies |= trouble == BOOT_CRASH;
	/* A crash of the application does not hide that there was no image, and the first words count. */
	if (boot->trouble == BOOT_OK) {
		boot->trouble = trouble;
		boot->reason = reason;
		span_copy(boot->trouble_text, sizeof(boot->trouble_text), text);
	}
	if (trouble == BOOT_CRASH && boot->trouble == BOOT_CRASH) {
		log->history.crashed = true;
		log->culprit = *boot;
	}
	bootlog_emit(log, BOOT_EVENT_TROUBLE, text, 0);
}

void bootlog_begin_boot(struct bootlog *log)
{
	if (log->begun) {
		history_decide(log);
		log->before = log->boot;
	}
	log->boot = (struct boot){
		.cause = -1,
		.mode = -1,
		.mode2 = -1,
		.loaded_ms = -1,
		.begin_ms = log->line_begin_ms,
		.line = log->line_number,
	};
	log->boot.number = ++log->boots;
	log->begun = true;
	log->eboot = EBOOT_NO;
	log->said_once = 0;
	log->joined = log->chosen = log->dies = false;
	trouble_restart(log);
}

/* May a banner, or the first line of one, begin here? */
static bool is_anchor(struct span s)
{
	if (span_len(s) < 6)
		return false;
	switch (*s.at) {
	case 'e': return !memcmp(s.at, "ets J", 5) || !memcmp(s.at, "etsJan", 6);
	case 'E': return !memcmp(s.at, "ESP-RO", 6);
	case 'S': return !memcmp(s.at, "SP-ROM", 6);
	case 'r': return !memcmp(s.at, "rst:0x", 6) || !memcmp(s.at, "rst: 0", 6) || !memcmp(s.at, "rst ca", 6);
	case 's': return !memcmp(s.at, "st:0x", 5);
	case 'b': return span_len(s) > 14 && !memcmp(s.at, "boot mode:(", 11);
	default: return false;
	}
}

static const char *find_anchor(struct span s)
{
	for (; span_len(s) >= 6; s.at++) {
		if (is_anchor(s))
			return s.at;
	}
	return NULL;
}

static bool is_word(char c)
{
	return span_is_letter(c) || span_is_digit(c) || c == '_';
}

/* Behind a number, or "ld": of the ROM's words those that no application writes in a sentence. Before each number there
 * is a character that is no part of a word. */
static bool is_behind_number(const char *at)
{
	if (at[-1] == 'd' && at[-2] == 'l')
		return true;
	while (is_word(at[-1]) && !span_is_digit(at[-1]))
		at--;
	return span_is_digit(at[-1]);
}

bool bootlog_ends(const struct bootlog *log, struct span rest, bool whole)
{
	if (rest.at == rest.end)
		return whole;
	if (span_is_blank(rest) || is_anchor(rest)) /* or a reset cut the line, and the next banner is glued to it */
		return true;
	if (*rest.at != '\t' && ((unsigned char)*rest.at < ' ' || (unsigned char)*rest.at >= 0x7f))
		return true; /* what follows came at another speed */
	if (!log->options.pasted)
		return false;
	return strchr(" \t`\"'*<&\\", *rest.at) || (is_behind_number(rest.at) && !is_word(*rest.at));
}

void bootlog_fragment(struct bootlog *log, struct span line)
{
	bootlog_emit(log, BOOT_EVENT_FRAGMENT, span_trim(line), 0);
}

const char *bootlog_out_of_place(struct bootlog *log, struct span line, const char *end)
{
	bootlog_fragment(log, (struct span){ line.at, end });
	return end;
}

void bootlog_progress(struct bootlog *log, enum boot_progress step, struct span line)
{
	log->begun = true;
	if (step > log->boot.progress) {
		log->boot.progress = step;
		if (step >= BOOT_LOADED && log->boot.loaded_ms < 0)
			log->boot.loaded_ms = log->now_ms;
	}
	bootlog_emit(log, BOOT_EVENT_PROGRESS, span_trim(line), 0);
}

const struct boot *bootlog_boot_before(const struct bootlog *log)
{
	return &log->before;
}

const struct boot *bootlog_boot(const struct bootlog *log)
{
	return log->begun ? &log->boot : NULL;
}

bool bootlog_in_rom(const struct bootlog *log)
{
	return log->begun && log->boot.progress < BOOT_LOADED;
}

void bootlog_take_banner(struct bootlog *log, const struct boot *read, struct span line, bool torn)
{
	const struct boot *last = log->boot.chip != CHIP_UNKNOWN ? &log->boot : &log->before;
	struct boot boot = *read;
	int64_t begin_ms = log->line_begin_ms;
	unsigned long number = log->line_number;

	if (read->chip != CHIP_ESP8266 && !log->head.valid)
		esp32_learn_chip(&boot, line, last);
	if (read->chip != CHIP_ESP8266 && log->head.valid) {
		begin_ms = log->head.begin_ms;
		number = log->head.line;
	}
	if (!history_is_fresh(read))
		trouble_banner(log);
	bootlog_begin_boot(log);
	log->boot = boot;
	log->boot.number = log->boots;
	log->boot.begin_ms = begin_ms;
	log->boot.line = number;
	log->head.valid = false;
	log->any_boot |= !torn;
	history_banner(log);
	/* A log that begins in the middle of a loop: the first banner tells of the boot before, too. */
	if (log->any_decided && log->decided.number == 0) {
		log->decided.chip = boot.chip;
		memcpy(log->decided.chip_name, boot.chip_name, sizeof(boot.chip_name));
		log->decided.cause = boot.cause;
		memcpy(log->decided.cause_text, boot.cause_text, sizeof(boot.cause_text));
		log->decided.cause_kind = boot.cause_kind;
		log->decided.mode = boot.mode;
		log->decided.mode2 = boot.mode2;
		memcpy(log->decided.mode_text, boot.mode_text, sizeof(boot.mode_text));
	}
	bootlog_emit(log, torn ? BOOT_EVENT_FRAGMENT : BOOT_EVENT_BANNER, span_trim(line), 0);
}

static void take_head(struct bootlog *log, const struct bootlog_head *head, struct span line)
{
	log->head = *head;
	log->head.valid = true;
	log->head.begin_ms = log->line_begin_ms;
	log->head.line = log->line_number;
	if (!(log->begun && log->boot.announced_restart))
		bootlog_fragment(log, line);
}

/* -------------------------------------------------------------------------------------------------
 * Lines
 */

/* Is this unfinished line the beginning of one of the ROM's? */
static bool is_beginning(struct span s)
{
	static const char *const words[] = {
		"ets Jan  8 2013,rst",
		"ets Jun  8 2016",
		"ets Jul 29 2019",
		"ESP-ROM:esp",
		"rst:0x",
		"load 0x4010",
		"load:0x4",
		"load:0x3",
		"entry 0x40",
		"csum 0x",
		"chksum 0x",
		"~ld",
		"wdt reset",
		"waiting for ",
		"Guru Meditation",
		"Fatal exception ",
		"Exception (",
		"abort() was",
		"configsip: ",
		"SPIWP:0x",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (span_len(s) >= 3 && span_len(s) <= strlen(words[i]) && !memcmp(s.at, words[i], span_len(s)))
			return true;
	}
	return false;
}

/* The port's speed was changed in the middle of this line, and it is what is left of one of the load's. */
static bool is_half_load(const struct bootlog *log, struct span s)
{
	return log->half && log->joined && !span_has(s, "rst") && !span_has(s, "mode") &&
	       (span_has(s, ", len ") || span_has(s, "room ") || span_has(s, "ksum 0x") || span_has(s, "oad 0x"));
}

/* A line that is none of eboot's: does it begin as "@cp:" would? */
static void eboot_over(struct bootlog *log, struct span s)
{
	if (log->eboot == EBOOT_LOADS)
		log->eboot = EBOOT_NO;
	if (log->eboot != EBOOT_AT || log->done != 1 || span_len(s) < 3 || span_word(&s, "cp:"))
		return;
	log->eboot = EBOOT_UNSURE;
	log->boot.copying = log->boot.eboot_waits = false;
}

/* Text that belongs to no banner. */
static void read_rest(struct bootlog *log, struct span s, bool at_start, bool whole)
{
	struct prefix prefix;

	s = span_trim(s);
	if (s.at == s.end)
		return;
	if (esp8266_like_last_words(log, s, whole)) {
		log->eboot = EBOOT_UNSURE;
		bootlog_fragment(log, s);
		return;
	}
	if (log->eboot == EBOOT_MAY_SPEAK)
		log->eboot = esp8266_may_be_version(log, s) ? EBOOT_UNSURE : EBOOT_NO;
	prefix_read(&prefix, s);
	/* An unfinished line shows no progress; trouble it may show. */
	if (trouble_line(log, s, &prefix, at_start, whole) || (at_start && whole && stage2_line(log, s, &prefix)))
		return;
	if (is_half_load(log, s)) {
		text_line(log, s);
		return;
	}
	if (fragment_anywhere(log, s, whole) || (!whole && (is_beginning(s) || stage2_unfinished(log, s)))) {
		bootlog_fragment(log, s);
		return;
	}
	if (whole) {
		trouble_other(log, s, &prefix);
		if (log->eboot >= EBOOT_AT)
			eboot_over(log, s);
	}
	text_line(log, s);
}

/* Is this what is left of an ESP8266's banner? An application may well say "rst cause" in its own words. */
static bool is_torn(struct span s, const char *line)
{
	return span_word(&s, "ets Jan") || (s.at > line && s.at[-1] == ',' && span_word(&s, "rst cause"));
}

/* A banner whose end or middle is gone: the lines behind it belong to a boot that we know nothing of. */
static void read_torn(struct bootlog *log, struct span s)
{
	log->head.valid = false;
	bootlog_begin_boot(log);
	log->boot.chip = CHIP_ESP8266;
	bootlog_fragment(log, s);
}

/* A log line of an application's that tells of a banner: the ROM's own begins a line, or follows its first line. */
static bool bootlog_is_told(const struct bootlog *log, struct span s, const char *text)
{
	struct prefix p;

	if (log->head.valid || (*s.at != 'r' && *s.at != 's'))
		return false;
	prefix_read(&p, (struct span){ text, s.at });
	return p.form != PREFIX_NONE;
}

/* A banner, or the first line of one, at s.at? Reads it, and the text before it, and returns its end. */
static const char *read_anchor(struct bootlog *log, struct span s, const char *text, bool at_start)
{
	struct boot boot;
	struct bootlog_head head;
	const char *begin = s.at, *end;
	bool torn = false;

	if (bootlog_is_told(log, s, text))
		return NULL;
	end = esp8266_banner(&boot, s, text, &begin);
	if (!end && (*s.at == 'r' || *s.at == 's'))
		end = esp32_banner(&boot, s, log->head.valid ? &log->head : NULL, &torn);
	if (!end && (end = esp32_head(&head, s))) {
		read_rest(log, (struct span){ text, s.at }, at_start, true);
		take_head(log, &head, (struct span){ s.at, end });
		return end;
	}
	if (!end && log->options.pasted)
		end = esp8266_damaged_banner(&boot, s, text, &begin);
	if (end) {
		read_rest(log, (struct span){ text, begin }, at_start, true);
		bootlog_take_banner(log, &boot, (struct span){ begin, end }, torn);
	}
	return end;
}

static const char *read_start(struct bootlog *log, struct span s, bool whole)
{
	const char *end;

	span_blanks(&s);
	if (s.at == s.end)
		return s.end;
	if (*s.at == '[' ||
	    (s.end - s.at > 2 && s.at[1] == ' ' && s.at[2] == '(')) /* a log line's prefix: no ROM has one */
		return NULL;
	end = esp8266_line(log, s, whole);
	return end ? end : esp32_line(log, s, whole);
}

/* A piece that somebody has copied may lack the first letter of "rst:0x". */
static bool may_have_anchor(const struct bootlog *log, struct span s)
{
	if (log->pairs & PAIR_ANCHOR)
		return true;
	return log->options.pasted && span_word(&s, "st:0x");
}

/* "E (123) boot: ", "I (31) boot: " */
static bool is_log_line(struct span s)
{
	return span_len(s) > 4 && strchr("EWIDV", s.at[0]) && s.at[1] == ' ' && s.at[2] == '(' &&
	       span_is_digit(s.at[3]);
}

/* Behind the ROM's words, in a paste that has lost its line ends: other lines may follow in the same one. */
static void read_rests(struct bootlog *log, struct span s, bool whole)
{
	struct span t = s;

	for (; t.at != t.end; t.at++) {
		if (t.at == s.at || t.at[-1] != ' ' || !(is_log_line(t) || trouble_begins(log, t)))
			continue;
		read_rest(log, (struct span){ s.at, t.at }, true, true);
		s.at = t.at;
	}
	read_rest(log, s, true, whole);
}

static void read_span(struct bootlog *log, struct span s, bool at_start, bool whole)
{
	const char *text = s.at, *anchor, *end, *torn = NULL;
	struct span rest = s;

	while (!span_is_blank((struct span){ text, s.end })) {
		end = at_start ? read_start(log, (struct span){ text, s.end }, whole) : NULL;
		while (!end && may_have_anchor(log, rest) && (anchor = find_anchor(rest))) {
			struct span t = { anchor, s.end };

			end = read_anchor(log, t, text, at_start);
			if (!end && !torn && is_torn(t, text))
				torn = anchor;
			rest.at = anchor + 1;
		}
		if (!end)
			break;
		text = rest.at = end;
		at_start = true;
		torn = NULL;
	}
	rest = (struct span){ text, torn ? torn : s.end };
	if (text != s.at && log->options.pasted)
		read_rests(log, rest, whole);
	else
		read_rest(log, rest, at_start, whole);
	if (torn)
		read_torn(log, (struct span){ torn, s.end });
}

static void bootlog_read_line(struct bootlog *log, bool whole)
{
	struct span s = { log->text + log->done, log->text + log->len };
	bool at_start = !log->continued || log->eboot == EBOOT_AT;

	if (!span_is_blank(s))
		read_span(log, s, at_start, whole);
	text_flush_garbage(log);
}

static void end_line(struct bootlog *log, bool whole)
{
	bootlog_read_line(log, whole);
	log->continued = !whole;
	log->half = false;
	log->len = 0;
	log->done = 0;
	log->pairs = 0;
	log->dirty = false;
}

/* A closing bracket may be the end of a banner: who waits for the board need not wait for the line's end. */
static void maybe_banner(struct bootlog *log)
{
	struct span s = { log->text + log->done, log->text + log->len };
	const char *anchor;
	struct boot boot;
	const char *begin;
	bool torn = false;

	if (!(log->pairs & PAIR_ANCHOR) || log->len - log->done < 20)
		return;
	for (struct span rest = s; (anchor = find_anchor(rest)); rest.at = anchor + 1) {
		struct span t = { anchor, s.end };
		const char *end = esp8266_banner(&boot, t, s.at, &begin);

		if (!end && *anchor == 'r')
			end = esp32_banner(&boot, t, log->head.valid ? &log->head : NULL, &torn);
		if (end == s.end && !bootlog_is_told(log, t, s.at) && !(*anchor == 'r' && torn)) {
			read_span(log, s, !log->continued, true);
			log->done = log->len;
			return;
		}
	}
}

/* eboot prints '@' and then copies an image for seconds, before the line goes on. */
static void eboot_at(struct bootlog *log)
{
	log->eboot = EBOOT_AT;
	log->boot.copying = log->boot.eboot_waits = true;
	bootlog_emit(log, BOOT_EVENT_COPYING, (struct span){ log->text, log->text + 1 }, 0);
	log->done = 1;
}

/* What follows '@' is not eboot's: an application has begun its first line with it. */
static void eboot_was_not(struct bootlog *log)
{
	log->eboot = EBOOT_UNSURE;
	log->boot.copying = log->boot.eboot_waits = false;
	log->done = 0;
	bootlog_emit(log, BOOT_EVENT_PROGRESS, (struct span){ log->text, log->text + 1 }, 0);
}

/* -------------------------------------------------------------------------------------------------
 * Bytes
 */

static void bootlog_append(struct bootlog *log, char c)
{
	log->pairs |= log->pair_last & log->pair_second[(unsigned char)c];
	log->pair_last = log->pair_first[(unsigned char)c];
	if (log->len == 0)
		log->line_begin_ms = log->now_ms;
	log->text[log->len++] = c;
	if (log->len == BOOTLOG_LINE_MAX)
		end_line(log, false);
}

/* Inside an escape sequence. Returns whether the byte belongs to it. */
static bool escape_byte(struct bootlog *log, unsigned char c)
{
	if (++log->escape_len > ESCAPE_MAX || c == '\n') {
		log->escape = ESCAPE_NONE;
		return false;
	}
	switch (log->escape) {
	case ESCAPE_BEGUN:
		log->escape = c == '[' ? ESCAPE_CSI : c == ']' ? ESCAPE_OSC : ESCAPE_NONE;
		return log->escape != ESCAPE_NONE;
	case ESCAPE_CSI:
		if (c >= 0x20 && c < 0x40)
			return true;
		log->escape = ESCAPE_NONE;
		return c >= 0x40 && c < 0x7f;
	default:
		if (c == 7)
			log->escape = ESCAPE_NONE;
		return c == 7 || c >= 0x20;
	}
}

static void special_byte(struct bootlog *log, unsigned char c)
{
	switch (c) {
	case '\n':
	case '\r':
		if (log->len || log->continued)
			end_line(log, true);
		log->line_number += c == '\n';
		return;
	case 0x1b:
		log->escape = ESCAPE_BEGUN;
		log->escape_len = 0;
		return;
	case '@':
		if (log->options.pasted && span_is_blank((struct span){ log->text, log->text + log->len }))
			log->len = 0; /* indented by whoever has pasted it */
		if (log->len == 0 && (log->eboot == EBOOT_MAY_SPEAK || log->eboot == EBOOT_UNSURE)) {
			bootlog_append(log, '@');
			eboot_at(log);
			return;
		}
		break;
	}
	log->dirty |= (c < 0x20 && c != '\t') || c >= 0x7f;
	bootlog_append(log, (char)c);
	if (c == ')')
		maybe_banner(log);
}

/* Bytes that mean more than themselves. */
static inline bool is_special(unsigned char c)
{
	return c < 0x20 || c >= 0x7f || c == ')' || c == '@';
}

/* Nothing is half read, but for the line: plain characters just make it longer. */
static bool may_run(const struct bootlog *log)
{
	return log->escape == ESCAPE_NONE && log->eboot != EBOOT_AT && !log->rx74880.wrongbaud.n;
}

/* Two characters that may begin a banner at another speed: do the next two, if they are here already, rule it out?
 * It is a short cut only. What is not ruled out is followed character by character, and comes to nothing as well. */
static bool is_chance(const struct bootlog *log, const unsigned char *p, size_t i, size_t n)
{
	if (i < 1 || i + 2 >= n)
		return false;
	return !wrongbaud_may_go_on(&log->rx74880.wrongbaud, p + i - 1);
}

/* Plain characters, as many as come: the way that nearly all bytes of a healthy log take. Returns how many. */
static size_t bootlog_read_plain(struct bootlog *log, const unsigned char *p, size_t n)
{
	const uint32_t *second = log->pair_second, *first = log->pair_first;
	uint32_t last = log->pair_last | PAIR_SPECIAL, pairs = 0;
	const unsigned char *c = p, *end;
	size_t i;

	if (n > BOOTLOG_LINE_MAX - 1 - log->len)
		n = BOOTLOG_LINE_MAX - 1 - log->len;
	for (end = p + n; c != end; last = first[*c++]) {
		uint32_t pair = last & second[*c];

		if (!pair)
			continue;
		if (pair & PAIR_SPECIAL || (pair & PAIR_STARTS && !is_chance(log, p, (size_t)(c - p), n)))
			break;
		pairs |= pair;
	}
	i = (size_t)(c - p);
	if (i == 0)
		return 0;
	if (log->len == 0)
		log->line_begin_ms = log->now_ms;
	memcpy(log->text + log->len, p, i);
	log->len += i;
	log->pairs |= pairs;
	log->pair_last = last;
	if (log->options.recover_74880)
		rx74880_passed(log, p[i - 1]);
	return i;
}

/* An end of a line, nothing half read. Returns whether it was one, and no beginning of a banner at another speed. */
static bool run_end(struct bootlog *log, unsigned char c)
{
	const struct wrongbaud *w = &log->rx74880.wrongbaud;

	if (c != '\n' && c != '\r')
		return false;
	if (log->options.recover_74880) {
		if (w->any_previous && wrongbaud_may_start(w, w->previous.byte, c))
			return false;
		rx74880_passed(log, c);
	}
	special_byte(log, c);
	return true;
}

void bootlog_read_byte(struct bootlog *log, unsigned char c)
{
	if (log->escape != ESCAPE_NONE && escape_byte(log, c))
		return;
	if (log->eboot == EBOOT_AT && log->len == 1 && log->done == 1 && c != 'c' && c != 'l')
		eboot_was_not(log);
	if (is_special(c))
		special_byte(log, c);
	else
		bootlog_append(log, (char)c);
}

void bootlog_drop(struct bootlog *log, size_t n)
{
	log->escape = ESCAPE_NONE;
	log->len = log->len - log->done > n ? log->len - n : log->done;
	end_line(log, true);
}

static void add_pair(struct bootlog *log, unsigned int bit, const char *firsts, const char *seconds)
{
	for (; *firsts; firsts++)
		log->pair_first[(unsigned char)*firsts] |= bit;
	for (; *seconds; seconds++)
		log->pair_second[(unsigned char)*seconds] |= bit;
}

static void make_pairs(struct bootlog *log)
{
	const struct wrongbaud *w = &log->rx74880.wrongbaud;
	bool recover = log->options.recover_74880;

	for (unsigned int c = 0; c < 256; c++) {
		log->pair_first[c] = (recover ? w->first[c] : 0U) | PAIR_SPECIAL;
		log->pair_second[c] = recover ? w->second[c] : 0;
		if (is_special((unsigned char)c))
			log->pair_second[c] |= PAIR_SPECIAL;
	}
	add_pair(log, PAIR_RST, "r", "s");
	add_pair(log, PAIR_ETS, " s", "J");
	add_pair(log, PAIR_ROM, "P", "-");
	add_pair(log, PAIR_PANIC, "GBF*>", "ura*>");
	add_pair(log, PAIR_REPORT, "cCx", "rRc"); /* crash, exception */
	add_pair(log, 1U << 19, "kcg", "s");	  /* chksum, csum, configsip */
	add_pair(log, 1U << 20, "IP", "W_");	  /* SPIWP, SPI_FAST_FLASH */
	add_pair(log, 1U << 21, "ks", "_");	  /* clk_drv, ets_main */
	add_pair(log, 1U << 22, "x", "1234");	  /* load:0x3, entry 0x4, boot:0x1 */
	add_pair(log, 1U << 23, "DQ", "IO");	  /* DIO, QOUT, DOWNLOAD */
	add_pair(log, 1U << 24, "R", "eE");	  /* Restarting, REBOOT */
}

void bootlog_init(struct bootlog *log, const struct bootlog_options *options)
{
	memset(log, 0, offsetof(struct bootlog, text));
	log->options = *options;
	log->line_number = 1;
	log->boot = (struct boot){ .cause = -1, .mode = -1, .mode2 = -1, .loaded_ms = -1, .line = 1 };
	log->decided = log->boot;
	if (options->recover_74880)
		wrongbaud_init(&log->rx74880.wrongbaud);
	make_pairs(log);
	trouble_init(log);
}

static void begin_input(struct bootlog *log, size_t n, int64_t now_ms, bootlog_fn *on_event, void *user)
{
	log->on_event = on_event;
	log->user = user;
	log->now_ms = now_ms;
	log->bytes += n;
}

static void end_input(struct bootlog *log)
{
	log->rx74880.previous_ms = log->now_ms;
	log->on_event = NULL;
}

void bootlog_feed(struct bootlog *log, const void *bytes, size_t n, int64_t now_ms, bootlog_fn *on_event, void *user)
{
	const unsigned char *p = bytes;

	begin_input(log, n, now_ms, on_event, user);
	for (size_t i = 0; i < n; i++) {
		if (may_run(log)) {
			i += bootlog_read_plain(log, p + i, n - i);
			if (i < n && run_end(log, p[i]))
				continue;
		}
		if (i < n && (!log->options.recover_74880 || !rx74880_byte(log, p[i])))
			bootlog_read_byte(log, p[i]);
	}
	end_input(log);
}

void bootlog_feed_piece(struct bootlog *log, const struct bootlog_piece *piece, int64_t now_ms, bootlog_fn *on_event,
			void *user)
{
	if (!piece->heard) {
		bootlog_feed(log, piece->text, piece->n, now_ms, on_event, user);
		return;
	}
	begin_input(log, piece->n_heard, now_ms, on_event, user);
	if (!log->options.recover_74880 || !rx74880_heard(log, piece)) {
		for (size_t i = 0; i < piece->n; i++)
			bootlog_read_byte(log, (unsigned char)piece->text[i]);
	}
	end_input(log);
}

void bootlog_flush(struct bootlog *log, int64_t now_ms, bootlog_fn *on_event, void *user)
{
	begin_input(log, 0, now_ms, on_event, user);
	if (log->options.recover_74880)
		rx74880_flush(log);
	log->escape = ESCAPE_NONE;
	end_line(log, false);
	log->continued = false;
	log->pair_last = 0;
	log->on_event = NULL;
}

/* "@cp:" was recovered at the other speed: the line goes on with its result. */
static void resume_copy(struct bootlog *log)
{
	log->eboot = EBOOT_AT;
	log->len = (size_t)snprintf(log->text, sizeof(log->text), "@cp:");
	log->done = 1;
	log->half = false;
	log->joined = true;
}

void bootlog_retune(struct bootlog *log, const struct bootlog_options *options, int64_t now_ms, bootlog_fn *on_event,
		    void *user)
{
	bool had_tables = log->options.recover_74880;

	log->rx74880.summed = false; /* the sum is not the last that comes of this load */
	bootlog_flush(log, now_ms, on_event, user);
	log->options = *options;
	if (options->recover_74880 && !had_tables)
		wrongbaud_init(&log->rx74880.wrongbaud);
	make_pairs(log);
	log->rx74880.passed = false;
	log->half = true;
	log->joined = bootlog_in_rom(log);
	if (log->boot.copying && log->eboot != EBOOT_AT)
		resume_copy(log);
}

bool bootlog_is_following(const struct bootlog *log)
{
	return log->rx74880.wrongbaud.n > 0;
}
