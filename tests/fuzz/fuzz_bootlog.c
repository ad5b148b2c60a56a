/* fuzz_bootlog.c - checks the boot-log reader on any bytes. The reader must report the same events however the input is
 * split into pieces. It must give no verdict for which the text has no evidence. The first byte of the fuzzer's input
 * selects the reader's options and the size of the pieces. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../bootreader.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* The text lines that the reader has reported. The reader has already removed their escape sequences, and has repaired
 * them if the log was pasted. */
struct lines {
	char text[65536];
	size_t n;
	bool full;
};

struct sum {
	uint64_t events;
	struct lines *lines; /* where to store the reported text lines; NULL: nowhere */
};

static void keep_line(struct lines *lines, const struct boot_event *event)
{
	if (event->len >= sizeof(lines->text) - lines->n) {
		lines->full = true;
		return;
	}
	memcpy(lines->text + lines->n, event->line, event->len);
	lines->n += event->len;
	lines->text[lines->n++] = '\n';
}

static void check_event(void *user, const struct boot_event *event)
{
	struct sum *sum = user;

	if (event->len > BOOTLOG_LINE_MAX || event->end_ms < event->begin_ms)
		abort();
	sum->events = (sum->events ^ (unsigned int)event->kind ^ (unsigned int)event->number << 8) * 0x100000001b3;
	for (size_t i = 0; i < event->len; i++)
		sum->events = (sum->events ^ (unsigned char)event->line[i]) * 0x100000001b3;
	if (sum->lines)
		keep_line(sum->lines, event);
	if (!event->boot)
		return;
	if (event->boot->certain && event->boot->rx_speed == BOOT_RX_PLAIN &&
	    event->boot->source == BOOT_SOURCE_UNKNOWN && event->kind == BOOT_EVENT_BANNER && event->boot->mode < 0)
		abort(); /* the reader is certain of a boot mode, but knows neither its number nor a boot source */
	sum->events ^= (unsigned int)event->boot->progress ^ (unsigned int)event->boot->mode << 4;
	sum->events *= 0x100000001b3;
}

/* -------------------------------------------------------------------------------------------------
 * The evidence that a text must contain for each verdict. These functions were written from docs/hardware.md and
 * docs/sentences.md, not from the reader's code, so that they do not repeat a mistake of the reader. They accept the
 * words of the evidence anywhere in a text line.
 */

struct text {
	const char *at, *end;
};

static bool has(struct text t, const char *word)
{
	return memmem(t.at, (size_t)(t.end - t.at), word, strlen(word));
}

static bool has_one(struct text t, const char *const *words)
{
	for (; *words; words++) {
		if (has(t, *words))
			return true;
	}
	return false;
}

static bool next_line(struct text *rest, struct text *ret)
{
	const char *c = rest->at;

	if (c == rest->end)
		return false;
	while (c != rest->end && *c != '\n' && *c != '\r')
		c++;
	*ret = (struct text){ rest->at, c };
	rest->at = c == rest->end ? c : c + 1;
	return true;
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* The hexadecimal number that follows the first @word in @t, after any spaces and "0x"; -1: none follows. Removes the
 * text up to the end of the number from @t. */
static long number_behind(struct text *t, const char *word)
{
	const char *at = memmem(t->at, (size_t)(t->end - t->at), word, strlen(word));
	long n = 0;
	bool any = false;

	if (!at) {
		t->at = t->end;
		return -1;
	}
	for (at += strlen(word); at != t->end && (*at == ' ' || *at == '0' || *at == 'x'); at++)
		any |= *at == '0';
	for (; at != t->end && is_hex(*at) && n <= 0xfffffff; at++, any = true)
		n = n << 4 | (*at <= '9' ? *at - '0' : (*at & 7) + 9);
	t->at = at;
	return any ? n : -1;
}

static bool is_esp8266_banner(struct text line)
{
	static const char *const words[] = { "rst cause", "boot mode", "ets Jan", "etsJan", NULL };

	return has_one(line, words);
}

/* ---- flash-boot ---- */

/* Log tags that a second stage prints, or an application during its start. An entry that ends in a dot stands for all
 * tags that begin like it; see is_tag(). */
/* clang-format off */
static const char *const tags[] = {
	"boot", "boot.", "boot_comm", "esp_image", "flash_parts", "flash_encrypt", "secure_boot.", "efuse", "qio_mode", "MMU",
	"cpu_start", "heap_init", "app_init", "app_start", "main_task", "sleep_gpio", "bootloader.", "soc_init", "mcuboot", NULL,
};
/* clang-format on */

/* Does @tag stand at @at, with text around it as in "E (31) boot: ", "I boot: ", "I (boot): " or "<err> mcuboot: "? */
static bool is_tag(const char *line, const char *at, const char *end, const char *tag)
{
	size_t n = strlen(tag), longer = tag[n - 1] == '.';

	/* drop the dot, so that "secure_boot." matches "secure_boot_v2" too; "boot." keeps its dot */
	n -= longer && tag[0] != 'b';
	n -= longer && !strcmp(tag, "bootloader.");
	if ((size_t)(end - at) < n + 1 || memcmp(at, tag, n) || at == line || (at[-1] != ' ' && at[-1] != '('))
		return false;
	for (at += n; longer && at != end && *at > ' ' && *at != ':' && *at != ')'; at++)
		;
	return at != end && (*at == ':' || *at == ')');
}

static bool has_tag(struct text line)
{
	for (const char *const *tag = tags; *tag; tag++) {
		for (const char *c = line.at; c != line.end; c++) {
			if (*c == **tag && is_tag(line.at, c, line.end, *tag))
				return true;
		}
	}
	return false;
}

/* Does the text line have an application's "[   123][E][file.cpp:45] " or "[E][tag:123]: ", or MCUboot's
 * "[esp32] [ERR] "? */
static bool has_brackets(struct text line)
{
	static const char *const levels[] = { "[E]", "[W]", "[I]", "[D]", "[V]", NULL };
	static const char *const mcuboot[] = { "] [ERR] ", "] [WRN] ", "] [INF] ", "] [DBG] ", NULL };

	return (has_one(line, levels) && has(line, "][")) || (has(line, "[esp32") && has_one(line, mcuboot));
}

static bool is_loaded(struct text line)
{
	/* clang-format off */
	static const char *const words[] = {
		"csum 0x", "~ld", "entry 0x", "2nd boot version : ", "SPI Speed", "SPI Mode", "SPI Flash Size & Map: ",
		"jump to run user", "rBoot v", "Booting rom ", "Booting temp rom.", "SDK ver: ", "phy ver: ", "rf cal sector: ",
		"rf[112] : ", "mode : sta(", "mode : softAP(", "*** Booting Zephyr OS ", "*** Using Zephyr OS ",
		"*** Booting MCUboot ", "Resetting with flash encryption enabled", NULL,
	};
	/* clang-format on */

	return has_one(line, words) || has_tag(line) || has_brackets(line);
}

static bool is_flash_banner(struct text line)
{
	return has(line, "boot:") || (is_esp8266_banner(line) && memchr(line.at, '3', (size_t)(line.end - line.at)));
}

/* Has the text the evidence for the verdict flash-boot? It needs a banner that names flash as boot source, or, if the
 * banner is lost, the ROM's text lines about a load. It also needs a text line that is printed only after the load. */
static bool has_flash_boot(struct text all)
{
	struct text line;
	bool source = has(all, "load:0x") && has(all, "entry 0x"), loaded = false;

	while (next_line(&all, &line)) {
		source |= is_flash_banner(line);
		loaded |= is_loaded(line);
	}
	return source && loaded;
}

/* ---- crashed ---- */

static bool has_crash_words(struct text all)
{
	/* clang-format off */
	static const char *const words[] = {
		"Guru Meditation", "abort()", "assert failed", "assertion \"", "ESP_ERROR_CHECK failed", "A stack overflow in task ",
		"Debug exception reason", "Stack canary watchpoint", "Stack smashing", "Undefined behavior of type ",
		"ERROR: Stack overflow while", "ERROR: Coprocessors", "Brownout detector was triggered", "Aborting.",
		"Task watchdog got triggered.", "Panic handler entered", "A fatal error occurred.", "NLR jump failed", "crashed hard",
		"CUT HERE FOR EXCEPTION DECODER", "Exception (", "Soft WDT reset", "Hardware WDT reset", "Unhandled C++ exception",
		"Abort called", "Panic ", "Stack overflow detected", "PANIC", "atal exception", "Exception ", "SW WDT @", "HW WDT @",
		"ZEPHYR FATAL ERROR", "FATAL EXCEPTION", "ASSERTION", "Halting system", "Assertion failed", "User Exception",
		"EXCEPTION", "panic occured", "panicked at", "RIOT kernel panic", "*** halted.", "_xt_panic called",
		"AtomVM application terminated with non-ok", "Abort in file", NULL,
	};
	/* clang-format on */

	return has_one(all, words);
}

/* Counts the text lines that look like part of a crash report. One such line alone does not prove a crash. */
static unsigned int crash_parts(struct text all)
{
	/* clang-format off */
	static const char *const words[] = {
		"Backtrace:", "register dump:", "ELF file SHA256", "Memory allocation failed", "CORRUPT HEAP: ", "Rebooting...",
		"CPU halted.", "Entering gdb stub now.", "You are in safe mode because:", "Hard fault: memory",
		"Internal watchdog timer", "Power dipped.", "User exception (", "Generic Reset", ">>>stack>>>", "<<<stack<<<",
		"epc1=0x", "last failed alloc call: ", "mcause: ", "*** rebooting...", NULL,
	};
	/* clang-format on */
	unsigned int n = 0;
	struct text line;

	while (next_line(&all, &line))
		n += has_one(line, words);
	return n;
}

static bool is_number_of(long n, const char *numbers)
{
	return n > 0 && n < 0x20 && strchr(numbers, (int)n);
}

/* The number of boots in a text, and how many of their banners name a watchdog as reset cause, a brownout or CPU lockup
 * (power), or software. */
struct began {
	unsigned int boots, watchdogs, power, software;
};

static struct began count_banners(struct text all)
{
	struct began b = { 0 };
	struct text line;

	while (next_line(&all, &line)) {
		struct text rest = line;
		bool old = is_esp8266_banner(line);

		b.boots += old;
		b.watchdogs += old && memchr(line.at, '4', (size_t)(line.end - line.at));
		b.software += old && has(line, "3,");
		while (rest.at != rest.end) {
			long n = number_behind(&rest, "st:");

			b.boots += n >= 0;
			b.watchdogs += is_number_of(n, "\x04\x07\x08\x09\x0b\x0d\x10\x11\x12");
			b.power += is_number_of(n, "\x0f\x13\x17\x19\x1a\x1b");
			b.software += is_number_of(n, "\x03\x0c");
		}
		/* if a banner is lost, the ROM's "load" or a second stage's tag still shows that there was a boot */
		b.boots += has(line, "load:0x") || has(line, "load 0x") || has_tag(line);
	}
	return b;
}

static bool has_crash(struct text all)
{
	struct began began = count_banners(all);
	unsigned int parts = crash_parts(all);

	return has_crash_words(all) || parts > 1 || (parts && began.boots) || began.power || began.software > 1 ||
	       (began.watchdogs && began.boots > 1);
}

/* ---- boot-failed ---- */

static bool has_no_image(struct text all)
{
	/* clang-format off */
	static const char *const words[] = {
		/* Errors that the chips' ROMs print. */
		"nvalid ", "invalrd header", "flash read err, ", "csum err", "Checksum failure.", "Aborting", "ets_main.c", "ets_loader",
		"ets_kernel", "main.c 342", "ets_", "user code done", "Direct boot returned", "unknown reset",
		"built-in command interpreter", "Too many blocks", "Bootloader is too large", " overlaps", "wrong chip id",
		"Image security version", "hash comparison failed", "ecure boot verification failed", "ecure boot check fail",
		/* Errors that ESP-IDF's bootloader prints. */
		"No bootable ", "Test firmware is not found", "no factory, can't boot", "ota data partition info error",
		"Failed to verify ", "app bin error", "Fail to initialize OTA0", "load partition table error!",
		"has no terminating entry", "Incorrect MD5", "Only one MD5", "ota_info partition size", "failed to load bootloader",
		"XMC startup flow", "REQUIRE_ALREADY_ENABLED", "lash encryption", "Encryption flash contents", "Secure Boot v2 failed",
		"ENABLE SECURE BOOT", "digest generation", "TEE app", "Assert failed in ", "segment count", "offset has wrapped",
		"segment length", "larger than 16MB", "total length", "invalid: ", "doesn't fit", "hecksum failed", "Image hash failed", "ignature", "Sig block ",
		"bootloader_flash_read failed", "bootloader_mmap(", "is not bootable", "mismatch chip ID", "chip rev",
		"revision", "efuse blk rev",
		/* Errors that MCUboot, Zephyr and NuttX print. */
		"Unable to find bootable image", "Failed to open flash areas", "in load header", "Load header magic",
		"is not in IRAM", "Never should get here", "assertion failed: file", "panic!", "ad image magic", "Image not bootable",
		"Failed reading image headers", "inconsistent status!", "slot is not valid!", "Failed to load image header!", "read segment header",
		"Error parsing segments", "init failed, aborting", "Failed to setup XIP", "UNSUPPORTED_REVISION",
		/* Errors that second stages of the ESP8266 print. */
		"get flash_addr error!", "error user bin flag", "error magic!", "first boot failed", "backup boot failed",
		"test bin is not pass!", "no GPIO select!", "flash map", "is bad.", "GPIO boot failed.", "No good ", "cp:",
		"rf_cal[0] !=", "partition table size is larger", "ota1 partition error", "boot not set",
		/* Errors of an application that was built for another chip or memory, and of a bootloader that
		 * crashes. */
		"EFUSE not configured", "single core", "external RAM", "External RAM", "Guru Meditation", "abort() was called",
		"atal exception", NULL,
	};
	/* clang-format on */

	return has_one(all, words);
}

static bool is_flash_address(long n)
{
	return (n >= 0x3c000000 && n < 0x3ff80000) || (n >= 0x40000000 && n < 0x44000000) || n == 0xffffffff;
}

/* Does a text line about a load show that the load has failed? It does in each of these cases: the address is in
 * memory-mapped flash, or has four equal bytes, as in erased flash; the length is more than any chip's RAM; eboot
 * prints an error such as "e:1". */
static bool has_bad_load(struct text all)
{
	struct text line;

	while (next_line(&all, &line)) {
		struct text family = line, old = line, length = line;
		long address;

		while (line.at != line.end && *line.at == ' ')
			line.at++;
		if (line.end - line.at > 2 && !memcmp(line.at, "e:", 2))
			return true;
		if (is_flash_address(number_behind(&family, "load:")))
			return true;
		address = number_behind(&old, "load");
		if (address >= 0 && (address == (address & 0xff) * 0x01010101 || has(line, "-") ||
				     number_behind(&length, "len") > 0xfffff))
			return true;
	}
	return false;
}

/* ---- download-mode, other-boot ---- */

static bool has_other_source(struct text all)
{
	/* clang-format off */
	static const char *const words[] = {
		"boot:", "waiting for ", "wait uart", "wait usb download", "wait spi download", "wait sdio download",
		"Booting into dfu mode.", "Download boot modes disabled", "Download mode is disabled",
		"Invalid mode for secure boot download", NULL,
	};
	/* clang-format on */
	struct text line;

	if (has_one(all, words))
		return true;
	while (next_line(&all, &line)) {
		if (is_esp8266_banner(line))
			return true;
	}
	return false;
}

static bool has_evidence(enum verdict verdict, const char *text, size_t n)
{
	struct text all = { text, text + n };

	switch (verdict) {
	case VERDICT_FLASH_BOOT: return has_flash_boot(all);
	case VERDICT_CRASHED: return has_crash(all);
	case VERDICT_BOOT_FAILED: return has_no_image(all) || has_bad_load(all);
	case VERDICT_DOWNLOAD_MODE:
	case VERDICT_OTHER_BOOT: return has_other_source(all);
	default: return true;
	}
}

/* Initialises @reader by copying a prepared reader: bootlog_init() takes longer than reading the fuzzer's input, so it
 * is called only once. The last member, bootlog.text, is not copied, because its initial content does not matter. */
static void begin(struct boot_reader *reader, unsigned int choice)
{
	static struct bootlog fresh[2];
	static bool ready;

	for (unsigned int i = 0; i < 2 && !ready; i++)
		bootlog_init(&fresh[i], &(struct bootlog_options){ .pasted = i });
	ready = true;
	memcpy(&reader->log, &fresh[(choice & 3) != 0], offsetof(struct bootlog, text));
	paste_init(&reader->paste, NULL);
}

/* Passes @data to the reader, either directly, as when espreset reads a serial port, or through the filter for pasted
 * logs, as with --decode. */
static void feed(struct boot_reader *reader, unsigned int choice, const uint8_t *data, size_t n, struct sum *sum)
{
	if (choice & 2)
		boot_reader_feed(reader, data, n, check_event, sum);
	else
		bootlog_feed(&reader->log, data, n, 0, check_event, sum);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct boot_reader whole, cut;
	static struct lines lines;
	struct sum a = { 0xcbf29ce484222325, NULL }, b = a;
	uint8_t choice;
	enum verdict verdict;

	if (!n)
		return 0;
	choice = *data++;
	n--;
	lines.n = 0;
	lines.full = false;
	a.lines = &lines;
	begin(&whole, choice);
	begin(&cut, choice);
	feed(&whole, choice, data, n, &a);
	boot_reader_flush(&whole, check_event, &a);
	for (size_t i = 0, step; i < n; i += step) {
		step = 1 + (choice >> 2) % 17;
		if (step > n - i)
			step = n - i;
		feed(&cut, choice, data + i, step, &b);
	}
	boot_reader_flush(&cut, check_event, &b);
	verdict = bootlog_verdict(&whole.log, NULL);
	if (a.events != b.events || verdict != bootlog_verdict(&cut.log, NULL))
		abort();
	if (!lines.full && !has_evidence(verdict, lines.text, lines.n))
		abort();
	/* Not only the reported text lines but the input itself must have the evidence. This is not checked if the
	 * reader has removed escape sequences from the input, or has repaired it as a pasted log. */
	if (!(choice & 3) && !memchr(data, 0x1b, n) && !has_evidence(verdict, (const char *)data, n))
		abort();
	/* If there is input, the verdict must not be "silent". The exception: the filter for pasted logs may remove all
	 * bytes of the input. */
	if (verdict == VERDICT_SILENT && n && !(choice & 2))
		abort();
	return 0;
}
