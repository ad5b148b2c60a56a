/* verdict.c - the table of verdicts: every conclusion that espreset can report. */
#include "base/verdict.h"

#include <errno.h>

/* Scripts rely on the exit status and the word of a verdict, so never change them (docs/design.md, section 2). */
/* clang-format off */
static const struct verdict_row {
	struct verdict_info info;
	int rank; /* if a board has two verdicts, the one with the lower rank is reported */
} verdicts[VERDICT_COUNT] = {
	[VERDICT_READY] = { { 0, "ready", "hardware reset and flash boot proven" }, 51 },
	[VERDICT_FLASH_BOOT] = { { 0, "flash-boot",
		"--decode only: the last deciding boot came from flash and loaded" }, 50 },
	[VERDICT_INTERNAL] = { { 1, "internal", "a bug, or a system failure without a better name" }, 2 },
	[VERDICT_USAGE] = { { 2, "usage", "the command line is wrong" }, 1 },
	[VERDICT_SEVERAL] = { { 3, "several", "several PORTs failed with different statuses" }, 40 },
	[VERDICT_SILENT] = { { 10, "silent", "not one byte came: wiring, power, cable" }, 23 },
	[VERDICT_DOWNLOAD_MODE] = { { 11, "download-mode", "came up in a download mode after the reset" }, 10 },
	[VERDICT_NO_EFFECT] = { { 12, "no-effect",
		"bytes kept coming while reset was held: the line does not reach the board" }, 20 },
	[VERDICT_BOOT_FAILED] = { { 13, "boot-failed", "ROM or second stage found no image it can run" }, 12 },
	[VERDICT_CRASHED] = { { 14, "crashed", "panic, exception, watchdog or brownout" }, 13 },
	[VERDICT_GARBLED] = { { 15, "garbled", "mostly unreadable at every speed tried" }, 21 },
	[VERDICT_OTHER_BOOT] = { { 16, "other-boot", "SDIO or another boot source" }, 11 },
	[VERDICT_UNPROVEN] = { { 17, "unproven", "readable, but the evidence is incomplete" }, 22 },
	[VERDICT_RESTARTED] = { { 18, "restarted", "rebooted by itself while being watched after the load" }, 14 },
	[VERDICT_WRONG_CHIP] = { { 19, "wrong-chip", "not the chip that --chip names" }, 15 },
	[VERDICT_EXPECT_TIMEOUT] = { { 20, "expect-timeout", "an expected line did not come" }, 32 },
	[VERDICT_FAIL_MATCHED] = { { 21, "fail-matched", "a line matched --fail-on" }, 30 },
	[VERDICT_OTA_SILENT] = { { 22, "ota-silent", "the OTA service did not answer" }, 33 },
	[VERDICT_OTA_REFUSED] = { { 23, "ota-refused", "the board would refuse an OTA update" }, 31 },
	[VERDICT_NO_PORT] = { { 30, "no-port", "no such port" }, 3 },
	[VERDICT_AMBIGUOUS] = { { 31, "ambiguous", "PORT fits several boards" }, 3 },
	[VERDICT_PERMISSION] = { { 32, "permission", "the port may not be opened" }, 3 },
	[VERDICT_BUSY] = { { 33, "busy", "another program uses the port" }, 3 },
	[VERDICT_UNPLUGGED] = { { 34, "unplugged", "the bridge went away" }, 3 },
	[VERDICT_IO_ERROR] = { { 35, "io-error", "the bridge or its driver failed or stalled" }, 4 },
};
/* clang-format on */

const struct verdict_info *verdict_info(enum verdict verdict)
{
	return &verdicts[(unsigned int)verdict < VERDICT_COUNT ? verdict : VERDICT_INTERNAL].info;
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
	case EAGAIN:
	case EDEADLK: return VERDICT_BUSY; /* EDEADLK: the program that started espreset uses the port */
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

enum verdict verdict_worse(enum verdict a, enum verdict b)
{
	return verdicts[a].rank <= verdicts[b].rank ? a : b;
}
