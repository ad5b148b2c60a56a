/* rx74880.c - takes into the record of a boot what an ESP8266 said at 74880 Bd and a port at 115200 heard. */
#include "bootlog/reader.h"

#include <stdio.h>

/* -------------------------------------------------------------------------------------------------
 * Lines
 */

static struct span span_of(const char *text)
{
	return (struct span){ text, text + strlen(text) };
}

/* Boot modes 2 and 3 sound alike, and so do 4, 6 and 7. */
#define MODES_2_3 (1U << 2 | 1U << 3)
#define MODES_SDIO (1U << 4 | 1U << 5 | 1U << 6 | 1U << 7)

static int only_one(unsigned int set)
{
	for (int i = 0; i < 8; i++) {
		if (set == 1U << i)
			return i;
	}
	return -1;
}

/* Where a paste leaves several: at this speed the ROM speaks after power and EN/RST only. */
#define COLD_CAUSES (1U << 1 | 1U << 2)

static int only_cause(unsigned int causes)
{
	int cause = only_one(causes);

	return cause >= 0 ? cause : only_one(causes & COLD_CAUSES);
}

static void take_banner(struct bootlog *log, const struct wrongbaud_line *line)
{
	struct rx74880 *r = &log->rx74880;
	struct boot boot;
	int read_cause = only_cause(line->causes);
	char text[64], cause[4] = "?", mode[4] = "?", mode2[4] = "?";

	r->modes = line->modes;
	r->banner = only_one(line->causes) >= 0;
	r->loading = r->summed = false;
	esp8266_boot(&boot, read_cause, only_one(line->modes), line->mode2);
	boot.heard = BOOT_HEARD_74880;
	boot.certain = false;	/* until the load has been heard to its end */
	if (boot.mode < 0 && !(line->modes & ~MODES_SDIO))
		boot.source = BOOT_SOURCE_OTHER;
	/* A mode that only the load can tell: in 2 and 3 the banner is the same. */
	if (boot.mode == 2 || boot.mode == 3) {
		boot.mode = -1;
		boot.source = BOOT_SOURCE_UNKNOWN;
		boot.advice = NULL;
	}
	if (read_cause >= 0)
		snprintf(cause, sizeof(cause), "%d", read_cause % 10);
	if (boot.mode >= 0)
		snprintf(mode, sizeof(mode), "%d", boot.mode % 10);
	if (line->mode2 >= 0)
		snprintf(mode2, sizeof(mode2), "%d", line->mode2 % 10);
	snprintf(text, sizeof(text), "ets Jan  8 2013,rst cause:%s, boot mode:(%s,%s)", cause, mode,
		 mode2);
	bootlog_take_banner(log, &boot, span_of(text), false);
}

/* A segment: in mode 3 it follows the banner, in mode 2 and 1 it does not. */
static void take_load(struct bootlog *log)
{
	struct rx74880 *r = &log->rx74880;

	if (!r->loading && r->modes && !(r->modes & ~MODES_2_3)) {
		log->boot.mode = 3;
		log->boot.source = BOOT_SOURCE_FLASH;
	}
	r->loading = true;
	bootlog_progress(log, BOOT_LOADING, span_of("load 0x..."));
}

static void loaded(struct bootlog *log, enum boot_progress step, const char *text)
{
	struct rx74880 *r = &log->rx74880;
	struct boot *boot = &log->boot;

	boot->certain = r->banner && r->loading && r->summed && boot->mode == 3 &&
			boot->cause >= 0 && boot->mode2 >= 0;
	boot->copying = false;
	bootlog_progress(log, step, span_of(text));
}

/* Nothing more was heard after the sum: it may have been the end of the load, or "csum err" in a form that could not
 * be read. */
static void end_of_words(struct bootlog *log)
{
	struct rx74880 *r = &log->rx74880;

	if (r->summed && log->boot.heard == BOOT_HEARD_74880 &&
	    log->boot.progress == BOOT_LOADING && log->boot.trouble == BOOT_OK &&
	    !log->boot.copying)
		bootlog_progress(log, BOOT_LOADED, span_of("csum 0x..."));
	r->banner = r->loading = r->summed = false;
}

static void take_trouble(struct bootlog *log, const struct wrongbaud_line *line)
{
	switch (line->text) {
	case TEXT_CSUM_ERR:
		bootlog_emit_trouble(log, BOOT_NO_IMAGE, span_of("csum err"),
				     "the image in flash is damaged: flash it again");
		break;
	case TEXT_ETS_MAIN:
		bootlog_emit_trouble(log, BOOT_NO_IMAGE, span_of("ets_main.c"),
				     "the image in flash is damaged: flash it again");
		break;
	case TEXT_COPIED:
		log->boot.copying = false;
		bootlog_emit(log, BOOT_EVENT_COPIED, span_of("cp:"), line->number);
		if (line->number)	/* -1, not known, is no success either */
			bootlog_emit_trouble(
				log, BOOT_NO_IMAGE, span_of("cp:"),
				"eboot could not copy the update into place: upload it again");
		break;
	default:
		bootlog_emit_trouble(
			log, BOOT_NO_IMAGE, span_of("e:"),
			"eboot found no application that it can load: flash again, all of it");
		break;
	}
}

static void take_line(struct bootlog *log, const struct wrongbaud_line *line)
{
	struct rx74880 *r = &log->rx74880;

	switch (line->text) {
	case TEXT_BANNER:
		take_banner(log, line);
		break;
	case TEXT_EMPTY:
		break;
	case TEXT_WDT_RESET:
		bootlog_progress(log, BOOT_NOTHING, span_of("wdt reset"));
		break;
	case TEXT_WAITING:
		log->boot.waiting = true;
		bootlog_emit(log, BOOT_EVENT_WAITING, span_of("waiting for host"), 0);
		break;
	case TEXT_LOAD:
		take_load(log);
		break;
	case TEXT_DETAIL:
		bootlog_progress(log, BOOT_LOADING, span_of("chksum 0x.."));
		break;
	case TEXT_CSUM:
		r->summed = true;
		bootlog_progress(log, BOOT_LOADING, span_of("csum 0x.."));
		break;
	case TEXT_VERSION:
		bootlog_progress(log, BOOT_LOADING, span_of("v........"));
		break;
	case TEXT_LOADS:
		loaded(log, BOOT_LOADED, "~ld");
		break;
	case TEXT_STAGE2:
		loaded(log, BOOT_STAGE2, "2nd boot version");
		break;
	case TEXT_COPIES:
		log->boot.copying = true;
		bootlog_emit(log, BOOT_EVENT_COPYING, span_of("@"), 0);
		break;
	case TEXT_CSUM_ERR:
	case TEXT_ETS_MAIN:
	case TEXT_COPIED:
	case TEXT_FAILED:
		take_trouble(log, line);
		break;
	case TEXT_NONE:		/* several fit */
		r->banner = false;
		bootlog_fragment(log, span_of("?"));
		break;
	}
}

static void take_lines(struct bootlog *log)
{
	struct rx74880 *r = &log->rx74880;
	struct wrongbaud_line line;

	while (wrongbaud_line(&r->wrongbaud, &line)) {
		log->line_begin_ms = r->begin_ms;
		take_line(log, &line);
	}
	r->len = 0;
	r->took = true;
}

/* -------------------------------------------------------------------------------------------------
 * Bytes
 */

/* From here on it is the ROM: the characters that have made that sure are not text. */
static void lock(struct bootlog *log)
{
	struct rx74880 *r = &log->rx74880;
	unsigned int n = r->wrongbaud.states[0].heard, in_text = 0;

	if (n > RX74880_RECENT)
		n = RX74880_RECENT;
	for (unsigned int i = 2; i <= n;
	     i++) /* the last one has not become text yet; in a paste NULs never do */
		in_text += !log->options.strip_timestamps ||
			   r->recent[(r->n_recent - i) % RX74880_RECENT];
	bootlog_drop(log, in_text);
	r->begin_ms = r->recent_ms[(r->n_recent - n) % RX74880_RECENT];
	for (r->len = 0; r->len + 1 < n; r->len++)
		r->line[r->len] =
			r->recent[(r->n_recent - n + (unsigned int)r->len) % RX74880_RECENT];
}

/* The ROM's words are over: what did not become a line is read as it is. */
static void unlock(struct bootlog *log)
{
	struct rx74880 *r = &log->rx74880;
	size_t n = r->len;

	end_of_words(log);
	r->len = 0;
	for (size_t i = 0; i < n; i++)
		bootlog_read_byte(log, r->line[i]);
}

static bool is_locked(const struct bootlog *log)
{
	return log->rx74880.wrongbaud.locked;
}

static void take_symbol(struct bootlog *log, enum wrongbaud_kind kind, unsigned char byte)
{
	struct rx74880 *r = &log->rx74880;
	bool was_locked = is_locked(log);

	switch (wrongbaud_symbol(&r->wrongbaud, (struct wrongbaud_symbol){ kind, byte })) {
	case WRONGBAUD_LOCKED:
		if (!was_locked)
			lock(log);
		break;
	case WRONGBAUD_LINE:
		if (!was_locked)
			lock(log);
		take_lines(log);
		break;
	case WRONGBAUD_LOST:
		unlock(log);
		break;
	default:
		break;
	}
}

/* Windows-1252 below 0xa0, as a terminal shows it */
static unsigned char windows_byte(unsigned long c)
{
	static const uint16_t chars[32] = {
		0x20ac, 0,	0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
		0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0,	0x017d, 0,
		0,	0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
		0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,	0x017e, 0x0178,
	};

	for (unsigned int i = 0; i < 32; i++) {
		if (chars[i] && chars[i] == c)
			return (unsigned char)(0x80 + i);
	}
	return 0;
}

/* A character beyond ASCII in a paste: which bytes was it when it came from the board? */
static void take_character(struct bootlog *log, unsigned long c)
{
	uint16_t gbk = 0;
	unsigned char byte;

	if (c == 0xfffd || c == 0x2e2e) {
		take_symbol(log, HEARD_HIGH, 0);
	} else if (c < 0x100) {
		take_symbol(log, HEARD_BYTE, (unsigned char)c);
	} else if (c >= 0x2400 && c <= 0x2421) {	/* pictures of control characters */
		take_symbol(log, HEARD_BYTE, c == 0x2421 ? 0x7f : (unsigned char)(c - 0x2400));
	} else if ((byte = windows_byte(c))) {
		take_symbol(log, HEARD_BYTE, byte);
	} else if (log->options.gbk && (gbk = log->options.gbk(c))) {
		take_symbol(log, HEARD_BYTE, (unsigned char)(gbk >> 8));
		take_symbol(log, HEARD_BYTE, (unsigned char)gbk);
	} else {
		take_symbol(log, HEARD_HIGH, 0);
	}
}

static void take_ascii(struct bootlog *log, unsigned char c)
{
	struct rx74880 *r = &log->rx74880;

	if (r->backslash) {	/* "\0": how some terminals write a NUL */
		r->backslash = false;
		take_symbol(log, HEARD_BYTE, c == '0' ? 0 : '\\');
		if (c == '0')
			return;
	}
	if (c == '\\')
		r->backslash = true;
	else
		take_symbol(log,
			    c == '?'		     ? HEARD_MARK
			    : c == '\n' || c == '\r' ? HEARD_BREAK
						     : HEARD_BYTE,
			    c);
}

/* The bytes of a paste, back to what came from the board: through UTF-8, Latin-1, Windows-1252, GBK. */
static void take_pasted(struct bootlog *log, unsigned char c)
{
	struct rx74880 *r = &log->rx74880;
	unsigned long code;

	if (r->n_utf8 && (c & 0xc0) == 0x80) {
		r->utf8[r->n_utf8++] = c;
		if (r->n_utf8 < r->utf8_len)
			return;
		code = r->utf8[0] & (0xffu >> (r->utf8_len + 1));
		for (unsigned int i = 1; i < r->utf8_len; i++)
			code = code << 6 | (r->utf8[i] & 0x3f);
		r->n_utf8 = 0;
		take_character(log, code);
		return;
	}
	for (unsigned int i = 0; i < r->n_utf8; i++)	/* no UTF-8 after all */
		take_symbol(log, HEARD_BYTE, r->utf8[i]);
	r->n_utf8 = 0;
	if (c >= 0xc2 && c < 0xf5) {
		r->utf8[r->n_utf8++] = c;
		r->utf8_len = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	} else if (c < 0x80) {
		take_ascii(log, c);
	} else {
		take_symbol(log, HEARD_BYTE, c);
	}
}

void rx74880_passed(struct bootlog *log, unsigned char last)
{
	struct rx74880 *r = &log->rx74880;

	r->wrongbaud.previous = (struct wrongbaud_symbol){ HEARD_BYTE, last };
	r->wrongbaud.any_previous = true;
	r->previous_ms = log->now_ms;
}

/* Nothing that begins a banner, and nothing half read */
static bool is_plain(const struct bootlog *log, unsigned char c)
{
	const struct rx74880 *r = &log->rx74880;
	const struct wrongbaud *w = &r->wrongbaud;

	if (w->n || (log->options.mangled && (c >= 0x80 || c == '\\' || c == '?' || c == '\n' ||
					      c == '\r' || r->n_utf8 || r->backslash)))
		return false;
	return !(w->any_previous && wrongbaud_may_start(w, w->previous.byte, c));
}

static void remember(struct rx74880 *r, unsigned char c, int64_t now_ms)
{
	r->recent[r->n_recent % RX74880_RECENT] = c;
	r->recent_ms[r->n_recent % RX74880_RECENT] = now_ms;
	r->n_recent++;
}

bool rx74880_byte(struct bootlog *log, unsigned char c)
{
	struct rx74880 *r = &log->rx74880;
	bool was_locked = is_locked(log);

	if (is_plain(log, c)) {
		rx74880_passed(log, c);
		return false;
	}
	if (log->options.mangled && !r->wrongbaud.n && !r->n_utf8 && !r->backslash &&
	    (c == '\n' || c == '\r')) {
		r->wrongbaud.any_previous =
			false; /* a break in a paste: no banner begins with one */
		return false;
	}
	if (!r->wrongbaud.n && r->wrongbaud.any_previous)
		remember(r, r->wrongbaud.previous.byte, r->previous_ms);
	remember(r, c, log->now_ms);
	r->previous_ms = log->now_ms;
	if (was_locked) {
		if (r->len == 0)
			r->begin_ms = log->now_ms;
		if (r->len == RX74880_LINE_MAX) {
			wrongbaud_forget(&r->wrongbaud);
			unlock(log);
			return false;
		}
	}
	r->took = false;
	if (log->options.mangled)
		take_pasted(log, c);
	else
		take_symbol(log, HEARD_BYTE, c);
	if (!is_locked(log))
		return false;
	if (!r->took)
		r->line[r->len++] = c;
	return true;
}

void rx74880_flush(struct bootlog *log)
{
	struct rx74880 *r = &log->rx74880;

	if (is_locked(log)) {
		wrongbaud_forget(&r->wrongbaud);
		unlock(log);
	}
	wrongbaud_forget(&r->wrongbaud);
	r->n_utf8 = 0;
	r->backslash = false;
}
