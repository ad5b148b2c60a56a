/* loader_chip.h - what the ROM loader's protocol meets on each chip: memory, registers, the flash controller.
 *
 * Of the chips that have no loader here (loader_chip.c lists those that have) only the image in flash is looked at.
 */
#ifndef ESPRESET_TESTS_LOADER_CHIP_H
#define ESPRESET_TESTS_LOADER_CHIP_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/config.h"

struct sim_rom_loader;

/* Memory as one of the chip's buses shows it. The same memory may be seen through two of them. */
struct sim_loader_window {
	uint32_t from, size;
	uint32_t ram; /* where in sim_rom_loader.ram */
	bool code;    /* can be entered */
};

/* The registers by which a flash command is given: where they stand, and what is in them. */
struct sim_loader_spi {
	uint32_t base;
	uint8_t command;	/* USER2: the command's byte */
	uint8_t miso, miso_bit; /* the answer's bits less one, from that bit on */
	uint8_t data;		/* W0 */
	uint8_t address_bit;	/* ADDR: the 24 bits of the address, from that bit on */
};

struct sim_loader_chip {
	bool has_loader;
	bool has_flash_commands;       /* its ROM knows what on an ESP8266 only a stub does */
	unsigned int status_len;       /* of the ROM's answers; a stub's have 2 */
	int id;			       /* in its security information; 0: it knows no such command */
	unsigned int crystal_mhz;      /* 0: as the board's words say */
	unsigned int clock_by_crystal; /* the UART's clock */
	unsigned int divider_parts;    /* of a whole in the UART's divider: 1 or 16 */
	uint32_t boot_at, header_len;  /* of the image that the ROM loads */
	struct sim_loader_window window[3];
	struct sim_loader_spi spi;
	uint32_t watchdog; /* the first register of the RTC's; 0: not modelled */
	uint32_t (*read)(const struct sim_rom_loader *loader, uint32_t at);
};

const struct sim_loader_chip *sim_loader_chip(enum sim_chip chip);

/* The crystal of the loader's board. */
unsigned int sim_loader_crystal_mhz(const struct sim_rom_loader *loader);

/* Memory that an upload may fill; NULL where there is none. is_code: may be NULL. */
uint8_t *sim_loader_memory(struct sim_rom_loader *loader, uint32_t at, uint32_t len, bool *is_code);

/* READ_REG and WRITE_REG: memory, or a register of the chip's. Those that are not modelled read as 0. */
uint32_t sim_loader_read(struct sim_rom_loader *loader, uint32_t at);
void sim_loader_write(struct sim_rom_loader *loader, uint32_t at, uint32_t value, uint32_t mask);

/* Little-endian, as the protocol, flash and memory have it. */
uint32_t sim_loader_get32(const uint8_t *p);
void sim_loader_put32(uint8_t *p, uint32_t value);

#endif
