/* bridge_pl2303.c - model of a Prolific PL2303HX. It answers what Linux's pl2303 driver (drivers/usb/serial/pl2303.c)
 * asks. */
#include "bridge.h"

#include <errno.h>
#include <string.h>

/* clang-format off */
enum {
	SET_LINE = 0x20, GET_LINE = 0x21, SET_CONTROL = 0x22, SEND_BREAK = 0x23, VENDOR = 0x01,
	TO_HOST = 0x80, CLASS = 0x20,
	CONTROL_DTR = 1, CONTROL_RTS = 2,
	REG_RESET_DOWN = 8, REG_RESET_UP = 9,
	STATE_FRAMING = 1 << 4, STATE_AT = 8,
};
/* clang-format on */

/* The driver recognises a PL2303HX by three values in the device descriptor: USB 1.1, 64-byte packets on endpoint 0,
 * and release number (bcdDevice) 3.00. */
static const uint8_t device[18] = { 18, 1, 0x10, 0x01, 0, 0, 0, 64, 0x7b, 0x06, 0x03, 0x23, 0x00, 0x03, 1, 2, 0, 1 };

/* clang-format off */
static const uint8_t config[] = {
	9, 2, 39, 0, 1, 1, 0, 0x80, 50,
	9, 4, 0, 0, 3, 0xff, 0, 0, 0,
	7, 5, 0x81, 3, 10, 0, 1,
	7, 5, 0x02, 2, 64, 0, 0,
	7, 5, 0x83, 2, 64, 0, 0,
};
/* clang-format on */

/* The baud rate that the host selects with the first four bytes of the line coding. If the highest bit is set, they are
 * a divider: the baud rate is 12 MHz * 32 / (mantissa * 4^exponent). Otherwise they are the baud rate itself. */
static double rate_of(const uint8_t *coding)
{
	unsigned int mantissa = coding[0] | (coding[1] & 1u) << 8, exponent = coding[1] >> 1 & 7;

	if (coding[3] == 0x80)
		return mantissa ? 12e6 * 32 / (mantissa << 2 * exponent) : 0;
	return coding[0] | (unsigned int)coding[1] << 8 | (unsigned int)coding[2] << 16;
}

static int set_line(struct bridge *b, const struct bridge_request *req)
{
	double rate;

	if (req->length < sizeof(b->coding))
		return -EPIPE;
	rate = rate_of(req->data);
	if (rate < 1)
		return -EPIPE;
	memcpy(b->coding, req->data, sizeof(b->coding));
	b->rate = rate;
	return 0;
}

static int write_register(struct bridge *b, const struct bridge_request *req)
{
	b->regs[req->value & 0xff] = (uint8_t)req->index;
	if (req->value == REG_RESET_DOWN || req->value == REG_RESET_UP)
		b->purge = true;
	return 0;
}

/* Answers a request to read a register. If the high byte of req->value is 0, the answer is the content of register
 * req->value & 0x7f, which the host has written before. Otherwise the answer is 0. */
static int read_register(const struct bridge *b, const struct bridge_request *req, uint8_t *answer)
{
	answer[0] = req->value >> 8 ? 0 : b->regs[req->value & 0x7f];
	return 1;
}

static int class_request(struct bridge *b, const struct bridge_request *req, uint8_t *answer)
{
	switch (req->request) {
	case GET_LINE: memcpy(answer, b->coding, sizeof(b->coding)); return sizeof(b->coding);
	case SET_LINE: return set_line(b, req);
	case SET_CONTROL:
		b->dtr = req->value & CONTROL_DTR;
		b->rts = req->value & CONTROL_RTS;
		return 0;
	case SEND_BREAK: return 0;
	default: return -EPIPE;
	}
}

static int request(struct bridge *b, const struct bridge_request *req, uint8_t *answer, size_t cap)
{
	(void)cap;
	b->enabled = true;
	if (req->type & CLASS)
		return class_request(b, req, answer);
	/* A PL2303HX knows only the vendor request VENDOR. Later chips know further ones, and the driver sends them to
	 * recognise such a chip. */
	if (req->request != VENDOR)
		return -EPIPE;
	return req->type & TO_HOST ? read_register(b, req, answer) : write_register(b, req);
}

/* The host gets each character as it is. The chip reports a framing error separately, as an event on its interrupt
 * endpoint. */
static size_t received(struct bridge *b, uint8_t byte, bool framing_error, uint8_t *out)
{
	if (framing_error) {
		memset(b->event, 0, sizeof(b->event));
		b->event[0] = CLASS | TO_HOST | 1;
		b->event[1] = SET_LINE;
		b->event[STATE_AT] = STATE_FRAMING;
		b->event_len = 10;
	}
	out[0] = byte;
	return 1;
}

static const char *name_of(const struct bridge_request *req)
{
	if (!(req->type & CLASS))
		return req->type & TO_HOST ? "read" : "write";
	switch (req->request) {
	case GET_LINE: return "getline";
	case SET_LINE: return "baud";
	case SET_CONTROL: return "lines";
	default: return "other";
	}
}

/* clang-format off */
const struct bridge_kind bridge_pl2303 = {
	.name = "pl2303", .device = device, .config = config, .maker = "Prolific Technology Inc.",
	.product = "USB-Serial Controller", .fifo = 256, .in_ep = 3, .event_ep = 1,
	.request = request, .received = received, .name_of = name_of,
};
/* clang-format on */
