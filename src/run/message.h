/* message.h - what a board's process tells the one that reports: fixed-size messages, one a datagram. */
#ifndef ESPRESET_RUN_MESSAGE_H
#define ESPRESET_RUN_MESSAGE_H

#include "report/report.h"

#define MESSAGE_STATUS_MAX 160

enum message_kind {
	MESSAGE_STATUS, /* what it is waiting for */
	MESSAGE_OPENED, /* the port is open: --wait is over, --timeout counts */
	MESSAGE_NOTE,
	MESSAGE_MATCH,
	MESSAGE_WIRING, /* --probe-wiring: what was found; told instead of the result if that is READY */
	MESSAGE_RESULT, /* the last; the port is closed */
};

struct message {
	enum message_kind kind;
	union {
		char status[MESSAGE_STATUS_MAX];
		struct session_note note;
		struct report_match match;
		struct wiring_result wiring;
		struct report_result result;
	} u;
};

#endif
