/* bridge_ch340.c - model of a WCH CH340G. It answers what Linux's ch341 driver (drivers/usb/serial/ch341.c) asks. */
#include "bridge.h"

#include <errno.h>
#include <string.h>

#define CLOCK 48000000.0
/* clang-format off */
enum {
	READ_VERSION = 0x5f, READ_REG = 0x95, WRITE_REG = 0x9a, SERIAL_INIT = 0xa1, MODEM_CTRL = 0xa4,
	REG_BREAK = 0x05, REG_STATUS = 0x06, REG_PRESCALER = 0x12, REG_LCR = 0x18,
	BIT_DTR = 1 << 5, BIT_RTS = 1 << 6, LCR_ENABLE_RX = 0x80,
};
/* clang-format on */

/* A CH340G has no serial number, so its device descriptor names no string for it. The release number (bcdDevice) is
 * 2.64, as on common boards. */
static const uint8_t device[18] = { 18, 1, 0x10, 0x01, 0xff, 0, 0, 8, 0x86, 0x1a, 0x23, 0x75, 0x64, 0x02, 0, 2, 0, 1 };

/* clang-format off */
static const uint8_t config[] = {
	9, 2, 39, 0, 1, 1, 0, 0x80, 48,
	9, 4, 0, 0, 3, 0xff, 1, 2, 0,
	7, 5, 0x82, 2, 32, 0, 0,
	7, 5, 0x02, 2, 32, 0, 0,
	7, 5, 0x81, 3, 8, 0, 1,
};
/* clang-format on */

/* The baud rate that @value, as the driver writes it to the prescaler register, selects: 48 MHz / (2^(12 - 3 ps - fact)
 * * div). Bit 7 of @value asks the chip to deliver each character at once; the model always does. Source:
 * ch341_get_divisor() in the driver. */
static double rate_of(uint16_t value)
{
	unsigned int ps = value & 3, fact = value >> 2 & 1, div = 0x100 - (value >> 8);

	return CLOCK / ((1u << (12 - 3 * ps - fact)) * div);
}

static int write_register(struct bridge *b, const struct bridge_request *req)
{
	switch (req->value & 0xff) {
	case REG_PRESCALER:
		b->prescaler = req->index;
		b->rate = rate_of(req->index);
		return 0;
	case REG_LCR:
		b->lcr = (uint8_t)req->index;
		b->enabled = b->lcr & LCR_ENABLE_RX;
		return 0;
	default: return 0;
	}
}

static int read_register(const struct bridge *b, const struct bridge_request *req, uint8_t *answer)
{
	switch (req->value & 0xff) {
	case REG_STATUS: /* CTS, DSR, RI and DCD are bits 0 to 3. A bit of 1 means released; here all are. */
		answer[0] = 0xff;
		answer[1] = 0xee;
		return 2;
	case REG_BREAK:
		answer[0] = 1;
		answer[1] = b->lcr;
		return 2;
	default: answer[0] = answer[1] = 0; return 2;
	}
}

static int request(struct bridge *b, const struct bridge_request *req, uint8_t *answer, size_t cap)
{
	(void)cap;
	switch (req->request) {
	case READ_VERSION:
		answer[0] = 0x31;
		answer[1] = 0;
		return 2;
	case SERIAL_INIT: return 0;
	case WRITE_REG: return write_register(b, req);
	case READ_REG: return read_register(b, req, answer);
	case MODEM_CTRL: /* the bits of DTR and RTS are inverted: 0 asserts the output */
		b->dtr = !(req->value & BIT_DTR);
		b->rts = !(req->value & BIT_RTS);
		return 0;
	default: return -EPIPE;
	}
}

static const char *name_of(const struct bridge_request *req)
{
	switch (req->request) {
	case READ_VERSION: return "version";
	case SERIAL_INIT: return "init";
	case WRITE_REG: return (req->value & 0xff) == REG_PRESCALER ? "baud" : "line";
	case READ_REG: return "read";
	case MODEM_CTRL: return "lines";
	default: return "unknown";
	}
}

/* The chip delivers a character with a framing error like any other, and does not report the error. So characters need
 * no conversion, and the function pointer "received" stays NULL. */
/* clang-format off */
const struct bridge_kind bridge_ch340 = {
	.name = "ch340", .device = device, .config = config, .maker = "", .product = "USB2.0-Serial",
	.fifo = 32, .request = request, .name_of = name_of,
};
/* clang-format on */
