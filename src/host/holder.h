/* holder.h - who uses a serial port, found out without opening it: opening raises both lines.
 *
 *	r = holder_find(path, &holder);
 *	if (r > 0)
 *		r = holder_wait(path, deadline_ms, stop, &holder);
 *
 * Seen are: locks (/proc/locks, everybody's), open descriptors (/proc/PID/fd, one's own processes or, as
 * root, all), and UUCP lock files of living processes (minicom, cu). Not seen: another user's process that
 * has it open and takes no lock, and what is outside this container.
 */
#ifndef ESPRESET_HOST_HOLDER_H
#define ESPRESET_HOST_HOLDER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "port/port.h"

#define HOLDER_COMMAND_MAX 64

enum holder_seen {
	HOLDER_LOCK, /* has locked it: flock(), fcntl() */
	HOLDER_OPEN, /* has it open */
	HOLDER_UUCP  /* has a lock file in /run/lock or /var/lock */
};

struct holder {
	pid_t pid;			  /* 0: cannot be seen */
	char command[HOLDER_COMMAND_MAX]; /* "python3 esptool"; printable; "": cannot be seen */
	enum holder_seen seen;
	bool is_ancestor; /* it started us: flock(1), a script */
};

/**
 * holder_find() - who uses it now?
 * @path:       a character device, links followed
 * @ret_holder: the first one found, when there is one
 *
 * This process and those it started do not count; those that started it do.
 *
 * Return: 1: somebody; 0: nobody that can be seen; -ENOTTY: no character device; else stat()'s error.
 */
int holder_find(const char *path, struct holder *ret_holder);

/**
 * holder_find_by() - the same, for a message that must not come late
 * @deadline_ms: CLOCK_MONOTONIC; where thousands of processes run, to look at all takes seconds
 *
 * Return: also -ETIMEDOUT: not all were looked at, and none of those uses it.
 */
int holder_find_by(const char *path, int64_t deadline_ms, struct holder *ret_holder);

/**
 * holder_wait() - wait until nobody uses it
 * @deadline_ms: CLOCK_MONOTONIC; one that has passed looks once
 * @stop:        may be NULL
 * @ret_holder:  who still does, with -EBUSY
 *
 * Return: 0: free; -EBUSY: at the deadline it was not; -ECANCELED; -ENOENT when the port went away.
 */
int holder_wait(const char *path, int64_t deadline_ms, const struct port_stop *stop, struct holder *ret_holder);

#endif
