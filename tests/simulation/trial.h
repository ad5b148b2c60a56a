/* trial.h - runs espreset's own session code on one simulated board, and checks the promises of docs/design.md.
 *
 *	static struct trial t;
 *	trial_draw(&t, seed);		random board, options and failures; or set t.board and t.config yourself
 *	trial_run(&t);
 *	if (t.broken[0])		a promise is broken
 *		trial_describe(&t);
 *
 * The simulation knows the true state of the board at any time. So it can check those promises that concern the board
 * (docs/design.md, section 3).
 */
#ifndef ESPRESET_SIMULATION_TRIAL_H
#define ESPRESET_SIMULATION_TRIAL_H

#include "session/session.h"
#include "simport.h"

struct trial {
	/* The caller sets these members before trial_run(), for example by trial_draw(): */
	uint64_t seed;
	struct sim_config board;
	struct session_config config;
	int64_t past_ns;	 /* how long the board has had power when espreset opens the port */
	int fail_at, fail_errno; /* number of the port operation that fails (0: none), and its errno */
	int stop_at;		 /* number of the port operation during which a stop signal arrives (0: none) */
	bool watched;		 /* true: print what the board sends, what espreset notes, and each change of a pin */

	/* trial_run() sets these members: */
	struct simport sp;
	struct session session;
	enum verdict verdict;
	struct sim_truth before, decided, closed;
	int64_t decided_ns;
	int rises_in_download; /* how often EN rose in the first reset pulse while GPIO0 was low (download mode) */
	/* app_since_ns: when the application last started. app_started_ns, app_stopped_ns: when its last completed run
	 * began and ended. */
	int64_t app_since_ns, app_started_ns, app_stopped_ns;
	bool app_runs;
	bool boot_unheard; /* true: when the verdict was given, the bridge had dropped the last boot's first output */
	int edges_after_close; /* how often EN or GPIO0 has changed after the port was closed */
	char broken[256];      /* how the first broken promise was broken; "": all promises were kept */
};

/* trial_draw() - prepare @t from @seed: a random board, and random options, which need not fit the board. Sometimes one
 * port operation fails, or a stop signal arrives during it. */
void trial_draw(struct trial *t, uint64_t seed);

/* trial_run() - run espreset's session code on the board, check the promises, and set the members of @t from sp on */
void trial_run(struct trial *t);

/* trial_result() - the result of the session; NULL: the session has not ended, because the port could not be opened */
const struct session_result *trial_result(const struct trial *t);

/* trial_describe() - print the verdict, what makes the board difficult, espreset's options, and the board's true
 * state */
void trial_describe(const struct trial *t);

#endif
