/* esphome_ota.h - the OTA service of a simulated ESPHome node: handles the bytes of one TCP connection at a time.
 *
 * Behaves like esphome components/esphome/ota/ota_esphome.cpp. SIM_ESPHOME_2025_10 is version 2025.10: nothing happens
 * before the client has sent the size. SIM_ESPHOME_2025_7 is version 2025.7 or older: it runs the user's on_begin as
 * soon as a client connects. The versions between these are not simulated. The chip is an ESP8266: in boot mode 1 it
 * refuses an update (0x85).
 *
 *	sim_esphome_ota_init(&ota, kind, &host, password);
 *	sim_esphome_ota_begin(&ota);			the application runs
 *	sim_esphome_ota_connected() _data() _hung_up()	events of the connection
 *	sim_esphome_ota_tick(&ota, now_ms);		every few milliseconds: timeouts
 *	sim_esphome_ota_stop(&ota);			the chip was reset
 */
#ifndef ESPRESET_SIM_ESPHOME_OTA_H
#define ESPRESET_SIM_ESPHOME_OTA_H

#include "sim/update.h"

enum sim_esphome_kind { SIM_ESPHOME_2025_10, SIM_ESPHOME_2025_7 };

/* What the service waits for. */
/* clang-format off */
enum sim_esphome_state {
	SIM_ESPHOME_IDLE, SIM_ESPHOME_MAGIC, SIM_ESPHOME_FEATURES, SIM_ESPHOME_AUTH, SIM_ESPHOME_SIZE, SIM_ESPHOME_MD5,
	SIM_ESPHOME_DATA, SIM_ESPHOME_ACK
};
/* clang-format on */

struct sim_esphome_ota {
	enum sim_esphome_kind kind;
	struct sim_ota_host host;
	char password[64];
	bool listens;
	enum sim_esphome_state state;
	struct sim_ota_record record;
	uint32_t random;
	int64_t since_ms; /* when the connection was made, or when the last byte of the image came */
	uint8_t got[160]; /* bytes received since the state began */
	size_t got_len;
	char nonce[SIM_DIGEST_TEXT];
	size_t size, received, acknowledged;
	struct sim_digest digest;
	char md5[33];
};

void sim_esphome_ota_init(struct sim_esphome_ota *ota, enum sim_esphome_kind kind, const struct sim_ota_host *host,
			  const char *password);
void sim_esphome_ota_begin(struct sim_esphome_ota *ota);
void sim_esphome_ota_stop(struct sim_esphome_ota *ota);
void sim_esphome_ota_connected(struct sim_esphome_ota *ota, int64_t now_ms);
void sim_esphome_ota_data(struct sim_esphome_ota *ota, int64_t now_ms, const void *bytes, size_t n);
void sim_esphome_ota_hung_up(struct sim_esphome_ota *ota);
void sim_esphome_ota_tick(struct sim_esphome_ota *ota, int64_t now_ms);

#endif
