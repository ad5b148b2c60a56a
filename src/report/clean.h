/* clean.h - makes texts of boards and file names safe to print on a terminal or to put into JSON.
 *
 *	clean_line(stderr, "%s: %s", port, words_of_the_board);	for people
 *	clean_utf8(buf, sizeof(buf), text, len);		for JSON
 */
#ifndef ESPRESET_CLEAN_H
#define ESPRESET_CLEAN_H

#include <stddef.h>
#include <stdio.h>

/**
 * clean_utf8() - copy text, and replace each byte that is not part of valid UTF-8 by U+FFFD
 * @dst: @cap bytes; NUL-terminated if @cap > 0; a text that does not fit is cut between two characters
 *
 * Overlong forms and surrogates are not valid. Control characters are kept, since jansson (JSON) escapes them.
 *
 * Return: the length of the copy.
 */
size_t clean_utf8(char *dst, size_t cap, const char *src, size_t n);

/**
 * clean_terminal() - like clean_utf8(), but escapes characters that a terminal acts on
 *
 * C0, DEL and C1 control characters, and characters that reverse text or are invisible, become \xNN or \u{NNNN}.
 */
size_t clean_terminal(char *dst, size_t cap, const char *src, size_t n);

/**
 * clean_line() - print one formatted text line and a line end; the text is cleaned as by clean_terminal()
 *
 * The whole text line is cleaned, so callers pass file names and texts of a board as they are. On stderr, each line is
 * written by one write().
 */
void clean_line(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
