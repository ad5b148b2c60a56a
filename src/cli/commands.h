/* commands.h - the ways to run that touch no board: --list, --diagnose, --enroll, --firmware list. */
#ifndef ESPRESET_CLI_COMMANDS_H
#define ESPRESET_CLI_COMMANDS_H

#include <stdio.h>

#include "cli/options.h"

/** show_list() - boards and bridges, who holds them. Return: the exit status: 0, or 30 when there is none. */
int show_list(const struct options *options);

/** show_list_text() - the same table, somewhere else. Return: how many, or negative errno */
int show_list_text(FILE *out);

/** show_diagnosis() - Return: 0, or what a run would end with */
int show_diagnosis(const struct options *options);

/** show_enrolment() - Return: the exit status */
int show_enrolment(const struct options *options);

void show_firmwares(FILE *out);

#endif
