/* stage2.c - the words of second stages and of applications that have just started. */
#include "bootlog/reader.h"

/* Log tags of espressif/esp-idf: the bootloader's own, and those that only a started application prints. */
static const struct {
	const char *tag;
	bool prefix;
	enum boot_progress step;
} tags[] = {
	{ "boot", false, BOOT_STAGE2 },
	{ "boot.", true, BOOT_STAGE2 },
	{ "boot_comm", false, BOOT_STAGE2 },
	{ "bootloader", true, BOOT_STAGE2 },
	{ "esp_image", false, BOOT_STAGE2 },
	{ "flash_parts", false, BOOT_STAGE2 },
	{ "flash_encrypt", false, BOOT_STAGE2 },
	{ "secure_boot", true, BOOT_STAGE2 },
	{ "efuse", false, BOOT_STAGE2 },
	{ "qio_mode", false, BOOT_STAGE2 },
	{ "MMU", false, BOOT_STAGE2 },
	{ "cpu_start", false, BOOT_APP },
	{ "heap_init", false, BOOT_APP },
	{ "app_init", false, BOOT_APP },
	{ "app_start", false, BOOT_APP },
	{ "main_task", false, BOOT_APP },
	{ "sleep_gpio", false, BOOT_APP },
	{ "soc_init", false,
	  BOOT_APP }, /* Zephyr's "simple boot": the ROM has loaded the application */
};

static const struct {
	const char *text;
	enum boot_progress step;
} lines[] = {
	{ "2nd boot version : ", BOOT_STAGE2 },	/* Espressif's NONOS bootloader */
	{ "SPI Speed      : ", BOOT_STAGE2 },
	{ "SPI Mode       : ", BOOT_STAGE2 },
	{ "SPI Speed : ", BOOT_STAGE2 },
	{ "SPI Mode : ", BOOT_STAGE2 },
	{ "SPI Flash Size & Map: ", BOOT_STAGE2 },
	{ "jump to run user", BOOT_STAGE2 },
	{ "rBoot v", BOOT_STAGE2 },
	{ "Booting rom ", BOOT_STAGE2 },
	{ "SDK ver: ", BOOT_APP },		/* Espressif's NONOS SDK */
	{ "phy ver: ", BOOT_APP },
	{ "rf cal sector: ", BOOT_APP },
	{ "rf[112] : ", BOOT_APP },
	{ "mode : sta(", BOOT_APP },
	{ "mode : softAP(", BOOT_APP },
	{ "*** Booting Zephyr OS ", BOOT_APP },
};

/* "I (31) boot: ", "I boot: "; the level's letter gets lost when a line is cut. Returns where the tag begins. */
static const char *log_tag(struct span s, size_t *ret_len)
{
	struct span t = s;
	const char *tag;
	long ms;
	bool level = *t.at == 'I' || *t.at == 'W' || *t.at == 'E' || *t.at == 'D' || *t.at == 'V';

	if (level) {
		t.at++;
		if (!span_char(&t, ' '))
			return NULL;
	}
	if (span_char(&t, '(') ? !span_dec(&t, &ms) || !span_word(&t, ") ") : !level)
		return NULL;
	tag = t.at;
	while (t.at != t.end && *t.at != ':' && *t.at != ' ')
		t.at++;
	*ret_len = (size_t)(t.at - tag);
	return t.at != t.end && *t.at == ':' ? tag : NULL;
}

/* "boot.esp32c3: ..." names the chip, where the banner could not. */
static void learn_chip(struct bootlog *log, const char *tag, size_t n)
{
	struct boot *boot = &log->boot;

	if (n <= 5 || memcmp(tag, "boot.esp", 8) != 0 || n - 5 >= sizeof(boot->chip_name) ||
	    boot->chip_name[0])
		return;
	if (boot->chip != CHIP_UNKNOWN && boot->chip != CHIP_NEWER)
		return;
	memcpy(boot->chip_name, tag + 5, n - 5);
	boot->chip_name[n - 5] = '\0';
	boot->chip = chip_by_rom_name(tag + 5, n - 5);
}

static enum boot_progress step_of_tag(const char *tag, size_t n)
{
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		size_t len = strlen(tags[i].tag);

		if (n >= len && (tags[i].prefix || n == len) && !memcmp(tag, tags[i].tag, len))
			return tags[i].step;
	}
	return BOOT_NOTHING;
}

/* "[   123][I][esp32-hal-psram.c:106] ...": the log lines of the Arduino core for the ESP32 */
static bool is_arduino_log(struct span s)
{
	long ms;

	if (!span_char(&s, '['))
		return false;
	span_blanks(&s);
	if (!span_dec(&s, &ms) || !span_word(&s, "][") || span_len(s) < 4)
		return false;
	return strchr("EWIDV", s.at[0]) && s.at[1] == ']' && s.at[2] == '[';
}

/* Past the next place where word stands. */
static bool span_to(struct span *s, const char *word)
{
	const char *found;

	while ((found = memchr(s->at, *word, (size_t)(s->end - s->at)))) {
		s->at = found;
		if (span_word(s, word))
			return true;
		s->at++;
	}
	return false;
}

static bool contains(struct span s, const char *word)
{
	return span_to(&s, word);
}

/* Does the second stage say that it has found an image? */
static bool has_chosen(struct span s)
{
	return contains(s, "Loaded app from partition") || contains(s, "Booting rom ") ||
	       contains(s, "Booting ROM ");
}

static bool says_again(struct bootlog *log, struct span s)
{
	static const char *const once[] = {
		"boot: End of partition table", "boot: Loaded app from partition",
		"cpu_start: Pro cpu start", "main_task: Calling app_main",
	};
	bool again = log->boot.progress == BOOT_APP && contains(s, "2nd stage bootloader");

	for (unsigned int i = 0; i < sizeof(once) / sizeof(once[0]); i++) {
		struct span t = s;

		while (span_to(&t, once[i])) {
			again |= log->said_once & 1U << i;
			log->said_once |= 1U << i;
		}
	}
	return again;
}

static void got_to(struct bootlog *log, enum boot_progress step, struct span s)
{
	if (log->boot.suspect_text[0] && (step >= BOOT_APP || has_chosen(s)))
		log->boot.suspect_text[0] = '\0';	/* another image was good */
	bootlog_progress(log, step, s);
}

#define STALE_MS 50	/* far more than a bridge holds characters back */

bool stage2_unfinished(const struct bootlog *log, struct span s)
{
	size_t n = 0;
	const char *tag = log_tag(s, &n);

	return tag && step_of_tag(tag, n) != BOOT_NOTHING &&
	       log->now_ms - log->rx74880.previous_ms >= STALE_MS;
}

bool stage2_line(struct bootlog *log, struct span s)
{
	enum boot_progress step = BOOT_NOTHING;
	const char *tag;
	size_t n = 0;

	if (*s.at == '[' && is_arduino_log(s)) {
		got_to(log, BOOT_APP, s);
		return true;
	}
	tag = *s.at == '(' || (span_len(s) > 1 && s.at[1] == ' ') ? log_tag(s, &n) : NULL;
	if (tag) {
		step = step_of_tag(tag, n);
		if (step == BOOT_STAGE2)
			learn_chip(log, tag, n);
	}
	if (!tag && !strchr("2SjrBpm*", *s.at))
		return false;
	for (size_t i = 0; step == BOOT_NOTHING && i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct span t = s;

		if (*s.at == lines[i].text[0] && span_word(&t, lines[i].text))
			step = lines[i].step;
	}
	if (step == BOOT_NOTHING)
		return false;
	/* What each boot says once, said again: a restart whose banner was lost. */
	if (tag && says_again(log, s)) {
		bootlog_begin_boot(log);
		log->boot.progress = BOOT_STAGE2;
		bootlog_fragment(log, s);
		return true;
	}
	got_to(log, step, s);
	return true;
}

/* -------------------------------------------------------------------------------------------------
 * Pieces of the ROM's words
 */

/* Each in the ROM's own punctuation: what applications say about their last reset does not look like this. */
static const char *const pieces[] = {
	"ets Jan  8", "ets Jun",  "ets Jul",	    ",rst cause", "chksum 0x",	    "csum 0x",
	"csum err",   "SPIWP:0x", "configsip: ",    "clk_drv:0x", "ESP-ROM:",	    "SP-ROM:",
	"rst:0x",     ",boot:0x", "SPI_FAST_FLASH", "DOWNLOAD(U", "DOWNLOAD_BOOT(", "load:0x",
	"entry 0x4",  "load 0x4", "load 0x3ff",	    "ets_main.c", "ets_loader.c",   "Guru Medit",
};

/* Whole lines that are the end of one of the ROM's */
static const char *const tails[] = {
	"dt reset", "t reset", "ld:0", "RESET)", "_BOOT)",
};

static bool is_tail(struct span s)
{
	if (span_len(s) > 8 || !strchr("t0)", s.end[-1]))
		return false;
	for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		if (span_len(s) == strlen(tails[i]) && !memcmp(s.at, tails[i], span_len(s)))
			return true;
	}
	return false;
}

/* The end of an ESP8266's banner, as long as it says more than its last bracket: "2, boot mode:(3,6)" */
static bool is_banner_tail(struct span s)
{
	static const char form[] = "ets Jan  8 2013,rst cause:#, boot mode:(#,#)";
	size_t n = span_len(s), all = sizeof(form) - 1;

	if (n < 10 || n > all || s.end[-1] != ')')
		return false;
	for (size_t i = 0; i < n; i++) {
		char want = form[all - n + i];

		if (want == '#' ? !span_is_digit(s.at[i]) : s.at[i] != want)
			return false;
	}
	return true;
}

/* The same without its end */
static bool is_banner_middle(struct span s)
{
	long cause;

	return span_word(&s, "rst cause:") && span_dec(&s, &cause) && span_word(&s, ", boot mode");
}

/* "Restarting now.", "Rebooting...", "resetting": in a line at s, which begins with one of "Rr" */
static void note_restart(struct bootlog *log, struct span s, bool alone)
{
	static const char *const words[] = { "ebooting", "estarting", "esetting", "EBOOT" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct span t = { s.at + 1, s.end };

		if (span_word(&t, words[i]))
			history_restart(log, alone && span_len(s) == 12 &&
						     !memcmp(s.at, "Rebooting...", 12));
	}
}

static bool is_piece(struct span s)
{
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		if (s.at[0] == pieces[i][0] && s.at[1] == pieces[i][1]) {
			struct span t = s;

			if (span_word(&t, pieces[i]))
				return true;
		}
	}
	return false;
}

/* The first two letters of each piece, and of each word about a restart */
static bool may_be_piece(const char *c)
{
	switch (*c) {
	case 'e':
		return c[1] == 't' || c[1] == 'n';
	case ',':
		return c[1] == 'r' || c[1] == 'b';
	case 'c':
		return c[1] == 'h' || c[1] == 's' || c[1] == 'o' || c[1] == 'l';
	case 'S':
		return c[1] == 'P';
	case 'E':
		return c[1] == 'S';
	case 'r':
		return c[1] == 's' || c[1] == 'e';
	case 'R':
		return c[1] == 'e' || c[1] == 'E';
	case 'D':
		return c[1] == 'O';
	case 'l':
		return c[1] == 'o';
	case 'G':
		return c[1] == 'u';
	default:
		return false;
	}
}

bool fragment_anywhere(struct bootlog *log, struct span s)
{
	const char *line = s.at;

	if (is_tail(s) || is_banner_tail(s) || is_banner_middle(s))
		return true;
	if (!(log->pairs & (PAIR_ANCHOR | PAIR_PANIC | PAIR_PIECE)))
		return false;
	for (; s.end - s.at >= 6; s.at++) {
		if (!may_be_piece(s.at))
			continue;
		if (*s.at == 'R' || *s.at == 'r')
			note_restart(log, s, s.at == line);
		if (s.at != line && span_is_letter(*s.at) &&
		    (span_is_letter(s.at[-1]) || s.at[-1] == '_'))
			continue;
		if (is_piece(s))
			return true;
	}
	return false;
}
