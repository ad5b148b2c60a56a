/* ota.c - asks a board's over-the-air update service whether it listens, without starting anything. */
#include "ota/ota.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A round of the ArduinoOTA probe. Modem sleep and DTIM hold a datagram back for up to 300 ms. */
#define ROUND_MS 600
#define LINGER_MS 150		/* after the sign of life: a refusal of the earlier datagram may be late */
#define PAUSE_MS 100
#define CLOSED_PAUSE_MS 250	/* its port is closed: the sketch still starts */
#define DEAD_ROUNDS 2		/* without any sign of life: ask by TCP too, forget the silence before */

#define INVITATION_MS 1000	/* the answer comes from the sketch's loop() */
#define INVITATIONS_ONCE 3
#define CANCELS 3		/* a lost one would cost the next uploader his first invitation */
#define CANCEL_MS 100

#define CONNECT_MS 2000
#define REPLY_MS 2000
#define RETRY_MS 500
#define RETRY_ANSWERED_MS 1000	/* something answered: do not press it */

/* A command number that is none of U_FLASH 0, U_FS 100, U_AUTH 200 (esp8266/Arduino Updater.h): dropped in the
 * idle state, and the way back to it from OTA_WAITAUTH. Text without a number would be command 0. */
static const char harmless[] = "1\n";

/* Size 0: Updater.cpp tests the boot mode (error 11) before the size (error 5), and both before any write. */
static const char invitation[] = "0 1 0 00000000000000000000000000000000\n";

/* esphome components/esphome/ota/ota_esphome.cpp */
static const unsigned char hello[] = { 0x6c, 0x26, 0xf7, 0x5c, 0x45 };
#define HELLO_OK 0x00
static const char not_greeting[] = "not ESPHome's greeting";

enum {
	ERROR_SIZE = 5,		/* UPDATE_ERROR_SIZE, "Bad Size Given" */
	ERROR_BOOTSTRAP = 11,	/* UPDATE_ERROR_BOOTSTRAP */
};

enum state { WAITING, ROUND, INVITED, CANCELLING, CONNECTING, TALKING };

static void act(struct ota *ota, enum ota_action_kind kind, enum ota_channel channel, const void *bytes,
		size_t len)
{
	if (ota->queued < sizeof(ota->queue) / sizeof(ota->queue[0]))
		ota->queue[ota->queued++] = (struct ota_action){ kind, channel, bytes, len };
}

bool ota_action(struct ota *ota, struct ota_action *ret)
{
	if (!ota->queued)
		return false;
	*ret = ota->queue[0];
	ota->queued--;
	memmove(&ota->queue[0], &ota->queue[1], ota->queued * sizeof(ota->queue[0]));
	return true;
}

int64_t ota_wake_ms(const struct ota *ota)
{
	return ota->wake_ms;
}

const struct ota_finding *ota_finding(const struct ota *ota)
{
	return ota->done ? &ota->finding : NULL;
}

static void wait_until(struct ota *ota, int state, int64_t wake_ms)
{
	ota->state = state;
	ota->wake_ms = wake_ms;
}

static void close_all(struct ota *ota)
{
	act(ota, OTA_ACTION_CLOSE, OTA_SERVICE_TCP, NULL, 0);
	act(ota, OTA_ACTION_CLOSE, OTA_CLOSED_TCP, NULL, 0);
}

static void succeed(struct ota *ota, enum ota_proof proof)
{
	close_all(ota);
	ota->finding.listens = true;
	ota->finding.proof = proof;
	ota->finding.reason = OTA_REASON_NONE;
	ota->done = true;
}

static void fail(struct ota *ota, enum ota_reason reason)
{
	close_all(ota);
	ota->finding.reason = reason;
	ota->done = true;
}

static void keep_answer(struct ota_finding *finding, const void *bytes, size_t len)
{
	const unsigned char *from = bytes;

	while (len && (from[len - 1] == '\n' || from[len - 1] == '\r'))
		len--;
	if (len > sizeof(finding->answer) - 1)
		len = sizeof(finding->answer) - 1;
	for (size_t i = 0; i < len; i++)
		finding->answer[i] = (char)(from[i] >= 0x20 && from[i] < 0x7f ? from[i] : '?');
	finding->answer[len] = '\0';
}

/* ---- ArduinoOTA: does it listen? ---- */

static void begin_round(struct ota *ota, int64_t now_ms)
{
	ota->alive = false;
	ota->unreachable = false;
	/* the service first: see "In each round" in ota.h */
	act(ota, OTA_ACTION_SEND, OTA_SERVICE_UDP, harmless, strlen(harmless));
	act(ota, OTA_ACTION_SEND, OTA_CLOSED_UDP, harmless, strlen(harmless));
	if (ota->ask_tcp)
		act(ota, OTA_ACTION_CONNECT, OTA_CLOSED_TCP, NULL, 0);
	ota->finding.probes++;
	wait_until(ota, ROUND, now_ms + ROUND_MS);
}

static void end_round(struct ota *ota, int64_t now_ms, int64_t pause_ms)
{
	act(ota, OTA_ACTION_CLOSE, OTA_CLOSED_TCP, NULL, 0);
	wait_until(ota, WAITING, now_ms + pause_ms);
}

static void silent_round(struct ota *ota, int64_t now_ms)
{
	if (!ota->alive) {
		if (++ota->dead >= DEAD_ROUNDS) {
			ota->silent = 0;
			ota->last_refused = false;
			ota->ask_tcp = true;
		}
		end_round(ota, now_ms, PAUSE_MS);
		return;
	}
	ota->dead = 0;
	ota->last_refused = false;
	ota->silent++;
	if (ota->silent < OTA_SILENT_ROUNDS || (!ota->finding.refusals && !ota->ever_closed_refused)) {
		end_round(ota, now_ms, PAUSE_MS);
		return;
	}
	succeed(ota, ota->finding.refusals ? OTA_PROOF_EDGE : OTA_PROOF_CONTRAST);
}

static void sign_of_life(struct ota *ota, int64_t now_ms)
{
	ota->alive = true;
	ota->ever_alive = true;
	if (ota->state == ROUND && ota->wake_ms > now_ms + LINGER_MS)
		ota->wake_ms = now_ms + LINGER_MS;
}

static void service_refused(struct ota *ota, int64_t now_ms)
{
	ota->finding.refusals++;
	ota->was_silent |= ota->silent > 0;
	ota->ever_alive = true;
	ota->last_refused = true;
	ota->silent = 0;
	ota->dead = 0;
	end_round(ota, now_ms, CLOSED_PAUSE_MS);
}

static void arduino_event(struct ota *ota, const struct ota_event *event, int64_t now_ms)
{
	bool service = event->channel == OTA_SERVICE_UDP;

	switch (event->kind) {
	case OTA_EVENT_TIMER:
		if (ota->state == ROUND)
			silent_round(ota, now_ms);
		else
			begin_round(ota, now_ms);
		return;
	case OTA_EVENT_REFUSED:
		if (service) {
			service_refused(ota, now_ms);
			return;
		}
		ota->ever_closed_refused |= event->channel == OTA_CLOSED_UDP;
		sign_of_life(ota, now_ms);
		return;
	case OTA_EVENT_CONNECTED:
		sign_of_life(ota, now_ms);
		act(ota, OTA_ACTION_CLOSE, event->channel, NULL, 0);
		return;
	case OTA_EVENT_BYTES:
		sign_of_life(ota, now_ms);
		if (!service)
			return;
		/* ArduinoOTA does not answer this: whatever answers is something else, or somebody's
		 * leftovers; in neither case was this a silent round */
		keep_answer(&ota->finding, event->bytes, event->len);
		ota->silent = 0;
		end_round(ota, now_ms, RETRY_ANSWERED_MS);
		return;
	case OTA_EVENT_UNREACHABLE:
		ota->unreachable = true;
		return;
	case OTA_EVENT_CLOSED:
		return;
	}
}

/* ---- ArduinoOTA on an ESP8266: the dry run ---- */

static void invite(struct ota *ota, int64_t now_ms)
{
	if (ota->options.once && ota->invitations >= INVITATIONS_ONCE) {
		ota_stop(ota);
		return;
	}
	ota->invitations++;
	ota->finding.probes++;
	ota->outstanding = true;
	act(ota, OTA_ACTION_SEND, OTA_SERVICE_UDP, invitation, strlen(invitation));
	wait_until(ota, INVITED, now_ms + INVITATION_MS);
}

/* The board waits for a password; "1\n" takes it back to idle. Later copies are dropped there. */
static void cancel(struct ota *ota, int64_t now_ms)
{
	if (ota->cancels++ == CANCELS) {
		ota->outstanding = false;
		succeed(ota, OTA_PROOF_AUTH);
		return;
	}
	act(ota, OTA_ACTION_SEND, OTA_SERVICE_UDP, harmless, strlen(harmless));
	wait_until(ota, CANCELLING, now_ms + CANCEL_MS);
}

static bool begins(const char *bytes, size_t len, const char *with)
{
	return len >= strlen(with) && !memcmp(bytes, with, strlen(with));
}

/* N of "ERR: ERROR[N]: ..." (ArduinoOTA.cpp _runUpdate, Updater.cpp printError); -1. */
static int error_number(const char *bytes, size_t len)
{
	static const char head[] = "ERR: ERROR[";
	size_t at = strlen(head);
	int n = 0;

	if (!begins(bytes, len, head))
		return -1;
	while (at < len && isdigit((unsigned char)bytes[at]) && n < 256)
		n = n * 10 + (bytes[at++] - '0');
	return at > strlen(head) && at < len && bytes[at] == ']' && n < 256 ? n : -1;
}

/* "AUTH " and a nonce of 32 (MD5) or 64 (SHA-256, arduino-esp32 3.3.1) hexadecimal digits. */
static bool asks_password(const char *bytes, size_t len)
{
	size_t digits = 0;

	if (!begins(bytes, len, "AUTH "))
		return false;
	while (5 + digits < len && isxdigit((unsigned char)bytes[5 + digits]))
		digits++;
	return digits == 32 || digits == 64;
}

static void dry_run_answer(struct ota *ota, const char *bytes, size_t len, int64_t now_ms)
{
	int error = error_number(bytes, len);

	if (ota->state == CANCELLING)
		return;
	keep_answer(&ota->finding, bytes, len);
	if (error >= 0) {
		ota->outstanding = false;
		ota->finding.error = error;
		if (error == ERROR_SIZE) {
			ota->finding.boot_mode_good = true;
			succeed(ota, OTA_PROOF_BOARD);
			return;
		}
		if (error == ERROR_BOOTSTRAP)
			ota->finding.proof = OTA_PROOF_BOARD;
		ota->finding.listens = true;
		fail(ota, OTA_REASON_REFUSED);
	} else if (asks_password(bytes, len)) {
		cancel(ota, now_ms);
	} else if (len == 2 && !memcmp(bytes, "OK", 2)) {
		ota->outstanding = false;
		succeed(ota, OTA_PROOF_ACCEPTED);
	} else {
		wait_until(ota, WAITING, now_ms + RETRY_ANSWERED_MS);
	}
}

static void dry_run_event(struct ota *ota, const struct ota_event *event, int64_t now_ms)
{
	switch (event->kind) {
	case OTA_EVENT_TIMER:
		if (ota->state == CANCELLING) {
			cancel(ota, now_ms);
		} else {
			ota->last_refused = false;
			invite(ota, now_ms);
		}
		return;
	case OTA_EVENT_REFUSED:
		if (ota->state == CANCELLING)
			return;
		ota->finding.refusals++;
		ota->last_refused = true;
		ota->ever_alive = true;
		ota->outstanding = false;
		if (ota->options.once)
			fail(ota, OTA_REASON_CLOSED);
		else
			wait_until(ota, WAITING, now_ms + CLOSED_PAUSE_MS);
		return;
	case OTA_EVENT_BYTES:
		ota->ever_alive = true;
		dry_run_answer(ota, event->bytes, event->len, now_ms);
		return;
	case OTA_EVENT_UNREACHABLE:
		ota->unreachable = true;
		return;
	case OTA_EVENT_CONNECTED:
	case OTA_EVENT_CLOSED:
		return;
	}
}

/* ---- TCP: ESPHome's greeting, and the web updaters' page ---- */

static void connect_service(struct ota *ota, int64_t now_ms)
{
	ota->finding.probes++;
	ota->got_len = 0;
	ota->status_known = false;
	ota->headers_done = false;
	ota->packed = false;
	ota->last_refused = false;
	ota->unreachable = false;
	act(ota, OTA_ACTION_CONNECT, OTA_SERVICE_TCP, NULL, 0);
	wait_until(ota, CONNECTING, now_ms + CONNECT_MS);
}

static void hang_up(struct ota *ota, int64_t now_ms, int64_t pause_ms)
{
	act(ota, OTA_ACTION_CLOSE, OTA_SERVICE_TCP, NULL, 0);
	wait_until(ota, WAITING, now_ms + pause_ms);
}

static void esphome_bytes(struct ota *ota, const unsigned char *bytes, size_t len, int64_t now_ms)
{
	while (len && ota->got_len < 2) {
		ota->got[ota->got_len++] = (char)*bytes++;
		len--;
	}
	if (ota->got_len && (unsigned char)ota->got[0] != HELLO_OK) {
		char text[64];

		snprintf(text, sizeof(text), "0x%02x", (unsigned char)ota->got[0]);
		keep_answer(&ota->finding, text, strlen(text));
		hang_up(ota, now_ms, RETRY_ANSWERED_MS);
	} else if (ota->got_len == 2) {
		/* versions 1 and 2 exist (esphome espota2.py) */
		if (ota->got[1] >= 1 && ota->got[1] <= 9) {
			succeed(ota, OTA_PROOF_HELLO);
			return;
		}
		keep_answer(&ota->finding, not_greeting, strlen(not_greeting));
		hang_up(ota, now_ms, RETRY_ANSWERED_MS);
	}
}

static bool same_text(const char *a, const char *b, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (tolower((unsigned char)a[i]) != tolower((unsigned char)b[i]))
			return false;
	return true;
}

/* The last bytes received are in got[]: does what was looked for end here? */
static bool ends_here(const struct ota *ota, const char *text)
{
	size_t len = strlen(text);

	return ota->got_len >= len && same_text(ota->got + ota->got_len - len, text, len);
}

static void push_byte(struct ota *ota, char c)
{
	if (ota->got_len == sizeof(ota->got)) {
		memmove(ota->got, ota->got + 1, sizeof(ota->got) - 1);
		ota->got_len--;
	}
	ota->got[ota->got_len++] = c;
}

/* "HTTP/1.0 200 OK" */
static int http_status(const char *line, size_t len)
{
	if (len < 12 || !begins(line, len, "HTTP/1.") || line[8] != ' ')
		return -1;
	for (int i = 9; i < 12; i++)
		if (!isdigit((unsigned char)line[i]))
			return -1;
	return (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
}

/* Return: true when the status line settles it, one way or the other. */
static bool status_line(struct ota *ota, int64_t now_ms)
{
	if (!ota->status_known && ota->got[ota->got_len - 1] != '\n' && ota->got_len < sizeof(ota->got))
		return false;
	if (ota->status_known)
		return false;
	ota->status = http_status(ota->got, ota->got_len);
	ota->status_known = true;
	keep_answer(&ota->finding, ota->got, ota->got_len);
	if (ota->status == 200)
		return false;
	if (ota->status == 401 || ota->status == 403)
		fail(ota, OTA_REASON_LOCKED);
	else
		hang_up(ota, now_ms, RETRY_ANSWERED_MS);
	return true;
}

static void web_bytes(struct ota *ota, const char *bytes, size_t len, int64_t now_ms)
{
	const struct ota_page *page = &ota->options.page;

	for (size_t i = 0; i < len; i++) {
		push_byte(ota, bytes[i]);
		if (status_line(ota, now_ms))
			return;
		if (!ota->status_known)
			continue;
		if (!ota->headers_done) {
			ota->packed |= ends_here(ota, "\ncontent-encoding: gzip\r\n");
			ota->headers_done = ends_here(ota, "\n\r\n");
			if (!ota->headers_done || !ota->packed || !page->packed)
				continue;
			succeed(ota, OTA_PROOF_PAGE);
			return;
		}
		if (ends_here(ota, page->marker)) {
			succeed(ota, OTA_PROOF_FORM);
			return;
		}
	}
}

static void greet(struct ota *ota, int64_t now_ms)
{
	ota->ever_alive = true;
	ota->ever_connected = true;
	if (ota->options.protocol == OTA_ESPHOME)
		act(ota, OTA_ACTION_SEND, OTA_SERVICE_TCP, hello, sizeof(hello));
	else
		act(ota, OTA_ACTION_SEND, OTA_SERVICE_TCP, ota->request, strlen(ota->request));
	wait_until(ota, TALKING, now_ms + REPLY_MS);
}

static void tcp_event(struct ota *ota, const struct ota_event *event, int64_t now_ms)
{
	switch (event->kind) {
	case OTA_EVENT_TIMER:
		if (ota->state == WAITING)
			connect_service(ota, now_ms);
		else
			hang_up(ota, now_ms, ota->state == TALKING ? RETRY_ANSWERED_MS : RETRY_MS);
		return;
	case OTA_EVENT_REFUSED:
		ota->finding.refusals++;
		ota->ever_alive = true;
		ota->last_refused = true;
		hang_up(ota, now_ms, CLOSED_PAUSE_MS);
		return;
	case OTA_EVENT_CONNECTED:
		greet(ota, now_ms);
		return;
	case OTA_EVENT_BYTES:
		if (ota->state != TALKING)
			return;
		if (ota->options.protocol == OTA_ESPHOME)
			esphome_bytes(ota, event->bytes, event->len, now_ms);
		else
			web_bytes(ota, event->bytes, event->len, now_ms);
		return;
	case OTA_EVENT_UNREACHABLE:
		ota->unreachable = true;
		hang_up(ota, now_ms, RETRY_MS);
		return;
	case OTA_EVENT_CLOSED:
		hang_up(ota, now_ms, RETRY_ANSWERED_MS);
		return;
	}
}

/* ---- all of them ---- */

void ota_start(struct ota *ota, const struct ota_options *options, int64_t now_ms)
{
	const char *host = options->host ? options->host : "";
	bool v6 = strchr(host, ':');

	*ota = (struct ota){ .options = *options };
	ota->finding.protocol = options->protocol;
	ota->finding.question = options->question;
	ota->finding.error = -1;
	wait_until(ota, WAITING, now_ms);
	if (options->protocol == OTA_WEB)
		/* 1.0: no chunks in the page. Tasmota wants a Referer of its own host. */
		snprintf(ota->request, sizeof(ota->request),
			 "GET %s HTTP/1.0\r\nHost: %s%s%s\r\nReferer: http://%s%s%s/\r\n"
			 "User-Agent: espreset\r\nConnection: close\r\n\r\n",
			 options->page.path, v6 ? "[" : "", host, v6 ? "]" : "", v6 ? "[" : "", host,
			 v6 ? "]" : "");
	if (options->protocol == OTA_ESPHOME && !options->hello_is_harmless)
		fail(ota, OTA_REASON_NOT_HARMLESS);
}

void ota_event(struct ota *ota, const struct ota_event *event, int64_t now_ms)
{
	if (ota->done)
		return;
	if (event->kind == OTA_EVENT_TIMER && now_ms < ota->wake_ms)
		return;
	if (ota->options.protocol != OTA_ARDUINO)
		tcp_event(ota, event, now_ms);
	else if (ota->options.question == OTA_DRY_RUN)
		dry_run_event(ota, event, now_ms);
	else
		arduino_event(ota, event, now_ms);
}

static enum ota_reason why(const struct ota *ota)
{
	if (!ota->finding.probes)
		return OTA_REASON_STOPPED;
	if (ota->last_refused)
		return ota->was_silent ? OTA_REASON_GONE : OTA_REASON_CLOSED;
	if (ota->finding.answer[0])
		return OTA_REASON_OTHER;
	if (ota->unreachable)
		return OTA_REASON_UNREACHABLE;
	if (ota->options.protocol != OTA_ARDUINO)
		return ota->ever_connected ? OTA_REASON_UNANSWERED : OTA_REASON_DOWN;
	if (ota->options.question == OTA_DRY_RUN)
		return OTA_REASON_UNANSWERED;
	if (!ota->ever_alive || ota->dead >= DEAD_ROUNDS)
		return ota->dead ? OTA_REASON_DOWN : OTA_REASON_STOPPED;
	return ota->ever_closed_refused || ota->finding.refusals ? OTA_REASON_STOPPED : OTA_REASON_FILTERED;
}

void ota_stop(struct ota *ota)
{
	if (ota->done)
		return;
	if (ota->outstanding)
		act(ota, OTA_ACTION_SEND, OTA_SERVICE_UDP, harmless, strlen(harmless));
	if (ota->state == CANCELLING) {
		succeed(ota, OTA_PROOF_AUTH);
		return;
	}
	fail(ota, why(ota));
}

void ota_unresolved(struct ota *ota)
{
	if (!ota->done)
		fail(ota, OTA_REASON_NAME);
}

enum verdict ota_verdict(const struct ota_finding *finding)
{
	if (finding->reason == OTA_REASON_REFUSED)
		return VERDICT_OTA_REFUSED;
	return finding->listens && finding->reason == OTA_REASON_NONE ? VERDICT_READY : VERDICT_OTA_SILENT;
}

static const struct {
	const char *word, *phrase;
} proofs[] = {
	[OTA_PROOF_EDGE] = { "edge", "its port was closed and has opened" },
	[OTA_PROOF_CONTRAST] = { "contrast", "its port is open, by contrast with a closed one" },
	[OTA_PROOF_HELLO] = { "hello", "it answered ESPHome's greeting" },
	[OTA_PROOF_FORM] = { "form", "the upload form is there" },
	[OTA_PROOF_PAGE] = { "page", "the upload page is there" },
	[OTA_PROOF_BOARD] = { "board", "the board itself would accept an update" },
	[OTA_PROOF_AUTH] = { "auth", "it asks for a password" },
	[OTA_PROOF_ACCEPTED] = { "accepted", "it accepted an invitation of size 0" },
};

static const struct {
	const char *word, *phrase;
} reasons[OTA_REASON_COUNT] = {
	[OTA_REASON_REFUSED] = { "refused", "the board refuses" },
	[OTA_REASON_CLOSED] = { "closed", "the host is up, the port is closed" },
	[OTA_REASON_GONE] = { "gone", "the port had opened and is closed again" },
	[OTA_REASON_DOWN] = { "down", "the host does not answer" },
	[OTA_REASON_UNREACHABLE] = { "unreachable", "the host cannot be reached" },
	[OTA_REASON_FILTERED] = { "filtered",
		"the host is up, but whether the port is open cannot be seen from here" },
	[OTA_REASON_UNANSWERED] = { "unanswered", "no answer" },
	[OTA_REASON_OTHER] = { "other", "something else answers there" },
	[OTA_REASON_LOCKED] = { "locked", "a web server asks for a password before it shows the form" },
	[OTA_REASON_NOT_HARMLESS] = { "not-harmless",
		"not asked: this ESPHome's version is unknown, or before 2025.10 and would take a greeting for "
		"the start of an update" },
	[OTA_REASON_NAME] = { "name", "the name was not found" },
	[OTA_REASON_STOPPED] = { "stopped", "not enough time to tell" },
};

const char *ota_proof_word(enum ota_proof proof)
{
	return proofs[proof].word;
}

const char *ota_reason_word(enum ota_reason reason)
{
	return reasons[reason].word;
}

void ota_describe(const struct ota_finding *finding, char *buf, size_t cap)
{
	bool quote = finding->answer[0] != '\0';

	if (finding->reason == OTA_REASON_REFUSED || finding->reason == OTA_REASON_OTHER ||
	    finding->reason == OTA_REASON_LOCKED)
		snprintf(buf, cap, "%s%s%s%s", reasons[finding->reason].phrase, quote ? ": \"" : "",
			 finding->answer, quote ? "\"" : "");
	else if (finding->reason != OTA_REASON_NONE)
		snprintf(buf, cap, "%s", reasons[finding->reason].phrase);
	else
		snprintf(buf, cap, "listens: %s", proofs[finding->proof].phrase);
}

static const char *proof_caveat(const struct ota_finding *finding)
{
	switch (finding->proof) {
	case OTA_PROOF_EDGE:
	case OTA_PROOF_CONTRAST:
		return "not proven: that the sketch calls ArduinoOTA.handle(), password, free space";
	case OTA_PROOF_HELLO:
		return "not proven: password, boot mode, free space";
	case OTA_PROOF_FORM:
	case OTA_PROOF_PAGE:
		return "not proven: password, boot mode, free space";
	case OTA_PROOF_BOARD:
		return "not proven: free space, the way back from the board to this computer";
	case OTA_PROOF_AUTH:
		return "not proven: boot mode by the board itself, which a password protects";
	case OTA_PROOF_ACCEPTED:
		return "not proven: boot mode; only an ESP8266 tests it";
	case OTA_PROOF_NONE:
		break;
	}
	return "";
}

const char *ota_caveat(const struct ota_finding *finding)
{
	switch (finding->reason) {
	case OTA_REASON_NONE:
		return proof_caveat(finding);
	case OTA_REASON_REFUSED:
		return finding->error == ERROR_BOOTSTRAP ?
			"reset the board with its RST or EN line; a software restart does not help" : "";
	case OTA_REASON_CLOSED:
	case OTA_REASON_GONE:
		return "is the address the board's, and does its application start the OTA service?";
	case OTA_REASON_DOWN:
	case OTA_REASON_UNREACHABLE:
		return "is the board on this network, and may this computer talk to it (client isolation)?";
	case OTA_REASON_FILTERED:
		return "wait for a line of the application instead (--expect), or let the board answer "
		       "(--ota-dry-run)";
	case OTA_REASON_LOCKED:
	case OTA_REASON_NOT_HARMLESS:
		return "wait for a line of the application instead: --firmware or --expect without --ota";
	default:
		return "";
	}
}

bool ota_esphome_harmless(const char *version, size_t len)
{
	long part[2] = { 0, 0 };
	size_t at = 0;

	for (int i = 0; i < 2; i++) {
		size_t begin = at;

		while (at < len && at - begin < 5 && isdigit((unsigned char)version[at]))
			part[i] = part[i] * 10 + (version[at++] - '0');
		if (at == begin || (i == 0 && (at >= len || version[at++] != '.')))
			return false;
	}
	if (part[0] > 9999 || part[1] < 1 || part[1] > 12)
		return false;
	return part[0] > 2025 || (part[0] == 2025 && part[1] >= 10);
}

/* ---- where to ask ---- */

static bool host_is_sane(const char *host, size_t len, bool v6)
{
	if (!len || host[0] == '-')
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)host[i];

		if (!isalnum(c) && c != '.' && c != '-' && c != '_' && !(v6 && (c == ':' || c == '%')))
			return false;
	}
	return true;
}

static int port_parse(const char *text, int *ret)
{
	long port = 0;
	size_t len = strlen(text);

	if (!len || len > 5 || strspn(text, "0123456789") != len)
		return -EINVAL;
	for (size_t i = 0; i < len; i++)
		port = port * 10 + (text[i] - '0');
	if (port < 1 || port > 65535)
		return -EINVAL;
	*ret = (int)port;
	return 0;
}

int ota_target_parse(const char *text, struct ota_target *ret, const char **ret_err)
{
	const char *begin = text, *end, *port = NULL;
	int number = 0;
	bool v6 = false;

	if (*text == '[') {
		begin++;
		v6 = true;
		end = strchr(begin, ']');
		if (!end || (end[1] && end[1] != ':')) {
			*ret_err = "needs the form [ADDRESS] or [ADDRESS]:PORT";
			return -EINVAL;
		}
		if (end[1])
			port = end + 2;
	} else {
		end = strchr(begin, ':');
		v6 = end && strchr(end + 1, ':');
		if (end && !v6)
			port = end + 1;
		else
			end = begin + strlen(begin);
	}
	if (port && port_parse(port, &number) < 0) {
		*ret_err = "the port is not a number from 1 to 65535";
		return -EINVAL;
	}
	if ((size_t)(end - begin) >= sizeof(ret->host) ||
	    (!host_is_sane(begin, (size_t)(end - begin), v6) && !(end - begin == 1 && *begin == '@'))) {
		*ret_err = "is not the name or the address of a host";
		return -EINVAL;
	}
	memcpy(ret->host, begin, (size_t)(end - begin));
	ret->host[end - begin] = '\0';
	ret->port = number;
	return 0;
}

static bool is_unicast_v4(const char *text)
{
	int part[4], n = 0;
	bool too_big = false;

	if (strspn(text, "0123456789.") != strlen(text) ||
	    sscanf(text, "%3d.%3d.%3d.%3d%n", &part[0], &part[1], &part[2], &part[3], &n) != 4 || text[n])
		return false;
	for (int i = 0; i < 4; i++)
		too_big |= part[i] > 255;
	return !too_big && part[0] != 0 && part[0] < 224;
}

int ota_address_parse(const char *text, size_t len, char *ret, size_t cap)
{
	char copy[64];
	size_t colons = 0;

	if (len >= sizeof(copy) || len >= cap)
		return -ENAMETOOLONG;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (strlen(copy) != len)
		return -EINVAL;
	for (size_t i = 0; i < len; i++)
		colons += copy[i] == ':';
	/* ff00::/8 is multicast */
	if (colons >= 2 ? strspn(copy, "0123456789abcdefABCDEF:.") != len || !strcmp(copy, "::") ||
			  !strncmp(copy, "ff", 2) || !strncmp(copy, "FF", 2)
			: !is_unicast_v4(copy))
		return -EINVAL;
	memcpy(ret, copy, len + 1);
	return 0;
}
