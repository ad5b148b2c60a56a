/* advice.h - tells the user what to do about a boot. The advice depends on the chip, its boot mode, the reset cause and
 * the reason why the boot failed. */
#ifndef ESPRESET_BOOTLOG_ADVICE_H
#define ESPRESET_BOOTLOG_ADVICE_H

#include "base/advice.h"
#include "bootlog/bootlog.h"

/**
 * boot_advice() - what the user should do about this boot
 * @verdict: the verdict on this boot
 * @warm:    the boot began with a software restart (bootwords_temperature())
 * Return: a static advice, or NULL if there is nothing to do. Never NULL if @verdict is VERDICT_BOOT_FAILED, CRASHED,
 * DOWNLOAD_MODE or OTHER_BOOT.
 */
const struct advice *boot_advice(const struct boot *boot, enum verdict verdict, bool warm);

#endif
