/* supervisor.h - the process that reports: starts a worker process for each board, keeps the time limit, prints the
 * results.
 *
 * It never touches a port, so no driver that blocks can delay its answer.
 */
#ifndef ESPRESET_RUN_SUPERVISOR_H
#define ESPRESET_RUN_SUPERVISOR_H

#include "run/request.h"

/**
 * supervisor_run() - reset the boards of all PORTs, or probe their wiring
 *
 * Return: the exit status.
 *	0	every board is ready
 *	N	the status of the verdict in which all boards that failed agree
 *	3	the boards failed with different statuses
 *	2	no board was touched: --state-file names a file that cannot be written
 *	1	no memory, or this computer cannot write the state file: no board was touched. Or every board is ready,
 *		but the output or the state file could not be written at the end
 * After a stop signal it does not return: it dies of the signal.
 */
int supervisor_run(const struct request *request);

#endif
