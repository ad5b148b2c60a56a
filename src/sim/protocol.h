/* protocol.h - what espreset and espreset-sim, the simulated board, say to each other.
 *
 * espreset starts "espreset-sim board WORDS" with one end of a SOCK_SEQPACKET socket as descriptor SIM_SOCKET. A
 * struct sim_request is one packet and is answered by one SIM_REPLY, in order; SIM_DATA and SIM_GONE come unasked. The
 * first request is SIM_ASK_OPEN: its reply is 0 or the negative errno of an open(2), and -EINVAL for WORDS that are
 * wrong. When espreset's end closes, for whatever reason, the board's process does what the kernel does at the last
 * close of a tty: it drops the lines if HUPCL is set.
 *
 * This header is all that the two programs share. Both come from one package: the layout is the compiler's.
 */
#ifndef ESPRESET_SIM_PROTOCOL_H
#define ESPRESET_SIM_PROTOCOL_H

#include <stddef.h>
#include <stdint.h>

#define SIM_SOCKET 3

/* The modem lines, as a bit set; set means asserted. */
enum { SIM_DTR = 1, SIM_RTS = 2 };

enum sim_request_kind { SIM_ASK_OPEN, SIM_ASK_LINES, SIM_ASK_SPEED, SIM_ASK_HUPCL, SIM_ASK_CLOSE };

struct sim_request {
	uint32_t kind;
	uint32_t lines; /* SIM_ASK_LINES: SIM_DTR, SIM_RTS asserted */
	int32_t value;	/* SIM_ASK_OPEN, SIM_ASK_SPEED: Bd; SIM_ASK_HUPCL: 0 or 1 */
};

enum sim_packet_kind {
	SIM_REPLY, /* result: 0 or negative errno */
	SIM_DATA,  /* received from the board; result: bytes in data */
	SIM_GONE,  /* unplugged */
};

struct sim_packet {
	uint32_t kind;
	int32_t result;
	uint8_t data[512];
};

#define SIM_PACKET_HEAD offsetof(struct sim_packet, data)

#endif
