/* resolve.h - finds the tty that a PORT means, and waits until that tty exists; opens no tty.
 *
 *	r = resolve_wait(&spec, deadline_ms, stop, TEXTBUF(path), TEXTBUF(text));
 *	if (r == 0)
 *		r = tty_open(path, ...);
 */
#ifndef ESPRESET_HOST_RESOLVE_H
#define ESPRESET_HOST_RESOLVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/plain.h"
#include "host/devices.h"
#include "port/port.h"
#include "port/spec.h"

/**
 * resolve_spelling() - make the shortest PORT, usb:..., that fits one device and no other plugged-in device
 * @devices, @count: all plugged-in devices, from devices_list()
 */
void resolve_spelling(const struct device *devices, size_t count, const struct device *device, char *ret_text,
		      size_t cap);

/** resolve_fits() - whether a PORT of the form usb:... fits a device; false for a PORT of another form */
bool resolve_fits(const struct device *device, const struct spec *spec);

/**
 * resolve_port() - find the tty that a PORT means
 * @ret_path: path of the tty; if PORT is a path, this path, links not followed
 * @ret_text: on failure a plain sentence to print after "PORT: "
 *
 * Return: 0; -ENOENT: no such device; -ENXIO: a bridge without a serial port; -ENOTUNIQ: PORT fits several boards;
 * @ret_text lists a PORT for each of them; -ENOTSUP: a simulated board; -ENAMETOOLONG; if PORT is a path, also
 * realpath()'s errors.
 */
int resolve_port(const struct spec *spec, struct textbuf ret_path, struct textbuf ret_text);

/**
 * resolve_wait() - as resolve_port(), but wait until the port appears
 * @deadline_ms: CLOCK_MONOTONIC; if it has passed, look only once
 * @stop:        from stop_port(); NULL: stop signals cannot end the wait
 *
 * A new device node belongs to root until udev has set its group and mode. If udev runs, this function waits until
 * udev has set both.
 *
 * Return: as resolve_port(); -ECANCELED: a stop signal came.
 */
int resolve_wait(const struct spec *spec, int64_t deadline_ms, const struct port_stop *stop, struct textbuf ret_path,
		 struct textbuf ret_text);

#endif
