/* test_loader.c - the simulated ROM loader and stub: a host talks to them over the simulated wire. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/inflate.h"
#include "sim/loader.h"
#include "sim/digest.h"

#define FLASH (1u << 20)
#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))

/* A host with a board in download mode. */
static struct {
	struct sim_config config;
	struct sim_board board;
	struct sim_rom_loader loader;
	uint8_t flash[FLASH], packed[FLASH];
	int64_t now;
	double baud, bit_ns;		/* the host's; of the last character that came */
	uint8_t in[65536];
	size_t in_len;
} h;

static const uint8_t mac[6] = { 0x5c, 0xcf, 0x7f, 0x01, 0x02, 0x03 };

static void got(void *user, const struct sim_frame *frame)
{
	(void)user;
	h.bit_ns = frame->bit_ns;
	ck_assert_uint_lt(h.in_len, sizeof(h.in));
	h.in[h.in_len++] = frame->byte;
}

static void set_up(void)
{
	memset(&h, 0, sizeof(h));
	sim_config_init(&h.config);
	h.config.start = SIM_START_DOWNLOAD;
	h.baud = 115200;
	sim_board_init(&h.board, &h.config, 0, 1);
	sim_board_on_frame(&h.board, got, NULL);
	memset(h.flash, 0xff, sizeof(h.flash));
	sim_rom_loader_init(&h.loader, &h.board, h.flash, FLASH, h.packed, sizeof(h.packed), mac);
}

static void pass(int64_t ns)
{
	int64_t end = h.now + ns, next;

	while (h.now < end) {
		next = sim_board_next(&h.board);
		if (sim_rom_loader_next(&h.loader) < next)
			next = sim_rom_loader_next(&h.loader);
		h.now = next > end ? end : next > h.now ? next : h.now;
		sim_board_run(&h.board, h.now);
		sim_rom_loader_run(&h.loader, h.now);
	}
}

static void send_raw(uint8_t byte)
{
	struct sim_frame f = { .start_ns = h.now, .bit_ns = 1e9 / h.baud, .byte = byte };

	f.cut_ns = sim_frame_end(&f);
	h.now = f.cut_ns;
	sim_board_rx(&h.board, &f);
	sim_rom_loader_run(&h.loader, h.now);
}

static void send_slip(const uint8_t *data, size_t len)
{
	size_t i;

	send_raw(0xc0);
	for (i = 0; i < len; i++) {
		if (data[i] == 0xc0 || data[i] == 0xdb) {
			send_raw(0xdb);
			send_raw(data[i] == 0xc0 ? 0xdc : 0xdd);
		} else {
			send_raw(data[i]);
		}
	}
	send_raw(0xc0);
}

static void put32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
	p[2] = (uint8_t)(v >> 16);
	p[3] = (uint8_t)(v >> 24);
}

static uint32_t get32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void send_command(uint8_t op, const void *data, size_t len, uint32_t check)
{
	static uint8_t packet[0x4200];

	packet[0] = 0;
	packet[1] = op;
	packet[2] = (uint8_t)len;
	packet[3] = (uint8_t)(len >> 8);
	put32(packet + 4, check);
	memcpy(packet + 8, data, len);
	send_slip(packet, len + 8);
}

/* The next packet of what came, unescaped; it is taken out. Return: its length, 0: none. */
static size_t take(uint8_t *packet, size_t cap)
{
	size_t i, n = 0, start;

	for (start = 0; start < h.in_len && h.in[start] != 0xc0; start++)
		;
	while (start + 1 < h.in_len && h.in[start + 1] == 0xc0)
		start++;
	for (i = start + 1; i < h.in_len && h.in[i] != 0xc0; i++) {
		ck_assert_uint_lt(n, cap);
		packet[n++] = h.in[i] == 0xdb ? (h.in[i + 1] == 0xdc ? 0xc0 : 0xdb) : h.in[i];
		i += h.in[i] == 0xdb;
	}
	if (i >= h.in_len)
		return 0;
	memmove(h.in, h.in + i + 1, h.in_len - i - 1);
	h.in_len -= i + 1;
	return n;
}

/* Arguments, then the command; the answer's status, its value in *value. */
static int command(uint8_t op, const uint32_t *args, size_t n, uint32_t *value)
{
	uint8_t data[64], answer[64];
	size_t i, len;

	for (i = 0; i < n; i++)
		put32(data + 4 * i, args[i]);
	h.in_len = 0;
	send_command(op, data, 4 * n, 0);
	/* erasing takes its time */
	for (i = 0; i < 10 && !h.in_len; i++)
		pass(SIM_S);
	len = take(answer, sizeof(answer));
	ck_assert_msg(len >= 10, "no answer to %02x", op);
	ck_assert_uint_eq(answer[0], 1);
	ck_assert_uint_eq(answer[1], op);
	ck_assert_uint_eq(answer[2], len - 8);
	if (value)
		*value = get32(answer + 4);
	ck_assert_uint_eq(answer[len - 2], answer[len - 1] != 0);
	return answer[len - 1];
}

#define COMMAND(op, value, ...) \
	command(op, (const uint32_t[]){ __VA_ARGS__ }, sizeof((const uint32_t[]){ __VA_ARGS__ }) / 4, value)

static int block(uint8_t op, uint32_t number, const uint8_t *data, uint32_t len, uint8_t spoil)
{
	static uint8_t packet[0x4200];
	uint8_t answer[64], sum = (uint8_t)(0xef ^ spoil);
	uint32_t i;
	size_t n;

	memset(packet, 0, 16);
	put32(packet, len);
	put32(packet + 4, number);
	memcpy(packet + 16, data, len);
	for (i = 0; i < len; i++)
		sum ^= data[i];
	h.in_len = 0;
	send_command(op, packet, len + 16, sum);
	pass(SIM_S);
	n = take(answer, sizeof(answer));
	ck_assert_uint_eq(n, 10);
	return answer[9];
}

static int sync_once(void)
{
	uint8_t data[36] = { 7, 7, 0x12, 0x20 }, answer[64];
	int answers = 0;

	memset(data + 4, 0x55, 32);
	h.in_len = 0;
	send_command(0x08, data, sizeof(data), 0);
	pass(200 * SIM_MS);
	while (take(answer, sizeof(answer)))
		answers++;
	return answers;
}

static void connect(void)
{
	sync_once();
	ck_assert_int_eq(sync_once(), 8);
}

static void start_stub(void)
{
	static const uint8_t code[64] = { 1, 2, 3 };
	uint8_t answer[16];

	connect();
	ck_assert_int_eq(COMMAND(0x05, NULL, sizeof(code), 1, 0x1800, 0x4010c500), 0);
	ck_assert_int_eq(block(0x07, 0, code, sizeof(code), 0), 0);
	ck_assert_int_eq(COMMAND(0x06, NULL, 0, 0x4010c504), 0);
	ck_assert_uint_eq(take(answer, sizeof(answer)), 4);
	ck_assert_mem_eq(answer, "OHAI", 4);
}

static const int rates[] = { 9600, 57600, 74880, 115200, 115385, 230400, 460800 };

START_TEST(the_first_sync_measures_the_speed_and_the_second_is_answered_at_it)
{
	set_up();
	h.baud = rates[_i];
	send_raw(0xc0);
	ck_assert_int_eq(h.loader.mode, SIM_LOADER_LISTENING);
	ck_assert_int_eq(sync_once(), 0);
	ck_assert_int_eq(sync_once(), 8);
	/* as near as a divider of 52 MHz comes */
	ck_assert_double_eq_tol(1e9 / h.bit_ns, rates[_i], rates[_i] * 0.005);
}
END_TEST

START_TEST(a_host_at_another_speed_than_measured_is_not_understood)
{
	set_up();
	connect();
	h.baud = 57600;
	ck_assert_int_eq(sync_once(), 0);
}
END_TEST

START_TEST(registers_tell_chip_mac_strapping_and_crystal)
{
	static const int crystals[] = { 26, 40 };
	uint32_t value;

	set_up();
	h.board.config.crystal_mhz = crystals[_i];
	connect();
	ck_assert_int_eq(COMMAND(0x0a, &value, 0x40001000), 0);
	ck_assert_uint_eq(value, 0xfff0c101);
	ck_assert_int_eq(COMMAND(0x0a, &value, 0x3ff0005c), 0);
	ck_assert_uint_eq(value, 0x5ccf7f);
	ck_assert_int_eq(COMMAND(0x0a, &value, 0x3ff00054), 0);
	ck_assert_uint_eq(value, 0x0102);
	ck_assert_int_eq(COMMAND(0x0a, &value, 0x3ff00050), 0);
	ck_assert_uint_eq(value, 0x03000000);
	ck_assert_int_eq(COMMAND(0x0a, &value, 0x60000318), 0);
	ck_assert_uint_eq(value >> 16, 1);
	ck_assert_int_eq(COMMAND(0x0a, &value, 0x60000014), 0);
	ck_assert_double_eq_tol(value * h.baud / 2e6, crystals[_i], 0.3);
}
END_TEST

START_TEST(the_flash_chip_identifies_itself_through_the_controller)
{
	uint32_t value;

	set_up();
	connect();
	ck_assert_int_eq(COMMAND(0x09, NULL, 0x60000220, 23 << 8, 0xffffffff, 0), 0);
	ck_assert_int_eq(COMMAND(0x09, NULL, 0x60000224, 0x7000009f, 0xffffffff, 0), 0);
	ck_assert_int_eq(COMMAND(0x09, NULL, 0x60000200, 1 << 18, 0xffffffff, 0), 0);
	ck_assert_int_eq(COMMAND(0x0a, &value, 0x60000200), 0);
	ck_assert_uint_eq(value, 0);
	ck_assert_int_eq(COMMAND(0x0a, &value, 0x60000240), 0);
	ck_assert_uint_eq(value, 0x1640ef);
}
END_TEST

START_TEST(memory_is_written_and_read_and_masked)
{
	uint32_t value;

	set_up();
	connect();
	ck_assert_int_eq(COMMAND(0x09, NULL, 0x3ffe8000, 0x12345678, 0xffffffff, 0), 0);
	ck_assert_int_eq(COMMAND(0x09, NULL, 0x3ffe8000, 0xffffffff, 0xff, 0), 0);
	ck_assert_int_eq(COMMAND(0x0a, &value, 0x3ffe8000), 0);
	ck_assert_uint_eq(value, 0x123456ff);
	ck_assert_int_eq(COMMAND(0x05, NULL, 4, 1, 0x1800, 0x50000000), 0);
	ck_assert_int_eq(block(0x07, 0, (const uint8_t *)"abcd", 4, 0), 0x06);
}
END_TEST

START_TEST(what_only_a_stub_knows_is_refused_by_the_rom)
{
	static const uint8_t ops[] = { 0x0f, 0x10, 0x13, 0x14, 0xd0, 0xd2, 0xd3 };

	set_up();
	connect();
	ck_assert_int_eq(command(ops[_i], NULL, 0, NULL), 0x05);
}
END_TEST

/* One segment of 16 zeros, and what eboot looks for at 0x1000. */
static void make_image(uint8_t *image, size_t len)
{
	memset(image, 0, len);
	image[0] = 0xe9;
	image[1] = 1;
	image[12] = 16;
	image[47] = 0xef;
	image[0x1000] = 0xe9;
}

START_TEST(the_rom_writes_flash_and_runs_what_is_there_with_the_old_latch)
{
	static uint8_t image[0x2000];
	uint32_t i;

	set_up();
	connect();
	make_image(image, sizeof(image));
	ck_assert_int_eq(sim_rom_loader_image(&h.loader), SIM_IMAGE_NONE);
	ck_assert_int_eq(COMMAND(0x02, NULL, sizeof(image), 8, 0x400, 0), 0);
	for (i = 0; i < 8; i++)
		ck_assert_int_eq(block(0x03, i, image + 0x400 * i, 0x400, 0), 0);
	ck_assert_mem_eq(h.flash, image, sizeof(image));
	ck_assert_uint_eq(h.loader.writes, 1);
	ck_assert_int_eq(sim_rom_loader_image(&h.loader), SIM_IMAGE_GOOD);
	ck_assert_int_eq(COMMAND(0x04, NULL, 1), 0);
	pass(2 * SIM_S);
	ck_assert_int_eq(sim_board_truth(&h.board)->runs, SIM_RUNS_APP);
	ck_assert(sim_board_truth(&h.board)->latch_download);
	ck_assert_uint_eq(sim_board_truth(&h.board)->hardware_resets, 0);
	ck_assert_int_eq(h.loader.mode, SIM_LOADER_OFF);
}
END_TEST

START_TEST(a_block_that_is_damaged_or_out_of_place_changes_nothing)
{
	static const uint8_t data[0x400] = { 1, 2, 3 };
	static uint8_t empty[0x1000];

	set_up();
	connect();
	memset(empty, 0xff, sizeof(empty));
	ck_assert_int_eq(block(0x03, 0, data, 4, 0), 0x06);	/* nothing was begun */
	ck_assert_int_eq(COMMAND(0x02, NULL, 0x400, 1, 0x400, 0), 0);
	ck_assert_int_eq(block(0x03, 0, data, 0x400, 0x80), 0x07);
	ck_assert_int_eq(block(0x03, 1, data, 0x400, 0), 0x05);
	ck_assert_mem_eq(h.flash, empty, sizeof(empty));
	ck_assert_int_ne(COMMAND(0x02, NULL, 0x400, 1, 0x400, FLASH - 0x100), 0);
}
END_TEST

START_TEST(an_image_is_judged_as_the_boot_would)
{
	static const struct {
		uint32_t at;
		uint8_t value;
		enum sim_image expected;
	} rows[] = {
		{ 5, 0, SIM_IMAGE_GOOD },
		{ 0, 0xe8, SIM_IMAGE_NONE },
		{ 1, 0, SIM_IMAGE_NONE },
		{ 1, 17, SIM_IMAGE_NONE },
		{ 15, 0xff, SIM_IMAGE_NONE },		/* a segment longer than flash */
		{ 16, 1, SIM_IMAGE_CSUM },
		{ 47, 0, SIM_IMAGE_CSUM },
		{ 0x1000, 0xff, SIM_IMAGE_SECOND },
	};
	size_t i;

	set_up();
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		sim_rom_loader_put_image(&h.loader);
		ck_assert_int_eq(sim_rom_loader_image(&h.loader), SIM_IMAGE_GOOD);
		h.flash[rows[i].at] = rows[i].value;
		ck_assert_msg(sim_rom_loader_image(&h.loader) == rows[i].expected, "row %zu", i);
	}
}
END_TEST

START_TEST(code_that_was_not_uploaded_is_not_a_stub)
{
	set_up();
	connect();
	ck_assert_int_eq(COMMAND(0x06, NULL, 0, 0x4010c504), 0);
	ck_assert_int_eq(sync_once(), 0);
}
END_TEST

START_TEST(a_stub_says_so_and_answers_sync_with_0)
{
	uint8_t data[36] = { 7, 7, 0x12, 0x20 }, answer[64];

	set_up();
	start_stub();
	memset(data + 4, 0x55, 32);
	h.in_len = 0;
	send_command(0x08, data, sizeof(data), 0);
	pass(100 * SIM_MS);
	ck_assert_uint_eq(take(answer, sizeof(answer)), 10);
	ck_assert_uint_eq(get32(answer + 4), 0);
	ck_assert_int_eq(command(0x14, NULL, 0, NULL), 0xff);
}
END_TEST

START_TEST(a_stub_changes_speed_after_its_answer)
{
	set_up();
	start_stub();
	ck_assert_int_eq(COMMAND(0x0f, NULL, 460800, 115200), 0);
	ck_assert_double_eq_tol(1e9 / h.bit_ns, 115200, 600);
	h.baud = 460800;
	ck_assert_int_eq(sync_once(), 8);
	ck_assert_double_eq_tol(1e9 / h.bit_ns, 460800, 2400);
}
END_TEST

/* A zlib stream with one stored block. */
static uint32_t store(uint8_t *out, const uint8_t *data, uint32_t len)
{
	uint32_t a = 1, b = 0, i, sum;

	memcpy(out, "\x78\x01\x01", 3);
	out[3] = (uint8_t)len;
	out[4] = (uint8_t)(len >> 8);
	out[5] = (uint8_t)~out[3];
	out[6] = (uint8_t)~out[4];
	memcpy(out + 7, data, len);
	for (i = 0; i < len; i++) {
		a = (a + data[i]) % 65521;
		b = (b + a) % 65521;
	}
	sum = b << 16 | a;
	for (i = 0; i < 4; i++)
		out[7 + len + i] = (uint8_t)(sum >> (24 - 8 * i));
	return len + 11;
}

START_TEST(a_stub_takes_a_packed_upload_digests_it_and_reads_it_back)
{
	static uint8_t image[0x5000], packed[0x6000], packet[0x1100], digest[16];
	const uint32_t args[] = { 0, sizeof(image) };
	uint32_t len, i;
	size_t n;

	set_up();
	start_stub();
	for (i = 0; i < sizeof(image); i++)
		image[i] = (uint8_t)(i * 7 + (i >> 8));
	len = store(packed, image, sizeof(image));
	ck_assert_int_eq(COMMAND(0x10, NULL, sizeof(image), 2, 0x4000, 0, 0), 0);
	ck_assert_int_eq(block(0x11, 0, packed, 0x4000, 0), 0);
	ck_assert_int_eq(block(0x11, 1, packed + 0x4000, len - 0x4000, 0), 0);
	ck_assert_mem_eq(h.flash, image, sizeof(image));

	h.in_len = 0;
	put32(packet, args[0]);
	put32(packet + 4, args[1]);
	memset(packet + 8, 0, 8);
	send_command(0x13, packet, 16, 0);
	pass(SIM_S);
	ck_assert_uint_eq(take(packet, sizeof(packet)), 8 + 16 + 2);
	sim_md5(digest, image, sizeof(image));
	ck_assert_mem_eq(packet + 8, digest, 16);

	ck_assert_int_eq(COMMAND(0xd2, NULL, 0, sizeof(image), 0x1000, 1), 0);
	for (i = 0; i < sizeof(image); i += 0x1000) {
		n = take(packet, sizeof(packet));
		ck_assert_uint_eq(n, 0x1000);
		ck_assert_mem_eq(packet, image + i, 0x1000);
		ck_assert_uint_eq(take(packet, sizeof(packet)), 0);	/* waits for the acknowledgement */
		put32(packet, i + 0x1000);
		send_slip(packet, 4);
		pass(SIM_S);
	}
	ck_assert_uint_eq(take(packet, sizeof(packet)), 16);
	ck_assert_mem_eq(packet, digest, 16);
}
END_TEST

START_TEST(a_packed_upload_that_is_too_short_or_no_stream_is_refused)
{
	static uint8_t image[0x100], packed[0x200];
	uint32_t len;

	set_up();
	start_stub();
	len = store(packed, image, sizeof(image));
	ck_assert_int_eq(COMMAND(0x10, NULL, sizeof(image) + 1, 1, 0x4000, 0, 0), 0);
	ck_assert_int_eq(block(0x11, 0, packed, len, 0), 0xc8);
	packed[len - 1] ^= 1;
	ck_assert_int_eq(COMMAND(0x10, NULL, sizeof(image), 1, 0x4000, 0, 0), 0);
	ck_assert_int_eq(block(0x11, 0, packed, len, 0), 0xc7);
	ck_assert_uint_eq(h.loader.writes, 0);
}
END_TEST

START_TEST(erasing_leaves_no_image)
{
	set_up();
	sim_rom_loader_put_image(&h.loader);
	start_stub();
	if (_i)
		ck_assert_int_eq(COMMAND(0xd1, NULL, 0, 0x1000), 0);
	else
		ck_assert_int_eq(command(0xd0, NULL, 0, NULL), 0);
	ck_assert_int_eq(sim_rom_loader_image(&h.loader), SIM_IMAGE_NONE);
	ck_assert_int_eq(h.board.config.image, SIM_IMAGE_NONE);
}
END_TEST

START_TEST(a_stub_runs_user_code_with_the_old_latch)
{
	set_up();
	sim_rom_loader_put_image(&h.loader);
	start_stub();
	send_command(0xd3, "", 0, 0);
	pass(2 * SIM_S);
	ck_assert_int_eq(sim_board_truth(&h.board)->runs, SIM_RUNS_APP);
	ck_assert(sim_board_truth(&h.board)->latch_download);
}
END_TEST

START_TEST(a_stub_reboots_into_the_rom_that_listens_again)
{
	set_up();
	start_stub();
	ck_assert_int_eq(COMMAND(0x02, NULL, 0, 0, 0x4000, 0, 0), 0);
	ck_assert_int_eq(COMMAND(0x04, NULL, 0), 0);
	pass(SIM_S);
	ck_assert_int_eq(h.loader.mode, SIM_LOADER_LISTENING);
	connect();
}
END_TEST

START_TEST(a_reset_by_the_lines_forgets_the_stub)
{
	set_up();
	start_stub();
	sim_board_lines(&h.board, h.now, false, true);
	pass(100 * SIM_MS);
	sim_board_lines(&h.board, h.now, true, false);
	pass(50 * SIM_MS);
	sim_board_lines(&h.board, h.now, false, false);
	pass(SIM_S);
	ck_assert_int_eq(h.loader.mode, SIM_LOADER_LISTENING);
	h.in_len = 0;
	sync_once();
	ck_assert_int_eq(command(0xd0, NULL, 0, NULL), 0x05);
	/* and its code */
	ck_assert_int_eq(COMMAND(0x06, NULL, 0, 0x4010c504), 0);
	ck_assert_int_eq(sync_once(), 0);
}
END_TEST

START_TEST(packets_that_are_none_are_counted_and_passed_over)
{
	static const uint8_t longer[] = { 0, 0x0a, 9, 0, 0, 0, 0, 0, 1, 2, 3, 4 };
	static uint8_t endless[0x4200];
	uint32_t value;

	set_up();
	connect();
	send_slip((const uint8_t *)"abc", 3);
	send_slip(longer, sizeof(longer));
	send_slip(endless, sizeof(endless));
	ck_assert_uint_eq(h.loader.bad_packets, 3);
	ck_assert_int_eq(COMMAND(0x0a, &value, 0x40001000), 0);
}
END_TEST

/* ---- unpacking and digest ---- */

static const uint8_t fixed_stream[] = { 0x78, 0xda, 0x4b, 0x4c, 0x84, 0x81, 0x24, 0x00, 0x19, 0x0e, 0x04, 0x2d };

/* "line %d of a text that repeats itself, %x\n" for i and 7919 * i * i, i = 0..11; a block with its own codes */
static const uint8_t dynamic_stream[] = {
	0x78, 0xda, 0x8d, 0xd1, 0x31, 0x0e, 0x83, 0x30, 0x0c, 0x85, 0xe1, 0x9d, 0x53, 0xf8, 0x00, 0x1d, 0x62, 0xc0,
	0x09, 0x3e, 0x4e, 0x12, 0x39, 0x02, 0x29, 0x6a, 0xab, 0xe2, 0x81, 0xe3, 0xa3, 0x2a, 0xde, 0xcd, 0xfe, 0xe9,
	0xe9, 0x97, 0xdd, 0x8f, 0xb7, 0x40, 0x80, 0x4f, 0x83, 0x0c, 0x2a, 0x97, 0x82, 0xee, 0x59, 0xe1, 0x27, 0x5f,
	0xc9, 0x7a, 0xc2, 0xa1, 0xa7, 0xf4, 0xf6, 0x82, 0x30, 0xf5, 0xbf, 0x43, 0xcf, 0xa1, 0x48, 0x1b, 0x74, 0xf6,
	0x68, 0x2a, 0xa5, 0x0e, 0xba, 0xb8, 0xab, 0x18, 0x63, 0x1a, 0x76, 0x7d, 0x52, 0x60, 0xb5, 0xe4, 0xd9, 0x25,
	0x10, 0xd9, 0x6e, 0xf4, 0xec, 0x4a, 0xcc, 0xd6, 0x9b, 0x3c, 0x4b, 0x52, 0x8a, 0x9d, 0x61, 0x7b, 0x72, 0x06,
	0xeb, 0x65, 0xcf, 0x72, 0x65, 0xb6, 0x5d, 0x74, 0x5f, 0x56, 0x91, 0xc8, 0x82, 0xd1, 0xfd, 0x9b, 0xb0, 0xb4,
	0x34, 0xdd, 0xa6, 0x41, 0xae, 0x9b,
};

START_TEST(both_kinds_of_codes_are_unpacked)
{
	char expected[1024] = "";
	uint8_t out[1024];
	size_t len = 0;
	int i;

	ck_assert_int_eq(sim_inflate(out, sizeof(out), fixed_stream, sizeof(fixed_stream)), 11);
	ck_assert_mem_eq(out, "aaaaaaaaaab", 11);
	for (i = 0; i < 12; i++)
		len += (size_t)snprintf(expected + len, sizeof(expected) - len,
					"line %d of a text that repeats itself, %x\n", i, (unsigned int)(i * i * 7919));
	ck_assert_int_eq(sim_inflate(out, sizeof(out), dynamic_stream, sizeof(dynamic_stream)), (long)len);
	ck_assert_mem_eq(out, expected, len);
}
END_TEST

START_TEST(a_stream_cut_anywhere_is_cut_short)
{
	uint8_t out[1024];

	ck_assert_int_eq(sim_inflate(out, sizeof(out), dynamic_stream, (size_t)_i), -EMSGSIZE);
}
END_TEST

START_TEST(a_stream_with_any_bit_wrong_is_refused_and_stays_in_its_room)
{
	uint8_t bad[sizeof(dynamic_stream)], *out = malloc(600);
	size_t bit;

	ck_assert_ptr_nonnull(out);
	for (bit = 0; bit < 8 * sizeof(bad); bit++) {
		memcpy(bad, dynamic_stream, sizeof(bad));
		bad[bit / 8] ^= (uint8_t)(1u << bit % 8);
		/* the level hint in the header is checked by the header's sum, too */
		ck_assert_msg(sim_inflate(out, 600, bad, sizeof(bad)) < 0, "bit %zu", bit);
	}
	ck_assert_int_eq(sim_inflate(out, 523, dynamic_stream, sizeof(dynamic_stream)), -ENOSPC);
	free(out);
}
END_TEST

START_TEST(a_distance_before_the_start_and_a_length_without_its_check_are_refused)
{
	/* three characters from one back, when there is none; a sum that would be right all the same */
	static const uint8_t far[] = { 0x78, 0x01, 0x03, 0x02, 0x00, 0x02, 0xd3, 0x01, 0x69 };
	static const uint8_t stored[] = { 0x78, 0x01, 0x01, 3, 0, 0xfc, 0xfe, 'a', 'b', 'c', 0x02, 0x4d, 0x01, 0x27 };
	uint8_t room[8] = "x";

	ck_assert_int_eq(sim_inflate(room + 1, 7, far, sizeof(far)), -EINVAL);
	ck_assert_int_eq(sim_inflate(room, sizeof(room), stored, sizeof(stored)), -EINVAL);
}
END_TEST

START_TEST(digests_are_those_of_rfc_1321)
{
	static const struct {
		const char *text;
		uint8_t digest[16];
	} rows[] = {
		{ "", { 0xd4, 0x1d, 0x8c, 0xd9, 0x8f, 0x00, 0xb2, 0x04, 0xe9, 0x80, 0x09, 0x98, 0xec, 0xf8, 0x42, 0x7e } },
		{ "abc", { 0x90, 0x01, 0x50, 0x98, 0x3c, 0xd2, 0x4f, 0xb0, 0xd6, 0x96, 0x3f, 0x7d, 0x28, 0xe1, 0x7f, 0x72 } },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		  { 0xcc, 0x7e, 0xd6, 0x69, 0xcf, 0x88, 0xf2, 0x01, 0xc3, 0x29, 0x7c, 0x6a, 0x91, 0xe1, 0xd1, 0x8d } },
		{ "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
		  { 0x57, 0xed, 0xf4, 0xa2, 0x2b, 0xe3, 0xc9, 0x55, 0xac, 0x49, 0xda, 0x2e, 0x21, 0x07, 0xb6, 0x7a } },
	};
	uint8_t digest[16];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		sim_md5(digest, rows[i].text, strlen(rows[i].text));
		ck_assert_mem_eq(digest, rows[i].digest, 16);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("loader");
	TCase *tcase = tcase_create("loader");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(tcase, the_first_sync_measures_the_speed_and_the_second_is_answered_at_it, 0, COUNT(rates));
	tcase_add_test(tcase, a_host_at_another_speed_than_measured_is_not_understood);
	tcase_add_loop_test(tcase, registers_tell_chip_mac_strapping_and_crystal, 0, 2);
	tcase_add_test(tcase, the_flash_chip_identifies_itself_through_the_controller);
	tcase_add_test(tcase, memory_is_written_and_read_and_masked);
	tcase_add_loop_test(tcase, what_only_a_stub_knows_is_refused_by_the_rom, 0, 7);
	tcase_add_test(tcase, the_rom_writes_flash_and_runs_what_is_there_with_the_old_latch);
	tcase_add_test(tcase, a_block_that_is_damaged_or_out_of_place_changes_nothing);
	tcase_add_test(tcase, an_image_is_judged_as_the_boot_would);
	tcase_add_test(tcase, code_that_was_not_uploaded_is_not_a_stub);
	tcase_add_test(tcase, a_stub_says_so_and_answers_sync_with_0);
	tcase_add_test(tcase, a_stub_changes_speed_after_its_answer);
	tcase_add_test(tcase, a_stub_takes_a_packed_upload_digests_it_and_reads_it_back);
	tcase_add_test(tcase, a_packed_upload_that_is_too_short_or_no_stream_is_refused);
	tcase_add_loop_test(tcase, erasing_leaves_no_image, 0, 2);
	tcase_add_test(tcase, a_stub_runs_user_code_with_the_old_latch);
	tcase_add_test(tcase, a_stub_reboots_into_the_rom_that_listens_again);
	tcase_add_test(tcase, a_reset_by_the_lines_forgets_the_stub);
	tcase_add_test(tcase, packets_that_are_none_are_counted_and_passed_over);
	tcase_add_test(tcase, both_kinds_of_codes_are_unpacked);
	tcase_add_loop_test(tcase, a_stream_cut_anywhere_is_cut_short, 0, COUNT(dynamic_stream));
	tcase_add_test(tcase, a_stream_with_any_bit_wrong_is_refused_and_stays_in_its_room);
	tcase_add_test(tcase, a_distance_before_the_start_and_a_length_without_its_check_are_refused);
	tcase_add_test(tcase, digests_are_those_of_rfc_1321);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
