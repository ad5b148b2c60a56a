/* usbip.h - the device's end of a USB/IP connection: plugs a device into vhci_hcd, passes USB requests in, answers out.
 *
 *	usbip_plug(&dev, port);
 *	loop: when dev.fd is readable:
 *		usbip_receive(&dev);
 *		while (usbip_next(&dev, &msg)) { usbip_answer(...), or keep msg.seq and answer later }
 *
 * Source: Linux Documentation/usb/usbip_protocol.rst, drivers/usb/usbip/.
 */
#ifndef BENCH_USBIP_H
#define BENCH_USBIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define USBIP_DATA_MAX 16384
/* Ports used of each virtual controller. The hub driver handles one device at a time, so many devices on one hub would
 * delay each other's disconnect. */
#define USBIP_PORTS 7

struct usbip {
	int fd; /* -1: not plugged in */
	int port;
	uint8_t buf[48 + USBIP_DATA_MAX];
	size_t have;
};

struct usbip_msg {
	bool unlink;
	uint32_t seq;
	uint32_t unlink_seq;
	bool in; /* direction: true to the host */
	unsigned int ep;
	uint32_t len; /* length of the host's buffer, the most an answer may have */
	uint8_t setup[8];
	const uint8_t *data; /* data from the host; valid until the next call of usbip_next() or usbip_receive() */
};

/* usbip_plug() - plug in at full speed; port 7 is port 0 of the second controller, and so on. Return: 0 or negative
 * errno. */
int usbip_plug(struct usbip *dev, int port);

/* usbip_unplug() - disconnect from the bus */
void usbip_unplug(struct usbip *dev);

/* usbip_receive() - read what the socket holds. Return: 0; negative errno: the kernel has closed the connection. */
int usbip_receive(struct usbip *dev);

/* usbip_next() - take the next complete message. Return: false if there is none. */
bool usbip_next(struct usbip *dev, struct usbip_msg *msg);

/**
 * usbip_answer() - complete a request
 * @status: 0, or the negative errno that the kernel expects: -EPIPE is a stall
 * @data:   @len bytes for the host; NULL for a request from the host, of which @len bytes were accepted
 */
void usbip_answer(struct usbip *dev, uint32_t seq, int status, const void *data, size_t len);

/* usbip_unlinked() - answer a cancellation; @found: the request was still pending */
void usbip_unlinked(struct usbip *dev, uint32_t seq, bool found);

#endif
