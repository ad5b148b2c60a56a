/* esptoolcfg.c - takes the reset sequence that the user has set in esptool's configuration file. */
#include "cli/esptoolcfg.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bootlog/span.h"

#define FILE_MAX 65536
#define NAME "custom_hard_reset_sequence"

/* ---- reading the text of the configuration file ---- */

struct cfg_reader {
	struct sequence *ret;
	char *err;
	size_t cap;
	int line;
	/* any_section: a section has begun. in_esptool: the current section is [esptool]. had_esptool: a section
	 * [esptool] has begun, perhaps before the current section. */
	bool any_section, in_esptool, had_esptool;
	bool any_option;  /* the current section has an option, so an indented line continues this option */
	bool in_sequence; /* the last option read is the reset sequence */
	bool found;
};

static int cfg_complain(struct cfg_reader *r, const char *what, const char *why)
{
	snprintf(r->err, r->cap, "line %d: %s%s", r->line, what, why);
	return -EINVAL;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct span cfg_trim(struct span s)
{
	while (s.at != s.end && is_blank(*s.at))
		s.at++;
	while (s.at != s.end && is_blank(s.end[-1]))
		s.end--;
	return s;
}

static int take_section(struct cfg_reader *r, struct span s)
{
	if (span_len(s) < 3 || s.end[-1] != ']')
		return cfg_complain(r, "", "a section must be [name]");
	r->any_section = true;
	r->any_option = r->in_sequence = false;
	r->in_esptool = span_word(&s, "[esptool]") && s.at == s.end;
	if (r->in_esptool && r->had_esptool)
		return cfg_complain(r, "", "section [esptool] stands there twice");
	r->had_esptool |= r->in_esptool;
	return 0;
}

static int take_sequence(struct cfg_reader *r, struct span value)
{
	char text[SEQUENCE_TEXT_MAX], why[160];

	if (r->found)
		return cfg_complain(r, NAME, " stands there twice");
	if (snprintf(text, sizeof(text), "%.*s", (int)span_len(value), value.at) >= (int)sizeof(text))
		return cfg_complain(r, NAME, " is too long");
	if (sequence_parse(text, r->ret, why, sizeof(why)) < 0)
		return cfg_complain(r, NAME " ", why);
	if (r->ret->observes) /* the value is a name such as "rts", which espreset knows, but esptool does not */
		return cfg_complain(r, NAME, " wants commands such as D0|R1|W0.1|R0");
	if (sequence_boots_download(r->ret))
		return cfg_complain(r, NAME, " ends reset with GPIO0 low: the board would come up in download mode");
	r->found = true;
	return 0;
}

static int take_option(struct cfg_reader *r, struct span s)
{
	struct span name = s;

	if (!r->any_section)
		return cfg_complain(r, "", "stands before any [section]");
	while (s.at != s.end && *s.at != '=' && *s.at != ':')
		s.at++;
	name.end = s.at;
	if (s.at == s.end || name.at == name.end)
		return cfg_complain(r, "", "want name = value");
	name = cfg_trim(name);
	s.at++;
	r->any_option = true;
	r->in_sequence = r->in_esptool && span_len(name) == strlen(NAME) && !strncasecmp(name.at, NAME, strlen(NAME));
	return r->in_sequence ? take_sequence(r, cfg_trim(s)) : 0;
}

static int cfg_take_line(struct cfg_reader *r, struct span raw)
{
	struct span s = cfg_trim(raw);

	r->line++;
	for (const char *c = raw.at; c != raw.end; c++) {
		if (((unsigned char)*c < 0x20 && !is_blank(*c)) || *c == 0x7f)
			return cfg_complain(r, "", "holds a control character");
	}
	if (s.at == s.end || *s.at == '#' || *s.at == ';')
		return 0;
	if ((*raw.at == ' ' || *raw.at == '\t') && r->any_option)
		return r->in_sequence ? cfg_complain(r, NAME, " goes over more than one line") : 0;
	return *s.at == '[' ? take_section(r, s) : take_option(r, s);
}

int cfg_parse(const char *text, size_t n, struct sequence *ret, char *err, size_t cap)
{
	struct sequence sequence;
	struct cfg_reader r = { .ret = &sequence, .err = err, .cap = cap };
	struct span rest = { text, text + n };

	(void)span_word(&rest, "\xef\xbb\xbf"); /* skip the byte order mark of UTF-8, if there is one */
	while (rest.at != rest.end) {
		const char *end = memchr(rest.at, '\n', span_len(rest));
		struct span line = { rest.at, end ? end : rest.end };

		rest.at = end ? end + 1 : rest.end;
		if (cfg_take_line(&r, line) < 0)
			return -EINVAL;
	}
	if (!r.found)
		return r.had_esptool ? CFG_NO_SEQUENCE : CFG_NO_SECTION;
	*ret = sequence;
	return CFG_SEQUENCE;
}

/* ---- finding the configuration file ---- */

/* Reads a whole regular file. Return: its length; -EISDIR: this is no regular file; -EFBIG: the buffer is too small for
 * it; other negative errno */
static ssize_t read_file(const char *path, char *buf, size_t cap)
{
	struct stat st;
	size_t used = 0;
	ssize_t n = 0;
	int fd;

	if (stat(path, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode)) /* checked before open(): to open a serial port would move its modem lines */
		return -EISDIR;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return -errno;
	while (used < cap && ((n = read(fd, buf + used, cap - used)) > 0 || (n < 0 && errno == EINTR)))
		used += n > 0 ? (size_t)n : 0;
	if (n < 0)
		n = -errno;
	(void)close(fd); /* an error does not matter: the file was only read */
	return n < 0 ? n : used == cap ? -EFBIG : (ssize_t)used;
}

/* Takes the reset sequence from the configuration file @path, if it sets one. @must_exist: a missing file is an error,
 * since the user has named it in $ESPTOOL_CFGFILE. Return: enum cfg_found, or -EINVAL */
static int try_file(struct request *o, const char *path, bool must_exist, char *err, size_t cap)
{
	static char text[FILE_MAX];
	struct sequence sequence;
	ssize_t n = read_file(path, text, sizeof(text));
	char why[256];
	int r;

	if (n < 0 && !must_exist && n != -EFBIG)
		return CFG_NO_SECTION;
	if (n < 0) {
		snprintf(err, cap, "%s: %s", path, n == -EISDIR ? "not a regular file" : strerror((int)-n));
		return -EINVAL;
	}
	r = cfg_parse(text, (size_t)n, &sequence, why, sizeof(why));
	if (r < 0) {
		snprintf(err, cap, "%s: %s", path, why);
	} else if (r == CFG_SEQUENCE && o->session.hold_ms) {
		snprintf(err, cap,
			 "--hold does not go with " NAME " of %s: its W are the holds; give --sequence rts as well",
			 path);
		r = -EINVAL;
	} else if (r == CFG_SEQUENCE) {
		o->session.sequence = sequence;
		snprintf(o->sequence_from, sizeof(o->sequence_from), "%s", path);
	}
	return r;
}

int esptoolcfg_apply(struct request *request, char *err, size_t cap)
{
	static const char *const in_home[] = { ".config/esptool/esptool.cfg", "esptool.cfg" };
	const char *named = getenv("ESPTOOL_CFGFILE"), *home = getenv("HOME");
	char path[PATH_MAX];
	int r = CFG_NO_SECTION;

	if (request->mode != MODE_RESET || request->sequence_given || request->session.no_reset)
		return 0;
	if (named && named[0])
		return try_file(request, named, true, err, cap) < 0 ? -EINVAL : 0;
	if (geteuid() != 0) /* root must not obey a file that another user may have put into the current directory */
		r = try_file(request, "esptool.cfg", false, err, cap);
	for (size_t i = 0; r == CFG_NO_SECTION && home && home[0] && i < sizeof(in_home) / sizeof(in_home[0]); i++) {
		if (snprintf(path, sizeof(path), "%s/%s", home, in_home[i]) < (int)sizeof(path))
			r = try_file(request, path, false, err, cap);
	}
	return r < 0 ? -EINVAL : 0;
}
