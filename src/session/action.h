/* action.h - what a session or a wiring probe asks for on the port; src/run/loop.c does it. */
#ifndef ESPRESET_SESSION_ACTION_H
#define ESPRESET_SESSION_ACTION_H

#include <stdint.h>

enum action_kind { ACTION_SET_LINES, ACTION_SET_SPEED, ACTION_READ, ACTION_DONE };

struct action {
	enum action_kind kind;
	unsigned int lines, asserted; /* SET_LINES: bit sets of enum modem_line: lines to drive, those to assert */
	int baud;		      /* SET_SPEED */
	int64_t deadline_ms;	      /* READ: wait for bytes until then */
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
