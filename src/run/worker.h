/* worker.h - the process that owns one board's port, from finding it to the result. */
#ifndef ESPRESET_RUN_WORKER_H
#define ESPRESET_RUN_WORKER_H

#include "port/spec.h"
#include "run/request.h"

/**
 * worker_run() - find the port, reset and judge the board, or probe its wiring
 * @fd: socket to the supervisor, for messages; open until the process ends
 *
 * After a stop signal it closes the port, which releases the lines, and dies of the signal.
 *
 * Return: 0: the result is a message, not the exit status.
 */
int worker_run(const struct request *request, const struct spec *spec, int fd);

#endif
