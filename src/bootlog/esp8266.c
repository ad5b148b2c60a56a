/* esp8266.c - reads the output of the ESP8266's ROM, and of eboot, the bootloader of Arduino.
 *
 * Sources of the ROM's text lines: espressif/esptool docs/en/advanced-topics/boot-mode-selection.rst;
 * twischer/xtensa-subjects reversed/bootrom.c. Source of eboot's text lines: esp8266/Arduino
 * bootloaders/eboot/eboot.c. See docs/hardware.md.
 */
#include "bootlog/reader.h"

/* The text of a banner; '#' stands for a digit. */
static const char banner_form[] = "ets Jan  8 2013,rst cause:#, boot mode:(#,#)";
#define BANNER_LEN (sizeof(banner_form) - 1)
#define CAUSE_AT 16  /* index of "rst cause" in banner_form[] */
#define MODE_AT 29   /* index of "boot mode" in banner_form[] */
#define ERRORS_MAX 2 /* how many characters may be wrong or lost in a damaged banner */
#define HEAD_MIN 5   /* length of "2013,": the ROM prints "2013," before "rst cause", an application does not */

/* Can an image be loaded to this address: to data RAM, instruction RAM, or a register that some vendors' images write?
 * If the flash is empty or the flash mode wrong, the ROM reads other addresses, such as 0x00000000 or 0x33333333. */
static bool is_load_address(unsigned long address)
{
	return (address >= 0x3ffe8000 && address < 0x40000000) || (address >= 0x40100000 && address < 0x40110000) ||
	       (address >= 0x60000000 && address < 0x60001000);
}

/* Are the four bytes of @word equal? A ROM that reads erased flash, or reads flash wrongly, prints such numbers. */
static bool is_fill(unsigned long word)
{
	return word == (word & 0xff) * 0x01010101UL;
}

static enum boot_cause cause_kind(int cause)
{
	switch (cause) {
	case 1: /* power-on, or the CH_PD pin */
	case 2: /* the RST pin; also a wake from deep sleep, for which the chip pulses RST */
		return BOOT_CAUSE_HARDWARE;
	case 3: /* never printed: after a software restart the ROM prints the cause of the last hardware reset */
		return BOOT_CAUSE_SOFTWARE;
	case 4: return BOOT_CAUSE_WATCHDOG;
	case 5: return BOOT_CAUSE_SLEEP;
	case -1: return BOOT_CAUSE_UNKNOWN;
	default: return BOOT_CAUSE_OTHER;
	}
}

/* Bits 2, 1 and 0 of the boot mode are the levels of GPIO15, GPIO0 and GPIO2 at reset: esp8266/Arduino
 * doc/boards.rst */
static enum boot_source source_of(int mode)
{
	return mode == 3 ? BOOT_SOURCE_FLASH : mode == 1 ? BOOT_SOURCE_DOWNLOAD : BOOT_SOURCE_OTHER;
}

void esp8266_boot(struct boot *ret, int cause, int mode, int mode2)
{
	*ret = (struct boot){
		.chip = CHIP_ESP8266,
		.chip_name = "esp8266",
		.cause = cause,
		.mode = mode,
		.mode2 = mode2,
		.cause_kind = cause_kind(cause),
		.source = mode >= 0 ? source_of(mode) : BOOT_SOURCE_UNKNOWN,
		.certain = true,
		.progress = BOOT_BANNER,
		.loaded_ms = -1,
	};
}

void esp8266_loads(struct bootlog *log)
{
	struct boot *boot = &log->boot;

	if (!boot->mode_needs_load)
		return;
	boot->mode_needs_load = false;
	boot->mode = 3;
	boot->source = source_of(3);
}

/* ---- banners ---- */

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

/* Read a complete banner at @at. One character may be wrong, but no digit. Return the banner's end; NULL: no banner. */
static const char *read_form(struct boot *ret, const char *at, const char *end)
{
	int digits[3], n = 0, wrong = 0;

	if ((size_t)(end - at) < BANNER_LEN)
		return NULL;
	for (size_t i = 0; i < BANNER_LEN; i++) {
		if (banner_form[i] != '#') {
			wrong += at[i] != banner_form[i];
			if (wrong > 1)
				return NULL;
		} else if (is_octal(at[i])) {
			digits[n++] = at[i] - '0';
		} else {
			return NULL;
		}
	}
	esp8266_boot(ret, digits[0], digits[1], digits[2]);
	ret->damaged = wrong > 0;
	return at + BANNER_LEN;
}

/* Read "rst cause:2, boot mode:(3,6)" from a copied log, which may have lost blanks and colons. */
static bool read_tail(struct boot *ret, struct span *s)
{
	unsigned long n[3];

	if (!span_scan(s, "rst cause?:_#,_boot_mode?:_(#,_#)", n) || n[0] > 99 || n[1] > 7 || n[2] > 7)
		return false;
	esp8266_boot(ret, (int)n[0], (int)n[1], (int)n[2]);
	ret->damaged = true;
	return true;
}

/* How many characters of the end of "ets Jan  8 2013," stand right before @at? The text line begins at @line. */
static size_t head_left(const char *at, const char *line)
{
	size_t n = 0;

	while (n < CAUSE_AT && at - n > line && at[-1 - (ptrdiff_t)n] == banner_form[CAUSE_AT - 1 - n])
		n++;
	return n;
}

const char *esp8266_banner(struct boot *ret, struct span s, const char *line, const char **ret_begin)
{
	unsigned long date[2];
	struct span t = s;
	const char *end;
	size_t left;

	if (*s.at == 'e') {
		*ret_begin = s.at;
		end = read_form(ret, s.at, s.end);
		if (end)
			return end;
		return span_scan(&t, "ets_Jan_#_#,_", date) && date[0] == 8 && date[1] >= 2000 && date[1] <= 2099 &&
				       read_tail(ret, &t)
			       ? t.at
			       : NULL;
	}
	if (*s.at != 'r' || !span_word(&t, "rst cause"))
		return NULL;
	if (s.at - line >= CAUSE_AT) {
		*ret_begin = s.at - CAUSE_AT;
		end = read_form(ret, *ret_begin, s.end);
		if (end)
			return end;
	}
	/* The head of the banner, "ets Jan  8 2013,", is damaged or lost. But if other words stand before "rst cause",
	 * this is no banner: an application prints the cause of its last reset. */
	left = head_left(s.at, line);
	if (left < HEAD_MIN && !span_is_blank((struct span){ line, s.at }))
		return NULL;
	*ret_begin = s.at - left;
	if (!read_tail(ret, &s))
		return NULL;
	ret->certain = false;
	return s.at;
}

/* Is @c a digit, or one of the characters ":,()" that stand beside numbers in a banner? If such a character stands
 * beside a digit where the banner has another character, the digit may belong to another number. */
static bool is_of_numbers(char c)
{
	return span_is_digit(c) || (c && strchr(":,()", c));
}

/* Can damage have turned the character *@form of the banner into @c? Not if @c is a digit and *@form is none, or if
 * @c stands beside a number and is one of ":,()": then the numbers may be wrong, too. Not if *@form is the banner's
 * last character and @c is a letter: then @c belongs to the next text line. */
static bool may_be_wrong(char c, const char *form)
{
	if (form[1] == '#' || form[-1] == '#')
		return !is_of_numbers(c) && (form[1] || !span_is_letter(c));
	return !span_is_digit(c) || span_is_digit(*form);
}

/* Read the rest of a banner at @s; @form is the rest of banner_form[]. In the whole banner up to ERRORS_MAX characters
 * may be wrong or lost, but no digit. Return the banner's end; NULL: no banner. @errors: how many characters before @s
 * were wrong or lost. */
static const char *read_damaged(int *digits, const char *form, struct span s, int errors)
{
	for (; *form; form++) {
		const char *end = NULL;

		if (*form == '#') {
			if (s.at == s.end || !is_octal(*s.at))
				return NULL;
			*digits++ = *s.at++ - '0';
			continue;
		}
		if (span_char(&s, *form))
			continue;
		if ((s.at == s.end && form[1]) || errors++ == ERRORS_MAX)
			return NULL;
		if (s.at != s.end && (form == banner_form || may_be_wrong(*s.at, form)))
			end = read_damaged(digits, form + 1, (struct span){ s.at + 1, s.end }, errors);
		if (end)
			return end;
		if (!form[1] && s.at != s.end && is_of_numbers(*s.at))
			return NULL;
	}
	return s.at;
}

const char *esp8266_damaged_banner(struct boot *ret, struct span s, const char *line, const char **ret_begin)
{
	size_t at = *s.at == 'e' ? 0 : *s.at == 'r' ? CAUSE_AT : MODE_AT;

	if (!strchr("erb", *s.at))
		return NULL;
	/* In the ROM's text the word at s.at stands a known number of characters behind the banner's start. Some of
	 * these characters may be lost: try each possible number of lost ones. */
	for (size_t lost = 0; lost <= ERRORS_MAX && lost <= at; lost++) {
		const char *begin = s.at - (at - lost), *end;
		int digits[3];

		if ((size_t)(s.at - line) < at - lost)
			continue;
		end = read_damaged(digits, banner_form, (struct span){ begin, s.end }, 0);
		if (!end)
			continue;
		*ret_begin = begin;
		esp8266_boot(ret, digits[0], digits[1], digits[2]);
		ret->damaged = true;
		ret->certain = false;
		return end;
	}
	return NULL;
}

bool esp8266_is_banner_rest(struct span s)
{
	size_t n = span_len(s);
	unsigned long cause;

	if (*s.at == 'r' && span_scan(&s, "rst cause:#, boot mode", &cause))
		return true;
	if (n < 10 || n > BANNER_LEN || s.end[-1] != ')')
		return false;
	for (size_t i = 0; i < n; i++) {
		char want = banner_form[BANNER_LEN - n + i];

		if (want == '#' ? !span_is_digit(s.at[i]) : s.at[i] != want)
			return false;
	}
	return true;
}

/* ---- Lines after the banner. Each function returns the end of its line; NULL: the text is another line ---- */

static bool may_load(const struct bootlog *log)
{
	return log->boot.chip == CHIP_ESP8266 || log->boot.chip == CHIP_UNKNOWN;
}

/* Has the ROM printed segment lines ("load 0x...") in this boot, so that the lines behind them may follow? The segment
 * lines may be lost if the port's baud rate has changed during this boot. */
static bool is_in_load(const struct bootlog *log)
{
	return log->begun && (log->boot.progress == BOOT_LOADING || (log->joined && log->boot.progress < BOOT_LOADING));
}

/* The end of the load was received as plain text. If the banner of this boot was recovered from text at 74880 Bd, the
 * banner is now certain. */
static void read_to_end(struct bootlog *log)
{
	struct boot *boot = &log->boot;

	if (log->joined && boot->rx_speed == BOOT_RX_74880 && boot->mode == 3 && boot->cause_kind != BOOT_CAUSE_UNKNOWN)
		boot->certain = true;
}

/* Process a segment line ("load 0x..."), which is the first sign of an image. If this boot has loaded its image
 * already, the segment line belongs to a new boot whose banner was lost. */
static const char *esp8266_take_load(struct bootlog *log, struct span line, unsigned long address, unsigned long len)
{
	if (!may_load(log))
		return bootlog_out_of_place(log, line);
	if (!bootlog_in_rom(log) && log->begun) {
		bootlog_begin_boot(log);
		log->boot.chip = CHIP_ESP8266;
		log->boot.progress = BOOT_LOADING;
		return bootlog_out_of_place(log, line);
	}
	log->boot.chip = CHIP_ESP8266;
	if (is_fill(address) || len >= 0x100000) {
		bootlog_emit_trouble(log, BOOT_NO_IMAGE, line, REASON_FLASH_MODE);
		return line.end;
	}
	if (!is_load_address(address))
		return bootlog_out_of_place(log, line);
	if (log->joined)
		esp8266_loads(log);
	return bootlog_progress(log, BOOT_LOADING, line);
}

/* "load 0x4010f000, len 3424, room 16": a copied log may have fewer or more blanks than the ROM has printed. */
static const char *esp8266_load_line(struct bootlog *log, struct span s, bool whole)
{
	unsigned long n[2], room;
	struct span t = s;

	if (!span_scan(&t, "load_0x%8,_len_#", n))
		return NULL;
	if (span_scan(&t, ",_room", &room) && !span_scan(&t, "_#", &room))
		return NULL;
	return bootlog_ends(log, t, whole) ? esp8266_take_load(log, (struct span){ s.at, t.at }, n[0], n[1]) : NULL;
}

static const char *take_segment_detail(struct bootlog *log, struct span line)
{
	return is_in_load(log) ? bootlog_progress(log, BOOT_LOADING, line) : bootlog_out_of_place(log, line);
}

static const char *take_csum_error(struct bootlog *log, struct span line)
{
	if (log->boot.chip == CHIP_UNKNOWN)
		log->boot.chip = CHIP_ESP8266;
	bootlog_emit_trouble(log, BOOT_NO_IMAGE, line, REASON_CHECKSUM);
	return line.end;
}

static const char *take_csum(struct bootlog *log, struct span line)
{
	if (!may_load(log) || (log->begun ? !is_in_load(log) : log->boot.progress != BOOT_LOADING))
		return bootlog_out_of_place(log, line);
	if (log->joined)
		esp8266_loads(log);
	read_to_end(log);
	bootlog_progress(log, BOOT_LOADED, line);
	log->eboot = EBOOT_MAY_SPEAK;
	return line.end;
}

/* eboot's first word, its version: "v614f7c32" */
static const char *take_eboot_version(struct bootlog *log, struct span line)
{
	if (log->eboot != EBOOT_MAY_SPEAK)
		return NULL;
	log->boot.eboot_waits = true;
	return bootlog_progress(log, BOOT_LOADED, line);
}

/* "~ld": eboot has no update to copy, and loads the application. After a line that began with '@', eboot prints "ld"
 * instead. */
static const char *take_eboot_load(struct bootlog *log, struct span line)
{
	const struct boot *boot = &log->boot;

	if (*line.at != '~' && log->eboot != EBOOT_AT && log->eboot != EBOOT_COPIED)
		return NULL;
	if (*line.at == '~' && !(log->begun && boot->chip == CHIP_ESP8266 && boot->progress >= BOOT_LOADING &&
				 boot->progress <= BOOT_LOADED && !boot->eboot_loads))
		return bootlog_out_of_place(log, line);
	log->eboot = EBOOT_LOADS;
	log->boot.eboot_loads = true;
	log->boot.copying = log->boot.eboot_waits = false;
	read_to_end(log);
	return bootlog_progress(log, BOOT_LOADED, line);
}

static const char *take_watchdog(struct bootlog *log, struct span line)
{
	if (!log->begun || log->boot.progress > BOOT_BANNER)
		return bootlog_out_of_place(log, line);
	return bootlog_progress(log, BOOT_NOTHING, line);
}

static const char *take_waiting(struct bootlog *log, struct span line)
{
	return bootlog_waits(log, BOOT_SOURCE_OTHER, line);
}

static const struct {
	const char *form; /* the text of the line, in the notation of span_scan() */
	bool is_open;	  /* the last word may still become longer: wait for the end of the text line */
	const char *(*take)(struct bootlog *log, struct span line);
} lines[] = {
	{ "tail #", true, take_segment_detail },
	{ "chksum 0x%2", true, take_segment_detail },
	{ "ho # tail # room #", true, take_segment_detail },
	{ "csum err", false, take_csum_error },
	{ "csum 0x%2", false, take_csum },
	{ "v%8", true, take_eboot_version },
	{ "~ld", false, take_eboot_load },
	{ "ld", true, take_eboot_load },
	{ "wdt reset", true, take_watchdog },
	{ "waiting for host", false, take_waiting },
};

/* Read the single digit of "cp:0" or "e:2" at @t. Return false if there is no digit, or if more text follows it. */
static bool read_result(const struct bootlog *log, struct span *t, bool whole, int *ret)
{
	if (t->at == t->end || !span_is_digit(*t->at))
		return false;
	*ret = *t->at++ - '0';
	return bootlog_ends(log, *t, whole);
}

/* "cp:N" behind '@': eboot has ended the copy of an update; N is 0 if there was no error. Before N eboot prints a 'B'
 * for each sector of the bootloader that it did not overwrite. */
static const char *eboot_copied(struct bootlog *log, struct span s, bool whole)
{
	struct span t = s;
	int result;

	if (log->eboot != EBOOT_AT || !span_word(&t, "cp:"))
		return NULL;
	while (span_char(&t, 'B'))
		;
	if (!read_result(log, &t, whole, &result))
		return NULL;
	log->eboot = EBOOT_COPIED;
	log->boot.copying = false;
	log->boot.eboot_copied = true;
	s.end = t.at;
	bootlog_emit(log, BOOT_EVENT_COPIED, s, result);
	if (result)
		bootlog_emit_trouble(log, BOOT_NO_IMAGE, s, REASON_EBOOT_COPY);
	return s.end;
}

/* "e:2" behind "~ld": eboot could not load the application. */
static const char *eboot_failed(struct bootlog *log, struct span s)
{
	struct span t = s;
	int result;

	if (log->eboot != EBOOT_LOADS || !span_word(&t, "e:") || !read_result(log, &t, true, &result))
		return NULL;
	bootlog_emit_trouble(log, BOOT_NO_IMAGE, (struct span){ s.at, t.at }, REASON_EBOOT_LOAD);
	return t.at;
}

/* Called for every text line. Most text lines are rejected by their first letter, which saves time. */
const char *esp8266_line(struct bootlog *log, struct span s, bool whole)
{
	switch (*s.at) {
	case 'l':
		if (span_len(s) > 6)
			return esp8266_load_line(log, s, whole);
		break;
	case 'c':
		if (s.at[1] == 'p')
			return eboot_copied(log, s, whole);
		break;
	case 'e': return eboot_failed(log, s);
	case 't':
	case 'h':
	case 'v':
	case '~':
	case 'w': break;
	default: return NULL;
	}
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		unsigned long numbers[3];
		struct span t = s;

		if (*s.at == *lines[i].form && span_scan(&t, lines[i].form, numbers) &&
		    bootlog_ends(log, t, whole || !lines[i].is_open))
			return lines[i].take(log, (struct span){ s.at, t.at });
	}
	return NULL;
}

/* Does @s equal @word, if up to @errors characters may be wrong, lost or added? */
static bool is_close(struct span s, const char *word, size_t errors)
{
	while (*word && span_char(&s, *word))
		word++;
	if (s.at == s.end || !*word)
		return span_len(s) + strlen(word) <= errors;
	return errors > 0 &&
	       (is_close((struct span){ s.at + 1, s.end }, word + 1, errors - 1) ||
		is_close((struct span){ s.at + 1, s.end }, word, errors - 1) || is_close(s, word + 1, errors - 1));
}

/* Does this line resemble "csum err", "ets_main.c" or "@cp:"? Right behind the csum line, "csum err" and "ets_main.c"
 * report a bad image, and "@cp:" announces the copy of an update. If this line may be one of them with damaged
 * characters, nothing proves that the application was loaded. */
bool esp8266_like_last_words(const struct bootlog *log, struct span s, bool whole)
{
	if (log->eboot != EBOOT_MAY_SPEAK && log->eboot != EBOOT_UNSURE)
		return false;
	return is_close(s, "csum err", 2) || is_close(s, "ets_main.c", 2) ||
	       (!whole && span_len(s) >= 2 && is_close(s, "@cp:", 2));
}

bool esp8266_may_be_version(const struct bootlog *log, struct span s)
{
	size_t n = span_len(s);
	int digits = 0;

	for (; s.at != s.end; s.at++)
		digits += span_is_digit(*s.at) || (*s.at >= 'a' && *s.at <= 'f');
	return log->dirty || (n >= 6 && n <= 12 && digits >= 5);
}
