/* simport.h - a simulated board as a port in the test process, on a simulated clock: no test sleeps.
 *
 *	struct simport sp;
 *	simport_init(&sp, &config);
 *	r = simport_open(&sp, 115200);		both lines are asserted now, as open() leaves them
 *	sp.port.ops->read(&sp.port, ...);	advances sp.clk
 *	simport_truth(&sp)->hardware_resets
 *
 * Operations are counted: open is number 1, then each set_lines, set_speed, read and close. A test can make operation n
 * fail, or let a stop signal arrive during it. A failed operation has no effect, except that close always closes.
 */
#ifndef ESPRESET_SIMPORT_H
#define ESPRESET_SIMPORT_H

#include "base/clk.h"
#include "port/port.h"
#include "sim/bridge.h"

struct simport {
	struct port port; /* usable while the port is open */
	struct clk clk;
	struct sim_bridge bridge;
	int64_t now_ns;
	int ops;	/* number of operations so far */
	int fail_at;	/* number of the operation that fails; 0: none */
	int fail_errno; /* errno of the failure, as a positive number */
	bool fail_on;	/* all later operations fail too, except the kernel's own close */
	int stop_at;	/* number of the operation during which a stop signal arrives; 0: none */
	bool stop_pending;
	bool dtr, rts; /* lines as the program has set them */
	bool is_open;
	int64_t opened_ns, closed_ns; /* -1: not yet */
	int transfers;		      /* number of USB control transfers so far */
	/* longest session; after it read() fails with EDEADLK, because the code under test does not end; 0: no limit */
	int64_t limit_ns;
};

/* simport_init() - connect a board to the port, at time 1000 s; @config is copied */
void simport_init(struct simport *sp, const struct sim_config *config);

/* simport_open() - open the port. Return: 0 or negative errno; config.open_error makes it fail. */
int simport_open(struct simport *sp, int baud);

/* simport_wait() - let time pass without a call of the program, for example after its end */
void simport_wait(struct simport *sp, int64_t ns);

/* simport_truth() - the true state of the board; borrowed */
const struct sim_truth *simport_truth(const struct simport *sp);

#endif
