/* plain.h - names that programs and devices chose for themselves, made harmless: printable ASCII. */
#ifndef ESPRESET_HOST_PLAIN_H
#define ESPRESET_HOST_PLAIN_H

#include <stdbool.h>

/** plain_is() - whether it is printable ASCII throughout */
bool plain_is(const char *text);

/** plain_make() - replace what could act on a terminal, and what is no ASCII, by '?' */
void plain_make(char *text);

#endif
