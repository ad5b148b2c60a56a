/* fuzz_agree.c - lets espreset's session code reset a simulated board that sends any bytes, and then reads the received
 * bytes as a log. The session's verdict must not claim more than the log shows. The first byte of the fuzzer's input
 * selects the baud rate of the application. The other bytes are what the board sends after its reset; 0 stands for a
 * pause of 20 ms, 1 for a pause of 300 ms. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "session/session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define BOOT_MS 60 /* time from the release of reset to the first byte that the board sends */
#define SHORT_PAUSE_MS 20
#define LONG_PAUSE_MS 300
#define STEPS_MAX 20000	  /* a session that asks for more actions would never end, so the test aborts */
#define TIME_MAX_MS 60000 /* a session that takes longer has ignored its own time limit, so the test aborts */
#define CUTS_MAX 64

/* The bytes that the session has received, without pauses. cuts[] are the positions in bytes[] at which the session has
 * changed the port's baud rate. Each such change ends the text line that is unfinished at that position. */
struct heard {
	uint8_t *bytes;
	size_t n, cuts[CUTS_MAX];
	unsigned int n_cuts;
};

/* The simulated board and its serial port, on a simulated clock. */
struct board {
	const uint8_t *at, *end; /* the bytes that the board has not sent yet */
	struct heard heard;
	int64_t now_ms, next_ms; /* the present time, and when the board sends its next byte */
	unsigned int lines;
	bool speaks; /* true: the board has been reset, and now sends its bytes */
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

/* If the board sends its next bytes by @deadline_ms, passes to the session all bytes up to the board's next pause.
 * Otherwise advances the clock to @deadline_ms. */
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
	abort(); /* the session does not end */
}

static const struct bootlog_options plain;

/* Reads the received bytes from position @at on as a log. */
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

/* Does the beginning of the log, cut off after any of its bytes, give @verdict? The session judges the boot that it has
 * caused. The log reader judges the last boot of a log, which may be a later one. */
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

/* Does the log contain what makes the session say "crashed"? A banner with a watchdog or a brownout as reset cause is
 * enough for the session: after a reset by espreset, a healthy board prints no such banner. The log reader judges such
 * a boot differently, by the boot source in its banner. */
static bool tells_crash(const struct bootlog *log)
{
	return bootlog_culprit(log) || bootlog_began(log, BOOT_CAUSE_WATCHDOG) ||
	       bootlog_began(log, BOOT_CAUSE_RTC_WATCHDOG) || bootlog_began(log, BOOT_CAUSE_BROWNOUT) ||
	       bootlog_began(log, BOOT_CAUSE_LOCKUP);
}

/* The position of the banner of @boot in @data. A banner at 74880 Bd proves a hardware reset of an ESP8266, so the
 * session ignores all that it has received before such a banner. The log reader does not know the baud rate. To get
 * comparable verdicts, it must start to read at this banner. */
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

/* Does the session's verdict @live claim no more than the log from position @at on shows? */
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
