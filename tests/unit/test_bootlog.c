/* test_bootlog.c - the boot-log reader with the settings of a live session: what it reports for each text line. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boottrace.h"
#include "suite.h"

static struct boot_trace t;

static void teardown(void)
{
	boot_trace_free(&t);
}

static const char *run(const char *text)
{
	boot_trace_free(&t);
	boot_trace(&t, text, &boot_live);
	return t.text;
}

/* Return: the number of fragments in @text. A fragment is a text line of a boot whose banner is missing, or a text line
 * that a boot prints only once but that appears a second time. */
static unsigned int fragments_in(const char *text)
{
	run(text);
	return t.counts[BOOT_EVENT_FRAGMENT];
}

#define HEALTHY_8266 \
	"\r\n ets Jan  8 2013,rst cause:2, boot mode:(3,6)\r\n\r\n" \
	"load 0x4010f000, len 1384, room 16 \r\ntail 8\r\nchksum 0x2d\r\ncsum 0x2d\r\n"
#define EBOOT HEALTHY_8266 "v09f0c112\r\n"
#define HEALTHY_ESP32 \
	"ets Jun  8 2016 00:22:57\r\n\r\nrst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n" \
	"configsip: 0, SPIWP:0xee\r\nmode:DIO, clock div:2\r\nload:0x3fff0030,len:4\r\nentry 0x40080604\r\n"

static void count_fragments(void *user, const struct boot_event *event)
{
	*(unsigned int *)user += event->kind == BOOT_EVENT_FRAGMENT;
}

START_TEST(reads_a_healthy_esp8266_boot)
{
	ck_assert_str_eq(run(EBOOT "~ld\r\nHello\r\n"), "banner esp8266 cause 2 mode 3,6 flash\n"
							"progress loading: load 0x4010f000, len 1384, room 16\n"
							"progress loading: tail 8\n"
							"progress loading: chksum 0x2d\n"
							"progress loaded: csum 0x2d\n"
							"progress loaded: v09f0c112\n"
							"progress loaded: ~ld\n"
							"text: Hello\n");
	ck_assert_int_eq(t.verdict, VERDICT_FLASH_BOOT);
}
END_TEST

/* clang-format off */
static const struct { const char *bytes; size_t n; const char *line; size_t len; } odd_lines[] = {
#define IN(text, line) { text, sizeof(text) - 1, line, sizeof(line) - 1 }
	IN("20\xb0 and connected\r\n", "20\xb0 and connected"),
	IN("20\xb0""C\r\n", "20\xb0""C"),
	IN("\xb0\xb0\xb0\xb0\xb0\xb0\xb0\xb0 connected\n", "\xb0\xb0\xb0\xb0\xb0\xb0\xb0\xb0 connected"),
	IN("not\aready\n", "not\aready"),
	IN("not\0ready\n", "not\0ready"),
	IN("\033[1mnot\xffready\033[0m\n", "not\xffready"),
	IN("\xc3\xa4\n", "\xc3\xa4"),
	/* No BOOT_EVENT_LINE is expected for the last three text lines: the first of them is unreadable, the other two
	 * are reported as BOOT_EVENT_TEXT. */
	IN("\x81\x82ok\x83\x84\xb0\n", ""),
	IN("connected\n", ""),
	IN("20\xc2\xb0 and connected\n", ""),
#undef IN
};
/* clang-format on */

static void keep_line(void *user, const struct boot_event *event)
{
	ck_assert(event->kind != BOOT_EVENT_TEXT || event->number == (odd_lines[*(int *)user].len > 0));
	if (event->kind != BOOT_EVENT_LINE)
		return;
	ck_assert_uint_eq(event->len, odd_lines[*(int *)user].len);
	ck_assert_mem_eq(event->line, odd_lines[*(int *)user].line, event->len);
	*(int *)user = -1;
}

START_TEST(a_line_with_bytes_that_are_no_character_is_told_whole)
{
	int row = _i;

	bootlog_init(&t.reader.log, &boot_live);
	bootlog_feed(&t.reader.log, odd_lines[_i].bytes, odd_lines[_i].n, 0, keep_line, &row);
	ck_assert_int_eq(row, odd_lines[_i].len ? -1 : _i);
}
END_TEST

START_TEST(reads_a_healthy_esp32_boot)
{
	ck_assert_str_eq(run(HEALTHY_ESP32), "fragment: ets Jun  8 2016 00:22:57\n"
					     "banner esp32 cause 1 mode 0x13 flash\n"
					     "progress banner: configsip: 0, SPIWP:0xee\n"
					     "progress banner: mode:DIO, clock div:2\n"
					     "progress loading: load:0x3fff0030,len:4\n"
					     "progress loaded: entry 0x40080604\n");
	ck_assert_int_eq(t.verdict, VERDICT_FLASH_BOOT);
}
END_TEST

struct event_at {
	enum boot_event_kind kind;
	size_t byte;
	bool seen;
};

static size_t fed;

static void note_first(void *user, const struct boot_event *event)
{
	struct event_at *at = user;

	if (event->kind == at->kind && !at->seen) {
		at->seen = true;
		at->byte = fed;
	}
}

/* Return: how many bytes of @text have been read when the first event of this @kind is reported. */
static size_t byte_of(const char *text, enum boot_event_kind kind)
{
	struct event_at at = { .kind = kind };
	struct bootlog log;

	bootlog_init(&log, &boot_live);
	for (fed = 0; text[fed]; fed++)
		bootlog_feed(&log, text + fed, 1, 0, note_first, &at);
	ck_assert(at.seen);
	return at.byte;
}

START_TEST(tells_a_banner_at_its_closing_bracket)
{
	const char *old = "\r\n ets Jan  8 2013,rst cause:2, boot mode:(1,6)";
	const char *newer = "ESP-ROM:esp32c3-api1-20210207\r\nrst:0x1 (POWERON),boot:0x4 (DOWNLOAD(USB/UART0/1))";

	ck_assert_uint_eq(byte_of(old, BOOT_EVENT_BANNER), strlen(old) - 1);
	ck_assert_uint_eq(byte_of(newer, BOOT_EVENT_BANNER), strlen(newer) - 1);
}
END_TEST

START_TEST(tells_that_eboot_copies_at_the_at_sign)
{
	ck_assert_uint_eq(byte_of(EBOOT "@cp:0\r\nld\r\n", BOOT_EVENT_COPYING), strlen(EBOOT "@") - 1);
	run(EBOOT "@");
	ck_assert(t.boot.copying);
	run(EBOOT "@cp:0\nld\n");
	ck_assert(!t.boot.copying);
	ck_assert_ptr_nonnull(strstr(t.text, "copying: @\ncopied 0: cp:0\nprogress loaded: ld\n"));
}
END_TEST

START_TEST(an_applications_at_sign_is_not_a_copy)
{
	run(EBOOT "@home\r\n");
	ck_assert(!t.boot.copying);
	ck_assert_ptr_nonnull(strstr(t.text, "text: @home\n"));
	run(EBOOT "@copy that\r\nHello\r\n");
	ck_assert(!t.boot.copying);
	run(HEALTHY_8266 "Hello\r\n@cp:0\r\n");
	ck_assert_uint_eq(t.counts[BOOT_EVENT_COPYING], 0);
}
END_TEST

static const struct {
	const char *line;
	bool fragment;
} after_load[] = {
	{ "load average: 0.1", false },
	{ "ready to boot mode", false },
	{ "Reset info: rst cause:2, boot mode:(3,6)", false },
	{ "reset reason: External System, rst cause 6", false },
	{ "Fatal exception:0 flag:4 (SOFT_RESTART) epc1:0x00000000", false },
	{ "payload:0x40", false },
	{ "waiting for host to answer", false },
	{ "tail of the queue: 5", false },
	{ "@cp:1", false },
	{ "entry point is 0x40080e4c", false },
	{ "rst cause:2, boot mode:(3,6", true },
	{ "ause:2, boot mode:(3,6)", true },
	{ "ets Jan  8 2013,rst cause:2, boot mo", true },
	{ "ets Jan  8 2013,rst cause:?, boot mode:(3,6)", true },
	{ "\xff\x8e"
	  "ets Jan  8 20",
	  true },
	{ "load 0x4010f000, len 1384, room 16 ", true },
	{ "tail 8", true },
	{ "chksum 0x2d", true },
	{ "csum 0x2d", true },
	{ "~ld", true },
	{ "dt reset", true },
	{ "wdt reset", true },
	{ "waiting for host", true },
	{ "ESP-ROM:esp32c3-api1-20210207", true },
	{ "waiting for download", true },
	{ "load:0x3fff0030,len:4", true },
	{ "entry 0x40080604", true },
	{ "configsip: 0, SPIWP:0xee", true },
};

START_TEST(tells_pieces_of_the_rom_from_an_applications_words)
{
	char text[512];

	strcpy(text, EBOOT "~ld\r\nHello\r\n");
	strcat(text, after_load[_i].line);
	strcat(text, "\r\n");
	run(text);
	ck_assert_msg((t.counts[BOOT_EVENT_FRAGMENT] > 0) == after_load[_i].fragment, "%s\n%s", after_load[_i].line,
		      t.text);
	ck_assert_uint_eq(t.counts[BOOT_EVENT_BANNER], 1);
}
END_TEST

static const struct {
	const char *text;
	const char *first; /* the first text line of the expected trace */
} damaged[] = {
	{ "ets Jan  8 2013,rst cause:2, boot mode:(3,6)", "banner esp8266 cause 2 mode 3,6 flash" },
	{ "ets Jan  8 2013,rsT cause:2, boot mode:(3,6)", "banner esp8266 cause 2 mode 3,6 flash damaged" },
	{ "ets Jan  8 2013,rsT Cause:2, boot mode:(3,6)", "fragment: ets Jan  8 2013,rsT Cause:2, boot mode:(3,6)" },
	{ "ets Jan  8 2013,rst cause:2, boot mode:(8,6)", "fragment: ets Jan  8 2013,rst cause:2, boot mode:(8,6)" },
	{ "ets Jan 8 2013,rst cause:2, boot mode:(3,6)", "banner esp8266 cause 2 mode 3,6 flash damaged" },
	{ "rst cause:2, boot mode:(3,6)", "banner esp8266 cause 2 mode 3,6 flash uncertain damaged" },
	{ "s Jan  8 2013,rst cause:2, boot mode:(3,6)", "banner esp8266 cause 2 mode 3,6 flash uncertain damaged" },
	{ "2013,rst cause:2, boot mode:(1,6)", "banner esp8266 cause 2 mode 1,6 download uncertain damaged" },
	{ "last,rst cause:2, boot mode:(1,6)", "text: last," },
	{ "rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)", "banner esp32 cause 1 mode 0x13 flash" },
	{ "rst:0x3 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)", "banner esp32 cause 3 mode 0x13 flash uncertain" },
	{ "rst:0x1 (POWERON_RESET),boot:0x3 (SPI_FAST_FLASH_BOOT)", "banner esp32 cause 1 mode 0x3 flash uncertain" },
	{ "rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOZ)", "banner esp32 cause 1 mode 0x13 flash damaged" },
	{ "rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FST_FLSH_BOOT)",
	  "banner esp32 cause 1 mode 0x13 flash uncertain damaged" },
	{ "rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST", "fragment: rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST" },
	{ "rst:0x1 (POWERON_RESET),boot:0x23 (DOWNLOAD_BOOT(UART0/UART1/SDIO_REI_REO_V2))",
	  "banner esp32 cause 1 mode 0x23 download" },
	{ "rst:0x1 (POWERON),boot:0x58 (SPI_FAST_FLASH_BOOT)", "banner ? cause 1 mode 0x58 flash" },
};

START_TEST(mends_what_can_be_mended_and_says_so)
{
	char text[256];

	snprintf(text, sizeof(text), "%s\r\n", damaged[_i].text);
	run(text);
	ck_assert_msg(!strncmp(t.text, damaged[_i].first, strlen(damaged[_i].first)) &&
			      t.text[strlen(damaged[_i].first)] == '\n',
		      "%s\n%s", damaged[_i].text, t.text);
}
END_TEST

START_TEST(a_cause_whose_number_and_text_differ_is_not_known)
{
	run("rst:0x3 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n");
	ck_assert_int_eq(t.boot.cause_kind, BOOT_CAUSE_UNKNOWN);
	run("rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n");
	ck_assert_int_eq(t.boot.cause_kind, BOOT_CAUSE_HARDWARE);
}
END_TEST

START_TEST(a_second_stage_behind_the_application_is_a_restart)
{
	static const char second[] = "I (24) boot: ESP-IDF v5.1 2nd stage bootloader\r\n";
	char text[1024];

	snprintf(text, sizeof(text), "%s%sI (160) cpu_start: Pro cpu start user code\r\n", HEALTHY_ESP32, second);
	ck_assert_uint_eq(fragments_in(text), 1); /* the one fragment is the first text line of the banner */
	ck_assert_int_eq(t.boot.progress, BOOT_APP);
	strcat(text, second);
	ck_assert_uint_eq(fragments_in(text), 2);
	/* The board has restarted a second time, but the banner of this restart is missing. Nothing shows that it
	 * booted from flash, so the verdict is unproven. */
	ck_assert_int_eq(t.verdict, VERDICT_UNPROVEN);
	strcat(text, "I (160) cpu_start: Pro cpu start user code\r\nI (900) esp_image: segment 0: paddr=0 vaddr=0 "
		     "size=0 map\r\n");
	ck_assert_uint_eq(fragments_in(text), 2);
}
END_TEST

static const struct {
	const char *text; /* text that the board prints after its checksum line */
	/* true: the text must count as a fragment, as an unfinished copy or as trouble, and so keep the verdict from
	 * being "loaded" */
	bool forbids;
} behind_sum[] = {
	{ "v0004fc60\r\n~ld\r\nHello\r\n", false },
	{ "v\x80"
	  "004fc60\r\n~ld\r\n",
	  false },
	{ "v\x80"
	  "004fc60\r\n@cp:",
	  true },
	{ "v00I4fc60\r\n@cp:", true },
	{ "v00I4fc60\r\nGcp:", true },
	{ "v00I4fc60\r\n@", true },
	{ "v00I4fc60\r\n@cp:0\r\nld\r\nHello\r\n", false },
	{ "csum err\r\n", true },
	{ "cs}m err\r\n", true },
	{ "csm erx\r\n", true },
	{ "\xff\r\nets_nain.c\r\n", true },
	{ "Hello\r\nerror\r\n", false },
	{ "setup.c\r\n", false },
	{ "@home\r\n", false },
	/* after "~ld" every text line is the application's, even if it looks like the ROM's */
	{ "v0004fc60\r\n~ld\r\ncsm erx\r\n", false },
};

START_TEST(damaged_words_behind_the_sum_forbid_to_call_it_loaded)
{
	char text[512];
	bool forbids;

	snprintf(text, sizeof(text), HEALTHY_8266 "%s", behind_sum[_i].text);
	run(text);
	forbids = t.counts[BOOT_EVENT_FRAGMENT] || t.boot.copying || t.boot.eboot_waits || t.boot.trouble != BOOT_OK;
	ck_assert_msg(forbids == behind_sum[_i].forbids, "%s\n%s", behind_sum[_i].text, t.text);
}
END_TEST

START_TEST(what_a_boot_says_once_is_a_restart_when_said_again)
{
	static const char started[] = "I (212) cpu_start: Pro cpu start user code\r\n";
	char text[1024];

	snprintf(text, sizeof(text), "%s%s", HEALTHY_ESP32, started);
	ck_assert_uint_eq(fragments_in(text), 1); /* the one fragment is the first text line of the banner */
	strcat(text, started);
	ck_assert_uint_eq(fragments_in(text), 2);
	snprintf(text, sizeof(text), "%sI (212) cpu_start: Pro cpu start%s", HEALTHY_ESP32, started);
	/* "Pro cpu start" was printed twice: the text lines in between were lost */
	ck_assert_uint_eq(fragments_in(text), 2);
	snprintf(text, sizeof(text),
		 "%sI (171) boot: Loaded app from partition at offset 0x10000\r\n%s"
		 "I (171) boot: Loaded app from partition at offset 0x10000\r\n",
		 HEALTHY_ESP32, started);
	ck_assert_uint_eq(fragments_in(text), 2);
	snprintf(text, sizeof(text),
		 "%s%sI (300) main_task: Calling app_main()\r\n" HEALTHY_ESP32 "%s"
		 "I (300) main_task: Calling app_main()\r\n",
		 HEALTHY_ESP32, started, started);
	ck_assert_uint_eq(fragments_in(text), 2); /* each of the two banners has one fragment: its first text line */
}
END_TEST

/* A boot's first text line is numbered alike whether text lines end in LF or in CR LF. */
START_TEST(tells_the_line_that_a_boot_begins_in)
{
	run("hello\nets Jun  8 2016 00:22:57\n\nrst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\n");
	ck_assert_uint_eq(t.boot.line, 2);
	run("hello\r\nets Jun  8 2016 00:22:57\r\n\r\nrst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n");
	ck_assert_uint_eq(t.boot.line, 2);
}
END_TEST

/* After a failed boot a software restart proves nothing, so the failure stays the verdict. A hardware reset starts a
 * new boot, which is judged by itself. */
START_TEST(a_hardware_reset_ends_what_a_second_stage_has_said)
{
	static const char failed[] = HEALTHY_ESP32 "E (38) boot: No bootable app partitions in the partition table\r\n";
	char text[2048];

	snprintf(text, sizeof(text), "%s" HEALTHY_ESP32, failed);
	run(text);
	ck_assert_int_eq(t.verdict, VERDICT_FLASH_BOOT);
	snprintf(text, sizeof(text),
		 "%sets Jun  8 2016 00:22:57\r\n\r\nrst:0x3 (SW_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n"
		 "load:0x3fff0030,len:4\r\nentry 0x40080604\r\n",
		 failed);
	run(text);
	ck_assert_int_eq(t.verdict, VERDICT_BOOT_FAILED);
}
END_TEST

#define BANNER_ESP32 "ets Jun  8 2016 00:22:57\r\n\r\nrst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n"

START_TEST(a_load_behind_a_crash_does_not_take_it_back)
{
	run(BANNER_ESP32 "invalid header: 0xffffffff\r\n>>> ZEPHYR FATAL ERROR 1: x\r\nload:0x3fff0030,len:4\r\n"
			 "entry 0x40080604\r\n");
	ck_assert_int_eq(t.boot.trouble, BOOT_NO_IMAGE);
	ck_assert_int_eq(t.verdict, VERDICT_BOOT_FAILED);
	run(BANNER_ESP32 "invalid header: 0xffffffff\r\nload:0x3fff0030,len:4\r\nentry 0x40080604\r\n");
	ck_assert_int_eq(t.verdict, VERDICT_FLASH_BOOT);
}
END_TEST

START_TEST(eboots_failure_is_a_number)
{
	run(EBOOT "~ld\r\ne:2\r\n");
	ck_assert_int_eq(t.verdict, VERDICT_BOOT_FAILED);
	run(EBOOT "~ld\r\ne:x\r\n");
	ck_assert_int_eq(t.verdict, VERDICT_FLASH_BOOT);
}
END_TEST

/* The prefix of a text line shows whether the ROM, the second-stage bootloader or the application printed it:
 * docs/sentences.md, section 1. */
static const struct {
	const char *line;
	enum verdict verdict;
} bracketed[] = {
	{ "[I] hello", VERDICT_UNPROVEN },
	{ "[I]", VERDICT_UNPROVEN },
	{ "[I][app:012]: hello", VERDICT_FLASH_BOOT },
	{ "[   123][I][main.cpp:45] setup(): hello", VERDICT_FLASH_BOOT },
	{ "[INF] hello", VERDICT_UNPROVEN },
	{ "[esp32] [INF] hello", VERDICT_FLASH_BOOT },
};

START_TEST(one_bracket_shows_no_load)
{
	char text[512];

	snprintf(text, sizeof(text), BANNER_ESP32 "%s\r\n", bracketed[_i].line);
	run(text);
	ck_assert_msg(t.verdict == bracketed[_i].verdict, "%s: %s", text, verdict_info(t.verdict)->word);
}
END_TEST

START_TEST(a_line_of_the_boot_that_is_not_finished_is_torn)
{
	static struct bootlog log;
	static const char text[] = HEALTHY_ESP32 "I (212) cpu_start: Pro cpu sta";
	unsigned int fragments[2] = { 0, 0 };

	for (unsigned int i = 0; i < 2; i++) {
		bootlog_init(&log, &boot_live);
		bootlog_feed(&log, text, sizeof(text) - 1, 1000, NULL, NULL);
		bootlog_flush(&log, i ? 1400 : 1010, count_fragments, &fragments[i]);
	}
	/* the unfinished text line is only 10 ms old: its rest may still arrive, so it is no fragment yet */
	ck_assert_uint_eq(fragments[0], 0);
	ck_assert_uint_eq(fragments[1], 1);
}
END_TEST

#define SOFT_ESP32 \
	"ets Jun  8 2016 00:22:57\r\n\r\nrst:0x3 (SW_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n" \
	"configsip: 0, SPIWP:0xee\r\nmode:DIO, clock div:2\r\nload:0x3fff0030,len:4\r\nentry 0x40080604\r\n"
#define RTCWDT_ESP32 \
	"ets Jun  8 2016 00:22:57\r\n\r\nrst:0x10 (RTCWDT_RTC_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n" \
	"configsip: 0, SPIWP:0xee\r\nmode:DIO, clock div:2\r\nload:0x3fff0030,len:4\r\nentry 0x40080604\r\n"

/* Logs of boards that restart again and again because their boot fails. */
/* clang-format off */
static const char *const failures[] = {
	SOFT_ESP32 "E (95) boot: Factory app partition is not bootable\r\n"
	"E (100) boot: No bootable app partitions in the partition table\r\n",
	SOFT_ESP32 "E (95) boot: Factory app partition is not bootable\r\n",
	RTCWDT_ESP32 "[esp32] [ERR] Image in the primary slot is not valid!\r\n",
	SOFT_ESP32 "I (160) boot: Loaded app from partition at offset 0x10000\r\n"
	"E (170) cpu_start: Octal Flash option selected, but EFUSE not configured!\r\n\r\n"
	"abort() was called at PC 0x4037d7b0 on core 0\r\n\r\nBacktrace: 0x4037d7b0:0x3ffb1234\r\n\r\nRebooting...\r\n",
};
/* clang-format on */

START_TEST(a_boot_that_fails_again_and_again_is_one_wherever_the_log_ends)
{
	static struct bootlog log;
	const char *text = failures[_i];
	size_t n = strlen(text);

	for (size_t cut = 0; cut < n; cut++) {
		bootlog_init(&log, &boot_pasted);
		bootlog_feed(&log, text, n, 0, NULL, NULL);
		bootlog_feed(&log, text, n, 0, NULL, NULL);
		bootlog_feed(&log, text, cut, 0, NULL, NULL);
		bootlog_flush(&log, 0, NULL, NULL);
		ck_assert_msg(bootlog_verdict(&log, NULL) == VERDICT_BOOT_FAILED, "%s after %zu bytes of\n%s",
			      verdict_info(bootlog_verdict(&log, NULL))->word, cut, text);
	}
}
END_TEST

START_TEST(a_failure_counts_for_more_than_a_crash_before_it)
{
	static struct bootlog log;
	static const char crash[] = "Backtrace: 0x4037d7b0:0x3ffb1234\r\n\r\nRebooting...\r\n";

	bootlog_init(&log, &boot_pasted);
	bootlog_feed(&log, crash, sizeof(crash) - 1, 0, NULL, NULL);
	bootlog_feed(&log, failures[3], strlen(failures[3]), 0, NULL, NULL);
	bootlog_feed(&log, failures[3], 80, 0, NULL, NULL);
	bootlog_flush(&log, 0, NULL, NULL);
	ck_assert_int_eq(bootlog_verdict(&log, NULL), VERDICT_BOOT_FAILED);
}
END_TEST

START_TEST(an_application_that_was_reset_by_hand_may_be_another)
{
	boot_trace_free(&t);
	boot_trace(&t,
		   SOFT_ESP32
		   "E (170) cpu_start: Octal Flash option selected, but EFUSE not configured!\r\n" HEALTHY_ESP32
		   "I (160) boot: Loaded app from partition at offset 0x10000\r\n",
		   &boot_pasted);
	ck_assert_int_eq(t.verdict, VERDICT_FLASH_BOOT);
}
END_TEST

START_TEST(an_unfinished_piece_counts_at_the_end)
{
	run(EBOOT "~ld\r\nets Ja");
	ck_assert_uint_eq(t.counts[BOOT_EVENT_FRAGMENT], 1);
	run(EBOOT "~ld\r\nrst:0");
	ck_assert_uint_eq(t.counts[BOOT_EVENT_FRAGMENT], 1);
	run(EBOOT "~ld\r\nestimated 5");
	ck_assert_uint_eq(t.counts[BOOT_EVENT_FRAGMENT], 0);
}
END_TEST

#define FLASH_C3 "(SPI_FAST_FLASH_BOOT)"
#define C3 "ESP-ROM:esp32c3-api1-20210207\r\nBuild:Feb  7 2021\r\nrst:0x1 (POWERON),boot:"
#define C5 "ESP-ROM:esp32c5-eco2-20250121\r\nBuild:Jan 21 2025\r\nrst:0x1 (POWERON),boot:"

/* Damaged and undamaged text after "boot:" in a banner, and the boot mode that is read from it. */
static const struct {
	const char *text;
	const char *banner; /* the banner that the trace must show */
} modes[] = {
	/* One character is wrong. The boot mode is certain only if the strap value 0xc also means a boot from flash. */
	{ C3 "0xc (SPI_FAST_FLASH_BOOZ)", "esp32c3 cause 1 mode 0xc flash damaged" },
	{ C3 "0x5 (SPI_FAST_FLASH_BOOZ)", "esp32c3 cause 1 mode 0x5 flash uncertain damaged" },
	{ C3 "0x5 (DOWNLXAD(USB/UART0/1))", "esp32c3 cause 1 mode 0x5 download uncertain damaged" },
	{ C3 "0x0 (USB_BOOX)", "esp32c3 cause 1 mode 0x0 download uncertain damaged" },
	{ C3 "0x1 (SDI0_REI_FEO_V1_BOOT)", "esp32c3 cause 1 mode 0x1 other uncertain damaged" },
	/* The boot mode can be recovered from its damaged name. The reset cause cannot be: the number 0x3 and the name
	 * POWERON_RESET contradict each other. */
	{ "rst:0x3 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOZ)",
	  "esp32 cause 3 mode 0x13 flash uncertain damaged" },
	/* Characters are missing from the boot mode's name. */
	{ C3 "0xc (SPI_FST_FLSH_BOOT)", "esp32c3 cause 1 mode 0xc flash uncertain damaged" },
	{ C3 "0x1 (DOWNLOD(UB/UART0/1))", "esp32c3 cause 1 mode 0x1 download uncertain damaged" },
	{ "rst:0x1 (POWERON_RESET),boot:0x2b (HSPIFLASH_BOOT)", "esp32 cause 1 mode 0x2b other uncertain damaged" },
	{ C3 "0x1 (SPIDOWNLOAD_BOOT)", "esp32c3 cause 1 mode 0x1 download uncertain damaged" },
	/* U_BOOT may be what is left of USB_BOOT or of UART_BOOT, so the boot mode is unknown. */
	{ C3 "0x1 (U_BOOT)", "esp32c3 cause 1 mode 0x1 unknown uncertain damaged" },
	/* BOOT fits several boot modes, but the strap value 0xc means a boot from flash. */
	{ C3 "0xc (BOOT)", "esp32c3 cause 1 mode 0xc flash uncertain damaged" },
	/* The end of the boot mode's name is missing. */
	{ C3 "0x5 (SPI_FAST_FL...)", "esp32c3 cause 1 mode 0x5 flash uncertain damaged" },
	{ C3 "0x1 (SPI_FAST_FLASH_B...", "esp32c3 cause 1 mode 0x1 flash uncertain damaged" },
	{ C3 "0x1 (SPI_FAST_FLASH_B...  ", "esp32c3 cause 1 mode 0x1 flash uncertain damaged" },
	{ C3 "0x1 (SPI_FAST_FL\xe2\x80\xa6)", "esp32c3 cause 1 mode 0x1 flash uncertain damaged" },
	{ C3 "0x1 (SPI_FAST_FL\xe2\x80\xa6", "esp32c3 cause 1 mode 0x1 flash uncertain damaged" },
	{ C3 "0x1 (DOWN...)", "esp32c3 cause 1 mode 0x1 download uncertain damaged" },
	{ C3 "0x5 (DOWNLOAD(USB/UA...", "esp32c3 cause 1 mode 0x5 download uncertain damaged" },
	{ C3 "0x1 (SDIO_...)", "esp32c3 cause 1 mode 0x1 other uncertain damaged" },
	/* SPI_FAST_FLASH_BOOT and SPI_FLASH_BOOT both begin with SPI_F. Only the ROMs of other chips print
	 * SPI_FLASH_BOOT, but the boot-log reader compares with the boot modes of all chips. So the boot mode is
	 * unknown. */
	{ C3 "0x1 (SPI_F...)", "esp32c3 cause 1 mode 0x1 unknown uncertain damaged" },
	{ C3 "0x1 (...)", "esp32c3 cause 1 mode 0x1 unknown uncertain damaged" },
	/* Undamaged banners with boot modes that only an ESP32-C5 has. */
	{ C5 "0x7 (DOWNLOAD(UART0/SDIO_FEI_FEO))", "esp32c5 cause 1 mode 0x7 download" },
	{ C5 "0x49 (DOWNLOAD(UART0/USB))", "esp32c5 cause 1 mode 0x49 download" },
};

START_TEST(a_damaged_boot_source_is_the_only_one_that_it_can_be)
{
	char text[256], want[128];

	snprintf(text, sizeof(text), "%s\r\n", modes[_i].text);
	snprintf(want, sizeof(want), "banner %s\n", modes[_i].banner);
	run(text);
	ck_assert_msg(strstr(t.text, want) != NULL, "%s\n%s", want, t.text);
	boot_trace_free(&t);
	boot_trace(&t, text, &boot_pasted);
	ck_assert_msg(strstr(t.text, want) != NULL, "pasted: %s\n%s", want, t.text);
}
END_TEST

START_TEST(a_boot_source_without_an_end_is_torn)
{
	run(C3 "0xc (SPI_FAST_FLASH_B\r\n");
	ck_assert_uint_eq(t.counts[BOOT_EVENT_BANNER], 0);
	run("rst:0x1 (A_WORD_OF_THIRTY_ONE_CHARACTERS),boot:0x8 " FLASH_C3 "\r\n");
	ck_assert_uint_eq(t.counts[BOOT_EVENT_BANNER], 1);
	run("rst:0x1 (A_WORD_OF_THIRTY_TWO_CHARACTERS_),boot:0x8 " FLASH_C3 "\r\n");
	ck_assert_uint_eq(t.counts[BOOT_EVENT_BANNER], 0);
	run(C3 "0xc (SPI_FAST_FLASH_B... and so on\r\n");
	ck_assert_uint_eq(t.counts[BOOT_EVENT_BANNER], 0);
}
END_TEST

#define DOWNLOAD_S2 \
	"ESP-ROM:esp32s2-rc4-20191025\r\nBuild:Oct 25 2019\r\n" \
	"rst:0x1 (POWERON),boot:0x0 (DOWNLOAD(USB/UART0/1/SPI))\r\n"
#define TORN_S2 "ESP-ROM:esp32s2-rc4-20191025\r\nrst:0x1 (POWERON),boot:0x\r\n"

static const struct {
	const char *line;
	bool waits;
	/* the expected boot source (download mode or other) if the banner before this text line is incomplete */
	enum boot_source source;
} downloads[] = {
	{ "waiting for download", true, BOOT_SOURCE_DOWNLOAD },
	{ "wait uart download(secure mode)", true, BOOT_SOURCE_DOWNLOAD },
	{ "wait uart0/sdio download", true, BOOT_SOURCE_DOWNLOAD },
	{ "waiting for RMA download", true, BOOT_SOURCE_DOWNLOAD },
	{ "Booting into dfu mode.", true, BOOT_SOURCE_DOWNLOAD },
	{ "wait sdio download", true, BOOT_SOURCE_OTHER },
	{ "waiting for sdio host", true, BOOT_SOURCE_OTHER },
	{ "Download boot modes disabled", false, BOOT_SOURCE_DOWNLOAD },
	{ "Download boot modes disabled via efuse", false, BOOT_SOURCE_DOWNLOAD },
	{ "Download mode is disabled. Restart with GPIO0 high.", false, BOOT_SOURCE_DOWNLOAD },
	{ "Invalid mode for secure boot download", false, BOOT_SOURCE_DOWNLOAD },
};

START_TEST(the_rom_says_whether_it_waits_for_a_host)
{
	char text[512];

	snprintf(text, sizeof(text), DOWNLOAD_S2 "%s\r\n", downloads[_i].line);
	run(text);
	ck_assert_int_eq(t.verdict, VERDICT_DOWNLOAD_MODE);
	ck_assert_int_eq(t.boot.waiting, downloads[_i].waits);
	ck_assert_uint_eq(t.counts[BOOT_EVENT_TEXT], 0);
	snprintf(text, sizeof(text), TORN_S2 "%s\r\n", downloads[_i].line);
	run(text);
	ck_assert_int_eq(t.boot.source, downloads[_i].source);
}
END_TEST

START_TEST(an_application_may_speak_of_download)
{
	static const char *const lines[] = {
		"Booting into dfu mode.",
		"Download boot modes disabled",
		"Invalid mode for secure boot download",
	};
	char text[1024];

	for (int i = 0; i < COUNT(lines); i++) {
		snprintf(text, sizeof(text), HEALTHY_ESP32 "%s\r\n", lines[i]);
		ck_assert_uint_eq(fragments_in(text), 1); /* the one fragment is the first text line of the banner */
		ck_assert_uint_eq(t.counts[BOOT_EVENT_TEXT], 1);
		ck_assert_int_eq(t.verdict, VERDICT_FLASH_BOOT);
		snprintf(text, sizeof(text), "%s\r\n", lines[i]);
		run(text);
		ck_assert_uint_eq(t.counts[BOOT_EVENT_TEXT], 1);
	}
}
END_TEST

/* Addresses to which the application and the bootloader are loaded: they identify the chip. */
static const struct {
	const char *chip;
	unsigned long address[3]; /* two addresses of the application (data, code), one of the bootloader (RAM) */
} loads[] = {
	{ "esp32", { 0x3f400020, 0x400d0018, 0x3fff0030 } },	{ "esp32", { 0x3f7ffffc, 0x403ffffc, 0x40080400 } },
	{ "esp32s2", { 0x3f000020, 0x40080020, 0x3ffe6260 } },	{ "esp32s2", { 0x3ff7fffc, 0x407ffffc, 0x4004c000 } },
	{ "esp32s3", { 0x3c000020, 0x42000020, 0x3fce2820 } },	{ "esp32s3", { 0x3dfffffc, 0x43fffffc, 0x403cb700 } },
	{ "esp8684", { 0x3c000020, 0x42000020, 0x3fcd6108 } },	{ "esp32c3", { 0x3c000020, 0x42000020, 0x403cc710 } },
	{ "esp32c5", { 0x42000020, 0x42010020, 0x4084bba0 } },	{ "esp32c6", { 0x42000020, 0x42010020, 0x4086c410 } },
	{ "esp32c61", { 0x42000020, 0x42010020, 0x4083bd70 } }, { "esp32h2", { 0x42000020, 0x42010020, 0x4083c2d0 } },
	{ "esp32h21", { 0x42000020, 0x42010020, 0x4083c2d0 } }, { "esp32h4", { 0x42000020, 0x42010020, 0x4083c2d0 } },
	{ "esp32p4", { 0x40000020, 0x43fffffc, 0x4ff33ce0 } },	{ "esp32s31", { 0x40000020, 0x43fffffc, 0x2f055c10 } },
	{ "esp32x9", { 0x42000020, 0x43fffffc, 0x40000020 } },
};

static enum verdict verdict_of_load(const char *chip, unsigned long address)
{
	char text[256];

	if (!strcmp(chip, "esp32"))
		snprintf(text, sizeof(text),
			 "ets Jun  8 2016 00:22:57\r\n\r\nrst:0x1 (POWERON_RESET),boot:0x13 " FLASH_C3
			 "\r\nload:0x%08lx,len:4\r\nentry 0x%08lx\r\n",
			 address, address);
	else
		snprintf(text, sizeof(text),
			 "ESP-ROM:%s-20240101\r\nrst:0x1 (POWERON),boot:0x18 " FLASH_C3 "\r\n"
			 "load:0x%08lx,len:0x4\r\nentry 0x%08lx\r\n",
			 chip, address, address);
	run(text);
	return t.verdict;
}

START_TEST(an_application_at_the_bootloaders_offset_shows_by_its_address)
{
	ck_assert_int_eq(verdict_of_load(loads[_i].chip, loads[_i].address[0]), VERDICT_BOOT_FAILED);
	ck_assert_str_eq(t.boot.suspect_text, "an application lies where the bootloader belongs");
	ck_assert_int_eq(verdict_of_load(loads[_i].chip, loads[_i].address[1]), VERDICT_BOOT_FAILED);
	ck_assert_int_eq(verdict_of_load(loads[_i].chip, loads[_i].address[2]), VERDICT_FLASH_BOOT);
}
END_TEST

#define LOAD "load:0x4ff33ce0,len:0x1174\r\nentry 0x4ff29ed0\r\n"
#define P4 "ESP-ROM:esp32p4-eco2-20240710\r\nrst:0x1 (POWERON),boot:0x30f " FLASH_C3 "\r\n" LOAD
#define H2 \
	"ESP-ROM:esp32h2-20221101\r\nrst:0x1 (POWERON),boot:0xc " FLASH_C3 \
	"\r\nload:0x4083c2d0,len:0x4\r\nentry 0x4083c2d0\r\n"
#define LOAD_C5 "load:0x4084bba0,len:0x4\r\nentry 0x4084bba0\r\n"

/* A complete boot, then a second banner whose first text line is lost. Expected: chip and reset cause of the second
 * boot. */
static const struct {
	const char *before, *banner;
	enum chip chip;
	enum boot_cause kind;
	bool certain;
} headless[] = {
	{ P4, "rst:0x17 (CHIP_USB_UART_RESET),boot:0x30f " FLASH_C3, CHIP_ESP32P4, BOOT_CAUSE_USB, true },
	{ P4, "rst:0xc (SW_CPU_RESET),boot:0xf " FLASH_C3, CHIP_ESP32P4, BOOT_CAUSE_SOFTWARE, true },
	{ P4, "rst:0x7 (HP_SYS_HP_WDT_RE?ET),boot:0x30f " FLASH_C3, CHIP_ESP32P4, BOOT_CAUSE_WATCHDOG, false },
	{ H2, "rst:0x17 (POWER_GLITCH_SYS),boot:0xc " FLASH_C3, CHIP_ESP32H2, BOOT_CAUSE_BROWNOUT, true },
	{ C5 "0x18 " FLASH_C3 "\r\n" LOAD_C5, "rst:0x1a (CPU_LOCKUP),boot:0x58 " FLASH_C3, CHIP_ESP32C5,
	  BOOT_CAUSE_LOCKUP, true },
	{ C5 "0x18 " FLASH_C3 "\r\n" LOAD_C5, "rst:0x1 (POWERON),boot:0x49 (DOWNLOAD(UART0/USB))", CHIP_ESP32C5,
	  BOOT_CAUSE_HARDWARE, true },
	/* The second banner is cut off after the reset cause. */
	{ P4, "rst:0x17 (CHIP_USB_UART_RESET),boo", CHIP_ESP32P4, BOOT_CAUSE_USB, false },
	/* Between the two banners the board booted once more. Of this boot only the load lines were received, not the
	 * banner. */
	{ P4 LOAD, "rst:0x17 (CHIP_USB_UART_RESET),boot:0x30f " FLASH_C3, CHIP_ESP32P4, BOOT_CAUSE_USB, true },
	/* The second banner's names or strap value do not fit the chip of the first boot, so it comes from another
	 * chip. */
	{ P4, "rst:0xc (SW_CPU),boot:0xc " FLASH_C3, CHIP_NEWER, BOOT_CAUSE_SOFTWARE, true },
	{ P4, "rst:0x1 (POWERON_RESET),boot:0x13 " FLASH_C3, CHIP_ESP32, BOOT_CAUSE_HARDWARE, true },
	{ C5 "0x18 " FLASH_C3 "\r\n" LOAD_C5, "rst:0x1 (POWERON),boot:0xc " FLASH_C3, CHIP_NEWER, BOOT_CAUSE_HARDWARE,
	  true },
	{ P4, "rst:0xc (SW_CPU_RESET),boot:0x3 (DOWNLOAD_BOOT(UART0/UART1/SDIO_REI_REO_V2))", CHIP_ESP32,
	  BOOT_CAUSE_SOFTWARE, true },
	{ HEALTHY_ESP32, "rst:0xc (SW_CPU_RESET),boot:0x307 (DOWNLOAD(USB/UART0/SPI))", CHIP_NEWER, BOOT_CAUSE_SOFTWARE,
	  true },
	{ EBOOT "~ld\r\n", "rst:0x1 (POWERON),boot:0xc " FLASH_C3, CHIP_NEWER, BOOT_CAUSE_HARDWARE, true },
	{ "", "rst:0x17 (CHIP_USB_UART_RESET),boot:0x30f " FLASH_C3, CHIP_NEWER, BOOT_CAUSE_OTHER, true },
};

START_TEST(a_banner_without_its_first_line_is_of_the_chip_before)
{
	const struct boot *boot;
	char text[1024];

	snprintf(text, sizeof(text), "%s%s\r\n", headless[_i].before, headless[_i].banner);
	run(text);
	boot = bootlog_boot(&t.reader.log);
	ck_assert_msg(boot->chip == headless[_i].chip && boot->cause_kind == headless[_i].kind &&
			      boot->certain == headless[_i].certain,
		      "chip %d, kind %d, certain %d\n%s", boot->chip, boot->cause_kind, boot->certain, t.text);
	if (boot->chip != CHIP_NEWER)
		ck_assert_str_eq(boot->chip_name, chip_name(boot->chip));
}
END_TEST

int main(void)
{
	TCase *lines = tcase_create("lines");

	tcase_add_checked_fixture(lines, NULL, teardown);
	tcase_add_test(lines, reads_a_healthy_esp8266_boot);
	tcase_add_test(lines, reads_a_healthy_esp32_boot);
	tcase_add_loop_test(lines, a_line_with_bytes_that_are_no_character_is_told_whole, 0, COUNT(odd_lines));
	tcase_add_test(lines, tells_a_banner_at_its_closing_bracket);
	tcase_add_test(lines, tells_that_eboot_copies_at_the_at_sign);
	tcase_add_test(lines, an_applications_at_sign_is_not_a_copy);
	tcase_add_loop_test(lines, tells_pieces_of_the_rom_from_an_applications_words, 0, COUNT(after_load));
	tcase_add_loop_test(lines, mends_what_can_be_mended_and_says_so, 0, COUNT(damaged));
	tcase_add_test(lines, a_cause_whose_number_and_text_differ_is_not_known);
	tcase_add_test(lines, what_a_boot_says_once_is_a_restart_when_said_again);
	tcase_add_test(lines, a_line_of_the_boot_that_is_not_finished_is_torn);
	tcase_add_loop_test(lines, damaged_words_behind_the_sum_forbid_to_call_it_loaded, 0, COUNT(behind_sum));
	tcase_add_test(lines, a_second_stage_behind_the_application_is_a_restart);
	tcase_add_loop_test(lines, a_boot_that_fails_again_and_again_is_one_wherever_the_log_ends, 0, COUNT(failures));
	tcase_add_test(lines, a_failure_counts_for_more_than_a_crash_before_it);
	tcase_add_test(lines, an_application_that_was_reset_by_hand_may_be_another);
	tcase_add_test(lines, an_unfinished_piece_counts_at_the_end);
	tcase_add_loop_test(lines, a_damaged_boot_source_is_the_only_one_that_it_can_be, 0, COUNT(modes));
	tcase_add_test(lines, a_boot_source_without_an_end_is_torn);
	tcase_add_test(lines, eboots_failure_is_a_number);
	tcase_add_test(lines, tells_the_line_that_a_boot_begins_in);
	tcase_add_test(lines, a_load_behind_a_crash_does_not_take_it_back);
	tcase_add_loop_test(lines, one_bracket_shows_no_load, 0, COUNT(bracketed));
	tcase_add_test(lines, a_hardware_reset_ends_what_a_second_stage_has_said);
	tcase_add_loop_test(lines, the_rom_says_whether_it_waits_for_a_host, 0, COUNT(downloads));
	tcase_add_test(lines, an_application_may_speak_of_download);
	tcase_add_loop_test(lines, an_application_at_the_bootloaders_offset_shows_by_its_address, 0, COUNT(loads));
	tcase_add_loop_test(lines, a_banner_without_its_first_line_is_of_the_chip_before, 0, COUNT(headless));
	return suite_run_case("bootlog", lines);
}
