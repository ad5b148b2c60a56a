/* test_otaprobe.c - OTA probes over real loopback sockets: services that are closed, open, late, vanishing or silent,
 * wrong answers, host names. */
#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "leaks.h"
#include "loopback.h"
#include "ota/otaprobe.h"
#include "port/stop.h"
#include "port/wait.h"
#include "suite.h"

static const char *const hosts[] = { "127.0.0.1", "::1", "localhost" };

static struct otaprobe probe;
static struct ota_finding finding;

/* Runs the probe for up to @for_ms, and calls @each between its steps. Return: the finding; NULL: none in this time. */
static const struct ota_finding *carry(int64_t for_ms, void (*each)(int64_t passed_ms))
{
	int64_t begin_ms = wait_now_ms();

	for (;;) {
		struct pollfd pollfd = { .fd = otaprobe_fd(&probe), .events = POLLIN };
		int64_t now_ms = wait_now_ms();
		const struct ota_finding *f = otaprobe_step(&probe, now_ms);

		if (f)
			return f;
		if (now_ms - begin_ms > for_ms)
			return NULL;
		if (each)
			each(now_ms - begin_ms);
		(void)wait_poll(&pollfd, 1, now_ms + 10, NULL);
	}
}

/* Runs the probe for @for_ms. The probe must find nothing, and give this @reason when it is stopped. */
static void finds_nothing(int64_t for_ms, void (*each)(int64_t passed_ms), enum ota_reason reason)
{
	ck_assert_ptr_null(carry(for_ms, each));
	ck_assert_int_eq(otaprobe_stop(&probe)->reason, reason);
	otaprobe_end(&probe);
}

static void start(struct otaprobe_options options)
{
	ck_assert_int_eq(otaprobe_start(&probe, &options, wait_now_ms()), 0);
}

static struct otaprobe_options arduino(const char *host, int port)
{
	return (struct otaprobe_options){ .ota = { .protocol = OTA_ARDUINO }, .host = host, .port = port };
}

static unsigned int received(int fd, const char *only)
{
	unsigned int n = 0;
	char buf[256];
	ssize_t len;

	while ((len = recv(fd, buf, sizeof(buf) - 1, 0)) >= 0) {
		buf[len] = '\0';
		ck_assert_str_eq(buf, only);
		n++;
	}
	return n;
}

START_TEST(an_open_port_is_found_by_contrast)
{
	int port = 0, fd = loopback_bind(hosts[_i], SOCK_DGRAM, &port);
	const struct ota_finding *f;

	start(arduino(hosts[_i], port));
	f = carry(20000, NULL);
	ck_assert_ptr_nonnull(f);
	ck_assert(f->listens);
	ck_assert_int_eq(f->proof, OTA_PROOF_CONTRAST);
	ck_assert_uint_ge(received(fd, "1\n"), OTA_SILENT_ROUNDS);
	otaprobe_end(&probe);
	close(fd);
}
END_TEST

static int late_fd = -1, late_port;

static void opens_late(int64_t passed_ms)
{
	if (passed_ms > 900 && late_fd < 0)
		late_fd = loopback_bind("127.0.0.1", SOCK_DGRAM, &late_port);
}

START_TEST(a_port_that_opens_late_is_found_by_the_edge)
{
	const struct ota_finding *f;

	late_port = loopback_free_port("127.0.0.1", SOCK_DGRAM);
	start(arduino("127.0.0.1", late_port));
	f = carry(20000, opens_late);
	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(f->proof, OTA_PROOF_EDGE);
	ck_assert_uint_gt(f->refusals, 1);
	otaprobe_end(&probe);
	close(late_fd);
}
END_TEST

START_TEST(a_closed_port_never_listens)
{
	start(arduino(hosts[_i], loopback_free_port(hosts[_i], SOCK_DGRAM)));
	ck_assert_ptr_null(carry(1200, NULL));
	ck_assert_int_eq(otaprobe_stop(&probe)->reason, OTA_REASON_CLOSED);
	ck_assert_ptr_eq(otaprobe_stop(&probe), otaprobe_step(&probe, wait_now_ms()));
	otaprobe_end(&probe);
}
END_TEST

static void opens_and_closes(int64_t passed_ms)
{
	if (passed_ms > 600 && passed_ms < 1000 && late_fd < 0)
		late_fd = loopback_bind("127.0.0.1", SOCK_DGRAM, &late_port);
	if (passed_ms >= 1000 && late_fd >= 0) {
		close(late_fd);
		late_fd = -1;
	}
}

START_TEST(a_port_that_closes_again_never_listens)
{
	late_port = loopback_free_port("127.0.0.1", SOCK_DGRAM);
	start(arduino("127.0.0.1", late_port));
	finds_nothing(1500, opens_and_closes, OTA_REASON_GONE);
}
END_TEST

/* Nothing answers. Both UDP ports take datagrams in silence. The TCP port drops SYNs because its queue is full. */
START_TEST(a_host_that_says_nothing_is_down_and_never_listens)
{
	int port = 0, closed = 0, fd = loopback_bind("127.0.0.1", SOCK_DGRAM, &port);
	int swallow = loopback_bind("127.0.0.1", SOCK_DGRAM, &closed);
	int full = loopback_bind("127.0.0.1", SOCK_STREAM, &closed), fill[4];
	struct otaprobe_options options = arduino("127.0.0.1", port);
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)closed),
				  .sin_addr = { htonl(INADDR_LOOPBACK) } };

	ck_assert_int_eq(listen(full, 0), 0);
	for (int i = 0; i < 4; i++) {
		fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		ck_assert_int_ge(fill[i], 0);
		(void)connect(fill[i], (struct sockaddr *)&to, sizeof(to));
	}
	options.closed_port = closed;
	start(options);
	finds_nothing(3000, NULL, OTA_REASON_DOWN);
	for (int i = 0; i < 4; i++)
		close(fill[i]);
	close(full);
	close(swallow);
	close(fd);
}
END_TEST

START_TEST(a_host_that_reports_no_closed_port_is_not_believed)
{
	int port = 0, closed = 0, fd = loopback_bind("127.0.0.1", SOCK_DGRAM, &port);
	int swallow = loopback_bind("127.0.0.1", SOCK_DGRAM, &closed);
	struct otaprobe_options options = arduino("127.0.0.1", port);

	/* datagrams to this UDP port stay unanswered; connections to this TCP port are refused */
	options.closed_port = closed;
	start(options);
	finds_nothing(3000, NULL, OTA_REASON_FILTERED);
	close(swallow);
	close(fd);
}
END_TEST

static int answer_fd = -1;
static const char *answer_text;
static size_t answer_len;

static void answers(int64_t passed_ms)
{
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	char buf[256];

	(void)passed_ms;
	while (recvfrom(answer_fd, buf, sizeof(buf), 0, (struct sockaddr *)&from, &len) >= 0) {
		ck_assert_int_eq(sendto(answer_fd, answer_text, answer_len, 0, (struct sockaddr *)&from, len),
				 (ssize_t)answer_len);
		len = sizeof(from);
	}
}

START_TEST(garbage_is_not_a_service)
{
	static char big[60000];
	int port = 0;

	memset(big, 0xff, sizeof(big));
	answer_fd = loopback_bind("127.0.0.1", SOCK_DGRAM, &port);
	answer_text = _i == 0 ? "OK" : _i == 1 ? "" : big;
	answer_len = _i == 0 ? 2 : _i == 1 ? 0 : sizeof(big);
	start(arduino("127.0.0.1", port));
	ck_assert_ptr_null(carry(1300, answers));
	ck_assert(!otaprobe_stop(&probe)->listens);
	if (_i != 1)
		ck_assert_int_eq(otaprobe_stop(&probe)->reason, OTA_REASON_OTHER);
	otaprobe_end(&probe);
	close(answer_fd);
}
END_TEST

static int intruder_fd = -1;

/* Whenever the probe sends a datagram to the service, a socket on another port sends a correct answer to the probe. The
 * probe must ignore it. */
static void intrudes(int64_t passed_ms)
{
	static const char good[] = "ERR: ERROR[5]: Bad Size Given\n";
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	char buf[256];

	(void)passed_ms;
	while (recvfrom(answer_fd, buf, sizeof(buf), 0, (struct sockaddr *)&from, &len) >= 0)
		(void)sendto(intruder_fd, good, strlen(good), 0, (struct sockaddr *)&from, len);
}

START_TEST(an_answer_of_another_host_is_not_an_answer)
{
	int port = 0, other = 0;
	struct otaprobe_options options;

	answer_fd = loopback_bind("127.0.0.1", SOCK_DGRAM, &port);
	intruder_fd = loopback_bind("127.0.0.1", SOCK_DGRAM, &other);
	options = arduino("127.0.0.1", port);
	options.ota.question = OTA_DRY_RUN;
	start(options);
	finds_nothing(1500, intrudes, OTA_REASON_UNANSWERED);
	close(answer_fd);
	close(intruder_fd);
}
END_TEST

START_TEST(a_dry_run_gets_the_board_s_answer)
{
	static const char *const texts[] = { "ERR: ERROR[5]: Bad Size Given\n",
					     "ERR: ERROR[11]: Invalid bootstrapping" };
	const struct ota_finding *f;
	struct otaprobe_options options;
	int port = 0;

	answer_fd = loopback_bind(hosts[_i / 2], SOCK_DGRAM, &port);
	answer_text = texts[_i % 2];
	answer_len = strlen(answer_text);
	options = arduino(hosts[_i / 2], port);
	options.ota.question = OTA_DRY_RUN;
	start(options);
	f = carry(20000, answers);
	ck_assert_ptr_nonnull(f);
	ck_assert(f->boot_mode_good == (_i % 2 == 0));
	ck_assert_int_eq(ota_verdict(f), _i % 2 ? VERDICT_OTA_REFUSED : VERDICT_READY);
	otaprobe_end(&probe);
	close(answer_fd);
}
END_TEST

START_TEST(an_open_invitation_is_cancelled_when_it_is_stopped)
{
	int port = 0, fd = loopback_bind("127.0.0.1", SOCK_DGRAM, &port);
	struct otaprobe_options options = arduino("127.0.0.1", port);
	char buf[128], last[128] = "";
	ssize_t len;

	options.ota.question = OTA_DRY_RUN;
	start(options);
	ck_assert_ptr_null(carry(100, NULL));
	otaprobe_end(&probe);
	while ((len = recv(fd, buf, sizeof(buf) - 1, 0)) >= 0) {
		buf[len] = '\0';
		strcpy(last, buf);
	}
	ck_assert_str_eq(last, "1\n");
	close(fd);
}
END_TEST

/* ---- TCP ---- */

static int listen_fd = -1, client_fd = -1;
static char heard[512];
static size_t heard_len;

static void serves(int64_t passed_ms)
{
	ssize_t n;

	(void)passed_ms;
	if (client_fd < 0)
		client_fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK);
	if (client_fd < 0)
		return;
	n = recv(client_fd, heard + heard_len, sizeof(heard) - 1 - heard_len, 0);
	if (n > 0) {
		heard_len += (size_t)n;
		if (answer_len)
			ck_assert_int_eq(send(client_fd, answer_text, answer_len, MSG_NOSIGNAL), (ssize_t)answer_len);
	} else if (n == 0) {
		close(client_fd);
		client_fd = -1;
	}
}

START_TEST(esphome_is_greeted)
{
	const struct ota_finding *f;
	struct otaprobe_options options = { .ota = { .protocol = OTA_ESPHOME, .hello_is_harmless = true },
					    .host = hosts[_i] };

	listen_fd = loopback_bind(hosts[_i], SOCK_STREAM, &options.port);
	ck_assert_int_eq(listen(listen_fd, 1), 0);
	answer_text = "\x00\x02";
	answer_len = 2;
	start(options);
	f = carry(20000, serves);
	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(f->proof, OTA_PROOF_HELLO);
	ck_assert_uint_eq(heard_len, 5);
	ck_assert_int_eq(probe.targets[0].fds[OTA_SERVICE_TCP], -1);
	otaprobe_end(&probe);
	close(listen_fd);
}
END_TEST

START_TEST(a_web_updater_s_form_is_found)
{
	const struct ota_finding *f;
	struct otaprobe_options options = { .ota = { .protocol = OTA_WEB, .page = { "/up", "action='u2'", false } },
					    .host = "127.0.0.1" };

	listen_fd = loopback_bind("127.0.0.1", SOCK_STREAM, &options.port);
	ck_assert_int_eq(listen(listen_fd, 1), 0);
	answer_text = "HTTP/1.0 200 OK\r\n\r\n<form action='u2'>";
	answer_len = strlen(answer_text);
	start(options);
	f = carry(20000, serves);
	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(f->proof, OTA_PROOF_FORM);
	ck_assert_ptr_eq(strstr(heard, "GET /up HTTP/1.0\r\nHost: 127.0.0.1\r\n"), heard);
	otaprobe_end(&probe);
	close(listen_fd);
}
END_TEST

START_TEST(a_closed_tcp_port_does_not_listen)
{
	struct otaprobe_options options = { .ota = { .protocol = OTA_ESPHOME, .hello_is_harmless = true },
					    .host = "127.0.0.1" };

	options.port = loopback_free_port("127.0.0.1", SOCK_STREAM);
	start(options);
	finds_nothing(1200, NULL, OTA_REASON_CLOSED);
}
END_TEST

START_TEST(a_connection_without_a_word_is_not_a_service)
{
	struct otaprobe_options options = { .ota = { .protocol = OTA_ESPHOME, .hello_is_harmless = true },
					    .host = "127.0.0.1" };

	listen_fd = loopback_bind("127.0.0.1", SOCK_STREAM, &options.port);
	ck_assert_int_eq(listen(listen_fd, 8), 0);
	start(options);
	finds_nothing(2300, NULL, OTA_REASON_UNANSWERED);
	close(listen_fd);
}
END_TEST

/* ---- host names ---- */

START_TEST(a_name_that_does_not_exist_is_said_to)
{
	/* Names below .invalid never resolve (RFC 6761), so the probe finds no address. */
	start(arduino("no-such-board.invalid", 8266));
	finds_nothing(300, NULL, OTA_REASON_NAME);
}
END_TEST

START_TEST(the_resolver_is_ended_with_the_probe)
{
	pid_t pid;

	start(arduino("no-such-board.invalid", 8266));
	pid = probe.resolver;
	ck_assert_int_gt(pid, 0);
	otaprobe_end(&probe);
	ck_assert_int_eq(waitpid(pid, NULL, WNOHANG), -1);
	ck_assert_int_eq(errno, ECHILD);
}
END_TEST

START_TEST(an_address_needs_no_process)
{
	start(arduino("127.0.0.1", 8266));
	ck_assert_int_eq(probe.resolver, 0);
	ck_assert_uint_eq(probe.n_targets, 1);
	otaprobe_end(&probe);
}
END_TEST

START_TEST(a_host_s_name_that_is_too_long_is_refused)
{
	struct otaprobe_options options = arduino("", 1);
	char name[300];

	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	options.host = name;
	ck_assert_int_eq(otaprobe_start(&probe, &options, 0), -ENAMETOOLONG);
}
END_TEST

START_TEST(an_address_that_cannot_be_used_is_unreachable)
{
	/* The probe cannot use the broadcast address: connect() fails at once. */
	start(arduino("255.255.255.255", 8266));
	finds_nothing(800, NULL, OTA_REASON_UNREACHABLE);
}
END_TEST

START_TEST(no_descriptor_stays_open)
{
	int before = count_fds();
	struct otaprobe_options options = arduino("127.0.0.1", loopback_free_port("127.0.0.1", SOCK_DGRAM));

	start(options);
	ck_assert_ptr_null(carry(300, NULL));
	ck_assert_int_gt(count_fds(), before);
	otaprobe_end(&probe);
	ck_assert_int_eq(count_fds(), before);
	start(arduino("no-such-board.invalid", 8266));
	otaprobe_end(&probe);
	ck_assert_int_eq(count_fds(), before);
}
END_TEST

/* ---- several probes at once ---- */

START_TEST(all_at_once_ends_at_the_deadline)
{
	struct otaprobe_options options = arduino("127.0.0.1", loopback_free_port("127.0.0.1", SOCK_DGRAM));

	ck_assert_int_eq(otaprobe_run(&options, wait_now_ms() + 600, NULL, &finding), 0);
	ck_assert_int_eq(finding.reason, OTA_REASON_CLOSED);
	options.ota.question = OTA_DRY_RUN;
	options.ota.once = true;
	ck_assert_int_eq(otaprobe_run(&options, wait_now_ms() + 60000, NULL, &finding), 0);
	ck_assert_int_eq(finding.reason, OTA_REASON_CLOSED);
}
END_TEST

START_TEST(a_signal_stops_it)
{
	struct otaprobe_options options = arduino("127.0.0.1", loopback_free_port("127.0.0.1", SOCK_DGRAM));

	stop_init();
	ck_assert_int_eq(raise(SIGTERM), 0);
	ck_assert_int_eq(otaprobe_run(&options, wait_now_ms() + 60000, stop_port(), &finding), -ECANCELED);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("loopback");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, an_open_port_is_found_by_contrast, 0, 3);
	tcase_add_test(tc, a_port_that_opens_late_is_found_by_the_edge);
	tcase_add_loop_test(tc, a_closed_port_never_listens, 0, 2);
	tcase_add_test(tc, a_port_that_closes_again_never_listens);
	tcase_add_test(tc, a_host_that_says_nothing_is_down_and_never_listens);
	tcase_add_test(tc, a_host_that_reports_no_closed_port_is_not_believed);
	tcase_add_loop_test(tc, garbage_is_not_a_service, 0, 3);
	tcase_add_test(tc, an_answer_of_another_host_is_not_an_answer);
	tcase_add_loop_test(tc, a_dry_run_gets_the_board_s_answer, 0, 4);
	tcase_add_test(tc, an_open_invitation_is_cancelled_when_it_is_stopped);
	tcase_add_loop_test(tc, esphome_is_greeted, 0, 2);
	tcase_add_test(tc, a_web_updater_s_form_is_found);
	tcase_add_test(tc, a_closed_tcp_port_does_not_listen);
	tcase_add_test(tc, a_connection_without_a_word_is_not_a_service);
	tcase_add_test(tc, a_name_that_does_not_exist_is_said_to);
	tcase_add_test(tc, the_resolver_is_ended_with_the_probe);
	tcase_add_test(tc, an_address_needs_no_process);
	tcase_add_test(tc, a_host_s_name_that_is_too_long_is_refused);
	tcase_add_test(tc, an_address_that_cannot_be_used_is_unreachable);
	tcase_add_test(tc, no_descriptor_stays_open);
	tcase_add_test(tc, all_at_once_ends_at_the_deadline);
	tcase_add_test(tc, a_signal_stops_it);
	return suite_run_case("otaprobe", tc);
}
