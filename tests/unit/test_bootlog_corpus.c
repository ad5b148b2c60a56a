/* test_bootlog_corpus.c - verdicts on whole boot logs: on those in tests/bootlogs, and on recorded logs in the folder
 * $ESPRESET_BOOTLOGS. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boottrace.h"
#include "cli/decode.h"
#include "suite.h"

#define LOGS_MAX 512

struct log_row {
	char file[96], verdict[24], chip[16], cause[64], mode[64];
};

static struct log_row own_logs[LOGS_MAX], recorded[LOGS_MAX], later[LOGS_MAX];
static int n_own, n_recorded, n_later;
static const char *recorded_dir;
static char later_dir[512];

/* ---- files ---- */

static char *read_file(const char *dir, const char *name, size_t *ret_n)
{
	char path[512], *data;
	FILE *f;
	long n;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "rb");
	if (!f)
		return NULL;
	fseek(f, 0, SEEK_END);
	n = ftell(f);
	rewind(f);
	data = malloc((size_t)n + 1);
	if (!data || fread(data, 1, (size_t)n, f) != (size_t)n)
		abort();
	data[n] = '\0';
	fclose(f);
	*ret_n = (size_t)n;
	return data;
}

static void copy_field(char *to, size_t cap, const char *from, size_t n)
{
	snprintf(to, cap, "%.*s", (int)n, from);
}

/* Parses a tab-separated table. @columns are the numbers of the columns that hold file, verdict, chip, cause and
 * mode. */
static void read_rows(char *text, const int columns[5], struct log_row *rows, int *ret_n)
{
	char *save = NULL;

	*ret_n = 0;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		struct log_row *row = &rows[*ret_n];
		char *to[5] = { row->file, row->verdict, row->chip, row->cause, row->mode };
		size_t caps[5] = { sizeof(row->file), sizeof(row->verdict), sizeof(row->chip), sizeof(row->cause),
				   sizeof(row->mode) };
		const char *field = line;

		if (!strncmp(line, "file\t", 5) || *ret_n == LOGS_MAX)
			continue;
		for (int column = 0; field; column++) {
			const char *end = strchr(field, '\t');

			for (int i = 0; i < 5; i++) {
				if (columns[i] == column)
					copy_field(to[i], caps[i], field, end ? (size_t)(end - field) : strlen(field));
			}
			field = end ? end + 1 : NULL;
		}
		(*ret_n)++;
	}
}

/* ---- logs in tests/bootlogs ---- */

static const char *chip_of(const struct boot_trace *t)
{
	const char *name = t->has_boot ? chip_name(t->boot.chip) : NULL;

	return name ? name : t->has_boot && t->boot.chip_name[0] ? t->boot.chip_name : "-";
}

/* If the table of logs expects a chip by name, base/chip.c must know this name too. Otherwise the name that the ROM
 * prints would match, although espreset does not know the chip. */
static void expect_chip(const struct log_row *row, const struct boot_trace *t)
{
	if (!strcmp(row->chip, "-"))
		return;
	ck_assert_msg(!strcmp(chip_of(t), row->chip), "%s: %s, expected %s", row->file, chip_of(t), row->chip);
	ck_assert_msg(chip_by_name(row->chip) != CHIP_UNKNOWN, "%s: base/chip.c has no %s", row->file, row->chip);
}

START_TEST(each_of_our_logs_is_judged_as_expected)
{
	const struct log_row *row = &own_logs[_i];
	struct boot_trace t;
	size_t n;
	char *data = read_file("tests/bootlogs", row->file, &n);

	ck_assert_msg(data != NULL, "tests/bootlogs/%s: %s", row->file, strerror(errno));
	boot_trace_cut(&t, data, n, &boot_pasted, 0);
	ck_assert_msg(!strcmp(verdict_info(t.verdict)->word, row->verdict), "%s: %s, expected %s\n%s", row->file,
		      verdict_info(t.verdict)->word, row->verdict, t.text);
	expect_chip(row, &t);
	if (strcmp(row->cause, "-"))
		ck_assert_msg(t.has_boot && t.boot.cause == (int)strtol(row->cause, NULL, 0), "%s: cause\n%s",
			      row->file, t.text);
	if (strcmp(row->mode, "-"))
		ck_assert_msg(t.has_boot && t.boot.mode == (int)strtol(row->mode, NULL, 0), "%s: mode\n%s", row->file,
			      t.text);
	boot_trace_free(&t);
	free(data);
}
END_TEST

/* A hash of all events that the reader reports: two ways of feeding one log must give equal hashes. */
struct sum {
	uint64_t events;
};

static void add_event(void *user, const struct boot_event *event)
{
	struct sum *sum = user;

	sum->events = (sum->events ^ (unsigned int)event->kind ^ (unsigned int)event->number << 8) * 0x100000001b3;
	for (size_t i = 0; i < event->len; i++)
		sum->events = (sum->events ^ (unsigned char)event->line[i]) * 0x100000001b3;
	if (!event->boot)
		return;
	sum->events ^= (unsigned int)event->boot->progress ^ (unsigned int)event->boot->mode << 4;
	sum->events *= 0x100000001b3;
}

static uint64_t sum_of(struct boot_reader *reader, const char *data, size_t n, size_t cut)
{
	struct sum sum = { 0xcbf29ce484222325 };

	boot_reader_feed(reader, data, cut, add_event, &sum);
	boot_reader_feed(reader, data + cut, n - cut, add_event, &sum);
	boot_reader_flush(reader, add_event, &sum);
	return sum.events ^ (uint64_t)bootlog_verdict(&reader->log, NULL);
}

static void check_cuts(const char *name, const char *data, size_t n)
{
	static struct boot_reader fresh, reader;
	struct sum sum = { 0xcbf29ce484222325 };
	uint64_t whole;

	boot_reader_init(&fresh, &boot_pasted, decode_gbk);
	reader = fresh;
	whole = sum_of(&reader, data, n, 0);
	for (size_t cut = 1; cut < n; cut++) {
		reader = fresh;
		ck_assert_msg(sum_of(&reader, data, n, cut) == whole, "%s: cut at %zu", name, cut);
	}
	reader = fresh;
	for (size_t i = 0; i < n; i++)
		boot_reader_feed(&reader, data + i, 1, add_event, &sum);
	boot_reader_flush(&reader, add_event, &sum);
	ck_assert_msg((sum.events ^ (uint64_t)bootlog_verdict(&reader.log, NULL)) == whole, "%s: byte by byte", name);
}

/* Cuts the log after every byte. The verdict may become "loaded" only where a text line or the last word of a load
 * ends, not at any other byte. */
static void check_prefixes(const char *name, const char *data, size_t n)
{
	static struct boot_reader reader, ended;
	bool loaded_at_line_end = false;

	boot_reader_init(&reader, &boot_pasted, decode_gbk);
	for (size_t i = 0; i < n; i++) {
		enum verdict verdict;

		boot_reader_feed(&reader, data + i, 1, NULL, NULL);
		ended = reader;
		boot_reader_flush(&ended, NULL, NULL);
		verdict = bootlog_verdict(&ended.log, NULL);
		if (data[i] == '\n' || data[i] == '\r' || boot_trace_word_is_whole(data, i + 1))
			loaded_at_line_end = verdict == VERDICT_FLASH_BOOT;
		else if (verdict == VERDICT_FLASH_BOOT)
			ck_assert_msg(loaded_at_line_end, "%s: the first %zu bytes", name, i + 1);
	}
}

START_TEST(none_of_our_logs_depends_on_how_it_is_cut)
{
	size_t n;
	char *data = read_file("tests/bootlogs", own_logs[_i].file, &n);

	ck_assert_ptr_nonnull(data);
	check_cuts(own_logs[_i].file, data, n);
	if (strncmp(own_logs[_i].file, "wrong-baud", 10) && strcmp(own_logs[_i].file, "utf-16.txt") &&
	    !strstr(own_logs[_i].file, "one-line"))
		check_prefixes(own_logs[_i].file, data, n);
	free(data);
}
END_TEST

/* ---- recorded logs ---- */

/* Logs whose index entry tells what the board did, although the log itself shows less or something else. */
static const struct {
	const char *file;
	const char *verdict; /* the verdict that the log supports */
	const char *why;
} exceptions[] = {
	{ "002-", "unproven", "the document cut the log behind the second segment: no line shows the end of the load" },
	{ "241-", "unproven", "the log ends at the hash lines, before entry" },
	{ "195-", "download-mode", "74880 Bd heard at 115200, and read" },
};

static const struct {
	const char *index;
	const char *words;
} verdicts[] = {
	{ "flash-boot-ok", "flash-boot" },
	{ "download-mode", "download-mode" },
	{ "sdio-boot", "other-boot" },
	{ "flash-error", "boot-failed" },
	{ "crash-loop", "crashed" },
	{ "wdt-loop", "crashed" },
	{ "garbled-wrong-baud", "garbled" },
	{ "no-banner", "silent garbled unproven" },
	/* The index calls two kinds of log "other": logs with a banner but no load, and logs of a ROM that halts. */
	{ "other", "unproven boot-failed" },
};

static const char *expected_words(const struct log_row *row)
{
	for (size_t i = 0; i < COUNT(exceptions); i++) {
		if (!strncmp(row->file, exceptions[i].file, strlen(exceptions[i].file)))
			return exceptions[i].verdict;
	}
	for (size_t i = 0; i < COUNT(verdicts); i++) {
		if (!strcmp(row->verdict, verdicts[i].index))
			return verdicts[i].words;
	}
	return "";
}

/* Return: the last number of an index entry, such as 0x10 in "0x1 then 0x10 RTCWDT_RTC_RESET x4" or 3 in "(1,6) then
 * (3,6)"; -1: the entry has no number. */
static int last_number(const char *text)
{
	const char *then = strstr(text, " then ");

	while (then && strstr(then + 1, " then "))
		then = strstr(then + 1, " then ");
	if (then)
		text = then + 6;
	if (*text == '(')
		text++;
	return *text >= '0' && *text <= '9' ? (int)strtol(text, NULL, 0) : -1;
}

START_TEST(each_recorded_log_is_judged_as_its_index_says)
{
	const struct log_row *row = &recorded[_i];
	int cause = last_number(row->cause), mode = last_number(row->mode);
	const char *words = expected_words(row), *word;
	struct boot_trace t;
	size_t n;
	char *data = read_file(recorded_dir, row->file, &n);

	ck_assert_msg(data != NULL, "%s/%s: %s", recorded_dir, row->file, strerror(errno));
	boot_trace_cut(&t, data, n, &boot_pasted, 0);
	word = verdict_info(t.verdict)->word;
	ck_assert_msg(strstr(words, word) != NULL, "%s: %s, expected %s\n%s", row->file, word, words, t.text);
	/* -1: the index entry states no reset cause, so there is nothing to compare */
	if (cause >= 0)
		ck_assert_msg(t.has_boot && t.boot.cause == cause, "%s: cause %d, expected %d", row->file, t.boot.cause,
			      cause);
	if (mode >= 0)
		ck_assert_msg(t.has_boot && t.boot.mode == mode, "%s: mode %d, expected %d", row->file, t.boot.mode,
			      mode);
	boot_trace_free(&t);
	check_cuts(row->file, data, n);
	if (!strstr(row->file, "one-line"))
		check_prefixes(row->file, data, n);
	free(data);
}
END_TEST

/* Compares @number with the index entry @expected, for example "0x13" or "3"; "-" accepts every number. */
static void check_number(const char *file, const char *what, const char *expected, int number, const char *trace)
{
	if (strcmp(expected, "-"))
		ck_assert_msg(number == (int)strtol(expected, NULL, 0), "%s: %s %d, expected %s\n%s", file, what,
			      number, expected, trace);
}

/* The index of these logs names each expected verdict as espreset does, for example "flash-boot". */
START_TEST(each_later_log_is_judged_as_its_index_says)
{
	const struct log_row *row = &later[_i];
	struct boot_trace t;
	size_t n;
	char *data = read_file(later_dir, row->file, &n);

	ck_assert_msg(data != NULL, "%s/%s: %s", later_dir, row->file, strerror(errno));
	boot_trace_cut(&t, data, n, &boot_pasted, 0);
	ck_assert_msg(boot_trace_may_be(row->verdict, t.verdict), "%s: %s, expected %s\n%.2000s", row->file,
		      verdict_info(t.verdict)->word, row->verdict, t.text);
	expect_chip(row, &t);
	check_number(row->file, "cause", row->cause, t.boot.cause, t.text);
	check_number(row->file, "mode", row->mode, t.boot.mode, t.text);
	boot_trace_free(&t);
	check_cuts(row->file, data, n);
	check_prefixes(row->file, data, n);
	free(data);
}
END_TEST

START_TEST(a_real_board_heard_through_gbk_is_read)
{
	/* The output of an ESP8266 in download mode (its FLASH button was pressed), copied from its owner's terminal.
	 * The terminal decoded the bytes as GBK, showed NUL as "\0", and showed "?" for bytes that it could not
	 * decode. */
	static const char seen[] =
		"rl\\0l\xe6\xb9\xa0|\\0\xe5\xae\xad\xe9\x84\x9a?l?b|\xe5\xb7\xb6?\xe6\x8a\xae\xe6\x8a\x8c?"
		"b\xe5\xb2\x92nn\xe7\x80\x95nn\xe6\xba\xbe?bpp\xe5\xaf\xa7lrlrl\n";
	struct boot_trace t;

	boot_trace(&t, seen, &boot_pasted);
	ck_assert_int_eq(t.verdict, VERDICT_DOWNLOAD_MODE);
	ck_assert_int_eq(t.boot.cause, 2);
	ck_assert_int_eq(t.boot.mode, 1);
	ck_assert_int_eq(t.boot.mode2, 6);
	ck_assert_int_eq(t.boot.rx_speed, BOOT_RX_74880);
	ck_assert(!t.boot.certain);
	boot_trace_free(&t);
}
END_TEST

static void add_recorded(Suite *suite, const char *dir, const int columns[5], struct log_row *rows, int *ret_n,
			 const TTest *test)
{
	TCase *real;
	size_t n;
	char *text = read_file(dir, "INDEX.tsv", &n);

	if (!text) {
		printf("*** %s/INDEX.tsv: %s: the recorded boot logs are NOT tested; set ESPRESET_BOOTLOGS\n", dir,
		       strerror(errno));
		return;
	}
	real = tcase_create(dir);
	read_rows(text, columns, rows, ret_n);
	tcase_set_timeout(real, 120);
	tcase_add_loop_test(real, test, 0, *ret_n);
	suite_add_tcase(suite, real);
	free(text);
}

int main(void)
{
	static const int own_columns[5] = { 0, 1, 2, 3, 4 }, index_columns[5] = { 0, 3, 1, 4, 5 },
			 later_columns[5] = { 0, 4, 1, 2, 3 };
	Suite *suite = suite_create("bootlog-corpus");
	TCase *own = tcase_create("ours");
	char *text;
	size_t n;

	text = read_file("tests/bootlogs", "EXPECT.tsv", &n);
	if (!text) {
		fprintf(stderr, "tests/bootlogs/EXPECT.tsv: %s: run this in the top directory\n", strerror(errno));
		return EXIT_FAILURE;
	}
	read_rows(text, own_columns, own_logs, &n_own);
	free(text);
	tcase_set_timeout(own, 120);
	tcase_add_loop_test(own, each_of_our_logs_is_judged_as_expected, 0, n_own);
	tcase_add_loop_test(own, none_of_our_logs_depends_on_how_it_is_cut, 0, n_own);
	tcase_add_test(own, a_real_board_heard_through_gbk_is_read);
	suite_add_tcase(suite, own);

	recorded_dir = getenv("ESPRESET_BOOTLOGS") ? getenv("ESPRESET_BOOTLOGS") : "../shared/bootlogs";
	snprintf(later_dir, sizeof(later_dir), "%s-new", recorded_dir);
	add_recorded(suite, recorded_dir, index_columns, recorded, &n_recorded,
		     each_recorded_log_is_judged_as_its_index_says);
	add_recorded(suite, later_dir, later_columns, later, &n_later, each_later_log_is_judged_as_its_index_says);
	return suite_run(suite);
}
