/* port.h - the operations of a port, through which espreset reaches a board. Implementations: tty.h, sim.h.
 *
 * Each implementation has its own open function (tty_open(), sim_port_open()). An open port is used through port->ops
 * and must be given back with ops->close(). Errors are negative errno. "Asserted" means that the bridge has set the pin
 * of a modem line to 0 V.
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
	/* Set the modem lines in @mask: assert those that are in @on, too, and release the others. All change in one
	 * operation. Return: 0; -ENODEV: unplugged; -EIO and others: the bridge failed. */
	int (*set_lines)(struct port *port, unsigned int mask, unsigned int on);
	/* Change the baud rate of the open port. Input that was received at the old baud rate may be kept or lost. */
	int (*set_speed)(struct port *port, int baud);
	/* Return: number of bytes read, at least 1; -ETIMEDOUT: no byte came before the deadline (CLOCK_MONOTONIC,
	 * milliseconds); -ECANCELED: a stop signal came (not returned while DTR or RTS is asserted); -ENODEV:
	 * unplugged; others: the bridge failed. */
	ssize_t (*read)(struct port *port, void *buf, size_t cap, int64_t deadline_ms);
	/* Release DTR and RTS, read remaining input for a short time, restore baud rate and framing, leave HUPCL set,
	 * close the port and free it. An error does not end this sequence. Return: 0, or the first error: then DTR or
	 * RTS may still be asserted. */
	int (*close)(struct port *port);
};

/* Each implementation's own struct has this struct as its first member. */
struct port {
	const struct port_ops *ops;
};

/* What a wait needs to notice stop signals, which are blocked except during waits. */
struct port_stop {
	const sigset_t *wait_mask; /* signal mask during a wait with both modem lines released */
	/* number of the stop signal that came, set by the handler; 0: none has come */
	const volatile sig_atomic_t *asked;
};

#endif
