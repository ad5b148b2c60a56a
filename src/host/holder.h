/* holder.h - who uses a serial port, found out without opening it, because opening asserts DTR and RTS.
 *
 *	r = holder_find(path, WAIT_FOREVER, &holder);
 *	if (r > 0)
 *		r = holder_wait(path, deadline_ms, stop, &holder);
 *
 * Found are locks of any process (/proc/locks), open descriptors of the same user's processes, for root of all
 * processes (/proc/PID/fd), and UUCP lock files of running processes (minicom, cu). Not found are processes outside
 * this container, and another user's process that has the port open without a lock.
 */
#ifndef ESPRESET_HOST_HOLDER_H
#define ESPRESET_HOST_HOLDER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "port/port.h"

#define HOLDER_COMMAND_MAX 64

enum holder_seen {
	HOLDER_LOCK, /* flock() or fcntl() lock on the port */
	HOLDER_OPEN, /* open descriptor of the port */
	HOLDER_UUCP  /* lock file in /run/lock or /var/lock */
};

/* A process that uses a serial port. */
struct holder {
	pid_t pid;			  /* 0: not known */
	char command[HOLDER_COMMAND_MAX]; /* name and script, "python3 esptool"; plain text; "": not known */
	enum holder_seen seen;		  /* what shows that the process uses the port */
	bool is_ancestor;		  /* the process started espreset, directly or not: flock(1), a script */
};

/**
 * holder_find() - look once for a process that uses a port
 * @path:        a character device or a link to one
 * @deadline_ms: CLOCK_MONOTONIC; with thousands of processes a look takes seconds. WAIT_FOREVER: examine all
 * @ret_holder:  the first process found, with 1
 *
 * This process and its descendants are skipped; its ancestors are not.
 *
 * Return: 1: found; 0: none found; -ENOTTY: not a character device; -ETIMEDOUT: none found among the processes that
 * were examined in time; else stat()'s error.
 */
int holder_find(const char *path, int64_t deadline_ms, struct holder *ret_holder);

/**
 * holder_wait() - wait until no process uses a port
 * @deadline_ms: CLOCK_MONOTONIC; one that has passed means a single look
 * @stop:        NULL: stop signals cannot end the wait
 * @ret_holder:  the process that still uses the port, with -EBUSY
 *
 * Return: 0: free; -EBUSY: in use at the deadline; -ECANCELED: stop signal; -ENOENT: the port disappeared.
 */
int holder_wait(const char *path, int64_t deadline_ms, const struct port_stop *stop, struct holder *ret_holder);

#endif
