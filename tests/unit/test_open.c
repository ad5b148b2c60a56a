/* test_open.c - which verdict an error becomes while a port is being opened, and after which errors espreset waits and
 * tries again. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "host/devices.h"
#include "host/diagnose.h"
#include "host/holder.h"
#include "host/resolve.h"
#include "port/tty.h"
#include "port/wait.h"
#include "run/open.h"
#include "specs.h"
#include "suite.h"

static struct {
	int resolve, refusal, open; /* what each step returns: 0 or a negative errno */
	bool is_held, by_ancestor;
	int passes;
} port;

static struct request request;
static struct open_failure failure;

int __wrap_resolve_port(const struct spec *spec, struct textbuf ret_path, struct textbuf ret_text);
int __wrap_resolve_port(const struct spec *spec, struct textbuf ret_path, struct textbuf ret_text)
{
	(void)spec;
	(void)ret_text;
	port.passes++;
	(void)snprintf(ret_path.at, ret_path.cap, "/dev/ttyUSB0");
	return port.resolve;
}

int __wrap_resolve_wait(const struct spec *spec, int64_t deadline_ms, const struct port_stop *stop,
			struct textbuf ret_path, struct textbuf ret_text);
int __wrap_resolve_wait(const struct spec *spec, int64_t deadline_ms, const struct port_stop *stop,
			struct textbuf ret_path, struct textbuf ret_text)
{
	(void)deadline_ms;
	(void)stop;
	return __wrap_resolve_port(spec, ret_path, ret_text);
}

int __wrap_tty_refusal(const char *path, char *ret_text, size_t cap);
int __wrap_tty_refusal(const char *path, char *ret_text, size_t cap)
{
	(void)path;
	(void)snprintf(ret_text, cap, "%s", port.refusal ? "is a console" : "");
	return port.refusal;
}

int __wrap_tty_open(const char *path, const struct tty_options *options, struct port **ret_port);
int __wrap_tty_open(const char *path, const struct tty_options *options, struct port **ret_port)
{
	static struct port opened;

	(void)path;
	(void)options;
	*ret_port = &opened;
	return port.open;
}

int __wrap_holder_find(const char *path, int64_t deadline_ms, struct holder *ret_holder);
int __wrap_holder_find(const char *path, int64_t deadline_ms, struct holder *ret_holder)
{
	(void)path;
	(void)deadline_ms;
	*ret_holder = (struct holder){ .pid = 7, .command = "flock", .is_ancestor = port.by_ancestor };
	return port.is_held;
}

int __wrap_holder_wait(const char *path, int64_t deadline_ms, const struct port_stop *stop, struct holder *ret_holder);
int __wrap_holder_wait(const char *path, int64_t deadline_ms, const struct port_stop *stop, struct holder *ret_holder)
{
	(void)deadline_ms;
	(void)stop;
	(void)__wrap_holder_find(path, deadline_ms, ret_holder);
	return -EBUSY;
}

int __wrap_devices_find(const char *path, struct device *ret_device);
int __wrap_devices_find(const char *path, struct device *ret_device)
{
	(void)path;
	(void)ret_device;
	return -ENOENT;
}

bool __wrap_diagnose_best(const struct spec *spec, enum verdict verdict, struct diagnosis *ret_diagnosis);
bool __wrap_diagnose_best(const struct spec *spec, enum verdict verdict, struct diagnosis *ret_diagnosis)
{
	(void)spec;
	(void)verdict;
	(void)ret_diagnosis;
	return false;
}

static void ignore(void *user, const char *text)
{
	(void)user;
	(void)text;
}

static void setup(void)
{
	memset(&port, 0, sizeof(port));
	memset(&request, 0, sizeof(request));
	request.session.baud = 115200;
}

/* Calls open_port() with a deadline @wait_ms from now, and returns its result. */
static int try_for(int wait_ms)
{
	struct open_options options = {
		.request = &request,
		.spec = spec_of("/dev/ttyUSB0"),
		.deadline_ms = wait_now_ms() + wait_ms,
		.status = ignore,
	};
	struct port *opened;
	bool is_native_usb;

	return open_port(&options, &opened, &is_native_usb, &failure);
}

static const struct {
	int resolve, refusal, open;
	enum verdict verdict;
	bool is_waited_for;
	const char *text;
} errors[] = {
	{ -ENOENT, 0, 0, VERDICT_NO_PORT, true, "" },
	{ -ENXIO, 0, 0, VERDICT_NO_PORT, true, "" },
	{ -ENOTUNIQ, 0, 0, VERDICT_AMBIGUOUS, false, "" },
	{ 0, -ENOTSUP, 0, VERDICT_NO_PORT, false, "is a console" },
	{ 0, -ENOTTY, 0, VERDICT_NO_PORT, false, "is a console" },
	/* The tty's driver has no TIOCMGET, and so no DTR and RTS. The tty still exists, so it must not be called
	 * unplugged. */
	{ 0, 0, -ENOTSUP, VERDICT_NO_PORT, false, "has no DTR and RTS that could reset a board" },
	{ 0, 0, -EACCES, VERDICT_PERMISSION, false, "" },
	{ 0, 0, -ENODEV, VERDICT_UNPLUGGED, true, "" },
	{ 0, 0, -EBUSY, VERDICT_BUSY, true, "" },
};

START_TEST(an_error_becomes_its_verdict_and_is_waited_for_if_it_may_pass)
{
	port.resolve = errors[_i].resolve;
	port.refusal = errors[_i].refusal;
	port.open = errors[_i].open;
	ck_assert_int_eq(try_for(10), errors[_i].resolve + errors[_i].refusal + errors[_i].open);
	ck_assert_int_eq(failure.verdict, errors[_i].verdict);
	ck_assert_str_eq(failure.text, errors[_i].text);
	ck_assert_int_eq(port.passes > (errors[_i].resolve ? 2 : 1), errors[_i].is_waited_for);
}
END_TEST

START_TEST(a_port_that_was_there_and_is_not_found_again_is_unplugged)
{
	port.open = -ENODEV;
	ck_assert_int_lt(try_for(10), 0);
	ck_assert_int_eq(failure.verdict, VERDICT_UNPLUGGED);
}
END_TEST

START_TEST(a_port_used_by_the_program_that_started_espreset_is_busy_at_once)
{
	port.is_held = port.by_ancestor = true;
	/* The program that started espreset holds the port. If open_port() waited until it releases the port, the test
	 * framework Check would end this test after 4 s. */
	ck_assert_int_eq(try_for(60000), -EDEADLK);
	ck_assert_int_eq(failure.verdict, VERDICT_BUSY);
	ck_assert_int_eq(failure.holder_pid, 7);
	ck_assert_int_eq(port.passes, 1);
	request.no_lock = true;
	ck_assert_int_eq(try_for(0), 0);
}
END_TEST

START_TEST(a_port_used_by_another_program_is_waited_for)
{
	port.is_held = true;
	ck_assert_int_eq(try_for(10), -EBUSY);
	ck_assert_int_eq(failure.verdict, VERDICT_BUSY);
	ck_assert_int_gt(port.passes, 1);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("open");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_loop_test(tcase, an_error_becomes_its_verdict_and_is_waited_for_if_it_may_pass, 0, COUNT(errors));
	tcase_add_test(tcase, a_port_that_was_there_and_is_not_found_again_is_unplugged);
	tcase_add_test(tcase, a_port_used_by_the_program_that_started_espreset_is_busy_at_once);
	tcase_add_test(tcase, a_port_used_by_another_program_is_waited_for);
	return suite_run_case("open", tcase);
}
