/* loader_image.c - tells whether a board would boot from its simulated flash; writes the smallest image that boots. */
#include "loader.h"

#include <string.h>

/* Values in an image that the ROM can load. Source: esptool documentation, firmware-image-format.rst. */
#define MAGIC 0xe9
#define CHECKSUM 0xef
#define SEGMENTS_MAX 16

/* The partition table: its flash address and end, and the length of each entry. APPLICATION is the flash address of the
 * application in ESP-IDF's default partition tables. Source: ESP-IDF documentation, partition-tables.rst. */
#define TABLE 0x8000u
#define TABLE_END 0x9000u
#define ENTRY 32u
#define APPLICATION 0x10000u

#define EBOOT_NEXT 0x1000u /* where eboot looks for the application. Source: esp8266/Arduino bootloaders/eboot */

/* Length of the image at flash address @at, including its checksum byte; 0: there is no image. Sets *@sum to true if
 * the checksum is right, otherwise to false. */
static uint32_t image_length(const struct sim_rom_loader *l, uint32_t at, bool *sum)
{
	const uint8_t *p = l->flash + at;
	uint32_t room = l->flash_size - at, pos = l->chip->header_len, len, i;
	unsigned int segment;
	uint8_t check = CHECKSUM;

	if (p[0] != MAGIC || !p[1] || p[1] > SEGMENTS_MAX)
		return 0;
	for (segment = 0; segment < p[1]; segment++) {
		if (pos + 8 > room)
			return 0;
		len = sim_loader_get32(p + pos + 4);
		pos += 8;
		if (len >= room - pos)
			return 0;
		for (i = 0; i < len; i++)
			check ^= p[pos + i];
		pos += len;
	}
	pos |= 15;
	if (pos >= room)
		return 0;
	*sum = p[pos] == check;
	return pos + 1;
}

/* Would the second stage, which the ROM loads and starts, find an application in flash? */
static bool has_application(const struct sim_rom_loader *l)
{
	const uint8_t *p;
	bool sum = false;
	uint32_t at;

	if (l->board->config.chip == SIM_ESP8266)
		return l->board->config.loader != SIM_LOADER_EBOOT || l->flash[EBOOT_NEXT] == MAGIC;
	for (p = l->flash + TABLE; p < l->flash + TABLE_END && p[0] == 0xaa && p[1] == 0x50; p += ENTRY) {
		at = sim_loader_get32(p + 4);
		if (p[2] == 0 && at < l->flash_size - 32)
			return image_length(l, at, &sum) && sum;
	}
	return false;
}

enum sim_image sim_rom_loader_image(const struct sim_rom_loader *l)
{
	bool sum = false;

	if (!image_length(l, l->chip->boot_at, &sum))
		return SIM_IMAGE_NONE;
	if (!sum)
		return SIM_IMAGE_CSUM;
	return has_application(l) ? SIM_IMAGE_GOOD : SIM_IMAGE_SECOND;
}

/* Writes to flash address @at an image with one segment of 16 zero bytes. */
static void put_smallest(struct sim_rom_loader *l, uint32_t at)
{
	const struct sim_loader_window *code = l->chip->window + 1;
	uint8_t *p = l->flash + at;
	uint32_t segment = l->chip->header_len;

	memset(p, 0, segment + 40);
	p[0] = MAGIC;
	p[1] = 1;
	p[2] = 2;
	p[3] = 0x40;
	sim_loader_put32(p + 4, code->from);
	if (segment > 8)
		p[12] = (uint8_t)l->chip->id;
	sim_loader_put32(p + segment, code->from);
	sim_loader_put32(p + segment + 4, 16);
	p[(segment + 24) | 15] = CHECKSUM;
}

void sim_rom_loader_put_image(struct sim_rom_loader *l)
{
	put_smallest(l, l->chip->boot_at);
	if (l->board->config.chip == SIM_ESP8266) {
		put_smallest(l, EBOOT_NEXT);
		return;
	}
	memset(l->flash + TABLE, 0xff, 2 * ENTRY);
	memcpy(l->flash + TABLE, "\xaa\x50\0\0", 4);
	sim_loader_put32(l->flash + TABLE + 4, APPLICATION);
	sim_loader_put32(l->flash + TABLE + 8, 0x100000);
	put_smallest(l, APPLICATION);
}
