/* session.c - one board's life as a state machine: attempts, pulses, holds, and how it ends. */
#include "session/session.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "session/inside.h"
#include "session/outcome.h"
#include "session/plan.h"

/* Bytes this early in the hold were on their way before it: bridge buffers, latency timers. */
#define HOLD_PAST_MS 50
#define HOLD_QUIET_MS 10
#define HOLD_EXTRA_MAX_MS 100

void session_config_init(struct session_config *config)
{
	char err[128];

	*config = (struct session_config){
		.attempts = 3,
		.timeout_ms = 10000,
		.settle_ms = 1000,
		.latency_ms = 16,
	};
	(void)sequence_parse("rts", &config->sequence, err, sizeof(err));
}

int session_first_baud(const struct session_config *config)
{
	bool cold = config->baud == 74880 || (config->chip == CHIP_ESP32C2 && config->crystal_mhz == 26);

	return cold ? 74880 : 115200;
}

void session_note_that(struct session *s, enum session_note_kind kind)
{
	struct session_note *n;

	if (s->n_notes == SESSION_NOTES_MAX) { /* nobody took them: the oldest goes */
		s->first_note = (s->first_note + 1) % SESSION_NOTES_MAX;
		s->n_notes--;
	}
	n = &s->notes[(s->first_note + s->n_notes++) % SESSION_NOTES_MAX];
	*n = (struct session_note){
		.kind = kind,
		.at_ms = s->now_ms - s->start_ms,
		.number = s->attempt.number,
		.hold_ms = s->attempt.hold_ms,
		.baud = s->attempt.baud,
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
 * Ends
 */

static void session_finish(struct session *s)
{
	s->result.total_ms = (int)(s->now_ms - s->start_ms);
	s->result.attempts = s->attempt.number;
	s->result.pulses = s->pulses;
	s->state = s->lines_known && !s->lines ? SESSION_OVER : SESSION_RELEASE;
}

/* Of two attempts' findings the one to report: readable at one of the speeds tried is not garbled. */
static enum verdict graver_verdict(enum verdict a, enum verdict b)
{
	bool readable = a == VERDICT_UNPROVEN || b == VERDICT_UNPROVEN;

	if (readable && (a == VERDICT_GARBLED || b == VERDICT_GARBLED))
		return VERDICT_UNPROVEN;
	return verdict_worse(a, b);
}

void session_keep_attempt(struct session *s)
{
	s->before = s->attempt;
	s->any_before = true;
}

/* Has this attempt shown that what an earlier one found was our sequence's doing? On wiring that it is not made for, one
 * does nothing, or ends in download mode. */
static bool is_outdated(const struct session *s)
{
	const struct attempt *a = &s->attempt;

	return s->plan.wiring != s->earlier_wiring && a->caused_by_us && a->boot.source != BOOT_SOURCE_DOWNLOAD &&
	       (s->earlier.verdict == VERDICT_DOWNLOAD_MODE || s->earlier.verdict == VERDICT_SILENT ||
		s->earlier.verdict == VERDICT_NO_EFFECT);
}

/* A banner, and nothing behind it: in flash mode the load follows at once. */
#define BANNER_ALONE_MS 20

/* A cold boot from flash was heard, but not whether eboot, if that is its loader, has an update to copy. */
static bool may_be_copying(const struct session *s)
{
	const struct attempt *a = &s->attempt;
	const struct boot *boot = &a->boot, *heard = bootlog_boot(&s->log);
	bool is_esp32 = heard && heard->chip != CHIP_ESP8266 && (heard->waiting || heard->progress >= BOOT_LOADING);
	bool cold = boot->rx_speed == BOOT_RX_74880 || a->banner_baud == 74880 || (a->changed_speed && !a->any_boot);

	bool loads = boot->progress >= BOOT_LOADING || s->last_byte_ms - a->first_byte_ms > BANNER_ALONE_MS;

	return !a->was_patient && cold && !is_esp32 && loads && (boot->chip == CHIP_ESP8266 || !a->any_boot) &&
	       boot->progress < BOOT_STAGE2 && !boot->eboot_loads && boot->source != BOOT_SOURCE_DOWNLOAD &&
	       boot->source != BOOT_SOURCE_OTHER && boot->trouble == BOOT_OK;
}

static void begin_patience(struct session *s)
{
	s->attempt.was_patient = true;
	s->patience_ms = s->now_ms;
	s->heard_before_ms = s->last_byte_ms;
	s->state = SESSION_PATIENCE;
}

/* This attempt is over: another one, or the end. */
void session_conclude(struct session *s)
{
	struct session_result now;
	enum verdict alone;
	bool again;

	receive_flush(s); /* an unfinished line counts as well */
	if (s->boot_untold)
		session_note_that(s, SESSION_NOTE_BOOT);
	s->boot_untold = false;
	outcome_judge(s, &now);
	alone = now.verdict;
	again = plan_may_try_again(s, now.verdict);
	if (s->has_verdict && now.verdict != VERDICT_READY && !is_outdated(s) &&
	    ((s->attempt.cut_off && !s->attempt.any_boot) ||
	     graver_verdict(now.verdict, s->earlier.verdict) != now.verdict))
		now = s->earlier;
	if (again && may_be_copying(s)) {
		begin_patience(s);
		return;
	}
	if (!again) {
		s->result = now;
		session_finish(s);
		return;
	}
	s->earlier = now;
	s->earlier_wiring = s->plan.wiring;
	s->has_verdict = true;
	plan_next(s, alone);
	session_keep_attempt(s);
	s->state = SESSION_BEGIN;
}

/* -------------------------------------------------------------------------------------------------
 * Attempts
 */

/* A pulse, and the listening after it: an attempt has one, or a series of them. */
void session_begin_pulse(struct session *s, int number, int pulse)
{
	s->attempt = (struct attempt){
		.number = number,
		.pulse = pulse,
		.passive = s->config.no_reset,
		.hold_begin_ms = -1,
		.release_ms = -1,
		.first_byte_ms = -1,
		.boot = { .cause = -1, .mode = -1 },
	};
	plan_pulse(s);
	s->attempt.pause_ms = plan_pause_ms(s);
	s->next_baud = s->attempt.baud;
	s->context.before = s->any_before ? &s->before : NULL;
	s->conditions_met = false;
	s->proven = false; /* what undid a proof while conditions were awaited has undone all of it */
	s->trouble_ms = -1;
	s->torn_ms = -1;
	s->unclear_ms = INT64_MIN / 2;
	appspeed_begin(&s->appspeed, s->next_baud, BOOT_HABIT_UNKNOWN);
	s->step = 0;
	/* Lines that are released already need no step for it. */
	if (s->lines_known && !s->lines && s->sequence.observes && !s->sequence.steps[0].asserted && s->sequence.n > 1)
		s->step = 1;
	s->state = s->next_baud == s->baud ? SESSION_STEP : SESSION_SPEED;
	receive_begin(s);
}

static void begin_attempt(struct session *s)
{
	session_begin_pulse(s, s->attempt.number + 1, 1);
	session_note_that(s, SESSION_NOTE_ATTEMPT);
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
	return clk_earlier(clk_later(s->state_end_ms, quiet), s->state_end_ms + HOLD_EXTRA_MAX_MS + s->context.lag_ms);
}

static void begin_listening(struct session *s)
{
	if (!s->copying)	  /* eboot goes on with its line, seconds later */
		receive_flush(s); /* what comes now starts a line of its own */
	s->attempt.release_ms = s->now_ms;
	if (s->any_before && s->before.release_ms >= 0)
		s->attempt.distance_ms = s->now_ms - s->before.release_ms;
	s->state = SESSION_LISTEN;
	s->pulses += !s->config.no_reset;
}

static void session_lines_set(struct session *s)
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
 * The machine
 */

void session_init(struct session *s, const struct session_config *config, int64_t now_ms)
{
	memset(s, 0, sizeof(*s));
	s->config = *config;
	s->context = (struct proof_context){
		.chip = config->chip,
		.native_usb = config->native_usb,
		.boot_window_ms = BOOT_WINDOW_MS + config->latency_ms,
	};
	s->start_ms = s->now_ms = now_ms;
	s->read_until_ms = -1;
	s->deadline_ms = now_ms + config->timeout_ms;
	s->baud = s->next_baud = session_first_baud(config);
	plan_init(s);
	s->lines = MODEM_DTR | MODEM_RTS; /* what open() does on Linux (drivers/tty/tty_port.c) */
	s->result.missing = PROOF_RULES;
	s->state = SESSION_BEGIN;
}

void session_on_line(struct session *s, session_line_fn *fn, void *user)
{
	s->on_line = fn;
	s->line_user = user;
}

static void session_hold(struct session *s)
{
	if (s->now_ms < hold_end(s))
		return;
	s->step++;
	s->state = SESSION_STEP;
}

/* Take every transition that is due now. */
static void session_advance(struct session *s)
{
	enum session_state before;

	do {
		before = s->state;
		switch (s->state) {
		case SESSION_BEGIN: begin_attempt(s); break;
		case SESSION_HOLD: session_hold(s); break;
		case SESSION_LISTEN: stage_listen(s); break;
		case SESSION_SETTLE: stage_settle(s); break;
		case SESSION_PATIENCE: stage_be_patient(s); break;
		case SESSION_WHY: stage_listen_for_why(s); break;
		case SESSION_CONDITIONS: stage_await_conditions(s); break;
		default: break;
		}
	} while (s->state != before);
}

/* Whoever waits for a byte until a certain time and looks at the clock again much later is on a busy machine. */
static void measure_lag(struct session *s)
{
	int64_t lag_ms = clk_earlier(s->now_ms - s->read_until_ms, PROOF_LAG_MAX_MS);

	if (s->read_until_ms >= 0 && lag_ms > s->context.lag_ms)
		s->context.lag_ms = (int)lag_ms;
	s->read_until_ms = -1;
}

void session_next(struct session *s, int64_t now_ms, struct action *ret)
{
	const struct sequence_step *step;

	s->now_ms = now_ms;
	measure_lag(s);
	session_advance(s);
	*ret = (struct action){ .kind = ACTION_DONE };
	switch (s->state) {
	case SESSION_SPEED:
	case SESSION_LISTEN_SPEED:
	case SESSION_SETTLE_SPEED:
	case SESSION_WHY_SPEED:
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
	case SESSION_PATIENCE:
	case SESSION_WHY:
	case SESSION_CONDITIONS:
		ret->kind = ACTION_READ;
		ret->deadline_ms = clk_earlier(s->state_end_ms, s->deadline_ms);
		break;
	default: break;
	}
	if (ret->kind == ACTION_READ && ret->deadline_ms >= now_ms)
		s->read_until_ms = ret->deadline_ms;
}

static void speed_set(struct session *s)
{
	s->baud = s->next_baud;
	s->tuned_ms = s->now_ms;
	receive_retune(s);
	switch (s->state) {
	case SESSION_SPEED: s->state = SESSION_STEP; break;
	case SESSION_LISTEN_SPEED: s->state = SESSION_LISTEN; break;
	case SESSION_SETTLE_SPEED:
		s->state = SESSION_SETTLE;
		appspeed_begin(&s->appspeed, s->baud, s->attempt.boot.habit);
		break;
	case SESSION_WHY_SPEED:
		s->state = SESSION_WHY;
		appspeed_begin(&s->appspeed, s->baud, s->attempt.boot.habit);
		break;
	default:
		s->state = SESSION_CONDITIONS;
		appspeed_begin(&s->appspeed, s->baud, s->attempt.boot.habit);
		s->followed_bytes = 0;
		s->in_step = false;
		break;
	}
}

void session_did(struct session *s, int64_t now_ms, int r)
{
	s->now_ms = now_ms;
	if (s->state == SESSION_RELEASE) { /* the last try; closing the port does the rest */
		s->lines = 0;
		s->state = SESSION_OVER;
	} else if (r < 0) {
		session_failed(s, now_ms, -r);
	} else if (s->state == SESSION_STEP) {
		session_lines_set(s);
	} else {
		speed_set(s);
	}
}

void session_input(struct session *s, int64_t now_ms, const void *bytes, size_t n)
{
	struct attempt *a = &s->attempt;

	s->previous_byte_ms = s->last_byte_ms;
	s->now_ms = s->last_byte_ms = now_ms;
	s->bytes += (long)n;
	a->bytes += (long)n;
	if (a->release_ms >= 0)
		receive_bytes(s, bytes, n);
	if (s->state == SESSION_HOLD && s->lines && now_ms - a->hold_begin_ms > HOLD_PAST_MS + s->context.lag_ms)
		a->hold_bytes_late += (long)n;
	receive_feed(s, bytes, n);
}

/* The largest tear there is. */
void session_lost(struct session *s, int64_t now_ms)
{
	s->now_ms = now_ms;
	s->attempt.fragments += s->attempt.caused_by_us;
	s->attempt.gap |= s->attempt.caused_by_us;
}

void session_failed(struct session *s, int64_t now_ms, int err)
{
	s->now_ms = now_ms;
	outcome_port(s, err, &s->result);
	session_finish(s);
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
	if (!s->conditions_met)
		s->met_ms = now_ms;
	s->conditions_met = true;
}

void session_condition_failed(struct session *s, int64_t now_ms, enum verdict verdict, const char *text)
{
	if (is_over(s))
		return;
	s->now_ms = now_ms;
	outcome_condition(s, verdict, text, &s->result);
	session_finish(s);
}

const struct session_result *session_result(const struct session *s)
{
	assert(s->state == SESSION_OVER);
	return &s->result;
}
