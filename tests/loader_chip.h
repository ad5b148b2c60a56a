/* loader_chip.h - what differs between chips for the loader: memory map, registers, flash controller.
 *
 * For a chip without a loader (see chips in loader_chip.c) only the image in flash is judged.
 */
#ifndef ESPRESET_TESTS_LOADER_CHIP_H
#define ESPRESET_TESTS_LOADER_CHIP_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/config.h"

struct sim_rom_loader;

/* A range of addresses on which a bus of the chip shows RAM. Two ranges may show the same RAM. */
struct sim_loader_window {
	uint32_t from, size;
	uint32_t ram; /* offset in sim_rom_loader.ram */
	bool code;    /* executable: the host may enter code here */
};

/* The controller's registers for flash commands: offsets from base, and bit positions. */
struct sim_loader_spi {
	uint32_t base;
	uint8_t command;	/* USER2: register that holds the command byte */
	uint8_t miso, miso_bit; /* offset and lowest bit of the answer's length in bits, less one */
	uint8_t data;		/* W0: register that holds the flash chip's answer */
	uint8_t address_bit;	/* ADDR: lowest bit of the 24-bit flash address */
};

struct sim_loader_chip {
	bool has_loader;
	bool has_flash_commands; /* the ROM knows commands that on an ESP8266 only the stub knows */
	unsigned int status_len; /* status bytes in the ROM's answers; a stub's answers have 2 */
	/* chip ID in the answer to GET_SECURITY_INFO; 0: the ROM does not know that command */
	int id;
	unsigned int crystal_mhz;      /* crystal frequency; 0: as the board's words say */
	unsigned int clock_by_crystal; /* UART clock as a multiple of the crystal frequency */
	unsigned int divider_parts;    /* resolution of the UART divider: 1 or 1/16, given as 1 or 16 */
	uint32_t boot_at, header_len;  /* flash address and header length of the image that the ROM loads */
	struct sim_loader_window window[3];
	struct sim_loader_spi spi;
	uint32_t watchdog; /* address of the RTC watchdog's first register; 0: not modelled */
	uint32_t (*read)(const struct sim_rom_loader *loader, uint32_t at);
};

/* sim_loader_chip() - the row of a chip; one without a loader has only header_len */
const struct sim_loader_chip *sim_loader_chip(enum sim_chip chip);

/* sim_loader_crystal_mhz() - crystal frequency of the loader's board */
unsigned int sim_loader_crystal_mhz(const struct sim_rom_loader *loader);

/* sim_loader_memory() - RAM for an upload of @len bytes to address @at; NULL: no RAM there. @is_code may be NULL. */
uint8_t *sim_loader_memory(struct sim_rom_loader *loader, uint32_t at, uint32_t len, bool *is_code);

/* sim_loader_read(), sim_loader_write() - READ_REG and WRITE_REG on RAM or a register; other addresses read as 0 */
uint32_t sim_loader_read(struct sim_rom_loader *loader, uint32_t at);
void sim_loader_write(struct sim_rom_loader *loader, uint32_t at, uint32_t value, uint32_t mask);

/* Little-endian 32-bit values, as in the protocol, flash and RAM. */
uint32_t sim_loader_get32(const uint8_t *p);
void sim_loader_put32(uint8_t *p, uint32_t value);

#endif
