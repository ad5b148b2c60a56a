/* fuzz_cfg.c - checks the parser of esptool.cfg on any bytes. If the parser accepts a reset sequence, the sequence must
 * end with DTR and RTS released and must not start download mode. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/esptoolcfg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct sequence sequence, again;
	char err[64] = "", why[128];
	unsigned int lines = 0;
	int r = cfg_parse((const char *)data, n, &sequence, err, sizeof(err));

	if (r < 0 && strncmp(err, "line ", 5) != 0)
		abort();
	if (r != CFG_SEQUENCE)
		return 0;
	for (size_t i = 0; i < sequence.n; i++)
		lines = (lines & ~sequence.steps[i].lines) | sequence.steps[i].asserted;
	if (lines || sequence_boots_download(&sequence) || sequence_parse(sequence.text, &again, why, sizeof(why)) < 0)
		abort();
	return 0;
}
