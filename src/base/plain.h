/* plain.h - plain text, which is printable ASCII: what texts chosen by devices, programs and boards are reduced to.
 *
 *	char text[256] = "";
 *	r = plain_fail(TEXTBUF(text), -ENODEV, "%s is not plugged in", product);
 *
 * Plain text cannot act on a terminal and needs no escaping.
 */
#ifndef ESPRESET_BASE_PLAIN_H
#define ESPRESET_BASE_PLAIN_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* A buffer of the caller's that receives a NUL-terminated text. */
struct textbuf {
	char *at;
	size_t cap; /* in bytes, including the NUL */
};

/* The textbuf of a char array. */
#define TEXTBUF(array) ((struct textbuf){ (array), sizeof(array) })

/** plain_char() - @c if it is printable ASCII, else '?' */
static inline char plain_char(char c)
{
	return c >= ' ' && c <= '~' ? c : '?';
}

/** plain_is() - whether every character of @text is printable ASCII */
bool plain_is(const char *text);

/** plain_make() - replace every character of @text that is not printable ASCII by '?' */
void plain_make(char *text);

/** plain_vprint() - write formatted text into @buf, made plain; cut where @buf is full */
void plain_vprint(struct textbuf buf, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

/** plain_fail() - plain_vprint() an explanation of @error; returns @error */
int plain_fail(struct textbuf buf, int error, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
