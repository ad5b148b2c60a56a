/* failalloc.c - a library for LD_PRELOAD that makes one memory allocation fail in each process. The environment
 * variable FAIL_ALLOC is the number of this allocation, counted from 1. Works only with glibc. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);

static long count;

static int fails(void)
{
	static long at = -1;

	if (at < 0) {
		const char *text = getenv("FAIL_ALLOC");

		at = text ? atol(text) : 0;
	}
	if (++count != at)
		return 0;
	errno = ENOMEM;
	return 1;
}

void *malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	return fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
	return fails() ? NULL : __libc_realloc(p, size);
}
