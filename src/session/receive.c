/* receive.c - evaluates received bytes and the events of the boot log's reader. Results: struct attempt. */
#include "session/inside.h"

#include <stdio.h>

/* After the baud rate was changed, the first bytes may be wrong because the receiver took the middle of a character for
 * its start. It is aligned after this many bytes at most (docs/hardware.md, section 6). */
#define OUT_OF_STEP_BYTES 250
/* After a pause of 2.5 characters the receiver recognises the next start bit, so it is aligned with the sender. At 9600
 * Bd this is 3 ms; a busy computer needs a margin. */
#define STEP_PAUSE_MS 30
/* This many printable bytes in a row are text. Chance does not make so many bytes printable. */
#define TEXT_IS_NO_LUCK 12
/* A text at 74880 Bd may be the ROM's message about a bad image only if it has at least this many characters. */
#define WORD_MIN 4

/* Adds the note about a banner as soon as its boot mode is known. If the banner was received at the wrong baud rate,
 * only the load lines after it may show the boot mode. */
static void note_boot(struct session *s, const struct boot *boot)
{
	if (!s->boot_untold || boot->mode < 0)
		return;
	s->boot_untold = false;
	session_add_note(s, SESSION_NOTE_BOOT);
}

/* In the ESP32 family only the ROM of an ESP32-C2 prints at 74880 Bd, so the baud rate names the chip if the banner
 * does not (espressif/esp-idf#17001). */
static void name_chip(struct session *s, struct boot *boot)
{
	if (s->baud == 74880 && !s->attempt.follows && !s->attempt.asks_why && !boot->chip_name[0] &&
	    (boot->chip == CHIP_UNKNOWN || boot->chip == CHIP_NEWER) && boot->cause >= 0)
		boot->chip = CHIP_ESP32C2;
}

static void receive_banner(struct session *s, const struct boot *boot)
{
	struct attempt *a = &s->attempt;

	if (!a->caused_by_us) {
		a->boot = *boot;
		a->any_boot = true;
		a->banner_baud = s->baud;
		a->noise = a->garbage;
		a->caused_by_us = proof_banner_is_caused_by_us(&s->context, a, boot);
		if (a->caused_by_us) {
			a->our_banner_ms = boot->begin_ms;
			if (boot->chip == CHIP_ESP8266 && (boot->rx_speed == BOOT_RX_74880 || s->baud == 74880))
				s->context.crystal_mhz = 26; /* valid for the rest of the run */
			/* An ESP8266 printed ROM text before this banner, so there was an earlier boot whose banner was
			 * damaged. This banner may thus follow a restart. Before an ESP32's banner, damaged text may be
			 * the start of this banner itself. */
			if (boot->chip == CHIP_ESP8266 && s->baud == 74880)
				a->fragments += a->fragments_before;
		} else if (!a->passive && boot->begin_ms < a->release_ms + PROOF_BOOT_MIN_MS) {
			a->cold_in_hold = true; /* the board sent this banner before the modem lines were released */
		}
	} else if (proof_chain_is_healthy(a, boot)) {
		a->boot = *boot;
		a->chained++;
		a->fragments = 0; /* the first banner, cut off by the second, is no sign of another boot */
	} else if (a->boot.progress < BOOT_LOADED && !proof_needs_row(&s->context, a) &&
		   proof_banner_is_caused_by_us(&s->context, a, boot)) {
		a->boot = *boot; /* another reset before the load: judge the later boot */
		a->chained = 0;
		a->fragments = 0;
	} else if (!a->rebooted) {
		a->rebooted = true;
		a->rebooted_ms = s->now_ms;
		a->next = *boot;
	}
	name_chip(s, &a->boot);
	s->trouble_ms = -1;
	s->boot_untold = true;
	note_boot(s, boot);
}

/* Copies what the boot log's reader knows about the current boot. The copy goes to a->next after an unexpected second
 * banner, else to a->boot. */
static void take_boot(struct session *s, const struct boot *boot)
{
	struct attempt *a = &s->attempt;

	if (!a->any_boot || !boot)
		return;
	if (a->rebooted)
		a->next = *boot;
	else
		a->boot = *boot;
	name_chip(s, &a->boot);
	note_boot(s, boot);
}

/* Records the byte counts until the image is loaded. proof.c subtracts them from later counts, to find how many bytes
 * eboot may have printed after the load. */
static void take_progress(struct session *s, const struct boot *boot)
{
	struct attempt *a = &s->attempt;

	if (a->boot.progress < BOOT_LOADED) {
		a->garbage_at_load = a->garbage;
		a->text_at_load = a->text;
	}
	take_boot(s, boot);
}

static void receive_trouble(struct session *s, const struct boot_event *event)
{
	struct attempt *a = &s->attempt;
	struct boot *boot = a->rebooted ? &a->next : &a->boot;

	if (!a->any_boot) {
		a->crashed_before |= event->trouble == BOOT_CRASH;
		return;
	}
	take_boot(s, event->boot);
	if (boot->trouble == BOOT_OK || !event->boot) {
		boot->trouble = event->trouble;
		boot->reason = event->reason;
		boot->detail = event->boot ? event->boot->detail : 0;
		snprintf(boot->trouble_text, sizeof(boot->trouble_text), "%.*s", (int)event->len, event->line);
	}
	if (s->trouble_ms < 0)
		s->trouble_ms = s->now_ms;
}

bool receive_is_past_load(const struct session *s)
{
	return s->attempt.caused_by_us && s->attempt.boot.progress >= BOOT_LOADED;
}

/* May unreadable bytes hide a restart? At 74880 Bd they may, because an ESP8266 restarts at 115200 Bd. At 115200 Bd
 * they may not: a restart is readable there, whatever the application's baud rate (docs/hardware.md, section 6). */
static bool is_unclear(const struct session *s)
{
	return receive_is_past_load(s) && s->baud == 74880 && s->attempt.boot.chip == CHIP_ESP8266 &&
	       !s->attempt.follows;
}

static void receive_text(struct session *s, const struct boot_event *event)
{
	struct attempt *a = &s->attempt;

	take_boot(s, event->boot);
	a->text += (long)event->len;
	if (receive_is_past_load(s) && event->len >= TEXT_IS_NO_LUCK && !event->number)
		appspeed_text(&s->appspeed);
	/* At 74880 Bd a short text right after the load is chance, or the ROM's message about a bad image. So it counts
	 * as unreadable. Second stages and applications print longer lines. */
	if (is_unclear(s) && a->boot.progress == BOOT_LOADED && event->len < TEXT_IS_NO_LUCK) {
		a->unclear_after_load += (long)event->len;
		a->fragments += event->len >= WORD_MIN;
	}
}

/* Returns true until the modem lines are released. A banner before their release means that DTR drives EN. Other events
 * before their release are ignored. */
static bool is_before_release(struct session *s, const struct boot_event *event)
{
	if (s->attempt.release_ms >= 0 || proof_is_left_out(PROOF_AFTER_RELEASE))
		return false;
	if (event->kind == BOOT_EVENT_BANNER || event->kind == BOOT_EVENT_FRAGMENT)
		s->attempt.cold_in_hold = true;
	return true;
}

static void receive_event(void *user, const struct boot_event *event)
{
	struct session *s = user;
	struct attempt *a = &s->attempt;

	if (event->kind == BOOT_EVENT_COPYING)
		s->copying = a->copied = true;
	if (event->kind == BOOT_EVENT_COPIED)
		s->copying = false;
	if (event->kind == BOOT_EVENT_BANNER && s->baud == 115200 && event->boot->chip != CHIP_ESP8266)
		s->plan.at_115200 = true;
	if (is_before_release(s, event))
		return;
	switch (event->kind) {
	case BOOT_EVENT_BANNER: receive_banner(s, event->boot); break;
	case BOOT_EVENT_PROGRESS: take_progress(s, event->boot); break;
	case BOOT_EVENT_WAITING:
	case BOOT_EVENT_COPYING:
	case BOOT_EVENT_COPIED: take_boot(s, event->boot); break;
	case BOOT_EVENT_TROUBLE: receive_trouble(s, event); break;
	case BOOT_EVENT_FRAGMENT:
		if (a->caused_by_us)
			a->fragments++;
		else
			a->fragments_before++;
		break;
	case BOOT_EVENT_TEXT: receive_text(s, event); break;
	case BOOT_EVENT_GARBAGE:
		a->garbage += event->number;
		if (is_unclear(s) || s->garbage_is_unclear)
			a->unclear_after_load += event->number;
		break;
	case BOOT_EVENT_LINE: break;
	}
	if (event->kind == BOOT_EVENT_GARBAGE || event->kind == BOOT_EVENT_COPYING ||
	    (event->kind == BOOT_EVENT_TEXT && event->number))
		return;
	if (receive_is_past_load(s) && s->on_line && event->len)
		s->on_line(s->line_user, event->line, event->len);
}

/* May an ESP8266's SDK be printing now? It prints a text line at an unusual baud rate before the application starts. */
static bool may_be_chatter(const struct session *s)
{
	return s->attempt.boot.chip == CHIP_ESP8266 && s->now_ms - s->attempt.boot.loaded_ms <= CHATTER_MS;
}

bool receive_may_be_loader(const struct session *s)
{
	return may_be_chatter(s) && !s->attempt.boot.eboot_loads;
}

/* Counts bytes that may hide a restart while the port is at the application's baud rate. Once the receiver is aligned
 * with the sender, every unreadable byte counts. If the port's baud rate turns out to be wrong, each read counts as one
 * byte more. @silent_ms: the pause before these bytes. */
static void count_hidden(struct session *s, long unreadable, size_t n, int64_t silent_ms)
{
	enum speed_answer answer = speed_check_answer(&s->appspeed.check);

	if (may_be_chatter(s))
		return;
	if (silent_ms >= STEP_PAUSE_MS + s->config.latency_ms + s->context.lag_ms)
		s->in_step = true;
	if (s->in_step)
		s->attempt.hidden += unreadable;
	if (answer == SPEED_RIGHT) {
		s->in_step = true;
		return;
	}
	s->followed_bytes += (long)n;
	if (answer == SPEED_WRONG || s->followed_bytes > OUT_OF_STEP_BYTES)
		s->attempt.hidden++;
}

/* Is @c a text character? After the load ESC is one, too, because ESP-IDF colours its log lines. A ROM prints no
 * ESC. */
static bool is_text(unsigned char c, bool is_past_load)
{
	return (c >= ' ' && c < 0x7f) || c == '\r' || c == '\n' || c == '\t' || (c == 0x1b && is_past_load);
}

/* Were the bytes that have just been received certainly sent after @since_ms? The bridge and the computer may have
 * delayed them. */
static bool is_surely_after(const struct session *s, int64_t since_ms)
{
	return s->now_ms > since_ms + s->config.latency_ms + s->context.lag_ms;
}

void receive_count(struct session *s, const unsigned char *bytes, size_t n)
{
	struct attempt *a = &s->attempt;
	bool past_load = receive_is_past_load(s);
	long unreadable = 0;

	for (size_t i = 0; i < n; i++)
		unreadable += !is_text(bytes[i], past_load);
	if (a->first_byte_ms < 0)
		a->first_byte_ms = s->now_ms;
	a->after_release += (long)n;
	a->unreadable += unreadable;
	if (!past_load)
		return;
	s->appspeed.may_be_loader = a->asks_why || receive_may_be_loader(s);
	a->unreadable_after_load += unreadable;
	if (unreadable > 0)
		s->unclear_ms = s->now_ms;
	if (is_surely_after(s, s->tuned_ms))
		appspeed_bytes(&s->appspeed, bytes, n, may_be_chatter(s) ? 0 : unreadable, s->now_ms);
	if (a->follows && is_surely_after(s, a->follows_since_ms))
		count_hidden(s, unreadable, n, s->now_ms - clk_later(s->previous_byte_ms, s->tuned_ms));
}

/* ---- the boot log's reader ---- */

void receive_begin(struct session *s)
{
	bootlog_init(&s->log, &(struct bootlog_options){ .recover_74880 = s->baud == 115200 });
}

void receive_retune(struct session *s, int baud)
{
	struct bootlog_options options = { .recover_74880 = baud == 115200 };

	/* During bootlog_retune() the reader reports the bytes that were received at the old baud rate. */
	s->garbage_is_unclear = is_unclear(s);
	s->baud = baud;
	bootlog_retune(&s->log, &options, s->now_ms, receive_event, s);
	s->garbage_is_unclear = false;
}

void receive_feed(struct session *s, const void *bytes, size_t n)
{
	bootlog_feed(&s->log, bytes, n, s->now_ms, receive_event, s);
}

void receive_flush(struct session *s)
{
	bootlog_flush(&s->log, s->now_ms, receive_event, s);
}
