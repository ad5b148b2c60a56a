/* advice.h - what to do about a boot, from all that is known of it: chip, straps, cause, loader, what was said.
 *
 * Pure: no system call, no clock, no allocation.
 */
#ifndef ESPRESET_BOOTLOG_ADVICE_H
#define ESPRESET_BOOTLOG_ADVICE_H

#include "base/advice.h"
#include "bootlog/bootlog.h"

/**
 * boot_advice() - what to do about this boot
 * @verdict: what is said of it
 * @warm:    it began with a restart by software (bootwords_temperature())
 * Return: NULL: nothing; never NULL for VERDICT_BOOT_FAILED, CRASHED, DOWNLOAD_MODE and OTHER_BOOT.
 */
const struct advice *boot_advice(const struct boot *boot, enum verdict verdict, bool warm);

#endif
