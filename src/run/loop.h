/* loop.h - the one loop that carries events and actions between a session or a probe, its port and the clock. */
#ifndef ESPRESET_RUN_LOOP_H
#define ESPRESET_RUN_LOOP_H

#include "base/clk.h"
#include "port/port.h"
#include "session/session.h"
#include "session/wiring.h"

/* What the loop hands out on the way. Nothing is called while a line is asserted. */
struct loop_sink {
	/* every received byte, raw */
	void (*bytes)(void *user, const void *bytes, size_t n);
	/* bytes came while a line was asserted for which there was no room */
	void (*lost)(void *user);
	void (*note)(void *user, const struct session_note *note);
	/* Called in every round once the proof is complete, if the session has conditions: look after them, say
	 * session_conditions_met() or _failed(). Return: a deadline before which to be called again. */
	int64_t (*conditions)(void *user, struct session *session, int64_t now_ms);
	void *user;
};

/**
 * loop_session() - play a session on an open port until it is over
 * @session: fresh from session_init()
 * @port: open; stays open
 * @sink: may be NULL, and so may each member
 *
 * When it returns, both lines were released, or the port has refused: closing it does the rest.
 *
 * Return: 0, or -ECANCELED if a stop signal came; session_result() is valid in both cases.
 */
int loop_session(struct session *session, struct port *port, struct clk *clk, const struct loop_sink *sink);

/**
 * loop_wiring() - the same for a probe of the wiring; of @sink only bytes is called
 * Return: 0, or -ECANCELED if a stop signal came; wiring_result() is valid in both cases.
 */
int loop_wiring(struct wiring *wiring, struct port *port, struct clk *clk, const struct loop_sink *sink);

#endif
