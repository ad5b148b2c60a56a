/* text.c - separates readable text from unreadable bytes. */
#include "bootlog/reader.h"

/* In bytes. Fewer readable bytes than this, between unreadable ones, count as unreadable: chance made them readable. */
#define READABLE_MIN 4

/* Does @s begin with the mark that a terminal shows in place of bytes that it cannot decode? Most terminals show
 * U+FFFD, the Arduino IDE shows U+2E2E. */
static bool is_replacement(struct span s)
{
	return span_len(s) >= 3 && (!memcmp(s.at, "\xef\xbf\xbd", 3) || !memcmp(s.at, "\xe2\xb8\xae", 3));
}

/* Returns the length of the UTF-8 character at the beginning of @s. Returns 0 for an invalid byte, a control character
 * other than tab, and the mark of a terminal for bytes that it cannot decode. */
static size_t utf8_length(struct span s)
{
	unsigned char c = (unsigned char)*s.at;
	size_t n = c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;

	if (c == '\t' || (c >= ' ' && c < 0x7f))
		return 1;
	if (span_len(s) < n || is_replacement(s) || (c == 0xc2 && (unsigned char)s.at[1] < 0xa0))
		return 0;
	for (size_t i = 1; i < n; i++) {
		if (((unsigned char)s.at[i] & 0xc0) != 0x80)
			return 0;
	}
	return n;
}

static size_t run_length(struct span s)
{
	size_t n, all = 0;

	while (s.at != s.end && (n = utf8_length(s))) {
		s.at += n;
		all += n;
	}
	return all;
}

static void add_garbage(struct bootlog *log, size_t n)
{
	log->garbage_pending += (unsigned int)n;
	log->garbage += n;
}

void text_flush_garbage(struct bootlog *log)
{
	unsigned int n = log->garbage_pending;

	if (!n)
		return;
	log->garbage_pending = 0;
	bootlog_emit(log, BOOT_EVENT_GARBAGE, (struct span){ log->text, log->text }, (int)n);
}

/* Reports a piece of readable text. If it is shorter than READABLE_MIN, counts it as unreadable instead. Returns
 * whether it was reported. */
static bool text_take_run(struct bootlog *log, struct span run, bool is_part)
{
	if (span_len(run) < READABLE_MIN) {
		add_garbage(log, span_len(run));
		return false;
	}
	/* Count the bytes that are not ASCII. They may be letters of the user's language, or unreadable bytes that a
	 * terminal took for letters. */
	for (const char *c = run.at; c != run.end; c++)
		log->foreign += ((unsigned char)*c & 0x80) != 0;
	bootlog_emit(log, BOOT_EVENT_TEXT, run, is_part);
	return true;
}

void text_line(struct bootlog *log, struct span s)
{
	struct span line = s;
	size_t readable = 0;
	bool any = false;

	if (!log->dirty) {
		bootlog_emit(log, BOOT_EVENT_TEXT, s, 0);
		return;
	}
	while (s.at != s.end) {
		struct span run = { s.at, s.at + run_length(s) };

		readable += span_len(run);
		any |= text_take_run(log, run, span_len(run) < span_len(line));
		s.at = run.end;
		while (s.at != s.end && !utf8_length(s)) {
			s.at += is_replacement(s) ? 3 : 1;
			add_garbage(log, 1);
		}
	}
	/* Pattern matching needs whole text lines. Report the line as a whole if only parts of it were reported, or if
	 * it was too short to be reported. But do not report it if hardly anything in it is readable. */
	if (readable < span_len(line) ? any || readable * 4 >= span_len(line) * 3 : !any)
		bootlog_emit(log, BOOT_EVENT_LINE, line, 0);
}
