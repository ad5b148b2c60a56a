/* digest.c - MD5 and SHA-256 as lower-case text, over libmd. */
#include "sim/digest.h"

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
