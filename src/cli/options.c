/* options.c - the command line: one table of options, parsed strictly into a struct request. */
#include "cli/options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define DURATION_MAX_MS (24 * 3600 * 1000)

/* What an option means something in; elsewhere it is refused. */
enum { ANY = ~0, RESET = 1 << MODE_RESET, WIRING = 1 << MODE_PROBE_WIRING };

static const struct option_row table[] = {
	{ "port", 'p', "PORT", NULL, ANY, "the same as the argument" },
	{ "chip", 'c', "CHIP", "auto", RESET, "the chip expected; another one is wrong-chip" },
	{ "baud", 'b', "N", "115200", RESET | WIRING, "the speed the application speaks" },
	{ "crystal", 0, "MHZ", "26", RESET | WIRING, "ESP8266: 26, or 40 for boards whose banner is always at 115200" },
	{ "sequence", 0, "SEQ", "rts", RESET, "rts, both, or esptool's language: D0|R1|W0.1|R0" },
	{ "hold", 0, "T", "20ms, 100ms, 500ms", RESET, "how long reset is held" },
	{ "attempts", 0, "N", "3", RESET, "resets made at most" },
	{ "timeout", 't', "T", "10; 60 with a condition or --probe-wiring", RESET | WIRING,
	  "for the verdict, without --wait" },
	{ "wait", 'w', "T", "3", RESET | WIRING, "how long a missing or busy PORT may take; 0 fails at once" },
	{ "settle", 0, "T", "1", RESET, "no restart, panic or watchdog for so long after the load" },
	{ "no-reset", 0, NULL, NULL, RESET, "make no pulse: judge the next hardware reset, whoever makes it" },
	{ "no-lock", 0, NULL, NULL, RESET | WIRING, "do not lock the port (a wrapper already did)" },
	{ "recover", 0, NULL, NULL, RESET, "a stalled bridge or silent board: reopen, USB reset, power cycle" },
	{ "expect", 'e', "ERE", NULL, RESET, "wait for a line that matches; repeatable, all must come" },
	{ "fail-on", 0, "ERE", NULL, RESET, "a line that matches ends it; repeatable" },
	{ "print-match", 0, NULL, NULL, RESET, "print group 1 of the first match, and nothing else" },
	{ "firmware", 0, "NAME", NULL, RESET, "wait for what this firmware prints when it is up; list: the names" },
	{ "ota", 0, "HOST[:PORT]", NULL, RESET, "wait until the OTA service listens; @: the address in a match" },
	{ "ota-dry-run", 0, "HOST", NULL, RESET, "ask an ESP8266 with ArduinoOTA whether it would take an update" },
	{ "if-needed", 0, NULL, NULL, RESET, "with --ota-dry-run: no reset if it would" },
	{ "state-file", 0, "FILE", NULL, RESET, "write the result there as JSON, by rename" },
	{ "capture", 0, "FILE", NULL, RESET | WIRING, "write every received byte there, raw" },
	{ "json", 'j', NULL, NULL, ANY, "JSON Lines on standard output" },
	{ "quiet", 'q', NULL, NULL, ANY, "nothing but usage errors" },
	{ "verbose", 'v', NULL, NULL, ANY, "each attempt and banner on standard error" },
	{ "decode", 0, NULL, NULL, ANY, "the verdict on a captured boot log" },
	{ "list", 'l', NULL, NULL, ANY, "boards and bridges that are plugged in" },
	{ "diagnose", 0, NULL, NULL, ANY, "what is wrong with a port, and the cure" },
	{ "probe-wiring", 0, NULL, NULL, ANY, "which line resets this board" },
	{ "enroll", 0, NULL, NULL, ANY, "the udev rule that makes a board NAME" },
	{ "help", 'h', NULL, NULL, ANY, "this text" },
	{ "version", 'V', NULL, NULL, ANY, "the version" },
	{ NULL, 0, NULL, NULL, 0, NULL },
};

#define ROWS (sizeof(table) / sizeof(table[0]) - 1)
#define LONG_BASE 256	/* getopt_long()'s value for row i is LONG_BASE + i */

struct complaint {
	char *text;
	size_t cap;
};

const struct option_row *options_table(void)
{
	return table;
}

static int complain(struct complaint *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int complain(struct complaint *c, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(c->text, c->cap, format, args);
	va_end(args);
	return -EINVAL;
}

int options_duration(const char *text, int *ret_ms)
{
	long long us = 0, unit = 1000000;
	const char *p = text;
	bool any = false;

	for (; isdigit((unsigned char)*p); p++, any = true) {
		us = us * 10 + (*p - '0') * 1000000LL;
		if (us > DURATION_MAX_MS * 1000000LL)
			return -EINVAL;
	}
	if (*p == '.') {
		for (p++; isdigit((unsigned char)*p); p++, any = true) {
			unit /= 10;
			us += (*p - '0') * unit;
		}
	}
	if (!any)
		return -EINVAL;
	if (strcmp(p, "ms") == 0)
		us = (us + 999) / 1000;
	else if (*p && strcmp(p, "s") != 0)
		return -EINVAL;
	us = (us + 999) / 1000;
	if (us > DURATION_MAX_MS)
		return -EINVAL;
	*ret_ms = (int)us;
	return 0;
}

static int duration(const char *name, const char *text, int min_ms, int max_ms, int *ret_ms, struct complaint *c)
{
	int ms;

	if (options_duration(text, &ms) < 0)
		return complain(c, "--%s '%s': want a time such as 3, 0.5s or 20ms", name, text);
	if (ms < min_ms || ms > max_ms)
		return complain(c, "--%s '%s': want %g to %g seconds", name, text, min_ms / 1000.0, max_ms / 1000.0);
	*ret_ms = ms;
	return 0;
}

static int number(const char *name, const char *text, int min, int max, int *ret, struct complaint *c)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(text, &end, 10);
	if (!isdigit((unsigned char)text[0]) || *end || errno || n < min || n > max)
		return complain(c, "--%s '%s': want a whole number from %d to %d", name, text, min, max);
	*ret = (int)n;
	return 0;
}

static int chip(const char *text, enum chip *ret, struct complaint *c)
{
	char names[256] = "";

	*ret = chip_by_name(text);
	if (*ret != CHIP_UNKNOWN || strcmp(text, "auto") == 0)
		return 0;
	for (int i = 0; i < CHIP_COUNT; i++) {
		size_t used = strlen(names);

		if (chip_name((enum chip)i))
			snprintf(names + used, sizeof(names) - used, " %s", chip_name((enum chip)i));
	}
	return complain(c, "--chip '%s': want auto or one of%s", text, names);
}

static int sequence(const char *text, struct request *o, struct complaint *c)
{
	char why[160];

	if (sequence_parse(text, &o->session.sequence, why, sizeof(why)) < 0)
		return complain(c, "--sequence '%s': %s", text, why);
	o->sequence_given = true;
	return 0;
}

static int append(const char *name, const char *text, const char **list, size_t max, size_t *n, struct complaint *c)
{
	if (*n == max)
		return complain(c, "--%s '%s': more than %zu are not taken", name, text, max);
	list[(*n)++] = text;
	return 0;
}

static int add_port(const char *text, struct request *o, struct complaint *c)
{
	if (!text[0])
		return complain(c, "PORT is empty; want a path such as /dev/ttyUSB0");
	return append("port", text, o->ports, REQUEST_PORTS_MAX, &o->n_ports, c);
}

static int crystal(const char *text, struct request *o, struct complaint *c)
{
	if (strcmp(text, "26") != 0 && strcmp(text, "40") != 0)
		return complain(c, "--crystal '%s': want 26 or 40", text);
	o->session.crystal_mhz = text[0] == '2' ? 26 : 40;
	return 0;
}

static bool is(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

/* Options with an argument that is a number, a time or a name. */
static int take_value(const char *name, char *arg, struct request *o, struct complaint *c)
{
	struct session_config *s = &o->session;

	if (is(name, "port"))
		return add_port(arg, o, c);
	if (is(name, "chip"))
		return chip(arg, &s->chip, c);
	if (is(name, "baud"))
		return number(name, arg, 300, 4000000, &s->baud, c);
	if (is(name, "crystal"))
		return crystal(arg, o, c);
	if (is(name, "sequence"))
		return sequence(arg, o, c);
	if (is(name, "hold"))
		return duration(name, arg, 1, 10000, &s->hold_ms, c);
	if (is(name, "attempts"))
		return number(name, arg, 1, 20, &s->attempts, c);
	if (is(name, "timeout"))
		return duration(name, arg, 100, DURATION_MAX_MS, &s->timeout_ms, c);
	if (is(name, "wait"))
		return duration(name, arg, 0, DURATION_MAX_MS, &o->wait_ms, c);
	if (is(name, "settle"))
		return duration(name, arg, 0, 3600000, &s->settle_ms, c);
	if (is(name, "expect"))
		return append(name, arg, o->expect, REQUEST_PATTERNS_MAX, &o->n_expect, c);
	if (is(name, "fail-on"))
		return append(name, arg, o->fail_on, REQUEST_PATTERNS_MAX, &o->n_fail_on, c);
	return complain(c, "--%s: not handled", name);
}

static const char **text_of(const char *name, struct request *o)
{
	if (is(name, "firmware"))
		return &o->firmware;
	if (is(name, "ota"))
		return &o->ota;
	if (is(name, "ota-dry-run"))
		return &o->ota_dry_run;
	if (is(name, "state-file"))
		return &o->state_file;
	if (is(name, "capture"))
		return &o->capture;
	return NULL;
}

static bool *flag_of(const char *name, struct request *o)
{
	if (is(name, "no-reset"))
		return &o->session.no_reset;
	if (is(name, "no-lock"))
		return &o->no_lock;
	if (is(name, "recover"))
		return &o->recover;
	if (is(name, "print-match"))
		return &o->print_match;
	if (is(name, "if-needed"))
		return &o->if_needed;
	if (is(name, "json"))
		return &o->json;
	if (is(name, "quiet"))
		return &o->quiet;
	if (is(name, "verbose"))
		return &o->verbose;
	return NULL;
}

static const struct { const char *name; enum request_mode mode; } modes[] = {
	{ "decode", MODE_DECODE }, { "list", MODE_LIST }, { "diagnose", MODE_DIAGNOSE },
	{ "probe-wiring", MODE_PROBE_WIRING }, { "enroll", MODE_ENROLL },
};

#define MODES (sizeof(modes) / sizeof(modes[0]))

static int set_mode(const char *name, enum request_mode mode, struct request *o, struct complaint *c)
{
	for (size_t i = 0; i < MODES; i++) {
		if (modes[i].mode == o->mode && o->mode != mode)
			return complain(c, "--%s does not go with --%s", name, modes[i].name);
	}
	o->mode = mode;
	return 0;
}

static int take_mode(const char *name, struct request *o, struct complaint *c)
{
	for (size_t i = 0; i < MODES; i++) {
		if (is(name, modes[i].name))
			return set_mode(name, modes[i].mode, o, c);
	}
	return complain(c, "--%s: not handled", name);
}

static int take(const struct option_row *row, char *arg, struct request *o, struct complaint *c)
{
	const char **text = text_of(row->name, o);
	bool *flag = flag_of(row->name, o);

	if (text) {
		if (!arg[0])
			return complain(c, "--%s: the argument is empty", row->name);
		*text = arg;
		return 0;
	}
	if (flag) {
		*flag = true;
		return 0;
	}
	return row->argument ? take_value(row->name, arg, o, c) : take_mode(row->name, o, c);
}

static bool is_given(const bool *given, const char *name)
{
	for (size_t i = 0; i < ROWS; i++) {
		if (is(table[i].name, name))
			return given[i];
	}
	return false;
}

/* What would be over before it can be done: else the run would end in a verdict that blames the board or its driver. */
static int check_times(const struct request *o, const bool *given, struct complaint *c)
{
	const struct sequence *sequence = &o->session.sequence;
	bool hold_given = is_given(given, "hold");
	int hold_ms = hold_given ? o->session.hold_ms : 0;

	for (size_t i = 0; i < sequence->n && !sequence->observes; i++)
		hold_ms += sequence->steps[i].hold_ms;
	if (hold_ms >= o->session.timeout_ms)
		return complain(c, "--%s lasts %g s: give a longer --timeout than %g s",
				hold_given ? "hold" : "sequence",
				hold_ms / 1000.0, o->session.timeout_ms / 1000.0);
	if (is_given(given, "settle") && o->session.settle_ms >= o->session.timeout_ms)
		return complain(c, "--settle lasts %g s: give a longer --timeout than %g s",
				o->session.settle_ms / 1000.0, o->session.timeout_ms / 1000.0);
	return 0;
}

/* An option that would be ignored was meant for something else. */
static int check_mode(const struct request *o, const bool *given, struct complaint *c)
{
	for (size_t m = 0; m < MODES; m++) {
		for (size_t i = 0; modes[m].mode == o->mode && i < ROWS; i++) {
			if (given[i] && !(table[i].modes & 1 << o->mode))
				return complain(c, "--%s does not go with --%s", table[i].name, modes[m].name);
		}
	}
	return 0;
}

/* What does not go together, and what needs what. */
static int check_together(struct request *o, const bool *given, struct complaint *c)
{
	bool hold_given = is_given(given, "hold");

	if (o->session.no_reset &&
	    (o->sequence_given || hold_given || is_given(given, "attempts") || o->if_needed || o->recover))
		return complain(c, "--no-reset makes no pulse: it does not go with --sequence, --hold, --attempts, "
				"--if-needed or --recover");
	if (hold_given && !o->session.sequence.observes)
		return complain(c, "--hold does not go with a written-out --sequence: its W are the holds");
	if (o->if_needed && !o->ota_dry_run)
		return complain(c, "--if-needed needs --ota-dry-run HOST");
	if (o->if_needed && (o->n_expect || o->n_fail_on || o->firmware || o->ota))
		return complain(c, "--if-needed does not go with --expect, --fail-on, --firmware or --ota: without a reset "
				"they are not waited for");
	if (o->ota_dry_run && o->session.chip != CHIP_UNKNOWN && o->session.chip != CHIP_ESP8266)
		return complain(c, "--ota-dry-run is for an ESP8266: it does not go with --chip %s",
				chip_name(o->session.chip));
	if (o->ota_dry_run && o->n_ports > 1)
		return complain(c, "--ota-dry-run is for one PORT: one board's answer says nothing of another");
	if (o->print_match && !o->n_expect && !o->firmware)
		return complain(c, "--print-match needs --expect or --firmware");
	if (o->print_match && (o->json || o->n_ports > 1))
		return complain(c, "--print-match is for one PORT, and does not go with --json");
	if (o->ota && is(o->ota, "@") && !o->n_expect && !o->firmware)
		return complain(c, "--ota @ needs a match to take the address from: --firmware or --expect with a group");
	if (o->capture && o->n_ports > 1)
		return complain(c, "--capture is for one PORT");
	if (o->capture && o->state_file && is(o->capture, o->state_file))
		return complain(c, "--capture and --state-file name the same file");
	for (size_t i = 0; i < o->n_ports; i++) {
		for (size_t k = 0; k < i; k++) {
			if (o->mode == MODE_RESET && is(o->ports[i], o->ports[k]) &&
			    strncmp(o->ports[i], "sim:", 4) != 0)
				return complain(c, "PORT '%s' is named twice", o->ports[i]);
		}
	}
	return 0;
}

static int check_ports(struct request *o, struct complaint *c)
{
	const char *from_environment = getenv("ESPTOOL_PORT");

	if ((o->mode == MODE_ENROLL || o->mode == MODE_DIAGNOSE) && o->n_ports > 0 && strncmp(o->ports[0], "sim:", 4) == 0)
		return complain(c, "PORT '%s': a simulated board is on no port of this computer", o->ports[0]);
	switch (o->mode) {
	case MODE_ENROLL:
		return o->n_ports == 2 ? 0 : complain(c, "--enroll wants PORT NAME");
	case MODE_DECODE:
		return o->n_ports <= 1 ? 0 : complain(c, "--decode wants one FILE, or none for standard input");
	case MODE_LIST:
		return o->n_ports == 0 ? 0 : complain(c, "--list wants no PORT");
	case MODE_DIAGNOSE:
		return o->n_ports <= 1 ? 0 : complain(c, "--diagnose wants one PORT, or none");
	default:
		break;
	}
	if (o->n_ports == 0 && from_environment && from_environment[0])
		o->ports[o->n_ports++] = from_environment;
	if (o->mode == MODE_PROBE_WIRING && o->n_ports > 1)
		return complain(c, "--probe-wiring wants one PORT");
	if (o->n_ports == 0) {
		complain(c, "no PORT given, and $ESPTOOL_PORT is not set");
		return -ENOENT;
	}
	if (o->n_ports == 1 && is(o->ports[0], "sim:help"))
		o->mode = MODE_SIM_HELP;
	return 0;
}

/* What stands for a PORT in this mode: --decode has a FILE, --enroll a NAME behind it. */
static int parse_ports(struct request *o, struct complaint *c)
{
	size_t n = o->mode == MODE_DECODE ? 0 : o->mode == MODE_ENROLL ? 1 : o->n_ports;
	char why[128];

	for (size_t i = 0; i < n; i++) {
		if (spec_parse(o->ports[i], &o->specs[i], why, sizeof(why)) < 0)
			return complain(c, "PORT '%s': %s", o->ports[i], why);
	}
	return 0;
}

/* getopt_long()'s view of the table. */
static void make_getopt(struct option *longs, char *shorts)
{
	*shorts++ = ':';
	for (size_t i = 0; i < ROWS; i++) {
		longs[i] = (struct option){ table[i].name, table[i].argument ? required_argument : no_argument, NULL,
					    (int)(LONG_BASE + i) };
		if (table[i].letter) {
			*shorts++ = table[i].letter;
			if (table[i].argument)
				*shorts++ = ':';
		}
	}
	longs[ROWS] = (struct option){ NULL, 0, NULL, 0 };
	*shorts = '\0';
}

static const struct option_row *row_of(int value)
{
	if (value >= LONG_BASE)
		return &table[value - LONG_BASE];
	for (size_t i = 0; i < ROWS; i++) {
		if (table[i].letter && table[i].letter == value)
			return &table[i];
	}
	return NULL;
}

/* How many options begin so: "--s=3" */
static int begin_so(const char *text)
{
	size_t n = strcspn(text, "=");
	int found = 0;

	for (size_t i = 0; n > 2 && strncmp(text, "--", 2) == 0 && i < ROWS; i++)
		found += strncmp(table[i].name, text + 2, n - 2) == 0;
	return found;
}

static int bad_option(int value, char **argv, struct complaint *c)
{
	const struct option_row *row = optopt ? row_of(optopt) : NULL;

	if (value == ':' && row)
		return complain(c, "--%s wants an argument: %s", row->name, row->argument);
	if (row)
		return complain(c, "--%s takes no argument", row->name);
	if (optopt)
		return complain(c, "unknown option '-%c'", isprint(optopt) ? optopt : '?');
	if (begin_so(argv[optind - 1]) > 1)
		return complain(c, "option '%s' may be one of several: write more of it", argv[optind - 1]);
	return complain(c, "unknown option '%s'", argv[optind - 1]);
}

int options_parse(int argc, char **argv, struct request *ret, char *err, size_t cap)
{
	struct option longs[ROWS + 1];
	char shorts[2 * ROWS + 2];
	struct complaint c = { err, cap };
	struct request o = { .mode = MODE_RESET, .wait_ms = 3000 };
	bool given[ROWS] = { false };
	int value, r;

	session_config_init(&o.session);
	make_getopt(longs, shorts);
	opterr = 0;
	optind = 1;
	while ((value = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		const struct option_row *row = value == '?' || value == ':' ? NULL : row_of(value);

		if (!row)
			return bad_option(value, argv, &c);
		if (is(row->name, "help") || is(row->name, "version")) {
			*ret = (struct request){ .mode = row->letter == 'h' ? MODE_HELP : MODE_VERSION };
			return 0;
		}
		r = take(row, optarg, &o, &c);
		if (r < 0)
			return r;
		given[row - table] = true;
	}
	for (int i = optind; i < argc; i++) {
		r = add_port(argv[i], &o, &c);
		if (r < 0)
			return r;
	}
	if (o.firmware && is(o.firmware, "list")) {
		o.mode = MODE_FIRMWARE_LIST;
		*ret = o;
		return 0;
	}
	o.session.conditions = o.n_expect || o.n_fail_on || o.firmware || o.ota || o.ota_dry_run;
	if ((o.session.conditions || o.mode == MODE_PROBE_WIRING) && !is_given(given, "timeout"))
		o.session.timeout_ms = 60000;
	r = check_mode(&o, given, &c);
	if (r == 0)
		r = check_together(&o, given, &c);
	if (r == 0)
		r = check_times(&o, given, &c);
	if (r == 0)
		r = check_ports(&o, &c);
	if (r == 0)
		r = parse_ports(&o, &c);
	if (r == 0 || r == -ENOENT)
		*ret = o;
	return r;
}

static void print_rows(FILE *out)
{
	for (size_t i = 0; i < ROWS; i++) {
		char left[48], letter[8] = "    ";

		if (table[i].letter)
			snprintf(letter, sizeof(letter), "-%c, ", table[i].letter);
		snprintf(left, sizeof(left), "%s--%s%s%s", letter, table[i].name, table[i].argument ? " " : "",
			 table[i].argument ? table[i].argument : "");
		fprintf(out, "  %-26s %s%s%s%s\n", left, table[i].help, table[i].fallback ? " [" : "",
			table[i].fallback ? table[i].fallback : "", table[i].fallback ? "]" : "");
	}
}

void options_help(FILE *out)
{
	fputs("usage: espreset [OPTIONS] [PORT...]      reset, verify, say ready\n"
	      "       espreset --decode [FILE]          the verdict on a captured boot log, no hardware\n"
	      "       espreset --list                   boards and bridges that are plugged in, and who holds them\n"
	      "       espreset --diagnose [PORT]        what is wrong with this port and the cure\n"
	      "       espreset --probe-wiring PORT      which line resets this board; prints the --sequence to use\n"
	      "       espreset --enroll PORT NAME       the udev rule that makes this board NAME\n"
	      "\n"
	      "PORT: a tty or a link to one, usb:VID:PID[:SERIAL], usb:PLACE (usb:1-1.4), or sim:[WORDS], the simulated\n"
	      "board (sim:help lists the words). Without PORT: $ESPTOOL_PORT. Times: seconds, or 20ms, 3s.\n"
	      "\n", out);
	print_rows(out);
	fputs("\nExit status:\n", out);
	for (int i = 0; i < VERDICT_COUNT; i++) {
		const struct verdict_info *info = verdict_info((enum verdict)i);

		fprintf(out, "  %2d %-15s %s\n", info->status, info->word, info->meaning);
	}
	fputs("\nMore: man espreset\n", out);
}
