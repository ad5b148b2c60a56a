/* session.h - the work on one board as a state machine: what to do next with the port, and the verdict at the end.
 *
 * Order of use (src/run/loop.c is the loop):
 *	session_init(&s, &config, now_ms);		the port is open; open() has asserted both modem lines
 *	for (;;) {
 *		session_next(&s, now_ms, &action);
 *		SET_LINES, SET_SPEED: do it, then session_did(&s, now_ms, 0 or negative errno)
 *		READ: read until action.deadline_ms. Bytes: session_input(). Error: session_did(). Deadline: nothing
 *		DONE: get session_result(&s), close the port, leave the loop
 *	}
 *
 * Pure: no system call, no clock, no allocation. The caller passes times, which are monotonic milliseconds.
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
	enum chip chip; /* the chip that the user expects; CHIP_UNKNOWN: any chip */
	int baud;	/* the application's baud rate; 0: find it */
	/* MHz of the crystal of an ESP8266 or ESP32-C2: 26 or 40; 0: find it. This hint saves time; no proof relies
	 * on it. */
	int crystal_mhz;
	struct sequence sequence;
	int hold_ms; /* how long the board is held in reset; 0: 20 ms in attempt 1, 100 ms in attempt 2, then 500 ms */
	int attempts;
	int timeout_ms;	 /* time limit for the verdict */
	int settle_ms;	 /* milliseconds after the load in which a restart, panic or watchdog prevents `ready` */
	bool no_reset;	 /* make no pulse: judge the next hardware reset, whatever causes it */
	bool native_usb; /* the port is the chip's own USB-Serial-JTAG unit */
	bool conditions; /* after the reset is proven, wait until session_conditions_met() is called */
	int latency_ms;	 /* the bridge's latency timer: it may delay received bytes by this much */
	/* makes the lengths of holds and pauses random in a series of pulses; each run gets another seed */
	uint64_t seed;
};

/* The sequences that have a name. To reset the board, PLAN_RTS asserts RTS, PLAN_DTR asserts DTR, and PLAN_BOTH asserts
 * both modem lines. */
enum plan_wiring { PLAN_RTS, PLAN_BOTH, PLAN_DTR, PLAN_WIRINGS };

/* What plan.c has planned for the next pulse, and what it has learned about the board from earlier attempts. */
struct plan {
	int baud; /* the port's baud rate during the pulse */
	enum plan_wiring wiring, first_wiring;
	unsigned int tried; /* bit set of enum plan_wiring: the sequences tried so far */
	/* A chip other than an ESP8266 printed its banner at 115200 Bd, so the port is at 115200 Bd in all pulses from
	 * now on. */
	bool at_115200;
	bool rts_resets; /* the board booted after the sequence "rts" */
	bool at_74880;	 /* the ROM prints at 74880 Bd, so the port is at 74880 Bd during the next pulse */
	int pause_ms;	 /* the last pause between two pulses of one attempt */
	uint64_t random; /* state of the random number generator */
};

/** session_config_init() - set the defaults of the command line; seed becomes 0 */
void session_config_init(struct session_config *config);

enum session_note_kind { SESSION_NOTE_ATTEMPT, SESSION_NOTE_BOOT, SESSION_NOTE_PROVEN };

/* A report for the user about the progress of a session. */
struct session_note {
	enum session_note_kind kind;
	int64_t at_ms;		   /* milliseconds since session_init() */
	int number, hold_ms, baud; /* valid in SESSION_NOTE_ATTEMPT; baud is the port's baud rate */
	char sequence[SEQUENCE_TEXT_MAX];
	struct boot boot; /* valid in SESSION_NOTE_BOOT */
};

enum session_reset_by { RESET_BY_NOBODY, RESET_BY_US, RESET_BY_OTHER };

struct session_result {
	enum verdict verdict;
	int err; /* if the verdict has exit status 30 to 35: the positive errno behind it; else 0 */
	/* The sentence for the user: printed after the name of the port and the word for the verdict. */
	char text[640];
	const struct advice *advice; /* what the user should do next; NULL: nothing */
	enum session_reset_by reset_by;
	bool any_boot;
	struct boot boot;	 /* the boot that the verdict is about */
	unsigned int evidence;	 /* bit set of enum proof_rule: the rules that held */
	enum proof_rule missing; /* the first rule that did not hold; PROOF_RULES: all rules held */
	int attempts;
	int pulses;
	int boot_ms; /* milliseconds from the release of the modem lines to the load; -1: no image was loaded */
	int up_ms;   /* milliseconds from the load to the verdict; -1: no image was loaded */
	int total_ms;
	int baud;	 /* the port's baud rate at the end */
	int crystal_mhz; /* MHz of the crystal, as found: 26 or 40; 0: unknown */
	int app_baud;	 /* the application's baud rate, as found; 0: unknown */
	char sequence[SEQUENCE_TEXT_MAX];
};

/* Called for each text line that the board prints after the load. Escape sequences are removed from @line, and no
 * terminating zero follows it. Otherwise @line may contain any byte. */
typedef void session_line_fn(void *user, const char *line, size_t len);

enum session_state {
	SESSION_BEGIN,	  /* the next attempt begins */
	SESSION_SPEED,	  /* set the port to next_baud, then go to next_state */
	SESSION_STEP,	  /* set the modem lines for one step of the sequence */
	SESSION_HOLD,	  /* the modem lines of the step are set: read until the step is over */
	SESSION_LISTEN,	  /* the modem lines are released: read until the image is loaded */
	SESSION_SETTLE,	  /* the image is loaded: read until the settle time is over */
	SESSION_PATIENCE, /* eboot may be copying an OTA image: read, without resetting the board */
	SESSION_WHY, /* the board restarted without saying why: keep reading, since it may say why at its next restart */
	SESSION_CONDITIONS, /* the reset is proven: read until the conditions are met */
	SESSION_RELEASE,    /* the session has ended with a modem line asserted: release both */
	SESSION_OVER,
};

struct session {
	struct session_config config;
	enum session_state state, next_state;
	struct proof_context context;
	struct bootlog log;
	struct attempt attempt, before; /* the current pulse, and the previous one */
	bool any_before;
	struct sequence sequence; /* the sequence of the current pulse */
	size_t step;		  /* index of the current step in sequence.steps */
	int64_t start_ms, deadline_ms, now_ms;
	int64_t state_end_ms;			/* when the current state ends, unless an event ends it sooner */
	int64_t last_byte_ms, previous_byte_ms; /* when bytes were last read; when bytes were read the time before */
	int64_t read_until_ms;			/* deadline of the last ACTION_READ; -1: none */
	int baud;				/* the port's baud rate now */
	int next_baud;				/* the baud rate to be set in SESSION_SPEED */
	/* unreadable bytes that the boot log's reader reports now may hide a restart */
	bool garbage_is_unclear;
	int64_t tuned_ms;   /* when the port's baud rate was last set */
	unsigned int lines; /* asserted modem lines; only assumed while lines_known is false */
	bool lines_known;
	/* eboot has printed '@', so it copies an OTA image; it has not yet printed the result of the copy */
	bool copying;
	struct plan plan;
	struct appspeed appspeed;
	int64_t sought_ms;	 /* when the search for a baud rate above 115200 Bd began; 0: it has not begun */
	int64_t patience_ms;	 /* when SESSION_PATIENCE began */
	int64_t heard_before_ms; /* when the last byte before SESSION_PATIENCE came */
	long followed_bytes;	 /* bytes received before the application's baud rate was confirmed */
	/* Since the port was set to the application's baud rate, its receiver has become aligned with the application's
	 * characters. */
	bool in_step;
	/* The port was at the application's baud rate and has returned to the ROM's. It does not leave the ROM's baud
	 * rate again before the reset is proven. */
	bool stays;
	bool proven;
	bool conditions_met;
	int64_t met_ms; /* when the conditions were first met */
	int pulses;
	bool has_verdict;	       /* the member earlier is valid */
	struct session_result earlier; /* the result to report for all attempts before the current one */
	/* The sequence of the attempt that gave the result in the member earlier. */
	enum plan_wiring earlier_wiring;
	struct session_result result;
	session_line_fn *on_line;
	void *line_user;
	struct session_note notes[SESSION_NOTES_MAX]; /* ring buffer for session_take_note() */
	size_t first_note, n_notes;
	bool boot_untold;   /* add a note about the last banner once its boot mode is known */
	int64_t trouble_ms; /* when the current boot first reported trouble; -1: it has reported none */
	int64_t torn_ms;    /* when damaged words of a ROM first came in SESSION_CONDITIONS; -1: none came */
	int64_t unclear_ms; /* when unreadable bytes last came; they may be a restart */
};

/** session_init() - begin a session; @config is copied. Modem lines count as asserted until the session sets them. */
void session_init(struct session *s, const struct session_config *config, int64_t now_ms);
/** session_on_line() - call @fn for each text line after the load; must be set before the first session_next() */
void session_on_line(struct session *s, session_line_fn *fn, void *user);
/** session_first_baud() - the baud rate at which to open the port: 115200 or 74880 */
int session_first_baud(const struct session_config *config);
/** session_next() - returns in @ret what to do with the port now; see the order of use at the top of this file */
void session_next(struct session *s, int64_t now_ms, struct action *ret);
/** session_did() - @r: 0: SET_LINES or SET_SPEED is done; negative errno: the action failed, which ends the session */
void session_did(struct session *s, int64_t now_ms, int r);
/** session_input() - the action READ has brought @n bytes, at least one */
void session_input(struct session *s, int64_t now_ms, const void *bytes, size_t n);
/** session_lost() - received bytes may have been lost, which may hide a restart: the proof becomes invalid */
void session_lost(struct session *s, int64_t now_ms);
/** session_is_asserting() - may a modem line be asserted now? If so, the caller must not block on output. */
bool session_is_asserting(const struct session *s);
/** session_conditions_met() - every condition holds. Call only while session.proven; repeated calls are allowed. */
void session_conditions_met(struct session *s, int64_t now_ms);
/** session_condition_failed() - end the session with @verdict, which has exit status 20 to 23; @text is copied */
void session_condition_failed(struct session *s, int64_t now_ms, enum verdict verdict, const char *text);
/** session_take_note() - move the oldest note to @ret. Return: false if there is none. 16 notes are kept at most. */
bool session_take_note(struct session *s, struct session_note *ret);
/** session_result() - call it after ACTION_DONE; the result is a member of @s */
const struct session_result *session_result(const struct session *s);

#endif
