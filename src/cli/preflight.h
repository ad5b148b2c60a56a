/* preflight.h - checks the PORTs and files of a request before any board is touched. */
#ifndef ESPRESET_CLI_PREFLIGHT_H
#define ESPRESET_CLI_PREFLIGHT_H

#include <stddef.h>

#include "run/request.h"

/**
 * preflight_ports() - check the words of simulated boards, and that no port is named twice
 * @err, @cap: on failure the reason
 *
 * Return: 0; -EINVAL: usage error; -ECANCELED: a stop signal came; other negative errno: espreset-sim cannot be run.
 */
int preflight_ports(const struct request *request, char *err, size_t cap);

/**
 * preflight_files() - check that the FILE of --decode or --capture is no serial port; of --capture also that the file
 * can be
 *	written, and that --state-file does not name the same file
 * @err, @cap: on failure the reason
 *
 * Return: 0; negative errno: usage error.
 */
int preflight_files(const struct request *request, char *err, size_t cap);

#endif
