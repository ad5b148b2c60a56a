/* sentences.h - what firmware prints when a boot fails or an application dies, and harmless lines that resemble it.
 *
 *	for (size_t i = 0; i < n_sentences; i++) ... sentences[i].form	trouble.c matches each line against the rows
 */
#ifndef ESPRESET_BOOTLOG_SENTENCES_H
#define ESPRESET_BOOTLOG_SENTENCES_H

#include <stddef.h>

#include "bootlog/reason.h"

/* Who prints the sentence: what may stand before it in its line. */
enum sentence_by {
	BY_BARE,    /* nothing may stand before it */
	BY_LOADER,  /* nothing, or ESP-IDF's log prefix with a tag of its bootloader */
	BY_MCUBOOT, /* nothing; a log prefix of MCUboot, Zephyr or ESP-IDF; or a function's name, as NuttX prints it */
	BY_SYSTEM,  /* Zephyr and NuttX when they die: any of BY_MCUBOOT, or text that the panic has interrupted */
	BY_TAG,	    /* ESP-IDF's log prefix with the tag of the row */
	BY_PANIC,   /* nothing; or text that the panic has interrupted: then a second sentence must confirm the crash */
};

/* When the sentence counts. */
enum sentence_when {
	ANY_TIME,
	BEFORE_LOAD,	/* before the image is loaded: printed by the ROM */
	BEFORE_APP,	/* before a line that only an application prints: printed by a ROM or a second stage */
	ON_ESP8266,	/* on an ESP8266 or an unknown chip */
	IN_8266_LOADER, /* BEFORE_APP and ON_ESP8266 */
};

/* What the sentence shows. */
enum sentence_what {
	SAYS_NO_IMAGE,	  /* there is nothing to run: final */
	SAYS_SUSPECT,	  /* an image is bad; the loader may try another one */
	SAYS_CRASH,	  /* the application died */
	SAYS_LOADER_DIED, /* before an application runs: the second stage died; later: SAYS_CRASH */
	SAYS_ROM_FATAL,	  /* before the load: an exception in the ROM; later: SAYS_CRASH */
	SAYS_PART,	  /* part of a crash report, printed for other reasons, too: two kinds of parts, or one part and
			   * a restart, show a crash */
	SAYS_DETAIL,	  /* a crash if a SAYS_PART came before; else nothing */
	SAYS_END,	  /* the end of a crash report: a crash if a SAYS_PART came before */
	SAYS_HEADING,	  /* a crash; the next sentence names the reason */
	SAYS_ALIVE,	  /* heading of a report on tasks that keep running: its parts show no crash */
	SAYS_SAVED,	  /* heading of a report of an earlier run: its parts show no crash now */
	SAYS_RESTART,	  /* one deliberate restart follows */
	SAYS_NOTHING,	  /* harmless, but another row would fit this line, too */
};

/* Notation of a form: "%d" is a decimal number, blanks before it allowed; "%x" a hexadecimal number; "%s" any text that
 * is not empty; "%w" any text without blanks. A last "$" requires the end of the line, a last "%$" that of the line or
 * of a copied log. */
struct sentence {
	const char *form;
	enum sentence_by by;
	enum sentence_when when;
	enum sentence_what what;
	enum boot_reason reason;
	const char *tag; /* BY_TAG: the log tag; else NULL */
};

extern const struct sentence sentences[];
extern const size_t n_sentences; /* at most BOOTLOG_ROWS_MAX */

#endif
