/* digest.h - MD5 (RFC 1321) and SHA-256 (FIPS 180-4), which the loader's and the update protocols of simulated boards speak.
 *
 *	struct sim_digest digest;
 *	sim_digest_init(&digest, SIM_MD5);
 *	sim_digest_add(&digest, bytes, n);	as often as needed
 *	sim_digest_hex(&digest, text);		lower case, terminated; the digest is used up
 */
#ifndef ESPRESET_SIM_DIGEST_H
#define ESPRESET_SIM_DIGEST_H

#include <stddef.h>
#include <stdint.h>

enum sim_digest_kind { SIM_MD5, SIM_SHA256 };

#define SIM_DIGEST_TEXT 65	/* 64 digits and a NUL; MD5 needs 33 */

struct sim_digest {
	enum sim_digest_kind kind;
	uint32_t state[8];
	uint64_t bytes;
	uint8_t block[64];
};

void sim_digest_init(struct sim_digest *digest, enum sim_digest_kind kind);
void sim_digest_add(struct sim_digest *digest, const void *bytes, size_t n);
void sim_digest_hex(struct sim_digest *digest, char text[SIM_DIGEST_TEXT]);

/* MD5 as its 16 bytes, of data that is all there. */
void sim_md5(uint8_t ret_digest[16], const void *data, size_t len);

/* Of some strings, one after the other; NULL ends. */
void sim_digest_of(enum sim_digest_kind kind, char text[SIM_DIGEST_TEXT], const char *const *parts);
#define SIM_PARTS(...) ((const char *const[]){ __VA_ARGS__, NULL })

#endif
