/* clean.c - makes texts of boards and file names safe to print on a terminal or to put into JSON. */
#include "report/clean.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Room for a text line with the longest file name (PATH_MAX) and a sentence, before it is cleaned. */
#define LINE_MAX_BYTES 6144

/* Decodes one UTF-8 character (RFC 3629, section 4). Return: its length in bytes; 0: src does not begin with one. */
static size_t clean_decode(const unsigned char *src, size_t n, uint32_t *ret)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 }; /* [n]: least character that needs n bytes */
	unsigned char head = src[0];
	size_t len = head < 0x80 ? 1 : head < 0xc2 ? 0 : head < 0xe0 ? 2 : head < 0xf0 ? 3 : head < 0xf5 ? 4 : 0;
	uint32_t c = len > 1 ? head & (0x7fU >> len) : head;

	if (len == 0 || n < len)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if ((src[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (src[i] & 0x3f);
	}
	if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*ret = c;
	return len;
}

/* Is c a control character, or a character that can mislead a reader because it reverses text or is invisible? (In
 * Unicode 15: some of the characters with the property Bidi_Control or Default_Ignorable.) */
static bool acts_on_terminals(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x61c || (c >= 0x200b && c <= 0x200f) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
	       (c >= 0xe0000 && c <= 0xe0fff);
}

static size_t clean_text(char *dst, size_t cap, const char *src, size_t n, bool terminal)
{
	const unsigned char *p = (const unsigned char *)src;
	size_t used = 0;

	if (!cap)
		return 0;
	while (n) {
		uint32_t c = 0;
		size_t len = clean_decode(p, n, &c), out;
		char text[16];

		if (len == 0) {
			memcpy(text, "\xef\xbf\xbd", 4);
			len = 1;
			out = 3;
		} else if (terminal && acts_on_terminals(c)) {
			out = (size_t)snprintf(text, sizeof(text), c < 0x100 ? "\\x%02x" : "\\u{%x}", (unsigned int)c);
		} else {
			memcpy(text, p, len);
			out = len;
		}
		if (used + out >= cap)
			break;
		memcpy(dst + used, text, out);
		used += out;
		p += len;
		n -= len;
	}
	dst[used] = '\0';
	return used;
}

size_t clean_utf8(char *dst, size_t cap, const char *src, size_t n)
{
	return clean_text(dst, cap, src, n, false);
}

size_t clean_terminal(char *dst, size_t cap, const char *src, size_t n)
{
	return clean_text(dst, cap, src, n, true);
}

void clean_line(FILE *out, const char *format, ...)
{
	char line[LINE_MAX_BYTES], clean_text[4 * LINE_MAX_BYTES];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(line, sizeof(line), format, ap); /* a longer text line is cut off */
	va_end(ap);
	(void)clean_terminal(clean_text, sizeof(clean_text), line, strlen(line));
	(void)fprintf(out, "%s\n", clean_text); /* the caller finds an error with ferror() */
}
