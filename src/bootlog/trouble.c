/* trouble.c - finds the sentences that say what went wrong, where the program that has them prints them.
 *
 *	trouble_line()			a line that is none of the ROM's own forms
 *		prefix_read()		level and tag of a log line
 *		find_row()		the row of sentences.c that fits: form, prefix, and how far the boot has come
 *		take_row()		what it shows
 *	trouble_other()			any other line: is a report of a crash over?
 *	trouble_banner()		a banner: was it a crash that ended the boot before?
 *	trouble_restart()		a boot begins: what was begun is forgotten
 */
#include "bootlog/reader.h"

#include "bootlog/sentences.h"

#define NO_CHANCE 12	   /* so many characters of text in a row are not by chance */
#define OTHER_LINES_MAX 3  /* a report is over after so many lines that are no part of it */
#define SAVED_LINES_MAX 12 /* one of an earlier run has a heading of many kinds of lines */

/* ---- forms ---- */

struct pattern {
	const struct bootlog *log;
	bool whole; /* the line is at its end */
	bool any_number;
	unsigned long number; /* the first one */
};

/* At the line's end, or where a paste has marked the sentence: more words would make it another one. */
static bool ends_there(const struct pattern *p, struct span rest, bool or_log)
{
	span_blanks(&rest);
	if (rest.at == rest.end) /* copied, a log may lack its last line end */
		return p->whole || (or_log && p->log->options.pasted);
	return *rest.at != ' ' && bootlog_ends(p->log, rest, p->whole);
}

static bool trouble_read_number(struct pattern *p, struct span *s, bool hex)
{
	unsigned long n;
	long decimal;

	if (!hex)
		span_blanks(s);
	if (hex ? !span_hex(s, &n) : !span_dec(s, &decimal))
		return false;
	if (!p->any_number)
		p->number = hex ? n : (unsigned long)decimal;
	p->any_number = true;
	return true;
}

/* The form up to its next "%s" or "%w". Returns where it goes on; NULL: it does not fit here. */
static const char *match_part(struct pattern *p, struct span *s, const char *form)
{
	struct span t = *s;

	for (; *form; form++) {
		bool or_log = form[0] == '%' && form[1] == '$';

		if ((form[0] == '$' && !form[1]) || or_log) {
			form += or_log;
			if (!ends_there(p, t, or_log))
				return NULL;
			continue;
		}
		if (*form != '%') {
			if (!span_char(&t, *form))
				return NULL;
			continue;
		}
		if (form[1] == 's' || form[1] == 'w')
			break;
		if (!trouble_read_number(p, &t, *++form == 'x'))
			return NULL;
	}
	*s = t;
	return form;
}

/* Text of any length, and the first place behind it where the next part fits: a later one would fit no better. So a line is
 * gone through once, whatever is in it. */
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

/* ---- rows ---- */

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

static bool has_tag(const struct prefix *p, const char *tag)
{
	return span_len(p->tag) == strlen(tag) && !memcmp(p->tag.at, tag, strlen(tag));
}

static bool is_by(const struct bootlog *log, const struct sentence *row, const struct prefix *p)
{
	switch (row->by) {
	case BY_BARE:
	case BY_PANIC: return p->form == PREFIX_NONE && !p->function;
	case BY_LOADER: /* every line of ESP-IDF's bootloader has a prefix, unless somebody has cut it off */
		return p->form == PREFIX_NONE ? !p->function && !log->boot.spoke : is_loader_prefix(p);
	case BY_MCUBOOT: return p->form == PREFIX_NONE || p->form == PREFIX_OTHER || is_loader_prefix(p);
	case BY_SYSTEM: return p->form != PREFIX_APP;
	case BY_TAG: return has_tag(p, row->tag) && p->form != PREFIX_NONE;
	}
	return false;
}

static bool may_be_8266(const struct boot *boot)
{
	return boot->chip == CHIP_ESP8266 || boot->chip == CHIP_UNKNOWN;
}

static bool is_time(const struct bootlog *log, const struct sentence *row)
{
	const struct boot *boot = &log->boot;

	switch (row->when) {
	case ANY_TIME: return true;
	case BEFORE_LOAD: return boot->progress < BOOT_LOADED;
	case BEFORE_APP: return boot->progress < BOOT_APP;
	case IN_8266_LOADER: return boot->progress < BOOT_APP && may_be_8266(boot);
	case ON_ESP8266: return may_be_8266(boot);
	}
	return false;
}

struct sentence_match {
	const struct sentence *row;
	unsigned long number;
	bool glued; /* behind other text */
};

static bool find_row(const struct bootlog *log, struct span s, const struct prefix *p, bool whole,
		     struct sentence_match *ret)
{
	unsigned int i = s.at != s.end && (unsigned char)*s.at < 128 ? log->row_first[(unsigned char)*s.at] : 0;

	for (; i; i = log->row_next[i - 1]) {
		const struct sentence *row = &sentences[i - 1];
		struct pattern pattern = { .log = log, .whole = whole };

		if (!is_like(&pattern, s, row->form) || !is_by(log, row, p) || !is_time(log, row))
			continue;
		*ret = (struct sentence_match){ .row = row, .number = pattern.number };
		return true;
	}
	return false;
}

/* A panic's first words behind other text */
static bool find_anywhere(const struct bootlog *log, struct span s, bool whole, struct sentence_match *ret)
{
	static const struct prefix none;

	for (; s.at != s.end; s.at++) {
		if (!(log->pair_first[(unsigned char)*s.at] & PAIR_PANIC))
			continue;
		if (find_row(log, s, &none, whole, ret) && (ret->row->by == BY_PANIC || ret->row->by == BY_SYSTEM)) {
			ret->glued = true;
			return true;
		}
	}
	return false;
}

bool trouble_begins(const struct bootlog *log, struct span s)
{
	static const struct prefix none;
	struct sentence_match match;

	return find_row(log, s, &none, true, &match);
}

/* ---- reports of a crash ---- */

/* What is in a report beside its sentences: registers, addresses, a stack, a core dump */
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

/* Headings of reports of an earlier run are of many kinds: "Last crash: ...", "latest crash was at 1234 ms after boot". */
static bool is_saved_heading(struct span s)
{
	static const char *const words[] = {
		"ast ", "atest ", "revious", "PREVIOUS", "ecovered", "aved", "tored", " # "
	};

	if (!span_has(s, "rash") && !span_has(s, "CRASH") && !span_has(s, "xception"))
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (span_has(s, words[i]))
			return true;
	}
	return false;
}

void trouble_other(struct bootlog *log, struct span s, const struct prefix *p)
{
	struct bootlog_report *r = &log->report;

	if (log->pairs & PAIR_REPORT && is_saved_heading(s)) {
		report_over(log);
		r->saved = true;
	}
	if ((p->form == PREFIX_NONE || p->form == PREFIX_APP || (p->form == PREFIX_IDF && !is_loader_prefix(p))) &&
	    log->boot.progress >= BOOT_LOADED)
		log->boot.spoke = true;
	/* A line that no loader prints: another image was good. */
	if (log->boot.suspect_text[0] && log->boot.progress >= BOOT_LOADED && !is_loader_prefix(p))
		log->boot.suspect_text[0] = '\0';
	if (span_len(s) >= NO_CHANCE && !log->dirty && !log->boot.copying && log->boot.rx_speed == BOOT_RX_PLAIN)
		log->boot.eboot_waits = false; /* what it said before it loaded the application is lost */
	if (!(r->part || r->alive || r->saved) || is_report_line(s))
		return;
	if (r->alive && has_tag(p, "task_wdt"))
		r->others = 0;
	else if (++r->others >= (r->saved ? SAVED_LINES_MAX : OTHER_LINES_MAX))
		report_over(log);
}

static void emit_crash(struct bootlog *log, const struct sentence_match *match, struct span s)
{
	if (log->report.heading) /* the words that follow say more */
		log->boot.trouble = BOOT_OK;
	report_over(log);
	log->report.heading = match->row->what == SAYS_HEADING;
	log->boot.detail = log->boot.trouble == BOOT_OK ? match->number : log->boot.detail;
	bootlog_emit_trouble(log, BOOT_CRASH, s, match->row->reason);
}

/* The report that was begun is one. */
static void trouble_confirm_report(struct bootlog *log)
{
	struct bootlog_report r = log->report;
	struct span s = { r.text, r.text + strlen(r.text) };

	report_over(log);
	bootlog_emit_trouble(log, BOOT_CRASH, s, r.reason);
}

/* A second part of another kind, or more of the report behind a panic that has cut a line, shows that it is a report. */
static void take_part(struct bootlog *log, const struct sentence_match *match, struct span s)
{
	struct bootlog_report *r = &log->report;
	unsigned int part = (unsigned int)(match->row - sentences) + 1;

	r->others = r->saved && span_has(s, "<<<stack<<<") ? SAVED_LINES_MAX - OTHER_LINES_MAX : 0;
	if (r->saved || r->alive || log->boot.trouble == BOOT_CRASH) {
		text_line(log, s);
	} else if (r->part && r->part != part) {
		trouble_confirm_report(log);
	} else {
		if (!r->part) {
			r->part = (uint16_t)part;
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

void trouble_restart(struct bootlog *log)
{
	report_over(log);
}

/* ---- what a sentence shows ---- */

static void take_suspect(struct bootlog *log, const struct sentence_match *match, struct span s)
{
	struct boot *boot = &log->boot;

	if (bootlog_in_rom(log) && boot->number > 0) { /* the ROM's own check of signatures: its last words decide */
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

/* Handlers of the ROM and of the second stage: the application's own begin with "on core" or two blanks. */
static bool is_loaders_death(const struct bootlog *log, struct span s)
{
	const struct boot *boot = &log->boot;

	if (boot->progress < BOOT_LOADED || boot->progress >= BOOT_APP || boot->chip == CHIP_ESP8266 ||
	    boot->number == 0 || log->boot.spoke)
		return false;
	return !span_has(s, "Core  ") && !span_has(s, "unhandled");
}

/* The loader's own death, where there is no sign of an application yet */
static bool take_loaders_death(struct bootlog *log, const struct sentence_match *match, struct span s)
{
	bool rom = match->row->what == SAYS_ROM_FATAL;

	if (rom)
		log->history.rom_fatal = true;
	if (!is_loaders_death(log, s) || (rom && log->boot.chip == CHIP_ESP8266))
		return false;
	take_no_image(log, REASON_LOADER_DIED, 0, s);
	return true;
}

static void take_crash(struct bootlog *log, const struct sentence_match *match, struct span s)
{
	if (log->report.saved)
		text_line(log, s);
	else if (match->glued)
		take_part(log, match, s);
	else
		emit_crash(log, match, s);
}

/* A heading: what is below it tells of tasks that run on, or of an earlier run. */
static void take_heading(struct bootlog *log, const struct sentence_match *match, struct span s)
{
	report_over(log);
	log->report.alive = match->row->what == SAYS_ALIVE;
	log->report.saved = match->row->what == SAYS_SAVED;
	text_line(log, s);
}

static void take_row(struct bootlog *log, const struct sentence_match *match, struct span s)
{
	switch (match->row->what) {
	case SAYS_NO_IMAGE: take_no_image(log, match->row->reason, match->number, s); break;
	case SAYS_SUSPECT: take_suspect(log, match, s); break;
	case SAYS_RESTART:
		log->boot.announced_restart = true;
		log->history.explained = true;
		bootlog_progress(log, BOOT_STAGE2, s);
		break;
	case SAYS_LOADER_DIED:
	case SAYS_ROM_FATAL:
		if (!take_loaders_death(log, match, s))
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
	case SAYS_SAVED: take_heading(log, match, s); break;
	case SAYS_NOTHING: text_line(log, s); break;
	}
}

static bool is_harmless(char level)
{
	return level == 'I' || level == 'D' || level == 'V';
}

/* Behind "function: ", as NuttX writes it */
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

/* The code that checks an image before it is started is in the application, too, which checks an update by it. The second
 * stage goes on to say, by its own tag, that this image is not bootable. What came before may be no text of an
 * application's where bytes were damaged. */
static bool is_of_update(const struct bootlog *log, const struct prefix *p)
{
	return p->form == PREFIX_IDF && !has_tag(p, "boot") && log->boot.spoke && !log->garbage;
}

bool trouble_line(struct bootlog *log, struct span s, const struct prefix *prefix, bool at_start, bool whole)
{
	struct sentence_match match = { 0 };

	/* A log line that is neither error nor warning tells of no trouble, but for what cuts it or announces a restart. */
	if (at_start && prefix->form != PREFIX_NONE && is_harmless(prefix->level) &&
	    !(log->pairs & (PAIR_PANIC | PAIR_PIECE)))
		return false;
	if (at_start && !find_row(log, prefix->words, prefix, whole, &match))
		find_behind_function(log, prefix, whole, &match);
	if (!match.row && (!(log->pairs & PAIR_PANIC) || !find_anywhere(log, s, whole, &match)))
		return false;
	/* A program may say so before it restarts; only a log that begins there has lost a panic. */
	if (match.row->what == SAYS_END && !log->report.part && (log->boot.number > 0 || log->readable > 0))
		return false;
	if (match.row->what == SAYS_SUSPECT && is_of_update(log, prefix))
		return false;
	take_row(log, &match, s);
	return true;
}
