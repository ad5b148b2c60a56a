/* preflight.h - what is wrong with the PORTs and files of a request, seen before any board is touched. */
#ifndef ESPRESET_CLI_PREFLIGHT_H
#define ESPRESET_CLI_PREFLIGHT_H

#include <stddef.h>

#include "run/request.h"

/**
 * preflight_ports() - are the words of each simulated board right, and is no port named twice?
 * Return: 0; -EINVAL: a usage error; -ECANCELED: a stop signal came; other: espreset-sim cannot be run. In @err: why.
 */
int preflight_ports(const struct request *request, char *err, size_t cap);

/**
 * preflight_files() - --decode's and --capture's FILE: no serial port; --capture's: writable, and not --state-file's
 * Return: 0; negative errno: a usage error, in @err.
 */
int preflight_files(const struct request *request, char *err, size_t cap);

#endif
