/* boards.h - random boards as users have them: healthy ones, and ones with exactly one fault.
 *
 * sim_config_random() draws a board from a seed. Then its faults are removed, some weights are drawn again, and at most
 * one fault is added. The same seed and fault always give the same board.
 */
#ifndef ESPRESET_SIMULATION_BOARDS_H
#define ESPRESET_SIMULATION_BOARDS_H

#include "base/verdict.h"
#include "sim/config.h"

enum boards_fault {
	BOARDS_HEALTHY,
	BOARDS_GPIO0LOW,
	BOARDS_NOIMAGE,
	BOARDS_CSUM,
	BOARDS_READERR,
	BOARDS_NOAPP,
	BOARDS_COPYFAILS,
	BOARDS_PANIC,
	BOARDS_WATCHDOG,
	BOARDS_BROWNOUT,
	BOARDS_RESTART,
	BOARDS_SDIO,
	BOARDS_COPY, /* no fault: eboot has an update to copy at the next start */
	BOARDS_FAULTS
};

struct boards_fault_info {
	const char *name; /* the word in sim:WORDS, for faults that have one */
	const char *title;
	enum verdict verdict; /* the verdict that a run must end with */
};

/* boards_fault_info() - name, title and expected verdict of a fault */
const struct boards_fault_info *boards_fault_info(enum boards_fault fault);

/* boards_fault_by_name() - the fault with that name; BOARDS_FAULTS: there is none */
enum boards_fault boards_fault_by_name(const char *name);

/**
 * boards_draw() - draw the board of @seed and give it @fault
 * @ret_past_ns: how long the board has had power when the port is opened
 */
void boards_draw(enum boards_fault fault, uint64_t seed, struct sim_config *ret, int64_t *ret_past_ns);

/* Reasons to count a board apart from its class or fault, because the fault cannot be recognised at the port. */
enum boards_apart {
	BOARDS_COUNTS,		    /* the board is not counted apart */
	BOARDS_SWAPPED_TRANSISTORS, /* the circuit is not known to be sold */
	BOARDS_NO_WIRE,		    /* neither DTR nor RTS reaches EN */
	BOARDS_MUTE_ROM,	    /* ESP32 with GPIO15 low: the ROM prints nothing */
	BOARDS_TOO_LATE,	    /* the fault shows only after a run without options has ended */
	BOARDS_NO_DETECTOR,	    /* ESP8266 without brownout detector: a brownout looks like a reset by hand */
	BOARDS_NONOS_NOAPP,	    /* NONOS loader without application: the simulated loader does not report it */
	BOARDS_HEALED,		    /* the fault happens a limited number of times, and not after the last reset */
	/* the fault happens a limited number of times, once after the last reset, and is reported at a speed not yet
	 * known */
	BOARDS_SAID_ONCE,
	BOARDS_APARTS
};

/* boards_apart_title() - the reason in words, for tables */
const char *boards_apart_title(enum boards_apart apart);

/* boards_apart() - the reason that is known before the run; never BOARDS_HEALED or BOARDS_SAID_ONCE */
enum boards_apart boards_apart(enum boards_fault fault, const struct sim_config *config);

/* boards_print() - describe a board in one text line */
void boards_print(const struct sim_config *config, char *buf, size_t cap);

#endif
