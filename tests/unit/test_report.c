/* test_report.c - whatever bytes a board prints, espreset's output is harmless to a terminal, and every JSON event fits
 * the schema. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "report/clean.h"
#include "report/json.h"
#include "report/report.h"
#include "schema.h"
#include "suite.h"

/* clang-format off */
static const struct { const char *in; size_t n; const char *utf8; const char *terminal; } texts[] = {
	{ "plain", 5, "plain", "plain" },
	{ "gr\xc3\xbc\xc3\x9f", 6, "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f" },
	{ "\033[2J", 4, "\033[2J", "\\x1b[2J" },
	{ "a\0b", 3, NULL, "a\\x00b" },
	{ "\x7f", 1, "\x7f", "\\x7f" },
	{ "\xff\xfe", 2, "\xef\xbf\xbd\xef\xbf\xbd", "\xef\xbf\xbd\xef\xbf\xbd" },
	{ "\xc0\xaf", 2, "\xef\xbf\xbd\xef\xbf\xbd", NULL },	/* "/" in an overlong encoding */
	/* a surrogate, which must not occur in UTF-8 */
	{ "\xed\xa0\x80", 3, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", NULL },
	{ "\xe2\x82", 2, "\xef\xbf\xbd\xef\xbf\xbd", NULL },	/* the first two bytes of a three-byte character */
	{ "\xf4\x90\x80\x80", 4, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", NULL },
	{ "\xc2\x9b" "1m", 4, "\xc2\x9b" "1m", "\\x9b1m" },	/* the control character CSI in UTF-8 */
	/* a character that reverses the direction of the text after it */
	{ "\xe2\x80\xae" "x", 4, "\xe2\x80\xae" "x", "\\u{202e}x" },
	{ "\xf0\x9f\x98\x80", 4, "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
};
/* clang-format on */

START_TEST(foreign_bytes_become_valid_utf8)
{
	char out[64];

	clean_utf8(out, sizeof(out), texts[_i].in, texts[_i].n);
	if (texts[_i].utf8)
		ck_assert_str_eq(out, texts[_i].utf8);
}
END_TEST

START_TEST(foreign_bytes_cannot_move_a_terminal)
{
	char out[64];

	clean_terminal(out, sizeof(out), texts[_i].in, texts[_i].n);
	if (texts[_i].terminal)
		ck_assert_str_eq(out, texts[_i].terminal);
}
END_TEST

START_TEST(what_does_not_fit_is_cut_between_characters)
{
	char out[8];

	ck_assert_uint_eq(clean_utf8(out, 4,
				     "a\xe2\x82\xac"
				     "b",
				     5),
			  1);
	ck_assert_str_eq(out, "a");
	ck_assert_uint_eq(clean_utf8(out, 5,
				     "a\xe2\x82\xac"
				     "b",
				     5),
			  4);
	ck_assert_uint_eq(clean_utf8(out, 1, "abc", 3), 0);
	ck_assert_str_eq(out, "");
	ck_assert_uint_eq(clean_utf8(out, 0, "abc", 3), 0);
}
END_TEST

/* Control characters must be escaped in every part of a text line. No path and no sentence of a possible length may be
 * cut off. */
START_TEST(a_line_is_harmless_whatever_its_parts_are)
{
	static char part[4096], buf[20000];
	FILE *out = fmemopen(buf, sizeof(buf), "w");

	ck_assert_ptr_nonnull(out);
	clean_line(out, "espreset: %s: %s %d", "a\nb\033[2J", "\xff", 7);
	memset(part, '\033', sizeof(part) - 1);
	clean_line(out, "%s|", part);
	ck_assert_int_eq(fclose(out), 0);
	ck_assert_int_eq(strncmp(buf, "espreset: a\\x0ab\\x1b[2J: \xef\xbf\xbd 7\n\\x1b", 35), 0);
	ck_assert_uint_eq(strlen(buf), 31 + 4 * (sizeof(part) - 1) + 2);
	ck_assert_str_eq(buf + strlen(buf) - 6, "\\x1b|\n");
}
END_TEST

static struct report_result hostile_result(enum verdict verdict)
{
	struct report_result result;

	memset(&result, 0, sizeof(result));
	result.session.verdict = verdict;
	result.session.any_boot = true;
	result.session.boot = (struct boot){ .chip = CHIP_NEWER, .cause = 1, .mode = 8, .mode2 = -1 };
	snprintf(result.session.boot.chip_name, sizeof(result.session.boot.chip_name), "esp\033]0;x\007\xff");
	snprintf(result.session.text, sizeof(result.session.text), "quote \" \\ \033[31m \xff $(reboot) `x`");
	snprintf(result.match, sizeof(result.match), "\xc3\x28'; rm -rf /");
	result.any_match = true;
	result.session.boot_ms = 171;
	result.session.up_ms = -1;
	result.session.evidence = 0x7fff;
	result.session.crystal_mhz = 26;
	result.holder_pid = 4711;
	snprintf(result.holder_command, sizeof(result.holder_command), "a\nb\033c");
	snprintf(result.ota_host, sizeof(result.ota_host), "host\x80");
	snprintf(result.recovered[0], sizeof(result.recovered[0]), "reopen");
	snprintf(result.advice, sizeof(result.advice), "do\x9bthis");
	return result;
}

START_TEST(a_hostile_result_is_valid_json_after_the_schema)
{
	struct report_result result = hostile_result((enum verdict)_i);
	char *text = report_result_json("/dev/tty\xff\033", &result), why[2048];

	ck_assert_ptr_nonnull(text);
	ck_assert_msg(schema_check(text, why, sizeof(why)), "%s\n%s", why, text);
	for (const char *p = text; *p; p++)
		ck_assert_msg(*p >= 0x20 && *p < 0x7f, "byte %02x in %s", (unsigned char)*p, text);
	free(text);
}
END_TEST

START_TEST(a_hostile_result_is_one_harmless_line_of_text)
{
	struct report_result result = hostile_result((enum verdict)_i);
	char text[1024];

	report_sentence(&result, text, sizeof(text));
	for (const char *p = text; *p; p++)
		ck_assert_msg((unsigned char)*p >= 0x20 && *p != 0x7f, "byte %02x in %s", (unsigned char)*p, text);
}
END_TEST

/* Checks that the JSON event @text has all keys that the schema requires, in the order of the schema. If @log is true,
 * the event must have one more key: "file", after "port". */
static void check_keys(const char *event, const char *text, bool log)
{
	json_t *schema = json_load_file("docs/espreset.schema.json", 0, NULL), *object = json_loads(text, 0, NULL);
	json_t *wanted = json_object_get(json_object_get(json_object_get(schema, "definitions"), event), "required");
	const char *key;
	json_t *value;
	size_t i = 0;

	ck_assert_msg(json_array_size(wanted) > 10 && json_is_object(object), "%s", text);
	json_object_foreach(object, key, value)
	{
		(void)value;
		if (log && strcmp(key, "file") == 0) {
			ck_assert_uint_eq(i, 3);
			log = false;
			continue;
		}
		ck_assert_str_eq(key, json_string_value(json_array_get(wanted, i++)));
	}
	ck_assert_uint_eq(i, json_array_size(wanted));
	ck_assert(!log);
	json_decref(object);
	json_decref(schema);
}

START_TEST(runs_and_logs_have_the_same_keys_in_their_results)
{
	struct report_result result = hostile_result(VERDICT_READY);
	char *live = report_result_json("p", &result), *log, why[2048];

	report_result_init(&result, VERDICT_SILENT, "the log is empty", NULL);
	result.of_log = true;
	log = report_result_json("file", &result);
	check_keys("result", live, false);
	check_keys("result", log, true);
	ck_assert_msg(schema_check(log, why, sizeof(why)), "%s\n%s", why, log);
	ck_assert_str_eq(log,
			 "{\"schema\":1,\"event\":\"result\",\"port\":null,\"file\":\"file\",\"verdict\":\"silent\","
			 "\"exit_status\":10,\"text\":\"the log is empty\",\"chip\":null,\"reset_cause\":null,"
			 "\"boot_mode\":null,\"reset_by\":null,\"reset\":null,\"evidence\":[],\"attempts\":null,"
			 "\"pulses\":null,\"boot_ms\":null,\"up_ms\":null,\"total_ms\":null,\"baud\":null,\"app_baud\":"
			 "null,\"crystal_mhz\":null,"
			 "\"sequence\":null,\"sequence_from\":null,\"proof\":null,\"match\":null,\"ota\":null,"
			 "\"advice\":null,\"advice_id\":null,\"holder\":null,\"recovered\":[]}");
	free(live);
	free(log);
}
END_TEST

/* Runs @fn and stores in @buf what @fn writes to standard output. */
static void catch_stdout(void (*fn)(void), char *buf, size_t cap)
{
	int saved = files_capture();

	fn();
	files_captured(saved, buf, cap);
}

static void print_notes(void)
{
	struct session_note note;
	struct report_match match = { .option = "expect", .any_group = true, .at_ms = 5 };

	memset(&note, 0, sizeof(note));
	snprintf(note.sequence, sizeof(note.sequence), "rts");
	note.number = 1;
	note.hold_ms = 20;
	note.baud = 115200;
	note.boot = (struct boot){ .chip = CHIP_ESP8266,
				   .cause = 2,
				   .mode = 3,
				   .mode2 = 6,
				   .source = BOOT_SOURCE_FLASH,
				   .rx_speed = BOOT_RX_74880,
				   .progress = BOOT_BANNER };
	snprintf(note.boot.cause_text, sizeof(note.boot.cause_text), "\xff\033");
	json_note("p", &note);
	note.kind = SESSION_NOTE_BOOT;
	json_note("p", &note);
	json_log_boot("file", &note.boot, false);
	snprintf(match.line, sizeof(match.line), "\xfe\001 \"");
	json_match("p", &match);
}

START_TEST(notes_and_matches_are_valid_json_after_the_schema)
{
	char out[8192], why[2048];

	catch_stdout(print_notes, out, sizeof(out));
	ck_assert_msg(schema_check_lines(out, why, sizeof(why)) == 4, "%s\n%s", why, out);
}
END_TEST

START_TEST(the_schema_check_itself_refuses_what_does_not_fit)
{
	struct report_result result = hostile_result(VERDICT_READY);
	char *text = report_result_json("p", &result), why[2048], *word;

	ck_assert_ptr_nonnull(text);
	word = strstr(text, "\"ready\"");
	ck_assert_ptr_nonnull(word);
	memcpy(word, "\"reedy\"", 7);
	ck_assert(!schema_check(text, why, sizeof(why)));
	ck_assert(!schema_check("{\"schema\":1,\"event\":\"result\"}", why, sizeof(why)));
	ck_assert(!schema_check("[]", why, sizeof(why)));
	ck_assert(!schema_check("{", why, sizeof(why)));
	free(text);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("report");

	tcase_add_loop_test(tcase, foreign_bytes_become_valid_utf8, 0, COUNT(texts));
	tcase_add_loop_test(tcase, foreign_bytes_cannot_move_a_terminal, 0, COUNT(texts));
	tcase_add_test(tcase, what_does_not_fit_is_cut_between_characters);
	tcase_add_test(tcase, a_line_is_harmless_whatever_its_parts_are);
	tcase_add_test(tcase, runs_and_logs_have_the_same_keys_in_their_results);
	tcase_add_loop_test(tcase, a_hostile_result_is_valid_json_after_the_schema, 0, VERDICT_COUNT);
	tcase_add_loop_test(tcase, a_hostile_result_is_one_harmless_line_of_text, 0, VERDICT_COUNT);
	tcase_add_test(tcase, notes_and_matches_are_valid_json_after_the_schema);
	tcase_add_test(tcase, the_schema_check_itself_refuses_what_does_not_fit);
	return suite_run_case("report", tcase);
}
