/* cause.c - the reset causes of the ESP32 family's ROMs: number and word of "rst:0xN (WORD)".
 *
 * Words: the tables in the ROMs themselves (esp-rs/espflash espflash/resources/roms/<chip>_rev<n>_rom.elf). Numbers and
 * their meaning: espressif/esp-idf components/soc/<chip>/include/soc/reset_reasons.h. See docs/hardware.md.
 */
#include "bootlog/reader.h"

#define C(chip) (1U << CHIP_ESP##chip)
#define S3_C2_C3 (C(32S3) | C(32C2) | C(32C3))
#define S2_TO_C3 (C(32S2) | S3_C2_C3)
#define LIKE_C5 (C(32C5) | C(32H4))
#define LIKE_C6 (C(32C6) | C(32H2) | C(32H21))
#define C5_C6 (LIKE_C5 | LIKE_C6)
#define P4_S31 (C(32P4) | C(32S31))
#define NOTHING "N/A" /* the ROM's word for a number that the chip does not use */

/* No row is for the EN pin: after a reset by EN the ROM prints the number and the word of power-on. */
static const struct cause {
	unsigned char number;
	enum boot_cause kind;
	const char *word;
	unsigned int chips;
} causes[] = {
	{ 0x00, BOOT_CAUSE_OTHER, "NO_MEAN", C(32) },
	{ 0x00, BOOT_CAUSE_OTHER, NOTHING, S2_TO_C3 | C(32P4) },
	{ 0x00, BOOT_CAUSE_OTHER, "SW_CLR", C5_C6 | C(32S31) },
	{ 0x01, BOOT_CAUSE_HARDWARE, "POWERON_RESET", C(32) },
	{ 0x01, BOOT_CAUSE_HARDWARE, "POWERON", S2_TO_C3 | C5_C6 | P4_S31 },
	{ 0x02, BOOT_CAUSE_OTHER, "EXT_SYS_RESET", C(32) },
	{ 0x02, BOOT_CAUSE_OTHER, NOTHING, S2_TO_C3 | C5_C6 | P4_S31 },
	{ 0x03, BOOT_CAUSE_SOFTWARE, "SW_RESET", C(32) },
	{ 0x03, BOOT_CAUSE_SOFTWARE, "RTC_SW_SYS_RST", S2_TO_C3 },
	{ 0x03, BOOT_CAUSE_SOFTWARE, "RTC_SW_HPSYS", LIKE_C5 },
	{ 0x03, BOOT_CAUSE_SOFTWARE, "LP_SW_HPSYS", LIKE_C6 },
	{ 0x03, BOOT_CAUSE_SOFTWARE, "SW_SYS_RESET", P4_S31 },
	{ 0x04, BOOT_CAUSE_WATCHDOG, "OWDT_RESET", C(32) },
	{ 0x05, BOOT_CAUSE_SLEEP, "DEEPSLEEP_RESET", C(32) },
	{ 0x05, BOOT_CAUSE_SLEEP, "DSLEEP", S2_TO_C3 },
	{ 0x05, BOOT_CAUSE_SLEEP, "SLEEP_WAKEUP", C5_C6 },
	{ 0x05, BOOT_CAUSE_SLEEP, "PMU_SYS_PWR_DOWN_RESET", P4_S31 },
	{ 0x06, BOOT_CAUSE_OTHER, "SDIO_RESET", C(32) },
	{ 0x06, BOOT_CAUSE_OTHER, NOTHING, S2_TO_C3 | C(32P4) },
	{ 0x06, BOOT_CAUSE_OTHER, "SDIO_HPSYS", C5_C6 },
	{ 0x06, BOOT_CAUSE_OTHER, "PMU_CPU_PWR_DOWN_RESET", P4_S31 }, /* a P4 prints this from chip revision 3 on */
	{ 0x07, BOOT_CAUSE_WATCHDOG, "TG0WDT_SYS_RESET", C(32) },
	{ 0x07, BOOT_CAUSE_WATCHDOG, "TG0WDT_SYS_RST", S2_TO_C3 },
	{ 0x07, BOOT_CAUSE_WATCHDOG, "TG0_WDT_HPSYS", C5_C6 },
	{ 0x07, BOOT_CAUSE_WATCHDOG, "HP_SYS_HP_WDT_RESET", C(32P4) },
	{ 0x07, BOOT_CAUSE_WATCHDOG, "HP_SYS_HP_WDT0_RESET", C(32S31) },
	{ 0x08, BOOT_CAUSE_WATCHDOG, "TG1WDT_SYS_RESET", C(32) },
	{ 0x08, BOOT_CAUSE_WATCHDOG, "TG1WDT_SYS_RST", S2_TO_C3 },
	{ 0x08, BOOT_CAUSE_WATCHDOG, "TG1_WDT_HPSYS", C5_C6 },
	{ 0x08, BOOT_CAUSE_OTHER, NOTHING, C(32P4) },
	{ 0x08, BOOT_CAUSE_WATCHDOG, "HP_SYS_HP_WDT1_RESET", C(32S31) },
	{ 0x09, BOOT_CAUSE_WATCHDOG, "RTCWDT_SYS_RESET", C(32) },
	{ 0x09, BOOT_CAUSE_WATCHDOG, "RTCWDT_SYS_RST", S2_TO_C3 },
	{ 0x09, BOOT_CAUSE_WATCHDOG, "RTC_WDT_HPSYS", LIKE_C5 },
	{ 0x09, BOOT_CAUSE_WATCHDOG, "LP_WDT_HPSYS", LIKE_C6 },
	{ 0x09, BOOT_CAUSE_WATCHDOG, "HP_SYS_LP_WDT_RESET", P4_S31 },
	{ 0x0a, BOOT_CAUSE_OTHER, "INTRUSION_RESET", C(32) },
	{ 0x0a, BOOT_CAUSE_OTHER, "INTRUSION_RST", S2_TO_C3 },
	{ 0x0b, BOOT_CAUSE_WATCHDOG, "TGWDT_CPU_RESET", C(32) },
	{ 0x0b, BOOT_CAUSE_WATCHDOG, "TG0WDT_CPU_RST", S2_TO_C3 },
	{ 0x0b, BOOT_CAUSE_WATCHDOG, "TG0_WDT_CPU", C5_C6 },
	{ 0x0b, BOOT_CAUSE_WATCHDOG, "HP_CORE_HP_WDT_RESET", P4_S31 },
	{ 0x0c, BOOT_CAUSE_SOFTWARE, "SW_CPU_RESET", C(32) | P4_S31 },
	{ 0x0c, BOOT_CAUSE_SOFTWARE, "RTC_SW_CPU_RST", S2_TO_C3 },
	{ 0x0c, BOOT_CAUSE_SOFTWARE, "SW_CPU", C5_C6 },
	{ 0x0d, BOOT_CAUSE_WATCHDOG, "RTCWDT_CPU_RESET", C(32) },
	{ 0x0d, BOOT_CAUSE_WATCHDOG, "RTCWDT_CPU_RST", S2_TO_C3 },
	{ 0x0d, BOOT_CAUSE_WATCHDOG, "RTC_WDT_CPU", LIKE_C5 },
	{ 0x0d, BOOT_CAUSE_WATCHDOG, "LP_WDT_CPU", LIKE_C6 },
	{ 0x0d, BOOT_CAUSE_WATCHDOG, "HP_CORE_LP_WDT_RESET", P4_S31 },
	{ 0x0e, BOOT_CAUSE_OTHER, "EXT_CPU_RESET", C(32) },
	{ 0x0f, BOOT_CAUSE_BROWNOUT, "RTCWDT_BROWN_OUT_RESET", C(32) },
	{ 0x0f, BOOT_CAUSE_BROWNOUT, "BROWN_OUT_RST", C(32S2) | P4_S31 },
	{ 0x0f, BOOT_CAUSE_BROWNOUT, "BROWNOUT_RST", S3_C2_C3 },
	{ 0x0f, BOOT_CAUSE_BROWNOUT, "RTC_BOD_SYS", LIKE_C5 },
	{ 0x0f, BOOT_CAUSE_BROWNOUT, "LP_BOD_SYS", LIKE_C6 },
	{ 0x10, BOOT_CAUSE_RTC_WATCHDOG, "RTCWDT_RTC_RESET", C(32) },
	{ 0x10, BOOT_CAUSE_RTC_WATCHDOG, "RTCWDT_RTC_RST", S2_TO_C3 },
	{ 0x10, BOOT_CAUSE_RTC_WATCHDOG, "RTC_WDT_SYS", LIKE_C5 },
	{ 0x10, BOOT_CAUSE_RTC_WATCHDOG, "LP_WDT_SYS", LIKE_C6 },
	{ 0x10, BOOT_CAUSE_RTC_WATCHDOG, "CHIP_LP_WDT_RESET", P4_S31 },
	{ 0x11, BOOT_CAUSE_WATCHDOG, "TG1WDT_CPU_RST", S2_TO_C3 },
	{ 0x11, BOOT_CAUSE_WATCHDOG, "TG1_WDT_CPU", C5_C6 },
	{ 0x11, BOOT_CAUSE_OTHER, NOTHING, P4_S31 },
	{ 0x12, BOOT_CAUSE_WATCHDOG, "SUPER_WDT_RST", S2_TO_C3 },
	{ 0x12, BOOT_CAUSE_WATCHDOG, "RTC_SWDT_SYS", LIKE_C5 },
	{ 0x12, BOOT_CAUSE_WATCHDOG, "LP_SWDT_SYS", LIKE_C6 },
	{ 0x12, BOOT_CAUSE_WATCHDOG, "SUPER_WDT_RESET", P4_S31 },
	{ 0x13, BOOT_CAUSE_OTHER, "GLITCH_RTC_RST", S2_TO_C3 }, /* the clock had a glitch: no brownout */
	{ 0x13, BOOT_CAUSE_OTHER, NOTHING, C5_C6 & ~C(32H4) },
	{ 0x13, BOOT_CAUSE_BROWNOUT, "POWER_GLITCH", C(32H4) },
	{ 0x13, BOOT_CAUSE_OTHER, "GLITCH_RTC_RESET", P4_S31 },
	{ 0x14, BOOT_CAUSE_OTHER, "EFUSE_RST", S2_TO_C3 },
	{ 0x14, BOOT_CAUSE_OTHER, "EFUSE_HPSYS", C5_C6 },
	{ 0x14, BOOT_CAUSE_OTHER, "EFUSE_CRC_ERR_RESET", P4_S31 },
	{ 0x15, BOOT_CAUSE_USB, "USB_UART_CHIP_RESET", S3_C2_C3 },
	{ 0x15, BOOT_CAUSE_USB, "USB_UART_HPSYS", C5_C6 },
	{ 0x15, BOOT_CAUSE_OTHER, NOTHING, P4_S31 },
	{ 0x16, BOOT_CAUSE_USB, "USB_JTAG_CHIP_RESET", S3_C2_C3 },
	{ 0x16, BOOT_CAUSE_USB, "USB_JTAG_HPSYS", C5_C6 },
	{ 0x16, BOOT_CAUSE_USB, "CHIP_USB_JTAG_RESET", P4_S31 },
	{ 0x17, BOOT_CAUSE_BROWNOUT, "POWER_GLITCH_RESET", S3_C2_C3 },
	{ 0x17, BOOT_CAUSE_OTHER, NOTHING, LIKE_C5 | C(32C6) },
	{ 0x17, BOOT_CAUSE_BROWNOUT, "POWER_GLITCH_SYS", C(32H2) | C(32H21) },
	{ 0x17, BOOT_CAUSE_USB, "CHIP_USB_UART_RESET", P4_S31 },
	{ 0x18, BOOT_CAUSE_OTHER, "JTAG_RESET", C(32C2) },
	{ 0x18, BOOT_CAUSE_OTHER, "JTAG_CPU", C5_C6 },
	{ 0x18, BOOT_CAUSE_OTHER, "HP_JTAG_RESET", P4_S31 },
	{ 0x19, BOOT_CAUSE_BROWNOUT, "RTC_PWR_GLITCH", LIKE_C5 },
	{ 0x19, BOOT_CAUSE_OTHER, NOTHING, C(32P4) },
	{ 0x19, BOOT_CAUSE_BROWNOUT, "PVT0_PWR_GLITCH_RESET", C(32S31) },
	{ 0x1a, BOOT_CAUSE_LOCKUP, "CPU_LOCKUP", LIKE_C5 },
	{ 0x1a, BOOT_CAUSE_LOCKUP, "CPU_LOCKUP_RESET", P4_S31 },
	{ 0x1b, BOOT_CAUSE_BROWNOUT, "PVT_POWER_GLITCH_RESET", C(32P4) },
};

/* For chips whose words are not known. If the word in a banner contains one of a row's parts, the reset cause is of the
 * row's kind. The parts are taken from words of other chips. The first row that fits the word decides. */
static const struct {
	enum boot_cause kind;
	const char *parts[6]; /* the list ends with NULL */
} kinds[] = {
	{ BOOT_CAUSE_HARDWARE, { "POWERON" } },
	{ BOOT_CAUSE_BROWNOUT, { "BROWN", "_BOD_", "PWR_GLITCH", "POWER_GLITCH" } },
	{ BOOT_CAUSE_LOCKUP, { "LOCKUP" } },
	{ BOOT_CAUSE_RTC_WATCHDOG, { "RTCWDT_RTC", "RTC_WDT_SYS", "LP_WDT_SYS", "LP_WDT_CHIP", "CHIP_LP_WDT" } },
	{ BOOT_CAUSE_WATCHDOG, { "WDT" } },
	{ BOOT_CAUSE_USB, { "USB_UART", "USB_JTAG" } },
	{ BOOT_CAUSE_SLEEP, { "SLEEP", "DSLP", "SYS_PWR_DOWN" } },
	{ BOOT_CAUSE_SOFTWARE, { "SW_" } },
};

/* Are the numbers of the chip's reset causes known, but not the words? espressif/esp-idf has the numbers of H4 and H21.
 * The words are in their ROMs, which are not published. */
static bool has_only_numbers(enum chip chip)
{
	return chip == CHIP_ESP32H4 || chip == CHIP_ESP32H21;
}

static const struct cause *cause_by_number(enum chip chip, int number)
{
	for (size_t i = 0; i < ARRAY_SIZE(causes); i++) {
		if (causes[i].number == number && causes[i].chips & 1U << chip_causes_like(chip))
			return &causes[i];
	}
	return NULL;
}

static bool cause_has_words(enum chip chip)
{
	return !has_only_numbers(chip) && cause_by_number(chip, 1);
}

/* Return which reset cause @number means on every chip that uses this number; BOOT_CAUSE_OTHER if the chips disagree,
 * or if no chip uses it. */
static enum boot_cause cause_of_most(int number)
{
	enum boot_cause kind = BOOT_CAUSE_UNKNOWN;

	for (size_t i = 0; i < ARRAY_SIZE(causes); i++) {
		if (causes[i].number != number || !strcmp(causes[i].word, NOTHING))
			continue;
		if (kind != BOOT_CAUSE_UNKNOWN && kind != causes[i].kind)
			return BOOT_CAUSE_OTHER;
		kind = causes[i].kind;
	}
	return kind == BOOT_CAUSE_UNKNOWN ? BOOT_CAUSE_OTHER : kind;
}

static enum boot_cause cause_of_parts(const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		for (const char *const *part = kinds[i].parts; *part; part++) {
			if (strstr(text, *part))
				return kinds[i].kind;
		}
	}
	return BOOT_CAUSE_UNKNOWN;
}

/* How well a row of causes[] fits the number and the word in a banner, from the worst fit to the best */
enum {
	FIT_NONE,
	FIT_DAMAGED,	  /* the banner has another number, and the row's word with one character wrong or lost */
	FIT_DAMAGED_PAIR, /* the banner has the row's number, and the row's word with one character wrong or lost */
	FIT_WORD,	  /* the banner has another number, and the row's word */
	FIT_PAIR,	  /* the banner has the row's number, and the row's word */
};

static int cause_fit(const struct cause *row, const struct boot *boot)
{
	bool number = row->number == boot->cause;

	if (!strcmp(boot->cause_text, row->word))
		return number ? FIT_PAIR : FIT_WORD;
	if (esp32_is_damaged(boot->cause_text, row->word, 1))
		return number ? FIT_DAMAGED_PAIR : FIT_DAMAGED;
	return FIT_NONE;
}

/* Return the row of causes[] for @chip that fits the banner best; NULL: no row fits. @ret_fit: how well it fits */
static const struct cause *cause_by_word(const struct boot *boot, enum chip chip, int *ret_fit)
{
	const struct cause *best = NULL;

	*ret_fit = FIT_NONE;
	for (size_t i = 0; i < ARRAY_SIZE(causes); i++) {
		int fit = causes[i].chips & 1U << chip_causes_like(chip) ? cause_fit(&causes[i], boot) : FIT_NONE;

		if (fit > *ret_fit) {
			best = &causes[i];
			*ret_fit = fit;
		}
	}
	return best;
}

/* Set cause_kind for a chip whose words are not known: by the number of the reset cause. If the word has parts that
 * contradict the number, cause_kind is BOOT_CAUSE_UNKNOWN. */
static void cause_judge_parts(struct boot *boot)
{
	const struct cause *row = cause_by_number(boot->chip, boot->cause);
	enum boot_cause text = cause_of_parts(boot->cause_text);

	if (has_only_numbers(boot->chip))
		boot->cause_kind = row ? row->kind : BOOT_CAUSE_OTHER;
	else
		boot->cause_kind = cause_of_most(boot->cause);
	if (text == boot->cause_kind || boot->cause_kind == BOOT_CAUSE_OTHER)
		return;
	boot->certain = false;
	boot->cause_kind = BOOT_CAUSE_UNKNOWN;
}

void cause_judge(struct boot *boot)
{
	const struct cause *number = cause_by_number(boot->chip, boot->cause), *word;
	enum boot_cause said;
	int fit;

	if (!cause_has_words(boot->chip)) {
		cause_judge_parts(boot);
		return;
	}
	boot->cause_kind = number ? number->kind : BOOT_CAUSE_OTHER;
	if (number && !strcmp(number->word, boot->cause_text))
		return;
	word = cause_by_word(boot, boot->chip, &fit);
	/* If neither the number nor the word is known, a later revision of the ROM may have added them: then the banner
	 * is not damaged. */
	if (fit == FIT_PAIR || (!number && fit == FIT_NONE))
		return;
	boot->certain = false;
	boot->damaged |= fit != FIT_WORD;
	said = word ? word->kind : cause_of_parts(boot->cause_text);
	if (said != boot->cause_kind && (word || said != BOOT_CAUSE_UNKNOWN))
		boot->cause_kind = BOOT_CAUSE_UNKNOWN;
}

bool cause_fits(const struct boot *boot, enum chip chip)
{
	int fit = FIT_NONE;

	if (cause_has_words(chip))
		(void)cause_by_word(boot, chip, &fit);
	return fit == FIT_PAIR || fit == FIT_DAMAGED_PAIR;
}

bool cause_is_esp32(const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(causes); i++) {
		if (causes[i].chips == C(32) && !strcmp(causes[i].word, text))
			return true;
	}
	return false;
}
