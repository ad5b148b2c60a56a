/* proof.h - what one reset pulse has shown, and the rules that decide whether this proves a reset.
 *
 * The verdict is `ready` if every rule holds. It is also `ready` if an ESP8266 answers to --ota-dry-run that it would
 * accept an update (src/run/worker.c). A build with PROOF_MUTANTS can leave out a rule. Tests use this to show that
 * random boards expose the missing rule. The shipped program cannot leave out a rule.
 */
#ifndef ESPRESET_SESSION_PROOF_H
#define ESPRESET_SESSION_PROOF_H

#include <stdbool.h>
#include <stdint.h>

#include "bootlog/bootlog.h"

enum proof_rule {
	PROOF_QUIET_HOLD,    /* while reset was held no bytes came, except in the first 50 ms */
	PROOF_AFTER_RELEASE, /* the banner began after the modem lines were released */
	PROOF_IN_TIME,	     /* the time from the release of the modem lines to the banner fits a boot */
	PROOF_HARDWARE,	     /* the banner reports a hardware reset */
	/* ESP8266: the banner came at 74880 Bd, the baud rate after a hardware reset. With a 40 MHz crystal every
	 * banner comes at 115200 Bd. So if no banner came at 74880 Bd in this run, a series of pulses at random
	 * intervals is made. The rule holds if after each pulse a banner came, always after the same delay. */
	PROOF_FRESH,
	PROOF_ONE_BOOT,	   /* no unexpected banner followed the first one (some healthy chips print two) */
	PROOF_FLASH,	   /* the chip booted from flash */
	PROOF_CERTAIN,	   /* if a banner was read at the wrong baud rate: all of it was recovered */
	PROOF_LOADED,	   /* the boot log says that the image was loaded */
	PROOF_NOT_COPYING, /* eboot is not copying an OTA image */
	PROOF_NO_TROUBLE,  /* no checksum error, panic, watchdog or brownout was reported */
	/* After the banner no damaged words of a ROM or a panic came, and no bytes were lost. Damaged words and lost
	 * bytes may hide another boot. */
	PROOF_NO_FRAGMENT,
	PROOF_CLEAR,   /* ESP8266: the unreadable bytes that came after the load are too few to hide a restart */
	PROOF_SETTLED, /* the settle time, which begins when the image is loaded, has passed */
	PROOF_CHIP,    /* the chip is the one that the user gave with --chip */
	PROOF_RULES
};

#ifdef PROOF_MUTANTS
extern unsigned int proof_left_out; /* bit set of enum proof_rule: the rules that are not checked */
#define proof_is_left_out(rule) (proof_left_out >> (rule)&1U)
#else
#define proof_is_left_out(rule) false
#endif

/* No ROM prints a banner sooner than this after the modem lines were released. */
#define PROOF_BOOT_MIN_MS 3
/* If all banners came at 115200 Bd, a series of this many pulses proves a reset. The two intervals between the three
 * pulses differ in length. So a board that restarts by itself at equal intervals cannot print a banner at the right
 * time after each pulse. */
#define PROOF_PULSES 3
/* In a series of pulses, the delay from the release of the modem lines to the banner may vary by this much. The board
 * itself is regular, but FTDI's latency timer adds up to 16 ms. */
#define PROOF_LATE_TOLERANCE_MS 20
/* A busy computer reads bytes late. The rules tolerate a delay up to this. */
#define PROOF_LAG_MAX_MS 60

/* What was observed during one reset pulse and while the program listened afterwards. */
struct attempt {
	/* ---- the pulse ---- */
	int number;  /* number of the attempt, from 1 */
	int pulse;   /* number of the pulse within its attempt, from 1 */
	int baud;    /* the port's baud rate during the pulse */
	int hold_ms; /* how long the board should be held in reset */
	/* time from the release of the modem lines in the previous pulse to their release in this one */
	int64_t distance_ms;
	bool passive;	       /* --no-reset: no pulse is made, and any hardware reset counts */
	int64_t hold_begin_ms; /* when modem lines were last asserted; -1: not yet */
	int64_t release_ms;    /* when both modem lines were released; -1: not yet */
	int pause_ms;	       /* how long to pause before the next pulse of the series */
	bool changed_speed;    /* the port was changed to 74880 Bd during the boot */
	long hold_bytes_late;  /* bytes that came after the board had been held in reset for 50 ms */
	/* ---- bytes ---- */
	long bytes;		    /* bytes received since the pulse began */
	int64_t first_byte_ms;	    /* when the first byte came after the modem lines were released; -1: none came */
	long after_release;	    /* bytes received since the modem lines were released */
	long unreadable;	    /* bytes since the modem lines were released that are no text characters */
	long unreadable_after_load; /* bytes after the load that are no text characters */
	/* What the boot log's reader has counted since the modem lines were released. garbage: unreadable bytes. text:
	 * bytes in readable text lines. */
	long garbage, text;
	long garbage_at_load, text_at_load; /* values of the members garbage and text when the image had been loaded */
	long noise;			    /* value of the member garbage when the first banner came */
	long unclear_after_load;	    /* unreadable bytes after the load that may hide a restart */
	/* damaged words of a ROM that came after the modem lines were released, but before any banner */
	long fragments_before;
	/* After the banner that our pulse caused: how many damaged words of a ROM or a panic came, plus how often bytes
	 * were lost. */
	long fragments;
	bool gap; /* bytes may have been lost after the banner that our pulse caused: the computer was too slow */
	/* ---- boots ---- */
	bool cold_in_hold; /* a banner began before both modem lines were released, so DTR drives EN */
	bool caused_by_us; /* a banner came that this pulse can have caused ("our banner") */
	int64_t our_banner_ms;
	int banner_baud; /* the port's baud rate when the banner was received */
	/* How many pulses in a row, including this one, were followed by a banner after the same delay (rule
	 * PROOF_FRESH). */
	int series;
	/* The latest boot since the modem lines were released. If there was none, its chip is CHIP_UNKNOWN and its
	 * cause is -1. */
	struct boot boot;
	bool any_boot; /* the member boot is valid */
	/* How many banners followed the one that our pulse caused, because a healthy chip of this kind prints
	 * several. */
	int chained;
	bool rebooted;	     /* after the banner that our pulse caused came one that a healthy chip would not print */
	struct boot next;    /* valid if rebooted: the boot of the unexpected banner */
	int64_t rebooted_ms; /* when the unexpected banner was received */
	bool crashed_before; /* words of a panic came before any banner */
	/* The session has waited in SESSION_PATIENCE, to let eboot finish a possible copy. It waits there once per
	 * attempt. */
	bool was_patient;
	bool copied;	   /* during this boot, eboot began to copy an OTA image */
	int64_t copied_ms; /* when the settle time began after eboot's copy; 0: eboot copied nothing */
	/* ---- while the port is at another baud rate than the ROM's ---- */
	bool asks_why;	      /* the board has restarted, and the program reads on to learn the reason */
	int64_t why_stage_ms; /* valid if asks_why: when to try the next baud rate */
	bool follows;	      /* the port is at the application's baud rate */
	int64_t follows_since_ms;
	int64_t back_ms; /* when the port returned to the ROM's baud rate; 0: not yet, or it never left it */
	/* Unreadable bytes that came while the port was at the application's baud rate. They may hide a restart. */
	long hidden;
	/* ---- the end ---- */
	bool settled;
	bool cut_off; /* the time limit --timeout ended the attempt */
};

/* Facts about the run and the port that the rules need besides the attempt. */
struct proof_context {
	enum chip chip; /* the chip that the user expects; CHIP_UNKNOWN: any chip */
	/* 26: in this run an ESP8266 has printed at 74880 Bd, so its crystal has 26 MHz. 0: the crystal is not
	 * known. */
	int crystal_mhz;
	bool native_usb;    /* the port is the chip's own USB, so our pulse resets only the chip's core */
	int boot_window_ms; /* longest time from the release of the modem lines to the banner */
	/* The longest delay so far from the deadline of a read to its return. A busy computer causes such delays. */
	int lag_ms;
	const struct attempt *before; /* the previous pulse; NULL: there was none */
};

/** proof_rule_name() - the name of the rule in "evidence" of the JSON result */
const char *proof_rule_name(enum proof_rule rule);
/** proof_rule_applies() - is the rule meant for this chip and these options? */
bool proof_rule_applies(const struct proof_context *context, const struct attempt *attempt, enum proof_rule rule);
/** proof_rule_holds() - does the rule hold? The answer is also true if the rule does not apply. */
bool proof_rule_holds(const struct proof_context *context, const struct attempt *attempt, enum proof_rule rule);
/** proof_missing() - the first rule that does not hold; PROOF_RULES: all rules hold, so the board is ready */
enum proof_rule proof_missing(const struct proof_context *context, const struct attempt *attempt);
/** proof_banner_is_caused_by_us() - can this attempt's pulse have caused the banner that began @boot? */
bool proof_banner_is_caused_by_us(const struct proof_context *context, const struct attempt *attempt,
				  const struct boot *boot);
/** proof_series() - how many pulses in a row, including @attempt's, had equally late banners; 0: @attempt's had no
 * valid one */
int proof_series(const struct proof_context *context, const struct attempt *attempt);
/** proof_needs_row() - must a series of pulses prove the reset? Yes for an ESP8266 that never printed at 74880 Bd. */
bool proof_needs_row(const struct proof_context *context, const struct attempt *attempt);
/** proof_pause_min_ms() - three pulses have two intervals between them, which must differ by at least this much */
int proof_pause_min_ms(const struct proof_context *context);
/** proof_chain_is_healthy() - does a healthy chip print the banner of @next after that of @attempt? See
 * docs/hardware.md, section 2. */
bool proof_chain_is_healthy(const struct attempt *attempt, const struct boot *next);

#endif
