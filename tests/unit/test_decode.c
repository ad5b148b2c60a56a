/* test_decode.c - the command espreset --decode: text output, JSON, exit statuses, output streams. */
#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "program.h"
#include "schema.h"
#include "suite.h"

static struct program p;

static const struct {
	const char *args;
	int status;
	const char *out; /* the whole expected output, or its beginning followed by "..." */
} runs[] = {
	{ "--decode tests/bootlogs/esp8266-download.txt", 11,
	  "tests/bootlogs/esp8266-download.txt:2: esp8266, cause 2 (power or reset pin), boot mode 1 (UART download), "
	  "nothing loaded; "
	  "GPIO0 was low at reset: release the FLASH button, or see \"Wiring\" in espreset(1)\n"
	  "tests/bootlogs/esp8266-download.txt: download-mode: esp8266, cause 2 (power or reset pin), boot mode 1 "
	  "(UART download), "
	  "nothing loaded; line 2\n" },
	{ "--decode < tests/bootlogs/esp32-flash.txt", 0,
	  "-:1: esp32, cold, cause 0x1 (POWERON_RESET), boot 0x13 (SPI_FAST_FLASH_BOOT), loaded\n"
	  "-: flash-boot: esp32, cold, cause 0x1 (POWERON_RESET), boot 0x13 (SPI_FAST_FLASH_BOOT), loaded; line 1\n" },
	{ "--decode tests/bootlogs/esp32-colours-as-hex.txt", 13, "tests/bootlogs/esp32-colours-as-hex.txt:1: ..." },
	{ "--decode - < tests/bootlogs/esp32-invalid-header.txt", 13, "-:1: esp32, cold, cause 0x1..." },
	{ "--decode tests/bootlogs/esp8266-exception.txt", 14, "tests/bootlogs/esp8266-exception.txt:2: ..." },
	{ "--decode tests/bootlogs/rubbish.txt", 15, "tests/bootlogs/rubbish.txt: garbled: ..." },
	{ "--decode tests/bootlogs/esp8266-sdio.txt", 16, "tests/bootlogs/esp8266-sdio.txt:2: ..." },
	{ "--decode tests/bootlogs/esp32-no-entry.txt", 17, "tests/bootlogs/esp32-no-entry.txt:1: ..." },
	{ "--decode /dev/null", 10, "/dev/null: silent: the log is empty\n" },
	{ "--quiet --decode tests/bootlogs/esp8266-download.txt", 11, "" },
	{ "--decode tests/bootlogs/there-is-none", 2, "" },
	{ "--decode tests/bootlogs", 2, "" },
};

START_TEST(prints_each_boot_and_the_result)
{
	const char *out = runs[_i].out, *dots = strstr(out, "...");

	program_run(&p, runs[_i].args);
	ck_assert_msg(p.status == runs[_i].status, "%s: status %d\n%s%s", runs[_i].args, p.status, p.out, p.err);
	if (dots && !dots[3])
		ck_assert_msg(!strncmp(p.out, out, (size_t)(dots - out)), "%s:\n%s", runs[_i].args, p.out);
	else
		ck_assert_str_eq(p.out, out);
}
END_TEST

START_TEST(the_cure_goes_to_standard_error)
{
	program_run(&p, "--decode tests/bootlogs/esp8266-download.txt");
	ck_assert_ptr_nonnull(strstr(p.err, "espreset: tests/bootlogs/esp8266-download.txt: GPIO0 was low at reset"));
	program_run(&p, "--quiet --decode tests/bootlogs/esp8266-download.txt");
	ck_assert_str_eq(p.err, "");
	program_run(&p, "--json --decode tests/bootlogs/esp8266-download.txt");
	ck_assert_str_eq(p.err, ""); /* with --json the advice is in the JSON object, not on standard error */
	ck_assert_ptr_nonnull(strstr(p.out, "\"advice\":\"GPIO0 was low at reset"));
	program_run(&p, "--decode tests/bootlogs/there-is-none");
	ck_assert_str_eq(p.err, "espreset: tests/bootlogs/there-is-none: No such file or directory\n");
}
END_TEST

/* clang-format off */
static const char *const logs[] = {
	"esp8266-download-warm", "esp8266-flash", "esp32-other-slot-is-good", "esp32s31-flash", "esp32-panic",
	"rubbish", "empty",
	"nuls-and-escapes", "esp8266-fatal-without-banner", "wrong-baud-flash", "esp32-html-flashed",
};
/* clang-format on */

START_TEST(every_json_line_is_after_the_schema)
{
	char args[128], why[512];
	const char *last;

	snprintf(args, sizeof(args), "--json --decode tests/bootlogs/%s.txt", logs[_i]);
	program_run(&p, args);
	ck_assert_msg(schema_check_lines(p.out, why, sizeof(why)) > 0, "%s: %s\n%s", args, why, p.out);
	last = strstr(p.out, "{\"schema\":1,\"event\":\"result\"");
	ck_assert_ptr_nonnull(last);
	ck_assert_ptr_eq(strchr(last, '\n') + 1, p.out + strlen(p.out));
}
END_TEST

static json_t *json_of_line(const char *text, int line)
{
	json_t *object;

	for (; line > 1; line--)
		text = strchr(text, '\n') + 1;
	object = json_loads(text, JSON_DISABLE_EOF_CHECK, NULL);
	ck_assert_ptr_nonnull(object);
	return object;
}

START_TEST(json_tells_each_boot_with_its_numbers)
{
	json_t *boot;

	program_run(&p, "--json --decode tests/bootlogs/esp8266-download-warm.txt");
	boot = json_of_line(p.out, 2);
	ck_assert_str_eq(json_string_value(json_object_get(boot, "event")), "boot");
	ck_assert_str_eq(json_string_value(json_object_get(boot, "chip")), "esp8266");
	ck_assert_str_eq(json_string_value(json_object_get(boot, "temperature")), "warm");
	ck_assert_str_eq(json_string_value(json_object_get(boot, "source")), "download");
	ck_assert_int_eq(json_integer_value(json_object_get(boot, "reset_cause")), 4);
	ck_assert_int_eq(json_integer_value(json_object_get(boot, "boot_mode")), 1);
	ck_assert_int_eq(json_integer_value(json_object_get(boot, "boot_mode2")), 7);
	ck_assert_int_eq(json_integer_value(json_object_get(boot, "line")), 6);
	json_decref(boot);
	boot = json_of_line(p.out, 3);
	ck_assert_str_eq(json_string_value(json_object_get(boot, "verdict")), "download-mode");
	ck_assert_int_eq(json_integer_value(json_object_get(boot, "exit_status")), 11);
	json_decref(boot);
}
END_TEST

START_TEST(the_speed_tells_cold_from_warm)
{
	json_t *cold, *warm;

	program_run(&p, "--json --decode tests/bootlogs/wrong-baud-restarts-warm.txt");
	cold = json_of_line(p.out, 1);
	warm = json_of_line(p.out, 2);
	ck_assert_str_eq(json_string_value(json_object_get(cold, "temperature")), "cold");
	ck_assert_str_eq(json_string_value(json_object_get(cold, "heard")), "74880");
	ck_assert(json_is_true(json_object_get(cold, "certain")));
	ck_assert_str_eq(json_string_value(json_object_get(warm, "heard")), "plain");
	ck_assert_ptr_null(json_string_value(json_object_get(warm, "temperature")));
	json_decref(cold);
	json_decref(warm);
}
END_TEST

/* Control characters in a board's output or in a file name must be escaped before they reach the terminal. */
START_TEST(nothing_reaches_the_terminal_unescaped)
{
	program_shell(
		&p,
		"d=$(mktemp -d); printf 'rst:0x1 (POWERON),boot:0x8 (\\033[2J)\\r\\nESP-ROM:esp32c3-api1-20210207\\r\\n"
		"rst:0x1 (POWERON),boot:0x8 (SPI_FAST_FLASH_BOOT)\\r\\ninvalid header: 0xffffffff "
		"\\033[31m\\007\\377\\r\\n' > \"$d/a\033b\"; "
		"\"$ESPRESET\" --decode \"$d/a\033b\" 2>&1; rm -rf \"$d\"");
	ck_assert_ptr_nonnull(strstr(p.out, "boot-failed"));
	ck_assert_ptr_nonnull(strstr(p.out, "a\\x1bb"));
	for (const char *c = p.out; *c; c++)
		ck_assert_msg(*c == '\n' || (*c >= ' ' && *c < 0x7f), "byte %d in %s", *c, p.out);
}
END_TEST

START_TEST(reads_a_stream_of_any_size)
{
	program_shell(&p, "{ head -c 3000000 /dev/zero | tr '\\0' 'x'; echo; cat tests/bootlogs/esp32-flash.txt; "
			  "head -c 3000000 /dev/zero | tr '\\0' '\\377'; } | \"$ESPRESET\" --decode");
	ck_assert_int_eq(p.status, 0);
	ck_assert_ptr_nonnull(strstr(p.out, "-: flash-boot: esp32, cold"));
}
END_TEST

START_TEST(a_result_that_cannot_be_written_is_a_failure)
{
	program_shell(&p, "\"$ESPRESET\" --decode tests/bootlogs/esp32-flash.txt > /dev/full");
	ck_assert_int_eq(p.status, 1);
	ck_assert_ptr_nonnull(strstr(p.err, "espreset: standard output: "));
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("decode");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, prints_each_boot_and_the_result, 0, COUNT(runs));
	tcase_add_test(tc, the_cure_goes_to_standard_error);
	tcase_add_loop_test(tc, every_json_line_is_after_the_schema, 0, COUNT(logs));
	tcase_add_test(tc, json_tells_each_boot_with_its_numbers);
	tcase_add_test(tc, the_speed_tells_cold_from_warm);
	tcase_add_test(tc, nothing_reaches_the_terminal_unescaped);
	tcase_add_test(tc, reads_a_stream_of_any_size);
	tcase_add_test(tc, a_result_that_cannot_be_written_is_a_failure);
	return suite_run_case("decode", tc);
}
