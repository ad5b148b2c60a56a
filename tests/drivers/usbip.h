/* usbip.h - the device's end of a USB/IP connection. It plugs a device into Linux's virtual USB host controller
 * (vhci_hcd), receives the kernel's USB requests, and sends the answers.
 *
 *	usbip_plug(&dev, port);
 *	loop: when dev.fd is readable:
 *		usbip_receive(&dev);
 *		while (usbip_next(&dev, &msg)) { usbip_answer(...) now, or store msg.seq and answer later }
 *
 * Source: Linux Documentation/usb/usbip_protocol.rst, drivers/usb/usbip/.
 */
#ifndef BENCH_USBIP_H
#define BENCH_USBIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define USBIP_DATA_MAX 16384
/* How many ports of each virtual controller are used. A controller has more ports. But the kernel handles the devices
 * on one hub one after the other, so with more devices each disconnect would be delayed by the others. */
#define USBIP_PORTS 7

struct usbip {
	int fd; /* socket to the kernel; -1: the device is not plugged in */
	int port;
	uint8_t buf[48 + USBIP_DATA_MAX];
	size_t have;
};

struct usbip_msg {
	bool unlink;
	uint32_t seq;
	uint32_t unlink_seq;
	bool in; /* true: the device sends data to the host; false: the host sends data */
	unsigned int ep;
	uint32_t len; /* how many bytes the host sends, or how many it can receive */
	uint8_t setup[8];
	const uint8_t *data; /* data from the host, valid until the next call of usbip_next() */
};

/* usbip_plug() - plug in a full-speed device. Ports 0 to 6 are those of the first virtual controller, ports 7 to 13
 * those of the second one, and so on. Return: 0 or negative errno. */
int usbip_plug(struct usbip *dev, int port);

/* usbip_unplug() - disconnect the device from the USB bus */
void usbip_unplug(struct usbip *dev);

/* usbip_receive() - read the bytes that have arrived from the kernel. Return: 0, or negative errno if the kernel has
 * closed the connection. */
int usbip_receive(struct usbip *dev);

/* usbip_next() - parse the next message that has arrived completely. Return: false if there is none. */
bool usbip_next(struct usbip *dev, struct usbip_msg *msg);

/**
 * usbip_answer() - answer the kernel's USB request number @seq
 * @status: 0, or a negative errno of Linux's USB drivers, such as -EPIPE for a stall
 * @data:   the @len bytes that the host asked for; NULL if the host has sent data: then @len is how many bytes the
 *	    device has accepted
 */
void usbip_answer(struct usbip *dev, uint32_t seq, int status, const void *data, size_t len);

/* usbip_unlinked() - answer the message with which the host cancels a request. @found: true if that request had not
 * been answered yet. */
void usbip_unlinked(struct usbip *dev, uint32_t seq, bool found);

#endif
