/* measure.c - runs espreset without options on simulated boards, and counts the verdicts for each class and each fault.
 *
 * Two processes share the work, to use two processors. One takes the even seeds, the other the odd seeds, and each runs
 * half of the boards that are needed for each class. So the result does not depend on which process is faster.
 */
#include "measure.h"

#include <assert.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "classes.h"

#define PARTS 2
/* Each class and each fault gets as many boards as the class "all" divided by CLASS_SHARE, but at least CLASS_MIN. */
#define CLASS_MIN 2000
#define CLASS_SHARE 20

static struct trial measure_trial;

void measure_draw(struct trial *t, enum boards_fault fault, uint64_t seed)
{
	*t = (struct trial){ .seed = seed, .watched = t->watched };
	boards_draw(fault, seed, &t->board, &t->past_ns);
	session_config_init(&t->config);
}

static void measure_count(struct row *row, const struct trial *t)
{
	double ms = (double)(t->decided_ns - t->sp.opened_ns) / 1e6;
	bool first = session_result(&t->session)->attempts == 1;

	row->boards++;
	row->words[t->verdict]++;
	row->ms += ms;
	if (t->verdict != VERDICT_READY)
		return;
	row->first += first;
	*(first ? &row->first_ms : &row->later_ms) += ms;
}

static void measure_run(struct measure *m)
{
	trial_run(&measure_trial);
	if (!measure_trial.broken[0])
		return;
	m->broken++;
	trial_describe(&measure_trial);
}

/* Sets ret_wanted[i] to true if @board must be counted in class i: it belongs to the class, and the class still needs
 * boards. Return: the number of classes in which @board must be counted. */
static int measure_wanted(const struct measure *m, const struct sim_config *board, unsigned long all,
			  unsigned long quota, bool *ret_wanted)
{
	bool drawing_all = m->classes[0].boards < all;
	int n = 0;

	for (int i = 0; i < classes_count; i++) {
		bool wants = drawing_all || (i > 0 && m->classes[i].boards < quota);

		ret_wanted[i] = wants && classes[i].has(board);
		n += ret_wanted[i];
	}
	return n;
}

static bool measure_is_full(const struct measure *m, unsigned long all, unsigned long quota)
{
	bool full = m->classes[0].boards >= all;

	for (int i = 1; i < classes_count; i++)
		full = full && m->classes[i].boards >= quota;
	return full;
}

static void measure_healthy(struct measure *m, unsigned long all, unsigned long quota)
{
	bool wanted[MEASURE_CLASSES_MAX];

	if (!measure_wanted(m, &measure_trial.board, all, quota, wanted))
		return;
	measure_run(m);
	for (int i = 0; i < classes_count; i++) {
		if (wanted[i])
			measure_count(&m->classes[i], &measure_trial);
	}
}

/* Draws and runs healthy boards until each class has enough of them. boards_apart() excludes some boards from the
 * classes. Up to @quota boards for each of its reasons are run too, and are counted separately. */
static void measure_all_healthy(struct measure *m, unsigned long all, unsigned long quota, uint64_t seed)
{
	unsigned long most = 2 * all + quota * MEASURE_DRAWS_MAX;

	for (unsigned long i = 0; i < most && !measure_is_full(m, all, quota); i++) {
		enum boards_apart apart;

		measure_draw(&measure_trial, BOARDS_HEALTHY, seed + i * PARTS);
		apart = boards_apart(BOARDS_HEALTHY, &measure_trial.board);
		if (apart == BOARDS_COUNTS) {
			measure_healthy(m, all, quota);
		} else if (m->healthy_apart[apart].boards < quota) {
			measure_run(m);
			measure_count(&m->healthy_apart[apart], &measure_trial);
		}
	}
}

static void measure_count_fault(struct row *row, const struct trial *t, enum verdict right)
{
	bool usual = class_is_usual(&t->board);

	measure_count(row, t);
	row->usual += usual;
	row->usual_right += usual && t->verdict == right;
}

bool measure_is_healed(const struct trial *t)
{
	const struct sim_truth *truth = &t->decided;
	int64_t last_ns =
		truth->last_crash_ns > truth->last_soft_restart_ns ? truth->last_crash_ns : truth->last_soft_restart_ns;

	return t->board.fate_times && last_ns < t->session.attempt.release_ms * SIM_MS;
}

bool measure_is_said_once(const struct trial *t, enum boards_fault fault)
{
	const struct sim_config *c = &t->board;
	bool brief = c->app_baud > 115200 || (fault == BOARDS_BROWNOUT && c->app_baud != 115200);

	return (fault == BOARDS_PANIC || fault == BOARDS_BROWNOUT) && c->fate_times && brief &&
	       t->decided.crashes_since_reset == 1;
}

static void measure_all_faulty(struct measure *m, enum boards_fault fault, unsigned long quota, uint64_t seed)
{
	struct row *row = &m->faults[fault];

	for (unsigned long i = 0; i < quota * MEASURE_DRAWS_MAX && row->boards < quota; i++) {
		enum boards_apart apart;
		struct row *aside;

		measure_draw(&measure_trial, fault, seed + i * PARTS);
		apart = boards_apart(fault, &measure_trial.board);
		aside = &m->faulty_apart[apart];
		if (apart != BOARDS_COUNTS && aside->boards >= quota)
			continue;
		measure_run(m);
		if (apart == BOARDS_COUNTS && measure_is_healed(&measure_trial))
			aside = &m->faulty_apart[BOARDS_HEALED];
		else if (apart == BOARDS_COUNTS && measure_is_said_once(&measure_trial, fault))
			aside = &m->faulty_apart[BOARDS_SAID_ONCE];
		else if (apart == BOARDS_COUNTS)
			aside = row;
		measure_count_fault(aside, &measure_trial, boards_fault_info(fault)->verdict);
		m->copies_broken += measure_trial.decided.copies_broken;
	}
}

static void measure_work(struct measure *m, unsigned long count, unsigned long quota, uint64_t seed)
{
	measure_all_healthy(m, count / PARTS, quota / PARTS, seed);
	for (enum boards_fault fault = BOARDS_HEALTHY + 1; fault < BOARDS_FAULTS; fault++)
		measure_all_faulty(m, fault, quota / PARTS, seed);
}

static void measure_add_rows(struct row *to, const struct row *from, int n)
{
	for (int i = 0; i < n; i++) {
		to[i].boards += from[i].boards;
		to[i].first += from[i].first;
		to[i].usual += from[i].usual;
		to[i].usual_right += from[i].usual_right;
		to[i].ms += from[i].ms;
		to[i].first_ms += from[i].first_ms;
		to[i].later_ms += from[i].later_ms;
		for (int v = 0; v < VERDICT_COUNT; v++)
			to[i].words[v] += from[i].words[v];
	}
}

static void measure_add(struct measure *to, const struct measure *from)
{
	measure_add_rows(to->classes, from->classes, classes_count);
	measure_add_rows(to->healthy_apart, from->healthy_apart, BOARDS_APARTS);
	measure_add_rows(to->faults, from->faults, BOARDS_FAULTS);
	measure_add_rows(to->faulty_apart, from->faulty_apart, BOARDS_APARTS);
	to->broken += from->broken;
	to->copies_broken += from->copies_broken;
}

/* Waits for the processes that count. Return: true if all have ended without an error. */
static bool measure_wait(const pid_t *pids)
{
	bool good = true;

	for (int i = 0; i < PARTS; i++) {
		int status;

		good = pids[i] > 0 && waitpid(pids[i], &status, 0) == pids[i] && status == 0 && good;
	}
	return good;
}

const struct measure *measure_all(unsigned long count, uint64_t seed)
{
	unsigned long quota = count / CLASS_SHARE > CLASS_MIN ? count / CLASS_SHARE : CLASS_MIN;
	struct measure *parts; /* one result for each process, in shared memory that is never unmapped */
	pid_t pids[PARTS];

	assert(classes_count <= MEASURE_CLASSES_MAX);
	parts = mmap(NULL, PARTS * sizeof(*parts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (parts == MAP_FAILED)
		return NULL;
	fflush(stdout);
	for (int i = 0; i < PARTS; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			measure_work(&parts[i], count, quota, seed + (unsigned int)i);
			fflush(stdout);
			_exit(0);
		}
	}
	if (!measure_wait(pids))
		return NULL;
	for (int i = 1; i < PARTS; i++)
		measure_add(&parts[0], &parts[i]);
	return &parts[0];
}
