/* plain.c - names that programs and devices chose for themselves, made harmless: printable ASCII. */
#include "host/plain.h"

static bool is_plain(char c)
{
	return c >= ' ' && c <= '~';
}

bool plain_is(const char *text)
{
	for (; *text; text++)
		if (!is_plain(*text))
			return false;
	return true;
}

void plain_make(char *text)
{
	for (; *text; text++)
		if (!is_plain(*text))
			*text = '?';
}
