/* open.h - from PORT as the user spelled it to an open port: waits for a missing or busy one. */
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
	int64_t deadline_ms;			      /* CLOCK_MONOTONIC: how long to wait */
	void (*status)(void *user, const char *text); /* called with a text that says what is waited for */
	void *user;
};

struct open_failure {
	enum verdict verdict;
	char text[192];	  /* "": strerror() of the errno is the best text */
	char advice[512]; /* "": none */
	pid_t holder_pid; /* who uses the port; 0: unknown */
	char holder_command[64];
};

/**
 * open_port() - open the port that PORT means
 * @ret: the open port, both lines asserted; the caller closes it
 * @ret_native_usb: the port is the chip's own USB, not a bridge
 * @ret_failure: filled in on every failure but -ECANCELED
 *
 * A port whose user can be seen is not opened, since open() asserts both lines and can destroy an upload.
 *
 * Return: 0, or a negative errno. The first two kinds are returned after @options->deadline_ms, the others at once.
 *	-ENOENT, -ENXIO, -ENODEV	no such port; a USB device without a tty; unplugged during open(): no-port, or
 *					unplugged if the port was there before
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
