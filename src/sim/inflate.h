/* inflate.h - unpacks a zlib stream (RFC 1950, RFC 1951), as the flasher stub of the simulated board does. */
#ifndef ESPRESET_SIM_INFLATE_H
#define ESPRESET_SIM_INFLATE_H

#include <stddef.h>
#include <stdint.h>

/**
 * sim_inflate() - unpack a whole stream
 * @out: receives at most @cap bytes; what was written before an error stays there
 *
 * Return: the length, or -EINVAL (not a zlib stream, or damaged), -EMSGSIZE (cut short), -ENOSPC.
 */
long sim_inflate(uint8_t *out, size_t cap, const uint8_t *in, size_t len);

#endif
