/* words.c - configures a simulated board by the keywords of "sim:WORDS": the table of keywords, and the parser. */
#include "sim/config.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The kind of value that follows a keyword and "=". */
enum takes { NOTHING, TIME, NUMBER, TEXT };

/* The place of a member in struct sim_config; size 0: no member. */
struct field {
	size_t offset, size;
};

struct word_rule {
	struct sim_word word;
	enum takes takes;
	bool optional;	     /* the user may leave the value out; then it is the member number */
	int64_t number;	     /* the value if the user gives none; in nanoseconds for TIME */
	int64_t least, most; /* smallest and largest allowed value */
	struct field field;  /* member of struct sim_config that gets the value */
	struct field also;   /* a second member, which gets also_number */
	int64_t also_number;
	void (*apply)(struct sim_config *config, int64_t number); /* called when the members are set; or NULL */
};

/* ---- keywords that do more than set members of struct sim_config ---- */

static void be_chip(struct sim_config *config, int64_t chip)
{
	config->chip = (enum sim_chip)chip;
	if (chip != SIM_ESP8266 && config->start == SIM_START_UPLOADED)
		config->start = SIM_START_RUNNING;
}

static void be_esp32(struct sim_config *config, int64_t unused)
{
	(void)unused;
	be_chip(config, SIM_ESP32);
}

static void be_esp32_family(struct sim_config *config, int64_t unused)
{
	(void)unused;
	if (config->chip == SIM_ESP8266)
		be_chip(config, SIM_ESP32);
}

static void negate_skew(struct sim_config *config, int64_t skew_ns)
{
	config->skew_ns = -skew_ns;
}

/* Lets the application print what the example BasicOTA prints first. The OTA service prints the rest. */
static void ota_prints_booting(struct sim_config *config, int64_t unused)
{
	(void)unused;
	if (!config->app_text[0])
		snprintf(config->app_text, sizeof(config->app_text), "Booting\r\n");
}

static void random_board(struct sim_config *config, int64_t seed)
{
	sim_config_random(config, (uint64_t)seed);
}

#define TIMES(from, to) .takes = TIME, .least = (from), .most = (to)
#define NUMBERS(from, to) .takes = NUMBER, .least = (from), .most = (to)
#define MAY(value) .optional = true, .number = (value)
#define MEMBER(name) \
	{ \
		offsetof(struct sim_config, name), sizeof(((struct sim_config *)NULL)->name) \
	}
#define GIVEN(name) .field = MEMBER(name)
#define IS(name, value) GIVEN(name), .number = (value)
#define ALSO(name, value) .also = MEMBER(name), .also_number = (value)
#define FATE(fate_is, default_ms) TIMES(1, DAY), MAY((default_ms)*SIM_MS), GIVEN(fate_ns), ALSO(fate, fate_is)
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
	{ { "rev0", "an early ESP32, which prints two banners", 0 }, IS(early_silicon, true), .apply = be_esp32 },
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
	{ { "deaf", "nothing wired, the application prints on", 12 }, IS(circuit, SIM_NO_WIRE),
	  ALSO(app, SIM_APP_CONTINUOUS) },
	{ { "skew=T", "RTS changes so much after DTR", -1 }, TIMES(0, SIM_S), GIVEN(skew_ns) },
	{ { "skewback=T", "DTR changes so much after RTS", -1 }, TIMES(0, SIM_S), .apply = negate_skew },
	{ { "capacitor=T", "EN's time constant (10ms)", -1 }, TIMES(1, 10 * SIM_S), GIVEN(en_rise_ns) },
	{ { "inheritboth", "both lines are asserted before the port is opened", 0 },
	  IS(lines_before, SIM_DTR | SIM_RTS) },
	{ { "inheritrts", "RTS is: the chip is held in reset", 0 }, IS(lines_before, SIM_RTS) },
	{ { "inheritdtr", "DTR is", 0 }, IS(lines_before, SIM_DTR) },
	{ { "gpio0low", "something holds GPIO0 low", 11 }, IS(gpio0_held, true) },
	{ { "button=T", "a finger holds GPIO0 low until then", -1 }, TIMES(1, DAY), GIVEN(gpio0_let_go_ns) },
	{ { "gpio2low", "ESP8266: something holds GPIO2 low: boot mode 2", -1 }, IS(gpio2_low, true) },
	{ { "otherstrap", "ESP32 family: GPIO0 low and the second strap wrong", -1 }, IS(other_strap, true),
	  ALSO(gpio0_held, true), .apply = be_esp32_family },
	{ { "sdio", "ESP8266: GPIO15 high: SDIO boot", 16 }, IS(gpio15, true) },
	{ { "muted", "ESP32 with GPIO15 low: its ROM prints nothing", 17 }, IS(gpio15, true), .apply = be_esp32 },
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
	{ { "copyfails[=T]", "and fails", 13 }, TIMES(1, 600 * SIM_S), MAY(SIM_S), GIVEN(copy_ns),
	  ALSO(copy_result, 4) },
	{ { "panic[=T]", "the application crashes so long after its start, each time (300ms)", 14 },
	  FATE(SIM_FATE_PANIC, 300) },
	{ { "watchdog[=T]", "it hangs, and the watchdog bites (300ms)", 14 }, FATE(SIM_FATE_WATCHDOG, 300) },
	{ { "brownout[=T]", "the supply breaks down (300ms); status 14 with esp32", -1 },
	  FATE(SIM_FATE_BROWNOUT, 300) },
	{ { "restart[=T]", "it restarts itself (500ms)", 18 }, FATE(SIM_FATE_RESTART, 500) },
	{ { "hang[=T]", "it hangs without a word (300ms)", -1 }, FATE(SIM_FATE_HANG, 300) },
	{ { "times=N", "the trouble named before happens so often, then no more", -1 }, NUMBERS(1, 1000000),
	  GIVEN(fate_times) },
	{ { "silent", "the application prints nothing", 0 }, IS(app, SIM_APP_SILENT) },
	{ { "prints[=T]", "it prints a line so often (250ms)", 0 }, TIMES(1, DAY), MAY(250 * SIM_MS),
	  GIVEN(app_period_ns), ALSO(app, SIM_APP_PERIODIC) },
	{ { "talks", "it prints all the time", 0 }, IS(app, SIM_APP_CONTINUOUS) },
	{ { "say=TEXT", "what it prints; \\n \\r \\t \\e \\\\ \\xHH (\\x2c: comma)", -1 }, .takes = TEXT,
	  GIVEN(app_text) },
	{ { "baud=N", "the speed it speaks (115200)", -1 }, NUMBERS(300, 4000000), GIVEN(app_baud) },
	{ { "chatter", "ESP8266: the SDK prints a line at an odd speed", 0 }, IS(chatter, true) },

	{ { "ota=HOST:PORT", "its service for updates is open there: ArduinoOTA on 127.0.0.1:8266, say", -1 },
	  .takes = TEXT, GIVEN(ota), .apply = ota_prints_booting },
	{ { "otapassword=TEXT", "of that service", -1 }, .takes = TEXT, GIVEN(ota_password) },
	{ { "late=T", "it opens so long after the application's start (300ms)", -1 }, TIMES(0, DAY),
	  GIVEN(ota_late_ns) },
	{ { "esphome", "it is ESPHome's, of 2025.10", -1 }, IS(ota_kind, SIM_OTA_ESPHOME) },
	{ { "oldesphome", "it is ESPHome's, of 2025.7", -1 }, IS(ota_kind, SIM_OTA_ESPHOME_OLD) },
	{ { "stays=T", "the board lives on for so long when the program has ended", -1 }, TIMES(0, 60 * SIM_S),
	  GIVEN(stays_ns) },

	{ { "ch340", "the bridge: 75000 Bd where 74880 is asked for", 0 }, IS(bridge, SIM_BRIDGE_CH340) },
	{ { "cp2102", "the bridge: 76800 Bd where 74880 is asked for", 0 }, IS(bridge, SIM_BRIDGE_CP2102) },
	{ { "ftdi", "the bridge: 16 ms latency", 0 }, IS(bridge, SIM_BRIDGE_FTDI), ALSO(latency_ns, 16 * SIM_MS) },
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
	  GIVEN(rx_stall_ns), ALSO(rx_stall_for_ns, 300 * SIM_MS) },
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
	{ { "truth=FILE", "append every edge and what becomes of the board", -1 }, .takes = TEXT, GIVEN(truth) },
};
/* clang-format on */

#define RULE_COUNT (sizeof(rules) / sizeof(rules[0]))

const struct sim_word *sim_word(size_t n)
{
	return n < RULE_COUNT ? &rules[n].word : NULL;
}

/* ---- the parser ---- */

/* Converts a time such as "20ms", "3s" or "0.5" (seconds) to nanoseconds. */
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

/* Replaces escapes such as \n in @text by their characters. The text never gets longer, so it still fits. Return:
 * false if an escape is wrong. */
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
		} else if (*text == 'x' && isxdigit((unsigned char)text[1]) && isxdigit((unsigned char)text[2])) {
			*out++ = (char)strtol((const char[]){ text[1], text[2], '\0' }, NULL, 16);
			text += 3;
		} else {
			return false;
		}
	}
	*out = '\0';
	return true;
}

static const struct word_rule *rule_of(const char *word)
{
	for (size_t i = 0; i < RULE_COUNT; i++) {
		size_t len = strcspn(rules[i].word.word, "[="); /* length of the keyword, without "=T" or "[=T]" */

		if (strlen(word) == len && strncmp(rules[i].word.word, word, len) == 0)
			return &rules[i];
	}
	return NULL;
}

/* Reads the value of a keyword. Return: NULL, or the reason why the value is wrong. */
static const char *read_value(const struct word_rule *rule, char *given, int64_t *ret)
{
	*ret = rule->number;
	if (!given)
		return rule->takes == NOTHING || rule->optional ? NULL : "a value is missing";
	if (rule->takes == NOTHING)
		return "takes no value";
	if (rule->takes == TEXT) {
		if (!*given || !words_unescape(given))
			return "is empty, or has a bad escape";
		return strlen(given) < 256 ? NULL : "is too long";
	}
	if (rule->takes == TIME && !words_read_time(given, ret))
		return "needs a time such as 20ms or 1.5s";
	if (rule->takes == NUMBER && !words_read_number(given, ret))
		return "needs a whole number";
	return *ret < rule->least || *ret > rule->most ? "is out of range" : NULL;
}

/* Sets a member of @config to a number. The size of the member tells its type: bool, int or enumeration, or int64_t. */
static void set_number(struct sim_config *config, struct field field, int64_t number)
{
	void *to = (char *)config + field.offset;
	int small = (int)number;
	bool truth = number;

	if (field.size == sizeof(number))
		memcpy(to, &number, sizeof(number));
	else if (field.size == sizeof(small))
		memcpy(to, &small, sizeof(small));
	else if (field.size == sizeof(truth))
		memcpy(to, &truth, sizeof(truth));
}

/* Changes @config as a keyword and its value say. Return: NULL, or the reason why the keyword is wrong. */
static const char *apply_word(struct sim_config *config, const char *word, char *given)
{
	const struct word_rule *rule = rule_of(word);
	const char *wrong;
	int64_t number;

	if (!rule)
		return "no such word; sim:help lists them";
	wrong = read_value(rule, given, &number);
	if (wrong)
		return wrong;
	if (rule->takes == TEXT)
		snprintf((char *)config + rule->field.offset, rule->field.size, "%s", given);
	else
		set_number(config, rule->field, number);
	set_number(config, rule->also, rule->also_number);
	if (rule->apply)
		rule->apply(config, number);
	return NULL;
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
	while ((word = strsep(&next, ","))) {
		char *given = strchr(word, '=');
		const char *wrong;

		if (given)
			*given++ = '\0';
		wrong = *word || given ? apply_word(&made, word, given) : NULL;
		if (wrong) {
			snprintf(err, cap, "simulated board: '%s': %s", word, wrong);
			return -EINVAL;
		}
	}
	*config = made;
	return 0;
}
