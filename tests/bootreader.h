/* bootreader.h - the reader of boot logs, with or without the filter of pastes before it. */
#ifndef ESPRESET_TESTS_BOOTREADER_H
#define ESPRESET_TESTS_BOOTREADER_H

#include "bootlog/bootlog.h"
#include "cli/paste.h"

/* A reader of boot logs, with the filter of pastes before it where the options say so, as in espreset --decode. */
struct boot_reader {
	struct bootlog log;
	struct paste paste;
	bootlog_fn *on_event; /* may be NULL */
	void *user;
};

void boot_reader_init(struct boot_reader *r, const struct bootlog_options *options,
		      uint16_t (*gbk)(unsigned long character));
void boot_reader_feed(struct boot_reader *r, const void *bytes, size_t n, bootlog_fn *on_event, void *user);
void boot_reader_flush(struct boot_reader *r, bootlog_fn *on_event, void *user);

#endif
