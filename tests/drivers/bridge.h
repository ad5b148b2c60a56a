/* bridge.h - the USB-UART bridge chips: what they are asked over USB, and what their pins and receiver do then.
 *
 * Nothing here knows USB/IP, boards or time. A kind of bridge answers the requests of its stock Linux driver.
 */
#ifndef BENCH_BRIDGE_H
#define BENCH_BRIDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bridge;

/* A request on endpoint 0, as it comes. */
struct bridge_request {
	uint8_t type, request;
	uint16_t value, index, length;
	const uint8_t *data; /* of the host's, length bytes */
};

/* What a change of the lines makes of a chip that is on USB itself, without a bridge. */
enum bridge_reset {
	BRIDGE_NO_RESET,
	BRIDGE_HOLD,	 /* its core is held in reset */
	BRIDGE_RUN,	 /* it starts again; straps are not read */
	BRIDGE_DOWNLOAD, /* it starts its loader */
};

struct bridge_kind {
	const char *name;
	const uint8_t *device, *config; /* descriptors */
	const char *maker, *product;
	bool has_serial;
	unsigned int fifo;     /* characters it keeps while nobody reads */
	unsigned int in_ep;    /* of its input; 0: the first endpoint described */
	unsigned int event_ep; /* where bridge.event goes; 0: none */
	unsigned int packet;   /* each packet of input has at most so many bytes ... */
	unsigned int header;   /* ... and begins with so many of status: then it comes also without input */
	void (*status)(const struct bridge *bridge, bool framing_error, uint8_t *out);
	uint8_t part;	/* CP210x: the part number that it answers */
	bool is_native; /* no UART, no pins: the lines are requests to the chip itself */
	/* For those: the lines have changed; NULL: means nothing to it */
	enum bridge_reset (*lines_moved)(struct bridge *bridge);
	/* Return: bytes in answer (cap bytes of room), 0 for a request without, -EPIPE: not understood */
	int (*request)(struct bridge *bridge, const struct bridge_request *req, uint8_t *answer, size_t cap);
	/* A character was received. Writes what goes to the host; at most 4 bytes. Return: how many.
	 * NULL: the character, and not a word of the error */
	size_t (*received)(struct bridge *bridge, uint8_t byte, bool framing_error, uint8_t *out);
	/* A name for a request, for the record */
	const char *(*name_of)(const struct bridge_request *req);
};

struct bridge {
	const struct bridge_kind *kind;
	char serial[16];
	bool dtr, rts;	      /* pins: asserted? */
	bool enabled;	      /* receives and transmits */
	double rate;	      /* actual */
	uint32_t waiting_out; /* characters not transmitted yet; kept up to date by the user */
	/* the chips' own */
	uint16_t prescaler;
	uint8_t lcr;
	uint8_t flow[16];
	uint8_t escape;		/* CP210x: event mode when not 0 */
	uint8_t latency_ms;	/* FTDI: a packet that is not full goes after so long */
	uint8_t coding[7];	/* CDC, PL2303: speed, stop bits, parity, data bits */
	uint8_t regs[256];	/* PL2303 */
	uint8_t event[16];	/* goes out by its endpoint ... */
	unsigned int event_len; /* ... when there is any of it */
	bool purge;		/* input that nobody has read yet is to be forgotten */
	bool rts_by_data;	/* the chip itself asserts RTS: CP2102C while it receives */
	unsigned int walk;	/* native: how far in a sequence that means something */
	bool to_download;
};

extern const struct bridge_kind bridge_ch340, bridge_cp2102, bridge_cp2102n, bridge_cp2104, bridge_ft232r,
	bridge_pl2303, bridge_ch343, bridge_ch9102, bridge_cp2102c, bridge_usbjtag, bridge_otg;

/* By name; NULL. */
const struct bridge_kind *bridge_find(const char *name);

/* The endpoint that its input comes from. */
unsigned int bridge_in_ep(const struct bridge_kind *kind);

/* As after plugging in. */
void bridge_init(struct bridge *bridge, const struct bridge_kind *kind, const char *serial);

/**
 * bridge_request() - answer any request, the standard ones too
 *
 * Return: as request() of the kind.
 */
int bridge_request(struct bridge *bridge, const struct bridge_request *req, uint8_t *answer, size_t cap);

/* A character was received: as received() of the kind. */
size_t bridge_received(struct bridge *bridge, uint8_t byte, bool framing_error, uint8_t *out);

/* As FTDI's and Silicon Labs' chips are told: bit 0 is DTR, bit 1 RTS, where bit 8 or 9 says that
 * it counts. Return: 0. */
int bridge_set_lines(struct bridge *bridge, uint16_t value);

/* A request that drives the lines? For counting and for faults. */
const char *bridge_request_name(const struct bridge *bridge, const struct bridge_request *req);

#endif
