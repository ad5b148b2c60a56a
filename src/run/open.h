/* open.h - from PORT as the user spelled it to an open port: waits for a missing or busy one. */
#ifndef ESPRESET_RUN_OPEN_H
#define ESPRESET_RUN_OPEN_H

#include <sys/types.h>

#include "base/verdict.h"
#include "port/port.h"
#include "port/spec.h"
#include "run/request.h"

struct open_failure {
	enum verdict verdict;
	char text[192];	  /* "" : the errno's words do */
	char advice[512]; /* "" */
	pid_t holder_pid; /* 0 */
	char holder_command[64];
};

/**
 * open_port() - open the port
 * @deadline_ms: until when a missing or busy one is waited for; CLOCK_MONOTONIC
 * @status: told what is being waited for
 * @ret: both lines are asserted from here on
 * @ret_native_usb: the port is the chip's own USB, no bridge
 * @ret_failure: filled when it fails, but for -ECANCELED
 *
 * A port whose user can be seen is never opened: opening raises both lines and can destroy their upload.
 *
 * Return: 0, -ECANCELED (stop asked), or the negative errno behind the failure.
 */
int open_port(const struct request *request, const struct spec *spec, int64_t deadline_ms,
	      void (*status)(void *user, const char *text), void *user, struct port **ret, bool *ret_native_usb,
	      struct open_failure *ret_failure);

#endif
