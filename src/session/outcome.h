/* outcome.h - puts a session's end into a verdict, a sentence and an advice. */
#ifndef ESPRESET_SESSION_OUTCOME_H
#define ESPRESET_SESSION_OUTCOME_H

#include "session/session.h"

/** outcome_judge() - what the attempt just over says by itself, in a whole result */
void outcome_judge(const struct session *s, struct session_result *ret);

/** outcome_port() - the port failed with @err (positive errno) */
void outcome_port(const struct session *s, int err, struct session_result *ret);

/** outcome_condition() - proven, but a condition failed; @text is what happened */
void outcome_condition(const struct session *s, enum verdict verdict, const char *text, struct session_result *ret);

#endif
