/* test_paste.c - the filter for pasted logs: it turns text lines as users copied them back into the text lines that the
 * board sent. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boottrace.h"
#include "cli/decode.h"
#include "cli/paste.h"
#include "files.h"
#include "suite.h"

/* The filter's output: text, and in heard[] the bytes that a port may have received. In heard[] a printable byte stands
 * for itself, and another byte is written as in <9c>. <?> is an unknown byte above 0x7f, ? is a question mark or an
 * unknown byte, / is a line end. */
struct output {
	struct paste paste;
	/* when the filter's output contains this text, the test tells the filter that a banner was found */
	const char *banner;
	enum chip chip;
	char text[16384], heard[65536];
	size_t n, n_heard;
};

static struct output o;

static void hear(enum symbol_kind kind, unsigned char byte)
{
	char one[8] = { kind == SYMBOL_MARK ? '?' : kind == SYMBOL_BREAK ? '/' : (char)byte, '\0' };

	if (kind == SYMBOL_HIGH)
		strcpy(one, "<?>");
	else if (kind == SYMBOL_BYTE && (byte < ' ' || byte >= 0x7f))
		snprintf(one, sizeof(one), "<%02x>", byte);
	ck_assert_uint_lt(o.n_heard + strlen(one), sizeof(o.heard));
	strcpy(o.heard + o.n_heard, one);
	o.n_heard += strlen(one);
}

static void take(void *user, const struct bootlog_piece *piece)
{
	const struct wrongbaud_symbol *heard = piece->heard;
	const char *text = piece->text;
	size_t n = piece->n;

	ck_assert_ptr_eq(user, &o);
	ck_assert(!heard || n <= BOOTLOG_CHARACTER_MAX);
	ck_assert_uint_lt(o.n + n, sizeof(o.text));
	memcpy(o.text + o.n, text, n);
	o.n += n;
	o.text[o.n] = '\0';
	for (size_t i = 0; i < (heard ? piece->n_heard : n); i++)
		hear(heard ? heard[i].kind : SYMBOL_BYTE, heard ? heard[i].byte : (unsigned char)text[i]);
	if (o.banner && memmem(text, n, o.banner, strlen(o.banner)))
		paste_banner(&o.paste, o.banner, strlen(o.banner), o.chip);
}

/* Feeds @bytes to the filter in two pieces, split at position @cut; SIZE_MAX: byte by byte. */
static void filter(const char *bytes, size_t n, size_t cut, const char *banner, enum chip chip)
{
	o.n = o.n_heard = 0;
	o.text[0] = o.heard[0] = '\0';
	o.banner = banner;
	o.chip = chip;
	paste_init(&o.paste, decode_gbk);
	if (cut == SIZE_MAX) {
		for (size_t i = 0; i < n; i++)
			paste_feed(&o.paste, bytes + i, 1, take, &o);
	} else {
		paste_feed(&o.paste, bytes, cut, take, &o);
		paste_feed(&o.paste, bytes + cut, n - cut, take, &o);
	}
	paste_flush(&o.paste, take, &o);
}

static const struct {
	const char *in, *out;
	size_t n; /* number of bytes in the input text if it contains NULs; else 0 */
} lines[] = {
	/* Text lines that the filter must not change. */
	{ "I (31) boot: ESP-IDF v5.1 2nd stage bootloader\r\n", "I (31) boot: ESP-IDF v5.1 2nd stage bootloader\r\n",
	  0 },
	{ " ets Jan  8 2013,rst cause:2, boot mode:(3,6)\n", " ets Jan  8 2013,rst cause:2, boot mode:(3,6)\n", 0 },
	{ "ets Jun  8 2016 00:22:57 \n", "ets Jun  8 2016 00:22:57 \n", 0 },
	{ ">>>stack>>>\n<<<stack<<<\n", ">>>stack>>>\n<<<stack<<<\n", 0 },
	{ "[sensor] 20:15 > 20\n[ 12] x\n", "[sensor] 20:15 > 20\n[ 12] x\n", 0 },
	{ "20.5 C\n12:34 is no time\n1: one\n", "20.5 C\n12:34 is no time\n1: one\n", 0 },
	{ "May be at 3:00\nJan 31 is cold\n", "May be at 3:00\nJan 31 is cold\n", 0 },
	{ "\xc3\xa4 20\xb0 \xff\xfe\n", "\xc3\xa4 20\xb0 \xff\xfe\n", 0 },
	{ "C:\\new\\readme <b>?\n", "C:\\new\\readme <b>?\n", 0 },
	/* The filter removes the time stamp at the beginning of each text line. */
	{ "12:34:01.123 -> load\n12:34:01.123 ->  ets\n", "load\nets\n", 0 },
	{ "12:34:01,123 > load\n12:34:01 | load\n12:34:01: load\n12:34:01 - load\n", "load\nload\nload\nload\n", 0 },
	{ "[12:34:01] load\n[12:34:01.5]load\n[  12.345678] load\n", "load\nload\nload\n", 0 },
	{ "2024-01-31 12:34:01,456 load\n[2024-01-31T12:34:01.456Z] load\n31/01/2024 12:34:01+01:00 load\n",
	  "load\nload\nload\n", 0 },
	{ "Jan 31 12:34:01 host ser2net[123]: load\n", "load\n", 0 },
	{ "15567> load\n", "load\n", 0 },
	{ "[12:34:01 load\n", "[12:34:01 load\n", 0 },
	/* The filter removes quotation marks such as "> " at the beginning of each text line, and colour codes. */
	{ "> load\n>load\n> > load\n| load\n// load\n`load`\n", "load\nload\nload\nload\nload\nload`\n", 0 },
	{ "[0;32mI (1) boot\n\xef\xbf\xbd[0;32mI\n\xe2\x90\x9b[0;32mI\n.[0;32mI\n[1B][0;32mI\n",
	  "I (1) boot\nI\nI\nI\nI\n", 0 },
	{ "12:34:01 -> [0;31mE (1) boot\n", "E (1) boot\n", 0 },
	{ "\033[32m12:34:01\033[0m -> \033[0;31mE\n", "E\n", 0 },
	/* The filter turns line ends that are spelled out, such as \n or <br>, into real line ends. */
	{ "one\\r\\ntwo<br>three<br/>\nfour<br />five<CR><LF>\nsix<LF>", "one\rtwo\rthree\r\nfour\rfive\r\nsix\r", 0 },
	{ "> one<br>> two\n", "one\rtwo\n", 0 },
	{ "9:13:19.676 -> ets Jun  8 2016 00:22:57 19:13:19.676 ->  19:13:19.676 -> rst:0xc\n",
	  "ets Jun  8 2016 00:22:57    rst:0xc\n", 0 },
	{ "12:34:00 ets Jun  8 2016 00:22:57 12:34:01 rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT) 12:34:02 "
	  "x\n",
	  "ets Jun  8 2016 00:22:57 rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT) x\n", 0 },
	{ "it is 12:34:01 now\n", "it is 12:34:01 now\n", 0 },
	{ "{\"log\": \"one\\ntwo\\nthree\\nfour\\n\"}\n", "{\"log\": \"one\rtwo\rthree\rfour\r\"}\n", 0 },
	{ "<p>one</p><p class=\"x\">two</p>\n<td>three</td></tr> <tr><td>four</td></tr>\n",
	  "one\rtwo</p>\nthree\rfour</td></tr>\n", 0 },
	/* The filter removes Markdown and HTML markup. */
	{ "- load\n* load\n+ load\n# load\n### load\n12. load\n3) load\n> - `load\n",
	  "load\nload\nload\nload\nload\nload\nload\nload\n", 0 },
	{ "**load**\n*load*\n***load*** \n~~load~~\n__load 1__\n_load 1_\n_load_\n|load|\n| load "
	  "|\n\"load\",\n'load'\n",
	  "load\nload\nload\nload\nload 1\nload 1\nload\nload\nload \nload\nload\n", 0 },
	{ ">>load\n>> load\n>>> load\n>>>>stack>>>\n> >>>stack>>>\n", "load\nload\nload\n>>>stack>>>\n>>>stack>>>\n",
	  0 },
	{ "<code>load</code>\n<pre><code class=\"x\">load\n<p>ets Jan\n", "load</code>\nload\n<p>ets Jan\n", 0 },
	{ "&gt; &lt;a&gt; &amp; &quot;x&quot;&nbsp;&#40;1&#x29;&apos; &#169; &x; &\n",
	  "<a> & \"x\" (1)' &#169; &x; &\n", 0 },
	{ "rst:0x1 (POWERON\\_RESET) \\*\\*\n", "rst:0x1 (POWERON_RESET) **\n", 0 },
	{ "a\\\0b\n", "a\\b\n", 5 },
	/* Text lines of firmware that look like Markdown or quotations. The filter must not change them. */
	{ "*** Booting Zephyr OS build v3.7.0 ***\n***ERROR*** A stack overflow\n>>> ZEPHYR FATAL ERROR 0\n",
	  "*** Booting Zephyr OS build v3.7.0 ***\n***ERROR*** A stack overflow\n>>> ZEPHYR FATAL ERROR 0\n", 0 },
	{ "--------------- CUT HERE FOR EXCEPTION DECODER ---------------\n--- BEGIN CORE DUMP "
	  "---\n====================== PANIC\n",
	  "--------------- CUT HERE FOR EXCEPTION DECODER ---------------\n--- BEGIN CORE DUMP "
	  "---\n====================== PANIC\n",
	  0 },
	{ " ** FATAL EXCEPTION\n - IDLE0 (CPU 0)\n~ld\n_load_\n- 1\n-- x\n**\n>\n",
	  " ** FATAL EXCEPTION\n - IDLE0 (CPU 0)\n~ld\n_load_\n- 1\n-- x\n**\n>\n", 0 },
	/* The filter joins a banner that was wrapped into several text lines. */
	{ "rst cause:2,\n boot mode:(3,6)\nx\n", "rst cause:2,boot mode:(3,6)\n\nx\n", 0 },
	{ "> ets Jan  8 2013, \r\n> rst cause:2,\r\n>\r\n> boot mode:(3,6)\r\nx",
	  "ets Jan  8 2013,rst cause:2,boot mode:(3,6)\r\n\n\n\nx", 0 },
	{ "12:34:01 -> rst:0x1 (A),\n12:34:01 -> boot:0x13\n12:34:02 -> (B)\n", "rst:0x1 (A),boot:0x13\n\n(B)\n", 0 },
	{ "rst:0x1 (A),boot:0x13\n(B)\nload:0x3fff0030,\nlen:4\n",
	  "rst:0x1 (A),boot:0x13(B)\n\nload:0x3fff0030,len:4\n\n", 0 },
	{ "load 0x4010f000,\nlen 1384,\nroom 16\n", "load 0x4010f000,len 1384,room 16\n\n\n", 0 },
	{ "rst cause:2, boot\nmode:(3,6)\n", "rst cause:2, bootmode:(3,6)\n\n", 0 },
	{ "rst cause:2, \nload\nrst:0x1 (A),\n\n\n\n\n\nboot:0x13\nlen 4,\n",
	  "rst cause:2,\nload\nrst:0x1 (A),\n\n\n\n\n\nboot:0x13\nlen 4,\n", 0 },
	/* No-break spaces, UTF-16, and bytes that a terminal showed as "?" or as \x9c. */
	{ "12:34:01\xc2\xa0->\xc2\xa0load\n", "load\n", 0 },
	{ "rst:0xc\xc2\xa0(SW)\n", "rst:0xc (SW)\n", 0 },
	{ "???a? ??b??\n?\n",
	  "\xff\xff\xff"
	  "a\xff \xff\xff"
	  "b\xff\xff\n?\n",
	  0 },
	{ "\\x9c\\x9ed\\x00\\x8c\n\\x9c\n",
	  "\xff\xff"
	  "d\xff\xff\n\\x9c\n",
	  0 },
	{ "\0\0ets\0 Jun\n", "ets Jun\n", 12 },
	{ "\xff\xfe"
	  "1\0"
	  "2\0:\0"
	  "3\0"
	  "4\0:\0"
	  "0\0"
	  "1\0 \0l\0o\0a\0d\0\n\0>\0 \0x\0\n",
	  "\xff\xfe"
	  "12:34:01 load\nx\n",
	  37 },
	/* The filter changes the capital letters of a banner to small ones, even while the chip is not known. */
	{ "Ets Jan 8 2013, Rst cause: 1\nLoad 0x40100000\n", "ets Jan 8 2013, rst cause: 1\nLoad 0x40100000\n", 0 },
};

START_TEST(gives_back_what_the_board_sent)
{
	size_t n = lines[_i].n ? lines[_i].n : strlen(lines[_i].in), whole;
	static char heard[sizeof(o.heard)];

	filter(lines[_i].in, n, 0, NULL, CHIP_UNKNOWN);
	ck_assert_str_eq(o.text, lines[_i].out);
	ck_assert_uint_le(o.n, n);
	strcpy(heard, o.heard);
	whole = o.n;
	for (size_t cut = 1; cut <= n; cut++) {
		filter(lines[_i].in, n, cut == n ? SIZE_MAX : cut, NULL, CHIP_UNKNOWN);
		ck_assert_msg(!strcmp(o.text, lines[_i].out) && o.n == whole && !strcmp(o.heard, heard),
			      "cut at %zu: %s", cut, o.text);
	}
}
END_TEST

static const struct {
	const char *in, *banner, *out;
	enum chip chip;
} frames[] = {
	{ "1:02 PM  ets Jan  8\n1:02 PM\n1:03 PM load 0x\n1:04 PM tail\n", "ets Jan",
	  "1:02 PM  ets Jan  8\n\nload 0x\ntail\n", CHIP_ESP8266 },
	{ " 8 ets Jul 29 2019\n 9 \n10 rst:0x1\n", "ets Jul", " 8 ets Jul 29 2019\n 9 \nrst:0x1\n", CHIP_ESP32 },
	{ "door_1  | ESP-ROM:esp32c3\ndoor_1  | Build\ndoor_1  | 12\n", "ESP-ROM",
	  "door_1  | ESP-ROM:esp32c3\n Build\n 12\n", CHIP_ESP32C3 },
	{ "<p>ets Jun\n<p></p>\n<p>rst:0x1</p>\n", "ets Jun", "<p>ets Jun\n</p>\nrst:0x1</p>\n", CHIP_ESP32 },
	{ "12:34:01 p: ESP-ROM\n12:34:02 p: load\n", "ESP-ROM", "p: ESP-ROM\n load\n", CHIP_ESP32C3 },
	{ "door | ets Jun\ndoor | x\n--- a break\ndoor | y\n", "ets Jun", "door | ets Jun\n x\n--- a break\n y\n",
	  CHIP_ESP32 },
	/* The banner follows other text by chance. The next text lines do not begin with this text, so the filter must
	 * not remove it from any text line. */
	{ "invalid heaESP-ROM:esp32c3\nBuild:Feb\ninvalid heaven\n", "ESP-ROM",
	  "invalid heaESP-ROM:esp32c3\nBuild:Feb\ninvalid heaven\n", CHIP_ESP32C3 },
	{ "0x1 ets Jan  8 2013,\n0x2 rst cause:2,\n0x3 boot mode:(3,6)\n0x4 load\n", "boot mode",
	  "0x1 ets Jan  8 2013,rst cause:2,boot mode:(3,6)\n\n\nload\n", CHIP_ESP8266 },
	{ "ab rst:0x1 (POWERON\\_RESET)\nab load\n", "rst:0x1 (", "ab rst:0x1 (POWERON_RESET)\nload\n", CHIP_ESP32 },
	{ "- ets Jan\n- load\n-load\n", "ets Jan", "- ets Jan\n load\nload\n", CHIP_ESP8266 },
	/* No text stands before the banner, or too much text to be a prefix of every text line. The filter must remove
	 * nothing. */
	{ "ets Jun\nets Jun\n", "ets Jun", "ets Jun\nets Jun\n", CHIP_ESP32 },
	{ "a line of fifty characters and more, such as this one is: ets Jun\na line of fifty characters and more, "
	  "such as this one is: x\n",
	  "ets Jun",
	  "a line of fifty characters and more, such as this one is: ets Jun\n"
	  "a line of fifty characters and more, such as this one is: x\n",
	  CHIP_ESP32 },
	/* After the banner of an ESP8266 the filter also changes capital letters in the ROM's text lines to small ones.
	 * After the banner of another chip it does not. */
	{ "Ets Jan  8\nLoad 0x4\nTail 4\nChksum 0x89\nCsum 0xe8\nLoading\n", "ets Jan",
	  "ets Jan  8\nload 0x4\ntail 4\nchksum 0x89\ncsum 0xe8\nLoading\n", CHIP_ESP8266 },
	{ "ets Jun\nLoad 0x4\nTail 4\n", "ets Jun", "ets Jun\nLoad 0x4\nTail 4\n", CHIP_ESP32 },
};

START_TEST(learns_what_stands_before_the_lines_at_a_banner)
{
	size_t n = strlen(frames[_i].in);

	for (size_t cut = 0; cut <= n; cut++) {
		filter(frames[_i].in, n, cut == n ? SIZE_MAX : cut, frames[_i].banner, frames[_i].chip);
		ck_assert_str_eq(o.text, frames[_i].out);
	}
}
END_TEST

static const struct {
	const char *in, *heard;
	size_t n;
} characters[] = {
	{ "r\\0l\n", "r<00>l/", 0 },
	{ "r\0l", "r<00>l", 3 },
	/* a terminal showed the bytes NUL and DEL as Unicode pictures */
	{ "r\xe2\x90\x80\xe2\x90\xa1l", "r<00><7f>l", 0 },
	/* a terminal decoded the bytes as Latin-1; the copied text is UTF-8 */
	{ "r\xc3\xa9\xc2\x9c\xc2\xa0l", "r<e9><9c><a0>l", 0 },
	/* a terminal decoded the bytes as Windows-1252; the copied text is UTF-8 */
	{ "r\xe2\x82\xac\xc5\x93l", "r<80><9c>l", 0 },
	{ "r\xef\xbf\xbd\xe2\xb8\xae?l", "r<?><?>?l", 0 },
	{ "r\xe5\xae\xadl", "r<8c>ll", 0 }, /* a terminal decoded the bytes as GBK; the copied text is UTF-8 */
	/* bytes that are no valid UTF-8 are the received bytes themselves */
	{ "r\xe9\x9cl\xff\xc3", "r<e9><9c>l<ff><c3>", 0 },
	/* time stamps and markup are removed from the text, but not from the received bytes */
	{ "12:34:01 -> x<br>y\r\n", "12:34:01 -> x<br>y//", 0 },
	{ "\\x9c\\x9e\\x00\\x8c", "<9c><9e><00><8c>", 0 },
};

START_TEST(says_what_a_port_at_another_speed_may_have_heard)
{
	filter(characters[_i].in, characters[_i].n ? characters[_i].n : strlen(characters[_i].in), 0, NULL,
	       CHIP_UNKNOWN);
	ck_assert_str_eq(o.heard, characters[_i].heard);
}
END_TEST

/* ---- filter and reader together: verdicts on logs pasted in many ways ---- */

#define BANNER "ets Jan  8 2013,rst cause:2, boot mode:(3,6)"
#define LOAD "load 0x4010f000, len 1384, room 16 \ntail 8\nchksum 0x2d\n"
#define SPEAKS_8266(banner) banner "\n\n" LOAD "csum 0x2d\nv614f7c32\n~ld\n"
#define ENTERS "load:0x3fff0030,len:1184\nload:0x40078000,len:13232\nentry 0x400805e4\n"

static const struct {
	const char *in;
	enum verdict verdict;
	enum chip chip;
	int cause, mode;
	bool doubtful; /* the reader must mark its result as doubtful */
} pastes[] = {
#define FLASH_8266 VERDICT_FLASH_BOOT, CHIP_ESP8266, 2, 3
#define FLASH_32 VERDICT_FLASH_BOOT, CHIP_ESP32, 1, 0x13
	/* Unreadable bytes follow the last word that the ROM prints for a load. */
	{ BANNER "\n\n" LOAD "csum 0x2d\xff\xfe\x81\n", FLASH_8266, false },
	{ BANNER "\n\n" LOAD "csum 0x2d\xef\xbf\xbdr\xef\xbf\xbd\n~ld\n", FLASH_8266, false },
	{ BANNER "\n\n" LOAD "csum 0x2d\xe5\xae\xad?l", FLASH_8266, false },
	{ BANNER "\n\n" LOAD "csum 0x2d.;{\n", FLASH_8266, false },
	{ BANNER "\n\n" LOAD "csum 0x2d|\x9c\n~ld\n", FLASH_8266, false },
	{ BANNER "\n\n" LOAD "csum 0x2d...\n", FLASH_8266, false },
	{ BANNER "\n\n" LOAD "~ld\xff\xfe\n", FLASH_8266, false },
	{ BANNER "\n\n" LOAD "csum 0x2\xff\xfe\n", VERDICT_UNPROVEN, CHIP_ESP8266, 2, 3, false },
	{ BANNER "\n\n" LOAD "csum 0x2!\n", VERDICT_UNPROVEN, CHIP_ESP8266, 2, 3, false },
	{ BANNER "\n\n" LOAD "csum 0x2dead\n", VERDICT_UNPROVEN, CHIP_ESP8266, 2, 3, false },
	{ BANNER "\n\n" LOAD "csum 0x2d_x\n", VERDICT_UNPROVEN, CHIP_ESP8266, 2, 3, false },
	{ BANNER "\n\n" LOAD "csum err\xff\xfe\n", VERDICT_BOOT_FAILED, CHIP_ESP8266, 2, 3, false },
	{ BANNER "\n\n" LOAD "csum 0x2d\xff\ncsum err\nets_main.c \n", VERDICT_BOOT_FAILED, CHIP_ESP8266, 2, 3, false },
	{ "ets Jul 29 2019 12:21:46\n\nrst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\nload:0x3fff0030,len:4\n"
	  "entry 0x400805e4\x80\xf8\n",
	  FLASH_32, false },
	{ "rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\nload:0x3fff0030,len:4\nentry 0x4008\x80\xf8\n",
	  VERDICT_UNPROVEN, CHIP_ESP32, 1, 0x13, false },
	{ "waiting for download...\n", VERDICT_UNPROVEN, CHIP_UNKNOWN, -1, -1, false },
	/* The banner follows other text in the same text line. */
	{ SPEAKS_8266("Leaving...Hard resetting " BANNER "\xff\xfe"), FLASH_8266, false },
	{ SPEAKS_8266("port opened" BANNER "hello"), FLASH_8266, false },
	{ "port openedrst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)configsip: 0\n" ENTERS, FLASH_32, false },
	{ "port openedESP-ROM:esp32c3-api1-20210207\nxrst:0x1 (POWERON),boot:0xc "
	  "(SPI_FAST_FLASH_BOOT)\xff\nload:0x3fcd5820,len:0x4\n"
	  "entry 0x403cc710\n",
	  VERDICT_FLASH_BOOT, CHIP_ESP32C3, 1, 0xc, false },
	/* The banner was wrapped: it stands in several text lines. */
	{ SPEAKS_8266("ets Jan  8 2013,\nrst cause:2, boot mode:(3,6)"), FLASH_8266, false },
	{ SPEAKS_8266(" ets Jan  8 2013,rst cause:2,\n boot mode:(3,6)"), FLASH_8266, false },
	{ SPEAKS_8266("ets Jan  8 2013,rst cause:2, boot\nmode:(3,6)"), FLASH_8266, false },
	{ SPEAKS_8266("> ets Jan  8 2013,rst cause:2,  \n> boot mode:(3,6)"), FLASH_8266, false },
	{ SPEAKS_8266("12:34:56.789 -> ets Jan  8 2013,rst cause:2,\r\n12:34:56.812 -> boot mode:(3,6)"), FLASH_8266,
	  false },
	{ SPEAKS_8266("ets Jan  8 2013,\n\nrst cause:2,\n\nboot mode:(3,6)"), FLASH_8266, false },
	{ BANNER "\nload 0x4010f000,\nlen 1384,\nroom 16\ntail 8\nchksum 0x2d\ncsum 0x2d\n", FLASH_8266, false },
	{ "rst:0x1 (POWERON_RESET),\nboot:0x13 (SPI_FAST_FLASH_BOOT)\n" ENTERS, FLASH_32, false },
	{ "rst:0x1 (POWERON_RESET),boot:0x13\n(SPI_FAST_FLASH_BOOT)\n" ENTERS, FLASH_32, false },
	{ "> rst:0x1 (POWERON_RESET),\n> boot:0x13 (SPI_FAST_FLASH_BOOT)\n> load:0x3fff0030,\n> len:1184\n> entry "
	  "0x400805e4\n",
	  FLASH_32, false },
	{ "ets Jan  8 2013,rst cause:2,\nboot mode:(1,6)\n", VERDICT_DOWNLOAD_MODE, CHIP_ESP8266, 2, 1, false },
	{ "ets Jan  8 2013,rst cause:2,\nsomething else\nboot mode:(1,6)\n", VERDICT_UNPROVEN, CHIP_ESP8266, -1, -1,
	  true },
	/* Someone left out text lines and put "..." or "[snip]" in their place. */
	{ BANNER "\n...\nload 0x4010f000, len ...\n[...]\ncsum 0x2d\n(...)\n~ld\n[snip]\n\xe2\x80\xa6\n",
	  VERDICT_UNPROVEN, CHIP_ESP8266, 2, 3, false },
	{ BANNER "\n[...]\nload 0x4010f000, len 1384, room 16\n\xe2\x80\xa6\ncsum 0x2d\n...\n~ld\n", FLASH_8266,
	  false },
	{ "rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\n[snip]\nload:0x3fff0030,len:...\nload:0x400...\n"
	  "entry 0x400805e4\n...\n",
	  FLASH_32, false },
	{ "rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\n(...)\nload:0x3fff0030,len:...\n", VERDICT_UNPROVEN,
	  CHIP_ESP32, 1, 0x13, false },
	/* Markdown or HTML markup around a log without a banner. Without a banner the filter cannot learn the prefix of
	 * the text lines. */
	{ "**E (31) boot: No bootable app partitions in the partition table**\n", VERDICT_BOOT_FAILED, CHIP_UNKNOWN, -1,
	  -1, true },
	{ "_invalid header: 0xffffffff_\n", VERDICT_BOOT_FAILED, CHIP_UNKNOWN, -1, -1, true },
	{ "- `invalid header: 0xffffffff`\n", VERDICT_BOOT_FAILED, CHIP_UNKNOWN, -1, -1, true },
	{ "* csum err\n* ets_main.c\n", VERDICT_BOOT_FAILED, CHIP_ESP8266, -1, -1, true },
	{ "1. foo\n2. invalid header: 0xffffffff\n", VERDICT_BOOT_FAILED, CHIP_UNKNOWN, -1, -1, true },
	{ "| E (31) boot: load partition table error! |\n", VERDICT_BOOT_FAILED, CHIP_UNKNOWN, -1, -1, true },
	{ "    invalid header: 0xffffffff\n", VERDICT_BOOT_FAILED, CHIP_UNKNOWN, -1, -1, true },
	{ "&gt; abort() was called at PC 0x400d1234 on core 0\n", VERDICT_CRASHED, CHIP_UNKNOWN, -1, -1, true },
	{ "<pre><code>abort() was called at PC 0x400d1234</code></pre>\n", VERDICT_CRASHED, CHIP_UNKNOWN, -1, -1,
	  true },
	{ "<p>Exception&nbsp;(28):</p>\n", VERDICT_CRASHED, CHIP_UNKNOWN, -1, -1, true },
	{ "&quot;invalid header: 0xffffffff&quot;,\n", VERDICT_BOOT_FAILED, CHIP_UNKNOWN, -1, -1, true },
	{ ">> Soft WDT reset\n>> >>>stack>>>\n", VERDICT_CRASHED, CHIP_UNKNOWN, -1, -1, true },
	{ "~~~\n"
	  "***ERROR*** A stack overflow in task main has been detected.\n~~~\n",
	  VERDICT_CRASHED, CHIP_UNKNOWN, -1, -1, true },
	{ " - IDLE0 (CPU 0)\n--- BEGIN CORE DUMP ---\n", VERDICT_UNPROVEN, CHIP_UNKNOWN, -1, -1, false },
	/* Markdown or HTML markup around a log with a banner. */
	{ "```text\n" SPEAKS_8266(BANNER) "```\n", FLASH_8266, false },
	{ "_" BANNER "_\n_load 0x4010f000, len 1384, room 16_\n_csum 0x2d_\n_~ld_\n", FLASH_8266, false },
	{ "**" BANNER "**\n**load 0x4010f000, len 1384, room 16**\n**csum 0x2d**\n", FLASH_8266, false },
	{ "<p>" BANNER "</p><p></p><p>load 0x4010f000, len 1384, room 16 </p><p>csum 0x2d</p><p>~ld</p>\n", FLASH_8266,
	  false },
	{ "rst:0x1&nbsp;&#40;POWERON_RESET&#41;,boot:0x13 (SPI_FAST_FLASH_BOOT)\n" ENTERS, FLASH_32, false },
	{ "rst:0x1 \\(POWERON\\_RESET\\),boot:0x13 \\(SPI\\_FAST\\_FLASH\\_BOOT\\)\n" ENTERS, FLASH_32, false },
	{ "\"" BANNER "\\n\\nload 0x4010f000, len 1384, room 16 \\ntail 8\\nchksum 0x2d\\ncsum 0x2d\\n~ld\\n\"\n",
	  FLASH_8266, false },
	/* One or more characters of the banner are wrong or missing. */
	{ SPEAKS_8266("etX Jan  8 2013,rst cause:2, boot mode:(3,6)"), FLASH_8266, false },
	{ SPEAKS_8266("ets Xan  8 2013,rst cXuse:2, boot mode:(3,6)"), FLASH_8266, true },
	{ SPEAKS_8266("ets Jan  8 2013,rst cuse:2, boot mode:(3,6)"), FLASH_8266, true },
	{ SPEAKS_8266("ets J\xffn  8 2013,r\xfet cause:2, boot mode:(3,6)"), FLASH_8266, true },
	{ SPEAKS_8266("es an  8 2013,rst cause:2, boot mode:(3,6)"), FLASH_8266, true },
	{ SPEAKS_8266("ets Jan  8 2013,rst cause:2 boot mode:(36)"), FLASH_8266, true },
	{ SPEAKS_8266("ets Jan  8 2013,rst cause:2, boot mode:(3,6"), FLASH_8266, true },
	{ "xts Jan  8 2013,rst kause:2, boot mode:(1,7)\n", VERDICT_DOWNLOAD_MODE, CHIP_ESP8266, 2, 1, true },
	{ "ets Jan  8 2013,rst cause12, bXot mode:(1,7)\n", VERDICT_UNPROVEN, CHIP_ESP8266, -1, -1, true },
	{ "ets Jan  8 2013,rst cause:, boot mode:(1,7)\n", VERDICT_UNPROVEN, CHIP_ESP8266, -1, -1, true },
	{ "ets Jan  8 2013,rst cause:2, boot mode:(,7)\n", VERDICT_UNPROVEN, CHIP_ESP8266, -1, -1, true },
	{ "ets Jan  8 2013,rst cause:2, boot mode:(11,7)\n", VERDICT_UNPROVEN, CHIP_ESP8266, -1, -1, true },
	{ "xtx Xan  8 2013,rst cause:2, boot mode:(1,7)\n", VERDICT_DOWNLOAD_MODE, CHIP_ESP8266, 2, 1, true },
	{ "my last,rst cause:2, boot mode:(1,7)\n", VERDICT_UNPROVEN, CHIP_ESP8266, -1, -1, true },
};

START_TEST(a_pasted_boot_is_read_and_nothing_more_is_claimed)
{
	struct boot_trace t;
	const char *in = pastes[_i].in;

	boot_trace(&t, in, &boot_pasted);
	ck_assert_msg(t.verdict == pastes[_i].verdict, "%s%s\n%s", in, verdict_info(t.verdict)->word, t.text);
	ck_assert_msg(t.boot.chip == pastes[_i].chip || !t.has_boot, "%s%s", in, t.text);
	ck_assert_msg((t.has_boot ? t.boot.cause : -1) == pastes[_i].cause, "%s%s", in, t.text);
	ck_assert_msg((t.has_boot ? t.boot.mode : -1) == pastes[_i].mode, "%s%s", in, t.text);
	ck_assert_msg(!t.has_boot || t.boot.certain == !pastes[_i].doubtful, "%s%s", in, t.text);
	boot_trace_free(&t);
}
END_TEST

static const struct {
	const char *in;
	enum verdict verdict;
} live[] = {
	{ "csum 0x2d\xff\xfe\r\n", VERDICT_FLASH_BOOT }, { "csum 0x2d\x01\x81\r\n", VERDICT_FLASH_BOOT },
	{ "~ld\x80\r\n", VERDICT_FLASH_BOOT },		 { "csum 0x2d.\r\n", VERDICT_UNPROVEN },
	{ "csum 0x2d|\xff\r\n", VERDICT_UNPROVEN },	 { "csum 0x2d\tx\r\n", VERDICT_UNPROVEN },
	{ "csum 0x2\xff\r\n", VERDICT_UNPROVEN },	 { "csum err\xff\r\n", VERDICT_BOOT_FAILED },
};

START_TEST(a_port_ends_the_load_at_unreadable_bytes_only)
{
	struct boot_trace t;
	char in[256];

	snprintf(in, sizeof(in), "%s\r\n\r\n%s%s", BANNER, LOAD, live[_i].in);
	boot_trace(&t, in, &boot_live);
	ck_assert_msg(t.verdict == live[_i].verdict, "%s: %s\n%s", live[_i].in, verdict_info(t.verdict)->word, t.text);
	boot_trace_free(&t);
}
END_TEST

/* clang-format off */
static const char *const clean_logs[] = {
	"esp8266-flash", "esp8266-nonos", "esp8266-exception", "esp8266-rboot", "esp32-flash", "esp32-panic", "esp32-no-bootable",
	"esp32c3-flash", "esp32s3-zephyr-fatal", "esp32s3-rust-panic", "carriage-returns-only", "wrong-baud-flash",
};
/* clang-format on */

START_TEST(leaves_a_log_alone_that_nobody_copied)
{
	char name[96], log[8192];
	size_t n;

	snprintf(name, sizeof(name), "tests/bootlogs/%s.txt", clean_logs[_i]);
	n = files_read(name, log, sizeof(log));
	ck_assert_uint_gt(n, 0);
	filter(log, n, 0, NULL, CHIP_UNKNOWN);
	/* The log may contain NULs, the filter's output never does. So NULs are not compared. */
	for (size_t i = 0, out = 0; i < n; i++) {
		if (log[i])
			ck_assert_msg(out < o.n && o.text[out++] == log[i], "%s: byte %zu", name, i);
	}
}
END_TEST

START_TEST(a_line_goes_out_at_its_end)
{
	paste_init(&o.paste, NULL);
	o.n = o.n_heard = 0;
	o.banner = NULL;
	paste_feed(&o.paste, "one\ntwo", 7, take, &o);
	ck_assert_str_eq(o.text, "one\n");
	paste_feed(&o.paste, "\r", 1, take, &o);
	ck_assert_str_eq(o.text, "one\ntwo\r");
	paste_feed(&o.paste, "\nthree", 6, take, &o);
	ck_assert_str_eq(o.text, "one\ntwo\r\n");
	paste_flush(&o.paste, take, &o);
	ck_assert_str_eq(o.text, "one\ntwo\r\nthree");
}
END_TEST

START_TEST(a_line_of_any_length_goes_through)
{
	static char line[3 * PASTE_LINE_MAX];

	memset(line, 'x', sizeof(line));
	/* "> " in the middle of a text line is no quotation mark and must stay */
	memcpy(line + PASTE_LINE_MAX, "> x", 3);
	filter(line, sizeof(line), SIZE_MAX, NULL, CHIP_UNKNOWN);
	ck_assert_uint_eq(o.n, sizeof(line));
	ck_assert_mem_eq(o.text, line, sizeof(line));
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("paste");

	tcase_add_loop_test(tc, gives_back_what_the_board_sent, 0, COUNT(lines));
	tcase_add_loop_test(tc, learns_what_stands_before_the_lines_at_a_banner, 0, COUNT(frames));
	tcase_add_loop_test(tc, says_what_a_port_at_another_speed_may_have_heard, 0, COUNT(characters));
	tcase_add_loop_test(tc, leaves_a_log_alone_that_nobody_copied, 0, COUNT(clean_logs));
	tcase_add_loop_test(tc, a_pasted_boot_is_read_and_nothing_more_is_claimed, 0, COUNT(pastes));
	tcase_add_loop_test(tc, a_port_ends_the_load_at_unreadable_bytes_only, 0, COUNT(live));
	tcase_add_test(tc, a_line_goes_out_at_its_end);
	tcase_add_test(tc, a_line_of_any_length_goes_through);
	return suite_run_case("paste", tc);
}
