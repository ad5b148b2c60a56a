/* span.h - a piece of a line that is being read, word by word. */
#ifndef ESPRESET_BOOTLOG_SPAN_H
#define ESPRESET_BOOTLOG_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct span {
	const char *at;
	const char *end;
};

static inline bool span_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool span_is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline size_t span_len(struct span s)
{
	return (size_t)(s.end - s.at);
}

/* Each of these moves past what it names and says so, or leaves the span alone. */
static inline bool span_char(struct span *s, char c)
{
	if (s->at == s->end || *s->at != c)
		return false;
	s->at++;
	return true;
}

static inline bool span_word(struct span *s, const char *word)
{
	const char *at = s->at;

	for (; *word; word++, at++) {
		if (at == s->end || *at != *word)
			return false;
	}
	s->at = at;
	return true;
}

static inline void span_blanks(struct span *s)
{
	while (s->at != s->end && (*s->at == ' ' || *s->at == '\t'))
		s->at++;
}

static inline struct span span_trim_end(struct span s)
{
	while (s.at != s.end && (s.end[-1] == ' ' || s.end[-1] == '\t'))
		s.end--;
	return s;
}

static inline struct span span_trim(struct span s)
{
	span_blanks(&s);
	return span_trim_end(s);
}

static inline bool span_is_blank(struct span s)
{
	span_blanks(&s);
	return s.at == s.end;
}

static inline bool span_has(struct span s, const char *word)
{
	return memmem(s.at, span_len(s), word, strlen(word)) != NULL;
}

/** span_copy() - as printable ASCII, '?' for all else, cut at @cap */
void span_copy(char *to, size_t cap, struct span s);
/** span_dec() - a decimal number of at most nine digits; -1 is one where it may be */
bool span_dec(struct span *s, long *ret);
/** span_hex() - a hexadecimal number of one to eight digits, without 0x. Return: how many digits */
int span_hex(struct span *s, unsigned long *ret);

#endif
