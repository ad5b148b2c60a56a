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
	const uint8_t *data;	/* of the host's, length bytes */
};

struct bridge_kind {
	const char *name;
	const uint8_t *device, *config;	/* descriptors */
	const char *maker, *product;
	bool has_serial;
	unsigned int fifo;		/* characters it keeps while nobody reads */
	/* Return: bytes in answer (cap bytes of room), 0 for a request without, -EPIPE: not understood */
	int (*request)(struct bridge *bridge, const struct bridge_request *req, uint8_t *answer, size_t cap);
	/* A character was received. Writes what goes to the host; at most 4 bytes. Return: how many */
	size_t (*received)(struct bridge *bridge, uint8_t byte, bool framing_error, uint8_t *out);
	/* A name for a request, for the record */
	const char *(*name_of)(const struct bridge_request *req);
};

struct bridge {
	const struct bridge_kind *kind;
	char serial[16];
	bool dtr, rts;		/* pins: asserted? */
	bool enabled;		/* receives and transmits */
	double rate;		/* actual */
	uint32_t waiting_out;	/* characters not transmitted yet; kept up to date by the user */
	/* the chips' own */
	uint16_t prescaler;
	uint8_t lcr;
	uint8_t flow[16];
	uint8_t escape;		/* CP210x: event mode when not 0 */
};

extern const struct bridge_kind bridge_ch340, bridge_cp2102;

/* By name; NULL. */
const struct bridge_kind *bridge_find(const char *name);

/* As after plugging in. */
void bridge_init(struct bridge *bridge, const struct bridge_kind *kind, const char *serial);

/**
 * bridge_request() - answer any request, the standard ones too
 *
 * Return: as request() of the kind.
 */
int bridge_request(struct bridge *bridge, const struct bridge_request *req, uint8_t *answer, size_t cap);

/* A request that drives the lines? For counting and for faults. */
const char *bridge_request_name(const struct bridge *bridge, const struct bridge_request *req);

#endif
