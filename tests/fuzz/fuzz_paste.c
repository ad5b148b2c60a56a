/* fuzz_paste.c - checks the filter for pasted logs on any bytes. The filter's output must be the same however the input
 * is split into pieces, and must never be longer than the input. If the input is plain text, the filter must not change
 * it. The first byte of the fuzzer's input selects the size of the pieces, and the value of output.banners. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/paste.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct output {
	struct paste paste;
	bool banners;	      /* true: tell the filter that "ets" in its output is the start of a banner */
	uint64_t text, heard; /* hashes of the output text, and of the received bytes that it was made from */
	size_t n;
};

static void add(uint64_t *sum, unsigned int value)
{
	*sum = (*sum ^ value) * 0x100000001b3;
}

static void take(void *user, const struct bootlog_piece *piece)
{
	struct output *o = user;
	const struct wrongbaud_symbol *heard = piece->heard;
	const char *text = piece->text;
	size_t n = piece->n;
	const char *banner = o->banners ? memmem(text, n, "ets", 3) : NULL;

	if (heard && n > BOOTLOG_CHARACTER_MAX)
		abort();
	for (size_t i = 0; i < n; i++)
		add(&o->text, (unsigned char)text[i]);
	for (size_t i = 0; i < (heard ? piece->n_heard : n); i++)
		add(&o->heard,
		    heard ? heard[i].kind * 256U + heard[i].byte : SYMBOL_BYTE * 256U + (unsigned char)text[i]);
	o->n += n;
	if (banner)
		paste_banner(&o->paste, banner, n - (size_t)(banner - text), CHIP_ESP8266);
}

/* Replaces a GBK table: returns invented codes for some Chinese characters, and 0 (no code) for all others. */
static uint16_t gbk(unsigned long character)
{
	return character > 0x4e00 && character < 0x5000 ? (uint16_t)(0x8140 + character % 0x30) : 0;
}

static void run(struct output *o, bool banners, const uint8_t *data, size_t n, size_t step)
{
	paste_init(&o->paste, gbk);
	o->banners = banners;
	o->text = o->heard = 0xcbf29ce484222325;
	o->n = 0;
	for (size_t i = 0; i < n; i += step)
		paste_feed(&o->paste, data + i, step < n - i ? step : n - i, take, o);
	paste_flush(&o->paste, take, o);
}

/* Makes plain text from @data, with nothing in it that the filter would decode. The filter must not change this
 * text. */
static void check_plain(const uint8_t *data, size_t n)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz_=;)\t \n\r";
	static struct output o;
	uint64_t text = 0xcbf29ce484222325;
	uint8_t *copy = malloc(n + 1);

	if (!copy)
		abort();
	for (size_t i = 0; i < n; i++) {
		copy[i] = (uint8_t)plain[data[i] % (sizeof(plain) - 1)];
		add(&text, copy[i]);
	}
	run(&o, false, copy, n, n + 1);
	if (o.text != text || o.n != n)
		abort();
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct output whole, cut;
	uint8_t choice;

	if (!n)
		return 0;
	choice = *data++;
	n--;
	run(&whole, choice & 1, data, n, n + 1);
	run(&cut, choice & 1, data, n, 1 + (choice >> 1) % 19);
	if (whole.text != cut.text || whole.heard != cut.heard || whole.n > n)
		abort();
	check_plain(data, n);
	return 0;
}
