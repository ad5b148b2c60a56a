/* process.h - a simulated board in real time, behind the socket of sim/protocol.h.
 *
 * As on a real machine, the board outlives the program that talks to it.
 */
#ifndef ESPRESET_SIM_PROCESS_H
#define ESPRESET_SIM_PROCESS_H

#include "sim/bridge.h"
#include "sim/protocol.h"

struct sim_process;

/* Something else the process serves: a socket of the board's own, say. */
struct sim_service {
	int fd;
	short events; /* as for poll(2) */
	void (*ready)(struct sim_process *process, struct sim_service *service, short revents);
	int64_t next_ns; /* called by then even if fd is not ready, with revents 0; SIM_NEVER */
	void *user;
};

#define SIM_SERVICES 8

struct sim_process {
	struct sim_bridge bridge;
	int64_t zero_ns; /* CLOCK_MONOTONIC at the board's time 0 */
	int64_t now_ns;	 /* of the board */
	int sock, truth; /* -1: none */
	bool client_gone, told_gone, send_blocked;
	bool busy;     /* a control transfer is on its way */
	bool is_close; /* and it is the last close */
	int64_t done_ns;
	int64_t end_ns; /* when the process ends */
	struct sim_service service[SIM_SERVICES];
	int services;
};

/**
 * sim_process_run() - be the board, until the client is gone and 300 ms, or for 120 s
 * @sock:  SOCK_SEQPACKET
 * @truth: file descriptor for edges and changes as lines, or -1
 *
 * Each line is SECONDS WHAT VALUE, like "0.021514 EN low"; the last one is "end" with the state then.
 * Closes both.
 */
void sim_process_run(int sock, const struct sim_config *config, int truth);

/* Serve one more descriptor. Return: 0 or -ENOSPC. The board's time is process->now_ns in ready(). */
int sim_process_serve(struct sim_process *process, const struct sim_service *service);

/* A line in the truth: printf. */
void sim_process_note(struct sim_process *process, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
