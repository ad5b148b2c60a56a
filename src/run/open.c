/* open.c - opens the port that the user's PORT means, and waits for it if it is missing or busy.
 *
 *	open_port()		tries again every POLL_MS until the deadline, as long as may_pass() is true
 *	  try_open()		one try
 *	    open_tty()		find_path(), tty_refusal(), wait_for_holder(), take_quirks(), tty_open()
 *	    sim_port_open()	for sim:
 *	  open_explain()	the last errno becomes a verdict and an advice
 */
#include "run/open.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clk.h"
#include "host/bridges.h"
#include "host/devices.h"
#include "host/diagnose.h"
#include "host/holder.h"
#include "host/resolve.h"
#include "port/sim.h"
#include "port/stop.h"
#include "port/tty.h"
#include "port/wait.h"

/* Interval between two attempts to open a port that is missing or busy. */
#define POLL_MS 100
/* How long the kernel may take to notice that a device is unplugged: a hub reports changes every 255 ms (USB 2.0,
 * 11.12.4). */
#define NOTICE_MS 300

struct search {
	const struct open_options *options;
	struct open_failure *failure;
	bool was_there; /* the port was found by this or an earlier try to open it */
	bool native_usb;
	char path[PATH_MAX]; /* path of the tty; valid once the tty was found */
};

static void open_status(const struct search *s, const char *text)
{
	s->options->status(s->options->user, text);
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
	open_status(s, text);
}

/* Waits until no process is seen to use the port. To open a port that a process uses would disturb this process,
 * because open() asserts DTR and RTS. */
static int wait_for_holder(const struct search *s)
{
	struct holder holder;
	int r = holder_find(s->path, WAIT_FOREVER, &holder);

	if (r <= 0)
		return r;
	name_holder(s, &holder);
	/* The program that started espreset uses the port. It waits for espreset to end, so to wait for it would be in
	 * vain. */
	if (holder.is_ancestor)
		return s->options->request->no_lock ? 0 : -EDEADLK;
	r = holder_wait(s->path, s->options->deadline_ms, stop_port(), &holder);
	if (r == -EBUSY)
		name_holder(s, &holder);
	return r;
}

/* Whether an open() that failed with EIO failed because the device was unplugged. If so, its device node disappears
 * within NOTICE_MS. */
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

/* Waits until the tty that the user's PORT means exists, and stores its path in s->path. */
static int find_path(struct search *s)
{
	struct open_failure *f = s->failure;
	int r = resolve_port(s->options->spec, TEXTBUF(s->path), TEXTBUF(f->text));

	/* If the port was found by an earlier try, it may have been unplugged since. Then its link may still lead to
	 * the old tty number, which another device may have by now. resolve_wait() waits until udev has updated the
	 * links. */
	if ((r == 0 && !s->was_there) || (r < 0 && r != -ENOENT && r != -ENXIO))
		return r;
	if (r < 0)
		open_status(s, "waiting for the port to appear");
	return resolve_wait(s->options->spec, s->options->deadline_ms, stop_port(), TEXTBUF(s->path), TEXTBUF(f->text));
}

/* Finds out what kind of bridge the tty belongs to. Sets the options for those kinds that tty_open() must treat in a
 * special way. */
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
		.baud = session_first_baud(&s->options->request->session),
		.no_lock = s->options->request->no_lock,
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
	if (r == -ENOTSUP)
		snprintf(s->failure->text, sizeof(s->failure->text), "has no DTR and RTS that could reset a board");
	return r == -EIO && has_gone(s->path) ? -ENODEV : r;
}

static int try_open(struct search *s, struct port **ret)
{
	const struct open_options *o = s->options;

	memset(s->failure, 0, sizeof(*s->failure));
	if (o->spec->kind == SPEC_SIM)
		return sim_port_open(o->spec->words, session_first_baud(&o->request->session), stop_port(), ret);
	return open_tty(s, ret);
}

/* Whether error @r means that there is no such port now. */
static bool is_missing(int r)
{
	return r == -ENOENT || r == -ENXIO || r == -ENODEV;
}

/* Whether error @r may go away if espreset waits. */
static bool may_pass(int r)
{
	return is_missing(r) || r == -EBUSY || r == -EAGAIN;
}

static void open_explain(const struct search *s, int r)
{
	struct open_failure *f = s->failure;
	struct diagnosis diagnosis;

	f->verdict = !is_missing(r) ? verdict_of_errno(-r) : s->was_there ? VERDICT_UNPLUGGED : VERDICT_NO_PORT;
	if (f->holder_pid)
		f->text[0] = '\0';
	if (f->advice[0])
		return;
	if (s->options->spec->kind != SPEC_SIM && diagnose_best(s->options->spec, f->verdict, &diagnosis))
		snprintf(f->advice, sizeof(f->advice), "%s", diagnosis.cure[0] ? diagnosis.cure : diagnosis.text);
	else if (f->verdict == VERDICT_PERMISSION)
		snprintf(f->advice, sizeof(f->advice),
			 "join the group of the port; see \"Permissions\" in espreset(1)");
	else if (f->verdict == VERDICT_NO_PORT)
		snprintf(f->advice, sizeof(f->advice), "espreset --list shows what is plugged in");
}

int open_port(const struct open_options *options, struct port **ret, bool *ret_native_usb,
	      struct open_failure *ret_failure)
{
	struct search s = { .options = options, .failure = ret_failure };
	int r;

	while (may_pass(r = try_open(&s, ret)) && wait_now_ms() < options->deadline_ms) {
		r = wait_poll(NULL, 0, clk_earlier(wait_now_ms() + POLL_MS, options->deadline_ms), stop_port());
		if (r == -ECANCELED)
			return r;
	}
	if (r < 0 && r != -ECANCELED)
		open_explain(&s, r);
	*ret_native_usb = r == 0 && s.native_usb;
	return r;
}
