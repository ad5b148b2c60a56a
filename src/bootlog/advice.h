/* advice.h - what to do about a boot, from its chip, straps, reset cause, loader and words. */
#ifndef ESPRESET_BOOTLOG_ADVICE_H
#define ESPRESET_BOOTLOG_ADVICE_H

#include "base/advice.h"
#include "bootlog/bootlog.h"

/**
 * boot_advice() - what to do about this boot
 * @verdict: the verdict on it
 * @warm:    it began with a software restart (bootwords_temperature())
 * Return: static; NULL if there is nothing to do, never for VERDICT_BOOT_FAILED, CRASHED, DOWNLOAD_MODE and OTHER_BOOT.
 */
const struct advice *boot_advice(const struct boot *boot, enum verdict verdict, bool warm);

#endif
