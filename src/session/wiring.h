/* wiring.h - --probe-wiring as a state machine: finds out which modem line resets a board, and which reaches GPIO0.
 *
 * Order of use (src/run/loop.c is the loop):
 *	wiring_init(&w, &config, now_ms);		the port is open; open() has asserted both modem lines
 *	for (;;) {
 *		wiring_next(&w, now_ms, &action);
 *		SET_LINES, SET_SPEED: do it, then wiring_did(&w, now_ms, 0 or negative errno)
 *		READ: read until action.deadline_ms. Bytes: wiring_input(). Error: wiring_did(). Deadline: nothing
 *		DONE: get wiring_result(&w), close the port, leave the loop
 *	}
 *
 * The probe plays experiments (circuit.h). An experiment asserts modem lines, holds them, and changes them. The time of
 * the ROM's banner shows in which step EN rose. The banner's boot mode shows the level of GPIO0. Once an experiment has
 * reset the board, the probe plays this experiment twice more, to confirm the result and to leave the board running.
 *
 * However the probe ends, both modem lines are released. If an experiment has sent the board into download mode, the
 * board is reset once more.
 *
 * Pure: no system call, no clock, no allocation. The caller passes times, which are monotonic milliseconds.
 */
#ifndef ESPRESET_SESSION_WIRING_H
#define ESPRESET_SESSION_WIRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/advice.h"
#include "bootlog/bootlog.h"
#include "session/action.h"
#include "session/sequence.h"

struct wiring_config {
	int baud;	 /* the baud rate at which the port was opened */
	int crystal_mhz; /* MHz of an ESP8266's crystal: 26 or 40; 0: unknown */
	int timeout_ms;
	int latency_ms; /* the bridge's latency timer: it may delay received bytes by this much */
};

enum wiring_circuit {
	WIRING_UNKNOWN,
	WIRING_NONE, /* no modem line resets the board */
	/* EN is low if RTS alone is asserted. GPIO0 is low if DTR alone is asserted. */
	WIRING_TWO_TRANSISTORS,
	WIRING_TWO_TRANSISTORS_SWAPPED,
	WIRING_DIRECT,	 /* RTS is wired to EN, DTR to GPIO0 */
	WIRING_SWAPPED,	 /* DTR is wired to EN, RTS to GPIO0 */
	WIRING_RTS_ONLY, /* RTS is wired to EN, DTR to nothing */
	WIRING_DTR_ONLY,
	WIRING_RTS, /* RTS resets the board; the effect of DTR is unknown */
	WIRING_DTR,
	WIRING_EITHER,	     /* RTS alone resets the board, and so does DTR alone */
	WIRING_BOTH,	     /* only both modem lines together reset the board */
	WIRING_RTS_INVERTED, /* the board is in reset while RTS is released */
	WIRING_DTR_INVERTED,
	WIRING_CIRCUITS
};

struct wiring_result {
	/* VERDICT_READY: the circuit was found, its reset was repeated, and the board booted from flash. */
	enum verdict verdict;
	int err; /* if the verdict has exit status 30 to 35: the positive errno behind it; else 0 */
	enum wiring_circuit circuit;
	char sequence[SEQUENCE_TEXT_MAX]; /* value for --sequence; "": none */
	char esptool[SEQUENCE_TEXT_MAX];  /* value for esptool's custom_hard_reset_sequence; "": none */
	int resets;			  /* how often the probe has reset the board */
	int total_ms;
	char text[192];
	const struct advice *advice; /* what the user should do next; NULL: nothing */
};

/* clang-format off */
enum wiring_experiment {
	WIRING_TRY_BOTH, WIRING_TRY_RTS, WIRING_TRY_DTR,
	WIRING_TRY_RTS_THEN_BOTH, WIRING_TRY_DTR_THEN_BOTH,
	WIRING_TRY_RTS_THEN_DTR, WIRING_TRY_DTR_THEN_RTS,
	WIRING_TRY_RTS_LONG, WIRING_TRY_DTR_LONG,
	WIRING_TRY_NOTHING,
	WIRING_EXPERIMENTS
};
/* clang-format on */

/* What an experiment has shown. */
struct wiring_trial {
	int played;	    /* how often this experiment was played */
	bool seen;	    /* a banner came that this experiment can have caused */
	bool strong;	    /* the banner certainly follows a hardware reset */
	int where;	    /* index of the step in which the banner began */
	int late_ms;	    /* delay from the start of the banner's step to the banner */
	unsigned long boot; /* boot.number of the boot that began with the banner */
	enum boot_source source;
	int seen_in_hold; /* how many banners began in the first step */
	long bytes;	  /* number of bytes received during the experiment */
	/* Number of bytes received in the first step, except in its first 50 ms. */
	long bytes_late;
};

enum wiring_state {
	WIRING_CHOOSE,	    /* choose the next experiment */
	WIRING_SPEED,	    /* change the port's baud rate, from 115200 to 74880 Bd or the reverse */
	WIRING_STEP,	    /* set the modem lines of a step */
	WIRING_DWELL,	    /* read until the step is over */
	WIRING_END,	    /* the result is known; the board may still be in download mode */
	WIRING_RESCUE,	    /* assert modem lines, to reset a board that is in download mode */
	WIRING_RESCUE_HOLD, /* read until the board has been held in reset for long enough */
	WIRING_RELEASE,	    /* release both modem lines */
	WIRING_OVER,
};

struct wiring {
	struct wiring_config config;
	enum wiring_state state;
	struct bootlog log;
	int64_t start_ms, deadline_ms, now_ms;
	int baud;     /* the port's baud rate now */
	bool muffled; /* the bridge drops or changes characters with framing errors */
	/* The probe has changed the port's baud rate, from 115200 to 74880 Bd or the reverse, because banners could not
	 * be read well. */
	bool second_speed;
	bool lines_known;
	unsigned int lines; /* asserted modem lines; only assumed while lines_known is false */
	enum wiring_experiment current;
	int hold_ms;		   /* how long the first step of the current experiment lasts */
	size_t step;		   /* index of the current step */
	int64_t entered_ms[4];	   /* when the modem lines of each step were set */
	struct wiring_trial trial; /* what the current experiment has shown */
	struct wiring_trial trials[WIRING_EXPERIMENTS];
	bool confirming;   /* the current experiment repeats the reset that was found */
	int confirmations; /* how often the reset was repeated */
	int good;	   /* after how many repetitions in a row the board booted from flash */
	int elsewhere;	   /* after how many repetitions in a row the board booted, but not from flash */
	/* trial.late_ms of the last repetition that was counted in good or elsewhere. */
	int confirmed_late_ms;
	enum boot_source elsewhere_source;
	int window_ms; /* how long a step waits for a banner */
	int strong_resets, weak_resets;
	long bytes; /* number of bytes received since wiring_init() */
	/* An experiment may have sent the board into download mode. Then these modem lines are asserted to reset the
	 * board. 0: no reset is needed. */
	unsigned int rescue;
	struct wiring_result result;
};

/** wiring_init() - begin a probe; @config is copied */
void wiring_init(struct wiring *w, const struct wiring_config *config, int64_t now_ms);
/** wiring_next() - returns in @ret what to do with the port now; see the order of use at the top of this file */
void wiring_next(struct wiring *w, int64_t now_ms, struct action *ret);
/** wiring_did() - @r: 0: SET_LINES or SET_SPEED is done; negative errno: the action failed, which ends the probe */
void wiring_did(struct wiring *w, int64_t now_ms, int r);
/** wiring_input() - the action READ has brought @n bytes, at least one */
void wiring_input(struct wiring *w, int64_t now_ms, const void *bytes, size_t n);
/** wiring_is_asserting() - may a modem line be asserted now? If so, the caller must not block on output. */
bool wiring_is_asserting(const struct wiring *w);
/** wiring_result() - call it after ACTION_DONE; the result is a member of @w */
const struct wiring_result *wiring_result(const struct wiring *w);
/** wiring_name() - the circuit as a word in the program's output; NULL for WIRING_UNKNOWN */
const char *wiring_name(enum wiring_circuit circuit);

#endif
