/* plan.c - plans the next reset pulse: its sequence, how long it holds reset, the port's baud rate, and the pause
 * before it. */
#include "session/inside.h"

#include <string.h>

/* No attempt begins if less time than this would be left after its hold, because it is too little to receive a boot. */
#define RETRY_LEFT_MS 500
/* Fewer unreadable bytes than this may be line noise. More of them may be a boot at another baud rate. */
#define UNREADABLE_MIN 4
/* In a series of pulses, holds and pauses have random lengths. These are the ranges of their random parts. */
#define HOLD_SPREAD_MS 20
#define PAUSE_SPREAD_MS 100

/* How long the board is held in reset in the first attempt, in the second, and in all later ones. */
static const int hold_steps_ms[] = { 20, 100, 500 };

/* The sequences, indexed by enum plan_wiring. They are tried in this order: docs/hardware.md, section 7. */
static const char *const wirings[PLAN_WIRINGS] = { "rts", "both", "dtr" };

static const struct sequence_step release_step = { MODEM_DTR | MODEM_RTS, 0, 0 };

/* splitmix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators") */
static unsigned int plan_random(struct session *s, unsigned int below)
{
	uint64_t z = (s->plan.random += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (unsigned int)((z ^ (z >> 31)) % below);
}

void plan_init(struct session *s)
{
	s->plan = (struct plan){ .random = s->config.seed, .baud = session_first_baud(&s->config) };
	for (int i = 0; i < PLAN_WIRINGS; i++) {
		if (s->config.sequence.observes && strcmp(s->config.sequence.text, wirings[i]) == 0)
			s->plan.wiring = s->plan.first_wiring = (enum plan_wiring)i;
	}
	s->plan.tried = 1U << s->plan.wiring;
}

static int plan_hold(const struct session *s, int attempt)
{
	return s->config.hold_ms ? s->config.hold_ms : hold_steps_ms[attempt <= 3 ? attempt - 1 : 2];
}

bool plan_may_try_again(const struct session *s, enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_SILENT:
	case VERDICT_NO_EFFECT:
	case VERDICT_GARBLED:
	case VERDICT_UNPROVEN:
	case VERDICT_DOWNLOAD_MODE: break;
	default: return false;
	}
	return !s->copying && !s->attempt.boot.eboot_waits && !s->config.no_reset &&
	       s->attempt.number < s->config.attempts &&
	       s->deadline_ms - s->now_ms > RETRY_LEFT_MS + plan_hold(s, s->attempt.number + 1);
}

/* Has a series of pulses failed? It fails if after a pulse no banner came, or one after another delay than before. Then
 * the modem line of the sequence does not drive EN, or the other modem line drives EN as well. */
static bool row_broke(const struct session *s)
{
	return s->attempt.pulse > 1 && !(s->attempt.caused_by_us && s->attempt.series >= PROOF_PULSES);
}

/* Did the board print a banner at 74880 Bd? */
static bool has_banner_at_74880(const struct attempt *a)
{
	if (!a->any_boot || (a->boot.chip != CHIP_ESP8266 && a->boot.chip != CHIP_ESP32C2))
		return false;
	return a->banner_baud == 74880 || (a->boot.rx_speed == BOOT_RX_74880 && !a->boot.certain);
}

/* Chooses the port's baud rate for the next pulse. Only ESP8266 and ESP32-C2 ROMs can print at 74880 Bd. */
static int plan_baud(const struct session *s, enum verdict verdict)
{
	const struct attempt *a = row_broke(s) ? &s->before : &s->attempt;

	if (s->plan.at_115200 ||
	    (s->config.chip != CHIP_UNKNOWN && s->config.chip != CHIP_ESP8266 && s->config.chip != CHIP_ESP32C2))
		return 115200;
	if (s->plan.at_74880)
		return 74880;
	if (a->caused_by_us || a->cold_in_hold)
		return a->baud;
	if (verdict == VERDICT_GARBLED || (verdict == VERDICT_UNPROVEN && a->unreadable >= UNREADABLE_MIN))
		return a->baud == 115200 ? 74880 : 115200;
	return a->baud;
}

static enum plan_wiring untried_wiring(const struct session *s)
{
	if (s->plan.wiring != PLAN_RTS && s->plan.rts_resets)
		return PLAN_RTS;
	for (int i = 0; i < PLAN_WIRINGS; i++) {
		if (!(s->plan.tried >> i & 1))
			return (enum plan_wiring)i;
	}
	return s->plan.wiring;
}

/* Chooses the sequence of the next pulse. @next_baud: the port's baud rate during the next pulse. @verdict: the verdict
 * of the attempt that has just ended. */
static enum plan_wiring plan_wiring(const struct session *s, int next_baud, enum verdict verdict)
{
	const struct attempt *a = &s->attempt;
	bool may_be_boot = verdict != VERDICT_SILENT && verdict != VERDICT_NO_EFFECT;

	if (a->cold_in_hold || row_broke(s) || (a->caused_by_us && a->boot.source == BOOT_SOURCE_DOWNLOAD))
		return s->plan.wiring == PLAN_RTS ? PLAN_BOTH : s->plan.wiring;
	/* Keep the sequence if it has reset the board. Keep it also if the next pulse uses another baud rate, since the
	 * other baud rate may show whether the sequence resets the board. */
	if (a->caused_by_us || (may_be_boot && next_baud != a->baud))
		return s->plan.wiring;
	return untried_wiring(s);
}

void plan_next(struct session *s, enum verdict verdict)
{
	const struct attempt *a = &s->attempt;

	s->plan.at_74880 |= has_banner_at_74880(a) || (a->changed_speed && !a->any_boot && !row_broke(s));
	s->plan.rts_resets |= s->plan.wiring == PLAN_RTS && (a->any_boot || a->cold_in_hold);
	s->plan.baud = plan_baud(s, verdict);
	s->plan.wiring = plan_wiring(s, s->plan.baud, verdict);
	s->plan.tried |= 1U << s->plan.wiring;
}

static void plan_sequence(struct session *s)
{
	struct sequence *seq = &s->sequence;
	char err[64];

	*seq = s->config.sequence;
	if (s->config.no_reset) {
		*seq = (struct sequence){ .text = "none", .n = 1, .steps = { release_step } };
	} else if (!seq->observes) {
		/* A sequence in esptool's language expects that both modem lines are released at its start, so release
		 * them first. */
		memmove(seq->steps + 1, seq->steps, seq->n * sizeof(seq->steps[0]));
		seq->steps[0] = release_step;
		seq->n++;
	} else {
		(void)sequence_parse(wirings[s->plan.wiring], seq, err, sizeof(err));
	}
}

void plan_pulse(struct session *s)
{
	plan_sequence(s);
	s->attempt.baud = s->plan.baud;
	s->attempt.hold_ms = plan_hold(s, s->attempt.number);
	if (s->attempt.pulse > 1 && !s->config.hold_ms)
		s->attempt.hold_ms += (int)plan_random(s, HOLD_SPREAD_MS);
}

int plan_pause_ms(struct session *s)
{
	int least = proof_pause_min_ms(&s->context) + HOLD_SPREAD_MS + s->context.lag_ms;
	int spread = 3 * least + PAUSE_SPREAD_MS;

	s->plan.pause_ms =
		(s->plan.pause_ms + least + (int)plan_random(s, (unsigned int)(spread - 2 * least))) % spread;
	return s->plan.pause_ms;
}

const struct advice *plan_saves_detour(const struct session *s)
{
	static const struct advice by_wiring[PLAN_WIRINGS] = {
		[PLAN_RTS] = { "sequence-rts", "next time, --sequence rts saves the first try" },
		[PLAN_BOTH] = { "sequence-both",
				"next time, --sequence both saves the first try: on this board DTR reaches EN/RST" },
		[PLAN_DTR] = { "sequence-dtr",
			       "next time, --sequence dtr saves the first tries: on this board DTR alone resets" },
	};

	if (!s->config.sequence.observes || s->plan.wiring == s->plan.first_wiring)
		return NULL;
	return &by_wiring[s->plan.wiring];
}
