/* wiring.h - --probe-wiring as a state machine: finds out which line resets a board, and which reaches GPIO0.
 *
 * Order of use (src/run/loop.c is the loop):
 *	wiring_init(&w, &config, now_ms);		the port is open; open() has asserted both lines
 *	for (;;) {
 *		wiring_next(&w, now_ms, &action);
 *		SET_LINES, SET_SPEED: do it, then wiring_did(&w, now_ms, 0 or negative errno)
 *		READ: read until action.deadline_ms. Bytes: wiring_input(); error: wiring_did(); deadline: nothing
 *		DONE: take wiring_result(&w), close the port
 *	}
 *
 * The probe plays experiments (circuit.h): it asserts lines, holds and changes them. The ROM's banner then shows in
 * which step EN rose, and what GPIO0 was. The reset that was found is tried twice more, which also leaves the board
 * running. However the probe ends, the lines are released, and a board that an experiment sent into download mode is
 * reset once more.
 *
 * Pure: no system call, no clock, no allocation. Times are monotonic milliseconds that the caller hands in.
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
	int baud;	 /* the speed that the port was opened with */
	int crystal_mhz; /* ESP8266: 26 or 40; 0: not known */
	int timeout_ms;
	int latency_ms; /* the bridge's latency timer: received bytes may arrive this much later */
};

enum wiring_circuit {
	WIRING_UNKNOWN,
	WIRING_NONE,		/* nothing resets the board */
	WIRING_TWO_TRANSISTORS, /* EN is low when only RTS is asserted, GPIO0 when only DTR is */
	WIRING_TWO_TRANSISTORS_SWAPPED,
	WIRING_DIRECT,	 /* RTS to EN, DTR to GPIO0 */
	WIRING_SWAPPED,	 /* DTR to EN, RTS to GPIO0 */
	WIRING_RTS_ONLY, /* RTS to EN, DTR to nothing */
	WIRING_DTR_ONLY,
	WIRING_RTS, /* RTS resets the board; what DTR does is not known */
	WIRING_DTR,
	WIRING_EITHER,	     /* either line resets the board */
	WIRING_BOTH,	     /* only both lines together reset the board */
	WIRING_RTS_INVERTED, /* the board is in reset while RTS is released */
	WIRING_DTR_INVERTED,
	WIRING_CIRCUITS
};

struct wiring_result {
	enum verdict verdict; /* VERDICT_READY: circuit found, reset repeated, and the board booted from flash */
	int err;	      /* positive errno behind a verdict with status 30 to 35; else 0 */
	enum wiring_circuit circuit;
	char sequence[SEQUENCE_TEXT_MAX]; /* for --sequence; "": none */
	char esptool[SEQUENCE_TEXT_MAX];  /* for esptool's custom_hard_reset_sequence; "": none */
	int resets;			  /* how often the board was reset */
	int total_ms;
	char text[192];
	const struct advice *advice; /* the next thing to do; NULL: none */
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

/* The outcome of an experiment. */
struct wiring_trial {
	int played;	    /* how often this experiment was played */
	bool seen;	    /* a banner came that this experiment can have caused */
	bool strong;	    /* a restart by software cannot have printed that banner */
	int where;	    /* index of the step in which the banner began */
	int late_ms;	    /* from that step to the banner */
	unsigned long boot; /* boot.number of that banner's boot */
	enum boot_source source;
	int seen_in_hold; /* how many banners began in the first step */
	long bytes;	  /* received during the experiment */
	long bytes_late;  /* received later than 50 ms into the first step */
};

enum wiring_state {
	WIRING_CHOOSE,	    /* an experiment is to be chosen */
	WIRING_SPEED,	    /* the port's speed is to be changed between 115200 and 74880 Bd */
	WIRING_STEP,	    /* the lines of a step are to be set */
	WIRING_DWELL,	    /* reading until the step is over */
	WIRING_END,	    /* the result is known; the board may still be in download mode */
	WIRING_RESCUE,	    /* lines are to be asserted to reset a board in download mode */
	WIRING_RESCUE_HOLD, /* reading until that reset has been held long enough */
	WIRING_RELEASE,	    /* both lines are to be released */
	WIRING_OVER,
};

struct wiring {
	struct wiring_config config;
	enum wiring_state state;
	struct bootlog log;
	int64_t start_ms, deadline_ms, now_ms;
	int baud;	   /* the port's speed now */
	bool muffled;	   /* the bridge drops or changes characters of a banner at another speed */
	bool second_speed; /* both speeds were tried, because banners were unreadable */
	bool lines_known;
	unsigned int lines; /* asserted lines; an assumption until lines_known */
	enum wiring_experiment current;
	int hold_ms;		   /* of the first step of the current experiment */
	size_t step;		   /* index of the current step */
	int64_t entered_ms[4];	   /* when each step's lines were set */
	struct wiring_trial trial; /* of the current experiment */
	struct wiring_trial trials[WIRING_EXPERIMENTS];
	bool confirming;       /* the current experiment repeats the reset that was found */
	int confirmations;     /* how many such repetitions were played */
	int good;	       /* number of successive repetitions that booted from flash */
	int elsewhere;	       /* number of successive repetitions that booted from another source */
	int confirmed_late_ms; /* late_ms of the last repetition that was good or elsewhere */
	enum boot_source elsewhere_source;
	int window_ms; /* how long to wait for a banner */
	int strong_resets, weak_resets;
	long bytes;	     /* received since wiring_init() */
	unsigned int rescue; /* lines to assert to end a download mode that an experiment has caused; 0: none */
	struct wiring_result result;
};

/** wiring_init() - a new probe; @config is copied */
void wiring_init(struct wiring *w, const struct wiring_config *config, int64_t now_ms);
/** wiring_next() - what to do with the port now; see the order of use above */
void wiring_next(struct wiring *w, int64_t now_ms, struct action *ret);
/** wiring_did() - SET_LINES or SET_SPEED is done (0), or any action failed: a negative errno, which ends the probe */
void wiring_did(struct wiring *w, int64_t now_ms, int r);
/** wiring_input() - the action READ has brought @n bytes, at least one */
void wiring_input(struct wiring *w, int64_t now_ms, const void *bytes, size_t n);
/** wiring_is_asserting() - may a line be asserted now? Then the caller must not block on output. */
bool wiring_is_asserting(const struct wiring *w);
/** wiring_result() - valid after ACTION_DONE, as long as the probe */
const struct wiring_result *wiring_result(const struct wiring *w);
/** wiring_name() - the circuit as a word; NULL for WIRING_UNKNOWN */
const char *wiring_name(enum wiring_circuit circuit);

#endif
