/* bridge.h - models of USB-UART bridge chips. A model answers the host's USB requests, and so sets DTR, RTS and the
 * baud rate. It also converts the characters that the board sends to what the host gets.
 *
 *	bridge_init(&bridge, bridge_find("cp2102"), "0001");
 *	bridge_request(&bridge, &req, answer, sizeof(answer));	for each request of the host on endpoint 0
 *	bridge_received(&bridge, byte, framing_error, out);	for each character that the board sends
 *
 * A model answers only requests that the chip's driver in Linux sends. It knows nothing of USB packets (usbip.h does),
 * of the board, or of the time.
 */
#ifndef BENCH_BRIDGE_H
#define BENCH_BRIDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bridge;

/* A control request of the host on endpoint 0: the fields of its setup packet, and its data. */
struct bridge_request {
	uint8_t type, request;
	uint16_t value, index, length;
	const uint8_t *data; /* length bytes of data from the host; not valid if the request has none */
};

/* What a chip with native USB, which has no bridge, does when the host changes DTR or RTS. */
enum bridge_reset {
	BRIDGE_NO_RESET,
	BRIDGE_HOLD,	 /* it holds its processor core in reset */
	BRIDGE_RUN,	 /* it restarts its core in the boot mode that its straps have selected */
	BRIDGE_DOWNLOAD, /* it restarts its core in the ROM loader */
};

struct bridge_kind {
	const char *name;
	const uint8_t *device, *config; /* the USB device descriptor, and all of the configuration descriptor */
	const char *maker, *product;
	bool has_serial;
	unsigned int fifo;     /* how many characters from the board fit into the bridge's buffer */
	unsigned int in_ep;    /* endpoint on which the host gets characters; 0: the first endpoint in config */
	unsigned int event_ep; /* endpoint on which the host gets bridge.event; 0: the chip has no such endpoint */
	unsigned int packet;   /* largest number of bytes in a packet to the host; 0: no such limit */
	/* Number of status bytes at the start of each packet to the host. If it is not 0, the chip also sends packets
	 * that have only status bytes. */
	unsigned int header;
	void (*status)(const struct bridge *bridge, bool framing_error, uint8_t *out);
	uint8_t part;	/* only CP210x: the part number that the driver reads from the chip */
	bool is_native; /* this is an Espressif chip with native USB: it has no UART, and no pins for DTR and RTS */
	/* Only native USB: called after the host has set DTR or RTS. Return: what the chip does. */
	enum bridge_reset (*lines_moved)(struct bridge *bridge);
	/* Answers a USB request that is not a standard request. Return: the number of bytes written to answer, at most
	 * cap; 0 if the request needs no answer; -EPIPE (a USB stall) if the chip does not know the request. */
	int (*request)(struct bridge *bridge, const struct bridge_request *req, uint8_t *answer, size_t cap);
	/* Writes to out the bytes that the host gets for a character from the board. Return: the number of these bytes,
	 * at most 4. If this pointer is NULL, the host gets just the character, without any error status. */
	size_t (*received)(struct bridge *bridge, uint8_t byte, bool framing_error, uint8_t *out);
	/* A short name of a request, for the record of events in plug.h. */
	const char *(*name_of)(const struct bridge_request *req);
};

struct bridge {
	const struct bridge_kind *kind;
	char serial[16];
	bool dtr, rts;	      /* true: the chip asserts this output */
	bool enabled;	      /* true: the chip's UART receives and transmits */
	double rate;	      /* the UART's real baud rate; its divider may not reach exactly the wanted one */
	uint32_t waiting_out; /* how many characters the UART still has to send; the caller sets this */
	/* The members from here on are used by some bridge models only. */
	uint16_t prescaler;
	uint8_t lcr;
	uint8_t flow[16];
	uint8_t escape;		/* CP210x: the byte that announces a framing error to the host; 0: none is announced */
	uint8_t latency_ms;	/* FTDI: how long the chip waits for more input before it sends a packet */
	uint8_t coding[7];	/* CDC, PL2303: baud rate, stop bits, parity and data bits, as the host has set them */
	uint8_t regs[256];	/* PL2303: the registers that the host has written */
	uint8_t event[16];	/* data that the host gets next on the endpoint kind->event_ep */
	unsigned int event_len; /* number of bytes in event; 0: there is no event */
	bool purge;		/* true: the caller must discard received characters that the host has not got yet */
	bool rts_by_data;	/* CP2102C: a character has come from the board, so flow control must assert RTS */
	unsigned int walk;	/* native USB: how many steps of the DTR and RTS sequence for a reset have come */
	bool to_download;
};

extern const struct bridge_kind bridge_ch340, bridge_cp2102, bridge_cp2102n, bridge_cp2104, bridge_ft232r,
	bridge_pl2303, bridge_ch343, bridge_ch9102, bridge_cp2102c, bridge_usbjtag, bridge_otg;

/* bridge_find() - the model of the bridge called @name, such as "ch340"; NULL: there is no model of it */
const struct bridge_kind *bridge_find(const char *name);

/* bridge_in_ep() - the endpoint on which the host gets the characters that the board sends */
unsigned int bridge_in_ep(const struct bridge_kind *kind);

/* bridge_init() - set up a bridge that has just been plugged in. @serial is its serial number, of at most 15
 * characters. */
void bridge_init(struct bridge *bridge, const struct bridge_kind *kind, const char *serial);

/**
 * bridge_request() - answer a control request of the host, standard or not
 *
 * Return: the number of bytes in @answer; 0 if there is no answer; -EPIPE (a USB stall) if the chip does not know @req.
 */
int bridge_request(struct bridge *bridge, const struct bridge_request *req, uint8_t *answer, size_t cap);

/* bridge_received() - convert the character @byte, which the board has sent, with or without a framing error. Writes to
 * @out the bytes that the host gets for it. Return: the number of these bytes, at most 4. */
size_t bridge_received(struct bridge *bridge, uint8_t byte, bool framing_error, uint8_t *out);

/* bridge_set_lines() - set DTR and RTS from a request of an FTDI or CP210x. Bit 0 of @value is the state of DTR, bit 1
 * of RTS. DTR changes only if bit 8 is set, RTS only if bit 9 is set. Return: 0. */
int bridge_set_lines(struct bridge *bridge, uint16_t value);

/* bridge_request_name() - a short name of a request, for the record of events in plug.h */
const char *bridge_request_name(const struct bridge *bridge, const struct bridge_request *req);

#endif
