/* simport.h - a simulated board as a port in this process, on a clock that jumps: no test sleeps.
 *
 *	struct simport sp;
 *	simport_init(&sp, &config);
 *	r = simport_open(&sp, 115200);		the kernel's open: both lines are asserted now
 *	sp.port.ops->read(&sp.port, ...);	time passes: see sp.clk
 *	simport_truth(&sp)->hardware_resets
 *
 * Operations are counted: open is 1, then each set_lines, set_speed, read and close. The n-th can be made to fail,
 * or a stop signal can arrive during it. A failed operation has no effect, but that close always closes.
 */
#ifndef ESPRESET_SIMPORT_H
#define ESPRESET_SIMPORT_H

#include "base/clk.h"
#include "port/port.h"
#include "sim/bridge.h"

struct simport {
	struct port port; /* use while open */
	struct clk clk;
	struct sim_bridge bridge;
	int64_t now_ns;
	int ops;	/* so far */
	int fail_at;	/* this operation fails; 0: none */
	int fail_errno; /* positive */
	bool fail_on;	/* and all later ones, but the kernel's own close */
	int stop_at;	/* a stop signal arrives during this operation; 0: none */
	bool stop_pending;
	bool dtr, rts; /* as the program has set them */
	bool is_open;
	int64_t opened_ns, closed_ns; /* -1: not yet */
	int transfers;		      /* control transfers so far */
	int64_t limit_ns; /* a session that runs longer is broken: read() then fails with EDEADLK; 0: none */
};

void simport_init(struct simport *sp, const struct sim_config *config);

/* Return: 0 or negative errno; config.open_error comes out here. */
int simport_open(struct simport *sp, int baud);

/* Time passes without the program: after its end, say. */
void simport_wait(struct simport *sp, int64_t ns);

const struct sim_truth *simport_truth(const struct simport *sp);

#endif
