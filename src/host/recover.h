/* recover.h - brings a hung bridge back: USB reset, power cycle of its hub port, and waiting for its return.
 *
 *	r = recover_target(&spec, &target);	before the bridge hangs: it may lose its tty
 *	r = recover_usb_reset(&target, text);	with its tty closed
 *	r = recover_power_cycle(&target, stop, text);
 *	r = recover_wait(&target, deadline_ms, stop, path, text);	after either of both
 *
 * Each failure but that of recover_target() comes with a plain sentence in @ret_text, which says what to do:
 *	-EBUSY		another program uses an interface or a port of the device
 *	-EACCES		the user lacks a permission; the text has the udev rule or the command
 *	-ENODEV		no device at that place, or another one
 *	-ENOTSUP	the hub cannot switch this single port, or only claims to
 *	-ECANCELED	stop signal
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

/** recover_target() - identify the bridge of a port by place, VID, PID and serial number; 0, or -ENODEV: none on USB */
int recover_target(const struct spec *spec, struct device *ret_target);

/**
 * recover_usb_reset() - reset the bridge over USB
 *
 * This does not reset the chip behind the bridge. The tty disappears and returns, perhaps with another number. Blocks
 * until the kernel has finished.
 */
int recover_usb_reset(const struct device *target, struct textbuf ret_text);

/* How long the power stays off; espreset(1) states it. uhubctl's default is 2 s. */
#define RECOVER_OFF_MS 1500

/**
 * recover_power_cycle() - switch the power of the bridge's hub port off for RECOVER_OFF_MS, then on
 * @stop: from stop_port(); NULL: stop signals cannot end the wait
 *
 * Refuses hubs that cannot switch each port separately. Then tests the port: if it stays connected without power, the
 * hub only claims to switch, and nothing was disturbed. A hub that cuts the data lines but not the supply cannot be
 * detected. The power is switched on again before this function returns, whatever fails.
 */
int recover_power_cycle(const struct device *target, const struct port_stop *stop, struct textbuf ret_text);

/**
 * recover_wait() - wait until the same bridge is back at its place
 * @deadline_ms: CLOCK_MONOTONIC; -ENODEV if it passes
 * @stop:        from stop_port(); NULL: stop signals cannot end the wait
 * @ret_path:    of its tty, whose number may have changed
 */
int recover_wait(const struct device *target, int64_t deadline_ms, const struct port_stop *stop,
		 struct textbuf ret_path, struct textbuf ret_text);

#endif
