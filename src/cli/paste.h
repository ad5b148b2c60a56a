/* paste.h - restores a boot log that somebody copied: undoes what terminals, editors and web pages did to it.
 *
 *	paste_init(&paste, decode_gbk);
 *	paste_feed(&paste, bytes, n, on_piece, user);	for all bytes of the log, in pieces of any size
 *	paste_flush(&paste, on_piece, user);		at the end of the log: also passes on an unfinished last line
 *
 * The filter undoes changes to
 *	bytes		escape sequences, and the NULs of UTF-16
 *	line beginnings	time stamps, quotation marks, marks of Markdown and HTML, colours without their escape
 *			character, and what this log has before each line, such as a line number or the name of a
 *			program: the filter learns that before a banner, see paste_banner()
 *	words		capital letters where the ESP8266's ROM prints small ones
 *	line ends	shown as characters: "\r\n", "<CR><LF>", "<br>", "</p><p>"; inserted into the ROM's lines
 *	characters	bytes that were decoded as Latin-1, Windows-1252 or GBK; "\0", "\x9c"; no-break spaces; "&gt;",
 *			"\_"
 *
 * The filter cannot restore line ends that are lost: bootlog_options.pasted makes the reader of boot logs expect that.
 *
 * A line is passed on when its end was fed, or PASTE_LINE_MAX bytes of it. If the copying may have broken the line, its
 * end is passed on with the next line. The text passed on is never longer than the text fed, and does not depend on the
 * sizes of the pieces fed.
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
	char prefix[PASTE_PREFIX_MAX]; /* learned: what precedes each line; '0' is a number, ' ' are blanks */
	size_t prefix_len;	       /* 0: nothing was learned */
	bool prefix_sure;	       /* a second line began with the learned prefix */
	bool may_learn;		       /* no banner was read in this line yet */
	bool esp8266;		       /* the last banner was an ESP8266's */
	bool italic;		       /* "_" before and after a line is Markdown, not text */
	bool utf16;		       /* every second byte is NUL */
	bool continued;		       /* the beginning of this line was passed on already */
	bool questions;		       /* in this line each '?' stands for an unreadable character */
	bool newlines;		       /* in this line "\n" is a line end */
	bool escapes;		       /* in this line "\x9c" is a byte */
	unsigned int found;	       /* enum paste_class of the characters in this line */
	size_t begin;		       /* index in line[] at which the board's text begins */
	size_t len;		       /* bytes in line[] */
	const char *next;	       /* this line may be broken: how the next line begins if it is; else NULL */
	char held[PASTE_HELD_MAX]; /* line ends held back: passed on as text unless the next line begins with next */
	size_t n_held;
	size_t n_owed; /* line ends left out where lines were joined: passed on later, to keep line numbers right */
	unsigned int classes[256]; /* for each byte: set of enum paste_class */
	paste_fn *on_piece;	   /* valid only while bytes are fed */
	void *user;
	char line[PASTE_LINE_MAX];
};

/** paste_init() - @gbk: returns the two bytes of a character in GBK, or 0; may be NULL */
void paste_init(struct paste *paste, uint16_t (*gbk)(unsigned long character));

/** paste_feed() - filter more bytes of the log */
void paste_feed(struct paste *paste, const void *bytes, size_t n, paste_fn *on_piece, void *user);

/** paste_flush() - the log ends here */
void paste_flush(struct paste *paste, paste_fn *on_piece, void *user);

/**
 * paste_banner() - the piece just passed on held a banner, or a part of one: learn what precedes it in its line
 * @chip: the chip that printed the banner
 *
 * Call it from paste_fn.
 */
void paste_banner(struct paste *paste, const char *banner, size_t n, enum chip chip);

#endif
