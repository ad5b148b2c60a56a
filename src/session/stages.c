/* stages.c - an attempt after its reset pulse: listen, settle, find out why the board restarts, wait for conditions. */
#include "session/inside.h"

/* If no load line came this long after the banner began, the chip is in download mode. A chip that boots from flash
 * prints load lines: an ESP8266 at once, the ESP32 family later. */
#define DOWNLOAD_QUIET_MS 300
#define DOWNLOAD_ESP32_MS 1500
/* If a chip boots from flash, its image is loaded at most this long after the banner began. */
#define LOAD_WINDOW_MS 3000
/* After an error such as "invalid header", the chip may still boot another image within this time. */
#define NO_IMAGE_GRACE_MS 1500
/* eboot gets this much time to copy an OTA image. A copy usually takes a few seconds. */
#define COPY_WINDOW_MS 60000
/* If eboot may be copying an OTA image, but has not said so, the session waits until the board has been silent for this
 * long. */
#define PATIENCE_MS 7000
/* Another attempt needs this much time, so SESSION_PATIENCE ends this long before the time limit. */
#define RETRY_TIME_MS 2500
/* The settle time is at least this long, even with --settle 0, because errors of the load appear within it. It depends
 * on the chip. CONFIRM_APP_MS: if an application's text line has come already. */
#define CONFIRM_ESP8266_MS 200
#define CONFIRM_ESP32_MS 500
#define CONFIRM_APP_MS 50
/* If the board has been silent for less than this, it may still be printing: a ROM pauses for less than this between
 * its text lines. */
#define FRESH_MS 60
/* Unreadable bytes prolong the settle time by this much at most. */
#define TALK_EXTRA_MAX_MS 1000
/* The first line of a banner counts as damaged text if it comes alone. Wait this long for the second line, which names
 * the reset cause. */
#define TORN_GRACE_MS 100
/* If this many unreadable bytes came at 115200 Bd, the ROM may be printing at 74880 Bd. A bridge that delivers
 * characters with framing errors needs no such limit: the boot log's reader has recognised the banner by then. */
#define STRANGE_BYTES 20
/* If this many unreadable bytes came at 74880 Bd after the load, an application prints at another baud rate. */
#define APP_BYTES 8
/* If an ESP8266's banner came at 74880 Bd, errors of the load come at 74880 Bd, too. So the port stays at this baud
 * rate for this long after the load. */
#define COLD_SPEED_MS 60
/* Text of this many characters without a pause is longer than an application's greeting. It may be a crash report. */
#define REPORT_CHARACTERS 80
/* To find the baud rate of an application above 115200 Bd, the port listens at APPSPEED_FASTEST_BAUD for this long. */
#define SEEK_MS 3000
/* While conditions are awaited at the application's baud rate, more unreadable bytes than this are not line noise. */
#define HIDDEN_MAX 16
/* The search for the reason of a restart begins only if at least this much time is left. */
#define WHY_LEFT_MS 500
/* At each baud rate SESSION_WHY lasts this long, plus 1.5 times the board's uptime before the restart. */
#define WHY_MS 500
/* An attempt makes at most this many pulses. If these pulses do not complete the series, the series has failed. */
#define PULSES_MAX (2 * PROOF_PULSES)

static bool stage_is_loaded(const struct session *s)
{
	return s->attempt.caused_by_us && session_holds(s, PROOF_LOADED) && session_holds(s, PROOF_NOT_COPYING) &&
	       session_holds(s, PROOF_FLASH);
}

static bool stage_has_failed(const struct session *s)
{
	return !session_holds(s, PROOF_ONE_BOOT) ||
	       (s->attempt.boot.trouble == BOOT_CRASH && !session_holds(s, PROOF_NO_TROUBLE));
}

/* A single ESP8266 banner at 115200 Bd proves nothing, because it may follow a software restart. Is another pulse
 * needed? */
static bool needs_another_pulse(const struct session *s)
{
	const struct attempt *a = &s->attempt;

	return !session_holds(s, PROOF_FRESH) && proof_needs_row(&s->context, a) && !a->passive &&
	       a->pulse < PULSES_MAX && !a->boot.copying && !a->boot.eboot_waits;
}

/* ---- why a board restarts ---- */

/* Has the board restarted without a readable reason? The application may have printed the reason at another baud rate.
 * Then it will print it again before the next restart. */
static bool wants_to_know_why(const struct session *s)
{
	const struct attempt *a = &s->attempt;

	return a->rebooted && !a->asks_why && a->boot.trouble == BOOT_OK && a->next.trouble == BOOT_OK &&
	       a->next.cause_kind != BOOT_CAUSE_WATCHDOG && a->next.cause_kind != BOOT_CAUSE_RTC_WATCHDOG &&
	       a->next.cause_kind != BOOT_CAUSE_BROWNOUT && a->next.cause_kind != BOOT_CAUSE_LOCKUP &&
	       !session_holds(s, PROOF_ONE_BOOT) && appspeed_has_candidate(&s->appspeed) &&
	       s->deadline_ms - s->now_ms > WHY_LEFT_MS;
}

static void ask_at(struct session *s, int baud)
{
	struct attempt *a = &s->attempt;

	a->why_stage_ms = s->now_ms + 3 * (a->rebooted_ms - a->boot.loaded_ms) / 2 + WHY_MS;
	session_set_speed(s, baud, SESSION_WHY);
}

static void ask_why(struct session *s)
{
	/* Because of may_be_loader, a baud rate found from now on is not reported as the application's. */
	s->attempt.asks_why = s->appspeed.may_be_loader = true;
	s->attempt.follows = false;
	ask_at(s, appspeed_candidate(&s->appspeed));
}

void stage_listen_for_why(struct session *s)
{
	struct attempt *a = &s->attempt;
	int baud = appspeed_faster(&s->appspeed);

	s->state_end_ms = clk_earlier(a->why_stage_ms, s->deadline_ms);
	if (a->next.trouble != BOOT_OK || s->now_ms >= s->deadline_ms) {
		session_conclude(s);
		return;
	}
	if (!baud && s->now_ms < a->why_stage_ms)
		return;
	if (!baud && speed_check_answer(&s->appspeed.check) != SPEED_RIGHT)
		baud = appspeed_next_guess(&s->appspeed);
	if (baud)
		ask_at(s, baud);
	else
		session_conclude(s);
}

static void stage_give_up(struct session *s)
{
	if (wants_to_know_why(s))
		ask_why(s);
	else
		session_conclude(s);
}

/* ---- listening ---- */

/* When SESSION_LISTEN ends if no more bytes come. */
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
	/* The application may greet after the load. If it still printed during the next hold, it would seem that the
	 * hold does not reset the board. So wait until the greeting is over. */
	if (stage_is_loaded(s) && needs_another_pulse(s))
		return boot->loaded_ms + CONFIRM_ESP8266_MS + a->pause_ms;
	if (boot->source == BOOT_SOURCE_FLASH)
		return boot->begin_ms + LOAD_WINDOW_MS;
	if (boot->waiting)
		return boot->begin_ms;
	return boot->begin_ms + (boot->source == BOOT_SOURCE_DOWNLOAD && boot->chip != CHIP_ESP8266
					 ? DOWNLOAD_ESP32_MS
					 : DOWNLOAD_QUIET_MS);
}

/* Is the board printing at 74880 Bd while the port is at 115200 Bd? Then the port changes its baud rate during the
 * boot. It would be dangerous to reset the board again instead: if eboot is copying an OTA image, a reset destroys the
 * application. */
static bool sounds_like_74880(const struct session *s)
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

static void begin_following(struct session *s)
{
	s->attempt.follows = true;
	s->attempt.follows_since_ms = s->now_ms;
}

static void begin_settling(struct session *s)
{
	appspeed_begin(&s->appspeed, s->baud, s->attempt.boot.habit);
	if (s->attempt.boot.loaded_ms < s->attempt.release_ms)
		s->attempt.boot.loaded_ms = s->now_ms;
	if (s->attempt.copied)
		s->attempt.copied_ms = s->now_ms;
	/* With conditions and --baud 74880 the port is at the application's baud rate already, and stays there. */
	if (s->config.conditions && s->config.baud == s->baud && s->baud != 115200 && !s->stays) {
		begin_following(s);
		s->in_step = true;
	}
	s->state = SESSION_SETTLE;
}

static void repeat_pulse(struct session *s)
{
	session_keep_attempt(s);
	session_begin_pulse(s, s->before.number, s->before.pulse + 1);
}

void stage_listen(struct session *s)
{
	bool loaded = stage_is_loaded(s);

	if (loaded)
		s->attempt.series = proof_series(&s->context, &s->attempt);
	if (s->attempt.caused_by_us && stage_has_failed(s)) {
		stage_give_up(s);
	} else if (loaded && !session_holds(s, PROOF_CERTAIN)) {
		session_conclude(s);
	} else if (loaded && !needs_another_pulse(s)) {
		begin_settling(s);
	} else if (sounds_like_74880(s)) {
		s->attempt.changed_speed = true;
		session_set_speed(s, 74880, SESSION_LISTEN);
	} else if (s->now_ms >= listen_end(s) && loaded && s->deadline_ms > s->now_ms) {
		repeat_pulse(s);
	} else if (s->now_ms >= listen_end(s)) {
		session_conclude(s);
	} else if (s->now_ms >= s->deadline_ms) {
		s->attempt.cut_off = true;
		session_conclude(s);
	} else {
		s->state_end_ms = listen_end(s);
	}
}

/* ---- settling ---- */

static int confirm_ms(const struct session *s)
{
	const struct boot *boot = &s->attempt.boot;
	int floor_ms = boot->progress >= BOOT_APP   ? CONFIRM_APP_MS
		       : boot->chip == CHIP_ESP8266 ? CONFIRM_ESP8266_MS
						    : CONFIRM_ESP32_MS;

	if (proof_is_left_out(PROOF_SETTLED))
		return 0;
	/* A board that restarts by itself at the interval of the last pulses restarts again within this time. So wait
	 * this long for a restart. */
	if (proof_needs_row(&s->context, &s->attempt) && s->any_before && s->before.caused_by_us)
		floor_ms = (int)clk_later(s->attempt.distance_ms, s->before.distance_ms) + CONFIRM_ESP8266_MS;
	return s->config.settle_ms > floor_ms ? s->config.settle_ms : floor_ms;
}

/* The settle time does not end while unreadable bytes come. They may be a crash report at another baud rate, before a
 * restart. Before its banner a restarting board is silent, for about as long as the time from the release of the modem
 * lines to our banner. So after a longer silence no restart is under way. */
static int64_t talk_end(const struct session *s, int64_t end_ms)
{
	const struct attempt *a = &s->attempt;
	int64_t pause_ms = clk_later(APPSPEED_PAUSE_MS, a->passive ? 0 : a->our_banner_ms - a->release_ms + FRESH_MS) +
			   s->config.latency_ms;

	if (s->unclear_ms <= end_ms - pause_ms || proof_is_left_out(PROOF_CLEAR))
		return end_ms;
	return clk_earlier(s->unclear_ms + pause_ms, end_ms + TALK_EXTRA_MAX_MS);
}

/* The settle time begins at the latest of these: the load, the end of eboot's copy, the port's return to the ROM's baud
 * rate. */
static int64_t settle_begin(const struct session *s)
{
	return clk_later(clk_later(s->attempt.boot.loaded_ms, s->attempt.copied_ms), s->attempt.back_ms);
}

static int64_t settle_end(const struct session *s)
{
	int64_t end = settle_begin(s) + confirm_ms(s);

	if (s->trouble_ms >= 0)
		end = clk_later(end, s->trouble_ms + NO_IMAGE_GRACE_MS);
	return talk_end(s, end);
}

/* Must the port go from 74880 to 115200 Bd? An ESP8266's ROM and eboot print errors of the load at 74880 Bd, like the
 * banner. Once the application runs, a restart is readable at 115200 Bd, whatever the application's baud rate. */
static bool must_change_speed(const struct session *s)
{
	return s->attempt.boot.chip == CHIP_ESP8266 && s->baud == 74880 && s->config.settle_ms > 0 &&
	       !s->attempt.follows;
}

/* Changes the port from 74880 to 115200 Bd some time after the load. If an application prints at another baud rate than
 * 74880 Bd, the change is made at once. Return: true if the port's baud rate is to be set. */
static bool leave_cold_speed(struct session *s)
{
	int64_t change_ms = settle_begin(s) + COLD_SPEED_MS;
	bool application = s->attempt.boot.progress == BOOT_LOADED && s->attempt.unreadable_after_load >= APP_BYTES;

	s->state_end_ms = clk_earlier(s->state_end_ms, change_ms);
	if (s->now_ms < change_ms && !application)
		return false;
	session_set_speed(s, 115200, SESSION_SETTLE);
	return true;
}

/* May the bridge drop characters with framing errors? Then even text that was received wrongly aligned looks clean. */
static bool may_drop(const struct session *s)
{
	return appspeed_may_drop(&s->appspeed) || s->attempt.boot.habit == BOOT_HABIT_DROPS;
}

/* Does the board print a long text at a known baud rate other than the port's? The text may be a crash report, and the
 * port can still receive its rest at the board's baud rate. */
static bool hears_report(const struct session *s)
{
	const struct appspeed *h = &s->appspeed;
	int baud = h->sender_baud;

	/* The port may change to 74880 Bd even if the bridge drops characters, because at 74880 Bd it still receives
	 * enough bytes of a restart. */
	return s->baud == 115200 && !s->stays && baud && baud != s->baud && (baud == 74880 || !may_drop(s)) &&
	       appspeed_characters(h) >= REPORT_CHARACTERS &&
	       s->now_ms - h->last_ms <= s->config.latency_ms + FRESH_MS &&
	       (s->attempt.boot.chip != CHIP_ESP8266 || h->burst_ms - s->attempt.boot.loaded_ms > CHATTER_MS);
}

/* Conditions need the application's text lines from the first one on. Return: the application's baud rate, as soon as
 * it is known from the bytes or from --baud; 0: do not change the port's baud rate now. */
static int wanted_speed(const struct session *s)
{
	const struct appspeed *h = &s->appspeed;
	int app = s->config.baud ? s->config.baud : h->app_baud;

	if (!s->config.conditions || s->stays || s->baud != 115200 || !app || app == s->baud ||
	    receive_may_be_loader(s))
		return 0;
	/* A second stage may still print at the ROM's baud rate, so wait for unreadable bytes. */
	if (s->config.baud)
		return h->unreadable >= 2 || s->attempt.boot.eboot_loads ? app : 0;
	return may_drop(s) ? 0 : app;
}

/* Sets the port to the application's baud rate, and back once no more readable text comes. A restart is readable
 * only at the ROM's baud rate. At the application's baud rate a restart is unreadable bytes, which undo the proof.
 * Return: true if the port's baud rate is to be set. */
static bool stages_follow_application(struct session *s)
{
	struct attempt *a = &s->attempt;
	int64_t silent_ms;

	if (!a->follows) {
		int baud = hears_report(s) ? s->appspeed.sender_baud : wanted_speed(s);

		if (!baud)
			return false;
		begin_following(s);
		s->followed_bytes = 0;
		s->in_step = false;
		session_set_speed(s, baud, SESSION_SETTLE);
		return true;
	}
	if (s->config.conditions && !a->hidden)
		return false;
	silent_ms = clk_later(s->last_byte_ms, a->follows_since_ms) + APPSPEED_PAUSE_MS + s->config.latency_ms;
	if (s->now_ms < silent_ms && !a->hidden) {
		s->state_end_ms = clk_earlier(s->state_end_ms, silent_ms);
		return false;
	}
	a->follows = false;
	a->fragments += a->hidden > 0;
	a->back_ms = s->now_ms;
	s->stays = true;
	session_set_speed(s, 115200, SESSION_SETTLE);
	return true;
}

static void end_settling(struct session *s)
{
	int baud = s->config.baud ? s->config.baud : s->appspeed.app_baud;

	if (!s->config.conditions || proof_missing(&s->context, &s->attempt) != PROOF_RULES) {
		session_conclude(s);
		return;
	}
	s->proven = true;
	session_add_note(s, SESSION_NOTE_PROVEN);
	s->state = SESSION_CONDITIONS;
	if (baud && baud != s->baud) {
		begin_following(s);
		session_set_speed(s, baud, SESSION_CONDITIONS);
	}
}

void stage_settle(struct session *s)
{
	int64_t end_ms;

	if (stage_has_failed(s)) {
		stage_give_up(s);
		return;
	}
	/* The board reported that the image is loaded, but then eboot announced a copy: wait for the end of the
	 * copy. */
	if (!session_holds(s, PROOF_NOT_COPYING)) {
		s->state = SESSION_LISTEN;
		return;
	}
	end_ms = s->state_end_ms = settle_end(s);
	if (stages_follow_application(s) || (must_change_speed(s) && leave_cold_speed(s)))
		return;
	if (s->now_ms < clk_earlier(end_ms, s->deadline_ms))
		return;
	s->attempt.settled = s->now_ms >= end_ms;
	end_settling(s);
}

/* ---- patience with eboot ---- */

/* When SESSION_PATIENCE ends. If eboot has said that it copies, the session waits for the end of the copy. If not, the
 * next bytes end the wait: eboot is silent while it copies, so they come from the application. */
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

/* ---- conditions ---- */

/* A port at 115200 Bd cannot find the baud rate of a faster application. So once the reset is proven, the port listens
 * for a while at a baud rate above all usual ones. Return: true if the port's baud rate is to be set. */
static bool seek_speed(struct session *s)
{
	const struct appspeed *h = &s->appspeed;
	int faster = appspeed_faster(h);

	if (faster) {
		s->attempt.follows = true;
		session_set_speed(s, faster, SESSION_CONDITIONS);
	} else if (!s->sought_ms && !s->config.baud && !h->app_baud && h->strange && s->baud == 115200) {
		s->sought_ms = s->now_ms;
		session_set_speed(s, APPSPEED_FASTEST_BAUD, SESSION_CONDITIONS);
	} else if (s->baud == APPSPEED_FASTEST_BAUD && h->app_baud != s->baud && s->now_ms - s->sought_ms >= SEEK_MS) {
		session_set_speed(s, 115200, SESSION_CONDITIONS);
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
	if (s->baud == APPSPEED_FASTEST_BAUD)
		s->state_end_ms = clk_earlier(s->state_end_ms, s->sought_ms + SEEK_MS);
	if (s->attempt.follows && s->attempt.hidden > HIDDEN_MAX)
		s->attempt.fragments++;
	if (stage_has_failed(s) || !session_holds(s, PROOF_NO_TROUBLE) || !session_holds(s, PROOF_CLEAR)) {
		session_conclude(s);
	} else if (s->conditions_met) {
		s->state_end_ms = talk_end(s, s->met_ms);
		if (s->now_ms >= clk_earlier(s->state_end_ms, s->deadline_ms))
			session_conclude(s);
	} else if (!session_holds(s, PROOF_NO_FRAGMENT)) {
		/* Damaged words of a ROM came. Wait for text lines that show the reset cause. */
		if (s->torn_ms < 0)
			s->torn_ms = s->now_ms;
		s->state_end_ms = s->torn_ms + TORN_GRACE_MS;
		if (s->now_ms >= clk_earlier(s->state_end_ms, s->deadline_ms))
			session_conclude(s);
	} else if (s->now_ms >= s->deadline_ms) {
		session_condition_failed(s, s->now_ms, VERDICT_EXPECT_TIMEOUT, "the conditions were not met in time");
	}
}
