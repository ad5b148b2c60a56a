/* bootreader.h - the boot-log reader of espreset, with or without the filter for pasted logs in front of it.
 *
 * Call boot_reader_init() once, then boot_reader_feed() for each piece of input, and boot_reader_flush() at the end.
 */
#ifndef ESPRESET_TESTS_BOOTREADER_H
#define ESPRESET_TESTS_BOOTREADER_H

#include "bootlog/bootlog.h"
#include "cli/paste.h"

/* With bootlog_options.pasted, the input first passes the filter for pasted logs, as in "espreset --decode". */
struct boot_reader {
	struct bootlog log;
	struct paste paste;
	bootlog_fn *on_event; /* called for each event of the boot log; NULL: nobody is told */
	void *user;
};

/* boot_reader_init() - start to read a boot log. @gbk returns the GBK code of a Unicode character, or 0 if GBK does not
 * have the character. With @gbk NULL, no pasted log is taken for GBK text. */
void boot_reader_init(struct boot_reader *r, const struct bootlog_options *options,
		      uint16_t (*gbk)(unsigned long character));

/* boot_reader_feed() - read the next @n bytes of the log; @on_event, unless it is NULL, is called for each event */
void boot_reader_feed(struct boot_reader *r, const void *bytes, size_t n, bootlog_fn *on_event, void *user);

/* boot_reader_flush() - end the log: a last text line without a line end is read now, and its events are reported */
void boot_reader_flush(struct boot_reader *r, bootlog_fn *on_event, void *user);

#endif
