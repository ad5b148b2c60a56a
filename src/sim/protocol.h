/* protocol.h - the messages between espreset and espreset-sim, the simulated board.
 *
 * espreset starts "espreset-sim board WORDS" with one end of a SOCK_SEQPACKET socket as descriptor SIM_SOCKET. Each
 * struct sim_request is one packet. The board answers each request by one packet of kind SIM_REPLY, in the order of the
 * requests. Packets of kind SIM_DATA and SIM_GONE come without a request. The first request is SIM_ASK_OPEN. Its reply
 * is 0 or the negative errno of open(2); -EINVAL: WORDS are wrong. When espreset's end of the socket is closed, even
 * because espreset was killed, the board does what the kernel does at the last close of a tty: it releases DTR and RTS
 * if HUPCL is set.
 *
 * The two programs share only this header. Both are built from one source tree, so the struct layout agrees.
 */
#ifndef ESPRESET_SIM_PROTOCOL_H
#define ESPRESET_SIM_PROTOCOL_H

#include <stddef.h>
#include <stdint.h>

#define SIM_SOCKET 3

/* DTR and RTS as a bit mask. A set bit means that the modem line is asserted. */
enum { SIM_DTR = 1, SIM_RTS = 2 };

enum sim_request_kind { SIM_ASK_OPEN, SIM_ASK_LINES, SIM_ASK_SPEED, SIM_ASK_HUPCL, SIM_ASK_CLOSE };

struct sim_request {
	uint32_t kind;
	uint32_t lines; /* for SIM_ASK_LINES: bit mask of SIM_DTR and SIM_RTS */
	int32_t value;	/* for SIM_ASK_OPEN and SIM_ASK_SPEED: baud rate; for SIM_ASK_HUPCL: 0 or 1 */
};

enum sim_packet_kind {
	SIM_REPLY, /* answer to a request; result is 0 or a negative errno */
	SIM_DATA,  /* characters from the board; result is the number of characters */
	SIM_GONE,  /* the bridge was unplugged */
};

struct sim_packet {
	uint32_t kind;
	int32_t result;
	uint8_t data[512];
};

#define SIM_PACKET_HEAD offsetof(struct sim_packet, data)

#endif
