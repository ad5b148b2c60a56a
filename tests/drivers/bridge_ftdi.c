/* bridge_ftdi.c - model of an FTDI FT232R. It answers what Linux's ftdi_sio driver (drivers/usb/serial/ftdi_sio.[ch])
 * asks. */
#include "bridge.h"

#include <errno.h>

#define CLOCK 24000000.0 /* eight times the chip's 3 MHz, because rate_of() counts the divisor in eighths */
/* clang-format off */
enum {
	RESET = 0x00, MODEM_CTRL = 0x01, SET_FLOW_CTRL = 0x02, SET_BAUD_RATE = 0x03, SET_DATA = 0x04,
	GET_MODEM_STATUS = 0x05,
	SET_EVENT_CHAR = 0x06, SET_ERROR_CHAR = 0x07, SET_LATENCY_TIMER = 0x09, GET_LATENCY_TIMER = 0x0a,
	READ_EEPROM = 0x90, RESET_SIO = 0,
	/* MODEM_STATUS: the modem status byte if CTS, DSR, RI and DCD are all released. In the line status byte,
	 * LINE_FRAMING means a framing error, and LINE_EMPTY that all characters have been sent. */
	MODEM_STATUS = 0x01, LINE_FRAMING = 1 << 3, LINE_EMPTY = 0x60,
};
/* clang-format on */

/* The driver recognises an FT232R by its release number (bcdDevice), 6.00. */
static const uint8_t device[18] = { 18, 1, 0x00, 0x02, 0, 0, 0, 8, 0x03, 0x04, 0x01, 0x60, 0x00, 0x06, 1, 2, 3, 1 };

/* clang-format off */
static const uint8_t config[] = {
	9, 2, 32, 0, 1, 1, 0, 0xa0, 45,
	9, 4, 0, 0, 2, 0xff, 0xff, 0xff, 2,
	7, 5, 0x81, 2, 64, 0, 0,
	7, 5, 0x02, 2, 64, 0, 0,
};
/* clang-format on */

/* The baud rate that the request selects with its fields @value and @index. The divisor has 14 bits for its integer
 * part. Three more bits are an index into eighths[], the fraction. Source: FTDI AN232B-05, "Baud rates". */
static double rate_of(uint16_t value, uint16_t index)
{
	static const uint8_t eighths[8] = { 0, 4, 2, 1, 3, 5, 6, 7 };
	unsigned int whole = value & 0x3fff, code = (value >> 14 & 3u) | (index & 1u) << 2;

	if (whole <= 1 && code == 0)
		return whole ? CLOCK / 12 : CLOCK / 8;
	return CLOCK / (8 * whole + eighths[code]);
}

/* The request RESET. With @value RESET_SIO it resets the chip, which also releases DTR and RTS. With another value it
 * discards the characters in one of the chip's buffers. */
static int reset(struct bridge *b, uint16_t value)
{
	b->purge = value <= 1;
	if (value == RESET_SIO)
		b->dtr = b->rts = false;
	return 0;
}

static void status(const struct bridge *b, bool framing_error, uint8_t *out)
{
	out[0] = MODEM_STATUS;
	out[1] = (uint8_t)((framing_error ? LINE_FRAMING : 0) | (b->waiting_out ? 0 : LINE_EMPTY));
}

static int request(struct bridge *b, const struct bridge_request *req, uint8_t *answer, size_t cap)
{
	(void)cap;
	b->enabled = true;
	switch (req->request) {
	case RESET: return reset(b, req->value);
	case MODEM_CTRL: return bridge_set_lines(b, req->value);
	case SET_BAUD_RATE: b->rate = rate_of(req->value, req->index); return 0;
	case SET_LATENCY_TIMER: b->latency_ms = (uint8_t)req->value; return 0;
	case GET_LATENCY_TIMER: answer[0] = b->latency_ms; return 1;
	case GET_MODEM_STATUS: status(b, false, answer); return 2;
	case READ_EEPROM: /* all zeros: no CBUS pin is configured as a GPIO */ answer[0] = answer[1] = 0; return 2;
	case SET_FLOW_CTRL:
	case SET_DATA:
	case SET_EVENT_CHAR:
	case SET_ERROR_CHAR: return 0;
	default: return -EPIPE;
	}
}

static const char *name_of(const struct bridge_request *req)
{
	switch (req->request) {
	case RESET: return req->value == RESET_SIO ? "reset" : "purge";
	case MODEM_CTRL: return "lines";
	case SET_FLOW_CTRL: return "flow";
	case SET_BAUD_RATE: return "baud";
	case SET_DATA: return "line";
	case GET_MODEM_STATUS: return "modem";
	case SET_LATENCY_TIMER:
	case GET_LATENCY_TIMER: return "latency";
	case READ_EEPROM: return "eeprom";
	default: return "other";
	}
}

/* The chip reports a framing error only in the status bytes of the next packet. So the characters themselves need no
 * conversion, and the function pointer "received" stays NULL. */
/* clang-format off */
const struct bridge_kind bridge_ft232r = {
	.name = "ft232r", .device = device, .config = config, .maker = "FTDI", .product = "FT232R USB UART",
	.has_serial = true, .fifo = 128, .packet = 64, .header = 2, .status = status, .request = request,
	.name_of = name_of,
};
/* clang-format on */
