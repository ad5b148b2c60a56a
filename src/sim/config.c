/* config.c - simulated boards: the default one, and boards drawn at random. */
#include "sim/config.h"

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

/* ---- boards drawn at random ---- */

uint64_t sim_random(uint64_t *state, uint64_t below)
{
	uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	z ^= z >> 31;
	return below ? z % below : z;
}

static int64_t dice_between(uint64_t *dice, int64_t from, int64_t to)
{
	return from + (int64_t)sim_random(dice, (uint64_t)(to - from + 1));
}

static bool one_in(uint64_t *dice, uint64_t n)
{
	return sim_random(dice, n) == 0;
}

static void random_chip(struct sim_config *c, uint64_t *dice)
{
	uint64_t n = sim_random(dice, 100);

	c->chip = n < 55 ? SIM_ESP8266 : n < 82 ? SIM_ESP32 : (enum sim_chip)(2 + sim_random(dice, SIM_CHIP_COUNT - 2));
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

static void random_wires(struct sim_config *c, uint64_t *dice)
{
	/* clang-format off */
	static const enum sim_circuit circuits[] = {
		SIM_TWO_TRANSISTORS, SIM_TWO_TRANSISTORS, SIM_TWO_TRANSISTORS, SIM_TWO_TRANSISTORS,
		SIM_TWO_TRANSISTORS, SIM_TWO_TRANSISTORS, SIM_TWO_TRANSISTORS, SIM_TWO_TRANSISTORS,
		SIM_DIRECT, SIM_DIRECT, SIM_SWAPPED, SIM_TWO_TRANSISTORS_SWAPPED, SIM_RTS_ONLY, SIM_DTR_ONLY,
		SIM_NO_WIRE, SIM_NO_WIRE,
	};
	/* clang-format on */

	c->circuit = circuits[sim_random(dice, sizeof(circuits) / sizeof(circuits[0]))];
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

static void random_firmware(struct sim_config *c, uint64_t *dice)
{
	uint64_t n = sim_random(dice, 20);

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
	n = sim_random(dice, 20);
	c->app = n < 9 ? SIM_APP_GREETING : n < 14 ? SIM_APP_SILENT : n < 19 ? SIM_APP_PERIODIC : SIM_APP_CONTINUOUS;
	c->app_delay_ns = dice_between(dice, 1 * SIM_MS, 500 * SIM_MS);
	c->app_period_ns = dice_between(dice, 5 * SIM_MS, 2 * SIM_S);
	if (one_in(dice, 10)) {
		static const int bauds[] = { 9600, 57600, 74880, 76800, 230400, 921600 };

		c->app_baud = bauds[sim_random(dice, sizeof(bauds) / sizeof(bauds[0]))];
	}
	c->chatter = c->chip == SIM_ESP8266 && one_in(dice, 4);
}

static void random_bridge(struct sim_config *c, uint64_t *dice)
{
	c->bridge = (enum sim_bridge_kind)sim_random(dice, SIM_BRIDGE_COUNT);
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
	uint64_t dice = seed ^ UINT64_C(0x6573707265736574);

	sim_config_init(config);
	config->seed = seed;
	random_chip(config, &dice);
	random_wires(config, &dice);
	random_firmware(config, &dice);
	random_bridge(config, &dice);
}
