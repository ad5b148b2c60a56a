/* trouble.c - finds sentences that report trouble, and decides whether they count where they stand.
 *
 *	trouble_line()			called for a text line that is not the ROM's
 *		find_row()		finds the row of sentences[] that fits the line's words, its prefix and the boot
 *		take_row()		records and reports what this sentence shows
 *	trouble_other()			called for a text line without trouble: is a crash report over?
 *	trouble_banner()		called for a banner: did a crash end the previous boot?
 */
#include "bootlog/reader.h"

#include "bootlog/sentences.h"

#define NO_CHANCE 12	  /* this many printable characters in a row cannot be noise: they are text */
#define OTHER_LINES_MAX 3 /* a crash report ends after this many text lines that are not part of it */
/* The crash report of an earlier run ends after this many text lines that are not part of it. Its heading alone may
 * have several lines. */
#define SAVED_LINES_MAX 12

/* ---- does a text line match the form of a sentence? ---- */

struct pattern {
	const struct bootlog *log;
	bool whole; /* the text line is complete */
	bool any_number;
	unsigned long number; /* the first number that the text has where the form has "%d" or "%x" */
};

/* Does the sentence end where @rest begins? If more words follow, the text line is another sentence. @or_log: the
 * sentence may also end where a copied log ends, because such a log may lack its last line end. */
static bool ends_there(const struct pattern *p, struct span rest, bool or_log)
{
	span_blanks(&rest);
	if (rest.at == rest.end)
		return p->whole || (or_log && p->log->options.pasted);
	return *rest.at != ' ' && bootlog_ends(p->log, rest, p->whole);
}

static bool trouble_read_number(struct pattern *p, struct span *s, bool hex)
{
	unsigned long n;

	if (hex ? !span_hex(s, &n) : !span_scan(s, "_#", &n))
		return false;
	if (!p->any_number)
		p->number = n;
	p->any_number = true;
	return true;
}

/* Match the text at @s with @form up to the next "%s" or "%w" of @form, and move @s past the matching text. Return the
 * rest of the form; NULL: the text does not match. */
static const char *match_part(struct pattern *p, struct span *s, const char *form)
{
	struct span t = *s;

	for (; *form; form++) {
		bool or_log = form[0] == '%' && form[1] == '$';

		if ((form[0] == '$' && !form[1]) || or_log) {
			form += or_log;
			if (!ends_there(p, t, or_log))
				return NULL;
		} else if (*form != '%') {
			if (!span_char(&t, *form))
				return NULL;
		} else if (form[1] == 's' || form[1] == 'w') {
			break;
		} else if (!trouble_read_number(p, &t, *++form == 'x')) {
			return NULL;
		}
	}
	*s = t;
	return form;
}

/* Match the "%s" or "%w" that @form begins with, and the part of @form behind it. "%s" matches all text up to the first
 * place where this part matches. No later place is tried: it would not match better, and the search would take longer
 * than linear time. Return the rest of the form; NULL: the text does not match. */
static const char *match_text(struct pattern *p, struct span *s, const char *form)
{
	bool blanks = form[1] == 's';

	while (s->at != s->end && (blanks || *s->at != ' ')) {
		const char *rest;

		s->at++;
		rest = match_part(p, s, form + 2);
		if (rest)
			return rest;
	}
	return NULL;
}

static bool is_like(struct pattern *p, struct span s, const char *form)
{
	form = match_part(p, &s, form);
	while (form && *form)
		form = match_text(p, &s, form);
	return form != NULL;
}

/* ---- which row of sentences[] fits a text line? ---- */

void trouble_init(struct bootlog *log)
{
	size_t i = n_sentences;

	while (i-- > 0) {
		unsigned char c = (unsigned char)sentences[i].form[0];

		log->row_next[i] = log->row_first[c];
		log->row_first[c] = (uint16_t)(i + 1);
	}
}

static bool is_loader_prefix(const struct prefix *p)
{
	switch (p->form) {
	case PREFIX_IDF: return stage2_is_loader(p->tag);
	case PREFIX_ZEPHYR:
	case PREFIX_MCUBOOT: return p->tag.at == p->tag.end || stage2_is_loader(p->tag);
	default: return false;
	}
}

static bool is_by(const struct bootlog *log, const struct sentence *row, const struct prefix *p)
{
	switch (row->by) {
	case BY_BARE:
	case BY_PANIC: return p->form == PREFIX_NONE && !p->function;
	case BY_LOADER: /* ESP-IDF's bootloader always prints a prefix, but a person may have cut it off */
		return p->form == PREFIX_NONE ? !p->function && !log->boot.spoke : is_loader_prefix(p);
	case BY_MCUBOOT: return p->form == PREFIX_NONE || p->form == PREFIX_OTHER || is_loader_prefix(p);
	case BY_SYSTEM: return p->form != PREFIX_APP;
	case BY_TAG: return p->form != PREFIX_NONE && span_is(p->tag, row->tag);
	}
	return false;
}

static bool is_time(const struct boot *boot, const struct sentence *row)
{
	bool may_be_8266 = boot->chip == CHIP_ESP8266 || boot->chip == CHIP_UNKNOWN;

	switch (row->when) {
	case ANY_TIME: return true;
	case BEFORE_LOAD: return boot->progress < BOOT_LOADED;
	case BEFORE_APP: return boot->progress < BOOT_APP;
	case IN_8266_LOADER: return boot->progress < BOOT_APP && may_be_8266;
	case ON_ESP8266: return may_be_8266;
	}
	return false;
}

struct sentence_match {
	const struct sentence *row;
	unsigned long number;
	bool glued; /* other text stands before the sentence in its text line */
};

static bool find_row(const struct bootlog *log, struct span s, const struct prefix *p, bool whole,
		     struct sentence_match *ret)
{
	unsigned int i = s.at != s.end && (unsigned char)*s.at < 128 ? log->row_first[(unsigned char)*s.at] : 0;

	for (; i; i = log->row_next[i - 1]) {
		const struct sentence *row = &sentences[i - 1];
		struct pattern pattern = { .log = log, .whole = whole };

		if (!is_like(&pattern, s, row->form) || !is_by(log, row, p) || !is_time(&log->boot, row))
			continue;
		*ret = (struct sentence_match){ .row = row, .number = pattern.number };
		return true;
	}
	return false;
}

static const struct prefix no_prefix;

/* Find the first words of a panic anywhere in a text line: the panic may have interrupted other text. */
static bool find_anywhere(const struct bootlog *log, struct span s, bool whole, struct sentence_match *ret)
{
	for (; s.at != s.end; s.at++) {
		if (!(log->pair_first[(unsigned char)*s.at] & PAIR_PANIC))
			continue;
		if (find_row(log, s, &no_prefix, whole, ret) &&
		    (ret->row->by == BY_PANIC || ret->row->by == BY_SYSTEM)) {
			ret->glued = true;
			return true;
		}
	}
	return false;
}

bool trouble_begins(const struct bootlog *log, struct span s)
{
	struct sentence_match match;

	return find_row(log, s, &no_prefix, true, &match);
}

/* ---- crash reports ---- */

/* Is this text line part of a crash report? Lines with registers, addresses, a stack or a core dump have eight
 * hexadecimal digits in a row. */
static bool is_report_line(struct span s)
{
	int digits = 0;

	for (; s.at != s.end; s.at++) {
		bool hex = span_is_digit(*s.at) || (*s.at >= 'a' && *s.at <= 'f') || (*s.at >= 'A' && *s.at <= 'F');

		digits = hex ? digits + 1 : 0;
		if (digits == 8)
			return true;
	}
	return false;
}

static void report_over(struct bootlog *log)
{
	log->report = (struct bootlog_report){ 0 };
}

/* Is this the heading of a crash report of an earlier run: "Last crash: ...", "latest crash was at 1234 ms after
 * boot"? */
static bool is_saved_heading(struct span s)
{
	static const char *const words[] = {
		"ast ", "atest ", "revious", "PREVIOUS", "ecovered", "aved", "tored", " # ",
	};

	if (!span_has(s, "rash") && !span_has(s, "CRASH") && !span_has(s, "xception"))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (span_has(s, words[i]))
			return true;
	}
	return false;
}

/* Note in the record of the boot if this text line shows that an application runs. No ROM has printed the line. Its log
 * prefix shows whether a bootloader may have printed it. */
static void note_application(struct bootlog *log, struct span s, const struct prefix *p)
{
	bool loaded = log->boot.progress >= BOOT_LOADED, loader = is_loader_prefix(p);

	if (loaded && (p->form == PREFIX_NONE || p->form == PREFIX_APP || (p->form == PREFIX_IDF && !loader)))
		log->boot.spoke = true;
	if (loaded && !loader)
		log->boot.suspect_text[0] = '\0'; /* an application runs, so another image was good */
	if (span_len(s) >= NO_CHANCE && !log->dirty && !log->boot.copying && log->boot.rx_speed == BOOT_RX_PLAIN)
		log->boot.eboot_waits = false; /* an application runs, so eboot has loaded it */
}

void trouble_other(struct bootlog *log, struct span s, const struct prefix *p)
{
	struct bootlog_report *r = &log->report;

	if (log->pairs & PAIR_REPORT && is_saved_heading(s))
		*r = (struct bootlog_report){ .saved = true };
	note_application(log, s, p);
	if (!(r->part || r->alive || r->saved) || is_report_line(s))
		return;
	if (r->alive && span_is(p->tag, "task_wdt"))
		r->others = 0;
	else if (++r->others >= (r->saved ? SAVED_LINES_MAX : OTHER_LINES_MAX))
		report_over(log);
}

/* The sentences read so far are parts of a crash report: report a crash, described by the first of them. */
static void trouble_confirm_report(struct bootlog *log)
{
	struct bootlog_report r = log->report;

	report_over(log);
	bootlog_emit_trouble(log, BOOT_CRASH, (struct span){ r.text, r.text + strlen(r.text) }, r.reason);
}

/* Note a sentence that is often part of a crash report. One such sentence proves nothing: it may be printed without a
 * crash. But if a second such sentence follows, which matches another row of sentences[], report a crash. */
static void take_part(struct bootlog *log, const struct sentence_match *match, struct span s)
{
	struct bootlog_report *r = &log->report;
	uint16_t part = (uint16_t)(match->row - sentences + 1);

	r->others = r->saved && span_has(s, "<<<stack<<<") ? SAVED_LINES_MAX - OTHER_LINES_MAX : 0;
	if (r->saved || r->alive || log->boot.trouble == BOOT_CRASH) {
		text_line(log, s);
	} else if (r->part && r->part != part) {
		trouble_confirm_report(log);
	} else {
		if (!r->part) {
			r->part = part;
			r->reason = match->row->reason;
			span_copy(r->text, sizeof(r->text), s);
		}
		text_line(log, s);
	}
}

void trouble_banner(struct bootlog *log)
{
	if (log->report.part && !log->history.explained)
		trouble_confirm_report(log);
}

/* ---- what a sentence shows ---- */

static void take_suspect(struct bootlog *log, const struct sentence_match *match, struct span s)
{
	struct boot *boot = &log->boot;

	if (bootlog_in_rom(log) && boot->number > 0) { /* the ROM's own check: its result comes in a later line */
		bootlog_progress(log, BOOT_NOTHING, s);
		return;
	}
	stage2_tries_another(log);
	if (!boot->suspect_text[0]) {
		span_copy(boot->suspect_text, sizeof(boot->suspect_text), s);
		boot->suspect_reason = match->row->reason;
	}
	bootlog_progress(log, BOOT_STAGE2, s);
}

static void take_no_image(struct bootlog *log, enum boot_reason reason, unsigned long number, struct span s)
{
	if (log->boot.trouble == BOOT_OK)
		log->boot.detail = number;
	bootlog_emit_trouble(log, BOOT_NO_IMAGE, s, reason);
}

/* Did the second stage die, and not an application? In an application ESP-IDF's exception handler prints "Core  0" with
 * two blanks, or "unhandled". The handlers of the ROM and of the second stage print neither. */
static bool is_loaders_death(const struct bootlog *log, struct span s)
{
	const struct boot *boot = &log->boot;

	return boot->progress >= BOOT_LOADED && boot->progress < BOOT_APP && boot->chip != CHIP_ESP8266 &&
	       boot->number > 0 && !boot->spoke && !span_has(s, "Core  ") && !span_has(s, "unhandled");
}

static void take_crash(struct bootlog *log, const struct sentence_match *match, struct span s)
{
	if (log->report.saved) {
		text_line(log, s);
		return;
	}
	if (match->glued) {
		take_part(log, match, s);
		return;
	}
	if (log->report.heading) /* record this text line instead of the heading: it says more about the crash */
		log->boot.trouble = BOOT_OK;
	report_over(log);
	log->report.heading = match->row->what == SAYS_HEADING;
	if (log->boot.trouble == BOOT_OK)
		log->boot.detail = match->number;
	bootlog_emit_trouble(log, BOOT_CRASH, s, match->row->reason);
}

static void take_row(struct bootlog *log, const struct sentence_match *match, struct span s)
{
	const struct sentence *row = match->row;

	switch (row->what) {
	case SAYS_NO_IMAGE: take_no_image(log, row->reason, match->number, s); break;
	case SAYS_SUSPECT: take_suspect(log, match, s); break;
	case SAYS_RESTART:
		log->boot.announced_restart = true;
		log->history.explained = true;
		bootlog_progress(log, BOOT_STAGE2, s);
		break;
	case SAYS_LOADER_DIED:
	case SAYS_ROM_FATAL:
		log->history.rom_fatal |= row->what == SAYS_ROM_FATAL;
		if (is_loaders_death(log, s))
			take_no_image(log, REASON_LOADER_DIED, 0, s);
		else
			take_crash(log, match, s);
		break;
	case SAYS_CRASH:
	case SAYS_HEADING: take_crash(log, match, s); break;
	case SAYS_PART: take_part(log, match, s); break;
	case SAYS_DETAIL:
		if (log->report.part)
			take_crash(log, match, s);
		else
			text_line(log, s);
		break;
	case SAYS_END:
		if (log->report.part)
			trouble_confirm_report(log);
		else
			take_part(log, match, s);
		break;
	case SAYS_ALIVE:
	case SAYS_SAVED:
		log->report = (struct bootlog_report){
			.alive = row->what == SAYS_ALIVE,
			.saved = row->what == SAYS_SAVED,
		};
		text_line(log, s);
		break;
	case SAYS_NOTHING: text_line(log, s); break;
	}
}

/* Find a sentence behind the name of a function, which NuttX prints first: "function: ". */
static void find_behind_function(const struct bootlog *log, const struct prefix *prefix, bool whole,
				 struct sentence_match *ret)
{
	struct prefix p;

	if (prefix->words.at == prefix->words.end || *prefix->words.at < '_' || *prefix->words.at > 'z')
		return;
	p = *prefix;
	prefix_skip_function(&p);
	if (p.function)
		(void)find_row(log, p.words, &p, whole, ret);
}

/* Does a running application check an update here? Then the sentence does not show that a boot has failed. Application
 * and bootloader check an image with the same code, and print the same lines. But only the bootloader reports the
 * result with the log tag "boot". If bytes of the log are unreadable, it is not certain that an application runs:
 * return false. */
static bool is_of_update(const struct bootlog *log, const struct prefix *p)
{
	return p->form == PREFIX_IDF && !span_is(p->tag, "boot") && log->boot.spoke && !log->garbage;
}

static bool is_harmless(char level)
{
	return level == 'I' || level == 'D' || level == 'V';
}

bool trouble_line(struct bootlog *log, struct span s, const struct prefix *prefix, bool at_start, bool whole)
{
	struct sentence_match match = { 0 };

	/* A log line of level I, D or V reports no trouble. Search it only if a panic may have interrupted it, or if it
	 * may announce a restart. */
	if (at_start && prefix->form != PREFIX_NONE && is_harmless(prefix->level) &&
	    !(log->pairs & (PAIR_PANIC | PAIR_PIECE)))
		return false;
	if (at_start && !find_row(log, prefix->words, prefix, whole, &match))
		find_behind_function(log, prefix, whole, &match);
	if (!match.row && (!(log->pairs & PAIR_PANIC) || !find_anywhere(log, s, whole, &match)))
		return false;
	/* Ignore the last line of a crash report if no other part came before it: a program may print it when it
	 * restarts on purpose. But as the first line of a log it counts, since the parts before it may be lost. */
	if (match.row->what == SAYS_END && !log->report.part && (log->boot.number > 0 || log->readable > 0))
		return false;
	if (match.row->what == SAYS_SUSPECT && is_of_update(log, prefix))
		return false;
	take_row(log, &match, s);
	return true;
}
