/* recover.h - gets a wedged bridge back: USB reset, power cycle of its hub port, the same place again.
 *
 *	r = recover_target(&spec, &target);		while all is well: a wedged bridge may have no tty to ask about
 *	r = recover_usb_reset(&target, ...);		its tty closed
 *	r = recover_power_cycle(&target, stop, ...);
 *	r = recover_wait(&target, deadline_ms, stop, ...);	after either
 *
 * What a negative answer means, each with a sentence in @ret_text that says what to do:
 *	-EBUSY		somebody uses one of the device's interfaces or ports
 *	-EACCES		this user may not; the text has the rule or the command
 *	-ENODEV		nothing is plugged in there any more, or something else
 *	-ENOTSUP	the hub cannot switch this one port, or only says so
 *	-ECANCELED	a stop was asked for
 *	-EIO		the device or the hub did not obey
 *	-ENOMEM, -EMFILE and the like: this computer
 */
#ifndef ESPRESET_HOST_RECOVER_H
#define ESPRESET_HOST_RECOVER_H

#include <stddef.h>
#include <stdint.h>

#include "host/devices.h"

/* A bridge by its place, which stays when its number changes, and what tells it from another at that place. */
struct recover_target {
	char usb_path[64];  /* "1-1.4"; "": not known */
	char interface[64]; /* "1-1.4:1.0" */
	unsigned int vid, pid;
	char serial[DEVICE_TEXT_MAX];
};

/**
 * recover_target() - where the bridge of this port is
 * Return: 0; -ENODEV: not there, or no USB device.
 */
int recover_target(const struct spec *spec, struct recover_target *ret);

/**
 * recover_usb_reset() - reset the bridge over USB
 *
 * It resets the bridge, not the chip behind it. The tty goes and comes back, perhaps with another number.
 * Blocks as long as the kernel tries.
 */
int recover_usb_reset(const struct recover_target *target, char *ret_text, size_t cap);

/* How long the power stays off: espreset(1) says it. uhubctl takes 2 s. */
#define RECOVER_OFF_MS 1500

/**
 * recover_power_cycle() - switch the hub port of the bridge off, for RECOVER_OFF_MS, and on
 * @stop: may be NULL
 *
 * First the hub is asked whether it switches each port by itself, and then put to the test: a port that stays
 * connected without power is refused, and nothing was disturbed. Not visible to anybody: a hub that cuts the
 * data and leaves the supply on. Whatever happens in between, the power is on again when it returns.
 */
int recover_power_cycle(const struct recover_target *target, const struct port_stop *stop, char *ret_text, size_t cap);

/**
 * recover_wait() - wait for the same bridge at the same place
 * @ret_path: of its tty, whatever its number is now
 * Return: as above; -ENODEV: not within the time.
 */
int recover_wait(const struct recover_target *target, int64_t deadline_ms, const struct port_stop *stop, char *ret_path,
		 size_t path_cap, char *ret_text, size_t cap);

#endif
