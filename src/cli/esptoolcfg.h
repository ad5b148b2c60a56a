/* esptoolcfg.h - the reset sequence that the user has told esptool, from its configuration file. */
#ifndef ESPRESET_CLI_ESPTOOLCFG_H
#define ESPRESET_CLI_ESPTOOLCFG_H

#include "cli/options.h"

/**
 * esptoolcfg_apply() - custom_hard_reset_sequence into request->session.sequence, unless --sequence was given
 *
 * $ESPTOOL_CFGFILE, or else the first with a section [esptool] of ./esptool.cfg (never as root),
 * ~/.config/esptool/esptool.cfg, ~/esptool.cfg.
 *
 * Return: 0, also without a file; -EINVAL: @err, @cap say which file and line, and why.
 */
int esptoolcfg_apply(struct request *request, char *err, size_t cap);

#endif
