/* stop.h - stop signals: blocked all the time, let in only inside a wait, and died of at the end. */
#ifndef ESPRESET_PORT_STOP_H
#define ESPRESET_PORT_STOP_H

#include "port/port.h"

/**
 * stop_init() - reset inherited dispositions, block the stop signals, install the handler
 *
 * INT, TERM, HUP, QUIT ask to stop; TSTP stops the process only inside a wait; PIPE and XFSZ are ignored: writes
 * say it.
 */
void stop_init(void);

/** stop_end() - no board is touched: signals end and stop the process at once again, unless told to be ignored */
void stop_end(void);

/** stop_port() - how waits let them in; static */
const struct port_stop *stop_port(void);

/** stop_asked() - Return: the signal's number, or 0 */
int stop_asked(void);

/** stop_die() - die of that signal, so that whoever waits sees the truth; does not return */
void stop_die(int signal) __attribute__((noreturn));

#endif
