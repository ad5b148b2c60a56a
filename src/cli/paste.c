/* paste.c - undoes what terminals, editors and web pages do to a copied log.
 *
 *	paste_feed() -> line_out()		a line of the paste is complete
 *		paste_tidy()				escape sequences, entities, UTF-16, no-break spaces
 *		part_of_line()			each line of the board's in it
 *			skip_prefix(), correct_case()
 *			paste_release_ends()		the line before was broken: does it go on?
 *			text_out()		characters
 */
#include "cli/paste.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "bootlog/span.h"

#define ESCAPE_MAX 24  /* longer than any that colours or moves a cursor */
#define LONG_LINE 100  /* longer than any of the ROM's */
#define BANNER_START 8 /* enough of a banner to find it */

/* Of characters: ODD needs a closer look, ESCAPED goes before anything else is looked at, MARK may part a time from a
 * line, STAMP begins what stands before one. Of a line: what is in it, and whether it is long. */
enum { ODD = 1, ESCAPED = 2, MARK = 4, STAMP = 8, LONG = 16 };

/* -------------------------------------------------------------------------------------------------
 * Before the line
 */

/* Moves past what has this form: '0' is a number, ' ' are blanks. The end of a line may have lost its blanks. */
static bool skip_form_of(struct span *s, const char *form, size_t n)
{
	struct span t = *s;

	for (const char *end = form + n; form != end; form++) {
		const char *at = t.at;

		if (t.at == t.end && *form == ' ')
			break;
		if (*form == ' ')
			span_blanks(&t);
		else if (*form != '0')
			(void)span_char(&t, *form);
		else
			while (t.at != t.end && span_is_digit(*t.at))
				t.at++;
		if (t.at == at)
			return false;
	}
	*s = t;
	return true;
}

static bool skip_form(struct span *s, const char *form)
{
	return skip_form_of(s, form, strlen(form));
}

static bool skip_one_of(struct span *s, const char *const *forms)
{
	while (*forms && !skip_form(s, *forms))
		forms++;
	return *forms;
}

/* "12:34:56", "12:34:56.789", "12:34:56,789Z", "12:34:56+01:00" */
static bool skip_time(struct span *s)
{
	static const char *const fractions[] = { ".0", ",0", ":0", NULL };
	static const char *const zones[] = { "Z", "+0:0", "+0", NULL };

	if (!skip_form(s, "0:0:0"))
		return false;
	(void)skip_one_of(s, fractions);
	(void)skip_one_of(s, zones);
	return true;
}

/* What stands between a stamp and the line */
static bool skip_separator(struct span *s)
{
	static const char *const separators[] = { "->", ">", "|", "- ", ": ", NULL };

	span_blanks(s);
	return skip_one_of(s, separators);
}

/* "Jan 31 12:34:56 host program[123]: " */
static bool skip_syslog(struct span *s)
{
	struct span t = *s;

	while (t.at != t.end && span_is_letter(*t.at))
		t.at++;
	if (t.at - s->at != 3 || !skip_form(&t, " 0 ") || !skip_time(&t))
		return false;
	for (int word = 0; word < 2; word++) {
		if (!skip_form(&t, " "))
			return false;
		while (t.at != t.end && *t.at != ' ')
			t.at++;
	}
	if (t.at[-1] != ':')
		return false;
	*s = t;
	return true;
}

/* ">", "> > ", ">>", but not the angles of ">>>stack>>>" and ">>> ZEPHYR FATAL ERROR" */
static bool skip_angles(struct span *s)
{
	struct span t = *s;
	size_t n;

	while (span_char(&t, '>'))
		;
	n = (size_t)(t.at - s->at);
	if (n >= 3 && (span_word(&t, "stack>") || span_word(&t, " ZEPHYR ")))
		n -= 3;
	if (!n || n == span_len(*s))
		return false;
	s->at += n;
	return true;
}

/* Before a banner marks are left: what stands there is learnt. */
static bool is_banner(struct span s)
{
	return span_word(&s, "ets J") || span_word(&s, "rst") || span_word(&s, "ESP-ROM");
}

/* "- ", "* ", "+ ", "## ", "12. ", "3) " of Markdown, before words; but " - IDLE0 (CPU 0)" is ESP-IDF's */
static bool skip_list_mark(struct span *s)
{
	static const char *const marks[] = { "- ", "* ", "+ ", "# ", "0. ", "0) ", NULL };
	struct span t = *s;

	while (span_len(t) > 1 && t.at[1] == '#' && span_char(&t, '#'))
		;
	if (!skip_one_of(&t, marks) || t.at == t.end || span_is_digit(*t.at) || is_banner(t) ||
	    (*s->at == '-' && span_has(t, "(CPU ")))
		return false;
	s->at = t.at;
	return true;
}

static bool has_digit(struct span s)
{
	while (s.at != s.end && !span_is_digit(*s.at))
		s.at++;
	return s.at != s.end;
}

/* "**...**", "_..._", "|...|", "\"...\"," around the line. An underscore is one of Markdown's once it was so around a
 * number; and "*** Booting Zephyr OS ***" is Zephyr's */
static bool skip_pair(struct paste *p, struct span *s)
{
	static const char *const marks[] = { "|", "\"", "'", "***", "**", "*", "~~", "__", "_", NULL };
	struct span t = span_trim_end(*s);

	if (t.at != t.end && t.end[-1] == ',' && (*t.at == '"' || *t.at == '\''))
		t.end--;
	for (const char *const *m = marks; *m; m++) {
		size_t n = strlen(*m);
		struct span in = { t.at + n, t.end - n };

		if (span_len(t) <= 2 * n || memcmp(t.at, *m, n) != 0 || memcmp(in.end, *m, n) != 0)
			continue;
		if (**m != '|' && (*in.at == ' ' || *in.at == **m || in.end[-1] == ' ' || in.end[-1] == **m))
			continue;
		p->italic |= **m == '_' && has_digit(in);
		if (**m == '_' && !p->italic)
			continue;
		*s = in;
		return true;
	}
	return false;
}

/* Quotation marks, and the marks of Markdown */
static void skip_quote(struct paste *p, struct span *s)
{
	static const char *const quotes[] = { "| ", "// ", "`", NULL };

	while (s->at != s->end && p->odd[(unsigned char)*s->at] & STAMP &&
	       (skip_pair(p, s) || skip_one_of(s, quotes) || skip_angles(s) || skip_list_mark(s)))
		span_blanks(s);
}

/* "<code>", "<span class=...>", "</p>". Returns whether it is one that ends a line where it ends. */
static bool skip_tag(struct span *s, bool closing, bool *ret_block)
{
	/* clang-format off */
	static const char *const names[] = { "p",    "div",  "li",  "tr", "td", "pre", NULL,	  /* blocks first */
					     "code", "span", "tt",  "samp", "kbd", "b", "font", "strong", "em", NULL };
	struct span t = *s;

	if (!span_char(&t, '<') || (closing && !span_char(&t, '/')))
		return false;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct span u = t;

		if (!names[i] || !span_word(&u, names[i]) || u.at == u.end || (*u.at != ' ' && *u.at != '>'))
			continue;
		while (u.at != u.end && *u.at != '>')
			u.at++;
		if (!span_char(&u, '>'))
			return false;
		*ret_block |= i < 6;
		*s = u;
		return true;
	}
	return false;
}

static void skip_tags(struct span *s)
{
	struct span t = *s;
	bool block = false;

	while (skip_tag(&t, false, &block))
		;
	if (!is_banner(t))
		*s = t;
}

/* A quick look: most lines have none. */
static bool may_be_stamp(const struct paste *p, struct span s)
{
	if (span_len(s) < 4)
		return span_len(s) > 1;
	if (*s.at == '[')
		return span_is_digit(s.at[1]) || s.at[1] == ' ';
	return p->odd[(unsigned char)*s.at] & STAMP || s.at[3] == ' ';
}

static void skip_stamp(struct span *s)
{
	static const char *const dates[] = { "0-0-0T", "0-0-0 ", "0-0-0_", "0/0/0 ", "0.0.0 ", NULL };
	struct span t = *s;
	bool bracket, timed;

	if (skip_syslog(s) || skip_form(s, "0> "))	/* esp-link's milliseconds */
		return;
	bracket = span_char(&t, '[');
	(void)skip_one_of(&t, dates);
	timed = skip_time(&t);
	if (!timed && bracket)
		span_blanks(&t);
	if (!(timed || (bracket && skip_form(&t, "0.0"))) || (bracket && !span_char(&t, ']')))
		return;
	(void)skip_separator(&t);
	*s = t;
}

/* "[0;32m", a colour whose escape character a page has dropped, or shown as U+FFFD, U+241B, "." or "[1B]" */
static void skip_colour(struct span *s)
{
	static const char *const escapes[] = { "\xef\xbf\xbd", "\xe2\x90\x9b", ".", "[1B]", NULL };
	struct span t = *s;

	(void)skip_one_of(&t, escapes);
	if (skip_form(&t, "[0;0m"))
		*s = t;
}

/* Too little to say whether it has a frame: what is left of a line's end, or the number of an empty line */
static bool is_no_line(struct span s)
{
	span_blanks(&s);
	while (s.at != s.end && (s.end[-1] == ' ' || s.end[-1] == '\t'))
		s.end--;
	return span_len(s) < 4 || (skip_form(&s, "0") && s.at == s.end);
}

/* What stood before a banner by chance does not stand before the next line. */
static void skip_frame(struct paste *p, struct span *s)
{
	struct span t = *s;

	if (!p->frame_len || is_no_line(t))
		return;
	span_blanks(&t);
	if (skip_form_of(&t, p->frame, p->frame_len)) {
		p->frame_sure = true;
		*s = t;
	} else if (!p->frame_sure) {
		p->frame_len = 0;
	}
}

static void learn_frame(struct paste *p, struct span before)
{
	char *f = p->frame;
	size_t n = 0;

	span_blanks(&before);
	for (; before.at != before.end && n < PASTE_FRAME_MAX; n++) {
		f[n] = (char)(span_is_digit(*before.at) ? '0' : *before.at == '\t' ? ' ' : *before.at);
		(void)skip_form_of(&before, f + n, 1);
	}
	if (before.at != before.end)
		n = 0;
	/* The ESP8266's own banner begins with a blank. */
	if (n > 1 && f[n - 1] == ' ' && f[n - 2] != '0' && !span_is_letter(f[n - 2]))
		n--;
	p->frame_len = n;
	p->frame_sure = false;
}

void paste_banner(struct paste *p, const char *banner, size_t n, enum chip chip)
{
	struct span before = { p->line + p->begin, NULL };

	p->esp8266 = chip == CHIP_ESP8266;
	/* What follows in the banner may be written another way in the paste. */
	if (p->may_learn)
		before.end = memmem(before.at, p->len - p->begin, banner, n < BANNER_START ? n : BANNER_START);
	if (before.end && !span_is_blank(before))
		learn_frame(p, before);
	p->may_learn = false;
}

static void skip_prefix(struct paste *p, struct span *s)
{
	struct span t = *s, u;
	const char *text;

	span_blanks(&t);
	text = t.at;
	u = t;
	if (!(p->frame_len && skip_form_of(&u, p->frame, p->frame_len)) && may_be_stamp(p, t)) {
		skip_quote(p, &t);
		skip_stamp(&t);
		span_blanks(&t);
		skip_colour(&t);
	}
	if (t.at != text)
		*s = t;
	skip_frame(p, s);
	if (s->at != s->end && *s->at == '<')
		skip_tags(s);
}

/* The ESP8266's words as its ROM writes them, where somebody or a program that corrects has written capital letters */
static void correct_case(struct paste *p, struct span s)
{
	static const char *const words[] = { "load 0x", "tail ", "chksum 0x", "csum 0x" };
	char *at;

	span_blanks(&s);
	at = p->line + (s.at - p->line);
	if (span_len(s) > 7 && (*at == 'E' || *at == 'e') && !strncasecmp(at, "ets jan", 7) && memcmp(at, "ets Jan", 7) != 0) {
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

/* -------------------------------------------------------------------------------------------------
 * Characters
 */

/* Passes on text, and what was received in its place. */
static void pass_on(const struct paste *p, const char *text, size_t n, const struct wrongbaud_symbol *heard,
		    size_t n_heard)
{
	p->piece(p->user, &(struct bootlog_piece){ text, n, heard, n_heard });
}

static void paste_piece(const struct paste *p, const char *text, size_t n, enum symbol_kind kind, unsigned char byte)
{
	pass_on(p, text, n, &(struct wrongbaud_symbol){ kind, byte }, 1);
}

static void paste_plain(const struct paste *p, struct span s)
{
	if (s.at != s.end)
		pass_on(p, s.at, span_len(s), NULL, 0);
}

/* Heard, but no text of the board's */
static void paste_silent(const struct paste *p, struct span s)
{
	for (; s.at != s.end; s.at++)
		paste_piece(p, "", 0, SYMBOL_BYTE, (unsigned char)*s.at);
}

/* Windows-1252 below 0xa0, as a terminal shows it */
static unsigned char windows_byte(unsigned long c)
{
	static const uint16_t chars[32] = {
		0x20ac, 0,	0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
		0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0,	0x017d, 0,
		0,	0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
		0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,	0x017e, 0x0178,
	};
	/* clang-format on */

	for (unsigned int i = 0; i < 32; i++) {
		if (chars[i] && chars[i] == c)
			return (unsigned char)(0x80 + i);
	}
	return 0;
}

/* A character beyond ASCII: which bytes was it when it came from the board? */
static void paste_character(const struct paste *p, struct span s, unsigned long c)
{
	struct wrongbaud_symbol heard[2] = { { SYMBOL_HIGH, 0 } };
	size_t n = 1;
	uint16_t gbk;

	if (c < 0x100) {
		heard[0] = (struct wrongbaud_symbol){ SYMBOL_BYTE, (uint8_t)c };
	} else if (c >= 0x2400 && c <= 0x2421) { /* pictures of control characters */
		heard[0] = (struct wrongbaud_symbol){ SYMBOL_BYTE, c == 0x2421 ? 0x7f : (uint8_t)(c - 0x2400) };
	} else if (windows_byte(c)) {
		heard[0] = (struct wrongbaud_symbol){ SYMBOL_BYTE, windows_byte(c) };
	} else if (c != 0xfffd && c != 0x2e2e && p->gbk && (gbk = p->gbk(c))) { /* U+2E2E: the Arduino IDE's U+FFFD */
		heard[0] = (struct wrongbaud_symbol){ SYMBOL_BYTE, (uint8_t)(gbk >> 8) };
		heard[1] = (struct wrongbaud_symbol){ SYMBOL_BYTE, (uint8_t)gbk };
		n = 2;
	}
	if (c == 0xa0)
		pass_on(p, " ", 1, heard, n);
	else
		pass_on(p, s.at, span_len(s), heard, n);
}

/* Passes on a character of UTF-8. Returns its length, or 0 for a byte that is none. */
static size_t beyond_ascii(const struct paste *p, struct span s)
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
	paste_character(p, (struct span){ s.at, s.at + n }, code);
	return n;
}

/* "\x9c", as Python writes a byte */
static bool is_escape(struct span s, unsigned long *ret)
{
	return span_word(&s, "\\x") && span_len(s) >= 2 && span_hex(&(struct span){ s.at, s.at + 2 }, ret) == 2;
}

/* Where a paste has lost its line ends, times stand inside the line, behind a blank. */
static bool may_be_inner(const struct paste *p, struct span s)
{
	return span_is_digit(*s.at) && s.at != p->line + p->begin && s.at[-1] == ' ';
}

/* Not the one in the ESP32's own "ets Jun  8 2016 00:22:57" */
static size_t inner_time(const struct paste *p, struct span s)
{
	size_t before = s.at - p->line < 16 ? (size_t)(s.at - p->line) : 16;
	struct span t = s;

	if (memmem(s.at - before, before, "ets ", 4) || !skip_time(&t) || !(skip_separator(&t) || p->all & LONG))
		return 0;
	paste_silent(p, (struct span){ s.at, t.at });
	return (size_t)(t.at - s.at);
}

/* "\_", "\*": Markdown without its backslash */
static void markdown_escape(const struct paste *p, struct span s)
{
	const struct wrongbaud_symbol heard[2] = { { SYMBOL_BYTE, '\\' }, { SYMBOL_BYTE, (uint8_t)s.at[1] } };

	pass_on(p, s.at + 1, 1, heard, 2);
}

/* Passes on the character here, and returns its length; 0: it is as it was heard. */
static size_t odd_piece(const struct paste *p, struct span s)
{
	unsigned long byte;

	switch (*s.at) {
	case '\0': paste_piece(p, "", 0, SYMBOL_BYTE, 0); return 1;
	case '?': paste_piece(p, p->questions ? "\xff" : "?", 1, SYMBOL_MARK, '?'); return 1;
	case '\\':
		if (span_len(s) > 1 && s.at[1] == '0') { /* how some terminals write a NUL */
			paste_piece(p, "\\0", 2, SYMBOL_BYTE, 0);
			return 2;
		}
		if (span_len(s) > 1 && strchr("_*()[].-+~#>|`\"", s.at[1])) {
			markdown_escape(p, s);
			return 2;
		}
		if (!p->escapes || !is_escape(s, &byte))
			return 0;
		paste_piece(p, "\xff", 1, SYMBOL_BYTE, (unsigned char)byte);
		return 4;
	default: return span_is_digit(*s.at) ? inner_time(p, s) : beyond_ascii(p, s);
	}
}

static unsigned int paste_oddities(const struct paste *p, struct span s)
{
	const unsigned char *c = (const unsigned char *)s.at, *end = c + span_len(s), *eights = c + span_len(s) / 8 * 8;
	unsigned int all = 0;

	for (; c != eights; c += 8)
		all |= p->odd[c[0]] | p->odd[c[1]] | p->odd[c[2]] | p->odd[c[3]] | p->odd[c[4]] | p->odd[c[5]] |
		       p->odd[c[6]] | p->odd[c[7]];
	for (; c != end; c++)
		all |= p->odd[*c];
	return all;
}

/* Have the unreadable characters of this line become question marks, or "\x9c"? */
static void count_lost(struct paste *p, struct span s)
{
	size_t n = 0, questions = 0, escapes = 0;
	unsigned long byte;

	for (; s.at != s.end; s.at++) {
		questions += *s.at == '?';
		n += questions > 0;
		escapes += is_escape(s, &byte);
	}
	p->questions = questions >= 8 && questions * 4 >= n; /* from the first one on */
	p->escapes = escapes >= 4;
}

static void text_out(struct paste *p, struct span s)
{
	const char *from = s.at;

	if (p->all & ODD)
		count_lost(p, s);
	while (p->all & (ODD | MARK | LONG) && s.at != s.end) {
		struct span before = { from, s.at };
		size_t n;

		if (!(p->odd[(unsigned char)*s.at] & ODD) && !may_be_inner(p, s)) {
			s.at++;
			continue;
		}
		paste_plain(p, before);
		n = odd_piece(p, s);
		from = s.at + n;
		s.at += n ? n : 1;
	}
	paste_plain(p, (struct span){ from, s.end });
}

/* -------------------------------------------------------------------------------------------------
 * Lines
 */

/* The length of the escape sequence at s; 0: there is none */
static size_t escape_length(struct span s)
{
	const char *begin = s.at;

	if (!span_word(&s, "\033["))
		return 0;
	while (s.at != s.end && s.at - begin < ESCAPE_MAX && *s.at >= 0x20 && *s.at < 0x40)
		s.at++;
	return s.at != s.end && *s.at >= 0x40 && *s.at < 0x7f ? (size_t)(s.at - begin) + 1 : 0;
}

/* "&gt;", "&nbsp;", "&#40;", "&#x28;". Returns its length, or 0 */
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

/* Drops escape sequences, undoes HTML's entities, drops the NULs of UTF-16, which is where every second byte is one.
 * Makes blanks of the no-break spaces of web pages, unless they are among other characters beyond ASCII: those may
 * have been heard at another speed. */
static void paste_tidy(struct paste *p)
{
	static const char nbsp[] = "\xc2\xa0";
	size_t high = 0, spaces = 0, wrong = 0;
	struct span s = { p->line, p->line + p->len };
	char *to = p->line;

	for (const char *c = s.at; c != s.end; c++) {
		high += (*c & 0x80) != 0;
		spaces += c != s.at && !memcmp(c - 1, nbsp, 2);
		wrong += c != s.at && !c[0] == !c[-1];
	}
	if (p->len >= 8) /* a shorter line says too little */
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

/* "</p><p>", "</code></pre><pre>": the end of a block, and the beginning of the next one */
static bool skip_blocks(struct span *s)
{
	struct span t = *s;
	bool block = false, other = false;
	const char *at;

	while (skip_tag(&t, true, &block))
		span_blanks(&t);
	at = t.at;
	while (block && skip_tag(&t, false, &other))
		span_blanks(&t);
	if (t.at == at)
		return false;
	*s = t;
	return true;
}

/* The first line end that is shown as characters, or the end of the line */
static struct span shown_end(const struct paste *p, struct span s)
{
	static const char *const marks[] = { "\\r\\n", "<CR><LF>", "<LF>", "<br>", "<br/>", "<br />", NULL };
	static const char *const more[] = { "\\r\\n", "\\n", NULL };
	struct span t;

	for (; p->all & ODD && s.at != s.end; s.at++) {
		t = s;
		if ((*s.at == '<' || *s.at == '\\') && (skip_one_of(&t, p->newlines ? more : marks) || skip_blocks(&t)))
			return (struct span){ s.at, t.at };
	}
	return (struct span){ s.end, s.end };
}

/* Where a paste breaks a line of the ROM's: what is in the line, how it ends ('0' is a digit), how the next one begins */
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

/* A quick look: nearly all lines are not. */
static bool may_be_broken(struct span s)
{
	char last = s.at == s.end ? '\0' : s.end[-1];

	return last == ',' || (last == 't' && ends_with(s, "boot")) || (last != ')' && s.at != s.end && *s.at == 'r');
}

/* How the next line begins if this one is broken; else NULL. Learns what stands before it. */
static const char *broken_at(struct paste *p, struct span s)
{
	for (size_t i = 0; i < sizeof(breaks) / sizeof(breaks[0]); i++) {
		struct span before = { s.at, NULL };

		if (ends_with(s, breaks[i].end))
			before.end = memmem(s.at, span_len(s), breaks[i].has, strlen(breaks[i].has));
		if (!before.end)
			continue;
		if (p->may_learn && !p->frame_len && !span_is_blank(before))
			learn_frame(p, before);
		return breaks[i].next;
	}
	return NULL;
}

/* Line ends; behind them those of the lines that were put together, so that lines are numbered as in the paste */
static void ends_out(struct paste *p, struct span end)
{
	static const struct wrongbaud_symbol breaks_heard[PASTE_HELD_MAX] = {
		{ SYMBOL_BREAK, '\n' },
		{ SYMBOL_BREAK, '\n' },
		{ SYMBOL_BREAK, '\n' },
		{ SYMBOL_BREAK, '\n' },
	};
	static const struct wrongbaud_symbol nothing;

	if (end.at != end.end)
		pass_on(p, end.at, span_len(end), breaks_heard, span_len(end));
	for (; p->n_owed; p->n_owed--)
		pass_on(p, "\n", 1, &nothing, 0);
}

/* The line ends that were held back: does this line go on where the last one was broken? */
static void paste_release_ends(struct paste *p, struct span *s)
{
	struct span t = *s, held = { p->held, p->held + p->n_held };

	p->n_held = 0;
	span_blanks(&t);
	if (s->at == s->end || !span_word(&t, p->next)) {
		ends_out(p, held);
		return;
	}
	span_blanks(s);
	for (; held.at != held.end; held.at++) {
		p->n_owed += *held.at == '\n';
		paste_piece(p, "", 0, SYMBOL_BREAK, '\n');
	}
}

/* A line without a word, while a line end is held back: its own is held back, too. */
static bool is_held(struct paste *p, struct span s, struct span end)
{
	if (!p->n_held || end.at == end.end || p->n_held + span_len(end) > PASTE_HELD_MAX)
		return false;
	for (const char *c = s.at; c != s.end; c++) {
		if (!strchr(" \t>|*#", *c))
			return false;
	}
	paste_silent(p, s);
	memcpy(p->held + p->n_held, end.at, span_len(end));
	p->n_held += span_len(end);
	return true;
}

/* A line of the board's: up to a line end that is shown, or the end of the paste's line. Returns where the next one
 * begins. */
static const char *part_of_line(struct paste *p, struct span line)
{
	static const struct wrongbaud_symbol nothing;
	struct span end = shown_end(p, line), s = { line.at, end.at };

	if (!p->continued) {
		while (s.at != s.end && *s.at == '\0')
			s.at++;
		skip_prefix(p, &s);
		correct_case(p, s);
		if (p->n_held)
			paste_release_ends(p, &s);
	}
	p->may_learn = !p->continued;
	p->begin = (size_t)(s.at - p->line);
	p->next = NULL;
	if (end.at == line.end && may_be_broken(span_trim_end(s))) {
		p->next = broken_at(p, span_trim_end(s));
		s = p->next ? span_trim_end(s) : s;
	}
	paste_silent(p, (struct span){ line.at, s.at });
	text_out(p, s);
	paste_silent(p, (struct span){ s.end, end.end });
	if (end.at != line.end) { /* not counted as a line of the paste */
		pass_on(p, "\r", 1, &nothing, 0);
		p->continued = false;
	}
	return end.end;
}

/* Is "\n" a line end? Once or twice it may be in a file's name. */
static bool has_newlines(struct span s)
{
	size_t n = 0;

	while (n < 4 && (s.at = memmem(s.at, span_len(s), "\\n", 2))) {
		s.at += 2;
		n++;
	}
	return n == 4;
}

/* @end: the line ends that have come */
static void line_out(struct paste *p, struct span end)
{
	struct span s = { p->line, p->line + p->len };

	p->all = paste_oddities(p, s);
	if (p->all & (ODD | ESCAPED))
		paste_tidy(p);
	s.end = p->line + p->len;
	if (p->n_held && is_held(p, s, end)) {
		p->len = 0;
		return;
	}
	p->all |= span_len(s) > LONG_LINE ? LONG : 0;
	p->newlines = p->all & ODD && has_newlines(s);
	while (s.at != s.end || p->n_held)
		s.at = part_of_line(p, s);
	p->continued = end.at == end.end;
	if (p->next && !p->continued) {
		memcpy(p->held, end.at, span_len(end));
		p->n_held = span_len(end);
	} else if (!p->continued) {
		ends_out(p, end);
	}
	p->may_learn = false;
	p->len = 0;
}

void paste_feed(struct paste *p, const void *bytes, size_t n, paste_fn *fn, void *user)
{
	struct span s = { bytes, (const char *)bytes + n };

	p->piece = fn;
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
			line_out(p, (struct span){ end, s.at });
	}
}

void paste_flush(struct paste *p, paste_fn *fn, void *user)
{
	p->piece = fn;
	p->user = user;
	line_out(p, (struct span){ 0 });
	ends_out(p, (struct span){ 0 });
	p->continued = false;
}

void paste_init(struct paste *p, uint16_t (*gbk)(unsigned long character))
{
	memset(p, 0, sizeof(*p));
	p->gbk = gbk;
	for (unsigned int c = 0x80; c < 0x100; c++)
		p->odd[c] = ODD;
	for (const char *c = "0123456789./`>|\"'-*+#_~\xe2\xef"; *c; c++)
		p->odd[(unsigned char)*c] |= STAMP;
	p->odd['?'] = p->odd['\\'] = p->odd['<'] = ODD;
	p->odd['>'] |= MARK;
	p->odd['|'] |= MARK;
	p->odd['\0'] = ODD | ESCAPED;
	p->odd[0x1b] = p->odd['&'] = ESCAPED;
}
