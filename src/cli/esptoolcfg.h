/* esptoolcfg.h - takes the reset sequence that the user has set in esptool's configuration file. */
#ifndef ESPRESET_CLI_ESPTOOLCFG_H
#define ESPRESET_CLI_ESPTOOLCFG_H

#include "run/request.h"

/**
 * esptoolcfg_apply() - custom_hard_reset_sequence into request->session.sequence, unless --sequence was given
 * @err, @cap: on failure a text that names file and line, and the reason
 *
 * Reads $ESPTOOL_CFGFILE; if that is not set, the first of ./esptool.cfg (never as root),
 * ~/.config/esptool/esptool.cfg and ~/esptool.cfg that has a section [esptool].
 *
 * Return: 0, also if there is no file; -EINVAL: $ESPTOOL_CFGFILE or the sequence cannot be read, or --hold was given,
 * too.
 */
int esptoolcfg_apply(struct request *request, char *err, size_t cap);

enum cfg_found {
	CFG_NO_SECTION,	 /* there is no [esptool]: another file may have that section */
	CFG_NO_SEQUENCE, /* [esptool] sets no sequence */
	CFG_SEQUENCE,
};

/**
 * cfg_parse() - find the sequence in the text of a configuration file. Pure: no file, no allocation.
 * @text: untrusted bytes, in the syntax of Python's configparser: [section]; name = value or name: value, the case of
 * the
 *	name is ignored; comments begin with # or ;; an indented line continues the value
 * @ret: written only if the result is CFG_SEQUENCE
 * @err, @cap: on failure "line N: why"
 *
 * Return: enum cfg_found; -EINVAL: configparser would refuse the text, it has a control character, it sets the sequence
 * twice, or the sequence is invalid or would raise EN with GPIO0 low.
 * Source: esptool docs/en/esptool/configuration-file.rst and esptool/config.py.
 */
int cfg_parse(const char *text, size_t n, struct sequence *ret, char *err, size_t cap);

#endif
