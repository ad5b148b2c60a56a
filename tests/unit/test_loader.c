/* test_loader.c - the simulated ROM loader and flasher stub, which a host talks to over a simulated serial line. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <md5.h>
#include <zlib.h>

#include "loader.h"
#include "suite.h"

#define FLASH (1u << 20)
/* A simulated host, and a simulated board in download mode. */
static struct {
	struct sim_config config;
	struct sim_board board;
	struct sim_rom_loader loader;
	uint8_t flash[FLASH], packed[FLASH];
	int64_t now;
	/* the host's baud rate; length of a bit in ns, measured on the last character that the host received */
	double baud, bit_ns;
	size_t status_len; /* number of status bytes that the host expects at the end of an answer */
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

static void set_up_chip(enum sim_chip chip)
{
	memset(&h, 0, sizeof(h));
	sim_config_init(&h.config);
	h.config.chip = chip;
	h.config.start = SIM_START_DOWNLOAD;
	h.baud = 115200;
	h.status_len = chip == SIM_ESP8266 ? 2 : 4;
	sim_board_init(&h.board, &h.config, 0, 1);
	sim_board_on_frame(&h.board, got, NULL);
	memset(h.flash, 0xff, sizeof(h.flash));
	sim_rom_loader_init(&h.loader, &h.board, h.flash, FLASH, h.packed, sizeof(h.packed), mac);
}

static void set_up(void)
{
	set_up_chip(SIM_ESP8266);
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

/* Takes the next packet out of the received bytes and undoes its SLIP escapes. Return: its length; 0: there is no
 * packet. */
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

/* Sends command @op with @n arguments. Stores the value of the answer in *value. Return: the status of the answer. */
static int command(uint8_t op, const uint32_t *args, size_t n, uint32_t *value)
{
	uint8_t data[64], answer[64];
	size_t i, len;

	for (i = 0; i < n; i++)
		put32(data + 4 * i, args[i]);
	h.in_len = 0;
	send_command(op, data, 4 * n, 0);
	/* The loader answers an erase command only when the flash is erased. This takes seconds, so wait up to 10 s. */
	for (i = 0; i < 10 && !h.in_len; i++)
		pass(SIM_S);
	len = take(answer, sizeof(answer));
	ck_assert_msg(len >= 8 + h.status_len, "no answer to %02x", op);
	ck_assert_uint_eq(answer[0], 1);
	ck_assert_uint_eq(answer[1], op);
	ck_assert_uint_eq(answer[2], len - 8);
	if (value)
		*value = get32(answer + 4);
	len -= h.status_len;
	ck_assert_uint_eq(answer[len], answer[len + 1] != 0);
	return answer[len + 1];
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
	ck_assert_uint_eq(n, 8 + h.status_len);
	return answer[9];
}

static int sync_once(void)
{
	/* clang-format off */
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

static void start_stub_at(uint32_t at)
{
	static const uint8_t code[64] = { 1, 2, 3 };
	uint8_t answer[16];

	connect();
	ck_assert_int_eq(COMMAND(0x05, NULL, sizeof(code), 1, 0x1800, at), 0);
	ck_assert_int_eq(block(0x07, 0, code, sizeof(code), 0), 0);
	ck_assert_int_eq(COMMAND(0x06, NULL, 0, at + 4), 0);
	ck_assert_uint_eq(take(answer, sizeof(answer)), 4);
	ck_assert_mem_eq(answer, "OHAI", 4);
	h.status_len = 2;
}

static void start_stub(void)
{
	start_stub_at(0x4010c500);
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
	/* The loader gets its baud rate by dividing 52 MHz by an integer, so it may miss the host's baud rate by one
	 * step of this divider. */
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

/* Makes an image with one segment of 16 zero bytes. At 0x1000 stands the magic byte that eboot looks for. */
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
	ck_assert_int_eq(block(0x03, 0, data, 4, 0), 0x06);	/* must fail, because no upload was begun */
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
		{ 15, 0xff, SIM_IMAGE_NONE },		/* the segment claims to be longer than the flash */
		{ 16, 1, SIM_IMAGE_CSUM },
		{ 47, 0, SIM_IMAGE_CSUM },
		{ 0x1000, 0xff, SIM_IMAGE_SECOND },
	};
	/* clang-format on */
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
	/* clang-format off */
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

START_TEST(a_stub_takes_a_packed_upload_digests_it_and_reads_it_back)
{
	static uint8_t image[0x5000], packed[0x6000], packet[0x1100], digest[MD5_DIGEST_LENGTH];
	const uint32_t args[] = { 0, sizeof(image) };
	uLongf packed_len = sizeof(packed);
	MD5_CTX md5;
	uint32_t i;
	size_t n;

	set_up();
	start_stub();
	for (i = 0; i < sizeof(image); i++)
		image[i] = (uint8_t)(i * 7 + (i >> 8));
	/* The packed data is not compressed, so that it is long enough to need two blocks. */
	ck_assert_int_eq(compress2(packed, &packed_len, image, sizeof(image), Z_NO_COMPRESSION), Z_OK);
	ck_assert_int_eq(COMMAND(0x10, NULL, sizeof(image), 2, 0x4000, 0, 0), 0);
	ck_assert_int_eq(block(0x11, 0, packed, 0x4000, 0), 0);
	ck_assert_int_eq(block(0x11, 1, packed + 0x4000, (uint32_t)packed_len - 0x4000, 0), 0);
	ck_assert_mem_eq(h.flash, image, sizeof(image));

	h.in_len = 0;
	put32(packet, args[0]);
	put32(packet + 4, args[1]);
	memset(packet + 8, 0, 8);
	send_command(0x13, packet, 16, 0);
	pass(SIM_S);
	ck_assert_uint_eq(take(packet, sizeof(packet)), 8 + 16 + 2);
	MD5Init(&md5);
	MD5Update(&md5, image, sizeof(image));
	MD5Final(digest, &md5);
	ck_assert_mem_eq(packet + 8, digest, 16);

	ck_assert_int_eq(COMMAND(0xd2, NULL, 0, sizeof(image), 0x1000, 1), 0);
	for (i = 0; i < sizeof(image); i += 0x1000) {
		n = take(packet, sizeof(packet));
		ck_assert_uint_eq(n, 0x1000);
		ck_assert_mem_eq(packet, image + i, 0x1000);
		/* the stub must not send more data before the host has acknowledged this block */
		ck_assert_uint_eq(take(packet, sizeof(packet)), 0);
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
	uLongf packed_len = sizeof(packed);
	uint32_t len;

	set_up();
	start_stub();
	ck_assert_int_eq(compress(packed, &packed_len, image, sizeof(image)), Z_OK);
	len = (uint32_t)packed_len;
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
	/* Before the reset this address was in the stub's code. The reset has erased the stub, so now the ROM answers
	 * the command, jumps to the address and hangs. */
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

/* ---- ESP32 and ESP32-C3 ---- */

static const struct {
	enum sim_chip chip;
	uint32_t code, data;		/* the addresses to which a stub's code and data may be uploaded */
	uint32_t spi, command, miso, w0;
	uint32_t boot_at;
} later[] = {
	{ SIM_ESP32, 0x400a8000, 0x3ffded6c, 0x3ff42000, 0x24, 0x2c, 0x80, 0x1000 },
	{ SIM_ESP32C3, 0x40380000, 0x3fc96d6c, 0x60002000, 0x20, 0x28, 0x58, 0 },
};

static const struct {
	enum sim_chip chip;
	uint32_t at, value;
} registers[] = {
	{ SIM_ESP32, 0x40001000, 0x00f01d83 },		/* the value by which flashing tools recognise an ESP32 */
	{ SIM_ESP32, 0x3ff5a004, 0x7f010203 },		/* eFuse that holds part of the MAC address */
	{ SIM_ESP32, 0x3ff5a008, 0x00005ccf },
	{ SIM_ESP32, 0x3ff5a00c, 0x00008200 },		/* eFuse that says: revision 3, package D0WD */
	{ SIM_ESP32, 0x3ff5a014, 0x00100000 },
	{ SIM_ESP32, 0x3ff6607c, 0x80000000 },
	{ SIM_ESP32, 0x3ff44038, 0x00000003 },		/* GPIO_STRAP, the boot straps */
	{ SIM_ESP32C3, 0x60008844, 0x7f010203 },
	{ SIM_ESP32C3, 0x60008848, 0x00005ccf },
	{ SIM_ESP32C3, 0x60008850, 0x00100000 },	/* eFuse that says: revision v0.4 */
	{ SIM_ESP32C3, 0x60004038, 0x00000005 },
};

START_TEST(registers_of_later_chips_tell_chip_revision_mac_and_strapping)
{
	uint32_t value;

	set_up_chip(registers[_i].chip);
	connect();
	ck_assert_int_eq(COMMAND(0x0a, &value, registers[_i].at), 0);
	ck_assert_uint_eq(value, registers[_i].value);
}
END_TEST

START_TEST(the_divider_of_later_chips_counts_a_40_mhz_crystal_in_sixteenths)
{
	static const uint32_t at[] = { 0x3ff40014, 0x60000014 };
	uint32_t value;

	set_up_chip(later[_i].chip);
	connect();
	ck_assert_int_eq(COMMAND(0x0a, &value, at[_i]), 0);
	ck_assert_uint_eq(value, 347 | 4u << 20);
}
END_TEST

START_TEST(security_information_names_the_chip_where_the_rom_knows_that)
{
	uint8_t answer[64];

	set_up_chip(SIM_ESP32);
	connect();
	ck_assert_int_eq(command(0x14, NULL, 0, NULL), 0x05);

	set_up_chip(SIM_ESP32C3);
	connect();
	h.in_len = 0;
	send_command(0x14, "", 0, 0);
	pass(SIM_S);
	ck_assert_uint_eq(take(answer, sizeof(answer)), 8 + 20 + 4);
	ck_assert_uint_eq(get32(answer + 8), 0);
	ck_assert_uint_eq(get32(answer + 8 + 12), 5);
}
END_TEST

START_TEST(the_flash_chip_identifies_itself_to_later_chips_too)
{
	uint32_t value, base = later[_i].spi;

	set_up_chip(later[_i].chip);
	connect();
	ck_assert_int_eq(COMMAND(0x09, NULL, base + later[_i].miso, 23, 0xffffffff, 0), 0);
	ck_assert_int_eq(COMMAND(0x09, NULL, base + later[_i].command, 0x7000009f, 0xffffffff, 0), 0);
	ck_assert_int_eq(COMMAND(0x09, NULL, base, 1 << 18, 0xffffffff, 0), 0);
	ck_assert_int_eq(COMMAND(0x0a, &value, base + later[_i].w0), 0);
	ck_assert_uint_eq(value, 0x1640ef);
	/* Reads byte 4 of the flash chip's SFDP table. An ESP32 wants the address in other bits of the SPI register
	 * than an ESP32-C3 does. */
	ck_assert_int_eq(COMMAND(0x09, NULL, base + 4, later[_i].chip == SIM_ESP32 ? 3 << 8 : 3, 0xffffffff, 0), 0);
	ck_assert_int_eq(COMMAND(0x09, NULL, base + later[_i].command, 0x7000005a, 0xffffffff, 0), 0);
	ck_assert_int_eq(COMMAND(0x09, NULL, base, 1 << 18, 0xffffffff, 0), 0);
	ck_assert_int_eq(COMMAND(0x0a, &value, base + later[_i].w0), 0);
	ck_assert_uint_eq(value & 0xff, 'P');
}
END_TEST

START_TEST(an_esp32_c3_shows_its_memory_on_both_buses)
{
	uint32_t value;

	set_up_chip(SIM_ESP32C3);
	connect();
	ck_assert_int_eq(COMMAND(0x09, NULL, 0x3fc80010, 0x12345678, 0xffffffff, 0), 0);
	ck_assert_int_eq(COMMAND(0x0a, &value, 0x40380010), 0);
	ck_assert_uint_eq(value, 0x12345678);
	ck_assert_int_eq(COMMAND(0x0a, &value, 0x4037c010), 0);
	ck_assert_uint_eq(value, 0);
}
END_TEST

START_TEST(a_stub_in_a_later_chip_answers_with_two_bytes_of_status)
{
	set_up_chip(later[_i].chip);
	start_stub_at(later[_i].code);
	ck_assert_int_eq(COMMAND(0x0d, NULL, 0), 0);
	ck_assert_int_eq(command(0xd0, NULL, 0, NULL), 0);
	ck_assert_int_eq(command(0x77, NULL, 0, NULL), 0xff);
}
END_TEST

START_TEST(what_is_uploaded_as_data_cannot_be_entered)
{
	static const uint8_t data[64] = { 1 };

	set_up_chip(later[_i].chip);
	connect();
	ck_assert_int_eq(COMMAND(0x05, NULL, sizeof(data), 1, 0x1800, later[_i].data), 0);
	ck_assert_int_eq(block(0x07, 0, data, sizeof(data), 0), 0);
	ck_assert_int_eq(COMMAND(0x06, NULL, 0, later[_i].data), 0);
	ck_assert_int_eq(sync_once(), 0);
}
END_TEST

/* Before an upload to this ROM, hosts round the image size up: here 0x1100 to 0x1400. When asked for the MD5 digest of
 * the flash, this ROM answers with hexadecimal text. */
START_TEST(the_rom_of_a_later_chip_takes_a_packed_upload)
{
	static uint8_t image[0x1100], packed[0x2000], answer[64];
	uint8_t sum[MD5_DIGEST_LENGTH], args[16] = { 0 };
	uLongf packed_len = sizeof(packed);
	char text[3];
	MD5_CTX md5;
	uint32_t i;

	set_up_chip(later[_i].chip);
	connect();
	memset(image, 0x5a, sizeof(image));
	ck_assert_int_eq(compress(packed, &packed_len, image, sizeof(image)), Z_OK);
	ck_assert_int_eq(COMMAND(0x0d, NULL, 0, 0), 0);
	ck_assert_int_eq(COMMAND(0x10, NULL, 0x1400, 1, 0x400, 0x2000, 0), 0);
	ck_assert_int_eq(block(0x11, 0, packed, (uint32_t)packed_len, 0), 0);
	ck_assert_mem_eq(h.flash + 0x2000, image, sizeof(image));
	ck_assert_uint_eq(h.loader.writes, 1);

	put32(args, 0x2000);
	put32(args + 4, sizeof(image));
	h.in_len = 0;
	send_command(0x13, args, sizeof(args), 0);
	pass(SIM_S);
	ck_assert_uint_eq(take(answer, sizeof(answer)), 8 + 32 + 4);
	MD5Init(&md5);
	MD5Update(&md5, image, sizeof(image));
	MD5Final(sum, &md5);
	for (i = 0; i < sizeof(sum); i++) {
		snprintf(text, sizeof(text), "%02x", sum[i]);
		ck_assert_mem_eq(answer + 8 + 2 * i, text, 2);
	}

	packed[packed_len - 1] ^= 1;
	ck_assert_int_eq(COMMAND(0x10, NULL, 0x1400, 1, 0x400, 0x2000, 0), 0);
	ck_assert_int_eq(block(0x11, 0, packed, (uint32_t)packed_len, 0), 0x0b);
}
END_TEST

START_TEST(over_usb_the_first_sync_is_answered_and_no_speed_changes)
{
	set_up_chip(SIM_ESP32C3);
	sim_rom_loader_use_usb(&h.loader);
	h.baud = 9600;
	ck_assert_int_eq(sync_once(), 8);
	ck_assert_int_eq(COMMAND(0x0f, NULL, 460800, 0), 0);
	ck_assert_int_eq(sync_once(), 8);
}
END_TEST

START_TEST(the_smallest_image_of_a_later_chip_needs_each_part_of_it)
{
	uint32_t boot_at = later[_i].boot_at, i;
	const struct {
		uint32_t at;
		uint8_t value;
		enum sim_image expected;
	} rows[] = {
		{ boot_at + 5, 0, SIM_IMAGE_GOOD },
		{ boot_at, 0xff, SIM_IMAGE_NONE },
		{ boot_at + 32, 1, SIM_IMAGE_CSUM },
		/* the first entry of the partition table lost its magic number */
		{ 0x8000, 0xff, SIM_IMAGE_SECOND },
		{ 0x8002, 1, SIM_IMAGE_SECOND },	/* the only partition is for data, not for an application */
		/* the partition's offset points to an empty part of the flash */
		{ 0x8006, 2, SIM_IMAGE_SECOND },
		{ 0x8007, 0xff, SIM_IMAGE_SECOND },	/* the partition's offset lies beyond the end of the flash */
		{ 0x10000, 0xff, SIM_IMAGE_SECOND },
		{ 0x10000 + 32, 1, SIM_IMAGE_SECOND },
	};
	/* clang-format on */

	set_up_chip(later[_i].chip);
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		memset(h.flash, 0xff, sizeof(h.flash));
		sim_rom_loader_put_image(&h.loader);
		ck_assert_int_eq(sim_rom_loader_image(&h.loader), SIM_IMAGE_GOOD);
		h.flash[rows[i].at] = rows[i].value;
		ck_assert_msg(sim_rom_loader_image(&h.loader) == rows[i].expected, "row %u", i);
	}
}
END_TEST

/* A reset of the CPU core does not make the chip read its boot straps again, so it would stay in download mode. So
 * flashing tools let the watchdog reset the whole chip, which ends download mode. */
START_TEST(the_watchdog_of_an_esp32_c3_has_the_straps_read_again)
{
	const struct sim_truth *truth;

	set_up_chip(SIM_ESP32C3);
	truth = sim_board_truth(&h.board);
	sim_rom_loader_use_usb(&h.loader);
	/* The registers of the watchdog are still write-protected, so these writes must change nothing. */
	ck_assert_int_eq(COMMAND(0x09, NULL, 0x60008094, 2000, 0xffffffff, 0), 0);
	ck_assert_int_eq(COMMAND(0x09, NULL, 0x60008090, 0xd0000102, 0xffffffff, 0), 0);
	pass(2 * SIM_S);
	ck_assert_int_eq(truth->runs, SIM_RUNS_WAITING);
	ck_assert_int_eq(COMMAND(0x09, NULL, 0x600080a8, 0x50d83aa1, 0xffffffff, 0), 0);
	ck_assert_int_eq(COMMAND(0x09, NULL, 0x60008094, 20000, 0xffffffff, 0), 0);
	/* With this setting the watchdog resets less than the whole chip, so the chip stays in download mode. */
	ck_assert_int_eq(COMMAND(0x09, NULL, 0x60008090, 0xb0000102, 0xffffffff, 0), 0);
	pass(10 * SIM_S);
	ck_assert_int_eq(truth->runs, SIM_RUNS_WAITING);
	ck_assert_int_eq(COMMAND(0x09, NULL, 0x60008090, 0xd0000102, 0xffffffff, 0), 0);
	ck_assert_int_eq(COMMAND(0x09, NULL, 0x600080a8, 0, 0xffffffff, 0), 0);
	ck_assert_uint_eq(h.loader.watchdog_resets, 0);
	pass(10 * SIM_S);
	ck_assert_uint_eq(h.loader.watchdog_resets, 1);
	ck_assert_uint_eq(truth->hardware_resets, 1);
	ck_assert_int_eq(truth->runs, SIM_RUNS_APP);
	ck_assert(truth->latch_flash);
}
END_TEST

START_TEST(a_chip_without_a_loader_here_says_nothing)
{
	set_up_chip(SIM_ESP32S3);
	sync_once();
	ck_assert_int_eq(sync_once(), 0);
	ck_assert_int_eq(h.loader.mode, SIM_LOADER_OFF);
	sim_rom_loader_erase(&h.loader);
	ck_assert_int_eq(h.board.config.image, SIM_IMAGE_NONE);
}
END_TEST

static void add_later(TCase *tcase)
{
	tcase_add_loop_test(tcase, registers_of_later_chips_tell_chip_revision_mac_and_strapping, 0, COUNT(registers));
	tcase_add_loop_test(tcase, the_divider_of_later_chips_counts_a_40_mhz_crystal_in_sixteenths, 0, COUNT(later));
	tcase_add_test(tcase, security_information_names_the_chip_where_the_rom_knows_that);
	tcase_add_loop_test(tcase, the_flash_chip_identifies_itself_to_later_chips_too, 0, COUNT(later));
	tcase_add_test(tcase, an_esp32_c3_shows_its_memory_on_both_buses);
	tcase_add_loop_test(tcase, a_stub_in_a_later_chip_answers_with_two_bytes_of_status, 0, COUNT(later));
	tcase_add_loop_test(tcase, what_is_uploaded_as_data_cannot_be_entered, 0, COUNT(later));
	tcase_add_loop_test(tcase, the_rom_of_a_later_chip_takes_a_packed_upload, 0, COUNT(later));
	tcase_add_test(tcase, over_usb_the_first_sync_is_answered_and_no_speed_changes);
	tcase_add_loop_test(tcase, the_smallest_image_of_a_later_chip_needs_each_part_of_it, 0, COUNT(later));
	tcase_add_test(tcase, the_watchdog_of_an_esp32_c3_has_the_straps_read_again);
	tcase_add_test(tcase, a_chip_without_a_loader_here_says_nothing);
}

int main(void)
{
	TCase *tcase = tcase_create("loader");

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
	add_later(tcase);
	return suite_run_case("loader", tcase);
}
