/* update.c - what the simulated OTA services of ArduinoOTA and ESPHome share: digests, image checks, counters. */
#include "sim/update.h"

#include <stdio.h>
#include <string.h>

void sim_digest_init(struct sim_digest *digest, enum sim_digest_kind kind)
{
	digest->kind = kind;
	if (kind == SIM_MD5)
		MD5Init(&digest->state.md5);
	else
		SHA256Init(&digest->state.sha256);
}

void sim_digest_add(struct sim_digest *digest, const void *bytes, size_t n)
{
	if (digest->kind == SIM_MD5)
		MD5Update(&digest->state.md5, bytes, n);
	else
		SHA256Update(&digest->state.sha256, bytes, n);
}

void sim_digest_hex(struct sim_digest *digest, char text[SIM_DIGEST_TEXT])
{
	if (digest->kind == SIM_MD5)
		(void)MD5End(&digest->state.md5, text);
	else
		(void)SHA256End(&digest->state.sha256, text);
}

void sim_digest_of(enum sim_digest_kind kind, char text[SIM_DIGEST_TEXT], const char *const *parts)
{
	struct sim_digest digest;

	sim_digest_init(&digest, kind);
	for (; *parts; parts++)
		sim_digest_add(&digest, *parts, strlen(*parts));
	sim_digest_hex(&digest, text);
}

void sim_nonce(enum sim_digest_kind kind, uint32_t *random, char text[SIM_DIGEST_TEXT])
{
	char seed[16];

	*random = *random * 1664525 + 1013904223;
	snprintf(seed, sizeof(seed), "%08lx", (unsigned long)*random);
	sim_digest_of(kind, text, SIM_PARTS(seed));
}

bool sim_begins_image(uint8_t first)
{
	return first == 0xe9 || first == 0x1f;
}

size_t sim_ota_space(const struct sim_ota_host *host)
{
	return host->space ? host->space : (size_t)700 * 1024;
}

bool sim_ota_record_untouched(const struct sim_ota_record *record)
{
	return !record->written && !record->transitions && !record->logins && !record->logins_failed &&
	       !record->on_error && !record->on_start && !record->on_end && !record->refused && !record->updates &&
	       !record->staged && !record->flashed;
}
