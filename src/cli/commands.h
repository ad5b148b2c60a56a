/* commands.h - the commands that touch no board: --list, --diagnose, --enroll, --firmware list.
 *
 * Each prints its answer, or as JSON Lines with --json, and returns the exit status.
 */
#ifndef ESPRESET_CLI_COMMANDS_H
#define ESPRESET_CLI_COMMANDS_H

#include <stdio.h>

#include "run/request.h"

/** commands_list() - boards and bridges that are plugged in, and who uses them. Return: 0; 30: there is none */
int commands_list(const struct request *request);

/**
 * commands_print_list() - the table of --list; as JSON Lines always on standard output
 * @out: NULL: only count
 * Return: number of devices; -ENOMEM.
 */
int commands_print_list(FILE *out, bool json);

/** commands_diagnosis() - what is wrong with a port, and the cure. Return: 0, or the status a run would end with */
int commands_diagnosis(const struct request *request);

/** commands_enrolment() - the udev rule on standard output, instructions on standard error. Return: the exit status */
int commands_enrolment(const struct request *request);

/** commands_firmwares() - the names that --firmware takes */
void commands_firmwares(FILE *out);

#endif
