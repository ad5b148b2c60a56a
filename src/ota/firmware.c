/* firmware.c - well-known firmwares: the text lines they print once they run, and their OTA protocol. */
#include "ota/firmware.h"

#include <string.h>

/* An IPv4 address other than 0.0.0.0. */
#define ADDRESS "([1-9][0-9]*\\.[0-9]+\\.[0-9]+\\.[0-9]+)"

const struct firmware firmwares[] = {
	{
		/* libraries/ArduinoOTA/examples/BasicOTA of esp8266/Arduino and of espressif/arduino-esp32 */
		.name = "arduino",
		.about = "a sketch like the example BasicOTA: \"Ready\", \"IP address: ...\"; ArduinoOTA",
		.expect = { "(^|[^[:alnum:]])Ready$", "IP address: *" ADDRESS "$" },
		.fail_on = { "Connection Failed! Rebooting" },
		.address = "IP address: *" ADDRESS "$",
		.protocol = OTA_ARDUINO,
		.port_esp8266 = OTA_PORT_ESP8266,
		.port_esp32 = OTA_PORT_ESP32,
	},
	{
		/* esphome core/application.cpp, components/wifi/wifi_component.cpp, components/esphome/ota */
		.name = "esphome",
		.about = "ESPHome with its log on this port: the IP address, \"Over-The-Air updates:\"",
		.expect = { "IP Address: " ADDRESS, "Over-The-Air updates:" },
		.address = "IP Address: " ADDRESS,
		.version = "ESPHome version ([0-9]+\\.[0-9]+)",
		.protocol = OTA_ESPHOME,
		.port_esp8266 = OTA_PORT_ESP8266,
		.port_esp32 = OTA_PORT_ESP32,
	},
	{
		/* arendst/Tasmota xdrv_01_9_webserver.ino; a GET of /u1 would start an upgrade; /up shows the forms */
		.name = "tasmota",
		.about = "Tasmota in English: \"HTP: Web server active on ... with IP address ...\"; its upgrade page",
		.expect = { "HTP: Web server active on .* with IP address " ADDRESS },
		.address = "HTP: Web server active on .* with IP address " ADDRESS,
		.protocol = OTA_WEB,
		.port_esp8266 = 80,
		.port_esp32 = 80,
		.page = { "/up", "action='u2'", false },
	},
	{
		/* WLED wled00/wled.cpp, wled_server.cpp; a locked WLED answers /update with 401 */
		.name = "wled",
		.about = "WLED: \"Ada\" once it is set up, before the network is; its update page",
		.expect = { "(^|[^[:alnum:]])Ada$" },
		.protocol = OTA_WEB,
		.port_esp8266 = 80,
		.port_esp32 = 80,
		.page = { "/update", "multipart/form-data", true },
	},
	{
		/* micropython/micropython-lib micropython/net/webrepl/webrepl.py is not probed: a connection
		 * stops the interpreter until it is closed */
		.name = "micropython",
		.about = "MicroPython: its greeting; no update over the air that could be asked",
		.expect = { "MicroPython v[0-9]" },
		.protocol = OTA_PROTOCOL_NONE,
		.no_ota = "MicroPython has no update service; for WebREPL use --expect 'WebREPL .*started on'",
	},
	{
		/* espressif/esp-idf components/freertos/app_startup.c, examples/system/ota */
		.name = "esp-idf",
		.about = "ESP-IDF with its log on this port: app_main() is called; it fetches its updates itself",
		.expect = { "Calling app_main\\(\\)|Starting OTA example|OTA example app_main start" },
		.protocol = OTA_PROTOCOL_NONE,
		.no_ota = "an ESP-IDF application fetches its updates itself: nothing listens that could be asked",
	},
	{ .name = NULL },
};

const struct firmware *firmware_by_name(const char *name)
{
	for (const struct firmware *row = firmwares; row->name; row++)
		if (!strcmp(row->name, name))
			return row;
	return NULL;
}

const struct firmware *firmware_default(void)
{
	return &firmwares[0];
}

int firmware_port(const struct firmware *firmware, enum chip chip)
{
	return chip == CHIP_ESP8266 || chip == CHIP_UNKNOWN ? firmware->port_esp8266 : firmware->port_esp32;
}
