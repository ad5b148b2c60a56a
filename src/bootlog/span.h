/* span.h - parses a piece of text (a "span") from left to right.
 *
 *	struct span s = { text, text + n };
 *	unsigned long n[2];
 *	if (span_scan(&s, "load:0x%8,len:#", n)) ...	n has both numbers, and s begins behind the last digit
 */
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

/** span_char() - move @s past the character @c. Return: false, and @s unchanged, if the text does not begin with @c */
static inline bool span_char(struct span *s, char c)
{
	if (s->at == s->end || *s->at != c)
		return false;
	s->at++;
	return true;
}

/** span_word() - move @s past @word. Return: false, and @s unchanged, if the text does not begin with @word */
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

/** span_blanks() - move @s past any spaces and tabs */
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

/** span_is() - is the text equal to @word? */
static inline bool span_is(struct span s, const char *word)
{
	return span_word(&s, word) && s.at == s.end;
}

static inline bool span_has(struct span s, const char *word)
{
	return memmem(s.at, span_len(s), word, strlen(word)) != NULL;
}

/**
 * span_any() - move @s past the first entry of @words with which the text begins
 * @words: a list that ends with NULL
 * Return: the index of this entry; -1, and @s unchanged, if the text begins with none of @words.
 */
int span_any(struct span *s, const char *const *words);

/**
 * span_scan() - read text of the given form, and move @s past it
 * @form: "#" stands for a decimal number; "%" for a hexadecimal number; "%8" for a hexadecimal number of exactly 8
 *        digits; "@" for a letter; "_" for any number of blanks, even none; "?:" for a colon that may be missing. Every
 *        other character stands for itself
 * @ret:  receives the numbers in their order; after a mismatch, only the numbers before it
 * Return: false, and @s unchanged, if the text does not begin with @form.
 */
bool span_scan(struct span *s, const char *form, unsigned long *ret);

/**
 * span_dec() - read a decimal number of one to nine digits, which may begin with "-"
 * Return: false, and @s unchanged, if the text does not begin with such a number.
 */
bool span_dec(struct span *s, long *ret);

/**
 * span_hex() - read a hexadecimal number of one to eight digits
 * Return: how many digits it has; 0, and @s unchanged, if the text does not begin with such a number.
 */
int span_hex(struct span *s, unsigned long *ret);

/** span_copy() - copy the text into the string @to of at most @cap bytes; bytes that are not printable become '?' */
void span_copy(char *to, size_t cap, struct span s);

#endif
