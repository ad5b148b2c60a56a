/* boards.h - boards as users have them: healthy ones, and ones with exactly one fault.
 *
 * Each is the board that sim_config_random() draws from a seed. What is wrong with that board is mended,
 * a few weights are drawn anew, and at most one fault is added. The same seed and fault give the same
 * board.
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
	const char *name; /* the word of sim: where there is one */
	const char *title;
	enum verdict verdict; /* the word that a run must end with */
};

const struct boards_fault_info *boards_fault_info(enum boards_fault fault);

/* Return: BOARDS_FAULTS when no fault has that name. */
enum boards_fault boards_fault_by_name(const char *name);

/**
 * boards_draw() - the board of that seed with that fault
 * @ret_past_ns: how long it has lived when the port is opened
 */
void boards_draw(enum boards_fault fault, uint64_t seed, struct sim_config *ret, int64_t *ret_past_ns);

/* Why a board is counted apart from its class or fault: nobody who listens at the port could know. */
enum boards_apart {
	BOARDS_COUNTS,		    /* it is not apart */
	BOARDS_SWAPPED_TRANSISTORS, /* no circuit that is known to be sold */
	BOARDS_NO_WIRE,		    /* neither line reaches EN */
	BOARDS_MUTE_ROM,	    /* ESP32, GPIO15 low: the ROM prints nothing */
	BOARDS_TOO_LATE,	    /* the fault shows after a run without options has ended */
	BOARDS_NO_DETECTOR,	    /* ESP8266: a brownout looks like a reset by hand */
	BOARDS_NONOS_NOAPP,	    /* no application: the simulated NONOS loader does not say so */
	BOARDS_HEALED,		    /* a fault that comes a few times only, and not after the last reset */
	BOARDS_SAID_ONCE,	    /* ... and once after it: a report at a speed that nobody could know before */
	BOARDS_APARTS
};

const char *boards_apart_title(enum boards_apart apart);

/* What can be told before the run: never BOARDS_HEALED and BOARDS_SAID_ONCE. */
enum boards_apart boards_apart(enum boards_fault fault, const struct sim_config *config);

/* What matters of a board, in one line. */
void boards_print(const struct sim_config *config, char *buf, size_t cap);

#endif
