/* chip.h - the chips espreset knows by name, and what of them the verdict depends on. */
#ifndef ESPRESET_CHIP_H
#define ESPRESET_CHIP_H

#include <stdbool.h>
#include <stddef.h>

enum chip {
	CHIP_UNKNOWN,	/* not said yet */
	CHIP_ESP8266,	/* and the ESP8285, whose ROM is the same */
	CHIP_ESP32,
	CHIP_ESP32S2,
	CHIP_ESP32S3,
	CHIP_ESP32C2,	/* its ROM calls itself esp8684 */
	CHIP_ESP32C3,
	CHIP_ESP32C5,
	CHIP_ESP32C6,
	CHIP_ESP32C61,
	CHIP_ESP32H2,
	CHIP_ESP32P4,
	CHIP_NEWER,	/* prints the newer chips' banner under a name, or no name, that we do not know */
	CHIP_COUNT
};

/**
 * chip_name() - the name in results, options and JSON
 * Return: a static string such as "esp32c3"; NULL for CHIP_UNKNOWN and CHIP_NEWER.
 */
const char *chip_name(enum chip chip);

/**
 * chip_by_name() - what --chip means
 * @name: any case, with or without the dash ("ESP32-C3"); esp8285 is esp8266
 * Return: the chip, or CHIP_UNKNOWN when there is none of that name.
 */
enum chip chip_by_name(const char *name);

#endif
