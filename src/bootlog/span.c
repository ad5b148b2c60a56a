/* span.c - reads a piece of a text line from left to right. */
#include "bootlog/span.h"

#include "base/plain.h"

bool span_dec(struct span *s, long *ret)
{
	struct span t = *s;
	bool minus = span_char(&t, '-');
	long n = 0;
	int digits = 0;

	for (; t.at != t.end && span_is_digit(*t.at); digits++) {
		if (digits == 9)
			return false;
		n = n * 10 + (*t.at++ - '0');
	}
	if (!digits)
		return false;
	*s = t;
	*ret = minus ? -n : n;
	return true;
}

static int hex_digit(char c)
{
	if (span_is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int span_hex(struct span *s, unsigned long *ret)
{
	unsigned long n = 0;
	int digits = 0;

	for (; s->at + digits != s->end && hex_digit(s->at[digits]) >= 0; digits++) {
		if (digits == 8)
			return 0;
		n = n << 4 | (unsigned long)hex_digit(s->at[digits]);
	}
	s->at += digits;
	if (digits)
		*ret = n;
	return digits;
}

void span_copy(char *to, size_t cap, struct span s)
{
	size_t n = 0;

	for (; s.at != s.end && n + 1 < cap; s.at++)
		to[n++] = plain_char(*s.at);
	to[n] = '\0';
}

int span_any(struct span *s, const char *const *words)
{
	char first = s->at != s->end ? *s->at : '\0';

	for (int i = 0; words[i]; i++) {
		if (*words[i] == first && span_word(s, words[i]))
			return i;
	}
	return -1;
}

/* Read one number: decimal if @form begins with '#', hexadecimal if it begins with '%'; "%8" wants eight digits. Return
 * the last character of the number's form, such as the '8' of "%8"; NULL: the text has no such number. */
static const char *scan_number(struct span *s, const char *form, unsigned long *ret)
{
	long decimal;
	int digits;

	if (*form == '#') {
		if (!span_dec(s, &decimal))
			return NULL;
		*ret = (unsigned long)decimal;
		return form;
	}
	digits = span_hex(s, ret);
	if (!span_is_digit(form[1]))
		return digits ? form : NULL;
	return digits == form[1] - '0' ? form + 1 : NULL;
}

bool span_scan(struct span *s, const char *form, unsigned long *ret)
{
	struct span t = *s;

	for (; *form; form++) {
		switch (*form) {
		case '_': span_blanks(&t); break;
		case '?': (void)span_char(&t, *++form); break;
		case '@':
			if (t.at == t.end || !span_is_letter(*t.at++))
				return false;
			break;
		case '#':
		case '%':
			form = scan_number(&t, form, ret++);
			if (!form)
				return false;
			break;
		default:
			if (!span_char(&t, *form))
				return false;
		}
	}
	*s = t;
	return true;
}
