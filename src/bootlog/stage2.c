/* stage2.c - the words of second stages and of applications that have just started. */
#include "bootlog/reader.h"

/* Log tags of espressif/esp-idf: the bootloader's own, and those that only a started application prints. */
static const struct {
	const char *tag;
	bool prefix;
	enum boot_progress step;
} tags[] = {
	{ "esp_image", false, BOOT_STAGE2 }, /* of most lines */
	{ "boot", false, BOOT_STAGE2 },
	{ "boot.", true, BOOT_STAGE2 },
	{ "boot_comm", false, BOOT_STAGE2 },
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
	{ "bootloader", true, BOOT_STAGE2 },
	/* zephyrproject-rtos/hal_espressif zephyr/common/soc_init.c: in MCUboot, and where the ROM has loaded the application */
	{ "soc_init", false, BOOT_STAGE2 },
	{ "mcuboot", false, BOOT_STAGE2 },
};

static const struct {
	const char *text;
	enum boot_progress step;
} lines[] = {
	{ "2nd boot version : ", BOOT_STAGE2 }, /* Espressif's NONOS bootloader */
	{ "SPI Speed      : ", BOOT_STAGE2 },
	{ "SPI Mode       : ", BOOT_STAGE2 },
	{ "SPI Speed : ", BOOT_STAGE2 },
	{ "SPI Mode : ", BOOT_STAGE2 },
	{ "SPI Flash Size & Map: ", BOOT_STAGE2 },
	{ "jump to run user", BOOT_STAGE2 },
	{ "rBoot v", BOOT_STAGE2 },
	{ "Booting rom ", BOOT_STAGE2 },
	{ "Booting temp rom.", BOOT_STAGE2 },
	{ "SDK ver: ", BOOT_APP }, /* Espressif's NONOS SDK */
	{ "phy ver: ", BOOT_APP },
	{ "rf cal sector: ", BOOT_APP },
	{ "rf[112] : ", BOOT_APP },
	{ "mode : sta(", BOOT_APP },
	{ "mode : softAP(", BOOT_APP },
	/* MCUboot that Zephyr has built says this of itself, too: zephyrproject-rtos/zephyr kernel/banner.c */
	{ "*** Booting Zephyr OS ", BOOT_STAGE2 },
	{ "*** Using Zephyr OS ", BOOT_STAGE2 },
	{ "*** Booting MCUboot ", BOOT_STAGE2 },
};

/* "boot.esp32c3: ..." names the chip, where the banner could not. */
static void learn_chip(struct bootlog *log, struct span s)
{
	struct boot *boot = &log->boot;
	const char *tag = s.at;
	size_t n = span_len(s);

	if (n <= 5 || memcmp(tag, "boot.esp", 8) != 0 || n - 5 >= sizeof(boot->chip_name) || boot->chip_name[0])
		return;
	if (boot->chip != CHIP_UNKNOWN && boot->chip != CHIP_NEWER)
		return;
	memcpy(boot->chip_name, tag + 5, n - 5);
	boot->chip_name[n - 5] = '\0';
	boot->chip = chip_by_rom_name(tag + 5, n - 5);
}

static enum boot_progress step_of_tag(struct span tag)
{
	if (tag.at == tag.end)
		return BOOT_NOTHING;
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
		struct span t = tag;

		if (*tag.at == tags[i].tag[0] && span_word(&t, tags[i].tag) && (tags[i].prefix || t.at == t.end))
			return tags[i].step;
	}
	return BOOT_NOTHING;
}

bool stage2_is_loader(struct span tag)
{
	return step_of_tag(tag) == BOOT_STAGE2;
}

static bool begins_with(struct span s, const char *word)
{
	return s.at != s.end && *s.at == *word && span_word(&s, word);
}

/* Does the second stage say that it has found an image? */
static bool has_chosen(struct span words)
{
	/* clang-format off */
	static const char *const good[] = {
		"Loaded app from partition", "Booting rom ", "Booting ROM ", "Booting temp rom.", "Loading image ",
		"Jumping to the first image slot", "Jumping to the image slot", "jump to run ",
	};
	/* clang-format on */

	if (words.at == words.end || (*words.at != 'L' && *words.at != 'B' && *words.at != 'J' && *words.at != 'j'))
		return false;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (begins_with(words, good[i]))
			return true;
	}
	return false;
}

#define LOADED_APP 1 /* in the list */

static bool says_again(struct bootlog *log, const struct prefix *p)
{
	static const struct {
		const char *tag, *words;
	} once[] = {
		{ "boot", "End of partition table" },
		{ "boot", "Loaded app from partition" },
		{ "cpu_start", "Pro cpu start" },
		{ "main_task", "Calling app_main" },
	};
	bool again = log->boot.progress == BOOT_APP && *p->tag.at == 'b' && span_has(p->words, "2nd stage bootloader");

	for (unsigned int i = 0; i < sizeof(once) / sizeof(once[0]); i++) {
		if (!begins_with(p->words, once[i].words) || !begins_with(p->tag, once[i].tag))
			continue;
		/* or twice in this line, where what was between them is lost */
		again |= (log->said_once & 1U << i) ||
			 span_has((struct span){ p->words.at + 1, p->words.end }, once[i].words);
		log->said_once |= 1U << i;
	}
	return again;
}

void stage2_tries_another(struct bootlog *log)
{
	log->said_once &= ~(1U << LOADED_APP);
	log->chosen = false;
}

static void got_to(struct bootlog *log, enum boot_progress step, struct span s, const struct prefix *p)
{
	log->chosen |= step >= BOOT_APP || has_chosen(p->words);
	if (log->chosen)
		log->boot.suspect_text[0] = '\0'; /* another image was good */
	bootlog_progress(log, step, s);
}

#define STALE_MS 50 /* far more than a bridge holds characters back */

bool stage2_unfinished(const struct bootlog *log, struct span s)
{
	struct prefix p;

	prefix_read(&p, s);
	return p.form == PREFIX_IDF && step_of_tag(p.tag) != BOOT_NOTHING &&
	       log->now_ms - log->rx74880.previous_ms >= STALE_MS;
}

/* What the prefix of a log line shows: who writes lines like it */
static enum boot_progress step_of_prefix(const struct prefix *p)
{
	switch (p->form) {
	case PREFIX_APP: /* "[E] " alone is anybody's */ return p->tag.at != p->tag.end ? BOOT_APP : BOOT_NOTHING;
	case PREFIX_MCUBOOT: return BOOT_STAGE2;
	case PREFIX_IDF:
	case PREFIX_ZEPHYR: return step_of_tag(p->tag);
	default: return BOOT_NOTHING;
	}
}

static enum boot_progress step_of_line(struct span s)
{
	switch (*s.at) { /* the first letters of the list */
	case '2':
	case 'S':
	case 'j':
	case 'r':
	case 'B':
	case 'p':
	case 'm':
	case '*': break;
	default: return BOOT_NOTHING;
	}
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct span t = s;

		if (*s.at == lines[i].text[0] && span_word(&t, lines[i].text))
			return lines[i].step;
	}
	return BOOT_NOTHING;
}

bool stage2_line(struct bootlog *log, struct span s, const struct prefix *p)
{
	enum boot_progress step = p->form == PREFIX_NONE ? step_of_line(s) : step_of_prefix(p);

	if (step == BOOT_NOTHING)
		return false;
	if (step == BOOT_STAGE2)
		learn_chip(log, p->tag);
	/* What each boot says once, said again: a restart whose banner was lost. */
	if (p->form == PREFIX_IDF && *p->tag.at != 'e' && says_again(log, p)) {
		bootlog_begin_boot(log);
		log->boot.progress = BOOT_STAGE2;
		bootlog_fragment(log, s);
		return true;
	}
	log->boot.spoke |= p->form == PREFIX_APP;
	got_to(log, step, s, p);
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
	"entry 0x4",  "load 0x4", "load 0x3ff",	    "ets_main.c", "ets_loader.c",   "Guru Meditation Error: C",
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
static void note_restart(struct bootlog *log, struct span s)
{
	static const char *const words[] = { "ebooting", "estarting", "esetting", "EBOOT" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct span t = { s.at + 1, s.end };

		if (span_word(&t, words[i]))
			log->history.explained = true; /* the application said so */
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
	case 'e': return c[1] == 't' || c[1] == 'n';
	case ',': return c[1] == 'r' || c[1] == 'b';
	case 'c': return c[1] == 'h' || c[1] == 's' || c[1] == 'o' || c[1] == 'l';
	case 'S': return c[1] == 'P';
	case 'E': return c[1] == 'S';
	case 'r': return c[1] == 's' || c[1] == 'e';
	case 'R': return c[1] == 'e' || c[1] == 'E';
	case 'D': return c[1] == 'O';
	case 'l': return c[1] == 'o';
	case 'G': return c[1] == 'u';
	default: return false;
	}
}

/* Does an application tell of the ROM's words? In a log line of its own, or between quotation marks; what a reset cuts is
 * neither whole nor clean, and more than one line of the ROM's follows it. */
static bool stage2_is_quoted(const struct bootlog *log, const char *line, struct span piece)
{
	bool quoted = false;
	struct prefix p;

	if (log->dirty || log->boot.progress < BOOT_LOADED || piece.at == line)
		return false;
	for (const char *c = line; c != piece.at; c++)
		quoted ^= *c == '"';
	if (quoted)
		return true;
	prefix_read(&p, (struct span){ line, piece.end });
	return p.form == PREFIX_APP || (p.form == PREFIX_IDF && !stage2_is_loader(p.tag));
}

bool fragment_anywhere(struct bootlog *log, struct span s, bool whole)
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
			note_restart(log, s);
		if (s.at != line && span_is_letter(*s.at) && (span_is_letter(s.at[-1]) || s.at[-1] == '_'))
			continue;
		if (is_piece(s))
			return !whole || !stage2_is_quoted(log, line, s);
	}
	return false;
}
