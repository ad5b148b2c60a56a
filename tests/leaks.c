/* leaks.c - how many descriptors this process has open, to see that none is leaked. */
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
