/* trouble.c - the lines that say what went wrong in a boot, and what to do about it.
 *
 * Panics: espressif/esp-idf docs/en/api-guides/fatal-errors.rst; esp8266/Arduino
 * cores/esp8266/core_esp8266_postmortem.cpp. Images: espressif/esp-idf
 * components/bootloader_support/src/esp_image_format.c, bootloader_utility.c; espressif/esp-faq. See
 * docs/hardware.md.
 */
#include "bootlog/reader.h"

enum where {
	AT_START,	/* of the line, a log prefix such as "E (123) boot: " skipped */
	BARE,		/* at the start of a line without such a prefix */
	ANYWHERE,	/* behind other text too: the panic cut a line */
};

enum what {
	NO_IMAGE,	/* final */
	SUSPECT,	/* the second stage may try another image */
	CRASH,
	ROM_FATAL,	/* the ESP8266 ROM's own exception, or an old SDK's */
	ANNOUNCED,	/* one deliberate restart */
};

static const char flash_again[] = "flash bootloader, partition table and application again";
static const char supply[] =
	"the supply voltage dropped: a shorter USB cable, a stronger supply, a capacitor";
static const char see_panic[] = "the application crashed: its own messages say where";
static const char watchdog[] =
	"the application did not feed the watchdog: it hangs or blocks somewhere";
static const char secure[] =
	"secure boot refused the image: sign it with the key that this chip knows";

static const struct rule {
	const char *text;
	enum where where;
	enum what what;
	const char *also;	/* must come later in the line; NULL */
	const char *advice;
} rules[] = {
	/* ROM */
	{ "invalid header", AT_START, NO_IMAGE, NULL,
	  "no bootloader where the ROM looks for it: flash it at this chip's offset (0x1000 on "
	  "ESP32 and S2, 0x2000 on C5 and P4, 0x0 on the others)" },
	{ "Invalid header", AT_START, NO_IMAGE, NULL,
	  "no bootloader where the ROM looks for it: flash it at this chip's offset" },
	{ "invalrd header", AT_START, NO_IMAGE, NULL,
	  "no bootloader where the ROM looks for it: flash it at this chip's offset" },
	{ "flash read err", AT_START, NO_IMAGE, NULL,
	  "the flash does not answer: GPIO12 high at reset (ESP32) selects the wrong flash "
	  "voltage; else wiring, or encryption" },
	{ "csum err", AT_START, NO_IMAGE, NULL,
	  "the bootloader in flash is damaged: flash it again" },
	{ "ets_main.c", AT_START, NO_IMAGE, NULL, flash_again },
	{ "ets_loader.c", AT_START, NO_IMAGE, NULL,
	  "the ROM could not load the bootloader: check the flash mode (quad, octal) that it was "
	  "built for" },
	{ "main.c 342", AT_START, NO_IMAGE, NULL, flash_again },
	{ "assertion \"", AT_START, NO_IMAGE, "file \"ets_", flash_again },
	{ "user code done", AT_START, NO_IMAGE, NULL,
	  "the bootloader found nothing to start: flash the application" },
	{ "unknown reset", AT_START, NO_IMAGE, NULL,
	  "the ROM halts on a reset cause that it does not know: reset by the EN or RST pin" },
	{ "Falling back to built-in command interpreter", AT_START, NO_IMAGE, NULL, flash_again },
	{ "Octal flash option selected, but EFUSE not configured", ANYWHERE, NO_IMAGE, NULL,
	  "the image was built for octal flash, this chip has quad flash: change the "
	  "configuration" },
	{ "Invalid image block, can't boot.", AT_START, NO_IMAGE, NULL,
	  "the bootloader in flash is damaged, or is none: flash it again" },
	{ "Invalid chip id.", AT_START, NO_IMAGE, NULL,
	  "the bootloader is for another chip: build for this one" },
	{ "secure boot verification failed", AT_START, NO_IMAGE, NULL, secure },
	{ "secure boot check fail", AT_START, NO_IMAGE, NULL, secure },
	/* Second stage */
	{ "No bootable app partitions in the partition table", AT_START, NO_IMAGE, NULL,
	  "no application that can run: flash it at the offset in the partition table" },
	{ "partition 0 invalid magic number", AT_START, NO_IMAGE, NULL,
	  "no partition table where the bootloader looks for it: flash it" },
	{ "Failed to verify partition table", AT_START, NO_IMAGE, NULL,
	  "no valid partition table: flash it" },
	{ "load partition table error!", AT_START, NO_IMAGE, NULL,
	  "no valid partition table: flash it" },
	{ "ota data partition invalid and no factory, can't boot", AT_START, NO_IMAGE, NULL,
	  "no application that can run: flash it, and the OTA data partition" },
	{ "Unable to find bootable image", AT_START, NO_IMAGE, NULL,
	  "MCUboot found no application that it may start: flash a signed one" },
	{ "failed when running XMC startup flow, reboot!", AT_START, NO_IMAGE, NULL,
	  "the flash chip did not start: supply, or a flash chip that this bootloader does not "
	  "know" },
	{ "image at 0x", AT_START, SUSPECT, "has invalid magic byte",
	  "no application at that offset: flash it" },
	{ "Checksum failed. Calculated 0x", AT_START, SUSPECT, NULL,
	  "the application in flash is damaged: flash it again" },
	{ "Image hash failed - image is corrupt", AT_START, SUSPECT, NULL,
	  "the application in flash is damaged: flash it again" },
	{ "Factory app partition is not bootable", AT_START, SUSPECT, NULL,
	  "no valid application: flash it" },
	{ "OTA app partition slot ", AT_START, SUSPECT, "is not bootable",
	  "no valid application: flash it" },
	{ "Image requires chip rev", AT_START, SUSPECT, NULL,
	  "the image is for another revision of this chip: build it for this one" },
	{ "This chip is revision ", AT_START, SUSPECT, "configured for minimum revision",
	  "the image is for a later revision of this chip: build it for this one" },
	{ "Sig block 0 invalid", AT_START, SUSPECT, NULL, secure },
	{ "No signature block magic byte found", AT_START, SUSPECT, NULL, secure },
	/* rBoot, zboot: raburton/rboot rboot.c, zeroflag/zboot. They try their other images next. */
	{ "Rom ", BARE, SUSPECT, " is bad.", "no valid application: flash it" },
	{ "ROM ", BARE, SUSPECT, " is bad.", "no valid application: flash it" },
	{ "No good rom available", BARE, NO_IMAGE, NULL, "no application that can run: flash it" },
	{ "No good ROM available", BARE, NO_IMAGE, NULL, "no application that can run: flash it" },
	{ "Resetting with flash encryption enabled...", AT_START, ANNOUNCED, NULL, NULL },
	/* Applications */
	{ "Guru Meditation Error", ANYWHERE, CRASH, NULL, see_panic },
	{ "Brownout detector", ANYWHERE, CRASH, NULL, supply },
	{ "abort() was called at PC", AT_START, CRASH, NULL, see_panic },
	{ "assert failed: ", AT_START, CRASH, NULL, see_panic },
	{ "Backtrace: 0x", AT_START, CRASH, NULL, see_panic },
	{ "Backtrace:0x", AT_START, CRASH, NULL, see_panic },
	{ "***ERROR*** A stack overflow", ANYWHERE, CRASH, NULL, "a task's stack is too small" },
	{ "CORRUPT HEAP", AT_START, CRASH, NULL,
	  "the application writes past the end of its memory" },
	{ "Stack smashing protect failure!", AT_START, CRASH, NULL, see_panic },
	{ "ELF file SHA256: ", BARE, CRASH, NULL, see_panic },
	{ "Debug exception reason:", AT_START, CRASH, NULL, see_panic },
	{ "Core  0 register dump:", AT_START, CRASH, NULL, see_panic },
	{ "Core  1 register dump:", AT_START, CRASH, NULL, see_panic },
	{ "Core 0 register dump:", AT_START, CRASH, NULL, see_panic },
	{ "Core 1 register dump:", AT_START, CRASH, NULL, see_panic },
	{ "Fatal exception (", ANYWHERE, ROM_FATAL,
	  "):", "an exception before anything was loaded: is GPIO2 pulled low at reset?" },
	{ "Fatal exception ", ANYWHERE, CRASH, "):", see_panic },
	{ "Exception (", AT_START, CRASH, "):", see_panic },
	{ "Soft WDT reset", AT_START, CRASH, NULL, watchdog },
	{ "Hardware WDT reset", AT_START, CRASH, NULL, watchdog },
	{ "User exception (panic/abort/assert)", AT_START, CRASH, NULL, see_panic },
	{ "Unhandled C++ exception: ", AT_START, CRASH, NULL, see_panic },
	{ "Abort called", AT_START, CRASH, NULL, see_panic },
	{ "Stack overflow detected", AT_START, CRASH, NULL, see_panic },
	{ "--------------- CUT HERE FOR EXCEPTION DECODER", AT_START, CRASH, NULL, see_panic },
	{ ">>>stack>>>", AT_START, CRASH, NULL, see_panic },
	{ "<<<stack<<<", AT_START, CRASH, NULL, see_panic },
	{ "epc1=0x", AT_START, CRASH, NULL, see_panic },
	/* zephyrproject-rtos/zephyr kernel/fatal.c, arch/xtensa/core/fatal.c */
	{ ">>> ZEPHYR FATAL ERROR", ANYWHERE, CRASH, NULL, see_panic },
	{ "** FATAL EXCEPTION", ANYWHERE, CRASH, NULL, see_panic },
	/* apache/nuttx sched/misc/assert.c, arch/<arch>/src/common */
	{ "xtensa_user_panic: ", AT_START, CRASH, NULL, see_panic },
	{ "riscv_exception: EXCEPTION", AT_START, CRASH, NULL, see_panic },
	{ "dump_assert_info: Assertion failed", AT_START, CRASH, NULL, see_panic },
	{ "up_assert: Assertion failed", AT_START, CRASH, NULL, see_panic },
	/* esp-rs/esp-hal esp-backtrace */
	{ "====================== PANIC", AT_START, CRASH, NULL, see_panic },
	{ "!! A panic occured in ", AT_START, CRASH, NULL, see_panic },
	{ "panicked at ", BARE, CRASH, NULL, see_panic },
	{ "PANIC: unprotected error in call to Lua API", AT_START, CRASH, NULL, see_panic },
};
#define N_RULES (sizeof(rules) / sizeof(rules[0]))

/* "Panic core_esp8266_main.cpp:133 __yield": a word, a colon, a line number */
static bool is_arduino_panic(struct span s)
{
	long line;

	if (!span_word(&s, "Panic "))
		return false;
	while (s.at != s.end && *s.at != ' ' && *s.at != ':')
		s.at++;
	return span_char(&s, ':') && span_dec(&s, &line) && (s.at == s.end || *s.at == ' ');
}

static bool matches(const struct rule *rule, struct span s)
{
	return *s.at == rule->text[0] && span_word(&s, rule->text) &&
	       (!rule->also || span_has(s, rule->also));
}

void trouble_init(struct bootlog *log)
{
	unsigned int i = N_RULES;

	_Static_assert(N_RULES < BOOTLOG_RULES_MAX, "rules");
	while (i-- > 0) {
		unsigned char c = (unsigned char)rules[i].text[0];

		log->rule_next[i] = log->rule_first[c];
		log->rule_first[c] = (unsigned char)(i + 1);
	}
}

static const struct rule *find_rule(const struct bootlog *log, struct span s, bool bare)
{
	unsigned int i = (unsigned char)*s.at < 128 ? log->rule_first[(unsigned char)*s.at] : 0;

	for (; i; i = log->rule_next[i - 1]) {
		if ((bare || rules[i - 1].where != BARE) && matches(&rules[i - 1], s))
			return &rules[i - 1];
	}
	return NULL;
}

/* A panic's first words behind other text */
static const struct rule *find_anywhere(const struct bootlog *log, struct span s)
{
	for (; s.at != s.end; s.at++) {
		const struct rule *rule;

		if (!(log->pair_first[(unsigned char)*s.at] & PAIR_PANIC))
			continue;
		rule = find_rule(log, s, false);
		if (rule && rule->where == ANYWHERE)
			return rule;
	}
	return NULL;
}

bool trouble_begins(const struct bootlog *log, struct span s)
{
	return s.at != s.end && find_rule(log, s, false);
}

/* Past "[esp32] [ERR] [boot_comm] ": mcu-tools/mcuboot, and Zephyr without time stamps */
static struct span skip_mcuboot_prefix(struct span s)
{
	struct span t = s;

	for (int words = 0; span_char(&t, '['); words++) {
		while (t.at != t.end && *t.at != ']' && *t.at != ' ')
			t.at++;
		if (words == 3 || !span_word(&t, "] "))
			return s;
	}
	return t;
}

/* Past "E (123) boot: ", "E boot: " */
static struct span skip_log_prefix(struct span s)
{
	struct span t = s;
	long ms;

	if (t.at != t.end && *t.at == '[')
		return skip_mcuboot_prefix(s);
	if (t.at == t.end || !span_is_letter(*t.at))
		return s;
	t.at++;
	if (!span_char(&t, ' '))
		return s;
	if (span_char(&t, '(') && (!span_dec(&t, &ms) || !span_word(&t, ") ")))
		return s;
	while (t.at != t.end && *t.at != ' ' && *t.at != ':')
		t.at++;
	return span_word(&t, ": ") && t.at != t.end ? t : s;
}

static void suspect(struct bootlog *log, struct span s, const char *advice)
{
	struct boot *boot = &log->boot;

	if (!boot->suspect_text[0]) {
		span_copy(boot->suspect_text, sizeof(boot->suspect_text), s);
		boot->advice = advice;
	}
	bootlog_progress(log, BOOT_STAGE2, s);
}

bool trouble_line(struct bootlog *log, struct span s, bool at_start)
{
	const struct rule *rule = NULL;
	struct span t;

	/* A log line that is neither error nor warning tells of no trouble, but for one that announces a restart. */
	if (at_start && span_len(s) > 2 && s.at[1] == ' ' &&
	    (*s.at == 'I' || *s.at == 'D' || *s.at == 'V') &&
	    !(log->pairs & (PAIR_PANIC | PAIR_PIECE)))
		return false;
	t = skip_log_prefix(s);
	if (at_start && is_arduino_panic(s)) {
		bootlog_emit_trouble(log, BOOT_CRASH, s, see_panic);
		return true;
	}
	if (at_start)
		rule = find_rule(log, t, t.at == s.at);
	if (!rule && (log->pairs & PAIR_PANIC))
		rule = find_anywhere(log, s);
	/* A running application looks at an update before it takes it: nothing is wrong with the one that runs. */
	if (!rule || (rule->what == SUSPECT && log->boot.progress >= BOOT_APP))
		return false;
	switch (rule->what) {
	case NO_IMAGE:
		bootlog_emit_trouble(log, BOOT_NO_IMAGE, s, rule->advice);
		break;
	case SUSPECT:
		suspect(log, t, rule->advice);
		break;
	case ANNOUNCED:
		log->boot.announced_restart = true;
		log->history.explained = true;
		bootlog_progress(log, BOOT_STAGE2, s);
		break;
	case ROM_FATAL:
		log->history.rom_fatal = true;
		bootlog_emit_trouble(log, BOOT_CRASH, s, rule->advice);
		break;
	case CRASH:
		bootlog_emit_trouble(log, BOOT_CRASH, s, rule->advice);
		break;
	}
	return true;
}
