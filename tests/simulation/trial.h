/* trial.h - one simulated board through the program's own loop and session, and the promises it must show.
 *
 *	static struct trial t;
 *	trial_draw(&t, seed);		a random board, its user, what failed; or fill board and config yourself
 *	trial_run(&t);
 *	if (t.broken[0])
 *		trial_describe(&t);
 *
 * The clock is virtual and the truth is known, so every promise of docs/design.md, section 3, that a board can show is
 * asserted for every board.
 */
#ifndef ESPRESET_SIMULATION_TRIAL_H
#define ESPRESET_SIMULATION_TRIAL_H

#include "session/session.h"
#include "simport.h"

struct trial {
	/* before the run: what trial_draw() draws */
	uint64_t seed;
	struct sim_config board;
	struct session_config config;
	int64_t past_ns;	 /* how long the board has lived when the port is opened */
	int fail_at, fail_errno; /* this operation of the port fails; 0: none */
	int stop_at;		 /* a stop signal arrives during this operation; 0: none */
	bool watched;		 /* print bytes, notes and edges as they come */

	/* after it */
	struct simport sp;
	struct session session;
	enum verdict verdict;
	struct sim_truth before, decided, closed;
	int64_t decided_ns;
	int rises_in_download;				      /* EN rose after our release while GPIO0 was low */
	int64_t app_since_ns, app_started_ns, app_stopped_ns; /* when it last ran to an end, and since when now */
	bool app_runs;
	bool boot_unheard;     /* at the decision: the bridge has lost how the last boot began */
	int edges_after_close; /* of EN and GPIO0 */
	char broken[256];      /* the first promise that did not hold; "": all did */
};

/* The random board of that seed, a user who knows it more or less, and an operation that fails, sometimes. */
void trial_draw(struct trial *t, uint64_t seed);

void trial_run(struct trial *t);

/* The session's result; NULL when the port could not be opened. */
const struct session_result *trial_result(const struct trial *t);

/* Several lines: verdict, adversaries, user, truth. */
void trial_describe(const struct trial *t);

#endif
