/* clean.h - makes what a board printed harmless: for terminals, and as valid UTF-8 for JSON. */
#ifndef ESPRESET_CLEAN_H
#define ESPRESET_CLEAN_H

#include <stddef.h>
#include <stdio.h>

/**
 * clean_utf8() - valid UTF-8 of the same text
 * @dst: at least @cap bytes; always terminated when @cap > 0; cut between characters
 *
 * Every byte that is not part of valid UTF-8 (overlong forms and surrogates are not) becomes U+FFFD. Control
 * characters stay: jansson escapes them.
 *
 * Return: length of what was written.
 */
size_t clean_utf8(char *dst, size_t cap, const char *src, size_t n);

/**
 * clean_terminal() - as clean_utf8(), and no character that a terminal acts on
 *
 * C0, DEL and C1 control characters, and the characters that turn the direction of text or show nothing, are
 * written as \xNN or \u{NNNN}.
 */
size_t clean_terminal(char *dst, size_t cap, const char *src, size_t n);

/**
 * clean_line() - printf() a line: cleaned as a whole as by clean_terminal(), then a line end; one write on stderr
 *
 * The parts may hold anything, names of files and words of a board alike; the caller cleans none of them.
 */
void clean_line(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
