/* firmware.c - well-known firmwares: the text lines that they print when they run, and their OTA protocols. */
#include "ota/firmware.h"

#include <string.h>

/* A pattern for an IPv4 address other than 0.0.0.0. */
#define ADDRESS "([1-9][0-9]*\\.[0-9]+\\.[0-9]+\\.[0-9]+)"

const struct firmware firmwares[] = {
	{
		/* source: libraries/ArduinoOTA/examples/BasicOTA of esp8266/Arduino and of espressif/arduino-esp32 */
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
		/* source: esphome core/application.cpp, components/wifi/wifi_component.cpp, components/esphome/ota */
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
		/* source: arendst/Tasmota xdrv_01_9_webserver.ino. The probe gets the page /up, which only shows the
		 * forms. A GET of /u1 would start an upgrade. */
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
		/* source: WLED wled00/wled.cpp, wled_server.cpp. A locked WLED answers a GET of /update with 401. */
		.name = "wled",
		.about = "WLED: \"Ada\" once it is set up, before the network is; its update page",
		.expect = { "(^|[^[:alnum:]])Ada$" },
		.protocol = OTA_WEB,
		.port_esp8266 = 80,
		.port_esp32 = 80,
		.page = { "/update", "multipart/form-data", true },
	},
	{
		/* WebREPL (micropython/micropython-lib micropython/net/webrepl/webrepl.py) is not probed: a connection
		 * to it stops the interpreter until the connection is closed */
		.name = "micropython",
		.about = "MicroPython: its greeting; no update over the air that could be asked",
		.expect = { "MicroPython v[0-9]" },
		.protocol = OTA_PROTOCOL_NONE,
		.no_ota = "MicroPython has no update service; for WebREPL use --expect 'WebREPL .*started on'",
	},
	{
		/* source: espressif/esp-idf components/freertos/app_startup.c, examples/system/ota */
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
