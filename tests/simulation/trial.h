/* trial.h - runs one simulated board through the program's own loop and session, and checks the promises.
 *
 *	static struct trial t;
 *	trial_draw(&t, seed);		draws a board, its user and a failure; or fill board and config yourself
 *	trial_run(&t);
 *	if (t.broken[0])
 *		trial_describe(&t);
 *
 * The clock is simulated and the true state of the board is known, so every promise of docs/design.md, section 3, that
 * a board can show is checked for every board.
 */
#ifndef ESPRESET_SIMULATION_TRIAL_H
#define ESPRESET_SIMULATION_TRIAL_H

#include "session/session.h"
#include "simport.h"

struct trial {
	/* Set before the run, for example by trial_draw(): */
	uint64_t seed;
	struct sim_config board;
	struct session_config config;
	int64_t past_ns;	 /* how long the board has had power when the port is opened */
	int fail_at, fail_errno; /* number of the port operation that fails, and its errno; 0: none */
	int stop_at;		 /* number of the port operation during which a stop signal arrives; 0: none */
	bool watched;		 /* print bytes, notes and edges as they occur */

	/* Filled in by the run: */
	struct simport sp;
	struct session session;
	enum verdict verdict;
	struct sim_truth before, decided, closed;
	int64_t decided_ns;
	int rises_in_download; /* how often EN rose with GPIO0 low after the release */
	/* start of the application's present run; start and end of the last run that has ended */
	int64_t app_since_ns, app_started_ns, app_stopped_ns;
	bool app_runs;
	bool boot_unheard;     /* at the decision: the bridge has dropped the beginning of the last boot */
	int edges_after_close; /* edges of EN and GPIO0 after the close */
	char broken[256];      /* the first promise that did not hold; "": all held */
};

/* trial_draw() - draw the board of @seed, a user whose options may not fit it, and sometimes an operation that fails */
void trial_draw(struct trial *t, uint64_t seed);

/* trial_run() - run the board through a session, and check the promises: see broken */
void trial_run(struct trial *t);

/* trial_result() - the session's result; NULL: the port could not be opened */
const struct session_result *trial_result(const struct trial *t);

/* trial_describe() - print several text lines: verdict, adversaries, user, true state */
void trial_describe(const struct trial *t);

#endif
