/* proof.c - the rules that decide whether an attempt has proven a reset. */
#include "session/proof.h"

#include <stddef.h>
#include <stdlib.h>

/* All bytes of one banner arrive within this time. The banner takes 11 ms at 74880 Bd. The rest is for the bridge,
 * which may deliver bytes late. */
#define BANNER_MS 30
/* If more unreadable bytes than this precede a banner at 115200 Bd, they may be a banner at 74880 Bd that the bridge
 * has damaged. Then the readable banner is that of a later software restart. */
#define NOISE_MAX 8
/* Before eboot copies an OTA image, it prints 15 characters: its version and "@cp:". If a port at another baud rate
 * receives them, they are 4 to 24 unreadable bytes. Other loaders and the SDK print more. */
#define EBOOT_BYTES_MIN 4
#define EBOOT_BYTES_MAX 24
/* After a restart the ROM prints 250 characters. Read at the wrong baud rate, they are more than 100 unreadable bytes.
 * So this many or fewer hide no restart. */
#define UNCLEAR_MAX 80

#ifdef PROOF_MUTANTS
unsigned int proof_left_out;
#endif

/* The name of each rule in "evidence" of the JSON result. */
static const char *const rule_names[PROOF_RULES] = {
	[PROOF_QUIET_HOLD] = "quiet-hold",
	[PROOF_AFTER_RELEASE] = "banner-after-release",
	[PROOF_IN_TIME] = "banner-in-time",
	[PROOF_HARDWARE] = "hardware-reset",
	[PROOF_FRESH] = "cold-speed",
	[PROOF_ONE_BOOT] = "one-boot",
	[PROOF_FLASH] = "flash-boot",
	[PROOF_CERTAIN] = "read-whole",
	[PROOF_LOADED] = "loaded",
	[PROOF_NOT_COPYING] = "no-copy",
	[PROOF_NO_TROUBLE] = "no-trouble",
	[PROOF_NO_FRAGMENT] = "no-fragment",
	[PROOF_CLEAR] = "readable-after-load",
	[PROOF_SETTLED] = "settled",
	[PROOF_CHIP] = "chip",
};

const char *proof_rule_name(enum proof_rule rule)
{
	return rule_names[rule];
}

static bool is_esp8266(const struct boot *boot)
{
	return boot->chip == CHIP_ESP8266;
}

static bool is_in_time(const struct proof_context *context, const struct attempt *attempt)
{
	int64_t begin_ms = attempt->caused_by_us ? attempt->our_banner_ms : attempt->boot.begin_ms;

	/* The port changed its baud rate because unreadable bytes came. If they came long before this banner, they
	 * are from an earlier boot, and the banner is that of a later one. */
	if (attempt->changed_speed && begin_ms - attempt->first_byte_ms > BANNER_MS)
		return false;
	if (attempt->release_ms < 0 || begin_ms < attempt->release_ms)
		return true; /* the banner began before the modem lines were released: PROOF_AFTER_RELEASE judges it */
	return begin_ms - attempt->release_ms >= PROOF_BOOT_MIN_MS &&
	       begin_ms - attempt->release_ms <= context->boot_window_ms;
}

/* After power-on or a reset by EN/RST, an ESP8266 reports cause 1 (power or CH_PD) or 2 (RST pin), and a chip of the
 * ESP32 family reports POWERON. A chip reports USB after a reset by its USB-Serial-JTAG unit. Our pulse can have caused
 * a reset by this unit only if the port is the chip's own USB. */
static bool is_hardware_reset(const struct proof_context *context, const struct attempt *attempt)
{
	if (attempt->chained > 0)
		return true; /* a later banner of a healthy chip: the chip's first banner reported the hardware reset */
	return attempt->boot.cause_kind == BOOT_CAUSE_HARDWARE ||
	       (context->native_usb && attempt->boot.cause_kind == BOOT_CAUSE_USB);
}

/* Did the banner come at 74880 Bd? After a software restart an ESP8266's banner comes at 115200 Bd. */
static bool is_cold(const struct attempt *attempt)
{
	return attempt->boot.rx_speed == BOOT_RX_74880 || attempt->banner_baud == 74880;
}

bool proof_needs_row(const struct proof_context *context, const struct attempt *attempt)
{
	return is_esp8266(&attempt->boot) && !is_cold(attempt) && context->crystal_mhz != 26;
}

/* Can this pulse belong to the series of pulses that proves a reset? */
static bool is_of_series(const struct attempt *attempt)
{
	return attempt->caused_by_us && !attempt->rebooted && !attempt->chained && !attempt->hold_bytes_late &&
	       !is_cold(attempt) && !attempt->copied && attempt->noise <= NOISE_MAX &&
	       attempt->boot.source == BOOT_SOURCE_FLASH;
}

static int tolerance_ms(const struct proof_context *context)
{
	return PROOF_LATE_TOLERANCE_MS + context->lag_ms;
}

int proof_pause_min_ms(const struct proof_context *context)
{
	return 2 * tolerance_ms(context) + 5;
}

int proof_series(const struct proof_context *context, const struct attempt *attempt)
{
	const struct attempt *before = context->before;
	int64_t later, longer;

	if (!is_of_series(attempt))
		return 0;
	if (!before || !is_of_series(before) || !before->series)
		return 1;
	later = (attempt->our_banner_ms - attempt->release_ms) - (before->our_banner_ms - before->release_ms);
	if (llabs(later) > tolerance_ms(context))
		return 1;
	if (before->series == 1)
		return 2;
	/* If the last two intervals between pulses were equal, a board that restarts by itself at this interval would
	 * print equally late banners, too. So this pulse does not count. */
	longer = (attempt->release_ms - before->release_ms) - before->distance_ms;
	return llabs(longer) < proof_pause_min_ms(context) ? 2 : before->series + 1;
}

static bool source_is_flash(const struct boot *boot)
{
	/* After a core reset, which does not read the straps again, an ESP32-family chip may print DOWNLOAD and yet
	 * load the image from flash. */
	if (boot->source == BOOT_SOURCE_DOWNLOAD && !is_esp8266(boot))
		return !boot->waiting && boot->progress >= BOOT_LOADED;
	return boot->source == BOOT_SOURCE_FLASH;
}

/* Did only a few unreadable bytes follow the load? They may be the "@cp:" that eboot prints before a copy. */
static bool may_have_said_copy(const struct attempt *attempt)
{
	const struct boot *boot = &attempt->boot;
	long unreadable = attempt->garbage - attempt->garbage_at_load;

	return boot->rx_speed == BOOT_RX_74880 && boot->progress == BOOT_LOADED && !boot->eboot_loads &&
	       unreadable >= EBOOT_BYTES_MIN && unreadable <= EBOOT_BYTES_MAX && attempt->text == attempt->text_at_load;
}

bool proof_rule_applies(const struct proof_context *context, const struct attempt *attempt, enum proof_rule rule)
{
	switch (rule) {
	case PROOF_QUIET_HOLD:
	case PROOF_IN_TIME: return !attempt->passive;
	case PROOF_FRESH:
	case PROOF_CLEAR: return is_esp8266(&attempt->boot);
	case PROOF_CHIP: return context->chip != CHIP_UNKNOWN;
	default: return true;
	}
}

bool proof_rule_holds(const struct proof_context *context, const struct attempt *attempt, enum proof_rule rule)
{
	const struct boot *boot = &attempt->boot;

	if (proof_is_left_out(rule) || !proof_rule_applies(context, attempt, rule))
		return true;
	switch (rule) {
	case PROOF_QUIET_HOLD: return attempt->hold_bytes_late == 0;
	case PROOF_AFTER_RELEASE: return boot->begin_ms >= attempt->release_ms;
	case PROOF_IN_TIME: return is_in_time(context, attempt);
	case PROOF_HARDWARE: return is_hardware_reset(context, attempt);
	case PROOF_FRESH:
		return is_cold(attempt) || (proof_needs_row(context, attempt) && attempt->series >= PROOF_PULSES);
	case PROOF_ONE_BOOT: return !attempt->rebooted;
	case PROOF_FLASH: return source_is_flash(boot);
	case PROOF_CERTAIN: return boot->certain;
	case PROOF_LOADED: return boot->progress >= BOOT_LOADED;
	case PROOF_NOT_COPYING: return !boot->copying && !boot->eboot_waits && !may_have_said_copy(attempt);
	/* After a bad image another image may boot. Then the boot log's reader has cleared trouble and suspect_text. */
	case PROOF_NO_TROUBLE: return boot->trouble == BOOT_OK && !boot->suspect_text[0];
	case PROOF_NO_FRAGMENT: return attempt->fragments == 0;
	case PROOF_CLEAR: return attempt->unclear_after_load <= UNCLEAR_MAX;
	case PROOF_SETTLED: return attempt->settled;
	case PROOF_CHIP: return boot->chip == context->chip;
	case PROOF_RULES: break;
	}
	return false;
}

enum proof_rule proof_missing(const struct proof_context *context, const struct attempt *attempt)
{
	unsigned int rule = 0;

	if (!attempt->any_boot || !attempt->caused_by_us)
		return PROOF_AFTER_RELEASE;
	while (rule < PROOF_RULES && proof_rule_holds(context, attempt, (enum proof_rule)rule))
		rule++;
	return (enum proof_rule)rule;
}

bool proof_banner_is_caused_by_us(const struct proof_context *context, const struct attempt *attempt,
				  const struct boot *boot)
{
	struct attempt seen = *attempt;

	seen.boot = *boot;
	seen.chained = 0;
	seen.caused_by_us = false;
	return proof_rule_holds(context, &seen, PROOF_AFTER_RELEASE) &&
	       proof_rule_holds(context, &seen, PROOF_IN_TIME) && proof_rule_holds(context, &seen, PROOF_HARDWARE) &&
	       (proof_needs_row(context, &seen) || proof_rule_holds(context, &seen, PROOF_FRESH));
}

bool proof_chain_is_healthy(const struct attempt *attempt, const struct boot *next)
{
	const struct boot *boot = &attempt->boot;

	if (attempt->chained >= 2)
		return false;
	/* After "Resetting with flash encryption enabled..." the bootloader restarts the chip once, on purpose. */
	if (boot->announced_restart)
		return next->cause_kind == BOOT_CAUSE_SOFTWARE;
	/* An ESP32 of revision 0 or 1 prints a banner with POWERON, and at once one with RTCWDT_RTC_RESET. The second
	 * one boots. */
	return boot->chip == CHIP_ESP32 && next->chip == CHIP_ESP32 && attempt->chained == 0 &&
	       boot->cause_kind == BOOT_CAUSE_HARDWARE && boot->progress == BOOT_BANNER && boot->trouble == BOOT_OK &&
	       next->cause_kind == BOOT_CAUSE_RTC_WATCHDOG;
}
