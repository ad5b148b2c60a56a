/* prefix.c - what a log line begins with: level, time and tag, as each system's logger prints them.
 *
 * Sources: espressif/esp-idf components/log/include/esp_log.h and components/log/Kconfig.format; mcu-tools/mcuboot
 * boot/espressif/hal/include/mcuboot_config/mcuboot_logging.h; zephyrproject-rtos/zephyr subsys/logging;
 * zephyrproject-rtos/hal_espressif zephyr/common/include/esp_log.h; apache/nuttx drivers/syslog/vsyslog.c;
 * espressif/arduino-esp32 cores/esp32/esp32-hal-log.h; esphome/esphome esphome/components/logger. See docs/sentences.md.
 */
#include "bootlog/reader.h"

static bool is_level(char c)
{
	return c == 'E' || c == 'W' || c == 'I' || c == 'D' || c == 'V';
}

/* Read a time in a log prefix: "1234", "00:01:30.000", "26-05-22 17:30:12.000". */
static bool prefix_read_time(struct span *s)
{
	const char *at = s->at;

	while (s->at != s->end && (span_is_digit(*s->at) ||
				   (s->at != at && (*s->at == ':' || *s->at == '.' || *s->at == '-' || *s->at == ' '))))
		s->at++;
	return s->at != at;
}

static bool is_tag_char(char c)
{
	return c > ' ' && c < 0x7f && c != ':' && c != '(' && c != ')' && c != '[' && c != ']' && c != '<' &&
	       c != '>' && c != '"';
}

/* Read a log tag and the text @end, which must stand right behind the tag. */
static bool read_tag(struct span *s, const char *end, struct span *ret)
{
	struct span t = *s;

	while (t.at != t.end && is_tag_char(*t.at))
		t.at++;
	*ret = (struct span){ s->at, t.at };
	if (t.at == s->at || !span_word(&t, end))
		return false;
	*s = t;
	return true;
}

/* Read a log prefix of ESP-IDF, or of Zephyr on Espressif's chips: "E (1234) boot: ", "E boot: ", "E (boot): ", "E: ".
 * If the start of the text line was lost, the prefix may lack its letter: "(31) boot: ". */
static bool read_idf(struct prefix *p, struct span s)
{
	bool level = is_level(*s.at);
	struct span t;

	if (level) {
		p->level = *s.at++;
		p->words = s;
		p->form = PREFIX_ZEPHYR;
		if (span_word(&p->words, ": "))
			return true;
		if (!span_char(&s, ' '))
			return false;
	}
	p->form = PREFIX_IDF;
	t = s;
	if (span_char(&t, '(')) {
		p->words = t;
		if (prefix_read_time(&t) && span_word(&t, ") "))
			s = t;
		else
			return level && read_tag(&p->words, "): ", &p->tag);
	} else if (!level) {
		return false;
	}
	if (!read_tag(&s, ":", &p->tag))
		return false;
	span_blanks(&s);
	p->words = s;
	return true;
}

/* Read a log prefix of Zephyr such as "<err> os: ". Zephyr may print a time before it, which the caller has read. */
static bool read_zephyr(struct prefix *p, struct span s)
{
	static const char *const levels[] = { "<err> ", "<wrn> ", "<inf> ", "<dbg> ", NULL };
	int level = span_any(&s, levels);

	if (level < 0)
		return false;
	p->form = PREFIX_ZEPHYR;
	p->level = "EWID"[level];
	(void)read_tag(&s, ": ", &p->tag);
	p->words = s;
	return true;
}

/* Read "[...]"; @ret is the text between the brackets. */
static bool prefix_read_brackets(struct span *s, struct span *ret)
{
	struct span t = *s;

	if (!span_char(&t, '['))
		return false;
	ret->at = t.at;
	while (t.at != t.end && *t.at != ']')
		t.at++;
	ret->end = t.at;
	if (!span_char(&t, ']'))
		return false;
	*s = t;
	return true;
}

static bool is_chip_word(struct span word)
{
	return span_word(&word, "esp32");
}

/* Is @word the level in a log prefix of MCUboot, as ERR is in "[esp32] [ERR] "? If so, note the level. */
static bool is_mcuboot(struct prefix *p, struct span word)
{
	static const char *const levels[] = { "ERR", "WRN", "INF", "DBG", NULL };
	int level = span_len(word) == 3 ? span_any(&word, levels) : -1;

	if (level >= 0)
		p->level = "EWID"[level];
	return level >= 0;
}

/* Is @word one that NuttX or Zephyr prints in brackets: a time, "CPU0", or a level such as "ALERT"? */
static bool is_system_word(struct span word)
{
	static const char *const levels[] = {
		"EMERG", "ALERT", "CRIT", "ERROR", "WARN", "NOTICE", "INFO", "DEBUG", NULL
	};
	struct span t;

	span_blanks(&word); /* NuttX pads its levels with blanks: "[ EMERG]" */
	t = word;
	if (span_any(&t, levels) >= 0)
		return t.at == t.end;
	if (span_word(&t, "CPU"))
		return t.at != t.end && span_is_digit(*t.at);
	return prefix_read_time(&t) && (t.at == t.end || *t.at == ',');
}

/* Can @c begin what loggers print in square brackets: a time, "esp32", "CPU0" or a level? */
static bool may_be_bracketed(char c)
{
	return span_is_digit(c) || c == ' ' || c == 'e' || (c >= 'A' && c <= 'W');
}

/* Read a log prefix that begins with a bracket: Zephyr's "[00:00:00.123,000] ", MCUboot's "[esp32] [ERR] [boot] ",
 * NuttX's "[    0.150000] [CPU0] [ALERT] ", the Arduino core's "[   123][E][file.cpp:45] fn(): ", or ESPHome's
 * "[E][tag:123]: ". */
static bool read_bracketed(struct prefix *p, struct span s)
{
	struct span word;
	bool close = false, mcuboot = false, others = true, named = false;
	int words = 0;

	if (!may_be_bracketed(s.at[1]))
		return false;
	while (words < 4 && prefix_read_brackets(&s, &word)) {
		words++;
		if (span_len(word) == 1 && is_level(*word.at)) {
			p->level = *word.at;
			p->form = PREFIX_APP;
		} else if (!mcuboot && is_mcuboot(p, word)) {
			mcuboot = true;
		} else if (mcuboot || p->form == PREFIX_APP) {
			p->tag = word;
		} else {
			others &= words > 1 || is_system_word(word) || is_chip_word(word);
			named |= is_chip_word(word);
		}
		close = s.at != s.end && *s.at == '[';
		if (!close && !span_char(&s, ' '))
			break;
		if (read_zephyr(p, s))
			return true;
	}
	if (p->form == PREFIX_APP) {
		(void)span_char(&s, ':');
		span_blanks(&s);
	} else if (words == 0 || close || !others || (named && !mcuboot)) {
		return false;
	} else {
		p->form = mcuboot && named ? PREFIX_MCUBOOT : PREFIX_OTHER;
	}
	p->words = s;
	return true;
}

void prefix_skip_function(struct prefix *p)
{
	struct span s = p->words, t = s, tag;

	if (p->form != PREFIX_NONE && p->form != PREFIX_OTHER && p->form != PREFIX_ZEPHYR)
		return;
	while (t.at != t.end && ((*t.at >= 'a' && *t.at <= 'z') || *t.at == '_' || span_is_digit(*t.at)))
		t.at++;
	if (t.at == s.at || !read_tag(&s, ": ", &tag) || tag.end != t.at)
		return;
	p->function = true;
	p->words = s;
}

/* Read the log prefix "FATAL: ", which Zephyr printed until 2019. */
static bool read_fatal(struct prefix *p, struct span s)
{
	if (!span_word(&s, "FATAL: "))
		return false;
	p->form = PREFIX_ZEPHYR;
	p->level = 'E';
	p->words = s;
	return true;
}

static bool read_by_first_letter(struct prefix *p, struct span line)
{
	switch (*line.at) {
	case '[': return read_bracketed(p, line);
	case 'E':
	case 'W':
	case 'I':
	case 'D':
	case 'V':
	case '(': return read_idf(p, line);
	case '<': return read_zephyr(p, line);
	case 'F': return read_fatal(p, line);
	default: return false;
	}
}

void prefix_read(struct prefix *ret, struct span line)
{
	*ret = (struct prefix){ .words = line };
	if (span_len(line) < 4)
		return;
	if (read_by_first_letter(ret, line))
		span_blanks(&ret->words);
	else
		*ret = (struct prefix){ .words = line };
}
