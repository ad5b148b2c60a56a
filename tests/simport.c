/* simport.c - a simulated board behind a serial port that exists only in the test process, on a simulated clock. */
#include "simport.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "sim/rom.h"

static struct simport *simport_of(struct port *port)
{
	return (struct simport *)(void *)((char *)port - offsetof(struct simport, port));
}

static int64_t clk_now(struct clk *clk)
{
	const struct simport *sp = (const struct simport *)(const void *)((char *)clk - offsetof(struct simport, clk));

	return sp->now_ns / SIM_MS;
}

/* Advances the clock by a random delay: a busy computer may return late from a system call. */
static void late(struct simport *sp)
{
	int64_t most = sp->bridge.board.config.host_ns;

	if (most)
		sp->now_ns += (int64_t)sim_board_random(&sp->bridge.board, (uint64_t)most);
}

/* Counts an operation. Return: 0, or the negative errno with which the test wants this operation to fail. */
static int begin(struct simport *sp)
{
	sp->ops++;
	if (sp->ops == sp->stop_at)
		sp->stop_pending = true;
	if (sp->fail_at && (sp->ops == sp->fail_at || (sp->fail_on && sp->ops > sp->fail_at)))
		return -sp->fail_errno;
	return 0;
}

static int transfer(struct simport *sp, const struct sim_control *control)
{
	int64_t done = sim_bridge_submit(&sp->bridge, sp->now_ns, control);

	sp->transfers++;
	if (sp->now_ns < done)
		sp->now_ns = done;
	return sim_bridge_complete(&sp->bridge, sp->now_ns);
}

static int drive(struct simport *sp, unsigned int mask, unsigned int on)
{
	if (mask & PORT_DTR)
		sp->dtr = on & PORT_DTR;
	if (mask & PORT_RTS)
		sp->rts = on & PORT_RTS;
	return transfer(sp, &(struct sim_control){ .kind = SIM_LINES, .dtr = sp->dtr, .rts = sp->rts });
}

static int set_lines(struct port *port, unsigned int mask, unsigned int on)
{
	struct simport *sp = simport_of(port);
	int r = begin(sp);

	if (r == 0)
		r = drive(sp, mask, on);
	late(sp);
	return r;
}

static int set_speed(struct port *port, int baud)
{
	struct simport *sp = simport_of(port);
	int r = begin(sp);

	if (r == 0)
		r = transfer(sp, &(struct sim_control){ .kind = SIM_SPEED, .baud = baud });
	late(sp);
	return r;
}

static ssize_t read_input(struct port *port, void *buf, size_t cap, int64_t deadline_ms)
{
	struct simport *sp = simport_of(port);
	int64_t deadline = deadline_ms > INT64_MAX / SIM_MS ? SIM_NEVER : deadline_ms * SIM_MS;
	int r = begin(sp);
	size_t n;

	if (r < 0)
		return r;
	if (sp->limit_ns && sp->now_ns > sp->opened_ns + sp->limit_ns)
		return -EDEADLK;
	if (sp->stop_pending && !sp->dtr && !sp->rts)
		return -ECANCELED;
	sim_bridge_run(&sp->bridge, sp->now_ns);
	if (sp->now_ns < deadline)
		sp->now_ns = sim_bridge_run_to_input(&sp->bridge, deadline);
	n = sim_bridge_read(&sp->bridge, buf, cap);
	late(sp);
	if (n)
		return (ssize_t)n;
	return sim_bridge_unplugged(&sp->bridge) ? -ENODEV : -ETIMEDOUT;
}

/* Reads and discards input until nothing has arrived for 5 ms, but for at most 50 ms. src/port/port.h requires each
 * close() to read the remaining input for a short time. */
static void drain(struct simport *sp)
{
	int64_t end = sp->now_ns + 50 * SIM_MS;
	uint8_t junk[256];

	while (sp->now_ns < end && !sim_bridge_unplugged(&sp->bridge)) {
		int64_t quiet = sp->now_ns + 5 * SIM_MS;

		sp->now_ns = sim_bridge_run_to_input(&sp->bridge, quiet < end ? quiet : end);
		if (!sim_bridge_read(&sp->bridge, junk, sizeof(junk)))
			break;
	}
}

static int close_port(struct port *port)
{
	struct simport *sp = simport_of(port);
	int r = begin(sp);

	if (r == 0)
		r = drive(sp, PORT_DTR | PORT_RTS, 0);
	drain(sp);
	sim_bridge_hupcl(&sp->bridge, true);
	/* Because HUPCL is set, Linux releases DTR and RTS when the port is closed. If this USB transfer fails, Linux
	 * ignores the error, so ignore it here too. */
	(void)transfer(sp, &(struct sim_control){ .kind = SIM_CLOSE });
	sp->is_open = false;
	sp->closed_ns = sp->now_ns;
	return r;
}

static const struct port_ops simport_ops = {
	.name = "simport",
	.set_lines = set_lines,
	.set_speed = set_speed,
	.read = read_input,
	.close = close_port,
};

void simport_init(struct simport *sp, const struct sim_config *config)
{
	memset(sp, 0, offsetof(struct simport, bridge));
	memset((char *)sp + offsetof(struct simport, now_ns), 0, sizeof(*sp) - offsetof(struct simport, now_ns));
	sp->port.ops = &simport_ops;
	sp->clk.now_ms = clk_now;
	sp->now_ns = 1000 * SIM_S;
	sp->opened_ns = sp->closed_ns = -1;
	sim_bridge_init(&sp->bridge, config, sp->now_ns, config->seed);
}

int simport_open(struct simport *sp, int baud)
{
	int r = begin(sp);

	if (r == 0)
		r = -sp->bridge.board.config.open_error;
	if (r == 0)
		r = transfer(sp, &(struct sim_control){ .kind = SIM_OPEN, .baud = baud });
	late(sp);
	if (r < 0)
		return r;
	sp->opened_ns = sp->now_ns;
	sp->is_open = true;
	sp->dtr = sp->rts = true;
	return 0;
}

void simport_wait(struct simport *sp, int64_t ns)
{
	sp->now_ns += ns;
	sim_bridge_run(&sp->bridge, sp->now_ns);
}

const struct sim_truth *simport_truth(const struct simport *sp)
{
	return sim_board_truth(&sp->bridge.board);
}
