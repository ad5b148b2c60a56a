/* clean.c - makes what a board printed harmless: for terminals, and as valid UTF-8 for JSON. */
#include "report/clean.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* One character at src: its length; 0 if the first byte belongs to none. RFC 3629, section 4. */
static size_t decode(const unsigned char *src, size_t n, uint32_t *ret)
{
	size_t len;
	uint32_t c, least;

	if (src[0] < 0x80) {
		*ret = src[0];
		return 1;
	}
	if (src[0] >= 0xc2 && src[0] <= 0xdf) {
		len = 2;
		c = src[0] & 0x1f;
		least = 0x80;
	} else if ((src[0] & 0xf0) == 0xe0) {
		len = 3;
		c = src[0] & 0x0f;
		least = 0x800;
	} else if (src[0] >= 0xf0 && src[0] <= 0xf4) {
		len = 4;
		c = src[0] & 0x07;
		least = 0x10000;
	} else {
		return 0;
	}
	if (n < len)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if ((src[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (src[i] & 0x3f);
	}
	if (c < least || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*ret = c;
	return len;
}

/* Unicode 15, properties Bidi_Control and Default_Ignorable as far as they can mislead a reader. */
static bool acts_on_terminals(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x61c || (c >= 0x200b && c <= 0x200f) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
	       (c >= 0xe0000 && c <= 0xe0fff);
}

static size_t clean(char *dst, size_t cap, const char *src, size_t n, bool terminal)
{
	const unsigned char *p = (const unsigned char *)src;
	size_t used = 0;

	if (!cap)
		return 0;
	while (n) {
		uint32_t c = 0;
		size_t len = decode(p, n, &c), out;
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
	return clean(dst, cap, src, n, false);
}

size_t clean_terminal(char *dst, size_t cap, const char *src, size_t n)
{
	return clean(dst, cap, src, n, true);
}
