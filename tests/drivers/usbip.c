/* usbip.c - USB/IP messages over a socket pair, of which the kernel has the other end. */
#include "usbip.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEADER 48
#define SPEED_FULL 2
#define ATTACH "/sys/devices/platform/vhci_hcd.0/attach"
#define STATUS "/sys/devices/platform/vhci_hcd.0/status"
enum { CMD_SUBMIT = 1, CMD_UNLINK = 2, RET_SUBMIT = 3, RET_UNLINK = 4 };

static uint32_t get(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void put(uint8_t *p, uint32_t value)
{
	uint32_t net = htonl(value);

	memcpy(p, &net, 4);
}

/* Return: the number of ports of one virtual USB host controller, counted in its status file. Half of them are
 * high-speed ports (hs), the others super-speed ports (ss). */
static int ports_each(void)
{
	FILE *f = fopen(STATUS, "re");
	char line[128];
	int n = 0;

	while (f && fgets(line, sizeof(line), f))
		n += strncmp(line, "hs", 2) == 0 || strncmp(line, "ss", 2) == 0;
	if (f)
		fclose(f);
	return n;
}

static int attach(int port, int sock)
{
	char line[64];
	int fd = open(ATTACH, O_WRONLY | O_CLOEXEC), len, err = 0;

	if (fd < 0)
		return -errno;
	port = port / USBIP_PORTS * ports_each() + port % USBIP_PORTS;
	len = snprintf(line, sizeof(line), "%d %d %d %d", port, sock, 1 << 16 | (port + 1), SPEED_FULL);
	if (write(fd, line, (size_t)len) != len)
		err = errno ? -errno : -EIO;
	close(fd);
	return err;
}

int usbip_plug(struct usbip *dev, int port)
{
	int pair[2], err;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	err = attach(port, pair[0]);
	close(pair[0]);
	if (err) {
		close(pair[1]);
		return err;
	}
	dev->fd = pair[1];
	dev->port = port;
	dev->have = 0;
	return 0;
}

void usbip_unplug(struct usbip *dev)
{
	if (dev->fd < 0)
		return;
	shutdown(dev->fd, SHUT_RDWR);
	close(dev->fd);
	dev->fd = -1;
}

int usbip_receive(struct usbip *dev)
{
	ssize_t n = recv(dev->fd, dev->buf + dev->have, sizeof(dev->buf) - dev->have, MSG_DONTWAIT);

	if (n > 0) {
		dev->have += (size_t)n;
		return 0;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	return -ENODEV;
}

/* Parses the message at the start of dev->buf. Return: the length of the message; 0: it has not arrived completely. */
static size_t parse(const struct usbip *dev, struct usbip_msg *msg)
{
	const uint8_t *p = dev->buf;
	size_t size = HEADER;

	if (dev->have < HEADER)
		return 0;
	memset(msg, 0, sizeof(*msg));
	msg->unlink = get(p) == CMD_UNLINK;
	msg->seq = get(p + 4);
	msg->in = get(p + 12);
	msg->ep = get(p + 16);
	if (msg->unlink) {
		msg->unlink_seq = get(p + 20);
		return size;
	}
	msg->len = get(p + 24);
	memcpy(msg->setup, p + 40, 8);
	if (!msg->in)
		size += msg->len;
	return dev->have < size ? 0 : size;
}

bool usbip_next(struct usbip *dev, struct usbip_msg *msg)
{
	static uint8_t data[USBIP_DATA_MAX];
	size_t size = parse(dev, msg);

	if (!size)
		return false;
	memcpy(data, dev->buf + HEADER, size - HEADER);
	msg->data = data;
	dev->have -= size;
	memmove(dev->buf, dev->buf + size, dev->have);
	return true;
}

static void send_all(struct usbip *dev, const uint8_t *data, size_t len)
{
	ssize_t n;

	while (len && dev->fd >= 0) {
		n = send(dev->fd, data, len, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return; /* the kernel has closed the connection, which usbip_receive() will report */
		data += n;
		len -= (size_t)n;
	}
}

void usbip_answer(struct usbip *dev, uint32_t seq, int status, const void *data, size_t len)
{
	uint8_t packet[HEADER + USBIP_DATA_MAX] = { 0 };

	put(packet, RET_SUBMIT);
	put(packet + 4, seq);
	put(packet + 20, (uint32_t)status);
	put(packet + 24, (uint32_t)len);
	if (data)
		memcpy(packet + HEADER, data, len);
	send_all(dev, packet, HEADER + (data ? len : 0));
}

void usbip_unlinked(struct usbip *dev, uint32_t seq, bool found)
{
	uint8_t packet[HEADER] = { 0 };

	put(packet, RET_UNLINK);
	put(packet + 4, seq);
	put(packet + 20, found ? (uint32_t)-ECONNRESET : 0);
	send_all(dev, packet, HEADER);
}
