/* outcome.c - turns the end of a session into a verdict, a sentence and an advice. */
#include "session/inside.h"

#include <stdarg.h>
#include <stdio.h>

#include "bootlog/bootwords.h"

static bool is_crash(const struct boot *boot)
{
	return boot->trouble == BOOT_CRASH || boot->cause_kind == BOOT_CAUSE_WATCHDOG ||
	       boot->cause_kind == BOOT_CAUSE_RTC_WATCHDOG || boot->cause_kind == BOOT_CAUSE_BROWNOUT;
}

/* The verdict if no banner came that our pulse can have caused. */
static enum verdict without_our_boot(const struct session *s)
{
	const struct attempt *a = &s->attempt;

	if (a->any_boot && a->boot.trouble == BOOT_NO_IMAGE)
		return VERDICT_BOOT_FAILED;
	/* A banner came before the modem lines were released: the sequence does not fit the circuit. So the outcome
	 * does not show whether the board works. */
	if (a->cold_in_hold && a->boot.trouble == BOOT_OK)
		return VERDICT_UNPROVEN;
	if ((a->any_boot && is_crash(&a->boot)) || a->crashed_before)
		return VERDICT_CRASHED;
	if (!session_holds(s, PROOF_QUIET_HOLD))
		return VERDICT_NO_EFFECT;
	if (a->any_boot)
		return VERDICT_UNPROVEN;
	if (a->bytes == 0)
		return VERDICT_SILENT;
	if (a->cut_off) /* the time was over: the bytes may be the beginning of a banner */
		return VERDICT_UNPROVEN;
	return a->garbage > a->text ? VERDICT_GARBLED : VERDICT_UNPROVEN;
}

/* The verdict if the board booted again after the boot that our pulse caused. Healthy chips that print several banners
 * after one reset do not get here. */
static enum verdict after_reboot(const struct attempt *a)
{
	if (a->boot.trouble == BOOT_NO_IMAGE || a->next.trouble == BOOT_NO_IMAGE)
		return VERDICT_BOOT_FAILED;
	if (a->boot.trouble == BOOT_CRASH || is_crash(&a->next))
		return VERDICT_CRASHED;
	/* A second hardware reset has a cause outside the chip, or the modem line bounced. The board itself is not
	 * faulty. */
	if (a->next.cause_kind == BOOT_CAUSE_HARDWARE &&
	    (a->next.chip != CHIP_ESP8266 || a->next.rx_speed == BOOT_RX_74880))
		return VERDICT_UNPROVEN;
	return VERDICT_RESTARTED;
}

static enum verdict with_our_boot(const struct session *s, enum proof_rule missing)
{
	const struct attempt *a = &s->attempt;
	const struct boot *boot = &a->boot;

	if (missing == PROOF_RULES)
		return VERDICT_READY;
	if (!session_holds(s, PROOF_FLASH))
		return boot->source == BOOT_SOURCE_DOWNLOAD ? VERDICT_DOWNLOAD_MODE
		       : boot->source == BOOT_SOURCE_OTHER  ? VERDICT_OTHER_BOOT
							    : VERDICT_UNPROVEN;
	if (!session_holds(s, PROOF_ONE_BOOT))
		return after_reboot(a);
	if (!session_holds(s, PROOF_NO_TROUBLE))
		return boot->trouble == BOOT_CRASH ? VERDICT_CRASHED : VERDICT_BOOT_FAILED;
	if (!session_holds(s, PROOF_CHIP) && (boot->chip != CHIP_NEWER || boot->chip_name[0]))
		return VERDICT_WRONG_CHIP;
	return VERDICT_UNPROVEN;
}

/* Could the rule @missing have held if --timeout had been longer? */
static bool is_short_of_time(const struct attempt *a, enum proof_rule missing)
{
	return missing == PROOF_SETTLED || (a->cut_off && (missing == PROOF_LOADED || missing == PROOF_CERTAIN ||
							   missing == PROOF_FLASH || !a->any_boot));
}

#define SEE_WIRING "see \"Wiring\" in espreset(1)"

static const struct advice
	see_wiring = { "see-wiring", SEE_WIRING },
	wait_for_copy = { "update-is-copied",
			  "wait a minute, then run espreset again; a longer --timeout waits for the copy" },
	more_time = { "more-time", "give a longer --timeout" },
	reset_in_a_row = { "reset-in-a-row",
			   "with a 40 MHz crystal only resets in a row prove it: leave out --no-reset" },
	less_load = { "less-load",
		      "try again while the computer has less to do, or with a simpler --expect or --fail-on" },
	bad_signal = { "bad-signal", "a bad ground, cable or level shifter garbles; --capture FILE keeps what came" },
	restarts_on_purpose = { "settle-0", "if the firmware restarts on purpose, --settle 0 stops watching for it" },
	other_board = { "other-board", "another board than expected is on this port; espreset --list shows them" },
	reset_not_wired = { "reset-not-wired", "the line does not reach EN/RST: " SEE_WIRING },
	nobody_reset = { "nobody-reset", "nobody reset the board, or it is not connected: check TX, GND and power" },
	silent_short = { "check-power", "give a longer --timeout; or check power, TX and GND, and that RTS reaches "
					"EN/RST: " SEE_WIRING },
	silent_board = { "check-power", "check power, TX and GND, and that RTS reaches EN/RST: " SEE_WIRING },
	say_baud = { "say-baud",
		     "what the application said before its speed was found was not read: say it with --baud" };

#define WARM_BANNER "the banner came at 115200 Bd, the speed of a software restart"
#define COPYING "eboot is still copying an OTA image: do not reset the board now"

/* Returns the sentence that says why no banner counts as caused by our pulse. */
static const char *missing_banner(const struct session *s)
{
	const struct attempt *a = &s->attempt;

	if (!a->any_boot)
		return "no boot banner came after the reset";
	if (!session_holds(s, PROOF_HARDWARE))
		return "the banner that came reports no hardware reset";
	return session_holds(s, PROOF_FRESH) || proof_needs_row(&s->context, a)
		       ? "the banner that came was not caused by this reset"
		       : WARM_BANNER;
}

/* Returns the sentence about @missing, which is the first rule that does not hold. @ret_advice receives the matching
 * advice. */
static const char *outcome_missing(const struct session *s, enum proof_rule missing, const struct advice **ret_advice)
{
	const struct attempt *a = &s->attempt;
	const struct boot *boot = &a->boot;

	*ret_advice = &see_wiring;
	if (boot->copying) { /* the user must know about the copy first, whichever rule fails */
		*ret_advice = &wait_for_copy;
		return COPYING;
	}
	if (is_short_of_time(a, missing)) {
		*ret_advice = &more_time;
		return missing == PROOF_SETTLED ? "the time was over before the settle time"
						: "the time was over before the board had booted";
	}
	switch (missing) {
	case PROOF_QUIET_HOLD: return "bytes came while reset was held";
	case PROOF_AFTER_RELEASE: return missing_banner(s);
	case PROOF_IN_TIME: return "the banner came too late to be ours";
	case PROOF_HARDWARE: return "the banner reports no hardware reset";
	case PROOF_FRESH:
		if (!proof_needs_row(&s->context, a))
			return WARM_BANNER;
		if (s->config.no_reset) {
			*ret_advice = &reset_in_a_row;
			return "one banner at 115200 Bd, which may come after a software restart, proves nothing";
		}
		return "resets in a row were not each followed by one banner at 115200 Bd, equally late";
	case PROOF_ONE_BOOT: return "the board was reset again";
	case PROOF_FLASH: return "the boot source is not known";
	case PROOF_CERTAIN: return "the banner could not be read whole";
	case PROOF_LOADED: return "the image was not reported loaded";
	case PROOF_NOT_COPYING:
		*ret_advice = &wait_for_copy;
		return boot->eboot_waits ? COPYING : "it was not heard whether eboot is copying an update";
	case PROOF_NO_FRAGMENT:
		if (!a->gap)
			return "what came after the banner was torn or lost";
		*ret_advice = &less_load;
		return "this computer was too slow: some of what came after the banner may be lost";
	case PROOF_CLEAR: *ret_advice = &bad_signal; return "unreadable output after the load may hide a restart";
	case PROOF_CHIP: return "the chip did not say its name";
	default: return "the evidence is incomplete";
	}
}

__attribute__((format(printf, 3, 4))) static void outcome_say(struct session_result *r, const struct advice *advice,
							      const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(r->text, sizeof(r->text), format, ap);
	va_end(ap);
	r->advice = advice;
}

/* Fills in the sentence and the advice for the verdict. If the boot gives no reason for a crash, the advice is about
 * the reset cause that the next boot reports. */
static void outcome_explain(const struct session *s, struct session_result *r)
{
	const struct boot *boot = &r->boot;
	const char *name = bootwords_chip(boot);
	bool wordless = s->attempt.rebooted && boot->reason == REASON_NONE;
	const struct advice *advice = boot_advice(wordless ? &s->attempt.next : boot, r->verdict, false);
	bool cut_off = s->attempt.cut_off;
	char mode[96], speed[48];

	bootwords_mode(boot, mode, sizeof(mode));
	switch (r->verdict) {
	case VERDICT_READY:
		snprintf(speed, sizeof(speed), ", application at %d Bd", r->app_baud);
		outcome_say(r, plan_saves_detour(s), "%s, %s, booted in %d ms, up %d.%d s%s", name, mode, r->boot_ms,
			    r->up_ms / 1000, r->up_ms / 100 % 10, r->app_baud && r->app_baud != 115200 ? speed : "");
		break;
	case VERDICT_DOWNLOAD_MODE:
	case VERDICT_OTHER_BOOT: outcome_say(r, advice, "%s came up in %s", name, mode); break;
	case VERDICT_BOOT_FAILED:
		outcome_say(r, advice, "%s found no image it can run: %s", name, bootwords_trouble(boot));
		break;
	case VERDICT_CRASHED:
		outcome_say(r, advice, "%s crashed%s%s", name, boot->trouble_text[0] ? ": " : "", boot->trouble_text);
		break;
	case VERDICT_RESTARTED:
		outcome_say(r, &restarts_on_purpose, "%s booted, then restarted by itself", name);
		break;
	case VERDICT_WRONG_CHIP: outcome_say(r, &other_board, "this is %s", name); break;
	case VERDICT_NO_EFFECT: outcome_say(r, &reset_not_wired, "the board kept talking while reset was held"); break;
	case VERDICT_SILENT:
		outcome_say(r,
			    s->config.no_reset ? &nobody_reset
			    : cut_off	       ? &silent_short
					       : &silent_board,
			    "not one byte came%s", cut_off ? " before the time was over" : "");
		break;
	case VERDICT_GARBLED: outcome_say(r, &bad_signal, "mostly unreadable at every speed tried"); break;
	default: snprintf(r->text, sizeof(r->text), "%s", outcome_missing(s, r->missing, &r->advice)); break;
	}
}

/* Is it certain that our pulse reset the board? A single ESP8266 banner at 115200 Bd does not show this, because it may
 * follow a software restart. */
static bool is_shown_ours(const struct session *s)
{
	const struct attempt *a = &s->attempt;

	return a->caused_by_us && (!proof_needs_row(&s->context, a) || a->series >= PROOF_PULSES);
}

static void outcome_fill(const struct session *s, struct session_result *ret)
{
	const struct attempt *a = &s->attempt;

	*ret = (struct session_result){ .boot_ms = -1, .up_ms = -1, .missing = PROOF_RULES };
	ret->any_boot = a->any_boot;
	ret->boot = a->boot;
	ret->baud = s->baud;
	ret->crystal_mhz = s->context.crystal_mhz;
	ret->app_baud = s->appspeed.app_baud;
	snprintf(ret->sequence, sizeof(ret->sequence), "%s", s->sequence.text);
	if (is_shown_ours(s))
		ret->reset_by = a->passive ? RESET_BY_OTHER : RESET_BY_US;
	if (a->caused_by_us && a->boot.progress >= BOOT_LOADED) {
		ret->boot_ms = (int)(a->boot.loaded_ms - (a->passive ? a->our_banner_ms : a->release_ms));
		ret->up_ms = (int)(s->now_ms - a->boot.loaded_ms);
	}
}

/* The set of rules that apply and hold. It is empty if something other than our pulse may have reset the board. */
static unsigned int outcome_evidence(const struct session *s)
{
	unsigned int set = 0;

	if (!is_shown_ours(s))
		return 0;
	for (unsigned int rule = 0; rule < PROOF_RULES; rule++) {
		if (proof_rule_applies(&s->context, &s->attempt, (enum proof_rule)rule) &&
		    proof_rule_holds(&s->context, &s->attempt, (enum proof_rule)rule))
			set |= 1U << rule;
	}
	return set;
}

void outcome_judge(const struct session *s, struct session_result *ret)
{
	const struct attempt *a = &s->attempt;

	outcome_fill(s, ret);
	ret->missing = proof_missing(&s->context, a);
	ret->verdict = a->caused_by_us ? with_our_boot(s, ret->missing) : without_our_boot(s);
	if (ret->verdict == VERDICT_READY && proof_needs_row(&s->context, a))
		ret->crystal_mhz = 40;
	ret->evidence = outcome_evidence(s);
	if (a->rebooted && ret->verdict == VERDICT_CRASHED && a->boot.trouble == BOOT_OK) {
		ret->boot.trouble = BOOT_CRASH;
		ret->boot.reason = a->next.reason;
		ret->boot.detail = a->next.detail;
		snprintf(ret->boot.trouble_text, sizeof(ret->boot.trouble_text), "%s",
			 a->next.trouble_text[0] ? a->next.trouble_text
			 : a->next.cause_text[0] ? a->next.cause_text
						 : "restarted by the watchdog");
	}
	outcome_explain(s, ret);
}

void outcome_port(const struct session *s, int err, struct session_result *ret)
{
	outcome_fill(s, ret);
	ret->err = err;
	ret->verdict = verdict_of_errno(err);
}

void outcome_condition(const struct session *s, enum verdict verdict, const char *text, struct session_result *ret)
{
	outcome_fill(s, ret);
	ret->verdict = verdict;
	ret->evidence = outcome_evidence(s);
	if (verdict == VERDICT_EXPECT_TIMEOUT && !s->config.baud && ret->app_baud && ret->app_baud != 115200)
		ret->advice = &say_baud;
	snprintf(ret->text, sizeof(ret->text), "%s", text);
}
