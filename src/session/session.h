/* session.h - one board's life as a state machine: what to do next with the port, and what to conclude.
 *
 * Order of use (src/run/loop.c is the loop):
 *	session_init(&s, &config, now_ms);		the port is open, both lines asserted by open()
 *	for (;;) {
 *		session_next(&s, now_ms, &action);
 *		SET_LINES, SET_SPEED: do it, then session_did(&s, now_ms, 0 or -errno)
 *		READ: read until action.deadline_ms, then session_input(); on an error session_failed(); at the
 *			deadline nothing
 *		DONE: session_result(&s); close the port
 *	}
 *
 * Pure: no system call, no clock, no allocation. Times are monotonic milliseconds that the caller hands in.
 */
#ifndef ESPRESET_SESSION_SESSION_H
#define ESPRESET_SESSION_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/advice.h"
#include "base/modem.h"
#include "bootlog/bootlog.h"
#include "session/action.h"
#include "session/appspeed.h"
#include "session/proof.h"
#include "session/sequence.h"

#define SESSION_HOLDS \
	{ \
		20, 100, 500 \
	}
#define SESSION_NOTES_MAX 16

struct session_config {
	enum chip chip;	 /* expected; CHIP_UNKNOWN: any */
	int baud;	 /* the application's speed; 0: find it */
	int crystal_mhz; /* ESP8266: 26 or 40; 0: find it. Proves nothing, and saves nothing but time */
	struct sequence sequence;
	int hold_ms; /* 0: the ladder 20, 100, 500 */
	int attempts;
	int timeout_ms; /* for the verdict */
	int settle_ms;
	bool no_reset;
	bool native_usb; /* the port is the chip's own USB-Serial-JTAG */
	bool conditions; /* after the proof, wait for session_conditions_met() */
	int latency_ms;	 /* what the bridge may keep back */
	uint64_t seed;	 /* holds and pauses of repeated pulses are drawn from it: another one in each run */
};

/* What may drive EN: names of sequences. */
enum plan_wiring { PLAN_RTS, PLAN_BOTH, PLAN_DTR, PLAN_WIRINGS };

/* What the next pulse will be (plan.h). */
struct plan {
	int baud; /* the speed that it is heard at */
	enum plan_wiring wiring, first_wiring;
	unsigned int tried; /* bit set of wirings */
	bool at_115200;	    /* its ROM has been read there, and has no other speed */
	bool rts_resets;    /* a boot was heard after the sequence of that name */
	bool at_74880;	    /* the board has been heard to speak at that speed from its reset on */
	int pause_ms;	    /* the last pause between pulses of one attempt */
	uint64_t random;
};

void session_config_init(struct session_config *config);

/* What a report may tell on the way. Taken only while no line is asserted. */
enum session_note_kind { SESSION_NOTE_ATTEMPT, SESSION_NOTE_BOOT, SESSION_NOTE_PROVEN };

struct session_note {
	enum session_note_kind kind;
	int64_t at_ms;		   /* since session_init() */
	int number, hold_ms, baud; /* ATTEMPT */
	char sequence[SEQUENCE_TEXT_MAX];
	struct boot boot; /* BOOT */
};

enum session_reset_by { RESET_BY_NOBODY, RESET_BY_US, RESET_BY_OTHER };

struct session_result {
	enum verdict verdict;
	int err;		     /* positive errno behind a 30-35 verdict; 0 */
	char text[640];		     /* after "PORT: WORD: "; --decode's are the longest */
	const struct advice *advice; /* the next thing to do; NULL */
	enum session_reset_by reset_by;
	bool any_boot;
	struct boot boot;	 /* the boot that the verdict is about */
	unsigned int evidence;	 /* bit set of the rules that held */
	enum proof_rule missing; /* PROOF_RULES: none */
	int attempts;
	int pulses;
	int boot_ms; /* release to loaded; -1 */
	int up_ms;   /* loaded to the decision; -1 */
	int total_ms;
	int baud;
	int crystal_mhz; /* found: 26 or 40; 0: not known */
	int app_baud;	 /* found: the application's speed; 0: not known */
	char sequence[SEQUENCE_TEXT_MAX];
};

/* A line that came after the load (escapes stripped, not terminated; any byte may be in it). */
typedef void session_line_fn(void *user, const char *line, size_t len);

enum session_state {
	SESSION_BEGIN,	      /* decide on the next attempt */
	SESSION_SPEED,	      /* set the speed that the pulse is heard at */
	SESSION_STEP,	      /* set lines */
	SESSION_HOLD,	      /* read until the hold is over */
	SESSION_LISTEN,	      /* released: wait for banner and load */
	SESSION_LISTEN_SPEED, /* what came is of another speed: go there, without another reset */
	SESSION_SETTLE_SPEED, /* ESP8266 heard at 74880: restarts are told at 115200 */
	SESSION_SETTLE,
	SESSION_PATIENCE, /* eboot may be copying: no reset now */
	SESSION_WHY_SPEED,
	SESSION_WHY, /* it has restarted: listen to what it says before it does so again */
	SESSION_APP_SPEED,
	SESSION_CONDITIONS,
	SESSION_RELEASE, /* something ended it with a line asserted */
	SESSION_OVER,
};

struct session {
	struct session_config config;
	enum session_state state;
	struct proof_context context;
	struct bootlog log;
	struct attempt attempt, before;
	bool any_before;
	struct sequence sequence; /* of this attempt */
	size_t step;
	int64_t start_ms, deadline_ms, now_ms;
	int64_t state_end_ms;			/* when the state ends by itself */
	int64_t last_byte_ms, previous_byte_ms; /* the last one, and the last of the read before */
	int64_t read_until_ms;			/* the deadline of the last ACTION_READ; -1 */
	int baud;				/* the port's speed now */
	int next_baud;
	int64_t tuned_ms;   /* since when */
	unsigned int lines; /* asserted now */
	bool lines_known;
	long bytes;   /* since the start */
	bool copying; /* eboot printed '@', and not yet the result */
	struct plan plan;
	struct appspeed appspeed;
	int64_t sought_ms; /* since when a faster application's speed was looked for; 0: it was not */
	int64_t patience_ms, heard_before_ms; /* since when, and the last byte before */
	long followed_bytes; /* since the port has the application's speed, and they did not show that it is */
	bool in_step;	     /* and since they did */
	bool stays;	     /* at the ROM's speed: following the application's did not pay */
	bool proven;
	bool conditions_met;
	int64_t met_ms; /* when they were met first */
	int pulses;
	bool has_verdict;		 /* of an earlier attempt */
	struct session_result earlier;	 /* the worst of the attempts before */
	enum plan_wiring earlier_wiring; /* with which it was found */
	struct session_result result;
	session_line_fn *on_line;
	void *line_user;
	struct session_note notes[SESSION_NOTES_MAX];
	size_t first_note, n_notes;
	bool boot_untold;   /* a banner came whose boot mode is not known yet */
	int64_t trouble_ms; /* when "no image" was first said in this boot; -1 */
	int64_t torn_ms;    /* when, conditions being awaited, torn words of the ROM were first seen; -1 */
	int64_t unclear_ms; /* when something unreadable that may hide a restart was last read */
};

void session_init(struct session *s, const struct session_config *config, int64_t now_ms);
void session_on_line(struct session *s, session_line_fn *fn, void *user);

/** session_first_baud() - the speed to open the port with */
int session_first_baud(const struct session_config *config);

void session_next(struct session *s, int64_t now_ms, struct action *ret);
void session_did(struct session *s, int64_t now_ms, int r);
void session_input(struct session *s, int64_t now_ms, const void *bytes, size_t n);

/** session_lost() - some of what came now has not reached us: what stood there is not known */
void session_lost(struct session *s, int64_t now_ms);

/** session_failed() - the port failed, or a stop was asked: @err is a positive errno */
void session_failed(struct session *s, int64_t now_ms, int err);

/** session_is_asserting() - may a line be asserted right now? Nothing is written to anyone while so. */
bool session_is_asserting(const struct session *s);

/** session_is_proven() - proof complete; only conditions are left */
bool session_is_proven(const struct session *s);

/** session_deadline() - when the time for the verdict is over */
int64_t session_deadline(const struct session *s);

/** session_chip() - the chip that booted, as far as it is known */
enum chip session_chip(const struct session *s);

/** session_conditions_met() - it ends as soon as nothing unreadable is just coming in; may be said again */
void session_conditions_met(struct session *s, int64_t now_ms);
void session_condition_failed(struct session *s, int64_t now_ms, enum verdict verdict, const char *text);

/** session_take_note() - the next note, oldest first. Return: false when there is none. */
bool session_take_note(struct session *s, struct session_note *ret);

/** session_result() - valid after ACTION_DONE; borrowed */
const struct session_result *session_result(const struct session *s);

#endif
