/* inside.h - what the files of the session share with each other, and no other file includes.
 *
 * session.c calls plan.c before a pulse, stages.c after it, outcome.c at the end of an attempt, and receive.c for each
 * read.
 */
#ifndef ESPRESET_SESSION_INSIDE_H
#define ESPRESET_SESSION_INSIDE_H

#include "base/clk.h"
#include "session/session.h"

/* Longest time from release to the banner's first byte: EN's RC (10 kOhm, up to 10 uF: 140 ms), and the ROM's start. */
#define BOOT_WINDOW_MS 1000
/* For this long after an ESP8266's load its SDK may print at an unusual speed, and loaders other than eboot print. */
#define CHATTER_MS 300

static inline bool session_holds(const struct session *s, enum proof_rule rule)
{
	return proof_rule_holds(&s->context, &s->attempt, rule);
}

/* ---- session.c ---- */

/** session_add_note() - a note about the current attempt, for session_take_note() */
void session_add_note(struct session *s, enum session_note_kind kind);
/** session_set_speed() - go through SESSION_SPEED to @next */
void session_set_speed(struct session *s, int baud, enum session_state next);
/** session_begin_pulse() - a new struct attempt for a pulse; @number: of the attempt, @pulse: in it, both from 1 */
void session_begin_pulse(struct session *s, int number, int pulse);
/** session_keep_attempt() - the current attempt becomes s->before, which the next one is compared with */
void session_keep_attempt(struct session *s);
/** session_conclude() - the attempt is over: begin another, be patient with eboot, or end the session */
void session_conclude(struct session *s);

/* ---- receive.c: bytes into the attempt ---- */

/** receive_begin() - a new reader for the bytes of a new pulse, at the port's speed */
void receive_begin(struct session *s);
/** receive_retune() - the port has another speed from now on, in the middle of a boot */
void receive_retune(struct session *s, int baud);
/** receive_feed() - pass bytes to the reader */
void receive_feed(struct session *s, const void *bytes, size_t n);
/** receive_flush() - the board pauses or the attempt is over: take an unfinished text line as a whole one */
void receive_flush(struct session *s);
/** receive_count() - count bytes since the release, readable or not, and listen for the application's speed */
void receive_count(struct session *s, const unsigned char *bytes, size_t n);
/** receive_is_past_load() - has the boot that our pulse caused been reported loaded? */
bool receive_is_past_load(const struct session *s);
/** receive_may_be_loader() - may a loader other than eboot be printing now, at the ROM's speed? */
bool receive_may_be_loader(const struct session *s);

/* ---- stages.c: one function for each state after the pulse; it takes the transition that is due, if any ---- */

void stage_listen(struct session *s);
void stage_settle(struct session *s);
void stage_be_patient(struct session *s);
void stage_listen_for_why(struct session *s);
void stage_await_conditions(struct session *s);

/* ---- plan.c: the next pulse ---- */

/** plan_init() - plan the first attempt from what the user has said */
void plan_init(struct session *s);
/** plan_next() - plan the next attempt; @verdict: of the one just over */
void plan_next(struct session *s, enum verdict verdict);
/** plan_pulse() - fill in sequence, hold and speed of the pulse that begins now */
void plan_pulse(struct session *s);
/** plan_pause_ms() - the random pause before the next pulse of a row, different enough from the last pause */
int plan_pause_ms(struct session *s);
/** plan_may_try_again() - may another attempt follow this verdict, in the time that is left? */
bool plan_may_try_again(const struct session *s, enum verdict verdict);
/** plan_saves_detour() - advice on the --sequence that would have worked at once; NULL: none */
const struct advice *plan_saves_detour(const struct session *s);

/* ---- outcome.c: verdict, sentence and advice ---- */

/** outcome_judge() - the whole result of the attempt just over, earlier attempts not considered */
void outcome_judge(const struct session *s, struct session_result *ret);
/** outcome_port() - the result of a port that failed; @err: positive errno */
void outcome_port(const struct session *s, int err, struct session_result *ret);
/** outcome_condition() - the result of a proven reset with a condition that failed; @text says how */
void outcome_condition(const struct session *s, enum verdict verdict, const char *text, struct session_result *ret);

#endif
