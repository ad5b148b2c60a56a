/* words.c - a simulated board from words that a user can type. */
#include "sim/config.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What may stand behind the word's "=". */
enum takes { NOTHING, TIME, NUMBER, TEXT };

struct value {
	int64_t number; /* nanoseconds for TIME */
	const char *text;
};

struct word_rule {
	struct sim_word word;
	enum takes takes;
	bool optional; /* number is taken when nothing is given */
	int64_t number, least, most;
	size_t offset, size; /* the field that the number goes into; size 0: apply it is */
	void (*apply)(struct sim_config *config, const struct value *value);
};

/* ---- what words do that do more than to set one field to a number ---- */

#define APPLY(name) static void name(struct sim_config *c, const struct value *v)
#define UNUSED (void)v

static void set_chip(struct sim_config *c, enum sim_chip chip)
{
	c->chip = chip;
	if (chip != SIM_ESP8266 && c->start == SIM_START_UPLOADED)
		c->start = SIM_START_RUNNING;
}

APPLY(be_chip)
{
	set_chip(c, (enum sim_chip)v->number);
}

APPLY(skewback)
{
	c->skew_ns = -v->number;
}

APPLY(rev0)
{
	UNUSED;
	set_chip(c, SIM_ESP32);
	c->early_silicon = true;
}

APPLY(muted)
{
	UNUSED;
	set_chip(c, SIM_ESP32);
	c->gpio15 = true;
}

APPLY(otherstrap)
{
	UNUSED;
	if (c->chip == SIM_ESP8266)
		set_chip(c, SIM_ESP32);
	c->other_strap = c->gpio0_held = true;
}

APPLY(deaf)
{
	UNUSED;
	c->circuit = SIM_NO_WIRE;
	c->app = SIM_APP_CONTINUOUS;
}

APPLY(copyfails)
{
	c->copy_ns = v->number;
	c->copy_result = 4;
}

static void words_fate(struct sim_config *c, enum sim_fate what, int64_t after_ns)
{
	c->fate = what;
	c->fate_ns = after_ns;
}

#define FATE(name, what) \
	APPLY(name) \
	{ \
		words_fate(c, what, v->number); \
	}
FATE(panic, SIM_FATE_PANIC)
FATE(watchdog, SIM_FATE_WATCHDOG)
FATE(brownout, SIM_FATE_BROWNOUT)
FATE(restart, SIM_FATE_RESTART)
FATE(hang, SIM_FATE_HANG)

APPLY(prints)
{
	c->app = SIM_APP_PERIODIC;
	c->app_period_ns = v->number;
}

APPLY(say)
{
	snprintf(c->app_text, sizeof(c->app_text), "%s", v->text);
}

/* As the example BasicOTA: the rest of what it prints comes with the network. */
APPLY(ota)
{
	snprintf(c->ota, sizeof(c->ota), "%.79s", v->text);
	if (!c->app_text[0])
		snprintf(c->app_text, sizeof(c->app_text), "Booting\r\n");
}

APPLY(otapassword)
{
	snprintf(c->ota_password, sizeof(c->ota_password), "%.63s", v->text);
}

APPLY(ftdi)
{
	UNUSED;
	c->bridge = SIM_BRIDGE_FTDI;
	c->latency_ns = 16 * SIM_MS;
}

APPLY(rxstall)
{
	c->rx_stall_ns = v->number;
	c->rx_stall_for_ns = 300 * SIM_MS;
}

APPLY(random_board)
{
	sim_config_random(c, (uint64_t)v->number);
}

APPLY(truth)
{
	snprintf(c->truth, sizeof(c->truth), "%s", v->text);
}

#define TIMES(from, to) .takes = TIME, .least = (from), .most = (to)
#define NUMBERS(from, to) .takes = NUMBER, .least = (from), .most = (to)
#define MAY(value) .optional = true, .number = (value)
#define FIELD(name) .offset = offsetof(struct sim_config, name), .size = sizeof(((struct sim_config *)NULL)->name)
#define IS(name, value) FIELD(name), .number = (value)
#define GIVEN(name) FIELD(name)
#define BE(chip) .apply = be_chip, .number = (chip)
#define DAY (86400 * SIM_S)

/* clang-format off */
static const struct word_rule rules[] = {
	{ { "esp8266", "the chip; what you get without any word: an upload has left it in boot mode 1", 0 },
	  BE(SIM_ESP8266) },
	{ { "esp32", "the chip", 0 }, BE(SIM_ESP32) },
	{ { "esp32s2", "the chip", 0 }, BE(SIM_ESP32S2) },
	{ { "esp32s3", "the chip", 0 }, BE(SIM_ESP32S3) },
	{ { "esp32c2", "the chip", 0 }, BE(SIM_ESP32C2) },
	{ { "esp32c3", "the chip", 0 }, BE(SIM_ESP32C3) },
	{ { "esp32c5", "the chip", 0 }, BE(SIM_ESP32C5) },
	{ { "esp32c6", "the chip", 0 }, BE(SIM_ESP32C6) },
	{ { "esp32c61", "the chip", 0 }, BE(SIM_ESP32C61) },
	{ { "esp32h2", "the chip", 0 }, BE(SIM_ESP32H2) },
	{ { "esp32p4", "the chip", 0 }, BE(SIM_ESP32P4) },
	{ { "rev0", "an early ESP32, which prints two banners", 0 }, .apply = rev0 },
	{ { "crystal=MHZ", "26 or 40 (ESP8266, ESP32-C2)", -1 }, NUMBERS(26, 40), GIVEN(crystal_mhz) },
	{ { "rate=PPM", "the board's clock is off by so much", -1 }, NUMBERS(-100000, 100000),
	  GIVEN(rate_ppm) },
	{ { "latebanner=T", "from the reset to the banner", -1 }, TIMES(0, 60 * SIM_S), GIVEN(rom_delay_ns) },
	{ { "enpin", "ESP8266: EN is wired, not RST: rst cause 1", 0 }, IS(reset_is_en, true) },

	{ { "direct", "RTS wired to EN, DTR to GPIO0", 0 }, IS(circuit, SIM_DIRECT) },
	{ { "swapped", "DTR wired to EN, RTS to GPIO0: takes two attempts", 0 }, IS(circuit, SIM_SWAPPED) },
	{ { "swapped2", "two transistors, lines swapped", -1 }, IS(circuit, SIM_TWO_TRANSISTORS_SWAPPED) },
	{ { "rtsonly", "RTS wired to EN, nothing to GPIO0", 0 }, IS(circuit, SIM_RTS_ONLY) },
	{ { "dtronly", "DTR wired to EN, nothing else", -1 }, IS(circuit, SIM_DTR_ONLY) },
	{ { "nowire", "nothing wired, the application is silent", 10 }, IS(circuit, SIM_NO_WIRE) },
	{ { "deaf", "nothing wired, the application prints on", 12 }, .apply = deaf },
	{ { "skew=T", "RTS changes so much after DTR", -1 }, TIMES(0, SIM_S), GIVEN(skew_ns) },
	{ { "skewback=T", "DTR changes so much after RTS", -1 }, TIMES(0, SIM_S), .apply = skewback },
	{ { "capacitor=T", "EN's time constant (10ms)", -1 }, TIMES(1, 10 * SIM_S), GIVEN(en_rise_ns) },
	{ { "inheritboth", "both lines are asserted before the port is opened", 0 },
	  IS(lines_before, SIM_DTR | SIM_RTS) },
	{ { "inheritrts", "RTS is: the chip is held in reset", 0 }, IS(lines_before, SIM_RTS) },
	{ { "inheritdtr", "DTR is", 0 }, IS(lines_before, SIM_DTR) },
	{ { "gpio0low", "something holds GPIO0 low", 11 }, IS(gpio0_held, true) },
	{ { "button=T", "a finger holds GPIO0 low until then", -1 }, TIMES(1, DAY), GIVEN(gpio0_let_go_ns) },
	{ { "gpio2low", "ESP8266: something holds GPIO2 low: boot mode 2", -1 }, IS(gpio2_low, true) },
	{ { "otherstrap", "ESP32 family: GPIO0 low and the second strap wrong", -1 }, .apply = otherstrap },
	{ { "sdio", "ESP8266: GPIO15 high: SDIO boot", 16 }, IS(gpio15, true) },
	{ { "muted", "ESP32 with GPIO15 low: its ROM prints nothing", 17 }, .apply = muted },
	{ { "finger[=T]", "somebody presses reset then (1s)", -1 }, TIMES(1, DAY), MAY(SIM_S), GIVEN(finger_ns) },
	{ { "deepsleep[=T]", "a timer resets the chip so long after each start (2s)", -1 }, TIMES(SIM_MS, DAY),
	  MAY(2 * SIM_S), GIVEN(deep_sleep_ns) },

	{ { "running", "the latch says flash already", 0 }, IS(start, SIM_START_RUNNING) },
	{ { "download", "found waiting for a download", 0 }, IS(start, SIM_START_DOWNLOAD) },
	{ { "dead", "found hung", 0 }, IS(start, SIM_START_DEAD) },
	{ { "nonos", "ESP8266: Espressif's boot loader instead of eboot", 0 }, IS(loader, SIM_LOADER_NONOS) },
	{ { "idf", "a second stage that logs", 0 }, IS(loader, SIM_LOADER_IDF) },
	{ { "quiet", "ESP32 family: nothing logged after entry", 0 }, IS(loader, SIM_LOADER_QUIET) },
	{ { "noimage", "flash is empty", 13 }, IS(image, SIM_IMAGE_NONE) },
	{ { "csum", "the image has a checksum error", 13 }, IS(image, SIM_IMAGE_CSUM) },
	{ { "readerr", "flash cannot be read", 13 }, IS(image, SIM_IMAGE_READ_ERR) },
	{ { "noapp", "no application: e:2, \"No bootable app partitions\"", 13 }, IS(image, SIM_IMAGE_SECOND) },
	{ { "copy[=T]", "ESP8266: eboot copies an OTA image for so long (2s)", 0 }, TIMES(1, 600 * SIM_S),
	  MAY(2 * SIM_S), GIVEN(copy_ns) },
	{ { "copyfails[=T]", "and fails", 13 }, TIMES(1, 600 * SIM_S), MAY(SIM_S), .apply = copyfails },
	{ { "panic[=T]", "the application crashes so long after its start, each time (300ms)", 14 }, TIMES(1, DAY),
	  MAY(300 * SIM_MS), .apply = panic },
	{ { "watchdog[=T]", "it hangs, and the watchdog bites (300ms)", 14 }, TIMES(1, DAY), MAY(300 * SIM_MS),
	  .apply = watchdog },
	{ { "brownout[=T]", "the supply breaks down (300ms); status 14 with esp32", -1 }, TIMES(1, DAY),
	  MAY(300 * SIM_MS), .apply = brownout },
	{ { "restart[=T]", "it restarts itself (500ms)", 18 }, TIMES(1, DAY), MAY(500 * SIM_MS), .apply = restart },
	{ { "hang[=T]", "it hangs without a word (300ms)", -1 }, TIMES(1, DAY), MAY(300 * SIM_MS), .apply = hang },
	{ { "times=N", "the trouble named before happens so often, then no more", -1 }, NUMBERS(1, 1000000),
	  GIVEN(fate_times) },
	{ { "silent", "the application prints nothing", 0 }, IS(app, SIM_APP_SILENT) },
	{ { "prints[=T]", "it prints a line so often (250ms)", 0 }, TIMES(1, DAY), MAY(250 * SIM_MS), .apply = prints },
	{ { "talks", "it prints all the time", 0 }, IS(app, SIM_APP_CONTINUOUS) },
	{ { "say=TEXT", "what it prints; \\n \\r \\t \\e \\\\ \\xHH (\\x2c: comma)", -1 }, .takes = TEXT,
	  .apply = say },
	{ { "baud=N", "the speed it speaks (115200)", -1 }, NUMBERS(300, 4000000), GIVEN(app_baud) },
	{ { "chatter", "ESP8266: the SDK prints a line at an odd speed", 0 }, IS(chatter, true) },

	{ { "ota=HOST:PORT", "its service for updates is open there: ArduinoOTA on 127.0.0.1:8266, say", -1 },
	  .takes = TEXT, .apply = ota },
	{ { "otapassword=TEXT", "of that service", -1 }, .takes = TEXT, .apply = otapassword },
	{ { "late=T", "it opens so long after the application's start (300ms)", -1 }, TIMES(0, DAY),
	  GIVEN(ota_late_ns) },
	{ { "esphome", "it is ESPHome's, of 2025.10", -1 }, IS(ota_kind, SIM_OTA_ESPHOME) },
	{ { "oldesphome", "it is ESPHome's, of 2025.7", -1 }, IS(ota_kind, SIM_OTA_ESPHOME_OLD) },
	{ { "stays=T", "the board lives on for so long when the program has ended", -1 }, TIMES(0, 60 * SIM_S),
	  GIVEN(stays_ns) },

	{ { "ch340", "the bridge: 75000 Bd where 74880 is asked for", 0 }, IS(bridge, SIM_BRIDGE_CH340) },
	{ { "cp2102", "the bridge: 76800 Bd where 74880 is asked for", 0 }, IS(bridge, SIM_BRIDGE_CP2102) },
	{ { "ftdi", "the bridge: 16 ms latency", 0 }, .apply = ftdi },
	{ { "exact", "the bridge: every speed as asked for", 0 }, IS(bridge, SIM_BRIDGE_EXACT) },
	{ { "latency=T", "of the bridge (1ms)", -1 }, TIMES(0, SIM_S), GIVEN(latency_ns) },
	{ { "fezero", "characters without a stop bit arrive as 0", 0 }, IS(framing, SIM_FRAMING_ZERO) },
	{ { "fedrop", "and do not arrive", 0 }, IS(framing, SIM_FRAMING_DROP) },
	{ { "garbled", "hardly a character arrives as it was sent", 15 }, IS(flip_ppm, 900000) },
	{ { "lose=PPM", "so many of a million characters are lost", -1 }, NUMBERS(0, 1000000),
	  GIVEN(lose_ppm) },
	{ { "repeat=PPM", "arrive twice", -1 }, NUMBERS(0, 1000000), GIVEN(repeat_ppm) },
	{ { "flip=PPM", "arrive changed", -1 }, NUMBERS(0, 1000000), GIVEN(flip_ppm) },
	{ { "spurious=T", "characters come out of nowhere, so often", -1 }, TIMES(SIM_MS, DAY), GIVEN(spurious_ns) },
	{ { "rxstall[=T]", "input is held back for 300 ms from then on (200ms)", -1 }, TIMES(1, DAY), MAY(200 * SIM_MS),
	  .apply = rxstall },
	{ { "stall[=N]", "control transfers fail after a second, from the N-th on (3)", 35 }, NUMBERS(1, 1000000),
	  MAY(3), GIVEN(control_stall_op) },
	{ { "stallfor=T", "what each of them takes (1s)", -1 }, TIMES(1, 60 * SIM_S), GIVEN(control_stall_for_ns) },
	{ { "unplug[=T]", "the cable comes out then (500ms)", 34 }, TIMES(1, DAY), MAY(500 * SIM_MS),
	  GIVEN(unplug_ns) },
	{ { "unplugop=N", "the cable comes out at the N-th control transfer", 34 }, NUMBERS(1, 1000000),
	  GIVEN(unplug_op) },

	{ { "broken", "the system has no memory left", 1 }, IS(open_error, ENOMEM) },
	{ { "missing", "there is no such port", 30 }, IS(open_error, ENOENT) },
	{ { "ambiguous", "the name fits several", 31 }, IS(open_error, ENOTUNIQ) },
	{ { "permission", "it may not be opened", 32 }, IS(open_error, EACCES) },
	{ { "busy", "somebody else uses it", 33 }, IS(open_error, EBUSY) },
	{ { "ioerror", "it cannot be opened", 35 }, IS(open_error, EIO) },

	{ { "random=N", "everything drawn from a number: the board of that seed", -1 }, NUMBERS(0, INT64_MAX),
	  .apply = random_board },
	{ { "seed=N", "for what is left to chance", -1 }, NUMBERS(0, INT64_MAX), GIVEN(seed) },
	{ { "truth=FILE", "append every edge and what becomes of the board", -1 }, .takes = TEXT, .apply = truth },
};
/* clang-format on */

#define RULE_COUNT (sizeof(rules) / sizeof(rules[0]))

const struct sim_word *sim_word(size_t n)
{
	return n < RULE_COUNT ? &rules[n].word : NULL;
}

/* ---- reading them ---- */

static bool words_complain(char *err, size_t cap, const char *word, const char *what)
{
	snprintf(err, cap, "simulated board: '%s': %s", word, what);
	return false;
}

/* "20ms", "3s", "0.5": nanoseconds. */
static bool words_read_time(const char *text, int64_t *ret)
{
	char *end;
	double value;

	if (!isdigit((unsigned char)*text) || strspn(text, "0123456789.") != strcspn(text, "ums"))
		return false;
	value = strtod(text, &end);
	if (strcmp(end, "us") == 0)
		value *= 1e3;
	else if (strcmp(end, "ms") == 0)
		value *= 1e6;
	else if (*end == '\0' || strcmp(end, "s") == 0)
		value *= 1e9;
	else
		return false;
	if (!(value >= 0 && value < 9e18))
		return false;
	*ret = (int64_t)value;
	return true;
}

static bool words_read_number(const char *text, int64_t *ret)
{
	char *end;
	long long value;

	if (!isdigit((unsigned char)text[*text == '-']))
		return false;
	errno = 0;
	value = strtoll(text, &end, 10);
	if (errno || *end)
		return false;
	*ret = value;
	return true;
}

static int words_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* In place: what comes out is never longer. */
static bool words_unescape(char *text)
{
	static const char from[] = "nrte\\", to[] = "\n\r\t\033\\";
	char *out = text;

	while (*text) {
		const char *known;

		if (*text != '\\') {
			*out++ = *text++;
			continue;
		}
		text++;
		known = *text ? strchr(from, *text) : NULL;
		if (known) {
			*out++ = to[known - from];
			text++;
		} else if (*text == 'x' && words_hex_digit(text[1]) >= 0 && words_hex_digit(text[2]) >= 0) {
			*out++ = (char)(words_hex_digit(text[1]) * 16 + words_hex_digit(text[2]));
			text += 3;
		} else {
			return false;
		}
	}
	*out = '\0';
	return true;
}

/* A rule's own word, without "=T" or "[=T]". */
static bool words_rule_is(const struct word_rule *rule, const char *word)
{
	size_t len = strcspn(rule->word.word, "[=");

	return strlen(word) == len && strncmp(rule->word.word, word, len) == 0;
}

static const struct word_rule *rule_of(const char *word)
{
	size_t i;

	for (i = 0; i < RULE_COUNT; i++)
		if (words_rule_is(&rules[i], word))
			return &rules[i];
	return NULL;
}

static bool read_value(const struct word_rule *rule, const char *word, char *given, struct value *value, char *err,
		       size_t cap)
{
	value->number = rule->number;
	value->text = given;
	if (!given)
		return rule->takes == NOTHING || rule->optional || words_complain(err, cap, word, "a value is missing");
	if (rule->takes == NOTHING)
		return words_complain(err, cap, word, "takes no value");
	if (rule->takes == TEXT) {
		if (!*given || !words_unescape(given))
			return words_complain(err, cap, word, "is empty, or has a bad escape");
		return strlen(given) < 256 || words_complain(err, cap, word, "is too long");
	}
	if (rule->takes == TIME && !words_read_time(given, &value->number))
		return words_complain(err, cap, word, "needs a time such as 20ms or 1.5s");
	if (rule->takes == NUMBER && !words_read_number(given, &value->number))
		return words_complain(err, cap, word, "needs a whole number");
	if (value->number < rule->least || value->number > rule->most)
		return words_complain(err, cap, word, "is out of range");
	return true;
}

/* Their types are bool, int and enumerations, 64 bits. */
static void set_field(struct sim_config *config, const struct word_rule *rule, int64_t number)
{
	void *field = (char *)config + rule->offset;
	int small = (int)number;
	bool truth = number;

	if (rule->size == sizeof(number))
		memcpy(field, &number, sizeof(number));
	else if (rule->size == sizeof(small))
		memcpy(field, &small, sizeof(small));
	else
		memcpy(field, &truth, sizeof(truth));
}

static bool apply_word(struct sim_config *config, char *word, char *err, size_t cap)
{
	char *given = strchr(word, '=');
	const struct word_rule *rule;
	struct value value;

	if (given)
		*given++ = '\0';
	rule = rule_of(word);
	if (!rule)
		return words_complain(err, cap, word, "no such word; sim:help lists them");
	if (!read_value(rule, word, given, &value, err, cap))
		return false;
	if (rule->size)
		set_field(config, rule, value.number);
	else
		rule->apply(config, &value);
	return true;
}

int sim_config_parse(struct sim_config *config, const char *words, char *err, size_t cap)
{
	char copy[1024], *next = copy, *word;
	struct sim_config made;

	sim_config_init(&made);
	if (strlen(words) >= sizeof(copy)) {
		snprintf(err, cap, "simulated board: too many words");
		return -EINVAL;
	}
	snprintf(copy, sizeof(copy), "%s", words);
	while ((word = strsep(&next, ",")))
		if (*word && !apply_word(&made, word, err, cap))
			return -EINVAL;
	*config = made;
	return 0;
}
