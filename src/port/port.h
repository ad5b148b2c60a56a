/* port.h - the contract of a port, through which a board is reached: its operations, whatever implements them.
 *
 * Each implementation has its own open function (tty_open(), sim_port_open()). An open port is used through port->ops
 * and must be given back with ops->close(). Errors are negative errno. "Asserted" means that the bridge's pin is at 0
 * V.
 */
#ifndef ESPRESET_PORT_H
#define ESPRESET_PORT_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/modem.h"

enum port_line { PORT_DTR = MODEM_DTR, PORT_RTS = MODEM_RTS };

struct port;

struct port_ops {
	const char *name;
	/* Set the modem lines in @mask; a bit that is set in @on asserts the line. Several lines change in one
	 * operation.
	 * Return: 0; -ENODEV: unplugged; -EIO and others: the bridge failed. */
	int (*set_lines)(struct port *port, unsigned int mask, unsigned int on);
	/* Change the speed of the open port. Input received before the change may be kept or lost. */
	int (*set_speed)(struct port *port, int baud);
	/* Return: bytes read, at least 1; -ETIMEDOUT: none until the deadline (CLOCK_MONOTONIC, milliseconds);
	 * -ECANCELED: stop signal, never while a line is asserted; -ENODEV: unplugged; other: a failed bridge. */
	ssize_t (*read)(struct port *port, void *buf, size_t cap, int64_t deadline_ms);
	/* Release both modem lines, drain input briefly, restore speed and framing with HUPCL on, close the port and
	 * free it, whatever fails. Return: 0, or the first error: then the lines may still be asserted. */
	int (*close)(struct port *port);
};

/* First member of each implementation's own struct. */
struct port {
	const struct port_ops *ops;
};

/* How a wait notices stop signals, which are blocked except during waits. */
struct port_stop {
	const sigset_t *wait_mask;	    /* signal mask during a wait with both modem lines released */
	const volatile sig_atomic_t *asked; /* the signal's number, set by the handler; 0: none yet */
};

#endif
