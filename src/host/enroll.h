/* enroll.h - the udev rule that gives a board a NAME and has systemd reset the board whenever it appears.
 *
 *	r = enroll_make(&spec, name, &enrolment, TEXTBUF(text));
 *	if (r == 0)
 *		... print enrolment.rule, for the file enrolment.file ...
 */
#ifndef ESPRESET_HOST_ENROLL_H
#define ESPRESET_HOST_ENROLL_H

#include <stdbool.h>

#include "base/plain.h"
#include "port/spec.h"

#define ENROLL_NAME_MAX 32

/** enroll_is_name() - whether @name is [a-z0-9_]{1,32}: such a name is safe in a path, a systemd unit and a rule */
bool enroll_is_name(const char *name);

struct enrolment {
	char file[96];	  /* path of the file for the udev rule: /etc/udev/rules.d/70-espreset-NAME.rules */
	char why[320];	  /* text: whether the rule knows the board by serial number or by place, and the reason */
	char rule[2048];  /* content of the file for the udev rule: comments and the rule, with newlines */
	const char *next; /* command and action that put the rule into effect; static */
};

/**
 * enroll_make() - make the text of the udev rule for one board; writes no file
 * @spec:     a PORT that fits exactly one plugged-in board
 * @name:     the board's future name
 * @ret_text: on failure a plain sentence to print after "PORT: "
 *
 * If the bridge has a unique serial number, the rule matches by it, and the name follows the board to any USB socket.
 * Otherwise the rule matches by place on USB, and any such board in this socket gets the name.
 *
 * Return: 0; -EINVAL: bad name; -ENOTSUP: not on USB, or native USB, whose port disappears and returns in the middle of
 * an upload; else resolve_port()'s errors.
 */
int enroll_make(const struct spec *spec, const char *name, struct enrolment *ret, struct textbuf ret_text);

#endif
