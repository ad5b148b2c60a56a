/* sim.h - the port contract (port.h) on a simulated board, "sim:WORDS".
 *
 *	r = sim_port_check(words, stop, err, sizeof(err));
 *	r = sim_port_open(words, baud, stop, &port);
 *	... as for any port.h port, until port->ops->close(port) ...
 *
 * The board runs in a separate program, espreset-sim, so that it outlives espreset: even after SIGKILL it sees its port
 * closed, as a real board would. sim/protocol.h describes the messages between both.
 */
#ifndef ESPRESET_PORT_SIM_H
#define ESPRESET_PORT_SIM_H

#include <stddef.h>

#include "port/port.h"

/**
 * sim_port_check() - have espreset-sim check the words
 * @words: comma-separated, without "sim:"
 * @stop:  from stop_port(), to end the wait for the answer; NULL: stop signals cannot end it
 * @err:   one text line on failure: which word is wrong, or why espreset-sim cannot be asked
 * Return: 0; -EINVAL: wrong words; -ECANCELED: stop signal; -ENOENT: espreset-sim is missing; else it cannot be run.
 */
int sim_port_check(const char *words, const struct port_stop *stop, char *err, size_t cap);

/**
 * sim_port_open() - start a simulated board and open its port, with both modem lines asserted
 * @words: comma-separated, without "sim:"
 * @stop:  from stop_port(), borrowed by the port; NULL: stop signals cannot end a read
 *
 * Return: 0; -EINVAL: wrong words; the error that the words ask for (-EBUSY, -EACCES, -ENOENT, ...); or why
 * espreset-sim could not be started.
 */
int sim_port_open(const char *words, int baud, const struct port_stop *stop, struct port **ret);

/**
 * sim_port_help() - become espreset-sim, which prints each word and the exit status that it leads to, and exits
 * @err: one text line on failure
 * Return: only on failure, negative errno.
 */
int sim_port_help(char *err, size_t cap);

#endif
