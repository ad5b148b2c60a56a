/* wait.h - reads the clock, and waits. Stop signals are blocked except during these waits. */
#ifndef ESPRESET_WAIT_H
#define ESPRESET_WAIT_H

#include <poll.h>
#include <stdint.h>

#include "port/port.h"

/* A deadline that never passes. */
#define WAIT_FOREVER INT64_MAX

/** wait_now_ms() - CLOCK_MONOTONIC in milliseconds */
int64_t wait_now_ms(void);

/**
 * wait_poll() - wait for descriptors until a deadline
 * @fds:         as for poll(2); may be NULL if @count is 0
 * @deadline_ms: CLOCK_MONOTONIC; if it has passed already, poll once without waiting
 * @stop:        from stop_port(); NULL: stop signals stay blocked
 *
 * A pending stop signal ends the wait even if input is ready, because a board may send without a pause.
 *
 * Return: number of ready descriptors; -ETIMEDOUT; -ECANCELED: stop signal; else ppoll()'s error.
 */
int wait_poll(struct pollfd *fds, nfds_t count, int64_t deadline_ms, const struct port_stop *stop);

#endif
