/* test_bootwords.c - the sentence that describes one boot: chip, cold or warm start, reset cause, boot mode, progress,
 * failure, advice. */
#include <check.h>
#include <string.h>

#include "bootlog/bootwords.h"
#include "suite.h"

#define KNOWN .cause = 1, .number = 1
#define ESP8266 .chip = CHIP_ESP8266, KNOWN, .certain = true, .cause_kind = BOOT_CAUSE_HARDWARE
#define ESP32 .chip = CHIP_ESP32, KNOWN, .mode = 0x13, .source = BOOT_SOURCE_FLASH, .progress = BOOT_LOADED

static const struct {
	struct boot boot;
	bool after_panic;
	const char *words;
} boots[] = {
	{ { ESP8266, .mode = 3, .source = BOOT_SOURCE_FLASH, .progress = BOOT_LOADING },
	  false,
	  "esp8266, cause 1 (power or reset pin), boot mode 3 (flash), load begun" },
	{ { ESP8266, .mode = 3, .source = BOOT_SOURCE_FLASH, .progress = BOOT_APP },
	  true,
	  "esp8266, warm, cause 1 (power or reset pin), boot mode 3 (flash), application runs" },
	{ { ESP8266, .mode = 1, .source = BOOT_SOURCE_DOWNLOAD, .rx_speed = BOOT_RX_74880 },
	  true,
	  "esp8266, cold, cause 1 (power or reset pin), boot mode 1 (UART download), nothing loaded, 74880 Bd heard at "
	  "115200" },
	{ { ESP8266, .mode = 3, .source = BOOT_SOURCE_FLASH, .copying = true },
	  false,
	  "esp8266, cause 1 (power or reset pin), boot mode 3 (flash), eboot copies an update" },
	{ { .chip = CHIP_ESP8266,
	    .number = 1,
	    .line = 1,
	    .cause = 4,
	    .cause_kind = BOOT_CAUSE_WATCHDOG,
	    .certain = true,
	    .mode = 3,
	    .source = BOOT_SOURCE_FLASH,
	    .progress = BOOT_LOADED },
	  false,
	  "esp8266, warm, cause 4 (hardware watchdog), boot mode 3 (flash), loaded" },
	{ { ESP32, .cause_kind = BOOT_CAUSE_HARDWARE, .cause_text = "POWERON_RESET", .mode_text = "SPI_FAST_FLASH_BOOT",
	    .certain = true },
	  true,
	  "esp32, cold, cause 0x1 (POWERON_RESET), boot 0x13 (SPI_FAST_FLASH_BOOT), loaded" },
	{ { ESP32, .cause_kind = BOOT_CAUSE_SOFTWARE },
	  false,
	  "esp32, warm, cause 0x1 (software), boot 0x13 (flash), loaded, not read whole" },
	{ { .chip = CHIP_NEWER,
	    .chip_name = "esp32x9",
	    KNOWN,
	    .certain = true,
	    .cause_kind = BOOT_CAUSE_USB,
	    .mode = 0,
	    .source = BOOT_SOURCE_DOWNLOAD,
	    .waiting = true },
	  false,
	  "esp32x9, cause 0x1 (USB-Serial-JTAG), boot 0x0 (download), waits for a host" },
	{ { .cause = -1, .mode = -1, .source = BOOT_SOURCE_OTHER, .progress = BOOT_STAGE2 },
	  false,
	  "unknown chip, cause unknown, boot source not flash, second stage runs, no banner" },
};

START_TEST(a_boot_is_told_in_words)
{
	char words[BOOTWORDS_MAX];

	bootwords_print(&boots[_i].boot, boots[_i].after_panic, words, sizeof(words));
	ck_assert_str_eq(words, boots[_i].words);
}
END_TEST

START_TEST(the_longest_boot_fits)
{
	struct boot boot = { .chip = CHIP_NEWER,
			     .cause = 0x7fffffff,
			     .mode = 0xffff,
			     .rx_speed = BOOT_RX_74880,
			     .copying = true,
			     .number = 1 };
	char words[BOOTWORDS_MAX];

	memset(boot.chip_name, 'c', sizeof(boot.chip_name) - 1);
	memset(boot.cause_text, 'r', sizeof(boot.cause_text) - 1);
	memset(boot.mode_text, 'm', sizeof(boot.mode_text) - 1);
	bootwords_print(&boot, false, words, sizeof(words));
	ck_assert_ptr_nonnull(strstr(words, "), eboot copies an update, 74880 Bd heard at 115200, not read whole"));
}
END_TEST

START_TEST(the_advice_for_download_mode_is_about_what_made_it)
{
	struct boot boot = { ESP8266, .mode = 1, .source = BOOT_SOURCE_DOWNLOAD };

	ck_assert_str_eq(bootwords_advice(&boot, false)->id, "boot-strap-low");
	ck_assert_str_eq(bootwords_advice(&boot, true)->text,
			 "only a reset by the RST or EN pin leaves this mode: espreset PORT");
	boot.rx_speed = BOOT_RX_74880;
	ck_assert_str_eq(bootwords_advice(&boot, true)->id, "boot-strap-low");
}
END_TEST

START_TEST(the_trouble_is_told_before_what_is_suspected)
{
	struct boot boot = { ESP8266 };

	ck_assert_str_eq(bootwords_trouble(&boot), "");
	boot.suspect_text[0] = 's';
	ck_assert_str_eq(bootwords_trouble(&boot), "s");
	boot.trouble_text[0] = 't';
	ck_assert_str_eq(bootwords_trouble(&boot), "t");
}
END_TEST

START_TEST(a_mode_that_is_not_known_has_no_number)
{
	struct boot boot = { ESP8266, .mode = -1, .source = BOOT_SOURCE_OTHER };
	char words[96];

	bootwords_mode(&boot, words, sizeof(words));
	ck_assert_str_eq(words, "a boot mode that was not read whole (not flash)");
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("bootwords");

	tcase_add_loop_test(tcase, a_boot_is_told_in_words, 0, COUNT(boots));
	tcase_add_test(tcase, the_longest_boot_fits);
	tcase_add_test(tcase, the_advice_for_download_mode_is_about_what_made_it);
	tcase_add_test(tcase, the_trouble_is_told_before_what_is_suspected);
	tcase_add_test(tcase, a_mode_that_is_not_known_has_no_number);
	return suite_run_case("bootwords", tcase);
}
