/* tcp.c - probes OTA services over TCP: greets ESPHome, or gets the upload page of a web updater. */
#include <ctype.h>
#include <stdio.h>

#include "ota/machine.h"

#define CONNECT_MS 2000
#define REPLY_MS 2000
#define RETRY_MS 500

/* The greeting that ESPHome expects; its answer begins with HELLO_OK (esphome
 * components/esphome/ota/ota_esphome.cpp). */
static const unsigned char hello[] = { 0x6c, 0x26, 0xf7, 0x5c, 0x45 };
#define HELLO_OK 0x00
static const char not_greeting[] = "not ESPHome's greeting";

static void connect_service(struct ota *ota, int64_t now_ms)
{
	ota->finding.probes++;
	ota->got_len = 0;
	ota->status_known = false;
	ota->headers_done = false;
	ota->packed = false;
	ota->last_refused = false;
	ota->unreachable = false;
	ota_act(ota, OTA_ACTION_CONNECT, OTA_SERVICE_TCP, NULL, 0);
	ota_wait(ota, OTA_CONNECTING, now_ms + CONNECT_MS);
}

static void tcp_hang_up(struct ota *ota, int64_t now_ms, int64_t pause_ms)
{
	ota_act(ota, OTA_ACTION_CLOSE, OTA_SERVICE_TCP, NULL, 0);
	ota_wait(ota, OTA_WAITING, now_ms + pause_ms);
}

static void esphome_bytes(struct ota *ota, const unsigned char *bytes, size_t len, int64_t now_ms)
{
	while (len && ota->got_len < 2) {
		ota->got[ota->got_len++] = (char)*bytes++;
		len--;
	}
	if (ota->got_len && (unsigned char)ota->got[0] != HELLO_OK) {
		char text[64];

		snprintf(text, sizeof(text), "0x%02x", (unsigned char)ota->got[0]);
		ota_keep_answer(ota, text, strlen(text));
		tcp_hang_up(ota, now_ms, OTA_RETRY_ANSWERED_MS);
	} else if (ota->got_len == 2) {
		/* the second byte is the version of the protocol: 1, 2 (esphome espota2.py), or a later one up to 9 */
		if (ota->got[1] >= 1 && ota->got[1] <= 9) {
			ota_succeed(ota, OTA_PROOF_HELLO);
			return;
		}
		ota_keep_answer(ota, not_greeting, strlen(not_greeting));
		tcp_hang_up(ota, now_ms, OTA_RETRY_ANSWERED_MS);
	}
}

/* Do the bytes received so far end with this text? Upper and lower case are equal. */
static bool ends_here(const struct ota *ota, const char *text)
{
	size_t len = strlen(text);

	if (ota->got_len < len)
		return false;
	for (size_t i = 0; i < len; i++)
		if (tolower((unsigned char)ota->got[ota->got_len - len + i]) != tolower((unsigned char)text[i]))
			return false;
	return true;
}

static void push_byte(struct ota *ota, char c)
{
	if (ota->got_len == sizeof(ota->got)) {
		memmove(ota->got, ota->got + 1, sizeof(ota->got) - 1);
		ota->got_len--;
	}
	ota->got[ota->got_len++] = c;
}

/* Reads the number of an HTTP status line, such as 200 of "HTTP/1.0 200 OK". Return: the number; -1: not HTTP. */
static int http_status(const char *line, size_t len)
{
	if (len < 12 || !ota_begins(line, len, "HTTP/1.") || line[8] != ' ')
		return -1;
	for (int i = 9; i < 12; i++)
		if (!isdigit((unsigned char)line[i]))
			return -1;
	return (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
}

/* Reads the HTTP status when the first line of the answer is complete. Return: true if the status ends this connection,
 * because it is not 200. */
static bool status_line(struct ota *ota, int64_t now_ms)
{
	if (ota->status_known || (ota->got[ota->got_len - 1] != '\n' && ota->got_len < sizeof(ota->got)))
		return false;
	ota->status = http_status(ota->got, ota->got_len);
	ota->status_known = true;
	ota_keep_answer(ota, ota->got, ota->got_len);
	if (ota->status == 200)
		return false;
	if (ota->status == 401 || ota->status == 403)
		ota_fail(ota, OTA_REASON_LOCKED);
	else
		tcp_hang_up(ota, now_ms, OTA_RETRY_ANSWERED_MS);
	return true;
}

static void web_bytes(struct ota *ota, const char *bytes, size_t len, int64_t now_ms)
{
	const struct ota_page *page = &ota->options.page;

	for (size_t i = 0; i < len; i++) {
		push_byte(ota, bytes[i]);
		if (status_line(ota, now_ms))
			return;
		if (!ota->status_known)
			continue;
		if (!ota->headers_done) {
			ota->packed |= ends_here(ota, "\ncontent-encoding: gzip\r\n");
			ota->headers_done = ends_here(ota, "\n\r\n");
			if (!ota->headers_done || !ota->packed || !page->packed)
				continue;
			ota_succeed(ota, OTA_PROOF_PAGE);
			return;
		}
		if (ends_here(ota, page->marker)) {
			ota_succeed(ota, OTA_PROOF_FORM);
			return;
		}
	}
}

static void tcp_greet(struct ota *ota, int64_t now_ms)
{
	ota->ever_alive = true;
	ota->ever_connected = true;
	if (ota->options.protocol == OTA_ESPHOME)
		ota_act(ota, OTA_ACTION_SEND, OTA_SERVICE_TCP, hello, sizeof(hello));
	else
		ota_act(ota, OTA_ACTION_SEND, OTA_SERVICE_TCP, ota->request, strlen(ota->request));
	ota_wait(ota, OTA_TALKING, now_ms + REPLY_MS);
}

void ota_tcp_event(struct ota *ota, const struct ota_event *event, int64_t now_ms)
{
	switch (event->kind) {
	case OTA_EVENT_TIMER:
		if (ota->state == OTA_WAITING)
			connect_service(ota, now_ms);
		else
			tcp_hang_up(ota, now_ms, ota->state == OTA_TALKING ? OTA_RETRY_ANSWERED_MS : RETRY_MS);
		return;
	case OTA_EVENT_REFUSED:
		ota->finding.refusals++;
		ota->ever_alive = true;
		ota->last_refused = true;
		tcp_hang_up(ota, now_ms, OTA_CLOSED_PAUSE_MS);
		return;
	case OTA_EVENT_CONNECTED: tcp_greet(ota, now_ms); return;
	case OTA_EVENT_BYTES:
		if (ota->state != OTA_TALKING)
			return;
		if (ota->options.protocol == OTA_ESPHOME)
			esphome_bytes(ota, event->bytes, event->len, now_ms);
		else
			web_bytes(ota, event->bytes, event->len, now_ms);
		return;
	case OTA_EVENT_UNREACHABLE:
		ota->unreachable = true;
		tcp_hang_up(ota, now_ms, RETRY_MS);
		return;
	case OTA_EVENT_CLOSED: tcp_hang_up(ota, now_ms, OTA_RETRY_ANSWERED_MS); return;
	}
}

void ota_web_request(struct ota *ota)
{
	const char *host = ota->options.host ? ota->options.host : "";
	const char *begin = strchr(host, ':') ? "[" : "", *end = *begin ? "]" : "";

	/* HTTP/1.0, so that the page is not sent in chunks. Tasmota requires a Referer header with its own host. */
	snprintf(ota->request, sizeof(ota->request),
		 "GET %s HTTP/1.0\r\nHost: %s%s%s\r\nReferer: http://%s%s%s/\r\n"
		 "User-Agent: espreset\r\nConnection: close\r\n\r\n",
		 ota->options.page.path, begin, host, end, begin, host, end);
}

bool ota_esphome_harmless(const char *version, size_t len)
{
	long part[2] = { 0, 0 };
	size_t at = 0;

	for (int i = 0; i < 2; i++) {
		size_t begin = at;

		while (at < len && at - begin < 5 && isdigit((unsigned char)version[at]))
			part[i] = part[i] * 10 + (version[at++] - '0');
		if (at == begin || (i == 0 && (at >= len || version[at++] != '.')))
			return false;
	}
	if (part[0] > 9999 || part[1] < 1 || part[1] > 12)
		return false;
	return part[0] > 2025 || (part[0] == 2025 && part[1] >= 10);
}
