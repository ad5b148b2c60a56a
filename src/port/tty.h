/* tty.h - a board behind a serial port of this computer: the port.h contract on a Linux tty.
 *
 *	r = tty_refusal(path, text, sizeof(text));	(looks, opens nothing)
 *	r = tty_open(path, &options, &port);		(both lines are asserted from here on)
 *	... port->ops->set_lines(), set_speed(), read() ...
 *	r = port->ops->close(port);			(both released, speed and framing put back)
 *
 * Linux raises DTR and RTS at every open(); nothing can prevent that. So whoever must not be disturbed is
 * looked for before (holder.h), and a port that was opened is in a known state: both asserted.
 * What a bridge of a special kind needs instead of "released" is in tty_options.
 */
#ifndef ESPRESET_TTY_H
#define ESPRESET_TTY_H

#include <stdbool.h>
#include <stddef.h>

#include "port/port.h"

struct tty_options {
	int baud;
	bool no_lock;		      /* take neither flock nor TIOCEXCL */
	const struct port_stop *stop; /* may be NULL: nobody can stop a read; borrowed */
	/* A CP2102C asserts RTS by itself while it receives and DTR is released, which resets the board. At rest it
	 * gets both lines asserted instead of both released: to the two-transistor circuit that is the same. They
	 * stay so after the close, and HUPCL off (esptool leaves DTR so: pull request 1157); but a board that was
	 * not heard meanwhile may be held in reset by that, on direct wiring, and is let go. */
	bool rests_asserted;
	/* The chip's own USB: a speed means nothing to it, but 1200 Bd may start its loader. That one is never set. */
	bool speedless;
};

/**
 * tty_refusal() - is this something that tty_open() would not even open?
 * @path:     what the user said, links followed
 * @ret_text: what it is and what would be right, to stand behind "PATH: "; "" when it is not refused.
 *            NULL with @cap 0: not wanted.
 *
 * Looks at the node and at /sys, and opens nothing.
 *
 * Return: 0: may be a serial port; -ENOENT and what else stat() says: not there; -EISDIR: a directory;
 * -ENOTTY: no terminal at all; -ENOTSUP: a terminal without DTR and RTS (pseudo-terminal, console).
 */
int tty_refusal(const char *path, char *ret_text, size_t cap);

/**
 * tty_is_port() - may this be a serial port, so that opening it as a file would move its lines?
 *
 * Where espreset reads or writes a file that the user names. Opens nothing.
 */
bool tty_is_port(const char *path);

/**
 * tty_open() - open a serial port, locked, raw, at a speed, DTR and RTS asserted
 * @path:     a tty or a symbolic link to one
 * @ret_port: give it back with ops->close()
 *
 * No setting is changed until the lock is ours, but with libserialport 0.1.1: it makes the port raw and cannot lock,
 * which harms a program that takes the lock between the look for holders and this open. HUPCL is set from then on:
 * whatever ends this process, the kernel releases both lines. (libserialport from 0.1.2 on clears it for the moment
 * between its open and our settings.)
 *
 * Return: 0; what tty_refusal() says; -ENOTSUP also when the driver knows no modem lines; -EBUSY: locked, or opened
 * with TIOCEXCL, by somebody else; -EACCES; -ENODEV: unplugged meanwhile; else the driver's error.
 */
int tty_open(const char *path, const struct tty_options *options, struct port **ret_port);

#endif
