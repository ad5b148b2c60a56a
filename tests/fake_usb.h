/* fake_usb.h - USB devices and their serial ports in the sysfs of a fake root, in Linux's layout. */
#ifndef ESPRESET_TESTS_FAKE_USB_H
#define ESPRESET_TESTS_FAKE_USB_H

struct fake_usb {
	const char *usb_path;  /* bus and port numbers, as in "1-1.4" */
	const char *vid, *pid; /* four hexadecimal digits, as sysfs writes them */
	const char *serial;    /* NULL: the device has no serial number */
	const char *product;   /* NULL: the device has no product string */
	const char *bcd;       /* bcdDevice; NULL: "0100" */
};

/** fake_usb_make() - make a fake root without any USB device; fake_root_remove() removes it */
void fake_usb_make(void);

/** fake_usb_device() - plug in a device to which no driver is bound */
void fake_usb_device(const struct fake_usb *usb);

/**
 * fake_usb_tty() - bind @driver to an interface, which gives the serial port @tty; @tty selects the sysfs layout:
 * "ttyUSB0" that of USB serial drivers, "ttyACM0" that of cdc_acm
 */
void fake_usb_tty(const char *usb_path, int interface, const char *tty, const char *driver);

/** fake_usb_plug() - plug in a device and bind @driver to its first interface */
void fake_usb_plug(const struct fake_usb *usb, const char *tty, const char *driver);

#endif
