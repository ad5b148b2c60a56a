/* test_notify.c - sd_notify(3) messages, one datagram each: socket paths, abstract socket names, text with control
 * characters, nobody listening. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "report/notify.h"
#include "suite.h"
#include "tempdir.h"

static char path[128];
static int fd;

static void listen_at(const char *name, bool abstract)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t len = strlen(name);

	memcpy(address.sun_path, name, len);
	if (abstract)
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + !abstract)),
			 0);
	ck_assert_int_eq(setenv("NOTIFY_SOCKET", name, 1), 0);
}

static const char *got(void)
{
	static char buf[1024];
	ssize_t n = recv(fd, buf, sizeof(buf) - 1, 0);

	ck_assert_int_ge(n, 0);
	buf[n] = '\0';
	return buf;
}

static void setup(void)
{
	tempdir_make();
	snprintf(path, sizeof(path), "%s/socket", tempdir);
	listen_at(path, false);
}

static void teardown(void)
{
	close(fd);
	tempdir_remove();
}

START_TEST(ready_comes_with_its_status_in_one_datagram)
{
	ck_assert_int_eq(notify_manager(true, "1 of 1 ready"), 0);
	ck_assert_str_eq(got(), "READY=1\nSTATUS=1 of 1 ready");
	ck_assert_int_eq(recv(fd, path, 1, MSG_DONTWAIT), -1);
}
END_TEST

START_TEST(a_status_does_not_say_ready)
{
	ck_assert_int_eq(notify_manager(false, "resetting /dev/ttyUSB0"), 0);
	ck_assert_str_eq(got(), "STATUS=resetting /dev/ttyUSB0");
}
END_TEST

START_TEST(an_abstract_name_is_reached)
{
	char name[64];

	close(fd);
	snprintf(name, sizeof(name), "@espreset-test-%d", (int)getpid());
	listen_at(name, true);
	ck_assert_int_eq(notify_manager(false, "x"), 0);
	ck_assert_str_eq(got(), "STATUS=x");
}
END_TEST

START_TEST(no_text_can_make_an_assignment)
{
	ck_assert_int_eq(notify_manager(false, "a\nREADY=1\r\nMAINPID=1\x1b[2J\xff\x7f"), 0);
	ck_assert_str_eq(got(), "STATUS=a READY=1  MAINPID=1 [2J\xef\xbf\xbd ");
}
END_TEST

START_TEST(a_long_text_is_cut)
{
	static char text[5000];

	memset(text, 'x', sizeof(text) - 1);
	ck_assert_int_eq(notify_manager(false, text), 0);
	ck_assert_uint_lt(strlen(got()), 600);
}
END_TEST

START_TEST(without_a_socket_there_is_nothing_to_do)
{
	unsetenv("NOTIFY_SOCKET");
	ck_assert_int_eq(notify_manager(true, "x"), 0);
	setenv("NOTIFY_SOCKET", "", 1);
	ck_assert_int_eq(notify_manager(true, "x"), 0);
	errno = 0;
	ck_assert_int_eq(recv(fd, path, 1, MSG_DONTWAIT), -1);
	ck_assert_int_eq(errno, EAGAIN);
}
END_TEST

START_TEST(what_is_no_socket_is_an_error_and_nothing_else)
{
	static char long_name[200];

	memset(long_name, 'a', sizeof(long_name) - 1);
	long_name[0] = '/';
	setenv("NOTIFY_SOCKET", long_name, 1);
	ck_assert_int_eq(notify_manager(true, "x"), -ENAMETOOLONG);
	setenv("NOTIFY_SOCKET", "vsock:2:1", 1);
	ck_assert_int_eq(notify_manager(true, "x"), -EAFNOSUPPORT);
	setenv("NOTIFY_SOCKET", "/nowhere/at/all", 1);
	ck_assert_int_eq(notify_manager(true, "x"), -ENOENT);
}
END_TEST

START_TEST(a_manager_that_does_not_read_does_not_hold_us)
{
	int r = 0;

	for (int i = 0; i < 10000 && !r; i++)
		r = notify_manager(false, "x");
	ck_assert_int_eq(r, -EAGAIN);
}
END_TEST

START_TEST(no_descriptor_stays_open)
{
	int next = dup(0);

	close(next);
	ck_assert_int_eq(notify_manager(true, "x"), 0);
	ck_assert_int_eq(dup(0), next);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("datagrams");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, ready_comes_with_its_status_in_one_datagram);
	tcase_add_test(tc, a_status_does_not_say_ready);
	tcase_add_test(tc, an_abstract_name_is_reached);
	tcase_add_test(tc, no_text_can_make_an_assignment);
	tcase_add_test(tc, a_long_text_is_cut);
	tcase_add_test(tc, without_a_socket_there_is_nothing_to_do);
	tcase_add_test(tc, what_is_no_socket_is_an_error_and_nothing_else);
	tcase_add_test(tc, a_manager_that_does_not_read_does_not_hold_us);
	tcase_add_test(tc, no_descriptor_stays_open);
	return suite_run_case("notify", tc);
}
