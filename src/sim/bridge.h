/* bridge.h - the USB-UART bridge of a simulated board, and its driver, as a program on the host sees them.
 *
 *	sim_bridge_init(&bridge, &config, now, seed);
 *	done = sim_bridge_submit(&bridge, now, &control);	open, set DTR and RTS, set the baud rate, close
 *	sim_bridge_run(&bridge, done);
 *	result = sim_bridge_complete(&bridge, done);
 *	n = sim_bridge_read(&bridge, buf, sizeof(buf));
 *
 * Opening the serial port asserts DTR and RTS at once. Closing it releases both if HUPCL is set. The bridge receives
 * characters at its actual baud rate, and the host gets them after the bridge's latency. Control transfers take time.
 * The caller passes the time, as in board.h. The board is a member of the bridge.
 */
#ifndef ESPRESET_SIM_BRIDGE_H
#define ESPRESET_SIM_BRIDGE_H

#include "sim/board.h"

#define SIM_FIFO 4096 /* size of the kernel's receive buffer; must be a power of two */
#define SIM_PACKET 32 /* size of a USB packet; the bridge sends a full packet at once, without waiting */

enum sim_control_kind { SIM_OPEN, SIM_LINES, SIM_SPEED, SIM_CLOSE };

/* A control transfer, by which the host opens, configures or closes the serial port. */
struct sim_control {
	enum sim_control_kind kind;
	bool dtr, rts; /* for SIM_LINES; true: asserted */
	int baud;      /* for SIM_OPEN and SIM_SPEED: the baud rate */
};

struct sim_bridge {
	struct sim_board board;
	struct sim_uart uart;
	bool is_open, hupcl, unplugged;
	int baud;
	int controls;		    /* number of control transfers submitted so far */
	struct sim_control control; /* the control transfer submitted last */
	int control_result;	    /* the result that sim_bridge_complete() will return */
	int64_t spurious_ns;	    /* when the next spurious character comes */
	int64_t unplug_ns;	    /* when the cable is pulled out */
	unsigned int staged;	    /* number of characters in stage[], which the host has not received yet */
	int next_is_kept;  /* tests set it to 0; the next character sets it to 1 if stage[] had room, else to -1 */
	int64_t staged_ns; /* when the host receives the characters in stage[] */
	unsigned int head, tail;
	uint8_t stage[SIM_PACKET];
	uint8_t fifo[SIM_FIFO];
};

/** sim_bridge_init() - make a board with a bridge; the serial port is closed, and HUPCL is set (kernel's default) */
void sim_bridge_init(struct sim_bridge *bridge, const struct sim_config *config, int64_t now_ns, uint64_t seed);

/** sim_bridge_submit() - begin a control transfer, only one at a time. Return: when to call sim_bridge_complete(). */
int64_t sim_bridge_submit(struct sim_bridge *bridge, int64_t now_ns, const struct sim_control *control);

/**
 * sim_bridge_complete() - end the control transfer: only now its changes of DTR, RTS and the baud rate take effect
 * Return: 0; -ENODEV: unplugged; -EIO: the transfer stalled and nothing changed.
 */
int sim_bridge_complete(struct sim_bridge *bridge, int64_t now_ns);

/** sim_bridge_hupcl() - set or clear HUPCL; only the kernel stores it, so no control transfer is needed */
void sim_bridge_hupcl(struct sim_bridge *bridge, bool on);

/** sim_bridge_read() - read received characters from the kernel's buffer. Return: how many; 0: there are none. */
size_t sim_bridge_read(struct sim_bridge *bridge, void *buf, size_t cap);

bool sim_bridge_has_input(const struct sim_bridge *bridge);
bool sim_bridge_unplugged(const struct sim_bridge *bridge);

/** sim_bridge_next() - when the next event is due; SIM_NEVER: no event is due */
int64_t sim_bridge_next(const struct sim_bridge *bridge);

/** sim_bridge_run() - simulate up to the time @until_ns */
void sim_bridge_run(struct sim_bridge *bridge, int64_t until_ns);

/** sim_bridge_run_to_input() - simulate until there is input or the bridge is unplugged, but not beyond @until_ns.
 * Return: the time up to which the board was simulated. */
int64_t sim_bridge_run_to_input(struct sim_bridge *bridge, int64_t until_ns);

#endif
