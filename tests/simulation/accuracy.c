/* accuracy.c - measures how often espreset's verdict on a simulated board is right. Prints a table of healthy boards
 * and a table of faults, compares them with the floors (floors.h), and lists boards that get a wrong verdict. */
#include "accuracy.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "classes.h"
#include "floors.h"
#include "measure.h"

#define MISSES_SHOWN 20

/* The goals of docs/design.md, section 7, in percent of the boards. */
#define GOAL_ALL 99.5
#define GOAL_CLASS 99.0
#define GOAL_FIRST 90.0
#define GOAL_WRONG 0.1

/* ---- shares ---- */

static double accuracy_percent(unsigned long n, unsigned long of)
{
	return of ? 100.0 * (double)n / (double)of : 0;
}

static double accuracy_share(const struct row *row, enum verdict verdict)
{
	return accuracy_percent(row->words[verdict], row->boards);
}

/* The share of boards, in percent, whose verdict is neither the right one nor "unproven". */
static double accuracy_wrong(const struct row *row, enum verdict right)
{
	unsigned long fair = row->words[right] + row->words[VERDICT_UNPROVEN];

	return accuracy_percent(row->boards - fair, row->boards);
}

/* ---- printing ---- */

/* Prints the name and the share of each verdict that was given, in order of frequency. Leaves out the verdict @but. */
static void accuracy_print_words(const struct row *row, enum verdict but)
{
	unsigned long below = row->boards + 1;

	while (below) {
		unsigned long next = 0;

		for (int v = 0; v < VERDICT_COUNT; v++) {
			if (v != (int)but && row->words[v] < below && row->words[v] > next)
				next = row->words[v];
		}
		for (int v = 0; next && v < VERDICT_COUNT; v++) {
			if (v != (int)but && row->words[v] == next)
				printf(" %s %.1f", verdict_info((enum verdict)v)->word,
				       accuracy_percent(next, row->boards));
		}
		below = next;
	}
	printf("\n");
}

/* Prints how much longer, on average, espreset takes for a board that is ready at a later attempt than for one that is
 * ready at the first attempt. */
static void accuracy_print_detour(const struct row *row)
{
	unsigned long later = row->words[VERDICT_READY] - row->first;

	if (row->first && later)
		printf(" %6.0f", row->later_ms / (double)later - row->first_ms / (double)row->first);
	else
		printf("      -");
}

static void accuracy_print_class(const char *title, const struct row *row, double goal)
{
	double ready = accuracy_share(row, VERDICT_READY), first = accuracy_percent(row->first, row->boards);
	double wrong = accuracy_wrong(row, VERDICT_READY);
	bool reached = ready >= goal && first >= GOAL_FIRST && wrong <= GOAL_WRONG;

	printf("%-52s %6lu %6.1f %6.1f %6.2f %6.0f", title, row->boards, ready, first, wrong,
	       row->boards ? row->ms / (double)row->boards : 0);
	accuracy_print_detour(row);
	printf("%s\n", goal > 0 && !reached ? " *" : "");
}

static void accuracy_print_healthy(const struct measure *m)
{
	static const char head[] = "boards  ready  first  wrong     ms detour";

	printf("Healthy boards, no option given, in percent. first: ready at the first try; wrong: another word than\n"
	       "ready and unproven; ms: from open() to the decision, on average; detour: how much longer that took\n"
	       "boards that were ready only after another try. * is below the goal: ready %.1f of all, %.0f of each\n"
	       "class, first %.0f, wrong at most %.1f.\n\n",
	       GOAL_ALL, GOAL_CLASS, GOAL_FIRST, GOAL_WRONG);
	printf("%-52s %s\n", "", head);
	for (int i = 0; i < classes_count; i++)
		accuracy_print_class(classes[i].title, &m->classes[i], i ? GOAL_CLASS : GOAL_ALL);
	printf("\nCounted apart:\n");
	for (int i = BOARDS_COUNTS + 1; i < BOARDS_APARTS; i++) {
		if (m->healthy_apart[i].boards)
			accuracy_print_class(boards_apart_title((enum boards_apart)i), &m->healthy_apart[i], 0);
	}
}

static void accuracy_print_fault(const char *title, const struct row *row, enum verdict right)
{
	double share = accuracy_share(row, right);

	printf("%-22s %6lu  %-13s %5.1f%s %6.1f  ", title, row->boards, verdict_info(right)->word, share,
	       share >= GOAL_CLASS ? "  " : " *", accuracy_percent(row->usual_right, row->usual));
	accuracy_print_words(row, right);
}

static void accuracy_print_faulty(const struct measure *m)
{
	printf("\nExactly one fault, which shows within the settle time; no option given, in percent. right: those "
	       "that\n"
	       "get its word; usual: the same of those with a usual circuit and crystal and the application at\n"
	       "115200; others: what the rest gets. * is below the goal: %.0f.\n\n"
	       "%-22s boards  %-13s right    usual   others\n",
	       GOAL_CLASS, "", "word");
	for (enum boards_fault fault = BOARDS_HEALTHY + 1; fault < BOARDS_FAULTS; fault++) {
		const struct boards_fault_info *info = boards_fault_info(fault);

		accuracy_print_fault(info->title, &m->faults[fault], info->verdict);
	}
	printf("\nCounted apart, of all faults together:\n");
	for (int i = BOARDS_COUNTS + 1; i < BOARDS_APARTS; i++) {
		const struct row *row = &m->faulty_apart[i];

		if (!row->boards)
			continue;
		printf("%-52s %6lu ", boards_apart_title((enum boards_apart)i), row->boards);
		accuracy_print_words(row, VERDICT_COUNT);
	}
	printf("\n%lu copies of eboot's were broken by a reset of ours\n", m->copies_broken);
}

/* ---- floors ---- */

/* By how many percent a measured share may fall below its floor by chance: by three standard deviations, or by the
 * share of three boards if that is more. With @exact true, the boards are those that the floors were measured with.
 * Then nothing is left to chance, and the function returns 0. */
static double accuracy_noise(const struct row *row, double share, bool exact)
{
	double p = share / 100, n = (double)row->boards;

	return exact ? 0 : 300 * fmax(sqrt(p * (1 - p) / n), 1 / n);
}

static int accuracy_hold(const char *name, const char *what, double share, double floor, double noise)
{
	bool is_ceiling = strcmp(what, "wrong") == 0;

	if (is_ceiling ? share <= floor + noise : share >= floor - noise)
		return 0;
	printf("FLOOR: %s: %s is %.2f %%, %s than %.1f %%\n", name, what, share, is_ceiling ? "more" : "less", floor);
	return 1;
}

/* Compares one class or fault with its floors. Return: how many of its floors are missed. */
static int accuracy_hold_row(const char *name, const struct row *row, enum verdict right, bool exact)
{
	const struct floor *f = floor_by_name(name);
	double first = accuracy_percent(row->first, row->boards);
	int bad;

	if (!f || !row->boards) {
		printf("FLOOR: %s: there is no %s\n", name, f ? "board" : "floor");
		return 1;
	}
	bad = accuracy_hold(name, "right", accuracy_share(row, right), f->right, accuracy_noise(row, f->right, exact));
	bad += accuracy_hold(name, "wrong", accuracy_wrong(row, right), f->wrong, accuracy_noise(row, f->wrong, exact));
	if (right == VERDICT_READY)
		bad += accuracy_hold(name, "first", first, f->first, accuracy_noise(row, f->first, exact));
	return bad;
}

static int accuracy_hold_all(const struct measure *m, bool exact)
{
	int bad = 0;

	for (int i = 0; i < classes_count; i++)
		bad += accuracy_hold_row(classes[i].name, &m->classes[i], VERDICT_READY, exact);
	for (enum boards_fault fault = BOARDS_HEALTHY + 1; fault < BOARDS_FAULTS; fault++) {
		const struct boards_fault_info *info = boards_fault_info(fault);

		bad += accuracy_hold_row(info->name, &m->faults[fault], info->verdict, exact);
	}
	return bad;
}

/* Prints the floors of one class or fault as a table row for floors.c: each measured share minus one percent, but the
 * share of wrong verdicts plus one percent. */
static void accuracy_write_floor(const char *name, const struct row *row, enum verdict right)
{
	double share = accuracy_share(row, right), wrong = accuracy_wrong(row, right);
	double first = right == VERDICT_READY ? accuracy_percent(row->first, row->boards) : 0;

	printf("\t{ \"%s\", %.1f, %.1f, %.1f },\n", name, fmax(0, floor(share * 10) / 10 - 1),
	       fmax(0, floor(first * 10) / 10 - 1), fmin(100, ceil(wrong * 10) / 10 + 1));
}

static void accuracy_write_floors(const struct measure *m)
{
	for (int i = 0; i < classes_count; i++)
		accuracy_write_floor(classes[i].name, &m->classes[i], VERDICT_READY);
	for (enum boards_fault fault = BOARDS_HEALTHY + 1; fault < BOARDS_FAULTS; fault++) {
		const struct boards_fault_info *info = boards_fault_info(fault);

		accuracy_write_floor(info->name, &m->faults[fault], info->verdict);
	}
}

int accuracy_tables(unsigned long count, uint64_t seed, bool write_floors)
{
	const struct measure *m = measure_all(count, seed);
	int bad;

	if (!m) {
		fprintf(stderr, "simulation: a process that counts has failed\n");
		return 1;
	}
	if (write_floors) {
		accuracy_write_floors(m);
		return 0;
	}
	accuracy_print_healthy(m);
	accuracy_print_faulty(m);
	bad = accuracy_hold_all(m, count == FLOORS_BOARDS && seed == FLOORS_SEED);
	printf("\n%lu boards, seed %llu: %d floors broken, %lu promises broken\n", count, (unsigned long long)seed, bad,
	       m->broken);
	return bad || m->broken;
}

/* ---- boards with a wrong verdict ---- */

static const struct class *accuracy_class_by_name(const char *name)
{
	for (int i = 0; i < classes_count; i++) {
		if (strcmp(classes[i].name, name) == 0)
			return &classes[i];
	}
	return NULL;
}

static void accuracy_print_miss(const struct trial *t)
{
	const struct session_result *r = session_result(&t->session);
	char board[320];

	boards_print(&t->board, board, sizeof(board));
	printf("%llu %s after %d attempts: %s\n    %s\n", (unsigned long long)t->seed, verdict_info(t->verdict)->word,
	       r->attempts, r->text, board);
}

int accuracy_misses(const char *name, unsigned long count, uint64_t seed)
{
	const struct class *class = accuracy_class_by_name(name);
	enum boards_fault fault = class ? BOARDS_HEALTHY : boards_fault_by_name(name);
	static struct trial trial;
	unsigned long boards = 0, misses = 0;

	if (fault == BOARDS_FAULTS) {
		fprintf(stderr, "simulation: no class or fault is called \"%s\"\n", name);
		return 2;
	}
	for (unsigned long i = 0; boards < count && misses < MISSES_SHOWN && i < count * MEASURE_DRAWS_MAX; i++) {
		measure_draw(&trial, fault, seed + i);
		if (boards_apart(fault, &trial.board) != BOARDS_COUNTS || (class && !class->has(&trial.board)))
			continue;
		trial_run(&trial);
		if (measure_is_healed(&trial) || measure_is_said_once(&trial, fault))
			continue;
		boards++;
		if (trial.verdict == boards_fault_info(fault)->verdict)
			continue;
		misses++;
		accuracy_print_miss(&trial);
	}
	printf("%lu misses among %lu boards; watch one: %s%s SEED\n", misses, boards,
	       class ? "--healthy-one" : "--fault-one ", class ? "" : name);
	return 0;
}
