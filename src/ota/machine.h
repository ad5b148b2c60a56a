/* machine.h - what the protocols of an OTA probe share with ota.c; private to src/ota.
 *
 * ota.c passes each event to the function of the protocol. That function queues actions with ota_act(), then calls
 * ota_wait(), ota_succeed() or ota_fail().
 */
#ifndef ESPRESET_OTA_MACHINE_H
#define ESPRESET_OTA_MACHINE_H

#include <string.h>

#include "ota/ota.h"

#define OTA_RETRY_ANSWERED_MS 1000 /* pause after an answer that was not understood, so as not to load the service */
#define OTA_CLOSED_PAUSE_MS 250	   /* pause while the port is closed: the sketch may be starting */
#define OTA_DEAD_ROUNDS \
	2 /* rounds without a sign of life after which to try TCP as well, and to forget silent rounds */

/* The error numbers that show the result of the boot mode test (esp8266/Arduino cores/esp8266/Updater.h). */
enum {
	OTA_ERROR_SIZE = 5,	  /* UPDATE_ERROR_SIZE, "Bad Size Given": the boot mode is good */
	OTA_ERROR_BOOTSTRAP = 11, /* UPDATE_ERROR_BOOTSTRAP: the latch says UART download */
};

/** ota_act() - queue an action; @bytes must stay valid until the end of the probe */
void ota_act(struct ota *ota, enum ota_action_kind kind, enum ota_channel channel, const void *bytes, size_t len);

/** ota_wait() - go to a state until an event comes, or OTA_EVENT_TIMER at @wake_ms */
void ota_wait(struct ota *ota, enum ota_state state, int64_t wake_ms);

/** ota_succeed() - end the probe: the service listens */
void ota_succeed(struct ota *ota, enum ota_proof proof);

/** ota_fail() - end the probe: the service was not proven to listen */
void ota_fail(struct ota *ota, enum ota_reason reason);

/** ota_keep_answer() - copy an answer into the finding, with '?' for all but printable ASCII */
void ota_keep_answer(struct ota *ota, const void *bytes, size_t len);

static inline bool ota_begins(const char *bytes, size_t len, const char *with)
{
	return len >= strlen(with) && !memcmp(bytes, with, strlen(with));
}

/* arduino.c and tcp.c: pass an event to a protocol. */
void ota_arduino_event(struct ota *ota, const struct ota_event *event, int64_t now_ms);
void ota_dry_run_event(struct ota *ota, const struct ota_event *event, int64_t now_ms);

/** ota_dry_run_cancel() - bring a board that may wait for a password back to its idle state */
void ota_dry_run_cancel(struct ota *ota);

void ota_tcp_event(struct ota *ota, const struct ota_event *event, int64_t now_ms);

/** ota_web_request() - compose the HTTP request of OTA_WEB */
void ota_web_request(struct ota *ota);

#endif
