/* bootwords.h - one boot in words, for every sentence that tells of one: results, --decode's lines, advice.
 *
 * Strings are static or the boot's own: what the board printed is in them as it came, for the report to clean.
 *
 * Pure: no system call, no clock, no allocation.
 */
#ifndef ESPRESET_BOOTLOG_BOOTWORDS_H
#define ESPRESET_BOOTLOG_BOOTWORDS_H

#include "bootlog/advice.h"
#include "bootlog/bootlog.h"

/** bootwords_name() - the chip's name, or what its ROM calls itself; "" where neither is known */
const char *bootwords_name(const struct boot *boot);

/** bootwords_chip() - the same in a sentence: "unknown chip" for "" */
const char *bootwords_chip(const struct boot *boot);

/** bootwords_cause() - "power or reset pin", "watchdog" */
const char *bootwords_cause(enum boot_cause cause);

/** bootwords_mode() - "boot mode 3 (flash)", "boot 0x13 (SPI_FAST_FLASH_BOOT)" */
void bootwords_mode(const struct boot *boot, char *buf, size_t cap);

/** bootwords_trouble() - the line that says what went wrong, or may have; "" */
const char *bootwords_trouble(const struct boot *boot);

/**
 * bootwords_temperature() - "cold": after a hardware reset; "warm": after a restart by software; NULL: cannot be told
 * @after_panic: the words before the banner were a panic's
 */
const char *bootwords_temperature(const struct boot *boot, bool after_panic);

/** bootwords_advice() - what to do about this boot; NULL: nothing */
const struct advice *bootwords_advice(const struct boot *boot, bool after_panic);

#define BOOTWORDS_MAX 288 /* the longest that a struct boot can give, 273, and its end */

/** bootwords_print() - all of it: "esp32, cold, cause 0x1 (POWERON_RESET), boot 0x13 (SPI_FAST_FLASH_BOOT), loaded" */
void bootwords_print(const struct boot *boot, bool after_panic, char *buf, size_t cap);

#endif
