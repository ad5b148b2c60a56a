/* boottrace.h - gives bytes to the boot-log reader, and writes the events that it reports as a text, the trace. */
#ifndef ESPRESET_TESTS_BOOTTRACE_H
#define ESPRESET_TESTS_BOOTTRACE_H

#include "bootreader.h"

struct boot_trace {
	char *text; /* one text line for each event; boot_trace_free() frees it */
	size_t len, cap;
	enum verdict verdict;
	bool has_boot;
	struct boot boot; /* the boot that decided the verdict */
	unsigned int counts[BOOT_EVENT_LINE + 1];
	struct boot_reader reader;
};

/** boot_trace_cut() - hand @n bytes to the boot-log reader in two pieces: the first @cut bytes, then the rest. If
 * @cut is SIZE_MAX, hand over each byte as a piece of its own. */
void boot_trace_cut(struct boot_trace *ret, const void *bytes, size_t n, const struct bootlog_options *options,
		    size_t cut);
/** boot_trace() - hand a NUL-terminated string to the boot-log reader in one piece */
void boot_trace(struct boot_trace *ret, const char *text, const struct bootlog_options *options);
/* boot_trace_free() - free the text of a trace, but not the structure itself */
void boot_trace_free(struct boot_trace *trace);

extern const struct bootlog_options boot_live;	 /* to read a serial port, with no recovery of text sent at 74880 Bd */
extern const struct bootlog_options boot_pasted; /* to read a pasted log, as "espreset --decode" does */

/** boot_trace_word_is_whole() - do the @n bytes end with "csum 0x2d", "entry 0x40080604" (any digits) or "~ld"? The
 * chip prints these while it loads an application. The boot-log reader may report each of them before its line end
 * arrives. */
bool boot_trace_word_is_whole(const char *data, size_t n);

/** boot_trace_may_be() - is the name of @verdict in the list @words, for example "crashed|restarted"? */
bool boot_trace_may_be(const char *words, enum verdict verdict);

#endif
