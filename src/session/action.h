/* action.h - what a state machine of this folder wants done with the port next; src/run/loop.c does it. */
#ifndef ESPRESET_SESSION_ACTION_H
#define ESPRESET_SESSION_ACTION_H

#include <stdint.h>

enum action_kind {
	ACTION_SET_LINES,
	ACTION_SET_SPEED,
	ACTION_READ,
	ACTION_DONE,
};

struct action {
	enum action_kind kind;
	unsigned int lines, asserted; /* SET_LINES: which of enum modem_line to drive, and which of those to assert */
	int baud;		      /* SET_SPEED */
	int64_t deadline_ms;	      /* READ: until when to wait for a byte */
};

#endif
