/* bridges.h - what is known of a USB-UART bridge before anything was asked of it: one table. */
#ifndef ESPRESET_HOST_BRIDGES_H
#define ESPRESET_HOST_BRIDGES_H

enum bridge_quirk {
	BRIDGE_NATIVE = 1 << 0,	 /* no bridge: the chip itself is on USB */
	BRIDGE_CP2102C = 1 << 1, /* flow control always on: received data moves RTS */
	BRIDGE_CH34X = 1 << 2,	 /* by the ch341 driver, which some kernels have broken (host/diagnose.c) */
};

struct bridge {
	unsigned int vid;
	unsigned int pid;
	const char *name;   /* of the chip, as people call it */
	const char *driver; /* Linux module that makes a serial port of it */
	unsigned int quirks;
};

/**
 * bridge_find() - what is known of this VID:PID
 * Return: static; NULL: nothing, it may still be a serial port.
 */
const struct bridge *bridge_find(unsigned int vid, unsigned int pid);

/**
 * bridge_name() - the chip's name, as exactly as its descriptors tell
 * @product:    the product string; may be NULL
 * @bcd_device: the release number; 0: not known
 * Return: static or @product's own first word in @buf; NULL when nothing is known.
 */
const char *bridge_name(unsigned int vid, unsigned int pid, const char *product, unsigned int bcd_device, char *buf,
			unsigned long cap);

#endif
