/* advice.c - what to do about a boot: tables of conditions and cures.
 *
 * Each row of a table is for one reason of a failure. Among the rows for this boot's reason, the first one whose
 * condition holds gives the advice. Comments above rows name the source of a cure; docs/hardware.md and
 * docs/sentences.md explain more.
 */
#include "bootlog/advice.h"

#include <string.h>

enum condition {
	ALWAYS,
	IF_8266,
	IF_8266_MODE,  /* an ESP8266; its boot mode is row.number */
	IF_8266_CAUSE, /* an ESP8266; its reset cause is row.number, an enum boot_cause */
	IF_CAUSE,      /* any chip; its reset cause is row.number, an enum boot_cause */
	IF_LOADER_AT,  /* a chip whose bootloader belongs at the offset row.number in flash */
	IF_ERASED,     /* the flash is erased where the ROM looked for the bootloader */
	IF_ERASED_AT,  /* both IF_ERASED and IF_LOADER_AT hold */
	IF_GPIO12,     /* an ESP32; its GPIO12 had the level row.number (0 or 1) at reset */
	IF_BOOT_PIN,   /* the chip's boot button is on GPIO n; n is row.number */
	IF_USB_BOOT,
	IF_SPI_DOWNLOAD,
	IF_HSPI,
	IF_SDIO,
	IF_EXCEPTION, /* the program died of Xtensa exception row.number: esp8266/Arduino doc/exception_causes.rst */
};

struct row {
	enum boot_reason reason;
	enum condition condition;
	int number; /* what the condition compares with: see enum condition */
	struct advice advice;
};

static bool advice_fits(const struct row *row, const struct boot *boot)
{
	bool is_8266 = boot->chip == CHIP_ESP8266, is_esp32 = boot->chip == CHIP_ESP32;
	/* Erased flash reads as ones in all bits. Flash that does not answer reads as ones in most bits. So a single
	 * zero bit shows that the flash is not erased. */
	bool is_erased = (boot->detail & 0xffffff) == 0xffffff;
	bool is_loader_at = chip_bootloader_offset(boot->chip) == row->number;

	switch (row->condition) {
	case ALWAYS: return true;
	case IF_8266: return is_8266;
	case IF_8266_MODE: return is_8266 && boot->mode == row->number;
	case IF_8266_CAUSE: return is_8266 && (int)boot->cause_kind == row->number;
	case IF_CAUSE: return (int)boot->cause_kind == row->number;
	case IF_LOADER_AT: return is_loader_at;
	case IF_ERASED: return is_erased;
	case IF_ERASED_AT: return is_erased && is_loader_at;
	case IF_GPIO12: /* bit 5 of the boot mode: espressif/esptool docs/en/advanced-topics/boot-mode-selection.rst */
		return is_esp32 && boot->mode >= 0 && (boot->mode >> 5 & 1) == row->number;
	case IF_BOOT_PIN: return chip_boot_pin(boot->chip) == row->number;
	case IF_USB_BOOT: return !strcmp(boot->mode_text, "USB_BOOT");
	case IF_SPI_DOWNLOAD: return !strcmp(boot->mode_text, "SPI_DOWNLOAD_BOOT");
	case IF_HSPI: return is_esp32 && !strncmp(boot->mode_text, "HSPI", 4);
	case IF_SDIO: return strstr(boot->mode_text, "SDIO") != NULL;
	case IF_EXCEPTION: return boot->detail == (unsigned long)row->number;
	}
	return false;
}

/* clang-format off */

#define ANY(reason, id, text) { reason, ALWAYS, 0, { id, text } }
#define SEE_WIRING "see \"Wiring\" in espreset(1)"
#define SUPPLY_DROPPED { "supply", "the supply voltage dropped: a shorter USB cable, a stronger supply, a capacitor" }
#define NOT_BY_RST { "sleep-not-by-rst", \
		"the chip woke from deep sleep, but not through RST: wire GPIO16 to RST, and to nothing else" }

/* ---- advice by boot mode ---- */

#define PIN_LOW(pin, button) { "boot-strap-low", pin " was low at reset: release the " button " button, or " SEE_WIRING }

static const struct row downloads[] = {
	{ REASON_NONE, IF_8266, 0, PIN_LOW("GPIO0", "FLASH") },
	/* Source: espressif/esp-idf docs/en/security/<chip>_log.inc */
	{ REASON_NONE, IF_USB_BOOT, 0, { "both-straps-low",
		"both boot straps were low at reset: the chip waits on USB" } },
	{ REASON_NONE, IF_SPI_DOWNLOAD, 0, { "straps-choose-spi",
		"the boot straps chose download over SPI: look at what pulls at them" } },
	{ REASON_NONE, IF_BOOT_PIN, 0, PIN_LOW("GPIO0", "BOOT") },
	{ REASON_NONE, IF_BOOT_PIN, 9, PIN_LOW("GPIO9", "BOOT") },
	{ REASON_NONE, IF_BOOT_PIN, 14, PIN_LOW("GPIO14", "BOOT") },
	{ REASON_NONE, IF_BOOT_PIN, 28, PIN_LOW("GPIO28", "BOOT") },
	{ REASON_NONE, IF_BOOT_PIN, 35, PIN_LOW("GPIO35", "BOOT") },
	{ REASON_NONE, IF_BOOT_PIN, 61, PIN_LOW("GPIO61", "BOOT") },
	{ REASON_NONE, ALWAYS, 0, PIN_LOW("the boot strap (GPIO0 on most chips, GPIO9 on most RISC-V ones)", "BOOT") },
};

static const struct advice stays_in_download = {
	"reset-by-pin",
	"only a reset by the RST or EN pin leaves this mode: espreset PORT",
};

static const struct row others[] = {
	{ REASON_NONE, IF_8266_MODE, 0, { "gpio0-gpio2-low",
		"GPIO0 and GPIO2 were low at reset: nothing on the board may pull GPIO2 down" } },
	{ REASON_NONE, IF_8266_MODE, 2, { "gpio2-low",
		"GPIO2 was low at reset: nothing on the board may pull it down" } },
	{ REASON_NONE, IF_8266, 0, { "gpio15-high", "GPIO15 was high at reset: it needs a pull-down" } },
	{ REASON_NONE, IF_HSPI, 0, { "gpio0-low-gpio2-high",
		"GPIO0 was low and GPIO2 high at reset: both are boot straps; release the BOOT button" } },
	{ REASON_NONE, IF_SDIO, 0, { "straps-choose-sdio",
		"the boot straps chose SDIO: look at what pulls at them; " SEE_WIRING } },
	ANY(REASON_NONE, "straps-choose-other",
		"the boot straps chose neither flash nor download: look at what pulls at them; " SEE_WIRING),
};

/* ---- advice by what the board printed ---- */

#define EMPTY(offset) { "flash-empty", "the flash is empty where the bootloader belongs: flash it at " offset }
#define NO_LOADER(offset) { "no-bootloader", \
	"what lies at the bootloader's place is none, or is encrypted: flash the bootloader at " offset }
#define LOADER_DAMAGED(offset) { "bootloader-damaged", "the bootloader in flash is damaged: flash it again at " offset }
#define ALL_AGAIN(offset) { "flash-all", "flash bootloader (at " offset "), partition table and application again" }

/* One row for each flash offset at which chips have their bootloader, and a last row for unknown chips. Offsets:
 * espressif/esptool esptool/targets/<chip>.py, BOOTLOADER_FLASH_OFFSET. */
#define FOR_EACH_OFFSET(reason, at_offset, else_condition, advice) \
	{ reason, at_offset, 0, advice("0x0") }, \
	{ reason, at_offset, 0x1000, advice("0x1000") }, \
	{ reason, at_offset, 0x2000, advice("0x2000") }, \
	{ reason, else_condition, 0, \
	  advice("this chip's offset (0x1000 on ESP32 and S2, 0x2000 on C5, H4, P4 and S31, 0x0 on the others)") }

#define FETCH { "exception-fetch", \
	"exceptions 2 and 20: the program jumped where no code is; decode the stack with the exception decoder" }
#define ALIGNMENT { "exception-alignment", \
	"exceptions 3 and 9: a pointer that is not aligned, or data in flash read as bytes; decode the " \
	"stack with the exception decoder" }
#define ACCESS { "exception-access", \
	"exceptions 28 and 29: a null or wild pointer was read or written; decode the stack with the exception decoder" }

static const struct row reasons[] = {
	FOR_EACH_OFFSET(REASON_NO_HEADER, IF_ERASED_AT, IF_ERASED, EMPTY),
	FOR_EACH_OFFSET(REASON_NO_HEADER, IF_LOADER_AT, ALWAYS, NO_LOADER),
	/* Sources: espressif/esp-faq docs/en/development-environment/firmware-update.rst; espressif/esp-idf
	 * docs/en/security/flash-encryption.rst */
	{ REASON_FLASH_READ, IF_GPIO12, 1, { "gpio12-high",
		"GPIO12 was high at reset, which selects 1.8 V for the flash: keep it low at reset, or set the "
		"voltage by eFuse (espefuse set-flash-voltage 3.3V)" } },
	{ REASON_FLASH_READ, IF_GPIO12, 0, { "flash-unreadable",
		"GPIO12 was low, so the flash's voltage is right: flash the bootloader again at 0x1000; with "
		"flash encryption on, an encrypted one; else the flash's wiring" } },
	ANY(REASON_FLASH_READ, "flash-unreadable",
		"the flash does not answer as it should: flash all again; with flash encryption on, encrypted; "
		"else the flash's mode or wiring"),
	/* Source: espressif/esptool docs/en/esptool/flash-modes.rst */
	{ REASON_FLASH_MODE, IF_8266, 0, { "flash-mode",
		"the flash holds no image, or its mode is wrong: flash again at 0x0, with --flash-mode dout" } },
	ANY(REASON_FLASH_MODE, "flash-mode",
		"the ROM cannot read the flash in this mode: flash again, with --flash-mode dio"),
	{ REASON_CHECKSUM, IF_8266, 0, { "image-damaged", "the image in flash is damaged: flash it again" } },
	FOR_EACH_OFFSET(REASON_CHECKSUM, IF_LOADER_AT, ALWAYS, LOADER_DAMAGED),
	{ REASON_UNKNOWN_RESET, IF_CAUSE, BOOT_CAUSE_SLEEP, NOT_BY_RST },
	/* If an ESP8266 wakes from deep sleep without a pulse on RST, its ROM can stop with an assertion. This happens
	 * if RST is wired to CH_PD: esp8266/Arduino#1363. */
	{ REASON_ROM_ASSERT, IF_CAUSE, BOOT_CAUSE_SLEEP, NOT_BY_RST },
	{ REASON_ROM_ASSERT, IF_8266, 0, { "flash-all",
		"the ROM found no image that it can load: flash all of the firmware again at 0x0, with "
		"--flash-mode dout" } },
	FOR_EACH_OFFSET(REASON_ROM_ASSERT, IF_LOADER_AT, ALWAYS, ALL_AGAIN),
	ANY(REASON_UNKNOWN_RESET, "reset-by-pin",
		"the ROM halts on a reset cause that it does not know: reset by the EN or RST pin"),
	ANY(REASON_NOTHING_TO_RUN, "no-application", "the bootloader found nothing to start: flash the application"),
	FOR_EACH_OFFSET(REASON_APP_AS_LOADER, IF_LOADER_AT, ALWAYS, NO_LOADER),
	ANY(REASON_SECURE_BOOT, "secure-boot",
		"secure boot refused the image: sign it with the key that this chip knows"),
	ANY(REASON_WRONG_CHIP, "wrong-chip", "the image is for another chip: build it for this one"),
	ANY(REASON_CHIP_REVISION, "chip-revision",
		"the image is for another revision of this chip: build it for this one"),

	/* Source: espressif/esp-idf components/bootloader_support/src/flash_partitions.c */
	ANY(REASON_PARTITION_TABLE, "partition-table",
		"no valid partition table where the bootloader looks for it: flash it (at 0x8000, unless the "
		"project says otherwise)"),
	{ REASON_FLASH_SIZE, IF_8266, 0, { "flash-size",
		"the firmware was built for another flash size: build it for this one's" } },
	ANY(REASON_FLASH_SIZE, "flash-size",
		"the partition table is for a larger flash: choose this board's flash size, build and flash again"),
	/* An ESP8266 needs advice of its own: rBoot and Espressif's NONOS bootloader use no partition table. */
	{ REASON_NO_APP, IF_8266, 0, { "no-application",
		"no application that can run: flash it, where this bootloader looks for it" } },
	ANY(REASON_NO_APP, "no-application",
		"no application that can run: flash it, at the offset in the partition table"),
	ANY(REASON_APP_DAMAGED, "application-damaged", "the application in flash is damaged: flash it again"),
	ANY(REASON_MCUBOOT_IMAGE, "mcuboot-no-image",
		"MCUboot found no application that it may start: flash a signed one into its slot"),
	ANY(REASON_FLASH_CHIP, "flash-chip",
		"the flash chip did not start: supply, or a flash chip that this bootloader does not know"),
	ANY(REASON_ENCRYPTION, "flash-encryption",
		"flash encryption is not as the bootloader wants it: look at its eFuses (espefuse summary)"),
	ANY(REASON_LOADER_DIED, "bootloader-crashed",
		"the bootloader itself crashed: flash bootloader, partition table and application again, all from "
		"one build"),
	ANY(REASON_EBOOT_COPY, "update-not-copied", "eboot could not copy the update into place: upload it again"),
	ANY(REASON_EBOOT_LOAD, "no-application",
		"eboot could not read the application from flash: flash again, all of it"),
	ANY(REASON_OCTAL_FLASH, "octal-flash",
		"the image was built for octal flash, this chip has quad flash: change the configuration"),
	ANY(REASON_SINGLE_CORE, "single-core",
		"the image was built for two cores, this chip has one: build with CONFIG_FREERTOS_UNICORE"),
	ANY(REASON_EXTERNAL_RAM, "external-ram",
		"the image needs external RAM, and none works: change its configuration, or the module"),
	/* Source: espressif/ESP8266_NONOS_SDK, which has the file esp_init_data_default.bin */
	ANY(REASON_SDK_DATA, "init-data",
		"the SDK's own data in flash are missing: flash esp_init_data_default.bin and blank.bin at the "
		"end of the flash, for its size"),

	{ REASON_EXCEPTION, IF_EXCEPTION, 0, { "exception-illegal",
		"exception 0, illegal instruction: a damaged image, a wild pointer, or abort(); decode the "
		"stack with the exception decoder" } },
	{ REASON_EXCEPTION, IF_EXCEPTION, 2, FETCH },
	{ REASON_EXCEPTION, IF_EXCEPTION, 20, FETCH },
	{ REASON_EXCEPTION, IF_EXCEPTION, 4, { "watchdog-soft",
		"exception 4: the software watchdog; loop() or a callback ran for too long without yield() or "
		"delay()" } },
	{ REASON_EXCEPTION, IF_EXCEPTION, 6, { "exception-division",
		"exception 6: a division by zero; decode the stack with the exception decoder" } },
	{ REASON_EXCEPTION, IF_EXCEPTION, 3, ALIGNMENT },
	{ REASON_EXCEPTION, IF_EXCEPTION, 9, ALIGNMENT },
	{ REASON_EXCEPTION, IF_EXCEPTION, 28, ACCESS },
	{ REASON_EXCEPTION, IF_EXCEPTION, 29, ACCESS },
	ANY(REASON_EXCEPTION, "exception",
		"an exception of the processor: decode the stack with the exception decoder"),
	{ REASON_PANIC, IF_8266, 0, { "panic",
		"the application crashed: decode the stack it printed with the exception decoder" } },
	ANY(REASON_PANIC, "panic",
		"the application crashed: decode its backtrace (idf.py monitor, or the exception decoder)"),
	ANY(REASON_ABORT, "abort", "the application gave up by itself: what it printed right before says why"),
	ANY(REASON_ASSERT, "assert", "the application's own check failed: file and line are in the message"),
	ANY(REASON_STACK, "stack-overflow",
		"a task's stack is too small, or was overwritten: give it more, look for large local arrays"),
	ANY(REASON_HEAP, "heap", "memory ran out, or the application writes past the end of a block: look at its heap"),
	ANY(REASON_TASK_WATCHDOG, "watchdog-task", "a task kept the processor for too long: it hangs, or never waits"),
	ANY(REASON_INTERRUPT_WATCHDOG, "watchdog-interrupt",
		"interrupts were off for too long: an interrupt handler or a critical section hangs"),
	/* Source: esp8266/Arduino doc/faq/a02-my-esp-crashes.rst */
	ANY(REASON_SOFT_WATCHDOG, "watchdog-soft",
		"the software watchdog: loop() or a callback ran for more than 3 s without yield() or delay()"),
	ANY(REASON_HARD_WATCHDOG, "watchdog-hard",
		"the hardware watchdog: the program hung for 8 s, with interrupts off or in a loop without yield()"),
	{ REASON_BROWNOUT, ALWAYS, 0, SUPPLY_DROPPED },
	ANY(REASON_HALTED, "panic-halted",
		"the application crashed and stays halted: what it printed says where; only a reset starts it again"),
};

/* ---- advice if only the reset cause is known ---- */

static const struct row causes[] = {
	{ REASON_NONE, IF_8266_CAUSE, BOOT_CAUSE_WATCHDOG, { "watchdog-hard",
		"rst cause 4, the hardware watchdog: the program hung for 8 s, with interrupts off or in a loop "
		"without yield()" } },
	{ REASON_NONE, IF_CAUSE, BOOT_CAUSE_WATCHDOG, { "watchdog",
		"a watchdog reset the chip: the application hangs, or blocks interrupts or a task" } },
	{ REASON_NONE, IF_CAUSE, BOOT_CAUSE_RTC_WATCHDOG, { "watchdog-rtc",
		"the RTC watchdog reset the chip: the bootloader or the application hung" } },
	{ REASON_NONE, IF_CAUSE, BOOT_CAUSE_BROWNOUT, SUPPLY_DROPPED },
	{ REASON_NONE, IF_CAUSE, BOOT_CAUSE_LOCKUP, { "panic",
		"an exception inside an exception handler: the application crashed" } },
	ANY(REASON_NONE, "read-output",
		"the firmware or the power supply is at fault: read what it prints (--capture FILE)"),
};

/* clang-format on */

static const struct advice upload_again = { "flash-again", "upload the firmware again" };

static const struct advice wait_for_copy = {
	"update-is-copied",
	"eboot is copying an update: do not reset the board now, wait a minute",
};

static const struct advice *advice_find(const struct row *rows, size_t n, enum boot_reason reason,
					const struct boot *boot)
{
	for (size_t i = 0; i < n; i++) {
		if (rows[i].reason == reason && advice_fits(&rows[i], boot))
			return &rows[i].advice;
	}
	return NULL;
}
#define FIND(rows, reason, boot) advice_find(rows, sizeof(rows) / sizeof((rows)[0]), reason, boot)

const struct advice *boot_advice(const struct boot *boot, enum verdict verdict, bool warm)
{
	enum boot_reason reason = boot->trouble == BOOT_OK ? boot->suspect_reason : boot->reason;
	const struct advice *advice = NULL;

	switch (verdict) {
	case VERDICT_DOWNLOAD_MODE:
		/* A software restart of an ESP8266 does not sample the boot pins again: the chip stays in download
		 * mode. So the advice after such a restart is a reset by pin. */
		return boot->chip == CHIP_ESP8266 && warm ? &stays_in_download : FIND(downloads, REASON_NONE, boot);
	case VERDICT_OTHER_BOOT: return FIND(others, REASON_NONE, boot);
	case VERDICT_BOOT_FAILED: advice = FIND(reasons, reason, boot); return advice ? advice : &upload_again;
	case VERDICT_CRASHED:
		advice = boot->trouble == BOOT_CRASH ? FIND(reasons, reason, boot) : NULL;
		return advice ? advice : FIND(causes, REASON_NONE, boot);
	case VERDICT_UNPROVEN: return boot->copying ? &wait_for_copy : NULL;
	default: return NULL;
	}
}
