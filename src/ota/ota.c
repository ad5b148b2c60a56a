/* ota.c - asks a board's over-the-air update service whether it listens, without starting anything. */
#include "ota/ota.h"

#include <stdio.h>

#include "ota/machine.h"

void ota_act(struct ota *ota, enum ota_action_kind kind, enum ota_channel channel, const void *bytes, size_t len)
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

void ota_wait(struct ota *ota, enum ota_state state, int64_t wake_ms)
{
	ota->state = state;
	ota->wake_ms = wake_ms;
}

static void close_all(struct ota *ota)
{
	ota_act(ota, OTA_ACTION_CLOSE, OTA_SERVICE_TCP, NULL, 0);
	ota_act(ota, OTA_ACTION_CLOSE, OTA_CLOSED_TCP, NULL, 0);
}

void ota_succeed(struct ota *ota, enum ota_proof proof)
{
	close_all(ota);
	ota->finding.listens = true;
	ota->finding.proof = proof;
	ota->finding.reason = OTA_REASON_NONE;
	ota->done = true;
}

void ota_fail(struct ota *ota, enum ota_reason reason)
{
	close_all(ota);
	ota->finding.reason = reason;
	ota->done = true;
}

void ota_keep_answer(struct ota *ota, const void *bytes, size_t len)
{
	struct ota_finding *finding = &ota->finding;
	const unsigned char *from = bytes;

	while (len && (from[len - 1] == '\n' || from[len - 1] == '\r'))
		len--;
	if (len > sizeof(finding->answer) - 1)
		len = sizeof(finding->answer) - 1;
	for (size_t i = 0; i < len; i++)
		finding->answer[i] = (char)(from[i] >= 0x20 && from[i] < 0x7f ? from[i] : '?');
	finding->answer[len] = '\0';
}

void ota_start(struct ota *ota, const struct ota_options *options, int64_t now_ms)
{
	*ota = (struct ota){ .options = *options };
	ota->finding.protocol = options->protocol;
	ota->finding.question = options->question;
	ota->finding.error = -1;
	ota_wait(ota, OTA_WAITING, now_ms);
	if (options->protocol == OTA_WEB)
		ota_web_request(ota);
	if (options->protocol == OTA_ESPHOME && !options->hello_is_harmless)
		ota_fail(ota, OTA_REASON_NOT_HARMLESS);
}

void ota_event(struct ota *ota, const struct ota_event *event, int64_t now_ms)
{
	if (ota->done)
		return;
	if (event->kind == OTA_EVENT_TIMER && now_ms < ota->wake_ms)
		return;
	if (ota->options.protocol != OTA_ARDUINO)
		ota_tcp_event(ota, event, now_ms);
	else if (ota->options.question == OTA_DRY_RUN)
		ota_dry_run_event(ota, event, now_ms);
	else
		ota_arduino_event(ota, event, now_ms);
}

static enum ota_reason ota_why(const struct ota *ota)
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
	if (!ota->ever_alive || ota->dead >= OTA_DEAD_ROUNDS)
		return ota->dead ? OTA_REASON_DOWN : OTA_REASON_STOPPED;
	return ota->ever_closed_refused || ota->finding.refusals ? OTA_REASON_STOPPED : OTA_REASON_FILTERED;
}

void ota_stop(struct ota *ota)
{
	if (ota->done)
		return;
	if (ota->outstanding)
		ota_dry_run_cancel(ota);
	if (ota->state == OTA_CANCELLING) {
		ota_succeed(ota, OTA_PROOF_AUTH);
		return;
	}
	ota_fail(ota, ota_why(ota));
}

void ota_unresolved(struct ota *ota)
{
	if (!ota->done)
		ota_fail(ota, OTA_REASON_NAME);
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
	[OTA_REASON_FILTERED] = { "filtered", "the host is up, but whether the port is open cannot be seen from here" },
	[OTA_REASON_UNANSWERED] = { "unanswered", "no answer" },
	[OTA_REASON_OTHER] = { "other", "something else answers there" },
	[OTA_REASON_LOCKED] = { "locked", "a web server asks for a password before it shows the form" },
	[OTA_REASON_NOT_HARMLESS] = { "not-harmless", "not asked: this ESPHome's version is unknown, or before 2025.10 "
						      "and would take a greeting for "
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
		snprintf(buf, cap, "%s%s%s%s", reasons[finding->reason].phrase, quote ? ": \"" : "", finding->answer,
			 quote ? "\"" : "");
	else if (finding->reason != OTA_REASON_NONE)
		snprintf(buf, cap, "%s", reasons[finding->reason].phrase);
	else
		snprintf(buf, cap, "listens: %s", proofs[finding->proof].phrase);
}

static const char *proof_caveat(const struct ota_finding *finding)
{
	switch (finding->proof) {
	case OTA_PROOF_EDGE:
	case OTA_PROOF_CONTRAST: return "not proven: that the sketch calls ArduinoOTA.handle(), password, free space";
	case OTA_PROOF_HELLO: return "not proven: password, boot mode, free space";
	case OTA_PROOF_FORM:
	case OTA_PROOF_PAGE: return "not proven: password, boot mode, free space";
	case OTA_PROOF_BOARD: return "not proven: free space, the way back from the board to this computer";
	case OTA_PROOF_AUTH: return "not proven: boot mode by the board itself, which a password protects";
	case OTA_PROOF_ACCEPTED: return "not proven: boot mode; only an ESP8266 tests it";
	case OTA_PROOF_NONE: break;
	}
	return "";
}

const char *ota_caveat(const struct ota_finding *finding)
{
	switch (finding->reason) {
	case OTA_REASON_NONE: return proof_caveat(finding);
	case OTA_REASON_REFUSED:
		return finding->error == OTA_ERROR_BOOTSTRAP
			       ? "reset the board with its RST or EN line; a software restart does not help"
			       : "";
	case OTA_REASON_CLOSED:
	case OTA_REASON_GONE: return "is the address the board's, and does its application start the OTA service?";
	case OTA_REASON_DOWN:
	case OTA_REASON_UNREACHABLE:
		return "is the board on this network, and may this computer talk to it (client isolation)?";
	case OTA_REASON_FILTERED:
		return "wait for a line of the application instead (--expect), or let the board answer "
		       "(--ota-dry-run)";
	case OTA_REASON_LOCKED:
	case OTA_REASON_NOT_HARMLESS:
		return "wait for a line of the application instead: --firmware or --expect without --ota";
	default: return "";
	}
}
