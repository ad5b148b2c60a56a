/* session.h - one board's life as a state machine: what to do next with the port, and the verdict at the end.
 *
 * Order of use (src/run/loop.c is the loop):
 *	session_init(&s, &config, now_ms);		the port is open; open() has asserted both lines
 *	for (;;) {
 *		session_next(&s, now_ms, &action);
 *		SET_LINES, SET_SPEED: do it, then session_did(&s, now_ms, 0 or negative errno)
 *		READ: read until action.deadline_ms. Bytes: session_input(); error: session_did(); deadline: nothing
 *		DONE: take session_result(&s), close the port
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

#define SESSION_NOTES_MAX 16

struct session_config {
	enum chip chip;	 /* the expected chip; CHIP_UNKNOWN: any */
	int baud;	 /* the application's speed; 0: find it */
	int crystal_mhz; /* ESP8266, ESP32-C2: 26 or 40; 0: find it. A hint that saves time; no proof depends on it */
	struct sequence sequence;
	int hold_ms; /* how long reset is held; 0: 20, 100, then 500 ms */
	int attempts;
	int timeout_ms;	 /* time limit for the verdict */
	int settle_ms;	 /* a reboot, panic or watchdog this soon after the load prevents `ready` */
	bool no_reset;	 /* make no pulse: judge the next hardware reset, whatever causes it */
	bool native_usb; /* the port is the chip's own USB-Serial-JTAG */
	bool conditions; /* after the proof, wait for session_conditions_met() */
	int latency_ms;	 /* the bridge's latency timer: received bytes may arrive this much later */
	uint64_t seed;	 /* random seed for holds and pauses between repeated pulses; another one in each run */
};

/* Named sequences, by the line that each supposes on EN. */
enum plan_wiring { PLAN_RTS, PLAN_BOTH, PLAN_DTR, PLAN_WIRINGS };

/* The next pulse, and what earlier attempts have shown about the board (plan.c). */
struct plan {
	int baud; /* the port's speed during the pulse */
	enum plan_wiring wiring, first_wiring;
	unsigned int tried; /* bit set of enum plan_wiring */
	bool at_115200;	    /* a chip other than the ESP8266 printed its banner at 115200 Bd: keep that speed */
	bool rts_resets;    /* a boot was heard after the sequence "rts" */
	bool at_74880;	    /* the ROM prints at 74880 Bd: use that speed for the next pulse */
	int pause_ms;	    /* the last pause between two pulses of one attempt */
	uint64_t random;    /* state of the random number generator */
};

/** session_config_init() - the defaults of the command line; seed is 0 */
void session_config_init(struct session_config *config);

enum session_note_kind { SESSION_NOTE_ATTEMPT, SESSION_NOTE_BOOT, SESSION_NOTE_PROVEN };

/* Progress of a session, for the user. */
struct session_note {
	enum session_note_kind kind;
	int64_t at_ms;		   /* since session_init() */
	int number, hold_ms, baud; /* valid in SESSION_NOTE_ATTEMPT; baud is the port's speed */
	char sequence[SEQUENCE_TEXT_MAX];
	struct boot boot; /* valid in SESSION_NOTE_BOOT */
};

enum session_reset_by { RESET_BY_NOBODY, RESET_BY_US, RESET_BY_OTHER };

struct session_result {
	enum verdict verdict;
	int err;		     /* positive errno behind a verdict with status 30 to 35; else 0 */
	char text[640];		     /* printed after "PORT: WORD: " */
	const struct advice *advice; /* the next thing to do; NULL: none */
	enum session_reset_by reset_by;
	bool any_boot;
	struct boot boot;	 /* the boot that the verdict is about */
	unsigned int evidence;	 /* bit set of enum proof_rule: the rules that held */
	enum proof_rule missing; /* the first rule that did not hold; PROOF_RULES: all held */
	int attempts;
	int pulses;
	int boot_ms; /* from release to load; -1: not loaded */
	int up_ms;   /* from load to verdict; -1: not loaded */
	int total_ms;
	int baud;	 /* the port's speed at the end */
	int crystal_mhz; /* found: 26 or 40; 0: not known */
	int app_baud;	 /* the application's speed as found; 0: not known */
	char sequence[SEQUENCE_TEXT_MAX];
};

/* Receives a text line printed after the load: without escape sequences, not terminated; may contain any byte. */
typedef void session_line_fn(void *user, const char *line, size_t len);

enum session_state {
	SESSION_BEGIN,	    /* an attempt is to begin */
	SESSION_SPEED,	    /* the port's speed is to be set; next_state follows */
	SESSION_STEP,	    /* the lines of a step of the sequence are to be set */
	SESSION_HOLD,	    /* reading until the hold of the step is over */
	SESSION_LISTEN,	    /* lines released: reading until the image is loaded */
	SESSION_SETTLE,	    /* loaded: reading until the settle time is over */
	SESSION_PATIENCE,   /* no reset now: eboot may be copying an OTA image */
	SESSION_WHY,	    /* restarted without explanation: reading until the next restart may explain it */
	SESSION_CONDITIONS, /* proven: reading until the conditions are met */
	SESSION_RELEASE,    /* the session ended with a line asserted: both are to be released */
	SESSION_OVER,
};

struct session {
	struct session_config config;
	enum session_state state, next_state;
	struct proof_context context;
	struct bootlog log;
	struct attempt attempt, before; /* the current pulse, and the one before */
	bool any_before;
	struct sequence sequence; /* of the current pulse */
	size_t step;		  /* index in sequence.steps */
	int64_t start_ms, deadline_ms, now_ms;
	int64_t state_end_ms;			/* when the current state ends without further input */
	int64_t last_byte_ms, previous_byte_ms; /* times of the last read that brought bytes, and of the one before */
	int64_t read_until_ms;			/* deadline of the last ACTION_READ; -1: none */
	int baud;				/* the port's speed now */
	int next_baud;				/* the speed to set in SESSION_SPEED */
	bool garbage_is_unclear;		/* unreadable bytes reported now may hide a restart */
	int64_t tuned_ms;			/* when the port's speed was last set */
	unsigned int lines;			/* asserted lines; an assumption until lines_known */
	bool lines_known;
	bool copying; /* eboot printed '@' (it copies an OTA image), and no result yet */
	struct plan plan;
	struct appspeed appspeed;
	int64_t sought_ms;	 /* when the search for a speed above 115200 Bd began; 0: not yet */
	int64_t patience_ms;	 /* when SESSION_PATIENCE began */
	int64_t heard_before_ms; /* time of the last byte before SESSION_PATIENCE */
	long followed_bytes;	 /* bytes received at the application's speed before they proved to be text */
	bool in_step;		 /* the receiver has been in step with the application since the port took its speed */
	bool stays;		 /* the port keeps the ROM's speed, after it has had the application's once */
	bool proven;
	bool conditions_met;
	int64_t met_ms; /* when the conditions were first met */
	int pulses;
	bool has_verdict;		 /* earlier is valid */
	struct session_result earlier;	 /* the result to report of the attempts before this one */
	enum plan_wiring earlier_wiring; /* the wiring that the attempt behind earlier supposed */
	struct session_result result;
	session_line_fn *on_line;
	void *line_user;
	struct session_note notes[SESSION_NOTES_MAX]; /* ring buffer */
	size_t first_note, n_notes;
	bool boot_untold;   /* a note about the last banner is due as soon as its boot mode is known */
	int64_t trouble_ms; /* when this boot first reported trouble; -1: never */
	int64_t torn_ms;    /* when torn words of a ROM first came during SESSION_CONDITIONS; -1: never */
	int64_t unclear_ms; /* when bytes were last read that may be an unreadable restart */
};

/** session_init() - a new session; @config is copied. The lines count as asserted until they have been set. */
void session_init(struct session *s, const struct session_config *config, int64_t now_ms);
/** session_on_line() - call @fn for each text line after the load; to be set before the first session_next() */
void session_on_line(struct session *s, session_line_fn *fn, void *user);
/** session_first_baud() - the speed to open the port with: 115200 or 74880 */
int session_first_baud(const struct session_config *config);
/** session_next() - what to do with the port now; see the order of use above */
void session_next(struct session *s, int64_t now_ms, struct action *ret);
/** session_did() - SET_LINES or SET_SPEED is done (0), or an action failed: a negative errno ends the session */
void session_did(struct session *s, int64_t now_ms, int r);
/** session_input() - the action READ has brought @n bytes, at least one */
void session_input(struct session *s, int64_t now_ms, const void *bytes, size_t n);
/** session_lost() - received bytes may have been lost by now, and a restart among them: this undoes the proof */
void session_lost(struct session *s, int64_t now_ms);
/** session_is_asserting() - may a line be asserted now? Then the caller must not block on output. */
bool session_is_asserting(const struct session *s);
/** session_conditions_met() - every condition holds; call only while session.proven. Repeating it is allowed. */
void session_conditions_met(struct session *s, int64_t now_ms);
/** session_condition_failed() - end the session with a verdict of status 20 to 23; @text is copied */
void session_condition_failed(struct session *s, int64_t now_ms, enum verdict verdict, const char *text);
/** session_take_note() - take the oldest note; return: false if there is none. When 16 wait, the oldest is dropped. */
bool session_take_note(struct session *s, struct session_note *ret);
/** session_result() - valid after ACTION_DONE, as long as the session */
const struct session_result *session_result(const struct session *s);

#endif
