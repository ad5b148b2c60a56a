/* devices.h - which boards and bridges are plugged in, and which one a PORT means; opens no tty.
 *
 *	r = devices_wait(&spec, deadline_ms, stop, path, sizeof(path), text, sizeof(text));
 *	if (r == 0)
 *		r = tty_open(path, ...);
 *
 * What is read is sysfs, and the links below /dev that udev makes.
 */
#ifndef ESPRESET_HOST_DEVICES_H
#define ESPRESET_HOST_DEVICES_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/holder.h"
#include "port/port.h"
#include "port/spec.h"

#define DEVICE_TEXT_MAX 128

/* A serial port on USB, or a USB device that ought to be one. Texts come from the device, so they may hold
 * anything: clean them before they are shown. "" means: none, or not known. */
struct device {
	char path[64];	 /* "/dev/ttyUSB0"; "": no serial port */
	char bridge[32]; /* "CH340" */
	unsigned int vid;
	unsigned int pid;
	unsigned int bcd_device;
	char serial[DEVICE_TEXT_MAX];
	char product[DEVICE_TEXT_MAX];
	char usb_path[64];    /* "1-1.4", as in /sys/bus/usb/devices */
	char interface[64];   /* "1-1.4:1.0" */
	char driver[32];      /* "ch341" */
	char name[64];	      /* that --enroll gave it: /dev/espreset/NAME */
	bool is_held;	      /* from devices_find_holders() on */
	struct holder holder; /* when is_held */
};

/**
 * devices_list() - everything on USB that is a serial port, or a known bridge without one
 * @ret_devices: sorted by path, those without one last; give it to free(); NULL when there is none
 * Return: how many, or -ENOMEM.
 */
int devices_list(struct device **ret_devices);

/** devices_find_holders() - who uses each of them; looks through all processes, for each of them */
void devices_find_holders(struct device *devices, int count);

/**
 * devices_find() - what is known of one port
 * @path: a tty, links followed
 * Return: 0, -ENOENT: no USB device, or not there.
 */
int devices_find(const char *path, struct device *ret_device);

/**
 * devices_spelling() - the shortest usb: spelling that fits only this one of all that are plugged in
 * @devices, @count: all of them
 */
void devices_spelling(const struct device *devices, size_t count, const struct device *device, char *ret_text,
		      size_t cap);

/** devices_fit() - whether a usb: PORT fits this one; false for any other */
bool devices_fit(const struct device *device, const struct spec *spec);

/**
 * devices_resolve() - the tty that a PORT means
 * @ret_path: of the tty; a path is given back as it is
 * @ret_text: on failure a sentence to stand behind "PORT: "; printable
 *
 * Return: 0; -ENOENT: nothing there; -ENXIO: a USB device, but no serial port; -ENOTUNIQ: fits several
 * (the text has the spellings that fit one); -ENOTSUP: a simulated board; for a path also stat()'s errors.
 */
int devices_resolve(const struct spec *spec, char *ret_path, size_t path_cap, char *ret_text, size_t text_cap);

/**
 * devices_wait() - the same, and wait for it to be plugged in
 * @deadline_ms: CLOCK_MONOTONIC; one that has passed looks once
 * @stop:        may be NULL
 *
 * A port that just appears still belongs to root: where udev runs, it is there when udev is done with it.
 *
 * Return: as devices_resolve(), and -ECANCELED.
 */
int devices_wait(const struct spec *spec, int64_t deadline_ms, const struct port_stop *stop, char *ret_path,
		 size_t path_cap, char *ret_text, size_t text_cap);

#endif
