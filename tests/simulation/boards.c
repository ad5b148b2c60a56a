/* boards.c - random simulated boards like those that users have: healthy boards, and boards with exactly one fault. */
#include "boards.h"

#include <stdio.h>
#include <string.h>

#include "dice.h"

static const struct boards_fault_info boards_faults[BOARDS_FAULTS] = {
	[BOARDS_HEALTHY] = { "healthy", "nothing wrong", VERDICT_READY },
	[BOARDS_GPIO0LOW] = { "gpio0low", "GPIO0 held low", VERDICT_DOWNLOAD_MODE },
	[BOARDS_NOIMAGE] = { "noimage", "no image", VERDICT_BOOT_FAILED },
	[BOARDS_CSUM] = { "csum", "checksum error", VERDICT_BOOT_FAILED },
	[BOARDS_READERR] = { "readerr", "flash read error", VERDICT_BOOT_FAILED },
	[BOARDS_NOAPP] = { "noapp", "no application", VERDICT_BOOT_FAILED },
	[BOARDS_COPYFAILS] = { "copyfails", "eboot's copy fails", VERDICT_BOOT_FAILED },
	[BOARDS_PANIC] = { "panic", "panic", VERDICT_CRASHED },
	[BOARDS_WATCHDOG] = { "watchdog", "watchdog", VERDICT_CRASHED },
	[BOARDS_BROWNOUT] = { "brownout", "brownout", VERDICT_CRASHED },
	[BOARDS_RESTART] = { "restart", "software restart", VERDICT_RESTARTED },
	[BOARDS_SDIO] = { "sdio", "GPIO15 high: SDIO boot", VERDICT_OTHER_BOOT },
	[BOARDS_COPY] = { "copy", "eboot copies an update", VERDICT_READY },
};

const struct boards_fault_info *boards_fault_info(enum boards_fault fault)
{
	return &boards_faults[fault];
}

enum boards_fault boards_fault_by_name(const char *name)
{
	enum boards_fault fault = BOARDS_HEALTHY + 1;

	while (fault < BOARDS_FAULTS && strcmp(boards_faults[fault].name, name) != 0)
		fault++;
	return fault;
}

/* Makes a random board healthy. The application in flash then boots and keeps running, no pin and no supply disturbs
 * it, nobody touches the board, and the bridge delivers each received character once and unchanged. All other random
 * properties stay. None of them is a defect of the board, and espreset must cope with each:
 *   - before espreset starts, the board may run, hang, or wait for a download, and may have latched download mode. A
 *     reset ends all of this;
 *   - another program may have left DTR or RTS asserted. When espreset opens the port, both are asserted anyway;
 *   - the bridge may drop a character with a framing error, or deliver it as zero. If the port's baud rate is right, no
 *     character has a framing error;
 *   - the computer may be busy, EN may rise slowly, the banner may come late, the chip may be early silicon, its clock
 *     may be off by up to 2 %;
 *   - an ESP32's GPIO15 may keep its ROM from printing. Such a board runs well, but is counted separately
 *     (BOARDS_MUTE_ROM).
 */
static void boards_mend(struct sim_config *c)
{
	c->gpio0_held = c->gpio2_low = c->other_strap = false;
	c->gpio15 = c->gpio15 && c->chip == SIM_ESP32;
	c->gpio0_let_go_ns = c->finger_ns = c->deep_sleep_ns = 0;
	c->image = SIM_IMAGE_GOOD;
	c->copy_ns = 0;
	c->copy_result = 0;
	c->fate = SIM_FATE_RUN;
	c->fate_times = 0;
	c->lose_ppm = c->repeat_ppm = c->flip_ppm = 0;
	c->spurious_ns = c->rx_stall_ns = c->rx_stall_for_ns = 0;
	c->control_stall_op = c->unplug_op = 0;
	c->unplug_ns = 0;
}

/* Draws the application's baud rate. How often two public collections of sketches call Serial.begin() with each rate:
 *
 *				115200	9600	74880	19200	57600
 *	esp8266/Arduino		   149	   4	    4		   	examples @ f946290e
 *	Random-Nerd-Tutorials	   425	  77	    1	    3	    2	RuiSantosdotme @ e29f57c8
 *
 * Here 80 % of the boards get 115200 Bd, a little less than in the collections. 8 % get 9600 Bd. 4 % get 74880 Bd,
 * which users choose to make the output of an ESP8266's ROM readable too. The other baud rates share the remaining 8 %
 * evenly. They have users too: 57600 Bd in tridge/mavesp8266, 2000000 Bd in awawa-dev/HyperSerialEsp8266.
 */
static int boards_draw_speed(uint64_t *random)
{
	static const int others[] = {
		19200, 38400, 57600, 76800, 230400, 250000, 460800, 500000, 921600, 1000000, 1500000, 2000000,
	};
	uint64_t n = dice_next(random) % 100;

	if (n < 80)
		return 115200;
	if (n < 88)
		return 9600;
	if (n < 92)
		return 74880;
	return others[dice_next(random) % (sizeof(others) / sizeof(others[0]))];
}

/* Draws some properties of the board again, because sim_config_random() makes them more or less frequent than they are
 * on users' boards. The frequencies, and their reasons:
 *   - ESP8266 loaders: eboot 70 %, NONOS 20 %, RTOS SDK 10 %. Most users have eboot, the loader of Arduino's core and
 *     so of ESPHome, Tasmota and WLED. NONOS and RTOS SDK are more frequent here than on users' boards: with fewer of
 *     them, the numbers would not show what goes wrong with them;
 *   - applications of the RTOS SDK: 60 % print at 74880 Bd, its default (CONSOLE_UART_BAUDRATE in
 *     espressif/ESP8266_RTOS_SDK components/esp8266/Kconfig);
 *   - bridges, not drawn again: a quarter each. esp8266/Arduino doc/boards.rst recommends FT232RL, CP2102 and CH340G
 *     alike, and no public count is known. The fourth kind, whose baud rates are exact, stands for FT2232H and PL2303
 *     TA;
 *   - crystals of the ESP32-C2, not drawn again: 26 MHz on eleven of twelve boards. Espressif's own modules have 26 MHz
 *     (espressif/esp-at @ a5d53a75 docs/en/Get_Started/Hardware_connection.rst), although ESP-IDF assumes 40 MHz
 *     (esp-rs/esp-hal#301).
 */
static void boards_draw_weights(struct sim_config *c, uint64_t *random)
{
	uint64_t n = dice_next(random) % 10;

	c->app_baud = boards_draw_speed(random);
	if (c->chip == SIM_ESP8266) {
		c->loader = n < 7 ? SIM_LOADER_EBOOT : n < 9 ? SIM_LOADER_NONOS : SIM_LOADER_IDF;
		c->chatter = dice_chance(random, 25);
	}
	if (c->chip == SIM_ESP8266 && c->loader == SIM_LOADER_IDF && dice_chance(random, 60))
		c->app_baud = 74880;
}

static void boards_draw_fate(struct sim_config *c, enum sim_fate fate, uint64_t *random)
{
	c->fate = fate;
	c->fate_ns = dice_between(random, 1 * SIM_MS, 2 * SIM_S);
	c->fate_times = dice_chance(random, 33) ? (int)dice_between(random, 1, 3) : 0;
}

static void boards_break(struct sim_config *c, enum boards_fault fault, uint64_t *random)
{
	switch (fault) {
	case BOARDS_GPIO0LOW: c->gpio0_held = true; break;
	case BOARDS_NOIMAGE:
	case BOARDS_CSUM:
	case BOARDS_READERR:
	case BOARDS_NOAPP: c->image = (enum sim_image)(SIM_IMAGE_NONE + (fault - BOARDS_NOIMAGE)); break;
	case BOARDS_COPYFAILS:
	case BOARDS_COPY:
		c->loader = SIM_LOADER_EBOOT;
		c->copy_ns = dice_between(random, 50 * SIM_MS, 6 * SIM_S);
		c->copy_result = fault == BOARDS_COPY ? 0 : (int)dice_between(random, 1, 6);
		break;
	case BOARDS_PANIC:
	case BOARDS_WATCHDOG:
	case BOARDS_BROWNOUT:
	case BOARDS_RESTART:
		boards_draw_fate(c, (enum sim_fate)(SIM_FATE_PANIC + (fault - BOARDS_PANIC)), random);
		break;
	case BOARDS_SDIO: c->gpio15 = true; break;
	case BOARDS_HEALTHY:
	case BOARDS_FAULTS: break;
	}
}

void boards_draw(enum boards_fault fault, uint64_t seed, struct sim_config *ret, int64_t *ret_past_ns)
{
	uint64_t random = seed ^ UINT64_C(0x626f61726473);

	sim_config_random(ret, seed);
	if (fault == BOARDS_COPYFAILS || fault == BOARDS_COPY || fault == BOARDS_SDIO)
		ret->chip = SIM_ESP8266; /* no other chip has eboot or the SDIO boot mode */
	boards_mend(ret);
	boards_draw_weights(ret, &random);
	*ret_past_ns = dice_chance(&random, 20) ? dice_between(&random, 0, 1500) * SIM_MS : 0;
	if (fault == BOARDS_HEALTHY)
		return;
	ret->gpio15 = false; /* GPIO15 could silence an ESP32's ROM, which would be a second fault */
	boards_break(ret, fault, &random);
}

/* ---- boards counted apart ---- */

const char *boards_apart_title(enum boards_apart apart)
{
	static const char *const titles[BOARDS_APARTS] = {
		[BOARDS_COUNTS] = "",
		[BOARDS_SWAPPED_TRANSISTORS] = "two transistors, swapped: no circuit known to be sold",
		[BOARDS_NO_WIRE] = "nothing wired to EN: no program can reset it",
		[BOARDS_MUTE_ROM] = "ESP32, GPIO15 low: the ROM prints nothing",
		[BOARDS_TOO_LATE] = "the fault shows after the settle time",
		[BOARDS_NO_DETECTOR] = "ESP8266 brownout: like a reset by hand",
		[BOARDS_NONOS_NOAPP] = "NONOS, no application: simulated without a word",
		[BOARDS_HEALED] = "the fault came only before the last reset",
		[BOARDS_SAID_ONCE] = "one report only, at a speed not known before",
	};

	return titles[apart];
}

/* The longest time from the moment when espreset assumes that the application is loaded until it really starts. The
 * second stage prints during this time. The simulated second stages are in src/sim/esp8266.c and src/sim/esp32.c. */
static int64_t boards_second_stage_ns(const struct sim_config *c)
{
	return c->loader == SIM_LOADER_IDF ? 130 * SIM_MS : c->loader == SIM_LOADER_NONOS ? 25 * SIM_MS : 0;
}

/* How long after a crash or restart espreset can recognise it. If the application prints a crash report, espreset needs
 * the first 350 characters of the report. Otherwise it needs the banner of the next boot. */
static int64_t boards_sign_ns(const struct sim_config *c)
{
	bool reports = c->fate == SIM_FATE_PANIC || c->fate == SIM_FATE_BROWNOUT;

	return reports ? 350 * 10 * SIM_S / c->app_baud + 2 * SIM_MS : c->rom_delay_ns + 30 * SIM_MS;
}

/* Does the crash or restart become visible only after espreset has ended? By default, espreset listens for one second
 * after the application has been loaded (option --settle), and then ends. */
static bool boards_is_too_late(const struct sim_config *c)
{
	int64_t shows_ns;

	if (c->fate == SIM_FATE_RUN)
		return false;
	shows_ns = boards_second_stage_ns(c) + c->fate_ns + boards_sign_ns(c);
	return shows_ns + c->latency_ns + 2 * c->host_ns > 1 * SIM_S;
}

enum boards_apart boards_apart(enum boards_fault fault, const struct sim_config *c)
{
	if (c->circuit == SIM_TWO_TRANSISTORS_SWAPPED)
		return BOARDS_SWAPPED_TRANSISTORS;
	if (c->circuit == SIM_NO_WIRE)
		return BOARDS_NO_WIRE;
	if (c->chip == SIM_ESP32 && c->gpio15)
		return BOARDS_MUTE_ROM;
	/* An ESP8266 has no brownout detector. After a brownout it boots as at power-up: the banner is at 74880 Bd and
	 * names a hardware reset, so espreset cannot see that the supply has failed. */
	if (fault == BOARDS_BROWNOUT && c->chip == SIM_ESP8266)
		return BOARDS_NO_DETECTOR;
	/* A real NONOS loader that finds no application prints "error magic!", "backup boot failed." and "user code
	 * done" (espressif/ESP8266_NONOS_SDK#180). The simulated NONOS loader prints no error, so espreset cannot
	 * recognise the fault. */
	if (fault == BOARDS_NOAPP && c->chip == SIM_ESP8266 && c->loader == SIM_LOADER_NONOS)
		return BOARDS_NONOS_NOAPP;
	return boards_is_too_late(c) ? BOARDS_TOO_LATE : BOARDS_COUNTS;
}

/* ---- description ---- */

/* clang-format off */
static const char *const boards_chips[] = {
	"esp8266", "esp32", "esp32s2", "esp32s3", "esp32c2", "esp32c3", "esp32c5", "esp32c6", "esp32c61",
	"esp32h2", "esp32p4",
};
/* clang-format on */
_Static_assert(sizeof(boards_chips) / sizeof(boards_chips[0]) == SIM_CHIP_COUNT, "a name for each simulated chip");
static const char *const boards_circuits[SIM_CIRCUIT_COUNT] = {
	"two transistors", "direct", "swapped", "two transistors swapped", "RTS only", "DTR only", "no wire",
};
static const char *const boards_loaders[SIM_LOADER_COUNT] = { "eboot", "nonos", "idf", "quiet" };
static const char *const boards_apps[SIM_APP_COUNT] = { "greets", "silent", "periodic", "continuous" };
static const char *const boards_bridges[SIM_BRIDGE_COUNT] = { "exact", "ch340", "cp2102", "ftdi" };
static const char *const boards_framings[] = { "deliver", "zero", "drop" };
static const char *const boards_starts[] = { "uploaded", "running", "download", "dead" };

void boards_print(const struct sim_config *c, char *buf, size_t cap)
{
	const char *const chatter = c->chatter ? " after chatter" : "";
	char where[160];

	snprintf(where, sizeof(where), "%s, %s %s, latency %lld ms, host %lld ms, lines %u",
		 boards_circuits[c->circuit], boards_bridges[c->bridge], boards_framings[c->framing],
		 (long long)(c->latency_ns / SIM_MS), (long long)(c->host_ns / SIM_MS), c->lines_before);
	snprintf(buf, cap,
		 "%s %d MHz %s, %s at %d Bd from %lld ms%s, clock %+d ppm, banner %lld ms, EN %lld us, %s, %s",
		 boards_chips[c->chip], c->crystal_mhz, boards_loaders[c->loader], boards_apps[c->app], c->app_baud,
		 (long long)(c->app_delay_ns / SIM_MS), chatter, c->rate_ppm, (long long)(c->rom_delay_ns / SIM_MS),
		 (long long)(c->en_rise_ns / SIM_US), boards_starts[c->start], where);
}
