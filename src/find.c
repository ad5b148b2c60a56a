/* find.c - from PORT as the user spelled it to an open port: waits for a missing or busy one. */
#include "find.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "port/holder.h"
#include "port/sim.h"
#include "port/tty.h"
#include "port/wait.h"
#include "stop.h"

/* Between two looks at a port that is not there, or is just being opened by somebody. */
#define POLL_MS 100
/* How long the kernel may take to see that a device is gone: a hub tells every 255 ms (USB 2.0, 11.12.4). */
#define NOTICE_MS 300

struct search {
	const struct options *options;
	const char *spec;
	int64_t deadline_ms;
	void (*status)(void *user, const char *text);
	void *user;
	struct find_failure *failure;
	bool was_there;
};

static int open_sim(const struct search *s, struct port **ret)
{
	return sim_port_open(s->spec + strlen("sim:"), session_first_baud(&s->options->session), stop_port(), ret);
}

static void name_holder(const struct search *s, const struct holder *holder)
{
	struct find_failure *f = s->failure;
	char text[160];

	f->holder_pid = holder->pid;
	snprintf(f->holder_command, sizeof(f->holder_command), "%s", holder->command);
	snprintf(f->advice, sizeof(f->advice), "%s",
		 holder->is_ancestor ? "the program that started espreset uses the port: lock another file, or give --no-lock"
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
	int r = holder_find(s->spec, &holder);

	if (r <= 0)
		return r;
	name_holder(s, &holder);
	if (holder.is_ancestor)
		return s->options->no_lock ? 0 : -EBUSY;	/* it waits for us: waiting for it would last for ever */
	r = holder_wait(s->spec, s->deadline_ms, stop_port(), &holder);
	if (r == -EBUSY)
		name_holder(s, &holder);
	return r;
}

/* When the plug is pulled in the middle of open(), drivers call it EIO, and the node goes a little later. */
static bool has_gone(const char *path)
{
	int64_t deadline = wait_now_ms() + NOTICE_MS;

	while (access(path, F_OK) == 0) {
		if (wait_now_ms() >= deadline || wait_poll(NULL, 0, wait_now_ms() + NOTICE_MS / 10, stop_port()) == -ECANCELED)
			return false;
	}
	return true;
}

static int open_tty(struct search *s, struct port **ret)
{
	struct tty_options options = {
		.baud = session_first_baud(&s->options->session),
		.no_lock = s->options->no_lock,
		.stop = stop_port(),
	};
	int r = tty_refusal(s->spec, s->failure->text, sizeof(s->failure->text));

	if (r == 0) {
		s->was_there = true;
		r = wait_for_holder(s);
	}
	if (r < 0)
		return r;
	r = tty_open(s->spec, &options, ret);
	return r == -EIO && has_gone(s->spec) ? -ENODEV : r;
}

static int try_open(struct search *s, struct port **ret)
{
	memset(s->failure, 0, sizeof(*s->failure));
	return strncmp(s->spec, "sim:", 4) == 0 ? open_sim(s, ret) : open_tty(s, ret);
}

static bool may_pass(int r)
{
	return r == -ENOENT || r == -ENXIO || r == -EBUSY || r == -EAGAIN || r == -ENODEV;
}

static void explain(const struct search *s, int r)
{
	struct find_failure *f = s->failure;

	f->verdict = r == -ENODEV ? VERDICT_NO_PORT : verdict_of_errno(-r);
	if (f->verdict == VERDICT_NO_PORT && s->was_there)
		f->verdict = VERDICT_UNPLUGGED;
	if (f->holder_pid)
		f->text[0] = '\0';
	if (f->verdict == VERDICT_PERMISSION && !f->advice[0])
		snprintf(f->advice, sizeof(f->advice), "join the group of the port; see \"Permissions\" in espreset(1)");
	if (f->verdict == VERDICT_NO_PORT && !f->advice[0])
		snprintf(f->advice, sizeof(f->advice), "espreset --list shows what is plugged in");
}

int find_port(const struct options *options, const char *spec, int64_t deadline_ms,
	      void (*status)(void *user, const char *text), void *user, struct port **ret,
	      struct find_failure *ret_failure)
{
	struct search s = { options, spec, deadline_ms, status, user, ret_failure, false };
	int r;

	while (may_pass(r = try_open(&s, ret)) && wait_now_ms() < deadline_ms) {
		int64_t again = wait_now_ms() + POLL_MS;

		if (r != -EBUSY)
			status(user, "waiting for the port to appear");
		r = wait_poll(NULL, 0, again < deadline_ms ? again : deadline_ms, stop_port());
		if (r == -ECANCELED)
			return r;
	}
	if (r < 0 && r != -ECANCELED)
		explain(&s, r);
	return r;
}
