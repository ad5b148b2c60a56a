/* stage2.c - recognises second stages and started applications by what they print, and finds cut-off words of a ROM in
 * any text line. */
#include "bootlog/reader.h"

/* clang-format off */

/* Log tags of ESP-IDF's bootloader and of MCUboot, the most frequent one first. The tag "soc_init" may come from
 * MCUboot, or from an application that a ROM has loaded. So it counts only as a sign of a bootloader. Source:
 * zephyrproject-rtos/hal_espressif zephyr/common/soc_init.c */
static const char *const loader_tags[] = {
	"esp_image", "boot", "boot_comm", "flash_parts", "flash_encrypt", "efuse", "qio_mode", "MMU", "soc_init",
	"mcuboot", NULL,
};
static const char *const loader_tag_starts[] = { "boot.", "secure_boot", "bootloader", NULL };

/* Log tags that only a started application of ESP-IDF prints */
static const char *const app_tags[] = {
	"cpu_start", "heap_init", "app_init", "app_start", "main_task", "sleep_gpio", NULL,
};

/* Lines that second stages print without a log prefix: NONOS bootloader, rBoot and MCUboot. The lines that name Zephyr
 * may come from MCUboot built on Zephyr, or from an application. So they count only as a sign of a second stage.
 * Source: zephyrproject-rtos/zephyr kernel/banner.c */
static const char *const stage2_lines[] = {
	"2nd boot version : ", "SPI Speed      : ", "SPI Mode       : ", "SPI Speed : ", "SPI Mode : ",
	"SPI Flash Size & Map: ", "jump to run user", "rBoot v", "Booting rom ", "Booting temp rom.",
	"*** Booting Zephyr OS ", "*** Using Zephyr OS ", "*** Booting MCUboot ", NULL,
};
/* Lines of applications built with Espressif's NONOS SDK */
static const char *const app_lines[] = {
	"SDK ver: ", "phy ver: ", "rf cal sector: ", "rf[112] : ", "mode : sta(", "mode : softAP(", NULL,
};
/* clang-format on */

/* Learn which chip this is from a log tag such as "boot.esp32c3", if the banner did not name the chip. */
static void learn_chip(struct boot *boot, struct span tag)
{
	size_t n;

	if (!span_word(&tag, "boot.") || span_len(tag) < 3 || memcmp(tag.at, "esp", 3) != 0)
		return;
	n = span_len(tag);
	if (n >= sizeof(boot->chip_name) || boot->chip_name[0] ||
	    (boot->chip != CHIP_UNKNOWN && boot->chip != CHIP_NEWER))
		return;
	memcpy(boot->chip_name, tag.at, n);
	boot->chip_name[n] = '\0';
	boot->chip = chip_by_rom_name(tag.at, n);
}

static bool is_one_of(struct span tag, const char *const *words)
{
	size_t n = span_len(tag);

	while (*words && !(**words == *tag.at && strncmp(*words, tag.at, n) == 0 && !(*words)[n]))
		words++;
	return *words != NULL;
}

static enum boot_progress step_of_tag(struct span tag)
{
	if (tag.at == tag.end)
		return BOOT_NOTHING;
	if (is_one_of(tag, loader_tags) || span_any(&tag, loader_tag_starts) >= 0)
		return BOOT_STAGE2;
	return is_one_of(tag, app_tags) ? BOOT_APP : BOOT_NOTHING;
}

bool stage2_is_loader(struct span tag)
{
	return step_of_tag(tag) == BOOT_STAGE2;
}

/* Does the second stage say that it has found an image? */
static bool has_chosen(struct span words)
{
	/* clang-format off */
	static const char *const good[] = {
		"Loaded app from partition", "Loading image ", "Booting rom ", "Booting ROM ", "Booting temp rom.",
		"Jumping to the first image slot", "Jumping to the image slot", "jump to run ", NULL,
	};
	/* clang-format on */

	return span_any(&words, good) >= 0;
}

/* ESP-IDF prints each of these lines once in a boot: if one of them comes again, the board has restarted. */
static const struct {
	const char *tag, *words;
} once[] = {
	{ "boot", "End of partition table" },
	{ "boot", "Loaded app from partition" },
	{ "cpu_start", "Pro cpu start" },
	{ "main_task", "Calling app_main" },
};
#define LOADED_APP 1 /* index in once[]: "Loaded app from partition" */

/* Does this text line show that the board has restarted, although no banner came? */
static bool says_again(struct bootlog *log, const struct prefix *p)
{
	bool again = log->boot.progress == BOOT_APP && *p->tag.at == 'b' && span_has(p->words, "2nd stage bootloader");

	for (unsigned int i = 0; i < ARRAY_SIZE(once); i++) {
		struct span tag = p->tag, rest = p->words;

		if (!span_word(&rest, once[i].words) || !span_word(&tag, once[i].tag))
			continue;
		again |= log->said_once & 1U << i ||
			 span_has(rest, once[i].words); /* the words come twice: a restart came in between */
		log->said_once |= 1U << i;
	}
	return again;
}

void stage2_tries_another(struct bootlog *log)
{
	log->said_once &= ~(1U << LOADED_APP);
	log->chosen = false;
}

#define STALE_MS 50 /* a text line that has not grown for so long is cut off: no bridge delays characters so much */

bool stage2_unfinished(const struct bootlog *log, struct span s)
{
	struct prefix p;

	prefix_read(&p, s);
	return p.form == PREFIX_IDF && step_of_tag(p.tag) != BOOT_NOTHING &&
	       log->now_ms - log->rx74880.previous_ms >= STALE_MS;
}

/* Return how far the boot has got, judged by the log prefix of a text line. */
static enum boot_progress step_of_prefix(const struct prefix *p)
{
	switch (p->form) {
	case PREFIX_APP: /* a prefix without a log tag, such as "[E] ", may be any program's: it proves nothing */
		return p->tag.at != p->tag.end ? BOOT_APP : BOOT_NOTHING;
	case PREFIX_MCUBOOT: return BOOT_STAGE2;
	case PREFIX_IDF:
	case PREFIX_ZEPHYR: return step_of_tag(p->tag);
	default: return BOOT_NOTHING;
	}
}

/* Called for every text line. Most text lines are rejected by their first letter, which saves time. */
static enum boot_progress step_of_line(struct span s)
{
	if (!strchr("2SjrBpm*", *s.at))
		return BOOT_NOTHING;
	if (span_any(&s, app_lines) >= 0)
		return BOOT_APP;
	return span_any(&s, stage2_lines) >= 0 ? BOOT_STAGE2 : BOOT_NOTHING;
}

bool stage2_line(struct bootlog *log, struct span s, const struct prefix *p)
{
	enum boot_progress step = p->form == PREFIX_NONE ? step_of_line(s) : step_of_prefix(p);

	if (step == BOOT_NOTHING)
		return false;
	if (step == BOOT_STAGE2)
		learn_chip(&log->boot, p->tag);
	if (p->form == PREFIX_IDF && *p->tag.at != 'e' && says_again(log, p)) {
		bootlog_begin_boot(log);
		log->boot.progress = BOOT_STAGE2;
		bootlog_fragment(log, s);
		return true;
	}
	log->boot.spoke |= p->form == PREFIX_APP;
	log->chosen |= step >= BOOT_APP || has_chosen(p->words);
	if (log->chosen)
		log->boot.suspect_text[0] = '\0'; /* a rejected image no longer matters: a good one was found */
	bootlog_progress(log, step, s);
	return true;
}

/* ---- words of a ROM that a reset or lost bytes have cut off ---- */

/* Words that only a ROM or a panic handler prints in this form. An application that reports its last reset uses other
 * punctuation. */
static const char *const pieces[] = {
	"ets Jan  8", "ets Jun",  "ets Jul",	    ",rst cause", "chksum 0x",	    "csum 0x",
	"csum err",   "SPIWP:0x", "configsip: ",    "clk_drv:0x", "ESP-ROM:",	    "SP-ROM:",
	"rst:0x",     ",boot:0x", "SPI_FAST_FLASH", "DOWNLOAD(U", "DOWNLOAD_BOOT(", "load:0x",
	"entry 0x4",  "load 0x4", "load 0x3ff",	    "ets_main.c", "ets_loader.c",   "Guru Meditation Error: C",
};

/* Is this text line the end of a line of the ROM, whose beginning was lost? */
static bool is_tail(struct span s)
{
	static const char *const tails[] = { "dt reset", "t reset", "ld:0", "RESET)", "_BOOT)", NULL };

	return span_len(s) <= 8 && strchr("t0)", s.end[-1]) && span_any(&s, tails) >= 0 && s.at == s.end;
}

/* Does the application announce a restart here: "Restarting now.", "Rebooting...", "resetting"? */
static bool is_restart(struct span s)
{
	static const char *const words[] = { "ebooting", "estarting", "esetting", "EBOOT", NULL };

	if (*s.at != 'R' && *s.at != 'r')
		return false;
	s.at++;
	return span_any(&s, words) >= 0;
}

static bool is_piece(struct span s)
{
	for (size_t i = 0; i < ARRAY_SIZE(pieces); i++) {
		struct span t = s;

		if (s.at[0] == pieces[i][0] && s.at[1] == pieces[i][1] && span_word(&t, pieces[i]))
			return true;
	}
	return false;
}

/* Does an application quote the ROM's words, behind its own log prefix or between quotation marks? Then they do not
 * show a reset. If the text line has unreadable bytes, it is no quotation: a reset may have cut the application's line
 * off. */
static bool is_quoted_piece(const struct bootlog *log, const char *line, struct span piece)
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

	if (is_tail(s) || esp8266_is_banner_rest(s))
		return true;
	if (!(log->pairs & (PAIR_ANCHOR | PAIR_PANIC | PAIR_PIECE)))
		return false;
	for (; s.end - s.at >= 6; s.at++) {
		log->history.explained |= is_restart(s);
		if (s.at != line && span_is_letter(*s.at) && (span_is_letter(s.at[-1]) || s.at[-1] == '_'))
			continue;
		if (is_piece(s))
			return !whole || !is_quoted_piece(log, line, s);
	}
	return false;
}
