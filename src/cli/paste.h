/* paste.h - a filter for logs that somebody copied: gives back what the board sent, for the reader of boot logs.
 *
 *	paste_init(&paste, decode_gbk);
 *	paste_feed(&paste, bytes, n, piece, user);	as often as bytes come, cut anywhere
 *	paste_flush(&paste, piece, user);		at the end: an unfinished last line counts too
 *
 * It undoes what a terminal, an editor or a web page does to
 *	bytes		escape sequences, and NULs of UTF-16
 *	line beginnings	time stamps, quotation marks, marks of Markdown and HTML, colours without their escape character,
 *			and what this paste has before each line: a number, the name of a program (learnt by
 *			paste_banner())
 *	words		capital letters where the ESP8266's ROM has small ones
 *	line ends	shown as characters: "\r\n", "<CR><LF>", "<br>", "</p><p>"; put into the ROM's lines at a comma
 *	characters	bytes that passed through UTF-8, Latin-1, Windows-1252 or GBK; "\0", "\x9c"; no-break spaces;
 *			"&gt;", "\_"
 *
 * Where line ends are lost, only the reader knows where the ROM's words end: bootlog_options.pasted.
 *
 * Pure: no system call, no clock, no allocation. A line goes out when its end has come, or when PASTE_LINE_MAX bytes
 * of it have; the end of one that may be broken goes out with the next one. The text that goes out is never longer than
 * what came in, and does not depend on how that was cut.
 */
#ifndef ESPRESET_CLI_PASTE_H
#define ESPRESET_CLI_PASTE_H

#include "bootlog/bootlog.h"

#define PASTE_LINE_MAX 4096
#define PASTE_FRAME_MAX 48
#define PASTE_HELD_MAX 4

/* Called with each piece that goes out; the piece is valid during the call. */
typedef void paste_fn(void *user, const struct bootlog_piece *piece);

struct paste {
	uint16_t (*gbk)(unsigned long character);
	/* What stands before each line: its shape is learnt before a banner, and counts once the next line has it too. */
	char frame[PASTE_FRAME_MAX]; /* '0' is a number, ' ' are blanks */
	size_t frame_len;
	bool frame_sure;
	bool may_learn;	  /* no banner was read in this line yet */
	bool esp8266;	  /* the last banner was one's */
	bool italic;	  /* "_" stands around its lines */
	bool utf16;	  /* every second byte is NUL */
	bool continued;	  /* the beginning of this line has gone out already */
	bool questions;	  /* the unreadable characters of this line have become question marks */
	bool newlines;	  /* and its line ends "\n" */
	bool escapes;	  /* and of this one "\x9c" */
	unsigned int all; /* what odd characters there are in this line */
	size_t begin;	  /* where the line's text begins, behind what stands before it */
	size_t len;
	const char *next;	   /* how a line begins that goes on where the last one was broken */
	char held[PASTE_HELD_MAX]; /* line ends in between: text not before the next line has come */
	size_t n_held;
	size_t n_owed;	       /* lines that were put together: their ends come later */
	unsigned int odd[256]; /* characters that need a closer look */
	paste_fn *piece;       /* only while bytes are fed */
	void *user;
	char line[PASTE_LINE_MAX];
};

/** paste_init() - @gbk: the GBK code of a character, or 0; may be NULL */
void paste_init(struct paste *paste, uint16_t (*gbk)(unsigned long character));
void paste_feed(struct paste *paste, const void *bytes, size_t n, paste_fn *piece, void *user);
void paste_flush(struct paste *paste, paste_fn *piece, void *user);

/**
 * paste_banner() - a banner, or a part of one, was read in the line that goes out: what stands before it may stand
 * before the next line, too
 * @chip: of the boot that it belongs to
 */
void paste_banner(struct paste *paste, const char *banner, size_t n, enum chip chip);

#endif
