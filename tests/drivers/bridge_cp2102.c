/* bridge_cp2102.c - models of Silicon Labs' CP2102, CP2104 and CP2102N. They answer what Linux's cp210x driver
 * (drivers/usb/serial/cp210x.c) asks.
 *
 * All three chips have the same vendor and product ID. The driver tells them apart by a part number that it reads from
 * the chip.
 */
#include "bridge.h"

#include <errno.h>
#include <string.h>

/* clang-format off */
enum {
	IFC_ENABLE = 0x00, SET_LINE_CTL = 0x03, SET_BREAK = 0x05, SET_MHS = 0x07, GET_MDMSTS = 0x08,
	GET_COMM_STATUS = 0x10, PURGE = 0x12, SET_FLOW = 0x13, GET_FLOW = 0x14, EMBED_EVENTS = 0x15, SET_CHARS = 0x19,
	SET_BAUDRATE = 0x1e, VENDOR = 0xff, GET_PARTNUM = 0x370b,
	MHS_DTR = 1, MHS_RTS = 2,
	GET_PORTCONFIG = 0x370c, GET_FW_VERSION_2N = 0x0010,
	PARTNUM_CP2102 = 0x02, PARTNUM_CP2104 = 0x04, PARTNUM_CP2102N = 0x20, LSR_FRAME = 1 << 3,
};
/* clang-format on */

/* The baud rates of CP2104 and CP2102N are CLOCK_HALF divided by an integer. A CP2102 has a fixed list of baud rates.
 * The driver asks only for baud rates of this list, so the model of a CP2102 uses exactly the one that is asked for. */
#define CLOCK_HALF 24e6

static const uint8_t device[18] = { 18, 1, 0x10, 0x01, 0, 0, 0, 64, 0xc4, 0x10, 0x60, 0xea, 0x00, 0x01, 1, 2, 3, 1 };

static const uint8_t config[] = {
	9, 2, 32, 0, 1, 1, 0, 0x80, 50, 9, 4, 0, 0, 2, 0xff, 0, 0, 2, 7, 5, 0x81, 2, 64, 0, 0, 7, 5, 0x01, 2, 64, 0, 0,
};

static uint32_t get32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* The request SET_FLOW, which the driver sends in cp210x_set_flow_control(), also sets DTR and RTS. If the request
 * leaves RTS to the chip's flow control, the model asserts RTS. A real chip then releases RTS only while its receive
 * buffer is full. */
static int set_flow(struct bridge *b, const struct bridge_request *req)
{
	if (req->length < sizeof(b->flow))
		return -EPIPE;
	memcpy(b->flow, req->data, sizeof(b->flow));
	b->dtr = (get32(b->flow) & 3) == 1;
	b->rts = (get32(b->flow + 4) >> 6 & 3) != 0;
	return 0;
}

/* Switches the chip's UART on or off. Off also releases DTR and RTS, and ends event mode. */
static int enable(struct bridge *b, bool on)
{
	b->enabled = on;
	if (!on) {
		b->dtr = false;
		b->rts = false;
		b->escape = 0;
	}
	return 0;
}

static int comm_status(const struct bridge *b, uint8_t *answer)
{
	memset(answer, 0, 0x13);
	answer[12] = (uint8_t)b->waiting_out;
	answer[13] = (uint8_t)(b->waiting_out >> 8);
	return 0x13;
}

static int set_rate(struct bridge *b, const struct bridge_request *req)
{
	double rate;

	if (req->length < 4 || !get32(req->data))
		return -EPIPE;
	rate = get32(req->data);
	b->rate = b->kind->part == PARTNUM_CP2102 ? rate : CLOCK_HALF / (double)(unsigned int)(CLOCK_HALF / rate + 0.5);
	return 0;
}

static int vendor(const struct bridge *b, const struct bridge_request *req, uint8_t *answer)
{
	switch (req->value) {
	case GET_PARTNUM:
		/* Like a genuine chip, the model sends a second byte if the host asks for two. Some clones send only
		 * one. */
		answer[0] = b->kind->part;
		answer[1] = 0;
		return 2;
	case GET_FW_VERSION_2N: /* firmware 1.0.8, which does not have the flow-control bug of earlier ones */
		if (b->kind->part != PARTNUM_CP2102N)
			return -EPIPE;
		answer[0] = 1;
		answer[1] = 0;
		answer[2] = 8;
		return 3;
	case GET_PORTCONFIG: /* all zeros: no pin of the chip is configured as a GPIO output */
		if (b->kind->part != PARTNUM_CP2104)
			return -EPIPE;
		memset(answer, 0, 13);
		return 13;
	default: /* for example the request for a CP2102N's configuration, which the driver needs only for GPIO pins */
		return -EPIPE;
	}
}

static int request(struct bridge *b, const struct bridge_request *req, uint8_t *answer, size_t cap)
{
	(void)cap;
	switch (req->request) {
	case IFC_ENABLE: return enable(b, req->value & 1);
	case SET_BAUDRATE: return set_rate(b, req);
	case SET_MHS: return bridge_set_lines(b, req->value);
	case SET_FLOW: return set_flow(b, req);
	case GET_FLOW: memcpy(answer, b->flow, sizeof(b->flow)); return sizeof(b->flow);
	case GET_MDMSTS: answer[0] = (uint8_t)((b->dtr ? MHS_DTR : 0) | (b->rts ? MHS_RTS : 0)); return 1;
	case GET_COMM_STATUS: return comm_status(b, answer);
	case EMBED_EVENTS: b->escape = (uint8_t)req->value; return 0;
	case SET_LINE_CTL:
	case SET_BREAK:
	case PURGE:
	case SET_CHARS: return 0;
	case VENDOR: return vendor(b, req, answer);
	default: return -EPIPE;
	}
}

/* In event mode (escape is not 0), the host gets a character with a framing error as four bytes: escape, 1, line
 * status, character. It gets a character that equals escape as two bytes: escape, 0. Other characters stay as they
 * are, and without event mode all characters do. */
static size_t received(struct bridge *b, uint8_t byte, bool framing_error, uint8_t *out)
{
	out[0] = byte;
	if (!b->escape)
		return 1;
	if (framing_error) {
		out[0] = b->escape;
		out[1] = 1;
		out[2] = LSR_FRAME;
		out[3] = byte;
		return 4;
	}
	if (byte != b->escape)
		return 1;
	out[1] = 0;
	return 2;
}

static const char *name_of(const struct bridge_request *req)
{
	switch (req->request) {
	case IFC_ENABLE: return req->value & 1 ? "enable" : "disable";
	case SET_BAUDRATE: return "baud";
	case SET_LINE_CTL: return "line";
	case SET_MHS: return "lines";
	case GET_MDMSTS: return "modem";
	case GET_COMM_STATUS: return "status";
	case PURGE: return "purge";
	case SET_FLOW: return "flow";
	case GET_FLOW: return "getflow";
	case VENDOR: return "vendor";
	default: return "other";
	}
}

#define CP210X \
	.device = device, .config = config, .maker = "Silicon Labs", .has_serial = true, .fifo = 512, \
	.request = request, .received = received, .name_of = name_of

const struct bridge_kind bridge_cp2102 = {
	CP210X,
	.name = "cp2102",
	.part = PARTNUM_CP2102,
	.product = "CP2102 USB to UART Bridge Controller",
};

const struct bridge_kind bridge_cp2104 = {
	CP210X,
	.name = "cp2104",
	.part = PARTNUM_CP2104,
	.product = "CP2104 USB to UART Bridge Controller",
};

const struct bridge_kind bridge_cp2102n = {
	CP210X,
	.name = "cp2102n",
	.part = PARTNUM_CP2102N,
	.product = "CP2102N USB to UART Bridge Controller",
};
