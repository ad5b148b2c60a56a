/* tty.h - the port contract (port.h) on a serial port of this computer.
 *
 *	r = tty_refusal(path, text, sizeof(text));	examines the node, opens nothing
 *	r = tty_open(path, &options, &port);		DTR and RTS are asserted from here on
 *	... port->ops->set_lines(), set_speed(), read() ...
 *	r = port->ops->close(port);			both lines released, speed and framing restored
 *
 * Linux asserts DTR and RTS at every open(), and nothing can prevent that. So look for other users of the port first
 * (host/holder.h).
 */
#ifndef ESPRESET_TTY_H
#define ESPRESET_TTY_H

#include <stdbool.h>
#include <stddef.h>

#include "port/port.h"

struct tty_options {
	int baud;
	bool no_lock;		      /* take neither flock nor TIOCEXCL */
	const struct port_stop *stop; /* from stop_port(), borrowed; NULL: stop signals cannot end a read */
	/* For a CP2102C, which asserts RTS by itself while it receives and DTR is released, and so resets the board.
	 * While the board runs, both lines are asserted instead of released, which is the same to the two-transistor
	 * circuit. They stay asserted after the close, with HUPCL off (esptool leaves DTR asserted: pull request 1157).
	 * On direct wiring this holds the board in reset: if nothing was received meanwhile, both lines are released at
	 * the close. */
	bool rests_asserted;
	/* For the chip's own USB. Its speed has no effect, but 1200 Bd may start the loader and is never set. */
	bool speedless;
};

/**
 * tty_refusal() - whether tty_open() would refuse a file without opening it
 * @path:     as the user typed it; links are followed
 * @ret_text: why, as text to print after "PATH: "; "" if not refused. May be NULL if @cap is 0.
 *
 * Return: 0: may be a serial port; -EISDIR: a directory; -ENOTTY: no terminal; -ENOTSUP: a terminal without DTR and RTS
 * (pseudo-terminal, console); else stat()'s error, such as -ENOENT.
 */
int tty_refusal(const char *path, char *ret_text, size_t cap);

/** tty_is_port() - whether a file may be a serial port, so that opening it as a file would assert DTR and RTS */
bool tty_is_port(const char *path);

/**
 * tty_open() - open a serial port: locked, raw, at a speed, DTR and RTS asserted
 * @path:     a tty or a link to one
 * @ret_port: to be given back with ops->close()
 *
 * Settings are changed only after the lock was taken. The exception is libserialport 0.1.1, which cannot lock and makes
 * the port raw; this harms a program that took the lock after holder_find() had looked. HUPCL is set until the close,
 * so the kernel releases both lines however this process ends. (libserialport 0.1.2 clears HUPCL between its open and
 * our settings.)
 *
 * Return: 0; tty_refusal()'s errors; -ENOTSUP also: the driver has no modem lines; -EBUSY: another process has locked
 * the port or set TIOCEXCL; -EACCES; -ENODEV: unplugged meanwhile; else the driver's error.
 */
int tty_open(const char *path, const struct tty_options *options, struct port **ret_port);

#endif
