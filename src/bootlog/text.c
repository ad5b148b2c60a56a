/* text.c - tells readable text from rubbish, and skips what terminals put before a line. */
#include "bootlog/reader.h"

#define READABLE_MIN 4	/* shorter runs between unreadable bytes are chance */

/* -------------------------------------------------------------------------------------------------
 * Readable or not
 */

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
	if (span_len(s) >= 3 &&
	    (!memcmp(s.at, "\xef\xbf\xbd", 3) || !memcmp(s.at, "\xe2\xb8\xae", 3)))
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

/* A paste in which every unreadable character has become a question mark */
static bool is_question(const struct bootlog *log, struct span s)
{
	return log->options.mangled && log->questions >= 8 &&
	       (size_t)log->questions * 4 >= span_len(s);
}

/* A paste in which several have become "\x9c", as Python writes them */
static bool is_escaped(const struct bootlog *log, struct span s)
{
	size_t escaped = 0;

	if (!log->options.mangled || log->backslashes < 4)
		return false;
	for (; span_len(s) >= 4; s.at++) {
		struct span t = { s.at + 2, s.at + 4 };
		unsigned long byte;

		escaped += s.at[0] == '\\' && s.at[1] == 'x' && span_hex(&t, &byte) == 2;
	}
	return escaped >= 4;
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

	if (is_question(log, s) || is_escaped(log, s)) {
		add_garbage(log, span_len(s));
		return;
	}
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

/* -------------------------------------------------------------------------------------------------
 * Time stamps
 */

static bool digits(struct span *s, int min, int max)
{
	int n = 0;

	while (n < max && s->at != s->end && span_is_digit(*s->at)) {
		s->at++;
		n++;
	}
	return n >= min;
}

/* "2024-01-31", "31/01/2024" */
static bool skip_date(struct span *s)
{
	struct span t = *s;
	char sep;

	if (!digits(&t, 1, 4) || t.at == t.end || !strchr("-/.", *t.at))
		return false;
	sep = *t.at++;
	if (!digits(&t, 1, 2) || !span_char(&t, sep) || !digits(&t, 1, 4))
		return false;
	if (!span_char(&t, 'T') && !span_char(&t, ' ') && !span_char(&t, '_'))
		return false;
	*s = t;
	return true;
}

/* "12:34:56", "12:34:56.789", "12:34:56,789Z", "12:34:56+01:00" */
static bool skip_time(struct span *s)
{
	struct span t = *s;

	if (!digits(&t, 1, 2) || !span_char(&t, ':') || !digits(&t, 2, 2) || !span_char(&t, ':') ||
	    !digits(&t, 2, 2))
		return false;
	if (t.at != t.end && strchr(".,:", *t.at)) {
		struct span u = { t.at + 1, t.end };

		if (digits(&u, 1, 9))
			t = u;
	}
	if (span_char(&t, '+')) {
		(void)digits(&t, 2, 2);
		(void)span_char(&t, ':');
		(void)digits(&t, 2, 2);
	} else {
		(void)span_char(&t, 'Z');
	}
	*s = t;
	return true;
}

/* "12.345678", seconds */
static bool skip_seconds(struct span *s)
{
	struct span t = *s;

	span_blanks(&t);
	if (!digits(&t, 1, 9) || !span_char(&t, '.') || !digits(&t, 1, 9))
		return false;
	*s = t;
	return true;
}

/* "Jan 31 12:34:56 host program[123]: " */
static bool skip_syslog(struct span *s)
{
	struct span t = *s;

	if (span_len(t) < 4 || !span_is_letter(t.at[0]) || !span_is_letter(t.at[1]) ||
	    !span_is_letter(t.at[2]) || t.at[3] != ' ')
		return false;
	t.at += 3;
	span_blanks(&t);
	if (!digits(&t, 1, 2) || !span_char(&t, ' ') || !skip_time(&t) || !span_char(&t, ' '))
		return false;
	for (int word = 0; word < 2; word++) {
		while (t.at != t.end && *t.at != ' ')
			t.at++;
		if (t.at == t.end)
			return false;
		t.at++;
	}
	if (t.at[-2] != ':')
		return false;
	*s = t;
	return true;
}

/* What stands between a stamp and the line: "] ", " -> ", " > ", ": ", " | " */
static void skip_separator(struct span *s)
{
	struct span t = *s;

	span_blanks(&t);
	if (!span_word(&t, "->") && !span_char(&t, '>') && !span_char(&t, '|') &&
	    !span_word(&t, "- ") && !span_word(&t, ": "))
		return;
	*s = t;
}

/* "15567> ", esp-link's milliseconds */
static bool skip_prompt(struct span *s)
{
	struct span t = *s;

	if (!digits(&t, 1, 9) || !span_word(&t, "> "))
		return false;
	*s = t;
	return true;
}

/* ">", but not ">>>stack>>>" */
static bool skip_mark(struct span *s)
{
	if (span_len(*s) < 2 || s->at[0] != '>' || s->at[1] == '>')
		return false;
	s->at++;
	span_blanks(s);
	return true;
}

static void skip_quote(struct span *s)
{
	while (skip_mark(s) || span_word(s, "| ") || span_word(s, "// ") || span_char(s, '`'))
		;
}

/* "[0;32m", a colour whose escape character a page has dropped, or shown as U+FFFD, U+241B, "." or "[1B]" */
static void skip_colour(struct span *s)
{
	struct span t = *s;

	if (!span_word(&t, "\xef\xbf\xbd") && !span_word(&t, "\xe2\x90\x9b") &&
	    !span_char(&t, '.'))
		(void)span_word(&t, "[1B]");
	if (!span_char(&t, '[') || !digits(&t, 1, 2) || !span_char(&t, ';') || !digits(&t, 1, 2) ||
	    !span_char(&t, 'm'))
		return;
	*s = t;
}

/* A quick look: most lines have none. */
static bool may_be_stamp(struct span s)
{
	if (span_len(s) < 2)
		return false;
	switch (*s.at) {
	case '\xef':
	case '\xe2':
		return true;
	case '[':
		return span_is_digit(s.at[1]) || s.at[1] == ' ';
	case '>':
		return s.at[1] != '>';
	case '|':
		return s.at[1] == ' ';
	case '.':
		return s.at[1] == '[';
	case '/':
		return s.at[1] == '/';
	case '`':	/* Markdown's code */
		return true;
	default:
		return span_is_digit(*s.at) ||
		       (*s.at >= 'A' && *s.at <= 'S' && span_len(s) > 3 && s.at[3] == ' ');
	}
}

static void skip_stamp(struct span *s)
{
	struct span t = *s;
	bool bracket;

	span_blanks(&t);
	skip_quote(&t);
	if (skip_syslog(&t) || skip_prompt(&t)) {
		*s = t;
		return;
	}
	bracket = span_char(&t, '[');
	(void)skip_date(&t);
	if (!skip_time(&t) && !(bracket && skip_seconds(&t))) {
		struct span u = *s;

		span_blanks(&u);
		skip_quote(&u);
		*s = u;
		return;
	}
	if (bracket && !span_char(&t, ']'))
		return;
	skip_separator(&t);
	*s = t;
}

const char *text_skip_time(const struct bootlog *log, struct span s)
{
	struct span t = s;

	if (!log->options.strip_timestamps)
		return s.at;
	for (span_blanks(&t); skip_time(&t); span_blanks(&t)) {
		skip_separator(&t);
		s = t;
	}
	return s.at;
}

/* -------------------------------------------------------------------------------------------------
 * Typed by hand
 */

static char small(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool same_letters(struct span s, const char *word)
{
	for (; *word; word++, s.at++) {
		if (s.at == s.end || small(*s.at) != *word)
			return false;
	}
	return true;
}

void text_correct_case(struct bootlog *log, struct span s)
{
	static const char *const words[] = { "load 0x", "tail ", "chksum 0x", "csum 0x" };
	char *at;

	span_blanks(&s);
	at = log->text + (s.at - log->text);
	if (same_letters(s, "ets jan") && memcmp(at, "ets Jan", 7) != 0) {
		for (char *c = at; c != s.end; c++)
			*c = small(*c);
		at[4] = 'J';
		return;
	}
	for (size_t i = 0; log->boot.chip == CHIP_ESP8266 && i < sizeof(words) / sizeof(words[0]); i++) {
		if (same_letters(s, words[i]))
			*at = *words[i];
	}
}

/* -------------------------------------------------------------------------------------------------
 * What this paste has before its lines
 */

/* Moves past a number or blanks as a whole, or past one character. Returns what a shape has for it. */
static char next_of_shape(struct span *s)
{
	char c = *s->at;

	if (span_is_digit(c)) {
		(void)digits(s, 0, BOOTLOG_LINE_MAX);
		return '0';
	}
	if (c == ' ' || c == '\t') {
		span_blanks(s);
		return ' ';
	}
	s->at++;
	return c;
}

void text_before_banner(struct bootlog *log, struct span before)
{
	struct bootlog_frame *f = &log->frame;

	if (!log->options.strip_timestamps || span_is_blank(before) ||
	    (size_t)(before.at - log->text) != f->line)
		return;
	span_blanks(&before);
	f->sure = false;
	for (f->len = 0; before.at != before.end && f->len < BOOTLOG_FRAME_MAX; f->len++)
		f->shape[f->len] = next_of_shape(&before);
	if (before.at != before.end)
		f->len = 0;
	/* The ESP8266's own banner begins with a blank. */
	if (f->len > 1 && f->shape[f->len - 1] == ' ' && f->shape[f->len - 2] != '0' &&
	    !span_is_letter(f->shape[f->len - 2]))
		f->len--;
}

/* A line with nothing behind its frame may have lost the last blank. */
static bool has_shape(const struct bootlog_frame *f, struct span *s)
{
	struct span t = *s;

	span_blanks(&t);
	for (size_t i = 0; i < f->len; i++) {
		if (t.at == t.end)
			return f->shape[i] == ' ';
		if (next_of_shape(&t) != f->shape[i])
			return false;
	}
	*s = t;
	return true;
}

/* What stood before a banner by chance does not stand before the next line. */
static void skip_frame(struct bootlog *log, struct span *s)
{
	struct bootlog_frame *f = &log->frame;

	if (!f->len || span_len(*s) < 4) /* what is left of a line's end is no line */
		return;
	if (has_shape(f, s))
		f->sure = true;
	else if (!f->sure)
		f->len = 0;
}

void text_skip_stamp(struct bootlog *log, struct span *s)
{
	struct span t = *s;

	span_blanks(&t);
	if (may_be_stamp(t)) {
		skip_stamp(s);
		t = *s;
		span_blanks(&t);
		skip_colour(&t);
		*s = t;
	}
	skip_frame(log, s);
	log->frame.line = (size_t)(s->at - log->text);
}
