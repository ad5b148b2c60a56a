/* recover.h - brings a hung bridge back: resets it over USB or cycles its power, then waits for its return.
 *
 *	r = recover_target(&spec, &target);	before the bridge hangs, while it has a tty
 *	r = recover_usb_reset(&target, text);	while its tty is closed
 *	r = recover_power_cycle(&target, stop, text);
 *	r = recover_wait(&target, deadline_ms, stop, path, text);	after the USB reset or the power cycle
 *
 * All functions but recover_target() put a plain sentence into @ret_text when they fail. It says what to do. Errors:
 *	-EBUSY		another program uses an interface or a port of the device
 *	-EACCES		the user lacks a permission; @ret_text has the udev rule or command that grants it
 *	-ENODEV		at the bridge's place on USB there is no device, or another one
 *	-ENOTSUP	the hub cannot switch the power of a single hub port, or only claims to
 *	-ECANCELED	a stop signal came
 *	-EIO		the device or the hub did not obey
 *	-ENOMEM, -EMFILE and others: this computer's fault
 */
#ifndef ESPRESET_HOST_RECOVER_H
#define ESPRESET_HOST_RECOVER_H

#include <stdint.h>

#include "base/plain.h"
#include "host/devices.h"
#include "port/port.h"
#include "port/spec.h"

/** recover_target() - find place, VID, PID and serial number of a port's bridge; 0, or -ENODEV: not on USB */
int recover_target(const struct spec *spec, struct device *ret_target);

/**
 * recover_usb_reset() - reset the bridge over USB
 *
 * This does not reset the chip behind the bridge. The tty disappears and returns, perhaps with another number. Blocks
 * until the kernel has finished.
 */
int recover_usb_reset(const struct device *target, struct textbuf ret_text);

/* How long a power cycle leaves the power off; espreset(1) states this time. (uhubctl's default is 2 s.) */
#define RECOVER_OFF_MS 1500

/**
 * recover_power_cycle() - switch the power of the bridge's hub port off for RECOVER_OFF_MS, then on
 * @stop: from stop_port(); NULL: stop signals cannot end the wait
 *
 * Refuses hubs that cannot switch each hub port separately. Then switches the hub port off: if the bridge stays
 * connected, the hub only claims to switch power, and nothing was disturbed. A hub that cuts the data lines but not the
 * power cannot be detected. The power is switched on again before this function returns, even after an error.
 */
int recover_power_cycle(const struct device *target, const struct port_stop *stop, struct textbuf ret_text);

/**
 * recover_wait() - wait until the bridge is back at its place on USB
 * @deadline_ms: CLOCK_MONOTONIC; when it has passed, -ENODEV is returned
 * @stop:        from stop_port(); NULL: stop signals cannot end the wait
 * @ret_path:    path of the bridge's tty, whose number may have changed
 */
int recover_wait(const struct device *target, int64_t deadline_ms, const struct port_stop *stop,
		 struct textbuf ret_path, struct textbuf ret_text);

#endif
