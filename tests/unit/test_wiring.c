/* test_wiring.c - --probe-wiring must find out how DTR and RTS of each simulated board are wired, and must never leave
 * a board in reset. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run/loop.h"
#include "session/wiring.h"
#include "simport.h"
#include "suite.h"

#define RANDOM_BOARDS 2000
#define OPERATIONS_MAX 400

static struct simport sp;
static struct wiring wiring;
static struct wiring_config config;
static const struct wiring_result *result;

static void setup(void)
{
	config = (struct wiring_config){ .baud = 115200, .crystal_mhz = 26, .timeout_ms = 60000, .latency_ms = 16 };
}

static void board_of(const char *words, struct sim_config *board)
{
	char err[256] = "";

	sim_config_init(board);
	ck_assert_msg(sim_config_parse(board, words, err, sizeof(err)) == 0, "%s: %s", words, err);
}

/* Runs --probe-wiring on the open port, then closes the port. Return: the result of loop_wiring(). */
static int play_opened(void)
{
	int r;

	wiring_init(&wiring, &config, sp.clk.now_ms(&sp.clk));
	r = loop_wiring(&wiring, &sp.port, &sp.clk, NULL);
	result = wiring_result(&wiring);
	(void)sp.port.ops->close(&sp.port);
	simport_wait(&sp, 500 * SIM_MS);
	return r;
}

static int play(const struct sim_config *board)
{
	simport_init(&sp, board);
	sp.limit_ns = 100 * SIM_S;
	ck_assert_int_eq(simport_open(&sp, config.baud), 0);
	return play_opened();
}

static const struct {
	const char *words;
	enum wiring_circuit circuit;
	enum verdict verdict;
} boards[] = {
	{ "", WIRING_TWO_TRANSISTORS, VERDICT_READY },
	{ "running", WIRING_TWO_TRANSISTORS, VERDICT_READY },
	{ "skew=90us", WIRING_TWO_TRANSISTORS, VERDICT_READY },
	{ "skewback=90us", WIRING_TWO_TRANSISTORS, VERDICT_READY },
	{ "talks", WIRING_TWO_TRANSISTORS, VERDICT_READY },
	{ "prints=30ms", WIRING_TWO_TRANSISTORS, VERDICT_READY },
	{ "silent", WIRING_TWO_TRANSISTORS, VERDICT_READY },
	{ "dead", WIRING_TWO_TRANSISTORS, VERDICT_READY },
	{ "download", WIRING_TWO_TRANSISTORS, VERDICT_READY },
	{ "noimage", WIRING_TWO_TRANSISTORS, VERDICT_READY },
	{ "panic", WIRING_TWO_TRANSISTORS, VERDICT_READY },
	{ "restart", WIRING_TWO_TRANSISTORS, VERDICT_READY },
	{ "watchdog", WIRING_TWO_TRANSISTORS, VERDICT_READY },
	{ "copy", WIRING_TWO_TRANSISTORS, VERDICT_READY },
	{ "copy=20s,direct", WIRING_DIRECT, VERDICT_READY },
	{ "direct", WIRING_DIRECT, VERDICT_READY },
	{ "direct,talks", WIRING_DIRECT, VERDICT_READY },
	{ "direct,skew=90us", WIRING_DIRECT, VERDICT_READY },
	{ "direct,skewback=90us", WIRING_DIRECT, VERDICT_READY },
	{ "swapped", WIRING_SWAPPED, VERDICT_READY },
	{ "swapped,talks", WIRING_SWAPPED, VERDICT_READY },
	{ "swapped2", WIRING_TWO_TRANSISTORS_SWAPPED, VERDICT_READY },
	{ "rtsonly", WIRING_RTS_ONLY, VERDICT_READY },
	{ "dtronly", WIRING_DTR_ONLY, VERDICT_READY },
	{ "nowire", WIRING_NONE, VERDICT_NO_EFFECT },
	{ "nowire,prints", WIRING_NONE, VERDICT_NO_EFFECT },
	{ "nowire,prints=2s", WIRING_NONE, VERDICT_NO_EFFECT },
	{ "nowire,download", WIRING_NONE, VERDICT_NO_EFFECT },
	{ "nowire,esp32", WIRING_NONE, VERDICT_NO_EFFECT },
	{ "deaf", WIRING_NONE, VERDICT_NO_EFFECT },
	{ "deaf,esp32", WIRING_NONE, VERDICT_NO_EFFECT },
	/* These boards restart by themselves. A software restart must not be taken for a reset by DTR or RTS. */
	{ "nowire,panic,running", WIRING_UNKNOWN, VERDICT_UNPROVEN },
	{ "nowire,restart,running", WIRING_UNKNOWN, VERDICT_UNPROVEN },
	{ "nowire,deepsleep=700ms,running", WIRING_UNKNOWN, VERDICT_UNPROVEN },
	{ "nowire,esp32,panic", WIRING_NONE, VERDICT_NO_EFFECT },
	/* Boards whose wiring cannot be found, boards whose wiring is found only in part, and boards that cannot prove
	 * their wiring by a normal boot. */
	{ "muted", WIRING_UNKNOWN, VERDICT_UNPROVEN },
	{ "gpio0low", WIRING_TWO_TRANSISTORS, VERDICT_DOWNLOAD_MODE },
	{ "gpio0low,direct", WIRING_RTS, VERDICT_DOWNLOAD_MODE },
	{ "sdio", WIRING_TWO_TRANSISTORS, VERDICT_OTHER_BOOT },
	/* Boards whose chip, crystal or USB-serial bridge is not the default one. */
	{ "crystal=40", WIRING_TWO_TRANSISTORS, VERDICT_READY },
	{ "crystal=40,direct", WIRING_DIRECT, VERDICT_READY },
	{ "crystal=40,swapped", WIRING_SWAPPED, VERDICT_READY },
	{ "cp2102", WIRING_TWO_TRANSISTORS, VERDICT_READY },
	{ "ftdi,direct", WIRING_DIRECT, VERDICT_READY },
	{ "fedrop", WIRING_TWO_TRANSISTORS, VERDICT_READY },
	{ "enpin", WIRING_TWO_TRANSISTORS, VERDICT_READY },
	{ "latebanner=400ms", WIRING_TWO_TRANSISTORS, VERDICT_READY },
	{ "capacitor=60ms,direct", WIRING_DIRECT, VERDICT_READY },
	{ "esp32", WIRING_TWO_TRANSISTORS, VERDICT_READY },
	{ "rev0", WIRING_TWO_TRANSISTORS, VERDICT_READY },
	{ "esp32,direct", WIRING_DIRECT, VERDICT_READY },
	{ "esp32,swapped", WIRING_SWAPPED, VERDICT_READY },
	{ "esp32,swapped2", WIRING_TWO_TRANSISTORS_SWAPPED, VERDICT_READY },
	{ "esp32,rtsonly", WIRING_RTS_ONLY, VERDICT_READY },
	{ "esp32,dtronly,talks", WIRING_DTR_ONLY, VERDICT_READY },
	{ "esp32c2", WIRING_TWO_TRANSISTORS, VERDICT_READY },
	{ "esp32c3,direct", WIRING_DIRECT, VERDICT_READY },
	{ "esp32p4", WIRING_TWO_TRANSISTORS, VERDICT_READY },
	{ "inheritrts", WIRING_TWO_TRANSISTORS, VERDICT_READY },
	{ "inheritboth,direct", WIRING_DIRECT, VERDICT_READY },
};

static void assert_let_go(const char *what)
{
	const struct sim_truth *truth = simport_truth(&sp);

	ck_assert_msg(!truth->dtr && !truth->rts, "%s: a line is left asserted", what);
	ck_assert_msg(!truth->en_low, "%s: left in reset", what);
}

START_TEST(every_circuit_is_found)
{
	const struct sim_truth *truth = simport_truth(&sp);
	struct sim_config board;

	board_of(boards[_i].words, &board);
	ck_assert_int_eq(play(&board), 0);
	ck_assert_msg(result->circuit == boards[_i].circuit && result->verdict == boards[_i].verdict,
		      "sim:%s: %s, %s: %s", boards[_i].words, wiring_name(result->circuit),
		      verdict_info(result->verdict)->word, result->text);
	assert_let_go(boards[_i].words);
	ck_assert_msg(result->verdict != VERDICT_READY || truth->latch_flash, "%s: left in download mode",
		      boards[_i].words);
	ck_assert_uint_eq(truth->copies_broken, 0);
	if (result->verdict == VERDICT_READY && !board.lines_before && !board.skew_ns)
		ck_assert_uint_eq((unsigned int)result->resets, truth->line_resets);
}
END_TEST

/* ---- a reset with the sequence that was found ---- */

/* Resets the board with @sequence, which --probe-wiring has found. Return: the verdict. */
static enum verdict reset_with(const struct sim_config *board, const char *sequence)
{
	static struct session session;
	struct session_config c;
	char err[128];

	session_config_init(&c);
	c.crystal_mhz = board->crystal_mhz;
	c.settle_ms = 0;
	ck_assert_msg(sequence_parse(sequence, &c.sequence, err, sizeof(err)) == 0, "%s: %s", sequence, err);
	simport_init(&sp, board);
	ck_assert_int_eq(simport_open(&sp, session_first_baud(&c)), 0);
	session_init(&session, &c, sp.clk.now_ms(&sp.clk));
	(void)loop_session(&session, &sp.port, &sp.clk, NULL);
	(void)sp.port.ops->close(&sp.port);
	return session_result(&session)->verdict;
}

START_TEST(what_is_found_makes_a_session_ready)
{
	/* clang-format off */
	static const char *const words[] = { "", "direct", "swapped", "swapped2", "rtsonly", "dtronly",
					     "esp32,swapped2", "esp32c3,dtronly", "esp32,swapped" };
	struct sequence sequence;
	struct sim_config board;
	char err[128];

	board_of(words[_i], &board);
	(void)play(&board);
	ck_assert_int_eq(result->verdict, VERDICT_READY);
	ck_assert_int_eq(sequence_parse(result->esptool, &sequence, err, sizeof(err)), 0);
	ck_assert(!sequence_boots_download(&sequence));
	for (int which = 0; which < 2; which++) {
		const char *found = which ? result->esptool : result->sequence;
		enum verdict verdict = reset_with(&board, found);

		ck_assert_msg(verdict == VERDICT_READY, "sim:%s with %s: %s", words[_i], found,
			      verdict_info(verdict)->word);
	}
}
END_TEST

/* ---- operations on the port that fail ---- */

static const char *const failing[] = { "", "direct", "swapped", "swapped2", "rtsonly", "dtronly",
				       "nowire,prints", "esp32,swapped" };
static const int errors[] = { EIO, ENODEV, EPIPE, ESHUTDOWN, EPROTO };

/* Runs --probe-wiring; operation @n on the port fails with @err. @on: all later operations fail too, except the
 * kernel's close. Return: was operation @n reached? */
static bool fail_at(const struct sim_config *board, const char *words, int n, int err, bool on)
{
	const struct sim_truth *truth = simport_truth(&sp);
	char what[128];

	simport_init(&sp, board);
	sp.limit_ns = 100 * SIM_S;
	sp.fail_at = n;
	sp.fail_errno = err;
	sp.fail_on = on;
	if (simport_open(&sp, config.baud) < 0)
		return true;
	(void)play_opened();
	snprintf(what, sizeof(what), "sim:%s, operation %d fails with %d%s", words, n, err, on ? " for ever" : "");
	assert_let_go(what);
	/* The bridge works again after the one failed operation, so the board must not be left in download mode. */
	if (!on && err != ENODEV) {
		ck_assert_msg(board->circuit == SIM_NO_WIRE || truth->latch_flash || !truth->line_resets,
			      "%s: left in download mode", what);
	}
	if (sp.ops > n + 1 || result->verdict != VERDICT_READY)
		ck_assert_msg(verdict_info(result->verdict)->status != 0 || sp.ops == n, "%s: %s", what, result->text);
	return sp.ops >= n;
}

START_TEST(whatever_operation_fails_no_board_is_left_in_reset)
{
	struct sim_config board;

	board_of(failing[_i], &board);
	for (size_t e = 0; e < COUNT(errors); e++) {
		for (int on = 0; on < 2; on++) {
			int n = 1;

			while (n < OPERATIONS_MAX && fail_at(&board, failing[_i], n, errors[e], on))
				n++;
			ck_assert_int_lt(n, OPERATIONS_MAX);
			ck_assert_int_gt(n, 20);
		}
	}
}
END_TEST

START_TEST(a_stop_signal_at_any_moment_leaves_the_board_running)
{
	const struct sim_truth *truth = simport_truth(&sp);
	struct sim_config board;
	int n = 1;

	board_of(failing[_i], &board);
	for (;; n++) {
		int r;

		simport_init(&sp, &board);
		sp.limit_ns = 100 * SIM_S;
		sp.stop_at = n;
		ck_assert_int_eq(simport_open(&sp, config.baud), 0);
		r = play_opened();
		assert_let_go(failing[_i]);
		ck_assert_msg(board.circuit == SIM_NO_WIRE || truth->latch_flash || !truth->line_resets,
			      "sim:%s, stopped at %d: left in download mode", failing[_i], n);
		if (sp.ops < n)
			break;
		ck_assert(r == 0 || r == -ECANCELED);
	}
	ck_assert_int_gt(n, 20);
}
END_TEST

/* ---- random boards ---- */

static enum wiring_circuit truth_of(enum sim_circuit circuit)
{
	static const enum wiring_circuit of[SIM_CIRCUIT_COUNT] = {
		[SIM_TWO_TRANSISTORS] = WIRING_TWO_TRANSISTORS, [SIM_DIRECT] = WIRING_DIRECT,
		[SIM_SWAPPED] = WIRING_SWAPPED,
		[SIM_TWO_TRANSISTORS_SWAPPED] = WIRING_TWO_TRANSISTORS_SWAPPED, [SIM_RTS_ONLY] = WIRING_RTS_ONLY,
		[SIM_DTR_ONLY] = WIRING_DTR_ONLY, [SIM_NO_WIRE] = WIRING_NONE,
	};
	/* clang-format on */

	return of[circuit];
}

static bool is_about_dtr(enum wiring_circuit c)
{
	return c == WIRING_TWO_TRANSISTORS_SWAPPED || c == WIRING_SWAPPED || c == WIRING_DTR_ONLY || c == WIRING_DTR;
}

/* Does nothing disturb --probe-wiring on this board, such as noise, a pressed button, restarts, or a pin that is
 * held? */
static bool is_calm(const struct sim_config *b)
{
	return !b->copy_ns && !b->finger_ns && !b->deep_sleep_ns && !b->gpio0_held && !b->gpio0_let_go_ns &&
	       !b->gpio2_low && !b->gpio15 && !b->other_strap && !b->empty_download && b->fate == SIM_FATE_RUN &&
	       !b->lose_ppm && !b->repeat_ppm && !b->flip_ppm && !b->spurious_ns && !b->rx_stall_ns &&
	       !b->control_stall_op && !b->unplug_ns && !b->unplug_op && !b->host_ns && b->en_rise_ns >= 1 * SIM_MS &&
	       !b->chatter && b->image == SIM_IMAGE_GOOD && (!b->app_baud || b->app_baud == 115200);
}

static void assert_random_board(const struct sim_config *board, uint64_t seed)
{
	const struct sim_truth *truth = simport_truth(&sp);
	unsigned long long number = seed;
	bool gone = sim_bridge_unplugged(&sp.bridge) || board->control_stall_op;
	enum wiring_circuit is = truth_of(board->circuit);

	ck_assert_msg(gone || (!truth->dtr && !truth->rts), "board %llu: a line is left asserted", number);
	ck_assert_msg(gone || board->finger_ns || board->deep_sleep_ns || !truth->en_low, "board %llu: left in reset",
		      number);
	ck_assert_msg(gone || board->gpio0_held || board->gpio0_let_go_ns || !truth->gpio0_low, "board %llu: GPIO0 low",
		      number);
	ck_assert_msg(truth->copies_broken == 0 || board->finger_ns || board->deep_sleep_ns || !result->resets ||
			      !is_calm(board),
		      "board %llu: broke a copy", number);
	if (result->verdict == VERDICT_READY) {
		ck_assert_msg(board->circuit != SIM_NO_WIRE, "board %llu: nothing is wired, and %s was found", number,
			      wiring_name(result->circuit));
		ck_assert_msg(result->circuit == WIRING_EITHER || result->circuit == WIRING_BOTH ||
				      is_about_dtr(result->circuit) == is_about_dtr(is),
			      "board %llu: %s, and %s was found", number, wiring_name(is),
			      wiring_name(result->circuit));
	}
	if (!is_calm(board))
		return;
	ck_assert_msg(result->circuit == is, "board %llu: %s, and %s was found: %s", number, wiring_name(is),
		      wiring_name(result->circuit) ? wiring_name(result->circuit) : "nothing", result->text);
	ck_assert_msg(result->verdict == (is == WIRING_NONE ? VERDICT_NO_EFFECT : VERDICT_READY), "board %llu: %s: %s",
		      number, verdict_info(result->verdict)->word, result->text);
	ck_assert_msg(is == WIRING_NONE || truth->latch_flash, "board %llu: left in download mode", number);
}

START_TEST(random_boards_are_judged_right_and_let_go)
{
	unsigned int calm = 0, found = 0;

	for (uint64_t seed = (uint64_t)_i * RANDOM_BOARDS; seed < (uint64_t)(_i + 1) * RANDOM_BOARDS; seed++) {
		struct sim_config board;

		sim_config_random(&board, seed);
		setup();
		config.crystal_mhz = seed % 3 ? board.crystal_mhz : 26;
		simport_init(&sp, &board);
		sp.limit_ns = 100 * SIM_S;
		if (simport_open(&sp, config.baud) < 0)
			continue;
		(void)play_opened();
		assert_random_board(&board, seed);
		calm += is_calm(&board);
		found += result->verdict == VERDICT_READY;
	}
	ck_assert_uint_ge(calm, RANDOM_BOARDS / 20);
	ck_assert_uint_ge(found, RANDOM_BOARDS / 2);
}
END_TEST

/* Simulates a wiring that the simulated board does not have, by a truth table. The modem lines have four states: none,
 * DTR, RTS or both asserted. The table says in which of these states the chip is held in reset. 60 ms after such a
 * state ends, the chip prints a banner. */

struct table_board {
	struct port port;
	struct clk clk;
	int64_t now_ms, banner_ms;
	/* lines: the asserted modem lines (PORT_DTR, PORT_RTS); in_reset: bit number L is set if the chip is held in
	 * reset while lines has the value L */
	unsigned int in_reset, lines;
	int resets;
};

static struct table_board table;

static bool is_held(unsigned int lines)
{
	return table.in_reset >> lines & 1;
}

static int table_set_lines(struct port *port, unsigned int mask, unsigned int on)
{
	unsigned int lines = (table.lines & ~mask) | (on & mask);

	(void)port;
	if (is_held(table.lines) && !is_held(lines)) {
		table.banner_ms = table.now_ms + 60;
		table.resets++;
	} else if (is_held(lines)) {
		table.banner_ms = -1;
	}
	table.lines = lines;
	return 0;
}

static int table_set_speed(struct port *port, int baud)
{
	(void)port;
	(void)baud;
	return 0;
}

static ssize_t table_read(struct port *port, void *buf, size_t cap, int64_t deadline_ms)
{
	static const char text[] =
		"ets Jul 29 2019 12:21:46\r\n\r\nrst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n"
		"load:0x3fff0030,len:1344\r\nentry 0x400805f0\r\n";

	(void)port;
	ck_assert_uint_ge(cap, sizeof(text));
	if (table.banner_ms >= 0 && table.banner_ms <= deadline_ms) {
		table.now_ms = table.banner_ms > table.now_ms ? table.banner_ms : table.now_ms;
		table.banner_ms = -1;
		memcpy(buf, text, sizeof(text) - 1);
		return sizeof(text) - 1;
	}
	table.now_ms = deadline_ms;
	return -ETIMEDOUT;
}

static int64_t table_now(struct clk *clk)
{
	(void)clk;
	return table.now_ms;
}

/* clang-format off */
static const struct port_ops table_ops = { .name = "table", .set_lines = table_set_lines, .set_speed = table_set_speed,
					   .read = table_read };

#define WHEN_NONE 1U
#define WHEN_DTR 2U
#define WHEN_RTS 4U
#define WHEN_BOTH 8U

static const struct {
	unsigned int in_reset;
	enum wiring_circuit circuit;
	enum verdict verdict;
} tables[] = {
	{ WHEN_RTS, WIRING_TWO_TRANSISTORS, VERDICT_READY },
	{ WHEN_DTR, WIRING_TWO_TRANSISTORS_SWAPPED, VERDICT_READY },
	{ WHEN_RTS | WHEN_BOTH, WIRING_RTS_ONLY, VERDICT_READY },
	{ WHEN_DTR | WHEN_BOTH, WIRING_DTR_ONLY, VERDICT_READY },
	{ WHEN_DTR | WHEN_RTS | WHEN_BOTH, WIRING_EITHER, VERDICT_READY },
	{ WHEN_BOTH, WIRING_BOTH, VERDICT_READY },
	{ WHEN_NONE | WHEN_DTR, WIRING_RTS_INVERTED, VERDICT_NO_EFFECT },
	{ WHEN_NONE | WHEN_RTS, WIRING_DTR_INVERTED, VERDICT_NO_EFFECT },
	{ 0, WIRING_NONE, VERDICT_NO_EFFECT },
};
/* clang-format on */

START_TEST(wirings_by_truth_table_are_told_apart)
{
	table = (struct table_board){ .port = { &table_ops },
				      .clk = { table_now },
				      .banner_ms = -1,
				      .in_reset = tables[_i].in_reset,
				      .lines = MODEM_DTR | MODEM_RTS };
	wiring_init(&wiring, &config, 0);
	ck_assert_int_eq(loop_wiring(&wiring, &table.port, &table.clk, NULL), 0);
	result = wiring_result(&wiring);
	ck_assert_msg(result->circuit == tables[_i].circuit && result->verdict == tables[_i].verdict, "%x: %s: %s",
		      tables[_i].in_reset, wiring_name(result->circuit), result->text);
	ck_assert_uint_eq(table.lines, 0);
	ck_assert_int_eq(result->resets, table.resets);
	ck_assert_int_eq(result->sequence[0] != '\0', result->verdict == VERDICT_READY);
}
END_TEST

START_TEST(it_ends_within_its_time)
{
	static const int timeouts[] = { 100, 1000, 3000, 6000, 9000, 15000 };
	struct sim_config board;

	for (size_t i = 0; i < COUNT(timeouts); i++) {
		board_of(failing[_i], &board);
		config.timeout_ms = timeouts[i];
		(void)play(&board);
		ck_assert_int_le(result->total_ms, timeouts[i] + 200);
		assert_let_go(failing[_i]);
		ck_assert(board.circuit == SIM_NO_WIRE || simport_truth(&sp)->latch_flash ||
			  !simport_truth(&sp)->line_resets);
		ck_assert(result->verdict == VERDICT_UNPROVEN || i > 2);
	}
}
END_TEST

static void add(Suite *s, const char *name, const TTest *test, size_t n)
{
	TCase *t = tcase_create(name);

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_set_timeout(t, 300);
	tcase_add_loop_test(t, test, 0, (int)n);
	suite_add_tcase(s, t);
}

int main(void)
{
	Suite *s = suite_create("wiring");

	add(s, "circuits", every_circuit_is_found, COUNT(boards));
	add(s, "session", what_is_found_makes_a_session_ready, 9);
	add(s, "failures", whatever_operation_fails_no_board_is_left_in_reset, COUNT(failing));
	add(s, "stops", a_stop_signal_at_any_moment_leaves_the_board_running, COUNT(failing));
	add(s, "random", random_boards_are_judged_right_and_let_go, 2);
	add(s, "tables", wirings_by_truth_table_are_told_apart, COUNT(tables));
	add(s, "time", it_ends_within_its_time, COUNT(failing));
	return suite_run(s);
}
