/* sentences.h - a table of what firmware prints when a boot fails or an application dies, and of harmless text lines
 * that look similar. trouble.c compares each received text line with all rows of the table. */
#ifndef ESPRESET_BOOTLOG_SENTENCES_H
#define ESPRESET_BOOTLOG_SENTENCES_H

#include <stddef.h>

#include "bootlog/reason.h"

/* Who prints the sentence. This decides what may stand before the sentence in its text line. */
enum sentence_by {
	BY_BARE,    /* nothing may stand before the sentence */
	BY_LOADER,  /* before the sentence: nothing, or ESP-IDF's log prefix with a tag of its bootloader */
	BY_MCUBOOT, /* before the sentence: nothing; the name of a function, as NuttX prints it; or a log prefix of
			   * MCUboot, Zephyr, NuttX or ESP-IDF's bootloader */
	BY_SYSTEM,  /* a panic of Zephyr or NuttX. Before the sentence: any text but an application's log prefix */
	BY_TAG,	    /* before the sentence: a log prefix with this row's tag */
	BY_PANIC,   /* before the sentence: nothing, or text that the panic interrupted; then a second sentence must
			   * confirm the crash */
};

/* When a sentence counts. At any other time, the same words are ordinary text. */
enum sentence_when {
	ANY_TIME,
	BEFORE_LOAD,	/* before the end of the load: the ROM prints the sentence */
	BEFORE_APP,	/* before the application prints anything: a ROM or a second stage prints the sentence */
	ON_ESP8266,	/* if the chip is an ESP8266 or unknown */
	IN_8266_LOADER, /* if both BEFORE_APP and ON_ESP8266 are true */
};

/* What the sentence shows. */
enum sentence_what {
	SAYS_NO_IMAGE,	  /* there is nothing to run, and the loader will not try another image */
	SAYS_SUSPECT,	  /* an image is bad, but the loader may try another image */
	SAYS_CRASH,	  /* the application died */
	SAYS_LOADER_DIED, /* the second stage died; but once an application runs, this counts as SAYS_CRASH */
	SAYS_ROM_FATAL,	  /* as SAYS_LOADER_DIED; but proves nothing in a log without a banner: a ROM prints it, too */
	SAYS_PART,	  /* part of a crash report, but also printed without a crash. Two different parts, or one part
			   * and a restart, show a crash */
	SAYS_DETAIL,	  /* shows a crash if a sentence of kind SAYS_PART came before; else it shows nothing */
	SAYS_END,	  /* end of a crash report; shows a crash if a sentence of kind SAYS_PART came before */
	SAYS_HEADING,	  /* heading of a crash report: shows a crash, and the next sentence gives the reason */
	SAYS_ALIVE,	  /* heading of a report on tasks that keep running: what follows shows no crash */
	SAYS_SAVED,	  /* heading of a report of an earlier run: what follows shows no crash in this run */
	SAYS_RESTART,	  /* the chip will restart once, on purpose */
	SAYS_NOTHING,	  /* the text line is harmless, although a later row would fit it, too */
};

/* A sentence, and when it counts. In the member form, "%d" stands for a decimal number, which blanks may precede; "%x"
 * for a hexadecimal number; "%s" for any text that is not empty; "%w" for any text without blanks. If the form ends
 * with "$", the text line must end there. If it ends with "%$", the text line or a copied log must end there. */
struct sentence {
	const char *form;
	enum sentence_by by;
	enum sentence_when when;
	enum sentence_what what;
	enum boot_reason reason;
	const char *tag; /* the log tag that BY_TAG requires; else NULL */
};

extern const struct sentence sentences[];
extern const size_t n_sentences; /* at most BOOTLOG_ROWS_MAX */

#endif
