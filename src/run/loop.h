/* loop.h - carries out what a session or a wiring probe asks for: drives and reads the port, until it is over. */
#ifndef ESPRESET_RUN_LOOP_H
#define ESPRESET_RUN_LOOP_H

#include "base/clk.h"
#include "port/port.h"
#include "session/session.h"
#include "session/wiring.h"

/* Functions that the loop calls, except while a line is asserted. Each may be NULL. */
struct loop_sink {
	/* Takes every received byte, raw. */
	void (*bytes)(void *user, const void *bytes, size_t n);
	/* Bytes that came while a line was asserted did not fit into the buffer. */
	void (*lost)(void *user);
	void (*note)(void *user, const struct session_note *note);
	/* Called in each round while session->proven, to call session_conditions_met() or session_condition_failed().
	 * Return: when to be called again at the latest. */
	int64_t (*conditions)(void *user, struct session *session, int64_t now_ms);
	void *user;
};

/**
 * loop_session() - run a session on an open port until it is over
 * @session: fresh from session_init()
 * @port: stays open
 * @sink: may be NULL
 *
 * Afterwards both lines are released, or the port has failed and closing it releases them.
 *
 * Return: 0, also if the port failed: see session_result(); -ECANCELED: a stop signal came; session_result() is valid.
 */
int loop_session(struct session *session, struct port *port, struct clk *clk, const struct loop_sink *sink);

/** loop_wiring() - run a wiring probe in the same way; of @sink only bytes and lost are called */
int loop_wiring(struct wiring *wiring, struct port *port, struct clk *clk, const struct loop_sink *sink);

#endif
