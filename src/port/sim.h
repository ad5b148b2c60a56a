/* sim.h - a simulated board behind a port: "sim:WORDS" instead of a device.
 *
 * The board runs in a process of its own: whatever becomes of this one, SIGKILL included, the simulated kernel
 * closes the port as a real one would.
 */
#ifndef ESPRESET_PORT_SIM_H
#define ESPRESET_PORT_SIM_H

#include <stddef.h>
#include <stdio.h>

#include "port/port.h"

/**
 * sim_port_check() - are these words right?
 * @words: comma separated, "sim:" before them or not
 * @err:   receives the line that says which is wrong
 * Return: 0 or -EINVAL.
 */
int sim_port_check(const char *words, char *err, size_t cap);

/**
 * sim_port_open() - a simulated board, its port opened: both lines are asserted
 * @words: as above
 * @stop:  who may stop a read; NULL: nobody; borrowed
 *
 * Return: 0; -EINVAL for wrong words; what the words ask for (-EBUSY, -EACCES, -ENOENT, ...); or why no process
 * could be started.
 */
int sim_port_open(const char *words, int baud, const struct port_stop *stop, struct port **ret);

/* The words, one a line, with the status each leads to. */
void sim_port_help(FILE *to);

#endif
