/* replay.c - a main() that runs a fuzz target once on each file of the command line. It needs no libFuzzer. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		FILE *f = fopen(argv[i], "rb");
		uint8_t *data;
		long n;

		if (!f || fseek(f, 0, SEEK_END) || (n = ftell(f)) < 0) {
			perror(argv[i]);
			return EXIT_FAILURE;
		}
		rewind(f);
		/* allocate not one byte too many, so that sanitizers and valgrind notice a read beyond the end */
		data = malloc(n ? (size_t)n : 1);
		if (!data || fread(data, 1, (size_t)n, f) != (size_t)n) {
			perror(argv[i]);
			return EXIT_FAILURE;
		}
		fclose(f);
		LLVMFuzzerTestOneInput(data, (size_t)n);
		free(data);
	}
	printf("%s: %d inputs\n", argv[0], argc - 1);
	return argc > 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
