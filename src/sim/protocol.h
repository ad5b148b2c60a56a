/* protocol.h - the messages between espreset and espreset-sim, the simulated board.
 *
 * espreset starts "espreset-sim board WORDS" with one end of a SOCK_SEQPACKET socket as descriptor SIM_SOCKET. Each
 * struct sim_request is one packet, and is answered by one packet of kind SIM_REPLY, in order. Packets of kind
 * SIM_DATA and SIM_GONE come without a request. The first request is SIM_ASK_OPEN. Its reply is 0 or the negative
 * errno of open(2);
 * -EINVAL if the WORDS are wrong. When espreset's end of the socket is closed, also because espreset was killed, the
 * board does what the kernel does at the last close of a tty: it releases the lines if HUPCL is set.
 *
 * The two programs share only this header. Both are built from one source tree, so the struct layout agrees.
 */
#ifndef ESPRESET_SIM_PROTOCOL_H
#define ESPRESET_SIM_PROTOCOL_H

#include <stddef.h>
#include <stdint.h>

#define SIM_SOCKET 3

/* DTR and RTS as a bit set; a set bit means asserted. */
enum { SIM_DTR = 1, SIM_RTS = 2 };

enum sim_request_kind { SIM_ASK_OPEN, SIM_ASK_LINES, SIM_ASK_SPEED, SIM_ASK_HUPCL, SIM_ASK_CLOSE };

struct sim_request {
	uint32_t kind;
	uint32_t lines; /* SIM_ASK_LINES: bits of SIM_DTR and SIM_RTS */
	int32_t value;	/* SIM_ASK_OPEN, SIM_ASK_SPEED: Bd; SIM_ASK_HUPCL: 0 or 1 */
};

enum sim_packet_kind {
	SIM_REPLY, /* to a request; result is 0 or a negative errno */
	SIM_DATA,  /* characters from the board; result is their number */
	SIM_GONE,  /* the bridge was unplugged */
};

struct sim_packet {
	uint32_t kind;
	int32_t result;
	uint8_t data[512];
};

#define SIM_PACKET_HEAD offsetof(struct sim_packet, data)

#endif
