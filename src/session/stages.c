/* stages.c - an attempt after its pulse: listening, settling, asking why, awaiting conditions. */
#include "session/inside.h"

#include "session/plan.h"

/* An ESP8266 in download mode prints nothing after its banner; in flash mode the load lines follow at once. */
#define DOWNLOAD_QUIET_MS 300
#define DOWNLOAD_ESP32_MS 1500
/* "invalid header" and the like may still be followed by a good slot or a recovery copy. */
#define NO_IMAGE_GRACE_MS 1500
/* eboot copies an OTA image: a few seconds as a rule. */
#define COPY_WINDOW_MS 60000
/* ... and so long without a word where one was not heard to begin. */
#define PATIENCE_MS 7000
/* What another attempt needs. */
#define RETRY_TIME_MS 2500
/* What even --settle 0 waits for: an error of the load itself comes within this. */
#define CONFIRM_ESP8266_MS 200
/* Unreadable and so fresh: it may be a restart's words, which go on. Between them the ROM pauses for less. */
#define FRESH_MS 60
/* The first line of the family's banner alone is torn; its second tells the cause. */
#define TORN_GRACE_MS 100
/* So many unreadable bytes at 115200 after the release, and no banner in them: listen at 74880. A cold banner that a bridge
 * hands on as it is has been recognised by then. */
#define STRANGE_BYTES 20
/* At the cold speed so much that is unreadable after the load is an application at another one. */
#define APP_BYTES 8
/* To learn why a board restarts takes at least so long. */
#define RETRY_MS 500
/* So many of the application's characters without a pause are more than a greeting: worth reading at its own speed. */
#define REPORT_CHARACTERS 80
/* So long the speed of an application that is faster than the port is looked for. */
#define SEEK_MS 3000
/* While conditions are awaited at the application's speed: more that is unreadable is no noise of the line. */
#define HIDDEN_MAX 16
/* How long to listen at one speed for why a board restarts, beyond what it has run for. */
#define WHY_MS 500
#define LOAD_WINDOW_MS 3000
/* An ESP8266 that was read at 74880 Bd stays there for so long: errors of the load come at the speed of the banner. */
#define COLD_SPEED_MS 60
#define CONFIRM_ESP32_MS 500
#define CONFIRM_APP_MS 50
#define TALK_EXTRA_MAX_MS 1000

static bool stage_is_loaded(const struct session *s)
{
	const struct attempt *a = &s->attempt;

	return a->caused_by_us && session_holds(s, PROOF_LOADED) && session_holds(s, PROOF_NOT_COPYING) &&
	       session_holds(s, PROOF_FLASH);
}

/* A series that has not come to an end in so many pulses does not. */
#define PULSES_MAX (2 * PROOF_PULSES)

/* At 115200 one banner of an ESP8266 proves nothing yet. */
static bool needs_another_pulse(const struct session *s)
{
	const struct attempt *a = &s->attempt;

	return !session_holds(s, PROOF_FRESH) && proof_needs_row(&s->context, a) && !a->passive &&
	       a->pulse < PULSES_MAX && !a->boot.copying && !a->boot.eboot_waits;
}

/* When listening ends by itself, with what is known now. */
static int64_t listen_end(const struct session *s)
{
	const struct attempt *a = &s->attempt;
	const struct boot *boot = &a->boot;

	if (!a->caused_by_us && s->copying)
		return a->release_ms + COPY_WINDOW_MS;
	if (!a->caused_by_us)
		return a->passive || proof_is_left_out(PROOF_IN_TIME)
			       ? s->deadline_ms
			       : a->release_ms + BOOT_WINDOW_MS + s->config.latency_ms;
	if ((boot->copying || boot->eboot_waits) && !proof_is_left_out(PROOF_NOT_COPYING))
		return a->our_banner_ms + COPY_WINDOW_MS;
	if (s->trouble_ms >= 0)
		return s->trouble_ms + NO_IMAGE_GRACE_MS;
	/* what the application greets with is not to be taken for talk during the second hold */
	if (stage_is_loaded(s) && needs_another_pulse(s))
		return boot->loaded_ms + CONFIRM_ESP8266_MS + a->pause_ms;
	if (boot->source == BOOT_SOURCE_DOWNLOAD && boot->chip != CHIP_ESP8266)
		return boot->begin_ms + (boot->waiting ? 0 : DOWNLOAD_ESP32_MS);
	if (boot->source != BOOT_SOURCE_FLASH)
		return boot->begin_ms + (boot->waiting ? 0 : DOWNLOAD_QUIET_MS);
	return boot->begin_ms + LOAD_WINDOW_MS;
}

static int confirm_ms(const struct session *s)
{
	const struct boot *boot = &s->attempt.boot;
	int floor_ms = boot->progress >= BOOT_APP   ? CONFIRM_APP_MS
		       : boot->chip == CHIP_ESP8266 ? CONFIRM_ESP8266_MS
						    : CONFIRM_ESP32_MS;

	if (proof_is_left_out(PROOF_SETTLED))
		return 0;
	/* Who restarts by itself as often as we pulsed does so again by then. */
	if (proof_needs_row(&s->context, &s->attempt) && s->any_before && s->before.caused_by_us)
		floor_ms = (int)clk_later(s->attempt.distance_ms, s->before.distance_ms) + CONFIRM_ESP8266_MS;
	return s->config.settle_ms > floor_ms ? s->config.settle_ms : floor_ms;
}

/* How long it takes until a board that restarts is heard: as long as after our reset, or somewhat less. */
static int64_t talk_pause_ms(const struct session *s)
{
	const struct attempt *a = &s->attempt;

	return clk_later(TALK_PAUSE_MS, a->passive ? 0 : a->our_banner_ms - a->release_ms + FRESH_MS) +
	       s->config.latency_ms;
}

/* While something unreadable is just coming in, it goes on: a crash report at another speed, and then a restart. */
static int64_t talk_end(const struct session *s, int64_t end_ms)
{
	int64_t pause_ms = talk_pause_ms(s);

	if (s->unclear_ms <= end_ms - pause_ms || proof_is_left_out(PROOF_CLEAR))
		return end_ms;
	return clk_earlier(s->unclear_ms + pause_ms, end_ms + TALK_EXTRA_MAX_MS);
}

static int64_t up_since(const struct session *s)
{
	return clk_later(clk_later(s->attempt.boot.loaded_ms, s->attempt.copied_ms), s->attempt.back_ms);
}

static int64_t settle_end(const struct session *s)
{
	int64_t end = up_since(s) + confirm_ms(s);

	if (s->trouble_ms >= 0)
		end = clk_later(end, s->trouble_ms + NO_IMAGE_GRACE_MS);
	return talk_end(s, end);
}

/* Who speaks after a while is the application: eboot does not while it copies. Once it has said that it does, its result is
 * waited for. */
static int64_t patience_end(const struct session *s)
{
	if (s->attempt.boot.copying)
		return clk_earlier(s->attempt.release_ms + COPY_WINDOW_MS, s->deadline_ms);
	if (s->last_byte_ms > clk_later(s->patience_ms, s->heard_before_ms + CHATTER_MS))
		return s->now_ms;
	return clk_earlier(s->heard_before_ms + PATIENCE_MS, s->deadline_ms - RETRY_TIME_MS);
}

void stage_be_patient(struct session *s)
{
	s->state_end_ms = patience_end(s);
	if (s->now_ms >= s->state_end_ms)
		session_conclude(s);
}

static void begin_settling(struct session *s)
{
	appspeed_begin(&s->appspeed, s->baud, s->attempt.boot.habit);
	if (s->attempt.boot.loaded_ms < s->attempt.release_ms)
		s->attempt.boot.loaded_ms = s->now_ms;
	if (s->attempt.copied)
		s->attempt.copied_ms = s->now_ms;
	/* 74880, which the user has said, and conditions wait for the first lines */
	if (s->config.conditions && s->config.baud == s->baud && s->baud != 115200 && !s->stays) {
		s->attempt.follows = s->in_step = true;
		s->attempt.follows_since_ms = s->now_ms;
	}
	s->state = SESSION_SETTLE;
}

/* An ESP8266's ROM and eboot report errors of the load at the speed of their banner; once the application runs,
 * restarts are told at 115200, whatever the application speaks. */
static bool must_change_speed(const struct session *s)
{
	return s->attempt.boot.chip == CHIP_ESP8266 && s->baud == 74880 && s->config.settle_ms > 0 &&
	       !s->attempt.follows;
}

/* ... as soon as one is heard: what follows errors of the load is quiet. */
static bool hears_application(const struct session *s)
{
	return s->attempt.boot.progress == BOOT_LOADED && s->attempt.unreadable_after_load >= APP_BYTES;
}

static bool stages_ended_badly(const struct session *s)
{
	return !session_holds(s, PROOF_ONE_BOOT) ||
	       (s->attempt.boot.trouble == BOOT_CRASH && !session_holds(s, PROOF_NO_TROUBLE));
}

static void change_speed(struct session *s, int baud, enum session_state state)
{
	s->next_baud = baud;
	s->state = state;
}

/* Is a long talk coming in whose speed is known? It may be a crash report, and there is time to read the rest of it. */
static bool hears_report(const struct session *s)
{
	const struct appspeed *h = &s->appspeed;
	int app = h->app_baud;

	/* at 74880 a restart leaves enough of itself even where a bridge drops characters */
	return s->baud == 115200 && !s->stays && app && app != s->baud &&
	       (app == 74880 || (!appspeed_may_drop(h) && s->attempt.boot.habit != BOOT_HABIT_DROPS)) &&
	       appspeed_characters(h) >= REPORT_CHARACTERS &&
	       s->now_ms - h->last_ms <= s->config.latency_ms + FRESH_MS &&
	       (s->attempt.boot.chip != CHIP_ESP8266 || h->burst_ms - s->attempt.boot.loaded_ms > CHATTER_MS);
}

/* Whoever waits for lines wants the application's from the first on: as soon as its speed is known, or was said. */
static int wanted_speed(const struct session *s)
{
	const struct appspeed *h = &s->appspeed;
	int app = s->config.baud ? s->config.baud : h->found_baud;

	if (!s->config.conditions || s->stays || s->baud != 115200 || !app || app == s->baud ||
	    receive_may_be_loader(s))
		return 0;
	if (s->config.baud) /* at once would miss what a second stage says */
		return h->unreadable >= 2 || s->attempt.boot.eboot_loads ? app : 0;
	return !appspeed_may_drop(h) && s->attempt.boot.habit != BOOT_HABIT_DROPS ? app : 0;
}

/* A restart is told at the ROM's speed alone: at another one it is a burst of rubbish, and then this attempt proves nothing. */
static bool stages_follow_application(struct session *s)
{
	struct attempt *a = &s->attempt;
	int64_t silent_ms;

	if (!a->follows) {
		int app = hears_report(s) ? s->appspeed.app_baud : wanted_speed(s);

		if (!app)
			return false;
		a->follows = true;
		s->followed_bytes = 0;
		s->in_step = false;
		a->follows_since_ms = s->now_ms;
		change_speed(s, app, SESSION_SETTLE_SPEED);
		return true;
	}
	if (s->config.conditions && !a->hidden)
		return false;
	silent_ms = clk_later(s->last_byte_ms, a->follows_since_ms) + TALK_PAUSE_MS + s->config.latency_ms;
	if (s->now_ms < silent_ms && !a->hidden) {
		s->state_end_ms = clk_earlier(s->state_end_ms, silent_ms);
		return false;
	}
	a->follows = false;
	a->fragments += a->hidden > 0;
	a->back_ms = s->now_ms;
	s->stays = true;
	change_speed(s, 115200, SESSION_SETTLE_SPEED);
	return true;
}

/* After a restart for which nothing was read that explains it: what the application said, if anything, was at another
 * speed. It will say so again before it restarts again. */
static bool wants_to_know_why(const struct session *s)
{
	const struct attempt *a = &s->attempt;

	return a->rebooted && !a->asks_why && a->boot.trouble == BOOT_OK && a->next.trouble == BOOT_OK &&
	       a->next.cause_kind != BOOT_CAUSE_WATCHDOG && a->next.cause_kind != BOOT_CAUSE_RTC_WATCHDOG &&
	       a->next.cause_kind != BOOT_CAUSE_BROWNOUT && a->next.cause_kind != BOOT_CAUSE_LOCKUP &&
	       !session_holds(s, PROOF_ONE_BOOT) && appspeed_has_candidate(&s->appspeed) &&
	       s->deadline_ms - s->now_ms > RETRY_MS;
}

/* One speed after the other: for one and a half times what the board has run for. */
static void ask_at(struct session *s, int baud)
{
	struct attempt *a = &s->attempt;

	a->why_stage_ms = s->now_ms + 3 * (a->rebooted_ms - a->boot.loaded_ms) / 2 + WHY_MS;
	change_speed(s, baud, SESSION_WHY_SPEED);
}

static void ask_why(struct session *s)
{
	s->attempt.asks_why = s->appspeed.may_be_loader = true; /* whose speed this is is not told */
	s->attempt.follows = false;
	ask_at(s, appspeed_candidate(&s->appspeed));
}

void stage_listen_for_why(struct session *s)
{
	struct attempt *a = &s->attempt;
	int faster = appspeed_faster(&s->appspeed), baud;

	s->state_end_ms = clk_earlier(a->why_stage_ms, s->deadline_ms);
	if (a->next.trouble != BOOT_OK || s->now_ms >= s->deadline_ms) {
		session_conclude(s);
	} else if (faster) {
		ask_at(s, faster);
	} else if (s->now_ms >= a->why_stage_ms) {
		baud = appspeed_is_right(&s->appspeed) ? 0 : appspeed_next_guess(&s->appspeed);
		if (baud)
			ask_at(s, baud);
		else
			session_conclude(s);
	}
}

/* The attempt has gone wrong: ask why, or end it. */
static void end_badly(struct session *s)
{
	if (wants_to_know_why(s))
		ask_why(s);
	else
		session_conclude(s);
}

/* What comes is of another speed than the port's: go there, in the middle of the boot. The next reset might come while
 * eboot copies an update, and would destroy the board's application. */
static bool is_strange(const struct session *s)
{
	const struct attempt *a = &s->attempt;
	const struct boot *boot = &a->boot;

	if (s->baud != 115200 || a->changed_speed || a->passive || s->plan.at_115200 ||
	    (s->config.chip != CHIP_UNKNOWN && s->config.chip != CHIP_ESP8266 && s->config.chip != CHIP_ESP32C2))
		return false;
	if (a->any_boot)
		return boot->rx_speed == BOOT_RX_74880 &&
		       (boot->copying || (boot->progress < BOOT_LOADED &&
					  (boot->habit == BOOT_HABIT_ZEROES || boot->habit == BOOT_HABIT_DROPS)));
	return a->unreadable >= STRANGE_BYTES && a->unreadable * 2 > a->after_release && !bootlog_is_following(&s->log);
}

static void repeat_pulse(struct session *s)
{
	session_keep_attempt(s);
	session_begin_pulse(s, s->before.number, s->before.pulse + 1);
}

void stage_listen(struct session *s)
{
	if (stage_is_loaded(s))
		s->attempt.series = proof_series(&s->context, &s->attempt);
	if (s->attempt.caused_by_us && stages_ended_badly(s)) {
		end_badly(s);
	} else if (stage_is_loaded(s) && !session_holds(s, PROOF_CERTAIN)) {
		session_conclude(s);
	} else if (stage_is_loaded(s) && !needs_another_pulse(s)) {
		begin_settling(s);
	} else if (is_strange(s)) {
		s->attempt.changed_speed = true;
		s->next_baud = 74880;
		s->state = SESSION_LISTEN_SPEED;
		return;
	} else if (s->now_ms >= listen_end(s) && stage_is_loaded(s) && s->deadline_ms > s->now_ms) {
		repeat_pulse(s);
		return;
	} else if (s->now_ms >= listen_end(s)) {
		session_conclude(s);
	} else if (s->now_ms >= s->deadline_ms) {
		s->attempt.cut_off = true;
		session_conclude(s);
	}
	if (s->state == SESSION_LISTEN)
		s->state_end_ms = listen_end(s);
}

void stage_settle(struct session *s)
{
	int64_t end_ms;

	if (stages_ended_badly(s)) {
		end_badly(s);
		return;
	}
	if (!session_holds(s, PROOF_NOT_COPYING)) { /* said behind the line that reported the load */
		s->state = SESSION_LISTEN;
		return;
	}
	end_ms = s->state_end_ms = settle_end(s);
	if (stages_follow_application(s))
		return;
	if (must_change_speed(s)) {
		int64_t change_ms = up_since(s) + COLD_SPEED_MS;

		s->state_end_ms = clk_earlier(s->state_end_ms, change_ms);
		if (s->now_ms >= change_ms || hears_application(s)) {
			s->next_baud = 115200;
			s->state = SESSION_SETTLE_SPEED;
			return;
		}
	}
	if (s->now_ms < clk_earlier(end_ms, s->deadline_ms))
		return;
	s->attempt.settled = s->now_ms >= end_ms;
	if (!s->config.conditions || proof_missing(&s->context, &s->attempt) != PROOF_RULES) {
		session_conclude(s);
		return;
	}
	s->proven = true;
	session_note_that(s, SESSION_NOTE_PROVEN);
	s->next_baud = s->config.baud ? s->config.baud : s->appspeed.found_baud ? s->appspeed.found_baud : s->baud;
	if (s->next_baud != s->baud) {
		s->attempt.follows = true;
		s->attempt.follows_since_ms = s->now_ms;
	}
	s->state = s->next_baud == s->baud ? SESSION_CONDITIONS : SESSION_APP_SPEED;
}

/* Nothing that a port at 115200 hears of a faster application names its speed: once the reset is proven, it is listened to
 * above all speeds for a while. */
static bool seek_speed(struct session *s)
{
	struct appspeed *h = &s->appspeed;
	int faster = appspeed_faster(h);

	if (faster) {
		s->attempt.follows = true;
		change_speed(s, faster, SESSION_APP_SPEED);
	} else if (!s->sought_ms && !s->config.baud && !h->found_baud && h->strange && s->baud == 115200) {
		s->sought_ms = s->now_ms;
		change_speed(s, appspeed_fastest(), SESSION_APP_SPEED);
	} else if (s->baud == appspeed_fastest() && h->found_baud != s->baud && s->now_ms - s->sought_ms >= SEEK_MS) {
		change_speed(s, 115200, SESSION_APP_SPEED);
	} else {
		return false;
	}
	return true;
}

void stage_await_conditions(struct session *s)
{
	if (seek_speed(s))
		return;
	s->state_end_ms = s->deadline_ms;
	if (s->baud == appspeed_fastest())
		s->state_end_ms = clk_earlier(s->state_end_ms, s->sought_ms + SEEK_MS);
	if (s->attempt.follows && s->attempt.hidden > HIDDEN_MAX)
		s->attempt.fragments++;
	if (stages_ended_badly(s) || !session_holds(s, PROOF_NO_TROUBLE) || !session_holds(s, PROOF_CLEAR)) {
		session_conclude(s);
	} else if (s->conditions_met) {
		s->state_end_ms = talk_end(s, s->met_ms);
		if (s->now_ms >= clk_earlier(s->state_end_ms, s->deadline_ms))
			session_conclude(s);
	} else if (!session_holds(s, PROOF_NO_FRAGMENT)) { /* no proof any more: the next lines say of what */
		if (s->torn_ms < 0)
			s->torn_ms = s->now_ms;
		s->state_end_ms = s->torn_ms + TORN_GRACE_MS;
		if (s->now_ms >= clk_earlier(s->state_end_ms, s->deadline_ms))
			session_conclude(s);
	} else if (s->now_ms >= s->deadline_ms) {
		session_condition_failed(s, s->now_ms, VERDICT_EXPECT_TIMEOUT, "the conditions were not met in time");
	}
}
