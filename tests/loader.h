/* loader.h - the chip's side of esptool's serial protocol: a simulated ROM loader and flasher stub, for simulated
 * boards.
 *
 * The simulated board hands each character that it receives to the loader. When the board's ROM waits for a download,
 * the loader measures the baud rate of these characters, answers SLIP packets, and writes to simulated RAM and flash.
 * The loader ends when the host asks for a restart or for the application in flash, or resets the board through the
 * modem lines. Code that the host uploads and starts is not executed. The loader assumes that this code is a flasher
 * stub, and from then on gives the stub's answers. What differs between chips is in loader_chip.h. The loader reads no
 * clock and allocates no memory: the caller passes the time and the buffers.
 *
 *	sim_rom_loader_init(&loader, &board, flash, sizeof(flash), packed, sizeof(packed), mac);
 *	loop:
 *		sim_board_run(&board, now);
 *		sim_rom_loader_run(&loader, now);
 *		sleep until the earlier of sim_board_next(&board) and sim_rom_loader_next(&loader);
 *
 * Source: esptool documentation, "Serial Protocol" (docs/en/advanced-topics/serial-protocol.rst).
 */
#ifndef ESPRESET_TESTS_LOADER_H
#define ESPRESET_TESTS_LOADER_H

#include "loader_chip.h"
#include "sim/board.h"

/* Length of the longest packet without its SLIP escapes: a block of 0x4000 bytes and its header, rounded up. */
#define SIM_LOADER_PACKET 0x4100
#define SIM_LOADER_OUT 0x8400
#define SIM_LOADER_RAM 0x72000 /* enough for the chip with the largest simulated RAM, the ESP32 */

enum sim_loader_mode {
	SIM_LOADER_OFF,	      /* the loader is not running */
	SIM_LOADER_LISTENING, /* the ROM loader is still measuring the baud rate of the characters that it receives */
	SIM_LOADER_ROM,
	SIM_LOADER_STUB,
};

enum sim_loader_then { SIM_THEN_NOTHING, SIM_THEN_RUN, SIM_THEN_RESTART, SIM_THEN_HANG };

/* An upload from the host to RAM or flash. The host sends it in numbered blocks. */
struct sim_loader_transfer {
	bool on, packed;
	uint32_t at, size; /* address to write to, and number of bytes to write there, after decompression */
	uint32_t done;	   /* compressed bytes received so far; not used if the upload is not compressed */
	uint32_t block, blocks;
	uint32_t next; /* number of the block that the host must send next */
};

/* Callers may read flash, mode, rate, writes, watchdog_resets and bad_packets, and may change no member. */
struct sim_rom_loader {
	struct sim_board *board;
	const struct sim_loader_chip *chip;
	bool on_usb;
	uint8_t *flash;
	uint32_t flash_size;
	uint8_t *packed; /* collects a compressed upload, which is decompressed to flash after its last block */
	uint32_t packed_cap;
	uint8_t mac[6];

	enum sim_loader_mode mode;
	double rate; /* baud rate of the loader's UART: first measured, later changed by the host's command */
	unsigned int divider;
	unsigned int writes;	      /* number of uploads to flash that the host has completed */
	unsigned int watchdog_resets; /* number of resets of the whole chip, its native USB included, by its watchdog */
	unsigned int bad_packets;     /* number of packets ignored because of a wrong length or header */

	unsigned int edges;
	struct sim_uart uart;
	uint8_t packet[SIM_LOADER_PACKET];
	uint32_t packet_len;
	bool in_packet, escaped, too_long;

	uint8_t out
		[SIM_LOADER_OUT]; /* bytes to send: from the time out_at on, as fast as the board's UART takes them */
	uint32_t out_from, out_to;
	int64_t out_at;
	double then_rate;	   /* baud rate to set when all of out has been sent; 0: keep the baud rate */
	enum sim_loader_then then; /* what to do when all of out has been sent */
	int64_t then_at;
	int64_t now_ns;

	struct sim_loader_transfer mem, write;
	struct {
		bool on;
		uint32_t from, size, block, ahead, sent, acked;
	} read;
	uint32_t uploaded_from, uploaded_to; /* address range of the code that the host has uploaded to RAM */
	uint32_t spi[64];		     /* registers of the chip's flash controller */
	uint32_t watchdog_ticks;
	bool watchdog_is_open; /* true: the host may write to the watchdog's registers */
	int64_t watchdog_ns;   /* when the watchdog will reset the chip; SIM_NEVER: the watchdog is off */
	uint8_t ram[SIM_LOADER_RAM];
};

/**
 * sim_rom_loader_init() - attach a loader to @board; @board hands it each character that the host sends
 * @flash:  the initial content of flash. Until it first changes, @board boots the image that board.config describes;
 *	    from then on, the image in @flash.
 * @packed: room for one compressed upload
 *
 * The caller must not free @flash and @packed while the loader is used.
 */
void sim_rom_loader_init(struct sim_rom_loader *loader, struct sim_board *board, uint8_t *flash, uint32_t flash_size,
			 uint8_t *packed, uint32_t packed_cap, const uint8_t mac[6]);

/* sim_rom_loader_use_usb() - connect the loader to the host by the chip's native USB instead of its UART, so that baud
 * rates do not matter */
void sim_rom_loader_use_usb(struct sim_rom_loader *loader);

/* sim_rom_loader_run() - do all that the loader has to do until @now_ns; call sim_board_run() with this time first */
void sim_rom_loader_run(struct sim_rom_loader *loader, int64_t now_ns);

/* sim_rom_loader_next() - when sim_rom_loader_run() must be called next; SIM_NEVER: not before new input */
int64_t sim_rom_loader_next(const struct sim_rom_loader *loader);

/* sim_rom_loader_erase() - erase all of flash */
void sim_rom_loader_erase(struct sim_rom_loader *loader);

/**
 * sim_rom_loader_image() - would a board boot from the present content of flash?
 *
 * The ROM loads the second stage if its image has the magic byte, complete segments and a correct checksum. The second
 * stage then needs an application. An ESP8266's eboot looks for the magic byte of an image at flash address 0x1000. The
 * second stage of later chips looks for an image at the beginning of the first application partition.
 *
 * Return: SIM_IMAGE_GOOD, or what is wrong with the image.
 */
enum sim_image sim_rom_loader_image(const struct sim_rom_loader *loader);

/* sim_rom_loader_put_image() - write the smallest bootable image to flash. The board's config.image does not change. */
void sim_rom_loader_put_image(struct sim_rom_loader *loader);

#endif
