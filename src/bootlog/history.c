/* history.c - the verdict on one boot, and on a whole log of boots. */
#include "bootlog/reader.h"

static bool is_watchdog(const struct boot *boot)
{
	return boot->cause_kind == BOOT_CAUSE_WATCHDOG || boot->cause_kind == BOOT_CAUSE_RTC_WATCHDOG;
}

/* After a software restart the ESP8266 prints its last hardware cause again. Only the speed shows a hardware reset. */
bool history_is_fresh(const struct boot *boot)
{
	if (boot->chip == CHIP_ESP8266)
		return boot->rx_speed == BOOT_RX_74880;
	return boot->cause_kind == BOOT_CAUSE_HARDWARE;
}

/* Is eboot copying an update into place, or has it copied one and not loaded it yet? */
static bool history_is_copying(const struct boot *boot)
{
	return boot->copying || (boot->eboot_copied && !boot->eboot_loads);
}

static bool has_run(const struct boot *boot)
{
	return boot->progress >= BOOT_LOADED && boot->source != BOOT_SOURCE_OTHER && boot->trouble != BOOT_NO_IMAGE &&
	       !boot->suspect_text[0] && !history_is_copying(boot);
}

/* Did the previous boot end by a reset that no program causes on purpose? */
static bool history_ended_badly(const struct bootlog *log)
{
	const struct boot *boot = &log->boot;

	if (boot->cause_kind == BOOT_CAUSE_BROWNOUT || boot->cause_kind == BOOT_CAUSE_LOCKUP)
		return true;
	return is_watchdog(boot) && log->boots > 1 && has_run(&log->before);
}

/* A second stage that rejects an image and then restarts has found no other image. */
static bool has_failed(const struct boot *boot)
{
	return boot->trouble == BOOT_NO_IMAGE || (boot->suspect_text[0] && boot->progress >= BOOT_LOADED);
}

/* Did the application itself say that it cannot run? */
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
	if (failed) { /* a failure to boot outweighs crashes before it */
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
	/* A ROM that has found no image is restarted by its own watchdog: that is no crash. */
	h->watchdogs += is_watchdog(boot) && !failed;
	/* An application may restart itself. But one that restarts before it has printed anything has crashed, unless
	 * the second stage restarted because it found no application. */
	h->restarts += boot->cause_kind == BOOT_CAUSE_SOFTWARE && !h->explained && !failed && !log->before.spoke;
	h->loader_failed |= !history_is_fresh(boot) && log->boots > 1 && failed && log->before.progress >= BOOT_LOADED;
	h->explained = false;
}

static bool is_loaded_from_flash(const struct boot *boot)
{
	if (boot->progress < BOOT_LOADED || history_is_copying(boot))
		return false;
	/* ESP32 family: a core reset shows old straps, then the application loads from flash. An ESP8266 that runs in
	 * boot mode 1 was started by an upload, and still is in download mode for OTA. */
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

/* Is this boot only a restart after a failure? A second stage without an image, or an application that cannot run on
 * this chip, restarts and loads again, which shows nothing new. */
static bool is_same_again(const struct bootlog *log)
{
	const struct boot *boot = &log->boot;

	if (boot->chip == CHIP_ESP8266 || boot->spoke)
		return false;
	return log->history.app_failed || (log->history.loader_failed && boot->progress <= BOOT_STAGE2 && !log->chosen);
}

/* The verdict on the current boot, after what earlier boots showed: a panic, or watchdog resets again and again. */
static enum verdict verdict_in_log(const struct bootlog *log)
{
	const struct bootlog_history *h = &log->history;
	enum verdict alone = boot_verdict(&log->boot);

	if (h->rom_fatal && !log->any_boot)
		return VERDICT_UNPROVEN;
	if (alone == VERDICT_DOWNLOAD_MODE || alone == VERDICT_OTHER_BOOT || log->boot.trouble == BOOT_NO_IMAGE)
		return alone;
	if (alone == VERDICT_FLASH_BOOT && is_same_again(log))
		return VERDICT_UNPROVEN;
	if (h->watchdogs >= 2 || h->restarts >= 2 || h->crashed)
		return VERDICT_CRASHED;
	return alone;
}

/* The current boot decides nothing, but an earlier boot did. If that boot failed, its failure explains why the board
 * restarted, and stays the verdict until a hardware reset. */
static enum verdict verdict_undecided(const struct bootlog *log)
{
	bool failed = log->decided_verdict == VERDICT_BOOT_FAILED || log->decided_verdict == VERDICT_CRASHED;

	return failed && !history_is_fresh(&log->boot) ? log->decided_verdict : VERDICT_UNPROVEN;
}

void history_decide(struct bootlog *log)
{
	enum verdict verdict = verdict_in_log(log);

	if (verdict == VERDICT_UNPROVEN && log->any_decided) {
		log->any_decided = verdict_undecided(log) != VERDICT_UNPROVEN;
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

/* The verdict on the last boot, or on the boot before if the last one decides nothing. */
static enum verdict verdict_at_end(const struct bootlog *log, const struct boot **boot)
{
	enum verdict now = log->begun ? verdict_in_log(log) : VERDICT_UNPROVEN;

	*boot = log->begun ? &log->boot : NULL;
	if (now == VERDICT_UNPROVEN && log->any_decided) {
		now = verdict_undecided(log);
		if (now != VERDICT_UNPROVEN)
			*boot = &log->decided;
	} else if (now == VERDICT_UNPROVEN && !log->any_boot && !log->history.rom_fatal) {
		now = verdict_without_boot(log);
	}
	return now;
}

/* Does the log end with the first line of a banner? Then the board has restarted, and an application that ran before
 * does not run any more. Boot source and failure of the last boot are still valid. */
static bool ends_in_banner(const struct bootlog *log)
{
	return log->head.valid && log->begun && !log->boot.announced_restart;
}

enum verdict bootlog_verdict(const struct bootlog *log, const struct boot **ret_boot)
{
	const struct boot *boot;
	enum verdict verdict = verdict_at_end(log, &boot);

	if (ret_boot)
		*ret_boot = boot;
	return ends_in_banner(log) && verdict == VERDICT_FLASH_BOOT ? VERDICT_UNPROVEN : verdict;
}

bool bootlog_ends_in_another(const struct bootlog *log)
{
	return bootlog_verdict(log, NULL) == VERDICT_UNPROVEN && (log->any_decided || ends_in_banner(log));
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
