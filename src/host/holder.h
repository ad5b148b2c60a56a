/* holder.h - finds the process that uses a serial port, without opening the port: opening asserts DTR and RTS.
 *
 *	r = holder_find(path, WAIT_FOREVER, &holder);
 *	if (r > 0)
 *		r = holder_wait(path, deadline_ms, stop, &holder);
 *
 * It finds locks of any process (/proc/locks), open descriptors of this user's processes, or for root of all processes
 * (/proc/PID/fd), and UUCP lock files of running processes (minicom, cu). It does not find processes outside this
 * container, nor another user's process that has opened the port without locking it.
 */
#ifndef ESPRESET_HOST_HOLDER_H
#define ESPRESET_HOST_HOLDER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "port/port.h"

#define HOLDER_COMMAND_MAX 64

enum holder_seen {
	HOLDER_LOCK, /* the process has a flock() or fcntl() lock on the port */
	HOLDER_OPEN, /* the process has an open descriptor of the port */
	HOLDER_UUCP  /* the process has a lock file for the port in /run/lock or /var/lock */
};

/* A process that uses a serial port. */
struct holder {
	pid_t pid; /* process id; 0: not known */
	/* name of the process and its script, "python3 esptool"; plain text; "": not known */
	char command[HOLDER_COMMAND_MAX];
	enum holder_seen seen; /* what shows that the process uses the port */
	bool is_ancestor;      /* the process has started espreset, directly or through others: flock(1), a script */
};

/**
 * holder_find() - look once for a process that uses a port
 * @path:        a character device or a link to one
 * @deadline_ms: CLOCK_MONOTONIC; examining thousands of processes takes seconds. WAIT_FOREVER: examine all
 * @ret_holder:  if 1 is returned, the first process that was found
 *
 * The calling process and its descendants are ignored; its ancestors are not.
 *
 * Return: 1: found; 0: none found; -ENOTTY: not a character device; -ETIMEDOUT: none found among the processes that
 * were examined in time; else stat()'s error.
 */
int holder_find(const char *path, int64_t deadline_ms, struct holder *ret_holder);

/**
 * holder_wait() - wait until no process uses a port
 * @deadline_ms: CLOCK_MONOTONIC; if it has passed, look only once
 * @stop:        NULL: stop signals cannot end the wait
 * @ret_holder:  if -EBUSY is returned, the process that still uses the port
 *
 * Return: 0: free; -EBUSY: in use at the deadline; -ECANCELED: stop signal; -ENOENT: the port disappeared.
 */
int holder_wait(const char *path, int64_t deadline_ms, const struct port_stop *stop, struct holder *ret_holder);

#endif
