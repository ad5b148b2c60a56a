/* test_sentences.c - messages of firmware about failed boots and crashes. They must be recognised where the failure
 * happened, but not where a healthy board only mentions it.
 *
 * Each file tests/sentences/PROJECT.txt has blocks of two logs, in the order of docs/sentences.md:
 *
 *	=== NAME OF THE CASE: VERDICT
 *	the log of a board to which this happened
 *	--- mention: VERDICT
 *	the log of a healthy board that prints the same words
 *
 * If the sources leave the verdict open, all possible verdicts are given, as in "crashed|flash-boot". A text line @NAME
 * is replaced by the text lines that follow @NAME in preambles.txt. NAME consists of small letters, digits and hyphens,
 * so "@cp:0" is not replaced. Escapes are "\e" (escape character), "\r" (carriage return), "\xNN" (byte) and "\\"
 * (backslash). A backslash at the end of a text line joins the next line to it. Empty lines before a heading are
 * ignored, and so is all text before the first heading.
 */
#include <check.h>
#include <ctype.h>
#include <glob.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bootlog/sentences.h"
#include "boottrace.h"
#include "cli/decode.h"
#include "fakeport.h"
#include "run/loop.h"
#include "session/session.h"
#include "suite.h"

#define FOLDER "tests/sentences"
#define BLOCKS_MAX 1024
#define PREAMBLES_MAX 128

enum side { LOG, MENTION, SIDES };

struct block {
	const char *file; /* name of the file in which the block stands */
	char name[96];
	struct {
		int line; /* line number of the heading above this log; 0: the block has no such log */
		char words[48];
		char *text;
		size_t n;
	} side[SIDES];
};

struct preamble {
	char name[48];
	char *text;
	size_t n;
};

static struct block blocks[BLOCKS_MAX];
static struct preamble preambles[PREAMBLES_MAX];
static int n_blocks, n_preambles;

/* The file that is being read, for error messages. An error in a file ends the program. */
static const char *file;
static int line_number;
/* Was the last text line a heading? Each heading starts a new stream, but comparing the addresses of two streams does
 * not show that: a new stream may get the address of a closed stream. */
static bool is_heading;

/* ---- files ---- */

__attribute__((noreturn)) static void complain(const char *what, const char *text)
{
	fprintf(stderr, "%s:%d: %s: %s\n", file, line_number, what, text);
	exit(EXIT_FAILURE);
}

/* Is the text line a @NAME such as "@esp32-app"? "@cp:0" is none, because of its colon. */
static bool is_name(const char *line)
{
	size_t n = *line == '@' ? strspn(line + 1, "abcdefghijklmnopqrstuvwxyz0123456789-") : 0;

	return n > 0 && line[1 + n] == '\0';
}

static const struct preamble *find_preamble(const char *name)
{
	for (int i = 0; i < n_preambles; i++) {
		if (!strcmp(preambles[i].name, name))
			return &preambles[i];
	}
	complain("no such preamble", name);
}

/* Decodes the escape at @p, such as "\e" or "\x1b", and stores the byte in *ret. Return: length of the escape in the
 * file. */
static size_t escape(const char *p, char *ret)
{
	if (p[1] == 'x' && isxdigit((unsigned char)p[2]) && isxdigit((unsigned char)p[3])) {
		char digits[3] = { p[2], p[3], '\0' };

		*ret = (char)strtol(digits, NULL, 16);
		return 4;
	}
	if (!strchr("er\\", p[1]))
		complain("unknown escape", p);
	*ret = p[1] == 'e' ? '\033' : p[1] == 'r' ? '\r' : '\\';
	return 2;
}

static void put_line(FILE *out, const char *line)
{
	if (is_name(line)) {
		const struct preamble *preamble = find_preamble(line + 1);

		fwrite(preamble->text, 1, preamble->n, out);
		return;
	}
	while (*line) {
		char c = *line;
		size_t n = 1;

		if (!strcmp(line, "\\"))
			return; /* a backslash at the end of a text line: the next line is joined to this one */
		if (c == '\\')
			n = escape(line, &c);
		fputc(c, out);
		line += n;
	}
	fputc('\n', out);
}

/* Splits a heading "NAME: VERDICTS" at its last colon. */
static void read_heading(const char *text, char *name, size_t name_cap, char *words, size_t words_cap)
{
	const char *colon = strrchr(text, ':');

	if (!colon || colon[1] != ' ' || strlen(colon + 2) >= words_cap || (size_t)(colon - text) >= name_cap)
		complain("no heading", text);
	snprintf(name, name_cap, "%.*s", (int)(colon - text), text);
	snprintf(words, words_cap, "%s", colon + 2);
}

static FILE *begin_side(struct block *block, enum side side)
{
	FILE *out = open_memstream(&block->side[side].text, &block->side[side].n);

	if (!out)
		abort();
	is_heading = true;
	block->side[side].line = line_number;
	return out;
}

/* If @line is a heading, starts the log that follows it. Return: the stream to which the log's text lines go; if @line
 * is no heading: @out. */
static FILE *read_block_heading(const char *line, FILE *out)
{
	struct block *block = n_blocks ? &blocks[n_blocks - 1] : NULL;
	char mention[48];

	if (!strncmp(line, "=== ", 4)) {
		if (n_blocks == BLOCKS_MAX)
			complain("too many blocks", line);
		block = &blocks[n_blocks++];
		block->file = file;
		read_heading(line + 4, block->name, sizeof(block->name), block->side[LOG].words,
			     sizeof(block->side[LOG].words));
		if (out)
			fclose(out);
		return begin_side(block, LOG);
	}
	if (!strncmp(line, "--- mention: ", 13)) {
		if (!out || block->side[MENTION].line)
			complain("not below a log", line);
		read_heading(line + 4, mention, sizeof(mention), block->side[MENTION].words,
			     sizeof(block->side[MENTION].words));
		fclose(out);
		return begin_side(block, MENTION);
	}
	return out;
}

static FILE *read_preamble_heading(const char *line, FILE *out)
{
	struct preamble *preamble;

	if (!is_name(line))
		return out;
	if (n_preambles == PREAMBLES_MAX || strlen(line + 1) >= sizeof(preamble->name))
		complain("too many preambles, or too long a name", line);
	if (out)
		fclose(out);
	preamble = &preambles[n_preambles++];
	snprintf(preamble->name, sizeof(preamble->name), "%s", line + 1);
	out = open_memstream(&preamble->text, &preamble->n);
	if (!out)
		abort();
	is_heading = true;
	return out;
}

static void read_lines(const char *path, FILE *(*read_a_heading)(const char *line, FILE *out))
{
	FILE *in = fopen(path, "r"), *out = NULL;
	size_t cap = 0;
	char *line = NULL;
	int empty = 0;
	ssize_t n;

	file = path;
	line_number = 0;
	if (!in)
		complain("cannot be opened", path);
	for (; (n = getline(&line, &cap, in)) > 0;) {
		line_number++;
		if (line[n - 1] == '\n')
			line[--n] = '\0';
		is_heading = false;
		out = read_a_heading(line, out);
		if (is_heading || !out || n == 0) {
			empty = !is_heading && n == 0 ? empty + 1 : 0;
			continue;
		}
		for (; empty; empty--)
			fputc('\n', out);
		put_line(out, line);
	}
	if (out)
		fclose(out);
	free(line);
	fclose(in);
}

/* ---- tests, run for the log and for the mention of each block ---- */

/* Number of blocks in one test. Check forks for each test, which takes longer than testing one block, so a test has
 * many. */
#define CHUNK 16

static bool is_in_chunk(int chunk, int i)
{
	return i / CHUNK == chunk && i < n_blocks;
}

static const char *title(const struct block *block, enum side side)
{
	static char text[256];

	snprintf(text, sizeof(text), "%s:%d: %s%s", block->file, block->side[side].line, block->name,
		 side == MENTION ? " (mention)" : "");
	return text;
}

static void check_verdict(const struct block *block, enum side side, const char *data, size_t n, size_t cut,
			  const char *how)
{
	struct boot_trace t;

	boot_trace_cut(&t, data, n, &boot_pasted, cut);
	ck_assert_msg(boot_trace_may_be(block->side[side].words, t.verdict), "%s%s: %s, expected %s\n%.2000s",
		      title(block, side), how, verdict_info(t.verdict)->word, block->side[side].words, t.text);
	boot_trace_free(&t);
}

static void check_is_judged_as_written(const struct block *block, enum side side)
{

	if (block->side[side].line)
		check_verdict(block, side, block->side[side].text, block->side[side].n, 0, "");
}

START_TEST(is_judged_as_written)
{
	for (int i = _i * CHUNK; is_in_chunk(_i, i); i++) {
		check_is_judged_as_written(&blocks[i], LOG);
		check_is_judged_as_written(&blocks[i], MENTION);
	}
}
END_TEST

static void check_is_judged_the_same_byte_by_byte(const struct block *block, enum side side)
{
	struct boot_trace whole, bytes;

	if (!block->side[side].line)
		return;
	boot_trace_cut(&whole, block->side[side].text, block->side[side].n, &boot_pasted, 0);
	boot_trace_cut(&bytes, block->side[side].text, block->side[side].n, &boot_pasted, SIZE_MAX);
	ck_assert_msg(whole.verdict == bytes.verdict, "%s: %s, byte by byte %s", title(block, side),
		      verdict_info(whole.verdict)->word, verdict_info(bytes.verdict)->word);
	boot_trace_free(&whole);
	boot_trace_free(&bytes);
}

START_TEST(is_judged_the_same_byte_by_byte)
{
	for (int i = _i * CHUNK; is_in_chunk(_i, i); i++) {
		check_is_judged_the_same_byte_by_byte(&blocks[i], LOG);
		check_is_judged_the_same_byte_by_byte(&blocks[i], MENTION);
	}
}
END_TEST

/* Judges the log again with CR LF line ends, as boards send them. A log that already contains carriage returns is
 * skipped. */
static void check_is_judged_the_same_with_carriage_returns(const struct block *block, enum side side)
{
	const char *text = block->side[side].text;
	size_t size;
	char *wire;
	FILE *out;

	if (!block->side[side].line || memchr(text, '\r', block->side[side].n))
		return;
	out = open_memstream(&wire, &size);
	ck_assert_ptr_nonnull(out);
	for (size_t i = 0; i < block->side[side].n; i++) {
		if (text[i] == '\n')
			fputc('\r', out);
		fputc(text[i], out);
	}
	fclose(out);
	check_verdict(block, side, wire, size, 0, ", with CR LF");
	free(wire);
}

START_TEST(is_judged_the_same_with_carriage_returns)
{
	for (int i = _i * CHUNK; is_in_chunk(_i, i); i++) {
		check_is_judged_the_same_with_carriage_returns(&blocks[i], LOG);
		check_is_judged_the_same_with_carriage_returns(&blocks[i], MENTION);
	}
}
END_TEST

/* Return: the number of bytes up to and including the last word of the ROM's first load; 0: the log has no complete
 * load. */
static size_t load_end(const char *data, size_t n)
{
	for (size_t i = 1; i <= n; i++) {
		if (boot_trace_word_is_whole(data, i))
			return i;
	}
	return 0;
}

/* The verdict is for the first @n bytes of a log. Is it "loaded" too early? It may be "loaded" only when the first load
 * has ended, and may become "loaded" only at the end of a text line. */
static bool loaded_too_early(const char *data, size_t n, enum verdict verdict, size_t end, bool *loaded)
{
	if (verdict == VERDICT_FLASH_BOOT && n < end)
		return true;
	if (data[n - 1] != '\n' && data[n - 1] != '\r' && !boot_trace_word_is_whole(data, n))
		return verdict == VERDICT_FLASH_BOOT && !*loaded;
	*loaded = verdict == VERDICT_FLASH_BOOT;
	return false;
}

/* @verdict is for the beginning of a log. Is the log a mention (from a healthy board), and does the verdict report a
 * failure that did not happen? */
static bool blames_a_mention(const struct block *block, enum side side, enum verdict verdict)
{
	return side == MENTION && (verdict == VERDICT_CRASHED || verdict == VERDICT_BOOT_FAILED) &&
	       !boot_trace_may_be(block->side[side].words, verdict);
}

static void check_no_beginning_of_it_says_more_than_it_has(const struct block *block, enum side side)
{
	static struct boot_reader reader, ended;
	const char *data = block->side[side].text;
	size_t end = load_end(data, block->side[side].n);
	bool loaded = false;

	boot_reader_init(&reader, &boot_pasted, decode_gbk);
	for (size_t n = 1; n <= block->side[side].n; n++) {
		enum verdict verdict;

		boot_reader_feed(&reader, data + n - 1, 1, NULL, NULL);
		ended = reader;
		boot_reader_flush(&ended, NULL, NULL);
		verdict = bootlog_verdict(&ended.log, NULL);
		if (loaded_too_early(data, n, verdict, end, &loaded) || blames_a_mention(block, side, verdict))
			ck_abort_msg("%s: %s after %zu bytes:\n%.*s", title(block, side), verdict_info(verdict)->word,
				     n, (int)n, data);
	}
}

START_TEST(no_beginning_of_it_says_more_than_it_has)
{
	for (int i = _i * CHUNK; is_in_chunk(_i, i); i++) {
		check_no_beginning_of_it_says_more_than_it_has(&blocks[i], LOG);
		check_no_beginning_of_it_says_more_than_it_has(&blocks[i], MENTION);
	}
}
END_TEST

/* Runs a session on a simulated port that receives the log after a reset. The first @end bytes are an ESP8266's ROM at
 * 74880 Bd. The rest comes later, when the session has changed the port to 115200 Bd. */
static const struct session_result *run_live(const char *text, size_t end)
{
	static struct fakeport fake;
	static struct session session;
	char load[4096];
	const struct fake_line script[] = { { 1, 60, load },
					    { 1, 360, text[end] ? text + end : NULL },
					    { 0, 0, NULL } };
	struct session_config config;

	snprintf(load, sizeof(load), "%.*s", (int)end, text);
	session_config_init(&config);
	config.attempts = 1;
	config.baud = strstr(text, "ets Jan") ? 74880 : 115200;
	fakeport_init(&fake, script);
	session_init(&session, &config, 0);
	(void)loop_session(&session, &fake.port, &fake.clk, NULL);
	return session_result(&session);
}

/* Return: the number of bytes up to the end of the text line that ends the first load (eboot's load, if eboot runs
 * after the ROM); @n: the log has no such text line. */
static size_t loads_end(const char *data, size_t n)
{
	static const char *const words[] = { "\n~ld\n", "\ncsum 0x", "\nentry 0x" };

	for (int i = 0; i < COUNT(words); i++) {
		const char *end = strstr(data, words[i]);

		if (end)
			return (size_t)(strchr(end + 1, '\n') + 1 - data);
	}
	return n;
}

/* Does the log begin with the complete banner of a hardware reset, as espreset causes it? */
static bool begins_with_our_reset(const char *text)
{
	/* clang-format off */
	static const char *const banners[] = {
		"ets Jul 29 2019 12:21:46\n\nrst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\n",
		"ESP-ROM:esp32", " ets Jan  8 2013,rst cause:2, boot mode:(3,6)\n",
	};
	/* clang-format on */
	const char *rst = strstr(text, "rst");

	text += strspn(text, "\n");
	for (int i = 0; i < COUNT(banners); i++) {
		if (!strncmp(text, banners[i], strlen(banners[i])))
			return rst && (!strncmp(rst, "rst:0x1 ", 8) || !strncmp(rst, "rst cause:2", 11));
	}
	return false;
}

static bool agrees(const char *words, enum verdict live, bool again)
{
	/* The board restarts later in the log, after the session has ended. So the session's verdict may differ from
	 * the log's. */
	if (again && live != VERDICT_READY)
		return true;
	if (boot_trace_may_be(words, live == VERDICT_READY ? VERDICT_FLASH_BOOT : live))
		return true;
	return false;
}

static void check_a_run_that_hears_it_agrees(const struct block *block, enum side side)
{
	const char *text = block->side[side].text;
	const struct session_result *live;
	bool again;
	size_t end;

	if (!block->side[side].line || memchr(text, '\0', block->side[side].n) || !begins_with_our_reset(text))
		return;
	end = loads_end(text, block->side[side].n);
	again = strstr(text + end, "rst:0x") || strstr(text + end, "rst cause:");
	live = run_live(text, end);
	ck_assert_msg(agrees(block->side[side].words, live->verdict, again), "%s: live %s (%s), expected %s",
		      title(block, side), verdict_info(live->verdict)->word, live->text, block->side[side].words);
}

START_TEST(a_run_that_hears_it_agrees)
{
	for (int i = _i * CHUNK; is_in_chunk(_i, i); i++) {
		check_a_run_that_hears_it_agrees(&blocks[i], LOG);
		check_a_run_that_hears_it_agrees(&blocks[i], MENTION);
	}
}
END_TEST

/* Translates the form of a message, such as "abort() at %x", into a regular expression. */
static void form_to_regex(const char *form, char *ret, size_t cap)
{
	size_t n = 0;

	for (; *form && n + 24 < cap; form++) {
		if (!strcmp(form, "$") || !strcmp(form, "%$"))
			/* "$" or "%$" ends a form and means the end of the text line, which is "$" in a regular
			 * expression too */
			break;
		else if (*form == '%')
			n += (size_t)snprintf(ret + n, cap - n, "%s",
					      *++form == 'd' ? " *-?[0-9]+"
					      : *form == 'x' ? "[0-9a-fA-F]+"
					      : *form == 'w' ? "[^ ]+"
							     : ".+");
		else
			n += (size_t)snprintf(ret + n, cap - n, strchr(".[]()*+?{}|^$\\", *form) ? "\\%c" : "%c",
					      *form);
	}
	if (*form)
		snprintf(ret + n, cap - n, "$");
	ck_assert_msg(n + 24 < cap, "longer than there is room for");
}

/* Each message in sentences[] must occur in at least one log. */
static void check_every_row_has_a_log(size_t row)
{
	char expression[1024];
	regex_t regex;
	bool found = false;

	form_to_regex(sentences[row].form, expression, sizeof(expression));
	ck_assert_int_eq(regcomp(&regex, expression, REG_EXTENDED | REG_NOSUB | REG_NEWLINE), 0);
	for (int i = 0; i < n_blocks && !found; i++)
		found = regexec(&regex, blocks[i].side[LOG].text, 0, NULL, 0) == 0;
	regfree(&regex);
	ck_assert_msg(found, "no log has \"%s\"", sentences[row].form);
}

START_TEST(every_row_has_a_log)
{
	for (size_t row = 0; row < n_sentences; row++)
		check_every_row_has_a_log(row);
}
END_TEST

/* Each message in sentences[] must also stand in docs/sentences.md, which names its source. */
static void check_every_row_is_in_the_document(size_t row)
{
	size_t fixed = strcspn(sentences[row].form, "%$"), size = 0;
	char words[256], *text = NULL, *found;
	FILE *in = fopen("docs/sentences.md", "r");

	snprintf(words, sizeof(words), "%.*s", (int)fixed, sentences[row].form);
	ck_assert_ptr_nonnull(in);
	ck_assert_int_gt(getdelim(&text, &size, '\0', in), 10000);
	fclose(in);
	found = strstr(text, words);
	free(text);
	ck_assert_msg(found != NULL, "docs/sentences.md has no \"%s\"", words);
}

START_TEST(every_row_is_in_the_document)
{
	for (size_t row = 0; row < n_sentences; row++)
		check_every_row_is_in_the_document(row);
}
END_TEST

static void add_tests(Suite *suite)
{
	TCase *tests = tcase_create("sentences");

	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, is_judged_as_written, 0, n_blocks / CHUNK + 1);
	tcase_add_loop_test(tests, is_judged_the_same_byte_by_byte, 0, n_blocks / CHUNK + 1);
	tcase_add_loop_test(tests, is_judged_the_same_with_carriage_returns, 0, n_blocks / CHUNK + 1);
	tcase_add_loop_test(tests, a_run_that_hears_it_agrees, 0, n_blocks / CHUNK + 1);
	tcase_add_loop_test(tests, no_beginning_of_it_says_more_than_it_has, 0, n_blocks / CHUNK + 1);
	tcase_add_test(tests, every_row_has_a_log);
	tcase_add_test(tests, every_row_is_in_the_document);
	suite_add_tcase(suite, tests);
}

int main(void)
{
	Suite *suite = suite_create("sentences");
	static glob_t files; /* static and never freed, because the blocks point to file names in it */

	read_lines(FOLDER "/preambles.txt", read_preamble_heading);
	if (glob(FOLDER "/*.txt", 0, NULL, &files) != 0)
		complain("no files", FOLDER);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		if (strcmp(files.gl_pathv[i], FOLDER "/preambles.txt"))
			read_lines(files.gl_pathv[i], read_block_heading);
	}
	if (n_blocks == 0) {
		fprintf(stderr, "%s: no blocks: run this in the top directory\n", FOLDER);
		return EXIT_FAILURE;
	}
	printf("%d sentences of firmware\n", n_blocks);
	add_tests(suite);
	return suite_run(suite);
}
