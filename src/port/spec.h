/* spec.h - parses the PORT argument: which kind of port it names (tty, USB device, simulated board), and which one. */
#ifndef ESPRESET_PORT_SPEC_H
#define ESPRESET_PORT_SPEC_H

#include <stddef.h>

enum spec_kind {
	SPEC_PATH,	/* path of a tty or of a link to one */
	SPEC_USB_ID,	/* usb:VID:PID[:SERIAL] */
	SPEC_USB_PLACE, /* usb:1-1.4, the device at this place on the hubs; or usb:1-1.4:1.0, one of its interfaces */
	SPEC_SIM,	/* sim:WORDS, a simulated board that the keywords WORDS describe */
};

/* All strings point into the text that was given to spec_parse(): this text must stay valid as long as the struct is
 * used. */
struct spec {
	const char *text; /* the whole PORT, as the user typed it */
	enum spec_kind kind;
	unsigned int vid, pid; /* only set for SPEC_USB_ID */
	const char *serial;    /* for SPEC_USB_ID; NULL: any serial number fits */
	const char *usb_path;  /* for SPEC_USB_PLACE; with a colon it names an interface, else a device */
	const char *words;     /* for SPEC_SIM: keywords, the text after "sim:"; only espreset-sim checks them */
};

/**
 * spec_parse() - parse a PORT; accesses no device
 * @text: a path unless it begins with "usb:" or "sim:"
 * @err:  on failure a sentence to print after "PORT 'text': "
 *
 * Return: 0; -EINVAL: "usb:" followed by neither VID:PID nor a place.
 */
int spec_parse(const char *text, struct spec *ret, char *err, size_t cap);

/** spec_of_path() - make a spec from the path of a tty */
struct spec spec_of_path(const char *path);

#endif
