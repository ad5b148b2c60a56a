/* devices.h - which boards and USB-UART bridges are plugged in; opens no tty.
 *
 *	n = devices_list(&devices);
 *	devices_find_holders(devices, n);		slow: examines all processes
 *	... devices[0] to devices[n - 1] ...
 *	free(devices);
 *
 * Everything is read from sysfs and from the links in /dev that udev makes.
 */
#ifndef ESPRESET_HOST_DEVICES_H
#define ESPRESET_HOST_DEVICES_H

#include <stdbool.h>
#include <stddef.h>

#include "host/holder.h"

#define DEVICE_TEXT_MAX 128

/* A serial port on USB, or a known bridge without a serial port. Texts come from the device and may hold any bytes:
 * clean them before they are printed. An empty text means: none, or not known. */
struct device {
	char path[64];	 /* "/dev/ttyUSB0"; "": no serial port */
	char bridge[32]; /* name of the bridge chip: "CH340" */
	unsigned int vid;
	unsigned int pid;
	unsigned int bcd_device;
	char serial[DEVICE_TEXT_MAX];
	char product[DEVICE_TEXT_MAX];
	char usb_path[64];    /* place on the hubs: "1-1.4", as in /sys/bus/usb/devices */
	char interface[64];   /* USB interface of the port: "1-1.4:1.0" */
	char driver[32];      /* Linux driver of the interface: "ch341" */
	char name[64];	      /* NAME given by --enroll: /dev/espreset/NAME */
	bool is_held;	      /* whether a process uses the port; set by devices_find_holders() */
	struct holder holder; /* the process that uses the port; valid if is_held */
};

/**
 * devices_list() - list all serial ports on USB, and known bridges without one
 * @ret_devices: first the devices with a path, sorted by path, then the others; the caller frees the array; NULL: none
 * Return: the number of devices in @ret_devices, or -ENOMEM.
 */
int devices_list(struct device **ret_devices);

/** devices_find_holders() - find the process that uses each port; examines all processes for each port */
void devices_find_holders(struct device *devices, int count);

/**
 * devices_find() - describe the USB device of one port
 * @path: a tty, or a link to one
 * Return: 0; -ENOENT: no such tty, or not on USB.
 */
int devices_find(const char *path, struct device *ret_device);

/** devices_at() - describe the USB device at a place on the hubs, "1-1.4"; false: nothing is there */
bool devices_at(const char *usb_path, struct device *ret_device);

/** devices_usb_node() - make the usbfs path, "/dev/bus/usb/001/004", from a place; 0, -ENODEV or -ENAMETOOLONG */
int devices_usb_node(const char *usb_path, char *ret_path, size_t cap);

#endif
