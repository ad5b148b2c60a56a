/* firmware.h - well-known firmwares: the text lines they print once they run, and their OTA protocol.
 *
 *	firmware = name ? firmware_by_name(name) : firmware_default();
 *	wait for the text lines of firmware->expect, then probe firmware_port(firmware, chip)
 */
#ifndef ESPRESET_OTA_FIRMWARE_H
#define ESPRESET_OTA_FIRMWARE_H

#include "base/chip.h"
#include "ota/ota.h"

#define FIRMWARE_LINES 3

/* Patterns are PCRE2, for text lines without escape sequences. All strings are static. */
struct firmware {
	const char *name;
	const char *about;			 /* one text line, for --firmware list */
	const char *expect[FIRMWARE_LINES + 1];	 /* patterns that must all match; NULL ends */
	const char *fail_on[FIRMWARE_LINES + 1]; /* patterns that must not match; NULL ends */
	const char *address; /* the pattern of expect[] whose group 1 is the board's address; NULL: it prints none */
	const char *version; /* pattern whose group 1 is the version, which decides about the probe; NULL: not needed */
	enum ota_protocol protocol;   /* OTA_PROTOCOL_NONE: nothing that could be probed */
	int port_esp8266, port_esp32; /* of the OTA service */
	struct ota_page page;	      /* OTA_WEB: the page to get */
	const char *no_ota;	      /* OTA_PROTOCOL_NONE: why nothing can be probed */
};

/* The table; a row with the name NULL ends it. */
extern const struct firmware firmwares[];

/** firmware_by_name() - the row of a name in lower case; NULL: there is none */
const struct firmware *firmware_by_name(const char *name);

/** firmware_port() - the port of the OTA service, for --ota without a port */
int firmware_port(const struct firmware *firmware, enum chip chip);

/** firmware_default() - the row for --ota without --firmware: ArduinoOTA */
const struct firmware *firmware_default(void);

#endif
