/* test_worker.c - the worker process, which opens and uses one serial port, when this port disappears. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/recover.h"
#include "port/stop.h"
#include "port/wait.h"
#include "run/message.h"
#include "run/open.h"
#include "run/worker.h"
#include "specs.h"
#include "suite.h"

static int opens, closes, power_cycles;
static bool is_there_again, leaves_at_once;

/* Stands for a bridge that works, with a board that prints nothing. */
static int set_lines(struct port *port, unsigned int mask, unsigned int on)
{
	(void)port;
	(void)mask;
	(void)on;
	return 0;
}

static int set_speed(struct port *port, int baud)
{
	(void)port;
	(void)baud;
	return 0;
}

static ssize_t read_nothing(struct port *port, void *buf, size_t cap, int64_t deadline_ms)
{
	(void)port;
	(void)buf;
	(void)cap;
	(void)wait_poll(NULL, 0, deadline_ms, NULL);
	return -ETIMEDOUT;
}

static int close_port(struct port *port)
{
	(void)port;
	closes++;
	return 0;
}

static const struct port_ops silent_ops = { "silent", set_lines, set_speed, read_nothing, close_port };
static struct port silent = { &silent_ops };

int __wrap_open_port(const struct open_options *options, struct port **ret, bool *ret_native_usb,
		     struct open_failure *ret_failure);
int __wrap_open_port(const struct open_options *options, struct port **ret, bool *ret_native_usb,
		     struct open_failure *ret_failure)
{
	(void)options;
	opens++;
	if (opens == 1 && leaves_at_once) {
		*ret_failure = (struct open_failure){ .verdict = VERDICT_UNPLUGGED };
		return -ENODEV;
	}
	if (opens > 1 && !is_there_again) {
		*ret_failure = (struct open_failure){ .verdict = VERDICT_NO_PORT, .text = "No such file or directory" };
		return -ENOENT;
	}
	*ret = &silent;
	*ret_native_usb = false;
	return 0;
}

/* Stands in for recover_target(). Finds a USB device only if the test wants the port to be missing at its first open,
 * and only before this open. */
int __wrap_recover_target(const struct spec *spec, struct device *ret);
int __wrap_recover_target(const struct spec *spec, struct device *ret)
{
	(void)spec;
	memset(ret, 0, sizeof(*ret));
	return leaves_at_once && opens == 0 ? 0 : -ENODEV;
}

int __wrap_recover_wait(const struct device *target, int64_t deadline_ms, const struct port_stop *stop,
			struct textbuf ret_path, struct textbuf ret_text);
int __wrap_recover_wait(const struct device *target, int64_t deadline_ms, const struct port_stop *stop,
			struct textbuf ret_path, struct textbuf ret_text)
{
	(void)target;
	(void)deadline_ms;
	(void)stop;
	(void)snprintf(ret_path.at, ret_path.cap, "/dev/of-no-bus");
	(void)snprintf(ret_text.at, ret_text.cap, "it did not");
	return power_cycles ? 0 : -ENODEV;
}

int __wrap_recover_power_cycle(const struct device *target, const struct port_stop *stop, struct textbuf ret_text);
int __wrap_recover_power_cycle(const struct device *target, const struct port_stop *stop, struct textbuf ret_text)
{
	(void)target;
	(void)stop;
	(void)ret_text;
	power_cycles++;
	return 0;
}

static struct report_result run_child(bool recover)
{
	static struct request options;
	struct message message;
	int pair[2];

	options = (struct request){ .mode = MODE_RESET, .recover = recover };
	session_config_init(&options.session);
	options.session.attempts = 1;
	options.session.timeout_ms = 15000;
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	stop_init();
	ck_assert_int_eq(worker_run(&options, spec_of("/dev/of-no-bus"), pair[1]), 0);
	do {
		ck_assert_int_eq(recv(pair[0], &message, sizeof(message), MSG_DONTWAIT), sizeof(message));
	} while (message.kind != MESSAGE_RESULT);
	close(pair[0]);
	close(pair[1]);
	ck_assert_int_eq(closes, is_there_again ? opens - leaves_at_once : 1);
	return message.u.result;
}

START_TEST(a_port_that_is_gone_when_it_is_opened_again_was_unplugged)
{
	struct report_result result = run_child(true);

	ck_assert_int_eq(opens, 2);
	ck_assert_int_eq(result.session.verdict, VERDICT_UNPLUGGED);
	ck_assert_str_eq(result.session.text, "it did not come back");
	ck_assert_str_eq(result.recovered[0], "reopen");
	ck_assert_ptr_nonnull(strstr(result.advice, "nothing more to try"));
}
END_TEST

START_TEST(a_board_that_stays_silent_is_silent_after_the_port_was_opened_again)
{
	struct report_result result;

	is_there_again = true;
	result = run_child(true);
	ck_assert_int_eq(opens, 2);
	ck_assert_int_eq(result.session.verdict, VERDICT_SILENT);
	ck_assert_int_eq(result.session.attempts, 2);
	ck_assert_str_eq(result.recovered[0], "reopen");
}
END_TEST

START_TEST(a_port_that_leaves_while_it_is_opened_is_brought_back_by_its_place)
{
	struct report_result result;

	leaves_at_once = is_there_again = true;
	result = run_child(true);
	ck_assert_int_eq(power_cycles, 1);
	ck_assert_int_eq(opens, 2);
	ck_assert_int_eq(result.session.verdict, VERDICT_SILENT);
	ck_assert_str_eq(result.recovered[1], "power-cycle");
}
END_TEST

START_TEST(without_recover_it_is_opened_once)
{
	struct report_result result = run_child(false);

	ck_assert_int_eq(opens, 1);
	ck_assert_int_eq(result.session.verdict, VERDICT_SILENT);
	ck_assert_str_eq(result.recovered[0], "");
}
END_TEST

int main(void)
{
	TCase *cases = tcase_create("ports that come and go");

	tcase_set_timeout(cases, 60);
	tcase_add_test(cases, a_port_that_is_gone_when_it_is_opened_again_was_unplugged);
	tcase_add_test(cases, a_board_that_stays_silent_is_silent_after_the_port_was_opened_again);
	tcase_add_test(cases, a_port_that_leaves_while_it_is_opened_is_brought_back_by_its_place);
	tcase_add_test(cases, without_recover_it_is_opened_once);
	return suite_run_case("worker", cases);
}
