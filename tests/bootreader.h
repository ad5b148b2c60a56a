/* bootreader.h - espreset's boot-log reader. Pasted logs first pass the filter that repairs them (src/cli/paste.h).
 *
 * Call boot_reader_init() once, then boot_reader_feed() for each piece of input, and boot_reader_flush() at the end.
 */
#ifndef ESPRESET_TESTS_BOOTREADER_H
#define ESPRESET_TESTS_BOOTREADER_H

#include "bootlog/bootlog.h"
#include "cli/paste.h"

/* Reads a boot log. If bootlog_options.pasted is true, the input first passes the filter for pasted logs, as in
 * "espreset --decode". */
struct boot_reader {
	struct bootlog log;
	struct paste paste;
	bootlog_fn *on_event; /* called for each event of the boot log; NULL: no function is called */
	void *user;
};

/* boot_reader_init() - start to read a boot log. @gbk returns the GBK code of a Unicode character, or 0 if GBK does not
 * have the character. If @gbk is NULL, the filter never assumes that a pasted log is GBK text. */
void boot_reader_init(struct boot_reader *r, const struct bootlog_options *options,
		      uint16_t (*gbk)(unsigned long character));

/* boot_reader_feed() - read the next @n bytes of the log; @on_event, unless it is NULL, is called for each event */
void boot_reader_feed(struct boot_reader *r, const void *bytes, size_t n, bootlog_fn *on_event, void *user);

/* boot_reader_flush() - end the log: a last text line without a line end is read now, and its events are reported */
void boot_reader_flush(struct boot_reader *r, bootlog_fn *on_event, void *user);

#endif
