/* rom.h - what the ROM, the loaders and the application of a simulated chip do and print.
 *
 * board.c calls sim_rom_start() after a reset, sim_rom_continue() when the script of a phase has ended, and
 * sim_rom_fate() when the application's fate happens. Each call fills the next script:
 *
 *	sim_script_begin(board, SIM_PHASE_LOAD);
 *	sim_script_text(board, wait_ns, baud, "csum 0x%02x\n", sum);	as often as needed
 *	sim_script_play(board, now_ns);
 */
#ifndef ESPRESET_SIM_ROM_H
#define ESPRESET_SIM_ROM_H

#include "sim/board.h"

/** sim_rom_latch() - what the straps select while GPIO0 is low or high */
struct sim_latch sim_rom_latch(const struct sim_config *config, bool gpio0_low);

/** sim_rom_min_pulse() - the nanoseconds that EN must be low to reset the chip. Sources: esp-faq "hardware design"
 * (ESP8266); Espressif hardware design guidelines (50 us; P4 1000 us). */
int64_t sim_rom_min_pulse(enum sim_chip chip);

/** sim_rom_start() - a hardware reset has sampled the straps: the ROM starts */
void sim_rom_start(struct sim_board *board, int64_t now_ns);

/** sim_rom_continue() - the script of a phase has ended: begin the next phase */
void sim_rom_continue(struct sim_board *board, int64_t now_ns);

/** sim_rom_fate() - the fate of the application happens: it crashes, restarts or hangs */
void sim_rom_fate(struct sim_board *board, int64_t now_ns);

/** sim_rom_restart() - a restart by software, which keeps the latch */
void sim_rom_restart(struct sim_board *board, int64_t now_ns);

/** sim_rom_usb() - a restart by the chip's own USB, which keeps the latch; @download: the loader starts nevertheless */
void sim_rom_usb(struct sim_board *board, int64_t now_ns, bool download);

/** sim_rom_run_image() - the loader starts the image */
void sim_rom_run_image(struct sim_board *board, int64_t now_ns, double baud);

/** sim_rom_already() - the state of config.start, without a reset */
void sim_rom_already(struct sim_board *board, int64_t now_ns);

/* What differs between the families of chips. */
struct sim_family {
	struct sim_latch (*latch)(const struct sim_config *config, bool gpio0_low); /* see sim_rom_latch() */
	void (*banner)(struct sim_board *board, int64_t now_ns);		    /* the ROM starts */
	void (*load)(struct sim_board *board, int64_t now_ns);			    /* the ROM loads the image */
	void (*next)(struct sim_board *board, int64_t now_ns);			    /* see sim_rom_continue() */
	void (*fate)(struct sim_board *board, int64_t now_ns);			    /* see sim_rom_fate() */
};

extern const struct sim_family sim_esp8266, sim_esp32;

/** sim_esp32_usb_cause() - the reset cause after a restart by the chip's own USB */
int sim_esp32_usb_cause(enum sim_chip chip);

void sim_script_begin(struct sim_board *board, enum sim_phase phase);
void sim_script_text(struct sim_board *board, int64_t wait_ns, double baud, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void sim_script_play(struct sim_board *board, int64_t now_ns);

/** sim_script_none() - the chip does nothing more by itself */
void sim_script_none(struct sim_board *board);

/** sim_script_wait() - a script without text: the phase ends after @wait_ns */
void sim_script_wait(struct sim_board *board, int64_t now_ns, enum sim_phase phase, int64_t wait_ns);

/** sim_rom_app() - the application starts; @greeting: what it prints unless config.app_text says another text */
void sim_rom_app(struct sim_board *board, int64_t now_ns, const char *greeting);

/* board.c, for the files above. */
void sim_board_set_runs(struct sim_board *board, int64_t now_ns, enum sim_runs runs);
void sim_board_count_soft(struct sim_board *board, int64_t now_ns);
void sim_board_count_crash(struct sim_board *board, int64_t now_ns);

/** sim_board_fail() - a crash: the chip prints nothing, then goes on with @phase after @wait_ns */
void sim_board_fail(struct sim_board *board, int64_t now_ns, enum sim_phase phase, int64_t wait_ns);

/** sim_board_sample() - sample the straps */
void sim_board_sample(struct sim_board *board, int64_t now_ns);

/** sim_board_obey() - let the ROM start as a latch says, without sampling the straps */
void sim_board_obey(struct sim_board *board, const struct sim_latch *latch);

/** sim_board_brownout() - a power-on reset that the supply causes */
void sim_board_brownout(struct sim_board *board, int64_t now_ns);

uint64_t sim_board_random(struct sim_board *board, uint64_t below);

#endif
