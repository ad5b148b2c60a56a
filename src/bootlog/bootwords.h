/* bootwords.h - describes one boot in words: for results, advice, and the output of espreset --decode.
 *
 *	char words[BOOTWORDS_MAX];
 *	bootwords_print(boot, false, words, sizeof(words));
 *
 * A returned string is static or belongs to the boot. It may contain text that the board printed, so make it printable
 * (report/clean.h) before you output it.
 */
#ifndef ESPRESET_BOOTLOG_BOOTWORDS_H
#define ESPRESET_BOOTLOG_BOOTWORDS_H

#include "bootlog/advice.h"
#include "bootlog/bootlog.h"

/** bootwords_name() - the chip's name; if the chip is unknown, the name that its ROM printed; else "" */
const char *bootwords_name(const struct boot *boot);

/** bootwords_chip() - the chip's name as bootwords_name() returns it, but "unknown chip" instead of "" */
const char *bootwords_chip(const struct boot *boot);

/** bootwords_cause() - the reset cause in words, such as "power or reset pin" or "watchdog" */
const char *bootwords_cause(enum boot_cause cause);

/** bootwords_mode() - the boot mode in words, such as "boot mode 3 (flash)" or "boot 0x13 (SPI_FAST_FLASH_BOOT)" */
void bootwords_mode(const struct boot *boot, char *buf, size_t cap);

/** bootwords_trouble() - the text line that reports a failed boot, a crash or a rejected image; "" if there is none */
const char *bootwords_trouble(const struct boot *boot);

/**
 * bootwords_temperature() - how the boot began
 * @after_panic: the last text before the banner was a crash report
 * Return: "cold" after a hardware reset; "warm" after a software restart or a watchdog reset; NULL if unknown.
 */
const char *bootwords_temperature(const struct boot *boot, bool after_panic);

/** bootwords_advice() - what the user should do about this boot; NULL if there is nothing to do */
const struct advice *bootwords_advice(const struct boot *boot, bool after_panic);

#define BOOTWORDS_MAX 288 /* bytes; the longest text of bootwords_print() has 273 */

/** bootwords_print() - e.g. "esp32, cold, cause 0x1 (POWERON_RESET), boot 0x13 (SPI_FAST_FLASH_BOOT), loaded" */
void bootwords_print(const struct boot *boot, bool after_panic, char *buf, size_t cap);

#endif
