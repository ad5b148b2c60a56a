/* tempdir.c - a fixture of the Check library: a temporary directory, deleted with its contents after the test. */
#include "tempdir.h"

#include <check.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char tempdir[96];

void tempdir_make(void)
{
	const char *tmp = getenv("TMPDIR");
	char made[PATH_MAX], real[PATH_MAX];

	snprintf(made, sizeof(made), "%s/espreset-test-XXXXXX", tmp ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(made));
	ck_assert_ptr_nonnull(realpath(made, real));
	ck_assert_uint_lt(strlen(real), sizeof(tempdir));
	strcpy(tempdir, real);
	ck_assert_int_eq(setenv("DIR", tempdir, 1), 0);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st, (void)type, (void)where;
	return remove(path);
}

void tempdir_remove(void)
{
	if (tempdir[0])
		(void)nftw(tempdir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	tempdir[0] = '\0';
}
