/* test_sequence.c - the strict parser of reset sequences in esptool's language. No accepted sequence leaves a board in
 * reset. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/modem.h"
#include "session/sequence.h"
#include "suite.h"

static const struct {
	const char *text;
	const char *printed;   /* the accepted sequence printed as text; NULL: the sequence must be refused */
	const char *complaint; /* part of the complaint if the sequence must be refused */
} rows[] = {
	{ "rts", "U0,1|W0.020|U0,0", NULL },
	{ "both", "U1,1|W0.020|U0,0", NULL },
	{ "D0|R1|W0.1|R0", "D0|R1|W0.100|R0", NULL },
	{ "d0|r1|w.1|r0", "D0|R1|W0.100|R0", NULL },
	{ " D0 | R1 || W0.05 | U0,0 |", "D0|R1|W0.050|U0,0", NULL },
	{ "U1 , 1|W1|U0,0", "U1,1|W1.000|U0,0", NULL },
	{ "R1|W0.1|W0.1|R0", "R1|W0.200|R0", NULL },
	{ "W0.1|R1|R0", "W0.100|R1|R0", NULL },
	{ "R1|W0.0001|R0", "R1|W0.001|R0", NULL },
	{ "", NULL, "empty" },
	{ "|", NULL, "empty" },
	{ "R1", NULL, "leaves a line asserted" },
	{ "D1|R1|R0", NULL, "leaves a line asserted" },
	{ "R2|R0", NULL, "character 1" },
	{ "D0|R1|X|R0", NULL, "character 7" },
	{ "D0 R0", NULL, "character 1" },
	{ "R1|W|R0", NULL, "character 4" },
	{ "R1|W-1|R0", NULL, "character 4" },
	{ "R1|W1e3|R0", NULL, "character 4" },
	{ "R1|W61|R0", NULL, "character 4" },
	{ "R1|W40|R0|R1|W40|R0", NULL, "more than 60 s" },
	{ "U1|U0,0", NULL, "character 1" },
	{ "U1,|U0,0", NULL, "character 1" },
	{ "RTS", NULL, "character 1" },
};

/* Prints the steps of a sequence in esptool's language. Named sequences such as "rts" hold the board in reset for
 * @hold_ms. */
static void print_steps(const struct sequence *sequence, int hold_ms, char *buf, size_t cap)
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

START_TEST(a_sequence_is_read_or_refused_with_its_place)
{
	struct sequence sequence;
	char text[256] = "", printed[256];
	int r = sequence_parse(rows[_i].text, &sequence, text, sizeof(text));

	if (!rows[_i].printed) {
		ck_assert_int_lt(r, 0);
		ck_assert_msg(strstr(text, rows[_i].complaint), "'%s' says '%s'", rows[_i].text, text);
		return;
	}
	ck_assert_msg(r == 0, "'%s': %s", rows[_i].text, text);
	print_steps(&sequence, 20, printed, sizeof(printed));
	ck_assert_str_eq(printed, rows[_i].printed);
}
END_TEST

START_TEST(what_is_printed_reads_back_as_the_same_steps)
{
	struct sequence sequence, again;
	char text[256], printed[256];

	if (!rows[_i].printed)
		return;
	ck_assert_int_eq(sequence_parse(rows[_i].text, &sequence, text, sizeof(text)), 0);
	print_steps(&sequence, 20, printed, sizeof(printed));
	ck_assert_int_eq(sequence_parse(printed, &again, text, sizeof(text)), 0);
	ck_assert_uint_eq(again.n, sequence.n);
	for (size_t i = 0; i < again.n; i++) {
		ck_assert_uint_eq(again.steps[i].lines, sequence.steps[i].lines);
		ck_assert_uint_eq(again.steps[i].asserted, sequence.steps[i].asserted);
	}
}
END_TEST

START_TEST(more_steps_than_fit_are_refused)
{
	char text[256] = "", err[256];
	struct sequence sequence;

	for (int i = 0; i < SEQUENCE_STEPS_MAX; i++)
		strcat(text, "R1|R0|");
	ck_assert_int_lt(sequence_parse(text, &sequence, err, sizeof(err)), 0);
	ck_assert_ptr_nonnull(strstr(err, "more than 31 steps"));
}
END_TEST

START_TEST(a_text_longer_than_the_room_for_it_is_refused)
{
	char text[SEQUENCE_TEXT_MAX + 8], err[256];
	struct sequence sequence;

	memset(text, ' ', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	ck_assert_int_lt(sequence_parse(text, &sequence, err, sizeof(err)), 0);
	ck_assert_ptr_nonnull(strstr(err, "longer"));
}
END_TEST

/* clang-format off */
static const struct { const char *text; bool boots_download; } dangers[] = {
	{ "rts", false },
	{ "both", false },
	{ "D0|R1|W0.1|R0", false },
	{ "R1|W0.1|R0", false },
	{ "U0,1|W0.1|U0,0", false },
	/* esptool's two sequences that start the bootloader: classic and tight. */
	{ "D0|R1|W0.1|D1|R0|W0.05|D0", true },
	{ "U1,1|U0,1|W0.1|U1,0|W0.05|U0,0", true },
	/* With direct wiring EN rises while DTR still pulls GPIO0 low, so the bootloader starts. */
	{ "U1,1|W0.1|R0|W0.05|D0", true },
};
/* clang-format on */

START_TEST(a_sequence_into_the_bootloader_is_known_as_such)
{
	struct sequence sequence;
	char err[128];

	ck_assert_int_eq(sequence_parse(dangers[_i].text, &sequence, err, sizeof(err)), 0);
	ck_assert_msg(sequence_boots_download(&sequence) == dangers[_i].boots_download, "%s", dangers[_i].text);
}
END_TEST

START_TEST(the_named_sequences_are_those_that_parse)
{
	static const char *const names[] = { "rts", "both", "dtr" };

	for (size_t i = 0; i < COUNT(names); i++) {
		struct sequence sequence;
		char err[128];

		ck_assert_int_eq(sequence_parse(names[i], &sequence, err, sizeof(err)), 0);
		ck_assert(sequence.observes);
		ck_assert_uint_eq(sequence.steps[sequence.n - 1].asserted, 0);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("sequence");

	tcase_add_loop_test(tcase, a_sequence_is_read_or_refused_with_its_place, 0, COUNT(rows));
	tcase_add_loop_test(tcase, what_is_printed_reads_back_as_the_same_steps, 0, COUNT(rows));
	tcase_add_test(tcase, more_steps_than_fit_are_refused);
	tcase_add_test(tcase, a_text_longer_than_the_room_for_it_is_refused);
	tcase_add_loop_test(tcase, a_sequence_into_the_bootloader_is_known_as_such, 0, COUNT(dangers));
	tcase_add_test(tcase, the_named_sequences_are_those_that_parse);
	return suite_run_case("sequence", tcase);
}
