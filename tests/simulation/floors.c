/* floors.c - below which numbers the verdict on boards with no option given may not fall.
 *
 * Today's numbers, rounded down, less one percent (wrong: rounded up, one percent more), so that nothing
 * gets worse unseen. When something gets better, replace them with what "simulation --floors 20000 1" prints.
 *
 * The goal (docs/design.md, section 7): ready for at least 99.5 % of all healthy boards and for 99 % of each
 * class, at the first try for 90 %, another word than ready and unproven for at most 0.1 %, and its own word
 * for 99 % of each single fault.
 */
#include "floors.h"

#include <stddef.h>
#include <string.h>

static const struct floor floors[] = {
	/* classes of healthy boards: classes.c */
	{ "all", 81.7, 66.6, 4.3 },
	{ "esp8266", 68.5, 48.2, 6.2 },
	{ "esp8266_other_speed", 42.6, 26.9, 12.1 },
	{ "esp8266_eboot", 80.8, 62.3, 4.5 },
	{ "esp8266_nonos", 41.4, 21.9, 4.8 },
	{ "esp8266_rtos", 33.7, 0.0, 20.9 },
	{ "esp8266_nonos_silent", 18.6, 0.0, 3.4 },
	{ "esp8266_rtos_74880", 21.8, 0.0, 22.5 },
	{ "esp8266_zero", 63.1, 0.0, 16.2 },
	{ "esp8266_drop", 74.4, 0.0, 14.1 },
	{ "esp8266_40mhz", 0.0, 0.0, 4.0 },
	{ "esp8266_usual", 87.6, 64.6, 1.6 },
	{ "family", 97.9, 89.1, 1.8 },
	{ "esp32", 98.5, 92.8, 1.3 },
	{ "esp32_early", 98.5, 93.5, 1.4 },
	{ "esp32s2", 98.6, 92.4, 1.3 },
	{ "esp32s3", 98.5, 93.2, 1.2 },
	{ "esp32c2", 84.4, 6.3, 14.3 },
	{ "esp32c2_26mhz", 83.1, 0.0, 15.6 },
	{ "esp32c2_40mhz", 98.8, 92.0, 1.2 },
	{ "esp32c3", 98.6, 93.2, 1.3 },
	{ "esp32c5", 98.5, 93.0, 1.3 },
	{ "esp32c6", 98.6, 92.9, 1.3 },
	{ "esp32c61", 98.5, 92.7, 1.2 },
	{ "esp32h2", 98.6, 91.9, 1.1 },
	{ "esp32p4", 98.4, 92.5, 1.5 },
	{ "two_transistors", 83.7, 70.7, 2.0 },
	{ "direct", 84.7, 72.2, 1.8 },
	{ "rts_only", 82.3, 71.2, 1.7 },
	{ "swapped", 72.6, 18.9, 16.6 },
	{ "dtr_only", 69.5, 65.6, 18.1 },
	{ "exact", 82.4, 67.3, 4.0 },
	{ "ch340", 80.9, 65.4, 4.5 },
	{ "cp2102", 81.3, 66.3, 4.6 },
	{ "ftdi", 82.3, 67.3, 4.0 },
	{ "deliver", 81.7, 73.5, 3.0 },
	{ "zero", 79.3, 39.5, 9.9 },
	{ "drop", 84.2, 37.9, 9.1 },
	{ "late_input", 81.3, 66.1, 4.5 },
	{ "busy", 82.1, 62.6, 3.9 },
	{ "late_banner", 82.2, 68.7, 4.2 },
	{ "slow_en", 82.0, 71.9, 4.4 },
	{ "clock_off", 81.7, 65.9, 4.2 },
	{ "inherited", 80.9, 65.6, 4.6 },
	{ "uploaded", 82.0, 66.3, 4.3 },
	{ "running", 81.3, 67.0, 4.1 },
	{ "download", 83.7, 67.6, 4.0 },
	{ "dead", 81.7, 66.8, 4.2 },
	{ "silent", 83.1, 65.8, 3.4 },
	{ "greeting", 82.2, 68.0, 4.1 },
	{ "periodic", 80.9, 66.3, 5.0 },
	{ "continuous", 74.0, 59.4, 7.2 },
	{ "chatter", 65.7, 46.3, 6.3 },
	{ "bd9600", 68.3, 57.8, 7.4 },
	{ "bd19200", 54.6, 46.9, 4.8 },
	{ "bd38400", 55.6, 47.2, 4.9 },
	{ "bd57600", 58.2, 48.3, 5.1 },
	{ "bd74880", 49.0, 31.9, 13.5 },
	{ "bd76800", 70.5, 58.7, 5.6 },
	{ "bd115200", 86.7, 70.8, 3.2 },
	{ "bd230400", 80.4, 65.7, 4.5 },
	{ "bd250000", 80.8, 66.7, 3.1 },
	{ "bd460800", 81.5, 67.7, 3.5 },
	{ "bd500000", 81.2, 66.1, 4.3 },
	{ "bd921600", 80.4, 65.5, 4.0 },
	{ "bd1000000", 80.2, 65.3, 3.2 },
	{ "bd1500000", 82.7, 66.7, 3.1 },
	{ "bd2000000", 81.8, 66.0, 3.7 },

	/* single faults: boards.c */
	{ "gpio0low", 92.8, 0.0, 2.0 },
	{ "noimage", 89.8, 0.0, 6.0 },
	{ "csum", 93.7, 0.0, 5.9 },
	{ "readerr", 89.8, 0.0, 6.2 },
	{ "noapp", 90.3, 0.0, 8.5 },
	{ "copyfails", 78.7, 0.0, 5.3 },
	{ "panic", 74.2, 0.0, 23.4 },
	{ "watchdog", 94.5, 0.0, 5.0 },
	{ "brownout", 77.0, 0.0, 23.0 },
	{ "restart", 90.6, 0.0, 6.2 },
	{ "sdio", 88.5, 0.0, 2.3 },
	{ "copy", 65.9, 63.5, 11.2 },
};

const struct floor *floor_by_name(const char *name)
{
	for (size_t i = 0; i < sizeof(floors) / sizeof(floors[0]); i++) {
		if (strcmp(floors[i].name, name) == 0)
			return &floors[i];
	}
	return NULL;
}
