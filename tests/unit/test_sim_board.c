/* test_sim_board.c - the simulated board must behave as real boards do: edges on EN and GPIO0, sampling of the boot
 * straps, banners. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "adversary.h"
#include "simport.h"
#include "suite.h"

#define BAUD_COLD 74880

static struct simport sp;
static struct sim_config config;
static char text[65536];
static size_t text_len;

struct edge {
	int64_t time_ns;
	enum sim_edge edge;
	int value;
};
static struct edge edges[256];
static unsigned int edge_count;

static void on_trace(void *user, int64_t now_ns, enum sim_edge edge, int value)
{
	(void)user;
	if (edge_count < 256)
		edges[edge_count++] = (struct edge){ now_ns, edge, value };
}

static void setup(void)
{
	sim_config_init(&config);
	text_len = 0;
	edge_count = 0;
}

static void start(int baud)
{
	simport_init(&sp, &config);
	sim_board_on_trace(&sp.bridge.board, on_trace, NULL);
	ck_assert_int_eq(simport_open(&sp, baud), 0);
}

static void lines(unsigned int on)
{
	ck_assert_int_eq(sp.port.ops->set_lines(&sp.port, PORT_DTR | PORT_RTS, on), 0);
}

/* Appends to text the bytes that arrive in the next @ms. */
static void listen_for(int64_t ms)
{
	int64_t end = sp.clk.now_ms(&sp.clk) + ms;
	size_t i;

	for (;;) {
		ssize_t n = sp.port.ops->read(&sp.port, text + text_len, sizeof(text) - 1 - text_len, end);

		if (n < 0)
			break;
		text_len += (size_t)n;
	}
	for (i = 0; i < text_len; i++) /* NULs become dots, so that strstr() searches the whole text */
		if (!text[i])
			text[i] = '.';
	text[text_len] = '\0';
}

/* Sends a plain reset pulse on RTS: asserts it for 20 ms with DTR released, then releases it. */
static void pulse(void)
{
	lines(PORT_RTS);
	listen_for(20);
	lines(0);
}

static unsigned int count_edges(enum sim_edge edge, int value)
{
	unsigned int i, n = 0;

	for (i = 0; i < edge_count; i++)
		n += edges[i].edge == edge && edges[i].value == value;
	return n;
}

static int64_t edge_time(enum sim_edge edge, int value)
{
	unsigned int i;

	for (i = 0; i < edge_count; i++)
		if (edges[i].edge == edge && edges[i].value == value)
			return edges[i].time_ns;
	return -1;
}

static unsigned int count_in_text(const char *what)
{
	const char *at;
	unsigned int n = 0;

	for (at = text; (at = strstr(at, what)); at++)
		n++;
	return n;
}

/* Return: the last value that the trace has for @edge up to @time_ns. 1: the pin is low or the modem line is asserted;
 * 0: the opposite, or the trace has no value yet. */
static int value_at(enum sim_edge edge, int64_t time_ns)
{
	unsigned int i;
	int value = 0;

	for (i = 0; i < edge_count && edges[i].time_ns <= time_ns; i++)
		if (edges[i].edge == edge)
			value = edges[i].value;
	return value;
}

START_TEST(an_uploaded_esp8266_says_flash_after_a_pulse_on_two_transistors)
{
	start(BAUD_COLD);
	ck_assert_int_eq(simport_truth(&sp)->boot_mode, 1);
	ck_assert_int_eq((int)simport_truth(&sp)->runs, SIM_RUNS_APP);
	pulse();
	listen_for(1000);
	ck_assert_ptr_nonnull(strstr(text, "\r\n ets Jan  8 2013,rst cause:2, boot mode:(3,6)\r\n\r\nload 0x4010f000"));
	ck_assert_ptr_nonnull(strstr(text, "csum 0x2b\r\nv0004fc60\r\n~ld\n"));
	ck_assert_uint_eq(simport_truth(&sp)->hardware_resets, 1);
	ck_assert_uint_eq(simport_truth(&sp)->line_resets, 1);
	ck_assert(simport_truth(&sp)->latch_flash);
	ck_assert_int_eq((int)simport_truth(&sp)->runs, SIM_RUNS_APP);
}
END_TEST

START_TEST(a_pulse_makes_en_fall_once_and_rise_once_and_closing_adds_no_edge)
{
	start(115200);
	pulse();
	listen_for(500);
	ck_assert_int_eq(sp.port.ops->close(&sp.port), 0);
	simport_wait(&sp, SIM_S);
	ck_assert_uint_eq(count_edges(SIM_EDGE_EN, 1), 1);
	ck_assert_uint_eq(count_edges(SIM_EDGE_EN, 0), 1);
	ck_assert_int_eq(value_at(SIM_EDGE_GPIO0, edge_time(SIM_EDGE_EN, 0)), 0);
	ck_assert(!simport_truth(&sp)->dtr && !simport_truth(&sp)->rts);
}
END_TEST

START_TEST(en_rises_by_its_capacitor_1_386_time_constants_after_release)
{
	int64_t rise;

	config.en_rise_ns = 10 * SIM_MS;
	start(115200);
	pulse();
	listen_for(100);
	rise = edge_time(SIM_EDGE_EN, 0) - edge_time(SIM_EDGE_RTS, 0);
	ck_assert_int_gt(rise, 13800 * SIM_US);
	ck_assert_int_lt(rise, 13900 * SIM_US);
}
END_TEST

/* The truth tables of the circuits. dtr and rts, 1: asserted; en and gpio0, 1: pulled low. */
static const struct {
	enum sim_circuit circuit;
	int dtr, rts, en, gpio0;
} levels[] = {
	{ SIM_TWO_TRANSISTORS, 0, 0, 0, 0 }, { SIM_TWO_TRANSISTORS, 1, 1, 0, 0 },
	{ SIM_TWO_TRANSISTORS, 0, 1, 1, 0 }, { SIM_TWO_TRANSISTORS, 1, 0, 0, 1 },
	{ SIM_DIRECT, 0, 0, 0, 0 },	     { SIM_DIRECT, 1, 1, 1, 1 },
	{ SIM_DIRECT, 0, 1, 1, 0 },	     { SIM_DIRECT, 1, 0, 0, 1 },
	{ SIM_SWAPPED, 1, 0, 1, 0 },	     { SIM_SWAPPED, 0, 1, 0, 1 },
	{ SIM_SWAPPED, 1, 1, 1, 1 },	     { SIM_TWO_TRANSISTORS_SWAPPED, 1, 0, 1, 0 },
	{ SIM_DTR_ONLY, 1, 0, 1, 0 },	     { SIM_DTR_ONLY, 0, 1, 0, 0 },
	{ SIM_RTS_ONLY, 0, 1, 1, 0 },	     { SIM_RTS_ONLY, 1, 0, 0, 0 },
	{ SIM_NO_WIRE, 1, 0, 0, 0 },	     { SIM_NO_WIRE, 0, 1, 0, 0 },
};

START_TEST(the_wiring_pulls_the_pins_its_truth_table_says)
{
	config.circuit = levels[_i].circuit;
	config.en_rise_ns = 10 * SIM_US;
	start(115200);
	lines((levels[_i].dtr ? PORT_DTR : 0u) | (levels[_i].rts ? PORT_RTS : 0u));
	simport_wait(&sp, 5 * SIM_MS);
	ck_assert_int_eq(simport_truth(&sp)->en_low, levels[_i].en);
	ck_assert_int_eq(simport_truth(&sp)->gpio0_low, levels[_i].gpio0);
}
END_TEST

START_TEST(the_latch_is_sampled_by_hardware_resets_only)
{
	config.fate = SIM_FATE_RESTART;
	config.fate_ns = 100 * SIM_MS;
	start(115200);
	lines(PORT_DTR); /* with two transistors DTR alone pulls GPIO0 low, and EN stays high */
	listen_for(300);
	ck_assert_uint_ge(simport_truth(&sp)->soft_restarts, 1);
	ck_assert_uint_eq(simport_truth(&sp)->hardware_resets, 0);
	ck_assert_int_eq(simport_truth(&sp)->boot_mode, 1);
	config.start = SIM_START_RUNNING;
	start(115200);
	lines(PORT_DTR);
	listen_for(1000);
	ck_assert_uint_ge(simport_truth(&sp)->soft_restarts, 2);
	ck_assert_int_eq(simport_truth(&sp)->boot_mode, 3);
}
END_TEST

START_TEST(a_latched_esp8266_that_restarts_prints_its_old_cause_then_cause_4_then_nothing)
{
	config.fate = SIM_FATE_RESTART;
	config.fate_ns = 100 * SIM_MS;
	start(115200);
	lines(0);
	listen_for(20000);
	ck_assert_str_eq(text, "\r\n ets Jan  8 2013,rst cause:2, boot mode:(1,6)\r\n\r\n"
			       "\r\n ets Jan  8 2013,rst cause:4, boot mode:(1,6)\r\n\r\nwdt reset\r\n");
	ck_assert_int_eq((int)simport_truth(&sp)->runs, SIM_RUNS_WAITING);
}
END_TEST

START_TEST(a_warm_restart_prints_at_115200_and_a_cold_one_does_not)
{
	config.start = SIM_START_RUNNING;
	config.fate = SIM_FATE_RESTART;
	config.fate_ns = 300 * SIM_MS;
	config.fate_times = 1;
	start(_i ? 115200 : BAUD_COLD);
	pulse();
	listen_for(1500);
	ck_assert_uint_eq(count_in_text("rst cause:2"), 1);
	ck_assert_uint_eq(count_in_text("load 0x4010f000"), 1);
	ck_assert_uint_eq(count_in_text("Hello from setup()"), _i ? 2 : 0);
	ck_assert_uint_eq(simport_truth(&sp)->hardware_resets, 1);
	ck_assert_uint_eq(simport_truth(&sp)->soft_restarts, 1);
}
END_TEST

START_TEST(gpio0_low_while_en_rises_means_download_and_silence)
{
	config.gpio0_held = true;
	start(BAUD_COLD);
	pulse();
	listen_for(3000);
	ck_assert_str_eq(text, "\r\n ets Jan  8 2013,rst cause:2, boot mode:(1,6)\r\n\r\n");
	ck_assert(simport_truth(&sp)->latch_download);
}
END_TEST

START_TEST(direct_wiring_opened_and_dtr_released_first_boots_from_flash)
{
	config.circuit = SIM_DIRECT;
	start(BAUD_COLD);
	pulse();
	listen_for(1000);
	ck_assert_ptr_nonnull(strstr(text, "boot mode:(3,6)"));
	ck_assert_uint_eq(count_edges(SIM_EDGE_EN, 1), 1);
	ck_assert_uint_eq(count_edges(SIM_EDGE_EN, 0), 1);
}
END_TEST

START_TEST(swapped_wires_end_in_download_until_both_lines_go_together)
{
	config.circuit = SIM_SWAPPED;
	start(BAUD_COLD);
	lines(PORT_RTS);
	listen_for(300);
	lines(0);
	ck_assert_ptr_nonnull(strstr(text, "boot mode:(1,6)"));
	ck_assert(simport_truth(&sp)->latch_download);
	lines(PORT_DTR | PORT_RTS);
	listen_for(20);
	lines(0);
	listen_for(1000);
	ck_assert_ptr_nonnull(strstr(text, "boot mode:(3,6)"));
	ck_assert(simport_truth(&sp)->latch_flash);
}
END_TEST

START_TEST(lines_found_with_rts_asserted_hold_the_chip_in_reset)
{
	config.lines_before = SIM_RTS;
	simport_init(&sp, &config);
	ck_assert_int_eq((int)simport_truth(&sp)->runs, SIM_RUNS_RESET);
	ck_assert(simport_truth(&sp)->en_low);
	ck_assert_int_eq(simport_open(&sp, 115200), 0);
	listen_for(1000);
	ck_assert_uint_eq(simport_truth(&sp)->hardware_resets, 1);
}
END_TEST

/* Pulses just too short and just long enough to reset a chip. The shortest pulse is 200 us for an ESP8266, 50 us for an
 * ESP32, 1 ms for an ESP32-P4. EN falls and rises without delay here. */
static const struct {
	enum sim_chip chip;
	int64_t pulse_ns;
	unsigned int resets;
} pulses[] = {
	{ SIM_ESP8266, 190 * SIM_US, 0 }, { SIM_ESP8266, 210 * SIM_US, 1 }, { SIM_ESP32, 45 * SIM_US, 0 },
	{ SIM_ESP32, 60 * SIM_US, 1 },	  { SIM_ESP32P4, 900 * SIM_US, 0 }, { SIM_ESP32P4, 1100 * SIM_US, 1 },
};

START_TEST(a_pulse_shorter_than_the_chips_minimum_is_no_reset)
{
	static struct sim_board board;

	config.chip = pulses[_i].chip;
	config.en_fall_ns = 1;
	config.en_rise_ns = 1;
	sim_board_init(&board, &config, 0, 1);
	sim_board_lines(&board, SIM_MS, false, true);
	sim_board_lines(&board, SIM_MS + pulses[_i].pulse_ns, false, false);
	sim_board_run(&board, SIM_S);
	ck_assert_uint_eq(sim_board_truth(&board)->hardware_resets, pulses[_i].resets);
	ck_assert_uint_eq(sim_board_truth(&board)->en_falls, 1);
}
END_TEST

/* One modem line is released 100 us before the other one. In between only one line is asserted: RTS alone pulls EN low,
 * DTR alone pulls GPIO0 low. */
START_TEST(skew_passes_through_the_state_between)
{
	config.en_fall_ns = 1000;
	config.en_rise_ns = 1000;
	config.skew_ns = _i ? -100 * SIM_US : 100 * SIM_US;
	start(115200);
	simport_wait(&sp, SIM_MS);
	edge_count = 0;
	lines(0);
	simport_wait(&sp, 50 * SIM_MS);
	ck_assert_uint_eq(count_edges(SIM_EDGE_EN, 1), _i ? 0 : 1);
	ck_assert_uint_eq(count_edges(SIM_EDGE_GPIO0, 1), _i ? 1 : 0);
	ck_assert_uint_eq(simport_truth(&sp)->hardware_resets, 0);
}
END_TEST

/* The first text lines that each chip prints after a reset pulse, byte for byte. */
static const struct {
	enum sim_chip chip;
	bool low;
	const char *text;
} banners[] = {
	{ SIM_ESP32, false,
	  "ets Jul 29 2019 12:21:46\r\n\r\nrst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n"
	  "configsip: 0, SPIWP:0xee\r\nclk_drv:0x00,q_drv:0x00,d_drv:0x00,cs0_drv:0x00,hd_drv:0x00,wp_drv:0x00\r\n"
	  "mode:DIO, clock div:2\r\nload:0x3fff0030,len:1184\r\n" },
	{ SIM_ESP32, true,
	  "ets Jul 29 2019 12:21:46\r\n\r\nrst:0x1 (POWERON_RESET),boot:0x3 "
	  "(DOWNLOAD_BOOT(UART0/UART1/SDIO_REI_REO_V2))\r\n"
	  "waiting for download\r\n" },
	{ SIM_ESP32S2, false,
	  "ESP-ROM:esp32s2-rc4-20191025\r\nBuild:Oct 25 2019\r\nrst:0x1 (POWERON),boot:0x8 (SPI_FAST_FLASH_BOOT)\r\n"
	  "SPIWP:0xee\r\nmode:DIO, clock div:1\r\nload:0x3ffe6260,len:0x78\r\n" },
	{ SIM_ESP32C3, true, "ESP-ROM:esp32c3-api1-20210207\r\nBuild:Feb  7 2021\r\nrst:0x1 (POWERON),boot:0x" },
	{ SIM_ESP32C6, true,
	  "ESP-ROM:esp32c6-20220919\r\nBuild:Sep 19 2022\r\nrst:0x1 (POWERON),boot:0x4 "
	  "(DOWNLOAD(USB/UART0/SDIO_FEI_FEO))\r\n"
	  "waiting for download\r\n" },
	{ SIM_ESP32C5, false,
	  "ESP-ROM:esp32c5-eco2-20250121\r\nBuild:Jan 21 2025\r\nrst:0x1 (POWERON),boot:0x18 (SPI_FAST_FLASH_BOOT)\r\n"
	  "SPI mode:DIO, clock div:1\r\nload:0x40855820,len:0x3a94\r\n" },
	{ SIM_ESP32P4, true,
	  "ESP-ROM:esp32p4-eco2-20240710\r\nBuild:Jul 10 2024\r\nrst:0x1 (POWERON),boot:0x307 "
	  "(DOWNLOAD(USB/UART0/SPI))\r\n"
	  "waiting for download\r\n" },
};

START_TEST(each_chip_prints_its_own_banner)
{
	config.chip = banners[_i].chip;
	config.gpio0_held = banners[_i].low;
	config.bridge = SIM_BRIDGE_EXACT;
	start(115200);
	pulse();
	listen_for(2000);
	ck_assert_msg(strncmp(text, banners[_i].text, strlen(banners[_i].text)) == 0, "%s", text);
}
END_TEST

START_TEST(early_esp32_silicon_prints_two_banners_and_boots)
{
	const char *second;

	config.chip = SIM_ESP32;
	config.early_silicon = true;
	start(115200);
	pulse();
	listen_for(2000);
	second = strstr(text, "rst:0x10 (RTCWDT_RTC_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)");
	ck_assert_ptr_nonnull(second);
	ck_assert_ptr_nonnull(strstr(second, "entry 0x400805e4"));
	ck_assert_uint_eq(simport_truth(&sp)->hardware_resets, 1);
	ck_assert_uint_eq(simport_truth(&sp)->soft_restarts, 0);
}
END_TEST

/* What a chip prints if its image cannot run, and how often it restarts then. */
static const struct {
	enum sim_chip chip;
	enum sim_image image;
	const char *text;
	unsigned int restarts; /* least number of software restarts that are expected */
} images[] = {
	{ SIM_ESP8266, SIM_IMAGE_NONE, "boot mode:(3,6)\r\n\r\nets_main.c 181 \r\n", 0 },
	{ SIM_ESP8266, SIM_IMAGE_CSUM, "csum 0xef\r\ncsum err\r\nets_main.c 181 \r\n", 0 },
	{ SIM_ESP8266, SIM_IMAGE_SECOND, "~ld\ne:2\n", 2 },
	{ SIM_ESP32, SIM_IMAGE_NONE, "invalid header: 0xffffffff\r\ninvalid header: 0xffffffff\r\n", 2 },
	{ SIM_ESP32, SIM_IMAGE_READ_ERR, "flash read err, 1000\r\nets_main.c 371 \r\n", 2 },
	{ SIM_ESP32, SIM_IMAGE_SECOND, "boot: No bootable app partitions in the partition table\r\n", 2 },
	{ SIM_ESP32C5, SIM_IMAGE_READ_ERR, "invalid header: 0x59b25942\r\nassertion \"result == ETS_OK\" failed", 2 },
};

START_TEST(an_image_that_cannot_run_says_so_and_never_runs)
{
	config.chip = images[_i].chip;
	config.image = images[_i].image;
	start(config.chip == SIM_ESP8266 ? BAUD_COLD : 115200);
	pulse();
	listen_for(8000);
	ck_assert_msg(strstr(text, images[_i].text) != NULL, "%s", text);
	ck_assert_int_ne((int)simport_truth(&sp)->runs, SIM_RUNS_APP);
	ck_assert_uint_ge(simport_truth(&sp)->crashes, 1);
	ck_assert_uint_ge(simport_truth(&sp)->soft_restarts, images[_i].restarts);
	if (!images[_i].restarts)
		ck_assert_uint_eq(simport_truth(&sp)->soft_restarts, 0);
}
END_TEST

static struct sim_frame last_frame;

static void keep_frame(void *user, const struct sim_frame *frame)
{
	(void)user;
	last_frame = *frame;
}

START_TEST(a_reset_cuts_the_character_on_its_way)
{
	static struct sim_board board;

	config.app = SIM_APP_CONTINUOUS;
	config.start = SIM_START_RUNNING;
	sim_board_init(&board, &config, 0, 1);
	sim_board_on_frame(&board, keep_frame, NULL);
	sim_board_lines(&board, 10 * SIM_MS, false, true);
	sim_board_run(&board, 20 * SIM_MS);
	ck_assert_int_eq((int)sim_board_truth(&board)->runs, SIM_RUNS_RESET);
	ck_assert_int_lt(last_frame.cut_ns, sim_frame_end(&last_frame));
	ck_assert_int_gt(last_frame.cut_ns, 10 * SIM_MS);
}
END_TEST

START_TEST(eboot_copies_in_silence_between_the_at_sign_and_its_result)
{
	int64_t copying;

	config.copy_ns = 2 * SIM_S;
	start(BAUD_COLD);
	pulse();
	listen_for(1000);
	ck_assert_str_eq(strstr(text, "v0004"), "v0004fc60\r\n@cp:");
	ck_assert_int_eq((int)simport_truth(&sp)->runs, SIM_RUNS_COPYING);
	copying = edge_time(SIM_EDGE_RUNS, SIM_RUNS_COPYING);
	listen_for(3000);
	ck_assert_ptr_nonnull(strstr(text, "@cp:0\nld\n"));
	ck_assert_int_eq((int)simport_truth(&sp)->runs, SIM_RUNS_APP);
	ck_assert_int_ge(edge_time(SIM_EDGE_RUNS, SIM_RUNS_APP) - copying, 2 * SIM_S);
}
END_TEST

START_TEST(a_reset_in_the_middle_of_a_copy_destroys_the_image)
{
	config.copy_ns = 2 * SIM_S;
	start(BAUD_COLD);
	pulse();
	listen_for(1000);
	pulse();
	listen_for(1000);
	ck_assert_uint_eq(simport_truth(&sp)->copies_broken, 1);
	ck_assert_ptr_nonnull(strstr(text, "e:2\n"));
}
END_TEST

START_TEST(a_finger_on_reset_is_a_hardware_reset_that_the_lines_did_not_make)
{
	config.finger_ns = 200 * SIM_MS;
	start(BAUD_COLD);
	lines(0);
	listen_for(2000);
	ck_assert_uint_eq(simport_truth(&sp)->hardware_resets, 1);
	ck_assert_uint_eq(simport_truth(&sp)->line_resets, 0);
	ck_assert_ptr_nonnull(strstr(text, "rst cause:2, boot mode:(3,6)"));
}
END_TEST

START_TEST(what_an_unplugged_board_does_is_nothing)
{
	config.unplug_ns = 50 * SIM_MS;
	start(BAUD_COLD);
	lines(PORT_RTS);
	listen_for(200);
	ck_assert_int_eq(sp.port.ops->set_lines(&sp.port, PORT_RTS, 0), -ENODEV);
	ck_assert_int_eq((int)simport_truth(&sp)->runs, SIM_RUNS_NOTHING);
	ck_assert_int_eq(sp.port.ops->close(&sp.port), -ENODEV);
}
END_TEST

START_TEST(a_control_transfer_that_stalls_takes_its_time_and_moves_no_line)
{
	int64_t before;

	config.control_stall_op = 2;
	config.control_stall_for_ns = 700 * SIM_MS;
	config.control_stall_count = 1;
	start(115200);
	before = sp.clk.now_ms(&sp.clk);
	ck_assert_int_eq(sp.port.ops->set_lines(&sp.port, PORT_DTR, 0), -EIO);
	ck_assert_int_eq(sp.clk.now_ms(&sp.clk) - before, 700);
	ck_assert(simport_truth(&sp)->dtr);
	ck_assert_int_eq(sp.port.ops->set_lines(&sp.port, PORT_DTR, 0), 0);
	ck_assert(!simport_truth(&sp)->dtr);
}
END_TEST

START_TEST(closing_drops_the_lines_only_with_hupcl)
{
	struct sim_control close_it = { .kind = SIM_CLOSE };

	start(115200);
	sim_bridge_hupcl(&sp.bridge, _i);
	(void)sim_bridge_submit(&sp.bridge, sp.now_ns, &close_it);
	ck_assert_int_eq(sim_bridge_complete(&sp.bridge, sp.now_ns + SIM_MS), 0);
	simport_wait(&sp, 2 * SIM_MS);
	ck_assert_int_eq(simport_truth(&sp)->rts, !_i);
	ck_assert_int_eq(simport_truth(&sp)->dtr, !_i);
}
END_TEST

START_TEST(the_same_seed_gives_the_same_bytes)
{
	static char first[sizeof(text)];
	size_t len;

	sim_config_random(&config, (uint64_t)_i);
	simport_init(&sp, &config);
	if (simport_open(&sp, 115200) == 0)
		(void)sp.port.ops->set_lines(&sp.port, PORT_DTR, 0), listen_for(500);
	memcpy(first, text, text_len);
	len = text_len;
	setup();
	sim_config_random(&config, (uint64_t)_i);
	simport_init(&sp, &config);
	if (simport_open(&sp, 115200) == 0)
		(void)sp.port.ops->set_lines(&sp.port, PORT_DTR, 0), listen_for(500);
	ck_assert_uint_eq(text_len, len);
	ck_assert_mem_eq(text, first, len);
}
END_TEST

START_TEST(every_adversary_is_in_at_least_one_of_200_random_boards)
{
	unsigned int seen[ADVERSARY_COUNT] = { 0 };
	uint64_t seed;
	int i;

	for (seed = 0; seed < 20000; seed++) {
		uint64_t has;

		sim_config_random(&config, seed);
		has = adversaries_of(&config);
		for (i = 0; i < ADVERSARY_COUNT; i++)
			seen[i] += (unsigned int)(has >> i & 1);
	}
	for (i = 0; i < ADVERSARY_COUNT; i++)
		ck_assert_msg(seen[i] >= 100 && seen[i] < 18000, "%s: %u", adversary_name((unsigned int)i), seen[i]);
}
END_TEST

START_TEST(a_failed_operation_fails_once_and_has_no_effect)
{
	simport_init(&sp, &config);
	sp.fail_at = 2;
	sp.fail_errno = EPROTO;
	ck_assert_int_eq(simport_open(&sp, 115200), 0);
	ck_assert_int_eq(sp.port.ops->set_lines(&sp.port, PORT_DTR, 0), -EPROTO);
	ck_assert(simport_truth(&sp)->dtr);
	ck_assert_int_eq(sp.port.ops->set_lines(&sp.port, PORT_DTR, 0), 0);
	ck_assert(!simport_truth(&sp)->dtr);
}
END_TEST

START_TEST(a_stop_waits_until_both_lines_are_released)
{
	char c;

	simport_init(&sp, &config);
	sp.stop_at = 2;
	ck_assert_int_eq(simport_open(&sp, 115200), 0);
	lines(PORT_RTS);
	ck_assert_int_eq(sp.port.ops->read(&sp.port, &c, 1, sp.clk.now_ms(&sp.clk) + 5), -ETIMEDOUT);
	lines(0);
	ck_assert_int_eq(sp.port.ops->read(&sp.port, &c, 1, sp.clk.now_ms(&sp.clk) + 5), -ECANCELED);
}
END_TEST

/* Restarts the chip's core through its native USB port. If @download is true, the core then runs the ROM loader. */
static void usb_reset(struct sim_board *board, int64_t now_ns, bool download)
{
	sim_board_usb_hold(board, now_ns);
	sim_board_usb_run(board, now_ns + 100 * SIM_MS, download);
	sim_board_run(board, now_ns + 2 * SIM_S);
}

START_TEST(the_chips_own_usb_asks_for_the_loader_as_long_as_it_says_so)
{
	static struct sim_board board;
	const struct sim_truth *truth = sim_board_truth(&board);

	ck_assert_int_eq(sim_config_parse(&config, "esp32c3", text, sizeof(text)), 0);
	sim_board_init(&board, &config, 0, 1);
	usb_reset(&board, 1 * SIM_S, true);
	ck_assert(truth->latch_download && !truth->latch_flash);
	ck_assert_int_eq(truth->runs, SIM_RUNS_WAITING);
	usb_reset(&board, 4 * SIM_S, false);
	ck_assert(truth->latch_flash && !truth->latch_download);
	ck_assert_int_eq(truth->runs, SIM_RUNS_APP);
	ck_assert_uint_eq(truth->hardware_resets, 0);
	ck_assert_uint_eq(truth->soft_restarts, 2);
}
END_TEST

START_TEST(what_the_button_chose_stays_in_the_latch_under_the_usb)
{
	static struct sim_board board;
	const struct sim_truth *truth = sim_board_truth(&board);

	ck_assert_int_eq(sim_config_parse(&config, "esp32c3,download", text, sizeof(text)), 0);
	sim_board_init(&board, &config, 0, 1);
	usb_reset(&board, 1 * SIM_S, true);
	usb_reset(&board, 4 * SIM_S, false);
	ck_assert(truth->latch_download);
	ck_assert_int_eq(truth->runs, SIM_RUNS_WAITING);
}
END_TEST

int main(void)
{
	TCase *t = tcase_create("board");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, an_uploaded_esp8266_says_flash_after_a_pulse_on_two_transistors);
	tcase_add_test(t, a_pulse_makes_en_fall_once_and_rise_once_and_closing_adds_no_edge);
	tcase_add_test(t, en_rises_by_its_capacitor_1_386_time_constants_after_release);
	tcase_add_loop_test(t, the_wiring_pulls_the_pins_its_truth_table_says, 0, COUNT(levels));
	tcase_add_test(t, the_latch_is_sampled_by_hardware_resets_only);
	tcase_add_test(t, a_latched_esp8266_that_restarts_prints_its_old_cause_then_cause_4_then_nothing);
	tcase_add_loop_test(t, a_warm_restart_prints_at_115200_and_a_cold_one_does_not, 0, 2);
	tcase_add_test(t, gpio0_low_while_en_rises_means_download_and_silence);
	tcase_add_test(t, direct_wiring_opened_and_dtr_released_first_boots_from_flash);
	tcase_add_test(t, swapped_wires_end_in_download_until_both_lines_go_together);
	tcase_add_test(t, lines_found_with_rts_asserted_hold_the_chip_in_reset);
	tcase_add_loop_test(t, a_pulse_shorter_than_the_chips_minimum_is_no_reset, 0, COUNT(pulses));
	tcase_add_loop_test(t, skew_passes_through_the_state_between, 0, 2);
	tcase_add_loop_test(t, each_chip_prints_its_own_banner, 0, COUNT(banners));
	tcase_add_test(t, early_esp32_silicon_prints_two_banners_and_boots);
	tcase_add_loop_test(t, an_image_that_cannot_run_says_so_and_never_runs, 0, COUNT(images));
	tcase_add_test(t, a_reset_cuts_the_character_on_its_way);
	tcase_add_test(t, eboot_copies_in_silence_between_the_at_sign_and_its_result);
	tcase_add_test(t, a_reset_in_the_middle_of_a_copy_destroys_the_image);
	tcase_add_test(t, a_finger_on_reset_is_a_hardware_reset_that_the_lines_did_not_make);
	tcase_add_test(t, what_an_unplugged_board_does_is_nothing);
	tcase_add_test(t, a_control_transfer_that_stalls_takes_its_time_and_moves_no_line);
	tcase_add_loop_test(t, closing_drops_the_lines_only_with_hupcl, 0, 2);
	tcase_add_loop_test(t, the_same_seed_gives_the_same_bytes, 0, 40);
	tcase_add_test(t, every_adversary_is_in_at_least_one_of_200_random_boards);
	tcase_add_test(t, a_failed_operation_fails_once_and_has_no_effect);
	tcase_add_test(t, a_stop_waits_until_both_lines_are_released);
	tcase_add_test(t, the_chips_own_usb_asks_for_the_loader_as_long_as_it_says_so);
	tcase_add_test(t, what_the_button_chose_stays_in_the_latch_under_the_usb);
	return suite_run_case("sim_board", t);
}
