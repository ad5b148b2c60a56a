/* session.c - the work on one board as a state machine: attempts, reset pulses, and how a session ends.
 *
 * A session makes attempts. An attempt makes one reset pulse, or a series of pulses. A pulse plays a sequence on the
 * modem lines; then the session listens.
 *
 * CALL MAP. run/loop.c calls session_next() for the next action. Then it reports what has happened:
 *
 *	session_did()			the modem lines or the baud rate were set; a negative errno ends the session
 *	session_input()			bytes were received: receive.c evaluates them
 *	session_lost()			received bytes were lost: the proof is undone, the session goes on
 *	session_condition_failed()	a condition failed: ends the session with its verdict, status 20 to 23
 *
 * Below session_next(), and what each function decides:
 *
 *	session_advance()		changes the state until no change is due
 *	  begin_attempt()		a new attempt; plan_pulse() chooses sequence, hold time and baud rate
 *	  advance_hold()		when a hold is over: the next step
 *	  stage_...()			stages.c: another pulse, another baud rate, the next state, or the attempt's end
 *	    session_conclude()		another attempt, SESSION_PATIENCE, or the end of the session
 *	      outcome_judge()		the verdict of this attempt alone; proof.c finds the rule that does not hold
 *	      plan_may_try_again()	whether another attempt may follow; plan_next() plans it
 *	      better_verdict()		which of two attempts to report, unless earlier_is_outdated()
 *
 * States (session.h says what each one waits for). Every change of the baud rate goes through SPEED.
 *
 *	BEGIN -> STEP -> HOLD -> STEP ... -> LISTEN -> SETTLE [-> CONDITIONS] -> session_conclude()
 *	session_conclude() -> BEGIN, or PATIENCE -> session_conclude(), or [RELEASE ->] OVER
 *	LISTEN -> STEP			another pulse of the series
 *	SETTLE -> LISTEN		eboot turns out to copy an OTA image
 *	LISTEN, SETTLE -> WHY -> session_conclude()	the board has restarted and did not say why
 *
 * If the modem lines cannot be released in RELEASE, the session ends nevertheless: closing the port releases them.
 */
#include "session/session.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "session/inside.h"

/* Bytes that come this soon after a hold began may have been sent before it, because bridges delay received bytes. */
#define HOLD_PAST_MS 50
/* The hold lasts until the board has been silent for this long, but at most HOLD_EXTRA_MAX_MS longer than planned. */
#define HOLD_QUIET_MS 10
#define HOLD_EXTRA_MAX_MS 100
/* A banner alone takes less time than this. If bytes came for longer, load lines followed the banner. */
#define BANNER_ALONE_MS 20

void session_config_init(struct session_config *config)
{
	char err[128];

	*config = (struct session_config){ .attempts = 3, .timeout_ms = 10000, .settle_ms = 1000, .latency_ms = 16 };
	(void)sequence_parse("rts", &config->sequence, err, sizeof(err));
}

int session_first_baud(const struct session_config *config)
{
	bool cold = config->baud == 74880 || (config->chip == CHIP_ESP32C2 && config->crystal_mhz == 26);

	return cold ? 74880 : 115200;
}

/* ---- notes ---- */

void session_add_note(struct session *s, enum session_note_kind kind)
{
	struct session_note *n;

	if (s->n_notes == SESSION_NOTES_MAX) {
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
		.boot = s->attempt.rebooted ? s->attempt.next : s->attempt.boot,
	};
	memcpy(n->sequence, s->sequence.text, sizeof(n->sequence));
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

/* ---- how a session ends ---- */

static void session_finish(struct session *s)
{
	s->result.total_ms = (int)(s->now_ms - s->start_ms);
	s->result.attempts = s->attempt.number;
	s->result.pulses = s->pulses;
	s->state = s->lines_known && !s->lines ? SESSION_OVER : SESSION_RELEASE;
}

/* Chooses the verdict to report after two attempts. If one verdict is VERDICT_GARBLED and the other VERDICT_UNPROVEN,
 * the board was readable at one baud rate, so VERDICT_GARBLED would be wrong. */
static enum verdict better_verdict(enum verdict a, enum verdict b)
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

/* Has another sequence reset the board by now? Then the earlier verdict was about the earlier sequence, not about the
 * board: a sequence that does not fit the circuit does nothing, or leads into download mode. */
static bool earlier_is_outdated(const struct session *s)
{
	const struct attempt *a = &s->attempt;

	return s->plan.wiring != s->earlier_wiring && a->caused_by_us && a->boot.source != BOOT_SOURCE_DOWNLOAD &&
	       (s->earlier.verdict == VERDICT_DOWNLOAD_MODE || s->earlier.verdict == VERDICT_SILENT ||
		s->earlier.verdict == VERDICT_NO_EFFECT);
}

/* May eboot be copying an OTA image? Yes if an ESP8266 seems to have booted from flash after a hardware reset, and
 * eboot has printed nothing that excludes a copy. */
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

/* Should the result of an earlier attempt be reported instead of this one's? Yes if better_verdict() chooses the
 * earlier verdict, or if --timeout ended this attempt before any boot was received. */
static bool earlier_stays(const struct session *s, enum verdict now)
{
	return s->has_verdict && now != VERDICT_READY && !earlier_is_outdated(s) &&
	       ((s->attempt.cut_off && !s->attempt.any_boot) || better_verdict(now, s->earlier.verdict) != now);
}

void session_conclude(struct session *s)
{
	struct session_result result;
	enum verdict verdict; /* the verdict of this attempt alone */
	bool again;

	receive_flush(s);
	if (s->boot_untold)
		session_add_note(s, SESSION_NOTE_BOOT);
	s->boot_untold = false;
	outcome_judge(s, &result);
	verdict = result.verdict;
	again = plan_may_try_again(s, verdict);
	if (again && may_be_copying(s)) {
		s->attempt.was_patient = true;
		s->patience_ms = s->now_ms;
		s->heard_before_ms = s->last_byte_ms;
		s->state = SESSION_PATIENCE;
		return;
	}
	if (earlier_stays(s, verdict))
		result = s->earlier;
	if (!again) {
		s->result = result;
		session_finish(s);
		return;
	}
	s->earlier = result;
	s->earlier_wiring = s->plan.wiring;
	s->has_verdict = true;
	plan_next(s, verdict);
	session_keep_attempt(s);
	s->state = SESSION_BEGIN;
}

/* ---- attempts ---- */

void session_set_speed(struct session *s, int baud, enum session_state next)
{
	s->next_baud = baud;
	s->next_state = next;
	s->state = SESSION_SPEED;
}

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
	s->context.before = s->any_before ? &s->before : NULL;
	s->conditions_met = s->proven = false;
	s->trouble_ms = s->torn_ms = -1;
	s->unclear_ms = INT64_MIN / 2;
	appspeed_begin(&s->appspeed, s->attempt.baud, BOOT_HABIT_UNKNOWN);
	s->step = 0;
	/* If the first step of a named sequence only releases modem lines, and both are released already, skip it. */
	if (s->lines_known && !s->lines && s->sequence.observes && !s->sequence.steps[0].asserted && s->sequence.n > 1)
		s->step = 1;
	s->state = SESSION_STEP;
	if (s->attempt.baud != s->baud)
		session_set_speed(s, s->attempt.baud, SESSION_STEP);
	receive_begin(s);
}

static void begin_attempt(struct session *s)
{
	session_begin_pulse(s, s->attempt.number + 1, 1);
	session_add_note(s, SESSION_NOTE_ATTEMPT);
}

/* Is a modem line asserted in this step, and in no later one? */
static bool is_last_hold(const struct session *s)
{
	unsigned int lines = s->lines;

	for (size_t i = s->step + 1; i < s->sequence.n; i++) {
		lines = sequence_lines(lines, &s->sequence.steps[i]);
		if (lines)
			return false;
	}
	return s->lines != 0;
}

/* When the hold of this step ends. During the last hold of any sequence the board must be silent. So when the planned
 * time is over, the last hold continues until no byte has come for a moment. */
static int64_t hold_end(const struct session *s)
{
	int64_t quiet = s->last_byte_ms + HOLD_QUIET_MS + s->config.latency_ms;

	if (!is_last_hold(s))
		return s->state_end_ms;
	return clk_earlier(clk_later(s->state_end_ms, quiet), s->state_end_ms + HOLD_EXTRA_MAX_MS + s->context.lag_ms);
}

static void begin_listening(struct session *s)
{
	/* If eboot is copying an OTA image, its text line is incomplete. eboot completes the line after the copy, so
	 * the line must not be ended here. */
	if (!s->copying)
		receive_flush(s);
	s->attempt.release_ms = s->now_ms;
	if (s->any_before && s->before.release_ms >= 0)
		s->attempt.distance_ms = s->now_ms - s->before.release_ms;
	s->state = SESSION_LISTEN;
	s->pulses += !s->config.no_reset;
}

/* The modem lines of this step were set. Begins the hold, or after the last step begins to listen. */
static void lines_set(struct session *s)
{
	const struct sequence_step *step = &s->sequence.steps[s->step];

	s->lines = sequence_lines(s->lines, step);
	s->lines_known = true;
	if (s->lines)
		s->attempt.hold_begin_ms = s->now_ms;
	if (s->step + 1 == s->sequence.n) {
		begin_listening(s);
		return;
	}
	s->state = SESSION_HOLD;
	s->state_end_ms = s->now_ms + (s->sequence.observes && s->lines ? s->attempt.hold_ms : step->hold_ms);
	/* Makes the hold last at least as long as the bridge's latency. Bytes that were sent before the hold arrive
	 * within that time. */
	s->last_byte_ms = s->now_ms - HOLD_QUIET_MS;
}

static void speed_set(struct session *s)
{
	s->tuned_ms = s->now_ms;
	receive_retune(s, s->next_baud);
	s->state = s->next_state;
	if (s->state == SESSION_STEP || s->state == SESSION_LISTEN)
		return;
	appspeed_begin(&s->appspeed, s->baud, s->attempt.boot.habit);
	if (s->state == SESSION_CONDITIONS) {
		s->followed_bytes = 0;
		s->in_step = false;
	}
}

/* ---- the state machine ---- */

void session_init(struct session *s, const struct session_config *config, int64_t now_ms)
{
	memset(s, 0, sizeof(*s));
	s->config = *config;
	s->context = (struct proof_context){
		.chip = config->chip,
		.native_usb = config->native_usb,
		.boot_window_ms = BOOT_WINDOW_MS + config->latency_ms,
	};
	s->appspeed.latency_ms = config->latency_ms;
	s->start_ms = s->now_ms = now_ms;
	s->read_until_ms = -1;
	s->deadline_ms = now_ms + config->timeout_ms;
	s->baud = session_first_baud(config);
	plan_init(s);
	s->lines = MODEM_DTR | MODEM_RTS; /* open() on Linux asserts both modem lines (drivers/tty/tty_port.c) */
	s->result.missing = PROOF_RULES;
	s->state = SESSION_BEGIN;
}

void session_on_line(struct session *s, session_line_fn *fn, void *user)
{
	s->on_line = fn;
	s->line_user = user;
}

static void advance_hold(struct session *s)
{
	if (s->now_ms < hold_end(s))
		return;
	s->step++;
	s->state = SESSION_STEP;
}

static void session_advance(struct session *s)
{
	enum session_state before;

	do {
		before = s->state;
		switch (s->state) {
		case SESSION_BEGIN: begin_attempt(s); break;
		case SESSION_HOLD: advance_hold(s); break;
		case SESSION_LISTEN: stage_listen(s); break;
		case SESSION_SETTLE: stage_settle(s); break;
		case SESSION_PATIENCE: stage_be_patient(s); break;
		case SESSION_WHY: stage_listen_for_why(s); break;
		case SESSION_CONDITIONS: stage_await_conditions(s); break;
		default: break;
		}
	} while (s->state != before);
}

/* Measures how late a read returns after its deadline. A long delay shows that the computer is busy. */
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
	step = &s->sequence.steps[s->step];
	switch (s->state) {
	case SESSION_SPEED: *ret = (struct action){ .kind = ACTION_SET_SPEED, .baud = s->next_baud }; break;
	case SESSION_STEP: *ret = action_lines(step->lines, step->asserted); break;
	case SESSION_RELEASE: *ret = action_lines(MODEM_DTR | MODEM_RTS, 0); break;
	case SESSION_OVER: *ret = (struct action){ .kind = ACTION_DONE }; break;
	case SESSION_HOLD: *ret = action_read(hold_end(s)); break;
	default: *ret = action_read(clk_earlier(s->state_end_ms, s->deadline_ms)); break;
	}
	if (ret->kind == ACTION_READ && ret->deadline_ms >= now_ms)
		s->read_until_ms = ret->deadline_ms;
}

void session_did(struct session *s, int64_t now_ms, int r)
{
	s->now_ms = now_ms;
	if (s->state == SESSION_RELEASE) {
		s->lines = 0;
		s->state = SESSION_OVER;
	} else if (r < 0) {
		outcome_port(s, -r, &s->result);
		session_finish(s);
	} else if (s->state == SESSION_STEP) {
		lines_set(s);
	} else {
		speed_set(s);
	}
}

void session_input(struct session *s, int64_t now_ms, const void *bytes, size_t n)
{
	struct attempt *a = &s->attempt;

	s->previous_byte_ms = s->last_byte_ms;
	s->now_ms = s->last_byte_ms = now_ms;
	a->bytes += (long)n;
	if (a->release_ms >= 0)
		receive_count(s, bytes, n);
	if (s->state == SESSION_HOLD && s->lines && now_ms - a->hold_begin_ms > HOLD_PAST_MS + s->context.lag_ms)
		a->hold_bytes_late += (long)n;
	receive_feed(s, bytes, n);
}

void session_lost(struct session *s, int64_t now_ms)
{
	s->now_ms = now_ms;
	s->attempt.fragments += s->attempt.caused_by_us;
	s->attempt.gap |= s->attempt.caused_by_us;
}

bool session_is_asserting(const struct session *s)
{
	return !s->lines_known || s->lines;
}

/* Is the session over already? The port may have failed after the caller evaluated the conditions. Then the result is
 * the port's failure. */
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
