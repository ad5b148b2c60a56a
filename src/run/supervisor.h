/* supervisor.h - the process that reports: starts one process for each board, keeps the deadline, says the results.
 *
 * It never touches a port, so nothing that a driver does can keep it from answering in time.
 */
#ifndef ESPRESET_RUN_SUPERVISOR_H
#define ESPRESET_RUN_SUPERVISOR_H

#include "run/request.h"

/**
 * supervisor_run() - reset the boards of all PORTs
 * Return: the exit status; on a stop signal it does not return.
 */
int supervisor_run(const struct request *request);

#endif
