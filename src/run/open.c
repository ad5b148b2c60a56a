/* open.c - from PORT as the user spelled it to an open port: waits for a missing or busy one. */
#include "run/open.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/bridges.h"
#include "host/devices.h"
#include "host/diagnose.h"
#include "host/holder.h"
#include "port/sim.h"
#include "port/stop.h"
#include "port/tty.h"
#include "port/wait.h"

/* Between two looks at a port that is not there, or is just being opened by somebody. */
#define POLL_MS 100
/* How long the kernel may take to see that a device is gone: a hub tells every 255 ms (USB 2.0, 11.12.4). */
#define NOTICE_MS 300

struct search {
	const struct request *request;
	const struct spec *spec;
	int64_t deadline_ms;
	void (*status)(void *user, const char *text);
	void *user;
	struct open_failure *failure;
	bool was_there;
	bool native_usb;
	char path[PATH_MAX]; /* of the tty, once it is found */
};

static int open_sim(const struct search *s, struct port **ret)
{
	return sim_port_open(s->spec->words, session_first_baud(&s->request->session), stop_port(), ret);
}

static void name_holder(const struct search *s, const struct holder *holder)
{
	struct open_failure *f = s->failure;
	char text[160];

	f->holder_pid = holder->pid;
	snprintf(f->holder_command, sizeof(f->holder_command), "%s", holder->command);
	snprintf(f->advice, sizeof(f->advice), "%s",
		 holder->is_ancestor
			 ? "the program that started espreset uses the port: lock another file, or give --no-lock"
			 : "end that program, or give it time with --wait");
	if (holder->pid)
		snprintf(text, sizeof(text), "waiting for process %ld (%s) to leave the port", (long)holder->pid,
			 holder->command);
	else
		snprintf(text, sizeof(text), "waiting for another program to leave the port");
	s->status(s->user, text);
}

/* Nobody whose use of the port can be seen is disturbed: opening would raise both lines. */
static int wait_for_holder(const struct search *s)
{
	struct holder holder;
	int r = holder_find(s->path, &holder);

	if (r <= 0)
		return r;
	name_holder(s, &holder);
	if (holder.is_ancestor)
		/* it waits for us: waiting for it would last for ever */
		return s->request->no_lock ? 0 : -EBUSY;
	r = holder_wait(s->path, s->deadline_ms, stop_port(), &holder);
	if (r == -EBUSY)
		name_holder(s, &holder);
	return r;
}

/* When the plug is pulled in the middle of open(), drivers call it EIO, and the node goes a little later. */
static bool has_gone(const char *path)
{
	int64_t deadline = wait_now_ms() + NOTICE_MS;

	while (access(path, F_OK) == 0) {
		if (wait_now_ms() >= deadline ||
		    wait_poll(NULL, 0, wait_now_ms() + NOTICE_MS / 10, stop_port()) == -ECANCELED)
			return false;
	}
	return true;
}

/* The tty that PORT means, as soon as it is there. */
static int find_path(struct search *s)
{
	struct open_failure *f = s->failure;
	int r = devices_resolve(s->spec, s->path, sizeof(s->path), f->text, sizeof(f->text));

	/* A port that was there and could not be opened may have been unplugged: then a link may still lead to its number,
	 * which another device has got by now. */
	if ((r == 0 && !s->was_there) || (r < 0 && r != -ENOENT && r != -ENXIO))
		return r;
	if (r < 0)
		s->status(s->user, "waiting for the port to appear");
	return devices_wait(s->spec, s->deadline_ms, stop_port(), s->path, sizeof(s->path), f->text, sizeof(f->text));
}

/* What this kind of port needs of whoever opens it. */
static void take_quirks(struct search *s, struct tty_options *options)
{
	const struct bridge *bridge;
	struct device device;

	s->native_usb = false;
	if (devices_find(s->path, &device) < 0)
		return;
	bridge = bridge_find(device.vid, device.pid);
	s->native_usb = bridge && (bridge->quirks & BRIDGE_NATIVE);
	options->speedless = s->native_usb;
	options->rests_asserted = bridge && (bridge->quirks & BRIDGE_CP2102C);
}

static int open_tty(struct search *s, struct port **ret)
{
	struct tty_options options = {
		.baud = session_first_baud(&s->request->session),
		.no_lock = s->request->no_lock,
		.stop = stop_port(),
	};
	int r = find_path(s);

	if (r == 0)
		r = tty_refusal(s->path, s->failure->text, sizeof(s->failure->text));
	if (r == 0) {
		s->was_there = true;
		r = wait_for_holder(s);
	}
	if (r < 0)
		return r;
	take_quirks(s, &options);
	r = tty_open(s->path, &options, ret);
	return r == -EIO && has_gone(s->path) ? -ENODEV : r;
}

static int try_open(struct search *s, struct port **ret)
{
	memset(s->failure, 0, sizeof(*s->failure));
	return s->spec->kind == SPEC_SIM ? open_sim(s, ret) : open_tty(s, ret);
}

static bool may_pass(int r)
{
	return r == -ENOENT || r == -ENXIO || r == -EBUSY || r == -EAGAIN || r == -ENODEV;
}

static void open_explain(const struct search *s, int r)
{
	struct open_failure *f = s->failure;
	struct diagnosis diagnosis;

	f->verdict = r == -ENODEV ? VERDICT_NO_PORT : verdict_of_errno(-r);
	if (f->verdict == VERDICT_NO_PORT && s->was_there)
		f->verdict = VERDICT_UNPLUGGED;
	if (f->holder_pid)
		f->text[0] = '\0';
	if (f->advice[0])
		return;
	if (s->spec->kind != SPEC_SIM && diagnose_best(s->spec, f->verdict, &diagnosis))
		snprintf(f->advice, sizeof(f->advice), "%s", diagnosis.cure[0] ? diagnosis.cure : diagnosis.text);
	else if (f->verdict == VERDICT_PERMISSION)
		snprintf(f->advice, sizeof(f->advice),
			 "join the group of the port; see \"Permissions\" in espreset(1)");
	else if (f->verdict == VERDICT_NO_PORT)
		snprintf(f->advice, sizeof(f->advice), "espreset --list shows what is plugged in");
}

int open_port(const struct request *request, const struct spec *spec, int64_t deadline_ms,
	      void (*status)(void *user, const char *text), void *user, struct port **ret, bool *ret_native_usb,
	      struct open_failure *ret_failure)
{
	struct search s = { .request = request,
			    .spec = spec,
			    .deadline_ms = deadline_ms,
			    .status = status,
			    .user = user,
			    .failure = ret_failure };
	int r;

	while (may_pass(r = try_open(&s, ret)) && wait_now_ms() < deadline_ms) {
		int64_t again = wait_now_ms() + POLL_MS;

		r = wait_poll(NULL, 0, again < deadline_ms ? again : deadline_ms, stop_port());
		if (r == -ECANCELED)
			return r;
	}
	if (r < 0 && r != -ECANCELED)
		open_explain(&s, r);
	*ret_native_usb = r == 0 && s.native_usb;
	return r;
}
