/* bootwords.h - one boot in words, for results, the lines of --decode and advice.
 *
 *	char words[BOOTWORDS_MAX];
 *	bootwords_print(boot, false, words, sizeof(words));
 *
 * Returned strings are static or belong to the boot. They may hold what the board printed: clean them before output
 * (report/clean.h).
 */
#ifndef ESPRESET_BOOTLOG_BOOTWORDS_H
#define ESPRESET_BOOTLOG_BOOTWORDS_H

#include "bootlog/advice.h"
#include "bootlog/bootlog.h"

/** bootwords_name() - the chip's name, or the name that its ROM printed; "" if neither is known */
const char *bootwords_name(const struct boot *boot);

/** bootwords_chip() - as bootwords_name(), but "unknown chip" instead of "" */
const char *bootwords_chip(const struct boot *boot);

/** bootwords_cause() - "power or reset pin", "watchdog" */
const char *bootwords_cause(enum boot_cause cause);

/** bootwords_mode() - "boot mode 3 (flash)", "boot 0x13 (SPI_FAST_FLASH_BOOT)" */
void bootwords_mode(const struct boot *boot, char *buf, size_t cap);

/** bootwords_trouble() - the line that reports the trouble or the suspected image; "" if there is none */
const char *bootwords_trouble(const struct boot *boot);

/**
 * bootwords_temperature() - "cold" after a hardware reset, "warm" after a software restart, NULL if unknown
 * @after_panic: the last words before the banner were a panic's
 */
const char *bootwords_temperature(const struct boot *boot, bool after_panic);

/** bootwords_advice() - what to do about this boot; NULL if there is nothing to do */
const struct advice *bootwords_advice(const struct boot *boot, bool after_panic);

#define BOOTWORDS_MAX 288 /* the longest text is 273 bytes */

/** bootwords_print() - "esp32, cold, cause 0x1 (POWERON_RESET), boot 0x13 (SPI_FAST_FLASH_BOOT), loaded" */
void bootwords_print(const struct boot *boot, bool after_panic, char *buf, size_t cap);

#endif
