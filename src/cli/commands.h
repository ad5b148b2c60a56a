/* commands.h - the commands that touch no board: --list, --diagnose, --enroll, --firmware list.
 *
 * Each command prints its answer. With --json, --list and --diagnose print JSON Lines.
 */
#ifndef ESPRESET_CLI_COMMANDS_H
#define ESPRESET_CLI_COMMANDS_H

#include <stdio.h>

#include "run/request.h"

/**
 * commands_list() - print which boards and bridges are plugged in, and which processes use them
 * Return: the exit status: 0; 30: none is plugged in; 1: internal error.
 */
int commands_list(const struct request *request);

/**
 * commands_print_list() - print the table of --list, or JSON Lines
 * @out: where the table is printed; JSON Lines always go to standard output; NULL: only count the devices
 * Return: the number of devices; -ENOMEM.
 */
int commands_print_list(FILE *out, bool json);

/**
 * commands_diagnosis() - print what is wrong with a port, and the cure
 * Return: the exit status: 0 if nothing is wrong, else the one with which "espreset PORT" would end.
 */
int commands_diagnosis(const struct request *request);

/**
 * commands_enrolment() - print a udev rule on standard output, and on standard error how to install it
 * Return: the exit status.
 */
int commands_enrolment(const struct request *request);

/** commands_firmwares() - print the firmware names that --firmware accepts */
void commands_firmwares(FILE *out);

#endif
