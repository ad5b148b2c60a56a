/* chip.h - the chips espreset knows by name, and what of them the verdict depends on. */
#ifndef ESPRESET_BASE_CHIP_H
#define ESPRESET_BASE_CHIP_H

#include <stdbool.h>
#include <stddef.h>

enum chip {
	CHIP_UNKNOWN, /* not said yet */
	CHIP_ESP8266, /* and the ESP8285, whose ROM is the same */
	CHIP_ESP32,
	CHIP_ESP32S2,
	CHIP_ESP32S3,
	CHIP_ESP32C2, /* its ROM calls itself esp8684 */
	CHIP_ESP32C3,
	CHIP_ESP32C5,
	CHIP_ESP32C6,
	CHIP_ESP32C61,
	CHIP_ESP32H2,
	CHIP_ESP32P4,
	CHIP_ESP32S31,
	CHIP_ESP32H4,
	CHIP_ESP32H21,
	CHIP_ESP32E22,
	CHIP_NEWER, /* prints the newer chips' banner under a name, or no name, that we do not know */
	CHIP_COUNT
};

/* What the straps say about the boot source. */
enum chip_straps {
	CHIP_STRAPS_UNKNOWN, /* a chip whose straps we do not know */
	CHIP_STRAPS_FLASH,
	CHIP_STRAPS_DOWNLOAD,
	CHIP_STRAPS_OTHER,
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

/**
 * chip_by_rom_name() - what a ROM calls itself after "ESP-ROM:", up to the first dash
 * @name: lower case, not terminated
 * Return: the chip; CHIP_NEWER for a name that we do not know.
 */
enum chip chip_by_rom_name(const char *name, size_t n);

/**
 * chip_straps() - the boot source by the bits of the family's "boot:0xNN"
 * Only a cross-check of the text behind it: reserved bits float, and a core reset shows stale ones.
 */
enum chip_straps chip_straps(enum chip chip, unsigned int value);

/**
 * chip_boot_pin() - the GPIO that is low at reset for download mode: the BOOT button's
 * Return: -1 where it is not known.
 */
int chip_boot_pin(enum chip chip);

/**
 * chip_second_pin() - the other strap that download mode depends on, next to the boot pin
 * Download needs it low on ESP32, S2 and S3, high on the others. The ESP8266 has a third one, GPIO15, which is low in
 * every mode but SDIO.
 * Return: its GPIO; -1 where it is not known.
 */
int chip_second_pin(enum chip chip);

/**
 * chip_bootloader_offset() - where in flash the ROM looks for the bootloader
 * Return: -1 where it is not known.
 */
long chip_bootloader_offset(enum chip chip);

#endif
