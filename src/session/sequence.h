/* sequence.h - reset sequences as data: the named ones, and those in esptool's language.
 *
 * A sequence is a list of steps. Each step sets lines, in one operation if both change, then waits. sequence_parse()
 * checks a sequence before any board is touched: it ends with both lines released.
 *
 * A sequence in esptool's language starts from released lines, as with esptool. A named one may also start from the
 * state that open() leaves: both lines asserted.
 */
#ifndef ESPRESET_SESSION_SEQUENCE_H
#define ESPRESET_SESSION_SEQUENCE_H

#include <stdbool.h>
#include <stddef.h>

#define SEQUENCE_STEPS_MAX 32
#define SEQUENCE_TEXT_MAX 256

struct sequence_step {
	unsigned int lines;    /* bit set of enum modem_line: the lines that this step sets; 0: it only waits */
	unsigned int asserted; /* subset of lines: those that this step asserts */
	int hold_ms;	       /* wait after setting the lines */
};

struct sequence {
	char text[SEQUENCE_TEXT_MAX]; /* as the user wrote it, or the name */
	struct sequence_step steps[SEQUENCE_STEPS_MAX];
	size_t n;
	bool observes; /* a named sequence: the session chooses how long reset is held, and listens meanwhile */
};

/**
 * sequence_parse() - read a name ("rts", "both", "dtr") or a sequence in esptool's language
 * @text: commands joined by `|`: D0 D1 (DTR), R0 R1 (RTS), U<dtr>,<rts> (both at once), W<seconds>; 1 asserts.
 *	Blanks and empty commands are ignored, upper and lower case are equal.
 * @err, @cap: on failure a sentence for the user that names the position
 *
 * Refuses SEQUENCE_STEPS_MAX steps or more, waits above 60 s in all, and a sequence that leaves a line asserted.
 *
 * Return: 0, or -EINVAL; then @ret is unchanged.
 * Source: esptool docs/en/esptool/configuration-file.rst (W is in seconds there; esptool-js means milliseconds).
 */
int sequence_parse(const char *text, struct sequence *ret, char *err, size_t cap);

/** sequence_boots_download() - would this sequence raise EN while GPIO0 is low, on one of the usual circuits? */
bool sequence_boots_download(const struct sequence *sequence);

/** sequence_lines() - the lines that are asserted after @step, if @lines were asserted before */
static inline unsigned int sequence_lines(unsigned int lines, const struct sequence_step *step)
{
	return (lines & ~step->lines) | step->asserted;
}

#endif
