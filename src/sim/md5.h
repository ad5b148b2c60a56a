/* md5.h - the digest (RFC 1321) that the flasher stub and ArduinoOTA of the simulated board compute. */
#ifndef ESPRESET_SIM_MD5_H
#define ESPRESET_SIM_MD5_H

#include <stddef.h>
#include <stdint.h>

/* The digest of the whole. */
void sim_md5(uint8_t ret_digest[16], const void *data, size_t len);

#endif
