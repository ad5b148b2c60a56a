/* boottrace.h - runs the boot-log reader over bytes, cut as a test wishes, and writes its events down as text. */
#ifndef ESPRESET_TESTS_BOOTTRACE_H
#define ESPRESET_TESTS_BOOTTRACE_H

#include "bootreader.h"

struct boot_trace {
	char *text; /* one event a line; boot_trace_free() */
	size_t len, cap;
	enum verdict verdict;
	bool has_boot;
	struct boot boot; /* the one that decided */
	unsigned int counts[BOOT_EVENT_LINE + 1];
	struct boot_reader reader;
};

/** boot_trace_cut() - @cut: where the input is cut into two calls; 0: not at all; SIZE_MAX: after every byte */
void boot_trace_cut(struct boot_trace *ret, const void *bytes, size_t n, const struct bootlog_options *options,
		    size_t cut);
/** boot_trace() - a string, in one piece */
void boot_trace(struct boot_trace *ret, const char *text, const struct bootlog_options *options);
void boot_trace_free(struct boot_trace *trace);

extern const struct bootlog_options boot_live;	 /* as a session without wrong-baud reading */
extern const struct bootlog_options boot_pasted; /* as espreset --decode */

/** boot_trace_may_be() - is it one of these? @words: "unproven|crashed" */
bool boot_trace_may_be(const char *words, enum verdict verdict);

#endif
