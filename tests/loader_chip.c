/* loader_chip.c - what the simulated ROM loader needs to know of each chip: memory map, registers, flash controller. */
#include "loader.h"

#include <stddef.h>

/* The simulated flash chip's JEDEC ID, that of a W25Q32. Source: Winbond W25Q32 data sheet. */
#define FLASH_ID 0x1640efu

#define SPI_WORDS (sizeof(((struct sim_rom_loader *)NULL)->spi) / 4)
#define SPI_CMD 0u
#define SPI_ADDR 1u
#define SPI_CMD_USR (1u << 18)

/* Registers of the RTC watchdog. Its first register, CONFIG0, selects what the watchdog does when its first stage times
 * out. The register WDT_TICKS holds this time-out, in ticks of the 136 kHz slow clock. The simulated slow clock is 50
 * times slower. Otherwise the simulated chip could reset too early, before the host has write-protected the watchdog: a
 * virtual machine may pause for long after the host has started the watchdog. Source: ESP32-C3 Technical Reference
 * Manual, "Watchdog Timers" and "Low-power Management". */
#define WDT_TICKS 0x04u
#define WDT_PROTECT 0x18u
#define WDT_KEY 0x50d83aa1u
#define WDT_ENABLED (1u << 31)
#define WDT_RESETS_ALL 4u
#define SLOW_CLOCK_HZ (136000 / 50)

/* Address of a 32-bit value in the chip's ROM. esptool recognises the chip by this value. Source: MAGIC_VALUE in
 * esptool targets/. */
#define REG_ROM_WORD 0x40001000u

uint32_t sim_loader_get32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

void sim_loader_put32(uint8_t *p, uint32_t value)
{
	unsigned int i;

	for (i = 0; i < 4; i++)
		p[i] = (uint8_t)(value >> 8 * i);
}

static uint32_t strap_register(const struct sim_rom_loader *l)
{
	return (uint32_t)sim_board_truth(l->board)->boot_mode;
}

/* The last four bytes of the MAC address, as the 32-bit value in the eFuses of ESP32 and ESP32-C3. */
static uint32_t mac_low(const struct sim_rom_loader *l)
{
	return (uint32_t)l->mac[2] << 24 | (uint32_t)l->mac[3] << 16 | (uint32_t)l->mac[4] << 8 | l->mac[5];
}

static uint32_t mac_high(const struct sim_rom_loader *l)
{
	return (uint32_t)l->mac[0] << 8 | l->mac[1];
}

/* Value of an ESP8266's register. Source: esp8266/Arduino cores/esp8266/esp8266_peri.h, esptool targets/esp8266.py. */
static uint32_t read_esp8266(const struct sim_rom_loader *l, uint32_t at)
{
	switch (at) {
	case REG_ROM_WORD: return 0xfff0c101;
	case 0x60000014: return l->divider;		   /* UART_CLKDIV */
	case 0x60000318: return strap_register(l) << 16;   /* GPIO_IN */
	case 0x3ff00050: return (uint32_t)l->mac[5] << 24; /* eFuse: MAC address */
	case 0x3ff00054: return (uint32_t)l->mac[3] << 8 | l->mac[4];
	case 0x3ff0005c: return mac_high(l) << 8 | l->mac[2];
	default: return 0;
	}
}

/* Value of an ESP32's register. The chip is an ESP32-D0WD of revision 3, or of revision 0 if the board has early
 * silicon. The simulated eFuses do not have the checksum of the MAC address. Source: ESP32 Technical Reference Manual,
 * "eFuse Controller"; for the three revision bits, esptool targets/esp32.py. */
static uint32_t read_esp32(const struct sim_rom_loader *l, uint32_t at)
{
	bool early = l->board->config.early_silicon;

	switch (at) {
	case REG_ROM_WORD: return 0x00f01d83;
	case 0x3ff40014: return l->divider;	   /* UART_CLKDIV */
	case 0x3ff44038: return strap_register(l); /* GPIO_STRAP */
	case 0x3ff5a004: return mac_low(l);	   /* eFuse, block 0: MAC address */
	case 0x3ff5a008: return mac_high(l);
	case 0x3ff5a00c: return early ? 0 : 1u << 9 | 1u << 15; /* package D0WD, and the first of three revision bits */
	case 0x3ff5a014: return early ? 0 : 1u << 20;		/* the second of three revision bits */
	case 0x3ff6607c: return early ? 0 : 1u << 31;		/* APB_CTRL_DATE: the third of three revision bits */
	default: return 0;
	}
}

/* Value of an ESP32-C3's register. The chip has revision v0.4 and a QFN32 package. Source: ESP32-C3 Technical Reference
 * Manual, "eFuse Controller", block 1. */
static uint32_t read_esp32c3(const struct sim_rom_loader *l, uint32_t at)
{
	switch (at) {
	case REG_ROM_WORD: return 0x1b31506f;
	case 0x60000014: return l->divider;	   /* UART_CLKDIV */
	case 0x60004038: return strap_register(l); /* GPIO_STRAP */
	case 0x60008844: return mac_low(l);
	case 0x60008848: return mac_high(l);
	case 0x60008850: return 4u << 18; /* eFuse: chip revision */
	default: return 0;
	}
}

/* The chips that have a simulated loader. The ESP32's SRAM 1 is simulated only at its instruction bus addresses. On a
 * real ESP32 it also has data bus addresses, in reverse order. Sources, for flash controllers: esp8266/Arduino
 * cores/esp8266/esp8266_peri.h, and "SPI Controller" in the Technical Reference Manuals of ESP32 and ESP32-C3; for
 * memory: "System and Memory" in these manuals; for image headers: esptool documentation, firmware-image-format.rst. */
static const struct sim_loader_chip chips[SIM_CHIP_COUNT] = {
	[SIM_ESP8266] = {
		.has_loader = true, .status_len = 2, .clock_by_crystal = 2, .divider_parts = 1, .header_len = 8,
		.window = { { 0x3ffe8000, 0x18000, 0, false }, { 0x40100000, 0x18000, 0x18000, true } },
		.spi = {
			.base = 0x60000200, .command = 0x24, .miso = 0x20, .miso_bit = 8, .data = 0x40,
			.address_bit = 8,
		},
		.read = read_esp8266,
	},
	[SIM_ESP32] = {
		.has_loader = true, .has_flash_commands = true, .status_len = 4, .crystal_mhz = 40,
		.clock_by_crystal = 1, .divider_parts = 16, .boot_at = 0x1000, .header_len = 24,
		.window = { { 0x3ffae000, 0x32000, 0, false }, { 0x40080000, 0x40000, 0x32000, true } },
		.spi = { .base = 0x3ff42000, .command = 0x24, .miso = 0x2c, .data = 0x80, .address_bit = 8 },
		.read = read_esp32,
	},
	[SIM_ESP32C3] = {
		.has_loader = true, .has_flash_commands = true, .status_len = 4, .id = 5, .crystal_mhz = 40,
		.clock_by_crystal = 1, .divider_parts = 16, .header_len = 24,
		.window = {
			{ 0x3fc80000, 0x60000, 0, false }, { 0x40380000, 0x60000, 0, true },
			{ 0x4037c000, 0x4000, 0x60000, true },
		},
		.spi = { .base = 0x60002000, .command = 0x20, .miso = 0x28, .data = 0x58 },
		.watchdog = 0x60008090,
		.read = read_esp32c3,
	},
};

const struct sim_loader_chip *sim_loader_chip(enum sim_chip chip)
{
	static const struct sim_loader_chip other = { .header_len = 24 };

	return chips[chip].has_loader ? &chips[chip] : &other;
}

unsigned int sim_loader_crystal_mhz(const struct sim_rom_loader *l)
{
	return l->chip->crystal_mhz ? l->chip->crystal_mhz : (unsigned int)l->board->config.crystal_mhz;
}

/* ---- memory ---- */

uint8_t *sim_loader_memory(struct sim_rom_loader *l, uint32_t at, uint32_t len, bool *is_code)
{
	const struct sim_loader_window *w;

	for (w = l->chip->window; w < l->chip->window + 3; w++) {
		if (at < w->from || at - w->from >= w->size || len > w->size - (at - w->from))
			continue;
		if (is_code)
			*is_code = w->code;
		return l->ram + w->ram + (at - w->from);
	}
	return NULL;
}

/* ---- the flash controller ---- */

/* Executes the flash command that the host has written to the flash controller's registers. */
static void spi_command(struct sim_rom_loader *l)
{
	static const uint8_t sfdp[20] = "SFDP\x06\x01\x00\xff\x00\x06\x01\x10\x80\x00\x00\xff\xef";
	const struct sim_loader_spi *spi = &l->chip->spi;
	uint32_t bits = (l->spi[spi->miso / 4] >> spi->miso_bit & 0x1ff) + 1, value = 0;
	uint32_t at = l->spi[SPI_ADDR] >> spi->address_bit & 0xffffff;

	switch (l->spi[spi->command / 4] & 0xff) {
	case 0x9f: value = FLASH_ID; break;
	case 0x5a: value = at + 4 <= sizeof(sfdp) ? sim_loader_get32(sfdp + at) : 0xffffffffu; break;
	default: /* answer 0 to all other commands; if it is "read status", 0 means idle and not write-protected */
		break;
	}
	l->spi[spi->data / 4] = bits < 32 ? value & ((1u << bits) - 1) : value;
	l->spi[SPI_CMD] = 0;
}

/* The flash controller's register at address @at; NULL: @at is not in the flash controller. */
static uint32_t *spi_register(struct sim_rom_loader *l, uint32_t at)
{
	uint32_t base = l->chip->spi.base;

	return at >= base && at < base + 4 * SPI_WORDS ? &l->spi[(at - base) / 4] : NULL;
}

/* ---- registers ---- */

/* Writes @value to the watchdog's register at address @at. Return: false if @at is not in the watchdog. */
static bool write_watchdog(struct sim_rom_loader *l, uint32_t at, uint32_t value)
{
	uint32_t base = l->chip->watchdog;

	if (!base || at < base || at > base + WDT_PROTECT)
		return false;
	if (at == base + WDT_PROTECT)
		l->watchdog_is_open = value == WDT_KEY;
	else if (!l->watchdog_is_open)
		return true;
	else if (at == base + WDT_TICKS)
		l->watchdog_ticks = value;
	else if (at == base)
		l->watchdog_ns = value & WDT_ENABLED && (value >> 28 & 7) >= WDT_RESETS_ALL
					 ? l->now_ns + (int64_t)l->watchdog_ticks * SIM_S / SLOW_CLOCK_HZ
					 : SIM_NEVER;
	return true;
}

uint32_t sim_loader_read(struct sim_rom_loader *l, uint32_t at)
{
	const uint8_t *p = sim_loader_memory(l, at, 4, NULL);
	const uint32_t *spi = spi_register(l, at);

	if (p)
		return sim_loader_get32(p);
	return spi ? *spi : l->chip->read(l, at);
}

void sim_loader_write(struct sim_rom_loader *l, uint32_t at, uint32_t value, uint32_t mask)
{
	uint8_t *p = sim_loader_memory(l, at, 4, NULL);
	uint32_t *spi = spi_register(l, at);

	if (write_watchdog(l, at, value))
		return;
	if (p) {
		sim_loader_put32(p, (sim_loader_get32(p) & ~mask) | (value & mask));
	} else if (spi) {
		*spi = (*spi & ~mask) | (value & mask);
		if (spi == &l->spi[SPI_CMD] && *spi & SPI_CMD_USR)
			spi_command(l);
	}
}
