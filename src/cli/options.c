/* options.c - parses the command line, by one table of options, into a struct request.
 *
 * For each option, options_read() finds its row in the table and calls the row's set(), which fills a member of
 * struct request. Then checks[] refuse combinations that make no sense. To add an option: a name in the first enum, a
 * row in the table, a member of struct request, and its default in options_parse(). The tests then demand that the
 * option is in the manual page, in the shell completion, and in samples[] of test_options.c.
 */
#include "cli/options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define DURATION_MAX_MS (24 * 3600 * 1000)
#define LONG_BASE 256 /* getopt_long() returns LONG_BASE + i for the long option in row i of option_rows[] */

/* Each name before ROWS is the index of a row of option_rows[], and the number of a bit of struct request.given. Each
 * name from ROWS on is the number of a further bit: a fact that rules[] depend on. */
/* clang-format off */
enum {
	PORT, CHIP, BAUD, CRYSTAL, SEQUENCE, HOLD, ATTEMPTS, TIMEOUT, WAIT, SETTLE, NO_RESET, NO_LOCK, RECOVER, EXPECT,
	FAIL_ON, PRINT_MATCH, FIRMWARE, OTA, OTA_DRY_RUN, IF_NEEDED, STATE_FILE, CAPTURE, JSON, QUIET, VERBOSE, DECODE,
	LIST, DIAGNOSE, PROBE_WIRING, ENROLL, HELP, VERSION, ROWS,
	SEVERAL_PORTS = ROWS, WRITTEN_SEQUENCE, OTHER_CHIP, OTA_FROM_MATCH, SAME_FILE, BITS
};
/* clang-format on */

#define BIT(n) (UINT64_C(1) << (n))
_Static_assert(BITS <= 64, "struct request.given is too small");

struct complaint {
	char *text;
	size_t cap;
};

__attribute__((format(printf, 2, 3))) static int options_complain(struct complaint *c, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(c->text, c->cap, format, args);
	va_end(args);
	return -EINVAL;
}

static bool is_same_text(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

/* ---- functions that store the argument of an option ---- */

static void *options_field(const struct option_row *row, struct request *o)
{
	return (char *)o + row->field;
}

static int options_set_flag(const struct option_row *row, const char *arg, struct request *o, struct complaint *c)
{
	(void)arg;
	(void)c;
	*(bool *)options_field(row, o) = true;
	return 0;
}

static int options_set_text(const struct option_row *row, const char *arg, struct request *o, struct complaint *c)
{
	if (!arg[0])
		return options_complain(c, "--%s: the argument is empty", row->name);
	*(const char **)options_field(row, o) = arg;
	return 0;
}

static int options_set_number(const struct option_row *row, const char *arg, struct request *o, struct complaint *c)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(arg, &end, 10);
	if (!isdigit((unsigned char)arg[0]) || *end || errno || n < row->min || n > row->max)
		return options_complain(c, "--%s '%s': want a whole number from %s", row->name, arg,
					options_range(row));
	*(int *)options_field(row, o) = (int)n;
	return 0;
}

int options_duration(const char *text, int *ret_ms)
{
	const char *unit = text + strspn(text, "0123456789.");
	char *end;
	double seconds = strtod(text, &end);

	if (unit == text || end != unit)
		return -EINVAL;
	if (is_same_text(unit, "ms"))
		seconds /= 1000;
	else if (*unit && !is_same_text(unit, "s"))
		return -EINVAL;
	if (seconds * 1000 > DURATION_MAX_MS)
		return -EINVAL;
	*ret_ms = (int)(seconds * 1000 + 0.99999); /* rounded up */
	return 0;
}

static int options_set_time(const struct option_row *row, const char *arg, struct request *o, struct complaint *c)
{
	int ms;

	if (options_duration(arg, &ms) < 0)
		return options_complain(c, "--%s '%s': want a time such as 3, 0.5s or 20ms", row->name, arg);
	if (ms < row->min || ms > row->max)
		return options_complain(c, "--%s '%s': want %s seconds", row->name, arg, options_range(row));
	*(int *)options_field(row, o) = ms;
	return 0;
}

const char *options_range(const struct option_row *row)
{
	static char text[64];

	if (row->set == options_set_time)
		snprintf(text, sizeof(text), "%g to %g", row->min / 1000.0, row->max / 1000.0);
	else
		snprintf(text, sizeof(text), "%d to %d", row->min, row->max);
	return row->set == options_set_time || row->set == options_set_number ? text : NULL;
}

/* Appends the argument of a repeatable option to the option's list in struct request. */
static int options_set_list(const struct option_row *row, const char *arg, struct request *o, struct complaint *c)
{
	const char **list = options_field(row, o);
	size_t *n = (size_t *)((char *)o + row->count);

	if (*n == (size_t)row->max)
		return options_complain(c, "--%s '%s': more than %d are not taken", row->name, arg, row->max);
	list[(*n)++] = arg;
	return 0;
}

static int options_set_port(const struct option_row *row, const char *arg, struct request *o, struct complaint *c)
{
	if (!arg[0])
		return options_complain(c, "PORT is empty; want a path such as /dev/ttyUSB0");
	return options_set_list(row, arg, o, c);
}

static int options_set_chip(const struct option_row *row, const char *arg, struct request *o, struct complaint *c)
{
	char names[256] = "";

	o->session.chip = chip_by_name(arg);
	if (o->session.chip != CHIP_UNKNOWN || is_same_text(arg, "auto"))
		return 0;
	for (int i = 0; i < CHIP_COUNT; i++) {
		size_t used = strlen(names);

		if (chip_name((enum chip)i))
			snprintf(names + used, sizeof(names) - used, " %s", chip_name((enum chip)i));
	}
	return options_complain(c, "--%s '%s': want auto or one of%s", row->name, arg, names);
}

static int options_set_crystal(const struct option_row *row, const char *arg, struct request *o, struct complaint *c)
{
	o->session.crystal_mhz = is_same_text(arg, "26") ? 26 : 40;
	if (o->session.crystal_mhz == 40 && !is_same_text(arg, "40"))
		return options_complain(c, "--%s '%s': want 26 or 40", row->name, arg);
	return 0;
}

static int options_set_sequence(const struct option_row *row, const char *arg, struct request *o, struct complaint *c)
{
	char why[160];

	if (sequence_parse(arg, &o->session.sequence, why, sizeof(why)) < 0)
		return options_complain(c, "--%s '%s': %s", row->name, arg, why);
	o->sequence_given = true;
	return 0;
}

static const struct option_row *options_mode_row(enum request_mode mode);

/* Selects a mode such as --list. If another mode was selected before, this is refused. But --help and --version, whose
 * rows have no member "wants", replace any other mode. */
static int options_set_mode(const struct option_row *row, const char *arg, struct request *o, struct complaint *c)
{
	const struct option_row *before = options_mode_row(o->mode);

	(void)arg;
	if (before && before != row && row->wants)
		return options_complain(c, "--%s does not go with --%s", row->name, before->name);
	o->mode = row->mode;
	return 0;
}

/* ---- the table of options ---- */

/* Sets of modes for option_row.modes */
enum { ANY = ~0, RESET = 1 << MODE_RESET, BOARD = RESET | 1 << MODE_PROBE_WIRING };

#define SET(setter, what) .set = options_set_##setter, .argument = (what)
/* As offsetof(), but compiles only if the member has the type that the setter fills. */
#define OFFSET(type, member) \
	(offsetof(struct request, member) * _Generic(((struct request *)NULL)->member, __typeof__(type) : 1))
#define NUMBER(member, low, high) SET(number, "N"), .field = OFFSET(int, member), .min = (low), .max = (high)
#define TIME(member, low, high) SET(time, "T"), .field = OFFSET(int, member), .min = (low), .max = (high)
#define TEXT(what, member) SET(text, what), .field = OFFSET(const char *, member)
#define FLAG(member) SET(flag, NULL), .field = OFFSET(bool, member)
#define REPEATED(setter, what, member, most) \
	SET(setter, what), .field = OFFSET(const char **, member), .count = OFFSET(size_t, n_##member), .max = (most)
#define MODE(selects, least, most, ports) \
	SET(mode, NULL), .mode = (selects), .min = (least), .max = (most), .wants = (ports)

const struct option_row option_rows[] = {
	[PORT] = { "port", 'p', ANY, NULL, "the same as the argument",
		   REPEATED(port, "PORT", args, REQUEST_PORTS_MAX) },
	[CHIP] = { "chip", 'c', RESET, "auto", "the chip expected; another one is wrong-chip", SET(chip, "CHIP") },
	[BAUD] = { "baud", 'b', BOARD, "found", "the speed the application speaks: a hint, saves time",
		   NUMBER(session.baud, 300, 4000000) },
	[CRYSTAL] = { "crystal", 0, BOARD, "found", "26 or 40; a hint: with --chip esp32c2, and for --probe-wiring",
		      SET(crystal, "MHZ") },
	[SEQUENCE] = { "sequence", 0, RESET, "rts", "rts, both, dtr, or esptool's language: D0|R1|W0.1|R0",
		       SET(sequence, "SEQ") },
	[HOLD] = { "hold", 0, RESET, "20ms, 100ms, 500ms", "how long reset is held", TIME(session.hold_ms, 1, 10000) },
	[ATTEMPTS] = { "attempts", 0, RESET, "3", "attempts made at most", NUMBER(session.attempts, 1, 20) },
	[TIMEOUT] = { "timeout", 't', BOARD, "10; 60 with a condition or --probe-wiring",
		      "for the verdict, without --wait", TIME(session.timeout_ms, 100, DURATION_MAX_MS) },
	[WAIT] = { "wait", 'w', BOARD, "3", "how long a missing or busy PORT may take; 0 fails at once",
		   TIME(wait_ms, 0, DURATION_MAX_MS) },
	[SETTLE] = { "settle", 0, RESET, "1", "no restart, panic or watchdog for so long after the load",
		     TIME(session.settle_ms, 0, 3600000) },
	[NO_RESET] = { "no-reset", 0, RESET, NULL, "make no pulse: judge the next hardware reset, whoever makes it",
		       FLAG(session.no_reset) },
	[NO_LOCK] = { "no-lock", 0, BOARD, NULL, "do not lock the port (a wrapper already did)", FLAG(no_lock) },
	[RECOVER] = { "recover", 0, RESET, NULL, "a stalled bridge or silent board: reopen, USB reset, power cycle",
		      FLAG(recover) },
	[EXPECT] = { "expect", 'e', RESET, NULL, "wait for a line that matches; repeatable, all must come",
		     REPEATED(list, "PATTERN", expect, REQUEST_PATTERNS_MAX) },
	[FAIL_ON] = { "fail-on", 0, RESET, NULL, "a line that matches ends it; repeatable",
		      REPEATED(list, "PATTERN", fail_on, REQUEST_PATTERNS_MAX) },
	[PRINT_MATCH] = { "print-match", 0, RESET, NULL, "print group 1 of the first match, and nothing else",
			  FLAG(print_match) },
	[FIRMWARE] = { "firmware", 0, RESET, NULL, "wait for what this firmware prints when it is up; list: the names",
		       TEXT("NAME", firmware) },
	[OTA] = { "ota", 0, RESET, NULL, "wait until the OTA service listens; @: the address in a match",
		  TEXT("HOST[:PORT]", ota) },
	[OTA_DRY_RUN] = { "ota-dry-run", 0, RESET, NULL,
			  "ask an ESP8266 with ArduinoOTA whether it would take an update", TEXT("HOST", ota_dry_run) },
	[IF_NEEDED] = { "if-needed", 0, RESET, NULL, "with --ota-dry-run: no reset if it would", FLAG(if_needed) },
	[STATE_FILE] = { "state-file", 0, RESET, NULL, "write the result there as JSON, by rename",
			 TEXT("FILE", state_file) },
	[CAPTURE] = { "capture", 0, BOARD, NULL, "write every received byte there, raw", TEXT("FILE", capture) },
	[JSON] = { "json", 'j', ANY, NULL, "JSON Lines on standard output", FLAG(json) },
	[QUIET] = { "quiet", 'q', ANY, NULL, "nothing but usage errors", FLAG(quiet) },
	[VERBOSE] = { "verbose", 'v', ANY, NULL, "each attempt and banner on standard error", FLAG(verbose) },
	[DECODE] = { "decode", 0, ANY, NULL, "the verdict on a captured boot log",
		     MODE(MODE_DECODE, 0, 1, "one FILE, or none for standard input") },
	[LIST] = { "list", 'l', ANY, NULL, "boards and bridges that are plugged in", MODE(MODE_LIST, 0, 0, "no PORT") },
	[DIAGNOSE] = { "diagnose", 0, ANY, NULL, "what is wrong with a port, and the cure",
		       MODE(MODE_DIAGNOSE, 0, 1, "one PORT, or none") },
	[PROBE_WIRING] = { "probe-wiring", 0, ANY, NULL, "which line resets this board",
			   MODE(MODE_PROBE_WIRING, 0, 1, "one PORT") },
	[ENROLL] = { "enroll", 0, ANY, NULL, "the udev rule that makes a board NAME",
		     MODE(MODE_ENROLL, 2, 2, "PORT NAME") },
	[HELP] = { "help", 'h', ANY, NULL, "this text", MODE(MODE_HELP, 0, 0, NULL) },
	[VERSION] = { "version", 'V', ANY, NULL, "the version", MODE(MODE_VERSION, 0, 0, NULL) },
	[ROWS] = { .name = NULL },
};

/* Return: the option that selects this mode; NULL: no option does, as for MODE_RESET */
static const struct option_row *options_mode_row(enum request_mode mode)
{
	for (size_t i = 0; i < ROWS; i++) {
		if (option_rows[i].set == options_set_mode && option_rows[i].mode == mode)
			return &option_rows[i];
	}
	return NULL;
}

/* ---- combinations of options ---- */

/* Refuses an option that the mode would ignore. */
static int options_check_mode(struct request *o, struct complaint *c)
{
	const struct option_row *mode = options_mode_row(o->mode);

	for (size_t i = 0; mode && i < ROWS; i++) {
		if ((o->given & BIT(i)) && !(option_rows[i].modes & 1 << o->mode))
			return options_complain(c, "--%s does not go with --%s", option_rows[i].name, mode->name);
	}
	return 0;
}

static const struct option_rule {
	uint64_t option;  /* the rule applies if this option was given, or if this fact holds */
	uint64_t with;	  /* the rule refuses the command line if any option or fact of this set holds, too */
	uint64_t without; /* the rule refuses the command line if none of this set holds; 0: nothing is required */
	const char *why;
} rules[] = {
	{ BIT(NO_RESET), BIT(SEQUENCE) | BIT(HOLD) | BIT(ATTEMPTS) | BIT(IF_NEEDED) | BIT(RECOVER), 0,
	  "--no-reset makes no pulse: it does not go with --sequence, --hold, --attempts, --if-needed or --recover" },
	{ BIT(HOLD), BIT(WRITTEN_SEQUENCE), 0,
	  "--hold does not go with a written-out --sequence: its W are the holds" },
	{ BIT(IF_NEEDED), 0, BIT(OTA_DRY_RUN), "--if-needed needs --ota-dry-run HOST" },
	{ BIT(IF_NEEDED), BIT(EXPECT) | BIT(FAIL_ON) | BIT(FIRMWARE) | BIT(OTA), 0,
	  "--if-needed does not go with "
	  "--expect, --fail-on, --firmware or --ota: without a reset they are not waited for" },
	{ BIT(OTA_DRY_RUN), BIT(OTHER_CHIP), 0, "--ota-dry-run is for an ESP8266: it does not go with --chip " },
	{ BIT(OTA_DRY_RUN), BIT(SEVERAL_PORTS), 0,
	  "--ota-dry-run is for one PORT: one board's answer says nothing of another" },
	{ BIT(PRINT_MATCH), 0, BIT(EXPECT) | BIT(FIRMWARE), "--print-match needs --expect or --firmware" },
	{ BIT(PRINT_MATCH), BIT(JSON) | BIT(SEVERAL_PORTS), 0,
	  "--print-match is for one PORT, and does not go with --json" },
	{ BIT(OTA_FROM_MATCH), 0, BIT(EXPECT) | BIT(FIRMWARE),
	  "--ota @ needs a match to take the address from: --firmware or --expect with a group" },
	{ BIT(CAPTURE), BIT(SEVERAL_PORTS), 0, "--capture is for one PORT" },
	{ BIT(CAPTURE), BIT(SAME_FILE), 0, "--capture and --state-file name the same file" },
};

/* Return: a bit for each option that was given, and a bit for each further fact that holds, such as SEVERAL_PORTS */
static uint64_t options_facts(const struct request *o)
{
	const struct session_config *s = &o->session;

	return o->given | (o->n_args > 1 ? BIT(SEVERAL_PORTS) : 0) |
	       (s->sequence.observes ? 0 : BIT(WRITTEN_SEQUENCE)) |
	       (s->chip != CHIP_UNKNOWN && s->chip != CHIP_ESP8266 ? BIT(OTHER_CHIP) : 0) |
	       (o->ota && is_same_text(o->ota, "@") ? BIT(OTA_FROM_MATCH) : 0) |
	       (o->capture && o->state_file && is_same_text(o->capture, o->state_file) ? BIT(SAME_FILE) : 0);
}

static int options_check_rules(struct request *o, struct complaint *c)
{
	uint64_t facts = options_facts(o);

	for (const struct option_rule *rule = rules; rule < rules + sizeof(rules) / sizeof(rules[0]); rule++) {
		if ((facts & rule->option) && ((facts & rule->with) || (rule->without && !(facts & rule->without))))
			return options_complain(c, "%s%s", rule->why,
						rule->with == BIT(OTHER_CHIP) ? chip_name(o->session.chip) : "");
	}
	return 0;
}

/* Refuses a --timeout that is shorter than the reset pulse or the settle time. The verdict would come too early, and
 * blame the board or its driver. */
static int options_check_times(struct request *o, struct complaint *c)
{
	const struct session_config *s = &o->session;
	const char *name = s->hold_ms ? "hold" : "sequence";
	int ms = s->hold_ms;

	for (size_t i = 0; i < s->sequence.n && !s->sequence.observes; i++)
		ms += s->sequence.steps[i].hold_ms;
	if (ms < s->timeout_ms && (o->given & BIT(SETTLE))) {
		name = "settle";
		ms = s->settle_ms;
	}
	return ms < s->timeout_ms ? 0
				  : options_complain(c, "--%s lasts %g s: give a longer --timeout than %g s", name,
						     ms / 1000.0, s->timeout_ms / 1000.0);
}

/* Checks that the mode gets as many arguments as it takes. If PORT is missing, takes it from $ESPTOOL_PORT. */
static int options_check_args(struct request *o, struct complaint *c)
{
	const struct option_row *mode = options_mode_row(o->mode);
	const char *from_environment = getenv("ESPTOOL_PORT");

	if (mode && (o->n_args < (size_t)mode->min || o->n_args > (size_t)mode->max))
		return options_complain(c, "--%s wants %s", mode->name, mode->wants);
	if (mode && o->mode != MODE_PROBE_WIRING)
		return 0;
	if (o->n_args == 0 && from_environment && from_environment[0])
		o->args[o->n_args++] = from_environment;
	if (o->n_args == 0) {
		(void)options_complain(c, "no PORT given, and $ESPTOOL_PORT is not set");
		return -ENOENT;
	}
	if (o->n_args == 1 && is_same_text(o->args[0], "sim:help"))
		o->mode = MODE_SIM_HELP;
	return 0;
}

/* Parses the arguments that are PORTs. The argument of --decode is a FILE, and the second argument of --enroll a
 * NAME. */
static int options_check_ports(struct request *o, struct complaint *c)
{
	char why[128];

	if (o->mode == MODE_DECODE) {
		o->file = o->n_args ? o->args[0] : NULL;
		return 0;
	}
	o->name = o->mode == MODE_ENROLL ? o->args[1] : NULL;
	for (o->n_ports = 0; o->n_ports < o->n_args - (o->name ? 1 : 0); o->n_ports++) {
		struct spec *port = &o->ports[o->n_ports];

		if (spec_parse(o->args[o->n_ports], port, why, sizeof(why)) < 0)
			return options_complain(c, "PORT '%s': %s", o->args[o->n_ports], why);
		if (port->kind == SPEC_SIM && (o->mode == MODE_ENROLL || o->mode == MODE_DIAGNOSE))
			return options_complain(c, "PORT '%s': a simulated board is on no port of this computer",
						port->text);
	}
	return 0;
}

static int (*const checks[])(struct request *o, struct complaint *c) = {
	options_check_mode, options_check_rules, options_check_times, options_check_args, options_check_ports,
};

/* ---- reading the command line ---- */

/* Converts the table into the arguments of getopt_long(). */
static void options_make_getopt(struct option *longs, char *shorts)
{
	*shorts++ = ':';
	for (int i = 0; i < ROWS; i++) {
		const struct option_row *row = &option_rows[i];

		longs[i] = (struct option){ row->name, row->argument ? required_argument : no_argument, NULL,
					    LONG_BASE + i };
		if (row->letter)
			*shorts++ = row->letter;
		if (row->letter && row->argument)
			*shorts++ = ':';
	}
	longs[ROWS] = (struct option){ NULL, 0, NULL, 0 };
	*shorts = '\0';
}

/* Return: the row of the option for which getopt_long() has returned this value; NULL: no option has it */
static const struct option_row *options_row(int value)
{
	for (int i = 0; i < ROWS; i++) {
		if (value == LONG_BASE + i || (value && value == option_rows[i].letter))
			return &option_rows[i];
	}
	return NULL;
}

/* How many options have a name that begins with this abbreviation, such as "--s=3"? */
static int options_abbreviated(const char *text)
{
	size_t n = strcspn(text, "=");
	int found = 0;

	for (size_t i = 0; n > 2 && strncmp(text, "--", 2) == 0 && i < ROWS; i++)
		found += strncmp(option_rows[i].name, text + 2, n - 2) == 0;
	return found;
}

static int options_complain_unknown(int value, char **argv, struct complaint *c)
{
	const struct option_row *row = options_row(optopt);

	if (value == ':' && row)
		return options_complain(c, "--%s wants an argument: %s", row->name, row->argument);
	if (row)
		return options_complain(c, "--%s takes no argument", row->name);
	if (optopt)
		return options_complain(c, "unknown option '-%c'", isprint(optopt) ? optopt : '?');
	if (options_abbreviated(argv[optind - 1]) > 1)
		return options_complain(c, "option '%s' may be one of several: write more of it", argv[optind - 1]);
	return options_complain(c, "unknown option '%s'", argv[optind - 1]);
}

/* --help, --version and --firmware list ignore the rest of the command line. */
static bool options_is_over(enum request_mode mode)
{
	return mode == MODE_HELP || mode == MODE_VERSION || mode == MODE_FIRMWARE_LIST;
}

static int options_read(int argc, char **argv, struct request *o, struct complaint *c)
{
	struct option longs[ROWS + 1];
	char shorts[2 * ROWS + 2];
	int value, r = 0;

	options_make_getopt(longs, shorts);
	opterr = 0;
	optind = 1;
	while (r == 0 && (value = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		const struct option_row *row = options_row(value);

		if (!row)
			return options_complain_unknown(value, argv, c);
		r = row->set(row, optarg, o, c);
		o->given |= BIT(row - option_rows);
		if (options_is_over(o->mode))
			return r;
	}
	for (int i = optind; r == 0 && i < argc; i++)
		r = options_set_port(&option_rows[PORT], argv[i], o, c);
	return r;
}

int options_parse(int argc, char **argv, struct request *ret, char *err, size_t cap)
{
	struct complaint c = { err, cap };
	struct request o = { .mode = MODE_RESET, .wait_ms = 3000 };
	int r;

	session_config_init(&o.session);
	r = options_read(argc, argv, &o, &c);
	if (o.firmware && is_same_text(o.firmware, "list") && !options_is_over(o.mode))
		o.mode = MODE_FIRMWARE_LIST;
	o.session.conditions = o.n_expect || o.n_fail_on || o.firmware || o.ota || o.ota_dry_run;
	if ((o.session.conditions || o.mode == MODE_PROBE_WIRING) && !(o.given & BIT(TIMEOUT)))
		o.session.timeout_ms = 60000;
	for (size_t i = 0; r == 0 && !options_is_over(o.mode) && i < sizeof(checks) / sizeof(checks[0]); i++)
		r = checks[i](&o, &c);
	if (r == 0 || r == -ENOENT)
		*ret = o;
	return r;
}

static void options_print_row(FILE *out, const struct option_row *row)
{
	char left[48], letter[8] = "    ";
	const char *range = options_range(row);

	if (row->letter)
		snprintf(letter, sizeof(letter), "-%c, ", row->letter);
	snprintf(left, sizeof(left), "%s--%s%s%s", letter, row->name, row->argument ? " " : "",
		 row->argument ? row->argument : "");
	fprintf(out, "  %-26s %s", left, row->help);
	if (range)
		fprintf(out, " (%s)", range);
	if (row->fallback)
		fprintf(out, " [%s]", row->fallback);
	fputc('\n', out);
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
	      "PORT: a tty or a link to one, usb:VID:PID[:SERIAL], usb:PLACE (usb:1-1.4), or sim:[WORDS], the "
	      "simulated\n"
	      "board (sim:help lists the words). Without PORT: $ESPTOOL_PORT. Times: seconds, or 20ms, 3s.\n"
	      "\n",
	      out);
	for (const struct option_row *row = option_rows; row->name; row++)
		options_print_row(out, row);
	fputs("\nExit status:\n", out);
	for (int i = 0; i < VERDICT_COUNT; i++) {
		const struct verdict_info *info = verdict_info((enum verdict)i);

		fprintf(out, "  %2d %-15s %s\n", info->status, info->word, info->meaning);
	}
	fputs("\nMore: man espreset\n", out);
}
