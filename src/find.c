/* find.c - from PORT as the user spelled it to an open port: waits for a missing or busy one. */
#include "find.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "port/holder.h"
#include "port/sim.h"
#include "port/tty.h"
#include "port/wait.h"
#include "stop.h"

/* Between two looks at a port that is not there, or is just being opened by somebody. */
#define POLL_MS 100

struct search {
	const struct options *options;
	const char *spec;
	int64_t deadline_ms;
	void (*status)(void *user, const char *text);
	void *user;
	struct find_failure *failure;
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

static int open_tty(const struct search *s, struct port **ret)
{
	struct tty_options options = {
		.baud = session_first_baud(&s->options->session),
		.no_lock = s->options->no_lock,
		.stop = stop_port(),
	};
	int r = tty_refusal(s->spec, s->failure->text, sizeof(s->failure->text));

	if (r == 0)
		r = wait_for_holder(s);
	return r < 0 ? r : tty_open(s->spec, &options, ret);
}

static int try_open(const struct search *s, struct port **ret)
{
	memset(s->failure, 0, sizeof(*s->failure));
	return strncmp(s->spec, "sim:", 4) == 0 ? open_sim(s, ret) : open_tty(s, ret);
}

static bool may_pass(int r)
{
	return r == -ENOENT || r == -ENXIO || r == -EBUSY || r == -EAGAIN || r == -ENODEV;
}

static void explain(struct find_failure *f, int r)
{
	f->verdict = r == -ENODEV ? VERDICT_NO_PORT : verdict_of_errno(-r);
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
	struct search s = { options, spec, deadline_ms, status, user, ret_failure };
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
		explain(ret_failure, r);
	return r;
}
