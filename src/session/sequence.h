/* sequence.h - reset sequences as data: those with a name, and those in esptool's language.
 *
 * A sequence is a list of steps. Each step sets modem lines, then waits. If a step changes both lines, it changes them
 * in one operation. sequence_parse() accepts only sequences that end with both lines released.
 *
 * A sequence in esptool's language expects that both lines are released at its start, as esptool does. A sequence with
 * a name also works from the state that open() leaves: both lines asserted.
 */
#ifndef ESPRESET_SESSION_SEQUENCE_H
#define ESPRESET_SESSION_SEQUENCE_H

#include <stdbool.h>
#include <stddef.h>

#define SEQUENCE_STEPS_MAX 32
#define SEQUENCE_TEXT_MAX 256

struct sequence_step {
	unsigned int lines; /* bit set of enum modem_line: which modem lines this step sets; 0: it only waits */
	/* bit set: the modem lines that this step asserts; all others in the member lines are released */
	unsigned int asserted;
	int hold_ms; /* how long to wait after setting the modem lines */
};

struct sequence {
	/* The user's text, or the name of the sequence. */
	char text[SEQUENCE_TEXT_MAX];
	struct sequence_step steps[SEQUENCE_STEPS_MAX];
	size_t n;
	/* The sequence has a name. Then the session chooses how long it holds reset, and reads the port during the
	 * hold. */
	bool observes;
};

/**
 * sequence_parse() - read a name ("rts", "both", "dtr") or a sequence in esptool's language
 * @text: commands joined by `|`: D0 D1 (DTR), R0 R1 (RTS), U<dtr>,<rts> (both at once), W<seconds>; 1 asserts a line.
 *	Blanks and empty commands are ignored. Upper and lower case mean the same.
 * @err, @cap: buffer and its size. On failure the buffer receives a sentence for the user.
 *
 * A sequence must have fewer than SEQUENCE_STEPS_MAX steps, wait no longer than 60 s in all, and end with both lines
 * released.
 *
 * Return: 0, or -EINVAL; on failure @ret is unchanged.
 * Source: esptool docs/en/esptool/configuration-file.rst (W is in seconds there; esptool-js takes milliseconds).
 */
int sequence_parse(const char *text, struct sequence *ret, char *err, size_t cap);

/** sequence_boots_download() - on one of the usual circuits, would this sequence let EN rise while GPIO0 is low? */
bool sequence_boots_download(const struct sequence *sequence);

/** sequence_lines() - which modem lines are asserted after @step; @lines: the modem lines asserted before @step */
static inline unsigned int sequence_lines(unsigned int lines, const struct sequence_step *step)
{
	return (lines & ~step->lines) | step->asserted;
}

#endif
