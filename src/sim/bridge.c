/* bridge.c - the USB-UART bridge of a simulated board, and its driver, as a program on the host sees them. */
#include "sim/bridge.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "sim/rom.h"

/* The actual baud rate of a bridge that was set to @baud. Sources: Linux drivers/usb/serial/ch341.c (its divisors make
 * all usual baud rates 0.16 % too high), cp210x.c (AN205 table: 64112 to 77608 Bd becomes 76800 Bd), FTDI AN232B-05 (3
 * MHz divided in steps of an eighth). */
static double bridge_rate(enum sim_bridge_kind kind, int baud)
{
	switch (kind) {
	case SIM_BRIDGE_CH340: return baud * 1.0016;
	case SIM_BRIDGE_CP2102: return baud >= 64112 && baud <= 77608 ? 76800 : baud;
	case SIM_BRIDGE_FTDI: return 24e6 / (double)(int)(24e6 / baud + 0.5);
	default: return baud;
	}
}

static bool bridge_happens(struct sim_bridge *bridge, int ppm)
{
	return ppm > 0 && sim_board_random(&bridge->board, 1000000) < (uint64_t)ppm;
}

/* The host receives the characters that the bridge has collected. */
static void deliver(struct sim_bridge *bridge)
{
	for (unsigned int i = 0; i < bridge->staged; i++)
		if (bridge->head - bridge->tail < SIM_FIFO) /* if the kernel's buffer is full, the character is lost */
			bridge->fifo[bridge->head++ % SIM_FIFO] = bridge->stage[i];
	bridge->staged = 0;
	bridge->staged_ns = SIM_NEVER;
}

/* When do characters reach the host if they are due at @time_ns? At the end of the configured input stall if @time_ns
 * lies in the stall, else at @time_ns. */
static int64_t after_stall(const struct sim_bridge *bridge, int64_t time_ns)
{
	const struct sim_config *config = &bridge->board.config;
	int64_t from = bridge->board.start_ns + config->rx_stall_ns;

	if (!config->rx_stall_for_ns || time_ns < from || time_ns >= from + config->rx_stall_for_ns)
		return time_ns;
	return from + config->rx_stall_for_ns;
}

static void bridge_stage(struct sim_bridge *bridge, int64_t time_ns, uint8_t byte)
{
	if (!bridge->is_open)
		return; /* no program has opened the serial port, so the character is lost */
	if (bridge->next_is_kept == 0)
		bridge->next_is_kept = bridge->staged == SIM_PACKET ? -1 : 1;
	if (bridge->staged == SIM_PACKET)
		return; /* the bridge's buffer is full: the character is lost */
	if (bridge->staged == 0)
		bridge->staged_ns = after_stall(bridge, time_ns + bridge->board.config.latency_ns);
	bridge->stage[bridge->staged++] = byte;
	if (bridge->staged == SIM_PACKET)
		bridge->staged_ns = after_stall(bridge, time_ns);
}

static void bridge_heard(void *user, const struct sim_heard *what)
{
	struct sim_bridge *bridge = user;
	const struct sim_config *config = &bridge->board.config;
	uint8_t byte = what->byte;

	if (what->framing_error && config->framing == SIM_FRAMING_DROP)
		return;
	if (what->framing_error && config->framing == SIM_FRAMING_ZERO)
		byte = 0;
	if (bridge_happens(bridge, config->lose_ppm))
		return;
	if (bridge_happens(bridge, config->flip_ppm))
		byte ^= (uint8_t)(1 + sim_board_random(&bridge->board, 255));
	/* deliver the earlier characters that are due already, before this character is collected */
	if (bridge->staged_ns <= what->time_ns)
		deliver(bridge);
	bridge_stage(bridge, what->time_ns, byte);
	if (bridge_happens(bridge, config->repeat_ppm))
		bridge_stage(bridge, what->time_ns, byte);
}

static void on_frame(void *user, const struct sim_frame *frame)
{
	struct sim_bridge *bridge = user;

	sim_uart_frame(&bridge->uart, frame);
}

static int64_t next_spurious(struct sim_bridge *bridge, int64_t now_ns)
{
	int64_t mean = bridge->board.config.spurious_ns;

	if (!mean)
		return SIM_NEVER;
	return now_ns + 1 + (int64_t)sim_board_random(&bridge->board, (uint64_t)(2 * mean));
}

void sim_bridge_init(struct sim_bridge *bridge, const struct sim_config *config, int64_t now_ns, uint64_t seed)
{
	size_t start = offsetof(struct sim_bridge, uart);

	sim_board_init(&bridge->board, config, now_ns, seed);
	sim_board_on_frame(&bridge->board, on_frame, bridge);
	memset((char *)bridge + start, 0, offsetof(struct sim_bridge, stage) - start);
	bridge->hupcl = true;
	bridge->baud = 9600;
	bridge->staged_ns = SIM_NEVER;
	bridge->spurious_ns = next_spurious(bridge, now_ns);
	bridge->unplug_ns = config->unplug_ns ? now_ns + config->unplug_ns : SIM_NEVER;
	sim_uart_init(&bridge->uart,
		      &(struct sim_receiver){ bridge_rate(config->bridge, bridge->baud), config->sample_percent / 100.0,
					      bridge_heard, bridge },
		      now_ns);
}

static void bridge_unplug(struct sim_bridge *bridge, int64_t now_ns)
{
	bridge->unplugged = true;
	bridge->unplug_ns = bridge->spurious_ns = bridge->staged_ns = SIM_NEVER;
	bridge->staged = 0;
	sim_board_power(&bridge->board, now_ns, false);
	sim_board_lines(&bridge->board, now_ns, false, false);
}

bool sim_bridge_unplugged(const struct sim_bridge *bridge)
{
	return bridge->unplugged;
}

void sim_bridge_hupcl(struct sim_bridge *bridge, bool on)
{
	bridge->hupcl = on;
}

/* ---- time ---- */

int64_t sim_bridge_next(const struct sim_bridge *bridge)
{
	int64_t t = sim_earlier(bridge->staged_ns, sim_earlier(bridge->spurious_ns, bridge->unplug_ns));

	t = sim_earlier(t, sim_board_next(&bridge->board));
	/* the receiver gets each character only at its end, so while the board transmits one, it reports nothing */
	return bridge->board.in_frame ? t : sim_earlier(t, sim_uart_next(&bridge->uart));
}

static void own_events(struct sim_bridge *bridge, int64_t now_ns)
{
	if (bridge->staged_ns <= now_ns)
		deliver(bridge);
	if (bridge->spurious_ns <= now_ns) {
		bridge->spurious_ns = next_spurious(bridge, now_ns);
		bridge_stage(bridge, now_ns, (uint8_t)sim_board_random(&bridge->board, 256));
	}
	if (bridge->unplug_ns <= now_ns)
		bridge_unplug(bridge, now_ns);
}

static void run_board(struct sim_bridge *bridge, int64_t until_ns)
{
	sim_board_run(&bridge->board, until_ns);
	sim_uart_idle(&bridge->uart, sim_board_quiet_until(&bridge->board));
}

/* Simulates the next event. Return: false if the next event is later than @until_ns, and nothing was simulated. */
static bool bridge_step(struct sim_bridge *bridge, int64_t until_ns)
{
	int64_t at = sim_bridge_next(bridge);

	if (at > until_ns)
		return false;
	run_board(bridge, at);
	own_events(bridge, at);
	return true;
}

int64_t sim_bridge_run_to_input(struct sim_bridge *bridge, int64_t until_ns)
{
	while (!sim_bridge_has_input(bridge) && !bridge->unplugged) {
		if (!bridge_step(bridge, until_ns)) {
			run_board(bridge, until_ns);
			break;
		}
	}
	return bridge->board.now_ns;
}

void sim_bridge_run(struct sim_bridge *bridge, int64_t until_ns)
{
	while (bridge_step(bridge, until_ns))
		;
	run_board(bridge, until_ns);
}

/* ---- control transfers ---- */

static bool bridge_stalls(const struct sim_bridge *bridge)
{
	const struct sim_config *config = &bridge->board.config;
	int first = config->control_stall_op;

	if (!first || bridge->controls < first)
		return false;
	return !config->control_stall_count || bridge->controls < first + config->control_stall_count;
}

int64_t sim_bridge_submit(struct sim_bridge *bridge, int64_t now_ns, const struct sim_control *control)
{
	const struct sim_config *config = &bridge->board.config;

	sim_bridge_run(bridge, now_ns);
	bridge->control = *control;
	bridge->controls++;
	bridge->control_result = 0;
	if (bridge->controls == config->unplug_op)
		bridge_unplug(bridge, now_ns);
	if (bridge->unplugged)
		return now_ns;
	if (bridge_stalls(bridge)) {
		bridge->control_result = -EIO;
		return now_ns + config->control_stall_for_ns;
	}
	return now_ns + config->control_ns;
}

static void bridge_set_speed(struct sim_bridge *bridge, int64_t now_ns, int baud)
{
	if (baud == bridge->baud)
		return;
	bridge->baud = baud;
	sim_uart_speed(&bridge->uart, now_ns, bridge_rate(bridge->board.config.bridge, baud));
}

int sim_bridge_complete(struct sim_bridge *bridge, int64_t now_ns)
{
	const struct sim_control *control = &bridge->control;

	sim_bridge_run(bridge, now_ns);
	if (control->kind == SIM_CLOSE)
		bridge->is_open = false;
	if (bridge->unplugged)
		return -ENODEV;
	if (bridge->control_result)
		return bridge->control_result;
	switch (control->kind) {
	case SIM_OPEN:
		bridge->is_open = true;
		bridge_set_speed(bridge, now_ns, control->baud);
		sim_board_lines(&bridge->board, now_ns, true, true);
		break;
	case SIM_LINES: sim_board_lines(&bridge->board, now_ns, control->dtr, control->rts); break;
	case SIM_SPEED: bridge_set_speed(bridge, now_ns, control->baud); break;
	case SIM_CLOSE:
		if (bridge->hupcl)
			sim_board_lines(&bridge->board, now_ns, false, false);
		break;
	}
	return 0;
}

/* ---- data ---- */

bool sim_bridge_has_input(const struct sim_bridge *bridge)
{
	return bridge->head != bridge->tail;
}

size_t sim_bridge_read(struct sim_bridge *bridge, void *buf, size_t cap)
{
	uint8_t *to = buf;
	size_t n = 0;

	while (n < cap && bridge->tail != bridge->head)
		to[n++] = bridge->fifo[bridge->tail++ % SIM_FIFO];
	return n;
}
