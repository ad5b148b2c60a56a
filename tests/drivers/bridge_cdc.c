/* bridge_cdc.c - CDC-ACM devices as Linux's cdc_acm driver knows them (drivers/usb/class/cdc-acm.c): bridges, and
 * Espressif chips with native USB. Requests: USB CDC PSTN 1.2, section 6.3. */
#include "bridge.h"

#include <errno.h>
#include <string.h>

/* clang-format off */
enum {
	SET_LINE_CODING = 0x20, GET_LINE_CODING = 0x21, SET_CONTROL_LINE_STATE = 0x22, SEND_BREAK = 0x23, CLASS = 0x20,
	STATE_DTR = 1, STATE_RTS = 2,
};
/* clang-format on */

#define DEVICE(class, subclass, protocol, vid, pid, release) \
	18, 1, 0x00, 0x02, class, subclass, protocol, 64, (vid)&0xff, (vid) >> 8, (pid)&0xff, (pid) >> 8, \
		(release)&0xff, (release) >> 8, 1, 2, 3, 1

/* Descriptors of a control and a data interface. caps is bmCapabilities: 2 line coding and control lines, 4 break. */
#define FUNCTION(caps, notify, out, in) \
	9, 4, 0, 0, 1, 2, 2, 1, 0, 5, 0x24, 0, 0x10, 0x01, 5, 0x24, 1, 0, 1, 4, 0x24, 2, caps, 5, 0x24, 6, 0, 1, 7, 5, \
		0x80 | (notify), 3, 16, 0, 1, 9, 4, 1, 0, 2, 0x0a, 0, 0, 0, 7, 5, out, 2, 64, 0, 0, 7, 5, 0x80 | (in), \
		2, 64, 0, 0
#define FUNCTION_LEN 58
#define ASSOCIATION 8, 0x0b, 0, 2, 2, 2, 0, 0

static const uint8_t wch_config[] = { 9, 2, 9 + FUNCTION_LEN, 0, 2, 1, 0, 0xa0, 50, FUNCTION(2, 1, 2, 2) };
static const uint8_t plain_config[] = { 9, 2, 9 + FUNCTION_LEN, 0, 2, 1, 0, 0x80, 50, FUNCTION(6, 3, 2, 2) };
static const uint8_t otg_config[] = { 9,   2,		9 + 8 + FUNCTION_LEN, 0, 2, 1, 0, 0xa0,
				      250, ASSOCIATION, FUNCTION(2, 3, 2, 2) };
/* A CDC-ACM function, and the JTAG interface, which no kernel driver claims. */
/* clang-format off */
static const uint8_t jtag_config[] = {
	9, 2, 9 + 8 + FUNCTION_LEN + 23, 0, 3, 1, 0, 0xc0, 250, ASSOCIATION, FUNCTION(2, 2, 1, 1),
	9, 4, 2, 0, 2, 0xff, 0xff, 1, 0,
	7, 5, 0x02, 2, 64, 0, 0,
	7, 5, 0x83, 2, 64, 0, 0,
};
/* clang-format on */

static const uint8_t ch343_device[18] = { DEVICE(2, 0, 0, 0x1a86, 0x55d3, 0x0445) };
static const uint8_t ch9102_device[18] = { DEVICE(2, 0, 0, 0x1a86, 0x55d4, 0x0443) };
static const uint8_t cp2102c_device[18] = { DEVICE(2, 0, 0, 0x10c4, 0xea64, 0x0100) };
static const uint8_t jtag_device[18] = { DEVICE(0xef, 2, 1, 0x303a, 0x1001, 0x0101) };
static const uint8_t otg_device[18] = { DEVICE(0xef, 2, 1, 0x303a, 0x0002, 0x0100) };

static int set_line_coding(struct bridge *b, const struct bridge_request *req)
{
	uint32_t rate;

	if (req->length < sizeof(b->coding))
		return -EPIPE;
	memcpy(b->coding, req->data, sizeof(b->coding));
	rate = b->coding[0] | (uint32_t)b->coding[1] << 8 | (uint32_t)b->coding[2] << 16 | (uint32_t)b->coding[3] << 24;
	/* The divider of these bridges is not documented, so each speed is taken as exact. */
	if (rate && !b->kind->is_native)
		b->rate = rate;
	return 0;
}

static int request(struct bridge *b, const struct bridge_request *req, uint8_t *answer, size_t cap)
{
	(void)cap;
	b->enabled = true;
	if (!(req->type & CLASS))
		return -EPIPE;
	switch (req->request) {
	case SET_LINE_CODING: return set_line_coding(b, req);
	case GET_LINE_CODING: memcpy(answer, b->coding, sizeof(b->coding)); return sizeof(b->coding);
	case SET_CONTROL_LINE_STATE:
		b->dtr = req->value & STATE_DTR;
		b->rts = req->value & STATE_RTS;
		return 0;
	case SEND_BREAK: return 0;
	default: return -EPIPE;
	}
}

static size_t received(struct bridge *b, uint8_t byte, bool framing_error, uint8_t *out)
{
	(void)b;
	(void)framing_error;
	out[0] = byte;
	return 1;
}

/* With DTR released TinyUSB assumes that no host listens, and USBCDC.cpp (arduino-esp32, cores/esp32) drops output. */
static size_t received_otg(struct bridge *b, uint8_t byte, bool framing_error, uint8_t *out)
{
	return b->dtr ? received(b, byte, framing_error, out) : 0;
}

/* A CP2102C's flow control cannot be switched off: characters that arrive while DTR is released assert RTS
 * (espressif/esptool pull request 1157). */
static size_t received_cp2102c(struct bridge *b, uint8_t byte, bool framing_error, uint8_t *out)
{
	b->rts_by_data = true;
	return received(b, byte, framing_error, out);
}

/* USB Serial/JTAG: RTS asserted with DTR released holds the core in reset. The value of DTR last seen with RTS released
 * decides where the core starts when that reset ends: in the ROM loader if DTR was asserted, else in flash. The new
 * flag is set after that decision. Source: ESP32-C3 Technical Reference Manual, "USB Serial/JTAG Controller", tables on
 * resetting the chip; esptool enters the loader this way. */
static enum bridge_reset jtag_moved(struct bridge *b)
{
	enum bridge_reset reset = BRIDGE_NO_RESET;

	if (b->rts && !b->dtr)
		reset = BRIDGE_HOLD;
	else if (b->walk)
		reset = b->to_download ? BRIDGE_DOWNLOAD : BRIDGE_RUN;
	b->walk = reset == BRIDGE_HOLD;
	if (!b->rts)
		b->to_download = b->dtr;
	return reset;
}

/* TinyUSB firmware: the ROM loader starts at 1200 Bd, or after these four states of DTR and RTS in this order. No
 * sequence starts the application. Source: espressif/arduino-esp32 cores/esp32/USBCDC.cpp. */
static enum bridge_reset otg_moved(struct bridge *b)
{
	static const uint8_t walk[] = { STATE_RTS, STATE_DTR | STATE_RTS, STATE_DTR, 0 };
	unsigned int now = (b->dtr ? STATE_DTR : 0u) | (b->rts ? STATE_RTS : 0u);
	unsigned int rate = b->coding[0] | (unsigned int)b->coding[1] << 8 | (unsigned int)b->coding[2] << 16;

	if (rate == 1200)
		return BRIDGE_DOWNLOAD;
	if (now != walk[b->walk])
		b->walk = 0;
	if (now == walk[b->walk])
		b->walk++;
	if (b->walk < sizeof(walk))
		return BRIDGE_NO_RESET;
	b->walk = 0;
	return BRIDGE_DOWNLOAD;
}

static const char *name_of(const struct bridge_request *req)
{
	switch (req->request) {
	case SET_LINE_CODING: return "baud";
	case GET_LINE_CODING: return "getline";
	case SET_CONTROL_LINE_STATE: return "lines";
	default: return "other";
	}
}

#define CDC .has_serial = true, .fifo = 256, .request = request, .name_of = name_of

/* clang-format off */
const struct bridge_kind bridge_ch343 = {
	CDC, .name = "ch343", .device = ch343_device, .config = wch_config, .maker = "", .product = "USB Single Serial",
	.in_ep = 2, .received = received,
};
/* clang-format on */

/* clang-format off */
const struct bridge_kind bridge_ch9102 = {
	CDC, .name = "ch9102", .device = ch9102_device, .config = wch_config, .maker = "", .product = "USB Single Serial",
	.in_ep = 2, .received = received,
};
/* clang-format on */

/* clang-format off */
const struct bridge_kind bridge_cp2102c = {
	CDC, .name = "cp2102c", .device = cp2102c_device, .config = plain_config, .maker = "Silicon Labs",
	.product = "CP2102C USB to UART Bridge Controller", .in_ep = 2, .received = received_cp2102c,
};
/* clang-format on */

/* clang-format off */
const struct bridge_kind bridge_usbjtag = {
	CDC, .name = "usbjtag", .device = jtag_device, .config = jtag_config, .maker = "Espressif",
	.product = "USB JTAG/serial debug unit", .in_ep = 1, .received = received, .is_native = true,
	.lines_moved = jtag_moved,
};
/* clang-format on */

/* clang-format off */
const struct bridge_kind bridge_otg = {
	CDC, .name = "otg", .device = otg_device, .config = otg_config, .maker = "Espressif Systems",
	.product = "ESP32S3_DEV", .in_ep = 2, .received = received_otg, .is_native = true, .lines_moved = otg_moved,
};
/* clang-format on */
