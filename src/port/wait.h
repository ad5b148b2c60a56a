/* wait.h - waiting: the clock, and the one ppoll() through which stop signals are let in. */
#ifndef ESPRESET_WAIT_H
#define ESPRESET_WAIT_H

#include <poll.h>
#include <stdint.h>

#include "port/port.h"

/* A deadline that never comes. */
#define WAIT_FOREVER INT64_MAX

/** wait_now_ms() - CLOCK_MONOTONIC in milliseconds */
int64_t wait_now_ms(void);

/**
 * wait_poll() - wait for descriptors until a deadline
 * @fds:         as for poll(2); may be NULL when @count is 0
 * @deadline_ms: CLOCK_MONOTONIC; one that has passed looks once and does not wait
 * @stop:        who may stop the wait; NULL: nobody, signals stay blocked
 *
 * A pending stop signal is let in even if data is ready: a board that never stops talking cannot keep
 * it out.
 *
 * Return: descriptors ready, -ETIMEDOUT, -ECANCELED when asked to stop, else poll's error.
 */
int wait_poll(struct pollfd *fds, nfds_t count, int64_t deadline_ms, const struct port_stop *stop);

#endif
