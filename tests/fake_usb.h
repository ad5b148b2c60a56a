/* fake_usb.h - writes a fake /sys with USB devices and their serial ports, in Linux's layout. */
#ifndef ESPRESET_TESTS_FAKE_USB_H
#define ESPRESET_TESTS_FAKE_USB_H

struct fake_usb {
	const char *usb_path;  /* number of the bus, then of each hub port down to the device: "1-1.4" */
	const char *vid, *pid; /* vendor and product ID, each as four hexadecimal digits */
	const char *serial;    /* NULL: the device has no serial number */
	const char *product;   /* NULL: the device has no product string */
	const char *bcd;       /* the device's release number (bcdDevice), four digits; NULL: "0100" */
};

/** fake_usb_make() - create a fake root (tests/fake_root.h) with no USB device in it; fake_root_remove() deletes it */
void fake_usb_make(void);

/** fake_usb_device() - add a USB device to the fake /sys; it has no driver and no serial port yet */
void fake_usb_device(const struct fake_usb *usb);

/**
 * fake_usb_tty() - add the serial port @tty to USB interface number @interface, and name @driver as its driver. If @tty
 * starts with "ttyUSB", the sysfs layout is that of USB serial drivers, otherwise that of cdc_acm.
 */
void fake_usb_tty(const char *usb_path, int interface, const char *tty, const char *driver);

/** fake_usb_plug() - add a USB device to the fake /sys, with the serial port @tty on interface 0, driven by @driver */
void fake_usb_plug(const struct fake_usb *usb, const char *tty, const char *driver);

#endif
