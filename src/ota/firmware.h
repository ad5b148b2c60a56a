/* firmware.h - what well-known firmwares print when they are up, and the update protocol that goes with each. */
#ifndef ESPRESET_OTA_FIRMWARE_H
#define ESPRESET_OTA_FIRMWARE_H

#include "base/chip.h"
#include "ota/ota.h"

#define FIRMWARE_LINES 3

/* Patterns are Perl-compatible (PCRE2), for lines without escapes. Static. */
struct firmware {
	const char *name;
	const char *about;			 /* one line, for --firmware list */
	const char *expect[FIRMWARE_LINES + 1];	 /* all must come; NULL ends */
	const char *fail_on[FIRMWARE_LINES + 1]; /* NULL ends */
	const char *address;			 /* group 1 is the board's address; NULL: it prints none.
						 * One of expect[], so that it has come when all have */
	const char *version;			 /* group 1 is a version that decides about the probe; NULL */
	enum ota_protocol protocol;		 /* OTA_PROTOCOL_NONE: nothing that could be probed */
	int port_esp8266, port_esp32;
	struct ota_page page;
	const char *no_ota; /* why there is nothing to probe; NULL */
};

/* Ends with a name of NULL. */
extern const struct firmware firmwares[];

/* Return: the row, or NULL. Names as in firmwares[], lower case. */
const struct firmware *firmware_by_name(const char *name);

/* The service's port when --ota gave none. */
int firmware_port(const struct firmware *firmware, enum chip chip);

/**
 * firmware_default() - the protocol of --ota without --firmware: ArduinoOTA
 * Never NULL.
 */
const struct firmware *firmware_default(void);

#endif
