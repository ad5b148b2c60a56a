/* paste.c - restores a boot log that somebody copied: undoes what terminals, editors and web pages did to it.
 *
 *	paste_feed() -> take_copied_line()	a line of the copied log is complete
 *		paste_tidy()			decodes escape sequences, HTML entities, UTF-16, no-break spaces
 *		take_board_line()		called for each line of the board that the copied line contains
 *			paste_skip_prefix()		(paste_prefix.c)
 *			correct_case()
 *			release_ends()			joins the two parts of a line that copying has broken
 *			pass_on_text()			passes on the characters
 */
#include "cli/paste_prefix.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define ESCAPE_MAX 24  /* longer than any escape sequence that colours text or moves a cursor */
#define LONG_LINE 100  /* longer than any line that the ROM prints */
#define BANNER_START 8 /* this many characters of a banner are enough to find it in a line */

/* ---- characters ---- */

/* Passes on a piece of the log's text. @heard: the bytes that the serial port has delivered for this text; NULL: the
 * bytes of the text itself. */
static void pass_on(const struct paste *p, const char *text, size_t n, const struct wrongbaud_symbol *heard,
		    size_t n_heard)
{
	p->on_piece(p->user, &(struct bootlog_piece){ text, n, heard, n_heard });
}

/* Passes on text that the copied log shows for one received byte. */
static void pass_on_symbol(const struct paste *p, const char *text, size_t n, enum symbol_kind kind, unsigned char byte)
{
	pass_on(p, text, n, &(struct wrongbaud_symbol){ kind, byte }, 1);
}

/* Passes on characters that are no part of the board's text, such as a time stamp: as received bytes, without any text.
 * They may be bytes of the board that were received at a wrong baud rate. */
static void pass_on_silent(const struct paste *p, struct span s)
{
	for (; s.at != s.end; s.at++)
		pass_on_symbol(p, "", 0, SYMBOL_BYTE, (unsigned char)*s.at);
}

/* Passes on a line end that the serial port has not delivered as a byte. */
static void pass_on_end(const struct paste *p, const char *end)
{
	static const struct wrongbaud_symbol nothing;

	pass_on(p, end, 1, &nothing, 0);
}

/* Return: the byte from 0x80 to 0x9f that stands for this Unicode character in Windows-1252; 0: no such byte does */
static unsigned char windows_byte(unsigned long c)
{
	/* clang-format off */
	static const uint16_t chars[32] = {
		0x20ac, 0,	0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
		0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0,	0x017d, 0,
		0,	0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
		0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,	0x017e, 0x0178,
	};
	/* clang-format on */

	for (unsigned int i = 0; i < 32; i++) {
		if (chars[i] == c)
			return (unsigned char)(0x80 + i);
	}
	return 0;
}

/* Passes on a character beyond ASCII, and the received bytes that a terminal may have shown as this character. */
static void pass_on_character(const struct paste *p, struct span s, unsigned long c)
{
	struct wrongbaud_symbol heard[2] = { { SYMBOL_HIGH, 0 } };
	size_t n = 1;
	uint16_t gbk;

	if (c < 0x100) {
		heard[0] = (struct wrongbaud_symbol){ SYMBOL_BYTE, (uint8_t)c };
	} else if (c >= 0x2400 && c <= 0x2421) { /* U+2400 to U+2421 are pictures of control characters */
		heard[0] = (struct wrongbaud_symbol){ SYMBOL_BYTE, c == 0x2421 ? 0x7f : (uint8_t)(c - 0x2400) };
	} else if (windows_byte(c)) {
		heard[0] = (struct wrongbaud_symbol){ SYMBOL_BYTE, windows_byte(c) };
	} else if (c != 0xfffd && c != 0x2e2e && p->gbk && (gbk = p->gbk(c))) {
		/* U+FFFD and U+2E2E do not tell which byte was received: terminals show any unreadable byte as U+FFFD,
		 * and the Arduino IDE as U+2E2E. */
		heard[0] = (struct wrongbaud_symbol){ SYMBOL_BYTE, (uint8_t)(gbk >> 8) };
		heard[1] = (struct wrongbaud_symbol){ SYMBOL_BYTE, (uint8_t)gbk };
		n = 2;
	}
	if (c == 0xa0)
		pass_on(p, " ", 1, heard, n);
	else
		pass_on(p, s.at, span_len(s), heard, n);
}

/* Passes on the UTF-8 character that begins at @s. Return: its length in bytes; 0: no valid UTF-8 character is there */
static size_t take_utf8(const struct paste *p, struct span s)
{
	unsigned char c = (unsigned char)*s.at;
	size_t n = c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;
	unsigned long code = c & (0xffu >> (n + 1));

	if (!n || span_len(s) < n)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if (((unsigned char)s.at[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s.at[i] & 0x3f);
	}
	pass_on_character(p, (struct span){ s.at, s.at + n }, code);
	return n;
}

/* Does the text begin with a byte as Python writes it, such as "\x9c"? @ret: the byte */
static bool is_escape(struct span s, unsigned long *ret)
{
	return span_word(&s, "\\x") && span_len(s) >= 2 && span_hex(&(struct span){ s.at, s.at + 2 }, ret) == 2;
}

/* Can a time stamp begin here, inside a line? If copying has lost the line ends, a time stamp stands in the middle of a
 * line, after a blank. */
static bool may_be_inner_time(const struct paste *p, struct span s)
{
	return span_is_digit(*s.at) && s.at != p->line + p->begin && s.at[-1] == ' ';
}

/* Removes a time stamp inside a line from the text. The time in "ets Jun  8 2016 00:22:57" is kept: the ESP32 prints
 * it. Return: the length of the time stamp; 0: nothing was removed */
static size_t take_inner_time(const struct paste *p, struct span s)
{
	size_t before = s.at - p->line < 16 ? (size_t)(s.at - p->line) : 16;
	struct span t = s;

	if (memmem(s.at - before, before, "ets ", 4) || !paste_skip_time(&t) ||
	    !(paste_skip_separator(&t) || p->found & LONG))
		return 0;
	pass_on_silent(p, (struct span){ s.at, t.at });
	return (size_t)(t.at - s.at);
}

/* Passes on what a backslash begins: "\0" stands for a NUL byte, Markdown's "\_" for "_", and "\x9c" for a byte.
 * Return: how many characters were passed on; 0: the backslash is plain text */
static size_t take_backslash(const struct paste *p, struct span s)
{
	unsigned long byte;

	if (span_len(s) > 1 && s.at[1] == '0') {
		pass_on_symbol(p, "\\0", 2, SYMBOL_BYTE, 0);
		return 2;
	}
	if (span_len(s) > 1 && s.at[1] && strchr("_*()[].-+~#>|`\"", s.at[1])) {
		const struct wrongbaud_symbol heard[2] = { { SYMBOL_BYTE, '\\' }, { SYMBOL_BYTE, (uint8_t)s.at[1] } };

		pass_on(p, s.at + 1, 1, heard, 2);
		return 2;
	}
	if (!p->escapes || !is_escape(s, &byte))
		return 0;
	pass_on_symbol(p, "\xff", 1, SYMBOL_BYTE, (unsigned char)byte);
	return 4;
}

/* Passes on the character at @s if the board may have sent another one. Return: its length; 0: it is plain text, and
 * was not passed on */
static size_t take_odd(const struct paste *p, struct span s)
{
	switch (*s.at) {
	case '\0': pass_on_symbol(p, "", 0, SYMBOL_BYTE, 0); return 1;
	case '?': pass_on_symbol(p, p->questions ? "\xff" : "?", 1, SYMBOL_MARK, '?'); return 1;
	case '\\': return take_backslash(p, s);
	default: return span_is_digit(*s.at) ? take_inner_time(p, s) : take_utf8(p, s);
	}
}

/* Return: the classes (enum paste_class) of all characters in the line. Takes eight bytes at a time to be fast, since
 * every byte of a log comes here. */
static unsigned int classes_of(const struct paste *p, struct span s)
{
	const unsigned char *c = (const unsigned char *)s.at, *end = c + span_len(s), *eights = c + span_len(s) / 8 * 8;
	const unsigned int *of = p->classes;
	unsigned int all = 0;

	for (; c != eights; c += 8)
		all |= of[c[0]] | of[c[1]] | of[c[2]] | of[c[3]] | of[c[4]] | of[c[5]] | of[c[6]] | of[c[7]];
	for (; c != end; c++)
		all |= of[*c];
	return all;
}

/* Finds out whether a program has replaced the unreadable characters of this line by question marks, or by texts such
 * as "\x9c". */
static void count_replaced(struct paste *p, struct span s)
{
	size_t n = 0, questions = 0, escapes = 0;
	unsigned long byte;

	for (; s.at != s.end; s.at++) {
		questions += *s.at == '?';
		n += questions > 0; /* characters from the first question mark on */
		escapes += is_escape(s, &byte);
	}
	p->questions = questions >= 8 && questions * 4 >= n;
	p->escapes = escapes >= 4;
}

static void pass_on_text(struct paste *p, struct span s)
{
	const char *from = s.at;

	if (p->found & ODD)
		count_replaced(p, s);
	while (p->found & (ODD | MARK | LONG) && s.at != s.end) {
		size_t n;

		if (!(p->classes[(unsigned char)*s.at] & ODD) && !may_be_inner_time(p, s)) {
			s.at++;
			continue;
		}
		if (from != s.at)
			pass_on(p, from, (size_t)(s.at - from), NULL, 0);
		n = take_odd(p, s);
		from = s.at + n;
		s.at += n ? n : 1;
	}
	if (from != s.end)
		pass_on(p, from, (size_t)(s.end - from), NULL, 0);
}

/* ---- decoding a line of the copied log ---- */

/* Return: the length of the escape sequence at @s; 0: there is none */
static size_t escape_length(struct span s)
{
	const char *begin = s.at;

	if (!span_word(&s, "\033["))
		return 0;
	while (s.at != s.end && s.at - begin < ESCAPE_MAX && *s.at >= 0x20 && *s.at < 0x40)
		s.at++;
	return s.at != s.end && *s.at >= 0x40 && *s.at < 0x7f ? (size_t)(s.at - begin) + 1 : 0;
}

/* Return: the length of the HTML entity at @s, such as "&gt;", "&nbsp;", "&#40;" or "&#x28;"; 0: there is none. @ret:
 * the character that the entity stands for */
static size_t entity_length(struct span s, char *ret)
{
	static const struct {
		const char *name;
		char c;
	} entities[] = { { "&lt;", '<' },   { "&gt;", '>' },	{ "&amp;", '&' },
			 { "&quot;", '"' }, { "&apos;", '\'' }, { "&nbsp;", ' ' } };
	const char *begin = s.at;
	unsigned long hex = 0;
	long n = 0;

	for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++) {
		if (span_word(&s, entities[i].name)) {
			*ret = entities[i].c;
			return (size_t)(s.at - begin);
		}
	}
	if (span_word(&s, "&#x"))
		n = span_hex(&s, &hex) ? (long)hex : 0;
	else if (!span_word(&s, "&#") || !span_dec(&s, &n))
		return 0;
	if (!span_char(&s, ';') || !((n >= ' ' && n < 0x7f) || n == 0xa0))
		return 0;
	*ret = n == 0xa0 ? ' ' : (char)n;
	return (size_t)(s.at - begin);
}

/* Decodes the line in place. Removes escape sequences, and the NULs of a log in UTF-16, where every second byte is a
 * NUL. Replaces HTML entities by their characters, and no-break spaces, which web pages insert, by blanks. But if the
 * line has many other characters beyond ASCII, keeps its no-break spaces: they may be bytes received at a wrong baud
 * rate. */
static void paste_tidy(struct paste *p)
{
	static const char nbsp[] = "\xc2\xa0";
	size_t high = 0, spaces = 0, wrong = 0;
	struct span s = { p->line, p->line + p->len };
	char *to = p->line;

	for (const char *c = s.at; c != s.end; c++) {
		high += (*c & 0x80) != 0;
		spaces += c != s.at && !memcmp(c - 1, nbsp, 2);
		wrong += c != s.at && !c[0] == !c[-1]; /* two NULs or no NUL: UTF-16 has no such pair */
	}
	if (p->len >= 8) /* a shorter line does not show whether the log is in UTF-16 */
		p->utf16 = wrong * 8 <= p->len;
	while (s.at != s.end) {
		size_t n = escape_length(s), entity = *s.at == '&' ? entity_length(s, to) : 0;

		s.at += n + entity;
		to += entity > 0;
		if (n || entity)
			continue;
		if (high <= 4 * spaces && span_word(&s, nbsp))
			*to++ = ' ';
		else if (*s.at++ || !p->utf16)
			*to++ = s.at[-1];
	}
	p->len = (size_t)(to - p->line);
}

/* Restores the spelling of the ESP8266's ROM in a line in which an editor has changed small letters to capitals. */
static void correct_case(struct paste *p, struct span s)
{
	static const char *const words[] = { "load 0x", "tail ", "chksum 0x", "csum 0x" };
	char *at;

	span_blanks(&s);
	at = p->line + (s.at - p->line);
	if (span_len(s) > 7 && (*at == 'E' || *at == 'e') && !strncasecmp(at, "ets jan", 7) &&
	    memcmp(at, "ets Jan", 7) != 0) {
		for (char *c = at; c != s.end; c++)
			*c = (char)tolower((unsigned char)*c);
		at[4] = 'J';
		return;
	}
	for (size_t i = 0; p->esp8266 && i < sizeof(words) / sizeof(words[0]); i++) {
		if (span_len(s) > strlen(words[i]) && !strncasecmp(at, words[i], strlen(words[i])))
			*at = *words[i];
	}
}

/* ---- line ends ---- */

/* Skips the end of an HTML block and the beginning of the next one: "</p><p>", "</code></pre><pre>". */
static bool skip_blocks(struct span *s)
{
	struct span t = *s;
	bool block = false, other = false;
	const char *at;

	while (paste_skip_tag(&t, true, &block))
		span_blanks(&t);
	at = t.at;
	while (block && paste_skip_tag(&t, false, &other))
		span_blanks(&t);
	if (t.at == at)
		return false;
	*s = t;
	return true;
}

/* Finds the first line end that the log shows as characters, such as "<br>". Return: these characters; if there are
 * none, an empty span at the end of @s */
static struct span shown_end(const struct paste *p, struct span s)
{
	static const char *const marks[] = { "\\r\\n", "<CR><LF>", "<LF>", "<br>", "<br/>", "<br />", NULL };
	static const char *const newlines[] = { "\\r\\n", "\\n", NULL };
	struct span t;

	for (; p->found & ODD && s.at != s.end; s.at++) {
		t = s;
		if ((*s.at == '<' || *s.at == '\\') &&
		    (paste_skip_one_of(&t, p->newlines ? newlines : marks) || skip_blocks(&t)))
			return (struct span){ s.at, t.at };
	}
	return (struct span){ s.end, s.end };
}

/* Do the characters "\n" stand for line ends? Only if they come four times: a path may contain "\n" once or twice. */
static bool has_newlines(struct span s)
{
	size_t n = 0;

	while (n < 4 && (s.at = memmem(s.at, span_len(s), "\\n", 2))) {
		s.at += 2;
		n++;
	}
	return n == 4;
}

/* The places at which copying breaks a line of the ROM in two. has: words in the first part. end: how the first part
 * ends; '0' stands for a hexadecimal digit. next: how the second part begins. */
static const struct {
	const char *has, *end, *next;
} breaks[] = {
	{ "rst cause", ",", "boot mode" },
	{ "rst cause", "boot", "mode:(" },
	{ "ets Jan", ",", "rst cause" },
	{ "rst:0x", ",", "boot:" },
	{ "rst:0x", "0", "(" },
	{ "len ", ",", "room " },
	{ "load 0x", ",", "len " },
	{ "load:0x", ",", "len:" },
};

static bool ends_with(struct span s, const char *end)
{
	size_t n = strlen(end);

	if (*end == '0')
		return isxdigit((unsigned char)s.end[-1]);
	return span_len(s) > n && !memcmp(s.end - n, end, n);
}

/* Can this be the first part of a line that copying has broken in two? A fast test of the line's first and last
 * characters, since nearly all lines are whole. */
static bool may_be_broken(struct span s)
{
	char last = s.at == s.end ? '\0' : s.end[-1];

	return last == ',' || (last == 't' && ends_with(s, "boot")) || (last != ')' && s.at != s.end && *s.at == 'r');
}

/* If copying may have broken this line in two, learns the prefix of the line. Return: how the next line begins if this
 * line is broken; NULL: this line is whole */
static const char *broken_at(struct paste *p, struct span s)
{
	for (size_t i = 0; i < sizeof(breaks) / sizeof(breaks[0]); i++) {
		struct span before = { s.at, NULL };

		if (ends_with(s, breaks[i].end))
			before.end = memmem(s.at, span_len(s), breaks[i].has, strlen(breaks[i].has));
		if (!before.end)
			continue;
		if (p->may_learn && !p->prefix_len && !span_is_blank(before))
			paste_learn_prefix(p, before);
		return breaks[i].next;
	}
	return NULL;
}

/* Passes on the line ends in @ends. Then passes on a line end for each one that was left out where a broken line was
 * joined: so bootlog.c counts as many lines as the copied log has. */
static void pass_on_ends(struct paste *p, struct span ends)
{
	static const struct wrongbaud_symbol heard[PASTE_HELD_MAX] = {
		{ SYMBOL_BREAK, '\n' }, { SYMBOL_BREAK, '\n' }, { SYMBOL_BREAK, '\n' }, { SYMBOL_BREAK, '\n' }
	};

	if (ends.at != ends.end)
		pass_on(p, ends.at, span_len(ends), heard, span_len(ends));
	for (; p->n_owed; p->n_owed--)
		pass_on_end(p, "\n");
}

/* Decides about the line ends before @s, which were held back because the line before them may be broken. If @s is the
 * second part of this line, joins the two parts: passes the line ends on as received bytes, but not as text. Else
 * passes them on as line ends. */
static void release_ends(struct paste *p, struct span *s)
{
	struct span t = *s, held = { p->held, p->held + p->n_held };

	p->n_held = 0;
	span_blanks(&t);
	if (s->at == s->end || !span_word(&t, p->next)) {
		pass_on_ends(p, held);
		return;
	}
	span_blanks(s);
	for (; held.at != held.end; held.at++) {
		p->n_owed += *held.at == '\n';
		pass_on_symbol(p, "", 0, SYMBOL_BREAK, '\n');
	}
}

/* If the line before @s may be broken and @s has no words, holds the line ends behind @s back, too: the second part of
 * the broken line may follow. Return: whether they were held back. */
static bool hold_ends(struct paste *p, struct span s, struct span ends)
{
	if (!p->n_held || ends.at == ends.end || p->n_held + span_len(ends) > PASTE_HELD_MAX)
		return false;
	for (const char *c = s.at; c != s.end; c++) {
		if (!strchr(" \t>|*#", *c))
			return false;
	}
	pass_on_silent(p, s);
	memcpy(p->held + p->n_held, ends.at, span_len(ends));
	p->n_held += span_len(ends);
	return true;
}

/* ---- lines of the copied log, and lines of the board's in them ---- */

/* Passes on one line of the board's text. It ends at a line end that the log shows as characters, such as "<br>", or at
 * the end of the log's own line. Return: where the board's next line begins */
static const char *take_board_line(struct paste *p, struct span line)
{
	struct span end = shown_end(p, line), s = { line.at, end.at };

	if (!p->continued) {
		while (s.at != s.end && *s.at == '\0')
			s.at++;
		paste_skip_prefix(p, &s);
		correct_case(p, s);
		if (p->n_held)
			release_ends(p, &s);
	}
	p->may_learn = !p->continued;
	p->begin = (size_t)(s.at - p->line);
	p->next = NULL;
	if (end.at == line.end && may_be_broken(span_trim_end(s))) {
		p->next = broken_at(p, span_trim_end(s));
		s = p->next ? span_trim_end(s) : s;
	}
	pass_on_silent(p, (struct span){ line.at, s.at });
	pass_on_text(p, s);
	pass_on_silent(p, (struct span){ s.end, end.end });
	if (end.at != line.end) {
		pass_on_end(p, "\r"); /* bootlog.c ends the line at '\r', but does not count it as a line of the log */
		p->continued = false;
	}
	return end.end;
}

/* Processes the line of the copied log in p->line. @ends: the line-end characters behind this line; empty: more of the
 * line may follow. */
static void take_copied_line(struct paste *p, struct span ends)
{
	struct span s = { p->line, p->line + p->len };

	p->found = classes_of(p, s);
	if (p->found & (ODD | ESCAPED))
		paste_tidy(p);
	s.end = p->line + p->len;
	if (hold_ends(p, s, ends)) {
		p->len = 0;
		return;
	}
	p->found |= span_len(s) > LONG_LINE ? LONG : 0;
	p->newlines = p->found & ODD && has_newlines(s);
	while (s.at != s.end || p->n_held)
		s.at = take_board_line(p, s);
	p->continued = ends.at == ends.end;
	if (p->next && !p->continued) {
		memcpy(p->held, ends.at, span_len(ends));
		p->n_held = span_len(ends);
	} else if (!p->continued) {
		pass_on_ends(p, ends);
	}
	p->may_learn = false;
	p->len = 0;
}

void paste_banner(struct paste *p, const char *banner, size_t n, enum chip chip)
{
	struct span before = { p->line + p->begin, NULL };

	p->esp8266 = chip == CHIP_ESP8266;
	/* Search the line for the beginning of the banner only: in the rest, paste.c may have changed characters while
	 * it passed them on. */
	if (p->may_learn)
		before.end = memmem(before.at, p->len - p->begin, banner, n < BANNER_START ? n : BANNER_START);
	if (before.end && !span_is_blank(before))
		paste_learn_prefix(p, before);
	p->may_learn = false;
}

void paste_feed(struct paste *p, const void *bytes, size_t n, paste_fn *on_piece, void *user)
{
	struct span s = { bytes, (const char *)bytes + n };

	p->on_piece = on_piece;
	p->user = user;
	while (s.at != s.end) {
		size_t room = PASTE_LINE_MAX - p->len, part = span_len(s) < room ? span_len(s) : room;
		const char *end = memchr(s.at, '\n', part);

		part = end ? (size_t)(end - s.at) : part;
		end = memchr(s.at, '\r', part);
		part = end ? (size_t)(end - s.at) : part;
		memcpy(p->line + p->len, s.at, part);
		p->len += part;
		end = s.at += part;
		(void)span_char(&s, '\r');
		(void)span_char(&s, '\n');
		if (s.at != end || p->len == PASTE_LINE_MAX)
			take_copied_line(p, (struct span){ end, s.at });
	}
}

void paste_flush(struct paste *p, paste_fn *on_piece, void *user)
{
	p->on_piece = on_piece;
	p->user = user;
	take_copied_line(p, (struct span){ 0 });
	pass_on_ends(p, (struct span){ 0 });
	p->continued = false;
}

void paste_init(struct paste *p, uint16_t (*gbk)(unsigned long character))
{
	memset(p, 0, sizeof(*p));
	p->gbk = gbk;
	for (unsigned int c = 0x80; c < 0x100; c++)
		p->classes[c] = ODD;
	for (const char *c = "0123456789./`>|\"'-*+#_~\xe2\xef"; *c; c++)
		p->classes[(unsigned char)*c] |= STAMP;
	p->classes['?'] = p->classes['\\'] = p->classes['<'] = ODD;
	p->classes['>'] |= MARK;
	p->classes['|'] |= MARK;
	p->classes['\0'] = ODD | ESCAPED;
	p->classes[0x1b] = p->classes['&'] = ESCAPED;
}
