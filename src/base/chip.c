/* chip.c - the chips espreset knows by name, and what their boot straps mean. */
#include "base/chip.h"

#include <string.h>

static const char *const names[CHIP_COUNT] = {
	[CHIP_ESP8266] = "esp8266",
	[CHIP_ESP32] = "esp32",
	[CHIP_ESP32S2] = "esp32s2",
	[CHIP_ESP32S3] = "esp32s3",
	[CHIP_ESP32C2] = "esp32c2",
	[CHIP_ESP32C3] = "esp32c3",
	[CHIP_ESP32C5] = "esp32c5",
	[CHIP_ESP32C6] = "esp32c6",
	[CHIP_ESP32C61] = "esp32c61",
	[CHIP_ESP32H2] = "esp32h2",
	[CHIP_ESP32P4] = "esp32p4",
};

/* Other names for the same silicon. The C2's ROM says esp8684 (espressif/esp-idf docs/en/security/esp32c2_log.inc). */
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
	return (unsigned int)chip < CHIP_COUNT ? names[chip] : NULL;
}

static enum chip find(const char *name, size_t n)
{
	for (unsigned int i = 0; i < CHIP_COUNT; i++) {
		if (names[i] && strlen(names[i]) == n && !memcmp(names[i], name, n))
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
		char c = *name;

		if (c == '-' && n > 0)
			continue;
		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (n == sizeof(plain))
			return CHIP_UNKNOWN;
		plain[n++] = c;
	}
	return find(plain, n);
}

enum chip chip_by_rom_name(const char *name, size_t n)
{
	enum chip chip = find(name, n);

	return chip == CHIP_UNKNOWN ? CHIP_NEWER : chip;
}

/* espressif/esp-idf components/soc/esp32/include/soc/boot_mode.h */
static enum chip_straps esp32_straps(unsigned int value)
{
	if (value & 0x10)
		return CHIP_STRAPS_FLASH;
	return (value & 0x18) == 0 ? CHIP_STRAPS_DOWNLOAD : CHIP_STRAPS_OTHER;
}

/* espressif/esp-idf components/soc/esp32s2/include/soc/boot_mode.h; 6 is the SPI slave's download */
static enum chip_straps s2_s3_straps(unsigned int value)
{
	if (value & 8)
		return CHIP_STRAPS_FLASH;
	return (value & 0xc) == 0 || (value & 0xf) == 6 ? CHIP_STRAPS_DOWNLOAD : CHIP_STRAPS_OTHER;
}

/* espressif/esp-idf components/soc/esp32c2/include/soc/boot_mode.h. The same file of the C3, C6, H2 and P4 has the
 * S2's table; real chips print 4 to 7 for download and 0 for USB_BOOT, as the C2's says. */
static enum chip_straps riscv_straps(unsigned int value)
{
	if (value & 8)
		return CHIP_STRAPS_FLASH;
	if (value & 4)
		return CHIP_STRAPS_DOWNLOAD;
	if ((value & 3) == 1)
		return CHIP_STRAPS_UNKNOWN;	/* SPI slave or SDIO, depending on the chip */
	return (value & 3) == 0 ? CHIP_STRAPS_DOWNLOAD : CHIP_STRAPS_OTHER;
}

enum chip_straps chip_straps(enum chip chip, unsigned int value)
{
	switch (chip) {
	case CHIP_ESP32:
		return esp32_straps(value);
	case CHIP_ESP32S2:
	case CHIP_ESP32S3:
		return s2_s3_straps(value);
	case CHIP_ESP32C2:
	case CHIP_ESP32C3:
	case CHIP_ESP32C6:
	case CHIP_ESP32C61:
	case CHIP_ESP32H2:
	case CHIP_ESP32P4:
		return riscv_straps(value);
	case CHIP_ESP32C5: /* one bit higher: flash 0x18 0x1e 0x3d 0x58 0x59, download 0x0f 0x49 were seen */
		if (value & 0x10)
			return CHIP_STRAPS_FLASH;
		return value & 8 ? CHIP_STRAPS_DOWNLOAD : CHIP_STRAPS_OTHER;
	default:
		return CHIP_STRAPS_UNKNOWN;
	}
}
