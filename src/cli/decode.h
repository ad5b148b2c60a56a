/* decode.h - espreset --decode: the verdict on a captured boot log, from a file or a pipe. */
#ifndef ESPRESET_CLI_DECODE_H
#define ESPRESET_CLI_DECODE_H

#include <stdint.h>

#include "run/request.h"

/**
 * decode_run() - print one line or JSON event for each boot in request->file (NULL: standard input), then the result
 *
 * The log may have any size: the function uses a fixed amount of memory, and prints a boot when the next one begins.
 *
 * Return: the exit status.
 */
int decode_run(const struct request *request);

/**
 * decode_gbk() - convert a Unicode character to GBK: an argument of paste_init()
 * Return: its two bytes in GBK; 0: GBK lacks the character.
 */
uint16_t decode_gbk(unsigned long character);

#endif
