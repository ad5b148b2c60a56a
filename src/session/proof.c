/* proof.c - the rules that turn what an attempt has shown into proof. */
#include "session/proof.h"

#include <string.h>

#ifdef PROOF_MUTANTS
unsigned int proof_left_out;
#endif

static bool is_esp8266(const struct boot *boot)
{
	return boot->chip == CHIP_ESP8266;
}

static bool quiet_hold(const struct proof_context *context, const struct attempt *attempt)
{
	(void)context;
	return attempt->hold_bytes_late == 0;
}

static bool after_release(const struct proof_context *context, const struct attempt *attempt)
{
	(void)context;
	return attempt->boot.begin_ms >= attempt->release_ms;
}

/* A banner takes 11 ms at 74880 Bd, with what a bridge keeps back. */
#define BANNER_MS 30

static bool in_time(const struct proof_context *context, const struct attempt *attempt)
{
	int64_t begin_ms = attempt->caused_by_us ? attempt->our_banner_ms : attempt->boot.begin_ms;

	/* What made the port change its speed was the beginning of this banner, or of another boot, which may have been ours. */
	if (attempt->changed_speed && begin_ms - attempt->first_byte_ms > BANNER_MS)
		return false;
	/* What comes at once was on its way already: no ROM speaks so soon after EN. */
	return attempt->release_ms < 0 || begin_ms < attempt->release_ms || /* that is the rule before */
	       (begin_ms - attempt->release_ms >= PROOF_BOOT_MIN_MS &&
		begin_ms - attempt->release_ms <= context->boot_window_ms);
}

/* ESP8266: 1 power or CH_PD, 2 RST pin. The family prints POWERON for EN as for power. After a USB-Serial-JTAG
 * reset the chip says so itself, and only a port that is the chip's own USB can have caused that. */
static bool proves_hardware(const struct proof_context *context, const struct attempt *attempt)
{
	if (attempt->chained > 0)
		return true; /* the first banner of the chain was looked at when it came */
	return attempt->boot.cause_kind == BOOT_CAUSE_HARDWARE ||
	       (context->native_usb && attempt->boot.cause_kind == BOOT_CAUSE_USB);
}

/* Did the banner come at 74880 Bd? After a software restart it never does. */
static bool is_cold(const struct attempt *attempt)
{
	return attempt->boot.rx_speed == BOOT_RX_74880 || attempt->banner_baud == 74880;
}

bool proof_needs_row(const struct proof_context *context, const struct attempt *attempt)
{
	return is_esp8266(&attempt->boot) && !is_cold(attempt) && context->crystal_mhz != 26;
}

/* Rubbish before a banner at 115200 may be a cold one that a bridge has mutilated: then this is a restart after it. */
#define NOISE_MAX 8

static bool proves_fresh(const struct proof_context *context, const struct attempt *attempt)
{
	return is_cold(attempt) || (proof_needs_row(context, attempt) && attempt->series >= PROOF_PULSES);
}

static int64_t banner_lateness(const struct attempt *attempt)
{
	return attempt->our_banner_ms - attempt->release_ms;
}

/* Can this attempt be one of a row? */
static bool is_of_series(const struct attempt *attempt)
{
	return attempt->caused_by_us && !attempt->rebooted && !attempt->chained && !attempt->hold_bytes_late &&
	       !is_cold(attempt) && !attempt->copied && attempt->noise <= NOISE_MAX &&
	       attempt->boot.source == BOOT_SOURCE_FLASH;
}

int proof_tolerance_ms(const struct proof_context *context)
{
	return PROOF_LATE_TOLERANCE_MS + context->lag_ms;
}

int proof_pause_min_ms(const struct proof_context *context)
{
	return 2 * proof_tolerance_ms(context) + 5;
}

int proof_series(const struct proof_context *context, const struct attempt *attempt)
{
	const struct attempt *before = context->before;
	int64_t later, pauses;

	if (!is_of_series(attempt))
		return 0;
	if (!before || !is_of_series(before) || !before->series)
		return 1;
	later = banner_lateness(attempt) - banner_lateness(before);
	if (later > proof_tolerance_ms(context) || later < -proof_tolerance_ms(context))
		return 1;
	if (before->series == 1)
		return 2;
	/* as far apart as the two before: may be one that restarts by the clock */
	pauses = (attempt->release_ms - before->release_ms) - before->distance_ms;
	if (pauses < proof_pause_min_ms(context) && pauses > -proof_pause_min_ms(context))
		return 2;
	return before->series + 1;
}

static bool one_boot(const struct proof_context *context, const struct attempt *attempt)
{
	(void)context;
	return !attempt->rebooted;
}

static bool proves_flash(const struct proof_context *context, const struct attempt *attempt)
{
	(void)context;
	/* A DOWNLOAD banner of the family is not final: a core reset shows the stale straps, and then loads. */
	if (attempt->boot.source == BOOT_SOURCE_DOWNLOAD && !is_esp8266(&attempt->boot))
		return !attempt->boot.waiting && attempt->boot.progress >= BOOT_LOADED;
	return attempt->boot.source == BOOT_SOURCE_FLASH;
}

static bool proves_certain(const struct proof_context *context, const struct attempt *attempt)
{
	(void)context;
	return attempt->boot.certain;
}

static bool proves_loaded(const struct proof_context *context, const struct attempt *attempt)
{
	(void)context;
	return attempt->boot.progress >= BOOT_LOADED;
}

/* eboot's version and "@cp:" are 15 characters: as few that could not be read right behind the sum, and nothing else, may
 * have been those. Other loaders say more, and so does the SDK. */
#define EBOOT_BYTES_MIN 4
#define EBOOT_BYTES_MAX 24

static bool may_have_said_copy(const struct attempt *attempt)
{
	const struct boot *boot = &attempt->boot;

	long strange = attempt->garbage - attempt->garbage_at_load;

	return boot->rx_speed == BOOT_RX_74880 && boot->progress == BOOT_LOADED && !boot->eboot_loads &&
	       strange >= EBOOT_BYTES_MIN && strange <= EBOOT_BYTES_MAX && attempt->text == attempt->text_at_load;
}

static bool not_copying(const struct proof_context *context, const struct attempt *attempt)
{
	(void)context;
	return !attempt->boot.copying && !attempt->boot.eboot_waits && !may_have_said_copy(attempt);
}

static bool no_trouble(const struct proof_context *context, const struct attempt *attempt)
{
	(void)context;
	/* A bad image is no trouble once another slot has booted: then the reader has forgotten it. */
	return attempt->boot.trouble == BOOT_OK && !attempt->boot.suspect_text[0];
}

static bool no_fragment(const struct proof_context *context, const struct attempt *attempt)
{
	(void)context;
	return attempt->fragments == 0;
}

/* A restart's banner and load lines are 250 characters, and more than a hundred at the other speed. */
#define UNCLEAR_MAX 80

/* A restart at the speed that is not being listened to, or one whose recovery failed, would be rubbish. */
static bool proves_clear(const struct proof_context *context, const struct attempt *attempt)
{
	(void)context;
	return attempt->unclear_after_load <= UNCLEAR_MAX;
}

static bool proves_settled(const struct proof_context *context, const struct attempt *attempt)
{
	(void)context;
	return attempt->settled;
}

static bool right_chip(const struct proof_context *context, const struct attempt *attempt)
{
	return context->chip == CHIP_UNKNOWN || attempt->boot.chip == context->chip;
}

static const struct proof_row {
	const char *name;
	bool (*holds)(const struct proof_context *context, const struct attempt *attempt);
} proof_rows[PROOF_RULES] = {
	[PROOF_QUIET_HOLD] = { "quiet-hold", quiet_hold },
	[PROOF_AFTER_RELEASE] = { "banner-after-release", after_release },
	[PROOF_IN_TIME] = { "banner-in-time", in_time },
	[PROOF_HARDWARE] = { "hardware-reset", proves_hardware },
	[PROOF_FRESH] = { "cold-speed", proves_fresh },
	[PROOF_ONE_BOOT] = { "one-boot", one_boot },
	[PROOF_FLASH] = { "flash-boot", proves_flash },
	[PROOF_CERTAIN] = { "read-whole", proves_certain },
	[PROOF_LOADED] = { "loaded", proves_loaded },
	[PROOF_NOT_COPYING] = { "no-copy", not_copying },
	[PROOF_NO_TROUBLE] = { "no-trouble", no_trouble },
	[PROOF_NO_FRAGMENT] = { "no-fragment", no_fragment },
	[PROOF_CLEAR] = { "readable-after-load", proves_clear },
	[PROOF_SETTLED] = { "settled", proves_settled },
	[PROOF_CHIP] = { "chip", right_chip },
};

const char *proof_rule_name(enum proof_rule rule)
{
	return proof_rows[rule].name;
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
	if (proof_is_left_out(rule) || !proof_rule_applies(context, attempt, rule))
		return true;
	return proof_rows[rule].holds(context, attempt);
}

enum proof_rule proof_missing(const struct proof_context *context, const struct attempt *attempt)
{
	if (!attempt->any_boot || !attempt->caused_by_us)
		return PROOF_AFTER_RELEASE;
	for (unsigned int rule = 0; rule < PROOF_RULES; rule++) {
		if (!proof_rule_holds(context, attempt, (enum proof_rule)rule))
			return (enum proof_rule)rule;
	}
	return PROOF_RULES;
}

bool proof_banner_is_caused_by_us(const struct proof_context *context, const struct attempt *attempt,
				  const struct boot *boot)
{
	static const enum proof_rule needed[] = { PROOF_AFTER_RELEASE, PROOF_IN_TIME, PROOF_HARDWARE };
	struct attempt seen = *attempt;

	seen.boot = *boot;
	seen.chained = 0;
	seen.caused_by_us = false;
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		if (!proof_rule_holds(context, &seen, needed[i]))
			return false;
	}
	return proof_needs_row(context, &seen) || proof_rule_holds(context, &seen, PROOF_FRESH);
}

bool proof_chain_is_healthy(const struct attempt *attempt, const struct boot *next)
{
	const struct boot *boot = &attempt->boot;

	if (attempt->chained >= 2)
		return false;
	/* "Resetting with flash encryption enabled...": one deliberate restart. */
	if (boot->announced_restart)
		return next->cause_kind == BOOT_CAUSE_SOFTWARE;
	/* ESP32 revision 0 and 1: POWERON, then at once RTCWDT_RTC_RESET, which boots. */
	return boot->chip == CHIP_ESP32 && next->chip == CHIP_ESP32 && attempt->chained == 0 &&
	       boot->cause_kind == BOOT_CAUSE_HARDWARE && boot->progress == BOOT_BANNER && boot->trouble == BOOT_OK &&
	       next->cause_kind == BOOT_CAUSE_RTC_WATCHDOG;
}
