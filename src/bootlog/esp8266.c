/* esp8266.c - what the ESP8266's ROM and eboot, its Arduino bootloader, print.
 *
 * The ROM's words: espressif/esptool docs/en/advanced-topics/boot-mode-selection.rst; twischer/xtensa-subjects
 * reversed/bootrom.c. eboot's: esp8266/Arduino bootloaders/eboot/eboot.c. See docs/hardware.md.
 */
#include "bootlog/reader.h"

/* '#' stands for a digit. */
static const char banner_form[] = "ets Jan  8 2013,rst cause:#, boot mode:(#,#)";
#define BANNER_LEN (sizeof(banner_form) - 1)
#define CAUSE_AT 16 /* of "rst cause" in it */
#define MODE_AT 29  /* of "boot mode" */
#define ERRORS_MAX 2

/* A load address that an image can have: data RAM, instruction RAM, and a register that some OEM images write.
 * The flash's content or mode is wrong when the ROM reads such a header as 0x00000000 or 0x33333333. */
static bool is_load_address(unsigned long address)
{
	return (address >= 0x3ffe8000 && address < 0x40000000) || (address >= 0x40100000 && address < 0x40110000) ||
	       (address >= 0x60000000 && address < 0x60001000);
}

/* One byte repeated, as erased or wrongly read flash gives: no header at all. */
static bool is_fill(unsigned long word)
{
	return word == (word & 0xff) * 0x01010101UL;
}

static enum boot_cause cause_kind(int cause)
{
	switch (cause) {
	case 1: /* power, CH_PD */
	case 2: /* RST; also the wake from deep sleep, which is a pulse on RST */ return BOOT_CAUSE_HARDWARE;
	case 3: /* documented, never seen: a software restart repeats the last hardware cause */
		return BOOT_CAUSE_SOFTWARE;
	case 4: return BOOT_CAUSE_WATCHDOG;
	case 5: return BOOT_CAUSE_SLEEP;
	case -1: return BOOT_CAUSE_UNKNOWN;
	default: return BOOT_CAUSE_OTHER;
	}
}

/* {GPIO15, GPIO0, GPIO2} as they were at reset: esp8266/Arduino doc/boards.rst */
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
		.certain = true,
		.progress = BOOT_BANNER,
		.loaded_ms = -1,
	};
	if (mode >= 0)
		ret->source = source_of(mode);
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

/* A banner that was heard at another speed, and the load behind it, read at the right one to its end */
static void read_to_end(struct bootlog *log)
{
	struct boot *boot = &log->boot;

	if (log->joined && boot->rx_speed == BOOT_RX_74880 && boot->mode == 3 && boot->cause_kind != BOOT_CAUSE_UNKNOWN)
		boot->certain = true;
}

/* Is this part of a load where it may be one? The first lines may have gone while the port's speed changed. */
static bool is_in_load(struct bootlog *log)
{
	if (!log->begun)
		return false;
	if (log->boot.progress == BOOT_LOADING)
		return true;
	return log->joined && log->boot.progress < BOOT_LOADING;
}

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

/* The form, byte by byte, but for one wrong byte. The digits have to be digits. */
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

/* "rst cause:2, boot mode:(3,6)", as pastes and documents show it: blanks and colons get lost. */
static bool read_tail(struct boot *ret, struct span *s)
{
	long cause, mode, mode2;

	if (!span_word(s, "rst cause"))
		return false;
	(void)span_char(s, ':');
	span_blanks(s);
	if (!span_dec(s, &cause) || !span_char(s, ','))
		return false;
	span_blanks(s);
	if (!span_word(s, "boot"))
		return false;
	span_blanks(s);
	if (!span_word(s, "mode"))
		return false;
	(void)span_char(s, ':');
	span_blanks(s);
	if (!span_char(s, '(') || !span_dec(s, &mode) || !span_char(s, ','))
		return false;
	span_blanks(s);
	if (!span_dec(s, &mode2) || !span_char(s, ')'))
		return false;
	if (cause < 0 || cause > 99 || mode < 0 || mode > 7 || mode2 < 0 || mode2 > 7)
		return false;
	esp8266_boot(ret, (int)cause, (int)mode, (int)mode2);
	ret->damaged = true;
	return true;
}

/* "ets Jan  8 2013," with what blanks are left of it */
static bool read_date(struct span *s)
{
	long year, day;

	if (!span_word(s, "ets"))
		return false;
	span_blanks(s);
	if (!span_word(s, "Jan"))
		return false;
	span_blanks(s);
	if (!span_dec(s, &day) || day != 8)
		return false;
	span_blanks(s);
	if (!span_dec(s, &year) || year < 2000 || year > 2099 || !span_char(s, ','))
		return false;
	span_blanks(s);
	return true;
}

#define HEAD_MIN 5 /* "2013,": what no application writes before its own "rst cause" */

/* How many characters before "rst cause" are the end of "ets Jan  8 2013,". */
static size_t head_left(const char *at, const char *line)
{
	size_t n = 0;

	while (n < CAUSE_AT && at - n > line && at[-1 - (ptrdiff_t)n] == banner_form[CAUSE_AT - 1 - n])
		n++;
	return n;
}

const char *esp8266_banner(struct boot *ret, struct span s, const char *line, const char **ret_begin)
{
	struct span t = s;
	const char *end;
	size_t left;

	if (*s.at == 'e') {
		*ret_begin = s.at;
		end = read_form(ret, s.at, s.end);
		if (end)
			return end;
		return read_date(&t) && read_tail(ret, &t) ? t.at : NULL;
	}
	if (*s.at != 'r' || !span_word(&t, "rst cause"))
		return NULL;
	if (s.at - line >= CAUSE_AT) {
		*ret_begin = s.at - CAUSE_AT;
		end = read_form(ret, *ret_begin, s.end);
		if (end)
			return end;
	}
	/* The head is lost. Inside other words it is an application's, that tells about its last reset. */
	left = head_left(s.at, line);
	t = (struct span){ line, s.at };
	span_blanks(&t);
	if (left < HEAD_MIN && t.at != s.at)
		return NULL;
	*ret_begin = s.at - left;
	t = s;
	if (!read_tail(ret, &t))
		return NULL;
	ret->certain = false;
	return t.at;
}

struct form_read {
	int digits[3], n;
	int errors;
};

/* Beside a number: may it be more than one digit, or another one? */
static bool is_of_numbers(char c)
{
	return span_is_digit(c) || (c && strchr(":,()", c));
}

/* May this character stand where the form has another one? A letter behind the form's end begins the next line. */
static bool may_be_wrong(char c, const char *form)
{
	if (form[1] == '#' || form[-1] == '#')
		return !is_of_numbers(c) && (form[1] || !span_is_letter(c));
	return !span_is_digit(c) || span_is_digit(*form);
}

/* The form, but for bytes that are wrong or lost. The digits have to be there. Returns the end. */
static const char *read_damaged(struct form_read *ret, const char *form, struct span s)
{
	for (; *form; form++) {
		struct form_read guess = *ret;
		const char *end = NULL;

		if (*form == '#') {
			if (s.at == s.end || !is_octal(*s.at))
				return NULL;
			ret->digits[ret->n++] = *s.at++ - '0';
			continue;
		}
		if (span_char(&s, *form))
			continue;
		if ((s.at == s.end && form[1]) || ret->errors++ == ERRORS_MAX)
			return NULL;
		guess.errors++;
		if (s.at != s.end && (form == banner_form || may_be_wrong(*s.at, form)))
			end = read_damaged(&guess, form + 1, (struct span){ s.at + 1, s.end });
		if (end) {
			*ret = guess;
			return end;
		}
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
	/* Of what stands before the word that was found some may be lost. */
	for (size_t lost = 0; lost <= ERRORS_MAX && lost <= at; lost++) {
		struct form_read read = { 0 };
		const char *begin = s.at - (at - lost), *end;

		if ((size_t)(s.at - line) < at - lost)
			continue;
		end = read_damaged(&read, banner_form, (struct span){ begin, s.end });
		if (!end)
			continue;
		*ret_begin = begin;
		esp8266_boot(ret, read.digits[0], read.digits[1], read.digits[2]);
		ret->damaged = true;
		ret->certain = false;
		return end;
	}
	return NULL;
}

/* -------------------------------------------------------------------------------------------------
 * The lines behind the banner
 */

static bool may_load(const struct bootlog *log)
{
	return log->boot.chip == CHIP_ESP8266 || log->boot.chip == CHIP_UNKNOWN;
}

/* Blanks get lost in pastes, or become more. */
static bool esp8266_skip_blanks(struct span *s)
{
	span_blanks(s);
	return true;
}

/* A segment: the first sign that there is an image. After the load, it is a boot whose banner was lost. */
static const char *esp8266_load_line(struct bootlog *log, struct span s, bool whole)
{
	struct span t = s, u;
	unsigned long address;
	long len, room;

	if (!span_word(&t, "load") || !esp8266_skip_blanks(&t) || !span_word(&t, "0x") || span_hex(&t, &address) != 8 ||
	    !span_char(&t, ',') || !esp8266_skip_blanks(&t) || !span_word(&t, "len") || !esp8266_skip_blanks(&t) ||
	    !span_dec(&t, &len))
		return NULL;
	u = t;
	if (span_char(&u, ',') && esp8266_skip_blanks(&u) && span_word(&u, "room")) {
		if (!esp8266_skip_blanks(&u) || !span_dec(&u, &room))
			return NULL;
		t = u;
	}
	if (!bootlog_ends(log, t, whole))
		return NULL;
	if (!may_load(log))
		return bootlog_out_of_place(log, s, t.at);
	if (!bootlog_in_rom(log) && log->begun) {
		bootlog_begin_boot(log);
		log->boot.chip = CHIP_ESP8266;
		log->boot.progress = BOOT_LOADING;
		return bootlog_out_of_place(log, s, t.at);
	}
	log->boot.chip = CHIP_ESP8266;
	if (is_fill(address) || len < 0 || len >= 0x100000) {
		bootlog_emit_trouble(log, BOOT_NO_IMAGE, (struct span){ s.at, t.at }, REASON_FLASH_MODE);
		return t.at;
	}
	if (!is_load_address(address))
		return bootlog_out_of_place(log, s, t.at);
	if (log->joined)
		esp8266_loads(log);
	bootlog_progress(log, BOOT_LOADING, (struct span){ s.at, t.at });
	return t.at;
}

/* "tail 12", "chksum 0x2d", "ho 0 tail 12 room 4": they follow a segment */
static const char *segment_detail(struct bootlog *log, struct span s, bool whole)
{
	struct span t = s;
	unsigned long sum;
	long n;

	if (span_word(&t, "chksum 0x")) {
		if (span_hex(&t, &sum) != 2)
			return NULL;
	} else if (span_word(&t, "tail ")) {
		if (!span_dec(&t, &n))
			return NULL;
	} else if (!span_word(&t, "ho ") || !span_dec(&t, &n) || !span_word(&t, " tail ") || !span_dec(&t, &n) ||
		   !span_word(&t, " room ") || !span_dec(&t, &n)) {
		return NULL;
	}
	if (!bootlog_ends(log, t, whole))
		return NULL;
	if (!is_in_load(log))
		return bootlog_out_of_place(log, s, t.at);
	bootlog_progress(log, BOOT_LOADING, (struct span){ s.at, t.at });
	return t.at;
}

static const char *csum_line(struct bootlog *log, struct span s)
{
	struct span t = s, u;
	unsigned long sum;

	if (!span_word(&t, "csum "))
		return NULL;
	u = t;
	if (span_word(&u, "err") && bootlog_ends(log, u, true)) {
		log->boot.chip = log->boot.chip == CHIP_UNKNOWN ? CHIP_ESP8266 : log->boot.chip;
		bootlog_emit_trouble(log, BOOT_NO_IMAGE, (struct span){ s.at, u.at }, REASON_CHECKSUM);
		return u.at;
	}
	if (!span_word(&t, "0x") || span_hex(&t, &sum) != 2 || !bootlog_ends(log, t, true))
		return NULL;
	if (!may_load(log) || (log->begun ? !is_in_load(log) : log->boot.progress != BOOT_LOADING))
		return bootlog_out_of_place(log, s, t.at);
	if (log->joined)
		esp8266_loads(log);
	read_to_end(log);
	bootlog_progress(log, BOOT_LOADED, (struct span){ s.at, t.at });
	log->eboot = EBOOT_MAY_SPEAK;
	return t.at;
}

/* "v614f7c32", the first word of eboot */
static const char *eboot_version(struct bootlog *log, struct span s, bool whole)
{
	struct span t = s;
	unsigned long version;

	if (log->eboot != EBOOT_MAY_SPEAK || !span_char(&t, 'v') || span_hex(&t, &version) != 8 ||
	    !bootlog_ends(log, t, whole))
		return NULL;
	log->boot.eboot_waits = true;
	bootlog_progress(log, BOOT_LOADED, (struct span){ s.at, t.at });
	return t.at;
}

/* "~ld": no update to copy, load the application. "ld" says the same after '@'. */
static const char *eboot_loads(struct bootlog *log, struct span s, bool whole)
{
	struct span t = s;
	bool tilde = span_char(&t, '~');

	if (!span_word(&t, "ld") || !bootlog_ends(log, t, tilde || whole))
		return NULL;
	if (tilde ? !(log->begun && log->boot.chip == CHIP_ESP8266 && log->boot.progress >= BOOT_LOADING &&
		      log->boot.progress <= BOOT_LOADED && !log->boot.eboot_loads)
		  : log->eboot != EBOOT_AT && log->eboot != EBOOT_COPIED)
		return tilde ? bootlog_out_of_place(log, s, t.at) : NULL;
	log->eboot = EBOOT_LOADS;
	log->boot.eboot_loads = true;
	log->boot.copying = log->boot.eboot_waits = false;
	read_to_end(log);
	bootlog_progress(log, BOOT_LOADED, (struct span){ s.at, t.at });
	return t.at;
}

/* "cp:0" behind '@': copied, or why not; B: the sector of the bootloader was left alone */
static const char *eboot_copied(struct bootlog *log, struct span s, bool whole)
{
	struct span t = s;
	int result;

	if (log->eboot != EBOOT_AT || !span_word(&t, "cp:"))
		return NULL;
	while (span_char(&t, 'B'))
		;
	if (t.at == t.end || !span_is_digit(*t.at))
		return NULL;
	result = *t.at++ - '0';
	if (!bootlog_ends(log, t, whole))
		return NULL;
	log->eboot = EBOOT_COPIED;
	log->boot.copying = false;
	log->boot.eboot_copied = true;
	bootlog_emit(log, BOOT_EVENT_COPIED, (struct span){ s.at, t.at }, result);
	if (result)
		bootlog_emit_trouble(log, BOOT_NO_IMAGE, (struct span){ s.at, t.at }, REASON_EBOOT_COPY);
	return t.at;
}

static const char *eboot_failed(struct bootlog *log, struct span s)
{
	struct span t = s;

	if (log->eboot != EBOOT_LOADS || !span_word(&t, "e:") || t.at == t.end || !span_is_digit(*t.at))
		return NULL;
	t.at++;
	if (!bootlog_ends(log, t, true))
		return NULL;
	bootlog_emit_trouble(log, BOOT_NO_IMAGE, (struct span){ s.at, t.at }, REASON_EBOOT_LOAD);
	return t.at;
}

/* How many characters have to be changed, lost or added to make one of the other; more than 2 is 3. */
static int edit_distance(struct span s, const char *word)
{
	enum { MAX = 12 };
	size_t n = strlen(word), m = span_len(s);
	int row[MAX + 1];

	if (n > MAX || m > n + 2 || m + 2 < n)
		return 3;
	for (size_t j = 0; j <= n; j++)
		row[j] = (int)j;
	for (size_t i = 1; i <= m; i++) {
		int corner = row[0];

		row[0] = (int)i;
		for (size_t j = 1; j <= n; j++) {
			int best = corner + (s.at[i - 1] != word[j - 1]);

			corner = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[n] > 2 ? 3 : row[n];
}

/* Right behind the sum an image that is bad makes the ROM say so, and eboot that it copies. One word of theirs that is
 * damaged is enough to doubt. */
bool esp8266_like_last_words(const struct bootlog *log, struct span s, bool whole)
{
	if (log->eboot != EBOOT_MAY_SPEAK && log->eboot != EBOOT_UNSURE)
		return false;
	return edit_distance(s, "csum err") <= 2 || edit_distance(s, "ets_main.c") <= 2 ||
	       (!whole && span_len(s) >= 2 && edit_distance(s, "@cp:") <= 2);
}

bool esp8266_may_be_version(const struct bootlog *log, struct span s)
{
	size_t n = span_len(s);
	int digits = 0;

	for (; s.at != s.end; s.at++)
		digits += span_is_digit(*s.at) || (*s.at >= 'a' && *s.at <= 'f');
	return log->dirty || (n >= 6 && n <= 12 && digits >= 5);
}

static const char *wdt_reset(struct bootlog *log, struct span s, bool whole)
{
	struct span t = s;

	if (!span_word(&t, "wdt reset") || !bootlog_ends(log, t, whole))
		return NULL;
	if (!log->begun || log->boot.progress > BOOT_BANNER)
		return bootlog_out_of_place(log, s, t.at);
	bootlog_progress(log, BOOT_NOTHING, (struct span){ s.at, t.at });
	return t.at;
}

static const char *waiting_for_host(struct bootlog *log, struct span s)
{
	struct span t = s;

	if (!span_word(&t, "waiting for host") || !bootlog_ends(log, t, true))
		return NULL;
	if (log->boot.progress > BOOT_BANNER)
		return bootlog_out_of_place(log, s, t.at);
	log->begun = true;
	log->boot.waiting = true;
	if (log->boot.source == BOOT_SOURCE_UNKNOWN)
		log->boot.source = BOOT_SOURCE_OTHER;
	bootlog_emit(log, BOOT_EVENT_WAITING, (struct span){ s.at, t.at }, 0);
	return t.at;
}

const char *esp8266_line(struct bootlog *log, struct span s, bool whole)
{
	switch (*s.at) {
	case '~': return eboot_loads(log, s, whole);
	case 'l': return span_len(s) > 6 ? esp8266_load_line(log, s, whole) : eboot_loads(log, s, whole);
	case 'c':
		if (span_len(s) > 2 && s.at[1] == 'p')
			return eboot_copied(log, s, whole);
		if (span_len(s) > 2 && s.at[1] == 's')
			return csum_line(log, s);
		return segment_detail(log, s, whole);
	case 't':
	case 'h': return segment_detail(log, s, whole);
	case 'v': return eboot_version(log, s, whole);
	case 'e': return eboot_failed(log, s);
	case 'w': return span_len(s) > 2 && s.at[1] == 'd' ? wdt_reset(log, s, whole) : waiting_for_host(log, s);
	default: return NULL;
	}
}
