/* test_wrongbaud.c - reading an ESP8266's 74880 Bd output with a receiver at 115200 Bd: what must be recognised, and
 * that nothing wrong is called certain. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boottrace.h"
#include "suite.h"
#include "wrongreceiver.h"

static const struct bootlog_options live_115200 = { .recover_74880 = true };

#define BANNER(cause, mode) "\r\n ets Jan  8 2013,rst cause:" cause ", boot mode:(" mode ")\r\n\r\n"
#define SEGMENTS "load 0x4010f000, len 1384, room 16 \r\ntail 8\r\nchksum 0x2d\r\n"
#define LOADS BANNER("2", "3,6") SEGMENTS "csum 0x2d\r\nv09f0c112\r\n"

static const enum boot_habit habits[] = { BOOT_HABIT_DELIVERS, BOOT_HABIT_ZEROES, BOOT_HABIT_DROPS };

static struct boot_trace t;

static void teardown(void)
{
	boot_trace_free(&t);
}

/* Feeds the boot-log reader with the bytes that a receiver at 115200 Bd gets when @text is sent at 74880 Bd and then
 * @plain at 115200 Bd. Return: the trace. */
static const char *hear(const char *text, enum framing framing, const char *plain)
{
	struct wrongreceiver nominal = { 74880, 115200, 0.5, 0, framing };
	static uint8_t heard[8192];
	size_t n = wrongreceiver_hear(&nominal, text, heard, sizeof(heard));

	memcpy(heard + n, plain, strlen(plain));
	boot_trace_free(&t);
	boot_trace_cut(&t, heard, n + strlen(plain), &live_115200, 0);
	return t.text;
}

START_TEST(the_two_models_of_a_receiver_agree_on_a_known_banner)
{
	struct wrongreceiver nominal = { 74880, 115200, 0.5, 0, FRAMING_DELIVERED };
	uint8_t heard[128];

	ck_assert_uint_eq(wrongreceiver_hear(&nominal, BANNER("2", "1,6"), heard, sizeof(heard)),
			  sizeof(wrongreceiver_banner));
	ck_assert_mem_eq(heard, wrongreceiver_banner, sizeof(wrongreceiver_banner));
}
END_TEST

START_TEST(reads_banner_and_load_and_then_the_applications_first_line)
{
	ck_assert_str_eq(hear(LOADS "~ld\r\n", FRAMING_DELIVERED, "Hello, world\r\n"),
			 "banner esp8266 cause 2 mode -1,6 unknown uncertain 74880\n"
			 "progress loading: load 0x...\n"
			 "progress loading: chksum 0x..\n"
			 "progress loading: chksum 0x..\n"
			 "progress loading: csum 0x..\n"
			 "progress loading: v........\n"
			 "progress loaded: ~ld\n"
			 "text: Hello, world\n");
	ck_assert(t.boot.certain);
	ck_assert_int_eq(t.boot.mode, 3);
	ck_assert_int_eq(t.boot.source, BOOT_SOURCE_FLASH);
	ck_assert_int_eq(t.verdict, VERDICT_FLASH_BOOT);
}
END_TEST

START_TEST(reads_the_same_when_framing_errors_arrive_as_zero)
{
	hear(LOADS "~ld\r\n", FRAMING_ZEROED, "Hello\r\n");
	ck_assert_int_eq(t.boot.mode, 3);
	ck_assert_int_eq(t.boot.rx_speed, BOOT_RX_74880);
	ck_assert_int_eq(t.verdict, VERDICT_FLASH_BOOT);
	ck_assert_ptr_nonnull(strstr(t.text, "text: Hello\n"));
}
END_TEST

/* If the bridge drops bytes with framing errors, a third of the bytes is left. The banner then fits boot modes 2 and 3.
 * Only a load would show that the boot mode is 3, and the load cannot be read. */
START_TEST(reads_the_banner_when_framing_errors_are_dropped)
{
	hear(LOADS "~ld\r\n", FRAMING_LOST, "Hello\r\n");
	ck_assert_uint_eq(t.counts[BOOT_EVENT_BANNER], 1);
	ck_assert(t.boot.mode_needs_load);
	ck_assert_int_eq(t.boot.mode, -1);
	ck_assert_int_eq(t.boot.cause_kind, BOOT_CAUSE_HARDWARE);
	ck_assert_int_eq(t.boot.rx_speed, BOOT_RX_74880);
	ck_assert_int_eq(t.boot.habit, BOOT_HABIT_DROPS);
	ck_assert(!t.boot.certain);
	ck_assert_int_eq(t.verdict, VERDICT_UNPROVEN);
}
END_TEST

START_TEST(tells_what_the_bridge_does_with_framing_errors)
{
	hear(BANNER("2", "3,6") SEGMENTS, (enum framing)_i, "");
	ck_assert_int_eq(t.boot.habit, habits[_i]);
}
END_TEST

static void count_unsure(void *user, const struct boot_event *event)
{
	*(unsigned int *)user += !event->sure;
}

/* The banner has shown what the bridge does with framing errors. Then the port changes to 74880 Bd, so it can read the
 * rest of the boot. */
static const struct {
	enum framing framing;
	const char *rest;
	bool certain;
} retunes[] = {
	{ FRAMING_LOST, SEGMENTS "csum 0x2d\r\nv09f0c112\r\n~ld\r\n", true },
	{ FRAMING_LOST, "0x4010f000, len 1384, room 16 \r\ntail 8\r\nchksum 0x2d\r\ncsum 0x2d\r\n~ld\r\n", true },
	{ FRAMING_LOST, "il 8\r\nchksum 0x2d\r\ncsum 0x2d\r\n~ld\r\n", true },
	{ FRAMING_LOST, "m 0x2d\r\ncsum 0x2d\r\n", true },
	{ FRAMING_LOST, "csum 0x2d\r\n", true },
	{ FRAMING_LOST, SEGMENTS, false },
	{ FRAMING_LOST, "Hello\r\n", false },
	{ FRAMING_ZEROED, SEGMENTS "csum 0x2d\r\n~ld\r\n", true },
};

START_TEST(a_boot_is_read_on_at_another_speed)
{
	struct wrongreceiver nominal = { 74880, 115200, 0.5, 0, retunes[_i].framing };
	static const struct bootlog_options live_74880 = { .recover_74880 = false };
	static struct bootlog log;
	static uint8_t heard[1024];
	const char *rest = retunes[_i].rest;
	unsigned int unsure = 0;
	const struct boot *boot;
	size_t n = wrongreceiver_hear(&nominal, BANNER("2", "3,6") "load 0x4", heard, sizeof(heard));

	bootlog_init(&log, &live_115200);
	bootlog_feed(&log, heard, n, 10, NULL, NULL);
	bootlog_retune(&log, &live_74880, 12, NULL, NULL);
	boot = bootlog_boot(&log);
	ck_assert_ptr_nonnull(boot);
	ck_assert(boot->mode_needs_load);
	bootlog_feed(&log, rest, strlen(rest), 14, count_unsure, &unsure);
	ck_assert_uint_eq(boot->number, 1);
	ck_assert_int_eq(boot->rx_speed, BOOT_RX_74880);
	ck_assert_int_eq(boot->certain, retunes[_i].certain);
	ck_assert_uint_eq(unsure, 0);
	if (retunes[_i].certain) {
		ck_assert_int_eq(boot->mode, 3);
		ck_assert_int_eq(boot->source, BOOT_SOURCE_FLASH);
		ck_assert(!boot->mode_needs_load);
		ck_assert_int_eq(boot_verdict(boot), VERDICT_FLASH_BOOT);
	} else {
		ck_assert_int_ne(boot_verdict(boot), VERDICT_FLASH_BOOT);
	}
}
END_TEST

static void count_fragments(void *user, const struct boot_event *event)
{
	*(unsigned int *)user += event->kind == BOOT_EVENT_FRAGMENT;
}

/* After a banner the port changes to 74880 Bd, and receives the rest of the boot. A text line of the load that lacks
 * its beginning is no fragment. A part of a banner is a fragment, and so is other text among the load's text lines. */
static const struct {
	const char *rest;
	unsigned int fragments;
} halves[] = {
	{ "tail 8\r\nchksum 0x2d\r\ncsum 0x2d\r\n~ld\r\n", 0 },
	{ "10f000, len 1384, room 16 \r\ntail 8\r\nchksum 0x2d\r\n", 0 },
	{ "sum 0x2d\r\ncsum 0x2d\r\n", 0 },
	{ "Hello\r\nchksum 0x2d\r\ncsum 0x2d\r\ntail 8\r\n", 1 },
	{ " boot mode:(3,6)\r\n", 1 },
};

START_TEST(half_a_load_is_not_out_of_place)
{
	static struct bootlog log;
	unsigned int fragments = 0;
	const char *rest = halves[_i].rest;

	bootlog_init(&log, &live_115200);
	bootlog_feed(&log, BANNER("2", "3,6"), strlen(BANNER("2", "3,6")), 0, NULL, NULL);
	bootlog_retune(&log, &(struct bootlog_options){ .recover_74880 = false }, 0, NULL, NULL);
	bootlog_feed(&log, rest, strlen(rest), 0, count_fragments, &fragments);
	ck_assert_uint_eq(fragments, halves[_i].fragments);
}
END_TEST

static const struct {
	const char *text;
	const char *seen; /* text that the trace must contain */
	enum verdict verdict;
} endings[] = {
	{ BANNER("2", "1,6"), "mode 1,6 download uncertain 74880", VERDICT_DOWNLOAD_MODE },
	{ BANNER("1", "1,7"), "cause 1 mode 1,7 download uncertain 74880", VERDICT_DOWNLOAD_MODE },
	{ BANNER("2", "7,0") "waiting for host\r\n", "waiting: waiting for host", VERDICT_OTHER_BOOT },
	{ BANNER("4", "3,6") "wdt reset\r\n" SEGMENTS "csum 0x2d\r\nv00000000\r\n~ld\r\n", "progress banner: wdt reset",
	  VERDICT_FLASH_BOOT },
	{ BANNER("2", "3,6") SEGMENTS "csum 0xef\r\ncsum err\r\nets_main.c \r\n", "trouble: csum err",
	  VERDICT_BOOT_FAILED },
	{ LOADS "~ld\r\ne:3\r\n", "trouble: e:", VERDICT_BOOT_FAILED },
	{ LOADS "@cp:\x01"
		"0\r\nld\r\n",
	  "copying: @\ncopied 0: cp:\nprogress loaded: ~ld\n", VERDICT_FLASH_BOOT },
	{ LOADS "@cp:\x01"
		"2\r\n",
	  "copied 2: cp:\ntrouble: cp:\n", VERDICT_BOOT_FAILED },
	{ BANNER("2", "3,3") SEGMENTS
	  "ho 0 tail 12 room 4\r\nload 0x3ffe8000, len 776, room 8 \r\ntail 0\r\nchksum 0x02\r\n"
	  "csum 0x79\r\n\r\n2nd boot version : 1.5\r\n",
	  "progress stage2: 2nd boot version", VERDICT_FLASH_BOOT },
};

START_TEST(reads_the_other_endings_too)
{
	hear(endings[_i].text, FRAMING_DELIVERED, "");
	ck_assert_msg(strstr(t.text, endings[_i].seen) != NULL, "%s", t.text);
	ck_assert_int_eq(t.verdict, endings[_i].verdict);
}
END_TEST

/* If the bridge zeroes bytes with framing errors, a short message such as "e:3" loses most characters. The rest proves
 * no failure, but must be reported as a fragment. */
START_TEST(what_zeroes_hide_is_neither_trouble_nor_silence)
{
	hear(LOADS "@cp:\x01"
		   "2\r\n",
	     FRAMING_ZEROED, "Hello\r\n");
	ck_assert_int_eq(t.boot.trouble, BOOT_OK);
	ck_assert(!t.boot.copying);
	ck_assert_uint_eq(t.counts[BOOT_EVENT_TROUBLE], 0);
	ck_assert_uint_gt(t.counts[BOOT_EVENT_FRAGMENT], 0);
	hear(LOADS "~ld\r\ne:3\r\n", FRAMING_ZEROED, "Hello\r\n");
	ck_assert_int_eq(t.boot.trouble, BOOT_OK);
	ck_assert_uint_gt(t.counts[BOOT_EVENT_FRAGMENT], 0);
}
END_TEST

START_TEST(a_copy_that_goes_on_is_said_at_once)
{
	hear(LOADS "@cp:", FRAMING_DELIVERED, "");
	ck_assert(t.boot.copying);
	ck_assert_uint_eq(t.counts[BOOT_EVENT_COPYING], 1);
}
END_TEST

START_TEST(a_load_without_its_end_is_not_certain)
{
	hear(BANNER("2", "3,6") SEGMENTS "csum 0x2d\r\n", FRAMING_DELIVERED, "MicroPython v1.6\r\n");
	ck_assert_int_eq(t.boot.progress, BOOT_LOADED);
	ck_assert(!t.boot.certain);
	ck_assert_ptr_nonnull(strstr(t.text, "text: MicroPython v1.6\n"));
}
END_TEST

START_TEST(a_load_that_breaks_off_is_none)
{
	hear(BANNER("2", "3,6") SEGMENTS, FRAMING_DELIVERED, "Hello, world\r\n");
	ck_assert_int_eq(t.boot.progress, BOOT_LOADING);
	ck_assert_int_eq(t.verdict, VERDICT_UNPROVEN);
}
END_TEST

#define SUM_BEGUN BANNER("2", "3,6") SEGMENTS "csum 0x"
#define LOADS_BEGUN LOADS "~"

/* However early the log ends: the verdict must not be "loaded" before the checksum line is complete, and nothing must
 * be certain before eboot's last word is complete. */
START_TEST(no_beginning_claims_more_than_its_own_lines)
{
	/* clang-format off */
	struct wrongreceiver receiver = {
		.sent_baud = 74880 * (0.975 + 0.01 * (_i % 6)), .heard_baud = 115200,
		.sample = 0.4 + 0.04 * (_i / 6 % 6),
		.phase = 0.3 * (_i % 4), .framing = _i % 5 ? FRAMING_DELIVERED : FRAMING_ZEROED,
	};
	/* clang-format on */
	static struct bootlog fresh, log;
	static uint8_t heard[4096], begun[4096];
	size_t to_sum = wrongreceiver_hear(&receiver, SUM_BEGUN, begun, sizeof(begun));
	size_t to_end = wrongreceiver_hear(&receiver, LOADS_BEGUN, begun, sizeof(begun));
	size_t n = wrongreceiver_hear(&receiver, LOADS "~ld\r\n", heard, sizeof(heard));

	ck_assert_uint_lt(to_end, n);
	bootlog_init(&fresh, &live_115200);
	for (size_t i = 0; i <= n; i++) {
		const struct boot *boot;

		log = fresh;
		bootlog_feed(&log, heard, i, 0, NULL, NULL);
		bootlog_flush(&log, 0, NULL, NULL);
		boot = bootlog_boot(&log);
		if (i < to_sum)
			ck_assert_msg(bootlog_verdict(&log, NULL) != VERDICT_FLASH_BOOT, "%zu of %zu", i, n);
		if (i < to_end)
			ck_assert_msg(!boot || !boot->certain, "%zu of %zu", i, n);
	}
	if (receiver.framing == FRAMING_DELIVERED)
		ck_assert(bootlog_boot(&log)->certain);
}
END_TEST

START_TEST(a_load_in_download_mode_proves_nothing)
{
	hear(BANNER("2", "1,6") SEGMENTS "csum 0x2d\r\nv09f0c112\r\n~ld\r\n", FRAMING_DELIVERED, "");
	ck_assert_int_eq(t.boot.progress, BOOT_LOADED);
	ck_assert(!t.boot.certain);
	ck_assert_int_eq(t.verdict, VERDICT_DOWNLOAD_MODE);
}
END_TEST

/* One wrong bit in the constant part of a banner must be enough not to recognise the banner. There is one exception: a
 * bit that the receiver samples near the edge of a sent bit may have the value of either neighbour. */
START_TEST(one_wrong_bit_is_enough_to_say_nothing)
{
	struct wrongreceiver nominal = { 74880, 115200, 0.5, 0, FRAMING_DELIVERED };
	/* clang-format off */
	static const int neighbours[8][2] = { { -1, 1 }, { 1, 1 }, { 2, 2 }, { 2, 4 }, { 4, 4 }, { 5, 5 },
					      { 5, 7 }, { 7, 7 } };
	uint8_t heard[1024];
	size_t n = wrongreceiver_hear(&nominal, LOADS "~ld\r\n", heard, sizeof(heard));
	unsigned int tried = 0;

	for (size_t i = 8; i < 24; i++) {
		for (int bit = 0; bit < 8; bit++) {
			int a = neighbours[bit][0] < 0 ? 0 : heard[i] >> neighbours[bit][0] & 1;
			int b = heard[i] >> neighbours[bit][1] & 1;

			if (neighbours[bit][0] != neighbours[bit][1] && a != b)
				/* the two sent bits beside the sampling time differ, so this received bit may have
				 * either value */
				continue;
			heard[i] ^= (uint8_t)(1U << bit);
			boot_trace_free(&t);
			boot_trace_cut(&t, heard, n, &live_115200, 0);
			ck_assert_msg(t.counts[BOOT_EVENT_BANNER] == 0, "byte %zu, bit %d:\n%s", i, bit, t.text);
			heard[i] ^= (uint8_t)(1U << bit);
			tried++;
		}
	}
	ck_assert_uint_gt(tried, 100);
}
END_TEST

START_TEST(text_before_and_a_reset_in_the_middle_are_not_lost)
{
	struct wrongreceiver nominal = { 74880, 115200, 0.5, 0, FRAMING_DELIVERED };
	uint8_t heard[4096] = "old text\r\ncut of";
	size_t n = strlen((char *)heard);

	n += wrongreceiver_hear(&nominal, BANNER("1", "3,6") "load 0x4010f0", heard + n, sizeof(heard) - n);
	n += wrongreceiver_hear(&nominal, LOADS "~ld\r\n", heard + n, sizeof(heard) - n);
	boot_trace_free(&t);
	boot_trace_cut(&t, heard, n, &live_115200, 0);
	ck_assert_ptr_nonnull(strstr(t.text, "text: old text\ntext: cut of\nbanner esp8266 cause 1"));
	ck_assert_uint_eq(t.counts[BOOT_EVENT_BANNER], 2);
	ck_assert(t.boot.certain);
	ck_assert_int_eq(t.boot.cause, 2);
}
END_TEST

START_TEST(a_readable_banner_is_not_taken_for_a_recovered_one)
{
	boot_trace_free(&t);
	boot_trace(&t, LOADS "~ld\r\n", &live_115200);
	ck_assert_int_eq(t.boot.rx_speed, BOOT_RX_PLAIN);
	ck_assert_int_eq(t.verdict, VERDICT_FLASH_BOOT);
}
END_TEST

/* ---- random receivers ---- */

static uint64_t seed = 0x9e3779b97f4a7c15;

static double uniform(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (double)(seed >> 11) / 9007199254740992.0;
}

static unsigned int below(unsigned int n)
{
	return (unsigned int)(uniform() * n);
}

/* Writes to @text what an ESP8266's ROM prints for a boot with this reset cause and boot mode. The other numbers are
 * random. A load is printed only for boot mode 3. */
static void random_boot(char *text, size_t cap, unsigned int cause, unsigned int mode)
{
	int n = snprintf(text, cap, "\r\n ets Jan  8 2013,rst cause:%u, boot mode:(%u,%u)\r\n\r\n", cause, mode,
			 below(8));
	unsigned int segments = 1 + below(3);

	if (mode != 3) {
		if (mode > 3 && below(2))
			snprintf(text + n, cap - (size_t)n, "waiting for host\r\n");
		return;
	}
	for (unsigned int i = 0; i < segments; i++) {
		n += snprintf(text + n, cap - (size_t)n,
			      "load 0x%08x, len %u, room %u \r\n%stail %u\r\nchksum 0x%02x\r\n",
			      i ? 0x3ffe8000 + below(0x4000) : 0x40100000 + below(0x10000), below(32000), below(17),
			      below(2) ? "\x01" : "", below(16), below(256));
		if (below(3) == 0)
			n += snprintf(text + n, cap - (size_t)n, "ho 0 tail %u room %u\r\n", below(16), below(17));
	}
	n += snprintf(text + n, cap - (size_t)n, "csum 0x%02x\r\n", below(256));
	if (below(8) == 0) {
		snprintf(text + n, cap - (size_t)n, "csum err\r\nets_main.c \r\n");
		return;
	}
	snprintf(text + n, cap - (size_t)n, "%sv%08x\r\n~ld\r\n", below(2) ? "\x01" : "", below(0xffffffff));
}

struct tally {
	unsigned long trials, good, banners, certain, habit_known, cold, class_known;
};

static void one_trial(unsigned int cause, unsigned int mode, enum framing framing, struct tally *tally)
{
	struct wrongreceiver receiver = {
		.sent_baud = 74880 * (0.975 + 0.05 * uniform()), .heard_baud = 115200, .sample = 0.4 + 0.2 * uniform(),
		.phase = uniform(), .framing = framing,
	};
	/* clang-format on */
	static struct bootlog log;
	static uint8_t heard[4096];
	char text[2048];
	const struct boot *boot;
	size_t n;

	random_boot(text, sizeof(text), cause, mode);
	n = wrongreceiver_hear(&receiver, text, heard, sizeof(heard));
	bootlog_init(&log, &live_115200);
	bootlog_feed(&log, heard, n, 0, NULL, NULL);
	bootlog_flush(&log, 0, NULL, NULL);
	boot = bootlog_boot(&log);
	tally->trials++;
	tally->cold += cause == 1 || cause == 2;
	tally->good += mode == 3 && !strstr(text, "csum err");
	if (!boot || boot->number == 0)
		return;
	tally->banners++;
	tally->habit_known += boot->habit != BOOT_HABIT_UNKNOWN;
	tally->class_known += (cause == 1 || cause == 2) && boot->cause_kind == BOOT_CAUSE_HARDWARE &&
			      (boot->mode >= 0 || boot->mode_needs_load || boot->source == BOOT_SOURCE_OTHER);
	tally->certain += boot->certain;
	ck_assert_msg(boot->mode < 0 || boot->mode == (int)mode, "mode %u read as %d from %s", mode, boot->mode, text);
	ck_assert_msg(!boot->mode_needs_load || mode == 2 || mode == 3, "mode %u read as 2 or 3 from %s", mode, text);
	ck_assert_msg(boot->mode >= 0 || boot->source != BOOT_SOURCE_OTHER || mode >= 4,
		      "mode %u read as 4 or more from %s", mode, text);
	ck_assert_msg(boot->cause < 0 || boot->cause == (int)cause, "cause %u read as %d from %s", cause, boot->cause,
		      text);
	ck_assert_msg(boot->habit == BOOT_HABIT_UNKNOWN || boot->habit == habits[framing],
		      "%d read as habit %d from %s", (int)framing, (int)boot->habit, text);
	if (boot->certain) {
		ck_assert_uint_eq(mode, 3);
		ck_assert_int_eq(boot->rx_speed, BOOT_RX_74880);
		ck_assert_ptr_null(strstr(text, "csum err"));
	}
}

/* Makes WRONGBAUD_TRIALS trials for each boot mode and reset cause. A ROM prints at 74880 Bd only after causes 1 and 2,
 * so only with these must the cause be known. */
START_TEST(never_calls_a_wrong_boot_mode_certain)
{
	static const char *const names[] = { "delivered", "zeroed", "lost" };
	const char *env = getenv("WRONGBAUD_TRIALS");
	unsigned long trials = env ? strtoul(env, NULL, 10) : 100;

	for (unsigned int framing = 0; framing < 3; framing++) {
		struct tally all = { 0 }, loads = { 0 };

		for (unsigned int i = 0; i < 64; i++) {
			for (unsigned long j = 0; j < (trials + 2) / 3; j++)
				one_trial(i & 7, i >> 3, (enum framing)framing, i >> 3 == 3 ? &loads : &all);
		}
		printf("framing errors %s: %lu trials, banner read in %.2f %%; of %lu in mode 3 and of cause 1 or 2 "
		       "that is told in %.2f %%; "
		       "of %lu that load, %.2f %% certain\n",
		       names[framing], all.trials + loads.trials,
		       100.0 * (double)(all.banners + loads.banners) / (double)(all.trials + loads.trials), loads.cold,
		       100.0 * (double)loads.class_known / (double)loads.cold, loads.good,
		       100.0 * (double)loads.certain / (double)loads.good);
		ck_assert_uint_ge(loads.class_known * 100, loads.cold * (framing == FRAMING_DELIVERED ? 100 : 97));
		ck_assert_uint_eq(all.habit_known + loads.habit_known, all.banners + loads.banners);
		if (framing == FRAMING_DELIVERED) {
			ck_assert_uint_eq(all.banners + loads.banners, all.trials + loads.trials);
			ck_assert_uint_ge(loads.certain * 1000, loads.good * 999);
		}
	}
}
END_TEST

/* Right after eboot's last word an application prints at any baud rate. Its first bytes may look like eboot's next
 * message by chance, but must not be taken for a failure. */
START_TEST(no_application_is_taken_for_trouble)
{
	static const double speeds[] = {
		4800, 9600, 19200, 38400, 57600, 74880, 230400, 250000, 460800, 921600, 2000000
	};
	static struct bootlog fresh, log;
	static uint8_t heard[4096];
	const struct boot *boot;

	bootlog_init(&fresh, &live_115200);
	for (unsigned int i = 0; i < 3000; i++) {
		struct wrongreceiver rom = {
			.sent_baud = 74880 * (0.975 + 0.05 * uniform()), .heard_baud = 115200,
			.sample = 0.4 + 0.2 * uniform(), .phase = uniform(), .framing = (enum framing)(i % 3),
		}, application = rom;
		char text[200];
		size_t n = wrongreceiver_hear(&rom, LOADS "~ld\r\n", heard, 2048);

		application.sent_baud = speeds[below(COUNT(speeds))];
		for (unsigned int j = 0; j < sizeof(text) - 1; j++)
			text[j] = (char)(i & 1 ? ' ' + below(95) : 2 + below(254));
		text[sizeof(text) - 1] = '\0';
		n += wrongreceiver_hear(&application, text, heard + n, sizeof(heard) - n);
		log = fresh;
		bootlog_feed(&log, heard, n, 0, NULL, NULL);
		bootlog_flush(&log, 0, NULL, NULL);
		/* boot is NULL if no banner was recognised: one in a hundred is not, if the bridge drops bytes */
		boot = bootlog_boot(&log);
		ck_assert_msg(!boot || boot->trouble == BOOT_OK, "trial %u: %s", i, boot ? boot->trouble_text : "");
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("wrongbaud");
	TCase *lines = tcase_create("lines"), *random = tcase_create("random");

	tcase_add_checked_fixture(lines, NULL, teardown);
	tcase_add_test(lines, the_two_models_of_a_receiver_agree_on_a_known_banner);
	tcase_add_test(lines, reads_banner_and_load_and_then_the_applications_first_line);
	tcase_add_test(lines, reads_the_same_when_framing_errors_arrive_as_zero);
	tcase_add_test(lines, reads_the_banner_when_framing_errors_are_dropped);
	tcase_add_loop_test(lines, tells_what_the_bridge_does_with_framing_errors, 0, COUNT(habits));
	tcase_add_loop_test(lines, a_boot_is_read_on_at_another_speed, 0, COUNT(retunes));
	tcase_add_loop_test(lines, half_a_load_is_not_out_of_place, 0, COUNT(halves));
	tcase_add_loop_test(lines, reads_the_other_endings_too, 0, COUNT(endings));
	tcase_add_test(lines, what_zeroes_hide_is_neither_trouble_nor_silence);
	tcase_add_test(lines, a_copy_that_goes_on_is_said_at_once);
	tcase_add_test(lines, a_load_without_its_end_is_not_certain);
	tcase_add_test(lines, a_load_that_breaks_off_is_none);
	tcase_add_loop_test(lines, no_beginning_claims_more_than_its_own_lines, 0, 36);
	tcase_add_test(lines, a_load_in_download_mode_proves_nothing);
	tcase_add_test(lines, one_wrong_bit_is_enough_to_say_nothing);
	tcase_add_test(lines, text_before_and_a_reset_in_the_middle_are_not_lost);
	tcase_add_test(lines, a_readable_banner_is_not_taken_for_a_recovered_one);
	suite_add_tcase(suite, lines);
	tcase_set_timeout(random, 0);
	tcase_add_test(random, no_application_is_taken_for_trouble);
	tcase_add_test(random, never_calls_a_wrong_boot_mode_certain);
	suite_add_tcase(suite, random);
	return suite_run(suite);
}
