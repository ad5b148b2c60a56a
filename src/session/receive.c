/* receive.c - what the boot log's reader tells, taken into the record of the attempt. */
#include "session/inside.h"

#include <stdio.h>
#include <string.h>

/* What comes first at another speed is out of step (docs/hardware.md). */
#define OUT_OF_STEP_BYTES 250
/* A pause of 2.5 characters puts a receiver in step: at 9600 Bd 3 ms. With room for what a machine does meanwhile. */
#define STEP_PAUSE_MS 30
/* So many printable bytes in a row are not by chance. */
#define TEXT_IS_NO_LUCK 12

/* Read at the wrong speed, the boot mode is known only from the load lines on. */
static void tell_boot(struct session *s, const struct boot *boot)
{
	if (!s->boot_untold || boot->mode < 0)
		return;
	s->boot_untold = false;
	session_note_that(s, SESSION_NOTE_BOOT);
}

/* Of the family only the ESP32-C2 speaks at 74880 Bd (espressif/esp-idf#17001), whether its name was read or not. */
static void name_chip(struct session *s, struct boot *boot)
{
	if (s->baud == 74880 && !s->attempt.follows && !s->attempt.asks_why && !boot->chip_name[0] &&
	    (boot->chip == CHIP_UNKNOWN || boot->chip == CHIP_NEWER) && boot->cause >= 0)
		boot->chip = CHIP_ESP32C2;
}

/* A banner that our pulse can have caused. At the cold speed it tells the crystal, for the rest of the run. */
static void take_ours(struct session *s, const struct boot *boot)
{
	struct attempt *a = &s->attempt;

	a->our_banner_ms = boot->begin_ms;
	if (boot->chip == CHIP_ESP8266 && (boot->rx_speed == BOOT_RX_74880 || s->baud == 74880))
		s->context.crystal_mhz = 26;
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
		if (a->caused_by_us)
			take_ours(s, boot);
		else if (!a->passive && boot->begin_ms < a->release_ms + PROOF_BOOT_MIN_MS)
			a->cold_in_hold = true; /* read late */
	} else if (proof_chain_is_healthy(a, boot)) {
		a->boot = *boot;
		a->chained++;
		a->fragments = 0; /* the first banner is often cut by the second */
	} else if (a->boot.progress < BOOT_LOADED && !proof_needs_row(&s->context, a) &&
		   proof_banner_is_caused_by_us(&s->context, a, boot)) {
		a->boot = *boot; /* reset once more before it had loaded: judge the later one */
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
	tell_boot(s, boot);
}

/* The boot that the attempt is about has got further. After a foreign reboot it stays as it was. */
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
	tell_boot(s, boot);
}

/* What is counted behind the load may be eboot's words (proof.c). */
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

/* At 74880 whatever is no text after the load may be a restart, which speaks at 115200. There every restart shows,
 * whatever the application's speed: docs/hardware.md. */
static bool is_unclear(const struct session *s)
{
	return receive_is_past_load(s) && s->baud == 74880 && s->attempt.boot.chip == CHIP_ESP8266 &&
	       !s->attempt.follows;
}

static void pass_line(struct session *s, const struct boot_event *event)
{
	if (receive_is_past_load(s) && s->on_line && event->len)
		s->on_line(s->line_user, event->line, event->len);
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
	if (a->release_ms < 0 &&
	    !proof_is_left_out(PROOF_AFTER_RELEASE)) { /* still held: the past, or a reset that we did not mean */
		if (event->kind == BOOT_EVENT_BANNER || event->kind == BOOT_EVENT_FRAGMENT)
			a->cold_in_hold = true;
		return;
	}
	switch (event->kind) {
	case BOOT_EVENT_BANNER: receive_banner(s, event->boot); break;
	case BOOT_EVENT_PROGRESS: take_progress(s, event->boot); break;
	case BOOT_EVENT_WAITING:
	case BOOT_EVENT_COPYING:
	case BOOT_EVENT_COPIED: take_boot(s, event->boot); break;
	case BOOT_EVENT_TROUBLE: receive_trouble(s, event); break;
	case BOOT_EVENT_FRAGMENT: a->fragments += a->caused_by_us; break;
	case BOOT_EVENT_TEXT:
		take_boot(s, event->boot);
		a->text += (long)event->len;
		if (receive_is_past_load(s) && event->len >= TEXT_IS_NO_LUCK && !event->number)
			appspeed_text(&s->appspeed);
		/* At 74880 what looks like text right after the load is luck, but for short clean words: what the ROM says
		 * last when an image is bad. A second stage's and an application's lines are longer. */
		if (is_unclear(s) && a->boot.progress == BOOT_LOADED && event->len < TEXT_IS_NO_LUCK) {
			a->unclear_after_load += (long)event->len;
			a->fragments += event->len >= 4;
		}
		break;
	case BOOT_EVENT_GARBAGE:
		a->garbage += event->number;
		if (is_unclear(s))
			a->unclear_after_load += event->number;
		break;
	case BOOT_EVENT_LINE: break;
	}
	if (event->kind != BOOT_EVENT_GARBAGE && event->kind != BOOT_EVENT_COPYING &&
	    !(event->kind == BOOT_EVENT_TEXT && event->number))
		pass_line(s, event);
}

/* An ESP8266's SDK prints a line at no usual speed before the application. */
static bool may_be_chatter(const struct session *s)
{
	return s->attempt.boot.chip == CHIP_ESP8266 && s->now_ms - s->attempt.boot.loaded_ms <= CHATTER_MS;
}

/* ... and a loader other than eboot speaks at the ROM's. */
bool receive_may_be_loader(const struct session *s)
{
	return may_be_chatter(s) && !s->attempt.boot.eboot_loads;
}

/* At the application's speed whatever is no text, once it was read in step, may be a restart at another. So may all be
 * that was heard at a speed that was not the application's. */
static void count_hidden(struct session *s, long unreadable, size_t n, int64_t silent_ms)
{
	enum speed_answer answer = speed_check_answer(&s->appspeed.check);

	if (may_be_chatter(s))
		return;
	/* After a pause a receiver is in step from the first character on. */
	if (silent_ms >= STEP_PAUSE_MS + s->config.latency_ms + s->context.lag_ms)
		s->in_step = true;
	if (s->in_step && answer != SPEED_RIGHT)
		s->attempt.hidden += unreadable;
	if (answer == SPEED_RIGHT) {
		s->attempt.hidden += s->in_step ? unreadable : 0;
		s->in_step = true;
		return;
	}
	s->followed_bytes += (long)n;
	if (answer == SPEED_WRONG || s->followed_bytes > OUT_OF_STEP_BYTES)
		s->attempt.hidden++;
}

/* After the load with the beginning of an escape sequence: ESP-IDF's lines are coloured, the ROM's are not. */
static bool is_text(unsigned char c, bool is_past_load)
{
	return (c >= ' ' && c < 0x7f) || c == '\r' || c == '\n' || c == '\t' || (c == 0x1b && is_past_load);
}

void receive_bytes(struct session *s, const unsigned char *bytes, size_t n)
{
	struct attempt *a = &s->attempt;
	long unreadable = 0;

	for (size_t i = 0; i < n; i++)
		unreadable += !is_text(bytes[i], receive_is_past_load(s));
	if (a->first_byte_ms < 0)
		a->first_byte_ms = s->now_ms;
	a->after_release += (long)n;
	a->unreadable += unreadable;
	if (receive_is_past_load(s)) {
		s->appspeed.may_be_loader = s->attempt.asks_why || receive_may_be_loader(s);
		a->unreadable_after_load += unreadable;
		if (unreadable > 0)
			s->unclear_ms = s->now_ms;
		if (s->now_ms > s->tuned_ms + s->config.latency_ms + s->context.lag_ms) /* else of the speed before */
			appspeed_bytes(&s->appspeed, bytes, n, may_be_chatter(s) ? 0 : unreadable, s->now_ms,
				       TALK_PAUSE_MS + s->config.latency_ms, s->config.latency_ms);
		if (a->follows && s->now_ms > a->follows_since_ms + s->config.latency_ms + s->context.lag_ms)
			count_hidden(s, unreadable, n, s->now_ms - clk_later(s->previous_byte_ms, s->tuned_ms));
	}
}

void receive_begin(struct session *s)
{
	struct bootlog_options options = {
		.recover_74880 = s->baud == 115200,
	};

	bootlog_init(&s->log, &options);
}

/* The board goes on with what it says; only the port has changed. */
void receive_retune(struct session *s)
{
	struct bootlog_options options = {
		.recover_74880 = s->baud == 115200,
	};

	bootlog_retune(&s->log, &options, s->now_ms, receive_event, s);
}

void receive_feed(struct session *s, const void *bytes, size_t n)
{
	bootlog_feed(&s->log, bytes, n, s->now_ms, receive_event, s);
}

void receive_flush(struct session *s)
{
	bootlog_flush(&s->log, s->now_ms, receive_event, s);
}
