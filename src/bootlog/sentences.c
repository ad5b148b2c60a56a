/* sentences.c - what firmware prints when a boot fails or an application dies, and harmless lines that resemble it.
 *
 * Each row of the table is for one sentence, spelled as in the source code of the project that prints it.
 * docs/sentences.md names project, release, meaning and source of each sentence. Among rows with the same first letter,
 * the first one that fits a text line decides. Add a row only if the sentence is in the source code of a project, or in
 * the log of a real board.
 */
#include "bootlog/sentences.h"

#include "bootlog/bootlog.h"

/* clang-format off */
#define ROM(form, reason) { form, BY_BARE, BEFORE_LOAD, SAYS_NO_IMAGE, reason, NULL }
#define ROM_STARTED(form, reason) { form, BY_BARE, BEFORE_APP, SAYS_NO_IMAGE, reason, NULL }
#define LOADER(form, what, reason) { form, BY_LOADER, BEFORE_APP, what, reason, NULL }
#define MCUBOOT(form, what, reason) { form, BY_MCUBOOT, BEFORE_APP, what, reason, NULL }
#define LOADER_8266(form, what, reason) { form, BY_BARE, IN_8266_LOADER, what, reason, NULL }
#define ON_8266(form, what, reason) { form, BY_BARE, ON_ESP8266, what, reason, NULL }
#define BARE(form, what, reason) { form, BY_BARE, ANY_TIME, what, reason, NULL }
#define PANIC(form, what, reason) { form, BY_PANIC, ANY_TIME, what, reason, NULL }
#define SYSTEM(form, what, reason) { form, BY_SYSTEM, ANY_TIME, what, reason, NULL }
#define TAG(tag, form, what, reason) { form, BY_TAG, ANY_TIME, what, reason, tag }

const struct sentence sentences[] = {
	/* Sentences of the ROMs. ROM(): counts only before an image is loaded. ROM_STARTED(): counts also after the
	 * load. Sources: espressif/esp-rom-elfs, espressif/espflash resources/roms. */
	ROM("invalid header: 0x%x", REASON_NO_HEADER),
	ROM("Invalid header: 0x%x", REASON_NO_HEADER),
	ROM("invalrd header: 0x%x", REASON_NO_HEADER),
	ROM("invalid header: Ox%x", REASON_NO_HEADER),
	ROM("flash read err, %x", REASON_FLASH_READ),
	ROM("csum err:0x%x", REASON_CHECKSUM),
	ROM("csum err", REASON_CHECKSUM),
	ROM("Checksum failure. Calculated 0x%x stored 0x%x", REASON_CHECKSUM),
	ROM("Aborting%$", REASON_CHECKSUM),
	ROM_STARTED("ets_main.c", REASON_ROM_ASSERT),
	ROM_STARTED("ets_loader.c %d", REASON_FLASH_MODE),
	ROM_STARTED("ets_loader_legacy.c %d", REASON_FLASH_MODE),
	ROM_STARTED("rom/ets_kernel/ets_%s.c %d", REASON_ROM_ASSERT),
	ROM("main.c 342", REASON_ROM_ASSERT), /* the ROM prints "ets_main.c 342", but "ets_" may be lost */
	ROM_STARTED("assertion \"%s\" failed: file \"ets_", REASON_ROM_ASSERT),
	ROM_STARTED("assertion \"%s\" failed: file \"rom/ets_", REASON_ROM_ASSERT),
	ROM_STARTED("user code done", REASON_NOTHING_TO_RUN),
	ROM_STARTED("Direct boot returned", REASON_NOTHING_TO_RUN),
	ROM("unknown reset", REASON_UNKNOWN_RESET),
	ROM("invalid reset", REASON_UNKNOWN_RESET),
	ROM("Falling back to built-in command interpreter", REASON_NO_HEADER),
	ROM("Invalid image block, can't boot", REASON_NO_HEADER),
	ROM("Invalid image block, can't verify", REASON_SECURE_BOOT),
	ROM("Invalid image block:0x%x, len:0x%x", REASON_NO_HEADER),
	ROM("Invalid image block count: %d", REASON_NO_HEADER),
	ROM("Too many blocks: 0x%x", REASON_NO_HEADER),
	ROM("Invalid magic 0x%x", REASON_NO_HEADER),
	ROM("Bootloader is too large for %dKB staging area", REASON_NO_HEADER),
	ROM("region 0x%x-0x%x overlaps", REASON_NO_HEADER),
	ROM("Invalid chip id. Expected %d read %d", REASON_WRONG_CHIP),
	ROM("wrong chip id 0x%x", REASON_WRONG_CHIP),
	ROM("Image security version < Programmed in eFuse", REASON_SECURE_BOOT),
	ROM("SHA-256 simple hash comparison failed", REASON_SECURE_BOOT),
	ROM("secure boot verification failed", REASON_SECURE_BOOT),
	ROM("RSA-PSS secure boot verification failed", REASON_SECURE_BOOT),
	ROM("ECDSA secure boot verification failed", REASON_SECURE_BOOT),
	ROM("secure boot check fail", REASON_SECURE_BOOT),
	ROM("Secure boot check fail", REASON_SECURE_BOOT),

	/* Sentences of the bootloaders of ESP-IDF and of the ESP8266 RTOS SDK: components/bootloader_support/src */
	LOADER("No bootable app partitions in the partition table", SAYS_NO_IMAGE, REASON_NO_APP),
	LOADER("No bootable test partition in the partition table", SAYS_NO_IMAGE, REASON_NO_APP),
	LOADER("Test firmware is not found in partition table", SAYS_NO_IMAGE, REASON_NO_APP),
	LOADER("ota data partition invalid and no factory, can't boot", SAYS_NO_IMAGE, REASON_NO_APP),
	LOADER("ota data partition info error", SAYS_NO_IMAGE, REASON_NO_APP),
	LOADER("Failed to verify app image @ 0x%x", SAYS_NO_IMAGE, REASON_APP_DAMAGED),
	LOADER("ERROR: app bin error, start_addr", SAYS_NO_IMAGE, REASON_APP_DAMAGED),
	LOADER("Fail to initialize OTA0", SAYS_NO_IMAGE, REASON_NO_APP),
	LOADER("load partition table error!", SAYS_NO_IMAGE, REASON_PARTITION_TABLE),
	LOADER("Failed to verify partition table", SAYS_NO_IMAGE, REASON_PARTITION_TABLE),
	LOADER("partition %d invalid magic number 0x%x", SAYS_NO_IMAGE, REASON_PARTITION_TABLE),
	LOADER("partition %d invalid - offset 0x%x size 0x%x exceeds flash", SAYS_NO_IMAGE, REASON_FLASH_SIZE),
	LOADER("partition table has no terminating entry, not valid", SAYS_NO_IMAGE, REASON_PARTITION_TABLE),
	LOADER("Incorrect MD5 checksum", SAYS_NO_IMAGE, REASON_PARTITION_TABLE),
	LOADER("Only one MD5 checksum is allowed", SAYS_NO_IMAGE, REASON_PARTITION_TABLE),
	LOADER("ota_info partition size %d is too small", SAYS_NO_IMAGE, REASON_PARTITION_TABLE),
	LOADER("failed to load bootloader header!", SAYS_NO_IMAGE, REASON_FLASH_READ),
	MCUBOOT("failed to load bootloader image header!", SAYS_NO_IMAGE, REASON_FLASH_READ),
	LOADER("failed when running XMC startup flow, reboot!", SAYS_NO_IMAGE, REASON_FLASH_CHIP),
	LOADER("XMC startup flow failed, reboot!", SAYS_NO_IMAGE, REASON_FLASH_CHIP),
	LOADER("flash encryption is not enabled, and SECURE_FLASH_REQUIRE_ALREADY_ENABLED is set",
		SAYS_NO_IMAGE, REASON_ENCRYPTION),
	LOADER("secure boot is not enabled, and SECURE_BOOT_REQUIRE_ALREADY_ENABLED is set",
		SAYS_NO_IMAGE, REASON_SECURE_BOOT),
	LOADER("Flash encryption check failed (%d)", SAYS_SUSPECT, REASON_ENCRYPTION),
	LOADER("Encryption flash contents failed (%d)", SAYS_NO_IMAGE, REASON_ENCRYPTION),
	LOADER("Enabling of Flash encryption failed (%d)", SAYS_NO_IMAGE, REASON_ENCRYPTION),
	LOADER("Secure Boot v2 failed (%d)", SAYS_SUSPECT, REASON_SECURE_BOOT),
	LOADER("FAILED TO ENABLE SECURE BOOT (%d)", SAYS_NO_IMAGE, REASON_SECURE_BOOT),
	LOADER("Bootloader digest generation for secure boot failed", SAYS_SUSPECT, REASON_SECURE_BOOT),
	LOADER("Failed to find valid TEE app", SAYS_NO_IMAGE, REASON_NO_APP),
	LOADER("Failed to load TEE app", SAYS_NO_IMAGE, REASON_NO_APP),
	LOADER("Assert failed in %s, %s:%d (%s)", SAYS_NO_IMAGE, REASON_LOADER_DIED),
	/* After each of the next sentences the bootloader tries another image: the boot has not failed yet. */
	LOADER("image at 0x%x has invalid magic byte", SAYS_SUSPECT, REASON_NO_APP),
	LOADER("image at 0x%x segment count %d exceeds max", SAYS_SUSPECT, REASON_APP_DAMAGED),
	LOADER("image offset has wrapped", SAYS_SUSPECT, REASON_APP_DAMAGED),
	LOADER("unaligned segment length 0x%x", SAYS_SUSPECT, REASON_APP_DAMAGED),
	LOADER("invalid segment length 0x%x", SAYS_SUSPECT, REASON_APP_DAMAGED),
	LOADER("invalid total length 0x%x", SAYS_SUSPECT, REASON_APP_DAMAGED),
	LOADER("partition size 0x%x invalid, larger than 16MB", SAYS_SUSPECT, REASON_PARTITION_TABLE),
	LOADER("Image length %d doesn't fit in partition length %d", SAYS_SUSPECT, REASON_APP_DAMAGED),
	LOADER("Segment %d 0x%x-0x%x invalid: ", SAYS_SUSPECT, REASON_APP_DAMAGED),
	LOADER("Checksum failed. Calculated 0x%x", SAYS_SUSPECT, REASON_APP_DAMAGED),
	LOADER("checksum failed.$", SAYS_SUSPECT, REASON_APP_DAMAGED),
	LOADER("Image hash failed - image is corrupt", SAYS_SUSPECT, REASON_APP_DAMAGED),
	LOADER("Secure boot signature verification failed", SAYS_SUSPECT, REASON_SECURE_BOOT),
	LOADER("Sig block %d invalid", SAYS_SUSPECT, REASON_SECURE_BOOT),
	LOADER("Sig block %d signed with untrusted key", SAYS_SUSPECT, REASON_SECURE_BOOT),
	LOADER("Sig block %d signature verification failed", SAYS_SUSPECT, REASON_SECURE_BOOT),
	LOADER("No trusted signatures", SAYS_SUSPECT, REASON_SECURE_BOOT),
	LOADER("Signature Check Failed", SAYS_SUSPECT, REASON_SECURE_BOOT),
	LOADER("No signature block magic byte found", SAYS_SUSPECT, REASON_SECURE_BOOT),
	LOADER("bootloader_flash_read failed at 0x%x", SAYS_SUSPECT, REASON_FLASH_READ),
	LOADER("bootloader_mmap(0x%x, 0x%x) failed", SAYS_SUSPECT, REASON_APP_DAMAGED),
	LOADER("Factory app partition is not bootable", SAYS_SUSPECT, REASON_NO_APP),
	LOADER("Factory test app partition is not bootable", SAYS_SUSPECT, REASON_NO_APP),
	LOADER("OTA app partition slot %d is not bootable", SAYS_SUSPECT, REASON_NO_APP),
	MCUBOOT("mismatch chip ID, expected %d, found %d", SAYS_SUSPECT, REASON_WRONG_CHIP),
	LOADER("can't run on lower chip revision, expected %d, found %d", SAYS_SUSPECT, REASON_CHIP_REVISION),
	LOADER("This chip is revision %d but the application is configured for minimum revision",
		SAYS_SUSPECT, REASON_CHIP_REVISION),
	MCUBOOT("Image requires chip rev", SAYS_SUSPECT, REASON_CHIP_REVISION),
	LOADER("Image requires efuse blk rev", SAYS_SUSPECT, REASON_CHIP_REVISION),
	LOADER("chip revision check failed. Required ", SAYS_SUSPECT, REASON_CHIP_REVISION),
	LOADER("Resetting with flash encryption enabled...", SAYS_RESTART, REASON_NONE),

	/* Sentences of MCUboot, and of the bootloaders of Zephyr and NuttX */
	MCUBOOT("Unable to find bootable image%$", SAYS_NO_IMAGE, REASON_MCUBOOT_IMAGE),
	MCUBOOT("Failed to open flash areas, cannot continue", SAYS_NO_IMAGE, REASON_FLASH_READ),
	MCUBOOT("Load header magic verification failed. Aborting", SAYS_NO_IMAGE, REASON_APP_DAMAGED),
	MCUBOOT("IRAM region in load header is not valid. Aborting", SAYS_NO_IMAGE, REASON_APP_DAMAGED),
	MCUBOOT("DRAM region in load header is not valid. Aborting", SAYS_NO_IMAGE, REASON_APP_DAMAGED),
	MCUBOOT("Application entry point (0x%x) is not in IRAM. Aborting", SAYS_NO_IMAGE, REASON_APP_DAMAGED),
	MCUBOOT("Application entry point (%xh) is not in IRAM. Aborting",
		SAYS_NO_IMAGE, REASON_APP_DAMAGED), /* Zephyr prints the address as "400h", not as "0x400" */
	MCUBOOT("Never should get here", SAYS_NO_IMAGE, REASON_LOADER_DIED),
	MCUBOOT("assertion failed: file \"%s\", line %d, func: %s", SAYS_NO_IMAGE, REASON_LOADER_DIED),
	MCUBOOT("panic!%$", SAYS_NO_IMAGE, REASON_LOADER_DIED),
	MCUBOOT("Image in the %s slot is not valid!", SAYS_SUSPECT, REASON_MCUBOOT_IMAGE),
	MCUBOOT("Bad image magic 0x%x", SAYS_SUSPECT, REASON_MCUBOOT_IMAGE),
	MCUBOOT("bad image magic 0x%x", SAYS_SUSPECT, REASON_MCUBOOT_IMAGE),
	MCUBOOT("Image not bootable", SAYS_SUSPECT, REASON_MCUBOOT_IMAGE),
	MCUBOOT("Failed reading image headers", SAYS_SUSPECT, REASON_MCUBOOT_IMAGE),
	MCUBOOT("Detected inconsistent status!", SAYS_SUSPECT, REASON_MCUBOOT_IMAGE),
	MCUBOOT("Failed to load image header!", SAYS_NO_IMAGE, REASON_APP_DAMAGED),
	MCUBOOT("Failed to read segment header at %x", SAYS_NO_IMAGE, REASON_APP_DAMAGED),
	MCUBOOT("failed to read segment header at %x", SAYS_NO_IMAGE, REASON_APP_DAMAGED),
	MCUBOOT("Error parsing segments", SAYS_NO_IMAGE, REASON_APP_DAMAGED),
	MCUBOOT("HW init failed, aborting", SAYS_NO_IMAGE, REASON_LOADER_DIED),
	MCUBOOT("Hardware init failed, aborting", SAYS_NO_IMAGE, REASON_LOADER_DIED),
	MCUBOOT("Failed to setup XIP, aborting", SAYS_NO_IMAGE, REASON_APP_DAMAGED),
	MCUBOOT("If you choose to continue, please enable 'CONFIG_ESP32_USE_UNSUPPORTED_REVISION=y'",
		SAYS_NO_IMAGE, REASON_CHIP_REVISION),
	MCUBOOT("ERROR: NuttX supports ESP32 chip revision >= v%d", SAYS_NO_IMAGE, REASON_CHIP_REVISION),

	/* Sentences of the ESP8266's bootloaders: NONOS boot 1.x, rBoot, zboot */
	LOADER_8266("get flash_addr error!", SAYS_NO_IMAGE, REASON_FLASH_READ),
	LOADER_8266("error user bin flag", SAYS_NO_IMAGE, REASON_NO_APP),
	LOADER_8266("error magic!", SAYS_SUSPECT, REASON_NO_APP),
	LOADER_8266("first boot failed, reboot to try backup bin", SAYS_SUSPECT, REASON_NO_APP),
	LOADER_8266("backup boot failed", SAYS_NO_IMAGE, REASON_NO_APP),
	LOADER_8266("test bin is not pass!", SAYS_SUSPECT, REASON_NO_APP),
	LOADER_8266("no GPIO select!", SAYS_SUSPECT, REASON_NO_APP),
	LOADER_8266("flash map not support", SAYS_NO_IMAGE, REASON_FLASH_SIZE),
	LOADER_8266("Rom %d at %w is bad.", SAYS_SUSPECT, REASON_NO_APP),
	LOADER_8266("Rom %d is bad.", SAYS_SUSPECT, REASON_NO_APP),
	LOADER_8266("ROM %d at %w is bad.", SAYS_SUSPECT, REASON_NO_APP),
	LOADER_8266("ROM %d is bad.", SAYS_SUSPECT, REASON_NO_APP),
	LOADER_8266("GPIO boot rom (%d) is bad.", SAYS_NO_IMAGE, REASON_NO_APP),
	LOADER_8266("Temp boot rom (%d) is bad.", SAYS_NO_IMAGE, REASON_NO_APP),
	LOADER_8266("GPIO boot failed.", SAYS_SUSPECT, REASON_NO_APP),
	LOADER_8266("No good rom available", SAYS_NO_IMAGE, REASON_NO_APP),
	LOADER_8266("No good ROM available", SAYS_NO_IMAGE, REASON_NO_APP),

	/* Sentences of applications that cannot run on the chip: espressif/esp-idf
	 * components/esp_system/port/cpu_start.c */
	TAG("cpu_start", "Octal Flash option selected, but EFUSE not configured", SAYS_NO_IMAGE, REASON_OCTAL_FLASH),
	TAG("cpu_start", "Octal flash option selected, but EFUSE not configured", SAYS_NO_IMAGE, REASON_OCTAL_FLASH),
	TAG("cpu_start", "Running on single core variant of a chip, but app is built with multi-core support",
		SAYS_NO_IMAGE, REASON_SINGLE_CORE),
	TAG("cpu_start", "Running on single core chip, but application is built with dual core support",
		SAYS_NO_IMAGE, REASON_SINGLE_CORE),
	TAG("cpu_start", "Invalid app image header", SAYS_NO_IMAGE, REASON_APP_DAMAGED),
	TAG("cpu_start", "Failed to init external RAM, needed for external .bss segment",
		SAYS_NO_IMAGE, REASON_EXTERNAL_RAM),
	TAG("cpu_start", "External RAM failed memory test!", SAYS_NO_IMAGE, REASON_EXTERNAL_RAM),
	TAG("spi_flash", "Detected size(%dk) smaller than the size in the binary image header(%dk)",
		SAYS_NO_IMAGE, REASON_FLASH_SIZE),
	TAG("cpu_start", "Failed to init external RAM!", SAYS_NO_IMAGE, REASON_EXTERNAL_RAM),
	/* Sentences of Espressif's NONOS SDK: lib/libmain.a */
	ON_8266("rf_cal[0] !=0x05,is 0x%x", SAYS_NO_IMAGE, REASON_SDK_DATA),
	ON_8266("don't supported flash map.", SAYS_NO_IMAGE, REASON_FLASH_SIZE),
	ON_8266("--- The partition table size is larger than flash size 0x%x", SAYS_NO_IMAGE, REASON_FLASH_SIZE),
	ON_8266("ota1 partition error", SAYS_NO_IMAGE, REASON_SDK_DATA),
	ON_8266("boot not set", SAYS_NO_IMAGE, REASON_SDK_DATA),

	/* Sentences of ESP-IDF: components/esp_system/panic.c, components/freertos. Arduino, ESPHome and MicroPython
	 * print them, too. */
	PANIC("Guru Meditation Error: Core%d panic'ed (Interrupt wdt timeout",
		SAYS_LOADER_DIED, REASON_INTERRUPT_WATCHDOG),
	PANIC("Guru Meditation Error: Core%d panic'ed (", SAYS_LOADER_DIED, REASON_PANIC),
	PANIC("Guru Meditation Error: Core%d panic'ed %w", SAYS_LOADER_DIED, REASON_PANIC), /* printed by a ROM */
	PANIC("Guru Meditation Error of type", SAYS_CRASH, REASON_PANIC),
	PANIC("abort() was called at PC 0x%x on core", SAYS_CRASH, REASON_ABORT),
	PANIC("abort() was called at PC 0x%x$", SAYS_LOADER_DIED, REASON_ABORT),
	ON_8266("abort() invoked at %s", SAYS_CRASH, REASON_ABORT), /* printed by esp-open-rtos */
	ON_8266("abort() @ 0x%x", SAYS_CRASH, REASON_ABORT), /* printed by Mongoose OS */
	BARE("assert failed: %s %w:%d (", SAYS_CRASH, REASON_ASSERT),
	BARE("assert failed: 0x%x%$", SAYS_CRASH, REASON_ASSERT),
	BARE("assertion \"%s\" failed: file \"%s\", line %d", SAYS_CRASH, REASON_ASSERT),
	BARE("ESP_ERROR_CHECK_WITHOUT_ABORT failed: ", SAYS_NOTHING, REASON_NONE),
	BARE("ESP_ERROR_CHECK failed: esp_err_t 0x%x", SAYS_CRASH, REASON_ABORT),
	PANIC("***ERROR*** A stack overflow in task %s has been detected", SAYS_CRASH, REASON_STACK),
	BARE("Debug exception reason: Stack canary watchpoint triggered", SAYS_CRASH, REASON_STACK),
	BARE("Debug exception reason: ", SAYS_CRASH, REASON_PANIC),
	ON_8266("Stack canary watchpoint triggered (%s)", SAYS_CRASH, REASON_STACK),
	BARE("Stack smashing protect failure!", SAYS_CRASH, REASON_STACK),
	BARE("Undefined behavior of type ", SAYS_CRASH, REASON_PANIC),
	BARE("Memory allocation failed$", SAYS_PART, REASON_HEAP),
	BARE("ERROR: Stack overflow while saving coprocessor context!", SAYS_CRASH, REASON_STACK),
	BARE("ERROR: Coprocessors must not be used in ISRs!", SAYS_CRASH, REASON_PANIC),
	BARE("CORRUPT HEAP: ", SAYS_PART, REASON_HEAP),
	PANIC("Brownout detector was triggered%$", SAYS_CRASH, REASON_BROWNOUT),
	TAG("BOD", "Brownout detector was triggered", SAYS_CRASH, REASON_BROWNOUT),
	TAG("task_wdt", "Aborting.", SAYS_CRASH, REASON_TASK_WATCHDOG),
	ON_8266("Task watchdog got triggered.$", SAYS_CRASH, REASON_TASK_WATCHDOG), /* by the ESP8266 RTOS SDK */
	TAG("task_wdt", "Task watchdog got triggered", SAYS_ALIVE, REASON_TASK_WATCHDOG),
	TAG("task_wdt", "Print CPU %d (current core) ", SAYS_ALIVE, REASON_NONE),
	BARE("Backtrace: 0x%x", SAYS_PART, REASON_PANIC),
	BARE("Backtrace:0x%x", SAYS_PART, REASON_PANIC),
	BARE("Core%d register dump:", SAYS_PART, REASON_PANIC),
	BARE("ELF file SHA256: ", SAYS_PART, REASON_PANIC),
	BARE("Rebooting...%$", SAYS_END, REASON_PANIC),
	BARE("CPU halted.%$", SAYS_END, REASON_PANIC),
	BARE("Entering gdb stub now.", SAYS_END, REASON_HALTED),
	BARE("Panic handler entered multiple times. Abort panic handling", SAYS_CRASH, REASON_PANIC),
	/* Sentences of MicroPython: ports/esp32/panichandler.c */
	BARE("A fatal error occurred. The crash dump printed below may be used to help", SAYS_HEADING, REASON_PANIC),
	BARE("NLR jump failed, val=", SAYS_CRASH, REASON_PANIC),

	/* Sentences of CircuitPython: supervisor/shared/safe_mode.c */
	BARE("CircuitPython core code crashed hard. Whoops!", SAYS_CRASH, REASON_PANIC),
	BARE("You are in safe mode because:", SAYS_PART, REASON_PANIC),
	BARE("Hard fault: memory access or instruction error.", SAYS_DETAIL, REASON_PANIC),
	BARE("Internal watchdog timer expired.", SAYS_DETAIL, REASON_TASK_WATCHDOG),
	BARE("Power dipped. ", SAYS_DETAIL, REASON_BROWNOUT),

	/* Sentences of Arduino's core for the ESP8266: cores/esp8266/core_esp8266_postmortem.cpp */
	ON_8266("User exception (panic/abort/assert)", SAYS_PART, REASON_PANIC),
	ON_8266("--------------- CUT HERE FOR EXCEPTION DECODER ---------------$", SAYS_HEADING, REASON_PANIC),
	ON_8266("Exception (%d):%$", SAYS_CRASH, REASON_EXCEPTION),
	ON_8266("Soft WDT reset$", SAYS_CRASH, REASON_SOFT_WATCHDOG),
	ON_8266("Soft WDT reset - deliberate infinite loop detected", SAYS_CRASH, REASON_PANIC),
	ON_8266("Hardware WDT reset$", SAYS_CRASH, REASON_HARD_WATCHDOG),
	ON_8266("Unhandled C++ exception: ", SAYS_CRASH, REASON_PANIC),
	ON_8266("Abort called$", SAYS_CRASH, REASON_ABORT),
	ON_8266("Panic %w.%w:%d %w", SAYS_CRASH, REASON_PANIC),
	ON_8266("Panic %s", SAYS_DETAIL, REASON_PANIC),
	ON_8266("Stack smashing detected.$", SAYS_CRASH, REASON_STACK),
	ON_8266("Stack smashing detected at 0x%x", SAYS_CRASH, REASON_STACK),
	ON_8266("Stack overflow detected$", SAYS_CRASH, REASON_STACK),
	ON_8266("Stack overflow detected.$", SAYS_CRASH, REASON_STACK),
	BARE("Stack overflow detected at 0x%x", SAYS_CRASH, REASON_STACK), /* esp-hal */
	ON_8266("PANIC: Stack overrun", SAYS_CRASH, REASON_STACK),
	ON_8266("Generic Reset$", SAYS_DETAIL, REASON_PANIC),
	ON_8266(">>>stack>>>", SAYS_PART, REASON_PANIC),
	ON_8266("<<<stack<<<", SAYS_PART, REASON_PANIC),
	BARE("epc1=0x%x", SAYS_PART, REASON_PANIC),
	ON_8266("last failed alloc call: ", SAYS_PART, REASON_HEAP),
	/* Sentences of Espressif's NONOS SDK, of the ROMs of ESP8266, ESP32 and S2, and of esp-open-rtos */
	PANIC("Fatal exception %d(%sCause):", SAYS_CRASH, REASON_EXCEPTION),
	PANIC("Fatal exception (%d): ", SAYS_ROM_FATAL, REASON_EXCEPTION),
	PANIC("Fatal exception (%d):$", SAYS_ROM_FATAL, REASON_EXCEPTION),
	BARE("Second fatal exception occured inside fatal exception handler", SAYS_CRASH, REASON_PANIC),
	/* Sentences of Mongoose OS: platforms/esp8266/src/esp_exc.c */
	ON_8266("Exception %d @ 0x%x, vaddr 0x%x", SAYS_CRASH, REASON_EXCEPTION),
	ON_8266("SW WDT @ 0x%x", SAYS_CRASH, REASON_SOFT_WATCHDOG),
	ON_8266("HW WDT @ 0x%x", SAYS_CRASH, REASON_HARD_WATCHDOG),

	/* Sentence of NodeMCU Lua: app/lua/lauxlib.c */
	BARE("PANIC: unprotected error in call to Lua API (", SAYS_CRASH, REASON_PANIC),
	/* Sentences of Zephyr: zephyrproject-rtos/zephyr kernel/fatal.c, arch/xtensa/core/fatal.c,
	 * arch/riscv/core/fatal.c */
	SYSTEM(">>> ZEPHYR FATAL ERROR %d", SAYS_CRASH, REASON_HALTED),
	SYSTEM("** FATAL EXCEPTION", SAYS_CRASH, REASON_HALTED),
	SYSTEM("ASSERTION FAIL [%s] @ ", SAYS_CRASH, REASON_HALTED),
	TAG("os", "Halting system%$", SAYS_CRASH, REASON_HALTED),
	SYSTEM("Halting system$", SAYS_END, REASON_HALTED),
	SYSTEM("mcause: %d, ", SAYS_PART, REASON_HALTED),
	/* Sentences of NuttX: apache/nuttx sched/misc/assert.c, arch/<arch>/src/common */
	SYSTEM("Assertion failed at file:%s line: %d", SAYS_CRASH, REASON_HALTED),
	SYSTEM("Assertion failed CPU%d at file:%s line: %d", SAYS_CRASH, REASON_HALTED),
	SYSTEM("Assertion failed%s: at file: %s:%d", SAYS_CRASH, REASON_HALTED),
	SYSTEM("Assertion failed%s: at file: :%d", SAYS_CRASH, REASON_HALTED), /* NuttX names no file when it panics */
	SYSTEM("User Exception: EXCCAUSE=%x", SAYS_CRASH, REASON_HALTED),
	SYSTEM("Unhandled Exception %d task: ", SAYS_CRASH, REASON_HALTED),
	SYSTEM("EXCEPTION: %s. MCAUSE: %x", SAYS_CRASH, REASON_HALTED),
	SYSTEM("PANIC!!! Exception = %x", SAYS_CRASH, REASON_HALTED),
	/* Sentences of esp-hal for Rust: esp-rs/esp-hal esp-backtrace */
	BARE("====================== PANIC ======================", SAYS_CRASH, REASON_HALTED),
	BARE("!! A panic occured in '", SAYS_CRASH, REASON_HALTED),
	BARE("!! A panic occured at an unknown location", SAYS_CRASH, REASON_HALTED),
	BARE("Exception '%s' mepc=0x%x", SAYS_CRASH, REASON_HALTED),
	BARE("[ProCpu] Exception '%s' mepc=0x%x", SAYS_CRASH, REASON_HALTED),
	BARE("[AppCpu] Exception '%s' mepc=0x%x", SAYS_CRASH, REASON_HALTED),
	BARE("Exception occured '", SAYS_CRASH, REASON_HALTED),
	BARE("Exception occurred on ProCpu '", SAYS_CRASH, REASON_HALTED),
	BARE("Exception occurred on AppCpu '", SAYS_CRASH, REASON_HALTED),
	BARE("panicked at %s:%d:%d:$", SAYS_CRASH, REASON_HALTED),
	BARE("thread '%s' panicked at ", SAYS_CRASH, REASON_PANIC), /* printed by rust-lang/rust library/std */
	/* Sentences of RIOT: RIOT-OS/RIOT core/lib/panic.c, cpu/esp_common */
	BARE("EXCEPTION!! exccause=%d (", SAYS_CRASH, REASON_HALTED),
	BARE("Exception @0x%x, cause ", SAYS_CRASH, REASON_HALTED),
	BARE("FAILED ASSERTION.%$", SAYS_CRASH, REASON_HALTED),
	BARE("*** RIOT kernel panic:", SAYS_CRASH, REASON_HALTED),
	BARE("*** halted.%$", SAYS_CRASH, REASON_HALTED),
	BARE("*** rebooting...$", SAYS_END, REASON_PANIC),
	BARE("#! _xt_panic called from 0x%x: powering off", SAYS_CRASH, REASON_HALTED),
	/* Sentences of AtomVM: atomvm/AtomVM src/platforms/esp32/main/main.c */
	{ "AtomVM application terminated with non-ok return value.  Rebooting ...", BY_LOADER, ANY_TIME, SAYS_CRASH,
	  REASON_ABORT, NULL },
	BARE("Abort in file %s at line %d", SAYS_CRASH, REASON_ABORT),

	/* Headings under which a running application prints the crash report of an earlier run */
	BARE("Crash information recovered from ", SAYS_SAVED, REASON_NONE), /* printed by the library EspSaveCrash */
	BARE("*** CRASH DETECTED ON PREVIOUS BOOT ***", SAYS_SAVED, REASON_NONE), /* ESPHome */
};
/* clang-format on */
const size_t n_sentences = sizeof(sentences) / sizeof(sentences[0]);

_Static_assert(sizeof(sentences) / sizeof(sentences[0]) <= BOOTLOG_ROWS_MAX, "room for the index of every row");
