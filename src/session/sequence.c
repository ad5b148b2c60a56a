/* sequence.c - reset sequences as data: those with a name, and those in esptool's language. */
#include "session/sequence.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/modem.h"

#define WAIT_TOTAL_MAX_MS 60000

/* The sequences are written in esptool's language. A step that asserts a modem line has no W command, because the
 * session decides how long it lasts (member "observes"). Circuits: docs/hardware.md, section 7. */
static const struct named {
	const char *name, *text;
} named[] = {
	/* If both lines are asserted at the start, the first step changes only DTR. With two transistors, EN then falls
	 * and GPIO0 stays high. With RTS wired to EN and DTR to GPIO0, GPIO0 goes high long before the second step lets
	 * EN rise. */
	{ "rts", "U0,1|U0,0" },
	/* With two transistors, both lines together do nothing. If one line is wired to EN and the other to GPIO0,
	 * GPIO0 rises first, because EN has a capacitor. */
	{ "both", "U1,1|U0,0" },
	/* For a board that only DTR resets. On the usual circuits DTR alone pulls GPIO0 low, so EN
	 * must be high before DTR is asserted. EN reaches 0.75 VDD after 140 ms with 10 kOhm and 10 uF. */
	{ "dtr", "U0,0|W0.15|U1,0|U0,0" },
};

__attribute__((format(printf, 3, 4))) static int sequence_complain(char *err, size_t cap, const char *format, ...)
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

/* Reads "0.05" as 50 ms. Return: the end of the number; NULL if it is not a number from 0 to 60. */
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

/* Reads the command at @p. Return: the end of the command; NULL if it is invalid. */
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

	if (last && !step->lines) { /* a W command extends the wait of the step before it */
		last->hold_ms += step->hold_ms;
		return 0;
	}
	if (sequence->n == SEQUENCE_STEPS_MAX - 1) /* one step stays free: plan.c adds a step at the start */
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

int sequence_parse(const char *text, struct sequence *ret, char *err, size_t cap)
{
	struct sequence seq = { .n = 0 };
	const char *language = text;
	unsigned int lines = 0;

	if (strlen(text) >= sizeof(seq.text))
		return sequence_complain(err, cap, "is longer than %zu characters", sizeof(seq.text) - 1);
	snprintf(seq.text, sizeof(seq.text), "%s", text);
	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
		if (strcmp(text, named[i].name) == 0) {
			language = named[i].text;
			seq.observes = true;
		}
	}
	if (parse_language(language, &seq, err, cap) < 0)
		return -EINVAL;
	if (seq.n == 0)
		return sequence_complain(err, cap,
					 "is empty: want a name (rts, both, dtr) or commands such as D0|R1|W0.1|R0");
	for (size_t i = 0; i < seq.n; i++)
		lines = sequence_lines(lines, &seq.steps[i]);
	if (lines)
		return sequence_complain(err, cap, "leaves a line asserted: it must end with both released (D0, R0)");
	*ret = seq;
	return 0;
}

/* The levels of EN and GPIO0: true is high. */
struct pins {
	bool en, gpio0;
};

static struct pins two_transistors(unsigned int lines)
{
	return (struct pins){ .en = lines != MODEM_RTS, .gpio0 = lines != MODEM_DTR };
}

static struct pins direct_wiring(unsigned int lines)
{
	return (struct pins){ .en = !(lines & MODEM_RTS), .gpio0 = !(lines & MODEM_DTR) };
}

static bool raises_into_download(const struct sequence *sequence, struct pins (*circuit)(unsigned int))
{
	unsigned int lines = 0;
	bool en = true;

	for (size_t i = 0; i < sequence->n; i++) {
		struct pins now;

		lines = sequence_lines(lines, &sequence->steps[i]);
		now = circuit(lines);
		/* The ROM reads GPIO0 when EN's capacitor is charged, 10 ms or more after EN starts to rise (10 kOhm, 1
		 * uF). By then steps without a wait have been played. So skip them, and take GPIO0 from the first step
		 * that waits. */
		while (now.en && !en && !sequence->steps[i].hold_ms && i + 1 < sequence->n) {
			lines = sequence_lines(lines, &sequence->steps[++i]);
			now = circuit(lines);
		}
		if (now.en && !en && !now.gpio0)
			return true;
		en = now.en;
	}
	return false;
}

bool sequence_boots_download(const struct sequence *sequence)
{
	return raises_into_download(sequence, two_transistors) || raises_into_download(sequence, direct_wiring);
}
