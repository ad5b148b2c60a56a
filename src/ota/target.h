/* target.h - where to ask for an update service: HOST as the user wrote it, or an address that the board printed. */
#ifndef ESPRESET_OTA_TARGET_H
#define ESPRESET_OTA_TARGET_H

#include <stddef.h>

struct ota_target {
	char host[256]; /* without brackets; "@": the address that a match gives */
	int port;	/* 0: not said */
};

/**
 * ota_target_parse() - HOST, HOST:PORT, [V6], [V6]:PORT, V6, @, @:PORT
 * @ret_err: a static phrase that says what is wrong
 * Return: 0 or -EINVAL; @ret is untouched then.
 */
int ota_target_parse(const char *text, struct ota_target *ret, const char **ret_err);

/**
 * ota_address_parse() - an address that a board printed, for --ota @
 *
 * Only a numeric unicast address is taken: what a board prints must not make this computer ask for names.
 *
 * Return: 0, or -EINVAL; -ENAMETOOLONG.
 */
int ota_address_parse(const char *text, size_t len, char *ret, size_t cap);

#endif
