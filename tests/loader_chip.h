/* loader_chip.h - what the simulated ROM loader needs to know of each chip: memory map, registers, flash controller.
 *
 * The table chips[] in loader_chip.c lists the chips that have a simulated loader. For any other chip, tests can only
 * ask whether the image in flash would boot.
 */
#ifndef ESPRESET_TESTS_LOADER_CHIP_H
#define ESPRESET_TESTS_LOADER_CHIP_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/config.h"

struct sim_rom_loader;

/* A range of the chip's addresses at which there is RAM. Two ranges may lead to the same bytes of RAM. */
struct sim_loader_window {
	uint32_t from, size;
	uint32_t ram; /* where the bytes of this range begin in sim_rom_loader.ram */
	bool code;    /* true: the chip can execute code in this range, so the host may start a stub here */
};

/* Where the chip's flash controller has the registers that send a command to the flash chip. All but base and the two
 * bit numbers are offsets from base. */
struct sim_loader_spi {
	uint32_t base;
	uint8_t command;	/* register USER2, which holds the command byte */
	uint8_t miso, miso_bit; /* register, and its lowest bit, with the answer's length: number of bits minus 1 */
	uint8_t data;		/* register W0, which holds the flash chip's answer */
	uint8_t address_bit;	/* lowest bit of the 24-bit flash address in the register ADDR */
};

struct sim_loader_chip {
	bool has_loader;
	bool has_flash_commands; /* true: the ROM loader knows the commands of later_command() in loader.c */
	unsigned int status_len; /* number of status bytes at the end of the ROM loader's answers */
	/* the chip ID in the answer to GET_SECURITY_INFO; 0: the ROM loader does not know this command */
	int id;
	unsigned int crystal_mhz;      /* crystal frequency; 0: sim_config.crystal_mhz of the board has it */
	unsigned int clock_by_crystal; /* UART clock divided by crystal frequency */
	unsigned int divider_parts;    /* 1: the UART's divider is an integer; 16: it has a fraction, in sixteenths */
	uint32_t boot_at, header_len;  /* flash address and header length of the image that the ROM loads */
	struct sim_loader_window window[3];
	struct sim_loader_spi spi;
	uint32_t watchdog; /* address of the RTC watchdog's first register; 0: the watchdog is not simulated */
	uint32_t (*read)(const struct sim_rom_loader *loader, uint32_t at);
};

/* sim_loader_chip() - the properties of @chip; for a chip without a simulated loader, all but header_len are 0 */
const struct sim_loader_chip *sim_loader_chip(enum sim_chip chip);

/* sim_loader_crystal_mhz() - crystal frequency of the board that the loader runs on */
unsigned int sim_loader_crystal_mhz(const struct sim_rom_loader *loader);

/* sim_loader_memory() - where the loader stores the chip's RAM from address @at on. Return: NULL unless all @len bytes
 * are RAM. Sets *@is_code, unless @is_code is NULL, to whether the chip can execute code there. */
uint8_t *sim_loader_memory(struct sim_rom_loader *loader, uint32_t at, uint32_t len, bool *is_code);

/* sim_loader_read(), sim_loader_write() - do what the host's commands READ_REG and WRITE_REG ask for. An address may be
 * that of RAM or of a register. At all other addresses, reads give 0 and writes do nothing. */
uint32_t sim_loader_read(struct sim_rom_loader *loader, uint32_t at);
void sim_loader_write(struct sim_rom_loader *loader, uint32_t at, uint32_t value, uint32_t mask);

/* Read and write a little-endian 32-bit value, as the protocol, flash images and the chips' RAM have them. */
uint32_t sim_loader_get32(const uint8_t *p);
void sim_loader_put32(uint8_t *p, uint32_t value);

#endif
