/* esp32.c - the ROMs of simulated chips of the ESP32 family, their second stage loader and their output.
 *
 * Sources: espressif/esp-idf components/esp_rom/<chip>/include/<chip>/rom/rtc.h and components/soc/<chip>/include/soc/
 * reset_reasons.h (reset causes), components/bootloader_support (second stage), docs/en/api-guides/fatal-errors.rst;
 * esptool docs/en/advanced-topics/boot-mode-selection.rst. The text after each cause is from boot logs that users have
 * posted. For download mode of the C2, C61 and H2 no log was found; their texts follow those of related chips.
 */
#include "sim/rom.h"

#include <stddef.h>

/* clang-format off */
enum cause {
	CAUSE_POWERON = 0x1, CAUSE_SW_SYS = 0x3, CAUSE_TG0 = 0x7, CAUSE_TG1 = 0x8, CAUSE_SW_CPU = 0xc,
	CAUSE_RTC_WDT = 0x10, CAUSE_USB = 0x15, CAUSE_USB_P4 = 0x17,
};
/* clang-format on */

/* Which saved program counters the ROM prints after its banner. After a power-on reset it prints none. */
enum saved_pc { PC_NONE, PC_ONE, PC_CORE0, PC_BOTH };

/* clang-format off */
struct rom {
	const char *id;			/* lines "ESP-ROM:..." and "Build:..."; NULL: ESP32, which prints "ets ..." */
	const char *poweron, *sw_sys, *tg_wdt, *sw_cpu, *rtc_wdt; /* texts of reset causes in the banner */
	int tg_code;			/* number of the reset cause after the application has hung */
	int retry_code;			/* number of the reset cause after the ROM has found no image */
	enum saved_pc pc;
	const char *setup;		/* text between the banner and the first "load:" line */
	const char *load;
	int flash_bits, download_bits, other_bits, floating; /* boot modes in the banner; floating: random bits */
	const char *download, *other;	/* names of the boot sources in the banner */
	const char *other_wait;		/* text line of a ROM that waits for `other`; NULL: it does not wait */
};
/* clang-format on */

#define NEW_SETUP "SPIWP:0xee\r\nmode:DIO, clock div:1\r\n"
#define LATE_SETUP "SPI mode:DIO, clock div:1\r\n"
#define S3_NAMES "POWERON", "RTC_SW_SYS_RST", "TG0WDT_SYS_RST", "RTC_SW_CPU_RST", "RTCWDT_RTC_RST"

static const struct rom roms[SIM_CHIP_COUNT] = {
	[SIM_ESP32] = {
		NULL, "POWERON_RESET", "SW_RESET", "TG1WDT_SYS_RESET", "SW_CPU_RESET", "RTCWDT_RTC_RESET",
		CAUSE_TG1, CAUSE_RTC_WDT, PC_NONE,
		"configsip: 0, SPIWP:0xee\r\n"
		"clk_drv:0x00,q_drv:0x00,d_drv:0x00,cs0_drv:0x00,hd_drv:0x00,wp_drv:0x00\r\nmode:DIO, clock div:2\r\n",
		"load:0x3fff0030,len:1184\r\nload:0x40078000,len:13232\r\nho 0 tail 12 room 4\r\n"
		"load:0x40080400,len:3028\r\nentry 0x400805e4\r\n",
		0x13, 0x03, 0x0b, 0, "DOWNLOAD_BOOT(UART0/UART1/SDIO_REI_REO_V2)", "HSPI_FLASH_BOOT", NULL,
	},
	[SIM_ESP32S2] = {
		"ESP-ROM:esp32s2-rc4-20191025\r\nBuild:Oct 25 2019\r\n", S3_NAMES, CAUSE_TG0, CAUSE_RTC_WDT, PC_ONE,
		NEW_SETUP,
		"load:0x3ffe6260,len:0x78\r\nload:0x3ffe62d8,len:0x231c\r\nload:0x4004c000,len:0x9d8\r\n"
		"load:0x40050000,len:0x3cf8\r\nentry 0x4004c1ec\r\n",
		0x8, 0x0, 0x6, 0, "DOWNLOAD(USB/UART0/1/SPI)", "SPI_DOWNLOAD_BOOT", "wait spi download\r\n",
	},
	[SIM_ESP32S3] = {
		"ESP-ROM:esp32s3-20210327\r\nBuild:Mar 27 2021\r\n", S3_NAMES, CAUSE_TG0, CAUSE_RTC_WDT, PC_ONE,
		NEW_SETUP,
		"load:0x3fce2820,len:0x159c\r\nload:0x403c8700,len:0xd24\r\nload:0x403cb700,len:0x2f48\r\n"
		"entry 0x403c891c\r\n",
		0x8, 0x0, 0x6, 0x23, "DOWNLOAD(USB/UART0)", "SPI_DOWNLOAD_BOOT", "wait spi download\r\n",
	},
	[SIM_ESP32C2] = {
		"ESP-ROM:esp8684-api2-20220127\r\nBuild:Jan 27 2022\r\n", S3_NAMES, CAUSE_TG0, CAUSE_TG0, PC_ONE,
		NEW_SETUP,
		"load:0x3fcd6108,len:0x18b0\r\nload:0x403ae000,len:0x854\r\nload:0x403b0000,len:0x2724\r\n"
		"entry 0x403ae000\r\n",
		0xc, 0x4, 0x4, 0, "DOWNLOAD(UART0)", NULL, NULL,
	},
	[SIM_ESP32C3] = {
		"ESP-ROM:esp32c3-api1-20210207\r\nBuild:Feb  7 2021\r\n", S3_NAMES, CAUSE_TG0, CAUSE_TG0, PC_ONE,
		NEW_SETUP,
		"load:0x3fcd5820,len:0x1148\r\nload:0x403cc710,len:0xb44\r\nload:0x403ce710,len:0x2f58\r\n"
		"entry 0x403cc710\r\n",
		0xd, 0x5, 0x0, 0x2, "DOWNLOAD(USB/UART0/1)", "USB_BOOT", "wait usb download\r\n",
	},
	[SIM_ESP32C5] = {
		"ESP-ROM:esp32c5-eco2-20250121\r\nBuild:Jan 21 2025\r\n", "POWERON", "RTC_SW_HPSYS", "TG0_WDT_HPSYS",
		"SW_CPU", "RTC_WDT_SYS", CAUSE_TG0, CAUSE_TG0, PC_CORE0, LATE_SETUP,
		"load:0x40855820,len:0x3a94\r\nload:0x4084bba0,len:0xd84\r\nload:0x4084e5a0,len:0x5670\r\n"
		"entry 0x4084bbaa\r\n",
		0x18, 0x0f, 0x0f, 0, "DOWNLOAD(UART0/USB)", NULL, NULL,
	},
	[SIM_ESP32C6] = {
		"ESP-ROM:esp32c6-20220919\r\nBuild:Sep 19 2022\r\n", "POWERON", "LP_SW_HPSYS", "TG0_WDT_HPSYS",
		"SW_CPU",
		"LP_WDT_SYS", CAUSE_TG0, CAUSE_TG0, PC_ONE, NEW_SETUP,
		"load:0x4086c410,len:0xd50\r\nload:0x4086e610,len:0x2d74\r\nload:0x40875720,len:0x1800\r\n"
		"entry 0x4086c410\r\n",
		0xc, 0x4, 0x61, 0, "DOWNLOAD(USB/UART0/SDIO_FEI_FEO)", "SDIO_REI_FEO_V1_BOOT", "wait sdio download\r\n",
	},
	[SIM_ESP32C61] = {
		"ESP-ROM:esp32c61-eco3-20250228\r\nBuild:Feb 28 2025\r\n", "POWERON", "RTC_SW_HPSYS", "TG0_WDT_HPSYS",
		"SW_CPU", "RTC_WDT_SYS", CAUSE_TG0, CAUSE_TG0, PC_CORE0, LATE_SETUP,
		"load:0x40845c00,len:0x1b80\r\nload:0x4083bd70,len:0xce4\r\nload:0x4083ea70,len:0x3248\r\n"
		"load:0x4084a000,len:0x222c\r\nentry 0x4083bd7a\r\n",
		0xc, 0x4, 0x4, 0, "DOWNLOAD(UART0/USB)", NULL, NULL,
	},
	[SIM_ESP32H2] = {
		"ESP-ROM:esp32h2-20221101\r\nBuild:Nov  1 2022\r\n", "POWERON", "LP_SW_HPSYS", "TG0_WDT_HPSYS",
		"SW_CPU",
		"LP_WDT_SYS", CAUSE_TG0, CAUSE_TG0, PC_ONE, NEW_SETUP,
		"load:0x408460f0,len:0x1214\r\nload:0x4083c2d0,len:0xd6c\r\nload:0x4083efd0,len:0x2f7c\r\n"
		"entry 0x4083c2d0\r\n",
		0xc, 0x4, 0x4, 0, "DOWNLOAD(USB/UART0)", NULL, NULL,
	},
	[SIM_ESP32P4] = {
		"ESP-ROM:esp32p4-eco2-20240710\r\nBuild:Jul 10 2024\r\n", "POWERON", "SW_SYS_RESET",
		"HP_SYS_HP_WDT_RESET", "SW_CPU_RESET", "CHIP_LP_WDT_RESET", CAUSE_TG0, CAUSE_TG0, PC_BOTH, LATE_SETUP,
		"load:0x4ff33ce0,len:0x1174\r\nload:0x4ff29ed0,len:0xd08\r\nload:0x4ff2cbd0,len:0x3518\r\n"
		"entry 0x4ff29ed0\r\n",
		0x30f, 0x307, 0x307, 0, "DOWNLOAD(USB/UART0/SPI)", NULL, NULL,
	},
};

static const struct rom *rom_of(const struct sim_board *board)
{
	return &roms[board->config.chip];
}

static struct sim_latch esp32_latch(const struct sim_config *config, bool gpio0_low)
{
	const struct rom *rom = &roms[config->chip];
	bool other = gpio0_low && config->other_strap && rom->other;
	int bits = !gpio0_low ? rom->flash_bits : other ? rom->other_bits : rom->download_bits;

	if (config->chip == SIM_ESP32 && config->gpio15)
		bits &= ~0x02;
	return (struct sim_latch){ bits, !gpio0_low, gpio0_low && !other, rom->floating };
}

/* The ROM's baud rate. It is 115200 Bd, since the ROMs measure the crystal's frequency. Only the ROM of the ESP32-C2
 * assumes 40 MHz, so that its baud rate depends on the crystal (espressif/esp-idf issue 17001). */
static double esp32_rom_baud(const struct sim_board *board)
{
	if (board->image_baud > 0)
		return board->image_baud;
	return board->config.chip == SIM_ESP32C2 ? 115200.0 * board->config.crystal_mhz / 40 : 115200;
}

/* The ROM of an ESP32 prints nothing while GPIO15 is low. */
static bool is_mute(const struct sim_board *board)
{
	return board->config.chip == SIM_ESP32 && board->config.gpio15;
}

int sim_esp32_usb_cause(enum sim_chip chip)
{
	return chip == SIM_ESP32P4 ? CAUSE_USB_P4 : CAUSE_USB;
}

/* The banner's text for a reset by the chip's own USB. Newer ROMs print HPSYS (high-performance system) in
 * place of CHIP. */
static const char *usb_text(const struct rom *rom, int cause)
{
	if (cause == CAUSE_USB_P4)
		return "CHIP_USB_UART_RESET";
	return rom->load == roms[SIM_ESP32S3].load || rom->load == roms[SIM_ESP32C3].load ? "USB_UART_CHIP_RESET"
											  : "USB_UART_HPSYS";
}

static const char *cause_text(const struct rom *rom, int cause)
{
	switch (cause) {
	case CAUSE_USB:
	case CAUSE_USB_P4: return usb_text(rom, cause);
	case CAUSE_POWERON: return rom->poweron;
	case CAUSE_SW_SYS: return rom->sw_sys;
	case CAUSE_TG0:
	case CAUSE_TG1: return rom->tg_wdt;
	case CAUSE_RTC_WDT: return rom->rtc_wdt;
	default: return rom->sw_cpu;
	}
}

static const char *boot_text(const struct sim_board *board)
{
	if (board->truth.latch_flash)
		return "SPI_FAST_FLASH_BOOT";
	return board->truth.latch_download ? rom_of(board)->download : rom_of(board)->other;
}

static const char *saved_pc(const struct sim_board *board)
{
	static const char *const lines[] = {
		[PC_NONE] = "",
		[PC_ONE] = "Saved PC:0x403818dc\r\n",
		[PC_CORE0] = "Core0 Saved PC:0x40026cfc\r\n",
		[PC_BOTH] = "Core0 Saved PC:0x4fc03f6e\r\nCore1 Saved PC:0x4fc03f6e\r\n",
	};

	return board->cause == CAUSE_POWERON ? "" : lines[rom_of(board)->pc];
}

static void esp32_print_banner(struct sim_board *board, int64_t now_ns)
{
	const struct rom *rom = rom_of(board);
	const char *id = rom->id;

	if (!id)
		id = board->config.early_silicon ? "ets Jun  8 2016 00:22:57\r\n\r\n"
						 : "ets Jul 29 2019 12:21:46\r\n\r\n";
	sim_script_begin(board, SIM_PHASE_ROM);
	sim_script_text(board, board->config.rom_delay_ns, esp32_rom_baud(board), "%s", "");
	if (!is_mute(board))
		sim_script_text(board, 0, esp32_rom_baud(board), "%srst:0x%x (%s),boot:0x%x (%s)\r\n%s", id,
				board->cause, cause_text(rom, board->cause), board->truth.boot_mode, boot_text(board),
				saved_pc(board));
	sim_script_play(board, now_ns);
}

/* An ESP32 of revision 0 resets itself once more right after power-up, so it prints a second banner. */
static void second_banner(struct sim_board *board, int64_t now_ns)
{
	board->second_banner = true;
	board->cause = CAUSE_RTC_WDT;
	sim_board_sample(board, now_ns);
	esp32_print_banner(board, now_ns);
}

static void esp32_waits(struct sim_board *board, int64_t now_ns, const char *line)
{
	sim_board_set_runs(board, now_ns, SIM_RUNS_WAITING);
	sim_script_begin(board, SIM_PHASE_NONE);
	if (!is_mute(board))
		sim_script_text(board, 1 * SIM_MS, esp32_rom_baud(board), "%s", line);
	sim_script_play(board, now_ns);
}

static bool esp32_loads(const struct sim_board *board)
{
	return board->config.image == SIM_IMAGE_GOOD || board->config.image == SIM_IMAGE_SECOND;
}

static void esp32_trouble(struct sim_board *board, double baud)
{
	const struct rom *rom = rom_of(board);
	const char *end = rom->id ? "assertion \"result == ETS_OK\" failed: file \"ets_main.c\", line 369, "
				    "function: ets_flash_boot\r\n"
				  : "ets_main.c 371 \r\n";

	if (board->config.image == SIM_IMAGE_CSUM) {
		sim_script_text(board, 1 * SIM_MS, baud, "%sload:0x3fff0030,len:1184\r\ncsum err:0x9a!=0x5f\r\n%s",
				rom->setup, end);
	} else if (board->config.image == SIM_IMAGE_READ_ERR && !rom->id) {
		sim_script_text(board, 5 * SIM_MS, baud, "flash read err, 1000\r\n%s", end);
	} else {
		const char *word = board->config.image == SIM_IMAGE_NONE ? "ffffffff" : "59b25942";

		for (int i = 0; i < 8; i++)
			sim_script_text(board, 10 * SIM_MS, baud, "invalid header: 0x%s\r\n", word);
		if (rom->id)
			sim_script_text(board, 0, baud, "%s", end);
	}
}

static void esp32_load(struct sim_board *board, int64_t now_ns)
{
	const struct rom *rom = rom_of(board);
	double baud = esp32_rom_baud(board);
	bool other = !board->truth.latch_flash && !board->truth.latch_download;

	sim_board_set_runs(board, now_ns, SIM_RUNS_ROM);
	sim_script_begin(board, SIM_PHASE_LOAD);
	if (is_mute(board)) {
		sim_script_text(board, 20 * SIM_MS, baud, "%s", "");
	} else if (other) { /* the ESP32 boots from HSPI, where no flash is connected */
		for (int i = 0; i < 8; i++)
			sim_script_text(board, 10 * SIM_MS, baud, "invalid header: 0x00000000\r\n");
	} else if (!esp32_loads(board)) {
		esp32_trouble(board, baud);
	} else {
		sim_script_text(board, 2 * SIM_MS, baud, "%s", rom->setup);
		sim_script_text(board, 3 * SIM_MS, baud, "%s", rom->load);
	}
	sim_script_play(board, now_ns);
}

static void esp32_after_banner(struct sim_board *board, int64_t now_ns)
{
	const struct rom *rom = rom_of(board);

	if (board->config.early_silicon && board->cause == CAUSE_POWERON && board->truth.latch_flash &&
	    !board->second_banner)
		second_banner(board, now_ns);
	else if (board->truth.latch_flash || (!board->truth.latch_download && !rom->other_wait))
		esp32_load(board, now_ns);
	else
		esp32_waits(board, now_ns, board->truth.latch_download ? "waiting for download\r\n" : rom->other_wait);
}

static void after_load(struct sim_board *board, int64_t now_ns)
{
	static const char *const colours[2][2] = { { "", "" }, { "\033[0;32m", "\033[0m" } };
	const char *const *colour = colours[sim_board_random(board, 2)];
	bool other = !board->truth.latch_flash && !board->truth.latch_download;

	if (!esp32_loads(board) || other) {
		sim_board_fail(board, now_ns, SIM_PHASE_WATCHDOG, board->config.rom_watchdog_ns);
		return;
	}
	sim_board_set_runs(board, now_ns, SIM_RUNS_SECOND);
	sim_script_begin(board, SIM_PHASE_SECOND);
	if (board->config.loader != SIM_LOADER_QUIET || board->config.image == SIM_IMAGE_SECOND) {
		sim_script_text(board, 10 * SIM_MS, 115200,
				"%sI (31) boot: ESP-IDF v5.1.2 2nd stage bootloader%s\r\n"
				"%sI (31) boot: compile time Jan 10 2024 16:32:53%s\r\n",
				colour[0], colour[1], colour[0], colour[1]);
		sim_script_text(board, 15 * SIM_MS, 115200,
				"%sI (49) boot: Partition Table:%s\r\n%sI (82) boot: End of partition table%s\r\n",
				colour[0], colour[1], colour[0], colour[1]);
	}
	if (board->config.image == SIM_IMAGE_SECOND)
		sim_script_text(board, 5 * SIM_MS, 115200,
				"E (115) esp_image: image at 0x10000 has invalid magic byte (nothing flashed here?)\r\n"
				"E (116) boot: Factory app partition is not bootable\r\n"
				"E (116) boot: No bootable app partitions in the partition table\r\n");
	else if (board->config.loader != SIM_LOADER_QUIET)
		sim_script_text(board, 60 * SIM_MS, 115200,
				"%sI (171) boot: Loaded app from partition at offset 0x10000%s\r\n", colour[0],
				colour[1]);
	sim_script_play(board, now_ns);
}

static void esp32_after_second_stage(struct sim_board *board, int64_t now_ns)
{
	if (board->config.image == SIM_IMAGE_SECOND) {
		board->cause = CAUSE_SW_SYS;
		sim_board_fail(board, now_ns, SIM_PHASE_RESTART, 5 * SIM_MS);
		return;
	}
	sim_rom_app(
		board, now_ns,
		board->config.loader == SIM_LOADER_QUIET
			? "\r\nHello from setup()\r\nWiFi connected\r\nIP address: 192.0.2.7\r\n"
			: "I (212) cpu_start: Pro cpu start user code\r\nI (238) app_init: Project name:     demo\r\n"
			  "I (300) main_task: Calling app_main()\r\nWiFi connected\r\nIP address: 192.0.2.7\r\n");
}

/* A watchdog resets a chip whose ROM has found no image. On the ESP32, S2 and S3 this is the RTC watchdog, whose reset
 * samples the straps again. */
static void tries_again(struct sim_board *board, int64_t now_ns)
{
	board->cause = rom_of(board)->retry_code;
	board->soft = true;
	sim_board_count_soft(board, now_ns);
	if (board->cause == CAUSE_RTC_WDT)
		sim_board_sample(board, now_ns);
	sim_board_set_runs(board, now_ns, SIM_RUNS_ROM);
	esp32_print_banner(board, now_ns);
}

static void esp32_continue(struct sim_board *board, int64_t now_ns)
{
	switch (board->phase) {
	case SIM_PHASE_ROM: esp32_after_banner(board, now_ns); break;
	case SIM_PHASE_LOAD: after_load(board, now_ns); break;
	case SIM_PHASE_SECOND: esp32_after_second_stage(board, now_ns); break;
	case SIM_PHASE_WATCHDOG: tries_again(board, now_ns); break;
	default: sim_script_none(board);
	}
}

static void esp32_report(struct sim_board *board, int64_t now_ns, const char *text)
{
	sim_board_set_runs(board, now_ns, SIM_RUNS_CRASHED);
	sim_script_begin(board, SIM_PHASE_RESTART);
	sim_script_text(board, 1 * SIM_MS, board->config.app_baud, "%s", text);
	sim_script_play(board, now_ns);
}

static void esp32_fate(struct sim_board *board, int64_t now_ns)
{
	board->cause = CAUSE_SW_CPU;
	switch (board->config.fate) {
	case SIM_FATE_PANIC:
		esp32_report(
			board, now_ns,
			"Guru Meditation Error: Core  0 panic'ed (LoadProhibited). Exception was unhandled.\r\n\r\n"
			"Core  0 register dump:\r\nPC      : 0x400d1a3c  PS      : 0x00060f30\r\n\r\n"
			"Backtrace: 0x400d1a39:0x3ffb5f70 0x400d1a62:0x3ffb5f90\r\n\r\n"
			"ELF file SHA256: f0a435838fa01e9a\r\n\r\nRebooting...\r\n");
		break;
	case SIM_FATE_BROWNOUT: esp32_report(board, now_ns, "\r\nBrownout detector was triggered\r\n\r\n"); break;
	case SIM_FATE_WATCHDOG:
		board->cause = rom_of(board)->tg_code;
		sim_script_wait(board, now_ns, SIM_PHASE_RESTART, 0);
		break;
	default: sim_script_wait(board, now_ns, SIM_PHASE_RESTART, 0);
	}
}

const struct sim_family sim_esp32 = { esp32_latch, esp32_print_banner, esp32_load, esp32_continue, esp32_fate };
