/* boards.h - random simulated boards like those that users have: healthy boards, and boards with exactly one fault.
 *
 * sim_config_random() makes a random board from a seed. The board may have several faults. boards_draw() removes all of
 * them, and draws some properties again so that they are about as frequent as on users' boards. Then it adds the fault
 * that the caller wants, if any. The same seed and fault always give the same board.
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
	BOARDS_COPY, /* not really a fault: eboot has to copy an update at the next boot, and the copy succeeds */
	BOARDS_FAULTS
};

struct boards_fault_info {
	const char *name; /* name of the fault on the command line: simulation --fault-one FAULT SEED */
	const char *title;
	enum verdict verdict; /* the verdict that espreset must give on a board with this fault */
};

/* boards_fault_info() - name, title and right verdict of a fault */
const struct boards_fault_info *boards_fault_info(enum boards_fault fault);

/* boards_fault_by_name() - the fault called @name; BOARDS_FAULTS: no fault has this name */
enum boards_fault boards_fault_by_name(const char *name);

/**
 * boards_draw() - make a random board from @seed, with @fault as its only fault (BOARDS_HEALTHY: with none)
 * @ret_past_ns: receives how long the board has had power when espreset opens the port
 */
void boards_draw(enum boards_fault fault, uint64_t seed, struct sim_config *ret, int64_t *ret_past_ns);

/* Reasons to count a board separately from the others of its class or fault. It would distort the share of right
 * verdicts, because espreset cannot give the right verdict on it, or because nobody is known to have such a board. */
enum boards_apart {
	BOARDS_COUNTS,		    /* no reason: the board counts with the others */
	BOARDS_SWAPPED_TRANSISTORS, /* two transistors with DTR and RTS swapped: no such board is known to be sold */
	BOARDS_NO_WIRE,		    /* neither DTR nor RTS is connected to EN, so espreset cannot reset the board */
	BOARDS_MUTE_ROM,	    /* an ESP32 with GPIO15 low, whose ROM prints nothing */
	BOARDS_TOO_LATE,	    /* the crash or restart becomes visible only after espreset has ended */
	BOARDS_NO_DETECTOR,	    /* an ESP8266's brownout: without a detector, it looks like a reset by hand */
	BOARDS_NONOS_NOAPP,	    /* no application in flash, and the simulated NONOS loader prints no error */
	BOARDS_HEALED,		    /* the board has crashed or restarted only before espreset's last reset of it */
	/* The board has crashed only once since espreset's last reset, and then runs well. Its report was too short for
	 * espreset to find the baud rate of the report. */
	BOARDS_SAID_ONCE,
	BOARDS_APARTS
};

/* boards_apart_title() - the reason @apart as a text for tables */
const char *boards_apart_title(enum boards_apart apart);

/* boards_apart() - the reason to count this board separately; BOARDS_COUNTS: there is none. Only looks at properties
 * that are known before espreset runs, so it never returns BOARDS_HEALED or BOARDS_SAID_ONCE. */
enum boards_apart boards_apart(enum boards_fault fault, const struct sim_config *config);

/* boards_print() - write the properties of a board to @buf, as one text line without line end */
void boards_print(const struct sim_config *config, char *buf, size_t cap);

#endif
