/* test_chip.c - the names of chips, and what the strap value in a banner says about the boot mode. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/chip.h"
#include "suite.h"

static const struct {
	const char *name;
	enum chip chip;
} names[] = {
	{ "esp8266", CHIP_ESP8266 },   { "ESP8285", CHIP_ESP8266 },
	{ "esp32", CHIP_ESP32 },       { "ESP32-C3", CHIP_ESP32C3 },
	{ "esp32s2", CHIP_ESP32S2 },   { "Esp32-S3", CHIP_ESP32S3 },
	{ "esp8684", CHIP_ESP32C2 },   { "esp32c2", CHIP_ESP32C2 },
	{ "esp32c5", CHIP_ESP32C5 },   { "esp32-c6", CHIP_ESP32C6 },
	{ "esp32c61", CHIP_ESP32C61 }, { "esp32h2", CHIP_ESP32H2 },
	{ "esp32p4", CHIP_ESP32P4 },   { "ESP32-S31", CHIP_ESP32S31 },
	{ "esp32h4", CHIP_ESP32H4 },   { "esp32h21", CHIP_ESP32H21 },
	{ "esp32e22", CHIP_ESP32E22 }, { "", CHIP_UNKNOWN },
	{ "esp", CHIP_UNKNOWN },       { "esp32c", CHIP_UNKNOWN },
	{ "esp32c33", CHIP_UNKNOWN },  { "-esp32", CHIP_UNKNOWN },
	{ "esp32 ", CHIP_UNKNOWN },    { "esp32-a-very-long-name-indeed", CHIP_UNKNOWN },
};

START_TEST(knows_a_chip_by_its_name)
{
	ck_assert_int_eq(chip_by_name(names[_i].name), names[_i].chip);
}
END_TEST

START_TEST(each_chip_has_a_name_that_means_it)
{
	for (int chip = CHIP_UNKNOWN + 1; chip < CHIP_NEWER; chip++)
		ck_assert_int_eq(chip_by_name(chip_name((enum chip)chip)), chip);
	ck_assert_ptr_null(chip_name(CHIP_UNKNOWN));
	ck_assert_ptr_null(chip_name(CHIP_NEWER));
	ck_assert_ptr_null(chip_name(CHIP_COUNT));
}
END_TEST

START_TEST(a_rom_of_an_unknown_chip_is_a_newer_one)
{
	ck_assert_int_eq(chip_by_rom_name("esp32x9", 7), CHIP_NEWER);
	ck_assert_int_eq(chip_by_rom_name("esp32s3", 7), CHIP_ESP32S3);
	ck_assert_int_eq(chip_by_rom_name("esp32s31", 8), CHIP_ESP32S31);
	ck_assert_int_eq(chip_by_rom_name("esp32s312", 9), CHIP_NEWER);
	ck_assert_int_eq(chip_by_rom_name("esp8684-api2", 7), CHIP_ESP32C2);
	ck_assert_int_eq(chip_by_rom_name("esp32c61", 7), CHIP_ESP32C6);
}
END_TEST

/* Strap values from banners of real boards, and the kind of boot that each means. */
static const struct {
	enum chip chip;
	unsigned int value;
	enum chip_straps straps;
} straps[] = {
	{ CHIP_ESP32, 0x13, CHIP_STRAPS_FLASH },
	{ CHIP_ESP32, 0x3f, CHIP_STRAPS_FLASH },
	{ CHIP_ESP32, 0x12, CHIP_STRAPS_FLASH },
	{ CHIP_ESP32, 0x03, CHIP_STRAPS_DOWNLOAD },
	{ CHIP_ESP32, 0x23, CHIP_STRAPS_DOWNLOAD },
	{ CHIP_ESP32, 0x0b, CHIP_STRAPS_OTHER },
	{ CHIP_ESP32, 0x2b, CHIP_STRAPS_OTHER },
	{ CHIP_ESP32S3, 0x2b, CHIP_STRAPS_FLASH },
	{ CHIP_ESP32S3, 0x08, CHIP_STRAPS_FLASH },
	{ CHIP_ESP32S3, 0x23, CHIP_STRAPS_DOWNLOAD },
	{ CHIP_ESP32S3, 0x16, CHIP_STRAPS_DOWNLOAD },
	{ CHIP_ESP32S2, 0x0a, CHIP_STRAPS_FLASH },
	{ CHIP_ESP32S2, 0x12, CHIP_STRAPS_DOWNLOAD },
	{ CHIP_ESP32C3, 0x0d, CHIP_STRAPS_FLASH },
	{ CHIP_ESP32C3, 0x07, CHIP_STRAPS_DOWNLOAD },
	{ CHIP_ESP32C3, 0x00, CHIP_STRAPS_DOWNLOAD },
	{ CHIP_ESP32C3, 0x01, CHIP_STRAPS_UNKNOWN },
	{ CHIP_ESP32C6, 0x7f, CHIP_STRAPS_FLASH },
	{ CHIP_ESP32C6, 0x16, CHIP_STRAPS_DOWNLOAD },
	{ CHIP_ESP32C6, 0x77, CHIP_STRAPS_DOWNLOAD },
	{ CHIP_ESP32C6, 0x61, CHIP_STRAPS_UNKNOWN },
	{ CHIP_ESP32C61, 0x1f, CHIP_STRAPS_FLASH },
	{ CHIP_ESP32H2, 0x0c, CHIP_STRAPS_FLASH },
	{ CHIP_ESP32P4, 0x30f, CHIP_STRAPS_FLASH },
	{ CHIP_ESP32P4, 0x307, CHIP_STRAPS_DOWNLOAD },
	{ CHIP_ESP32P4, 0x204, CHIP_STRAPS_DOWNLOAD },
	{ CHIP_ESP32C5, 0x18, CHIP_STRAPS_FLASH },
	{ CHIP_ESP32C5, 0x58, CHIP_STRAPS_FLASH },
	{ CHIP_ESP32C5, 0x0f, CHIP_STRAPS_DOWNLOAD },
	{ CHIP_ESP32C5, 0x49, CHIP_STRAPS_DOWNLOAD },
	/* perhaps download mode over UART0 and SDIO, but a third boot strap decides: so the boot mode is unknown */
	{ CHIP_ESP32C5, 0x07, CHIP_STRAPS_UNKNOWN },
	{ CHIP_ESP32S31, 0x58, CHIP_STRAPS_FLASH },
	{ CHIP_ESP32S31, 0x69, CHIP_STRAPS_DOWNLOAD },
	{ CHIP_ESP32S31, 0x6f, CHIP_STRAPS_DOWNLOAD },
	{ CHIP_ESP32S31, 0x60, CHIP_STRAPS_UNKNOWN },
	{ CHIP_ESP32H21, 0x0c, CHIP_STRAPS_FLASH },
	{ CHIP_ESP32H21, 0x04, CHIP_STRAPS_DOWNLOAD },
	{ CHIP_ESP32H4, 0x08, CHIP_STRAPS_UNKNOWN },
	{ CHIP_ESP32E22, 0x08, CHIP_STRAPS_UNKNOWN },
	{ CHIP_NEWER, 0x58, CHIP_STRAPS_UNKNOWN },
	{ CHIP_ESP8266, 3, CHIP_STRAPS_UNKNOWN },
};

START_TEST(reads_the_boot_straps_of_each_chip)
{
	ck_assert_int_eq(chip_straps(straps[_i].chip, straps[_i].value), straps[_i].straps);
}
END_TEST

/* All values of enum chip, and CHIP_COUNT as an invalid one. */
static const struct {
	enum chip chip;
	int boot_pin;
	long bootloader;
} facts[] = {
	{ CHIP_UNKNOWN, -1, -1 },     { CHIP_NEWER, -1, -1 },	    { CHIP_COUNT, -1, -1 },
	{ CHIP_ESP8266, 0, 0 },	      { CHIP_ESP32, 0, 0x1000 },    { CHIP_ESP32S2, 0, 0x1000 },
	{ CHIP_ESP32S3, 0, 0 },	      { CHIP_ESP32C2, 9, 0 },	    { CHIP_ESP32C3, 9, 0 },
	{ CHIP_ESP32C5, 28, 0x2000 }, { CHIP_ESP32C6, 9, 0 },	    { CHIP_ESP32C61, 9, 0 },
	{ CHIP_ESP32H2, 9, 0 },	      { CHIP_ESP32P4, 35, 0x2000 }, { CHIP_ESP32S31, 61, 0x2000 },
	{ CHIP_ESP32H4, -1, 0x2000 }, { CHIP_ESP32H21, 14, 0 },	    { CHIP_ESP32E22, -1, 0 },
};
_Static_assert(COUNT(facts) == CHIP_COUNT + 1, "every chip has a row");

START_TEST(knows_the_boot_pin_of_each_chip)
{
	ck_assert_int_eq(chip_boot_pin(facts[_i].chip), facts[_i].boot_pin);
}
END_TEST

START_TEST(knows_where_the_bootloader_of_each_chip_lies)
{
	ck_assert_int_eq(chip_bootloader_offset(facts[_i].chip), facts[_i].bootloader);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("chip");

	tcase_add_loop_test(tc, knows_a_chip_by_its_name, 0, COUNT(names));
	tcase_add_test(tc, each_chip_has_a_name_that_means_it);
	tcase_add_test(tc, a_rom_of_an_unknown_chip_is_a_newer_one);
	tcase_add_loop_test(tc, reads_the_boot_straps_of_each_chip, 0, COUNT(straps));
	tcase_add_loop_test(tc, knows_the_boot_pin_of_each_chip, 0, COUNT(facts));
	tcase_add_loop_test(tc, knows_where_the_bootloader_of_each_chip_lies, 0, COUNT(facts));
	return suite_run_case("chip", tc);
}
