/* main.c - runs espreset on random simulated boards. Checks the promises of docs/design.md, and counts right verdicts.
 *
 *	simulation COUNT [SEED]			check the promises (trial.c) on random boards with random options
 *	simulation --list COUNT [SEED]		print the verdict on each random board, to compare two versions of
 *						espreset
 *	simulation --one SEED			print all that happens on the board that this seed gives
 *	simulation --accuracy COUNT [SEED]	print how often the verdict is right without options, in one table
 *						for healthy boards and one for boards with one fault
 *	simulation --misses NAME COUNT [SEED]	print the first boards of the class or fault NAME that get a wrong
 *						verdict
 *	simulation --floors COUNT [SEED]	print the rows of the table in floors.c
 *	simulation --healthy-one SEED		print all that happens on the healthy board that this seed gives
 *	simulation --fault-one FAULT SEED	print all that happens on the board that this seed gives with FAULT
 *	mutants COUNT [SEED]			this file, built with PROOF_MUTANTS: disables each rule of the proof
 *						(src/session/proof.c) in turn. Each time, a promise must break on
 *						some board; otherwise nothing tests the rule
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "accuracy.h"
#include "adversary.h"
#include "measure.h"

static struct trial trial;

#ifndef PROOF_MUTANTS
#define HITS_WANTED 100

struct totals {
	unsigned long trials, verdicts[VERDICT_COUNT], hits[ADVERSARY_COUNT];
	unsigned long failed_ops, stopped;
};

static void main_count(const struct trial *t, struct totals *totals)
{
	uint64_t adversaries = adversaries_of(&t->board);

	totals->trials++;
	totals->failed_ops += t->fail_at != 0;
	totals->stopped += t->stop_at != 0;
	totals->verdicts[t->verdict]++;
	for (int i = 0; i < ADVERSARY_COUNT; i++)
		totals->hits[i] += adversaries >> i & 1;
}

static bool main_has_enough_hits(const struct totals *totals, unsigned long wanted)
{
	bool enough = true;

	printf("adversaries:");
	for (int i = 0; i < ADVERSARY_COUNT; i++) {
		printf(" %s %lu", adversary_name((unsigned int)i), totals->hits[i]);
		enough = enough && totals->hits[i] >= wanted;
	}
	printf("\n");
	if (!enough)
		printf("an adversary was hit fewer than %lu times\n", wanted);
	return enough;
}

static int main_simulate(unsigned long n, uint64_t seed)
{
	static struct totals totals;
	unsigned long broken = 0;

	for (unsigned long i = 0; i < n && broken < 10; i++) {
		trial_draw(&trial, seed + i);
		trial_run(&trial);
		main_count(&trial, &totals);
		if (trial.broken[0]) {
			trial_describe(&trial);
			broken++;
		}
	}
	printf("verdicts:");
	for (int i = 0; i < VERDICT_COUNT; i++) {
		if (totals.verdicts[i])
			printf(" %s %lu", verdict_info((enum verdict)i)->word, totals.verdicts[i]);
	}
	printf("\n");
	if (!main_has_enough_hits(&totals, n >= 50000 ? HITS_WANTED : 0))
		broken++;
	printf("%lu boards, %lu with a failing operation, %lu stopped; seed %llu: %s\n", totals.trials,
	       totals.failed_ops, totals.stopped, (unsigned long long)seed, broken ? "BROKEN" : "every promise held");
	return broken ? 1 : 0;
}
#else
/* Runs at most @n boards, and stops when a promise is broken on one of them. Return: the number of this board, counted
 * from 1; 0: no promise was broken. */
static unsigned long main_catch(unsigned long n, uint64_t seed)
{
	for (unsigned long i = 0; i < n; i++) {
		trial_draw(&trial, seed + i);
		trial_run(&trial);
		if (trial.broken[0])
			return i + 1;
	}
	return 0;
}

/* Disables each rule of the proof in turn, and runs @n boards without this rule. A promise must then break on some
 * board. Otherwise the rule is of no use, or the simulation does not test it. */
static int main_simulate(unsigned long n, uint64_t seed)
{
	const char *only = getenv("RULE"); /* name of the only rule to disable; NULL: each rule in its turn */
	int survivors = 0;

	for (unsigned int rule = 0; rule < PROOF_RULES; rule++) {
		unsigned long caught;

		if (only && strcmp(only, proof_rule_name((enum proof_rule)rule)) != 0)
			continue;
		proof_left_out = 1U << rule;
		caught = main_catch(n, seed);
		printf("without %-22s ", proof_rule_name((enum proof_rule)rule));
		if (caught)
			printf("caught at board %lu: %s\n", caught, trial.broken);
		else
			printf("SURVIVED %lu boards\n", n);
		survivors += !caught;
	}
	printf("%d mutants, %d caught; seed %llu\n", PROOF_RULES, PROOF_RULES - survivors, (unsigned long long)seed);
	return survivors ? 1 : 0;
}
#endif

static int main_list(unsigned long n, uint64_t seed)
{
	for (unsigned long i = 0; i < n; i++) {
		const struct session_result *r;

		trial_draw(&trial, seed + i);
		trial_run(&trial);
		r = trial_result(&trial);
		printf("%llu %s attempts %d at %lld us: %s%s\n", (unsigned long long)(seed + i),
		       verdict_info(trial.verdict)->word, r ? r->attempts : 0, (long long)(trial.decided_ns / SIM_US),
		       r ? r->text : "", trial.broken);
	}
	return 0;
}

static int main_run_watched(void)
{
	char board[320];

	trial_run(&trial);
	trial_describe(&trial);
	boards_print(&trial.board, board, sizeof(board));
	printf("  board: %s\n", board);
	return trial.broken[0] != '\0';
}

static int main_watch(uint64_t seed)
{
	trial.watched = true;
	trial_draw(&trial, seed);
	return main_run_watched();
}

static int main_watch_fault(enum boards_fault fault, uint64_t seed)
{
	trial.watched = true;
	measure_draw(&trial, fault, seed);
	return main_run_watched();
}

static int main_usage(void)
{
	fprintf(stderr, "usage: simulation [--list | --accuracy | --floors | --misses NAME] COUNT [SEED]\n"
			"       simulation --one SEED | --healthy-one SEED | --fault-one FAULT SEED\n");
	return 2;
}

/* Handles the options that print all that happens on one board: --one, --healthy-one and --fault-one. */
static int main_one(int argc, char **argv)
{
	uint64_t seed = strtoull(argv[argc - 1], NULL, 10);
	enum boards_fault fault;

	if (argc == 3 && strcmp(argv[1], "--one") == 0)
		return main_watch(seed);
	if (argc == 3 && strcmp(argv[1], "--healthy-one") == 0)
		return main_watch_fault(BOARDS_HEALTHY, seed);
	if (argc != 4 || strcmp(argv[1], "--fault-one") != 0)
		return main_usage();
	fault = boards_fault_by_name(argv[2]);
	return fault == BOARDS_FAULTS ? main_usage() : main_watch_fault(fault, seed);
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 && argv[1][0] == '-' ? argv[1] : "";
	int first = !*mode ? 1 : strcmp(mode, "--misses") == 0 ? 3 : 2;
	unsigned long n = argc > first ? strtoul(argv[first], NULL, 10) : 0;
	uint64_t seed =
		argc > first + 1 ? strtoull(argv[first + 1], NULL, 10) : (uint64_t)time(NULL) * 1000003u % 1000000000u;

	if (strstr(mode, "-one"))
		return main_one(argc, argv);
	if (n == 0)
		return main_usage();
	if (!*mode)
		return main_simulate(n, seed);
	if (strcmp(mode, "--list") == 0)
		return main_list(n, seed);
	if (strcmp(mode, "--accuracy") == 0 || strcmp(mode, "--floors") == 0)
		return accuracy_tables(n, seed, mode[2] == 'f');
	if (strcmp(mode, "--misses") == 0)
		return accuracy_misses(argv[2], n, seed);
	return main_usage();
}
