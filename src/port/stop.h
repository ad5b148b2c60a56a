/* stop.h - stop signals: blocked except during waits, so that none ends espreset while a modem line is asserted.
 *
 *	stop_init();
 *	r = wait_poll(fds, n, deadline_ms, stop_port());	-ECANCELED: a stop signal came
 *	... release the modem lines, close the port ...
 *	if (stop_asked())
 *		stop_die(stop_asked());
 */
#ifndef ESPRESET_PORT_STOP_H
#define ESPRESET_PORT_STOP_H

#include "port/port.h"

/**
 * stop_init() - reset inherited signal dispositions, block the stop signals, install the handler
 *
 * The handler records SIGINT, SIGTERM, SIGHUP and SIGQUIT. SIGTSTP suspends the process only during a wait. SIGPIPE and
 * SIGXFSZ are ignored, because write() reports both conditions.
 */
void stop_init(void);

/** stop_end() - restore default signal handling, for runs that access no board; ignored signals stay ignored */
void stop_end(void);

/** stop_port() - what wait_poll() and ports need so that a stop signal ends their waits; static */
const struct port_stop *stop_port(void);

/** stop_asked() - the number of the stop signal that was received; 0: none */
int stop_asked(void);

/** stop_die() - end this process by @signal, so that its parent sees which signal ended it; does not return */
void stop_die(int signal) __attribute__((noreturn));

#endif
