/* esphome_ota.h - a simulated ESPHome node's update service: the bytes of one TCP connection at a time.
 *
 * As esphome components/esphome/ota/ota_esphome.cpp of 2025.10 has it (SIM_ESPHOME_2025_10: nothing happens before
 * the size has come), and of 2025.7 and before (SIM_ESPHOME_2025_7: a connection alone starts the user's on_begin).
 * Versions in between are not simulated. The update itself is the one of an ESP8266: boot mode 1 is refused (0x85).
 *
 *	sim_esphome_ota_init(&ota, kind, &host, password);
 *	sim_esphome_ota_begin(&ota);
 *	sim_esphome_ota_connected() _data() _hung_up() _tick()
 *	sim_esphome_ota_stop(&ota);
 */
#ifndef ESPRESET_SIM_ESPHOME_OTA_H
#define ESPRESET_SIM_ESPHOME_OTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/digest.h"

enum sim_esphome_kind { SIM_ESPHOME_2025_10, SIM_ESPHOME_2025_7 };

struct sim_esphome_host {
	int (*boot_mode)(void *user);
	void (*send)(void *user, const void *bytes, size_t n);
	void (*hang_up)(void *user);
	void (*print)(void *user, const char *text);
	void (*staged)(void *user, const char *md5, size_t size);
	void *user;
	size_t space; /* 0: 700 KiB */
};

/* clang-format off */
enum sim_esphome_state {
	SIM_ESPHOME_IDLE, SIM_ESPHOME_MAGIC, SIM_ESPHOME_FEATURES, SIM_ESPHOME_AUTH, SIM_ESPHOME_SIZE, SIM_ESPHOME_MD5,
	SIM_ESPHOME_DATA, SIM_ESPHOME_ACK
};
/* clang-format on */

struct sim_esphome_record {
	unsigned int connections, greetings;
	unsigned int on_begin, on_error, on_end; /* the user's automations */
	unsigned int updates, refused, logins, logins_failed, staged;
	size_t flashed;
};

struct sim_esphome_ota {
	enum sim_esphome_kind kind;
	struct sim_esphome_host host;
	char password[64];
	bool listens;
	enum sim_esphome_state state;
	struct sim_esphome_record record;
	uint32_t random;
	int64_t since_ms; /* connected, or last byte of the image */
	uint8_t got[160];
	size_t got_len;
	char nonce[SIM_DIGEST_TEXT];
	size_t size, received, acknowledged;
	struct sim_digest digest;
	char md5[33];
};

void sim_esphome_ota_init(struct sim_esphome_ota *ota, enum sim_esphome_kind kind, const struct sim_esphome_host *host,
			  const char *password);
void sim_esphome_ota_begin(struct sim_esphome_ota *ota);
void sim_esphome_ota_stop(struct sim_esphome_ota *ota);
void sim_esphome_ota_connected(struct sim_esphome_ota *ota, int64_t now_ms);
void sim_esphome_ota_data(struct sim_esphome_ota *ota, int64_t now_ms, const void *bytes, size_t n);
void sim_esphome_ota_hung_up(struct sim_esphome_ota *ota);
void sim_esphome_ota_tick(struct sim_esphome_ota *ota, int64_t now_ms);

/* No automation ran, nothing was begun or written. Greetings and connections do not count. */
bool sim_esphome_record_untouched(const struct sim_esphome_record *record);

#endif
