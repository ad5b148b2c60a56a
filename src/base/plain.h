/* plain.h - reduces texts from devices, programs and boards to printable ASCII ("plain text").
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

/* A buffer that the caller provides for a NUL-terminated text. */
struct textbuf {
	char *at;
	size_t cap; /* size of the buffer in bytes, including the NUL */
};

/* Makes a struct textbuf of a char array. */
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

/** plain_vprint() - print formatted text into @buf as printable ASCII; text that does not fit is cut off */
void plain_vprint(struct textbuf buf, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

/** plain_fail() - print an explanation of @error into @buf, as plain_vprint() does. Return: @error. */
int plain_fail(struct textbuf buf, int error, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
