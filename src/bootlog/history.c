/* history.c - the verdict on one boot, and on a log of several boots. */
#include "bootlog/reader.h"

static bool is_watchdog(const struct boot *boot)
{
	return boot->cause_kind == BOOT_CAUSE_WATCHDOG || boot->cause_kind == BOOT_CAUSE_RTC_WATCHDOG;
}

/* Did a hardware reset (power-on, EN or RST pin) begin this boot? After a software restart an ESP8266 prints the cause
 * of its last hardware reset again, so this number proves nothing. But an ESP8266 sends text at 74880 Bd only after
 * a hardware reset. */
bool history_is_fresh(const struct boot *boot)
{
	if (boot->chip == CHIP_ESP8266)
		return boot->rx_speed == BOOT_RX_74880;
	return boot->cause_kind == BOOT_CAUSE_HARDWARE;
}

/* Is eboot copying an update into place, or has it copied an update but not loaded it yet? */
static bool history_is_copying(const struct boot *boot)
{
	return boot->copying || (boot->eboot_copied && !boot->eboot_loads);
}

static bool has_run(const struct boot *boot)
{
	return boot->progress >= BOOT_LOADED && boot->source != BOOT_SOURCE_OTHER && boot->trouble != BOOT_NO_IMAGE &&
	       !boot->suspect_text[0] && !history_is_copying(boot);
}

/* Did the previous boot end by a brownout, by a CPU lockup, or by a watchdog after its application was loaded? No
 * program causes such a reset on purpose, so the board has crashed. */
static bool history_ended_badly(const struct bootlog *log)
{
	const struct boot *boot = &log->boot;

	if (boot->cause_kind == BOOT_CAUSE_BROWNOUT || boot->cause_kind == BOOT_CAUSE_LOCKUP)
		return true;
	return is_watchdog(boot) && log->boots > 1 && has_run(&log->before);
}

/* Has this boot, which is over, failed to find an image? If its second stage rejected an image and then restarted the
 * chip, it had no other image to try. */
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
	if (failed) { /* the previous boot found no image: this outweighs crashes in earlier boots, so forget them */
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
	/* If the ROM finds no image, its own watchdog restarts the chip: that is no crash of an application. */
	h->watchdogs += is_watchdog(boot) && !failed;
	/* An application may restart the chip on purpose. But if the software restarts the chip before an
	 * application has printed anything, count that as a sign of a crash. Do not count it if the previous boot
	 * found no image. */
	h->restarts += boot->cause_kind == BOOT_CAUSE_SOFTWARE && !h->explained && !failed && !log->before.spoke;
	h->loader_failed |= !history_is_fresh(boot) && log->boots > 1 && failed && log->before.progress >= BOOT_LOADED;
	h->explained = false;
}

static bool is_loaded_from_flash(const struct boot *boot)
{
	if (boot->progress < BOOT_LOADED || history_is_copying(boot))
		return false;
	/* ESP32 family: a reset of only the core does not sample the strapping pins again. So the banner may say
	 * download although the ROM loads from flash. An ESP8266 in boot mode 1 (download) loads from flash only if an
	 * upload tool tells it to. This still counts as download mode: after the next software restart, for example
	 * after an OTA update, the ROM would wait for a host. */
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

/* Does this boot only repeat one that failed? If the second stage finds no image, or the application cannot run on this
 * chip, the chip restarts and loads the same image again. This load does not show that the board works. */
static bool is_same_again(const struct bootlog *log)
{
	const struct boot *boot = &log->boot;

	if (boot->chip == CHIP_ESP8266 || boot->spoke)
		return false;
	return log->history.app_failed || (log->history.loader_failed && boot->progress <= BOOT_STAGE2 && !log->chosen);
}

/* The verdict on the current boot, in view of earlier boots. A crash, or repeated resets by a watchdog or by software,
 * in earlier boots makes the verdict "crashed". */
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

/* The verdict on a log whose current boot shows too little for a verdict, while an earlier boot had one. If the earlier
 * boot failed or crashed, this explains why the board restarted: its verdict is kept until a hardware reset. */
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

/* The verdict at the end of the log: the verdict on the last boot. If the last boot shows too little for a verdict, an
 * earlier boot that failed or crashed decides. */
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

/* Does the log end with the first line of a banner? Then the board has restarted, so the log does not show that an
 * application runs. But a verdict other than flash-boot on the last complete boot still holds. */
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
