/* config.h - the configuration of a simulated board: chip, wiring, firmware, bridge, and their faults.
 *
 *	sim_config_init(&config);		the default board; then set members, or
 *	sim_config_parse(&config, "esp32,panic", err, sizeof(err));
 *	sim_config_random(&config, seed);
 *
 * All times are in nanoseconds. Points in time count from the board's start, which is @now_ns of sim_board_init().
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

/** sim_random() - a random number below @below; @below 0: any 64-bit number; by splitmix64 (Steele, Lea, Flood) */
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
	SIM_TWO_TRANSISTORS, /* EN is low while only RTS is asserted; GPIO0 is low while only DTR is asserted */
	SIM_DIRECT,	     /* RTS drives EN, DTR drives GPIO0 */
	SIM_SWAPPED,	     /* DTR drives EN, RTS drives GPIO0 */
	SIM_TWO_TRANSISTORS_SWAPPED,
	SIM_RTS_ONLY, /* RTS drives EN; GPIO0 is not connected to the bridge */
	SIM_DTR_ONLY, /* DTR drives EN; GPIO0 is not connected to the bridge (ESP32-CAM-MB) */
	SIM_NO_WIRE,
	SIM_CIRCUIT_COUNT
};

/* State of the chip when the simulation starts. */
enum sim_start {
	SIM_START_UPLOADED, /* as after a serial upload: the application runs, the strapping latch says UART download */
	SIM_START_RUNNING,  /* the application runs, the strapping latch says flash */
	SIM_START_DOWNLOAD, /* the ROM waits for a download */
	SIM_START_DEAD,	    /* the chip hangs, and prints nothing until a hardware reset */
};

/* Contents of the flash. */
enum sim_image {
	SIM_IMAGE_GOOD,
	SIM_IMAGE_NONE,	    /* the flash is erased */
	SIM_IMAGE_CSUM,	    /* the ROM finds a checksum error */
	SIM_IMAGE_READ_ERR, /* the ROM cannot read the flash */
	SIM_IMAGE_SECOND,   /* no application: eboot prints e:N, ESP-IDF prints "No bootable app partitions" */
	SIM_IMAGE_COUNT
};

/* The second stage loader, which loads the application. */
enum sim_loader {
	SIM_LOADER_EBOOT, /* eboot, the loader of ESP8266 Arduino */
	SIM_LOADER_NONOS, /* ESP8266 NONOS SDK, which prints "2nd boot version" */
	SIM_LOADER_IDF,	  /* ESP-IDF with a log; on an ESP8266: RTOS SDK, with a log at the ROM's baud rate */
	SIM_LOADER_QUIET, /* ESP32 family: prints nothing after the ROM's text line "entry" */
	SIM_LOADER_COUNT
};

/* What happens to the application when it has run for sim_config.fate_ns. */
enum sim_fate {
	SIM_FATE_RUN,
	SIM_FATE_PANIC,	   /* the application prints an exception report and restarts by software */
	SIM_FATE_WATCHDOG, /* the application hangs until the hardware watchdog restarts it */
	SIM_FATE_BROWNOUT,
	SIM_FATE_RESTART, /* the application calls ESP.restart() */
	SIM_FATE_HANG,	  /* the application prints nothing more; no watchdog restarts it */
	SIM_FATE_COUNT
};

/* What the application prints. */
enum sim_app {
	SIM_APP_GREETING, /* a few text lines after the start, then nothing */
	SIM_APP_SILENT,
	SIM_APP_PERIODIC,   /* a text line every app_period_ns */
	SIM_APP_CONTINUOUS, /* text without a pause */
	SIM_APP_COUNT
};

enum sim_bridge_kind {
	SIM_BRIDGE_EXACT,  /* the actual baud rate is the requested one */
	SIM_BRIDGE_CH340,  /* receives at 75000 Bd when set to 74880 Bd */
	SIM_BRIDGE_CP2102, /* receives at 76800 Bd when set to 74880 Bd */
	SIM_BRIDGE_FTDI,   /* receives at 74766 Bd when set to 74880 Bd; 16 ms latency */
	SIM_BRIDGE_COUNT
};

/* The OTA service of the application; see sim/net.h. */
enum sim_ota_kind { SIM_OTA_ARDUINO, SIM_OTA_ESPHOME, SIM_OTA_ESPHOME_OLD };

/* How the bridge delivers a character without a stop bit: as received, as 0, or not at all. */
enum sim_framing { SIM_FRAMING_DELIVER, SIM_FRAMING_ZERO, SIM_FRAMING_DROP };

#define SIM_TEXT_MAX 512

struct sim_config {
	/* the chip and its ROM */
	enum sim_chip chip;
	int crystal_mhz;      /* 26 or 40; changes the baud rate of the ROM of an ESP8266 or ESP32-C2 */
	bool early_silicon;   /* ESP32 revision 0: prints two banners after power-up and after a reset by EN */
	bool reset_is_en;     /* ESP8266: reset pulses go to EN ("rst cause:1"), not to RST ("rst cause:2") */
	int select_bits;      /* ESP8266: M of "boot mode:(N,M)" in the banner */
	int rate_ppm;	      /* error of the chip's clock in parts per million */
	int64_t rom_delay_ns; /* from the end of the reset to the first character of the banner */

	/* the wiring, the pins and the buttons */
	enum sim_circuit circuit;
	int64_t skew_ns;	   /* how much later RTS changes than DTR; negative: earlier */
	int64_t en_rise_ns;	   /* RC time constant of EN's rise; EN reaches 0.75 VDD after 1.386 time constants */
	int64_t en_fall_ns;	   /* RC time constant of EN's fall */
	int64_t strap_ns;	   /* from EN's rise to the sampling of the straps */
	unsigned int lines_before; /* bit mask of SIM_DTR and SIM_RTS: asserted before the serial port is opened */
	bool gpio0_held;	   /* a peripheral or a stuck button holds GPIO0 low */
	int64_t gpio0_let_go_ns;   /* when the pressed button on GPIO0 is released; 0: never pressed */
	/* ESP8266: the ROM boots from flash although the strapping latch says UART download, as a real ROM may if
	 * nothing was downloaded */
	bool empty_download;
	bool gpio2_low;	   /* ESP8266: GPIO2 is low, which selects boot mode 2, or 0 if GPIO0 is low, too */
	bool other_strap;  /* ESP32 family: because of another strapping pin, a low GPIO0 selects no UART download */
	bool gpio15;	   /* ESP8266: GPIO15 is high (SDIO boot); ESP32: GPIO15 is low (ROM prints nothing) */
	int64_t finger_ns; /* when somebody presses the reset button; 0: never */
	int64_t finger_hold_ns; /* how long the reset button is pressed */
	int64_t deep_sleep_ns;	/* from each start of the application to a reset by GPIO16; 0: never */

	/* the flash and the application */
	enum sim_start start;
	enum sim_image image;
	int image_error; /* N of "e:N", which eboot prints if it finds no application */
	enum sim_loader loader;
	int64_t copy_ns; /* how long eboot copies an OTA image at the first boot; 0: there is no image */
	int copy_result; /* N of "cp:N", which eboot prints after the copy; 0: success */
	enum sim_fate fate;
	int64_t fate_ns;
	int fate_times;		 /* how many runs of the application end as fate says, before it runs on; 0: all */
	int64_t rom_watchdog_ns; /* ESP8266: from a software restart into download mode to the watchdog's reset;
				  * ESP32 family: from a failed boot to the ROM's next attempt */
	enum sim_app app;
	int64_t app_delay_ns;  /* from the loading of the application to its first character */
	int64_t app_period_ns; /* for SIM_APP_PERIODIC: time between two text lines */
	int app_baud;	       /* baud rate of the application */
	bool chatter;	       /* ESP8266: the SDK prints text at an odd baud rate before the application starts */
	char app_text[SIM_TEXT_MAX]; /* printed in place of the application's greeting and text lines; "": not set */
	char ota[80];		     /* address of the OTA service, such as "127.0.0.1:8266"; "": no service */
	char ota_password[64];	     /* password of the OTA service; "": no password */
	enum sim_ota_kind ota_kind;
	int64_t ota_late_ns; /* time to "join Wi-Fi": from the application's start until its OTA service listens */
	int64_t stays_ns;    /* how long the board runs on after espreset has ended; 0: 300 ms */

	/* the bridge and the computer */
	enum sim_bridge_kind bridge;
	enum sim_framing framing;
	int sample_percent;	      /* where in a bit the receiver samples: 40 to 60 percent */
	int64_t latency_ns;	      /* from the reception of a character to its delivery to the host */
	int64_t control_ns;	      /* duration of a control transfer */
	int lose_ppm;		      /* characters in a million that are lost */
	int repeat_ppm;		      /* characters in a million that are delivered twice */
	int flip_ppm;		      /* characters in a million that are changed */
	int64_t spurious_ns;	      /* mean time between spurious characters; 0: none */
	int64_t rx_stall_ns;	      /* when the bridge stops delivering characters for a while */
	int64_t rx_stall_for_ns;      /* how long the bridge delivers no character; 0: no stall */
	int control_stall_op;	      /* which control transfer stalls first; 1: opening the port; 0: none stalls */
	int64_t control_stall_for_ns; /* how long a stalled control transfer takes until it fails with EIO */
	int control_stall_count;      /* how many control transfers stall; 0: the first and all later ones */
	int64_t unplug_ns;	      /* when the bridge is unplugged; 0: never */
	int unplug_op;	 /* at which control transfer the bridge is unplugged; 1: opening the port; 0: at none */
	int64_t host_ns; /* the longest time by which a busy computer delays a request from espreset */
	int open_error;	 /* errno with which opening the port fails; 0: opening succeeds */
	uint64_t seed;	 /* seed of the board's random numbers */
	char truth[256]; /* file that gets all events of the board (sim/process.h); "": no file */
};

/**
 * sim_config_init() - set @config to the default board
 *
 * The default board is an ESP8266 that a serial upload has left in boot mode 1. Two transistors connect it to a CH340.
 */
void sim_config_init(struct sim_config *config);

/**
 * sim_config_parse() - set @config to the board that a user describes by keywords ("sim:WORDS")
 * @words: keywords, separated by commas; they change the default board, one after the other
 * @err:   gets a text line with the wrong keyword and the reason
 *
 * Return: 0; -EINVAL: a keyword is wrong, and @config is unchanged.
 */
int sim_config_parse(struct sim_config *config, const char *words, char *err, size_t cap);

struct sim_word {
	const char
		*word; /* keyword and the form of its value: "baud=N" needs a number, "panic[=T]" may have a duration */
	const char *meaning;
	int status; /* exit status of espreset if only this keyword is given; -1: depends on the other keywords */
};

/** sim_word() - the keyword with the index @n, counted from 0; NULL after the last keyword */
const struct sim_word *sim_word(size_t n);

/** sim_config_random() - set @config to a random board; equal seeds give equal boards */
void sim_config_random(struct sim_config *config, uint64_t seed);

#endif
