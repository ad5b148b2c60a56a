/* net.h - the simulated board online: its update service on real sockets, on one of this computer's own addresses.
 *
 * The application that runs on the board opens the service a while after it has started, prints what it prints then
 * ("Ready", "IP address: 127.0.0.1"), and takes an upload: the image goes to the staging area, the board restarts by
 * software, and eboot copies it, the latch being what it was. A reset closes everything at once, as it would.
 *
 *	sim_net_open(&net, &board, &config);
 *	loop:
 *		poll sim_net_fd(&net) for POLLIN, until sim_net_next(&net) at most
 *		sim_board_run(&board, now);
 *		sim_net_run(&net, now);
 *	sim_net_close(&net);
 *
 * Times are the board's. Together with process.c this is where the simulation makes system calls.
 */
#ifndef ESPRESET_SIM_NET_H
#define ESPRESET_SIM_NET_H

#include <sys/socket.h>

#include "sim/arduino_ota.h"
#include "sim/board.h"
#include "sim/esphome_ota.h"

struct sim_net {
	struct sim_board *board;
	struct sim_config config;
	struct sockaddr_storage address;
	socklen_t address_len;
	char address_text[64];
	int64_t now_ns;

	struct sim_arduino_ota arduino;
	struct sim_esphome_ota esphome;

	int epoll_fd, udp, listener, tcp; /* -1: none */
	bool tcp_connecting;
	int bind_error; /* positive errno: why the port could not be had, tried again; 0 */

	int64_t app_since_ns; /* of the run of the application that is served; -1: none */
	int64_t begin_ns;     /* when its service begins; SIM_NEVER: has begun */
	int64_t restart_ns;   /* SIM_NEVER: no restart is due */
	size_t staged_size;
	char running_md5[SIM_DIGEST_TEXT], staged_md5[SIM_DIGEST_TEXT]; /* of what came over the air; "" */

	uint8_t *flash; /* sim_net_flash() */
	size_t flash_size, staging, received;
};

/**
 * sim_net_open() - nothing is opened before the application runs
 * @config: .ota names address and port
 * Return: 0; -EINVAL: not an address of this computer with a port; other: no descriptor.
 */
int sim_net_open(struct sim_net *net, struct sim_board *board, const struct sim_config *config);

/* Where images go, if anybody wants to look: staged at the end, copied to 0 by eboot. Borrowed; optional. */
void sim_net_flash(struct sim_net *net, uint8_t *flash, size_t size);

int sim_net_fd(const struct sim_net *net);
int64_t sim_net_next(const struct sim_net *net);
void sim_net_run(struct sim_net *net, int64_t now_ns);
void sim_net_close(struct sim_net *net);

/* The services' own records, one line; for the truth. bind_error: somebody else has the port. */
void sim_net_describe(const struct sim_net *net, char *buf, size_t cap);

#endif
