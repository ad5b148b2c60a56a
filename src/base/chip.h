/* chip.h - the chips that espreset knows by name, their strapping pins and their bootloaders.
 *
 *	chip = chip_by_name("ESP32-C3");	what the user typed, or chip_by_rom_name() for a banner
 *	if (chip_straps(chip, 0x7) == CHIP_STRAPS_DOWNLOAD)
 *		printf("%s: release GPIO%d\n", chip_name(chip), chip_boot_pin(chip));
 */
#ifndef ESPRESET_BASE_CHIP_H
#define ESPRESET_BASE_CHIP_H

#include <stddef.h>

enum chip {
	CHIP_UNKNOWN,
	CHIP_ESP8266, /* also the ESP8285, which has the same ROM */
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
	CHIP_NEWER, /* its ROM prints a banner of the ESP32 family, with an unknown chip name or with none */
	CHIP_COUNT
};

/* The boot source that the strapping pins select. */
enum chip_straps {
	CHIP_STRAPS_UNKNOWN, /* the boot source is not known */
	CHIP_STRAPS_FLASH,
	CHIP_STRAPS_DOWNLOAD,
	CHIP_STRAPS_OTHER, /* another boot source, such as SDIO */
};

/** chip_name() - a static name such as "esp32c3"; NULL for CHIP_UNKNOWN and CHIP_NEWER */
const char *chip_name(enum chip chip);

/**
 * chip_by_name() - the chip that the user means with --chip
 * @name: upper or lower case, with or without the dash ("ESP32-C3"); esp8285, esp8684 and esp8685 are known too
 * Return: CHIP_UNKNOWN if there is no such chip.
 */
enum chip chip_by_name(const char *name);

/**
 * chip_by_rom_name() - the chip whose ROM prints "ESP-ROM:NAME-..."
 * @name: @n characters in lower case, without a NUL
 * Return: CHIP_NEWER if the name is not in the table.
 */
enum chip chip_by_rom_name(const char *name, size_t n);

/**
 * chip_straps() - the boot source according to NN of "boot:0xNN", as the ROMs of the ESP32 family print it
 *
 * The number is not reliable: its reserved bits float, and a reset of the core alone does not renew it. So use the
 * result only to cross-check the text that follows the number in the banner.
 */
enum chip_straps chip_straps(enum chip chip, unsigned int value);

/** chip_boot_pin() - the GPIO of the BOOT button, which must be low at reset for download mode; -1: not known */
int chip_boot_pin(enum chip chip);

/** chip_causes_like() - the chip under which bootlog/cause.c lists the reset causes that @chip prints; may be @chip */
enum chip chip_causes_like(enum chip chip);

/** chip_bootloader_offset() - the flash offset at which the ROM looks for the bootloader; -1: not known */
long chip_bootloader_offset(enum chip chip);

#endif
