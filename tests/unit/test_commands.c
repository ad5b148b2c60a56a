/* test_commands.c - --list as a table and as JSON, also with USB strings that contain control characters. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "files.h"
#include "host/devices.h"
#include "schema.h"
#include "suite.h"

/* clang-format off */
static const struct device devices[] = {
	{ .path = "/dev/ttyUSB0", .bridge = "CH340", .vid = 0x1a86, .pid = 0x7523, .usb_path = "1-1.4", .driver = "ch341",
	  .is_held = true, .holder = { .pid = 4711, .command = "python3 esptool" } },
	{ .path = "/dev/ttyUSB1", .bridge = "CP2102", .vid = 0x10c4, .pid = 0xea60, .serial = "\033[2J\xff", .usb_path = "1-2",
	  .driver = "cp210x", .name = "kitchen", .is_held = true },
	{ .bridge = "FT232R", .vid = 0x403, .pid = 0x6001, .serial = "A1", .usb_path = "1-3",
	  .is_held = true, .holder = { .pid = 12 } },
};
/* clang-format on */

static int count;

int __wrap_devices_list(struct device **ret_devices);
int __wrap_devices_list(struct device **ret_devices)
{
	*ret_devices = calloc(COUNT(devices), sizeof(devices[0]));
	ck_assert_ptr_nonnull(*ret_devices);
	memcpy(*ret_devices, devices, sizeof(devices));
	return count;
}

void __wrap_devices_find_holders(struct device *found, int n);
void __wrap_devices_find_holders(struct device *found, int n)
{
	ck_assert_ptr_nonnull(found);
	ck_assert_int_eq(n, count);
}

/* Return: what --list writes to standard output. */
static const char *output(const struct request *request, int want_status)
{
	static char buf[8192];
	int saved = files_capture();

	ck_assert_int_eq(commands_list(request), want_status);
	files_captured(saved, buf, sizeof(buf));
	return buf;
}

START_TEST(people_get_a_table)
{
	count = COUNT(devices);
	ck_assert_str_eq(
		output(&(struct request){ .mode = MODE_LIST }, 0),
		"PORT           BRIDGE           VID:PID   SERIAL       PLACE      DRIVER     NAME         HOLDER\n"
		"/dev/ttyUSB0   CH340            1a86:7523 -            1-1.4      ch341      -            4711 "
		"python3 esptool\n"
		"/dev/ttyUSB1   CP2102           10c4:ea60 \\x1b[2J\xef\xbf\xbd   1-2        cp210x     kitchen      "
		"in use\n"
		"-              FT232R           0403:6001 A1           1-3        -          -            12 -\n");
}
END_TEST

START_TEST(programs_get_a_line_for_each)
{
	const char *out;
	char why[512];

	count = COUNT(devices);
	out = output(&(struct request){ .mode = MODE_LIST, .json = true }, 0);
	ck_assert_msg(schema_check_lines(out, why, sizeof(why)) == COUNT(devices), "%s\n%s", why, out);
	ck_assert_msg(
		strncmp(out,
			"{\"schema\":1,\"event\":\"port\",\"port\":\"/dev/ttyUSB0\",\"bridge\":\"CH340\","
			"\"vid\":\"1a86\",\"pid\":\"7523\",\"serial\":null,\"place\":\"1-1.4\",\"driver\":\"ch341\","
			"\"name\":null,\"holder\":{\"pid\":4711,\"command\":\"python3 esptool\"}}\n",
			184) == 0,
		"%s", out);
	ck_assert_ptr_nonnull(strstr(out, "\"holder\":{\"pid\":12,\"command\":null}"));
}
END_TEST

START_TEST(quiet_and_nothing_print_nothing)
{
	count = COUNT(devices);
	ck_assert_str_eq(output(&(struct request){ .mode = MODE_LIST, .quiet = true }, 0), "");
	ck_assert_str_eq(output(&(struct request){ .mode = MODE_LIST, .quiet = true, .json = true }, 0), "");
	count = 0;
	ck_assert_str_eq(output(&(struct request){ .mode = MODE_LIST }, 30), "");
	ck_assert_str_eq(output(&(struct request){ .mode = MODE_LIST, .json = true }, 30), "");
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("list");

	tcase_add_test(tcase, people_get_a_table);
	tcase_add_test(tcase, programs_get_a_line_for_each);
	tcase_add_test(tcase, quiet_and_nothing_print_nothing);
	return suite_run_case("commands", tcase);
}
