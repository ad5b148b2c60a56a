/* esp32.c - what the ROM of the ESP32 and its successors prints.
 *
 * Forms and numbers: espressif/esp-idf components/soc/<chip>/include/soc/reset_reasons.h and boot_mode.h,
 * docs/en/security/<chip>_log.inc; espressif/esptool docs/en/advanced-topics/boot-mode-selection.rst.
 * See docs/hardware.md.
 */
#include "bootlog/reader.h"

/* -------------------------------------------------------------------------------------------------
 * First lines
 */

static bool esp32_read_time(struct span *s)
{
	long n;

	return span_dec(s, &n) && span_char(s, ':') && span_dec(s, &n) && span_char(s, ':') && span_dec(s, &n) &&
	       n < 60;
}

/* "ets Jun  8 2016 00:22:57". The date is the ROM's; more of them exist than are documented. */
static bool read_esp32_head(struct bootlog_head *ret, struct span *s)
{
	long day, year;

	if (!span_word(s, "ets"))
		return false;
	span_blanks(s);
	if (span_len(*s) < 3 || !span_is_letter(s->at[0]) || !span_is_letter(s->at[1]) || !span_is_letter(s->at[2]))
		return false;
	s->at += 3;
	span_blanks(s);
	if (!span_dec(s, &day) || day < 1 || day > 31)
		return false;
	span_blanks(s);
	if (!span_dec(s, &year) || year < 2000 || year > 2099)
		return false;
	span_blanks(s);
	if (!esp32_read_time(s))
		return false;
	*ret = (struct bootlog_head){ .chip = CHIP_ESP32, .name = "esp32" };
	return true;
}

/* "ESP-ROM:esp32c3-api1-20210207"; its first letter gets lost easily */
static bool read_rom_head(struct bootlog_head *ret, struct span *s)
{
	size_t n = 0;

	(void)span_char(s, 'E');
	if (!span_word(s, "SP-ROM:esp"))
		return false;
	*ret = (struct bootlog_head){ .name = "esp" };
	for (n = 3; s->at != s->end && (span_is_digit(*s->at) || (*s->at >= 'a' && *s->at <= 'z')); s->at++) {
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

/* -------------------------------------------------------------------------------------------------
 * Boot sources
 */

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

/* Of each row above what the ROMs print whole: a damaged text is looked for here. Of the kinds of SDIO some stand for
 * all. */
static const char *const modes[] = {
	"SPI_FAST_FLASH_BOOT",
	"SPI_FLASH_BOOT",
	"HSPI_FLASH_BOOT",
	"DOWNLOAD_BOOT(UART0/UART1/SDIO_REI_REO_V2)",
	"DOWNLOAD(USB/UART0)",
	"DOWNLOAD(USB/UART0/1)",
	"DOWNLOAD(USB/UART0/1/SPI)",
	"DOWNLOAD(USB/UART0/SPI)",
	"DOWNLOAD(USB/UART0/SDIO_FEI_FEO)",
	"DOWNLOAD(USB/UART0/SDIO_REI_FEO)",
	"DOWNLOAD(UART0)",
	"DOWNLOAD(UART0/USB)",
	"DOWNLOAD(UART0/SDIO_FEI_FEO)",
	"DOWNLOAD(UART0/SDIO_REI_FEO)",
	"USB_BOOT",
	"SPI_DOWNLOAD_BOOT",
	"SDIO_REI_FEO_V1_BOOT",
	"SDIO_REI_REO_V2_BOOT",
	"SDIO_FEI_FEO_V1_BOOT",
	"SDIO_FEI_REO_V2_BOOT",
	"ATE_BOOT",
	"UART0_BOOT",
	"UART_BOOT",
};

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

/* "SPI_FAST_FL...": somebody, or a narrow terminal, has left out the end. */
static bool is_elided(const char *text)
{
	size_t n = strlen(text);

	return n >= 3 && !strcmp(text + n - 3, "...");
}

static bool is_like_mode(const char *text, const char *mode)
{
	size_t n = strlen(mode);

	if (is_elided(text))
		return !strncmp(text, mode, strlen(text) - 3);
	return esp32_is_damaged(text, mode, n < 12 ? n / 3 : 4);
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
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		size_t n = strlen(sources[i].text);

		if (!strncmp(text, sources[i].text, n) && (sources[i].prefix || !text[n]))
			return &sources[i];
	}
	return NULL;
}

/* The only source that a damaged text can mean. */
static const struct source *find_damaged_source(const char *text)
{
	const struct source *found = NULL;

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		const struct source *source = is_like_mode(text, modes[i]) ? find_source(modes[i]) : found;

		if (found && source != found)
			return NULL;
		found = source;
	}
	return found;
}

/* By the text first; the bits are a cross-check, since many of them float. */
static void judge_source(struct boot *boot)
{
	enum boot_source straps = source_of_straps(boot);
	const struct source *source = find_source(boot->mode_text);

	if (source && !is_elided(boot->mode_text)) {
		boot->certain &= straps == BOOT_SOURCE_UNKNOWN || straps == source->source;
	} else {
		source = source ? source : find_damaged_source(boot->mode_text);
		boot->damaged = true;
		boot->certain &= straps == BOOT_SOURCE_FLASH && one_wrong(boot->mode_text, modes[0]);
	}
	boot->source = source ? source->source : straps;
}

/* -------------------------------------------------------------------------------------------------
 * The banner
 */

/* "..." at the end of the line, and blanks */
static bool is_left_open(const char *text, size_t n)
{
	while (n > 0 && text[n - 1] == ' ')
		n--;
	return n >= 3 && !memcmp(text + n - 3, "...", 3);
}

/* "(TEXT)", with brackets inside; the last one may be missing where the end of the line was left out. */
static bool esp32_read_brackets(struct span *s, char *ret, size_t cap)
{
	struct span t = *s;
	size_t n = 0;
	int depth = 1;

	if (!span_char(&t, '('))
		return false;
	while (t.at != t.end) {
		if (n + 4 <= cap && span_word(&t, "\xe2\x80\xa6")) { /* U+2026 */
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
	if (!span_char(&t, ')') && !is_left_open(ret, n))
		return false;
	while (n > 0 && t.at == t.end && ret[n - 1] == ' ')
		n--;
	ret[n] = '\0';
	*s = t;
	return true;
}

/* The ESP32's own texts, where no line before the banner named the chip. */
static enum chip chip_of_cause(const struct boot *boot)
{
	if (cause_is_esp32(boot->cause_text))
		return CHIP_ESP32;
	if (strstr(boot->mode_text, "DOWNLOAD_BOOT(UART0/UART1/SDIO"))
		return CHIP_ESP32;
	/* P4 and S31 say SW_CPU_RESET too. */
	return !strcmp(boot->cause_text, "SW_CPU_RESET") && boot->mode < 0x40 ? CHIP_ESP32 : CHIP_NEWER;
}

static bool read_cause(struct boot *boot, struct span *s)
{
	unsigned long number;

	if (!span_char(s, 'r')) {
		boot->damaged = true;
		boot->certain = false;
	}
	if (!span_word(s, "st:"))
		return false;
	span_blanks(s);
	if (!span_word(s, "0x") || !span_hex(s, &number) || number > 0xff)
		return false;
	span_blanks(s);
	boot->cause = (int)number;
	return esp32_read_brackets(s, boot->cause_text, sizeof(boot->cause_text));
}

static bool read_mode(struct boot *boot, struct span *s)
{
	unsigned long number;

	(void)span_char(s, ',');
	span_blanks(s);
	if (!span_word(s, "boot:"))
		return false;
	span_blanks(s);
	if (!span_word(s, "0x") || !span_hex(s, &number) || number > 0xffff)
		return false;
	span_blanks(s);
	if (!esp32_read_brackets(s, boot->mode_text, sizeof(boot->mode_text)))
		return false;
	boot->mode = (int)number;
	return true;
}

const char *esp32_banner(struct boot *ret, struct span s, const struct bootlog_head *head, bool *ret_torn)
{
	struct span t;

	*ret = (struct boot){
		.cause = -1,
		.mode = -1,
		.mode2 = -1,
		.loaded_ms = -1,
		.certain = true,
		.progress = BOOT_BANNER,
	};
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

/* Only the ESP32 has an HSPI flash, and words with an underscore behind DOWNLOAD. */
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

/* -------------------------------------------------------------------------------------------------
 * The lines behind the banner
 */

static bool esp32_is_8266(const struct bootlog *log)
{
	return log->boot.chip == CHIP_ESP8266;
}

/* Addresses where an application lies in flash: the ROM cannot load them. espressif/esp-idf
 * components/soc/<chip>/include/soc/soc.h, SOC_DROM_LOW to SOC_DROM_HIGH, SOC_IROM_LOW to SOC_IROM_HIGH. The first row
 * of each chip has its application's first segment. */
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
	{ ~(C(32) | C(32S2) | C(32P4) | C(32S31)), 0x42000000, 0x44000000 }, /* most, so also those not known */
	{ C(32P4) | C(32S31), 0x40000000, 0x44000000 },
};

static bool is_flash_mapped(const struct boot *boot, unsigned long address)
{
	for (size_t i = 0; i < sizeof(mapped) / sizeof(mapped[0]); i++) {
		if (mapped[i].chips & 1U << boot->chip && address >= mapped[i].begin && address < mapped[i].end)
			return true;
	}
	return false;
}

/* "load:0x3fff0030,len:1344": decimal on the ESP32, 0x538 on the others. An ESP32 with secure boot version 2 writes
 * "load:0x3fff00b8 len:0x2ce4" (espressif/esp-idf issue 11888). */
static const char *esp32_load_line(struct bootlog *log, struct span s, bool whole)
{
	struct span t = s;
	unsigned long address, hex;
	long len;

	if (!span_word(&t, "load:0x") || span_hex(&t, &address) != 8 ||
	    (!span_word(&t, ",len:") && !span_word(&t, " len:")))
		return NULL;
	if (span_word(&t, "0x") ? !span_hex(&t, &hex) : !span_dec(&t, &len))
		return NULL;
	if (!bootlog_ends(log, t, whole))
		return NULL;
	s.end = t.at;
	if (esp32_is_8266(log))
		return bootlog_out_of_place(log, s, t.at);
	if (log->begun && !bootlog_in_rom(log)) {
		bootlog_begin_boot(log);
		log->boot.progress = BOOT_LOADING;
		return bootlog_out_of_place(log, s, t.at);
	}
	if (address == 0xffffffff) {
		bootlog_emit_trouble(log, BOOT_NO_IMAGE, s, REASON_FLASH_MODE);
		return t.at;
	}
	if (is_flash_mapped(&log->boot, address)) {
		memcpy(log->boot.suspect_text, "an application lies where the bootloader belongs", 49);
		log->boot.suspect_reason = REASON_APP_AS_LOADER;
		bootlog_progress(log, BOOT_NOTHING, s);
		return t.at;
	}
	bootlog_progress(log, BOOT_LOADING, s);
	return t.at;
}

/* "entry 0x40080604": the image is loaded, its code starts. It decides over a DOWNLOAD banner too. */
static const char *entry_line(struct bootlog *log, struct span s)
{
	struct span t = s;
	unsigned long address;

	if (!span_word(&t, "entry 0x") || span_hex(&t, &address) != 8 || !bootlog_ends(log, t, true))
		return NULL;
	s.end = t.at;
	if (esp32_is_8266(log) || !log->begun || !bootlog_in_rom(log))
		return bootlog_out_of_place(log, s, t.at);
	/* Headers that were refused before: the ROM has found another image (C5: "Loading RECOVERY Bootloader"). Where a crash
	 * came, too, this line is not of the same boot. */
	if (log->boot.trouble == BOOT_NO_IMAGE && !log->dies) {
		log->boot.trouble = BOOT_OK;
		log->boot.trouble_text[0] = '\0';
	}
	if (log->boot.source == BOOT_SOURCE_UNKNOWN && log->boot.progress == BOOT_LOADING)
		log->boot.source = BOOT_SOURCE_FLASH;
	bootlog_progress(log, BOOT_LOADED, s);
	return t.at;
}

/* What the ROM says when it waits for a host. No tool uploads by SDIO alone. */
static const struct {
	const char *text;
	enum boot_source source;
} waits[] = {
	{ "waiting for download", BOOT_SOURCE_DOWNLOAD },
	{ "wait uart download(secure mode)", BOOT_SOURCE_DOWNLOAD },
	{ "wait uart download", BOOT_SOURCE_DOWNLOAD },
	{ "wait uart0 download", BOOT_SOURCE_DOWNLOAD },
	{ "wait uart0/sdio download", BOOT_SOURCE_DOWNLOAD }, /* C5 */
	{ "wait usb download", BOOT_SOURCE_DOWNLOAD },
	{ "wait spi download", BOOT_SOURCE_DOWNLOAD },
	{ "wait sdio download", BOOT_SOURCE_OTHER },
	{ "waiting for sdio host", BOOT_SOURCE_OTHER },	      /* ESP32 */
	{ "waiting for RMA download", BOOT_SOURCE_DOWNLOAD }, /* S31 */
	{ "Booting into dfu mode.", BOOT_SOURCE_DOWNLOAD },   /* S2 S3 P4 S31; an application may say so too */
};

static const char *waiting_line(struct bootlog *log, struct span s)
{
	struct span t = s;
	size_t i, n = sizeof(waits) / sizeof(waits[0]);

	for (i = 0; i < n && !span_word(&t, waits[i].text); i++)
		;
	if (i == n || !bootlog_ends(log, t, true))
		return NULL;
	if (*s.at == 'B' && log->boot.progress != BOOT_BANNER)
		return NULL;
	s.end = t.at;
	if (esp32_is_8266(log) || log->boot.progress > BOOT_BANNER)
		return bootlog_out_of_place(log, s, t.at);
	log->begun = true;
	log->boot.waiting = true;
	if (log->boot.source == BOOT_SOURCE_UNKNOWN)
		log->boot.source = waits[i].source;
	bootlog_emit(log, BOOT_EVENT_WAITING, s, 0);
	return t.at;
}

/* Straps for download, and an eFuse that forbids it: the ROM halts, and waits for nothing. */
static const char *refusal_line(struct bootlog *log, struct span s)
{
	static const char *const words[] = {
		"Download boot modes disabled via efuse", /* S2 */
		"Download boot modes disabled",
		"Download mode is disabled. Restart with GPIO0 high.", /* ESP32, revision 3 */
		"Invalid mode for secure boot download",
	};
	struct span t = s;
	size_t i, n = sizeof(words) / sizeof(words[0]);

	for (i = 0; i < n && !span_word(&t, words[i]); i++)
		;
	if (i == n || esp32_is_8266(log) || log->boot.progress != BOOT_BANNER || !bootlog_ends(log, t, true))
		return NULL;
	s.end = t.at;
	if (log->boot.source == BOOT_SOURCE_UNKNOWN)
		log->boot.source = BOOT_SOURCE_DOWNLOAD;
	bootlog_progress(log, BOOT_NOTHING, s);
	return t.at;
}

/* What the ROM tells between banner and entry and is neither good nor bad. Unmistakable ones are a sign of a lost
 * banner where they do not belong. */
static const struct {
	const char *text;
	bool unmistakable;
} details[] = {
	{ "configsip: ", true },
	{ "clk_drv:0x", true },
	{ "SPIWP:0x", true },
	{ "mode:DIO, clock div:", true },
	{ "mode:DOUT, clock div:", true },
	{ "mode:QIO, clock div:", true },
	{ "mode:QOUT, clock div:", true },
	{ "mode:FAST_RD, clock div:", true },
	{ "mode:SLOW_RD, clock div:", true },
	{ "mode:0, clock div:", true }, /* the same, with secure boot version 2 on an ESP32 */
	{ "mode:1, clock div:", true },
	{ "mode:2, clock div:", true },
	{ "mode:3, clock div:", true },
	{ "mode:4, clock div:", true },
	{ "mode:5, clock div:", true },
	{ "SPI mode:", true },
	{ "Saved PC:0x", true },
	{ "Core0 Saved PC:0x", true },
	{ "Core1 Saved PC:0x", true },
	{ "Build:", false },
	{ "ho ", false },
	{ "Octal Flash Mode Enabled", false },
	{ "For OPI Flash, Use Default Flash Boot Mode", false },
	{ "Valid secure boot key blocks: ", false },
	{ "secure boot v2 enabled", false },
	{ "secure boot verification succeeded", false },
	{ "use sector0 for km info", false },
	{ "use legacy efuse key", false },
	{ "SHA-256 comparison failed:", false },
	{ "Calculated: ", false },
	{ "Expected: ", false },
	{ "Attempting to boot anyway...", false },
	{ "PRIMARY - ", false },
	{ "Loading RECOVERY Bootloader...", false },
};

/* In a paste without line ends: up to the next blank that a word of the ROM may follow. */
static const char *detail_end(const struct bootlog *log, struct span s, struct span t)
{
	if (!log->options.pasted)
		return s.end;
	for (; t.at != t.end; t.at++) {
		if (t.end - t.at > 6 && *t.at == ' ' &&
		    (!memcmp(t.at, " rst:0x", 7) || !memcmp(t.at, " SPIWP:", 7) || !memcmp(t.at, " mode:", 6) ||
		     !memcmp(t.at, " load:0", 7) || !memcmp(t.at, " entry ", 7) || !memcmp(t.at, " Build:", 7) ||
		     trouble_begins(log, (struct span){ t.at + 1, t.end })))
			return t.at;
	}
	return s.end;
}

static const char *detail_line(struct bootlog *log, struct span s)
{
	if (esp32_is_8266(log))
		return NULL;
	for (size_t i = 0; i < sizeof(details) / sizeof(details[0]); i++) {
		struct span t = s;

		if (*t.at != details[i].text[0] || !span_word(&t, details[i].text))
			continue;
		s.end = detail_end(log, s, t);
		if (!(log->head.valid || bootlog_in_rom(log))) {
			if (!details[i].unmistakable)
				return NULL;
			return bootlog_out_of_place(log, s, s.end);
		}
		if (log->head.valid && !(log->begun && log->boot.announced_restart))
			bootlog_fragment(log, s);
		else
			bootlog_progress(log, BOOT_NOTHING, s);
		return s.end;
	}
	return NULL;
}

const char *esp32_line(struct bootlog *log, struct span s, bool whole)
{
	const char *end = NULL;

	switch (*s.at) {
	case 'l': return esp32_load_line(log, s, whole);
	case 'e': return entry_line(log, s);
	case 'w': return waiting_line(log, s);
	case 'D':
	case 'I': return refusal_line(log, s);
	case 'B': end = waiting_line(log, s); return end ? end : detail_line(log, s);
	case 'c':
	case 'h':
	case 'm':
	case 'O':
	case 'F':
	case 'V':
	case 's':
	case 'u':
	case 'S':
	case 'C':
	case 'E':
	case 'A':
	case 'P':
	case 'L': end = detail_line(log, s); break;
	}
	return end;
}
