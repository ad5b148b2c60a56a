/* digest.h - MD5 and SHA-256 as lower-case text, which the update protocols of simulated boards speak; over libmd.
 *
 *	struct sim_digest digest;
 *	sim_digest_init(&digest, SIM_MD5);
 *	sim_digest_add(&digest, bytes, n);	as often as needed
 *	sim_digest_hex(&digest, text);		lower case, terminated; the digest is used up
 */
#ifndef ESPRESET_SIM_DIGEST_H
#define ESPRESET_SIM_DIGEST_H

#include <sys/types.h>

#include <md5.h>
#include <sha2.h>

enum sim_digest_kind { SIM_MD5, SIM_SHA256 };

#define SIM_DIGEST_TEXT 65 /* 64 digits and a NUL; MD5 needs 33 */

struct sim_digest {
	enum sim_digest_kind kind;
	union {
		MD5_CTX md5;
		SHA2_CTX sha256;
	} state;
};

void sim_digest_init(struct sim_digest *digest, enum sim_digest_kind kind);
void sim_digest_add(struct sim_digest *digest, const void *bytes, size_t n);
void sim_digest_hex(struct sim_digest *digest, char text[SIM_DIGEST_TEXT]);

/* Of some strings, one after the other; NULL ends. */
void sim_digest_of(enum sim_digest_kind kind, char text[SIM_DIGEST_TEXT], const char *const *parts);
#define SIM_PARTS(...) ((const char *const[]){ __VA_ARGS__, NULL })

#endif
