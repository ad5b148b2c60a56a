/* worker.h - the worker process: finds and opens the port of one board, resets the board, reports the result. */
#ifndef ESPRESET_RUN_WORKER_H
#define ESPRESET_RUN_WORKER_H

#include "port/spec.h"
#include "run/request.h"

/**
 * worker_run() - find the port, reset and judge the board, or probe its wiring
 * @fd: socket to the supervisor, for messages; is never closed here
 *
 * After a stop signal the worker closes the port, which releases DTR and RTS, and dies of the signal.
 *
 * Return: 0, the exit status of the worker process; the result of the run is sent as a message.
 */
int worker_run(const struct request *request, const struct spec *spec, int fd);

#endif
