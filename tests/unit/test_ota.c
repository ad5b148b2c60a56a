/* test_ota.c - the OTA probes as state machines: which answers prove that an update service listens, and which do
 * not. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ota/ota.h"
#include "ota/target.h"
#include "suite.h"

/* What a host on a virtual network does with a datagram or a connection. This changes with time, and each answer comes
 * after a delay. */
enum manner { SILENT, REFUSES, UNREACHABLE, ACCEPTS, ANSWERS };

struct rule {
	int64_t from_ms;
	enum manner service, closed, closed_tcp;
};

struct world {
	const struct rule *rules;
	unsigned int n_rules;
	const char *answer; /* what the service answers to a datagram, or sends on a connection */
	size_t answer_len;
	bool hangs_up;		 /* the service closes the connection after its answer */
	unsigned int lose_every; /* every lose_every-th datagram is lost; 0: none */
	int64_t delay_ms;

	int64_t now_ms;
	struct {
		int64_t at_ms;
		struct ota_event event;
	} pending[64];
	unsigned int n_pending, datagrams, connects, closes;
	char sent[256][64]; /* the datagrams that the probe has sent to the service */
	unsigned int n_sent;
};

static void later(struct world *w, enum ota_event_kind kind, enum ota_channel channel, const char *bytes, size_t len)
{
	ck_assert_uint_lt(w->n_pending, 64);
	w->pending[w->n_pending].at_ms = w->now_ms + w->delay_ms;
	w->pending[w->n_pending].event = (struct ota_event){ kind, channel, bytes, len };
	w->n_pending++;
}

static const struct rule *rule_now(const struct world *w)
{
	const struct rule *rule = &w->rules[0];

	for (unsigned int i = 0; i < w->n_rules; i++)
		if (w->rules[i].from_ms <= w->now_ms)
			rule = &w->rules[i];
	return rule;
}

static void react(struct world *w, enum manner manner, enum ota_channel channel)
{
	if (manner == REFUSES)
		later(w, OTA_EVENT_REFUSED, channel, NULL, 0);
	else if (manner == UNREACHABLE)
		later(w, OTA_EVENT_UNREACHABLE, channel, NULL, 0);
	else if (manner == ACCEPTS)
		later(w, OTA_EVENT_CONNECTED, channel, NULL, 0);
	else if (manner == ANSWERS)
		later(w, OTA_EVENT_BYTES, channel, w->answer, w->answer_len);
}

static void carry(struct world *w, const struct ota_action *action)
{
	const struct rule *rule = rule_now(w);

	switch (action->kind) {
	case OTA_ACTION_SEND:
		w->datagrams++;
		if (action->channel == OTA_SERVICE_UDP || action->channel == OTA_SERVICE_TCP) {
			ck_assert_uint_lt(w->n_sent, 256);
			memcpy(w->sent[w->n_sent++], action->bytes, action->len < 63 ? action->len : 63);
		}
		if (w->lose_every && w->datagrams % w->lose_every == 0)
			return;
		if (action->channel == OTA_SERVICE_TCP) {
			later(w, OTA_EVENT_BYTES, action->channel, w->answer, w->answer_len);
			if (w->hangs_up)
				later(w, OTA_EVENT_CLOSED, action->channel, NULL, 0);
		} else {
			react(w, action->channel == OTA_SERVICE_UDP ? rule->service : rule->closed, action->channel);
		}
		return;
	case OTA_ACTION_CONNECT:
		w->connects++;
		react(w, action->channel == OTA_SERVICE_TCP ? rule->service : rule->closed_tcp, action->channel);
		return;
	case OTA_ACTION_CLOSE:
		w->closes++;
		for (unsigned int i = 0; i < w->n_pending; i++)
			if (w->pending[i].event.channel == action->channel)
				w->pending[i].at_ms = INT64_MAX;
		return;
	}
}

static void drain(struct world *w, struct ota *ota)
{
	struct ota_action action;

	while (ota_action(ota, &action))
		carry(w, &action);
}

static unsigned int earliest(const struct world *w)
{
	unsigned int best = 0;

	for (unsigned int i = 1; i < w->n_pending; i++)
		if (w->pending[i].at_ms < w->pending[best].at_ms)
			best = i;
	return best;
}

/* Runs the probe until it ends by itself, or stops it at @deadline_ms. Return: the probe's finding. */
static const struct ota_finding *run(struct world *w, struct ota *ota, const struct ota_options *options,
				     int64_t deadline_ms)
{
	if (!w->delay_ms)
		w->delay_ms = 5;
	ota_start(ota, options, w->now_ms);
	drain(w, ota);
	while (!ota_finding(ota)) {
		unsigned int next = earliest(w);
		bool event = w->n_pending && w->pending[next].at_ms <= ota_wake_ms(ota);
		struct ota_event happens = { .kind = OTA_EVENT_TIMER };
		int64_t at_ms = event ? w->pending[next].at_ms : ota_wake_ms(ota);

		if (at_ms > deadline_ms) {
			w->now_ms = deadline_ms;
			ota_stop(ota);
			drain(w, ota);
			break;
		}
		if (at_ms > w->now_ms)
			w->now_ms = at_ms;
		if (event) {
			happens = w->pending[next].event;
			w->pending[next] = w->pending[--w->n_pending];
		}
		ota_event(ota, &happens, w->now_ms);
		drain(w, ota);
	}
	ck_assert_ptr_nonnull(ota_finding(ota));
	return ota_finding(ota);
}

static struct world world_of(const struct rule *rules, unsigned int n)
{
	return (struct world){ .rules = rules, .n_rules = n };
}

#define WORLD(...) \
	world_of((const struct rule[]){ __VA_ARGS__ }, \
		 sizeof((const struct rule[]){ __VA_ARGS__ }) / sizeof(struct rule))

static const struct ota_options arduino = { .protocol = OTA_ARDUINO };
static const struct ota_options dry = { .protocol = OTA_ARDUINO, .question = OTA_DRY_RUN };
static const struct ota_options dry_once = { .protocol = OTA_ARDUINO, .question = OTA_DRY_RUN, .once = true };
static const struct ota_options esphome = { .protocol = OTA_ESPHOME, .hello_is_harmless = true };
static const struct ota_options tasmota = { .protocol = OTA_WEB,
					    .host = "192.0.2.7",
					    .page = { "/up", "action='u2'", false } };
static const struct ota_options wled = { .protocol = OTA_WEB,
					 .host = "192.0.2.7",
					 .page = { "/update", "multipart/form-data", true } };

static struct ota ota;

/* ---- ArduinoOTA ---- */

START_TEST(a_port_that_opens_is_the_strongest_proof)
{
	struct world w = WORLD({ 0, REFUSES, REFUSES, SILENT }, { 3000, SILENT, REFUSES, SILENT });
	const struct ota_finding *f = run(&w, &ota, &arduino, 60000);

	ck_assert(f->listens);
	ck_assert_int_eq(f->proof, OTA_PROOF_EDGE);
	ck_assert_int_eq(ota_verdict(f), VERDICT_READY);
	ck_assert_int_ge(w.now_ms, 3000);
	ck_assert_int_le(w.now_ms, 6000);
	ck_assert_uint_gt(f->refusals, 3);
}
END_TEST

START_TEST(an_open_port_is_proven_by_contrast_with_a_closed_one)
{
	struct world w = WORLD({ 0, SILENT, REFUSES, SILENT });
	const struct ota_finding *f = run(&w, &ota, &arduino, 60000);

	ck_assert(f->listens);
	ck_assert_int_eq(f->proof, OTA_PROOF_CONTRAST);
	ck_assert_uint_eq(f->probes, OTA_SILENT_ROUNDS);
}
END_TEST

START_TEST(every_datagram_to_the_service_is_the_harmless_one)
{
	struct world w = WORLD({ 0, REFUSES, REFUSES, SILENT }, { 2000, SILENT, REFUSES, SILENT });

	run(&w, &ota, &arduino, 60000);
	ck_assert_uint_gt(w.n_sent, 4);
	for (unsigned int i = 0; i < w.n_sent; i++)
		ck_assert_str_eq(w.sent[i], "1\n");
}
END_TEST

/* Hosts whose answers never prove that a service listens, and the reason that the probe must give. */
static const struct {
	struct rule rules[3];
	const char *answer;
	enum ota_reason reason;
} never[] = {
	{ { { 0, REFUSES, REFUSES, SILENT } }, NULL, OTA_REASON_CLOSED },
	{ { { 0, REFUSES, SILENT, SILENT } }, NULL, OTA_REASON_CLOSED },
	{ { { 0, SILENT, SILENT, SILENT } }, NULL, OTA_REASON_DOWN },
	{ { { 0, SILENT, SILENT, REFUSES } }, NULL, OTA_REASON_FILTERED },
	{ { { 0, SILENT, SILENT, ACCEPTS } }, NULL, OTA_REASON_FILTERED },
	{ { { 0, UNREACHABLE, UNREACHABLE, UNREACHABLE } }, NULL, OTA_REASON_UNREACHABLE },
	/* The host refuses datagrams for 2 s, then goes down. Its silence from then on does not show that a service
	 * listens. */
	{ { { 0, REFUSES, REFUSES, SILENT }, { 2000, SILENT, SILENT, SILENT } }, NULL, OTA_REASON_DOWN },
	/* The service listens for 400 ms only, then its port is closed again. This is too short to prove that it
	 * listens. */
	{ { { 0, REFUSES, REFUSES, SILENT }, { 2000, SILENT, REFUSES, SILENT }, { 2400, REFUSES, REFUSES, SILENT } },
	  NULL,
	  OTA_REASON_GONE },
	{ { { 0, ANSWERS, REFUSES, SILENT } }, "pong", OTA_REASON_OTHER },
	{ { { 0, ANSWERS, REFUSES, SILENT } }, "OK", OTA_REASON_OTHER },
	{ { { 0, ANSWERS, REFUSES, SILENT } }, "ERR: ERROR[5]: Bad Size Given\n", OTA_REASON_OTHER },
	{ { { 0, ANSWERS, REFUSES, SILENT } }, "AUTH 00112233445566778899aabbccddeeff", OTA_REASON_OTHER },
};

START_TEST(silence_alone_never_proves_anything)
{
	unsigned int n = 1;
	struct world w;
	const struct ota_finding *f;

	while (n < 3 && never[_i].rules[n].from_ms)
		n++;
	w = world_of(never[_i].rules, n);
	w.answer = never[_i].answer;
	w.answer_len = w.answer ? strlen(w.answer) : 0;
	f = run(&w, &ota, &arduino, 20000);
	ck_assert(!f->listens);
	ck_assert_int_eq(f->proof, OTA_PROOF_NONE);
	ck_assert_int_eq(f->reason, never[_i].reason);
	ck_assert_int_eq(ota_verdict(f), VERDICT_OTA_SILENT);
	ck_assert_int_eq(w.now_ms, 20000);
}
END_TEST

START_TEST(a_closed_port_is_not_open_because_datagrams_get_lost)
{
	struct world w = WORLD({ 0, REFUSES, REFUSES, SILENT });

	w.lose_every = (unsigned int)_i;
	ck_assert(!run(&w, &ota, &arduino, 15000)->listens);
}
END_TEST

START_TEST(an_open_port_is_found_although_datagrams_get_lost)
{
	struct world w = WORLD({ 0, SILENT, REFUSES, SILENT });

	w.lose_every = 4;
	ck_assert(run(&w, &ota, &arduino, 15000)->listens);
}
END_TEST

START_TEST(silence_before_the_host_was_gone_does_not_count)
{
	/* The whole host is silent from 400 ms to 3000 ms, so the rounds of datagrams that the probe sent before 3000
	 * ms do not count. The proof takes four more rounds, which end after 4000 ms. */
	struct world w = WORLD({ 0, SILENT, REFUSES, SILENT }, { 400, SILENT, SILENT, SILENT },
			       { 3000, SILENT, REFUSES, SILENT });
	struct world same = w;

	ck_assert(!run(&w, &ota, &arduino, 4000)->listens);
	ck_assert(run(&same, &ota, &arduino, 5000)->listens);
}
END_TEST

START_TEST(nothing_happens_before_its_time)
{
	struct ota_event timer = { .kind = OTA_EVENT_TIMER };
	struct ota_action action;
	unsigned int sent = 0;

	ota_start(&ota, &arduino, 1000);
	for (int64_t now_ms = 0; now_ms < 1000; now_ms++) {
		ota_event(&ota, &timer, now_ms);
		sent += ota_action(&ota, &action);
	}
	ck_assert_uint_eq(sent, 0);
	ota_event(&ota, &timer, 1000);
	ck_assert(ota_action(&ota, &action));
}
END_TEST

START_TEST(a_late_refusal_spoils_the_round)
{
	/* In each round the probe sends a datagram to the service's port and one to a port that is closed. The
	 * service's port refuses 100 ms later than the closed port. A round with such a late refusal must not count as
	 * silence. */
	struct ota_event closed = { OTA_EVENT_REFUSED, OTA_CLOSED_UDP, NULL, 0 };
	struct ota_event service = { OTA_EVENT_REFUSED, OTA_SERVICE_UDP, NULL, 0 };
	struct ota_event timer = { .kind = OTA_EVENT_TIMER };
	struct ota_action action;
	int64_t now_ms = 0;

	ota_start(&ota, &arduino, 0);
	for (int round = 0; round < 20; round++) {
		now_ms = ota_wake_ms(&ota);
		ota_event(&ota, &timer, now_ms);
		while (ota_action(&ota, &action))
			;
		ota_event(&ota, &closed, now_ms + 2);
		ota_event(&ota, &service, now_ms + 102);
		ck_assert_ptr_null(ota_finding(&ota));
	}
}
END_TEST

START_TEST(a_host_that_limits_its_reports_is_not_believed)
{
	/* The host limits its ICMP reports: it sends one in every third round. In each round the probe sends its first
	 * datagram to the service's port, so every report is about the service's port. If the probe sent to the closed
	 * port first, every report would be about the closed port, and the silence of the service's port would look
	 * like a service that listens. */
	struct ota_event closed = { OTA_EVENT_REFUSED, OTA_CLOSED_UDP, NULL, 0 };
	struct ota_event service = { OTA_EVENT_REFUSED, OTA_SERVICE_UDP, NULL, 0 };
	struct ota_event timer = { .kind = OTA_EVENT_TIMER };
	struct ota_action action;
	unsigned int tokens = 0;
	enum ota_channel first = OTA_CHANNELS;

	ota_start(&ota, &arduino, 0);
	for (int round = 0; round < 30 && !ota_finding(&ota); round++) {
		int64_t now_ms = ota_wake_ms(&ota);
		unsigned int sends = 0;

		ota_event(&ota, &timer, now_ms);
		while (ota_action(&ota, &action)) {
			if (action.kind != OTA_ACTION_SEND)
				continue;
			if (!sends++)
				first = action.channel;
			if (tokens) {
				tokens--;
				ota_event(&ota, action.channel == OTA_SERVICE_UDP ? &service : &closed, now_ms + 1);
			}
		}
		ck_assert(!sends || first == OTA_SERVICE_UDP);
		tokens = round % 3 == 0;
	}
	ck_assert_ptr_null(ota_finding(&ota));
}
END_TEST

/* ---- the dry run: an update request that the service must refuse ---- */

static const struct {
	const char *answer;
	enum verdict verdict;
	bool good, listens;
	int error;
} answers[] = {
	{ "ERR: ERROR[5]: Bad Size Given\n", VERDICT_READY, true, true, 5 },
	{ "ERR: ERROR[11]: Invalid bootstrapping state, reset ESP8266 before updating\n", VERDICT_OTA_REFUSED, false,
	  true, 11 },
	{ "ERR: ERROR[11]: Invalid bootstra", VERDICT_OTA_REFUSED, false, true, 11 },
	{ "ERR: ERROR[15]: Update already running\n", VERDICT_OTA_REFUSED, false, true, 15 },
	{ "ERR: ERROR[0]: No Error\n", VERDICT_OTA_REFUSED, false, true, 0 },
	{ "AUTH 00112233445566778899aabbccddeeff", VERDICT_READY, false, true, -1 },
	{ "AUTH 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff", VERDICT_READY, false, true, -1 },
	{ "OK", VERDICT_READY, false, true, -1 },
	{ "OKAY", VERDICT_OTA_SILENT, false, false, -1 },
	{ "", VERDICT_OTA_SILENT, false, false, -1 },
	{ "AUTH 0011", VERDICT_OTA_SILENT, false, false, -1 },
	{ "ERR: ERROR[5", VERDICT_OTA_SILENT, false, false, -1 },
	{ "ERR: ERROR[]: ", VERDICT_OTA_SILENT, false, false, -1 },
	{ "ERR: ERROR[-5]: ", VERDICT_OTA_SILENT, false, false, -1 },
	{ "ERR: ERROR[999999999999999999999]: ", VERDICT_OTA_SILENT, false, false, -1 },
	{ " ERR: ERROR[5]: ", VERDICT_OTA_SILENT, false, false, -1 },
	{ "\x1b[2J$(reboot)`'\"\xff\xfe", VERDICT_OTA_SILENT, false, false, -1 },
};

START_TEST(the_board_s_own_answer_is_understood)
{
	struct world w = WORLD({ 0, ANSWERS, REFUSES, SILENT });
	const struct ota_finding *f;

	w.answer = answers[_i].answer;
	w.answer_len = strlen(w.answer);
	f = run(&w, &ota, &dry, 5000);
	ck_assert_int_eq(ota_verdict(f), answers[_i].verdict);
	ck_assert(f->boot_mode_good == answers[_i].good);
	ck_assert(f->listens == answers[_i].listens);
	ck_assert_int_eq(f->error, answers[_i].error);
	for (const char *c = f->answer; *c; c++)
		ck_assert(*c >= 0x20 && *c < 0x7f);
}
END_TEST

START_TEST(a_dry_run_sends_an_invitation_of_size_0)
{
	struct world w = WORLD({ 0, ANSWERS, REFUSES, SILENT });

	w.answer = "ERR: ERROR[5]: Bad Size Given\n";
	w.answer_len = strlen(w.answer);
	run(&w, &ota, &dry, 5000);
	ck_assert_uint_eq(w.n_sent, 1);
	ck_assert_str_eq(w.sent[0], "0 1 0 00000000000000000000000000000000\n");
}
END_TEST

START_TEST(a_password_is_cancelled_politely)
{
	struct world w = WORLD({ 0, ANSWERS, REFUSES, SILENT });

	w.answer = "AUTH 00112233445566778899aabbccddeeff";
	w.answer_len = strlen(w.answer);
	ck_assert_int_eq(run(&w, &ota, &dry, 5000)->proof, OTA_PROOF_AUTH);
	ck_assert_uint_eq(w.n_sent, 4);
	for (unsigned int i = 1; i < w.n_sent; i++)
		ck_assert_str_eq(w.sent[i], "1\n");
}
END_TEST

START_TEST(an_invitation_without_an_answer_is_cancelled_at_the_end)
{
	struct world w = WORLD({ 0, SILENT, REFUSES, SILENT });
	const struct ota_finding *f = run(&w, &ota, &dry, 5500);

	ck_assert_int_eq(f->reason, OTA_REASON_UNANSWERED);
	ck_assert_str_eq(w.sent[w.n_sent - 1], "1\n");
}
END_TEST

START_TEST(a_dry_run_waits_for_a_service_that_starts_late)
{
	struct world w = WORLD({ 0, REFUSES, REFUSES, SILENT }, { 4000, ANSWERS, REFUSES, SILENT });

	w.answer = "ERR: ERROR[5]: Bad Size Given\n";
	w.answer_len = strlen(w.answer);
	ck_assert(run(&w, &ota, &dry, 20000)->boot_mode_good);
}
END_TEST

START_TEST(a_single_question_ends_at_a_closed_port_and_after_three_invitations)
{
	struct world closed = WORLD({ 0, REFUSES, REFUSES, SILENT });
	struct world silent = WORLD({ 0, SILENT, REFUSES, SILENT });

	ck_assert_int_eq(run(&closed, &ota, &dry_once, 60000)->reason, OTA_REASON_CLOSED);
	ck_assert_uint_eq(closed.n_sent, 1);
	ck_assert_int_eq(run(&silent, &ota, &dry_once, 60000)->reason, OTA_REASON_UNANSWERED);
	ck_assert_int_lt(silent.now_ms, 4000);
	ck_assert_uint_eq(silent.n_sent, 4);
	ck_assert_str_eq(silent.sent[3], "1\n");
}
END_TEST

/* ---- ESPHome ---- */

START_TEST(esphome_is_greeted_and_left_at_once)
{
	struct world w = WORLD({ 0, REFUSES, SILENT, SILENT }, { 1000, ACCEPTS, SILENT, SILENT });
	const struct ota_finding *f;

	w.answer = "\x00\x02";
	w.answer_len = 2;
	f = run(&w, &ota, &esphome, 20000);
	ck_assert(f->listens);
	ck_assert_int_eq(f->proof, OTA_PROOF_HELLO);
	ck_assert_mem_eq(w.sent[0], "\x6c\x26\xf7\x5c\x45", 6);
	ck_assert_uint_eq(w.n_sent, 1);
	ck_assert_uint_gt(w.closes, 0);
}
END_TEST

START_TEST(what_does_not_greet_back_is_not_esphome)
{
	/* clang-format off */
	static const struct { const char *bytes; size_t len; } wrong[] = {
		{ "", 0 }, { "\x00", 1 }, { "\x00\x00", 2 }, { "\x80", 1 }, { "HTTP/1.1 400 Bad Request\r\n", 26 },
		{ "\x00H", 2 }, { "OK", 2 },
	};
	/* clang-format on */
	struct world w = WORLD({ 0, ACCEPTS, SILENT, SILENT });
	const struct ota_finding *f;

	w.answer = wrong[_i].bytes;
	w.answer_len = wrong[_i].len;
	w.hangs_up = true;
	f = run(&w, &ota, &esphome, 10000);
	ck_assert(!f->listens);
	ck_assert_int_eq(ota_verdict(f), VERDICT_OTA_SILENT);
	ck_assert_uint_gt(w.connects, 3);
}
END_TEST

START_TEST(an_esphome_that_would_take_it_for_an_update_is_not_asked)
{
	struct ota_options options = { .protocol = OTA_ESPHOME };
	struct world w = WORLD({ 0, ACCEPTS, SILENT, SILENT });
	const struct ota_finding *f = run(&w, &ota, &options, 10000);

	ck_assert_int_eq(f->reason, OTA_REASON_NOT_HARMLESS);
	ck_assert_uint_eq(w.connects, 0);
	ck_assert_uint_eq(w.datagrams, 0);
}
END_TEST

START_TEST(esphome_versions_are_compared)
{
	/* clang-format off */
	static const struct { const char *text; bool harmless; } rows[] = {
		{ "2025.10", true }, { "2025.10.0", true }, { "2025.12.1", true }, { "2026.1.0b1", true },
		{ "2025.9.3", false }, { "2025.1", false }, { "2024.12.0", false }, { "1.20.4", false },
		{ "", false }, { "2025", false }, { "2025.", false }, { "2025.13", false }, { "x", false },
		{ "99999.1", false }, { "2026.0", false }, { "2025.100", false }, { "2025.10.0-dev", true },
	};
	/* clang-format on */

	for (size_t i = 0; i < COUNT(rows); i++)
		ck_assert_msg(ota_esphome_harmless(rows[i].text, strlen(rows[i].text)) == rows[i].harmless, "%s",
			      rows[i].text);
}
END_TEST

/* ---- web updaters ---- */

static const struct {
	const struct ota_options *options;
	const char *answer;
	enum verdict verdict;
	enum ota_proof proof;
	enum ota_reason reason;
} pages[] = {
	{ &tasmota, "HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n<form method='post' action='u2' enctype='x'>",
	  VERDICT_READY, OTA_PROOF_FORM, OTA_REASON_NONE },
	{ &tasmota, "HTTP/1.1 200 OK\r\n\r\n<FORM ACTION='U2'>", VERDICT_READY, OTA_PROOF_FORM, OTA_REASON_NONE },
	{ &tasmota, "HTTP/1.1 200 OK\r\nX: action='u2'\r\n\r\nnothing", VERDICT_OTA_SILENT, OTA_PROOF_NONE,
	  OTA_REASON_OTHER },
	{ &tasmota, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b", VERDICT_OTA_SILENT, OTA_PROOF_NONE,
	  OTA_REASON_OTHER },
	{ &tasmota, "HTTP/1.1 404 Not Found\r\n\r\naction='u2'", VERDICT_OTA_SILENT, OTA_PROOF_NONE, OTA_REASON_OTHER },
	{ &tasmota, "HTTP/1.1 302 Found\r\nLocation: /u1\r\n\r\naction='u2'", VERDICT_OTA_SILENT, OTA_PROOF_NONE,
	  OTA_REASON_OTHER },
	{ &tasmota, "HTTP/1.1 401 Unauthorized\r\n\r\naction='u2'", VERDICT_OTA_SILENT, OTA_PROOF_NONE,
	  OTA_REASON_LOCKED },
	{ &tasmota, "action='u2'", VERDICT_OTA_SILENT, OTA_PROOF_NONE, OTA_REASON_UNANSWERED },
	{ &tasmota, "garbage\naction='u2'", VERDICT_OTA_SILENT, OTA_PROOF_NONE, OTA_REASON_OTHER },
	{ &tasmota, "", VERDICT_OTA_SILENT, OTA_PROOF_NONE, OTA_REASON_UNANSWERED },
	{ &wled, "HTTP/1.0 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b", VERDICT_READY, OTA_PROOF_PAGE,
	  OTA_REASON_NONE },
	{ &wled, "HTTP/1.0 200 OK\r\n\r\nx\r\nContent-Encoding: gzip\r\n\r\n", VERDICT_OTA_SILENT, OTA_PROOF_NONE,
	  OTA_REASON_OTHER },
	{ &wled, "HTTP/1.0 200 OK\r\n\r\n<form enctype=multipart/form-data>", VERDICT_READY, OTA_PROOF_FORM,
	  OTA_REASON_NONE },
	{ &wled, "HTTP/1.0 401 Unauthorized\r\nContent-Encoding: gzip\r\n\r\n", VERDICT_OTA_SILENT, OTA_PROOF_NONE,
	  OTA_REASON_LOCKED },
};

START_TEST(a_web_updater_is_known_by_its_form)
{
	struct world w = WORLD({ 0, ACCEPTS, SILENT, SILENT });
	const struct ota_finding *f;

	w.answer = pages[_i].answer;
	w.answer_len = strlen(w.answer);
	w.hangs_up = true;
	f = run(&w, &ota, pages[_i].options, 10000);
	ck_assert_int_eq(ota_verdict(f), pages[_i].verdict);
	ck_assert_int_eq(f->proof, pages[_i].proof);
	ck_assert_int_eq(f->reason, pages[_i].reason);
	ck_assert(!strncmp(w.sent[0], "GET /up", 7));
}
END_TEST

/* A web page gives the same finding, whatever the size of the pieces in which it arrives. */
START_TEST(a_page_may_come_in_pieces)
{
	struct ota_event connected = { OTA_EVENT_CONNECTED, OTA_SERVICE_TCP, NULL, 0 };
	struct ota_event timer = { .kind = OTA_EVENT_TIMER };
	const char *page = pages[_i].answer;
	size_t len = strlen(page);

	for (size_t piece = 1; piece <= len; piece++) {
		struct ota_action action;

		ota_start(&ota, pages[_i].options, 0);
		ota_event(&ota, &timer, 0);
		ota_event(&ota, &connected, 1);
		for (size_t at = 0; at < len && !ota_finding(&ota); at += piece) {
			struct ota_event bytes = { OTA_EVENT_BYTES, OTA_SERVICE_TCP, page + at,
						   len - at < piece ? len - at : piece };

			ota_event(&ota, &bytes, 2);
		}
		ota_stop(&ota);
		while (ota_action(&ota, &action))
			;
		ck_assert_int_eq(ota_finding(&ota)->proof, pages[_i].proof);
	}
}
END_TEST

START_TEST(a_page_without_an_end_is_left)
{
	struct ota_event connected = { OTA_EVENT_CONNECTED, OTA_SERVICE_TCP, NULL, 0 };
	struct ota_event timer = { .kind = OTA_EVENT_TIMER };
	struct ota_event bytes = { OTA_EVENT_BYTES, OTA_SERVICE_TCP, "HTTP/1.0 200 OK\r\n\r\nblah", 23 };
	struct ota_action action;
	bool closed = false;

	ota_start(&ota, &tasmota, 0);
	ota_event(&ota, &timer, 0);
	ota_event(&ota, &connected, 10);
	for (int64_t now = 11; now < 5000; now += 10) {
		ota_event(&ota, &bytes, now);
		ota_event(&ota, &timer, now);
		while (ota_action(&ota, &action))
			closed |= action.kind == OTA_ACTION_CLOSE;
	}
	ck_assert(closed);
	ck_assert_ptr_null(ota_finding(&ota));
}
END_TEST

/* ---- random events, for all protocols ---- */

static uint64_t state = 88172645463325252u;

static unsigned int chance(unsigned int n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned int)(state % n);
}

START_TEST(no_order_of_events_breaks_it_or_proves_without_cause)
{
	static const struct ota_options *const all[] = { &arduino, &dry, &dry_once, &esphome, &tasmota, &wled };
	static const char rubbish[] = "OK AUTH ERR: ERROR[5 HTTP/1.1 200 OK\r\n\r\n\x1f\x8b";

	for (int n = 0; n < 20000; n++) {
		const struct ota_options *options = all[chance(6)];
		struct ota_action action;
		bool refused = false;
		int64_t now_ms = 0;

		ota_start(&ota, options, 0);
		for (int i = 0; i < 60 && !ota_finding(&ota); i++) {
			struct ota_event event = { chance(6), chance(OTA_CHANNELS), rubbish, 0 };

			event.len = chance(sizeof(rubbish));
			refused |= event.kind == OTA_EVENT_REFUSED &&
				   (event.channel == OTA_SERVICE_UDP || event.channel == OTA_CLOSED_UDP);
			now_ms += chance(400);
			ota_event(&ota, &event, now_ms);
			while (ota_action(&ota, &action))
				ck_assert(action.kind != OTA_ACTION_SEND || action.len);
		}
		ota_stop(&ota);
		while (ota_action(&ota, &action))
			;
		ck_assert_ptr_nonnull(ota_finding(&ota));
		ck_assert(!ota_finding(&ota)->boot_mode_good);
		if (options == &arduino && !refused)
			ck_assert(!ota_finding(&ota)->listens);
	}
}
END_TEST

START_TEST(every_finding_has_words)
{
	struct ota_finding f = { .protocol = OTA_ARDUINO, .answer = "x" };
	char text[256];

	for (int reason = OTA_REASON_NONE + 1; reason < OTA_REASON_COUNT; reason++) {
		f.reason = (enum ota_reason)reason;
		ota_describe(&f, text, sizeof(text));
		ck_assert_uint_gt(strlen(text), 3);
		ck_assert_int_ne(ota_verdict(&f), VERDICT_READY);
	}
	f.reason = OTA_REASON_NONE;
	f.listens = true;
	for (int proof = OTA_PROOF_EDGE; proof <= OTA_PROOF_ACCEPTED; proof++) {
		f.proof = (enum ota_proof)proof;
		ota_describe(&f, text, sizeof(text));
		ck_assert(!strncmp(text, "listens: ", 9));
		ck_assert_uint_gt(strlen(ota_caveat(&f)), 3);
	}
}
END_TEST

START_TEST(a_finding_s_text_is_cut_not_overrun)
{
	struct ota_finding f = { .reason = OTA_REASON_OTHER };
	char text[16];

	memset(f.answer, 'a', sizeof(f.answer) - 1);
	ota_describe(&f, text, sizeof(text));
	ck_assert_uint_eq(strlen(text), sizeof(text) - 1);
}
END_TEST

/* ---- the HOST:PORT that a probe is sent to ---- */

START_TEST(targets_are_parsed)
{
	/* clang-format off */
	static const struct { const char *text, *host; int port; } rows[] = {
		{ "board.local", "board.local", 0 }, { "192.0.2.7", "192.0.2.7", 0 },
		{ "192.0.2.7:8266", "192.0.2.7", 8266 },
		{ "[2001:db8::7]", "2001:db8::7", 0 }, { "[2001:db8::7]:3232", "2001:db8::7", 3232 },
		{ "2001:db8::7", "2001:db8::7", 0 }, { "fe80::1%eth0", "fe80::1%eth0", 0 }, { "@", "@", 0 },
		{ "@:80", "@", 80 },
		{ "esp_8266-a", "esp_8266-a", 0 },
		{ "", NULL, 0 }, { ":80", NULL, 0 }, { "a:0", NULL, 0 }, { "a:65536", NULL, 0 }, { "a:", NULL, 0 },
		{ "a:8x", NULL, 0 }, { "a:+8", NULL, 0 }, { "[::1", NULL, 0 }, { "[::1]8", NULL, 0 }, { "[]", NULL, 0 },
		{ "a b", NULL, 0 }, { "-a", NULL, 0 }, { "a/b", NULL, 0 }, { "http://a", NULL, 0 }, { "@@", NULL, 0 },
		{ "a\r\nX: y", NULL, 0 }, { "a;b", NULL, 0 }, { "a\x80", NULL, 0 },
	};
	/* clang-format on */

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct ota_target target = { .host = "untouched" };
		const char *err = NULL;
		int r = ota_target_parse(rows[i].text, &target, &err);

		if (!rows[i].host) {
			ck_assert_msg(r == -EINVAL, "%s", rows[i].text);
			ck_assert_ptr_nonnull(err);
			ck_assert_str_eq(target.host, "untouched");
			continue;
		}
		ck_assert_msg(r == 0, "%s", rows[i].text);
		ck_assert_str_eq(target.host, rows[i].host);
		ck_assert_int_eq(target.port, rows[i].port);
	}
}
END_TEST

START_TEST(a_host_s_name_is_not_overrun)
{
	char text[400];
	struct ota_target target;
	const char *err;

	memset(text, 'a', sizeof(text));
	text[255] = '\0';
	ck_assert_int_eq(ota_target_parse(text, &target, &err), 0);
	text[255] = 'a';
	text[256] = '\0';
	ck_assert_int_eq(ota_target_parse(text, &target, &err), -EINVAL);
}
END_TEST

START_TEST(only_addresses_are_taken_from_a_board)
{
	/* clang-format off */
	static const struct { const char *text; bool good; } rows[] = {
		{ "192.168.1.23", true }, { "127.0.0.1", true }, { "::1", true }, { "fe80::1", true },
		{ "2001:db8::7", true },
		{ "0.0.0.0", false }, { "255.255.255.255", false }, { "224.0.0.251", false }, { "1.2.3", false },
		{ "1.2.3.256", false }, { "1.2.3.4.5", false }, { "1.2.3.4 ", false }, { " 1.2.3.4", false },
		{ "", false },
		{ "board.local", false }, { "$(reboot)", false }, { "1.2.3.4;id", false }, { "::", false },
		{ "ff02::1", false },
		{ "1..2.3", false }, { "+1.2.3.4", false }, { "1.2.3.-4", false },
	};
	/* clang-format on */
	char got[64];

	for (size_t i = 0; i < COUNT(rows); i++) {
		int r = ota_address_parse(rows[i].text, strlen(rows[i].text), got, sizeof(got));

		ck_assert_msg((r == 0) == rows[i].good, "%s", rows[i].text);
		if (!r)
			ck_assert_str_eq(got, rows[i].text);
	}
	ck_assert_int_eq(ota_address_parse("1.2.3.4\0x", 9, got, sizeof(got)), -EINVAL);
	ck_assert_int_eq(ota_address_parse("1.2.3.4", 7, got, 7), -ENAMETOOLONG);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("probe");

	tcase_add_test(tc, a_port_that_opens_is_the_strongest_proof);
	tcase_add_test(tc, an_open_port_is_proven_by_contrast_with_a_closed_one);
	tcase_add_test(tc, every_datagram_to_the_service_is_the_harmless_one);
	tcase_add_loop_test(tc, silence_alone_never_proves_anything, 0, COUNT(never));
	tcase_add_loop_test(tc, a_closed_port_is_not_open_because_datagrams_get_lost, 2, 12);
	tcase_add_test(tc, an_open_port_is_found_although_datagrams_get_lost);
	tcase_add_test(tc, silence_before_the_host_was_gone_does_not_count);
	tcase_add_test(tc, nothing_happens_before_its_time);
	tcase_add_test(tc, a_late_refusal_spoils_the_round);
	tcase_add_test(tc, a_host_that_limits_its_reports_is_not_believed);
	tcase_add_loop_test(tc, the_board_s_own_answer_is_understood, 0, COUNT(answers));
	tcase_add_test(tc, a_dry_run_sends_an_invitation_of_size_0);
	tcase_add_test(tc, a_password_is_cancelled_politely);
	tcase_add_test(tc, an_invitation_without_an_answer_is_cancelled_at_the_end);
	tcase_add_test(tc, a_dry_run_waits_for_a_service_that_starts_late);
	tcase_add_test(tc, a_single_question_ends_at_a_closed_port_and_after_three_invitations);
	tcase_add_test(tc, esphome_is_greeted_and_left_at_once);
	tcase_add_loop_test(tc, what_does_not_greet_back_is_not_esphome, 0, 7);
	tcase_add_test(tc, an_esphome_that_would_take_it_for_an_update_is_not_asked);
	tcase_add_test(tc, esphome_versions_are_compared);
	tcase_add_loop_test(tc, a_web_updater_is_known_by_its_form, 0, COUNT(pages));
	tcase_add_loop_test(tc, a_page_may_come_in_pieces, 0, COUNT(pages));
	tcase_add_test(tc, a_page_without_an_end_is_left);
	tcase_add_test(tc, no_order_of_events_breaks_it_or_proves_without_cause);
	tcase_add_test(tc, every_finding_has_words);
	tcase_add_test(tc, a_finding_s_text_is_cut_not_overrun);
	tcase_add_test(tc, targets_are_parsed);
	tcase_add_test(tc, a_host_s_name_is_not_overrun);
	tcase_add_test(tc, only_addresses_are_taken_from_a_board);
	return suite_run_case("ota", tc);
}
