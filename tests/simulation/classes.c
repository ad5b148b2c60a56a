/* classes.c - the classes of healthy boards, such as "all with an ESP32". Right verdicts are counted for each class. */
#include "classes.h"

/* Each row: the name of the class, its title in tables, and the C expression that is true if board c belongs to it. The
 * limits of "late banner", "slow EN" and "clock off" are the same as in tests/adversary.c. */
#define CLASSES(X) \
	X(all, "all", c != NULL) \
	X(esp8266, "ESP8266", c->chip == SIM_ESP8266) \
	X(esp8266_other_speed, "ESP8266, application not at 115200", c->chip == SIM_ESP8266 && c->app_baud != 115200) \
	X(esp8266_eboot, "ESP8266, eboot", c->chip == SIM_ESP8266 && c->loader == SIM_LOADER_EBOOT) \
	X(esp8266_nonos, "ESP8266, NONOS loader", c->chip == SIM_ESP8266 && c->loader == SIM_LOADER_NONOS) \
	X(esp8266_rtos, "ESP8266, RTOS SDK loader", c->chip == SIM_ESP8266 && c->loader == SIM_LOADER_IDF) \
	X(esp8266_nonos_silent, "ESP8266, NONOS loader, application silent", \
	  c->chip == SIM_ESP8266 && c->loader == SIM_LOADER_NONOS && c->app == SIM_APP_SILENT) \
	X(esp8266_rtos_74880, "ESP8266, RTOS SDK loader, 74880", \
	  c->chip == SIM_ESP8266 && c->loader == SIM_LOADER_IDF && c->app_baud == 74880) \
	X(esp8266_zero, "ESP8266, framing errors zeroed", c->chip == SIM_ESP8266 && c->framing == SIM_FRAMING_ZERO) \
	X(esp8266_drop, "ESP8266, framing errors dropped", c->chip == SIM_ESP8266 && c->framing == SIM_FRAMING_DROP) \
	X(esp8266_40mhz, "ESP8266, 40 MHz", c->chip == SIM_ESP8266 && c->crystal_mhz == 40) \
	X(esp8266_usual, "ESP8266, 26 MHz, 115200, usual circuits", c->chip == SIM_ESP8266 && class_is_usual(c)) \
	X(family, "ESP32 family", c->chip != SIM_ESP8266) \
	X(esp32, "ESP32", c->chip == SIM_ESP32) \
	X(esp32_early, "ESP32, early silicon", c->chip == SIM_ESP32 && c->early_silicon) \
	X(esp32s2, "ESP32-S2", c->chip == SIM_ESP32S2) \
	X(esp32s3, "ESP32-S3", c->chip == SIM_ESP32S3) \
	X(esp32c2, "ESP32-C2", c->chip == SIM_ESP32C2) \
	X(esp32c2_26mhz, "ESP32-C2, 26 MHz", c->chip == SIM_ESP32C2 && c->crystal_mhz == 26) \
	X(esp32c2_40mhz, "ESP32-C2, 40 MHz", c->chip == SIM_ESP32C2 && c->crystal_mhz == 40) \
	X(esp32c3, "ESP32-C3", c->chip == SIM_ESP32C3) \
	X(esp32c5, "ESP32-C5", c->chip == SIM_ESP32C5) \
	X(esp32c6, "ESP32-C6", c->chip == SIM_ESP32C6) \
	X(esp32c61, "ESP32-C61", c->chip == SIM_ESP32C61) \
	X(esp32h2, "ESP32-H2", c->chip == SIM_ESP32H2) \
	X(esp32p4, "ESP32-P4", c->chip == SIM_ESP32P4) \
	X(two_transistors, "two transistors", c->circuit == SIM_TWO_TRANSISTORS) \
	X(direct, "direct wires", c->circuit == SIM_DIRECT) \
	X(rts_only, "RTS only", c->circuit == SIM_RTS_ONLY) \
	X(swapped, "swapped wires", c->circuit == SIM_SWAPPED) \
	X(dtr_only, "DTR only", c->circuit == SIM_DTR_ONLY) \
	X(exact, "bridge: every speed exact", c->bridge == SIM_BRIDGE_EXACT) \
	X(ch340, "bridge: CH340", c->bridge == SIM_BRIDGE_CH340) \
	X(cp2102, "bridge: CP2102", c->bridge == SIM_BRIDGE_CP2102) \
	X(ftdi, "bridge: FTDI", c->bridge == SIM_BRIDGE_FTDI) \
	X(deliver, "framing errors delivered", c->framing == SIM_FRAMING_DELIVER) \
	X(zero, "framing errors zeroed", c->framing == SIM_FRAMING_ZERO) \
	X(drop, "framing errors dropped", c->framing == SIM_FRAMING_DROP) \
	X(late_input, "bridge latency over 2 ms", c->latency_ns > 2 * SIM_MS) \
	X(busy, "busy machine", c->host_ns) \
	X(late_banner, "late banner", c->rom_delay_ns > 150 * SIM_MS) \
	X(slow_en, "slow EN", c->en_rise_ns > 20 * SIM_MS) \
	X(clock_off, "clock off by 0.5 to 2 %", c->rate_ppm > 5000 || c->rate_ppm < -5000) \
	X(inherited, "lines asserted before", c->lines_before) \
	X(uploaded, "found running, latch at download", c->start == SIM_START_UPLOADED) \
	X(running, "found running, latch at flash", c->start == SIM_START_RUNNING) \
	X(download, "found waiting for a download", c->start == SIM_START_DOWNLOAD) \
	X(dead, "found hung", c->start == SIM_START_DEAD) \
	X(silent, "application silent", c->app == SIM_APP_SILENT) \
	X(greeting, "application greets", c->app == SIM_APP_GREETING) \
	X(periodic, "application periodic", c->app == SIM_APP_PERIODIC) \
	X(continuous, "application continuous", c->app == SIM_APP_CONTINUOUS) \
	X(chatter, "SDK chatter at an odd speed", c->chatter) \
	X(bd9600, "application at 9600", c->app_baud == 9600) \
	X(bd19200, "application at 19200", c->app_baud == 19200) \
	X(bd38400, "application at 38400", c->app_baud == 38400) \
	X(bd57600, "application at 57600", c->app_baud == 57600) \
	X(bd74880, "application at 74880", c->app_baud == 74880) \
	X(bd76800, "application at 76800", c->app_baud == 76800) \
	X(bd115200, "application at 115200", c->app_baud == 115200) \
	X(bd230400, "application at 230400", c->app_baud == 230400) \
	X(bd250000, "application at 250000", c->app_baud == 250000) \
	X(bd460800, "application at 460800", c->app_baud == 460800) \
	X(bd500000, "application at 500000", c->app_baud == 500000) \
	X(bd921600, "application at 921600", c->app_baud == 921600) \
	X(bd1000000, "application at 1000000", c->app_baud == 1000000) \
	X(bd1500000, "application at 1500000", c->app_baud == 1500000) \
	X(bd2000000, "application at 2000000", c->app_baud == 2000000)

bool class_is_usual(const struct sim_config *c)
{
	bool circuit = c->circuit == SIM_TWO_TRANSISTORS || c->circuit == SIM_DIRECT || c->circuit == SIM_RTS_ONLY;

	return circuit && c->app_baud == 115200 && (c->chip != SIM_ESP8266 || c->crystal_mhz == 26);
}

#define CLASS_FUNCTION(name, title, condition) \
	static bool class_is_##name(const struct sim_config *c) \
	{ \
		return condition; \
	}
CLASSES(CLASS_FUNCTION)

#define CLASS_ROW(name, title, condition) { #name, title, class_is_##name },
const struct class classes[] = { CLASSES(CLASS_ROW) };
const int classes_count = (int)(sizeof(classes) / sizeof(classes[0]));
