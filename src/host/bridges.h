/* bridges.h - the table of USB-UART bridges: for each VID:PID its name, Linux driver and peculiarities. */
#ifndef ESPRESET_HOST_BRIDGES_H
#define ESPRESET_HOST_BRIDGES_H

#include "base/plain.h"

enum bridge_quirk {
	BRIDGE_NATIVE = 1 << 0,	 /* not a bridge: the chip's own USB */
	BRIDGE_CP2102C = 1 << 1, /* a CP2102C, whose flow control is always on: data from the board changes RTS */
	BRIDGE_CH34X = 1 << 2,	 /* served by the driver ch341, which loses data in some kernels (host/quirks.c) */
};

struct bridge {
	unsigned int vid;
	unsigned int pid;
	const char *name;    /* usual name of the bridge chip */
	const char *driver;  /* Linux module that makes a serial port of the bridge */
	unsigned int quirks; /* what is peculiar: bits of enum bridge_quirk */
};

/** bridge_find() - the bridge with a VID:PID; NULL: the table lacks it, but the device may have a serial port */
const struct bridge *bridge_find(unsigned int vid, unsigned int pid);

/**
 * bridge_name() - the name of the bridge chip, as exact as its USB descriptors allow
 * @product:    product string; may be ""
 * @bcd_device: device release number, bcdDevice; 0: not known
 * @ret_name:   "" for a bridge that is not in the table
 */
void bridge_name(unsigned int vid, unsigned int pid, const char *product, unsigned int bcd_device,
		 struct textbuf ret_name);

#endif
