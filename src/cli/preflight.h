/* preflight.h - checks the PORTs and files of a request before any board is touched. */
#ifndef ESPRESET_CLI_PREFLIGHT_H
#define ESPRESET_CLI_PREFLIGHT_H

#include <stddef.h>

#include "run/request.h"

/**
 * preflight_ports() - check the WORDS of each simulated board (sim:WORDS), and that no two PORTs mean the same port
 * @err, @cap: on failure the reason
 *
 * Return: 0; -EINVAL: usage error; -ECANCELED: a stop signal came; other negative errno: espreset-sim cannot be run.
 */
int preflight_ports(const struct request *request, char *err, size_t cap);

/**
 * preflight_files() - check that the FILE of --decode or --capture is no serial port
 * Also checks that the FILE of --capture can be written, and is not the FILE of --state-file.
 * @err, @cap: on failure the reason
 *
 * Return: 0; negative errno: usage error.
 */
int preflight_files(const struct request *request, char *err, size_t cap);

#endif
