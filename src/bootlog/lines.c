/* lines.c - finds banners in a text line, and passes each part of the text line to the file that can read it. */
#include "bootlog/reader.h"

/* Does the text at @s begin with words of a banner? They may be the banner's first words, or words from its middle if
 * its beginning is damaged. */
static bool is_anchor(struct span s)
{
	if (span_len(s) < 6)
		return false;
	switch (*s.at) {
	case 'e': return !memcmp(s.at, "ets J", 5) || !memcmp(s.at, "etsJan", 6);
	case 'E': return !memcmp(s.at, "ESP-RO", 6);
	case 'S': return !memcmp(s.at, "SP-ROM", 6);
	case 'r': return !memcmp(s.at, "rst:0x", 6) || !memcmp(s.at, "rst: 0", 6) || !memcmp(s.at, "rst ca", 6);
	case 's': return !memcmp(s.at, "st:0x", 5);
	case 'b': return span_len(s) > 14 && !memcmp(s.at, "boot mode:(", 11);
	default: return false;
	}
}

static const char *find_anchor(struct span s)
{
	for (; span_len(s) >= 6; s.at++) {
		if (is_anchor(s))
			return s.at;
	}
	return NULL;
}

static bool is_word(char c)
{
	return span_is_letter(c) || span_is_digit(c) || c == '_';
}

/* Is the word before @at "ld", or does it contain a digit, as 0x4010f000 does? The ROM ends lines with such words, so a
 * copied log may have lost a line end here. The loop stays inside the text: it stops at the blank or colon that the ROM
 * prints before each number. */
static bool is_behind_number(const char *at)
{
	if (at[-1] == 'd' && at[-2] == 'l')
		return true;
	while (is_word(at[-1]) && !span_is_digit(at[-1]))
		at--;
	return span_is_digit(at[-1]);
}

bool bootlog_ends(const struct bootlog *log, struct span rest, bool whole)
{
	if (rest.at == rest.end)
		return whole;
	if (span_is_blank(rest) || is_anchor(rest)) /* a reset may have cut the ROM's line off: then a banner follows */
		return true;
	if (*rest.at != '\t' && ((unsigned char)*rest.at < ' ' || (unsigned char)*rest.at >= 0x7f))
		return true; /* unreadable bytes follow: the sender has changed its baud rate */
	if (!log->options.pasted)
		return false;
	return strchr(" \t`\"'*<&\\", *rest.at) || (is_behind_number(rest.at) && !is_word(*rest.at));
}

/* clang-format off */
static const char *const beginnings[] = {
	"ets Jan  8 2013,rst", "ets Jun  8 2016", "ets Jul 29 2019", "ESP-ROM:esp", "rst:0x", "load 0x4010", "load:0x4",
	"load:0x3", "entry 0x40", "csum 0x", "chksum 0x", "~ld", "wdt reset", "waiting for ", "Guru Meditation",
	"Fatal exception ", "Exception (", "abort() was", "configsip: ", "SPIWP:0x",
};
/* clang-format on */

/* Can this unfinished text line become a line of a ROM or of a panic? */
static bool is_beginning(struct span s)
{
	for (size_t i = 0; i < ARRAY_SIZE(beginnings); i++) {
		if (span_len(s) >= 3 && span_len(s) <= strlen(beginnings[i]) &&
		    !memcmp(s.at, beginnings[i], span_len(s)))
			return true;
	}
	return false;
}

/* Is this the rest of a segment line whose beginning was lost while the port changed its baud rate? */
static bool is_half_load(const struct bootlog *log, struct span s)
{
	return log->half && log->joined && !span_has(s, "rst") && !span_has(s, "mode") &&
	       (span_has(s, ", len ") || span_has(s, "room ") || span_has(s, "ksum 0x") || span_has(s, "oad 0x"));
}

/* Called for a text line that eboot has not printed. If the text line begins with '@', but not with "@cp:", the '@' was
 * not eboot's either: no copy of an update is running. */
static void end_eboot(struct bootlog *log, struct span s)
{
	if (log->eboot == EBOOT_LOADS)
		log->eboot = EBOOT_NO;
	if (log->eboot != EBOOT_AT || log->done != 1 || span_len(s) < 3 || span_word(&s, "cp:"))
		return;
	log->eboot = EBOOT_UNSURE;
	log->boot.copying = log->boot.eboot_waits = false;
}

/* Read text that is no part of a banner. @whole: the text line is complete. */
static void read_rest(struct bootlog *log, struct span s, bool at_start, bool whole)
{
	struct prefix prefix;

	s = span_trim(s);
	if (s.at == s.end)
		return;
	if (esp8266_like_last_words(log, s, whole)) {
		log->eboot = EBOOT_UNSURE;
		bootlog_fragment(log, s);
		return;
	}
	if (log->eboot == EBOOT_MAY_SPEAK)
		log->eboot = esp8266_may_be_version(log, s) ? EBOOT_UNSURE : EBOOT_NO;
	prefix_read(&prefix, s);
	/* An unfinished text line may report a failure, but does not prove that the boot has got further. So only a
	 * whole text line is passed to stage2_line(). */
	if (trouble_line(log, s, &prefix, at_start, whole) || (at_start && whole && stage2_line(log, s, &prefix)))
		return;
	if (is_half_load(log, s)) {
		text_line(log, s);
		return;
	}
	if (fragment_anywhere(log, s, whole) || (!whole && (is_beginning(s) || stage2_unfinished(log, s)))) {
		bootlog_fragment(log, s);
		return;
	}
	if (whole) {
		trouble_other(log, s, &prefix);
		if (log->eboot >= EBOOT_AT)
			end_eboot(log, s);
	}
	text_line(log, s);
}

/* Is this part of an ESP8266's banner of which another part is lost? The ROM prints "rst cause" right behind a ','. An
 * application that reports its last reset prints no ',' there. */
static bool is_torn(struct span s, const char *line)
{
	return span_word(&s, "ets Jan") || (s.at > line && s.at[-1] == ',' && span_word(&s, "rst cause"));
}

/* Begin a boot whose banner lacks its middle or its end. Reset cause and boot source stay unknown. */
static void read_torn(struct bootlog *log, struct span s)
{
	log->head.valid = false;
	bootlog_begin_boot(log);
	log->boot.chip = CHIP_ESP8266;
	bootlog_fragment(log, s);
}

/* Does an application quote a banner, behind its own log prefix? If the first line of a banner came before, the ROM
 * itself has printed the "rst:" at @s. */
static bool is_quoted_banner(const struct bootlog *log, struct span s, const char *text)
{
	struct prefix p;

	if (log->head.valid || (*s.at != 'r' && *s.at != 's'))
		return false;
	prefix_read(&p, (struct span){ text, s.at });
	return p.form != PREFIX_NONE;
}

static void take_head(struct bootlog *log, const struct bootlog_head *head, struct span line)
{
	log->head = *head;
	log->head.valid = true;
	log->head.begin_ms = log->line_begin_ms;
	log->head.line = log->line_number;
	if (!(log->begun && log->boot.announced_restart))
		bootlog_fragment(log, line);
}

/* Read a banner, or the first line of a banner, at @s. If there is one, read the text between @text and the banner
 * first. Return the banner's end; NULL: no banner. */
static const char *read_anchor(struct bootlog *log, struct span s, const char *text, bool at_start)
{
	struct boot boot;
	struct bootlog_head head;
	const char *begin = s.at, *end;
	bool torn = false;

	if (is_quoted_banner(log, s, text))
		return NULL;
	end = esp8266_banner(&boot, s, text, &begin);
	if (!end && (*s.at == 'r' || *s.at == 's'))
		end = esp32_banner(&boot, s, log->head.valid ? &log->head : NULL, &torn);
	if (!end && (end = esp32_head(&head, s))) {
		read_rest(log, (struct span){ text, s.at }, at_start, true);
		take_head(log, &head, (struct span){ s.at, end });
		return end;
	}
	if (!end && log->options.pasted)
		end = esp8266_damaged_banner(&boot, s, text, &begin);
	if (end) {
		read_rest(log, (struct span){ text, begin }, at_start, true);
		bootlog_take_banner(log, &boot, (struct span){ begin, end }, torn);
	}
	return end;
}

/* Read a line of a ROM at the start of a text line. Return the end of the ROM's line; NULL: no ROM prints this text. */
static const char *read_start(struct bootlog *log, struct span s, bool whole)
{
	const char *end;

	span_blanks(&s);
	if (s.at == s.end)
		return s.end;
	if (*s.at == '[' ||
	    (s.end - s.at > 2 && s.at[1] == ' ' && s.at[2] == '(')) /* a log prefix, which no ROM prints */
		return NULL;
	end = esp8266_line(log, s, whole);
	return end ? end : esp32_line(log, s, whole);
}

/* Can this text line contain a banner? If it can, log->pairs has a bit of PAIR_ANCHOR. Only a copied log may have lost
 * the first letter of "rst:0x", which sets this bit: so look for "st:0x" there. */
static bool may_have_anchor(const struct bootlog *log, struct span s)
{
	return log->pairs & PAIR_ANCHOR || (log->options.pasted && span_word(&s, "st:0x"));
}

/* Does a log line of ESP-IDF begin here, such as "E (123) boot: "? */
static bool is_log_line(struct span s)
{
	return span_len(s) > 4 && strchr("EWIDV", s.at[0]) && s.at[1] == ' ' && s.at[2] == '(' &&
	       span_is_digit(s.at[3]);
}

/* Read the text behind the ROM's words in a line of a copied log. If the log has lost its line ends, this text may be
 * several text lines of the board: read them one by one. */
static void read_rests(struct bootlog *log, struct span s, bool whole)
{
	struct span t = s;

	for (; t.at != t.end; t.at++) {
		if (t.at == s.at || t.at[-1] != ' ' || !(is_log_line(t) || trouble_begins(log, t)))
			continue;
		read_rest(log, (struct span){ s.at, t.at }, true, true);
		s.at = t.at;
	}
	read_rest(log, s, true, whole);
}

static void read_span(struct bootlog *log, struct span s, bool at_start, bool whole)
{
	const char *text = s.at, *anchor, *end, *torn = NULL;
	struct span rest = s;

	while (!span_is_blank((struct span){ text, s.end })) {
		end = at_start ? read_start(log, (struct span){ text, s.end }, whole) : NULL;
		while (!end && may_have_anchor(log, rest) && (anchor = find_anchor(rest))) {
			struct span t = { anchor, s.end };

			end = read_anchor(log, t, text, at_start);
			if (!end && !torn && is_torn(t, text))
				torn = anchor;
			rest.at = anchor + 1;
		}
		if (!end)
			break;
		text = rest.at = end;
		at_start = true;
		torn = NULL;
	}
	rest = (struct span){ text, torn ? torn : s.end };
	if (text != s.at && log->options.pasted)
		read_rests(log, rest, whole);
	else
		read_rest(log, rest, at_start, whole);
	if (torn)
		read_torn(log, (struct span){ torn, s.end });
}

void lines_read(struct bootlog *log, bool whole)
{
	struct span s = { log->text + log->done, log->text + log->len };

	if (!span_is_blank(s))
		read_span(log, s, !log->continued || log->eboot == EBOOT_AT, whole);
	text_flush_garbage(log);
}

void lines_read_banner(struct bootlog *log)
{
	struct span s = { log->text + log->done, log->text + log->len };
	const char *anchor, *begin;
	struct boot boot;
	bool torn = false;

	if (!(log->pairs & PAIR_ANCHOR) || span_len(s) < 20)
		return;
	for (struct span rest = s; (anchor = find_anchor(rest)); rest.at = anchor + 1) {
		struct span t = { anchor, s.end };
		const char *end = esp8266_banner(&boot, t, s.at, &begin);

		if (!end && *anchor == 'r')
			end = esp32_banner(&boot, t, log->head.valid ? &log->head : NULL, &torn);
		if (end == s.end && !is_quoted_banner(log, t, s.at) && !(*anchor == 'r' && torn)) {
			read_span(log, s, !log->continued, true);
			log->done = log->len;
			return;
		}
	}
}
