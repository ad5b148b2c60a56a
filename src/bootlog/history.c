/* history.c - what a boot, and a whole log of them, comes down to. */
#include "bootlog/reader.h"

static bool is_watchdog(const struct boot *boot)
{
	return boot->cause_kind == BOOT_CAUSE_WATCHDOG || boot->cause_kind == BOOT_CAUSE_RTC_WATCHDOG;
}

/* A banner that somebody's hand or tool has caused: what came before it is over. The ESP8266 repeats its last
 * hardware cause after a restart by software, so that its number says nothing; the speed does. */
bool history_is_fresh(const struct boot *boot)
{
	if (boot->chip == CHIP_ESP8266)
		return boot->rx_speed == BOOT_RX_74880;
	return boot->cause_kind == BOOT_CAUSE_HARDWARE;
}

/* eboot copies an update into place, or has done so and not yet loaded it. */
static bool history_is_copying(const struct boot *boot)
{
	return boot->copying || (boot->eboot_copied && !boot->eboot_loads);
}

static bool has_run(const struct boot *boot)
{
	return boot->progress >= BOOT_LOADED && boot->source != BOOT_SOURCE_OTHER && boot->trouble != BOOT_NO_IMAGE &&
	       !boot->suspect_text[0] && !history_is_copying(boot);
}

/* Did the run before end by what no program does on purpose? */
static bool history_ended_badly(const struct bootlog *log)
{
	const struct boot *boot = &log->boot;

	if (boot->cause_kind == BOOT_CAUSE_BROWNOUT || boot->cause_kind == BOOT_CAUSE_LOCKUP)
		return true;
	return is_watchdog(boot) && log->boots > 1 && has_run(&log->before);
}

/* A second stage that names a bad image and then restarts has found no other one. */
static bool has_failed(const struct boot *boot)
{
	return boot->trouble == BOOT_NO_IMAGE || (boot->suspect_text[0] && boot->progress >= BOOT_LOADED);
}

/* The application itself said that it cannot run. */
static bool is_reason_of_app(enum boot_reason reason)
{
	return reason == REASON_OCTAL_FLASH || reason == REASON_SINGLE_CORE || reason == REASON_EXTERNAL_RAM;
}

void history_banner(struct bootlog *log)
{
	struct bootlog_history *h = &log->history;
	const struct boot *boot = &log->boot;
	bool failed = has_failed(&log->before);

	log->began[boot->cause_kind]++;
	if (failed) { /* and that decides, whatever was before it */
		h->crashed = false;
		h->watchdogs = h->restarts = 0;
	}
	if (history_ended_badly(log)) {
		h->crashed = true;
		if (log->before.trouble != BOOT_CRASH)
			log->culprit = *boot;
	}
	h->app_failed |= log->boots > 1 && failed && is_reason_of_app(log->before.reason);
	if (history_is_fresh(boot))
		*h = (struct bootlog_history){ 0 };
	/* A ROM that has found no image waits for its own watchdog and tries again: that one tells of no crash. */
	h->watchdogs += is_watchdog(boot) && !failed;
	/* A running application may restart as often as it likes. One that never says a word before it does crashes. A second
	 * stage that has found none restarts, too. */
	h->restarts += boot->cause_kind == BOOT_CAUSE_SOFTWARE && !h->explained && !failed && !log->before.spoke;
	h->loader_failed |= !history_is_fresh(boot) && log->boots > 1 && failed && log->before.progress >= BOOT_LOADED;
	h->explained = false;
}

static bool is_loaded_from_flash(const struct boot *boot)
{
	if (boot->progress < BOOT_LOADED || history_is_copying(boot))
		return false;
	/* A core reset of the family shows the old straps and then loads; an ESP8266 in mode 1 that runs was started by
	 * an upload, and its latch still says so. */
	return boot->source == BOOT_SOURCE_FLASH ||
	       (boot->source == BOOT_SOURCE_DOWNLOAD && boot->chip != CHIP_ESP8266 && !boot->waiting);
}

enum verdict boot_verdict(const struct boot *boot)
{
	if (boot->source == BOOT_SOURCE_DOWNLOAD && !is_loaded_from_flash(boot) && boot->trouble != BOOT_NO_IMAGE)
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

/* What has failed, a second stage or an application that cannot run on this chip, is loaded again by the restart that
 * follows, and has shown nothing new by that. */
static bool is_same_again(const struct bootlog *log)
{
	const struct boot *boot = &log->boot;

	if (boot->chip == CHIP_ESP8266 || boot->spoke)
		return false;
	return log->history.app_failed || (log->history.loader_failed && boot->progress <= BOOT_STAGE2 && !log->chosen);
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
	if (alone == VERDICT_FLASH_BOOT && is_same_again(log))
		return VERDICT_UNPROVEN;
	if (h->watchdogs >= 2 || h->restarts >= 2 || h->crashed)
		return VERDICT_CRASHED;
	return alone;
}

/* A boot that has not shown what becomes of it, behind one that decided. A failure stays one until somebody resets the
 * board: it is why the board restarts. */
static enum verdict verdict_undecided(const struct bootlog *log, const struct boot *later)
{
	bool failed = log->decided_verdict == VERDICT_BOOT_FAILED || log->decided_verdict == VERDICT_CRASHED;

	return failed && !history_is_fresh(later) ? log->decided_verdict : VERDICT_UNPROVEN;
}

/* The boot is over: is it the one that decides? */
void history_decide(struct bootlog *log)
{
	enum verdict verdict = verdict_in_log(log);

	if (verdict == VERDICT_UNPROVEN && log->any_decided) {
		verdict = verdict_undecided(log, &log->boot);
		log->any_decided = verdict != VERDICT_UNPROVEN;
		if (log->any_decided)
			return;
	}
	log->decided = log->boot;
	log->decided_verdict = verdict;
	log->any_decided |= verdict != VERDICT_UNPROVEN;
}

static enum verdict verdict_without_boot(const struct bootlog *log)
{
	uint64_t strange = log->garbage + log->foreign;

	if (!log->bytes)
		return VERDICT_SILENT;
	return strange >= 8 && strange * 4 >= log->garbage + log->readable ? VERDICT_GARBLED : VERDICT_UNPROVEN;
}

/* The last boot, or the one before where the last has shown nothing else */
static enum verdict verdict_at_end(const struct bootlog *log, const struct boot **boot)
{
	enum verdict now = log->begun ? verdict_in_log(log) : VERDICT_UNPROVEN;

	*boot = log->begun ? &log->boot : NULL;
	if (now == VERDICT_UNPROVEN && log->any_decided) {
		now = verdict_undecided(log, &log->boot);
		if (now != VERDICT_UNPROVEN)
			*boot = &log->decided;
	} else if (now == VERDICT_UNPROVEN && !log->any_boot && !log->history.rom_fatal) {
		now = verdict_without_boot(log);
	}
	return now;
}

/* The first line of a banner came, and nothing more: whatever ran does so no longer. What the straps chose, and that there
 * is no image, stays as it was. */
static bool ends_in_banner(const struct bootlog *log)
{
	return log->head.valid && log->begun && !log->boot.announced_restart;
}

bool bootlog_ends_in_another(const struct bootlog *log)
{
	const struct boot *boot;

	return bootlog_verdict(log, &boot) == VERDICT_UNPROVEN && (log->any_decided || ends_in_banner(log));
}

unsigned long bootlog_boots(const struct bootlog *log)
{
	return log->boots;
}

unsigned int bootlog_began(const struct bootlog *log, enum boot_cause cause)
{
	return log->began[cause];
}

bool bootlog_has_pieces(const struct bootlog *log)
{
	return log->pieces;
}

const struct boot *bootlog_culprit(const struct bootlog *log)
{
	return log->history.crashed ? &log->culprit : NULL;
}

enum verdict bootlog_verdict(const struct bootlog *log, const struct boot **ret_boot)
{
	const struct boot *boot;
	enum verdict verdict = verdict_at_end(log, &boot);

	if (ret_boot)
		*ret_boot = boot;
	return ends_in_banner(log) && verdict == VERDICT_FLASH_BOOT ? VERDICT_UNPROVEN : verdict;
}
