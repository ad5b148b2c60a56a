/* wiring.c - finds out which line resets a board and which reaches GPIO0: experiments, and what follows from them. */
#include "session/wiring.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clk.h"
#include "base/modem.h"

#define N 0U
#define D ((unsigned int)MODEM_DTR)
#define R ((unsigned int)MODEM_RTS)
#define B (D | R)

#define HOLD_MS 100
/* Bytes this early in a hold were on their way before it: bridge buffers, latency timers. */
#define PAST_MS 50
/* Release to the banner's first byte: EN's RC (10 kOhm with up to 10 uF: 140 ms) and the ROM's start. */
#define WINDOW_MS 1000
/* ... once it is known how late this board's banner is, waiting for three times as long will do. */
#define WINDOW_LEAST_MS 200
#define LONG_HOLD_MS 1000
#define NOTHING_MS 2500
/* After a banner the board is left alone until it has loaded, so that nobody resets a board that begins to copy. */
#define LOAD_MS 1500
#define LOADED_MS 200
#define ELSEWHERE_MS 300
#define COPY_MS 60000
#define EXPERIMENT_MAX_MS 4000
#define CONFIRMATIONS 2
#define CONFIRMATIONS_MAX 4
/* What was found is tried with holds that differ by more than the banner's delay may: a board that resets itself,
 * be it in step with us, keeps to its own time. */
#define CONFIRM_HOLD_MS 250
#define TOLERANCE_MS 60
#define BYTES_MIN 16

/* Lines asserted, step by step; each ends with none. The first step is held, in the others a banner is waited for; when
 * it has come, the rest is walked through at once. Where two lines differ in what they did, one changes at a time, so
 * that no skew between them makes a reset of its own. */
static const struct experiment {
	unsigned int lines[4];
	size_t n;
	int hold_ms;
} experiments[WIRING_EXPERIMENTS] = {
	[WIRING_TRY_BOTH] = { { B, N }, 2, HOLD_MS }, /* what open() asserted, let go */
	[WIRING_TRY_RTS] = { { R, N }, 2, HOLD_MS },
	[WIRING_TRY_DTR] = { { D, N }, 2, HOLD_MS },
	/* Two transistors let EN rise when the other line is added; a wire when its own line is released. */
	[WIRING_TRY_RTS_THEN_BOTH] = { { R, B, D, N }, 4, HOLD_MS },
	[WIRING_TRY_DTR_THEN_BOTH] = { { D, B, R, N }, 4, HOLD_MS },
	/* The way into download mode on two transistors. */
	[WIRING_TRY_RTS_THEN_DTR] = { { R, D, N }, 3, HOLD_MS },
	[WIRING_TRY_DTR_THEN_RTS] = { { D, R, N }, 3, HOLD_MS },
	/* A banner in the hold: the line is inverted. Bytes in it: the line reaches nothing. */
	[WIRING_TRY_RTS_LONG] = { { R, N }, 2, LONG_HOLD_MS },
	[WIRING_TRY_DTR_LONG] = { { D, N }, 2, LONG_HOLD_MS },
	[WIRING_TRY_NOTHING] = { { N }, 1, NOTHING_MS },
};

#define RTS_SEQUENCE "D0|R1|W0.1|R0"
#define DTR_SEQUENCE "R0|D1|W0.1|D0"
#define BOTH_SEQUENCE "U1,1|W0.1|U0,0"

static const struct circuit {
	const char *name;
	const char *sequence, *esptool;
	const char *text;
} circuits[WIRING_CIRCUITS] = {
	[WIRING_UNKNOWN] = { NULL, "", "", "" },
	[WIRING_NONE] = { "none", "", "", "nothing is wired: neither RTS nor DTR resets this board" },
	[WIRING_TWO_TRANSISTORS] = { "two-transistors", "rts", RTS_SEQUENCE,
				     "two transistors: RTS asserted alone resets the board" },
	[WIRING_TWO_TRANSISTORS_SWAPPED] = { "two-transistors-swapped", DTR_SEQUENCE, DTR_SEQUENCE,
					     "two transistors, swapped: DTR asserted alone resets the board" },
	[WIRING_DIRECT] = { "direct", "rts", RTS_SEQUENCE, "RTS resets the board, DTR reaches GPIO0" },
	[WIRING_SWAPPED] = { "swapped", DTR_SEQUENCE, DTR_SEQUENCE, "DTR resets the board, RTS reaches GPIO0" },
	[WIRING_RTS_ONLY] = { "rts-only", "rts", RTS_SEQUENCE, "RTS resets the board, nothing reaches GPIO0" },
	[WIRING_DTR_ONLY] = { "dtr-only", DTR_SEQUENCE, DTR_SEQUENCE, "DTR resets the board, nothing reaches GPIO0" },
	[WIRING_RTS] = { "rts", "rts", RTS_SEQUENCE, "RTS resets the board; what DTR does could not be told" },
	[WIRING_DTR] = { "dtr", DTR_SEQUENCE, DTR_SEQUENCE, "DTR resets the board; what RTS does could not be told" },
	[WIRING_EITHER] = { "either", "rts", RTS_SEQUENCE, "either line resets the board" },
	[WIRING_BOTH] = { "both", "both", BOTH_SEQUENCE, "only both lines together reset the board" },
	[WIRING_RTS_INVERTED] = { "rts-inverted", "", "",
				  "RTS is wired upside down: the board is in reset while RTS is released" },
	[WIRING_DTR_INVERTED] = { "dtr-inverted", "", "",
				  "DTR is wired upside down: the board is in reset while DTR is released" },
};

const char *wiring_name(enum wiring_circuit circuit)
{
	return circuits[circuit].name;
}

/* -------------------------------------------------------------------------------------------------
 * What the reader tells
 */

static void init_log(struct wiring *w)
{
	struct bootlog_options options = { .recover_74880 = w->baud == 115200 && w->config.crystal_mhz != 40 };

	bootlog_init(&w->log, &options);
}

static bool is_hardware(const struct boot *boot)
{
	return boot->cause_kind == BOOT_CAUSE_HARDWARE || boot->cause_kind == BOOT_CAUSE_USB;
}

/* A restart by software repeats the last hardware cause on an ESP8266; what tells them apart is the speed, 74880 and
 * 115200, unless its crystal has 40 MHz (docs/hardware.md). */
static bool is_strong(const struct wiring *w, const struct boot *boot)
{
	return boot->chip != CHIP_ESP8266 || boot->rx_speed == BOOT_RX_74880 || w->baud == 74880;
}

static void wiring_banner(struct wiring *w, const struct boot *boot)
{
	struct wiring_trial *t = &w->now;
	bool strong = is_strong(w, boot);
	size_t where = 0;

	if (!is_hardware(boot))
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
	/* Where a bridge swallows characters, some modes sound alike, and some banners are known by the silence behind them. */
	if (event->boot && event->boot->rx_speed == BOOT_RX_74880 && event->boot->habit != BOOT_HABIT_DELIVERS)
		w->muffled = true;
	/* Recovered from the wrong speed, the mode may be clear a little later than the cause. */
	if (event->boot && w->now.seen && event->boot->number == w->now.boot)
		w->now.source = event->boot->source;
}

static bool wiring_is_copying(const struct wiring *w)
{
	const struct boot *boot = bootlog_boot(&w->log);

	return boot && boot->copying;
}

/* -------------------------------------------------------------------------------------------------
 * Ends
 */

static void wiring_release(struct wiring *w)
{
	w->result.total_ms = (int)(w->now_ms - w->start_ms);
	w->state = w->lines_known && !w->lines ? WIRING_OVER : WIRING_RELEASE;
}

/* A board that an experiment has sent into download mode is reset once more, whatever ended it; not a bridge that is
 * gone, and not a board that copies its update. */
static void wiring_finish(struct wiring *w)
{
	if (w->rescue && !wiring_is_copying(w) && w->result.verdict != VERDICT_UNPLUGGED)
		w->state = WIRING_RESCUE;
	else
		wiring_release(w);
}

static void take_circuit(struct wiring *w, enum wiring_circuit circuit)
{
	struct wiring_result *r = &w->result;

	r->circuit = circuit;
	snprintf(r->sequence, sizeof(r->sequence), "%s", circuits[circuit].sequence);
	snprintf(r->esptool, sizeof(r->esptool), "%s", circuits[circuit].esptool);
}

static const struct advice
	strap_held = { "strap-held",
		       "GPIO0 or another strap is held at reset by something else: a button, a part, a wire" },
	invert_line = { "invert-line", "no program can leave such a board running: invert the line" },
	rom_muted = { "rom-muted",
		      "the ROM's messages may be switched off, or the speed is wrong; try --sequence rts and others "
		      "by hand" },
	wire_rts = { "wire-rts", "use --no-reset and the button, or wire RTS to EN; see \"Wiring\" in espreset(1)" },
	check_power = { "check-power",
			"not one byte came: if the button brings none either, check TX, ground and power first" },
	cure_restarts = { "cure-restarts", "cure that first: espreset --no-reset shows what it prints" },
	try_again = { "try-again",
		      "try once more; a board that restarts by itself cannot be told from one that is reset" },
	after_copy = { "update-is-copied", "try again when it has done, or give more --timeout" },
	more_time = { "more-time", "give more --timeout" };

static void end_without(struct wiring *w, enum verdict verdict, const char *text, const struct advice *advice)
{
	w->result.verdict = verdict;
	w->result.advice = advice;
	snprintf(w->result.text, sizeof(w->result.text), "%s", text);
	wiring_finish(w);
}

/* -------------------------------------------------------------------------------------------------
 * What follows from the experiments
 */

/* Banners that come warm are no resets of a board whose resets come cold. */
static bool trial_counts(const struct wiring *w, const struct wiring_trial *t)
{
	return t->seen && (t->strong || !w->strong_resets);
}

static bool trials_reset(const struct wiring *w, enum wiring_experiment a, enum wiring_experiment b)
{
	return trial_counts(w, &w->trials[a]) || trial_counts(w, &w->trials[b]);
}

struct found {
	bool rts, dtr, both;
};

static struct found wiring_look(const struct wiring *w)
{
	struct found f = {
		.rts = trials_reset(w, WIRING_TRY_RTS, WIRING_TRY_RTS_LONG),
		.dtr = trials_reset(w, WIRING_TRY_DTR, WIRING_TRY_DTR_LONG),
	};

	f.both = !f.rts && !f.dtr && trial_counts(w, &w->trials[WIRING_TRY_BOTH]);
	return f;
}

static bool boots_from_flash(const struct wiring *w, enum wiring_experiment a, enum wiring_experiment b)
{
	const struct wiring_trial *t = trial_counts(w, &w->trials[a]) ? &w->trials[a] : &w->trials[b];

	return t->source == BOOT_SOURCE_FLASH;
}

static enum wiring_circuit circuit_of_rts(const struct wiring *w)
{
	const struct wiring_trial *t = &w->trials[WIRING_TRY_RTS_THEN_BOTH];

	if (!trial_counts(w, t))
		return WIRING_RTS;
	if (t->where == 1)
		return WIRING_TWO_TRANSISTORS;
	if (t->where != 2 || t->source == BOOT_SOURCE_UNKNOWN ||
	    !boots_from_flash(w, WIRING_TRY_RTS, WIRING_TRY_RTS_LONG))
		return WIRING_RTS; /* something else holds GPIO0 low: the line cannot be told from it */
	return t->source == BOOT_SOURCE_FLASH ? WIRING_RTS_ONLY : WIRING_DIRECT;
}

static enum wiring_circuit circuit_of_dtr(const struct wiring *w)
{
	const struct wiring_trial *t = &w->trials[WIRING_TRY_DTR_THEN_BOTH];

	if (!trial_counts(w, t))
		return WIRING_DTR;
	if (t->where == 1)
		return WIRING_TWO_TRANSISTORS_SWAPPED;
	if (t->where != 2 || t->source == BOOT_SOURCE_UNKNOWN ||
	    !boots_from_flash(w, WIRING_TRY_DTR, WIRING_TRY_DTR_LONG))
		return WIRING_DTR;
	return t->source == BOOT_SOURCE_FLASH ? WIRING_DTR_ONLY : WIRING_SWAPPED;
}

static enum wiring_circuit wiring_circuit(const struct wiring *w)
{
	struct found f = wiring_look(w);

	if (f.both)
		return WIRING_BOTH;
	if (f.rts && f.dtr)
		return WIRING_EITHER;
	return f.rts ? circuit_of_rts(w) : circuit_of_dtr(w);
}

/* What the other line does beside two transistors. */
static const char *gpio0_words(const struct wiring *w, enum wiring_circuit c)
{
	const struct wiring_trial *rts = &w->trials[WIRING_TRY_RTS_THEN_DTR];
	const struct wiring_trial *dtr = &w->trials[WIRING_TRY_DTR_THEN_RTS];

	if (c == WIRING_TWO_TRANSISTORS && trial_counts(w, rts) && rts->source != BOOT_SOURCE_UNKNOWN)
		return rts->source == BOOT_SOURCE_FLASH ? "; DTR was not seen to reach GPIO0"
							: ", DTR alone pulls GPIO0 low";
	if (c == WIRING_TWO_TRANSISTORS_SWAPPED && trial_counts(w, dtr) && dtr->source != BOOT_SOURCE_UNKNOWN)
		return dtr->source == BOOT_SOURCE_FLASH ? "; RTS was not seen to reach GPIO0"
							: ", RTS alone pulls GPIO0 low";
	return "";
}

static void end_found(struct wiring *w)
{
	enum wiring_circuit c = wiring_circuit(w);
	struct wiring_result *r = &w->result;
	bool elsewhere = w->good < CONFIRMATIONS;
	const char *then = !elsewhere					 ? "and runs"
			   : w->elsewhere_source == BOOT_SOURCE_DOWNLOAD ? "and came up in download mode"
									 : "and booted from elsewhere than flash";

	take_circuit(w, c);
	r->resets = w->strong_resets ? w->strong_resets : w->weak_resets;
	r->verdict = VERDICT_READY;
	if (elsewhere) {
		r->verdict = w->elsewhere_source == BOOT_SOURCE_DOWNLOAD ? VERDICT_DOWNLOAD_MODE : VERDICT_OTHER_BOOT;
		r->advice = &strap_held;
	}
	snprintf(r->text, sizeof(r->text), "%s%s; it was reset %d times %s", circuits[c].text, gpio0_words(w, c),
		 r->resets, then);
	w->rescue = 0; /* what was tried last was the reset itself */
	wiring_finish(w);
}

static void end_inverted(struct wiring *w, enum wiring_circuit c)
{
	take_circuit(w, c);
	w->result.resets = w->strong_resets ? w->strong_resets : w->weak_resets;
	end_without(w, VERDICT_NO_EFFECT, circuits[c].text, &invert_line);
}

static bool hears_by_itself(const struct wiring *w)
{
	return w->trials[WIRING_TRY_NOTHING].bytes > 0;
}

static void end_nothing(struct wiring *w)
{
	const struct wiring_trial *rts = &w->trials[WIRING_TRY_RTS_LONG], *dtr = &w->trials[WIRING_TRY_DTR_LONG];

	take_circuit(w, WIRING_NONE);
	if (w->bytes && !hears_by_itself(w) && (!rts->bytes_late || !dtr->bytes_late) && (rts->bytes || dtr->bytes)) {
		take_circuit(w, WIRING_UNKNOWN);
		end_without(w, VERDICT_UNPROVEN,
			    "the board spoke after a line was let go, but no boot banner could be read", &rom_muted);
	} else if (rts->bytes_late && dtr->bytes_late) {
		end_without(w, VERDICT_NO_EFFECT,
			    "nothing is wired: bytes kept coming while RTS and while DTR was asserted", &wire_rts);
	} else {
		end_without(w, VERDICT_NO_EFFECT, circuits[WIRING_NONE].text, w->bytes ? &wire_rts : &check_power);
	}
}

/* -------------------------------------------------------------------------------------------------
 * Which experiment is next
 */

static void wiring_begin(struct wiring *w, enum wiring_experiment e)
{
	w->current = e;
	w->confirming = false;
	w->hold_ms = experiments[e].hold_ms;
	w->now = (struct wiring_trial){ .played = w->trials[e].played + 1, .seen_in_hold = w->trials[e].seen_in_hold };
	w->step = 0;
	w->state = WIRING_STEP;
}

static bool wiring_plays(struct wiring *w, enum wiring_experiment e, int times)
{
	if (w->trials[e].played >= times)
		return false;
	wiring_begin(w, e);
	return true;
}

/* What was found is played as it will be used. */
static void wiring_confirm(struct wiring *w, const struct found *f)
{
	wiring_begin(w, f->both ? WIRING_TRY_BOTH : f->rts ? WIRING_TRY_RTS : WIRING_TRY_DTR);
	w->confirming = true;
	w->hold_ms = w->confirmations % 2 ? HOLD_MS : CONFIRM_HOLD_MS;
}

/* Unreadable: the ROM may speak at the other speed, and the reader has not recovered what matters. */
static bool tries_other_speed(struct wiring *w)
{
	if (w->second_speed || w->config.crystal_mhz == 40 || w->bytes < BYTES_MIN)
		return false;
	w->good = w->elsewhere = w->confirmations = 0;
	w->second_speed = true;
	for (int e = 0; e < WIRING_EXPERIMENTS; e++)
		w->trials[e] = (struct wiring_trial){ 0 };
	w->state = WIRING_SPEED;
	return true;
}

static bool is_mode_clear(const struct wiring *w, const struct found *f)
{
	const struct wiring_trial *t = &w->trials[f->both ? WIRING_TRY_BOTH : f->rts ? WIRING_TRY_RTS : WIRING_TRY_DTR];

	return !trial_counts(w, t) || t->source != BOOT_SOURCE_UNKNOWN;
}

static void choose_with_reset(struct wiring *w, const struct found *f)
{
	bool doubtful = (f->rts && f->dtr) || f->both || !w->strong_resets;

	if ((w->muffled || !is_mode_clear(w, f)) && tries_other_speed(w))
		return;
	if (doubtful && wiring_plays(w, WIRING_TRY_NOTHING, 1))
		return;
	if (doubtful && w->trials[WIRING_TRY_NOTHING].seen)
		end_without(w, VERDICT_UNPROVEN, "the board restarts by itself: nobody can tell which line resets it",
			    &cure_restarts);
	else if (f->rts && !f->dtr &&
		 (wiring_plays(w, WIRING_TRY_RTS_THEN_BOTH, 1) ||
		  (!trial_counts(w, &w->trials[WIRING_TRY_RTS_THEN_BOTH]) &&
		   wiring_plays(w, WIRING_TRY_RTS_THEN_BOTH, 2))))
		return;
	else if (f->dtr && !f->rts &&
		 (wiring_plays(w, WIRING_TRY_DTR_THEN_BOTH, 1) ||
		  (!trial_counts(w, &w->trials[WIRING_TRY_DTR_THEN_BOTH]) &&
		   wiring_plays(w, WIRING_TRY_DTR_THEN_BOTH, 2))))
		return;
	else if (wiring_circuit(w) == WIRING_TWO_TRANSISTORS && wiring_plays(w, WIRING_TRY_RTS_THEN_DTR, 1))
		return;
	else if (wiring_circuit(w) == WIRING_TWO_TRANSISTORS_SWAPPED && wiring_plays(w, WIRING_TRY_DTR_THEN_RTS, 1))
		return;
	else if (w->good >= CONFIRMATIONS || w->elsewhere >= CONFIRMATIONS)
		end_found(w);
	else if (w->confirmations < CONFIRMATIONS_MAX)
		wiring_confirm(w, f);
	else
		end_without(w, VERDICT_UNPROVEN, "what seemed to reset the board did not do so again", &try_again);
}

static bool is_inverted(const struct wiring *w, enum wiring_experiment e)
{
	return w->trials[e].seen_in_hold >= 2 && !w->trials[WIRING_TRY_NOTHING].seen;
}

static void choose_without_reset(struct wiring *w)
{
	if (tries_other_speed(w) || wiring_plays(w, WIRING_TRY_RTS_LONG, 1) || wiring_plays(w, WIRING_TRY_DTR_LONG, 1))
		return;
	if ((w->trials[WIRING_TRY_RTS_LONG].seen_in_hold && wiring_plays(w, WIRING_TRY_RTS_LONG, 2)) ||
	    (w->trials[WIRING_TRY_DTR_LONG].seen_in_hold && wiring_plays(w, WIRING_TRY_DTR_LONG, 2)))
		return;
	if (w->bytes && wiring_plays(w, WIRING_TRY_NOTHING, 1))
		return;
	if (is_inverted(w, WIRING_TRY_RTS_LONG))
		end_inverted(w, WIRING_RTS_INVERTED);
	else if (is_inverted(w, WIRING_TRY_DTR_LONG))
		end_inverted(w, WIRING_DTR_INVERTED);
	else
		end_nothing(w);
}

static void wiring_choose(struct wiring *w)
{
	struct found f;

	if (wiring_is_copying(w)) {
		end_without(w, VERDICT_UNPROVEN,
			    "the board copies an update for longer than the time-out: it is left alone", &after_copy);
		return;
	}
	if (w->deadline_ms - w->now_ms < EXPERIMENT_MAX_MS) {
		end_without(w, VERDICT_UNPROVEN, "the time was over before the wiring was found", &more_time);
		return;
	}
	if (wiring_plays(w, WIRING_TRY_BOTH, 1) || wiring_plays(w, WIRING_TRY_RTS, 1) ||
	    wiring_plays(w, WIRING_TRY_DTR, 1))
		return;
	f = wiring_look(w);
	if (f.rts || f.dtr || f.both)
		choose_with_reset(w, &f);
	else
		choose_without_reset(w);
}

/* -------------------------------------------------------------------------------------------------
 * Playing one
 */

static void end_confirmation(struct wiring *w)
{
	const struct wiring_trial *t = &w->now;
	bool any = w->good + w->elsewhere > 0;
	bool steady = t->late_ms - w->late_ms <= TOLERANCE_MS && w->late_ms - t->late_ms <= TOLERANCE_MS;

	w->confirmations++;
	if (!trial_counts(w, t) || t->bytes_late || (any && !steady)) /* one after the other, or it was luck */
		w->good = w->elsewhere = 0;
	if (!trial_counts(w, t) || t->bytes_late || t->source == BOOT_SOURCE_UNKNOWN)
		return;
	w->late_ms = t->late_ms;
	if (t->source == BOOT_SOURCE_FLASH) {
		w->good++;
	} else {
		w->elsewhere++;
		w->elsewhere_source = t->source;
	}
}

static void end_experiment(struct wiring *w)
{
	struct wiring_trial *t = &w->now;

	if (trial_counts(w, t) && w->window_ms == WINDOW_MS && t->strong) {
		int enough = 3 * t->late_ms + 2 * w->config.latency_ms;

		w->window_ms = enough < WINDOW_LEAST_MS ? WINDOW_LEAST_MS : enough > WINDOW_MS ? WINDOW_MS : enough;
	}
	if (trial_counts(w, t) && t->source == BOOT_SOURCE_FLASH && experiments[w->current].n == 2)
		w->rescue = 0;
	if (w->confirming)
		end_confirmation(w);
	else
		w->trials[w->current] = *t;
	w->state = WIRING_CHOOSE;
}

/* The banner has come: until the board has loaded, or shown that it will not. Boots may follow boots for ever. */
static int64_t after_end(const struct wiring *w)
{
	const struct boot *boot = bootlog_boot(&w->log);
	int64_t most = w->entered_ms[w->now.where] + w->now.late_ms + LOAD_MS;

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
	bool last = w->step + 1 == experiments[w->current].n;

	if (w->step == 0)
		return w->entered_ms[0] + w->hold_ms;
	if (!w->now.seen)
		return w->entered_ms[w->step] + w->window_ms + w->config.latency_ms;
	return last ? clk_earlier(after_end(w), w->deadline_ms) : w->now_ms;
}

static void wiring_dwell(struct wiring *w)
{
	if (w->now_ms < dwell_end(w))
		return;
	if (!w->now.seen)
		bootlog_flush(&w->log, w->now_ms, wiring_event, w); /* what comes now starts a line of its own */
	if (w->step + 1 == experiments[w->current].n) {
		end_experiment(w);
		return;
	}
	w->step++;
	w->state = WIRING_STEP;
}

/* From here on EN may have risen with GPIO0 low. */
static void note_rescue(struct wiring *w)
{
	const struct experiment *e = &experiments[w->current];

	if (e->n > 2 && w->step > 0)
		w->rescue = e->lines[0];
}

/* -------------------------------------------------------------------------------------------------
 * The machine
 */

void wiring_init(struct wiring *w, const struct wiring_config *config, int64_t now_ms)
{
	memset(w, 0, sizeof(*w));
	w->config = *config;
	w->start_ms = w->now_ms = now_ms;
	w->deadline_ms = now_ms + config->timeout_ms;
	w->baud = config->baud;
	w->window_ms = WINDOW_MS;
	w->lines = B; /* what open() does on Linux (drivers/tty/tty_port.c) */
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
			wiring_choose(w);
		else if (w->state == WIRING_DWELL)
			wiring_dwell(w);
		else if (w->state == WIRING_RESCUE_HOLD && w->now_ms >= w->entered_ms[0] + HOLD_MS)
			wiring_release(w);
	} while (w->state != before);
}

void wiring_next(struct wiring *w, int64_t now_ms, struct action *ret)
{
	w->now_ms = now_ms;
	wiring_advance(w);
	*ret = (struct action){ .kind = ACTION_DONE };
	switch (w->state) {
	case WIRING_SPEED:
		ret->kind = ACTION_SET_SPEED;
		ret->baud = other_speed(w);
		break;
	case WIRING_STEP:
	case WIRING_RESCUE:
	case WIRING_RELEASE:
		ret->kind = ACTION_SET_LINES;
		ret->lines = B;
		ret->asserted = w->state == WIRING_STEP	    ? experiments[w->current].lines[w->step]
				: w->state == WIRING_RESCUE ? w->rescue
							    : N;
		break;
	case WIRING_DWELL:
		ret->kind = ACTION_READ;
		ret->deadline_ms = dwell_end(w);
		break;
	case WIRING_RESCUE_HOLD:
		ret->kind = ACTION_READ;
		ret->deadline_ms = w->entered_ms[0] + HOLD_MS;
		break;
	default: break;
	}
}

static void wiring_lines_set(struct wiring *w)
{
	w->lines = experiments[w->current].lines[w->step];
	w->lines_known = true;
	w->entered_ms[w->step] = w->now_ms;
	note_rescue(w);
	w->state = WIRING_DWELL;
}

void wiring_did(struct wiring *w, int64_t now_ms, int r)
{
	w->now_ms = now_ms;
	if (w->state == WIRING_RELEASE) { /* the last try; closing the port does the rest */
		w->lines = N;
		w->lines_known = true;
		w->state = WIRING_OVER;
	} else if (r < 0) {
		wiring_failed(w, now_ms, -r);
	} else if (w->state == WIRING_RESCUE) {
		w->lines = w->rescue;
		w->lines_known = true;
		w->entered_ms[0] = now_ms;
		w->state = WIRING_RESCUE_HOLD;
	} else if (w->state == WIRING_STEP) {
		wiring_lines_set(w);
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
	w->now.bytes += (long)n;
	if (w->state == WIRING_DWELL && w->step == 0 && now_ms - w->entered_ms[0] > PAST_MS)
		w->now.bytes_late += (long)n;
	bootlog_feed(&w->log, bytes, n, now_ms, wiring_event, w);
}

void wiring_failed(struct wiring *w, int64_t now_ms, int err)
{
	bool rescuing = w->state == WIRING_RESCUE || w->state == WIRING_RESCUE_HOLD;

	w->now_ms = now_ms;
	if (rescuing) { /* the first failure is the one to tell */
		w->lines_known = false;
		wiring_release(w);
		return;
	}
	if (w->state == WIRING_STEP) {
		w->lines_known = false;
		note_rescue(w); /* who knows how far the operation came */
	}
	w->result = (struct wiring_result){ .verdict = verdict_of_errno(err), .err = err };
	wiring_finish(w);
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
