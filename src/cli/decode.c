/* decode.c - espreset --decode: the verdict on a captured boot log, from a file or a pipe.
 *
 *	file -> paste.c, which undoes what copying did -> bootlog.c -> decode_on_event() -> report.c
 */
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
	const char *file; /* FILE as the user has given it; "-": standard input */
	struct report report;
	struct paste paste;
	struct bootlog log;
	/* A boot is printed when the next boot begins. The members below describe the boot that is not printed yet. */
	unsigned long number; /* the current boot's position in the log, from 1 */
	bool any_boot;
	bool panicked;	  /* the application has panicked in the current boot */
	bool after_panic; /* the application has panicked in the boot before the current one */
};

static void decode_report_boot(struct decode *d, const struct boot *boot)
{
	if (d->any_boot)
		report_log_boot(&d->report, d->file, boot, d->after_panic);
}

static void decode_on_event(void *user, const struct boot_event *event)
{
	struct decode *d = user;
	const struct boot *boot = bootlog_boot(&d->log);

	if (boot && (!d->any_boot || boot->number != d->number)) {
		decode_report_boot(d, bootlog_boot_before(&d->log));
		d->any_boot = true;
		d->number = boot->number;
		d->after_panic = d->panicked;
		d->panicked = false;
	}
	if (event->kind == BOOT_EVENT_TROUBLE && event->trouble == BOOT_CRASH)
		d->panicked = true;
	if (event->kind == BOOT_EVENT_BANNER || event->kind == BOOT_EVENT_FRAGMENT)
		paste_banner(&d->paste, event->line, event->len, boot ? boot->chip : CHIP_UNKNOWN);
}

static void decode_on_piece(void *user, const struct bootlog_piece *piece)
{
	struct decode *d = user;

	bootlog_feed_piece(&d->log, piece, 0, decode_on_event, d);
}

/* ---- the result ---- */

/* Prints which boot of the log this is, and how many boots each reset cause has begun: ", boot 3 of 3 (1 by power or
 * reset pin, 2 by software)". */
static void decode_count(const struct bootlog *log, const struct boot *boot, char *buf, size_t cap)
{
	size_t n;

	buf[0] = '\0';
	if (bootlog_boots(log) < 2)
		return;
	n = (size_t)snprintf(buf, cap, ", boot %lu of %lu", boot->number, bootlog_boots(log));
	for (unsigned int cause = 0, any = 0; cause < BOOT_CAUSE_COUNT && n < cap; cause++) {
		unsigned int began = bootlog_began(log, (enum boot_cause)cause);

		if (began)
			n += (size_t)snprintf(buf + n, cap - n, "%s%u by %s", any++ ? ", " : " (", began,
					      bootwords_cause((enum boot_cause)cause));
	}
	if (n < cap && strchr(buf, '('))
		snprintf(buf + n, cap - n, ")");
}

/* Explains the verdict "crashed" if the last boot itself shows no crash. Names an earlier boot that shows a crash, or
 * says that the board restarts again and again. */
static void decode_why_crashed(const struct bootlog *log, char *buf, size_t cap)
{
	const struct boot *boot = bootlog_culprit(log);

	if (!boot)
		snprintf(buf, cap, "; it restarts again and again, and says nothing before it does");
	else if (boot->trouble == BOOT_CRASH)
		snprintf(buf, cap, "; it crashed before: \"%s\"", boot->trouble_text);
	else
		snprintf(buf, cap, "; it crashed before: line %lu, reset by %s", boot->line,
			 bootwords_cause(boot->cause_kind));
}

/* Explains the verdict where the description of the boot (bootwords_print()) does not explain it. */
static void decode_why(const struct bootlog *log, enum verdict verdict, const struct boot *boot, char *buf, size_t cap)
{
	buf[0] = '\0';
	if (verdict == VERDICT_CRASHED && boot->trouble != BOOT_CRASH)
		decode_why_crashed(log, buf, cap);
	else if (verdict == VERDICT_UNPROVEN)
		snprintf(buf, cap,
			 boot->copying || boot->eboot_copied ? "; eboot has not loaded the application yet"
			 : bootlog_ends_in_another(log)	     ? "; the log ends in another boot"
							     : "; nothing shows that an image was loaded from flash");
}

/* Prints the text of the result: the boot that decides the verdict, its trouble, and why this is the verdict. */
static void decode_print_text(const struct decode *d, enum verdict verdict, const struct boot *boot, char *buf,
			      size_t cap)
{
	const char *trouble = boot ? bootwords_trouble(boot) : "";
	char words[BOOTWORDS_MAX], count[160], why[160];

	if (verdict == VERDICT_SILENT) {
		snprintf(buf, cap, "the log is empty");
	} else if (!boot) {
		snprintf(buf, cap,
			 verdict == VERDICT_GARBLED ? "unreadable: recorded at another speed than it was sent?"
			 : bootlog_has_pieces(&d->log)
				 ? "only pieces of a boot: no banner, load or sentence can be read whole"
				 : "no boot in it: nothing that an ESP's ROM prints");
	} else {
		bootwords_print(boot, false, words, sizeof(words));
		decode_count(&d->log, boot, count, sizeof(count));
		decode_why(&d->log, verdict, boot, why, sizeof(why));
		snprintf(buf, cap, "%s%s%s%s; line %lu%s%s", words, trouble[0] ? "; \"" : "", trouble,
			 trouble[0] ? "\"" : "", boot->line, count, why);
	}
}

static const struct advice *decode_advice(const struct bootlog *log, enum verdict verdict, const struct boot *boot)
{
	const struct boot *culprit = bootlog_culprit(log);
	static const struct advice
		record_again = { "record-again",
				 "record it again: 74880 Bd reads an ESP8266's ROM, 115200 most others" },
		nothing_came = { "check-power", "nothing was recorded: wiring, power, cable, speed" };

	if (verdict == VERDICT_GARBLED)
		return &record_again;
	if (verdict == VERDICT_SILENT)
		return &nothing_came;
	if (verdict == VERDICT_CRASHED && boot->trouble != BOOT_CRASH && culprit)
		boot = culprit;
	return boot ? boot_advice(boot, verdict, false) : NULL;
}

static enum verdict decode_report_result(struct decode *d)
{
	const struct boot *boot;
	enum verdict verdict = bootlog_verdict(&d->log, &boot);
	char text[sizeof(((struct session_result *)NULL)->text)];
	struct report_result result;

	decode_print_text(d, verdict, boot, text, sizeof(text));
	report_result_init(&result, verdict, text, decode_advice(&d->log, verdict, boot));
	result.of_log = true;
	result.session.any_boot = boot != NULL;
	if (boot)
		result.session.boot = *boot;
	report_result(&d->report, d->file, &result);
	return verdict;
}

/* ---- reading ---- */

/* Fills the table from Unicode to GBK. A terminal set to GBK shows unreadable bytes as Chinese characters, and the
 * table turns these back into bytes. The table is made by converting all of GBK to Unicode, since musl cannot convert
 * in the other direction. */
static void decode_fill_gbk(uint16_t *table)
{
	iconv_t cd = iconv_open("UTF-16LE", "GBK");

	if (cd == (iconv_t)-1)
		return; /* the C library lacks GBK: logs from GBK terminals stay unreadable */
	for (unsigned int code = 0x8140; code < 0xff00; code++) {
		char in[2] = { (char)(code >> 8), (char)code }, *from = in;
		unsigned char out[8];
		char *to = (char *)out;
		size_t left = 2, room = sizeof(out);

		if ((code & 0xff) < 0x40 || (code & 0xff) == 0x7f || (code & 0xff) == 0xff)
			continue;
		(void)iconv(cd, NULL, NULL, NULL, NULL);
		if (iconv(cd, &from, &left, &to, &room) != (size_t)-1 && left == 0 && room == sizeof(out) - 2)
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

	while ((n = read(fd, buf, sizeof(buf))) != 0) {
		if (n > 0)
			paste_feed(&d->paste, buf, (size_t)n, decode_on_piece, d);
		else if (errno != EINTR)
			return -errno;
	}
	paste_flush(&d->paste, decode_on_piece, d);
	bootlog_flush(&d->log, 0, decode_on_event, d);
	return 0;
}

static int decode_complain(const char *file, int err)
{
	clean_line(stderr, "espreset: %s: %s", file, strerror(err));
	/* Errors other than EIO and ENOMEM mean that the user has named a wrong file. */
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
	bootlog_init(&d.log, &(struct bootlog_options){ .recover_74880 = true, .pasted = true });
	paste_init(&d.paste, decode_gbk);
	r = decode_read_all(&d, fd);
	if (!is_stdin)
		(void)close(fd);
	if (r < 0)
		return decode_complain(d.file, -r);
	decode_report_boot(&d, bootlog_boot(&d.log));
	verdict = decode_report_result(&d);
	return verdict_info(report_end(&d.report) < 0 ? VERDICT_INTERNAL : verdict)->status;
}
