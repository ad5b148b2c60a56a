/* adversary.c - the table of adversaries: properties that make a simulated board difficult to reset or to read. */
#include "adversary.h"

/* Each row: the name of the adversary, and the C expression that is true if the simulated board c has it. */
/* clang-format off */
#define ADVERSARIES(X) \
	X("direct wiring", c->circuit == SIM_DIRECT) \
	X("swapped wires", c->circuit == SIM_SWAPPED) \
	X("two transistors, swapped", c->circuit == SIM_TWO_TRANSISTORS_SWAPPED) \
	X("RTS to EN only", c->circuit == SIM_RTS_ONLY) \
	X("DTR to EN only", c->circuit == SIM_DTR_ONLY) \
	X("nothing wired", c->circuit == SIM_NO_WIRE) \
	X("skew, DTR first", c->skew_ns > 0) \
	X("skew, RTS first", c->skew_ns < 0) \
	X("EN rises slowly", c->en_rise_ns > 20 * SIM_MS) \
	X("EN without capacitor", c->en_rise_ns < SIM_MS) \
	X("inherited: both asserted", c->lines_before == (SIM_DTR | SIM_RTS)) \
	X("inherited: RTS asserted", c->lines_before == SIM_RTS) \
	X("inherited: DTR asserted", c->lines_before == SIM_DTR) \
	X("GPIO0 held low", c->gpio0_held) \
	X("GPIO0 button let go", c->gpio0_let_go_ns) \
	X("another strap wrong", c->gpio2_low || c->other_strap) \
	X("GPIO15: SDIO boot, or a mute ROM", c->gpio15) \
	X("finger on reset", c->finger_ns) \
	X("resets by a timer", c->deep_sleep_ns) \
	X("40 MHz crystal", c->crystal_mhz != 26) \
	X("early silicon", c->early_silicon) \
	X("board's clock off", c->rate_ppm > 5000 || c->rate_ppm < -5000) \
	X("late banner", c->rom_delay_ns > 150 * SIM_MS) \
	X("latch left in download mode", c->start == SIM_START_UPLOADED) \
	X("found waiting for a download", c->start == SIM_START_DOWNLOAD) \
	X("found dead", c->start == SIM_START_DEAD) \
	X("empty flash", c->image == SIM_IMAGE_NONE) \
	X("checksum error", c->image == SIM_IMAGE_CSUM) \
	X("flash read error", c->image == SIM_IMAGE_READ_ERR) \
	X("no application", c->image == SIM_IMAGE_SECOND) \
	X("eboot copies", c->copy_ns) \
	X("eboot's copy fails", c->copy_ns && c->copy_result) \
	X("panic", c->fate == SIM_FATE_PANIC) \
	X("watchdog", c->fate == SIM_FATE_WATCHDOG) \
	X("brownout", c->fate == SIM_FATE_BROWNOUT) \
	X("software restart", c->fate == SIM_FATE_RESTART) \
	X("application hangs", c->fate == SIM_FATE_HANG) \
	X("trouble a few times, then well", c->fate != SIM_FATE_RUN && c->fate_times) \
	X("silent application", c->app == SIM_APP_SILENT) \
	X("application prints now and then", c->app == SIM_APP_PERIODIC) \
	X("application prints all the time", c->app == SIM_APP_CONTINUOUS) \
	X("application at another speed", c->app_baud != 115200) \
	X("SDK chatter at an odd speed", c->chatter) \
	X("bridge off speed", c->bridge == SIM_BRIDGE_CP2102) \
	X("framing errors zeroed or dropped", c->framing != SIM_FRAMING_DELIVER) \
	X("bridge latency", c->latency_ns > 2 * SIM_MS) \
	X("lost characters", c->lose_ppm) \
	X("repeated characters", c->repeat_ppm) \
	X("changed characters", c->flip_ppm) \
	X("characters out of nowhere", c->spurious_ns) \
	X("input stalls", c->rx_stall_for_ns) \
	X("control transfers stall", c->control_stall_op) \
	X("unplugged at some time", c->unplug_ns) \
	X("unplugged at some operation", c->unplug_op) \
	X("busy machine", c->host_ns) \
	X("flash boot in download mode", c->empty_download) \
	X("later chips", c->chip > SIM_ESP32)
/* clang-format on */

#define NAME(name, condition) name,
#define CONDITION(name, condition) (condition) != 0,

static const char *const names[] = { ADVERSARIES(NAME) };

_Static_assert(sizeof(names) / sizeof(names[0]) == ADVERSARY_COUNT, "adversary.h has the number of rows");

const char *adversary_name(unsigned int n)
{
	return names[n];
}

uint64_t adversaries_of(const struct sim_config *c)
{
	const bool has[] = { ADVERSARIES(CONDITION) };
	uint64_t bits = 0;

	for (unsigned int n = 0; n < ADVERSARY_COUNT; n++)
		bits |= (uint64_t)has[n] << n;
	return bits;
}
