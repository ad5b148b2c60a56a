/* message.h - what a worker process tells the supervisor: messages of a fixed size, each sent as one packet.
 *
 * STATUS, NOTE and MATCH are sent in any order, and dropped if the socket is full. OPENED is sent when the port is open
 * for the first time. WIRING is sent at most once, before RESULT. RESULT is sent once, as the last message. After a
 * stop signal the worker sends no RESULT.
 */
#ifndef ESPRESET_RUN_MESSAGE_H
#define ESPRESET_RUN_MESSAGE_H

#include "report/report.h"

#define MESSAGE_STATUS_MAX 160

enum message_kind {
	MESSAGE_STATUS, /* what the worker is waiting for */
	MESSAGE_OPENED, /* the port is open: the time limit is now --timeout, not --wait + --timeout */
	MESSAGE_NOTE,	/* progress of the session */
	MESSAGE_MATCH,	/* a text line that matched a pattern */
	MESSAGE_WIRING, /* the circuit that --probe-wiring found; if its verdict is `ready`, RESULT is not reported */
	MESSAGE_RESULT, /* the result of the run; sent after the port is closed */
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
