/* bootwords.c - describes one boot in words: for results, for the lines of --decode, and to find advice. */
#include "bootlog/bootwords.h"

#include <stdio.h>

/* clang-format off */
static const char *const causes[] = {
	[BOOT_CAUSE_UNKNOWN] = "unknown",     [BOOT_CAUSE_HARDWARE] = "power or reset pin",
	[BOOT_CAUSE_USB] = "USB-Serial-JTAG", [BOOT_CAUSE_SOFTWARE] = "software",
	[BOOT_CAUSE_WATCHDOG] = "watchdog",   [BOOT_CAUSE_RTC_WATCHDOG] = "RTC watchdog",
	[BOOT_CAUSE_BROWNOUT] = "brownout",   [BOOT_CAUSE_SLEEP] = "deep sleep",
	[BOOT_CAUSE_LOCKUP] = "CPU lockup",   [BOOT_CAUSE_OTHER] = "other",
};

static const char *const sources[] = {
	[BOOT_SOURCE_UNKNOWN] = "unknown", [BOOT_SOURCE_FLASH] = "flash",
	[BOOT_SOURCE_DOWNLOAD] = "download", [BOOT_SOURCE_OTHER] = "not flash",
};

static const char *const steps[] = {
	[BOOT_NOTHING] = "nothing loaded",   [BOOT_BANNER] = "nothing loaded",
	[BOOT_LOADING] = "load begun",	     [BOOT_LOADED] = "loaded",
	[BOOT_STAGE2] = "second stage runs", [BOOT_APP] = "application runs",
};
/* clang-format on */

const char *bootwords_cause(enum boot_cause cause)
{
	return causes[cause];
}

const char *bootwords_name(const struct boot *boot)
{
	const char *name = chip_name(boot->chip);

	return name ? name : boot->chip_name;
}

const char *bootwords_chip(const struct boot *boot)
{
	const char *name = bootwords_name(boot);

	return name[0] ? name : "unknown chip";
}

const char *bootwords_trouble(const struct boot *boot)
{
	return boot->trouble_text[0] ? boot->trouble_text : boot->suspect_text;
}

static const char *bootwords_source(const struct boot *boot)
{
	if (boot->chip == CHIP_ESP8266 && boot->source == BOOT_SOURCE_DOWNLOAD)
		return "UART download";
	return boot->mode_text[0] ? boot->mode_text : sources[boot->source];
}

static const char *bootwords_progress(const struct boot *boot)
{
	if (boot->copying)
		return "eboot copies an update";
	return boot->waiting ? "waits for a host" : steps[boot->progress];
}

void bootwords_mode(const struct boot *boot, char *buf, size_t cap)
{
	if (boot->mode < 0)
		snprintf(buf, cap, "a boot mode that was not read whole (%s)", bootwords_source(boot));
	else if (boot->chip == CHIP_ESP8266)
		snprintf(buf, cap, "boot mode %d (%s)", boot->mode, bootwords_source(boot));
	else
		snprintf(buf, cap, "boot 0x%x (%s)", (unsigned int)boot->mode, bootwords_source(boot));
}

/* "cold": the boot followed a hardware reset. "warm": it followed a software restart or a watchdog. NULL: unknown.
 *
 * An ESP8266 sends text at 74880 Bd only after a hardware reset. After a software restart its ROM prints the cause of
 * the last hardware reset again, so its reset cause proves nothing. But a banner right behind a panic shows that a
 * software restart came before it. */
const char *bootwords_temperature(const struct boot *boot, bool after_panic)
{
	if (boot->rx_speed == BOOT_RX_74880)
		return "cold";
	if (boot->cause_kind == BOOT_CAUSE_HARDWARE && boot->chip != CHIP_ESP8266)
		return "cold";
	if (boot->cause_kind == BOOT_CAUSE_SOFTWARE || boot->cause_kind == BOOT_CAUSE_WATCHDOG || after_panic)
		return "warm";
	return NULL;
}

const struct advice *bootwords_advice(const struct boot *boot, bool after_panic)
{
	const char *heat = bootwords_temperature(boot, after_panic);

	return boot_advice(boot, boot_verdict(boot), heat && heat[0] == 'w');
}

/* Return the ROM's word for the reset cause, or espreset's word if the ROM has none. An ESP8266's ROM prints only
 * numbers. Its number for a watchdog always means the hardware watchdog: the software watchdog has no number. */
static const char *bootwords_why(const struct boot *boot)
{
	if (boot->cause_text[0])
		return boot->cause_text;
	return boot->chip == CHIP_ESP8266 && boot->cause_kind == BOOT_CAUSE_WATCHDOG ? "hardware watchdog"
										     : causes[boot->cause_kind];
}

static void bootwords_print_cause(const struct boot *boot, char *buf, size_t cap)
{
	if (boot->cause < 0)
		snprintf(buf, cap, "cause unknown");
	else
		snprintf(buf, cap, boot->chip == CHIP_ESP8266 ? "cause %d (%s)" : "cause 0x%x (%s)",
			 (unsigned int)boot->cause, bootwords_why(boot));
}

void bootwords_print(const struct boot *boot, bool after_panic, char *buf, size_t cap)
{
	const char *heat = bootwords_temperature(boot, after_panic);
	char mode[96], cause[80];

	bootwords_print_cause(boot, cause, sizeof(cause));
	if (boot->mode < 0)
		snprintf(mode, sizeof(mode), "boot source %s", bootwords_source(boot));
	else
		bootwords_mode(boot, mode, sizeof(mode));
	snprintf(buf, cap, "%s%s%s, %s, %s, %s%s%s", bootwords_chip(boot), heat ? ", " : "", heat ? heat : "", cause,
		 mode, bootwords_progress(boot), boot->rx_speed == BOOT_RX_74880 ? ", 74880 Bd heard at 115200" : "",
		 boot->number == 0 ? ", no banner"
		 : boot->certain   ? ""
				   : ", not read whole");
}
