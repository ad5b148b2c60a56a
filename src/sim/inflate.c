/* inflate.c - unpacks a zlib stream: bits, Huffman codes, the three kinds of block, and the checksum.
 *
 * Codes are decoded canonically, one bit at a time, by the number of codes of each length (RFC 1951, 3.2.2).
 */
#include "sim/inflate.h"

#include <errno.h>
#include <string.h>

#define CODE_MAX 15	/* bits */
#define SYMBOLS 288
#define DISTANCES 30

struct stream {
	const uint8_t *in;
	size_t in_len, in_at;
	uint8_t *out;
	size_t out_cap, out_len;
	unsigned int bits, have;
	int err;
};

struct huffman {
	uint16_t count[CODE_MAX + 1];
	uint16_t symbol[SYMBOLS];
};

static const uint16_t length_base[] = {
	3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258
};
static const uint8_t length_extra[] = {
	0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0
};
static const uint16_t distance_base[DISTANCES] = {
	1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097,
	6145, 8193, 12289, 16385, 24577
};

/* The first error stays; reads give zeros after it. */
static unsigned int take_bits(struct stream *s, unsigned int count)
{
	unsigned int value;

	while (s->have < count) {
		if (s->in_at == s->in_len) {
			if (!s->err)
				s->err = -EMSGSIZE;
			return 0;
		}
		s->bits |= (unsigned int)s->in[s->in_at++] << s->have;
		s->have += 8;
	}
	value = s->bits & ((1u << count) - 1);
	s->bits >>= count;
	s->have -= count;
	return value;
}

static void put(struct stream *s, uint8_t byte)
{
	if (s->out_len == s->out_cap) {
		if (!s->err)
			s->err = -ENOSPC;
		return;
	}
	s->out[s->out_len++] = byte;
}

/* Incomplete codes are let through: a symbol that none stands for is an error when it comes. */
static int huffman_build(struct huffman *h, const uint8_t *lengths, unsigned int n)
{
	uint16_t offset[CODE_MAX + 1];
	unsigned int i;
	int left = 1;

	memset(h, 0, sizeof(*h));
	for (i = 0; i < n; i++)
		h->count[lengths[i]]++;
	h->count[0] = 0;
	for (i = 1; i <= CODE_MAX; i++) {
		left = left * 2 - h->count[i];
		if (left < 0)
			return -EINVAL;
	}
	offset[1] = 0;
	for (i = 1; i < CODE_MAX; i++)
		offset[i + 1] = (uint16_t)(offset[i] + h->count[i]);
	for (i = 0; i < n; i++)
		if (lengths[i])
			h->symbol[offset[lengths[i]]++] = (uint16_t)i;
	return 0;
}

static unsigned int huffman_take(struct stream *s, const struct huffman *h)
{
	int code = 0, first = 0, index = 0;
	unsigned int len;

	for (len = 1; len <= CODE_MAX; len++) {
		code |= (int)take_bits(s, 1);
		if (s->err)
			return 0;
		if (code - first < h->count[len])
			return h->symbol[index + code - first];
		index += h->count[len];
		first = (first + h->count[len]) << 1;
		code <<= 1;
	}
	s->err = -EINVAL;
	return 0;
}

static void copy_back(struct stream *s, unsigned int symbol, const struct huffman *distances)
{
	unsigned int len, distance, code;

	if (symbol - 257 >= sizeof(length_extra)) {
		s->err = -EINVAL;
		return;
	}
	len = length_base[symbol - 257] + take_bits(s, length_extra[symbol - 257]);
	code = huffman_take(s, distances);
	if (s->err)
		return;
	if (code >= DISTANCES) {
		s->err = -EINVAL;
		return;
	}
	distance = distance_base[code] + take_bits(s, code < 4 ? 0 : code / 2 - 1);
	if (!s->err && distance > s->out_len)
		s->err = -EINVAL;
	for (; len && !s->err; len--)
		put(s, s->out[s->out_len - distance]);
}

static void unpack_block(struct stream *s, const struct huffman *literals, const struct huffman *distances)
{
	unsigned int symbol;

	while (!s->err) {
		symbol = huffman_take(s, literals);
		if (s->err || symbol == 256)
			return;
		if (symbol < 256)
			put(s, (uint8_t)symbol);
		else
			copy_back(s, symbol, distances);
	}
}

static void stored_block(struct stream *s)
{
	unsigned int len, check;

	s->bits = 0;
	s->have = 0;
	len = take_bits(s, 16);
	check = take_bits(s, 16);
	if (!s->err && len != (~check & 0xffff))
		s->err = -EINVAL;
	while (len-- && !s->err)
		put(s, (uint8_t)take_bits(s, 8));
}

static void fixed_block(struct stream *s)
{
	struct huffman literals, distances;
	uint8_t lengths[SYMBOLS];
	unsigned int i;

	for (i = 0; i < SYMBOLS; i++)
		lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
	(void)huffman_build(&literals, lengths, SYMBOLS);
	memset(lengths, 5, DISTANCES);
	(void)huffman_build(&distances, lengths, DISTANCES);
	unpack_block(s, &literals, &distances);
}

/* The lengths of both codes, run-length coded by a third one. */
static int take_lengths(struct stream *s, uint8_t *lengths, unsigned int total, const struct huffman *code)
{
	unsigned int at = 0, symbol, repeat;
	uint8_t value;

	while (at < total) {
		symbol = huffman_take(s, code);
		if (s->err)
			return s->err;
		if (symbol < 16) {
			lengths[at++] = (uint8_t)symbol;
			continue;
		}
		value = 0;
		if (symbol == 16) {
			if (!at)
				return -EINVAL;
			value = lengths[at - 1];
			repeat = 3 + take_bits(s, 2);
		} else {
			repeat = symbol == 17 ? 3 + take_bits(s, 3) : 11 + take_bits(s, 7);
		}
		if (at + repeat > total)
			return -EINVAL;
		memset(lengths + at, value, repeat);
		at += repeat;
	}
	return 0;
}

static void dynamic_block(struct stream *s)
{
	static const uint8_t order[19] = { 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15 };
	struct huffman literals, distances;
	uint8_t lengths[SYMBOLS + 32] = { 0 };
	unsigned int nlit = 257 + take_bits(s, 5), ndist = 1 + take_bits(s, 5), ncode = 4 + take_bits(s, 4), i;

	for (i = 0; i < ncode; i++)
		lengths[order[i]] = (uint8_t)take_bits(s, 3);
	if (!s->err && (nlit > 286 || ndist > DISTANCES || huffman_build(&literals, lengths, 19)))
		s->err = -EINVAL;
	if (s->err)
		return;
	memset(lengths, 0, sizeof(lengths));
	s->err = take_lengths(s, lengths, nlit + ndist, &literals);
	if (!s->err && (huffman_build(&literals, lengths, nlit) || huffman_build(&distances, lengths + nlit, ndist)))
		s->err = -EINVAL;
	if (!s->err)
		unpack_block(s, &literals, &distances);
}

static uint32_t adler32(const uint8_t *data, size_t len)
{
	uint32_t a = 1, b = 0;

	while (len--) {
		a = (a + *data++) % 65521;
		b = (b + a) % 65521;
	}
	return b << 16 | a;
}

static void check_adler(struct stream *s)
{
	uint32_t sum = 0;
	int i;

	/* It starts at a byte; at most the rest of the last one has been taken. */
	s->bits = 0;
	s->have = 0;
	for (i = 0; i < 4; i++)
		sum = sum << 8 | take_bits(s, 8);
	if (!s->err && sum != adler32(s->out, s->out_len))
		s->err = -EINVAL;
}

long sim_inflate(uint8_t *out, size_t cap, const uint8_t *in, size_t len)
{
	struct stream s = { .in = in, .in_len = len, .in_at = 2, .out = out, .out_cap = cap };
	unsigned int last;

	if (len < 2)
		return -EMSGSIZE;
	/* Method 8, no preset dictionary, header check. */
	if ((in[0] & 0xf) != 8 || in[1] & 0x20 || (in[0] * 256 + in[1]) % 31)
		return -EINVAL;
	do {
		last = take_bits(&s, 1);
		switch (take_bits(&s, 2)) {
		case 0: stored_block(&s); break;
		case 1: fixed_block(&s); break;
		case 2: dynamic_block(&s); break;
		default: s.err = -EINVAL;
		}
	} while (!last && !s.err);
	if (!s.err)
		check_adler(&s);
	return s.err ? s.err : (long)s.out_len;
}
