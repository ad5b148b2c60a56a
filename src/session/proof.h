/* proof.h - what one attempt has shown, and the rules that turn it into proof.
 *
 * `ready` is said when every rule holds, or when an ESP8266 itself answers --ota-dry-run that it would take an update
 * (src/run/worker.c). A build with PROOF_MUTANTS can leave a rule out, so that the tests can show that
 * the random boards catch a program without it. The shipped program has no such switch.
 */
#ifndef ESPRESET_SESSION_PROOF_H
#define ESPRESET_SESSION_PROOF_H

#include <stdbool.h>
#include <stdint.h>

#include "bootlog/bootlog.h"

enum proof_rule {
	PROOF_QUIET_HOLD,    /* nothing came while reset was held, the first 50 ms apart */
	PROOF_AFTER_RELEASE, /* the banner began after our release */
	PROOF_IN_TIME,	     /* ... and within the boot time */
	PROOF_HARDWARE,	     /* its cause is a hardware reset */
	PROOF_FRESH,	     /* ESP8266: the banner came at the cold speed, 74880 Bd; or, if none of its has in this
				 * run (40 MHz?), it was the last of a row: pulses at moments that nobody can foresee, each
				 * followed by one banner, equally late */
	PROOF_ONE_BOOT,	     /* no further banner, but for the chains that healthy chips print */
	PROOF_FLASH,	     /* boot source: flash */
	PROOF_CERTAIN,	     /* what was recovered from the wrong speed is recovered whole */
	PROOF_LOADED,	     /* the image was reported loaded */
	PROOF_NOT_COPYING,   /* eboot is not in the middle of an OTA copy */
	PROOF_NO_TROUBLE,    /* no checksum error, panic, watchdog, brownout */
	PROOF_NO_FRAGMENT,   /* no torn ROM or panic words after the banner: they may hide another */
	PROOF_CLEAR,	     /* ESP8266: too little unreadable after the load to hide a restart */
	PROOF_SETTLED,	     /* watched for the settle time after the load */
	PROOF_CHIP,	     /* the chip that --chip names */
	PROOF_RULES
};

#ifdef PROOF_MUTANTS
extern unsigned int proof_left_out; /* bit set of enum proof_rule */
#define proof_is_left_out(rule) (proof_left_out >> (rule)&1U)
#else
#define proof_is_left_out(rule) false
#endif

/* No ROM speaks so soon after EN has risen. */
#define PROOF_BOOT_MIN_MS 3

/* Pulses that a banner at 115200 needs. Who restarts by itself at equal distances cannot follow two pauses that differ. */
#define PROOF_PULSES 3
/* Two resets of one board differ by little; a bridge delivers in steps of up to 16 ms (FTDI's latency timer). */
#define PROOF_LATE_TOLERANCE_MS 20
#define PROOF_LAG_MAX_MS 60

/* Everything one pulse and the listening after it have shown. Times are the caller's milliseconds. */
struct attempt {
	int number;			    /* from 1 */
	int pulse;			    /* of this attempt, from 1 */
	int baud;			    /* the port's speed during the pulse */
	int banner_baud;		    /* ... and when the banner that may be ours was read */
	int hold_ms;			    /* asked for */
	int64_t distance_ms;		    /* from the release before to this one's */
	bool passive;			    /* --no-reset: no pulse of ours, any hardware reset counts */
	int64_t hold_begin_ms;		    /* reset asserted; -1 before */
	int64_t release_ms;		    /* both lines released; -1 before */
	long hold_bytes_late;		    /* bytes later than 50 ms into the hold */
	long bytes;			    /* all bytes since the attempt began */
	long after_release;		    /* those of them since the release */
	long unreadable;		    /* and those of these that are no text, whole lines or not */
	long garbage_at_load, text_at_load; /* of the counts above, when the load was at its end */
	long unreadable_after_load;
	bool changed_speed;    /* in mid-boot */
	int64_t first_byte_ms; /* since the release; -1: none yet */
	int pause_ms;	       /* before the next pulse of the series */
	long garbage;	       /* unreadable bytes since the release */
	long text;	       /* bytes in readable lines since the release */
	bool cold_in_hold;     /* a cold banner began before the release: DTR drives EN */
	long noise;	       /* unreadable bytes between the release and the banner */
	int series;	       /* pulses in a row, this one included, that PROOF_FRESH can count */
	bool caused_by_us;     /* a banner that can be ours came */
	int64_t our_banner_ms;
	struct boot boot; /* the latest boot since the release; chip CHIP_UNKNOWN and cause -1: none */
	bool any_boot;
	int chained;		 /* banners of a healthy chain after ours */
	bool rebooted;		 /* a banner after ours that belongs to no healthy chain */
	struct boot next;	 /* that boot */
	bool crashed_before;	 /* panic words before any banner */
	long fragments;		 /* after our banner: torn words of the ROM or of a panic, and gaps */
	bool gap;		 /* after our banner this computer has lost some of what came */
	long unclear_after_load; /* bytes that could be read at neither speed */
	int64_t rebooted_ms;	 /* when that was read */
	bool asks_why;		 /* it has restarted; what it says before the next restart may tell why */
	int64_t why_stage_ms;	 /* so long at one speed */
	bool follows;		 /* the port has the application's speed, in the settle time */
	int64_t follows_since_ms;
	int64_t back_ms;   /* when it had the ROM's again; 0: it never left it */
	long hidden;	   /* unreadable bytes meanwhile */
	bool was_patient;  /* with an eboot that may have been copying */
	bool copied;	   /* eboot had an update to copy in this boot */
	int64_t copied_ms; /* when that was done, or 0 */
	bool settled;
	bool cut_off; /* the time was over before the listening was */
};

/* What the rules need to know beside the attempt. */
struct proof_context {
	enum chip chip;	 /* expected; CHIP_UNKNOWN: any */
	int crystal_mhz; /* 26: an ESP8266 has spoken at the cold speed in this run; else 0 */
	bool native_usb; /* the port is the chip's own USB: its reset is a core reset */
	int boot_window_ms;
	int lag_ms;		      /* how late this computer has been with what it was asked for: a busy one */
	const struct attempt *before; /* the attempt before; NULL */
};

/**
 * proof_rule_name() - the rule as a word for "evidence" in JSON
 */
const char *proof_rule_name(enum proof_rule rule);

/**
 * proof_rule_applies() - is the rule about this chip and this kind of run at all?
 */
bool proof_rule_applies(const struct proof_context *context, const struct attempt *attempt, enum proof_rule rule);

/**
 * proof_rule_holds() - does it hold, or not apply?
 */
bool proof_rule_holds(const struct proof_context *context, const struct attempt *attempt, enum proof_rule rule);

/**
 * proof_missing() - the first rule that does not hold
 * Return: PROOF_RULES when all hold: ready.
 */
enum proof_rule proof_missing(const struct proof_context *context, const struct attempt *attempt);

/**
 * proof_banner_is_caused_by_us() - can this fresh banner be the one our pulse caused?
 */
bool proof_banner_is_caused_by_us(const struct proof_context *context, const struct attempt *attempt,
				  const struct boot *boot);

/**
 * proof_series() - how many pulses in a row have been followed by such a banner, equally late; for attempt->series
 * Return: 0 when this one was not.
 */
int proof_series(const struct proof_context *context, const struct attempt *attempt);

/** proof_needs_row() - is one pulse not enough? The banner of an ESP8266 came at 115200 Bd, and none at 74880 in this run. */
bool proof_needs_row(const struct proof_context *context, const struct attempt *attempt);

/** proof_tolerance_ms() - by how much two banners of a row may differ in their lateness */
int proof_tolerance_ms(const struct proof_context *context);

/** proof_pause_min_ms() - by how much the distances between three pulses of a row differ, at least */
int proof_pause_min_ms(const struct proof_context *context);

/**
 * proof_chain_is_healthy() - is `next` a banner that healthy chips print right after `boot`?
 * Sources: docs/hardware.md, section 2, on banners that follow each other.
 */
bool proof_chain_is_healthy(const struct attempt *attempt, const struct boot *next);

#endif
