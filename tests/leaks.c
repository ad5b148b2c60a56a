/* leaks.c - counts the open file descriptors of the test process, to find leaks. */
#include "leaks.h"

#include <check.h>
#include <dirent.h>

int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	ck_assert_ptr_nonnull(dir);
	while (readdir(dir))
		n++;
	ck_assert_int_eq(closedir(dir), 0);
	return n;
}
