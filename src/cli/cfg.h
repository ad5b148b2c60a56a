/* cfg.h - reads custom_hard_reset_sequence from the text of an esptool.cfg. Pure: no file, no allocation. */
#ifndef ESPRESET_CLI_CFG_H
#define ESPRESET_CLI_CFG_H

#include <stddef.h>

#include "session/sequence.h"

enum cfg_found {
	CFG_NO_SECTION, /* no [esptool]: another file may have it */
	CFG_NO_SEQUENCE,
	CFG_SEQUENCE,
};

/**
 * cfg_parse() - the sequence in section [esptool]
 * @text: foreign bytes, as Python's configparser reads them: [section], name = value or name: value, comments
 *	that begin with # or ;, indented lines continue a value; names do not mind case
 * @ret: filled when the answer is CFG_SEQUENCE
 * @err, @cap: on failure "line N: why"
 *
 * Refused: what configparser refuses, control characters, the name twice, a sequence that cannot be read, and one that
 * raises EN with GPIO0 low.
 *
 * Return: enum cfg_found, or -EINVAL.
 * Source: esptool docs/en/esptool/configuration-file.rst and esptool/config.py.
 */
int cfg_parse(const char *text, size_t n, struct sequence *ret, char *err, size_t cap);

#endif
