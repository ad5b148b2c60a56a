/* plain.c - reduces texts from devices, programs and boards to printable ASCII ("plain text"). */
#include "base/plain.h"

#include <stdio.h>

bool plain_is(const char *text)
{
	while (*text && *text == plain_char(*text))
		text++;
	return !*text;
}

void plain_make(char *text)
{
	for (; *text; text++)
		*text = plain_char(*text);
}

void plain_vprint(struct textbuf buf, const char *format, va_list args)
{
	(void)vsnprintf(buf.at, buf.cap, format, args);
	plain_make(buf.at);
}

int plain_fail(struct textbuf buf, int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	plain_vprint(buf, format, args);
	va_end(args);
	return error;
}
