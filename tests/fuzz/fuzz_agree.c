/* fuzz_agree.c - what one board says from its reset on, to a run that hears it live and to the reader of whole logs: the run
 * says no more than the log of what it has heard. The first byte chooses the speed. A byte 0 is a pause of 20 ms, a byte 1
 * one of 300 ms. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "session/session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define BOOT_MS 60 /* from the release to the first byte */
#define SHORT_PAUSE_MS 20
#define LONG_PAUSE_MS 300
#define STEPS_MAX 20000	  /* each byte, each deadline; a run that takes more does not end */
#define TIME_MAX_MS 60000 /* far more than its time limit */
#define CUTS_MAX 64

/* What was heard, without the pauses, and where the port's speed was changed: an unfinished line ends there. */
struct heard {
	uint8_t *bytes;
	size_t n, cuts[CUTS_MAX];
	unsigned int n_cuts;
};

/* The board, and the port between it and the run; its clock only jumps. */
struct board {
	const uint8_t *at, *end; /* what is left to say */
	struct heard heard;
	int64_t now_ms, next_ms; /* when it says the next byte */
	unsigned int lines;
	bool speaks; /* it was reset */
};

static void set_lines(struct board *b, unsigned int mask, unsigned int on)
{
	unsigned int before = b->lines;

	b->lines = (before & ~mask) | on;
	if (before && !b->lines && !b->speaks) {
		b->speaks = true;
		b->next_ms = b->now_ms + BOOT_MS;
	}
}

static void pauses(struct board *b)
{
	for (; b->at != b->end && *b->at <= 1; b->at++)
		b->next_ms += *b->at ? LONG_PAUSE_MS : SHORT_PAUSE_MS;
}

/* What comes until @deadline_ms: all up to the next pause, at once */
static void receive(struct board *b, struct session *s, int64_t deadline_ms)
{
	size_t n = 0;

	if (b->speaks)
		pauses(b);
	if (!b->speaks || b->at == b->end || b->next_ms > deadline_ms) {
		b->now_ms = deadline_ms > b->now_ms ? deadline_ms : b->now_ms;
		return;
	}
	b->now_ms = b->next_ms > b->now_ms ? b->next_ms : b->now_ms;
	while (b->at + n != b->end && b->at[n] > 1)
		n++;
	memcpy(b->heard.bytes + b->heard.n, b->at, n);
	session_input(s, b->now_ms, b->at, n);
	b->at += n;
	b->heard.n += n;
	b->next_ms = b->now_ms;
}

static const struct session_result *run_live(struct board *b, int baud)
{
	static struct session s;
	struct session_config config;

	session_config_init(&config);
	config.attempts = 1;
	config.baud = baud;
	session_init(&s, &config, 0);
	b->lines = MODEM_DTR | MODEM_RTS;
	for (int step = 0; step < STEPS_MAX && b->now_ms < TIME_MAX_MS; step++) {
		struct action action;

		session_next(&s, b->now_ms, &action);
		switch (action.kind) {
		case ACTION_SET_LINES:
			set_lines(b, action.lines, action.asserted);
			session_did(&s, b->now_ms, 0);
			break;
		case ACTION_SET_SPEED:
			if (b->heard.n_cuts == CUTS_MAX)
				abort();
			b->heard.cuts[b->heard.n_cuts++] = b->heard.n;
			session_did(&s, b->now_ms, 0);
			break;
		case ACTION_READ: receive(b, &s, action.deadline_ms); break;
		case ACTION_DONE: return session_result(&s);
		}
	}
	abort(); /* no end */
}

static const struct bootlog_options plain;

/* The same as a log, from @at on */
static void read_on(struct bootlog *log, const struct heard *heard, size_t at)
{
	for (unsigned int i = 0; i < heard->n_cuts; i++) {
		size_t cut = heard->cuts[i];

		if (cut <= at)
			continue;
		bootlog_feed(log, heard->bytes + at, cut - at, 0, NULL, NULL);
		bootlog_retune(log, &plain, 0, NULL, NULL);
		at = cut;
	}
	bootlog_feed(log, heard->bytes + at, heard->n - at, 0, NULL, NULL);
}

static enum verdict verdict_now(const struct bootlog *log)
{
	static struct bootlog ended;

	ended = *log;
	bootlog_flush(&ended, 0, NULL, NULL);
	return bootlog_verdict(&ended, NULL);
}

/* Did the log say so after any of its bytes? A run judges the boot that it has caused, and what ended that one; a log is
 * about its last boot. */
static bool said_once(enum verdict verdict, const struct heard *heard, size_t at)
{
	static struct bootlog log;

	bootlog_init(&log, &plain);
	for (; at < heard->n; at++) {
		for (unsigned int i = 0; i < heard->n_cuts; i++) {
			if (heard->cuts[i] == at && at > 0)
				bootlog_retune(&log, &plain, 0, NULL, NULL);
		}
		bootlog_feed(&log, heard->bytes + at, 1, 0, NULL, NULL);
		if (verdict_now(&log) == verdict)
			return true;
	}
	return false;
}

/* For a run each banner of a watchdog or of a lack of power is a crash: nothing healthy follows its reset so. Of a boot that
 * is not its own it tells the crash, where the log tells what the straps chose. */
static bool tells_crash(const struct bootlog *log)
{
	return bootlog_culprit(log) || bootlog_began(log, BOOT_CAUSE_WATCHDOG) ||
	       bootlog_began(log, BOOT_CAUSE_RTC_WATCHDOG) || bootlog_began(log, BOOT_CAUSE_BROWNOUT) ||
	       bootlog_began(log, BOOT_CAUSE_LOCKUP);
}

/* An ESP8266's banner at 74880 Bd, which only a hardware reset brings back, ends all that was said before: the log does not
 * know the speed, and begins there. */
static size_t cold_banner(const uint8_t *data, size_t n, const struct boot *boot)
{
	size_t at = 0;
	const uint8_t *banner;

	for (unsigned long line = 1; line < boot->line; line++) {
		const uint8_t *end = memchr(data + at, '\n', n - at);

		if (!end)
			return 0;
		at = (size_t)(end + 1 - data);
	}
	banner = memmem(data + at, n - at, "ets", 3);
	if (!banner)
		banner = memmem(data + at, n - at, "rst cause", 9);
	return banner ? (size_t)(banner - data) : at;
}

/* Is what the run says no more than what the log from @at on says? */
static bool agrees(enum verdict live, const struct heard *heard, size_t at)
{
	static struct bootlog log;
	enum verdict verdict;

	bootlog_init(&log, &plain);
	read_on(&log, heard, at);
	bootlog_flush(&log, 0, NULL, NULL);
	verdict = bootlog_verdict(&log, NULL);
	if (live == VERDICT_READY)
		return verdict == VERDICT_FLASH_BOOT;
	if (verdict == live || verdict == VERDICT_UNPROVEN || verdict == VERDICT_GARBLED)
		return true;
	return (live == VERDICT_CRASHED && tells_crash(&log)) || said_once(live, heard, at);
}

static void check(const struct session_result *live, const struct heard *heard)
{
	bool cold = live->any_boot && live->boot.chip == CHIP_ESP8266;

	switch (live->verdict) {
	case VERDICT_READY:
	case VERDICT_DOWNLOAD_MODE:
	case VERDICT_BOOT_FAILED:
	case VERDICT_CRASHED:
	case VERDICT_OTHER_BOOT:
		if (!agrees(live->verdict, heard, 0) &&
		    !(cold && agrees(live->verdict, heard, cold_banner(heard->bytes, heard->n, &live->boot))))
			abort();
		return;
	default: return;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct board board;

	if (!n)
		return 0;
	board = (struct board){ .at = data + 1, .end = data + n, .heard.bytes = malloc(n) };
	if (!board.heard.bytes)
		abort();
	check(run_live(&board, data[0] & 1 ? 74880 : 115200), &board.heard);
	free(board.heard.bytes);
	return 0;
}
