/* trouble.c - finds the sentences that say what went wrong, where the program that has them prints them.
 *
 *	trouble_line()			a line that is none of the ROM's own forms
 *		prefix_read()		level and tag of a log line
 *		find_row()		the row of sentences.c that fits: form, prefix, and how far the boot has come
 *		take_row()		what it shows
 *	trouble_other()			any other line: is a report of a crash over?
 *	trouble_restart()		a boot begins: was it a crash that ended the one before?
 */
#include "bootlog/reader.h"

#include "bootlog/sentences.h"

#define NO_CHANCE 12	/* so many characters of text in a row are not by chance */
#define OTHER_LINES_MAX 3	/* a report is over after so many lines that are no part of it */
#define SAVED_LINES_MAX 12	/* one of an earlier run has a heading of many kinds of lines */

/* ---- forms ---- */

struct pattern {
	const struct bootlog *log;
	bool whole;		/* the line is at its end */
	bool any_number;
	unsigned long number;	/* the first one */
};

static bool is_like(struct pattern *p, struct span s, const char *form);

/* "%s", "%w": the shortest text behind which the rest of the form fits */
static bool is_like_text(struct pattern *p, struct span s, const char *form, bool blanks)
{
	while (s.at != s.end && (blanks || *s.at != ' ')) {
		s.at++;
		if (is_like(p, s, form))
			return true;
	}
	return false;
}

/* At the line's end, or where a paste has marked the sentence: more words would make it another one. */
static bool ends_there(const struct pattern *p, struct span rest, bool or_log)
{
	span_blanks(&rest);
	if (rest.at == rest.end)	/* copied, a log may lack its last line end */
		return p->whole || (or_log && p->log->options.pasted);
	return *rest.at != ' ' && bootlog_ends(p->log, rest, p->whole);
}

static bool read_number(struct pattern *p, struct span *s, bool hex)
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

static bool is_like(struct pattern *p, struct span s, const char *form)
{
	for (; *form; form++) {
		if (form[0] == '$' && !form[1])
			return ends_there(p, s, false);
		if (*form != '%') {
			if (!span_char(&s, *form))
				return false;
			continue;
		}
		form++;
		if (*form == '$')
			return ends_there(p, s, true);
		if (*form == 's' || *form == 'w')
			return is_like_text(p, s, form + 1, *form == 's');
		if (!read_number(p, &s, *form == 'x'))
			return false;
	}
	return true;
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
	case PREFIX_IDF:
		return stage2_is_loader(p->tag);
	case PREFIX_ZEPHYR:
	case PREFIX_MCUBOOT:
		return p->tag.at == p->tag.end || stage2_is_loader(p->tag);
	default:
		return false;
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
	case BY_PANIC:
		return p->form == PREFIX_NONE && !p->function;
	case BY_LOADER:	/* every line of ESP-IDF's bootloader has a prefix, unless somebody has cut it off */
		return p->form == PREFIX_NONE ? !p->function && !log->boot.spoke : is_loader_prefix(p);
	case BY_MCUBOOT:
		return p->form == PREFIX_NONE || p->form == PREFIX_OTHER || is_loader_prefix(p);
	case BY_SYSTEM:
		return p->form != PREFIX_APP;
	case BY_TAG:
		return has_tag(p, row->tag) && p->form != PREFIX_NONE;
	}
	return false;
}

static bool is_time(const struct bootlog *log, const struct sentence *row)
{
	const struct boot *boot = &log->boot;

	switch (row->when) {
	case ANY_TIME:
		return true;
	case BEFORE_LOAD:
		return boot->progress < BOOT_LOADED;
	case BEFORE_APP:
		return boot->progress < BOOT_APP;
	case ON_ESP8266:
		return boot->chip == CHIP_ESP8266 || boot->chip == CHIP_UNKNOWN;
	}
	return false;
}

struct match {
	const struct sentence *row;
	unsigned long number;
	bool glued;		/* behind other text */
};

static bool find_row(const struct bootlog *log, struct span s, const struct prefix *p, bool whole, struct match *ret)
{
	unsigned int i = s.at != s.end && (unsigned char)*s.at < 128 ? log->row_first[(unsigned char)*s.at] : 0;

	for (; i; i = log->row_next[i - 1]) {
		const struct sentence *row = &sentences[i - 1];
		struct pattern pattern = { .log = log, .whole = whole };

		if (!is_like(&pattern, s, row->form) || !is_by(log, row, p) || !is_time(log, row))
			continue;
		*ret = (struct match){ .row = row, .number = pattern.number };
		return true;
	}
	return false;
}

/* A panic's first words behind other text */
static bool find_anywhere(const struct bootlog *log, struct span s, bool whole, struct match *ret)
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
	struct match match;

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
	static const char *const words[] = { "ast ", "atest ", "revious", "PREVIOUS", "ecovered", "aved", "tored", " # " };

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
	if ((p->form == PREFIX_NONE || (p->form == PREFIX_IDF && !is_loader_prefix(p))) && log->boot.progress >= BOOT_LOADED)
		log->boot.spoke = true;
	/* A line that no loader prints: another image was good. */
	if (log->boot.suspect_text[0] && log->boot.progress >= BOOT_LOADED && !is_loader_prefix(p))
		log->boot.suspect_text[0] = '\0';
	if (span_len(s) >= NO_CHANCE && !log->dirty && !log->boot.copying && log->boot.heard == BOOT_HEARD_PLAIN)
		log->boot.eboot_waits = false;	/* what it said before it loaded the application is lost */
	if (!(r->part || r->alive || r->saved) || is_report_line(s))
		return;
	if (r->alive && has_tag(p, "task_wdt"))
		r->others = 0;
	else if (++r->others >= (r->saved ? SAVED_LINES_MAX : OTHER_LINES_MAX))
		report_over(log);
}

static void emit_crash(struct bootlog *log, const struct match *match, struct span s)
{
	if (log->report.heading)	/* the words that follow say more */
		log->boot.trouble = BOOT_OK;
	report_over(log);
	log->report.heading = match->row->what == SAYS_HEADING;
	log->boot.detail = log->boot.trouble == BOOT_OK ? match->number : log->boot.detail;
	bootlog_emit_trouble(log, BOOT_CRASH, s, match->row->reason);
}

/* The report that was begun is one. */
static void confirm(struct bootlog *log)
{
	struct bootlog_report r = log->report;
	struct span s = { r.text, r.text + strlen(r.text) };

	report_over(log);
	bootlog_emit_trouble(log, BOOT_CRASH, s, r.reason);
}

/* A second part of another kind, or more of the report behind a panic that has cut a line, shows that it is a report. */
static void take_part(struct bootlog *log, const struct match *match, struct span s)
{
	struct bootlog_report *r = &log->report;
	unsigned int part = (unsigned int)(match->row - sentences) + 1;

	r->others = r->saved && span_has(s, "<<<stack<<<") ? SAVED_LINES_MAX - OTHER_LINES_MAX : 0;
	if (r->saved || r->alive || log->boot.trouble == BOOT_CRASH) {
		text_line(log, s);
	} else if (r->part && r->part != part) {
		confirm(log);
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
		confirm(log);
}

void trouble_restart(struct bootlog *log)
{
	report_over(log);
}

/* ---- what a sentence shows ---- */

static void take_suspect(struct bootlog *log, const struct match *match, struct span s)
{
	struct boot *boot = &log->boot;

	if (bootlog_in_rom(log) && boot->number > 0) {	/* the ROM's own check of signatures: its last words decide */
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

	if (boot->progress < BOOT_LOADED || boot->progress >= BOOT_APP || boot->chip == CHIP_ESP8266 || boot->number == 0 || log->boot.spoke)
		return false;
	return !span_has(s, "Core  ") && !span_has(s, "unhandled");
}

static void take_row(struct bootlog *log, const struct match *match, struct span s)
{
	struct bootlog_report *r = &log->report;

	switch (match->row->what) {
	case SAYS_NO_IMAGE:
		take_no_image(log, match->row->reason, match->number, s);
		return;
	case SAYS_SUSPECT:
		take_suspect(log, match, s);
		return;
	case SAYS_RESTART:
		log->boot.announced_restart = true;
		log->history.explained = true;
		bootlog_progress(log, BOOT_STAGE2, s);
		return;
	case SAYS_LOADER_DIED:
		if (is_loaders_death(log, s)) {
			take_no_image(log, REASON_LOADER_DIED, 0, s);
			return;
		}
		break;
	case SAYS_ROM_FATAL:
		log->history.rom_fatal = true;
		if (log->boot.chip != CHIP_ESP8266 && is_loaders_death(log, s)) {
			take_no_image(log, REASON_LOADER_DIED, 0, s);
			return;
		}
		break;
	case SAYS_PART:
		take_part(log, match, s);
		return;
	case SAYS_DETAIL:
		if (r->part)
			break;
		text_line(log, s);
		return;
	case SAYS_END:
		if (r->part)
			confirm(log);
		else
			take_part(log, match, s);
		return;
	case SAYS_ALIVE:
	case SAYS_SAVED:
		report_over(log);
		r->alive = match->row->what == SAYS_ALIVE;
		r->saved = !r->alive;
		text_line(log, s);
		return;
	case SAYS_NOTHING:
		text_line(log, s);
		return;
	case SAYS_HEADING:
	case SAYS_CRASH:
		break;
	}
	if (r->saved)
		text_line(log, s);
	else if (match->glued)
		take_part(log, match, s);
	else
		emit_crash(log, match, s);
}

static bool is_harmless(char level)
{
	return level == 'I' || level == 'D' || level == 'V';
}

/* Behind "function: ", as NuttX writes it */
static void find_behind_function(const struct bootlog *log, const struct prefix *prefix, bool whole, struct match *ret)
{
	struct prefix p;

	if (prefix->words.at == prefix->words.end || *prefix->words.at < '_' || *prefix->words.at > 'z')
		return;
	p = *prefix;
	prefix_skip_function(&p);
	if (p.function)
		(void)find_row(log, p.words, &p, whole, ret);
}

bool trouble_line(struct bootlog *log, struct span s, const struct prefix *prefix, bool at_start, bool whole)
{
	struct match match = { 0 };

	/* A log line that is neither error nor warning tells of no trouble, but for what cuts it or announces a restart. */
	if (at_start && prefix->form != PREFIX_NONE && is_harmless(prefix->level) && !(log->pairs & (PAIR_PANIC | PAIR_PIECE)))
		return false;
	if (at_start && !find_row(log, prefix->words, prefix, whole, &match))
		find_behind_function(log, prefix, whole, &match);
	if (!match.row && (!(log->pairs & PAIR_PANIC) || !find_anywhere(log, s, whole, &match)))
		return false;
	/* A program may say so before it restarts; only a log that begins there has lost a panic. */
	if (match.row->what == SAYS_END && !log->report.part && (log->boot.number > 0 || log->readable > 0))
		return false;
	take_row(log, &match, s);
	return true;
}
