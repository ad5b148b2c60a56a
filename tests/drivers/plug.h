/* plug.h - one simulated board on one simulated bridge in one port of vhci_hcd, with its faults and its record.
 *
 *	plug_in(&plug, id, now, kind, words, err, sizeof(err));
 *	loop: when plug.usb.fd is readable plug_receive(); then plug_run(); sleep until plug_next()
 *	plug_out(&plug, now);
 *
 * The caller passes CLOCK_MONOTONIC times in nanoseconds. The record holds the truth that no test can see through USB,
 * as JSON, one object per text line: edges of EN and GPIO0, what the chip runs, every transfer.
 */
#ifndef BENCH_PLUG_H
#define BENCH_PLUG_H

#include <stdio.h>

#include "bridge.h"
#include "loader.h"
#include "sim/board.h"
#include "sim/net.h"
#include "usbip.h"

#define PLUG_MAX 15 /* ports of one vhci_hcd */
#define PLUG_FLASH (4u << 20)
#define PLUG_PACKED (1u << 20)
#define PLUG_PENDING 64
#define PLUG_IN 65536u
#define PLUG_OUT 65536u
#define PLUG_ARMED 8

/* clang-format off */
enum plug_stall {
	STALL_CONTROL = 1, STALL_IN = 2, STALL_OUT = 4,
	STALL_UNTIL_RESET = 8	/* control transfers only, on a chip that a USB reset cures */
};
/* clang-format on */
enum plug_when { WHEN_NEVER, WHEN_CONTROL, WHEN_LINES, WHEN_BYTES, WHEN_NOW };
enum plug_what { WHAT_UNPLUG, WHAT_STALL, WHAT_KILL, WHAT_FINGER, WHAT_RELEASE, WHAT_VANISH };

/* A fault armed in advance: done once, delay_ns after the count-th event of the kind when. */
struct plug_armed {
	enum plug_when when; /* WHEN_NEVER: this slot is free */
	unsigned int count;  /* events that are still to come */
	int64_t delay_ns;
	int64_t due_ns; /* when to do it; SIM_NEVER: before the last event */
	enum plug_what what;
	int arg, arg2;
};

struct plug_pending {
	uint32_t seq;
	unsigned int ep;
	bool in;
	uint32_t len;
	int64_t due_ns; /* when the answer is due; SIM_NEVER: when input arrives, or never */
};

struct plug_heard {
	int64_t at_ns;
	uint8_t byte;
};

struct plug {
	int id;
	bool made; /* a board exists */
	struct usbip usb;
	struct bridge bridge;
	struct sim_config config;
	struct sim_board board;
	struct sim_rom_loader loader;
	unsigned int watchdog_resets; /* watchdog resets of the board that the USB side has handled */
	uint8_t *flash, *packed;
	bool online; /* the board runs an update service, because its words hold ota=HOST:PORT */
	struct sim_net net;

	struct sim_uart receiver; /* the bridge's UART receiver */
	double receiver_rate;
	struct plug_heard *in; /* ring buffer of characters for the host */
	uint32_t in_from, in_to;
	int64_t in_last_ns; /* when the last input packet was sent */
	bool framing_error; /* a character since the last packet had no stop bit */
	bool reading;	    /* the host has a read pending */
	int64_t flow_ns;    /* when the chip's flow control releases RTS; SIM_NEVER: it does not assert RTS */
	bool flow_is_on;

	uint8_t *out; /* ring buffer of characters from the host */
	uint32_t out_from, out_to;
	int64_t out_end_ns; /* when the character being transmitted ends; SIM_NEVER: none is */

	struct plug_pending pending[PLUG_PENDING];
	/* Ring of requests whose cancellation arrived before them. */
	uint32_t cancelled[PLUG_PENDING];
	unsigned int cancelled_at;
	unsigned int stalled; /* enum plug_stall values, added */
	int64_t gone_ns;      /* when the host sees the disconnect of a pulled cable; SIM_NEVER */
	struct plug_armed armed[PLUG_ARMED];
	unsigned int lost; /* characters lost because the bridge's receive buffer was full */

	char *record; /* buffer of record_file, from open_memstream() */
	size_t record_len;
	FILE *record_file;
	int64_t now_ns;
};

/**
 * plug_in() - create the board that @words describe (as in sim:WORDS) on a bridge, and plug it into port @id
 *
 * Return: 0, or negative errno with the reason in @err.
 */
int plug_in(struct plug *plug, int id, int64_t now_ns, const struct bridge_kind *kind, const char *words, char *err,
	    size_t cap);

/**
 * plug_swap() - replace the board by the one that @words describe; the bridge stays plugged in
 *
 * Starts a new record and disarms all faults. Speed and lines stay as the driver has set them.
 *
 * Return: as plug_in(). On failure the old board may be gone.
 */
int plug_swap(struct plug *plug, int64_t now_ns, const char *words, char *err, size_t cap);

/* plug_out() - pull the cable, and with it the power: transfers fail, and shortly after that the host sees the
 * disconnect. The board object and its record remain. */
void plug_out(struct plug *plug, int64_t now_ns);

/* plug_vanish() - disconnect from the bus but keep the power, as a chip with native USB can */
void plug_vanish(struct plug *plug, int64_t now_ns);

/* plug_again() - plug the same board in again. Return: 0 or negative errno. */
int plug_again(struct plug *plug, int64_t now_ns);

/* plug_receive() - read requests; call when the USB/IP socket is readable */
void plug_receive(struct plug *plug, int64_t now_ns);

/* plug_run() - process everything that is due up to @now_ns */
void plug_run(struct plug *plug, int64_t now_ns);

/* plug_next() - when plug_run() must be called next; SIM_NEVER: no event is due */
int64_t plug_next(const struct plug *plug);

/* plug_stall() - stop completing transfers of these kinds (enum plug_stall, added); 0: complete all, pending ones too
 */
void plug_stall(struct plug *plug, int64_t now_ns, unsigned int kinds);

/* plug_arm() - arm a fault. Return: false if PLUG_ARMED faults are armed already. */
bool plug_arm(struct plug *plug, int64_t now_ns, const struct plug_armed *armed);

/* plug_truth() - write the current state of board and bridge, one JSON object */
void plug_truth(struct plug *plug, FILE *out);

/* plug_mark() - write @text into the record */
void plug_mark(struct plug *plug, int64_t now_ns, const char *text);

#endif
