/* proof.c - the rules that turn what an attempt has shown into proof. */
#include "session/proof.h"

#include <string.h>

/* Two resets of one board differ by little; a bridge delivers in steps of up to 16 ms (FTDI's latency timer). */
#define TWICE_TOLERANCE_MS 20

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

static bool in_time(const struct proof_context *context, const struct attempt *attempt)
{
	int64_t begin_ms = attempt->ours ? attempt->ours_begin_ms : attempt->boot.begin_ms;

	/* What comes at once was on its way already: no ROM speaks so soon after EN. */
	return attempt->release_ms < 0 || begin_ms < attempt->release_ms ||	/* that is the rule before */
	       (begin_ms - attempt->release_ms >= PROOF_BOOT_MIN_MS &&
					   begin_ms - attempt->release_ms <= context->boot_window_ms);
}

/* ESP8266: 1 power or CH_PD, 2 RST pin. The family prints POWERON for EN as for power. After a USB-Serial-JTAG
 * reset the chip says so itself, and only a port that is the chip's own USB can have caused that. */
static bool hardware(const struct proof_context *context, const struct attempt *attempt)
{
	if (attempt->chained > 0)
		return true;	/* the first banner of the chain was looked at when it came */
	return attempt->boot.cause_kind == BOOT_CAUSE_HARDWARE ||
	       (context->native_usb && attempt->boot.cause_kind == BOOT_CAUSE_USB);
}

static bool cold(const struct proof_context *context, const struct attempt *attempt)
{
	(void)context;
	return attempt->boot.heard == BOOT_HEARD_74880 || attempt->baud == 74880;
}

static bool twice(const struct proof_context *context, const struct attempt *attempt)
{
	const struct attempt *before = context->before;
	int64_t late, late_before;

	if (!before || !before->ours || before->rebooted || before->chained ||
	    before->hold_bytes_late || before->boot.source != BOOT_SOURCE_FLASH)
		return false;
	late = attempt->ours_begin_ms - attempt->release_ms;
	late_before = before->ours_begin_ms - before->release_ms;
	return late - late_before <= TWICE_TOLERANCE_MS && late_before - late <= TWICE_TOLERANCE_MS;
}

static bool one_boot(const struct proof_context *context, const struct attempt *attempt)
{
	(void)context;
	return !attempt->rebooted;
}

static bool flash(const struct proof_context *context, const struct attempt *attempt)
{
	(void)context;
	/* A DOWNLOAD banner of the family is not final: a core reset shows the stale straps, and then loads. */
	if (attempt->boot.source == BOOT_SOURCE_DOWNLOAD && !is_esp8266(&attempt->boot))
		return !attempt->boot.waiting && attempt->boot.progress >= BOOT_LOADED;
	return attempt->boot.source == BOOT_SOURCE_FLASH;
}

static bool certain(const struct proof_context *context, const struct attempt *attempt)
{
	(void)context;
	return attempt->boot.certain;
}

static bool loaded(const struct proof_context *context, const struct attempt *attempt)
{
	(void)context;
	return attempt->boot.progress >= BOOT_LOADED;
}

static bool not_copying(const struct proof_context *context, const struct attempt *attempt)
{
	(void)context;
	return !attempt->boot.copying && !attempt->boot.eboot_waits;
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
static bool clear(const struct proof_context *context, const struct attempt *attempt)
{
	(void)context;
	return attempt->unclear_after_load <= UNCLEAR_MAX;
}

static bool settled(const struct proof_context *context, const struct attempt *attempt)
{
	(void)context;
	return attempt->settled;
}

static bool right_chip(const struct proof_context *context, const struct attempt *attempt)
{
	return context->chip == CHIP_UNKNOWN || attempt->boot.chip == context->chip;
}

static const struct rule {
	const char *name;
	bool (*holds)(const struct proof_context *context, const struct attempt *attempt);
} rules[PROOF_RULES] = {
	[PROOF_QUIET_HOLD] = { "quiet-hold", quiet_hold },
	[PROOF_AFTER_RELEASE] = { "banner-after-release", after_release },
	[PROOF_IN_TIME] = { "banner-in-time", in_time },
	[PROOF_HARDWARE] = { "hardware-reset", hardware },
	[PROOF_COLD] = { "cold-speed", cold },
	[PROOF_TWICE] = { "two-pulses", twice },
	[PROOF_ONE_BOOT] = { "one-boot", one_boot },
	[PROOF_FLASH] = { "flash-boot", flash },
	[PROOF_CERTAIN] = { "read-whole", certain },
	[PROOF_LOADED] = { "loaded", loaded },
	[PROOF_NOT_COPYING] = { "no-copy", not_copying },
	[PROOF_NO_TROUBLE] = { "no-trouble", no_trouble },
	[PROOF_NO_FRAGMENT] = { "no-fragment", no_fragment },
	[PROOF_CLEAR] = { "readable-after-load", clear },
	[PROOF_SETTLED] = { "settled", settled },
	[PROOF_CHIP] = { "chip", right_chip },
};

const char *proof_rule_name(enum proof_rule rule)
{
	return rules[rule].name;
}

bool proof_rule_applies(const struct proof_context *context, const struct attempt *attempt,
			enum proof_rule rule)
{
	switch (rule) {
	case PROOF_QUIET_HOLD:
	case PROOF_IN_TIME:
		return !attempt->watches;
	case PROOF_COLD:
		return is_esp8266(&attempt->boot) && context->crystal_mhz != 40;
	case PROOF_CLEAR:
		return is_esp8266(&attempt->boot) && context->crystal_mhz != 40;
	case PROOF_TWICE:
		return is_esp8266(&attempt->boot) && context->crystal_mhz == 40;
	case PROOF_CHIP:
		return context->chip != CHIP_UNKNOWN;
	default:
		return true;
	}
}

bool proof_rule_holds(const struct proof_context *context, const struct attempt *attempt,
		      enum proof_rule rule)
{
	if (proof_is_left_out(rule) || !proof_rule_applies(context, attempt, rule))
		return true;
	return rules[rule].holds(context, attempt);
}

enum proof_rule proof_missing(const struct proof_context *context, const struct attempt *attempt)
{
	if (!attempt->any_boot || !attempt->ours)
		return PROOF_AFTER_RELEASE;
	for (unsigned int rule = 0; rule < PROOF_RULES; rule++) {
		if (!proof_rule_holds(context, attempt, (enum proof_rule)rule))
			return (enum proof_rule)rule;
	}
	return PROOF_RULES;
}

bool proof_banner_is_ours(const struct proof_context *context, const struct attempt *attempt,
			  const struct boot *boot)
{
	static const enum proof_rule needed[] = {
		PROOF_AFTER_RELEASE, PROOF_IN_TIME, PROOF_HARDWARE, PROOF_COLD,
	};
	struct attempt seen = *attempt;

	seen.boot = *boot;
	seen.chained = 0;
	seen.ours = false;
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		if (!proof_rule_holds(context, &seen, needed[i]))
			return false;
	}
	return true;
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
	       boot->cause_kind == BOOT_CAUSE_HARDWARE && boot->progress == BOOT_BANNER &&
	       boot->trouble == BOOT_OK && next->cause_kind == BOOT_CAUSE_RTC_WATCHDOG;
}
