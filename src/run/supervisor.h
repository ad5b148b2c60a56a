/* supervisor.h - the supervisor process: starts a worker process for each board, enforces the time limits and prints
 * the results.
 *
 * The supervisor never opens a port, so a driver that blocks cannot keep it from reporting a result.
 */
#ifndef ESPRESET_RUN_SUPERVISOR_H
#define ESPRESET_RUN_SUPERVISOR_H

#include "run/request.h"

/**
 * supervisor_run() - reset the boards of all PORTs, or probe their wiring
 *
 * Return: the exit status.
 *	0	every board is ready
 *	N	every board that failed has a verdict with this exit status
 *	3	the boards failed with different statuses
 *	2	no board was touched: --state-file names a file that cannot be written
 *	1	no board was touched: memory is short, or the state file cannot be written although its name is valid.
 *		Or every board is ready, but the output or the state file could not be written at the end
 * After a stop signal this function does not return: the process dies of the signal.
 */
int supervisor_run(const struct request *request);

#endif
