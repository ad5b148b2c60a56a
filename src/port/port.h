/* port.h - how a board is reached: what a port can be asked, whoever implements it.
 *
 * A port is opened by its own x_open(), used through port->ops, and always given back with ops->close().
 * Errors are negative errno. *Asserted* means: the bridge's pin is at 0 V.
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
	/* Drive the lines in mask; a set bit in on means asserted. Lines that change together change in one
	 * operation. -ENODEV unplugged, -EIO and others: the bridge failed. */
	int (*set_lines)(struct port *port, unsigned int mask, unsigned int on);
	/* Change the speed of the open port. Input received before is kept or lost: nobody may rely on it. */
	int (*set_speed)(struct port *port, int baud);
	/* >0 bytes; -ETIMEDOUT at the deadline (CLOCK_MONOTONIC milliseconds); -ECANCELED: a stop signal
	 * came (never while a line is asserted); -ENODEV: unplugged; other: the bridge failed. */
	ssize_t (*read)(struct port *port, void *buf, size_t cap, int64_t deadline_ms);
	/* Release both lines, drain shortly, put speed and framing back with HUPCL on, close, free. The port is
	 * gone in any case. Return 0, or the first error: then the lines' release is not confirmed. */
	int (*close)(struct port *port);
};

struct port {
	const struct port_ops *ops;
}; /* first member of each backend */

/* How waits see stop signals: these are blocked all the time and admitted only inside a wait. */
struct port_stop {
	const sigset_t *wait_mask;	    /* signal mask while waiting with both lines released */
	const volatile sig_atomic_t *asked; /* set by the handler: the signal's number */
};

#endif
