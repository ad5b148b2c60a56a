/* test_cfg.c - esptool.cfg: which settings are read, which are refused with the file's name and line number, and which
 * of several reset sequences is used. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/esptoolcfg.h"
#include "program.h"
#include "suite.h"
#include "tempdir.h"

#define E "[esptool]\n"
#define S "custom_hard_reset_sequence = D0|R1|W0.1|R0\n"

static const struct {
	const char *text;
	int found;
	const char *err;
} files[] = {
	{ E S, CFG_SEQUENCE, NULL },
	{ "\xef\xbb\xbf# c\n\n[other]\nx=1\n" E "timeout: 3\n; c\nCUSTOM_hard_reset_sequence:R1|W0.1|R0", CFG_SEQUENCE,
	  NULL },
	{ "[esptool]\r\ncustom_hard_reset_sequence=R1|W0.1|R0\r\n", CFG_SEQUENCE, NULL },
	{ E "other = a\n  b\n" S, CFG_SEQUENCE, NULL },
	{ "", CFG_NO_SECTION, NULL },
	{ "[esptools]\n" S, CFG_NO_SECTION, NULL },
	{ E "custom_reset_sequence = D0|R1|W0.1|D1|R0|W0.5|D0\n", CFG_NO_SEQUENCE, NULL },
	{ E "# " S, CFG_NO_SEQUENCE, NULL },
	{ S E, -EINVAL, "line 1: stands before any [section]" },
	{ E "nonsense\n", -EINVAL, "line 2: want name = value" },
	{ E S S, -EINVAL, "line 3: custom_hard_reset_sequence stands there twice" },
	{ E S E, -EINVAL, "line 3: section [esptool] stands there twice" },
	{ "[esptool\n" S, -EINVAL, "line 1: a section must be [name]" },
	{ E "\x01=1\n", -EINVAL, "line 2: holds a control character" },
	{ E "custom_hard_reset_sequence = rts\n", -EINVAL, "wants commands" },
	{ E "custom_hard_reset_sequence = R1|W0.1|R0|Q\n", -EINVAL, "line 2: custom_hard_reset_sequence bad command" },
	{ E "custom_hard_reset_sequence = R1\n", -EINVAL, "leaves a line asserted" },
	{ E "custom_hard_reset_sequence = R1|W0.1\n  |R0\n", -EINVAL, "leaves a line asserted" },
	{ E S "  |R0\n", -EINVAL, "line 3: custom_hard_reset_sequence goes over more than one line" },
	{ E "custom_hard_reset_sequence = D1|R1|W0.1|R0|W0.1|D0\n", -EINVAL,
	  "line 2: custom_hard_reset_sequence ends reset with GPIO0 low" },
};

START_TEST(each_file_is_read_or_refused)
{
	struct sequence sequence = { .n = 0 };
	char err[256] = "";
	int r = cfg_parse(files[_i].text, strlen(files[_i].text), &sequence, err, sizeof(err));

	ck_assert_msg(r == files[_i].found, "%s: %d %s", files[_i].text, r, err);
	ck_assert_int_eq(sequence.n > 0, r == CFG_SEQUENCE);
	if (files[_i].err)
		ck_assert_msg(strstr(err, files[_i].err), "%s: %s", files[_i].text, err);
}
END_TEST

/* Each command runs in a new directory $D that holds a valid esptool.cfg. */
static const struct {
	const char *command;
	int status;
	const char *said;
} runs[] = {
	{ "HOME=$D \"$ESPRESET\" sim:running", 0, "; sequence from $D/esptool.cfg" },
	{ "HOME=$D \"$ESPRESET\" --json sim:running", 0,
	  "\"sequence\":\"D0|R1|W0.1|R0\",\"sequence_from\":\"$D/esptool.cfg\"" },
	{ "HOME=$D \"$ESPRESET\" --sequence rts --json sim:running", 0, "\"sequence_from\":null" },
	{ "HOME=$D \"$ESPRESET\" --hold 30ms sim:running", 2, "--hold does not go with" },
	{ "HOME=/nowhere ESPTOOL_CFGFILE=$D/esptool.cfg \"$ESPRESET\" sim:running", 0,
	  "; sequence from $D/esptool.cfg" },
	{ "HOME=$D ESPTOOL_CFGFILE=$D/none \"$ESPRESET\" sim:running", 2, "$D/none: No such file" },
	{ "HOME=$D ESPTOOL_CFGFILE=$D \"$ESPRESET\" sim:running", 2, "$D: not a regular file" },
	{ "echo x >$D/bad; HOME=$D ESPTOOL_CFGFILE=$D/bad \"$ESPRESET\" sim:running", 2, "$D/bad: line 1: " },
	{ "mkdir -p $D/.config/esptool; echo '[x]' >$D/.config/esptool/esptool.cfg; HOME=$D \"$ESPRESET\" sim:running",
	  0, "; sequence from $D/esptool.cfg" },
};

START_TEST(the_files_are_looked_for_in_order)
{
	static struct program p;
	char command[512], said[256], *at;
	const char *dollar = strstr(runs[_i].said, "$D");

	ck_assert_int_eq(setenv("D", tempdir, 1), 0);
	ck_assert_int_eq(unsetenv("ESPTOOL_CFGFILE"), 0);
	snprintf(command, sizeof(command),
		 "printf '[esptool]\\ncustom_hard_reset_sequence = D0|R1|W0.1|R0\\n' >$D/esptool.cfg; %s",
		 runs[_i].command);
	program_shell(&p, command);
	if (dollar)
		snprintf(said, sizeof(said), "%.*s%s%s", (int)(dollar - runs[_i].said), runs[_i].said, tempdir,
			 dollar + 2);
	else
		snprintf(said, sizeof(said), "%s", runs[_i].said);
	at = strstr(p.out, said) ? strstr(p.out, said) : strstr(p.err, said);
	ck_assert_msg(p.status == runs[_i].status && at, "%s: %d\n%s%s", runs[_i].command, p.status, p.out, p.err);
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("cfg");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, tempdir_make, tempdir_remove);
	tcase_add_loop_test(t, each_file_is_read_or_refused, 0, COUNT(files));
	tcase_add_loop_test(t, the_files_are_looked_for_in_order, 0, COUNT(runs));
	return suite_run_case("cfg", t);
}
