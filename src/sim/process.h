/* process.h - runs a simulated board in real time, for a client on the other end of a socket (sim/protocol.h).
 *
 * The board runs on after the client has gone, as a real board does.
 */
#ifndef ESPRESET_SIM_PROCESS_H
#define ESPRESET_SIM_PROCESS_H

#include "sim/bridge.h"
#include "sim/net.h"
#include "sim/protocol.h"

struct sim_process {
	struct sim_bridge bridge;
	struct sim_net *net; /* the board's OTA service; NULL: none */
	int64_t net_ns;	     /* when to call sim_net_run(), at the latest */
	int64_t zero_ns;     /* CLOCK_MONOTONIC when the board's time was 0 */
	int64_t now_ns;	     /* the board's time */
	int sock;
	int truth;	   /* descriptor of the truth file; -1: there is none */
	bool client_gone;  /* the client's end of the socket is closed */
	bool told_gone;	   /* the packet SIM_GONE was sent to the client */
	bool send_blocked; /* the socket is full, so no packet can be sent */
	bool busy;	   /* a control transfer is under way */
	int64_t done_ns;   /* when the control transfer will be complete */
	int64_t end_ns;	   /* when the process ends */
};

/**
 * sim_process_run() - run a board until 300 ms after its client has gone, but 120 s at most
 * @sock:  SOCK_SEQPACKET; closed at the end
 * @truth: descriptor of the truth file, which gets each change as a text line; closed at the end; -1: none
 *
 * A text line of the truth file is SECONDS WHAT VALUE, such as "0.021514 EN low". The last text line is "end" and the
 * final state.
 */
void sim_process_run(int sock, const struct sim_config *config, int truth);

#endif
