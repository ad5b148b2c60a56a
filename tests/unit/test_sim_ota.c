/* test_sim_ota.c - the simulated update services. espreset's probes must change nothing in them. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ota/ota.h"
#include "sim/arduino_ota.h"
#include "sim/esphome_ota.h"
#include "suite.h"

/* ---- digests ---- */

START_TEST(digests_are_those_of_the_standards)
{
	/* Examples from RFC 1321 A.5 (MD5) and FIPS 180-4 (SHA). */
	/* clang-format off */
	static const struct { enum sim_digest_kind kind; const char *text, *hex; } rows[] = {
		{ SIM_MD5, "", "d41d8cd98f00b204e9800998ecf8427e" },
		{ SIM_MD5, "abc", "900150983cd24fb0d6963f7d28e17f72" },
		{ SIM_MD5, "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
		  "57edf4a22be3c955ac49da2e2107b67a" },
		{ SIM_SHA256, "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ SIM_SHA256, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ SIM_SHA256, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
	};
	/* clang-format on */
	char text[SIM_DIGEST_TEXT];

	sim_digest_of(rows[_i].kind, text, SIM_PARTS(rows[_i].text));
	ck_assert_str_eq(text, rows[_i].hex);
	for (size_t cut = 0; cut <= strlen(rows[_i].text); cut++) {
		struct sim_digest digest;

		sim_digest_init(&digest, rows[_i].kind);
		sim_digest_add(&digest, rows[_i].text, cut);
		sim_digest_add(&digest, rows[_i].text + cut, strlen(rows[_i].text) - cut);
		sim_digest_hex(&digest, text);
		ck_assert_str_eq(text, rows[_i].hex);
	}
}
END_TEST

/* ---- the simulated network: the service and one peer ---- */

static struct {
	int mode;
	char datagrams[16][200];
	size_t n_datagrams;
	int connect_port;
	char stream[4000];
	size_t stream_len;
	unsigned int hang_ups, restarts;
	char printed[1000];
	char staged[64];
	size_t staged_size;
} seen;

static int mode(void *user)
{
	(void)user;
	return seen.mode;
}

static void got_datagram(void *user, const struct sim_peer *to, const void *bytes, size_t n)
{
	(void)user;
	ck_assert_uint_eq(to->len, 1);
	ck_assert_uint_lt(seen.n_datagrams, 16);
	memcpy(seen.datagrams[seen.n_datagrams++], bytes, n);
}

static void got_connect(void *user, const struct sim_peer *to, int port)
{
	(void)user;
	(void)to;
	seen.connect_port = port;
}

static void got_stream(void *user, const void *bytes, size_t n)
{
	(void)user;
	ck_assert_uint_lt(seen.stream_len + n, sizeof(seen.stream));
	memcpy(seen.stream + seen.stream_len, bytes, n);
	seen.stream_len += n;
}

static void got_hang_up(void *user)
{
	(void)user;
	seen.hang_ups++;
}

static void got_print(void *user, const char *text)
{
	(void)user;
	strncat(seen.printed, text, sizeof(seen.printed) - strlen(seen.printed) - 1);
}

static void got_staged(void *user, const char *md5, size_t size)
{
	(void)user;
	snprintf(seen.staged, sizeof(seen.staged), "%s", md5);
	seen.staged_size = size;
}

static void got_restart(void *user)
{
	(void)user;
	seen.restarts++;
}

static const struct sim_ota_host host = { mode,	     got_datagram, got_connect, got_stream, got_hang_up,
					  got_print, got_staged,   got_restart, NULL,	    0 };
static const struct sim_peer probe_peer = { { 1 }, 1 }, other_peer = { { 2 }, 1 };

static struct sim_arduino_ota service;
static struct sim_esphome_ota node;
static struct ota ota;

static void board(int boot_mode, const char *password)
{
	memset(&seen, 0, sizeof(seen));
	seen.mode = boot_mode;
	sim_arduino_ota_init(&service, &host, password);
	sim_arduino_ota_begin(&service);
}

static void send_to(const char *text)
{
	sim_arduino_ota_datagram(&service, &other_peer, text, strlen(text));
}

static const char image[] = "\xe9 an image";
#define IMAGE_LEN (sizeof(image) - 1)

static void invitation(char *buf, size_t cap, size_t size, const char *md5)
{
	snprintf(buf, cap, "0 45678 %zu %s\n", size, md5);
}

static void invite_image(void)
{
	char text[128], md5[SIM_DIGEST_TEXT];

	sim_digest_of(SIM_MD5, md5, SIM_PARTS(image));
	invitation(text, sizeof(text), IMAGE_LEN, md5);
	send_to(text);
}

START_TEST(an_upload_is_refused_while_the_latch_says_download)
{
	board(1, NULL);
	invite_image();
	sim_arduino_ota_handle(&service, 0);
	ck_assert_str_eq(seen.datagrams[0],
			 "ERR: ERROR[11]: Invalid bootstrapping state, reset ESP8266 before updating\n");
	ck_assert_str_eq(seen.printed, "Error[1]: Begin Failed\r\n");
	ck_assert_uint_eq(service.record.updates, 0);
	ck_assert(sim_arduino_ota_listens(&service));
}
END_TEST

START_TEST(the_boot_mode_is_tested_before_the_size)
{
	board(_i, NULL);
	send_to("0 1 0 00000000000000000000000000000000\n");
	ck_assert_uint_eq(seen.n_datagrams, 0);
	sim_arduino_ota_handle(&service, 0);
	ck_assert_uint_eq(seen.n_datagrams, 1);
	ck_assert_int_eq(service.record.last_error, _i == 1 ? 11 : 5);
	if (_i != 1)
		ck_assert_str_eq(seen.datagrams[0], "ERR: ERROR[5]: Bad Size Given\n");
	ck_assert_uint_eq(service.record.on_error, 1);
	ck_assert_uint_eq(service.record.flashed, 0);
}
END_TEST

START_TEST(an_upload_comes_over_the_board_s_own_connection)
{
	char md5[SIM_DIGEST_TEXT];

	board(3, NULL);
	invite_image();
	sim_arduino_ota_handle(&service, 0);
	ck_assert_str_eq(seen.datagrams[0], "OK");
	ck_assert_int_eq(seen.connect_port, 45678);
	ck_assert(!sim_arduino_ota_listens(&service));
	sim_arduino_ota_connected(&service, 0);
	sim_arduino_ota_data(&service, 1, image, 4);
	sim_arduino_ota_data(&service, 2, image + 4, IMAGE_LEN - 4);
	/* The service must send "46" and "OK" separately. A client that receives both in one TCP segment would take
	 * "OK" for a part of the number, and wait for ever. */
	sim_arduino_ota_handle(&service, 1001);
	ck_assert_str_eq(seen.stream, "46");
	sim_arduino_ota_handle(&service, 1002);
	ck_assert_str_eq(seen.stream, "46OK");
	sim_arduino_ota_handle(&service, 2001);
	/* The service waits before it closes the connection and restarts. Update.end() has already made the new image
	 * the one to boot, so a reset during this wait boots the new image. */
	ck_assert_uint_eq(service.record.staged, 1);
	ck_assert_uint_eq(seen.hang_ups + seen.restarts, 0);
	sim_arduino_ota_handle(&service, 2002);
	ck_assert_uint_eq(seen.hang_ups, 1);
	ck_assert_uint_eq(seen.restarts, 1);
	sim_digest_of(SIM_MD5, md5, SIM_PARTS(image));
	ck_assert_str_eq(seen.staged, md5);
	ck_assert_uint_eq(seen.staged_size, IMAGE_LEN);
	ck_assert_uint_eq(service.record.staged, 1);
}
END_TEST

START_TEST(an_image_with_another_digest_is_not_taken)
{
	char text[128];

	board(3, NULL);
	invitation(text, sizeof(text), IMAGE_LEN, "00112233445566778899aabbccddeeff");
	send_to(text);
	sim_arduino_ota_handle(&service, 0);
	sim_arduino_ota_connected(&service, 0);
	sim_arduino_ota_data(&service, 1, image, IMAGE_LEN);
	ck_assert_ptr_nonnull(strstr(seen.stream, "ERROR[7]"));
	ck_assert_uint_eq(service.record.staged, 0);
	ck_assert(sim_arduino_ota_listens(&service));
}
END_TEST

START_TEST(a_client_that_leaves_before_the_ok_has_uploaded_all_the_same)
{
	board(3, NULL);
	invite_image();
	sim_arduino_ota_handle(&service, 0);
	sim_arduino_ota_connected(&service, 0);
	sim_arduino_ota_data(&service, 1, image, IMAGE_LEN);
	sim_arduino_ota_hung_up(&service);
	sim_arduino_ota_handle(&service, 1001);
	sim_arduino_ota_handle(&service, 2001);
	ck_assert_uint_eq(service.record.staged, 1);
	ck_assert_uint_eq(service.record.on_error, 0);
}
END_TEST

START_TEST(an_upload_that_stops_is_given_up)
{
	board(3, NULL);
	invite_image();
	sim_arduino_ota_handle(&service, 0);
	sim_arduino_ota_connected(&service, 0);
	sim_arduino_ota_data(&service, 1, image, 4);
	sim_arduino_ota_handle(&service, 1002);
	ck_assert_uint_eq(service.record.staged, 0);
	ck_assert_ptr_nonnull(strstr(seen.printed, "Receive Failed"));
	ck_assert(sim_arduino_ota_listens(&service));
}
END_TEST

/* Sends the login response that esp8266/Arduino's uploader would compute from @password. */
static void log_in(const char *password)
{
	char hash[SIM_DIGEST_TEXT], response[SIM_DIGEST_TEXT], text[128];
	static const char cnonce[] = "0123456789abcdef0123456789abcdef";

	sim_digest_of(SIM_MD5, hash, SIM_PARTS(password));
	sim_digest_of(SIM_MD5, response, SIM_PARTS(hash, ":", seen.datagrams[0] + 5, ":", cnonce));
	snprintf(text, sizeof(text), "200 %s %s\n", cnonce, response);
	send_to(text);
}

/* Checks that a login with @password works, whatever the service has received before. */
static void assert_login_works(const char *password)
{
	seen.n_datagrams = 0;
	memset(seen.datagrams, 0, sizeof(seen.datagrams));
	invite_image();
	log_in(password);
	ck_assert_uint_eq(service.record.logins, 1);
}

START_TEST(a_password_is_asked_for)
{
	board(3, "secret");
	invite_image();
	ck_assert(!strncmp(seen.datagrams[0], "AUTH ", 5));
	ck_assert_uint_eq(strlen(seen.datagrams[0]), 37);
	log_in(_i ? "secret" : "wrong");
	sim_arduino_ota_handle(&service, 0);
	ck_assert_str_eq(seen.datagrams[1], _i ? "OK" : "Authentication Failed");
	ck_assert_uint_eq(service.record.updates, _i ? 1 : 0);
}
END_TEST

START_TEST(text_is_command_0_as_on_the_real_board)
{
	board(3, NULL);
	send_to("probe");
	ck_assert_uint_eq(service.record.written, 1);
	ck_assert(!sim_ota_record_untouched(&service.record));
}
END_TEST

/* ---- probes ---- */

static int64_t now_ms;

/* Carries out one action of a probe. A datagram goes to the service if it listens there, or else is refused. The
 * service's answers go back to the probe. */
static void carry_out(const struct ota_action *action, size_t *answered)
{
	struct ota_event refused = { OTA_EVENT_REFUSED, action->channel, NULL, 0 };

	if (action->kind != OTA_ACTION_SEND)
		return;
	if (action->channel == OTA_SERVICE_UDP && sim_arduino_ota_listens(&service))
		sim_arduino_ota_datagram(&service, &probe_peer, action->bytes, action->len);
	else
		ota_event(&ota, &refused, now_ms);
	sim_arduino_ota_handle(&service, now_ms);
	for (; *answered < seen.n_datagrams; (*answered)++) {
		const char *text = seen.datagrams[*answered];
		struct ota_event bytes = { OTA_EVENT_BYTES, OTA_SERVICE_UDP, text, strlen(text) };

		ota_event(&ota, &bytes, now_ms);
	}
}

/* Runs a probe against the simulated service on a simulated clock. Ports other than the service's refuse datagrams.
 * Return: the finding. */
static const struct ota_finding *ask_until(const struct ota_options *options, int64_t deadline_ms,
					   void (*each)(int64_t at_ms))
{
	struct ota_event timer = { .kind = OTA_EVENT_TIMER };
	size_t answered = seen.n_datagrams;

	now_ms = 0;
	for (ota_start(&ota, options, 0); !ota_finding(&ota);) {
		struct ota_action action;
		bool stop = ota_wake_ms(&ota) > deadline_ms;

		now_ms = stop ? deadline_ms : ota_wake_ms(&ota);
		if (each)
			each(now_ms);
		if (stop)
			ota_stop(&ota);
		else
			ota_event(&ota, &timer, now_ms);
		while (ota_action(&ota, &action))
			carry_out(&action, &answered);
	}
	return ota_finding(&ota);
}

static const struct ota_options listens = { .protocol = OTA_ARDUINO };
static const struct ota_options dry = { .protocol = OTA_ARDUINO, .question = OTA_DRY_RUN };

START_TEST(a_probe_changes_nothing)
{
	board(_i & 1 ? 1 : 3, _i & 2 ? "secret" : NULL);
	ck_assert(ask_until(&listens, 20000, NULL)->listens);
	ck_assert_uint_ge(service.record.datagrams, OTA_SILENT_ROUNDS);
	ck_assert_uint_eq(service.record.ignored, service.record.datagrams);
	ck_assert(sim_ota_record_untouched(&service.record));
	ck_assert_str_eq(seen.printed, "");
}
END_TEST

START_TEST(a_dry_run_runs_the_sketch_s_callback_and_nothing_else)
{
	const struct ota_finding *f;

	board(_i ? 3 : 1, NULL);
	f = ask_until(&dry, 20000, NULL);
	ck_assert(f->boot_mode_good == (_i == 1));
	ck_assert_int_eq(ota_verdict(f), _i ? VERDICT_READY : VERDICT_OTA_REFUSED);
	ck_assert_str_eq(seen.printed, "Error[1]: Begin Failed\r\n");
	ck_assert_uint_eq(service.record.on_error, 1);
	ck_assert_uint_eq(service.record.updates + service.record.on_start + service.record.staged, 0);
	ck_assert_uint_eq(service.record.flashed, 0);
	ck_assert_int_eq(service.state, SIM_OTA_IDLE);
}
END_TEST

START_TEST(a_dry_run_leaves_a_protected_board_ready_for_the_next_login)
{
	board(3, "secret");
	ck_assert_int_eq(ask_until(&dry, 20000, NULL)->proof, OTA_PROOF_AUTH);
	ck_assert_int_eq(service.state, SIM_OTA_IDLE);
	ck_assert_uint_eq(service.record.on_error, 0);
	assert_login_works("secret");
}
END_TEST

static void invites_in_the_middle(int64_t at_ms)
{
	static bool invited;

	if (at_ms < 200 || invited)
		return;
	invited = true;
	invite_image();
	ck_assert_int_eq(service.state, SIM_OTA_WAITAUTH);
}

/* A probe during a login makes this login fail, as the guide says. It must change nothing else, so the next login
 * works. */
START_TEST(a_probe_in_the_middle_of_a_login_costs_that_login_only)
{
	board(3, "secret");
	(void)ask_until(&listens, 20000, invites_in_the_middle);
	ck_assert_uint_eq(service.record.logins_broken, 1);
	ck_assert_int_eq(service.state, SIM_OTA_IDLE);
	ck_assert_uint_eq(service.record.updates + service.record.on_error + service.record.on_start, 0);
	assert_login_works("secret");
}
END_TEST

static void uploads_in_the_middle(int64_t at_ms)
{
	if (at_ms < 200 || service.record.updates)
		return;
	invite_image();
	sim_arduino_ota_handle(&service, at_ms);
	sim_arduino_ota_connected(&service, at_ms);
}

START_TEST(a_probe_during_an_update_neither_disturbs_it_nor_finds_the_service)
{
	board(3, NULL);
	ck_assert(!ask_until(&listens, 900, uploads_in_the_middle)->listens);
	ck_assert_int_eq(service.state, SIM_OTA_RECEIVING);
	sim_arduino_ota_data(&service, 900, image, IMAGE_LEN);
	sim_arduino_ota_handle(&service, 1900);
	sim_arduino_ota_handle(&service, 2900);
	ck_assert_uint_eq(service.record.staged, 1);
}
END_TEST

/* ---- ESPHome ---- */

static void node_of(enum sim_esphome_kind kind, int boot_mode, const char *password)
{
	memset(&seen, 0, sizeof(seen));
	seen.mode = boot_mode;
	sim_esphome_ota_init(&node, kind, &host, password);
	sim_esphome_ota_begin(&node);
	sim_esphome_ota_connected(&node, 0);
}

static void say(const char *bytes, size_t n)
{
	/* TCP does not keep message boundaries, so the node must accept single bytes. */
	for (size_t i = 0; i < n; i++)
		sim_esphome_ota_data(&node, 1, bytes + i, 1);
}

#define MAGIC "\x6c\x26\xf7\x5c\x45"

START_TEST(a_new_esphome_is_greeted_without_any_effect)
{
	node_of(SIM_ESPHOME_2025_10, 3, NULL);
	say(MAGIC, 5);
	ck_assert_mem_eq(seen.stream, "\x00\x02", 2);
	sim_esphome_ota_hung_up(&node);
	ck_assert_uint_eq(node.record.greetings, 1);
	ck_assert(sim_ota_record_untouched(&node.record));
	ck_assert_int_eq(node.state, SIM_ESPHOME_IDLE);
}
END_TEST

START_TEST(an_old_esphome_takes_a_connection_for_an_update)
{
	node_of(SIM_ESPHOME_2025_7, 3, NULL);
	ck_assert_uint_eq(node.record.on_start, 1);
	say(MAGIC, 5);
	sim_esphome_ota_hung_up(&node);
	ck_assert_uint_eq(node.record.on_error, 1);
	ck_assert(!sim_ota_record_untouched(&node.record));
}
END_TEST

START_TEST(an_esphome_in_boot_mode_1_refuses)
{
	node_of(SIM_ESPHOME_2025_10, 1, NULL);
	say(MAGIC "\x01"
		  "\x00\x00\x00\x0b",
	    10);
	ck_assert_int_eq((unsigned char)seen.stream[seen.stream_len - 1], 0x85);
	ck_assert_uint_eq(node.record.updates, 0);
	ck_assert_uint_eq(node.record.refused, 1);
}
END_TEST

START_TEST(an_esphome_takes_an_image)
{
	char md5[SIM_DIGEST_TEXT];

	node_of(SIM_ESPHOME_2025_10, 3, NULL);
	say(MAGIC "\x07", 6);
	say("\x00\x00\x00\x0a", 4);
	sim_digest_of(SIM_MD5, md5, SIM_PARTS(image));
	ck_assert_uint_eq(IMAGE_LEN, 10);
	say(md5, 32);
	say(image, IMAGE_LEN);
	ck_assert_mem_eq(seen.stream, "\x00\x02\x40\x41\x42\x43\x47\x44\x45", 9);
	ck_assert_uint_eq(node.record.staged, 0);
	say("\x00", 1);
	ck_assert_uint_eq(node.record.staged, 1);
	ck_assert_str_eq(seen.staged, md5);
}
END_TEST

START_TEST(an_esphome_asks_for_its_password)
{
	char answer[200], response[SIM_DIGEST_TEXT], nonce[SIM_DIGEST_TEXT] = "";
	bool sha = _i & 1, right = _i & 2;
	size_t len = sha ? 64 : 32;
	static const char cnonce[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

	node_of(SIM_ESPHOME_2025_10, 3, "secret");
	say(MAGIC, 5);
	say(sha ? "\x02" : "\x00", 1);
	ck_assert_int_eq(seen.stream[3], sha ? 2 : 1);
	memcpy(nonce, seen.stream + 4, len);
	snprintf(answer, sizeof(answer), "%.*s", (int)len, cnonce);
	sim_digest_of(sha ? SIM_SHA256 : SIM_MD5, response, SIM_PARTS(right ? "secret" : "wrong", nonce, answer));
	strcat(answer, response);
	say(answer, strlen(answer));
	ck_assert_int_eq((unsigned char)seen.stream[seen.stream_len - 1], right ? 0x41 : 0x82);
	ck_assert_uint_eq(node.record.on_error, 0);
}
END_TEST

START_TEST(an_esphome_gives_a_silent_client_up)
{
	node_of(SIM_ESPHOME_2025_10, 3, NULL);
	sim_esphome_ota_tick(&node, 20000);
	ck_assert_int_eq(node.state, SIM_ESPHOME_MAGIC);
	sim_esphome_ota_tick(&node, 20001);
	ck_assert_int_eq(node.state, SIM_ESPHOME_IDLE);
	ck_assert(sim_ota_record_untouched(&node.record));
	ck_assert_uint_eq(seen.hang_ups, 1);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("services");

	tcase_add_loop_test(tc, digests_are_those_of_the_standards, 0, 6);
	tcase_add_test(tc, an_upload_is_refused_while_the_latch_says_download);
	tcase_add_loop_test(tc, the_boot_mode_is_tested_before_the_size, 0, 8);
	tcase_add_test(tc, an_upload_comes_over_the_board_s_own_connection);
	tcase_add_test(tc, an_image_with_another_digest_is_not_taken);
	tcase_add_test(tc, an_upload_that_stops_is_given_up);
	tcase_add_test(tc, a_client_that_leaves_before_the_ok_has_uploaded_all_the_same);
	tcase_add_loop_test(tc, a_password_is_asked_for, 0, 2);
	tcase_add_test(tc, text_is_command_0_as_on_the_real_board);
	tcase_add_loop_test(tc, a_probe_changes_nothing, 0, 4);
	tcase_add_loop_test(tc, a_dry_run_runs_the_sketch_s_callback_and_nothing_else, 0, 2);
	tcase_add_test(tc, a_dry_run_leaves_a_protected_board_ready_for_the_next_login);
	tcase_add_test(tc, a_probe_in_the_middle_of_a_login_costs_that_login_only);
	tcase_add_test(tc, a_probe_during_an_update_neither_disturbs_it_nor_finds_the_service);
	tcase_add_test(tc, a_new_esphome_is_greeted_without_any_effect);
	tcase_add_test(tc, an_old_esphome_takes_a_connection_for_an_update);
	tcase_add_test(tc, an_esphome_in_boot_mode_1_refuses);
	tcase_add_test(tc, an_esphome_takes_an_image);
	tcase_add_loop_test(tc, an_esphome_asks_for_its_password, 0, 4);
	tcase_add_test(tc, an_esphome_gives_a_silent_client_up);
	return suite_run_case("sim_ota", tc);
}
