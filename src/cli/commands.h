/* commands.h - the ways to run that touch no board: --list, --diagnose, --enroll, --firmware list. */
#ifndef ESPRESET_CLI_COMMANDS_H
#define ESPRESET_CLI_COMMANDS_H

#include <stdio.h>

#include "cli/options.h"

/** commands_list() - boards and bridges, who holds them. Return: the exit status: 0, or 30 when there is none. */
int commands_list(const struct request *request);

/** commands_list_text() - the same table, somewhere else. Return: how many, or negative errno */
int commands_list_text(FILE *out);

/** commands_diagnosis() - Return: 0, or what a run would end with */
int commands_diagnosis(const struct request *request);

/** commands_enrolment() - Return: the exit status */
int commands_enrolment(const struct request *request);

void commands_firmwares(FILE *out);

#endif
