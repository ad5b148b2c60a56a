/* plug.h - one simulated board on one simulated bridge, in one port of vhci_hcd; its faults and its record.
 *
 * Everything happens at CLOCK_MONOTONIC times that the caller hands in. The record is the truth that no test
 * gets through USB: edges of EN and GPIO0, what runs, every transfer, as lines of JSON.
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
	STALL_UNTIL_RESET = 8	/* of control transfers, by a chip that a USB reset cures */
};
/* clang-format on */
enum plug_when { WHEN_NEVER, WHEN_CONTROL, WHEN_LINES, WHEN_BYTES, WHEN_NOW };
enum plug_what { WHAT_UNPLUG, WHAT_STALL, WHAT_KILL, WHAT_FINGER, WHAT_RELEASE, WHAT_VANISH };

/* Something that happens once, when something else has happened so often, and then a while later. */
struct plug_armed {
	enum plug_when when; /* WHEN_NEVER: free */
	unsigned int count;  /* still to come */
	int64_t delay_ns;
	int64_t due_ns; /* SIM_NEVER until count is 0 */
	enum plug_what what;
	int arg, arg2;
};

struct plug_pending {
	uint32_t seq;
	unsigned int ep;
	bool in;
	uint32_t len;
	int64_t due_ns; /* an answer that waits; SIM_NEVER: for data, or for ever */
};

struct plug_heard {
	int64_t at_ns;
	uint8_t byte;
};

struct plug {
	int id;
	bool made; /* there is a board */
	struct usbip usb;
	struct bridge bridge;
	struct sim_config config;
	struct sim_board board;
	struct sim_rom_loader loader;
	unsigned int bites; /* of its watchdog, that the bus has seen */
	uint8_t *flash, *packed;
	bool online; /* its words said ota=HOST:PORT */
	struct sim_net net;

	struct sim_uart receiver; /* the bridge's */
	double receiver_rate;
	struct plug_heard *in; /* ring: to the host */
	uint32_t in_from, in_to;
	int64_t in_last_ns; /* the last packet left */
	bool framing_error; /* since then, a character had no stop bit */
	bool reading;	    /* somebody asks for input */
	int64_t flow_ns;    /* RTS, asserted by the chip's flow control, is released then; SIM_NEVER */
	bool flow_is_on;

	uint8_t *out; /* ring: from the host */
	uint32_t out_from, out_to;
	int64_t out_end_ns; /* the character being sent ends; SIM_NEVER: none */

	struct plug_pending pending[PLUG_PENDING];
	/* requests that were not there when they were to be cancelled; a ring */
	uint32_t cancelled[PLUG_PENDING];
	unsigned int cancelled_at;
	unsigned int stalled; /* enum plug_stall */
	int64_t gone_ns;      /* the cable is out, and then the host sees it; SIM_NEVER */
	struct plug_armed armed[PLUG_ARMED];
	unsigned int lost; /* characters the bridge had no room for */

	char *record; /* open_memstream() */
	size_t record_len;
	FILE *record_file;
	int64_t now_ns;
};

/**
 * plug_in() - a new board, as `words` of the simulation say, behind a bridge
 *
 * Return: 0, or negative errno; err then says why.
 */
int plug_in(struct plug *plug, int id, int64_t now_ns, const struct bridge_kind *kind, const char *words, char *err,
	    size_t cap);

/**
 * plug_swap() - another board, as `words` say, behind the bridge that stays plugged in
 *
 * Its record begins anew, and nothing is armed. What the driver has set stays: speed, lines.
 *
 * Return: as plug_in(). On a failure the old board may be gone.
 */
int plug_swap(struct plug *plug, int64_t now_ns, const char *words, char *err, size_t cap);

/* The cable leaves, and with it the power; transfers fail, and a little later the host sees that the device is gone.
 * The board stays as an object, its record too. */
void plug_out(struct plug *plug, int64_t now_ns);

/* It leaves the bus and keeps its power: a chip that serves its USB itself. */
void plug_vanish(struct plug *plug, int64_t now_ns);

/* The same board comes back. Return: 0 or negative errno. */
int plug_again(struct plug *plug, int64_t now_ns);

/* Its socket is readable. */
void plug_receive(struct plug *plug, int64_t now_ns);

/* Everything up to now happens. */
void plug_run(struct plug *plug, int64_t now_ns);

/* When something happens next; SIM_NEVER. */
int64_t plug_next(const struct plug *plug);

/* Transfers of these kinds are not completed from now on; 0: all are, those that wait too. */
void plug_stall(struct plug *plug, int64_t now_ns, unsigned int kinds);

/* Return: false when too much is armed. */
bool plug_arm(struct plug *plug, int64_t now_ns, const struct plug_armed *armed);

/* One line of JSON: what is true now. */
void plug_truth(struct plug *plug, FILE *out);

/* A mark in the record. */
void plug_mark(struct plug *plug, int64_t now_ns, const char *text);

#endif
