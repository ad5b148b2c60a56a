/* test_firmware.c - the presets of --firmware: each pattern compiles, and matches text lines of its own firmware but
 * not of others. */
#include <check.h>
#include <string.h>

#include "ota/firmware.h"
#include "run/match.h"
#include "suite.h"

/* Text lines that the firmwares known to --firmware print; escape sequences are left out. */
static const struct {
	const char *firmware;
	const char *line;
	int expect; /* index of the --expect pattern that must match; -1: none must */
	bool fails;
	const char *address; /* the board's address that must be found in the text line; NULL: the text line has none */
} lines[] = {
	{ "arduino", "Booting", -1, false, NULL },
	{ "arduino", "Ready", 0, false, NULL },
	{ "arduino", "\x01\xff Ready", 0, false, NULL },
	{ "arduino", "NotReady", -1, false, NULL },
	{ "arduino", "Ready to fail", -1, false, NULL },
	{ "arduino", "IP address: 192.168.1.23", 1, false, "192.168.1.23" },
	{ "arduino", "IP address: 127.0.0.1", 1, false, "127.0.0.1" },
	{ "arduino", "IP address: 0.0.0.0", -1, false, NULL },
	{ "arduino", "IP address: ", -1, false, NULL },
	{ "arduino", "IP address: 192.168.1.23$(reboot)", -1, false, NULL },
	{ "arduino", "Connection Failed! Rebooting...", -1, true, NULL },
	{ "esphome", "[C][wifi:613]:   IP Address: 192.168.1.60", 0, false, "192.168.1.60" },
	{ "esphome", "  IP Address: 192.168.1.60", 0, false, "192.168.1.60" },
	{ "esphome", "[C][ota:096]: Over-The-Air updates:", 1, false, NULL },
	{ "esphome", "[I][app:102]: ESPHome version 2025.10.0 compiled on Oct 16 2025, 10:00:00", -1, false, NULL },
	{ "tasmota", "00:00:04.127 HTP: Web server active on tasmota-D18A6C-2668 with IP address 192.168.10.37", 0,
	  false, "192.168.10.37" },
	{ "tasmota", "00:00:04 HTP: Web server active on a.local with IP address 10.0.0.9 and IPv6 global address ::",
	  0, false, "10.0.0.9" },
	{ "tasmota", "00:00:00.080 Project tasmota - Tasmota Version 12.4.0(tasmota)", -1, false, NULL },
	{ "wled", "Ada", 0, false, NULL },
	{ "wled", "Adapter", -1, false, NULL },
	{ "micropython", "MicroPython v1.22.2 on 2024-02-22; ESP module with ESP8266", 0, false, NULL },
	{ "micropython", "MPY: soft reboot", -1, false, NULL },
	{ "esp-idf", "I (226) main_task: Calling app_main()", 0, false, NULL },
	{ "esp-idf", "I (1032) native_ota_example: Starting OTA example task", 0, false, NULL },
	{ "esp-idf", "I (30) boot: ESP-IDF v5.1 2nd stage bootloader", -1, false, NULL },
};

static struct match_event event;

static bool matches(const char *pattern, const char *line)
{
	static struct match match;
	char err[256];
	int r;

	ck_assert_msg(!match_init(&match, &(struct match_pattern){ pattern, MATCH_EXPECT }, 1, err, sizeof(err)), "%s",
		      err);
	r = match_line(&match, line, strlen(line), &event);
	ck_assert_int_ge(r, 0);
	match_release(&match);
	return r;
}

START_TEST(each_firmware_s_lines_are_known)
{
	const struct firmware *firmware = firmware_by_name(lines[_i].firmware);

	ck_assert_ptr_nonnull(firmware);
	for (int i = 0; firmware->expect[i]; i++)
		ck_assert_msg(matches(firmware->expect[i], lines[_i].line) == (i == lines[_i].expect), "%s: %s",
			      firmware->expect[i], lines[_i].line);
	for (int i = 0; firmware->fail_on[i]; i++)
		ck_assert(matches(firmware->fail_on[i], lines[_i].line) == lines[_i].fails);
	if (!lines[_i].address) {
		ck_assert(!firmware->address || !matches(firmware->address, lines[_i].line));
		return;
	}
	ck_assert(matches(firmware->address, lines[_i].line));
	ck_assert(event.any_group);
	ck_assert_str_eq(event.group, lines[_i].address);
}
END_TEST

START_TEST(each_address_is_among_what_is_expected)
{
	for (const struct firmware *row = firmwares; row->name; row++) {
		bool found = !row->address;

		for (int i = 0; row->expect[i]; i++)
			found |= row->address && !strcmp(row->expect[i], row->address);
		ck_assert_msg(found, "%s", row->name);
	}
}
END_TEST

START_TEST(each_firmware_says_how_to_ask_it_or_why_not)
{
	int n = 0;

	for (const struct firmware *row = firmwares; row->name; row++, n++) {
		ck_assert_ptr_nonnull(row->about);
		ck_assert_ptr_nonnull(row->expect[0]);
		ck_assert((row->protocol == OTA_PROTOCOL_NONE) == (row->no_ota != NULL));
		ck_assert((row->protocol == OTA_PROTOCOL_NONE) == (firmware_port(row, CHIP_ESP32) == 0));
		ck_assert((row->protocol == OTA_WEB) == (row->page.path != NULL && row->page.marker != NULL));
		ck_assert_ptr_eq(firmware_by_name(row->name), row);
	}
	ck_assert_int_eq(n, 6);
	ck_assert_ptr_null(firmware_by_name("Arduino"));
	ck_assert_ptr_null(firmware_by_name(""));
}
END_TEST

START_TEST(the_port_goes_by_the_chip)
{
	ck_assert_int_eq(firmware_port(firmware_by_name("arduino"), CHIP_ESP8266), 8266);
	ck_assert_int_eq(firmware_port(firmware_by_name("arduino"), CHIP_ESP32C3), 3232);
	ck_assert_int_eq(firmware_port(firmware_by_name("esphome"), CHIP_ESP32), 3232);
	ck_assert_int_eq(firmware_port(firmware_by_name("tasmota"), CHIP_ESP32), 80);
	ck_assert_ptr_eq(firmware_default(), firmware_by_name("arduino"));
}
END_TEST

START_TEST(no_page_that_starts_something_is_asked_for)
{
	/* A GET request for Tasmota's page /u1 would already start an upgrade, so only /up and /update are allowed. */
	for (const struct firmware *row = firmwares; row->name; row++)
		if (row->page.path)
			ck_assert(!strcmp(row->page.path, "/up") || !strcmp(row->page.path, "/update"));
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("table");

	tcase_add_loop_test(tc, each_firmware_s_lines_are_known, 0, COUNT(lines));
	tcase_add_test(tc, each_address_is_among_what_is_expected);
	tcase_add_test(tc, each_firmware_says_how_to_ask_it_or_why_not);
	tcase_add_test(tc, the_port_goes_by_the_chip);
	tcase_add_test(tc, no_page_that_starts_something_is_asked_for);
	return suite_run_case("firmware", tc);
}
