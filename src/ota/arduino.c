/* arduino.c - probes ArduinoOTA: does it listen, and would an ESP8266 accept an update? */
#include <ctype.h>

#include "ota/machine.h"

#define ROUND_MS \
	600 /* how long to wait for answers: Wi-Fi power saving (modem sleep, DTIM) delays a datagram by up to 300 ms */
#define LINGER_MS \
	150 /* how long a round waits after the host's first answer: "port unreachable" for the service may follow */
#define PAUSE_MS 100 /* pause between two rounds of datagrams */

#define INVITATION_MS 1000 /* how long to wait for an answer: the sketch sends it from loop(), which may be slow */
#define INVITATIONS_ONCE 3 /* with ota_options.once: how many invitations are sent at most */
#define CANCELS 3 /* how many cancelling datagrams are sent: if all got lost, the next upload would fail once */
#define CANCEL_MS 100

/* A datagram that starts nothing: 1 is none of the command numbers U_FLASH 0, U_FS 100 and U_AUTH 200 (esp8266/Arduino
 * Updater.h). An idle ArduinoOTA ignores the datagram. An ArduinoOTA that waits for a password (OTA_WAITAUTH) becomes
 * idle. Text that is not a number would be read as command 0. */
static const char harmless[] = "1\n";

/* Invites ArduinoOTA to an update of size 0. Before Updater.cpp writes anything, it tests the boot mode (error 11),
 * then the size (error 5). */
static const char invitation[] = "0 1 0 00000000000000000000000000000000\n";

/* ---- ArduinoOTA: does it listen? ---- */

static void begin_round(struct ota *ota, int64_t now_ms)
{
	ota->alive = false;
	ota->unreachable = false;
	/* send to the port of the service first, then to the closed port; ota.h says why */
	ota_act(ota, OTA_ACTION_SEND, OTA_SERVICE_UDP, harmless, strlen(harmless));
	ota_act(ota, OTA_ACTION_SEND, OTA_CLOSED_UDP, harmless, strlen(harmless));
	if (ota->ask_tcp)
		ota_act(ota, OTA_ACTION_CONNECT, OTA_CLOSED_TCP, NULL, 0);
	ota->finding.probes++;
	ota_wait(ota, OTA_ROUND, now_ms + ROUND_MS);
}

static void end_round(struct ota *ota, int64_t now_ms, int64_t pause_ms)
{
	ota_act(ota, OTA_ACTION_CLOSE, OTA_CLOSED_TCP, NULL, 0);
	ota_wait(ota, OTA_WAITING, now_ms + pause_ms);
}

static void silent_round(struct ota *ota, int64_t now_ms)
{
	if (!ota->alive) {
		if (++ota->dead >= OTA_DEAD_ROUNDS) {
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
	ota_succeed(ota, ota->finding.refusals ? OTA_PROOF_EDGE : OTA_PROOF_CONTRAST);
}

static void sign_of_life(struct ota *ota, int64_t now_ms)
{
	ota->alive = true;
	ota->ever_alive = true;
	if (ota->state == OTA_ROUND && ota->wake_ms > now_ms + LINGER_MS)
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
	end_round(ota, now_ms, OTA_CLOSED_PAUSE_MS);
}

void ota_arduino_event(struct ota *ota, const struct ota_event *event, int64_t now_ms)
{
	bool service = event->channel == OTA_SERVICE_UDP;

	switch (event->kind) {
	case OTA_EVENT_TIMER:
		if (ota->state == OTA_ROUND)
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
		ota_act(ota, OTA_ACTION_CLOSE, event->channel, NULL, 0);
		return;
	case OTA_EVENT_BYTES:
		sign_of_life(ota, now_ms);
		if (!service)
			return;
		/* ArduinoOTA never answers the harmless datagram, so another service has sent these bytes, or they
		 * answer another client */
		ota_keep_answer(ota, event->bytes, event->len);
		ota->silent = 0;
		end_round(ota, now_ms, OTA_RETRY_ANSWERED_MS);
		return;
	case OTA_EVENT_UNREACHABLE: ota->unreachable = true; return;
	case OTA_EVENT_CLOSED: return;
	}
}

/* ---- ArduinoOTA on an ESP8266: the dry run ---- */

static void arduino_invite(struct ota *ota, int64_t now_ms)
{
	if (ota->options.once && ota->invitations >= INVITATIONS_ONCE) {
		ota_stop(ota);
		return;
	}
	ota->invitations++;
	ota->finding.probes++;
	ota->outstanding = true;
	ota_act(ota, OTA_ACTION_SEND, OTA_SERVICE_UDP, invitation, strlen(invitation));
	ota_wait(ota, OTA_INVITED, now_ms + INVITATION_MS);
}

void ota_dry_run_cancel(struct ota *ota)
{
	ota_act(ota, OTA_ACTION_SEND, OTA_SERVICE_UDP, harmless, strlen(harmless));
}

/* Sends the next datagram that cancels an invitation, or ends the probe after the last one. The datagram makes a board
 * idle that waits for a password; an idle board ignores it. */
static void arduino_cancel(struct ota *ota, int64_t now_ms)
{
	if (ota->cancels++ == CANCELS) {
		ota->outstanding = false;
		ota_succeed(ota, OTA_PROOF_AUTH);
		return;
	}
	ota_dry_run_cancel(ota);
	ota_wait(ota, OTA_CANCELLING, now_ms + CANCEL_MS);
}

/* Reads N of the answer "ERR: ERROR[N]: ..." (ArduinoOTA.cpp _runUpdate, Updater.cpp printError). Return: N, or -1 if
 * the answer does not have this form. */
static int error_number(const char *bytes, size_t len)
{
	static const char head[] = "ERR: ERROR[";
	size_t at = strlen(head);
	int n = 0;

	if (!ota_begins(bytes, len, head))
		return -1;
	while (at < len && isdigit((unsigned char)bytes[at]) && n < 256)
		n = n * 10 + (bytes[at++] - '0');
	return at > strlen(head) && at < len && bytes[at] == ']' && n < 256 ? n : -1;
}

/* Is the answer "AUTH " and a nonce of 32 (MD5) or 64 (SHA-256, arduino-esp32 3.3.1) hexadecimal digits? */
static bool asks_password(const char *bytes, size_t len)
{
	size_t digits = 0;

	if (!ota_begins(bytes, len, "AUTH "))
		return false;
	while (5 + digits < len && isxdigit((unsigned char)bytes[5 + digits]))
		digits++;
	return digits == 32 || digits == 64;
}

static void dry_run_answer(struct ota *ota, const char *bytes, size_t len, int64_t now_ms)
{
	int error = error_number(bytes, len);

	if (ota->state == OTA_CANCELLING)
		return;
	ota_keep_answer(ota, bytes, len);
	if (error >= 0) {
		ota->outstanding = false;
		ota->finding.error = error;
		if (error == OTA_ERROR_SIZE) {
			ota->finding.boot_mode_good = true;
			ota_succeed(ota, OTA_PROOF_BOARD);
			return;
		}
		if (error == OTA_ERROR_BOOTSTRAP)
			ota->finding.proof = OTA_PROOF_BOARD;
		ota->finding.listens = true;
		ota_fail(ota, OTA_REASON_REFUSED);
	} else if (asks_password(bytes, len)) {
		arduino_cancel(ota, now_ms);
	} else if (len == 2 && !memcmp(bytes, "OK", 2)) {
		ota->outstanding = false;
		ota_succeed(ota, OTA_PROOF_ACCEPTED);
	} else {
		ota_wait(ota, OTA_WAITING, now_ms + OTA_RETRY_ANSWERED_MS);
	}
}

void ota_dry_run_event(struct ota *ota, const struct ota_event *event, int64_t now_ms)
{
	switch (event->kind) {
	case OTA_EVENT_TIMER:
		if (ota->state == OTA_CANCELLING) {
			arduino_cancel(ota, now_ms);
		} else {
			ota->last_refused = false;
			arduino_invite(ota, now_ms);
		}
		return;
	case OTA_EVENT_REFUSED:
		if (ota->state == OTA_CANCELLING)
			return;
		ota->finding.refusals++;
		ota->last_refused = true;
		ota->ever_alive = true;
		ota->outstanding = false;
		if (ota->options.once)
			ota_fail(ota, OTA_REASON_CLOSED);
		else
			ota_wait(ota, OTA_WAITING, now_ms + OTA_CLOSED_PAUSE_MS);
		return;
	case OTA_EVENT_BYTES:
		ota->ever_alive = true;
		dry_run_answer(ota, event->bytes, event->len, now_ms);
		return;
	case OTA_EVENT_UNREACHABLE: ota->unreachable = true; return;
	case OTA_EVENT_CONNECTED:
	case OTA_EVENT_CLOSED: return;
	}
}
