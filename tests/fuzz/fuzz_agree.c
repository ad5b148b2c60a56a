/* fuzz_agree.c - checks a live run against the log reader: the verdict of a run on a simulated board must not claim
 * more than the log of what the run has heard. Input: the first byte selects the speed, the others are what the board
 * sends after its reset; byte 0 is a pause of 20 ms, byte 1 a pause of 300 ms. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "session/session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define BOOT_MS 60 /* from the release of reset to the first byte */
#define SHORT_PAUSE_MS 20
#define LONG_PAUSE_MS 300
#define STEPS_MAX 20000	  /* one step per byte and per deadline; a run that takes more does not end */
#define TIME_MAX_MS 60000 /* a run that takes longer ignores its own time limit */
#define CUTS_MAX 64

/* The bytes that the run has heard, without pauses. cuts are the positions where the run changed the port's speed: an
 * unfinished text line ends there. */
struct heard {
	uint8_t *bytes;
	size_t n, cuts[CUTS_MAX];
	unsigned int n_cuts;
};

/* The board and the port to it, on a simulated clock. */
struct board {
	const uint8_t *at, *end; /* what the board has not said yet */
	struct heard heard;
	int64_t now_ms, next_ms; /* next_ms: when the board says the next byte */
	unsigned int lines;
	bool speaks; /* the board has been reset, and speaks */
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

/* Hands over the bytes that arrive until @deadline_ms: all bytes up to the next pause, in one call. */
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
	abort(); /* the run does not end */
}

static const struct bootlog_options plain;

/* Reads the heard bytes from position @at on as a log. */
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

/* Does the log give this verdict after any of its bytes? A run judges the boot that it has caused and what ended that
 * boot; a log is judged by its last boot. */
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

/* Does the log contain what a run calls a crash? A run calls any banner after a watchdog or brownout reset a crash,
 * because a healthy board has none after a reset by espreset. A log calls it by its boot source. */
static bool tells_crash(const struct bootlog *log)
{
	return bootlog_culprit(log) || bootlog_began(log, BOOT_CAUSE_WATCHDOG) ||
	       bootlog_began(log, BOOT_CAUSE_RTC_WATCHDOG) || bootlog_began(log, BOOT_CAUSE_BROWNOUT) ||
	       bootlog_began(log, BOOT_CAUSE_LOCKUP);
}

/* The position of the banner that @boot came from. An ESP8266 prints at 74880 Bd only after a hardware reset, so a live
 * run drops everything before that banner. The log reader does not know the speed, so the log must start at the banner.
 */
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

/* Does the run claim no more than the log from position @at on? */
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
