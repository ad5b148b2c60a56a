/* enroll.h - the udev rule that makes one board NAME and has systemd reset it when it appears. */
#ifndef ESPRESET_HOST_ENROLL_H
#define ESPRESET_HOST_ENROLL_H

#include <stdbool.h>
#include <stddef.h>

#include "host/devices.h"

#define ENROLL_NAME_MAX 32

/** enroll_is_name() - [a-z0-9_]+, at most ENROLL_NAME_MAX characters: safe in a path, a unit and a rule */
bool enroll_is_name(const char *name);

struct enrolment {
	char file[96];	 /* where it belongs: /etc/udev/rules.d/70-espreset-NAME.rules */
	char why[320];	 /* by serial number or by place, and the reason */
	char rule[2048]; /* what to put there: comments and the rule, lines end in newlines */
	char next[160];	 /* the commands that make it work: reload, re-plug */
};

/**
 * enroll_make() - the rule for one board; changes nothing
 * @spec:     a PORT that fits one board which is plugged in
 * @name:     what to call it
 * @ret_text: on failure a sentence to stand behind "PORT: "; printable
 *
 * By serial number where the bridge has one that is its own: the rule follows the board to any socket. Else
 * by place: the rule follows the socket.
 *
 * Return: 0; -EINVAL: the name; -ENOTSUP: no bridge on USB, or a board that must not be enrolled: native USB,
 * whose port goes away and comes back in the middle of an upload; else as devices_resolve().
 */
int enroll_make(const struct spec *spec, const char *name, struct enrolment *ret, char *ret_text, size_t text_cap);

#endif
