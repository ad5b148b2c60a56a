/* usbip.h - a device's end of the kernel's USB/IP: plugged into vhci_hcd, USB requests in, answers out.
 *
 *	usbip_plug(&dev, port);
 *	loop: when dev.fd is readable:
 *		usbip_receive(&dev);
 *		while (usbip_next(&dev, &msg)) { usbip_answer(...), or keep msg.seq for later }
 *
 * Source: Linux Documentation/usb/usbip_protocol.rst, drivers/usb/usbip/.
 */
#ifndef BENCH_USBIP_H
#define BENCH_USBIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define USBIP_DATA_MAX 16384
/* Of each virtual controller so many ports are used, then those of the next: a hub that is busy with one device
 * is late to notice another. */
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
	bool in; /* to the host */
	unsigned int ep;
	uint32_t len; /* of the buffer; to the host: at most so much */
	uint8_t setup[8];
	const uint8_t *data; /* from the host; valid until the next call */
};

/* Return: 0 or negative errno. Port 7 is port 0 of the second controller, and so on; full speed. */
int usbip_plug(struct usbip *dev, int port);

/* The cable leaves. */
void usbip_unplug(struct usbip *dev);

/* Read what is there. Return: 0, or negative when the kernel has let the device go. */
int usbip_receive(struct usbip *dev);

/* Take the next whole message. Return: false when there is none (or none whole). */
bool usbip_next(struct usbip *dev, struct usbip_msg *msg);

/**
 * usbip_answer() - complete a request
 * @status: 0 or negative errno as the kernel wants it: -EPIPE is a stall
 * @data:   to the host, @len bytes; NULL for a request from the host, of which @len were taken
 */
void usbip_answer(struct usbip *dev, uint32_t seq, int status, const void *data, size_t len);

/* Answer to an unlink: found tells whether the request was still pending. */
void usbip_unlinked(struct usbip *dev, uint32_t seq, bool found);

#endif
