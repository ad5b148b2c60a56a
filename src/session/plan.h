/* plan.h - what the next pulse looks like: the wiring it supposes, its hold, the speed it is heard at, the pause before it. */
#ifndef ESPRESET_SESSION_PLAN_H
#define ESPRESET_SESSION_PLAN_H

#include "session/session.h"

/** plan_init() - the first attempt: what the user has said */
void plan_init(struct session *s);

/** plan_next() - this attempt has ended in @verdict: what is tried next */
void plan_next(struct session *s, enum verdict verdict);

/** plan_pulse() - sequence, hold and speed of the pulse that begins now, into the session */
void plan_pulse(struct session *s);

/** plan_pause_ms() - how long to wait before the next pulse of a series: nobody can foresee it */
int plan_pause_ms(struct session *s);

/** plan_may_try_again() - after this verdict, and in the time that is left? */
bool plan_may_try_again(const struct session *s, enum verdict verdict);

/** plan_saves_detour() - what to say next time, after a detour: NULL when there was none, or nothing helps */
const struct advice *plan_saves_detour(const struct session *s);

#endif
