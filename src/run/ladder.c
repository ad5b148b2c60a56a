/* ladder.c - --recover: which step comes next when a bridge stalls or a board stays silent, and
 * whether there is time. */
#include "run/ladder.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "port/wait.h"

/* A session that ends in `ready` takes a hold, a boot and the settle time. One that gets less proves nothing. */
#define LEAST_SESSION_MS 2000

/* A tty that udev has not given its group yet is refused for a moment. */
#define RETURN_MS 2000

struct rung {
	const char *word; /* in the result */
	const char *doing;
	const char *name; /* in a sentence */
	int need_ms;	  /* to make it, without the session after it */
};

static const struct rung rungs[LADDER_RUNGS] = {
	[LADDER_REOPEN] = { "reopen", "recovering: opening the port again", "opening the port again", 200 },
	[LADDER_USB_RESET] = { "usb-reset", "recovering: resetting the bridge over USB", "USB reset", 1000 },
	[LADDER_POWER_CYCLE] = { "power-cycle", "recovering: switching the power of its hub port off and on",
				 "power cycle", RECOVER_OFF_MS + 1500 },
};

void ladder_init(struct ladder *l, const struct spec *spec, int64_t end_ms, const struct port_stop *stop,
		 void (*status)(void *user, const char *text), void *user)
{
	memset(l, 0, sizeof(*l));
	l->spec = *spec;
	l->end_ms = end_ms;
	l->stop = stop;
	l->status = status;
	l->user = user;
}

static bool is_simulated(const struct ladder *l)
{
	return l->spec.kind == SPEC_SIM;
}

void ladder_look(struct ladder *l)
{
	if (!l->any_target && !is_simulated(l))
		l->any_target = recover_target(&l->spec, &l->target) == 0;
}

const struct spec *ladder_port(const struct ladder *l)
{
	return &l->spec;
}

/* Which steps help: nothing that is done to a bridge gives it a wire that it does not have, but the power does. */
static bool ladder_helps(enum ladder_rung rung, enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_SILENT:
	case VERDICT_IO_ERROR: return true;
	case VERDICT_UNPLUGGED: /* it left by itself: it may be back, or have hung itself up */
		return rung != LADDER_USB_RESET;
	case VERDICT_NO_EFFECT: return rung == LADDER_POWER_CYCLE;
	default: return false;
	}
}

bool ladder_is_last(const struct ladder *l)
{
	return l->next >= LADDER_RUNGS || !l->any_target;
}

static int share_ms(const struct ladder *l, int from)
{
	int ms = 0;

	for (int i = from; i < LADDER_RUNGS && !ladder_is_last(l); i++)
		ms += rungs[i].need_ms + LEAST_SESSION_MS;
	return ms;
}

void ladder_limit(const struct ladder *l, struct session_config *config)
{
	int64_t left = l->end_ms - wait_now_ms();

	if (left < config->timeout_ms)
		config->timeout_ms = left > 1 ? (int)left : 1;
}

static void add_advice(struct ladder *l, const char *what, const char *text)
{
	size_t used = strlen(l->advice);

	(void)snprintf(l->advice + used, sizeof(l->advice) - used, "%s%s: %s", used ? "; " : "", what, text);
}

static void say_only_reopen(struct ladder *l)
{
	if (!l->advice[0])
		add_advice(l, "nothing more to try",
			   is_simulated(l) ? "a simulated board can only be opened again"
					   : "the port is not on USB, or was not there to be asked");
}

static int ladder_climb_rung(struct ladder *l, enum ladder_rung rung, char *text, size_t cap)
{
	switch (rung) {
	case LADDER_USB_RESET: return recover_usb_reset(&l->target, text, cap);
	case LADDER_POWER_CYCLE: return recover_power_cycle(&l->target, l->stop, text, cap);
	default: return 0;
	}
}

/* The same place again, whatever its number is now. */
static int come_back(struct ladder *l, char *text, size_t cap)
{
	int64_t deadline = l->end_ms - share_ms(l, l->next) - LEAST_SESSION_MS;
	int64_t least = wait_now_ms() + RETURN_MS;
	int r;

	if (!l->any_target)
		return 0;
	if (deadline < least)
		deadline = least < l->end_ms ? least : l->end_ms;
	r = recover_wait(&l->target, deadline, l->stop, l->port, sizeof(l->port), text, cap);
	l->is_gone = r == -ENODEV;
	if (r == 0)
		l->spec = spec_of_path(l->port);
	return r;
}

/* Return: 1: made, and the bridge is there; 0: not. */
static int try_rung(struct ladder *l, enum ladder_rung rung)
{
	char text[384] = "";
	int r;

	l->status(l->user, rungs[rung].doing);
	r = ladder_climb_rung(l, rung, text, sizeof(text));
	if (r == 0) {
		l->done[l->n_done++] = rung;
		r = come_back(l, text, sizeof(text));
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
			say_only_reopen(l);
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

/* What the verdict advises comes first: a wire costs less than a hub. */
static void append_advice(const struct ladder *l, struct report_result *result)
{
	size_t used, cap = sizeof(result->advice);

	if (!result->advice[0] && result->session.advice)
		(void)snprintf(result->advice, cap, "%s", result->session.advice->text);
	used = strlen(result->advice);
	(void)snprintf(result->advice + used, cap - used, "%s%s", used ? "; " : "", l->advice);
}

void ladder_fill(const struct ladder *l, struct report_result *result)
{
	for (size_t i = 0; i < l->n_done && i < REPORT_RECOVERED_MAX; i++)
		(void)snprintf(result->recovered[i], sizeof(result->recovered[i]), "%s", rungs[l->done[i]].word);
	if (verdict_info(result->session.verdict)->status != 0 && l->advice[0])
		append_advice(l, result);
}
