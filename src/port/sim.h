/* sim.h - implements port.h for a simulated board, "sim:WORDS"; WORDS are keywords that describe the board.
 *
 *	r = sim_port_check(words, stop, err, sizeof(err));
 *	r = sim_port_open(words, baud, stop, &port);
 *	... as for any port.h port, until port->ops->close(port) ...
 *
 * A separate program, espreset-sim, simulates the board and outlives espreset: even if SIGKILL ends espreset, the
 * simulated board sees that its port was closed, as a real board would. sim/protocol.h describes the messages between
 * espreset and espreset-sim.
 */
#ifndef ESPRESET_PORT_SIM_H
#define ESPRESET_PORT_SIM_H

#include <stddef.h>

#include "port/port.h"

/**
 * sim_port_check() - have espreset-sim check the keywords of a simulated board
 * @words: keywords, comma-separated, without "sim:"
 * @stop:  from stop_port(), to end the wait for the answer; NULL: stop signals cannot end it
 * @err:   one text line on failure: which keyword is wrong, or why espreset-sim cannot be asked
 * Return: 0; -EINVAL: a keyword is wrong; -ECANCELED: a stop signal came; -ENOENT: espreset-sim is missing; other
 * errors: espreset-sim cannot be run.
 */
int sim_port_check(const char *words, const struct port_stop *stop, char *err, size_t cap);

/**
 * sim_port_open() - start a simulated board and open its port, with both modem lines asserted
 * @words: keywords, comma-separated, without "sim:"
 * @stop:  from stop_port(), borrowed by the port; NULL: stop signals cannot end a read
 *
 * Return: 0; -EINVAL: a keyword is wrong; an error that the keywords ask for (-EBUSY, -EACCES, -ENOENT, ...); or the
 * reason why espreset-sim could not be started.
 */
int sim_port_open(const char *words, int baud, const struct port_stop *stop, struct port **ret);

/**
 * sim_port_help() - run espreset-sim in place of espreset; it prints each keyword and its exit status
 * @err: one text line on failure
 * Return: only on failure, negative errno.
 */
int sim_port_help(char *err, size_t cap);

#endif
