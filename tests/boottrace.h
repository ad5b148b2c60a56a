/* boottrace.h - runs the boot-log reader over bytes and writes the events it reports as text. */
#ifndef ESPRESET_TESTS_BOOTTRACE_H
#define ESPRESET_TESTS_BOOTTRACE_H

#include "bootreader.h"

struct boot_trace {
	char *text; /* the events, one per text line; freed by boot_trace_free() */
	size_t len, cap;
	enum verdict verdict;
	bool has_boot;
	struct boot boot; /* the boot that decided the verdict */
	unsigned int counts[BOOT_EVENT_LINE + 1];
	struct boot_reader reader;
};

/** boot_trace_cut() - read @n bytes in two calls, split after byte @cut; 0: in one call; SIZE_MAX: one byte a call */
void boot_trace_cut(struct boot_trace *ret, const void *bytes, size_t n, const struct bootlog_options *options,
		    size_t cut);
/** boot_trace() - read a NUL-terminated string in one call */
void boot_trace(struct boot_trace *ret, const char *text, const struct bootlog_options *options);
/* boot_trace_free() - free the text of a trace */
void boot_trace_free(struct boot_trace *trace);

extern const struct bootlog_options boot_live;	 /* options of a session that listens for no other speed */
extern const struct bootlog_options boot_pasted; /* options of espreset --decode */

/** boot_trace_word_is_whole() - do the @n bytes end with a word of a load that is complete without a line end: "csum 0x2d",
 * "entry 0x40080604", "~ld"? */
bool boot_trace_word_is_whole(const char *data, size_t n);

/** boot_trace_may_be() - is @verdict one of the words in @words, which are separated by vertical bars? */
bool boot_trace_may_be(const char *words, enum verdict verdict);

#endif
