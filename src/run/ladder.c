/* ladder.c - --recover: makes the next recovery step against a bridge that stalls or a board that is silent, if time
 * allows. */
#include "run/ladder.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clk.h"
#include "port/stop.h"
#include "port/wait.h"

/* Time that a session needs at least to end with the verdict `ready`: reset pulse, boot and settle time. */
#define LEAST_SESSION_MS 2000
/* After a recovery step, wait at least this long for the bridge to appear on USB again, even if later steps get less
 * time. */
#define RETURN_MS 2000

static const struct rung {
	const char *word; /* name of the step in the list "recovered" of the result */
	const char *doing;
	const char *name; /* name of the step in an advice */
	int need_ms;	  /* time that the step takes, without the session after it */
} rungs[LADDER_RUNGS] = {
	[LADDER_REOPEN] = { "reopen", "recovering: opening the port again", "opening the port again", 200 },
	[LADDER_USB_RESET] = { "usb-reset", "recovering: resetting the bridge over USB", "USB reset", 1000 },
	[LADDER_POWER_CYCLE] = { "power-cycle", "recovering: switching the power of its hub port off and on",
				 "power cycle", RECOVER_OFF_MS + 1500 },
};

void ladder_init(struct ladder *l, const struct spec *spec, int64_t end_ms,
		 void (*status)(void *user, const char *text), void *user)
{
	*l = (struct ladder){ .spec = *spec, .end_ms = end_ms, .status = status, .user = user };
}

void ladder_look(struct ladder *l)
{
	if (!l->any_target && l->spec.kind != SPEC_SIM)
		l->any_target = recover_target(&l->spec, &l->target) == 0;
}

/* Whether a recovery step may help after a session with this verdict. If the board received no reset (no-effect), a USB
 * reset of the bridge cannot fix the missing wire, but a power cycle restarts the board, too. */
static bool ladder_helps(enum ladder_rung rung, enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_SILENT:
	case VERDICT_IO_ERROR: return true;
	/* a bridge that is not on USB cannot be reset over USB */
	case VERDICT_UNPLUGGED: return rung != LADDER_USB_RESET;
	case VERDICT_NO_EFFECT: return rung == LADDER_POWER_CYCLE;
	default: return false;
	}
}

bool ladder_is_last(const struct ladder *l)
{
	return l->next >= LADDER_RUNGS || !l->any_target;
}

void ladder_limit(const struct ladder *l, struct session_config *config)
{
	int64_t left_ms = clk_later(1, l->end_ms - wait_now_ms());

	config->timeout_ms = (int)clk_earlier(config->timeout_ms, left_ms);
}

static void add_advice(struct ladder *l, const char *what, const char *text)
{
	size_t used = strlen(l->advice);

	(void)snprintf(l->advice + used, sizeof(l->advice) - used, "%s%s: %s", used ? "; " : "", what, text);
}

/* Waits until the bridge is back at its place on USB; its tty number may have changed. Leaves time for all later
 * recovery steps and for one session after each, unless less than RETURN_MS would be left for the wait. */
static int come_back(struct ladder *l, struct textbuf text)
{
	int64_t deadline = l->end_ms - LEAST_SESSION_MS;
	int r;

	if (!l->any_target)
		return 0;
	for (int i = l->next; i < LADDER_RUNGS; i++)
		deadline -= rungs[i].need_ms + LEAST_SESSION_MS;
	deadline = clk_later(deadline, clk_earlier(wait_now_ms() + RETURN_MS, l->end_ms));
	r = recover_wait(&l->target, deadline, stop_port(), TEXTBUF(l->port), text);
	l->is_gone = r == -ENODEV;
	if (r == 0)
		l->spec = spec_of_path(l->port);
	return r;
}

/* Makes a recovery step. Return: true: the step was made, and the bridge is back on USB. */
static bool try_rung(struct ladder *l, enum ladder_rung rung)
{
	char text[384] = "";
	int r = 0;

	l->status(l->user, rungs[rung].doing);
	if (rung == LADDER_USB_RESET)
		r = recover_usb_reset(&l->target, TEXTBUF(text));
	else if (rung == LADDER_POWER_CYCLE)
		r = recover_power_cycle(&l->target, stop_port(), TEXTBUF(text));
	if (r == 0) {
		l->done[l->n_done++] = rung;
		r = come_back(l, TEXTBUF(text));
	}
	l->is_stopped = r == -ECANCELED;
	if (r < 0)
		add_advice(l, rungs[rung].name, text);
	return r == 0;
}

bool ladder_climb(struct ladder *l, enum verdict verdict)
{
	while (l->next < LADDER_RUNGS && !l->is_stopped) {
		enum ladder_rung rung = (enum ladder_rung)l->next;

		if (!ladder_helps(rung, verdict)) {
			l->next++;
			continue;
		}
		if (rung != LADDER_REOPEN && !l->any_target) {
			if (!l->advice[0])
				add_advice(l, "nothing more to try",
					   l->spec.kind == SPEC_SIM
						   ? "a simulated board can only be opened again"
						   : "the port is not on USB, or was not there to be asked");
			return false;
		}
		if (l->end_ms - wait_now_ms() < rungs[rung].need_ms + LEAST_SESSION_MS) {
			add_advice(l, rungs[rung].name, "no time was left for it: give --timeout 60");
			return false;
		}
		l->next++;
		if (try_rung(l, rung))
			return true;
	}
	return false;
}

void ladder_fill(const struct ladder *l, struct report_result *result)
{
	size_t used, cap = sizeof(result->advice);

	for (size_t i = 0; i < l->n_done && i < REPORT_RECOVERED_MAX; i++)
		(void)snprintf(result->recovered[i], sizeof(result->recovered[i]), "%s", rungs[l->done[i]].word);
	if (verdict_info(result->session.verdict)->status == 0 || !l->advice[0])
		return;
	/* The advice on the board comes first: it costs less to follow than the advice on recovery, which may be to buy
	 * a hub. */
	if (!result->advice[0] && result->session.advice)
		(void)snprintf(result->advice, cap, "%s", result->session.advice->text);
	used = strlen(result->advice);
	(void)snprintf(result->advice + used, cap - used, "%s%s", used ? "; " : "", l->advice);
}
