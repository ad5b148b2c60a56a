/* target.h - the host of an OTA service: from HOST[:PORT] of --ota, or from an address that the board printed. */
#ifndef ESPRESET_OTA_TARGET_H
#define ESPRESET_OTA_TARGET_H

#include <stddef.h>

struct ota_target {
	char host[256]; /* name or address without brackets; "@": use the address that the board prints */
	int port;	/* 0: no port was given */
};

/**
 * ota_target_parse() - parse HOST, HOST:PORT, [V6], [V6]:PORT, V6, @ or @:PORT
 * @ret_err: a static phrase that says what is wrong
 * Return: 0; -EINVAL: @text has another form, and @ret is unchanged.
 */
int ota_target_parse(const char *text, struct ota_target *ret, const char **ret_err);

/**
 * ota_address_parse() - check an address that a board printed, for --ota @
 *
 * Only numeric unicast addresses are accepted, so that a board cannot make this computer look up a name.
 *
 * Return: 0; -EINVAL: @text is no numeric unicast address; -ENAMETOOLONG: @text is too long.
 */
int ota_address_parse(const char *text, size_t len, char *ret, size_t cap);

#endif
