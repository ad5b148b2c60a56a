/* wiring.c - --probe-wiring: plays experiments on the modem lines, and learns from the ROM's banners when EN rose. */
#include "session/wiring.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/clk.h"
#include "base/modem.h"
#include "session/circuit.h"

#define BOTH_LINES ((unsigned int)(MODEM_DTR | MODEM_RTS))

/* Bytes that come this soon after a hold began may have been sent before it, because bridges delay received bytes. */
#define PAST_MS 50
/* A banner begins at most this long after the modem lines were released. EN rises slowly through its RC circuit (10
 * kOhm, up to 10 uF: 140 ms); then the ROM starts. After the first banner the probe waits only three times that
 * banner's delay, but WINDOW_LEAST_MS at least. */
#define WINDOW_MS 1000
#define WINDOW_LEAST_MS 200
/* No modem line changes between a banner and the end of the load, because a reset in between might interrupt eboot's
 * copy. LOAD_MS: longest wait for the load. LOADED_MS: wait after the load. ELSEWHERE_MS: wait after a banner that
 * shows another boot mode than flash. COPY_MS: longest wait for a copy. */
#define LOAD_MS 1500
#define LOADED_MS 200
#define ELSEWHERE_MS 300
#define COPY_MS 60000
#define RESCUE_MS 100

/* ---- banners ---- */

static void init_log(struct wiring *w)
{
	struct bootlog_options options = { .recover_74880 = w->baud == 115200 && w->config.crystal_mhz != 40 };

	bootlog_init(&w->log, &options);
}

/* Does this banner certainly follow a hardware reset? After a software restart an ESP8266 reports its last hardware
 * reset again. But it then prints at 115200 instead of 74880 Bd, unless its crystal has 40 MHz (docs/hardware.md). */
static bool is_strong(const struct wiring *w, const struct boot *boot)
{
	return boot->chip != CHIP_ESP8266 || boot->rx_speed == BOOT_RX_74880 || w->baud == 74880;
}

static void wiring_banner(struct wiring *w, const struct boot *boot)
{
	struct wiring_trial *t = &w->trial;
	bool strong = is_strong(w, boot);
	size_t where = 0;

	if (boot->cause_kind != BOOT_CAUSE_HARDWARE && boot->cause_kind != BOOT_CAUSE_USB)
		return;
	w->strong_resets += strong;
	w->weak_resets += !strong;
	if (t->seen && (t->strong || !strong))
		return;
	while (where < w->step && boot->begin_ms >= w->entered_ms[where + 1])
		where++;
	t->seen_in_hold += where == 0;
	if (where == 0 && w->current != WIRING_TRY_NOTHING)
		return;
	t->seen = true;
	t->strong = strong;
	t->where = (int)where;
	t->late_ms = (int)(boot->begin_ms - w->entered_ms[where]);
	t->source = boot->source;
	t->boot = boot->number;
}

static void wiring_event(void *user, const struct boot_event *event)
{
	struct wiring *w = user;

	if (event->kind == BOOT_EVENT_BANNER)
		wiring_banner(w, event->boot);
	/* If the bridge drops or changes characters with framing errors, several boot modes look alike to a port at
	 * 115200 Bd. So note that the port should change to 74880 Bd. */
	if (event->boot && event->boot->rx_speed == BOOT_RX_74880 && event->boot->habit != BOOT_HABIT_DELIVERS)
		w->muffled = true;
	/* If a banner was read at the wrong baud rate, its boot mode may become known later than its reset cause. So
	 * copy it here. */
	if (event->boot && w->trial.seen && event->boot->number == w->trial.boot)
		w->trial.source = event->boot->source;
}

/* ---- playing an experiment ---- */

static void wiring_release(struct wiring *w)
{
	w->result.total_ms = (int)(w->now_ms - w->start_ms);
	w->state = w->lines_known && !w->lines ? WIRING_OVER : WIRING_RELEASE;
}

/* Ends the probe. If an experiment has left the board in download mode, the board is reset first. It is not reset while
 * eboot copies an OTA image, or if the bridge was unplugged. */
static void wiring_finish(struct wiring *w)
{
	if (w->rescue && !circuit_is_copying(w) && w->result.verdict != VERDICT_UNPLUGGED)
		w->state = WIRING_RESCUE;
	else
		wiring_release(w);
}

static void end_experiment(struct wiring *w)
{
	const struct wiring_trial *t = &w->trial;

	if (circuit_counts(w, t) && w->window_ms == WINDOW_MS && t->strong)
		w->window_ms = (int)clk_earlier(WINDOW_MS,
						clk_later(WINDOW_LEAST_MS, 3 * t->late_ms + 2 * w->config.latency_ms));
	if (circuit_counts(w, t) && t->source == BOOT_SOURCE_FLASH && circuit_experiments[w->current].n == 2)
		w->rescue = 0;
	if (w->confirming)
		circuit_confirmed(w);
	else
		w->trials[w->current] = *t;
	w->state = WIRING_CHOOSE;
}

/* When the last step ends if a banner came: once the board has loaded its image, or has shown that it will load none.
 * If the board boots again and again, the step does not last longer. */
static int64_t after_banner(const struct wiring *w)
{
	const struct boot *boot = bootlog_boot(&w->log);
	int64_t most = w->entered_ms[w->trial.where] + w->trial.late_ms + LOAD_MS;

	if (!boot)
		return w->now_ms;
	if (boot->copying)
		return boot->begin_ms + COPY_MS;
	if (boot->source == BOOT_SOURCE_DOWNLOAD || boot->source == BOOT_SOURCE_OTHER)
		return clk_earlier(boot->begin_ms + ELSEWHERE_MS, most);
	return boot->loaded_ms >= boot->begin_ms ? clk_earlier(boot->loaded_ms + LOADED_MS, most) : most;
}

static int64_t dwell_end(const struct wiring *w)
{
	bool last = w->step + 1 == circuit_experiments[w->current].n;

	if (w->step == 0)
		return w->entered_ms[0] + w->hold_ms;
	if (!w->trial.seen)
		return w->entered_ms[w->step] + w->window_ms + w->config.latency_ms;
	return last ? clk_earlier(after_banner(w), w->deadline_ms) : w->now_ms;
}

static void wiring_dwell(struct wiring *w)
{
	if (w->now_ms < dwell_end(w))
		return;
	/* If no banner came in this step, the next bytes belong to another text line, so end the current text line. */
	if (!w->trial.seen)
		bootlog_flush(&w->log, w->now_ms, wiring_event, w);
	if (w->step + 1 == circuit_experiments[w->current].n) {
		end_experiment(w);
		return;
	}
	w->step++;
	w->state = WIRING_STEP;
}

/* If an experiment has more than two steps, EN may rise while GPIO0 is low, from the second step on. Then the board is
 * in download mode, so note how to reset it. */
static void note_rescue(struct wiring *w)
{
	const struct circuit_experiment *e = &circuit_experiments[w->current];

	if (e->n > 2 && w->step > 0)
		w->rescue = e->lines[0];
}

/* ---- the state machine ---- */

void wiring_init(struct wiring *w, const struct wiring_config *config, int64_t now_ms)
{
	memset(w, 0, sizeof(*w));
	w->config = *config;
	w->start_ms = w->now_ms = now_ms;
	w->deadline_ms = now_ms + config->timeout_ms;
	w->baud = config->baud;
	w->window_ms = WINDOW_MS;
	w->lines = BOTH_LINES; /* open() on Linux asserts both modem lines (drivers/tty/tty_port.c) */
	w->state = WIRING_CHOOSE;
	init_log(w);
}

static int other_speed(const struct wiring *w)
{
	return w->baud == 74880 ? 115200 : 74880;
}

static void wiring_advance(struct wiring *w)
{
	enum wiring_state before;

	do {
		before = w->state;
		if (w->state == WIRING_CHOOSE)
			circuit_choose(w);
		else if (w->state == WIRING_DWELL)
			wiring_dwell(w);
		else if (w->state == WIRING_END)
			wiring_finish(w);
		else if (w->state == WIRING_RESCUE_HOLD && w->now_ms >= w->entered_ms[0] + RESCUE_MS)
			wiring_release(w);
	} while (w->state != before);
}

void wiring_next(struct wiring *w, int64_t now_ms, struct action *ret)
{
	w->now_ms = now_ms;
	wiring_advance(w);
	switch (w->state) {
	case WIRING_SPEED: *ret = (struct action){ .kind = ACTION_SET_SPEED, .baud = other_speed(w) }; break;
	case WIRING_STEP: *ret = action_lines(BOTH_LINES, circuit_experiments[w->current].lines[w->step]); break;
	case WIRING_RESCUE: *ret = action_lines(BOTH_LINES, w->rescue); break;
	case WIRING_RELEASE: *ret = action_lines(BOTH_LINES, 0); break;
	case WIRING_DWELL: *ret = action_read(dwell_end(w)); break;
	case WIRING_RESCUE_HOLD: *ret = action_read(w->entered_ms[0] + RESCUE_MS); break;
	default: *ret = (struct action){ .kind = ACTION_DONE }; break;
	}
}

static void wiring_set(struct wiring *w, unsigned int lines, enum wiring_state next)
{
	w->lines = lines;
	w->lines_known = true;
	w->state = next;
}

static void wiring_failed(struct wiring *w, int err)
{
	/* The probe had its result before it began to reset the board out of download mode. A failure of this reset
	 * does not change the result. */
	if (w->state == WIRING_RESCUE || w->state == WIRING_RESCUE_HOLD) {
		w->lines_known = false;
		wiring_release(w);
		return;
	}
	/* The modem lines may have changed before setting them failed. */
	if (w->state == WIRING_STEP) {
		w->lines_known = false;
		note_rescue(w);
	}
	w->result = (struct wiring_result){ .verdict = verdict_of_errno(err), .err = err };
	wiring_finish(w);
}

void wiring_did(struct wiring *w, int64_t now_ms, int r)
{
	w->now_ms = now_ms;
	/* If releasing the modem lines failed, this does not matter: closing the port releases them, too. */
	if (w->state == WIRING_RELEASE) {
		wiring_set(w, 0, WIRING_OVER);
	} else if (r < 0) {
		wiring_failed(w, -r);
	} else if (w->state == WIRING_RESCUE) {
		wiring_set(w, w->rescue, WIRING_RESCUE_HOLD);
		w->entered_ms[0] = now_ms;
	} else if (w->state == WIRING_STEP) {
		wiring_set(w, circuit_experiments[w->current].lines[w->step], WIRING_DWELL);
		w->entered_ms[w->step] = now_ms;
		note_rescue(w);
	} else {
		w->baud = other_speed(w);
		init_log(w);
		w->state = WIRING_CHOOSE;
	}
}

void wiring_input(struct wiring *w, int64_t now_ms, const void *bytes, size_t n)
{
	w->now_ms = now_ms;
	w->bytes += (long)n;
	w->trial.bytes += (long)n;
	if (w->state == WIRING_DWELL && w->step == 0 && now_ms - w->entered_ms[0] > PAST_MS)
		w->trial.bytes_late += (long)n;
	bootlog_feed(&w->log, bytes, n, now_ms, wiring_event, w);
}

bool wiring_is_asserting(const struct wiring *w)
{
	return !w->lines_known || w->lines;
}

const struct wiring_result *wiring_result(const struct wiring *w)
{
	assert(w->state == WIRING_OVER);
	return &w->result;
}
