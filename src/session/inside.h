/* inside.h - functions that session.c, plan.c, stages.c, outcome.c and receive.c call in each other. Only these files
 * include it.
 *
 * session.c calls plan.c before a reset pulse, stages.c after the pulse, outcome.c at the end of an attempt, and
 * receive.c after each read.
 */
#ifndef ESPRESET_SESSION_INSIDE_H
#define ESPRESET_SESSION_INSIDE_H

#include "base/clk.h"
#include "session/session.h"

/* A banner begins at most this long after the modem lines were released. EN rises slowly through its RC circuit (10
 * kOhm, up to 10 uF: 140 ms); then the ROM starts. */
#define BOOT_WINDOW_MS 1000
/* After an ESP8266 has loaded its image, the SDK may print at an unusual baud rate for this long. Loaders other than
 * eboot may also print in this time. */
#define CHATTER_MS 300

static inline bool session_holds(const struct session *s, enum proof_rule rule)
{
	return proof_rule_holds(&s->context, &s->attempt, rule);
}

/* ---- session.c ---- */

/** session_add_note() - add a note about the current attempt. session_take_note() will return it. */
void session_add_note(struct session *s, enum session_note_kind kind);
/** session_set_speed() - set the port to @baud in state SESSION_SPEED, then go to state @next */
void session_set_speed(struct session *s, int baud, enum session_state next);
/** session_begin_pulse() - start a new struct attempt; @number: the attempt's number; @pulse: the pulse's number in
 * this attempt, from 1 */
void session_begin_pulse(struct session *s, int number, int pulse);
/** session_keep_attempt() - copy the current attempt to s->before, for comparison with the next attempt */
void session_keep_attempt(struct session *s);
/** session_conclude() - the attempt is over: begin another attempt, wait for eboot, or end the session */
void session_conclude(struct session *s);

/* ---- receive.c: evaluates received bytes ---- */

/** receive_begin() - start reading the boot log anew, since a new pulse begins */
void receive_begin(struct session *s);
/** receive_retune() - the port's baud rate has changed to @baud during a boot */
void receive_retune(struct session *s, int baud);
/** receive_feed() - pass received bytes to the boot log's reader */
void receive_feed(struct session *s, const void *bytes, size_t n);
/** receive_flush() - no more bytes are expected now: treat an unfinished text line as complete */
void receive_flush(struct session *s);
/** receive_count() - count bytes that came after the modem lines were released, and learn the application's baud
 * rate */
void receive_count(struct session *s, const unsigned char *bytes, size_t n);
/** receive_is_past_load() - has the boot that our pulse caused reported that its image is loaded? */
bool receive_is_past_load(const struct session *s);
/** receive_may_be_loader() - may a loader other than eboot be printing now, at the ROM's baud rate? */
bool receive_may_be_loader(const struct session *s);

/* ---- stages.c: a function for each state after the pulse. When the state is over, it sets the next one. ---- */

void stage_listen(struct session *s);
void stage_settle(struct session *s);
void stage_be_patient(struct session *s);
void stage_listen_for_why(struct session *s);
void stage_await_conditions(struct session *s);

/* ---- plan.c: the next pulse ---- */

/** plan_init() - plan the first attempt from the user's options */
void plan_init(struct session *s);
/** plan_next() - plan the next attempt; @verdict: the verdict of the attempt that has just ended */
void plan_next(struct session *s, enum verdict verdict);
/** plan_pulse() - set the sequence, the hold time and the baud rate of the pulse that begins now */
void plan_pulse(struct session *s);
/** plan_pause_ms() - a random pause before the next pulse. It differs clearly from the last pause. */
int plan_pause_ms(struct session *s);
/** plan_may_try_again() - may another attempt follow after @verdict, and is there enough time for it? */
bool plan_may_try_again(const struct session *s, enum verdict verdict);
/** plan_saves_detour() - advice to use the --sequence that worked, if others were tried before it; else NULL */
const struct advice *plan_saves_detour(const struct session *s);

/* ---- outcome.c: verdict, sentence and advice ---- */

/** outcome_judge() - the result of the attempt that has just ended, without regard to earlier attempts */
void outcome_judge(const struct session *s, struct session_result *ret);
/** outcome_port() - the result after a failure of the serial port; @err: positive errno */
void outcome_port(const struct session *s, int err, struct session_result *ret);
/** outcome_condition() - the result if the reset is proven but a condition failed; @text says what failed */
void outcome_condition(const struct session *s, enum verdict verdict, const char *text, struct session_result *ret);

#endif
