/* loop.h - carries out what a session or a wiring probe asks for: sets modem lines and baud rate, and reads the
 * port. */
#ifndef ESPRESET_RUN_LOOP_H
#define ESPRESET_RUN_LOOP_H

#include "base/clk.h"
#include "port/port.h"
#include "session/session.h"
#include "session/wiring.h"

/* Functions that the loop calls, but never while DTR or RTS is asserted. Each may be NULL. */
struct loop_sink {
	/* Gets all bytes received from the board, unchanged. */
	void (*bytes)(void *user, const void *bytes, size_t n);
	/* Called if received bytes were dropped: they came while DTR or RTS was asserted and did not fit into the
	 * buffer. */
	void (*lost)(void *user);
	void (*note)(void *user, const struct session_note *note);
	/* Called repeatedly once the reset is proven (session->proven). Decides whether to call
	 * session_conditions_met() or session_condition_failed(). Return: the latest time of the next call, in
	 * milliseconds. */
	int64_t (*conditions)(void *user, struct session *session, int64_t now_ms);
	void *user;
};

/**
 * loop_session() - run a session on an open port until it is over
 * @session: initialized by session_init(), not used yet
 * @port: an open port; it stays open
 * @sink: may be NULL
 *
 * Afterwards DTR and RTS are released. If the port has failed, closing it releases them.
 *
 * Return: 0, also if the port failed, which session_result() tells; -ECANCELED: a stop signal came. In both cases
 * session_result() is valid.
 */
int loop_session(struct session *session, struct port *port, struct clk *clk, const struct loop_sink *sink);

/** loop_wiring() - as loop_session(), but for a wiring probe; of @sink only bytes() and lost() are called */
int loop_wiring(struct wiring *wiring, struct port *port, struct clk *clk, const struct loop_sink *sink);

#endif
