/* chip.c - the table of chips: names, boot straps, flash offset of the bootloader. */
#include "base/chip.h"

#include <string.h>

/* ---- the boot mode number of the banner ("boot:0xNN") ---- */

/* Decodes the boot mode number that an ESP32 prints ("boot:0xNN"). Source: espressif/esp-idf
 * components/soc/esp32/include/soc/boot_mode.h. */
static enum chip_straps esp32_straps(unsigned int value)
{
	if (value & 0x10)
		return CHIP_STRAPS_FLASH;
	return (value & 0x18) == 0 ? CHIP_STRAPS_DOWNLOAD : CHIP_STRAPS_OTHER;
}

/* Decodes the boot mode number that an ESP32-S2 or S3 prints ("boot:0xNN"). Value 6 is download through the SPI slave.
 * Source: espressif/esp-idf components/soc/esp32s2/include/soc/boot_mode.h. */
static enum chip_straps s2_s3_straps(unsigned int value)
{
	if (value & 8)
		return CHIP_STRAPS_FLASH;
	return (value & 0xc) == 0 || (value & 0xf) == 6 ? CHIP_STRAPS_DOWNLOAD : CHIP_STRAPS_OTHER;
}

/* Decodes the boot mode number ("boot:0xNN") of the ESP32-C2, C3, C6, C61, H2, H21 and P4. Source: espressif/esp-idf
 * components/soc/esp32c2/include/soc/boot_mode.h. The boot_mode.h of the C3, C6, H2 and P4 repeats the bits of the S2.
 * This is wrong: the C3, C6, H2 and P4 print 4 to 7 for download mode and 0 for USB_BOOT, as the C2 does. */
static enum chip_straps riscv_straps(unsigned int value)
{
	if (value & 8)
		return CHIP_STRAPS_FLASH;
	if (value & 4)
		return CHIP_STRAPS_DOWNLOAD;
	if ((value & 3) == 1)
		return CHIP_STRAPS_UNKNOWN; /* some of these chips boot as an SPI slave, others from SDIO */
	return (value & 3) == 0 ? CHIP_STRAPS_DOWNLOAD : CHIP_STRAPS_OTHER;
}

/* Decodes the boot mode number ("boot:0xNN") of the ESP32-C5 and S31. Bit 4 is the level of the boot pin, bit 3 that of
 * a second strapping pin. Sources: C5: espressif/esp-idf components/soc/esp32c5/register/soc/gpio_reg.h; S31: an
 * assertion in its ROM. If both pins are low, a third strapping pin decides whether a C5 waits for UART0 and SDIO, so
 * the boot source is not known. Numbers seen in logs: C5 from flash 0x18 0x1e 0x3d 0x58 0x59, C5 in download mode 0x0f
 * 0x49; S31 from flash 0x58, S31 in download mode 0x69 0x6f. */
static enum chip_straps c5_straps(unsigned int value)
{
	if (value & 0x10)
		return CHIP_STRAPS_FLASH;
	return value & 8 ? CHIP_STRAPS_DOWNLOAD : CHIP_STRAPS_UNKNOWN;
}

/* ---- the table ---- */

/* Boot pin, bootloader offset and strap bits of each chip.
 * Sources of the boot pins: espressif/esp-hardware-design-guidelines docs/en/<chip>/<chip>-chip-boot-mode-control.inc;
 * ESP8266: esp8266/Arduino doc/boards.rst; S31, H21: espressif/esptool docs/en/advanced-topics/boot-mode-selection.rst.
 * The H4's pin is left out, because its sources disagree: the esptool page says GPIO14, which is a USB pin in
 * esptool's esp32h4.py, and espressif/esp-idf docs/en/api-reference/peripherals/gpio/esp32h4.inc lists other straps.
 * The E22's pin is not published.
 * Source of the flash offsets: espressif/esptool esptool/targets/<chip>.py, BOOTLOADER_FLASH_OFFSET.
 * The strap bits of the H4 are not known, because the headers of espressif/esp-idf disagree: boot_mode.h has the bits
 * of the H2, gpio_reg.h those of the C5. The strap bits of the E22 are not known either: only bit 3 is published, and
 * only for a reset by USB (espressif/esptool targets/esp32e22.py). */
static const struct {
	const char *name;
	int boot_pin;
	enum chip causes_like; /* chip with the same reset causes in bootlog/cause.c; CHIP_UNKNOWN: none */
	long bootloader;
	enum chip_straps (*straps)(unsigned int value); /* NULL: the meaning of the bits is not known */
} chips[CHIP_COUNT] = {
	[CHIP_UNKNOWN] = { NULL, -1, CHIP_UNKNOWN, -1, NULL },
	[CHIP_ESP8266] = { "esp8266", 0, CHIP_UNKNOWN, 0x0, NULL },
	[CHIP_ESP32] = { "esp32", 0, CHIP_UNKNOWN, 0x1000, esp32_straps },
	[CHIP_ESP32S2] = { "esp32s2", 0, CHIP_UNKNOWN, 0x1000, s2_s3_straps },
	[CHIP_ESP32S3] = { "esp32s3", 0, CHIP_UNKNOWN, 0x0, s2_s3_straps },
	[CHIP_ESP32C2] = { "esp32c2", 9, CHIP_UNKNOWN, 0x0, riscv_straps },
	[CHIP_ESP32C3] = { "esp32c3", 9, CHIP_UNKNOWN, 0x0, riscv_straps },
	[CHIP_ESP32C5] = { "esp32c5", 28, CHIP_UNKNOWN, 0x2000, c5_straps },
	[CHIP_ESP32C6] = { "esp32c6", 9, CHIP_UNKNOWN, 0x0, riscv_straps },
	[CHIP_ESP32C61] = { "esp32c61", 9, CHIP_ESP32C5, 0x0, riscv_straps },
	[CHIP_ESP32H2] = { "esp32h2", 9, CHIP_UNKNOWN, 0x0, riscv_straps },
	[CHIP_ESP32P4] = { "esp32p4", 35, CHIP_UNKNOWN, 0x2000, riscv_straps },
	[CHIP_ESP32S31] = { "esp32s31", 61, CHIP_UNKNOWN, 0x2000, c5_straps },
	[CHIP_ESP32H4] = { "esp32h4", -1, CHIP_UNKNOWN, 0x2000, NULL },
	[CHIP_ESP32H21] = { "esp32h21", 14, CHIP_UNKNOWN, 0x0, riscv_straps },
	[CHIP_ESP32E22] = { "esp32e22", -1, CHIP_UNKNOWN, 0x0, NULL },
	[CHIP_NEWER] = { NULL, -1, CHIP_UNKNOWN, -1, NULL },
};

/* Second names of chips. The ROM of the ESP32-C2, for example, calls the chip esp8684 (espressif/esp-idf
 * docs/en/security/esp32c2_log.inc). */
static const struct {
	const char *name;
	enum chip chip;
} aliases[] = {
	{ "esp8285", CHIP_ESP8266 },
	{ "esp8684", CHIP_ESP32C2 },
	{ "esp8685", CHIP_ESP32C3 },
};

const char *chip_name(enum chip chip)
{
	return (unsigned int)chip < CHIP_COUNT ? chips[chip].name : NULL;
}

static enum chip chip_find(const char *name, size_t n)
{
	for (unsigned int i = 0; i < CHIP_COUNT; i++) {
		if (chips[i].name && strlen(chips[i].name) == n && !memcmp(chips[i].name, name, n))
			return (enum chip)i;
	}
	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
		if (strlen(aliases[i].name) == n && !memcmp(aliases[i].name, name, n))
			return aliases[i].chip;
	}
	return CHIP_UNKNOWN;
}

enum chip chip_by_name(const char *name)
{
	char plain[16];
	size_t n = 0;

	for (; *name; name++) {
		if (*name == '-' && n > 0)
			continue;
		if (n == sizeof(plain))
			return CHIP_UNKNOWN;
		plain[n++] = (char)(*name >= 'A' && *name <= 'Z' ? *name - 'A' + 'a' : *name);
	}
	return chip_find(plain, n);
}

enum chip chip_by_rom_name(const char *name, size_t n)
{
	enum chip chip = chip_find(name, n);

	return chip == CHIP_UNKNOWN ? CHIP_NEWER : chip;
}

int chip_boot_pin(enum chip chip)
{
	return (unsigned int)chip < CHIP_COUNT ? chips[chip].boot_pin : -1;
}

enum chip chip_causes_like(enum chip chip)
{
	return (unsigned int)chip < CHIP_COUNT && chips[chip].causes_like ? chips[chip].causes_like : chip;
}

long chip_bootloader_offset(enum chip chip)
{
	return (unsigned int)chip < CHIP_COUNT ? chips[chip].bootloader : -1;
}

enum chip_straps chip_straps(enum chip chip, unsigned int value)
{
	if ((unsigned int)chip >= CHIP_COUNT || !chips[chip].straps)
		return CHIP_STRAPS_UNKNOWN;
	return chips[chip].straps(value);
}
