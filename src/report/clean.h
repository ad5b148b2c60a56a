/* clean.h - makes text from boards and of file names safe to print on a terminal or to put into JSON.
 *
 *	clean_line(stderr, "%s: %s", port, words_of_the_board);	for people
 *	clean_utf8(buf, sizeof(buf), text, len);		for JSON
 */
#ifndef ESPRESET_CLEAN_H
#define ESPRESET_CLEAN_H

#include <stddef.h>
#include <stdio.h>

/**
 * clean_utf8() - copy text, with U+FFFD for each byte that is not part of valid UTF-8
 * @dst: @cap bytes; terminated if @cap > 0; a text that does not fit is cut between two characters
 *
 * Overlong forms and surrogates are not valid. Control characters are kept: jansson escapes them.
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
 * clean_line() - printf() one text line and a line end, cleaned as by clean_terminal()
 *
 * The whole line is cleaned, so callers pass file names and words of a board as they are. A line on stderr is one
 * write().
 */
void clean_line(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
