/* rx74880.c - puts the text that an ESP8266 sends at 74880 Bd, and the port receives at 115200 Bd, into the record of
 * the boot.
 *
 *	rx74880_byte(), rx74880_heard()		take received characters from bootlog.c
 *		take_symbol()			passes them to wrongbaud.c, which recognises the ROM and its text lines
 *			rx74880_lock()		the sender is the ROM: removes its characters from the ordinary text
 *			take_lines()		puts recovered text lines into struct boot, and reports events
 *			rx74880_unlock()	the ROM's text has ended: the characters left over are ordinary text
 */
#include "bootlog/reader.h"

#include <stdio.h>

/* ---- text lines ---- */

/* A receiver at 115200 Bd delivers the same bytes for the banners of boot modes 2 and 3, so both are possible. In modes
 * 4 to 7 the chip boots from SDIO. */
#define MODES_2_3 (1U << 2 | 1U << 3)
#define MODES_SDIO (1U << 4 | 1U << 5 | 1U << 6 | 1U << 7)

/* The ROM sends at 74880 Bd only after power-on (reset cause 1) and after a reset by the EN/RST pin (reset cause 2):
 * esp8266/Arduino cores/esp8266/hwdt_app_entry.cpp. So other reset causes are excluded, even if they fit the bytes
 * received. If the bridge delivers nothing for framing errors, these bytes often fit both 1 and 2. */
#define COLD_CAUSES (1U << 1 | 1U << 2)

static struct span span_of(const char *text)
{
	return (struct span){ text, text + strlen(text) };
}

static enum boot_habit rx74880_habit(unsigned int habits)
{
	switch (habits) {
	case WRONGBAUD_DELIVERS: return BOOT_HABIT_DELIVERS;
	case WRONGBAUD_ZEROES: return BOOT_HABIT_ZEROES;
	case WRONGBAUD_DROPS: return BOOT_HABIT_DROPS;
	default: return BOOT_HABIT_UNKNOWN;
	}
}

static char digit_or_mark(int number)
{
	return number < 0 ? '?' : "0123456789"[number % 10];
}

static void rx74880_banner(struct bootlog *log, const struct wrongbaud_line *line)
{
	struct rx74880 *r = &log->rx74880;
	struct boot boot;
	int cause = wrongbaud_only(line->causes);
	char text[64];

	if (cause < 0 && log->options.pasted)
		cause = wrongbaud_only(line->causes & COLD_CAUSES);
	r->banner = cause >= 0 || (line->causes & COLD_CAUSES);
	r->loading = r->summed = false;
	esp8266_boot(&boot, cause, wrongbaud_only(line->modes), line->mode2);
	boot.rx_speed = BOOT_RX_74880;
	if (cause < 0 && (line->causes & COLD_CAUSES))
		boot.cause_kind = BOOT_CAUSE_HARDWARE;
	boot.habit = rx74880_habit(line->habits);
	boot.certain = false; /* rx74880_loaded() will set boot.certain at the end of the load */
	if (boot.mode < 0 && !(line->modes & ~MODES_SDIO))
		boot.source = BOOT_SOURCE_OTHER;
	if (line->modes && !(line->modes & ~MODES_2_3)) {
		boot.mode_needs_load = true; /* boot mode 3 loads from flash, mode 2 does not */
		boot.mode = -1;
		boot.source = BOOT_SOURCE_UNKNOWN;
	}
	snprintf(text, sizeof(text), "ets Jan  8 2013,rst cause:%c, boot mode:(%c,%c)", digit_or_mark(cause),
		 digit_or_mark(boot.mode), digit_or_mark(line->mode2));
	bootlog_take_banner(log, &boot, span_of(text), false);
}

/* Records that the load has ended. The boot is certain if banner, load and checksum lines were all recovered. */
static void rx74880_loaded(struct bootlog *log, enum boot_progress step, const char *text)
{
	struct rx74880 *r = &log->rx74880;
	struct boot *boot = &log->boot;

	boot->certain = !log->unsure && r->banner && r->loading && r->summed && boot->mode == 3;
	boot->copying = false;
	bootlog_progress(log, step, span_of(text));
}

/* Records that eboot has copied an update. @number: the result that eboot printed; 0: success, -1: unknown */
static void rx74880_copied(struct bootlog *log, int number)
{
	log->boot.copying = false;
	if (!log->unsure)
		bootlog_emit(log, BOOT_EVENT_COPIED, span_of("cp:"), number);
	if (log->unsure || number)
		bootlog_emit_trouble(log, BOOT_NO_IMAGE, span_of("cp:"), REASON_EBOOT_COPY);
}

/* How many bytes other than zero must fit a text line before the line is sure. A wrong text fits one byte with a
 * probability of about 1/32, so it fits four bytes about once in a million times. The text line with the result of a
 * copy ("cp:N") has fewer bytes. Two bytes are enough for it, because nothing else can follow "@cp:". */
#define INFORMATIVE_MIN 4
#define INFORMATIVE_COPIED 2

/* Is the recovered text line beyond doubt? Its bytes must be too many to fit by chance; its number must be known. */
static bool is_sure(const struct rx74880 *r, const struct wrongbaud_line *line)
{
	switch (line->text) {
	case TEXT_NONE: return false;
	case TEXT_BANNER:
		return (wrongbaud_only(line->causes) >= 0 || (line->causes & COLD_CAUSES)) && line->modes &&
		       (wrongbaud_only(line->modes) >= 0 || !(line->modes & ~MODES_2_3) ||
			!(line->modes & ~MODES_SDIO));
	case TEXT_COPIED: return line->number >= 0 && r->sure && line->informative >= INFORMATIVE_COPIED;
	case TEXT_FAILED: return line->number >= 0 && line->informative >= INFORMATIVE_MIN;
	default: return line->informative >= INFORMATIVE_MIN;
	}
}

/* Text lines that only report progress or trouble, and the text that is reported for each of them */
static const struct {
	const char *text;
	enum boot_progress progress;
	enum boot_reason reason; /* REASON_NONE: the text line reports progress, no trouble */
} plain_lines[TEXT_STAGE2 + 1] = {
	[TEXT_WDT_RESET] = { "wdt reset", BOOT_NOTHING, REASON_NONE },
	[TEXT_LOAD] = { "load 0x...", BOOT_LOADING, REASON_NONE },
	[TEXT_DETAIL] = { "chksum 0x..", BOOT_LOADING, REASON_NONE },
	[TEXT_CSUM] = { "csum 0x..", BOOT_LOADING, REASON_NONE },
	[TEXT_VERSION] = { "v........", BOOT_LOADING, REASON_NONE },
	[TEXT_CSUM_ERR] = { "csum err", BOOT_NOTHING, REASON_CHECKSUM },
	[TEXT_ETS_MAIN] = { "ets_main.c", BOOT_NOTHING, REASON_ROM_ASSERT },
	[TEXT_FAILED] = { "e:", BOOT_NOTHING, REASON_EBOOT_LOAD },
};

static void take_plain_line(struct bootlog *log, enum wrongbaud_text line)
{
	struct span text = span_of(plain_lines[line].text);

	log->rx74880.summed |= line == TEXT_CSUM;
	if (line == TEXT_LOAD && !log->unsure) {
		esp8266_loads(log);
		log->rx74880.loading = true;
	}
	if (plain_lines[line].reason)
		bootlog_emit_trouble(log, BOOT_NO_IMAGE, text, plain_lines[line].reason);
	else
		bootlog_progress(log, plain_lines[line].progress, text);
}

static void rx74880_line(struct bootlog *log, const struct wrongbaud_line *line)
{
	switch (line->text) {
	case TEXT_BANNER: rx74880_banner(log, line); break;
	case TEXT_WAITING:
		log->boot.waiting = true;
		bootlog_emit(log, BOOT_EVENT_WAITING, span_of("waiting for host"), 0);
		break;
	case TEXT_LOADS:
		log->boot.eboot_loads = true;
		rx74880_loaded(log, BOOT_LOADED, "~ld");
		break;
	case TEXT_STAGE2: rx74880_loaded(log, BOOT_STAGE2, "2nd boot version"); break;
	case TEXT_COPIES:
		if (log->unsure) {
			bootlog_fragment(log, span_of("@"));
			break;
		}
		log->boot.copying = true;
		bootlog_emit(log, BOOT_EVENT_COPYING, span_of("@"), 0);
		break;
	case TEXT_COPIED: rx74880_copied(log, line->number); break;
	case TEXT_NONE:
		log->rx74880.banner = false;
		bootlog_fragment(log, span_of("?"));
		break;
	case TEXT_EMPTY: break;
	default: take_plain_line(log, line->text); break;
	}
}

static void take_lines(struct bootlog *log)
{
	struct rx74880 *r = &log->rx74880;
	struct wrongbaud_line line;

	while (wrongbaud_line(&r->wrongbaud, &line)) {
		log->line_begin_ms = r->begin_ms;
		r->sure = is_sure(r, &line);
		log->unsure = !r->sure;
		rx74880_line(log, &line);
		log->unsure = false;
	}
	r->len = 0;
	r->took = true;
	r->taken_ms = log->now_ms;
}

/* In milliseconds: a second stage other than eboot prints nothing for at least this long after the ROM's csum line. */
#define OTHER_LOADER_MS 10

/* The ROM's text has ended. If its last line was the csum line, reports the end of the load. If a pause followed that
 * line, the next bytes come from a loader other than eboot, which the ROM has started: the load was good, and the record
 * of the boot is certain. Without a pause, the next bytes may be damaged text of the ROM ("csum err") or of eboot, so the
 * record is not certain. */
static void end_of_words(struct bootlog *log)
{
	struct rx74880 *r = &log->rx74880;
	struct boot *boot = &log->boot;

	if (r->summed && boot->rx_speed == BOOT_RX_74880 && boot->progress == BOOT_LOADING &&
	    boot->trouble == BOOT_OK && !boot->copying) {
		boot->certain = r->banner && r->loading && boot->mode == 3 && boot->habit == BOOT_HABIT_DELIVERS &&
				log->now_ms - r->taken_ms >= OTHER_LOADER_MS;
		bootlog_progress(log, BOOT_LOADED, span_of("csum 0x..."));
	}
	r->banner = r->loading = r->summed = r->sure = false;
}

/* ---- characters ---- */

static void rx74880_append(struct rx74880 *r, const char *text, size_t n)
{
	memcpy(r->line + r->len, text, n);
	r->len += n;
}

/* Returns the last character received for @back 1, the last but one for @back 2, and so on. */
static const struct rx74880_heard *recent_heard(const struct rx74880 *r, unsigned int back)
{
	return &r->recent[(r->n_recent - back) % RX74880_RECENT];
}

/* The sender was recognised as the ROM: moves the characters of the ROM's text from log->text to rx74880.line. The last
 * character received is in neither of them yet. */
static void rx74880_lock(struct bootlog *log)
{
	struct rx74880 *r = &log->rx74880;
	unsigned int bytes = 0, n = 0;
	size_t in_text = 0;

	while (bytes < r->wrongbaud.candidates[0].heard && n < RX74880_RECENT) {
		const struct rx74880_heard *h = recent_heard(r, ++n);

		bytes += h->bytes;
		in_text += n > 1 ? h->len : 0;
		r->begin_ms = h->ms;
	}
	bootlog_drop(log, in_text);
	for (r->len = 0; n > 1; n--)
		rx74880_append(r, recent_heard(r, n)->text, recent_heard(r, n)->len);
}

/* The ROM's text has ended: reads the characters after the last recovered text line as ordinary text. */
static void rx74880_unlock(struct bootlog *log)
{
	struct rx74880 *r = &log->rx74880;
	size_t n = r->len;

	end_of_words(log);
	r->len = 0;
	for (size_t i = 0; i < n; i++)
		bootlog_read_byte(log, (unsigned char)r->line[i]);
}

static void take_symbol(struct bootlog *log, struct wrongbaud_symbol heard)
{
	struct wrongbaud *w = &log->rx74880.wrongbaud;
	bool was_locked = w->locked;
	enum wrongbaud_result result = wrongbaud_symbol(w, heard);

	if (!was_locked && (result == WRONGBAUD_LOCKED || result == WRONGBAUD_LINE))
		rx74880_lock(log);
	if (result == WRONGBAUD_LINE)
		take_lines(log);
	else if (result == WRONGBAUD_LOST)
		rx74880_unlock(log);
}

void rx74880_passed(struct bootlog *log, unsigned char last)
{
	struct rx74880 *r = &log->rx74880;

	r->wrongbaud.previous = (struct wrongbaud_symbol){ SYMBOL_BYTE, last };
	r->wrongbaud.any_previous = true;
	r->previous_ms = log->now_ms;
	r->passed = true;
}

static struct rx74880_heard *rx74880_remember(struct rx74880 *r, const char *text, size_t n, int64_t now_ms)
{
	struct rx74880_heard *h = &r->recent[r->n_recent++ % RX74880_RECENT];

	*h = (struct rx74880_heard){ .len = (uint8_t)n, .ms = now_ms };
	memcpy(h->text, text, n);
	return h;
}

/* Stores a received character in rx74880.recent[]. If rx74880_passed() has skipped the byte before, stores this byte
 * first, because a banner may begin with it. */
static void remember_piece(struct bootlog *log, const struct bootlog_piece *piece)
{
	struct rx74880 *r = &log->rx74880;
	char previous = (char)r->wrongbaud.previous.byte;
	struct rx74880_heard *h;

	if (r->passed)
		rx74880_remember(r, &previous, 1, r->previous_ms)->bytes = 1;
	r->passed = false;
	h = rx74880_remember(r, piece->text, piece->n, log->now_ms);
	for (size_t i = 0; i < piece->n_heard; i++)
		h->bytes = (uint8_t)(h->bytes + (piece->heard[i].kind == SYMBOL_BYTE));
	r->previous_ms = log->now_ms;
}

bool rx74880_heard(struct bootlog *log, const struct bootlog_piece *piece)
{
	struct rx74880 *r = &log->rx74880;
	struct wrongbaud *w = &r->wrongbaud;

	if (!w->n && piece->n_heard && piece->heard->kind != SYMBOL_BYTE) { /* no banner begins with an unknown byte */
		w->any_previous = r->passed = false;
		return false;
	}
	remember_piece(log, piece);
	if (w->locked && r->len == 0)
		r->begin_ms = log->now_ms;
	if (w->locked && r->len + piece->n > RX74880_LINE_MAX) {
		wrongbaud_forget(w);
		rx74880_unlock(log);
		return false;
	}
	r->took = false;
	for (size_t i = 0; i < piece->n_heard; i++)
		take_symbol(log, piece->heard[i]);
	if (w->locked && !r->took)
		rx74880_append(r, piece->text, piece->n);
	return w->locked || r->took;
}

bool rx74880_byte(struct bootlog *log, unsigned char c)
{
	const struct wrongbaud *w = &log->rx74880.wrongbaud;

	if (!w->n && !(w->any_previous && wrongbaud_may_start(w, w->previous.byte, c))) {
		rx74880_passed(log, c);
		return false;
	}
	return rx74880_heard(log, &(struct bootlog_piece){
					  .text = (const char *)&c,
					  .n = 1,
					  .heard = &(struct wrongbaud_symbol){ SYMBOL_BYTE, c },
					  .n_heard = 1,
				  });
}

void rx74880_flush(struct bootlog *log)
{
	struct wrongbaud *w = &log->rx74880.wrongbaud;
	bool locked;

	if (wrongbaud_end(w))
		take_lines(log);
	locked = w->locked;
	wrongbaud_forget(w);
	if (locked)
		rx74880_unlock(log);
}
