/* ota.c - probes a board's OTA service, without starting an update. */
#include "ota/ota.h"

#include <stdio.h>

#include "base/plain.h"
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

void ota_fail(struct ota *ota, enum ota_reason reason)
{
	ota_act(ota, OTA_ACTION_CLOSE, OTA_SERVICE_TCP, NULL, 0);
	ota_act(ota, OTA_ACTION_CLOSE, OTA_CLOSED_TCP, NULL, 0);
	ota->finding.reason = reason;
	ota->done = true;
}

void ota_succeed(struct ota *ota, enum ota_proof proof)
{
	ota_fail(ota, OTA_REASON_NONE);
	ota->finding.listens = true;
	ota->finding.proof = proof;
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
		finding->answer[i] = plain_char((char)from[i]);
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

/* What is printed about a finding. phrase: what was found. caveat: what was not proven, or what to do next. */
struct ota_words {
	const char *phrase, *caveat;
};

#define NOT_PROVEN_OF_SKETCH "not proven: that the sketch calls ArduinoOTA.handle(), password, free space"
#define NOT_PROVEN_BY_TCP "not proven: password, boot mode, free space"
#define ASK_ADDRESS "is the address the board's, and does its application start the OTA service?"
#define ASK_NETWORK "is the board on this network, and may this computer talk to it (client isolation)?"
#define WAIT_WITHOUT_OTA "wait for a line of the application instead: --firmware or --expect without --ota"

static const struct ota_words proofs[] = {
	[OTA_PROOF_NONE] = { "", "" },
	[OTA_PROOF_EDGE] = { "its port was closed and has opened", NOT_PROVEN_OF_SKETCH },
	[OTA_PROOF_CONTRAST] = { "its port is open, by contrast with a closed one", NOT_PROVEN_OF_SKETCH },
	[OTA_PROOF_HELLO] = { "it answered ESPHome's greeting", NOT_PROVEN_BY_TCP },
	[OTA_PROOF_FORM] = { "the upload form is there", NOT_PROVEN_BY_TCP },
	[OTA_PROOF_PAGE] = { "the upload page is there", NOT_PROVEN_BY_TCP },
	[OTA_PROOF_BOARD] = { "the board itself would accept an update",
			      "not proven: free space, the way back from the board to this computer" },
	[OTA_PROOF_AUTH] = { "it asks for a password",
			     "not proven: boot mode by the board itself, which a password protects" },
	[OTA_PROOF_ACCEPTED] = { "it accepted an invitation of size 0",
				 "not proven: boot mode; only an ESP8266 tests it" },
};

static const struct ota_words reasons[OTA_REASON_COUNT] = {
	[OTA_REASON_NONE] = { "", "" },
	[OTA_REASON_REFUSED] = { "the board refuses", "" },
	[OTA_REASON_CLOSED] = { "the host is up, the port is closed", ASK_ADDRESS },
	[OTA_REASON_GONE] = { "the port had opened and is closed again", ASK_ADDRESS },
	[OTA_REASON_DOWN] = { "the host does not answer", ASK_NETWORK },
	[OTA_REASON_UNREACHABLE] = { "the host cannot be reached", ASK_NETWORK },
	[OTA_REASON_FILTERED] = { "the host is up, but whether the port is open cannot be seen from here",
				  "wait for a line of the application instead (--expect), or let the board answer "
				  "(--ota-dry-run)" },
	[OTA_REASON_UNANSWERED] = { "no answer", "" },
	[OTA_REASON_OTHER] = { "something else answers there", "" },
	[OTA_REASON_LOCKED] = { "a web server asks for a password before it shows the form", WAIT_WITHOUT_OTA },
	[OTA_REASON_NOT_HARMLESS] = { "not asked: this ESPHome's version is unknown, or before 2025.10 "
				      "and would take a greeting for the start of an update",
				      WAIT_WITHOUT_OTA },
	[OTA_REASON_NAME] = { "the name was not found", "" },
	[OTA_REASON_STOPPED] = { "not enough time to tell", "" },
};

void ota_describe(const struct ota_finding *finding, char *buf, size_t cap)
{
	enum ota_reason reason = finding->reason;
	bool quote = finding->answer[0] &&
		     (reason == OTA_REASON_REFUSED || reason == OTA_REASON_OTHER || reason == OTA_REASON_LOCKED);

	if (reason == OTA_REASON_NONE)
		snprintf(buf, cap, "listens: %s", proofs[finding->proof].phrase);
	else if (quote)
		snprintf(buf, cap, "%s: \"%s\"", reasons[reason].phrase, finding->answer);
	else
		snprintf(buf, cap, "%s", reasons[reason].phrase);
}

const char *ota_caveat(const struct ota_finding *finding)
{
	if (finding->reason == OTA_REASON_NONE)
		return proofs[finding->proof].caveat;
	if (finding->reason == OTA_REASON_REFUSED && finding->error == OTA_ERROR_BOOTSTRAP)
		return "reset the board with its RST or EN line; a software restart does not help";
	return reasons[finding->reason].caveat;
}
