/* paste_prefix.h - skips what stands before the board's text in a line of a copied log; used by paste.c only.
 *
 * Each function paste_skip_...() looks for a text at the beginning of the span. If the text is there, the function
 * moves the beginning of the span past this text and returns true. Else it leaves the span as it is, and returns false.
 */
#ifndef ESPRESET_CLI_PASTE_PREFIX_H
#define ESPRESET_CLI_PASTE_PREFIX_H

#include "bootlog/span.h"
#include "cli/paste.h"

enum paste_class {
	ODD = 1,     /* the board may have sent another character than this one */
	ESCAPED = 2, /* a line with such a character must be decoded first: paste_tidy() */
	MARK = 4,    /* the character may separate a time stamp from text */
	STAMP = 8,   /* a time stamp or quotation mark may begin with the character */
	LONG = 16,   /* no class of a character: the line is longer than any line that the ROM prints */
};

/**
 * paste_skip_one_of() - skip text that matches one of several forms; the first form that matches counts
 * @forms: list that ends with NULL; '0' in a form matches a number, ' ' matches blanks
 */
bool paste_skip_one_of(struct span *s, const char *const *forms);

/** paste_skip_time() - skip a time: "12:34:56", "12:34:56.789", "12:34:56,789Z", "12:34:56+01:00" */
bool paste_skip_time(struct span *s);

/** paste_skip_separator() - skip blanks, and then a "->" or "|" between a time stamp and the text, if there is one */
bool paste_skip_separator(struct span *s);

/**
 * paste_skip_tag() - skip an HTML tag: "<code>", "<span class=...>", "</p>"
 * @closing: skip only a closing tag, such as "</p>"
 * @ret_block: set to true if the tag begins or ends a block, and thus a line; else unchanged
 */
bool paste_skip_tag(struct span *s, bool closing, bool *ret_block);

/** paste_skip_prefix() - skip time stamps, quotation marks, and the prefix that was learned from this log */
void paste_skip_prefix(struct paste *p, struct span *s);

/** paste_learn_prefix() - learn the text @before a banner as a prefix that the next lines may have as well */
void paste_learn_prefix(struct paste *p, struct span before);

#endif
