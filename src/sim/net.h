/* net.h - the OTA service of a simulated board on real sockets, at an address of this computer.
 *
 * The service begins to listen a while after the application has started, and prints what BasicOTA or ESPHome print
 * ("Ready", "IP address: 127.0.0.1"). After an upload, the board restarts by software, eboot copies the image, and the
 * strapping latch keeps its value. A reset of the board closes all sockets at once.
 *
 *	sim_net_open(&net, &board, &config);
 *	loop:
 *		poll sim_net_fd(&net) for POLLIN, until sim_net_next(&net) at most
 *		sim_board_run(&board, now);
 *		sim_net_run(&net, now);
 *	sim_net_close(&net);
 *
 * Times are the board's times (sim/board.h). In src/sim, only net.c, process.c and main.c make system calls.
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

	int epoll_fd;
	int service;	     /* ArduinoOTA: the UDP socket; ESPHome: the listening TCP socket; -1: closed */
	int tcp;	     /* TCP connection of an upload; -1: none */
	bool tcp_connecting; /* connect() is in progress */
	int bind_error;	     /* positive errno of the last failed bind(), which is tried again; 0: none */

	int64_t app_since_ns; /* when the running application started; -1: no application runs */
	int64_t begin_ns;     /* when the service begins to listen; SIM_NEVER: it listens, or no application runs */
	int64_t restart_ns;   /* when the board restarts after an update; SIM_NEVER: no restart is due */
	size_t staged_size;
	char running_md5[SIM_DIGEST_TEXT], staged_md5[SIM_DIGEST_TEXT]; /* MD5 of OTA images; "": no such image */

	uint8_t *flash; /* memory set by sim_net_flash(); NULL: none */
	size_t flash_size, staging, received;
};

/**
 * sim_net_open() - prepare the service; its sockets are opened later, when the application runs
 * @config: its member ota is the address and port of the service
 * Return: 0; -EINVAL: config.ota is not an address with a port; else the negative errno of epoll_create1().
 */
int sim_net_open(struct sim_net *net, struct sim_board *board, const struct sim_config *config);

/** sim_net_flash() - use @flash as the board's flash (optional): an OTA image is stored at the end of the flash, and
 * eboot copies the image to the start of the flash */
void sim_net_flash(struct sim_net *net, uint8_t *flash, size_t size);

int sim_net_fd(const struct sim_net *net);
int64_t sim_net_next(const struct sim_net *net);
void sim_net_run(struct sim_net *net, int64_t now_ns);
void sim_net_close(struct sim_net *net);

/** sim_net_describe() - print the service's counters as one text line, for the truth file (sim/process.h) */
void sim_net_describe(const struct sim_net *net, char *buf, size_t cap);

#endif
