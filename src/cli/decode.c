/* decode.c - the verdict on a captured boot log, from a file or a pipe, no hardware. */
#include "cli/decode.h"

#include <errno.h>
#include <fcntl.h>
#include <iconv.h>
#include <string.h>
#include <unistd.h>

#include "bootlog/bootwords.h"
#include "cli/paste.h"
#include "report/clean.h"
#include "report/report.h"

struct decode {
	const char *file;	/* as given; "-" for standard input */
	struct report report;
	struct paste paste;
	struct bootlog log;
	unsigned long number;	/* of the boot that is not printed yet */
	bool any_boot;
	bool panic_before;	/* the application's last words were a panic */
	bool boot_is_warm;	/* they were so before the boot that is not printed yet */
};

static void decode_put_boot(struct decode *d, const struct boot *boot)
{
	if (d->any_boot)
		report_log_boot(&d->report, d->file, boot, d->boot_is_warm);
}

static void decode_on_event(void *user, const struct boot_event *event)
{
	struct decode *d = user;
	const struct boot *boot = bootlog_boot(&d->log);

	if (boot && (!d->any_boot || boot->number != d->number)) {
		decode_put_boot(d, bootlog_boot_before(&d->log));
		d->any_boot = true;
		d->number = boot->number;
		d->boot_is_warm = d->panic_before;
		d->panic_before = false;
	}
	if (event->kind == BOOT_EVENT_TROUBLE && event->trouble == BOOT_CRASH)
		d->panic_before = true;
	if (event->kind == BOOT_EVENT_BANNER || event->kind == BOOT_EVENT_FRAGMENT)
		paste_banner(&d->paste, event->line, event->len, boot ? boot->chip : CHIP_UNKNOWN);
}

static void decode_on_piece(void *user, const char *text, size_t n, const struct wrongbaud_symbol *heard, size_t n_heard)
{
	struct decode *d = user;

	if (heard)
		bootlog_feed_heard(&d->log, text, n, heard, n_heard, 0, decode_on_event, d);
	else
		bootlog_feed(&d->log, text, n, 0, decode_on_event, d);
}

/* -------------------------------------------------------------------------------------------------
 * The result
 */

static const char *decode_why(enum verdict verdict, const struct boot *boot)
{
	if (verdict == VERDICT_UNPROVEN)
		return "; nothing shows that an image was loaded from flash";
	if (verdict == VERDICT_CRASHED && boot->trouble != BOOT_CRASH)
		return "; it crashed or was reset by a watchdog before";
	return "";
}

static void decode_print_text(const struct decode *d, enum verdict verdict, const struct boot *boot, char *buf,
			      size_t cap)
{
	const char *trouble = boot ? bootwords_trouble(boot) : "";
	char words[BOOTWORDS_MAX];

	if (verdict == VERDICT_SILENT) {
		snprintf(buf, cap, "the log is empty");
	} else if (!boot) {
		snprintf(buf, cap, verdict == VERDICT_GARBLED ? "unreadable: recorded at another speed than it was sent?"
							      : "no boot in it: nothing that an ESP's ROM prints");
	} else {
		bootwords_print(boot, false, words, sizeof(words));
		snprintf(buf, cap, "%s%s%s%s; line %lu%s%s", words, trouble[0] ? "; \"" : "", trouble,
			 trouble[0] ? "\"" : "", boot->line,
			 d->log.boots > 1 ? ", the last boot that decides" : "", decode_why(verdict, boot));
	}
}

static const char *decode_advice(enum verdict verdict, const struct boot *boot)
{
	if (verdict == VERDICT_GARBLED)
		return "record it again: 74880 Bd reads an ESP8266's ROM, 115200 most others";
	if (verdict == VERDICT_SILENT)
		return "nothing was recorded: wiring, power, cable, speed";
	if (verdict == VERDICT_FLASH_BOOT)
		return NULL;
	return boot ? bootwords_advice(boot, false) : NULL;
}

static enum verdict decode_put_result(struct decode *d)
{
	const struct boot *boot;
	enum verdict verdict = bootlog_verdict(&d->log, &boot);
	char text[sizeof(((struct session_result *)NULL)->text)];
	struct report_result result;

	decode_print_text(d, verdict, boot, text, sizeof(text));
	report_result_init(&result, verdict, text, decode_advice(verdict, boot));
	result.of_log = true;
	result.session.any_boot = boot != NULL;
	if (boot)
		result.session.boot = *boot;
	report_result(&d->report, d->file, &result);
	return verdict;
}

/* -------------------------------------------------------------------------------------------------
 * Reading
 */

/* What a terminal that thinks in GBK makes of rubbish are Chinese characters. The C library knows them in the other
 * direction only (musl), so that the table is turned around: when the first such character comes. */
static void decode_fill_gbk(uint16_t *table)
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
		decode_fill_gbk(table);
	filled = true;
	return character < 65536 ? table[character] : 0;
}

static int decode_read_all(struct decode *d, int fd)
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
		paste_feed(&d->paste, buf, (size_t)n, decode_on_piece, d);
	}
	paste_flush(&d->paste, decode_on_piece, d);
	bootlog_flush(&d->log, 0, decode_on_event, d);
	return 0;
}

static int decode_complain(const char *file, int err)
{
	clean_line(stderr, "espreset: %s: %s", file, strerror(err));
	/* A name that is wrong is the caller's; the rest is this system's. */
	return verdict_info(err == EIO || err == ENOMEM ? VERDICT_INTERNAL : VERDICT_USAGE)->status;
}

int decode_run(const struct request *request)
{
	static struct decode d;
	const char *file = request->file ? request->file : "-";
	bool is_stdin = strcmp(file, "-") == 0;
	int fd = is_stdin ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY), r;
	enum verdict verdict;

	d = (struct decode){ .file = file };
	report_init(&d.report, request->quiet ? REPORT_QUIET : request->json ? REPORT_JSON : REPORT_TEXT, false);
	if (fd < 0)
		return decode_complain(d.file, errno);
	bootlog_init(&d.log, &(struct bootlog_options){
		.recover_74880 = true, .pasted = true,
	});
	paste_init(&d.paste, decode_gbk);
	r = decode_read_all(&d, fd);
	if (!is_stdin)
		(void)close(fd);
	if (r < 0)
		return decode_complain(d.file, -r);
	decode_put_boot(&d, bootlog_boot(&d.log));
	verdict = decode_put_result(&d);
	/* A result that did not go out is none. */
	return verdict_info(report_end(&d.report) < 0 ? VERDICT_INTERNAL : verdict)->status;
}
