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

/* boot_reader_init() - @gbk maps a Unicode character to its GBK code, 0 if it has none; NULL: pastes are never in GBK */
void boot_reader_init(struct boot_reader *r, const struct bootlog_options *options,
		      uint16_t (*gbk)(unsigned long character));

/* boot_reader_feed() - read @n bytes; @on_event is called for each event, unless NULL */
void boot_reader_feed(struct boot_reader *r, const void *bytes, size_t n, bootlog_fn *on_event, void *user);

/* boot_reader_flush() - end the log: report events of an unfinished text line */
void boot_reader_flush(struct boot_reader *r, bootlog_fn *on_event, void *user);

#endif
