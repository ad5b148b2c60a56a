/* test_statefile.c - the state file: it is either complete or absent, never left from an earlier run, and readable by
 * all users. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "report/statefile.h"
#include "suite.h"
#include "tempdir.h"

static char path[128];

static void setup(void)
{
	tempdir_make();
	snprintf(path, sizeof(path), "%s/state", tempdir);
}

/* Fails if the directory holds any file other than the state file. */
static void teardown(void)
{
	(void)unlink(path);
	ck_assert_int_eq(rmdir(tempdir), 0);
}

/* Writes a state file whose result is the one text line @text. */
static int write_one(const char *place, const char *text)
{
	char line[20000], *lines[] = { line };

	snprintf(line, sizeof(line), "%s", text);
	return statefile_write(place, lines, 1);
}

static ssize_t read_back(char *buf, size_t cap)
{
	int fd = open(path, O_RDONLY);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, buf, cap);
	close(fd);
	return n;
}

START_TEST(a_result_is_there_whole)
{
	char buf[64];

	ck_assert_int_eq(statefile_begin(path), 0);
	ck_assert_int_eq(read_back(buf, sizeof(buf)), -ENOENT);
	ck_assert_int_eq(statefile_write(path, (char *[]){ (char[]){ "ready" }, (char[]){ "silent" } }, 2), 0);
	ck_assert_int_eq(read_back(buf, sizeof(buf)), 13);
	ck_assert_mem_eq(buf, "ready\nsilent\n", 13);
}
END_TEST

START_TEST(a_result_that_is_missing_leaves_nothing)
{
	char buf[64];

	ck_assert_int_eq(statefile_write(path, (char *[]){ (char[]){ "ready" }, NULL }, 2), -ENOMEM);
	ck_assert_int_eq(read_back(buf, sizeof(buf)), -ENOENT);
}
END_TEST

START_TEST(a_cure_goes_with_each_error_and_tells_names_from_room)
{
	char text[160];

	ck_assert(statefile_describe(ENOENT, text, sizeof(text)));
	ck_assert_str_eq(text, "No such file or directory; its folder must be there");
	ck_assert(statefile_describe(EEXIST, text, sizeof(text)));
	ck_assert_str_eq(text, "this is no regular file; want a regular file, or a name that is free");
	ck_assert(!statefile_describe(ENOSPC, text, sizeof(text)));
	ck_assert_str_eq(text, "No space left on device; make room there, or name another place");
	ck_assert(!statefile_describe(EIO, text, sizeof(text)));
	ck_assert_str_eq(text, "Input/output error; name another place");
}
END_TEST

START_TEST(a_new_run_removes_the_old_result)
{
	char buf[64];

	ck_assert_int_eq(write_one(path, "old"), 0);
	ck_assert_int_eq(statefile_begin(path), 0);
	ck_assert_int_eq(read_back(buf, sizeof(buf)), -ENOENT);
}
END_TEST

START_TEST(all_may_read_it_whatever_the_umask)
{
	struct stat st;

	umask(0077);
	ck_assert_int_eq(write_one(path, "x"), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0644);
}
END_TEST

START_TEST(where_nothing_can_be_written_is_said_at_the_start)
{
	ck_assert_int_eq(statefile_begin("/nowhere/at/all"), -ENOENT);
	ck_assert_int_eq(write_one("/nowhere/at/all", "x"), -ENOENT);
	ck_assert_int_lt(statefile_begin(tempdir), 0);
	ck_assert_int_lt(statefile_begin("/proc/version"), 0);
}
END_TEST

START_TEST(what_is_no_file_stays)
{
	char place[128];

	snprintf(place, sizeof(place), "%s/fifo", tempdir);
	ck_assert_int_eq(mkfifo(place, 0600), 0);
	ck_assert_int_eq(statefile_begin(place), -EEXIST);
	ck_assert_int_eq(unlink(place), 0);
	ck_assert_int_eq(symlink("state", place), 0);
	ck_assert_int_eq(statefile_begin(place), -EEXIST);
	ck_assert_int_eq(unlink(place), 0);
}
END_TEST

START_TEST(a_name_that_is_too_long_is_refused)
{
	static char name[8192];

	memset(name, 'a', sizeof(name) - 1);
	ck_assert_int_eq(statefile_begin(name), -ENAMETOOLONG);
	ck_assert_int_eq(write_one(name, "x"), -ENAMETOOLONG);
}
END_TEST

START_TEST(a_directory_in_its_place_stays_and_nothing_is_left)
{
	char place[128];

	snprintf(place, sizeof(place), "%s/state", tempdir);
	ck_assert_int_eq(mkdir(place, 0755), 0);
	ck_assert_int_eq(write_one(place, "x"), -EISDIR);
	ck_assert_int_eq(rmdir(place), 0);
}
END_TEST

START_TEST(a_write_that_fails_is_reported_and_leaves_nothing)
{
	/* A file size limit has the effect of a full disk. */
	struct rlimit before, limit;
	char buf[64];

	ck_assert_int_eq(write_one(path, "before"), 0);
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = 4;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_int_eq(write_one(path, "longer"), -EFBIG);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
	ck_assert_int_eq(read_back(buf, sizeof(buf)), 7);
	ck_assert_mem_eq(buf, "before\n", 7);
}
END_TEST

START_TEST(a_symlink_in_the_way_is_not_followed)
{
	char temporary[160], victim[128], buf[8];

	snprintf(victim, sizeof(victim), "%s/victim", tempdir);
	snprintf(temporary, sizeof(temporary), "%s.%ld.tmp", path, (long)getpid());
	ck_assert_int_eq(symlink(victim, temporary), 0);
	ck_assert_int_eq(write_one(path, "x"), 0);
	ck_assert_int_eq(access(victim, F_OK), -1);
	ck_assert_int_eq(read_back(buf, sizeof(buf)), 2);
}
END_TEST

/* One process writes results of different lengths and contents, while another reads 10,000 times. No result that it
 * reads may be partial or mixed. */
START_TEST(ten_thousand_readers_see_it_whole)
{
	static char text[20000], buf[sizeof(text) + 1];
	unsigned int absent = 0, whole = 0;
	pid_t writer = fork();

	ck_assert_int_ge(writer, 0);
	if (!writer) {
		for (unsigned int i = 0;; i++) {
			size_t len = 100 + i * 7919 % (sizeof(text) - 100);

			memset(text, 'a' + (int)(i % 26), len);
			text[len - 1] = '\0';
			if ((i % 10 == 0 && statefile_begin(path) < 0) || write_one(path, text) < 0)
				_exit(1);
		}
	}
	while (whole < 10000) {
		ssize_t n = read_back(buf, sizeof(buf));

		if (n == -ENOENT) {
			absent++;
			continue;
		}
		ck_assert_int_ge(n, 100);
		ck_assert_int_eq(buf[n - 1], '\n');
		for (ssize_t i = 1; i < n - 1; i++)
			if (buf[i] != buf[0])
				ck_abort_msg("mixed");
		whole++;
	}
	ck_assert_uint_gt(absent, 0);
	kill(writer, SIGKILL);
	waitpid(writer, NULL, 0);
	{
		char temporary[160];

		snprintf(temporary, sizeof(temporary), "%s.%ld.tmp", path, (long)writer);
		/* the writer may have been killed while writing, and so have left its temporary file */
		(void)unlink(temporary);
	}
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("file");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_result_is_there_whole);
	tcase_add_test(tc, a_result_that_is_missing_leaves_nothing);
	tcase_add_test(tc, a_cure_goes_with_each_error_and_tells_names_from_room);
	tcase_add_test(tc, a_new_run_removes_the_old_result);
	tcase_add_test(tc, all_may_read_it_whatever_the_umask);
	tcase_add_test(tc, where_nothing_can_be_written_is_said_at_the_start);
	tcase_add_test(tc, what_is_no_file_stays);
	tcase_add_test(tc, a_name_that_is_too_long_is_refused);
	tcase_add_test(tc, a_directory_in_its_place_stays_and_nothing_is_left);
	tcase_add_test(tc, a_write_that_fails_is_reported_and_leaves_nothing);
	tcase_add_test(tc, a_symlink_in_the_way_is_not_followed);
	tcase_add_test(tc, ten_thousand_readers_see_it_whole);
	return suite_run_case("statefile", tc);
}
