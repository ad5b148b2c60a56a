/* digest.c - MD5 (RFC 1321) and SHA-256 (FIPS 180-4), which the loader's and the update protocols of simulated boards speak. */
#include "sim/digest.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static uint32_t left(uint32_t x, unsigned int n)
{
	return x << n | x >> (32 - n);
}

static uint32_t right(uint32_t x, unsigned int n)
{
	return x >> n | x << (32 - n);
}

/* floor(2^32 * |sin(i + 1)|), RFC 1321 section 3.4 */
static const uint32_t md5_table[64] = {
	0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
	0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
	0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
	0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
	0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
	0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
	0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
	0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
};

static void md5_block(struct sim_digest *digest)
{
	static const uint8_t shift[4][4] = { { 7, 12, 17, 22 }, { 5, 9, 14, 20 }, { 4, 11, 16, 23 }, { 6, 10, 15, 21 } };
	uint32_t a = digest->state[0], b = digest->state[1], c = digest->state[2], d = digest->state[3], word[16];

	for (int i = 0; i < 16; i++) {
		const uint8_t *p = digest->block + (size_t)i * 4;

		word[i] = (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
	}
	for (unsigned int i = 0; i < 64; i++) {
		uint32_t f, swap = d;
		unsigned int g;

		if (i < 16) {
			f = (b & c) | (~b & d);
			g = i;
		} else if (i < 32) {
			f = (d & b) | (~d & c);
			g = (5 * i + 1) % 16;
		} else if (i < 48) {
			f = b ^ c ^ d;
			g = (3 * i + 5) % 16;
		} else {
			f = c ^ (b | ~d);
			g = 7 * i % 16;
		}
		d = c;
		c = b;
		b += left(a + f + md5_table[i] + word[g], shift[i / 16][i % 4]);
		a = swap;
	}
	digest->state[0] += a;
	digest->state[1] += b;
	digest->state[2] += c;
	digest->state[3] += d;
}

/* FIPS 180-4 section 4.2.2 */
static const uint32_t sha_table[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static void sha_block(struct sim_digest *digest)
{
	uint32_t w[64], s[8];

	for (int i = 0; i < 16; i++) {
		const uint8_t *p = digest->block + (size_t)i * 4;

		w[i] = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | (uint32_t)p[3];
	}
	for (int i = 16; i < 64; i++)
		w[i] = w[i - 16] + w[i - 7] + (right(w[i - 15], 7) ^ right(w[i - 15], 18) ^ w[i - 15] >> 3) +
		       (right(w[i - 2], 17) ^ right(w[i - 2], 19) ^ w[i - 2] >> 10);
	memcpy(s, digest->state, sizeof(s));
	for (int i = 0; i < 64; i++) {
		uint32_t t1 = s[7] + (right(s[4], 6) ^ right(s[4], 11) ^ right(s[4], 25)) +
			      ((s[4] & s[5]) ^ (~s[4] & s[6])) + sha_table[i] + w[i];
		uint32_t t2 = (right(s[0], 2) ^ right(s[0], 13) ^ right(s[0], 22)) +
			      ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));

		memmove(s + 1, s, 7 * sizeof(s[0]));
		s[4] += t1;
		s[0] = t1 + t2;
	}
	for (int i = 0; i < 8; i++)
		digest->state[i] += s[i];
}

void sim_digest_init(struct sim_digest *digest, enum sim_digest_kind kind)
{
	static const uint32_t md5[8] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476 };
	static const uint32_t sha[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
					 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };

	memset(digest, 0, sizeof(*digest));
	digest->kind = kind;
	memcpy(digest->state, kind == SIM_MD5 ? md5 : sha, sizeof(digest->state));
}

void sim_digest_add(struct sim_digest *digest, const void *bytes, size_t n)
{
	const uint8_t *from = bytes;

	for (size_t i = 0; i < n; i++) {
		digest->block[digest->bytes++ % 64] = from[i];
		if (digest->bytes % 64)
			continue;
		if (digest->kind == SIM_MD5)
			md5_block(digest);
		else
			sha_block(digest);
	}
}

/* Return: bytes in the digest. */
static int end(struct sim_digest *digest, uint8_t ret[32])
{
	uint64_t bits = digest->bytes * 8;
	bool md5 = digest->kind == SIM_MD5;
	uint8_t length[8];

	sim_digest_add(digest, "\x80", 1);
	while (digest->bytes % 64 != 56)
		sim_digest_add(digest, "", 1);
	for (int i = 0; i < 8; i++)
		length[md5 ? i : 7 - i] = (uint8_t)(bits >> 8 * i);
	sim_digest_add(digest, length, sizeof(length));
	for (int i = 0; i < 32; i++)
		ret[i] = (uint8_t)(digest->state[i / 4] >> 8 * (md5 ? i % 4 : 3 - i % 4));
	return md5 ? 16 : 32;
}

void sim_digest_hex(struct sim_digest *digest, char text[SIM_DIGEST_TEXT])
{
	uint8_t bytes[32];
	int n = end(digest, bytes);

	for (int i = 0; i < n; i++)
		snprintf(text + (size_t)i * 2, 3, "%02x", bytes[i]);
}

void sim_md5(uint8_t ret_digest[16], const void *data, size_t len)
{
	struct sim_digest digest;
	uint8_t bytes[32];

	sim_digest_init(&digest, SIM_MD5);
	sim_digest_add(&digest, data, len);
	(void)end(&digest, bytes);
	memcpy(ret_digest, bytes, 16);
}

void sim_digest_of(enum sim_digest_kind kind, char text[SIM_DIGEST_TEXT], const char *const *parts)
{
	struct sim_digest digest;

	sim_digest_init(&digest, kind);
	for (; *parts; parts++)
		sim_digest_add(&digest, *parts, strlen(*parts));
	sim_digest_hex(&digest, text);
}
