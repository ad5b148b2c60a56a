/* inside.h - what the files of the session share with each other, and nobody else. */
#ifndef ESPRESET_SESSION_INSIDE_H
#define ESPRESET_SESSION_INSIDE_H

#include "base/clk.h"
#include "session/session.h"

/* Release to the banner's first byte: EN's RC (10 kOhm with up to 10 uF: 140 ms) and the ROM's start. */
#define BOOT_WINDOW_MS 1000
/* So long after an ESP8266's load its SDK may print a line at no usual speed, and a loader other than eboot its own words. */
#define CHATTER_MS 300
/* The settle time does not end in the middle of what cannot be read: a restart may be what follows. */
#define TALK_PAUSE_MS 150

static inline bool session_holds(const struct session *s, enum proof_rule rule)
{
	return proof_rule_holds(&s->context, &s->attempt, rule);
}

/* session.c: notes, pulses, ends */
void session_note_that(struct session *s, enum session_note_kind kind);
/** session_begin_pulse() - a pulse, and the listening after it: an attempt has one, or a row of them */
void session_begin_pulse(struct session *s, int number, int pulse);
/** session_keep_attempt() - the pulse before is what the next one's is compared to */
void session_keep_attempt(struct session *s);
/** session_conclude() - this attempt is over: another one, patience with eboot, or the end */
void session_conclude(struct session *s);

/* receive.c: bytes into the attempt */
/** receive_begin() - the reader begins anew, at the port's speed */
void receive_begin(struct session *s);
/** receive_retune() - the board goes on with what it says; only the port's speed has changed */
void receive_retune(struct session *s);
void receive_feed(struct session *s, const void *bytes, size_t n);
/** receive_flush() - an unfinished line counts as well */
void receive_flush(struct session *s);
/** receive_bytes() - what all bytes since the release are counted for, readable or not */
void receive_bytes(struct session *s, const unsigned char *bytes, size_t n);
bool receive_is_past_load(const struct session *s);
/** receive_may_be_loader() - a loader other than eboot speaks at the ROM's speed, for a while after the load */
bool receive_may_be_loader(const struct session *s);

/* stages.c: one function a state; each takes the transition that is due */
void stage_listen(struct session *s);
void stage_settle(struct session *s);
void stage_be_patient(struct session *s);
void stage_listen_for_why(struct session *s);
void stage_await_conditions(struct session *s);

#endif
