/* otaprobe.h - connects the OTA probe of ota/ota.h to sockets: names, IPv4 and IPv6, UDP and TCP.
 *
 * No function but otaprobe_run() blocks, so the loop that reads the serial port can also run a probe:
 *
 *	otaprobe_start(&probe, &options, now_ms);
 *	loop:
 *		poll otaprobe_fd(&probe) for POLLIN, until otaprobe_deadline(&probe) at most
 *		finding = otaprobe_step(&probe, now_ms);	not NULL: the probe is done
 *	at the caller's deadline, or when a signal stops the program:
 *		finding = otaprobe_stop(&probe);		never NULL
 *	otaprobe_end(&probe);
 *
 * A loop that cannot poll the descriptor calls otaprobe_step() every 20 ms instead.
 *
 * getaddrinfo() can block for half a minute and longer, so a name is looked up in a child process. The child closes
 * every descriptor but its pipe. It is killed by otaprobe_end(), or when this process dies. A name that is not found is
 * looked up again every second, since the .local name of a board exists only after the board has joined the network. If
 * a name has several addresses, the first OTAPROBE_ADDRESSES_MAX are probed at the same time, and the best finding is
 * reported. A dry run probes only the first address.
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
	struct ota_options ota; /* otaprobe_start() sets its member host */
	const char *host;	/* name or address of the board, without brackets; is copied */
	int port;		/* port of the OTA service */
	int closed_port;	/* a port that is surely closed; 0: OTA_PORT_CLOSED */
};

/* One address of the board, and the probe of it. */
struct otaprobe_target {
	struct sockaddr_storage address;
	socklen_t address_len;
	struct ota ota;
	int fds[OTA_CHANNELS];	       /* socket of each channel; -1: not open */
	bool connecting[OTA_CHANNELS]; /* connect() is in progress */
};

/* The members are private: use the functions below. */
struct otaprobe {
	struct otaprobe_options options;
	char host[256];
	int epoll_fd;
	int resolver_fd;   /* pipe from the resolver process; -1: no pipe */
	pid_t resolver;	   /* process that looks the name up; 0: none */
	int64_t lookup_ms; /* when to look the name up again */
	int64_t now_ms;
	unsigned int n_targets; /* number of addresses in targets[]; 0: none is known yet */
	struct otaprobe_target targets[OTAPROBE_ADDRESSES_MAX];
	const struct ota_finding *finding;
	const struct otaprobe_target *found; /* the address that the finding is about */
};

/**
 * otaprobe_start() - begin a probe
 * Return: 0; -ENAMETOOLONG: the host name is too long; else the negative errno of creating a descriptor or process.
 * Call otaprobe_end() only if the return value is 0.
 */
int otaprobe_start(struct otaprobe *probe, const struct otaprobe_options *options, int64_t now_ms);

/** otaprobe_fd() - the descriptor to poll for POLLIN */
int otaprobe_fd(const struct otaprobe *probe);

/** otaprobe_deadline() - when to call otaprobe_step() at the latest, in milliseconds; INT64_MAX: no deadline */
int64_t otaprobe_deadline(const struct otaprobe *probe);

/** otaprobe_step() - handle all events so far. Return: the finding, part of @probe; NULL: the probe is not done. */
const struct ota_finding *otaprobe_step(struct otaprobe *probe, int64_t now_ms);

/** otaprobe_stop() - end the probe early, and cancel an invitation that the board may have. Return: the finding. */
const struct ota_finding *otaprobe_stop(struct otaprobe *probe);

/** otaprobe_end() - close all sockets and end the resolver process; may be called twice */
void otaprobe_end(struct otaprobe *probe);

/**
 * otaprobe_run() - run a whole probe, for --if-needed; blocks until the probe is done or the deadline has come
 * @ret: the finding; set if the return value is 0
 * Return: 0, also at the deadline; -ECANCELED: a stop signal came; else an error of otaprobe_start().
 */
int otaprobe_run(const struct otaprobe_options *options, int64_t deadline_ms, const struct port_stop *stop,
		 struct ota_finding *ret);

#endif
