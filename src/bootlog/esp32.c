/* esp32.c - reads what the ROM of the ESP32 and its successors prints.
 *
 * Sources: espressif/esp-idf components/soc/<chip>/include/soc/reset_reasons.h and boot_mode.h,
 * docs/en/security/<chip>_log.inc; espressif/esptool docs/en/advanced-topics/boot-mode-selection.rst.
 * See docs/hardware.md.
 */
#include "bootlog/reader.h"

/* "ets Jun  8 2016 00:22:57": the ROM prints its own build date. Some ROMs have a date that is not documented, so any
 * date is accepted. */
static bool read_esp32_head(struct bootlog_head *ret, struct span *s)
{
	unsigned long n[5]; /* day, year, hour, minute, second */

	if (!span_scan(s, "ets_@@@_#_#_#:#:#", n) || n[0] < 1 || n[0] > 31 || n[1] < 2000 || n[1] > 2099 || n[4] > 59)
		return false;
	*ret = (struct bootlog_head){ .chip = CHIP_ESP32, .name = "esp32" };
	return true;
}

/* "ESP-ROM:esp32c3-api1-20210207": accepted also without its first letter, which is often lost in reception. */
static bool read_rom_head(struct bootlog_head *ret, struct span *s)
{
	size_t n = 3;

	(void)span_char(s, 'E');
	if (!span_word(s, "SP-ROM:esp"))
		return false;
	*ret = (struct bootlog_head){ .name = "esp" };
	for (; s->at != s->end && (span_is_digit(*s->at) || (*s->at >= 'a' && *s->at <= 'z')); s->at++) {
		if (n + 1 == sizeof(ret->name))
			return false;
		ret->name[n++] = *s->at;
	}
	if (!span_char(s, '-'))
		return false;
	while (s->at != s->end && (span_is_digit(*s->at) || *s->at == '-' || span_is_letter(*s->at)))
		s->at++;
	ret->chip = chip_by_rom_name(ret->name, n);
	return true;
}

const char *esp32_head(struct bootlog_head *ret, struct span s)
{
	if (*s.at == 'e')
		return read_esp32_head(ret, &s) ? s.at : NULL;
	if (*s.at == 'E' || *s.at == 'S')
		return read_rom_head(ret, &s) ? s.at : NULL;
	return NULL;
}

/* ---- boot sources: flash, download or other ---- */

static const struct source {
	const char *text;
	bool prefix;
	enum boot_source source;
} sources[] = {
	{ "SPI_FAST_FLASH_BOOT", false, BOOT_SOURCE_FLASH },
	{ "SPI_FLASH_BOOT", false, BOOT_SOURCE_OTHER },
	{ "HSPI_FLASH_BOOT", false, BOOT_SOURCE_OTHER },
	{ "DOWNLOAD", true, BOOT_SOURCE_DOWNLOAD },
	{ "USB_BOOT", false, BOOT_SOURCE_DOWNLOAD },
	{ "SPI_DOWNLOAD_BOOT", false, BOOT_SOURCE_DOWNLOAD },
	{ "SDIO_", true, BOOT_SOURCE_OTHER },
	{ "ATE_BOOT", false, BOOT_SOURCE_OTHER },
	{ "UART0_BOOT", false, BOOT_SOURCE_DOWNLOAD },
	{ "UART_BOOT", false, BOOT_SOURCE_OTHER },
};

#define FLASH_MODE "SPI_FAST_FLASH_BOOT"

/* Boot mode texts that ROMs print, for comparison with a damaged text. Of the many texts that begin with "SDIO_" only
 * four are listed. */
/* clang-format off */
static const char *const modes[] = {
	FLASH_MODE, "SPI_FLASH_BOOT", "HSPI_FLASH_BOOT", "DOWNLOAD_BOOT(UART0/UART1/SDIO_REI_REO_V2)",
	"DOWNLOAD(USB/UART0)", "DOWNLOAD(USB/UART0/1)", "DOWNLOAD(USB/UART0/1/SPI)", "DOWNLOAD(USB/UART0/SPI)",
	"DOWNLOAD(USB/UART0/SDIO_FEI_FEO)", "DOWNLOAD(USB/UART0/SDIO_REI_FEO)", "DOWNLOAD(UART0)",
	"DOWNLOAD(UART0/USB)", "DOWNLOAD(UART0/SDIO_FEI_FEO)", "DOWNLOAD(UART0/SDIO_REI_FEO)", "USB_BOOT",
	"SPI_DOWNLOAD_BOOT", "SDIO_REI_FEO_V1_BOOT", "SDIO_REI_REO_V2_BOOT", "SDIO_FEI_FEO_V1_BOOT",
	"SDIO_FEI_REO_V2_BOOT", "ATE_BOOT", "UART0_BOOT", "UART_BOOT",
};
/* clang-format on */

static bool one_wrong(const char *text, const char *word)
{
	int wrong = 0;

	for (; *text && *word; text++, word++)
		wrong += *text != *word;
	return !*text && !*word && wrong <= 1;
}

bool esp32_is_damaged(const char *text, const char *word, size_t lost)
{
	const char *rest = text;

	if (one_wrong(text, word))
		return true;
	if (strlen(text) + lost < strlen(word))
		return false;
	for (; *word && *rest; word++)
		rest += *rest == *word;
	return !*rest;
}

/* Does the text end in "...", as "SPI_FAST_FL..." does? Then a person or a narrow terminal has left out its end. */
static bool is_elided(const char *text, size_t n)
{
	return n >= 3 && !memcmp(text + n - 3, "...", 3);
}

static bool is_like_mode(const char *text, const char *mode)
{
	size_t n = strlen(text), all = strlen(mode);

	if (is_elided(text, n))
		return !strncmp(text, mode, n - 3);
	return esp32_is_damaged(text, mode, all < 12 ? all / 3 : 4);
}

static enum boot_source source_of_straps(const struct boot *boot)
{
	switch (chip_straps(boot->chip, (unsigned int)boot->mode)) {
	case CHIP_STRAPS_FLASH: return BOOT_SOURCE_FLASH;
	case CHIP_STRAPS_DOWNLOAD: return BOOT_SOURCE_DOWNLOAD;
	case CHIP_STRAPS_OTHER: return BOOT_SOURCE_OTHER;
	default: return BOOT_SOURCE_UNKNOWN;
	}
}

static const struct source *find_source(const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
		size_t n = strlen(sources[i].text);

		if (!strncmp(text, sources[i].text, n) && (sources[i].prefix || !text[n]))
			return &sources[i];
	}
	return NULL;
}

/* Return the row of sources[] that a damaged boot mode text stands for; NULL: no row fits the text, or several rows
 * do. */
static const struct source *find_damaged_source(const char *text)
{
	const struct source *found = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		const struct source *source = is_like_mode(text, modes[i]) ? find_source(modes[i]) : found;

		if (found && source != found)
			return NULL;
		found = source;
	}
	return found;
}

/* Set the boot source (flash, download or other) by the text of the boot mode. The number of the boot mode shows the
 * levels of the strapping pins. Many strapping pins float, so the number only confirms the text. It decides only if the
 * text is unknown. */
static void judge_source(struct boot *boot)
{
	enum boot_source straps = source_of_straps(boot);
	const struct source *source = find_source(boot->mode_text);

	if (source && !is_elided(boot->mode_text, strlen(boot->mode_text))) {
		boot->certain &= straps == BOOT_SOURCE_UNKNOWN || straps == source->source;
	} else {
		source = source ? source : find_damaged_source(boot->mode_text);
		boot->damaged = true;
		boot->certain &= straps == BOOT_SOURCE_FLASH && one_wrong(boot->mode_text, FLASH_MODE);
	}
	boot->source = source ? source->source : straps;
}

/* ---- the banner ---- */

/* Read "(TEXT)". TEXT may contain brackets. The closing bracket may be missing if TEXT ends in "...": then a copied log
 * has lost the end of the text line. */
static bool esp32_read_brackets(struct span *s, char *ret, size_t cap)
{
	struct span t = *s;
	size_t n = 0;
	int depth = 1;
	bool closed;

	if (!span_char(&t, '('))
		return false;
	while (t.at != t.end) {
		if (n + 4 <= cap && span_word(&t, "\xe2\x80\xa6")) { /* U+2026, an ellipsis in one character */
			memcpy(ret + n, "...", 3);
			n += 3;
			continue;
		}
		depth += (*t.at == '(') - (*t.at == ')');
		if (depth == 0)
			break;
		if (*t.at < ' ' || *t.at > '~' || n + 1 == cap)
			return false;
		ret[n++] = *t.at++;
	}
	closed = span_char(&t, ')');
	while (n > 0 && t.at == t.end && ret[n - 1] == ' ')
		n--;
	if (!closed && !is_elided(ret, n))
		return false;
	ret[n] = '\0';
	*s = t;
	return true;
}

/* The first line of a banner, which names the chip, is lost: find out from the rest of the banner which chip printed
 * it. Some words are printed only by the ESP32. Any other words are taken for those of a newer chip. */
static enum chip chip_of_cause(const struct boot *boot)
{
	if (cause_is_esp32(boot->cause_text))
		return CHIP_ESP32;
	if (strstr(boot->mode_text, "DOWNLOAD_BOOT(UART0/UART1/SDIO"))
		return CHIP_ESP32;
	/* ESP32, P4 and S31 print SW_CPU_RESET. A boot mode of 0x40 or more rules out an ESP32; below 0x40, an ESP32 is
	 * assumed. */
	return !strcmp(boot->cause_text, "SW_CPU_RESET") && boot->mode < 0x40 ? CHIP_ESP32 : CHIP_NEWER;
}

static bool read_cause(struct boot *boot, struct span *s)
{
	unsigned long number;

	if (!span_char(s, 'r')) {
		boot->damaged = true;
		boot->certain = false;
	}
	if (!span_scan(s, "st:_0x%_", &number) || number > 0xff)
		return false;
	boot->cause = (int)number;
	return esp32_read_brackets(s, boot->cause_text, sizeof(boot->cause_text));
}

static bool read_mode(struct boot *boot, struct span *s)
{
	unsigned long number;

	if (!span_scan(s, "?,_boot:_0x%_", &number) || number > 0xffff ||
	    !esp32_read_brackets(s, boot->mode_text, sizeof(boot->mode_text)))
		return false;
	boot->mode = (int)number;
	return true;
}

const char *esp32_banner(struct boot *ret, struct span s, const struct bootlog_head *head, bool *ret_torn)
{
	struct span t;

	*ret = (struct boot){ BOOT_UNREAD, .certain = true, .progress = BOOT_BANNER };
	if (!read_cause(ret, &s))
		return NULL;
	t = s;
	*ret_torn = !read_mode(ret, &t);
	if (head) {
		ret->chip = head->chip;
		memcpy(ret->chip_name, head->name, sizeof(ret->chip_name));
	} else {
		ret->chip = chip_of_cause(ret);
		if (ret->chip == CHIP_ESP32)
			memcpy(ret->chip_name, "esp32", 6);
	}
	cause_judge(ret);
	if (*ret_torn) {
		ret->mode_text[0] = '\0';
		ret->certain = false;
		ret->damaged = true;
		return s.end;
	}
	judge_source(ret);
	return t.at;
}

/* Can this chip's ROM have printed the boot mode? Only the ESP32 prints "HSPI_" and "DOWNLOAD_BOOT(". Only later chips
 * print "DOWNLOAD(". */
static bool mode_fits(const struct boot *boot)
{
	enum boot_source straps = source_of_straps(boot);
	bool esp32 = !strncmp(boot->mode_text, "HSPI_", 5) || !strncmp(boot->mode_text, "DOWNLOAD_BOOT(", 14);
	bool later = !strncmp(boot->mode_text, "DOWNLOAD(", 9);

	if (boot->chip == CHIP_ESP32 ? later : esp32)
		return false;
	return straps == BOOT_SOURCE_UNKNOWN || straps == boot->source;
}

void esp32_learn_chip(struct boot *boot, struct span line, const struct boot *before)
{
	struct bootlog_head head = { .chip = before->chip };
	struct boot again;
	bool torn;

	if (before->chip == CHIP_ESP8266 || !cause_fits(boot, before->chip))
		return;
	memcpy(head.name, before->chip_name, sizeof(head.name));
	if (esp32_banner(&again, line, &head, &torn) && (torn || mode_fits(&again)))
		*boot = again;
}

/* ---- Lines after the banner. Each function returns the end of its line; NULL: the text is another line ---- */

static bool esp32_is_8266(const struct bootlog *log)
{
	return log->boot.chip == CHIP_ESP8266;
}

/* Addresses at which flash is mapped for an application. A bootloader has no segment there, so an image with a segment
 * at such an address is an application. Source: espressif/esp-idf components/soc/<chip>/include/soc/soc.h,
 * SOC_DROM_LOW to SOC_DROM_HIGH, SOC_IROM_LOW to SOC_IROM_HIGH. */
#define C(chip) (1U << CHIP_ESP##chip)
static const struct {
	unsigned int chips;
	unsigned long begin, end;
} mapped[] = {
	{ C(32), 0x3f400000, 0x3f800000 },
	{ C(32), 0x400d0000, 0x40400000 },
	{ C(32S2), 0x3f000000, 0x3ff80000 },
	{ C(32S2), 0x40080000, 0x40800000 },
	{ C(32S3) | C(32C3) | C(32C2), 0x3c000000, 0x3e000000 },
	{ ~(C(32) | C(32S2) | C(32P4) | C(32S31)), 0x42000000, 0x44000000 }, /* all chips but ESP32, S2, P4 and S31 */
	{ C(32P4) | C(32S31), 0x40000000, 0x44000000 },
};

static bool is_flash_mapped(const struct boot *boot, unsigned long address)
{
	for (size_t i = 0; i < ARRAY_SIZE(mapped); i++) {
		if (mapped[i].chips & 1U << boot->chip && address >= mapped[i].begin && address < mapped[i].end)
			return true;
	}
	return false;
}

static const char *esp32_take_load(struct bootlog *log, struct span line, unsigned long address)
{
	if (esp32_is_8266(log))
		return bootlog_out_of_place(log, line);
	if (log->begun && !bootlog_in_rom(log)) {
		bootlog_begin_boot(log);
		log->boot.progress = BOOT_LOADING;
		return bootlog_out_of_place(log, line);
	}
	if (address == 0xffffffff) {
		bootlog_emit_trouble(log, BOOT_NO_IMAGE, line, REASON_FLASH_MODE);
		return line.end;
	}
	if (is_flash_mapped(&log->boot, address)) {
		memcpy(log->boot.suspect_text, "an application lies where the bootloader belongs", 49);
		log->boot.suspect_reason = REASON_APP_AS_LOADER;
		return bootlog_progress(log, BOOT_NOTHING, line);
	}
	return bootlog_progress(log, BOOT_LOADING, line);
}

/* "load:0x3fff0030,len:1344": an ESP32 prints a decimal length, a later chip a hexadecimal one. An ESP32 with secure
 * boot version 2 prints "load:0x3fff00b8 len:0x2ce4" (espressif/esp-idf issue 11888). */
static const char *esp32_load_line(struct bootlog *log, struct span s, bool whole)
{
	static const char *const forms[] = {
		"load:0x%8,len:0x%",
		"load:0x%8,len:#",
		"load:0x%8 len:0x%",
		"load:0x%8 len:#",
	};

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		struct span t = s;
		unsigned long n[2];

		if (span_scan(&t, forms[i], n) && bootlog_ends(log, t, whole))
			return esp32_take_load(log, (struct span){ s.at, t.at }, n[0]);
	}
	return NULL;
}

/* "entry 0x40080604": the ROM has loaded an image and starts it. This line proves the load, whatever boot source the
 * banner named. */
static const char *entry_line(struct bootlog *log, struct span s)
{
	struct span t = s;
	unsigned long address;

	if (!span_scan(&t, "entry 0x%8", &address) || !bootlog_ends(log, t, true))
		return NULL;
	s.end = t.at;
	if (esp32_is_8266(log) || !log->begun || !bootlog_in_rom(log))
		return bootlog_out_of_place(log, s);
	/* The ROM prints an entry line when it starts an image. If the ROM refused an image earlier in this boot,
	 * it has found another image since, so the boot has not failed. For example, a C5 prints "Loading RECOVERY
	 * Bootloader" and loads another bootloader. But if this boot has crashed, the entry line belongs to the next
	 * boot. */
	if (log->boot.trouble == BOOT_NO_IMAGE && !log->dies) {
		log->boot.trouble = BOOT_OK;
		log->boot.trouble_text[0] = '\0';
	}
	if (log->boot.source == BOOT_SOURCE_UNKNOWN && log->boot.progress == BOOT_LOADING)
		log->boot.source = BOOT_SOURCE_FLASH;
	return bootlog_progress(log, BOOT_LOADED, s);
}

/* The ROM waits for a host to send code. If it waits on SDIO only, that does not count as download mode, since no tool
 * uploads over SDIO. */
static const char *waiting_line(struct bootlog *log, struct span s)
{
	static const char *const sdio[] = { "wait sdio download", "waiting for sdio host" /* ESP32 */, NULL };
	static const char *const waits[] = {
		"waiting for download",
		"wait uart download(secure mode)",
		"wait uart download",
		"wait uart0 download",
		"wait uart0/sdio download", /* C5 */
		"wait usb download",
		"wait spi download",
		"waiting for RMA download", /* S31 */
		"Booting into dfu mode.",   /* ROMs of S2, S3, P4 and S31; an application may print this, too */
		NULL,
	};
	struct span t = s;
	bool by_sdio = span_any(&t, sdio) >= 0;

	if (!by_sdio && span_any(&t, waits) < 0)
		return NULL;
	if (!bootlog_ends(log, t, true) || (*s.at == 'B' && log->boot.progress != BOOT_BANNER))
		return NULL;
	s.end = t.at;
	if (esp32_is_8266(log))
		return bootlog_out_of_place(log, s);
	return bootlog_waits(log, by_sdio ? BOOT_SOURCE_OTHER : BOOT_SOURCE_DOWNLOAD, s);
}

/* The strapping pins select download mode, but an eFuse forbids it. So the ROM halts, and does not wait for a host. */
static const char *refusal_line(struct bootlog *log, struct span s)
{
	static const char *const words[] = {
		"Download boot modes disabled via efuse", /* S2 */
		"Download boot modes disabled",
		"Download mode is disabled. Restart with GPIO0 high.", /* printed by an ESP32 of chip revision 3 */
		"Invalid mode for secure boot download",
		NULL,
	};
	struct span t = s;

	if (span_any(&t, words) < 0 || esp32_is_8266(log) || log->boot.progress != BOOT_BANNER ||
	    !bootlog_ends(log, t, true))
		return NULL;
	if (log->boot.source == BOOT_SOURCE_UNKNOWN)
		log->boot.source = BOOT_SOURCE_DOWNLOAD;
	return bootlog_progress(log, BOOT_NOTHING, (struct span){ s.at, t.at });
}

/* Lines that the ROM prints between the banner and "entry", and that show neither success nor failure. The words of
 * rom_details[] are printed by a ROM only: anywhere else in a log they show that a banner was lost. An ESP32 with
 * secure boot version 2 prints the flash mode as a number ("mode:0"). */
/* clang-format off */
static const char *const rom_details[] = {
	"configsip: ", "clk_drv:0x", "SPIWP:0x", "mode:DIO, clock div:", "mode:DOUT, clock div:",
	"mode:QIO, clock div:", "mode:QOUT, clock div:", "mode:FAST_RD, clock div:",
	"mode:SLOW_RD, clock div:", "mode:0, clock div:", "mode:1, clock div:", "mode:2, clock div:",
	"mode:3, clock div:", "mode:4, clock div:", "mode:5, clock div:", "SPI mode:", "Saved PC:0x",
	"Core0 Saved PC:0x", "Core1 Saved PC:0x", NULL,
};
static const char *const other_details[] = {
	"Build:", "ho ", "Octal Flash Mode Enabled", "For OPI Flash, Use Default Flash Boot Mode",
	"Valid secure boot key blocks: ", "secure boot v2 enabled", "secure boot verification succeeded",
	"use sector0 for km info", "use legacy efuse key", "SHA-256 comparison failed:", "Calculated: ",
	"Expected: ", "Attempting to boot anyway...", "PRIMARY - ", "Loading RECOVERY Bootloader...", NULL,
};
/* clang-format on */

/* Return the end of a detail line (rom_details[], other_details[]) whose first words end at @t. Usually this is the end
 * of the text line. But a copied log may have lost its line ends. Then the detail ends at the blank before the next
 * words of a ROM, or before a sentence that reports a failure. */
static const char *detail_end(const struct bootlog *log, struct span s, struct span t)
{
	static const char *const next[] = { "rst:0x", "SPIWP:", "mode:", "load:0", "entry ", "Build:", NULL };

	if (!log->options.pasted)
		return s.end;
	for (; span_len(t) > 6; t.at++) {
		struct span u = { t.at + 1, t.end };

		if (*t.at == ' ' && (span_any(&u, next) >= 0 || trouble_begins(log, u)))
			return t.at;
	}
	return s.end;
}

static const char *detail_line(struct bootlog *log, struct span s)
{
	struct span t = s;
	bool only_rom = !esp32_is_8266(log) && span_any(&t, rom_details) >= 0;

	if (esp32_is_8266(log) || (!only_rom && span_any(&t, other_details) < 0))
		return NULL;
	s.end = detail_end(log, s, t);
	if (!log->head.valid && !bootlog_in_rom(log))
		return only_rom ? bootlog_out_of_place(log, s) : NULL;
	if (log->head.valid && !(log->begun && log->boot.announced_restart))
		return bootlog_out_of_place(log, s);
	return bootlog_progress(log, BOOT_NOTHING, s);
}

/* Called for every text line. Most text lines are rejected by their first letter, which saves time. */
const char *esp32_line(struct bootlog *log, struct span s, bool whole)
{
	const char *end;

	switch (*s.at) {
	case 'l': return esp32_load_line(log, s, whole);
	case 'e': return entry_line(log, s);
	case 'w': return waiting_line(log, s);
	case 'D':
	case 'I': return refusal_line(log, s);
	case 'B': end = waiting_line(log, s); return end ? end : detail_line(log, s);
	default: return strchr("chmOFVsuSCEAPL", *s.at) ? detail_line(log, s) : NULL;
	}
}
