/* test_sim_net.c - the simulated board on the network, in real time: real OTA clients probe its update service, are
 * refused, and upload. */
#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "files.h"
#include "loopback.h"
#include "ota/otaprobe.h"
#include "port/sim.h"
#include "port/wait.h"
#include "suite.h"
#include "tempdir.h"

static char truth[128], image[128];
static int service_port;
static struct port *port;
static char text[65536]; /* what the board has printed since the last forget() */
static size_t text_len;

static void setup(void)
{
	FILE *file;

	tempdir_make();
	snprintf(truth, sizeof(truth), "%s/truth", tempdir);
	snprintf(image, sizeof(image), "%s/image", tempdir);
	file = fopen(image, "w");
	ck_assert_ptr_nonnull(file);
	fputc(0xe9, file);
	for (int i = 0; i < 20000; i++)
		fputc(i * 7 & 0xff, file);
	fclose(file);
	service_port = loopback_free_port("127.0.0.1", SOCK_DGRAM);
}

static void plug_in(const char *words)
{
	char all[512];

	snprintf(all, sizeof(all), "exact,ota=127.0.0.1:%d,truth=%s,%s", service_port, truth, words);
	ck_assert_int_eq(sim_port_open(all, 115200, NULL, &port), 0);
	ck_assert_int_eq(port->ops->set_lines(port, PORT_DTR | PORT_RTS, 0), 0);
}

static void listen_to_board(int64_t for_ms)
{
	int64_t end_ms = wait_now_ms() + for_ms;

	while (text_len + 1024 < sizeof(text)) {
		ssize_t n = port->ops->read(port, text + text_len, 512, end_ms);

		if (n <= 0)
			break;
		for (ssize_t i = 0; i < n; i++)
			if (!text[text_len + (size_t)i])
				/* The ROM prints at another baud rate than the port's, so NULs are received. Each NUL
				 * becomes a space, because it would end the string. */
				text[text_len + (size_t)i] = ' ';
		text_len += (size_t)n;
		text[text_len] = '\0';
	}
}

static void wait_for(const char *what)
{
	for (int i = 0; i < 2000 && !strstr(text, what); i++)
		listen_to_board(10);
	ck_assert_msg(strstr(text, what) != NULL, "no '%s' in: %s", what, text);
}

static void forget(void)
{
	text_len = 0;
	text[0] = '\0';
}

/* Resets the board. In the two-transistor circuit EN is low while RTS alone is asserted. */
static void press_reset(void)
{
	forget();
	ck_assert_int_eq(port->ops->set_lines(port, PORT_DTR | PORT_RTS, PORT_RTS), 0);
	listen_to_board(100);
	ck_assert_int_eq(port->ops->set_lines(port, PORT_DTR | PORT_RTS, 0), 0);
}

static struct ota_finding ask(enum ota_protocol protocol, enum ota_question question)
{
	struct otaprobe_options options = {
		.ota = { .protocol = protocol, .question = question, .hello_is_harmless = true },
		.host = "127.0.0.1",
		.port = service_port
	};
	struct ota_finding finding;

	ck_assert_int_eq(otaprobe_run(&options, wait_now_ms() + 30000, NULL, &finding), 0);
	return finding;
}

/* Waits until the update service answers. What the board prints is no proof: on a busy computer the network port may
 * open only after the board has printed that it listens. */
static void wait_for_service(void)
{
	ck_assert(ask(OTA_ARDUINO, OTA_LISTENS).listens);
}

/* Runs the OTA client in a child process. @option: a further option for the client, or NULL. Return: the client's exit
 * status. */
static int upload_by(const char *password, const char *option)
{
	char number[16];
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (!pid) {
		int null_fd = open("/dev/null", O_WRONLY);

		snprintf(number, sizeof(number), "%d", service_port);
		dup2(null_fd, 1);
		dup2(null_fd, 2);
		execlp("python3", "python3", "tests/peers/arduino_ota_client.py", "--port", number, "--bind",
		       "127.0.0.1", "--password", password, "127.0.0.1", image, option, (char *)NULL);
		_exit(127);
	}
	while (waitpid(pid, &status, WNOHANG) == 0)
		listen_to_board(10);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int upload(const char *password)
{
	return upload_by(password, NULL);
}

/* Closes the serial port, which ends the board. Return: the board's record, complete up to its last text line. */
static const char *unplug_and_read_truth(void)
{
	static char all[65536];

	(void)port->ops->close(port);
	for (int i = 0; i < 2000; i++) {
		(void)files_read(truth, all, sizeof(all));
		if (strstr(all, " end EN="))
			break;
		usleep(10000);
	}
	ck_assert_msg(strstr(all, " end EN=") != NULL, "%s", all);
	return all;
}

START_TEST(a_service_that_comes_late_is_found_and_not_touched)
{
	const char *all;
	struct ota_finding f;

	plug_in("running,late=3s");
	f = ask(OTA_ARDUINO, OTA_LISTENS);
	ck_assert(f.listens);
	ck_assert_int_eq(f.proof, OTA_PROOF_EDGE);
	listen_to_board(50);
	wait_for("Ready\r\nIP address: 127.0.0.1\r\n");
	all = unplug_and_read_truth();
	ck_assert_ptr_nonnull(strstr(all, " untouched=1"));
	ck_assert_ptr_nonnull(strstr(all, " written=0 transitions=0"));
}
END_TEST

START_TEST(a_board_fresh_from_a_serial_upload_refuses_until_it_is_reset)
{
	const char *all;
	char *md5;

	plug_in("late=100ms");
	wait_for_service();
	ck_assert_int_eq(ask(OTA_ARDUINO, OTA_DRY_RUN).error, 11);
	ck_assert_int_eq(upload(""), 1);
	press_reset();
	wait_for("IP address: 127.0.0.1");
	ck_assert(ask(OTA_ARDUINO, OTA_DRY_RUN).boot_mode_good);
	forget();
	ck_assert_int_eq(upload(""), 0);
	wait_for("@cp:0");
	wait_for("Sketch MD5: ");
	wait_for("IP address: 127.0.0.1");
	ck_assert(ask(OTA_ARDUINO, OTA_DRY_RUN).boot_mode_good);
	md5 = strstr(text, "Sketch MD5: ") + 12;
	md5[32] = '\0';
	all = unplug_and_read_truth();
	ck_assert_ptr_nonnull(strstr(all, " latch=3 flash=1 runs=app"));
	ck_assert_ptr_nonnull(strstr(all, " staged=1 flashed=20001 "));
	ck_assert_ptr_nonnull(strstr(strstr(all, " md5="), md5));
}
END_TEST

START_TEST(a_protected_board_takes_its_password_only)
{
	plug_in("running,late=100ms,otapassword=geheim");
	wait_for_service();
	ck_assert_int_eq(ask(OTA_ARDUINO, OTA_DRY_RUN).proof, OTA_PROOF_AUTH);
	ck_assert_int_eq(upload("falsch"), 1);
	ck_assert_int_eq(upload("geheim"), 0);
	wait_for("Sketch MD5: ");
	ck_assert_ptr_nonnull(strstr(unplug_and_read_truth(), " logins=1 logins_failed=1 "));
}
END_TEST

START_TEST(a_client_that_has_shut_down_its_side_still_gets_the_ok)
{
	plug_in("running,late=100ms");
	wait_for_service();
	ck_assert_int_eq(upload_by("", "--half-close"), 0);
	wait_for("Sketch MD5: ");
	ck_assert_ptr_nonnull(strstr(unplug_and_read_truth(), " staged=1 flashed=20001 "));
}
END_TEST

START_TEST(a_reset_closes_the_service_at_once)
{
	plug_in("running,late=100ms");
	wait_for_service();
	ck_assert_int_eq(port->ops->set_lines(port, PORT_DTR | PORT_RTS, PORT_RTS), 0);
	listen_to_board(100);
	{
		struct otaprobe_options options = { .ota = { .protocol = OTA_ARDUINO },
						    .host = "127.0.0.1",
						    .port = service_port };
		struct ota_finding f;

		ck_assert_int_eq(otaprobe_run(&options, wait_now_ms() + 1000, NULL, &f), 0);
		ck_assert_int_eq(f.reason, OTA_REASON_CLOSED);
	}
	ck_assert_int_eq(port->ops->set_lines(port, PORT_DTR | PORT_RTS, 0), 0);
	(void)unplug_and_read_truth();
}
END_TEST

START_TEST(a_new_esphome_is_greeted_without_an_effect)
{
	const char *all;

	plug_in("running,esphome,late=2s");
	ck_assert_int_eq(ask(OTA_ESPHOME, OTA_LISTENS).proof, OTA_PROOF_HELLO);
	wait_for("ESPHome version 2025.10.0");
	wait_for("IP Address: 127.0.0.1");
	all = unplug_and_read_truth();
	ck_assert_ptr_nonnull(strstr(all, " greetings=1 "));
	ck_assert_ptr_nonnull(strstr(all, " untouched=1"));
}
END_TEST

START_TEST(the_board_stays_for_those_who_come_after_the_program)
{
	plug_in("running,late=100ms,stays=20s");
	wait_for_service();
	(void)port->ops->close(port);
	ck_assert(ask(OTA_ARDUINO, OTA_DRY_RUN).boot_mode_good);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("online");

	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, setup, tempdir_remove);
	tcase_add_test(tc, a_service_that_comes_late_is_found_and_not_touched);
	tcase_add_test(tc, a_board_fresh_from_a_serial_upload_refuses_until_it_is_reset);
	tcase_add_test(tc, a_protected_board_takes_its_password_only);
	tcase_add_test(tc, a_client_that_has_shut_down_its_side_still_gets_the_ok);
	tcase_add_test(tc, a_reset_closes_the_service_at_once);
	tcase_add_test(tc, a_new_esphome_is_greeted_without_an_effect);
	tcase_add_test(tc, the_board_stays_for_those_who_come_after_the_program);
	return suite_run_case("sim_net", tc);
}
