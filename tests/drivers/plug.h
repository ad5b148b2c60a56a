/* plug.h - one simulated board with a simulated USB-UART bridge, plugged into a port of Linux's virtual USB host
 * controller (vhci_hcd). Tests can order faults, such as a pulled cable. A record lists all events.
 *
 *	plug_in(&plug, id, now, kind, words, err, sizeof(err));
 *	loop: if plug.usb.fd is readable, plug_receive(); then plug_run(); then sleep until plug_next()
 *	plug_out(&plug, now);
 *
 * All times that the caller passes are nanoseconds of CLOCK_MONOTONIC. The record tells a test what the test cannot see
 * through USB: each change of EN and GPIO0, what the chip runs, and each USB transfer. Each event is a JSON object on
 * its own text line.
 */
#ifndef BENCH_PLUG_H
#define BENCH_PLUG_H

#include <stdio.h>

#include "bridge.h"
#include "loader.h"
#include "sim/board.h"
#include "sim/net.h"
#include "usbip.h"

#define PLUG_MAX 15 /* number of boards that can be plugged in */
#define PLUG_FLASH (4u << 20)
#define PLUG_PACKED (1u << 20)
#define PLUG_PENDING 64
#define PLUG_IN 65536u
#define PLUG_OUT 65536u
#define PLUG_ARMED 8

/* clang-format off */
enum plug_stall {
	STALL_CONTROL = 1, STALL_IN = 2, STALL_OUT = 4,
	STALL_UNTIL_RESET = 8	/* stalls control transfers until the host resets the USB device */
};
/* clang-format on */
enum plug_when { WHEN_NEVER, WHEN_CONTROL, WHEN_LINES, WHEN_BYTES, WHEN_NOW };
enum plug_what { WHAT_UNPLUG, WHAT_STALL, WHAT_KILL, WHAT_FINGER, WHAT_RELEASE, WHAT_VANISH };

/* A fault that will happen once: the fault that the member "what" names. It happens delay_ns after the event that the
 * member "when" names has come "count" times. */
struct plug_armed {
	enum plug_when when; /* WHEN_NEVER: this entry of armed[] is not in use */
	unsigned int count;  /* how many events must still happen before the delay begins */
	int64_t delay_ns;
	int64_t due_ns; /* when the fault happens; SIM_NEVER: not known yet, because count is not 0 */
	enum plug_what what;
	int arg, arg2;
};

struct plug_pending {
	uint32_t seq;
	unsigned int ep;
	bool in;
	uint32_t len;
	int64_t due_ns; /* when to answer this request; SIM_NEVER: as soon as there is data for the host, if ever */
};

struct plug_heard {
	int64_t at_ns;
	uint8_t byte;
};

struct plug {
	int id;
	bool made; /* true: plug_in() has been called for this USB port, so it has, or has had, a board */
	struct usbip usb;
	struct bridge bridge;
	struct sim_config config;
	struct sim_board board;
	struct sim_rom_loader loader;
	unsigned int watchdog_resets; /* how many of the loader.watchdog_resets have been handled */
	uint8_t *flash, *packed;
	bool online; /* true: the board has a network update service, because its WORDS contain ota=HOST:PORT */
	struct sim_net net;

	struct sim_uart receiver; /* the bridge's UART receiver */
	double receiver_rate;
	struct plug_heard *in; /* ring buffer of characters from the board that the host has not got yet */
	uint32_t in_from, in_to;
	int64_t in_last_ns; /* when the host got the last input packet */
	bool framing_error; /* true: since the last input packet, a character has had a framing error */
	bool reading;	    /* true: the host is waiting for input */
	int64_t flow_ns;    /* when a CP2102C's flow control will release RTS; SIM_NEVER: it does not assert RTS */
	bool flow_is_on;

	uint8_t *out; /* ring buffer of characters from the host that the board has not got yet */
	uint32_t out_from, out_to;
	int64_t out_end_ns; /* when the character on its way to the board ends; SIM_NEVER: no character is on its way */

	struct plug_pending pending[PLUG_PENDING];
	/* numbers of the USB requests that the host cancelled before they arrived; a new number overwrites the
	 * oldest */
	uint32_t cancelled[PLUG_PENDING];
	unsigned int cancelled_at;
	unsigned int stalled; /* which USB transfers get no answer at present: a sum of enum plug_stall values */
	int64_t gone_ns;      /* when to tell the host that the device has left the bus; SIM_NEVER: it has not left */
	struct plug_armed armed[PLUG_ARMED];
	unsigned int lost; /* how many characters were lost because the bridge's buffer was full */

	char *record; /* the text of the record, which open_memstream() keeps up to date after fflush(record_file) */
	size_t record_len;
	FILE *record_file;
	int64_t now_ns;
};

/**
 * plug_in() - create the board that @words describe, as in espreset's PORT sim:WORDS, with a bridge of the kind @kind,
 * and plug it into USB port @id
 *
 * Return: 0, or negative errno. On failure, @err tells the reason.
 */
int plug_in(struct plug *plug, int id, int64_t now_ns, const struct bridge_kind *kind, const char *words, char *err,
	    size_t cap);

/**
 * plug_swap() - replace the board by a new one that @words describe; the bridge stays plugged in
 *
 * Starts a new record, and forgets all armed faults. The bridge keeps its baud rate and the state of DTR and RTS.
 *
 * Return: 0, or negative errno. On failure, @err tells the reason, and the old board may no longer exist.
 */
int plug_swap(struct plug *plug, int64_t now_ns, const char *words, char *err, size_t cap);

/* plug_out() - pull the USB cable, which also carries the board's power. All USB transfers then fail, and 0.1 s later
 * the host is told of the disconnect. The board and its record stay in @plug. */
void plug_out(struct plug *plug, int64_t now_ns);

/* plug_vanish() - disconnect the device from the USB bus while the board keeps its power, as a chip with native USB
 * does when it resets itself */
void plug_vanish(struct plug *plug, int64_t now_ns);

/* plug_again() - plug in the board again after plug_out() or plug_vanish(). Return: 0 or negative errno. */
int plug_again(struct plug *plug, int64_t now_ns);

/* plug_receive() - read and handle the kernel's USB requests; call it when plug.usb.fd is readable */
void plug_receive(struct plug *plug, int64_t now_ns);

/* plug_run() - do everything that has to happen up to the time @now_ns */
void plug_run(struct plug *plug, int64_t now_ns);

/* plug_next() - when plug_run() must be called next; SIM_NEVER: not before a new request or command */
int64_t plug_next(const struct plug *plug);

/* plug_stall() - stop answering the USB transfers that @kinds selects, a sum of enum plug_stall values. 0: answer all
 * transfers again. */
void plug_stall(struct plug *plug, int64_t now_ns, unsigned int kinds);

/* plug_arm() - plan a fault that happens later. Return: false if PLUG_ARMED faults are planned already. */
bool plug_arm(struct plug *plug, int64_t now_ns, const struct plug_armed *armed);

/* plug_truth() - write the true state of board and bridge to @out, as one JSON object */
void plug_truth(struct plug *plug, FILE *out);

/* plug_mark() - write @text into the record, so that a test can find this moment in the record */
void plug_mark(struct plug *plug, int64_t now_ns, const char *text);

#endif
