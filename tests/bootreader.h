/* bootreader.h - the boot-log reader, optionally behind the filter for pasted logs.
 *
 * Call boot_reader_init() once, boot_reader_feed() for each piece of input, then boot_reader_flush().
 */
#ifndef ESPRESET_TESTS_BOOTREADER_H
#define ESPRESET_TESTS_BOOTREADER_H

#include "bootlog/bootlog.h"
#include "cli/paste.h"

/* The boot-log reader. If the options ask for it, input passes the filter for pasted logs first, as in espreset
 * --decode. */
struct boot_reader {
	struct bootlog log;
	struct paste paste;
	bootlog_fn *on_event; /* called for each event; may be NULL */
	void *user;
};

void boot_reader_init(struct boot_reader *r, const struct bootlog_options *options,
		      uint16_t (*gbk)(unsigned long character));
void boot_reader_feed(struct boot_reader *r, const void *bytes, size_t n, bootlog_fn *on_event, void *user);
void boot_reader_flush(struct boot_reader *r, bootlog_fn *on_event, void *user);

#endif
