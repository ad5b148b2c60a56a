/* specs.c - parses the command-line argument PORT, such as "/dev/ttyUSB0", for a test. */
#include "specs.h"

#include <check.h>
#include <stddef.h>

const struct spec *spec_of(const char *text)
{
	static struct spec specs[8];
	static size_t next;
	struct spec *spec = &specs[next++ % 8];
	char err[128] = "";

	ck_assert_msg(spec_parse(text, spec, err, sizeof(err)) == 0, "%s: %s", text, err);
	return spec;
}
