/* arduino_ota.c - ArduinoOTA on a simulated ESP8266: its datagrams, its state machine and the updater that it calls. */
#include "sim/arduino_ota.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define U_FLASH 0
#define U_FS 100
#define U_AUTH 200
#define RECEIVE_MS 1000
/* How long ArduinoOTA.cpp waits before it sends "OK" ("Ensure last count packet has been sent out and not combined with
 * the final OK"), and again before it closes the connection. */
#define OK_DELAY_MS 1000

/* Error numbers and texts of the updater (Updater.h, UpdaterClass::getErrorString()). */
enum {
	ERROR_OK = 0,
	ERROR_SPACE = 4,
	ERROR_SIZE = 5,
	ERROR_MD5 = 7,
	ERROR_MAGIC = 10,
	ERROR_BOOTSTRAP = 11,
	ERROR_NO_DATA = 13,
};

static const char *const error_texts[] = {
	[ERROR_OK] = "No Error",
	[ERROR_SPACE] = "Not Enough Space",
	[ERROR_SIZE] = "Bad Size Given",
	[ERROR_MD5] = "MD5 verification failed: ",
	[ERROR_MAGIC] = "Magic byte is not 0xE9",
	[ERROR_BOOTSTRAP] = "Invalid bootstrapping state, reset ESP8266 before updating",
	[ERROR_NO_DATA] = "No data supplied",
};

/* The values of ota_error_t (ArduinoOTA.h), and the texts that onError of the example BasicOTA prints. */
enum { AUTH_ERROR, BEGIN_ERROR, CONNECT_ERROR, RECEIVE_ERROR, END_ERROR };

static const char *const on_error_texts[] = {
	[AUTH_ERROR] = "Auth Failed",	    [BEGIN_ERROR] = "Begin Failed", [CONNECT_ERROR] = "Connect Failed",
	[RECEIVE_ERROR] = "Receive Failed", [END_ERROR] = "End Failed",
};

/* A received datagram, and how many of its bytes have been read. */
struct packet {
	const uint8_t *bytes;
	size_t n, at;
};

static int packet_peek(const struct packet *r)
{
	return r->at < r->n ? r->bytes[r->at] : -1; /* -1: end of the datagram */
}

static int packet_take(struct packet *r)
{
	return r->at < r->n ? r->bytes[r->at++] : -1;
}

/* Simulates ArduinoOTAClass::parseInt(): the number ends at the first byte that is no digit, so text is read as 0.
 * Sixteen digits are read as 0, too. */
static int parse_int(struct packet *r)
{
	char digits[16];

	while (packet_peek(r) == ' ')
		(void)packet_take(r);
	for (size_t i = 0; i < sizeof(digits); i++) {
		int c = packet_peek(r);

		if (c < '0' || c > '9') {
			digits[i] = '\0';
			return (int)strtol(digits, NULL, 10);
		}
		digits[i] = (char)packet_take(r);
	}
	return 0;
}

/* Simulates ArduinoOTAClass::readStringUntil(). Return: the full length, even if @buf is too short. */
static size_t read_until(struct packet *r, char end, char *buf, size_t cap)
{
	size_t len = 0;

	for (;;) {
		int c = packet_take(r);

		if (c <= 0 || c == end)
			break;
		if (len + 1 < cap)
			buf[len] = (char)c;
		len++;
	}
	buf[len + 1 < cap ? len : cap - 1] = '\0';
	return len;
}

static void arduino_ota_change(struct sim_arduino_ota *ota, enum sim_ota_state state)
{
	if (ota->state != state)
		ota->record.transitions++;
	ota->state = state;
}

static void arduino_ota_reply(struct sim_arduino_ota *ota, const char *text)
{
	ota->host.datagram(ota->host.user, &ota->peer, text, strlen(text));
}

static void arduino_ota_print(struct sim_arduino_ota *ota, const char *text)
{
	ota->host.print(ota->host.user, text);
}

static void on_error(struct sim_arduino_ota *ota, int error)
{
	char text[64];

	ota->record.on_error++;
	snprintf(text, sizeof(text), "Error[%d]: %s\r\n", error, on_error_texts[error]);
	arduino_ota_print(ota, text);
}

void sim_arduino_ota_init(struct sim_arduino_ota *ota, const struct sim_ota_host *host, const char *password)
{
	memset(ota, 0, sizeof(*ota));
	ota->host = *host;
	ota->random = 1;
	ota->record.last_error = -1;
	if (password && *password)
		sim_digest_of(SIM_MD5, ota->password, SIM_PARTS(password));
}

void sim_arduino_ota_begin(struct sim_arduino_ota *ota)
{
	ota->listens = true;
	ota->stopped_udp = false;
	ota->state = SIM_OTA_IDLE;
}

void sim_arduino_ota_stop(struct sim_arduino_ota *ota)
{
	if (ota->state >= SIM_OTA_CONNECTING)
		ota->host.hang_up(ota->host.user);
	ota->listens = false;
	ota->state = SIM_OTA_IDLE;
}

bool sim_arduino_ota_listens(const struct sim_arduino_ota *ota)
{
	return ota->listens && !ota->stopped_udp;
}

bool sim_arduino_ota_is_ending(const struct sim_arduino_ota *ota)
{
	return ota->state == SIM_OTA_TAKEN || ota->state == SIM_OTA_OK_SENT;
}

static void arduino_ota_ask(struct sim_arduino_ota *ota)
{
	char text[80];

	sim_nonce(SIM_MD5, &ota->random, ota->nonce);
	snprintf(text, sizeof(text), "AUTH %s", ota->nonce);
	arduino_ota_reply(ota, text);
	arduino_ota_change(ota, SIM_OTA_WAITAUTH);
}

static void arduino_ota_invited(struct sim_arduino_ota *ota, const struct sim_peer *from, struct packet *r)
{
	int command = parse_int(r);
	char md5[64];

	if (command != U_FLASH && command != U_FS) {
		ota->record.ignored++;
		return;
	}
	ota->record.written++;
	ota->peer = *from;
	ota->command = command;
	ota->port = parse_int(r);
	ota->size = (size_t)parse_int(r);
	(void)packet_take(r);
	if (read_until(r, '\n', md5, sizeof(md5)) != 32)
		return;
	memcpy(ota->md5, md5, sizeof(ota->md5));
	if (ota->password[0])
		arduino_ota_ask(ota);
	else
		arduino_ota_change(ota, SIM_OTA_RUNUPDATE);
}

/* Reads the client's answer to AUTH: command number U_AUTH, cnonce and response. Return: false if the datagram is
 * anything else. */
static bool read_response(struct packet *r, char cnonce[64], char response[64])
{
	if (parse_int(r) != U_AUTH)
		return false;
	(void)packet_take(r);
	return read_until(r, ' ', cnonce, 64) == 32 && read_until(r, '\n', response, 64) == 32;
}

static void arduino_ota_responded(struct sim_arduino_ota *ota, struct packet *r)
{
	char cnonce[64], response[64], expected[SIM_DIGEST_TEXT];

	if (!read_response(r, cnonce, response)) {
		ota->record.logins_broken++;
		arduino_ota_change(ota, SIM_OTA_IDLE);
		return;
	}
	sim_digest_of(SIM_MD5, expected, SIM_PARTS(ota->password, ":", ota->nonce, ":", cnonce));
	if (!strcmp(expected, response)) {
		ota->record.logins++;
		arduino_ota_change(ota, SIM_OTA_RUNUPDATE);
		return;
	}
	ota->record.logins_failed++;
	arduino_ota_reply(ota, "Authentication Failed");
	on_error(ota, AUTH_ERROR);
	arduino_ota_change(ota, SIM_OTA_IDLE);
}

/* Simulates ArduinoOTAClass::_onRx(), which runs in the receive callback of UDP, not in loop(). */
void sim_arduino_ota_datagram(struct sim_arduino_ota *ota, const struct sim_peer *from, const void *bytes, size_t n)
{
	struct packet r = { bytes, n, 0 };

	if (!sim_arduino_ota_listens(ota))
		return;
	ota->record.datagrams++;
	if (ota->state == SIM_OTA_IDLE)
		arduino_ota_invited(ota, from, &r);
	else if (ota->state == SIM_OTA_WAITAUTH)
		arduino_ota_responded(ota, &r);
	else
		ota->record.ignored++;
}

static void error_line(int error, const char *before, char *buf, size_t cap)
{
	snprintf(buf, cap, "%sERROR[%d]: %s\n", before, error, error_texts[error]);
}

/* Simulates UpdaterClass::begin(). espreset --ota-dry-run relies on the order of the tests: boot mode, then size. */
static int update_begin(struct sim_arduino_ota *ota)
{
	if (ota->host.boot_mode(ota->host.user) == 1)
		return ERROR_BOOTSTRAP;
	if (!ota->size)
		return ERROR_SIZE;
	if (ota->size > sim_ota_space(&ota->host))
		return ERROR_SPACE;
	return 0;
}

static void run_update(struct sim_arduino_ota *ota)
{
	int error = update_begin(ota);
	char text[128];

	if (error) {
		ota->record.refused++;
		ota->record.last_error = error;
		on_error(ota, BEGIN_ERROR);
		error_line(error, "ERR: ", text, sizeof(text));
		arduino_ota_reply(ota, text);
		arduino_ota_change(ota, SIM_OTA_IDLE);
		return;
	}
	ota->record.updates++;
	arduino_ota_reply(ota, "OK");
	ota->stopped_udp = true;
	ota->record.on_start++;
	arduino_ota_print(ota, ota->command == U_FLASH ? "Start updating sketch\r\n" : "Start updating filesystem\r\n");
	sim_digest_init(&ota->digest, SIM_MD5);
	ota->received = 0;
	arduino_ota_change(ota, SIM_OTA_CONNECTING);
	ota->host.connect(ota->host.user, &ota->peer, ota->port);
}

static void listen_again(struct sim_arduino_ota *ota, int error)
{
	ota->stopped_udp = false;
	arduino_ota_change(ota, SIM_OTA_IDLE);
	on_error(ota, error);
}

/* Simulates UpdaterClass::end(). */
static void end_update(struct sim_arduino_ota *ota, int64_t now_ms)
{
	char md5[SIM_DIGEST_TEXT], text[128];
	int error = ERROR_OK;

	sim_digest_hex(&ota->digest, md5);
	if (!ota->received)
		error = ERROR_NO_DATA;
	else if (ota->received == ota->size && strcmp(md5, ota->md5) != 0)
		error = ERROR_MD5;
	else if (ota->received == ota->size && ota->command == U_FLASH && !sim_begins_image(ota->first))
		error = ERROR_MAGIC;
	/* if the connection ended before the image was complete, the real updater reports "ERROR[0]: No Error", too */
	if (error || ota->received < ota->size) {
		ota->record.last_error = error;
		error_line(error, "", text, sizeof(text));
		ota->host.send(ota->host.user, text, strlen(text));
		ota->host.hang_up(ota->host.user);
		listen_again(ota, END_ERROR);
		return;
	}
	ota->record.staged++;
	ota->host.staged(ota->host.user, ota->md5, ota->size);
	ota->since_ms = now_ms;
	arduino_ota_change(ota, SIM_OTA_TAKEN);
}

static void finish_update(struct sim_arduino_ota *ota)
{
	ota->host.hang_up(ota->host.user);
	ota->record.on_end++;
	arduino_ota_print(ota, "\r\nEnd\r\n");
	arduino_ota_change(ota, SIM_OTA_IDLE);
	ota->host.restart(ota->host.user);
}

/* Handles the time limits of a running update: the receive timeout, and the waits before and after "OK". */
static void continue_update(struct sim_arduino_ota *ota, int64_t now_ms)
{
	int64_t waited_ms = now_ms - ota->since_ms;

	if (ota->state == SIM_OTA_RECEIVING && waited_ms > RECEIVE_MS) {
		ota->host.hang_up(ota->host.user);
		listen_again(ota, RECEIVE_ERROR);
	} else if (ota->state == SIM_OTA_TAKEN && waited_ms >= OK_DELAY_MS) {
		ota->host.send(ota->host.user, "OK", 2);
		ota->since_ms = now_ms;
		arduino_ota_change(ota, SIM_OTA_OK_SENT);
	} else if (ota->state == SIM_OTA_OK_SENT && waited_ms >= OK_DELAY_MS) {
		finish_update(ota);
	}
}

void sim_arduino_ota_handle(struct sim_arduino_ota *ota, int64_t now_ms)
{
	if (ota->state == SIM_OTA_RUNUPDATE)
		run_update(ota);
	else
		continue_update(ota, now_ms);
}

void sim_arduino_ota_connected(struct sim_arduino_ota *ota, int64_t now_ms)
{
	if (ota->state != SIM_OTA_CONNECTING)
		return;
	ota->since_ms = now_ms;
	arduino_ota_change(ota, SIM_OTA_RECEIVING);
}

void sim_arduino_ota_data(struct sim_arduino_ota *ota, int64_t now_ms, const void *bytes, size_t n)
{
	char count[16];

	if (ota->state != SIM_OTA_RECEIVING || !n)
		return;
	ota->since_ms = now_ms;
	if (n > ota->size - ota->received)
		n = ota->size - ota->received;
	if (!ota->received)
		ota->first = *(const uint8_t *)bytes;
	sim_digest_add(&ota->digest, bytes, n);
	ota->received += n;
	ota->record.flashed += n;
	/* acknowledge the bytes by sending their number without a separator, as client.print(written, DEC) does */
	snprintf(count, sizeof(count), "%zu", n);
	ota->host.send(ota->host.user, count, strlen(count));
	if (ota->received == ota->size)
		end_update(ota, now_ms);
}

void sim_arduino_ota_hung_up(struct sim_arduino_ota *ota)
{
	if (ota->state == SIM_OTA_CONNECTING)
		listen_again(ota, CONNECT_ERROR);
	else if (ota->state == SIM_OTA_RECEIVING)
		end_update(ota, ota->since_ms); /* the image is incomplete, so the update fails at once */
}
