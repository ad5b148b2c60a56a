/* floors.c - the floors: lower limits for the percentage of simulated boards on which espreset, without options, gives
 * the right verdict.
 *
 * If the boards reach a goal of docs/design.md, section 7, this goal is their floor:
 *   - all healthy boards: 99.5 % get "ready"; 90 % at the first attempt; at most 0.1 % another verdict than "ready" and
 *     "unproven";
 *   - each class of healthy boards: 99 % get "ready"; at most 0.4 % another verdict than "ready" and "unproven". 0.1 %
 *     would be too strict for a class, which has fewer boards;
 *   - each fault: 99 % of the boards with it get the right verdict.
 * Every other floor is a measured share minus one percent, so that a test notices a change that makes espreset worse.
 * For example, all floors of classes for "ready" at the first attempt are such floors. "simulation --floors 20000 1"
 * prints rows with measured floors.
 */
#include "floors.h"

#include <stddef.h>
#include <string.h>

static const struct floor floors[] = {
	/* Classes of healthy boards (classes.c): name, then the floors right, first and wrong. */
	{ "all", 99.5, 90.0, 0.1 },
	{ "esp8266", 99.0, 90.4, 0.4 },
	{ "esp8266_other_speed", 99.0, 89.6, 0.4 },
	{ "esp8266_eboot", 99.0, 90.7, 0.4 },
	{ "esp8266_nonos", 99.0, 90.7, 0.4 },
	{ "esp8266_rtos", 99.0, 87.9, 0.4 },
	{ "esp8266_nonos_silent", 99.0, 91.2, 0.4 },
	{ "esp8266_rtos_74880", 99.0, 87.6, 0.4 },
	{ "esp8266_zero", 99.0, 87.2, 0.4 },
	{ "esp8266_drop", 99.0, 87.4, 0.4 },
	{ "esp8266_40mhz", 99.0, 83.2, 0.4 },
	{ "esp8266_usual", 99.0, 97.6, 0.4 },
	{ "family", 99.0, 90.7, 0.4 },
	{ "esp32", 99.0, 93.0, 0.4 },
	{ "esp32_early", 99.0, 93.5, 0.4 },
	{ "esp32s2", 99.0, 92.6, 0.4 },
	{ "esp32s3", 99.0, 93.0, 0.4 },
	{ "esp32c2", 99.0, 42.1, 0.4 },
	{ "esp32c2_26mhz", 99.0, 38.1, 0.4 },
	{ "esp32c2_40mhz", 99.0, 92.0, 0.4 },
	{ "esp32c3", 99.0, 93.1, 0.4 },
	{ "esp32c5", 99.0, 93.4, 0.4 },
	{ "esp32c6", 99.0, 92.7, 0.4 },
	{ "esp32c61", 99.0, 92.7, 0.4 },
	{ "esp32h2", 99.0, 92.3, 0.4 },
	{ "esp32p4", 99.0, 92.3, 0.4 },
	{ "two_transistors", 99.0, 97.0, 0.4 },
	{ "direct", 99.0, 97.0, 0.4 },
	{ "rts_only", 99.0, 97.0, 0.4 },
	{ "swapped", 99.0, 25.3, 0.4 },
	{ "dtr_only", 99.0, 84.0, 0.4 },
	{ "exact", 99.0, 90.7, 0.4 },
	{ "ch340", 99.0, 90.3, 0.4 },
	{ "cp2102", 99.0, 90.6, 0.4 },
	{ "ftdi", 99.0, 90.5, 0.4 },
	{ "deliver", 99.0, 91.1, 0.4 },
	{ "zero", 99.0, 88.3, 0.4 },
	{ "drop", 99.0, 88.1, 0.4 },
	{ "late_input", 99.0, 90.3, 0.4 },
	{ "busy", 99.0, 82.3, 0.4 },
	{ "late_banner", 99.0, 91.3, 0.4 },
	{ "slow_en", 99.0, 95.6, 0.4 },
	{ "clock_off", 99.0, 90.5, 0.4 },
	{ "inherited", 99.0, 91.1, 0.4 },
	{ "uploaded", 99.0, 90.3, 0.4 },
	{ "running", 99.0, 90.8, 0.4 },
	{ "download", 99.0, 90.4, 0.4 },
	{ "dead", 99.0, 91.1, 0.4 },
	{ "silent", 99.0, 90.6, 0.4 },
	{ "greeting", 99.0, 90.7, 0.4 },
	{ "periodic", 99.0, 90.7, 0.4 },
	{ "continuous", 99.0, 87.9, 0.4 },
	{ "chatter", 99.0, 90.6, 0.4 },
	{ "bd9600", 99.0, 90.0, 0.4 },
	{ "bd19200", 99.0, 90.2, 0.4 },
	{ "bd38400", 99.0, 91.2, 0.4 },
	{ "bd57600", 99.0, 90.8, 0.4 },
	{ "bd74880", 99.0, 89.6, 0.4 },
	{ "bd76800", 99.0, 90.6, 0.4 },
	{ "bd115200", 99.0, 90.7, 0.4 },
	{ "bd230400", 99.0, 89.5, 0.4 },
	{ "bd250000", 99.0, 90.2, 0.4 },
	{ "bd460800", 99.0, 90.6, 0.4 },
	{ "bd500000", 99.0, 90.6, 0.4 },
	{ "bd921600", 99.0, 90.6, 0.4 },
	{ "bd1000000", 99.0, 91.0, 0.4 },
	{ "bd1500000", 99.0, 90.5, 0.4 },
	{ "bd2000000", 99.0, 90.6, 0.4 },

	/* Faults (boards.c): name, then the floors right, first and wrong. */
	{ "gpio0low", 99.0, 0.0, 1.0 },
	{ "noimage", 99.0, 0.0, 1.1 },
	{ "csum", 99.0, 0.0, 1.1 },
	{ "readerr", 99.0, 0.0, 1.1 },
	{ "noapp", 99.0, 0.0, 1.1 },
	{ "copyfails", 99.0, 0.0, 1.1 },
	{ "panic", 96.2, 0.0, 3.6 },
	{ "watchdog", 99.0, 0.0, 1.0 },
	{ "brownout", 95.9, 0.0, 3.9 },
	{ "restart", 99.0, 0.0, 1.0 },
	{ "sdio", 99.0, 0.0, 1.0 },
	{ "copy", 99.0, 91.5, 1.1 },
};

const struct floor *floor_by_name(const char *name)
{
	for (size_t i = 0; i < sizeof(floors) / sizeof(floors[0]); i++) {
		if (strcmp(floors[i].name, name) == 0)
			return &floors[i];
	}
	return NULL;
}
