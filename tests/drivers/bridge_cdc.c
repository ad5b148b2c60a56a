/* bridge_cdc.c - models of CDC-ACM devices: USB-UART bridges, and Espressif chips with native USB. They answer what
 * Linux's cdc_acm driver (drivers/usb/class/cdc-acm.c) asks. Source of the requests: USB CDC PSTN 1.2, section 6.3. */
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

/* The descriptors of a control interface and a data interface. caps is the field bmCapabilities, a sum of 2 (the host
 * can set baud rate, DTR and RTS) and 4 (the host can send a break). notify, out and in are endpoint numbers. */
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
/* The configuration of a chip with USB Serial/JTAG: a CDC-ACM function, and a JTAG interface that has no driver in
 * Linux. */
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
	/* The divider of these bridges is not documented, so the model's UART runs exactly at the wanted baud rate. */
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

/* While DTR is released, TinyUSB assumes that no program on the host reads. Then the application's output is lost.
 * Source: espressif/arduino-esp32 cores/esp32/USBCDC.cpp. */
static size_t received_otg(struct bridge *b, uint8_t byte, bool framing_error, uint8_t *out)
{
	return b->dtr ? received(b, byte, framing_error, out) : 0;
}

/* A CP2102C's flow control cannot be switched off: while DTR is released, each character that arrives from the board
 * asserts RTS. Source: espressif/esptool pull request 1157. */
static size_t received_cp2102c(struct bridge *b, uint8_t byte, bool framing_error, uint8_t *out)
{
	b->rts_by_data = true;
	return received(b, byte, framing_error, out);
}

/* What an Espressif chip with USB Serial/JTAG does after a change of DTR or RTS. While RTS is asserted and DTR is not,
 * the chip holds its core in reset. When this reset ends, the core starts in the ROM loader if to_download is true,
 * otherwise in the boot mode that its straps have selected. to_download is the state that DTR had when RTS was last
 * released before the reset. So esptool first asserts DTR alone, to start the ROM loader. Source: ESP32-C3 Technical
 * Reference Manual, "USB Serial/JTAG Controller", tables on resetting the chip. */
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

/* What an application with TinyUSB does after a change of DTR or RTS. The application starts the ROM loader if the host
 * has set 1200 Bd, or when DTR and RTS have gone through the four states of walk[] in this order. The host has no way
 * to restart the application. Source: espressif/arduino-esp32 cores/esp32/USBCDC.cpp. */
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
