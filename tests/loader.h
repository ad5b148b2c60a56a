/* loader.h - the serial protocol of the chips' ROM loaders, and of a flasher stub that is uploaded to them.
 *
 * Plugged into a simulated board as its listener. When the ROM waits for a download it measures the speed of
 * what arrives, answers SLIP packets, fills memory and flash, and leaves: by running what is in flash, by a
 * software restart, or by whatever the lines do. Code that is uploaded into memory and entered is taken to be
 * a flasher stub and speaks the stub's part of the protocol from then on; what the code really is, and who
 * sends it, is not looked at. Which chip it is, the board's configuration says; what differs between them is in
 * loader_chip.h. Time is handed in, memory is the caller's.
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

/* The longest packet: a block of 0x4000 and its header, or a read of one sector, all of it escaped. */
#define SIM_LOADER_PACKET 0x4100
#define SIM_LOADER_OUT 0x8400
#define SIM_LOADER_RAM 0x72000 /* the largest of the chips' */

enum sim_loader_mode {
	SIM_LOADER_OFF,	      /* something else runs */
	SIM_LOADER_LISTENING, /* the ROM measures the speed */
	SIM_LOADER_ROM,
	SIM_LOADER_STUB,
};

enum sim_loader_then { SIM_THEN_NOTHING, SIM_THEN_RUN, SIM_THEN_RESTART, SIM_THEN_HANG };

/* A transfer of blocks under way. */
struct sim_loader_transfer {
	bool on, packed;
	uint32_t at, size; /* where it goes, and how much (unpacked) */
	uint32_t done;	   /* bytes taken so far (packed: of the packed stream) */
	uint32_t block, blocks;
	uint32_t next; /* block expected */
};

/* Fields are the module's own, but for the truth: flash, mode, rate, writes, bites. */
struct sim_rom_loader {
	struct sim_board *board;
	const struct sim_loader_chip *chip;
	bool on_usb;
	uint8_t *flash;
	uint32_t flash_size;
	uint8_t *packed; /* a compressed upload, until it is whole */
	uint32_t packed_cap;
	uint8_t mac[6];

	enum sim_loader_mode mode;
	double rate; /* as measured, or as asked for by the host */
	unsigned int divider;
	unsigned int writes;	  /* uploads that were completed */
	unsigned int bites;	  /* of the watchdog: all of the chip started again, its USB too */
	unsigned int bad_packets; /* wrong length, checksum or escape */

	unsigned int edges;
	struct sim_uart uart;
	uint8_t packet[SIM_LOADER_PACKET];
	uint32_t packet_len;
	bool in_packet, escaped, too_long;

	uint8_t out[SIM_LOADER_OUT]; /* waits for room in the board's transmitter, and for out_at */
	uint32_t out_from, out_to;
	int64_t out_at;
	double then_rate;	   /* 0: none. When all is out: this speed, */
	enum sim_loader_then then; /* and this. */
	int64_t then_at;
	int64_t now_ns;

	struct sim_loader_transfer mem, write;
	struct {
		bool on;
		uint32_t from, size, block, ahead, sent, acked;
	} read;
	uint32_t uploaded_from, uploaded_to; /* the code that can be entered */
	uint32_t spi[64];		     /* the flash controller's registers */
	uint32_t watchdog_ticks;
	bool watchdog_is_open; /* can be written to */
	int64_t watchdog_ns;   /* it bites then; SIM_NEVER */
	uint8_t ram[SIM_LOADER_RAM];
};

/**
 * sim_rom_loader_init() - becomes the board's listener
 * @flash:  as it is at the start; the board's image is not changed before something is written or erased
 * @packed: room for a compressed upload
 */
void sim_rom_loader_init(struct sim_rom_loader *loader, struct sim_board *board, uint8_t *flash, uint32_t flash_size,
			 uint8_t *packed, uint32_t packed_cap, const uint8_t mac[6]);

/* It is reached by the chip's own USB: no speed to measure, and none that could be changed. */
void sim_rom_loader_use_usb(struct sim_rom_loader *loader);

/* Send what waits; after sim_board_run() for the same time. */
void sim_rom_loader_run(struct sim_rom_loader *loader, int64_t now_ns);

/* When it wants to be run; SIM_NEVER. */
int64_t sim_rom_loader_next(const struct sim_rom_loader *loader);

/* All of flash is erased, by whom ever. */
void sim_rom_loader_erase(struct sim_rom_loader *loader);

/**
 * sim_rom_loader_image() - what the boot would find in flash
 *
 * Where the ROM looks, an image with magic, whole segments and the right checksum; then what the second stage loads:
 * with eboot another one's magic at 0x1000, from the ESP32 on the image that the partition table names.
 */
enum sim_image sim_rom_loader_image(const struct sim_rom_loader *loader);

/* Put the smallest image that boots into flash; the board is not told. */
void sim_rom_loader_put_image(struct sim_rom_loader *loader);

#endif
