/* machine.h - what the protocols of an OTA probe share with ota.c, and nobody else. */
#ifndef ESPRESET_OTA_MACHINE_H
#define ESPRESET_OTA_MACHINE_H

#include <string.h>

#include "ota/ota.h"

#define OTA_RETRY_ANSWERED_MS 1000 /* something answered: do not press it */
#define OTA_CLOSED_PAUSE_MS 250	   /* its port is closed: the sketch still starts */
#define OTA_DEAD_ROUNDS 2	   /* without any sign of life: ask by TCP too, forget the silence before */

/* Of Updater.h's error numbers those that tell of the boot mode (esp8266/Arduino cores/esp8266/Updater.h). */
enum {
	OTA_ERROR_SIZE = 5,	  /* UPDATE_ERROR_SIZE, "Bad Size Given" */
	OTA_ERROR_BOOTSTRAP = 11, /* UPDATE_ERROR_BOOTSTRAP */
};

/* ota.c: what a protocol may do */
void ota_act(struct ota *ota, enum ota_action_kind kind, enum ota_channel channel, const void *bytes, size_t len);
void ota_wait(struct ota *ota, enum ota_state state, int64_t wake_ms);
void ota_succeed(struct ota *ota, enum ota_proof proof);
void ota_fail(struct ota *ota, enum ota_reason reason);
/** ota_keep_answer() - what came back, for the finding, made printable */
void ota_keep_answer(struct ota *ota, const void *bytes, size_t len);

static inline bool ota_begins(const char *bytes, size_t len, const char *with)
{
	return len >= strlen(with) && !memcmp(bytes, with, strlen(with));
}

/* arduino.c and tcp.c: a protocol's answer to an event */
void ota_arduino_event(struct ota *ota, const struct ota_event *event, int64_t now_ms);
void ota_dry_run_event(struct ota *ota, const struct ota_event *event, int64_t now_ms);
/** ota_dry_run_cancel() - take a board that may be waiting for a password back to its idle state */
void ota_dry_run_cancel(struct ota *ota);
void ota_tcp_event(struct ota *ota, const struct ota_event *event, int64_t now_ms);
/** ota_web_request() - the request of OTA_WEB, from the options */
void ota_web_request(struct ota *ota);

#endif
