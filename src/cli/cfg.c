/* cfg.c - reads custom_hard_reset_sequence from the text of an esptool.cfg. */
#include "cli/cfg.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define NAME "custom_hard_reset_sequence"

struct cfg_reader {
	struct sequence *ret;
	char *err;
	size_t cap;
	int line;
	bool any_section, in_esptool, had_esptool, any_option, in_sequence, found;
};

struct cfg_text {
	const char *at;
	size_t n;
};

static int cfg_complain(struct cfg_reader *r, const char *why)
{
	snprintf(r->err, r->cap, "line %d: %s", r->line, why);
	return -EINVAL;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct cfg_text cfg_trim(struct cfg_text s)
{
	while (s.n && is_blank(s.at[0])) {
		s.at++;
		s.n--;
	}
	while (s.n && is_blank(s.at[s.n - 1]))
		s.n--;
	return s;
}

static bool is_name(struct cfg_text s)
{
	if (s.n != strlen(NAME))
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (tolower((unsigned char)s.at[i]) != NAME[i])
			return false;
	}
	return true;
}

static int take_section(struct cfg_reader *r, struct cfg_text s)
{
	if (s.n < 3 || s.at[s.n - 1] != ']')
		return cfg_complain(r, "a section must be [name]");
	r->any_section = true;
	r->any_option = r->in_sequence = false;
	r->in_esptool = s.n == strlen("[esptool]") && memcmp(s.at, "[esptool]", s.n) == 0;
	if (r->in_esptool && r->had_esptool)
		return cfg_complain(r, "section [esptool] stands there twice");
	r->had_esptool |= r->in_esptool;
	return 0;
}

static int take_sequence(struct cfg_reader *r, struct cfg_text value)
{
	char text[SEQUENCE_TEXT_MAX], why[160], all[224];

	if (r->found)
		return cfg_complain(r, NAME " stands there twice");
	if (value.n >= sizeof(text))
		return cfg_complain(r, NAME " is too long");
	memcpy(text, value.at, value.n);
	text[value.n] = '\0';
	if (sequence_parse(text, r->ret, why, sizeof(why)) < 0) {
		snprintf(all, sizeof(all), NAME " %s", why);
		return cfg_complain(r, all);
	}
	if (r->ret->observes) /* names are ours, not esptool's */
		return cfg_complain(r, NAME " wants commands such as D0|R1|W0.1|R0");
	if (sequence_boots_download(r->ret))
		return cfg_complain(r, NAME " ends reset with GPIO0 low: the board would come up in download mode");
	r->found = true;
	return 0;
}

static int take_option(struct cfg_reader *r, struct cfg_text s)
{
	size_t name = 0;
	struct cfg_text value;

	if (!r->any_section)
		return cfg_complain(r, "stands before any [section]");
	while (name < s.n && s.at[name] != '=' && s.at[name] != ':')
		name++;
	if (name == s.n || name == 0)
		return cfg_complain(r, "want name = value");
	r->any_option = true;
	r->in_sequence = r->in_esptool && is_name(cfg_trim((struct cfg_text){ s.at, name }));
	value = cfg_trim((struct cfg_text){ s.at + name + 1, s.n - name - 1 });
	return r->in_sequence ? take_sequence(r, value) : 0;
}

static int cfg_take_line(struct cfg_reader *r, struct cfg_text raw)
{
	struct cfg_text s = cfg_trim(raw);
	bool indented = raw.n && (raw.at[0] == ' ' || raw.at[0] == '\t');

	for (size_t i = 0; i < raw.n; i++) {
		if (((unsigned char)raw.at[i] < 0x20 && !is_blank(raw.at[i])) || raw.at[i] == 0x7f)
			return cfg_complain(r, "holds a control character");
	}
	if (!s.n || s.at[0] == '#' || s.at[0] == ';')
		return 0;
	if (indented && r->any_option)
		return r->in_sequence ? cfg_complain(r, NAME " goes over more than one line") : 0;
	return s.at[0] == '[' ? take_section(r, s) : take_option(r, s);
}

int cfg_parse(const char *text, size_t n, struct sequence *ret, char *err, size_t cap)
{
	struct sequence sequence;
	struct cfg_reader r = { .ret = &sequence, .err = err, .cap = cap };
	const char *end = text + n;

	if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		text += 3;
	while (text < end) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));

		r.line++;
		if (!stop)
			stop = end;
		if (cfg_take_line(&r, (struct cfg_text){ text, (size_t)(stop - text) }) < 0)
			return -EINVAL;
		text = stop < end ? stop + 1 : end;
	}
	if (!r.had_esptool)
		return CFG_NO_SECTION;
	if (!r.found)
		return CFG_NO_SEQUENCE;
	*ret = sequence;
	return CFG_SEQUENCE;
}
