/* rom.h - what the ROM, the loaders and the application of a simulated chip do and print.
 *
 * board.c calls sim_rom_start() after a reset, sim_rom_continue() when the script of a phase has ended, and
 * sim_rom_fate() when the application is to crash, restart or hang. Each of them fills the next script, which is the
 * text that the chip is to transmit:
 *
 *	sim_script_begin(board, SIM_PHASE_LOAD);
 *	sim_script_text(board, wait_ns, baud, "csum 0x%02x\n", sum);	as often as needed
 *	sim_script_play(board, now_ns);
 */
#ifndef ESPRESET_SIM_ROM_H
#define ESPRESET_SIM_ROM_H

#include "sim/board.h"

/** sim_rom_latch() - what the strapping latch gets when the straps are sampled; @gpio0_low: GPIO0 is low, not high */
struct sim_latch sim_rom_latch(const struct sim_config *config, bool gpio0_low);

/** sim_rom_min_pulse() - how many nanoseconds EN must be low to reset the chip. Sources: esp-faq "hardware design"
 * (ESP8266); Espressif hardware design guidelines (50 us; P4 1000 us). */
int64_t sim_rom_min_pulse(enum sim_chip chip);

/** sim_rom_start() - a hardware reset has sampled the straps: the ROM starts */
void sim_rom_start(struct sim_board *board, int64_t now_ns);

/** sim_rom_continue() - the script of a phase has ended: begin the next phase */
void sim_rom_continue(struct sim_board *board, int64_t now_ns);

/** sim_rom_fate() - let the application crash, restart or hang now, as config.fate says */
void sim_rom_fate(struct sim_board *board, int64_t now_ns);

/** sim_rom_restart() - restart by software; the strapping latch keeps its value */
void sim_rom_restart(struct sim_board *board, int64_t now_ns);

/** sim_rom_usb() - restart by the chip's own USB, without sampling the straps; @download: into the ROM loader */
void sim_rom_usb(struct sim_board *board, int64_t now_ns, bool download);

/** sim_rom_run_image() - the ROM loader starts the image in flash; @baud: baud rate that was set in the ROM loader */
void sim_rom_run_image(struct sim_board *board, int64_t now_ns, double baud);

/** sim_rom_already() - put the chip into the state config.start, without a reset */
void sim_rom_already(struct sim_board *board, int64_t now_ns);

/* What differs between the families of chips. */
struct sim_family {
	struct sim_latch (*latch)(const struct sim_config *config, bool gpio0_low); /* see sim_rom_latch() */
	void (*banner)(struct sim_board *board, int64_t now_ns);		    /* prints the ROM's banner */
	void (*load)(struct sim_board *board, int64_t now_ns);			    /* lets the ROM load the image */
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

/** sim_script_none() - end the script: the chip does nothing more by itself */
void sim_script_none(struct sim_board *board);

/** sim_script_wait() - begin @phase with a script without text, which ends after @wait_ns */
void sim_script_wait(struct sim_board *board, int64_t now_ns, enum sim_phase phase, int64_t wait_ns);

/** sim_rom_app() - the application starts; it prints config.app_text, or @greeting if config.app_text is "" */
void sim_rom_app(struct sim_board *board, int64_t now_ns, const char *greeting);

/* Functions of board.c for rom.c, esp32.c and esp8266.c. */
void sim_board_set_runs(struct sim_board *board, int64_t now_ns, enum sim_runs runs);
void sim_board_count_soft(struct sim_board *board, int64_t now_ns);
void sim_board_count_crash(struct sim_board *board, int64_t now_ns);

/** sim_board_fail() - a crash: the chip prints nothing, then goes on with @phase after @wait_ns */
void sim_board_fail(struct sim_board *board, int64_t now_ns, enum sim_phase phase, int64_t wait_ns);

/** sim_board_sample() - sample the straps into the strapping latch */
void sim_board_sample(struct sim_board *board, int64_t now_ns);

/** sim_board_obey() - let the ROM boot as @latch says, without sampling the straps */
void sim_board_obey(struct sim_board *board, const struct sim_latch *latch);

/** sim_board_brownout() - the supply voltage drops, which causes a power-on reset */
void sim_board_brownout(struct sim_board *board, int64_t now_ns);

uint64_t sim_board_random(struct sim_board *board, uint64_t below);

#endif
