/* test_session.c - the rules of a session: attempts, holds, what proves a boot, which verdict takes precedence. They
 * are tested on a scripted port. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fakeport.h"
#include "run/loop.h"
#include "session/session.h"
#include "suite.h"

#define BANNER(cause, mode) "\r\n ets Jan  8 2013,rst cause:" cause ", boot mode:(" mode ",6)\r\n\r\n"
#define LOADS "load 0x4010f000, len 3460, room 16 \r\ntail 4\r\nchksum 0xcc\r\n"
#define CSUM "csum 0xcc\r\nv00041fe0\r\n~ld\r\n"
#define GOOD BANNER("2", "3") LOADS CSUM
#define ESP32_BANNER "ets Jul 29 2019 12:21:46\r\n\r\nrst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n"
#define ESP32_LOAD \
	"configsip: 0, SPIWP:0xee\r\nmode:DIO, clock div:2\r\nload:0x3fff0030,len:1344\r\n" \
	"load:0x40078000,len:13964\r\nentry 0x400805f0\r\n"

static struct fakeport fake;
static struct session session;
static struct session_config config;
static const struct session_result *result;

/* The port is at the ROM's 74880 Bd from the beginning, so that the scripts can be plain text. */
static void setup(void)
{
	session_config_init(&config);
	config.baud = 74880;
	config.chip = CHIP_ESP8266;
}

/* Runs a session on the port that the caller has prepared in the variable fake. */
static void play_prepared(const struct loop_sink *sink)
{
	session_init(&session, &config, 0);
	(void)loop_session(&session, &fake.port, &fake.clk, sink);
	result = session_result(&session);
}

static void play_to(const struct fake_line *script, const struct loop_sink *sink)
{
	fakeport_init(&fake, script);
	play_prepared(sink);
}

static void play(const struct fake_line *script)
{
	play_to(script, NULL);
}

START_TEST(a_good_board_is_ready_after_one_clean_pulse)
{
	static const struct fake_line script[] = { { 1, 60, GOOD }, { 0, 0, NULL } };

	play(script);
	ck_assert_msg(result->verdict == VERDICT_READY, "%s: %s", verdict_info(result->verdict)->word, result->text);
	ck_assert_str_eq(fake.trace, "0 DTR- RTS+|20 DTR- RTS-|140 115200 Bd|");
	ck_assert_int_eq(result->attempts, 1);
	ck_assert_int_eq(result->reset_by, RESET_BY_US);
	ck_assert_int_eq(result->boot_ms, 60);
	ck_assert_int_eq(result->up_ms, 1000);
	ck_assert_str_eq(result->text, "esp8266, boot mode 3 (flash), booted in 60 ms, up 1.0 s");
}
END_TEST

START_TEST(the_holds_climb_the_ladder)
{
	static const struct fake_line script[] = { { 0, 0, NULL } };

	play(script);
	ck_assert_int_eq(result->verdict, VERDICT_SILENT);
	ck_assert_int_eq(result->attempts, 3);
	/* The board is held in reset for 20 ms by RTS, for 100 ms by both lines, and for 500 ms by DTR. After each hold
	 * the session listens for 1 s and for the 16 ms that the bridge may delay bytes. */
	ck_assert_str_eq(fake.trace,
			 "0 DTR- RTS+|20 DTR- RTS-|1036 DTR+ RTS+|1136 DTR- RTS-|2152 DTR+ RTS-|2652 DTR- RTS-|");
	ck_assert_int_eq(result->pulses, 3);
}
END_TEST

START_TEST(a_hold_that_is_given_replaces_the_ladder)
{
	static const struct fake_line script[] = { { 0, 0, NULL } };

	config.hold_ms = 27;
	config.attempts = 2;
	play(script);
	ck_assert_str_eq(fake.trace, "0 DTR- RTS+|27 DTR- RTS-|1043 DTR+ RTS+|1070 DTR- RTS-|");
	/* The bridge may delay bytes by 16 ms, so the board is held in reset for 16 ms instead of 7 ms. */
	config.hold_ms = 7;
	play(script);
	ck_assert_str_eq(fake.trace, "0 DTR- RTS+|16 DTR- RTS-|1032 DTR+ RTS+|1048 DTR- RTS-|");
}
END_TEST

START_TEST(bytes_early_in_the_hold_are_the_past_and_prolong_it)
{
	static const struct fake_line script[] = {
		{ 0, 10, "app\r\n" }, { 0, 30, "app\r\n" }, { 1, 60, GOOD }, { 0, 0, NULL }
	};

	play(script);
	ck_assert_int_eq(result->verdict, VERDICT_READY);
	/* RTS is released at 56 ms: the last byte at 30 ms, 10 ms of silence, 16 ms that the bridge may delay bytes. */
	ck_assert_ptr_nonnull(strstr(fake.trace, "|56 DTR- RTS-|"));
}
END_TEST

START_TEST(bytes_late_in_the_hold_are_no_effect)
{
	static struct fake_line script[200];
	int n = 0;

	for (int release = 0; release <= 3; release++) {
		for (int ms = 5; ms < 200; ms += 5)
			script[n++] = (struct fake_line){ release, ms, "still talking\r\n" };
	}
	play(script);
	ck_assert_int_eq(result->verdict, VERDICT_NO_EFFECT);
	ck_assert_int_eq(result->attempts, 3);
	/* bytes arrive all the time, so the 20 ms for which the board is held in reset are prolonged by the maximum,
	 * 100 ms */
	ck_assert_ptr_nonnull(strstr(fake.trace, "0 DTR- RTS+|120 DTR- RTS-|"));
}
END_TEST

START_TEST(after_download_mode_both_lines_are_released_at_once)
{
	static const struct fake_line script[] = { { 1, 60, BANNER("2", "1") }, { 2, 60, GOOD }, { 0, 0, NULL } };

	play(script);
	ck_assert_int_eq(result->verdict, VERDICT_READY);
	ck_assert_int_eq(result->attempts, 2);
	ck_assert_ptr_nonnull(strstr(fake.trace, "|380 DTR+ RTS+|480 DTR- RTS-|"));
	ck_assert_ptr_nonnull(strstr(result->advice->text, "--sequence both"));
}
END_TEST

START_TEST(a_sequence_that_was_for_another_circuit_says_nothing_of_the_board)
{
	static const struct fake_line script[] = {
		{ 1, 60, BANNER("2", "1") },
		{ 2, 60, BANNER("2", "3") LOADS "csum 0xcc\r\ncsum err\r\nets_main.c 181 \r\n" },
		{ 0, 0, NULL }
	};

	play(script);
	ck_assert_int_eq(result->verdict, VERDICT_BOOT_FAILED);
}
END_TEST

START_TEST(a_given_wiring_is_where_the_attempts_begin)
{
	static const struct fake_line script[] = { { 3, 60, GOOD }, { 0, 0, NULL } };
	char err[64];

	ck_assert_int_eq(sequence_parse("dtr", &config.sequence, err, sizeof(err)), 0);
	play(script);
	ck_assert_int_eq(result->verdict, VERDICT_READY);
	/* First both lines stay released for 150 ms, so that EN is high before DTR is asserted. If EN were still rising
	 * and DTR wired to GPIO0, the board would enter download mode. RTS is tried after DTR. */
	ck_assert_ptr_nonnull(strstr(fake.trace, "0 DTR- RTS-|150 DTR+ RTS-|170 DTR- RTS-|1186 DTR- RTS+|"));
	ck_assert_ptr_nonnull(strstr(result->advice->text, "--sequence rts"));
}
END_TEST

START_TEST(a_banner_in_the_hold_means_that_dtr_resets_the_board)
{
	static const struct fake_line script[] = { { 0, 5, BANNER("2", "1") }, { 2, 60, GOOD }, { 0, 0, NULL } };

	play(script);
	ck_assert_int_eq(result->verdict, VERDICT_READY);
	ck_assert_int_eq(result->attempts, 2);
	ck_assert_ptr_nonnull(strstr(fake.trace, "DTR+ RTS+|"));
}
END_TEST

START_TEST(a_banner_of_the_hold_that_is_read_after_it_means_the_same)
{
	static const struct fake_line script[] = { { 1, 1, BANNER("2", "1") }, { 2, 60, GOOD }, { 0, 0, NULL } };

	play(script);
	ck_assert_int_eq(result->verdict, VERDICT_READY);
	ck_assert_int_eq(result->attempts, 2);
	ck_assert_ptr_nonnull(strstr(fake.trace, "DTR+ RTS+|"));
}
END_TEST

START_TEST(a_given_sequence_starts_from_released_lines_and_is_kept)
{
	static const struct fake_line script[] = { { 2, 60, BANNER("2", "1") }, { 0, 0, NULL } };
	char err[64];

	ck_assert_int_eq(sequence_parse("R1|W0.1|R0", &config.sequence, err, sizeof(err)), 0);
	config.attempts = 2;
	play(script);
	ck_assert_int_eq(result->verdict, VERDICT_DOWNLOAD_MODE);
	ck_assert_ptr_nonnull(strstr(fake.trace, "0 DTR- RTS-|0 DTR- RTS+|100 DTR- RTS-|"));
	ck_assert_ptr_null(strstr(fake.trace, "DTR+"));
}
END_TEST

/* What the board prints after each reset, the expected verdict, and the expected number of attempts. */
static const struct {
	const char *text;
	enum verdict verdict;
	int attempts;
} boots[] = {
	{ BANNER("1", "3") LOADS CSUM, VERDICT_READY, 1 },
	{ BANNER("2", "1"), VERDICT_DOWNLOAD_MODE, 3 },
	{ BANNER("2", "7") "waiting for host\r\n", VERDICT_OTHER_BOOT, 1 },
	{ BANNER("2", "2"), VERDICT_OTHER_BOOT, 1 },
	{ BANNER("2", "3") LOADS "csum 0xcc\r\ncsum err\r\nets_main.c 181 \r\n", VERDICT_BOOT_FAILED, 1 },
	{ BANNER("2", "3") "ets_main.c 181 \r\n", VERDICT_BOOT_FAILED, 1 },
	{ BANNER("2", "3") LOADS "csum 0xcc\r\nv00041fe0\r\n~ld\r\ne:1\r\n", VERDICT_BOOT_FAILED, 1 },
	{ BANNER("2", "3"), VERDICT_UNPROVEN, 3 },
	/* eboot may be copying an update, so the session pauses for long before its next attempt. No time is left for a
	 * third one. */
	{ BANNER("2", "3") LOADS, VERDICT_UNPROVEN, 2 },
	{ BANNER("4", "3") "wdt reset\r\n" LOADS CSUM, VERDICT_CRASHED, 1 },
	{ "hello, I am an application\r\nand go on talking\r\n", VERDICT_UNPROVEN, 3 },
	{ "\xfe\x80\x9f\xe1\x83\x92\xff\x81\x99\xa5\xfe\x80\x9f\xe1\x83\x92\xff\x81\x99\xa5", VERDICT_GARBLED, 3 },
};

START_TEST(a_boot_leads_to_its_verdict)
{
	struct fake_line script[] = {
		{ 1, 60, boots[_i].text },
		{ 2, 60, boots[_i].text },
		{ 3, 60, boots[_i].text },
		{ 0, 0, NULL },
	};

	play(script);
	ck_assert_msg(result->verdict == boots[_i].verdict, "%d: %s: %s", _i, verdict_info(result->verdict)->word,
		      result->text);
	ck_assert_int_eq(result->attempts, boots[_i].attempts);
	if (result->verdict != VERDICT_READY)
		ck_assert_ptr_nonnull(result->advice);
}
END_TEST

/* Text that arrives at 115200 Bd during the settle time after a good boot, and the expected verdict. */
static const struct {
	const char *text;
	enum verdict verdict;
} settles[] = {
	{ "hello\r\n", VERDICT_READY },
	{ BANNER("2", "3") LOADS CSUM, VERDICT_RESTARTED },
	{ BANNER("4", "3") "wdt reset\r\n" LOADS CSUM, VERDICT_CRASHED },
	{ "\r\nException (28):\r\nepc1=0x40208042 epc2=0x0 epc3=0x0 excvaddr=0x4 depc=0x0\r\n", VERDICT_CRASHED },
	{ "\r\n Soft WDT reset\r\n", VERDICT_CRASHED },
	{ "ets_main.c 181 \r\n", VERDICT_BOOT_FAILED },
};

START_TEST(what_comes_in_the_settle_time_counts)
{
	struct fake_line script[] = { { 1, 60, GOOD }, { 1, 800, settles[_i].text }, { 0, 0, NULL } };

	play(script);
	ck_assert_msg(result->verdict == settles[_i].verdict, "%d: %s: %s", _i, verdict_info(result->verdict)->word,
		      result->text);
	ck_assert_int_eq(result->attempts, 1);
}
END_TEST

#define UNREADABLE "\x04\xfbgg\x84l\x03\x98\x8f\x03"
#define UNREADABLE_40 UNREADABLE UNREADABLE UNREADABLE UNREADABLE

START_TEST(what_is_unreadable_when_the_settle_time_ends_is_heard_to_its_end)
{
	static const struct fake_line restart[] = {
		{ 1, 60, GOOD }, { 1, 1050, UNREADABLE_40 }, { 1, 1180, BANNER("2", "3") LOADS CSUM }, { 0, 0, NULL }
	};
	static struct fake_line endless[120] = { { 1, 60, GOOD } };
	static const struct fake_line chatter[] = { { 1, 60, GOOD }, { 1, 1050, UNREADABLE_40 }, { 0, 0, NULL } };
	static const struct fake_line in_time[] = { { 1, 60, GOOD }, { 1, 800, UNREADABLE_40 }, { 0, 0, NULL } };

	config.attempts = 1;
	for (int i = 1; i < 100; i++)
		endless[i] = (struct fake_line){ 1, 200 + 25 * i, "\x84\xfb\x98\x8f\n" };
	play(restart);
	ck_assert_int_eq(result->verdict, VERDICT_RESTARTED);
	play(chatter);
	ck_assert_int_eq(result->verdict, VERDICT_READY);
	ck_assert_int_gt(result->up_ms, 1000);
	/* The unreadable bytes are like those of an application at another baud rate. They prolong the settle time of 1
	 * s, but by at most 1 s. */
	play(endless);
	ck_assert_int_eq(result->verdict, VERDICT_READY);
	ck_assert_int_eq(result->up_ms, 2000);
	play(in_time);
	ck_assert_int_eq(result->verdict, VERDICT_READY);
	ck_assert_int_eq(result->up_ms, 1000);
	config.timeout_ms = 1085; /* --timeout ends while the application's unreadable bytes still arrive */
	play(chatter);
	ck_assert_int_eq(result->verdict, VERDICT_UNPROVEN);
	ck_assert_int_eq(result->missing, PROOF_SETTLED);
}
END_TEST

START_TEST(what_comes_after_the_settle_time_is_not_waited_for)
{
	static const struct fake_line script[] = { { 1, 60, GOOD }, { 1, 1200, BANNER("2", "3") }, { 0, 0, NULL } };

	play(script);
	ck_assert_int_eq(result->verdict, VERDICT_READY);
}
END_TEST

/* During the settle time espreset is stopped (Ctrl-Z), or gets no CPU time. So it reads the port late: at 9000 ms. */
static ssize_t (*read_in_time)(struct port *port, void *buf, size_t cap, int64_t deadline_ms);

static int64_t stopped_ms;

static ssize_t read_late(struct port *port, void *buf, size_t cap, int64_t deadline_ms)
{
	if (fake.now_ms > stopped_ms)
		fake.now_ms = 9000;
	return read_in_time(port, buf, cap, deadline_ms);
}

static void run_stopped(const struct fake_line *script, int64_t at_ms)
{
	static struct port_ops late; /* static, because the port keeps a pointer to it */

	fakeport_init(&fake, script);
	late = *fake.port.ops;
	read_in_time = late.read;
	late.read = read_late;
	fake.port.ops = &late;
	stopped_ms = at_ms;
	play_prepared(NULL);
}

START_TEST(a_settle_time_is_not_over_before_all_that_came_in_it_is_read)
{
	/* clang-format off */
	static const struct fake_line script[] = { { 1, 60, GOOD }, { 1, 400, "hello\r\n" }, { 1, 500, "hello\r\n" },
						   { 1, 600, BANNER("2", "3") }, { 0, 0, NULL } };

	run_stopped(script, 300);
	ck_assert_int_ne(session_result(&session)->verdict, VERDICT_READY);
}
END_TEST

/* espreset is stopped while the application prints without pause. The tty buffer overflows and loses bytes. A restart
 * may be among them, so the boot is unproven. */
START_TEST(a_settle_time_in_which_a_full_tty_lost_something_proves_nothing)
{
	static char backlog[8193];
	static const struct fake_line script[] = { { 1, 60, GOOD }, { 1, 150, backlog }, { 0, 0, NULL } };
	static const struct fake_line in_time[] = { { 1, 60, GOOD }, { 1, 350, backlog + 6144 }, { 1, 550, backlog + 6144 },
						    { 1, 750, backlog + 6144 }, { 1, 950, backlog + 6144 }, { 0, 0, NULL } };

	for (size_t i = 0; i < sizeof(backlog) - 1; i++)
		backlog[i] = "still here\r\n"[i % 12];
	run_stopped(script, 150);
	ck_assert_int_eq(session_result(&session)->verdict, VERDICT_UNPROVEN);

	/* The application prints 8192 bytes again, but this time espreset reads them in time, so nothing is lost. */
	fakeport_init(&fake, in_time);
	play_prepared(NULL);
	ck_assert_int_eq(session_result(&session)->verdict, VERDICT_READY);
}
END_TEST

START_TEST(even_without_settle_time_an_error_of_the_load_is_waited_for)
{
	static const struct fake_line script[] = { { 1, 60, BANNER("2", "3") LOADS "csum 0xcc\r\n" },
						   { 1, 90, "csum err\r\nets_main.c 181\r\n" }, { 0, 0, NULL } };

	config.settle_ms = 0;
	play(script);
	ck_assert_int_eq(result->verdict, VERDICT_BOOT_FAILED);
}
END_TEST

/* A banner that is readable at 115200 Bd has two explanations: the board has a 40 MHz crystal, or the banner is from a
 * software restart. Software restarts would not follow three pulses in a row, each after the same time. So three such
 * banners prove hardware resets. */
START_TEST(a_readable_banner_at_115200_needs_three_pulses_equally_followed)
{
	static const struct fake_line script[] = { { 1, 60, GOOD }, { 2, 62, GOOD }, { 3, 58, GOOD }, { 0, 0, NULL } };

	config.baud = 0;
	/* what --crystal says must not count as evidence of the board's crystal */
	config.crystal_mhz = _i ? 26 : 0;
	play(script);
	ck_assert_msg(result->verdict == VERDICT_READY, "%s", result->text);
	ck_assert_int_eq(result->attempts, 1);
	ck_assert_int_eq(result->pulses, 3);
	ck_assert_int_eq(result->crystal_mhz, 40);
}
END_TEST

START_TEST(two_pulses_equally_followed_are_not_enough)
{
	static const struct fake_line script[] = { { 1, 60, GOOD }, { 2, 62, GOOD }, { 0, 0, NULL } };

	config.baud = 0;
	play(script);
	ck_assert_int_ne(result->verdict, VERDICT_READY);
	ck_assert_int_eq(result->crystal_mhz, 0);
}
END_TEST

START_TEST(banners_at_different_times_are_no_proof)
{
	static struct fake_line script[32];

	for (int i = 0; i < 24; i++)
		script[i] = (struct fake_line){ i + 1, 60 + 45 * (i % 5), GOOD };
	config.baud = 0;
	play(script);
	ck_assert_int_eq(result->verdict, VERDICT_UNPROVEN);
	ck_assert_int_eq(result->missing, PROOF_FRESH);
	ck_assert_ptr_nonnull(strstr(result->text, "115200"));
}
END_TEST

/* Stores in @ret the times at which the trace shows both lines released. Return: number of times. */
static int releases(int64_t *ret, int max)
{
	int n = 0;

	for (const char *p = fake.trace; n < max && (p = strstr(p, " DTR- RTS-|")); p++) {
		const char *begin = p;

		while (begin > fake.trace && begin[-1] != '|')
			begin--;
		ret[n++] = strtoll(begin, NULL, 10);
	}
	return n;
}

START_TEST(the_pulses_come_at_moments_that_differ_from_run_to_run)
{
	static const struct fake_line script[] = { { 1, 60, GOOD }, { 2, 60, GOOD }, { 3, 60, GOOD }, { 0, 0, NULL } };
	int64_t first[3] = { 0 }, at[3];
	int different = 0;

	config.baud = 0;
	for (config.seed = 1; config.seed <= 20; config.seed++) {
		play(script);
		ck_assert_int_eq(result->verdict, VERDICT_READY);
		ck_assert_int_eq(releases(at, 3), 3);
		if (config.seed == 1)
			memcpy(first, at, sizeof(first));
		different += at[1] != first[1];
		/* The time between pulses 2 and 3 differs from the time between pulses 1 and 2 by at least 45 ms. So a
		 * board that restarts by itself at a fixed interval cannot match all three pulses. */
		ck_assert_int_ge(llabs((at[2] - at[1]) - (at[1] - at[0])), 45);
	}
	ck_assert_int_ge(different, 15);
}
END_TEST

START_TEST(after_a_cold_banner_one_at_115200_is_a_software_restart)
{
	/* The first banner is readable at 74880 Bd, so the board has a 26 MHz crystal. Its hardware reset always prints
	 * at 74880 Bd, so a banner at 115200 Bd is from a software restart. */
	static const struct fake_line script[] = { { 1, 60, BANNER("2", "1") }, { 2, 60, GOOD }, { 3, 60, GOOD }, { 0, 0, NULL } };

	session_config_init(&config);
	config.baud = 74880;
	play(script);
	ck_assert_int_eq(result->crystal_mhz, 26);
	/* the next attempt is at 74880 Bd again, where a banner proves a hardware reset */
	ck_assert_int_eq(result->verdict, VERDICT_READY);
	ck_assert_int_eq(result->pulses, 2);
}
END_TEST

START_TEST(what_cannot_be_read_is_listened_to_at_74880_without_another_reset)
{
	static const struct fake_line script[] = {
		{ 1, 60, UNREADABLE }, { 1, 61, UNREADABLE UNREADABLE }, { 1, 64, "v00041fe0\r\n~ld\n" },
		{ 2, 60, GOOD }, { 0, 0, NULL }
	};
	/* clang-format on */

	config.baud = 0;
	play(script);
	ck_assert_int_eq(result->verdict, VERDICT_READY);
	ck_assert_int_eq(result->attempts, 2);
	ck_assert_ptr_nonnull(strstr(fake.trace, "20 DTR- RTS-|81 74880 Bd|"));
}
END_TEST

START_TEST(who_may_be_copying_is_not_reset_again)
{
	static const struct fake_line silent[] = { { 1, 60, BANNER("2", "3") LOADS }, { 2, 60, GOOD }, { 0, 0, NULL } };
	/* clang-format off */
	static const struct fake_line speaks[] = { { 1, 60, BANNER("2", "3") LOADS }, { 1, 4000, "Hello from setup()\r\n" },
						   { 2, 60, GOOD }, { 0, 0, NULL } };
	int64_t at[2];

	play(silent);
	ck_assert_int_eq(result->verdict, VERDICT_READY);
	ck_assert_int_eq(releases(at, 2), 2);
	ck_assert_int_ge(at[1] - at[0], 7000);
	play(speaks);
	ck_assert_int_eq(releases(at, 2), 2);
	ck_assert_int_ge(at[1] - at[0], 4000);
	ck_assert_int_lt(at[1] - at[0], 5000);
}
END_TEST

START_TEST(a_copy_announced_in_the_hold_is_waited_for)
{
	/* DTR is wired to EN, so the board already boots while RTS is still asserted. */
	static const struct fake_line script[] = { { 0, 5, BANNER("2", "3") LOADS "csum 0xcc\r\nv00041fe0\r\n@" },
						   { 1, 4000, "cp:0\r\nld\r\n" }, { 2, 60, GOOD }, { 0, 0, NULL } };
	int64_t at[2];

	play(script);
	ck_assert_msg(result->verdict == VERDICT_READY, "%s", result->text);
	ck_assert_int_eq(releases(at, 2), 2);
	ck_assert_int_ge(at[1] - at[0], 4000);
}
END_TEST

static int64_t meet_at_2500(void *user, struct session *s, int64_t now_ms)
{
	(void)user;
	if (now_ms < 2500)
		return 2500;
	session_conditions_met(s, now_ms);
	return INT64_MAX;
}

/* The port is at the application's 9600 Bd. There a restarting ROM shows as a pause and then unreadable bytes, so the
 * boot is not proven. */
START_TEST(a_restart_heard_at_the_applications_speed_is_no_proof)
{
	static const struct fake_line script[] = { { 1, 60, ESP32_BANNER ESP32_LOAD }, { 1, 400, UNREADABLE },
						   { 1, 700, UNREADABLE UNREADABLE }, { 0, 0, NULL } };
	struct loop_sink sink = { .conditions = meet_at_2500 };

	config.chip = CHIP_UNKNOWN;
	config.baud = 9600;
	config.conditions = true;
	config.attempts = 1;
	play_to(script, &sink);
	ck_assert_ptr_nonnull(strstr(fake.trace, " 9600 Bd|"));
	ck_assert_int_ne(result->verdict, VERDICT_READY);
}
END_TEST

/* An ESP8266 restarts within 60 ms after its load. The restart's bytes are read in one piece, just before the port
 * changes from 74880 Bd to another baud rate. They are unreadable, so a restart is possible and the boot is
 * unproven. */
START_TEST(unreadable_bytes_read_just_before_a_change_of_speed_may_hide_a_restart)
{
	char garbage[101];
	struct fake_line script[] = { { 1, 60, GOOD }, { 1, 90, garbage }, { 0, 0, NULL } };

	memset(garbage, 0x80, sizeof(garbage) - 1);
	garbage[sizeof(garbage) - 1] = '\0';
	config.attempts = 1;
	play(script);
	ck_assert_int_eq(result->verdict, VERDICT_UNPROVEN);
	ck_assert_int_eq(result->missing, PROOF_CLEAR);
}
END_TEST

/* An ESP8266 whose NONOS loader finds no application restarts at 74880 Bd, again and again. In the first banner one
 * character is lost, so only the second banner is recognised. */
START_TEST(a_banner_behind_the_rest_of_an_earlier_boot_is_no_proof)
{
	static const struct fake_line script[] = {
		{ 1, 60, "\r\n ets Jan  8 2013,rt cause:2, boot mode:(3,6)\r\n\r\nload 0x40100000, len 2408, room 16 \r\n" },
		{ 1, 300, GOOD },
		{ 0, 0, NULL },
	};

	config.attempts = 1;
	play(script);
	ck_assert_int_eq(result->verdict, VERDICT_UNPROVEN);
	ck_assert_int_eq(result->missing, PROOF_NO_FRAGMENT);
}
END_TEST

#define REPORT "\r\nException (28):\r\nepc1=0x40208042 epc2=0x00000000\r\n"

static const struct {
	const char *said;	/* what the board prints at the application's baud rate before it restarts again */
	enum verdict verdict;
} reasons[] = {
	{ REPORT, VERDICT_CRASHED },
	{ "Hello from setup(), and nothing else to say\r\n", VERDICT_RESTARTED },
};

START_TEST(why_a_board_restarts_is_heard_at_another_speed)
{
	struct fake_line script[] = { { 1, 60, GOOD }, { 1, 500, UNREADABLE_40 }, { 1, 600, BANNER("2", "3") LOADS CSUM },
				      { 1, 1000, reasons[_i].said }, { 0, 0, NULL } };

	play(script);
	ck_assert_msg(result->verdict == reasons[_i].verdict, "%s: %s", verdict_info(result->verdict)->word, result->text);
	ck_assert_ptr_nonnull(strstr(fake.trace, "|140 115200 Bd|"));
	/* the bytes in UNREADABLE are recognised as text sent at 74880 Bd, so the port changes to 74880 Bd */
	ck_assert_ptr_nonnull(strstr(fake.trace, "|620 74880 Bd|"));
	ck_assert_int_eq(result->attempts, 1);
}
END_TEST

START_TEST(a_banner_after_the_boot_time_is_not_ours)
{
	static const struct fake_line script[] = { { 1, 1100, GOOD }, { 0, 0, NULL } };

	config.attempts = 1;
	play(script);
	ck_assert_int_ne(result->verdict, VERDICT_READY);
}
END_TEST

/* eboot begins to copy an update while the session pauses before its next attempt, and never finishes. The session
 * waits until --timeout ends. */
START_TEST(a_copy_that_is_first_heard_of_in_the_pause_ends_with_the_time)
{
	static const struct fake_line script[] = {
		{ 1, 60, BANNER("2", "3") LOADS }, { 1, 3000, "csum 0xcc\r\n@cp:" }, { 0, 0, NULL },
	};
	/* clang-format on */

	config.timeout_ms = 12000;
	play(script);
	ck_assert_int_eq(result->verdict, VERDICT_UNPROVEN);
	ck_assert_ptr_nonnull(strstr(result->text, "eboot is still copying"));
	ck_assert_int_eq(result->pulses, 1);
	ck_assert_int_eq(result->total_ms, 12000);
}
END_TEST

START_TEST(while_eboot_copies_nobody_resets)
{
	/* clang-format off */
	static const struct fake_line script[] = { { 1, 60, BANNER("2", "3") LOADS "csum 0xcc\r\nv00041fe0\r\n@" },
						   { 1, 4000, "cp:0\r\nld\r\n" }, { 0, 0, NULL } };

	play(script);
	ck_assert_msg(result->verdict == VERDICT_READY, "%s", result->text);
	ck_assert_int_eq(result->attempts, 1);
}
END_TEST

START_TEST(a_copy_that_does_not_end_is_unproven_and_never_pulsed_again)
{
	static const struct fake_line script[] = { { 1, 60, BANNER("2", "3") LOADS "csum 0xcc\r\nv00041fe0\r\n@" }, { 0, 0, NULL } };

	play(script);
	ck_assert_int_eq(result->verdict, VERDICT_UNPROVEN);
	ck_assert_int_eq(result->attempts, 1);
	ck_assert_int_eq(result->total_ms, config.timeout_ms);
	ck_assert_ptr_nonnull(strstr(result->text, "copying"));
}
END_TEST

START_TEST(without_reset_no_line_is_pulsed_and_the_next_hardware_reset_is_judged)
{
	static const struct fake_line script[] = { { 1, 3000, GOOD }, { 0, 0, NULL } };

	config.no_reset = true;
	play(script);
	ck_assert_int_eq(result->verdict, VERDICT_READY);
	ck_assert_int_eq(result->reset_by, RESET_BY_OTHER);
	ck_assert_ptr_nonnull(strstr(fake.trace, "0 DTR- RTS-|"));
	ck_assert_ptr_null(strchr(fake.trace, '+'));
}
END_TEST

START_TEST(another_chip_than_expected_is_wrong_chip)
{
	static const struct fake_line script[] = { { 1, 60, ESP32_BANNER ESP32_LOAD }, { 0, 0, NULL } };

	play(script);
	ck_assert_int_eq(result->verdict, VERDICT_WRONG_CHIP);
	ck_assert_str_eq(result->text, "this is esp32");
}
END_TEST

static const struct { const char *text; enum verdict verdict; } esp32s[] = {
	{ ESP32_BANNER ESP32_LOAD, VERDICT_READY },
	/* An ESP32 of silicon revision 0 or 1 prints two banners after one hardware reset. */
	{ ESP32_BANNER "ets Jun  8 2016 00:22:57\r\n\r\nrst:0x10 (RTCWDT_RTC_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n" ESP32_LOAD,
	  VERDICT_READY },
	/* If the banner with the cause RTCWDT_RTC_RESET comes first or comes after a load, the board has restarted by
	 * itself. */
	{ "ets Jun  8 2016 00:22:57\r\n\r\nrst:0x10 (RTCWDT_RTC_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n" ESP32_LOAD,
	  VERDICT_CRASHED },
	{ ESP32_BANNER ESP32_LOAD "ets Jun  8 2016 00:22:57\r\n\r\nrst:0x10 (RTCWDT_RTC_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n"
	  ESP32_LOAD, VERDICT_CRASHED },
	{ "ets Jul 29 2019 12:21:46\r\n\r\nrst:0xc (SW_CPU_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n" ESP32_LOAD, VERDICT_UNPROVEN },
	{ "ets Jul 29 2019 12:21:46\r\n\r\nrst:0x1 (POWERON_RESET),boot:0x3 (DOWNLOAD_BOOT(UART0/UART1/SDIO_REI_REO_V2))\r\n"
	  "waiting for download\r\n", VERDICT_DOWNLOAD_MODE },
	{ "ets Jul 29 2019 12:21:46\r\n\r\nrst:0x1 (POWERON_RESET),boot:0x3 (DOWNLOAD_BOOT(UART0/UART1/SDIO_REI_REO_V2))\r\n",
	  VERDICT_DOWNLOAD_MODE },
	/* The second-stage bootloader reports a bad image, and does not report that it loads another one: the boot has
	 * failed. */
	{ ESP32_BANNER ESP32_LOAD "E (39) boot: OTA app partition slot 0 is not bootable\r\n", VERDICT_BOOT_FAILED },
	{ ESP32_BANNER "flash read err, 1000\r\nets_main.c 371 \r\n", VERDICT_BOOT_FAILED },
	{ ESP32_BANNER ESP32_LOAD "Guru Meditation Error: Core  0 panic'ed (LoadProhibited). Exception was unhandled.\r\n",
	  VERDICT_CRASHED },
};

START_TEST(an_esp32_leads_to_its_verdict)
{
	struct fake_line script[] = {
		{ 1, 60, esp32s[_i].text }, { 2, 60, esp32s[_i].text }, { 3, 60, esp32s[_i].text }, { 0, 0, NULL },
	};
	/* clang-format on */

	config.chip = CHIP_ESP32;
	config.baud = 115200;
	play(script);
	ck_assert_msg(result->verdict == esp32s[_i].verdict, "%d: %s: %s", _i, verdict_info(result->verdict)->word,
		      result->text);
}
END_TEST

/* Errors that serial drivers return from system calls. */
static const int errs[] = { EIO, ENODEV, ETIMEDOUT, EPIPE };

START_TEST(whichever_operation_fails_the_verdict_is_the_ports_and_the_lines_are_let_go)
{
	static const struct fake_line script[] = { { 1, 60, BANNER("2", "1") }, { 2, 60, GOOD }, { 0, 0, NULL } };
	int op = 0;

	do {
		fakeport_init(&fake, script);
		fake.fail_op = ++op;
		fake.fail_err = errs[_i];
		play_prepared(NULL);
		if (fake.op < op)
			break;
		ck_assert_uint_eq(fake.lines, 0);
		/* ETIMEDOUT from read() is no failure: nothing arrived in time, so the verdict may still be ready */
		if (result->verdict == VERDICT_READY)
			ck_assert_int_eq(errs[_i], ETIMEDOUT);
		else
			ck_assert_int_eq(result->verdict, errs[_i] == ENODEV ? VERDICT_UNPLUGGED : VERDICT_IO_ERROR);
	} while (op < 1000);
	ck_assert_int_gt(op, 8);
	ck_assert_int_lt(op, 1000);
}
END_TEST

START_TEST(the_time_out_ends_it_wherever_it_is)
{
	static const struct fake_line script[] = { { 1, 60, GOOD }, { 0, 0, NULL } };

	config.timeout_ms = 100 * (_i + 1);
	config.settle_ms = 5000;
	play(script);
	ck_assert_int_eq(result->verdict, VERDICT_UNPROVEN);
	ck_assert_int_le(result->total_ms, config.timeout_ms + 120);
	ck_assert_uint_eq(fake.lines, 0);
}
END_TEST

#define RUBBISH "\xf0\x81\xff\xfe\x91\x80\xc1\x8e"

static const struct {
	struct fake_line script[3];
	int timeout_ms;
	enum verdict verdict;
	const char *text, *advice; /* part of the verdict's expected text, part of the expected advice */
} too_short[] = {
	/* --timeout ends during the boot. The advice must be a longer --timeout; the board must not be blamed. */
	{ { { 1, 60, RUBBISH } }, 100, VERDICT_UNPROVEN, "time was over", "longer --timeout" },
	{ { { 1, 60, " ets Jan  8 2013,rst" } }, 100, VERDICT_UNPROVEN, "time was over", "longer --timeout" },
	{ { { 1, 60, BANNER("2", "3") } }, 100, VERDICT_UNPROVEN, "time was over", "longer --timeout" },
	{ { { 1, 60, BANNER("2", "3") LOADS } }, 100, VERDICT_UNPROVEN, "time was over", "longer --timeout" },
	{ { { 0, 0, NULL } }, 100, VERDICT_SILENT, "before the time was over", "longer --timeout" },
	/* --timeout leaves enough time for a boot, so the board or its wiring is to blame. */
	{ { { 1, 60, RUBBISH } }, 1100, VERDICT_GARBLED, "unreadable", "level shifter" },
	{ { { 1, 60, BANNER("2", "3") } }, 5000, VERDICT_UNPROVEN, "not reported loaded", "Wiring" },
	{ { { 0, 0, NULL } }, 1100, VERDICT_SILENT, "not one byte came", "check power" },
	/* --timeout ends during the second attempt. The result of the first, complete attempt must stay. */
	{ { { 1, 60, RUBBISH }, { 2, 60, RUBBISH } }, 1700, VERDICT_GARBLED, "unreadable", "level shifter" },
	{ { { 0, 0, NULL } }, 1700, VERDICT_SILENT, "not one byte came", "check power" },
};

START_TEST(a_time_too_short_for_the_boot_is_said)
{
	config.timeout_ms = too_short[_i].timeout_ms;
	play(too_short[_i].script);
	ck_assert_msg(result->verdict == too_short[_i].verdict, "%s", verdict_info(result->verdict)->word);
	ck_assert_msg(strstr(result->text, too_short[_i].text) && strstr(result->advice->text, too_short[_i].advice),
		      "%s; %s", result->text, result->advice->text);
	ck_assert_msg(too_short[_i].timeout_ms == 100 || !strstr(result->text, "time was over"), "%s", result->text);
}
END_TEST

static int looks, is_met;

static int64_t look(void *user, struct session *s, int64_t now_ms)
{
	(void)user;
	(void)now_ms;
	looks++;
	ck_assert_uint_eq(fake.lines, 0);
	ck_assert(!session_is_asserting(s));
	return INT64_MAX;
}

START_TEST(a_proof_that_is_undone_is_not_remembered_through_the_next_pulse)
{
	static const struct fake_line script[] = { { 1, 60, GOOD },
						   { 1, 2000, " ets Jan  8 2013,rst cau\r\n" },
						   { 0, 0, NULL } };
	struct loop_sink sink = { .conditions = look };

	config.conditions = true;
	looks = 0;
	play_to(script, &sink);
	ck_assert_int_gt(looks, 0);
	ck_assert_int_eq(result->attempts, 3);
	ck_assert_int_eq(result->verdict, VERDICT_UNPROVEN);
}
END_TEST

static int64_t meet_at_1205(void *user, struct session *s, int64_t now_ms)
{
	(void)user;
	if (now_ms < 1205)
		return 1205;
	session_conditions_met(s, now_ms);
	return INT64_MAX;
}

START_TEST(what_is_unreadable_when_the_conditions_are_met_is_heard_to_its_end)
{
	static const struct fake_line restart[] = {
		{ 1, 60, GOOD }, { 1, 1180, UNREADABLE_40 }, { 1, 1230, BANNER("2", "3") LOADS CSUM }, { 0, 0, NULL }
	};
	/* UNREADABLE has more unreadable bytes than line noise causes. At the application's baud rate they would mean a
	 * restart, but the port is at another baud rate here. */
	static const struct fake_line chatter[] = { { 1, 60, GOOD }, { 1, 1180, UNREADABLE }, { 0, 0, NULL } };
	struct loop_sink sink = { .conditions = meet_at_1205 };

	config.conditions = true;
	config.attempts = 1;
	play_to(_i ? restart : chatter, &sink);
	ck_assert_int_eq(result->verdict, _i ? VERDICT_RESTARTED : VERDICT_READY);
	ck_assert_int_eq(result->missing, _i ? PROOF_ONE_BOOT : PROOF_RULES);
	ck_assert_int_lt(result->total_ms, _i ? 4000 : 1500);
}
END_TEST

/* First makes the port fail, as if the cable were pulled. After this the condition is met (if is_met) or failed, and
 * the verdict must still be about the port. */
static int64_t meet_after_failure(void *user, struct session *s, int64_t now_ms)
{
	(void)user;
	looks++;
	if (!fake.fail_op) {
		fake.fail_op = fake.op + 1;
		fake.fail_for_good = 1;
	} else if (is_met) {
		session_conditions_met(s, now_ms);
	} else {
		session_condition_failed(s, now_ms, VERDICT_OTA_SILENT, "nobody answers");
	}
	return INT64_MAX;
}

START_TEST(a_port_that_has_failed_is_not_made_good_by_a_condition)
{
	static const struct fake_line script[] = { { 1, 60, GOOD }, { 0, 0, NULL } };
	struct loop_sink sink = { .conditions = meet_after_failure };

	config.conditions = true;
	is_met = _i;
	looks = 0;
	fakeport_init(&fake, script);
	fake.fail_err = ENODEV;
	play_prepared(&sink);
	ck_assert_int_gt(looks, 0);
	ck_assert_int_eq(result->verdict, VERDICT_UNPLUGGED);
}
END_TEST

/* A simulated board that prints without pause into a tty buffer of 4095 bytes. The session that reads it may become
 * slow after the boot is proven. */
static struct {
	struct port port;
	struct clk clk;
	int64_t now_ms, released_ms, restart_ms, met_ms;
	int line_cost_ms;
	/* sent: number of bytes that the board has sent; begun: the value of sent at the beginning of the present text
	 * line */
	size_t sent, begun;
	const char *line;
	char kept[4095];
	size_t first, n_kept;
	bool restarted, is_slow;
} hose;

static int64_t hose_now(struct clk *clk)
{
	(void)clk;
	return hose.now_ms;
}

/* The board starts when both modem lines are released. */
static int hose_set_lines(struct port *p, unsigned int mask, unsigned int on)
{
	(void)p;
	(void)mask;
	if (on)
		return 0;
	hose.released_ms = hose.now_ms;
	hose.sent = hose.begun = hose.first = hose.n_kept = 0;
	hose.line = ESP32_BANNER ESP32_LOAD;
	return 0;
}

static int hose_set_speed(struct port *p, int baud)
{
	(void)p;
	ck_assert_int_eq(baud, 115200);
	return 0;
}

/* Moves the bytes that the board has sent by now to the tty buffer. From 60 ms after the release of the modem lines on,
 * the board sends 11.52 bytes per ms. */
static void hose_flow(void)
{
	int64_t due = (hose.now_ms - hose.released_ms - 60) * 1152 / 100;

	for (; (int64_t)hose.sent < due; hose.sent++) {
		if (!hose.line[hose.sent - hose.begun]) {
			hose.begun = hose.sent;
			hose.line = "the application says one line of eighty characters and then another one, on and "
				    "on\r\n";
			if (!hose.restarted && (int64_t)hose.sent * 100 / 1152 >= hose.restart_ms) {
				hose.restarted = true;
				hose.line = "ets Jul 29 2019 12:21:46\r\n\r\nrst:0xc (SW_CPU_RESET),boot:0x13 "
					    "(SPI_FAST_FLASH_BOOT)\r\n";
			}
		}
		if (hose.n_kept < sizeof(hose.kept))
			hose.kept[(hose.first + hose.n_kept++) % sizeof(hose.kept)] = hose.line[hose.sent - hose.begun];
	}
}

static ssize_t hose_read(struct port *p, void *buf, size_t cap, int64_t deadline_ms)
{
	size_t n;

	(void)p;
	while (hose_flow(), !hose.n_kept && hose.now_ms < deadline_ms)
		hose.now_ms++;
	if (!hose.n_kept)
		return -ETIMEDOUT;
	for (n = 0; n < cap && hose.n_kept; n++, hose.n_kept--)
		((char *)buf)[n] = hose.kept[hose.first++ % sizeof(hose.kept)];
	return (ssize_t)n;
}

static void take_slowly(void *user, const char *line, size_t len)
{
	(void)user;
	(void)line;
	(void)len;
	hose.now_ms += hose.is_slow ? hose.line_cost_ms : 0;
}

static int64_t meet_late(void *user, struct session *s, int64_t now_ms)
{
	(void)user;
	hose.is_slow = true;
	if (now_ms >= hose.met_ms)
		session_conditions_met(s, now_ms);
	return INT64_MAX;
}

static void run_hose(int line_cost_ms, int64_t restart_ms)
{
	static const struct port_ops ops = { "hose", hose_set_lines, hose_set_speed, hose_read, NULL };
	struct loop_sink sink = { .conditions = meet_late };

	session_config_init(&config);
	config.chip = CHIP_ESP32;
	config.conditions = true;
	config.attempts = 1;
	memset(&hose, 0, sizeof(hose));
	hose.port.ops = &ops;
	hose.clk.now_ms = hose_now;
	hose.line = "";
	hose.restart_ms = restart_ms;
	hose.met_ms = 8000;
	hose.line_cost_ms = line_cost_ms;
	session_init(&session, &config, 0);
	session_on_line(&session, take_slowly, NULL);
	(void)loop_session(&session, &hose.port, &hose.clk, &sink);
	result = session_result(&session);
}

START_TEST(what_a_slow_pattern_leaves_to_a_full_tty_is_no_proof)
{
	run_hose(0, 99999);
	ck_assert_msg(result->verdict == VERDICT_READY, "%s", result->text);
	run_hose(0, 5000); /* the verdict RESTARTED needs the complete banner, so nothing of the restart was lost */
	ck_assert_msg(result->verdict == VERDICT_RESTARTED, "%s: %s", verdict_info(result->verdict)->word,
		      result->text);
	/* The session reads too slowly, so bytes are lost. The restart is among them, each time at another place. */
	for (int i = 0; i < 20; i++) {
		run_hose(15, 5000 + 5 * i);
		ck_assert_msg(result->verdict == VERDICT_UNPROVEN, "%d: %s", i, verdict_info(result->verdict)->word);
	}
	ck_assert_msg(strstr(result->text, "too slow") && strstr(result->advice->text, "simpler --expect"), "%s",
		      result->text);
}
END_TEST

static size_t n_bytes, n_losses;

static void count_bytes(void *user, const void *bytes, size_t n)
{
	(void)user;
	(void)bytes;
	n_bytes += n;
}

static void count_loss(void *user)
{
	(void)user;
	n_losses++;
}

START_TEST(what_comes_during_the_longest_hold_is_kept_and_a_loss_is_said)
{
	static char text[400 + 1];
	static struct fake_line script[601];
	int lines = _i ? 600 : 250; /* 250 text lines (100 kB) must be kept; of 600 text lines (240 kB) some are lost */
	struct loop_sink sink = { .bytes = count_bytes, .lost = count_loss };

	memset(text, 'x', sizeof(text) - 1);
	text[398] = '\r';
	text[399] = '\n';
	memset(script, 0, sizeof(script));
	for (int i = 0; i < lines; i++)
		script[i] = (struct fake_line){ 0, 10 * i, text };
	n_bytes = n_losses = 0;
	config.hold_ms = 10000;
	config.timeout_ms = 20000;
	config.attempts = 1;
	play_to(script, &sink);
	ck_assert_int_eq(session_result(&session)->verdict, VERDICT_NO_EFFECT);
	if (_i)
		ck_assert_uint_eq(n_losses, 1);
	else
		ck_assert_uint_eq(n_bytes, 250 * 400);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("session");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, a_good_board_is_ready_after_one_clean_pulse);
	tcase_add_test(tcase, the_holds_climb_the_ladder);
	tcase_add_test(tcase, a_hold_that_is_given_replaces_the_ladder);
	tcase_add_test(tcase, bytes_early_in_the_hold_are_the_past_and_prolong_it);
	tcase_add_test(tcase, bytes_late_in_the_hold_are_no_effect);
	tcase_add_test(tcase, after_download_mode_both_lines_are_released_at_once);
	tcase_add_test(tcase, a_sequence_that_was_for_another_circuit_says_nothing_of_the_board);
	tcase_add_test(tcase, a_given_wiring_is_where_the_attempts_begin);
	tcase_add_test(tcase, a_banner_in_the_hold_means_that_dtr_resets_the_board);
	tcase_add_test(tcase, a_banner_of_the_hold_that_is_read_after_it_means_the_same);
	tcase_add_test(tcase, a_given_sequence_starts_from_released_lines_and_is_kept);
	tcase_add_loop_test(tcase, a_boot_leads_to_its_verdict, 0, COUNT(boots));
	tcase_add_loop_test(tcase, what_comes_in_the_settle_time_counts, 0, COUNT(settles));
	tcase_add_test(tcase, what_is_unreadable_when_the_settle_time_ends_is_heard_to_its_end);
	tcase_add_loop_test(tcase, what_is_unreadable_when_the_conditions_are_met_is_heard_to_its_end, 0, 2);
	tcase_add_test(tcase, what_comes_after_the_settle_time_is_not_waited_for);
	tcase_add_test(tcase, a_settle_time_is_not_over_before_all_that_came_in_it_is_read);
	tcase_add_test(tcase, a_settle_time_in_which_a_full_tty_lost_something_proves_nothing);
	tcase_add_test(tcase, what_a_slow_pattern_leaves_to_a_full_tty_is_no_proof);
	tcase_add_test(tcase, even_without_settle_time_an_error_of_the_load_is_waited_for);
	tcase_add_loop_test(tcase, a_readable_banner_at_115200_needs_three_pulses_equally_followed, 0, 2);
	tcase_add_test(tcase, two_pulses_equally_followed_are_not_enough);
	tcase_add_test(tcase, banners_at_different_times_are_no_proof);
	tcase_add_test(tcase, the_pulses_come_at_moments_that_differ_from_run_to_run);
	tcase_add_test(tcase, after_a_cold_banner_one_at_115200_is_a_software_restart);
	tcase_add_test(tcase, what_cannot_be_read_is_listened_to_at_74880_without_another_reset);
	tcase_add_test(tcase, who_may_be_copying_is_not_reset_again);
	tcase_add_test(tcase, a_copy_announced_in_the_hold_is_waited_for);
	tcase_add_test(tcase, a_restart_heard_at_the_applications_speed_is_no_proof);
	tcase_add_test(tcase, unreadable_bytes_read_just_before_a_change_of_speed_may_hide_a_restart);
	tcase_add_test(tcase, a_banner_behind_the_rest_of_an_earlier_boot_is_no_proof);
	tcase_add_loop_test(tcase, why_a_board_restarts_is_heard_at_another_speed, 0, COUNT(reasons));
	tcase_add_test(tcase, a_banner_after_the_boot_time_is_not_ours);
	tcase_add_test(tcase, a_copy_that_is_first_heard_of_in_the_pause_ends_with_the_time);
	tcase_add_test(tcase, while_eboot_copies_nobody_resets);
	tcase_add_test(tcase, a_copy_that_does_not_end_is_unproven_and_never_pulsed_again);
	tcase_add_test(tcase, without_reset_no_line_is_pulsed_and_the_next_hardware_reset_is_judged);
	tcase_add_test(tcase, another_chip_than_expected_is_wrong_chip);
	tcase_add_loop_test(tcase, an_esp32_leads_to_its_verdict, 0, COUNT(esp32s));
	tcase_add_loop_test(tcase, whichever_operation_fails_the_verdict_is_the_ports_and_the_lines_are_let_go, 0,
			    COUNT(errs));
	tcase_add_test(tcase, a_proof_that_is_undone_is_not_remembered_through_the_next_pulse);
	tcase_add_loop_test(tcase, a_port_that_has_failed_is_not_made_good_by_a_condition, 0, 2);
	tcase_add_loop_test(tcase, what_comes_during_the_longest_hold_is_kept_and_a_loss_is_said, 0, 2);
	tcase_add_loop_test(tcase, the_time_out_ends_it_wherever_it_is, 0, 8);
	tcase_add_loop_test(tcase, a_time_too_short_for_the_boot_is_said, 0, COUNT(too_short));
	return suite_run_case("session", tcase);
}
