/* board.h - the simulated board: wires, EN's capacitor, the strapping latch, the chip and its firmware.
 *
 * Time is handed in, int64_t nanoseconds that never go back; nothing here reads a clock, sleeps or allocates.
 *
 *	sim_config_init(&config);			  (or _parse(), _random())
 *	sim_board_init(&board, &config, now, seed);
 *	sim_board_on_frame(&board, got_character, user);
 *	loop:
 *		sim_board_run(&board, now);		  characters that ended by now come out
 *		sim_board_lines(&board, now, dtr, rts);	  when the bridge drives its pins
 *		sleep until sim_board_next(&board);
 *
 * Every call that takes a time runs the board up to that time first. `asserted` means: pin at 0 V.
 * What it models, and from where, is in docs/hardware.md.
 */
#ifndef ESPRESET_SIM_BOARD_H
#define ESPRESET_SIM_BOARD_H

#include "sim/config.h"
#include "sim/uart.h"

/* What the processor is doing. */
enum sim_runs {
	SIM_RUNS_NOTHING, /* no power */
	SIM_RUNS_RESET,	  /* held in reset */
	SIM_RUNS_ROM,	  /* ROM: starts, prints, loads */
	SIM_RUNS_WAITING, /* ROM waits for a download, or for an SDIO or SPI host */
	SIM_RUNS_SECOND,  /* second stage loader */
	SIM_RUNS_COPYING, /* eboot copies an OTA image */
	SIM_RUNS_APP,
	SIM_RUNS_CRASHED, /* halted or reporting a crash */
};

const char *sim_runs_name(enum sim_runs runs);

/* What the straps say: the latch, as the chip prints it. */
struct sim_latch {
	int boot_mode;
	bool flash, download;
	int floating; /* reserved bits of boot_mode that come up as they like */
};

struct sim_truth {
	unsigned int hardware_resets;	  /* that sampled the straps since the start: lines, fingers, power, GPIO16 */
	unsigned int line_resets;	  /* those of them that DTR or RTS made */
	unsigned int soft_restarts;	  /* all others: software, exception, watchdog, brownout */
	unsigned int crashes;		  /* panics, watchdogs, brownouts, images that cannot be run */
	unsigned int crashes_since_reset; /* those of them since the last hardware reset */
	unsigned int en_falls, en_rises;  /* of the EN pin through its thresholds, short glitches too */
	bool en_low, gpio0_low;		  /* now */
	bool dtr, rts;			  /* the bridge's pins now: asserted? */
	bool powered;
	enum sim_runs runs;
	int boot_mode;			/* the latch: ESP8266 the first number; others the GPIO_STRAP value */
	bool latch_flash;		/* the latch, or the chip's own USB in its place, says: boot from flash */
	bool latch_download;		/* the same says: UART download */
	unsigned int copies_broken;	/* OTA copies that a reset interrupted */
	int64_t last_hardware_reset_ns; /* end of the last one: straps sampled; -1 */
	int64_t last_soft_restart_ns;	/* -1 */
	int64_t last_crash_ns;		/* -1 */
	int64_t app_since_ns;		/* -1 when it does not run */
};

/* Traced: a change, at a time. Values: 1 = low for EN and GPIO0, 1 = asserted for DTR and RTS. */
/* clang-format off */
enum sim_edge {
	SIM_EDGE_DTR, SIM_EDGE_RTS, SIM_EDGE_EN, SIM_EDGE_GPIO0,
	SIM_EDGE_LATCH,		/* value: boot_mode; sampled now */
	SIM_EDGE_RUNS,		/* value: enum sim_runs */
	SIM_EDGE_SOFT,		/* a software restart, watchdog, ... */
	SIM_EDGE_POWER,
};
/* clang-format on */

const char *sim_edge_name(enum sim_edge edge);

struct sim_board;

/* Plugged in by whoever speaks the ROM loader's protocol, or plays an application that reads. */
struct sim_listener {
	/* A character arrived on the chip's RXD. runs is SIM_RUNS_WAITING with latch_download for the loader. */
	void (*frame)(void *user, struct sim_board *board, const struct sim_frame *frame);
	/* What runs has changed: a loader forgets its state when it leaves SIM_RUNS_WAITING. */
	void (*runs)(void *user, struct sim_board *board, int64_t now_ns, enum sim_runs runs);
	void *user;
};

typedef void sim_frame_fn(void *user, const struct sim_frame *frame);
typedef void sim_trace_fn(void *user, int64_t now_ns, enum sim_edge edge, int value);

/* What the chip does next by itself. */
/* clang-format off */
enum sim_phase {
	SIM_PHASE_NONE,		/* nothing, for ever */
	SIM_PHASE_ROM,		/* the banner */
	SIM_PHASE_LOAD, SIM_PHASE_SECOND, SIM_PHASE_COPY, SIM_PHASE_COPIED,
	SIM_PHASE_APP, SIM_PHASE_APP_LINE,
	SIM_PHASE_RESTART,	/* by software */
	SIM_PHASE_WATCHDOG,	/* the watchdog of a ROM that waits or failed */
};
/* clang-format on */

#define SIM_SAY_MAX 8192
#define SIM_STEP_MAX 16

/* A stretch of it: wait, then these characters at that speed. */
struct sim_step {
	int64_t wait_ns;
	double bit_ns;
	unsigned int from, to; /* in text[] */
};

/* Fields are the module's own; look at the truth through sim_board_truth(). */
struct sim_board {
	struct sim_config config;
	int64_t start_ns, now_ns;
	uint64_t random;

	/* wires: what the host asked for, and when each pin follows */
	bool want_dtr, want_rts;
	int64_t dtr_ns, rts_ns; /* SIM_NEVER: the pin is as wanted */
	bool finger, button, asleep;
	int64_t finger_ns, button_ns, sleep_ns; /* next change */
	bool en_driven;				/* something pulls EN down */
	double en_v;				/* share of VDD at en_since_ns */
	int64_t en_since_ns;
	int64_t en_cross_ns;	 /* when EN passes its next threshold */
	int64_t stop_ns;	 /* EN will have been low long enough */
	int64_t strap_ns;	 /* the latch is sampled */
	struct sim_latch straps; /* as it was sampled */
	bool stopped_by_lines, power_on;
	bool usb_held; /* in reset by its own USB */

	/* the chip */
	int cause; /* as its ROM prints it */
	bool warm; /* ESP8266: PLL set, ROM prints at 115200 */
	bool soft; /* this boot is no hardware reset */
	bool second_banner;
	int64_t copy_ns;   /* an OTA image waits to be copied */
	int fates;	   /* so many came true */
	int64_t fate_ns;   /* the next one */
	double image_baud; /* what the loader left the UART at; 0: the ROM's own */

	/* what it transmits: the script of its phase, and what a listener says */
	enum sim_phase phase;
	struct sim_step step[SIM_STEP_MAX];
	unsigned int steps, step_at, texted, text_at;
	int64_t next_ns; /* next character of the script, or its end; SIM_NEVER */
	unsigned int said, say_at;
	double say_bit_ns;
	int64_t say_ns; /* not before */
	bool in_frame, frame_is_said;
	struct sim_frame frame;

	struct sim_truth truth;
	sim_frame_fn *on_frame;
	void *frame_user;
	sim_trace_fn *on_trace;
	void *trace_user;
	struct sim_listener listener;
	char text[SIM_SAY_MAX], say[SIM_SAY_MAX];
};

/**
 * sim_board_init() - a board in the state that config.start says, lines as config.lines_before says
 * @seed: for what config leaves to chance
 */
void sim_board_init(struct sim_board *board, const struct sim_config *config, int64_t now_ns, uint64_t seed);

/* Who gets the characters that the chip transmits: called when a character has ended (or was cut by a reset). */
void sim_board_on_frame(struct sim_board *board, sim_frame_fn *fn, void *user);

/* Who gets every change of EN, GPIO0, lines, latch and what runs. */
void sim_board_on_trace(struct sim_board *board, sim_trace_fn *fn, void *user);

/* Who gets the characters sent to the chip; copied; .frame and .runs may be NULL. */
void sim_board_listener(struct sim_board *board, const struct sim_listener *listener);

/* The bridge drives its pins: both at once, whatever the skew makes of it. */
void sim_board_lines(struct sim_board *board, int64_t now_ns, bool dtr, bool rts);

/* Power through the cable: without it, nothing runs. Coming back is a power-on reset. */
void sim_board_power(struct sim_board *board, int64_t now_ns, bool on);

/* The chip's own USB holds its core in reset, and lets it go: a restart that reads no straps. download: into the
 * loader instead. Only chips that have such USB. */
void sim_board_usb_hold(struct sim_board *board, int64_t now_ns);
void sim_board_usb_run(struct sim_board *board, int64_t now_ns, bool download);

/* A finger on the reset button. */
void sim_board_finger(struct sim_board *board, int64_t now_ns, bool pressed);

/* A character on the chip's RXD; call it when the character has ended. */
void sim_board_rx(struct sim_board *board, const struct sim_frame *frame);

/* When something happens by itself next; SIM_NEVER. Never earlier than the last time given. */
int64_t sim_board_next(const struct sim_board *board);

/* Let time pass: everything up to and including until_ns happens. */
void sim_board_run(struct sim_board *board, int64_t until_ns);

/* The chip's TXD is known to have been idle, apart from frames that came out, until then: at most now. */
int64_t sim_board_quiet_until(const struct sim_board *board);

/* Now: as of the last time given. */
const struct sim_truth *sim_board_truth(const struct sim_board *board);

/**
 * sim_board_say() - the chip transmits, for a listener
 *
 * The characters go out after whatever is on its way already, at the given speed.
 *
 * Return: 0, or -ENOSPC when more than SIM_SAY_MAX characters wait: nothing is queued then.
 */
int sim_board_say(struct sim_board *board, int64_t now_ns, const void *data, size_t len, double baud);

/* The loader starts what is in flash ("run user code"): no reset, the latch stays. At that speed it prints. */
void sim_board_run_image(struct sim_board *board, int64_t now_ns, double baud);

/* ESP.restart() and its like: warm, the latch stays (except where the chip samples it again). */
void sim_board_restart(struct sim_board *board, int64_t now_ns);

/* Another image is in flash from now on; fate_times and copy start afresh. */
void sim_board_flashed(struct sim_board *board, enum sim_image image);

/* An OTA update was accepted: at the next start eboot copies it for so long (ESP8266). */
void sim_board_ota_staged(struct sim_board *board, int64_t copy_ns);

#endif
