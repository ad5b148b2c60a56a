/* text.c - tells readable text from rubbish. */
#include "bootlog/reader.h"

#define READABLE_MIN 4 /* shorter runs between unreadable bytes are chance */

static bool is_continuation(const char *c, const char *end)
{
	return c != end && ((unsigned char)*c & 0xc0) == 0x80;
}

/**
 * utf8_length() - the length of the UTF-8 character at s
 * Return: 0 for a byte that is none, for a control character, and for the marks that programs put in place of
 * what they could not decode (U+FFFD, and U+2E2E of the Arduino IDE).
 */
static size_t utf8_length(struct span s)
{
	unsigned char c = (unsigned char)*s.at;
	size_t n = c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;

	if (c == '\t' || (c >= ' ' && c < 0x7f))
		return 1;
	for (size_t i = 1; i < n; i++) {
		if (!is_continuation(s.at + i, s.end))
			return 0;
	}
	if (n == 2 && c == 0xc2 && (unsigned char)s.at[1] < 0xa0)
		return 0;
	if (n == 3 && (!memcmp(s.at, "\xef\xbf\xbd", 3) || !memcmp(s.at, "\xe2\xb8\xae", 3)))
		return 0;
	return n;
}

/* How long the readable run at s is. */
static size_t run_length(struct span s)
{
	size_t n, all = 0;

	while (s.at != s.end && (n = utf8_length(s))) {
		s.at += n;
		all += n;
	}
	return all;
}

static size_t bad_length(struct span s)
{
	if (span_len(s) >= 3 && (!memcmp(s.at, "\xef\xbf\xbd", 3) || !memcmp(s.at, "\xe2\xb8\xae", 3)))
		return 3;
	return 1;
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

/* Characters beyond ASCII: letters of the user's language, or rubbish that a program took for letters. */
static void count_foreign(struct bootlog *log, struct span s)
{
	for (; s.at != s.end; s.at++)
		log->foreign += ((unsigned char)*s.at & 0x80) != 0;
}

/* Is what is readable of a line worth the line? */
static bool is_mostly(size_t readable, struct span line)
{
	return readable * 4 >= span_len(line) * 3;
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
		if (span_len(run) >= READABLE_MIN) {
			any = true;
			count_foreign(log, run);
			bootlog_emit(log, BOOT_EVENT_TEXT, run, span_len(run) < span_len(line));
		} else {
			add_garbage(log, span_len(run));
		}
		s.at = run.end;
		while (s.at != s.end && !utf8_length(s)) {
			s.at += bad_length(s);
			add_garbage(log, 1);
		}
	}
	if (readable < span_len(line) ? any || is_mostly(readable, line) : !any)
		bootlog_emit(log, BOOT_EVENT_LINE, line, 0);
}
