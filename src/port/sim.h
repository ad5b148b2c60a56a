/* sim.h - a simulated board behind a port: "sim:WORDS" instead of a device.
 *
 * The board is a program of its own, espreset-sim, beside this one: whatever becomes of this one, SIGKILL included, the
 * simulated kernel closes the port as a real one would. sim/protocol.h is what the two say to each other.
 */
#ifndef ESPRESET_PORT_SIM_H
#define ESPRESET_PORT_SIM_H

#include <stddef.h>

#include "port/port.h"

/**
 * sim_port_check() - are these words right?
 * @words: comma separated, without "sim:"
 * @stop:  who may stop the wait for espreset-sim's answer; NULL: nobody
 * @err:   receives the line that says which is wrong, or why espreset-sim cannot be asked
 * Return: 0; -EINVAL: wrong words; -ECANCELED; other: espreset-sim is missing (-ENOENT), or cannot be run.
 */
int sim_port_check(const char *words, const struct port_stop *stop, char *err, size_t cap);

/**
 * sim_port_open() - a simulated board, its port opened: both lines are asserted
 * @words: as above
 * @stop:  who may stop a read; NULL: nobody; borrowed
 *
 * Return: 0; -EINVAL for wrong words; what the words ask for (-EBUSY, -EACCES, -ENOENT, ...); or why espreset-sim
 * could not be started.
 */
int sim_port_open(const char *words, int baud, const struct port_stop *stop, struct port **ret);

/**
 * sim_port_help() - print the words to standard output, one a line, with the status each leads to
 * @err: receives one line where espreset-sim cannot be run
 * Return: only if it cannot be run, negative errno: the process becomes espreset-sim.
 */
int sim_port_help(char *err, size_t cap);

#endif
