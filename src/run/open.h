/* open.h - opens the port that the user's PORT means, and waits for it if it is missing or busy. */
#ifndef ESPRESET_RUN_OPEN_H
#define ESPRESET_RUN_OPEN_H

#include <sys/types.h>

#include "base/verdict.h"
#include "port/port.h"
#include "port/spec.h"
#include "run/request.h"

struct open_options {
	const struct request *request;
	const struct spec *spec;
	int64_t deadline_ms;			      /* when to stop waiting for the port; CLOCK_MONOTONIC */
	void (*status)(void *user, const char *text); /* called when open_port() waits; the text says for what */
	void *user;
};

struct open_failure {
	enum verdict verdict;
	char text[192];	  /* "": no text; then report strerror() of the errno */
	char advice[512]; /* what the user can do; "": nothing known */
	pid_t holder_pid; /* process that uses the port; 0: not known */
	char holder_command[64];
};

/**
 * open_port() - open the port that PORT means
 * @ret: the open port, with DTR and RTS asserted; the caller closes it
 * @ret_native_usb: whether the port is the chip's own USB, not a bridge
 * @ret_failure: filled in on every failure but -ECANCELED
 *
 * While another process is seen to use the port, the port is not opened, because open() asserts DTR and RTS and can
 * destroy an upload. With --no-lock this does not apply to processes that started espreset.
 *
 * Return: 0, or a negative errno; the word after each colon below is the verdict. Errors of the first two items are
 * returned after @options->deadline_ms, others at once.
 *	-ENOENT, -ENXIO, -ENODEV	no such port; a USB device without a tty; unplugged during open(): no-port; or
 *					unplugged, if the port had been found before
 *	-EBUSY, -EAGAIN			used or locked by another program: busy
 *	-ENOTUNIQ			PORT fits several ports: ambiguous
 *	-EACCES, -EPERM			permission
 *	-ENOTTY, -EISDIR		not a serial port: no-port
 *	-ENOTSUP			a terminal without DTR and RTS: no-port
 *	-EDEADLK			used by the program that started espreset: busy
 *	-ECANCELED			a stop signal came
 *	other				the driver or this computer failed: verdict_of_errno()
 */
int open_port(const struct open_options *options, struct port **ret, bool *ret_native_usb,
	      struct open_failure *ret_failure);

#endif
