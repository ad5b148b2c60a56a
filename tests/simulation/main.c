/* main.c - random boards against the promises: simulation [--list] COUNT [SEED], or --one SEED; mutants COUNT [SEED].
 *
 * Drives the program's own loop and session with the simulated board on a virtual clock. The truth is known, so
 * every promise of docs/design.md, section 3, that a board can show is asserted for every board. The program "mutants", built
 * with PROOF_MUTANTS, leaves each rule of the proof out in turn, and the same boards must show at least one broken promise.
 * --list prints a line for each board, to compare two versions of the program; --one shows what happens to a board.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "report/report.h"
#include "run/loop.h"
#include "session/session.h"
#include "simport.h"

#define HITS_WANTED 100
/* What happened so shortly before the decision cannot have reached us: bridge latency, a line's length, what the ROM
 * takes until it speaks, and while input stalls. */
#define UNSEEN_NS (60 * SIM_MS)

#define REPORT_NS (1500 * SIM_MS)	/* a panic report of 1,000 characters at 9600 Bd, and the restart */

struct trial {
	uint64_t seed;
	struct sim_config board;
	struct session_config config;
	struct simport sp;
	struct session session;
	enum verdict verdict;
	struct sim_truth before, decided, closed;
	int64_t decided_ns;
	int rises_in_download;	/* EN rose after our release while GPIO0 was low */
	int64_t app_since_ns, app_started_ns, app_stopped_ns;	/* when it last ran to an end, and since when now */
	bool app_runs;
	bool boot_unheard;		/* at the decision: the bridge has lost how the last boot began */
	int edges_after_close;	/* of EN and GPIO0 */
	char broken[256];
};

static bool watching;	/* --one */

struct totals {
	unsigned long trials, verdicts[VERDICT_COUNT], hits[SIM_ADV_COUNT];
	unsigned long failed_ops, stopped;
};

static uint64_t next_random(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);	/* splitmix64, by S. Vigna, public domain */

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static bool chance(uint64_t *state, unsigned int percent)
{
	return next_random(state) % 100 < percent;
}

static enum chip chip_of(const struct sim_config *board)
{
	static const enum chip chips[SIM_CHIP_COUNT] = {
		CHIP_ESP8266, CHIP_ESP32, CHIP_ESP32S2, CHIP_ESP32S3, CHIP_ESP32C2, CHIP_ESP32C3, CHIP_ESP32C5,
		CHIP_ESP32C6, CHIP_ESP32C61, CHIP_ESP32H2, CHIP_ESP32P4,
	};

	return chips[board->chip];
}

/* A user who knows the board more or less. */
static void random_config(struct trial *t, uint64_t *random)
{
	static const char *const sequences[] = { "both", "D0|R1|W0.1|R0", "R1|W0.02|R0", "U0,1|W0.05|U0,0" };
	struct session_config *c = &t->config;
	char err[128];

	session_config_init(c);
	if (chance(random, 40))
		c->chip = chance(random, 90) ? chip_of(&t->board) : CHIP_ESP8266;
	if (chance(random, 80) && t->board.chip == SIM_ESP8266)
		c->crystal_mhz = t->board.crystal_mhz == 40 ? 40 : 26;
	else if (chance(random, 3))
		c->crystal_mhz = 40;
	if (chance(random, 80))
		c->baud = t->board.app_baud ? t->board.app_baud : 115200;
	c->settle_ms = chance(random, 70) ? 1000 : chance(random, 50) ? 0 : 300;
	c->attempts = chance(random, 70) ? 3 : (int)(1 + next_random(random) % 4);
	if (chance(random, 10))
		c->hold_ms = (int)(1 + next_random(random) % 200);
	if (chance(random, 10)) {
		(void)sequence_parse(sequences[next_random(random) % 4], &c->sequence, err, sizeof(err));
		if (!c->sequence.observes)
			c->hold_ms = 0;
	}
	c->no_reset = chance(random, 5);
	if (chance(random, 10))
		c->timeout_ms = (int)(200 + next_random(random) % 3000);
}

static void follow_app(struct trial *t, int64_t now_ns, bool runs)
{
	if (t->app_runs && !runs) {
		t->app_stopped_ns = now_ns;
		t->app_started_ns = t->app_since_ns;
	}
	if (runs && !t->app_runs)
		t->app_since_ns = now_ns;
	t->app_runs = runs;
}

/* What a board has been through before the port is opened. Return: how long before. */
static int64_t random_past(struct sim_config *board, uint64_t *random)
{
	int64_t banner_ns;

	if (chance(random, 3)) {	/* a finger, so that the banner comes just when we begin */
		board->finger_ns = 10 * SIM_MS;
		board->finger_hold_ns = 20 * SIM_MS;
		banner_ns = 30 * SIM_MS + board->en_rise_ns * 3 / 2 + board->strap_ns + board->rom_delay_ns;
		return banner_ns - (int64_t)(next_random(random) % 40) * SIM_MS;
	}
	return chance(random, 20) ? (int64_t)(next_random(random) % 1500) * SIM_MS : 0;
}

static void on_trace(void *user, int64_t now_ns, enum sim_edge edge, int value)
{
	struct trial *t = user;

	if (watching)
		printf("%8.3f ms %s %d\n", (double)now_ns / 1e6, sim_edge_name(edge), value);
	if (edge == SIM_EDGE_RUNS)
		follow_app(t, now_ns, value == SIM_RUNS_APP);
	if (edge == SIM_EDGE_RUNS && value == SIM_RUNS_ROM)
		t->sp.bridge.next_is_kept = 0;
	if (edge != SIM_EDGE_EN && edge != SIM_EDGE_GPIO0)
		return;
	if (t->sp.closed_ns >= 0 && now_ns > t->sp.closed_ns)
		t->edges_after_close++;
	if (edge == SIM_EDGE_EN && value == 0 && t->session.pulses <= 1 && t->session.attempt.number == 1 &&
	    t->sp.bridge.board.truth.gpio0_low)
		t->rises_in_download++;
}

static void broke(struct trial *t, const char *what)
{
	if (!t->broken[0])
		snprintf(t->broken, sizeof(t->broken), "%s", what);
}

/* Promise 1: on ready the truth holds a hardware reset since the start, the latch says flash, the application runs. */
/* A reset just before we opened the port, whose banner came after our release: a finger's,
 * documented as not to be told. */
static bool is_late_boot(const struct trial *t)
{
	int64_t banner_ns = t->decided.last_hardware_reset_ns + t->board.rom_delay_ns + 20 * SIM_MS +
			    t->board.latency_ns + 2 * t->board.host_ns + (t->config.no_reset ? 300 * SIM_MS : 0);

	return banner_ns >= t->session.attempt.release_ms * SIM_MS;
}

/* That the reset was ours is inferred. Somebody else's in the same moment cannot be told from it, but the board
 * must have been silent in our hold, and the reset must lie between the hold and the boot time's end. */
static void check_inference(struct trial *t)
{
	const struct attempt *a = &t->session.attempt;
	int64_t reset_ms = t->decided.last_hardware_reset_ns / SIM_MS, slack_ms = 50;
	/* What it takes until an application that has started is heard. */
	int64_t heard_ns = t->board.app_delay_ns + t->board.latency_ns + 2 * t->board.host_ns + 50 * SIM_MS;
	/* An application that never pauses, and was stopped only after our release. */
	bool unheard = t->board.framing == SIM_FRAMING_DROP && t->board.app_baud && t->board.app_baud != a->baud;
	bool talks = !unheard && t->board.app == SIM_APP_CONTINUOUS && t->board.fate != SIM_FATE_HANG &&
		t->app_stopped_ns > a->release_ms * SIM_MS + SIM_MS &&
		     t->app_started_ns < a->hold_begin_ms * SIM_MS - heard_ns && !t->board.rx_stall_ns;

	if (talks)
		broke(t, "ready by us, and the board talked through our hold");
	else if (reset_ms < a->hold_begin_ms - slack_ms - t->board.rom_delay_ns / SIM_MS)
		broke(t, "ready by us, and the reset was before our hold");
	else if (reset_ms > a->release_ms + t->session.context.boot_window_ms + slack_ms)
		broke(t, "ready by us, and the reset was long after our hold");
}

static void check_ready(struct trial *t)
{
	const struct sim_truth *truth = &t->decided;
	int64_t unseen = t->decided_ns - UNSEEN_NS - t->board.rom_delay_ns - t->board.rx_stall_for_ns;
	/* A panic at a speed that is not listened to is seen by the restart that follows its report. */
	int64_t panic_unseen = unseen - (t->board.app_baud && t->board.app_baud != 115200 ? REPORT_NS : 0);
	/* A finger or a timer that holds reset at the decision silences the board: documented, not to be told. */
	bool too_late_to_see = ((truth->en_low || truth->runs == SIM_RUNS_RESET) &&
				(t->board.finger_ns || t->board.deep_sleep_ns)) ||
				truth->last_crash_ns > panic_unseen || truth->last_soft_restart_ns > unseen ||
			       truth->last_hardware_reset_ns > unseen;

	if (t->verdict != VERDICT_READY)
		return;
	if (truth->hardware_resets == t->before.hardware_resets && !is_late_boot(t))
		broke(t, "ready, and there was no hardware reset");
	else if (!truth->latch_flash)
		broke(t, "ready, and the latch does not say flash");
	else if (truth->runs != SIM_RUNS_APP && t->board.fate != SIM_FATE_HANG && !too_late_to_see)
		broke(t, "ready, and the application does not run");
	else if (truth->last_soft_restart_ns > t->session.attempt.boot.begin_ms * SIM_MS + SIM_MS && !too_late_to_see &&
		 !t->boot_unheard)	/* documented: what a bridge loses without a word is not missed */
		broke(t, "ready, and the board has restarted since the boot that proves it");
	else if (t->config.chip != CHIP_UNKNOWN && t->config.chip != chip_of(&t->board))
		broke(t, "ready, and it is another chip");
	else if (session_result(&t->session)->reset_by == RESET_BY_US && truth->line_resets == t->before.line_resets &&
		 !too_late_to_see)
		check_inference(t);
}

static bool is_disturbed(const struct sim_config *b)
{
	return b->finger_ns || b->deep_sleep_ns || b->unplug_ns || b->unplug_op || b->control_stall_op ||
	       b->gpio0_let_go_ns || b->gpio0_held || b->lines_before;
}

/* Promises 2 and 3: lines let go, GPIO0 free when EN rises, no edge by the close. */
static void check_lines(struct trial *t)
{
	const struct sim_truth *truth = &t->closed;
	bool usual = t->board.circuit == SIM_TWO_TRANSISTORS || t->board.circuit == SIM_DIRECT ||
		     t->board.circuit == SIM_RTS_ONLY;

	if (!sim_bridge_unplugged(&t->sp.bridge) && !t->board.control_stall_op && (truth->dtr || truth->rts))
		broke(t, "a line is left asserted");
	if (is_disturbed(&t->board) || t->sp.fail_at || t->sp.stop_at)
		return;
	if (truth->en_low || truth->gpio0_low)
		broke(t, "EN or GPIO0 is left low");
	if (t->edges_after_close && t->sp.closed_ns - t->session.attempt.release_ms * SIM_MS > 300 * SIM_MS)
		broke(t, "EN or GPIO0 moved after the close");
	if (usual && !t->config.no_reset && strcmp(t->config.sequence.text, "rts") == 0 && t->rises_in_download)
		broke(t, "EN rose with GPIO0 low");
}

static void check_time(struct trial *t)
{
	int64_t took_ms = (t->sp.closed_ns - t->sp.opened_ns) / SIM_MS;

	/* A stalled transfer is the reporting process's affair: it gives up on this one. */
	if (!t->board.control_stall_op && took_ms > t->config.timeout_ms + 1000)
		broke(t, "took longer than the time-out and a second");
	if (session_result(&t->session)->attempts > (t->config.attempts < 2 ? 2 : t->config.attempts))
		broke(t, "more attempts than allowed");
}

/* Promise 6: nothing that a terminal acts on. */
static void check_words(struct trial *t)
{
	struct report_result result;
	char text[1024];

	memset(&result, 0, sizeof(result));
	result.session = *session_result(&t->session);
	report_sentence(&result, text, sizeof(text));
	for (const char *p = text; *p; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			broke(t, "the result line holds a control character");
	}
	if (t->verdict != VERDICT_READY && !result.session.text[0] && !t->sp.stop_at &&
	    verdict_info(t->verdict)->status < 30)
		broke(t, "no sentence with the verdict");
}

static void watch_bytes(void *user, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;
	struct trial *t = user;

	printf("%8.3f ms %d Bd \"", (double)t->sp.now_ns / 1e6, t->session.baud);
	for (size_t i = 0; i < n; i++)
		printf(p[i] >= ' ' && p[i] < 0x7f ? "%c" : "\\x%02x", p[i]);
	printf("\"\n");
}

static void watch_note(void *user, const struct session_note *note)
{
	struct report report;
	struct trial *t = user;

	printf("%8.3f ms ", (double)t->sp.now_ns / 1e6);
	report_init(&report, REPORT_TEXT, true);
	report_note(&report, "board", note);
}

static void run_trial(struct trial *t, uint64_t seed, struct totals *totals)
{
	const struct loop_sink watcher = { .bytes = watch_bytes, .note = watch_note, .user = t };
	uint64_t random = seed ^ 0x5bd1e995;
	int64_t wait_ns;

	memset(t, 0, sizeof(*t));
	t->seed = seed;
	sim_config_random(&t->board, seed);
	random_config(t, &random);
	wait_ns = random_past(&t->board, &random);
	simport_init(&t->sp, &t->board);
	if (chance(&random, 5)) {
		t->sp.fail_at = (int)(2 + next_random(&random) % 30);
		t->sp.fail_errno = chance(&random, 50) ? EIO : ENODEV;
		totals->failed_ops++;
	} else if (chance(&random, 3)) {
		t->sp.stop_at = (int)(2 + next_random(&random) % 30);
		totals->stopped++;
	}
	sim_board_on_trace(&t->sp.bridge.board, on_trace, t);
	if (wait_ns)
		simport_wait(&t->sp, wait_ns);
	t->before = *simport_truth(&t->sp);
	t->app_runs = t->before.runs == SIM_RUNS_APP;
	if (simport_open(&t->sp, session_first_baud(&t->config)) < 0) {
		t->verdict = VERDICT_IO_ERROR;
		return;
	}
	session_init(&t->session, &t->config, t->sp.clk.now_ms(&t->sp.clk));
	(void)loop_session(&t->session, &t->sp.port, &t->sp.clk, watching ? &watcher : NULL);
	t->decided = *simport_truth(&t->sp);
	t->decided_ns = t->sp.now_ns;
	t->boot_unheard = t->sp.bridge.next_is_kept < 0;
	t->verdict = session_result(&t->session)->verdict;
	if (t->sp.port.ops->close(&t->sp.port) < 0 && t->verdict == VERDICT_READY)
		t->verdict = VERDICT_IO_ERROR;	/* as src/run/worker.c does */
	simport_wait(&t->sp, 300 * SIM_MS);
	t->closed = *simport_truth(&t->sp);
	check_ready(t);
	check_lines(t);
	check_time(t);
	check_words(t);
}

static void describe(const struct trial *t)
{
	const struct session_result *r = t->session.state == SESSION_OVER ? session_result(&t->session) : NULL;

	printf("board %llu: %s\n  verdict %s: %s (missing %s)\n  adversaries:", (unsigned long long)t->seed, t->broken,
	       verdict_info(t->verdict)->word, r ? r->text : "",
	       r && r->missing < PROOF_RULES ? proof_rule_name(r->missing) : "none");
	for (int i = 0; i < SIM_ADV_COUNT; i++) {
		if (sim_config_adversaries(&t->board) >> i & 1)
			printf(" %s", sim_adversary_name((enum sim_adversary)i));
	}
	printf("\n  user: chip %s, baud %d, crystal %d, settle %d, attempts %d, sequence %s, hold %d, no_reset %d, "
	       "fail_at %d, stop_at %d\n  truth: hardware resets %u, soft %u, crashes %u, boot mode %d, runs %s\n",
	       chip_name(t->config.chip) ? chip_name(t->config.chip) : "auto", t->config.baud, t->config.crystal_mhz,
	       t->config.settle_ms, t->config.attempts, t->config.sequence.text, t->config.hold_ms, t->config.no_reset,
	       t->sp.fail_at, t->sp.stop_at, t->decided.hardware_resets, t->decided.soft_restarts, t->decided.crashes,
	       t->decided.boot_mode, sim_runs_name(t->decided.runs));
}

#ifndef PROOF_MUTANTS
static void count(const struct trial *t, struct totals *totals)
{
	uint64_t adversaries = sim_config_adversaries(&t->board);

	totals->trials++;
	totals->verdicts[t->verdict]++;
	for (int i = 0; i < SIM_ADV_COUNT; i++)
		totals->hits[i] += adversaries >> i & 1;
}

static bool has_enough_hits(const struct totals *totals, unsigned long wanted)
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

static int simulate(unsigned long n, uint64_t seed)
{
	static struct trial trial;
	static struct totals totals;
	unsigned long broken = 0;

	for (unsigned long i = 0; i < n && broken < 10; i++) {
		run_trial(&trial, seed + i, &totals);
		count(&trial, &totals);
		if (trial.broken[0]) {
			describe(&trial);
			broken++;
		}
	}
	printf("verdicts:");
	for (int i = 0; i < VERDICT_COUNT; i++) {
		if (totals.verdicts[i])
			printf(" %s %lu", verdict_info((enum verdict)i)->word, totals.verdicts[i]);
	}
	printf("\n");
	if (!has_enough_hits(&totals, n >= 50000 ? HITS_WANTED : 0))
		broken++;
	printf("%lu boards, %lu with a failing operation, %lu stopped; seed %llu: %s\n", totals.trials,
	       totals.failed_ops,
	       totals.stopped, (unsigned long long)seed, broken ? "BROKEN" : "every promise held");
	return broken ? 1 : 0;
}
#else
/* Each rule left out in turn. A mutant that survives means that the rule, or the simulation, is idle. */
static int simulate(unsigned long n, uint64_t seed)
{
	const char *only = getenv("RULE");	/* one of them alone */
	static struct trial trial;
	static struct totals totals;
	int survivors = 0;

	for (unsigned int rule = 0; rule < PROOF_RULES; rule++) {
		unsigned long i = 0;

		if (only && strcmp(only, proof_rule_name((enum proof_rule)rule)) != 0)
			continue;
		trial.broken[0] = '\0';
		proof_left_out = 1U << rule;
		for (; i < n && !trial.broken[0]; i++)
			run_trial(&trial, seed + i, &totals);
		printf("without %-22s ", proof_rule_name((enum proof_rule)rule));
		if (trial.broken[0])
			printf("caught at board %lu: %s\n", i, trial.broken);
		else
			printf("SURVIVED %lu boards\n", n);
		survivors += !trial.broken[0];
	}
	printf("%d mutants, %d caught; seed %llu\n", PROOF_RULES, PROOF_RULES - survivors, (unsigned long long)seed);
	return survivors ? 1 : 0;
}
#endif

static int list(unsigned long n, uint64_t seed)
{
	static struct trial trial;
	static struct totals totals;

	for (unsigned long i = 0; i < n; i++) {
		const struct session_result *r = NULL;

		run_trial(&trial, seed + i, &totals);
		if (trial.session.state == SESSION_OVER)
			r = session_result(&trial.session);
		printf("%llu %s attempts %d at %lld us: %s%s\n", (unsigned long long)(seed + i),
		       verdict_info(trial.verdict)->word, r ? r->attempts : 0, (long long)(trial.decided_ns / SIM_US),
		       r ? r->text : "", trial.broken);
	}
	return 0;
}

static int watch(uint64_t seed)
{
	static struct trial trial;
	static struct totals totals;

	run_trial(&trial, seed, &totals);
	describe(&trial);
	return trial.broken[0] != '\0';
}

int main(int argc, char **argv)
{
	bool print = argc > 1 && strcmp(argv[1], "--list") == 0;
	int first = print ? 2 : 1;
	unsigned long n = argc > first ? strtoul(argv[first], NULL, 10) : 0;
	uint64_t seed = argc > first + 1 ? strtoull(argv[first + 1], NULL, 10)
					 : (uint64_t)time(NULL) * 1000003u % 1000000000u;

	if (argc > 2 && strcmp(argv[1], "--one") == 0) {
		watching = true;
		return watch(strtoull(argv[2], NULL, 10));
	}
	if (n == 0) {
		fprintf(stderr, "usage: simulation [--list] COUNT [SEED], or --one SEED\n");
		return 2;
	}
	if (print)
		return list(n, seed);
	return simulate(n, seed);
}
