/* rom.h - what each chip's ROM, loaders and application print and do, from the reset on.
 *
 * The board calls it when a reset has ended, when the script of a phase has run out, and when the
 * application's fate comes true; it fills the next script.
 */
#ifndef ESPRESET_SIM_ROM_H
#define ESPRESET_SIM_ROM_H

#include "sim/board.h"

/* What the straps say while GPIO0 has this level. */
struct sim_latch sim_rom_latch(const struct sim_config *config, bool gpio0_low);

/* EN low for less than this is no reset. Source: esp-faq "hardware design" (ESP8266), Espressif hardware design
 * guidelines (50 us; P4 1000 us). */
int64_t sim_rom_min_pulse(enum sim_chip chip);

/* A hardware reset has ended, the latch is sampled: start. */
void sim_rom_start(struct sim_board *board, int64_t now_ns);

/* The script has run out: what comes next. */
void sim_rom_continue(struct sim_board *board, int64_t now_ns);

/* The application's fate comes true. */
void sim_rom_fate(struct sim_board *board, int64_t now_ns);

/* Restart by software: the latch stays. */
void sim_rom_restart(struct sim_board *board, int64_t now_ns);

/* Restart by the chip's own USB: the latch stays, but while the USB asks for the loader it counts for nothing. */
void sim_rom_usb(struct sim_board *board, int64_t now_ns, bool download);

/* The loader starts the image. */
void sim_rom_run_image(struct sim_board *board, int64_t now_ns, double baud);

/* The state that config.start says, without a reset. */
void sim_rom_already(struct sim_board *board, int64_t now_ns);

/* The two families, in esp8266.c and esp32.c; each is asked for its own chips only. */
struct sim_latch sim_esp8266_latch(const struct sim_config *config, bool gpio0_low);
void sim_esp8266_banner(struct sim_board *board, int64_t now_ns);
void sim_esp8266_continue(struct sim_board *board, int64_t now_ns);
void sim_esp8266_fate(struct sim_board *board, int64_t now_ns);
void sim_esp8266_load(struct sim_board *board, int64_t now_ns);
int sim_esp32_usb_cause(enum sim_chip chip);
struct sim_latch sim_esp32_latch(const struct sim_config *config, bool gpio0_low);
void sim_esp32_banner(struct sim_board *board, int64_t now_ns);
void sim_esp32_continue(struct sim_board *board, int64_t now_ns);
void sim_esp32_fate(struct sim_board *board, int64_t now_ns);
void sim_esp32_load(struct sim_board *board, int64_t now_ns);

/* Scripts, in rom.c. begin, then waits and texts in order, then play. */
void sim_script_begin(struct sim_board *board, enum sim_phase phase);
void sim_script_text(struct sim_board *board, int64_t wait_ns, double baud, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void sim_script_play(struct sim_board *board, int64_t now_ns);
/* The chip does nothing more by itself. */
void sim_script_none(struct sim_board *board);
/* So long nothing, then that phase ends. */
void sim_script_wait(struct sim_board *board, int64_t now_ns, enum sim_phase phase, int64_t wait_ns);

/* The application, alike on all chips. */
void sim_rom_app(struct sim_board *board, int64_t now_ns, const char *greeting);
void sim_rom_app_line(struct sim_board *board, int64_t now_ns);

/* For these, in board.c: */
void sim_board_set_runs(struct sim_board *board, int64_t now_ns, enum sim_runs runs);
void sim_board_count_soft(struct sim_board *board, int64_t now_ns);
void sim_board_count_crash(struct sim_board *board, int64_t now_ns);
void sim_board_sample(struct sim_board *board, int64_t now_ns);		     /* the latch, from GPIO0 as it is */
void sim_board_obey(struct sim_board *board, const struct sim_latch *latch); /* the ROM starts as it says */
void sim_board_brownout(struct sim_board *board, int64_t now_ns);	     /* a power-on reset out of nowhere */
uint64_t sim_board_random(struct sim_board *board, uint64_t below);

#endif
