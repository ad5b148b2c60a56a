/* bridge.h - models of USB-UART bridge chips: USB requests in; pins, line speed and received characters out.
 *
 *	bridge_init(&bridge, bridge_find("cp2102"), "0001");
 *	bridge_request(&bridge, &req, answer, sizeof(answer));	for each request on endpoint 0
 *	bridge_received(&bridge, byte, framing_error, out);	for each character from the board
 *
 * A model answers the requests that its stock Linux driver sends. This module knows nothing of USB/IP, boards or time.
 */
#ifndef BENCH_BRIDGE_H
#define BENCH_BRIDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bridge;

/* A request on endpoint 0: the setup packet, and the data of a host-to-device request. */
struct bridge_request {
	uint8_t type, request;
	uint16_t value, index, length;
	const uint8_t *data; /* length bytes, sent by the host */
};

/* What a change of DTR or RTS does to a chip with native USB, which has no bridge. */
enum bridge_reset {
	BRIDGE_NO_RESET,
	BRIDGE_HOLD,	 /* the core is held in reset */
	BRIDGE_RUN,	 /* the core restarts without reading the straps */
	BRIDGE_DOWNLOAD, /* the chip starts its ROM loader */
};

struct bridge_kind {
	const char *name;
	const uint8_t *device, *config; /* USB device and configuration descriptor */
	const char *maker, *product;
	bool has_serial;
	unsigned int fifo;     /* size of the receive buffer, in characters */
	unsigned int in_ep;    /* endpoint that received characters go out on; 0: the first one in config */
	unsigned int event_ep; /* endpoint that bridge.event goes out on; 0: none */
	unsigned int packet;   /* largest packet on in_ep, in bytes */
	/* status bytes at the start of each packet on in_ep; if not 0, packets without characters are sent too */
	unsigned int header;
	void (*status)(const struct bridge *bridge, bool framing_error, uint8_t *out);
	uint8_t part;	/* CP210x: the part number it reports */
	bool is_native; /* the chip has native USB: no UART, no pins; DTR and RTS are only requests */
	/* Native USB: the host has set DTR or RTS. NULL: the chip ignores them. */
	enum bridge_reset (*lines_moved)(struct bridge *bridge);
	/* Answers a class or vendor request. Return: bytes written to answer (at most cap), 0 for a request without an
	 * answer, -EPIPE (stall): unknown request. */
	int (*request)(struct bridge *bridge, const struct bridge_request *req, uint8_t *answer, size_t cap);
	/* Translates a received character into what the host gets: at most 4 bytes in out. Return: their number. NULL:
	 * the character alone, without error status. */
	size_t (*received)(struct bridge *bridge, uint8_t byte, bool framing_error, uint8_t *out);
	/* A short name for a request, used in the record. */
	const char *(*name_of)(const struct bridge_request *req);
};

struct bridge {
	const struct bridge_kind *kind;
	char serial[16];
	bool dtr, rts;	      /* state of the output pins; true: asserted */
	bool enabled;	      /* the UART receives and transmits */
	double rate;	      /* line speed that the divider really gives, in Bd */
	uint32_t waiting_out; /* characters in the transmit buffer; kept up to date by the caller */
	/* State that only some bridge models have: */
	uint16_t prescaler;
	uint8_t lcr;
	uint8_t flow[16];
	uint8_t escape;		/* CP210x: the escape character of event mode; 0: event mode is off */
	uint8_t latency_ms;	/* FTDI: a packet that is not full is sent after this time */
	uint8_t coding[7];	/* CDC, PL2303: the line coding: speed, stop bits, parity, data bits */
	uint8_t regs[256];	/* PL2303: its registers */
	uint8_t event[16];	/* pending data for event_ep */
	unsigned int event_len; /* bytes in event; 0: nothing is pending */
	bool purge;		/* the caller shall discard characters that the host has not fetched yet */
	bool rts_by_data;	/* CP2102C: the chip's flow control asserts RTS while characters arrive */
	unsigned int walk;	/* native USB: position in the sequence of line states that resets the chip */
	bool to_download;
};

extern const struct bridge_kind bridge_ch340, bridge_cp2102, bridge_cp2102n, bridge_cp2104, bridge_ft232r,
	bridge_pl2303, bridge_ch343, bridge_ch9102, bridge_cp2102c, bridge_usbjtag, bridge_otg;

/* bridge_find() - the kind with that name; NULL: there is none */
const struct bridge_kind *bridge_find(const char *name);

/* bridge_in_ep() - the endpoint that received characters go out on */
unsigned int bridge_in_ep(const struct bridge_kind *kind);

/* bridge_init() - set the state after plugging in; @serial is copied, and must fit bridge.serial */
void bridge_init(struct bridge *bridge, const struct bridge_kind *kind, const char *serial);

/**
 * bridge_request() - answer any control request, standard ones included
 *
 * Return: as bridge_kind.request().
 */
int bridge_request(struct bridge *bridge, const struct bridge_request *req, uint8_t *answer, size_t cap);

/* bridge_received() - a character has arrived from the board; as bridge_kind.received() */
size_t bridge_received(struct bridge *bridge, uint8_t byte, bool framing_error, uint8_t *out);

/* bridge_set_lines() - set DTR and RTS as FTDI and CP210x encode them: bits 0 and 1 are the values of DTR and RTS, bits
 * 8 and 9 say which of them to change. Return: 0. */
int bridge_set_lines(struct bridge *bridge, uint16_t value);

/* bridge_request_name() - the name of a request in the record; "lines" and "control" faults are armed by it */
const char *bridge_request_name(const struct bridge *bridge, const struct bridge_request *req);

#endif
