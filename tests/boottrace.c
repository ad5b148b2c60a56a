/* boottrace.c - gives bytes to the boot-log reader, and writes the events that it reports as a text, the trace. */
#include "boottrace.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/decode.h"

const struct bootlog_options boot_live = { .recover_74880 = false };
const struct bootlog_options boot_pasted = {
	.recover_74880 = true,
	.pasted = true,
};

static const char *const kinds[] = {
	"banner", "progress", "trouble", "waiting", "copying", "copied", "fragment", "text", "garbage",
};
static const char *const sources[] = { "unknown", "flash", "download", "other" };
static const char *const steps[] = { "nothing", "banner", "loading", "loaded", "stage2", "app" };

__attribute__((format(printf, 2, 3))) static void add(struct boot_trace *t, const char *format, ...)
{
	va_list ap;
	int n;

	if (t->cap - t->len < 8192) {
		t->cap = t->cap * 2 + 16384;
		t->text = realloc(t->text, t->cap);
		if (!t->text)
			abort();
	}
	va_start(ap, format);
	n = vsnprintf(t->text + t->len, t->cap - t->len, format, ap);
	va_end(ap);
	t->len += (size_t)n;
}

static void on_event(void *user, const struct boot_event *event)
{
	struct boot_trace *t = user;
	const struct boot *boot = event->boot;

	t->counts[event->kind]++;
	if (event->kind == BOOT_EVENT_LINE)
		return; /* earlier events have already put the readable parts of this text line into the trace */
	add(t, "%s", kinds[event->kind]);
	if (event->kind == BOOT_EVENT_GARBAGE || event->kind == BOOT_EVENT_COPIED)
		add(t, " %d", event->number);
	if (event->kind == BOOT_EVENT_PROGRESS && boot)
		add(t, " %s", steps[boot->progress]);
	if (event->kind == BOOT_EVENT_BANNER) {
		add(t, " %s cause %d", boot->chip_name[0] ? boot->chip_name : "?", boot->cause);
		if (boot->chip == CHIP_ESP8266)
			add(t, " mode %d,%d", boot->mode, boot->mode2);
		else
			add(t, " mode 0x%x", (unsigned int)boot->mode);
		add(t, " %s%s%s%s", sources[boot->source], boot->certain ? "" : " uncertain",
		    boot->damaged ? " damaged" : "", boot->rx_speed == BOOT_RX_74880 ? " 74880" : "");
	} else if (event->len) {
		add(t, ": %.*s", (int)event->len, event->line);
	}
	add(t, "\n");
}

void boot_trace_cut(struct boot_trace *ret, const void *bytes, size_t n, const struct bootlog_options *options,
		    size_t cut)
{
	const char *p = bytes;
	const struct boot *boot;

	memset(ret, 0, offsetof(struct boot_trace, reader));
	add(ret, "%s", "");
	boot_reader_init(&ret->reader, options, decode_gbk);
	if (cut == SIZE_MAX) {
		for (size_t i = 0; i < n; i++)
			boot_reader_feed(&ret->reader, p + i, 1, on_event, ret);
	} else {
		boot_reader_feed(&ret->reader, p, cut, on_event, ret);
		boot_reader_feed(&ret->reader, p + cut, n - cut, on_event, ret);
	}
	boot_reader_flush(&ret->reader, on_event, ret);
	ret->verdict = bootlog_verdict(&ret->reader.log, &boot);
	ret->has_boot = boot != NULL;
	if (boot)
		ret->boot = *boot;
}

void boot_trace(struct boot_trace *ret, const char *text, const struct bootlog_options *options)
{
	boot_trace_cut(ret, text, strlen(text), options, 0);
}

void boot_trace_free(struct boot_trace *trace)
{
	free(trace->text);
	trace->text = NULL;
}

bool boot_trace_word_is_whole(const char *data, size_t n)
{
	static const struct {
		const char *word;
		size_t digits;
	} words[] = { { "csum 0x", 2 }, { "Csum 0x", 2 }, { "entry 0x", 8 }, { "~ld", 0 } };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t len = strlen(words[i].word);

		if (n >= len + words[i].digits && !memcmp(data + n - words[i].digits - len, words[i].word, len))
			return true;
	}
	return false;
}

bool boot_trace_may_be(const char *words, enum verdict verdict)
{
	const char *word = verdict_info(verdict)->word;
	size_t len = strlen(word);

	for (const char *p = words; p; p = strchr(p, '|')) {
		p += *p == '|';
		if (!strncmp(p, word, len) && (p[len] == '|' || p[len] == '\0'))
			return true;
	}
	return false;
}
