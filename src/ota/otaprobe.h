/* otaprobe.h - carries an OTA probe of ota/ota.h over real sockets: names, IPv4 and IPv6, UDP and TCP.
 *
 * Nothing blocks, so that the loop that watches the serial line can carry it too:
 *
 *	otaprobe_start(&probe, &options, now_ms);
 *	loop:
 *		poll otaprobe_fd(&probe) for POLLIN, until otaprobe_deadline(&probe) at most
 *		finding = otaprobe_step(&probe, now_ms);	not NULL: done
 *	at the caller's deadline, or when stopped by a signal:
 *		finding = otaprobe_stop(&probe);		polite to the board; never NULL
 *	otaprobe_end(&probe);
 *
 * A loop that cannot poll the descriptor calls otaprobe_step() every 20 ms or so instead.
 *
 * A name is looked up in a process of its own, since getaddrinfo() blocks, for half a minute and longer; it closes
 * every descriptor but its pipe, gets a SIGKILL when this process dies, and is ended by otaprobe_end(). A name that
 * is not found is looked up again every second: a board's .local name appears with the board. Of a name's addresses
 * the first OTAPROBE_ADDRESSES_MAX are asked side by side, and the best answer counts; a dry run asks the first only.
 */
#ifndef ESPRESET_OTA_OTAPROBE_H
#define ESPRESET_OTA_OTAPROBE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "ota/ota.h"
#include "port/port.h"

#define OTAPROBE_ADDRESSES_MAX 4

struct otaprobe_options {
	struct ota_options ota; /* .host is filled in */
	const char *host;	/* name or address, without brackets; copied */
	int port;
	int closed_port; /* 0: OTA_PORT_CLOSED */
};

struct otaprobe_target {
	struct sockaddr_storage address;
	socklen_t address_len;
	struct ota ota;
	int fds[OTA_CHANNELS]; /* -1: none */
	bool connecting[OTA_CHANNELS];
};

struct otaprobe {
	struct otaprobe_options options;
	char host[256];
	int epoll_fd;
	int resolver_fd; /* -1: none runs */
	pid_t resolver;
	int64_t lookup_ms; /* when to look the name up again */
	int64_t now_ms;
	unsigned int n_targets; /* 0: not found yet */
	struct otaprobe_target targets[OTAPROBE_ADDRESSES_MAX];
	const struct ota_finding *finding;
	const struct otaprobe_target *found;
};

/**
 * otaprobe_start() - begin
 * Return: 0, or the negative errno of a descriptor or process that could not be had; otaprobe_end() is due only
 * after 0.
 */
int otaprobe_start(struct otaprobe *probe, const struct otaprobe_options *options, int64_t now_ms);

int otaprobe_fd(const struct otaprobe *probe);
int64_t otaprobe_deadline(const struct otaprobe *probe);
const struct ota_finding *otaprobe_step(struct otaprobe *probe, int64_t now_ms);
const struct ota_finding *otaprobe_stop(struct otaprobe *probe);
void otaprobe_end(struct otaprobe *probe);

/** otaprobe_address() - the numeric address that the finding is about, "" when there is none */
void otaprobe_address(const struct otaprobe *probe, char *buf, size_t cap);

/**
 * otaprobe_run() - all of it at once, for --if-needed, where nothing else is to be watched
 * @ret: on success, and also when the deadline came
 * Return: 0; -ECANCELED when a stop signal came; other: as otaprobe_start().
 */
int otaprobe_run(const struct otaprobe_options *options, int64_t deadline_ms, const struct port_stop *stop,
		 struct ota_finding *ret);

#endif
