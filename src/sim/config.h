/* config.h - what a simulated board is: chip, wiring, firmware, bridge, and what is wrong with it.
 *
 * A configuration is plain data. It comes from words a user can type (sim_config_parse()), from a seed
 * (sim_config_random()), or from code that starts with sim_config_init() and sets fields.
 * Times are nanoseconds; moments count from the board's start (the time given to sim_board_init()).
 */
#ifndef ESPRESET_SIM_CONFIG_H
#define ESPRESET_SIM_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/protocol.h"

#define SIM_US INT64_C(1000)
#define SIM_MS INT64_C(1000000)
#define SIM_S INT64_C(1000000000)
#define SIM_NEVER INT64_MAX

/** sim_random() - splitmix64 (Steele, Lea, Flood); a number below @below, or any where that is 0 */
uint64_t sim_random(uint64_t *state, uint64_t below);

static inline int64_t sim_earlier(int64_t a_ns, int64_t b_ns)
{
	return a_ns < b_ns ? a_ns : b_ns;
}

/* clang-format off */
enum sim_chip {
	SIM_ESP8266, SIM_ESP32, SIM_ESP32S2, SIM_ESP32S3, SIM_ESP32C2, SIM_ESP32C3, SIM_ESP32C5, SIM_ESP32C6,
	SIM_ESP32C61, SIM_ESP32H2, SIM_ESP32P4, SIM_CHIP_COUNT
};
/* clang-format on */

enum sim_circuit {
	SIM_TWO_TRANSISTORS, /* EN low when only RTS is asserted, GPIO0 low when only DTR is */
	SIM_DIRECT,	     /* RTS -> EN, DTR -> GPIO0 */
	SIM_SWAPPED,	     /* DTR -> EN, RTS -> GPIO0 */
	SIM_TWO_TRANSISTORS_SWAPPED,
	SIM_RTS_ONLY, /* RTS -> EN, GPIO0 by button only */
	SIM_DTR_ONLY, /* DTR -> EN, nothing else (ESP32-CAM-MB) */
	SIM_NO_WIRE,
	SIM_CIRCUIT_COUNT
};

/* What the chip does when the simulation starts. */
enum sim_start {
	SIM_START_UPLOADED, /* as a serial upload left it: ESP8266 application runs, latch says UART download */
	SIM_START_RUNNING,  /* application runs, latch says flash */
	SIM_START_DOWNLOAD, /* the ROM waits for a download */
	SIM_START_DEAD,	    /* hung; prints nothing until a hardware reset */
};

/* What is in flash, as far as the boot is concerned. */
enum sim_image {
	SIM_IMAGE_GOOD,
	SIM_IMAGE_NONE,	    /* erased */
	SIM_IMAGE_CSUM,	    /* checksum error found by the ROM */
	SIM_IMAGE_READ_ERR, /* flash does not answer */
	SIM_IMAGE_SECOND,   /* second stage finds no application: eboot e:N, "No bootable app partitions" */
	SIM_IMAGE_COUNT
};

/* Who loads the application. */
enum sim_loader {
	SIM_LOADER_EBOOT, /* ESP8266 Arduino */
	SIM_LOADER_NONOS, /* ESP8266 "2nd boot version" */
	SIM_LOADER_IDF,	  /* ESP-IDF second stage that logs (also ESP8266 RTOS SDK, at 74880) */
	SIM_LOADER_QUIET, /* ESP32 family: nothing after "entry" */
	SIM_LOADER_COUNT
};

/* What becomes of the application fate_ns after it started. */
enum sim_fate {
	SIM_FATE_RUN,
	SIM_FATE_PANIC,	   /* exception report, then a software restart */
	SIM_FATE_WATCHDOG, /* hangs, hardware watchdog restarts it */
	SIM_FATE_BROWNOUT,
	SIM_FATE_RESTART, /* ESP.restart() */
	SIM_FATE_HANG,	  /* silent from then on; no watchdog, no crash that could be seen */
	SIM_FATE_COUNT
};

enum sim_app {
	SIM_APP_GREETING, /* a few lines, then silence */
	SIM_APP_SILENT,
	SIM_APP_PERIODIC,   /* a line every app_period_ns */
	SIM_APP_CONTINUOUS, /* without a gap */
	SIM_APP_COUNT
};

enum sim_bridge_kind {
	SIM_BRIDGE_EXACT,  /* every speed as asked for */
	SIM_BRIDGE_CH340,  /* 75000 for 74880 */
	SIM_BRIDGE_CP2102, /* 76800 for 74880 */
	SIM_BRIDGE_FTDI,   /* 74766; 16 ms latency */
	SIM_BRIDGE_COUNT
};

/* What serves updates over the air, in real sockets; see sim/net.h. */
enum sim_ota_kind { SIM_OTA_ARDUINO, SIM_OTA_ESPHOME, SIM_OTA_ESPHOME_OLD };

/* How the bridge hands on a character whose stop bit is missing. */
enum sim_framing { SIM_FRAMING_DELIVER, SIM_FRAMING_ZERO, SIM_FRAMING_DROP };

#define SIM_TEXT_MAX 512

struct sim_config {
	/* the chip */
	enum sim_chip chip;
	int crystal_mhz;      /* 26 or 40; matters on ESP8266 and C2 */
	bool early_silicon;   /* ESP32 revision 0: two banners at power-up and EN */
	bool reset_is_en;     /* ESP8266: EN (cause 1) is wired, not RST (cause 2) */
	int select_bits;      /* ESP8266: second number of the boot mode */
	int rate_ppm;	      /* error of the board's clock */
	int64_t rom_delay_ns; /* from reset's end to the first character */

	/* the wires */
	enum sim_circuit circuit;
	int64_t skew_ns;	   /* RTS changes so much later than DTR; negative: earlier */
	int64_t en_rise_ns;	   /* EN's RC time constant while it charges (0.75 VDD after 1.386 of it) */
	int64_t en_fall_ns;	   /* the same while the transistor discharges it */
	int64_t strap_ns;	   /* straps are sampled so long after EN's rise */
	unsigned int lines_before; /* SIM_DTR, SIM_RTS asserted before the port is opened */
	bool gpio0_held;	   /* by a peripheral or a stuck button */
	int64_t gpio0_let_go_ns;   /* the button on GPIO0 is let go then; 0: no button pressed */
	bool empty_download;	   /* ESP8266: boots from flash although the latch says UART download, as the
					   ROM does when nothing was downloaded */
	bool gpio2_low;		   /* ESP8266: boot mode 2, or 0 with GPIO0 low */
	/* ESP32 family: the second strap turns a low GPIO0 into a boot from elsewhere */
	bool other_strap;
	bool gpio15;	   /* ESP8266: high, SDIO boot. ESP32: low, ROM output silenced */
	int64_t finger_ns; /* somebody presses reset then; 0: nobody */
	int64_t finger_hold_ns;
	int64_t deep_sleep_ns; /* the application makes a hardware reset through GPIO16 so long after its
					   start, each time; 0: never */

	/* the firmware */
	enum sim_start start;
	enum sim_image image;
	int image_error; /* N of e:N */
	enum sim_loader loader;
	int64_t copy_ns; /* eboot copies an OTA image at the first boot; 0: no */
	int copy_result; /* N of cp:N */
	enum sim_fate fate;
	int64_t fate_ns;
	int fate_times;		 /* so often, then it runs; 0: for ever */
	int64_t rom_watchdog_ns; /* ESP8266 left in download mode by software: until the watchdog bites.
					   ESP32: until a boot that failed is tried again */
	enum sim_app app;
	int64_t app_delay_ns; /* from load to the application's first character */
	int64_t app_period_ns;
	int app_baud;
	bool chatter;		     /* the SDK prints a line at no usual speed before the application */
	char app_text[SIM_TEXT_MAX]; /* "": a text of the chip's own. Replaces greeting and line */
	char ota[80];		     /* "127.0.0.1:8266": the application serves updates there; "": none */
	char ota_password[64];	     /* "": none */
	enum sim_ota_kind ota_kind;
	int64_t ota_late_ns; /* from the application's start to the service's: the network */
	int64_t stays_ns;    /* how long the board lives on when the program has gone; 0: a moment */

	/* the bridge */
	enum sim_bridge_kind bridge;
	enum sim_framing framing;
	int sample_percent;		    /* where in a bit the receiver looks: 40..60 */
	int64_t latency_ns;		    /* until a character reaches the host */
	int64_t control_ns;		    /* what a control transfer takes */
	int lose_ppm, repeat_ppm, flip_ppm; /* characters lost, doubled, changed */
	int64_t spurious_ns;		    /* a character out of nowhere so often on average; 0: never */
	int64_t rx_stall_ns;		    /* input is held back from then on ... */
	int64_t rx_stall_for_ns;	    /* ... for so long */
	int control_stall_op;		    /* the n-th control transfer (1 is open) does not come back ... */
	int64_t control_stall_for_ns;	    /* ... for so long, then fails with EIO ... */
	int control_stall_count;	    /* ... and so many in all; 0: all that follow */
	int64_t unplug_ns;		    /* 0: never */
	int unplug_op;			    /* at the n-th control transfer (1 is open); 0: never */
	int64_t host_ns;		    /* a busy machine: whatever the program asks for comes up to so much late */
	int open_error;			    /* errno of the open; 0: opens */
	uint64_t seed;			    /* for what is left to chance */
	char truth[256];		    /* file for the truth; "": none */
};

/**
 * sim_config_init() - the story: an ESP8266 that a serial upload has left in boot mode 1, on a sound
 * two-transistor board with a CH340
 */
void sim_config_init(struct sim_config *config);

/**
 * sim_config_parse() - a board from words
 * @words: comma separated, applied in order to sim_config_init()'s board; "" is that one
 * @err:   receives one line that says which word is wrong, and why
 *
 * Return: 0, or -EINVAL: then @config is as it was.
 */
int sim_config_parse(struct sim_config *config, const char *words, char *err, size_t cap);

struct sim_word {
	const char *word; /* as typed; "panic[=T]" may take a duration, "baud=N" must have a number */
	const char *meaning;
	int status; /* that a plain run with it alone ends with; -1: depends */
};

/* The n-th word; NULL after the last. */
const struct sim_word *sim_word(size_t n);

/* What a configuration has against us; see sim_config_adversaries(). */
/* clang-format off */
enum sim_adversary {
	SIM_ADV_DIRECT, SIM_ADV_SWAPPED, SIM_ADV_SWAPPED_TRANSISTORS, SIM_ADV_RTS_ONLY, SIM_ADV_DTR_ONLY,
	SIM_ADV_NO_WIRE, SIM_ADV_SKEW_DTR_FIRST, SIM_ADV_SKEW_RTS_FIRST, SIM_ADV_EN_SLOW, SIM_ADV_EN_FAST,
	SIM_ADV_LINES_BOTH, SIM_ADV_LINES_RTS, SIM_ADV_LINES_DTR, SIM_ADV_GPIO0_HELD, SIM_ADV_GPIO0_BUTTON,
	SIM_ADV_GPIO2, SIM_ADV_GPIO15, SIM_ADV_FINGER, SIM_ADV_DEEP_SLEEP, SIM_ADV_CRYSTAL,
	SIM_ADV_EARLY_SILICON, SIM_ADV_RATE_ERROR, SIM_ADV_SLOW_ROM, SIM_ADV_START_LATCHED,
	SIM_ADV_START_DOWNLOAD, SIM_ADV_START_DEAD, SIM_ADV_IMAGE_NONE, SIM_ADV_IMAGE_CSUM,
	SIM_ADV_IMAGE_READ_ERR, SIM_ADV_IMAGE_SECOND, SIM_ADV_COPY, SIM_ADV_COPY_FAILS, SIM_ADV_PANIC,
	SIM_ADV_WATCHDOG, SIM_ADV_BROWNOUT, SIM_ADV_RESTART, SIM_ADV_HANG, SIM_ADV_FATE_ONCE,
	SIM_ADV_APP_SILENT, SIM_ADV_APP_PERIODIC, SIM_ADV_APP_CONTINUOUS, SIM_ADV_APP_BAUD, SIM_ADV_CHATTER,
	SIM_ADV_BRIDGE_RATE, SIM_ADV_FRAMING, SIM_ADV_LATENCY, SIM_ADV_LOSE, SIM_ADV_REPEAT, SIM_ADV_FLIP,
	SIM_ADV_SPURIOUS, SIM_ADV_RX_STALL, SIM_ADV_CONTROL_STALL, SIM_ADV_UNPLUG_TIME, SIM_ADV_UNPLUG_OP,
	SIM_ADV_SLOW_HOST, SIM_ADV_EMPTY_DOWNLOAD, SIM_ADV_OTHER_CHIP,
	SIM_ADV_COUNT
};
/* clang-format on */

const char *sim_adversary_name(enum sim_adversary adversary);

/* Bit n set: adversary n is present. */
uint64_t sim_config_adversaries(const struct sim_config *config);

/**
 * sim_config_random() - a board drawn from a seed; the same seed gives the same board
 * Every adversary comes up in at least one of 200 boards.
 */
void sim_config_random(struct sim_config *config, uint64_t seed);

#endif
