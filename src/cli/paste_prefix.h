/* paste_prefix.h - what stands before the board's text in a line of a copied log; used by paste.c only.
 *
 * Each paste_skip_...() moves the span past what it names and returns true, or leaves the span alone and returns false.
 */
#ifndef ESPRESET_CLI_PASTE_PREFIX_H
#define ESPRESET_CLI_PASTE_PREFIX_H

#include "bootlog/span.h"
#include "cli/paste.h"

enum paste_class {
	ODD = 1,     /* the character may not be what the board sent */
	ESCAPED = 2, /* the line must be decoded before anything else is looked at */
	MARK = 4,    /* the character may separate a time stamp from text */
	STAMP = 8,   /* a time stamp or quotation mark may begin with the character */
	LONG = 16,   /* of a line, not a character: longer than any line that the ROM prints */
};

/** paste_skip_one_of() - the first matching form of a list that NULL ends: '0' matches a number, ' ' blanks */
bool paste_skip_one_of(struct span *s, const char *const *forms);

/** paste_skip_time() - "12:34:56", "12:34:56.789", "12:34:56,789Z", "12:34:56+01:00" */
bool paste_skip_time(struct span *s);

/** paste_skip_separator() - "->" or "|" between a time stamp and the text; skips blanks before it in any case */
bool paste_skip_separator(struct span *s);

/**
 * paste_skip_tag() - an HTML tag: "<code>", "<span class=...>", "</p>"
 * @closing: only a closing tag
 * @ret_block: set to true if the tag begins or ends a block, and thus a line; else unchanged
 */
bool paste_skip_tag(struct span *s, bool closing, bool *ret_block);

/** paste_skip_prefix() - time stamps, quotation marks, and the prefix that was learned */
void paste_skip_prefix(struct paste *p, struct span *s);

/** paste_learn_prefix() - learn the text @before a banner as the prefix that the next lines may have, too */
void paste_learn_prefix(struct paste *p, struct span before);

#endif
