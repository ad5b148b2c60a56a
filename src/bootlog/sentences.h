/* sentences.h - what firmware says when a boot fails or an application dies, and what only looks like it.
 *
 * Pure: no system call, no clock, no allocation.
 */
#ifndef ESPRESET_BOOTLOG_SENTENCES_H
#define ESPRESET_BOOTLOG_SENTENCES_H

#include <stddef.h>

#include "bootlog/reason.h"

/* Who says it: what may stand before the words. */
enum sentence_by {
	BY_BARE,    /* nothing */
	BY_LOADER,  /* nothing, or ESP-IDF's log prefix with a tag of the bootloader's */
	BY_MCUBOOT, /* nothing, MCUboot's prefixes, Zephyr's, ESP-IDF's, or a function's name as NuttX writes it */
	BY_SYSTEM,  /* the same, and behind other text: Zephyr and NuttX when they die */
	BY_TAG,	    /* ESP-IDF's log prefix with the tag of the row */
	BY_PANIC,   /* nothing; behind other text, which the panic has cut, it needs more than one sentence */
};

/* When it counts. */
enum sentence_when {
	ANY_TIME,
	BEFORE_LOAD,	/* the ROM's own */
	BEFORE_APP,	/* a second stage's: before a line that only an application prints */
	ON_ESP8266,	/* or where the chip is not known */
	IN_8266_LOADER, /* both */
};

/* What it shows. */
enum sentence_what {
	SAYS_NO_IMAGE,	  /* nothing can be run: final */
	SAYS_SUSPECT,	  /* an image is bad, and another one may be tried */
	SAYS_CRASH,	  /* the application died */
	SAYS_LOADER_DIED, /* before an application runs: the second stage died; later as SAYS_CRASH */
	SAYS_ROM_FATAL,	  /* before anything was loaded: the ROM's own exception; later as SAYS_CRASH */
	SAYS_PART,	  /* a part of a report, which other things print, too: two of them, or one and a restart,
				 * show a crash */
	SAYS_DETAIL,	  /* a crash where a part of a report came before */
	SAYS_END,	  /* the end of a report: the same */
	SAYS_HEADING,	  /* a crash; the next sentence says which */
	SAYS_ALIVE,	  /* a report of tasks that run on: its parts show nothing */
	SAYS_SAVED,	  /* a report of an earlier run follows */
	SAYS_RESTART,	  /* one deliberate restart follows */
	SAYS_NOTHING,	  /* like one of the others, and harmless */
};

/* In forms, "%d" stands for a number with or without blanks before it, "%x" for a hexadecimal one, "%s" for any text that
 * is not empty, "%w" for the same without blanks, and at the end "$" for the end of the line, "%$" for the end of a copied log, too. */
struct sentence {
	const char *form;
	enum sentence_by by;
	enum sentence_when when;
	enum sentence_what what;
	enum boot_reason reason;
	const char *tag; /* BY_TAG */
};

extern const struct sentence sentences[];
extern const size_t n_sentences; /* at most BOOTLOG_ROWS_MAX */

#endif
