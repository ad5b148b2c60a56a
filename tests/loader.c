/* loader.c - a simulated ROM loader and flasher stub, the chip's side of esptool's serial protocol: detects the host's
 * baud rate, decodes SLIP packets, and executes commands. */
#include "loader.h"

#include <stdio.h>
#include <string.h>
#include <sys/types.h>

#include <md5.h>
#include <zlib.h>

/* Command numbers. Source: esptool documentation, serial-protocol.rst. */
/* clang-format off */
enum {
	FLASH_BEGIN = 0x02, FLASH_DATA = 0x03, FLASH_END = 0x04, MEM_BEGIN = 0x05, MEM_END = 0x06, MEM_DATA = 0x07,
	SYNC = 0x08, WRITE_REG = 0x09, READ_REG = 0x0a, SPI_SET_PARAMS = 0x0b, SPI_ATTACH = 0x0d,
	CHANGE_BAUDRATE = 0x0f, FLASH_DEFL_BEGIN = 0x10, FLASH_DEFL_DATA = 0x11, FLASH_DEFL_END = 0x12,
	SPI_FLASH_MD5 = 0x13, GET_SECURITY_INFO = 0x14,
	ERASE_FLASH = 0xd0, ERASE_REGION = 0xd1, READ_FLASH = 0xd2, RUN_USER_CODE = 0xd3,
};
/* clang-format on */

/* Error codes in answers. ROM loaders send codes below 0xc0, flasher stubs send codes from 0xc0 on. Source: esptool
 * documentation, serial-protocol.rst. */
/* clang-format off */
enum {
	BAD_MESSAGE = 0x05, FAILED_TO_ACT = 0x06, BAD_CRC = 0x07, FLASH_WRITE_ERROR = 0x08, DEFLATE_ERROR = 0x0b,
	STUB_BAD_LENGTH = 0xc0, STUB_BAD_CHECKSUM = 0xc1, STUB_BAD_BLOCKSIZE = 0xc2, STUB_NOT_IN_FLASH_MODE = 0xc6,
	STUB_INFLATE_ERROR = 0xc7, STUB_NOT_ENOUGH_DATA = 0xc8, STUB_TOO_MUCH_DATA = 0xc9, STUB_NO_COMMAND = 0xff,
};
/* clang-format on */

#define SECTOR 0x1000u
#define BLOCK 0x10000u

/* Typical times that a flash chip takes to erase or to program. Source: Winbond W25Q32 data sheet. */
#define ERASE_SECTOR_NS (45 * SIM_MS)
#define ERASE_BLOCK_NS (150 * SIM_MS)
#define PROGRAM_SECTOR_NS (16 * 700 * SIM_US)

/* Number of edges on RX that the ROM needs to measure the baud rate. Source: uart_baudrate_detect(), ESP8266 ROM. */
#define EDGES_WANTED 29
/* The baud rate of a UART that would be as fast as the chip's native USB. Full-speed bulk transfers carry about 800,000
 * bytes a second, and a UART sends ten bits for each byte. */
#define USB_RATE 8e6
#define SAY_AT_ONCE 1024u
#define END 0xc0
#define ESC 0xdb

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* ---- output ---- */

static void send_raw(struct sim_rom_loader *l, uint8_t byte)
{
	if (l->out_to < sizeof(l->out))
		l->out[l->out_to++] = byte;
}

static void send_packet(struct sim_rom_loader *l, const uint8_t *data, size_t len)
{
	size_t i;

	send_raw(l, END);
	for (i = 0; i < len; i++) {
		if (data[i] == END || data[i] == ESC) {
			send_raw(l, ESC);
			send_raw(l, data[i] == END ? 0xdc : 0xdd);
		} else {
			send_raw(l, data[i]);
		}
	}
	send_raw(l, END);
}

static void respond_data(struct sim_rom_loader *l, uint8_t op, uint32_t value, uint8_t error, const uint8_t *data,
			 size_t len)
{
	size_t status_len = l->mode == SIM_LOADER_STUB ? 2 : l->chip->status_len;
	uint8_t packet[8 + 32 + 4] = { 1, op, (uint8_t)(len + status_len), 0 };

	sim_loader_put32(packet + 4, value);
	memcpy(packet + 8, data, len);
	packet[8 + len] = error != 0;
	packet[8 + len + 1] = error;
	send_packet(l, packet, 8 + len + status_len);
}

static void respond(struct sim_rom_loader *l, uint8_t op, uint32_t value, uint8_t error)
{
	respond_data(l, op, value, error, (const uint8_t *)"", 0);
}

static void respond_status(struct sim_rom_loader *l, uint8_t op, uint8_t error)
{
	respond(l, op, 0, error);
}

/* Delays all further answers by @ns, the time that erasing or programming takes in the chip. */
static void take_time(struct sim_rom_loader *l, int64_t ns)
{
	l->out_at = later(l->out_at, l->now_ns) + ns;
}

/* ---- flash ---- */

static void flash_changed(struct sim_rom_loader *l)
{
	sim_board_flashed(l->board, sim_rom_loader_image(l));
}

static int64_t erase_time(uint32_t sectors)
{
	return sectors / 16 * ERASE_BLOCK_NS + sectors % 16 * ERASE_SECTOR_NS;
}

static bool flash_erase(struct sim_rom_loader *l, uint32_t at, uint32_t size)
{
	uint32_t from = at / SECTOR * SECTOR, to;

	if (at > l->flash_size || size > l->flash_size - at)
		return false;
	to = (at + size + SECTOR - 1) / SECTOR * SECTOR;
	if (!size)
		return true;
	memset(l->flash + from, 0xff, to - from);
	take_time(l, erase_time((to - from) / SECTOR));
	flash_changed(l);
	return true;
}

void sim_rom_loader_erase(struct sim_rom_loader *l)
{
	memset(l->flash, 0xff, l->flash_size);
	flash_changed(l);
}

/* ---- commands ---- */

/* A command packet from the host; data is what follows the packet's header. */
struct command {
	uint8_t op;
	uint32_t check;
	const uint8_t *data;
	uint32_t len;
};

static uint32_t arg(const struct command *c, unsigned int n)
{
	return 4 * n + 4 <= c->len ? sim_loader_get32(c->data + 4 * n) : 0;
}

static void begin(struct sim_loader_transfer *t, const struct command *c, bool packed)
{
	*t = (struct sim_loader_transfer){
		.on = true,
		.packed = packed,
		.size = arg(c, 0),
		.blocks = arg(c, 1),
		.block = arg(c, 2),
		.at = arg(c, 3),
	};
}

/* Checks a command that brings one block of an upload. Its payload is the length of the block, the number of the block,
 * two 32-bit zeros, then the block itself. Return: 0 or an error code. */
static uint8_t check_block(const struct sim_rom_loader *l, const struct sim_loader_transfer *t, const struct command *c)
{
	uint8_t sum = 0xef;
	bool stub = l->mode == SIM_LOADER_STUB;
	uint32_t i;

	if (!t->on)
		return stub ? STUB_NOT_IN_FLASH_MODE : FAILED_TO_ACT;
	if (c->len < 16 || arg(c, 0) != c->len - 16)
		return stub ? STUB_BAD_LENGTH : BAD_MESSAGE;
	if (arg(c, 0) > t->block)
		return stub ? STUB_BAD_BLOCKSIZE : BAD_MESSAGE;
	if (arg(c, 1) >= t->blocks)
		return stub ? STUB_TOO_MUCH_DATA : BAD_MESSAGE;
	for (i = 16; i < c->len; i++)
		sum ^= c->data[i];
	if (sum != c->check)
		return stub ? STUB_BAD_CHECKSUM : BAD_CRC;
	return 0;
}

/* Plans that the loader does @what (for example, restarts the chip) as soon as it has sent all its answers. */
static void then(struct sim_rom_loader *l, enum sim_loader_then what)
{
	l->then = what;
	l->then_at = SIM_NEVER;
}

static void mem_data(struct sim_rom_loader *l, const struct command *c)
{
	uint8_t error = check_block(l, &l->mem, c);
	uint32_t at = l->mem.at + arg(c, 1) * l->mem.block, len = c->len - 16;
	bool is_code = false;
	uint8_t *p = error ? NULL : sim_loader_memory(l, at, len, &is_code);

	if (!error && !p)
		error = FAILED_TO_ACT;
	if (p) {
		memcpy(p, c->data + 16, len);
		if (is_code) {
			l->uploaded_from = l->uploaded_to ? l->uploaded_from : at;
			l->uploaded_to = at + len;
		}
	}
	respond_status(l, c->op, error);
}

static void mem_end(struct sim_rom_loader *l, const struct command *c)
{
	uint32_t entry = arg(c, 1);

	l->mem.on = false;
	respond_status(l, c->op, 0);
	if (arg(c, 0))
		return;
	if (entry < l->uploaded_from || entry >= l->uploaded_to) {
		/* The entry point is outside the uploaded code. A real chip would execute garbage, get an exception
		 * that nothing handles, and hang until a reset. */
		then(l, SIM_THEN_HANG);
		return;
	}
	l->mode = SIM_LOADER_STUB;
	l->write.on = false;
	send_packet(l, (const uint8_t *)"OHAI", 4);
}

static void flash_begin(struct sim_rom_loader *l, const struct command *c)
{
	bool packed = c->op == FLASH_DEFL_BEGIN;
	uint8_t error = 0;

	begin(&l->write, c, packed);
	if (!packed)
		l->write.size = l->write.blocks * l->write.block;
	if (l->write.block > 0x4000 || (packed && (uint64_t)l->write.blocks * l->write.block > l->packed_cap))
		error = l->mode == SIM_LOADER_STUB ? STUB_BAD_BLOCKSIZE : BAD_MESSAGE;
	else if (!flash_erase(l, l->write.at, l->write.size))
		error = FAILED_TO_ACT;
	if (error)
		l->write.on = false;
	respond_status(l, c->op, error);
}

static void write_done(struct sim_rom_loader *l)
{
	take_time(l, (l->write.size + SECTOR - 1) / SECTOR * PROGRAM_SECTOR_NS);
	l->writes++;
	flash_changed(l);
}

static uint8_t unpack(struct sim_rom_loader *l)
{
	uLongf len = l->write.size;

	bool ok = uncompress(l->flash + l->write.at, &len, l->packed, l->write.done) == Z_OK;

	/* A host tool rounds up the size that it announces to a ROM loader. So a ROM loader accepts less data than
	 * announced, but a stub refuses it. */
	if (l->mode != SIM_LOADER_STUB)
		return ok ? 0 : DEFLATE_ERROR;
	return !ok ? STUB_INFLATE_ERROR : len < l->write.size ? STUB_NOT_ENOUGH_DATA : 0;
}

static void flash_data(struct sim_rom_loader *l, const struct command *c)
{
	struct sim_loader_transfer *t = &l->write;
	uint8_t error = check_block(l, t, c);
	uint32_t at = t->at + arg(c, 1) * t->block, len = c->len - 16;

	if (!error && t->packed != (c->op == FLASH_DEFL_DATA))
		error = l->mode == SIM_LOADER_STUB ? STUB_NOT_IN_FLASH_MODE : FAILED_TO_ACT;
	if (!error && t->packed) {
		memcpy(l->packed + arg(c, 1) * t->block, c->data + 16, len);
		t->done = arg(c, 1) * t->block + len;
		if (arg(c, 1) + 1 == t->blocks)
			error = unpack(l);
	} else if (!error && (at > l->flash_size || len > l->flash_size - at)) {
		error = FLASH_WRITE_ERROR;
	} else if (!error) {
		memcpy(l->flash + at, c->data + 16, len);
	}
	if (!error && arg(c, 1) + 1 == t->blocks)
		write_done(l);
	respond_status(l, c->op, error);
}

static void flash_end(struct sim_rom_loader *l, const struct command *c)
{
	bool stub = l->mode == SIM_LOADER_STUB;

	if (stub && !l->write.on) {
		respond_status(l, c->op, STUB_NOT_IN_FLASH_MODE);
		return;
	}
	l->write.on = false;
	respond_status(l, c->op, 0);
	/* With argument 0, ROM loader and stub restart the chip. With argument 1, the ROM loader runs the image in
	 * flash, while the stub keeps running. */
	if (!arg(c, 0))
		then(l, SIM_THEN_RESTART);
	else if (!stub)
		then(l, SIM_THEN_RUN);
}

static void md5(uint8_t sum[MD5_DIGEST_LENGTH], const uint8_t *data, uint32_t len)
{
	MD5_CTX ctx;

	MD5Init(&ctx);
	MD5Update(&ctx, data, len);
	MD5Final(sum, &ctx);
}

/* Answers with the MD5 sum of a flash area: the stub sends 16 bytes, the ROM loader 32 hexadecimal digits. */
static void digest(struct sim_rom_loader *l, const struct command *c)
{
	uint32_t at = arg(c, 0), len = arg(c, 1);
	uint8_t sum[MD5_DIGEST_LENGTH];
	char text[2 * MD5_DIGEST_LENGTH + 1];
	unsigned int i;

	if (at > l->flash_size || len > l->flash_size - at) {
		respond_status(l, c->op, FAILED_TO_ACT);
		return;
	}
	md5(sum, l->flash + at, len);
	for (i = 0; i < sizeof(sum); i++)
		snprintf(text + 2 * i, 3, "%02x", sum[i]);
	if (l->mode == SIM_LOADER_STUB)
		respond_data(l, c->op, 0, 0, sum, sizeof(sum));
	else
		respond_data(l, c->op, 0, 0, (const uint8_t *)text, 2 * sizeof(sum));
}

/* Sends the next block of the flash area that the host reads. The host has set how many blocks the loader may send
 * before the host acknowledges them. When the host has acknowledged all blocks, sends the MD5 sum of the whole area. */
static void read_on(struct sim_rom_loader *l)
{
	uint8_t sum[MD5_DIGEST_LENGTH];
	uint32_t len;

	if (!l->read.on || l->out_to)
		return;
	if (l->read.sent < l->read.size && l->read.sent - l->read.acked < l->read.ahead * l->read.block) {
		len = l->read.size - l->read.sent;
		if (len > l->read.block)
			len = l->read.block;
		send_packet(l, l->flash + l->read.from + l->read.sent, len);
		l->read.sent += len;
	} else if (l->read.acked >= l->read.size) {
		md5(sum, l->flash + l->read.from, l->read.size);
		send_packet(l, sum, sizeof(sum));
		l->read.on = false;
	}
}

static void read_begin(struct sim_rom_loader *l, const struct command *c)
{
	uint32_t at = arg(c, 0), size = arg(c, 1);

	if (at > l->flash_size || size > l->flash_size - at || !arg(c, 2) || arg(c, 2) > SECTOR) {
		respond_status(l, c->op, FAILED_TO_ACT);
		return;
	}
	respond_status(l, c->op, 0);
	l->read.on = true;
	l->read.from = at;
	l->read.size = size;
	l->read.block = arg(c, 2);
	l->read.ahead = arg(c, 3);
	l->read.sent = 0;
	l->read.acked = 0;
}

/* Answers SYNC eight times. Host tools recognise a stub by the value 0 in the answer. A ROM loader sends another
 * value. */
static void answer_sync(struct sim_rom_loader *l, const struct command *c)
{
	int i;

	for (i = 0; i < 8; i++)
		respond(l, c->op, l->mode == SIM_LOADER_STUB ? 0 : 0x20120707, 0);
}

static void write_registers(struct sim_rom_loader *l, const struct command *c)
{
	unsigned int n;

	for (n = 0; 4 * n + 16 <= c->len; n += 4)
		sim_loader_write(l, arg(c, n), arg(c, n + 1), arg(c, n + 2));
	respond_status(l, c->op, 0);
}

/* Answers with the security information of a chip without any protection: its flags and keys are 0. The chip ID follows
 * them. */
static void security_info(struct sim_rom_loader *l, const struct command *c)
{
	uint8_t info[20] = { 0 };

	sim_loader_put32(info + 12, (uint32_t)l->chip->id);
	respond_data(l, c->op, 0, 0, info, sizeof(info));
}

/* Runs a command that stubs and the ROM loaders of later chips know, but not the ESP8266's ROM loader. Return: true; or
 * false if @c is no such command. */
static bool later_command(struct sim_rom_loader *l, const struct command *c)
{
	switch (c->op) {
	case SPI_SET_PARAMS:
	case SPI_ATTACH: respond_status(l, c->op, 0); return true;
	case CHANGE_BAUDRATE:
		respond_status(l, c->op, 0);
		l->then_rate = arg(c, 0);
		l->then_at = SIM_NEVER;
		return true;
	case FLASH_DEFL_BEGIN: flash_begin(l, c); return true;
	case FLASH_DEFL_DATA: flash_data(l, c); return true;
	case FLASH_DEFL_END: flash_end(l, c); return true;
	case SPI_FLASH_MD5: digest(l, c); return true;
	default: return false;
	}
}

static bool stub_command(struct sim_rom_loader *l, const struct command *c)
{
	switch (c->op) {
	case ERASE_FLASH:
		sim_rom_loader_erase(l);
		take_time(l, erase_time(l->flash_size / SECTOR));
		respond_status(l, c->op, 0);
		return true;
	case ERASE_REGION:
		respond_status(l, c->op, flash_erase(l, arg(c, 0), arg(c, 1)) ? 0 : FAILED_TO_ACT);
		return true;
	case READ_FLASH: read_begin(l, c); return true;
	case RUN_USER_CODE: then(l, SIM_THEN_RUN); return true;
	default: return false;
	}
}

static void run_command(struct sim_rom_loader *l, const struct command *c)
{
	bool stub = l->mode == SIM_LOADER_STUB;

	switch (c->op) {
	case SYNC: answer_sync(l, c); return;
	case READ_REG: respond(l, c->op, sim_loader_read(l, arg(c, 0)), 0); return;
	case WRITE_REG: write_registers(l, c); return;
	case MEM_BEGIN:
		begin(&l->mem, c, false);
		respond_status(l, c->op, 0);
		return;
	case MEM_DATA: mem_data(l, c); return;
	case MEM_END: mem_end(l, c); return;
	case FLASH_BEGIN: flash_begin(l, c); return;
	case FLASH_DATA: flash_data(l, c); return;
	case FLASH_END: flash_end(l, c); return;
	}
	if (c->op == GET_SECURITY_INFO && l->chip->id) {
		security_info(l, c);
		return;
	}
	if ((stub || l->chip->has_flash_commands) && later_command(l, c))
		return;
	if (stub && stub_command(l, c))
		return;
	respond_status(l, c->op, stub ? STUB_NO_COMMAND : BAD_MESSAGE);
}

static void take_packet(struct sim_rom_loader *l)
{
	struct command c = { .data = l->packet + 8, .len = l->packet_len - 8 };

	if (l->read.on && l->packet_len == 4) {
		l->read.acked = sim_loader_get32(l->packet);
		return;
	}
	if (l->too_long || l->packet_len < 8 || l->packet[0] != 0 || sim_loader_get32(l->packet) >> 16 != c.len) {
		l->bad_packets++;
		return;
	}
	c.op = l->packet[1];
	c.check = sim_loader_get32(l->packet + 4);
	l->read.on = false;
	run_command(l, &c);
}

/* ---- input ---- */

static void take_byte(struct sim_rom_loader *l, uint8_t byte)
{
	if (byte == END) {
		if (l->in_packet && l->packet_len) {
			take_packet(l);
			l->in_packet = false;
		} else {
			l->in_packet = true;
		}
		l->packet_len = 0;
		l->escaped = false;
		l->too_long = false;
		return;
	}
	if (!l->in_packet)
		return;
	if (byte == ESC) {
		l->escaped = true;
		return;
	}
	if (l->escaped) {
		byte = byte == 0xdc ? END : ESC;
		l->escaped = false;
	}
	if (l->packet_len < sizeof(l->packet))
		l->packet[l->packet_len++] = byte;
	else
		l->too_long = true;
}

static void hear(struct sim_rom_loader *l, uint8_t byte)
{
	if (l->mode == SIM_LOADER_ROM || l->mode == SIM_LOADER_STUB)
		take_byte(l, byte);
}

static void heard(void *user, const struct sim_heard *character)
{
	hear(user, character->byte);
}

/* Sets the UART to the baud rate nearest to @rate that its divider allows. The register UART_CLKDIV has the integer
 * part of the divider in its low bits. On chips with a fractional divider, bits 20 to 23 are the sixteenths. */
static void set_rate(struct sim_rom_loader *l, int64_t now_ns, double rate)
{
	unsigned int parts = l->chip->divider_parts, divider;
	double clock = 1e6 * l->chip->clock_by_crystal * sim_loader_crystal_mhz(l) * parts;

	divider = (unsigned int)(clock / rate + 0.5);
	if (!divider)
		divider = 1;
	l->divider = divider / parts | divider % parts << 20;
	l->rate = clock / divider;
	sim_uart_init(&l->uart, &(struct sim_receiver){ l->rate, 0.5, heard, l }, now_ns);
}

static unsigned int edges_in(uint8_t byte)
{
	/* bit 0 is sent first: the start bit (0), then the data bits from the lowest, then the stop bit (1) */
	unsigned int bits = (unsigned int)byte << 1 | 1u << 9, edges = 1, i;

	for (i = 0; i < 9; i++)
		edges += (bits >> i & 1) != (bits >> (i + 1) & 1);
	return edges;
}

static void on_frame(void *user, struct sim_board *board, const struct sim_frame *frame)
{
	struct sim_rom_loader *l = user;

	(void)board;
	l->now_ns = later(l->now_ns, frame->cut_ns);
	if (l->on_usb) {
		hear(l, frame->byte);
		return;
	}
	switch (l->mode) {
	case SIM_LOADER_OFF: break;
	case SIM_LOADER_LISTENING:
		l->edges += edges_in(frame->byte);
		if (l->edges < EDGES_WANTED || !(frame->bit_ns > 0))
			break;
		l->mode = SIM_LOADER_ROM;
		set_rate(l, frame->cut_ns, 1e9 / frame->bit_ns);
		break;
	default: sim_uart_frame(&l->uart, frame);
	}
}

static void on_runs(void *user, struct sim_board *board, int64_t now_ns, enum sim_runs runs)
{
	struct sim_rom_loader *l = user;
	bool on = l->chip->has_loader && runs == SIM_RUNS_WAITING && sim_board_truth(board)->latch_download;

	l->now_ns = later(l->now_ns, now_ns);
	l->mode = !on ? SIM_LOADER_OFF : l->on_usb ? SIM_LOADER_ROM : SIM_LOADER_LISTENING;
	l->edges = 0;
	l->in_packet = false;
	l->packet_len = 0;
	l->escaped = false;
	l->too_long = false;
	l->out_from = 0;
	l->out_to = 0;
	l->out_at = now_ns;
	l->then = SIM_THEN_NOTHING;
	l->then_rate = 0;
	l->mem.on = false;
	l->write.on = false;
	l->read.on = false;
	l->uploaded_to = 0;
	l->watchdog_is_open = false;
	l->watchdog_ns = SIM_NEVER;
}

/* ---- running ---- */

static void do_then(struct sim_rom_loader *l)
{
	enum sim_loader_then what = l->then;

	l->then = SIM_THEN_NOTHING;
	if (l->then_rate > 0 && !l->on_usb)
		set_rate(l, l->now_ns, l->then_rate);
	l->then_rate = 0;
	if (what == SIM_THEN_RUN)
		sim_board_run_image(l->board, l->now_ns, l->rate);
	else if (what == SIM_THEN_RESTART)
		sim_board_restart(l->board, l->now_ns);
	else if (what == SIM_THEN_HANG)
		l->mode = SIM_LOADER_OFF;
}

static void send_out(struct sim_rom_loader *l)
{
	uint32_t len;

	while (l->out_from < l->out_to && l->now_ns >= l->out_at) {
		len = l->out_to - l->out_from;
		if (len > SAY_AT_ONCE)
			len = SAY_AT_ONCE;
		if (sim_board_say(l->board, l->now_ns, l->out + l->out_from, len, l->rate) < 0) {
			l->out_at = l->now_ns + 10 * SIM_MS;
			return;
		}
		l->out_from += len;
		l->then_at = later(l->then_at == SIM_NEVER ? 0 : l->then_at, l->now_ns) +
			     (int64_t)(len * 10 * 1e9 / l->rate) + SIM_MS;
	}
	if (l->out_from == l->out_to) {
		l->out_from = 0;
		l->out_to = 0;
	}
}

static bool something_then(const struct sim_rom_loader *l)
{
	return !l->out_to && (l->then != SIM_THEN_NOTHING || l->then_rate > 0);
}

/* Simulates the watchdog's reset of the whole chip by switching the board's power off and on. The banner then names the
 * wrong reset cause. No host sees it, because the chip's native USB does not carry the banner. */
static void watchdog_reset(struct sim_rom_loader *l)
{
	l->watchdog_resets++;
	sim_board_power(l->board, l->now_ns, false);
	sim_board_power(l->board, l->now_ns, true);
}

void sim_rom_loader_run(struct sim_rom_loader *l, int64_t now_ns)
{
	l->now_ns = later(l->now_ns, now_ns);
	if (l->now_ns >= l->watchdog_ns)
		watchdog_reset(l);
	if (l->mode != SIM_LOADER_ROM && l->mode != SIM_LOADER_STUB)
		return;
	read_on(l);
	send_out(l);
	if (something_then(l) && l->then_at == SIM_NEVER)
		l->then_at = l->now_ns;
	if (something_then(l) && l->now_ns >= l->then_at)
		do_then(l);
}

int64_t sim_rom_loader_next(const struct sim_rom_loader *l)
{
	int64_t next = SIM_NEVER;

	if (l->mode != SIM_LOADER_ROM && l->mode != SIM_LOADER_STUB)
		return SIM_NEVER;
	if (l->out_to)
		next = later(l->out_at, l->now_ns);
	else if (something_then(l))
		next = l->then_at == SIM_NEVER ? l->now_ns : l->then_at;
	if (l->read.on && !l->out_to)
		next = l->now_ns + SIM_MS;
	return next < l->watchdog_ns ? next : l->watchdog_ns;
}

void sim_rom_loader_init(struct sim_rom_loader *l, struct sim_board *board, uint8_t *flash, uint32_t flash_size,
			 uint8_t *packed, uint32_t packed_cap, const uint8_t mac[6])
{
	const struct sim_truth *truth = sim_board_truth(board);
	struct sim_listener listener = { on_frame, on_runs, l };

	memset(l, 0, sizeof(*l));
	l->board = board;
	l->chip = sim_loader_chip(board->config.chip);
	l->flash = flash;
	l->flash_size = flash_size;
	l->packed = packed;
	l->packed_cap = packed_cap;
	memcpy(l->mac, mac, sizeof(l->mac));
	on_runs(l, board, board->now_ns, truth->runs);
	sim_board_listener(board, &listener);
}

void sim_rom_loader_use_usb(struct sim_rom_loader *l)
{
	l->on_usb = true;
	l->rate = USB_RATE;
	on_runs(l, l->board, l->now_ns, sim_board_truth(l->board)->runs);
}
