/* tty.h - implements port.h for a serial port (tty) of this computer.
 *
 *	r = tty_refusal(path, text, sizeof(text));	examines the device node, opens nothing
 *	r = tty_open(path, &options, &port);		DTR and RTS are asserted from here on
 *	... port->ops->set_lines(), set_speed(), read() ...
 *	r = port->ops->close(port);			DTR and RTS released, baud rate and framing restored
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
	bool no_lock;		      /* do not lock the port, neither by flock() nor by TIOCEXCL */
	const struct port_stop *stop; /* from stop_port(), borrowed; NULL: stop signals cannot end a read */
	/* For a CP2102C. While DTR is released, this bridge asserts RTS by itself when it receives data, and so resets
	 * the board. Therefore both modem lines are asserted instead of released while the board runs: the usual
	 * two-transistor circuit treats both states alike. Both lines stay asserted after the close, with HUPCL off
	 * (esptool leaves DTR asserted: pull request 1157). Without the two transistors, asserted lines hold the board
	 * in reset. So if no input came while both lines were asserted, both are released at the close. */
	bool rests_asserted;
	/* For the chip's own USB. The baud rate has no effect there, except that 1200 Bd may start the bootloader. So
	 * 1200 Bd is never set. */
	bool speedless;
};

/**
 * tty_refusal() - find out, without opening a file, whether tty_open() would refuse it
 * @path:     as the user typed it; links are followed
 * @ret_text: why, as text to print after "PATH: "; "" if not refused. May be NULL if @cap is 0.
 *
 * Return: 0: may be a serial port; -EISDIR: a directory; -ENOTTY: no terminal; -ENOTSUP: a terminal without DTR and RTS
 * (pseudo-terminal, console); else stat()'s error, such as -ENOENT.
 */
int tty_refusal(const char *path, char *ret_text, size_t cap);

/** tty_is_port() - whether a file may be a serial port; if so, merely opening it may assert DTR and RTS */
bool tty_is_port(const char *path);

/**
 * tty_open() - open and lock a serial port, assert DTR and RTS, set raw mode and the baud rate
 * @path:     a tty or a link to one
 * @ret_port: to be given back with ops->close()
 *
 * Settings are changed only after the port was locked. Exception: libserialport 0.1.1 sets raw mode without locking the
 * port. This disturbs a program that has locked the port since holder_find() looked. HUPCL is set while the port is
 * open: so the kernel releases DTR and RTS however this process ends. (libserialport 0.1.2 clears HUPCL while it opens
 * the port; tty_open() sets it again.)
 *
 * Return: 0; tty_refusal()'s errors; -ENOTSUP also: the driver has no modem lines; -EBUSY: another process has locked
 * the port or set TIOCEXCL; -EACCES; -ENODEV: the device was unplugged during the call; else the driver's error.
 */
int tty_open(const char *path, const struct tty_options *options, struct port **ret_port);

#endif
