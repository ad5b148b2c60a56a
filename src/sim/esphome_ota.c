/* esphome_ota.c - the OTA service of a simulated ESPHome node: handles the bytes of one TCP connection at a time. */
#include "sim/esphome_ota.h"

#include <stdio.h>
#include <string.h>

#define BLOCK 8192 /* the client gets one CHUNK_OK for this many bytes */
#define OLD_MAGIC_MS 1000
#define HANDSHAKE_MS 20000
#define DATA_MS 90000

static const uint8_t magic[5] = { 0x6c, 0x26, 0xf7, 0x5c, 0x45 };

/* Answers of the service to its client (esphome components/ota/ota_backend.h). */
enum {
	RESPONSE_OK = 0x00,
	REQUEST_AUTH = 0x01,
	REQUEST_SHA256_AUTH = 0x02,
	HEADER_OK = 0x40,
	AUTH_OK = 0x41,
	PREPARE_OK = 0x42,
	MD5_OK = 0x43,
	RECEIVE_OK = 0x44,
	END_OK = 0x45,
	CHUNK_OK = 0x47,
	ERROR_MAGIC = 0x80,
	ERROR_AUTH = 0x82,
	ERROR_END = 0x84,
	ERROR_BOOTSTRAPPING = 0x85,
	ERROR_SPACE = 0x88,
	ERROR_MD5 = 0x8b,
	ERROR_UNKNOWN = 0xff,
};

#define OTA_VERSION 2
#define FEATURE_SHA256 0x02

static void esphome_say(struct sim_esphome_ota *ota, int byte)
{
	uint8_t b = (uint8_t)byte;

	ota->host.send(ota->host.user, &b, 1);
}

static void esphome_print(struct sim_esphome_ota *ota, const char *text)
{
	ota->host.print(ota->host.user, text);
}

static void esphome_next(struct sim_esphome_ota *ota, enum sim_esphome_state state)
{
	ota->state = state;
	ota->got_len = 0;
}

static void on_begin(struct sim_esphome_ota *ota)
{
	ota->record.on_start++;
	esphome_print(ota, "[D][esphome.ota:124]: Starting update\r\n");
}

/* Ends a connection after an error, as ESPHome's handle_data_() does. Version 2025.7 always calls the user's on_error;
 * version 2025.10 calls it only after it has received the size. */
static void esphome_give_up(struct sim_esphome_ota *ota, int error)
{
	bool begun = ota->kind == SIM_ESPHOME_2025_7 || ota->state >= SIM_ESPHOME_SIZE;

	if (ota->state == SIM_ESPHOME_IDLE)
		return;
	esphome_say(ota, error);
	ota->host.hang_up(ota->host.user);
	esphome_next(ota, SIM_ESPHOME_IDLE);
	if (!begun)
		return;
	ota->record.on_error++;
	esphome_print(ota, "[W][component:157]: Component esphome.ota set Error flag: onerror\r\n");
}

void sim_esphome_ota_init(struct sim_esphome_ota *ota, enum sim_esphome_kind kind, const struct sim_ota_host *host,
			  const char *password)
{
	memset(ota, 0, sizeof(*ota));
	ota->kind = kind;
	ota->host = *host;
	ota->random = 1;
	if (password)
		snprintf(ota->password, sizeof(ota->password), "%s", password);
}

void sim_esphome_ota_begin(struct sim_esphome_ota *ota)
{
	ota->listens = true;
	esphome_next(ota, SIM_ESPHOME_IDLE);
}

void sim_esphome_ota_stop(struct sim_esphome_ota *ota)
{
	if (ota->state != SIM_ESPHOME_IDLE)
		ota->host.hang_up(ota->host.user);
	ota->listens = false;
	esphome_next(ota, SIM_ESPHOME_IDLE);
}

void sim_esphome_ota_connected(struct sim_esphome_ota *ota, int64_t now_ms)
{
	ota->record.connections++;
	ota->since_ms = now_ms;
	esphome_next(ota, SIM_ESPHOME_MAGIC);
	if (ota->kind == SIM_ESPHOME_2025_7)
		on_begin(ota);
}

static void esphome_greeted(struct sim_esphome_ota *ota)
{
	if (memcmp(ota->got, magic, sizeof(magic)) != 0) {
		esphome_give_up(ota, ERROR_MAGIC);
		return;
	}
	ota->record.greetings++;
	esphome_say(ota, RESPONSE_OK);
	esphome_say(ota, OTA_VERSION);
	esphome_next(ota, SIM_ESPHOME_FEATURES);
}

static void esphome_ask(struct sim_esphome_ota *ota, bool sha)
{
	sim_nonce(sha ? SIM_SHA256 : SIM_MD5, &ota->random, ota->nonce);
	esphome_say(ota, sha ? REQUEST_SHA256_AUTH : REQUEST_AUTH);
	ota->host.send(ota->host.user, ota->nonce, strlen(ota->nonce));
	esphome_next(ota, SIM_ESPHOME_AUTH);
}

static void esphome_features(struct sim_esphome_ota *ota)
{
	esphome_say(ota, HEADER_OK); /* HEADER_OK means: no compression */
	if (!ota->password[0]) {
		esphome_say(ota, AUTH_OK);
		esphome_next(ota, SIM_ESPHOME_SIZE);
	} else {
		/* version 2025.10 asks for an MD5 login only if the client does not support SHA-256 */
		esphome_ask(ota, ota->kind == SIM_ESPHOME_2025_10 && (ota->got[0] & FEATURE_SHA256));
	}
}

/* Checks the client's answer to the nonce. The answer consists of cnonce and response, each as long as the nonce. */
static void esphome_responded(struct sim_esphome_ota *ota)
{
	size_t len = strlen(ota->nonce);
	char cnonce[SIM_DIGEST_TEXT], expected[SIM_DIGEST_TEXT];

	memcpy(cnonce, ota->got, len);
	cnonce[len] = '\0';
	sim_digest_of(len == 64 ? SIM_SHA256 : SIM_MD5, expected, SIM_PARTS(ota->password, ota->nonce, cnonce));
	if (memcmp(expected, ota->got + len, len) != 0) {
		ota->record.logins_failed++;
		esphome_give_up(ota, ERROR_AUTH);
		return;
	}
	ota->record.logins++;
	esphome_say(ota, AUTH_OK);
	esphome_next(ota, SIM_ESPHOME_SIZE);
}

static void esphome_size(struct sim_esphome_ota *ota)
{
	ota->size = (size_t)ota->got[0] << 24 | (size_t)ota->got[1] << 16 | (size_t)ota->got[2] << 8 | ota->got[3];
	if (ota->kind == SIM_ESPHOME_2025_10)
		on_begin(ota);
	if (ota->host.boot_mode(ota->host.user) == 1 || ota->size > sim_ota_space(&ota->host)) {
		ota->record.refused++;
		esphome_give_up(ota, ota->host.boot_mode(ota->host.user) == 1 ? ERROR_BOOTSTRAPPING : ERROR_SPACE);
		return;
	}
	/* do not refuse size 0: newer versions of ESPHome read it as "size unknown" and begin the update */
	ota->record.updates++;
	ota->received = ota->acknowledged = 0;
	sim_digest_init(&ota->digest, SIM_MD5);
	esphome_say(ota, PREPARE_OK);
	esphome_next(ota, SIM_ESPHOME_MD5);
}

static void esphome_finish(struct sim_esphome_ota *ota)
{
	char md5[SIM_DIGEST_TEXT];

	esphome_say(ota, RECEIVE_OK);
	sim_digest_hex(&ota->digest, md5);
	if (strcmp(md5, ota->md5) != 0) {
		esphome_give_up(ota, ERROR_MD5);
		return;
	}
	esphome_say(ota, END_OK);
	esphome_next(ota, SIM_ESPHOME_ACK);
}

static void esphome_received(struct sim_esphome_ota *ota, const uint8_t *bytes, size_t n)
{
	if (!ota->received && n && !sim_begins_image(bytes[0])) {
		esphome_give_up(ota, ERROR_END);
		return;
	}
	sim_digest_add(&ota->digest, bytes, n);
	ota->received += n;
	ota->record.flashed += n;
	while (ota->acknowledged + BLOCK <= ota->received ||
	       (ota->received == ota->size && ota->acknowledged < ota->size)) {
		esphome_say(ota, CHUNK_OK);
		ota->acknowledged += BLOCK;
	}
	if (ota->received == ota->size)
		esphome_finish(ota);
}

static void esphome_complete(struct sim_esphome_ota *ota)
{
	ota->host.hang_up(ota->host.user);
	esphome_next(ota, SIM_ESPHOME_IDLE);
	ota->record.on_end++;
	ota->record.staged++;
	esphome_print(ota, "[I][esphome.ota:320]: Update complete\r\n");
	ota->host.staged(ota->host.user, ota->md5, ota->size);
	ota->host.restart(ota->host.user);
}

static void esphome_md5(struct sim_esphome_ota *ota)
{
	memcpy(ota->md5, ota->got, 32);
	ota->md5[32] = '\0';
	esphome_say(ota, MD5_OK);
	esphome_next(ota, SIM_ESPHOME_DATA);
}

/* For each state: how many bytes the service waits for, and the function that is called when they have come. */
static const struct {
	size_t wanted; /* number of bytes; 0: twice the length of the nonce */
	void (*got)(struct sim_esphome_ota *ota);
} esphome_states[] = {
	[SIM_ESPHOME_MAGIC] = { sizeof(magic), esphome_greeted },
	[SIM_ESPHOME_FEATURES] = { 1, esphome_features },
	[SIM_ESPHOME_AUTH] = { 0, esphome_responded },
	[SIM_ESPHOME_SIZE] = { 4, esphome_size },
	[SIM_ESPHOME_MD5] = { 32, esphome_md5 },
	[SIM_ESPHOME_ACK] = { 1, esphome_complete },
};

void sim_esphome_ota_data(struct sim_esphome_ota *ota, int64_t now_ms, const void *bytes, size_t n)
{
	const uint8_t *from = bytes;

	if (ota->state == SIM_ESPHOME_DATA)
		ota->since_ms = now_ms;
	while (n && ota->state != SIM_ESPHOME_IDLE) {
		size_t take = n;

		if (ota->state == SIM_ESPHOME_DATA) {
			if (take > ota->size - ota->received)
				take = ota->size - ota->received;
			if (!take)
				return;
			esphome_received(ota, from, take);
		} else {
			size_t wanted = esphome_states[ota->state].wanted;

			if (!wanted)
				wanted = 2 * strlen(ota->nonce);
			if (take > wanted - ota->got_len)
				take = wanted - ota->got_len;
			memcpy(ota->got + ota->got_len, from, take);
			ota->got_len += take;
			if (ota->got_len == wanted)
				esphome_states[ota->state].got(ota);
		}
		from += take;
		n -= take;
	}
}

void sim_esphome_ota_hung_up(struct sim_esphome_ota *ota)
{
	if (ota->state == SIM_ESPHOME_ACK)
		esphome_complete(ota); /* ESPHome accepts an update that the client did not acknowledge */
	else
		esphome_give_up(ota, ERROR_UNKNOWN);
}

void sim_esphome_ota_tick(struct sim_esphome_ota *ota, int64_t now_ms)
{
	int64_t limit_ms = HANDSHAKE_MS;

	if (ota->state == SIM_ESPHOME_IDLE)
		return;
	if (ota->kind == SIM_ESPHOME_2025_7 && ota->state == SIM_ESPHOME_MAGIC)
		limit_ms = OLD_MAGIC_MS;
	else if (ota->state >= SIM_ESPHOME_SIZE)
		limit_ms = DATA_MS;
	if (now_ms - ota->since_ms > limit_ms)
		esphome_give_up(ota, ERROR_UNKNOWN);
}
