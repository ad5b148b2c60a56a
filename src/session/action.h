/* action.h - what a session or a wiring probe wants to be done on the port. src/run/loop.c does it. */
#ifndef ESPRESET_SESSION_ACTION_H
#define ESPRESET_SESSION_ACTION_H

#include <stdint.h>

enum action_kind { ACTION_SET_LINES, ACTION_SET_SPEED, ACTION_READ, ACTION_DONE };

struct action {
	enum action_kind kind;
	/* SET_LINES: bit sets of enum modem_line. lines: which modem lines to change. asserted: which of them to
	 * assert; the others are released. */
	unsigned int lines, asserted;
	int baud;	     /* SET_SPEED: the new baud rate of the port */
	int64_t deadline_ms; /* READ: wait for bytes until this time */
};

static inline struct action action_lines(unsigned int lines, unsigned int asserted)
{
	return (struct action){ .kind = ACTION_SET_LINES, .lines = lines, .asserted = asserted };
}

static inline struct action action_read(int64_t deadline_ms)
{
	return (struct action){ .kind = ACTION_READ, .deadline_ms = deadline_ms };
}

#endif
