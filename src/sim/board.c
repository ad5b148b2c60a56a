/* board.c - a simulated board: pins that follow DTR and RTS, EN's capacitor, the strapping latch, order of events. */
#include "sim/board.h"

#include <errno.h>
#include <string.h>

#include "sim/circuit.h"
#include "sim/rom.h"

#define SLEEP_PULSE_NS (1 * SIM_MS) /* how long GPIO16 or an external timer pulls the reset line low */

const char *sim_runs_name(enum sim_runs runs)
{
	static const char *const names[] = {
		[SIM_RUNS_NOTHING] = "nothing", [SIM_RUNS_RESET] = "reset",	[SIM_RUNS_ROM] = "rom",
		[SIM_RUNS_WAITING] = "waiting", [SIM_RUNS_SECOND] = "second",	[SIM_RUNS_COPYING] = "copying",
		[SIM_RUNS_APP] = "app",		[SIM_RUNS_CRASHED] = "crashed",
	};

	return names[runs];
}

const char *sim_edge_name(enum sim_edge edge)
{
	static const char *const names[] = {
		[SIM_EDGE_DTR] = "DTR",	    [SIM_EDGE_RTS] = "RTS",	[SIM_EDGE_EN] = "EN",
		[SIM_EDGE_GPIO0] = "GPIO0", [SIM_EDGE_LATCH] = "latch", [SIM_EDGE_RUNS] = "runs",
		[SIM_EDGE_SOFT] = "soft",   [SIM_EDGE_POWER] = "power",
	};

	return names[edge];
}

uint64_t sim_board_random(struct sim_board *board, uint64_t below)
{
	return sim_random(&board->random, below);
}

static void board_trace(struct sim_board *board, int64_t now_ns, enum sim_edge edge, int value)
{
	if (board->on_trace)
		board->on_trace(board->trace_user, now_ns, edge, value);
}

void sim_board_set_runs(struct sim_board *board, int64_t now_ns, enum sim_runs runs)
{
	if (board->truth.runs == runs)
		return;
	if (board->truth.runs == SIM_RUNS_COPYING && runs != SIM_RUNS_SECOND)
		board->truth.copies_broken++;
	board->truth.runs = runs;
	board->truth.app_since_ns = runs == SIM_RUNS_APP ? now_ns : -1;
	board_trace(board, now_ns, SIM_EDGE_RUNS, (int)runs);
	if (board->listener.runs)
		board->listener.runs(board->listener.user, board, now_ns, runs);
}

void sim_board_count_soft(struct sim_board *board, int64_t now_ns)
{
	board->truth.soft_restarts++;
	board->truth.last_soft_restart_ns = now_ns;
	board_trace(board, now_ns, SIM_EDGE_SOFT, board->cause);
}

void sim_board_count_crash(struct sim_board *board, int64_t now_ns)
{
	board->truth.crashes++;
	board->truth.crashes_since_reset++;
	board->truth.last_crash_ns = now_ns;
}

void sim_board_fail(struct sim_board *board, int64_t now_ns, enum sim_phase phase, int64_t wait_ns)
{
	sim_board_count_crash(board, now_ns);
	sim_board_set_runs(board, now_ns, SIM_RUNS_CRASHED);
	sim_script_wait(board, now_ns, phase, wait_ns);
}

void sim_board_obey(struct sim_board *board, const struct sim_latch *latch)
{
	board->truth.boot_mode = latch->boot_mode;
	board->truth.latch_flash = latch->flash;
	board->truth.latch_download = latch->download;
}

void sim_board_sample(struct sim_board *board, int64_t now_ns)
{
	board->straps = sim_rom_latch(&board->config, board->truth.gpio0_low);
	if (board->straps.floating)
		board->straps.boot_mode |= (int)sim_board_random(board, 0) & board->straps.floating;
	sim_board_obey(board, &board->straps);
	board_trace(board, now_ns, SIM_EDGE_LATCH, board->truth.boot_mode);
}

/* Stops the chip: deletes all text that it still has to transmit, and cuts off a character that is being sent. */
static void chip_stops(struct sim_board *board, int64_t now_ns)
{
	board->steps = board->step_at = board->texted = board->text_at = 0;
	board->said = board->say_at = 0;
	board->next_ns = SIM_NEVER;
	board->fate_ns = SIM_NEVER;
	if (!board->asleep)
		board->sleep_ns = SIM_NEVER;
	board->phase = SIM_PHASE_NONE;
	if (!board->in_frame)
		return;
	board->in_frame = false;
	board->frame.cut_ns = now_ns;
	if (board->on_frame)
		board->on_frame(board->frame_user, &board->frame);
}

static void hardware_reset_begins(struct sim_board *board, int64_t now_ns)
{
	struct sim_pulled lines = sim_circuit(board->config.circuit, board->truth.dtr, board->truth.rts);

	board->stop_ns = SIM_NEVER;
	/* DTR or RTS caused this reset if they pull EN low, or if neither the button nor GPIO16 does: they may have
	 * released EN since it fell */
	board->stopped_by_lines = lines.en || !(board->finger || board->asleep);
	if (board->truth.runs == SIM_RUNS_COPYING) { /* eboot is interrupted: the flash has parts of two images */
		board->copy_ns = 0;
		board->config.image = SIM_IMAGE_SECOND;
	}
	chip_stops(board, now_ns);
	sim_board_set_runs(board, now_ns, SIM_RUNS_RESET);
}

static void hardware_reset_ends(struct sim_board *board, int64_t now_ns)
{
	board->usb_held = false;
	board->strap_ns = SIM_NEVER;
	board->truth.hardware_resets++;
	board->truth.crashes_since_reset = 0;
	board->truth.line_resets += board->stopped_by_lines;
	board->truth.last_hardware_reset_ns = now_ns;
	board->cause = board->config.chip != SIM_ESP8266 || board->config.reset_is_en || board->power_on ? 1 : 2;
	board->power_on = false;
	board->warm = false;
	board->soft = false;
	sim_board_sample(board, now_ns);
	sim_rom_start(board, now_ns);
}

static void en_crosses(struct sim_board *board, int64_t now_ns)
{
	board->en_cross_ns = SIM_NEVER;
	board->truth.en_low = board->en_driven;
	board_trace(board, now_ns, SIM_EDGE_EN, board->truth.en_low);
	if (board->truth.en_low) {
		board->truth.en_falls++;
		board->strap_ns = SIM_NEVER;
		board->stop_ns = now_ns + sim_rom_min_pulse(board->config.chip);
		return;
	}
	board->truth.en_rises++;
	board->stop_ns = SIM_NEVER;
	if (board->truth.runs == SIM_RUNS_RESET)
		board->strap_ns = now_ns + board->config.strap_ns;
}

/* Updates the pins after a change of DTR, RTS, a button or the power: sets GPIO0, lets EN begin to rise or fall. */
static void wires_changed(struct sim_board *board, int64_t now_ns)
{
	struct sim_pulled pulled = sim_circuit(board->config.circuit, board->truth.dtr, board->truth.rts);
	bool gpio0 = pulled.gpio0 || board->config.gpio0_held || board->button;
	bool en = pulled.en || board->finger || board->asleep || !board->truth.powered;

	if (gpio0 != board->truth.gpio0_low) {
		board->truth.gpio0_low = gpio0;
		board_trace(board, now_ns, SIM_EDGE_GPIO0, gpio0);
	}
	if (en == board->en_driven)
		return;
	board->en_v = sim_en_voltage(&board->config, board->en_v, board->en_driven, now_ns - board->en_since_ns);
	board->en_since_ns = now_ns;
	board->en_driven = en;
	board->en_cross_ns = SIM_NEVER;
	if (en != board->truth.en_low)
		board->en_cross_ns = now_ns + sim_en_crossing(&board->config, board->en_v, en);
}

/* ---- the transmitter ---- */

static bool script_has_character(const struct sim_board *board)
{
	return board->step_at < board->steps && board->text_at < board->step[board->step_at].to;
}

/* The time at which the next character starts or ends, or at which the script's next pause ends. */
static int64_t transmit_ns(const struct sim_board *board)
{
	int64_t said = board->say_at < board->said ? board->say_ns : SIM_NEVER;

	if (board->in_frame)
		return board->frame.cut_ns;
	return said < board->next_ns ? said : board->next_ns;
}

static void next_step(struct sim_board *board, int64_t now_ns)
{
	while (board->step_at < board->steps && board->text_at >= board->step[board->step_at].to) {
		if (++board->step_at < board->steps) {
			board->text_at = board->step[board->step_at].from;
			board->next_ns = now_ns + board->step[board->step_at].wait_ns;
			return;
		}
	}
	board->next_ns = now_ns;
}

static void frame_ends(struct sim_board *board)
{
	int64_t end = board->frame.cut_ns;

	board->in_frame = false;
	if (board->frame_is_said) {
		board->say_at++;
		board->say_ns = end;
		if (board->next_ns < end)
			board->next_ns = end;
	} else {
		board->text_at++;
		next_step(board, end);
		if (board->say_ns < end)
			board->say_ns = end;
	}
	if (board->on_frame)
		board->on_frame(board->frame_user, &board->frame);
}

static void frame_starts(struct sim_board *board, int64_t now_ns)
{
	bool script_due = script_has_character(board) && board->next_ns <= now_ns;
	bool in_text = script_due && board->text_at > board->step[board->step_at].from;

	board->frame_is_said = board->say_at < board->said && board->say_ns <= now_ns && !in_text;
	board->frame.start_ns = now_ns;
	if (board->frame_is_said) {
		board->frame.bit_ns = board->say_bit_ns;
		board->frame.byte = (uint8_t)board->say[board->say_at];
	} else {
		board->frame.bit_ns = board->step[board->step_at].bit_ns;
		board->frame.byte = (uint8_t)board->text[board->text_at];
	}
	board->frame.cut_ns = sim_frame_end(&board->frame);
	board->in_frame = true;
}

/* Handles the transmitter's next event: a character ends or starts, or a pause or the whole script ends. */
static void board_transmit(struct sim_board *board, int64_t now_ns)
{
	if (board->in_frame) {
		frame_ends(board);
	} else if (script_has_character(board) || (board->say_at < board->said && board->say_ns <= now_ns)) {
		frame_starts(board, now_ns);
	} else if (board->step_at < board->steps) {
		next_step(board, now_ns); /* a pause without text has ended */
	} else {
		sim_rom_continue(board, now_ns);
	}
}

/* ---- the order of events ---- */

static int64_t next_wire_event(const struct sim_board *board)
{
	int64_t t = sim_earlier(board->dtr_ns, board->rts_ns);

	t = sim_earlier(t, sim_earlier(board->en_cross_ns, board->stop_ns));
	t = sim_earlier(t, sim_earlier(board->strap_ns, board->fate_ns));
	t = sim_earlier(t, sim_earlier(board->finger_ns, board->button_ns));
	return sim_earlier(t, board->sleep_ns);
}

static void pin_follows(struct sim_board *board, int64_t now_ns)
{
	if (board->dtr_ns <= now_ns) {
		board->dtr_ns = SIM_NEVER;
		board->truth.dtr = board->want_dtr;
		board_trace(board, now_ns, SIM_EDGE_DTR, board->want_dtr);
	}
	if (board->rts_ns <= now_ns) {
		board->rts_ns = SIM_NEVER;
		board->truth.rts = board->want_rts;
		board_trace(board, now_ns, SIM_EDGE_RTS, board->want_rts);
	}
	wires_changed(board, now_ns);
}

static void finger_moves(struct sim_board *board, int64_t now_ns)
{
	board->finger = !board->finger;
	board->finger_ns = board->finger && board->config.finger_ns ? now_ns + board->config.finger_hold_ns : SIM_NEVER;
	wires_changed(board, now_ns);
}

static void sleep_moves(struct sim_board *board, int64_t now_ns)
{
	board->asleep = !board->asleep;
	board->sleep_ns = board->asleep ? now_ns + SLEEP_PULSE_NS : SIM_NEVER;
	wires_changed(board, now_ns);
}

static void wire_event(struct sim_board *board, int64_t now_ns)
{
	if (board->dtr_ns <= now_ns || board->rts_ns <= now_ns) {
		pin_follows(board, now_ns);
	} else if (board->finger_ns <= now_ns) {
		finger_moves(board, now_ns);
	} else if (board->button_ns <= now_ns) {
		board->button_ns = SIM_NEVER;
		board->button = false;
		wires_changed(board, now_ns);
	} else if (board->sleep_ns <= now_ns) {
		sleep_moves(board, now_ns);
	} else if (board->en_cross_ns <= now_ns) {
		en_crosses(board, now_ns);
	} else if (board->stop_ns <= now_ns) {
		hardware_reset_begins(board, now_ns);
	} else if (board->strap_ns <= now_ns) {
		hardware_reset_ends(board, now_ns);
	} else {
		board->fate_ns = SIM_NEVER;
		chip_stops(board, now_ns);
		sim_rom_fate(board, now_ns);
	}
}

void sim_board_run(struct sim_board *board, int64_t until_ns)
{
	for (;;) {
		int64_t wire = next_wire_event(board);
		int64_t character = transmit_ns(board);
		int64_t at = sim_earlier(wire, character);

		if (at > until_ns)
			break;
		if (board->now_ns < at)
			board->now_ns = at;
		if (wire <= character)
			wire_event(board, at);
		else
			board_transmit(board, at);
	}
	if (board->now_ns < until_ns)
		board->now_ns = until_ns;
}

int64_t sim_board_next(const struct sim_board *board)
{
	return sim_earlier(next_wire_event(board), transmit_ns(board));
}

int64_t sim_board_quiet_until(const struct sim_board *board)
{
	return board->in_frame ? board->frame.start_ns : board->now_ns;
}

const struct sim_truth *sim_board_truth(const struct sim_board *board)
{
	return &board->truth;
}

/* ---- called from outside ---- */

void sim_board_init(struct sim_board *board, const struct sim_config *config, int64_t now_ns, uint64_t seed)
{
	struct sim_pulled pulled;

	memset(board, 0, offsetof(struct sim_board, text));
	board->config = *config;
	board->start_ns = board->now_ns = now_ns;
	board->random = seed;
	board->dtr_ns = board->rts_ns = board->en_cross_ns = board->stop_ns = board->strap_ns = SIM_NEVER;
	board->sleep_ns = board->next_ns = board->fate_ns = SIM_NEVER;
	board->finger_ns = config->finger_ns ? now_ns + config->finger_ns : SIM_NEVER;
	board->button_ns = config->gpio0_let_go_ns ? now_ns + config->gpio0_let_go_ns : SIM_NEVER;
	board->button = config->gpio0_let_go_ns != 0;
	board->cause = config->chip != SIM_ESP8266 || config->reset_is_en ? 1 : 2;
	board->copy_ns = config->copy_ns;
	board->en_since_ns = now_ns;
	board->truth.powered = true;
	board->truth.last_hardware_reset_ns = board->truth.last_soft_restart_ns = -1;
	board->truth.last_crash_ns = board->truth.app_since_ns = -1;
	board->truth.dtr = board->want_dtr = config->lines_before & SIM_DTR;
	board->truth.rts = board->want_rts = config->lines_before & SIM_RTS;
	pulled = sim_circuit(config->circuit, board->truth.dtr, board->truth.rts);
	board->truth.gpio0_low = pulled.gpio0 || config->gpio0_held || board->button;
	board->truth.en_low = board->en_driven = pulled.en;
	board->en_v = pulled.en ? 0 : 1;
	sim_rom_already(board, now_ns);
	if (pulled.en) {
		chip_stops(board, now_ns);
		board->truth.runs = SIM_RUNS_RESET;
		board->truth.app_since_ns = -1;
		board->stopped_by_lines = true;
	}
}

void sim_board_on_frame(struct sim_board *board, sim_frame_fn *fn, void *user)
{
	board->on_frame = fn;
	board->frame_user = user;
}

void sim_board_on_trace(struct sim_board *board, sim_trace_fn *fn, void *user)
{
	board->on_trace = fn;
	board->trace_user = user;
}

void sim_board_listener(struct sim_board *board, const struct sim_listener *listener)
{
	board->listener = *listener;
}

void sim_board_lines(struct sim_board *board, int64_t now_ns, bool dtr, bool rts)
{
	bool dtr_moves, rts_moves;
	int64_t skew;

	sim_board_run(board, now_ns);
	now_ns = board->now_ns;
	dtr_moves = dtr != board->truth.dtr;
	rts_moves = rts != board->truth.rts;
	skew = dtr_moves && rts_moves ? board->config.skew_ns : 0;
	board->want_dtr = dtr;
	board->want_rts = rts;
	board->dtr_ns = dtr_moves ? now_ns + (skew < 0 ? -skew : 0) : SIM_NEVER;
	board->rts_ns = rts_moves ? now_ns + (skew > 0 ? skew : 0) : SIM_NEVER;
	sim_board_run(board, now_ns);
}

void sim_board_power(struct sim_board *board, int64_t now_ns, bool on)
{
	sim_board_run(board, now_ns);
	now_ns = board->now_ns;
	if (board->truth.powered == on)
		return;
	board->truth.powered = on;
	board_trace(board, now_ns, SIM_EDGE_POWER, on);
	if (!on) {
		chip_stops(board, now_ns);
		board->en_driven = board->truth.en_low = true;
		board->en_v = 0;
		board->en_since_ns = now_ns;
		board->en_cross_ns = board->stop_ns = board->strap_ns = board->sleep_ns = SIM_NEVER;
		board->copy_ns = 0;
		sim_board_set_runs(board, now_ns, SIM_RUNS_NOTHING);
		return;
	}
	board->power_on = true;
	board->stopped_by_lines = false;
	sim_board_set_runs(board, now_ns, SIM_RUNS_RESET);
	wires_changed(board, now_ns);
}

void sim_board_usb_hold(struct sim_board *board, int64_t now_ns)
{
	sim_board_run(board, now_ns);
	if (board->truth.runs < SIM_RUNS_ROM)
		return; /* the chip is without power, or a hardware reset has stopped it already */
	chip_stops(board, board->now_ns);
	board->usb_held = true;
	sim_board_set_runs(board, board->now_ns, SIM_RUNS_RESET);
}

void sim_board_usb_run(struct sim_board *board, int64_t now_ns, bool download)
{
	sim_board_run(board, now_ns);
	if (!board->usb_held && board->truth.runs < SIM_RUNS_ROM)
		return;
	board->usb_held = false;
	chip_stops(board, board->now_ns);
	sim_rom_usb(board, board->now_ns, download);
}

void sim_board_brownout(struct sim_board *board, int64_t now_ns)
{
	board->power_on = true;
	board->stopped_by_lines = false;
	sim_board_set_runs(board, now_ns, SIM_RUNS_RESET);
	board->strap_ns = now_ns + 10 * SIM_MS;
}

void sim_board_finger(struct sim_board *board, int64_t now_ns, bool pressed)
{
	sim_board_run(board, now_ns);
	board->finger = pressed;
	wires_changed(board, board->now_ns);
	sim_board_run(board, board->now_ns);
}

void sim_board_rx(struct sim_board *board, const struct sim_frame *frame)
{
	sim_board_run(board, frame->cut_ns);
	if (board->listener.frame && board->truth.runs >= SIM_RUNS_ROM)
		board->listener.frame(board->listener.user, board, frame);
}

int sim_board_say(struct sim_board *board, int64_t now_ns, const void *data, size_t len, double baud)
{
	sim_board_run(board, now_ns);
	if (board->say_at == board->said && !(board->in_frame && board->frame_is_said))
		board->say_at = board->said = 0;
	if (len > SIM_SAY_MAX - board->said) {
		memmove(board->say, board->say + board->say_at, board->said - board->say_at);
		board->said -= board->say_at;
		board->say_at = 0;
		if (len > SIM_SAY_MAX - board->said)
			return -ENOSPC;
	}
	memcpy(board->say + board->said, data, len);
	board->said += (unsigned int)len;
	board->say_bit_ns = 1e9 / (baud * (1 + board->config.rate_ppm * 1e-6));
	if (board->say_ns < board->now_ns)
		board->say_ns = board->now_ns;
	return 0;
}

void sim_board_run_image(struct sim_board *board, int64_t now_ns, double baud)
{
	sim_board_run(board, now_ns);
	chip_stops(board, board->now_ns);
	sim_rom_run_image(board, board->now_ns, baud);
}

void sim_board_restart(struct sim_board *board, int64_t now_ns)
{
	sim_board_run(board, now_ns);
	if (board->truth.runs < SIM_RUNS_ROM)
		return; /* without power or in reset, no software runs that could restart the chip */
	chip_stops(board, board->now_ns);
	sim_rom_restart(board, board->now_ns);
}

void sim_board_flashed(struct sim_board *board, enum sim_image image)
{
	board->config.image = image;
	board->fates = 0;
	board->copy_ns = 0;
}

void sim_board_ota_staged(struct sim_board *board, int64_t copy_ns)
{
	board->copy_ns = copy_ns;
}
