/* bootreader.c - espreset's boot-log reader. Pasted logs first pass the filter that repairs them (src/cli/paste.h). */
#include "bootreader.h"

void boot_reader_init(struct boot_reader *r, const struct bootlog_options *options,
		      uint16_t (*gbk)(unsigned long character))
{
	bootlog_init(&r->log, options);
	paste_init(&r->paste, gbk);
}

static void read_event(void *user, const struct boot_event *event)
{
	struct boot_reader *r = user;
	const struct boot *boot = bootlog_boot(&r->log);

	if (event->kind == BOOT_EVENT_BANNER || event->kind == BOOT_EVENT_FRAGMENT)
		paste_banner(&r->paste, event->line, event->len, boot ? boot->chip : CHIP_UNKNOWN);
	if (r->on_event)
		r->on_event(r->user, event);
}

static void read_piece(void *user, const struct bootlog_piece *piece)
{
	struct boot_reader *r = user;

	bootlog_feed_piece(&r->log, piece, 0, read_event, r);
}

void boot_reader_feed(struct boot_reader *r, const void *bytes, size_t n, bootlog_fn *on_event, void *user)
{
	r->on_event = on_event;
	r->user = user;
	if (r->log.options.pasted)
		paste_feed(&r->paste, bytes, n, read_piece, r);
	else
		bootlog_feed(&r->log, bytes, n, 0, read_event, r);
}

void boot_reader_flush(struct boot_reader *r, bootlog_fn *on_event, void *user)
{
	r->on_event = on_event;
	r->user = user;
	if (r->log.options.pasted)
		paste_flush(&r->paste, read_piece, r);
	bootlog_flush(&r->log, 0, read_event, r);
}
