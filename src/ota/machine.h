/* machine.h - what the protocols of an OTA probe share with ota.c; private to src/ota.
 *
 * ota.c passes each event to the event function of the protocol. The event function queues actions with ota_act(), then
 * calls ota_wait(), ota_succeed() or ota_fail().
 */
#ifndef ESPRESET_OTA_MACHINE_H
#define ESPRESET_OTA_MACHINE_H

#include <string.h>

#include "ota/ota.h"

#define OTA_RETRY_ANSWERED_MS 1000 /* pause after an answer that was not understood: do not burden the service */
#define OTA_CLOSED_PAUSE_MS 250	   /* pause after the port was reported closed: the sketch may still be starting */
#define OTA_DEAD_ROUNDS \
	2 /* after this many rounds without any answer from the host: probe by TCP too, and count silent rounds anew */

/* Error numbers with which an ESP8266 shows the result of its boot mode test (esp8266/Arduino
 * cores/esp8266/Updater.h). */
enum {
	OTA_ERROR_SIZE = 5, /* UPDATE_ERROR_SIZE, "Bad Size Given": the boot mode is tested before, so it is good */
	OTA_ERROR_BOOTSTRAP = 11, /* UPDATE_ERROR_BOOTSTRAP: the strapping latch says UART download */
};

/** ota_act() - queue an action; @bytes must stay valid until the end of the probe */
void ota_act(struct ota *ota, enum ota_action_kind kind, enum ota_channel channel, const void *bytes, size_t len);

/** ota_wait() - enter @state; OTA_EVENT_TIMER will come at @wake_ms */
void ota_wait(struct ota *ota, enum ota_state state, int64_t wake_ms);

/** ota_succeed() - end the probe: the service listens */
void ota_succeed(struct ota *ota, enum ota_proof proof);

/** ota_fail() - end the probe: the service was not proven to listen */
void ota_fail(struct ota *ota, enum ota_reason reason);

/** ota_keep_answer() - copy an answer of the service into the finding; bytes that are not printable ASCII become '?' */
void ota_keep_answer(struct ota *ota, const void *bytes, size_t len);

static inline bool ota_begins(const char *bytes, size_t len, const char *with)
{
	return len >= strlen(with) && !memcmp(bytes, with, strlen(with));
}

/* The event functions of the protocols: ota_arduino_event() and ota_dry_run_event() in arduino.c, ota_tcp_event() in
 * tcp.c. */
void ota_arduino_event(struct ota *ota, const struct ota_event *event, int64_t now_ms);
void ota_dry_run_event(struct ota *ota, const struct ota_event *event, int64_t now_ms);

/** ota_dry_run_cancel() - make a board idle again that may be waiting for a password */
void ota_dry_run_cancel(struct ota *ota);

void ota_tcp_event(struct ota *ota, const struct ota_event *event, int64_t now_ms);

/** ota_web_request() - compose the HTTP request that gets the upload page (OTA_WEB) */
void ota_web_request(struct ota *ota);

#endif
