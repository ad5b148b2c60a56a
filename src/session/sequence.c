/* sequence.c - reset sequences as data: the named ones, and esptool's little language. */
#include "session/sequence.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/modem.h"

#define WAIT_TOTAL_MAX_MS 60000
#define EN_RISES_MS 150 /* 10 kOhm and 10 uF, to 0.75 VDD: 140 ms */

static const struct named {
	const char *name;
	struct sequence_step steps[3];
	size_t n;
} named[] = {
	/* From open's both-asserted only DTR moves in the first step: reset begins on the two-transistor
	 * circuit; on direct wiring (RTS on EN, DTR on GPIO0) GPIO0 is free long before EN rises. */
	{ "rts", { { MODEM_DTR | MODEM_RTS, MODEM_RTS, 0 }, { MODEM_DTR | MODEM_RTS, 0, 0 } }, 2 },
	/* Both, then neither, in one operation each: nothing happens on the two-transistor circuit; on direct
	 * and on swapped wiring EN, slowed by its capacitor, rises after GPIO0. */
	{ "both", { { MODEM_DTR | MODEM_RTS, MODEM_DTR | MODEM_RTS, 0 }, { MODEM_DTR | MODEM_RTS, 0, 0 } }, 2 },
	/* DTR is on EN, RTS on GPIO0, behind two transistors. Asserted alone, DTR pulls GPIO0 on the usual circuits: EN must
	 * have risen before, whatever its capacitor. */
	{ "dtr",
	  { { MODEM_DTR | MODEM_RTS, 0, EN_RISES_MS },
	    { MODEM_DTR | MODEM_RTS, MODEM_DTR, 0 },
	    { MODEM_DTR | MODEM_RTS, 0, 0 } },
	  3 },
};

static const char *const names[] = { "rts", "both", "dtr", NULL };

const char *const *sequence_names(void)
{
	return names;
}

static int sequence_complain(char *err, size_t cap, const char *format, ...) __attribute__((format(printf, 3, 4)));

static int sequence_complain(char *err, size_t cap, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (cap)
		vsnprintf(err, cap, format, args);
	va_end(args);
	return -EINVAL;
}

static const char *sequence_blanks(const char *p)
{
	while (*p == ' ' || *p == '\t')
		p++;
	return p;
}

/* "0.05" in milliseconds; NULL if it is no number of seconds from 0 to 60. */
static const char *parse_seconds(const char *p, int *ret_ms)
{
	long us = 0, unit = 1000000;
	bool any = false;

	for (; isdigit((unsigned char)*p); p++, any = true) {
		us = us * 10 + (*p - '0') * 1000000L;
		if (us > WAIT_TOTAL_MAX_MS * 1000L)
			return NULL;
	}
	if (*p == '.') {
		for (p++; isdigit((unsigned char)*p); p++, any = true) {
			unit /= 10;
			us += (*p - '0') * unit;
		}
	}
	if (!any || us > WAIT_TOTAL_MAX_MS * 1000L)
		return NULL;
	*ret_ms = (int)((us + 999) / 1000);
	return p;
}

static const char *parse_bit(const char *p, unsigned int line, struct sequence_step *step)
{
	if (*p != '0' && *p != '1')
		return NULL;
	step->lines |= line;
	if (*p == '1')
		step->asserted |= line;
	return p + 1;
}

/* One command at p into *step; the character after it, or NULL. */
static const char *parse_step(const char *p, struct sequence_step *step)
{
	switch (toupper((unsigned char)*p)) {
	case 'D': return parse_bit(p + 1, MODEM_DTR, step);
	case 'R': return parse_bit(p + 1, MODEM_RTS, step);
	case 'U':
		p = parse_bit(sequence_blanks(p + 1), MODEM_DTR, step);
		if (!p)
			return NULL;
		p = sequence_blanks(p);
		return *p == ',' ? parse_bit(sequence_blanks(p + 1), MODEM_RTS, step) : NULL;
	case 'W': return parse_seconds(p + 1, &step->hold_ms);
	default: return NULL;
	}
}

static int sequence_append(struct sequence *sequence, const struct sequence_step *step)
{
	struct sequence_step *last = sequence->n ? &sequence->steps[sequence->n - 1] : NULL;

	if (last && !step->lines) { /* W belongs to the step before it */
		last->hold_ms += step->hold_ms;
		return 0;
	}
	if (sequence->n == SEQUENCE_STEPS_MAX - 1) /* one is kept for releasing the lines first */
		return -EINVAL;
	sequence->steps[sequence->n++] = *step;
	return 0;
}

static int parse_language(const char *text, struct sequence *ret, char *err, size_t cap)
{
	const char *p = sequence_blanks(text);
	long total = 0;

	while (*p) {
		struct sequence_step step = { 0, 0, 0 };
		const char *end;

		if (*p == '|') {
			p = sequence_blanks(p + 1);
			continue;
		}
		end = parse_step(p, &step);
		if (end)
			end = sequence_blanks(end);
		if (!end || (*end && *end != '|'))
			return sequence_complain(err, cap,
						 "bad command at character %zu: want D0 D1 R0 R1 U<dtr>,<rts> "
						 "or W<seconds>, joined by |",
						 (size_t)(p - text) + 1);
		total += step.hold_ms;
		if (total > WAIT_TOTAL_MAX_MS)
			return sequence_complain(err, cap, "waits for more than %d s in all at character %zu",
						 WAIT_TOTAL_MAX_MS / 1000, (size_t)(p - text) + 1);
		if (sequence_append(ret, &step) < 0)
			return sequence_complain(err, cap, "has more than %d steps", SEQUENCE_STEPS_MAX - 1);
		p = end;
	}
	return 0;
}

/* The lines after the whole sequence, from `lines`. */
static unsigned int lines_after(const struct sequence *sequence, unsigned int lines)
{
	for (size_t i = 0; i < sequence->n; i++)
		lines = (lines & ~sequence->steps[i].lines) | sequence->steps[i].asserted;
	return lines;
}

int sequence_parse(const char *text, struct sequence *ret, char *err, size_t cap)
{
	struct sequence seq = { .n = 0 };

	if (strlen(text) >= sizeof(seq.text))
		return sequence_complain(err, cap, "is longer than %zu characters", sizeof(seq.text) - 1);
	snprintf(seq.text, sizeof(seq.text), "%s", text);
	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
		if (strcmp(text, named[i].name) == 0) {
			memcpy(seq.steps, named[i].steps, sizeof(named[i].steps));
			seq.n = named[i].n;
			seq.observes = true;
			*ret = seq;
			return 0;
		}
	}
	if (parse_language(text, &seq, err, cap) < 0)
		return -EINVAL;
	if (seq.n == 0)
		return sequence_complain(err, cap,
					 "is empty: want a name (rts, both, dtr) or commands such as D0|R1|W0.1|R0");
	if (lines_after(&seq, 0) != 0)
		return sequence_complain(err, cap, "leaves a line asserted: it must end with both released (D0, R0)");
	*ret = seq;
	return 0;
}

void sequence_print(const struct sequence *sequence, int hold_ms, char *buf, size_t cap)
{
	size_t used = 0;

	if (cap)
		buf[0] = '\0';
	for (size_t i = 0; i < sequence->n && used < cap; i++) {
		const struct sequence_step *step = &sequence->steps[i];
		int hold = sequence->observes && step->asserted ? hold_ms : step->hold_ms;
		bool dtr = step->asserted & MODEM_DTR, rts = step->asserted & MODEM_RTS;
		const char *bar = i ? "|" : "";

		if (step->lines == (MODEM_DTR | MODEM_RTS))
			used += (size_t)snprintf(buf + used, cap - used, "%sU%d,%d", bar, dtr, rts);
		else if (step->lines)
			used += (size_t)snprintf(buf + used, cap - used, "%s%c%d", bar,
						 step->lines == MODEM_DTR ? 'D' : 'R', dtr || rts);
		if (hold && used < cap)
			used += (size_t)snprintf(buf + used, cap - used, "%sW%d.%03d", step->lines || i ? "|" : "",
						 hold / 1000, hold % 1000);
	}
}

/* EN and GPIO0 as the two usual circuits make them of the lines; true is high. */
struct pins {
	bool en, gpio0;
};

static struct pins two_transistors(unsigned int lines)
{
	bool dtr = lines & MODEM_DTR, rts = lines & MODEM_RTS;

	return (struct pins){ .en = !(rts && !dtr), .gpio0 = !(dtr && !rts) };
}

static struct pins is_direct(unsigned int lines)
{
	return (struct pins){ .en = !(lines & MODEM_RTS), .gpio0 = !(lines & MODEM_DTR) };
}

static bool raises_into_download(const struct sequence *sequence, unsigned int lines,
				 struct pins (*circuit)(unsigned int))
{
	bool en = circuit(lines).en;

	for (size_t i = 0; i < sequence->n; i++) {
		struct pins now;

		lines = (lines & ~sequence->steps[i].lines) | sequence->steps[i].asserted;
		now = circuit(lines);
		/* The strap is read when EN has charged, 10 ms and more later (10 kOhm, 1 uF): what counts is
		 * GPIO0 in the first state that lasts. */
		for (size_t k = i; now.en && !en; k++) {
			if (sequence->steps[k].hold_ms > 0 || k + 1 == sequence->n)
				break;
			lines = (lines & ~sequence->steps[k + 1].lines) | sequence->steps[k + 1].asserted;
			now = circuit(lines);
			i = k + 1;
		}
		if (now.en && !en && !now.gpio0)
			return true;
		en = now.en;
	}
	return false;
}

bool sequence_boots_download(const struct sequence *sequence)
{
	return raises_into_download(sequence, 0, two_transistors) || raises_into_download(sequence, 0, is_direct);
}
