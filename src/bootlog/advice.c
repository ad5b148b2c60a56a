/* advice.c - what to do about a boot: a table of conditions and cures.
 *
 * Of the rows for a reason the first whose condition holds counts. Sources: next to the rows; what they rest on is in
 * docs/hardware.md and docs/sentences.md.
 */
#include "bootlog/advice.h"

#include <string.h>

struct row {
	enum boot_reason reason;
	bool (*fits)(const struct boot *boot); /* NULL: always */
	struct advice advice;
};

#define SEE_WIRING "see \"Wiring\" in espreset(1)"

/* ---- conditions ---- */

static bool advice_is_8266(const struct boot *boot)
{
	return boot->chip == CHIP_ESP8266;
}

static bool is_esp32(const struct boot *boot)
{
	return boot->chip == CHIP_ESP32;
}

static bool is_after_sleep(const struct boot *boot)
{
	return boot->cause_kind == BOOT_CAUSE_SLEEP;
}

/* The bootloader's offset in flash: espressif/esptool esptool/targets/<chip>.py, BOOTLOADER_FLASH_OFFSET */
static bool is_at_0(const struct boot *boot)
{
	return chip_bootloader_offset(boot->chip) == 0;
}

static bool is_at_1000(const struct boot *boot)
{
	return chip_bootloader_offset(boot->chip) == 0x1000;
}

static bool is_at_2000(const struct boot *boot)
{
	return chip_bootloader_offset(boot->chip) == 0x2000;
}

/* Erased flash reads as ones, and a flash that does not answer mostly, too. */
static bool is_erased(const struct boot *boot)
{
	return (boot->detail & 0xffffffff) == 0xffffffff || (boot->detail & 0xffffff) == 0xffffff;
}

static bool is_erased_at_0(const struct boot *boot)
{
	return is_erased(boot) && is_at_0(boot);
}

static bool is_erased_at_1000(const struct boot *boot)
{
	return is_erased(boot) && is_at_1000(boot);
}

static bool is_erased_at_2000(const struct boot *boot)
{
	return is_erased(boot) && is_at_2000(boot);
}

/* GPIO12 of an ESP32 is bit 5 of its boot value: espressif/esptool docs/en/advanced-topics/boot-mode-selection.rst */
static bool is_gpio12_high(const struct boot *boot)
{
	return is_esp32(boot) && boot->mode >= 0 && boot->mode & 0x20;
}

static bool is_gpio12_low(const struct boot *boot)
{
	return is_esp32(boot) && boot->mode >= 0 && !(boot->mode & 0x20);
}

static bool is_pin_0(const struct boot *boot)
{
	return chip_boot_pin(boot->chip) == 0;
}

static bool is_pin_9(const struct boot *boot)
{
	return chip_boot_pin(boot->chip) == 9;
}

static bool is_pin_14(const struct boot *boot)
{
	return chip_boot_pin(boot->chip) == 14;
}

static bool is_pin_28(const struct boot *boot)
{
	return chip_boot_pin(boot->chip) == 28;
}

static bool is_pin_35(const struct boot *boot)
{
	return chip_boot_pin(boot->chip) == 35;
}

static bool is_pin_61(const struct boot *boot)
{
	return chip_boot_pin(boot->chip) == 61;
}

static bool is_usb_boot(const struct boot *boot)
{
	return !strcmp(boot->mode_text, "USB_BOOT");
}

static bool is_spi_download(const struct boot *boot)
{
	return !strcmp(boot->mode_text, "SPI_DOWNLOAD_BOOT");
}

/* {GPIO15, GPIO0, GPIO2}: esp8266/Arduino doc/boards.rst */
static bool is_mode_0(const struct boot *boot)
{
	return advice_is_8266(boot) && boot->mode == 0;
}

static bool is_mode_2(const struct boot *boot)
{
	return advice_is_8266(boot) && boot->mode == 2;
}

static bool is_hspi(const struct boot *boot)
{
	return is_esp32(boot) && !strncmp(boot->mode_text, "HSPI", 4);
}

static bool is_sdio(const struct boot *boot)
{
	return strstr(boot->mode_text, "SDIO") != NULL;
}

static bool is_wdt(const struct boot *boot)
{
	return boot->cause_kind == BOOT_CAUSE_WATCHDOG;
}

static bool is_8266_wdt(const struct boot *boot)
{
	return advice_is_8266(boot) && is_wdt(boot);
}

static bool is_rtc_wdt(const struct boot *boot)
{
	return boot->cause_kind == BOOT_CAUSE_RTC_WATCHDOG;
}

static bool is_brownout(const struct boot *boot)
{
	return boot->cause_kind == BOOT_CAUSE_BROWNOUT;
}

static bool is_lockup(const struct boot *boot)
{
	return boot->cause_kind == BOOT_CAUSE_LOCKUP;
}

/* Xtensa's exceptions: esp8266/Arduino doc/exception_causes.rst */
static bool is_exception(const struct boot *boot, unsigned long first, unsigned long last)
{
	return boot->detail >= first && boot->detail <= last;
}

static bool is_illegal(const struct boot *boot)
{
	return is_exception(boot, 0, 0);
}

static bool is_division(const struct boot *boot)
{
	return is_exception(boot, 6, 6);
}

static bool is_alignment(const struct boot *boot)
{
	return is_exception(boot, 9, 9) || is_exception(boot, 3, 3);
}

static bool is_fetch(const struct boot *boot)
{
	return is_exception(boot, 2, 2) || is_exception(boot, 20, 20);
}

static bool is_level_1(const struct boot *boot)
{
	return is_exception(boot, 4, 4);
}

static bool is_access(const struct boot *boot)
{
	return is_exception(boot, 28, 29);
}

/* ---- boot modes ---- */

#define PIN_LOW(pin, button) \
	{ \
		"boot-strap-low", pin " was low at reset: release the " button " button, or " SEE_WIRING \
	}

/* clang-format off */
static const struct row downloads[] = {
	{ REASON_NONE, advice_is_8266, PIN_LOW("GPIO0", "FLASH") },
	/* espressif/esp-idf docs/en/security/<chip>_log.inc */
	{ REASON_NONE, is_usb_boot, { "both-straps-low", "both boot straps were low at reset: the chip waits on USB" } },
	{ REASON_NONE, is_spi_download,
	  { "straps-choose-spi", "the boot straps chose download over SPI: look at what pulls at them" } },
	{ REASON_NONE, is_pin_0, PIN_LOW("GPIO0", "BOOT") },
	{ REASON_NONE, is_pin_9, PIN_LOW("GPIO9", "BOOT") },
	{ REASON_NONE, is_pin_14, PIN_LOW("GPIO14", "BOOT") },
	{ REASON_NONE, is_pin_28, PIN_LOW("GPIO28", "BOOT") },
	{ REASON_NONE, is_pin_35, PIN_LOW("GPIO35", "BOOT") },
	{ REASON_NONE, is_pin_61, PIN_LOW("GPIO61", "BOOT") },
	{ REASON_NONE, NULL, PIN_LOW("the boot strap (GPIO0 on most chips, GPIO9 on most RISC-V ones)", "BOOT") },
};
/* clang-format on */

static const struct advice stays_in_download = {
	"reset-by-pin",
	"only a reset by the RST or EN pin leaves this mode: espreset PORT",
};

/* clang-format off */
static const struct row others[] = {
	{ REASON_NONE, is_mode_0,
	  { "gpio0-gpio2-low", "GPIO0 and GPIO2 were low at reset: nothing on the board may pull GPIO2 down" } },
	{ REASON_NONE, is_mode_2, { "gpio2-low", "GPIO2 was low at reset: nothing on the board may pull it down" } },
	{ REASON_NONE, advice_is_8266, { "gpio15-high", "GPIO15 was high at reset: it needs a pull-down" } },
	{ REASON_NONE, is_hspi,
	  { "gpio0-low-gpio2-high", "GPIO0 was low and GPIO2 high at reset: both are boot straps; release the BOOT button" } },
	{ REASON_NONE, is_sdio, { "straps-choose-sdio", "the boot straps chose SDIO: look at what pulls at them; " SEE_WIRING } },
	{ REASON_NONE, NULL,
	  { "straps-choose-other", "the boot straps chose neither flash nor download: look at what pulls at them; " SEE_WIRING } },
};
/* clang-format on */

/* ---- what was said ---- */

#define AT_0 "0x0"
#define AT_1000 "0x1000"
#define AT_2000 "0x2000"
#define AT_ANY "this chip's offset (0x1000 on ESP32 and S2, 0x2000 on C5, H4, P4 and S31, 0x0 on the others)"
#define EMPTY(offset) \
	{ \
		"flash-empty", "the flash is empty where the bootloader belongs: flash it at " offset \
	}
#define NO_LOADER(offset) \
	{ \
		"no-bootloader", "what lies at the bootloader's place is none, or is encrypted: flash the bootloader " \
				 "at " offset \
	}
#define LOADER_DAMAGED(offset) \
	{ \
		"bootloader-damaged", "the bootloader in flash is damaged: flash it again at " offset \
	}
#define ALL_AGAIN(offset) \
	{ \
		"flash-all", "flash bootloader (at " offset "), partition table and application again" \
	}

/* clang-format off */
static const struct row reasons[] = {
	{ REASON_NO_HEADER, is_erased_at_0, EMPTY(AT_0) },
	{ REASON_NO_HEADER, is_erased_at_1000, EMPTY(AT_1000) },
	{ REASON_NO_HEADER, is_erased_at_2000, EMPTY(AT_2000) },
	{ REASON_NO_HEADER, is_erased, EMPTY(AT_ANY) },
	{ REASON_NO_HEADER, is_at_0, NO_LOADER(AT_0) },
	{ REASON_NO_HEADER, is_at_1000, NO_LOADER(AT_1000) },
	{ REASON_NO_HEADER, is_at_2000, NO_LOADER(AT_2000) },
	{ REASON_NO_HEADER, NULL, NO_LOADER(AT_ANY) },
	/* espressif/esp-faq docs/en/development-environment/firmware-update.rst; espressif/esp-idf
	 * docs/en/security/flash-encryption.rst */
	{ REASON_FLASH_READ, is_gpio12_high,
	  { "gpio12-high", "GPIO12 was high at reset, which selects 1.8 V for the flash: keep it low at reset, or set the "
			   "voltage by eFuse (espefuse set-flash-voltage 3.3V)" } },
	{ REASON_FLASH_READ, is_gpio12_low,
	  { "flash-unreadable", "GPIO12 was low, so the flash's voltage is right: flash the bootloader again at 0x1000; with "
				"flash encryption on, an encrypted one; else the flash's wiring" } },
	{ REASON_FLASH_READ, NULL,
	  { "flash-unreadable", "the flash does not answer as it should: flash all again; with flash encryption on, encrypted; "
				"else the flash's mode or wiring" } },
	/* espressif/esptool docs/en/esptool/flash-modes.rst */
	{ REASON_FLASH_MODE, advice_is_8266,
	  { "flash-mode", "the flash holds no image, or its mode is wrong: flash again at 0x0, with --flash-mode dout" } },
	{ REASON_FLASH_MODE, NULL,
	  { "flash-mode", "the ROM cannot read the flash in this mode: flash again, with --flash-mode dio" } },
	{ REASON_CHECKSUM, advice_is_8266, { "image-damaged", "the image in flash is damaged: flash it again" } },
	{ REASON_CHECKSUM, is_at_0, LOADER_DAMAGED(AT_0) },
	{ REASON_CHECKSUM, is_at_1000, LOADER_DAMAGED(AT_1000) },
	{ REASON_CHECKSUM, is_at_2000, LOADER_DAMAGED(AT_2000) },
	{ REASON_CHECKSUM, NULL, LOADER_DAMAGED(AT_ANY) },
	{ REASON_UNKNOWN_RESET, is_after_sleep,
	  { "sleep-not-by-rst", "the chip woke from deep sleep, but not through RST: wire GPIO16 to RST, and to nothing else" } },
	/* esp8266/Arduino#1363: RST wired to CH_PD */
	{ REASON_ROM_ASSERT, is_after_sleep,
	  { "sleep-not-by-rst", "the chip woke from deep sleep, but not through RST: wire GPIO16 to RST, and to nothing else" } },
	{ REASON_ROM_ASSERT, advice_is_8266,
	  { "flash-all", "the ROM found no image that it can load: flash all of the firmware again at 0x0, with "
			 "--flash-mode dout" } },
	{ REASON_ROM_ASSERT, is_at_0, ALL_AGAIN(AT_0) },
	{ REASON_ROM_ASSERT, is_at_1000, ALL_AGAIN(AT_1000) },
	{ REASON_ROM_ASSERT, is_at_2000, ALL_AGAIN(AT_2000) },
	{ REASON_ROM_ASSERT, NULL, ALL_AGAIN(AT_ANY) },
	{ REASON_ROM_FATAL, NULL,
	  { "rom-exception", "an exception before anything was loaded: is GPIO2 pulled low at reset?" } },
	{ REASON_UNKNOWN_RESET, NULL,
	  { "reset-by-pin", "the ROM halts on a reset cause that it does not know: reset by the EN or RST pin" } },
	{ REASON_NOTHING_TO_RUN, NULL,
	  { "no-application", "the bootloader found nothing to start: flash the application" } },
	{ REASON_APP_AS_LOADER, is_at_0, NO_LOADER(AT_0) },
	{ REASON_APP_AS_LOADER, is_at_1000, NO_LOADER(AT_1000) },
	{ REASON_APP_AS_LOADER, is_at_2000, NO_LOADER(AT_2000) },
	{ REASON_APP_AS_LOADER, NULL, NO_LOADER(AT_ANY) },
	{ REASON_SECURE_BOOT, NULL,
	  { "secure-boot", "secure boot refused the image: sign it with the key that this chip knows" } },
	{ REASON_WRONG_CHIP, NULL, { "wrong-chip", "the image is for another chip: build it for this one" } },
	{ REASON_CHIP_REVISION, NULL,
	  { "chip-revision", "the image is for another revision of this chip: build it for this one" } },

	/* espressif/esp-idf components/bootloader_support/src/flash_partitions.c */
	{ REASON_PARTITION_TABLE, NULL,
	  { "partition-table", "no valid partition table where the bootloader looks for it: flash it (at 0x8000, unless the "
			       "project says otherwise)" } },
	{ REASON_FLASH_SIZE, advice_is_8266,
	  { "flash-size", "the firmware was built for another flash size: build it for this one's" } },
	{ REASON_FLASH_SIZE, NULL,
	  { "flash-size", "the partition table is for a larger flash: choose this board's flash size, build and flash again" } },
	/* rBoot and Espressif's NONOS bootloader know no partition table. */
	{ REASON_NO_APP, advice_is_8266,
	  { "no-application", "no application that can run: flash it, where this bootloader looks for it" } },
	{ REASON_NO_APP, NULL,
	  { "no-application", "no application that can run: flash it, at the offset in the partition table" } },
	{ REASON_APP_DAMAGED, NULL, { "application-damaged", "the application in flash is damaged: flash it again" } },
	{ REASON_MCUBOOT_IMAGE, NULL,
	  { "mcuboot-no-image", "MCUboot found no application that it may start: flash a signed one into its slot" } },
	{ REASON_FLASH_CHIP, NULL,
	  { "flash-chip", "the flash chip did not start: supply, or a flash chip that this bootloader does not know" } },
	{ REASON_ENCRYPTION, NULL,
	  { "flash-encryption", "flash encryption is not as the bootloader wants it: look at its eFuses (espefuse summary)" } },
	{ REASON_LOADER_DIED, NULL,
	  { "bootloader-crashed", "the bootloader itself crashed: flash bootloader, partition table and application again, "
				  "all from one build" } },
	{ REASON_EBOOT_COPY, NULL,
	  { "update-not-copied", "eboot could not copy the update into place: upload it again" } },
	{ REASON_EBOOT_LOAD, NULL,
	  { "no-application", "eboot could not read the application from flash: flash again, all of it" } },
	{ REASON_OCTAL_FLASH, NULL,
	  { "octal-flash", "the image was built for octal flash, this chip has quad flash: change the configuration" } },
	{ REASON_SINGLE_CORE, NULL,
	  { "single-core", "the image was built for two cores, this chip has one: build with CONFIG_FREERTOS_UNICORE" } },
	{ REASON_EXTERNAL_RAM, NULL,
	  { "external-ram", "the image needs external RAM, and none works: change its configuration, or the module" } },
	/* espressif/ESP8266_NONOS_SDK: esp_init_data_default.bin */
	{ REASON_SDK_DATA, NULL,
	  { "init-data", "the SDK's own data in flash are missing: flash esp_init_data_default.bin and blank.bin at the end of "
			 "the flash, for its size" } },

	{ REASON_EXCEPTION, is_illegal,
	  { "exception-illegal", "exception 0, illegal instruction: a damaged image, a wild pointer, or abort(); decode the "
				 "stack with the exception decoder" } },
	{ REASON_EXCEPTION, is_fetch,
	  { "exception-fetch", "exceptions 2 and 20: the program jumped where no code is; decode the stack with the exception "
			       "decoder" } },
	{ REASON_EXCEPTION, is_level_1,
	  { "watchdog-soft", "exception 4: the software watchdog; loop() or a callback ran for too long without yield() or "
			     "delay()" } },
	{ REASON_EXCEPTION, is_division,
	  { "exception-division", "exception 6: a division by zero; decode the stack with the exception decoder" } },
	{ REASON_EXCEPTION, is_alignment,
	  { "exception-alignment", "exceptions 3 and 9: a pointer that is not aligned, or data in flash read as bytes; decode "
				   "the stack with the exception decoder" } },
	{ REASON_EXCEPTION, is_access,
	  { "exception-access", "exceptions 28 and 29: a null or wild pointer was read or written; decode the stack with the "
				"exception decoder" } },
	{ REASON_EXCEPTION, NULL,
	  { "exception", "an exception of the processor: decode the stack with the exception decoder" } },
	{ REASON_PANIC, advice_is_8266,
	  { "panic", "the application crashed: decode the stack it printed with the exception decoder" } },
	{ REASON_PANIC, NULL, { "panic", "the application crashed: decode its backtrace (idf.py monitor, or the exception decoder)" } },
	{ REASON_ABORT, NULL, { "abort", "the application gave up by itself: what it printed right before says why" } },
	{ REASON_ASSERT, NULL, { "assert", "the application's own check failed: file and line are in the message" } },
	{ REASON_STACK, NULL, { "stack-overflow", "a task's stack is too small, or was overwritten: give it more, look for large local arrays" } },
	{ REASON_HEAP, NULL, { "heap", "memory ran out, or the application writes past the end of a block: look at its heap" } },
	{ REASON_TASK_WATCHDOG, NULL,
	  { "watchdog-task", "a task kept the processor for too long: it hangs, or never waits" } },
	{ REASON_INTERRUPT_WATCHDOG, NULL,
	  { "watchdog-interrupt", "interrupts were off for too long: an interrupt handler or a critical section hangs" } },
	/* esp8266/Arduino doc/faq/a02-my-esp-crashes.rst */
	{ REASON_SOFT_WATCHDOG, NULL,
	  { "watchdog-soft", "the software watchdog: loop() or a callback ran for more than 3 s without yield() or delay()" } },
	{ REASON_HARD_WATCHDOG, NULL,
	  { "watchdog-hard", "the hardware watchdog: the program hung for 8 s, with interrupts off or in a loop without yield()" } },
	{ REASON_BROWNOUT, NULL,
	  { "supply", "the supply voltage dropped: a shorter USB cable, a stronger supply, a capacitor" } },
	{ REASON_HALTED, NULL,
	  { "panic-halted", "the application crashed and stays halted: what it printed says where; only a reset starts it again" } },
};
/* clang-format on */

/* ---- no words, but the banner's cause: what ended the run before ---- */

/* clang-format off */
static const struct row causes[] = {
	{ REASON_NONE, is_8266_wdt,
	  { "watchdog-hard", "rst cause 4, the hardware watchdog: the program hung for 8 s, with interrupts off or in a loop "
			     "without yield()" } },
	{ REASON_NONE, is_wdt, { "watchdog", "a watchdog reset the chip: the application hangs, or blocks interrupts or a task" } },
	{ REASON_NONE, is_rtc_wdt,
	  { "watchdog-rtc", "the RTC watchdog reset the chip: the bootloader or the application hung" } },
	{ REASON_NONE, is_brownout,
	  { "supply", "the supply voltage dropped: a shorter USB cable, a stronger supply, a capacitor" } },
	{ REASON_NONE, is_lockup, { "panic", "an exception inside an exception handler: the application crashed" } },
	{ REASON_NONE, NULL,
	  { "read-output", "the firmware or the power supply is at fault: read what it prints (--capture FILE)" } },
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
		if (rows[i].reason == reason && (!rows[i].fits || rows[i].fits(boot)))
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
		/* A restart by software keeps an ESP8266's boot mode. */
		return advice_is_8266(boot) && warm ? &stays_in_download : FIND(downloads, REASON_NONE, boot);
	case VERDICT_OTHER_BOOT: return FIND(others, REASON_NONE, boot);
	case VERDICT_BOOT_FAILED: advice = FIND(reasons, reason, boot); return advice ? advice : &upload_again;
	case VERDICT_CRASHED:
		advice = boot->trouble == BOOT_CRASH ? FIND(reasons, reason, boot) : NULL;
		return advice ? advice : FIND(causes, REASON_NONE, boot);
	case VERDICT_UNPROVEN: return boot->copying ? &wait_for_copy : NULL;
	default: return NULL;
	}
}
