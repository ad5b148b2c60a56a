/* test_advice.c - which advice a boot gets, by chip, boot straps, reset cause and failure message. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "bootlog/advice.h"
#include "suite.h"

static const struct {
	struct boot boot;
	enum verdict verdict;
	const char *id, *part; /* the id of the expected advice, and a part of its text */
} cases[] = {
#define DOWNLOAD(name) { .chip = (name), .mode = 1, .source = BOOT_SOURCE_DOWNLOAD }, VERDICT_DOWNLOAD_MODE
	{ DOWNLOAD(CHIP_ESP8266), "boot-strap-low", "GPIO0 was low at reset: release the FLASH button" },
	{ DOWNLOAD(CHIP_ESP32), "boot-strap-low", "GPIO0 was low at reset: release the BOOT button" },
	{ DOWNLOAD(CHIP_ESP32S2), "boot-strap-low", "GPIO0 was" },
	{ DOWNLOAD(CHIP_ESP32S3), "boot-strap-low", "GPIO0 was" },
	{ DOWNLOAD(CHIP_ESP32C2), "boot-strap-low", "GPIO9 was" },
	{ DOWNLOAD(CHIP_ESP32C3), "boot-strap-low", "GPIO9 was" },
	{ DOWNLOAD(CHIP_ESP32C5), "boot-strap-low", "GPIO28 was" },
	{ DOWNLOAD(CHIP_ESP32C6), "boot-strap-low", "GPIO9 was" },
	{ DOWNLOAD(CHIP_ESP32C61), "boot-strap-low", "GPIO9 was" },
	{ DOWNLOAD(CHIP_ESP32H2), "boot-strap-low", "GPIO9 was" },
	{ DOWNLOAD(CHIP_ESP32P4), "boot-strap-low", "GPIO35 was" },
	{ DOWNLOAD(CHIP_ESP32S31), "boot-strap-low", "GPIO61 was" },
	{ DOWNLOAD(CHIP_ESP32H21), "boot-strap-low", "GPIO14 was" },
	{ DOWNLOAD(CHIP_ESP32H4), "boot-strap-low", "GPIO0 on most chips, GPIO9 on most RISC-V ones" },
	{ DOWNLOAD(CHIP_NEWER), "boot-strap-low", "GPIO0 on most chips" },
	{ { .chip = CHIP_ESP32C3, .mode = 0, .mode_text = "USB_BOOT" },
	  VERDICT_DOWNLOAD_MODE,
	  "both-straps-low",
	  "USB" },
	{ { .chip = CHIP_ESP32C3, .mode = 1, .mode_text = "SPI_DOWNLOAD_BOOT" },
	  VERDICT_DOWNLOAD_MODE,
	  "straps-choose-spi",
	  "SPI" },

#define OTHER(name, number, text) { .chip = (name), .mode = (number), .mode_text = text }, VERDICT_OTHER_BOOT
	{ OTHER(CHIP_ESP8266, 0, ""), "gpio0-gpio2-low", "GPIO0 and GPIO2 were low" },
	{ OTHER(CHIP_ESP8266, 2, ""), "gpio2-low", "GPIO2 was low" },
	{ OTHER(CHIP_ESP8266, 5, ""), "gpio15-high", "GPIO15 was high" },
	{ OTHER(CHIP_ESP8266, -1, ""), "gpio15-high", "GPIO15 was high" },
	{ OTHER(CHIP_ESP32, 0x0b, "HSPI_FLASH_BOOT"), "gpio0-low-gpio2-high", "GPIO0 was low and GPIO2 high" },
	{ OTHER(CHIP_ESP32, 0x0, "SDIO_REI_FEO_V1_BOOT"), "straps-choose-sdio", "SDIO" },
	{ OTHER(CHIP_ESP32C3, 0x2, "ATE_BOOT"), "straps-choose-other", "neither flash nor download" },

#define FAILED(why, ...) { .trouble = BOOT_NO_IMAGE, .reason = (why), __VA_ARGS__ }, VERDICT_BOOT_FAILED
	{ FAILED(REASON_NO_HEADER, .chip = CHIP_ESP32, .detail = 0xffffffff), "flash-empty", "at 0x1000" },
	{ FAILED(REASON_NO_HEADER, .chip = CHIP_ESP32S2, .detail = 0xffffffff), "flash-empty", "at 0x1000" },
	{ FAILED(REASON_NO_HEADER, .chip = CHIP_ESP32C5, .detail = 0xffffffff), "flash-empty", "at 0x2000" },
	{ FAILED(REASON_NO_HEADER, .chip = CHIP_ESP32P4, .detail = 0xffffffff), "flash-empty", "at 0x2000" },
	{ FAILED(REASON_NO_HEADER, .chip = CHIP_ESP32C3, .detail = 0xffffffff), "flash-empty", "at 0x0" },
	{ FAILED(REASON_NO_HEADER, .chip = CHIP_NEWER, .detail = 0xffffffff), "flash-empty",
	  "0x1000 on ESP32 and S2, 0x2000 on C5" },
	{ FAILED(REASON_NO_HEADER, .chip = CHIP_ESP32, .detail = 0x6d74683c), "no-bootloader",
	  "encrypted: flash the bootloader at 0x1000" },
	{ FAILED(REASON_FLASH_READ, .chip = CHIP_ESP32, .mode = 0x33), "gpio12-high", "GPIO12 was high" },
	{ FAILED(REASON_FLASH_READ, .chip = CHIP_ESP32, .mode = 0x13), "flash-unreadable", "GPIO12 was low, so" },
	{ FAILED(REASON_FLASH_READ, .chip = CHIP_ESP32, .mode = -1), "flash-unreadable", "the flash does not answer" },
	{ FAILED(REASON_FLASH_READ, .chip = CHIP_ESP32S3, .mode = 0x2b), "flash-unreadable",
	  "the flash does not answer" },
	{ FAILED(REASON_FLASH_MODE, .chip = CHIP_ESP8266), "flash-mode", "--flash-mode dout" },
	{ FAILED(REASON_FLASH_MODE, .chip = CHIP_ESP32), "flash-mode", "--flash-mode dio" },
	{ FAILED(REASON_CHECKSUM, .chip = CHIP_ESP8266), "image-damaged", "the image in flash is damaged" },
	{ FAILED(REASON_CHECKSUM, .chip = CHIP_ESP32), "bootloader-damaged", "again at 0x1000" },
	{ FAILED(REASON_ROM_ASSERT, .chip = CHIP_ESP8266, .cause_kind = BOOT_CAUSE_SLEEP), "sleep-not-by-rst",
	  "GPIO16 to RST" },
	{ FAILED(REASON_ROM_ASSERT, .chip = CHIP_ESP8266), "flash-all", "all of the firmware again at 0x0" },
	{ FAILED(REASON_ROM_ASSERT, .chip = CHIP_ESP32), "flash-all", "bootloader (at 0x1000), partition table" },
	{ FAILED(REASON_FLASH_SIZE, .chip = CHIP_ESP32), "flash-size", "a larger flash" },
	{ FAILED(REASON_MCUBOOT_IMAGE, .chip = CHIP_UNKNOWN), "mcuboot-no-image", "MCUboot" },
	{ FAILED(REASON_NONE, .chip = CHIP_UNKNOWN), "flash-again", "upload the firmware again" },
	{ { .suspect_reason = REASON_NO_APP, .suspect_text = "x" }, VERDICT_BOOT_FAILED, "no-application", "flash it" },
	{ FAILED(REASON_NO_APP, .chip = CHIP_ESP32), "no-application", "in the partition table" },
	{ FAILED(REASON_NO_APP, .chip = CHIP_ESP8266), "no-application", "where this bootloader looks for it" },

#define CRASHED(why, ...) { .trouble = BOOT_CRASH, .reason = (why), __VA_ARGS__ }, VERDICT_CRASHED
	{ CRASHED(REASON_EXCEPTION, .chip = CHIP_ESP8266, .detail = 0), "exception-illegal", "exception 0" },
	{ CRASHED(REASON_EXCEPTION, .chip = CHIP_ESP8266, .detail = 2), "exception-fetch", "where no code is" },
	{ CRASHED(REASON_EXCEPTION, .chip = CHIP_ESP8266, .detail = 4), "watchdog-soft", "software watchdog" },
	{ CRASHED(REASON_EXCEPTION, .chip = CHIP_ESP8266, .detail = 6), "exception-division", "by zero" },
	{ CRASHED(REASON_EXCEPTION, .chip = CHIP_ESP8266, .detail = 9), "exception-alignment", "not aligned" },
	{ CRASHED(REASON_EXCEPTION, .chip = CHIP_ESP8266, .detail = 28), "exception-access", "null or wild pointer" },
	{ CRASHED(REASON_EXCEPTION, .chip = CHIP_ESP8266, .detail = 29), "exception-access", "null or wild pointer" },
	{ CRASHED(REASON_EXCEPTION, .chip = CHIP_ESP8266, .detail = 63), "exception", "exception decoder" },
	{ CRASHED(REASON_SOFT_WATCHDOG, .chip = CHIP_ESP8266), "watchdog-soft", "3 s without yield()" },
	{ CRASHED(REASON_BROWNOUT, .chip = CHIP_ESP32), "supply", "supply voltage dropped" },
	{ CRASHED(REASON_HALTED, .chip = CHIP_ESP32S3), "panic-halted", "only a reset starts it again" },
	{ { .chip = CHIP_ESP8266, .cause_kind = BOOT_CAUSE_WATCHDOG },
	  VERDICT_CRASHED,
	  "watchdog-hard",
	  "rst cause 4" },
	{ { .chip = CHIP_ESP32, .cause_kind = BOOT_CAUSE_WATCHDOG },
	  VERDICT_CRASHED,
	  "watchdog",
	  "a watchdog reset the chip" },
	{ { .chip = CHIP_ESP32, .cause_kind = BOOT_CAUSE_RTC_WATCHDOG },
	  VERDICT_CRASHED,
	  "watchdog-rtc",
	  "RTC watchdog" },
	{ { .chip = CHIP_ESP32, .cause_kind = BOOT_CAUSE_BROWNOUT }, VERDICT_CRASHED, "supply", "supply" },
	{ { .chip = CHIP_ESP32C5, .cause_kind = BOOT_CAUSE_LOCKUP },
	  VERDICT_CRASHED,
	  "panic",
	  "inside an exception handler" },
	{ { .chip = CHIP_ESP32 }, VERDICT_CRASHED, "read-output", "--capture FILE" },
	{ { .chip = CHIP_ESP8266, .copying = true }, VERDICT_UNPROVEN, "update-is-copied", "do not reset" },
};

START_TEST(each_condition_has_its_cure)
{
	const struct advice *advice = boot_advice(&cases[_i].boot, cases[_i].verdict, false);

	ck_assert_ptr_nonnull(advice);
	ck_assert_str_eq(advice->id, cases[_i].id);
	ck_assert_msg(strstr(advice->text, cases[_i].part) != NULL, "%s: no \"%s\" in it", advice->text,
		      cases[_i].part);
}
END_TEST

/* For every combination of chip, failure and verdict there is some advice. */
START_TEST(nothing_that_went_wrong_is_without_a_cure)
{
	static const enum verdict verdicts[] = { VERDICT_BOOT_FAILED, VERDICT_CRASHED, VERDICT_DOWNLOAD_MODE,
						 VERDICT_OTHER_BOOT };

	for (unsigned int chip = 0; chip < CHIP_COUNT; chip++) {
		for (int v = 0; v < COUNT(verdicts); v++) {
			struct boot boot = {
				.chip = (enum chip)chip,
				.reason = (enum boot_reason)_i,
				.mode = -1,
				.trouble = verdicts[v] == VERDICT_CRASHED ? BOOT_CRASH : BOOT_NO_IMAGE,
			};

			ck_assert_ptr_nonnull(boot_advice(&boot, verdicts[v], false));
			boot.trouble = BOOT_OK;
			ck_assert_ptr_nonnull(boot_advice(&boot, verdicts[v], false));
		}
	}
}
END_TEST

/* No known failure reason may get the general advice "flash-again": the table of advice must have an entry for each
 * reason. */
START_TEST(each_reason_has_a_cure_of_its_own)
{
	struct boot boot = { .chip = CHIP_ESP32, .reason = (enum boot_reason)_i, .trouble = BOOT_NO_IMAGE };

	ck_assert_str_ne(boot_advice(&boot, VERDICT_BOOT_FAILED, false)->id, "flash-again");
}
END_TEST

START_TEST(a_boot_that_went_well_needs_none)
{
	struct boot boot = { .chip = CHIP_ESP32, .source = BOOT_SOURCE_FLASH };

	ck_assert_ptr_null(boot_advice(&boot, VERDICT_FLASH_BOOT, false));
	ck_assert_ptr_null(boot_advice(&boot, VERDICT_READY, false));
	ck_assert_ptr_null(boot_advice(&boot, VERDICT_UNPROVEN, false));
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("advice");

	tcase_add_loop_test(tcase, each_condition_has_its_cure, 0, COUNT(cases));
	tcase_add_loop_test(tcase, nothing_that_went_wrong_is_without_a_cure, 0, REASON_COUNT);
	tcase_add_loop_test(tcase, each_reason_has_a_cure_of_its_own, 1, REASON_COUNT);
	tcase_add_test(tcase, a_boot_that_went_well_needs_none);
	return suite_run_case("advice", tcase);
}
