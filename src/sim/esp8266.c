/* esp8266.c - the ROM of a simulated ESP8266, its loaders (eboot, NONOS, RTOS SDK) and their output.
 *
 * Sources: the boot ROM as reverse engineered in twischer/xtensa-subjects (reversed/bootrom.c); esp8266/Arduino
 * bootloaders/eboot/eboot.c, cores/esp8266/core_esp8266_postmortem.cpp, cores/esp8266/hwdt_app_entry.cpp (baud rates)
 * and Updater.cpp (strapping latch); esp8266-wiki, "Boot Process".
 */
#include "sim/rom.h"

#define CAUSE_WATCHDOG 4

static bool has_sdio_strap(int mode)
{
	return mode >= 4;
}

static struct sim_latch esp8266_latch(const struct sim_config *config, bool gpio0_low)
{
	int mode = (config->gpio15 ? 4 : 0) | (gpio0_low ? 0 : 2) | (config->gpio2_low ? 0 : 1);

	return (struct sim_latch){ mode, mode == 3, mode == 1, 0 };
}

/* The ROM's baud rate. The ROM sets its UART divisor for a 40 MHz crystal, so a slower crystal gives less than 115200
 * Bd. Once the SDK has set the PLL, every crystal gives 115200 Bd, until the next hardware reset. */
static double esp8266_rom_baud(const struct sim_board *board)
{
	if (board->image_baud > 0)
		return board->image_baud;
	return board->warm ? 115200 : 115200.0 * board->config.crystal_mhz / 40;
}

static void esp8266_print_banner(struct sim_board *board, int64_t now_ns)
{
	int mode = board->truth.boot_mode;

	sim_script_begin(board, SIM_PHASE_ROM);
	sim_script_text(board, board->config.rom_delay_ns, esp8266_rom_baud(board),
			"\r\n ets Jan  8 2013,rst cause:%d, boot mode:(%d,%d)\r\n\r\n", board->cause, mode,
			board->config.select_bits);
	if (board->cause == CAUSE_WATCHDOG)
		sim_script_text(board, 0, esp8266_rom_baud(board), "wdt reset\r\n");
	if (has_sdio_strap(mode) && board->config.select_bits != 2)
		sim_script_text(board, 0, esp8266_rom_baud(board), "waiting for host\r\n");
	sim_script_play(board, now_ns);
}

static void load_lines(struct sim_board *board, double baud)
{
	if (board->config.loader == SIM_LOADER_EBOOT || board->config.loader == SIM_LOADER_QUIET) {
		sim_script_text(board, 5 * SIM_MS, baud, "load 0x4010f000, len 3424, room 16 \r\n");
		sim_script_text(board, 2 * SIM_MS, baud,
				"tail 0\r\nchksum 0x2e\r\nload 0x3fff20b8, len 40, room 8 \r\n"
				"tail 0\r\nchksum 0x2b\r\ncsum 0x2b\r\n");
		return;
	}
	sim_script_text(board, 5 * SIM_MS, baud, "load 0x40100000, len 2408, room 16 \r\n");
	sim_script_text(board, 2 * SIM_MS, baud,
			"tail 8\r\nchksum 0xe5\r\nload 0x3ffe8000, len 776, room 0 \r\ntail 8\r\nchksum 0x84\r\n");
	sim_script_text(board, 1 * SIM_MS, baud,
			"load 0x3ffe8310, len 632, room 0 \r\ntail 8\r\nchksum 0xd8\r\ncsum 0xd8\r\n");
}

static void esp8266_load(struct sim_board *board, int64_t now_ns)
{
	double baud = esp8266_rom_baud(board);

	sim_board_set_runs(board, now_ns, SIM_RUNS_ROM);
	sim_script_begin(board, SIM_PHASE_LOAD);
	switch (board->config.image) {
	case SIM_IMAGE_NONE: sim_script_text(board, 5 * SIM_MS, baud, "ets_main.c 181 \r\n"); break;
	case SIM_IMAGE_CSUM:
		sim_script_text(board, 5 * SIM_MS, baud,
				"load 0x4010f000, len 3584, room 16 \r\ntail 0\r\nchksum 0xef\r\ncsum 0xef\r\n");
		sim_script_text(board, 1 * SIM_MS, baud, "csum err\r\nets_main.c 181 \r\n");
		break;
	case SIM_IMAGE_READ_ERR:
		sim_script_text(board, 5 * SIM_MS, baud,
				"load 0x40100000, len 28740, room 16 \r\ntail 4\r\nchksum 0xef\r\n");
		sim_script_text(board, 5 * SIM_MS, baud, "load 0x33333333, len 858993459, room 4 \r\n");
		break;
	case SIM_IMAGE_GOOD:
	case SIM_IMAGE_SECOND:
	case SIM_IMAGE_COUNT: load_lines(board, baud); break;
	}
	sim_script_play(board, now_ns);
}

static void esp8266_after_banner(struct sim_board *board, int64_t now_ns)
{
	int mode = board->truth.boot_mode;

	if (mode == 3 || (mode == 1 && board->config.empty_download)) {
		esp8266_load(board, now_ns);
	} else if (mode == 1 || has_sdio_strap(mode)) {
		sim_board_set_runs(board, now_ns, SIM_RUNS_WAITING);
		sim_script_none(board);
		/* after a software restart the watchdog still runs, and resets the waiting ROM once */
		if (mode == 1 && board->soft && board->cause != CAUSE_WATCHDOG)
			sim_script_wait(board, now_ns, SIM_PHASE_WATCHDOG, board->config.rom_watchdog_ns);
	} else {
		/* the ROM jumps to an address without code, and hangs until the watchdog resets the chip */
		sim_board_fail(board, now_ns, SIM_PHASE_WATCHDOG, board->config.rom_watchdog_ns);
	}
}

static bool has_eboot(const struct sim_board *board)
{
	return board->config.loader != SIM_LOADER_NONOS && board->config.loader != SIM_LOADER_IDF;
}

/* Starts the second stage loader, and lets the chip transmit what the loader prints. */
static void second_stage(struct sim_board *board, int64_t now_ns)
{
	double baud = esp8266_rom_baud(board);

	sim_board_set_runs(board, now_ns, SIM_RUNS_SECOND);
	sim_script_begin(board, SIM_PHASE_SECOND);
	if (has_eboot(board)) {
		sim_script_text(board, 3 * SIM_MS, baud, "v0004fc60\r\n");
		sim_script_text(board, 0, baud, "%s", board->copy_ns ? "@cp:" : "~ld\n");
	} else if (board->config.loader == SIM_LOADER_NONOS) {
		sim_script_text(board, 3 * SIM_MS, baud,
				"\r\n2nd boot version : 1.7(5d6f877)\r\n  SPI Speed      : 40MHz\r\n"
				"  SPI Mode       : DIO\r\n  SPI Flash Size & Map: 8Mbit(512KB+512KB)\r\n"
				"jump to run user1 @ 1000\r\n\r\n");
	} else {
		sim_script_text(board, 20 * SIM_MS, baud,
				"I (46) boot: ESP-IDF v3.4 2nd stage bootloader\r\n"
				"I (46) boot: compile time 11:13:24\r\nI (54) boot: SPI Speed      : 40MHz\r\n"
				"I (66) boot: Partition Table:\r\nI (102) boot: End of partition table\r\n");
		if (board->config.image == SIM_IMAGE_SECOND)
			sim_script_text(board, 5 * SIM_MS, baud,
					"E (105) boot: No bootable app partitions in the partition table\r\n");
		else
			sim_script_text(board, 40 * SIM_MS, baud,
					"I (171) boot: Loaded app from partition at offset 0x10000\r\n");
	}
	if (has_eboot(board) && !board->copy_ns && board->config.image == SIM_IMAGE_SECOND)
		sim_script_text(board, 1 * SIM_MS, baud, "e:%d\n", board->config.image_error);
	sim_script_play(board, now_ns);
}

static void start_app(struct sim_board *board, int64_t now_ns)
{
	sim_rom_app(board, now_ns, "\r\n\r\nHello from setup()\r\nWiFi connected\r\nIP address: 192.0.2.7\r\n");
}

static void esp8266_after_second_stage(struct sim_board *board, int64_t now_ns)
{
	if (has_eboot(board) && board->copy_ns) {
		sim_board_set_runs(board, now_ns, SIM_RUNS_COPYING);
		sim_script_wait(board, now_ns, SIM_PHASE_COPY, board->copy_ns);
	} else if (board->config.image == SIM_IMAGE_SECOND) {
		sim_board_fail(board, now_ns, SIM_PHASE_RESTART, SIM_MS);
	} else {
		start_app(board, now_ns);
	}
}

/* Called when eboot has copied an OTA image, or has failed to copy it. eboot prints the result. Even if it has failed,
 * it does not try again at the next boot. */
static void esp8266_copied(struct sim_board *board, int64_t now_ns)
{
	bool good = board->config.copy_result == 0;

	board->copy_ns = 0;
	sim_board_set_runs(board, now_ns, SIM_RUNS_SECOND);
	sim_script_begin(board, SIM_PHASE_COPIED);
	sim_script_text(board, 0, esp8266_rom_baud(board), "%d\n%s", board->config.copy_result, good ? "ld\n" : "");
	sim_script_play(board, now_ns);
}

static void after_copy(struct sim_board *board, int64_t now_ns)
{
	if (board->config.copy_result == 0) {
		board->config.image = SIM_IMAGE_GOOD;
		start_app(board, now_ns);
		return;
	}
	board->config.image = SIM_IMAGE_SECOND; /* the failed copying has overwritten part of the old application */
	sim_board_fail(board, now_ns, SIM_PHASE_RESTART, SIM_MS);
}

static void watchdog_bites(struct sim_board *board, int64_t now_ns)
{
	board->cause = CAUSE_WATCHDOG;
	board->soft = true;
	sim_board_count_soft(board, now_ns);
	sim_board_set_runs(board, now_ns, SIM_RUNS_ROM);
	esp8266_print_banner(board, now_ns);
}

static void esp8266_continue(struct sim_board *board, int64_t now_ns)
{
	switch (board->phase) {
	case SIM_PHASE_ROM: esp8266_after_banner(board, now_ns); break;
	case SIM_PHASE_LOAD:
		if (board->config.image == SIM_IMAGE_GOOD || board->config.image == SIM_IMAGE_SECOND)
			second_stage(board, now_ns);
		else
			sim_board_fail(board, now_ns, SIM_PHASE_NONE, 0);
		break;
	case SIM_PHASE_SECOND: esp8266_after_second_stage(board, now_ns); break;
	case SIM_PHASE_COPY: esp8266_copied(board, now_ns); break;
	case SIM_PHASE_COPIED: after_copy(board, now_ns); break;
	case SIM_PHASE_WATCHDOG: watchdog_bites(board, now_ns); break;
	default: sim_script_none(board);
	}
}

static void report_exception(struct sim_board *board, int64_t now_ns)
{
	sim_board_set_runs(board, now_ns, SIM_RUNS_CRASHED);
	sim_script_begin(board, SIM_PHASE_RESTART);
	sim_script_text(board, 1 * SIM_MS, board->config.app_baud,
			"\r\nException (28):\r\nepc1=0x40208042 epc2=0x00000000 epc3=0x00000000 "
			"excvaddr=0x00000004 depc=0x00000000\r\n\r\n");
	sim_script_text(board, 0, board->config.app_baud,
			">>>stack>>>\r\n\r\nctx: cont\r\nsp: 3fff1760 end: 3fff1980 offset: 01a0\r\n"
			"3fff1900:  3fff0894 00002000 3fff0894 4020897d  \r\n<<<stack<<<\r\n\r\n");
	sim_script_text(board, 2 * SIM_MS, board->config.app_baud, "%s", "");
	sim_script_play(board, now_ns);
}

static void esp8266_fate(struct sim_board *board, int64_t now_ns)
{
	switch (board->config.fate) {
	case SIM_FATE_PANIC: report_exception(board, now_ns); break;
	case SIM_FATE_WATCHDOG: watchdog_bites(board, now_ns); break;
	case SIM_FATE_BROWNOUT: /* the ESP8266 has no brownout detector: it resets as at power-up */
		sim_board_brownout(board, now_ns);
		break;
	default: sim_script_wait(board, now_ns, SIM_PHASE_RESTART, 0);
	}
}

const struct sim_family sim_esp8266 = { esp8266_latch, esp8266_print_banner, esp8266_load, esp8266_continue,
					esp8266_fate };
