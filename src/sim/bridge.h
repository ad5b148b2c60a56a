/* bridge.h - the USB-UART bridge and the driver before it, as a program on the host sees them.
 *
 * Opening raises both lines together; a set HUPCL drops them at close; characters arrive after a latency, as a
 * receiver at the bridge's actual speed heard them. Control transfers take time: submit one, let time pass until
 * the moment it names, then complete it. Time is handed in; the board lives inside.
 */
#ifndef ESPRESET_SIM_BRIDGE_H
#define ESPRESET_SIM_BRIDGE_H

#include "sim/board.h"

#define SIM_FIFO 4096 /* what the kernel keeps for the program: a power of two */
#define SIM_PACKET 32 /* a full packet does not wait for the latency timer */
#define SIM_TX 512

enum sim_control_kind { SIM_OPEN, SIM_LINES, SIM_SPEED, SIM_CLOSE };

struct sim_control {
	enum sim_control_kind kind;
	bool dtr, rts; /* SIM_LINES */
	int baud;      /* SIM_OPEN, SIM_SPEED */
};

struct sim_bridge {
	struct sim_board board;
	struct sim_uart uart;
	bool is_open, hupcl, unplugged;
	int baud;
	int controls;		    /* submitted so far */
	struct sim_control control; /* the one on its way */
	int control_result;
	int64_t spurious_ns, unplug_ns;
	unsigned int staged; /* heard, not yet handed on */
	/* the character after this was set to 0: 1: room was left for it, -1: it was lost */
	int next_is_kept;
	int64_t staged_ns; /* when they will be */
	int64_t tx_ns;	   /* the character on its way to the chip ends then */
	unsigned int tx_head, tx_tail;
	unsigned int head, tail;
	uint8_t stage[SIM_PACKET];
	uint8_t tx[SIM_TX];
	uint8_t fifo[SIM_FIFO];
};

/* A board with a bridge, closed. HUPCL is set, as the kernel's default is. */
void sim_bridge_init(struct sim_bridge *bridge, const struct sim_config *config, int64_t now_ns, uint64_t seed);

/* What the speed asked for becomes on the wire. */
double sim_bridge_rate(enum sim_bridge_kind kind, int baud);

/* Begin a control transfer, one at a time. Return: when to complete it. */
int64_t sim_bridge_submit(struct sim_bridge *bridge, int64_t now_ns, const struct sim_control *control);

/* Return: 0, -ENODEV, -EIO (it never came back). Then pins have moved. */
int sim_bridge_complete(struct sim_bridge *bridge, int64_t now_ns);

/* Kept by the kernel; no transfer. */
void sim_bridge_hupcl(struct sim_bridge *bridge, bool on);

/* Characters that are there for the program; 0: none. */
size_t sim_bridge_read(struct sim_bridge *bridge, void *buf, size_t cap);
bool sim_bridge_has_input(const struct sim_bridge *bridge);

/* Characters to the chip, at the bridge's speed. Return: how many fitted. */
size_t sim_bridge_write(struct sim_bridge *bridge, int64_t now_ns, const void *data, size_t len);

/* As of the last time given: is it gone? */
bool sim_bridge_unplugged(const struct sim_bridge *bridge);
void sim_bridge_unplug(struct sim_bridge *bridge, int64_t now_ns);

/* When something happens next; SIM_NEVER. */
int64_t sim_bridge_next(const struct sim_bridge *bridge);

/* Let time pass. */
void sim_bridge_run(struct sim_bridge *bridge, int64_t until_ns);

/* The same, but stop as soon as there is input or the bridge is gone. Return: the time reached. */
int64_t sim_bridge_run_to_input(struct sim_bridge *bridge, int64_t until_ns);

#endif
