/* paste.h - restores a boot log that somebody copied: undoes what terminals, editors and web pages did to it.
 *
 *	paste_init(&paste, decode_gbk);
 *	paste_feed(&paste, bytes, n, on_piece, user);	for all bytes of the log, in pieces of any size
 *	paste_flush(&paste, on_piece, user);		at the end of the log: also passes on an unfinished last line
 *
 * The filter undoes changes to
 *	bytes		escape sequences, and the NULs of UTF-16
 *	line beginnings	time stamps, quotation marks, marks of Markdown and HTML, colours without their escape
 *			character; also a prefix that all lines of the log have, such as a line number or the name
 *			of a program: the filter learns it from the text before a banner, see paste_banner()
 *	words		capital letters where the ESP8266's ROM prints small ones
 *	line ends	shown as characters: "\r\n", "<CR><LF>", "<br>", "</p><p>"; inserted into the ROM's lines
 *	characters	bytes that were decoded as Latin-1, Windows-1252 or GBK; "\0", "\x9c"; no-break spaces; "&gt;",
 *			"\_"
 *
 * The filter cannot restore line ends that are lost. bootlog_options.pasted tells the reader of boot logs (bootlog.h)
 * that line ends may be missing.
 *
 * A line is passed on when its line end was fed, or PASTE_LINE_MAX bytes of the line. If copying may have broken the
 * line in two, its line end is passed on only with the next line. The text passed on is never longer than the text fed,
 * and does not depend on the sizes of the pieces fed.
 *
 * Pure: no system call, no clock, no allocation.
 */
#ifndef ESPRESET_CLI_PASTE_H
#define ESPRESET_CLI_PASTE_H

#include "bootlog/bootlog.h"

#define PASTE_LINE_MAX 4096
#define PASTE_PREFIX_MAX 48
#define PASTE_HELD_MAX 4

/* Called with each piece that is passed on. The piece is valid during the call. */
typedef void paste_fn(void *user, const struct bootlog_piece *piece);

struct paste {
	uint16_t (*gbk)(unsigned long character);
	char prefix[PASTE_PREFIX_MAX]; /* learned text before each line; '0' stands for a number, ' ' for blanks */
	size_t prefix_len;	       /* length of the learned prefix; 0: none was learned */
	bool prefix_sure;	       /* another line has begun with the learned prefix, too */
	bool may_learn;		       /* the prefix may be learned from this line: no banner was read in it yet */
	bool esp8266;		       /* the last banner was an ESP8266's */
	bool italic;		       /* a "_" before and after a line is Markdown, and not the board's text */
	bool utf16;		       /* the log is in UTF-16: every second byte is a NUL */
	bool continued;		       /* the beginning of the current line was passed on already */
	bool questions;		       /* in this line each '?' stands for an unreadable character */
	bool newlines;		       /* in this line a backslash and an 'n' stand for a line end */
	bool escapes;		       /* in this line four characters such as "\x9c" stand for a byte */
	unsigned int found;	       /* set of the enum paste_class that the characters of this line have */
	size_t begin;		       /* index in line[] at which the board's text begins */
	size_t len;		       /* how many bytes are in line[] */
	/* If copying may have broken the current line in two: the words with which its second part begins; else NULL */
	const char *next;
	char held[PASTE_HELD_MAX]; /* line ends not passed on yet; left out if the next line begins with member next */
	size_t n_held;
	size_t n_owed; /* number of line ends left out; they are passed on later, to keep line numbers right */
	unsigned int classes[256]; /* for each byte: set of enum paste_class */
	paste_fn *on_piece;	   /* receives the pieces; valid only during paste_feed() and paste_flush() */
	void *user;
	char line[PASTE_LINE_MAX];
};

/**
 * paste_init() - start the filter
 * @gbk: function that returns the two bytes of a Unicode character in GBK, 0 if GBK lacks it; may be NULL
 */
void paste_init(struct paste *paste, uint16_t (*gbk)(unsigned long character));

/** paste_feed() - filter more bytes of the log */
void paste_feed(struct paste *paste, const void *bytes, size_t n, paste_fn *on_piece, void *user);

/** paste_flush() - the log has ended: pass on its unfinished last line */
void paste_flush(struct paste *paste, paste_fn *on_piece, void *user);

/**
 * paste_banner() - learn the prefix that stands before a banner on its line, such as a time stamp, since other lines may
 * have the same prefix
 * @chip: the chip that printed the banner
 *
 * Call this from paste_fn when the piece that paste_fn was given completes a banner, or one line of a banner that has
 * several lines.
 */
void paste_banner(struct paste *paste, const char *banner, size_t n, enum chip chip);

#endif
