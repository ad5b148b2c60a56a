/* main.c - random boards against the promises: simulation [--list] COUNT [SEED], or --one SEED; mutants COUNT [SEED].
 *
 * Every promise that a board can show is asserted for every board (trial.c). The program "mutants", built with PROOF_MUTANTS,
 * leaves each rule of the proof out in turn, and the same boards must show at least one broken promise.
 * --list prints a line for each board, to compare two versions of the program; --one shows what happens to a board.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "trial.h"

static struct trial trial;

#ifndef PROOF_MUTANTS
#define HITS_WANTED 100

struct totals {
	unsigned long trials, verdicts[VERDICT_COUNT], hits[SIM_ADV_COUNT];
	unsigned long failed_ops, stopped;
};

static void main_count(const struct trial *t, struct totals *totals)
{
	uint64_t adversaries = sim_config_adversaries(&t->board);

	totals->trials++;
	totals->failed_ops += t->fail_at != 0;
	totals->stopped += t->stop_at != 0;
	totals->verdicts[t->verdict]++;
	for (int i = 0; i < SIM_ADV_COUNT; i++)
		totals->hits[i] += adversaries >> i & 1;
}

static bool main_has_enough_hits(const struct totals *totals, unsigned long wanted)
{
	bool enough = true;

	printf("adversaries:");
	for (int i = 0; i < SIM_ADV_COUNT; i++) {
		printf(" %s %lu", sim_adversary_name((enum sim_adversary)i), totals->hits[i]);
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
/* Return: at which board a promise was broken, from 1; 0: none was. */
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

/* Each rule left out in turn. A mutant that survives means that the rule, or the simulation, is idle. */
static int main_simulate(unsigned long n, uint64_t seed)
{
	const char *only = getenv("RULE");	/* one of them alone */
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

static int main_watch(uint64_t seed)
{
	trial.watched = true;
	trial_draw(&trial, seed);
	trial_run(&trial);
	trial_describe(&trial);
	return trial.broken[0] != '\0';
}

int main(int argc, char **argv)
{
	bool print = argc > 1 && strcmp(argv[1], "--list") == 0;
	int first = print ? 2 : 1;
	unsigned long n = argc > first ? strtoul(argv[first], NULL, 10) : 0;
	uint64_t seed = argc > first + 1 ? strtoull(argv[first + 1], NULL, 10)
					 : (uint64_t)time(NULL) * 1000003u % 1000000000u;

	if (argc > 2 && strcmp(argv[1], "--one") == 0)
		return main_watch(strtoull(argv[2], NULL, 10));
	if (n == 0) {
		fprintf(stderr, "usage: simulation [--list] COUNT [SEED], or --one SEED\n");
		return 2;
	}
	if (print)
		return main_list(n, seed);
	return main_simulate(n, seed);
}
