/* fuzz_wrongbaud.c - checks the boot-log reader on the bytes that a receiver at 115200 Bd gets from an ESP8266 that
 * sends at 74880 Bd. The bytes are random, or those of a simulated boot, some of them damaged. The reader's result must
 * be the same however the bytes are split into pieces. The reader must never be certain of a load or a boot mode that
 * the ESP8266 has not sent. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../wrongreceiver.c"
#include "../bootreader.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct input {
	const uint8_t *at, *end;
};

static unsigned int take(struct input *in)
{
	return in->at == in->end ? 0 : *in->at++;
}

static uint64_t run(const uint8_t *bytes, size_t n, size_t step, bool pasted, struct boot *ret,
		    enum verdict *ret_verdict)
{
	static struct bootlog fresh[2];
	static struct boot_reader reader;
	static bool ready;
	const struct boot *boot;

	if (!ready) { /* bootlog_init() takes long, so call it once, and then copy the prepared readers */
		bootlog_init(&fresh[0], &(struct bootlog_options){ .recover_74880 = true });
		bootlog_init(&fresh[1], &(struct bootlog_options){ .recover_74880 = true, .pasted = true });
		ready = true;
	}
	memcpy(&reader.log, &fresh[pasted], offsetof(struct bootlog, text));
	paste_init(&reader.paste, NULL);
	for (size_t i = 0; i < n; i += step)
		boot_reader_feed(&reader, bytes + i, step < n - i ? step : n - i, NULL, NULL);
	boot_reader_flush(&reader, NULL, NULL);
	*ret_verdict = bootlog_verdict(&reader.log, NULL);
	boot = bootlog_boot(&reader.log);
	*ret = boot ? *boot : (struct boot){ .cause = -1, .mode = -1 };
	return (uint64_t)*ret_verdict ^ (uint64_t)(unsigned int)ret->mode << 8 ^
	       (uint64_t)(unsigned int)ret->cause << 24 ^ (uint64_t)ret->number << 40 ^ (uint64_t)ret->certain << 60 ^
	       (uint64_t)ret->progress << 56;
}

/* Writes the text that an ESP8266's ROM and eboot print during a boot, with numbers from the fuzzer's input. */
static void make_text(struct input *in, char *text, size_t cap, unsigned int *ret_mode, unsigned int *ret_cause,
		      bool *ret_bad)
{
	unsigned int cause = take(in) & 7, mode = take(in) & 7, what = take(in);
	int n = snprintf(text, cap, "\r\n ets Jan  8 2013,rst cause:%u, boot mode:(%u,%u)\r\n\r\n", cause, mode,
			 take(in) & 7);

	*ret_mode = mode;
	*ret_cause = cause;
	*ret_bad = what & 2;
	if (mode != 3 || !(what & 1))
		return;
	n += snprintf(text + n, cap - (size_t)n,
		      "load 0x4010%02x%02x, len %u, room %u \r\ntail %u\r\nchksum 0x%02x\r\n", take(in), take(in),
		      take(in) * 77, take(in) & 15, take(in) & 15, take(in));
	n += snprintf(text + n, cap - (size_t)n, "csum 0x%02x\r\n", take(in));
	if (what & 2)
		snprintf(text + n, cap - (size_t)n, "csum err\r\nets_main.c \r\n");
	else if (what & 4)
		snprintf(text + n, cap - (size_t)n, "v%02x%02x%02x%02x\r\n~ld\r\n", take(in), take(in), take(in),
			 take(in));
	else if (what & 8)
		snprintf(text + n, cap - (size_t)n, "~ld\r\ne:%u\r\n", take(in) % 10);
}

/* Converts the text of a boot to what a receiver gets at the wrong baud rate, damages some of these bytes, and checks
 * what the reader makes of them. The fuzzer's input selects the receiver's properties and the damage. */
static void fuzz_heard(struct input *in)
{
	struct wrongreceiver receiver = { .heard_baud = 115200 };
	unsigned int mode, cause, damages = take(in) & 3;
	static uint8_t heard[2048];
	char text[1024];
	struct boot boot, cut;
	enum verdict verdict, other;
	bool bad, damaged = false;
	size_t n;

	receiver.sent_baud = 74880 * (0.975 + 0.05 * take(in) / 255);
	receiver.sample = 0.4 + 0.2 * take(in) / 255;
	receiver.phase = take(in) / 256.0;
	receiver.framing = (enum framing)(take(in) % 3);
	make_text(in, text, sizeof(text), &mode, &cause, &bad);
	n = wrongreceiver_hear(&receiver, text, heard, sizeof(heard));
	for (unsigned int i = 0; i < damages && n; i++) {
		size_t at = (take(in) << 8 | take(in)) % n;
		uint8_t flip = (uint8_t)take(in);

		heard[at] ^= flip;
		damaged |= flip != 0;
	}
	if (run(heard, n, n ? n : 1, false, &boot, &verdict) != run(heard, n, 1 + take(in) % 9, false, &cut, &other))
		abort();
	if (boot.certain && (mode != 3 || boot.mode != 3))
		abort();
	if (boot.certain && !damaged && (bad || (boot.cause >= 0 && boot.cause != (int)cause)))
		abort();
	if (!damaged && boot.mode >= 0 && boot.mode != (int)mode)
		abort();
	if (!damaged && boot.mode_needs_load && mode != 2 && mode != 3)
		abort();
}

static void fuzz_raw(struct input *in, bool pasted)
{
	size_t n, step = 1 + take(in) % 19;
	const uint8_t *bytes = in->at;
	struct boot a, b;
	enum verdict va, vb;

	n = (size_t)(in->end - bytes);
	if (run(bytes, n, n ? n : 1, pasted, &a, &va) != run(bytes, n, step, pasted, &b, &vb))
		abort();
	/* The reader may be certain only if it has read a banner and a load. Even at the wrong baud rate, these are
	 * more than 100 bytes. */
	if (a.certain && a.rx_speed == BOOT_RX_74880 && n < 100)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct input in = { data, data + n };
	unsigned int choice = take(&in);

	if (choice & 1)
		fuzz_heard(&in);
	else
		fuzz_raw(&in, choice & 2);
	return 0;
}
