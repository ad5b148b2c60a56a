/* proof.h - what one pulse has shown, and the rules that make it a proof.
 *
 * The verdict is `ready` if every rule holds, or if an ESP8266 itself answers --ota-dry-run that it would take an
 * update (src/run/worker.c). A build with PROOF_MUTANTS can leave a rule out, so that tests can show that random boards
 * expose the missing rule. The shipped program has no such switch.
 */
#ifndef ESPRESET_SESSION_PROOF_H
#define ESPRESET_SESSION_PROOF_H

#include <stdbool.h>
#include <stdint.h>

#include "bootlog/bootlog.h"

enum proof_rule {
	PROOF_QUIET_HOLD,    /* no bytes while reset was held, its first 50 ms excepted */
	PROOF_AFTER_RELEASE, /* the banner began after the lines were released */
	PROOF_IN_TIME,	     /* the banner began within the boot time */
	PROOF_HARDWARE,	     /* the banner reports a hardware reset */
	PROOF_FRESH, /* ESP8266: the banner came at 74880 Bd. Or none did in this run (40 MHz crystal?), and this is the
			      * last of a row of pulses at random intervals, each with a banner after the same delay */
	PROOF_ONE_BOOT,	   /* no further banner, except in the chains that healthy chips print */
	PROOF_FLASH,	   /* the boot source is flash */
	PROOF_CERTAIN,	   /* a banner that was read at the wrong speed was recovered completely */
	PROOF_LOADED,	   /* the image was reported loaded */
	PROOF_NOT_COPYING, /* eboot is not copying an OTA image */
	PROOF_NO_TROUBLE,  /* no checksum error, panic, watchdog, brownout */
	PROOF_NO_FRAGMENT, /* no torn words of a ROM or a panic after the banner: they may hide another boot */
	PROOF_CLEAR,	   /* ESP8266: too few unreadable bytes after the load to hide a restart */
	PROOF_SETTLED,	   /* the settle time after the load has passed */
	PROOF_CHIP,	   /* the chip is the one that --chip names */
	PROOF_RULES
};

#ifdef PROOF_MUTANTS
extern unsigned int proof_left_out; /* bit set of enum proof_rule */
#define proof_is_left_out(rule) (proof_left_out >> (rule)&1U)
#else
#define proof_is_left_out(rule) false
#endif

/* No ROM prints this soon after EN has risen. */
#define PROOF_BOOT_MIN_MS 3
/* Pulses in a row that prove a reset by banners at 115200 Bd. A board that restarts by itself at equal intervals cannot
 * match two intervals that differ. */
#define PROOF_PULSES 3
/* The delay from release to banner varies by this much: little on the board, up to 16 ms by FTDI's latency timer. */
#define PROOF_LATE_TOLERANCE_MS 20
/* Longest delay by a busy computer that the rules allow for. */
#define PROOF_LAG_MAX_MS 60

/* What one pulse and the listening after it have shown. */
struct attempt {
	/* ---- the pulse ---- */
	int number;	       /* of the attempt, from 1 */
	int pulse;	       /* of the pulse in its attempt, from 1 */
	int baud;	       /* the port's speed during the pulse */
	int hold_ms;	       /* how long reset was to be held */
	int64_t distance_ms;   /* time from the previous release to this one */
	bool passive;	       /* --no-reset: no pulse; any hardware reset counts */
	int64_t hold_begin_ms; /* when a line was asserted; -1: not yet */
	int64_t release_ms;    /* when both lines were released; -1: not yet */
	int pause_ms;	       /* pause before the next pulse of the row */
	bool changed_speed;    /* the port went to 74880 Bd in the middle of the boot */
	long hold_bytes_late;  /* bytes that came later than 50 ms into the hold */
	/* ---- bytes ---- */
	long bytes;		    /* since the pulse began */
	int64_t first_byte_ms;	    /* time of the first byte after the release; -1: none */
	long after_release;	    /* bytes since the release */
	long unreadable;	    /* bytes since the release that are no text characters */
	long unreadable_after_load; /* bytes after the load that are no text characters */
	long garbage, text;	    /* the reader's counts since the release: unreadable bytes, bytes in text lines */
	long garbage_at_load, text_at_load; /* garbage and text when the load was complete */
	long noise;			    /* garbage between the release and the first banner */
	long unclear_after_load;	    /* bytes after the load that were readable at neither speed */
	long fragments_before;		    /* torn words of a ROM between the release and the first banner */
	long fragments; /* after our banner: torn words of a ROM or of a panic, and losses of bytes */
	bool gap;	/* after our banner this computer may have lost bytes */
	/* ---- boots ---- */
	bool cold_in_hold; /* a banner began before the release: DTR drives EN */
	bool caused_by_us; /* a banner came that this pulse can have caused: our banner */
	int64_t our_banner_ms;
	int banner_baud;     /* the port's speed when our banner, or a candidate for it, was read */
	int series;	     /* number of pulses in the row that ends with this one, as PROOF_FRESH counts them */
	struct boot boot;    /* the latest boot since the release; chip CHIP_UNKNOWN and cause -1: none */
	bool any_boot;	     /* boot is valid */
	int chained;	     /* further banners of a healthy chain after ours */
	bool rebooted;	     /* an unexpected banner came after ours, not in a chain that healthy chips print */
	struct boot next;    /* if rebooted: the boot of that unexpected banner */
	int64_t rebooted_ms; /* when the banner of next was read */
	bool crashed_before; /* words of a panic came before any banner */
	bool was_patient;    /* SESSION_PATIENCE has been entered once: eboot may have been copying */
	bool copied;	     /* eboot found an OTA image to copy in this boot */
	int64_t copied_ms;   /* when eboot's copy was complete; 0: no copy */
	/* ---- listening at another speed than the ROM's ---- */
	bool asks_why;	      /* the board has restarted: listening for the reason */
	int64_t why_stage_ms; /* asks_why: when to try the next speed */
	bool follows;	      /* the port has the application's speed */
	int64_t follows_since_ms;
	int64_t back_ms; /* when the port returned to the ROM's speed; 0: it did not leave it */
	long hidden;	 /* unreadable bytes at the application's speed */
	/* ---- the end ---- */
	bool settled;
	bool cut_off; /* the time limit ended the listening */
};

/* What the rules need to know besides the attempt. */
struct proof_context {
	enum chip chip;		      /* the expected chip; CHIP_UNKNOWN: any */
	int crystal_mhz;	      /* 26: an ESP8266 has printed at 74880 Bd in this run; 0: none has */
	bool native_usb;	      /* the port is the chip's own USB: its reset is a core reset */
	int boot_window_ms;	      /* longest time from release to banner */
	int lag_ms;		      /* longest delay of this process beyond a deadline, caused by a busy computer */
	const struct attempt *before; /* the pulse before; NULL: none */
};

/** proof_rule_name() - the rule as a word of "evidence" in JSON */
const char *proof_rule_name(enum proof_rule rule);
/** proof_rule_applies() - is the rule about this chip and this kind of run? */
bool proof_rule_applies(const struct proof_context *context, const struct attempt *attempt, enum proof_rule rule);
/** proof_rule_holds() - does the rule hold, or not apply? */
bool proof_rule_holds(const struct proof_context *context, const struct attempt *attempt, enum proof_rule rule);
/** proof_missing() - the first rule that does not hold; PROOF_RULES: all hold, so the board is ready */
enum proof_rule proof_missing(const struct proof_context *context, const struct attempt *attempt);
/** proof_banner_is_caused_by_us() - can the pulse of this attempt have caused the banner of @boot? */
bool proof_banner_is_caused_by_us(const struct proof_context *context, const struct attempt *attempt,
				  const struct boot *boot);
/** proof_series() - how many pulses in a row, up to this one, had equally late banners; 0: this one had none */
int proof_series(const struct proof_context *context, const struct attempt *attempt);
/** proof_needs_row() - must a row of pulses prove this reset? Yes for an ESP8266 that prints at 115200 Bd only. */
bool proof_needs_row(const struct proof_context *context, const struct attempt *attempt);
/** proof_pause_min_ms() - by how much the two intervals between three pulses of a row must differ */
int proof_pause_min_ms(const struct proof_context *context);
/** proof_chain_is_healthy() - do healthy chips print @next after attempt->boot? See docs/hardware.md, section 2. */
bool proof_chain_is_healthy(const struct attempt *attempt, const struct boot *next);

#endif
