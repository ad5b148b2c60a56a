/* quirks.c - known defects of bridges and of their drivers, and which failures they cause. */
#include "host/look.h"

#include <stdio.h>
#include <string.h>

#include "host/bridges.h"
#include "host/computer.h"

struct quirk {
	const char *word;
	unsigned int to_blame_for; /* verdicts of failed runs that the defect may explain: BIT(verdict) of each */
	const char *text;
	const char *cure;
};

#define BIT(verdict) (1u << (verdict))
#define PID_USB_SERIAL_JTAG 0x1001

/* clang-format off */
static const struct quirk cp2102c = { "cp2102c",
	BIT(VERDICT_NO_EFFECT) | BIT(VERDICT_SILENT) | BIT(VERDICT_DOWNLOAD_MODE) | BIT(VERDICT_UNPROVEN),
	"the flow control of a CP2102C is always on: while DTR is released, what the board sends asserts RTS, and may "
	"reset it; espreset leaves both lines asserted",
	"with RTS wired straight to EN nothing helps but another bridge; see docs/bridges.md" };

static const struct quirk cp2102n = { "cp2102n", BIT(VERDICT_IO_ERROR) | BIT(VERDICT_UNPLUGGED),
	"a CP2102N before revision A02 may hang when it is closed while the board talks",
	"unplug it and plug it in again; espreset closes in a pause, not every program does" };

static const struct quirk cp2102_speed = { "cp2102-speed", BIT(VERDICT_GARBLED),
	"this bridge runs 76800 instead of the 74880 of an ESP8266's ROM: 2.6 % off, readable but marginal",
	"try again, or use a CH340, CP2102N or FT232" };

static const struct quirk ch340_kernel = { "ch340-kernel",
	BIT(VERDICT_SILENT) | BIT(VERDICT_GARBLED) | BIT(VERDICT_UNPROVEN) | BIT(VERDICT_IO_ERROR),
	"this kernel's ch341 driver loses and delays what a CH340 receives",
	"update the kernel: fixed in 5.4.144, 5.10.62, 5.13.14 and everything later" };

static const struct quirk native_usb = { "native-usb",
	BIT(VERDICT_UNPLUGGED) | BIT(VERDICT_UNPROVEN) | BIT(VERDICT_NO_EFFECT) | BIT(VERDICT_SILENT),
	"this is the chip's own USB, no bridge: a reset does not sample the strapping pins, and the port may "
	"go away and come back",
	"" };

/* For Espressif's USB devices other than USB-Serial-JTAG: the application or the ROM's loader itself implements the USB
 * device (arduino-esp32 cores/esp32/USBCDC.cpp). */
static const struct quirk native_otg = { "native-otg",
	BIT(VERDICT_UNPLUGGED) | BIT(VERDICT_UNPROVEN) | BIT(VERDICT_NO_EFFECT) | BIT(VERDICT_SILENT),
	"this is the chip's own USB, and its firmware serves the port: no line resets the chip",
	"no line resets a chip whose firmware serves its USB: press its button, or pull its plug (--recover does, on a "
	"hub that switches power)" };

/* clang-format on */

/* Reports a known defect. After a failed run, reports it only if it may explain the verdict of the run. */
static void report_quirk(struct look *look, const struct quirk *quirk, const struct device *device, const char *seen)
{
	enum verdict verdict = NOT_A_FAULT;

	if (look->wanted != NOT_A_FAULT) {
		if (!(quirk->to_blame_for & BIT(look->wanted)))
			return;
		verdict = look->wanted;
	}
	diagnose_begin(look, quirk->word, verdict, device->path[0] ? device->path : look->port, "%s", quirk->text);
	diagnose_evidence(look, "%s", seen);
	diagnose_cure(look, "%s", quirk->cure);
}

/* Whether the ch341 driver of a kernel release loses data: releases from 5.13.10, 5.10.58 and 5.4.140 on, until the fix
 * (https://bugzilla.kernel.org/show_bug.cgi?id=214131, esptool issue 653). */
static bool loses_ch340_data(const char *release)
{
	static const struct {
		int major, minor, first, last;
	} bad[] = {
		{ 5, 4, 140, 143 },
		{ 5, 10, 58, 61 },
		{ 5, 13, 10, 13 },
	};
	int maj, min, patch;

	if (sscanf(release, "%d.%d.%d", &maj, &min, &patch) != 3)
		return false;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (maj == bad[i].major && min == bad[i].minor && patch >= bad[i].first && patch <= bad[i].last)
			return true;
	return false;
}

/* Whether a bridge chip supports only a fixed set of baud rates: Linux drivers/usb/serial/cp210x.c,
 * cp210x_an205_table1. */
static bool has_fixed_speeds(const char *bridge)
{
	return strcmp(bridge, "CP2102") == 0 || strcmp(bridge, "CP2103") == 0 || strcmp(bridge, "CP2108") == 0;
}

void check_quirks(struct look *look, const struct device *device)
{
	const struct bridge *bridge = bridge_find(device->vid, device->pid);
	char id[64], release[128];

	(void)snprintf(id, sizeof(id), "%s, %04x:%04x", device->bridge, device->vid, device->pid);
	if (bridge && (bridge->quirks & BRIDGE_CP2102C))
		report_quirk(look, &cp2102c, device, id);
	if (strcmp(device->bridge, "CP2102N") == 0)
		report_quirk(look, &cp2102n, device, id);
	if (has_fixed_speeds(device->bridge))
		report_quirk(look, &cp2102_speed, device, id);
	if (bridge && (bridge->quirks & BRIDGE_NATIVE))
		report_quirk(look, device->pid == PID_USB_SERIAL_JTAG ? &native_usb : &native_otg, device, id);
	computer_kernel(release, sizeof(release));
	if (bridge && (bridge->quirks & BRIDGE_CH34X) && loses_ch340_data(release))
		report_quirk(look, &ch340_kernel, device, release);
}
