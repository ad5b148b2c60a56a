/* bootlog.c - cuts the bytes that a board sends into text lines.
 *
 *	bootlog_feed()				received bytes
 *		bootlog_read_plain()		the fast path: many printable characters of a text line at once
 *		rx74880_byte()			bytes that may be text sent at 74880 Bd
 *		bootlog_read_byte()		any other byte: line ends, escape sequences, eboot's '@'
 *			lines_read()		a whole line (lines.c)
 */
#include "bootlog/bootlog.h"

#include <stdio.h>

#include "bootlog/reader.h"

#define ESCAPE_MAX 24 /* in bytes: longer than any escape sequence that sets a colour or moves the cursor */

enum {
	ESCAPE_NONE,
	ESCAPE_BEGUN,
	ESCAPE_CSI,
	ESCAPE_OSC,
};

const struct boot *bootlog_boot(const struct bootlog *log)
{
	return log->begun ? &log->boot : NULL;
}

const struct boot *bootlog_boot_before(const struct bootlog *log)
{
	return &log->before;
}

bool bootlog_is_following(const struct bootlog *log)
{
	return log->rx74880.wrongbaud.n > 0;
}

static void end_line(struct bootlog *log, bool whole)
{
	lines_read(log, whole);
	log->continued = !whole;
	log->half = false;
	log->len = 0;
	log->done = 0;
	log->pairs = 0;
	log->dirty = false;
}

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

/* eboot prints '@', copies an update, and prints the rest of this text line seconds later. So report the copy at the
 * '@'. */
static void eboot_at(struct bootlog *log)
{
	bootlog_append(log, '@');
	log->eboot = EBOOT_AT;
	log->boot.copying = log->boot.eboot_waits = true;
	bootlog_emit(log, BOOT_EVENT_COPYING, (struct span){ log->text, log->text + 1 }, 0);
	log->done = 1;
}

/* eboot prints "@cp:" or "@ld", but another byte has come behind the '@'. So an application has printed the '@', and no
 * copy is running. */
static void eboot_was_not(struct bootlog *log)
{
	log->eboot = EBOOT_UNSURE;
	log->boot.copying = log->boot.eboot_waits = false;
	log->done = 0;
	bootlog_emit(log, BOOT_EVENT_PROGRESS, (struct span){ log->text, log->text + 1 }, 0);
}

/* Read a byte within an escape sequence. Return false if the byte is not part of the sequence. */
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
			log->len = 0; /* a copied log may be indented: remove the blanks before eboot's '@' */
		if (log->len == 0 && (log->eboot == EBOOT_MAY_SPEAK || log->eboot == EBOOT_UNSURE)) {
			eboot_at(log);
			return;
		}
		break;
	}
	log->dirty |= (c < 0x20 && c != '\t') || c >= 0x7f;
	bootlog_append(log, (char)c);
	if (c == ')') /* may be a banner's last character: report the banner now, before its line end comes */
		lines_read_banner(log);
}

static inline bool is_special(unsigned char c)
{
	return c < 0x20 || c >= 0x7f || c == ')' || c == '@';
}

/* The bytes p[i - 1] and p[i] can begin a banner sent at 74880 Bd. Do the next two bytes rule this out? The test only
 * saves time: if it returns false, the slow path examines each byte, with the same result. */
static bool is_chance(const struct bootlog *log, const unsigned char *p, size_t i, size_t n)
{
	return i >= 1 && i + 2 < n && !wrongbaud_may_go_on(&log->rx74880.wrongbaud, p + i - 1);
}

/* Append bytes to the current text line, up to the first byte that special_byte() must handle or that may belong to
 * text sent at 74880 Bd. This is the fast path for nearly all bytes of a healthy log. Return how many bytes were
 * appended. */
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

		if (!pair) {
			/* Skip four characters at once if first[] and second[] mark no pair among them. */
			if (end - c > 3 && !((first[c[0]] & second[c[1]]) | (first[c[1]] & second[c[2]]) |
					     (first[c[2]] & second[c[3]])))
				c += 3;
			continue;
		}
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

/* End the current text line if @c is a line end. Return false and do nothing if @c is another character, or may be part
 * of a banner sent at 74880 Bd. */
static bool read_line_end(struct bootlog *log, unsigned char c)
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

/* Mark with @bit each pair whose first character is one of @firsts and whose second character is one of @seconds. */
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
	add_pair(log, PAIR_REPORT, "cCx", "rRc"); /* the pairs in "crash", "CRASH" and "exception" */
	/* One class of pairs for each bit of PAIR_PIECE. The comment behind each class names words of the ROM or of an
	 * application in which its pairs occur. */
	add_pair(log, 1U << 19, "kcg", "s");  /* pairs in chksum, csum, configsip */
	add_pair(log, 1U << 20, "IP", "W_");  /* pairs in SPIWP, SPI_FAST_FLASH */
	add_pair(log, 1U << 21, "ks", "_");   /* pairs in clk_drv, ets_main */
	add_pair(log, 1U << 22, "x", "1234"); /* pairs in load:0x3, entry 0x4, boot:0x1 */
	add_pair(log, 1U << 23, "DQ", "IO");  /* pairs in DIO, QOUT, DOWNLOAD */
	add_pair(log, 1U << 24, "R", "eE");   /* pairs in Restarting, REBOOT */
}

void bootlog_init(struct bootlog *log, const struct bootlog_options *options)
{
	memset(log, 0, offsetof(struct bootlog, text));
	log->options = *options;
	log->line_number = 1;
	log->boot = (struct boot){ BOOT_UNREAD, .line = 1 };
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
		/* The fast path is right only while a plain character does nothing but lengthen the text line: not in
		 * an escape sequence, not behind eboot's '@', and not in text sent at 74880 Bd. */
		if (log->escape == ESCAPE_NONE && log->eboot != EBOOT_AT && !log->rx74880.wrongbaud.n) {
			i += bootlog_read_plain(log, p + i, n - i);
			if (i < n && read_line_end(log, p[i]))
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

/* The beginning "@cp:" of a text line was recovered from text sent at 74880 Bd. Now the port has changed its baud rate,
 * and receives the rest of this text line as plain text: put "@cp:" before the rest. */
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

	log->rx74880.summed = false; /* bootlog_flush() must not report the end of the load: the load may go on */
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
