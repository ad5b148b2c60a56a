/* spec.c - parses the PORT argument: which kind of port it names (tty, USB device, simulated board), and which one. */
#include "port/spec.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct spec spec_of_path(const char *path)
{
	return (struct spec){ .text = path, .kind = SPEC_PATH };
}

/* Whether @text looks like sysfs's name of a USB device, 1-1.4, or of a USB interface, 1-1.4:1.0. */
static bool is_place(const char *text)
{
	int bus, end = 0;

	if (sscanf(text, "%d-%n", &bus, &end) != 1 || end == 0 || !isdigit((unsigned char)text[end]))
		return false;
	return isdigit((unsigned char)text[0]) && text[strspn(text, "0123456789-.:")] == '\0';
}

/* Parses a number of one to four hexadecimal digits. Return: the text after the number; NULL: @text begins with no such
 * number. */
static const char *parse_id(const char *text, unsigned int *ret)
{
	size_t len = strspn(text, "0123456789abcdefABCDEF");

	if (len < 1 || len > 4)
		return NULL;
	*ret = (unsigned int)strtoul(text, NULL, 16);
	return text + len;
}

static bool parse_ids(const char *text, struct spec *spec)
{
	const char *end = parse_id(text, &spec->vid);

	if (!end || *end != ':')
		return false;
	end = parse_id(end + 1, &spec->pid);
	if (!end || (*end && (*end != ':' || !end[1])))
		return false;
	spec->serial = *end ? end + 1 : NULL;
	return true;
}

int spec_parse(const char *text, struct spec *ret, char *err, size_t cap)
{
	struct spec spec = spec_of_path(text);

	if (strncmp(text, "sim:", 4) == 0) {
		spec.kind = SPEC_SIM;
		spec.words = text + 4;
	} else if (strncmp(text, "usb:", 4) == 0 && is_place(text + 4)) {
		spec.kind = SPEC_USB_PLACE;
		spec.usb_path = text + 4;
	} else if (strncmp(text, "usb:", 4) == 0) {
		spec.kind = SPEC_USB_ID;
		if (!parse_ids(text + 4, &spec)) {
			(void)snprintf(err, cap, "want usb:VID:PID, usb:VID:PID:SERIAL or a place such as usb:1-1.4");
			return -EINVAL;
		}
	}
	*ret = spec;
	return 0;
}
