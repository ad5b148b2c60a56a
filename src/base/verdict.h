/* verdict.h - everything that espreset can conclude about a board or a run: exit status, word, meaning.
 *
 *	verdict = verdict_worse(verdict, verdict_of_errno(EBUSY));
 *	puts(verdict_info(verdict)->word);
 */
#ifndef ESPRESET_BASE_VERDICT_H
#define ESPRESET_BASE_VERDICT_H

/* The verdicts, in the order of the table in espreset(1). The value of a constant is not the exit status. */
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
	int status;	     /* the exit status; never changes */
	const char *word;    /* the word in "PORT: WORD: text"; never changes */
	const char *meaning; /* one line of text for --help and the manual */
};

/** verdict_info() - static information about a verdict; an unknown value counts as VERDICT_INTERNAL */
const struct verdict_info *verdict_info(enum verdict verdict);

/**
 * verdict_of_errno() - the verdict after a system call on the serial port has failed
 * @err: positive errno
 * Return: a verdict with exit status 30 to 35; VERDICT_INTERNAL for errors that a port never causes, such as ENOMEM.
 */
enum verdict verdict_of_errno(int err);

/**
 * verdict_worse() - which of two verdicts about one board is reported
 *
 * Order of precedence, highest first (docs/design.md, section 2): failures of this computer, then what the board's last
 * boot shows, then no-effect, garbled, unproven, silent. VERDICT_READY never takes precedence.
 *
 * Return: @a or @b.
 */
enum verdict verdict_worse(enum verdict a, enum verdict b);

#endif
