/* board.h - a simulated board: wires, EN's capacitor, the strapping latch, the chip and its firmware.
 *
 *	sim_config_init(&config);		  or sim_config_parse(), sim_config_random()
 *	sim_board_init(&board, &config, now, seed);
 *	sim_board_on_frame(&board, got_character, user);
 *	loop:
 *		sim_board_run(&board, now);		  reports the characters that have ended by now
 *		sim_board_lines(&board, now, dtr, rts);	  when the bridge changes DTR or RTS
 *		sleep until sim_board_next(&board);
 *
 * The caller passes the time: int64_t nanoseconds that never decrease. The module reads no clock, does not sleep and
 * does not allocate. Each function with a time as a parameter first simulates up to this time. If DTR or RTS is
 * asserted, its pin at the bridge is at 0 V. docs/hardware.md says what is modelled, with sources.
 */
#ifndef ESPRESET_SIM_BOARD_H
#define ESPRESET_SIM_BOARD_H

#include "sim/config.h"
#include "sim/uart.h"

/* What the processor does. */
enum sim_runs {
	SIM_RUNS_NOTHING, /* no power */
	SIM_RUNS_RESET,	  /* held in reset */
	SIM_RUNS_ROM,	  /* the ROM prints its banner or loads the image */
	SIM_RUNS_WAITING, /* the ROM waits for a download, or for an SDIO or SPI host */
	SIM_RUNS_SECOND,  /* the second stage loader runs */
	SIM_RUNS_COPYING, /* eboot copies an OTA image */
	SIM_RUNS_APP,
	SIM_RUNS_CRASHED, /* the chip has halted, or prints a crash report */
};

const char *sim_runs_name(enum sim_runs runs);

/* The strapping latch, and the boot source that it selects. */
struct sim_latch {
	int boot_mode;	      /* as in the banner: N of "boot mode:(N,M)" (ESP8266) or NN of "boot:0xNN" */
	bool flash, download; /* boot source: flash, UART download, or another one if both are false */
	int floating;	      /* bit mask: the reserved bits of boot_mode, which have random values */
};

/* The true state of the board, which espreset can only infer. A time is -1 if the event has not happened yet. */
struct sim_truth {
	unsigned int hardware_resets; /* resets that sampled the straps: by DTR, RTS, button, power, GPIO16 */
	unsigned int line_resets;     /* hardware resets by DTR or RTS */
	unsigned int soft_restarts; /* resets that are no hardware resets: by software, exception, watchdog, brownout */
	unsigned int crashes;	    /* panics, watchdogs, brownouts, images that cannot be run */
	unsigned int crashes_since_reset; /* crashes since the last hardware reset */
	unsigned int en_falls, en_rises;  /* how often EN crossed its threshold, even for a short glitch */
	bool en_low, gpio0_low;
	bool dtr, rts; /* the bridge's pins: true is asserted */
	bool powered;
	enum sim_runs runs;
	int boot_mode;			/* value of the strapping latch, as in struct sim_latch */
	bool latch_flash;		/* the strapping latch, or the chip's own USB, selects booting from flash */
	bool latch_download;		/* the strapping latch, or the chip's own USB, selects UART download */
	unsigned int copies_broken;	/* how often a reset interrupted eboot while it copied an OTA image */
	int64_t last_hardware_reset_ns; /* when the last hardware reset sampled the straps */
	int64_t last_soft_restart_ns;
	int64_t last_crash_ns;
	int64_t app_since_ns; /* when the running application started; -1: no application runs */
};

/* A change on the board, which is reported to sim_trace_fn with a value. For the pins EN and GPIO0, the value is 1 if
 * the pin is low. For the modem lines DTR and RTS, the value is 1 if the line is asserted. */
/* clang-format off */
enum sim_edge {
	SIM_EDGE_DTR, SIM_EDGE_RTS, SIM_EDGE_EN, SIM_EDGE_GPIO0,
	SIM_EDGE_LATCH,		/* the straps were sampled; value: boot_mode */
	SIM_EDGE_RUNS,		/* the processor does something else from now on; value: enum sim_runs */
	SIM_EDGE_SOFT,		/* a reset that is no hardware reset; value: reset cause */
	SIM_EDGE_POWER,
};
/* clang-format on */

const char *sim_edge_name(enum sim_edge edge);

struct sim_board;

/* Callbacks for a simulation of the ROM loader's protocol, or of an application that reads its UART. */
struct sim_listener {
	/* A character arrived on RXD. If runs is SIM_RUNS_WAITING and latch_download is true in struct sim_truth, the
	 * ROM loader receives it. */
	void (*frame)(void *user, struct sim_board *board, const struct sim_frame *frame);
	/* The member runs of struct sim_truth has changed. */
	void (*runs)(void *user, struct sim_board *board, int64_t now_ns, enum sim_runs runs);
	void *user;
};

typedef void sim_frame_fn(void *user, const struct sim_frame *frame);
typedef void sim_trace_fn(void *user, int64_t now_ns, enum sim_edge edge, int value);

/* What the chip transmits now. When a phase ends, sim_rom_continue() begins the next one. */
/* clang-format off */
enum sim_phase {
	SIM_PHASE_NONE,		/* transmits nothing until a reset */
	SIM_PHASE_ROM,		/* the ROM's banner */
	SIM_PHASE_LOAD, SIM_PHASE_SECOND, SIM_PHASE_COPY, SIM_PHASE_COPIED,
	SIM_PHASE_APP, SIM_PHASE_APP_LINE,
	SIM_PHASE_RESTART,	/* a crash report or nothing, then a software restart */
	SIM_PHASE_WATCHDOG,	/* nothing; then the watchdog resets the chip, because its ROM waits or cannot boot */
};
/* clang-format on */

#define SIM_SAY_MAX 8192
#define SIM_STEP_MAX 16

/* One step of a phase: a pause, then characters at one baud rate. */
struct sim_step {
	int64_t wait_ns;
	double bit_ns;
	unsigned int from, to; /* the step's characters are text[from] to text[to - 1] */
};

/* The members are private: use sim_board_truth(). */
struct sim_board {
	struct sim_config config;
	int64_t start_ns, now_ns;
	uint64_t random;

	/* wires */
	bool want_dtr, want_rts; /* DTR and RTS as the host has set them */
	int64_t dtr_ns, rts_ns;	 /* when the bridge's pin changes; SIM_NEVER: no change is due */
	bool finger, button;	 /* finger: the reset button is pressed; button: the button on GPIO0 is pressed */
	bool asleep;		 /* GPIO16 pulls EN low, which ends deep sleep */
	int64_t finger_ns, button_ns, sleep_ns; /* when finger, button, asleep change next */
	bool en_driven;				/* DTR, RTS, a button, GPIO16 or missing power pulls EN low */
	double en_v;				/* EN's voltage at en_since_ns, as a share of VDD */
	int64_t en_since_ns;			/* when en_driven changed last */
	int64_t en_cross_ns;			/* when EN crosses its next threshold */
	int64_t stop_ns;			/* when EN will have been low long enough to reset the chip */
	int64_t strap_ns;			/* when the straps will be sampled */
	struct sim_latch straps;		/* the strapping latch as sampled last */
	bool stopped_by_lines;			/* DTR or RTS caused the last hardware reset */
	bool power_on;				/* the hardware reset that has begun is a power-on reset */
	bool usb_held;				/* the chip's own USB holds the chip in reset */

	/* the state of the chip */
	int cause;	    /* reset cause, as the ROM prints it */
	bool warm;	    /* ESP8266: the PLL is set, so the ROM prints at 115200 Bd */
	bool soft;	    /* the last reset was no hardware reset */
	bool second_banner; /* ESP32 revision 0, which prints two banners: the second one has begun */
	int64_t copy_ns;    /* how long eboot will copy an OTA image at the next boot; 0: there is none to copy */
	int fates;	    /* how many times the application has crashed, restarted or hung (config.fate) */
	int64_t fate_ns;    /* when the application crashes, restarts or hangs next (config.fate) */
	double image_baud;  /* baud rate that the host has set in the ROM loader; 0: the ROM uses its own baud rate */

	/* what the chip transmits: the script of the current phase (step[]), and text from sim_board_say() (say[]) */
	enum sim_phase phase;
	struct sim_step step[SIM_STEP_MAX];
	unsigned int steps, step_at, texted, text_at;
	int64_t next_ns; /* when the script's next character starts, or the script ends; SIM_NEVER: no script */
	unsigned int said, say_at;
	double say_bit_ns;
	int64_t say_ns;	    /* earliest start of the next character of say[] */
	bool in_frame;	    /* a character is on the wire */
	bool frame_is_said; /* the character on the wire is from say[], not from the script */
	struct sim_frame frame;

	struct sim_truth truth;
	sim_frame_fn *on_frame;
	void *frame_user;
	sim_trace_fn *on_trace;
	void *trace_user;
	struct sim_listener listener;
	char text[SIM_SAY_MAX], say[SIM_SAY_MAX];
};

/** sim_board_init() - set up a board; config.start and config.lines_before give its state; @seed: random seed */
void sim_board_init(struct sim_board *board, const struct sim_config *config, int64_t now_ns, uint64_t seed);

/** sim_board_on_frame() - @fn gets each character that the chip transmits, when it ends or a reset cuts it off */
void sim_board_on_frame(struct sim_board *board, sim_frame_fn *fn, void *user);

/** sim_board_on_trace() - @fn gets each change that enum sim_edge lists */
void sim_board_on_trace(struct sim_board *board, sim_trace_fn *fn, void *user);

/** sim_board_listener() - set the callbacks of @listener, which is copied; a callback may be NULL */
void sim_board_listener(struct sim_board *board, const struct sim_listener *listener);

/** sim_board_lines() - the bridge sets DTR and RTS in one step; config.skew_ns delays one of the two pins */
void sim_board_lines(struct sim_board *board, int64_t now_ns, bool dtr, bool rts);

/** sim_board_power() - switch the power of the USB cable on or off; switching it on causes a power-on reset */
void sim_board_power(struct sim_board *board, int64_t now_ns, bool on);

/** sim_board_usb_hold() - the chip's own USB holds the core in reset; only for chips with their own USB */
void sim_board_usb_hold(struct sim_board *board, int64_t now_ns);

/** sim_board_usb_run() - the chip's own USB restarts the core, without sampling the straps; @download: into the ROM
 * loader */
void sim_board_usb_run(struct sim_board *board, int64_t now_ns, bool download);

/** sim_board_finger() - a finger presses or releases the reset button */
void sim_board_finger(struct sim_board *board, int64_t now_ns, bool pressed);

/** sim_board_rx() - a character on the chip's RXD has ended */
void sim_board_rx(struct sim_board *board, const struct sim_frame *frame);

/** sim_board_next() - the time of the next event of the board; SIM_NEVER: no event is due */
int64_t sim_board_next(const struct sim_board *board);

/** sim_board_run() - simulate up to and including the time @until_ns */
void sim_board_run(struct sim_board *board, int64_t until_ns);

/** sim_board_quiet_until() - the time up to which the chip has sent only the characters reported so far */
int64_t sim_board_quiet_until(const struct sim_board *board);

/** sim_board_truth() - the true state of the board now, that is, at the last @now_ns or @until_ns; part of @board */
const struct sim_truth *sim_board_truth(const struct sim_board *board);

/**
 * sim_board_say() - queue @len characters, which the chip transmits after the characters queued before
 * Return: 0; -ENOSPC: more than SIM_SAY_MAX characters would be queued, and none was added.
 */
int sim_board_say(struct sim_board *board, int64_t now_ns, const void *data, size_t len, double baud);

/** sim_board_run_image() - the ROM loader starts the image in flash ("run user code") without a reset
 * @baud: the baud rate that was set in the ROM loader */
void sim_board_run_image(struct sim_board *board, int64_t now_ns, double baud);

/** sim_board_restart() - the chip restarts by software, as by ESP.restart(); the strapping latch keeps its value */
void sim_board_restart(struct sim_board *board, int64_t now_ns);

/** sim_board_flashed() - the flash holds @image from now on; its crashes are counted from 0; eboot copies nothing */
void sim_board_flashed(struct sim_board *board, enum sim_image image);

/** sim_board_ota_staged() - ESP8266: an OTA image is complete; at the next boot eboot copies it for @copy_ns */
void sim_board_ota_staged(struct sim_board *board, int64_t copy_ns);

#endif
