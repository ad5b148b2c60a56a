/* firmware.h - well-known firmwares: the text lines that they print when they run, and their OTA protocols.
 *
 *	firmware = name ? firmware_by_name(name) : firmware_default();
 *	wait for the text lines of firmware->expect, then probe firmware_port(firmware, chip)
 */
#ifndef ESPRESET_OTA_FIRMWARE_H
#define ESPRESET_OTA_FIRMWARE_H

#include "base/chip.h"
#include "ota/ota.h"

#define FIRMWARE_LINES 3

/* A well-known firmware. Patterns are PCRE2; escape sequences are removed from a text line before it is matched. All
 * strings are static. */
struct firmware {
	const char *name;
	const char *about;			 /* one text line, for --firmware list */
	const char *expect[FIRMWARE_LINES + 1];	 /* patterns that must all match; NULL ends the list */
	const char *fail_on[FIRMWARE_LINES + 1]; /* patterns that must not match; NULL ends the list */
	const char *address; /* pattern of expect[]; group 1 is the board's address; NULL: no address is printed */
	const char *version; /* pattern; group 1 is the version, which decides whether to probe; NULL: always probe */
	enum ota_protocol protocol;   /* OTA_PROTOCOL_NONE: there is nothing to probe */
	int port_esp8266, port_esp32; /* default port of the OTA service on each chip family */
	struct ota_page page;	      /* for OTA_WEB: the page that the probe gets */
	const char *no_ota;	      /* for OTA_PROTOCOL_NONE: why nothing can be probed */
};

/* All well-known firmwares; an entry with the name NULL ends the list. */
extern const struct firmware firmwares[];

/** firmware_by_name() - find a firmware by its name in lower case; NULL: there is none */
const struct firmware *firmware_by_name(const char *name);

/** firmware_port() - the default port of the firmware's OTA service on @chip, used when --ota names no port */
int firmware_port(const struct firmware *firmware, enum chip chip);

/** firmware_default() - the firmware that --ota without --firmware means: ArduinoOTA */
const struct firmware *firmware_default(void);

#endif
