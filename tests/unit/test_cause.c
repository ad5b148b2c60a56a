/* test_cause.c - the reset cause of ESP32-family chips, which a banner states as a number and as a name. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boottrace.h"
#include "suite.h"

static struct boot_trace t;

static void teardown(void)
{
	boot_trace_free(&t);
}

/* Reads a banner as the ROM of @chip prints it for the reset cause with this @number and the name @word. Return: the
 * boot. */
static const struct boot *banner(const char *chip, unsigned int number, const char *word)
{
	bool like_c5 = !strcmp(chip, "esp32c5") || !strcmp(chip, "esp32s31");
	const char *mode = like_c5 ? "0x18" : strcmp(chip, "esp32") ? "0xc" : "0x13";
	char text[256], head[64];

	snprintf(head, sizeof(head), "ESP-ROM:%s-20240101\r\nBuild:Jan  1 2024\r\n", chip);
	snprintf(text, sizeof(text), "%srst:0x%x (%s),boot:%s (SPI_FAST_FLASH_BOOT)\r\n",
		 strcmp(chip, "esp32") ? head : "ets Jun  8 2016 00:22:57\r\n\r\n", number, word, mode);
	boot_trace_free(&t);
	boot_trace(&t, text, &boot_live);
	ck_assert_msg(t.counts[BOOT_EVENT_BANNER] == 1, "%s", text);
	return &t.boot;
}

/* clang-format off */
enum { HW = BOOT_CAUSE_HARDWARE, USB = BOOT_CAUSE_USB, SW = BOOT_CAUSE_SOFTWARE, WDT = BOOT_CAUSE_WATCHDOG,
       RTC = BOOT_CAUSE_RTC_WATCHDOG, BOD = BOOT_CAUSE_BROWNOUT, SLEEP = BOOT_CAUSE_SLEEP, LOCKUP = BOOT_CAUSE_LOCKUP,
       OTHER = BOOT_CAUSE_OTHER, UNKNOWN = BOOT_CAUSE_UNKNOWN };

/* Reset causes as numbers and names, from the tables in the ROMs (esp-rs/espflash, espflash/resources/roms). */
static const struct {
	const char *chips;
	struct { unsigned int number; const char *word; int kind; } causes[28];
} roms[] = {
	{ "esp32", {
		{ 0x0, "NO_MEAN", OTHER }, { 0x1, "POWERON_RESET", HW }, { 0x2, "EXT_SYS_RESET", OTHER },
		{ 0x3, "SW_RESET", SW }, { 0x4, "OWDT_RESET", WDT }, { 0x5, "DEEPSLEEP_RESET", SLEEP },
		{ 0x6, "SDIO_RESET", OTHER }, { 0x7, "TG0WDT_SYS_RESET", WDT }, { 0x8, "TG1WDT_SYS_RESET", WDT },
		{ 0x9, "RTCWDT_SYS_RESET", WDT }, { 0xa, "INTRUSION_RESET", OTHER }, { 0xb, "TGWDT_CPU_RESET", WDT },
		{ 0xc, "SW_CPU_RESET", SW }, { 0xd, "RTCWDT_CPU_RESET", WDT }, { 0xe, "EXT_CPU_RESET", OTHER },
		{ 0xf, "RTCWDT_BROWN_OUT_RESET", BOD }, { 0x10, "RTCWDT_RTC_RESET", RTC },
	} },
	{ "esp32s2 esp32s3 esp8684 esp32c3", {
		{ 0x0, "N/A", OTHER }, { 0x1, "POWERON", HW }, { 0x2, "N/A", OTHER }, { 0x3, "RTC_SW_SYS_RST", SW },
		{ 0x5, "DSLEEP", SLEEP }, { 0x6, "N/A", OTHER }, { 0x7, "TG0WDT_SYS_RST", WDT },
		{ 0x8, "TG1WDT_SYS_RST", WDT }, { 0x9, "RTCWDT_SYS_RST", WDT }, { 0xa, "INTRUSION_RST", OTHER },
		{ 0xb, "TG0WDT_CPU_RST", WDT }, { 0xc, "RTC_SW_CPU_RST", SW }, { 0xd, "RTCWDT_CPU_RST", WDT },
		{ 0x10, "RTCWDT_RTC_RST", RTC }, { 0x11, "TG1WDT_CPU_RST", WDT }, { 0x12, "SUPER_WDT_RST", WDT },
		{ 0x13, "GLITCH_RTC_RST", OTHER }, { 0x14, "EFUSE_RST", OTHER },
	} },
	{ "esp32s2", { { 0xf, "BROWN_OUT_RST", BOD } } },
	{ "esp32s3 esp8684 esp32c3", {
		{ 0xf, "BROWNOUT_RST", BOD }, { 0x15, "USB_UART_CHIP_RESET", USB },
		{ 0x16, "USB_JTAG_CHIP_RESET", USB }, { 0x17, "POWER_GLITCH_RESET", BOD },
	} },
	{ "esp8684", { { 0x18, "JTAG_RESET", OTHER } } },
	{ "esp32c5 esp32c61 esp32c6 esp32h2", {
		{ 0x0, "SW_CLR", OTHER }, { 0x1, "POWERON", HW }, { 0x2, "N/A", OTHER }, { 0x5, "SLEEP_WAKEUP", SLEEP },
		{ 0x6, "SDIO_HPSYS", OTHER }, { 0x7, "TG0_WDT_HPSYS", WDT }, { 0x8, "TG1_WDT_HPSYS", WDT },
		{ 0xb, "TG0_WDT_CPU", WDT }, { 0xc, "SW_CPU", SW }, { 0x11, "TG1_WDT_CPU", WDT }, { 0x13, "N/A", OTHER },
		{ 0x14, "EFUSE_HPSYS", OTHER }, { 0x15, "USB_UART_HPSYS", USB }, { 0x16, "USB_JTAG_HPSYS", USB },
		{ 0x18, "JTAG_CPU", OTHER },
	} },
	{ "esp32c5 esp32c61", {
		{ 0x3, "RTC_SW_HPSYS", SW }, { 0x9, "RTC_WDT_HPSYS", WDT }, { 0xd, "RTC_WDT_CPU", WDT },
		{ 0xf, "RTC_BOD_SYS", BOD }, { 0x10, "RTC_WDT_SYS", RTC }, { 0x12, "RTC_SWDT_SYS", WDT },
		{ 0x17, "N/A", OTHER }, { 0x19, "RTC_PWR_GLITCH", BOD }, { 0x1a, "CPU_LOCKUP", LOCKUP },
	} },
	{ "esp32c6 esp32h2", {
		{ 0x3, "LP_SW_HPSYS", SW }, { 0x9, "LP_WDT_HPSYS", WDT }, { 0xd, "LP_WDT_CPU", WDT },
		{ 0xf, "LP_BOD_SYS", BOD }, { 0x10, "LP_WDT_SYS", RTC }, { 0x12, "LP_SWDT_SYS", WDT },
	} },
	{ "esp32c6", { { 0x17, "N/A", OTHER } } },
	{ "esp32h2", { { 0x17, "POWER_GLITCH_SYS", BOD } } },
	{ "esp32p4 esp32s31", {
		{ 0x1, "POWERON", HW }, { 0x2, "N/A", OTHER }, { 0x3, "SW_SYS_RESET", SW },
		{ 0x5, "PMU_SYS_PWR_DOWN_RESET", SLEEP }, { 0x6, "PMU_CPU_PWR_DOWN_RESET", OTHER },
		{ 0x9, "HP_SYS_LP_WDT_RESET", WDT }, { 0xb, "HP_CORE_HP_WDT_RESET", WDT }, { 0xc, "SW_CPU_RESET", SW },
		{ 0xd, "HP_CORE_LP_WDT_RESET", WDT }, { 0xf, "BROWN_OUT_RST", BOD }, { 0x10, "CHIP_LP_WDT_RESET", RTC },
		{ 0x11, "N/A", OTHER }, { 0x12, "SUPER_WDT_RESET", WDT }, { 0x13, "GLITCH_RTC_RESET", OTHER },
		{ 0x14, "EFUSE_CRC_ERR_RESET", OTHER }, { 0x15, "N/A", OTHER }, { 0x16, "CHIP_USB_JTAG_RESET", USB },
		{ 0x17, "CHIP_USB_UART_RESET", USB }, { 0x18, "HP_JTAG_RESET", OTHER },
		{ 0x1a, "CPU_LOCKUP_RESET", LOCKUP },
	} },
	{ "esp32p4", {
		{ 0x0, "N/A", OTHER }, { 0x7, "HP_SYS_HP_WDT_RESET", WDT }, { 0x8, "N/A", OTHER }, { 0x19, "N/A", OTHER },
		{ 0x1b, "PVT_POWER_GLITCH_RESET", BOD },
	} },
	{ "esp32s31", {
		{ 0x0, "SW_CLR", OTHER }, { 0x7, "HP_SYS_HP_WDT0_RESET", WDT }, { 0x8, "HP_SYS_HP_WDT1_RESET", WDT },
		{ 0x19, "PVT0_PWR_GLITCH_RESET", BOD },
	} },
};
/* clang-format on */

START_TEST(each_cause_that_a_rom_prints_is_certain)
{
	char chips[64], *save = NULL;

	snprintf(chips, sizeof(chips), "%s", roms[_i].chips);
	for (char *chip = strtok_r(chips, " ", &save); chip; chip = strtok_r(NULL, " ", &save)) {
		for (int i = 0; i < COUNT(roms[0].causes) && roms[_i].causes[i].word; i++) {
			const struct boot *boot = banner(chip, roms[_i].causes[i].number, roms[_i].causes[i].word);

			ck_assert_msg((int)boot->cause_kind == roms[_i].causes[i].kind && boot->certain &&
					      !boot->damaged,
				      "%s: kind %d\n%s", chip, boot->cause_kind, t.text);
		}
	}
}
END_TEST

/* One letter in the name of a brownout is wrong, as in "B?D". The damaged name is compared with the names that this
 * chip's own ROM prints. Parts that the names of many chips share, such as "BOD", would not be found in the damaged
 * name. */
START_TEST(a_damaged_brownout_is_recognised_by_the_words_of_that_chip)
{
	char chips[64], word[64], *save = NULL;

	snprintf(chips, sizeof(chips), "%s", roms[_i].chips);
	for (char *chip = strtok_r(chips, " ", &save); chip; chip = strtok_r(NULL, " ", &save)) {
		for (int i = 0; i < COUNT(roms[0].causes) && roms[_i].causes[i].word; i++) {
			if (roms[_i].causes[i].number != 0xf)
				continue;
			snprintf(word, sizeof(word), "%s", roms[_i].causes[i].word);
			*strchr(strchr(word, 'B'), 'O') = '?';
			ck_assert_msg(banner(chip, 0xf, word)->cause_kind == BOOT_CAUSE_BROWNOUT, "%s: %s", chip, word);
		}
	}
}
END_TEST

static const struct {
	const char *chip;
	unsigned int number;
	const char *word;
	int kind;
	bool certain, damaged;
} odd[] = {
	/* One character of the cause's name is wrong or missing. */
	{ "esp32", 0x1, "POWERON_RESXT", HW, false, true },
	{ "esp32", 0xf, "RTCWDT_BROWNOUT_RESET", BOD, false, true },
	{ "esp32c5", 0xf, "RTC_BODSYS", BOD, false, true },
	{ "esp32c61", 0x10, "RTC_WDT_SY", RTC, false, true },
	{ "esp32p4", 0x7, "HP_SYS_HP_WDT_RE?ET", WDT, false, true },
	{ "esp32s31", 0x1a, "CPU_L0CKUP_RESET", LOCKUP, false, true },
	/* The damaged name may be that of cause 0x7 or of cause 0x8. The number decides: 0x7. */
	{ "esp32s3", 0x7, "TGWDT_SYS_RST", WDT, false, true },
	/* One character of the name is missing, and the number belongs to a cause with another name, so the cause is
	 * unknown. */
	{ "esp32c6", 0x1, "LP_BODSYS", UNKNOWN, false, true },
	{ "esp32c6", 0x10, "LP_SWDTSYS", UNKNOWN, false, true },
	/* The name is undamaged, but belongs to another number, so the cause is unknown. */
	{ "esp32c6", 0x1, "LP_BOD_SYS", UNKNOWN, false, false },
	{ "esp32c3", 0x3, "POWERON", UNKNOWN, false, false },
	{ "esp32c3", 0x19, "POWERON", UNKNOWN, false, false },
	{ "esp32s3", 0x7, "TG1WDT_SYS_RST", WDT, false, false },
	/* This chip's ROM never prints this name, only another chip's ROM does: the banner must be called damaged. */
	{ "esp32c5", 0x10, "LP_WDT_SYS", RTC, false, true },
	{ "esp32c3", 0x1, "POWERON_RESET", HW, false, true },
	{ "esp32c3", 0x3, "POWERON_RESET", UNKNOWN, false, true },
	{ "esp32p4", 0x17, "POWER_GLITCH_RESET", UNKNOWN, false, true },
	{ "esp32c3", 0x17, "CHIP_USB_UART_RESET", UNKNOWN, false, true },
	/* The name is unreadable, so the number alone decides. */
	{ "esp32", 0x10, "????????", RTC, false, true },
	/* The table of this ROM has no cause with this number. A newer ROM may have one, so the banner must not be
	 * called damaged. */
	{ "esp32c6", 0x1a, "CPU_LOCKUP", OTHER, true, false },
	{ "esp32", 0x1c, "NEW_RESET", OTHER, true, false },
	/* Chips whose names for reset causes espreset does not know. If name and number do not fit each other, the
	 * cause is unknown. */
	{ "esp32h4", 0x1, "POWERON", HW, true, false },
	{ "esp32h4", 0x13, "POWER_GLITCH_SYS", BOD, true, false },
	{ "esp32h4", 0x1a, "CPU_LOCKUP", LOCKUP, true, false },
	{ "esp32h21", 0x17, "POWER_GLITCH_SYS", BOD, true, false },
	{ "esp32h21", 0x17, "SOMETHING", UNKNOWN, false, false },
	{ "esp32h21", 0x10, "LP_WDT_SYS", RTC, true, false },
	{ "esp32h21", 0xf, "POWERON", UNKNOWN, false, false },
	{ "esp32e22", 0x1, "POWERON", HW, true, false },
	{ "esp32x9", 0x1, "POWERON", HW, true, false },
	{ "esp32x9", 0x1, "POWERQN", UNKNOWN, false, false },
	{ "esp32x9", 0x3, "POWERON", UNKNOWN, false, false },
	{ "esp32x9", 0x7, "TG0WDT_WHATEVER", WDT, true, false },
	{ "esp32x9", 0x5, "DSLP_WAKEUP", SLEEP, true, false },
	{ "esp32x9", 0x10, "LP_WDT_CHIP", RTC, true, false },
	{ "esp32x9", 0xf, "ANY_BOD_SYS", BOD, true, false },
	/* Number 0x17 means different causes on different known chips, so on an unknown chip the cause is only called
	 * OTHER. */
	{ "esp32x9", 0x17, "CHIP_USB_UART_RESET", OTHER, true, false },
	{ "esp32x9", 0x33, "WHATEVER", OTHER, true, false },
};

START_TEST(number_and_word_must_agree)
{
	const struct boot *boot = banner(odd[_i].chip, odd[_i].number, odd[_i].word);

	ck_assert_msg((int)boot->cause_kind == odd[_i].kind && boot->certain == odd[_i].certain &&
			      boot->damaged == odd[_i].damaged,
		      "kind %d\n%s", boot->cause_kind, t.text);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("cause");

	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_add_loop_test(tc, each_cause_that_a_rom_prints_is_certain, 0, COUNT(roms));
	tcase_add_loop_test(tc, a_damaged_brownout_is_recognised_by_the_words_of_that_chip, 0, COUNT(roms));
	tcase_add_loop_test(tc, number_and_word_must_agree, 0, COUNT(odd));
	return suite_run_case("cause", tc);
}
