/* reason.h - why a boot failed or an application died. sentences.c has the words that show each reason; advice.c tells
 * the user what to do. */
#ifndef ESPRESET_BOOTLOG_REASON_H
#define ESPRESET_BOOTLOG_REASON_H

enum boot_reason {
	REASON_NONE,

	/* The ROM found nothing that it can run. */
	REASON_NO_HEADER,      /* no image where the ROM expects one; boot.detail: the four bytes found there instead */
	REASON_FLASH_READ,     /* the flash does not answer, or answers wrongly */
	REASON_FLASH_MODE,     /* the ROM read no image header: the flash mode is wrong, or the flash is empty */
	REASON_CHECKSUM,       /* wrong checksum of the bootloader, or on an ESP8266 of any image that the ROM loads */
	REASON_ROM_ASSERT,     /* the ROM stopped and printed a line number of its own source */
	REASON_UNKNOWN_RESET,  /* the ROM halts on a reset cause that it does not know */
	REASON_NOTHING_TO_RUN, /* the loaded code returned to the ROM */
	REASON_APP_AS_LOADER,  /* an application lies where the bootloader belongs */
	REASON_SECURE_BOOT,    /* the ROM refused the signature or the hash of an image */
	REASON_WRONG_CHIP,     /* the image is for another chip */

	/* A second stage found no application that it can run, or died itself. */
	REASON_CHIP_REVISION, /* the image is for another revision of the chip */
	REASON_PARTITION_TABLE,
	REASON_FLASH_SIZE, /* the partition table is for a larger flash */
	REASON_NO_APP,
	REASON_APP_DAMAGED,
	REASON_MCUBOOT_IMAGE, /* MCUboot found no image that it may start */
	REASON_FLASH_CHIP,    /* the flash chip did not start */
	REASON_ENCRYPTION,
	REASON_LOADER_DIED,
	REASON_EBOOT_COPY, /* eboot could not copy an update into place */
	REASON_EBOOT_LOAD, /* eboot could not load the application */

	/* An application started, and printed that it cannot run on this chip or with this flash. */
	REASON_OCTAL_FLASH,
	REASON_SINGLE_CORE,
	REASON_EXTERNAL_RAM,
	REASON_SDK_DATA, /* the flash lacks the NONOS SDK's own data, or they are for another flash size */

	/* An application died. */
	REASON_PANIC,
	REASON_EXCEPTION, /* boot.detail: the number of an Xtensa exception */
	REASON_ABORT,
	REASON_ASSERT,
	REASON_STACK, /* a task's stack overflowed */
	REASON_HEAP,
	REASON_TASK_WATCHDOG,
	REASON_INTERRUPT_WATCHDOG,
	REASON_SOFT_WATCHDOG, /* ESP8266: the watchdog in the SDK's software */
	REASON_HARD_WATCHDOG, /* ESP8266: the watchdog in the chip's hardware */
	REASON_BROWNOUT,
	REASON_HALTED, /* the application crashed and does not restart */
	REASON_COUNT
};

#endif
