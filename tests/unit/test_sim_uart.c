/* test_sim_uart.c - characters received at another baud rate than they were sent at, compared with bytes that a real
 * port delivered at 115200 Bd. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "sim/uart.h"
#include "suite.h"
#include "wrongreceiver.h"

static uint8_t got[4096];
static unsigned int got_count, framing_errors;

static void heard(void *user, const struct sim_heard *what)
{
	(void)user;
	ck_assert_uint_lt(got_count, sizeof(got));
	got[got_count++] = what->byte;
	framing_errors += what->framing_error;
}

static void setup(void)
{
	got_count = framing_errors = 0;
}

/* Sends @len characters without gaps, the first at time 0. */
static void send_data(struct sim_uart *uart, const void *data, size_t len, double baud)
{
	const uint8_t *bytes = data;
	int64_t at = 0;
	size_t i;

	for (i = 0; i < len; i++) {
		struct sim_frame frame = { .start_ns = at, .bit_ns = 1e9 / baud, .byte = bytes[i] };

		frame.cut_ns = at = sim_frame_end(&frame);
		sim_uart_frame(uart, &frame);
	}
	sim_uart_idle(uart, at + 1000000);
}

static void send_text(const char *text, double baud, double heard_at, double sample)
{
	struct sim_uart uart;

	sim_uart_init(&uart, &(struct sim_receiver){ heard_at, sample, heard, NULL }, 0);
	send_data(&uart, text, strlen(text), baud);
}

/* An ESP8266 sent the banner "\r\n ets Jan  8 2013,rst cause:2, boot mode:(1,6)\r\n\r\n" at 74880 Bd. These are the
 * bytes that a user's terminal showed at 115200 Bd. LOST: the terminal showed nothing for this byte. The lowest bit of
 * each byte depends on when the receiver samples, so it is not compared. */
#define LOST 0x100
static const int real[] = {
	0x72, 0x6c, 0x00, 0x6c, 0x9c, 0x9e, 0x7c, 0x00, 0x8c, 0x6c, 0xe0, 0x7c, LOST, LOST, LOST,
	LOST, LOST, LOST, 0x6c, LOST, LOST, 0x62, 0x7c, 0x8e, 0x82, LOST, LOST, LOST, 0x92, 0x72,
	0x92, 0x62, LOST, LOST, 0x62, 0x8c, 0xf2, 0x6e, 0x6e, 0x9e, 0x6c, 0x6e, 0x6e, 0x9c, 0xe2,
	LOST, LOST, 0x62, 0x70, 0x70, 0x8c, 0x8e, 0x6c, 0x72, 0x6c, 0x72, 0x6c,
};

START_TEST(a_74880_banner_heard_at_115200_gives_the_bytes_that_a_real_port_gave)
{
	unsigned int i;

	send_text("\r\n ets Jan  8 2013,rst cause:2, boot mode:(1,6)\r\n\r\n", 74880, 115200, 0.5);
	ck_assert_uint_eq(got_count, COUNT(real));
	for (i = 0; i < got_count; i++)
		if (real[i] != LOST)
			ck_assert_msg((got[i] & ~1) == (real[i] & ~1), "byte %u: %02x, real %02x", i, got[i],
				      (unsigned int)real[i]);
}
END_TEST

/* An independent model of a receiver (16 ticks a bit, counted from the falling edge, sampled in the middle) must
 * receive the same bytes of an ESP8266's banner as sim_uart. */
START_TEST(the_receiver_agrees_with_another_model_bit_for_bit)
{
	send_text("\r\n ets Jan  8 2013,rst cause:2, boot mode:(1,6)\r\n\r\n", 74880, 115200, 0.5);
	ck_assert_uint_eq(got_count, sizeof(wrongreceiver_banner));
	ck_assert_mem_eq(got, wrongreceiver_banner, sizeof(wrongreceiver_banner));
	ck_assert_uint_eq(framing_errors, 38);
}
END_TEST

/* A sender at 74880 Bd prints the boot mode. A receiver at 115200 Bd gets other bytes for boot mode 1 than for boot
 * mode 3, so the two modes can be told apart. */
START_TEST(mode_1_and_mode_3_stay_apart_at_the_wrong_speed)
{
	static const uint8_t one[] = { 0x62, 0x70, 0x70, 0x8c }, three[] = { 0x62, 0x1c, 0x70, 0x8c };

	send_text(" boot mode:(1,6)\r\n", 74880, 115200, 0.5);
	ck_assert_ptr_nonnull(memmem(got, got_count, one, 4));
	setup();
	send_text(" boot mode:(3,6)\r\n", 74880, 115200, 0.5);
	ck_assert_ptr_nonnull(memmem(got, got_count, three, 4));
}
END_TEST

/* Pairs of baud rates of a sender and a receiver that are close enough for every byte to arrive: the real baud rates of
 * CH340 and CP2102 when they are set to 74880 Bd, and other pairs. */
static const struct {
	double sent, heard, sample;
} close_enough[] = {
	{ 74880, 74880, 0.5 },	 { 74880, 75000, 0.5 },	  { 74880, 76800, 0.5 },   { 75117, 76800, 0.5 },
	{ 115200, 115384, 0.4 }, { 115200, 115384, 0.6 }, { 115200, 112000, 0.5 },
};

START_TEST(speeds_close_enough_deliver_every_byte)
{
	uint8_t all[256];
	struct sim_uart uart;
	int i;

	for (i = 0; i < 256; i++)
		all[i] = (uint8_t)i;
	sim_uart_init(&uart, &(struct sim_receiver){ close_enough[_i].heard, close_enough[_i].sample, heard, NULL }, 0);
	send_data(&uart, all, sizeof(all), close_enough[_i].sent);
	ck_assert_uint_eq(got_count, 256);
	ck_assert_mem_eq(got, all, 256);
	ck_assert_uint_eq(framing_errors, 0);
}
END_TEST

START_TEST(a_frame_cut_by_a_reset_reads_as_ones_from_there)
{
	struct sim_uart uart;
	struct sim_frame frame = { .start_ns = 0, .bit_ns = 1e9 / 115200, .byte = 0x00 };

	sim_uart_init(&uart, &(struct sim_receiver){ 115200, 0.5, heard, NULL }, 0);
	frame.cut_ns = (int64_t)(5 * frame.bit_ns); /* a reset cuts the frame off after the start bit and four 0 bits */
	sim_uart_frame(&uart, &frame);
	sim_uart_idle(&uart, 1000000);
	ck_assert_uint_eq(got_count, 1);
	ck_assert_uint_eq(got[0], 0xf0);
	ck_assert_uint_eq(framing_errors, 0);
}
END_TEST

START_TEST(a_glitch_shorter_than_half_a_bit_is_no_character)
{
	struct sim_uart uart;
	struct sim_frame frame = { .start_ns = 0, .bit_ns = 1e9 / 115200, .byte = 0x00 };

	sim_uart_init(&uart, &(struct sim_receiver){ 115200, 0.5, heard, NULL }, 0);
	frame.cut_ns = (int64_t)(0.3 * frame.bit_ns);
	sim_uart_frame(&uart, &frame);
	sim_uart_idle(&uart, 1000000);
	ck_assert_uint_eq(got_count, 0);
}
END_TEST

START_TEST(what_is_heard_does_not_depend_on_how_often_the_time_is_told)
{
	static uint8_t first[sizeof(got)];
	const char *text = "\r\n ets Jan  8 2013,rst cause:1, boot mode:(3,7)\r\n\r\n";
	unsigned int first_count;
	struct sim_uart uart;
	int64_t at = 0;

	send_text(text, 74880, 230400, 0.5);
	first_count = got_count;
	memcpy(first, got, got_count);
	setup();
	sim_uart_init(&uart, &(struct sim_receiver){ 230400, 0.5, heard, NULL }, 0);
	for (; *text; text++) {
		struct sim_frame frame = { .start_ns = at, .bit_ns = 1e9 / 74880, .byte = (uint8_t)*text };
		int64_t t;

		for (t = at - 2000; t < at; t += 500)
			sim_uart_idle(&uart, t);
		frame.cut_ns = at = sim_frame_end(&frame);
		sim_uart_frame(&uart, &frame);
	}
	sim_uart_idle(&uart, at + 1000000);
	ck_assert_uint_eq(got_count, first_count);
	ck_assert_mem_eq(got, first, first_count);
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("receiver");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, a_74880_banner_heard_at_115200_gives_the_bytes_that_a_real_port_gave);
	tcase_add_test(t, the_receiver_agrees_with_another_model_bit_for_bit);
	tcase_add_test(t, mode_1_and_mode_3_stay_apart_at_the_wrong_speed);
	tcase_add_loop_test(t, speeds_close_enough_deliver_every_byte, 0, COUNT(close_enough));
	tcase_add_test(t, a_frame_cut_by_a_reset_reads_as_ones_from_there);
	tcase_add_test(t, a_glitch_shorter_than_half_a_bit_is_no_character);
	tcase_add_test(t, what_is_heard_does_not_depend_on_how_often_the_time_is_told);
	return suite_run_case("sim_uart", t);
}
