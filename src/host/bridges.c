/* bridges.c - the table of USB-UART bridges: for each VID:PID its name, Linux driver and peculiarities.
 *
 * Sources: the device tables of Linux drivers/usb/serial/{ch341,cp210x,ftdi_sio,pl2303}.c and
 * drivers/usb/class/cdc-acm.c; WCH's ch343ser_linux; brltty Programs/usb_adapters.c; esptool reset.py and its
 * documentation for CP2102C and Espressif's own USB.
 */
#include "host/bridges.h"

#include <stdio.h>
#include <string.h>

#define ANY_PID 0x10000u

static const struct bridge bridges[] = {
	{ 0x1a86, 0x7523, "CH340", "ch341", BRIDGE_CH34X },
	{ 0x1a86, 0x7522, "CH340K", "ch341", BRIDGE_CH34X },
	{ 0x1a86, 0x5523, "CH341", "ch341", BRIDGE_CH34X },
	{ 0x4348, 0x5523, "CH341", "ch341", BRIDGE_CH34X },
	{ 0x9986, 0x7523, "CH340", "ch341", BRIDGE_CH34X },
	{ 0x1a86, 0x55d2, "CH342", "cdc_acm", 0 },
	{ 0x1a86, 0x55d3, "CH343", "cdc_acm", 0 },
	{ 0x1a86, 0x55d5, "CH344", "cdc_acm", 0 },
	{ 0x1a86, 0x55d8, "CH9101", "cdc_acm", 0 },
	{ 0x1a86, 0x55d4, "CH9102", "cdc_acm", 0 },
	{ 0x1a86, 0x55d7, "CH9103", "cdc_acm", 0 },
	{ 0x1a86, 0x55df, "CH9104", "cdc_acm", 0 },
	{ 0x10c4, 0xea60, "CP210x", "cp210x", 0 },
	{ 0x10c4, 0xea61, "CP210x", "cp210x", 0 },
	{ 0x10c4, 0xea63, "CP210x", "cp210x", 0 },
	{ 0x10c4, 0xea64, "CP2102C", "cdc_acm", BRIDGE_CP2102C },
	{ 0x10c4, 0xea70, "CP2105", "cp210x", 0 },
	{ 0x10c4, 0xea7a, "CP2105", "cp210x", 0 },
	{ 0x10c4, 0xea71, "CP2108", "cp210x", 0 },
	{ 0x10c4, 0xea7b, "CP2108", "cp210x", 0 },
	{ 0x0403, 0x6001, "FT232", "ftdi_sio", 0 },
	{ 0x0403, 0x6010, "FT2232", "ftdi_sio", 0 },
	{ 0x0403, 0x6011, "FT4232", "ftdi_sio", 0 },
	{ 0x0403, 0x6014, "FT232H", "ftdi_sio", 0 },
	{ 0x0403, 0x6015, "FT-X", "ftdi_sio", 0 },
	{ 0x067b, 0x2303, "PL2303", "pl2303", 0 },
	{ 0x067b, 0x2304, "PL2303", "pl2303", 0 },
	{ 0x067b, 0x23a3, "PL2303GC", "pl2303", 0 },
	{ 0x067b, 0x23b3, "PL2303GB", "pl2303", 0 },
	{ 0x067b, 0x23c3, "PL2303GT", "pl2303", 0 },
	{ 0x067b, 0x23d3, "PL2303GL", "pl2303", 0 },
	{ 0x067b, 0x23e3, "PL2303GE", "pl2303", 0 },
	{ 0x067b, 0x23f3, "PL2303GS", "pl2303", 0 },
	{ 0x303a, 0x1001, "USB-Serial-JTAG", "cdc_acm", BRIDGE_NATIVE },
	{ 0x303a, ANY_PID, "native USB", "cdc_acm", BRIDGE_NATIVE },
};

const struct bridge *bridge_find(unsigned int vid, unsigned int pid)
{
	for (size_t i = 0; i < sizeof(bridges) / sizeof(bridges[0]); i++)
		if (bridges[i].vid == vid && (bridges[i].pid == pid || bridges[i].pid == ANY_PID))
			return &bridges[i];
	return NULL;
}

/* Name of an FTDI chip by its device release number (bcdDevice), as in Linux drivers/usb/serial/ftdi_sio.c,
 * ftdi_determine_type(). */
static const char *ftdi_name(unsigned int bcd_device, const char *otherwise)
{
	switch (bcd_device) {
	case 0x200: return "FT232AM";
	case 0x400: return "FT232B";
	case 0x500: return "FT2232C";
	case 0x600: return "FT232R";
	case 0x700: return "FT2232H";
	case 0x800: return "FT4232H";
	case 0x900: return "FT232H";
	case 0x1000: return "FT-X";
	default: return otherwise;
	}
}

void bridge_name(unsigned int vid, unsigned int pid, const char *product, unsigned int bcd_device,
		 struct textbuf ret_name)
{
	const struct bridge *bridge = bridge_find(vid, pid);
	const char *name = bridge ? bridge->name : "";
	size_t len = strspn(product, "CPN0123456789");

	/* Several chips of Silicon Labs share one VID:PID. Their default product string begins with the name of the
	 * chip, so take the name from there. */
	if (strcmp(name, "CP210x") == 0 && strncmp(product, "CP21", 4) == 0 &&
	    (product[len] == ' ' || product[len] == '\0')) {
		(void)snprintf(ret_name.at, ret_name.cap, "%.*s", (int)len, product);
		return;
	}
	if (bridge && vid == 0x0403)
		name = ftdi_name(bcd_device, name);
	(void)snprintf(ret_name.at, ret_name.cap, "%s", name);
}
