/* fake_usb.h - USB devices and their serial ports in the sysfs of a fake root, as Linux lays them out. */
#ifndef ESPRESET_TESTS_FAKE_USB_H
#define ESPRESET_TESTS_FAKE_USB_H

struct fake_usb {
	const char *usb_path;     /* "1-1.4" */
	const char *vid, *pid; /* as sysfs writes them: "1a86" */
	const char *serial;    /* NULL: none */
	const char *product;   /* NULL: none */
	const char *bcd;       /* NULL: "0100" */
};

/** fake_usb_make() - a fake root in which nothing is plugged in; fake_root_remove() ends it */
void fake_usb_make(void);

/** fake_usb_device() - plug it in; no driver yet */
void fake_usb_device(const struct fake_usb *usb);

/** fake_usb_tty() - a driver makes a serial port of its interface: "ttyUSB0", or "ttyACM0" as cdc_acm does */
void fake_usb_tty(const char *usb_path, int interface, const char *tty, const char *driver);

/** fake_usb_plug() - both: the device, and a port of its first interface */
void fake_usb_plug(const struct fake_usb *usb, const char *tty, const char *driver);

#endif
