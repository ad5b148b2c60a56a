/* rom.c - what all simulated chips have in common: scripts of what they transmit, the application, restarts. */
#include "sim/rom.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct sim_family *family_of(const struct sim_config *config)
{
	return config->chip == SIM_ESP8266 ? &sim_esp8266 : &sim_esp32;
}

struct sim_latch sim_rom_latch(const struct sim_config *config, bool gpio0_low)
{
	return family_of(config)->latch(config, gpio0_low);
}

int64_t sim_rom_min_pulse(enum sim_chip chip)
{
	switch (chip) {
	case SIM_ESP8266: return 200 * SIM_US;
	case SIM_ESP32P4: return 1000 * SIM_US;
	default: return 50 * SIM_US;
	}
}

void sim_script_begin(struct sim_board *board, enum sim_phase phase)
{
	board->phase = phase;
	board->steps = board->step_at = board->texted = board->text_at = 0;
}

void sim_script_text(struct sim_board *board, int64_t wait_ns, double baud, const char *format, ...)
{
	struct sim_step *step = &board->step[board->steps];
	size_t room = SIM_SAY_MAX - board->texted;
	va_list args;
	int len;

	if (board->steps == SIM_STEP_MAX)
		return;
	va_start(args, format);
	len = vsnprintf(board->text + board->texted, room, format, args);
	va_end(args);
	if (len < 0 || (size_t)len >= room)
		return;
	step->wait_ns = wait_ns;
	step->bit_ns = 1e9 / (baud * (1 + board->config.rate_ppm * 1e-6));
	step->from = board->texted;
	step->to = board->texted += (unsigned int)len;
	board->steps++;
}

void sim_script_play(struct sim_board *board, int64_t now_ns)
{
	board->next_ns = now_ns + (board->steps ? board->step[0].wait_ns : 0);
	board->text_at = 0;
}

void sim_script_none(struct sim_board *board)
{
	sim_script_begin(board, SIM_PHASE_NONE);
	board->next_ns = SIM_NEVER;
}

void sim_script_wait(struct sim_board *board, int64_t now_ns, enum sim_phase phase, int64_t wait_ns)
{
	sim_script_begin(board, phase);
	board->next_ns = now_ns + wait_ns;
}

static void plan_fate(struct sim_board *board, int64_t now_ns)
{
	const struct sim_config *config = &board->config;

	if (config->fate != SIM_FATE_RUN && (!config->fate_times || board->fates < config->fate_times))
		board->fate_ns = now_ns + config->fate_ns;
	if (config->deep_sleep_ns)
		board->sleep_ns = now_ns + config->deep_sleep_ns;
}

void sim_rom_app(struct sim_board *board, int64_t now_ns, const char *greeting)
{
	const struct sim_config *config = &board->config;

	board->warm = true;
	board->image_baud = 0;
	sim_board_set_runs(board, now_ns, SIM_RUNS_APP);
	plan_fate(board, now_ns);
	sim_script_begin(board, SIM_PHASE_APP);
	if (config->chatter) /* the SDK prints before the UART's clock is set, so at a wrong baud rate */
		sim_script_text(board, 20 * SIM_MS, 115200 * 26 / 24.0,
				"rf cal sector: 1020\r\nfreq trace enable 0\r\nrf[112] : 00\r\n");
	if (config->app != SIM_APP_SILENT)
		sim_script_text(board, config->app_delay_ns, config->app_baud, "%s",
				config->app_text[0] ? config->app_text : greeting);
	sim_script_play(board, now_ns);
}

/* Begins to transmit the application's next text line, or nothing if the application prints no more text lines. */
static void app_line(struct sim_board *board, int64_t now_ns)
{
	const struct sim_config *config = &board->config;
	bool continuous = config->app == SIM_APP_CONTINUOUS;
	int64_t wait_ns = continuous ? 0 : config->app_period_ns;
	int64_t up_ms = (now_ns - board->truth.app_since_ns) / SIM_MS;

	if (config->app != SIM_APP_PERIODIC && !continuous) {
		sim_script_none(board);
		return;
	}
	sim_script_begin(board, SIM_PHASE_APP_LINE);
	if (config->app_text[0])
		sim_script_text(board, wait_ns, config->app_baud, "%s", config->app_text);
	else
		sim_script_text(board, wait_ns, config->app_baud, "temperature 21.5 C, humidity 40 %%, up %lld ms\r\n",
				(long long)up_ms);
	sim_script_play(board, now_ns);
}

static void rom_banner(struct sim_board *board, int64_t now_ns)
{
	sim_board_set_runs(board, now_ns, SIM_RUNS_ROM);
	family_of(&board->config)->banner(board, now_ns);
}

void sim_rom_start(struct sim_board *board, int64_t now_ns)
{
	board->second_banner = false;
	board->image_baud = 0;
	rom_banner(board, now_ns);
}

void sim_rom_continue(struct sim_board *board, int64_t now_ns)
{
	switch (board->phase) {
	case SIM_PHASE_NONE: board->next_ns = SIM_NEVER; break;
	case SIM_PHASE_APP:
	case SIM_PHASE_APP_LINE: app_line(board, now_ns); break;
	case SIM_PHASE_RESTART:
		sim_board_count_soft(board, now_ns);
		board->soft = true;
		board->image_baud = 0;
		rom_banner(board, now_ns);
		break;
	default: family_of(&board->config)->next(board, now_ns);
	}
}

void sim_rom_fate(struct sim_board *board, int64_t now_ns)
{
	board->fates++;
	if (board->config.fate == SIM_FATE_HANG) {
		/* nobody can see that the application hangs, so struct sim_truth goes on saying that it runs */
		sim_script_none(board);
		return;
	}
	if (board->config.fate != SIM_FATE_RESTART)
		sim_board_count_crash(board, now_ns);
	family_of(&board->config)->fate(board, now_ns);
}

void sim_rom_restart(struct sim_board *board, int64_t now_ns)
{
	if (board->config.chip != SIM_ESP8266)
		board->cause = 0xc;
	sim_script_wait(board, now_ns, SIM_PHASE_RESTART, 0);
}

/* The download flag of the USB controller overrides the straps for one reset and does not change the strapping latch.
 * So when esptool resets the chip later without the flag, the chip boots from flash again. Source: ESP32-C3 Technical
 * Reference Manual, "USB Serial/JTAG Controller". */
void sim_rom_usb(struct sim_board *board, int64_t now_ns, bool download)
{
	struct sim_latch loader = sim_rom_latch(&board->config, true);

	board->cause = sim_esp32_usb_cause(board->config.chip);
	sim_board_obey(board, download ? &loader : &board->straps);
	sim_script_wait(board, now_ns, SIM_PHASE_RESTART, 0);
}

void sim_rom_run_image(struct sim_board *board, int64_t now_ns, double baud)
{
	board->image_baud = baud;
	family_of(&board->config)->load(board, now_ns);
}

void sim_rom_already(struct sim_board *board, int64_t now_ns)
{
	enum sim_start start = board->config.start;
	bool low = start == SIM_START_UPLOADED || start == SIM_START_DOWNLOAD;
	struct sim_config straps = board->config;

	/* the application runs, so the straps were right when it started: ignore wrong straps of the configuration,
	 * except GPIO15 of an ESP32, which only mutes the ROM */
	straps.gpio2_low = straps.other_strap = false;
	straps.gpio15 = straps.gpio15 && straps.chip != SIM_ESP8266;
	board->straps = sim_rom_latch(&straps, low);
	sim_board_obey(board, &board->straps);
	board->truth.runs = SIM_RUNS_CRASHED;
	if (start == SIM_START_DOWNLOAD)
		board->truth.runs = SIM_RUNS_WAITING;
	if (start == SIM_START_DOWNLOAD || start == SIM_START_DEAD)
		return;
	board->truth.runs = SIM_RUNS_APP;
	board->truth.app_since_ns = now_ns;
	board->warm = true;
	if (!board->config.fate_times)
		plan_fate(board, now_ns);
	app_line(board, now_ns);
}
