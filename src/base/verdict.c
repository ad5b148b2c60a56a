/* verdict.c - the one table of what espreset can conclude. */
#include "base/verdict.h"

#include <errno.h>

/* Statuses and words are contract: never renumbered, never renamed (docs/design.md, section 2). */
static const struct verdict_info verdicts[VERDICT_COUNT] = {
	[VERDICT_READY] = { 0, "ready", "hardware reset and flash boot proven" },
	[VERDICT_FLASH_BOOT] = { 0, "flash-boot", "--decode only: the last deciding boot came from flash and loaded" },
	[VERDICT_INTERNAL] = { 1, "internal", "a bug, or a system failure without a better name" },
	[VERDICT_USAGE] = { 2, "usage", "the command line is wrong" },
	[VERDICT_SEVERAL] = { 3, "several", "several PORTs failed with different statuses" },
	[VERDICT_SILENT] = { 10, "silent", "not one byte came: wiring, power, cable" },
	[VERDICT_DOWNLOAD_MODE] = { 11, "download-mode", "came up in a download mode after the reset" },
	[VERDICT_NO_EFFECT] = { 12, "no-effect",
				"bytes kept coming while reset was held: the line does not reach the board" },
	[VERDICT_BOOT_FAILED] = { 13, "boot-failed", "ROM or second stage found no image it can run" },
	[VERDICT_CRASHED] = { 14, "crashed", "panic, exception, watchdog or brownout" },
	[VERDICT_GARBLED] = { 15, "garbled", "mostly unreadable at every speed tried" },
	[VERDICT_OTHER_BOOT] = { 16, "other-boot", "SDIO or another boot source" },
	[VERDICT_UNPROVEN] = { 17, "unproven", "readable, but the evidence is incomplete" },
	[VERDICT_RESTARTED] = { 18, "restarted", "rebooted by itself while being watched after the load" },
	[VERDICT_WRONG_CHIP] = { 19, "wrong-chip", "not the chip that --chip names" },
	[VERDICT_EXPECT_TIMEOUT] = { 20, "expect-timeout", "an expected line did not come" },
	[VERDICT_FAIL_MATCHED] = { 21, "fail-matched", "a line matched --fail-on" },
	[VERDICT_OTA_SILENT] = { 22, "ota-silent", "the OTA service did not answer" },
	[VERDICT_OTA_REFUSED] = { 23, "ota-refused", "the board would refuse an OTA update" },
	[VERDICT_NO_PORT] = { 30, "no-port", "no such port" },
	[VERDICT_AMBIGUOUS] = { 31, "ambiguous", "PORT fits several boards" },
	[VERDICT_PERMISSION] = { 32, "permission", "the port may not be opened" },
	[VERDICT_BUSY] = { 33, "busy", "another program uses the port" },
	[VERDICT_UNPLUGGED] = { 34, "unplugged", "the bridge went away" },
	[VERDICT_IO_ERROR] = { 35, "io-error", "the bridge or its driver failed or stalled" },
};

const struct verdict_info *verdict_info(enum verdict verdict)
{
	return &verdicts[(unsigned int)verdict < VERDICT_COUNT ? verdict : VERDICT_INTERNAL];
}

enum verdict verdict_of_errno(int err)
{
	switch (err) {
	case ENOENT:
	case ENXIO:
	case ENOTDIR:
	case ENAMETOOLONG:
	case ELOOP:
	case ENOTTY: /* not a serial port */
	case EISDIR:
	case ENOTSUP: /* a terminal without DTR and RTS */ return VERDICT_NO_PORT;
	case ENOTUNIQ: return VERDICT_AMBIGUOUS;
	case EACCES:
	case EPERM: return VERDICT_PERMISSION;
	case EBUSY:
	case EAGAIN: return VERDICT_BUSY;
	case ENODEV: return VERDICT_UNPLUGGED;
	case EINVAL:
	case EIO:
	case EPIPE:
	case EPROTO:
	case ETIMEDOUT:
	case ESHUTDOWN:
	case EOVERFLOW:
	case EILSEQ: return VERDICT_IO_ERROR;
	default: return VERDICT_INTERNAL;
	}
}

/* Smaller is reported first. */
static int verdict_rank(enum verdict verdict)
{
	/* clang-format off */
	static const signed char order[VERDICT_COUNT] = {
		[VERDICT_USAGE] = 1,
		[VERDICT_INTERNAL] = 2,
		[VERDICT_NO_PORT] = 3, [VERDICT_AMBIGUOUS] = 3, [VERDICT_PERMISSION] = 3,
		[VERDICT_BUSY] = 3, [VERDICT_UNPLUGGED] = 3, [VERDICT_IO_ERROR] = 4,
		[VERDICT_DOWNLOAD_MODE] = 10, [VERDICT_OTHER_BOOT] = 11,
		[VERDICT_BOOT_FAILED] = 12, [VERDICT_CRASHED] = 13, [VERDICT_RESTARTED] = 14,
		[VERDICT_WRONG_CHIP] = 15,
		[VERDICT_NO_EFFECT] = 20, [VERDICT_GARBLED] = 21, [VERDICT_UNPROVEN] = 22,
		[VERDICT_SILENT] = 23,
		[VERDICT_FAIL_MATCHED] = 30, [VERDICT_OTA_REFUSED] = 31,
		[VERDICT_EXPECT_TIMEOUT] = 32, [VERDICT_OTA_SILENT] = 33,
		[VERDICT_SEVERAL] = 40,
		[VERDICT_FLASH_BOOT] = 50, [VERDICT_READY] = 51,
	};
	/* clang-format on */

	return order[verdict];
}

enum verdict verdict_worse(enum verdict a, enum verdict b)
{
	return verdict_rank(a) <= verdict_rank(b) ? a : b;
}
