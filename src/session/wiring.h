/* wiring.h - finds out which line resets a board and which reaches GPIO0, as a state machine: what to do with the port.
 *
 * Order of use (src/run/loop.c is the loop):
 *	wiring_init(&w, &config, now_ms);		the port is open, both lines asserted by open()
 *	for (;;) {
 *		wiring_next(&w, now_ms, &action);
 *		SET_LINES, SET_SPEED: do it, then wiring_did(&w, now_ms, 0 or -errno)
 *		READ: read until action.deadline_ms, then wiring_input(); on an error wiring_failed(); at the
 *			deadline nothing
 *		DONE: wiring_result(&w); close the port
 *	}
 *
 * It plays experiments (a table in wiring.c): lines are asserted, held, changed, and what the ROM prints then tells
 * where EN rose and what GPIO0 was. What it has found it tries twice more; with that the board ends, reset and
 * running. Whatever fails, the lines are released, and a board that was sent into download mode is reset once more.
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
	int baud;	 /* that the port was opened with */
	int crystal_mhz; /* ESP8266: 26 or 40 */
	int timeout_ms;
	int latency_ms; /* what the bridge may keep back */
};

enum wiring_circuit {
	WIRING_UNKNOWN,
	WIRING_NONE,		/* nothing resets the board */
	WIRING_TWO_TRANSISTORS, /* EN low when only RTS is asserted, GPIO0 low when only DTR is */
	WIRING_TWO_TRANSISTORS_SWAPPED,
	WIRING_DIRECT,	 /* RTS to EN, DTR to GPIO0 */
	WIRING_SWAPPED,	 /* DTR to EN, RTS to GPIO0 */
	WIRING_RTS_ONLY, /* RTS to EN; DTR reaches nothing */
	WIRING_DTR_ONLY,
	WIRING_RTS, /* RTS resets; what DTR does could not be told */
	WIRING_DTR,
	WIRING_EITHER,	     /* either line resets */
	WIRING_BOTH,	     /* only both together reset */
	WIRING_RTS_INVERTED, /* in reset while RTS is released */
	WIRING_DTR_INVERTED,
	WIRING_CIRCUITS
};

struct wiring_result {
	enum verdict verdict; /* VERDICT_READY: found, tried twice, and the board booted from flash */
	int err;	      /* positive errno behind a 30-35 verdict; 0 */
	enum wiring_circuit circuit;
	char sequence[SEQUENCE_TEXT_MAX]; /* for --sequence; "": none */
	char esptool[SEQUENCE_TEXT_MAX];  /* for custom_hard_reset_sequence; "": none */
	int resets;			  /* how often the board was reset */
	int total_ms;
	char text[192];
	const struct advice *advice; /* NULL */
};

/* What is tried; the table is in wiring.c. */
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
	int played;
	bool seen;	    /* a banner that a reset of ours can have caused */
	bool strong;	    /* ... and no restart by software looks like it */
	int where;	    /* the step that it began in */
	int late_ms;	    /* from that step to the banner */
	unsigned long boot; /* its number in the stream */
	enum boot_source source;
	int seen_in_hold;	/* how often a banner began in the first step */
	long bytes, bytes_late; /* all; later than 50 ms into the first step */
};

/* clang-format off */
enum wiring_state {
	WIRING_CHOOSE, WIRING_SPEED, WIRING_STEP, WIRING_DWELL,
	WIRING_RESCUE, WIRING_RESCUE_HOLD, WIRING_RELEASE, WIRING_OVER,
};
/* clang-format on */

struct wiring {
	struct wiring_config config;
	enum wiring_state state;
	struct bootlog log;
	int64_t start_ms, deadline_ms, now_ms;
	int baud;
	bool muffled;	   /* the bridge hands on less of a banner at another speed than there is */
	bool second_speed; /* what came was unreadable: the other speed is tried */
	bool lines_known;
	unsigned int lines; /* asserted now */
	enum wiring_experiment current;
	int hold_ms; /* of the current experiment */
	size_t step;
	int64_t entered_ms[4];	 /* when each step was taken */
	struct wiring_trial now; /* the current one */
	struct wiring_trial trials[WIRING_EXPERIMENTS];
	bool confirming;
	int confirmations, good, elsewhere;
	int late_ms; /* of the last one that counted */
	enum boot_source elsewhere_source;
	int window_ms; /* how long a banner is waited for */
	int strong_resets, weak_resets;
	long bytes;
	unsigned int rescue; /* lines whose assertion resets; 0: the board is not in a mode of our making */
	struct wiring_result result;
};

void wiring_init(struct wiring *w, const struct wiring_config *config, int64_t now_ms);
void wiring_next(struct wiring *w, int64_t now_ms, struct action *ret);
void wiring_did(struct wiring *w, int64_t now_ms, int r);
void wiring_input(struct wiring *w, int64_t now_ms, const void *bytes, size_t n);

/** wiring_failed() - the port failed, or a stop was asked: @err is a positive errno */
void wiring_failed(struct wiring *w, int64_t now_ms, int err);

/** wiring_is_asserting() - may a line be asserted right now? Nothing is written to anyone while so. */
bool wiring_is_asserting(const struct wiring *w);

/** wiring_result() - valid after ACTION_DONE; borrowed */
const struct wiring_result *wiring_result(const struct wiring *w);

/** wiring_name() - the circuit as a word; NULL for WIRING_UNKNOWN */
const char *wiring_name(enum wiring_circuit circuit);

#endif
