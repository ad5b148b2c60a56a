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

/* At this speed the ROM speaks after power and EN/RST only (esp8266/Arduino cores/esp8266/hwdt_app_entry.cpp): where
 * other numbers sound like these, it was one of these. Which one is often lost when a bridge does not deliver all. */
#define COLD_CAUSES (1U << 1 | 1U << 2)

/* Where a paste leaves several, it is the one of them that the ROM can say at this speed. */
static int only_cause(const struct bootlog *log, unsigned int causes)
{
	int cause = only_one(causes);

	return cause < 0 && log->options.pasted ? only_one(causes & COLD_CAUSES) : cause;
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

static void rx74880_banner(struct bootlog *log, const struct wrongbaud_line *line)
{
	struct rx74880 *r = &log->rx74880;
	struct boot boot;
	int read_cause = only_cause(log, line->causes);
	char text[64], cause[4] = "?", mode[4] = "?", mode2[4] = "?";

	r->banner = read_cause >= 0 || (line->causes & COLD_CAUSES);
	r->loading = r->summed = false;
	esp8266_boot(&boot, read_cause, only_one(line->modes), line->mode2);
	boot.rx_speed = BOOT_RX_74880;
	if (read_cause < 0 && (line->causes & COLD_CAUSES))
		boot.cause_kind = BOOT_CAUSE_HARDWARE;
	boot.habit = rx74880_habit(line->habits);
	boot.certain = false; /* until the load has been heard to its end */
	if (boot.mode < 0 && !(line->modes & ~MODES_SDIO))
		boot.source = BOOT_SOURCE_OTHER;
	/* A mode that only the load can tell: in 2 and 3 the banner is the same. */
	if (line->modes && !(line->modes & ~MODES_2_3)) {
		boot.mode_needs_load = true;
		boot.mode = -1;
		boot.source = BOOT_SOURCE_UNKNOWN;
	}
	if (read_cause >= 0)
		snprintf(cause, sizeof(cause), "%d", read_cause % 10);
	if (boot.mode >= 0)
		snprintf(mode, sizeof(mode), "%d", boot.mode % 10);
	if (line->mode2 >= 0)
		snprintf(mode2, sizeof(mode2), "%d", line->mode2 % 10);
	snprintf(text, sizeof(text), "ets Jan  8 2013,rst cause:%s, boot mode:(%s,%s)", cause, mode, mode2);
	bootlog_take_banner(log, &boot, span_of(text), false);
}

/* A segment: in mode 3 it follows the banner, in mode 2 and 1 it does not. */
static void take_load(struct bootlog *log)
{
	struct rx74880 *r = &log->rx74880;

	if (!log->unsure) {
		esp8266_loads(log);
		r->loading = true;
	}
	bootlog_progress(log, BOOT_LOADING, span_of("load 0x..."));
}

static void rx74880_loaded(struct bootlog *log, enum boot_progress step, const char *text)
{
	struct rx74880 *r = &log->rx74880;
	struct boot *boot = &log->boot;

	boot->certain = !log->unsure && r->banner && r->loading && r->summed && boot->mode == 3;
	boot->copying = false;
	bootlog_progress(log, step, span_of(text));
}

/* A loader that is not eboot, and says something of its own, takes so long to begin. */
#define OTHER_LOADER_MS 10

/* Nothing more was heard after the sum: it may have been the end of the load, or "csum err" in a form that could not
 * be read. */
static void end_of_words(struct bootlog *log)
{
	struct rx74880 *r = &log->rx74880;

	if (r->summed && log->boot.rx_speed == BOOT_RX_74880 && log->boot.progress == BOOT_LOADING &&
	    log->boot.trouble == BOOT_OK && !log->boot.copying) {
		/* "csum err" and eboot's words follow at once: what comes after a pause is another loader's */
		log->boot.certain = r->banner && r->loading && log->boot.mode == 3 &&
				    log->boot.habit == BOOT_HABIT_DELIVERS &&
				    log->now_ms - r->taken_ms >= OTHER_LOADER_MS;
		bootlog_progress(log, BOOT_LOADED, span_of("csum 0x..."));
	}
	r->banner = r->loading = r->summed = r->sure = false;
}

static void rx74880_trouble(struct bootlog *log, const struct wrongbaud_line *line)
{
	switch (line->text) {
	case TEXT_CSUM_ERR: bootlog_emit_trouble(log, BOOT_NO_IMAGE, span_of("csum err"), REASON_CHECKSUM); break;
	case TEXT_ETS_MAIN: bootlog_emit_trouble(log, BOOT_NO_IMAGE, span_of("ets_main.c"), REASON_ROM_ASSERT); break;
	case TEXT_COPIED:
		log->boot.copying = false;
		if (!log->unsure)
			bootlog_emit(log, BOOT_EVENT_COPIED, span_of("cp:"), line->number);
		if (log->unsure || line->number)
			bootlog_emit_trouble(log, BOOT_NO_IMAGE, span_of("cp:"), REASON_EBOOT_COPY);
		break;
	default: bootlog_emit_trouble(log, BOOT_NO_IMAGE, span_of("e:"), REASON_EBOOT_LOAD); break;
	}
}

/* Each character tells about five bits: with four of them chance is below one in a million. A copy's result is
 * shorter, but behind the surely heard word that announces it nothing else can come. */
#define INFORMATIVE_MIN 4
#define INFORMATIVE_COPIED 2

static bool is_sure(const struct rx74880 *r, const struct wrongbaud_line *line)
{
	switch (line->text) {
	case TEXT_NONE: return false;
	case TEXT_BANNER:
		return (only_one(line->causes) >= 0 || (line->causes & COLD_CAUSES)) && line->modes &&
		       (only_one(line->modes) >= 0 || !(line->modes & ~MODES_2_3) || !(line->modes & ~MODES_SDIO));
	case TEXT_COPIED: return line->number >= 0 && r->sure && line->informative >= INFORMATIVE_COPIED;
	case TEXT_FAILED: return line->number >= 0 && line->informative >= INFORMATIVE_MIN;
	default: return line->informative >= INFORMATIVE_MIN;
	}
}

static void rx74880_line(struct bootlog *log, const struct wrongbaud_line *line)
{
	struct rx74880 *r = &log->rx74880;

	switch (line->text) {
	case TEXT_BANNER: rx74880_banner(log, line); break;
	case TEXT_EMPTY: break;
	case TEXT_WDT_RESET: bootlog_progress(log, BOOT_NOTHING, span_of("wdt reset")); break;
	case TEXT_WAITING:
		log->boot.waiting = true;
		bootlog_emit(log, BOOT_EVENT_WAITING, span_of("waiting for host"), 0);
		break;
	case TEXT_LOAD: take_load(log); break;
	case TEXT_DETAIL: bootlog_progress(log, BOOT_LOADING, span_of("chksum 0x..")); break;
	case TEXT_CSUM:
		r->summed = true;
		bootlog_progress(log, BOOT_LOADING, span_of("csum 0x.."));
		break;
	case TEXT_VERSION: bootlog_progress(log, BOOT_LOADING, span_of("v........")); break;
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
	case TEXT_CSUM_ERR:
	case TEXT_ETS_MAIN:
	case TEXT_COPIED:
	case TEXT_FAILED: rx74880_trouble(log, line); break;
	case TEXT_NONE: /* several fit */
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
		r->sure = is_sure(r, &line);
		log->unsure = !r->sure;
		rx74880_line(log, &line);
		log->unsure = false;
	}
	r->len = 0;
	r->took = true;
	r->taken_ms = log->now_ms;
}

/* -------------------------------------------------------------------------------------------------
 * Bytes
 */

static void rx74880_append(struct rx74880 *r, const char *text, size_t n)
{
	memcpy(r->line + r->len, text, n);
	r->len += n;
}

/* From here on it is the ROM: the characters that have made that sure are not text. The last one has not become text
 * yet. */
static void rx74880_lock(struct bootlog *log)
{
	struct rx74880 *r = &log->rx74880;
	unsigned int bytes = 0, n = 0;
	size_t in_text = 0;

	while (bytes < r->wrongbaud.candidates[0].heard && n < RX74880_RECENT) {
		const struct rx74880_heard *h = &r->recent[(r->n_recent - ++n) % RX74880_RECENT];

		bytes += h->bytes;
		in_text += n > 1 ? h->len : 0;
		r->begin_ms = h->ms;
	}
	bootlog_drop(log, in_text);
	for (r->len = 0; n > 1; n--) {
		const struct rx74880_heard *h = &r->recent[(r->n_recent - n) % RX74880_RECENT];

		rx74880_append(r, h->text, h->len);
	}
}

/* The ROM's words are over: what did not become a line is read as it is. */
static void rx74880_unlock(struct bootlog *log)
{
	struct rx74880 *r = &log->rx74880;
	size_t n = r->len;

	end_of_words(log);
	r->len = 0;
	for (size_t i = 0; i < n; i++)
		bootlog_read_byte(log, (unsigned char)r->line[i]);
}

static bool is_locked(const struct bootlog *log)
{
	return log->rx74880.wrongbaud.locked;
}

static void take_symbol(struct bootlog *log, struct wrongbaud_symbol heard)
{
	struct rx74880 *r = &log->rx74880;
	bool was_locked = is_locked(log);

	switch (wrongbaud_symbol(&r->wrongbaud, heard)) {
	case WRONGBAUD_LOCKED:
		if (!was_locked)
			rx74880_lock(log);
		break;
	case WRONGBAUD_LINE:
		if (!was_locked)
			rx74880_lock(log);
		take_lines(log);
		break;
	case WRONGBAUD_LOST: rx74880_unlock(log); break;
	default: break;
	}
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

/* The byte before may be the first of a banner. */
static void remember_previous(struct rx74880 *r)
{
	char c = (char)r->wrongbaud.previous.byte;

	if (r->passed)
		rx74880_remember(r, &c, 1, r->previous_ms)->bytes = 1;
	r->passed = false;
}

bool rx74880_heard(struct bootlog *log, const char *text, size_t n, const struct wrongbaud_symbol *heard,
		   size_t n_heard)
{
	struct rx74880 *r = &log->rx74880;
	struct rx74880_heard *h;

	/* Nothing half read: a banner begins with two bytes. */
	if (!r->wrongbaud.n && n_heard && heard->kind != SYMBOL_BYTE) {
		r->wrongbaud.any_previous = r->passed = false;
		return false;
	}
	remember_previous(r);
	h = rx74880_remember(r, text, n, log->now_ms);
	for (size_t i = 0; i < n_heard; i++)
		h->bytes = (uint8_t)(h->bytes + (heard[i].kind == SYMBOL_BYTE));
	r->previous_ms = log->now_ms;
	if (is_locked(log)) {
		if (r->len == 0)
			r->begin_ms = log->now_ms;
		if (r->len + n > RX74880_LINE_MAX) {
			wrongbaud_forget(&r->wrongbaud);
			rx74880_unlock(log);
			return false;
		}
	}
	r->took = false;
	for (size_t i = 0; i < n_heard; i++)
		take_symbol(log, heard[i]);
	if (!is_locked(log))
		return r->took;
	if (!r->took)
		rx74880_append(r, text, n);
	return true;
}

bool rx74880_byte(struct bootlog *log, unsigned char c)
{
	const struct wrongbaud *w = &log->rx74880.wrongbaud;
	char text = (char)c;

	/* Nothing that begins a banner, and nothing half read */
	if (!w->n && !(w->any_previous && wrongbaud_may_start(w, w->previous.byte, c))) {
		rx74880_passed(log, c);
		return false;
	}
	return rx74880_heard(log, &text, 1, &(struct wrongbaud_symbol){ SYMBOL_BYTE, c }, 1);
}

void rx74880_flush(struct bootlog *log)
{
	struct rx74880 *r = &log->rx74880;

	if (wrongbaud_end(&r->wrongbaud))
		take_lines(log);
	if (is_locked(log)) {
		wrongbaud_forget(&r->wrongbaud);
		rx74880_unlock(log);
	}
	wrongbaud_forget(&r->wrongbaud);
}
