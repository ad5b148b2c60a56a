/* spec.h - the PORT argument, parsed: which kind of port it names, and which port of that kind. */
#ifndef ESPRESET_PORT_SPEC_H
#define ESPRESET_PORT_SPEC_H

#include <stddef.h>

enum spec_kind {
	SPEC_PATH,	/* path of a tty or of a link to one */
	SPEC_USB_ID,	/* usb:VID:PID[:SERIAL] */
	SPEC_USB_PLACE, /* usb:1-1.4, a device at its place on the hubs; or usb:1-1.4:1.0, one of its interfaces */
	SPEC_SIM,	/* sim:WORDS, the simulated board */
};

/* All strings are parts of the parsed text, which must outlive the spec. */
struct spec {
	const char *text; /* the whole PORT, as the user typed it */
	enum spec_kind kind;
	unsigned int vid, pid; /* for SPEC_USB_ID */
	const char *serial;    /* for SPEC_USB_ID; NULL: any */
	const char *usb_path;  /* for SPEC_USB_PLACE; with a colon: an interface */
	const char *words;     /* for SPEC_SIM: what follows "sim:"; checked by espreset-sim only */
};

/**
 * spec_parse() - parse a PORT; accesses no device
 * @text: a path unless it begins with "usb:" or "sim:"
 * @err:  on failure a sentence to print after "PORT 'text': "
 *
 * Return: 0; -EINVAL: "usb:" followed by neither VID:PID nor a place.
 */
int spec_parse(const char *text, struct spec *ret, char *err, size_t cap);

/** spec_of_path() - the spec of a tty's path */
struct spec spec_of_path(const char *path);

#endif
