/* files.c - reads into a buffer what a file contains, or what the test itself prints on standard output. */
#include "files.h"

#include <check.h>
#include <stdio.h>
#include <unistd.h>

static FILE *captured;

static size_t read_open(FILE *file, char *buf, size_t cap)
{
	size_t n = file ? fread(buf, 1, cap - 1, file) : 0;

	buf[n] = '\0';
	if (file)
		fclose(file);
	return n;
}

size_t files_read(const char *path, char *buf, size_t cap)
{
	return read_open(fopen(path, "rb"), buf, cap);
}

int files_capture(void)
{
	int saved = dup(STDOUT_FILENO);

	captured = tmpfile();
	ck_assert_ptr_nonnull(captured);
	fflush(stdout);
	dup2(fileno(captured), STDOUT_FILENO);
	return saved;
}

void files_captured(int saved, char *buf, size_t cap)
{
	fflush(stdout);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	rewind(captured);
	read_open(captured, buf, cap);
}
