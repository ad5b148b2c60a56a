/* spec.h - PORT as the user wrote it, parsed once: which kind of port it names, and which one. */
#ifndef ESPRESET_PORT_SPEC_H
#define ESPRESET_PORT_SPEC_H

#include <stddef.h>

enum spec_kind {
	SPEC_PATH,	/* a tty, or a link to one */
	SPEC_USB_ID,	/* usb:VID:PID[:SERIAL] */
	SPEC_USB_PLACE, /* usb:1-1.4, or one interface of what is there: usb:1-1.4:1.0 */
	SPEC_SIM,	/* sim:WORDS */
};

struct spec {
	const char *text; /* as the user wrote it; borrowed, like all the others */
	enum spec_kind kind;
	unsigned int vid, pid; /* USB_ID */
	const char *serial;    /* USB_ID; NULL: any */
	const char *usb_path;  /* USB_PLACE; an interface has a colon */
	const char *words;     /* SIM: what follows "sim:" */
};

/**
 * spec_parse() - read a PORT; touches no device
 * @text: anything that does not begin with "usb:" or "sim:" is a path
 * @err, @cap: on failure a sentence to stand behind "PORT 'text': "
 *
 * Return: 0; -EINVAL: "usb:" with what names no USB device. The words of sim: are espreset-sim's affair.
 */
int spec_parse(const char *text, struct spec *ret, char *err, size_t cap);

/** spec_of_path() - the spec of a device's node */
struct spec spec_of_path(const char *path);

#endif
