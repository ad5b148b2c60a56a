/* circuit.c - the decisions of --probe-wiring: which experiment comes next, and which circuit the experiments show. */
#include "session/circuit.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/modem.h"

#define N 0U
#define D ((unsigned int)MODEM_DTR)
#define R ((unsigned int)MODEM_RTS)
#define B (D | R)

#define HOLD_MS 100
#define LONG_HOLD_MS 1000
#define NOTHING_MS 2500
/* The longest experiment takes this long. No experiment begins if less time is left. */
#define EXPERIMENT_MAX_MS 4000
#define CONFIRMATIONS 2
#define CONFIRMATIONS_MAX 4
/* The repetitions of a reset hold the board in reset for this time and for HOLD_MS in turn. Suppose that the modem
 * lines have no effect, and that the board restarts by itself at equal intervals. Then the unequal holds change the
 * time from the release of the modem lines to the banner by more than TOLERANCE_MS, which exposes the board. */
#define CONFIRM_HOLD_MS 250
#define TOLERANCE_MS 60
/* The probe tries the second baud rate (74880 or 115200 Bd) only if at least this many bytes came. */
#define BYTES_MIN 16

/* In the first step of an experiment the modem lines are held for hold_ms. In later steps the probe waits for a banner;
 * once a banner has come, it plays the remaining steps without waiting. Experiments that compare two modem lines change
 * one line at a time. Otherwise one line would change slightly before the other, which could reset the board. */
const struct circuit_experiment circuit_experiments[WIRING_EXPERIMENTS] = {
	[WIRING_TRY_BOTH] = { { B, N }, 2, HOLD_MS },
	[WIRING_TRY_RTS] = { { R, N }, 2, HOLD_MS },
	[WIRING_TRY_DTR] = { { D, N }, 2, HOLD_MS },
	/* On a board with two transistors EN rises when the second line is asserted. On a board with plain wires EN
	 * rises when the first line is released. */
	[WIRING_TRY_RTS_THEN_BOTH] = { { R, B, D, N }, 4, HOLD_MS },
	[WIRING_TRY_DTR_THEN_BOTH] = { { D, B, R, N }, 4, HOLD_MS },
	/* On a board with two transistors these two experiments lead into download mode. */
	[WIRING_TRY_RTS_THEN_DTR] = { { R, D, N }, 3, HOLD_MS },
	[WIRING_TRY_DTR_THEN_RTS] = { { D, R, N }, 3, HOLD_MS },
	/* These two experiments assert a modem line for a long time. If a banner comes while the line is asserted, the
	 * line is wired inverted. If other bytes come while it is asserted, the line does not reset the board. */
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

/* For each modem line that may drive EN: the experiments with this line, and the circuits that they tell apart. */
static const struct suspect {
	enum wiring_experiment alone, held_long, then_both, then_other;
	enum wiring_circuit transistors, direct, only, unclear;
	/* Texts for the user about a board with two transistors: the other modem line reaches GPIO0, or does not. */
	const char *other_reaches, *other_does_not;
} suspects[] = {
	{ WIRING_TRY_RTS, WIRING_TRY_RTS_LONG, WIRING_TRY_RTS_THEN_BOTH, WIRING_TRY_RTS_THEN_DTR,
	  WIRING_TWO_TRANSISTORS, WIRING_DIRECT, WIRING_RTS_ONLY, WIRING_RTS, ", DTR alone pulls GPIO0 low",
	  "; DTR was not seen to reach GPIO0" },
	{ WIRING_TRY_DTR, WIRING_TRY_DTR_LONG, WIRING_TRY_DTR_THEN_BOTH, WIRING_TRY_DTR_THEN_RTS,
	  WIRING_TWO_TRANSISTORS_SWAPPED, WIRING_SWAPPED, WIRING_DTR_ONLY, WIRING_DTR, ", RTS alone pulls GPIO0 low",
	  "; RTS was not seen to reach GPIO0" },
};

static const struct suspect *const on_rts = &suspects[0], *const on_dtr = &suspects[1];

const char *wiring_name(enum wiring_circuit circuit)
{
	return circuits[circuit].name;
}

/* ---- from the results of experiments to the circuit ---- */

bool circuit_is_copying(const struct wiring *w)
{
	const struct boot *boot = bootlog_boot(&w->log);

	return boot && boot->copying;
}

bool circuit_counts(const struct wiring *w, const struct wiring_trial *t)
{
	return t->seen && (t->strong || !w->strong_resets);
}

static bool has_reset(const struct wiring *w, enum wiring_experiment e)
{
	return circuit_counts(w, &w->trials[e]);
}

/* Which modem line resets the board if it alone is asserted. both: neither resets it alone, but both together do. */
struct found {
	bool rts, dtr, both;
};

static struct found circuit_found(const struct wiring *w)
{
	bool rts = has_reset(w, on_rts->alone) || has_reset(w, on_rts->held_long);
	bool dtr = has_reset(w, on_dtr->alone) || has_reset(w, on_dtr->held_long);

	return (struct found){ rts, dtr, !rts && !dtr && has_reset(w, WIRING_TRY_BOTH) };
}

/* The only line that resets the board. NULL if neither line does, if each line does, or if only both together do. */
static const struct suspect *only_suspect(const struct found *f)
{
	return f->rts == f->dtr ? NULL : f->rts ? on_rts : on_dtr;
}

static enum wiring_circuit circuit_of_suspect(const struct wiring *w, const struct suspect *line)
{
	const struct wiring_trial *t = &w->trials[line->then_both];
	const struct wiring_trial *alone = &w->trials[has_reset(w, line->alone) ? line->alone : line->held_long];

	if (!circuit_counts(w, t))
		return line->unclear;
	if (t->where == 1)
		return line->transistors;
	/* The effect of the second line stays unknown if the board does not boot from flash even while this line is
	 * released, because something else then holds GPIO0 low. */
	if (t->where != 2 || t->source == BOOT_SOURCE_UNKNOWN || alone->source != BOOT_SOURCE_FLASH)
		return line->unclear;
	return t->source == BOOT_SOURCE_FLASH ? line->only : line->direct;
}

static enum wiring_circuit circuit_of(const struct wiring *w, const struct found *f)
{
	if (f->both)
		return WIRING_BOTH;
	if (f->rts && f->dtr)
		return WIRING_EITHER;
	return circuit_of_suspect(w, f->rts ? on_rts : on_dtr);
}

static const char *gpio0_words(const struct wiring *w, const struct found *f)
{
	const struct suspect *line = only_suspect(f);
	const struct wiring_trial *t = line ? &w->trials[line->then_other] : NULL;

	if (!line || circuit_of(w, f) != line->transistors || !circuit_counts(w, t) || t->source == BOOT_SOURCE_UNKNOWN)
		return "";
	return t->source == BOOT_SOURCE_FLASH ? line->other_does_not : line->other_reaches;
}

/* ---- how a probe ends ---- */

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

static void take_circuit(struct wiring *w, enum wiring_circuit circuit)
{
	struct wiring_result *r = &w->result;

	r->circuit = circuit;
	snprintf(r->sequence, sizeof(r->sequence), "%s", circuits[circuit].sequence);
	snprintf(r->esptool, sizeof(r->esptool), "%s", circuits[circuit].esptool);
	if (circuit != WIRING_NONE)
		r->resets = w->strong_resets ? w->strong_resets : w->weak_resets;
}

static void end_without(struct wiring *w, enum verdict verdict, const char *text, const struct advice *advice)
{
	w->result.verdict = verdict;
	w->result.advice = advice;
	snprintf(w->result.text, sizeof(w->result.text), "%s", text);
	w->state = WIRING_END;
}

static void end_found(struct wiring *w, const struct found *f)
{
	enum wiring_circuit c = circuit_of(w, f);
	struct wiring_result *r = &w->result;
	const char *then = "and runs";

	take_circuit(w, c);
	r->verdict = VERDICT_READY;
	if (w->good < CONFIRMATIONS) {
		bool download = w->elsewhere_source == BOOT_SOURCE_DOWNLOAD;

		then = download ? "and came up in download mode" : "and booted from elsewhere than flash";
		r->verdict = download ? VERDICT_DOWNLOAD_MODE : VERDICT_OTHER_BOOT;
		r->advice = &strap_held;
	}
	snprintf(r->text, sizeof(r->text), "%s%s; it was reset %d times %s", circuits[c].text, gpio0_words(w, f),
		 r->resets, then);
	w->rescue = 0; /* no rescue is needed: the last experiment has reset the board */
	w->state = WIRING_END;
}

static void end_nothing(struct wiring *w)
{
	const struct wiring_trial *rts = &w->trials[WIRING_TRY_RTS_LONG], *dtr = &w->trials[WIRING_TRY_DTR_LONG];
	bool talks_unasked = w->trials[WIRING_TRY_NOTHING].bytes > 0;

	if (w->bytes && !talks_unasked && (!rts->bytes_late || !dtr->bytes_late) && (rts->bytes || dtr->bytes)) {
		end_without(w, VERDICT_UNPROVEN,
			    "the board spoke after a line was let go, but no boot banner could be read", &rom_muted);
		return;
	}
	take_circuit(w, WIRING_NONE);
	if (rts->bytes_late && dtr->bytes_late)
		end_without(w, VERDICT_NO_EFFECT,
			    "nothing is wired: bytes kept coming while RTS and while DTR was asserted", &wire_rts);
	else
		end_without(w, VERDICT_NO_EFFECT, circuits[WIRING_NONE].text, w->bytes ? &wire_rts : &check_power);
}

/* ---- the next experiment ---- */

static void begin_experiment(struct wiring *w, enum wiring_experiment e)
{
	w->current = e;
	w->confirming = false;
	w->hold_ms = circuit_experiments[e].hold_ms;
	w->trial =
		(struct wiring_trial){ .played = w->trials[e].played + 1, .seen_in_hold = w->trials[e].seen_in_hold };
	w->step = 0;
	w->state = WIRING_STEP;
}

/* Begins the experiment, unless it was played @times times already. Return: true if it begins. */
static bool play_up_to(struct wiring *w, enum wiring_experiment e, int times)
{
	if (w->trials[e].played >= times)
		return false;
	begin_experiment(w, e);
	return true;
}

static enum wiring_experiment reset_of(const struct found *f)
{
	return f->both ? WIRING_TRY_BOTH : f->rts ? WIRING_TRY_RTS : WIRING_TRY_DTR;
}

static void begin_confirmation(struct wiring *w, const struct found *f)
{
	begin_experiment(w, reset_of(f));
	w->confirming = true;
	w->hold_ms = w->confirmations % 2 ? HOLD_MS : CONFIRM_HOLD_MS;
}

void circuit_confirmed(struct wiring *w)
{
	const struct wiring_trial *t = &w->trial;
	bool any = w->good + w->elsewhere > 0;
	bool steady = abs(t->late_ms - w->confirmed_late_ms) <= TOLERANCE_MS;

	w->confirmations++;
	/* If this repetition failed, or if its banner came after another delay than the earlier banners, the earlier
	 * good repetitions may have been chance. */
	if (!circuit_counts(w, t) || t->bytes_late || (any && !steady))
		w->good = w->elsewhere = 0;
	if (!circuit_counts(w, t) || t->bytes_late || t->source == BOOT_SOURCE_UNKNOWN)
		return;
	w->confirmed_late_ms = t->late_ms;
	if (t->source == BOOT_SOURCE_FLASH) {
		w->good++;
	} else {
		w->elsewhere++;
		w->elsewhere_source = t->source;
	}
}

/* Changes the port's baud rate, from 115200 to 74880 Bd or the reverse, and begins the probe anew. Only one change is
 * made in a run, and only if enough bytes came. Return: true if the baud rate is to be changed. */
static bool try_other_speed(struct wiring *w)
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

static bool is_source_clear(const struct wiring *w, const struct found *f)
{
	enum wiring_experiment e = reset_of(f);

	return !has_reset(w, e) || w->trials[e].source != BOOT_SOURCE_UNKNOWN;
}

/* If @line drives EN, several circuits are possible. Begins an experiment that tells them apart. Return: false if all
 * such experiments were played. */
static bool play_for_suspect(struct wiring *w, const struct suspect *line)
{
	if (play_up_to(w, line->then_both, 1) || (!has_reset(w, line->then_both) && play_up_to(w, line->then_both, 2)))
		return true;
	return circuit_of_suspect(w, line) == line->transistors && play_up_to(w, line->then_other, 1);
}

static void choose_with_reset(struct wiring *w, const struct found *f)
{
	const struct suspect *line = only_suspect(f);
	bool doubtful = (f->rts && f->dtr) || f->both || !w->strong_resets;

	if ((w->muffled || !is_source_clear(w, f)) && try_other_speed(w))
		return;
	if (doubtful && play_up_to(w, WIRING_TRY_NOTHING, 1))
		return;
	if (doubtful && w->trials[WIRING_TRY_NOTHING].seen) {
		end_without(w, VERDICT_UNPROVEN, "the board restarts by itself: nobody can tell which line resets it",
			    &cure_restarts);
		return;
	}
	if (line && play_for_suspect(w, line))
		return;
	if (w->good >= CONFIRMATIONS || w->elsewhere >= CONFIRMATIONS)
		end_found(w, f);
	else if (w->confirmations < CONFIRMATIONS_MAX)
		begin_confirmation(w, f);
	else
		end_without(w, VERDICT_UNPROVEN, "what seemed to reset the board did not do so again", &try_again);
}

static void choose_without_reset(struct wiring *w)
{
	const struct wiring_trial *rts = &w->trials[WIRING_TRY_RTS_LONG], *dtr = &w->trials[WIRING_TRY_DTR_LONG];
	enum wiring_circuit inverted;

	if (try_other_speed(w) || play_up_to(w, WIRING_TRY_RTS_LONG, 1) || play_up_to(w, WIRING_TRY_DTR_LONG, 1))
		return;
	if ((rts->seen_in_hold && play_up_to(w, WIRING_TRY_RTS_LONG, 2)) ||
	    (dtr->seen_in_hold && play_up_to(w, WIRING_TRY_DTR_LONG, 2)))
		return;
	if (w->bytes && play_up_to(w, WIRING_TRY_NOTHING, 1))
		return;
	if (w->trials[WIRING_TRY_NOTHING].seen || (rts->seen_in_hold < 2 && dtr->seen_in_hold < 2)) {
		end_nothing(w);
		return;
	}
	inverted = rts->seen_in_hold >= 2 ? WIRING_RTS_INVERTED : WIRING_DTR_INVERTED;
	take_circuit(w, inverted);
	end_without(w, VERDICT_NO_EFFECT, circuits[inverted].text, &invert_line);
}

void circuit_choose(struct wiring *w)
{
	struct found f;

	if (circuit_is_copying(w)) {
		end_without(w, VERDICT_UNPROVEN,
			    "the board copies an update for longer than the time-out: it is left alone", &after_copy);
		return;
	}
	if (w->deadline_ms - w->now_ms < EXPERIMENT_MAX_MS) {
		end_without(w, VERDICT_UNPROVEN, "the time was over before the wiring was found", &more_time);
		return;
	}
	if (play_up_to(w, WIRING_TRY_BOTH, 1) || play_up_to(w, WIRING_TRY_RTS, 1) || play_up_to(w, WIRING_TRY_DTR, 1))
		return;
	f = circuit_found(w);
	if (f.rts || f.dtr || f.both)
		choose_with_reset(w, &f);
	else
		choose_without_reset(w);
}
