/* verdict.h - the one table of what espreset can conclude: exit status, word, meaning. */
#ifndef ESPRESET_BASE_VERDICT_H
#define ESPRESET_BASE_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

/* In the order of the table in espreset(1). The values are indices; exit statuses are in the table. */
enum verdict {
	VERDICT_READY,
	VERDICT_FLASH_BOOT,
	VERDICT_INTERNAL,
	VERDICT_USAGE,
	VERDICT_SEVERAL,
	VERDICT_SILENT,
	VERDICT_DOWNLOAD_MODE,
	VERDICT_NO_EFFECT,
	VERDICT_BOOT_FAILED,
	VERDICT_CRASHED,
	VERDICT_GARBLED,
	VERDICT_OTHER_BOOT,
	VERDICT_UNPROVEN,
	VERDICT_RESTARTED,
	VERDICT_WRONG_CHIP,
	VERDICT_EXPECT_TIMEOUT,
	VERDICT_FAIL_MATCHED,
	VERDICT_OTA_SILENT,
	VERDICT_OTA_REFUSED,
	VERDICT_NO_PORT,
	VERDICT_AMBIGUOUS,
	VERDICT_PERMISSION,
	VERDICT_BUSY,
	VERDICT_UNPLUGGED,
	VERDICT_IO_ERROR,
	VERDICT_COUNT
};

struct verdict_info {
	int status;	     /* exit status: contract */
	const char *word;    /* contract */
	const char *meaning; /* one line, for --help and the manual */
};

/**
 * verdict_info() - the table's row
 * @verdict: below VERDICT_COUNT
 * Return: static; never NULL.
 */
const struct verdict_info *verdict_info(enum verdict verdict);

/**
 * verdict_of_errno() - what a failure of the port means
 * @err: positive errno
 * Return: one of the 30-35 verdicts, VERDICT_INTERNAL for ENOMEM and the like.
 */
enum verdict verdict_of_errno(int err);

/**
 * verdict_worse() - which of two findings about one board is reported
 *
 * Precedence (docs/design.md, section 2): this computer's troubles, then what the last boot says,
 * then no-effect, garbled, unproven, silent. Ready never beats anything.
 *
 * Return: @a or @b.
 */
enum verdict verdict_worse(enum verdict a, enum verdict b);

#endif
