/* fuzz_bootlog.c - any bytes through the boot-log reader: cut anywhere, the same events; no flash boot without its
 * evidence. The first byte chooses options and cuts. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../bootreader.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct sum {
	uint64_t events;
};

static void check_event(void *user, const struct boot_event *event)
{
	struct sum *sum = user;

	if (event->len > BOOTLOG_LINE_MAX || event->end_ms < event->begin_ms)
		abort();
	sum->events = (sum->events ^ (unsigned int)event->kind ^ (unsigned int)event->number << 8) * 0x100000001b3;
	for (size_t i = 0; i < event->len; i++)
		sum->events = (sum->events ^ (unsigned char)event->line[i]) * 0x100000001b3;
	if (!event->boot)
		return;
	if (event->boot->certain && event->boot->heard == BOOT_HEARD_PLAIN &&
	    event->boot->source == BOOT_SOURCE_UNKNOWN &&
	    event->kind == BOOT_EVENT_BANNER && event->boot->mode < 0)
		abort();	/* certain of what? */
	sum->events ^= (unsigned int)event->boot->progress ^ (unsigned int)event->boot->mode << 4;
	sum->events *= 0x100000001b3;
}

static bool has(const uint8_t *data, size_t n, const char *const *words)
{
	for (; *words; words++) {
		if (memmem(data, n, *words, strlen(*words)))
			return true;
	}
	return false;
}

/* Written down apart from the reader: what a log must hold before anyone may call it a boot from flash. Escapes and, in
 * pastes, NULs may stand anywhere in between. */
static bool has_evidence(const uint8_t *data, size_t n)
{
	static const char *const source[] = { "boot mode", "rst cause", "rst:", "boot:", "load:0x", NULL };
	static const char *const load[] = {
		"csum 0x", "~ld", "ld", "entry 0x", "jump to run", "boot", "SPI", "SDK ver", "phy ver",
		"rf cal", "rf[112]",
		"mode : s", "Zephyr", "_start", "_init", "main_task", "sleep_gpio", "][", "esp_image", "efuse",
		"flash_", "qio_mode", "MMU:", "secure_boot", "Booting rom", NULL,
	};

	return has(data, n, source) && has(data, n, load);
}

/* A reader as bootlog_init() leaves it. Its tables are always the same, and would take longer than an input does; its
 * last member, the line's text, it does not touch. */
static void begin(struct boot_reader *reader, unsigned int choice)
{
	static struct bootlog fresh[2];
	static bool ready;

	for (unsigned int i = 0; i < 2 && !ready; i++)
		bootlog_init(&fresh[i], &(struct bootlog_options){ .pasted = i });
	ready = true;
	memcpy(&reader->log, &fresh[(choice & 3) != 0], offsetof(struct bootlog, text));
	paste_init(&reader->paste, NULL);
}

/* Live, or as --decode does it */
static void feed(struct boot_reader *reader, unsigned int choice, const uint8_t *data, size_t n, struct sum *sum)
{
	if (choice & 2)
		boot_reader_feed(reader, data, n, check_event, sum);
	else
		bootlog_feed(&reader->log, data, n, 0, check_event, sum);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct boot_reader whole, cut;
	struct sum a = { 0xcbf29ce484222325 }, b = a;
	uint8_t choice;
	enum verdict verdict;

	if (!n)
		return 0;
	choice = *data++;
	n--;
	begin(&whole, choice);
	begin(&cut, choice);
	feed(&whole, choice, data, n, &a);
	boot_reader_flush(&whole, check_event, &a);
	for (size_t i = 0, step; i < n; i += step) {
		step = 1 + (choice >> 2) % 17;
		if (step > n - i)
			step = n - i;
		feed(&cut, choice, data + i, step, &b);
	}
	boot_reader_flush(&cut, check_event, &b);
	verdict = bootlog_verdict(&whole.log, NULL);
	if (a.events != b.events || verdict != bootlog_verdict(&cut.log, NULL))
		abort();
	if (verdict == VERDICT_FLASH_BOOT && !memchr(data, 0x1b, n) && !memchr(data, 0, n) && !has_evidence(data, n))
		abort();
	if (verdict == VERDICT_SILENT && n)
		abort();
	return 0;
}
