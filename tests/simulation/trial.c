/* trial.c - runs espreset's own session code on one simulated board, and checks the promises of docs/design.md. */
#include "trial.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "adversary.h"
#include "dice.h"
#include "report/report.h"
#include "run/loop.h"

/* espreset cannot notice a crash or a restart that happens less than this time before its verdict. The ROM needs time
 * to start, a text line takes time to be sent, and the bridge delivers it late. If the board's ROM is slower or its
 * bridge stalls, the checks add this time to UNSEEN_NS. */
#define UNSEEN_NS (60 * SIM_MS)

#define REPORT_NS (1500 * SIM_MS) /* duration of a panic report (1,000 characters at 9600 Bd) and of the restart */

static enum chip trial_chip(const struct sim_config *board)
{
	/* clang-format off */
	static const enum chip chips[] = {
		CHIP_ESP8266, CHIP_ESP32, CHIP_ESP32S2, CHIP_ESP32S3, CHIP_ESP32C2, CHIP_ESP32C3, CHIP_ESP32C5,
		CHIP_ESP32C6, CHIP_ESP32C61, CHIP_ESP32H2, CHIP_ESP32P4,
	};
	/* clang-format on */
	_Static_assert(sizeof(chips) / sizeof(chips[0]) == SIM_CHIP_COUNT, "each simulated chip is here");

	return chips[board->chip];
}

/* Draws random options of espreset. They need not fit the board, because a user may choose wrong options. */
static void trial_draw_user(struct trial *t, uint64_t *random)
{
	static const char *const sequences[] = { "both", "D0|R1|W0.1|R0", "R1|W0.02|R0", "U0,1|W0.05|U0,0" };
	struct session_config *c = &t->config;
	char err[128];

	session_config_init(c);
	if (dice_chance(random, 40))
		c->chip = dice_chance(random, 90) ? trial_chip(&t->board) : CHIP_ESP8266;
	if (dice_chance(random, 80) && t->board.chip == SIM_ESP8266)
		c->crystal_mhz = t->board.crystal_mhz == 40 ? 40 : 26;
	else if (dice_chance(random, 3))
		c->crystal_mhz = 40;
	if (dice_chance(random, 80))
		c->baud = t->board.app_baud ? t->board.app_baud : 115200;
	c->settle_ms = dice_chance(random, 70) ? 1000 : dice_chance(random, 50) ? 0 : 300;
	c->attempts = dice_chance(random, 70) ? 3 : (int)(1 + dice_next(random) % 4);
	if (dice_chance(random, 10))
		c->hold_ms = (int)(1 + dice_next(random) % 200);
	if (dice_chance(random, 10)) {
		(void)sequence_parse(sequences[dice_next(random) % 4], &c->sequence, err, sizeof(err));
		if (!c->sequence.observes)
			c->hold_ms = 0;
	}
	c->no_reset = dice_chance(random, 5);
	if (dice_chance(random, 10))
		c->timeout_ms = (int)(200 + dice_next(random) % 3000);
}

static void trial_follow_app(struct trial *t, int64_t now_ns, bool runs)
{
	if (t->app_runs && !runs) {
		t->app_stopped_ns = now_ns;
		t->app_started_ns = t->app_since_ns;
	}
	if (runs && !t->app_runs)
		t->app_since_ns = now_ns;
	t->app_runs = runs;
}

/* Draws what happens to the board before espreset opens the port. Return: for how long the board then has had power. */
static int64_t trial_draw_past(struct sim_config *board, uint64_t *random)
{
	int64_t banner_ns;

	/* somebody presses the reset button just before espreset opens the port; the banner may come after the open */
	if (dice_chance(random, 3)) {
		board->finger_ns = 10 * SIM_MS;
		board->finger_hold_ns = 20 * SIM_MS;
		banner_ns = 30 * SIM_MS + board->en_rise_ns * 3 / 2 + board->strap_ns + board->rom_delay_ns;
		return banner_ns - (int64_t)(dice_next(random) % 40) * SIM_MS;
	}
	return dice_chance(random, 20) ? (int64_t)(dice_next(random) % 1500) * SIM_MS : 0;
}

static void trial_on_trace(void *user, int64_t now_ns, enum sim_edge edge, int value)
{
	struct trial *t = user;

	if (t->watched)
		printf("%8.3f ms %s %d\n", (double)now_ns / 1e6, sim_edge_name(edge), value);
	if (edge == SIM_EDGE_RUNS)
		trial_follow_app(t, now_ns, value == SIM_RUNS_APP);
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

static void trial_broke(struct trial *t, const char *what)
{
	if (!t->broken[0])
		snprintf(t->broken, sizeof(t->broken), "%s", what);
}

/* Was the board reset, by its button for example, just before espreset opened the port, so that the banner came after
 * espreset's own reset pulse? Documented limit: espreset cannot tell such a reset from its own. */
static bool trial_is_late_boot(const struct trial *t)
{
	int64_t banner_ns = t->decided.last_hardware_reset_ns + t->board.rom_delay_ns + 20 * SIM_MS +
			    t->board.latency_ns + 2 * t->board.host_ns + (t->config.no_reset ? 300 * SIM_MS : 0);

	return banner_ns >= t->session.attempt.release_ms * SIM_MS;
}

/* Checks promise 1 if espreset claims to have reset the board, but in fact something else than DTR and RTS has reset
 * it, such as its button. espreset may make this mistake, because it cannot see who resets the board. But it must not
 * claim this if the board printed while espreset held it in reset, or if the reset came before the hold or long after
 * it. */
static void trial_check_inference(struct trial *t)
{
	const struct attempt *a = &t->session.attempt;
	int64_t reset_ms = t->decided.last_hardware_reset_ns / SIM_MS, slack_ms = 50;
	/* If an application has run for this time, espreset has certainly received some of its output. */
	int64_t heard_ns = t->board.app_delay_ns + t->board.latency_ns + 2 * t->board.host_ns + 50 * SIM_MS;
	/* If an application prints without pause and was still running after the hold, espreset must have received its
	 * output during the hold. The exception: the port has another baud rate than the application, and the bridge
	 * drops all characters because of their framing errors. */
	bool unheard = t->board.framing == SIM_FRAMING_DROP && t->board.app_baud && t->board.app_baud != a->baud;
	bool talks = !unheard && t->board.app == SIM_APP_CONTINUOUS && t->board.fate != SIM_FATE_HANG &&
		     t->app_stopped_ns > a->release_ms * SIM_MS + SIM_MS &&
		     t->app_started_ns < a->hold_begin_ms * SIM_MS - heard_ns && !t->board.rx_stall_ns;

	if (talks)
		trial_broke(t, "ready by us, and the board talked through our hold");
	else if (reset_ms < a->hold_begin_ms - slack_ms - t->board.rom_delay_ns / SIM_MS)
		trial_broke(t, "ready by us, and the reset was before our hold");
	else if (reset_ms > a->release_ms + t->session.context.boot_window_ms + slack_ms)
		trial_broke(t, "ready by us, and the reset was long after our hold");
}

/* Checks promise 1: the verdict is "ready" only if the board has had a hardware reset since espreset opened the port,
 * the chip has latched flash boot, and the application runs. */
static void trial_check_ready(struct trial *t)
{
	const struct sim_truth *truth = &t->decided;
	int64_t unseen = t->decided_ns - UNSEEN_NS - t->board.rom_delay_ns - t->board.rx_stall_for_ns;
	/* If the application does not print at 115200 Bd, espreset cannot read a panic report. It notices the panic
	 * only by the restart after the report. */
	int64_t panic_unseen = unseen - (t->board.app_baud && t->board.app_baud != 115200 ? REPORT_NS : 0);
	/* Documented limit: espreset does not notice if the reset button or a deep-sleep timer silences the board just
	 * before the verdict. */
	bool too_late_to_see =
		((truth->en_low || truth->runs == SIM_RUNS_RESET) && (t->board.finger_ns || t->board.deep_sleep_ns)) ||
		truth->last_crash_ns > panic_unseen || truth->last_soft_restart_ns > unseen ||
		truth->last_hardware_reset_ns > unseen;

	if (t->verdict != VERDICT_READY)
		return;
	if (truth->hardware_resets == t->before.hardware_resets && !trial_is_late_boot(t))
		trial_broke(t, "ready, and there was no hardware reset");
	else if (!truth->latch_flash)
		trial_broke(t, "ready, and the latch does not say flash");
	else if (truth->runs != SIM_RUNS_APP && t->board.fate != SIM_FATE_HANG && !too_late_to_see)
		trial_broke(t, "ready, and the application does not run");
	else if (truth->last_soft_restart_ns > t->session.attempt.boot.begin_ms * SIM_MS + SIM_MS && !too_late_to_see &&
		 !t->boot_unheard) /* documented limit: espreset cannot notice that the bridge has dropped a banner */
		trial_broke(t, "ready, and the board has restarted since the boot that proves it");
	else if (t->config.chip != CHIP_UNKNOWN && t->config.chip != trial_chip(&t->board))
		trial_broke(t, "ready, and it is another chip");
	else if (session_result(&t->session)->reset_by == RESET_BY_US && truth->line_resets == t->before.line_resets &&
		 !too_late_to_see)
		trial_check_inference(t);
}

static bool trial_is_disturbed(const struct sim_config *b)
{
	return b->finger_ns || b->deep_sleep_ns || b->unplug_ns || b->unplug_op || b->control_stall_op ||
	       b->gpio0_let_go_ns || b->gpio0_held || b->lines_before;
}

/* Checks promises 2 and 3: DTR and RTS are released at the end, GPIO0 is high when EN rises, and the close of the port
 * changes neither EN nor GPIO0. */
static void trial_check_lines(struct trial *t)
{
	const struct sim_truth *truth = &t->closed;
	bool usual = t->board.circuit == SIM_TWO_TRANSISTORS || t->board.circuit == SIM_DIRECT ||
		     t->board.circuit == SIM_RTS_ONLY;

	if (!sim_bridge_unplugged(&t->sp.bridge) && !t->board.control_stall_op && (truth->dtr || truth->rts))
		trial_broke(t, "a line is left asserted");
	if (trial_is_disturbed(&t->board) || t->sp.fail_at || t->sp.stop_at)
		return;
	if (truth->en_low || truth->gpio0_low)
		trial_broke(t, "EN or GPIO0 is left low");
	if (t->edges_after_close && t->sp.closed_ns - t->session.attempt.release_ms * SIM_MS > 300 * SIM_MS)
		trial_broke(t, "EN or GPIO0 moved after the close");
	if (usual && !t->config.no_reset && strcmp(t->config.sequence.text, "rts") == 0 && t->rises_in_download)
		trial_broke(t, "EN rose with GPIO0 low");
}

static void trial_check_time(struct trial *t)
{
	int64_t took_ms = (t->sp.closed_ns - t->sp.opened_ns) / SIM_MS;

	/* If a USB transfer stalls, the session code blocks and cannot keep the time limit. espreset runs this code in
	 * a child process, and the parent process ends the run in time. The simulation has no parent process. */
	if (!t->board.control_stall_op && took_ms > t->config.timeout_ms + 1000)
		trial_broke(t, "took longer than the time-out and a second");
	if (session_result(&t->session)->attempts > (t->config.attempts < 2 ? 2 : t->config.attempts))
		trial_broke(t, "more attempts than allowed");
}

/* Checks promise 6: the result line contains no control characters from the board's output. */
static void trial_check_words(struct trial *t)
{
	struct report_result result;
	char text[1024];

	memset(&result, 0, sizeof(result));
	result.session = *session_result(&t->session);
	report_sentence(&result, text, sizeof(text));
	for (const char *p = text; *p; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			trial_broke(t, "the result line holds a control character");
	}
	if (t->verdict != VERDICT_READY && !result.session.text[0] && !t->sp.stop_at &&
	    verdict_info(t->verdict)->status < 30)
		trial_broke(t, "no sentence with the verdict");
}

static void trial_watch_bytes(void *user, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;
	struct trial *t = user;

	printf("%8.3f ms %d Bd \"", (double)t->sp.now_ns / 1e6, t->session.baud);
	for (size_t i = 0; i < n; i++)
		printf(p[i] >= ' ' && p[i] < 0x7f ? "%c" : "\\x%02x", p[i]);
	printf("\"\n");
}

static void trial_watch_note(void *user, const struct session_note *note)
{
	struct report report;
	struct trial *t = user;

	printf("%8.3f ms ", (double)t->sp.now_ns / 1e6);
	report_init(&report, REPORT_TEXT, true);
	report_note(&report, "board", note);
}

/* Clears the members of @t that trial_run() fills in. */
static void trial_forget(struct trial *t)
{
	size_t first = offsetof(struct trial, sp);

	memset((char *)t + first, 0, sizeof(*t) - first);
}

void trial_draw(struct trial *t, uint64_t seed)
{
	uint64_t random = seed ^ 0x5bd1e995;

	*t = (struct trial){ .seed = seed, .watched = t->watched };
	sim_config_random(&t->board, seed);
	trial_draw_user(t, &random);
	t->past_ns = trial_draw_past(&t->board, &random);
	if (dice_chance(&random, 5)) {
		t->fail_at = (int)(2 + dice_next(&random) % 30);
		t->fail_errno = dice_chance(&random, 50) ? EIO : ENODEV;
	} else if (dice_chance(&random, 3)) {
		t->stop_at = (int)(2 + dice_next(&random) % 30);
	}
}

static void trial_begin(struct trial *t)
{
	trial_forget(t);
	simport_init(&t->sp, &t->board);
	t->sp.fail_at = t->fail_at;
	t->sp.fail_errno = t->fail_errno;
	t->sp.stop_at = t->stop_at;
	sim_board_on_trace(&t->sp.bridge.board, trial_on_trace, t);
	if (t->past_ns)
		simport_wait(&t->sp, t->past_ns);
	t->before = *simport_truth(&t->sp);
	t->app_runs = t->before.runs == SIM_RUNS_APP;
}

void trial_run(struct trial *t)
{
	const struct loop_sink watcher = { .bytes = trial_watch_bytes, .note = trial_watch_note, .user = t };

	trial_begin(t);
	if (simport_open(&t->sp, session_first_baud(&t->config)) < 0) {
		t->verdict = VERDICT_IO_ERROR;
		return;
	}
	session_init(&t->session, &t->config, t->sp.clk.now_ms(&t->sp.clk));
	(void)loop_session(&t->session, &t->sp.port, &t->sp.clk, t->watched ? &watcher : NULL);
	t->decided = *simport_truth(&t->sp);
	t->decided_ns = t->sp.now_ns;
	t->boot_unheard = t->sp.bridge.next_is_kept < 0;
	t->verdict = session_result(&t->session)->verdict;
	if (t->sp.port.ops->close(&t->sp.port) < 0 && t->verdict == VERDICT_READY)
		t->verdict = VERDICT_IO_ERROR; /* as src/run/worker.c does if closing the port fails */
	simport_wait(&t->sp, 300 * SIM_MS);
	t->closed = *simport_truth(&t->sp);
	trial_check_ready(t);
	trial_check_lines(t);
	trial_check_time(t);
	trial_check_words(t);
}

const struct session_result *trial_result(const struct trial *t)
{
	return t->session.state == SESSION_OVER ? session_result(&t->session) : NULL;
}

void trial_describe(const struct trial *t)
{
	const struct session_result *r = trial_result(t);

	printf("board %llu: %s\n  verdict %s: %s (missing %s)\n  adversaries:", (unsigned long long)t->seed, t->broken,
	       verdict_info(t->verdict)->word, r ? r->text : "",
	       r && r->missing < PROOF_RULES ? proof_rule_name(r->missing) : "none");
	for (int i = 0; i < ADVERSARY_COUNT; i++) {
		if (adversaries_of(&t->board) >> i & 1)
			printf(" %s", adversary_name((unsigned int)i));
	}
	printf("\n  user: chip %s, baud %d, crystal %d, settle %d, attempts %d, sequence %s, hold %d, no_reset %d, "
	       "fail_at %d, stop_at %d\n  truth: hardware resets %u, soft %u, crashes %u, boot mode %d, runs %s\n",
	       chip_name(t->config.chip) ? chip_name(t->config.chip) : "auto", t->config.baud, t->config.crystal_mhz,
	       t->config.settle_ms, t->config.attempts, t->config.sequence.text, t->config.hold_ms, t->config.no_reset,
	       t->sp.fail_at, t->sp.stop_at, t->decided.hardware_resets, t->decided.soft_restarts, t->decided.crashes,
	       t->decided.boot_mode, sim_runs_name(t->decided.runs));
}
