/* paste_prefix.c - what stands before the board's text in a line of a copied log: time stamps, quotation marks, marks
 * of Markdown and HTML, and a prefix that all lines of the log have. */
#include "cli/paste_prefix.h"

#include <stdio.h>
#include <string.h>

/* ---- forms: '0' matches a number, ' ' blanks, any other character itself. ---- */

/* Skips text that matches the form. At the end of a line a ' ' of the form also matches the empty text, since copying
 * may have removed trailing blanks. */
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

bool paste_skip_one_of(struct span *s, const char *const *forms)
{
	while (*forms && !skip_form(s, *forms))
		forms++;
	return *forms;
}

/* ---- time stamps ---- */

bool paste_skip_time(struct span *s)
{
	static const char *const fractions[] = { ".0", ",0", ":0", NULL };
	static const char *const zones[] = { "Z", "+0:0", "+0", NULL };

	if (!skip_form(s, "0:0:0"))
		return false;
	(void)paste_skip_one_of(s, fractions);
	(void)paste_skip_one_of(s, zones);
	return true;
}

bool paste_skip_separator(struct span *s)
{
	static const char *const separators[] = { "->", ">", "|", "- ", ": ", NULL };

	span_blanks(s);
	return paste_skip_one_of(s, separators);
}

/* Skips a prefix of syslog: "Jan 31 12:34:56 host program[123]: ". */
static bool skip_syslog(struct span *s)
{
	struct span t = *s;

	while (t.at != t.end && span_is_letter(*t.at))
		t.at++;
	if (t.at - s->at != 3 || !skip_form(&t, " 0 ") || !paste_skip_time(&t))
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

/* Can this line begin with a time stamp or a quotation mark? A fast test, since most lines have neither. */
static bool may_be_stamp(const struct paste *p, struct span s)
{
	if (span_len(s) < 4)
		return span_len(s) > 1;
	if (*s.at == '[')
		return span_is_digit(s.at[1]) || s.at[1] == ' ';
	return p->classes[(unsigned char)*s.at] & STAMP || s.at[3] == ' ';
}

static void skip_stamp(struct span *s)
{
	static const char *const dates[] = { "0-0-0T", "0-0-0 ", "0-0-0_", "0/0/0 ", "0.0.0 ", NULL };
	struct span t = *s;
	bool bracket, timed;

	if (skip_syslog(s) || skip_form(s, "0> ")) /* "1234> " are milliseconds, as esp-link prints them */
		return;
	bracket = span_char(&t, '[');
	(void)paste_skip_one_of(&t, dates);
	timed = paste_skip_time(&t);
	if (!timed && bracket)
		span_blanks(&t);
	if (!(timed || (bracket && skip_form(&t, "0.0"))) || (bracket && !span_char(&t, ']')))
		return;
	(void)paste_skip_separator(&t);
	*s = t;
}

/* Skips a colour such as "[0;32m", if its escape character was lost or is shown as U+FFFD, U+241B, "." or "[1B]". */
static void skip_colour(struct span *s)
{
	static const char *const escapes[] = { "\xef\xbf\xbd", "\xe2\x90\x9b", ".", "[1B]", NULL };
	struct span t = *s;

	(void)paste_skip_one_of(&t, escapes);
	if (skip_form(&t, "[0;0m"))
		*s = t;
}

/* ---- marks of quotation, Markdown and HTML ---- */

/* Does a banner begin here? Then the marks before it are not skipped, so that paste_banner() learns them. */
static bool is_banner(struct span s)
{
	return span_word(&s, "ets J") || span_word(&s, "rst") || span_word(&s, "ESP-ROM");
}

/* Skips the angle brackets of a quotation: ">", "> > ", ">>". Keeps those that the board prints: ">>>stack>>>" and
 * ">>> ZEPHYR FATAL ERROR". */
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

/* Skips the mark of a Markdown list or heading before words: "- ", "* ", "+ ", "## ", "12. ", "3) ". Keeps the "- "
 * that ESP-IDF prints in " - IDLE0 (CPU 0)". */
static bool skip_list_mark(struct span *s)
{
	static const char *const marks[] = { "- ", "* ", "+ ", "# ", "0. ", "0) ", NULL };
	struct span t = *s;

	while (span_len(t) > 1 && t.at[1] == '#' && span_char(&t, '#'))
		;
	if (!paste_skip_one_of(&t, marks) || t.at == t.end || span_is_digit(*t.at) || is_banner(t) ||
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

/* Skips a pair of marks around the line: "**...**", "|...|", "\"...\",". A board may print a pair of underscores
 * itself, so this pair is skipped only after one has stood around a line with a digit. "*** Booting Zephyr OS ***" is
 * kept: the board prints it, and it has blanks inside the marks. */
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

static void skip_quote(struct paste *p, struct span *s)
{
	static const char *const quotes[] = { "| ", "// ", "`", NULL };

	while (s->at != s->end && p->classes[(unsigned char)*s->at] & STAMP &&
	       (skip_pair(p, s) || paste_skip_one_of(s, quotes) || skip_angles(s) || skip_list_mark(s)))
		span_blanks(s);
}

bool paste_skip_tag(struct span *s, bool closing, bool *ret_block)
{
	static const char blocks[] = " p div li tr td pre ", others[] = " code span tt samp kbd b font strong em ";
	struct span t = *s;
	char name[12];
	int n = 0;

	if (!span_char(&t, '<') || (closing && !span_char(&t, '/')))
		return false;
	while (n < 6 && n < (int)span_len(t) && span_is_letter(t.at[n]))
		n++;
	snprintf(name, sizeof(name), " %.*s ", n, t.at);
	t.at += n;
	if (!n || t.at == t.end || (*t.at != ' ' && *t.at != '>') || !(strstr(blocks, name) || strstr(others, name)))
		return false;
	while (t.at != t.end && *t.at != '>')
		t.at++;
	if (!span_char(&t, '>'))
		return false;
	*ret_block |= strstr(blocks, name) != NULL;
	*s = t;
	return true;
}

static void skip_tags(struct span *s)
{
	struct span t = *s;
	bool block = false;

	while (paste_skip_tag(&t, false, &block))
		;
	if (!is_banner(t))
		*s = t;
}

/* ---- the prefix that was learned ---- */

/* Is this line too short to show whether the lines of the log have the learned prefix? It may be left over from a line
 * end, or be the line number of an empty line. */
static bool is_no_line(struct span s)
{
	s = span_trim(s);
	return span_len(s) < 4 || (skip_form(&s, "0") && s.at == s.end);
}

/* Skips the learned prefix. If the first line after the banner does not begin with the prefix, the prefix stood before
 * the banner only by chance, and is forgotten. */
static void skip_learned(struct paste *p, struct span *s)
{
	struct span t = *s;

	if (!p->prefix_len || is_no_line(t))
		return;
	span_blanks(&t);
	if (skip_form_of(&t, p->prefix, p->prefix_len)) {
		p->prefix_sure = true;
		*s = t;
	} else if (!p->prefix_sure) {
		p->prefix_len = 0;
	}
}

void paste_learn_prefix(struct paste *p, struct span before)
{
	char *form = p->prefix;
	size_t n = 0;

	span_blanks(&before);
	for (; before.at != before.end && n < PASTE_PREFIX_MAX; n++) {
		form[n] = (char)(span_is_digit(*before.at) ? '0' : *before.at == '\t' ? ' ' : *before.at);
		(void)skip_form_of(&before, form + n, 1);
	}
	if (before.at != before.end)
		n = 0;
	/* A last blank is not part of the prefix, since it may belong to the banner: an ESP8266's banner begins with a
	 * blank. */
	if (n > 1 && form[n - 1] == ' ' && form[n - 2] != '0' && !span_is_letter(form[n - 2]))
		n--;
	p->prefix_len = n;
	p->prefix_sure = false;
}

void paste_skip_prefix(struct paste *p, struct span *s)
{
	struct span t = *s, u;
	const char *text;

	span_blanks(&t);
	text = t.at;
	u = t;
	if (!(p->prefix_len && skip_form_of(&u, p->prefix, p->prefix_len)) && may_be_stamp(p, t)) {
		skip_quote(p, &t);
		skip_stamp(&t);
		span_blanks(&t);
		skip_colour(&t);
	}
	if (t.at != text)
		*s = t;
	skip_learned(p, s);
	if (s->at != s->end && *s->at == '<')
		skip_tags(s);
}
