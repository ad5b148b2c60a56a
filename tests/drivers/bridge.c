/* bridge.c - what all simulated USB-UART bridges have in common: descriptors, strings, standard USB requests. */
#include "bridge.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* clang-format off */
enum { GET_STATUS = 0, CLEAR_FEATURE = 1, SET_FEATURE = 3, GET_DESCRIPTOR = 6, SET_CONFIGURATION = 9,
       SET_INTERFACE = 11 };
enum { DEVICE = 1, CONFIGURATION = 2, STRING = 3 };

/* The baud rate of a UART that would be as fast as a chip's native USB: about 800,000 characters a second, the rate of
 * full-speed bulk transfers. */
#define NATIVE_RATE 8e6

static const struct bridge_kind *const kinds[] = {
	&bridge_ch340, &bridge_cp2102, &bridge_cp2102n, &bridge_cp2104, &bridge_ft232r, &bridge_pl2303, &bridge_ch343,
	&bridge_ch9102, &bridge_cp2102c, &bridge_usbjtag, &bridge_otg,
};
/* clang-format on */

const struct bridge_kind *bridge_find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!strcmp(kinds[i]->name, name))
			return kinds[i];
	return NULL;
}

unsigned int bridge_in_ep(const struct bridge_kind *kind)
{
	return kind->in_ep ? kind->in_ep : kind->config[9 + 9 + 2] & 0xfu;
}

void bridge_init(struct bridge *bridge, const struct bridge_kind *kind, const char *serial)
{
	memset(bridge, 0, sizeof(*bridge));
	bridge->kind = kind;
	bridge->rate = kind->is_native ? NATIVE_RATE : 9600;
	bridge->latency_ms = 16;
	snprintf(bridge->serial, sizeof(bridge->serial), "%s", serial);
}

static int string_descriptor(const struct bridge *bridge, unsigned int index, uint8_t *answer)
{
	const char *text = index == 1 ? bridge->kind->maker : index == 2 ? bridge->kind->product : bridge->serial;
	size_t i, len = strlen(text);

	answer[1] = STRING;
	if (index == 0) {
		/* string 0 lists the languages of the strings: only 0x0409, US English */
		answer[0] = 4;
		answer[2] = 0x09;
		answer[3] = 0x04;
		return 4;
	}
	answer[0] = (uint8_t)(2 + 2 * len);
	for (i = 0; i < len; i++) {
		answer[2 + 2 * i] = (uint8_t)text[i];
		answer[3 + 2 * i] = 0;
	}
	return answer[0];
}

static int descriptor(const struct bridge *bridge, const struct bridge_request *req, uint8_t *answer, size_t cap)
{
	const uint8_t *from;
	size_t len;

	switch (req->value >> 8) {
	case DEVICE:
		from = bridge->kind->device;
		len = from[0];
		break;
	case CONFIGURATION:
		from = bridge->kind->config;
		len = (size_t)(from[2] | from[3] << 8);
		break;
	case STRING: return string_descriptor(bridge, req->value & 0xff, answer);
	default: return -EPIPE;
	}
	if (len > cap)
		return -EPIPE;
	memcpy(answer, from, len);
	return (int)len;
}

static int standard(const struct bridge *bridge, const struct bridge_request *req, uint8_t *answer, size_t cap)
{
	switch (req->request) {
	case GET_DESCRIPTOR: return descriptor(bridge, req, answer, cap);
	case GET_STATUS: answer[0] = answer[1] = 0; return 2;
	case CLEAR_FEATURE:
	case SET_FEATURE:
	case SET_CONFIGURATION:
	case SET_INTERFACE: return 0;
	default: return -EPIPE;
	}
}

int bridge_request(struct bridge *bridge, const struct bridge_request *req, uint8_t *answer, size_t cap)
{
	int len = (req->type & 0x60) == 0 ? standard(bridge, req, answer, cap)
					  : bridge->kind->request(bridge, req, answer, cap);

	return len > (int)req->length ? req->length : len;
}

size_t bridge_received(struct bridge *bridge, uint8_t byte, bool framing_error, uint8_t *out)
{
	if (bridge->kind->received)
		return bridge->kind->received(bridge, byte, framing_error, out);
	out[0] = byte;
	return 1;
}

int bridge_set_lines(struct bridge *bridge, uint16_t value)
{
	enum { DTR = 1, RTS = 2, WRITE_DTR = 0x100, WRITE_RTS = 0x200 };

	if (value & WRITE_DTR)
		bridge->dtr = value & DTR;
	if (value & WRITE_RTS)
		bridge->rts = value & RTS;
	return 0;
}

const char *bridge_request_name(const struct bridge *bridge, const struct bridge_request *req)
{
	if ((req->type & 0x60) == 0)
		return "standard";
	return bridge->kind->name_of(req);
}
