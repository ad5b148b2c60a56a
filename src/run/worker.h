/* worker.h - the process that owns one board's port: finds it, waits for it, resets, judges, tells. */
#ifndef ESPRESET_RUN_WORKER_H
#define ESPRESET_RUN_WORKER_H

#include "port/spec.h"
#include "run/request.h"

/**
 * worker_run() - one board from finding its port to its result
 * @fd: where messages go; closed by the caller's exit
 *
 * On a stop signal it lets go of the board and dies of the signal.
 *
 * Return: the process's exit status, of no meaning to anyone.
 */
int worker_run(const struct request *request, const struct spec *spec, int fd);

#endif
