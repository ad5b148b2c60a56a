/* decode.c - the verdict on a captured boot log, from a file or a pipe, no hardware. */
#include "cli/decode.h"

#include <errno.h>
#include <fcntl.h>
#include <iconv.h>
#include <string.h>
#include <unistd.h>

#include "bootlog/bootwords.h"
#include "report/clean.h"
#include "report/json.h"

struct decode {
	const char *file;	/* as given; "-" for standard input */
	enum report_mode mode;
	bool quiet;
	struct bootlog log;
	unsigned long number;	/* of the boot that is not printed yet */
	bool any_boot;
	bool panic_before;	/* the application's last words were a panic */
	bool boot_is_warm;
};

/* -------------------------------------------------------------------------------------------------
 * Lines
 */

static void put_text(const char *text)
{
	char clean[2048];

	clean_terminal(clean, sizeof(clean), text, strlen(text));
	fputs(clean, stdout);
}

static void text_boot(const struct decode *d, const struct boot *boot)
{
	const char *trouble = bootwords_trouble(boot);
	char line[BOOTWORDS_MAX];

	put_text(d->file);
	printf(":%lu: ", boot->line);
	bootwords_print(boot, d->boot_is_warm, line, sizeof(line));
	put_text(line);
	if (trouble[0]) {
		fputs("; \"", stdout);
		put_text(trouble);
		putchar('"');
	}
	if (bootwords_advice(boot, d->boot_is_warm))
		printf("; %s", bootwords_advice(boot, d->boot_is_warm));
	putchar('\n');
}

static void json_of_boot(const struct decode *d, const struct boot *boot)
{
	struct boot said = *boot;
	json_t *event;

	said.advice = bootwords_advice(boot, d->boot_is_warm);
	event = json_boot(&said, -1, bootwords_temperature(boot, d->boot_is_warm));

	if (event) {
		json_object_set_new(event, "port", json_null());
		json_object_set_new(event, "file", json_clean(d->file));
		json_object_set_new(event, "line", json_integer((json_int_t)boot->line));
	}
	json_line(event);
}

static void put_boot(struct decode *d, const struct boot *boot)
{
	if (!d->any_boot || d->quiet)
		return;
	if (d->mode == REPORT_JSON)
		json_of_boot(d, boot);
	else
		text_boot(d, boot);
}

static void on_event(void *user, const struct boot_event *event)
{
	struct decode *d = user;
	const struct boot *boot = bootlog_boot(&d->log);

	if (boot && (!d->any_boot || boot->number != d->number)) {
		put_boot(d, bootlog_boot_before(&d->log));
		d->any_boot = true;
		d->number = boot->number;
		d->boot_is_warm = d->panic_before;
		d->panic_before = false;
	}
	if (event->kind == BOOT_EVENT_TROUBLE && event->trouble == BOOT_CRASH)
		d->panic_before = true;
}

/* -------------------------------------------------------------------------------------------------
 * The result
 */

static const char *why(enum verdict verdict, const struct boot *boot)
{
	if (verdict == VERDICT_UNPROVEN)
		return "; nothing shows that an image was loaded from flash";
	if (verdict == VERDICT_CRASHED && boot->trouble != BOOT_CRASH)
		return "; it crashed or was reset by a watchdog before";
	return "";
}

static void print_result(const struct decode *d, enum verdict verdict, const struct boot *boot,
			 char *buf, size_t cap)
{
	const char *trouble = boot ? bootwords_trouble(boot) : "";
	char line[BOOTWORDS_MAX];

	if (verdict == VERDICT_SILENT) {
		snprintf(buf, cap, "the log is empty");
	} else if (!boot) {
		snprintf(buf, cap,
			 verdict == VERDICT_GARBLED
				 ? "unreadable: recorded at another speed than it was sent?"
				 : "no boot in it: nothing that an ESP's ROM prints");
	} else {
		bootwords_print(boot, false, line, sizeof(line));
		snprintf(buf, cap, "%s%s%s%s; line %lu%s%s", line, trouble[0] ? "; \"" : "",
			 trouble, trouble[0] ? "\"" : "", boot->line,
			 d->log.boots > 1 ? ", the last boot that decides" : "",
			 why(verdict, boot));
	}
}

static const char *advice_for(enum verdict verdict, const struct boot *boot)
{
	if (verdict == VERDICT_GARBLED)
		return "record it again: 74880 Bd reads an ESP8266's ROM, 115200 most others";
	if (verdict == VERDICT_SILENT)
		return "nothing was recorded: wiring, power, cable, speed";
	if (verdict == VERDICT_FLASH_BOOT)
		return NULL;
	return boot ? bootwords_advice(boot, false) : NULL;
}

static void json_of_result(const struct decode *d, enum verdict verdict, const struct boot *boot,
			   const char *text)
{
	const struct verdict_info *info = verdict_info(verdict);
	const char *advice = advice_for(verdict, boot);
	json_t *result = json_pack(
		"{s:i, s:s, s:n, s:o, s:s, s:i, s:o, s:o, s:o, s:o, s:n, s:n, s:[], s:n, s:n, s:n, "
		"s:n, s:n, s:n, s:n, s:n, s:n, "
		"s:n, s:n, s:o, s:n, s:[]}",
		"schema", 1, "event", "result", "port", "file", json_clean(d->file), "verdict",
		info->word, "exit_status", info->status, "text", json_clean(text), "chip",
		json_or_null(boot ? bootwords_name(boot) : NULL),
		"reset_cause", json_number_or_null(boot ? boot->cause : -1), "boot_mode",
		json_number_or_null(boot ? boot->mode : -1), "reset_by", "reset", "evidence",
		"attempts", "boot_ms", "up_ms", "total_ms", "baud", "crystal_mhz", "sequence",
		"sequence_from", "proof", "match", "ota", "advice", json_clean(advice), "holder",
		"recovered");

	json_line(result);
}

static int put_result(struct decode *d)
{
	const struct boot *boot;
	enum verdict verdict = bootlog_verdict(&d->log, &boot);
	const struct verdict_info *info = verdict_info(verdict);
	const char *advice = advice_for(verdict, boot);
	char text[1024];

	print_result(d, verdict, boot, text, sizeof(text));
	if (d->quiet)
		return info->status;
	if (d->mode == REPORT_JSON) {
		json_of_result(d, verdict, boot, text);
		return info->status;
	}
	put_text(d->file);
	printf(": %s: ", info->word);
	put_text(text);
	putchar('\n');
	fflush(stdout);
	if (advice) {
		char clean[512];

		clean_terminal(clean, sizeof(clean), d->file, strlen(d->file));
		fprintf(stderr, "espreset: %s: %s\n", clean, advice);
	}
	return info->status;
}

/* -------------------------------------------------------------------------------------------------
 * Reading
 */

/* What a terminal that thinks in GBK makes of rubbish are Chinese characters. The C library knows them in the other
 * direction only (musl), so that the table is turned around: when the first such character comes. */
static void fill_gbk(uint16_t *table)
{
	iconv_t cd = iconv_open("UTF-16LE", "GBK");

	if (cd == (iconv_t)-1)
		return;		/* a C library without GBK: such logs stay garbled */
	for (unsigned int code = 0x8140; code < 0xff00; code++) {
		char in[2] = { (char)(code >> 8), (char)code }, *from = in;
		unsigned char out[8];
		char *to = (char *)out;
		size_t left = 2, room = sizeof(out);

		if ((code & 0xff) < 0x40 || (code & 0xff) == 0x7f || (code & 0xff) == 0xff)
			continue;
		(void)iconv(cd, NULL, NULL, NULL, NULL);
		if (iconv(cd, &from, &left, &to, &room) != (size_t)-1 && left == 0 &&
		    room == sizeof(out) - 2)
			table[out[0] | out[1] << 8] = (uint16_t)code;
	}
	(void)iconv_close(cd);
}

uint16_t decode_gbk(unsigned long character)
{
	static uint16_t table[65536];
	static bool filled;

	if (!filled)
		fill_gbk(table);
	filled = true;
	return character < 65536 ? table[character] : 0;
}

static int read_all(struct decode *d, int fd)
{
	static char buf[65536];
	ssize_t n;

	for (;;) {
		n = read(fd, buf, sizeof(buf));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		bootlog_feed(&d->log, buf, (size_t)n, 0, on_event, d);
	}
	bootlog_flush(&d->log, 0, on_event, d);
	return 0;
}

static int complain(const char *file, int err)
{
	clean_line(stderr, "espreset: %s: %s", file, strerror(err));
	/* A name that is wrong is the caller's; the rest is this system's. */
	return verdict_info(err == EIO || err == ENOMEM ? VERDICT_INTERNAL : VERDICT_USAGE)->status;
}

/* A result that did not go out is none. */
static int flush_output(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	if (errno != EPIPE)
		fprintf(stderr, "espreset: standard output: %s\n", strerror(errno));
	return -1;
}

int decode_run(const char *file, enum report_mode mode, bool quiet)
{
	static struct decode d;
	bool is_stdin = !file || !strcmp(file, "-");
	int fd = is_stdin ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY), r;

	d = (struct decode){ .file = is_stdin ? "-" : file, .mode = mode, .quiet = quiet };
	if (fd < 0)
		return complain(d.file, errno);
	bootlog_init(&d.log, &(struct bootlog_options){
		.recover_74880 = true, .strip_timestamps = true, .mangled = true, .gbk = decode_gbk,
	});
	r = read_all(&d, fd);
	if (!is_stdin)
		(void)close(fd);
	if (r < 0)
		return complain(d.file, -r);
	put_boot(&d, bootlog_boot(&d.log));
	r = put_result(&d);
	return flush_output() < 0 ? verdict_info(VERDICT_INTERNAL)->status : r;
}
