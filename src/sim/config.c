/* config.c - the board everybody starts from, what a configuration has against us, and boards drawn at random. */
#include "sim/config.h"

#include <string.h>

void sim_config_init(struct sim_config *config)
{
	*config = (struct sim_config){
		.chip = SIM_ESP8266,
		.crystal_mhz = 26,
		.select_bits = 6,
		.rom_delay_ns = 60 * SIM_MS,
		.circuit = SIM_TWO_TRANSISTORS,
		.skew_ns = 5 * SIM_US,
		.en_rise_ns = 10 * SIM_MS,
		.en_fall_ns = 50 * SIM_US,
		.strap_ns = 100 * SIM_US,
		.finger_hold_ns = 100 * SIM_MS,
		.start = SIM_START_UPLOADED,
		.image_error = 2,
		.rom_watchdog_ns = 700 * SIM_MS,
		.app = SIM_APP_GREETING,
		.app_delay_ns = 80 * SIM_MS,
		.app_period_ns = 250 * SIM_MS,
		.app_baud = 115200,
		.bridge = SIM_BRIDGE_CH340,
		.sample_percent = 50,
		.latency_ns = 1 * SIM_MS,
		.control_ns = 1 * SIM_MS,
		.control_stall_for_ns = 1 * SIM_S,
		.seed = 1,
		.ota_late_ns = 300 * SIM_MS,
	};
}

_Static_assert(SIM_ADV_COUNT <= 64, "one bit each");

#define HAS(condition, adversary) ((condition) ? UINT64_C(1) << (adversary) : 0)

static uint64_t wires_adversaries(const struct sim_config *c)
{
	return HAS(c->circuit == SIM_DIRECT, SIM_ADV_DIRECT) | HAS(c->circuit == SIM_SWAPPED, SIM_ADV_SWAPPED) |
	       HAS(c->circuit == SIM_TWO_TRANSISTORS_SWAPPED, SIM_ADV_SWAPPED_TRANSISTORS) |
	       HAS(c->circuit == SIM_RTS_ONLY, SIM_ADV_RTS_ONLY) | HAS(c->circuit == SIM_DTR_ONLY, SIM_ADV_DTR_ONLY) |
	       HAS(c->circuit == SIM_NO_WIRE, SIM_ADV_NO_WIRE) | HAS(c->skew_ns > 0, SIM_ADV_SKEW_DTR_FIRST) |
	       HAS(c->skew_ns < 0, SIM_ADV_SKEW_RTS_FIRST) | HAS(c->en_rise_ns > 20 * SIM_MS, SIM_ADV_EN_SLOW) |
	       HAS(c->en_rise_ns < SIM_MS, SIM_ADV_EN_FAST) |
	       HAS(c->lines_before == (SIM_DTR | SIM_RTS), SIM_ADV_LINES_BOTH) |
	       HAS(c->lines_before == SIM_RTS, SIM_ADV_LINES_RTS) | HAS(c->lines_before == SIM_DTR, SIM_ADV_LINES_DTR) |
	       HAS(c->gpio0_held, SIM_ADV_GPIO0_HELD) | HAS(c->gpio0_let_go_ns, SIM_ADV_GPIO0_BUTTON) |
	       HAS(c->gpio2_low || c->other_strap, SIM_ADV_GPIO2) | HAS(c->gpio15, SIM_ADV_GPIO15) |
	       HAS(c->finger_ns, SIM_ADV_FINGER) | HAS(c->deep_sleep_ns, SIM_ADV_DEEP_SLEEP);
}

static uint64_t chip_adversaries(const struct sim_config *c)
{
	return HAS(c->crystal_mhz != 26, SIM_ADV_CRYSTAL) | HAS(c->early_silicon, SIM_ADV_EARLY_SILICON) |
	       HAS(c->rate_ppm > 5000 || c->rate_ppm < -5000, SIM_ADV_RATE_ERROR) |
	       HAS(c->rom_delay_ns > 150 * SIM_MS, SIM_ADV_SLOW_ROM) |
	       HAS(c->start == SIM_START_UPLOADED, SIM_ADV_START_LATCHED) |
	       HAS(c->start == SIM_START_DOWNLOAD, SIM_ADV_START_DOWNLOAD) |
	       HAS(c->start == SIM_START_DEAD, SIM_ADV_START_DEAD) | HAS(c->chip > SIM_ESP32, SIM_ADV_OTHER_CHIP) |
	       HAS(c->empty_download, SIM_ADV_EMPTY_DOWNLOAD);
}

static uint64_t firmware_adversaries(const struct sim_config *c)
{
	return HAS(c->image == SIM_IMAGE_NONE, SIM_ADV_IMAGE_NONE) |
	       HAS(c->image == SIM_IMAGE_CSUM, SIM_ADV_IMAGE_CSUM) |
	       HAS(c->image == SIM_IMAGE_READ_ERR, SIM_ADV_IMAGE_READ_ERR) |
	       HAS(c->image == SIM_IMAGE_SECOND, SIM_ADV_IMAGE_SECOND) | HAS(c->copy_ns, SIM_ADV_COPY) |
	       HAS(c->copy_ns && c->copy_result, SIM_ADV_COPY_FAILS) | HAS(c->fate == SIM_FATE_PANIC, SIM_ADV_PANIC) |
	       HAS(c->fate == SIM_FATE_WATCHDOG, SIM_ADV_WATCHDOG) |
	       HAS(c->fate == SIM_FATE_BROWNOUT, SIM_ADV_BROWNOUT) | HAS(c->fate == SIM_FATE_RESTART, SIM_ADV_RESTART) |
	       HAS(c->fate == SIM_FATE_HANG, SIM_ADV_HANG) |
	       HAS(c->fate != SIM_FATE_RUN && c->fate_times, SIM_ADV_FATE_ONCE) |
	       HAS(c->app == SIM_APP_SILENT, SIM_ADV_APP_SILENT) |
	       HAS(c->app == SIM_APP_PERIODIC, SIM_ADV_APP_PERIODIC) |
	       HAS(c->app == SIM_APP_CONTINUOUS, SIM_ADV_APP_CONTINUOUS) |
	       HAS(c->app_baud != 115200, SIM_ADV_APP_BAUD) | HAS(c->chatter, SIM_ADV_CHATTER);
}

static uint64_t bridge_adversaries(const struct sim_config *c)
{
	return HAS(c->bridge == SIM_BRIDGE_CP2102, SIM_ADV_BRIDGE_RATE) |
	       HAS(c->framing != SIM_FRAMING_DELIVER, SIM_ADV_FRAMING) |
	       HAS(c->latency_ns > 2 * SIM_MS, SIM_ADV_LATENCY) | HAS(c->lose_ppm, SIM_ADV_LOSE) |
	       HAS(c->repeat_ppm, SIM_ADV_REPEAT) | HAS(c->flip_ppm, SIM_ADV_FLIP) |
	       HAS(c->spurious_ns, SIM_ADV_SPURIOUS) | HAS(c->rx_stall_for_ns, SIM_ADV_RX_STALL) |
	       HAS(c->control_stall_op, SIM_ADV_CONTROL_STALL) | HAS(c->unplug_ns, SIM_ADV_UNPLUG_TIME) |
	       HAS(c->unplug_op, SIM_ADV_UNPLUG_OP) | HAS(c->host_ns, SIM_ADV_SLOW_HOST);
}

uint64_t sim_config_adversaries(const struct sim_config *config)
{
	return wires_adversaries(config) | chip_adversaries(config) | firmware_adversaries(config) |
	       bridge_adversaries(config);
}

const char *sim_adversary_name(enum sim_adversary adversary)
{
	static const char *const names[SIM_ADV_COUNT] = {
		[SIM_ADV_DIRECT] = "direct wiring",
		[SIM_ADV_SWAPPED] = "swapped wires",
		[SIM_ADV_SWAPPED_TRANSISTORS] = "two transistors, swapped",
		[SIM_ADV_RTS_ONLY] = "RTS to EN only",
		[SIM_ADV_DTR_ONLY] = "DTR to EN only",
		[SIM_ADV_NO_WIRE] = "nothing wired",
		[SIM_ADV_SKEW_DTR_FIRST] = "skew, DTR first",
		[SIM_ADV_SKEW_RTS_FIRST] = "skew, RTS first",
		[SIM_ADV_EN_SLOW] = "EN rises slowly",
		[SIM_ADV_EN_FAST] = "EN without capacitor",
		[SIM_ADV_LINES_BOTH] = "inherited: both asserted",
		[SIM_ADV_LINES_RTS] = "inherited: RTS asserted",
		[SIM_ADV_LINES_DTR] = "inherited: DTR asserted",
		[SIM_ADV_GPIO0_HELD] = "GPIO0 held low",
		[SIM_ADV_GPIO0_BUTTON] = "GPIO0 button let go",
		[SIM_ADV_GPIO2] = "another strap wrong",
		[SIM_ADV_GPIO15] = "GPIO15: SDIO boot, or a mute ROM",
		[SIM_ADV_FINGER] = "finger on reset",
		[SIM_ADV_DEEP_SLEEP] = "resets by a timer",
		[SIM_ADV_CRYSTAL] = "40 MHz crystal",
		[SIM_ADV_EARLY_SILICON] = "early silicon",
		[SIM_ADV_RATE_ERROR] = "board's clock off",
		[SIM_ADV_SLOW_ROM] = "late banner",
		[SIM_ADV_START_LATCHED] = "latch left in download mode",
		[SIM_ADV_START_DOWNLOAD] = "found waiting for a download",
		[SIM_ADV_START_DEAD] = "found dead",
		[SIM_ADV_IMAGE_NONE] = "empty flash",
		[SIM_ADV_IMAGE_CSUM] = "checksum error",
		[SIM_ADV_IMAGE_READ_ERR] = "flash read error",
		[SIM_ADV_IMAGE_SECOND] = "no application",
		[SIM_ADV_COPY] = "eboot copies",
		[SIM_ADV_COPY_FAILS] = "eboot's copy fails",
		[SIM_ADV_PANIC] = "panic",
		[SIM_ADV_WATCHDOG] = "watchdog",
		[SIM_ADV_BROWNOUT] = "brownout",
		[SIM_ADV_RESTART] = "software restart",
		[SIM_ADV_HANG] = "application hangs",
		[SIM_ADV_FATE_ONCE] = "trouble a few times, then well",
		[SIM_ADV_APP_SILENT] = "silent application",
		[SIM_ADV_APP_PERIODIC] = "application prints now and then",
		[SIM_ADV_APP_CONTINUOUS] = "application prints all the time",
		[SIM_ADV_APP_BAUD] = "application at another speed",
		[SIM_ADV_CHATTER] = "SDK chatter at an odd speed",
		[SIM_ADV_BRIDGE_RATE] = "bridge off speed",
		[SIM_ADV_FRAMING] = "framing errors zeroed or dropped",
		[SIM_ADV_LATENCY] = "bridge latency",
		[SIM_ADV_LOSE] = "lost characters",
		[SIM_ADV_REPEAT] = "repeated characters",
		[SIM_ADV_FLIP] = "changed characters",
		[SIM_ADV_SPURIOUS] = "characters out of nowhere",
		[SIM_ADV_RX_STALL] = "input stalls",
		[SIM_ADV_CONTROL_STALL] = "control transfers stall",
		[SIM_ADV_UNPLUG_TIME] = "unplugged at some time",
		[SIM_ADV_UNPLUG_OP] = "unplugged at some operation",
		[SIM_ADV_SLOW_HOST] = "busy machine",
		[SIM_ADV_EMPTY_DOWNLOAD] = "flash boot in download mode",
		[SIM_ADV_OTHER_CHIP] = "later chips",
	};

	return names[adversary];
}

/* ---- at random ---- */

struct dice {
	uint64_t state;
};

uint64_t sim_random(uint64_t *state, uint64_t below)
{
	uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	z ^= z >> 31;
	return below ? z % below : z;
}

static uint64_t dice_roll(struct dice *dice, uint64_t below)
{
	return sim_random(&dice->state, below);
}

static int64_t dice_between(struct dice *dice, int64_t from, int64_t to)
{
	return from + (int64_t)dice_roll(dice, (uint64_t)(to - from + 1));
}

static bool one_in(struct dice *dice, uint64_t n)
{
	return dice_roll(dice, n) == 0;
}

static void random_chip(struct sim_config *c, struct dice *dice)
{
	uint64_t n = dice_roll(dice, 100);

	c->chip = n < 55 ? SIM_ESP8266 : n < 82 ? SIM_ESP32 : (enum sim_chip)(2 + dice_roll(dice, SIM_CHIP_COUNT - 2));
	c->crystal_mhz = one_in(dice, 12) ? 40 : 26;
	c->early_silicon = c->chip == SIM_ESP32 && one_in(dice, 6);
	c->reset_is_en = one_in(dice, 3);
	c->select_bits = (int)dice_between(dice, 1, 7);
	c->rate_ppm = (int)(one_in(dice, 8) ? dice_between(dice, -20000, 20000) : dice_between(dice, -3000, 3000));
	c->rom_delay_ns = one_in(dice, 10) ? dice_between(dice, 100 * SIM_MS, 400 * SIM_MS)
					   : dice_between(dice, 1 * SIM_MS, 120 * SIM_MS);
	if (c->chip == SIM_ESP8266)
		c->loader = n % 10 < 7 ? SIM_LOADER_EBOOT : n % 10 < 9 ? SIM_LOADER_NONOS : SIM_LOADER_IDF;
	else
		c->loader = one_in(dice, 2) ? SIM_LOADER_IDF : SIM_LOADER_QUIET;
}

static void random_wires(struct sim_config *c, struct dice *dice)
{
	/* clang-format off */
	static const enum sim_circuit circuits[] = {
		SIM_TWO_TRANSISTORS, SIM_TWO_TRANSISTORS, SIM_TWO_TRANSISTORS, SIM_TWO_TRANSISTORS,
		SIM_TWO_TRANSISTORS, SIM_TWO_TRANSISTORS, SIM_TWO_TRANSISTORS, SIM_TWO_TRANSISTORS,
		SIM_DIRECT, SIM_DIRECT, SIM_SWAPPED, SIM_TWO_TRANSISTORS_SWAPPED, SIM_RTS_ONLY, SIM_DTR_ONLY,
		SIM_NO_WIRE, SIM_NO_WIRE,
	};
	/* clang-format on */

	c->circuit = circuits[dice_roll(dice, sizeof(circuits) / sizeof(circuits[0]))];
	c->skew_ns = one_in(dice, 4) ? 0 : dice_between(dice, -100 * SIM_US, 100 * SIM_US);
	c->en_rise_ns = dice_between(dice, 1 * SIM_MS, 20 * SIM_MS);
	if (one_in(dice, 12))
		c->en_rise_ns = dice_between(dice, 20 * SIM_MS, 60 * SIM_MS);
	else if (one_in(dice, 8))
		c->en_rise_ns = dice_between(dice, 1 * SIM_US, 500 * SIM_US);
	c->en_fall_ns = dice_between(dice, 1 * SIM_US, 200 * SIM_US);
	c->strap_ns = dice_between(dice, 0, 3 * SIM_MS);
	c->lines_before = one_in(dice, 8) ? (unsigned int)dice_between(dice, 1, 3) : 0;
	c->gpio0_held = one_in(dice, 25);
	c->gpio0_let_go_ns = one_in(dice, 40) ? dice_between(dice, 1 * SIM_MS, 1500 * SIM_MS) : 0;
	c->gpio2_low = one_in(dice, 50);
	c->other_strap = one_in(dice, 50);
	c->gpio15 = one_in(dice, 40);
	if (one_in(dice, 25)) {
		c->finger_ns = dice_between(dice, 1 * SIM_MS, 3 * SIM_S);
		c->finger_hold_ns = dice_between(dice, 1 * SIM_MS, 400 * SIM_MS);
	}
	c->deep_sleep_ns = one_in(dice, 40) ? dice_between(dice, 20 * SIM_MS, 3 * SIM_S) : 0;
}

static void random_firmware(struct sim_config *c, struct dice *dice)
{
	uint64_t n = dice_roll(dice, 20);

	c->start = n < 10   ? SIM_START_UPLOADED
		   : n < 17 ? SIM_START_RUNNING
		   : n < 19 ? SIM_START_DOWNLOAD
			    : SIM_START_DEAD;
	if (one_in(dice, 8))
		c->image = (enum sim_image)dice_between(dice, SIM_IMAGE_NONE, SIM_IMAGE_SECOND);
	c->image_error = (int)dice_between(dice, 1, 9);
	if (c->chip == SIM_ESP8266 && one_in(dice, 15)) {
		c->copy_ns = dice_between(dice, 50 * SIM_MS, 6 * SIM_S);
		c->copy_result = one_in(dice, 3) ? (int)dice_between(dice, 1, 6) : 0;
	}
	if (one_in(dice, 6)) {
		c->fate = (enum sim_fate)dice_between(dice, SIM_FATE_PANIC, SIM_FATE_HANG);
		c->fate_ns = dice_between(dice, 1 * SIM_MS, 2 * SIM_S);
		c->fate_times = one_in(dice, 3) ? (int)dice_between(dice, 1, 3) : 0;
	}
	c->empty_download = c->chip == SIM_ESP8266 && one_in(dice, 20);
	c->rom_watchdog_ns = dice_between(dice, 100 * SIM_MS, 2 * SIM_S);
	n = dice_roll(dice, 20);
	c->app = n < 9 ? SIM_APP_GREETING : n < 14 ? SIM_APP_SILENT : n < 19 ? SIM_APP_PERIODIC : SIM_APP_CONTINUOUS;
	c->app_delay_ns = dice_between(dice, 1 * SIM_MS, 500 * SIM_MS);
	c->app_period_ns = dice_between(dice, 5 * SIM_MS, 2 * SIM_S);
	if (one_in(dice, 10)) {
		static const int bauds[] = { 9600, 57600, 74880, 76800, 230400, 921600 };

		c->app_baud = bauds[dice_roll(dice, sizeof(bauds) / sizeof(bauds[0]))];
	}
	c->chatter = c->chip == SIM_ESP8266 && one_in(dice, 4);
}

static void random_bridge(struct sim_config *c, struct dice *dice)
{
	c->bridge = (enum sim_bridge_kind)dice_roll(dice, SIM_BRIDGE_COUNT);
	c->framing = one_in(dice, 5) ? (enum sim_framing)dice_between(dice, SIM_FRAMING_ZERO, SIM_FRAMING_DROP)
				     : SIM_FRAMING_DELIVER;
	c->sample_percent = (int)dice_between(dice, 40, 60);
	c->latency_ns = one_in(dice, 3) ? dice_between(dice, 1 * SIM_MS, 16 * SIM_MS) : 1 * SIM_MS;
	c->control_ns = dice_between(dice, 100 * SIM_US, 4 * SIM_MS);
	c->lose_ppm = one_in(dice, 25) ? (int)dice_between(dice, 100, 30000) : 0;
	c->repeat_ppm = one_in(dice, 40) ? (int)dice_between(dice, 100, 30000) : 0;
	c->flip_ppm = one_in(dice, 25) ? (int)(one_in(dice, 4) ? 900000 : dice_between(dice, 100, 50000)) : 0;
	c->spurious_ns = one_in(dice, 30) ? dice_between(dice, 2 * SIM_MS, 2 * SIM_S) : 0;
	if (one_in(dice, 40)) {
		c->rx_stall_ns = dice_between(dice, 1 * SIM_MS, 1 * SIM_S);
		c->rx_stall_for_ns = dice_between(dice, 5 * SIM_MS, 800 * SIM_MS);
	}
	if (one_in(dice, 40)) {
		c->control_stall_op = (int)dice_between(dice, 1, 8);
		c->control_stall_for_ns = dice_between(dice, 20 * SIM_MS, 5 * SIM_S);
		c->control_stall_count = (int)dice_between(dice, 0, 2);
	}
	c->unplug_ns = one_in(dice, 50) ? dice_between(dice, 1 * SIM_MS, 3 * SIM_S) : 0;
	c->unplug_op = one_in(dice, 60) ? (int)dice_between(dice, 1, 8) : 0;
	c->host_ns = one_in(dice, 10) ? dice_between(dice, 10 * SIM_US, 60 * SIM_MS) : 0;
}

void sim_config_random(struct sim_config *config, uint64_t seed)
{
	struct dice dice = { seed ^ UINT64_C(0x6573707265736574) };

	sim_config_init(config);
	config->seed = seed;
	random_chip(config, &dice);
	random_wires(config, &dice);
	random_firmware(config, &dice);
	random_bridge(config, &dice);
}
