/* sequence.h - reset sequences as data: the named ones, and esptool's little language.
 *
 * A sequence is a list of steps; each sets lines, both in one operation where both change, and holds.
 * It is checked before a board sees it: whatever it does, it ends with both lines released.
 */
#ifndef ESPRESET_SESSION_SEQUENCE_H
#define ESPRESET_SESSION_SEQUENCE_H

#include <stdbool.h>
#include <stddef.h>

#define SEQUENCE_STEPS_MAX 32
#define SEQUENCE_TEXT_MAX 256

struct sequence_step {
	unsigned int lines;    /* MODEM_DTR | MODEM_RTS: which this step writes; 0: only waits */
	unsigned int asserted; /* those of them that it asserts */
	int hold_ms;	       /* then wait so long */
};

struct sequence {
	char text[SEQUENCE_TEXT_MAX]; /* as the user wrote it, or the name */
	struct sequence_step steps[SEQUENCE_STEPS_MAX];
	size_t n;
	bool observes; /* a named one: how long reset is held is the session's choice */
};

/* A sequence in esptool's language starts from released lines, as esptool has them; the named ones also start from
 * what open() leaves, both asserted. */

/**
 * sequence_parse() - a name ("rts", "both", "dtr") or esptool's language
 * @text: commands joined by `|`: D0 D1 (DTR), R0 R1 (RTS), U<dtr>,<rts> (both at once), W<seconds>; blanks
 *	allowed, case does not matter, empty steps are dropped; 1 is asserted
 * @ret: filled on success
 * @err, @cap: a sentence for the user that names the position, on failure
 *
 * Refused as well: SEQUENCE_STEPS_MAX steps or more, a total wait above 60 s, and a sequence that
 * leaves a line asserted.
 *
 * Return: 0 or -EINVAL.
 * Source: esptool docs/en/esptool/configuration-file.rst (W is in seconds there; esptool-js means milliseconds).
 */
int sequence_parse(const char *text, struct sequence *ret, char *err, size_t cap);

/**
 * sequence_names() - the names sequence_parse() knows
 * Return: static, NULL-terminated.
 */
const char *const *sequence_names(void);

/**
 * sequence_print() - the sequence in esptool's language, as custom_hard_reset_sequence takes it
 * @hold_ms: the length of the hold of an observing sequence
 */
void sequence_print(const struct sequence *sequence, int hold_ms, char *buf, size_t cap);

/**
 * sequence_boots_download() - would it raise EN with GPIO0 low on a board that esptool can program?
 *
 * Played on both usual circuits (two transistors; RTS on EN with DTR on GPIO0), from released lines.
 */
bool sequence_boots_download(const struct sequence *sequence);

#endif
