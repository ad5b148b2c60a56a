/* esptoolcfg.h - takes the reset sequence that the user has set in esptool's configuration file. */
#ifndef ESPRESET_CLI_ESPTOOLCFG_H
#define ESPRESET_CLI_ESPTOOLCFG_H

#include "run/request.h"

/**
 * esptoolcfg_apply() - put the file's custom_hard_reset_sequence into request->session.sequence, unless --sequence was
 * given
 * @err, @cap: on failure a text that names file and line, and the reason
 *
 * Reads $ESPTOOL_CFGFILE; if that is not set, the first of ./esptool.cfg (never as root),
 * ~/.config/esptool/esptool.cfg and ~/esptool.cfg that has a section [esptool].
 *
 * Return: 0, also if there is no file. -EINVAL: $ESPTOOL_CFGFILE names a file that cannot be read, a file is too large,
 * cfg_parse() refuses its text, or the file sets a sequence although --hold was given.
 */
int esptoolcfg_apply(struct request *request, char *err, size_t cap);

enum cfg_found {
	CFG_NO_SECTION,	 /* the file has no section [esptool]: look into the next file */
	CFG_NO_SEQUENCE, /* the file has a section [esptool], but it sets no sequence: look no further */
	CFG_SEQUENCE,
};

/**
 * cfg_parse() - find the sequence in the text of a configuration file. Pure: no file, no allocation.
 * @text: untrusted bytes, in the syntax of Python's configparser: "[section]", "name = value" or "name: value". Capital
 *	and small letters in a name count as equal. A line that begins with # or ; is a comment. An indented line
 *	continues the value before it.
 * @ret: written only if the result is CFG_SEQUENCE
 * @err, @cap: on failure "line N: why"
 *
 * Return: enum cfg_found. -EINVAL: configparser would refuse the text, the text has a control character or sets the
 * sequence twice, or the sequence is invalid. A sequence that ends the reset with GPIO0 low is refused, too: the board
 * would come up in download mode.
 * Source: esptool docs/en/esptool/configuration-file.rst and esptool/config.py.
 */
int cfg_parse(const char *text, size_t n, struct sequence *ret, char *err, size_t cap);

#endif
