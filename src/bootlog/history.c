/* history.c - what a boot, and a whole log of them, comes down to. */
#include "bootlog/reader.h"

static bool is_watchdog(const struct boot *boot)
{
	return boot->cause_kind == BOOT_CAUSE_WATCHDOG ||
	       boot->cause_kind == BOOT_CAUSE_RTC_WATCHDOG;
}

/* A banner that somebody's hand or tool has caused: what came before it is over. The ESP8266 repeats its last
 * hardware cause after a restart by software, so that its number says nothing; the speed does. */
static bool is_fresh_start(const struct boot *boot)
{
	if (boot->chip == CHIP_ESP8266)
		return boot->heard == BOOT_HEARD_74880;
	return boot->cause_kind == BOOT_CAUSE_HARDWARE;
}

void history_banner(struct bootlog *log)
{
	struct bootlog_history *h = &log->history;
	const struct boot *boot = &log->boot;

	/* ESP-IDF's panic handler ends with "Rebooting..."; what came before it may be cut off. */
	if (h->rebooting && boot->chip != CHIP_ESP8266 && boot->cause_kind == BOOT_CAUSE_SOFTWARE)
		h->crashed = true;
	if (boot->cause_kind == BOOT_CAUSE_BROWNOUT)
		h->crashed = true;
	if (is_fresh_start(boot))
		*h = (struct bootlog_history){ 0 };
	/* A ROM that has found no image waits for its own watchdog and tries again: that one tells of no crash. */
	h->watchdogs += is_watchdog(boot) && log->before.trouble != BOOT_NO_IMAGE;
	h->restarts += boot->cause_kind == BOOT_CAUSE_SOFTWARE && !h->explained;
	h->explained = false;
	h->rebooting = false;
}

/* "Restarting now.", "Resetting...": the application said so */
void history_restart(struct bootlog *log, bool rebooting)
{
	log->history.explained = true;
	log->history.rebooting |= rebooting;
}

static bool is_loaded_from_flash(const struct boot *boot)
{
	if (boot->progress < BOOT_LOADED)
		return false;
	/* A core reset of the family shows the old straps and then loads; an ESP8266 in mode 1 that runs was started by
	 * an upload, and its latch still says so. */
	return boot->source == BOOT_SOURCE_FLASH || (boot->source == BOOT_SOURCE_DOWNLOAD &&
						     boot->chip != CHIP_ESP8266 && !boot->waiting);
}

enum verdict boot_verdict(const struct boot *boot)
{
	if (boot->source == BOOT_SOURCE_DOWNLOAD && !is_loaded_from_flash(boot) &&
	    boot->trouble != BOOT_NO_IMAGE)
		return VERDICT_DOWNLOAD_MODE;
	if (boot->trouble == BOOT_NO_IMAGE)
		return VERDICT_BOOT_FAILED;
	if (boot->trouble == BOOT_CRASH)
		return VERDICT_CRASHED;
	if (boot->source == BOOT_SOURCE_OTHER)
		return VERDICT_OTHER_BOOT;
	if (boot->suspect_text[0])
		return VERDICT_BOOT_FAILED;
	return is_loaded_from_flash(boot) ? VERDICT_FLASH_BOOT : VERDICT_UNPROVEN;
}

/* The same, knowing what came before: a panic, or watchdogs again and again. */
static enum verdict verdict_in_log(const struct bootlog *log)
{
	const struct bootlog_history *h = &log->history;
	enum verdict alone = boot_verdict(&log->boot);
	bool final = log->boot.trouble == BOOT_NO_IMAGE;

	if (h->rom_fatal && !log->any_boot)
		return VERDICT_UNPROVEN;
	if (alone == VERDICT_DOWNLOAD_MODE || alone == VERDICT_OTHER_BOOT || final)
		return alone;
	if (h->watchdogs >= 2 || h->restarts >= 2 || h->crashed)
		return VERDICT_CRASHED;
	return alone;
}

/* The boot is over: is it the one that decides? */
void history_decide(struct bootlog *log)
{
	enum verdict verdict = verdict_in_log(log);

	if (verdict == VERDICT_UNPROVEN && log->any_decided)
		return;
	log->decided = log->boot;
	log->decided_verdict = verdict;
	log->any_decided |= verdict != VERDICT_UNPROVEN;
}

static enum verdict verdict_without_boot(const struct bootlog *log)
{
	uint64_t strange = log->garbage + log->foreign;

	if (!log->bytes)
		return VERDICT_SILENT;
	return strange >= 8 && strange * 4 >= log->garbage + log->readable ? VERDICT_GARBLED
									  : VERDICT_UNPROVEN;
}

enum verdict bootlog_verdict(const struct bootlog *log, const struct boot **ret_boot)
{
	enum verdict now = log->begun ? verdict_in_log(log) : VERDICT_UNPROVEN;
	const struct boot *boot = log->begun ? &log->boot : NULL;

	if (now == VERDICT_UNPROVEN && log->any_decided) {
		boot = &log->decided;
		now = log->decided_verdict;
	} else if (now == VERDICT_UNPROVEN && !log->any_boot && !log->history.rom_fatal) {
		now = verdict_without_boot(log);
	}
	if (ret_boot)
		*ret_boot = boot;
	return now;
}
