/* simport.h - a simulated board behind a serial port that exists only in the test process. The clock is simulated too,
 * so that no test has to wait.
 *
 *	struct simport sp;
 *	simport_init(&sp, &config);
 *	r = simport_open(&sp, 115200);		DTR and RTS are asserted now, as after open() of a Linux serial port
 *	sp.port.ops->read(&sp.port, ...);	advances sp.clk until input arrives or the deadline is over
 *	simport_truth(&sp)->hardware_resets
 *
 * Operations are numbered. The open is number 1; each set_lines, set_speed, read and close has the next number. A test
 * can make the operation with a given number fail, or let a stop signal (such as SIGINT) arrive during it. An operation
 * that fails has no effect, except that a close that fails still closes the port.
 */
#ifndef ESPRESET_SIMPORT_H
#define ESPRESET_SIMPORT_H

#include "base/clk.h"
#include "port/port.h"
#include "sim/bridge.h"

struct simport {
	struct port port; /* pass it to the code under test, between simport_open() and the close */
	struct clk clk;
	struct sim_bridge bridge;
	int64_t now_ns;
	int ops;	/* how many operations have been called so far */
	int fail_at;	/* number of the operation that fails; 0: no operation fails */
	int fail_errno; /* the errno of the operation that fails, as a positive number */
	bool fail_on;	/* true: all operations after number fail_at fail too */
	int stop_at;	/* number of the operation during which a stop signal arrives; 0: no signal arrives */
	bool stop_pending;
	bool dtr, rts; /* true: the code under test has asserted this modem line */
	bool is_open;
	int64_t opened_ns, closed_ns; /* when the port was opened, and when it was closed; -1: not yet */
	int transfers;		      /* how many USB control transfers there have been so far */
	/* How long the port may stay open; 0: for ever. After this time read() fails with EDEADLK, so that an endless
	 * loop in the code under test ends. */
	int64_t limit_ns;
};

/* simport_init() - set up a closed serial port, and the simulated board that @config describes. The clock starts at
 * 1000 s. */
void simport_init(struct simport *sp, const struct sim_config *config);

/* simport_open() - open the port. Return: 0 or negative errno. If the board's config.open_error is not 0, the open
 * fails with this errno. */
int simport_open(struct simport *sp, int baud);

/* simport_wait() - advance the clock while the code under test does nothing, for example after it has ended */
void simport_wait(struct simport *sp, int64_t ns);

/* simport_truth() - the true state of the board. The pointer stays valid as long as @sp does; what it points to changes
 * with the board. */
const struct sim_truth *simport_truth(const struct simport *sp);

#endif
