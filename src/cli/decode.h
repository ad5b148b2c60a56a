/* decode.h - the verdict on a captured boot log, from a file or a pipe, no hardware. */
#ifndef ESPRESET_CLI_DECODE_H
#define ESPRESET_CLI_DECODE_H

#include <stdint.h>

#include "run/request.h"

/**
 * decode_run() - espreset --decode [FILE]
 *
 * Prints one line (or JSON event) for every boot in the log and then the result. A stream of any size: memory is
 * fixed, and a boot is printed when the next one begins.
 *
 * Return: the exit status.
 */
int decode_run(const struct request *request);

/** decode_gbk() - for paste_init(). Return: the two bytes of a character in GBK, or 0. */
uint16_t decode_gbk(unsigned long character);

#endif
