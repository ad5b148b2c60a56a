/* session.c - one board's life as a state machine: attempts, holds, listening, settling, conditions. */
#include "session/session.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "session/outcome.h"

/* Bytes this early in the hold were on their way before it: bridge buffers, latency timers. */
#define HOLD_PAST_MS 50
#define HOLD_QUIET_MS 10
#define HOLD_EXTRA_MAX_MS 100
/* Release to the banner's first byte: EN's RC (10 kOhm with up to 10 uF: 140 ms) and the ROM's start. */
#define BOOT_WINDOW_MS 1000
#define LOAD_WINDOW_MS 3000
/* An ESP8266 in download mode prints nothing after its banner; in flash mode the load lines follow at once. */
#define DOWNLOAD_QUIET_MS 300
#define DOWNLOAD_FAMILY_MS 1500
/* "invalid header" and the like may still be followed by a good slot or a recovery copy. */
#define NO_IMAGE_GRACE_MS 1500
/* eboot copies an OTA image: a few seconds as a rule. */
#define COPY_WINDOW_MS 60000
/* What even --settle 0 waits for: an error of the load itself comes within this. */
#define CONFIRM_ESP8266_MS 200
/* ... and read at 74880, the port stays there for so long: errors of the load come at the speed of the banner. */
#define COLD_SPEED_MS 60
#define CONFIRM_FAMILY_MS 500
#define CONFIRM_APP_MS 50
#define CHATTER_MS 300
/* Unreadable and so fresh: it may be a restart's words, which go on. Between them the ROM pauses for less. */
#define FRESH_MS 60
/* The first line of the family's banner alone is torn; its second tells the cause. */
#define TORN_GRACE_MS 100
/* A retry that could not be listened to would only disturb. */
#define RETRY_LEFT_MS 500

static const int ladder[] = SESSION_LADDER;

void session_config_init(struct session_config *config)
{
	char err[128];

	*config = (struct session_config){
		.baud = 115200, .crystal_mhz = 26, .attempts = 3, .timeout_ms = 10000,
		.settle_ms = 1000, .latency_ms = 16,
	};
	(void)sequence_parse("rts", &config->sequence, err, sizeof(err));
}

int session_first_baud(const struct session_config *config)
{
	return config->baud == 74880 && config->crystal_mhz != 40 ? 74880 : 115200;
}

static int64_t earlier_of(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t later_of(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static bool holds(const struct session *s, enum proof_rule rule)
{
	return proof_rule_holds(&s->context, &s->attempt, rule);
}

static void note(struct session *s, enum session_note_kind kind)
{
	struct session_note *n;

	if (s->n_notes == SESSION_NOTES_MAX) {	/* nobody took them: the oldest goes */
		s->first_note = (s->first_note + 1) % SESSION_NOTES_MAX;
		s->n_notes--;
	}
	n = &s->notes[(s->first_note + s->n_notes++) % SESSION_NOTES_MAX];
	*n = (struct session_note){
		.kind = kind, .at_ms = s->now_ms - s->start_ms, .number = s->attempt.number,
		.hold_ms = s->attempt.hold_ms, .baud = s->attempt.baud,
	};
	memcpy(n->sequence, s->sequence.text, sizeof(n->sequence));
	n->boot = s->attempt.rebooted ? s->attempt.next : s->attempt.boot;
}

bool session_take_note(struct session *s, struct session_note *ret)
{
	if (!s->n_notes)
		return false;
	*ret = s->notes[s->first_note];
	s->first_note = (s->first_note + 1) % SESSION_NOTES_MAX;
	s->n_notes--;
	return true;
}

/* -------------------------------------------------------------------------------------------------
 * What the reader tells
 */

static void init_log(struct session *s)
{
	struct bootlog_options options = {
		.recover_74880 = s->baud == 115200 && s->config.crystal_mhz != 40,
	};

	bootlog_init(&s->log, &options);
}

/* Read at the wrong speed, the boot mode is known only from the load lines on. */
static void tell_boot(struct session *s, const struct boot *boot)
{
	if (!s->boot_untold || boot->mode < 0)
		return;
	s->boot_untold = false;
	note(s, SESSION_NOTE_BOOT);
}

static void take_banner(struct session *s, const struct boot *boot)
{
	struct attempt *a = &s->attempt;

	if (!a->ours) {
		a->boot = *boot;
		a->any_boot = true;
		a->ours = proof_banner_is_ours(&s->context, a, boot);
		if (a->ours)
			a->ours_begin_ms = boot->begin_ms;
		else if (!a->watches && boot->begin_ms < a->release_ms + PROOF_BOOT_MIN_MS)
			a->cold_in_hold = true;	/* read late */
	} else if (proof_chain_is_healthy(a, boot)) {
		a->boot = *boot;
		a->chained++;
		a->fragments = 0;	/* the first banner is often cut by the second */
	} else if (a->boot.progress < BOOT_LOADED && s->context.crystal_mhz != 40 &&
		   proof_banner_is_ours(&s->context, a, boot)) {
		a->boot = *boot;	/* reset once more before it had loaded: judge the later one */
		a->chained = 0;
		a->fragments = 0;
	} else if (!a->rebooted) {
		a->rebooted = true;
		a->next = *boot;
	}
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
	tell_boot(s, boot);
}

static void take_trouble(struct session *s, const struct boot_event *event)
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
		boot->advice = event->advice;
		snprintf(boot->trouble_text, sizeof(boot->trouble_text), "%.*s", (int)event->len,
			 event->line);
	}
	if (s->trouble_ms < 0)
		s->trouble_ms = s->now_ms;
}

static bool is_past_load(const struct session *s)
{
	return s->attempt.ours && s->attempt.boot.progress >= BOOT_LOADED;
}

/* The SDK's own print at an odd speed follows the load of a healthy ESP8266; an application whose speed is another is
 * rubbish all the time. Any other rubbish may be a restart. */
static bool is_unclear(const struct session *s)
{
	if (!is_past_load(s))
		return false;
	return s->attempt.baud == 74880 ||
	       (s->config.baud == 115200 && s->now_ms - s->attempt.boot.loaded_ms > CHATTER_MS);
}

static void pass_line(struct session *s, const struct boot_event *event)
{
	if (is_past_load(s) && s->on_line && event->len)
		s->on_line(s->line_user, event->line, event->len);
}

static void on_event(void *user, const struct boot_event *event)
{
	struct session *s = user;
	struct attempt *a = &s->attempt;

	if (event->kind == BOOT_EVENT_COPYING)
		s->ever_copied = true;
	if (a->release_ms < 0 && !proof_is_left_out(PROOF_AFTER_RELEASE)) {	/* still held: the past, or a reset that we did not mean */
		if (event->kind == BOOT_EVENT_BANNER || event->kind == BOOT_EVENT_FRAGMENT)
			a->cold_in_hold = true;
		return;
	}
	switch (event->kind) {
	case BOOT_EVENT_BANNER:
		take_banner(s, event->boot);
		break;
	case BOOT_EVENT_PROGRESS:
	case BOOT_EVENT_WAITING:
	case BOOT_EVENT_COPYING:
	case BOOT_EVENT_COPIED:
		take_boot(s, event->boot);
		break;
	case BOOT_EVENT_TROUBLE:
		take_trouble(s, event);
		break;
	case BOOT_EVENT_FRAGMENT:
		a->fragments += a->ours;
		break;
	case BOOT_EVENT_TEXT:
		a->text += (long)event->len;
		/* No application speaks at 74880 unless the user says so: what looks like text is luck. */
		if (is_past_load(s) && s->baud == 74880 && s->config.baud != 74880)
			a->unclear_after_load += (long)event->len;
		/* ... but for short clean words: what the ROM says last when an image is bad */
		if (is_past_load(s) && a->boot.chip == CHIP_ESP8266 && s->baud == 74880 && s->config.baud != 74880 &&
		    event->len >= 4)
			a->fragments++;
		break;
	case BOOT_EVENT_GARBAGE:
		a->garbage += event->number;
		if (is_unclear(s)) {
			a->unclear_after_load += event->number;
			s->unclear_ms = s->now_ms;
		}
		break;
	case BOOT_EVENT_LINE:
		break;
	}
	if (event->kind != BOOT_EVENT_GARBAGE && event->kind != BOOT_EVENT_COPYING &&
	    !(event->kind == BOOT_EVENT_TEXT && event->number))
		pass_line(s, event);
}

/* -------------------------------------------------------------------------------------------------
 * Ends
 */

static void finish(struct session *s)
{
	s->result.total_ms = (int)(s->now_ms - s->start_ms);
	s->result.attempts = s->attempt.number;
	s->result.pulses = s->pulses;
	s->state = s->lines_known && !s->lines ? SESSION_OVER : SESSION_RELEASE;
}

static int hold_of(const struct session *s, int attempt)
{
	return s->config.hold_ms ? s->config.hold_ms : ladder[attempt <= 3 ? attempt - 1 : 2];
}

static bool may_try_again(const struct session *s, enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_SILENT:
	case VERDICT_NO_EFFECT:
	case VERDICT_GARBLED:
	case VERDICT_UNPROVEN:
	case VERDICT_DOWNLOAD_MODE:
		break;
	default:
		return false;
	}
	return !s->ever_copied && !s->attempt.boot.eboot_waits && !s->config.no_reset && s->attempt.number < s->config.attempts &&
	       s->deadline_ms - s->now_ms > RETRY_LEFT_MS + hold_of(s, s->attempt.number + 1);
}

/* The speed at which the next pulse is heard. */
static int plan_baud(const struct session *s, enum verdict verdict)
{
	const struct attempt *a = &s->attempt;
	bool other_chip = s->config.chip != CHIP_UNKNOWN && s->config.chip != CHIP_ESP8266 &&
			  s->config.chip != CHIP_ESP32C2;

	if (other_chip || s->config.crystal_mhz == 40)
		return 115200;
	if (a->any_boot && a->boot.heard == BOOT_HEARD_74880)
		return a->boot.certain ? a->baud : 74880;
	if (a->ours || a->cold_in_hold)
		return a->baud;
	if (verdict == VERDICT_GARBLED || verdict == VERDICT_UNPROVEN || a->garbage > 0)
		return a->baud == 115200 ? 74880 : 115200;
	return a->baud;
}

/* Of two attempts' findings the one to report: readable at one of the speeds tried is not garbled. */
static enum verdict graver(enum verdict a, enum verdict b)
{
	bool readable = a == VERDICT_UNPROVEN || b == VERDICT_UNPROVEN;

	if (readable && (a == VERDICT_GARBLED || b == VERDICT_GARBLED))
		return VERDICT_UNPROVEN;
	return verdict_worse(a, b);
}

/* This attempt is over: another one, or the end. */
static void conclude(struct session *s)
{
	struct session_result now;
	bool again;

	bootlog_flush(&s->log, s->now_ms, on_event, s);	/* an unfinished line counts as well */
	if (s->boot_untold)
		note(s, SESSION_NOTE_BOOT);
	s->boot_untold = false;
	outcome_judge(s, &now);
	again = may_try_again(s, now.verdict);
	if (s->has_verdict && now.verdict != VERDICT_READY &&
	    ((s->attempt.cut_off && !s->attempt.any_boot) || graver(now.verdict, s->earlier.verdict) != now.verdict))
		now = s->earlier;
	if (!again) {
		s->result = now;
		finish(s);
		return;
	}
	s->earlier = now;
	s->has_verdict = true;
	s->next_baud = plan_baud(s, now.verdict);
	s->use_both = s->attempt.cold_in_hold ||
		      (s->attempt.ours && s->attempt.boot.source == BOOT_SOURCE_DOWNLOAD);
	s->before = s->attempt;
	s->any_before = true;
	s->state = SESSION_BEGIN;
}

/* -------------------------------------------------------------------------------------------------
 * Attempts
 */

static void plan_sequence(struct session *s)
{
	struct sequence *seq = &s->sequence;
	char err[64];

	*seq = s->config.sequence;
	if (s->config.no_reset) {
		*seq = (struct sequence){ .text = "none", .n = 1 };
		seq->steps[0] = (struct sequence_step){ MODEM_DTR | MODEM_RTS, 0, 0 };
	} else if (!seq->observes) {	/* esptool's language starts from released lines */
		memmove(seq->steps + 1, seq->steps, seq->n * sizeof(seq->steps[0]));
		seq->steps[0] = (struct sequence_step){ MODEM_DTR | MODEM_RTS, 0, 0 };
		seq->n++;
	} else if (s->use_both) {
		(void)sequence_parse("both", seq, err, sizeof(err));
	}
}

static void begin_attempt(struct session *s)
{
	int number = s->attempt.number + 1;

	plan_sequence(s);
	s->attempt = (struct attempt){
		.number = number, .baud = s->next_baud, .watches = s->config.no_reset,
		.hold_ms = hold_of(s, number),
		.hold_begin_ms = -1, .release_ms = -1, .boot = { .cause = -1, .mode = -1 },
	};
	s->context.before = s->any_before ? &s->before : NULL;
	s->conditions_met = false;
	s->proven = false;	/* what undid a proof while conditions were awaited has undone all of it */
	s->trouble_ms = -1;
	s->torn_ms = -1;
	s->unclear_ms = INT64_MIN / 2;
	s->step = 0;
	note(s, SESSION_NOTE_ATTEMPT);
	s->state = s->next_baud == s->baud ? SESSION_STEP : SESSION_SPEED;
	init_log(s);
}

/* Is this step the last with a line asserted? */
static bool is_last_hold(const struct session *s)
{
	unsigned int lines = s->lines;

	for (size_t i = s->step + 1; i < s->sequence.n; i++) {
		lines = (lines & ~s->sequence.steps[i].lines) | s->sequence.steps[i].asserted;
		if (lines)
			return false;
	}
	return s->lines != 0;
}

/* The last hold is an observation window, in written-out sequences too: it lasts as long as it should, and on until it
 * has been quiet for a moment. */
static int64_t hold_end(const struct session *s)
{
	int64_t quiet = s->last_byte_ms + HOLD_QUIET_MS + s->config.latency_ms;

	if (!is_last_hold(s))
		return s->state_end_ms;
	return earlier_of(later_of(s->state_end_ms, quiet), s->state_end_ms + HOLD_EXTRA_MAX_MS);
}

static void begin_listening(struct session *s)
{
	bootlog_flush(&s->log, s->now_ms, on_event, s);	/* what comes now starts a line of its own */
	s->attempt.release_ms = s->now_ms;
	s->state = SESSION_LISTEN;
	s->pulses += !s->config.no_reset;
}

static void lines_set(struct session *s)
{
	const struct sequence_step *step = &s->sequence.steps[s->step];

	s->lines = (s->lines & ~step->lines) | step->asserted;
	s->lines_known = true;
	if (s->lines)
		s->attempt.hold_begin_ms = s->now_ms;
	if (s->step + 1 == s->sequence.n) {
		begin_listening(s);
		return;
	}
	s->state = SESSION_HOLD;
	s->state_end_ms = s->now_ms + (s->sequence.observes && s->lines ? s->attempt.hold_ms : step->hold_ms);
	/* What a bridge keeps back would be heard by then: a shorter hold observes nothing. */
	s->last_byte_ms = s->now_ms - HOLD_QUIET_MS;
}

/* -------------------------------------------------------------------------------------------------
 * Listening, settling
 */

static bool is_loaded(const struct session *s)
{
	const struct attempt *a = &s->attempt;

	return a->ours && holds(s, PROOF_LOADED) && holds(s, PROOF_NOT_COPYING) && holds(s, PROOF_FLASH);
}

/* 40 MHz: the first of the two pulses needs no settle time. */
static bool needs_second_pulse(const struct session *s)
{
	return !holds(s, PROOF_TWICE) && s->attempt.number < s->config.attempts;
}

/* When listening ends by itself, with what is known now. */
static int64_t listen_end(const struct session *s)
{
	const struct attempt *a = &s->attempt;
	const struct boot *boot = &a->boot;

	if (!a->ours)
		return a->watches || proof_is_left_out(PROOF_IN_TIME) ? s->deadline_ms
				  : a->release_ms + BOOT_WINDOW_MS + s->config.latency_ms;
	if ((boot->copying || boot->eboot_waits) && !proof_is_left_out(PROOF_NOT_COPYING))
		return a->ours_begin_ms + COPY_WINDOW_MS;
	if (s->trouble_ms >= 0)
		return s->trouble_ms + NO_IMAGE_GRACE_MS;
	/* what the application greets with is not to be taken for talk during the second hold */
	if (is_loaded(s) && needs_second_pulse(s))
		return boot->loaded_ms + CONFIRM_ESP8266_MS;
	if (boot->source == BOOT_SOURCE_DOWNLOAD && boot->chip != CHIP_ESP8266)
		return boot->begin_ms + (boot->waiting ? 0 : DOWNLOAD_FAMILY_MS);
	if (boot->source != BOOT_SOURCE_FLASH)
		return boot->begin_ms + (boot->waiting ? 0 : DOWNLOAD_QUIET_MS);
	return boot->begin_ms + LOAD_WINDOW_MS;
}

static int confirm_ms(const struct session *s)
{
	const struct boot *boot = &s->attempt.boot;
	int floor_ms = boot->progress >= BOOT_APP ? CONFIRM_APP_MS
		     : boot->chip == CHIP_ESP8266 ? CONFIRM_ESP8266_MS : CONFIRM_FAMILY_MS;

	if (proof_is_left_out(PROOF_SETTLED))
		return 0;
	/* Who restarts by itself as often as we pulsed does so again by then. */
	if (proof_rule_applies(&s->context, &s->attempt, PROOF_TWICE) && s->any_before && s->before.ours)
		floor_ms = (int)(s->attempt.ours_begin_ms - s->before.ours_begin_ms) + CONFIRM_ESP8266_MS;
	return s->config.settle_ms > floor_ms ? s->config.settle_ms : floor_ms;
}

static int64_t settle_end(const struct session *s)
{
	int64_t end = s->attempt.boot.loaded_ms + confirm_ms(s);

	if (s->trouble_ms >= 0)
		end = later_of(end, s->trouble_ms + NO_IMAGE_GRACE_MS);
	return end;
}

static void begin_settling(struct session *s)
{
	if (s->attempt.boot.loaded_ms < s->attempt.release_ms)
		s->attempt.boot.loaded_ms = s->now_ms;
	s->state = SESSION_SETTLE;
}

/* An ESP8266's ROM and eboot report errors of the load at the speed of their banner; once the application runs,
 * restarts are told at 115200, whatever the application speaks. */
static bool must_change_speed(const struct session *s)
{
	return s->attempt.boot.chip == CHIP_ESP8266 && s->baud == 74880 && s->config.settle_ms > 0;
}

static void count_unreadable(void *user, const struct boot_event *event)
{
	if (event->kind == BOOT_EVENT_GARBAGE)
		*(long *)user += event->number;
}

/* Is something unreadable on its way, too little yet to forbid the proof? Of the line that is not at its end a copy is
 * read. */
static bool is_hearing_rubbish(const struct session *s)
{
	int64_t fresh_ms = s->now_ms - FRESH_MS - s->config.latency_ms;
	struct bootlog rest;
	long unreadable = 0;

	if (s->last_byte_ms <= fresh_ms || !is_unclear(s) || proof_is_left_out(PROOF_CLEAR) || !holds(s, PROOF_CLEAR) ||
	    !proof_rule_applies(&s->context, &s->attempt, PROOF_CLEAR))
		return false;
	rest = s->log;
	bootlog_flush(&rest, s->now_ms, count_unreadable, &unreadable);
	return unreadable > 0 || s->unclear_ms > fresh_ms;
}

static bool ended_badly(const struct session *s)
{
	return !holds(s, PROOF_ONE_BOOT) ||
	       (s->attempt.boot.trouble == BOOT_CRASH && !holds(s, PROOF_NO_TROUBLE));
}

static void listen(struct session *s)
{
	if (s->attempt.ours && ended_badly(s))
		conclude(s);
	else if (is_loaded(s) && !holds(s, PROOF_CERTAIN))
		conclude(s);
	else if (is_loaded(s) && !needs_second_pulse(s))
		begin_settling(s);
	else if (s->now_ms >= listen_end(s))
		conclude(s);
	else if (s->now_ms >= s->deadline_ms) {
		s->attempt.cut_off = true;
		conclude(s);
	}
	if (s->state == SESSION_LISTEN)
		s->state_end_ms = listen_end(s);
}

static void settle(struct session *s)
{
	if (ended_badly(s)) {
		conclude(s);
		return;
	}
	s->state_end_ms = settle_end(s);
	if (must_change_speed(s)) {
		int64_t change_ms = s->attempt.boot.loaded_ms + COLD_SPEED_MS;

		s->state_end_ms = earlier_of(s->state_end_ms, change_ms);
		if (s->now_ms >= change_ms) {
			s->next_baud = 115200;
			s->state = SESSION_SETTLE_SPEED;
			return;
		}
	}
	if (s->now_ms < earlier_of(s->state_end_ms, s->deadline_ms))
		return;
	if (is_hearing_rubbish(s)) {
		s->state_end_ms = s->now_ms + FRESH_MS;
		if (s->now_ms < s->deadline_ms)
			return;
	}
	s->attempt.settled = s->now_ms >= s->state_end_ms;
	if (!s->config.conditions || proof_missing(&s->context, &s->attempt) != PROOF_RULES) {
		conclude(s);
		return;
	}
	s->proven = true;
	note(s, SESSION_NOTE_PROVEN);
	s->next_baud = s->config.baud;
	s->state = s->next_baud == s->baud ? SESSION_CONDITIONS : SESSION_APP_SPEED;
}

static void await_conditions(struct session *s)
{
	s->state_end_ms = s->deadline_ms;
	if (ended_badly(s) || !holds(s, PROOF_NO_TROUBLE) || !holds(s, PROOF_CLEAR)) {
		conclude(s);
	} else if (s->conditions_met) {
		s->state_end_ms = s->now_ms + FRESH_MS;
		if (!is_hearing_rubbish(s))
			conclude(s);
	} else if (!holds(s, PROOF_NO_FRAGMENT)) {	/* no proof any more: the next lines say of what */
		if (s->torn_ms < 0)
			s->torn_ms = s->now_ms;
		s->state_end_ms = s->torn_ms + TORN_GRACE_MS;
		if (s->now_ms >= earlier_of(s->state_end_ms, s->deadline_ms))
			conclude(s);
	} else if (s->now_ms >= s->deadline_ms) {
		session_condition_failed(s, s->now_ms, VERDICT_EXPECT_TIMEOUT, "the conditions were not met in time");
	}
}

/* -------------------------------------------------------------------------------------------------
 * The machine
 */

void session_init(struct session *s, const struct session_config *config, int64_t now_ms)
{
	memset(s, 0, sizeof(*s));
	s->config = *config;
	s->context = (struct proof_context){
		.chip = config->chip, .crystal_mhz = config->crystal_mhz,
		.native_usb = config->native_usb, .boot_window_ms = BOOT_WINDOW_MS + config->latency_ms,
	};
	if (config->crystal_mhz == 40 && s->config.attempts < 2)
		s->config.attempts = 2;	/* one pulse alone cannot prove anything there */
	s->start_ms = s->now_ms = now_ms;
	s->deadline_ms = now_ms + config->timeout_ms;
	s->baud = s->next_baud = session_first_baud(config);
	s->lines = MODEM_DTR | MODEM_RTS;	/* what open() does on Linux (drivers/tty/tty_port.c) */
	s->result.missing = PROOF_RULES;
	s->state = SESSION_BEGIN;
}

void session_on_line(struct session *s, session_line_fn *fn, void *user)
{
	s->on_line = fn;
	s->line_user = user;
}

static void hold(struct session *s)
{
	if (s->now_ms < hold_end(s))
		return;
	s->step++;
	s->state = SESSION_STEP;
}

/* Take every transition that is due now. */
static void advance(struct session *s)
{
	enum session_state before;

	do {
		before = s->state;
		switch (s->state) {
		case SESSION_BEGIN:
			begin_attempt(s);
			break;
		case SESSION_HOLD:
			hold(s);
			break;
		case SESSION_LISTEN:
			listen(s);
			break;
		case SESSION_SETTLE:
			settle(s);
			break;
		case SESSION_CONDITIONS:
			await_conditions(s);
			break;
		default:
			break;
		}
	} while (s->state != before);
}

void session_next(struct session *s, int64_t now_ms, struct action *ret)
{
	const struct sequence_step *step;

	s->now_ms = now_ms;
	advance(s);
	*ret = (struct action){ .kind = ACTION_DONE };
	switch (s->state) {
	case SESSION_SPEED:
	case SESSION_SETTLE_SPEED:
	case SESSION_APP_SPEED:
		ret->kind = ACTION_SET_SPEED;
		ret->baud = s->next_baud;
		break;
	case SESSION_STEP:
		step = &s->sequence.steps[s->step];
		ret->kind = ACTION_SET_LINES;
		ret->lines = step->lines;
		ret->asserted = step->asserted;
		break;
	case SESSION_RELEASE:
		ret->kind = ACTION_SET_LINES;
		ret->lines = MODEM_DTR | MODEM_RTS;
		break;
	case SESSION_HOLD:
		ret->kind = ACTION_READ;
		ret->deadline_ms = hold_end(s);
		break;
	case SESSION_LISTEN:
	case SESSION_SETTLE:
	case SESSION_CONDITIONS:
		ret->kind = ACTION_READ;
		ret->deadline_ms = earlier_of(s->state_end_ms, s->deadline_ms);
		break;
	default:
		break;
	}
}

static void speed_set(struct session *s)
{
	s->baud = s->next_baud;
	bootlog_flush(&s->log, s->now_ms, on_event, s);
	init_log(s);
	switch (s->state) {
	case SESSION_SPEED:
		s->state = SESSION_STEP;
		break;
	case SESSION_SETTLE_SPEED:
		s->state = SESSION_SETTLE;
		break;
	default:
		s->state = SESSION_CONDITIONS;
		break;
	}
}

void session_did(struct session *s, int64_t now_ms, int r)
{
	s->now_ms = now_ms;
	if (s->state == SESSION_RELEASE) {	/* the last try; closing the port does the rest */
		s->lines = 0;
		s->state = SESSION_OVER;
	} else if (r < 0) {
		session_failed(s, now_ms, -r);
	} else if (s->state == SESSION_STEP) {
		lines_set(s);
	} else {
		speed_set(s);
	}
}

void session_input(struct session *s, int64_t now_ms, const void *bytes, size_t n)
{
	struct attempt *a = &s->attempt;

	s->now_ms = s->last_byte_ms = now_ms;
	s->bytes += (long)n;
	a->bytes += (long)n;
	if (s->state == SESSION_HOLD && s->lines && now_ms - a->hold_begin_ms > HOLD_PAST_MS)
		a->hold_bytes_late += (long)n;
	bootlog_feed(&s->log, bytes, n, now_ms, on_event, s);
}

/* The largest tear there is. */
void session_lost(struct session *s, int64_t now_ms)
{
	s->now_ms = now_ms;
	s->attempt.fragments += s->attempt.ours;
	s->attempt.gap |= s->attempt.ours;
}

void session_failed(struct session *s, int64_t now_ms, int err)
{
	s->now_ms = now_ms;
	outcome_port(s, err, &s->result);
	finish(s);
}

bool session_is_asserting(const struct session *s)
{
	return !s->lines_known || s->lines;
}

bool session_is_proven(const struct session *s)
{
	return s->proven;
}

int64_t session_deadline(const struct session *s)
{
	return s->deadline_ms;
}

enum chip session_chip(const struct session *s)
{
	return s->attempt.boot.chip;
}

/* The port may have failed in the same round: then that is the result. */
static bool is_over(const struct session *s)
{
	return s->state == SESSION_RELEASE || s->state == SESSION_OVER;
}

void session_conditions_met(struct session *s, int64_t now_ms)
{
	assert(s->proven);
	if (is_over(s))
		return;
	s->now_ms = now_ms;
	s->conditions_met = true;
}

void session_condition_failed(struct session *s, int64_t now_ms, enum verdict verdict, const char *text)
{
	if (is_over(s))
		return;
	s->now_ms = now_ms;
	outcome_condition(s, verdict, text, &s->result);
	finish(s);
}

const struct session_result *session_result(const struct session *s)
{
	assert(s->state == SESSION_OVER);
	return &s->result;
}
