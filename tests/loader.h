/* loader.h - the serial protocol of the chips' ROM loaders, and of a flasher stub uploaded to them, chip side.
 *
 * The loader is the listener of a simulated board. When the ROM waits for a download, the loader measures the speed of
 * the incoming characters, answers SLIP packets, and fills memory and flash. It ends when the host asks it to run flash
 * or to restart, or by a reset through the modem lines. Any code that the host uploads and enters is taken to be a
 * flasher stub: from then on the loader speaks the stub's part of the protocol. loader_chip.h holds what differs
 * between chips. The caller hands in the time and owns all memory.
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

/* The longest packet after removing SLIP escapes: a block of 0x4000 bytes and its header. */
#define SIM_LOADER_PACKET 0x4100
#define SIM_LOADER_OUT 0x8400
#define SIM_LOADER_RAM 0x72000 /* size of the largest RAM of all chips */

enum sim_loader_mode {
	SIM_LOADER_OFF,	      /* the loader is not running */
	SIM_LOADER_LISTENING, /* the ROM measures the speed of the incoming characters */
	SIM_LOADER_ROM,
	SIM_LOADER_STUB,
};

enum sim_loader_then { SIM_THEN_NOTHING, SIM_THEN_RUN, SIM_THEN_RESTART, SIM_THEN_HANG };

/* An upload in progress, sent in numbered blocks. */
struct sim_loader_transfer {
	bool on, packed;
	uint32_t at, size; /* target address, and size after unpacking */
	uint32_t done;	   /* bytes received so far, still compressed if packed */
	uint32_t block, blocks;
	uint32_t next; /* number of the block expected next */
};

/* Read-only for users: flash, mode, rate, writes, watchdog_resets, bad_packets. All other members are private. */
struct sim_rom_loader {
	struct sim_board *board;
	const struct sim_loader_chip *chip;
	bool on_usb;
	uint8_t *flash;
	uint32_t flash_size;
	uint8_t *packed; /* buffer for a compressed upload, unpacked when complete */
	uint32_t packed_cap;
	uint8_t mac[6];

	enum sim_loader_mode mode;
	double rate; /* line speed, as measured or as the host has set it */
	unsigned int divider;
	unsigned int writes;	      /* number of completed uploads */
	unsigned int watchdog_resets; /* number of watchdog resets of the whole chip, which also restart its USB */
	unsigned int bad_packets;     /* number of packets with a wrong length, checksum or escape */

	unsigned int edges;
	struct sim_uart uart;
	uint8_t packet[SIM_LOADER_PACKET];
	uint32_t packet_len;
	bool in_packet, escaped, too_long;

	uint8_t out[SIM_LOADER_OUT]; /* output that waits for out_at and for room in the board's transmitter */
	uint32_t out_from, out_to;
	int64_t out_at;
	double then_rate;	   /* line speed to set when all output is sent; 0: no change */
	enum sim_loader_then then; /* what to do when all output is sent */
	int64_t then_at;
	int64_t now_ns;

	struct sim_loader_transfer mem, write;
	struct {
		bool on;
		uint32_t from, size, block, ahead, sent, acked;
	} read;
	uint32_t uploaded_from, uploaded_to; /* address range of the uploaded code */
	uint32_t spi[64];		     /* registers of the flash controller */
	uint32_t watchdog_ticks;
	bool watchdog_is_open; /* the watchdog's write protection is off */
	int64_t watchdog_ns;   /* when the watchdog resets the chip; SIM_NEVER */
	uint8_t ram[SIM_LOADER_RAM];
};

/**
 * sim_rom_loader_init() - attach a loader to @board as its listener
 * @flash:  initial content; board.config keeps its image until flash is written or erased
 * @packed: buffer for a compressed upload
 *
 * The caller keeps both buffers as long as the loader is used.
 */
void sim_rom_loader_init(struct sim_rom_loader *loader, struct sim_board *board, uint8_t *flash, uint32_t flash_size,
			 uint8_t *packed, uint32_t packed_cap, const uint8_t mac[6]);

/* sim_rom_loader_use_usb() - the host reaches the loader through the chip's native USB, which has no line speed */
void sim_rom_loader_use_usb(struct sim_rom_loader *loader);

/* sim_rom_loader_run() - process what is due up to @now_ns; call sim_board_run() for the same time before */
void sim_rom_loader_run(struct sim_rom_loader *loader, int64_t now_ns);

/* sim_rom_loader_next() - when sim_rom_loader_run() must be called next; SIM_NEVER */
int64_t sim_rom_loader_next(const struct sim_rom_loader *loader);

/* sim_rom_loader_erase() - erase all of flash */
void sim_rom_loader_erase(struct sim_rom_loader *loader);

/**
 * sim_rom_loader_image() - judge the flash content as the boot would
 *
 * The ROM needs an image with magic, complete segments and a correct checksum. The second stage then needs an
 * application: eboot looks for the magic at 0x1000; later chips for an image in a slot of the partition table.
 *
 * Return: what the boot would find.
 */
enum sim_image sim_rom_loader_image(const struct sim_rom_loader *loader);

/* sim_rom_loader_put_image() - write the smallest bootable image to flash; board.config is not updated */
void sim_rom_loader_put_image(struct sim_rom_loader *loader);

#endif
